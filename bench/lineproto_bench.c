/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a line costs: nanoseconds of CPU, best of several passes, beside a plain reading of the same
 * text (strchr and strtod, no table at all) as the measure of this machine.
 *
 *     lineproto_bench [points]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "link/lineproto/lineproto.h"

enum { LINES = 20000, PASSES = 30, COLUMNS = LINES * 3 };

struct bench {
    uint32_t points;
    uint64_t seed;
    struct kt_buf text;
    uint32_t *point;
    kt_time *time;
    double *value;
    kt_quality *quality;
};

static uint64_t next(struct bench *b)
{
    b->seed = b->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return b->seed >> 33;
}

static double cpu_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static struct kt_lp_table *make_table(uint32_t points, bool wide)
{
    struct kt_lp_table *t = kt_lp_table_new();
    for (uint32_t i = 0; i < points; i++) {
        char text[100];
        snprintf(text, sizeof(text), wide ? "env,sensor=S%05u#f%u" : "T%05u", wide ? i / 3 : i,
                 i % 3);
        KT_ASSERT(kt_lp_table_add(t, kt_str_c(text), (kt_point_id){i}, NULL) == KT_OK);
    }
    return t;
}

static void make_text(struct bench *b, bool wide, bool shuffled)
{
    kt_buf_clear(&b->text);
    uint32_t series = wide ? b->points / 3 : b->points;
    for (uint32_t i = 0; i < LINES; i++) {
        uint32_t s = shuffled ? (uint32_t)(next(b) % series) : i % series;
        unsigned v = (unsigned)(next(b) % 400);
        unsigned long long t = 1700000000000000000ULL + i / series * 1000000000ULL;
        if (wide) {
            kt_buf_printf(&b->text,
                          "env,host=edge-01,mine=cn,panel=1203,sensor=S%05u,type=gas,zone=3 "
                          "f0=%u.%02u,f1=%ui,f2=%u.%u %llu\n",
                          s, v / 100, v % 100, v, v / 10, v % 10, t);
        } else {
            kt_buf_printf(&b->text, "T%05u value=%u.%02u %llu\n", s, v / 100, v % 100, t);
        }
    }
}

static double read_product(struct bench *b, struct kt_lp_parser *ps)
{
    double best = 1e300;
    for (int pass = 0; pass < PASSES; pass++) {
        struct kt_lp_input in = {.text = {b->text.p, b->text.n}, .unit_ns = 1};
        struct kt_lp_columns out = {0, COLUMNS, b->point, b->time, b->value, b->quality};
        struct kt_lp_report rep = {0};
        double start = cpu_ns();
        KT_ASSERT(kt_lp_parse(ps, &in, &out, &rep) == 0);
        double ns = cpu_ns() - start;
        KT_ASSERT(rep.bad + rep.unknown + rep.refused == 0 && out.n >= LINES);
        best = ns < best ? ns : best;
    }
    return best / LINES;
}

static double read_plain(struct bench *b)
{
    double best = 1e300;
    for (int pass = 0; pass < PASSES / 3; pass++) {
        double start = cpu_ns();
        uint32_t n = 0;
        for (char *p = b->text.p; n < LINES; n++) {
            char *space = strchr(p, ' ');
            for (char *f = space; *f != '\n';) {
                char *eq = strchr(f, '=');
                b->value[n] = strtod(eq + 1, &f);
                f += *f == 'i';
                if (*f == ' ') {
                    b->time[n] = strtoll(f, &f, 10);
                }
            }
            p = strchr(space, '\n') + 1;
        }
        double ns = cpu_ns() - start;
        best = ns < best ? ns : best;
    }
    return best / LINES;
}

static void run(struct bench *b, const char *name, bool wide, bool shuffled)
{
    make_text(b, wide, shuffled);
    kt_put_u8(&b->text, 0);
    b->text.n--;
    struct kt_lp_table *t = make_table(b->points, wide);
    struct kt_lp_parser *ps = kt_lp_parser_new(t, NULL, NULL, 0);
    double ns = read_product(b, ps), plain = read_plain(b);
    printf("%-32s %7.1f ns a line (%4.1f ns a byte x 10)   plain reading %7.1f ns\n", name, ns,
           ns * LINES * 10 / (double)b->text.n, plain);
    kt_lp_parser_free(ps);
    kt_lp_table_unref(t);
}

int main(int argc, char **argv)
{
    struct bench b = {.points = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 9999, .seed = 7};
    b.points = b.points < 3 ? 3 : b.points;
    kt_buf_init(&b.text, 0);
    b.point = calloc(COLUMNS, sizeof(*b.point));
    b.time = calloc(COLUMNS, sizeof(*b.time));
    b.value = calloc(COLUMNS, sizeof(*b.value));
    b.quality = calloc(COLUMNS, sizeof(*b.quality));
    KT_ASSERT(b.point && b.time && b.value && b.quality);
    printf("%u points, %d lines a text\n", b.points, LINES);
    run(&b, "scan order", false, false);
    run(&b, "random order", false, true);
    run(&b, "6 tags, 3 fields, scan order", true, false);
    run(&b, "6 tags, 3 fields, random order", true, true);
    kt_buf_done(&b.text);
    free(b.point);
    free(b.time);
    free(b.value);
    free(b.quality);
    return 0;
}
