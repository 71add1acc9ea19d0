/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/road/road.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "domain/road/private.h"

uint32_t road_new_item(struct roads *r)
{
    if (r->items_n == r->items_cap) {
        r->items_cap = r->items_cap ? 2 * r->items_cap : 64;
        r->items = realloc(r->items, r->items_cap * sizeof(*r->items));
        KT_ASSERT(r->items);
    }
    r->items[r->items_n] = r->items_n;
    return r->items_n++;
}

uint32_t road_item(struct roads *r, uint32_t item)
{
    while (r->items[item] != item) {
        r->items[item] = r->items[r->items[item]];
        item = r->items[item];
    }
    return item;
}

void road_join(struct roads *r, uint32_t a, uint32_t b)
{
    uint32_t x = road_item(r, a), y = road_item(r, b);
    r->items[x > y ? x : y] = x > y ? y : x;
}

void road_find(struct roads *r, const struct kt_road_finding *f)
{
    if (r->found_n == r->found_cap) {
        r->found_cap = r->found_cap ? 2 * r->found_cap : 64;
        r->found = realloc(r->found, r->found_cap * sizeof(*r->found));
        KT_ASSERT(r->found);
    }
    r->found[r->found_n++] = *f;
}

bool road_level(const struct roads *r, double za, double zb)
{
    return isnan(za) || isnan(zb) || fabs(za - zb) <= r->height;
}

double kt_road_length_m(const double *xyz, uint32_t vertices_n)
{
    double sum = 0;
    for (uint32_t i = 0; i + 1 < vertices_n; i++) {
        const double *a = xyz + (size_t)i * 3, *b = a + 3;
        double dz = isnan(a[2]) || isnan(b[2]) ? 0 : b[2] - a[2];
        sum += sqrt((b[0] - a[0]) * (b[0] - a[0]) + (b[1] - a[1]) * (b[1] - a[1]) + dz * dz);
    }
    return sum;
}

const char *kt_road_kind_id(enum kt_road_kind kind)
{
    static const char *const ids[] = {"gap",     "beside", "overlap", "crossing",
                                      "unnamed", "names",  "short"};
    return ids[kind];
}

static int check_line(const struct kt_road_line *l, uint32_t i, struct kt_err *err)
{
    bool sound = l->vertices_n >= 2;
    for (size_t k = 0; sound && k < (size_t)l->vertices_n * 3; k++) {
        bool height = k % 3 == 2;
        sound = isfinite(l->xyz[k]) ? fabs(l->xyz[k]) < 1e8 : height && isnan(l->xyz[k]);
    }
    return sound ? KT_OK
                 : kt_err_set(err, KT_EINVAL,
                              "roadway %s (number %u): it wants two vertices or more, each with x "
                              "and y in metres",
                              l->id, i + 1);
}

static int check(const struct kt_road_line *lines, uint32_t n, double snap_m, double height_m,
                 struct kt_err *err)
{
    uint64_t vertices = 0;
    if (!(snap_m > 0 && snap_m <= 100) || !(height_m > 0)) {
        return kt_err_set(err, KT_EINVAL, "a distance to snap within is above 0 and at most 100 m");
    }
    for (uint32_t i = 0; i < n; i++) {
        int r = check_line(&lines[i], i, err);
        vertices += lines[i].vertices_n;
        if (r < 0) {
            return r;
        }
    }
    if (n == 0 || n > KT_ROAD_LINES_MAX || vertices > KT_ROAD_VERTICES_MAX) {
        return kt_err_set(err, n ? KT_ELIMIT : KT_EINVAL,
                          "1 to %d roadways with at most %d vertices, not %u with %llu",
                          KT_ROAD_LINES_MAX, KT_ROAD_VERTICES_MAX, n, (unsigned long long)vertices);
    }
    return KT_OK;
}

static void cut(struct roads *r)
{
    uint32_t vertices = 0;
    for (uint32_t i = 0; i < r->n; i++) {
        vertices += r->line[i].vertices_n;
    }
    r->seg = KT_NEW_ARRAY(r->arena, struct seg, vertices);
    for (uint32_t i = 0; i < 2 * r->n; i++) {
        (void)road_new_item(r);
    }
    for (uint32_t i = 0; i < r->n; i++) {
        for (uint32_t k = 0; k + 1 < r->line[i].vertices_n; k++) {
            r->seg[r->segs_n++] = (struct seg){i, k};
        }
    }
}

static void short_ones(struct roads *r)
{
    for (uint32_t i = 0; i < r->n; i++) {
        const double *a = road_vertex(r, i, 0);
        double l = kt_road_length_m(r->line[i].xyz, r->line[i].vertices_n);
        if (l < r->snap) {
            struct kt_road_finding f = {KT_ROAD_SHORT, i, KT_NONE, a[0], a[1],
                                        a[2],          l, a[0],    a[1], a[2]};
            road_find(r, &f);
        }
    }
}

int kt_road_net(const struct kt_road_line *lines, uint32_t n, double snap_m, double height_m,
                struct kt_arena *arena, struct kt_road_net *ret, struct kt_err *err)
{
    int c = check(lines, n, snap_m, height_m, err);
    if (c < 0) {
        return c;
    }
    struct roads r = {.line = lines, .n = n, .snap = snap_m, .height = height_m, .arena = arena};
    struct kt_road_net net = {0};
    cut(&r);
    road_grid(&r);
    short_ones(&r);
    road_meet(&r);
    road_build(&r, &net);
    net.findings_n = r.found_n;
    net.finding = KT_NEW_ARRAY(arena, struct kt_road_finding, r.found_n + 1);
    if (r.found_n) {
        memcpy(net.finding, r.found, r.found_n * sizeof(*r.found));
    }
    free(r.found);
    free(r.stop);
    free(r.items);
    *ret = net;
    return KT_OK;
}
