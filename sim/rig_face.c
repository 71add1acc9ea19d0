/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A coaling face: the shearer goes along it, supports are set and lowered behind it by their own
 * control; and the station that mixes their emulsion: a controller of its own (PI) brings the
 * concentration to the set-point, filters are flushed back by their difference of pressure.
 */
#include <math.h>

#include "rig.h"

enum { F_POS, F_DIR, F_SPEED, F_AUTO, F_MOVES, F_AUTO_MOVES, F_STARTS, F_HAND, F_P1 };
enum { SUPPORTS = 40 };
static const char *const face_signals[] = {"pos",       "dir",    "speed", "auto", "moves",
                                           "automoves", "starts", "hand",  NULL};
static const char *const face_things[] = {"shearer", NULL};

static void face_begin(struct sim_plant *p, struct sim_rig *r)
{
    r->s[F_DIR] = 1;
    r->s[F_AUTO] = 1;
    r->s[F_POS] = 12;
    r->s[F_MOVES] = 18400;
    r->s[F_AUTO_MOVES] = 17020;
    r->s[F_STARTS] = 212;
    for (int i = 0; i < SUPPORTS; i++) {
        r->s[F_P1 + i] = 22 + 10 * sim_even(p->seed, 77, (uint64_t)i);
    }
}

static void support(struct sim_plant *p, struct sim_rig *r, int i)
{
    double yield = 34 + 4 * sim_even(p->seed, 78, (uint64_t)i);
    r->s[F_P1 + i] += (yield - r->s[F_P1 + i]) * SIM_STEP_S / 2400;
}

/** Those that it has passed by are lowered, pulled forward and set again. */
static void advance(struct sim_plant *p, struct sim_rig *r, int i)
{
    bool by_itself = r->s[F_AUTO] > 0.5 && sim_even(p->seed, 79, (uint64_t)p->step) > 0.06;
    r->s[F_P1 + i] = 24 + 2 * sim_even(p->seed, 80, (uint64_t)p->step);
    r->s[F_MOVES]++;
    r->s[F_AUTO_MOVES] += by_itself;
}

static void face_step(struct sim_plant *p, struct sim_rig *r)
{
    const struct sim_machine *m = &p->machines[r->thing[0]];
    bool cuts = m->running;
    r->s[F_STARTS] += cuts && r->own[0] < 0.5 && r->s[F_AUTO] > 0.5;
    r->s[F_HAND] += cuts && r->own[0] < 0.5 && r->s[F_AUTO] < 0.5;
    r->own[0] = cuts;
    r->s[F_SPEED] = cuts ? 3 + 3 * m->work : 0;
    int before = (int)r->s[F_POS];
    r->s[F_POS] += r->s[F_DIR] * r->s[F_SPEED] / 60 / 1.75 * SIM_STEP_S; /* in supports */
    if (r->s[F_POS] >= SUPPORTS || r->s[F_POS] <= 1) {
        r->s[F_DIR] = r->s[F_POS] <= 1 ? 1 : -1;
        r->s[F_POS] = fmin(fmax(r->s[F_POS], 1), SUPPORTS);
    }
    for (int i = 0; i < SUPPORTS; i++) {
        support(p, r, i);
    }
    int behind = before - 3 * (int)r->s[F_DIR];
    if ((int)r->s[F_POS] != before && behind >= 1 && behind <= SUPPORTS) {
        advance(p, r, behind - 1);
    }
}

const struct sim_rig_kind sim_rig_face = {.name = "face",
                                          .signals = face_signals,
                                          .series = "p",
                                          .things = face_things,
                                          .of = SIM_MACHINE,
                                          .begin = face_begin,
                                          .step = face_step};

/* ---- emulsion */
enum {
    E_SET,
    E_CONC,
    E_VALVE,
    E_LEVEL,
    E_MPA,
    E_HIGH,
    E_LOW,
    E_FLUSH,
    E_FLUSHES,
    E_DPSET,
    E_TURBID
};
static const char *const mix_signals[] = {"set", "conc",  "valve",   "level", "mpa",    "high",
                                          "low", "flush", "flushes", "dpset", "turbid", NULL};
#define GAIN    6.0 /* % of valve a % of concentration */
#define RESET_S 40.0
#define FLUSH_S 20.0

static void mix_begin(struct sim_plant *p, struct sim_rig *r)
{
    (void)p;
    r->s[E_SET] = r->s[E_CONC] = 4;
    r->s[E_DPSET] = 0.35;
    r->s[E_LEVEL] = 1.6;
    r->s[E_HIGH] = 0.12;
    r->s[E_LOW] = 0.08;
    r->own[0] = 40; /* the integral: the valve's rest */
}

/** Oil through the valve thickens, consumption and water thin; the sensor sees it late. */
static void concentration(struct sim_rig *r)
{
    double off = r->s[E_SET] - r->s[E_CONC];
    double valve = r->own[0] + GAIN * off;
    if (valve > 0 && valve < 100) { /* no wind-up at the ends */
        r->own[0] += GAIN * off * SIM_STEP_S / RESET_S;
    }
    r->s[E_VALVE] = fmin(fmax(valve, 0), 100);
    r->own[1] += (r->s[E_VALVE] / 10 - r->own[1]) * SIM_STEP_S / 25; /* the tank */
    r->s[E_CONC] += (r->own[1] - r->s[E_CONC]) * SIM_STEP_S / 6;     /* the sensor */
}

static void filter(struct sim_rig *r)
{
    if (r->s[E_HIGH] >= r->s[E_DPSET] && r->own[2] <= 0) {
        r->own[2] = FLUSH_S;
        r->s[E_FLUSHES]++;
    }
    r->s[E_FLUSH] = r->own[2] > 0;
    r->own[2] = fmax(0, r->own[2] - SIM_STEP_S);
    double clog = r->s[E_FLUSH] > 0.5 ? -0.03 : 0.00006 * (1 + 8 * r->s[E_TURBID]);
    r->s[E_HIGH] = fmax(0.04, r->s[E_HIGH] + clog * SIM_STEP_S);
    r->s[E_LOW] = fmax(0.03, r->s[E_LOW] + 0.5 * clog * SIM_STEP_S);
}

static void mix_step(struct sim_plant *p, struct sim_rig *r)
{
    concentration(r);
    filter(r);
    r->s[E_LEVEL] = sim_rig_wave(p, 2, 1.6, 0.15, 600);
    r->s[E_MPA] = sim_rig_wave(p, 1, 31.2, 0.5, 45);
}

const struct sim_rig_kind sim_rig_mix = {
    .name = "mix", .signals = mix_signals, .begin = mix_begin, .step = mix_step};
