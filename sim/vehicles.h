/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_VEHICLES_H
#define SIM_VEHICLES_H
/*
 * vehicles: what drives to and fro on a way of roadways of a plan, from the open and back to it,
 * with a tag (people.h hears and tells it) and, if it carries one, a methane detector that is read
 * every five seconds of the plant. Where no base station reaches, readings are kept; then they come
 * with their own times, the oldest first.
 *
 * Threads: none of its own; the owner holds the plant's lock while it moves.
 */
#include "plant.h"

enum { SIM_VEHICLES = 32, SIM_WAY = 64, SIM_KEPT = 64 };

struct sim_kept_reading {
    kt_time time;
    double ch4; /* % */
};
struct sim_vehicle {
    char card[16], topic[96];     /* topic "": no detector */
    double speed, rest_s, wait_s; /* m/s; at the far end; in the open */
    int way[SIM_WAY], way_n;
    bool ahead[SIM_WAY], dark[SIM_WAY]; /* along from -> to; no base station */
    int leg, dir;                       /* of the way; dir 1: away from the open */
    double at, pause_s;                 /* metres along the leg as it is driven inward */
    bool out;
    kt_time read;
    struct sim_kept_reading kept[SIM_KEPT];
    int kept_n;
};
struct sim_vehicles {
    struct sim_vehicle v[SIM_VEHICLES];
    int n;
};

/** A file of lines "vehicle CARD way=BRANCH:BRANCH… [speed= rest= wait= topic= dark=BRANCH:…]"; a
 *  way begins at a node that is open. KT_EPARSE names the line. */
KT_MUST_CHECK int sim_vehicles_read(const struct sim_plant *p, const char *path,
                                    struct sim_vehicles *ret, struct kt_err *err);
/** Drive for dt seconds; read the detectors that are due. */
void sim_vehicles_move(const struct sim_plant *p, struct sim_vehicles *x, double dt, kt_time now);
/** Where it is: false: in the open. */
bool sim_vehicle_at(const struct sim_plant *p, const struct sim_vehicle *v, int *branch, double *m);
/** May what is kept be sent now? */
bool sim_vehicle_reached(const struct sim_vehicle *v);
#endif
