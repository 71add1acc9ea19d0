/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_VENT_READ_H
#define KT_VENT_READ_H
/*
 * read: a network from a table with the columns
 * `edge_id,name,from,to,r_N_s2_m8,adjust_r,is_fan,a0_Pa,a1_Pa_s_m3,a2_Pa_s2_m6`, as published
 * networks have it. `adjust_r` is a regulator's resistance that comes to the roadway's; fan
 * pressure is a0 + a1 q + a2 q^2. Nodes where no edge ends are inlets, nodes where none begins are
 * outlets.
 */
#include "base/arena.h"
#include "conf/csv.h"
#include "domain/vent/net.h"

struct kt_vent_table {
    struct kt_vent_net net; /* branches in the order of the rows; no total flow */
    const char *const *edge_id, *const *name;
    uint32_t inlets_n, outlets_n;
};

/**
 * @param p      every mistake with its line and column
 * @param arena  holds the answer
 * @return KT_OK; KT_EPARSE mistakes were reported; KT_ELIMIT too many rows
 */
KT_MUST_CHECK int kt_vent_read(struct kt_csv *csv, struct kt_arena *arena, struct kt_problems *p,
                               struct kt_vent_table *ret, struct kt_err *err);
#endif
