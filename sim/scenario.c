/* SPDX-License-Identifier: Apache-2.0 */
/* Scenarios: lines of the control port with a time, from the plan. */
#include <math.h>

#include "devices.h"
#include "phones.h"
#include "run.h"

static void reset_point(struct sim_point *pt)
{
    pt->set = pt->frozen = pt->broken = pt->zeroed = pt->calibrating = false;
    pt->drift = pt->drift_per_h = 0;
}

void sim_reset(struct sim_run *r)
{
    struct sim_plant *p = r->plant;
    for (int i = 0; i < p->n[SIM_POINT]; i++) {
        reset_point(&p->points[i]);
    }
    for (int i = 0; i < p->n[SIM_BRANCH]; i++) {
        p->branches[i].factor = p->branches[i].factor_to = 1;
    }
    for (int i = 0; i < p->n[SIM_MACHINE]; i++) {
        p->machines[i].mode = SIM_AUTO;
        p->machines[i].heat_to = 0;
    }
    for (int i = 0; i < p->n[SIM_FAN]; i++) {
        p->fans[i].mode = SIM_AUTO;
    }
    for (int i = 0; i < p->n[SIM_SWITCH]; i++) {
        p->switches[i].stuck = false;
    }
    for (int i = 0; i < p->n[SIM_DOOR]; i++) {
        struct sim_door *d = &p->doors[i];
        d->held[0] = d->held[1] = d->plc;
        if (d->plc) {
            d->leaf_open[0] = d->leaf_open[1] = false;
        }
    }
    for (int i = 0; r->devices && i < p->n[SIM_DEVICE]; i++) {
        sim_devices_mode(r->devices, i, SIM_DEV_OK, 0);
    }
    sim_phones_reset(r->phones);
    p->chatter_n = 0;
    p->baro_rate_hph = 0;
    p->local_cut = false;
}

int sim_scenario_begin(struct sim_run *r, const char *name, struct kt_err *err)
{
    int i = sim_find(r->plant, SIM_SCENARIO, name);
    if (i < 0) {
        return kt_err_set(err, KT_ENOTFOUND, "no scenario \"%s\"; \"scenarios\" lists them", name);
    }
    sim_reset(r);
    r->plant->scenario = i;
    r->plant->scenario_step = r->plant->step;
    r->plant->scenario_next = 0;
    return KT_OK;
}

void sim_scenario_step(struct sim_run *r)
{
    struct sim_plant *p = r->plant;
    double t = (double)(p->step - p->scenario_step) * SIM_STEP_S;
    while (p->scenario >= 0 && p->scenario_next < p->actions_n) {
        const struct sim_action *a = &p->actions[p->scenario_next];
        if (a->scenario == p->scenario && a->at_s > t) {
            return;
        }
        p->scenario_next++;
        if (a->scenario == p->scenario) {
            struct kt_buf answer;
            kt_buf_init(&answer, 1 << 16);
            sim_command(r, a->line, &answer);
            kt_buf_done(&answer);
        }
    }
}
