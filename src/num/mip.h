/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_NUM_MIP_H
#define KT_NUM_MIP_H
/*
 * mip: the least of a linear cost over linear bounds, some of the unknowns whole numbers (Cbc).
 *
 * Cbc takes signals of the process and may use much memory: it runs in a child process
 * (sys/proc.h), never in one that serves.   Threads: one at a time.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct kt_mip;

struct kt_mip *kt_mip_new(void);
void kt_mip_free(struct kt_mip *m); /**< accepts NULL */
/** An unknown within lo … hi (INFINITY: no bound); its number, from 0. */
uint32_t kt_mip_col(struct kt_mip *m, double lo, double hi, bool whole);
/** A sum within lo … hi; its number, from 0. */
uint32_t kt_mip_row(struct kt_mip *m, double lo, double hi);
/** `v` times the unknown comes to the sum; once for each pair. */
void kt_mip_put(struct kt_mip *m, uint32_t row, uint32_t col, double v);
/** What one of the unknown costs; 0 at first. Kept from one kt_mip_solve() to the next. */
void kt_mip_cost(struct kt_mip *m, uint32_t col, double v);
/**
 * @param ret_x  by unknown; written only on success
 * @return KT_OK the least there is; KT_ECONFLICT no values keep all bounds; KT_ETIMEOUT
 */
KT_MUST_CHECK int kt_mip_solve(struct kt_mip *m, double seconds, double *ret_x, struct kt_err *err);
#endif
