/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/vent/downstream.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"

enum { ALONG = 1, AGAINST = 2, BOTH = ALONG | AGAINST };

enum kt_air_basis kt_vent_basis(const struct kt_vent_known *k, kt_time now)
{
    if (!k->q_m3s) {
        return KT_AIR_BY_DESIGN;
    }
    if (k->failed) {
        return KT_AIR_BY_FAILED;
    }
    if (k->outstanding) {
        return KT_AIR_BY_OUTSTANDING;
    }
    if (now - k->solved > KT_VENT_SOLUTION_AGE || k->solved > now + KT_VENT_SOLUTION_AGE) {
        return KT_AIR_BY_OLD;
    }
    return k->unsure ? KT_AIR_BY_UNSURE : KT_AIR_BY_SOLUTION;
}

const char *kt_vent_basis_text(enum kt_air_basis basis, bool zh)
{
    static const char *const text[][2] = {
        [KT_AIR_BY_SOLUTION] = {"by the airflow of now", "按当前解算风流"},
        [KT_AIR_BY_OUTSTANDING] = {"by the last airflow and the design: a solve is under way",
                                   "按上次解算与设计风向合并：正在解算"},
        [KT_AIR_BY_FAILED] = {"by the last airflow and the design: the last solve failed",
                              "按上次解算与设计风向合并：解算失败"},
        [KT_AIR_BY_OLD] = {"by the last airflow and the design: it is older than a minute",
                           "按上次解算与设计风向合并：解算结果超过一分钟"},
        [KT_AIR_BY_DESIGN] = {"by the design: there is no airflow yet", "按设计风向：尚无解算结果"},
        [KT_AIR_BY_UNSURE] = {"by the airflow and the design: a fan or a door says nothing",
                              "按解算与设计风向合并：有风机或风门状态不明"},
    };
    return text[basis][zh];
}

static int by_flow(double q)
{
    return !isfinite(q) || fabs(q) < KT_VENT_STILL_M3S ? BOTH : q > 0 ? ALONG : AGAINST;
}

static int by_design(const struct kt_vent_known *k, uint32_t b)
{
    bool says = k->design && k->design[b] != 0 && !k->turned;
    return !says ? BOTH : k->design[b] > 0 ? ALONG : AGAINST;
}

static int ways(const struct kt_vent_known *k, enum kt_air_basis basis, uint32_t b)
{
    if (basis == KT_AIR_BY_SOLUTION) {
        return by_flow(k->q_m3s[b]);
    }
    int way = by_design(k, b) | (k->stopped && k->stopped[b] ? BOTH : 0);
    return way | (k->q_m3s ? by_flow(k->q_m3s[b]) : 0);
}

/** Air that has come to the open does not come in again. */
static bool goes_on(const struct kt_vent_net *net, const bool *wet, uint32_t node)
{
    return wet[node] && net->end[node] == KT_VENT_INNER;
}

enum kt_air_basis kt_vent_downstream(const struct kt_vent_net *net,
                                     const struct kt_vent_known *known, kt_time now,
                                     const bool *place, bool *ret)
{
    enum kt_air_basis basis = kt_vent_basis(known, now);
    uint32_t n = net->branches_n;
    struct kt_arena *arena = kt_arena_new(0);
    bool *wet = KT_NEW_ARRAY(arena, bool, net->nodes_n); /* nodes that its air comes to */
    memcpy(ret, place, n * sizeof(*ret));
    for (bool more = true; more;) {
        more = false;
        for (uint32_t b = 0; b < n; b++) {
            const struct kt_vent_branch *e = &net->branch[b];
            int way = ways(known, basis, b);
            bool enters = ((way & ALONG) && goes_on(net, wet, e->from)) ||
                          ((way & AGAINST) && goes_on(net, wet, e->to));
            more |= enters && !ret[b];
            ret[b] |= enters;
            if (ret[b] && (way & ALONG) && !wet[e->to]) {
                more = wet[e->to] = true;
            }
            if (ret[b] && (way & AGAINST) && !wet[e->from]) {
                more = wet[e->from] = true;
            }
        }
    }
    kt_arena_free(arena);
    return basis;
}

/* Through a branch one way: the least of what is known; INFINITY: air does not go that way. */
static double passage(const struct kt_vent_known *k, enum kt_air_basis basis, uint32_t b, int way,
                      double design_m3s, double volume_m3)
{
    double least = INFINITY;
    if (k->q_m3s && (by_flow(k->q_m3s[b]) & way)) {
        double q = fabs(k->q_m3s[b]);
        least = !isfinite(q) ? 0 : volume_m3 / (q > KT_VENT_STILL_M3S ? q : KT_VENT_STILL_M3S);
    }
    if (basis == KT_AIR_BY_SOLUTION) {
        return least;
    }
    if (k->stopped && k->stopped[b]) {
        return 0;
    }
    if (by_design(k, b) & way) {
        bool known = by_design(k, b) != BOTH && fabs(design_m3s) > KT_VENT_STILL_M3S;
        double t = known ? volume_m3 / fabs(design_m3s) : 0;
        least = t < least ? t : least;
    }
    return least;
}

static bool sooner(const struct kt_vent_net *net, uint32_t from, uint32_t to, double takes,
                   double *s)
{
    bool can = isfinite(s[from]) && (net->end[from] == KT_VENT_INNER || s[from] == 0);
    if (!can || !(s[from] + takes < s[to])) {
        return false;
    }
    s[to] = s[from] + takes;
    return true;
}

enum kt_air_basis kt_vent_soonest(const struct kt_vent_net *net, const struct kt_vent_known *known,
                                  kt_time now, const bool *place, const double *design_m3s,
                                  const double *volume_m3, double *ret_s)
{
    enum kt_air_basis basis = kt_vent_basis(known, now);
    for (uint32_t i = 0; i < net->nodes_n; i++) {
        ret_s[i] = INFINITY;
    }
    for (uint32_t b = 0; b < net->branches_n; b++) {
        if (place[b]) {
            ret_s[net->branch[b].from] = ret_s[net->branch[b].to] = 0;
        }
    }
    for (bool more = true; more;) {
        more = false;
        for (uint32_t b = 0; b < net->branches_n; b++) {
            const struct kt_vent_branch *e = &net->branch[b];
            double along = passage(known, basis, b, ALONG, design_m3s[b], volume_m3[b]);
            double against = passage(known, basis, b, AGAINST, design_m3s[b], volume_m3[b]);
            more |= sooner(net, e->from, e->to, along, ret_s);
            more |= sooner(net, e->to, e->from, against, ret_s);
        }
    }
    return basis;
}
