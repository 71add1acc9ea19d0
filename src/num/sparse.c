/* SPDX-License-Identifier: Apache-2.0 */
/* Compressed columns over KLU: the first factorisation chooses pivots, later ones keep them. */
#include "num/sparse.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <suitesparse/klu.h>

enum { N_MAX = 1 << 24 };
#define RCOND_LEAST 1e-14 /* kept pivots that give less are chosen again */

struct kt_sparse {
    int n, nz;
    int *ap, *ai;
    double *ax;
    klu_common common;
    klu_symbolic *symbolic;
    klu_numeric *numeric;
};

static int by_number(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

/** Rows of each column, sorted and each once; fills ap and ai. */
static void compress(struct kt_sparse *m, const struct kt_sparse_entry *e, uint32_t n)
{
    int *start = m->ap; /* of the raw columns first */
    for (uint32_t i = 0; i < n; i++) {
        start[e[i].col + 1]++;
    }
    for (int c = 0; c < m->n; c++) {
        start[c + 1] += start[c];
    }
    for (uint32_t i = 0; i < n; i++) {
        m->ai[start[e[i].col]++] = (int)e[i].row;
    }
    int from = 0, out = 0; /* start[c] is now the end of column c */
    for (int c = 0; c < m->n; c++) {
        int end = start[c], first = out;
        qsort(m->ai + from, (size_t)(end - from), sizeof(int), by_number);
        for (int k = from; k < end; k++) {
            if (out == first || m->ai[out - 1] != m->ai[k]) {
                m->ai[out++] = m->ai[k];
            }
        }
        from = end;
        start[c] = first;
    }
    m->nz = m->ap[m->n] = out;
}

static uint32_t slot_of(const struct kt_sparse *m, const struct kt_sparse_entry *e)
{
    int row = (int)e->row;
    const int *at = bsearch(&row, m->ai + m->ap[e->col],
                            (size_t)(m->ap[e->col + 1] - m->ap[e->col]), sizeof(int), by_number);
    return (uint32_t)(at - m->ai);
}

static int analyse(struct kt_sparse *m, struct kt_err *err)
{
    klu_defaults(&m->common);
    m->common.btf = 0; /* networks that are asked are connected */
    m->common.scale = 0;
    m->symbolic = klu_analyze(m->n, m->ap, m->ai, &m->common);
    return m->symbolic ? KT_OK
                       : kt_err_set(err, KT_ENOMEM, "no memory to order %d equations", m->n);
}

int kt_sparse_new(uint32_t n, const struct kt_sparse_entry *entries, uint32_t entries_n,
                  struct kt_sparse **ret, uint32_t *ret_slot, struct kt_err *err)
{
    if (n == 0 || n > N_MAX || entries_n > 8u * N_MAX) {
        return kt_err_set(err, KT_EINVAL, "%u equations with %u entries", n, entries_n);
    }
    for (uint32_t i = 0; i < entries_n; i++) {
        if (entries[i].row >= n || entries[i].col >= n) {
            return kt_err_set(err, KT_EINVAL, "entry %u is outside of %u equations", i, n);
        }
    }
    struct kt_sparse *m = calloc(1, sizeof(*m));
    KT_ASSERT(m);
    m->n = (int)n;
    m->ap = calloc((size_t)n + 2, sizeof(int));
    m->ai = calloc((size_t)entries_n + 1, sizeof(int));
    m->ax = calloc((size_t)entries_n + 1, sizeof(double));
    KT_ASSERT(m->ap && m->ai && m->ax);
    compress(m, entries, entries_n);
    int r = analyse(m, err);
    if (r < 0) {
        kt_sparse_free(m);
        return r;
    }
    for (uint32_t i = 0; i < entries_n; i++) {
        ret_slot[i] = slot_of(m, &entries[i]);
    }
    *ret = m;
    return KT_OK;
}

void kt_sparse_free(struct kt_sparse *m)
{
    if (!m) {
        return;
    }
    klu_free_numeric(&m->numeric, &m->common);
    klu_free_symbolic(&m->symbolic, &m->common);
    free(m->ap);
    free(m->ai);
    free(m->ax);
    free(m);
}

double *kt_sparse_values(struct kt_sparse *m)
{
    return m->ax;
}

void kt_sparse_clear(struct kt_sparse *m)
{
    memset(m->ax, 0, (size_t)m->nz * sizeof(double));
}

/** The pivots of the last time with the values of now; false when they do not serve any more. */
static bool refactor(struct kt_sparse *m)
{
    return m->numeric && klu_refactor(m->ap, m->ai, m->ax, m->symbolic, m->numeric, &m->common) &&
           m->common.status == KLU_OK && klu_rcond(m->symbolic, m->numeric, &m->common) &&
           m->common.rcond > RCOND_LEAST;
}

int kt_sparse_factor(struct kt_sparse *m, struct kt_err *err)
{
    if (refactor(m)) {
        return KT_OK;
    }
    klu_free_numeric(&m->numeric, &m->common);
    m->numeric = klu_factor(m->ap, m->ai, m->ax, m->symbolic, &m->common);
    if (!m->numeric || m->common.status != KLU_OK) {
        klu_free_numeric(&m->numeric, &m->common);
        return m->common.status == KLU_OUT_OF_MEMORY
                   ? kt_err_set(err, KT_ENOMEM, "no memory for the factors of %d equations", m->n)
                   : kt_err_set(err, KT_ESTATE, "the equations have no single answer (row %d)",
                                m->common.singular_col);
    }
    return KT_OK;
}

void kt_sparse_solve(struct kt_sparse *m, double *b)
{
    KT_ASSERT(m->numeric);
    KT_ASSERT(klu_solve(m->symbolic, m->numeric, m->n, 1, b, &m->common));
}
