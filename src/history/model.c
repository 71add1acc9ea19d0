/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A column of integers by its differences, each bit with the odds that those before it had: for
 * chunks that hold hours, where a third of the bytes counts for more than some nanoseconds.
 *
 * A difference is: is it 0? its sign, the length of its magnitude in unary, the bits below the
 * highest. What is expected of it hangs on the three differences before. The coder is the binary
 * one without carry: [low, high] of 32 bits, split by a chance of 16; bytes that both ends share go
 * out. Behind the end of the stream come zeros.
 */
#include <stdlib.h>

#include "history/codec_private.h"

enum {
    CLASSES = 4,
    CONTEXTS = CLASSES * CLASSES * CLASSES,
    LENGTHS = 64,
    MODELLED = 3, /* bits of a magnitude below its highest that have odds of their own */
    STEPS = 256,
};

struct history_odds {
    uint16_t one; /* of 65536 */
    uint16_t seen;
};

struct history_model {
    uint16_t rate[STEPS]; /* of a step, of 65536, by what was seen */
    struct history_odds zero[CONTEXTS], sign[CLASSES * 9], length[CLASSES * LENGTHS],
        bits[LENGTHS << MODELLED];
};

struct coder {
    uint32_t low, high, code;
    const unsigned char *at, *end; /* read */
    struct kt_buf *out;            /* written; NULL: read */
};

/* What is known before a difference. */
struct before {
    unsigned last, older, oldest; /* classes */
    unsigned signs;
};

static void forget(struct history_odds *o, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        o[i] = (struct history_odds){1u << 15, 0};
    }
}

static struct history_model *model_of(struct history_codec *k)
{
    struct history_model *m = k->model;
    if (!m) {
        m = k->model = malloc(sizeof(*m));
        KT_ASSERT(m);
        for (uint32_t i = 0; i < STEPS; i++) {
            m->rate[i] = (uint16_t)(131072u / (2 * i + 3));
        }
    }
    forget(m->zero, KT_ARRAY_LEN(m->zero));
    forget(m->sign, KT_ARRAY_LEN(m->sign));
    forget(m->length, KT_ARRAY_LEN(m->length));
    forget(m->bits, KT_ARRAY_LEN(m->bits));
    return m;
}

static inline void learn(const struct history_model *m, struct history_odds *o, bool bit)
{
    enum { LEAST = 24 };
    int32_t to = bit ? 65535 - LEAST : LEAST;
    o->one = (uint16_t)(o->one + ((to - o->one) * (int32_t)m->rate[o->seen]) / 65536);
    o->seen = (uint16_t)(o->seen + (o->seen < STEPS - 1));
}

static inline void shift_out(struct coder *c)
{
    while (!((c->low ^ c->high) >> 24)) {
        if (c->out) {
            kt_put_u8(c->out, (uint8_t)(c->high >> 24));
        } else {
            c->code = c->code << 8 | (c->at < c->end ? *c->at++ : 0u);
        }
        c->low <<= 8;
        c->high = c->high << 8 | 0xff;
    }
}

/* One bit whose chance to be 1 is `one` of 65536: written, or read and returned. */
static inline bool code_at(struct coder *c, uint32_t one, bool bit)
{
    uint32_t mid = c->low + (uint32_t)(((uint64_t)(c->high - c->low) * one) >> 16);
    bit = c->out ? bit : c->code <= mid;
    if (bit) {
        c->high = mid;
    } else {
        c->low = mid + 1;
    }
    shift_out(c);
    return bit;
}

static inline bool code_bit(const struct history_model *m, struct coder *c, struct history_odds *o,
                            bool bit)
{
    bit = code_at(c, o->one, bit);
    learn(m, o, bit);
    return bit;
}

/* v >= 1, as its length and the bits below the highest. */
static uint64_t code_magnitude(struct history_model *m, struct coder *c, unsigned class, uint64_t v)
{
    struct history_odds *length = &m->length[class * LENGTHS];
    unsigned n = 0, wanted = c->out ? history_bitlen(v) - 1 : 0;
    while (n < LENGTHS - 1 && code_bit(m, c, &length[n], n < wanted)) {
        n++;
    }
    struct history_odds *tree = &m->bits[n << MODELLED];
    uint64_t got = 1; /* also the place in the tree */
    for (unsigned i = n; i-- > 0;) {
        bool bit = v >> i & 1;
        bit = got >> MODELLED ? code_at(c, 1u << 15, bit) : code_bit(m, c, &tree[got], bit);
        got = got << 1 | bit;
    }
    return got;
}

static inline unsigned class_of(int64_t d)
{
    return d == 0 ? 0 : d == 1 || d == -1 ? 1 : d > -4 && d < 4 ? 2 : 3;
}

static int64_t code_difference(struct history_model *m, struct coder *c, const struct before *b,
                               int64_t d)
{
    if (code_bit(m, c, &m->zero[(b->last * CLASSES + b->older) * CLASSES + b->oldest], d == 0)) {
        return 0;
    }
    bool negative = code_bit(m, c, &m->sign[b->last * 9 + b->signs], d < 0);
    uint64_t v = d < 0 ? (uint64_t)~d + 1 : (uint64_t)d; /* |d|, from 1 to 2^63 */
    v = code_magnitude(m, c, b->last, v);
    return (int64_t)(negative ? ~v + 1 : v);
}

static inline unsigned way(int64_t d)
{
    return d == 0 ? 0 : d < 0 ? 1 : 2;
}

static inline void follow(struct before *b, int64_t d)
{
    b->oldest = b->older;
    b->older = b->last;
    b->last = class_of(d);
    b->signs = (b->signs % 3) * 3 + way(d);
}

/* As few bytes as let zeros behind them lie within [low, high]. */
static void finish(struct coder *c)
{
    for (unsigned n = 0; n <= 4; n++) {
        uint32_t rest = n == 4 ? 0 : UINT32_MAX >> (8 * n);
        uint32_t at =
            c->low & rest ? (c->low | rest) + 1 : c->low; /* the next that ends in zeros */
        if (at >= c->low && at <= c->high) {
            for (unsigned i = 0; i < n; i++) {
                kt_put_u8(c->out, (uint8_t)(at >> (24 - 8 * i)));
            }
            return;
        }
    }
}

void history_model_encode(struct history_codec *k, const int64_t *x, uint32_t n, struct kt_buf *out)
{
    struct history_model *m = model_of(k);
    struct coder c = {.high = UINT32_MAX, .out = &k->stream};
    struct before b = {0};
    kt_buf_clear(&k->stream);
    for (uint32_t i = 1; i < n; i++) {
        follow(&b, code_difference(m, &c, &b, history_sub(x[i], x[i - 1])));
    }
    finish(&c);
    kt_put_varint(out, k->stream.n);
    kt_buf_put(out, k->stream.p, k->stream.n);
}

bool history_model_decode(struct history_codec *k, struct kt_rd *r, uint32_t n, int64_t x0,
                          int64_t *ret)
{
    uint64_t bytes = kt_get_varint(r);
    const unsigned char *p = bytes <= kt_rd_left(r) ? kt_rd_take(r, (size_t)bytes) : NULL;
    if (!p) {
        return false;
    }
    struct history_model *m = model_of(k);
    struct coder c = {.high = UINT32_MAX, .at = p, .end = p + bytes};
    struct before b = {0};
    uint64_t x = (uint64_t)x0;
    for (unsigned i = 0; i < 4; i++) {
        c.code = c.code << 8 | (c.at < c.end ? *c.at++ : 0u);
    }
    ret[0] = x0;
    for (uint32_t i = 1; i < n; i++) {
        int64_t d = code_difference(m, &c, &b, 0);
        follow(&b, d);
        x += (uint64_t)d;
        ret[i] = (int64_t)x;
    }
    return c.at == c.end;
}
