/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_DOMAIN_LAND_CONTOUR_H
#define KT_DOMAIN_LAND_CONTOUR_H
/*
 * contour: lines of equal value over a grid, by marching squares with linear interpolation; the
 * saddle of a cell goes by the mean of its corners. Pure and deterministic.   Threads: any.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "domain/land/subsidence.h"

/** A line; the first place again at its end when it is closed. Borrowed for the call. */
typedef void (*kt_contour_fn)(void *arg, const struct kt_xy *line, uint32_t n, bool closed);
/**
 * Lines of `level` over nx times ny values, row by row from (x0, y0) in steps of `step`.
 *
 * @return KT_OK; KT_ELIMIT more than 4 million values
 */
KT_MUST_CHECK int kt_contour(const double *value, uint32_t nx, uint32_t ny, struct kt_xy origin,
                             double step, double level, kt_contour_fn fn, void *arg,
                             struct kt_err *err);
#endif
