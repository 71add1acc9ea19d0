/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/haulage/belt.h"

#include <string.h>

#include "base/err.h"

void kt_belt_init(struct kt_belt *b, double length_m, double coal_t)
{
    KT_ASSERT(length_m > 0 && coal_t >= 0);
    memset(b, 0, sizeof *b);
    b->length_m = length_m;
    for (int i = 0; i < KT_BELT_CELLS; i++) {
        b->cell_t[i] = coal_t / KT_BELT_CELLS;
    }
}

/* The last cell falls off, the others move on. */
static double shift(struct kt_belt *b)
{
    double out = b->cell_t[KT_BELT_CELLS - 1];
    memmove(&b->cell_t[1], &b->cell_t[0], (KT_BELT_CELLS - 1) * sizeof b->cell_t[0]);
    b->cell_t[0] = 0;
    return out;
}

double kt_belt_move(struct kt_belt *b, double in_t, double moved_m)
{
    double cell_m = b->length_m / KT_BELT_CELLS, out = 0;
    KT_ASSERT(in_t >= 0 && moved_m >= 0);
    double steps = (b->moved_m + moved_m) / cell_m;
    int shifts = steps >= KT_BELT_CELLS ? KT_BELT_CELLS : (int)steps;
    /* what was loaded while it moved on lies evenly over the cells that passed */
    for (int i = 0; i < shifts; i++) {
        b->cell_t[0] += in_t / (shifts + 1);
        out += shift(b);
    }
    b->cell_t[0] += in_t / (shifts + 1);
    b->moved_m = steps >= KT_BELT_CELLS ? 0 : b->moved_m + moved_m - shifts * cell_m;
    return out;
}

double kt_belt_coal(const struct kt_belt *b)
{
    double t = 0;
    for (int i = 0; i < KT_BELT_CELLS; i++) {
        t += b->cell_t[i];
    }
    return t;
}

double kt_belt_runout_m(const struct kt_belt *b)
{
    for (int i = 0; i < KT_BELT_CELLS; i++) {
        if (b->cell_t[i] > 0) {
            return (KT_BELT_CELLS - i) * (b->length_m / KT_BELT_CELLS) - b->moved_m;
        }
    }
    return 0;
}
