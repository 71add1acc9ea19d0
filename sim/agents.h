/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_AGENTS_H
#define SIM_AGENTS_H
/*
 * agents: the SNMP devices of a plan (switches, base stations' controller, data room), one UDP port
 * of 127.0.0.1 each, all on one thread. Their objects are points of the plan (snmp.h). A device
 * whose `alive` point is 0 says nothing.
 *
 * Threads: start and stop by the owner; show by the plant's thread.
 */
#include "plant.h"

struct sim_agents;

/** @param community what a message must name; NULL: no device answers anybody
 *  @param base_port the plan's ports are added to it */
KT_MUST_CHECK int sim_agents_start(const struct sim_plant *p, const char *community, int base_port,
                                   struct sim_agents **ret, struct kt_err *err);
void sim_agents_stop(struct sim_agents *a); /**< accepts NULL */
/** Put the points' values into the objects. */
void sim_agents_show(struct sim_agents *a, const struct sim_plant *p);
#endif
