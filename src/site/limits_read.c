/* SPDX-License-Identifier: Apache-2.0 */
/* limits_read: the files limits/<topic>.yaml of packs and of the site: limits, ranges, `looser`. */
#include "site/impl.h"

static const char *const limit_ids[KT_LIMIT_NAMES] = {
    "warn", "alarm", "cut", "restore", "low_alarm", "low_cut", "low_restore"};
static const char *const gas_classes[] = {"low", "high", "outburst"};

const char *kt_limit_name_id(enum kt_limit_name n)
{
    return (unsigned)n < KT_LIMIT_NAMES ? limit_ids[n] : "";
}

static void read_values(const struct kt_yaml *n, struct limit_entry *e)
{
    struct kt_yaml *values = kt_yaml_map(n, "values", KT_OPTIONAL);
    for (int i = 0; values && i < KT_LIMIT_NAMES; i++) {
        e->has[i] = kt_yaml_num(values, limit_ids[i], KT_OPTIONAL, &e->value[i]);
    }
    if (values) {
        kt_yaml_unknown(values);
    }
}

static bool any_value(const struct limit_entry *e)
{
    for (int i = 0; i < KT_LIMIT_NAMES; i++) {
        if (e->has[i]) {
            return true;
        }
    }
    return false;
}

static void read_classes(struct load *l, const struct kt_yaml *n, struct limit_entry *e)
{
    const char *const *words = NULL;
    uint32_t words_n = 0;
    site_words(l, n, "gas_class", &words, &words_n);
    for (uint32_t i = 0; i < words_n; i++) {
        unsigned bit = 0;
        for (unsigned j = 0; j < KT_ARRAY_LEN(gas_classes); j++) {
            bit |= strcmp(words[i], gas_classes[j]) == 0 ? 1U << j : 0;
        }
        if (!bit) {
            kt_yaml_problem(kt_yaml_get(n, "gas_class"),
                            "unknown gas class \"%s\"; use low, high or outburst", words[i]);
        }
        e->classes |= bit;
    }
}

static void read_unit(struct load *l, const struct kt_yaml *n, struct limit_entry *e)
{
    const char *unit = NULL;
    char buf[KT_SUGGEST_TEXT];
    if (!kt_yaml_str(n, "unit", any_value(e) && !e->at.site ? KT_REQUIRED : KT_OPTIONAL, &unit)) {
        return;
    }
    if (!site_unit(l, kt_str_c(unit))) {
        kt_yaml_problem(kt_yaml_get(n, "unit"), "unknown unit \"%s\"%s", unit,
                        site_unit_hint(l, kt_str_c(unit), buf));
    } else {
        e->unit = site_dup(l, unit);
    }
}

static void check_who(struct load *l, const struct kt_yaml *n, const struct limit_entry *e)
{
    char buf[KT_SUGGEST_TEXT];
    for (uint32_t i = 0; i < e->roles_n; i++) {
        if (!site_role_known(l, e->roles[i])) {
            kt_yaml_problem(kt_yaml_get(n, "roles"), "unknown role \"%s\"%s", e->roles[i],
                            site_role_hint(l, e->roles[i], buf));
        }
    }
    if (e->points_n && !e->at.site) {
        kt_yaml_problem(n, "a pack gives limits to roles, never to points; use roles");
    }
    if (!e->roles_n && !e->points_n) {
        kt_yaml_problem(n, "limits for nobody; give roles%s", e->at.site ? " or points" : "");
    }
}

static void read_limit(struct load *l, const struct kt_yaml *n, bool site, const char *looser)
{
    static const char *const directions[] = {"high", "low"};
    struct limit_entry e = {.at = site_origin(n, site), .looser_reason = looser};
    const char *range = NULL;
    int dir = 0;
    if (!kt_yaml_as_map(n, "a limit")) {
        return;
    }
    site_words(l, n, "roles", &e.roles, &e.roles_n);
    site_words(l, n, "points", &e.points, &e.points_n);
    read_classes(l, n, &e);
    read_values(n, &e);
    read_unit(l, n, &e);
    e.has_direction = kt_yaml_choice(n, "direction", KT_OPTIONAL, directions, 2, &dir);
    e.low = dir == 1;
    if (kt_yaml_str(n, "range", KT_OPTIONAL, &range)) {
        e.range_id = site_dup(l, range);
    }
    e.range_text = site_text2(l, n, "range_text", KT_OPTIONAL);
    e.source = site_source(l, n, "source");
    kt_yaml_unknown(n);
    check_who(l, n, &e);
    *SITE_PUSH(l, l->limits, l->limits_n, l->limits_cap) = e;
}

static const char *const scopes[] = {"working", "place", "downstream", "self"};

static void check_kinds(const struct kt_yaml *n, const struct kt_range *r)
{
    for (uint32_t i = 0; i < r->kinds_n; i++) {
        struct kt_suggest s = kt_suggest_init(kt_str_c(r->kinds[i]));
        bool known = false;
        for (uint32_t j = 0; j < site_place_kinds_n; j++) {
            known = known || strcmp(r->kinds[i], site_place_kinds[j]) == 0;
            kt_suggest_try(&s, site_place_kinds[j]);
        }
        if (!known) {
            char buf[KT_SUGGEST_TEXT];
            kt_yaml_problem(kt_yaml_get(n, "kinds"), "unknown kind of place \"%s\"%s", r->kinds[i],
                            kt_suggest_text(&s, buf));
        }
    }
}

static void read_range(struct load *l, const struct kt_yaml *n)
{
    static const char *const default_roles[] = {"switch.power", SITE_MACHINE};
    struct kt_range r = {.roles = default_roles, .roles_n = KT_ARRAY_LEN(default_roles)};
    const char *id = "";
    int scope = KT_SCOPE_WORKING;
    char buf[KT_SUGGEST_TEXT];
    if (!kt_yaml_as_map(n, "a range") || !kt_yaml_str(n, "id", KT_REQUIRED, &id)) {
        return;
    }
    r.id = site_dup(l, id);
    r.title = site_text2(l, n, "title", KT_REQUIRED);
    site_words(l, n, "kinds", &r.kinds, &r.kinds_n);
    site_words(l, n, "roles", &r.roles, &r.roles_n);
    kt_yaml_choice(n, "scope", KT_OPTIONAL, scopes, KT_ARRAY_LEN(scopes), &scope);
    r.scope = (enum kt_range_scope)scope;
    kt_yaml_num(n, "upwind_m", KT_OPTIONAL, &r.upwind_m);
    if (r.upwind_m != 0 && (scope != KT_SCOPE_DOWNSTREAM || !(r.upwind_m > 0))) {
        kt_yaml_problem(n, "upwind_m is metres above 0 of a range with scope downstream");
    }
    kt_yaml_unknown(n);
    check_kinds(n, &r);
    for (uint32_t i = 0; r.roles != default_roles && i < r.roles_n; i++) {
        if (!site_role_known(l, r.roles[i])) {
            kt_yaml_problem(n, "unknown role \"%s\"%s", r.roles[i],
                            site_role_hint(l, r.roles[i], buf));
        }
    }
    if (!kt_map_add(l->range_ids, kt_str_c(id), l->ranges_n)) {
        kt_yaml_problem(n, "range \"%s\" is declared already; give it another id", id);
        return;
    }
    *SITE_PUSH(l, l->ranges, l->ranges_n, l->ranges_cap) = r;
}

/* `looser: {reason: …, by: [a, b]}`: two persons who answer for limits that no clause backs. */
static const char *read_looser(struct load *l, const struct kt_yaml *root, bool site)
{
    struct kt_yaml *m = kt_yaml_map(root, "looser", KT_OPTIONAL);
    const char *const *by = NULL, *reason = NULL;
    uint32_t by_n = 0;
    if (!m) {
        return NULL;
    }
    bool ok = kt_yaml_str(m, "reason", KT_REQUIRED, &reason);
    kt_yaml_strs(m, "by", KT_REQUIRED, l->scratch, &by, &by_n);
    kt_yaml_unknown(m);
    if (!site) {
        kt_yaml_problem(m, "looser belongs to a site's file, not to a pack");
        return NULL;
    }
    if (by_n < 2 || strcmp(by[0], by[1]) == 0) {
        kt_yaml_problem(m, "looser needs two different persons; give by: [a, b]");
        return NULL;
    }
    return ok ? site_dup(l, reason) : NULL;
}

static void read_root(struct load *l, const struct kt_yaml *root, bool site)
{
    const char *looser = read_looser(l, root, site);
    struct kt_yaml *ranges = kt_yaml_list(root, "ranges", KT_OPTIONAL);
    struct kt_yaml *limits = kt_yaml_list(root, "limits", KT_OPTIONAL);
    for (uint32_t i = 0; i < kt_yaml_count(ranges); i++) {
        read_range(l, kt_yaml_at(ranges, i));
    }
    for (uint32_t i = 0; i < kt_yaml_count(limits); i++) {
        read_limit(l, kt_yaml_at(limits, i), site, looser);
    }
    kt_yaml_unknown(root);
}

void site_limits_file(struct load *l, const char *path, const char *name, bool site)
{
    struct kt_yaml *root = site_yaml(l, path, name);
    if (root) {
        read_root(l, root, site);
    }
}

void site_limits_text(struct load *l, struct kt_str text, const char *name)
{
    struct kt_yaml *root = NULL;
    struct kt_err err;
    if (kt_yaml_parse(l->scratch, text, name, &l->problems, &root, &err) < 0) {
        kt_problem_err(&l->problems, &err);
    } else if (kt_yaml_as_map(root, "the text")) {
        read_root(l, root, true);
    }
}
