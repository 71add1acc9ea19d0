/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_CLI_VENT_H
#define KT_CLI_VENT_H
/* vent: what the words of `kuangtu vent` share.   Threads: main thread. */
#include "cli/cli.h"
#include "domain/vent/read.h"
#include "domain/vent/solve.h"

/** Read the network in pos[1], with --total-flow; mistakes are printed. 0, or an exit code. */
int vent_load(const struct kt_args *a, struct kt_arena *arena, struct kt_vent_table *ret);
/** Solve it, or say why not; 0, or an exit code. */
int vent_solve(const struct kt_args *a, const struct kt_vent_net *net, struct kt_arena *arena,
               struct kt_vent_flow *ret);
int vent_what_if(const struct kt_args *a); /**< in a file of its own, as */
int vent_reconcile(const struct kt_args *a);
/** CSV where no format is asked for: these are lists for other programs. */
enum kt_format vent_format(const struct kt_args *a);
#endif
