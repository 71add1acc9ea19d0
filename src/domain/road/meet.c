/* SPDX-License-Identifier: Apache-2.0 */
/* meet: where roadways meet, nearly meet, cross and lie on one another. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "domain/road/private.h"

#define PARALLEL 0.05 /* sine of the angle between two that run along each other */

static double apart(const double *a, const double *b)
{
    return hypot(a[0] - b[0], a[1] - b[1]);
}

static double height_at(double za, double zb, double t)
{
    return za + (zb - za) * t;
}

static void add_stop(struct roads *r, const struct stop *s)
{
    if (r->stops_n == r->stops_cap) {
        r->stops_cap = r->stops_cap ? 2 * r->stops_cap : 64;
        r->stop = realloc(r->stop, r->stops_cap * sizeof(*r->stop));
        KT_ASSERT(r->stop);
    }
    r->stop[r->stops_n++] = *s;
}

/* ---- ends ------------------------------------------------------------------------------------ */

struct at_end {
    struct roads *r;
    uint32_t end;
    const double *p;
    /* the nearest roadway that passes by */
    double best, t, q[3];
    uint32_t seg;
};

static void meets_end(struct at_end *e, uint32_t other)
{
    struct roads *r = e->r;
    const double *q = road_vertex(r, other / 2, road_end_vertex(r, other));
    double d = apart(e->p, q);
    if (other == e->end || d > r->snap || !road_level(r, e->p[2], q[2])) {
        return;
    }
    if (d > ROAD_SAME_M && other > e->end && other / 2 != e->end / 2) {
        struct kt_road_finding f = {KT_ROAD_GAP, e->end / 2, other / 2, e->p[0], e->p[1],
                                    e->p[2],     d,          q[0],      q[1],    q[2]};
        road_find(r, &f);
    }
    if (other / 2 != e->end / 2 || d <= ROAD_SAME_M) {
        road_join(r, e->end, other);
    }
}

static double project(const double *a, const double *b, const double *p, double *ret_t)
{
    double dx = b[0] - a[0], dy = b[1] - a[1], l2 = dx * dx + dy * dy;
    double t = l2 > 0 ? ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / l2 : 0;
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    *ret_t = t;
    return hypot(p[0] - a[0] - t * dx, p[1] - a[1] - t * dy);
}

static bool near_an_end(const struct roads *r, uint32_t line, const double *q)
{
    return apart(q, road_vertex(r, line, 0)) <= r->snap ||
           apart(q, road_vertex(r, line, r->line[line].vertices_n - 1)) <= r->snap;
}

static void meets_segment(void *arg, uint32_t seg)
{
    struct at_end *e = arg;
    struct roads *r = e->r;
    const struct seg *s = &r->seg[seg];
    const double *a = road_vertex(r, s->line, s->at), *b = road_vertex(r, s->line, s->at + 1);
    if (s->at == 0) {
        meets_end(e, 2 * s->line);
    }
    if (s->at + 2 == r->line[s->line].vertices_n) {
        meets_end(e, 2 * s->line + 1);
    }
    double t, d = project(a, b, e->p, &t);
    double q[3] = {a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, height_at(a[2], b[2], t)};
    if (s->line != e->end / 2 && d <= r->snap && d < e->best && road_level(r, e->p[2], q[2]) &&
        !near_an_end(r, s->line, q)) {
        e->best = d;
        e->t = t;
        e->seg = seg;
        memcpy(e->q, q, sizeof(q));
    }
}

static void meet_end(struct roads *r, uint32_t end)
{
    struct at_end e = {.r = r, .end = end, .best = INFINITY};
    e.p = road_vertex(r, end / 2, road_end_vertex(r, end));
    road_near(r, e.p, e.p, r->snap, meets_segment, &e);
    if (!isfinite(e.best)) {
        return;
    }
    const struct seg *s = &r->seg[e.seg];
    if (e.best > ROAD_SAME_M) {
        struct kt_road_finding f = {KT_ROAD_BESIDE, end / 2, s->line, e.p[0], e.p[1],
                                    e.p[2],         e.best,  e.q[0],  e.q[1], e.q[2]};
        road_find(r, &f);
    }
    struct stop stop = {s->line, end, s->at + e.t, e.q[0], e.q[1], e.q[2]};
    add_stop(r, &stop);
}

/* ---- pairs of segments ----------------------------------------------------------------------- */

struct pair {
    struct roads *r;
    uint32_t seg;
    double *along; /* by other line: length run along it, for this line */
};

static void junction(struct roads *r, const struct seg *s, double t, const struct seg *o, double u,
                     const double *at)
{
    uint32_t item = road_new_item(r);
    struct stop a = {s->line, item, s->at + t, at[0], at[1], at[2]};
    struct stop b = {o->line, item, o->at + u, at[0], at[1], at[2]};
    add_stop(r, &a);
    add_stop(r, &b);
}

/** Each place where both have a vertex is a junction, however the lines go on from there. Ends of
 *  lines are looked after by meet_end(). */
static void common_vertices(struct roads *r, const struct seg *s, const struct seg *o)
{
    for (uint32_t i = 0; i < 2; i++) {
        for (uint32_t k = 0; k < 2; k++) {
            const double *a = road_vertex(r, s->line, s->at + i);
            const double *c = road_vertex(r, o->line, o->at + k);
            if (apart(a, c) <= ROAD_SAME_M && road_level(r, a[2], c[2]) &&
                !near_an_end(r, s->line, a) && !near_an_end(r, o->line, a)) {
                junction(r, s, i, o, k, a);
            }
        }
    }
}

static bool is_vertex(double t)
{
    return t < 1e-9 || t > 1 - 1e-9;
}

/** They cross inside both: where one has no vertex it is asked about. */
static void cross(struct roads *r, const struct seg *s, const struct seg *o)
{
    const double *a = road_vertex(r, s->line, s->at), *b = road_vertex(r, s->line, s->at + 1);
    const double *c = road_vertex(r, o->line, o->at), *d = road_vertex(r, o->line, o->at + 1);
    double rx = b[0] - a[0], ry = b[1] - a[1], qx = d[0] - c[0], qy = d[1] - c[1];
    double det = rx * qy - ry * qx;
    if (fabs(det) <= PARALLEL * hypot(rx, ry) * hypot(qx, qy)) {
        return;
    }
    double t = ((c[0] - a[0]) * qy - (c[1] - a[1]) * qx) / det;
    double u = ((c[0] - a[0]) * ry - (c[1] - a[1]) * rx) / det;
    double at[3] = {a[0] + t * rx, a[1] + t * ry, height_at(a[2], b[2], t)};
    bool inside = t > -1e-9 && t < 1 + 1e-9 && u > -1e-9 && u < 1 + 1e-9;
    if (!inside || near_an_end(r, s->line, at) || near_an_end(r, o->line, at) ||
        !road_level(r, at[2], height_at(c[2], d[2], u))) {
        return;
    }
    if (!(is_vertex(t) && is_vertex(u)) && t < 1 - 1e-9 &&
        u < 1 - 1e-9) { /* else the next segment tells it */
        struct kt_road_finding f = {
            KT_ROAD_CROSSING, s->line, o->line, at[0], at[1], at[2], 0, at[0], at[1], at[2]};
        road_find(r, &f);
    }
}

/** How much of s runs along o. */
static double shared_length(const struct roads *r, const struct seg *s, const struct seg *o)
{
    const double *a = road_vertex(r, s->line, s->at), *b = road_vertex(r, s->line, s->at + 1);
    const double *c = road_vertex(r, o->line, o->at), *d = road_vertex(r, o->line, o->at + 1);
    double rx = b[0] - a[0], ry = b[1] - a[1], l = hypot(rx, ry);
    double sine = l > 0 ? fabs(rx * (d[1] - c[1]) - ry * (d[0] - c[0])) / (l * apart(c, d)) : 1;
    if (!(sine <= PARALLEL)) {
        return 0;
    }
    double p = ((c[0] - a[0]) * rx + (c[1] - a[1]) * ry) / l;
    double q = ((d[0] - a[0]) * rx + (d[1] - a[1]) * ry) / l;
    double from = fmax(0, fmin(p, q)), to = fmin(l, fmax(p, q)), t;
    double m[2] = {a[0] + rx * (from + to) / 2 / l, a[1] + ry * (from + to) / 2 / l};
    bool near = to > from && project(c, d, m, &t) <= r->snap;
    double za = near ? height_at(a[2], b[2], (from + to) / 2 / l) : 0;
    return near && road_level(r, za, height_at(c[2], d[2], t)) ? to - from : 0;
}

static void with_segment(void *arg, uint32_t seg)
{
    struct pair *p = arg;
    const struct seg *s = &p->r->seg[p->seg], *o = &p->r->seg[seg];
    if (o->line <= s->line) {
        return;
    }
    p->along[o->line] += shared_length(p->r, s, o);
    common_vertices(p->r, s, o);
    cross(p->r, s, o);
}

static void tell_overlaps(struct roads *r, uint32_t line, double *along)
{
    const double *a = road_vertex(r, line, 0);
    for (uint32_t o = line + 1; o < r->n; o++) {
        if (along[o] > 2 * r->snap) { /* lines that only meet run along each other for that */
            struct kt_road_finding f = {KT_ROAD_OVERLAP, line, o,    a[0], a[1], a[2],
                                        along[o],        a[0], a[1], a[2]};
            road_find(r, &f);
        }
        along[o] = 0;
    }
}

void road_meet(struct roads *r)
{
    double *along = KT_NEW_ARRAY(r->arena, double, r->n + 1);
    for (uint32_t end = 0; end < 2 * r->n; end++) {
        meet_end(r, end);
    }
    for (uint32_t i = 0; i < r->segs_n; i++) {
        struct pair p = {r, i, along};
        const double *a = road_vertex(r, r->seg[i].line, r->seg[i].at), *b = a + 3;
        double lo[2] = {fmin(a[0], b[0]), fmin(a[1], b[1])};
        double hi[2] = {fmax(a[0], b[0]), fmax(a[1], b[1])};
        road_near(r, lo, hi, r->snap, with_segment, &p);
        if (i + 1 == r->segs_n || r->seg[i + 1].line != r->seg[i].line) {
            tell_overlaps(r, r->seg[i].line, along);
        }
    }
}
