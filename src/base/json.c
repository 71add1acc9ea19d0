/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

static void sep(struct kt_jw *w)
{
    if (w->comma) {
        kt_put_u8(w->out, ',');
    }
    w->comma = true;
}

void kt_jw_obj(struct kt_jw *w)
{
    sep(w);
    kt_put_u8(w->out, '{');
    w->comma = false;
}

void kt_jw_obj_end(struct kt_jw *w)
{
    kt_put_u8(w->out, '}');
    w->comma = true;
}

void kt_jw_arr(struct kt_jw *w)
{
    sep(w);
    kt_put_u8(w->out, '[');
    w->comma = false;
}

void kt_jw_arr_end(struct kt_jw *w)
{
    kt_put_u8(w->out, ']');
    w->comma = true;
}

static void escaped(struct kt_buf *b, unsigned char c)
{
    if (c == '"' || c == '\\') {
        kt_put_u8(b, '\\');
        kt_put_u8(b, c);
    } else if (c == '\n') {
        kt_buf_puts(b, "\\n");
    } else if (c >= 0x80) {
        kt_buf_puts(b, "\xef\xbf\xbd"); /* U+FFFD: no character */
    } else {
        kt_buf_printf(b, "\\u%04x", c);
    }
}

/* Whatever bytes come, what is written is UTF-8: who reads it refuses anything else. */
static void quoted(struct kt_buf *b, struct kt_str s)
{
    kt_put_u8(b, '"');
    size_t from = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (KT_LIKELY(c >= 0x20 && c != '"' && c != '\\' && c < 0x7f)) {
            continue;
        }
        size_t step = c >= 0x80 ? kt_utf8_step(s.p + i, s.n - i) : 0;
        if (step) {
            i += step - 1;
            continue;
        }
        kt_buf_put(b, s.p + from, i - from);
        from = i + 1;
        escaped(b, c);
    }
    kt_buf_put(b, s.p + from, s.n - from);
    kt_put_u8(b, '"');
}

void kt_jw_key(struct kt_jw *w, const char *key)
{
    sep(w);
    quoted(w->out, kt_str_c(key));
    kt_put_u8(w->out, ':');
    w->comma = false;
}

void kt_jw_strn(struct kt_jw *w, struct kt_str s)
{
    sep(w);
    quoted(w->out, s);
}

void kt_jw_str(struct kt_jw *w, const char *s)
{
    if (s) {
        kt_jw_strn(w, kt_str_c(s));
    } else {
        kt_jw_null(w);
    }
}

static const char pairs[] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536"
    "37383940414243444546474849505152535455565758596061626364656667686970717273"
    "7475767778798081828384858687888990919293949596979899";

/* Digits of u before `end`; answers where they begin. */
static inline char *digits_before(char *end, uint64_t u)
{
    while (u >= 100) {
        uint64_t q = u / 100;
        end -= 2;
        memcpy(end, &pairs[2 * (u - q * 100)], 2);
        u = q;
    }
    if (u >= 10) {
        end -= 2;
        memcpy(end, &pairs[2 * u], 2);
    } else {
        *--end = (char)('0' + u);
    }
    return end;
}

enum { TEXT = 24 }; /* the longest integer with its sign and an end */

static inline size_t put_tail(char *to, const char *p, const char *end)
{
    size_t n = (size_t)(end - p);
    memcpy(to, p, n);
    to[n] = '\0';
    return n;
}

static inline size_t fmt_int(char *to, int64_t v)
{
    if (v >= 0 && v < 10) {
        to[0] = (char)('0' + v);
        to[1] = '\0';
        return 1;
    }
    char text[TEXT], *end = text + sizeof(text);
    char *p = digits_before(end, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
    if (v < 0) {
        *--p = '-';
    }
    return put_tail(to, p, end);
}

size_t kt_fmt_int(char *to, int64_t v)
{
    return fmt_int(to, v);
}

/*
 * A number with few decimals, as sensors have: m / 10^k for the smallest k. m and 10^k are exact
 * and the quotient is rounded once, so when it is v, m / 10^k reads back as v. 0: not such a
 * number.
 */
static size_t fmt_decimal(char *to, double v)
{
    static const double tens[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
    static const uint64_t units[] = {1,      10,      100,      1000,      10000,
                                     100000, 1000000, 10000000, 100000000, 1000000000};
    double a = fabs(v);
    if (a < 1e-3 || a > 1e6) {
        return 0;
    }
    for (int k = 1; k < (int)KT_ARRAY_LEN(tens) && a * tens[k] < 1e15; k++) {
        uint64_t m = (uint64_t)(int64_t)(a * tens[k] + 0.5);
        if ((double)(int64_t)m / tens[k] != a) {
            continue;
        }
        uint64_t whole = m / units[k];
        char text[2 * TEXT], *end = text + sizeof(text);
        char *p = digits_before(end, m - whole * units[k] + units[k]);
        *p = '.'; /* was the 1 of 10^k, which kept the zeros behind the point */
        p = digits_before(p, whole);
        if (v < 0) {
            *--p = '-';
        }
        return put_tail(to, p, end);
    }
    return 0;
}

static bool reads_back(const char *text, double v)
{
    return strtod(text, NULL) == v;
}

size_t kt_fmt_double(char *to, double v)
{
    if (v == 0) {
        return (size_t)snprintf(to, 32, signbit(v) ? "-0.0" : "0");
    }
    if (fabs(v) < 1e15 && v == (double)(int64_t)v) {
        return fmt_int(to, (int64_t)v);
    }
    size_t n = fmt_decimal(to, v);
    if (n) {
        return n;
    }
    snprintf(to, 32, "%.15g", v);
    for (int digits = reads_back(to, v) ? 6 : 16; digits < 17; digits++) {
        n = (size_t)snprintf(to, 32, "%.*g", digits, v);
        if (reads_back(to, v)) {
            return n;
        }
    }
    return (size_t)snprintf(to, 32, "%.17g", v);
}

size_t kt_fmt_near(char *to, double v)
{
    static const double tens[] = {1e0, 1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,
                                  1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17};
    double a = fabs(v);
    if (!(a >= 1e-3 && a < 1e14) || v == (double)(int64_t)v) {
        return kt_fmt_double(to, v);
    }
    int k = a < 1 ? 17 : a < 1e4 ? 14 : 10; /* places behind the point */
    while (k > 0 && a * tens[k] >= 1e15) {
        k--;
    }
    double scale = tens[k];
    uint64_t unit = (uint64_t)(int64_t)scale;
    uint64_t m = (uint64_t)(a * scale + 0.5), whole = m / unit, part = m - whole * unit + unit;
    if (part == unit) {
        return fmt_int(to, v < 0 ? -(int64_t)whole : (int64_t)whole);
    }
    while (part % 10 == 0) {
        part /= 10;
    }
    char text[2 * TEXT], *end = text + sizeof(text);
    char *p = digits_before(end, part);
    *p = '.'; /* was the 1 of `unit`, which kept the zeros behind the point */
    p = digits_before(p, whole);
    if (v < 0) {
        *--p = '-';
    }
    return put_tail(to, p, end);
}

void kt_jw_num(struct kt_jw *w, double v)
{
    if (!isfinite(v)) {
        kt_jw_null(w);
        return;
    }
    char t[40];
    sep(w);
    kt_buf_put(w->out, t, kt_fmt_double(t, v));
}

void kt_jw_int(struct kt_jw *w, int64_t v)
{
    char t[24];
    sep(w);
    kt_buf_put(w->out, t, fmt_int(t, v));
}

void kt_jw_bool(struct kt_jw *w, bool v)
{
    sep(w);
    kt_buf_puts(w->out, v ? "true" : "false");
}

void kt_jw_null(struct kt_jw *w)
{
    sep(w);
    kt_buf_puts(w->out, "null");
}

void kt_jw_raw(struct kt_jw *w, struct kt_str json)
{
    sep(w);
    kt_buf_put(w->out, json.p, json.n);
}

char *kt_jw_room(struct kt_jw *w, size_t n)
{
    sep(w);
    return kt_buf_reserve(w->out, n);
}

void kt_jw_wrote(struct kt_jw *w, const char *end)
{
    w->out->n = (size_t)(end - w->out->p);
}

void kt_jw_kstr(struct kt_jw *w, const char *key, const char *s)
{
    kt_jw_key(w, key);
    kt_jw_str(w, s);
}

void kt_jw_knum(struct kt_jw *w, const char *key, double v)
{
    kt_jw_key(w, key);
    kt_jw_num(w, v);
}

void kt_jw_kint(struct kt_jw *w, const char *key, int64_t v)
{
    kt_jw_key(w, key);
    kt_jw_int(w, v);
}

void kt_jw_kbool(struct kt_jw *w, const char *key, bool v)
{
    kt_jw_key(w, key);
    kt_jw_bool(w, v);
}

void kt_jw_ktext(struct kt_jw *w, const char *key, const char *s)
{
    if (s[0]) {
        kt_jw_kstr(w, key, s);
    }
}

void kt_jw_ktime(struct kt_jw *w, const char *key, kt_time t)
{
    char text[40];
    if (t != 0) {
        kt_jw_kstr(w, key, kt_time_fmt(t, 0, text));
    }
}
