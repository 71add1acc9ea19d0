/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contour: each cell joins crossings of its four edges in pairs; a crossing belongs to two cells at
 * most, so crossings form open lines, which begin at the border, and rings.
 */
#include "domain/land/contour.h"

#include <stdlib.h>

enum { VALUES_MAX = 4000000 };
#define NONE UINT32_MAX

/* Edge 2k goes from value k to the right, 2k + 1 up. */
struct tracing {
    const double *v;
    uint32_t nx, ny;
    struct kt_xy origin;
    double step, level;
    uint32_t (*link)[2]; /* of each edge: the crossings beside it */
    struct kt_xy *line;
};

static bool high(const struct tracing *t, uint32_t k)
{
    return t->v[k] >= t->level;
}

static void join(struct tracing *t, uint32_t a, uint32_t b)
{
    t->link[a][t->link[a][0] == NONE ? 0 : 1] = b;
    t->link[b][t->link[b][0] == NONE ? 0 : 1] = a;
}

static void cell(struct tracing *t, uint32_t i, uint32_t j)
{
    uint32_t k = j * t->nx + i;
    const uint32_t corner[4] = {k, k + 1, k + 1 + t->nx, k + t->nx};
    const uint32_t edge[4] = {2 * k, 2 * (k + 1) + 1, 2 * (k + t->nx), 2 * k + 1};
    uint32_t cut[4], n = 0;
    for (uint32_t e = 0; e < 4; e++) {
        if (high(t, corner[e]) != high(t, corner[(e + 1) % 4])) {
            cut[n++] = edge[e];
        }
    }
    if (n == 2) {
        join(t, cut[0], cut[1]);
    } else if (n == 4) {
        double mean = (t->v[corner[0]] + t->v[corner[1]] + t->v[corner[2]] + t->v[corner[3]]) / 4;
        bool joined = (mean >= t->level) == high(t, corner[0]);
        join(t, cut[0], cut[joined ? 1 : 3]);
        join(t, cut[2], cut[joined ? 3 : 1]);
    }
}

static struct kt_xy crossing(const struct tracing *t, uint32_t edge)
{
    uint32_t a = edge / 2, b = edge % 2 ? a + t->nx : a + 1;
    double d = t->v[b] - t->v[a], f = d > 0 || d < 0 ? (t->level - t->v[a]) / d : 0;
    double x = a % t->nx + (edge % 2 ? 0 : f), y = a / t->nx + (edge % 2 ? f : 0);
    return (struct kt_xy){t->origin.x + t->step * x, t->origin.y + t->step * y};
}

static void drop(struct tracing *t, uint32_t from, uint32_t to)
{
    t->link[from][t->link[from][0] == to ? 0 : 1] = NONE;
}

/* From this crossing to the end or around, taking the links away. */
static void follow(struct tracing *t, uint32_t start, kt_contour_fn fn, void *arg)
{
    uint32_t at = start, n = 0;
    t->line[n++] = crossing(t, at);
    for (;;) {
        uint32_t next = t->link[at][0] != NONE ? t->link[at][0] : t->link[at][1];
        if (next == NONE) {
            break;
        }
        drop(t, at, next);
        drop(t, next, at);
        t->line[n++] = crossing(t, next);
        at = next;
    }
    fn(arg, t->line, n, at == start && n > 2);
}

static uint32_t links(const struct tracing *t, uint32_t e)
{
    return (uint32_t)(t->link[e][0] != NONE) + (t->link[e][1] != NONE);
}

int kt_contour(const double *value, uint32_t nx, uint32_t ny, struct kt_xy origin, double step,
               double level, kt_contour_fn fn, void *arg, struct kt_err *err)
{
    if (nx == 0 || ny == 0 || nx > VALUES_MAX / ny) {
        return kt_err_set(err, KT_ELIMIT, "a grid of %u times %u; at most %d values", nx, ny,
                          VALUES_MAX);
    }
    uint32_t edges = 2 * nx * ny;
    struct tracing t = {.v = value, .nx = nx, .ny = ny, .origin = origin, .step = step};
    t.level = level;
    t.link = malloc(edges * sizeof(*t.link));
    t.line = malloc((edges + 1) * sizeof(*t.line));
    KT_ASSERT(t.link && t.line);
    for (uint32_t e = 0; e < edges; e++) {
        t.link[e][0] = t.link[e][1] = NONE;
    }
    for (uint32_t j = 0; j + 1 < ny; j++) {
        for (uint32_t i = 0; i + 1 < nx; i++) {
            cell(&t, i, j);
        }
    }
    for (uint32_t ends = 1; ends <= 2; ends++) { /* open lines first, then rings */
        for (uint32_t e = 0; e < edges; e++) {
            if (links(&t, e) == ends) {
                follow(&t, e, fn, arg);
            }
        }
    }
    free(t.link);
    free(t.line);
    return KT_OK;
}
