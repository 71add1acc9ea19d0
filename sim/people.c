/* SPDX-License-Identifier: Apache-2.0 */
#include "people.h"

#include <arpa/inet.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "outlets.h"
#include "plan.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "vehicles.h"

enum { PERSONS_MAX = 4000, ANCHORS_MAX = 4000, HEARD_MOST = 3, A_MESSAGE = 100, FIRST = 1001 };
#define TELL_NS   KT_SEC
#define FILES_NS  (5 * KT_MIN)
#define RETRY_NS  (2 * KT_SEC)
#define REACH_M   120.0
#define NOISE_M   0.8
#define SPEED_M_S 1.1
#define MOUTH_M   12.0

struct anchor {
    char id[64], code[32];
    int branch;
    double at;
};
struct person {
    int branch; /* -1: out of the mine */
    double at, speed;
    int dir; /* 1: towards `to` */
    double rest_s;
    int battery, with;             /* with: goes along with another; -1 */
    bool sos, calm, silent, stays; /* stays: works in its roadway */
    double out_s;                  /* until coming back */
};
struct sim_people {
    struct sim_run *run;
    struct anchor *anchor;
    int anchors_n, count;
    bool *closed; /* by branch: nobody walks there */
    bool *walled; /* and no anchor is heard through it */
    int crew, crew_n;
    double *exit_s; /* by node: seconds to the open, by the open roadways */
    struct person *person;
    struct sim_vehicles vehicles;
    bool leave;
    uint64_t rolls;
    kt_time moved, filed;
    char topic[64];
    const char *drop;
    int fd, entered, left;
    uint16_t packet;
    kt_mono retry;
};

static double roll(struct sim_people *x)
{
    return sim_even(x->run->plant->seed, 7001, ++x->rolls);
}

/* ---- the file -------------------------------------------------------------------------------- */

static int read_anchor(struct sim_people *x, const char *line, struct kt_err *err)
{
    char branch[64] = "", at[32] = "";
    struct anchor *a = &x->anchor[x->anchors_n];
    if (x->anchors_n == ANCHORS_MAX || sscanf(line, "anchor %63s", a->id) != 1 ||
        !sim_word(line, "branch", branch, sizeof(branch)) ||
        !sim_word(line, "at", at, sizeof(at)) ||
        (a->branch = sim_find(x->run->plant, SIM_BRANCH, branch)) < 0) {
        return kt_err_set(err, KT_EPARSE, "people: %.100s: an anchor has branch= and at=", line);
    }
    (void)sim_word(line, "code", a->code, sizeof(a->code));
    a->at = strtod(at, NULL);
    x->anchors_n++;
    return KT_OK;
}

static int read_line(struct sim_people *x, const char *line, struct kt_err *err)
{
    char word[64] = "";
    if (line[0] == '#' || line[0] == '\n' || line[0] == '\0') {
        return KT_OK;
    }
    if (strncmp(line, "anchor ", 7) == 0) {
        return read_anchor(x, line, err);
    }
    if (sscanf(line, "closed %63s", word) == 1) {
        int b = sim_find(x->run->plant, SIM_BRANCH, word);
        if (b >= 0) {
            x->closed[b] = x->walled[b] = true;
        }
        return KT_OK;
    }
    if (sscanf(line, "held %63s", word) == 1) {
        int b = sim_find(x->run->plant, SIM_BRANCH, word);
        if (b >= 0) {
            x->closed[b] = true;
        }
        return KT_OK;
    }
    if (sscanf(line, "crew %63s", word) == 1) {
        x->crew = sim_find(x->run->plant, SIM_BRANCH, word);
        x->crew_n = sim_word(line, "count", word, sizeof(word)) ? (int)strtol(word, NULL, 10) : 0;
        return KT_OK;
    }
    if (strncmp(line, "people", 6) == 0) {
        if (sim_word(line, "count", word, sizeof(word)) && x->count == 0) {
            x->count = (int)strtol(word, NULL, 10);
        }
        (void)sim_word(line, "topic", x->topic, sizeof(x->topic));
        return KT_OK;
    }
    return kt_err_set(err, KT_EPARSE, "people: %.100s: unknown word", line);
}

static int read_file(struct sim_people *x, const char *path, struct kt_err *err)
{
    struct kt_buf b;
    kt_buf_init(&b, 8 << 20);
    int r = kt_file_read(path, 8 << 20, &b, err);
    const char *p = kt_buf_cstr(&b);
    while (r == KT_OK && *p) {
        char line[400];
        size_t n = strcspn(p, "\n"), keep = n < sizeof(line) - 1 ? n : sizeof(line) - 1;
        memcpy(line, p, keep);
        line[keep] = '\0';
        r = read_line(x, line, err);
        p += n + (p[n] == '\n');
    }
    kt_buf_done(&b);
    return r;
}

/* ---- walking --------------------------------------------------------------------------------- */

/* How far each node is from the open, over and over until nothing changes. */
static void find_exits(struct sim_people *x)
{
    const struct sim_plant *p = x->run->plant;
    for (int i = 0; i < p->n[SIM_NODE]; i++) {
        x->exit_s[i] = p->nodes[i].open ? 0 : (double)INFINITY;
    }
    for (bool again = true; again;) {
        again = false;
        for (int b = 0; b < p->n[SIM_BRANCH]; b++) {
            const struct sim_branch *w = &p->branches[b];
            double *a = &x->exit_s[w->from], *c = &x->exit_s[w->to];
            double s = w->length_m / SPEED_M_S;
            if (x->closed[b]) {
                continue;
            }
            if (*a > *c + s) {
                *a = *c + s;
                again = true;
            }
            if (*c > *a + s) {
                *c = *a + s;
                again = true;
            }
        }
    }
}

/* Away from where roadways meet: who has never been heard there can be in any of them. */
static void place_somewhere(struct sim_people *x, struct person *h)
{
    const struct sim_plant *p = x->run->plant;
    do {
        h->branch = (int)(roll(x) * p->n[SIM_BRANCH]);
    } while (x->closed[h->branch] || p->nodes[p->branches[h->branch].from].open ||
             p->nodes[p->branches[h->branch].to].open ||
             !isfinite(x->exit_s[p->branches[h->branch].from]));
    double length = p->branches[h->branch].length_m, off = length > 3 * MOUTH_M ? MOUTH_M : 0;
    h->at = off + roll(x) * (length - 2 * off);
    h->dir = roll(x) < 0.5 ? 1 : -1;
}

/* At a node: on into another roadway; towards the open when all leave. */
static void choose_way(struct sim_people *x, struct person *h, int node)
{
    const struct sim_plant *p = x->run->plant;
    int found = -1, from = h->branch;
    double best = INFINITY;
    if (p->nodes[node].open) {
        h->branch = -1;
        h->out_s = x->leave ? 1e9 : 60 + 240 * roll(x);
        x->left++;
        return;
    }
    for (int b = 0; b < p->n[SIM_BRANCH]; b++) {
        const struct sim_branch *w = &p->branches[b];
        int other = w->from == node ? w->to : w->to == node ? w->from : -1;
        if (other < 0 || x->closed[b]) {
            continue;
        }
        double key = x->leave ? x->exit_s[other] + w->length_m / SPEED_M_S
                              : roll(x) + (b == from ? 2 : 0) + (p->nodes[other].open ? 0.7 : 0);
        if (key < best) {
            best = key;
            found = b;
        }
    }
    h->branch = found < 0 ? from : found;
    h->dir = p->branches[h->branch].from == node ? 1 : -1;
    h->at = h->dir > 0 ? 0 : p->branches[h->branch].length_m;
    if (!x->leave && roll(x) < 0.3) {
        h->rest_s = 20 + 120 * roll(x);
    }
}

static void head_out(struct sim_people *x, struct person *h)
{
    const struct sim_branch *w = &x->run->plant->branches[h->branch];
    double a = x->exit_s[w->from] + h->at / SPEED_M_S;
    double b = x->exit_s[w->to] + (w->length_m - h->at) / SPEED_M_S;
    h->dir = a < b ? -1 : 1;
    h->rest_s = 0;
}

static void walk(struct sim_people *x, struct person *h, double dt)
{
    const struct sim_plant *p = x->run->plant;
    if (h->branch < 0) {
        h->out_s -= dt;
        if (h->out_s <= 0 && !x->leave) {
            place_somewhere(x, h);
            x->entered++;
        }
        return;
    }
    if (h->with >= 0) {
        const struct person *o = &x->person[h->with];
        h->branch = o->branch;
        h->at = o->at;
        return;
    }
    if (x->leave) {
        head_out(x, h);
    } else if (h->rest_s > 0) {
        h->rest_s -= dt;
        return;
    }
    h->at += h->dir * h->speed * dt;
    const struct sim_branch *w = &p->branches[h->branch];
    if (h->stays && !x->leave && (h->at <= 0 || h->at >= w->length_m)) {
        h->at = h->dir > 0 ? w->length_m : 0;
        h->dir = -h->dir;
        h->rest_s = 20 + 120 * roll(x);
    } else if (h->at <= 0) {
        choose_way(x, h, w->from);
    } else if (h->at >= w->length_m) {
        choose_way(x, h, w->to);
    }
}

/* ---- what anchors hear ----------------------------------------------------------------------- */

struct heard {
    int anchor;
    double m;
};

/* Metres from a tag to an anchor on the same roadway or one that meets it; INFINITY: not heard. */
static double far_from(const struct sim_people *x, int branch, double at, const struct anchor *a)
{
    const struct sim_branch *w = &x->run->plant->branches[branch];
    if (a->branch == branch) {
        return fabs(a->at - at);
    }
    const struct sim_branch *v = &x->run->plant->branches[a->branch];
    double mine[2] = {at, w->length_m - at}, its[2] = {a->at, v->length_m - a->at};
    int mn[2] = {w->from, w->to}, in[2] = {v->from, v->to};
    double least = INFINITY;
    for (int i = 0; i < 4; i++) {
        if (mn[i / 2] == in[i % 2] && !x->run->plant->nodes[mn[i / 2]].open) {
            least = fmin(least, mine[i / 2] + its[i % 2]);
        }
    }
    return least;
}

static int hear(const struct sim_people *x, int branch, double at, struct heard *to)
{
    int n = 0;
    for (int i = 0; i < x->anchors_n; i++) {
        double m = far_from(x, branch, at, &x->anchor[i]);
        bool walled = x->anchor[i].branch != branch && x->walled[x->anchor[i].branch];
        if (m > REACH_M || walled) {
            continue;
        }
        int k = n < HEARD_MOST ? n++ : HEARD_MOST;
        for (; k > 0 && to[k - 1].m > m; k--) {
            if (k < HEARD_MOST) {
                to[k] = to[k - 1];
            }
        }
        if (k < HEARD_MOST) {
            to[k] = (struct heard){i, m};
        }
    }
    return n;
}

static void put_anchors(struct sim_people *x, const struct heard *near, int n, struct kt_buf *out)
{
    kt_buf_puts(out, ",\"a\":[");
    for (int k = 0; k < n; k++) {
        double m = near[k].m + NOISE_M * sim_normal(x->run->plant->seed, 7002, ++x->rolls);
        kt_buf_printf(out, "%s[\"%s\",%.2f]", k ? "," : "", x->anchor[near[k].anchor].id,
                      m < 0 ? 0 : m);
    }
    kt_buf_puts(out, "]}");
}

static void put_person(struct sim_people *x, int i, struct kt_buf *out)
{
    struct person *h = &x->person[i];
    struct heard near[HEARD_MOST];
    int n = h->branch < 0 ? 0 : hear(x, h->branch, h->at, near);
    kt_buf_printf(out, "{\"card\":\"%d\",\"bat\":%d", FIRST + i, h->battery);
    kt_buf_puts(out, h->branch < 0 ? ",\"out\":true" : "");
    kt_buf_puts(out, h->sos ? ",\"sos\":true" : h->calm ? ",\"calm\":true" : "");
    put_anchors(x, near, n, out);
}

static void put_vehicle(struct sim_people *x, const struct sim_vehicle *v, struct kt_buf *out)
{
    struct heard near[HEARD_MOST];
    int branch;
    double at;
    bool below = sim_vehicle_at(x->run->plant, v, &branch, &at);
    int n = below ? hear(x, branch, at, near) : 0;
    kt_buf_printf(out, "{\"card\":\"%s\",\"bat\":90%s", v->card, below ? "" : ",\"out\":true");
    put_anchors(x, near, n, out);
}

/* ---- out over MQTT --------------------------------------------------------------------------- */

static void hang_up(struct sim_people *x)
{
    if (x->fd >= 0) {
        close(x->fd);
    }
    x->fd = -1;
    x->retry = kt_clock_mono() + RETRY_NS;
}

static bool dial(struct sim_people *x, int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct timeval limit = {.tv_sec = 2};
    uint8_t ack[4];
    struct kt_buf b;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    x->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (x->fd < 0) {
        return false;
    }
    setsockopt(x->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    setsockopt(x->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    kt_buf_init(&b, 1024);
    sim_mqtt_connect(&b, "sim-people", 60);
    bool ok = connect(x->fd, (struct sockaddr *)&at, sizeof(at)) == 0 &&
              send(x->fd, b.p, b.n, MSG_NOSIGNAL) == (ssize_t)b.n &&
              recv(x->fd, ack, sizeof(ack), MSG_WAITALL) == sizeof(ack) && ack[3] == 0;
    kt_buf_done(&b);
    if (!ok) {
        hang_up(x);
    }
    return ok;
}

static void publish(struct sim_people *x, const char *topic, const struct kt_buf *text)
{
    struct kt_buf packet;
    kt_buf_init(&packet, 4 << 20);
    x->packet = (uint16_t)(x->packet == 65535 ? 1 : x->packet + 1);
    sim_mqtt_publish(&packet, topic, text->p, text->n, x->packet);
    size_t at = 0;
    while (x->fd >= 0 && at < packet.n) {
        ssize_t n = send(x->fd, packet.p + at, packet.n - at, MSG_NOSIGNAL);
        if (n <= 0) {
            hang_up(x);
        } else {
            at += (size_t)n;
        }
    }
    kt_buf_done(&packet);
}

/* What a vehicle's detector has kept, the oldest first. */
static void tell_readings(struct sim_people *x, struct sim_vehicle *v, struct kt_buf *b)
{
    for (int i = 0; i < v->kept_n; i++) {
        kt_buf_clear(b);
        kt_buf_printf(b, "{\"ts\":%lld,\"ch4\":%.2f}", (long long)(v->kept[i].time / KT_MS),
                      v->kept[i].ch4);
        publish(x, v->topic, b);
    }
    v->kept_n = 0;
}

static void tell_vehicles(struct sim_people *x, struct kt_buf *b)
{
    if (x->vehicles.n == 0 || x->fd < 0) {
        return;
    }
    kt_buf_clear(b);
    kt_buf_printf(b, "{\"ts\":%lld,\"tags\":[", (long long)(atomic_load(&x->run->now) / KT_MS));
    for (int i = 0; i < x->vehicles.n; i++) {
        kt_buf_puts(b, i ? "," : "");
        put_vehicle(x, &x->vehicles.v[i], b);
    }
    kt_buf_puts(b, "]}");
    publish(x, x->topic, b);
    for (int i = 0; i < x->vehicles.n; i++) {
        if (sim_vehicle_reached(&x->vehicles.v[i])) {
            tell_readings(x, &x->vehicles.v[i], b);
        }
    }
}

static void tell(struct sim_people *x)
{
    struct kt_buf b;
    char heard[2048];
    kt_buf_init(&b, 4 << 20);
    for (int i = 0; i < x->count && x->fd >= 0;) {
        kt_buf_clear(&b);
        kt_buf_printf(&b, "{\"ts\":%lld,\"tags\":[",
                      (long long)(atomic_load(&x->run->now) / KT_MS));
        bool any = false;
        for (int n = 0; n < A_MESSAGE && i < x->count; i++, n++) {
            if (!x->person[i].silent) {
                kt_buf_puts(&b, any ? "," : "");
                put_person(x, i, &b);
                any = true;
            }
        }
        kt_buf_puts(&b, "]}");
        if (any) {
            publish(x, x->topic, &b);
        }
    }
    tell_vehicles(x, &b);
    while (x->fd >= 0 && recv(x->fd, heard, sizeof(heard), MSG_DONTWAIT) > 0) {
    }
    kt_buf_done(&b);
}

/* ---- files ----------------------------------------------------------------------------------- */

static const char *const trades[] = {"采煤工",     "掘进工", "机电工",
                                     "瓦斯检查工", "通风工", "安全检查工"};

static void put_file(struct sim_people *x, const char *type,
                     void (*write)(struct sim_people *, struct kt_buf *))
{
    const struct sim_plant *p = x->run->plant;
    struct kt_buf b;
    struct kt_err err;
    char path[700], when[24];
    kt_time now = atomic_load(&x->run->now);
    struct kt_civil c = kt_civil_of(now, p->utc_offset_s);
    (void)snprintf(path, sizeof(path), "%s/%s_%s_%04d%02d%02d%02d%02d%02d.txt", x->drop,
                   p->mine_code, type, c.year, c.month, c.day, c.hour, c.minute, c.second);
    kt_buf_init(&b, 8 << 20);
    kt_buf_printf(&b, "%s;%s;%s~", p->mine_code, p->mine_name,
                  kt_time_fmt_local(now, p->utc_offset_s, when));
    write(x, &b);
    kt_buf_puts(&b, "||");
    if (kt_dir_make(x->drop, &err) < 0 || kt_file_replace(path, b.p, b.n, &err) < 0) {
        KT_WARN("people", "%s", err.text);
    }
    kt_buf_done(&b);
}

static void write_roster(struct sim_people *x, struct kt_buf *b)
{
    for (int i = 0; i < x->count; i++) {
        kt_buf_printf(b, "%d;演示%04d;%s;%s;%s;;;%d;%d~", FIRST + i, i + 1, trades[i % 6],
                      i % 25 == 0 ? "带班领导" : "职工", i % 2 ? "综采队" : "掘进队", i % 25 == 0,
                      i % 6 == 3);
    }
}

static void write_places(struct sim_people *x, struct kt_buf *b)
{
    char when[24];
    kt_time_fmt_local(atomic_load(&x->run->now), x->run->plant->utc_offset_s, when);
    for (int i = 0; i < x->count; i++) {
        struct heard near[HEARD_MOST];
        const struct person *h = &x->person[i];
        int n = h->branch < 0 ? 0 : hear(x, h->branch, h->at, near);
        kt_buf_printf(b, "%d;演示%04d;%d;%s;%s;;;%s;%s;;0;正常;%d;%d;~", FIRST + i, i + 1,
                      h->branch < 0 ? 2 : 1, when, h->branch < 0 ? when : "",
                      n ? x->anchor[near[0].anchor].code : "", when, i % 25 == 0, i % 6 == 3);
    }
}

/* ---- the thread ------------------------------------------------------------------------------ */

static void turn(struct sim_outlet *o)
{
    struct sim_people *x = o->own;
    kt_time now = atomic_load(&x->run->now);
    if (x->fd < 0 && kt_clock_mono() >= x->retry) {
        (void)dial(x, o->port);
    }
    if (!sim_outlet_due(o, TELL_NS)) {
        return;
    }
    double dt = x->moved ? (double)(now - x->moved) / (double)KT_SEC : 0;
    x->moved = now;
    pthread_mutex_lock(&x->run->lock);
    for (int i = 0; i < x->count; i++) {
        walk(x, &x->person[i], dt < 5 ? dt : 5);
    }
    sim_vehicles_move(x->run->plant, &x->vehicles, dt < 5 ? dt : 5, now);
    pthread_mutex_unlock(&x->run->lock);
    tell(x);
    if (x->drop && now >= x->filed) {
        x->filed = now + FILES_NS;
        put_file(x, "RYXX", write_roster);
        put_file(x, "RYSS", write_places);
    }
}

static void people_free(struct sim_people *x)
{
    hang_up(x);
    free(x->anchor);
    free(x->person);
    free(x->closed);
    free(x->walled);
    free(x->exit_s);
    free(x);
}

static void done(struct sim_outlet *o)
{
    o->run->people = NULL;
    people_free(o->own);
}

/* The last of them work together in one roadway; at most a tenth of all. */
static void man_the_crew(struct sim_people *x)
{
    for (int i = x->count - 1; x->crew >= 0 && i >= x->count - x->crew_n && i >= x->count * 9 / 10;
         i--) {
        struct person *h = &x->person[i];
        h->branch = x->crew;
        h->at = roll(x) * x->run->plant->branches[x->crew].length_m;
        h->stays = true;
    }
}

int sim_people_start(struct sim_run *r, const char *path, const char *vehicles, int count, int port,
                     const char *drop, struct sim_outlet **ret, struct kt_err *err)
{
    struct sim_outlet *o = calloc(1, sizeof(*o));
    struct sim_people *x = calloc(1, sizeof(*x));
    KT_ASSERT(o && x);
    *x = (struct sim_people){.run = r, .count = count, .drop = drop, .fd = -1, .crew = -1};
    x->anchor = calloc(ANCHORS_MAX, sizeof(*x->anchor));
    x->closed = calloc((size_t)r->plant->n[SIM_BRANCH] + 1, sizeof(bool));
    x->exit_s = calloc((size_t)r->plant->n[SIM_NODE] + 1, sizeof(double));
    x->walled = calloc((size_t)r->plant->n[SIM_BRANCH] + 1, sizeof(bool));
    KT_ASSERT(x->anchor && x->closed && x->walled && x->exit_s);
    (void)snprintf(x->topic, sizeof(x->topic), "people/tags");
    int code = read_file(x, path, err);
    if (code == KT_OK && vehicles) {
        code = sim_vehicles_read(r->plant, vehicles, &x->vehicles, err);
    }
    x->count = x->count < 1 ? 1 : x->count > PERSONS_MAX ? PERSONS_MAX : x->count;
    x->person = calloc((size_t)x->count, sizeof(*x->person));
    KT_ASSERT(x->person);
    find_exits(x);
    for (int i = 0; code == KT_OK && i < x->count; i++) {
        x->person[i] = (struct person){
            .speed = SPEED_M_S * (0.8 + 0.4 * roll(x)), .battery = 30 + i % 70, .with = -1};
        place_somewhere(x, &x->person[i]);
        x->entered++;
    }
    man_the_crew(x);
    *o = (struct sim_outlet){
        .run = r, .name = "people", .port = port, .turn = turn, .done = done, .own = x};
    r->people = x;
    code = code == KT_OK ? sim_outlet_start(o, err) : code;
    if (code < 0) {
        r->people = NULL;
        people_free(x);
        free(o);
        return code;
    }
    *ret = o;
    return KT_OK;
}

/* ---- commands -------------------------------------------------------------------------------- */

static int index_of(const struct sim_people *x, const char *card)
{
    long v = strtol(card, NULL, 10) - FIRST;
    return v >= 0 && v < x->count ? (int)v : -1;
}

bool sim_people_command(struct sim_run *r, const char *card, const char *what, const char *arg)
{
    struct sim_people *x = r->people;
    if (!x) {
        return false;
    }
    if (strcmp(card, "all") == 0) {
        x->leave = strcmp(what, "leave") == 0;
        return x->leave || strcmp(what, "stay") == 0;
    }
    int i = index_of(x, card);
    struct person *h = i < 0 ? NULL : &x->person[i];
    if (!h) {
        return false;
    }
    if (strcmp(what, "sos") == 0 || strcmp(what, "calm") == 0) {
        h->sos = what[0] == 's';
        h->calm = !h->sos;
    } else if (strcmp(what, "silent") == 0 || strcmp(what, "heard") == 0) {
        h->silent = what[0] == 's';
    } else if (strcmp(what, "battery") == 0) {
        h->battery = (int)strtol(arg, NULL, 10);
    } else if (strcmp(what, "with") == 0) {
        h->with = index_of(x, arg) == i ? -1 : index_of(x, arg);
    } else {
        return false;
    }
    return true;
}
