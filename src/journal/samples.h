/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_JOURNAL_SAMPLES_H
#define KT_JOURNAL_SAMPLES_H
/*
 * samples: the body of a samples event: columns of ids, times, values and qualities, coded against
 * themselves (runs, deltas in the coarsest exact unit, decimal mantissas), exact to the bit.
 * Self-contained: no state outside the batch.   Threads: any.
 */
#include "base/buf.h"
#include "base/sample.h"

/** Append the coded batch. About 2 bytes and 4 ns a sample on scans in a stable order. */
void kt_samples_encode(struct kt_buf *out, kt_time arrival, const struct kt_samples *s);

/** Columns that a decoder fills; grown as needed, freed by kt_columns_done(). */
struct kt_columns {
    uint32_t n, cap;
    uint32_t *point;
    kt_time *time;
    double *value;
    kt_quality *quality;
};
void kt_columns_reserve(struct kt_columns *c, uint32_t n);
void kt_columns_done(struct kt_columns *c);
static inline struct kt_samples kt_columns_view(const struct kt_columns *c)
{
    return (struct kt_samples){c->n, c->point, c->time, c->value, c->quality};
}
/** The columns are overwritten; after an error they are empty.
 *  @return KT_OK; KT_ECORRUPT (never more than max_n samples are accepted) */
KT_MUST_CHECK int kt_samples_decode(struct kt_str body, uint32_t max_n, kt_time *ret_arrival,
                                    struct kt_columns *ret, struct kt_err *err);
#endif
