/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_BASE_TIME_H
#define KT_BASE_TIME_H
/*
 * time: UTC nanoseconds since 1970 and their text. Reading a clock is sys/clock.h.
 * kt_time (UTC) and kt_mono (monotonic) never mix. Threads: any.
 */
#include <stdint.h>

#include "base/buf.h"

typedef int64_t kt_time; /* UTC nanoseconds since 1970-01-01; 0 means none */
typedef int64_t kt_mono; /* monotonic nanoseconds, origin unspecified */

#define KT_US   INT64_C(1000)
#define KT_MS   INT64_C(1000000)
#define KT_SEC  INT64_C(1000000000)
#define KT_MIN  (60 * KT_SEC)
#define KT_HOUR (3600 * KT_SEC)
#define KT_DAY  (24 * KT_HOUR)

struct kt_civil {
    int year, month, day, hour, minute, second, nano; /* month and day from 1 */
    int weekday;                                      /* 0 Sunday */
};

struct kt_civil kt_civil_of(kt_time t, int utc_offset_s);
kt_time kt_civil_to(const struct kt_civil *c, int utc_offset_s);
/** RFC 3339 "2026-11-21T14:32:07.123+08:00"; fraction "", ".123" or ".123456789" as needed.
 *  Needs 40 bytes; returns `buf`. */
const char *kt_time_fmt(kt_time t, int utc_offset_s, char *buf);
/** "2026-11-21 14:32:07" local, as mine files and reports write it. Needs 24 bytes. */
const char *kt_time_fmt_local(kt_time t, int utc_offset_s, char *buf);
/**
 * Read RFC 3339, "YYYY-MM-DD[ T]hh:mm:ss[.fff]" (then in the given offset), "YYYY-MM-DD",
 * "YYYY/M/D[ h:mm[:ss]]" as spreadsheets write it, or seconds/milli/nanoseconds since 1970 by
 * magnitude.
 * @return KT_OK or KT_EPARSE
 */
KT_MUST_CHECK int kt_time_parse(struct kt_str s, int utc_offset_s, kt_time *ret);
/** "500ms", "5s", "10min", "24h", "30d" (also "m" for minutes) to nanoseconds; KT_OK or KT_EPARSE
 */
KT_MUST_CHECK int kt_duration_parse(struct kt_str s, int64_t *ret_ns);
#endif
