/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PLC of a pump station: pumps start by the level of the sump, those in duty, the one with the
 * fewest hours first, and stop together when it is empty. Who starts one by hand from afar gets it
 * only with water over its foot valve and with the pump in order; it stops by itself with the rest.
 */
#include <math.h>

#include "rig.h"

enum { REMOTE, INFLOW, VOLUME, NEXT, READY1, HOURS1 = READY1 + 3, FAULT1 = HOURS1 + 3 };
enum { START1, DUTY1 = START1 + 3 };
enum { PUMPS = 3 };
#define STAGE_M 0.25
#define FOOT_M  0.5 /* over the lowest level, so far it may be started by hand */
#define HOUR_S  3600.0

static const char *const signals[] = {"remote", "inflow", "volume", "next",   "ready1",
                                      "ready2", "ready3", "hours1", "hours2", "hours3",
                                      "fault1", "fault2", "fault3", NULL};
static const char *const coils[] = {"start1", "start2", "start3", "duty1", "duty2", "duty3", NULL};
static const char *const things[] = {"pump1", "pump2", "pump3", NULL};

static void begin(struct sim_plant *p, struct sim_rig *r)
{
    static const double ran_h[PUMPS] = {5210, 4822, 5044};
    r->s[REMOTE] = 1;
    for (int i = 0; i < PUMPS; i++) {
        r->s[HOURS1 + i] = ran_h[i];
        p->machines[r->thing[i]].rig = true;
    }
}

static bool ready(const struct sim_plant *p, const struct sim_rig *r, int i)
{
    const struct sim_machine *m = &p->machines[r->thing[i]];
    return r->s[FAULT1 + i] < 0.5 && (m->sw < 0 || p->switches[m->sw].live);
}

/** The pump in duty that has run least, among those that are (or are not) ordered; -1. */
static int least(const struct sim_plant *p, const struct sim_rig *r, bool ordered, bool most)
{
    int found = -1;
    for (int i = 0; i < PUMPS; i++) {
        bool fits = p->machines[r->thing[i]].ordered == ordered && ready(p, r, i) &&
                    sim_rig_on(p, r, DUTY1 + i);
        double d = found < 0 ? 0 : r->s[HOURS1 + i] - r->s[HOURS1 + found];
        if (fits && (found < 0 || (most ? d > 0 : d < 0))) {
            found = i;
        }
    }
    return found;
}

static void by_level(struct sim_plant *p, struct sim_rig *r, const struct sim_tank *t)
{
    int running = 0;
    for (int i = 0; i < PUMPS; i++) {
        running += p->machines[r->thing[i]].ordered;
    }
    int i = least(p, r, false, false);
    if (i >= 0 && t->level_m > t->high_m + STAGE_M * running) {
        p->machines[r->thing[i]].ordered = true;
    }
}

static void one_pump(struct sim_plant *p, struct sim_rig *r, const struct sim_tank *t, int i)
{
    struct sim_machine *m = &p->machines[r->thing[i]];
    bool fit = ready(p, r, i) && t->level_m > t->low_m + (m->running ? 0 : FOOT_M);
    sim_rig_permit(p, r, START1 + i, fit && r->s[REMOTE] > 0.5, fit);
    sim_rig_permit(p, r, DUTY1 + i, r->s[FAULT1 + i] < 0.5, true);
    bool by_hand = sim_rig_on(p, r, START1 + i);
    if (!ready(p, r, i) || t->level_m <= t->low_m) {
        m->ordered = false;
    } else if (by_hand) {
        m->ordered = true;
    } else if (r->own[i] > 0.5) {
        m->ordered = false; /* the hand was taken away */
    }
    r->own[i] = by_hand;
    r->s[READY1 + i] = fit || m->running;
    r->s[HOURS1 + i] += m->running ? SIM_STEP_S / HOUR_S : 0;
}

static void step(struct sim_plant *p, struct sim_rig *r)
{
    const struct sim_tank *t = &p->tanks[p->machines[r->thing[0]].tank];
    by_level(p, r, t);
    for (int i = 0; i < PUMPS; i++) {
        one_pump(p, r, t, i);
    }
    r->s[INFLOW] = t->inflow_m3h * sim_rig_wave(p, 0, 1, 0.03, 900);
    r->s[VOLUME] = t->level_m * t->area_m2;
    r->s[NEXT] = 1 + least(p, r, false, false);
}

const struct sim_rig_kind sim_rig_pumps = {.name = "pumps",
                                           .signals = signals,
                                           .coils = coils,
                                           .things = things,
                                           .of = SIM_MACHINE,
                                           .begin = begin,
                                           .step = step};
