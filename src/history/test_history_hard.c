/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history under kill -9, under many threads, with a month of seconds, with real sensors.
 */
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "history/history.h"
#include "sys/file.h"
#include "unit.h"

static struct kt_err err;

static struct kt_history *open_dir(const char *dir, uint32_t chunk)
{
    struct kt_history_opts o = {.dir = dir, .chunk_samples = chunk};
    struct kt_history *h = NULL;
    CHECK_OK(kt_history_open(&o, &h, &err), &err);
    return h;
}

static void declare(struct kt_history *h, uint32_t id, const char *name, double deadband)
{
    struct kt_history_point p = {.id = name, .deadband = deadband, .retention = (uint8_t)(id % 3)};
    CHECK_OK(kt_history_declare(h, (kt_point_id){id}, &p, &err), &err);
}

/* ---- kill -9 ---- */

enum { POINTS = 6, BATCHES = 3000, PER_BATCH = 40, KILLS = 12, THINNED = 2 };
static const kt_time NEAR_MIDNIGHT = INT64_C(1764540000) * KT_SEC; /* 2025-11-30 22:00 UTC */
static const char *const names[POINTS] = {"a", "b", "c", "d", "e", "f"};

/* The journal: batch seq is always the same. */
static void journal_batch(struct kt_history *h, uint64_t seq)
{
    uint64_t s = seq * 7919;
    uint32_t point[PER_BATCH];
    kt_time time[PER_BATCH], arrival = NEAR_MIDNIGHT + (int64_t)seq * 5 * KT_SEC;
    double value[PER_BATCH];
    for (int i = 0; i < PER_BATCH; i++) {
        point[i] = (uint32_t)(unit_rand(&s) % POINTS);
        time[i] = arrival - (int64_t)(unit_rand(&s) % 20) * KT_SEC;
        value[i] = (double)(unit_rand(&s) % 300) / 100;
        if (unit_rand(&s) % 50 == 0) {
            time[i] -= 5 * KT_HOUR;
        }
    }
    struct kt_samples b = {PER_BATCH, point, time, value, NULL};
    CHECK_OK(kt_history_add(h, seq, arrival, &b, &err), &err);
}

static void declare_points(struct kt_history *h)
{
    for (uint32_t p = 0; p < POINTS; p++) {
        declare(h, p, names[p], p < THINNED ? 0.5 : 0);
    }
}

/* Recover from the journal, go on to its end, telling how far. */
static void live(const char *dir, int tell)
{
    struct kt_history *h = open_dir(dir, 150);
    declare_points(h);
    uint64_t s = (uint64_t)getpid();
    for (uint64_t seq = kt_history_safe_seq(h) + 1; seq <= BATCHES; seq++) {
        journal_batch(h, seq);
        kt_time now = NEAR_MIDNIGHT + (int64_t)seq * 5 * KT_SEC;
        if (unit_rand(&s) % 10 == 0) {
            CHECK_OK(kt_history_seal(h, now, unit_rand(&s) % 20 == 0, &err), &err);
        }
        if (unit_rand(&s) % 200 == 0) {
            CHECK_OK(kt_history_merge(h, now, &err), &err);
        }
        if (tell >= 0 && write(tell, "", 1) != 1) {
            return;
        }
    }
    kt_history_close(h);
}

/* Start a life and kill it after some batches. */
static bool killed(const char *dir, uint64_t after)
{
    int fd[2];
    CHECK(pipe(fd) == 0);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        close(fd[0]);
        live(dir, fd[1]);
        _exit(unit_bad ? 1 : 0);
    }
    close(fd[1]);
    char c;
    uint64_t n = 0;
    while (n < after && read(fd[0], &c, 1) == 1) {
        n++;
    }
    kill(pid, SIGKILL);
    int status = 0;
    waitpid(pid, &status, 0);
    close(fd[0]);
    CHECK(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status);
}

struct list {
    struct kt_sample s[BATCHES * PER_BATCH];
    size_t n;
};

static bool collect(void *arg, kt_time time, double value, kt_quality q, kt_time arrival)
{
    (void)arrival;
    struct list *l = arg;
    l->s[l->n++] = (struct kt_sample){{0}, time, value, q};
    return l->n < BATCHES * PER_BATCH;
}

static bool equal(const struct kt_sample *a, const struct kt_sample *b)
{
    return a->time == b->time && memcmp(&a->value, &b->value, 8) == 0 && a->quality == b->quality;
}

static bool same(const struct list *a, const struct list *b)
{
    for (size_t i = 0; i < a->n && i < b->n; i++) {
        if (!equal(&a->s[i], &b->s[i])) {
            return false;
        }
    }
    return a->n == b->n;
}

static void same_after_kills(void)
{
    static struct list got, want;
    char dir[200], calm[200];
    uint64_t seed = 4711;
    int kills = 0;
    printf("# seed %llu\n", (unsigned long long)seed);
    CHECK_OK(kt_dir_temp("kt-history", dir, sizeof(dir), &err), &err);
    CHECK_OK(kt_dir_temp("kt-history", calm, sizeof(calm), &err), &err);
    for (int i = 0; i < KILLS; i++) {
        kills += killed(dir, 1 + unit_rand(&seed) % 500);
    }
    CHECK(kills > KILLS / 2);
    live(dir, -1);
    live(calm, -1);
    struct kt_history *a = open_dir(dir, 150), *b = open_dir(calm, 150);
    for (uint32_t p = 0; p < POINTS; p++) {
        got.n = want.n = 0;
        CHECK_OK(kt_history_scan(a, names[p], INT64_MIN, INT64_MAX, collect, &got, &err), &err);
        CHECK_OK(kt_history_scan(b, names[p], INT64_MIN, INT64_MAX, collect, &want, &err), &err);
        CHECK(want.n > 1000);
        CHECK_INT(got.n, want.n);
        CHECK(same(&want, &got));
    }
    kt_history_close(a);
    kt_history_close(b);
    uint64_t chunks = 0;
    CHECK_OK(kt_history_verify(dir, NULL, NULL, &chunks, &err), &err);
    kt_dir_remove(dir);
    kt_dir_remove(calm);
}

/* ---- many threads ---- */

enum { READERS = 3, ADDED = 30000 };
struct shared {
    struct kt_history *h;
    _Atomic uint64_t added; /* samples that must be found */
    atomic_bool end;
};
struct reader {
    struct shared *s;
    uint64_t seed;
    int bad, asked;
};
static const kt_time T0 = INT64_C(1764000000) * KT_SEC;

static double value_at(uint64_t i)
{
    return (double)(i % 100) / 100;
}

struct run {
    kt_time from;
    uint64_t n;
    int bad;
};

static bool one_after_another(void *arg, kt_time time, double value, kt_quality q, kt_time arrival)
{
    (void)q, (void)arrival;
    struct run *r = arg;
    uint64_t i = (uint64_t)((time - T0) / KT_SEC);
    r->bad += time != r->from + (int64_t)r->n * KT_SEC || value != value_at(i);
    r->n++;
    return true;
}

static void ask(struct reader *r)
{
    struct kt_history *h = r->s->h;
    struct kt_err e;
    uint64_t n = atomic_load(&r->s->added);
    if (n < 2) {
        return;
    }
    uint64_t a = unit_rand(&r->seed) % (n - 1), len = 1 + unit_rand(&r->seed) % (n - a);
    kt_time from = T0 + (int64_t)a * KT_SEC, to = from + (int64_t)len * KT_SEC;
    struct run run = {.from = from};
    struct kt_bucket b[7];
    uint64_t count = 0;
    struct kt_sample s = {.time = 0};
    r->bad += kt_history_scan(h, "p1", from, to, one_after_another, &run, &e) < 0;
    r->bad += run.bad || run.n != len;
    r->bad += kt_history_buckets(h, "p2", from, to, 7, b, &e) < 0;
    for (int i = 0; i < 7; i++) {
        count += b[i].count;
    }
    r->bad += count != len;
    r->bad += kt_history_last(h, "p0", to - 1, &s, &e) < 0 || s.time != to - KT_SEC;
    r->asked++;
}

static void *read_all(void *arg)
{
    struct reader *r = arg;
    while (!atomic_load(&r->s->end)) {
        ask(r);
    }
    return NULL;
}

static void write_all(struct shared *s)
{
    static const char *const id[3] = {"p0", "p1", "p2"};
    for (uint32_t p = 0; p < 3; p++) {
        declare(s->h, p, id[p], 0);
    }
    for (uint64_t i = 0; i < ADDED; i++) {
        uint32_t point[3] = {0, 1, 2};
        kt_time t = T0 + (int64_t)i * KT_SEC, time[3] = {t, t, t};
        double v = value_at(i), value[3] = {v, v, v};
        struct kt_samples b = {3, point, time, value, NULL};
        CHECK_OK(kt_history_add(s->h, i + 1, t, &b, &err), &err);
        atomic_store(&s->added, i + 1);
        if (i % 100 == 0) {
            CHECK_OK(kt_history_seal(s->h, t, i % 1000 == 0, &err), &err);
        }
        if (i % 5000 == 4999) {
            CHECK_OK(kt_history_merge(s->h, t, &err), &err);
            struct kt_history_stats st;
            kt_history_stats(s->h, &st);
            declare(s->h, 3, "another", 0);
        }
    }
}

static void readers_and_the_writer(void)
{
    char dir[200];
    CHECK_OK(kt_dir_temp("kt-history", dir, sizeof(dir), &err), &err);
    static struct shared s;
    s.h = open_dir(dir, 700);
    pthread_t t[READERS];
    struct reader r[READERS];
    for (int i = 0; i < READERS; i++) {
        r[i] = (struct reader){.s = &s, .seed = (uint64_t)i + 1};
        REQUIRE(pthread_create(&t[i], NULL, read_all, &r[i]) == 0);
    }
    write_all(&s);
    atomic_store(&s.end, true);
    for (int i = 0; i < READERS; i++) {
        pthread_join(t[i], NULL);
        CHECK_INT(r[i].bad, 0);
        ask(&r[i]); /* once more, now that all is still */
        CHECK_INT(r[i].bad, 0);
        CHECK(r[i].asked > 0);
    }
    kt_history_close(s.h);
    kt_dir_remove(dir);
}

/* ---- a full disk ---- */

/* Hundred samples that do not compress. */
static int add_batch(struct kt_history *h, uint64_t seq)
{
    uint64_t s = seq * 77;
    uint32_t point[100];
    kt_time time[100];
    double value[100];
    for (uint32_t i = 0; i < 100; i++) {
        point[i] = i % 4;
        time[i] = T0 + (int64_t)(seq * 100 + i) * KT_SEC;
        value[i] = (double)unit_rand(&s);
    }
    struct kt_samples b = {100, point, time, value, NULL};
    return kt_history_add(h, seq, time[0], &b, &err);
}

static uint64_t found_in(struct kt_history *h)
{
    static struct list l;
    uint64_t n = 0;
    for (int p = 0; p < 4; p++) {
        l.n = 0;
        CHECK_OK(kt_history_scan(h, names[p], INT64_MIN, INT64_MAX, collect, &l, &err), &err);
        n += l.n;
    }
    return n;
}

static struct kt_history *open_four(const char *dir)
{
    struct kt_history *h = open_dir(dir, 200);
    for (uint32_t p = 0; p < 4; p++) {
        declare(h, p, names[p], 0);
    }
    return h;
}

static void a_full_disk(void)
{
    char dir[200];
    struct rlimit was, small = {.rlim_cur = 400000};
    CHECK_OK(kt_dir_temp("kt-history", dir, sizeof(dir), &err), &err);
    struct kt_history *h = open_four(dir);
    signal(SIGXFSZ, SIG_IGN);
    REQUIRE(getrlimit(RLIMIT_FSIZE, &was) == 0);
    small.rlim_max = was.rlim_max;
    REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
    kt_log_set_level(KT_LOG_ERROR);
    uint64_t seq = 1;
    while (seq < 5000 && add_batch(h, seq) == KT_OK) {
        seq++;
    }
    CHECK(seq < 5000); /* memory has a bound */
    CHECK(strstr(err.text, ".db") != NULL);
    CHECK(add_batch(h, seq + 1) < 0);
    REQUIRE(setrlimit(RLIMIT_FSIZE, &was) == 0);
    kt_log_set_level(KT_LOG_INFO);
    CHECK(kt_history_safe_seq(h) < seq);
    CHECK_INT(found_in(h), (seq - 1) * 100);
    /* there is room again; a caller that does not come back with what was refused */
    CHECK_OK(kt_history_seal(h, 0, true, &err), &err);
    CHECK_OK(add_batch(h, seq + 2), &err);
    CHECK_OK(kt_history_seal(h, 0, true, &err), &err);
    CHECK_INT(kt_history_safe_seq(h), seq - 1);
    kt_history_close(h);
    h = open_four(dir); /* gets it from the journal at the next start */
    CHECK_INT(kt_history_safe_seq(h), seq - 1);
    for (uint64_t again = seq; again <= seq + 2; again++) {
        CHECK_OK(add_batch(h, again), &err);
    }
    CHECK_INT(found_in(h), (seq + 2) * 100);
    CHECK_OK(kt_history_seal(h, 0, true, &err), &err);
    CHECK_INT(kt_history_safe_seq(h), seq + 2);
    CHECK_OK(kt_history_merge(h, T0 + 100 * KT_DAY, &err), &err);
    struct kt_history_stats st;
    kt_history_stats(h, &st);
    CHECK_INT(st.samples, (seq + 2) * 100);
    kt_history_close(h);
    uint64_t chunks = 0;
    CHECK_OK(kt_history_verify(dir, NULL, NULL, &chunks, &err), &err);
    kt_dir_remove(dir);
}

/* ---- a month of seconds ---- */

enum { MONTH = 30 * 86400, CHUNK = 3600, BUCKETS = 2000 };

static void fill_month(struct kt_history *h, double *value)
{
    static uint32_t point[CHUNK];
    static kt_time time[CHUNK];
    uint64_t seed = 5;
    int64_t m = 100;
    for (uint32_t i = 0; i < MONTH; i += CHUNK) {
        for (uint32_t j = 0; j < CHUNK; j++) {
            m += (int64_t)(unit_rand(&seed) % 5) - 2;
            value[i + j] = (double)m / 100;
            time[j] = T0 + (int64_t)(i + j) * KT_SEC;
        }
        struct kt_samples s = {CHUNK, point, time, value + i, NULL};
        CHECK_OK(kt_history_add(h, i / CHUNK + 1, time[CHUNK - 1] + KT_SEC, &s, &err), &err);
        CHECK_OK(kt_history_seal(h, time[CHUNK - 1], false, &err), &err);
    }
}

static int month_differs(struct kt_history *h, const double *value, kt_time from, uint32_t n,
                         int64_t width)
{
    struct kt_bucket *b = calloc(n, sizeof(*b));
    CHECK_OK(kt_history_buckets(h, "gas", from, from + width * n, n, b, &err), &err);
    int bad = 0;
    for (uint32_t k = 0; k < n; k++) {
        struct kt_bucket w = {0};
        int64_t lo = (from + (int64_t)k * width - T0 + KT_SEC - 1) / KT_SEC;
        int64_t hi = (from + (int64_t)(k + 1) * width - T0 + KT_SEC - 1) / KT_SEC;
        for (int64_t i = lo < 0 ? 0 : lo; i < hi && i < MONTH; i++) {
            w.min = !w.count || value[i] < w.min ? value[i] : w.min;
            w.max = !w.count || value[i] > w.max ? value[i] : w.max;
            w.sum += value[i];
            w.last = value[i];
            w.count++;
        }
        bad += w.count != b[k].count || w.min != b[k].min || w.max != b[k].max ||
               w.last != b[k].last || fabs(w.sum - b[k].sum) > 1e-6 * fabs(w.sum);
    }
    free(b);
    return bad;
}

static void a_month_of_seconds(void)
{
    char dir[200];
    CHECK_OK(kt_dir_temp("kt-history", dir, sizeof(dir), &err), &err);
    struct kt_history *h = open_dir(dir, CHUNK);
    declare(h, 0, "gas", 0);
    double *value = malloc(MONTH * sizeof(*value));
    REQUIRE(value);
    fill_month(h, value);
    CHECK_INT(month_differs(h, value, T0, BUCKETS, MONTH * KT_SEC / BUCKETS), 0);
    CHECK_INT(month_differs(h, value, T0 + 12345, 700, 61 * KT_MIN + 7), 0);
    CHECK_INT(month_differs(h, value, T0, 30, KT_DAY), 0); /* most from the summaries of rows */
    CHECK_INT(month_differs(h, value, T0 - 40 * KT_DAY, 3, 30 * KT_DAY), 0);
    struct kt_history_stats st;
    CHECK_OK(kt_history_seal(h, 0, true, &err), &err);
    kt_history_stats(h, &st);
    CHECK_INT(st.samples, MONTH);
    free(value);
    kt_history_close(h);
    kt_dir_remove(dir);
}

/* ---- real sensors ---- */

enum { COLUMNS = 8, ROWS_MAX = 20000 };
static double table[COLUMNS][ROWS_MAX];

static uint32_t read_table(const char *at)
{
    for (uint32_t i = 0; i < ROWS_MAX; i++) {
        for (int c = 0; c < COLUMNS; c++) {
            char *end;
            table[c][i] = strtod(at, &end);
            if (end == at) {
                return i;
            }
            at = end + 1; /* comma or end of line */
        }
        at += *at == '\n';
    }
    return ROWS_MAX;
}

struct column {
    const double *v;
    uint32_t n;
    int bad;
};

static bool as_read(void *arg, kt_time time, double value, kt_quality q, kt_time arrival)
{
    struct column *c = arg;
    c->bad += time != T0 + (int64_t)c->n * 30 * KT_SEC || memcmp(&value, &c->v[c->n], 8) != 0 ||
              q || arrival;
    c->n++;
    return true;
}

static void real_sensors(void)
{
    const char *shared = getenv("KT_SHARED");
    char path[400], dir[200];
    snprintf(path, sizeof(path), "%s/data/mine-sensors/pl_longwall_methane_train.arff",
             shared ? shared : "../shared");
    struct kt_buf text;
    kt_buf_init(&text, 0);
    if (kt_file_read(path, (size_t)16 << 20, &text, &err) < 0) {
        SKIP("KT_SHARED names no folder with data/mine-sensors");
    }
    const char *at = strstr(kt_buf_cstr(&text), "@DATA");
    REQUIRE(at);
    uint32_t n = read_table(strchr(at, '\n') + 1);
    CHECK_INT(n, 13368);
    CHECK_OK(kt_dir_temp("kt-history", dir, sizeof(dir), &err), &err);
    struct kt_history *h = open_dir(dir, CHUNK);
    static const char *const id[COLUMNS] = {"MM31", "MM116", "AS038",  "PG072",
                                            "PD",   "BA13",  "DMM116", "MM116_pred"};
    for (uint32_t c = 0; c < COLUMNS; c++) {
        declare(h, c, id[c], 0);
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t point[COLUMNS];
        kt_time time[COLUMNS];
        double value[COLUMNS];
        for (uint32_t c = 0; c < COLUMNS; c++) {
            point[c] = c;
            time[c] = T0 + (int64_t)i * 30 * KT_SEC;
            value[c] = table[c][i];
        }
        struct kt_samples s = {COLUMNS, point, time, value, NULL};
        CHECK_OK(kt_history_add(h, i + 1, time[0], &s, &err), &err);
        CHECK_OK(kt_history_seal(h, time[0], false, &err), &err);
    }
    CHECK_OK(kt_history_seal(h, 0, true, &err), &err);
    CHECK_OK(kt_history_merge(h, T0 + 365 * KT_DAY, &err), &err);
    for (int c = 0; c < COLUMNS; c++) {
        struct column col = {.v = table[c]};
        CHECK_OK(kt_history_scan(h, id[c], INT64_MIN, INT64_MAX, as_read, &col, &err), &err);
        CHECK(col.n == n && col.bad == 0);
    }
    kt_history_close(h);
    kt_buf_done(&text);
    kt_dir_remove(dir);
}

UNIT_MAIN({"same after kills", same_after_kills},
          {"readers and the writer", readers_and_the_writer}, {"a full disk", a_full_disk},
          {"a month of seconds", a_month_of_seconds}, {"real sensors", real_sensors})
