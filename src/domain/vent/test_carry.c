/* SPDX-License-Identifier: Apache-2.0 */
/* What air carries, against closed forms; and downstream, which doubt never makes smaller. */
#include "domain/vent/carry.h"

#include <math.h>

#include "domain/vent/downstream.h"
#include "domain/vent/test_net.h"

#define LOSS 1e-9

static void nothing_is_lost(const struct kt_vent_carry *c)
{
    struct kt_vent_amounts a = kt_vent_carry_amounts(c);
    CHECK_NEAR(a.held + a.left + a.still, a.released, LOSS * a.released);
}

static struct kt_vent_carry *carry(struct tn *t, const double *q, const double *volume, double step)
{
    struct kt_vent_carry *c = NULL;
    tn_ends(t);
    CHECK_OK(kt_vent_carry_new(&t->net, q, volume, step, &c, &t->err), &t->err);
    return c;
}

/* 600 m3 at 5 m3/s: 120 s; a gas of 0.1 m3/s in 5 m3/s is 2 %. */
static void a_plug_comes_late_and_whole(void)
{
    struct tn *t = tn_new();
    tn_add(t, 1, 2, 1);
    tn_add(t, 2, 3, 1);
    double q[] = {5, 5}, volume[] = {600, 300};
    struct kt_vent_carry *c = carry(t, q, volume, 1);
    REQUIRE(c);
    kt_vent_carry_source(c, 0, 0.1);
    for (int s = 1; s <= 400; s++) {
        kt_vent_carry_step(c);
        CHECK_NEAR(kt_vent_carry_node(c, 0), 0.02, 1e-12);
        CHECK_NEAR(kt_vent_carry_node(c, 1), s > 120 ? 0.02 : 0, 1e-12);
        CHECK_NEAR(kt_vent_carry_node(c, 2), s > 180 ? 0.02 : 0, 1e-12);
        nothing_is_lost(c);
    }
    CHECK_NEAR(kt_vent_carry_mean(c, 0), 0.02, 1e-12);
    CHECK_NEAR(kt_vent_carry_amounts(c).left, (400 - 180) * 0.1, 1e-9);
    kt_vent_carry_source(c, 0, 0); /* and the end of it comes as late */
    for (int s = 1; s <= 400; s++) {
        kt_vent_carry_step(c);
        CHECK_NEAR(kt_vent_carry_node(c, 2), s > 180 ? 0 : 0.02, 1e-12);
    }
    CHECK_NEAR(kt_vent_carry_amounts(c).held, 0, 1e-9);
    nothing_is_lost(c);
    kt_vent_carry_free(c);
    double at[3];
    CHECK_OK(kt_vent_carry_arrival(&t->net, q, volume, 0, 0.1, 1e-6, 1, 600, at, &t->err), &t->err);
    CHECK_NEAR(at[1], 121, 1e-9);
    CHECK_NEAR(at[2], 181, 1e-9);
    tn_free(t);
}

static void mixed_where_roadways_meet(void)
{
    struct tn *t = tn_new();
    tn_add(t, 1, 3, 1); /* 6 m3/s with 1 % */
    tn_add(t, 2, 3, 1); /* 4 m3/s clean */
    tn_add(t, 3, 4, 1);
    double q[] = {6, 4, 10}, volume[] = {60, 0, 50};
    struct kt_vent_carry *c = carry(t, q, volume, 0.5);
    REQUIRE(c);
    kt_vent_carry_source(c, 0, 0.06);
    for (int s = 0; s < 100; s++) {
        kt_vent_carry_step(c);
        nothing_is_lost(c);
    }
    CHECK_NEAR(kt_vent_carry_node(c, 2), 0.006, 1e-12);
    CHECK_NEAR(kt_vent_carry_mean(c, 2), 0.006, 1e-12);
    kt_vent_carry_free(c);
    tn_free(t);
}

/* A local fan takes 8 m3/s of which 5 come back to it: the face's gas g goes round. At the end its
 * return has g / 3, what the fan blows has 5/8 of that. */
/* The surface is one node: smoke that leaves the return does not come in by the intake. */
static void the_open_is_clean(void)
{
    struct tn *t = tn_new();
    tn_add(t, 1, 2, 1);
    tn_add(t, 2, 3, 1);
    tn_add(t, 3, 1, 1);
    double q[] = {5, 5, 5}, volume[][3] = {{100, 50, 25}, {100, 50, 0}, {0, 0, 0}};
    for (int i = 0; i < 3; i++) {
        struct kt_vent_carry *c = NULL;
        t->end[0] = KT_VENT_INLET;
        t->end[1] = t->end[2] = KT_VENT_INNER;
        CHECK_OK(kt_vent_carry_new(&t->net, q, volume[i], 1, &c, &t->err), &t->err);
        REQUIRE(c);
        kt_vent_carry_source(c, 1, 0.1);
        for (int s = 0; s < 200; s++) {
            kt_vent_carry_step(c);
            CHECK_NEAR(kt_vent_carry_node(c, 0), 0, 0);
            nothing_is_lost(c);
        }
        CHECK_NEAR(kt_vent_carry_node(c, 2), 0.02, 1e-12);
        CHECK(kt_vent_carry_amounts(c).left > 15);
        kt_vent_carry_free(c);
    }
    tn_free(t);
}

static void round_and_round(void)
{
    for (int k = 0; k < 3; k++) {
        double step = (double[]){0.25, 3, 60}[k]; /* the last one is longer than any roadway */
        struct tn *t = tn_new();
        tn_add(t, 1, 2, 1); /* 3 m3/s of fresh air */
        tn_add(t, 2, 3, 1); /* the duct: 8 */
        tn_add(t, 3, 4, 1); /* the heading: 8 */
        tn_add(t, 4, 2, 1); /* back to the fan: 5 */
        tn_add(t, 4, 5, 1); /* away: 3 */
        double q[] = {3, 8, 8, 5, 3}, volume[] = {90, 40, 120, 30, 60};
        struct kt_vent_carry *c = carry(t, q, volume, step);
        REQUIRE(c);
        kt_vent_carry_source(c, 2, 0.02);
        for (int s = 0; s < 3600 / step; s++) {
            kt_vent_carry_step(c);
        }
        nothing_is_lost(c);
        double back = 0.02 / 3;
        CHECK_NEAR(kt_vent_carry_node(c, 3), back, 1e-9);
        CHECK_NEAR(kt_vent_carry_node(c, 1), back * 5 / 8, 1e-9);
        CHECK_NEAR(kt_vent_carry_node(c, 2), back, 1e-9);
        kt_vent_carry_free(c);
        tn_free(t);
    }
}

static void where_no_air_passes(void)
{
    struct tn *t = tn_new();
    tn_add(t, 1, 2, 1);
    tn_add(t, 3, 4, 1);
    double q[] = {5, 0}, volume[] = {100, 100};
    struct kt_vent_carry *c = carry(t, q, volume, 1);
    REQUIRE(c);
    kt_vent_carry_source(c, 2, 0.5);
    kt_vent_carry_fill(c, 0, 0.01);
    kt_vent_carry_fill(c, 0, 0.02);
    for (int s = 0; s < 10; s++) {
        kt_vent_carry_step(c);
    }
    struct kt_vent_amounts a = kt_vent_carry_amounts(c);
    CHECK_NEAR(a.still, 5, 1e-12);
    CHECK_NEAR(a.left, 1, 1e-12);
    CHECK_NEAR(a.held, 1, 1e-12);
    nothing_is_lost(c);
    kt_vent_carry_free(c);
    tn_free(t);
}

/* A network of chance, solved: what is released is held or has left. */
static void kept_in_any_network(void)
{
    uint64_t seed = 4242;
    printf("# seed %llu\n", (unsigned long long)seed);
    for (int round = 0; round < 40; round++) {
        struct tn *t = tn_new();
        uint32_t n = 5 + (uint32_t)(unit_rand(&seed) % 20);
        double volume[200];
        for (uint32_t i = 1; i < n; i++) {
            tn_add(t, i, i + 1, 0.01 + (double)(unit_rand(&seed) % 100) / 50);
            uint32_t a = 1 + (uint32_t)(unit_rand(&seed) % n),
                     b = 2 + (uint32_t)(unit_rand(&seed) % (n - 1));
            if (a != b && a != n) {
                tn_add(t, a, b, 0.01 + (double)(unit_rand(&seed) % 100) / 50);
            }
        }
        for (uint32_t b = 0; b < t->net.branches_n; b++) {
            volume[b] = unit_rand(&seed) % 4 ? (double)(unit_rand(&seed) % 5000) : 0;
        }
        t->net.total_given = true;
        t->net.total_m3s = 40;
        CHECK_OK(tn_solve(t), &t->err);
        struct kt_vent_carry *c =
            carry(t, t->flow.q_m3s, volume, 1 + (double)(unit_rand(&seed) % 60));
        REQUIRE(c);
        for (int s = 0; s < 200; s++) {
            kt_vent_carry_source(c, (uint32_t)(unit_rand(&seed) % n),
                                 (double)(unit_rand(&seed) % 5));
            kt_vent_carry_step(c);
        }
        nothing_is_lost(c);
        CHECK(kt_vent_carry_amounts(c).left > 0);
        kt_vent_carry_free(c);
        tn_free(t);
    }
}

/* ---- downstream ------------------------------------------------------------------------------ */

static void downstream_by_solution(void)
{
    struct tn *t = tn_new();
    tn_add(t, 1, 2, 1);
    tn_add(t, 2, 3, 1);
    tn_add(t, 2, 4, 1);
    tn_add(t, 3, 5, 1);
    double q[] = {5, 3, 2, -3};
    int8_t design[] = {1, 1, -1, 1};
    bool place[] = {false, true, false, false}, got[4];
    struct kt_vent_known k = {.q_m3s = q, .solved = 100 * KT_SEC, .design = design};
    CHECK_INT(kt_vent_downstream(&t->net, &k, 130 * KT_SEC, place, got), KT_AIR_BY_SOLUTION);
    CHECK(!got[0] && got[1] && !got[2] && !got[3]); /* air comes the other way in the last one */
    CHECK_INT(kt_vent_downstream(&t->net, &k, 161 * KT_SEC, place, got), KT_AIR_BY_OLD);
    CHECK(!got[0] && got[1] && !got[2] && got[3]);
    k.failed = true;
    CHECK_INT(kt_vent_downstream(&t->net, &k, 130 * KT_SEC, place, got), KT_AIR_BY_FAILED);
    bool stopped[] = {false, true, false, false};
    k.stopped = stopped;
    kt_vent_downstream(&t->net, &k, 130 * KT_SEC, place, got);
    CHECK(!got[0] && got[1] && got[2] && got[3]); /* back through the fan to the other roadway */
    tn_free(t);
}

/* What is not known never makes smoke come later, and it comes to all that is downstream. */
static void soonest_is_never_later(const struct kt_vent_net *net, struct kt_vent_known k,
                                   const bool *place, const bool *stopped)
{
    enum { MOST = 64 };
    double design_m3s[MOST], volume[MOST], sure[MOST], unsure[MOST], more[MOST];
    bool reached[MOST];
    for (uint32_t b = 0; b < net->branches_n; b++) {
        design_m3s[b] = 4.0 * k.design[b];
        volume[b] = 100;
    }
    k.outstanding = k.failed = false;
    k.stopped = NULL;
    (void)kt_vent_soonest(net, &k, 0, place, design_m3s, volume, sure);
    k.failed = true;
    (void)kt_vent_soonest(net, &k, 0, place, design_m3s, volume, unsure);
    k.stopped = stopped;
    CHECK_INT(kt_vent_soonest(net, &k, 0, place, design_m3s, volume, more), KT_AIR_BY_FAILED);
    for (uint32_t i = 0; i < net->nodes_n; i++) {
        CHECK(unsure[i] <= sure[i] && more[i] <= unsure[i]);
    }
    (void)kt_vent_downstream(net, &k, 0, place, reached);
    for (uint32_t b = 0; b < net->branches_n; b++) {
        const struct kt_vent_branch *e = &net->branch[b];
        CHECK(!reached[b] || isfinite(more[e->from]) || isfinite(more[e->to]));
    }
}

static void doubt_never_takes_away(void)
{
    uint64_t seed = 777;
    printf("# seed %llu\n", (unsigned long long)seed);
    for (int round = 0; round < 300; round++) {
        enum { N = 24 };
        struct tn *t = tn_new();
        double q[N];
        int8_t design[N];
        bool place[N], stopped[N], sure[N], unsure[N], more[N];
        for (int b = 0; b < N; b++) {
            uint32_t a = 1 + (uint32_t)(unit_rand(&seed) % 14);
            tn_add(t, a, 1 + (a + (uint32_t)(unit_rand(&seed) % 13)) % 14, 1);
            q[b] = (double)(unit_rand(&seed) % 2001) / 100 - 10;
            design[b] = (int8_t)((int)(unit_rand(&seed) % 3) - 1);
            place[b] = unit_rand(&seed) % 8 == 0;
            stopped[b] = unit_rand(&seed) % 6 == 0;
        }
        struct kt_vent_known k = {.q_m3s = q, .design = design};
        kt_vent_downstream(&t->net, &k, 0, place, sure);
        k.outstanding = unit_rand(&seed) % 2;
        k.failed = !k.outstanding;
        kt_vent_downstream(&t->net, &k, 0, place, unsure);
        soonest_is_never_later(&t->net, k, place, stopped);
        k.stopped = stopped;
        kt_vent_downstream(&t->net, &k, 0, place, more);
        struct kt_vent_known old = {.q_m3s = q, .design = NULL, .failed = true};
        bool all[N], doubtful[N], turned[N];
        kt_vent_downstream(&t->net, &old, 0, place, all);
        struct kt_vent_known doubt = {
            .q_m3s = q, .design = design, .stopped = stopped, .unsure = true};
        CHECK_INT(kt_vent_downstream(&t->net, &doubt, 0, place, doubtful), KT_AIR_BY_UNSURE);
        k.turned = true;
        kt_vent_downstream(&t->net, &k, 0, place, turned);
        soonest_is_never_later(&t->net, k, place, stopped);
        k.turned = false;
        for (int b = 0; b < N; b++) {
            CHECK(!place[b] || sure[b]);
            CHECK(!sure[b] || unsure[b]);
            CHECK(!unsure[b] || more[b]);
            CHECK(!unsure[b] || all[b]);
            CHECK(doubtful[b] == more[b]); /* no less than while it is being solved */
            CHECK(!more[b] || turned[b]);  /* and a fan that turns backwards may turn all of it */
        }
        k = (struct kt_vent_known){.design = design};
        kt_vent_downstream(&t->net, &k, 0, place, all);
        for (int b = 0; b < N; b++) {
            CHECK(!all[b] || unsure[b]); /* the design is always within */
        }
        tn_free(t);
    }
}

UNIT_MAIN({"a plug comes late and whole", a_plug_comes_late_and_whole},
          {"the open is clean", the_open_is_clean},
          {"mixed where roadways meet", mixed_where_roadways_meet},
          {"air that goes round", round_and_round}, {"where no air passes", where_no_air_passes},
          {"kept in any network", kept_in_any_network},
          {"downstream by the solution, and by more where it is in doubt", downstream_by_solution},
          {"no doubt makes downstream smaller", doubt_never_takes_away})
