/* SPDX-License-Identifier: Apache-2.0 */
/* Breakers with leakage protection, compressors, refuge chambers: each with its own PLC. */
#include <math.h>

#include "rig.h"

/* ---- a breaker: insulation below its setting trips it, and holds it until it is set right */
enum { K_OHM, K_TRIP };
#define LEAK_KOHM 11.0 /* of 660 V; the setting of the relay */
static const char *const breaker_signals[] = {"ohm", "trip", NULL};
static const char *const breaker_coils[] = {"breaker", NULL};

static void breaker_begin(struct sim_plant *p, struct sim_rig *r)
{
    (void)p;
    r->s[K_OHM] = 320;
}

static void breaker_step(struct sim_plant *p, struct sim_rig *r)
{
    if (r->s[K_OHM] < LEAK_KOHM) {
        r->s[K_TRIP] = 1;
    }
    sim_rig_permit(p, r, 0, r->s[K_TRIP] < 0.5, r->s[K_TRIP] < 0.5);
}

const struct sim_rig_kind sim_rig_breaker = {.name = "breaker",
                                             .signals = breaker_signals,
                                             .coils = breaker_coils,
                                             .begin = breaker_begin,
                                             .step = breaker_step};

/* ---- a compressor */
enum { C_RUN, C_MPA, C_TEMP, C_OIL, C_TRIP, C_REMOTE, C_HOT };
#define TRIP_C 109.0
static const char *const compressor_signals[] = {"run",  "mpa",    "temp", "oil",
                                                 "trip", "remote", "hot",  NULL};
static const char *const compressor_coils[] = {"start", NULL};

static void compressor_begin(struct sim_plant *p, struct sim_rig *r)
{
    (void)p;
    r->s[C_REMOTE] = 1;
    r->s[C_MPA] = 0.72;
    r->s[C_TEMP] = 25;
}

static void compressor_step(struct sim_plant *p, struct sim_rig *r)
{
    if (r->s[C_TEMP] > TRIP_C) {
        r->s[C_TRIP] = 1;
    }
    bool fit = r->s[C_TRIP] < 0.5;
    sim_rig_permit(p, r, 0, fit && r->s[C_REMOTE] > 0.5, fit);
    r->s[C_RUN] = sim_rig_on(p, r, 0);
    bool run = r->s[C_RUN] > 0.5;
    r->s[C_MPA] += ((run ? 0.76 : 0.70) - r->s[C_MPA]) * SIM_STEP_S / 60;
    r->s[C_TEMP] += ((run ? 82 + 45 * r->s[C_HOT] : 25) - r->s[C_TEMP]) * SIM_STEP_S / 90;
    r->s[C_OIL] = run ? 0.34 : 0;
}

const struct sim_rig_kind sim_rig_compressor = {.name = "compressor",
                                                .signals = compressor_signals,
                                                .coils = compressor_coils,
                                                .begin = compressor_begin,
                                                .step = compressor_step};

/* ---- a refuge chamber: those inside breathe, bottles and scrubbers keep it */
enum { R_O2, R_CO2, R_CO, R_PA, R_DOOR, R_BOTTLE, R_INSIDE };
static const char *const refuge_signals[] = {"o2",   "co2",    "co",     "pa",
                                             "door", "bottle", "inside", NULL};

static void refuge_begin(struct sim_plant *p, struct sim_rig *r)
{
    (void)p;
    r->s[R_O2] = 20.8;
    r->s[R_CO2] = 0.06;
    r->s[R_PA] = 220;
    r->s[R_BOTTLE] = 12.4;
}

static void refuge_step(struct sim_plant *p, struct sim_rig *r)
{
    double men = r->s[R_INSIDE];
    r->s[R_PA] += ((r->s[R_DOOR] > 0.5 ? 15 : 220) - r->s[R_PA]) * SIM_STEP_S / 5;
    r->s[R_CO2] += ((0.06 + 0.02 * men) - r->s[R_CO2]) * SIM_STEP_S / 300;
    r->s[R_O2] += ((20.8 - 0.01 * men) - r->s[R_O2]) * SIM_STEP_S / 300;
    r->s[R_BOTTLE] = fmax(0, r->s[R_BOTTLE] - men * 1e-5 * SIM_STEP_S);
    (void)p;
}

const struct sim_rig_kind sim_rig_refuge = {
    .name = "refuge", .signals = refuge_signals, .begin = refuge_begin, .step = refuge_step};
