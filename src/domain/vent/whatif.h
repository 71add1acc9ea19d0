/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_VENT_WHATIF_H
#define KT_VENT_WHATIF_H
/* whatif: the same network with some things otherwise, on a copy.   Pure.   Threads: any. */
#include "domain/vent/solve.h"

#define KT_VENT_REVERSED_PART 0.6 /* of its pressure, what a reversed fan usually makes */

enum kt_vent_change_kind {
    KT_VENT_STOP_FAN,   /* the roadway stays as it is */
    KT_VENT_SET_R,      /* value: Ns2/m8: a door opened or shut, a regulator set */
    KT_VENT_REVERSE_FAN /* value: the part of its pressure that it makes the other way */
};
struct kt_vent_change {
    enum kt_vent_change_kind kind;
    uint32_t branch;
    double value;
};

/**
 * Solve with the changes. Flows and drops are along the branches of `net`, also where a fan blows
 * the other way.
 *
 * @return as kt_vent_solve(); KT_EINVAL also: a change of no branch, or of a fan where there is
 * none
 */
KT_MUST_CHECK int kt_vent_what_if(const struct kt_vent_net *net,
                                  const struct kt_vent_change *changes, uint32_t changes_n,
                                  struct kt_arena *arena, struct kt_vent_flow *ret,
                                  struct kt_err *err);
#endif
