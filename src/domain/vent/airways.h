/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_VENT_AIRWAYS_H
#define KT_VENT_AIRWAYS_H
/*
 * airways: airways.csv of a site: its roadways as a network, what of it can change, and by which
 * points that is known. docs/site-format.md has the columns.
 *
 * The answer lives in the arena and is not changed.   Threads: readers together.
 */
#include "base/arena.h"
#include "conf/csv.h"
#include "domain/vent/whatif.h"
#include "site/site.h"

enum { KT_AIRWAY_POINTS = 4 };

struct kt_airway {
    const char *id;
    uint32_t place;                 /* index; KT_NONE: none */
    double length_m, section_m2;    /* 0: not known */
    double min_m_s, max_m_s;        /* what the regulations want; 0: nothing */
    double design_m3s;              /* along the branch; 0: not known */
    double fixed_m3s;               /* of a duct while its fan runs; 0: not a duct */
    double still_r, shut_r, open_r; /* of a fan that stands; of one leaf of a door, shut and open */
    uint32_t fan[KT_AIRWAY_POINTS], fans_n;   /* run points: any that runs is enough */
    uint32_t back[KT_AIRWAY_POINTS], backs_n; /* any that is 1: the fan turns backwards */
    double back_part;                         /* of its pressure that it makes then */
    uint32_t door[KT_AIRWAY_POINTS], doors_n; /* leaves: 0 shut, else open */
    uint32_t wind;                            /* wind speed, m/s; KT_NONE: none */
};
struct kt_airways {
    const struct kt_airway *airway;
    const struct kt_vent_branch *branch; /* as designed: fans run, doors are shut */
    const char *const *id;
    uint32_t n;
    struct kt_vent_net net; /* with `branch`; nodes, ends, names */
};

/**
 * @param site  resolves places and points; NULL: none is looked up
 * @param p     every mistake with its line and column
 * @return KT_OK; KT_EPARSE mistakes were reported; KT_ELIMIT too many rows
 */
KT_MUST_CHECK int kt_airways_read(struct kt_csv *csv, const struct kt_site *site,
                                  struct kt_arena *arena, struct kt_problems *p,
                                  struct kt_airways *ret, struct kt_err *err);

/* What is known of one branch now. */
struct kt_airway_state {
    int8_t fan;   /* 1 runs, 2 runs backwards, 0 stands, -1 not known: runs where the design has
                     flow */
    uint8_t open; /* leaves that stand open */
};
/** A point's value into `ret`; false: it is not known. */
typedef bool (*kt_airway_value_fn)(void *arg, uint32_t point, double *ret);
/** A fan runs when one of its points is known to; a leaf stands open when it is known to. */
struct kt_airway_state kt_airway_look(const struct kt_airway *a, kt_airway_value_fn value,
                                      void *arg);
/** One of its points says nothing, so that it may stand otherwise than it looks. */
bool kt_airway_unsure(const struct kt_airway *a, kt_airway_value_fn value, void *arg);
/** The network as it is: `branch` has room for n and is written. */
void kt_airways_now(const struct kt_airways *a, const struct kt_airway_state *state,
                    struct kt_vent_branch *branch);
/** What turns in `branch` the fans that blow the other way: at most n, for kt_vent_what_if(). */
uint32_t kt_airways_turned(const struct kt_airways *a, const struct kt_airway_state *state,
                           struct kt_vent_change *ret);
/** Design direction of each branch, for kt_vent_downstream(). */
void kt_airways_design(const struct kt_airways *a, int8_t *ret);
#endif
