/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_API_PAST_ALARMS_H
#define KT_API_PAST_ALARMS_H
/*
 * past_alarms: the alarms and measures of a span, out of the journal: each by
 * its newest outcome, in order of their beginning. For the reports and the alarm figures.
 */
#include "api/private.h"

struct past_alarm {
    int64_t id;
    char rule[96], point[64], category[24], state[16], by[64];
    int priority;
    double peak, value;
    kt_time raised, cleared, acked;
    char cause[256], measure[256]; /* of its card, "" when none */
};

struct past {
    struct past_alarm *alarms;
    size_t alarms_n, alarms_cap;
    struct kt_map *alarm_of;
};

/** All that began in [from, to) and that the caller may see. */
KT_MUST_CHECK int past_read(struct call *c, kt_time from, kt_time to, struct past *ret,
                            struct kt_err *err);
void past_done(struct past *p);
#endif
