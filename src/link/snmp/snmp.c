/* SPDX-License-Identifier: Apache-2.0 */
/* One device: its thread asks for all objects at each scan, some in a message, and hands them on.
 */
#include "link/snmp/snmp.h"

#include <math.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "link/snmp/private.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/thread.h"

enum { BACKOFF_MAX_S = 60 };

struct object {
    uint32_t point;
    struct kt_oid_address a;
    bool counted; /* before, at: of the last reading of a counter */
    uint64_t before;
    kt_mono at;
    bool has; /* value, quality: of this scan */
    double value;
    kt_quality quality;
};

struct kt_snmp {
    struct kt_runtime *rt;
    struct kt_site *site;
    const struct kt_link_conf *conf;
    struct object *objects; /* those that are walked for rows stand last */
    uint32_t n, plain_n;
    struct wire *wire; /* NULL: not open */
    struct secrets secrets;
    int64_t backoff_ns; /* 0: it answers */
    pthread_t thread;
    bool started, told, up; /* told: the engine knows whether it is up */
    int wake;
    pthread_mutex_t lock; /* state */
    struct kt_link_state state;
};

/* ---- what was said, as values of points --------------------------------------------------------
 */

static void fault(struct object *o)
{
    o->has = true;
    o->value = 0;
    o->quality = KT_Q_DEVICE_FAULT;
}

/* Known from the second reading on. */
static void take_rate(struct object *o, const struct got *g, kt_mono now)
{
    double v =
        o->counted ? snmp_rate(o->before, g->count, g->wide, (double)(now - o->at) / 1e9) : NAN;
    o->counted = true;
    o->before = g->count;
    o->at = now;
    o->has = !isnan(v);
    o->value = isnan(v) ? 0 : v * o->a.scale;
}

static void take(struct object *o, const struct got *g, kt_mono now)
{
    bool asks_is = o->a.is_n || *o->a.text;
    o->quality = KT_Q_NORMAL;
    if (g->kind == GOT_NOTHING || (g->kind == GOT_TEXT && !asks_is) ||
        (g->kind == GOT_NUMBER && !isfinite(g->value))) {
        o->counted = false;
        fault(o);
    } else if (o->a.what == KT_OID_RATE) {
        take_rate(o, g, now);
    } else {
        o->has = true;
        o->value = asks_is ? (double)snmp_is(&o->a, g) : g->value * o->a.scale;
    }
}

static int read_plain(struct kt_snmp *s, struct kt_err *err)
{
    const struct kt_oid_address *ask[SNMP_AT_ONCE];
    struct got got[SNMP_AT_ONCE];
    for (uint32_t i = 0; i < s->plain_n; i += SNMP_AT_ONCE) {
        uint32_t n = s->plain_n - i < SNMP_AT_ONCE ? s->plain_n - i : SNMP_AT_ONCE;
        for (uint32_t k = 0; k < n; k++) {
            ask[k] = &s->objects[i + k].a;
        }
        int r = wire_get(s->wire, ask, n, got, err);
        if (r < 0) {
            return r;
        }
        kt_mono now = kt_clock_pace();
        for (uint32_t k = 0; k < n; k++) {
            take(&s->objects[i + k], &got[k], now);
        }
    }
    return KT_OK;
}

static int read_rows(struct kt_snmp *s, struct kt_err *err)
{
    for (uint32_t i = s->plain_n; i < s->n; i++) {
        struct object *o = &s->objects[i];
        uint32_t rows;
        bool known;
        int r = wire_rows(s->wire, &o->a, &rows, &known, err);
        if (r < 0) {
            return r;
        }
        if (known) {
            o->has = true;
            o->value = (double)rows * o->a.scale;
            o->quality = KT_Q_NORMAL;
        } else {
            fault(o);
        }
    }
    return KT_OK;
}

/* ---- to the engine -----------------------------------------------------------------------------
 */

/* Switches go to the urgent lane. A batch that is not to be had loses this scan's values. */
static void submit(struct kt_snmp *s, bool urgent)
{
    struct kt_batch *b = kt_batch_get(s->rt, urgent ? KT_ROOM_URGENT : KT_ROOM_LINK);
    if (!b) {
        return;
    }
    b->arrival = kt_clock_now();
    b->lane = urgent ? KT_LANE_URGENT : KT_LANE_BULK;
    b->done = NULL;
    (void)snprintf(b->producer, sizeof(b->producer), "%s", s->conf->id);
    for (uint32_t i = 0; i < s->n && b->n < KT_BATCH_MAX; i++) {
        const struct object *o = &s->objects[i];
        bool is = s->site->points[o->point].kind != KT_POINT_ANALOG;
        if (o->has && is == urgent) {
            b->point[b->n] = o->point;
            b->time[b->n] = b->arrival;
            b->value[b->n] = o->value;
            b->quality[b->n++] = o->quality;
        }
    }
    uint32_t n = b->n;
    kt_time now = b->arrival;
    int r = kt_runtime_samples(s->rt, b);
    pthread_mutex_lock(&s->lock);
    s->state.samples += r == KT_OK ? n : 0;
    s->state.last_data = now;
    pthread_mutex_unlock(&s->lock);
}

static void tell(struct kt_snmp *s, bool up, const char *text)
{
    pthread_mutex_lock(&s->lock);
    s->state.reads++;
    s->state.errors += !up;
    kt_text_set(s->state.text, sizeof(s->state.text), text);
    pthread_mutex_unlock(&s->lock);
    if ((s->told && s->up == up) ||
        kt_runtime_link_up(s->rt, s->conf->id, up, text) < 0) { /* told again at the next scan */
        return;
    }
    s->told = true;
    s->up = up;
    pthread_mutex_lock(&s->lock);
    s->state.up = up;
    s->state.since = kt_clock_now();
    s->state.reconnects += up;
    pthread_mutex_unlock(&s->lock);
    KT_INFO("snmp", "%s %s%s", s->conf->id, up ? "answers" : "is lost: ", text);
}

/* ---- its thread --------------------------------------------------------------------------------
 */

static int scan(struct kt_snmp *s, struct kt_err *err)
{
    int r = s->wire ? KT_OK : wire_open(s->conf, &s->secrets, s->wake, &s->wire, err);
    for (uint32_t i = 0; i < s->n; i++) {
        s->objects[i].has = false;
    }
    r = r < 0 ? r : read_plain(s, err);
    return r < 0 ? r : read_rows(s, err);
}

/* How long until the next scan. What it says of half of its objects is not handed on. */
static int64_t turn(struct kt_snmp *s)
{
    struct kt_err err = {0};
    int r = scan(s, &err);
    if (r == KT_OK) {
        s->backoff_ns = 0;
        tell(s, true, "");
        submit(s, true);
        submit(s, false);
        return s->conf->scan_ns;
    }
    wire_close(s->wire);
    s->wire = NULL;
    for (uint32_t i = 0; i < s->n; i++) { /* it may have begun anew, or gone round more than once */
        s->objects[i].counted = false;
    }
    if (r != KT_ECLOSED) {
        tell(s, false, err.text);
    }
    s->backoff_ns = s->backoff_ns ? 2 * s->backoff_ns : s->conf->scan_ns;
    int64_t most =
        s->conf->scan_ns > BACKOFF_MAX_S * KT_SEC ? s->conf->scan_ns : BACKOFF_MAX_S * KT_SEC;
    s->backoff_ns = s->backoff_ns < most ? s->backoff_ns : most;
    return s->backoff_ns;
}

/* True: stop. */
static bool rest(const struct kt_snmp *s, kt_mono until)
{
    int64_t left = until - kt_clock_pace();
    struct pollfd p = {.fd = s->wake, .events = POLLIN};
    return poll(&p, 1, left > 0 ? (int)((left + KT_MS - 1) / KT_MS) : 0) > 0;
}

static void *run(void *arg)
{
    struct kt_snmp *s = arg;
    kt_mono next;
    do {
        kt_mono from = kt_clock_pace();
        next = from + turn(s);
    } while (!rest(s, next));
    wire_close(s->wire);
    s->wire = NULL;
    return NULL;
}

/* ---- life --------------------------------------------------------------------------------------
 */

static void list_objects(struct kt_snmp *s, uint32_t link, bool rows)
{
    for (uint32_t i = 0; i < s->site->points_n; i++) {
        const struct kt_point *p = &s->site->points[i];
        struct object *o = &s->objects[s->n];
        struct kt_err err;
        if (p->link == link && !p->ended && kt_oid_parse(p->address, &o->a, &err) == KT_OK &&
            (o->a.what == KT_OID_ROWS) == rows) {
            o->point = i;
            s->n++;
        }
    }
}

static int secret(const struct kt_snmp *s, const char *file, char to[SNMP_SECRET],
                  struct kt_err *err)
{
    char path[900];
    struct kt_buf b;
    if (!*file) {
        return KT_OK;
    }
    kt_buf_init(&b, SNMP_SECRET);
    (void)snprintf(path, sizeof(path), "%.600s/%.255s", s->site->dir, file);
    int r = kt_file_read(path, SNMP_SECRET - 1, &b, err);
    if (r == KT_OK) {
        kt_text_set(to, SNMP_SECRET, kt_buf_cstr(&b));
        to[strcspn(to, "\r\n")] = '\0';
        if (s->conf->version == 3 && strlen(to) < 8) {
            r = kt_err_set(err, KT_EINVAL, "%s: a password of version 3 has at least 8 characters",
                           file);
        }
    }
    explicit_bzero(b.p, b.n);
    kt_buf_done(&b);
    return r;
}

int kt_snmp_start(struct kt_runtime *rt, struct kt_site *site, uint32_t link, struct kt_snmp **ret,
                  struct kt_err *err)
{
    char name[16];
    struct kt_snmp *s = calloc(1, sizeof(*s));
    KT_ASSERT(s);
    s->rt = rt;
    s->site = kt_site_ref(site);
    s->conf = &site->links[link];
    s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&s->lock, NULL);
    s->objects = calloc(site->points_n + 1, sizeof(*s->objects));
    KT_ASSERT(s->objects && s->wake >= 0);
    list_objects(s, link, false);
    s->plain_n = s->n;
    list_objects(s, link, true);
    (void)snprintf(name, sizeof(name), "sn-%.12s", s->conf->id);
    int r = secret(s, s->conf->password_file, s->secrets.first, err);
    r = r < 0 ? r : secret(s, s->conf->key_file, s->secrets.key, err);
    r = r < 0 ? r : kt_thread_start(&s->thread, name, run, s, err);
    s->started = r == KT_OK;
    if (r < 0) {
        kt_snmp_stop(s);
        return r;
    }
    *ret = s;
    return KT_OK;
}

void kt_snmp_stop(struct kt_snmp *s)
{
    if (!s) {
        return;
    }
    if (s->started) {
        uint64_t one = 1;
        ssize_t n = write(s->wake, &one, sizeof(one));
        KT_ASSERT(n == (ssize_t)sizeof(one));
        pthread_join(s->thread, NULL);
    }
    explicit_bzero(&s->secrets, sizeof(s->secrets));
    close(s->wake);
    free(s->objects);
    kt_site_unref(s->site);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

void kt_snmp_state(struct kt_snmp *s, struct kt_link_state *ret)
{
    pthread_mutex_lock(&s->lock);
    *ret = s->state;
    pthread_mutex_unlock(&s->lock);
}
