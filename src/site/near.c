/* SPDX-License-Identifier: Apache-2.0 */
/* near: which cameras are near something: first those of the same place, then by metres, then by
 * the way through the place tree. */
#include <string.h>

#include "site/site.h"

enum { NEAREST = 2 };

uint32_t kt_site_camera(const struct kt_site *s, struct kt_str id)
{
    for (uint32_t i = 0; i < s->cameras_n; i++) {
        if (kt_str_is(id, s->cameras[i].id)) {
            return i;
        }
    }
    return KT_NONE;
}

/* Steps through the tree from one place to the other; both are of one tree or far apart. */
static uint32_t steps(const struct kt_site *s, kt_place_id a, kt_place_id b)
{
    uint32_t up = 0;
    for (kt_place_id x = a; x.v != KT_NONE; x = s->places[x.v].parent, up++) {
        if (kt_site_within(s, b, x)) {
            uint32_t down = 0;
            for (kt_place_id y = b; y.v != x.v; y = s->places[y.v].parent) {
                down++;
            }
            return up + down;
        }
    }
    return UINT32_MAX;
}

struct near {
    uint32_t camera, steps;
    double d2;
};

static bool nearer(const struct near *a, const struct near *b)
{
    if ((a->steps == 0) != (b->steps == 0)) {
        return a->steps == 0;
    }
    return a->d2 != b->d2         ? a->d2 < b->d2
           : a->steps != b->steps ? a->steps < b->steps
                                  : a->camera < b->camera;
}

uint32_t kt_site_cameras_near(const struct kt_site *s, kt_place_id place, double x, double y,
                              uint32_t *ret, uint32_t cap)
{
    struct near best[KT_CAMERAS_NEAR];
    uint32_t n = 0;
    cap = cap < KT_CAMERAS_NEAR ? cap : KT_CAMERAS_NEAR;
    for (uint32_t i = 0; i < s->cameras_n && cap; i++) {
        const struct kt_camera *c = &s->cameras[i];
        bool known = c->has_xy && x == x && y == y;
        struct near one = {i, steps(s, place, c->place), 1e30};
        one.d2 = known ? (c->x - x) * (c->x - x) + (c->y - y) * (c->y - y) : 1e30;
        uint32_t at = n;
        while (at > 0 && nearer(&one, &best[at - 1])) {
            at--;
        }
        if (at >= cap) {
            continue;
        }
        n = n < cap ? n + 1 : cap;
        memmove(&best[at + 1], &best[at], (n - at - 1) * sizeof(*best));
        best[at] = one;
    }
    for (uint32_t i = 0; i < n; i++) {
        ret[i] = best[i].camera;
    }
    return n;
}

uint32_t kt_site_pictures(const struct kt_site *s, const struct kt_action *a, kt_point_id self,
                          uint32_t ret[KT_CAMERAS_NEAR])
{
    const struct kt_point *p = &s->points[self.v];
    if (a->kind == KT_ACT_CAMERAS) {
        return kt_site_cameras_near(s, p->place, p->x, p->y, ret, a->count);
    }
    if (a->kind != KT_ACT_PICTURE) {
        return 0;
    }
    if (a->camera < s->cameras_n) {
        ret[0] = a->camera;
        return 1;
    }
    return kt_site_cameras_near(s, p->place, p->x, p->y, ret, NEAREST);
}
