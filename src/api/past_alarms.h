/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_API_PAST_ALARMS_H
#define KT_API_PAST_ALARMS_H
/*
 * past_alarms: the alarms of a span with their measures, out of the journal and the present list,
 * for the reports and the alarm figures. An entry is one standing of an alarm, from raise to clear;
 * an alarm that came again before anybody acknowledged it is one occurrence with several of them.
 */
#include "api/private.h"

struct past_alarm {
    int64_t id;
    uint32_t nth;   /* standing of its occurrence, from 1 */
    size_t earlier; /* entry of the standing before; SIZE_MAX: none */
    char rule[96], point[64], category[24], state[16], by[64];
    int priority;
    double peak, limit, value; /* peak of the occurrence so far, value that raised; NAN: none */
    kt_time raised, cleared, acked;
    char cause[256], measure[256]; /* of its card, "" when none */
};

struct past {
    struct past_alarm *alarms;
    size_t alarms_n, alarms_cap;
    struct kt_map *newest; /* by id */
};

/** All that stood at some time in [from, to) and that the caller may see, those that began before
 *  it too, with what has come of them until now. KT_EINVAL: too many for one answer. */
KT_MUST_CHECK int past_read(struct call *c, kt_time from, kt_time to, struct past *ret,
                            struct kt_err *err);
void past_done(struct past *p);
#endif
