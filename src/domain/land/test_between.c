/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "domain/land/between.h"
#include "unit.h"

static void by_hand(void)
{
    const struct kt_xy place[] = {{0, 0}, {10, 0}, {0, 20}};
    const double value[] = {0.02, 0.08, 0.05};
    CHECK(kt_between(place, value, 3, place[1]) == 0.08);
    CHECK(fabs(kt_between(place, value, 2, (struct kt_xy){5, 0}) - 0.05) < 1e-12);
    /* at (2, 0): weights 1/4 and 1/64: (0.02·16 + 0.08) / 17 */
    CHECK(fabs(kt_between(place, value, 2, (struct kt_xy){2, 0}) - 0.4 / 17) < 1e-12);
    for (int i = 0; i < 400; i++) {
        double v = kt_between(place, value, 3, (struct kt_xy){i % 20, i / 20});
        CHECK(v >= 0.02 - 1e-12 && v <= 0.08 + 1e-12);
    }
}

UNIT_MAIN({"by hand, and never beyond what was measured", by_hand})
