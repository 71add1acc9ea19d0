/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Machines: what runs, what it draws, what it gives off. Something runs when its switch is live,
 * what it needs runs, and it is its turn (shifts of a shearer, level of a sump, or a command).
 */
#include <math.h>

#include "plant.h"

enum { DEPTH_MAX = 8, BACKUP_STEPS = 30, DOOR_OPEN_S = 25 };
#define BELT_START_S 6.0
#define HOT_S        240.0 /* a dry drum heats */
#define COOL_S       900.0
#define CO_NORMAL    2.0    /* ppm m3/s of a belt that runs well */
#define CO_HOT       1500.0 /* and of one whose drum slips */
#define MAIN_SPIN_S  12.0
#define LOCAL_SPIN_S 2.5

static bool live(const struct sim_plant *p, int sw)
{
    return sw < 0 || p->switches[sw].live;
}

/** Its turn by the clock: cuts `duty` of each period. */
static bool turn(const struct sim_plant *p, const struct sim_machine *m)
{
    return fmod(sim_seconds(p) + m->phase_s, m->period_s) < m->duty * m->period_s;
}

/** 0.7 .. 1, drifting from minute to minute. */
static double effort(const struct sim_plant *p, int i)
{
    double t = sim_seconds(p) / 40;
    uint64_t k = (uint64_t)t;
    double a = sim_even(p->seed, (uint64_t)i + 7000, k),
           b = sim_even(p->seed, (uint64_t)i + 7000, k + 1);
    return 0.7 + 0.3 * (a + (b - a) * (t - (double)k));
}

static bool pump_wants(const struct sim_plant *p, const struct sim_machine *m)
{
    const struct sim_tank *t = &p->tanks[m->tank];
    return t->level_m > t->high_m + 0.25 * m->stage || (m->running && t->level_m > t->low_m);
}

static bool wants(const struct sim_plant *p, const struct sim_machine *m)
{
    if (m->mode != SIM_AUTO) {
        return m->mode == SIM_ON;
    }
    switch (m->kind) {
    case SIM_SHEARER:
    case SIM_ROADHEADER:
    case SIM_WINDER:
        return turn(p, m);
    case SIM_PUMP:
        return m->rig ? m->ordered : pump_wants(p, m);
    default:
        return true;
    }
}

/** Does what it stands on run? A chain of belts is as long as DEPTH_MAX. */
static bool chain_runs(const struct sim_plant *p, const struct sim_machine *m)
{
    for (int i = 0, n = m->needs; n >= 0 && i < DEPTH_MAX; i++) {
        if (!p->machines[n].running) {
            return false;
        }
        n = p->machines[n].needs;
    }
    return m->kind != SIM_BELT || m->to < 0 || p->machines[m->to].running;
}

static void load_switch(struct sim_plant *p, int sw, double kw)
{
    for (int i = 0; sw >= 0 && i < DEPTH_MAX; i++) {
        p->switches[sw].kw += p->switches[sw].live ? kw : 0;
        sw = p->switches[sw].parent;
    }
}

static void cut(struct sim_plant *p, struct sim_machine *m, int i)
{
    bool cutting = m->kind == SIM_SHEARER || m->kind == SIM_ROADHEADER;
    m->work = m->running ? effort(p, i) : 0;
    load_switch(p, m->sw, m->running ? m->kw * (cutting ? m->work : 0.9) : cutting ? 3 : 0);
    if (m->branch < 0 || !m->running) {
        return;
    }
    double f = p->branches[m->branch].factor;
    sim_gas_give(p, m->branch, m->at, SIM_CH4, m->work * m->give[SIM_CH4] * f);
    sim_gas_give(p, m->branch, m->at, SIM_DUST, m->work * m->give[SIM_DUST]);
    sim_gas_give(p, m->branch, m->at, SIM_HEAT, m->work * m->give[SIM_HEAT]);
    if (m->to >= 0) {
        p->machines[m->to].in_tph += m->work * m->tph;
    }
}

/* Coal moves with the belt, from cell to cell; nothing is lost. */
static void move_coal(struct sim_machine *m)
{
    double share = fmin(m->now_ms * SIM_STEP_S * SIM_BELT_CELLS / m->length_m, 1);
    double out = m->cell_t[SIM_BELT_CELLS - 1] * share;
    for (int i = SIM_BELT_CELLS - 1; i > 0; i--) {
        m->cell_t[i] += (m->cell_t[i - 1] - m->cell_t[i]) * share;
    }
    m->cell_t[0] += m->in_tph * SIM_STEP_S / 3600 - m->cell_t[0] * share;
    m->out_tph = out * 3600 / SIM_STEP_S;
}

static void carry(struct sim_plant *p, struct sim_machine *m)
{
    double full = m->running ? m->speed_ms : 0;
    m->now_ms += (full - m->now_ms) * SIM_STEP_S / BELT_START_S;
    m->now_ms = m->now_ms < 0.05 && !m->running ? 0 : m->now_ms;
    move_coal(m);
    double load = m->running ? m->kw * (0.3 + 0.6 * fmin(m->out_tph / 2500, 1)) : 0;
    load_switch(p, m->sw, load);
    if (m->to >= 0) { /* also what a belt that runs down still brings */
        p->machines[m->to].in_tph += m->out_tph;
    }
    double wanted = m->running ? m->heat_to : 0;
    m->hot += (wanted - m->hot) * SIM_STEP_S / (wanted > m->hot ? HOT_S : COOL_S);
    double co = CO_NORMAL * (m->running ? 1 : 0) + CO_HOT * m->hot * m->hot;
    sim_gas_give(p, m->branch, m->at, SIM_CO, co);
    sim_gas_give(p, m->branch, m->at, SIM_HEAT, 60 * m->hot);
    sim_gas_give(p, m->branch, m->at, SIM_DUST, m->out_tph * 0.004);
}

static void pump(struct sim_plant *p, struct sim_machine *m)
{
    load_switch(p, m->sw, m->running ? m->kw : 0);
    p->tanks[m->tank].out_m3h += m->running ? m->flow_m3h : 0;
}

static void tanks(struct sim_plant *p)
{
    for (int i = 0; i < p->n[SIM_TANK]; i++) {
        struct sim_tank *t = &p->tanks[i];
        t->level_m += (t->inflow_m3h - t->out_m3h) / 3600 * SIM_STEP_S / t->area_m2;
        t->level_m = fmax(t->level_m, 0);
    }
}

static bool fan_wants(struct sim_plant *p, struct sim_fan *f)
{
    if (f->mode != SIM_AUTO) {
        return f->mode == SIM_ON;
    }
    if (f->rig) {
        return f->ordered;
    }
    if (f->backup_of < 0) {
        return true;
    }
    bool needed = !f->hold && !p->fans[f->backup_of].running;
    f->wait = needed ? f->wait + 1 : 0;
    return f->wait > BACKUP_STEPS;
}

static void fans(struct sim_plant *p)
{
    for (int i = 0; i < p->n[SIM_FAN]; i++) {
        struct sim_fan *f = &p->fans[i];
        f->running = fan_wants(p, f) && live(p, f->sw);
        double tau = f->local ? LOCAL_SPIN_S : MAIN_SPIN_S;
        double to = !f->running ? 0 : f->back ? -1 : 1;
        f->spin += (to - f->spin) * SIM_STEP_S / tau;
        load_switch(p, f->sw, f->running ? f->kw * (0.9 + 0.1 * fabs(f->spin)) : 0);
    }
}

/** People pass the airlocks: one leaf after the other, never both. */
static void doors(struct sim_plant *p)
{
    for (int i = 0; i < p->n[SIM_DOOR]; i++) {
        struct sim_door *d = &p->doors[i];
        double period = 700 + 60 * (i % 9), t = fmod(sim_seconds(p) + 131 * i, period);
        for (int leaf = 0; leaf < 2; leaf++) {
            if (!d->held[leaf]) {
                d->leaf_open[leaf] = t > 60 * leaf && t < 60 * leaf + DOOR_OPEN_S;
            }
        }
    }
}

void sim_machines_step(struct sim_plant *p)
{
    for (int i = 0; i < p->n[SIM_TANK]; i++) {
        p->tanks[i].out_m3h = 0;
    }
    for (int i = 0; i < p->n[SIM_MACHINE]; i++) {
        struct sim_machine *m = &p->machines[i];
        m->in_tph = 0;
        if (m->plc) {
            sim_belt_plc(p, m);
        }
        m->running = wants(p, m) && live(p, m->sw) && !m->pulled && chain_runs(p, m);
    }
    for (int i = 0; i < p->n[SIM_MACHINE]; i++) {
        if (p->machines[i].kind != SIM_BELT && p->machines[i].kind != SIM_PUMP) {
            cut(p, &p->machines[i], i);
        }
    }
    for (int i = p->n[SIM_MACHINE] - 1; i >= 0;
         i--) { /* the plan lists a belt after what it loads */
        if (p->machines[i].kind == SIM_BELT) {
            carry(p, &p->machines[i]);
        } else if (p->machines[i].kind == SIM_PUMP) {
            pump(p, &p->machines[i]);
        }
    }
    tanks(p);
    fans(p);
    doors(p);
}
