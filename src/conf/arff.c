/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/arff.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "conf/number.h"

struct kt_arff {
    const char *file;
    const char *p, *end; /* what is not read yet */
    int line;            /* of p, from 1 */
    uint32_t n;
    struct kt_str name[KT_ARFF_MAX_COLUMNS];
    bool text[KT_ARFF_MAX_COLUMNS]; /* no numbers in this column */
};

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static const char *skip(const char *p, const char *end)
{
    while (p < end && blank(*p)) {
        p++;
    }
    return p;
}

/* The next line without the blanks around it; false at the end of the text. */
static bool next_line(struct kt_arff *a, const char **ret_start, struct kt_str *ret)
{
    if (a->p == a->end) {
        return false;
    }
    const char *nl = memchr(a->p, '\n', (size_t)(a->end - a->p));
    const char *to = nl ? nl : a->end, *from = skip(a->p, to);
    *ret_start = a->p;
    a->p = nl ? nl + 1 : a->end;
    a->line++;
    while (to > from && blank(to[-1])) {
        to--;
    }
    *ret = (struct kt_str){from, (size_t)(to - from)};
    return true;
}

static bool begins(struct kt_str s, const char *word)
{
    size_t n = strlen(word);
    return s.n >= n && strncasecmp(s.p, word, n) == 0 && (s.n == n || blank(s.p[n]));
}

/* A word, or what stands between two quotes of one sort; NULL when the second one is missing. */
static const char *word_of(const char *p, const char *end, const char *ends, struct kt_str *ret)
{
    if (p < end && (*p == '\'' || *p == '"')) {
        const char *close = memchr(p + 1, *p, (size_t)(end - p - 1));
        *ret = (struct kt_str){p + 1, close ? (size_t)(close - p - 1) : 0};
        return close ? close + 1 : NULL;
    }
    const char *from = p;
    while (p < end && !strchr(ends, *p)) {
        p++;
    }
    const char *to = p;
    while (to > from && blank(to[-1])) {
        to--;
    }
    *ret = (struct kt_str){from, (size_t)(to - from)};
    return p;
}

static bool numeric(struct kt_str kind)
{
    return begins(kind, "real") || begins(kind, "numeric") || begins(kind, "integer");
}

static int attribute(struct kt_arff *a, const char *start, struct kt_str line, struct kt_err *err)
{
    const char *end = line.p + line.n;
    const char *p = skip(line.p + strlen("@attribute"), end);
    int line_no = a->line - 1, col = (int)(p - start) + 1;
    struct kt_str name;
    const char *after = word_of(p, end, " \t", &name);
    if (!after || name.n == 0) {
        return kt_err_at(err, KT_EPARSE, a->file, line_no, col,
                         "an attribute without a name; write @ATTRIBUTE 'NAME' real");
    }
    if (a->n == KT_ARFF_MAX_COLUMNS) {
        return kt_err_at(err, KT_ELIMIT, a->file, line_no, col, "more than %d attributes",
                         KT_ARFF_MAX_COLUMNS);
    }
    for (uint32_t i = 0; i < a->n; i++) {
        if (kt_str_eq(a->name[i], name)) {
            return kt_err_at(err, KT_EPARSE, a->file, line_no, col,
                             "this attribute stands here a second time; remove one");
        }
    }
    after = skip(after, end);
    a->text[a->n] = !numeric((struct kt_str){after, (size_t)(end - after)});
    a->name[a->n++] = name;
    return KT_OK;
}

static int read_header(struct kt_arff *a, struct kt_err *err)
{
    struct kt_str line;
    const char *start;
    while (next_line(a, &start, &line)) {
        if (begins(line, "@attribute")) {
            int r = attribute(a, start, line, err);
            if (r < 0) {
                return r;
            }
        } else if (begins(line, "@data")) {
            return a->n ? KT_OK
                        : kt_err_at(err, KT_EPARSE, a->file, a->line - 1, 1,
                                    "no @ATTRIBUTE before @DATA; name the columns first");
        } else if (line.n && *line.p != '%' && !begins(line, "@relation")) {
            return kt_err_at(err, KT_EPARSE, a->file, a->line - 1, (int)(line.p - start) + 1,
                             "only @RELATION, @ATTRIBUTE and comments may stand before @DATA");
        }
    }
    return kt_err_at(err, KT_EPARSE, a->file, a->line, 1, "no @DATA: this is no whole ARFF file");
}

int kt_arff_open(struct kt_arena *arena, struct kt_str text, const char *file, struct kt_arff **ret,
                 struct kt_err *err)
{
    struct kt_arff *a = KT_NEW(arena, struct kt_arff);
    a->file = kt_arena_strdup(arena, file ? file : "");
    static const char mark[] = "\xef\xbb\xbf"; /* that a text is UTF-8 */
    a->p = text.n ? text.p : "";
    a->end = a->p + text.n;
    a->p += text.n >= 3 && memcmp(text.p, mark, 3) == 0 ? 3 : 0;
    a->line = 1;
    int r = read_header(a, err);
    if (r == KT_OK) {
        *ret = a;
    }
    return r;
}

uint32_t kt_arff_columns(const struct kt_arff *a)
{
    return a->n;
}

struct kt_str kt_arff_name(const struct kt_arff *a, uint32_t column)
{
    KT_ASSERT(column < a->n);
    return a->name[column];
}

int kt_arff_column(const struct kt_arff *a, const char *name)
{
    size_t n = strlen(name);
    for (uint32_t i = 0; i < a->n; i++) {
        if (a->name[i].n == n && strncasecmp(a->name[i].p, name, n) == 0) {
            return (int)i;
        }
    }
    return -1;
}

/* One value of a row into *ret, NAN where it is missing or of another kind; false: no number. */
static bool value(struct kt_str s, bool text, double *ret)
{
    *ret = NAN;
    return text || kt_str_is(s, "?") || kt_number_parse(s, ret) == KT_OK;
}

static int row(struct kt_arff *a, const char *start, struct kt_str line, double *ret,
               struct kt_err *err)
{
    const char *p = line.p, *end = line.p + line.n;
    int r = KT_OK, at = a->line - 1;
    uint32_t k = 0;
    for (bool more = true; more; k++) {
        struct kt_str s;
        p = skip(p, end);
        const char *from = p;
        p = word_of(p, end, ",", &s);
        if (!p) {
            return kt_err_at(err, KT_EPARSE, a->file, at, (int)(from - start) + 1,
                             "the quote that opens here is never closed");
        }
        if (k < a->n && !value(s, a->text[k], &ret[k]) && r == KT_OK) {
            ret[k] = NAN;
            r = kt_err_at(err, KT_EPARSE, a->file, at, (int)(from - start) + 1,
                          "\"%.*s\" of %.*s is no number; a missing one is written ?",
                          s.n > 40 ? 40 : (int)s.n, s.p, a->name[k].n > 60 ? 60 : (int)a->name[k].n,
                          a->name[k].p);
        }
        p = skip(p, end);
        more = p < end && *p == ',';
        p += more;
    }
    if (k != a->n && r == KT_OK) {
        r = kt_err_at(err, KT_EPARSE, a->file, at, 1, "%u values for %u attributes", k, a->n);
    }
    return r == KT_OK ? 1 : r;
}

int kt_arff_next(struct kt_arff *a, double *ret, struct kt_err *err)
{
    struct kt_str line;
    const char *start;
    while (next_line(a, &start, &line)) {
        if (line.n == 0 || *line.p == '%') {
            continue;
        }
        for (uint32_t i = 0; i < a->n; i++) {
            ret[i] = NAN;
        }
        return row(a, start, line, ret, err);
    }
    return 0;
}
