/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PLC of a main fan station: two fans, each with its damper, and their reversal.
 *
 * Whatever is written: a fan starts only with power; a damper is shut only while the other fan
 * blows through its own open one, or its own fan stands; the damper of a fan that stands is shut
 * while the other turns; the direction is changed only while the fan stands. In local mode the
 * station obeys nobody but those who stand before it.
 */
#include <math.h>

#include "rig.h"

enum { REMOTE, GATE1, GATE2, BACK1, BACK2, FLOW, OIL1, OIL2, SHAKE1, SHAKE2 };
enum { DRIVE1, DRIVE2, SHUT1, SHUT2, TURN1, TURN2 };
#define GATE_S  8.0  /* a damper moves from end to end */
#define STILL   0.08 /* part of its speed at which a fan counts as standing */
#define BLOWING 0.9  /* part to which a damper counts as open */

static const char *const signals[] = {"remote", "gate1", "gate2",  "back1",  "back2", "flow",
                                      "oil1",   "oil2",  "shake1", "shake2", NULL};
static const char *const coils[] = {"drive1", "drive2", "shut1", "shut2", "back1", "back2", NULL};
static const char *const things[] = {"fan1", "fan2", NULL};

static void begin(struct sim_plant *p, struct sim_rig *r)
{
    r->s[REMOTE] = 1;
    for (int i = 0; i < 2; i++) {
        struct sim_fan *f = &p->fans[r->thing[i]];
        f->rig = true;
        f->ordered = sim_rig_on(p, r, DRIVE1 + i);
        f->spin = f->ordered ? 1 : 0;
        f->gate = f->ordered ? 1 : 0;
    }
}

/** Runs and pushes air through its own open damper. */
static bool blows(const struct sim_fan *f)
{
    return f->running && f->gate > BLOWING;
}

static void one_fan(struct sim_plant *p, struct sim_rig *r, int i)
{
    struct sim_fan *f = &p->fans[r->thing[i]], *other = &p->fans[r->thing[1 - i]];
    bool remote = r->s[REMOTE] > 0.5, still = fabs(f->spin) < STILL;
    bool power = f->sw < 0 || p->switches[f->sw].live;
    sim_rig_permit(p, r, DRIVE1 + i, remote && power, true);
    sim_rig_permit(p, r, SHUT1 + i, remote && (blows(other) || !f->running), true);
    sim_rig_permit(p, r, TURN1 + i, remote && still, true);
    f->ordered = sim_rig_on(p, r, DRIVE1 + i) && power;
    if (still) {
        f->back = sim_rig_on(p, r, TURN1 + i);
    }
    /* Started by hand at the place (mode on) its damper follows it. */
    bool shut = f->mode == SIM_AUTO && sim_rig_on(p, r, SHUT1 + i);
    bool turning = other->running || fabs(other->spin) > 0.5;
    double want = f->running ? !shut : !turning;
    f->gate = sim_rig_ramp(f->gate, want, 1 / GATE_S);
    r->s[GATE1 + i] = f->gate > BLOWING;
    r->s[BACK1 + i] = f->back;
    double load = fabs(f->spin);
    r->s[OIL1 + i] = 0.02 + 0.18 * load + sim_rig_wave(p, i, 0, 0.004, 700) * load;
    r->s[SHAKE1 + i] = load * sim_rig_wave(p, 3 + i, 2.1, 0.3, 400);
}

static void step(struct sim_plant *p, struct sim_rig *r)
{
    double flow = 0;
    for (int i = 0; i < 2; i++) {
        one_fan(p, r, i);
        flow += p->branches[p->fans[r->thing[i]].branch].q_m3s;
    }
    r->s[FLOW] = flow;
}

const struct sim_rig_kind sim_rig_mainfan = {.name = "mainfan",
                                             .signals = signals,
                                             .coils = coils,
                                             .things = things,
                                             .of = SIM_FAN,
                                             .begin = begin,
                                             .step = step};
