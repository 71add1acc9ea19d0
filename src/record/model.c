/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model: the order of reading. Every file of registers/ of the packs, then of the site; each list
 * by its reader; then names become indexes, the tables are tried in memory, and the rights that
 * roles of people name are held against those that are made here.
 */
#include "record/model.h"

#include <stdio.h>
#include <stdlib.h>

#include "record/schema.h"
#include "store/store.h"
#include "sys/file.h"

enum { FILE_MAX = 4 << 20, MODEL_MAX = 256 << 20 };

void *rec_grow(struct rec_load *l, void *items, uint32_t n, uint32_t *cap, size_t size)
{
    if (n < *cap) {
        return items;
    }
    *cap = *cap ? *cap * 2 : 16;
    void *more = kt_arena_alloc(l->a, size * *cap);
    if (n) {
        memcpy(more, items, size * n);
    }
    return more;
}

bool rec_is_id(const char *s)
{
    size_t n = strlen(s);
    return n > 0 && n <= REC_ID_MAX && s[0] >= 'a' && s[0] <= 'z' &&
           s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

bool rec_read_id(struct rec_load *l, const struct kt_yaml *map, const char *key, const char **ret)
{
    const char *id = "";
    if (!kt_yaml_str(map, key, KT_REQUIRED, &id)) {
        return false;
    }
    if (!rec_is_id(id)) {
        kt_yaml_problem(kt_yaml_get(map, key),
                        "\"%s\" is no id; use a letter, then letters, digits and _, lower case, at "
                        "most %d",
                        id, REC_ID_MAX);
        return false;
    }
    *ret = kt_arena_strdup(l->a, id);
    return true;
}

const char *rec_read_str(struct rec_load *l, const struct kt_yaml *map, const char *key,
                         enum kt_need need)
{
    const char *s = "";
    return kt_yaml_str(map, key, need, &s) ? kt_arena_strdup(l->a, s) : "";
}

struct kt_text rec_read_text2(struct rec_load *l, const struct kt_yaml *map, const char *key,
                              enum kt_need need)
{
    const char *zh = "", *en = "";
    if (!kt_yaml_text2(map, key, need, &zh, &en)) {
        return (struct kt_text){"", ""};
    }
    return (struct kt_text){kt_arena_strdup(l->a, zh), kt_arena_strdup(l->a, en)};
}

void rec_read_words(struct rec_load *l, const struct kt_yaml *map, const char *key,
                    const char *const **ret, uint32_t *ret_n)
{
    const struct kt_yaml *n = kt_yaml_get(map, key);
    if (!n || kt_yaml_is_null(n)) {
        return;
    }
    if (kt_yaml_kind(n) == KT_YAML_SCALAR) {
        const char **one = KT_NEW_ARRAY(l->a, const char *, 1);
        one[0] = kt_arena_strdup(l->a, kt_yaml_text(n));
        *ret = one;
        *ret_n = 1;
        return;
    }
    kt_yaml_strs(map, key, KT_OPTIONAL, l->a, ret, ret_n);
}

struct rec_at rec_at_of(struct rec_load *l, const struct kt_yaml *n)
{
    return (struct rec_at){kt_arena_strdup(l->a, kt_yaml_file(n)), kt_yaml_line(n), kt_yaml_col(n)};
}

void rec_problem(struct rec_load *l, const struct rec_at *at, const char *fmt, ...)
{
    char text[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    kt_problem_at(&l->problems, at->file, at->line, at->col, "%s", text);
}

/* ---- files ---- */

static void read_lists(struct rec_load *l, struct kt_yaml *root)
{
    rec_read_registers(l, root);
    rec_read_workflows(l, root);
    rec_read_calendars(l, root);
    rec_read_indicators(l, root);
    rec_read_ledgers(l, root);
    rec_read_documents(l, root);
    rec_read_provisions(l, root);
    rec_read_barriers(l, root);
    rec_read_matches(l, root);
    rec_read_briefings(l, root);
    rec_read_retention(l, root);
    kt_yaml_unknown(root);
}

static void read_file(struct rec_load *l, const char *path, const char *name)
{
    struct kt_err err = {0};
    struct kt_yaml *root = NULL;
    struct kt_buf b;
    kt_buf_init(&b, FILE_MAX);
    int r = kt_file_read(path, FILE_MAX, &b, &err);
    if (r == KT_OK) {
        struct kt_hash before = l->m->hash;
        kt_hash_of2(before.b, sizeof(before.b), b.p ? b.p : "", b.n, &l->m->hash);
        r = kt_yaml_parse(l->scratch, (struct kt_str){b.p ? b.p : "", b.n}, name, &l->problems,
                          &root, &err);
    }
    if (r < 0) {
        kt_problem_at(&l->problems, name, err.line, err.col, "%s", err.text);
    } else if (kt_yaml_as_map(root, "the file")) {
        read_lists(l, root);
    }
    kt_buf_done(&b);
}

/** @param shown  what messages call the folder */
static void read_folder(struct rec_load *l, const char *dir, const char *shown)
{
    char **names = NULL;
    size_t n = 0;
    struct kt_err err = {0};
    if (!kt_file_exists(dir)) {
        return;
    }
    if (kt_dir_list(dir, l->scratch, &names, &n, &err) < 0) {
        kt_problem_at(&l->problems, shown, 0, 0, "%s", err.text);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(names[i]);
        if (len > 5 && strcmp(names[i] + len - 5, ".yaml") == 0) {
            read_file(l, kt_arena_printf(l->scratch, "%s/%s", dir, names[i]),
                      kt_arena_printf(l->a, "%s/%s", shown, names[i]));
        }
    }
}

static void read_all(struct rec_load *l)
{
    const struct kt_site *s = l->site;
    for (uint32_t i = 0; i < s->packs_n; i++) {
        read_folder(l, kt_arena_printf(l->scratch, "%s/%s/registers", s->pack_dir, s->packs[i]),
                    kt_arena_printf(l->scratch, "packs/%s/registers", s->packs[i]));
    }
    char texts[1000];
    (void)kt_site_text_dir(s->dir, texts, sizeof(texts));
    read_folder(l, kt_arena_printf(l->scratch, "%s/registers", texts), "registers");
}

/* ---- rights ---- */

void rec_each_right(const struct kt_record_model *m, rec_right_fn fn, void *arg)
{
    for (uint32_t i = 0; i < m->registers_n; i++) {
        const struct rec_register *reg = &m->registers[i];
        fn(arg, reg->right_read);
        fn(arg, reg->right_write);
        fn(arg, reg->right_import);
        for (uint32_t j = 0; j < reg->fields_n; j++) {
            fn(arg, reg->fields[j].read);
            fn(arg, reg->fields[j].write);
        }
    }
    rec_each_flow_right(m, fn, arg);
}

struct known {
    struct kt_map *words;
    struct kt_suggest *suggest; /* NULL: collecting */
};

static void collect(void *arg, const char *word)
{
    struct known *k = arg;
    if (word && word[0]) {
        (void)kt_map_add(k->words, kt_str_c(word), 1);
        if (k->suggest) {
            kt_suggest_try(k->suggest, word);
        }
    }
}

static void all_rights(const struct kt_record_model *m, struct known *k)
{
    uint32_t n;
    const char *const *own = kt_site_rights(&n);
    for (uint32_t i = 0; i < n; i++) {
        collect(k, own[i]);
    }
    rec_each_right(m, collect, k);
}

static void check_people(struct rec_load *l)
{
    struct known k = {kt_map_new(256), NULL};
    all_rights(l->m, &k);
    for (uint32_t i = 0; i < l->site->people_n; i++) {
        const struct kt_people_role *p = &l->site->people[i];
        for (uint32_t j = 0; j < p->rights_n; j++) {
            uint64_t there;
            if (kt_map_get(k.words, kt_str_c(p->rights[j]), &there)) {
                continue;
            }
            char buf[KT_SUGGEST_TEXT];
            struct kt_suggest s = kt_suggest_init(kt_str_c(p->rights[j]));
            struct known again = {k.words, &s};
            all_rights(l->m, &again);
            kt_problem_at(&l->problems, "site.yaml", p->rights_at[2 * j], p->rights_at[2 * j + 1],
                          "role \"%s\": no register, ledger or indicator makes the right \"%s\"%s",
                          p->id, p->rights[j], kt_suggest_text(&s, buf));
        }
    }
    kt_map_free(k.words);
}

/* ---- the whole ---- */

static void on_problem(void *arg, const struct kt_err *at)
{
    struct rec_load *l = arg;
    kt_findings_add(l->findings, KT_FIND_ERROR, "registers", at);
}

static struct kt_record_model *model_new(void)
{
    struct kt_arena *a = kt_arena_new(MODEL_MAX);
    struct kt_record_model *m = KT_NEW(a, struct kt_record_model);
    m->arena = a;
    atomic_init(&m->refs, 1);
    m->register_ids = kt_map_new(64);
    m->workflow_ids = kt_map_new(16);
    m->indicator_ids = kt_map_new(16);
    m->ledger_ids = kt_map_new(16);
    return m;
}

int kt_record_model_load(const struct kt_site *site, struct kt_findings *findings,
                         struct kt_record_model **ret, struct kt_err *err)
{
    struct rec_load l = {.site = site, .findings = findings, .m = model_new()};
    size_t before = kt_findings_count(findings, KT_FIND_ERROR);
    l.a = l.m->arena;
    l.scratch = kt_arena_new(MODEL_MAX);
    l.problems = (struct kt_problems){on_problem, &l, 0};
    read_all(&l);
    rec_check_registers(&l);
    if (kt_findings_count(findings, KT_FIND_ERROR) == before) {
        schema_try(&l);
    }
    rec_check_flow(&l);
    rec_check_documents(&l);
    rec_check_provisions(&l);
    rec_check_barriers(&l);
    rec_check_matches(&l);
    rec_check_briefings(&l);
    check_people(&l);
    kt_db_close(l.db);
    kt_arena_free(l.scratch);
    size_t n = kt_findings_count(findings, KT_FIND_ERROR) - before;
    if (n) {
        kt_record_model_unref(l.m);
        return kt_err_set(err, KT_EINVAL, "registers of %s: %zu mistake%s; see the list", site->dir,
                          n, n == 1 ? "" : "s");
    }
    *ret = l.m;
    return KT_OK;
}
