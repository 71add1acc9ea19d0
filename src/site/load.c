/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load: the order of a load, and reading of files (each file read is part of the site's hash).
 *
 * site.yaml, packs (units, roles, ranges, limits, rules), the site's own limits and rules, places,
 * points, limits of points, what ranges open, instances of rules, indexes, checks, proofs. A part
 * reports and goes on with what it could read; later parts look only at what earlier ones kept.
 */
#include "site/impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sys/file.h"

enum { ARENA_MAX_GB = 4 };

void *site_grow(struct load *l, void *items, uint32_t n, uint32_t *cap, size_t size)
{
    if (n < *cap) {
        return items;
    }
    *cap = *cap ? *cap * 2 : 32;
    void *more = kt_arena_alloc(l->scratch, size * *cap);
    if (n) {
        memcpy(more, items, size * n);
    }
    return more;
}

const char *site_dup(struct load *l, const char *s)
{
    return s && *s ? kt_arena_strdup(l->a, s) : "";
}

const char *const *site_strs(struct load *l, const char *const *words, uint32_t n)
{
    const char **to = KT_NEW_ARRAY(l->a, const char *, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        to[i] = site_dup(l, words[i]);
    }
    return to;
}

bool site_words(struct load *l, const struct kt_yaml *map, const char *key, const char *const **ret,
                uint32_t *ret_n)
{
    struct kt_yaml *n = kt_yaml_get(map, key);
    if (!n || kt_yaml_is_null(n)) {
        return false;
    }
    if (kt_yaml_kind(n) == KT_YAML_SCALAR) {
        const char *one = kt_yaml_text(n);
        *ret = site_strs(l, &one, 1);
        *ret_n = 1;
        return true;
    }
    return kt_yaml_strs(map, key, KT_OPTIONAL, l->a, ret, ret_n);
}

struct kt_text site_text2(struct load *l, const struct kt_yaml *map, const char *key,
                          enum kt_need need)
{
    const char *zh = "", *en = "";
    if (!kt_yaml_text2(map, key, need, &zh, &en)) {
        return (struct kt_text){"", ""};
    }
    return (struct kt_text){site_dup(l, zh), site_dup(l, en)};
}

struct kt_source site_source(struct load *l, const struct kt_yaml *map, const char *key)
{
    struct kt_source s = {"", "", "", false};
    struct kt_yaml *m = kt_yaml_map(map, key, KT_OPTIONAL);
    if (m) {
        const char *t = "";
        if (kt_yaml_str(m, "standard", KT_REQUIRED, &t)) {
            s.standard = site_dup(l, t);
        }
        t = "";
        kt_yaml_str(m, "edition", KT_OPTIONAL, &t);
        s.edition = site_dup(l, t);
        t = "";
        kt_yaml_str(m, "clause", KT_REQUIRED, &t);
        s.clause = site_dup(l, t);
        kt_yaml_bool(m, "verified", KT_OPTIONAL, &s.verified);
        kt_yaml_unknown(m);
    }
    return s;
}

struct origin site_origin(const struct kt_yaml *n, bool site)
{
    return (struct origin){kt_yaml_file(n), kt_yaml_line(n), kt_yaml_col(n), site};
}

uint32_t site_split(struct load *l, struct kt_str text, struct kt_str **ret)
{
    uint32_t n = 0, cap = 1;
    for (size_t i = 0; i < text.n; i++) {
        cap += text.p[i] == ';';
    }
    *ret = KT_NEW_ARRAY(l->scratch, struct kt_str, cap);
    for (size_t i = 0; i <= text.n;) {
        size_t end = i;
        while (end < text.n && text.p[end] != ';') {
            end++;
        }
        size_t from = i, to = end;
        while (from < to && (text.p[from] == ' ' || text.p[from] == '\t')) {
            from++;
        }
        while (to > from && (text.p[to - 1] == ' ' || text.p[to - 1] == '\t')) {
            to--;
        }
        if (to > from) {
            (*ret)[n++] = (struct kt_str){text.p + from, to - from};
        }
        i = end + 1;
    }
    return n;
}

static struct kt_str bytes(const struct load *l)
{
    return (struct kt_str){l->file.p ? l->file.p : "", l->file.n};
}

static void report(struct load *l, const char *name, struct kt_err *err)
{
    if (err->line == 0) { /* the file itself: say which, in the name that people use */
        site_find(l, KT_FIND_ERROR, l->check, name, 0, 0, "%s", err->text);
    } else {
        kt_problem_err(&l->problems, err);
    }
}

struct kt_yaml *site_yaml(struct load *l, const char *path, const char *name)
{
    struct kt_err err = {0};
    struct kt_yaml *root = NULL;
    if (site_read(l, path, name, &err) < 0 ||
        kt_yaml_parse(l->scratch, bytes(l), name, &l->problems, &root, &err) < 0) {
        report(l, name, &err);
        return NULL;
    }
    return kt_yaml_as_map(root, "the file") ? root : NULL;
}

struct kt_csv *site_csv(struct load *l, const char *path, const char *name)
{
    struct kt_err err = {0};
    struct kt_csv *csv = NULL;
    if (site_read(l, path, name, &err) < 0 ||
        kt_csv_parse(l->scratch, bytes(l), name, &csv, &err) < 0) {
        report(l, name, &err);
        return NULL;
    }
    return csv;
}

static const char *beside_program(struct kt_arena *a)
{
    char exe[4096];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    if (n <= 0) {
        return NULL;
    }
    exe[n] = 0;
    char *slash = strrchr(exe, '/');
    if (!slash) {
        return NULL;
    }
    *slash = 0;
    static const char *const tries[] = {"packs", "../share/kuangtu/packs"};
    for (size_t i = 0; i < KT_ARRAY_LEN(tries); i++) {
        char *dir = kt_arena_printf(a, "%s/%s", exe, tries[i]);
        if (kt_file_exists(dir)) {
            return dir;
        }
    }
    return NULL;
}

/* The site's own limits and rules, after those of its packs. */
static void overlays(struct load *l, const char *folder,
                     void (*fn)(struct load *l, const char *path, const char *name))
{
    char *dir = kt_arena_printf(l->scratch, "%s/%s", l->dir, folder);
    char **names = NULL;
    size_t n = site_list(l, dir, folder, &names);
    for (size_t i = 0; i < n; i++) {
        fn(l, kt_arena_printf(l->scratch, "%s/%s", dir, names[i]),
           kt_arena_printf(l->a, "%s/%s", folder, names[i]));
    }
}

static void site_limits_one(struct load *l, const char *path, const char *name)
{
    site_limits_file(l, path, name, true);
}

static void site_rules_one(struct load *l, const char *path, const char *name)
{
    site_rules_file(l, path, name, NULL);
}

static void site_sequences_one(struct load *l, const char *path, const char *name)
{
    site_sequences_file(l, path, name, NULL);
}

/* Registers are read by who keeps records, airways.csv by who solves them, people/ by
 * who knows where persons are; here they are part of
 * the site's hash and are kept with it. */
static void hash_only(struct load *l, const char *path, const char *name)
{
    struct kt_err err = {0};
    if (site_read(l, path, name, &err) < 0) {
        report(l, name, &err);
    }
}

static void people_files(struct load *l)
{
    static const struct {
        const char *name;
    } files[] = {{"people/ways.csv"}, {"people/stations.csv"}, {"people/areas.csv"}};
    for (size_t i = 0; i < KT_ARRAY_LEN(files); i++) {
        const char *path = kt_arena_printf(l->scratch, "%s/%s", l->dir, files[i].name);
        if (site_exists(l, path, files[i].name)) {
            hash_only(l, path, files[i].name);
        }
    }
}

static void airways(struct load *l)
{
    static const char name[] = "airways.csv";
    const char *path = kt_arena_printf(l->scratch, "%s/%s", l->dir, name);
    if (site_exists(l, path, name)) {
        hash_only(l, path, name);
    }
}

static void extras(struct load *l)
{
    if (l->extra && l->extra->limits_yaml.n) {
        site_hash_add(l, "limits+", l->extra->limits_yaml.p, l->extra->limits_yaml.n);
        site_limits_text(l, l->extra->limits_yaml, "limits");
    }
    if (l->extra && l->extra->rules_yaml.n) {
        site_hash_add(l, "rules+", l->extra->rules_yaml.p, l->extra->rules_yaml.n);
        site_rules_text(l, l->extra->rules_yaml, "rules", NULL);
    }
}

static void load_all(struct load *l, const struct kt_site *previous)
{
    site_conf(l);
    overlays(l, "limits", site_limits_one);
    overlays(l, "rules", site_rules_one);
    overlays(l, "registers", hash_only);
    overlays(l, "sequences", site_sequences_one);
    site_stray(l);
    airways(l);
    people_files(l);
    extras(l);
    site_packs_done(l);
    site_places(l);
    site_points(l, previous);
    site_topology(l);
    site_people_check(l);
    site_assets(l);
    site_cameras(l);
    site_limits(l);
    site_ranges(l);
    site_sequences(l);
    site_voice_check(l);
    site_rules(l);
    site_cameras_keep(l);
    site_readers(l);
    site_check_ranges(l);
    site_check_watched(l);
    site_check_setpoints(l);
    site_check_rules(l);
    site_check_sequences(l);
    site_prove(l);
}

bool kt_site_text_dir(const char *dir, char *to, size_t cap)
{
    snprintf(to, cap, "%s/data/site", dir);
    bool taken = kt_file_exists(to);
    snprintf(to, cap, "%s%s", dir, taken ? "/data/site" : "");
    return taken;
}

static void load_init(struct load *l, const char *dir, const char *pack_dir)
{
    char texts[1000];
    l->scratch = kt_arena_new(0);
    l->a = kt_arena_new((size_t)ARENA_MAX_GB << 30);
    l->s = KT_NEW(l->a, struct site);
    l->s->arena = l->a;
    atomic_init(&l->s->refs, 1);
    l->s->pub.dir = kt_arena_strdup(l->a, dir);
    (void)kt_site_text_dir(dir, texts, sizeof(texts));
    l->dir = kt_arena_strdup(l->a, texts);
    const char *beside = pack_dir ? pack_dir : beside_program(l->scratch);
    l->pack_dir = kt_arena_strdup(l->a, beside ? beside : "packs");
    l->s->pub.pack_dir = l->pack_dir;
    l->check = "format";
    l->problems = site_problems(l);
    kt_buf_init(&l->file, SITE_FILE_MAX);
    l->unit_ids = kt_map_new(64);
    l->role_ids = kt_map_new(128);
    l->range_ids = kt_map_new(32);
    l->link_ids = kt_map_new(64);
    l->s->rule_ids = kt_map_new(128);
    l->asset_ids = kt_map_new(64);
    l->seq_ids = kt_map_new(16);
}

static void load_done(struct load *l)
{
    kt_map_free(l->unit_ids);
    kt_map_free(l->role_ids);
    kt_map_free(l->range_ids);
    kt_map_free(l->link_ids);
    kt_map_free(l->asset_ids);
    kt_map_free(l->seq_ids);
    kt_buf_done(&l->file);
    kt_arena_free(l->scratch);
}

static int load_one(struct load *l, const char *dir, const char *pack_dir,
                    const struct kt_site *previous, struct kt_site **ret, struct kt_err *err)
{
    size_t before = kt_findings_count(l->f, KT_FIND_ERROR);
    load_init(l, dir, pack_dir);
    load_all(l, previous);
    struct kt_site *s = &l->s->pub;
    site_files_done(l);
    load_done(l);
    size_t errors = kt_findings_count(l->f, KT_FIND_ERROR) - before;
    if (errors) {
        kt_site_unref(s);
        return kt_err_set(err, KT_EINVAL, "site %s: %zu mistake%s; see the list", dir, errors,
                          errors == 1 ? "" : "s");
    }
    *ret = s;
    return KT_OK;
}

int kt_site_load_with(const char *dir, const char *pack_dir, const struct kt_site *previous,
                      const struct kt_site_extra *extra, struct kt_findings *findings,
                      struct kt_site **ret, struct kt_err *err)
{
    struct load l = {.f = findings, .extra = extra};
    return load_one(&l, dir, pack_dir, previous, ret, err);
}

int kt_site_load_files(const char *dir, const struct kt_site_file *files, uint32_t files_n,
                       struct kt_str order, const struct kt_site_extra *extra,
                       struct kt_findings *findings, struct kt_site **ret, struct kt_err *err)
{
    struct load l = {.f = findings,
                     .extra = extra,
                     .given = files,
                     .given_n = files_n,
                     .is_given = true,
                     .order = order};
    return load_one(&l, dir, "packs", NULL, ret, err);
}

int kt_site_load(const char *dir, const char *pack_dir, const struct kt_site *previous,
                 struct kt_findings *findings, struct kt_site **ret, struct kt_err *err)
{
    return kt_site_load_with(dir, pack_dir, previous, NULL, findings, ret, err);
}

struct kt_site *kt_site_ref(struct kt_site *s)
{
    struct site *i = (struct site *)(void *)s;
    atomic_fetch_add_explicit(&i->refs, 1, memory_order_relaxed);
    return s;
}

void kt_site_unref(struct kt_site *s)
{
    struct site *i = (struct site *)(void *)s;
    if (!i || atomic_fetch_sub_explicit(&i->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    kt_map_free(i->point_ids);
    kt_map_free(i->ended_ids);
    kt_map_free(i->place_ids);
    kt_map_free(i->rule_ids);
    kt_arena_free(i->arena);
}
