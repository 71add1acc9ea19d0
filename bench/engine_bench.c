/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_bench: what a sample costs in kt_engine_samples(), the live table included.
 *
 *     engine_bench [points] [batches]
 * Analog points with one alarm rule each; values move inside the limits. Then the same with one
 * point in a hundred over its limit, and ticks among the batches.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "engine/engine.h"
#include "tiny_rules.h"

struct load {
    uint32_t n, *point;
    kt_time *time;
    double *value;
    kt_quality *quality;
};

static int64_t clock_ns(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * KT_SEC + ts.tv_nsec;
}

static void make_site(struct tiny *t, uint32_t n)
{
    tiny_init(t, n);
    tiny_place(t, "mine", "mine", KT_NONE);
    struct kt_role *role = tiny_role(t, "ch4.face", KT_POINT_ANALOG);
    role->stale_after_ns = 20 * KT_SEC;
    for (uint32_t i = 0; i < n; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "T%u", i);
        struct kt_point *p = tiny_point(t, id, role, 0);
        p->range_lo = 0;
        p->range_hi = 4;
        tiny_limits(t, p, 1.0, 1.5, 1.0);
    }
    struct kt_rule *r = tiny_rule(t, "gas.over-limit", role);
    r->raise = tiny_expr(t, "self >= limit.alarm");
    r->clear = tiny_expr(t, "self < limit.alarm");
    tiny_done(t);
    for (uint32_t p = 0; p < n; p++) {
        t->readers[p] = NULL;
    }
}

static struct load make_load(uint32_t n)
{
    struct load l = {n, calloc(n, 4), calloc(n, 8), calloc(n, 8), calloc(n, 1)};
    KT_ASSERT(l.point && l.time && l.value && l.quality);
    for (uint32_t i = 0; i < n; i++) {
        l.point[i] = i;
    }
    return l;
}

static void tick(struct kt_engine *e, kt_seq *seq, kt_time now)
{
    struct kt_event ev = {
        .seq = ++*seq, .time = now, .kind = KT_EV_TICK, .body = {(char *)&now, 8}};
    kt_engine_apply(e, &ev);
}

static void run(struct kt_engine *e, struct load *l, uint32_t batches, bool over, const char *name)
{
    static kt_seq seq;
    static kt_time now = INT64_C(1790000000) * KT_SEC;
    int64_t spent = 0, ticks = 0;
    for (uint32_t b = 0; b < batches; b++) {
        now += KT_SEC;
        for (uint32_t i = 0; i < l->n; i++) {
            l->time[i] = now;
            l->value[i] = over && i % 100 == 7 ? 1.2 : 0.3 + 0.01 * ((i + b) % 20);
        }
        int64_t t0 = clock_ns();
        tick(e, &seq, now);
        int64_t t1 = clock_ns();
        struct kt_samples s = {l->n, l->point, l->time, l->value, l->quality};
        kt_engine_samples(e, ++seq, now, KT_STR("bench"), &s);
        spent += clock_ns() - t1;
        ticks += t1 - t0;
    }
    printf("%-28s %8u points  %7.2f ns a sample  %8.1f us a tick\n", name, l->n,
           (double)spent / l->n / batches, (double)ticks / batches / 1e3);
}

int main(int argc, char **argv)
{
    uint32_t n = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 10000;
    uint32_t batches = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 300;
    static struct tiny t;
    make_site(&t, n);
    struct kt_live *live = kt_live_new(n);
    struct kt_engine *e;
    struct kt_err err;
    if (kt_engine_new(&t.site, live, NULL, &e, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    struct load l = make_load(n);
    run(e, &l, 5, false, "first");
    run(e, &l, batches, false, "inside the limits");
    run(e, &l, batches, true, "one in a hundred over");
    struct kt_buf b;
    kt_buf_init(&b, 0);
    int64_t t0 = clock_ns();
    kt_engine_save(e, &b);
    printf("%-28s %8zu bytes   %7.2f ms\n", "checkpoint", b.n, (double)(clock_ns() - t0) / 1e6);
    kt_buf_done(&b);
    kt_engine_free(e);
    kt_live_free(live);
    tiny_free(&t);
    return 0;
}
