/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_rules: the safety rules of DESIGN section 3 as far as a site folder can break them.
 *
 * 3: a rule never closes. 6: a statutory rule has no on-delay. 7: no rule opens a protected output
 * unless it is a pack's and its clause says so. What is statutory, or opens outputs, is not
 * suppressed, and nothing is suppressed because something is not known (1, 6). Rule 1: what cuts
 * latches, and an unlatching condition is there.
 */
#include "site/impl.h"

#include "expr/expr.h"

static bool has_action(const struct rule_decl *d, int kind)
{
    for (uint32_t i = 0; i < d->then_n; i++) {
        if ((int)d->then[i].kind == kind) {
            return true;
        }
    }
    return false;
}

static bool opens_some(const struct rule_decl *d)
{
    return has_action(d, DO_OPEN_RANGE) || has_action(d, DO_OPEN_POINTS) ||
           has_action(d, DO_OPEN_ASSET) || has_action(d, DO_SEQUENCE);
}

static void check_protected(struct load *l, const struct rule_decl *d, kt_point_id out,
                            const struct origin *at)
{
    const struct kt_point *o = &l->s->pub.points[out.v];
    bool clause = !d->at.site && *d->r.clause.standard;
    if (o->role->is_protected && !clause) {
        site_find_at(l, KT_FIND_ERROR, "protected-output", at,
                     "rule \"%s\" opens %s (%s), which only a pack's rule with a clause may do "
                     "(safety rule 7); remove it from the action",
                     d->r.id, o->id, o->role->title.zh);
    }
    if (o->link == KT_NONE) {
        site_find_at(l, KT_FIND_ERROR, "switch-without-link", at,
                     "rule \"%s\" opens %s, which has no link; give link and address in "
                     "points.csv",
                     d->r.id, o->id);
    }
}

static void check_opened(struct load *l, const struct rule_decl *d)
{
    const struct kt_site *s = &l->s->pub;
    bool said = false;
    for (uint32_t i = 0; i < d->then_n; i++) {
        const struct action_decl *a = &d->then[i];
        for (uint32_t j = 0; j < a->points_n && a->kind == DO_OPEN_POINTS; j++) {
            check_protected(l, d, a->points[j], &a->at);
        }
        for (uint32_t j = 0; j < d->r.points_n && a->kind == DO_OPEN_ASSET; j++) {
            const struct kt_point_list own = site_opens(l, a, d->r.points[j]);
            for (uint32_t k = 0; k < own.n; k++) {
                check_protected(l, d, own.points[k], &a->at);
            }
        }
        for (uint32_t j = 0; j < d->r.points_n && a->kind == DO_OPEN_RANGE && !said; j++) {
            const struct kt_point *p = &s->points[d->r.points[j].v];
            for (uint32_t k = 0; k < p->cuts_n && !said; k++) {
                said = s->points[p->cuts[k].v].role->is_protected &&
                       (d->at.site || !*d->r.clause.standard);
                if (said) {
                    check_protected(l, d, p->cuts[k], &a->at);
                }
            }
        }
    }
}

static void check_close(struct load *l, const struct rule_decl *d)
{
    for (uint32_t i = 0; i < d->then_n; i++) {
        if (d->then[i].kind == DO_CLOSE_POINTS) {
            site_find_at(l, KT_FIND_ERROR, "rule-closes", &d->then[i].at,
                         "rule \"%s\" closes \"%s\"; a person gives power back (safety rule 3): "
                         "remove the action",
                         d->r.id, d->then[i].text);
        }
    }
}

static void check_statutory(struct load *l, const struct rule_decl *d)
{
    if (d->r.statutory && d->r.on_delay_ns > 0) {
        site_find_at(l, KT_FIND_ERROR, "statutory-delay", &d->at,
                     "rule \"%s\" is statutory and is not delayed (safety rule 6); remove on_delay",
                     d->r.id);
    }
    if (d->r.statutory && !*d->r.clause.standard) {
        site_find_at(l, KT_FIND_ERROR, "statutory-clause", &d->at,
                     "rule \"%s\" is statutory without a clause; give clause: {standard: …, "
                     "clause: …}",
                     d->r.id);
    }
}

static void check_latch(struct load *l, const struct rule_decl *d)
{
    bool opens = opens_some(d);
    if (d->r.latch && !d->clear) {
        site_find_at(l, KT_FIND_ERROR, "latch-without-clear", &d->at,
                     "rule \"%s\" latches but has no clear; say what unlatches it", d->r.id);
    }
    if (opens && d->r.on_delay_ns > 0 && strcmp(d->r.category, "cut") == 0) {
        site_find_at(l, KT_FIND_ERROR, "statutory-delay", &d->at,
                     "rule \"%s\" cuts and is not delayed (safety rule 2); remove on_delay",
                     d->r.id);
    }
}

static void check_suppress(struct load *l, const struct rule_decl *d)
{
    const struct rule_scan *s = &d->suppress_scan;
    kt_point_id one;
    const char *wrong = NULL;
    if (!d->suppress || !d->r.suppress) {
        return;
    }
    if (d->r.statutory) {
        wrong = "is statutory and is never suppressed (safety rule 6); remove suppress_when";
    } else if (opens_some(d)) {
        wrong = "opens outputs, which is told whatever else is so; remove suppress_when";
    } else if (s->asks_unknown) {
        wrong = "would be suppressed because something is not known (safety rule 1); name values "
                "that are known: without quality(), known(), unknown and the flags link-down and "
                "device-fault";
    } else if (kt_expr_windows(d->r.suppress)) {
        wrong = "looks at a time that is gone in suppress_when; compare present values";
    } else if (s->reads_self) {
        wrong = "is suppressed by its own point; name another one";
    } else if (!s->sets_n && !kt_expr_points(d->r.suppress, &one, 1)) {
        wrong = "names nothing that suppresses it; compare a point or a set";
    }
    if (wrong) {
        site_find_at(l, KT_FIND_ERROR, d->r.statutory ? "statutory-suppress" : "suppress",
                     &d->suppress_at, "rule \"%s\" %s", d->r.id, wrong);
    }
}

/* What holds an output opens it, so safety rule 7 is the same; no window: it would outlive the
 * moment of sending. */
static void check_interlock(struct load *l, const struct rule_decl *d)
{
    const struct kt_site *s = &l->s->pub;
    if (d->r.raise && kt_expr_windows(d->r.raise)) {
        site_find_at(l, KT_FIND_ERROR, "interlock", &d->raise_at,
                     "interlock \"%s\" looks at a time that is gone; compare present values",
                     d->r.id);
    }
    for (uint32_t i = 0; d->r.hold && i < d->r.points_n; i++) {
        const struct kt_point *p = &s->points[d->r.points[i].v];
        if (p->role->is_protected && (d->at.site || !*d->r.clause.standard)) {
            check_protected(l, d, d->r.points[i], &d->at);
        }
    }
}

void site_check_rules(struct load *l)
{
    for (uint32_t i = 0; i < l->rules_n; i++) {
        const struct rule_decl *d = &l->rules[i];
        if (d->r.interlock) {
            check_interlock(l, d);
            continue;
        }
        check_opened(l, d);
        check_close(l, d);
        check_statutory(l, d);
        check_latch(l, d);
        check_suppress(l, d);
    }
}
