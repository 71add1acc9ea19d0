/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_DOMAIN_LAND_BETWEEN_H
#define KT_DOMAIN_LAND_BETWEEN_H
/*
 * between: values of a few places spread over a grid, by the inverse of the squared distance
 * (Shepard 1968, ACM 23rd National Conference, p. 517). Never above the highest nor below the
 * lowest that was measured, and at a place what was measured there. Nothing is known between
 * places: who draws it says so.   Threads: any.
 */
#include <stdint.h>

#include "domain/land/subsidence.h"

/** The value at `at`; n is 1 or more. */
double kt_between(const struct kt_xy *place, const double *value, uint32_t n, struct kt_xy at);
#endif
