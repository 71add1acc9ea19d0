/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A column of doubles, exact to the bit; see codec.h.
 */
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "history/codec_private.h"

enum method { V_CONST, V_DECIMAL, V_NEAR64, V_NEAR32, V_PLANES64, V_PLANES32 };
enum {
    WINDOW = 64,         /* values looked at to choose a scale for V_NEAR */
    EASY_SCALE = 7,      /* a decimal column of up to this scale needs no rival */
    RESID_MAX = 1 << 20, /* ulps; more is an exception */
    NEAR32_SCALE = 7
};

static uint32_t bits32(float f)
{
    uint32_t b;
    memcpy(&b, &f, sizeof(b));
    return b;
}

static float of_bits32(uint32_t b)
{
    float f;
    memcpy(&f, &b, sizeof(f));
    return f;
}

static bool is_float(double v)
{
    return history_bits((double)(float)v) == history_bits(v);
}

static bool all_float(const double *v, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (!is_float(v[i])) {
            return false;
        }
    }
    return true;
}

static bool all_same(const double *v, uint32_t n)
{
    uint64_t b = history_bits(v[0]), any = 0;
    for (uint32_t i = 1; i < n; i++) {
        any |= history_bits(v[i]) ^ b;
    }
    return any == 0;
}

/* v = m / 10^s plus r ulps, of a double or of a float. */
static bool near64(double v, int s, int64_t *m, int64_t *r)
{
    double x = v * history_pow10[s];
    if (!(x < 9007199254740992.0 && x > -9007199254740992.0)) {
        return false;
    }
    *m = llrint(x);
    *r =
        history_sub((int64_t)history_bits(v), (int64_t)history_bits((double)*m / history_pow10[s]));
    return *r<RESID_MAX && * r> - RESID_MAX;
}

static double from_near64(int64_t m, int64_t r, int s)
{
    return history_of_bits(history_bits((double)m / history_pow10[s]) + (uint64_t)r);
}

static bool near32(double v, int s, int64_t *m, int64_t *r)
{
    double x = v * history_pow10[s];
    if (!(x < 9007199254740992.0 && x > -9007199254740992.0)) {
        return false;
    }
    *m = llrint(x);
    float f = (float)((double)*m / history_pow10[s]);
    *r = (int64_t)bits32((float)v) - (int64_t)bits32(f);
    return *r<RESID_MAX && * r> - RESID_MAX && is_float(v);
}

static double from_near32(int64_t m, int64_t r, int s)
{
    float f = (float)((double)m / history_pow10[s]);
    return (double)of_bits32(bits32(f) + (uint32_t)r);
}

static bool decompose(enum method how, double v, int s, int64_t *m, int64_t *r)
{
    *r = 0;
    return how == V_DECIMAL  ? history_decimal(v, s, m)
           : how == V_NEAR64 ? near64(v, s, m, r)
                             : near32(v, s, m, r);
}

/* Mantissas and residuals into the codec's columns, what does not fit into its exceptions. */
static uint32_t split(struct history_codec *k, enum method how, const double *v, uint32_t n, int s)
{
    uint32_t out = 0, last = 0;
    int64_t prev = 0;
    kt_buf_clear(&k->except);
    for (uint32_t i = 0; i < n; i++) {
        if (KT_UNLIKELY(!decompose(how, v[i], s, &k->mant[i], &k->resid[i]))) {
            k->mant[i] = prev;
            k->resid[i] = 0;
            kt_put_varint(&k->except, i - last);
            kt_put_f64(&k->except, v[i]);
            last = i;
            out++;
        }
        prev = k->mant[i];
    }
    return out;
}

/* Layout: method, scale, exceptions, mantissas, and residuals where the method has them. */
static void put_mantissas(struct history_codec *k, enum method how, uint32_t n, int s,
                          uint32_t exceptions, struct kt_buf *out)
{
    kt_put_u8(out, (uint8_t)how);
    kt_put_u8(out, (uint8_t)s);
    kt_put_varint(out, exceptions);
    if (exceptions) {
        kt_buf_put(out, k->except.p, k->except.n);
    }
    history_ints_encode(k, k->mant, n, out);
    if (how != V_DECIMAL) {
        history_ints_encode(k, k->resid, n, out);
    }
}

static void encode_mantissas(struct history_codec *k, enum method how, const double *v, uint32_t n,
                             int s, struct kt_buf *out)
{
    put_mantissas(k, how, n, s, split(k, how, v, n, s), out);
}

static void encode_planes(struct history_codec *k, enum method how, const double *v, uint32_t n,
                          struct kt_buf *out)
{
    unsigned w = how == V_PLANES32 ? 4 : 8;
    kt_buf_clear(&k->stream);
    unsigned char *p = (unsigned char *)kt_buf_reserve(&k->stream, (size_t)n * w);
    KT_ASSERT(p);
    for (unsigned b = 0; b < w; b++) {
        for (uint32_t i = 0; i < n; i++) {
            uint64_t bits = w == 4 ? bits32((float)v[i]) : history_bits(v[i]);
            *p++ = (unsigned char)(bits >> (8 * b));
        }
    }
    kt_put_u8(out, (uint8_t)how);
    history_squeeze(k, k->stream.p, (size_t)n * w, true, out);
}

/* Bits a value that `how` would need at scale s, over a window in the middle; a fit of less than
 * three quarters counts as none. */
static unsigned near_cost(enum method how, const double *v, uint32_t n, int s)
{
    uint32_t lo = n > WINDOW ? (n - WINDOW) / 2 : 0, hi = n > WINDOW ? lo + WINDOW : n;
    unsigned bits = 0, miss = 0;
    int64_t prev = 0, m, r;
    for (uint32_t i = lo; i < hi; i++) {
        if (!decompose(how, v[i], s, &m, &r)) {
            miss++;
            continue;
        }
        bits += history_bitlen(kt_zigzag(history_sub(m, prev))) + history_bitlen(kt_zigzag(r));
        prev = m;
    }
    return miss * 4 > hi - lo ? UINT32_MAX : bits + miss * 72;
}

/* The best scale for `how`; -1 when none saves an eighth of the plain bytes. */
static int near_scale(enum method how, const double *v, uint32_t n)
{
    unsigned width = how == V_NEAR32 ? 28 : 56, count = n < WINDOW ? n : WINDOW;
    unsigned best = width * count;
    int scale = -1, top = how == V_NEAR32 ? NEAR32_SCALE : HISTORY_SCALE_MAX;
    for (int s = 0; s <= top; s++) {
        unsigned cost = near_cost(how, v, n, s);
        if (cost < best) {
            best = cost;
            scale = s;
        }
    }
    return scale;
}

static void keep_shorter(struct history_codec *k)
{
    if (k->values[1].n && (!k->values[0].n || k->values[1].n < k->values[0].n)) {
        struct kt_buf t = k->values[0];
        k->values[0] = k->values[1];
        k->values[1] = t;
    }
    kt_buf_clear(&k->values[1]);
}

static void try_near(struct history_codec *k, enum method how, const double *v, uint32_t n)
{
    int s = near_scale(how, v, n);
    if (s >= 0) {
        encode_mantissas(k, how, v, n, s, &k->values[1]);
        keep_shorter(k);
    }
}

void history_values_encode(struct history_codec *k, const double *v, uint32_t n, struct kt_buf *out)
{
    if (all_same(v, n)) {
        kt_put_u8(out, V_CONST);
        kt_put_f64(out, v[0]);
        return;
    }
    kt_buf_clear(&k->values[0]);
    kt_buf_clear(&k->values[1]);
    bool all = false;
    int s = history_scale_pick(v, n, k->mant, &all);
    if (s >= 0 && all) {
        put_mantissas(k, V_DECIMAL, n, s, 0, &k->values[0]);
    } else if (s >= 0) {
        encode_mantissas(k, V_DECIMAL, v, n, s, &k->values[0]);
    }
    if (s < 0 || s > EASY_SCALE) {
        bool single = all_float(v, n);
        try_near(k, single ? V_NEAR32 : V_NEAR64, v, n);
        encode_planes(k, single ? V_PLANES32 : V_PLANES64, v, n, &k->values[1]);
        keep_shorter(k);
    }
    kt_buf_put(out, k->values[0].p, k->values[0].n);
}

/* m / p, each rounded once. */
static void quotients(const int64_t *m, uint32_t n, double p, double *ret)
{
    uint32_t i = 0;
#ifdef __SSE2__
    /* Of |m| < 2^51 the double is had by putting m into the mantissa of 1.5 * 2^52; it is exact. */
    const double shift = 0x1.8p52;
    int64_t bits;
    memcpy(&bits, &shift, sizeof(bits));
    __m128i half = _mm_set1_epi64x(INT64_C(1) << 51), wide = _mm_setzero_si128();
    for (uint32_t k = 0; k + 2 <= n; k += 2) {
        __m128i x = _mm_loadu_si128((const __m128i *)(m + k));
        wide = _mm_or_si128(wide, _mm_srli_epi64(_mm_add_epi64(x, half), 52));
    }
    int64_t over = _mm_cvtsi128_si64(_mm_or_si128(wide, _mm_unpackhi_epi64(wide, wide)));
    __m128i add = _mm_set1_epi64x(bits);
    __m128d less = _mm_set1_pd(shift), by = _mm_set1_pd(p);
    for (; !over && i + 2 <= n; i += 2) {
        __m128i x = _mm_add_epi64(_mm_loadu_si128((const __m128i *)(m + i)), add);
        __m128d v = _mm_sub_pd(_mm_castsi128_pd(x), less);
        _mm_storeu_pd(ret + i, _mm_div_pd(v, by));
    }
#endif
    for (; i < n; i++) {
        ret[i] = (double)m[i] / p;
    }
}

static void join(const struct history_codec *k, enum method how, int s, uint32_t n, double *ret)
{
    if (how == V_DECIMAL) {
        quotients(k->mant, n, history_pow10[s], ret);
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        ret[i] = how == V_NEAR64 ? from_near64(k->mant[i], k->resid[i], s)
                                 : from_near32(k->mant[i], k->resid[i], s);
    }
}

static void decode_mantissas(struct history_codec *k, enum method how, struct kt_rd *r, uint32_t n,
                             double *ret)
{
    uint8_t s = kt_get_u8(r);
    uint64_t exceptions = kt_get_varint(r);
    if (r->bad || s > HISTORY_SCALE_MAX || exceptions > n) {
        r->bad = true;
        return;
    }
    struct kt_rd ex = *r; /* they are read twice: stepped over now, put in at the end */
    for (uint64_t i = 0; i < exceptions; i++) {
        kt_get_varint(r);
        kt_get_u64(r);
    }
    history_ints_decode(k, r, n, k->mant);
    if (how != V_DECIMAL) {
        history_ints_decode(k, r, n, k->resid);
    }
    if (r->bad) {
        return;
    }
    join(k, how, s, n, ret);
    uint64_t at = 0;
    for (uint64_t i = 0; i < exceptions; i++) {
        uint64_t gap = kt_get_varint(&ex);
        double v = kt_get_f64(&ex);
        if (gap >= n || (at += gap) >= n) {
            r->bad = true;
            return;
        }
        ret[at] = v;
    }
}

static void decode_planes(struct history_codec *k, unsigned w, struct kt_rd *r, uint32_t n,
                          double *ret)
{
    struct kt_str s = history_unsqueeze(k, r, (size_t)n * w);
    if (r->bad || s.n != (size_t)n * w) {
        r->bad = true;
        return;
    }
    const unsigned char *p = (const unsigned char *)s.p;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t bits = 0;
        for (unsigned b = 0; b < w; b++) {
            bits |= (uint64_t)p[(size_t)b * n + i] << (8 * b);
        }
        ret[i] = w == 4 ? (double)of_bits32((uint32_t)bits) : history_of_bits(bits);
    }
}

void history_values_decode(struct history_codec *k, struct kt_rd *r, uint32_t n, double *ret)
{
    uint8_t how = kt_get_u8(r);
    if (how == V_CONST) {
        double v = kt_get_f64(r);
        for (uint32_t i = 0; i < n; i++) {
            ret[i] = v;
        }
    } else if (how == V_DECIMAL || how == V_NEAR64 || how == V_NEAR32) {
        decode_mantissas(k, how, r, n, ret);
    } else if (how == V_PLANES64 || how == V_PLANES32) {
        decode_planes(k, how == V_PLANES32 ? 4 : 8, r, n, ret);
    } else {
        r->bad = true;
    }
}
