/* SPDX-License-Identifier: Apache-2.0 */
#include "expr/expr.h"

#include <stdlib.h>

#include "expr/test_world.h"
#include "unit.h"

static struct kt_arena *arena;
static bool mixed;

static struct kt_expr *compile(const char *text)
{
    struct kt_expr_names names = world_names();
    struct kt_err err;
    struct kt_expr *e = NULL;
    char line[600];
    if (!arena) {
        arena = kt_arena_new(0);
    }
    if (mixed) {
        names.self_unit = NULL;
        names.self_resolution = 0;
    }
    if (kt_expr_compile(arena, kt_str_c(text), "t", 1, 1, &names, &e, &err) < 0) {
        printf("# %s: %s\n", text, kt_err_str(&err, line, sizeof(line)));
        unit_bad++;
        return NULL;
    }
    return e;
}

/* warn none, alarm 1.0, cut 1.5, restore 1.0, low_alarm 0.25 */
static bool limit_of(void *arg, int idx, double *ret)
{
    static const double v[7] = {0, 1.0, 1.5, 1.0, 0.25, 0, 0};
    if (v[idx] == 0) {
        return false;
    }
    *ret = v[idx] * (arg ? *(double *)arg : 1);
    return true;
}

static void never(const char *text, bool want)
{
    struct kt_expr *e = compile(text);
    if (e && kt_expr_never_true(e, limit_of, NULL) != want) {
        printf("# %s: never true should be %d\n", text, want);
        unit_bad++;
    }
}

static void never_true(void)
{
    static const char *const yes[] = {
        "false",
        "unknown",
        "not true",
        "self >= limit.warn",
        "self < limit.warn or self > limit.warn",
        "self >= limit.cut and self < limit.alarm",
        "self > 1.0 %CH4 and self < 1.01 %CH4",
        "self > 1.0 %CH4 and self <= 1.004 %CH4",
        "self == 1 %CH4 and self == 1.01 %CH4",
        "self >= 1 %CH4 and not (self >= 0.5 %CH4)",
        "self == 1 %CH4 and self != 1 %CH4",
        "self > self",
        "self < limit.alarm and (self > limit.cut or self >= limit.restore)",
        "(self < 1 %CH4 or self > 2 %CH4) and self >= 1 %CH4 and self <= 2 %CH4",
        "not known(self) and self > 0",
        "quality(self, \"broken\") and self > 0",
        "quality(self, \"over-range\") and self < 5 %CH4",
        "quality(self, \"stale\") and quality(self, \"broken\")",
        "known(self) and quality(self, \"stale\")",
        "flag(self, \"latched\") and not flag(self, \"latched\")",
        "limit.alarm > limit.cut",
        "1 > 2",
        "1 %CH4 > limit.alarm",
        "point(\"V1\") > 1 m/s and point(\"V1\") < 50 cm/s",
        "any(place(self), ch4.*, it > 2 %CH4 and it < 1 %CH4)",
        "not all(place(self), ch4.*, it > 1 %CH4 or it <= 1 %CH4 or true)",
        "max(self, 5min) > limit.cut and max(self, 5min) < limit.alarm",
        "count(self, 5min) > 3 and count(self, 5min) < 3",
    };
    static const char *const no[] = {
        "true",
        "self >= limit.alarm",
        "self >= limit.alarm and self <= limit.restore",
        "self >= limit.alarm and self < limit.cut",
        "self > 1.0 %CH4 and self < 1.02 %CH4",
        "self >= 1.004 %CH4 and self <= 1.0 %CH4",
        "self > 1 %CH4 or self >= limit.warn",
        "self != 1 %CH4",
        "self >= self",
        "not known(self) and quality(self, \"stale\")",
        "quality(self, \"over-range\") and self > 5 %CH4",
        "quality(self, \"calibration\") and self < 5 %CH4",
        "not quality(self, \"normal\") and self < 5 %CH4",
        "flag(self, \"latched\") and not flag(self, \"test-overdue\")",
        "flag(self, \"latched\") and not flag(point(\"T2\"), \"latched\")",
        "self > 2 %CH4 and point(\"T2\") < 1 %CH4",
        "self > point(\"T2\") and self < point(\"T2\")", /* beyond it */
        "all(place(self), ch4.*, it > 2 %CH4 and it < 1 %CH4)",
        "max(self, 5min) > limit.cut and max(self, 10min) < limit.alarm",
        "max(self, 5min) > limit.cut and min(self, 5min) < limit.alarm",
        "limit.alarm < limit.cut",
        "limit.alarm == limit.restore",
    };
    mixed = false;
    for (size_t i = 0; i < KT_ARRAY_LEN(yes); i++) {
        never(yes[i], true);
    }
    for (size_t i = 0; i < KT_ARRAY_LEN(no); i++) {
        never(no[i], false);
    }
}

/* Where the resolution is not known only what holds at every one is a proof. */
static void never_true_at_any_resolution(void)
{
    mixed = true;
    never("self >= limit.cut and self < limit.alarm", true);
    never("self > limit.alarm and self <= limit.restore", true);
    never("self > limit.alarm and self < limit.restore", true);
    never("self >= limit.cut and self <= limit.alarm", false);
    never("self > limit.alarm and self < limit.cut", false);
    never("self >= limit.warn", true);
    mixed = false;
}

static bool overlap_of(const char *a, const char *b, uint32_t self_a, uint32_t self_b, double scale)
{
    struct kt_expr *x = compile(a), *y = compile(b);
    return x && y &&
           kt_expr_can_overlap(x, y, (kt_point_id){self_a}, (kt_point_id){self_b}, limit_of, NULL,
                               limit_of, &scale);
}

static void can_overlap(void)
{
    static const struct {
        const char *a, *b;
        bool want;
    } cases[] = {
        {"self >= limit.cut", "self < limit.alarm", false},
        {"self >= limit.alarm", "self < limit.cut", true},
        {"self >= limit.alarm", "self <= limit.restore", true},
        {"self > limit.alarm", "self <= limit.restore", false},
        {"self > limit.alarm", "point(\"T1\") < limit.alarm", false},
        {"self > limit.alarm", "point(\"T2\") < limit.alarm", true},
        {"self > 1 %CH4", "self < 1.01 %CH4", false},
        {"self > 1 %CH4", "self < 1.02 %CH4", true},
        {"self > 1 %CH4", "quality(self, \"stale\")", false},
        {"self > 1 %CH4", "quality(self, \"over-range\")", true},
        {"self > 1 %CH4", "flag(self, \"latched\")", true},
        {"self > 1 %CH4", "not known(self)", false},
        {"true", "true", true},
        {"true", "self >= limit.warn", false},
        {"self > 1 %CH4 or flag(self, \"latched\")", "self < 1 %CH4", true},
        /* beyond it: no proof */
        {"self > point(\"T2\")", "self < point(\"T2\")", false},
        {"any(place(self), ch4.*, it > 1 %CH4)", "self < 1 %CH4", false},
        {"self > 5 %CH4", "max(self, 5min) < 1 %CH4", false},
        {"max(self, 5min) > 1 %CH4", "min(self, 5min) < 1 %CH4", false},
        {"max(self, 5min) > 1 %CH4", "max(self, 5min) < 2 %CH4", true},
    };
    for (size_t i = 0; i < KT_ARRAY_LEN(cases); i++) {
        if (overlap_of(cases[i].a, cases[i].b, 0, 0, 1) != cases[i].want ||
            overlap_of(cases[i].b, cases[i].a, 0, 0, 1) != cases[i].want) {
            printf("# %s | %s should be %d\n", cases[i].a, cases[i].b, cases[i].want);
            unit_bad++;
        }
    }
    /* another self, other limits */
    CHECK(overlap_of("self >= limit.cut", "self < limit.alarm", 0, 1, 1));
    CHECK(!overlap_of("self >= limit.cut", "self < limit.alarm", 0, 0, 1.5));
    CHECK(overlap_of("self >= limit.cut", "self < limit.alarm", 0, 0, 1.6));
    CHECK(!overlap_of("self >= limit.cut", "point(\"T2\") < 1 %CH4", 1, 0, 1));
    mixed = true;
    CHECK(overlap_of("self >= limit.alarm", "self <= limit.cut", 0, 0, 1));
    CHECK(!overlap_of("self > limit.alarm", "self < limit.cut", 0, 0, 1)); /* at 1 there is none */
    mixed = false;
}

static void thresholds(void)
{
    static const struct {
        const char *text;
        bool found, high;
        double value;
    } cases[] = {
        {"self >= limit.cut", true, true, 1.5},
        {"self > 1.2 %CH4", true, true, 1.2},
        {"limit.alarm <= self", true, true, 1.0},
        {"self >= limit.cut or quality(self, \"stale\")", true, true, 1.5},
        {"self >= limit.cut or self >= limit.alarm and flag(self, \"latched\")", true, true, 1.5},
        {"self >= limit.cut or self >= limit.alarm", true, true, 1.0},
        {"self >= limit.cut and self >= limit.alarm", true, true, 1.5},
        {"known(self) and self >= limit.cut", true, true, 1.5},
        {"self <= limit.low_alarm", true, false, 0.25},
        {"self < 0.1 %CH4 or self < limit.low_alarm", true, false, 0.25},
        {"not (self < limit.alarm)", true, true, 1.0},
        {"self >= limit.cut and flag(self, \"latched\")", false, false, 0},
        {"point(\"T2\") >= 1 %CH4", false, false, 0},
        {"avg(self, 5min) >= limit.alarm", false, false, 0},
        {"self >= limit.warn", false, false, 0},
        {"self == 1 %CH4", false, false, 0},
        {"self >= limit.alarm and self <= limit.cut", false, false, 0},
        {"true", false, false, 0},
        {"known(self)", false, false, 0},
    };
    for (size_t i = 0; i < KT_ARRAY_LEN(cases); i++) {
        double v = 0;
        bool high = false;
        struct kt_expr *e = compile(cases[i].text);
        REQUIRE(e);
        bool found = kt_expr_threshold(e, limit_of, NULL, &v, &high);
        if (found != cases[i].found || v != cases[i].value || high != cases[i].high) {
            printf("# %s: %d %g %d\n", cases[i].text, found, v, high);
            unit_bad++;
        }
    }
}

static void atom(uint64_t *s, char *t, size_t cap)
{
    static const char *const ops[] = {"<", "<=", ">", ">=", "==", "!="};
    static const char *const refs[] = {"self", "point(\"T2\")"};
    unsigned step = (unsigned)(unit_rand(s) % 5), thousandth = (unsigned)(unit_rand(s) % 2) * 4;
    const char *ref = refs[unit_rand(s) % 2];
    switch (unit_rand(s) % 8) {
    case 0:
        snprintf(t, cap, "quality(%s, \"%s\")", ref, unit_rand(s) % 2 ? "stale" : "over-range");
        break;
    case 1:
        snprintf(t, cap, "known(%s)", ref);
        break;
    case 2:
        snprintf(t, cap, "flag(%s, \"latched\")", ref);
        break;
    default:
        snprintf(t, cap, "%s %s 0.0%u%u %%CH4", ref, ops[unit_rand(s) % 6], step, thousandth);
    }
}

static void formula(uint64_t *s, char *t, size_t cap, int atoms)
{
    size_t n = 0;
    int open = 0;
    for (int i = 0; i < atoms; i++) {
        char a[80];
        atom(s, a, sizeof(a));
        bool group = i + 1 < atoms && unit_rand(s) % 3 == 0;
        n += (size_t)snprintf(t + n, cap - n, "%s%s%s%s",
                              i ? (unit_rand(s) % 3 ? " and " : " or ") : "",
                              unit_rand(s) % 4 == 0 ? "not " : "", group ? "(" : "", a);
        open += group;
    }
    while (open-- > 0 && n < cap) {
        n += (size_t)snprintf(t + n, cap - n, ")");
    }
}

/* Every situation of two points: the values near the bounds, each quality, the flag. */
static bool some_situation(const struct kt_expr *a, const struct kt_expr *b)
{
    static const struct {
        kt_quality q;
        double value;
        bool high;
    } states[] = {{KT_Q_NORMAL, -0.01}, {KT_Q_NORMAL, 0},    {KT_Q_NORMAL, 0.01},
                  {KT_Q_NORMAL, 0.02},  {KT_Q_NORMAL, 0.03}, {KT_Q_NORMAL, 0.04},
                  {KT_Q_NORMAL, 0.05},  {KT_Q_STALE, 0},     {KT_Q_OVER_RANGE, 0, true},
                  {KT_Q_OVER_RANGE, 0}, {KT_Q_BROKEN, 0}};
    enum { N = KT_ARRAY_LEN(states) };
    struct world w = world_new();
    struct kt_expr_live live = world_live(&w);
    for (size_t i = 0; i < N * N * 4; i++) {
        for (size_t p = 0; p < 2; p++) {
            size_t k = p ? i / N % N : i % N;
            w.sample[p] =
                (struct kt_expr_sample){states[k].value, kt_q_known(states[k].q), states[k].high};
            w.quality[p] = states[k].q;
            w.flags[p] = (uint32_t)(i / (N * N) >> p & 1) << KT_FLAG_LATCHED;
        }
        if (kt_expr_eval(a, &live, (kt_point_id){0}, 0, NULL) == KT_TRUE &&
            (!b || kt_expr_eval(b, &live, (kt_point_id){0}, 0, NULL) == KT_TRUE)) {
            return true;
        }
    }
    return false;
}

/* A proof agrees with trying everything; and on this small world most answers are proofs. */
static void proofs_agree_with_trying(void)
{
    uint64_t seed = 31337, s = seed;
    printf("# seed %llu\n", (unsigned long long)seed);
    int nevers = 0, proved = 0, overlaps = 0, shown = 0;
    for (int i = 0; i < 3000; i++) {
        char x[800], y[800];
        formula(&s, x, sizeof(x), 1 + (int)(unit_rand(&s) % 6));
        formula(&s, y, sizeof(y), 1 + (int)(unit_rand(&s) % 3));
        struct kt_expr *a = compile(x), *b = compile(y);
        REQUIRE(a && b);
        bool can = some_situation(a, NULL), both = some_situation(a, b);
        bool never_a = kt_expr_never_true(a, limit_of, NULL);
        bool overlap = kt_expr_can_overlap(a, b, (kt_point_id){0}, (kt_point_id){0}, limit_of, NULL,
                                           limit_of, NULL);
        if ((never_a && can) || (overlap && !both)) {
            printf("# %s | %s: never %d can %d overlap %d both %d\n", x, y, never_a, can, overlap,
                   both);
            unit_bad++;
        }
        nevers += !can;
        proved += never_a;
        overlaps += both;
        shown += overlap;
    }
    printf("# never true: %d, proved %d; overlapping: %d, proved %d\n", nevers, proved, overlaps,
           shown);
    CHECK(nevers > 50 && proved * 10 >= nevers * 9);
    CHECK(overlaps > 50 && shown * 10 >= overlaps * 9);
}

UNIT_MAIN({"never true", never_true},
          {"never true at any resolution", never_true_at_any_resolution},
          {"can overlap", can_overlap}, {"thresholds", thresholds},
          {"proofs agree with trying", proofs_agree_with_trying})
