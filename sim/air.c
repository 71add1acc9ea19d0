/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Airflow: the loops of the network are relaxed by Hardy Cross's method, a few sweeps a step.
 *
 * Invariant: only whole loops are changed, so at every node as much flows in as out, always.
 * Ducts of local fans have a given flow; main fans and regulators act through their loops.
 */
#include <math.h>
#include <stdlib.h>

#include "plant.h"

enum { SWEEPS = 3 };
#define DQ_MAX_M3S  4.0
#define DAMPER_SHUT 2000.0 /* a standby fan behind its damper, Ns2/m8 */
#define BACK_PART   0.55
#define DAMPER_OPEN 0.05 /* both fans still: the doors over the shaft open */

struct tree { /* spanning tree of the network while it is built */
    int *group, *order;
    bool *in_tree;
    int *from_branch, *from_node; /* of a walk from one node */
};

static int root_of(int *group, int n)
{
    while (group[n] != n) {
        group[n] = group[group[n]];
        n = group[n];
    }
    return n;
}

static bool is_fan_branch(const struct sim_plant *p, int b)
{
    for (int f = 0; f < p->n[SIM_FAN]; f++) {
        if (!p->fans[f].local && p->fans[f].branch == b) {
            return true;
        }
    }
    return false;
}

static double closed_r(const struct sim_plant *p, int b)
{
    double r = p->branches[b].r;
    for (int d = 0; d < p->n[SIM_DOOR]; d++) {
        r += p->doors[d].branch == b ? 2 * p->doors[d].closed_r : 0;
    }
    return r;
}

static void sort_by_r(const double *r, int *order, int n)
{
    for (int i = 1; i < n; i++) {
        int k = order[i], j = i;
        for (; j > 0 && r[order[j - 1]] > r[k]; j--) {
            order[j] = order[j - 1];
        }
        order[j] = k;
    }
}

/** Way in the tree from the chord's end back to its beginning, after the chord itself. */
static void close_loop(struct sim_plant *p, struct tree *t, int chord)
{
    int nodes = p->n[SIM_NODE], start = p->branches[chord].to, goal = p->branches[chord].from;
    for (int i = 0; i < nodes; i++) {
        t->from_branch[i] = -2;
    }
    t->from_branch[start] = -1;
    for (bool more = true; more && t->from_branch[goal] == -2;) {
        more = false;
        for (int b = 0; b < p->n[SIM_BRANCH]; b++) {
            const struct sim_branch *e = &p->branches[b];
            bool fwd =
                t->in_tree[b] && t->from_branch[e->from] != -2 && t->from_branch[e->to] == -2;
            bool back =
                t->in_tree[b] && t->from_branch[e->to] != -2 && t->from_branch[e->from] == -2;
            if (fwd || back) {
                int n = fwd ? e->to : e->from;
                t->from_branch[n] = b;
                t->from_node[n] = fwd ? e->from : e->to;
                more = true;
            }
        }
    }
    struct sim_loop *l = &p->loops[p->loops_n++];
    l->branch = KT_NEW_ARRAY(p->arena, int, (size_t)nodes + 1);
    l->sign = KT_NEW_ARRAY(p->arena, int, (size_t)nodes + 1);
    l->given = p->branches[chord].duct;
    l->branch[0] = chord;
    l->sign[0] = 1;
    l->n = 1;
    for (int n = goal; n != start && t->from_branch[n] >= 0; n = t->from_node[n]) {
        int b = t->from_branch[n];
        l->branch[l->n] = b;
        l->sign[l->n++] = p->branches[b].to == n ? 1 : -1;
    }
}

static void shift(struct sim_plant *p, const struct sim_loop *l, double dq)
{
    for (int i = 0; i < l->n; i++) {
        p->branches[l->branch[i]].q_m3s += l->sign[i] * dq;
    }
}

/** The plan's design flows of the chords; those of the tree follow. */
static void start_flows(struct sim_plant *p)
{
    double *q = calloc((size_t)p->n[SIM_BRANCH] + 1, sizeof(*q));
    KT_ASSERT(q);
    for (int b = 0; b < p->n[SIM_BRANCH]; b++) {
        q[b] = p->branches[b].q_m3s;
        p->branches[b].q_m3s = 0;
    }
    for (int l = 0; l < p->loops_n; l++) {
        shift(p, &p->loops[l], q[p->loops[l].branch[0]]);
    }
    free(q);
}

static void grow_tree(struct sim_plant *p, struct tree *t)
{
    int n = p->n[SIM_BRANCH];
    double *r = calloc((size_t)n + 1, sizeof(*r));
    KT_ASSERT(r);
    for (int b = 0; b < n; b++) {
        t->order[b] = b;
        r[b] = p->branches[b].duct || is_fan_branch(p, b) ? INFINITY : closed_r(p, b);
    }
    sort_by_r(r, t->order, n);
    for (int i = 0; i < p->n[SIM_NODE]; i++) {
        t->group[i] = i;
    }
    for (int i = 0; i < n; i++) {
        int b = t->order[i], x = root_of(t->group, p->branches[b].from),
            y = root_of(t->group, p->branches[b].to);
        t->in_tree[b] = x != y;
        t->group[x] = y;
    }
    free(r);
}

void sim_air_init(struct sim_plant *p)
{
    size_t nb = (size_t)p->n[SIM_BRANCH] + 1, nn = (size_t)p->n[SIM_NODE] + 1;
    struct kt_arena *a = kt_arena_new(0);
    struct tree t = {KT_NEW_ARRAY(a, int, nn), KT_NEW_ARRAY(a, int, nb), KT_NEW_ARRAY(a, bool, nb),
                     KT_NEW_ARRAY(a, int, nn), KT_NEW_ARRAY(a, int, nn)};
    grow_tree(p, &t);
    p->loops = KT_NEW_ARRAY(p->arena, struct sim_loop, nb);
    p->loops_n = 0;
    for (int b = 0; b < p->n[SIM_BRANCH]; b++) {
        if (!t.in_tree[b]) {
            close_loop(p, &t, b);
        }
    }
    kt_arena_free(a);
    start_flows(p);
}

/** What the damper of a fan that turns adds, Ns2/m8. */
static double damper(const struct sim_fan *x)
{
    double open = fmax(x->gate, 0.02);
    return x->rig && x->gate < 0.99 ? DAMPER_SHUT * pow(1 - open, 3) + 0.2 * (1 - open) : 0;
}

/** An axial fan that turns backwards still presses with some of its head, the other way. */
static double head(const struct sim_fan *x)
{
    double h = x->h0_pa * x->spin * x->spin;
    return x->spin < 0 ? -BACK_PART * h : h;
}

/** Doors, dampers and fans as they stand now. */
static void resistances(struct sim_plant *p)
{
    for (int b = 0; b < p->n[SIM_BRANCH]; b++) {
        p->branches[b].r_now = p->branches[b].r;
        p->branches[b].head_now_pa = p->branches[b].head_pa;
    }
    for (int d = 0; d < p->n[SIM_DOOR]; d++) {
        const struct sim_door *x = &p->doors[d];
        for (int leaf = 0; leaf < 2; leaf++) {
            p->branches[x->branch].r_now += x->leaf_open[leaf] ? x->open_r : x->closed_r;
        }
    }
    double turning = 0;
    for (int f = 0; f < p->n[SIM_FAN]; f++) {
        double spin = p->fans[f].local ? 0 : fabs(p->fans[f].spin);
        turning = spin > turning ? spin : turning;
    }
    for (int f = 0; f < p->n[SIM_FAN]; f++) {
        const struct sim_fan *x = &p->fans[f];
        if (x->local) {
            continue;
        }
        double still = turning > 0.5 ? DAMPER_SHUT : DAMPER_OPEN;
        p->branches[x->branch].r_now += fabs(x->spin) > 0.05 ? x->k + damper(x) : still;
        p->branches[x->branch].head_now_pa += head(x);
    }
}

/** Flow that the local fans press through a duct. */
static double duct_flow(const struct sim_plant *p, int b)
{
    double q = SIM_AIR_MIN;
    for (int f = 0; f < p->n[SIM_FAN]; f++) {
        if (p->fans[f].local && p->fans[f].branch == b && p->fans[f].spin * p->fans[f].q_m3s > q) {
            q = p->fans[f].spin * p->fans[f].q_m3s;
        }
    }
    return q;
}

static void relax(struct sim_plant *p, const struct sim_loop *l)
{
    if (l->given) {
        shift(p, l, duct_flow(p, l->branch[0]) - p->branches[l->branch[0]].q_m3s);
        return;
    }
    double rest = 0, slope = 1e-3;
    for (int i = 0; i < l->n; i++) {
        const struct sim_branch *b = &p->branches[l->branch[i]];
        rest += l->sign[i] * (b->r_now * b->q_m3s * fabs(b->q_m3s) - b->head_now_pa);
        slope += 2 * b->r_now * fabs(b->q_m3s);
    }
    shift(p, l, fmax(-DQ_MAX_M3S, fmin(DQ_MAX_M3S, -rest / slope)));
}

void sim_air_step(struct sim_plant *p)
{
    resistances(p);
    for (int s = 0; s < SWEEPS; s++) {
        for (int l = 0; l < p->loops_n; l++) {
            relax(p, &p->loops[l]);
        }
    }
}

double sim_air_imbalance(const struct sim_plant *p)
{
    double worst = 0;
    for (int n = 0; n < p->n[SIM_NODE]; n++) {
        double sum = 0;
        for (int b = 0; b < p->n[SIM_BRANCH]; b++) {
            sum += p->branches[b].to == n ? p->branches[b].q_m3s : 0;
            sum -= p->branches[b].from == n ? p->branches[b].q_m3s : 0;
        }
        worst = fmax(worst, fabs(sum));
    }
    return worst;
}
