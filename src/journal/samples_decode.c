/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/samples.h"

#include <stdlib.h>

#include "journal/samples_format.h"

void kt_columns_reserve(struct kt_columns *c, uint32_t n)
{
    if (n <= c->cap) {
        return;
    }
    uint32_t cap = c->cap > n / 2 && c->cap <= UINT32_MAX / 2 ? c->cap * 2 : n;
    c->point = reallocarray(c->point, cap, sizeof(*c->point));
    c->time = reallocarray(c->time, cap, sizeof(*c->time));
    c->value = reallocarray(c->value, cap, sizeof(*c->value));
    c->quality = reallocarray(c->quality, cap, sizeof(*c->quality));
    KT_ASSERT(c->point && c->time && c->value && c->quality);
    c->cap = cap;
}

void kt_columns_done(struct kt_columns *c)
{
    free(c->point);
    free(c->time);
    free(c->value);
    free(c->quality);
    *c = (struct kt_columns){0};
}

/** Lengths of eight values, the first in the low bits. */
static uint32_t group_of(const unsigned char *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;
}

static size_t sum_of(const unsigned char *lengths, uint32_t n)
{
    size_t sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        sum +=
            group_of(lengths + i / SAMPLES_GROUP * SAMPLES_LENGTHS) >> 3 * (i % SAMPLES_GROUP) & 7;
    }
    return sum;
}

/** n (at most eight) values; eight bytes are read at each, whatever its length. */
static inline __attribute__((always_inline)) const unsigned char *
group_values(const unsigned char *p, uint32_t group, double *v, uint32_t n, double power)
{
    for (uint32_t k = 0; k < n; k++, group >>= 3) {
        uint64_t u;
        uint32_t bits = (group & 7) * 8;
        memcpy(&u, p, sizeof(u));
        u &= (UINT64_C(1) << bits) - 1;
        v[k] = (double)kt_unzigzag(u) / power;
        p += bits / 8;
    }
    return p;
}

static const unsigned char *decimals(const unsigned char *p, const unsigned char *lengths,
                                     double *v, uint32_t n, double power)
{
    for (; n >= SAMPLES_GROUP; n -= SAMPLES_GROUP, v += SAMPLES_GROUP) {
        p = group_values(p, group_of(lengths), v, SAMPLES_GROUP, power);
        lengths += SAMPLES_LENGTHS;
    }
    return n ? group_values(p, group_of(lengths), v, n, power) : p;
}

static void get_decimals(struct kt_rd *r, double *v, uint32_t n, double power)
{
    unsigned char tail[SAMPLES_BLOCK * SAMPLES_MANTISSA_MAX + 8];
    const unsigned char *lengths = kt_rd_take(r, samples_lengths(n));
    if (!lengths) {
        return;
    }
    if (kt_rd_left(r) >= (size_t)n * SAMPLES_MANTISSA_MAX + 8) {
        r->p = decimals(r->p, lengths, v, n, power);
        return;
    }
    size_t size = sum_of(lengths, n);
    const void *p = kt_rd_take(r, size);
    if (p) {
        memcpy(tail, p, size);
        memset(tail + size, 0, 8);
        decimals(tail, lengths, v, n, power);
    }
}

static void get_floats(struct kt_rd *r, double *v, uint32_t n)
{
    const unsigned char *p = kt_rd_take(r, n * sizeof(float));
    for (uint32_t i = 0; p && i < n; i++) {
        float f;
        memcpy(&f, p + i * sizeof(f), sizeof(f));
        v[i] = (double)f;
    }
}

static void get_doubles(struct kt_rd *r, double *v, uint32_t n)
{
    const void *p = kt_rd_take(r, n * sizeof(*v));
    if (p) {
        memcpy(v, p, n * sizeof(*v));
    }
}

static void decode_values(struct kt_rd *r, double *v, uint32_t n)
{
    for (uint32_t at = 0; at < n && !r->bad;) {
        uint8_t code = kt_get_u8(r);
        uint32_t count = (uint32_t)kt_get_u8(r) + 1;
        if (r->bad || count > n - at) {
            r->bad = true;
        } else if (code < SAMPLES_SCALES) {
            get_decimals(r, v + at, count, samples_pow10[code]);
        } else if (code == SAMPLES_F32) {
            get_floats(r, v + at, count);
        } else if (code == SAMPLES_F64) {
            get_doubles(r, v + at, count);
        } else {
            r->bad = true;
        }
        at += count;
    }
}

/** The head of a run: how many, and whether they are all equal. 0 (and bad) when it cannot be. */
static uint32_t get_token(struct kt_rd *r, uint32_t left, bool *ret_equal)
{
    uint64_t k = kt_get_varint(r);
    *ret_equal = k & 1;
    if (r->bad || k >> 1 == 0 || k >> 1 > left) {
        r->bad = true;
        return 0;
    }
    return (uint32_t)(k >> 1);
}

static void decode_ids(struct kt_rd *r, uint32_t *id, uint32_t n)
{
    uint32_t prev = UINT32_MAX;
    for (uint32_t at = 0; at < n;) {
        bool equal;
        uint32_t count = get_token(r, n - at, &equal);
        if (!count) {
            return;
        }
        if (equal) {
            uint32_t d = (uint32_t)kt_unzigzag(kt_get_varint(r));
            for (uint32_t i = 0; i < count; i++) {
                id[at + i] = prev + d * (i + 1);
            }
            prev += d * count;
        }
        for (uint32_t i = 0; !equal && i < count; i++) {
            prev += (uint32_t)kt_unzigzag(kt_get_varint(r));
            id[at + i] = prev;
        }
        at += count;
    }
}

static void decode_times(struct kt_rd *r, kt_time arrival, kt_time *time, uint32_t n)
{
    uint8_t code = kt_get_u8(r);
    uint64_t prev = (uint64_t)arrival + (uint64_t)kt_unzigzag(kt_get_varint(r));
    if (r->bad || code >= SAMPLES_UNITS) {
        r->bad = true;
        return;
    }
    uint64_t unit = (uint64_t)samples_unit[code];
    time[0] = (kt_time)prev;
    for (uint32_t at = 1; at < n;) {
        bool equal;
        uint32_t count = get_token(r, n - at, &equal);
        if (!count) {
            return;
        }
        if (equal) {
            uint64_t d = (uint64_t)kt_unzigzag(kt_get_varint(r)) * unit;
            for (uint32_t i = 0; i < count; i++) {
                prev += d;
                time[at + i] = (kt_time)prev;
            }
        }
        for (uint32_t i = 0; !equal && i < count; i++) {
            prev += (uint64_t)kt_unzigzag(kt_get_varint(r)) * unit;
            time[at + i] = (kt_time)prev;
        }
        at += count;
    }
}

static void decode_qualities(struct kt_rd *r, kt_quality *q, uint32_t n)
{
    for (uint32_t at = 0; at < n;) {
        uint8_t v = kt_get_u8(r);
        uint64_t run = kt_get_varint(r);
        if (r->bad || run == 0 || run > n - at) {
            r->bad = true;
            return;
        }
        memset(q + at, v, (size_t)run);
        at += (uint32_t)run;
    }
}

int kt_samples_decode(struct kt_str body, uint32_t max_n, kt_time *ret_arrival,
                      struct kt_columns *ret, struct kt_err *err)
{
    struct kt_rd r = kt_rd_init(body.p, body.n);
    uint8_t format = kt_get_u8(&r);
    uint64_t n = kt_get_varint(&r);
    kt_time arrival = kt_get_i64(&r);
    ret->n = 0;
    if (r.bad || format != SAMPLES_FORMAT || n / SAMPLES_LENGTHS > body.n || n > max_n) {
        return kt_err_set(err, KT_ECORRUPT,
                          "samples: the head is damaged, or there are more than %u samples", max_n);
    }
    kt_columns_reserve(ret, (uint32_t)n);
    if (n) {
        decode_values(&r, ret->value, (uint32_t)n);
        decode_ids(&r, ret->point, (uint32_t)n);
        decode_times(&r, arrival, ret->time, (uint32_t)n);
        decode_qualities(&r, ret->quality, (uint32_t)n);
    }
    if (r.bad || kt_rd_left(&r)) {
        return kt_err_set(err, KT_ECORRUPT, "samples: the columns do not fit %u samples",
                          (unsigned)n);
    }
    ret->n = (uint32_t)n;
    *ret_arrival = arrival;
    return KT_OK;
}
