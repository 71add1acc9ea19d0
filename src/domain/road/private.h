/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_ROAD_PRIVATE_H
#define KT_ROAD_PRIVATE_H
/* What the files of this folder share: the lines cut into segments, and a grid to find them by. */
#include "base/id.h"
#include "domain/road/road.h"

#define ROAD_SAME_M 1e-6 /* drawn at one place */

struct seg {
    uint32_t line, at; /* from vertex `at` to the next */
};
struct grid {
    double x, y, cell;
    uint32_t nx, ny;
    uint32_t *first; /* by cell: into `list`; nx * ny + 1 */
    uint32_t *list;  /* segments */
};
/* Where a branch ends: at a vertex, or within a segment. */
struct stop {
    uint32_t line, item; /* item: a place that several stops may share */
    double pos;          /* vertex + part of the segment after it */
    double x, y, z;
};
struct roads {
    const struct kt_road_line *line;
    uint32_t n;
    double snap, height;
    struct kt_arena *arena;
    struct seg *seg;
    uint32_t segs_n;
    struct grid grid;
    uint32_t *items; /* union-find: items 2i and 2i + 1 are the ends of line i */
    uint32_t items_n, items_cap;
    struct stop *stop;
    uint32_t stops_n, stops_cap;
    struct kt_road_finding *found;
    uint32_t found_n, found_cap;
};

static inline const double *road_vertex(const struct roads *r, uint32_t line, uint32_t i)
{
    return r->line[line].xyz + (size_t)i * 3;
}
static inline uint32_t road_end_vertex(const struct roads *r, uint32_t end)
{
    return end & 1 ? r->line[end / 2].vertices_n - 1 : 0;
}
uint32_t road_new_item(struct roads *r);
uint32_t road_item(struct roads *r, uint32_t item); /**< the root */
void road_join(struct roads *r, uint32_t a, uint32_t b);
void road_find(struct roads *r, const struct kt_road_finding *f);
bool road_level(const struct roads *r, double za, double zb); /**< one height, or not known */

/* grid.c */
void road_grid(struct roads *r);
/** Segments that may come within `reach` of a box, each once; arg first. */
void road_near(const struct roads *r, const double *lo, const double *hi, double reach,
               void (*fn)(void *arg, uint32_t seg), void *arg);

/* meet.c: findings and stops */
void road_meet(struct roads *r);
/* build.c: nodes and branches */
void road_build(struct roads *r, struct kt_road_net *ret);
#endif
