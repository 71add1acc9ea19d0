/* SPDX-License-Identifier: Apache-2.0 */
/* mip: small cases solved by hand, and what cannot be. */
#include <math.h>
#include <stdlib.h>

#include "num/mip.h"
#include "unit.h"

static struct kt_err err;

/* Chvatal, Linear Programming (1983), chapter 1: max 5x+4y+3z; 13 at (2, 0, 1). */
static void continuous(void)
{
    static const double a[3][3] = {{2, 3, 1}, {4, 1, 2}, {3, 4, 2}}, b[3] = {5, 11, 8},
                        c[3] = {5, 4, 3};
    double x[3];
    struct kt_mip *m = kt_mip_new();
    for (uint32_t i = 0; i < 3; i++) {
        kt_mip_cost(m, kt_mip_col(m, 0, (double)INFINITY, false), -c[i]);
    }
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t row = kt_mip_row(m, -(double)INFINITY, b[i]);
        for (uint32_t k = 0; k < 3; k++) {
            kt_mip_put(m, row, k, a[i][k]);
        }
    }
    CHECK_OK(kt_mip_solve(m, 20, x, &err), &err);
    CHECK(fabs(x[0] - 2) < 1e-9 && fabs(x[1]) < 1e-9 && fabs(x[2] - 1) < 1e-9);
    kt_mip_free(m);
}

/* A bag of 10: things of weight 6, 5, 5 worth 7, 5, 5: the two of 5, though 6 is the densest. */
static void whole(void)
{
    static const double weight[3] = {6, 5, 5}, worth[3] = {7, 5, 5};
    double x[3];
    struct kt_mip *m = kt_mip_new();
    uint32_t row = kt_mip_row(m, -(double)INFINITY, 10);
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t col = kt_mip_col(m, 0, 1, true);
        kt_mip_cost(m, col, -worth[i]);
        kt_mip_put(m, row, col, weight[i]);
    }
    CHECK_OK(kt_mip_solve(m, 20, x, &err), &err);
    CHECK(x[0] == 0 && x[1] == 1 && x[2] == 1);
    kt_mip_free(m);
}

static void cannot_be(void)
{
    double x[1] = {42};
    struct kt_mip *m = kt_mip_new();
    uint32_t col = kt_mip_col(m, 0, 1, false), row = kt_mip_row(m, 2, (double)INFINITY);
    kt_mip_put(m, row, col, 1);
    CHECK_INT(kt_mip_solve(m, 20, x, &err), KT_ECONFLICT);
    CHECK(x[0] == 42);
    kt_mip_free(m);
}

UNIT_MAIN({"continuous", continuous}, {"whole numbers", whole}, {"what cannot be", cannot_be})
