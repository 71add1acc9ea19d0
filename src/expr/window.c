/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window: the last while of one point in at most KT_WINDOW_BUCKETS sub-intervals.
 *
 * Sub-interval k holds the known samples with k * width <= t < (k + 1) * width. The width is a 31st
 * of the duration, rounded up, so the newest sub-interval and the 31 before it cover at least the
 * duration and at most one sub-interval more.
 * Invariant: bucket[k mod 32] holds sub-interval `index`, which is the newest one with that
 * remainder that a sample was seen for; n == 0: none.
 */
#include <limits.h>

#include "expr/node.h"

struct bucket {
    int64_t index;
    uint32_t n;
    double min, max, sum, first, last;
    kt_time first_t, last_t;
};

struct kt_window {
    int64_t span, width;
    int64_t newest; /* sub-interval of the newest known sample */
    bool seen;
    struct bucket bucket[KT_WINDOW_BUCKETS];
};

enum { VERSION = 1 };

size_t kt_window_size(void)
{
    return sizeof(struct kt_window);
}

int64_t expr_window_span_of(const struct kt_window *w)
{
    return w->span;
}

void kt_window_init(struct kt_window *w, int64_t span_ns)
{
    KT_ASSERT(span_ns > 0);
    memset(w, 0, sizeof(*w));
    w->span = span_ns;
    w->width = (span_ns - 1) / (KT_WINDOW_BUCKETS - 1) + 1;
}

static int64_t interval_of(const struct kt_window *w, kt_time t)
{
    return t / w->width - (t % w->width < 0);
}

static void add(struct bucket *b, kt_time t, double value)
{
    if (b->n == 0) {
        b->min = b->max = b->first = b->last = value;
        b->sum = 0;
        b->first_t = b->last_t = t;
    }
    b->n += b->n < UINT32_MAX;
    b->sum += value;
    b->min = value < b->min ? value : b->min;
    b->max = value > b->max ? value : b->max;
    if (t < b->first_t) {
        b->first = value;
        b->first_t = t;
    }
    if (t >= b->last_t) {
        b->last = value;
        b->last_t = t;
    }
}

void kt_window_feed(struct kt_window *w, kt_time t, double value, bool known)
{
    if (!known || value != value) {
        return;
    }
    int64_t k = interval_of(w, t);
    struct bucket *b = &w->bucket[(uint64_t)k % KT_WINDOW_BUCKETS];
    if (w->seen && k <= w->newest - KT_WINDOW_BUCKETS) {
        return; /* older than all that is kept */
    }
    if (b->n > 0 && b->index != k) {
        b->n = 0;
    }
    b->index = k;
    add(b, t, value);
    w->newest = w->seen && w->newest > k ? w->newest : k;
    w->seen = true;
}

static void merge(struct expr_view *v, const struct bucket *b)
{
    if (v->n == 0) {
        v->min = b->min;
        v->max = b->max;
        v->first = b->first;
        v->first_t = b->first_t;
    }
    v->min = b->min < v->min ? b->min : v->min;
    v->max = b->max > v->max ? b->max : v->max;
    v->sum += b->sum;
    v->last = b->last;
    v->last_t = b->last_t;
    v->n += b->n;
}

struct expr_view expr_window_view(const struct kt_window *w, kt_time now)
{
    struct expr_view v = {.seen = w->seen};
    int64_t newest = interval_of(w, now);
    if (w->seen && w->newest > newest) {
        newest = w->newest;
    }
    for (int64_t k = newest - (KT_WINDOW_BUCKETS - 1); k <= newest; k++) {
        const struct bucket *b = &w->bucket[(uint64_t)k % KT_WINDOW_BUCKETS];
        if (b->n > 0 && b->index == k) {
            merge(&v, b);
        }
    }
    return v;
}

void kt_window_save(const struct kt_window *w, struct kt_buf *out)
{
    uint32_t used = 0;
    for (uint32_t i = 0; i < KT_WINDOW_BUCKETS; i++) {
        used |= (uint32_t)(w->bucket[i].n > 0) << i;
    }
    kt_put_u8(out, VERSION);
    kt_put_i64(out, w->span);
    kt_put_u8(out, w->seen);
    kt_put_i64(out, w->newest);
    kt_put_u32(out, used);
    for (uint32_t i = 0; i < KT_WINDOW_BUCKETS; i++) {
        const struct bucket *b = &w->bucket[i];
        if (b->n == 0) {
            continue;
        }
        kt_put_i64(out, b->index);
        kt_put_u32(out, b->n);
        kt_put_f64(out, b->min);
        kt_put_f64(out, b->max);
        kt_put_f64(out, b->sum);
        kt_put_f64(out, b->first);
        kt_put_f64(out, b->last);
        kt_put_i64(out, b->first_t);
        kt_put_i64(out, b->last_t);
    }
}

static bool load_bucket(const struct kt_window *w, uint32_t slot, struct bucket *b,
                        struct kt_rd *in)
{
    b->index = kt_get_i64(in);
    b->n = kt_get_u32(in);
    b->min = kt_get_f64(in);
    b->max = kt_get_f64(in);
    b->sum = kt_get_f64(in);
    b->first = kt_get_f64(in);
    b->last = kt_get_f64(in);
    b->first_t = kt_get_i64(in);
    b->last_t = kt_get_i64(in);
    return b->n > 0 && b->min <= b->max && b->first_t <= b->last_t && b->index <= w->newest &&
           (uint64_t)b->index % KT_WINDOW_BUCKETS == slot &&
           interval_of(w, b->first_t) == b->index && interval_of(w, b->last_t) == b->index;
}

int kt_window_load(struct kt_window *w, struct kt_rd *in)
{
    struct kt_window loaded;
    uint8_t version = kt_get_u8(in);
    int64_t span = kt_get_i64(in);
    if (in->bad || version != VERSION || span <= 0) {
        return KT_ECORRUPT;
    }
    kt_window_init(&loaded, span);
    loaded.seen = kt_get_u8(in) != 0;
    loaded.newest = kt_get_i64(in);
    uint32_t used = kt_get_u32(in);
    for (uint32_t i = 0; i < KT_WINDOW_BUCKETS; i++) {
        if ((used >> i & 1) && !load_bucket(&loaded, i, &loaded.bucket[i], in)) {
            return KT_ECORRUPT;
        }
    }
    if (in->bad || loaded.newest > INT64_MAX / 2 || loaded.newest < INT64_MIN / 2 ||
        (used && !loaded.seen)) {
        return KT_ECORRUPT;
    }
    *w = loaded;
    return KT_OK;
}
