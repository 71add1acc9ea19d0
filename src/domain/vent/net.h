/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_VENT_NET_H
#define KT_VENT_NET_H
/*
 * net: a ventilation network as branches between nodes, and the law of a branch.
 *
 * A branch takes air from `from` to `to`; its flow q is negative the other way. The pressure that
 * it takes away is  drop = R q|q| - F(q) - drive  (J. J. Atkinson, On the Theory of the Ventilation
 * of Mines, 1854; M. J. McPherson, Subsurface Ventilation Engineering, 1993, eq. 5.2 and 7.3), with
 * F the pressure of a fan in it and `drive` what drives besides (natural ventilation, eq. 8.1).
 *
 * All of it is borrowed and is not changed.   Threads: any.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct kt_vent_curve {
    double q_m3s, p_pa;
};
/* A running fan, blowing from `from` to `to`. With a table: straight lines between its points, the
 * last line goes on. */
struct kt_vent_fan {
    double a0_pa, a1_pa_s_m3, a2_pa_s2_m6; /* p = a0 + a1 q + a2 q^2, without a table */
    const struct kt_vent_curve *curve;     /* q rising, from 0; NULL: none */
    uint32_t curve_n;
};
struct kt_vent_branch {
    uint32_t from, to;
    double r_ns2_m8;               /* roadway with its regulators and doors, 0 or more */
    double drive_pa;               /* natural ventilation along the branch */
    double fixed_m3s;              /* with `fixed`: the flow is given, what regulates it is found */
    const struct kt_vent_fan *fan; /* NULL: none, or it stands */
    bool fixed;
};
enum kt_vent_end { KT_VENT_INNER, KT_VENT_INLET, KT_VENT_OUTLET };

enum { KT_VENT_NODES_MAX = 1 << 20, KT_VENT_BRANCHES_MAX = 1 << 20, KT_VENT_CURVE_MAX = 64 };

struct kt_vent_net {
    const struct kt_vent_branch *branch;
    uint32_t branches_n, nodes_n;
    const uint8_t *end; /* of each node: enum kt_vent_end */
    double total_m3s;   /* with total_given: from the inlets together to the outlets together */
    bool total_given;   /* false: inlets and outlets have the same pressure */
    const char *const *node_name, *const *branch_name; /* for messages; NULL: numbers from 1 */
};

/** Numbers finite, resistances not negative, nodes and tables in order. KT_OK; KT_EINVAL names it.
 */
KT_MUST_CHECK int kt_vent_check(const struct kt_vent_net *net, struct kt_err *err);

/** Pressure of a fan at a flow, Pa, as its curve says it, also where no fan works (q < 0). */
double kt_vent_fan_pa(const struct kt_vent_fan *fan, double q_m3s);
/** Its slope, Pa s/m3. */
double kt_vent_fan_slope(const struct kt_vent_fan *fan, double q_m3s);
/** Drop of a branch at a flow, Pa. */
double kt_vent_drop_pa(const struct kt_vent_branch *b, double q_m3s);
/** The flow from which on the drop rises with the flow: 0 without a fan. */
double kt_vent_stall_m3s(const struct kt_vent_branch *b);
/** Name of a node or branch into `buf`. */
const char *kt_vent_node_name(const struct kt_vent_net *net, uint32_t i, char *buf, size_t cap);
const char *kt_vent_branch_name(const struct kt_vent_net *net, uint32_t i, char *buf, size_t cap);

/**
 * Natural ventilation of a branch: how much heavier its column of air is than one of the outside
 * air, drive = g (z_from - z_to) (rho - rho_outside), rho = p / (287.05 T), moisture left out
 * (McPherson, eq. 8.1 and 14.21). Inlets and outlets of any height have the same pressure so.
 *
 * @param temperature_c  mean along the branch; @param pressure_pa  there
 */
double kt_vent_natural_pa(double z_from_m, double z_to_m, double temperature_c, double outside_c,
                          double pressure_pa);
#endif
