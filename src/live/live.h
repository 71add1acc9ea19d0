/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_LIVE_LIVE_H
#define KT_LIVE_LIVE_H
/*
 * live: the present value and quality of every point. One writer (the engine thread); readers take
 * a consistent copy of one point without ever blocking it (a version is odd while it is written).
 *
 * Followers ask "what has changed since version v": the table counts changes, so a screen gets only
 * what changed.
 */
#include "base/id.h"
#include "base/sample.h"

struct kt_live;

struct kt_live_value {
    double value;
    kt_time time;       /* the source's, or arrival where that lay in the future */
    kt_quality quality; /* as rules see it: includes stale, over-range, calibration, manual */
    uint8_t flags;      /* KT_LIVE_* */
    uint32_t change;    /* rises with every change of this point */
};
enum { KT_LIVE_ALARM = 1, KT_LIVE_LATCHED = 2, KT_LIVE_MANUAL = 4, KT_LIVE_TAGGED = 8 };

struct kt_live *kt_live_new(uint32_t points);
void kt_live_free(struct kt_live *l);
uint32_t kt_live_count(const struct kt_live *l);
/** Engine thread only. */
void kt_live_set(struct kt_live *l, kt_point_id p, double value, kt_time time, kt_quality q);
void kt_live_set_flags(struct kt_live *l, kt_point_id p, uint8_t flags);
/** Engine thread: the present without a copy protocol. */
const struct kt_live_value *kt_live_peek(const struct kt_live *l, kt_point_id p);
/** Fetch what a set or peek will soon touch; any number. */
void kt_live_expect(const struct kt_live *l, kt_point_id p);
/** Any thread. */
struct kt_live_value kt_live_get(const struct kt_live *l, kt_point_id p);
#endif
