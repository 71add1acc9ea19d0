/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_EXPR_TEST_WORLD_H
#define KT_EXPR_TEST_WORLD_H
/* test_world: the points, units and present that the tests of expr share. Points by index:
 * 0 T1 %CH4 0.01, 1 T2 %CH4 0.01, 2 V1 m/s 0.1, 3 V2 cm/s 1, 4 K1 degC 0.1, 5 K2 K 0.1,
 * 6 S1 switch, 7 C1 counter exact, 8 P1 kPa 0.001. */
#include "base/sample.h"
#include "expr/expr.h"

enum { WORLD_POINTS = 9, WORLD_SELF = 0 };

struct world {
    struct kt_expr_sample sample[WORLD_POINTS];
    double resolution[WORLD_POINTS];
    kt_quality quality[WORLD_POINTS];
    uint32_t flags[WORLD_POINTS];
    double limit[7];
    bool has_limit[7];
    kt_point_id members[WORLD_POINTS]; /* of every set */
    uint32_t members_n;
    int each_calls;
};

static const struct world_point {
    const char *id, *unit;
    double resolution;
} world_points[WORLD_POINTS] = {{"T1", "%CH4", 0.01}, {"T2", "%CH4", 0.01}, {"V1", "m/s", 0.1},
                                {"V2", "cm/s", 1},    {"K1", "degC", 0.1},  {"K2", "K", 0.1},
                                {"S1", "", 0},        {"C1", "", 0},        {"P1", "kPa", 0.001}};

static const struct world_unit {
    const char *name;
    uint32_t dimension;
    double factor, offset;
} world_units[] = {{"%CH4", 1, 1, 0},    {"%", 2, 0.01, 0}, {"m/s", 3, 1, 0},
                   {"cm/s", 3, 0.01, 0}, {"K", 4, 1, 0},    {"degC", 4, 1, 273.15},
                   {"s", 5, 1, 0},       {"min", 5, 60, 0}, {"kPa", 6, 1e3, 0},
                   {"Pa", 6, 1, 0},      {"m", 7, 1, 0},    {"ppm", 8, 1, 0}};

static inline bool world_point(void *arg, struct kt_str id, kt_point_id *ret, const char **unit,
                               double *resolution)
{
    (void)arg;
    for (uint32_t i = 0; i < WORLD_POINTS; i++) {
        if (kt_str_is(id, world_points[i].id)) {
            ret->v = i;
            *unit = world_points[i].unit;
            *resolution = world_points[i].resolution;
            return true;
        }
    }
    return false;
}

static inline bool world_role(void *arg, struct kt_str pattern)
{
    (void)arg;
    return kt_str_is(pattern, "ch4.*") || kt_str_is(pattern, "ch4.face") || kt_str_is(pattern, "*");
}

static inline bool world_unit(void *arg, struct kt_str unit, uint32_t *dimension, double *factor,
                              double *offset, const char **hint)
{
    (void)arg;
    for (size_t i = 0; i < KT_ARRAY_LEN(world_units); i++) {
        if (kt_str_is(unit, world_units[i].name)) {
            *dimension = world_units[i].dimension;
            *factor = world_units[i].factor;
            *offset = world_units[i].offset;
            return true;
        }
    }
    *hint = kt_str_is(unit, "%CH5") ? "%CH4" : NULL;
    return false;
}

static inline bool world_role_unit(void *arg, struct kt_str pattern, const char **ret)
{
    (void)arg;
    *ret = kt_str_is(pattern, "*") ? NULL : "%CH4";
    return true;
}

static inline struct kt_expr_names world_names(void)
{
    return (struct kt_expr_names){NULL,   world_point, world_role,     world_unit,
                                  "%CH4", 0.01,        world_role_unit};
}

static inline struct kt_expr_sample world_value(void *arg, kt_point_id p)
{
    return ((struct world *)arg)->sample[p.v];
}

static inline bool world_limit(void *arg, kt_point_id p, int idx, double *ret)
{
    const struct world *w = arg;
    (void)p;
    if (w->has_limit[idx]) {
        *ret = w->limit[idx];
    }
    return w->has_limit[idx];
}

static inline bool world_quality(void *arg, kt_point_id p, struct kt_str id)
{
    return kt_str_is(id, kt_quality_id(((struct world *)arg)->quality[p.v]));
}

static inline bool world_flag(void *arg, kt_point_id p, enum kt_flag flag)
{
    return ((struct world *)arg)->flags[p.v] >> flag & 1;
}

static inline double world_resolution(void *arg, kt_point_id p)
{
    return ((struct world *)arg)->resolution[p.v];
}

static inline void world_each(void *arg, enum kt_set set, kt_point_id self, struct kt_str role,
                              bool (*fn)(void *, kt_point_id), void *fn_arg)
{
    struct world *w = arg;
    (void)set;
    (void)self;
    (void)role;
    for (uint32_t i = 0; i < w->members_n; i++) {
        w->each_calls++;
        if (!fn(fn_arg, w->members[i])) {
            return;
        }
    }
}

static inline struct kt_expr_live world_live(struct world *w)
{
    return (struct kt_expr_live){w,          world_value,      world_limit, world_quality,
                                 world_flag, world_resolution, world_each};
}

/* alarm 1.0, cut 1.5, restore 1.0, low_alarm 0.25; every point known at 0; sets hold T1 and T2. */
static inline struct world world_new(void)
{
    struct world w = {.limit = {0.8, 1.0, 1.5, 1.0, 0.25, 0.2, 0.3},
                      .has_limit = {false, true, true, true, true, false, false},
                      .members = {{0}, {1}},
                      .members_n = 2};
    for (uint32_t i = 0; i < WORLD_POINTS; i++) {
        w.sample[i].known = true;
        w.resolution[i] = world_points[i].resolution;
    }
    return w;
}
#endif
