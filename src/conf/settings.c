/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/settings.h"

#include <inttypes.h>
#include <stdio.h>

#include "conf/number.h"
#include "conf/suggest.h"

enum { MAX_PATH = 64, MAX_WORDS = 8 };

static const struct kt_setting table[] = {
#define X(sym, name, type, required, def, lo, hi, unit, choices, zh, en)                           \
    {name, KT_SETTING_##type, required, def, lo, hi, unit, choices, zh, en},
    KT_SETTING_LIST(X)
#undef X
};

const struct kt_setting *kt_setting(enum kt_setting_id id)
{
    KT_ASSERT((size_t)id < KT_ARRAY_LEN(table));
    return &table[id];
}

/* The node of a path of keys; each map on the way marks its key as used. */
static struct kt_yaml *find(const struct kt_yaml *root, const char *path)
{
    const struct kt_yaml *n = root;
    char key[MAX_PATH];
    for (const char *p = path; n && *p;) {
        size_t len = strcspn(p, ".");
        KT_ASSERT(len < sizeof(key));
        memcpy(key, p, len);
        key[len] = '\0';
        n = kt_yaml_get(n, key);
        p += len + (p[len] == '.');
    }
    return (struct kt_yaml *)n;
}

static const char *last_key(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot ? dot + 1 : path;
}

static size_t split(const char *words, char *buf, size_t cap, const char **ret)
{
    size_t n = 0;
    snprintf(buf, cap, "%s", words);
    for (char *p = buf; *p && n < MAX_WORDS;) {
        ret[n++] = p;
        p += strcspn(p, " ");
        if (*p) {
            *p++ = '\0';
        }
    }
    return n;
}

/* "+hh:mm" or "-hh:mm" */
static bool offset_of(const char *t, int64_t *ret)
{
    int64_t h, m;
    if (strlen(t) != 6 || (t[0] != '+' && t[0] != '-') || t[3] != ':' || t[1] < '0' || t[4] < '0' ||
        kt_integer_parse((struct kt_str){t + 1, 2}, &h) < 0 ||
        kt_integer_parse((struct kt_str){t + 4, 2}, &m) < 0 || h > 18 || m > 59) {
        return false;
    }
    *ret = (h * 3600 + m * 60) * (t[0] == '-' ? -1 : 1);
    return true;
}

static bool address_ok(const char *t)
{
    const char *colon = strrchr(t, ':');
    int64_t port;
    return colon && colon > t && kt_integer_parse(kt_str_c(colon + 1), &port) == KT_OK &&
           port >= 0 && port <= 65535;
}

static bool path_ok(const char *t)
{
    return t[0] != '/' && strcmp(t, "..") != 0 && strncmp(t, "../", 3) != 0 && !strstr(t, "/../");
}

static bool check_text(const struct kt_yaml *n, const struct kt_setting *s, const char *text)
{
    size_t len = strlen(text);
    if (len < (size_t)s->lo || len > (size_t)s->hi) {
        kt_yaml_problem(n, "\"%s\" must have %" PRId64 " to %" PRId64 " bytes", s->name, s->lo,
                        s->hi);
        return false;
    }
    if (len && s->type == KT_SETTING_ADDRESS && !address_ok(text)) {
        kt_yaml_problem(n, "\"%s\" must be \"host:port\", such as \"127.0.0.1:8080\"", s->name);
        return false;
    }
    if (s->type == KT_SETTING_FILE && !path_ok(text)) {
        kt_yaml_problem(n, "\"%s\" must be a file inside the site folder, without \"..\"", s->name);
        return false;
    }
    return true;
}

static bool read_number(const struct kt_yaml *map, const struct kt_yaml *n,
                        const struct kt_setting *s, int64_t *ret)
{
    const char *key = last_key(s->name);
    char buf[MAX_PATH];
    const char *words[MAX_WORDS];
    bool truth = false;
    int i = 0;
    switch (s->type) {
    case KT_SETTING_BOOL:
        if (!kt_yaml_bool(map, key, KT_OPTIONAL, &truth)) {
            return false;
        }
        *ret = truth;
        return true;
    case KT_SETTING_INT:
        return kt_yaml_as_int(n, s->name, s->lo, s->hi, ret);
    case KT_SETTING_CLOCK:
        if (!kt_yaml_clock(map, key, KT_OPTIONAL, &i)) {
            return false;
        }
        *ret = i;
        return true;
    case KT_SETTING_OFFSET:
        if (!offset_of(kt_yaml_text(n), ret)) {
            kt_yaml_problem(n, "\"%s\" must be \"+hh:mm\", such as \"+08:00\"", s->name);
            return false;
        }
        return true;
    default:
        if (!kt_yaml_choice(map, key, KT_OPTIONAL, words,
                            split(s->choices, buf, sizeof(buf), words), &i)) {
            return false;
        }
        *ret = i;
        return true;
    }
}

static bool is_text(enum kt_setting_type t)
{
    return t == KT_SETTING_TEXT || t == KT_SETTING_ADDRESS || t == KT_SETTING_FILE;
}

/* What the default means as a number. The table is right by test. */
static int64_t default_number(const struct kt_setting *s)
{
    char buf[MAX_PATH];
    const char *words[MAX_WORDS];
    int64_t v = 0;
    switch (s->type) {
    case KT_SETTING_BOOL:
        return strcmp(s->def, "true") == 0;
    case KT_SETTING_INT:
        return kt_integer_parse(kt_str_c(s->def), &v) == KT_OK ? v : 0;
    case KT_SETTING_CLOCK:
        return (s->def[0] - '0') * 36000 + (s->def[1] - '0') * 3600 + (s->def[3] - '0') * 600 +
               (s->def[4] - '0') * 60;
    case KT_SETTING_OFFSET:
        return offset_of(s->def, &v) ? v : 0;
    case KT_SETTING_CHOICE:
        for (size_t i = 0, n = split(s->choices, buf, sizeof(buf), words); i < n; i++) {
            v = strcmp(words[i], s->def) == 0 ? (int64_t)i : v;
        }
        return v;
    default:
        return 0;
    }
}

/* The map that holds the last key of a path. */
static const struct kt_yaml *parent_of(const struct kt_yaml *root, const char *path)
{
    char prefix[MAX_PATH];
    const char *dot = strrchr(path, '.');
    if (!dot) {
        return root;
    }
    snprintf(prefix, sizeof(prefix), "%.*s", (int)(dot - path), path);
    return find(root, prefix);
}

static void read_one(const struct kt_yaml *root, const struct kt_setting *s, struct kt_arena *arena,
                     struct kt_setting_value *v)
{
    *v = (struct kt_setting_value){.text = s->def, .number = default_number(s)};
    const struct kt_yaml *map = parent_of(root, s->name);
    const struct kt_yaml *n = find(root, s->name);
    const char *text = NULL;
    if (!n) {
        if (s->required) {
            kt_yaml_problem(root, "\"%s\" is missing; add it: %s", s->name, s->en);
        }
        return;
    }
    bool ok = is_text(s->type) ? kt_yaml_as_str(n, s->name, &text) && check_text(n, s, text)
                               : read_number(map, n, s, &v->number);
    if (ok) {
        v->text = kt_arena_strdup(arena, kt_yaml_text(n));
        v->given = true;
        v->line = kt_yaml_line(n);
        v->col = kt_yaml_col(n);
    }
}

/* Calls kt_yaml_unknown() once for each map that holds settings, the root apart. */
static void report_unknown(const struct kt_yaml *root)
{
    const char *before = "";
    for (size_t i = 0; i < KT_ARRAY_LEN(table); i++) {
        const char *name = table[i].name;
        for (const char *dot = strchr(name, '.'); dot; dot = strchr(dot + 1, '.')) {
            size_t len = (size_t)(dot - name);
            if (strncmp(before, name, len + 1) == 0) {
                continue; /* names of one map stand together in the table */
            }
            char prefix[MAX_PATH];
            snprintf(prefix, sizeof(prefix), "%.*s", (int)len, name);
            const struct kt_yaml *map = find(root, prefix);
            if (map && kt_yaml_as_map(map, prefix)) {
                kt_yaml_unknown(map);
            }
        }
        before = name;
    }
}

void kt_settings_read(const struct kt_yaml *root, struct kt_arena *arena, struct kt_settings *ret)
{
    for (size_t i = 0; i < KT_ARRAY_LEN(table); i++) {
        read_one(root, &table[i], arena, &ret->v[i]);
    }
    report_unknown(root);
}

static const char *text_of(const struct kt_setting *s, const char *lang)
{
    return strcmp(lang, "en") == 0 ? s->en : s->zh;
}

/* How many leading keys two paths share. */
static int shared_keys(const char *a, const char *b)
{
    int n = 0;
    for (; *a && *a == *b; a++, b++) {
        n += *a == '.';
    }
    return n;
}

static void sample_one(struct kt_buf *out, const struct kt_setting *s, const char *before,
                       const char *lang)
{
    int depth = 0, shared = shared_keys(before, s->name);
    const char *key = s->name;
    for (const char *dot; (dot = strchr(key, '.')); key = dot + 1, depth++) {
        if (depth >= shared) {
            kt_buf_printf(out, "%*s%.*s:\n", depth * 2, "", (int)(dot - key), key);
        }
    }
    bool bare = s->type == KT_SETTING_BOOL || s->type == KT_SETTING_INT ||
                (s->type == KT_SETTING_CHOICE && s->def[0]);
    const char *q = bare ? "" : "\"";
    kt_buf_printf(out, "%*s%s: %s%s%s  # %s%s%s\n", depth * 2, "", key, q, s->def, q,
                  text_of(s, lang), s->choices ? ": " : "", s->choices ? s->choices : "");
}

void kt_settings_sample(struct kt_buf *out, const char *lang)
{
    const char *before = "";
    for (size_t i = 0; i < KT_ARRAY_LEN(table); i++) {
        sample_one(out, &table[i], before, lang);
        before = table[i].name;
    }
}

static void put_range(struct kt_buf *out, const struct kt_setting *s)
{
    if (s->choices) {
        kt_buf_printf(out, "%s", s->choices);
    } else if (s->type == KT_SETTING_INT || s->type == KT_SETTING_OFFSET) {
        kt_buf_printf(out, "%" PRId64 " … %" PRId64, s->lo, s->hi);
    } else if (s->type == KT_SETTING_BOOL) {
        kt_buf_puts(out, "true false");
    } else if (s->type == KT_SETTING_CLOCK) {
        kt_buf_puts(out, "00:00 … 23:59");
    } else {
        kt_buf_printf(out, "%" PRId64 " … %" PRId64 " B", s->lo, s->hi);
    }
}

void kt_settings_manual(struct kt_buf *out, const char *lang)
{
    static const char *const types[] = {"true/false", "integer", "text",    "choice",
                                        "time",       "offset",  "address", "file"};
    bool en = strcmp(lang, "en") == 0;
    kt_buf_puts(out, en ? "| name | type | default | range | unit | meaning |\n"
                        : "| 名称 | 类型 | 默认 | 范围 | 单位 | 含义 |\n");
    kt_buf_puts(out, "| --- | --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < KT_ARRAY_LEN(table); i++) {
        const struct kt_setting *s = &table[i];
        const char *def = s->required ? (en ? "(required)" : "（必填）") : s->def;
        kt_buf_printf(out, "| `%s` | %s | %s | ", s->name, types[s->type], def);
        put_range(out, s);
        kt_buf_printf(out, " | %s | %s |\n", s->unit, text_of(s, lang));
    }
}
