/* SPDX-License-Identifier: Apache-2.0 */
/* The law of one branch, and what a network must be to be asked at all. */
#include "domain/vent/net.h"

#include <math.h>
#include <stdio.h>

static uint32_t segment(const struct kt_vent_fan *f, double q)
{
    uint32_t i = 0;
    while (i + 2 < f->curve_n && q >= f->curve[i + 1].q_m3s) {
        i++;
    }
    return i;
}

double kt_vent_fan_slope(const struct kt_vent_fan *f, double q)
{
    if (!f->curve) {
        return f->a1_pa_s_m3 + 2 * f->a2_pa_s2_m6 * q;
    }
    const struct kt_vent_curve *c = f->curve + segment(f, q);
    return (c[1].p_pa - c[0].p_pa) / (c[1].q_m3s - c[0].q_m3s);
}

double kt_vent_fan_pa(const struct kt_vent_fan *f, double q)
{
    if (!f->curve) {
        return f->a0_pa + q * (f->a1_pa_s_m3 + q * f->a2_pa_s2_m6);
    }
    const struct kt_vent_curve *c = f->curve + segment(f, q);
    return c->p_pa + (q - c->q_m3s) * kt_vent_fan_slope(f, q);
}

double kt_vent_drop_pa(const struct kt_vent_branch *b, double q)
{
    return b->r_ns2_m8 * q * fabs(q) - (b->fan ? kt_vent_fan_pa(b->fan, q) : 0) - b->drive_pa;
}

/** Straight piece from the right: the drop's slope 2 R q - s changes its sign at s / (2 R). */
static double stall_of_table(const struct kt_vent_fan *f, double r)
{
    for (uint32_t i = f->curve_n - 1; i-- > 0;) {
        const struct kt_vent_curve *c = f->curve + i;
        double s = (c[1].p_pa - c[0].p_pa) / (c[1].q_m3s - c[0].q_m3s);
        double right = i + 2 < f->curve_n ? c[1].q_m3s : INFINITY;
        double zero = s > 0 ? (r > 0 ? s / (2 * r) : INFINITY) : 0;
        if (zero >= right) {
            return right;
        }
        if (zero > c[0].q_m3s) {
            return zero;
        }
    }
    return 0;
}

double kt_vent_stall_m3s(const struct kt_vent_branch *b)
{
    if (!b->fan) {
        return 0;
    }
    if (b->fan->curve) {
        return stall_of_table(b->fan, b->r_ns2_m8);
    }
    double bend = 2 * (b->r_ns2_m8 - b->fan->a2_pa_s2_m6), a1 = b->fan->a1_pa_s_m3;
    return a1 <= 0 ? 0 : bend > 0 ? a1 / bend : INFINITY;
}

const char *kt_vent_node_name(const struct kt_vent_net *net, uint32_t i, char *buf, size_t cap)
{
    if (net->node_name) {
        return net->node_name[i];
    }
    snprintf(buf, cap, "%u", i + 1);
    return buf;
}

const char *kt_vent_branch_name(const struct kt_vent_net *net, uint32_t i, char *buf, size_t cap)
{
    if (net->branch_name) {
        return net->branch_name[i];
    }
    snprintf(buf, cap, "%u", i + 1);
    return buf;
}

static const char *wrong_with_fan(const struct kt_vent_branch *b)
{
    const struct kt_vent_fan *f = b->fan;
    if (f->curve_n == 1 || f->curve_n > KT_VENT_CURVE_MAX ||
        (f->curve_n > 0) != (f->curve != NULL)) {
        return "the fan's table has not 2 to 64 points";
    }
    for (uint32_t i = 0; i < f->curve_n; i++) {
        if (!isfinite(f->curve[i].p_pa) || !isfinite(f->curve[i].q_m3s) || f->curve[0].q_m3s != 0 ||
            (i && f->curve[i].q_m3s <= f->curve[i - 1].q_m3s)) {
            return "the fan's table does not begin at 0 m3/s with rising flow";
        }
    }
    if (!isfinite(f->a0_pa) || !isfinite(f->a1_pa_s_m3) || !isfinite(f->a2_pa_s2_m6)) {
        return "the fan's curve is not finite";
    }
    return isfinite(kt_vent_stall_m3s(b)) ? NULL
                                          : "the fan's pressure rises with the flow without end";
}

static const char *wrong_with(const struct kt_vent_net *net, const struct kt_vent_branch *b)
{
    if (b->from >= net->nodes_n || b->to >= net->nodes_n) {
        return "it ends at no node";
    }
    if (b->from == b->to) {
        return "it ends where it begins";
    }
    if (!isfinite(b->r_ns2_m8) || b->r_ns2_m8 < 0) {
        return "its resistance is no number of 0 or more";
    }
    if (!isfinite(b->drive_pa) || (b->fixed && !isfinite(b->fixed_m3s))) {
        return "its drive or fixed flow is not finite";
    }
    return b->fan ? wrong_with_fan(b) : NULL;
}

int kt_vent_check(const struct kt_vent_net *net, struct kt_err *err)
{
    char name[32];
    if (net->nodes_n == 0 || net->branches_n == 0) {
        return kt_err_set(err, KT_EINVAL, "the network has no branch");
    }
    if (net->nodes_n > KT_VENT_NODES_MAX || net->branches_n > KT_VENT_BRANCHES_MAX) {
        return kt_err_set(err, KT_ELIMIT, "the network has more than %d branches",
                          KT_VENT_BRANCHES_MAX);
    }
    if (net->total_given && !isfinite(net->total_m3s)) {
        return kt_err_set(err, KT_EINVAL, "the total flow is not finite");
    }
    for (uint32_t i = 0; i < net->branches_n; i++) {
        const char *wrong = wrong_with(net, &net->branch[i]);
        if (wrong) {
            return kt_err_set(err, KT_EINVAL, "branch %s: %s",
                              kt_vent_branch_name(net, i, name, sizeof(name)), wrong);
        }
    }
    return KT_OK;
}

double kt_vent_natural_pa(double z_from_m, double z_to_m, double temperature_c, double outside_c,
                          double pressure_pa)
{
    double inside = pressure_pa / (287.05 * (temperature_c + 273.15));
    double outside = pressure_pa / (287.05 * (outside_c + 273.15));
    return 9.80665 * (z_from_m - z_to_m) * (inside - outside);
}
