/* SPDX-License-Identifier: Apache-2.0 */
/* given: the lines of given.jsonl as events in order of time. */
#include "cases.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "sys/file.h"

enum { MAX_BYTES = 16 << 20, MAX_LINES = 20000, MAX_EVENTS = 2000000 };

void case_lines_free(struct kt_json **lines, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        kt_json_free(lines[i]);
    }
    free(lines);
}

static int parse_line(struct kt_str text, const char *path, size_t line, struct kt_json **ret,
                      struct kt_err *err)
{
    struct kt_err why;
    if (kt_json_parse(text, 0, ret, &why) < 0) {
        return kt_err_set(err, KT_EPARSE, "%s:%zu: %s", path, line, why.text);
    }
    if (!kt_json_obj(*ret)) {
        kt_json_free(*ret);
        return kt_err_set(err, KT_EPARSE, "%s:%zu: one object a line", path, line);
    }
    return KT_OK;
}

static int split(const char *text, const char *path, struct kt_json **lines, size_t *n,
                 struct kt_err *err)
{
    while (*text) {
        struct kt_str line = {text, strcspn(text, "\n")};
        if (*n == MAX_LINES) {
            return kt_err_set(err, KT_ELIMIT, "%s: more than %d lines", path, MAX_LINES);
        }
        int r = parse_line(line, path, *n + 1, &lines[*n], err);
        if (r < 0) {
            return r;
        }
        *n += 1;
        text += line.n + (text[line.n] == '\n');
    }
    return KT_OK;
}

int case_lines(const char *path, struct kt_json ***ret, size_t *ret_n, struct kt_err *err)
{
    struct kt_buf b;
    size_t n = 0;
    struct kt_json **lines = calloc(MAX_LINES, sizeof(struct kt_json *));
    KT_ASSERT(lines);
    kt_buf_init(&b, 0);
    int r = kt_file_read(path, MAX_BYTES, &b, err);
    if (r >= 0) {
        r = split(kt_buf_cstr(&b), path, lines, &n, err);
    }
    kt_buf_done(&b);
    if (r < 0) {
        case_lines_free(lines, n);
        return r;
    }
    *ret = lines;
    *ret_n = n;
    return KT_OK;
}

static int by_time(const void *a, const void *b)
{
    const struct case_event *x = a, *y = b;
    if (x->at_ms != y->at_ms) {
        return x->at_ms < y->at_ms ? -1 : 1;
    }
    return x->order < y->order ? -1 : x->order > y->order;
}

/* How often a line happens, and when: from, from+every, ... up to and including to. */
static size_t turns_of(const struct kt_json *line, int64_t *from, int64_t *every)
{
    *from = kt_json_get_int(line, "at", kt_json_get_int(line, "from", 0));
    *every = kt_json_get_int(line, "every", 0);
    int64_t to = kt_json_get_int(line, "to", *from);
    return *every > 0 && to > *from ? (size_t)((to - *from) / *every) + 1 : 1;
}

int case_given_read(const char *path, struct case_given *ret, struct kt_err *err)
{
    struct case_given g = {0};
    int64_t from, every;
    size_t n = 0;
    int r = case_lines(path, &g.lines, &g.lines_n, err);
    if (r < 0) {
        return r;
    }
    for (size_t i = 0; i < g.lines_n; i++) {
        n += turns_of(g.lines[i], &from, &every);
    }
    if (n == 0 || n > MAX_EVENTS) {
        case_given_free(&g);
        return kt_err_set(err, KT_ELIMIT, "%s: from 1 to %d events", path, MAX_EVENTS);
    }
    g.events = calloc(n, sizeof *g.events);
    KT_ASSERT(g.events);
    for (size_t i = 0; i < g.lines_n; i++) {
        size_t turns = turns_of(g.lines[i], &from, &every);
        for (size_t k = 0; k < turns; k++) {
            g.events[g.events_n] = (struct case_event){
                from + (int64_t)k * every, (uint32_t)g.events_n, (uint32_t)k, g.lines[i]};
            g.events_n++;
        }
    }
    qsort(g.events, g.events_n, sizeof *g.events, by_time);
    *ret = g;
    return KT_OK;
}

void case_given_free(struct case_given *g)
{
    case_lines_free(g->lines, g->lines_n);
    free(g->events);
    memset(g, 0, sizeof *g);
}
