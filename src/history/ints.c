/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A column of integers: the shortest of constant, linear, deltas as varints, deltas bit-packed,
 * bytes of x - min in planes; of a sparse run by the odds of each bit too. The first one stands
 * apart (I_VARINT, which older files have, begins with it): a byte that comes once makes the codes
 * of all others longer.
 */
#include "history/codec_private.h"

enum method { I_CONST, I_LINEAR, I_VARINT, I_PACK, I_PLANES, I_DELTAS, I_MODEL };
enum { BLOCK = 128, PACK_MAX = 56, VARINT_MAX = 10, PLANES_LIMIT = 2 };

/* Highest bit of every delta together, and whether all are equal. */
struct shape {
    bool linear;
    int64_t min;
    uint64_t range;
    size_t packed; /* bytes when bit-packed; SIZE_MAX: not possible */
};

static struct shape shape_of(const int64_t *x, uint32_t n)
{
    struct shape s = {.linear = true, .min = x[0]};
    int64_t max = x[0], d0 = n > 1 ? history_sub(x[1], x[0]) : 0;
    for (uint32_t i = 1; i < n;) {
        uint64_t bits = 0;
        uint32_t end = n - i < BLOCK ? n : i + BLOCK, count = end - i;
        for (; i < end; i++) {
            int64_t d = history_sub(x[i], x[i - 1]);
            s.linear = s.linear && d == d0;
            bits |= kt_zigzag(d);
            s.min = x[i] < s.min ? x[i] : s.min;
            max = x[i] > max ? x[i] : max;
        }
        unsigned w = history_bitlen(bits);
        if (w > PACK_MAX || s.packed == SIZE_MAX) {
            s.packed = SIZE_MAX;
        } else {
            s.packed += 1 + ((size_t)count * w + 7) / 8;
        }
    }
    s.range = (uint64_t)max - (uint64_t)s.min;
    return s;
}

static void put_varint_deltas(const int64_t *x, uint32_t n, struct kt_buf *to)
{
    unsigned char *p = (unsigned char *)kt_buf_reserve(to, (size_t)n * VARINT_MAX), *at = p;
    KT_ASSERT(p);
    for (uint32_t i = 1; i < n; i++) {
        uint64_t z = kt_zigzag(history_sub(x[i], x[i - 1]));
        while (KT_UNLIKELY(z >= 0x80)) {
            *at++ = (unsigned char)(z | 0x80);
            z >>= 7;
        }
        *at++ = (unsigned char)z;
    }
    to->n += (size_t)(at - p);
}

static void encode_varint(struct history_codec *k, const int64_t *x, uint32_t n, struct kt_buf *out)
{
    kt_buf_clear(&k->stream);
    put_varint_deltas(x, n, &k->stream);
    kt_put_u8(out, I_DELTAS);
    kt_put_varint(out, kt_zigzag(x[0]));
    history_squeeze(k, k->stream.p, k->stream.n, true, out);
}

/* One block: width, then the zig-zag deltas of x[lo..hi) in that many bits each, low bit first. */
static void pack_block(const int64_t *x, uint32_t lo, uint32_t hi, struct kt_buf *to)
{
    uint64_t all = 0;
    for (uint32_t i = lo; i < hi; i++) {
        all |= kt_zigzag(history_sub(x[i], x[i - 1]));
    }
    unsigned w = history_bitlen(all), have = 0;
    unsigned char *p = (unsigned char *)kt_buf_reserve(to, 1 + (size_t)(hi - lo) * 8);
    KT_ASSERT(p);
    unsigned char *at = p;
    *at++ = (unsigned char)w;
    uint64_t acc = 0;
    for (uint32_t i = lo; i < hi; i++) {
        acc |= kt_zigzag(history_sub(x[i], x[i - 1])) << have; /* w + have <= 56 + 7 */
        for (have += w; have >= 8; have -= 8) {
            *at++ = (unsigned char)acc;
            acc >>= 8;
        }
    }
    if (have) {
        *at++ = (unsigned char)acc;
    }
    to->n += (size_t)(at - p);
}

static void encode_pack(struct history_codec *k, const int64_t *x, uint32_t n, struct kt_buf *out)
{
    kt_buf_clear(&k->stream);
    for (uint32_t i = 1; i < n; i += BLOCK) {
        pack_block(x, i, n - i < BLOCK ? n : i + BLOCK, &k->stream);
    }
    kt_put_u8(out, I_PACK);
    kt_put_varint(out, kt_zigzag(x[0]));
    history_squeeze(k, k->stream.p, k->stream.n, false, out);
}

static unsigned bytes_for(uint64_t range)
{
    return range ? (history_bitlen(range) + 7) / 8 : 1;
}

static void encode_planes(struct history_codec *k, const int64_t *x, uint32_t n,
                          const struct shape *s, struct kt_buf *out)
{
    unsigned w = bytes_for(s->range);
    kt_buf_clear(&k->stream);
    unsigned char *p = (unsigned char *)kt_buf_reserve(&k->stream, (size_t)n * w);
    KT_ASSERT(p);
    for (unsigned b = 0; b < w; b++) {
        for (uint32_t i = 0; i < n; i++) {
            *p++ = (unsigned char)(((uint64_t)x[i] - (uint64_t)s->min) >> (8 * b));
        }
    }
    kt_put_u8(out, I_PLANES);
    kt_put_varint(out, kt_zigzag(s->min));
    kt_put_u8(out, (uint8_t)w);
    history_squeeze(k, k->stream.p, (size_t)n * w, true, out);
}

/* Keep the shorter of the two buffers in ints[0]. */
static void keep_shorter(struct history_codec *k)
{
    if (k->ints[1].n < k->ints[0].n) {
        struct kt_buf t = k->ints[0];
        k->ints[0] = k->ints[1];
        k->ints[1] = t;
    }
    kt_buf_clear(&k->ints[1]);
}

void history_ints_encode(struct history_codec *k, const int64_t *x, uint32_t n, struct kt_buf *out)
{
    struct shape s = shape_of(x, n);
    if (s.range == 0) {
        kt_put_u8(out, I_CONST);
        kt_put_varint(out, kt_zigzag(x[0]));
        return;
    }
    if (s.linear) {
        kt_put_u8(out, I_LINEAR);
        kt_put_varint(out, kt_zigzag(x[0]));
        kt_put_varint(out, kt_zigzag(history_sub(x[1], x[0])));
        return;
    }
    kt_buf_clear(&k->ints[0]);
    kt_buf_clear(&k->ints[1]);
    encode_varint(k, x, n, &k->ints[0]);
    if (s.packed < k->ints[0].n) {
        encode_pack(k, x, n, &k->ints[1]);
        keep_shorter(k);
    }
    if (bytes_for(s.range) <= PLANES_LIMIT && k->ints[0].n * 16 > n) {
        encode_planes(k, x, n, &s, &k->ints[1]);
        keep_shorter(k);
    }
    if (k->sparse) {
        kt_put_u8(&k->ints[1], I_MODEL);
        kt_put_varint(&k->ints[1], kt_zigzag(x[0]));
        history_model_encode(k, x, n, &k->ints[1]);
        keep_shorter(k);
    }
    kt_buf_put(out, k->ints[0].p, k->ints[0].n);
}

static bool all_single(const unsigned char *p, size_t n)
{
    uint64_t any = 0;
    for (size_t i = 0; i < n; i += 8) { /* up to seven zeros of padding are read */
        uint64_t w;
        memcpy(&w, p + i, 8);
        any |= w;
    }
    return !(any & UINT64_C(0x8080808080808080));
}

static uint64_t long_varint(const unsigned char **at)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        unsigned char b = *(*at)++;
        v |= (uint64_t)(b & 0x7f) << (shift & 63);
        if (b < 0x80) {
            break;
        }
    }
    return v;
}

/* The padding ends a varint that runs over the end, so it is enough to look once behind the loop.
 */
static bool get_varint_deltas(struct kt_str s, uint32_t n, int64_t x0, int64_t *ret)
{
    const unsigned char *p = (const unsigned char *)s.p, *end = p + s.n;
    uint64_t x = (uint64_t)x0;
    if (s.n == n && all_single(p, n)) {
        for (uint32_t i = 0; i < n; i++) {
            x += (uint64_t)kt_unzigzag(p[i]);
            ret[i] = (int64_t)x;
        }
        return true;
    }
    uint32_t i = 0;
    for (; i < n && p < end; i++) {
        uint64_t z = *p;
        if (KT_LIKELY(z < 0x80)) {
            p++;
        } else if (p[1] < 0x80) {
            z = (z & 0x7f) | (uint64_t)p[1] << 7;
            p += 2;
        } else {
            z = long_varint(&p);
        }
        x += (uint64_t)kt_unzigzag(z);
        ret[i] = (int64_t)x;
    }
    return i == n && p == end;
}

static bool get_packed(struct kt_str s, uint32_t n, int64_t x0, int64_t *ret)
{
    const unsigned char *p = (const unsigned char *)s.p, *end = p + s.n;
    uint64_t x = (uint64_t)x0;
    ret[0] = x0;
    for (uint32_t i = 1; i < n;) {
        uint32_t hi = n - i < BLOCK ? n : i + BLOCK;
        if (p >= end || *p > PACK_MAX) {
            return false;
        }
        unsigned w = *p++;
        size_t bytes = ((size_t)(hi - i) * w + 7) / 8;
        if ((size_t)(end - p) < bytes) {
            return false;
        }
        uint64_t mask = (UINT64_C(1) << w) - 1;
        for (size_t bit = 0; i < hi; i++, bit += w) {
            uint64_t word;
            memcpy(&word, p + bit / 8, 8);
            x += (uint64_t)kt_unzigzag(word >> (bit & 7) & mask);
            ret[i] = (int64_t)x;
        }
        p += bytes;
    }
    return p == end;
}

static bool get_planes(struct kt_str s, uint32_t n, unsigned w, int64_t min, int64_t *ret)
{
    const unsigned char *p = (const unsigned char *)s.p;
    if (s.n != (size_t)n * w) {
        return false;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint64_t v = 0;
        for (unsigned b = 0; b < w; b++) {
            v |= (uint64_t)p[(size_t)b * n + i] << (8 * b);
        }
        ret[i] = (int64_t)((uint64_t)min + v);
    }
    return true;
}

static void fill_linear(int64_t x0, int64_t d, uint32_t n, int64_t *ret)
{
    for (uint32_t i = 0; i < n; i++) {
        ret[i] = (int64_t)((uint64_t)x0 + (uint64_t)d * i);
    }
}

void history_ints_decode(struct history_codec *k, struct kt_rd *r, uint32_t n, int64_t *ret)
{
    uint8_t method = kt_get_u8(r);
    int64_t x0 = method == I_VARINT ? 0 : kt_unzigzag(kt_get_varint(r));
    bool ok = true;
    if (method == I_CONST) {
        fill_linear(x0, 0, n, ret);
    } else if (method == I_LINEAR) {
        fill_linear(x0, kt_unzigzag(kt_get_varint(r)), n, ret);
    } else if (method == I_VARINT) {
        struct kt_str s = history_unsqueeze(k, r, (size_t)n * VARINT_MAX);
        ok = !r->bad && get_varint_deltas(s, n, 0, ret);
    } else if (method == I_DELTAS) {
        struct kt_str s = history_unsqueeze(k, r, (size_t)n * VARINT_MAX);
        ok = !r->bad && get_varint_deltas(s, n - 1, x0, ret + 1);
        ret[0] = x0;
    } else if (method == I_PACK) {
        struct kt_str s = history_unsqueeze(k, r, (size_t)n * 8);
        ok = !r->bad && get_packed(s, n, x0, ret);
    } else if (method == I_PLANES) {
        unsigned w = kt_get_u8(r);
        struct kt_str s = history_unsqueeze(k, r, (size_t)n * 8);
        ok = !r->bad && w >= 1 && w <= 8 && get_planes(s, n, w, x0, ret);
    } else if (method == I_MODEL) {
        ok = !r->bad && history_model_decode(k, r, n, x0, ret);
    } else {
        ok = false;
    }
    r->bad = r->bad || !ok;
}
