/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_PEOPLE_H
#define SIM_PEOPLE_H
/*
 * people: persons who walk in the roadways of a plant with tags, and the anchors that hear them.
 * Read from a file of its own beside the plan (sim/README.md), moved on by the plant's time. Once a
 * second of the plant their readings are published as JSON over MQTT; in a folder RYXX (who carries
 * which card) and RYSS (who is where) appear every five minutes of the plant.
 *
 * Cards are 1001, 1002, …. Threads: `lock` of the run for commands, its own thread for the rest.
 */
#include "run.h"

struct sim_people;
struct sim_outlet;

/** @param vehicles a file of them (vehicles.h); NULL: none. @param count persons; 0: as the file
 *  says. @param drop folder for files; NULL: none */
KT_MUST_CHECK int sim_people_start(struct sim_run *r, const char *path, const char *vehicles,
                                   int count, int port, const char *drop, struct sim_outlet **ret,
                                   struct kt_err *err);
/** `person CARD sos|calm|silent|heard|out|in`, `person CARD battery N`, `person CARD with CARD`,
 *  `person all leave|stay`: by the holder of the run's lock. false: not understood. */
bool sim_people_command(struct sim_run *r, const char *card, const char *what, const char *arg);
#endif
