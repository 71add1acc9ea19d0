/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_HISTORY_CODEC_H
#define KT_HISTORY_CODEC_H
/*
 * codec: a run of samples of one point as bytes, and back, bit for bit.
 *
 * Layout: version u8, n varint, then times, values, qualities, arrivals, each a method byte and
 * what the method needs. Numbers are LEB128 varints (zig-zag where signed) or little-endian.
 *
 *   times      t0 and one step when regular; else a grid of that step with gaps (k steps at once)
 * and a column of residuals against it, all in the coarsest exact unit (s, ms, us, ns) values
 * constant; decimal mantissas m with v == m / 10^s; decimal mantissas plus the distance in ulps
 * (float32 and double); float32 or double bytes in planes; the smallest wins. Up to n/16 values
 * that do not fit (-0, NaN, infinities) are listed beside. qualities  runs;   arrivals  runs of
 * those that differ from the sample's time a column of integers: constant; linear; zig-zag deltas
 * as varints or bit-packed in blocks of 128; bytes of x - min in planes; bytes go through zstd
 * level 1 when that helps; of a run with few samples for its time by odds too (model.c)
 *
 * Threads: one codec belongs to one thread at a time.
 */
#include "base/sample.h"

enum { HISTORY_CODEC_MAX = 65536 }; /* samples in one run */

/** Samples in columns, grown as needed. `arrival` holds 0 where it equals the sample's time, and
 *  nothing at all unless `late`. */
struct history_cols {
    uint32_t n, cap;
    bool late;
    kt_time *time, *arrival;
    double *value;
    kt_quality *quality;
};
void history_cols_reserve(struct history_cols *c, uint32_t n); /**< room for n in all */
void history_cols_done(struct history_cols *c);
/** Append from[lo..hi). */
void history_cols_append(struct history_cols *c, const struct history_cols *from, uint32_t lo,
                         uint32_t hi);
/** Order by time, then arrival, then place; drop what repeats time and value. Returns how many. */
uint32_t history_cols_settle(struct history_cols *c);
/** First index whose time is >= t, in sorted columns. */
uint32_t history_cols_find(const struct history_cols *c, kt_time t);

struct history_codec;
struct history_codec *history_codec_new(void);
void history_codec_free(struct history_codec *k); /**< accepts NULL */

/** Append cols[lo..hi) as one run; 1 <= hi - lo <= HISTORY_CODEC_MAX; any order of times. */
void history_codec_encode(struct history_codec *k, const struct history_cols *cols, uint32_t lo,
                          uint32_t hi, struct kt_buf *out);
/** Append the run's samples to `ret`. @return KT_OK; KT_ECORRUPT (ret is as before) */
KT_MUST_CHECK int history_codec_decode(struct history_codec *k, struct kt_str run,
                                       struct history_cols *ret, struct kt_err *err);
/* A double as the shortest of a decimal varint or its eight bytes. */
void history_put_num(struct kt_buf *b, double v);
double history_get_num(struct kt_rd *r);
#endif
