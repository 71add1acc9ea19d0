/* SPDX-License-Identifier: Apache-2.0 */
/* rules_build: instances of rules, their conditions compiled, the outputs of their actions. */
#include "site/impl.h"

#include <stdlib.h>

#include "expr/expr.h"

/* --- names for the compiler */

static bool name_point(void *arg, struct kt_str id, kt_point_id *ret, const char **ret_unit,
                       double *ret_resolution)
{
    const struct load *l = arg;
    kt_point_id p = kt_site_point(&l->s->pub, id);
    if (p.v == KT_NONE) {
        return false;
    }
    *ret = p;
    *ret_unit = l->s->pub.points[p.v].unit;
    *ret_resolution = l->s->pub.points[p.v].resolution;
    return true;
}

static bool name_role(void *arg, struct kt_str pattern)
{
    char text[64];
    if (pattern.n >= sizeof(text)) {
        return false;
    }
    memcpy(text, pattern.p, pattern.n);
    text[pattern.n] = 0;
    return site_role_known(arg, text);
}

/* Points have the unit of their role. */
static bool name_role_unit(void *arg, struct kt_str pattern, const char **ret_unit)
{
    const struct load *l = arg;
    const struct kt_site *s = &l->s->pub;
    const char *unit = NULL;
    char text[64];
    if (pattern.n >= sizeof(text)) {
        return false;
    }
    memcpy(text, pattern.p, pattern.n);
    text[pattern.n] = 0;
    *ret_unit = NULL;
    for (uint32_t i = 0; i < s->roles_n; i++) {
        if (!kt_glob(text, s->roles[i].id)) {
            continue;
        }
        if (unit && strcmp(unit, s->roles[i].unit) != 0) {
            return true;
        }
        unit = s->roles[i].unit;
    }
    *ret_unit = unit;
    return unit != NULL;
}

/* Unit and resolution of `self`: those of all instances when they agree; without instances those of
 * the roles that the rule could select. */
static void self_of(const struct load *l, const struct rule_decl *d, struct kt_expr_names *n)
{
    const struct kt_site *s = &l->s->pub;
    bool first = true, differ = false;
    for (uint32_t i = 0; i < d->r.points_n; i++) {
        const struct kt_point *p = &s->points[d->r.points[i].v];
        differ = differ || (!first && strcmp(n->self_unit, p->unit) != 0);
        if (first) {
            n->self_unit = p->unit;
            n->self_resolution = p->resolution;
        } else if (n->self_resolution != p->resolution) {
            n->self_resolution = 0;
        }
        first = false;
    }
    for (uint32_t i = 0; i < s->roles_n && d->r.points_n == 0; i++) {
        const struct kt_role *r = &s->roles[i];
        bool fits = d->select.roles_n == 0;
        for (uint32_t j = 0; j < d->select.roles_n && !fits; j++) {
            fits = kt_glob(d->select.roles[j], r->id);
        }
        fits = fits && (!d->select.group || strcmp(d->select.group, r->group) == 0) &&
               (d->select.kind < 0 || (int)r->kind == d->select.kind);
        if (fits) {
            differ = differ || (!first && strcmp(n->self_unit, r->unit) != 0);
            n->self_unit = r->unit;
            first = false;
        }
    }
    if (differ) {
        n->self_unit = NULL;
    }
}

static const struct kt_expr *compile(struct load *l, const struct rule_decl *d, const char *text,
                                     const struct origin *at)
{
    struct kt_expr_names names = {.arg = l,
                                  .point = name_point,
                                  .role = name_role,
                                  .unit = site_unit_name,
                                  .role_unit = name_role_unit};
    struct kt_expr *e = NULL;
    struct kt_err err = {0};
    self_of(l, d, &names);
    if (kt_expr_compile(l->a, kt_str_c(text), at->file, at->line, at->col, &names, &e, &err) < 0) {
        kt_problem_err(&l->problems, &err);
        return NULL;
    }
    return e;
}

const struct kt_expr *site_compile(struct load *l, const char *text, const struct origin *at,
                                   const char *self_unit)
{
    struct kt_expr_names names = {.arg = l,
                                  .point = name_point,
                                  .role = name_role,
                                  .unit = site_unit_name,
                                  .role_unit = name_role_unit,
                                  .self_unit = self_unit};
    struct kt_expr *e = NULL;
    struct kt_err err = {0};
    if (kt_expr_compile(l->a, kt_str_c(text), at->file, at->line, at->col, &names, &e, &err) < 0) {
        kt_problem_err(&l->problems, &err);
        return NULL;
    }
    return e;
}

/* --- actions */

struct kt_point_list site_opens(const struct load *l, const struct action_decl *a, kt_point_id self)
{
    const struct kt_site *s = &l->s->pub;
    const struct kt_point *p = &s->points[self.v];
    switch (a->kind) {
    case DO_OPEN_RANGE:
        return (struct kt_point_list){p->cuts, p->cuts_n};
    case DO_OPEN_POINTS:
        return (struct kt_point_list){a->points, a->points_n};
    case DO_OPEN_ASSET:
        return a->of_asset && p->asset < s->assets_n ? a->of_asset[p->asset]
                                                     : (struct kt_point_list){NULL, 0};
    default:
        return (struct kt_point_list){NULL, 0};
    }
}

static void build_sequence(struct load *l, const struct rule_decl *d, struct action_decl *a)
{
    uint64_t at = 0;
    if (!kt_map_get(l->seq_ids, kt_str_c(a->text), &at)) {
        site_find_at(l, KT_FIND_ERROR, "reference", &a->at,
                     "rule \"%s\": no sequence is called \"%s\"; give an id of sequences/", d->r.id,
                     a->text);
        a->sequence = KT_NONE;
        return;
    }
    a->sequence = (uint32_t)at;
    if (l->s->pub.sequences[at].start) {
        site_find_at(l, KT_FIND_ERROR, "rule-closes", &a->at,
                     "rule \"%s\" starts \"%s\", which closes outputs; a person does that "
                     "(safety rule 3): name a sequence of kind stop",
                     d->r.id, a->text);
    }
}

static void build_asset(struct load *l, struct action_decl *a)
{
    const char *role = site_selector_asset(a->text);
    char buf[KT_SUGGEST_TEXT];
    if (!site_role_known(l, role)) {
        site_find_at(l, KT_FIND_ERROR, "reference", &a->at, "unknown role \"%s\"%s", role,
                     site_role_hint(l, role, buf));
    }
    a->of_asset = site_select_assets(l, role);
}

/* What a linkage does beside switching. */
static bool build_linked(struct load *l, const struct rule_decl *d, const struct action_decl *a,
                         struct kt_action *ret)
{
    static const enum kt_action_kind kinds[] = {[DO_PEOPLE] = KT_ACT_PEOPLE,
                                                [DO_EVACUATE] = KT_ACT_EVACUATE,
                                                [DO_CAMERAS] = KT_ACT_CAMERAS,
                                                [DO_CASE] = KT_ACT_CASE};
    static const char *const people[] = {"place", "downstream"};
    char *end = NULL;
    unsigned long n = a->kind == DO_CAMERAS ? strtoul(a->text, &end, 10) : 1;
    bool ok = true;
    const char *want = "";
    if (a->kind == DO_PEOPLE) {
        ok = !strcmp(a->text, people[0]) || !strcmp(a->text, people[1]);
        want = "place or downstream";
    } else if (a->kind == DO_EVACUATE) {
        ok = !strcmp(a->text, "working") || !strcmp(a->text, "place") ||
             kt_site_place(&l->s->pub, kt_str_c(a->text)).v != KT_NONE;
        want = "working, place, or an id of places.csv";
    } else if (a->kind == DO_CAMERAS) {
        ok = end && !*end && n >= 1 && n <= 9;
        want = "1 to 9";
    }
    if (!ok) {
        site_find_at(l, KT_FIND_ERROR, "reference", &a->at, "rule \"%s\": \"%s\" is not %s",
                     d->r.id, a->text, want);
    }
    *ret = (struct kt_action){.kind = kinds[a->kind], .select = a->text, .count = (uint32_t)n};
    return ok;
}

static void build_action(struct load *l, struct rule_decl *d, struct action_decl *a)
{
    struct selector sel;
    if (a->kind == DO_BROADCAST || a->kind == DO_CALL) {
        a->stands = site_voice_action(l, d->r.id, a, &a->built);
    } else if (a->kind == DO_PICTURE && strcmp(a->text, "nearest") != 0 &&
               kt_site_camera(&l->s->pub, kt_str_c(a->text)) == KT_NONE) {
        site_find_at(l, KT_FIND_ERROR, "reference", &a->at,
                     "rule \"%s\": no camera is called \"%s\"; give an id of cameras.csv, or "
                     "nearest",
                     d->r.id, a->text);
    } else if (a->kind == DO_SEQUENCE) {
        build_sequence(l, d, a);
    } else if (a->kind == DO_OPEN_ASSET) {
        build_asset(l, a);
    }
    if (a->kind != DO_OPEN_POINTS && a->kind != DO_CLOSE_POINTS) {
        return;
    }
    if (!site_selector_parse(l, a->text, &a->at, &sel)) {
        return;
    }
    site_selector_check(l, &sel, &a->at);
    sel.kind = KT_POINT_OUTPUT;
    a->points_n = site_select(l, &sel, &a->points);
    if (a->points_n == 0 && d->at.site) {
        site_find_at(l, KT_FIND_ERROR, "reference", &a->at,
                     "rule \"%s\": \"%s\" fits no output; name outputs of points.csv", d->r.id,
                     a->text);
    }
}

static void build_actions(struct load *l, struct rule_decl *d)
{
    struct kt_action *to = KT_NEW_ARRAY(l->a, struct kt_action, d->then_n + 1);
    uint32_t n = 0;
    for (uint32_t i = 0; i < d->then_n; i++) {
        struct action_decl *a = &d->then[i];
        build_action(l, d, a);
        if (a->kind == DO_CARD) {
            to[n++] = (struct kt_action){.kind = KT_ACT_CARD, .card = a->text};
        } else if (a->kind == DO_PICTURE) {
            to[n++] = (struct kt_action){.kind = KT_ACT_PICTURE,
                                         .select = a->text,
                                         .camera = kt_site_camera(&l->s->pub, kt_str_c(a->text))};
        } else if (a->kind == DO_OPEN_RANGE) {
            to[n++] = (struct kt_action){.kind = KT_ACT_OPEN_RANGE};
        } else if (a->kind == DO_OPEN_POINTS) {
            to[n++] = (struct kt_action){.kind = KT_ACT_OPEN_POINTS,
                                         .select = a->text,
                                         .points = a->points,
                                         .points_n = a->points_n};
        } else if (a->kind == DO_OPEN_ASSET) {
            to[n++] = (struct kt_action){
                .kind = KT_ACT_OPEN_ASSET, .select = a->text, .of_asset = a->of_asset};
        } else if (a->kind == DO_SEQUENCE && a->sequence != KT_NONE) {
            to[n++] = (struct kt_action){
                .kind = KT_ACT_SEQUENCE, .select = a->text, .sequence = a->sequence};
        } else if (a->stands) {
            to[n++] = a->built;
        } else if (a->kind >= DO_PEOPLE) {
            n += build_linked(l, d, a, &to[n]);
        }
    }
    d->r.then = to;
    d->r.then_n = n;
}

/* A rule that reads a limit which one of its points does not have would stay unknown for ever. */
static void check_limits(struct load *l, const struct rule_decl *d)
{
    const struct kt_site *s = &l->s->pub;
    unsigned said = 0;
    for (uint32_t i = 0; d->scan.limits && i < d->r.points_n; i++) {
        const struct kt_point *p = &s->points[d->r.points[i].v];
        for (unsigned k = 0; k < KT_LIMIT_NAMES; k++) {
            bool missing = d->scan.limits & 1U << k && (!p->limits || !p->limits->has[k]);
            if (missing && !(said & 1U << k)) {
                said |= 1U << k;
                site_find_at(
                    l, KT_FIND_ERROR, "never-true", &d->at,
                    "rule \"%s\" reads limit.%s, which point %s has not; give the limit or "
                    "select {limit: %s}",
                    d->r.id, kt_limit_name_id((enum kt_limit_name)k), p->id,
                    kt_limit_name_id((enum kt_limit_name)k));
            }
        }
    }
}

static void build(struct load *l, struct rule_decl *d)
{
    site_selector_check(l, &d->select, &d->at);
    d->r.points_n = site_select(l, &d->select, &d->r.points);
    if (d->r.points_n == 0 && d->at.site) {
        site_find_at(l, KT_FIND_WARNING, "no-points", &d->at,
                     "rule \"%s\" selects no point; check its select", d->r.id);
    }
    l->check = "condition";
    d->r.raise = compile(l, d, d->raise, &d->raise_at);
    if (d->clear) {
        d->r.clear = compile(l, d, d->clear, &d->clear_at);
    }
    if (d->suppress) {
        d->r.suppress = compile(l, d, d->suppress, &d->suppress_at);
    }
    l->check = "format";
    check_limits(l, d);
    build_actions(l, d);
}

static void index_points(struct load *l)
{
    const struct kt_site *s = &l->s->pub;
    uint32_t *at = KT_NEW_ARRAY(l->a, uint32_t, s->points_n + 2), n = 0;
    for (uint32_t i = 0; i < s->rules_n; i++) {
        n += s->rules[i].points_n;
        for (uint32_t j = 0; j < s->rules[i].points_n; j++) {
            at[s->rules[i].points[j].v + 2]++;
        }
    }
    for (uint32_t i = 0; i < s->points_n; i++) {
        at[i + 2] += at[i + 1];
    }
    kt_rule_id *list = KT_NEW_ARRAY(l->a, kt_rule_id, n + 1);
    for (uint32_t i = 0; i < s->rules_n; i++) {
        for (uint32_t j = 0; j < s->rules[i].points_n; j++) {
            list[at[s->rules[i].points[j].v + 1]++].v = i;
        }
    }
    l->s->point_rules_at = at;
    l->s->point_rules = list;
}

/* What linkages add stands behind the rule's own actions; nothing of those is taken away. */
static void add_linkages(struct load *l)
{
    for (uint32_t i = 0; i < l->linkages_n; i++) {
        const struct linkage_decl *k = &l->linkages[i];
        uint64_t at = 0;
        bool known = kt_map_get(l->s->rule_ids, kt_str_c(k->of), &at);
        if (!known || l->rules[at].r.interlock) {
            site_find_at(l, KT_FIND_ERROR, "reference", &k->d.at,
                         "no rule is called \"%s\"; a linkage is of a rule that raises an alarm",
                         k->of);
            continue;
        }
        struct rule_decl *d = &l->rules[at];
        struct action_decl *all =
            KT_NEW_ARRAY(l->scratch, struct action_decl, d->then_n + k->d.then_n + 1);
        memcpy(all, d->then, d->then_n * sizeof(*all));
        memcpy(all + d->then_n, k->d.then, k->d.then_n * sizeof(*all));
        d->then = all;
        d->then_n += k->d.then_n;
    }
}

void site_rules(struct load *l)
{
    struct kt_rule *to = KT_NEW_ARRAY(l->a, struct kt_rule, l->rules_n + 1);
    add_linkages(l);
    for (uint32_t i = 0; i < l->rules_n; i++) {
        build(l, &l->rules[i]);
        to[i] = l->rules[i].r;
    }
    l->s->pub.rules = to;
    l->s->pub.rules_n = l->rules_n;
    index_points(l);
}
