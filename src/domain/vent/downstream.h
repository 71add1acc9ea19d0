/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_VENT_DOWNSTREAM_H
#define KT_VENT_DOWNSTREAM_H
/*
 * downstream: the roadways that air from a place comes to, for alarms, broadcasts and cuts.
 *
 * What is not known never makes the answer smaller. With a solution of now, air goes as it says.
 * While a solve is outstanding, has failed or is older than a minute, the answer is the union of
 * the last solution and the design direction, and of both directions in the branches of a fan that
 * has stopped; so it is while a fan or a door says nothing, which the solution took for running or
 * shut. While a fan turns backwards and that is not solved, air may go any way. A branch of which
 * nothing is known is open both ways. Invariant: each further doubt, each stopped fan, each branch
 * of the place adds to the answer or leaves it.   Pure.   Threads: any.
 */
#include "base/time.h"
#include "domain/vent/net.h"
#include "site/air_basis.h"

#define KT_VENT_SOLUTION_AGE (60 * KT_SEC)
#define KT_VENT_STILL_M3S    0.05 /* less air than that may go either way */

struct kt_vent_known {
    const double *q_m3s; /* last solution by branch; NULL: none */
    kt_time solved;      /* for which state of the mine */
    bool outstanding, failed;
    const int8_t *design; /* by branch: 1 along it, -1 against, 0 not known; NULL: none is known */
    const bool *stopped;  /* by branch: a fan in it has stopped; NULL: none */
    bool unsure;          /* of a fan or a door it is not known how it stands */
    bool turned;          /* a fan turns backwards: the design says nothing */
};

/** What an answer goes by at `now`. */
enum kt_air_basis kt_vent_basis(const struct kt_vent_known *known, kt_time now);
/** "by the airflow of now" and so on, for an alarm's text; Chinese with `zh`. */
const char *kt_vent_basis_text(enum kt_air_basis basis, bool zh);
/**
 * @param place  by branch: the place; it is part of the answer
 * @param ret    by branch, room for branches_n: reached
 */
enum kt_air_basis kt_vent_downstream(const struct kt_vent_net *net,
                                     const struct kt_vent_known *known, kt_time now,
                                     const bool *place, bool *ret);
/**
 * The soonest that air of a place can be at each node, in seconds: along every way that the answer
 * above takes, at the greater of the last flow and the design's. In doubt a way whose speed nobody
 * knows takes no time, so what is not known never makes it later.
 *
 * @param place       by branch; both ends of each are reached at 0
 * @param design_m3s  by branch, 0: not known
 * @param volume_m3   by branch
 * @param ret_s       by node; INFINITY: it does not come there
 */
enum kt_air_basis kt_vent_soonest(const struct kt_vent_net *net, const struct kt_vent_known *known,
                                  kt_time now, const bool *place, const double *design_m3s,
                                  const double *volume_m3, double *ret_s);
#endif
