/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_DOMAIN_LAND_OUTLINE_H
#define KT_DOMAIN_LAND_OUTLINE_H
/* outline: private to land. Simple polygons, drawn in by an offset. */
#include "domain/land/subsidence.h"

/** KT_OK, or KT_EINVAL: too few vertices, one twice, edges that cross, no area. */
KT_MUST_CHECK int land_outline_check(const struct kt_xy *ring, uint32_t n, struct kt_err *err);
double land_area(const struct kt_xy *ring, uint32_t n); /**< positive: anticlockwise */
/** Move every edge inwards by `offset_m` (the ring is anticlockwise) and meet the neighbours again.
 *  KT_EINVAL names the edge that is lost. */
KT_MUST_CHECK int land_outline_inset(const struct kt_xy *ring, uint32_t n, double offset_m,
                                     struct kt_xy *ret, struct kt_err *err);
#endif
