/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prove: what can be shown before anything runs (DESIGN section 8): a condition that can never be
 * true, a threshold looser than the pack's clause, two rules that command opposite values under
 * conditions that can hold together. Loops of linkages are in loops.c; units are checked by the
 * compiler of expressions.
 *
 * Limits differ between points, so a rule is tried once for every struct kt_limits that its points
 * have (points of a role share one), at most TRIES_MAX.
 */
#include "site/impl.h"

#include "expr/expr.h"

enum { TRIES_MAX = 256 };

static bool limit_of(void *arg, int idx, double *ret)
{
    const struct kt_point *p = arg;
    if (!p->limits || idx < 0 || idx >= KT_LIMIT_NAMES || !p->limits->has[idx]) {
        return false;
    }
    *ret = p->limits->value[idx];
    return true;
}

/* --- never true */

static bool never(const struct kt_point *p, const struct kt_expr *e)
{
    return kt_expr_never_true(e, limit_of, (void *)(uintptr_t)p);
}

static void prove_true(struct load *l, const struct rule_decl *d)
{
    const struct kt_limits *before = NULL;
    static const struct kt_point none;
    if (d->r.raise && d->r.points_n == 0 && d->scan.limits == 0 && never(&none, d->r.raise)) {
        site_find_at(l, KT_FIND_ERROR, "never-true", &d->raise_at,
                     "%s \"%s\": %s can never be true; correct the condition",
                     d->r.interlock ? "interlock" : "rule", d->r.id,
                     d->r.interlock ? "permit" : "raise");
        return;
    }
    for (uint32_t i = 0, tries = 0; d->r.raise && i < d->r.points_n && tries < TRIES_MAX; i++) {
        const struct kt_point *p = &l->s->pub.points[d->r.points[i].v];
        if (i && p->limits == before) {
            continue;
        }
        before = p->limits;
        tries++;
        if (never(p, d->r.raise)) {
            site_find_at(l, KT_FIND_ERROR, "never-true", &d->raise_at,
                         "rule \"%s\": raise can never be true at point %s; correct the condition "
                         "or its limits",
                         d->r.id, p->id);
            return;
        }
    }
}

/* --- thresholds against clauses */

/* The limit that a category of alarms must not stay behind. */
static int limit_for(const char *category, bool high)
{
    if (strcmp(category, "cut") == 0) {
        return high ? KT_LIMIT_CUT : KT_LIMIT_LOW_CUT;
    }
    if (strcmp(category, "over-limit") == 0) {
        return high ? KT_LIMIT_ALARM : KT_LIMIT_LOW_ALARM;
    }
    return -1;
}

static void prove_threshold(struct load *l, const struct rule_decl *d)
{
    for (uint32_t i = 0, tries = 0; d->r.raise && i < d->r.points_n && tries < TRIES_MAX; i++) {
        uint32_t at = d->r.points[i].v;
        const struct kt_point *p = &l->s->pub.points[at];
        const struct kt_limits *pack = l->pack_limits[at];
        double x;
        bool high;
        tries++;
        if (!pack || !*pack->source.standard ||
            !kt_expr_threshold(d->r.raise, limit_of, (void *)(uintptr_t)p, &x, &high)) {
            continue;
        }
        int k = limit_for(d->r.category, high);
        if (k >= 0 && pack->has[k] &&
            site_looser((enum kt_limit_name)k, pack->low, x, pack->value[k])) {
            site_find_at(l, KT_FIND_ERROR, "looser-threshold", &d->raise_at,
                         "rule \"%s\" raises at %g %s, looser than %g of %s %s at point %s; use "
                         "limit.%s",
                         d->r.id, x, p->unit, pack->value[k], pack->source.standard,
                         pack->source.clause, p->id, kt_limit_name_id((enum kt_limit_name)k));
            return;
        }
    }
}

/* --- opposite commands */

struct opposed {
    struct load *l;
    const struct rule_decl *open, *close;
    const struct action_decl *closes;
};

/* Does instance `self` of the opening rule open `out`? */
static bool opens(const struct load *l, const struct rule_decl *d, kt_point_id self,
                  kt_point_id out)
{
    for (uint32_t i = 0; i < d->then_n; i++) {
        const struct kt_point_list opened = site_opens(l, &d->then[i], self);
        for (uint32_t j = 0; j < opened.n; j++) {
            if (opened.points[j].v == out.v) {
                return true;
            }
        }
    }
    return false;
}

static bool together(const struct opposed *o, kt_point_id a, kt_point_id b)
{
    const struct kt_point *p = o->l->s->pub.points;
    return kt_expr_can_overlap(o->open->r.raise, o->close->r.raise, a, b, limit_of,
                               (void *)(uintptr_t)&p[a.v], limit_of, (void *)(uintptr_t)&p[b.v]);
}

static bool prove_output(const struct opposed *o, kt_point_id out)
{
    uint32_t tries = 0;
    for (uint32_t i = 0; i < o->open->r.points_n; i++) {
        kt_point_id a = o->open->r.points[i];
        if (!opens(o->l, o->open, a, out)) {
            continue;
        }
        for (uint32_t j = 0; j < o->close->r.points_n && tries < TRIES_MAX; j++, tries++) {
            if (together(o, a, o->close->r.points[j])) {
                site_find_at(o->l, KT_FIND_ERROR, "opposite-commands", &o->closes->at,
                             "rule \"%s\" closes %s, which rule \"%s\" opens, and both can hold "
                             "together; make their conditions exclude each other",
                             o->close->r.id, o->l->s->pub.points[out.v].id, o->open->r.id);
                return true;
            }
        }
    }
    return false;
}

static void prove_opposite(struct load *l, const struct rule_decl *close)
{
    for (uint32_t i = 0; i < close->then_n; i++) {
        const struct action_decl *a = &close->then[i];
        for (uint32_t r = 0; a->kind == DO_CLOSE_POINTS && r < l->rules_n; r++) {
            struct opposed o = {l, &l->rules[r], close, a};
            if (!o.open->r.raise || !close->r.raise) {
                continue;
            }
            for (uint32_t j = 0; j < a->points_n && !prove_output(&o, a->points[j]); j++) {
            }
        }
    }
}

void site_prove(struct load *l)
{
    for (uint32_t i = 0; i < l->rules_n; i++) {
        prove_true(l, &l->rules[i]);
        prove_threshold(l, &l->rules[i]);
        prove_opposite(l, &l->rules[i]);
    }
    site_loops(l);
}
