/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stations behind a face, each with a PLC whose loops are its own: one mixes emulsion, a PI
 * controller doses oil until the concentration is what was set; one cleans the water for it. Both
 * flush their filters back when the difference of pressure reaches what was set. A master sets
 * numbers within the PLC's own limits, while it stands in remote. A third one pumps the paste of
 * the wall that keeps an entry behind the face.
 */
#include <math.h>

#include "rig.h"

/* ---- filters: they clog with what the water carries, a flush takes it off unless they are fouled
 */
#define FLUSH_S 20.0
#define REST_S  40.0 /* between two flushes */

struct filter {
    double *dp, *flush, *flushes; /* what is seen */
    double *left_s, *rest_s;      /* what it remembers */
    double limit, clean, carried;
    bool fouled;
};

static void filter_step(const struct filter *f)
{
    *f->rest_s = fmax(0, *f->rest_s - SIM_STEP_S);
    if (*f->dp >= f->limit && *f->left_s <= 0 && *f->rest_s <= 0) {
        *f->left_s = FLUSH_S;
        *f->rest_s = FLUSH_S + REST_S;
        (*f->flushes)++;
    }
    *f->flush = *f->left_s > 0;
    *f->left_s = fmax(0, *f->left_s - SIM_STEP_S);
    double taken = f->fouled ? 0 : -0.03;
    double clog = *f->flush > 0.5 ? taken : 0.00006 * (1 + 8 * f->carried);
    *f->dp = fmax(f->clean, *f->dp + clog * SIM_STEP_S);
}

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
    E_TURBID,
    E_REMOTE,
    E_DEAF,
    E_GAIN,
    E_RESET,
    E_POS,
    E_STICK,
    E_WATER,
    E_OIL,
    E_RUN,
    E_FOULED
};
static const char *const mix_signals[] = {"set",  "conc",  "valve",   "level", "mpa",    "high",
                                          "low",  "flush", "flushes", "dpset", "turbid", "remote",
                                          "deaf", "gain",  "reset",   "pos",   "stick",  "water",
                                          "oil",  "run",   "fouled",  NULL};
static const struct sim_rig_set mix_sets[] = {{E_SET, 2, 6}, {E_DPSET, 0.1, 0.6}};
enum { INTEGRAL, TANK, LEFT, REST, PIPE, PIPE_STEPS = 30 }; /* own[PIPE …]: what is in the pipe */
#define TANK_S   25.0
#define SENSOR_S 6.0
#define TANK_M2  2.0
#define LEVEL_M  1.6
#define DRY_M    0.4 /* the pumps stand below this, so that they never suck air */

static void mix_begin(struct sim_plant *p, struct sim_rig *r)
{
    (void)p;
    r->s[E_SET] = r->s[E_CONC] = r->own[TANK] = 4;
    r->s[E_GAIN] = 6; /* % of valve a % of concentration */
    r->s[E_RESET] = 40;
    r->s[E_DPSET] = 0.35;
    r->s[E_LEVEL] = LEVEL_M;
    r->s[E_HIGH] = 0.12;
    r->s[E_LOW] = 0.08;
    r->s[E_REMOTE] = 1;
    r->s[E_OIL] = 82;
    r->own[INTEGRAL] = r->s[E_POS] = 40; /* the valve's rest */
    for (int i = 0; i < PIPE_STEPS; i++) {
        r->own[PIPE + i] = 4;
    }
}

/** The PLC's loop: PI, without wind-up at the valve's ends. */
static void control(struct sim_rig *r)
{
    double off = r->s[E_SET] - r->s[E_CONC];
    double valve = r->own[INTEGRAL] + r->s[E_GAIN] * off;
    if (valve > 0 && valve < 100) {
        r->own[INTEGRAL] += r->s[E_GAIN] * off * SIM_STEP_S / r->s[E_RESET];
    }
    r->s[E_VALVE] = fmin(fmax(valve, 0), 100);
    if (r->s[E_STICK] < 0.5) {
        r->s[E_POS] = sim_rig_ramp(r->s[E_POS], r->s[E_VALVE], 25);
    }
}

/** Oil through the valve comes by the pipe, mixes in the tank; the sensor sees it late. */
static void concentration(struct sim_plant *p, struct sim_rig *r)
{
    double *pipe = &r->own[PIPE + p->step % PIPE_STEPS];
    double arrives = *pipe;
    *pipe = r->s[E_OIL] > 0 ? r->s[E_POS] / 10 : 0;
    r->own[TANK] += (arrives - r->own[TANK]) * SIM_STEP_S / TANK_S;
    r->s[E_CONC] += (r->own[TANK] - r->s[E_CONC]) * SIM_STEP_S / SENSOR_S;
}

/** Water replaces what the supports take; one pump runs, both while they take much. */
static void supply(struct sim_plant *p, struct sim_rig *r)
{
    double taken = r->s[E_RUN] > 0 ? sim_rig_wave(p, 2, 0.9, 0.6, 120) : 0; /* l/s */
    r->s[E_WATER] = fmin(fmax(45 + 400 * (LEVEL_M - r->s[E_LEVEL]), 0), 100);
    r->s[E_LEVEL] += (0.02 * r->s[E_WATER] - taken) / 1000 / TANK_M2 * SIM_STEP_S;
    r->s[E_OIL] = fmax(0, r->s[E_OIL] - taken * r->s[E_CONC] * 1e-6 * SIM_STEP_S);
    r->s[E_RUN] = r->s[E_LEVEL] < DRY_M ? 0 : taken > 1.2 ? 2 : 1;
    r->s[E_MPA] = r->s[E_RUN] > 0 ? sim_rig_wave(p, 1, 31.2, 0.5, 45) : 0;
}

static void mix_step(struct sim_plant *p, struct sim_rig *r)
{
    control(r);
    concentration(p, r);
    supply(p, r);
    filter_step(&(struct filter){.dp = &r->s[E_HIGH],
                                 .flush = &r->s[E_FLUSH],
                                 .flushes = &r->s[E_FLUSHES],
                                 .left_s = &r->own[LEFT],
                                 .rest_s = &r->own[REST],
                                 .limit = r->s[E_DPSET],
                                 .clean = 0.04,
                                 .carried = r->s[E_TURBID],
                                 .fouled = r->s[E_FOULED] > 0.5});
    r->s[E_LOW] = fmax(0.03, 0.6 * r->s[E_HIGH]);
}

const struct sim_rig_kind sim_rig_mix = {.name = "mix",
                                         .signals = mix_signals,
                                         .sets = mix_sets,
                                         .sets_n = 2,
                                         .remote = E_REMOTE,
                                         .deaf = E_DEAF,
                                         .begin = mix_begin,
                                         .step = mix_step};

/* ---- clean water: pit water through a filter into a tank */
enum {
    W_DP,
    W_FLUSH,
    W_FLUSHES,
    W_DPSET,
    W_TURBID,
    W_CLEAR,
    W_LEVEL,
    W_FLOW,
    W_REMOTE,
    W_DEAF,
    W_FOULED
};
static const char *const water_signals[] = {"dp",    "flush", "flushes", "dpset", "turbid", "clear",
                                            "level", "flow",  "remote",  "deaf",  "fouled", NULL};
static const struct sim_rig_set water_sets[] = {{W_DPSET, 0.05, 0.3}};

static void water_begin(struct sim_plant *p, struct sim_rig *r)
{
    (void)p;
    r->s[W_DP] = 0.06;
    r->s[W_DPSET] = 0.15;
    r->s[W_TURBID] = 2;
    r->s[W_LEVEL] = 2.2;
    r->s[W_REMOTE] = 1;
}

static void water_step(struct sim_plant *p, struct sim_rig *r)
{
    filter_step(&(struct filter){.dp = &r->s[W_DP],
                                 .flush = &r->s[W_FLUSH],
                                 .flushes = &r->s[W_FLUSHES],
                                 .left_s = &r->own[0],
                                 .rest_s = &r->own[1],
                                 .limit = r->s[W_DPSET],
                                 .clean = 0.03,
                                 .carried = r->s[W_TURBID] / 8,
                                 .fouled = r->s[W_FOULED] > 0.5});
    bool makes = r->s[W_FLUSH] < 0.5; /* while it flushes nothing comes through */
    r->s[W_FLOW] = makes ? fmax(0, 9 - 12 * r->s[W_DP]) : 0; /* m3/h */
    r->s[W_CLEAR] = 0.15 * r->s[W_TURBID];
    double taken = sim_rig_wave(p, 3, 7, 1, 600);
    r->s[W_LEVEL] += (r->s[W_FLOW] - taken) / 3600 / 6 * SIM_STEP_S;
    r->s[W_LEVEL] = fmin(fmax(r->s[W_LEVEL], 0), 2.6);
}

const struct sim_rig_kind sim_rig_water = {.name = "water",
                                           .signals = water_signals,
                                           .sets = water_sets,
                                           .sets_n = 1,
                                           .remote = W_REMOTE,
                                           .deaf = W_DEAF,
                                           .begin = water_begin,
                                           .step = water_step};

/* ---- backfill: paste for the wall beside a retained entry, pumped in batches behind the face */
enum { F_FLOW, F_SOLIDS, F_MPA, F_VOLUME, F_LENGTH, F_CLOSING, F_BLOCKED };
static const char *const fill_signals[] = {"flow",   "solids",  "mpa",     "volume",
                                           "length", "closing", "blocked", NULL};
#define BATCH_S   (40 * 60) /* of every … */
#define ROUND_S   (90 * 60)
#define WALL_M3_M 9.0   /* paste in a metre of wall */
#define CLOSED_MM 260.0 /* what the entry comes to in the end … */
#define SETTLES_S 1.7e6 /* … and how slowly */

static void fill_begin(struct sim_plant *p, struct sim_rig *r)
{
    (void)p;
    r->s[F_SOLIDS] = 76;
    r->s[F_VOLUME] = 2700;
    r->s[F_CLOSING] = 140;
}

static void fill_step(struct sim_plant *p, struct sim_rig *r)
{
    bool pumps = fmod((double)p->step * SIM_STEP_S, ROUND_S) < BATCH_S;
    bool blocked = r->s[F_BLOCKED] > 0.5;
    r->s[F_FLOW] = pumps && !blocked ? sim_rig_wave(p, 4, 60, 4, 300) : 0; /* m3/h */
    r->s[F_SOLIDS] = sim_rig_wave(p, 5, 76, 1.5, 900);
    r->s[F_MPA] = !pumps ? 0 : blocked ? 15 : sim_rig_wave(p, 6, 6.5, 0.6, 120);
    r->s[F_VOLUME] += r->s[F_FLOW] / 3600 * SIM_STEP_S;
    r->s[F_LENGTH] = r->s[F_VOLUME] / WALL_M3_M;
    r->s[F_CLOSING] += (CLOSED_MM - r->s[F_CLOSING]) / SETTLES_S * SIM_STEP_S;
}

const struct sim_rig_kind sim_rig_fill = {
    .name = "fill", .signals = fill_signals, .begin = fill_begin, .step = fill_step};
