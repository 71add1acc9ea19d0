/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Other operating points of a fan: its flow is given, the network is solved around it (which is
 * convex), and where what is left over changes its sign there is an operating point. It stands
 * where what is left rises.
 */
#include <math.h>
#include <string.h>

#include "domain/vent/solve.h"

enum { GRID = 24, HALVINGS = 12, STEPS_GUESS = 6, WORK = 2000000 };
#define FAR 20.0 /* how many times the flow that was found a search goes */

struct probe {
    struct kt_vent_net net;
    struct kt_vent_branch *branch; /* a copy; the fan's flow is given */
    struct kt_arena *arena;
    double *q;
    const struct kt_vent_branch *fan;
    uint32_t b;
    bool ok;
};

/** What is left over at a flow: the fan branch's own drop less the one that the network leaves. */
static double left(struct probe *p, double q)
{
    struct kt_err err;
    struct kt_vent_flow f;
    struct kt_arena *arena = kt_arena_new(0);
    p->branch[p->b].fixed_m3s = q;
    int r = kt_vent_solve(&p->net, p->q, arena, &f, &err);
    double over = 0;
    p->ok = r == KT_OK && f.state == KT_VENT_SOLVED;
    if (p->ok) {
        memcpy(p->q, f.q_m3s, p->net.branches_n * sizeof(double));
        over = kt_vent_drop_pa(p->fan, q) - f.drop_pa[p->b];
    }
    kt_arena_free(arena);
    return over;
}

static double halve(struct probe *p, double lo, double hi, double at_lo)
{
    for (int i = 0; i < HALVINGS; i++) {
        double mid = (lo + hi) / 2, f = left(p, mid);
        if (!p->ok) {
            return mid;
        }
        if ((f > 0) == (at_lo > 0)) {
            lo = mid;
        } else {
            hi = mid;
        }
    }
    return (lo + hi) / 2;
}

/** From `first` in growing steps to `last`, both on one side of what was found. */
static void scan(struct probe *p, double first, double last, uint32_t parts,
                 struct kt_vent_other *ret, uint32_t cap, uint32_t *n)
{
    double before = 0, from = first;
    for (uint32_t i = 0; i <= parts; i++) {
        double part = (double)i / parts, q = first + (last - first) * part * part;
        double f = left(p, q);
        if (!p->ok) {
            return;
        }
        if (i > 0 && (f > 0) != (before > 0) && *n < cap) {
            bool rises = (f > before) == (q > from);
            ret[(*n)++] = (struct kt_vent_other){p->b, halve(p, from, q, before), rises};
        }
        before = f;
        from = q;
    }
}

static void look(struct probe *p, const struct kt_vent_flow *flow, struct kt_vent_other *ret,
                 uint32_t cap, uint32_t *n)
{
    uint32_t branches = p->net.branches_n;
    double found = flow->q_m3s[p->b], most = fabs(found);
    for (uint32_t b = 0; b < branches; b++) {
        most = fmax(most, fabs(flow->q_m3s[b]));
    }
    memcpy(p->q, flow->q_m3s, branches * sizeof(double));
    scan(p, found * (1 - 1e-3), 0, GRID / 2, ret, cap, n);
    scan(p, 0, -FAR * most, GRID, ret, cap, n);
    memcpy(p->q, flow->q_m3s, branches * sizeof(double));
    scan(p, found * (1 + 1e-3), FAR * most, GRID / 2, ret, cap, n);
}

bool kt_vent_others(const struct kt_vent_net *net, const struct kt_vent_flow *flow, uint64_t work,
                    struct kt_vent_other *ret, uint32_t cap, uint32_t *ret_n)
{
    uint32_t n = net->branches_n, found = 0;
    uint64_t each = (uint64_t)n * STEPS_GUESS * 3 * GRID, left_over = work ? work : WORK;
    struct kt_arena *arena = kt_arena_new(0);
    struct probe p = {*net,  KT_NEW_ARRAY(arena, struct kt_vent_branch, n),
                      arena, KT_NEW_ARRAY(arena, double, n),
                      NULL,  0,
                      true};
    bool all = true;
    p.net.branch = p.branch;
    memcpy(p.branch, net->branch, n * sizeof(*p.branch));
    for (uint32_t b = 0; b < n; b++) {
        if (!net->branch[b].fan || net->branch[b].fixed) {
            continue;
        }
        if (left_over < each) {
            all = false;
            break;
        }
        left_over -= each;
        p.b = b;
        p.fan = &net->branch[b];
        p.branch[b].fixed = true;
        p.branch[b].fan = NULL;
        look(&p, flow, ret, cap, &found);
        p.branch[b] = net->branch[b];
    }
    kt_arena_free(arena);
    *ret_n = found;
    return all;
}
