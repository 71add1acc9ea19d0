/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_BASE_BUF_H
#define KT_BASE_BUF_H
/*
 * buf: a growable byte buffer with a ceiling, text and binary writers, and a bounded reader.
 *
 * A writer past the ceiling sets `full` and drops the rest; the caller looks once at the end.
 * The reader sets `bad` past its end and then yields zeros, so a decoder checks once.
 * Binary numbers are little-endian; varint is LEB128; zig-zag maps signed to unsigned.
 * Threads: one at a time.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"

/** A borrowed piece of text or bytes; not terminated. */
struct kt_str {
    const char *p;
    size_t n;
};
#define KT_STR(lit) ((struct kt_str){(lit), sizeof(lit) - 1})
static inline struct kt_str kt_str_c(const char *s)
{
    return (struct kt_str){s, s ? strlen(s) : 0};
}
static inline bool kt_str_eq(struct kt_str a, struct kt_str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}
static inline bool kt_str_is(struct kt_str a, const char *s)
{
    return kt_str_eq(a, kt_str_c(s));
}

struct kt_buf {
    char *p;
    size_t n, cap, max;
    bool full;
};

void kt_buf_init(struct kt_buf *b, size_t max); /**< no memory yet; max 0: 1 GiB */
void kt_buf_done(struct kt_buf *b);             /**< frees; the buffer can be used again */
static inline void kt_buf_clear(struct kt_buf *b)
{
    b->n = 0;
    b->full = false;
}
/** Room for n more bytes; NULL (and full) past the ceiling. The caller adds to b->n itself. */
char *kt_buf_reserve(struct kt_buf *b, size_t n);
void kt_buf_put(struct kt_buf *b, const void *p, size_t n);
void kt_buf_puts(struct kt_buf *b, const char *s);
void kt_buf_printf(struct kt_buf *b, const char *fmt, ...) KT_PRINTF(2, 3);
const char *kt_buf_cstr(struct kt_buf *b); /**< terminated view, "" when empty */

static inline void kt_put_u8(struct kt_buf *b, uint8_t v)
{
    if (!b->full && b->n < b->max && b->cap - b->n > 1) { /* one is kept for kt_buf_cstr() */
        b->p[b->n++] = (char)v;
    } else {
        kt_buf_put(b, &v, 1);
    }
}
static inline void kt_put_u16(struct kt_buf *b, uint16_t v)
{
    kt_buf_put(b, &v, 2);
}
static inline void kt_put_u32(struct kt_buf *b, uint32_t v)
{
    kt_buf_put(b, &v, 4);
}
static inline void kt_put_u64(struct kt_buf *b, uint64_t v)
{
    kt_buf_put(b, &v, 8);
}
static inline void kt_put_i64(struct kt_buf *b, int64_t v)
{
    kt_buf_put(b, &v, 8);
}
static inline void kt_put_f64(struct kt_buf *b, double v)
{
    kt_buf_put(b, &v, 8);
}
void kt_put_varint(struct kt_buf *b, uint64_t v);
static inline uint64_t kt_zigzag(int64_t v)
{
    return ((uint64_t)v << 1) ^ (uint64_t)(v >> 63);
}
static inline int64_t kt_unzigzag(uint64_t v)
{
    return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}
/** Length (varint) and bytes. */
void kt_put_bytes(struct kt_buf *b, const void *p, size_t n);

/** Copy a text into room of fixed size: cut between characters of UTF-8, the rest zeroed. NULL: "".
 */
void kt_text_set(char *to, size_t cap, const char *from);
bool kt_text_ends(const char *s, const char *suffix);
static inline void kt_put_text(struct kt_buf *b, const char *s)
{
    kt_put_bytes(b, s, strlen(s));
}

struct kt_rd {
    const unsigned char *p, *end;
    bool bad;
};
static inline struct kt_rd kt_rd_init(const void *p, size_t n)
{
    return (struct kt_rd){p, (const unsigned char *)p + n, false};
}
static inline size_t kt_rd_left(const struct kt_rd *r)
{
    return (size_t)(r->end - r->p);
}
const void *kt_rd_take(struct kt_rd *r, size_t n); /**< NULL and bad past the end */
uint8_t kt_get_u8(struct kt_rd *r);
uint16_t kt_get_u16(struct kt_rd *r);
uint32_t kt_get_u32(struct kt_rd *r);
uint64_t kt_get_u64(struct kt_rd *r);
int64_t kt_get_i64(struct kt_rd *r);
double kt_get_f64(struct kt_rd *r);
uint64_t kt_get_varint(struct kt_rd *r);
struct kt_str kt_get_bytes(struct kt_rd *r); /**< borrowed from the source */
/** A text of kt_put_text() into room of fixed size, the rest zeroed; bad when it does not fit or
 *  holds a zero. */
void kt_get_text(struct kt_rd *r, char *to, size_t cap);
#endif
