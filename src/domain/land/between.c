/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/land/between.h"

double kt_between(const struct kt_xy *place, const double *value, uint32_t n, struct kt_xy at)
{
    double sum = 0, weights = 0;
    for (uint32_t i = 0; i < n; i++) {
        double dx = place[i].x - at.x, dy = place[i].y - at.y, d2 = dx * dx + dy * dy;
        if (d2 < 1e-6) {
            return value[i];
        }
        sum += value[i] / d2;
        weights += 1 / d2;
    }
    return sum / weights;
}
