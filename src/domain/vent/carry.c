/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pieces of a roadway stand in a ring, the one that leaves next first. Invariant: their volumes sum
 * to the roadway's; pieces are merged by their amount, so merging loses nothing.
 */
#include "domain/vent/carry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "num/sparse.h"

enum { PIECES_MAX = 256 };
#define SAME 1e-12 /* of the larger: two pieces of one concentration */

struct piece {
    double volume, amount;
};
struct way {
    struct piece *piece; /* a ring of PIECES_MAX, made when the first piece comes */
    uint32_t first, n;
    uint32_t up, down;          /* nodes, as air goes */
    double volume, passes, out; /* m3; m3 a step; amount that left in this step */
};

struct kt_vent_carry {
    const struct kt_vent_net *net;
    struct kt_arena *arena;
    double step_s;
    struct way *way;
    double *in_m3, *out_m3; /* of each node, a step, from and to roadways */
    double *rate, *node, *rhs;
    struct kt_sparse *mix;
    struct kt_vent_amounts sum;
};

static struct piece *piece_at(const struct way *w, uint32_t i)
{
    return &w->piece[(w->first + i) % PIECES_MAX];
}

static double concentration(const struct piece *p)
{
    return p->volume > 0 ? p->amount / p->volume : 0;
}

/** Room for one more: the two neighbours that differ least become one. */
static void squeeze(struct way *w)
{
    uint32_t best = 0;
    double least = INFINITY;
    for (uint32_t i = 0; i + 1 < w->n; i++) {
        double d = fabs(concentration(piece_at(w, i)) - concentration(piece_at(w, i + 1)));
        if (d < least) {
            least = d;
            best = i;
        }
    }
    piece_at(w, best)->volume += piece_at(w, best + 1)->volume;
    piece_at(w, best)->amount += piece_at(w, best + 1)->amount;
    for (uint32_t i = best + 1; i + 1 < w->n; i++) {
        *piece_at(w, i) = *piece_at(w, i + 1);
    }
    w->n--;
}

static void push(struct kt_vent_carry *c, struct way *w, double volume, double amount)
{
    if (!w->piece) {
        w->piece = KT_NEW_ARRAY(c->arena, struct piece, PIECES_MAX);
    }
    struct piece now = {volume, amount};
    if (w->n) {
        struct piece *last = piece_at(w, w->n - 1);
        double a = concentration(last), b = concentration(&now);
        if (fabs(a - b) <= SAME * fmax(a, b)) {
            last->volume += volume;
            last->amount += amount;
            return;
        }
    }
    if (w->n == PIECES_MAX) {
        squeeze(w);
    }
    *piece_at(w, w->n++) = now;
}

/** The amount in the first `volume` m3, which leave. */
static double pull(struct way *w, double volume)
{
    double got = 0;
    while (volume > 0 && w->n) {
        struct piece *p = piece_at(w, 0);
        if (p->volume > volume) {
            double part = p->amount * (volume / p->volume);
            p->volume -= volume;
            p->amount -= part;
            return got + part;
        }
        volume -= p->volume;
        got += p->amount;
        w->first = (w->first + 1) % PIECES_MAX;
        w->n--;
    }
    return got;
}

static double over(const struct way *w)
{
    return fmax(0, w->passes - w->volume);
}

/** A node of the open from which air comes in: what flows out there does not come in again. */
static bool is_open(const struct kt_vent_carry *c, uint32_t node)
{
    return c->net->end[node] != KT_VENT_INNER && c->out_m3[node] > 0;
}

/** What a short roadway passes on within the step comes to a node that mixes. */
static bool mixes_at_once(const struct kt_vent_carry *c, const struct way *w)
{
    return over(w) > 0 && !is_open(c, w->down);
}

/* ---- mixing ---------------------------------------------------------------------------------- */

/** Row of a node: what flows in, with its own concentration, less what short roadways bring at
 *  once from the nodes before. */
static int make_mix(struct kt_vent_carry *c, struct kt_err *err)
{
    uint32_t n = c->net->nodes_n, m = c->net->branches_n, k = 0;
    struct kt_sparse_entry *e = KT_NEW_ARRAY(c->arena, struct kt_sparse_entry, n + m);
    uint32_t *slot = KT_NEW_ARRAY(c->arena, uint32_t, n + m);
    for (; k < n; k++) {
        e[k] = (struct kt_sparse_entry){k, k};
    }
    for (uint32_t b = 0; b < m; b++) {
        if (mixes_at_once(c, &c->way[b])) {
            e[k++] = (struct kt_sparse_entry){c->way[b].down, c->way[b].up};
        }
    }
    int r = kt_sparse_new(n, e, k, &c->mix, slot, err);
    if (r < 0) {
        return r;
    }
    double *v = kt_sparse_values(c->mix);
    k = n;
    for (uint32_t i = 0; i < n; i++) {
        double through = is_open(c, i) ? c->out_m3[i] : fmax(c->in_m3[i], c->out_m3[i]);
        v[slot[i]] += through > 0 ? through : 1;
    }
    for (uint32_t b = 0; b < m; b++) {
        if (mixes_at_once(c, &c->way[b])) {
            v[slot[k++]] -= over(&c->way[b]);
        }
    }
    r = kt_sparse_factor(c->mix, err);
    return r == KT_ESTATE ? kt_err_set(err, r,
                                       "air goes round without any from outside, within a "
                                       "step: take a shorter one")
                          : r;
}

static int read_flow(struct kt_vent_carry *c, const double *q, const double *volume,
                     struct kt_err *err)
{
    char name[32];
    for (uint32_t b = 0; b < c->net->branches_n; b++) {
        struct way *w = &c->way[b];
        if (!isfinite(q[b]) || !isfinite(volume[b]) || volume[b] < 0) {
            return kt_err_set(err, KT_EINVAL, "branch %s has no flow or no volume",
                              kt_vent_branch_name(c->net, b, name, sizeof(name)));
        }
        w->up = q[b] >= 0 ? c->net->branch[b].from : c->net->branch[b].to;
        w->down = q[b] >= 0 ? c->net->branch[b].to : c->net->branch[b].from;
        w->passes = fabs(q[b]) * c->step_s;
        w->volume = volume[b];
        c->in_m3[w->down] += w->passes;
        c->out_m3[w->up] += w->passes;
        if (w->volume > 0) {
            push(c, w, w->volume, 0);
        }
    }
    return KT_OK;
}

int kt_vent_carry_new(const struct kt_vent_net *net, const double *q_m3s, const double *volume_m3,
                      double step_s, struct kt_vent_carry **ret, struct kt_err *err)
{
    uint32_t n = net->nodes_n;
    if (!(step_s > 0) || !isfinite(step_s)) {
        return kt_err_set(err, KT_EINVAL, "a step takes more than 0 seconds");
    }
    struct kt_arena *arena = kt_arena_new(0);
    struct kt_vent_carry *c = KT_NEW(arena, struct kt_vent_carry);
    c->net = net;
    c->arena = arena;
    c->step_s = step_s;
    c->way = KT_NEW_ARRAY(arena, struct way, net->branches_n);
    c->in_m3 = KT_NEW_ARRAY(arena, double, n);
    c->out_m3 = KT_NEW_ARRAY(arena, double, n);
    c->rate = KT_NEW_ARRAY(arena, double, n);
    c->node = KT_NEW_ARRAY(arena, double, n);
    c->rhs = KT_NEW_ARRAY(arena, double, n);
    int r = read_flow(c, q_m3s, volume_m3, err);
    r = r < 0 ? r : make_mix(c, err);
    if (r < 0) {
        kt_vent_carry_free(c);
        return r;
    }
    *ret = c;
    return KT_OK;
}

void kt_vent_carry_free(struct kt_vent_carry *c)
{
    if (c) {
        kt_sparse_free(c->mix);
        kt_arena_free(c->arena);
    }
}

void kt_vent_carry_source(struct kt_vent_carry *c, uint32_t node, double rate)
{
    KT_ASSERT(node < c->net->nodes_n && rate >= 0 && isfinite(rate));
    c->rate[node] = rate;
}

void kt_vent_carry_fill(struct kt_vent_carry *c, uint32_t branch, double concentration_of_all)
{
    KT_ASSERT(branch < c->net->branches_n && concentration_of_all >= 0);
    struct way *w = &c->way[branch];
    c->sum.released -= pull(w, INFINITY);
    w->n = 0;
    if (w->volume > 0) {
        push(c, w, w->volume, w->volume * concentration_of_all);
        c->sum.released += w->volume * concentration_of_all;
    }
}

/* ---- a step ---------------------------------------------------------------------------------- */

/** To the open: by a roadway that ends there, or what comes to a node and does not go on. */
static void leave(struct kt_vent_carry *c)
{
    for (uint32_t b = 0; b < c->net->branches_n; b++) {
        const struct way *w = &c->way[b];
        if (is_open(c, w->down)) {
            c->sum.left += w->out + over(w) * c->node[w->up];
        }
    }
    for (uint32_t i = 0; i < c->net->nodes_n; i++) {
        if (!is_open(c, i)) {
            c->sum.left += fmax(0, c->in_m3[i] - c->out_m3[i]) * c->node[i];
        }
    }
}

void kt_vent_carry_step(struct kt_vent_carry *c)
{
    memset(c->rhs, 0, c->net->nodes_n * sizeof(double));
    for (uint32_t b = 0; b < c->net->branches_n; b++) {
        struct way *w = &c->way[b];
        w->out = pull(w, fmin(w->passes, w->volume));
        c->rhs[w->down] += is_open(c, w->down) ? 0 : w->out;
    }
    for (uint32_t i = 0; i < c->net->nodes_n; i++) {
        double gives = c->rate[i] * c->step_s;
        bool passed = c->in_m3[i] > 0 || c->out_m3[i] > 0;
        c->sum.released += gives;
        c->sum.still += passed ? 0 : gives;
        c->rhs[i] += passed ? gives : 0;
    }
    kt_sparse_solve(c->mix, c->rhs);
    memcpy(c->node, c->rhs, c->net->nodes_n * sizeof(double));
    for (uint32_t b = 0; b < c->net->branches_n; b++) {
        struct way *w = &c->way[b];
        double comes = fmin(w->passes, w->volume);
        if (comes > 0) {
            push(c, w, comes, comes * c->node[w->up]);
        }
    }
    leave(c);
}

double kt_vent_carry_node(const struct kt_vent_carry *c, uint32_t node)
{
    return c->node[node];
}

static double amount_in(const struct way *w)
{
    double sum = 0;
    for (uint32_t i = 0; i < w->n; i++) {
        sum += piece_at(w, i)->amount;
    }
    return sum;
}

double kt_vent_carry_mean(const struct kt_vent_carry *c, uint32_t branch)
{
    const struct way *w = &c->way[branch];
    return w->volume > 0 ? amount_in(w) / w->volume : c->node[w->up];
}

struct kt_vent_amounts kt_vent_carry_amounts(const struct kt_vent_carry *c)
{
    struct kt_vent_amounts a = c->sum;
    for (uint32_t b = 0; b < c->net->branches_n; b++) {
        a.held += amount_in(&c->way[b]);
    }
    return a;
}

int kt_vent_carry_arrival(const struct kt_vent_net *net, const double *q_m3s,
                          const double *volume_m3, uint32_t node, double rate, double above,
                          double step_s, double until_s, double *ret_s, struct kt_err *err)
{
    struct kt_vent_carry *c;
    int r = kt_vent_carry_new(net, q_m3s, volume_m3, step_s, &c, err);
    if (r < 0) {
        return r;
    }
    kt_vent_carry_source(c, node, rate);
    for (uint32_t i = 0; i < net->nodes_n; i++) {
        ret_s[i] = INFINITY;
    }
    for (uint64_t k = 1; (double)(k - 1) * step_s < until_s; k++) {
        kt_vent_carry_step(c);
        for (uint32_t i = 0; i < net->nodes_n; i++) {
            if (c->node[i] > above && isinf(ret_s[i])) {
                ret_s[i] = (double)k * step_s;
            }
        }
    }
    kt_vent_carry_free(c);
    return KT_OK;
}
