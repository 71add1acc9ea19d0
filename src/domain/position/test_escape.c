/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/position/escape.h"

#include "domain/position/place.h"
#include "unit.h"

enum { NODES = 7, WAYS = 12, GOALS = 3 };

static uint64_t seed;

static uint32_t rnd(uint32_t n)
{
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)(seed >> 33) % n;
}

/* A small mine in memory: nodes, ways, stations; no site behind it. */
static void make(struct kt_mine *m, struct kt_arena *arena)
{
    *m = (struct kt_mine){.ways_n = WAYS, .nodes_n = NODES, .stations_n = GOALS};
    m->way = KT_NEW_ARRAY(arena, struct kt_way, WAYS);
    m->station = KT_NEW_ARRAY(arena, struct kt_station, GOALS);
    m->at = KT_NEW_ARRAY(arena, uint32_t, NODES + 2);
    m->list = KT_NEW_ARRAY(arena, uint32_t, 2 * WAYS);
    for (uint32_t w = 0; w < WAYS; w++) {
        uint32_t from = w < NODES - 1 ? w : rnd(NODES), to = w < NODES - 1 ? w + 1 : rnd(NODES);
        to = to == from ? (to + 1) % NODES : to;
        double length = 10 + rnd(90);
        m->way[w] = (struct kt_way){.id = "w", .from = from, .to = to, .length_m = length};
        m->way[w].time_s[0] = length;
        m->way[w].time_s[1] = length * (1 + rnd(3));
    }
    for (uint32_t i = 0; i < GOALS; i++) {
        uint32_t way = rnd(WAYS);
        m->station[i] = (struct kt_station){.id = "s",
                                            .kind = i ? KT_STATION_REFUGE : KT_STATION_EXIT,
                                            .way = way,
                                            .at_m = rnd(10),
                                            .capacity = 1 + rnd(2)};
    }
    for (uint32_t n = 0, k = 0; n < NODES; n++) {
        m->at[n] = k;
        for (uint32_t w = 0; w < WAYS; w++) {
            if (m->way[w].from == n) {
                m->list[k++] = 2 * w;
            }
            if (m->way[w].to == n) {
                m->list[k++] = 2 * w + 1;
            }
        }
        m->at[n + 1] = k;
    }
}

/* Every path without a node twice: the least time of those that the smoke does not catch. */
struct tried {
    const struct kt_mine *m;
    const double *smoke;
    uint32_t goal;
    double best;
};

static void try_from(struct tried *t, uint32_t node, double now, uint32_t seen)
{
    const struct kt_station *g = &t->m->station[t->goal];
    const struct kt_way *gw = &t->m->way[g->way];
    if (now > t->smoke[node]) {
        return;
    }
    if (gw->from == node) {
        t->best = fmin(t->best, now + gw->time_s[0] * g->at_m / gw->length_m);
    }
    if (gw->to == node) {
        t->best = fmin(t->best, now + gw->time_s[1] * (gw->length_m - g->at_m) / gw->length_m);
    }
    for (uint32_t w = 0; w < WAYS; w++) {
        const struct kt_way *x = &t->m->way[w];
        if (x->from == node && !(seen >> x->to & 1)) {
            try_from(t, x->to, now + x->time_s[0], seen | 1u << x->to);
        }
        if (x->to == node && !(seen >> x->from & 1)) {
            try_from(t, x->from, now + x->time_s[1], seen | 1u << x->from);
        }
    }
}

static double brute(const struct kt_mine *m, const double *smoke, uint32_t goal,
                    const struct kt_escape_person *p)
{
    struct tried t = {m, smoke, goal, INFINITY};
    const struct kt_way *w = &m->way[p->way];
    const struct kt_station *g = &m->station[goal];
    if (g->way == p->way) {
        double far = g->at_m - p->at_m;
        t.best = w->time_s[far < 0] * fabs(far) / w->length_m;
    }
    try_from(&t, w->from, w->time_s[1] * p->at_m / w->length_m, 1u << w->from);
    try_from(&t, w->to, w->time_s[0] * (w->length_m - p->at_m) / w->length_m, 1u << w->to);
    return t.best;
}

static void against_brute_force(void)
{
    uint32_t safe = 0, unsafe = 0, latest = 0;
    for (uint32_t round = 0; round < 3000; round++) {
        struct kt_arena *arena = kt_arena_new(0);
        struct kt_mine m;
        struct kt_escape e;
        struct kt_err err;
        double smoke[NODES], never[NODES];
        seed = 1000 + round;
        make(&m, arena);
        for (uint32_t i = 0; i < NODES; i++) {
            smoke[i] = rnd(3) ? (double)rnd(300) : (double)INFINITY;
            never[i] = INFINITY;
        }
        struct kt_escape_person p = {rnd(WAYS), 0};
        p.at_m = m.way[p.way].length_m * rnd(11) / 10;
        struct kt_escape_state st = {smoke, NULL, 1e9};
        CHECK_OK(kt_escape_find(&m, &st, &p, 1, arena, &e, &err), &err);
        double exit = brute(&m, smoke, 0, &p);
        double refuge = fmin(brute(&m, smoke, 1, &p), brute(&m, smoke, 2, &p));
        const struct kt_escape_route *r = &e.route[0];
        enum kt_escape_verdict want = isfinite(exit)     ? KT_ESCAPE_EXIT
                                      : isfinite(refuge) ? KT_ESCAPE_REFUGE
                                                         : KT_ESCAPE_NOT_SAFE;
        if (r->verdict != want) {
            printf("# seed %u: verdict %d, not %d\n", 1000 + round, r->verdict, want);
            unit_bad++;
        }
        double nothing_burns = brute(&m, never, 0, &p);
        bool quickest = isfinite(exit) && fabs(exit - nothing_burns) < 1e-9;
        if (want == KT_ESCAPE_EXIT &&
            (r->time_s < exit - 1e-9 || (quickest && r->time_s > exit + 1e-9))) {
            printf("# seed %u: %g s, not %g\n", 1000 + round, r->time_s, exit);
            unit_bad++;
        }
        safe += want != KT_ESCAPE_NOT_SAFE;
        unsafe += want == KT_ESCAPE_NOT_SAFE;
        latest += r->latest;
        kt_arena_free(arena);
    }
    printf("# %u safe, %u of them not by the quickest, %u not safe\n", safe, latest, unsafe);
    CHECK(safe > 100 && unsafe > 30 && latest > 30); /* all of it was tried */
}

/* Room for as many as there is room for: one who can reach one refuge only goes before others. */
static void room(void)
{
    struct kt_arena *arena = kt_arena_new(0);
    struct kt_mine m;
    struct kt_escape e;
    struct kt_err err;
    double smoke[NODES];
    seed = 7;
    make(&m, arena);
    m.way[0] =
        (struct kt_way){.id = "w", .from = 0, .to = 1, .length_m = 100, .time_s = {100, 100}};
    for (uint32_t w = 1; w < WAYS; w++) {
        m.way[w].time_s[0] = m.way[w].time_s[1] = INFINITY;
    }
    for (uint32_t i = 0; i < NODES; i++) {
        smoke[i] = 0;
    }
    m.station[0].way = 5;
    m.station[1] = (struct kt_station){
        .id = "a", .kind = KT_STATION_REFUGE, .way = 0, .at_m = 40, .capacity = 1};
    m.station[2] = (struct kt_station){
        .id = "b", .kind = KT_STATION_REFUGE, .way = 0, .at_m = 60, .capacity = 1};
    struct kt_escape_person p[4] = {{0, 45}, {0, 41}, {0, 80}, {3, 1}};
    struct kt_escape_state st = {smoke, NULL, 0};
    CHECK_OK(kt_escape_find(&m, &st, p, 4, arena, &e, &err), &err);
    CHECK_INT(e.by_verdict[KT_ESCAPE_REFUGE], 2);
    CHECK_INT(e.by_verdict[KT_ESCAPE_NOT_SAFE], 2);
    CHECK_INT(e.route[3].goal, KT_NONE); /* shut in: it is known where, and nothing leads out */
    CHECK_INT(e.taken[1] + e.taken[2], 2);
    kt_arena_free(arena);
}

/* Three roadways meet at node 1; the one anchor stands 60 m before it. */
static void at_a_node(void)
{
    const uint32_t from[] = {0, 1, 1}, to[] = {1, 2, 3};
    struct kt_way way[3];
    float dist[] = {40, 60, 160, 160};
    struct kt_station anchor = {.id = "A", .way = 0, .at_m = 40, .reach_m = 120};
    struct kt_mine m = {.way = way, .ways_n = 3, .nodes_n = 4, .station = &anchor, .dist = dist};
    struct kt_ranging r = {0, 60};
    struct kt_position got;
    m.stations_n = 1;
    for (int i = 0; i < 3; i++) {
        way[i] = (struct kt_way){.id = "w", .from = from[i], .to = to[i], .length_m = 100};
    }
    for (uint32_t was = 0; was < 3; was++) {
        struct kt_position before = {was, was ? 3 : 97, 3};
        CHECK(kt_position_place(&m, &r, 1, &before, 2, &got));
        CHECK_INT(got.way, was);
        CHECK_NEAR(got.at_m, was ? 0 : 100, 1e-9);
    }
}

/* Two roadways of 90 m and the store of 85 m that opens between them, an anchor in the middle of
 * each; what they hear is wrong by 0.8 m in the mean. */
struct mouth {
    struct kt_way way[3];
    struct kt_station anchor[3];
    float dist[12];
    struct kt_mine m;
    struct kt_position pos;
    double noise_m;
};

static void make_mouth(struct mouth *x, double noise_m)
{
    static const uint32_t from[] = {0, 1, 1}, to[] = {1, 2, 3};
    static const double length[] = {90, 90, 85};
    *x = (struct mouth){.noise_m = noise_m};
    x->m = (struct kt_mine){.way = x->way,
                            .ways_n = 3,
                            .nodes_n = 4,
                            .station = x->anchor,
                            .stations_n = 3,
                            .dist = x->dist};
    for (int i = 0; i < 3; i++) {
        x->way[i] = (struct kt_way){.id = "w", .from = from[i], .to = to[i], .length_m = length[i]};
        x->anchor[i] = (struct kt_station){
            .id = "A", .way = (uint32_t)i, .at_m = length[i] / 2, .reach_m = 120};
        float mid = (float)length[i] / 2;
        x->dist[4 * i + 1] = mid;
        for (int n = 0; n < 4; n += n ? 1 : 2) {
            int other = n ? n - 1 : 0;
            x->dist[4 * i + n] = other == i ? mid : mid + (float)length[other];
        }
    }
    x->pos.way = KT_NONE;
}

static double normal(void)
{
    double sum = -6;
    for (int i = 0; i < 12; i++) {
        sum += (double)rnd(1 << 16) / (1 << 16);
    }
    return sum;
}

/* The next second of somebody who is there. */
static void hear(struct mouth *x, uint32_t way, double at_m)
{
    struct kt_ranging r[3];
    struct kt_position before = x->pos;
    for (uint32_t i = 0; i < 3; i++) {
        double m = kt_mine_from(&x->m, i, way, at_m) + x->noise_m * normal();
        r[i] = (struct kt_ranging){i, m > 0 ? m : 0};
    }
    CHECK(kt_position_place(&x->m, r, 3, &before, 1, &x->pos));
}

static void past_a_mouth(void)
{
    for (uint32_t round = 0; round < 200; round++) {
        struct mouth x;
        seed = 9000 + round;
        make_mouth(&x, 0.8);
        uint32_t inside = 0, rest = rnd(60);
        for (double at = 60; at < 90; at += 1.1) {
            hear(&x, 0, at);
            inside += x.pos.way == 2;
        }
        for (double at = 0; at < 40; at += rest ? 0 : 1.1, rest -= rest > 0) {
            hear(&x, 1, at); /* who rests before it hears it for as long */
            inside += x.pos.way == 2;
        }
        CHECK_INT(inside, 0);
        CHECK_INT(x.pos.way, 1);
    }
}

static void into_a_store(void)
{
    for (uint32_t round = 0; round < 200; round++) {
        struct mouth x;
        uint32_t turns = 0, was = 0;
        double in_m = 0;
        seed = 9000 + round;
        make_mouth(&x, 0.8);
        for (double at = 60; at < 90; at += 1.1) {
            hear(&x, 0, at);
        }
        for (double way = 0; way < 60; way += 1.1) { /* 30 m in, and out again */
            double at = way < 30 ? way : 60 - way;
            hear(&x, 2, at);
            turns += x.pos.way != was;
            in_m = x.pos.way == 2 && was != 2 ? at : in_m;
            was = x.pos.way;
        }
        for (double at = 0; at < 30; at += 1.1) {
            hear(&x, 1, at);
            turns += x.pos.way != was;
            was = x.pos.way;
        }
        CHECK_INT(turns, 2); /* in once, out once */
        CHECK(in_m > 0 && in_m < 10);
        CHECK_INT(was, 1);
    }
}

/* A file says which anchor hears somebody whom others have measured. */
static void heard_only(void)
{
    struct mouth x;
    struct kt_position got, before = {0, 85, 3};
    struct kt_ranging r = {2, NAN};
    make_mouth(&x, 0);
    CHECK(kt_position_place(&x.m, &r, 1, &before, 2, &got));
    CHECK_INT(got.way, 0);
    CHECK_NEAR(got.at_m, 85, 1e-9);
    CHECK_NEAR(got.err_m, 15, 1e-9);
    CHECK(kt_position_place(&x.m, &r, 1, &before, 30, &got)); /* by now it is known no better */
    CHECK_INT(got.way, 2);
    CHECK_NEAR(got.at_m, 42.5, 1e-9);
    CHECK(got.err_m >= 120);
    CHECK(kt_position_place(&x.m, &r, 1, NULL, -1, &got)); /* nor where it came from */
    CHECK_INT(got.way, 2);
    before = (struct kt_position){1, 89, 3}; /* it cannot be heard from there */
    CHECK(kt_position_place(&x.m, &r, 1, &before, 2, &got));
    CHECK_INT(got.way, 2);
}

UNIT_MAIN({"routes are those of a search of all paths", against_brute_force},
          {"refuges hold as many as they hold", room},
          {"a tag at a node is on the roadway that it was on", at_a_node},
          {"who walks or rests past a mouth is never behind it", past_a_mouth},
          {"who walks into a store is in it once, until he is out", into_a_store},
          {"who is heard and not measured stays where he is known to be", heard_only})
