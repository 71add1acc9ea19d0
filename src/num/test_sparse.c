/* SPDX-License-Identifier: Apache-2.0 */
#include "num/sparse.h"

#include <math.h>

#include "unit.h"

/* A chain of n nodes, each tied to ground by 0.1 and to the next by `w`: tridiagonal. */
static uint32_t entry_at(uint32_t k, bool column)
{
    static const uint8_t to_next[4][2] = {{0, 0}, {1, 1}, {0, 1}, {1, 0}};
    return k / 4 + to_next[k % 4][column];
}

static uint32_t chain_entries(struct kt_sparse_entry *e, uint32_t n)
{
    uint32_t links = 4 * (n - 1);
    for (uint32_t k = 0; k < links; k++) {
        e[k] = (struct kt_sparse_entry){entry_at(k, false), entry_at(k, true)};
    }
    for (uint32_t i = 0; i < n; i++) {
        e[links + i] = (struct kt_sparse_entry){i, i};
    }
    return links + n;
}

static void chain(double *ax, const uint32_t *slot, uint32_t n, double w)
{
    uint32_t links = 4 * (n - 1);
    for (uint32_t k = 0; k < links; k++) {
        ax[slot[k]] += entry_at(k, false) == entry_at(k, true) ? w : -w;
    }
    for (uint32_t i = 0; i < n; i++) {
        ax[slot[links + i]] += 0.1;
    }
}

static void solves_again_and_again(void)
{
    enum { N = 50 };
    struct kt_sparse_entry e[5 * N];
    uint32_t slot[5 * N], n = chain_entries(e, N);
    struct kt_sparse *m = NULL;
    struct kt_err err;
    CHECK_OK(kt_sparse_new(N, e, n, &m, slot, &err), &err);
    REQUIRE(m);
    for (double w = 1; w < 1e6; w *= 10) {
        double x[N], b[N];
        kt_sparse_clear(m);
        chain(kt_sparse_values(m), slot, N, w);
        for (int i = 0; i < N; i++) {
            x[i] = sin(i) * i;
        }
        for (int i = 0; i < N; i++) {
            b[i] = 0.1 * x[i] + (i > 0 ? w * (x[i] - x[i - 1]) : 0) +
                   (i + 1 < N ? w * (x[i] - x[i + 1]) : 0);
        }
        CHECK_OK(kt_sparse_factor(m, &err), &err);
        kt_sparse_solve(m, b);
        for (int i = 0; i < N; i++) {
            CHECK_NEAR(b[i], x[i], 1e-6);
        }
    }
    kt_sparse_free(m);
}

static void refuses_what_has_no_answer(void)
{
    struct kt_sparse_entry e[] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}}, bad = {2, 0};
    uint32_t slot[4];
    struct kt_sparse *m = NULL;
    struct kt_err err;
    CHECK_INT(kt_sparse_new(2, &bad, 1, &m, slot, &err), KT_EINVAL);
    CHECK_INT(kt_sparse_new(0, e, 0, &m, slot, &err), KT_EINVAL);
    CHECK_OK(kt_sparse_new(2, e, 4, &m, slot, &err), &err);
    REQUIRE(m);
    for (int i = 0; i < 4; i++) {
        kt_sparse_values(m)[slot[i]] = 1;
    }
    CHECK_INT(kt_sparse_factor(m, &err), KT_ESTATE);
    kt_sparse_values(m)[slot[3]] = 3; /* and it is asked again with others */
    CHECK_OK(kt_sparse_factor(m, &err), &err);
    double b[2] = {3, 7};
    kt_sparse_solve(m, b);
    CHECK_NEAR(b[0], 1, 1e-12);
    CHECK_NEAR(b[1], 2, 1e-12);
    kt_sparse_free(m);
    kt_sparse_free(NULL);
}

UNIT_MAIN({"factors new values over the same pattern", solves_again_and_again},
          {"a matrix without one answer is refused", refuses_what_has_no_answer})
