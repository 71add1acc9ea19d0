/* SPDX-License-Identifier: Apache-2.0 */
/* check_ranges: is every cut possible, and can it be proved? */
#include "site/impl.h"

#include <math.h>

static bool named_like_fan(const struct kt_point *p)
{
    return strstr(p->name.zh, "局部通风机") || strstr(p->name.zh, "局扇");
}

/* A local fan whose feed-state point is that of a switch hangs on that switch. */
static const struct kt_point *fan_on_feed(const struct kt_site *s, const kt_point_id *fans,
                                          uint32_t n, kt_point_id feed)
{
    for (uint32_t i = 0; i < n && feed.v != KT_NONE; i++) {
        if (s->points[fans[i].v].feed.v == feed.v) {
            return &s->points[fans[i].v];
        }
    }
    return NULL;
}

struct cuts {
    struct load *l;
    const kt_point_id *fans; /* protected outputs of group fan */
    uint32_t fans_n;
    uint8_t *said; /* bits per output: 1 feed, 2 fan, 4 link */
};

static void check_cut_switch(struct cuts *c, uint32_t sensor, uint32_t out)
{
    const struct kt_site *s = &c->l->s->pub;
    const struct kt_point *o = &s->points[out], *z = &s->points[sensor];
    if (o->feed.v == KT_NONE && !(c->said[out] & 1) && !o->role->is_protected) {
        c->said[out] |= 1;
        site_find_point(c->l, KT_FIND_WARNING, "switch-without-feed", out,
                        "switch %s (%s) has no feed-state point, so a cut cannot be proved; give "
                        "the column feed",
                        o->id, o->name.zh);
    }
    if (o->link == KT_NONE && !(c->said[out] & 4)) {
        c->said[out] |= 4;
        site_find_point(c->l, KT_FIND_ERROR, "switch-without-link", out,
                        "switch %s is in the range of %s but has no link, so it cannot be opened; "
                        "give link and address",
                        o->id, z->id);
    }
    const struct kt_point *fan = fan_on_feed(s, c->fans, c->fans_n, o->feed);
    bool is_fan = o->role->is_protected && s->ranges[z->limits->range].scope != KT_SCOPE_SELF;
    if ((fan && fan != o) || is_fan || (!o->role->is_protected && named_like_fan(o))) {
        if (!(c->said[out] & 2)) {
            c->said[out] |= 2;
            site_find_point(c->l, KT_FIND_WARNING, "fan-in-range", out,
                            "%s (%s) feeds a local fan and lies in the range of %s; a cut would "
                            "stop the air: check role, serves and feed",
                            fan ? fan->id : o->id, o->name.zh, z->id);
        }
    }
}

/* What a range starts (its outputs protect by being on) needs no proof that something is dead, and
 * not every place has it. */
static bool only_starts(const struct kt_site *s, const struct kt_range *r)
{
    uint32_t cuts = r->roles_n == 0;
    for (uint32_t i = 0; i < s->roles_n; i++) {
        for (uint32_t k = 0; k < r->roles_n; k++) {
            cuts += s->roles[i].kind == KT_POINT_OUTPUT && s->roles[i].opening == 0 &&
                    kt_glob(r->roles[k], s->roles[i].id);
        }
    }
    return cuts == 0;
}

static void check_sensor(struct cuts *c, uint32_t i)
{
    const struct kt_site *s = &c->l->s->pub;
    const struct kt_point *p = &s->points[i];
    if (p->limits && p->limits->range != KT_NONE && !only_starts(s, &s->ranges[p->limits->range])) {
        const struct kt_range *r = &s->ranges[p->limits->range];
        if (p->cuts_n == 0 && r->scope != KT_SCOPE_SELF) {
            site_find_point(c->l, KT_FIND_WARNING, "cutoff-without-switch", i,
                            "%s (%s): no switch serves its range \"%s\"; place a switch there or "
                            "name the places in its column serves",
                            p->id, p->name.zh, r->title.zh);
        }
        for (uint32_t j = 0; j < p->cuts_n; j++) {
            check_cut_switch(c, i, p->cuts[j].v);
        }
    }
    if (p->role->cutoff && p->link == KT_NONE) {
        site_find_point(c->l, KT_FIND_ERROR, "cutoff-without-link", i,
                        "cut-off sensor %s has no link, so no value can come; give link and "
                        "address",
                        p->id);
    }
    if (p->role->cutoff && isnan(p->range_hi)) {
        site_find_point(c->l, KT_FIND_WARNING, "cutoff-without-range", i,
                        "cut-off sensor %s has no range_hi, so over-range cannot be seen; give the "
                        "measuring range",
                        p->id);
    }
}

/* The program's own points: without them it does not watch itself. */
static void check_self(struct load *l)
{
    static const char *const roles[] = {"self.queue",   "self.lag",    "self.unacked",
                                        "self.held",    "self.disk",   "self.clock",
                                        "self.journal", "self.backup", "self.history"};
    const struct kt_site *s = &l->s->pub;
    for (size_t i = 0; i < KT_ARRAY_LEN(roles); i++) {
        const struct kt_role *r = site_role(l, kt_str_c(roles[i]));
        bool found = false;
        for (uint32_t j = 0; r && j < s->points_n && !found; j++) {
            found = s->points[j].role == r && !s->points[j].ended;
        }
        if (r && !found) {
            site_find(l, KT_FIND_NOTE, "self-watch", "points.csv", 0, 0,
                      "no point of role %s, so this is not watched; add one row without link",
                      roles[i]);
        }
    }
}

void site_check_ranges(struct load *l)
{
    const struct kt_site *s = &l->s->pub;
    struct cuts c = {.l = l, .said = KT_NEW_ARRAY(l->scratch, uint8_t, s->points_n + 1)};
    kt_point_id *fans = NULL;
    uint32_t cap = 0;
    for (uint32_t i = 0; i < s->points_n; i++) {
        const struct kt_point *p = &s->points[i];
        if (!p->ended && p->kind == KT_POINT_OUTPUT && p->role->is_protected &&
            strcmp(p->role->group, "fan") == 0) {
            SITE_PUSH(l, fans, c.fans_n, cap)->v = i;
        }
    }
    c.fans = fans;
    for (uint32_t i = 0; i < s->points_n; i++) {
        if (!s->points[i].ended) {
            check_sensor(&c, i);
        }
    }
    check_self(l);
}
