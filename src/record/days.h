/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_RECORD_DAYS_H
#define KT_RECORD_DAYS_H
/*
 * days: days of the site's calendar, working days, deadlines and what comes back every day, week or
 * month. Pure: what is a working day is asked of the caller. Threads: any.
 *
 * A day is counted from 1970-01-01; a moment is in ms since 1970 UTC. The day of a deadline ends at
 * 24:00 of the site's clock, so a moment at 24:00 belongs to the day that it ends.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "record/model.h"

#define REC_DAY_MS  INT64_C(86400000)
#define REC_DAY_MIN (-25567) /* 1900-01-01 */
#define REC_DAY_MAX 84005    /* 2199-12-31 */

struct rec_days {
    bool (*working)(void *arg, int32_t day);
    void *arg;
    int utc_offset_s;
};

int32_t rec_day_of(int64_t ms, int utc_offset_s);
int64_t rec_day_start(int32_t day, int utc_offset_s); /**< 00:00 */
int64_t rec_day_end(int32_t day, int utc_offset_s);   /**< 24:00 */
/** "2026-11-22"; false when there is no such day between 1900 and 2199. */
bool rec_day_parse(struct kt_str s, int32_t *ret);
const char *rec_day_fmt(int32_t day, char buf[16]); /**< returns buf */
int rec_day_weekday(int32_t day);                   /**< 0 Sunday */
bool rec_day_default(int32_t day);                  /**< Monday to Friday */

/**
 * 24:00 of the n-th day (or working day) after the day of `from_ms`; n 0: of that day itself.
 * At most REC_DAY_MAX whatever n and the calendar are.
 */
int64_t rec_deadline(const struct rec_days *d, int64_t from_ms, int n, bool working);
/** The same time of day n days (or working days) later; n < 0: before. */
int64_t rec_shift(const struct rec_days *d, int64_t at_ms, int n, bool working);

/* When a cycle comes: struct rec_cycle without its record. */
struct rec_cycle_when {
    enum rec_every every;
    int on;   /* week: 0 Sunday … 6; month, quarter: 1 … 31, a shorter month takes its last day;
                 year: 100 * month + day, 29 February takes the 28th */
    int at_s; /* seconds after local midnight */
};
/** The first moment after `after_ms`; INT64_MAX: none before REC_DAY_MAX. */
int64_t rec_cycle_next(const struct rec_cycle_when *w, int utc_offset_s, int64_t after_ms);
/** As rec_cycle_next(), on working days alone: a daily one is left out on a day off, another comes
 * at its time of the next working day; two that meet are one. */
int64_t rec_cycle_next_working(const struct rec_cycle_when *w, const struct rec_days *d,
                               int64_t after_ms);
#endif
