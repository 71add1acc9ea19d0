/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_VENT_SOLVE_H
#define KT_VENT_SOLVE_H
/*
 * solve: the steady airflow of a whole network.
 *
 * Flow is kept at every node and the drops of a loop sum to nothing. Where each branch's drop
 * rises with its flow, that is the least of a convex function (the co-energy: the sum over the
 * branches of the integral of the drop), so there is one answer, and Newton's method with a search
 * along its line finds it from anywhere (E. Todini, S. Pilati, A gradient algorithm for the
 * analysis of pipe networks, 1988; P. Collins et al., Manage. Sci. 24, 1978).
 *
 * A fan whose pressure first rises with the flow makes it not convex. It is solved with the rising
 * part laid straight first; a fan that would work there is then followed down the true function to
 * a least place, which is an operating point that stands (small changes of flow die out), with the
 * test that it is one: the second derivative is positive over all loops.
 *
 * Pure: no I/O, no clock, no threads.   Threads: any.
 */
#include "base/arena.h"
#include "domain/vent/net.h"

enum kt_vent_state {
    KT_VENT_SOLVED,
    KT_VENT_STALLED, /* air goes backwards through a running fan, where no curve says anything */
};

struct kt_vent_flow {
    double *q_m3s;   /* by branch, along it */
    double *drop_pa; /* by branch, p(from) - p(to), with its fan and drive */
    double *node_pa; /* by node, against the inlets (or, in a piece that has none, its first) */
    double
        *regulate_pa; /* by branch: what a regulator (or, negative, a fan) of a fixed flow takes */
    enum kt_vent_state state;
    uint32_t stalled;  /* with STALLED: the branch of the fan with the most flow backwards */
    uint32_t rising_n; /* fans that stand on the rising part of their curve: surge is near */
    uint32_t steps;    /* of Newton's method */
};

/**
 * @param start  flows to begin with, by branch, of a solution nearby; NULL: none is needed
 * @param arena  holds the answer
 * @return KT_OK, also with state STALLED; KT_EINVAL the network cannot be asked (as
 *         kt_vent_check(), or a node is cut off: it is named); KT_ESTATE no operating point was
 *         found that stands: the fans concerned are named
 */
KT_MUST_CHECK int kt_vent_solve(const struct kt_vent_net *net, const double *start,
                                struct kt_arena *arena, struct kt_vent_flow *ret,
                                struct kt_err *err);
/** One sentence on what keeps a solved network from being right; "" when nothing does. */
const char *kt_vent_explain(const struct kt_vent_net *net, const struct kt_vent_flow *flow,
                            char *buf, size_t cap);

/* Another operating point: of one fan, the others where they are best. */
struct kt_vent_other {
    uint32_t branch;
    double q_m3s;
    bool stable;
};
/**
 * Look for other operating points, fan by fan, along its curve as written down, also backwards.
 *
 * @param ret   room for `cap`; @param ret_n  how many there are, at most cap
 * @param work  how many times a branch may be looked at; 0: 2 million
 * @return true when all fans were looked at within `work`
 */
bool kt_vent_others(const struct kt_vent_net *net, const struct kt_vent_flow *flow, uint64_t work,
                    struct kt_vent_other *ret, uint32_t cap, uint32_t *ret_n);
#endif
