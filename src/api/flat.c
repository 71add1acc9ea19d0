/* SPDX-License-Identifier: Apache-2.0 */
#include "api/flat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Behind the text that begins at p (its opening quote). */
static const char *text_end(const char *p, const char *end)
{
    for (p++; p < end && *p != '"'; p++) {
        p += *p == '\\';
    }
    return p < end ? p + 1 : end;
}

struct kt_str flat_next(struct kt_str *rest)
{
    const char *end = rest->p + rest->n;
    const char *from = rest->n ? memchr(rest->p, '{', rest->n) : NULL;
    int depth = 0;
    for (const char *p = from; p && p < end;) {
        if (*p == '"') {
            p = text_end(p, end);
            continue;
        }
        depth += (*p == '{') - (*p == '}');
        p++;
        if (depth == 0) {
            *rest = (struct kt_str){p, (size_t)(end - p)};
            return (struct kt_str){from, (size_t)(p - from)};
        }
    }
    *rest = (struct kt_str){end, 0};
    return (struct kt_str){NULL, 0};
}

/* What stands behind `"key":`; NULL: no such member. */
static const char *value_of(struct kt_str object, const char *key)
{
    char want[40];
    size_t n = (size_t)snprintf(want, sizeof(want), "\"%s\":", key);
    const char *at = object.n ? memmem(object.p, object.n, want, n) : NULL;
    return at ? at + n : NULL;
}

struct kt_str flat_text(struct kt_str object, const char *key)
{
    const char *at = value_of(object, key), *end = object.p + object.n;
    if (!at || at == end || *at != '"') {
        return (struct kt_str){"", 0};
    }
    const char *behind = text_end(at, end);
    return behind - at < 2 ? (struct kt_str){"", 0}
                           : (struct kt_str){at + 1, (size_t)(behind - at) - 2};
}

int64_t flat_int(struct kt_str object, const char *key, int64_t fallback)
{
    const char *at = value_of(object, key), *end = object.p + object.n;
    char text[24] = "";
    size_t n = 0;
    while (at && at < end && n + 1 < sizeof(text) && (*at == '-' || (*at >= '0' && *at <= '9'))) {
        text[n++] = *at++;
    }
    return n ? strtoll(text, NULL, 10) : fallback;
}
