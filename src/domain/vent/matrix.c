/* SPDX-License-Identifier: Apache-2.0 */
/* A D^-1 A' of the free branches: entries are walked in the same order each time. */
#include "domain/vent/work.h"

int vent_matrix_init(struct vent_work *w, struct kt_err *err)
{
    uint32_t n = w->net->branches_n, k = 0, u = w->unknowns_n;
    if (u == 0) {
        return KT_OK;
    }
    struct kt_sparse_entry *e = KT_NEW_ARRAY(w->arena, struct kt_sparse_entry, 4 * n + u);
    w->slot = KT_NEW_ARRAY(w->arena, uint32_t, 4 * n + u);
    for (uint32_t b = 0; b < n; b++) {
        uint32_t i = w->unknown[vent_from(w, b)], j = w->unknown[vent_to(w, b)];
        if (!vent_free(w, b)) {
            continue;
        }
        uint32_t row[4] = {i, j, i, j}, col[4] = {i, j, j, i};
        for (int c = 0; c < 4; c++) {
            if (row[c] != VENT_NO_UNKNOWN && col[c] != VENT_NO_UNKNOWN) {
                e[k++] = (struct kt_sparse_entry){row[c], col[c]};
            }
        }
    }
    return kt_sparse_new(u, e, k, &w->matrix, w->slot, err);
}

int vent_matrix_factor(struct vent_work *w, struct kt_err *err)
{
    if (w->unknowns_n == 0) {
        return KT_OK;
    }
    uint32_t k = 0;
    double *v = kt_sparse_values(w->matrix);
    kt_sparse_clear(w->matrix);
    for (uint32_t b = 0; b < w->net->branches_n; b++) {
        uint32_t i = w->unknown[vent_from(w, b)], j = w->unknown[vent_to(w, b)];
        if (!vent_free(w, b)) {
            continue;
        }
        double c = 1 / w->d[b];
        if (i != VENT_NO_UNKNOWN) {
            v[w->slot[k++]] += c;
        }
        if (j != VENT_NO_UNKNOWN) {
            v[w->slot[k++]] += c;
        }
        if (i != VENT_NO_UNKNOWN && j != VENT_NO_UNKNOWN) {
            v[w->slot[k++]] -= c;
            v[w->slot[k++]] -= c;
        }
    }
    return kt_sparse_factor(w->matrix, err);
}

void vent_matrix_spread(struct vent_work *w, uint32_t b, double value)
{
    uint32_t i = w->unknown[vent_from(w, b)], j = w->unknown[vent_to(w, b)];
    if (i != VENT_NO_UNKNOWN) {
        w->rhs[i] += value;
    }
    if (j != VENT_NO_UNKNOWN) {
        w->rhs[j] -= value;
    }
}

double vent_matrix_fall(const struct vent_work *w, uint32_t b)
{
    uint32_t i = w->unknown[vent_from(w, b)], j = w->unknown[vent_to(w, b)];
    return (i == VENT_NO_UNKNOWN ? 0 : w->rhs[i]) - (j == VENT_NO_UNKNOWN ? 0 : w->rhs[j]);
}
