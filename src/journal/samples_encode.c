/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/samples.h"

#include <float.h>
#include <math.h>

#include "journal/samples_format.h"

/* Adding this to |x| < 2^51 rounds x to an integer that stands in the low bits of the sum. */
#define ROUND_MAGIC 0x1.8p52

/* Room for any block: lengths and bytes of mantissas (and the 8 stored for the last), or raw ones.
 */
enum { BLOCK_MOST = 2 + SAMPLES_BLOCK / SAMPLES_GROUP * SAMPLES_LENGTHS + SAMPLES_BLOCK * 8 };
enum { RAW_RUN = 32, RUN_MIN = 4, LITERALS_MAX = 4096, LOWER_LOOK = 16, LANES = 16 };

static inline unsigned char *put_varint(unsigned char *p, uint64_t v)
{
    if (KT_LIKELY(v < 0x80)) {
        *p = (unsigned char)v;
        return p + 1;
    }
    if (v < 0x4000) {
        p[0] = (unsigned char)(v | 0x80);
        p[1] = (unsigned char)(v >> 7);
        return p + 2;
    }
    while (v >= 0x80) {
        *p++ = (unsigned char)(v | 0x80);
        v >>= 7;
    }
    *p++ = (unsigned char)v;
    return p;
}

/** The mantissa of v at a power of ten; false unless mantissa / power gives v back bit for bit. */
static inline bool mantissa(double v, double power, int64_t *ret)
{
    double x = v * power;
    if (!(fabs(x) < 0x1p51)) {
        return false;
    }
    double sum = x + ROUND_MAGIC;
    *ret = (int64_t)(samples_bits(sum) - samples_bits(ROUND_MAGIC));
    return samples_bits((sum - ROUND_MAGIC) / power) == samples_bits(v);
}

/** The smallest scale at which v is exact, or -1. */
static int scale_of(double v)
{
    int64_t m;
    for (int s = 0; s < SAMPLES_SCALES; s++) {
        if (mantissa(v, samples_pow10[s], &m)) {
            return s;
        }
    }
    return -1;
}

/** Bytes that a zig-zag mantissa takes; 0 for 0. */
static inline uint32_t bytes_of(uint64_t u)
{
    return ((uint32_t)(63 - __builtin_clzll(u | 1)) + 8) / 8 - (u == 0);
}

/** The zig-zag mantissas of eight values; false unless all are exact. As mantissa(), in vectors. */
static inline bool mantissas(const double *v, double power, uint64_t u[SAMPLES_GROUP])
{
    const uint64_t most = samples_bits(0x1p51) - 1;
    uint64_t bad = 0;
    for (int k = 0; k < SAMPLES_GROUP; k++) {
        double x = v[k] * power;
        double sum = x + ROUND_MAGIC;
        bad |= (most - (samples_bits(x) & INT64_MAX)) >> 63; /* too large, or not a number */
        bad |= samples_bits((sum - ROUND_MAGIC) / power) ^ samples_bits(v[k]);
        uint64_t m = samples_bits(sum) - samples_bits(ROUND_MAGIC);
        u[k] = m << 1 ^ (UINT64_C(0) - (m >> 63));
    }
    return bad == 0;
}

/* Where a run of mantissas is written: lengths, and the bytes behind the room for all lengths. */
struct run {
    unsigned char *lengths, *p;
    uint32_t group, n;
};

static inline void put_mantissa(struct run *r, uint64_t u)
{
    uint32_t size = bytes_of(u);
    memcpy(r->p, &u, sizeof(u));
    r->p += size;
    r->group |= size << 3 * (r->n++ % SAMPLES_GROUP);
}

static inline void put_lengths(struct run *r)
{
    memcpy(r->lengths, &r->group, SAMPLES_LENGTHS);
    r->lengths += SAMPLES_LENGTHS;
    r->group = 0;
}

/** As many of v[0..n) as are exact at the scale; *to moves behind them. */
static uint32_t put_decimals(unsigned char **to, const double *v, uint32_t n, int scale)
{
    double power = samples_pow10[scale];
    unsigned char *from = *to + samples_lengths(n);
    struct run r = {.lengths = *to, .p = from};
    uint64_t u[SAMPLES_GROUP];
    int64_t m;
    while (n - r.n >= SAMPLES_GROUP && mantissas(v + r.n, power, u)) {
        for (int k = 0; k < SAMPLES_GROUP; k++) {
            put_mantissa(&r, u[k]);
        }
        put_lengths(&r);
    }
    uint32_t most = n - r.n < SAMPLES_GROUP ? n : r.n + SAMPLES_GROUP - 1;
    while (r.n < most && mantissa(v[r.n], power, &m)) {
        put_mantissa(&r, kt_zigzag(m));
    }
    if (r.n % SAMPLES_GROUP) {
        put_lengths(&r);
    }
    if (r.n < n) { /* ended early: fewer lengths than there was room for */
        memmove(r.lengths, from, (size_t)(r.p - from));
    }
    *to = r.lengths + (r.p - from);
    return r.n;
}

static bool fits_float(double v)
{
    return fabs(v) <= (double)FLT_MAX && samples_bits((double)(float)v) == samples_bits(v);
}

/** A run of raw values up to the next one that is exact at the scale. @return its length */
static uint32_t put_raw(unsigned char **to, const double *v, uint32_t n, int scale, bool narrow)
{
    double power = samples_pow10[scale];
    unsigned char *p = *to;
    uint32_t i = 0;
    int64_t m;
    do {
        float f = narrow ? (float)v[i] : 0;
        size_t size = narrow ? sizeof(f) : sizeof(v[i]);
        memcpy(p, narrow ? (const void *)&f : (const void *)&v[i], size);
        p += size;
        i++;
    } while (i < n && i < RAW_RUN && fits_float(v[i]) == narrow && !mantissa(v[i], power, &m));
    *to = p;
    return i;
}

/* The scale sticks, so that a scan of mixed resolutions stays one run; it falls again when the
 * next values need less. */
static int lowered(const double *v, uint32_t n, int scale)
{
    int need = 0;
    for (uint32_t i = 0; scale > 0 && i < n && i < LOWER_LOOK; i++) {
        int64_t m;
        if (mantissa(v[i], samples_pow10[need], &m)) {
            continue;
        }
        need = scale_of(v[i]);
        if (need < 0 || need >= scale) {
            return scale;
        }
    }
    return need;
}

static void encode_values(struct kt_buf *out, const double *v, uint32_t n)
{
    int scale = 0;
    for (uint32_t at = 0; at < n;) {
        uint32_t chunk = n - at < SAMPLES_BLOCK ? n - at : SAMPLES_BLOCK;
        char *room = kt_buf_reserve(out, BLOCK_MOST);
        if (!room) {
            return;
        }
        unsigned char *head = (unsigned char *)room, *p = head + 2;
        scale = lowered(v + at, chunk, scale);
        int code = scale;
        uint32_t k = put_decimals(&p, v + at, chunk, scale);
        if (k == 0) {
            p = head + 2;
            int found = scale_of(v[at]);
            if (found >= 0) {
                scale = code = found;
                k = put_decimals(&p, v + at, chunk, scale);
            } else {
                bool narrow = fits_float(v[at]);
                code = narrow ? SAMPLES_F32 : SAMPLES_F64;
                k = put_raw(&p, v + at, chunk, scale, narrow);
            }
        }
        head[0] = (unsigned char)code;
        head[1] = (unsigned char)(k - 1);
        out->n += (size_t)(p - head);
        at += k;
    }
}

/* A column as differences: of ids (modulo 2^32) or of times (modulo 2^64, in a unit). */
struct column {
    const uint32_t *id;
    const kt_time *time;
    uint32_t n;
};

static inline __attribute__((always_inline)) int64_t difference(const struct column *c, uint32_t i)
{
    if (c->id) {
        return (int32_t)(c->id[i] - (i ? c->id[i - 1] : UINT32_MAX));
    }
    return (int64_t)((uint64_t)c->time[i] - (uint64_t)c->time[i - 1]);
}

/** Are the LANES differences from i on all d? Without a branch, so that it is done in vectors. */
static inline __attribute__((always_inline)) bool lanes_are(const struct column *c, uint32_t i,
                                                            int64_t d)
{
    uint64_t wide = 0;
    uint32_t narrow = 0;
    if (c->id) {
        const uint32_t *p = c->id + i;
        for (int k = 0; k < LANES; k++) {
            narrow |= (p[k] - p[k - 1]) ^ (uint32_t)d;
        }
        return narrow == 0;
    }
    const kt_time *p = c->time + i;
    for (int k = 0; k < LANES; k++) {
        wide |= ((uint64_t)p[k] - (uint64_t)p[k - 1]) ^ (uint64_t)d;
    }
    return wide == 0;
}

static inline __attribute__((always_inline)) uint32_t run_at(const struct column *c, uint32_t i,
                                                             uint32_t most)
{
    int64_t d = difference(c, i);
    uint32_t k = 1;
    while (most - k >= LANES && lanes_are(c, i + k, d)) {
        k += LANES;
    }
    while (k < most && difference(c, i + k) == d) {
        k++;
    }
    return k;
}

/** Where the single differences from i on end: at a run that is worth it, or at the end. */
static inline __attribute__((always_inline)) uint32_t literals_end(const struct column *c,
                                                                   uint32_t i)
{
    uint32_t stop = c->n - i < LITERALS_MAX ? c->n : i + LITERALS_MAX;
    while (i < stop) {
        uint32_t left = c->n - i;
        uint32_t run = run_at(c, i, left < RUN_MIN ? left : RUN_MIN);
        if (run == RUN_MIN) {
            return i;
        }
        i += run;
    }
    return i;
}

static inline __attribute__((always_inline)) void
put_tokens(struct kt_buf *out, const struct column *c, uint32_t i, int64_t unit)
{
    while (i < c->n) {
        uint32_t run = run_at(c, i, c->n - i);
        bool single = run < RUN_MIN && run < c->n - i;
        uint32_t end = single ? literals_end(c, i) : i + run;
        uint32_t written = single ? end - i : 1;
        char *room = kt_buf_reserve(out, (size_t)(written + 1) * SAMPLES_VARINT_MAX);
        if (!room) {
            return;
        }
        unsigned char *p = (unsigned char *)room;
        p = put_varint(p, (uint64_t)(end - i) << 1 | !single);
        for (uint32_t k = 0; k < written; k++) {
            p = put_varint(p, kt_zigzag(difference(c, i + k) / unit));
        }
        out->n += (size_t)(p - (unsigned char *)room);
        i = end;
    }
}

static void encode_ids(struct kt_buf *out, const uint32_t *id, uint32_t n)
{
    struct column c = {.id = id, .n = n};
    put_tokens(out, &c, 0, 1);
}

static bool divides(int unit, int64_t d)
{
    switch (unit) { /* constants, so that the compiler multiplies instead of dividing */
    case 3:
        return d % 1000000000 == 0;
    case 2:
        return d % 1000000 == 0;
    case 1:
        return d % 1000 == 0;
    default:
        return true;
    }
}

/** Index of the coarsest unit in which all differences are whole. */
static int coarsest_unit(const struct column *c)
{
    int unit = SAMPLES_UNITS - 1;
    for (uint32_t i = 1; i < c->n && unit > 0;) {
        int64_t d = difference(c, i);
        while (!divides(unit, d)) {
            unit--;
        }
        i += run_at(c, i, c->n - i);
    }
    return unit;
}

static void encode_times(struct kt_buf *out, kt_time arrival, const kt_time *time, uint32_t n)
{
    struct column c = {.time = time, .n = n};
    int unit = coarsest_unit(&c);
    kt_put_u8(out, (uint8_t)unit);
    kt_put_varint(out, kt_zigzag((int64_t)((uint64_t)time[0] - (uint64_t)arrival)));
    switch (unit) {
    case 3:
        put_tokens(out, &c, 1, 1000000000);
        break;
    case 2:
        put_tokens(out, &c, 1, 1000000);
        break;
    case 1:
        put_tokens(out, &c, 1, 1000);
        break;
    default:
        put_tokens(out, &c, 1, 1);
    }
}

static uint32_t quality_run(const kt_quality *q, uint32_t n)
{
    uint32_t k = 1;
    uint64_t eight, same = q[0] * UINT64_C(0x0101010101010101);
    for (; n - k >= 8; k += 8) {
        memcpy(&eight, q + k, 8);
        if (eight != same) {
            break;
        }
    }
    while (k < n && q[k] == q[0]) {
        k++;
    }
    return k;
}

static void encode_qualities(struct kt_buf *out, const kt_quality *q, uint32_t n)
{
    for (uint32_t i = 0; i < n;) {
        uint32_t run = q ? quality_run(q + i, n - i) : n;
        kt_put_u8(out, q ? q[i] : KT_Q_NORMAL);
        kt_put_varint(out, run);
        i += run;
    }
}

void kt_samples_encode(struct kt_buf *out, kt_time arrival, const struct kt_samples *s)
{
    kt_put_u8(out, SAMPLES_FORMAT);
    kt_put_varint(out, s->n);
    kt_put_i64(out, arrival);
    if (s->n) {
        encode_values(out, s->value, s->n);
        encode_ids(out, s->point, s->n);
        encode_times(out, arrival, s->time, s->n);
        encode_qualities(out, s->quality, s->n);
    }
}
