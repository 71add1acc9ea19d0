/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_TEST_TINY_SITE_H
#define KT_TEST_TINY_SITE_H
/*
 * tiny_site: a site built by hand for unit tests, without files. It defines the functions of
 * site/site.h that read a site, so a test that includes it does not link the loader.
 *
 *     struct tiny t; tiny_init(&t);
 *     tiny_role(&t, "ch4", KT_POINT_ANALOG); tiny_point(&t, "T1", "ch4", "face"); ...
 *     tiny_done(&t);   t.site is ready
 */
#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "site/site.h"

enum { TINY_ROLES = 32, TINY_PLACES = 32, TINY_RULES = 48, TINY_LINKS = 4 };

struct tiny {
    struct kt_site site; /* first: the functions below find the rest behind it */
    struct kt_arena *arena;
    struct kt_role roles[TINY_ROLES];
    struct kt_place places[TINY_PLACES];
    struct kt_rule rules[TINY_RULES];
    struct kt_link_conf links[TINY_LINKS];
    struct kt_point *points;
    uint32_t points_cap;
    kt_rule_id **rules_of;
    uint32_t *rules_of_n;
    struct kt_rule_instance **readers;
    uint32_t *readers_n;
};

__attribute__((unused)) static void tiny_init(struct tiny *t, uint32_t points_cap)
{
    memset(t, 0, sizeof *t);
    t->arena = kt_arena_new(0);
    t->points_cap = points_cap;
    t->points = KT_NEW_ARRAY(t->arena, struct kt_point, points_cap);
    t->site.id = "tiny";
    t->site.dir = ".";
    t->site.gas_class = "high";
    t->site.utc_offset_s = 8 * 3600;
    t->site.roles = t->roles;
    t->site.places = t->places;
    t->site.rules = t->rules;
    t->site.links = t->links;
    t->site.points = t->points;
}

__attribute__((unused)) static struct kt_role *tiny_role(struct tiny *t, const char *id,
                                                         enum kt_point_kind kind)
{
    KT_ASSERT(t->site.roles_n < TINY_ROLES);
    struct kt_role *r = &t->roles[t->site.roles_n++];
    r->id = id;
    r->title = r->off = r->on = (struct kt_text){"", ""};
    r->short_name = r->unit = "";
    r->group = "gas";
    r->kind = kind;
    r->resolution = kind == KT_POINT_ANALOG ? 0.01 : 0;
    r->readback_ns = 2 * KT_SEC;
    r->expiry_ns = 10 * KT_SEC;
    return r;
}

__attribute__((unused)) static struct kt_place *tiny_place(struct tiny *t, const char *id,
                                                           const char *kind, uint32_t parent)
{
    KT_ASSERT(t->site.places_n < TINY_PLACES);
    uint32_t i = t->site.places_n++;
    struct kt_place *p = &t->places[i];
    p->id = id;
    p->kind = kind;
    p->parent.v = parent;
    p->name = (struct kt_text){id, id};
    p->working.v = strcmp(kind, "panel") == 0 ? i
                   : parent == KT_NONE        ? KT_NONE
                                              : t->places[parent].working.v;
    return p;
}

__attribute__((unused)) static struct kt_link_conf *tiny_link(struct tiny *t, const char *id)
{
    struct kt_link_conf *l = &t->links[t->site.links_n++];
    l->id = id;
    return l;
}

__attribute__((unused)) static struct kt_point *tiny_point(struct tiny *t, const char *id,
                                                           struct kt_role *role, uint32_t place)
{
    KT_ASSERT(t->site.points_n < t->points_cap);
    struct kt_point *p = &t->points[t->site.points_n++];
    p->id = kt_arena_strdup(t->arena, id);
    p->name = (struct kt_text){p->id, p->id};
    p->unit = role->unit;
    p->role = role;
    p->kind = role->kind;
    p->place.v = place;
    p->range_lo = p->range_hi = (double)NAN;
    p->resolution = role->resolution;
    p->link = KT_NONE;
    p->address = p->tags = "";
    p->feed.v = p->fed_by.v = KT_NONE;
    return p;
}

__attribute__((unused)) static kt_point_id tiny_id(const struct tiny *t, const char *id)
{
    return kt_site_point(&t->site, kt_str_c(id));
}

__attribute__((unused)) static void tiny_limits(struct tiny *t, struct kt_point *p, double alarm,
                                                double cut, double restore)
{
    struct kt_limits *l = KT_NEW(t->arena, struct kt_limits);
    const double v[] = {NAN, alarm, cut, restore};
    for (int i = KT_LIMIT_ALARM; i <= KT_LIMIT_RESTORE; i++) {
        l->has[i] = !isnan(v[i]);
        l->value[i] = l->clause[i] = l->has[i] ? v[i] : 0;
        l->backed[i] = l->has[i];
    }
    l->source = (struct kt_source){"AQ 6201-2006", "2006", "4.5.2.2", true};
    l->range = KT_NONE;
    l->range_text = (struct kt_text){"", ""};
    p->limits = l;
}

/* A rule with one instance for each point of a role (all of one role: the pointer). */
__attribute__((unused)) static struct kt_rule *tiny_rule(struct tiny *t, const char *id,
                                                         const struct kt_role *role)
{
    KT_ASSERT(t->site.rules_n < TINY_RULES);
    struct kt_rule *r = &t->rules[t->site.rules_n++];
    memset(r, 0, sizeof *r);
    r->id = id;
    r->pack = "tiny";
    r->title = r->cause = r->consequence = r->action_text = (struct kt_text){"", ""};
    r->category = "over-limit";
    r->same_cause = "none";
    r->priority = 1;
    r->clause = (struct kt_source){"", "", "", false};
    kt_point_id *list = KT_NEW_ARRAY(t->arena, kt_point_id, t->site.points_n + 1);
    for (uint32_t i = 0; i < t->site.points_n; i++) {
        if (t->points[i].role == role) {
            list[r->points_n++].v = i;
        }
    }
    r->points = list;
    return r;
}

__attribute__((unused)) static void tiny_done(struct tiny *t)
{
    struct kt_site *s = &t->site;
    t->rules_of = KT_NEW_ARRAY(t->arena, kt_rule_id *, s->points_n + 1);
    t->rules_of_n = KT_NEW_ARRAY(t->arena, uint32_t, s->points_n + 1);
    t->readers = KT_NEW_ARRAY(t->arena, struct kt_rule_instance *, s->points_n + 1);
    t->readers_n = KT_NEW_ARRAY(t->arena, uint32_t, s->points_n + 1);
    for (uint32_t pass = 0; pass < 2; pass++) {
        for (uint32_t p = 0; p < s->points_n && pass == 1; p++) {
            t->rules_of[p] = KT_NEW_ARRAY(t->arena, kt_rule_id, t->rules_of_n[p] + 1);
            t->rules_of_n[p] = 0;
        }
        for (uint32_t r = 0; r < s->rules_n; r++) {
            for (uint32_t i = 0; i < s->rules[r].points_n; i++) {
                uint32_t p = s->rules[r].points[i].v;
                if (pass == 1) {
                    t->rules_of[p][t->rules_of_n[p]].v = r;
                }
                t->rules_of_n[p]++;
            }
        }
    }
}

__attribute__((unused)) static void tiny_free(struct tiny *t)
{
    kt_arena_free(t->arena);
}

/* What site/site.h promises, by plain search. */
kt_point_id kt_site_point(const struct kt_site *s, struct kt_str id)
{
    for (uint32_t i = 0; i < s->points_n; i++) {
        if (kt_str_is(id, s->points[i].id)) {
            return (kt_point_id){i};
        }
    }
    return (kt_point_id){KT_NONE};
}

kt_place_id kt_site_place(const struct kt_site *s, struct kt_str id)
{
    for (uint32_t i = 0; i < s->places_n; i++) {
        if (kt_str_is(id, s->places[i].id)) {
            return (kt_place_id){i};
        }
    }
    return (kt_place_id){KT_NONE};
}

kt_rule_id kt_site_rule(const struct kt_site *s, struct kt_str id)
{
    for (uint32_t i = 0; i < s->rules_n; i++) {
        if (kt_str_is(id, s->rules[i].id)) {
            return (kt_rule_id){i};
        }
    }
    return (kt_rule_id){KT_NONE};
}

bool kt_site_within(const struct kt_site *s, kt_place_id place, kt_place_id under)
{
    for (uint32_t p = place.v; p < s->places_n; p = s->places[p].parent.v) {
        if (p == under.v) {
            return true;
        }
    }
    return false;
}

const kt_rule_id *kt_site_rules_of(const struct kt_site *s, kt_point_id p, uint32_t *ret_n)
{
    const struct tiny *t = (const struct tiny *)s;
    *ret_n = t->rules_of_n[p.v];
    return t->rules_of[p.v];
}

const struct kt_rule_instance *kt_site_readers_of(const struct kt_site *s, kt_point_id p,
                                                  uint32_t *ret_n)
{
    const struct tiny *t = (const struct tiny *)s;
    *ret_n = t->readers_n[p.v];
    return t->readers[p.v];
}

static uint32_t tiny_walk(const struct kt_site *s, uint32_t from, bool down, kt_place_id *ret,
                          uint32_t cap)
{
    uint32_t n = 0;
    ret[n++].v = from;
    for (uint32_t at = 0; at < n; at++) {
        for (uint32_t q = 0; q < s->places_n; q++) {
            const struct kt_place *a = &s->places[down ? ret[at].v : q];
            uint32_t target = down ? q : ret[at].v;
            bool joined = false, seen = false;
            for (uint32_t i = 0; i < a->air_to_n; i++) {
                joined |= a->air_to[i].v == target;
            }
            for (uint32_t i = 0; i < n; i++) {
                seen |= ret[i].v == q;
            }
            if (joined && !seen && n < cap) {
                ret[n++].v = q;
            }
        }
    }
    return n;
}

uint32_t kt_site_downstream(const struct kt_site *s, kt_place_id place, kt_place_id *ret,
                            uint32_t cap)
{
    return tiny_walk(s, place.v, true, ret, cap);
}

uint32_t kt_site_upstream(const struct kt_site *s, kt_place_id place, kt_place_id *ret,
                          uint32_t cap)
{
    return tiny_walk(s, place.v, false, ret, cap);
}

struct kt_site *kt_site_ref(struct kt_site *s)
{
    return s;
}

void kt_site_unref(struct kt_site *s)
{
    (void)s;
}

kt_point_id kt_site_point_ended(const struct kt_site *s, struct kt_str id)
{
    (void)s;
    (void)id;
    return (kt_point_id){KT_NONE};
}

static bool tiny_in_set(const struct kt_site *s, enum kt_set set, uint32_t self, uint32_t it)
{
    uint32_t a = s->points[self].place.v, b = s->points[it].place.v;
    uint32_t working = s->places[a].working.v;
    kt_place_id list[TINY_PLACES];
    if (set == KT_SET_PANEL && working != KT_NONE) {
        return s->places[b].working.v == working;
    }
    if (set == KT_SET_DOWNSTREAM || set == KT_SET_UPSTREAM) {
        uint32_t n = tiny_walk(s, a, set == KT_SET_DOWNSTREAM, list, TINY_PLACES);
        for (uint32_t i = 0; i < n; i++) {
            if (list[i].v == b) {
                return true;
            }
        }
        return false;
    }
    return a == b;
}

void kt_site_each_in(const struct kt_site *s, const kt_place_id *places, uint32_t n,
                     struct kt_str role, bool (*fn)(void *arg, kt_point_id it), void *arg)
{
    (void)s, (void)places, (void)n, (void)role, (void)fn, (void)arg; /* it has no roadways */
}

void kt_site_each(const struct kt_site *s, enum kt_set set, kt_point_id self, struct kt_str role,
                  bool (*fn)(void *arg, kt_point_id it), void *arg)
{
    char pattern[64] = "";
    memcpy(pattern, role.p, role.n < 63 ? role.n : 63);
    for (uint32_t p = 0; p < s->points_n; p++) {
        if (tiny_in_set(s, set, self.v, p) && kt_glob(pattern, s->points[p].role->id) &&
            !fn(arg, (kt_point_id){p})) {
            return;
        }
    }
}

const char *kt_limit_name_id(enum kt_limit_name n)
{
    static const char *const ids[] = {"warn",      "alarm",   "cut",        "restore",
                                      "low_alarm", "low_cut", "low_restore"};
    return ids[n];
}

bool kt_glob(const char *pattern, const char *text)
{
    for (; *pattern; pattern++, text++) {
        if (*pattern == '*') {
            for (; *text && !kt_glob(pattern + 1, text); text++) {
            }
            return kt_glob(pattern + 1, text);
        }
        if (*pattern != *text) {
            return false;
        }
    }
    return *text == '\0';
}
#endif
