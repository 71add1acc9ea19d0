/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_VENT_WORK_H
#define KT_VENT_WORK_H
/*
 * work: what the solver keeps while it runs. Nodes are gathered in groups of one pressure (all
 * inlets; all outlets, without a total flow the same group); each connected piece has one group
 * whose pressure is 0, the others are unknowns.   Threads: one.
 */
#include "domain/vent/solve.h"
#include "num/sparse.h"

#define VENT_R_LEAST 1e-7 /* Ns2/m8: 0.1 Pa at 1000 m3/s, far below what a survey sees */

enum { VENT_NO_UNKNOWN = UINT32_MAX };

struct vent_law {
    double r, drive;
    const struct kt_vent_fan *fan;
    double stall_m3s; /* below it the drop of the soft law goes on straight */
    double stall_pa, soft_slope;
};

struct vent_work {
    const struct kt_vent_net *net;
    struct kt_arena *arena;
    struct vent_law *law;
    uint32_t groups_n, unknowns_n, *group; /* of each node */
    uint32_t *unknown;                     /* of each group */
    double *inflow;                        /* into each group from outside and fixed flows */
    /* a spanning forest over the free branches: groups in the order they were reached */
    uint32_t *order, *way; /* way: branch to the group before, or VENT_NO_UNKNOWN at the first */
    uint32_t order_n;
    double scale_m3s;
    struct kt_sparse *matrix;
    uint32_t *slot; /* four of each free branch between two unknowns; see matrix.c */
    double *q, *h, *d, *step, *rhs, *balance;
    bool true_law; /* else the soft one */
};

/** Groups, pieces, inflow and forest. KT_EINVAL names the node that is cut off. */
KT_MUST_CHECK int vent_work_init(struct vent_work *w, const struct kt_vent_net *net,
                                 struct kt_arena *arena, struct kt_err *err);
/** Make the flow kept at every node exactly, by the branches of the forest. */
void vent_work_settle(struct vent_work *w);
/** The pattern; then factors with the slopes of now (d). KT_ENOMEM; KT_ESTATE singular. */
KT_MUST_CHECK int vent_matrix_init(struct vent_work *w, struct kt_err *err);
KT_MUST_CHECK int vent_matrix_factor(struct vent_work *w, struct kt_err *err);
/** Add `value` at the beginning of a branch and take it away at its end, in rhs. */
void vent_matrix_spread(struct vent_work *w, uint32_t b, double value);
/** p(from) - p(to) of a branch in rhs. */
double vent_matrix_fall(const struct vent_work *w, uint32_t b);
static inline uint32_t vent_from(const struct vent_work *w, uint32_t b)
{
    return w->group[w->net->branch[b].from];
}
static inline uint32_t vent_to(const struct vent_work *w, uint32_t b)
{
    return w->group[w->net->branch[b].to];
}
static inline bool vent_free(const struct vent_work *w, uint32_t b)
{
    return !w->net->branch[b].fixed && vent_from(w, b) != vent_to(w, b);
}
#endif
