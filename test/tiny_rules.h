/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_TEST_TINY_RULES_H
#define KT_TEST_TINY_RULES_H
/*
 * tiny_rules: conditions for the rules of a tiny site, and the index of what they read.
 */
#include "expr/expr.h"
#include "tiny_site.h"

static bool tiny_name_point(void *arg, struct kt_str id, kt_point_id *ret, const char **unit,
                            double *resolution)
{
    const struct tiny *t = arg;
    *ret = kt_site_point(&t->site, id);
    if (ret->v == KT_NONE) {
        return false;
    }
    *unit = t->points[ret->v].unit;
    *resolution = t->points[ret->v].resolution;
    return true;
}

static bool tiny_name_role(void *arg, struct kt_str pattern)
{
    (void)arg;
    (void)pattern;
    return true;
}

static bool tiny_name_unit(void *arg, struct kt_str unit, uint32_t *dimension, double *factor,
                           double *offset, const char **hint)
{
    (void)arg;
    *hint = NULL;
    if (unit.n != 0 && !kt_str_is(unit, "%CH4")) {
        return false;
    }
    *dimension = 1;
    *factor = 1;
    *offset = 0;
    return true;
}

__attribute__((unused)) static const struct kt_expr *tiny_expr(struct tiny *t, const char *text)
{
    const struct kt_expr_names names = {.arg = t,
                                        .point = tiny_name_point,
                                        .role = tiny_name_role,
                                        .unit = tiny_name_unit,
                                        .self_unit = "",
                                        .self_resolution = 0.01};
    struct kt_expr *e = NULL;
    struct kt_err err;
    if (kt_expr_compile(t->arena, kt_str_c(text), "test", 1, 1, &names, &e, &err) < 0) {
        kt_panic("tiny_expr", 0, err.text);
    }
    return e;
}

static bool tiny_reads(struct tiny *t, const struct kt_expr *e, uint32_t point)
{
    kt_point_id list[64];
    uint32_t n = e ? kt_expr_points(e, list, 64) : 0;
    for (uint32_t i = 0; i < n; i++) {
        if (list[i].v == point) {
            return true;
        }
    }
    (void)t;
    return e && kt_expr_uses_set(e); /* whatever the set: all points */
}

/* After tiny_done(). */
__attribute__((unused)) static void tiny_readers(struct tiny *t)
{
    const struct kt_site *s = &t->site;
    for (uint32_t p = 0; p < s->points_n; p++) {
        uint32_t n = 0, cap = 0;
        for (uint32_t r = 0; r < s->rules_n; r++) {
            cap += s->rules[r].points_n;
        }
        t->readers[p] = KT_NEW_ARRAY(t->arena, struct kt_rule_instance, cap + 1);
        for (uint32_t r = 0; r < s->rules_n; r++) {
            bool reads = tiny_reads(t, s->rules[r].raise, p) || tiny_reads(t, s->rules[r].clear, p);
            for (uint32_t i = 0; reads && i < s->rules[r].points_n; i++) {
                t->readers[p][n++] = (struct kt_rule_instance){{r}, {s->rules[r].points[i].v}};
            }
        }
        t->readers_n[p] = n;
    }
}
#endif
