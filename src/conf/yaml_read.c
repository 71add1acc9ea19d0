/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/yaml.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/time.h"
#include "conf/number.h"
#include "conf/suggest.h"
#include "conf/yaml_node.h"

enum { MAX_ASKED = 64 };

enum kt_yaml_kind kt_yaml_kind(const struct kt_yaml *n)
{
    return n->kind;
}

bool kt_yaml_is_null(const struct kt_yaml *n)
{
    return n->kind == KT_YAML_SCALAR && n->plain &&
           (n->text[0] == '\0' || strcmp(n->text, "~") == 0 || strcmp(n->text, "null") == 0);
}

const char *kt_yaml_file(const struct kt_yaml *n)
{
    return n->doc->file;
}

int kt_yaml_line(const struct kt_yaml *n)
{
    return n->line;
}

int kt_yaml_col(const struct kt_yaml *n)
{
    return n->col;
}

void kt_yaml_text_at(const struct kt_yaml *n, int *ret_line, int *ret_col)
{
    *ret_line = n->text_line;
    *ret_col = n->text_col;
}

const char *kt_yaml_text(const struct kt_yaml *n)
{
    return n->text;
}

uint32_t kt_yaml_count(const struct kt_yaml *n)
{
    return n ? n->n : 0;
}

struct kt_yaml *kt_yaml_at(const struct kt_yaml *n, uint32_t i)
{
    return n && i < n->n ? n->entries[i].value : NULL;
}

const char *kt_yaml_key(const struct kt_yaml *map, uint32_t i)
{
    if (!map || i >= map->n) {
        return NULL;
    }
    map->entries[i].used = true;
    return map->entries[i].key;
}

int kt_yaml_key_line(const struct kt_yaml *map, uint32_t i)
{
    return map && i < map->n ? map->entries[i].key_line : 0;
}

int kt_yaml_key_col(const struct kt_yaml *map, uint32_t i)
{
    return map && i < map->n ? map->entries[i].key_col : 0;
}

void kt_yaml_problem(const struct kt_yaml *n, const char *fmt, ...)
{
    char text[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    kt_problem_at(n->doc->problems, n->doc->file, n->line, n->col, "%s", text);
}

/* Remembered once each, for the suggestions of kt_yaml_unknown(). */
static void remember(struct kt_yaml *map, const char *key)
{
    for (const struct yaml_asked *a = map->asked; a; a = a->next) {
        if (strcmp(a->key, key) == 0) {
            return;
        }
    }
    if (map->asked_n == MAX_ASKED) {
        return;
    }
    struct yaml_asked *a = KT_NEW(map->doc->arena, struct yaml_asked);
    *a = (struct yaml_asked){map->asked, kt_arena_strdup(map->doc->arena, key)};
    map->asked = a;
    map->asked_n++;
}

struct kt_yaml *kt_yaml_get(const struct kt_yaml *map, const char *key)
{
    if (!map || map->kind != KT_YAML_MAP) {
        return NULL;
    }
    for (uint32_t i = 0; i < map->n; i++) {
        if (strcmp(map->entries[i].key, key) == 0) {
            map->entries[i].used = true;
            return map->entries[i].value;
        }
    }
    remember((struct kt_yaml *)map, key);
    return NULL;
}

struct kt_yaml *kt_yaml_need(const struct kt_yaml *map, const char *key)
{
    struct kt_yaml *n = kt_yaml_get(map, key);
    if (!n && map && map->kind == KT_YAML_MAP) {
        kt_yaml_problem(map, "\"%s\" is missing; add it", key);
    }
    return n;
}

static struct kt_yaml *fetch(const struct kt_yaml *map, const char *key, enum kt_need need)
{
    return need == KT_REQUIRED ? kt_yaml_need(map, key) : kt_yaml_get(map, key);
}

static bool wrong(const struct kt_yaml *n, const char *what, const char *want)
{
    if (n->kind != KT_YAML_SCALAR) {
        kt_yaml_problem(n, "\"%s\" must be %s, not a %s", what, want,
                        n->kind == KT_YAML_LIST ? "list" : "map");
    } else if (kt_yaml_is_null(n)) {
        kt_yaml_problem(n, "\"%s\" has no value; it must be %s", what, want);
    } else {
        kt_yaml_problem(n, "\"%s\" must be %s, not \"%.80s\"", what, want, n->text);
    }
    return false;
}

bool kt_yaml_as_str(const struct kt_yaml *n, const char *what, const char **ret)
{
    if (n->kind != KT_YAML_SCALAR || kt_yaml_is_null(n)) {
        return wrong(n, what, "a text");
    }
    *ret = n->text;
    return true;
}

bool kt_yaml_as_num(const struct kt_yaml *n, const char *what, double *ret)
{
    if (n->kind == KT_YAML_SCALAR && !n->plain) {
        kt_yaml_problem(n, "\"%s\" must be a number; write it without quotes", what);
        return false;
    }
    if (n->kind != KT_YAML_SCALAR || kt_number_parse(kt_str_c(n->text), ret) < 0) {
        return wrong(n, what, "a number");
    }
    return true;
}

bool kt_yaml_as_int(const struct kt_yaml *n, const char *what, int64_t lo, int64_t hi, int64_t *ret)
{
    int64_t v;
    if (n->kind != KT_YAML_SCALAR || !n->plain || kt_integer_parse(kt_str_c(n->text), &v) < 0) {
        return wrong(n, what, "a whole number");
    }
    if (v < lo || v > hi) {
        kt_yaml_problem(n, "\"%s\" is %" PRId64 "; it must be from %" PRId64 " to %" PRId64, what,
                        v, lo, hi);
        return false;
    }
    *ret = v;
    return true;
}

bool kt_yaml_as_map(const struct kt_yaml *n, const char *what)
{
    return n->kind == KT_YAML_MAP || wrong(n, what, "a map");
}

bool kt_yaml_str(const struct kt_yaml *map, const char *key, enum kt_need need, const char **ret)
{
    const struct kt_yaml *n = fetch(map, key, need);
    return n && kt_yaml_as_str(n, key, ret);
}

bool kt_yaml_num(const struct kt_yaml *map, const char *key, enum kt_need need, double *ret)
{
    const struct kt_yaml *n = fetch(map, key, need);
    return n && kt_yaml_as_num(n, key, ret);
}

bool kt_yaml_int(const struct kt_yaml *map, const char *key, enum kt_need need, int64_t lo,
                 int64_t hi, int64_t *ret)
{
    const struct kt_yaml *n = fetch(map, key, need);
    return n && kt_yaml_as_int(n, key, lo, hi, ret);
}

bool kt_yaml_bool(const struct kt_yaml *map, const char *key, enum kt_need need, bool *ret)
{
    const struct kt_yaml *n = fetch(map, key, need);
    if (!n) {
        return false;
    }
    bool yes = strcmp(n->text, "true") == 0;
    if (n->kind != KT_YAML_SCALAR || !n->plain || (!yes && strcmp(n->text, "false") != 0)) {
        return wrong(n, key, "true or false");
    }
    *ret = yes;
    return true;
}

bool kt_yaml_duration(const struct kt_yaml *map, const char *key, enum kt_need need,
                      int64_t *ret_ns)
{
    const struct kt_yaml *n = fetch(map, key, need);
    if (!n) {
        return false;
    }
    if (n->kind == KT_YAML_SCALAR && strcmp(n->text, "0") == 0) {
        *ret_ns = 0;
        return true;
    }
    if (n->kind != KT_YAML_SCALAR || kt_duration_parse(kt_str_c(n->text), ret_ns) < 0) {
        return wrong(n, key, "a duration such as 500ms, 20s, 5min, 8h or 30d");
    }
    return true;
}

static void bad_choice(const struct kt_yaml *n, const char *key, const char *const *words,
                       size_t count)
{
    char list[200] = "", hint[KT_SUGGEST_TEXT];
    size_t at = 0;
    for (size_t i = 0; i < count && at < sizeof(list) - 1; i++) {
        at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s", i ? ", " : "", words[i]);
    }
    struct kt_suggest s = kt_suggest_init(kt_str_c(n->text));
    for (size_t i = 0; i < count; i++) {
        kt_suggest_try(&s, words[i]);
    }
    kt_yaml_problem(n, "\"%s\" cannot be \"%.60s\"%s%s%s", key, n->text, kt_suggest_text(&s, hint),
                    s.best ? " One of: " : "; one of: ", list);
}

bool kt_yaml_choice(const struct kt_yaml *map, const char *key, enum kt_need need,
                    const char *const *words, size_t n, int *ret)
{
    const struct kt_yaml *v = fetch(map, key, need);
    const char *text = NULL;
    if (!v || !kt_yaml_as_str(v, key, &text)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (strcmp(words[i], text) == 0) {
            *ret = (int)i;
            return true;
        }
    }
    bad_choice(v, key, words, n);
    return false;
}

bool kt_yaml_clock(const struct kt_yaml *map, const char *key, enum kt_need need, int *ret_s)
{
    const struct kt_yaml *n = fetch(map, key, need);
    if (!n) {
        return false;
    }
    const char *t = n->text;
    int64_t h, m;
    if (n->kind != KT_YAML_SCALAR || strlen(t) != 5 || t[2] != ':' || t[0] < '0' || t[3] < '0' ||
        kt_integer_parse((struct kt_str){t, 2}, &h) < 0 ||
        kt_integer_parse((struct kt_str){t + 3, 2}, &m) < 0 || h > 23 || m > 59) {
        return wrong(n, key, "a time of day in quotes such as \"08:00\"");
    }
    *ret_s = (int)(h * 3600 + m * 60);
    return true;
}

struct kt_yaml *kt_yaml_list(const struct kt_yaml *map, const char *key, enum kt_need need)
{
    struct kt_yaml *n = fetch(map, key, need);
    if (n && n->kind != KT_YAML_LIST) {
        wrong(n, key, "a list");
        return NULL;
    }
    return n;
}

struct kt_yaml *kt_yaml_map(const struct kt_yaml *map, const char *key, enum kt_need need)
{
    struct kt_yaml *n = fetch(map, key, need);
    return n && kt_yaml_as_map(n, key) ? n : NULL;
}

bool kt_yaml_strs(const struct kt_yaml *map, const char *key, enum kt_need need,
                  struct kt_arena *arena, const char *const **ret, uint32_t *ret_n)
{
    const struct kt_yaml *list = kt_yaml_list(map, key, need);
    if (!list) {
        return false;
    }
    const char **out = KT_NEW_ARRAY(arena, const char *, list->n + 1);
    for (uint32_t i = 0; i < list->n; i++) {
        const char *text = NULL;
        if (!kt_yaml_as_str(list->entries[i].value, key, &text)) {
            return false;
        }
        out[i] = kt_arena_strdup(arena, text);
    }
    *ret = out;
    *ret_n = list->n;
    return true;
}

bool kt_yaml_text2(const struct kt_yaml *map, const char *key, enum kt_need need,
                   const char **ret_zh, const char **ret_en)
{
    const struct kt_yaml *n = fetch(map, key, need);
    if (!n) {
        return false;
    }
    if (n->kind != KT_YAML_MAP) {
        return wrong(n, key, "a text in two languages, {zh: …, en: …}");
    }
    const char *zh = NULL, *en = NULL;
    bool ok = kt_yaml_str(n, "zh", KT_REQUIRED, &zh);
    kt_yaml_str(n, "en", KT_OPTIONAL, &en);
    kt_yaml_unknown(n);
    if (ok) {
        *ret_zh = zh;
        *ret_en = en ? en : zh;
    }
    return ok;
}

/* "; possible here: a, b" from the keys that were asked for, oldest first. */
static void possible(const struct kt_yaml *map, char *to, size_t cap)
{
    const char *keys[MAX_ASKED];
    uint32_t n = 0;
    for (const struct yaml_asked *a = map->asked; a && n < MAX_ASKED; a = a->next) {
        keys[n++] = a->key;
    }
    size_t at = 0;
    while (n > 0 && at < cap - 1) {
        at +=
            (size_t)snprintf(to + at, cap - at, "%s%s", at ? ", " : "; possible here: ", keys[--n]);
    }
}

void kt_yaml_unknown(const struct kt_yaml *map)
{
    if (!map || map->kind != KT_YAML_MAP) {
        return;
    }
    for (uint32_t i = 0; i < map->n; i++) {
        const struct yaml_entry *e = &map->entries[i];
        if (e->used) {
            continue;
        }
        char way[200] = "";
        struct kt_suggest s = kt_suggest_init(kt_str_c(e->key));
        for (const struct yaml_asked *a = map->asked; a; a = a->next) {
            kt_suggest_try(&s, a->key);
        }
        if (s.best) {
            kt_suggest_text(&s, way);
        } else {
            possible(map, way, sizeof(way));
        }
        kt_problem_at(map->doc->problems, map->doc->file, e->key_line, e->key_col,
                      "unknown key \"%.80s\"%s", e->key, way);
    }
}
