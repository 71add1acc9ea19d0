/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_BASE_SAMPLE_H
#define KT_BASE_SAMPLE_H
/*
 * sample: a value never travels without time and quality. A batch is columnar: it comes from one
 * producer at one arrival time and is the unit that crosses threads.
 *
 * Quality is one byte: grade in the two high bits, reason in the low six. The grade alone decides
 * in rules (only GOOD and UNCERTAIN are known values); the reason is shown and stored.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/id.h"
#include "base/time.h"

typedef uint8_t kt_quality;

enum { KT_Q_GOOD = 0x00, KT_Q_UNCERTAIN = 0x40, KT_Q_BAD = 0x80, KT_Q_GRADE = 0xc0 };

/* X(symbol, code, id in files and JSON, grade) */
#define KT_QUALITY_LIST(X)                                                                         \
    X(NORMAL, 0, "normal", KT_Q_GOOD)                                                              \
    X(CALIBRATION, 1, "calibration", KT_Q_UNCERTAIN)   /* 调校: flag of the device */            \
    X(OVER_RANGE, 2, "over-range", KT_Q_BAD)           /* 超量程 */                             \
    X(BROKEN, 3, "broken", KT_Q_BAD)                   /* 断线 */                                \
    X(FEED_ANOMALY, 4, "feed-anomaly", KT_Q_UNCERTAIN) /* 馈电异常 */                          \
    X(STALE, 5, "stale", KT_Q_BAD)                                                                 \
    X(MANUAL, 6, "manual", KT_Q_UNCERTAIN) /* 手动 */                                            \
    X(DEVICE_FAULT, 7, "device-fault", KT_Q_BAD)                                                   \
    X(COMM_FAULT, 8, "comm-fault", KT_Q_BAD)                                                       \
    X(FUTURE, 9, "future-time", KT_Q_UNCERTAIN) /* rule 9: took its arrival time */                \
    X(UNDER_RANGE, 10, "under-range", KT_Q_BAD)                                                    \
    X(NEVER, 11, "never", KT_Q_BAD) /* no value yet */                                             \
    X(PAUSED, 12, "paused", KT_Q_BAD)                                                              \
    X(GAP, 13, "gap", KT_Q_UNCERTAIN) /* a message of its source was lost */

enum kt_quality_code {
#define X(sym, code, id, grade) KT_Q_##sym = ((grade) | (code)),
    KT_QUALITY_LIST(X)
#undef X
};

static inline bool kt_q_known(kt_quality q)
{
    return (q & KT_Q_GRADE) != KT_Q_BAD;
}
const char *kt_quality_id(kt_quality q); /**< "over-range" */
/** @return false when the text names no quality */
bool kt_quality_of(const char *id, kt_quality *ret);
const char *kt_quality_grade(kt_quality q); /**< "good", "uncertain", "bad" */

struct kt_sample {
    kt_point_id point;
    kt_time time; /* the source's own */
    double value; /* in the point's unit; 0 or 1 for switches */
    kt_quality quality;
};

/** n samples in columns. `quality` may be NULL: all NORMAL. Columns are owned by the batch's owner.
 */
struct kt_samples {
    uint32_t n;
    const uint32_t *point; /* kt_point_id.v */
    const kt_time *time;
    const double *value;
    const kt_quality *quality;
};
#endif
