/* SPDX-License-Identifier: Apache-2.0 */
/* roles of points/ in packs; the site's own roles come from its packs only. */
#include "site/impl.h"

static const char *const kinds[] = {"analog", "switch", "counter", "output"};
static const char *const classes[] = {"key", "normal", "short"};

static void read_unit(struct load *l, const struct kt_yaml *n, struct kt_role *r)
{
    const char *unit = "";
    char buf[KT_SUGGEST_TEXT];
    bool analog = r->kind == KT_POINT_ANALOG || r->kind == KT_POINT_COUNTER;
    bool given = kt_yaml_str(n, "unit", analog ? KT_REQUIRED : KT_OPTIONAL, &unit);
    if (given && !analog && *unit) {
        kt_yaml_problem(kt_yaml_get(n, "unit"), "kind %s has no unit; remove it", kinds[r->kind]);
    } else if (given && *unit && !site_unit(l, kt_str_c(unit))) {
        kt_yaml_problem(kt_yaml_get(n, "unit"), "unknown unit \"%s\"%s; see units.yaml", unit,
                        site_unit_hint(l, kt_str_c(unit), buf));
    } else {
        r->unit = site_dup(l, unit);
    }
}

static void read_output(struct load *l, const struct kt_yaml *n, struct kt_role *r)
{
    int64_t opening = 0;
    kt_yaml_int(n, "opening", KT_OPTIONAL, 0, 1, &opening);
    r->opening = (uint8_t)opening;
    r->expiry_ns = 10 * KT_SEC;
    r->readback_ns = 2 * KT_SEC;
    kt_yaml_duration(n, "expiry", KT_OPTIONAL, &r->expiry_ns);
    kt_yaml_duration(n, "readback", KT_OPTIONAL, &r->readback_ns);
    kt_yaml_duration(n, "test_every", KT_OPTIONAL, &r->test_every_ns);
    kt_yaml_bool(n, "protected", KT_OPTIONAL, &r->is_protected);
    if (r->expiry_ns <= 0) {
        kt_yaml_problem(n, "role \"%s\": expiry 0; no command outlives its expiry, give e.g. 10s",
                        r->id);
    }
    (void)l;
}

static void read_analog(struct load *l, const struct kt_yaml *n, struct kt_role *r)
{
    r->set = site_set_role(l, n, r);
    static const char *const over[] = {"high"};
    int high = -1;
    kt_yaml_num(n, "resolution", KT_OPTIONAL, &r->resolution);
    r->over_range_high = kt_yaml_choice(n, "over_range", KT_OPTIONAL, over, 1, &high);
    if (r->resolution < 0) {
        kt_yaml_problem(n, "role \"%s\": resolution is not below 0", r->id);
        r->resolution = 0;
    }
}

/* The code of the sensor's type in mine files, maybe with its system's before it. */
static const char *file_type(struct load *l, const struct kt_yaml *n)
{
    const char *text = "";
    kt_yaml_str(n, "file_type", KT_OPTIONAL, &text);
    size_t len = strlen(text);
    if (len && ((len != 4 && len != 6) || strspn(text, "0123456789") != len)) {
        kt_yaml_problem(kt_yaml_get(n, "file_type"),
                        "file_type \"%s\": 4 digits of the sensor type, e.g. \"0001\", or 2 of the "
                        "system before them",
                        text);
        text = "";
    }
    return site_dup(l, text);
}

static bool read_role(struct load *l, const struct kt_yaml *n, struct kt_role *r)
{
    const char *id = "", *text = "";
    int kind = 0, class = KT_RETAIN_NORMAL;
    if (!kt_yaml_as_map(n, "a role") || !kt_yaml_str(n, "id", KT_REQUIRED, &id) ||
        !kt_yaml_choice(n, "kind", KT_REQUIRED, kinds, 4, &kind)) {
        return false;
    }
    *r = (struct kt_role){.id = site_dup(l, id), .kind = (enum kt_point_kind)kind, .unit = ""};
    r->title = site_text2(l, n, "title", KT_REQUIRED);
    kt_yaml_str(n, "short", KT_OPTIONAL, &text);
    r->short_name = site_dup(l, text);
    r->file_type = file_type(l, n);
    text = "";
    kt_yaml_str(n, "group", KT_REQUIRED, &text);
    r->group = site_dup(l, text);
    kt_yaml_choice(n, "class", KT_OPTIONAL, classes, 3, &class);
    r->retention = (enum kt_retention) class;
    kt_yaml_duration(n, "stale_after", KT_OPTIONAL, &r->stale_after_ns);
    kt_yaml_bool(n, "cutoff", KT_OPTIONAL, &r->cutoff);
    kt_yaml_bool(n, "watched", KT_OPTIONAL, &r->watched);
    if (r->watched && r->kind == KT_POINT_OUTPUT) {
        kt_yaml_problem(
            n,
            "role \"%s\": what is watched is never commanded, so it is no output (safety rule 7)",
            r->id);
    }
    r->off = site_text2(l, n, "off", KT_OPTIONAL);
    r->on = site_text2(l, n, "on", KT_OPTIONAL);
    read_unit(l, n, r);
    if (r->kind == KT_POINT_OUTPUT) {
        read_output(l, n, r);
    } else if (r->kind != KT_POINT_SWITCH) {
        read_analog(l, n, r);
    }
    kt_yaml_unknown(n);
    if (r->cutoff && r->stale_after_ns == 0) {
        kt_yaml_problem(n, "cut-off role \"%s\" never goes stale; give stale_after, e.g. 20s", id);
    }
    return true;
}

static void add_role(struct load *l, const struct kt_yaml *n, const struct kt_role *r)
{
    uint64_t i;
    if (kt_map_get(l->role_ids, kt_str_c(r->id), &i)) {
        kt_yaml_problem(n, "role \"%s\" stands already at %s:%d; give it another id", r->id,
                        l->role_at[i].file, l->role_at[i].line);
        return;
    }
    kt_map_set(l->role_ids, kt_str_c(r->id), l->roles_n);
    uint32_t at = l->roles_n;
    *SITE_PUSH(l, l->role_at, at, l->role_at_cap) = site_origin(n, false);
    *SITE_PUSH(l, l->roles, l->roles_n, l->roles_cap) = *r;
}

void site_roles_file(struct load *l, const char *path, const char *name)
{
    struct kt_yaml *root = site_yaml(l, path, name);
    struct kt_yaml *list = root ? kt_yaml_list(root, "roles", KT_REQUIRED) : NULL;
    for (uint32_t i = 0; i < kt_yaml_count(list); i++) {
        struct kt_role r;
        if (read_role(l, kt_yaml_at(list, i), &r)) {
            add_role(l, kt_yaml_at(list, i), &r);
        }
    }
    if (root) {
        kt_yaml_unknown(root);
    }
}

const struct kt_role *site_role(const struct load *l, struct kt_str id)
{
    uint64_t i;
    return kt_map_get(l->role_ids, id, &i) ? &l->s->pub.roles[i] : NULL;
}

bool site_role_known(const struct load *l, const char *pattern)
{
    for (uint32_t i = 0; i < l->roles_n; i++) {
        if (kt_glob(pattern, l->roles[i].id)) {
            return true;
        }
    }
    return false;
}

const char *site_role_hint(const struct load *l, const char *id, char buf[KT_SUGGEST_TEXT])
{
    struct kt_suggest s = kt_suggest_init(kt_str_c(id));
    for (uint32_t i = 0; i < l->roles_n; i++) {
        kt_suggest_try(&s, l->roles[i].id);
    }
    return kt_suggest_text(&s, buf);
}
