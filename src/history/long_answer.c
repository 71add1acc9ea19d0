/* SPDX-License-Identifier: Apache-2.0 */
#include "history/long_answer.h"

#include <math.h>
#include <stdlib.h>

#include "conf/json.h"
#include "conf/number.h"

enum { LINE_MAX_BYTES = 64 << 20, SAMPLES_MAX = 4 << 20 };
#define MS_MAX (INT64_C(9214646400) * 1000) /* as history takes times */

static const char *const names[LONG_KINDS] = {"kuangtu_value", "kuangtu_bad", "kuangtu_quality"};

void long_answer_clear(struct long_answer *a)
{
    for (int k = 0; k < LONG_KINDS; k++) {
        a->kind[k].n = 0;
    }
}

void long_answer_done(struct long_answer *a)
{
    for (int k = 0; k < LONG_KINDS; k++) {
        free(a->kind[k].list);
    }
    *a = (struct long_answer){0};
}

static void add(struct long_series *s, int64_t ms, double value)
{
    if (s->n == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 1024;
        s->list = realloc(s->list, s->cap * sizeof(*s->list));
        KT_ASSERT(s->list);
    }
    s->list[s->n++] = (struct long_sample){ms, value};
}

/* A number; infinities come as texts, NaN as null. */
static bool number_of(const struct kt_json *v, double *ret)
{
    const char *text = kt_json_str(v);
    if (text && strcmp(text, "Infinity") == 0) {
        *ret = INFINITY;
        return true;
    }
    if (text && strcmp(text, "-Infinity") == 0) {
        *ret = -INFINITY;
        return true;
    }
    return kt_json_num(v, ret);
}

static int add_line(const struct kt_json *line, struct long_answer *a, struct kt_err *err)
{
    const char *name = kt_json_get_str(kt_json_get(line, "metric"), "__name__", "");
    const struct kt_json *values = kt_json_get(line, "values"),
                         *times = kt_json_get(line, "timestamps");
    size_t n = kt_json_len(times);
    int kind = 0;
    while (kind < LONG_KINDS && strcmp(name, names[kind]) != 0) {
        kind++;
    }
    if (!kt_json_arr(values) || !kt_json_arr(times) || kt_json_len(values) != n) {
        return kt_err_set(err, KT_EPARSE, "an export line without as many values as timestamps");
    }
    if (kind == LONG_KINDS) {
        return KT_OK;
    }
    if (a->kind[kind].n + n > SAMPLES_MAX) {
        return kt_err_set(err, KT_ELIMIT, "more than %d samples in one answer", SAMPLES_MAX);
    }
    for (size_t i = 0; i < n; i++) {
        int64_t ms;
        double v;
        if (!kt_json_int(kt_json_at(times, i), &ms) || ms < -MS_MAX || ms > MS_MAX) {
            return kt_err_set(err, KT_EPARSE, "an export line with a time that is none");
        }
        if (number_of(kt_json_at(values, i), &v)) {
            add(&a->kind[kind], ms, v);
        }
    }
    return KT_OK;
}

static int compare(const void *pa, const void *pb)
{
    const struct long_sample *a = pa, *b = pb;
    if (a->ms != b->ms) {
        return a->ms < b->ms ? -1 : 1;
    }
    return a->value < b->value ? -1 : a->value > b->value;
}

static void sort(struct long_series *s)
{
    for (size_t i = 1; i < s->n; i++) {
        if (compare(&s->list[i - 1], &s->list[i]) > 0) {
            qsort(s->list, s->n, sizeof(*s->list), compare);
            return;
        }
    }
}

int long_answer_export(struct kt_str text, struct long_answer *a, struct kt_err *err)
{
    const char *p = text.p, *end = text.p + text.n;
    while (p && p < end) {
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        struct kt_str line = {p, (size_t)((nl ? nl : end) - p)};
        p = nl ? nl + 1 : end;
        if (line.n == 0) {
            continue;
        }
        KT_CLEANUP(kt_json_freep) struct kt_json *root = NULL;
        int r = kt_json_parse(line, LINE_MAX_BYTES, &root, err);
        r = r == KT_OK ? add_line(root, a, err) : r;
        if (r < 0) {
            return r;
        }
    }
    for (int k = 0; k < LONG_KINDS; k++) {
        sort(&a->kind[k]);
    }
    return KT_OK;
}

/* ---- samples again ---- */

/* The worst qualities said at a moment, of those that leave the value known, and of the bad. */
struct moment {
    bool has_known, has_bad;
    kt_quality known, bad;
};

static struct moment moment_of(const struct long_series *s, size_t *at, int64_t ms)
{
    struct moment m = {.known = KT_Q_NORMAL, .bad = KT_Q_STALE};
    for (; *at < s->n && s->list[*at].ms == ms; ++*at) {
        double v = s->list[*at].value;
        kt_quality q = v >= 0 && v <= 255 ? (kt_quality)v : KT_Q_BAD;
        if (kt_q_known(q)) {
            m.has_known = true;
            m.known = q > m.known ? q : m.known;
        } else {
            m.bad = !m.has_bad || q > m.bad ? q : m.bad;
            m.has_bad = true;
        }
    }
    return m;
}

/* The values of a series at a moment, each once. @return how many; -1: fn stopped it */
static int give(const struct long_series *s, size_t *at, int64_t ms, kt_quality q, kt_history_fn fn,
                void *arg)
{
    int n = 0;
    double last = NAN;
    for (; *at < s->n && s->list[*at].ms == ms; ++*at) {
        double v = s->list[*at].value;
        if (v != last && !fn(arg, ms * KT_MS, v, q, 0)) {
            return -1;
        }
        last = v;
        n++;
    }
    return n;
}

static bool give_moment(const struct long_answer *a, size_t at[LONG_KINDS], int64_t ms,
                        kt_history_fn fn, void *arg)
{
    struct moment m = moment_of(&a->kind[LONG_QUALITY], &at[LONG_QUALITY], ms);
    int known = give(&a->kind[LONG_VALUE], &at[LONG_VALUE], ms, m.known, fn, arg);
    int bad = known < 0 ? -1 : give(&a->kind[LONG_BAD], &at[LONG_BAD], ms, m.bad, fn, arg);
    if (bad < 0) {
        return false;
    }
    if (m.has_known && !known && !fn(arg, ms * KT_MS, NAN, m.known, 0)) {
        return false;
    }
    return !m.has_bad || bad || fn(arg, ms * KT_MS, NAN, m.bad, 0);
}

bool long_answer_walk(const struct long_answer *a, kt_time from, kt_time to, kt_history_fn fn,
                      void *arg)
{
    size_t at[LONG_KINDS] = {0};
    for (;;) {
        int64_t ms = INT64_MAX;
        for (int k = 0; k < LONG_KINDS; k++) {
            const struct long_series *s = &a->kind[k];
            while (at[k] < s->n && s->list[at[k]].ms * KT_MS < from) {
                at[k]++;
            }
            ms = at[k] < s->n && s->list[at[k]].ms < ms ? s->list[at[k]].ms : ms;
        }
        if (ms == INT64_MAX || ms * KT_MS >= to) {
            return true;
        }
        if (!give_moment(a, at, ms, fn, arg)) {
            return false;
        }
    }
}

/* ---- rollups ---- */

enum { COUNT, MIN, MAX, SUM, LAST, MIN_TIME, MAX_TIME, LAST_TIME, WORST, FIELDS };
static const char *const fields[FIELDS] = {"count", "min",  "max",   "sum",  "last",
                                           "tmin",  "tmax", "tlast", "worst"};
enum { KNOWN_FIELDS = (1 << WORST) - 1 };

struct filling {
    kt_time from;
    int64_t width;
    uint32_t n;
    struct kt_bucket *list;
    uint16_t *has;
};

/* A bucket's last millisecond, in seconds with a fraction, names it. */
static bool bucket_at(const struct filling *f, const struct kt_json *v, uint32_t *ret)
{
    double s;
    if (!kt_json_num(v, &s) || !(s >= 0 && s < 9e9)) {
        return false;
    }
    int64_t end = (llrint(s * 1000) + 1) * KT_MS - f->from;
    if (end <= 0 || end % f->width || end / f->width > f->n) {
        return false;
    }
    *ret = (uint32_t)(end / f->width - 1);
    return true;
}

static void set(struct kt_bucket *b, int field, double v)
{
    kt_time t =
        field >= MIN_TIME && field <= LAST_TIME && fabs(v) < 9e9 ? llrint(v * 1000) * KT_MS : 0;
    switch (field) {
    case COUNT:
        b->count = v > 0 && v < 1e15 ? (uint64_t)v : 0;
        break;
    case MIN:
        b->min = v;
        break;
    case MAX:
        b->max = v;
        break;
    case SUM:
        b->sum = v;
        break;
    case LAST:
        b->last = v;
        break;
    case MIN_TIME:
        b->min_time = t;
        break;
    case MAX_TIME:
        b->max_time = t;
        break;
    case LAST_TIME:
        b->last_time = t;
        break;
    default:
        b->worst = v >= 0 && v <= 255 ? (kt_quality)v : KT_Q_BAD;
        break;
    }
}

static int fill_series(struct filling *f, const struct kt_json *series, struct kt_err *err)
{
    const char *name = kt_json_get_str(kt_json_get(series, "metric"), "f", "");
    const struct kt_json *values = kt_json_get(series, "values");
    int field = 0;
    while (field < FIELDS && strcmp(name, fields[field]) != 0) {
        field++;
    }
    if (field == FIELDS) {
        return KT_OK;
    }
    for (size_t i = 0; i < kt_json_len(values); i++) {
        const struct kt_json *pair = kt_json_at(values, i);
        const char *text = kt_json_str(kt_json_at(pair, 1));
        uint32_t at;
        double v;
        if (!text || !bucket_at(f, kt_json_at(pair, 0), &at)) {
            return kt_err_set(err, KT_EPARSE, "a figure \"%s\" for no bucket that was asked", name);
        }
        if (kt_number_parse(kt_str_c(text), &v) < 0) {
            continue; /* NaN, infinities */
        }
        if (f->has[at] & (1u << field)) {
            return kt_err_set(err, KT_EPARSE, "two figures \"%s\" for one bucket", name);
        }
        f->has[at] |= (uint16_t)(1u << field);
        set(&f->list[at], field, v);
    }
    return KT_OK;
}

static int fill(struct filling *f, const struct kt_json *root, struct kt_err *err)
{
    const struct kt_json *result = kt_json_get(kt_json_get(root, "data"), "result");
    if (strcmp(kt_json_get_str(root, "status", ""), "success") != 0 || !kt_json_arr(result)) {
        return kt_err_set(err, KT_EPARSE, "no success: %.200s",
                          kt_json_get_str(root, "error", "the answer has no result"));
    }
    for (size_t i = 0; i < kt_json_len(result); i++) {
        int r = fill_series(f, kt_json_at(result, i), err);
        if (r < 0) {
            return r;
        }
    }
    for (uint32_t i = 0; i < f->n; i++) {
        if ((f->has[i] & KNOWN_FIELDS) && (f->has[i] & KNOWN_FIELDS) != KNOWN_FIELDS) {
            return kt_err_set(err, KT_EPARSE, "a bucket of which figures are missing");
        }
    }
    return KT_OK;
}

int long_answer_rollup(struct kt_str text, kt_time from, int64_t width, uint32_t n,
                       struct kt_bucket *list, struct kt_err *err)
{
    KT_CLEANUP(kt_json_freep) struct kt_json *root = NULL;
    int r = kt_json_parse(text, LINE_MAX_BYTES, &root, err);
    if (r < 0) {
        return r;
    }
    struct filling f = {.from = from,
                        .width = width,
                        .n = n,
                        .list = calloc(n, sizeof(*f.list)),
                        .has = calloc(n, sizeof(*f.has))};
    KT_ASSERT(f.list && f.has);
    for (uint32_t i = 0; i < n; i++) {
        f.list[i].start = list[i].start;
    }
    r = fill(&f, root, err);
    if (r == KT_OK) {
        memcpy(list, f.list, n * sizeof(*list));
    }
    free(f.list);
    free(f.has);
    return r;
}
