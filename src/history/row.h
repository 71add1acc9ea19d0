/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_HISTORY_ROW_H
#define KT_HISTORY_ROW_H
/*
 * row: a chunk as it lies in a file: check, summary, run (codec.h).
 *
 *   check   first 8 bytes of BLAKE2b(point id, 0, rest)
 *   rest    version u8, unit of times u8, n, first, last - first, order, worst u8, known, and when
 *           known: min, max, sum, last as numbers, and their times as distances from first; then
 *           the run
 *
 * Invariants: samples are sorted and settled (history_cols_settle); a chunk never crosses midnight
 * UTC, so what overlaps lies in one day. `order` rises with every seal: of two chunks with a sample
 * of the same time and arrival, the one with the higher order came later.
 */
#include "base/crypto.h"
#include "history/codec.h"

enum { HISTORY_CHECK_BYTES = 8 };

struct history_summary {
    uint32_t n, known; /* known: quality not bad, value not NaN */
    kt_time first, last;
    uint64_t order;
    kt_quality worst;
    double min, max, sum, last_value; /* of the known ones */
    kt_time min_time, max_time, last_time;
};

static inline int64_t history_day(kt_time t)
{
    return t / KT_DAY - (t % KT_DAY < 0);
}
static inline bool history_known(double v, kt_quality q)
{
    return kt_q_known(q) && v == v;
}

/** Summary of cols[lo..hi), sorted. */
void history_summarize(const struct history_cols *c, uint32_t lo, uint32_t hi,
                       struct history_summary *ret);
/** The row of cols[lo..hi) into `out` (cleared first). */
void history_row_encode(struct history_codec *k, const char *id, const struct history_cols *c,
                        uint32_t lo, uint32_t hi, uint64_t order, struct kt_buf *out,
                        struct history_summary *ret, struct kt_hash *ret_hash);
/** Check a row and read its summary; ret_run is borrowed from `row`. KT_ECORRUPT */
KT_MUST_CHECK int history_row_open(const char *id, struct kt_str row, struct history_summary *ret,
                                   struct kt_str *ret_run, struct kt_err *err);
/** The whole hash, as on_sealed reports it. */
void history_row_hash(const char *id, struct kt_str row, struct kt_hash *ret);
#endif
