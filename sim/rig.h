/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_RIG_H
#define SIM_RIG_H
/*
 * rig: a machine with a PLC of its own: signals that instruments show, coils that are written to
 * it, and interlocks that it holds whatever is written. One file a family: rig_*.c.
 *
 * A step looks at the commands of its coils, moves its signals on, takes back commands that its
 * interlocks forbid and locks the coils that it would refuse to set now.
 * Threads: as the plant's.
 */
#include "plant.h"

enum { SIM_RIG_SIGNALS = 64, SIM_RIG_COILS = 16, SIM_RIG_THINGS = 4, SIM_RIG_OWN = 36 };

/* A signal that a master may set, within the PLC's own limits. */
struct sim_rig_set {
    int signal;
    double lo, hi;
};

struct sim_rig_kind {
    const char *name;
    /* What of it is seen or set by name, in the order of the kind's own enum; NULL ends. */
    const char *const *signals;
    const char *series; /* signals PREFIX1 … follow the last named one; NULL: none */
    const char *const *coils;
    const char *const *things; /* fans, pumps, … that it drives: names of its words */
    enum sim_kind of;          /* what they are */
    const struct sim_rig_set *sets;
    int sets_n, remote,
        deaf; /* signals: below 0.5 it is set on the spot alone; it ignores writes */
    void (*begin)(struct sim_plant *p, struct sim_rig *r); /* NULL: all signals are 0 */
    void (*step)(struct sim_plant *p, struct sim_rig *r);
};

struct sim_rig {
    const char *id;
    const struct sim_rig_kind *kind;
    double s[SIM_RIG_SIGNALS];
    int sw[SIM_RIG_COILS]; /* switches; -1: it has no such coil */
    int thing[SIM_RIG_THINGS];
    int64_t heard;           /* step at which a master last asked its device; 0: never */
    int device;              /* -1: on none */
    double own[SIM_RIG_OWN]; /* what it remembers */
};

/** NULL when there is none. */
const struct sim_rig_kind *sim_rig_kind_of(struct kt_str name);
/** How a master may set a signal; NULL: not. */
const struct sim_rig_set *sim_rig_set_of(const struct sim_rig_kind *k, int signal);
/** Index of a signal by name; -1. */
int sim_rig_signal(const struct sim_rig_kind *k, struct kt_str name);
void sim_rigs_step(struct sim_plant *p);

/* For the families. */
static inline bool sim_rig_on(const struct sim_plant *p, const struct sim_rig *r, int coil)
{
    return r->sw[coil] >= 0 && p->switches[r->sw[coil]].command;
}
/** Take a command back, and refuse it, while it may not be. */
static inline void sim_rig_permit(struct sim_plant *p, struct sim_rig *r, int coil, bool start,
                                  bool stay)
{
    if (r->sw[coil] >= 0) {
        struct sim_switch *s = &p->switches[r->sw[coil]];
        s->locked = !start;
        s->command = s->command && stay;
    }
}
/** Move towards a value by at most `rate` a second. */
double sim_rig_ramp(double from, double to, double rate);
/** A value that swings quietly about `mean`. */
double sim_rig_wave(const struct sim_plant *p, int n, double mean, double swing, double period_s);

extern const struct sim_rig_kind sim_rig_mainfan, sim_rig_pumps, sim_rig_hoist, sim_rig_barrier,
    sim_rig_airlock, sim_rig_near, sim_rig_breaker, sim_rig_compressor, sim_rig_refuge,
    sim_rig_face, sim_rig_mix, sim_rig_water, sim_rig_fill, sim_rig_drill, sim_rig_truck,
    sim_rig_ring, sim_rig_bases, sim_rig_room;
#endif
