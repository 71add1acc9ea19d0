/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_NUM_SPARSE_H
#define KT_NUM_SPARSE_H
/*
 * sparse: systems of linear equations whose matrix is mostly zeros and nearly symmetric in its
 * pattern: networks of air, water, power. The pattern is analysed once; values change and are
 * factored again as often as wanted (KLU: T. A. Davis, E. Palamadai Natarajan, Algorithm 907, ACM
 * Trans. Math. Softw. 37(3), 2010).
 *
 * Threads: one at a time for each matrix; matrices are independent.
 */
#include <stdint.h>

#include "base/err.h"

struct kt_sparse;

struct kt_sparse_entry {
    uint32_t row, col;
};

/**
 * A square matrix of `n` rows with the given entries; an entry may be given many times and is one
 * place of the matrix then.
 *
 * @param ret_slot  for each entry the slot of its value, room for `entries_n`
 * @return KT_OK; KT_EINVAL n is 0 or an entry is outside; KT_ENOMEM
 */
KT_MUST_CHECK int kt_sparse_new(uint32_t n, const struct kt_sparse_entry *entries,
                                uint32_t entries_n, struct kt_sparse **ret, uint32_t *ret_slot,
                                struct kt_err *err);
void kt_sparse_free(struct kt_sparse *m); /**< accepts NULL */
/** The values by slot, to be written; all zero after kt_sparse_new(). */
double *kt_sparse_values(struct kt_sparse *m);
void kt_sparse_clear(struct kt_sparse *m); /**< all values to zero */
/** Factor the present values. KT_OK; KT_ESTATE singular; KT_ENOMEM. */
KT_MUST_CHECK int kt_sparse_factor(struct kt_sparse *m, struct kt_err *err);
/** Solve with the last factors, in place: `b` becomes x, n long. */
void kt_sparse_solve(struct kt_sparse *m, double *b);
#endif
