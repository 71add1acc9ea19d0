/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_HISTORY_LONG_ANSWER_H
#define KT_HISTORY_LONG_ANSWER_H
/*
 * long_answer: what VictoriaMetrics answers, read with distrust.   Threads: any.
 */
#include "history/long.h"

enum long_kind { LONG_VALUE, LONG_BAD, LONG_QUALITY, LONG_KINDS };
struct long_sample {
    int64_t ms;
    double value;
};
struct long_series {
    struct long_sample *list; /* by time, then value */
    size_t n, cap;
};
struct long_answer {
    struct long_series kind[LONG_KINDS];
};
void long_answer_clear(struct long_answer *a);
void long_answer_done(struct long_answer *a);
/** Lines of /api/v1/export into the series of one point, sorted. KT_EPARSE, KT_ELIMIT */
KT_MUST_CHECK int long_answer_export(struct kt_str text, struct long_answer *a, struct kt_err *err);
/** The samples of [from, to) to fn, each once; false: fn stopped it. */
bool long_answer_walk(const struct long_answer *a, kt_time from, kt_time to, kt_history_fn fn,
                      void *arg);
/** Series labelled f (count, min, …) of /api/v1/query_range into n buckets. Either all of them are
 *  filled or, on an error, none. */
KT_MUST_CHECK int long_answer_rollup(struct kt_str text, kt_time from, int64_t width, uint32_t n,
                                     struct kt_bucket *list, struct kt_err *err);
#endif
