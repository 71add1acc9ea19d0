/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_VENT_CARRY_H
#define KT_VENT_CARRY_H
/*
 * carry: gas and smoke on a solved airflow: where it goes and how much, in how many minutes.
 *
 * Air moves through a roadway as a plug, in pieces of one concentration, and is mixed whole where
 * roadways meet (L. A. Rossman, P. F. Boulos, Numerical methods for modeling water quality in
 * distribution systems, J. Water Resour. Plann. Manage. 122(2), 1996: the time-driven method). A
 * roadway that air passes in less than a step passes it on within the step: its node's
 * concentration is one unknown of a linear system then, so no step is too long and nothing is lost:
 * what was released is what is held and what has left, to rounding. What comes to the open leaves:
 * a node that is inlet and outlet at once takes in clean air. Diffusion, layering and the fire's
 * own buoyancy are left out.
 *
 * Amounts are of what is carried (m3 of gas, g of smoke), concentrations amount per m3 of air.
 *
 * Owner: the caller.   Threads: one.
 */
#include "domain/vent/net.h"

/* Of smoke: the step, and what is seen of a fire that gives 1 a second, in a cubic metre of air. */
#define KT_VENT_SMOKE_STEP_S 5.0
#define KT_VENT_SMOKE_LEAST  1e-4

struct kt_vent_carry;

struct kt_vent_amounts {
    double released; /* by sources and what the roadways were filled with */
    double held;     /* in the roadways */
    double left;     /* with the air to the outside */
    double still;    /* released at nodes that no air passes: it stays there */
};

/**
 * @param q_m3s      flow of each branch; borrowed, as the network is
 * @param volume_m3  of each branch, 0 or more
 * @param step_s     above 0
 * @return KT_OK; KT_EINVAL a volume, flow or step is not what it must be; KT_ESTATE air goes round
 *         with none from outside, and passes within a step: a shorter one is needed
 */
KT_MUST_CHECK int kt_vent_carry_new(const struct kt_vent_net *net, const double *q_m3s,
                                    const double *volume_m3, double step_s,
                                    struct kt_vent_carry **ret, struct kt_err *err);
void kt_vent_carry_free(struct kt_vent_carry *c); /**< accepts NULL */
/** What a node gives from now on, amount a second, 0 or more. */
void kt_vent_carry_source(struct kt_vent_carry *c, uint32_t node, double rate);
/** Fill a roadway with one concentration. */
void kt_vent_carry_fill(struct kt_vent_carry *c, uint32_t branch, double concentration);
/** One step on. */
void kt_vent_carry_step(struct kt_vent_carry *c);
/** Concentration of what flows from a node in the last step. */
double kt_vent_carry_node(const struct kt_vent_carry *c, uint32_t node);
/** Mean of a roadway; of one without volume that of the node it comes from. */
double kt_vent_carry_mean(const struct kt_vent_carry *c, uint32_t branch);
struct kt_vent_amounts kt_vent_carry_amounts(const struct kt_vent_carry *c);

/**
 * When it first reaches each node above a concentration, in seconds: the end of the step; INFINITY
 * when it does not within `until_s`.
 *
 * @param rate  given at `node` from the start on
 */
KT_MUST_CHECK int kt_vent_carry_arrival(const struct kt_vent_net *net, const double *q_m3s,
                                        const double *volume_m3, uint32_t node, double rate,
                                        double above, double step_s, double until_s, double *ret_s,
                                        struct kt_err *err);
#endif
