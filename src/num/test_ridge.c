/* SPDX-License-Identifier: Apache-2.0 */
#include "num/ridge.h"

#include <math.h>

#include "unit.h"

static struct kt_err err;

static double uniform(uint64_t *seed)
{
    return (double)(unit_rand(seed) >> 11) / 9007199254740992.0 - 0.5;
}

/* y = 3 + 2a - b, no noise, a large and slow column like an air pressure beside them. */
static void finds_a_plane(void)
{
    uint64_t seed = 7;
    struct kt_ridge *r = kt_ridge_new(4);
    for (int i = 0; i < 500; i++) {
        double x[4] = {uniform(&seed), 10 * uniform(&seed), 1e5 + uniform(&seed), 42};
        kt_ridge_add(r, x, 3 + 2 * x[0] - x[1]);
    }
    double w[4], c;
    CHECK_OK(kt_ridge_solve(r, 1e-12, w, &c, &err), &err);
    CHECK_NEAR(w[0], 2, 1e-8);
    CHECK_NEAR(w[1], -1, 1e-8);
    CHECK_NEAR(w[2], 0, 1e-8);
    CHECK_NEAR(w[3], 0, 0);
    CHECK_NEAR(c + 1e5 * w[2], 3, 1e-6);
    kt_ridge_free(r);
}

/* One column: w = cov / (var (1 + λ)) by hand. */
static void the_penalty_shrinks_as_the_formula_says(void)
{
    static const double x[] = {1, 2, 3, 4}, y[] = {2, 4, 5, 9};
    struct kt_ridge *r = kt_ridge_new(1);
    for (int i = 0; i < 4; i++) {
        kt_ridge_add(r, &x[i], y[i]);
    }
    double w, c; /* mean x 2.5, y 5; cov 11/4, var 5/4 */
    CHECK_OK(kt_ridge_solve(r, 0.1, &w, &c, &err), &err);
    CHECK_NEAR(w, 11.0 / 5 / 1.1, 1e-12);
    CHECK_NEAR(c, 5 - w * 2.5, 1e-12);
    kt_ridge_free(r);
}

/* Two equal columns share the weight; the gradient of the whole is nothing at the answer. */
static void the_answer_is_the_minimum(void)
{
    enum { P = 6, N = 60 };
    static double x[N][P], y[N];
    uint64_t seed = 20;
    double lambda = 0.03, w[P], c;
    struct kt_ridge *r = kt_ridge_new(P);
    for (int i = 0; i < N; i++) {
        for (int k = 0; k < P - 1; k++) {
            x[i][k] = uniform(&seed) * (k + 1);
        }
        x[i][P - 1] = x[i][0];
        y[i] = x[i][0] + uniform(&seed);
        kt_ridge_add(r, x[i], y[i]);
    }
    CHECK_OK(kt_ridge_solve(r, lambda, w, &c, &err), &err);
    CHECK_NEAR(w[0], w[P - 1], 1e-12);
    for (int k = 0; k < P; k++) {
        double g = 0, mean = 0, var = 0;
        for (int i = 0; i < N; i++) {
            mean += x[i][k] / N;
        }
        for (int i = 0; i < N; i++) {
            double e = y[i] - c;
            for (int m = 0; m < P; m++) {
                e -= w[m] * x[i][m];
            }
            g -= e * x[i][k] / N;
            var += (x[i][k] - mean) * (x[i][k] - mean) / N;
        }
        CHECK_NEAR(g + lambda * var * w[k], 0, 1e-12);
    }
    kt_ridge_free(r);
}

static void refuses_what_cannot_be_fitted(void)
{
    struct kt_ridge *r = kt_ridge_new(1);
    double x = 1, w = -7, c;
    CHECK_INT(kt_ridge_solve(r, 1, &w, &c, &err), KT_ESTATE);
    kt_ridge_add(r, &x, 1);
    CHECK_INT(kt_ridge_solve(r, 1, &w, &c, &err), KT_ESTATE);
    x = 1e300;
    kt_ridge_add(r, &x, 1);
    CHECK_INT(kt_ridge_solve(r, 1, &w, &c, &err), KT_EINVAL);
    CHECK(w == -7);
    kt_ridge_free(r);
    kt_ridge_free(NULL);
}

UNIT_MAIN({"finds a plane", finds_a_plane},
          {"the penalty shrinks as the formula says", the_penalty_shrinks_as_the_formula_says},
          {"the answer is the minimum", the_answer_is_the_minimum},
          {"refuses what cannot be fitted", refuses_what_cannot_be_fitted})
