/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compare: where values meet limits.
 *
 * Both numbers become whole multiples of the resolution, half away from zero. A quotient that falls
 * short of a half by no more than what a float32 loses counts as the half: 0.45 that came as a
 * float32 is 0.45, also where the resolution is 0.1. The allowance grows with the number and is
 * capped, so the rounding stays monotone and every number keeps its own multiple.
 */
#include "expr/box.h"

static int sign_of(double a, double b)
{
    return (a > b) - (a < b);
}

/* |q| < 2^52, so the conversion is exact. */
static int64_t steps(double q)
{
    double m = q < 0 ? -q : q;
    double noise = m * 0x1p-22;
    int64_t n = (int64_t)(m + (0.5 + (noise < 0x1p-7 ? noise : 0x1p-7)));
    return q < 0 ? -n : n;
}

int kt_compare_at(double a, double b, double resolution)
{
    if (!(resolution > 0)) {
        return sign_of(a, b);
    }
    double apart = a - b;
    if (apart > 2 * resolution || apart < -2 * resolution) {
        return apart > 0 ? 1 : -1;
    }
    double qa = a / resolution, qb = b / resolution;
    if (!(qa > -0x1p52 && qa < 0x1p52 && qb > -0x1p52 && qb < 0x1p52)) {
        return sign_of(a, b);
    }
    int64_t na = steps(qa), nb = steps(qb);
    return (na > nb) - (na < nb);
}

bool expr_steps(double v, double resolution, double *ret)
{
    double q = v / resolution;
    if (!(q > -0x1p52 && q < 0x1p52)) {
        return false;
    }
    *ret = (double)steps(q);
    return true;
}
