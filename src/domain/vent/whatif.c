/* SPDX-License-Identifier: Apache-2.0 */
/* A fan that blows the other way is a fan in a branch laid the other way. */
#include "domain/vent/whatif.h"

#include <math.h>
#include <string.h>

static const struct kt_vent_fan *weaker(const struct kt_vent_fan *f, double part,
                                        struct kt_arena *arena)
{
    struct kt_vent_fan *out = KT_NEW(arena, struct kt_vent_fan);
    struct kt_vent_curve *curve =
        f->curve ? KT_NEW_ARRAY(arena, struct kt_vent_curve, f->curve_n) : NULL;
    for (uint32_t i = 0; i < f->curve_n; i++) {
        curve[i] = (struct kt_vent_curve){f->curve[i].q_m3s, f->curve[i].p_pa * part};
    }
    *out = (struct kt_vent_fan){f->a0_pa * part, f->a1_pa_s_m3 * part, f->a2_pa_s2_m6 * part, curve,
                                f->curve_n};
    return out;
}

static int change(const struct kt_vent_net *net, struct kt_vent_branch *branch, bool *turned,
                  const struct kt_vent_change *c, struct kt_arena *arena, struct kt_err *err)
{
    char name[32];
    if (c->branch >= net->branches_n || !isfinite(c->value)) {
        return kt_err_set(err, KT_EINVAL, "a change of a branch that there is not");
    }
    struct kt_vent_branch *b = &branch[c->branch];
    if (c->kind == KT_VENT_SET_R) {
        b->r_ns2_m8 = c->value;
        return KT_OK;
    }
    if (!net->branch[c->branch].fan) {
        return kt_err_set(err, KT_EINVAL, "branch %s has no fan",
                          kt_vent_branch_name(net, c->branch, name, sizeof(name)));
    }
    if (c->kind == KT_VENT_STOP_FAN) {
        b->fan = NULL;
    } else if (b->fan && !turned[c->branch]) {
        uint32_t from = b->from;
        b->from = b->to;
        b->to = from;
        b->drive_pa = -b->drive_pa;
        b->fixed_m3s = -b->fixed_m3s;
        b->fan = weaker(b->fan, c->value, arena);
        turned[c->branch] = true;
    }
    return KT_OK;
}

int kt_vent_what_if(const struct kt_vent_net *net, const struct kt_vent_change *changes,
                    uint32_t changes_n, struct kt_arena *arena, struct kt_vent_flow *ret,
                    struct kt_err *err)
{
    struct kt_arena *scratch = kt_arena_new(0);
    struct kt_vent_net copy = *net;
    struct kt_vent_branch *branch = KT_NEW_ARRAY(scratch, struct kt_vent_branch, net->branches_n);
    bool *turned = KT_NEW_ARRAY(scratch, bool, net->branches_n);
    memcpy(branch, net->branch, net->branches_n * sizeof(*branch));
    copy.branch = branch;
    int r = KT_OK;
    for (uint32_t i = 0; r == KT_OK && i < changes_n; i++) {
        r = change(net, branch, turned, &changes[i], scratch, err);
    }
    r = r < 0 ? r : kt_vent_solve(&copy, NULL, arena, ret, err);
    for (uint32_t b = 0; r == KT_OK && b < net->branches_n; b++) {
        if (turned[b]) {
            ret->q_m3s[b] = -ret->q_m3s[b];
            ret->drop_pa[b] = -ret->drop_pa[b];
            ret->regulate_pa[b] = -ret->regulate_pa[b];
        }
    }
    kt_arena_free(scratch);
    return r;
}
