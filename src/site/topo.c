/* SPDX-License-Identifier: Apache-2.0 */
/* topo: lists by place and working, the airflow backwards, and the sets that rules name. */
#include "site/impl.h"

#include <stdlib.h>

/* Counting sort: items of key k end up in list[at[k] .. at[k+1]), in their own order. */
struct bins {
    uint32_t *at, *list;
};
static struct bins sort_into(struct kt_arena *a, const uint32_t *key, uint32_t n, uint32_t keys)
{
    struct bins b = {KT_NEW_ARRAY(a, uint32_t, keys + 2), KT_NEW_ARRAY(a, uint32_t, n + 1)};
    for (uint32_t i = 0; i < n; i++) {
        if (key[i] < keys) {
            b.at[key[i] + 2]++;
        }
    }
    for (uint32_t k = 0; k < keys; k++) {
        b.at[k + 2] += b.at[k + 1];
    }
    for (uint32_t i = 0; i < n; i++) {
        if (key[i] < keys) {
            b.list[b.at[key[i] + 1]++] = i;
        }
    }
    return b;
}

static void air_from(struct load *l)
{
    const struct kt_site *s = &l->s->pub;
    uint32_t n = 0, at = 0;
    for (uint32_t i = 0; i < s->places_n; i++) {
        n += s->places[i].air_to_n;
    }
    uint32_t *to = KT_NEW_ARRAY(l->scratch, uint32_t, n + 1);
    uint32_t *from = KT_NEW_ARRAY(l->scratch, uint32_t, n + 1);
    for (uint32_t i = 0; i < s->places_n; i++) {
        for (uint32_t j = 0; j < s->places[i].air_to_n; j++, at++) {
            to[at] = s->places[i].air_to[j].v;
            from[at] = i;
        }
    }
    struct bins b = sort_into(l->a, to, n, s->places_n);
    for (uint32_t i = 0; i < n; i++) {
        b.list[i] = from[b.list[i]];
    }
    l->s->air_from_at = b.at;
    l->s->air_from = (kt_place_id *)(void *)b.list;
}

void site_topology(struct load *l)
{
    const struct kt_site *s = &l->s->pub;
    uint32_t n = s->points_n > s->places_n ? s->points_n : s->places_n;
    uint32_t *key = KT_NEW_ARRAY(l->scratch, uint32_t, n + 1);
    for (uint32_t i = 0; i < s->points_n; i++) {
        key[i] = s->points[i].ended ? KT_NONE : s->points[i].place.v;
    }
    struct bins b = sort_into(l->a, key, s->points_n, s->places_n);
    l->s->place_points_at = b.at;
    l->s->place_points = (kt_point_id *)(void *)b.list;
    for (uint32_t i = 0; i < s->places_n; i++) {
        key[i] = s->places[i].working.v;
    }
    b = sort_into(l->a, key, s->places_n, s->places_n);
    l->s->working_places_at = b.at;
    l->s->working_places = (kt_place_id *)(void *)b.list;
    air_from(l);
}

typedef uint32_t (*next_fn)(const struct kt_site *s, kt_place_id p, const kt_place_id **ret);

static uint32_t next_down(const struct kt_site *s, kt_place_id p, const kt_place_id **ret)
{
    *ret = s->places[p.v].air_to;
    return s->places[p.v].air_to_n;
}

static uint32_t next_up(const struct kt_site *s, kt_place_id p, const kt_place_id **ret)
{
    const struct site *i = site_of(s);
    *ret = &i->air_from[i->air_from_at[p.v]];
    return i->air_from_at[p.v + 1] - i->air_from_at[p.v];
}

/* Breadth first; ret is the queue, `seen` has a bit a place. */
static uint32_t walk(const struct kt_site *s, kt_place_id place, next_fn next, kt_place_id *ret,
                     uint32_t cap)
{
    if (place.v >= s->places_n || cap == 0) {
        return 0;
    }
    uint8_t *seen = calloc(s->places_n / 8 + 1, 1);
    KT_ASSERT(seen);
    uint32_t n = 0;
    ret[n++] = place;
    seen[place.v / 8] |= (uint8_t)(1U << (place.v % 8));
    for (uint32_t i = 0; i < n; i++) {
        const kt_place_id *to;
        uint32_t m = next(s, ret[i], &to);
        for (uint32_t j = 0; j < m && n < cap; j++) {
            uint8_t bit = (uint8_t)(1U << (to[j].v % 8));
            if (!(seen[to[j].v / 8] & bit)) {
                seen[to[j].v / 8] |= bit;
                ret[n++] = to[j];
            }
        }
    }
    free(seen);
    return n;
}

uint32_t kt_site_downstream(const struct kt_site *s, kt_place_id place, kt_place_id *ret,
                            uint32_t cap)
{
    return walk(s, place, next_down, ret, cap);
}

uint32_t kt_site_upstream(const struct kt_site *s, kt_place_id place, kt_place_id *ret,
                          uint32_t cap)
{
    return walk(s, place, next_up, ret, cap);
}

struct each {
    const struct site *i;
    const char *role;
    bool (*fn)(void *arg, kt_point_id it);
    void *arg;
};

static bool each_at(const struct each *e, uint32_t place)
{
    const struct site *i = e->i;
    for (uint32_t j = i->place_points_at[place]; j < i->place_points_at[place + 1]; j++) {
        kt_point_id p = i->place_points[j];
        if (kt_glob(e->role, i->pub.points[p.v].role->id) && !e->fn(e->arg, p)) {
            return false;
        }
    }
    return true;
}

static int by_id(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

struct collected {
    uint32_t *list, n, cap;
};

static bool collect(void *arg, kt_point_id it)
{
    struct collected *c = arg;
    if (c->n == c->cap) {
        c->cap = c->cap ? 2 * c->cap : 64;
        c->list = realloc(c->list, c->cap * sizeof(*c->list));
        KT_ASSERT(c->list);
    }
    c->list[c->n++] = it.v;
    return true;
}

/* Several places: points are gathered, sorted and then offered, so the order is that of the ids. */
static void each_in(const struct each *e, const kt_place_id *places, uint32_t n)
{
    struct collected c = {0};
    struct each gather = {e->i, e->role, collect, &c};
    for (uint32_t i = 0; i < n; i++) {
        each_at(&gather, places[i].v);
    }
    if (c.n) {
        qsort(c.list, c.n, sizeof(*c.list), by_id);
    }
    for (uint32_t i = 0; i < c.n && e->fn(e->arg, (kt_point_id){c.list[i]}); i++) {
    }
    free(c.list);
}

static void each_along_air(const struct each *e, uint32_t place, next_fn next)
{
    uint32_t n = e->i->pub.places_n;
    kt_place_id *list = calloc(n, sizeof(*list));
    KT_ASSERT(list);
    each_in(e, list, walk(&e->i->pub, (kt_place_id){place}, next, list, n));
    free(list);
}

static bool pattern_of(struct kt_str role, char *to, size_t cap)
{
    if (role.n >= cap) {
        return false;
    }
    memcpy(to, role.p, role.n);
    to[role.n] = 0;
    return true;
}

void kt_site_each_in(const struct kt_site *s, const kt_place_id *places, uint32_t n,
                     struct kt_str role, bool (*fn)(void *arg, kt_point_id it), void *arg)
{
    char pattern[64];
    if (pattern_of(role, pattern, sizeof(pattern))) {
        const struct each e = {site_of(s), pattern, fn, arg};
        each_in(&e, places, n);
    }
}

static bool each_of_asset(const struct each *e, uint32_t asset)
{
    const struct kt_asset *a = &e->i->pub.assets[asset];
    for (uint32_t j = 0; j < a->points_n; j++) {
        const struct kt_point *p = &e->i->pub.points[a->points[j].v];
        if (kt_glob(e->role, p->role->id) && !e->fn(e->arg, a->points[j])) {
            return false;
        }
    }
    return true;
}

/* Breadth first, for nothing gives to itself. */
static void gather_behind(const struct each *gather, uint32_t asset)
{
    const struct kt_site *s = &gather->i->pub;
    uint32_t *queue = calloc(s->assets_n, sizeof(*queue)), n = 0;
    KT_ASSERT(queue);
    queue[n++] = asset;
    for (uint32_t i = 0; i < n; i++) {
        const struct kt_asset *a = &s->assets[queue[i]];
        for (uint32_t j = 0; j < a->from_n; j++) {
            each_of_asset(gather, a->from[j]);
            queue[n++] = a->from[j];
        }
    }
    free(queue);
}

static void gather_ahead(const struct each *gather, uint32_t asset)
{
    const struct kt_site *s = &gather->i->pub;
    for (asset = s->assets[asset].to; asset < s->assets_n; asset = s->assets[asset].to) {
        each_of_asset(gather, asset);
    }
}

/* All that give to it, or that it gives to, near or far. */
static void each_far(const struct each *e, enum kt_set set, uint32_t asset)
{
    struct collected c = {0};
    const struct each gather = {e->i, e->role, collect, &c};
    set == KT_SET_BEHIND ? gather_behind(&gather, asset) : gather_ahead(&gather, asset);
    if (c.n) {
        qsort(c.list, c.n, sizeof(*c.list), by_id);
    }
    for (uint32_t i = 0; i < c.n && e->fn(e->arg, (kt_point_id){c.list[i]}); i++) {
    }
    free(c.list);
}

static void each_by_asset(const struct each *e, enum kt_set set, uint32_t asset)
{
    const struct kt_site *s = &e->i->pub;
    if (asset >= s->assets_n) {
        return;
    }
    uint32_t onward = s->assets[asset].to;
    if (set == KT_SET_BEHIND || set == KT_SET_AHEAD) {
        each_far(e, set, asset);
    } else if (set == KT_SET_ASSET) {
        each_of_asset(e, asset);
    } else if (onward < s->assets_n) {
        each_of_asset(e, onward);
    }
}

void kt_site_each(const struct kt_site *s, enum kt_set set, kt_point_id self, struct kt_str role,
                  bool (*fn)(void *arg, kt_point_id it), void *arg)
{
    char pattern[64];
    if (self.v >= s->points_n || s->points[self.v].ended ||
        s->points[self.v].place.v >= s->places_n || !pattern_of(role, pattern, sizeof(pattern))) {
        return;
    }
    const struct each e = {site_of(s), pattern, fn, arg};
    uint32_t place = s->points[self.v].place.v;
    uint32_t working = s->places[place].working.v;
    if (set >= KT_SET_ASSET) {
        each_by_asset(&e, set, s->points[self.v].asset);
    } else if (set == KT_SET_DOWNSTREAM || set == KT_SET_UPSTREAM) {
        each_along_air(&e, place, set == KT_SET_DOWNSTREAM ? next_down : next_up);
    } else if (set == KT_SET_PANEL && working != KT_NONE) {
        const struct site *i = e.i;
        each_in(&e, &i->working_places[i->working_places_at[working]],
                i->working_places_at[working + 1] - i->working_places_at[working]);
    } else {
        each_at(&e, place);
    }
}
