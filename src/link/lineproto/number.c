/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decimal text to the nearest double. Three ways, each exact where it is taken:
 *  1. mantissa and power of ten are both doubles: one rounding (Clinger, 1990);
 *  2. up to 19 digits after division by at most 10^19: 128-bit division keeps 64 bits and whether
 *     there was a rest, rounded once to even;
 *  3. everything else: the C library's conversion in the C locale.
 */
#include "link/lineproto/internal.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>

const double lp_pow10[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                           1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
static const uint64_t pow10_int[] = {UINT64_C(1),
                                     UINT64_C(10),
                                     UINT64_C(100),
                                     UINT64_C(1000),
                                     UINT64_C(10000),
                                     UINT64_C(100000),
                                     UINT64_C(1000000),
                                     UINT64_C(10000000),
                                     UINT64_C(100000000),
                                     UINT64_C(1000000000),
                                     UINT64_C(10000000000),
                                     UINT64_C(100000000000),
                                     UINT64_C(1000000000000),
                                     UINT64_C(10000000000000),
                                     UINT64_C(100000000000000),
                                     UINT64_C(1000000000000000),
                                     UINT64_C(10000000000000000),
                                     UINT64_C(100000000000000000),
                                     UINT64_C(1000000000000000000),
                                     UINT64_C(10000000000000000000)};
enum { MAX_POW10_INT = 19 };

/* mantissa / 10^scale, scale 0..19, mantissa > 0: the quotient of the normalised numbers has 63 or
 * 64 bits, of which 53 are kept. The result is always a normal double. */
static double divided(uint64_t mantissa, int scale)
{
    uint64_t divisor = pow10_int[scale];
    int up_m = __builtin_clzll(mantissa), up_d = __builtin_clzll(divisor);
    mantissa <<= up_m;
    divisor <<= up_d;
    unsigned __int128 num = (unsigned __int128)mantissa << 63;
    uint64_t q = (uint64_t)(num / divisor);
    bool rest = num % divisor != 0;
    int shift = 11 - __builtin_clzll(q); /* to 53 bits */
    uint64_t cut = q & ((UINT64_C(1) << shift) - 1), half = UINT64_C(1) << (shift - 1);
    uint64_t kept = q >> shift;
    if (cut > half || (cut == half && (rest || (kept & 1)))) {
        kept++;
    }
    return ldexp((double)kept, shift - 63 - up_m + up_d);
}

static bool by_library(const struct lp_number *n, double *ret)
{
    enum { LONGEST = 1200 }; /* more digits than any double needs to be told apart */
    char text[LONGEST + 1];
    size_t len = (size_t)(n->end - n->start);
    if (len > LONGEST) {
        return false;
    }
    memcpy(text, n->start, len);
    text[len] = '\0';
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0); /* made once inside the C library */
    KT_ASSERT(c);
    double v = strtod_l(text, NULL, c);
    freelocale(c);
    if (!isfinite(v)) {
        return false;
    }
    *ret = v;
    return true;
}

bool lp_number_double(const struct lp_number *n, double *ret)
{
    double v;
    if (n->inexact) {
        return by_library(n, ret);
    }
    if (n->mantissa == 0) {
        v = 0;
    } else if (n->mantissa <= UINT64_C(1) << 53 && n->exp10 <= 0 && n->exp10 >= -LP_POW10_MAX) {
        v = (double)n->mantissa / lp_pow10[-n->exp10];
    } else if (n->mantissa <= UINT64_C(1) << 53 && n->exp10 > 0 && n->exp10 <= LP_POW10_MAX) {
        v = (double)n->mantissa * lp_pow10[n->exp10];
    } else if (n->exp10 <= 0 && n->exp10 >= -MAX_POW10_INT) {
        v = divided(n->mantissa, -n->exp10);
    } else {
        return by_library(n, ret);
    }
    *ret = n->negative ? -v : v;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Digits at p into the mantissa; those that do not fit any more only count for the exponent. */
static const char *take_digits(const char *p, const char *end, bool fraction, struct lp_number *n,
                               int *digits)
{
    for (; p < end && is_digit(*p); p++, (*digits)++) {
        if (n->mantissa < UINT64_C(1000000000000000000)) {
            n->mantissa = n->mantissa * 10 + (uint64_t)(*p - '0');
            n->exp10 -= fraction;
        } else {
            n->inexact = n->inexact || *p != '0';
            n->exp10 += !fraction;
        }
    }
    return p;
}

static const char *take_exponent(const char *p, const char *end, struct lp_number *n)
{
    enum { FAR = 100000 };
    const char *q = p + 1;
    bool negative = q < end && *q == '-';
    q += q < end && (*q == '-' || *q == '+');
    if (q == end || !is_digit(*q)) {
        return NULL;
    }
    int32_t e = 0;
    for (; q < end && is_digit(*q); q++) {
        e = e < FAR ? e * 10 + (*q - '0') : FAR;
    }
    n->exp10 += negative ? -e : e;
    return q;
}

int kt_lp_decimal(struct kt_str text, double *ret, size_t *ret_end)
{
    const char *p = text.p, *end = text.p + text.n;
    struct lp_number n = {.start = p};
    int digits = 0;
    n.negative = p < end && *p == '-';
    p += p < end && (*p == '-' || *p == '+');
    p = take_digits(p, end, false, &n, &digits);
    if (p < end && *p == '.') {
        p = take_digits(p + 1, end, true, &n, &digits);
    }
    if (digits == 0) {
        return KT_EPARSE;
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        p = take_exponent(p, end, &n);
    }
    n.end = p;
    double v;
    if (!p || !lp_number_double(&n, &v)) {
        return KT_EPARSE;
    }
    *ret = v;
    *ret_end = (size_t)(p - text.p);
    return KT_OK;
}
