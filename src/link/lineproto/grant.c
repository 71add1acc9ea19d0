/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "link/lineproto/lineproto.h"

#include "site/site.h"

bool kt_lp_granted(void *grant, kt_point_id p)
{
    const struct kt_lp_grant *g = grant;
    const struct kt_point *point = &g->site->points[p.v];
    if (kt_point_commanded(point) || (point->link != KT_NONE && point->link != g->link)) {
        return false;
    }
    if (point->role && strcmp(point->role->group, "self") == 0) {
        return false; /* what the program says about itself nobody else says */
    }
    for (uint32_t i = 0; i < g->producer->points_n; i++) {
        if (kt_glob(g->producer->points[i], point->id)) {
            return true;
        }
    }
    return false;
}
