/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

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

static void quoted(struct kt_buf *b, struct kt_str s)
{
    kt_put_u8(b, '"');
    size_t from = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (KT_LIKELY(c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)) {
            continue;
        }
        kt_buf_put(b, s.p + from, i - from);
        from = i + 1;
        if (c == '"' || c == '\\') {
            kt_put_u8(b, '\\');
            kt_put_u8(b, c);
        } else if (c == '\n') {
            kt_buf_puts(b, "\\n");
        } else {
            kt_buf_printf(b, "\\u%04x", c);
        }
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

size_t kt_fmt_double(char *to, double v)
{
    if (v == 0) {
        return (size_t)snprintf(to, 32, signbit(v) ? "-0" : "0");
    }
    if (fabs(v) < 1e15 && v == (double)(int64_t)v) {
        return (size_t)snprintf(to, 32, "%" PRId64, (int64_t)v);
    }
    for (int digits = 6; digits < 17; digits++) {
        int n = snprintf(to, 32, "%.*g", digits, v);
        if (strtod(to, NULL) == v) {
            return (size_t)n;
        }
    }
    return (size_t)snprintf(to, 32, "%.17g", v);
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
    sep(w);
    kt_buf_printf(w->out, "%" PRId64, v);
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
