/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sums are taken of x - x(first row), which keeps the digits of columns like an air pressure that
 * are large and hardly change. `xx` holds the lower triangle, row by row.
 */
#include "num/ridge.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct kt_ridge {
    uint32_t p;
    size_t n;
    double *shift, *x, *row; /* p each: the first row, Σ, the row being added */
    double *xx;              /* p (p + 1) / 2: Σ x_i x_j */
    double *xy;
    double shift_y, y;
};

static double *numbers(size_t n)
{
    double *p = calloc(n, sizeof(*p));
    KT_ASSERT(p);
    return p;
}

struct kt_ridge *kt_ridge_new(uint32_t columns)
{
    KT_ASSERT(columns > 0 && columns <= KT_RIDGE_MAX_COLUMNS);
    struct kt_ridge *r = calloc(1, sizeof(*r));
    KT_ASSERT(r);
    r->p = columns;
    r->shift = numbers(columns);
    r->x = numbers(columns);
    r->row = numbers(columns);
    r->xy = numbers(columns);
    r->xx = numbers((size_t)columns * (columns + 1) / 2);
    return r;
}

void kt_ridge_free(struct kt_ridge *r)
{
    if (r) {
        free(r->shift);
        free(r->x);
        free(r->row);
        free(r->xy);
        free(r->xx);
        free(r);
    }
}

void kt_ridge_add(struct kt_ridge *r, const double *x, double y)
{
    if (r->n++ == 0) {
        memcpy(r->shift, x, r->p * sizeof(*x));
        r->shift_y = y;
    }
    y -= r->shift_y;
    r->y += y;
    double *xx = r->xx;
    for (uint32_t i = 0; i < r->p; i++) {
        double v = x[i] - r->shift[i];
        r->row[i] = v;
        r->x[i] += v;
        r->xy[i] += v * y;
        for (uint32_t k = 0; k <= i; k++) {
            *xx++ += v * r->row[k];
        }
    }
}

size_t kt_ridge_rows(const struct kt_ridge *r)
{
    return r->n;
}

/* The equations of the columns in units of their spread: correlations and a right side; false: sums
 * past what a double holds. */
static bool standard(const struct kt_ridge *r, double *a, double *b, double *spread)
{
    double n = (double)r->n, my = r->y / n;
    const double *xx = r->xx;
    bool finite = isfinite(r->y);
    for (uint32_t i = 0; i < r->p; i++) {
        xx += i;
        double var = xx[i] / n - r->x[i] / n * (r->x[i] / n);
        double floor = 1e-14 * (xx[i] / n) + 1e-300;
        spread[i] = var > floor ? sqrt(var) : 0;
        finite = finite && isfinite(var) && isfinite(r->xy[i]);
    }
    xx = r->xx;
    for (uint32_t i = 0; i < r->p; i++) {
        double si = spread[i];
        b[i] = si > 0 ? (r->xy[i] / n - r->x[i] / n * my) / si : 0;
        for (uint32_t k = 0; k <= i; k++) {
            double both = si * spread[k];
            *a++ = both > 0 ? (*xx / n - r->x[i] / n * (r->x[k] / n)) / both : 0;
            xx++;
        }
    }
    return finite;
}

/* L L' = a in place, lower triangle row by row; false: not positive definite. */
static bool factor(double *a, uint32_t p)
{
    double *ri = a;
    for (uint32_t i = 0; i < p; ri += ++i) {
        const double *rk = a;
        for (uint32_t k = 0; k <= i; rk += ++k) {
            double s = ri[k];
            for (uint32_t m = 0; m < k; m++) {
                s -= ri[m] * rk[m];
            }
            if (k == i && !(s > 0)) {
                return false;
            }
            ri[k] = k == i ? sqrt(s) : s / rk[k];
        }
    }
    return true;
}

static void substitute(const double *l, uint32_t p, double *b)
{
    const double *row = l;
    for (uint32_t i = 0; i < p; row += ++i) {
        for (uint32_t k = 0; k < i; k++) {
            b[i] -= row[k] * b[k];
        }
        b[i] /= row[i];
    }
    for (uint32_t i = p; i-- > 0;) {
        row -= i + 1;
        b[i] /= row[i];
        for (uint32_t k = 0; k < i; k++) {
            b[k] -= row[k] * b[i];
        }
    }
}

int kt_ridge_solve(const struct kt_ridge *r, double lambda, double *ret_weight, double *ret_offset,
                   struct kt_err *err)
{
    KT_ASSERT(lambda > 0);
    if (r->n < 2) {
        return kt_err_set(err, KT_ESTATE, "a fit wants two rows or more");
    }
    double *a = numbers((size_t)r->p * (r->p + 1) / 2);
    double *b = numbers(r->p), *spread = numbers(r->p);
    bool ok = standard(r, a, b, spread);
    double *diagonal = a;
    for (uint32_t i = 0; i < r->p; i++) {
        diagonal += i;
        diagonal[i] = (spread[i] > 0 ? diagonal[i] : 1) + lambda;
    }
    ok = ok && factor(a, r->p);
    if (ok) {
        substitute(a, r->p, b);
        double offset = r->shift_y + r->y / (double)r->n;
        for (uint32_t i = 0; i < r->p; i++) {
            b[i] = spread[i] > 0 ? b[i] / spread[i] : 0;
            offset -= b[i] * (r->shift[i] + r->x[i] / (double)r->n);
        }
        ok = isfinite(offset);
        if (ok) {
            memcpy(ret_weight, b, r->p * sizeof(*b));
            *ret_offset = offset;
        }
    }
    free(a);
    free(b);
    free(spread);
    return ok ? KT_OK
              : kt_err_set(err, KT_EINVAL, "the numbers of these rows are too large to be fitted");
}
