/* SPDX-License-Identifier: Apache-2.0 */
#include "expr/expr.h"

#include <stdlib.h>
#include <time.h>

#include "expr/test_world.h"
#include "unit.h"

static struct kt_arena *arena;
static struct kt_err err;

static struct kt_expr *compile_for(const char *text, const struct kt_expr_names *names)
{
    struct kt_expr *e = NULL;
    if (!arena) {
        arena = kt_arena_new(0);
    }
    int r = kt_expr_compile(arena, kt_str_c(text), "r.yaml", 12, 7, names, &e, &err);
    return r == KT_OK ? e : NULL;
}

static struct kt_expr *compile(const char *text)
{
    struct kt_expr_names names = world_names();
    return compile_for(text, &names);
}

static enum kt_tri eval(const char *text, struct world *w)
{
    struct kt_expr *e = compile(text);
    if (!e) {
        char line[600];
        printf("# %s: %s\n", text, kt_err_str(&err, line, sizeof(line)));
        unit_bad++;
        return KT_UNKNOWN;
    }
    void *windows = calloc(kt_expr_windows(e) + 1, kt_window_size());
    for (uint32_t i = 0; i < kt_expr_windows(e); i++) {
        kt_window_init((void *)((char *)windows + i * kt_window_size()), kt_expr_window_span(e, i));
    }
    struct kt_expr_live live = world_live(w);
    enum kt_tri t = kt_expr_eval(e, &live, (kt_point_id){WORLD_SELF}, KT_SEC, windows);
    free(windows);
    return t;
}

static const char *name_of(enum kt_tri t)
{
    return t == KT_TRUE ? "true" : t == KT_FALSE ? "false" : "unknown";
}

static void expect(const char *text, struct world *w, enum kt_tri want)
{
    enum kt_tri got = eval(text, w);
    if (got != want) {
        printf("# %s is %s, not %s\n", text, name_of(got), name_of(want));
        unit_bad++;
    }
}

static void kleene_tables(void)
{
    static const char *const v[] = {"false", "true", "unknown"};
    static const enum kt_tri and_[3][3] = {{KT_FALSE, KT_FALSE, KT_FALSE},
                                           {KT_FALSE, KT_TRUE, KT_UNKNOWN},
                                           {KT_FALSE, KT_UNKNOWN, KT_UNKNOWN}};
    static const enum kt_tri or_[3][3] = {{KT_FALSE, KT_TRUE, KT_UNKNOWN},
                                          {KT_TRUE, KT_TRUE, KT_TRUE},
                                          {KT_UNKNOWN, KT_TRUE, KT_UNKNOWN}};
    static const enum kt_tri not_[3] = {KT_TRUE, KT_FALSE, KT_UNKNOWN};
    struct world w = world_new();
    for (int i = 0; i < 3; i++) {
        char t[64];
        snprintf(t, sizeof(t), "not %s", v[i]);
        expect(t, &w, not_[i]);
        for (int k = 0; k < 3; k++) {
            snprintf(t, sizeof(t), "%s and %s", v[i], v[k]);
            expect(t, &w, and_[i][k]);
            snprintf(t, sizeof(t), "%s or %s", v[i], v[k]);
            expect(t, &w, or_[i][k]);
        }
    }
    expect("false and true or true", &w, KT_TRUE);
    expect("false and (true or true)", &w, KT_FALSE);
    expect("not false and false", &w, KT_FALSE);
    expect("not (false and false)", &w, KT_TRUE);
    expect("not not unknown", &w, KT_UNKNOWN);
}

static void comparisons(void)
{
    struct world w = world_new();
    static const struct {
        const char *op;
        enum kt_tri below, equal, above;
    } ops[] = {{"<", KT_TRUE, KT_FALSE, KT_FALSE},  {"<=", KT_TRUE, KT_TRUE, KT_FALSE},
               {">", KT_FALSE, KT_FALSE, KT_TRUE},  {">=", KT_FALSE, KT_TRUE, KT_TRUE},
               {"==", KT_FALSE, KT_TRUE, KT_FALSE}, {"!=", KT_TRUE, KT_FALSE, KT_TRUE}};
    static const char *const shapes[] = {"self %s 1.00 %%CH4",      "self %s limit.alarm",
                                         "self + 0 %s limit.alarm", "(self) %s 2.0 %%CH4 - 1 %%CH4",
                                         "self - limit.alarm %s 0", "self * 2 %s limit.alarm * 2"};
    for (size_t i = 0; i < KT_ARRAY_LEN(ops); i++) {
        for (size_t k = 0; k < KT_ARRAY_LEN(shapes); k++) {
            char t[80];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            snprintf(t, sizeof(t), shapes[k], ops[i].op);
#pragma GCC diagnostic pop
            w.sample[0] = (struct kt_expr_sample){0.99, true, false};
            expect(t, &w, ops[i].below);
            w.sample[0].value = 1.0;
            expect(t, &w, ops[i].equal);
            w.sample[0].value = 1.01;
            expect(t, &w, ops[i].above);
            w.sample[0].known = false;
            expect(t, &w, KT_UNKNOWN);
        }
    }
}

/* The same measured number as an integer count, as a float32 and as text. */
static void at_the_limit_counts_as_reached(void)
{
    for (int steps = 0; steps <= 400; steps++) {
        char text[16];
        snprintf(text, sizeof(text), "%d.%02d", steps / 100, steps % 100);
        double limit = strtod(text, NULL);
        double values[] = {steps * 0.01, steps / 100.0, (double)(float)limit, limit,
                           (double)((float)steps * 0.01f)};
        for (size_t i = 0; i < KT_ARRAY_LEN(values); i++) {
            CHECK_INT(kt_compare_at(values[i], limit, 0.01), 0);
            CHECK_INT(kt_compare_at(-values[i], -limit, 0.01), 0);
            CHECK_INT(kt_compare_at(values[i] + 0.01, limit, 0.01), 1);
            CHECK_INT(kt_compare_at(values[i] - 0.01, limit, 0.01), -1);
        }
    }
    struct world w = world_new();
    w.sample[0].value = 0.699999988;
    expect("self >= 0.70 %CH4", &w, KT_TRUE);
    expect("self < 0.70 %CH4", &w, KT_FALSE);
    expect("self == 0.70 %CH4", &w, KT_TRUE);
}

static void compare_at_a_resolution(void)
{
    static const struct {
        double a, b, res;
        int want;
    } cases[] = {
        {0.695, 0.70, 0.01, 0},
        {0.694, 0.70, 0.01, -1},
        {0.7049, 0.70, 0.01, 0},
        {0.705, 0.70, 0.01, 1},
        {-0.695, -0.70, 0.01, 0},
        {-0.694, -0.70, 0.01, 1},
        {0.45f, 0.45, 0.1, 0},
        {0.35f, 0.35, 0.1, 0},
        {0.15f, 0.15, 0.1, 0},
        {1, 1, 0, 0},
        {0.7f, 0.7, 0, -1},
        {1e300, 1e300, 0.01, 0},
        {1e300, 2e300, 0.01, -1},
        {5e6 + 0.3, 5e6 + 0.3, 0.1, 0},
        {5e6 + 0.3, 5e6 + 0.4, 0.1, -1},
        {9e14 + 1, 9e14, 1, 1},
        {24, 25, 10, -1},
        {25, 30, 10, 0},
        {0, -0.0, 0.01, 0},
        {0.004, 0, 0.01, 0},
        {-0.004, 0, 0.01, 0},
        {0.005, 0, 0.01, 1},
        {-0.005, 0, 0.01, -1},
    };
    for (size_t i = 0; i < KT_ARRAY_LEN(cases); i++) {
        int got = kt_compare_at(cases[i].a, cases[i].b, cases[i].res);
        if (got != cases[i].want) {
            printf("# case %zu: %d\n", i, got);
        }
        CHECK_INT(got, cases[i].want);
        CHECK_INT(kt_compare_at(cases[i].b, cases[i].a, cases[i].res), -cases[i].want);
    }
}

/* Rounding never reverses an order, and comparing is transitive. */
static void compare_at_is_an_order(void)
{
    uint64_t seed = 11, s = seed;
    printf("# seed %llu\n", (unsigned long long)seed);
    static const double res[] = {0.001, 0.01, 0.1, 1, 5, 0.25, 0.3};
    for (int i = 0; i < 200000; i++) {
        double r = res[unit_rand(&s) % KT_ARRAY_LEN(res)], v[3];
        double scale = (double)(1 << (unit_rand(&s) % 24)) * r;
        for (int k = 0; k < 3; k++) {
            v[k] = ((double)(unit_rand(&s) % 4001) - 2000) / 1000.0 * scale;
            v[k] = unit_rand(&s) % 3 ? v[k] : (double)(float)v[k];
            v[k] = k && unit_rand(&s) % 2 ? v[0] + ((double)(unit_rand(&s) % 401) - 200) / 100.0 * r
                                          : v[k];
        }
        int ab = kt_compare_at(v[0], v[1], r), bc = kt_compare_at(v[1], v[2], r);
        int ac = kt_compare_at(v[0], v[2], r);
        CHECK((v[0] <= v[1]) ? ab <= 0 : ab >= 0);
        CHECK(!(ab <= 0 && bc <= 0) || ac <= 0);
        CHECK(!(ab == 0 && bc == 0) || ac == 0);
    }
}

static void over_range_is_above_everything(void)
{
    struct world w = world_new();
    w.sample[0] = (struct kt_expr_sample){__builtin_nan(""), false, true};
    expect("self >= limit.cut", &w, KT_TRUE);
    expect("self > 99 %CH4", &w, KT_TRUE);
    expect("self < limit.restore", &w, KT_FALSE);
    expect("self <= limit.low_alarm", &w, KT_FALSE);
    expect("not (self >= limit.cut)", &w, KT_FALSE);
    expect("known(self)", &w, KT_TRUE);
    expect("self + 0 >= limit.cut", &w, KT_TRUE);
    expect("limit.cut <= self + 0", &w, KT_TRUE);
    expect("self != 1 %CH4", &w, KT_TRUE);
    expect("self == 1 %CH4", &w, KT_FALSE);
    expect("self - point(\"T2\") > 1 %CH4", &w, KT_TRUE);
    expect("self * 2 > 1 %CH4", &w, KT_TRUE);
    expect("-self > 1 %CH4", &w, KT_FALSE);
    expect("1 / self < 1 / 1 %CH4", &w, KT_UNKNOWN);
    expect("any(place(self), ch4.*, it >= limit.cut)", &w, KT_TRUE);
    w.sample[1].high = true;
    expect("self - point(\"T2\") > 1 %CH4", &w, KT_UNKNOWN);
    expect("self > point(\"T2\") + 0", &w, KT_UNKNOWN);
    expect("self >= limit.warn", &w, KT_UNKNOWN); /* no such limit */
}

static void unknown_values(void)
{
    struct world w = world_new();
    w.sample[0].known = false;
    w.quality[0] = KT_Q_STALE;
    expect("self >= limit.cut", &w, KT_UNKNOWN);
    expect("self >= limit.cut or quality(self, \"stale\")", &w, KT_TRUE);
    expect("self >= limit.cut and quality(self, \"normal\")", &w, KT_FALSE);
    expect("known(self)", &w, KT_FALSE);
    expect("not known(self)", &w, KT_TRUE);
    expect("self - self == 0", &w, KT_UNKNOWN);
    expect("self * 0 == 0", &w, KT_UNKNOWN);
    expect("point(\"T2\") >= 0 and self > 1 %CH4", &w, KT_UNKNOWN);
    expect("point(\"T2\") > 0 and self > 1 %CH4", &w, KT_FALSE);
    w.sample[0] = (struct kt_expr_sample){1, true, false};
    expect("self >= limit.warn", &w, KT_UNKNOWN);
    expect("self / point(\"T2\") > 1", &w, KT_UNKNOWN); /* division by 0 */
    w.sample[0].value = __builtin_nan("");
    expect("self >= limit.cut", &w, KT_UNKNOWN);
    expect("self + 0 >= limit.cut", &w, KT_UNKNOWN);
    w.has_limit[2] = false;
    w.sample[0].value = 99;
    expect("self >= limit.cut", &w, KT_UNKNOWN);
}

static void facts(void)
{
    struct world w = world_new();
    w.flags[6] = 1u << KT_FLAG_FEED_ANOMALY;
    w.quality[6] = KT_Q_COMM_FAULT;
    expect("flag(point(\"S1\"), \"feed-anomaly\")", &w, KT_TRUE);
    expect("flag(self, \"feed-anomaly\")", &w, KT_FALSE);
    expect("flag(point(\"S1\"), \"latched\")", &w, KT_FALSE);
    expect("quality(point(\"S1\"), \"comm-fault\")", &w, KT_TRUE);
    expect("quality(point(\"S1\"), \"stale\")", &w, KT_FALSE);
    expect("point(\"S1\") == 0", &w, KT_TRUE);
    expect("point(\"S1\") == 1", &w, KT_FALSE);
}

static void units_are_converted(void)
{
    struct world w = world_new();
    w.sample[2].value = 0.3;  /* V1 m/s */
    w.sample[3].value = 30;   /* V2 cm/s */
    w.sample[4].value = 26.9; /* K1 degC */
    w.sample[5].value = 300;  /* K2 K, 26.85 degC */
    w.sample[8].value = 1.5;  /* P1 kPa */
    expect("point(\"V1\") == 30 cm/s", &w, KT_TRUE);
    expect("point(\"V1\") == point(\"V2\")", &w, KT_TRUE);
    expect("point(\"V2\") == point(\"V1\")", &w, KT_TRUE);
    expect("30 cm/s <= point(\"V1\")", &w, KT_TRUE);
    expect("31 cm/s <= point(\"V2\")", &w, KT_FALSE);
    expect("point(\"V1\") + point(\"V2\") == 0.6 m/s", &w, KT_TRUE);
    expect("point(\"K1\") >= 300.0 K", &w, KT_TRUE);
    expect("point(\"K1\") > 27 degC", &w, KT_FALSE);
    expect("point(\"K1\") == point(\"K2\")", &w, KT_TRUE);
    expect("point(\"K1\") - point(\"K2\") < 1 degC", &w, KT_TRUE);
    expect("point(\"K1\") - point(\"K2\") < 1 K", &w, KT_TRUE);
    expect("point(\"K1\") - point(\"K2\") > 1 K", &w, KT_FALSE);
    expect("point(\"K1\") > -5 degC", &w, KT_TRUE);
    expect("point(\"K1\") + 10 K >= 36.9 degC", &w, KT_TRUE);
    expect("point(\"P1\") == 1500 Pa", &w, KT_TRUE);
    expect("point(\"P1\") * 2 == 3 kPa", &w, KT_TRUE);
    expect("point(\"P1\") / 2 kPa == 0.75", &w, KT_TRUE);
    expect("point(\"P1\") / 2 Pa == 750", &w, KT_TRUE);
    expect("point(\"P1\") * point(\"V1\") > 0.4 kPa * 1 m/s", &w, KT_TRUE);
    expect("2 * 3 + 4 / 2 - 1 == 7", &w, KT_TRUE);
    expect("-(-3) == 3 and 10 - 2 - 3 == 5 and 16 / 4 / 2 == 2", &w, KT_TRUE);
}

static void sets(void)
{
    struct world w = world_new();
    expect("any(downstream(self), ch4.*, it >= limit.alarm)", &w, KT_FALSE);
    expect("all(downstream(self), ch4.*, it < limit.alarm)", &w, KT_TRUE);
    w.sample[1].known = false;
    expect("any(panel(self), ch4.face, it >= 1.0 %CH4)", &w, KT_UNKNOWN);
    expect("all(panel(self), ch4.face, it < 1.0 %CH4)", &w, KT_UNKNOWN);
    w.sample[0].value = 1;
    w.each_calls = 0;
    expect("any(panel(self), \"ch4.*\", it >= 1.0 %CH4)", &w, KT_TRUE);
    CHECK_INT(w.each_calls, 1); /* the rest is not asked */
    expect("all(upstream(self), ch4.*, it < 1.0 %CH4 and known(it))", &w, KT_FALSE);
    expect("any(place(point(\"T2\")), *, not known(it) or flag(it, \"latched\"))", &w, KT_TRUE);
    expect("any(place(self), *, quality(it, \"stale\") and self > it)", &w, KT_FALSE);
    w.members_n = 0;
    expect("any(place(self), *, true)", &w, KT_FALSE);
    expect("all(place(self), *, false)", &w, KT_TRUE);
}

static void errors_name_the_thing_and_the_way_out(void)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"self >= 1.0 %CH5", "12:19: unknown unit \"%CH5\"; did you mean \"%CH4\"?"},
        {"self >= 1.0 furlong",
         "12:19: unknown unit \"furlong\"; units are in packs/core/units.yaml"},
        {"self >= 1.0", "12:15: \"1.0\" has no unit; write \"1.0 %CH4\""},
        {"1.0 <= self", "12:7: \"1.0\" has no unit; write \"1.0 %CH4\""},
        {"self >= 0.25 m/s", "12:12: the units do not fit: %CH4 on the left, m/s on the right; use "
                             "one kind of quantity on both sides"},
        {"self >= 1 %", "12:12: the units do not fit: %CH4 on the left, % on the right; use one "
                        "kind of quantity on both sides"},
        {"self + point(\"V1\") > 0", "12:12: the units do not fit: %CH4 on the left, m/s on the "
                                     "right; use one kind of quantity on both sides"},
        {"self >= limit.alram", "12:21: unknown limit \"alram\"; did you mean \"alarm\"?"},
        {"self >= limit.x", "12:21: unknown limit \"x\"; one of: warn, alarm, cut, restore, "
                            "low_alarm, low_cut, low_restore"},
        {"self >= limit", "12:20: \".\" and the name of a limit is expected here, not the end"},
        {"point(\"T9\") > 1 %CH4", "12:13: there is no point \"T9\"; the points are in points.csv"},
        {"slef > 1 %CH4", "12:7: unknown word \"slef\"; did you mean \"self\"?"},
        {"agv(self, 5min) > 1 %CH4", "12:7: unknown word \"agv\"; did you mean \"avg\"?"},
        {"avg(self, 5 parsecs) > 1 %CH4", "12:17: \"5 parsecs\" is no duration; write one such as "
                                          "30s, 5min, 8h or 1d"},
        {"avg(self, 5ms) > 1 %CH4", "12:17: a duration must be from 1s to 366d"},
        {"avg(self) > 1 %CH4", "12:15: \",\" and a duration is expected here, not \")\""},
        {"avg(slef, 5min) > 1 %CH4", "12:11: unknown point \"slef\"; did you mean \"self\"?"},
        {"avg(1, 5min) > 1 %CH4",
         "12:11: a point is expected here, self or point(\"ID\"), not \"1\""},
        {"quality(self, \"stael\")", "12:21: unknown quality \"stael\"; did you mean \"stale\"?"},
        {"flag(self, \"feed-anomly\")",
         "12:18: unknown flag \"feed-anomly\"; did you mean \"feed-anomaly\"?"},
        {"self", "12:7: \"self\" is a value; compare it, as in self >= …"},
        {"self and true", "12:7: \"self\" is a value; compare it, as in self >= …"},
        {"not self", "12:11: \"self\" is a value; compare it, as in self >= …"},
        {"known(self) + 1 > 2", "12:7: \"known(self)\" is true or false; a value is wanted here"},
        {"known(self) == true",
         "12:7: a condition cannot be compared; write it alone, or with \"not\""},
        {"1 < 2 < 3", "12:13: comparisons do not chain; write a < b and b < c"},
        {"self >= limit.alarm known(self)",
         "12:27: \"known\" cannot stand here; join conditions with \"and\" or \"or\""},
        {"self >= limit.alarm && true", "12:27: \"&&\" cannot stand here; write \"and\""},
        {"self ≥ limit.alarm", "12:12: \"≥\" cannot stand here; write \">=\""},
        {"self = limit.alarm", "12:12: \"=\" cannot stand here; write \"==\""},
        {"(self >= limit.alarm", "12:27: \")\" is expected here, not the end"},
        {"self >=", "12:14: a value or condition is expected here, not the end"},
        {"", "12:7: an empty condition; write one such as self >= limit.alarm"},
        {"true and\n  or false", "13:9: a value or condition is expected here, not \"or\""},
        {"it > 1 %CH4", "12:7: \"it\" stands only in the condition of any() or all(); use self"},
        {"any(place(self), ch4.*, avg(it, 5min) > 1 %CH4)",
         "12:35: no window is kept over \"it\"; use self or point(\"ID\")"},
        {"any(place(self), ch4.*, any(place(self), ch4.*, true))",
         "12:31: any() and all() do not nest; write a second rule"},
        {"any(palce(self), ch4.*, true)", "12:11: unknown set \"palce\"; did you mean \"place\"?"},
        {"any(place(self), co.*, true)",
         "12:24: there is no role \"co.*\"; the roles are in points/roles.yaml of the packs"},
        {"any(place(self), ch4.*, it > 1 m/s)",
         "12:34: the units do not fit: %CH4 on the left, m/s on the right; use one kind of "
         "quantity on both sides"},
        {"any(place(self), *, it > 1 m/s)",
         "12:32: the points of this rule have different units; compare with limit.NAME or select "
         "one role"},
        {"rate(self, 5min) > 1 %CH4",
         "12:24: the units do not fit: a computed unit on the left, %CH4 on the right; use one "
         "kind of quantity on both sides"},
        {"point(\"T1) > 1", "12:13: \"\"T1) > 1\" cannot stand here; close the quote"},
        {"self > 1e999 %CH4", "12:14: \"1e999\" cannot stand here; write a smaller number"},
    };
    for (size_t i = 0; i < KT_ARRAY_LEN(cases); i++) {
        char got[600] = "", want[600];
        if (!compile(cases[i].text)) {
            kt_err_str(&err, got, sizeof(got));
            CHECK_INT(err.code, KT_EPARSE);
        }
        snprintf(want, sizeof(want), "r.yaml:%s", cases[i].want);
        CHECK_STR(got, want);
    }
}

static void depth_and_length_are_bounded(void)
{
    static char text[8192];
    static const char *const pieces[] = {"(", "not ", "-", "true and ", "1 + ", "self > "};
    for (size_t i = 0; i < KT_ARRAY_LEN(pieces); i++) {
        text[0] = '\0';
        while (strlen(text) + strlen(pieces[i]) < 4000) {
            strncat(text, pieces[i], sizeof(text) - strlen(text) - 1);
        }
        CHECK(!compile(text));
        strncat(text, "true", sizeof(text) - strlen(text) - 1);
        CHECK(!compile(text));
    }
    memset(text, ' ', 5000);
    text[5000] = '\0';
    CHECK(!compile(text));
    CHECK_STR(err.text, "longer than 4096 bytes; split the rule");
    text[0] = '\0';
    for (int i = 0; i < 60; i++) {
        strncat(text, "self > 1 %CH4 or ", sizeof(text) - strlen(text) - 1);
    }
    strncat(text, "true", sizeof(text) - strlen(text) - 1);
    CHECK(compile(text));
    CHECK(compile("((((((((((not not not not (-(-(-(self))) > ---1 %CH4)))))))))))"));
}

static void mixed_units_of_self(void)
{
    struct kt_expr_names names = world_names();
    names.self_unit = NULL;
    names.self_resolution = 0;
    CHECK(compile_for("self >= limit.alarm", &names));
    CHECK(compile_for("self == 1", &names));
    CHECK(!compile_for("self >= 1.0 %CH4", &names));
    CHECK_STR(err.text, "the points of this rule have different units; compare with limit.NAME or "
                        "select one role");
    names.role_unit = NULL;
    CHECK(compile_for("any(place(self), *, it > 1 m/s)", &names));
}

static void simple_shapes(void)
{
    static const struct {
        const char *text;
        char op;
        int limit;
        double number;
    } cases[] = {{"self >= limit.alarm", 'g', 1, 0}, {"self < limit.restore", '<', 3, 0},
                 {"limit.cut < self", '>', 2, 0},    {"1.0 %CH4 <= self", 'g', -1, 1},
                 {"(self) <= -1 %CH4", 'l', -1, -1}, {"self > 0", '>', -1, 0}};
    static const char *const others[] = {"self == limit.alarm",
                                         "not (self >= limit.alarm)",
                                         "point(\"T1\") >= 1 %CH4",
                                         "self >= point(\"T2\")",
                                         "self + 0 >= limit.alarm",
                                         "self >= limit.alarm or false",
                                         "true",
                                         "avg(self, 5min) > limit.alarm"};
    for (size_t i = 0; i < KT_ARRAY_LEN(cases); i++) {
        struct kt_expr_simple s = {0};
        struct kt_expr *e = compile(cases[i].text);
        REQUIRE(e && kt_expr_is_simple(e, &s));
        CHECK_INT(s.op, cases[i].op);
        CHECK_INT(s.limit, cases[i].limit);
        CHECK_NEAR(s.number, cases[i].number, 0);
    }
    for (size_t i = 0; i < KT_ARRAY_LEN(others); i++) {
        struct kt_expr_simple s;
        struct kt_expr *e = compile(others[i]);
        REQUIRE(e);
        CHECK(!kt_expr_is_simple(e, &s));
    }
}

static void state_shapes(void)
{
    static const char *const yes[] = {"quality(self, \"broken\")",
                                      "quality(self, \"stale\") and not flag(self, \"link-down\")",
                                      "true"};
    static const char *const no[] = {"self >= limit.alarm", "known(self)",
                                     "quality(point(\"T1\"), \"broken\")",
                                     "quality(self, \"broken\") or self > 1 %CH4"};
    for (size_t i = 0; i < KT_ARRAY_LEN(yes); i++) {
        struct kt_expr *e = compile(yes[i]);
        REQUIRE(e);
        CHECK(kt_expr_is_state(e));
    }
    for (size_t i = 0; i < KT_ARRAY_LEN(no); i++) {
        struct kt_expr *e = compile(no[i]);
        REQUIRE(e);
        CHECK(!kt_expr_is_state(e));
    }
}

static void what_an_expression_reads(void)
{
    struct kt_expr *e = compile("point(\"V1\") > 1 m/s or avg(point(\"T2\"), 5min) > 1 %CH4 or "
                                "delta(self, 1h) > 0 or point(\"V1\") < 0 or "
                                "any(place(self), ch4.*, it > self)");
    REQUIRE(e);
    kt_point_id p[4] = {{9}, {9}, {9}, {9}};
    CHECK_INT(kt_expr_points(e, p, 4), 2);
    CHECK_INT(p[0].v, 2);
    CHECK_INT(p[1].v, 1);
    CHECK_INT(p[2].v, 9);
    p[1].v = 9;
    CHECK_INT(kt_expr_points(e, p, 1), 2);
    CHECK_INT(p[1].v, 9);
    CHECK(kt_expr_uses_time(e) && kt_expr_uses_set(e));
    CHECK_INT(kt_expr_windows(e), 2);
    CHECK_INT(kt_expr_window_point(e, 0).v, 1);
    CHECK_INT(kt_expr_window_span(e, 0), 5 * KT_MIN);
    CHECK_INT(kt_expr_window_point(e, 1).v, KT_NONE);
    CHECK_INT(kt_expr_window_span(e, 1), KT_HOUR);
    e = compile("self >= limit.alarm");
    REQUIRE(e);
    CHECK(!kt_expr_uses_time(e) && !kt_expr_uses_set(e));
    CHECK_INT(kt_expr_points(e, p, 4), 0);
}

static void time_of(const char *text)
{
    struct world w = world_new();
    struct kt_expr_live live = world_live(&w);
    struct kt_expr *e = compile(text);
    struct timespec from, to;
    enum { N = 2000000 };
    int yes = 0;
    REQUIRE(e);
    clock_gettime(CLOCK_MONOTONIC, &from);
    for (int i = 0; i < N; i++) {
        w.sample[0].value = (double)(i & 255) * 0.01;
        yes += kt_expr_eval(e, &live, (kt_point_id){WORLD_SELF}, i, NULL) == KT_TRUE;
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    printf("# %s: %.1f ns\n", text,
           ((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec)) / N);
    CHECK(yes > 0 && yes < N);
}

static void evaluates_many(void)
{
    time_of("self >= limit.alarm");
    time_of("self + 0 >= limit.alarm");
    time_of("self >= limit.alarm or quality(self, \"stale\")");
}

UNIT_MAIN({"Kleene's tables", kleene_tables}, {"comparisons", comparisons},
          {"at the limit counts as reached", at_the_limit_counts_as_reached},
          {"compare at a resolution", compare_at_a_resolution},
          {"compare at is an order", compare_at_is_an_order},
          {"over-range is above everything", over_range_is_above_everything},
          {"unknown values", unknown_values}, {"facts", facts},
          {"units are converted", units_are_converted}, {"sets", sets},
          {"errors name the thing and the way out", errors_name_the_thing_and_the_way_out},
          {"depth and length are bounded", depth_and_length_are_bounded},
          {"mixed units of self", mixed_units_of_self}, {"simple shapes", simple_shapes},
          {"shapes that ask for quality and flags alone", state_shapes},
          {"what an expression reads", what_an_expression_reads},
          {"evaluates many", evaluates_many})
