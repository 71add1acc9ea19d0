/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_DEVICES_H
#define SIM_DEVICES_H
/*
 * devices: the Modbus TCP servers of a plan, one port a device, all on one thread that waits for
 * nothing but the wire. libmodbus makes the answers; they pass through here, so a device can be
 * told to misbehave.
 *
 * Threads: start and stop by the owner; take_coils and show by the plant's thread; mode from any.
 */
#include "plant.h"

struct sim_devices;

enum { SIM_FENCE = 9990 }; /* holding register at which a device keeps the fencing token */
enum sim_device_mode {
    SIM_DEV_OK,
    SIM_DEV_LATE,      /* answers after so many ms */
    SIM_DEV_HALF,      /* sends half of each answer */
    SIM_DEV_DRIP,      /* sends byte by byte */
    SIM_DEV_WRONG_ID,  /* answers with another unit id */
    SIM_DEV_EXCEPTION, /* answers every request with exception 4 */
    SIM_DEV_SILENT,    /* takes requests, answers none */
    SIM_DEV_VANISH     /* port closed */
};

/** @param base_port the plan's ports are added to it */
KT_MUST_CHECK int sim_devices_start(const struct sim_plant *p, int base_port,
                                    struct sim_devices **ret, struct kt_err *err);
void sim_devices_stop(struct sim_devices *d); /**< accepts NULL */
/** Coils that a client wrote since last time become commands of switches. */
void sim_devices_take_coils(struct sim_devices *d, struct sim_plant *p);
/** Put values, states and status words into the registers. */
void sim_devices_show(struct sim_devices *d, const struct sim_plant *p);
/** What a rig was set to counts for the next write already, not only from the next step. */
void sim_devices_modes(struct sim_devices *d, const struct sim_plant *p);
void sim_devices_mode(struct sim_devices *d, int device, enum sim_device_mode mode, int late_ms);
/** "ok", "late", …; false for an unknown word. */
bool sim_device_mode_of(const char *word, enum sim_device_mode *ret);
#endif
