/* SPDX-License-Identifier: Apache-2.0 */
/* grid: which segments lie near a place. */
#include <math.h>
#include <string.h>

#include "domain/road/private.h"

enum { SIDE_MAX = 512 };

static uint32_t cell_of(double v, double from, double cell, uint32_t n)
{
    double c = floor((v - from) / cell);
    return c <= 0 ? 0 : c >= n ? n - 1 : (uint32_t)c;
}

struct span {
    uint32_t x0, x1, y0, y1;
};

static struct span span_of(const struct grid *g, const double *lo, const double *hi, double reach)
{
    return (struct span){
        cell_of(lo[0] - reach, g->x, g->cell, g->nx), cell_of(hi[0] + reach, g->x, g->cell, g->nx),
        cell_of(lo[1] - reach, g->y, g->cell, g->ny), cell_of(hi[1] + reach, g->y, g->cell, g->ny)};
}

static void box_of(const struct roads *r, const struct seg *s, double *lo, double *hi)
{
    const double *a = road_vertex(r, s->line, s->at), *b = road_vertex(r, s->line, s->at + 1);
    for (int k = 0; k < 2; k++) {
        lo[k] = fmin(a[k], b[k]);
        hi[k] = fmax(a[k], b[k]);
    }
}

static void extent(struct roads *r)
{
    struct grid *g = &r->grid;
    double lo[2] = {INFINITY, INFINITY}, hi[2] = {-INFINITY, -INFINITY};
    for (uint32_t i = 0; i < r->segs_n; i++) {
        double a[2], b[2];
        box_of(r, &r->seg[i], a, b);
        for (int k = 0; k < 2; k++) {
            lo[k] = fmin(lo[k], a[k]);
            hi[k] = fmax(hi[k], b[k]);
        }
    }
    double side = fmax(hi[0] - lo[0], hi[1] - lo[1]);
    g->x = lo[0];
    g->y = lo[1];
    g->cell = fmax(fmax(side / SIDE_MAX, 4 * r->snap), 1);
    g->nx = cell_of(hi[0], lo[0], g->cell, SIDE_MAX + 1) + 1;
    g->ny = cell_of(hi[1], lo[1], g->cell, SIDE_MAX + 1) + 1;
}

/* Counted first, then filled. */
static void fill(struct roads *r, bool count)
{
    struct grid *g = &r->grid;
    for (uint32_t i = 0; i < r->segs_n; i++) {
        double lo[2], hi[2];
        box_of(r, &r->seg[i], lo, hi);
        struct span s = span_of(g, lo, hi, 0);
        for (uint32_t y = s.y0; y <= s.y1; y++) {
            for (uint32_t x = s.x0; x <= s.x1; x++) {
                uint32_t c = y * g->nx + x;
                if (count) {
                    g->first[c + 2]++;
                } else {
                    g->list[g->first[c + 1]++] = i;
                }
            }
        }
    }
}

void road_grid(struct roads *r)
{
    struct grid *g = &r->grid;
    extent(r);
    size_t cells = (size_t)g->nx * g->ny;
    g->first = KT_NEW_ARRAY(r->arena, uint32_t, cells + 3);
    fill(r, true);
    for (size_t c = 2; c < cells + 2; c++) {
        g->first[c] += g->first[c - 1];
    }
    g->list = KT_NEW_ARRAY(r->arena, uint32_t, g->first[cells + 1] + 1);
    fill(r, false);
}

/** A segment is told in the first of the asked cells that it lies in. */
static bool first_time(const struct roads *r, uint32_t seg, const struct span *asked, uint32_t x,
                       uint32_t y)
{
    double lo[2], hi[2];
    box_of(r, &r->seg[seg], lo, hi);
    struct span s = span_of(&r->grid, lo, hi, 0);
    return x == (s.x0 > asked->x0 ? s.x0 : asked->x0) && y == (s.y0 > asked->y0 ? s.y0 : asked->y0);
}

void road_near(const struct roads *r, const double *lo, const double *hi, double reach,
               void (*fn)(void *arg, uint32_t seg), void *arg)
{
    const struct grid *g = &r->grid;
    struct span s = span_of(g, lo, hi, reach);
    for (uint32_t y = s.y0; y <= s.y1; y++) {
        for (uint32_t x = s.x0; x <= s.x1; x++) {
            size_t c = (size_t)y * g->nx + x;
            for (uint32_t i = g->first[c]; i < g->first[c + 1]; i++) {
                if (first_time(r, g->list[i], &s, x, y)) {
                    fn(arg, g->list[i]);
                }
            }
        }
    }
}
