/* SPDX-License-Identifier: Apache-2.0 */
#include "history/head.h"

#include <math.h>
#include <stdlib.h>

#include "history/codec_private.h"

enum {
    HEAD_STEP = 1,
    HEAD_QUALITY = 2,
    HEAD_ARRIVAL = 4,
    HEAD_FLOAT = 8,
    HEAD_DOUBLE = 16,
    HEAD_SCALE = 32
};
enum { CAP_FIRST = 32, CAP_DOUBLED = 1024, TOKEN_MOST = 48 };
/* Finer decimals are mostly chance, and their mantissas longer than the bytes of the value. */
enum { HEAD_SCALE_MAX = 9 };
enum { ODD_TRIES = 4, ODD_AGAIN = 16 }; /* of noise only every sixteenth value is looked at again */
#define STEP_UNIT KT_MS
#define STEP_MOST (INT64_C(1) << 61)

static void grow(struct history_head *h)
{
    uint32_t cap = h->cap < CAP_DOUBLED ? h->cap * 2 : h->cap + h->cap / 4;
    h->cap = cap < CAP_FIRST ? CAP_FIRST : cap;
    if (h->cap - h->bytes < TOKEN_MOST) {
        h->cap = h->bytes + TOKEN_MOST;
    }
    h->tokens = realloc(h->tokens, h->cap);
    KT_ASSERT(h->tokens);
}

static inline unsigned char *put_varint(unsigned char *p, uint64_t v)
{
    while (v >= 0x80) {
        *p++ = (unsigned char)(v | 0x80);
        v >>= 7;
    }
    *p++ = (unsigned char)v;
    return p;
}

/* A change of step: whole milliseconds even, others odd, 1 and eight bytes when very long. */
static unsigned char *put_step(unsigned char *p, int64_t d)
{
    if (d % STEP_UNIT == 0) {
        return put_varint(p, kt_zigzag(d / STEP_UNIT) << 1);
    }
    if (d < STEP_MOST && d > -STEP_MOST) {
        return put_varint(p, kt_zigzag(d) << 1 | 1);
    }
    *p++ = 1;
    memcpy(p, &d, sizeof(d));
    return p + sizeof(d);
}

/* The scale at which v is decimal, searched for; -1: none, or not looked for because those before
 * were noise. */
static int other_scale(struct history_head *s, double v)
{
    if (s->odd >= ODD_TRIES && s->odd % ODD_AGAIN) {
        s->odd = s->odd == UINT8_MAX ? UINT8_MAX + 1 - ODD_AGAIN : (uint8_t)(s->odd + 1);
        return -1;
    }
    int64_t m;
    int scale = 0;
    while (scale <= HEAD_SCALE_MAX && !history_decimal(v, scale, &m)) {
        scale++;
    }
    scale = scale > HEAD_SCALE_MAX ? -1 : scale;
    s->odd = scale < 0 ? (uint8_t)(s->odd + 1) : 0;
    return scale;
}

static bool is_float(double v)
{
    return history_bits((double)(float)v) == history_bits(v);
}

static unsigned char *put_value(unsigned char *p, unsigned flags, struct history_head *s, double v,
                                int64_t m)
{
    if (flags & HEAD_DOUBLE) {
        memcpy(p, &v, sizeof(v));
        return p + sizeof(v);
    }
    if (flags & HEAD_FLOAT) {
        float f = (float)v;
        memcpy(p, &f, sizeof(f));
        return p + sizeof(f);
    }
    if (flags & HEAD_SCALE) {
        *p++ = s->scale;
        p = put_varint(p, kt_zigzag(m));
    } else {
        p = put_varint(p, kt_zigzag(m - s->mant));
    }
    s->mant = m;
    return p;
}

/* A sample that is not like the one before it. */
static unsigned char *put_odd(struct history_head *s, unsigned char *p, kt_time t, double v,
                              kt_quality q, kt_time arrival)
{
    int64_t m = 0, step = history_sub(t, s->time);
    unsigned flags = step != s->step ? HEAD_STEP : 0;
    flags |= q != s->quality ? HEAD_QUALITY : 0;
    flags |= arrival ? HEAD_ARRIVAL : 0;
    if (!history_decimal(v, s->scale, &m)) {
        int scale = other_scale(s, v);
        flags |= scale >= 0 ? HEAD_SCALE : is_float(v) ? HEAD_FLOAT : HEAD_DOUBLE;
        if (scale >= 0) {
            s->scale = (uint8_t)scale;
            (void)history_decimal(v, scale, &m);
        }
    }
    p = put_varint(p, flags << 1 | 1);
    if (flags & HEAD_STEP) {
        p = put_step(p, history_sub(step, s->step));
        s->step = step;
    }
    if (flags & HEAD_QUALITY) {
        *p++ = s->quality = q;
    }
    if (flags & HEAD_ARRIVAL) {
        p = put_step(p, history_sub(arrival, t));
    }
    return put_value(p, flags, s, v, m);
}

void history_head_add(struct history_head *h, kt_time t, double v, kt_quality q, kt_time arrival)
{
    if (KT_UNLIKELY(h->cap - h->bytes < TOKEN_MOST)) {
        grow(h);
    }
    unsigned char *p = h->tokens + h->bytes;
    int64_t step = history_sub(t, h->time), m;
    if (KT_LIKELY(step == h->step && q == h->quality && !arrival &&
                  history_decimal(v, h->scale, &m))) {
        p = put_varint(p, kt_zigzag(m - h->mant) << 1);
        h->mant = m;
    } else {
        p = put_odd(h, p, t, v, q, arrival);
    }
    h->time = t;
    h->bytes = (uint32_t)(p - h->tokens);
    h->n++;
}

/* ---- reading: our own memory, what cannot be read is a mistake of this program ---- */

static int64_t get_step(struct kt_rd *r)
{
    uint64_t u = kt_get_varint(r);
    if (u == 1) {
        return kt_get_i64(r);
    }
    return u & 1 ? kt_unzigzag(u >> 1) : kt_unzigzag(u >> 1) * STEP_UNIT;
}

static double get_float(struct kt_rd *r)
{
    float f = 0;
    const void *p = kt_rd_take(r, sizeof(f));
    KT_ASSERT(p);
    memcpy(&f, p, sizeof(f));
    return (double)f;
}

static double get_value(struct kt_rd *r, unsigned flags, struct history_head *s)
{
    if (flags & HEAD_DOUBLE) {
        return history_of_bits((uint64_t)kt_get_i64(r));
    }
    if (flags & HEAD_FLOAT) {
        return get_float(r);
    }
    if (flags & HEAD_SCALE) {
        s->scale = kt_get_u8(r);
        KT_ASSERT(s->scale <= HISTORY_SCALE_MAX);
        s->mant = 0;
    }
    s->mant += kt_unzigzag(kt_get_varint(r));
    return (double)s->mant / history_pow10[s->scale];
}

static void put_arrival(struct history_cols *c, uint32_t i, kt_time arrival)
{
    if (!c->late) {
        memset(c->arrival, 0, i * sizeof(*c->arrival));
        c->late = true;
    }
    c->arrival[i] = arrival;
}

static void get_one(struct kt_rd *r, struct history_head *s, struct history_cols *ret)
{
    uint64_t token = kt_get_varint(r);
    uint32_t i = ret->n++;
    unsigned flags = token & 1 ? (unsigned)(token >> 1) : 0;
    s->step += flags & HEAD_STEP ? (uint64_t)get_step(r) : 0;
    s->quality = flags & HEAD_QUALITY ? (kt_quality)kt_get_u8(r) : s->quality;
    s->time += (uint64_t)s->step;
    ret->time[i] = s->time;
    ret->quality[i] = s->quality;
    if (flags & HEAD_ARRIVAL) {
        put_arrival(ret, i, (kt_time)((uint64_t)s->time + (uint64_t)get_step(r)));
    } else if (ret->late) {
        ret->arrival[i] = 0;
    }
    if (token & 1) {
        ret->value[i] = get_value(r, flags, s);
    } else {
        s->mant += kt_unzigzag(token >> 1);
        ret->value[i] = (double)s->mant / history_pow10[s->scale];
    }
}

static void read_tokens(const void *p, size_t bytes, uint32_t n, struct history_cols *ret)
{
    struct kt_rd r = kt_rd_init(p, bytes);
    struct history_head s = {0}; /* only what samples are coded against */
    history_cols_reserve(ret, ret->n + n);
    for (uint32_t i = 0; i < n; i++) {
        get_one(&r, &s, ret);
    }
    KT_ASSERT(!r.bad && kt_rd_left(&r) == 0);
}

void history_head_read(const struct history_head *h, struct history_cols *ret)
{
    read_tokens(h->tokens, h->bytes, h->n, ret);
}

/* Copy: how many samples, tokens. */
void history_head_copy(const struct history_head *h, struct kt_buf *ret)
{
    kt_put_u32(ret, h->n);
    kt_buf_put(ret, h->tokens, h->bytes);
}

void history_head_read_copy(const struct kt_buf *copy, struct history_cols *ret)
{
    struct kt_rd r = kt_rd_init(copy->p, copy->n);
    uint32_t n = kt_get_u32(&r);
    read_tokens(r.p, kt_rd_left(&r), n, ret);
}

void history_head_clear(struct history_head *h, uint32_t keep)
{
    struct history_head empty = {.limit = h->limit, .thinned = h->thinned, .newest = h->newest};
    if (h->cap <= keep) {
        empty.cap = h->cap;
        empty.tokens = h->tokens;
    } else {
        free(h->tokens);
    }
    *h = empty;
}

void history_head_done(struct history_head *h)
{
    free(h->tokens);
    *h = (struct history_head){0};
}
