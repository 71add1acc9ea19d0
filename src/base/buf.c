/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void kt_buf_init(struct kt_buf *b, size_t max)
{
    *b = (struct kt_buf){.max = max ? max : (size_t)1 << 30};
}

void kt_buf_done(struct kt_buf *b)
{
    free(b->p);
    *b = (struct kt_buf){.max = b->max};
}

/* Memory for n more bytes and a terminator: cap is 0 or larger than n. */
static bool room(struct kt_buf *b, size_t n)
{
    b->max = b->max ? b->max : (size_t)1 << 30;
    if (KT_UNLIKELY(b->full || n > b->max - b->n)) {
        b->full = true;
        return false;
    }
    if (KT_UNLIKELY(b->cap <= b->n + n)) {
        size_t cap = b->cap ? b->cap : 256;
        while (cap <= b->n + n) {
            cap *= 2;
        }
        char *p = realloc(b->p, cap);
        KT_ASSERT(p);
        b->p = p;
        b->cap = cap;
    }
    return true;
}

char *kt_buf_reserve(struct kt_buf *b, size_t n)
{
    return room(b, n) ? b->p + b->n : NULL;
}

void kt_buf_put(struct kt_buf *b, const void *p, size_t n)
{
    char *to = kt_buf_reserve(b, n);
    if (to && n) {
        memcpy(to, p, n);
        b->n += n;
    }
}

void kt_buf_puts(struct kt_buf *b, const char *s)
{
    kt_buf_put(b, s, strlen(s));
}

void kt_buf_printf(struct kt_buf *b, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    KT_ASSERT(n >= 0);
    char *to = kt_buf_reserve(b, (size_t)n); /* and its terminator */
    if (to) {
        vsnprintf(to, (size_t)n + 1, fmt, again);
        b->n += (size_t)n;
    }
    va_end(again);
}

const char *kt_buf_cstr(struct kt_buf *b)
{
    if (!b->cap) {
        return "";
    }
    b->p[b->n] = '\0';
    return b->p;
}

void kt_put_varint(struct kt_buf *b, uint64_t v)
{
    unsigned char t[10];
    size_t n = 0;
    while (v >= 0x80) {
        t[n++] = (unsigned char)(v | 0x80);
        v >>= 7;
    }
    t[n++] = (unsigned char)v;
    kt_buf_put(b, t, n);
}

void kt_put_bytes(struct kt_buf *b, const void *p, size_t n)
{
    kt_put_varint(b, n);
    kt_buf_put(b, p, n);
}

const void *kt_rd_take(struct kt_rd *r, size_t n)
{
    if (r->bad || kt_rd_left(r) < n) {
        r->bad = true;
        r->p = r->end;
        return NULL;
    }
    const void *p = r->p;
    r->p += n;
    return p;
}

#define GETTER(name, type)                                                                         \
    type name(struct kt_rd *r)                                                                     \
    {                                                                                              \
        type v = 0;                                                                                \
        const void *p = kt_rd_take(r, sizeof(v));                                                  \
        if (p) {                                                                                   \
            memcpy(&v, p, sizeof(v));                                                              \
        }                                                                                          \
        return v;                                                                                  \
    }
GETTER(kt_get_u8, uint8_t)
GETTER(kt_get_u16, uint16_t)
GETTER(kt_get_u32, uint32_t)
GETTER(kt_get_u64, uint64_t)
GETTER(kt_get_i64, int64_t)
GETTER(kt_get_f64, double)

uint64_t kt_get_varint(struct kt_rd *r)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t c = kt_get_u8(r);
        v |= (uint64_t)(c & 0x7f) << shift;
        if (!(c & 0x80)) {
            return v;
        }
    }
    r->bad = true;
    return 0;
}

struct kt_str kt_get_bytes(struct kt_rd *r)
{
    uint64_t n = kt_get_varint(r);
    if (n > kt_rd_left(r)) {
        r->bad = true;
        return (struct kt_str){"", 0};
    }
    const void *p = kt_rd_take(r, (size_t)n);
    return (struct kt_str){p ? p : "", p ? (size_t)n : 0};
}

bool kt_text_ends(const char *s, const char *suffix)
{
    size_t n = strlen(s), m = strlen(suffix);
    return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

void kt_text_set(char *to, size_t cap, const char *from)
{
    size_t n = from ? strlen(from) : 0;
    if (n >= cap) {
        n = cap - 1;
        while (n > 0 && ((unsigned char)from[n] & 0xc0) == 0x80) {
            n--;
        }
    }
    if (n > 0) {
        memcpy(to, from, n);
    }
    memset(to + n, 0, cap - n);
}

void kt_get_text(struct kt_rd *r, char *to, size_t cap)
{
    struct kt_str s = kt_get_bytes(r);
    if (s.n >= cap || (s.n > 0 && memchr(s.p, 0, s.n))) {
        r->bad = true;
        s.n = 0;
    }
    memset(to, 0, cap);
    if (s.n > 0) {
        memcpy(to, s.p, s.n);
    }
}
