/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_NUM_RIDGE_H
#define KT_NUM_RIDGE_H
/*
 * ridge: least squares with a penalty on the weights (Hoerl and Kennard, Technometrics 12, 1970),
 *
 *     min over w, c of  1/n Σ (y - c - Σ w_j x_j)²  +  λ Σ (s_j w_j)²
 *
 * where s_j is the spread of column j, so that λ has no unit and no column is favoured for its
 * unit. Rows are added one by one and not kept: the sums of n rows grow into those of n + 1, so a
 * check in order of time costs one pass. Solved by Cholesky; a column without spread gets weight 0.
 *
 * Pure and deterministic.   Threads: one at a time.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { KT_RIDGE_MAX_COLUMNS = 2048 };

struct kt_ridge;

/** @param columns 1 … KT_RIDGE_MAX_COLUMNS */
struct kt_ridge *kt_ridge_new(uint32_t columns);
void kt_ridge_free(struct kt_ridge *r); /**< accepts NULL */
/** One row; every number finite. */
void kt_ridge_add(struct kt_ridge *r, const double *x, double y);
size_t kt_ridge_rows(const struct kt_ridge *r);
/**
 * @param lambda above 0: so the equations always have one solution
 * @param ret_weight as many as there are columns
 * @param ret_offset c
 * @return KT_OK; KT_ESTATE fewer than two rows; KT_EINVAL numbers too large or not finite
 */
KT_MUST_CHECK int kt_ridge_solve(const struct kt_ridge *r, double lambda, double *ret_weight,
                                 double *ret_offset, struct kt_err *err);
#endif
