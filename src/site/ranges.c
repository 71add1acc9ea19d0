/* SPDX-License-Identifier: Apache-2.0 */
/* ranges: which outputs the range of a point's limits de-energises (kt_point.cuts). */
#include "site/impl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct ranges {
    struct load *l;
    uint32_t *serving_at; /* outputs that serve a place: serving[at[i] .. at[i+1]) */
    uint32_t *serving;
    struct kt_map *done; /* "range scope-place" to an index of lists */
    struct list {
        const kt_point_id *p;
        uint32_t n;
    } * lists;
    uint32_t lists_n, lists_cap;
};

static void index_outputs(struct ranges *r)
{
    const struct kt_site *s = &r->l->s->pub;
    r->serving_at = KT_NEW_ARRAY(r->l->scratch, uint32_t, s->places_n + 2);
    for (uint32_t i = 0; i < s->points_n; i++) {
        for (uint32_t j = 0; j < s->points[i].serves_n; j++) {
            r->serving_at[s->points[i].serves[j].v + 2]++;
        }
    }
    for (uint32_t k = 0; k < s->places_n; k++) {
        r->serving_at[k + 2] += r->serving_at[k + 1];
    }
    r->serving = KT_NEW_ARRAY(r->l->scratch, uint32_t, r->serving_at[s->places_n + 1] + 1);
    for (uint32_t i = 0; i < s->points_n; i++) {
        for (uint32_t j = 0; j < s->points[i].serves_n; j++) {
            r->serving[r->serving_at[s->points[i].serves[j].v + 1]++] = i;
        }
    }
}

static bool kind_fits(const struct kt_range *range, const char *kind)
{
    for (uint32_t i = 0; i < range->kinds_n; i++) {
        if (strcmp(range->kinds[i], kind) == 0) {
            return true;
        }
    }
    return range->kinds_n == 0;
}

static bool role_fits(const struct kt_range *range, const char *role)
{
    for (uint32_t i = 0; i < range->roles_n; i++) {
        if (kt_glob(range->roles[i], role)) {
            return true;
        }
    }
    return false;
}

struct found {
    uint32_t *p, n, cap;
};

static void add_place(const struct ranges *r, const struct kt_range *range, uint32_t place,
                      struct found *f)
{
    const struct kt_site *s = &r->l->s->pub;
    if (!kind_fits(range, s->places[place].kind)) {
        return;
    }
    for (uint32_t i = r->serving_at[place]; i < r->serving_at[place + 1]; i++) {
        uint32_t out = r->serving[i];
        if (role_fits(range, s->points[out].role->id)) {
            *SITE_PUSH(r->l, f->p, f->n, f->cap) = out;
        }
    }
}

static int by_id(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static struct list keep(struct ranges *r, struct found *f)
{
    kt_point_id *to = KT_NEW_ARRAY(r->l->a, kt_point_id, f->n + 1);
    uint32_t n = 0;
    if (f->n) {
        qsort(f->p, f->n, sizeof(*f->p), by_id);
    }
    for (uint32_t i = 0; i < f->n; i++) {
        if (n == 0 || to[n - 1].v != f->p[i]) {
            to[n++].v = f->p[i];
        }
    }
    return (struct list){to, n};
}

/* Whole places, against the air from the end where it comes in: never less than `upwind_m` from a
 * sensor anywhere in its place. A place without a length counts as having none, so one more is
 * taken. */
static void add_upwind(const struct ranges *r, const struct kt_range *range, uint32_t around,
                       struct found *f)
{
    const struct kt_site *s = &r->l->s->pub;
    double *far = KT_NEW_ARRAY(r->l->scratch, double, s->places_n + 1);
    for (uint32_t i = 0; i < s->places_n; i++) {
        far[i] = i == around ? 0 : (double)INFINITY; /* of its upwind end */
    }
    for (bool again = true; again;) {
        again = false;
        for (uint32_t i = 0; i < s->places_n; i++) {
            const struct kt_place *p = &s->places[i];
            for (uint32_t k = 0; k < p->air_to_n; k++) {
                double to = far[p->air_to[k].v], end = to + p->length_m;
                if (to < range->upwind_m && end < far[i]) {
                    far[i] = end;
                    again = true;
                }
            }
        }
    }
    for (uint32_t i = 0; i < s->places_n; i++) {
        if (i != around && isfinite(far[i])) {
            add_place(r, range, i, f);
        }
    }
}

static bool has(const struct found *f, uint32_t point)
{
    for (uint32_t i = 0; i < f->n; i++) {
        if (f->p[i] == point) {
            return true;
        }
    }
    return false;
}

/* Does an output of the range stand above it on its line? */
static bool hangs_on(const struct kt_site *s, uint32_t point, const struct found *f)
{
    uint32_t up = s->points[point].fed_by.v;
    for (int steps = 0; up != KT_NONE && steps < 64; steps++) {
        if (has(f, up)) {
            return true;
        }
        up = s->points[up].fed_by.v;
    }
    return false;
}

/* "All equipment" is what the power switches feed, and each machine whose supply is none of them.
 */
static void drop_fed(const struct ranges *r, struct found *f)
{
    const struct kt_site *s = &r->l->s->pub;
    uint32_t n = 0;
    for (uint32_t i = 0; i < f->n; i++) {
        bool machine = strcmp(s->points[f->p[i]].role->id, SITE_MACHINE) == 0;
        if (!machine || !hangs_on(s, f->p[i], f)) {
            f->p[n++] = f->p[i];
        }
    }
    f->n = n;
}

static struct list look_around(struct ranges *r, const struct kt_range *range, uint32_t around)
{
    const struct kt_site *s = &r->l->s->pub;
    struct found f = {0};
    if (range->scope == KT_SCOPE_DOWNSTREAM && range->upwind_m > 0) {
        add_upwind(r, range, around, &f);
    }
    if (range->scope == KT_SCOPE_DOWNSTREAM) {
        kt_place_id *down = KT_NEW_ARRAY(r->l->scratch, kt_place_id, s->places_n);
        uint32_t n = kt_site_downstream(s, (kt_place_id){around}, down, s->places_n);
        for (uint32_t i = 0; i < n; i++) {
            add_place(r, range, down[i].v, &f);
        }
    } else {
        for (uint32_t i = 0; i < s->places_n; i++) {
            bool in = range->scope == KT_SCOPE_WORKING && s->places[around].working.v == around
                          ? s->places[i].working.v == around
                          : kt_site_within(s, (kt_place_id){i}, (kt_place_id){around});
            if (in) {
                add_place(r, range, i, &f);
            }
        }
    }
    drop_fed(r, &f);
    return keep(r, &f);
}

/* The same range around the same place is looked up once. */
static struct list opens(struct ranges *r, uint32_t range_i, uint32_t around)
{
    char key[32];
    uint64_t at;
    snprintf(key, sizeof(key), "%u %u", range_i, around);
    if (!kt_map_get(r->done, kt_str_c(key), &at)) {
        struct list found = look_around(r, &r->l->s->pub.ranges[range_i], around);
        at = r->lists_n;
        *SITE_PUSH(r->l, r->lists, r->lists_n, r->lists_cap) = found;
        kt_map_set(r->done, kt_str_c(key), at);
    }
    return r->lists[at];
}

static struct list self_only(struct ranges *r, uint32_t point)
{
    kt_point_id *one = KT_NEW(r->l->a, kt_point_id);
    one->v = point;
    return (struct list){one, 1};
}

void site_ranges(struct load *l)
{
    const struct kt_site *s = &l->s->pub;
    struct ranges r = {.l = l, .done = kt_map_new(256)};
    index_outputs(&r);
    for (uint32_t i = 0; i < s->points_n && s->places_n; i++) {
        struct kt_point *p = (struct kt_point *)&s->points[i];
        if (!p->limits || p->limits->range == KT_NONE) {
            continue;
        }
        const struct kt_range *range = &s->ranges[p->limits->range];
        const struct kt_place *place = &s->places[p->place.v];
        uint32_t around = range->scope == KT_SCOPE_WORKING && place->working.v != KT_NONE
                              ? place->working.v
                              : p->place.v;
        struct list found;
        if (range->scope != KT_SCOPE_SELF) {
            found = opens(&r, p->limits->range, around);
        } else if (p->kind == KT_POINT_OUTPUT && role_fits(range, p->role->id)) {
            found = self_only(&r, i);
        } else {
            found = (struct list){NULL, 0};
        }
        p->cuts = found.p;
        p->cuts_n = found.n;
    }
    kt_map_free(r.done);
}
