/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_REGISTERS_H
#define SIM_REGISTERS_H
/*
 * registers: holding registers that a master may set, each a signal of a rig. The PLC takes a
 * number within its own limits, while it stands in remote, and whole registers only.
 *
 * Threads: the caller's lock; take by the plant's thread.
 */
#include "plant.h"

struct sim_registers;

struct sim_registers *sim_registers_new(const struct sim_plant *p);
void sim_registers_free(struct sim_registers *r); /**< accepts NULL */

enum sim_written {
    SIM_NOT_OURS,
    SIM_TAKEN,
    SIM_IGNORED, /* answered as if it were taken */
    SIM_REFUSED
};
/** A whole request of a device's client, from the unit on. */
enum sim_written sim_registers_write(struct sim_registers *r, int device, const uint8_t *unit,
                                     size_t n);
/** What was written becomes the rigs' signals; the limits are those of now. */
void sim_registers_take(struct sim_registers *r, struct sim_plant *p);
/** How the rigs stand: set on the spot alone, or deaf. */
void sim_registers_modes(struct sim_registers *r, const struct sim_plant *p);
/** Has something been written to this point that is not taken yet? */
bool sim_registers_waits(const struct sim_registers *r, int point);
#endif
