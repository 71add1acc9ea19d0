/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H
/*
 * server: the plant's clock and its control port, on one thread.
 *
 * clock: every client gets the plant's time in milliseconds since 1970 and the speed asked for in
 * thousandths, a line a step; one that does not read is dropped. A client that answers with the
 * time it has followed is waited for. control: one command a line, one line back (sim/README.md).
 */
#include "base/err.h"
#include "base/time.h"

struct sim_run;
struct sim_server;

KT_MUST_CHECK int sim_server_start(struct sim_run *run, int clock_port, int control_port,
                                   struct sim_server **ret, struct kt_err *err);
void sim_server_stop(struct sim_server *s); /**< accepts NULL */
/** Any thread. */
void sim_server_tell_time(struct sim_server *s, kt_time now);
/** Has every client that answers followed up to t? Any thread. */
bool sim_server_followed(struct sim_server *s, kt_time t);
#endif
