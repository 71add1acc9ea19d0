/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What history costs: bytes a sample in the file, CPU nanoseconds a sample to add, code and decode,
 * and the time of the query behind a trend: 30 days of seconds into 2,000 buckets.
 *
 *     KT_SHARED=../shared history_bench
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "history/codec.h"
#include "history/history.h"
#include "sys/clock.h"
#include "sys/file.h"

enum { CHUNK = 3600, COLUMNS = 8, ROWS = 20000, MONTH = 30 * 86400, BUCKETS = 2000, LIVE = 10000 };

static const kt_time T0 = INT64_C(1764000000) * KT_SEC;
static uint64_t seed = 1;
static char dir[200];
static struct kt_err err;

static void must(int r)
{
    if (r < 0) {
        char text[700];
        fprintf(stderr, "%s\n", kt_err_str(&err, text, sizeof(text)));
        exit(1);
    }
}

static uint64_t rnd(uint64_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (seed >> 11) % n;
}

static double ms_since(kt_mono t)
{
    return (double)(kt_clock_mono() - t) / 1e6;
}

/* CPU time of this process, so that a busy machine and the disk stay out of it. */
static kt_mono cpu(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (kt_mono)t.tv_sec * KT_SEC + t.tv_nsec;
}

static double ns_each(kt_mono since, double n)
{
    return (double)(cpu() - since) / n;
}

/* ---- series ---- */

typedef double (*series_fn)(uint32_t i);
static int64_t level;
static double table[COLUMNS][ROWS];
static int column;

static double walk(uint32_t i)
{
    level = i ? level + (int64_t)rnd(3) - 1 : 100;
    return (double)level / 100;
}
/* A real CH4 reading moves by a hundredth now and then. */
static double calm(uint32_t i)
{
    uint64_t r = rnd(10);
    level = i ? level + (r == 0) - (r == 1) : 100;
    return (double)level / 100;
}
static double float32(uint32_t i)
{
    level = i ? level + (int64_t)rnd(21) - 10 : 5827;
    return (double)(float)((double)level / 1000);
}
static double noise(uint32_t i)
{
    (void)i;
    return (double)rnd(UINT64_C(1) << 40) / 7;
}
static double real(uint32_t i)
{
    return table[column][i];
}

static void fill(struct history_cols *c, series_fn fn, uint32_t n, int64_t step, int64_t jitter_ms)
{
    history_cols_reserve(c, n);
    for (uint32_t i = 0; i < n; i++) {
        c->time[i] = T0 + i * step;
        if (jitter_ms) {
            c->time[i] += ((int64_t)rnd((uint64_t)jitter_ms * 2 + 1) - jitter_ms) * KT_MS;
        }
        c->value[i] = fn(i);
        c->quality[i] = KT_Q_NORMAL;
    }
    c->n = n;
}

/* ---- the codec alone ---- */

static void codec(const char *name, const struct history_cols *c)
{
    enum { ROUNDS = 5 };
    struct history_codec *k = history_codec_new();
    struct kt_buf b;
    kt_buf_init(&b, 0);
    struct history_cols back = {0};
    uint32_t runs = 0;
    size_t at[ROWS / 100 + MONTH / CHUNK + 2];
    kt_mono t = cpu();
    for (int round = 0; round < ROUNDS; round++) {
        kt_buf_clear(&b);
        runs = 0;
        for (uint32_t lo = 0; lo < c->n; lo += CHUNK) {
            at[runs++] = b.n;
            history_codec_encode(k, c, lo, c->n - lo < CHUNK ? c->n : lo + CHUNK, &b);
        }
        at[runs] = b.n;
    }
    double encode = ns_each(t, (double)ROUNDS * c->n);
    t = cpu();
    for (int round = 0; round < ROUNDS; round++) {
        for (uint32_t i = 0; i < runs; i++) {
            back.n = 0;
            must(history_codec_decode(k, (struct kt_str){b.p + at[i], at[i + 1] - at[i]}, &back,
                                      &err));
        }
    }
    printf("codec   %-34s %6.3f B/sample  encode %5.1f ns  decode %4.1f ns\n", name,
           (double)b.n / c->n, encode, ns_each(t, (double)ROUNDS * c->n));
    history_cols_done(&back);
    kt_buf_done(&b);
    history_codec_free(k);
}

/* ---- whole files ---- */

static struct kt_history *open_history(void)
{
    struct kt_history_opts o = {.dir = dir, .chunk_samples = CHUNK};
    struct kt_history *h = NULL;
    must(kt_history_open(&o, &h, &err));
    return h;
}

static void declare(struct kt_history *h, uint32_t id, const char *name)
{
    struct kt_history_point p = {.id = name, .retention = 1};
    must(kt_history_declare(h, (kt_point_id){id}, &p, &err));
}

static void whole_file(const char *name, const struct history_cols *c, uint32_t points)
{
    static uint32_t point[CHUNK];
    char id[16];
    must(kt_dir_temp("kt-bench", dir, sizeof(dir), &err));
    struct kt_history *h = open_history();
    kt_mono t = cpu();
    for (uint32_t p = 0; p < points; p++) {
        snprintf(id, sizeof(id), "p%u", p);
        declare(h, p, id);
    }
    for (uint32_t lo = 0; lo < c->n; lo += CHUNK) {
        uint32_t n = c->n - lo < CHUNK ? c->n - lo : CHUNK;
        for (uint32_t p = 0; p < points; p++) {
            for (uint32_t i = 0; i < n; i++) {
                point[i] = p;
            }
            struct kt_samples s = {n, point, c->time + lo, c->value + lo, c->quality + lo};
            must(kt_history_add(h, lo + 1, c->time[lo + n - 1], &s, &err));
        }
        must(kt_history_seal(h, c->time[lo + n - 1], false, &err));
    }
    must(kt_history_seal(h, 0, true, &err));
    must(kt_history_merge(h, T0 + 400 * KT_DAY, &err));
    double ns = ns_each(t, (double)c->n * points);
    kt_history_close(h);
    h = open_history();
    struct kt_history_stats st;
    kt_history_stats(h, &st);
    printf("file    %-34s %6.3f B/sample  %5.1f ns a sample from add to disk  (%.1f M samples)\n",
           name, (double)st.bytes / (double)st.samples, ns, (double)st.samples / 1e6);
    kt_history_close(h);
    kt_dir_remove(dir);
}

static uint32_t read_table(void)
{
    const char *shared = getenv("KT_SHARED");
    char path[400];
    snprintf(path, sizeof(path), "%s/data/mine-sensors/pl_longwall_methane_train.arff",
             shared ? shared : "../shared");
    struct kt_buf text;
    kt_buf_init(&text, 0);
    uint32_t n = 0;
    if (kt_file_read(path, (size_t)16 << 20, &text, &err) == KT_OK) {
        const char *at = strstr(kt_buf_cstr(&text), "@DATA");
        at = at ? strchr(at, '\n') + 1 : "";
        for (char *end; n < ROWS; n++) {
            int c = 0;
            for (; c < COLUMNS; c++, at = end + 1) {
                table[c][n] = strtod(at, &end);
                if (end == at) {
                    break;
                }
            }
            if (c < COLUMNS) {
                break;
            }
        }
    }
    kt_buf_done(&text);
    return n;
}

static void sensors(void)
{
    uint32_t rows = read_table();
    if (!rows) {
        printf("sensors skipped: KT_SHARED names no folder with data/mine-sensors\n");
        return;
    }
    static const char *const name[COLUMNS] = {"MM31", "MM116", "AS038",  "PG072",
                                              "PD",   "BA13",  "DMM116", "MM116_pred"};
    must(kt_dir_temp("kt-bench", dir, sizeof(dir), &err));
    struct kt_history *h = open_history();
    for (column = 0; column < COLUMNS; column++) {
        struct history_cols c = {0};
        fill(&c, real, rows, 30 * KT_SEC, 0);
        codec(name[column], &c);
        declare(h, (uint32_t)column, name[column]);
        static uint32_t point[ROWS];
        for (uint32_t i = 0; i < rows; i++) {
            point[i] = (uint32_t)column;
        }
        struct kt_samples s = {rows, point, c.time, c.value, c.quality};
        must(kt_history_add(h, 1, c.time[rows - 1], &s, &err));
        history_cols_done(&c);
    }
    kt_history_close(h);
    h = open_history();
    struct kt_history_stats st;
    kt_history_stats(h, &st);
    printf("file    %-34s %6.3f B/sample  (%.1f k samples, %llu bytes)\n", "longwall, 8 sensors",
           (double)st.bytes / (double)st.samples, (double)st.samples / 1e3,
           (unsigned long long)st.bytes);
    kt_history_close(h);
    kt_dir_remove(dir);
}

/* ---- the query behind a trend ---- */

/* Out of the page cache, as far as the kernel lets us. */
static void forget_pages(void)
{
    static const char *const names[] = {"normal-2025-11.db", "normal-2025-12.db"};
    for (int i = 0; i < 2; i++) {
        char path[240];
        snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
        int fd = open(path, O_RDONLY);
        if (fd >= 0) {
            fsync(fd);
            posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
            close(fd);
        }
    }
}

struct spent {
    double wall_ms, cpu_ms;
};

static struct spent ask(struct kt_history *h, const char *id, uint32_t n)
{
    static struct kt_bucket b[BUCKETS];
    kt_mono t = kt_clock_mono(), c = cpu();
    must(kt_history_buckets(h, id, T0, T0 + MONTH * KT_SEC, n, b, &err));
    return (struct spent){ms_since(t), (double)(cpu() - c) / 1e6};
}

static void keep_least(struct spent *a, struct spent b)
{
    a->wall_ms = b.wall_ms < a->wall_ms ? b.wall_ms : a->wall_ms;
    a->cpu_ms = b.cpu_ms < a->cpu_ms ? b.cpu_ms : a->cpu_ms;
}

static void query(const struct history_cols *c)
{
    static uint32_t point[CHUNK];
    must(kt_dir_temp("kt-bench", dir, sizeof(dir), &err));
    struct kt_history *h = open_history();
    char id[16];
    enum { POINTS = 10 }; /* so that the rows of one lie between those of others */
    for (uint32_t p = 0; p < POINTS; p++) {
        snprintf(id, sizeof(id), "p%u", p);
        declare(h, p, id);
    }
    for (uint32_t lo = 0; lo < c->n; lo += CHUNK) {
        for (uint32_t p = 0; p < POINTS; p++) {
            for (uint32_t i = 0; i < CHUNK; i++) {
                point[i] = p;
            }
            struct kt_samples s = {CHUNK, point, c->time + lo, c->value + lo, c->quality + lo};
            must(kt_history_add(h, lo + 1, c->time[lo + CHUNK - 1], &s, &err));
        }
        must(kt_history_seal(h, c->time[lo + CHUNK - 1], false, &err));
    }
    kt_history_close(h);
    h = open_history();
    struct spent cold = {1e9, 1e9}, warm = cold, few = cold;
    for (int i = 0; i < 5; i++) { /* files and their pages anew each time */
        kt_history_close(h);
        h = open_history();
        forget_pages();
        keep_least(&cold, ask(h, "p7", BUCKETS));
    }
    for (int i = 0; i < 10; i++) {
        keep_least(&warm, ask(h, "p7", BUCKETS));
        keep_least(&few, ask(h, "p7", 30));
    }
    printf("query   30 days at 1 Hz into %d buckets: cold %.1f ms (CPU %.1f), warm %.1f ms (CPU "
           "%.1f); into 30: %.1f ms\n",
           BUCKETS, cold.wall_ms, cold.cpu_ms, warm.wall_ms, warm.cpu_ms, few.wall_ms);
    kt_mono t = kt_clock_mono();
    struct kt_sample s;
    for (int i = 0; i < 1000; i++) {
        must(kt_history_last(h, "p3", T0 + (int64_t)rnd(MONTH) * KT_SEC, &s, &err));
    }
    printf("query   last: %.0f us\n", ms_since(t));
    kt_history_close(h);
    kt_dir_remove(dir);
}

/* ---- many points live ---- */

static double rss_mb(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    long pages = 0, resident = 0;
    if (f) {
        if (fscanf(f, "%ld %ld", &pages, &resident) != 2) {
            resident = 0;
        }
        fclose(f);
    }
    return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1e6;
}

static void live(series_fn fn, const char *name)
{
    static uint32_t point[LIVE];
    static kt_time time[LIVE];
    static double value[LIVE];
    static int64_t levels[LIVE];
    enum { SECONDS = CHUNK + CHUNK / 2 };
    must(kt_dir_temp("kt-bench", dir, sizeof(dir), &err));
    double before = rss_mb(), most = 0, spent = 0;
    struct kt_history *h = open_history();
    char id[16];
    for (uint32_t p = 0; p < LIVE; p++) {
        snprintf(id, sizeof(id), "p%u", p);
        declare(h, p, id);
        point[p] = p;
        levels[p] = 100;
    }
    for (uint32_t i = 0; i < SECONDS; i++) {
        for (uint32_t p = 0; p < LIVE; p++) {
            level = levels[p];
            value[p] = fn(i ? i : 1);
            levels[p] = level;
            time[p] = T0 + i * KT_SEC;
        }
        struct kt_samples s = {LIVE, point, time, value, NULL};
        kt_mono t = cpu();
        must(kt_history_add(h, i + 1, time[0], &s, &err));
        must(kt_history_seal(h, time[0], false, &err));
        spent += (double)(cpu() - t);
        double mb = i % 100 ? 0 : rss_mb();
        most = mb > most ? mb : most;
    }
    printf("live    10,000 points at 1 Hz, %-11s %5.1f ns a sample (add, seal, SQLite); "
           "memory %.0f MB\n",
           name, spent / SECONDS / LIVE, most - before);
    kt_history_close(h);
    kt_dir_remove(dir);
}

/* In a process of its own, so that memory is its own. */
static void alone(series_fn fn, const char *name)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        live(fn, name);
        fflush(stdout);
        _exit(0);
    }
    waitpid(pid, NULL, 0);
}

int main(int argc, char **argv)
{
    (void)argv;
    kt_log_set_level(KT_LOG_WARN);
    sensors();
    struct history_cols c = {0};
    static const struct {
        const char *name;
        series_fn fn;
        int64_t jitter_ms;
    } list[] = {{"walk of 0.01, 1 Hz", walk, 0},
                {"calm, 0.01, 1 Hz", calm, 0},
                {"walk, stamps jitter by 10 ms", walk, 10},
                {"float32 readings", float32, 0},
                {"doubles without a pattern", noise, 0}};
    for (size_t i = 0; i < KT_ARRAY_LEN(list); i++) {
        fill(&c, list[i].fn, 4 * 86400, KT_SEC, list[i].jitter_ms);
        codec(list[i].name, &c);
        whole_file(list[i].name, &c, 10);
    }
    fill(&c, walk, MONTH, KT_SEC, 0);
    query(&c);
    history_cols_done(&c);
    if (argc == 1) { /* any argument leaves the long part out */
        alone(calm, "calm");
        alone(float32, "float32");
    }
    return 0;
}
