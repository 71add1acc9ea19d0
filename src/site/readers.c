/* SPDX-License-Identifier: Apache-2.0 */
/* readers: which rule instances read a point other than as their own. */
#include "site/impl.h"

#include <stdlib.h>

#include "expr/expr.h"

enum { PAIRS_MAX = 32 << 20, NAMED_MAX = 64 };

struct pair {
    uint32_t point;
    struct kt_rule_instance by;
};
struct pairs {
    struct pair *p;
    uint32_t n, cap;
    struct kt_rule_instance by; /* the instance being looked at */
};

static bool add(void *arg, kt_point_id it)
{
    struct pairs *a = arg;
    if (it.v == a->by.self.v) {
        return true;
    }
    if (a->n == a->cap) {
        a->cap = a->cap ? 2 * a->cap : 1024;
        a->p = realloc(a->p, a->cap * sizeof(*a->p));
        KT_ASSERT(a->p);
    }
    a->p[a->n++] = (struct pair){it.v, a->by};
    return a->n < PAIRS_MAX;
}

static void named(struct pairs *a, const struct kt_expr *e)
{
    kt_point_id ids[NAMED_MAX];
    uint32_t n = e ? kt_expr_points(e, ids, NAMED_MAX) : 0;
    for (uint32_t i = 0; i < n && i < NAMED_MAX; i++) {
        add(a, ids[i]);
    }
}

static void of_sets(const struct load *l, const struct rule_scan *scan, struct pairs *a)
{
    for (uint32_t j = 0; j < scan->sets_n; j++) {
        kt_site_each(&l->s->pub, scan->sets[j].set, a->by.self, scan->sets[j].role, add, a);
    }
}

static bool found(void *arg, kt_point_id it)
{
    (void)it;
    *(bool *)arg = true;
    return false;
}

/* all() and `not any()` are true of nothing: an instance with an empty set is not suppressed. */
static void check_sets(struct load *l, uint32_t rule)
{
    const struct rule_decl *d = &l->rules[rule];
    struct kt_rule *r = (struct kt_rule *)(uintptr_t)&l->s->pub.rules[rule];
    bool *can = d->suppress_scan.sets_n ? KT_NEW_ARRAY(l->a, bool, d->r.points_n + 1) : NULL;
    for (uint32_t i = 0; can && i < d->r.points_n; i++) {
        can[i] = true;
        for (uint32_t j = 0; j < d->suppress_scan.sets_n; j++) {
            const struct rule_set *s = &d->suppress_scan.sets[j];
            bool any = false;
            kt_site_each(&l->s->pub, s->set, d->r.points[i], s->role, found, &any);
            can[i] = can[i] && any;
        }
    }
    r->suppress_can = can;
}

static void of_rule(const struct load *l, uint32_t rule, struct pairs *a)
{
    const struct rule_decl *d = &l->rules[rule];
    for (uint32_t i = 0; i < d->r.points_n && a->n < PAIRS_MAX; i++) {
        a->by = (struct kt_rule_instance){{rule}, d->r.points[i]};
        named(a, d->r.raise);
        named(a, d->r.clear);
        named(a, d->r.suppress);
        of_sets(l, &d->scan, a);
        of_sets(l, &d->suppress_scan, a);
    }
}

/* Pairs come in the order of rule and instance; a stable sort by point keeps it, and doubles of one
 * instance stand side by side. */
static void sort_pairs(struct load *l, const struct pairs *a)
{
    uint32_t points = l->s->pub.points_n, kept = 0;
    uint32_t *at = KT_NEW_ARRAY(l->scratch, uint32_t, points + 2);
    for (uint32_t i = 0; i < a->n; i++) {
        at[a->p[i].point + 2]++;
    }
    for (uint32_t i = 0; i < points; i++) {
        at[i + 2] += at[i + 1];
    }
    struct kt_rule_instance *sorted =
        KT_NEW_ARRAY(l->scratch, struct kt_rule_instance, (size_t)a->n + 1);
    for (uint32_t i = 0; i < a->n; i++) {
        sorted[at[a->p[i].point + 1]++] = a->p[i].by;
    }
    l->s->point_readers_at = KT_NEW_ARRAY(l->a, uint32_t, points + 2);
    l->s->point_readers = KT_NEW_ARRAY(l->a, struct kt_rule_instance, (size_t)a->n + 1);
    for (uint32_t p = 0; p < points; p++) {
        l->s->point_readers_at[p] = kept;
        for (uint32_t i = at[p]; i < at[p + 1]; i++) {
            const struct kt_rule_instance *before = &l->s->point_readers[kept - (kept > 0)];
            bool twice = kept > l->s->point_readers_at[p] && before->rule.v == sorted[i].rule.v &&
                         before->self.v == sorted[i].self.v;
            if (!twice) {
                l->s->point_readers[kept++] = sorted[i];
            }
        }
    }
    l->s->point_readers_at[points] = kept;
}

void site_readers(struct load *l)
{
    struct pairs a = {0};
    for (uint32_t i = 0; i < l->rules_n; i++) {
        of_rule(l, i, &a);
        check_sets(l, i);
    }
    if (a.n >= PAIRS_MAX) {
        site_find(l, KT_FIND_ERROR, "too-many", "site.yaml", 0, 0,
                  "rules read more than %d points of sets; select fewer points or narrower sets",
                  PAIRS_MAX);
    }
    sort_pairs(l, &a);
    free(a.p);
}
