/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_RUN_H
#define SIM_RUN_H
/*
 * run: a plant in time: steps at the pace asked for, its scenario, and the commands that change it.
 *
 * Threads: one that steps; others hold `lock` while they touch the plant. The devices' own lock is
 * taken inside it, never the other way round.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "base/buf.h"
#include "plant.h"

struct sim_devices;
struct sim_agents;
struct sim_server;
struct sim_people;
struct sim_phones;

struct sim_run {
    struct sim_plant *plant;
    pthread_mutex_t lock;
    struct sim_devices *devices; /* NULL: none */
    struct sim_agents *agents;   /* NULL: none */
    struct sim_server *server;   /* NULL: none */
    struct sim_people *people;   /* NULL: nobody walks */
    struct sim_phones *phones;   /* NULL: none */
    _Atomic int64_t speed_milli; /* 1000: as fast as time */
    _Atomic int64_t now;         /* plant time, for those who only ask */
    _Atomic bool stopping;
    pthread_t thread;
};

void sim_run_init(struct sim_run *r, struct sim_plant *p);
KT_MUST_CHECK int sim_run_start(struct sim_run *r, struct kt_err *err);
void sim_run_stop(struct sim_run *r); /**< others may still use the lock */
void sim_run_done(struct sim_run *r); /**< after the last of them has ended */
/** One step with its scenario and the exchange with the devices (what the thread does). */
void sim_run_step(struct sim_run *r);

/**
 * Carry out one line of the control port (sim/README.md) and write the answer: "ok …" or "error …",
 * without the line's end. The caller holds the lock.
 */
void sim_command(struct sim_run *r, const char *line, struct kt_buf *answer);
/** Begin a scenario by name; KT_ENOTFOUND. The caller holds the lock. */
KT_MUST_CHECK int sim_scenario_begin(struct sim_run *r, const char *name, struct kt_err *err);
/** Undo all that commands and scenarios did to instruments, machines and devices. */
void sim_reset(struct sim_run *r);
/** Carry out the scenario's lines that are due. */
void sim_scenario_step(struct sim_run *r);
#endif
