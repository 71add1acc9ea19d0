/* SPDX-License-Identifier: Apache-2.0 */
#include "history/history.h"

#include <math.h>
#include <sys/wait.h>
#include <unistd.h>

#include "history/history_model.h"
#include "store/store.h"
#include "sys/file.h"
#include "unit.h"

static char dir[200];
static struct kt_err err;
static const kt_time T0 = INT64_C(1764000000) * KT_SEC; /* 2025-11-24 16:00 UTC */

static void folder(void)
{
    CHECK_OK(kt_dir_temp("kt-history", dir, sizeof(dir), &err), &err);
}

static struct kt_history *open_with(uint32_t chunk)
{
    struct kt_history_opts o = {.dir = dir, .chunk_samples = chunk};
    struct kt_history *h = NULL;
    CHECK_OK(kt_history_open(&o, &h, &err), &err);
    return h;
}

static void declare(struct kt_history *h, uint32_t id, const char *name, double deadband, int cls)
{
    struct kt_history_point p = {.id = name, .deadband = deadband, .retention = (uint8_t)cls};
    CHECK_OK(kt_history_declare(h, (kt_point_id){id}, &p, &err), &err);
}

static int add_q(struct kt_history *h, uint64_t seq, uint32_t p, kt_time t, double v, kt_quality q,
                 kt_time arrival)
{
    struct kt_samples s = {.n = 1, .point = &p, .time = &t, .value = &v, .quality = &q};
    return kt_history_add(h, seq, arrival, &s, &err);
}

static void add(struct kt_history *h, uint64_t seq, uint32_t p, kt_time t, double v)
{
    CHECK_OK(add_q(h, seq, p, t, v, KT_Q_NORMAL, t), &err);
}

static uint64_t seed;
static uint64_t rnd(uint64_t n)
{
    return unit_rand(&seed) % n;
}

/* ---- what is seen, against the model ---- */

struct seen {
    const struct model *m;
    size_t at;
    int bad;
    size_t end;
};

static bool compare_one(void *arg, kt_time time, double value, kt_quality q, kt_time arrival)
{
    struct seen *s = arg;
    if (s->at >= s->end) {
        s->bad++;
        return false;
    }
    const struct model_sample *w = &s->m->sorted[s->at++];
    s->bad += w->time != time || memcmp(&w->value, &value, 8) != 0 || w->quality != q ||
              w->arrival != arrival;
    return s->bad < 5;
}

static int scan_differs(struct kt_history *h, const struct model *m, kt_time from, kt_time to)
{
    struct seen s = {.m = m, .at = model_find(m, from), .end = model_find(m, to)};
    CHECK_OK(kt_history_scan(h, m->name, from, to, compare_one, &s, &err), &err);
    return s.bad + (s.bad == 0 && s.at != s.end);
}

static bool near_sum(double a, double b, double scale)
{
    return a == b || (a != a && b != b) || fabs(a - b) <= 1e-9 * (scale + 1);
}

static bool same_bucket(const struct kt_bucket *a, const struct kt_bucket *b, double scale)
{
    if (a->start != b->start || a->count != b->count || a->worst != b->worst) {
        return false;
    }
    return a->count == 0 || (memcmp(&a->min, &b->min, 8) == 0 && memcmp(&a->max, &b->max, 8) == 0 &&
                             memcmp(&a->last, &b->last, 8) == 0 &&
                             near_sum(a->sum, b->sum, scale) && a->min_time == b->min_time &&
                             a->max_time == b->max_time && a->last_time == b->last_time);
}

static int buckets_differ(struct kt_history *h, const struct model *m, kt_time from, kt_time to,
                          uint32_t n)
{
    struct kt_bucket *got = calloc(n, sizeof(*got)), *want = calloc(n, sizeof(*want));
    double scale = model_buckets(m, from, to, n, want);
    CHECK_OK(kt_history_buckets(h, m->name, from, to, n, got, &err), &err);
    int bad = 0;
    for (uint32_t i = 0; i < n; i++) {
        bad += !same_bucket(&got[i], &want[i], scale);
    }
    free(got);
    free(want);
    return bad;
}

static bool last_differs(struct kt_history *h, const struct model *m, kt_time at)
{
    struct kt_sample s;
    size_t n = model_find(m, at + 1);
    int r = kt_history_last(h, m->name, at, &s, &err);
    if (n == 0) {
        return r != KT_ENOTFOUND;
    }
    const struct model_sample *w = &m->sorted[n - 1];
    return r != KT_OK || s.time != w->time || memcmp(&s.value, &w->value, 8) != 0 ||
           s.quality != w->quality;
}

static int differs(struct kt_history *h, struct model *m)
{
    model_settle(m);
    kt_time lo = m->n ? m->sorted[0].time : T0, hi = m->n ? m->sorted[m->n_sorted - 1].time : T0;
    int64_t span = hi - lo + 1;
    int bad = scan_differs(h, m, INT64_MIN, INT64_MAX) != 0;
    for (int i = 0; i < 4; i++) {
        kt_time a = lo + (int64_t)rnd((uint64_t)span + KT_HOUR) - KT_HOUR / 2;
        kt_time b = a + 1 + (int64_t)rnd((uint64_t)span);
        bad += scan_differs(h, m, a, b) != 0;
        bad += buckets_differ(h, m, a, b, 1 + (uint32_t)rnd(300)) != 0;
        bad += last_differs(h, m, a);
    }
    return bad;
}

/* ---- random life ---- */

enum { POINTS = 5, STEPS = 220 };

static double some_value(uint32_t p)
{
    static const double odd[] = {NAN, INFINITY, -0.0, 0.0, 1e300};
    uint64_t r = rnd(60);
    if (r < KT_ARRAY_LEN(odd)) {
        return odd[r];
    }
    return p % 2 ? (double)rnd(500) / 100 : (double)(float)((double)rnd(5000) / 1000);
}

static void random_batch(struct kt_history *h, struct model *m, uint64_t seq, kt_time *now)
{
    enum { MAX = 200 };
    uint32_t point[MAX], n = 1 + (uint32_t)rnd(MAX);
    kt_time time[MAX];
    double value[MAX];
    kt_quality quality[MAX];
    *now += (int64_t)rnd(40) * KT_SEC + (rnd(40) ? 0 : 7 * KT_HOUR);
    kt_time arrival = *now;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t p = (uint32_t)rnd(POINTS);
        const struct model *old = &m[p];
        point[i] = p;
        time[i] = *now - (int64_t)rnd(20) * KT_SEC / 4;
        value[i] = some_value(p);
        quality[i] = rnd(20) ? KT_Q_NORMAL : (kt_quality)(rnd(4) << 6 | rnd(13));
        if (rnd(25) == 0) {
            time[i] -= (int64_t)rnd(40 * (uint64_t)KT_HOUR); /* late */
        }
        if (rnd(10) == 0 && old->n) { /* sent again, or another value at the same time */
            const struct model_sample *again = &old->list[rnd(old->n)];
            time[i] = again->time;
            value[i] = rnd(3) ? again->value : value[i];
        }
        model_add(&m[p], time[i], value[i], quality[i], arrival);
    }
    struct kt_samples s = {n, point, time, value, quality};
    CHECK_OK(kt_history_add(h, seq, arrival, &s, &err), &err);
}

static void declare_all(struct kt_history *h, struct model *m, uint32_t shift)
{
    for (uint32_t p = 0; p < POINTS; p++) {
        declare(h, (p + shift) % POINTS, m[p].name, 0, (int)(p % 3));
    }
}

static void against_a_naive_model(void)
{
    for (uint64_t run = 1; run <= 6; run++) {
        seed = 1000 + run;
        struct model m[POINTS];
        for (int p = 0; p < POINTS; p++) {
            model_init(&m[p], p);
        }
        folder();
        uint32_t chunk = run % 2 ? 40 : 300;
        struct kt_history *h = open_with(chunk);
        declare_all(h, m, 0);
        kt_time now = T0 + (int64_t)(run * 31) * KT_DAY / 2;
        int bad = 0;
        for (uint64_t step = 1; step <= STEPS && !bad; step++) {
            random_batch(h, m, step, &now);
            uint64_t what = rnd(40);
            if (what < 8) {
                CHECK_OK(kt_history_seal(h, now, what == 0, &err), &err);
            } else if (what < 10) {
                CHECK_OK(kt_history_merge(h, now - (int64_t)rnd(3) * KT_DAY, &err), &err);
            } else if (what == 10) {
                kt_history_close(h);
                h = open_with(chunk);
                declare_all(h, m, 0);
            } else if (what < 15) {
                bad += differs(h, &m[rnd(POINTS)]);
            }
        }
        for (int p = 0; p < POINTS; p++) {
            bad += differs(h, &m[p]);
        }
        CHECK_OK(kt_history_seal(h, now, true, &err), &err);
        CHECK_OK(kt_history_merge(h, now + 2 * KT_DAY, &err), &err);
        uint64_t stored = 0;
        for (int p = 0; p < POINTS; p++) {
            bad += differs(h, &m[p]);
            stored += m[p].n_sorted;
        }
        struct kt_history_stats st;
        kt_history_stats(h, &st);
        CHECK_INT(st.samples, stored);
        CHECK_INT(st.head_samples, 0);
        CHECK_INT(st.points, POINTS);
        CHECK(st.chunks > 0 && st.bytes > 0 && st.late > 0 && st.duplicates > 0);
        if (bad) {
            printf("# seed %d: %d differences\n", (int)(1000 + run), bad);
        }
        CHECK_INT(bad, 0);
        kt_history_close(h);
        uint64_t chunks = 0;
        CHECK_OK(kt_history_verify(dir, NULL, NULL, &chunks, &err), &err);
        CHECK_INT(chunks, st.chunks);
        for (int p = 0; p < POINTS; p++) {
            model_done(&m[p]);
        }
        kt_dir_remove(dir);
    }
}

/* ---- single promises ---- */

static void found_at_once_and_late_ones(void)
{
    folder();
    struct kt_history *h = open_with(0);
    declare(h, 7, "T1-1203", 0, 1);
    struct kt_sample s;
    CHECK_INT(kt_history_last(h, "T1-1203", INT64_MAX, &s, &err), KT_ENOTFOUND);
    add(h, 1, 7, T0, 0.52);
    CHECK_OK(kt_history_last(h, "T1-1203", INT64_MAX, &s, &err), &err);
    CHECK(s.time == T0 && s.value == 0.52 && s.point.v == 7);
    /* another value of the same time, later: it answers; the time before does not know it */
    CHECK_OK(add_q(h, 2, 7, T0, 0.60, KT_Q_CALIBRATION, T0 + KT_HOUR), &err);
    CHECK_OK(kt_history_last(h, "T1-1203", T0, &s, &err), &err);
    CHECK(s.value == 0.60 && s.quality == KT_Q_CALIBRATION);
    CHECK_INT(kt_history_last(h, "T1-1203", T0 - 1, &s, &err), KT_ENOTFOUND);
    CHECK_OK(add_q(h, 3, 7, T0, 0.52, KT_Q_NORMAL, T0 + 2 * KT_HOUR), &err); /* stored already */
    CHECK_OK(kt_history_last(h, "T1-1203", T0, &s, &err), &err);
    CHECK(s.value == 0.60);
    CHECK_OK(kt_history_seal(h, 0, true, &err), &err);
    CHECK_OK(kt_history_last(h, "T1-1203", T0 + KT_DAY * 400, &s, &err), &err);
    CHECK(s.value == 0.60);
    struct kt_history_stats st;
    kt_history_stats(h, &st);
    CHECK_INT(st.samples, 2);
    CHECK_INT(st.duplicates, 1);
    kt_history_close(h);
    kt_dir_remove(dir);
}

static void refused(void)
{
    folder();
    struct kt_history *h = open_with(0);
    CHECK_INT(add_q(h, 1, 3, T0, 1, 0, T0), KT_EINVAL);
    declare(h, 3, "a", 0, 0);
    CHECK_INT(add_q(h, 1, 3, INT64_MAX, 1, 0, T0), KT_EINVAL);
    struct kt_history_point p = {.id = "b", .retention = 3};
    CHECK_INT(kt_history_declare(h, (kt_point_id){1}, &p, &err), KT_EINVAL);
    struct kt_bucket b;
    CHECK_INT(kt_history_buckets(h, "a", T0, T0, 1, &b, &err), KT_EINVAL);
    CHECK_INT(kt_history_buckets(h, "a", T0, T0 + 1, 0, &b, &err), KT_EINVAL);
    CHECK_OK(kt_history_buckets(h, "nobody", T0, T0 + 1, 1, &b, &err), &err);
    CHECK_INT(b.count, 0);
    static const int days[3] = {0, -1, 0};
    CHECK_INT(kt_history_retain(h, T0, days, &err), KT_EINVAL);
    /* a second writer is refused */
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        struct kt_history_opts o = {.dir = dir};
        struct kt_history *other;
        _exit(kt_history_open(&o, &other, &err) == KT_EBUSY ? 0 : 1);
    }
    int status = -1;
    waitpid(pid, &status, 0);
    CHECK_INT(status, 0);
    kt_history_close(h);
    kt_dir_remove(dir);
}

static bool count_one(void *arg, kt_time time, double value, kt_quality q, kt_time arrival)
{
    (void)time, (void)value, (void)q, (void)arrival;
    ++*(int *)arg;
    return true;
}

static int count_all(struct kt_history *h, const char *point)
{
    int n = 0;
    CHECK_OK(kt_history_scan(h, point, INT64_MIN, INT64_MAX, count_one, &n, &err), &err);
    return n;
}

static void deadband_thins(void)
{
    folder();
    struct kt_history *h = open_with(0);
    declare(h, 0, "a", 0.05, 1);
    add(h, 1, 0, T0, 1.00);
    add(h, 2, 0, T0 + KT_SEC, 1.03);     /* passed over */
    add(h, 3, 0, T0 + 2 * KT_SEC, 1.06); /* 0.06 from the stored one */
    CHECK_OK(add_q(h, 4, 0, T0 + 3 * KT_SEC, 1.06, KT_Q_BROKEN, T0), &err); /* never thinned */
    add(h, 5, 0, T0 + 4 * KT_SEC, 1.06);                                    /* good again */
    add(h, 6, 0, T0 + 4 * KT_SEC + 9 * KT_MIN, 1.06);                       /* passed over */
    add(h, 7, 0, T0 + 4 * KT_SEC + 10 * KT_MIN, 1.06);                      /* old enough */
    add(h, 8, 0, T0 - KT_SEC, 1.06);                                        /* late: kept */
    CHECK_INT(count_all(h, "a"), 6);
    kt_history_close(h);
    h = open_with(0); /* it goes on where it was */
    declare(h, 0, "a", 0.05, 1);
    add(h, 9, 0, T0 + 5 * KT_SEC + 10 * KT_MIN, 1.05);
    CHECK_INT(count_all(h, "a"), 6);
    kt_history_close(h);
    kt_dir_remove(dir);
}

static void safe_seq(void)
{
    folder();
    struct kt_history *h = open_with(100);
    declare(h, 0, "slow", 0, 0);
    declare(h, 1, "fast", 0, 0);
    CHECK_INT(kt_history_safe_seq(h), 0);
    add(h, 5, 0, T0, 1);
    for (uint64_t i = 0; i < 250; i++) {
        add(h, 6 + i, 1, T0 + (int64_t)i * KT_SEC, (double)i);
    }
    CHECK_OK(kt_history_seal(h, T0 + KT_SEC, false, &err), &err);
    CHECK_INT(kt_history_safe_seq(h), 4); /* the slow one is not on disk */
    CHECK_OK(kt_history_seal(h, T0 + 2 * KT_HOUR, false, &err), &err);
    CHECK_INT(kt_history_safe_seq(h), 255);
    add(h, 256, 1, T0 + KT_HOUR, 1);
    CHECK_INT(kt_history_safe_seq(h), 255);
    kt_history_close(h);
    h = open_with(100);
    CHECK_INT(kt_history_safe_seq(h), 256);
    /* another journal: its first events are not taken for the old ones */
    declare(h, 0, "slow", 0, 0);
    add(h, 1, 0, T0 - KT_SEC, 3);
    CHECK_INT(kt_history_safe_seq(h), 0);
    CHECK_INT(count_all(h, "slow"), 2);
    kt_history_close(h);
    kt_dir_remove(dir);
}

static void ids_move_on_reload(void)
{
    folder();
    struct kt_history *h = open_with(0);
    declare(h, 0, "a", 0, 0);
    declare(h, 1, "b", 0, 0);
    add(h, 1, 0, T0, 10);
    add(h, 1, 1, T0, 20);
    declare(h, 0, "b", 0, 2); /* now b has number 0, a has 1, and b another class */
    declare(h, 1, "a", 0, 0);
    CHECK_OK(kt_history_seal(h, 0, true, &err), &err);
    add(h, 2, 0, T0 + KT_SEC, 21);
    add(h, 2, 1, T0 + KT_SEC, 11);
    declare(h, 0, "b", 0, 1);
    CHECK_OK(kt_history_seal(h, 0, true, &err), &err);
    struct kt_bucket k;
    CHECK_OK(kt_history_buckets(h, "a", T0, T0 + KT_MIN, 1, &k, &err), &err);
    CHECK(k.count == 2 && k.sum == 21 && k.last == 11);
    CHECK_OK(kt_history_buckets(h, "b", T0, T0 + KT_MIN, 1, &k, &err), &err);
    CHECK(k.count == 2 && k.sum == 41 && k.last == 21); /* from files of two classes */
    declare(h, 0, "c", 0, 1);                           /* b has ended */
    CHECK_INT(count_all(h, "b"), 2);
    struct kt_sample s;
    CHECK_OK(kt_history_last(h, "b", INT64_MAX, &s, &err), &err);
    CHECK(s.point.v == KT_NONE && s.value == 21);
    kt_history_close(h);
    kt_dir_remove(dir);
}

static void months_are_dropped(void)
{
    folder();
    struct kt_history *h = open_with(50);
    declare(h, 0, "key", 0, 0);
    declare(h, 1, "normal", 0, 1);
    declare(h, 2, "short", 0, 2);
    for (int64_t d = 0; d < 100; d++) {
        for (uint32_t p = 0; p < 3; p++) {
            add(h, (uint64_t)d + 1, p, T0 + d * KT_DAY, (double)d);
        }
    }
    CHECK_OK(kt_history_seal(h, 0, true, &err), &err);
    struct kt_history_stats before, after;
    kt_history_stats(h, &before);
    static const int days[3] = {0, 60, 10};
    CHECK_OK(kt_history_retain(h, T0 + 99 * KT_DAY, days, &err), &err); /* 2026-03-03 */
    CHECK_INT(count_all(h, "key"), 100);
    CHECK_INT(count_all(h, "normal"), 62); /* all since 1 January: November and December went */
    CHECK_INT(count_all(h, "short"), 31);  /* since 1 February */
    kt_history_stats(h, &after);
    CHECK_INT(before.samples, 300);
    CHECK_INT(after.samples, 193);
    CHECK(after.bytes < before.bytes);
    add(h, 200, 2, T0, 1); /* a late one makes its month anew */
    CHECK_OK(kt_history_seal(h, 0, true, &err), &err);
    CHECK_INT(count_all(h, "short"), 32);
    kt_history_close(h);
    kt_dir_remove(dir);
}

static void small_chunks_are_joined(void)
{
    folder();
    struct kt_history *h = open_with(1000);
    declare(h, 0, "a", 0, 1);
    for (uint64_t i = 0; i < 480; i++) { /* two days, a sample in 6 minutes, sealed each hour */
        add(h, i + 1, 0, T0 - T0 % KT_DAY + (int64_t)i * 6 * KT_MIN, (double)i);
        if (i % 10 == 9) {
            CHECK_OK(kt_history_seal(h, 0, true, &err), &err);
        }
    }
    struct kt_history_stats st;
    kt_history_stats(h, &st);
    CHECK_INT(st.chunks, 48);
    CHECK_OK(kt_history_merge(h, T0 - T0 % KT_DAY + KT_DAY, &err), &err);
    kt_history_stats(h, &st);
    CHECK_INT(st.chunks, 25); /* only the first day is over */
    CHECK_OK(kt_history_merge(h, T0 + 40 * KT_DAY, &err), &err);
    kt_history_stats(h, &st);
    CHECK_INT(st.chunks, 2);
    CHECK_INT(st.samples, 480);
    CHECK_INT(count_all(h, "a"), 480);
    kt_history_close(h);
    uint64_t chunks = 0;
    CHECK_OK(kt_history_verify(dir, NULL, NULL, &chunks, &err), &err);
    CHECK_INT(chunks, 2);
    kt_dir_remove(dir);
}

/* What on_sealed reports is what lies in the files at the end. */
struct chain {
    struct kt_hash list[400];
    int n, found;
};

static void sealed(void *arg, const char *point, kt_time from, kt_time to, uint32_t n,
                   const struct kt_hash *hash)
{
    struct chain *c = arg;
    CHECK(from <= to && n > 0 && point[0] == 'a' && c->n < 400);
    c->list[c->n++] = *hash;
}

static bool in_chain(void *arg, const char *point, kt_time from, kt_time to, uint32_t n,
                     const struct kt_hash *hash)
{
    (void)point, (void)from, (void)to, (void)n;
    struct chain *c = arg;
    for (int i = 0; i < c->n; i++) {
        if (kt_hash_eq(&c->list[i], hash)) {
            c->found++;
            return true;
        }
    }
    return true;
}

static void hashes_are_reported(void)
{
    folder();
    static struct chain c;
    struct kt_history_opts o = {.dir = dir, .chunk_samples = 20, .on_sealed = sealed, .arg = &c};
    struct kt_history *h = NULL;
    CHECK_OK(kt_history_open(&o, &h, &err), &err);
    declare(h, 0, "a", 0, 1);
    for (uint64_t i = 0; i < 500; i++) {
        add(h, i + 1, 0, T0 + (int64_t)i * KT_MIN, (double)(i % 7));
        if (i % 13 == 0) {
            CHECK_OK(kt_history_seal(h, 0, i % 2, &err), &err);
        }
    }
    CHECK_OK(kt_history_merge(h, T0 + KT_DAY, &err), &err);
    kt_history_close(h);
    struct kt_history_opts again = {.dir = dir};
    CHECK_OK(kt_history_open(&again, &h, &err), &err);
    struct kt_history_stats st;
    kt_history_stats(h, &st);
    CHECK_OK(kt_history_chunks(dir, in_chain, &c, &err), &err); /* while it is open */
    CHECK_INT(c.found, st.chunks);
    kt_history_close(h);
    kt_dir_remove(dir);
}

/* Place of some chunk's bytes within the file `b`; 0 when there is none. */
static size_t place_of_a_chunk(const char *path, const struct kt_buf *b)
{
    struct kt_store_opts o = {.path = path, .read_only = true};
    struct kt_store *s;
    struct kt_db *db;
    struct kt_stmt *st;
    if (kt_store_open(&o, &s, &err) < 0 || kt_store_read(s, &db, &err) < 0 ||
        kt_db_prepare(db, "SELECT data FROM chunk LIMIT 1", &st, &err) < 0 ||
        kt_stmt_step(st, &err) != 1) {
        return 0;
    }
    struct kt_str row = kt_col_bytes(st, 0);
    const char *at = memmem(b->p, b->n, row.p, row.n);
    kt_stmt_done(st);
    kt_store_read_done(s, db);
    kt_store_close(s);
    return at ? (size_t)(at - b->p) : 0;
}

static void damage_is_found(void)
{
    folder();
    struct kt_history *h = open_with(500);
    declare(h, 0, "a", 0, 1);
    for (uint64_t i = 0; i < 5000; i++) {
        add(h, i + 1, 0, T0 - T0 % KT_DAY + (int64_t)i * KT_SEC, (double)((i * i) % 1237) / 100);
    }
    char copy[240], path[280];
    snprintf(copy, sizeof(copy), "%s/copy", dir);
    CHECK_OK(kt_history_seal(h, 0, true, &err), &err);
    CHECK_OK(kt_history_backup(h, copy, &err), &err);
    kt_history_close(h);
    snprintf(path, sizeof(path), "%s/normal-2025-11.db", copy);
    struct kt_buf b;
    kt_buf_init(&b, 0);
    CHECK_OK(kt_file_read(path, 1 << 24, &b, &err), &err);
    uint64_t chunks = 0;
    CHECK_OK(kt_history_verify(copy, NULL, NULL, &chunks, &err), &err);
    CHECK(chunks > 5);
    size_t at = place_of_a_chunk(path, &b);
    REQUIRE(at > 0);
    b.p[at + 100] ^= 4;
    CHECK_OK(kt_file_replace(path, b.p, b.n, &err), &err);
    CHECK_INT(kt_history_verify(copy, NULL, NULL, &chunks, &err), KT_ECORRUPT);
    CHECK(strstr(err.text, "normal-2025-11.db") != NULL);
    struct kt_history_opts o = {.dir = copy};
    CHECK_OK(kt_history_open(&o, &h, &err), &err);
    int n = 0;
    CHECK_INT(kt_history_scan(h, "a", INT64_MIN, INT64_MAX, count_one, &n, &err), KT_ECORRUPT);
    kt_history_close(h);
    /* no database at all: put aside, the rest goes on */
    CHECK_OK(kt_file_replace(path, "nothing that SQLite would ever open..........", 45, &err),
             &err);
    CHECK_OK(kt_history_open(&o, &h, &err), &err);
    CHECK_INT(count_all(h, "a"), 0);
    declare(h, 0, "a", 0, 1);
    add(h, 9000, 0, T0, 1);
    kt_history_close(h);
    CHECK_OK(kt_history_verify(copy, NULL, NULL, &chunks, &err), &err);
    CHECK_INT(chunks, 1);
    kt_buf_done(&b);
    kt_dir_remove(dir);
}

static void backup_while_running(void)
{
    folder();
    struct kt_history *h = open_with(60);
    declare(h, 0, "a", 0, 1);
    declare(h, 1, "b", 0, 0);
    for (uint64_t i = 0; i < 1000; i++) {
        add(h, i + 1, i % 2, T0 + (int64_t)i * KT_MIN, (double)i);
    }
    CHECK_OK(kt_history_seal(h, 0, false, &err), &err);
    char copy[240];
    snprintf(copy, sizeof(copy), "%s/copy", dir);
    CHECK_OK(kt_history_backup(h, copy, &err), &err);
    uint64_t safe = kt_history_safe_seq(h);
    struct kt_history_opts o = {.dir = copy, .chunk_samples = 60};
    struct kt_history *c;
    CHECK_OK(kt_history_open(&o, &c, &err), &err);
    CHECK_INT(kt_history_safe_seq(c), safe);
    declare(c, 0, "a", 0, 1);
    declare(c, 1, "b", 0, 0);
    for (uint64_t i = safe; i < 1000; i++) { /* the rest from the journal */
        add(c, i + 1, i % 2, T0 + (int64_t)i * KT_MIN, (double)i);
    }
    CHECK_INT(count_all(c, "a"), 500);
    CHECK_INT(count_all(c, "b"), 500);
    kt_history_close(c);
    kt_history_close(h);
    kt_dir_remove(dir);
}

static void first_seals_are_spread(void)
{
    folder();
    enum { MANY = 500 };
    struct kt_history *h = open_with(400);
    char name[16];
    uint32_t point[MANY];
    kt_time time[MANY];
    double value[MANY];
    for (uint32_t p = 0; p < MANY; p++) {
        snprintf(name, sizeof(name), "p%u", p);
        declare(h, p, name, 0, 1);
        point[p] = p;
    }
    uint64_t most = 0, chunks = 0;
    for (uint64_t i = 0; i < 410; i++) {
        for (uint32_t p = 0; p < MANY; p++) {
            time[p] = T0 + (int64_t)i * KT_SEC;
            value[p] = p;
        }
        struct kt_samples s = {MANY, point, time, value, NULL};
        CHECK_OK(kt_history_add(h, i + 1, time[0], &s, &err), &err);
        CHECK_OK(kt_history_seal(h, time[0], false, &err), &err);
        struct kt_history_stats st;
        kt_history_stats(h, &st);
        most = st.chunks - chunks > most ? st.chunks - chunks : most;
        chunks = st.chunks;
    }
    CHECK(chunks >= MANY);
    CHECK(most < MANY / 20);
    kt_history_close(h);
    kt_dir_remove(dir);
}

UNIT_MAIN({"against a naive model", against_a_naive_model},
          {"found at once, late ones too", found_at_once_and_late_ones}, {"refused", refused},
          {"the deadband thins", deadband_thins}, {"safe seq", safe_seq},
          {"ids move on a reload", ids_move_on_reload}, {"months are dropped", months_are_dropped},
          {"small chunks are joined", small_chunks_are_joined},
          {"hashes are reported", hashes_are_reported}, {"damage is found", damage_is_found},
          {"backup while running", backup_while_running},
          {"first seals are spread", first_seals_are_spread})
