/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_DOMAIN_GAS_DRAIN_H
#define KT_DOMAIN_GAS_DRAIN_H
/*
 * drain: a plan of drainage and use by month: how much each borehole gives, who uses it, what is
 * let out, when each zone is down to the content that is wanted; judged, and made best.
 *
 * A station mixes what its boreholes give; each of its users takes of the mixture, if its
 * concentration is what the user needs. Volumes are at 20 °C and 101.325 kPa; methane weighs
 * 0.67 kg/m3 there (IPCC 2006, volume 2, chapter 4).
 *
 *   drained = used + let out                                       for each station and month
 *   content left of a zone = content - drained / coal               (standards of gas drainage)
 *   emission = let out + part of what is left in a zone when it is mined
 *            + what a borehole of no zone (goaf) could have given and did not
 *
 * Best: 1. least missing to the content that is wanted at the day it is wanted; 2. least let out
 * at 30 % or more (GB 21522-2008); 3. least emission; 4. most drained and used, and early.
 * One after another: none is given up for a later one.
 *
 * Pure but for kt_drain_solve(), which needs a process of its own (num/mip.h).   Threads: any.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/id.h"
#include "base/time.h"
#include "conf/json.h"

enum { KT_DRAIN_MONTHS = 60, KT_DRAIN_SOURCES = 500, KT_DRAIN_ZONES = 100, KT_DRAIN_STATIONS = 40 };
enum { KT_DRAIN_USERS = 100 };
#define KT_DRAIN_RICH     0.30
#define KT_DRAIN_T_PER_M3 0.67e-3

struct kt_drain_month {
    char id[8]; /* 2026-12 */
    double minutes;
    uint32_t days;
};
struct kt_drain_station {
    const char *id;
    double capacity_m3min; /* of its pumps, mixed */
};
struct kt_drain_user {
    const char *id;
    uint32_t station;
    double capacity_m3min; /* pure */
    double least_part;     /* concentration that it needs, 0 … 1 */
};
struct kt_drain_zone {
    const char *id;
    double coal_t, content_m3t, drained_m3, target_m3t;
    uint32_t need;     /* month in which it is wanted; KT_NONE: not within the plan */
    double need_share; /* part of that month that has passed */
    char need_on[12];  /* "": never said */
};
struct kt_drain_source {
    const char *id;
    uint32_t zone; /* KT_NONE: gas of the goaf */
    uint32_t station;
    double *mixed_m3, *part; /* by month: at most, and its concentration */
};
struct kt_drain {
    uint32_t months_n, stations_n, users_n, zones_n, sources_n;
    struct kt_drain_month month[KT_DRAIN_MONTHS];
    struct kt_drain_station *station;
    struct kt_drain_user *user;
    struct kt_drain_zone *zone;
    struct kt_drain_source *source;
    double release; /* part of what is left that mining sets free */
    /* the plan: pure m3 by month */
    double *drawn, *used; /* [source][month], [user][month] */
};

/**
 * Read {"from", "months", "release", "stations", "users", "zones", "sources", "plan"}:
 * docs/solvers.md. Without "plan" nothing is drained.
 * @return KT_OK; KT_EINVAL says which member of what is wrong
 */
KT_MUST_CHECK int kt_drain_read(const struct kt_json *text, struct kt_arena *arena,
                                struct kt_drain **ret, struct kt_err *err);
/** The plan's rows and all that follows of it, a JSON object. */
void kt_drain_write(const struct kt_drain *d, struct kt_jw *w);
/**
 * Put the best plan in place of the one that is there.
 * @return KT_OK also where a zone stays short of its target; KT_ETIMEOUT
 */
KT_MUST_CHECK int kt_drain_solve(struct kt_drain *d, double seconds, struct kt_arena *arena,
                                 struct kt_err *err);
/** What of a zone is left in m3 at the end of month `upto` - 1 and `share` of month `upto`. */
double kt_drain_left(const struct kt_drain *d, uint32_t zone, uint32_t upto, double share);
#endif
