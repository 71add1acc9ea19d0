/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journal_bench: coding a batch, and the CPU of the whole way to the disk.
 *
 *     journal_bench [DIR]     DIR on the disk to measure (default: a temporary folder)
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "journal/journal.h"
#include "journal/samples.h"
#include "sys/clock.h"
#include "sys/file.h"

enum { BATCH = 20000, ROUNDS = 500 };

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct scan {
    struct kt_columns c;
    uint32_t seed;
};

/** The next scan: methane to 0.01, temperatures to 0.1, flows to 1, switches; some values move. */
static void next_scan(struct scan *s, kt_time at)
{
    for (uint32_t i = 0; i < BATCH; i++) {
        s->seed = s->seed * 1664525u + 1013904223u;
        uint32_t r = s->seed >> 16;
        s->c.point[i] = i;
        s->c.time[i] = at;
        s->c.quality[i] = KT_Q_NORMAL;
        switch (i / 8 % 4) {
        case 0:
            s->c.value[i] = (double)(r % 90) / 100;
            break;
        case 1:
            s->c.value[i] = (double)(180 + r % 80) / 10;
            break;
        case 2:
            s->c.value[i] = (double)(r % 2000);
            break;
        default:
            s->c.value[i] = (double)(r & 1);
        }
    }
    s->c.n = BATCH;
}

static void bench_codec(struct scan *s)
{
    struct kt_buf buf;
    struct kt_columns back = {0};
    struct kt_err err;
    kt_time arrival;
    double encode = 0, decode = 0, bytes = 0;
    kt_buf_init(&buf, 0);
    for (int i = 0; i < ROUNDS; i++) {
        next_scan(s, (1790000000 + i) * KT_SEC);
        struct kt_samples view = kt_columns_view(&s->c);
        kt_buf_clear(&buf);
        double t0 = cpu_s();
        kt_samples_encode(&buf, s->c.time[0] + 3 * KT_MS, &view);
        double t1 = cpu_s();
        if (kt_samples_decode((struct kt_str){buf.p, buf.n}, BATCH, &arrival, &back, &err) < 0) {
            fprintf(stderr, "%s\n", err.text);
            exit(1);
        }
        decode += cpu_s() - t1;
        encode += t1 - t0;
        bytes += (double)buf.n;
    }
    double samples = (double)BATCH * ROUNDS;
    printf("codec: %.2f bytes, encode %.2f ns, decode %.2f ns a sample\n", bytes / samples,
           encode / samples * 1e9, decode / samples * 1e9);
    kt_columns_done(&back);
    kt_buf_done(&buf);
}

static int bench_journal(struct scan *s, const char *dir)
{
    struct kt_journal_opts opts = {.dir = dir};
    struct kt_journal *j;
    struct kt_err err;
    struct kt_buf buf;
    struct kt_journal_stats stats;
    if (kt_journal_open(&opts, &j, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    kt_buf_init(&buf, 0);
    double cpu = 0, wall = 0;
    for (int i = 0; i < ROUNDS; i++) {
        next_scan(s, (1790000000 + i) * KT_SEC);
        struct kt_samples view = kt_columns_view(&s->c);
        double t0 = cpu_s();
        kt_mono w0 = kt_clock_mono();
        kt_buf_clear(&buf);
        kt_samples_encode(&buf, s->c.time[0], &view);
        struct kt_event ev = {.seq = kt_journal_last(j) + 1,
                              .time = s->c.time[0],
                              .kind = KT_EV_SAMPLES,
                              .origin = KT_STR("bench"),
                              .body = {buf.p, buf.n}};
        if (kt_journal_append(j, &ev, &err) < 0 || kt_journal_wait(j, ev.seq, KT_MIN) < 0) {
            fprintf(stderr, "%s\n", err.text);
            return 1;
        }
        cpu += cpu_s() - t0;
        wall += (double)(kt_clock_mono() - w0) / 1e9;
    }
    kt_journal_stats(j, &stats);
    double million = (double)BATCH * ROUNDS / 1e6;
    printf("journal, a sync a batch of %d: %.4f CPU s, %.4f s a million; worst commit %.2f ms\n",
           BATCH, cpu / million, wall / million, (double)stats.worst_commit_ns / 1e6);
    kt_buf_done(&buf);
    kt_journal_close(j);
    return 0;
}

static int bench_singles(const char *dir)
{
    enum { SINGLES = 200000, AT_ONCE = 32 };
    struct kt_journal_opts opts = {.dir = dir};
    struct kt_journal *j;
    struct kt_err err;
    if (kt_journal_open(&opts, &j, &err) < 0) {
        return 1;
    }
    double cpu = cpu_s();
    kt_mono from = kt_clock_mono();
    for (int i = 0; i < SINGLES; i++) {
        struct kt_event ev = {.seq = kt_journal_last(j) + 1,
                              .time = from + i,
                              .kind = KT_EV_REQUEST,
                              .origin = KT_STR("bench"),
                              .body = KT_STR("{\"verb\":\"note.add\",\"args\":{}}")};
        if (kt_journal_append(j, &ev, &err) < 0 ||
            (i % AT_ONCE == AT_ONCE - 1 && kt_journal_wait(j, ev.seq, KT_MIN) < 0)) {
            return 1;
        }
    }
    cpu = cpu_s() - cpu;
    double wall = (double)(kt_clock_mono() - from) / 1e9;
    printf("journal, single events, %d a commit: %.2f us CPU each, %.0f a second\n", AT_ONCE,
           cpu / SINGLES * 1e6, SINGLES / wall);
    kt_journal_close(j);
    return 0;
}

int main(int argc, char **argv)
{
    char temp[256];
    struct scan s = {.seed = 1};
    struct kt_err err;
    const char *dir = argc > 1 ? argv[1] : temp;
    if (argc < 2 && kt_dir_temp("kt-journal-bench", temp, sizeof(temp), &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    kt_columns_reserve(&s.c, BATCH);
    bench_codec(&s);
    int r = bench_journal(&s, dir);
    r = r ? r : bench_singles(dir);
    kt_columns_done(&s.c);
    if (argc < 2) {
        kt_dir_remove(temp);
    }
    return r;
}
