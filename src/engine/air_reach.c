/* SPDX-License-Identifier: Apache-2.0 */
/* air_reach: the places that air of a place comes to, and the rules that ask for them. */
#include "engine/air.h"

#include <stdlib.h>

#include "base/arena.h"

/* ---- where it goes --------------------------------------------------------------------------- */

/** As the basis says, whatever the time of asking. */
static struct kt_vent_known as_based(const struct eng *e)
{
    const struct air *a = e->air;
    struct kt_vent_known k = air_known(a);
    k.q_m3s = a->basis == KT_AIR_BY_DESIGN ? NULL : k.q_m3s;
    k.solved = a->basis == KT_AIR_BY_OLD ? e->now - 2 * KT_VENT_SOLUTION_AGE : e->now;
    k.outstanding = a->basis == KT_AIR_BY_OUTSTANDING;
    k.failed = a->basis == KT_AIR_BY_FAILED;
    k.unsure = a->basis == KT_AIR_BY_UNSURE;
    return k;
}

/** Against the air: the same network with everything turned round. */
static void turn(const struct air *a, struct kt_arena *arena, struct kt_vent_known *k)
{
    double *q = KT_NEW_ARRAY(arena, double, a->ways.n + 1);
    int8_t *design = KT_NEW_ARRAY(arena, int8_t, a->ways.n + 1);
    for (uint32_t b = 0; b < a->ways.n; b++) {
        q[b] = -a->q[b];
        design[b] = (int8_t)-a->design[b];
    }
    k->q_m3s = k->q_m3s ? q : NULL;
    k->design = design;
}

/* Roadways that air comes to from places that are in already. True: there are more places. */
static bool by_airways(const struct eng *e, const struct kt_vent_known *k, struct kt_arena *arena,
                       bool *has)
{
    const struct air *a = e->air;
    bool *from = KT_NEW_ARRAY(arena, bool, a->ways.n + 1), more = false;
    bool *to = KT_NEW_ARRAY(arena, bool, a->ways.n + 1);
    for (uint32_t b = 0; b < a->ways.n; b++) {
        uint32_t place = a->ways.airway[b].place;
        from[b] = place != KT_NONE && has[place];
    }
    kt_vent_downstream(&a->ways.net, k, e->now, from, to);
    for (uint32_t b = 0; b < a->ways.n; b++) {
        uint32_t place = a->ways.airway[b].place;
        if (to[b] && place != KT_NONE && !has[place]) {
            more = has[place] = true;
        }
    }
    return more;
}

/* Along the drawing. With a solution of now, a step between two places that have roadways in the
 * network is the network's to say. */
static bool by_drawing(const struct eng *e, int way, bool *has)
{
    const struct air *a = e->air;
    bool solved = a->basis == KT_AIR_BY_SOLUTION, more = false;
    for (uint32_t p = 0; p < e->site->places_n; p++) {
        const struct kt_place *place = &e->site->places[p];
        for (uint32_t i = 0; i < place->air_to_n; i++) {
            uint32_t q = place->air_to[i].v;
            uint32_t near = way == AIR_DOWN ? p : q, far = way == AIR_DOWN ? q : p;
            if (has[near] && !has[far] && !(solved && a->has_airway[p] && a->has_airway[q])) {
                more = has[far] = true;
            }
        }
    }
    return more;
}

static const struct reach *reach_of(const struct eng *e, uint32_t place, int way)
{
    const struct air *a = e->air;
    struct reach *r = &a->reach[place * AIR_WAYS + (uint32_t)way];
    if (r->list) {
        return r;
    }
    struct kt_arena *arena = kt_arena_new(0);
    struct kt_vent_known k = as_based(e);
    if (way == AIR_UP) {
        turn(a, arena, &k);
    }
    r->has = calloc(e->site->places_n, sizeof *r->has);
    r->list = calloc(e->site->places_n, sizeof *r->list);
    KT_ASSERT(r->has && r->list);
    r->has[place] = true;
    for (bool more = true; more;) {
        more = by_airways(e, &k, arena, r->has);
        more |= by_drawing(e, way, r->has);
    }
    for (uint32_t p = 0; p < e->site->places_n; p++) {
        if (r->has[p]) {
            r->list[r->n++] = (kt_place_id){p};
        }
    }
    kt_arena_free(arena);
    return r;
}

void air_forget(const struct eng *e)
{
    for (uint32_t i = 0; i < e->site->places_n * AIR_WAYS; i++) {
        free(e->air->reach[i].list);
        free(e->air->reach[i].has);
        e->air->reach[i] = (struct reach){0};
    }
}

/* ---- for rules ------------------------------------------------------------------------------- */

static bool is_along(enum kt_set set)
{
    return set == KT_SET_DOWNSTREAM || set == KT_SET_UPSTREAM;
}

bool eng_air_each(const struct eng *e, enum kt_set set, kt_point_id self, struct kt_str role,
                  bool (*fn)(void *arg, kt_point_id it), void *arg)
{
    if (!e->air || !is_along(set) || e->site->points[self.v].ended ||
        e->site->points[self.v].place.v >= e->site->places_n) {
        return false;
    }
    const struct reach *r =
        reach_of(e, e->site->points[self.v].place.v, set == KT_SET_DOWNSTREAM ? AIR_DOWN : AIR_UP);
    kt_site_each_in(e->site, r->list, r->n, role, fn, arg);
    return true;
}

uint32_t eng_air_reach(const struct eng *e, uint32_t place, kt_place_id *ret)
{
    if (!e->air) {
        return kt_site_downstream(e->site, (kt_place_id){place}, ret, e->site->places_n);
    }
    const struct reach *r = reach_of(e, place, AIR_DOWN);
    memcpy(ret, r->list, r->n * sizeof(*ret));
    return r->n;
}

uint32_t air_sets(const struct kt_rule *r, struct kt_expr_set *ret)
{
    const struct kt_expr *x[] = {r->raise, r->clear, r->suppress};
    uint32_t n = 0;
    for (size_t i = 0; i < KT_ARRAY_LEN(x); i++) {
        uint32_t m = x[i] ? kt_expr_sets(x[i], NULL, 0) : 0;
        struct kt_expr_set *all = calloc(m + 1, sizeof *all);
        KT_ASSERT(all);
        m = m ? kt_expr_sets(x[i], all, m) : 0;
        for (uint32_t k = 0; k < m; k++) {
            if (is_along(all[k].set) && ret) {
                ret[n] = all[k];
            }
            n += is_along(all[k].set);
        }
        free(all);
    }
    return n;
}

int eng_air_basis(const struct eng *e, const struct kt_rule *r)
{
    const struct air *a = e->air;
    ptrdiff_t at = r - e->site->rules;
    return a && a->sets_at[at + 1] > a->sets_at[at] ? (int)a->basis : -1;
}

bool air_fits(const struct kt_point *p, struct kt_str role)
{
    char pattern[64];
    if (role.n >= sizeof pattern) {
        return false;
    }
    memcpy(pattern, role.p, role.n);
    pattern[role.n] = '\0';
    return kt_glob(pattern, p->role->id);
}

/* ---- who reads a point ------------------------------------------------------------------------
 */

struct reading {
    struct pairs all;
    uint32_t inst, self;
};

static bool read_by(void *arg, kt_point_id it)
{
    struct reading *rd = arg;
    if (it.v != rd->self) {
        eng_pair(&rd->all, it.v, rd->inst);
    }
    return true;
}

/** Each instance with each point that its sets hold now. */
static struct csr all_readers(const struct eng *e)
{
    struct reading rd = {0};
    const struct air *a = e->air;
    for (uint32_t i = 0; i < a->users_n; i++) {
        const struct inst *in = &e->inst[a->user[i]];
        rd.inst = a->user[i];
        rd.self = in->self;
        for (uint32_t k = a->sets_at[in->rule]; k < a->sets_at[in->rule + 1]; k++) {
            (void)eng_air_each(e, a->sets[k].set, (kt_point_id){in->self}, a->sets[k].role, read_by,
                               &rd);
        }
    }
    return eng_csr_of(&rd.all, e->points_n);
}

/** Once each, and none that reads the point by the drawing already. */
static struct csr less_known(const struct eng *e, const struct csr *all)
{
    struct pairs kept = {0};
    uint32_t *seen = calloc(e->insts_n + 1, sizeof *seen); /* point + 1 */
    KT_ASSERT(seen);
    for (uint32_t p = 0; p < e->points_n; p++) {
        bool any = all->at[p] < all->at[p + 1];
        for (uint32_t k = e->readers.at[p]; any && k < e->readers.at[p + 1]; k++) {
            seen[e->readers.list[k]] = p + 1;
        }
        for (uint32_t k = all->at[p]; k < all->at[p + 1]; k++) {
            if (seen[all->list[k]] != p + 1) {
                seen[all->list[k]] = p + 1;
                eng_pair(&kept, p, all->list[k]);
            }
        }
    }
    free(seen);
    return eng_csr_of(&kept, e->points_n);
}

void air_renew(struct eng *e)
{
    air_forget(e);
    eng_csr_free(&e->air->readers);
    struct csr all = all_readers(e);
    e->air->readers = less_known(e, &all);
    eng_csr_free(&all);
}

void eng_air_readers(struct eng *e, uint32_t point)
{
    const struct csr *by = &e->air->readers;
    for (uint32_t k = by->at[point]; k < by->at[point + 1]; k++) {
        eng_eval_reader(e, by->list[k]);
    }
}
