/* SPDX-License-Identifier: Apache-2.0 */
/* packs: a pack is a folder; its files are read by topic: units, roles, limits and ranges, rules.
 */
#include "site/impl.h"

#include "sys/file.h"

static bool is_pack_id(const char *id)
{
    return *id && strlen(id) < 64 && id[strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-")] == 0;
}

static bool loaded(const struct load *l, const char *id)
{
    for (uint32_t i = 0; i < l->s->pub.packs_n; i++) {
        if (strcmp(l->s->pub.packs[i], id) == 0) {
            return true;
        }
    }
    return false;
}

static void read_head(struct load *l, const char *id, const struct kt_yaml *at)
{
    char *path = kt_arena_printf(l->scratch, "%s/%s/pack.yaml", l->pack_dir, id);
    struct kt_yaml *root = site_yaml(l, path, kt_arena_printf(l->a, "packs/%s/pack.yaml", id));
    if (!root) {
        return;
    }
    const char *own = "";
    const char *const *needs = NULL;
    uint32_t needs_n = 0;
    int64_t version = 0;
    if (kt_yaml_str(root, "id", KT_REQUIRED, &own) && strcmp(own, id) != 0) {
        kt_yaml_problem(kt_yaml_get(root, "id"), "id \"%s\" differs from the folder's name \"%s\"",
                        own, id);
    }
    kt_yaml_int(root, "version", KT_REQUIRED, 1, 1000000, &version);
    site_text2(l, root, "title", KT_REQUIRED);
    kt_yaml_strs(root, "requires", KT_OPTIONAL, l->scratch, &needs, &needs_n);
    kt_yaml_unknown(root);
    for (uint32_t i = 0; i < needs_n; i++) {
        if (!loaded(l, needs[i])) {
            kt_yaml_problem(at, "pack \"%s\" requires \"%s\"; list it before", id, needs[i]);
        }
    }
}

typedef void (*file_fn)(struct load *l, const char *path, const char *name, const char *pack);

static void limits_fn(struct load *l, const char *path, const char *name, const char *pack)
{
    (void)pack;
    site_limits_file(l, path, name, false);
}

static void roles_fn(struct load *l, const char *path, const char *name, const char *pack)
{
    (void)pack;
    site_roles_file(l, path, name);
}

/* Registers are read by who keeps records; here they are part of the site's hash. */
static void registers_fn(struct load *l, const char *path, const char *name, const char *pack)
{
    (void)pack;
    struct kt_err err = {0};
    if (site_read(l, path, name, &err) < 0) {
        site_find(l, KT_FIND_ERROR, "format", name, 0, 0, "%s", err.text);
    }
}

static void each_file(struct load *l, const char *id, const char *folder, file_fn fn)
{
    char *dir = kt_arena_printf(l->scratch, "%s/%s/%s", l->pack_dir, id, folder);
    char *name = kt_arena_printf(l->scratch, "packs/%s/%s", id, folder);
    char **names = NULL;
    size_t n = site_list(l, dir, name, &names);
    for (size_t i = 0; i < n; i++) {
        fn(l, kt_arena_printf(l->scratch, "%s/%s", dir, names[i]),
           kt_arena_printf(l->a, "%s/%s", name, names[i]), id);
    }
}

/* The nearest folder name among the packs that are there. */
static const char *pack_hint(struct load *l, const char *id, char buf[KT_SUGGEST_TEXT])
{
    char **names = NULL;
    size_t n = 0;
    struct kt_err err;
    struct kt_suggest s = kt_suggest_init(kt_str_c(id));
    if (!l->is_given && kt_dir_list(l->pack_dir, l->scratch, &names, &n, &err) == KT_OK) {
        for (size_t i = 0; i < n; i++) {
            kt_suggest_try(&s, names[i]);
        }
    }
    return kt_suggest_text(&s, buf);
}

void site_pack(struct load *l, const char *id, const struct kt_yaml *at)
{
    char buf[KT_SUGGEST_TEXT];
    char *head = kt_arena_printf(l->scratch, "%s/%s/pack.yaml", l->pack_dir, id);
    if (!is_pack_id(id) ||
        !site_exists(l, head, kt_arena_printf(l->scratch, "packs/%s/pack.yaml", id))) {
        kt_yaml_problem(at, "unknown pack \"%s\" (looked in %s)%s", id, l->pack_dir,
                        pack_hint(l, id, buf));
        return;
    }
    if (loaded(l, id)) {
        kt_yaml_problem(at, "pack \"%s\" is listed twice; remove one", id);
        return;
    }
    read_head(l, id, at);
    char *units = kt_arena_printf(l->scratch, "%s/%s/units.yaml", l->pack_dir, id);
    char *name = kt_arena_printf(l->a, "packs/%s/units.yaml", id);
    if (site_exists(l, units, name)) {
        site_units_file(l, units, name);
    }
    each_file(l, id, "points", roles_fn);
    each_file(l, id, "limits", limits_fn);
    each_file(l, id, "rules", site_rules_file);
    each_file(l, id, "sequences", site_sequences_file);
    each_file(l, id, "registers", registers_fn);
}

/* From here on roles and ranges have their place in the model. */
void site_packs_done(struct load *l)
{
    struct kt_site *s = &l->s->pub;
    struct kt_role *roles = KT_NEW_ARRAY(l->a, struct kt_role, l->roles_n + 1);
    if (l->roles_n) {
        memcpy(roles, l->roles, sizeof(*roles) * l->roles_n);
    }
    s->roles = roles;
    s->roles_n = l->roles_n;
    struct kt_range *ranges = KT_NEW_ARRAY(l->a, struct kt_range, l->ranges_n + 1);
    if (l->ranges_n) {
        memcpy(ranges, l->ranges, sizeof(*ranges) * l->ranges_n);
    }
    s->ranges = ranges;
    s->ranges_n = l->ranges_n;
}
