/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A winding engine with its own control: nothing that is written from outside moves it. The cage
 * goes up and down by itself along its speed envelope; it stays where it is while a curtain is
 * open, and stops when it passes its end, when the rope is slack or when it is faster than the
 * envelope allows.
 */
#include <math.h>

#include "rig.h"

enum { DEPTH, SPEED, LIMIT, BRAKE, CYCLES, OVER, SLACK, TOP, BOTTOM, PERMIT, LOAD, FAST };
#define SHAFT_M 520.0
#define FULL_MS 8.0
#define ACC     0.7 /* m/s2 */
#define CREEP   0.4
#define DWELL_S 45.0

static const char *const signals[] = {"depth", "speed", "limit", "brake",  "cycles",
                                      "over",  "slack", "top",   "bottom", "permit",
                                      "load",  "fast",  NULL};

enum { TO, WAIT, RATE }; /* what it remembers: where to, how long it still stands, m/s */

static void begin(struct sim_plant *p, struct sim_rig *r)
{
    (void)p;
    r->s[TOP] = r->s[BOTTOM] = 1;
    r->s[CYCLES] = 41200;
    r->own[TO] = SHAFT_M;
    r->own[WAIT] = DWELL_S;
}

/** What may be gone at a depth: so that it stops at the end of its way, 15 % over what it does. */
static double envelope(double depth)
{
    double left = fmin(depth, SHAFT_M - depth);
    return fmax(0.6, fmin(FULL_MS * 1.15, 1.15 * sqrt(2 * ACC * fmax(left, 0) + CREEP * CREEP)));
}

static void go(struct sim_rig *r, double to)
{
    double left = fabs(to - r->s[DEPTH]);
    double want = fmin(FULL_MS, sqrt(2 * ACC * left)) + (r->s[FAST] > 0.5 ? 2.5 : 0);
    r->own[RATE] = sim_rig_ramp(r->own[RATE], want, ACC * (want < r->own[RATE] ? 1.6 : 1));
    r->s[DEPTH] += copysign(fmin(r->own[RATE] * SIM_STEP_S, left), to - r->s[DEPTH]);
    if (left < 0.02) {
        r->own[TO] = to > 1 ? 0 : SHAFT_M;
        r->own[WAIT] = DWELL_S;
        r->s[CYCLES] += to < 1;
    }
}

static void step(struct sim_plant *p, struct sim_rig *r)
{
    bool curtains = r->s[TOP] > 0.5 && r->s[BOTTOM] > 0.5;
    bool safe = r->s[OVER] < 0.5 && r->s[SLACK] < 0.5;
    r->s[LIMIT] = envelope(r->s[DEPTH]);
    safe = safe && r->own[RATE] <= r->s[LIMIT] * 1.15 + 0.3; /* its own protection: 15 % over */
    r->s[PERMIT] = curtains && safe;
    r->own[WAIT] = fmax(0, r->own[WAIT] - SIM_STEP_S);
    if (r->s[PERMIT] > 0.5 && r->own[WAIT] <= 0) {
        go(r, r->own[TO]);
    } else {
        r->own[RATE] = sim_rig_ramp(r->own[RATE], 0, 3.0);
    }
    bool moves = r->own[RATE] > 0.01;
    r->s[SPEED] = r->own[RATE];
    r->s[BRAKE] = sim_rig_ramp(r->s[BRAKE], moves ? 0.3 : 6.2, 8);
    r->s[LOAD] = r->own[TO] > 1 ? 4.5 : 9.2;
    (void)p;
}

const struct sim_rig_kind sim_rig_hoist = {
    .name = "hoist", .signals = signals, .begin = begin, .step = step};
