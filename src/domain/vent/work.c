/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of one pressure, connected pieces, what flows into each from outside. */
#include "domain/vent/work.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CUT_OFF_PART 1e-9 /* of the largest flow: what a piece without a way out may be given */

static void name_groups(struct vent_work *w)
{
    const struct kt_vent_net *net = w->net;
    uint32_t in = VENT_NO_UNKNOWN, out = VENT_NO_UNKNOWN;
    for (uint32_t i = 0; i < net->nodes_n; i++) {
        uint32_t *shared = net->end[i] == KT_VENT_INLET                        ? &in
                           : net->end[i] == KT_VENT_OUTLET && net->total_given ? &out
                           : net->end[i] == KT_VENT_OUTLET                     ? &in
                                                                               : NULL;
        if (shared && *shared != VENT_NO_UNKNOWN) {
            w->group[i] = *shared;
            continue;
        }
        w->group[i] = w->groups_n++;
        if (shared) {
            *shared = w->group[i];
        }
    }
}

static int outside(struct vent_work *w, struct kt_err *err)
{
    const struct kt_vent_net *net = w->net;
    bool in = false, out = false;
    for (uint32_t i = 0; i < net->nodes_n && net->total_given; i++) {
        bool first_in = net->end[i] == KT_VENT_INLET && !in;
        bool first_out = net->end[i] == KT_VENT_OUTLET && !out;
        w->inflow[w->group[i]] += first_in ? net->total_m3s : first_out ? -net->total_m3s : 0;
        in |= first_in;
        out |= first_out;
    }
    if (net->total_given && (!in || !out)) {
        return kt_err_set(err, KT_EINVAL, "a total flow needs an inlet and an outlet: no node %s",
                          in ? "lets air out" : "lets air in");
    }
    for (uint32_t b = 0; b < net->branches_n; b++) {
        if (net->branch[b].fixed) {
            w->inflow[vent_from(w, b)] -= net->branch[b].fixed_m3s;
            w->inflow[vent_to(w, b)] += net->branch[b].fixed_m3s;
        }
    }
    return KT_OK;
}

/* Branches at each group, for walks. */
struct near {
    uint32_t *start, *branch;
};

static struct near near_of(const struct vent_work *w, struct kt_arena *arena)
{
    uint32_t n = w->net->branches_n;
    struct near s = {KT_NEW_ARRAY(arena, uint32_t, w->groups_n + 2),
                     KT_NEW_ARRAY(arena, uint32_t, 2 * n + 1)};
    for (uint32_t b = 0; b < n; b++) {
        s.start[vent_from(w, b) + 2]++;
        s.start[vent_to(w, b) + 2]++;
    }
    for (uint32_t g = 0; g < w->groups_n; g++) {
        s.start[g + 2] += g ? s.start[g + 1] : 0;
    }
    for (uint32_t b = 0; b < n; b++) {
        s.branch[s.start[vent_from(w, b) + 1]++] = b;
        s.branch[s.start[vent_to(w, b) + 1]++] = b;
    }
    return s;
}

struct weighed {
    double r;
    uint32_t branch;
};

static int by_r(const void *a, const void *b)
{
    const struct weighed *x = a, *y = b;
    return x->r != y->r ? (x->r > y->r) - (x->r < y->r)
                        : (x->branch > y->branch) - (x->branch < y->branch);
}

static uint32_t root_of(uint32_t *above, uint32_t i)
{
    while (above[i] != i) {
        above[i] = above[above[i]];
        i = above[i];
    }
    return i;
}

/** The branches of the forest: those that resist least, so that what settle() moves moves no
 *  pressure. */
static bool *forest(const struct vent_work *w, struct kt_arena *arena)
{
    uint32_t n = w->net->branches_n, k = 0;
    struct weighed *order = KT_NEW_ARRAY(arena, struct weighed, n);
    uint32_t *above = KT_NEW_ARRAY(arena, uint32_t, w->groups_n);
    bool *in = KT_NEW_ARRAY(arena, bool, n);
    for (uint32_t b = 0; b < n; b++) {
        if (vent_free(w, b)) {
            order[k++] = (struct weighed){w->law[b].r, b};
        }
    }
    qsort(order, k, sizeof(*order), by_r);
    for (uint32_t g = 0; g < w->groups_n; g++) {
        above[g] = g;
    }
    for (uint32_t i = 0; i < k; i++) {
        uint32_t x = root_of(above, vent_from(w, order[i].branch));
        uint32_t y = root_of(above, vent_to(w, order[i].branch));
        in[order[i].branch] = x != y;
        above[x] = y;
    }
    return in;
}

/** All that hangs together with `first` over the free branches; returns the sum of its inflow. */
static double reach(struct vent_work *w, const struct near *s, const bool *in, uint32_t first,
                    bool *seen)
{
    double sum = 0;
    uint32_t at = w->order_n;
    w->order[w->order_n++] = first;
    w->way[first] = VENT_NO_UNKNOWN;
    seen[first] = true;
    for (; at < w->order_n; at++) {
        uint32_t g = w->order[at];
        sum += w->inflow[g];
        for (uint32_t k = s->start[g]; k < s->start[g + 1]; k++) {
            uint32_t b = s->branch[k];
            uint32_t other = vent_from(w, b) == g ? vent_to(w, b) : vent_from(w, b);
            if (in[b] && !seen[other]) {
                seen[other] = true;
                w->way[other] = b;
                w->order[w->order_n++] = other;
            }
        }
    }
    return sum;
}

static const char *name_of_group(const struct vent_work *w, uint32_t g, char *buf, size_t cap)
{
    for (uint32_t i = 0; i < w->net->nodes_n; i++) {
        if (w->group[i] == g) {
            return kt_vent_node_name(w->net, i, buf, cap);
        }
    }
    return "";
}

static int pieces(struct vent_work *w, struct kt_arena *scratch, struct kt_err *err)
{
    char name[32];
    struct near s = near_of(w, scratch);
    bool *seen = KT_NEW_ARRAY(scratch, bool, w->groups_n), *in = forest(w, scratch);
    double most = 0;
    for (uint32_t g = 0; g < w->groups_n; g++) {
        most = fmax(most, fabs(w->inflow[g]));
    }
    static const uint8_t passes[] = {KT_VENT_INLET, KT_VENT_OUTLET, KT_VENT_INNER};
    for (uint32_t pass = 0; pass < KT_ARRAY_LEN(passes); pass++) { /* inlets are the first */
        for (uint32_t i = 0; i < w->net->nodes_n; i++) {
            uint32_t g = w->group[i];
            if (seen[g] || w->net->end[i] != passes[pass]) {
                continue;
            }
            double sum = reach(w, &s, in, g, seen);
            if (fabs(sum) > CUT_OFF_PART * most) {
                return kt_err_set(
                    err, KT_EINVAL,
                    "node %s is cut off: %.6g m3/s must %s there and no roadway with a "
                    "free flow leads to the outside",
                    name_of_group(w, g, name, sizeof(name)), fabs(sum), sum > 0 ? "leave" : "come");
            }
        }
    }
    for (uint32_t i = 0; i < w->order_n; i++) {
        bool first = w->way[w->order[i]] == VENT_NO_UNKNOWN;
        w->unknown[w->order[i]] = first ? VENT_NO_UNKNOWN : w->unknowns_n++;
    }
    return KT_OK;
}

/** No way at all, free or fixed, to an inlet or outlet, where the network has some. */
static int cut_off(const struct vent_work *w, struct kt_arena *scratch, struct kt_err *err)
{
    const struct kt_vent_net *net = w->net;
    struct near s = near_of(w, scratch);
    bool *seen = KT_NEW_ARRAY(scratch, bool, w->groups_n);
    uint32_t *queue = KT_NEW_ARRAY(scratch, uint32_t, w->groups_n + 1), n = 0, lost = 0, first = 0;
    for (uint32_t i = 0; i < net->nodes_n; i++) {
        if (net->end[i] != KT_VENT_INNER && !seen[w->group[i]]) {
            seen[w->group[i]] = true;
            queue[n++] = w->group[i];
        }
    }
    for (uint32_t at = 0; at < n; at++) {
        for (uint32_t k = s.start[queue[at]]; k < s.start[queue[at] + 1]; k++) {
            uint32_t a = vent_from(w, s.branch[k]), b = vent_to(w, s.branch[k]);
            uint32_t other = a == queue[at] ? b : a;
            if (!seen[other]) {
                seen[other] = true;
                queue[n++] = other;
            }
        }
    }
    for (uint32_t i = net->nodes_n; i-- > 0 && n > 0;) {
        lost += !seen[w->group[i]];
        first = seen[w->group[i]] ? first : i;
    }
    char name[32];
    return lost == 0 ? KT_OK
                     : kt_err_set(err, KT_EINVAL,
                                  "node %s is cut off: no roadway joins it (%u node%s) to an inlet "
                                  "or outlet",
                                  kt_vent_node_name(net, first, name, sizeof(name)), lost,
                                  lost == 1 ? "" : "s in all");
}

static void make_law(const struct kt_vent_branch *b, struct vent_law *law)
{
    law->r = fmax(b->r_ns2_m8, VENT_R_LEAST);
    law->drive = b->drive_pa;
    law->fan = b->fan;
    if (!b->fan) {
        return;
    }
    double q = law->stall_m3s = kt_vent_stall_m3s(b);
    law->stall_pa = law->r * q * q - kt_vent_fan_pa(b->fan, q);
    law->soft_slope =
        fmax(-kt_vent_fan_slope(b->fan, q), (fabs(kt_vent_fan_pa(b->fan, q)) + 1) / (q + 1));
}

int vent_work_init(struct vent_work *w, const struct kt_vent_net *net, struct kt_arena *arena,
                   struct kt_err *err)
{
    uint32_t n = net->branches_n, m = net->nodes_n;
    memset(w, 0, sizeof(*w));
    w->net = net;
    w->arena = arena;
    w->law = KT_NEW_ARRAY(arena, struct vent_law, n);
    w->group = KT_NEW_ARRAY(arena, uint32_t, m);
    w->unknown = KT_NEW_ARRAY(arena, uint32_t, m);
    w->order = KT_NEW_ARRAY(arena, uint32_t, m);
    w->way = KT_NEW_ARRAY(arena, uint32_t, m);
    w->inflow = KT_NEW_ARRAY(arena, double, m);
    w->balance = KT_NEW_ARRAY(arena, double, m);
    name_groups(w);
    for (uint32_t b = 0; b < n; b++) {
        make_law(&net->branch[b], &w->law[b]);
    }
    int r = cut_off(w, arena, err);
    r = r < 0 ? r : outside(w, err);
    return r < 0 ? r : pieces(w, arena, err);
}

void vent_work_settle(struct vent_work *w)
{
    memcpy(w->balance, w->inflow, w->groups_n * sizeof(double));
    for (uint32_t b = 0; b < w->net->branches_n; b++) {
        if (vent_free(w, b)) {
            w->balance[vent_from(w, b)] -= w->q[b];
            w->balance[vent_to(w, b)] += w->q[b];
        }
    }
    for (uint32_t i = w->order_n; i-- > 0;) { /* leaves first */
        uint32_t g = w->order[i], b = w->way[g];
        if (b == VENT_NO_UNKNOWN) {
            continue;
        }
        bool leaves = vent_from(w, b) == g;
        uint32_t other = leaves ? vent_to(w, b) : vent_from(w, b);
        w->q[b] += leaves ? w->balance[g] : -w->balance[g];
        w->balance[other] += w->balance[g];
        w->balance[g] = 0;
    }
}
