/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small PLCs that keep people from machines: a vehicle barrier, doors of which one alone opens, a
 * roadheader that stops when somebody is near.
 */
#include "rig.h"

/* ---- a wire-rope barrier on an incline: down is safe */
enum { B_UP, B_CAR, B_SPEED, B_WINCH, B_FAULT };
#define RUNAWAY_MS 4.0
static const char *const barrier_signals[] = {"up", "car", "speed", "winch", "fault", NULL};
static const char *const barrier_coils[] = {"raise", NULL};

static void barrier_begin(struct sim_plant *p, struct sim_rig *r)
{
    (void)p;
    r->s[B_WINCH] = 1;
}

static void barrier_step(struct sim_plant *p, struct sim_rig *r)
{
    bool calm = r->s[B_SPEED] < RUNAWAY_MS && r->s[B_FAULT] < 0.5 && r->s[B_WINCH] > 0.5;
    sim_rig_permit(p, r, 0, calm, calm);
    r->own[0] = sim_rig_ramp(r->own[0], sim_rig_on(p, r, 0) ? 1 : 0, 0.5);
    r->s[B_UP] = r->own[0] > 0.95;
}

const struct sim_rig_kind sim_rig_barrier = {.name = "barrier",
                                             .signals = barrier_signals,
                                             .coils = barrier_coils,
                                             .begin = barrier_begin,
                                             .step = barrier_step};

/* ---- an airlock: one leaf opens when the other is shut */
enum { L_FAULT, L_SHARE };
static const char *const lock_signals[] = {"fault", NULL};
static const char *const lock_coils[] = {"a", "b", NULL};
static const char *const lock_things[] = {"door", NULL};

static void lock_begin(struct sim_plant *p, struct sim_rig *r)
{
    struct sim_door *d = &p->doors[r->thing[0]];
    d->plc = d->held[0] = d->held[1] = true;
}

static void lock_step(struct sim_plant *p, struct sim_rig *r)
{
    struct sim_door *d = &p->doors[r->thing[0]];
    for (int i = 0; i < 2; i++) {
        bool other = d->leaf_open[1 - i] || sim_rig_on(p, r, 1 - i);
        sim_rig_permit(p, r, i, !other && r->s[L_FAULT] < 0.5, true);
        if (r->own[2 + i] != sim_rig_on(p, r, i)) { /* its cylinder moves when it is told to */
            r->own[2 + i] = sim_rig_on(p, r, i);
            d->leaf_open[i] = sim_rig_on(p, r, i);
        }
    }
}

const struct sim_rig_kind sim_rig_airlock = {.name = "airlock",
                                             .signals = lock_signals,
                                             .coils = lock_coils,
                                             .things = lock_things,
                                             .of = SIM_DOOR,
                                             .begin = lock_begin,
                                             .step = lock_step};

/* ---- somebody near a roadheader: the machine's own contactor falls */
enum { N_PERSON, N_WARN, N_READY };
static const char *const near_signals[] = {"person", "warn", "ready", NULL};
static const char *const near_coils[] = {"machine", NULL};

static void near_begin(struct sim_plant *p, struct sim_rig *r)
{
    (void)p;
    r->s[N_READY] = 1;
}

static void near_step(struct sim_plant *p, struct sim_rig *r)
{
    bool free_of_people = r->s[N_PERSON] < 0.5 && r->s[N_READY] > 0.5;
    sim_rig_permit(p, r, 0, free_of_people, free_of_people);
}

const struct sim_rig_kind sim_rig_near = {.name = "near",
                                          .signals = near_signals,
                                          .coils = near_coils,
                                          .begin = near_begin,
                                          .step = near_step};
