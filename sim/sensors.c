/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instruments: what they feel (lag, drift, noise, resolution, range), what can be wrong with them,
 * and the status word that their substation makes of it.
 */
#include <math.h>

#include "rig.h"

enum { EVERY = 5 }; /* analog values are taken twice a second, in turns */

static double at(const struct sim_plant *p, const struct sim_point *pt, enum sim_species s)
{
    return sim_gas_at(p, pt->target, pt->arg[0], s);
}

static double wave(const struct sim_plant *p, const struct sim_point *pt)
{
    double period = pt->arg[2] > 0 ? pt->arg[2] : 3600;
    double phase = sim_even(p->seed, 99, (uint64_t)(pt - p->points)) * 6.2832;
    return pt->arg[0] + pt->arg[1] * sin(6.2832 * sim_seconds(p) / period + phase);
}

static double corner(const struct sim_plant *p, const struct sim_point *pt)
{
    const struct sim_goaf *g = &p->goafs[pt->target];
    double q = fmax(p->branches[g->branch].q_m3s, 1) * g->share;
    return 100 * (sim_gas_at(p, pt->target2, 0, SIM_CH4) + 0.7 * g->now_m3s / q);
}

/** What a fan draws with: its head less its own loss; none when it stands. */
static double depression(const struct sim_branch *b)
{
    return fmax(0, b->head_now_pa - (b->r_now - b->r) * b->q_m3s * fabs(b->q_m3s));
}

static double of_air(const struct sim_plant *p, const struct sim_point *pt)
{
    const struct sim_branch *b = &p->branches[pt->target];
    switch (pt->src) {
    case SIM_SRC_CH4:
        return 100 * at(p, pt, SIM_CH4);
    case SIM_SRC_CO:
        return at(p, pt, SIM_CO) + 1;
    case SIM_SRC_CO2:
        return 100 * at(p, pt, SIM_CO2);
    case SIM_SRC_O2:
        return 20.9 - 1.1 * 100 * at(p, pt, SIM_CO2) - 0.2 * 100 * at(p, pt, SIM_CH4);
    case SIM_SRC_H2S:
        return 0.4 + 60 * at(p, pt, SIM_CH4);
    case SIM_SRC_DUST:
        return at(p, pt, SIM_DUST);
    case SIM_SRC_TEMP:
        return b->temp_c + at(p, pt, SIM_HEAT);
    case SIM_SRC_SMOKE:
        return at(p, pt, SIM_CO) > 60;
    case SIM_SRC_WIND:
        return fabs(b->q_m3s) / b->area_m2;
    case SIM_SRC_DIR:
        return b->q_m3s > 0;
    case SIM_SRC_DP:
        return fabs(b->r_now * b->q_m3s * b->q_m3s);
    case SIM_SRC_DUCT:
        return b->q_m3s > 2;
    case SIM_SRC_FLOW:
        return 60 * b->q_m3s;
    case SIM_SRC_FANPA:
        return fmax(depression(b), depression(&p->branches[pt->target2]));
    default:
        return 0;
    }
}

static double of_switch(const struct sim_plant *p, const struct sim_point *pt)
{
    const struct sim_switch *s = &p->switches[pt->target];
    double kv = s->volt_v / 1000;
    switch (pt->src) {
    case SIM_SRC_COIL:
        return s->command;
    case SIM_SRC_FEED:
        return s->live;
    case SIM_SRC_AMP:
        return s->live ? s->kw / (1.732 * kv * 0.85) : 0;
    case SIM_SRC_VOLT:
        return s->live ? s->volt_v * (1 + 0.012 * sin(sim_seconds(p) / 900)) : 0;
    case SIM_SRC_KW:
        return s->live ? s->kw : 0;
    default:
        return 0;
    }
}

static double fan_runs(const struct sim_plant *p, int sw)
{
    for (int f = 0; f < p->n[SIM_FAN]; f++) {
        if (p->fans[f].sw == sw) {
            return p->fans[f].running;
        }
    }
    return 0;
}

/* The belt of a PLC runs when its speed says so, not when its contactor is closed. */
static bool runs(const struct sim_machine *m)
{
    return m->plc ? m->now_ms > 0.8 * m->speed_ms : m->running;
}

double sim_sensor_true(const struct sim_plant *p, const struct sim_point *pt)
{
    switch (pt->src) {
    case SIM_SRC_CONST:
        return wave(p, pt);
    case SIM_SRC_CORNER:
        return corner(p, pt);
    case SIM_SRC_SEAL:
        return pt->arg[0] + 20 * (p->baro0_hpa - p->baro_hpa);
    case SIM_SRC_BARO:
        return p->baro_hpa;
    case SIM_SRC_FAN:
        return fan_runs(p, pt->target);
    case SIM_SRC_DOOR:
        return p->doors[pt->target].leaf_open[pt->arg[0] > 0];
    case SIM_SRC_RUN:
        return runs(&p->machines[pt->target]);
    case SIM_SRC_SPEED:
        return p->machines[pt->target].now_ms;
    case SIM_SRC_TPH: /* the scale of a belt with a PLC lies behind its loading point */
        return p->machines[pt->target].plc ? p->machines[pt->target].in_tph
                                           : p->machines[pt->target].out_tph;
    case SIM_SRC_GUARD: {
        bool acted = p->machines[pt->target].guards >> (int)pt->arg[0] & 1;
        return acted != ((int)pt->arg[0] == SIM_GUARD_LOCAL);
    }
    case SIM_SRC_CORD:
        return 0;
    case SIM_SRC_RIG:
        return p->rigs[pt->target].s[(int)pt->arg[0]];
    case SIM_SRC_LEVEL:
        return p->tanks[pt->target].level_m;
    case SIM_SRC_FLOWOUT:
        return p->tanks[pt->target].out_m3h;
    case SIM_SRC_COIL:
    case SIM_SRC_FEED:
    case SIM_SRC_AMP:
    case SIM_SRC_VOLT:
    case SIM_SRC_KW:
        return of_switch(p, pt);
    default:
        return of_air(p, pt);
    }
}

static bool is_analog(const struct sim_point *pt)
{
    return pt->res > 0;
}

/** An alarm flood: every so often chosen sensors show something else. */
static bool chattering(const struct sim_plant *p, uint64_t i, double *ret)
{
    const struct sim_point *pt = &p->points[i];
    if (p->chatter_n == 0 || pt->src == SIM_SRC_COIL || pt->src == SIM_SRC_FEED ||
        sim_even(p->seed, 5, i) * p->n[SIM_POINT] >= p->chatter_n) {
        return false;
    }
    double turn = sim_seconds(p) / (p->chatter_period_s * (0.5 + sim_even(p->seed, 6, i)));
    if ((int64_t)turn % 2 == 0) {
        return false;
    }
    double high = isnan(pt->alarm) ? 0.9 * pt->hi : 1.2 * pt->alarm;
    *ret = is_analog(pt) ? high : !(sim_sensor_true(p, pt) > 0.5);
    return true;
}

static double feel(struct sim_plant *p, struct sim_point *pt, double dt)
{
    double x = pt->calibrating && !isnan(pt->cal) ? pt->cal : sim_sensor_true(p, pt);
    pt->felt = pt->started ? pt->felt + (x - pt->felt) * dt / (pt->tau_s + dt) : x;
    pt->started = true;
    pt->drift += pt->drift_per_h * dt / 3600;
    uint64_t i = (uint64_t)(pt - p->points);
    return pt->felt + pt->drift + pt->noise * 0.5 * sim_normal(p->seed, i, (uint64_t)p->step);
}

/** The substation's own view of a value; the cut latches until below the restore value. */
static int judge(struct sim_point *pt, double v)
{
    int st = v > pt->hi ? SIM_ST_OVER_RANGE : 0;
    st |= v >= pt->alarm ? SIM_ST_ALARM : 0;
    pt->latched = v >= pt->cut || (pt->latched && v >= pt->restore);
    st |= pt->latched ? SIM_ST_CUT : 0;
    return st;
}

static void take_analog(struct sim_plant *p, struct sim_point *pt, double dt)
{
    double v = feel(p, pt, dt), odd;
    if (pt->zeroed) {
        v = 0;
    }
    if (chattering(p, (uint64_t)(pt - p->points), &odd)) {
        v = odd;
    }
    if (pt->set) {
        v = pt->forced;
    }
    if (pt->frozen) {
        v = pt->stuck_at;
    }
    v = round(v / pt->res) * pt->res;
    pt->status = (pt->calibrating ? SIM_ST_CALIBRATING : 0) | judge(pt, v);
    if (pt->broken) {
        pt->status = SIM_ST_SENSOR_FAULT;
        v = pt->lo;
    }
    pt->value = fmax(pt->lo, fmin(pt->hi, v));
}

static void take_bit(struct sim_plant *p, struct sim_point *pt)
{
    double v = sim_sensor_true(p, pt), odd;
    if (chattering(p, (uint64_t)(pt - p->points), &odd)) {
        v = odd;
    }
    v = pt->set ? pt->forced : v;
    v = pt->frozen ? pt->stuck_at : v;
    pt->status = pt->broken ? SIM_ST_SENSOR_FAULT : 0;
    pt->value = !pt->broken && v > 0.5;
    if (pt->src == SIM_SRC_CORD && pt->value > 0) {
        p->machines[pt->target].pulled = true;
    }
    if (pt->src == SIM_SRC_GUARD && pt->set) { /* a hand on the switch, or a fault made up */
        bool acted = (pt->value > 0) != ((int)pt->arg[0] == SIM_GUARD_LOCAL);
        p->machines[pt->target].guards &= ~(1u << (int)pt->arg[0]);
        p->machines[pt->target].guards |= (unsigned)acted << (int)pt->arg[0];
    }
}

static void local_cut(struct sim_plant *p)
{
    for (int i = 0; p->local_cut && i < p->cuts_n; i++) {
        if (p->points[p->cuts[i].point].latched) {
            p->switches[p->cuts[i].sw].command = false;
        }
    }
}

void sim_sensors_step(struct sim_plant *p, bool all)
{
    for (int i = 0; i < p->n[SIM_MACHINE]; i++) {
        p->machines[i].pulled = false;
    }
    for (int i = 0; i < p->n[SIM_POINT]; i++) {
        struct sim_point *pt = &p->points[i];
        if (!is_analog(pt)) {
            take_bit(p, pt);
        } else if (all || (p->step + i) % EVERY == 0) {
            take_analog(p, pt, all ? SIM_STEP_S : SIM_STEP_S * EVERY);
        }
    }
    local_cut(p);
}
