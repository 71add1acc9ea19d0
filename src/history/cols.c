/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns of samples: room, joining, order.
 */
#include <stdlib.h>

#include "history/codec_private.h"

void history_cols_reserve(struct history_cols *c, uint32_t n)
{
    if (n <= c->cap) {
        return;
    }
    uint32_t cap = c->cap ? c->cap : 256;
    while (cap < n) {
        KT_ASSERT(cap < UINT32_MAX / 2);
        cap *= 2;
    }
    c->time = realloc(c->time, cap * sizeof(*c->time));
    c->arrival = realloc(c->arrival, cap * sizeof(*c->arrival));
    c->value = realloc(c->value, cap * sizeof(*c->value));
    c->quality = realloc(c->quality, cap * sizeof(*c->quality));
    KT_ASSERT(c->time && c->arrival && c->value && c->quality);
    c->cap = cap;
}

void history_cols_done(struct history_cols *c)
{
    free(c->time);
    free(c->arrival);
    free(c->value);
    free(c->quality);
    *c = (struct history_cols){0};
}

void history_cols_append(struct history_cols *c, const struct history_cols *from, uint32_t lo,
                         uint32_t hi)
{
    uint32_t n = hi - lo, at = c->n;
    history_cols_reserve(c, at + n);
    memcpy(c->time + at, from->time + lo, n * sizeof(*c->time));
    memcpy(c->value + at, from->value + lo, n * sizeof(*c->value));
    memcpy(c->quality + at, from->quality + lo, n);
    if (from->late && !c->late) {
        memset(c->arrival, 0, at * sizeof(*c->arrival));
        c->late = true;
    }
    if (from->late) {
        memcpy(c->arrival + at, from->arrival + lo, n * sizeof(*c->arrival));
    } else if (c->late) {
        memset(c->arrival + at, 0, n * sizeof(*c->arrival));
    }
    c->n = at + n;
}

uint32_t history_cols_find(const struct history_cols *c, kt_time t)
{
    uint32_t lo = 0, hi = c->n;
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

struct item {
    kt_time time, arrival; /* the effective one: never 0 */
    uint64_t bits;
    uint32_t at;
};

static int by_order(const void *pa, const void *pb)
{
    const struct item *a = pa, *b = pb;
    if (a->time != b->time) {
        return a->time < b->time ? -1 : 1;
    }
    if (a->arrival != b->arrival) {
        return a->arrival < b->arrival ? -1 : 1;
    }
    return a->at < b->at ? -1 : 1;
}

static int by_value(const void *pa, const void *pb)
{
    const struct item *a = pa, *b = pb;
    if (a->bits != b->bits) {
        return a->bits < b->bits ? -1 : 1;
    }
    return by_order(pa, pb);
}

/* Of items of one time keep the first of each value; returns how many are left. */
static uint32_t drop_repeats(struct item *a, uint32_t n)
{
    if (n == 1) {
        return 1;
    }
    qsort(a, n, sizeof(*a), by_value);
    uint32_t left = 1;
    for (uint32_t i = 1; i < n; i++) {
        if (a[i].bits != a[left - 1].bits) {
            a[left++] = a[i];
        }
    }
    qsort(a, left, sizeof(*a), by_order);
    return left;
}

static bool rising(const struct history_cols *c)
{
    for (uint32_t i = 1; i < c->n; i++) {
        if (c->time[i] <= c->time[i - 1]) {
            return false;
        }
    }
    return true;
}

static struct item *items_of(const struct history_cols *c)
{
    struct item *a = malloc(c->n * sizeof(*a));
    KT_ASSERT(a);
    for (uint32_t i = 0; i < c->n; i++) {
        kt_time arrival = c->late && c->arrival[i] ? c->arrival[i] : c->time[i];
        a[i] = (struct item){c->time[i], arrival, history_bits(c->value[i]), i};
    }
    return a;
}

uint32_t history_cols_settle(struct history_cols *c)
{
    if (rising(c)) {
        return 0;
    }
    struct item *a = items_of(c);
    qsort(a, c->n, sizeof(*a), by_order);
    uint32_t left = 0;
    for (uint32_t i = 0; i < c->n;) {
        uint32_t from = i;
        for (; i < c->n && a[i].time == a[from].time; i++) {
        }
        uint32_t kept = drop_repeats(a + from, i - from);
        memmove(a + left, a + from, kept * sizeof(*a));
        left += kept;
    }
    struct history_cols to = {.late = c->late};
    history_cols_reserve(&to, left);
    for (uint32_t i = 0; i < left; i++) {
        uint32_t at = a[i].at;
        to.time[i] = c->time[at];
        to.value[i] = c->value[at];
        to.quality[i] = c->quality[at];
        to.arrival[i] = c->late ? c->arrival[at] : 0;
    }
    to.n = left;
    uint32_t dropped = c->n - left;
    history_cols_done(c);
    *c = to;
    free(a);
    return dropped;
}
