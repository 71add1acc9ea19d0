/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits: what each point's limits are: the packs' by role and gas class, then the site's overlays.
 *
 * Invariant (safety rule 6): a value that a clause backs is never looser than the pack's. Points of
 * a role without an overlay share one struct kt_limits.
 */
#include "site/impl.h"

bool site_looser(enum kt_limit_name name, bool low, double a, double than)
{
    bool smaller = name >= KT_LIMIT_LOW_ALARM || low;
    return smaller ? a < than : a > than;
}

static unsigned class_bit(const char *gas_class)
{
    return strcmp(gas_class, "outburst") == 0 ? 4 : strcmp(gas_class, "high") == 0 ? 2 : 1;
}

static bool role_fits(const struct limit_entry *e, const char *role)
{
    for (uint32_t i = 0; i < e->roles_n; i++) {
        if (kt_glob(e->roles[i], role)) {
            return true;
        }
    }
    return false;
}

static bool in_class(const struct load *l, const struct limit_entry *e)
{
    return e->classes == 0 || (e->classes & class_bit(l->s->pub.gas_class));
}

/* A value of an entry in the unit `to`; false after reporting. */
static bool value_in(struct load *l, const struct limit_entry *e, int name, const char *to,
                     double *ret)
{
    *ret = e->value[name];
    if (!e->unit || strcmp(e->unit, to) == 0) {
        return true;
    }
    const struct unit *a = site_unit(l, kt_str_c(e->unit)), *b = site_unit(l, kt_str_c(to));
    if (!a || !b || a->dimension != b->dimension) {
        site_find_at(l, KT_FIND_ERROR, "unit", &e->at,
                     "unit \"%s\" of the limit does not fit \"%s\"; give the value in \"%s\"",
                     e->unit, to, to);
        return false;
    }
    *ret = site_convert(a, b, *ret);
    return true;
}

static uint32_t range_of(struct load *l, const struct limit_entry *e)
{
    uint64_t at;
    if (kt_map_get(l->range_ids, kt_str_c(e->range_id), &at)) {
        return (uint32_t)at;
    }
    struct kt_suggest s = kt_suggest_init(kt_str_c(e->range_id));
    char buf[KT_SUGGEST_TEXT];
    for (uint32_t i = 0; i < l->ranges_n; i++) {
        kt_suggest_try(&s, l->ranges[i].id);
    }
    site_find_at(l, KT_FIND_ERROR, "reference", &e->at, "unknown range \"%s\"%s", e->range_id,
                 kt_suggest_text(&s, buf));
    return KT_NONE;
}

/* Pack entries, one after the other, into the limits of one role. */
static void pack_entry(struct load *l, const struct limit_entry *e, const struct kt_role *role,
                       struct kt_limits *to)
{
    for (int i = 0; i < KT_LIMIT_NAMES; i++) {
        if (!e->has[i]) {
            continue;
        }
        if (to->has[i]) {
            site_find_at(l, KT_FIND_ERROR, "twice", &e->at,
                         "role \"%s\" has a limit \"%s\" already; keep one of the two", role->id,
                         kt_limit_name_id((enum kt_limit_name)i));
        }
        to->has[i] = value_in(l, e, i, role->unit, &to->value[i]);
    }
    if (e->has_direction) {
        to->low = e->low;
    }
    if (*e->source.standard) {
        to->source = e->source;
    }
    if (e->range_id) {
        to->range = range_of(l, e);
        to->range_text = e->range_text;
    }
}

static struct kt_limits *of_role(struct load *l, const struct kt_role *role)
{
    struct kt_limits *to = NULL;
    for (uint32_t i = 0; i < l->limits_n; i++) {
        const struct limit_entry *e = &l->limits[i];
        if (e->at.site || !role_fits(e, role->id) || !in_class(l, e)) {
            continue;
        }
        if (!to) {
            to = KT_NEW(l->a, struct kt_limits);
            to->range = KT_NONE;
            to->range_text = (struct kt_text){"", ""};
            to->source = (struct kt_source){"", "", "", false};
        }
        pack_entry(l, e, role, to);
    }
    return to;
}

/* Said once for each entry and limit, for the first point it meets. */
static void say_looser(struct load *l, const struct limit_entry *e, const struct kt_point *p, int i,
                       double v, const struct kt_limits *pack)
{
    const char *name = kt_limit_name_id((enum kt_limit_name)i);
    if (*pack->source.standard) {
        site_find_at(l, KT_FIND_ERROR, "looser-limit", &e->at,
                     "%s: %s %g %s is looser than %g of %s %s; limits that a clause backs are only "
                     "made tighter",
                     p->id, name, v, p->unit, pack->value[i], pack->source.standard,
                     pack->source.clause);
    } else if (!e->looser_reason) {
        site_find_at(l, KT_FIND_ERROR, "looser-limit", &e->at,
                     "%s: %s %g %s is looser than %g of the pack; make it tighter or add looser: "
                     "{reason: …, by: [a, b]} to the file",
                     p->id, name, v, p->unit, pack->value[i]);
    } else {
        site_find_at(l, KT_FIND_WARNING, "looser-limit", &e->at,
                     "%s: %s %g %s is looser than %g of the pack (%s)", p->id, name, v, p->unit,
                     pack->value[i], e->looser_reason);
    }
}

/* Apply one overlay entry to one point. `said` has a bit for each limit reported already. */
static void overlay_point(struct load *l, const struct limit_entry *e, uint32_t point,
                          unsigned *said)
{
    struct kt_point *p = (struct kt_point *)&l->s->pub.points[point];
    const struct kt_limits *pack = l->pack_limits[point];
    struct kt_limits *to;
    if (p->ended) {
        return;
    }
    if (p->limits == pack) {
        to = KT_NEW(l->a, struct kt_limits);
        if (pack) {
            *to = *pack;
        } else {
            *to = (struct kt_limits){
                .range = KT_NONE, .range_text = {"", ""}, .source = {"", "", "", false}};
        }
    } else {
        to = (struct kt_limits *)p->limits;
    }
    p->limits = to;
    for (int i = 0; i < KT_LIMIT_NAMES; i++) {
        double v;
        if (!e->has[i] || !value_in(l, e, i, p->unit, &v)) {
            continue;
        }
        if (pack && pack->has[i] &&
            site_looser((enum kt_limit_name)i, pack->low, v, pack->value[i])) {
            if (!(*said & 1U << i)) {
                say_looser(l, e, p, i, v, pack);
            }
            *said |= 1U << i;
        }
        to->has[i] = true;
        to->value[i] = v;
    }
    if (!pack) {
        to->low = e->low;
    }
    if (!pack && *e->source.standard) {
        to->source = e->source;
    }
    if (e->range_id && to->range != KT_NONE) {
        if (!(*said & 1U << 31)) {
            site_find_at(l, KT_FIND_ERROR, "looser-limit", &e->at,
                         "%s: the range of this point comes from the pack; remove range here",
                         p->id);
        }
        *said |= 1U << 31;
    } else if (e->range_id) {
        to->range = range_of(l, e);
        to->range_text = e->range_text;
    }
}

static void overlay_pattern(struct load *l, const struct limit_entry *e, const char *pattern,
                            unsigned *said)
{
    const struct kt_site *s = &l->s->pub;
    bool any = false;
    if (!strchr(pattern, '*')) {
        kt_point_id p = kt_site_point(s, kt_str_c(pattern));
        any = p.v != KT_NONE;
        if (any) {
            overlay_point(l, e, p.v, said);
        }
    } else {
        for (uint32_t i = 0; i < s->points_n; i++) {
            if (kt_glob(pattern, s->points[i].id)) {
                overlay_point(l, e, i, said);
                any = true;
            }
        }
    }
    if (!any) {
        site_find_at(l, KT_FIND_ERROR, "reference", &e->at,
                     "unknown point \"%s\"; give an id of points.csv", pattern);
    }
}

static void overlay(struct load *l, const struct limit_entry *e)
{
    const struct kt_site *s = &l->s->pub;
    unsigned said = 0;
    if (e->roles_n) {
        bool *fits = KT_NEW_ARRAY(l->scratch, bool, l->roles_n + 1);
        for (uint32_t i = 0; i < l->roles_n; i++) {
            fits[i] = role_fits(e, s->roles[i].id);
        }
        for (uint32_t i = 0; i < s->points_n; i++) {
            if (!s->points[i].ended && fits[s->points[i].role - s->roles]) {
                overlay_point(l, e, i, &said);
            }
        }
    }
    for (uint32_t i = 0; i < e->points_n; i++) {
        overlay_pattern(l, e, e->points[i], &said);
    }
}

/* Pairs that must stand in order: `low` of a pair is not above `high`. */
static void check_order(struct load *l, uint32_t point, const struct kt_limits *m)
{
    static const struct {
        enum kt_limit_name low, high;
        bool upper; /* among upper limits: turned round when direction is low */
    } pairs[] = {
        {KT_LIMIT_RESTORE, KT_LIMIT_CUT, true},
        {KT_LIMIT_ALARM, KT_LIMIT_CUT, true},
        {KT_LIMIT_WARN, KT_LIMIT_ALARM, true},
        {KT_LIMIT_LOW_CUT, KT_LIMIT_LOW_ALARM, false},
        {KT_LIMIT_LOW_CUT, KT_LIMIT_LOW_RESTORE, false},
        {KT_LIMIT_LOW_ALARM, KT_LIMIT_ALARM, false},
    };
    for (size_t i = 0; i < KT_ARRAY_LEN(pairs); i++) {
        enum kt_limit_name a = pairs[i].low, b = pairs[i].high;
        if (!m->has[a] || !m->has[b]) {
            continue;
        }
        bool turned = pairs[i].upper && m->low;
        double lo = m->value[turned ? b : a], hi = m->value[turned ? a : b];
        if (lo > hi) {
            site_find_point(l, KT_FIND_ERROR, "limit-order", point,
                            "%s: %s %g and %s %g are out of order; correct one of them",
                            l->s->pub.points[point].id, kt_limit_name_id(a), m->value[a],
                            kt_limit_name_id(b), m->value[b]);
        }
    }
    if ((m->has[KT_LIMIT_CUT] && !m->has[KT_LIMIT_RESTORE]) ||
        (m->has[KT_LIMIT_LOW_CUT] && !m->has[KT_LIMIT_LOW_RESTORE])) {
        site_find_point(l, KT_FIND_ERROR, "limit-order", point,
                        "%s: a cut value without its restore value; give both",
                        l->s->pub.points[point].id);
    }
}

/* The bound of each limit that a clause backs: the pack's figure or, where the pack has none under
 * that clause, the site's own. */
static void note_clauses(const struct kt_limits *pack, struct kt_limits *m)
{
    for (int i = 0; i < KT_LIMIT_NAMES; i++) {
        m->backed[i] = m->has[i] && *m->source.standard;
        m->clause[i] = pack && pack->has[i] ? pack->value[i] : m->value[i];
    }
}

static void check_points(struct load *l)
{
    const struct kt_site *s = &l->s->pub;
    const struct kt_limits *before = NULL;
    for (uint32_t i = 0; i < s->points_n; i++) {
        const struct kt_point *p = &s->points[i];
        if (p->limits && p->limits != before) {
            before = p->limits;
            note_clauses(l->pack_limits[i], (struct kt_limits *)p->limits);
            check_order(l, i, before);
        }
        if (p->limits && p->limits->has[KT_LIMIT_CUT] && !p->limits->low &&
            p->range_hi < p->limits->value[KT_LIMIT_CUT] && !p->role->over_range_high) {
            site_find_point(l, KT_FIND_ERROR, "limit-outside-range", i,
                            "%s: cut %g lies above the measuring range (%g); the sensor cannot "
                            "reach it",
                            p->id, p->limits->value[KT_LIMIT_CUT], p->range_hi);
        }
        if (p->role->cutoff && !p->limits && !p->ended) {
            site_find_point(l, KT_FIND_WARNING, "cutoff-without-limits", i,
                            "%s: role %s has no limits in a mine of gas class %s; check role and "
                            "gas_class",
                            p->id, p->role->id, s->gas_class);
        }
    }
}

void site_limits(struct load *l)
{
    const struct kt_site *s = &l->s->pub;
    const struct kt_limits **of =
        KT_NEW_ARRAY(l->scratch, const struct kt_limits *, l->roles_n + 1);
    for (uint32_t i = 0; i < l->roles_n; i++) {
        of[i] = of_role(l, &s->roles[i]);
    }
    l->pack_limits = KT_NEW_ARRAY(l->scratch, const struct kt_limits *, s->points_n + 1);
    for (uint32_t i = 0; i < s->points_n; i++) {
        struct kt_point *p = (struct kt_point *)&s->points[i];
        if (!p->ended) {
            p->limits = l->pack_limits[i] = of[p->role - s->roles];
        }
    }
    for (uint32_t i = 0; i < l->limits_n; i++) {
        if (l->limits[i].at.site && in_class(l, &l->limits[i])) {
            overlay(l, &l->limits[i]);
        }
    }
    check_points(l);
}
