/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_POSITION_PLACE_H
#define KT_POSITION_PLACE_H
/*
 * place: a tag on the network from what anchors measured, with the bound of its error.
 *
 * Distances are along roadways, so a tag lies where its distances to the anchors, along the
 * network, fit those measured best in the sense of least squares. One anchor alone, or several that
 * lie on one side, fit more than one place: the bound then spans all that fit, unless only one of
 * them can have been walked to from where the tag was before. Of those that fit, the likeliest is
 * taken: by what it misses, by the walk to it, and by the turn into another roadway. Who was heard
 * and not measured stays where he was while that is known better than the reach of the anchor.
 *
 * Pure; no allocation; sqrt() alone of libm, which rounds exactly.   Threads: any.
 */
#include "domain/position/mine.h"

#define KT_RANGE_SIGMA_M 3.0 /* of one measured distance */
#define KT_WALK_MOST_M_S 6.0 /* nobody is faster, on a man-riding haulage neither */

struct kt_ranging {
    uint32_t station;
    double m; /* NAN: heard, not measured */
};
struct kt_position {
    uint32_t way; /* KT_NONE: not known */
    double at_m;  /* from the way's `from` */
    double err_m; /* the tag is within so many metres along roadways */
};

/**
 * @param r       n rangings, 1 or more
 * @param before  where it was, NULL: nobody knows; @param dt_s seconds since then
 * @return false: no place fits (anchors that are not connected)
 */
bool kt_position_place(const struct kt_mine *m, const struct kt_ranging *r, uint32_t n,
                       const struct kt_position *before, double dt_s, struct kt_position *ret);
#endif
