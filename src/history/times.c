/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A column of times: start and step when regular, else the distance from a grid with gaps.
 */
#include "history/codec_private.h"

enum method { T_REGULAR, T_GRID };
enum { UNITS = 4 };

static const int64_t unit_ns[UNITS] = {KT_SEC, KT_MS, KT_US, 1};

/* Constants, so that the compiler divides by multiplying. */
#define DIVIDER(name, unit)                                                                        \
    static bool name(const int64_t *x, uint32_t n, int64_t *ret)                                   \
    {                                                                                              \
        int64_t left = 0;                                                                          \
        for (uint32_t i = 0; i < n; i++) {                                                         \
            ret[i] = x[i] / (unit);                                                                \
            left |= x[i] - ret[i] * (unit);                                                        \
        }                                                                                          \
        return left == 0;                                                                          \
    }
DIVIDER(by_s, KT_SEC)
DIVIDER(by_ms, KT_MS)
DIVIDER(by_us, KT_US)

/* Times since the first in the coarsest unit that is exact; returns the unit's index. */
static uint8_t to_units(const kt_time *t, uint32_t n, int64_t *scratch, int64_t *ret)
{
    for (uint32_t i = 0; i < n; i++) {
        scratch[i] = history_sub(t[i], t[0]);
    }
    if (by_s(scratch, n < 16 ? n : 16, ret) && by_s(scratch, n, ret)) {
        return 0;
    }
    if (by_ms(scratch, n < 16 ? n : 16, ret) && by_ms(scratch, n, ret)) {
        return 1;
    }
    if (by_us(scratch, n < 16 ? n : 16, ret) && by_us(scratch, n, ret)) {
        return 2;
    }
    memcpy(ret, scratch, n * sizeof(*ret));
    return 3;
}

static bool regular(const kt_time *t, uint32_t n)
{
    int64_t d = n > 1 ? history_sub(t[1], t[0]) : 0, other = 0;
    for (uint32_t i = 2; i < n; i++) {
        other |= history_sub(t[i], t[i - 1]) ^ d;
    }
    return other == 0;
}

static void swap(int64_t *a, int64_t *b)
{
    int64_t t = *a;
    *a = *b;
    *b = t;
}

/* The middle of a[0..n), which is reordered (quickselect, middle pivot). */
static int64_t median(int64_t *a, uint32_t n)
{
    int64_t lo = 0, hi = (int64_t)n - 1, want = (int64_t)n / 2;
    while (lo < hi) {
        int64_t pivot = a[lo + (hi - lo) / 2], i = lo, j = hi;
        while (i <= j) {
            for (; a[i] < pivot; i++) {
            }
            for (; a[j] > pivot; j--) {
            }
            if (i <= j) {
                swap(&a[i++], &a[j--]);
            }
        }
        if (want <= j) {
            hi = j;
        } else if (want >= i) {
            lo = i;
        } else {
            break;
        }
    }
    return a[want];
}

/* 1003 -> 1000: what a device meant by its step. */
static int64_t nominal(int64_t step)
{
    int64_t p = 1;
    while (step / p >= 100) {
        p *= 10;
    }
    return (step + p / 2) / p * p;
}

/* How many steps from grid place g to x: 1 but for gaps and repeats. */
static inline int64_t steps_to(int64_t x, int64_t g, int64_t step)
{
    int64_t d = history_sub(x, g);
    if (KT_LIKELY(d > step / 2 && d <= step + step / 2)) {
        return 1;
    }
    int64_t k = d / step, left = d % step;
    return left > step / 2 ? k + 1 : left < -(step / 2) ? k - 1 : k;
}

/* Bits that the residuals and gaps would take: the cheaper of plain and delta coding. */
static uint64_t cost(const int64_t *x, uint32_t n, int64_t step, bool gaps)
{
    uint64_t plain = 0, delta = 0, listed = 0, g = 0;
    int64_t prev = 0;
    for (uint32_t i = 1; i < n; i++) {
        int64_t k = gaps ? steps_to(x[i], (int64_t)g, step) : 1;
        listed += k != 1;
        g += (uint64_t)k * (uint64_t)step;
        int64_t r = history_sub(x[i], (int64_t)g);
        plain += history_bitlen(kt_zigzag(r));
        delta += history_bitlen(kt_zigzag(history_sub(r, prev)));
        prev = r;
    }
    return (plain < delta ? plain : delta) + listed * 20;
}

struct grid {
    int64_t step;
    bool gaps;
};

static struct grid grid_of(struct history_codec *k, const int64_t *x, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++) {
        k->sel[i - 1] = history_sub(x[i], x[i - 1]);
    }
    int64_t m = median(k->sel, n - 1);
    struct grid best = {m > 0 ? m : 0, false};
    uint64_t least = cost(x, n, best.step, false);
    int64_t tries[2] = {m, m > 0 ? nominal(m) : 0};
    for (int i = 0; i < 2; i++) {
        if (tries[i] <= 0 || tries[i] > INT64_MAX / 4 || (i && tries[1] == tries[0])) {
            continue;
        }
        uint64_t c = cost(x, n, tries[i], true);
        if (c < least) {
            least = c;
            best = (struct grid){tries[i], true};
        }
    }
    return best;
}

/* Gaps into the codec's stream as (places since the last, steps); residuals into its grid column.
 */
static uint32_t split(struct history_codec *k, const int64_t *x, uint32_t n, struct grid g)
{
    uint32_t count = 0, last = 0;
    uint64_t at = 0;
    kt_buf_clear(&k->stream);
    k->grid[0] = 0;
    for (uint32_t i = 1; i < n; i++) {
        int64_t steps = g.gaps ? steps_to(x[i], (int64_t)at, g.step) : 1;
        if (steps != 1) {
            kt_put_varint(&k->stream, i - last);
            kt_put_varint(&k->stream, kt_zigzag(steps));
            last = i;
            count++;
        }
        at += (uint64_t)steps * (uint64_t)g.step;
        k->grid[i] = history_sub(x[i], (int64_t)at);
    }
    return count;
}

void history_times_encode(struct history_codec *k, const kt_time *t, uint32_t n, struct kt_buf *out)
{
    kt_put_u8(out, regular(t, n) ? T_REGULAR : T_GRID);
    kt_put_i64(out, t[0]);
    if (regular(t, n)) {
        kt_put_varint(out, kt_zigzag(n > 1 ? history_sub(t[1], t[0]) : 0));
        return;
    }
    uint8_t unit = to_units(t, n, k->grid, k->mant);
    struct grid g = grid_of(k, k->mant, n);
    uint32_t gaps = split(k, k->mant, n, g);
    kt_put_u8(out, unit);
    kt_put_varint(out, (uint64_t)g.step);
    kt_put_varint(out, gaps);
    history_squeeze(k, k->stream.p, k->stream.n, true, out);
    history_ints_encode(k, k->grid, n, out);
}

/* Residuals become times: t0 + (grid + residual) * unit. */
static bool join(struct kt_str list, uint64_t gaps, uint64_t step, uint64_t t0, uint64_t unit,
                 uint32_t n, kt_time *ret)
{
    struct kt_rd r = kt_rd_init(list.p, list.n);
    uint64_t next = gaps ? kt_get_varint(&r) : n, at = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t steps = i > 0;
        if (KT_UNLIKELY(i == next)) {
            steps = (uint64_t)kt_unzigzag(kt_get_varint(&r));
            uint64_t more = --gaps ? kt_get_varint(&r) : n;
            next = more > n ? n : next + (more ? more : n);
        }
        at += steps * step;
        ret[i] = (kt_time)(t0 + (at + (uint64_t)ret[i]) * unit);
    }
    return !r.bad && gaps == 0 && kt_rd_left(&r) == 0;
}

void history_times_decode(struct history_codec *k, struct kt_rd *r, uint32_t n, kt_time *ret)
{
    uint8_t method = kt_get_u8(r);
    uint64_t t0 = kt_get_u64(r);
    if (method == T_REGULAR) {
        uint64_t step = (uint64_t)kt_unzigzag(kt_get_varint(r));
        for (uint32_t i = 0; i < n; i++) {
            ret[i] = (kt_time)(t0 + step * i);
        }
        return;
    }
    uint8_t unit = kt_get_u8(r);
    uint64_t step = kt_get_varint(r), gaps = kt_get_varint(r);
    if (r->bad || method != T_GRID || unit >= UNITS || gaps > n) {
        r->bad = true;
        return;
    }
    struct kt_str list = history_unsqueeze(k, r, (size_t)n * 20);
    /* the list is needed after the residuals, which use the same scratch */
    kt_buf_clear(&k->stream);
    kt_buf_put(&k->stream, list.p, list.n);
    history_ints_decode(k, r, n, ret);
    list = (struct kt_str){k->stream.p, k->stream.n};
    if (!r->bad && !join(list, gaps, step, t0, (uint64_t)unit_ns[unit], n, ret)) {
        r->bad = true;
    }
}
