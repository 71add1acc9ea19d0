/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Heads under load: points in random order, one time twice, samples of yesterday, noise that fills
 * a head by its bytes, and kills in the middle of a head; batches one by one or many at once;
 * always as the plain model has it.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "history/history_model.h"
#include "history/private.h"
#include "sys/file.h"
#include "unit.h"

enum { POINTS = 40, BATCHES = 120, PER_BATCH = 1500, TOGETHER = 6, CHUNK = 3600 };
static const kt_time T0 = INT64_C(1764000000) * KT_SEC;
static struct kt_err err;
static char dir[200];

static uint64_t rnd(uint64_t *seed, uint64_t n)
{
    return unit_rand(seed) % n;
}

static double some_value(uint64_t *seed, uint32_t p)
{
    uint64_t bits = unit_rand(seed);
    double v;
    switch (p % 4) {
    case 0:
        return (double)(int)(bits % 400) / 100;
    case 1:
        return (double)((float)(bits % 1000000) / 7);
    case 2: /* noise: nine bytes a sample, so a head is full by its bytes */
        bits = (bits & UINT64_C(0x000fffffffffffff)) | UINT64_C(0x4040000000000000);
        memcpy(&v, &bits, sizeof(v));
        return v;
    default:
        return bits % 50 ? 1.5 : -0.0;
    }
}

/* Batch `seq`, the same whenever it is asked for. */
static void make(uint64_t seq, struct kt_samples *s, kt_time *ret_arrival)
{
    static uint32_t point[PER_BATCH];
    static kt_time time[PER_BATCH];
    static double value[PER_BATCH];
    static kt_quality quality[PER_BATCH];
    uint64_t seed = seq * 7919 + 5;
    kt_time now = T0 + (kt_time)seq * 200 * KT_MS;
    for (uint32_t i = 0; i < PER_BATCH; i++) {
        point[i] = (uint32_t)rnd(&seed, POINTS);
        time[i] = now + (kt_time)rnd(&seed, 4) * 50 * KT_MS - (kt_time)rnd(&seed, 2) * 150 * KT_MS;
        time[i] -= rnd(&seed, 200) ? 0 : KT_DAY;
        value[i] = some_value(&seed, point[i]);
        quality[i] = rnd(&seed, 100) ? KT_Q_NORMAL : KT_Q_BROKEN;
    }
    *s = (struct kt_samples){PER_BATCH, point, time, value, quality};
    *ret_arrival = now;
}

static struct kt_history *open_all(const struct model *m)
{
    struct kt_history_opts o = {.dir = dir, .chunk_samples = CHUNK};
    struct kt_history *h = NULL;
    CHECK_OK(kt_history_open(&o, &h, &err), &err);
    for (uint32_t p = 0; p < POINTS; p++) {
        struct kt_history_point c = {.id = m[p].name};
        CHECK_OK(kt_history_declare(h, (kt_point_id){p}, &c, &err), &err);
    }
    return h;
}

static void add(struct kt_history *h, uint64_t seq)
{
    struct kt_samples s;
    kt_time arrival;
    make(seq, &s, &arrival);
    CHECK_OK(kt_history_add(h, seq, arrival, &s, &err), &err);
    if (seq % 5 == 0) {
        CHECK_OK(kt_history_seal(h, arrival, false, &err), &err);
    }
}

/* Batches [seq, seq + n) at once. */
static void add_many(struct kt_history *h, uint64_t seq, uint32_t n)
{
    static struct {
        uint32_t point[PER_BATCH];
        kt_time time[PER_BATCH];
        double value[PER_BATCH];
        kt_quality quality[PER_BATCH];
    } copy[TOGETHER];
    struct kt_history_batch b[TOGETHER];
    uint32_t added = 0;
    for (uint32_t i = 0; i < n; i++) {
        b[i].seq = seq + i;
        make(seq + i, &b[i].samples, &b[i].arrival);
        struct kt_samples *s = &b[i].samples;
        memcpy(copy[i].point, s->point, sizeof(copy[i].point));
        memcpy(copy[i].time, s->time, sizeof(copy[i].time));
        memcpy(copy[i].value, s->value, sizeof(copy[i].value));
        memcpy(copy[i].quality, s->quality, sizeof(copy[i].quality));
        *s = (struct kt_samples){PER_BATCH, copy[i].point, copy[i].time, copy[i].value,
                                 copy[i].quality};
    }
    CHECK_OK(kt_history_add_many(h, b, n, &added, &err), &err);
    CHECK_INT(added, n);
    CHECK_OK(kt_history_seal(h, b[n - 1].arrival, false, &err), &err);
}

/* Up to `last`, in groups of any size. */
static void add_up_to(struct kt_history *h, uint64_t last, uint64_t *seed)
{
    for (uint64_t seq = kt_history_safe_seq(h) + 1; seq <= last;) {
        uint64_t n = 1 + rnd(seed, TOGETHER);
        n = n > last - seq + 1 ? last - seq + 1 : n;
        if (n == 1) {
            add(h, seq);
        } else {
            add_many(h, seq, (uint32_t)n);
        }
        seq += n;
    }
}

static void know(struct model *m, uint64_t seq)
{
    struct kt_samples s;
    kt_time arrival;
    make(seq, &s, &arrival);
    for (uint32_t i = 0; i < s.n; i++) {
        model_add(&m[s.point[i]], s.time[i], s.value[i], s.quality[i], arrival);
    }
}

struct seen {
    const struct model *m;
    size_t at, bad;
};

static bool compare(void *arg, kt_time time, double value, kt_quality q, kt_time arrival)
{
    struct seen *s = arg;
    if (s->at >= s->m->n_sorted) {
        s->bad++;
        return false;
    }
    const struct model_sample *w = &s->m->sorted[s->at++];
    s->bad += w->time != time || memcmp(&w->value, &value, 8) != 0 || w->quality != q ||
              w->arrival != arrival;
    return s->bad == 0;
}

static int differ(struct kt_history *h, struct model *m)
{
    int bad = 0;
    for (uint32_t p = 0; p < POINTS; p++) {
        model_settle(&m[p]);
        struct seen s = {.m = &m[p]};
        CHECK_OK(kt_history_scan(h, m[p].name, INT64_MIN, INT64_MAX, compare, &s, &err), &err);
        bad += s.bad || s.at != m[p].n_sorted;
    }
    return bad;
}

/* One life from where history is safe up to `last`, ended without a word. */
static void life(const struct model *m, uint64_t last)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        struct kt_history *h = open_all(m);
        uint64_t seed = last;
        add_up_to(h, last, &seed);
        _exit(unit_bad ? 1 : 0);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void any_order_and_kills(void)
{
    static struct model m[POINTS];
    uint64_t seed = 99, known = 0;
    printf("# seed %llu\n", (unsigned long long)seed);
    CHECK_OK(kt_dir_temp("kt-history", dir, sizeof(dir), &err), &err);
    for (int p = 0; p < POINTS; p++) {
        model_init(&m[p], p);
    }
    for (uint64_t last = 1; last < BATCHES; last += 10 + rnd(&seed, 30)) {
        life(m, last);
    }
    struct kt_history *h = open_all(m);
    add_up_to(h, BATCHES, &seed);
    while (known < BATCHES) {
        know(m, ++known);
    }
    CHECK_INT(differ(h, m), 0);
    kt_history_close(h);
    h = open_all(m);
    CHECK_INT(differ(h, m), 0);
    kt_history_close(h);
    kt_dir_remove(dir);
    for (int p = 0; p < POINTS; p++) {
        model_done(&m[p]);
    }
}

/* Noise takes many bytes: its heads are sealed long before they have a chunk's samples. */
static void full_by_bytes(void)
{
    static struct model m[POINTS];
    struct kt_history_stats st;
    CHECK_OK(kt_dir_temp("kt-history", dir, sizeof(dir), &err), &err);
    for (int p = 0; p < POINTS; p++) {
        model_init(&m[p], p);
    }
    struct kt_history_opts o = {.dir = dir, .chunk_samples = 32768, .chunk_age_ns = 365 * KT_DAY};
    struct kt_history *h = NULL;
    CHECK_OK(kt_history_open(&o, &h, &err), &err);
    struct kt_history_point c = {.id = m[2].name};
    CHECK_OK(kt_history_declare(h, (kt_point_id){2}, &c, &err), &err);
    uint64_t seed = 3;
    for (uint32_t i = 0; i < 9000; i++) {
        kt_time t = T0 + (kt_time)i * KT_SEC;
        double v = some_value(&seed, 2);
        kt_quality q = KT_Q_NORMAL;
        uint32_t p = 2;
        struct kt_samples s = {1, &p, &t, &v, &q};
        CHECK_OK(kt_history_add(h, i + 1, t, &s, &err), &err);
        if (i % 100 == 0) {
            CHECK_OK(kt_history_seal(h, t, false, &err), &err);
        }
        model_add(&m[2], t, v, q, t);
    }
    kt_history_stats(h, &st);
    CHECK(st.head_samples < 4000);
    CHECK(st.chunks >= 2);
    model_settle(&m[2]);
    struct seen s = {.m = &m[2]};
    CHECK_OK(kt_history_scan(h, m[2].name, INT64_MIN, INT64_MAX, compare, &s, &err), &err);
    CHECK(s.bad == 0 && s.at == 9000);
    kt_history_close(h);
    kt_dir_remove(dir);
    model_done(&m[2]);
}

/* All heads together have a bound: who takes most is sealed early, nothing is lost. */
static void full_together(void)
{
    enum { MOST = 64 << 10, EACH = 200000 };
    static struct model m[POINTS];
    CHECK_OK(kt_dir_temp("kt-history", dir, sizeof(dir), &err), &err);
    struct kt_history_opts o = {
        .dir = dir, .chunk_samples = 32768, .chunk_age_ns = 365 * KT_DAY, .heads_most = MOST};
    struct kt_history *h = NULL;
    CHECK_OK(kt_history_open(&o, &h, &err), &err);
    for (uint32_t p = 0; p < POINTS; p++) {
        model_init(&m[p], (int)p);
        struct kt_history_point c = {.id = m[p].name};
        CHECK_OK(kt_history_declare(h, (kt_point_id){p}, &c, &err), &err);
    }
    uint64_t seed = 4;
    size_t most = 0;
    for (uint32_t i = 0; i < EACH; i++) {
        uint32_t p = (uint32_t)rnd(&seed, POINTS) % (i % 3 ? 4 : POINTS); /* a few take most */
        kt_time t = T0 + (kt_time)i * 10 * KT_MS;
        double v = some_value(&seed, p);
        kt_quality q = KT_Q_NORMAL;
        struct kt_samples s = {1, &p, &t, &v, &q};
        CHECK_OK(kt_history_add(h, i + 1, t, &s, &err), &err);
        if (i % 100 == 0) {
            CHECK_OK(kt_history_seal(h, t, false, &err), &err);
        }
        model_add(&m[p], t, v, q, t);
        most = h->head_bytes > most ? h->head_bytes : most;
    }
    CHECK(most > MOST / 2 && most < 2 * MOST);
    size_t now = 0;
    for (uint32_t p = 0; p < POINTS; p++) {
        now += h->points[p]->head->cap;
        model_settle(&m[p]);
        struct seen s = {.m = &m[p]};
        CHECK_OK(kt_history_scan(h, m[p].name, INT64_MIN, INT64_MAX, compare, &s, &err), &err);
        CHECK(s.bad == 0 && s.at == m[p].n_sorted);
        model_done(&m[p]);
    }
    CHECK(now == h->head_bytes);
    kt_history_close(h);
    kt_dir_remove(dir);
}

UNIT_MAIN({"any order, and kills in the middle of heads", any_order_and_kills},
          {"a head is full by its bytes", full_by_bytes},
          {"all heads together have a bound", full_together})
