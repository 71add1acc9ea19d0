/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The questions: buckets, scan, last.
 */
#include <stdlib.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "history/private.h"
#include "sys/thread.h"

/* ---- buckets ---- */

struct bucketing {
    struct history_sink sink;
    kt_time from;
    uint64_t width;
    struct kt_bucket *list;
};

static inline uint64_t bucket_of(const struct bucketing *b, kt_time t)
{
    return ((uint64_t)t - (uint64_t)b->from) / b->width;
}

static bool add_summary(struct history_sink *s, const struct history_summary *sum)
{
    struct bucketing *b = (struct bucketing *)s;
    uint64_t at = bucket_of(b, sum->first);
    if (bucket_of(b, sum->last) != at) {
        return false;
    }
    struct kt_bucket *k = &b->list[at];
    k->worst = sum->worst > k->worst ? sum->worst : k->worst;
    if (!sum->known) {
        return true;
    }
    if (!k->count || sum->min < k->min) {
        k->min = sum->min;
        k->min_time = sum->min_time;
    }
    if (!k->count || sum->max > k->max) {
        k->max = sum->max;
        k->max_time = sum->max_time;
    }
    k->sum += sum->sum;
    k->last = sum->last_value;
    k->last_time = sum->last_time;
    k->count += sum->known;
    return true;
}

/* Is x among the eight from v? */
static inline bool among_eight(const double *v, double x)
{
#ifdef __SSE2__
    __m128d w = _mm_set1_pd(x);
    __m128d a = _mm_cmpeq_pd(_mm_loadu_pd(v), w), b = _mm_cmpeq_pd(_mm_loadu_pd(v + 2), w);
    __m128d c = _mm_cmpeq_pd(_mm_loadu_pd(v + 4), w), d = _mm_cmpeq_pd(_mm_loadu_pd(v + 6), w);
    return _mm_movemask_pd(_mm_or_pd(_mm_or_pd(a, b), _mm_or_pd(c, d))) != 0;
#else
    int any = 0;
    for (uint32_t k = 0; k < 8; k++) {
        any |= v[k] == x;
    }
    return any;
#endif
}

/* Where x stands first at or behind lo; it is there. */
static uint32_t index_of(const double *v, uint32_t lo, uint32_t hi, double x)
{
    while (hi - lo >= 8 && !among_eight(v + lo, x)) {
        lo += 8;
    }
    while (v[lo] != x) {
        lo++;
    }
    return lo;
}

struct extent {
    double min, max, sum;
};

/* Four lanes side by side (eight with SSE2), so that no operation waits for the one before. */
enum { LANES = 4 };

struct lanes {
    double lo[LANES], hi[LANES], sum[LANES];
};

#ifdef __SSE2__
static uint32_t lanes_take(struct lanes *l, const double *v, uint32_t n)
{
    __m128d lo0 = _mm_set1_pd(v[0]), lo1 = lo0, lo2 = lo0, lo3 = lo0;
    __m128d hi0 = lo0, hi1 = lo0, hi2 = lo0, hi3 = lo0;
    __m128d s0 = _mm_setzero_pd(), s1 = s0, s2 = s0, s3 = s0;
    uint32_t i = 0;
    for (; i + 8 <= n; i += 8) {
        __m128d a = _mm_loadu_pd(v + i), b = _mm_loadu_pd(v + i + 2);
        __m128d c = _mm_loadu_pd(v + i + 4), d = _mm_loadu_pd(v + i + 6);
        lo0 = _mm_min_pd(a, lo0), lo1 = _mm_min_pd(b, lo1);
        lo2 = _mm_min_pd(c, lo2), lo3 = _mm_min_pd(d, lo3);
        hi0 = _mm_max_pd(a, hi0), hi1 = _mm_max_pd(b, hi1);
        hi2 = _mm_max_pd(c, hi2), hi3 = _mm_max_pd(d, hi3);
        s0 = _mm_add_pd(s0, a), s1 = _mm_add_pd(s1, b);
        s2 = _mm_add_pd(s2, c), s3 = _mm_add_pd(s3, d);
    }
    _mm_storeu_pd(l->lo, _mm_min_pd(lo0, lo1));
    _mm_storeu_pd(l->lo + 2, _mm_min_pd(lo2, lo3));
    _mm_storeu_pd(l->hi, _mm_max_pd(hi0, hi1));
    _mm_storeu_pd(l->hi + 2, _mm_max_pd(hi2, hi3));
    _mm_storeu_pd(l->sum, _mm_add_pd(s0, s1));
    _mm_storeu_pd(l->sum + 2, _mm_add_pd(s2, s3));
    return i;
}
#else
static uint32_t lanes_take(struct lanes *l, const double *v, uint32_t n)
{
    uint32_t i = 0;
    for (uint32_t k = 0; k < LANES; k++) {
        l->lo[k] = l->hi[k] = v[0];
        l->sum[k] = 0;
    }
    for (; i + LANES <= n; i += LANES) {
        for (uint32_t k = 0; k < LANES; k++) {
            double x = v[i + k];
            l->lo[k] = x < l->lo[k] ? x : l->lo[k];
            l->hi[k] = x > l->hi[k] ? x : l->hi[k];
            l->sum[k] += x;
        }
    }
    return i;
}
#endif

static struct extent extent_of(const double *v, uint32_t n)
{
    struct lanes l;
    uint32_t i = lanes_take(&l, v, n);
    struct extent e = {l.lo[0], l.hi[0], l.sum[0]};
    for (uint32_t k = 1; k < LANES; k++) {
        e.min = l.lo[k] < e.min ? l.lo[k] : e.min;
        e.max = l.hi[k] > e.max ? l.hi[k] : e.max;
        e.sum += l.sum[k];
    }
    for (; i < n; i++) {
        e.min = v[i] < e.min ? v[i] : e.min;
        e.max = v[i] > e.max ? v[i] : e.max;
        e.sum += v[i];
    }
    return e;
}

/* Samples of quality NORMAL. false, with nothing done: there is a NaN among them (or infinities of
 * both signs). */
static bool add_normal(struct kt_bucket *k, const struct history_cols *c, uint32_t lo, uint32_t hi)
{
    const double *v = c->value;
    struct extent e = extent_of(v + lo, hi - lo);
    if (e.sum != e.sum) {
        return false;
    }
    if (!k->count || e.min < k->min) {
        uint32_t at = index_of(v, lo, hi, e.min);
        k->min = v[at];
        k->min_time = c->time[at];
    }
    if (!k->count || e.max > k->max) {
        uint32_t at = index_of(v, lo, hi, e.max);
        k->max = v[at];
        k->max_time = c->time[at];
    }
    k->sum += e.sum;
    k->last = v[hi - 1];
    k->last_time = c->time[hi - 1];
    k->count += hi - lo;
    return true;
}

static void add_any(struct kt_bucket *k, const struct history_cols *c, uint32_t lo, uint32_t hi)
{
    for (uint32_t i = lo; i < hi; i++) {
        double v = c->value[i];
        kt_quality q = c->quality[i];
        k->worst = q > k->worst ? q : k->worst;
        if (!history_known(v, q)) {
            continue;
        }
        if (!k->count || v < k->min) {
            k->min = v;
            k->min_time = c->time[i];
        }
        if (!k->count || v > k->max) {
            k->max = v;
            k->max_time = c->time[i];
        }
        k->sum += v;
        k->last = v;
        k->last_time = c->time[i];
        k->count++;
    }
}

/* As add_any() for some samples of quality NORMAL; false, with nothing done: a NaN. */
static bool add_few(struct kt_bucket *k, const struct history_cols *c, uint32_t lo, uint32_t hi)
{
    const double *v = c->value;
    uint32_t least = lo, most = lo;
    double min = v[lo], max = min, sum = 0;
    for (uint32_t i = lo; i < hi; i++) {
        double x = v[i];
        bool less = x<min, more = x> max;
        min = less ? x : min;
        least = less ? i : least;
        max = more ? x : max;
        most = more ? i : most;
        sum += x;
    }
    if (sum != sum) {
        return false;
    }
    if (!k->count || min < k->min) {
        k->min = min;
        k->min_time = c->time[least];
    }
    if (!k->count || max > k->max) {
        k->max = max;
        k->max_time = c->time[most];
    }
    k->sum += sum;
    k->last = v[hi - 1];
    k->last_time = c->time[hi - 1];
    k->count += hi - lo;
    return true;
}

static bool all_normal(const kt_quality *q, uint32_t n)
{
    uint64_t any = 0, w;
    uint32_t i = 0;
    for (; i + 8 <= n; i += 8) {
        memcpy(&w, q + i, 8);
        any |= w;
    }
    for (; i < n; i++) {
        any |= q[i];
    }
    return any == 0;
}

static void add_to_bucket(struct kt_bucket *k, const struct history_cols *c, uint32_t lo,
                          uint32_t hi)
{
    enum { FEW = 24 };
    bool done = all_normal(c->quality + lo, hi - lo) &&
                (hi - lo < FEW ? add_few : add_normal)(k, c, lo, hi);
    if (!done) {
        add_any(k, c, lo, hi);
    }
}

/* First index in [lo, hi) at or after t, which is rather near lo. */
static uint32_t first_at(const struct history_cols *c, uint32_t lo, uint32_t hi, kt_time t)
{
    uint32_t step = 1, at = lo;
    while (at < hi && c->time[at] < t) { /* [lo, at) is before t */
        lo = at + 1;
        at = hi - at > step ? at + step : hi;
        step *= 2;
    }
    hi = at;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (c->time[mid] < t) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo;
}

static bool add_samples(struct history_sink *s, const struct history_cols *c, uint32_t lo,
                        uint32_t hi)
{
    struct bucketing *b = (struct bucketing *)s;
    while (lo < hi) {
        uint64_t at = bucket_of(b, c->time[lo]);
        uint64_t rest =
            b->width - 1 - (((uint64_t)c->time[lo] - (uint64_t)b->from) - at * b->width);
        uint32_t end = hi;
        if ((uint64_t)c->time[hi - 1] - (uint64_t)c->time[lo] > rest) {
            end = first_at(c, lo, hi, (kt_time)((uint64_t)c->time[lo] + rest + 1));
        }
        add_to_bucket(&b->list[at], c, lo, end);
        lo = end;
    }
    return true;
}

static int buckets_of(struct kt_history *h, const char *point, kt_time from, kt_time to,
                      kt_time origin, uint64_t width, struct kt_bucket *list, struct kt_err *err)
{
    struct bucketing b = {
        .sink = {add_summary, add_samples}, .from = origin, .width = width, .list = list};
    return history_walk(h, point, from, to, &b.sink, err);
}

/* The later half of a long range, which another thread may walk. */
struct half {
    struct kt_history *h;
    const char *point;
    kt_time from, to, origin;
    uint64_t width;
    struct kt_bucket *list; /* from the one at `origin` */
    size_t n;               /* buckets that it touches */
    int r;
    struct kt_err err;
};

static void walk_half(void *arg)
{
    struct half *a = arg;
    a->r = buckets_of(a->h, a->point, a->from, a->to, a->origin, a->width, a->list, &a->err);
}

/* A bucket and what came later of the same time. */
static void add_later(struct kt_bucket *k, const struct kt_bucket *b)
{
    k->worst = b->worst > k->worst ? b->worst : k->worst;
    if (!b->count) {
        return;
    }
    if (!k->count || b->min < k->min) {
        k->min = b->min;
        k->min_time = b->min_time;
    }
    if (!k->count || b->max > k->max) {
        k->max = b->max;
        k->max_time = b->max_time;
    }
    k->sum += b->sum;
    k->last = b->last;
    k->last_time = b->last_time;
    k->count += b->count;
}

int history_buckets_add(struct kt_history *h, const char *point, kt_time from, kt_time to,
                        kt_time origin, uint64_t width, struct kt_bucket *list, struct kt_err *err)
{
    enum { HALVED_DAYS = 4, SIDES = 2 };
    if ((uint64_t)to - (uint64_t)from < HALVED_DAYS * (uint64_t)KT_DAY) {
        return buckets_of(h, point, from, to, origin, width, list, err);
    }
    /* cut at midnight, which no chunk crosses */
    kt_time middle = (history_day(from) + (history_day(to) - history_day(from)) / 2) * KT_DAY;
    struct bucketing b = {.from = origin, .width = width};
    size_t first = bucket_of(&b, middle);
    struct half a = {.h = h,
                     .point = point,
                     .from = middle,
                     .to = to,
                     .origin = (kt_time)((uint64_t)origin + first * width),
                     .width = width,
                     .n = bucket_of(&b, to - 1) - first + 1};
    a.list = calloc(a.n, sizeof(*a.list));
    KT_ASSERT(a.list);
    struct kt_side side;
    kt_side_begin(&side, &h->sides, SIDES, walk_half, &a);
    int r = buckets_of(h, point, from, middle, origin, width, list, err);
    kt_side_end(&side);
    if (r == KT_OK && a.r < 0) {
        *err = a.err;
        r = a.r;
    }
    for (size_t i = 0; r == KT_OK && i < a.n; i++) {
        add_later(&list[first + i], &a.list[i]);
    }
    free(a.list);
    return r;
}

/* ---- scan ---- */

struct scanning {
    struct history_sink sink;
    kt_history_fn fn;
    void *arg;
};

static bool scan_samples(struct history_sink *s, const struct history_cols *c, uint32_t lo,
                         uint32_t hi)
{
    const struct scanning *w = (struct scanning *)s;
    for (uint32_t i = lo; i < hi; i++) {
        if (!w->fn(w->arg, c->time[i], c->value[i], c->quality[i], c->late ? c->arrival[i] : 0)) {
            return false;
        }
    }
    return true;
}

int kt_history_scan_local(struct kt_history *h, const char *point, kt_time from, kt_time to,
                          kt_history_fn fn, void *arg, struct kt_err *err)
{
    struct scanning w = {.sink = {NULL, scan_samples}, .fn = fn, .arg = arg};
    return history_walk(h, point, from, to, &w.sink, err);
}

/* ---- last ---- */

/* Newest time at or before `at`; INT64_MIN: none yet. */
struct newest {
    struct history_ctx *c;
    const char *point;
    kt_time at, best;
};

/* Latest sample of a row at or before `at`, when it is later than the best so far. */
static int newest_in_row(struct newest *w, struct kt_str row, struct kt_err *err)
{
    struct history_summary sum;
    struct kt_str run;
    int r = history_row_open(w->point, row, &sum, &run, err);
    if (r < 0 || sum.first > w->at || sum.last <= w->best) {
        return r;
    }
    if (sum.last <= w->at) {
        w->best = sum.last;
        return KT_OK;
    }
    w->c->part.n = 0;
    w->c->part.late = false;
    r = history_codec_decode(w->c->codec, run, &w->c->part, err);
    if (r == KT_OK) {
        uint32_t i = history_cols_find(&w->c->part, w->at + 1);
        kt_time t = w->c->part.time[i - 1];
        w->best = t > w->best ? t : w->best;
    }
    return r;
}

static int newest_in_rows(struct newest *w, const struct history_file *f, struct kt_db *db,
                          int64_t num, struct kt_err *err)
{
    struct kt_stmt *st;
    int r = kt_db_prepare(
        db, "SELECT key, data FROM chunk WHERE key >= ? AND key < ? ORDER BY key DESC", &st, err);
    if (r < 0) {
        return r;
    }
    kt_bind_i64(st, 1, history_file_key(f, num, INT64_MIN));
    kt_bind_i64(st, 2, history_file_key(f, num, history_day(w->at) + 1));
    while ((r = kt_stmt_step(st, err)) > 0) {
        if (w->best != INT64_MIN &&
            kt_col_i64(st, 0) < history_file_key(f, num, history_day(w->best))) {
            r = 0; /* all earlier days hold only earlier samples */
            break;
        }
        r = newest_in_row(w, kt_col_bytes(st, 1), err);
        if (r < 0) {
            break;
        }
    }
    kt_stmt_done(st);
    return r;
}

static int newest_in_file(struct kt_history *h, struct newest *w, struct history_file *f,
                          struct kt_err *err)
{
    struct kt_db *db;
    int64_t num = 0;
    int r = history_file_read(h->files, f, &db, err);
    if (r < 0) {
        return r;
    }
    r = history_file_num(db, w->point, &num, err);
    if (r == KT_OK && num) {
        r = newest_in_rows(w, f, db, num, err);
    }
    kt_store_read_done(f->ro, db);
    return r;
}

static int newest_time(struct kt_history *h, struct newest *w, struct kt_err *err)
{
    history_ctx_head(h, w->c, w->point);
    uint32_t n = w->at == INT64_MAX ? w->c->head.n : history_cols_find(&w->c->head, w->at + 1);
    if (n) {
        w->best = w->c->head.time[n - 1];
    }
    struct history_file **files;
    size_t count = history_files_hold(h->files, INT32_MIN, history_month(w->at), &files);
    int r = KT_OK;
    for (size_t i = count; i-- > 0 && r == KT_OK && w->best < files[i]->end;) {
        r = newest_in_file(h, w, files[i], err);
    }
    history_files_release(h->files, files, count);
    free(files);
    return r;
}

static bool keep_last(void *arg, kt_time time, double value, kt_quality q, kt_time arrival)
{
    (void)arrival;
    struct kt_sample *s = arg;
    s->time = time;
    s->value = value;
    s->quality = q;
    return true;
}

int history_last_local(struct kt_history *h, const char *point, kt_time at, struct kt_sample *ret,
                       struct kt_err *err)
{
    at = at < HISTORY_TIME_MAX ? at : HISTORY_TIME_MAX;
    struct newest w = {.c = history_ctx_take(h), .point = point, .at = at, .best = INT64_MIN};
    int r = newest_time(h, &w, err);
    history_ctx_give(h, w.c);
    if (r < 0) {
        return r;
    }
    if (w.best == INT64_MIN) {
        return kt_err_set(err, KT_ENOTFOUND, "nothing is stored of point %s up to that time",
                          point);
    }
    struct kt_sample s = {.point = {KT_NONE}, .time = INT64_MIN};
    pthread_rwlock_rdlock(&h->names);
    const struct history_point *p = history_point_of(h, point, false);
    s.point.v = p ? p->pid : KT_NONE;
    pthread_rwlock_unlock(&h->names);
    r = kt_history_scan_local(h, point, w.best, w.best + 1, keep_last, &s, err);
    if (r < 0) {
        return r;
    }
    if (s.time == INT64_MIN) {
        return kt_err_set(err, KT_ENOTFOUND, "what was stored of point %s has just been dropped",
                          point);
    }
    *ret = s;
    return KT_OK;
}
