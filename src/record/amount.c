/* SPDX-License-Identifier: Apache-2.0 */
/* amount: decimal text and whole numbers, exactly; no floating point on the way. */
#include "record/model_flow.h"

enum { DECIMALS_MAX = 6 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* One more digit; false past the bound. */
static bool push(int64_t *v, char c)
{
    *v = *v * 10 + (c - '0');
    return *v <= REC_AMOUNT_MAX;
}

int rec_amount_parse(struct kt_str s, int decimals, int64_t *ret)
{
    size_t i = 0, digits = 0;
    int64_t v = 0;
    bool minus = s.n > 0 && s.p[0] == '-';
    KT_ASSERT(decimals >= 0 && decimals <= DECIMALS_MAX);
    i += s.n > 0 && (s.p[0] == '-' || s.p[0] == '+');
    for (; i < s.n && is_digit(s.p[i]); i++, digits++) {
        if (!push(&v, s.p[i])) {
            return KT_ELIMIT;
        }
    }
    int places = 0;
    bool more = false;
    if (i < s.n && s.p[i] == '.') {
        for (i++; i < s.n && is_digit(s.p[i]); i++, digits++) {
            if (places < decimals && !push(&v, s.p[i])) {
                return KT_ELIMIT;
            }
            more = more || (places >= decimals && s.p[i] != '0');
            places += places < decimals;
        }
    }
    if (i != s.n || digits == 0) {
        return KT_EPARSE;
    }
    for (; places < decimals; places++) {
        if (!push(&v, '0')) {
            return KT_ELIMIT;
        }
    }
    if (more) {
        return KT_EINVAL;
    }
    *ret = minus ? -v : v;
    return KT_OK;
}

const char *rec_amount_fmt(int64_t v, int decimals, char buf[32])
{
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    char *p = buf + 31;
    KT_ASSERT(decimals >= 0 && decimals <= DECIMALS_MAX);
    *p = 0;
    for (int i = 0; u || i <= decimals; i++) { /* at most 19 digits, a point and a sign */
        if (i == decimals && decimals > 0) {
            *--p = '.';
        }
        *--p = (char)('0' + u % 10);
        u /= 10;
    }
    if (v < 0) {
        *--p = '-';
    }
    return memmove(buf, p, (size_t)(buf + 32 - p));
}
