/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Model check of belts: generated lines under the real engine with the pack `belt`, breadth first
 * over what it and its plant can come to. The PLCs of this plant have no interlocks at all, so what
 * holds here holds by the program alone.
 *
 * Moves: a person starts or stops a belt or the line; a write arrives, or is lost; a belt follows
 * its drive; its proof is lost; a protection acts or is set right; the program is restarted; time
 * passes. After every move, for every belt that stands commanded (by the last write, by a closing
 * under way or by its register): the belt that it gives to is proved running and was not opened.
 * After an acting protection: nothing behind it is commanded when the very input is done.
 * A closing is written only at such a moment. During the first seconds after a restart what is not
 * known is waited for, what is known to stand is not.
 */
#include "base/map.h"
#include "engine/core.h"
#include "engine/engine.h"
#include "unit.h"

#include "sys/file.h"

enum { BELTS = 5, PARTS = 5, QUEUE = 60000, MOVES_A_BELT = 8, T0_S = 1790000000 };
enum part { PQ, PD, YJ, YK, DH };
static const char *const part_id[PARTS] = {"PQ", "PD", "YJ", "YK", "DH"};
static const char *const part_role[PARTS] = {"belt.drive", "belt.run", "belt.horn", "belt.remote",
                                             "belt.slip"};

/* What the plant is beside the engine. */
struct plant {
    int8_t coil[BELTS], run[BELTS]; /* run: 1, 0, -1 proof lost */
    int8_t pending[BELTS];          /* a write on its way; -1 none */
    uint64_t pending_id[BELTS];
    bool trip[BELTS];
};
struct node {
    struct plant plant;
    char *saved;
    size_t saved_n;
    kt_time now;
    kt_seq seq;
};

struct line {
    int n, to[BELTS];
    struct kt_site *site;
    struct kt_live *live;
    struct kt_engine *e;
    kt_point_id point[BELTS][PARTS];
    struct plant plant;
    kt_time now;
    kt_seq seq;
    bool closing_wrong;
    bool grace, heard; /* shortly after a restart; every point was heard since */
    struct node *queue;
    uint32_t head, tail;
    struct kt_map *seen;
    uint64_t transitions;
};

static struct kt_err err;

/* --- the site of a line */

static void put_file(const char *dir, const char *name, const char *text)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    KT_ASSERT(kt_file_replace(path, text, strlen(text), &err) == KT_OK);
}

static bool load_line(struct line *l, const char *packs)
{
    char dir[256];
    struct kt_buf points, assets;
    kt_buf_init(&points, 0);
    kt_buf_init(&assets, 0);
    KT_ASSERT(kt_dir_temp("kt-line", dir, sizeof dir, &err) == KT_OK);
    put_file(dir, "site.yaml",
             "id: line\nname: {zh: 线}\nsimulation: true\npacks: [core, belt]\n"
             "links: [{id: plc, kind: modbus, host: 127.0.0.1}]\n");
    put_file(dir, "places.csv", "id,parent,kind,name\nmine,,mine,矿\n");
    kt_buf_puts(&points, "id,name,role,place,link,address\n");
    kt_buf_puts(&assets, "id,kind,name,place,to,points,length_m,speed_m_s\n");
    for (int i = 0; i < l->n; i++) {
        for (int k = 0; k < PARTS; k++) {
            kt_buf_printf(&points, "%s-%d,x,%s,mine,plc,%c%d\n", part_id[k], i, part_role[k],
                          k == PQ || k == YJ ? 'c' : 'd', i * PARTS + k);
        }
        char to[16] = "";
        if (l->to[i] >= 0) {
            snprintf(to, sizeof to, "B%d", l->to[i]);
        }
        kt_buf_printf(&assets, "B%d,belt,x,mine,%s,*-%d,500,4\n", i, to, i);
    }
    put_file(dir, "points.csv", kt_buf_cstr(&points));
    put_file(dir, "assets.csv", kt_buf_cstr(&assets));
    struct kt_findings *f = kt_findings_new(20);
    int r = kt_site_load(dir, packs, NULL, f, &l->site, &err);
    for (size_t i = 0; r < 0 && kt_findings_get(f, i); i++) {
        printf("# %s\n", kt_findings_get(f, i)->at.text);
    }
    kt_findings_free(f);
    kt_dir_remove(dir);
    kt_buf_done(&points);
    kt_buf_done(&assets);
    return r == KT_OK;
}

/* --- the engine and its effects */

static int belt_of(const struct line *l, kt_point_id p, enum part part)
{
    for (int i = 0; i < l->n; i++) {
        if (l->point[i][part].v == p.v) {
            return i;
        }
    }
    return -1;
}

static bool proved(const struct line *l, int i)
{
    return l->to[i] < 0 || l->plant.run[l->to[i]] == 1;
}

static void on_effect(void *arg, const struct kt_effect *e)
{
    struct line *l = arg;
    int i = belt_of(l, e->output, PQ);
    if (i < 0 || e->read_first) {
        return;
    }
    if (e->value == 1 && !proved(l, i)) {
        printf("# PQ-%d was closed although belt %d is not proved running\n", i, l->to[i]);
        l->closing_wrong = true;
    }
    l->plant.pending[i] = (int8_t)e->value;
    l->plant.pending_id[i] = e->command.v;
}

static void sample(struct line *l, kt_point_id p, double value, kt_quality q)
{
    uint32_t point = p.v;
    struct kt_samples s = {1, &point, &l->now, &value, &q};
    kt_engine_samples(l->e, ++l->seq, l->now, KT_STR("plc"), &s);
}

static void event(struct line *l, enum kt_event_kind kind, const char *body, size_t n)
{
    struct kt_event ev = {++l->seq, l->now, kind, KT_STR("x"), {body, n}};
    kt_engine_apply(l->e, &ev);
}

static void ask(struct line *l, const char *verb, const char *args)
{
    char body[400];
    int n = snprintf(body, sizeof body,
                     "{\"verb\":\"%s\",\"args\":%s,\"by\":{\"user\":\"w\",\"rights\":[\"output."
                     "open\",\"output.close\"],\"places\":[\"*\"]}}",
                     verb, args);
    event(l, KT_EV_REQUEST, body, (size_t)n);
}

static void wait_s(struct line *l, int s)
{
    l->now += s * KT_SEC;
    event(l, KT_EV_TICK, (const char *)&l->now, sizeof l->now);
}

/* Every point again, so nothing is stale; what the plant is. */
static void scan(struct line *l)
{
    for (int i = 0; i < l->n; i++) {
        const struct plant *p = &l->plant;
        sample(l, l->point[i][PQ], p->coil[i], KT_Q_NORMAL);
        sample(l, l->point[i][PD], p->run[i] > 0, p->run[i] < 0 ? KT_Q_BROKEN : KT_Q_NORMAL);
        sample(l, l->point[i][YJ], 1, KT_Q_NORMAL);
        sample(l, l->point[i][YK], 1, KT_Q_NORMAL);
        sample(l, l->point[i][DH], p->trip[i], KT_Q_NORMAL);
    }
}

/* --- what may never be */

static bool behind(const struct line *l, int i, int tripped)
{
    for (int at = l->to[i]; at >= 0; at = l->to[at]) {
        if (at == tripped) {
            return true;
        }
    }
    return i == tripped;
}

static const struct kt_output *output_of(const struct line *l, int i)
{
    return kt_control_of(l->e->s->control, l->point[i][PQ]);
}

/* Does anything say that output i is closed: its register, or the last write where that is not
 * known? An opening that is on its way is sent again until it is read back. */
static bool commanded(const struct line *l, int i)
{
    const struct kt_output *o = output_of(l, i);
    return o->open.state == KT_CMD_NONE &&
           (o->reg == 1 || (o->reg < 0 && o->commanded == 1) || o->close.state >= KT_CMD_SENT);
}

static bool holds(struct line *l, int tripped, const char *after)
{
    bool ok = !l->closing_wrong;
    for (int i = 0; i < l->n && ok; i++) {
        bool is = commanded(l, i);
        bool stands = l->to[i] >= 0 && l->plant.run[l->to[i]] != 1;
        bool unknown = l->to[i] >= 0 && l->plant.run[l->to[i]] < 0;
        if (is && stands && !(l->grace && (unknown || !l->heard))) {
            printf("# after %s: PQ-%d stays commanded, belt %d is not proved running\n", after, i,
                   l->to[i]);
            ok = false;
        }
        if (is && tripped >= 0 && behind(l, i, tripped)) {
            printf("# after %s: PQ-%d stays commanded in the step of the trip\n", after, i);
            ok = false;
        }
    }
    return ok;
}

/* --- states */

static void keep(struct line *l)
{
    struct kt_buf b;
    kt_buf_init(&b, 0);
    kt_engine_save(l->e, &b);
    l->queue[l->tail++] =
        (struct node){l->plant, memcpy(malloc(b.n + 1), b.p, b.n), b.n, l->now, l->seq};
    kt_buf_done(&b);
}

static void restore(struct line *l, const struct node *n)
{
    KT_ASSERT(kt_engine_load(l->e, (struct kt_str){n->saved, n->saved_n}, &err) == KT_OK);
    l->plant = n->plant;
    l->now = n->now;
    l->seq = n->seq;
    l->closing_wrong = l->grace = l->heard = false;
}

/* What matters of a state: without times, numbers and texts. */
static void write_state(const struct line *l, struct kt_buf *to)
{
    for (int i = 0; i < l->n; i++) {
        const struct plant *p = &l->plant;
        const struct kt_output *o = output_of(l, i);
        kt_buf_printf(to, "%d%d%d%d|%d%d%d%d%d%u ", p->coil[i], p->run[i], p->pending[i],
                      p->trip[i], o->reg, o->commanded, o->open.state, o->close.state, o->unread,
                      o->latch_n);
    }
    const struct kt_sequences *q = l->e->s->sequences;
    uint64_t id = kt_sequences_newest(q);
    const struct kt_seq_run *r = kt_sequence_find(q, id);
    if (r) {
        kt_buf_printf(to, "%d%d%u%u", r->state, r->phase, r->step, r->turn);
    }
}

static bool is_new(struct line *l)
{
    struct kt_buf s;
    uint64_t v;
    kt_buf_init(&s, 0);
    write_state(l, &s);
    struct kt_str key = {s.p, s.n};
    bool fresh = !kt_map_get(l->seen, key, &v);
    if (fresh) {
        kt_map_set(l->seen, key, 1);
    }
    kt_buf_done(&s);
    return fresh;
}

/* --- moves */

static void arrive(struct line *l, int i)
{
    char body[120];
    int n = snprintf(body, sizeof body, "{\"command\":%llu,\"what\":\"written\",\"value\":%d}",
                     (unsigned long long)l->plant.pending_id[i], l->plant.pending[i]);
    l->plant.coil[i] = l->plant.pending[i];
    l->plant.pending[i] = -1;
    event(l, KT_EV_ANSWER, body, (size_t)n);
    sample(l, l->point[i][PQ], l->plant.coil[i], KT_Q_NORMAL);
}

static void restart(struct line *l)
{
    for (int i = 0; i < l->n; i++) {
        l->plant.pending[i] = -1;
    }
    l->grace = true;
    kt_engine_recovered(l->e, ++l->seq);
}

/* One move of belt i; false: it is none now. *tripped: a protection acted there. */
static bool move_belt(struct line *l, int i, int move, int *tripped)
{
    struct plant *p = &l->plant;
    char args[80];
    snprintf(args, sizeof args, "{\"output\":\"PQ-%d\",\"value\":%d}", i, move == 0);
    switch (move) {
    case 0:
    case 1:
        ask(l, "output.command", args);
        return true;
    case 2:
        if (p->pending[i] >= 0) {
            arrive(l, i);
            return true;
        }
        return false;
    case 3: { /* the write is lost: the PLC never had it */
        bool was = p->pending[i] >= 0;
        p->pending[i] = -1;
        return was;
    }
    case 4: { /* the belt follows its drive */
        bool change = p->run[i] != p->coil[i];
        p->run[i] = p->coil[i];
        sample(l, l->point[i][PD], p->run[i], KT_Q_NORMAL);
        return change;
    }
    case 5:
        if (p->run[i] < 0) {
            return false;
        }
        p->run[i] = -1;
        sample(l, l->point[i][PD], 0, KT_Q_BROKEN);
        return true;
    case 6: /* a protection acts, or is set right */
        p->trip[i] = !p->trip[i];
        sample(l, l->point[i][DH], p->trip[i], KT_Q_NORMAL);
        *tripped = p->trip[i] ? i : -1;
        return true;
    default: /* somebody starts or stops it past the program */
        p->coil[i] = !p->coil[i];
        sample(l, l->point[i][PQ], p->coil[i], KT_Q_NORMAL);
        return true;
    }
}

static bool move_line(struct line *l, int move)
{
    switch (move) {
    case 0:
        ask(l, "sequence.start", "{\"sequence\":\"belt.start\",\"recipe\":{\"horn\":5}}");
        return true;
    case 1:
        ask(l, "sequence.start", "{\"sequence\":\"belt.emergency\"}");
        return true;
    case 2:
        scan(l);
        wait_s(l, 6);
        return true;
    case 3:
        restart(l);
        return true;
    default:
        restart(l);
        scan(l);
        l->heard = true;
        if (!holds(l, -1, "a restart, all heard")) {
            l->closing_wrong = true;
            return true;
        }
        wait_s(l, 6);
        l->grace = false;
        return true;
    }
}

static bool explore(struct line *l, uint64_t most)
{
    enum { LINE_MOVES = 5 };
    bool ok = true;
    while (l->head < l->tail && l->transitions < most && ok) {
        struct node *n = &l->queue[l->head];
        for (int m = 0; m < l->n * MOVES_A_BELT + LINE_MOVES && ok; m++) {
            int tripped = -1, i = m / MOVES_A_BELT;
            char name[40];
            snprintf(name, sizeof name, "move %d of %d, state %u", m % MOVES_A_BELT, i, l->head);
            restore(l, n);
            bool moved = i < l->n ? move_belt(l, i, m % MOVES_A_BELT, &tripped)
                                  : move_line(l, m - l->n * MOVES_A_BELT);
            l->transitions += moved;
            ok = holds(l, tripped, name);
            if (moved && !l->grace && l->tail < QUEUE && is_new(l)) {
                keep(l);
            }
        }
        free(n->saved);
        n->saved = NULL;
        l->head++;
    }
    return ok;
}

static void init_line(struct line *l)
{
    const struct kt_engine_out out = {l, NULL, on_effect};
    for (int i = 0; i < l->n; i++) {
        for (int k = 0; k < PARTS; k++) {
            char id[16];
            snprintf(id, sizeof id, "%s-%d", part_id[k], i);
            l->point[i][k] = kt_site_point(l->site, kt_str_c(id));
        }
        l->plant.pending[i] = -1;
    }
    l->live = kt_live_new(l->site->points_n);
    KT_ASSERT(kt_engine_new(l->site, l->live, &out, &l->e, &err) == KT_OK);
    l->queue = calloc(QUEUE, sizeof *l->queue);
    l->seen = kt_map_new(1024);
    l->now = (kt_time)T0_S * KT_SEC;
    wait_s(l, 1);
    scan(l);
    wait_s(l, 6);
    keep(l);
}

static void check_line(int n, const int *to, uint64_t most)
{
    struct line l = {.n = n};
    const char *source = getenv("KT_SOURCE");
    char packs[600];
    snprintf(packs, sizeof packs, "%s/packs", source ? source : ".");
    memcpy(l.to, to, (size_t)n * sizeof *to);
    const char *times = getenv("KT_LINES"); /* so many times as far */
    most *= times ? strtoull(times, NULL, 10) : 1;
    REQUIRE(load_line(&l, packs));
    init_line(&l);
    CHECK(explore(&l, most));
    printf("# %d belts: %u states, %llu moves, %s\n", n, l.tail, (unsigned long long)l.transitions,
           l.head == l.tail ? "all of them" : "breadth first as far as these");
    CHECK(l.tail > 100);
    for (uint32_t i = l.head; i < l.tail; i++) {
        free(l.queue[i].saved);
    }
    free(l.queue);
    kt_map_free(l.seen);
    kt_engine_free(l.e);
    kt_live_free(l.live);
    kt_site_unref(l.site);
}

static void two(void)
{
    check_line(2, (int[]){-1, 0}, 40000);
}

static void three_in_a_row(void)
{
    check_line(3, (int[]){-1, 0, 1}, 12000);
}

static void a_fork(void)
{
    check_line(3, (int[]){-1, 0, 0}, 8000);
}

static void four_and_five(void)
{
    check_line(4, (int[]){-1, 0, 1, 1}, 6000);
    check_line(5, (int[]){-1, 0, 1, 1, 3}, 6000);
}

UNIT_MAIN({"two", two}, {"three_in_a_row", three_in_a_row}, {"a_fork", a_fork},
          {"four_and_five", four_and_five})
