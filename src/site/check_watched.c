/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is watched is never commanded (safety rule 7: a winding engine): a role says `watched`, and
 * then no output stands on an asset, or on a device, that has a point of such a role.
 */
#include "site/impl.h"

#include <stdio.h>

/** Link and unit of a point's device, e.g. "3/2"; false: it has no link. */
static bool device_of(const struct kt_point *p, char *to, size_t cap)
{
    const char *slash = p->address ? strchr(p->address, '/') : NULL;
    const char *at = p->address ? p->address : "";
    while (slash && at < slash && *at >= '0' && *at <= '9') {
        at++;
    }
    int unit = slash && at == slash ? (int)(slash - p->address) : 0;
    (void)snprintf(to, cap, "%u/%.*s", p->link, unit, p->address ? p->address : "");
    return p->link != KT_NONE && unit < 16;
}

static bool is_watched(const struct kt_point *p)
{
    return !p->ended && p->role && p->role->watched;
}

static void say(struct load *l, const struct kt_point *out, const struct kt_point *watched,
                const char *where)
{
    site_find(l, KT_FIND_ERROR, "watched-only", "points.csv", 0, 0,
              "output %s stands on the %s of %s (%s), which is watched and never commanded (safety "
              "rule 7); remove it",
              out->id, where, watched->id, watched->role->title.zh);
}

void site_check_watched(struct load *l)
{
    const struct kt_site *s = &l->s->pub;
    struct kt_map *devices = kt_map_new(16);
    uint32_t *of_asset = KT_NEW_ARRAY(l->scratch, uint32_t, s->assets_n + 1); /* point + 1 */
    char key[40];
    for (uint32_t i = 0; i < s->points_n; i++) {
        const struct kt_point *p = &s->points[i];
        if (is_watched(p) && p->asset < s->assets_n) {
            of_asset[p->asset] = i + 1;
        }
        if (is_watched(p) && device_of(p, key, sizeof(key))) {
            kt_map_add(devices, kt_str_c(kt_arena_strndup(l->scratch, key, strlen(key))), i);
        }
    }
    for (uint32_t i = 0; i < s->points_n; i++) {
        const struct kt_point *p = &s->points[i];
        uint64_t at;
        if (p->ended || !kt_point_commanded(p)) {
            continue;
        }
        if (p->asset < s->assets_n && of_asset[p->asset]) {
            say(l, p, &s->points[of_asset[p->asset] - 1], "asset");
        } else if (device_of(p, key, sizeof(key)) && kt_map_get(devices, kt_str_c(key), &at)) {
            say(l, p, &s->points[at], "device");
        }
    }
    kt_map_free(devices);
}
