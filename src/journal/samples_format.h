/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_JOURNAL_SAMPLES_FORMAT_H
#define KT_JOURNAL_SAMPLES_FORMAT_H
/*
 * samples_format: what coder and decoder of a samples body share.
 *
 *   body      = 0x01, n varint, arrival 8 bytes, values, ids, times, qualities   (n 0: ends here)
 *   values    = block+            block  = code u8, count-1 u8, payload
 *               code 0..9         mantissas, value = m / 10^code (one division: exact): three bits
 *                                 a value for the bytes it takes (0 to 7), eight values in three
 *                                 bytes, the last ones padded with 0; then the bytes of the
 *                                 zig-zag mantissas, the low one first
 *               code F32, F64     4 or 8 raw bytes a value: what is no short decimal (-0.0, NaN,
 * ...) ids       = token+            differences, modulo 2^32, the first one to -1 times     = unit
 * u8, token+   differences in the unit (ns, us, ms, s), the first one to arrival and always in ns
 *   token     = varint k; k odd: k>>1 equal differences, given once; k even: k>>1 single ones
 *   qualities = (quality u8, run varint)+
 * Every value takes three bits at least, so n is never above three times the length of the body.
 * Lengths stand apart from the bytes so that neither side has a branch to guess wrong.
 */
#include <stdint.h>
#include <string.h>

enum {
    SAMPLES_FORMAT = 1,
    SAMPLES_BLOCK = 256, /* values in a block, at most */
    SAMPLES_SCALES = 10,
    SAMPLES_F32 = 16,
    SAMPLES_F64 = 17,
    SAMPLES_GROUP = 8, /* values whose lengths share SAMPLES_LENGTHS bytes */
    SAMPLES_LENGTHS = 3,
    SAMPLES_MANTISSA_MAX = 7, /* bytes */
    SAMPLES_VARINT_MAX = 10,
    SAMPLES_UNITS = 4,
};

static const double samples_pow10[SAMPLES_SCALES] = {1,   1e1, 1e2, 1e3, 1e4,
                                                     1e5, 1e6, 1e7, 1e8, 1e9};
static const int64_t samples_unit[SAMPLES_UNITS] = {1, 1000, 1000000, 1000000000};

/** Bytes that the lengths of n values take. */
static inline uint32_t samples_lengths(uint32_t n)
{
    return (n + SAMPLES_GROUP - 1) / SAMPLES_GROUP * SAMPLES_LENGTHS;
}

static inline uint64_t samples_bits(double v)
{
    uint64_t u;
    memcpy(&u, &v, sizeof(u));
    return u;
}

static inline double samples_double(uint64_t u)
{
    double v;
    memcpy(&v, &u, sizeof(v));
    return v;
}
#endif
