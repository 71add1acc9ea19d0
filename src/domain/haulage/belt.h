/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_DOMAIN_HAULAGE_BELT_H
#define KT_DOMAIN_HAULAGE_BELT_H
/*
 * belt: the coal that lies on a belt, by what was loaded at its tail and how far it has moved.
 *
 * The belt is cut into KT_BELT_CELLS pieces of equal length that move whole: coal leaves over the
 * head after exactly the belt's length, whatever the speed did meanwhile, a run-down included.
 * Mass is kept: loaded = fallen off + kt_belt_coal(), to rounding.
 * Pure; no I/O.   Threads: one at a time for one belt.
 */
#include <stdbool.h>

enum { KT_BELT_CELLS = 64 };

struct kt_belt {
    double length_m;
    double cell_t[KT_BELT_CELLS]; /* tonnes, from tail to head */
    double moved_m;               /* since the cells moved on last; below one cell */
};

/** @param coal_t what lies on it now, spread evenly; not below 0 */
void kt_belt_init(struct kt_belt *b, double length_m, double coal_t);
/**
 * Load, then move.
 * @param in_t    tonnes that fell on its tail in this step; not below 0
 * @param moved_m metres that it moved in this step; not below 0
 * @return tonnes that fell off its head
 */
double kt_belt_move(struct kt_belt *b, double in_t, double moved_m);
double kt_belt_coal(const struct kt_belt *b); /**< tonnes */
/** Metres that it must still move until nothing lies on it; 0: empty. */
double kt_belt_runout_m(const struct kt_belt *b);
#endif
