/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    int code;
    int http;
    const char *name;
    const char *text;
} codes[] = {
#define X(name, value, http, text) {name, http, #name, text},
    KT_ERR_LIST(X)
#undef X
};

static int put(struct kt_err *err, int code, const char *fmt, va_list ap)
{
    if (err) {
        err->code = code;
        err->line = err->col = 0;
        err->file[0] = '\0';
        vsnprintf(err->text, sizeof(err->text), fmt, ap);
    }
    return code;
}

int kt_err_set(struct kt_err *err, int code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    put(err, code, fmt, ap);
    va_end(ap);
    return code;
}

int kt_err_at(struct kt_err *err, int code, const char *file, int line, int col, const char *fmt,
              ...)
{
    va_list ap;
    va_start(ap, fmt);
    put(err, code, fmt, ap);
    va_end(ap);
    if (err) {
        snprintf(err->file, sizeof(err->file), "%s", file ? file : "");
        err->line = line;
        err->col = col;
    }
    return code;
}

int kt_err_sys(struct kt_err *err, const char *fmt, ...)
{
    int saved = errno;
    int code = saved == ENOSPC || saved == EDQUOT ? KT_EFULL
               : saved == ENOENT                  ? KT_ENOTFOUND
                                                  : KT_EIO;
    va_list ap;
    va_start(ap, fmt);
    put(err, code, fmt, ap);
    va_end(ap);
    if (err) {
        size_t n = strlen(err->text);
        snprintf(err->text + n, sizeof(err->text) - n, ": %s", strerror(saved));
    }
    return code;
}

const char *kt_err_str(const struct kt_err *err, char *buf, size_t cap)
{
    if (err->file[0] && err->line) {
        snprintf(buf, cap, "%s:%d:%d: %s", err->file, err->line, err->col, err->text);
    } else if (err->file[0]) {
        snprintf(buf, cap, "%s: %s", err->file, err->text);
    } else {
        snprintf(buf, cap, "%s", err->text);
    }
    return buf;
}

const char *kt_err_name(int code)
{
    for (size_t i = 0; i < KT_ARRAY_LEN(codes); i++) {
        if (codes[i].code == code) {
            return codes[i].name;
        }
    }
    return "KT_EINTERNAL";
}

const char *kt_err_text(int code)
{
    for (size_t i = 0; i < KT_ARRAY_LEN(codes); i++) {
        if (codes[i].code == code) {
            return codes[i].text;
        }
    }
    return "internal error";
}

int kt_err_http(int code)
{
    for (size_t i = 0; i < KT_ARRAY_LEN(codes); i++) {
        if (codes[i].code == code) {
            return codes[i].http;
        }
    }
    return 500;
}

void kt_panic(const char *file, int line, const char *what)
{
    fprintf(stderr, "kuangtu: %s:%d: broken invariant: %s\n", file, line, what);
    abort();
}
