/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Newton's method on flows and pressures together. Each step keeps the flow at the nodes and takes
 * the drops as straight lines: drop(q) + d step = p(from) - p(to). Its pressures come from the
 * matrix A D^-1 A', positive definite where all slopes d are positive.
 *
 * Invariants: after the first step the flow is kept at every node; a step that is not proved to go
 * down the co-energy is never taken whole.
 */
#include "domain/vent/solve.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "domain/vent/work.h"

enum { STEPS_MAX = 300, STILL = 6, TRIALS_MAX = 24, RISING_MAX = 64 };
#define TOL_PART    1e-9  /* of the largest flow: the last step */
#define ROUND_PART  3e-13 /* of the largest pressure */
#define ROUND_MOST  1e-5  /* of the largest flow: more than that is never taken for rounding */
#define BETTER      0.7
#define SMALL_PART  1e-7 /* of the largest flow: where a parabola's slope is no help any more */
#define NEAR_PART   1e-6 /* of the largest flow: steps that small are taken whole */
#define SLOPE_LEAST 1e-9
#define SEARCH_DONE 0.3
#define REACH_RISING                                                                               \
    0.3 /* of the flow at stall: how far a step may take a fan of rising pressure */

static void law_at(const struct vent_law *l, double q, bool true_law, double *h, double *slope)
{
    bool falls = l->fan && q < l->stall_m3s, backwards = q < 0;
    if (falls || (l->fan && backwards)) {
        if (!true_law || l->stall_m3s == 0) {
            *h = l->stall_pa + l->soft_slope * (q - l->stall_m3s) - l->drive;
            *slope = l->soft_slope;
            return;
        }
    }
    double at = l->fan && backwards ? 0 : q;
    *h = l->r * q * fabs(q) - (l->fan ? kt_vent_fan_pa(l->fan, at) : 0) - l->drive;
    *slope = 2 * l->r * fabs(q) - (l->fan && !backwards ? kt_vent_fan_slope(l->fan, q) : 0);
}

/* ---- a step ---------------------------------------------------------------------------------- */

/** Pressures into rhs, the step of each branch; returns the largest. */
static double solve_step(struct vent_work *w)
{
    double most = 0;
    memset(w->rhs, 0, (w->unknowns_n + 1) * sizeof(double));
    for (uint32_t g = 0; g < w->groups_n; g++) {
        if (w->unknown[g] != VENT_NO_UNKNOWN) {
            w->rhs[w->unknown[g]] += w->inflow[g];
        }
    }
    for (uint32_t b = 0; b < w->net->branches_n; b++) {
        if (vent_free(w, b)) {
            vent_matrix_spread(w, b, w->h[b] / w->d[b] - w->q[b]);
        }
    }
    if (w->unknowns_n) {
        kt_sparse_solve(w->matrix, w->rhs);
    }
    for (uint32_t b = 0; b < w->net->branches_n; b++) {
        if (w->net->branch[b].fixed) {
            w->step[b] = 0;
            continue;
        }
        w->step[b] = (vent_matrix_fall(w, b) - w->h[b]) / w->d[b];
        most = fmax(most, fabs(w->step[b]));
    }
    return most;
}

/* ---- does it stand? -------------------------------------------------------------------------- */

/** Cholesky's test of a small symmetric matrix, in place. */
static bool positive(double *a, uint32_t n)
{
    for (uint32_t k = 0; k < n; k++) {
        for (uint32_t j = 0; j < k; j++) {
            a[k * n + k] -= a[k * n + j] * a[k * n + j];
        }
        if (!(a[k * n + k] > 0)) {
            return false;
        }
        a[k * n + k] = sqrt(a[k * n + k]);
        for (uint32_t i = k + 1; i < n; i++) {
            for (uint32_t j = 0; j < k; j++) {
                a[i * n + k] -= a[i * n + j] * a[k * n + j];
            }
            a[i * n + k] /= a[k * n + k];
        }
    }
    return true;
}

/**
 * With d the slopes made positive and factored, and `rising` the branches whose true slope is
 * negative: is the true second derivative positive over all loops? With P the inverse over the
 * loops of d, and delta = d - slope, it is when I - sqrt(delta) P sqrt(delta) is, over those
 * branches.
 */
static bool stands(struct vent_work *w, const uint32_t *rising, const double *slope, uint32_t n)
{
    double *a = KT_NEW_ARRAY(w->arena, double, (size_t)n *n);
    for (uint32_t k = 0; k < n; k++) {
        double dk = w->d[rising[k]];
        memset(w->rhs, 0, (w->unknowns_n + 1) * sizeof(double));
        vent_matrix_spread(w, rising[k], vent_free(w, rising[k]) ? 1 / dk : 0);
        if (w->unknowns_n) {
            kt_sparse_solve(w->matrix, w->rhs);
        }
        for (uint32_t i = 0; i < n; i++) {
            double di = w->d[rising[i]];
            double p = (i == k ? 1 / dk : 0) - vent_matrix_fall(w, rising[i]) / di;
            double s = sqrt((di - slope[i]) * (dk - slope[k]));
            a[i * n + k] = (i == k) - s * p;
        }
    }
    return positive(a, n);
}

/** Slopes to use, factored: the true ones where they go down to a least place, else made positive.
 */
static int slopes(struct vent_work *w, bool *ret_stands, uint32_t *ret_rising, struct kt_err *err)
{
    uint32_t rising[RISING_MAX], n = 0;
    double slope[RISING_MAX];
    bool too_many = false;
    for (uint32_t b = 0; b < w->net->branches_n; b++) {
        double least = 2 * w->law[b].r * SMALL_PART * w->scale_m3s + SLOPE_LEAST;
        if (w->d[b] < 0 && w->law[b].fan && !w->net->branch[b].fixed) {
            too_many |= n == RISING_MAX;
            if (n < RISING_MAX) {
                slope[n] = w->d[b];
                rising[n++] = b;
            }
        }
        w->d[b] = fmax(fabs(w->d[b]), least);
    }
    int r = vent_matrix_factor(w, err);
    *ret_rising = n;
    *ret_stands = n == 0 || (r == KT_OK && !too_many && stands(w, rising, slope, n));
    if (r < 0 || n == 0 || !*ret_stands) {
        return r;
    }
    for (uint32_t i = 0; i < n; i++) {
        w->d[rising[i]] = slope[i];
    }
    return vent_matrix_factor(w, err);
}

/* ---- along the line -------------------------------------------------------------------------- */

static double descent(const struct vent_work *w, double part)
{
    double sum = 0, h, slope;
    for (uint32_t b = 0; b < w->net->branches_n; b++) {
        if (w->step[b] != 0) {
            law_at(&w->law[b], w->q[b] + part * w->step[b], w->true_law, &h, &slope);
            sum += w->step[b] * h;
        }
    }
    return sum;
}

static double reach_of_rising(const struct vent_work *w)
{
    double part = 1;
    for (uint32_t b = 0; w->true_law && b < w->net->branches_n; b++) {
        double room = REACH_RISING * w->law[b].stall_m3s;
        if (room > 0 && fabs(w->step[b]) * part > room) {
            part = room / fabs(w->step[b]);
        }
    }
    return part;
}

/** Where along the step the co-energy is about least. */
static double search(const struct vent_work *w)
{
    double at0 = descent(w, 0), part = reach_of_rising(w), f = descent(w, part), lo = 0, hi;
    if (!(at0 < 0) || fabs(f) <= SEARCH_DONE * 0.1 * -at0) {
        return part;
    }
    if (f < 0) { /* still going down: a parabola's end is twice as far */
        if (part < 1) {
            return part;
        }
        double twice = descent(w, 2);
        return fabs(twice) < -f && !w->true_law ? 2 : 1;
    }
    hi = part;
    for (int i = 0; i < TRIALS_MAX && f > SEARCH_DONE * -at0; i++) {
        part = (lo + hi) / 2;
        f = descent(w, part);
        if (f > 0) {
            hi = part;
        } else if (f < -SEARCH_DONE * -at0) {
            lo = part;
            f = INFINITY; /* go on */
        }
    }
    return part;
}

static void take(struct vent_work *w, double part)
{
    double most = 0;
    for (uint32_t b = 0; b < w->net->branches_n; b++) {
        w->q[b] += part * w->step[b];
        most = fmax(most, fabs(w->q[b]));
    }
    w->scale_m3s = fmax(most, 1e-6);
    vent_work_settle(w);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void laws(struct vent_work *w, bool from_nothing)
{
    for (uint32_t b = 0; b < w->net->branches_n; b++) {
        law_at(&w->law[b], w->q[b], w->true_law, &w->h[b], &w->d[b]);
        if (from_nothing) {
            w->d[b] = fmax(w->d[b], w->law[b].r * w->scale_m3s);
        }
    }
}

/** What rounding alone leaves of the pressures. */
static bool only_rounding(const struct vent_work *w)
{
    double p = 0, left = 0;
    for (uint32_t i = 0; i < w->unknowns_n; i++) {
        p = fmax(p, fabs(w->rhs[i]));
    }
    for (uint32_t b = 0; b < w->net->branches_n; b++) {
        left = fmax(left, fabs(w->step[b] * w->d[b]));
    }
    return left <= ROUND_PART * p;
}

/** Small enough; or small, and for some steps not smaller: pressures are known to 16 digits only,
 *  and where little resists that much moves the flow. */
static bool last_step(const struct vent_work *w, double most, double *best, int *still)
{
    *still = most < BETTER * *best ? 0 : *still + 1;
    *best = fmin(*best, most);
    return most <= TOL_PART * w->scale_m3s || only_rounding(w) ||
           (*still >= STILL && most <= ROUND_MOST * w->scale_m3s);
}

/** @return KT_OK; KT_ESTATE it did not settle, or where it settled does not stand */
static int newton(struct vent_work *w, bool from_nothing, uint32_t *steps, uint32_t *ret_rising,
                  struct kt_err *err)
{
    double best = INFINITY;
    for (int i = 0, still = 0; i < STEPS_MAX; i++, (*steps)++) {
        bool stands_here;
        laws(w, i == 0 && from_nothing);
        int r = slopes(w, &stands_here, ret_rising, err);
        if (r < 0) {
            return r;
        }
        double most = solve_step(w);
        if (!isfinite(most)) {
            break;
        }
        if (i > 0 && last_step(w, most, &best, &still)) {
            take(w, stands_here ? 1 : 0);
            return stands_here ? KT_OK : KT_ESTATE;
        }
        take(w, i == 0 || (most <= NEAR_PART * w->scale_m3s && stands_here) ? 1 : search(w));
    }
    return KT_ESTATE;
}

/** Where a fan's curve comes down to nothing or ends: about as much as it can move. */
static double fan_reach(const struct vent_law *l)
{
    const struct kt_vent_fan *f = l->fan;
    if (f->curve) {
        return f->curve[f->curve_n - 1].q_m3s;
    }
    double q = fmax(2 * l->stall_m3s, 1);
    while (q < 1e5 && kt_vent_fan_pa(f, q) > l->r * q * q) {
        q *= 1.5;
    }
    return q;
}

static void start_flows(struct vent_work *w, const double *start)
{
    const struct kt_vent_net *net = w->net;
    double most = fabs(net->total_given ? net->total_m3s : 0);
    for (uint32_t b = 0; b < net->branches_n; b++) {
        const struct kt_vent_branch *e = &net->branch[b];
        if (e->fixed) {
            w->q[b] = e->fixed_m3s;
        } else if (start) {
            w->q[b] = start[b];
        } else if (e->fan) {
            w->q[b] = fmax(w->law[b].stall_m3s, 0.7 * fan_reach(&w->law[b]));
        }
        most = fmax(most, fabs(w->q[b]));
    }
    w->scale_m3s = fmax(most, 1);
}

static bool any_below_stall(const struct vent_work *w)
{
    for (uint32_t b = 0; b < w->net->branches_n; b++) {
        const struct vent_law *l = &w->law[b];
        if (l->fan && l->stall_m3s > 0 && w->q[b] < l->stall_m3s && !w->net->branch[b].fixed) {
            return true;
        }
    }
    return false;
}

static int run(struct vent_work *w, const double *start, struct kt_vent_flow *f, struct kt_err *err)
{
    w->q = f->q_m3s;
    start_flows(w, start);
    int r = newton(w, !start, &f->steps, &f->rising_n, err);
    if (r == KT_ESTATE) {
        return kt_err_set(err, r, "the airflow did not settle in %d steps", STEPS_MAX);
    }
    if (r == KT_OK && any_below_stall(w)) {
        w->true_law = true;
        r = newton(w, false, &f->steps, &f->rising_n, err);
    }
    return r;
}

static int unsettled(const struct vent_work *w, struct kt_err *err)
{
    char names[300] = "", name[32];
    size_t n = 0;
    for (uint32_t b = 0; b < w->net->branches_n; b++) {
        const struct vent_law *l = &w->law[b];
        if (l->fan && l->stall_m3s > 0 && w->q[b] < l->stall_m3s && n + 80 < sizeof(names)) {
            n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%.40s (below %.4g m3/s)",
                                  n ? ", " : "", kt_vent_branch_name(w->net, b, name, sizeof(name)),
                                  l->stall_m3s);
        }
    }
    return kt_err_set(err, KT_ESTATE, "no operating point stands: fan %s stalls", names);
}

static void finish(struct vent_work *w, struct kt_vent_flow *f)
{
    const struct kt_vent_net *net = w->net;
    double worst = -NEAR_PART * w->scale_m3s;
    vent_work_settle(w);
    for (uint32_t i = 0; i < net->nodes_n; i++) {
        uint32_t u = w->unknown[w->group[i]];
        f->node_pa[i] = u == VENT_NO_UNKNOWN ? 0 : w->rhs[u];
    }
    for (uint32_t b = 0; b < net->branches_n; b++) {
        const struct kt_vent_branch *e = &net->branch[b];
        double own = kt_vent_drop_pa(e, w->q[b]);
        f->drop_pa[b] = e->fixed ? f->node_pa[e->from] - f->node_pa[e->to] : own;
        f->regulate_pa[b] = e->fixed ? f->drop_pa[b] - own : 0;
        if (e->fan && !e->fixed && w->q[b] < worst) {
            worst = w->q[b];
            f->state = KT_VENT_STALLED;
            f->stalled = b;
        }
    }
}

int kt_vent_solve(const struct kt_vent_net *net, const double *start, struct kt_arena *arena,
                  struct kt_vent_flow *ret, struct kt_err *err)
{
    struct vent_work w;
    uint32_t n = net->branches_n;
    int r = kt_vent_check(net, err);
    if (r < 0) {
        return r;
    }
    struct kt_arena *scratch = kt_arena_new(0);
    struct kt_vent_flow f = {.q_m3s = KT_NEW_ARRAY(arena, double, n),
                             .drop_pa = KT_NEW_ARRAY(arena, double, n),
                             .regulate_pa = KT_NEW_ARRAY(arena, double, n),
                             .node_pa = KT_NEW_ARRAY(arena, double, net->nodes_n)};
    r = vent_work_init(&w, net, scratch, err);
    w.h = KT_NEW_ARRAY(scratch, double, n);
    w.d = KT_NEW_ARRAY(scratch, double, n);
    w.step = KT_NEW_ARRAY(scratch, double, n);
    w.rhs = KT_NEW_ARRAY(scratch, double, net->nodes_n + 1);
    r = r < 0 ? r : vent_matrix_init(&w, err);
    r = r < 0 ? r : run(&w, start, &f, err);
    if (r == KT_ESTATE && w.true_law) {
        r = unsettled(&w, err);
    }
    if (r == KT_OK) {
        finish(&w, &f);
        *ret = f;
    }
    kt_sparse_free(w.matrix);
    kt_arena_free(scratch);
    return r;
}

const char *kt_vent_explain(const struct kt_vent_net *net, const struct kt_vent_flow *flow,
                            char *buf, size_t cap)
{
    char name[32];
    uint32_t b = flow->stalled;
    if (flow->state != KT_VENT_STALLED) {
        return "";
    }
    double friction = net->branch[b].r_ns2_m8 * flow->q_m3s[b] * flow->q_m3s[b];
    double against = flow->node_pa[net->branch[b].to] - flow->node_pa[net->branch[b].from];
    snprintf(
        buf, cap,
        "fan %s stalls: air goes backwards through it (%.4g m3/s); against it stand %.4g Pa, and "
        "standing it makes %.4g Pa",
        kt_vent_branch_name(net, b, name, sizeof(name)), flow->q_m3s[b], against - friction,
        kt_vent_fan_pa(net->branch[b].fan, 0));
    return buf;
}
