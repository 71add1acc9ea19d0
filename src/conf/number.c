/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/number.h"

#include <locale.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

enum { MAX_NUMBER = 64 };

static const double pow10_exact[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                     1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                     1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

struct decimal {
    uint64_t digits; /* of the mantissa, without the dot */
    int count;       /* significant digits; over 19: `digits` is cut */
    int exp10;
    bool neg;
};

static bool take_digits(const char **p, const char *end, struct decimal *d, bool fraction)
{
    const char *from = *p;
    for (; *p < end && **p >= '0' && **p <= '9'; ++*p) {
        if (d->count > 0 || **p != '0') {
            d->count++;
        }
        if (d->count <= 19) {
            d->digits = d->digits * 10 + (uint64_t)(**p - '0');
        }
        d->exp10 -= fraction;
    }
    return *p > from;
}

static bool take_exponent(const char **p, const char *end, int *ret)
{
    bool neg = *p < end && **p == '-';
    if (*p < end && (**p == '-' || **p == '+')) {
        ++*p;
    }
    const char *from = *p;
    int e = 0;
    for (; *p < end && **p >= '0' && **p <= '9'; ++*p) {
        e = e < 10000 ? e * 10 + (**p - '0') : e;
    }
    *ret = neg ? -e : e;
    return *p > from;
}

static bool scan(struct kt_str s, struct decimal *d)
{
    const char *p = s.p, *end = s.p + s.n;
    if (p < end && (*p == '-' || *p == '+')) {
        d->neg = *p++ == '-';
    }
    if (!take_digits(&p, end, d, false)) {
        return false;
    }
    if (p < end && *p == '.') {
        p++;
        if (!take_digits(&p, end, d, true)) {
            return false;
        }
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        int e;
        p++;
        if (!take_exponent(&p, end, &e)) {
            return false;
        }
        d->exp10 += e;
    }
    return p == end;
}

/* What the exact powers do not reach: strtod in the "C" locale, whatever the process has. */
static bool slow(struct kt_str s, double *ret)
{
    char t[MAX_NUMBER + 1];
    memcpy(t, s.p, s.n);
    t[s.n] = '\0';
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (c == (locale_t)0) {
        return false;
    }
    *ret = strtod_l(t, NULL, c);
    freelocale(c);
    return *ret - *ret == 0; /* finite */
}

int kt_number_parse(struct kt_str s, double *ret)
{
    struct decimal d = {0};
    if (s.n == 0 || s.n > MAX_NUMBER || !scan(s, &d)) {
        return KT_EPARSE;
    }
    double v;
    /* both factors are exact, so one rounding gives the nearest double */
    if (d.count <= 19 && d.digits <= (UINT64_C(1) << 53) && d.exp10 >= -22 && d.exp10 <= 22) {
        v = (double)d.digits;
        v = d.exp10 < 0 ? v / pow10_exact[-d.exp10] : v * pow10_exact[d.exp10];
        v = d.neg ? -v : v;
    } else if (!slow(s, &v)) {
        return KT_EPARSE;
    }
    *ret = v;
    return KT_OK;
}

int kt_integer_parse(struct kt_str s, int64_t *ret)
{
    size_t i = s.n && (s.p[0] == '-' || s.p[0] == '+');
    bool neg = i && s.p[0] == '-';
    int64_t v = 0;
    if (i == s.n || s.n > MAX_NUMBER) {
        return KT_EPARSE;
    }
    for (; i < s.n; i++) {
        int digit = s.p[i] - '0';
        if (digit < 0 || digit > 9 || __builtin_mul_overflow(v, 10, &v) ||
            __builtin_add_overflow(v, neg ? -digit : digit, &v)) {
            return KT_EPARSE;
        }
    }
    *ret = v;
    return KT_OK;
}
