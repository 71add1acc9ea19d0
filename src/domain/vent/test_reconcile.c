/* SPDX-License-Identifier: Apache-2.0 */
/* A mine whose resistances are known is measured; from wrong ones its flows are found again. */
#include "domain/vent/reconcile.h"

#include <math.h>

#include "domain/vent/test_net.h"

/* A ladder of intake and return with six crosscuts and a main fan. */
static struct tn *mine(void)
{
    struct tn *t = tn_new();
    for (uint32_t i = 1; i < 6; i++) {
        tn_add(t, i, i + 1, 0.02);       /* intake 1..6 */
        tn_add(t, 12 - i, 13 - i, 0.03); /* return 7..12, towards 12 */
    }
    for (uint32_t i = 1; i <= 6; i++) {
        tn_add(t, i, 13 - i, 0.5 + 0.2 * i); /* crosscuts */
    }
    tn_fan(t, tn_add(t, 12, 13, 0.01), 1200, 0, -0.05);
    return t;
}

static double gauss(uint64_t *seed)
{
    double sum = 0;
    for (int i = 0; i < 12; i++) {
        sum += (double)(unit_rand(seed) >> 11) / 9007199254740992.0;
    }
    return sum - 6;
}

static void one_branch_by_hand(void)
{
    struct tn *t = tn_new(); /* 1000 Pa over R0 = 1: q = 31.6; measured 20: R = 2.5 */
    uint32_t b = tn_add(t, 1, 2, 1);
    tn_fan(t, b, 1000, 0, 0);
    tn_ends(t);
    struct kt_vent_sensor s = {b, 20, 0.001};
    struct kt_vent_reconciled out;
    struct kt_vent_reconcile_opts o = {.spread = 1, .limit = 1e9};
    CHECK_OK(kt_vent_reconcile(&t->net, &s, 1, &o, t->arena, &out, &t->err), &t->err);
    CHECK_NEAR(out.r_ns2_m8[b], 2.5, 1e-3);
    CHECK_NEAR(out.flow.q_m3s[b], 20, 1e-3);
    s.q_m3s = 5; /* R = 40 is beyond the bound of 5 */
    CHECK_OK(kt_vent_reconcile(&t->net, &s, 1, &o, t->arena, &out, &t->err), &t->err);
    CHECK_NEAR(out.r_ns2_m8[b], 5, 1e-9);
    tn_free(t);
}

static void finds_the_flows_again(void)
{
    uint64_t seed = 99;
    printf("# seed %llu\n", (unsigned long long)seed);
    for (int round = 0; round < 10; round++) {
        struct tn *t = mine();
        CHECK_OK(tn_solve(t), &t->err);
        double truth[64];
        uint32_t n = t->net.branches_n;
        struct kt_vent_sensor s[64];
        for (uint32_t b = 0; b < n; b++) {
            truth[b] = t->flow.q_m3s[b];
            s[b] = (struct kt_vent_sensor){b, truth[b] + 0.1 * gauss(&seed), 0.1};
        }
        for (uint32_t b = 0; b < n; b++) {
            t->branch[b].r_ns2_m8 *= exp(0.3 * gauss(&seed));
        }
        CHECK_OK(tn_solve(t), &t->err);
        double before = 0, after = 0;
        struct kt_vent_reconciled out;
        CHECK_OK(kt_vent_reconcile(&t->net, s, n, NULL, t->arena, &out, &t->err), &t->err);
        for (uint32_t b = 0; b < n; b++) {
            before += fabs(t->flow.q_m3s[b] - truth[b]);
            after += fabs(out.flow.q_m3s[b] - truth[b]);
            CHECK_NEAR(out.flow.q_m3s[b], truth[b], 0.5);
        }
        CHECK(after < before / 5);
        CHECK(out.contradicts_n <= 1);
        tn_free(t);
    }
}

static void the_liar_is_found(void)
{
    uint64_t seed = 7;
    int found = 0;
    for (uint32_t liar = 0; liar < 17; liar++) {
        struct tn *t = mine();
        CHECK_OK(tn_solve(t), &t->err);
        uint32_t n = t->net.branches_n;
        struct kt_vent_sensor s[64];
        for (uint32_t b = 0; b < n; b++) {
            double wrong = b == liar ? 6 : 0;
            s[b] = (struct kt_vent_sensor){b, t->flow.q_m3s[b] + 0.2 * gauss(&seed) + wrong, 0.2};
        }
        struct kt_vent_reconciled out;
        CHECK_OK(kt_vent_reconcile(&t->net, s, n, NULL, t->arena, &out, &t->err), &t->err);
        found += out.contradicts[liar] && out.contradicts_n == 1;
        tn_free(t);
    }
    CHECK_INT(found, 17);
}

static void refuses_nonsense(void)
{
    struct tn *t = mine();
    tn_ends(t);
    struct kt_vent_sensor s = {99, 20, 1};
    struct kt_vent_reconciled out;
    CHECK_INT(kt_vent_reconcile(&t->net, &s, 1, NULL, t->arena, &out, &t->err), KT_EINVAL);
    s = (struct kt_vent_sensor){1, 20, 0};
    CHECK_INT(kt_vent_reconcile(&t->net, &s, 1, NULL, t->arena, &out, &t->err), KT_EINVAL);
    CHECK_OK(kt_vent_reconcile(&t->net, NULL, 0, NULL, t->arena, &out, &t->err), &t->err);
    tn_free(t);
}

UNIT_MAIN({"one branch by hand, and its bound", one_branch_by_hand},
          {"the flows are found again from wrong resistances", finds_the_flows_again},
          {"the sensor that contradicts is found", the_liar_is_found},
          {"nonsense is refused", refuses_nonsense})
