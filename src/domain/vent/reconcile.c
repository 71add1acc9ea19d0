/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x = ln R. Of the solved network, dq/dx = -P diag(R q|q|), with P the inverse of the slopes over
 * the loops: a row for each sensor from one solve with the factors. The step is found in the space
 * of the sensors, few against the branches: with S the spreads squared and V the sensors'
 * variances, C = J S J' + V,   x = x0 + S J' C^-1 d,   d = measured - q + J (x - x0). Branches at a
 * bound that would go beyond it have no spread for the next step.
 */
#include "domain/vent/reconcile.h"

#include <math.h>
#include <string.h>

#include "domain/vent/work.h"

enum { STEPS = 12 };
#define STEP_MOST 1.0  /* of ln R at once */
#define SETTLED   1e-6 /* of ln R */
#define SLOPE     1e-6

struct fit {
    struct kt_vent_net net; /* a copy with the resistances of now */
    struct kt_vent_branch *branch;
    const struct kt_vent_sensor *sensor;
    uint32_t sensors_n, used_n;
    uint32_t *used; /* sensors that are not left out */
    struct kt_vent_reconcile_opts o;
    struct kt_arena *arena;
    double *x, *x0, *s;       /* by branch: ln R, as known, spread squared of now */
    double *jacobian;         /* used_n rows of branches */
    double *c, *d, *y, *unit; /* of the sensors */
    struct kt_vent_flow flow;
};

/* ---- small and dense ------------------------------------------------------------------------- */

static bool cholesky(double *a, uint32_t n)
{
    for (uint32_t k = 0; k < n; k++) {
        for (uint32_t i = k; i < n; i++) {
            double sum = a[i * n + k];
            for (uint32_t j = 0; j < k; j++) {
                sum -= a[i * n + j] * a[k * n + j];
            }
            if (i == k && !(sum > 0)) {
                return false;
            }
            a[i * n + k] = i == k ? sqrt(sum) : sum / a[k * n + k];
        }
    }
    return true;
}

static void cholesky_solve(const double *a, uint32_t n, double *b)
{
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t j = 0; j < i; j++) {
            b[i] -= a[i * n + j] * b[j];
        }
        b[i] /= a[i * n + i];
    }
    for (uint32_t i = n; i-- > 0;) {
        for (uint32_t j = i + 1; j < n; j++) {
            b[i] -= a[j * n + i] * b[j];
        }
        b[i] /= a[i * n + i];
    }
}

/* ---- a step ---------------------------------------------------------------------------------- */

static double slope_at(const struct kt_vent_branch *b, double q, double scale)
{
    double r = fmax(b->r_ns2_m8, VENT_R_LEAST);
    double slope = 2 * r * fabs(q) - (b->fan ? kt_vent_fan_slope(b->fan, q) : 0);
    return fmax(slope, 2 * r * SLOPE * scale + 1e-9);
}

static int jacobian(struct fit *f, struct kt_err *err)
{
    struct vent_work w;
    uint32_t n = f->net.branches_n;
    double scale = 1e-6;
    struct kt_arena *scratch = kt_arena_new(0);
    int r = vent_work_init(&w, &f->net, scratch, err);
    w.d = KT_NEW_ARRAY(scratch, double, n);
    w.rhs = KT_NEW_ARRAY(scratch, double, f->net.nodes_n + 1);
    for (uint32_t b = 0; b < n; b++) {
        scale = fmax(scale, fabs(f->flow.q_m3s[b]));
    }
    for (uint32_t b = 0; b < n; b++) {
        w.d[b] = slope_at(&f->branch[b], f->flow.q_m3s[b], scale);
    }
    r = r < 0 ? r : vent_matrix_init(&w, err);
    r = r < 0 ? r : vent_matrix_factor(&w, err);
    for (uint32_t i = 0; r == KT_OK && i < f->used_n; i++) {
        uint32_t at = f->sensor[f->used[i]].branch;
        memset(w.rhs, 0, (w.unknowns_n + 1) * sizeof(double));
        vent_matrix_spread(&w, at, vent_free(&w, at) ? 1 / w.d[at] : 0);
        if (w.unknowns_n) {
            kt_sparse_solve(w.matrix, w.rhs);
        }
        for (uint32_t b = 0; b < n; b++) {
            double q = f->flow.q_m3s[b];
            double p = ((b == at) - (vent_free(&w, b) ? vent_matrix_fall(&w, b) : 0)) / w.d[b];
            f->jacobian[i * n + b] =
                f->branch[b].fixed ? 0 : -p * f->branch[b].r_ns2_m8 * q * fabs(q);
        }
    }
    kt_sparse_free(w.matrix);
    kt_arena_free(scratch);
    return r;
}

/** C factored, d, and y = C^-1 d. */
static bool weigh(struct fit *f)
{
    uint32_t n = f->net.branches_n, m = f->used_n;
    for (uint32_t i = 0; i < m; i++) {
        const struct kt_vent_sensor *s = &f->sensor[f->used[i]];
        f->d[i] = s->q_m3s - f->flow.q_m3s[s->branch];
        for (uint32_t b = 0; b < n; b++) {
            f->d[i] += f->jacobian[i * n + b] * (f->x[b] - f->x0[b]);
        }
        for (uint32_t k = 0; k <= i; k++) {
            double sum = i == k ? s->sigma_m3s * s->sigma_m3s : 0;
            for (uint32_t b = 0; b < n; b++) {
                sum += f->jacobian[i * n + b] * f->s[b] * f->jacobian[k * n + b];
            }
            f->c[i * m + k] = sum;
        }
    }
    if (!cholesky(f->c, m)) {
        return false;
    }
    memcpy(f->y, f->d, m * sizeof(double));
    cholesky_solve(f->c, m, f->y);
    return true;
}

/** Moves x; returns the largest change. What stands at a bound and would go on stays there. */
static double move(struct fit *f, bool *ret_held)
{
    double most = 0, bound = log(f->o.bound);
    uint32_t n = f->net.branches_n;
    *ret_held = false;
    for (uint32_t b = 0; b < n; b++) {
        double to = f->x0[b];
        for (uint32_t i = 0; i < f->used_n; i++) {
            to += f->s[b] * f->jacobian[i * n + b] * f->y[i];
        }
        if (f->s[b] == 0) {
            continue;
        }
        double step = fmin(fmax(to - f->x[b], -STEP_MOST), STEP_MOST);
        double at = fmin(fmax(f->x[b] + step, f->x0[b] - bound), f->x0[b] + bound);
        most = fmax(most, fabs(at - f->x[b]));
        if (fabs(to - f->x0[b]) > bound && fabs(at - f->x0[b]) >= bound) {
            f->s[b] = 0; /* the others take what it cannot */
            *ret_held = true;
        }
        f->x[b] = at;
        f->branch[b].r_ns2_m8 = exp(at);
    }
    return most;
}

static int solve_now(struct fit *f, struct kt_err *err)
{
    return kt_vent_solve(&f->net, f->flow.q_m3s, f->arena, &f->flow, err);
}

static void begin(struct fit *f)
{
    for (uint32_t b = 0; b < f->net.branches_n; b++) {
        f->x[b] = f->x0[b];
        f->s[b] = f->branch[b].fixed ? 0 : f->o.spread * f->o.spread;
        f->branch[b].r_ns2_m8 = exp(f->x0[b]);
    }
}

static int fit(struct fit *f, struct kt_err *err)
{
    begin(f);
    f->flow.q_m3s = NULL;
    int r = solve_now(f, err);
    for (int i = 0; r == KT_OK && i < STEPS; i++) {
        bool held = false;
        r = jacobian(f, err);
        if (r == KT_OK && !weigh(f)) {
            return kt_err_set(err, KT_ESTATE, "the sensors' deviations are too small to weigh");
        }
        double most = r == KT_OK ? move(f, &held) : 0;
        r = r < 0 ? r : solve_now(f, err);
        if (r == KT_OK && most < SETTLED && !held) {
            break;
        }
    }
    return r;
}

/* ---- who contradicts ------------------------------------------------------------------------- */

/** (C^-1 d)_i / sqrt((C^-1)_ii) of each used sensor; returns the worst's place, or used_n. */
static uint32_t judge(struct fit *f, double *normal)
{
    uint32_t worst = f->used_n, m = f->used_n;
    double most = f->o.limit;
    for (uint32_t i = 0; i < m; i++) {
        memset(f->unit, 0, m * sizeof(double));
        f->unit[i] = 1;
        cholesky_solve(f->c, m, f->unit);
        double v = f->y[i] / sqrt(f->unit[i]);
        normal[f->used[i]] = v;
        if (fabs(v) > most) {
            most = fabs(v);
            worst = i;
        }
    }
    return worst;
}

static int leave_out(struct fit *f, struct kt_vent_reconciled *out, struct kt_err *err)
{
    for (;;) {
        int r = fit(f, err);
        uint32_t worst = r == KT_OK ? judge(f, out->normal) : 0;
        if (r < 0 || worst == f->used_n) {
            return r;
        }
        out->contradicts[f->used[worst]] = true;
        out->contradicts_n++;
        memmove(f->used + worst, f->used + worst + 1, (f->used_n - worst - 1) * sizeof(*f->used));
        f->used_n--;
    }
}

static int check(const struct kt_vent_net *net, const struct kt_vent_sensor *s, uint32_t n,
                 struct kt_err *err)
{
    char name[32];
    if (n > KT_VENT_SENSORS_MAX) {
        return kt_err_set(err, KT_ELIMIT, "more than %d sensors", KT_VENT_SENSORS_MAX);
    }
    for (uint32_t i = 0; i < n; i++) {
        if (s[i].branch >= net->branches_n || !isfinite(s[i].q_m3s) || !(s[i].sigma_m3s > 0) ||
            !isfinite(s[i].sigma_m3s)) {
            return kt_err_set(err, KT_EINVAL, "sensor %u has no branch, flow or deviation", i + 1);
        }
        if (net->branch[s[i].branch].fixed) {
            return kt_err_set(err, KT_EINVAL, "sensor %u: the flow of branch %s is given", i + 1,
                              kt_vent_branch_name(net, s[i].branch, name, sizeof(name)));
        }
    }
    return kt_vent_check(net, err);
}

static void prepare(struct fit *f, const struct kt_vent_net *net,
                    const struct kt_vent_reconcile_opts *o, struct kt_arena *scratch)
{
    uint32_t n = net->branches_n, m = f->sensors_n;
    f->net = *net;
    f->branch = KT_NEW_ARRAY(scratch, struct kt_vent_branch, n);
    memcpy(f->branch, net->branch, n * sizeof(*f->branch));
    f->net.branch = f->branch;
    f->o.spread = o && o->spread > 0 ? o->spread : 0.3;
    f->o.bound = o && o->bound > 1 ? o->bound : 5;
    f->o.limit = o && o->limit > 0 ? o->limit : 3.29;
    f->x = KT_NEW_ARRAY(scratch, double, n);
    f->x0 = KT_NEW_ARRAY(scratch, double, n);
    f->s = KT_NEW_ARRAY(scratch, double, n);
    f->jacobian = KT_NEW_ARRAY(scratch, double, (size_t)n *m + 1);
    f->c = KT_NEW_ARRAY(scratch, double, (size_t)m *m + 1);
    f->d = KT_NEW_ARRAY(scratch, double, m + 1);
    f->y = KT_NEW_ARRAY(scratch, double, m + 1);
    f->unit = KT_NEW_ARRAY(scratch, double, m + 1);
    f->used = KT_NEW_ARRAY(scratch, uint32_t, m + 1);
    for (uint32_t b = 0; b < n; b++) {
        f->x0[b] = log(fmax(net->branch[b].r_ns2_m8, VENT_R_LEAST));
    }
    for (uint32_t i = 0; i < m; i++) {
        f->used[f->used_n++] = i;
    }
}

/** Those left out, against what the rest says now. */
static void judge_left_out(const struct fit *f, struct kt_vent_reconciled *out)
{
    for (uint32_t i = 0; i < f->sensors_n; i++) {
        const struct kt_vent_sensor *s = &f->sensor[i];
        if (out->contradicts[i]) {
            out->normal[i] = (s->q_m3s - f->flow.q_m3s[s->branch]) / s->sigma_m3s;
        }
    }
}

int kt_vent_reconcile(const struct kt_vent_net *net, const struct kt_vent_sensor *sensors,
                      uint32_t sensors_n, const struct kt_vent_reconcile_opts *opts,
                      struct kt_arena *arena, struct kt_vent_reconciled *ret, struct kt_err *err)
{
    int r = check(net, sensors, sensors_n, err);
    if (r < 0) {
        return r;
    }
    struct kt_arena *scratch = kt_arena_new(0);
    struct fit f = {.sensor = sensors, .sensors_n = sensors_n, .arena = arena};
    struct kt_vent_reconciled out = {.r_ns2_m8 = KT_NEW_ARRAY(arena, double, net->branches_n),
                                     .normal = KT_NEW_ARRAY(arena, double, sensors_n + 1),
                                     .contradicts = KT_NEW_ARRAY(arena, bool, sensors_n + 1)};
    prepare(&f, net, opts, scratch);
    r = leave_out(&f, &out, err);
    if (r == KT_OK) {
        judge_left_out(&f, &out);
        for (uint32_t b = 0; b < net->branches_n; b++) {
            out.r_ns2_m8[b] = net->branch[b].fixed ? net->branch[b].r_ns2_m8 : exp(f.x[b]);
        }
        out.flow = f.flow;
        *ret = out;
    }
    kt_arena_free(scratch);
    return r;
}
