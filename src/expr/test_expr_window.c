/* SPDX-License-Identifier: Apache-2.0 */
#include "expr/expr.h"

#include <stdlib.h>

#include "expr/test_world.h"
#include "unit.h"

#define SPAN (310 * KT_SEC) /* sub-intervals of 10 s */

struct sample {
    kt_time t;
    double v;
    bool known;
};

enum { MAX_SAMPLES = 4000, SELF = 0 };

static struct sample stream[MAX_SAMPLES];
static int stream_n;
static struct kt_arena *arena;
static struct kt_expr *exprs[6];
static const char *const fns[6] = {"avg", "min", "max", "count", "rate", "delta"};

/* x = fn(self, 310s) is found by asking whether x is at most, and at least, a number. */
static struct kt_expr *compile(const char *text)
{
    struct kt_expr_names names = world_names();
    struct kt_err err;
    struct kt_expr *e = NULL;
    if (!arena) {
        arena = kt_arena_new(0);
    }
    names.self_unit = "";
    names.self_resolution = 0;
    CHECK_OK(kt_expr_compile(arena, kt_str_c(text), "t", 1, 1, &names, &e, &err), &err);
    return e;
}

static bool starts(void)
{
    for (int i = 0; i < 6 && !exprs[i]; i++) {
        char t[80];
        /* the limit is what the model says; the exact resolution makes the comparison bit by bit */
        snprintf(t, sizeof(t),
                 i == 4 ? "rate(self, 310s) * 1 s == limit.alarm" : "%s(self, 310s) == limit.alarm",
                 fns[i]);
        exprs[i] = compile(t);
        if (!exprs[i]) {
            return false;
        }
    }
    return true;
}

/* The naive model: all samples of the sub-interval of now and of the 31 before. */
struct model {
    bool seen;
    int n;
    double min, max, sum, first, last;
    kt_time first_t, last_t;
};

static int64_t interval(kt_time t)
{
    return t >= 0 ? t / (10 * KT_SEC) : -((-t + 10 * KT_SEC - 1) / (10 * KT_SEC));
}

static struct model model_at(kt_time now)
{
    struct model m = {0};
    int64_t newest = interval(now);
    for (int i = 0; i < stream_n; i++) {
        const struct sample *s = &stream[i];
        if (!s->known) {
            continue;
        }
        m.seen = true;
        if (interval(s->t) <= newest - 32) {
            continue;
        }
        m.min = m.n == 0 || s->v < m.min ? s->v : m.min;
        m.max = m.n == 0 || s->v > m.max ? s->v : m.max;
        m.sum += s->v;
        if (m.n == 0 || s->t < m.first_t) {
            m.first = s->v;
            m.first_t = s->t;
        }
        if (m.n == 0 || s->t >= m.last_t) {
            m.last = s->v;
            m.last_t = s->t;
        }
        m.n++;
    }
    return m;
}

static bool model_value(const struct model *m, int fn, double *ret)
{
    int64_t apart = m->last_t - m->first_t;
    bool spans = m->n > 1 && apart >= SPAN / 2;
    double delta = m->last - m->first;
    const double v[6] = {m->n ? m->sum / m->n : 0,
                         m->min,
                         m->max,
                         m->n,
                         spans ? delta / ((double)apart / 1e9) : 0,
                         delta};
    *ret = v[fn];
    return fn == 3 ? m->seen : fn >= 4 ? spans : m->n > 0;
}

static enum kt_tri ask(int fn, const struct kt_window *w, kt_time now, double x, bool present)
{
    struct world world = world_new();
    world.sample[SELF].known = present;
    world.resolution[SELF] = 0;
    world.limit[1] = x;
    struct kt_expr_live live = world_live(&world);
    return kt_expr_eval(exprs[fn], &live, (kt_point_id){SELF}, now, w);
}

/* Values are whole, so sums are exact in every order. */
static void add_random(uint64_t *s, struct kt_window *w, kt_time *now)
{
    *now += (kt_time)(unit_rand(s) % (unit_rand(s) % 50 == 0 ? 400 : 12)) * KT_SEC;
    struct sample x = {*now, (double)(int64_t)(unit_rand(s) % 2001) - 1000, unit_rand(s) % 10 > 0};
    if (unit_rand(s) % 8 == 0) { /* an older one, still inside */
        x.t -= (kt_time)(unit_rand(s) % 100) * KT_SEC;
    }
    stream[stream_n++] = x;
    kt_window_feed(w, x.t, x.v, x.known);
}

static void agrees_with_a_naive_model(void)
{
    uint64_t seed = UINT64_C(424242), s = seed;
    printf("# seed %llu\n", (unsigned long long)seed);
    REQUIRE(starts());
    struct kt_window *w = malloc(kt_window_size());
    for (int round = 0; round < 20; round++) {
        kt_time now = (round % 2 ? 1 : -1) * 1000 * KT_SEC + round;
        kt_window_init(w, SPAN);
        stream_n = 0;
        for (int i = 0; i < 300; i++) {
            add_random(&s, w, &now);
            kt_time at = now + (kt_time)(unit_rand(&s) % 3 == 0 ? unit_rand(&s) % 400 : 0) * KT_SEC;
            struct model m = model_at(at);
            for (int fn = 0; fn < 6; fn++) {
                double x = 0;
                bool known = model_value(&m, fn, &x);
                enum kt_tri got = ask(fn, w, at, x, true);
                if (got != (known ? KT_TRUE : KT_UNKNOWN)) {
                    printf("# round %d sample %d: %s is not %.17g (%d)\n", round, i, fns[fn], x,
                           got);
                    unit_bad++;
                }
                if (known && ask(fn, w, at, x + 1, true) != KT_FALSE) {
                    unit_bad++;
                }
            }
            if (unit_bad) {
                free(w);
                return;
            }
        }
    }
    free(w);
}

/* Whatever the sub-intervals are: the window covers its duration and at most a 31st more. */
static void covers_the_duration(void)
{
    uint64_t seed = 99, s = seed;
    printf("# seed %llu\n", (unsigned long long)seed);
    REQUIRE(starts());
    struct kt_window *w = malloc(kt_window_size());
    kt_window_init(w, SPAN);
    for (int round = 0; round < 3000; round++) {
        kt_window_init(w, SPAN);
        kt_time t = (kt_time)(unit_rand(&s) % 1000000) * KT_MS;
        kt_time age = (kt_time)(unit_rand(&s) % 400000) * KT_MS;
        kt_window_feed(w, t, 7, true);
        enum kt_tri got = ask(2, w, t + age, 7, true);
        if (age <= SPAN) {
            CHECK_INT(got, KT_TRUE);
        } else if (age > SPAN + 10 * KT_SEC) {
            CHECK_INT(got, KT_UNKNOWN);
        }
    }
    free(w);
}

static void save_and_load_are_equal(void)
{
    uint64_t seed = 5, s = seed;
    printf("# seed %llu\n", (unsigned long long)seed);
    struct kt_window *w = malloc(kt_window_size()), *v = malloc(kt_window_size());
    kt_window_init(w, SPAN);
    kt_time now = 0;
    for (int i = 0; i < 500; i++) {
        struct kt_buf a, b;
        stream_n = 0;
        if (i > 0) {
            add_random(&s, w, &now);
        }
        kt_buf_init(&a, 0);
        kt_buf_init(&b, 0);
        kt_window_save(w, &a);
        struct kt_rd in = kt_rd_init(a.p, a.n);
        memset((void *)v, 0xa5, kt_window_size());
        CHECK_INT(kt_window_load(v, &in), KT_OK);
        CHECK_INT(kt_rd_left(&in), 0);
        kt_window_save(v, &b);
        CHECK(a.n == b.n && memcmp(a.p, b.p, a.n) == 0);
        for (size_t cut = 0; cut < a.n; cut += 1 + a.n / 40) {
            struct kt_rd part = kt_rd_init(a.p, cut);
            CHECK_INT(kt_window_load(v, &part), KT_ECORRUPT);
        }
        kt_buf_done(&a);
        kt_buf_done(&b);
        if (unit_rand(&s) % 3 == 0) { /* go on with the loaded one */
            struct kt_window *swap = w;
            w = v;
            v = swap;
        }
    }
    free(w);
    free(v);
}

static enum kt_tri present_unknown(const char *text, const struct kt_window *w, double limit)
{
    struct world world = world_new();
    struct kt_expr *e = compile(text);
    if (!e) {
        return KT_UNKNOWN;
    }
    world.sample[SELF].known = false;
    world.resolution[SELF] = 0;
    world.limit[1] = limit;
    struct kt_expr_live live = world_live(&world);
    return kt_expr_eval(e, &live, (kt_point_id){SELF}, 200 * KT_SEC, w);
}

/* Samples from 10 to 30 up to now, and the present is not known. */
static void an_unknown_present_clears_nothing(void)
{
    struct kt_window *w = malloc(kt_window_size());
    kt_window_init(w, SPAN);
    for (int i = 0; i <= 20; i++) {
        kt_window_feed(w, i * 10 * KT_SEC, 10 + i, true);
    }
    static const struct {
        const char *text;
        double limit;
        enum kt_tri want;
    } cases[] = {
        {"max(self, 310s) >= limit.alarm", 30, KT_TRUE},
        {"max(self, 310s) >= limit.alarm", 31, KT_UNKNOWN},
        {"max(self, 310s) < limit.alarm", 30, KT_FALSE},
        {"max(self, 310s) < limit.alarm", 31, KT_UNKNOWN},
        {"limit.alarm > max(self, 310s)", 31, KT_UNKNOWN},
        {"limit.alarm <= max(self, 310s)", 30, KT_TRUE},
        {"max(self, 310s) == limit.alarm", 29, KT_FALSE},
        {"max(self, 310s) == limit.alarm", 30, KT_UNKNOWN},
        {"max(self, 310s) != limit.alarm", 29, KT_TRUE},
        {"max(self, 310s) > limit.alarm", 30, KT_UNKNOWN},
        {"min(self, 310s) <= limit.alarm", 10, KT_TRUE},
        {"min(self, 310s) <= limit.alarm", 9, KT_UNKNOWN},
        {"min(self, 310s) > limit.alarm", 9, KT_UNKNOWN},
        {"min(self, 310s) > limit.alarm", 10, KT_FALSE},
        {"-min(self, 310s) >= -limit.alarm", 10, KT_TRUE},
        {"-min(self, 310s) >= -limit.alarm", 9, KT_UNKNOWN},
        {"avg(self, 310s) > limit.alarm", 0, KT_UNKNOWN},
        {"avg(self, 310s) < limit.alarm", 99, KT_UNKNOWN},
        {"delta(self, 310s) > limit.alarm", 0, KT_UNKNOWN},
        {"count(self, 310s) == limit.alarm", 21, KT_TRUE},
    };
    for (size_t i = 0; i < KT_ARRAY_LEN(cases); i++) {
        enum kt_tri got = present_unknown(cases[i].text, w, cases[i].limit);
        if (got != cases[i].want) {
            printf("# %s at %g is %d\n", cases[i].text, cases[i].limit, got);
            CHECK_INT(got, cases[i].want);
        }
    }
    free(w);
}

static void a_window_is_compared_at_the_resolution(void)
{
    struct kt_expr_names names = world_names();
    struct world world = world_new();
    struct kt_expr_live live = world_live(&world);
    struct kt_window *w = malloc(2 * kt_window_size());
    struct kt_expr *e = NULL;
    struct kt_err err;
    CHECK_OK(kt_expr_compile(arena,
                             KT_STR("avg(self, 1min) >= limit.alarm and "
                                    "rate(self, 1min) >= 0.1 %CH4/min"),
                             "t", 1, 1, &names, &e, &err),
             &err);
    REQUIRE(e && kt_expr_windows(e) == 1); /* both look at the same minute of the same point */
    kt_window_init(w, kt_expr_window_span(e, 0));
    static const double v[] = {0.94, 0.99, 1.05}; /* 0.9933 is 0.99; 1.01 with the next */
    for (int i = 0; i < 3; i++) {
        kt_window_feed(w, i * 20 * KT_SEC, v[i], true);
    }
    CHECK_INT(kt_expr_eval(e, &live, (kt_point_id){0}, 40 * KT_SEC, w), KT_FALSE);
    kt_window_feed(w, 50 * KT_SEC, 1.05, true);
    CHECK_INT(kt_expr_eval(e, &live, (kt_point_id){0}, 50 * KT_SEC, w), KT_TRUE);
    free(w);
}

UNIT_MAIN({"agrees with a naive model", agrees_with_a_naive_model},
          {"covers the duration", covers_the_duration},
          {"save and load are equal", save_and_load_are_equal},
          {"an unknown present clears nothing", an_unknown_present_clears_nothing},
          {"a window is compared at the resolution", a_window_is_compared_at_the_resolution})
