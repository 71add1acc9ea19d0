/* SPDX-License-Identifier: Apache-2.0 */
/* expect: the lines of expect.jsonl against the outcomes of a run. */
#include "cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH = 16, SHOWN = 12 };

static bool fits(const struct kt_json *want, const struct kt_json *got, const char *skip,
                 int depth);

static bool same(const struct kt_json *want, const struct kt_json *got, int depth)
{
    double x, y;
    bool a, b;
    if (kt_json_kind(want) != kt_json_kind(got)) {
        return false;
    }
    switch (kt_json_kind(want)) {
    case KT_JSON_NUMBER:
        return kt_json_num(want, &x) && kt_json_num(got, &y) && x - y <= 1e-9 && y - x <= 1e-9;
    case KT_JSON_STRING:
        return strcmp(kt_json_str(want), kt_json_str(got)) == 0;
    case KT_JSON_BOOL:
        return kt_json_bool(want, &a) && kt_json_bool(got, &b) && a == b;
    case KT_JSON_OBJECT:
        return fits(want, got, NULL, depth + 1);
    case KT_JSON_ARRAY:
        for (size_t i = 0; i < kt_json_len(want); i++) {
            if (depth > DEPTH || !same(kt_json_at(want, i), kt_json_at(got, i), depth + 1)) {
                return false;
            }
        }
        return kt_json_len(want) == kt_json_len(got);
    default:
        return true;
    }
}

/* Has `got` all fields of `want`, but for the one to skip? */
static bool fits(const struct kt_json *want, const struct kt_json *got, const char *skip, int depth)
{
    struct kt_json_iter it = {0};
    while (depth <= DEPTH && kt_json_next(want, &it)) {
        if (skip && strcmp(it.key, skip) == 0) {
            continue;
        }
        if (!same(it.value, kt_json_get(got, it.key), depth)) {
            return false;
        }
    }
    return depth <= DEPTH;
}

static void show(const struct case_run *r, const struct kt_json *line)
{
    int shown = 0;
    const char *type = kt_json_get_str(line, "type", "");
    for (size_t i = 0; i < r->outcomes_n; i++) {
        const struct case_outcome *o = &r->outcomes[i];
        if (strcmp(kt_json_get_str(o->json, "type", ""), type) == 0 && shown++ < SHOWN) {
            printf("#   %lld ms: %s\n", (long long)o->at_ms, o->text);
        }
    }
    if (shown > SHOWN) {
        printf("#   and %d more\n", shown - SHOWN);
    }
}

static bool find(struct case_run *r, const struct kt_json *line, int64_t *not_before)
{
    const bool timed = kt_json_get(line, "at") != NULL;
    const int64_t at = kt_json_get_int(line, "at", 0);
    for (size_t i = 0; i < r->outcomes_n; i++) {
        struct case_outcome *o = &r->outcomes[i];
        if (!o->used && o->at_ms >= *not_before && (!timed || o->at_ms == at) &&
            fits(line, o->json, "at", 0)) {
            o->used = true;
            *not_before = o->at_ms;
            return true;
        }
    }
    return false;
}

static bool absent(const struct case_run *r, const struct kt_json *line, const char *where)
{
    const struct kt_json *want = kt_json_get(line, "absent");
    int64_t from = kt_json_get_int(line, "from", INT64_MIN);
    int64_t to = kt_json_get_int(line, "to", INT64_MAX);
    for (size_t i = 0; i < r->outcomes_n; i++) {
        const struct case_outcome *o = &r->outcomes[i];
        if (o->at_ms >= from && o->at_ms <= to && fits(want, o->json, NULL, 0)) {
            printf("# %s: must not be, but is at %lld ms: %s\n", where, (long long)o->at_ms,
                   o->text);
            return false;
        }
    }
    return true;
}

static bool check(struct case_run *r, const struct kt_json *line, const char *where,
                  int64_t *not_before)
{
    if (kt_json_get(line, "absent")) {
        return absent(r, line, where);
    }
    if (find(r, line, not_before)) {
        return true;
    }
    printf("# %s: no such outcome from %lld ms on; of its type there are:\n", where,
           (long long)*not_before);
    show(r, line);
    return false;
}

bool case_expect(struct case_run *r, const char *path)
{
    struct kt_json **lines;
    struct kt_err err;
    size_t n;
    int64_t not_before = 0;
    bool ok = true;
    if (case_lines(path, &lines, &n, &err) < 0) {
        printf("# %s\n", err.text);
        return false;
    }
    for (size_t i = 0; ok && i < n; i++) {
        char where[512];
        snprintf(where, sizeof where, "%s:%zu", path, i + 1);
        ok = check(r, lines[i], where, &not_before);
    }
    case_lines_free(lines, n);
    if (n == 0) {
        printf("# %s: expects nothing\n", path);
    }
    return ok && n > 0;
}

bool case_raised(const struct case_run *r, const char *rule)
{
    for (size_t i = 0; i < r->outcomes_n; i++) {
        const struct kt_json *o = r->outcomes[i].json;
        if (strcmp(kt_json_get_str(o, "type", ""), "alarm") == 0 &&
            strcmp(kt_json_get_str(o, "rule", ""), rule) == 0 &&
            strcmp(kt_json_get_str(o, "change", ""), "raise") == 0) {
            return true;
        }
    }
    return false;
}
