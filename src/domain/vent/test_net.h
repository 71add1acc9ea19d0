/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_VENT_TEST_NET_H
#define KT_VENT_TEST_NET_H
/* Small networks for tests: branches are added one by one, ends are found as a table's are. */
#include "domain/vent/solve.h"

#include "unit.h"

enum { TN_MAX = 4096 };
struct tn {
    struct kt_vent_net net;
    struct kt_vent_branch branch[TN_MAX];
    struct kt_vent_fan fan[16];
    uint8_t end[TN_MAX];
    uint32_t fans_n;
    struct kt_arena *arena;
    struct kt_vent_flow flow;
    struct kt_err err;
};

__attribute__((unused)) static struct tn *tn_new(void)
{
    struct tn *t = calloc(1, sizeof(*t));
    if (!t) {
        abort();
    }
    t->arena = kt_arena_new(0);
    t->net.branch = t->branch;
    t->net.end = t->end;
    return t;
}

__attribute__((unused)) static void tn_free(struct tn *t)
{
    kt_arena_free(t->arena);
    free(t);
}

/** A roadway between nodes that count from 1; returns its index. */
__attribute__((unused)) static uint32_t tn_add(struct tn *t, uint32_t from, uint32_t to, double r)
{
    uint32_t most = from > to ? from : to;
    t->net.nodes_n = most > t->net.nodes_n ? most : t->net.nodes_n;
    t->branch[t->net.branches_n] =
        (struct kt_vent_branch){.from = from - 1, .to = to - 1, .r_ns2_m8 = r};
    return t->net.branches_n++;
}

__attribute__((unused)) static struct kt_vent_fan *tn_fan(struct tn *t, uint32_t b, double a0,
                                                          double a1, double a2)
{
    struct kt_vent_fan *f = &t->fan[t->fans_n++];
    *f = (struct kt_vent_fan){a0, a1, a2, NULL, 0};
    t->branch[b].fan = f;
    return f;
}

__attribute__((unused)) static void tn_ends(struct tn *t)
{
    for (uint32_t i = 0; i < t->net.nodes_n; i++) {
        bool begins = false, ends = false;
        for (uint32_t b = 0; b < t->net.branches_n; b++) {
            begins |= t->branch[b].from == i;
            ends |= t->branch[b].to == i;
        }
        t->end[i] = !ends ? KT_VENT_INLET : !begins ? KT_VENT_OUTLET : KT_VENT_INNER;
    }
}

__attribute__((unused)) static int tn_solve(struct tn *t)
{
    tn_ends(t);
    return kt_vent_solve(&t->net, NULL, t->arena, &t->flow, &t->err);
}

/** Flow kept at each inner node, drops that are differences of pressures. */
__attribute__((unused)) static void tn_holds(const struct tn *t)
{
    double sum[TN_MAX] = {0}, most = 1e-9, p = 1;
    for (uint32_t i = 0; i < t->net.nodes_n; i++) {
        p = t->flow.node_pa[i] > p    ? t->flow.node_pa[i]
            : -t->flow.node_pa[i] > p ? -t->flow.node_pa[i]
                                      : p;
    }
    for (uint32_t b = 0; b < t->net.branches_n; b++) {
        const struct kt_vent_branch *e = &t->branch[b];
        double q = t->flow.q_m3s[b];
        sum[e->from] -= q;
        sum[e->to] += q;
        most = q > most ? q : -q > most ? -q : most;
        double fall = t->flow.node_pa[e->from] - t->flow.node_pa[e->to];
        CHECK_NEAR(t->flow.drop_pa[b], fall, 1e-5 * (1 + (fall < 0 ? -fall : fall)) + 1e-8 * p);
    }
    for (uint32_t i = 0; i < t->net.nodes_n; i++) {
        if (t->end[i] == KT_VENT_INNER) {
            CHECK_NEAR(sum[i], 0, 1e-11 * most);
        }
    }
}
#endif
