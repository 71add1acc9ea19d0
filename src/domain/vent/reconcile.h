/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_VENT_RECONCILE_H
#define KT_VENT_RECONCILE_H
/*
 * reconcile: resistances that agree with measured flows, and the sensor that agrees with nothing.
 *
 * Weighted least squares with bounds: least of the sum over the sensors of ((q - measured) /
 * sigma)^2 and over the branches of (ln(R / R0) / spread)^2, with R within R0 / bound and R0 *
 * bound, by Gauss-Newton steps; the change of each flow by each resistance comes from the factors
 * of the solved network. A sensor is told by its normalised residual: what it shows less what all
 * others say, over the deviation that this difference may have (W. Baarda, A testing procedure for
 * use in geodetic networks, 1968). The worst above the limit is left out and all is done again.
 *
 * Pure.   Threads: any.
 */
#include "domain/vent/solve.h"

enum { KT_VENT_SENSORS_MAX = 500 };

struct kt_vent_sensor {
    uint32_t branch;
    double q_m3s, sigma_m3s; /* along the branch; standard deviation, above 0 */
};
struct kt_vent_reconcile_opts {
    double spread; /* standard deviation of ln R as it is known; 0: 0.3 */
    double bound;  /* R is at most so many times more or less; 0: 5 */
    double limit;  /* of a normalised residual; 0: 3.29, one in a thousand by chance */
};
struct kt_vent_reconciled {
    double *r_ns2_m8;         /* by branch */
    struct kt_vent_flow flow; /* with them */
    double *normal;           /* by sensor: normalised residual, of one left out against the rest */
    bool *contradicts;        /* by sensor: left out */
    uint32_t contradicts_n;
};

/**
 * @return KT_OK; KT_EINVAL a sensor at no branch, on a fixed flow, or with a sigma of 0;
 *         KT_ELIMIT too many; else as kt_vent_solve()
 */
KT_MUST_CHECK int kt_vent_reconcile(const struct kt_vent_net *net,
                                    const struct kt_vent_sensor *sensors, uint32_t sensors_n,
                                    const struct kt_vent_reconcile_opts *opts,
                                    struct kt_arena *arena, struct kt_vent_reconciled *ret,
                                    struct kt_err *err);
#endif
