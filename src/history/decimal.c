/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which power of ten makes a column of doubles integers, exactly.
 */
#include "history/codec_private.h"

enum { PROBES = 32, RAISE_MAX = 3 };

const double history_pow10[HISTORY_SCALE_MAX + 1] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                     1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

int history_scale_of(double v, int from)
{
    int64_t m;
    for (int s = from; s <= HISTORY_SCALE_MAX; s++) {
        if (history_decimal(v, s, &m)) {
            return s;
        }
    }
    return -1;
}

/* Smallest scale that leaves out at most `spare` of those counted; -1 when too many have none. */
static int covering(const uint32_t count[HISTORY_SCALE_MAX + 1], uint32_t none, uint32_t spare)
{
    uint32_t out = none;
    if (out > spare) {
        return -1;
    }
    for (int s = HISTORY_SCALE_MAX; s > 0; s--) {
        out += count[s];
        if (out > spare) {
            return s;
        }
    }
    return 0;
}

static int guess(const double *v, uint32_t n)
{
    uint32_t count[HISTORY_SCALE_MAX + 1] = {0}, none = 0, probes = n < PROBES ? n : PROBES;
    for (uint32_t i = 0; i < probes; i++) {
        int s = history_scale_of(v[(uint64_t)i * n / probes], 0);
        if (s < 0) {
            none++;
        } else {
            count[s]++;
        }
    }
    return covering(count, none, probes / HISTORY_EXCEPT_PART);
}

/* Highest scale that is not far from s and counted, or s. */
static int raised(const uint32_t count[HISTORY_SCALE_MAX + 1], int s)
{
    int top = s;
    for (int i = s + 1; i <= HISTORY_SCALE_MAX && i <= s + RAISE_MAX; i++) {
        top = count[i] ? i : top;
    }
    return top;
}

/* One pass at scale s: mantissas into ret; how many did not fit, and which scale they need. */
static uint32_t try_scale(const double *v, uint32_t n, int s, int64_t *ret,
                          uint32_t count[HISTORY_SCALE_MAX + 1], uint32_t *none)
{
    uint32_t fails = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (KT_LIKELY(history_decimal(v[i], s, &ret[i]))) {
            continue;
        }
        int need = history_scale_of(v[i], s + 1);
        fails++;
        if (need >= 0) {
            count[need]++;
        } else if (++*none > n / HISTORY_EXCEPT_PART) {
            break;
        }
    }
    return fails;
}

int history_scale_pick(const double *v, uint32_t n, int64_t *ret_mant, bool *ret_all)
{
    int s = guess(v, n);
    uint32_t spare = n / HISTORY_EXCEPT_PART;
    while (s >= 0) {
        uint32_t count[HISTORY_SCALE_MAX + 1] = {0}, none = 0;
        uint32_t fails = try_scale(v, n, s, ret_mant, count, &none);
        *ret_all = fails == 0;
        if (none > spare) {
            return -1;
        }
        if (fails <= spare) {
            /* a few values with one more digit are cheaper than as exceptions of nine bytes */
            int up = raised(count, s);
            return (uint64_t)fails * 40 > (uint64_t)n * (uint64_t)(up - s) ? up : s;
        }
        s = covering(count, none, spare);
    }
    return -1;
}

void history_put_num(struct kt_buf *b, double v)
{
    int s = history_scale_of(v, 0);
    int64_t m;
    if (s >= 0 && history_decimal(v, s, &m) && kt_zigzag(m) < UINT64_C(1) << 49) {
        kt_put_u8(b, (uint8_t)s);
        kt_put_varint(b, kt_zigzag(m));
    } else {
        kt_put_u8(b, UINT8_MAX);
        kt_put_f64(b, v);
    }
}

double history_get_num(struct kt_rd *r)
{
    uint8_t s = kt_get_u8(r);
    if (s == UINT8_MAX) {
        return kt_get_f64(r);
    }
    if (s > HISTORY_SCALE_MAX) {
        r->bad = true;
        return 0;
    }
    return (double)kt_unzigzag(kt_get_varint(r)) / history_pow10[s];
}
