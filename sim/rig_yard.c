/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Out of doors: a drill that a console drives, and electric trucks that nobody but their drivers
 * do.
 *
 * The drill turns and feeds only while its master asks its device again and again: two seconds
 * without a request, and it stops by itself, whatever its coils say. A stop of its own button, a
 * stop from the console and a lost link all have to be begun anew, by a start.
 */
#include <math.h>

#include "rig.h"

enum { D_DEPTH, D_RATE, D_TORQUE, D_AIR, D_HOLE, D_PLAN, D_RUN, D_STOPPED, D_LOST, D_DONE, D_TILT };
enum { D_START, D_READY };
#define LINK_S 2.0
static const char *const drill_signals[] = {"depth", "rate",    "torque", "air",  "hole", "plan",
                                            "run",   "stopped", "lost",   "done", "tilt", NULL};
static const char *const drill_coils[] = {"start", "enable", NULL};

static void drill_begin(struct sim_plant *p, struct sim_rig *r)
{
    (void)p;
    r->s[D_HOLE] = 1;
    r->s[D_PLAN] = 15;
}

static bool heard(const struct sim_plant *p, const struct sim_rig *r)
{
    return r->heard > 0 && (double)(p->step - r->heard) * SIM_STEP_S < LINK_S;
}

static void bore(struct sim_plant *p, struct sim_rig *r, bool run)
{
    double hard = 0.6 + 0.4 * sim_even(p->seed, 55, (uint64_t)(r->s[D_DEPTH] * 2));
    r->s[D_RATE] = sim_rig_ramp(r->s[D_RATE], run ? 1.4 * hard : 0, 1.5); /* m/min */
    r->s[D_TORQUE] = run ? 9.5 / hard : 0;
    r->s[D_AIR] = run ? sim_rig_wave(p, 1, 0.55, 0.03, 30) : 0;
    r->s[D_DEPTH] += r->s[D_RATE] / 60 * SIM_STEP_S;
    if (r->s[D_DEPTH] >= r->s[D_PLAN]) { /* a hole is done: the next one, begun by the console */
        r->s[D_DONE]++;
        r->s[D_HOLE]++;
        r->s[D_DEPTH] = 0;
        p->switches[r->sw[D_START]].command = false;
    }
}

static void drill_step(struct sim_plant *p, struct sim_rig *r)
{
    bool link = heard(p, r), enabled = sim_rig_on(p, r, D_READY);
    r->s[D_LOST] = (r->s[D_LOST] > 0.5 || (r->s[D_RUN] > 0.5 && !link)) &&
                   !(link && enabled && r->s[D_RUN] < 0.5 && r->own[0] > 5);
    r->own[0] = link ? r->own[0] + SIM_STEP_S : 0; /* how long it hears us again */
    bool fit = link && enabled && r->s[D_STOPPED] < 0.5 && r->s[D_LOST] < 0.5;
    sim_rig_permit(p, r, D_START, fit, fit);
    sim_rig_permit(p, r, D_READY, r->s[D_STOPPED] < 0.5, r->s[D_STOPPED] < 0.5);
    r->s[D_RUN] = sim_rig_on(p, r, D_START);
    bore(p, r, r->s[D_RUN] > 0.5);
}

const struct sim_rig_kind sim_rig_drill = {.name = "drill",
                                           .signals = drill_signals,
                                           .coils = drill_coils,
                                           .begin = drill_begin,
                                           .step = drill_step};

/* ---- an electric truck: up loaded, down empty and giving back, to its charger when it is low */
enum { T_SOC, T_SPEED, T_LOAD, T_CYCLES, T_KWH, T_CHARGING, T_LAST };
#define PACK_KWH 770.0
static const char *const truck_signals[] = {"soc", "speed",    "load", "cycles",
                                            "kwh", "charging", "last", NULL};
enum { PHASE, USED };

static void truck_begin(struct sim_plant *p, struct sim_rig *r)
{
    uint64_t i = (uint64_t)(r - p->rigs);
    r->s[T_SOC] = 45 + 50 * sim_even(p->seed, 60, i);
    r->own[PHASE] = 900 * sim_even(p->seed, 61, i);
    r->s[T_CYCLES] = floor(300 * sim_even(p->seed, 62, i));
    r->s[T_KWH] = 62 * r->s[T_CYCLES];
    r->s[T_LAST] = 62;
}

static void haul(struct sim_rig *r)
{
    double t = r->own[PHASE] += SIM_STEP_S;
    bool loaded = t > 120 && t < 520;
    double kw = loaded ? 620 : t >= 560 && t < 860 ? -110 : 12;
    r->s[T_LOAD] = t > 120 && t < 560 ? 190 : 0;
    r->s[T_SPEED] = loaded ? 14 : t >= 560 && t < 860 ? 26 : 0;
    double kwh = kw * SIM_STEP_S / 3600;
    r->own[USED] += kwh;
    r->s[T_KWH] += fmax(kwh, 0);
    r->s[T_SOC] -= 100 * kwh / PACK_KWH;
    if (t >= 900) {
        r->own[PHASE] = 0;
        r->s[T_CYCLES]++;
        r->s[T_LAST] = r->own[USED];
        r->own[USED] = 0;
        r->s[T_CHARGING] = r->s[T_SOC] < 30;
    }
}

static void truck_step(struct sim_plant *p, struct sim_rig *r)
{
    (void)p;
    if (r->s[T_CHARGING] < 0.5) {
        haul(r);
        return;
    }
    r->s[T_SPEED] = r->s[T_LOAD] = 0;
    r->s[T_SOC] += 100 * 400 * SIM_STEP_S / 3600 / PACK_KWH;
    r->s[T_CHARGING] = r->s[T_SOC] < 95;
}

const struct sim_rig_kind sim_rig_truck = {
    .name = "truck", .signals = truck_signals, .begin = truck_begin, .step = truck_step};
