/* SPDX-License-Identifier: Apache-2.0 */
/*
 * With g(Q) = exp(-π |Q-P|²/r²)/r² and W = W0 ∬ g dA:
 *
 *     ∇W   = -W0 ∮ g n ds                          (∂g/∂P = -∂g/∂Q)
 *     ∂i∂jW = -W0 (2π/r²) ∮ (Q-P)_i g n_j ds
 *     W    =  W0 ∮ G n_x ds,   G = (1 + erf(√π X/r))/(2r) · exp(-π Y²/r²),  ∂G/∂X = g
 *
 * with X, Y = Q-P and n the normal outwards. On an edge Q-P = u t + v n with v fixed, so the first
 * two are error functions and exponentials of u at its ends.
 */
#include "domain/land/subsidence.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "domain/land/outline.h"

/* exp(-π 3.2²) = 1e-14: nothing beyond that many radii */
static const double far = 3.2;
static const double root_pi = 1.7724538509055160;

struct edge {
    struct kt_xy a, b;
    double tx, ty, length; /* along it; the normal outwards is (ty, -tx) */
};

struct kt_subside {
    double r, w0, unfilled, br; /* m; greatest sinks; b r */
    struct kt_xy low, high;     /* box of the outline */
    uint32_t n;
    struct kt_xy *outline;
    struct edge *edges;
};

double kt_subside_height(double thickness_m, const struct kt_subside_fill *fill)
{
    if (!fill || !fill->given) {
        return thickness_m;
    }
    double open = fill->convergence_m + fill->gap_m;
    return open + fill->compression * (thickness_m - open);
}

double kt_subside_knothe(double c_per_year, double years)
{
    return years > 0 ? -expm1(-c_per_year * years) : 0;
}

/* ---- preparing ------------------------------------------------------------------------------- */

static int bound(const char *name, double v, double lo, double hi, struct kt_err *err)
{
    if (!(v >= lo && v <= hi)) {
        return kt_err_set(err, KT_EINVAL, "%s is %g; it lies between %g and %g", name, v, lo, hi);
    }
    return KT_OK;
}

static int check_figures(const struct kt_subside_face *f, struct kt_err *err)
{
    const struct {
        const char *name;
        double v, lo, hi;
    } all[] = {
        {"depth_m", f->depth_m, 1, 3000},
        {"thickness_m", f->thickness_m, 0.01, 100},
        {"q", f->q, 0.001, 1.5},
        {"tan_beta", f->tan_beta, 0.2, 10},
        {"b", f->b, 0, 1},
        {"offset_m", f->offset_m, -f->depth_m, f->depth_m},
        {"dip_deg", f->dip_deg, 0, 60},
        {"dip_to_deg", f->dip_to_deg, -360, 360},
        {"theta_deg", f->theta_deg != 0 ? f->theta_deg : 90, 30, 90},
        {"backfill.convergence_m", f->fill.convergence_m, 0, f->thickness_m},
        {"backfill.gap_m", f->fill.gap_m, 0, f->thickness_m - f->fill.convergence_m},
        {"backfill.compression", f->fill.compression, 0, 1},
    };
    for (size_t i = 0; i < KT_ARRAY_LEN(all); i++) {
        int r = bound(all[i].name, all[i].v, all[i].lo, all[i].hi, err);
        if (r < 0) {
            return r;
        }
    }
    return KT_OK;
}

/* Down-dip by H cot θ. */
static struct kt_xy shift_of(const struct kt_subside_face *f)
{
    if (f->dip_deg <= 0) {
        return (struct kt_xy){0, 0};
    }
    double theta = (f->theta_deg > 0 ? f->theta_deg : 90 - 0.6 * f->dip_deg) * M_PI / 180;
    double by = f->depth_m / tan(theta), to = f->dip_to_deg * M_PI / 180;
    return (struct kt_xy){by * sin(to), by * cos(to)};
}

static void set_edges(struct kt_subside *s)
{
    s->low = s->high = s->outline[0];
    for (uint32_t i = 0; i < s->n; i++) {
        struct kt_xy a = s->outline[i], b = s->outline[(i + 1) % s->n];
        double l = hypot(b.x - a.x, b.y - a.y);
        s->edges[i] = (struct edge){a, b, (b.x - a.x) / l, (b.y - a.y) / l, l};
        s->low = (struct kt_xy){fmin(s->low.x, a.x), fmin(s->low.y, a.y)};
        s->high = (struct kt_xy){fmax(s->high.x, a.x), fmax(s->high.y, a.y)};
    }
}

/* The ring anticlockwise, drawn in and moved, into s->outline. */
static int set_outline(struct kt_subside *s, const struct kt_subside_face *f, struct kt_err *err)
{
    bool clockwise = land_area(f->ring, f->n) < 0;
    struct kt_xy *ring = calloc(f->n, sizeof(*ring)), by = shift_of(f);
    KT_ASSERT(ring);
    for (uint32_t i = 0; i < f->n; i++) {
        ring[i] = f->ring[clockwise ? f->n - 1 - i : i];
    }
    int r = land_outline_inset(ring, f->n, f->offset_m, s->outline, err);
    for (uint32_t i = 0; i < f->n; i++) {
        s->outline[i].x += by.x;
        s->outline[i].y += by.y;
    }
    free(ring);
    return r;
}

int kt_subside_new(const struct kt_subside_face *face, struct kt_subside **ret, struct kt_err *err)
{
    int r = check_figures(face, err);
    if (r == KT_OK) {
        r = land_outline_check(face->ring, face->n, err);
    }
    if (r < 0) {
        return r;
    }
    struct kt_subside *s = calloc(1, sizeof(*s));
    KT_ASSERT(s);
    double slope = cos(face->dip_deg * M_PI / 180);
    s->r = face->depth_m / face->tan_beta;
    s->w0 = kt_subside_height(face->thickness_m, &face->fill) * face->q * slope;
    s->unfilled = face->thickness_m * face->q * slope;
    s->br = face->b * s->r;
    s->n = face->n;
    s->outline = calloc(s->n, sizeof(*s->outline));
    s->edges = calloc(s->n, sizeof(*s->edges));
    KT_ASSERT(s->outline && s->edges);
    r = set_outline(s, face, err);
    if (r < 0) {
        kt_subside_free(s);
        return r;
    }
    set_edges(s);
    *ret = s;
    return KT_OK;
}

void kt_subside_free(struct kt_subside *s)
{
    if (s) {
        free(s->outline);
        free(s->edges);
        free(s);
    }
}

double kt_subside_radius(const struct kt_subside *s)
{
    return s->r;
}

double kt_subside_greatest(const struct kt_subside *s)
{
    return s->w0;
}

double kt_subside_unfilled(const struct kt_subside *s)
{
    return s->unfilled;
}

const struct kt_xy *kt_subside_outline(const struct kt_subside *s, uint32_t *ret_n)
{
    *ret_n = s->n;
    return s->outline;
}

/* ---- one edge, in radii ---------------------------------------------------------------------- */

/* Sums over the edges with lengths in radii: sink, its first and second derivatives, of W0 = 1. */
struct sums {
    double w, x, y, xx, xy, yx, yy;
};

/* ∫ of e^(-π Y²) (1 + erf(√π X))/2 dY along a piece from (x, y) by (dx, dy). */
static double piece(double x, double y, double dx, double dy)
{
    static const double node[] = {0.14887433898163122, 0.43339539412924719, 0.67940956829902441,
                                  0.86506336668898451, 0.97390652851717172};
    static const double weight[] = {0.29552422471475287, 0.26926671930999636, 0.21908636251598204,
                                    0.14945134915058059, 0.06667134430868814};
    double sum = 0;
    for (int i = 0; i < 10; i++) {
        double t = 0.5 + 0.5 * (i < 5 ? node[i] : -node[i - 5]);
        double py = y + t * dy, px = x + t * dx;
        sum += weight[i % 5] * exp(-M_PI * py * py) * erfc(-root_pi * px);
    }
    return sum * dy / 4; /* half the interval, half of 1 + erf */
}

/* The part of an edge between t0 and t1 of it where its coordinate a + t d lies in lo … hi, hi
 * not among them. */
static void clip(double a, double d, double lo, double hi, double *t0, double *t1)
{
    if (d == 0) {
        *t1 = a >= lo && a < hi ? *t1 : *t0;
        return;
    }
    double in = ((d > 0 ? lo : hi) - a) / d, out = ((d > 0 ? hi : lo) - a) / d;
    *t0 = fmax(*t0, in);
    *t1 = fmin(*t1, out);
}

/* The sink's part of an edge from (ax, ay) by (dx, dy), seen from P, in radii. Only where
 * e^(-π Y²) is anything; left of P nothing, far right of it the whole Gaussian. */
static double sink(double ax, double ay, double dx, double dy)
{
    double t0 = 0, t1 = 1, r0, r1;
    clip(ay, dy, -far, far, &t0, &t1);
    if (dy == 0 || t0 >= t1) {
        return 0;
    }
    r0 = t0, r1 = t1;
    clip(ax, dx, far, 1e300, &r0, &r1);
    double sum = r0 < r1 ? (erf(root_pi * (ay + r1 * dy)) - erf(root_pi * (ay + r0 * dy))) / 2 : 0;
    clip(ax, dx, -far, far, &t0, &t1);
    if (t0 >= t1) {
        return sum;
    }
    int n = (int)ceil((t1 - t0) * fmax(fabs(dx), fabs(dy)) * 0.8);
    double step = (t1 - t0) / n;
    for (int i = 0; i < n; i++) {
        double t = t0 + i * step;
        sum += piece(ax + t * dx, ay + t * dy, step * dx, step * dy);
    }
    return sum;
}

static void add_edge(const struct edge *e, struct kt_xy p, double r, struct sums *s)
{
    double ax = (e->a.x - p.x) / r, ay = (e->a.y - p.y) / r;
    s->w += sink(ax, ay, (e->b.x - e->a.x) / r, (e->b.y - e->a.y) / r);
    double nx = e->ty, ny = -e->tx, v = ax * nx + ay * ny;
    if (fabs(v) > far) {
        return;
    }
    double u1 = ax * e->tx + ay * e->ty, u2 = u1 + e->length / r;
    double gv = exp(-M_PI * v * v);
    double i0 = gv * (erf(root_pi * u2) - erf(root_pi * u1)) / 2;
    double i1 = gv * (exp(-M_PI * u1 * u1) - exp(-M_PI * u2 * u2)) / (2 * M_PI);
    double fx = 2 * M_PI * (e->tx * i1 + nx * v * i0), fy = 2 * M_PI * (e->ty * i1 + ny * v * i0);
    s->x -= nx * i0;
    s->y -= ny * i0;
    s->xx -= fx * nx;
    s->xy -= fx * ny;
    s->yx -= fy * nx;
    s->yy -= fy * ny;
}

void kt_subside_add(const struct kt_subside *s, struct kt_xy p, double w0_m,
                    struct kt_subside_at *sum)
{
    double reach = far * s->r;
    if (p.x < s->low.x - reach || p.x > s->high.x + reach || p.y < s->low.y - reach ||
        p.y > s->high.y + reach) {
        return;
    }
    struct sums t = {0};
    for (uint32_t i = 0; i < s->n; i++) {
        add_edge(&s->edges[i], p, s->r, &t);
    }
    double i0 = w0_m / s->r, k0 = i0 / s->r;
    double kxx = k0 * t.xx, kxy = k0 * (t.xy + t.yx) / 2, kyy = k0 * t.yy;
    sum->w_m += w0_m * t.w;
    sum->ix += i0 * t.x;
    sum->iy += i0 * t.y;
    sum->kxx += kxx;
    sum->kxy += kxy;
    sum->kyy += kyy;
    sum->ux_m += s->br * i0 * t.x;
    sum->uy_m += s->br * i0 * t.y;
    sum->exx += s->br * kxx;
    sum->exy += s->br * kxy;
    sum->eyy += s->br * kyy;
}

void kt_subside_add_times(const struct kt_subside_at *one, double times, struct kt_subside_at *sum)
{
    sum->w_m += times * one->w_m;
    sum->ix += times * one->ix;
    sum->iy += times * one->iy;
    sum->kxx += times * one->kxx;
    sum->kxy += times * one->kxy;
    sum->kyy += times * one->kyy;
    sum->ux_m += times * one->ux_m;
    sum->uy_m += times * one->uy_m;
    sum->exx += times * one->exx;
    sum->exy += times * one->exy;
    sum->eyy += times * one->eyy;
}

struct kt_principal kt_principal(double xx, double xy, double yy)
{
    double mid = (xx + yy) / 2, half = hypot((xx - yy) / 2, xy);
    double deg = atan2(2 * xy, xx - yy) / 2 * 180 / M_PI;
    return (struct kt_principal){mid + half, mid - half, deg < 0 ? deg + 180 : deg};
}
