/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over one copy of the text, which stays as it is: positions are counted in it. A field is
 * an offset and a length into it; one with "" has the bit DOUBLED in its length and its real text
 * in `doubled`, in the order of offsets.
 * Rows are kept in pages of ROWS rows: `line` of each and its fields, as many as the header has.
 */
#include "conf/csv.h"

#include <inttypes.h>
#include <iconv.h>
#include <stdio.h>

#include "conf/number.h"
#include "conf/suggest.h"
#include "conf/utf8.h"
#include "sys/file.h"

enum { ROWS = 256, MAX_ASKED = 64 };

#define DOUBLED UINT32_C(0x80000000)

struct field {
    uint32_t at, n;
};

struct doubled {
    uint32_t at;
    struct kt_str text;
};

struct page {
    uint32_t line[ROWS];
    struct field fields[];
};

struct kt_csv {
    const char *file;
    const char *text;
    size_t n;
    struct doubled *doubled;
    uint32_t doubled_n, doubled_cap;
    uint32_t columns, rows;
    struct kt_str *names;
    uint32_t *name_at;
    bool *used;
    struct page **pages;
    uint32_t pages_n, pages_cap;
    const char *asked[MAX_ASKED]; /* column names that were asked for and are not there */
    uint32_t asked_n;
};

struct reader {
    struct kt_arena *arena;
    struct kt_csv *csv;
    const char *p, *end;
    uint32_t line;
    char comma;                              /* what stands between fields */
    struct field fields[KT_CSV_MAX_COLUMNS]; /* of the row being read */
    uint32_t n;                              /* how many of them; may pass the header's */
    bool text;                               /* the row holds any */
    struct kt_err *err;
};

static int fail_at(const struct kt_csv *c, size_t offset, struct kt_err *err, int code,
                   const char *what)
{
    int line, col;
    conf_position((struct kt_str){c->text, c->n}, offset, &line, &col);
    return kt_err_at(err, code, c->file, line, col, "%s", what);
}

static bool blank(const struct reader *r, char c)
{
    return c == ' ' || (c == '\t' && r->comma != '\t') || c == '\r';
}

/* Spreadsheets set to some countries part fields by semicolons, and a table that was copied by
 * tabs: the first line with text says it, where it has no comma. */
static char comma_of(const struct kt_csv *c)
{
    const char *p = c->text, *end = p + c->n;
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n')) {
        p++;
    }
    const char *nl = memchr(p, '\n', (size_t)(end - p));
    size_t n = (size_t)((nl ? nl : end) - p);
    return memchr(p, ',', n) ? ',' : memchr(p, ';', n) ? ';' : memchr(p, '\t', n) ? '\t' : ',';
}

/* Grows an array in the arena by doubling; the old one stays until the arena goes. */
static void *grown(struct kt_arena *a, const void *old, uint32_t n, uint32_t *cap, size_t size)
{
    if (n < *cap) {
        return NULL;
    }
    *cap = *cap ? *cap * 2 : 16;
    void *p = kt_arena_alloc(a, *cap * size);
    if (n) {
        memcpy(p, old, n * size);
    }
    return p;
}

static void add_doubled(struct reader *r, const char *from, const char *to)
{
    struct kt_csv *c = r->csv;
    void *more = grown(r->arena, c->doubled, c->doubled_n, &c->doubled_cap, sizeof(*c->doubled));
    c->doubled = more ? more : c->doubled;
    char *text = kt_arena_alloc(r->arena, (size_t)(to - from));
    size_t n = 0;
    for (const char *p = from; p < to; p++) {
        text[n++] = *p;
        p += *p == '"';
    }
    c->doubled[c->doubled_n++] =
        (struct doubled){(uint32_t)(from - c->text), (struct kt_str){text, n}};
}

/* Reads the rest of a quoted field; p stands after the opening quote. */
static int quoted(struct reader *r, struct field *f)
{
    const char *from = r->p, *to;
    bool has_quote = false;
    for (;;) {
        to = memchr(r->p, '"', (size_t)(r->end - r->p));
        if (!to) {
            return fail_at(r->csv, (size_t)(from - 1 - r->csv->text), r->err, KT_EPARSE,
                           "the quote that opens here is never closed; add the closing \"");
        }
        r->p = to + 1;
        if (r->p == r->end || *r->p != '"') {
            break;
        }
        r->p++;
        has_quote = true;
    }
    for (const char *nl = from; (nl = memchr(nl, '\n', (size_t)(to - nl))); nl++) {
        r->line++;
    }
    *f = (struct field){(uint32_t)(from - r->csv->text), (uint32_t)(to - from)};
    if (has_quote) {
        add_doubled(r, from, to);
        f->n |= DOUBLED;
    }
    while (r->p < r->end && blank(r, *r->p)) {
        r->p++;
    }
    if (r->p < r->end && *r->p != r->comma && *r->p != '\n') {
        return fail_at(r->csv, (size_t)(r->p - r->csv->text), r->err, KT_EPARSE,
                       "text after a closing quote; write \"\" for a quote inside a field");
    }
    return KT_OK;
}

static struct kt_str text_of(const struct kt_csv *c, struct field f)
{
    if (!(f.n & DOUBLED)) {
        return (struct kt_str){c->text + f.at, f.n};
    }
    uint32_t lo = 0, hi = c->doubled_n;
    while (hi - lo > 1) {
        uint32_t mid = lo + (hi - lo) / 2;
        *(c->doubled[mid].at <= f.at ? &lo : &hi) = mid;
    }
    return c->doubled[lo].text;
}

static void unquoted(struct reader *r, struct field *f)
{
    const char *from = r->p, *p = r->p, *end = r->end;
    while (p < end && *p != r->comma && *p != '\n') {
        p++;
    }
    r->p = p;
    while (p > from && blank(r, p[-1])) {
        p--;
    }
    *f = (struct field){(uint32_t)(from - r->csv->text), (uint32_t)(p - from)};
}

static int read_field(struct reader *r)
{
    struct field f;
    int rc = KT_OK;
    while (r->p < r->end && blank(r, *r->p)) {
        r->p++;
    }
    if (r->p < r->end && *r->p == '"') {
        r->p++;
        rc = quoted(r, &f);
        if (rc < 0) {
            return rc;
        }
    } else {
        unquoted(r, &f);
    }
    r->text = r->text || f.n > 0;
    uint32_t most = r->csv->columns ? r->csv->columns : KT_CSV_MAX_COLUMNS;
    if (r->n < most) {
        r->fields[r->n] = f;
    } else if (f.n > 0) {
        return fail_at(r->csv, f.at, r->err, KT_EPARSE,
                       r->csv->columns ? "more fields than the header line has columns; quote a "
                                         "field that holds a comma"
                                       : "too many columns; at most 256");
    }
    r->n++;
    return KT_OK;
}

/* Reads one line of the table; false in ret_more at the end of the text. */
static int read_row(struct reader *r, bool *ret_more)
{
    *ret_more = r->p < r->end;
    r->n = 0;
    r->text = false;
    while (r->p <= r->end && *ret_more) {
        int rc = read_field(r);
        if (rc < 0) {
            return rc;
        }
        if (r->p == r->end || *r->p++ == '\n') {
            break;
        }
    }
    return KT_OK;
}

static int set_header(struct reader *r)
{
    struct kt_csv *c = r->csv;
    uint32_t n = r->n < KT_CSV_MAX_COLUMNS ? r->n : KT_CSV_MAX_COLUMNS;
    while (n > 0 && r->fields[n - 1].n == 0) {
        n--;
    }
    c->names = KT_NEW_ARRAY(r->arena, struct kt_str, n);
    c->name_at = KT_NEW_ARRAY(r->arena, uint32_t, n);
    c->used = KT_NEW_ARRAY(r->arena, bool, n);
    for (uint32_t i = 0; i < n; i++) {
        struct field f = r->fields[i];
        c->names[i] = text_of(c, f);
        c->name_at[i] = f.at;
        if (f.n == 0) {
            return fail_at(c, f.at, r->err, KT_EPARSE, "a column without a name; name it");
        }
        for (uint32_t k = 0; k < i; k++) {
            if (kt_str_eq(c->names[k], c->names[i])) {
                return fail_at(c, f.at, r->err, KT_EPARSE,
                               "this column name stands here a second time; remove one");
            }
        }
    }
    c->columns = n;
    return KT_OK;
}

static struct page *page_for(struct reader *r)
{
    struct kt_csv *c = r->csv;
    if (c->rows % ROWS != 0) {
        return c->pages[c->pages_n - 1];
    }
    void *more = grown(r->arena, c->pages, c->pages_n, &c->pages_cap, sizeof(*c->pages));
    c->pages = more ? more : c->pages;
    struct page *p = kt_arena_alloc(r->arena, sizeof(struct page) +
                                                  (size_t)c->columns * ROWS * sizeof(struct field));
    c->pages[c->pages_n++] = p;
    return p;
}

static int add_row(struct reader *r, uint32_t line)
{
    struct kt_csv *c = r->csv;
    if (c->rows == KT_CSV_MAX_ROWS) {
        return fail_at(c, r->fields[0].at, r->err, KT_ELIMIT, "too many rows; split the table");
    }
    struct page *p = page_for(r);
    uint32_t k = c->rows % ROWS;
    struct field *to = p->fields + (size_t)k * c->columns;
    uint32_t n = r->n < c->columns ? r->n : c->columns;
    memcpy(to, r->fields, n * sizeof(*to));
    for (uint32_t i = n; i < c->columns; i++) {
        to[i] = (struct field){r->fields[n - 1].at + (r->fields[n - 1].n & ~DOUBLED), 0};
    }
    p->line[k] = line;
    c->rows++;
    return KT_OK;
}

static int read_table(struct reader *r)
{
    for (;;) {
        bool more;
        uint32_t line = r->line;
        int rc = read_row(r, &more);
        if (rc < 0) {
            return rc;
        }
        r->line++;
        if (!more) {
            break;
        }
        if (r->text) {
            rc = r->csv->columns ? add_row(r, line) : set_header(r);
            if (rc < 0) {
                return rc;
            }
        }
    }
    if (r->csv->columns == 0) {
        return kt_err_at(r->err, KT_EPARSE, r->csv->file, 1, 1,
                         "an empty table; the first line must name the columns");
    }
    return KT_OK;
}

/* GBK to UTF-8 into the arena; three bytes for two at most. */
static int from_gbk(struct kt_arena *arena, struct kt_csv *c, struct kt_str bytes,
                    struct kt_err *err)
{
    iconv_t cd = iconv_open("UTF-8", "GBK");
    if (cd == (iconv_t)-1) {
        return kt_err_sys(err, "cannot convert %s from GBK", c->file);
    }
    size_t cap = bytes.n / 2 * 3 + 8, left = cap, in_left = bytes.n;
    char *to = kt_arena_alloc(arena, cap), *at = to, *from = (char *)(uintptr_t)bytes.p;
    size_t done = iconv(cd, &from, &in_left, &at, &left);
    iconv_close(cd);
    if (done == (size_t)-1) {
        int line, col;
        conf_position(bytes, bytes.n - in_left, &line, &col);
        return kt_err_at(err, KT_EPARSE, c->file, line, col,
                         "neither UTF-8 nor GBK; save the table as \"CSV UTF-8\"");
    }
    c->text = to;
    c->n = cap - left;
    return KT_OK;
}

/* Two lines of a table in two encodings come from tables that were pasted together: read as GBK the
 * names of one would become others without a word. A line of Chinese is not both by chance: in GBK
 * it would be of rare characters alone. */
static size_t utf8_line(struct kt_str text)
{
    for (size_t at = 0; at < text.n;) {
        const char *nl = memchr(text.p + at, '\n', text.n - at);
        size_t n = nl ? (size_t)(nl - text.p) - at : text.n - at, wide = 0;
        for (size_t i = 0; i < n; i++) {
            wide += ((unsigned char)text.p[at + i] & 0xf0) == 0xe0;
        }
        if (wide >= 2 && conf_utf8_bad((struct kt_str){text.p + at, n}) == n) {
            return at;
        }
        at += n + 1;
    }
    return text.n;
}

static int decode(struct kt_arena *arena, struct kt_csv *c, struct kt_str bytes, struct kt_err *err)
{
    bool bom = bytes.n >= 3 && memcmp(bytes.p, "\xef\xbb\xbf", 3) == 0;
    if (bom) {
        bytes = (struct kt_str){bytes.p + 3, bytes.n - 3};
    }
    c->text = bytes.p; /* for messages until it is copied */
    c->n = bytes.n;
    size_t bad = conf_utf8_bad(bytes);
    if (bad == bytes.n) {
        c->text = kt_arena_strndup(arena, bytes.n ? bytes.p : "", bytes.n);
        return KT_OK;
    }
    if (bom) {
        return fail_at(c, bad, err, KT_EPARSE, "not UTF-8 though it begins with a UTF-8 mark");
    }
    if (memchr(bytes.p, '\0', bytes.n)) {
        return fail_at(c, (size_t)((const char *)memchr(bytes.p, '\0', bytes.n) - bytes.p), err,
                       KT_EPARSE, "no text table; save it as \"CSV UTF-8\"");
    }
    size_t other = utf8_line(bytes);
    if (other < bytes.n) {
        return fail_at(
            c, other, err, KT_EPARSE,
            "this line is UTF-8, but not every line is; save the whole as \"CSV UTF-8\"");
    }
    return from_gbk(arena, c, bytes, err);
}

/* Old Excel on a Mac ends a line with a carriage return alone. */
static void end_lines(const struct kt_csv *c)
{
    char *p = (char *)(uintptr_t)c->text, *end = p + c->n; /* our own copy */
    if (memchr(p, '\n', c->n)) {
        return;
    }
    while ((p = memchr(p, '\r', (size_t)(end - p)))) {
        *p = '\n';
    }
}

int kt_csv_parse(struct kt_arena *arena, struct kt_str bytes, const char *file, struct kt_csv **ret,
                 struct kt_err *err)
{
    struct kt_csv *c = KT_NEW(arena, struct kt_csv);
    c->file = kt_arena_strdup(arena, file ? file : "");
    if (bytes.n > KT_CSV_MAX_BYTES) {
        return kt_err_at(err, KT_ELIMIT, c->file, 0, 0, "larger than 256 MiB; split the table");
    }
    int r = decode(arena, c, bytes, err);
    if (r < 0) {
        return r;
    }
    end_lines(c);
    struct reader rd = {.arena = arena,
                        .csv = c,
                        .p = c->text,
                        .end = c->text + c->n,
                        .line = 1,
                        .comma = comma_of(c),
                        .err = err};
    r = read_table(&rd);
    if (r < 0) {
        return r;
    }
    *ret = c;
    return KT_OK;
}

int kt_csv_read(struct kt_arena *arena, const char *path, const char *file, struct kt_csv **ret,
                struct kt_err *err)
{
    struct kt_buf b;
    kt_buf_init(&b, 0);
    int r = kt_file_read(path, KT_CSV_MAX_BYTES, &b, err);
    if (r == KT_OK) {
        r = kt_csv_parse(arena, (struct kt_str){b.p, b.n}, file ? file : path, ret, err);
    }
    kt_buf_done(&b);
    return r;
}

const char *kt_csv_file(const struct kt_csv *c)
{
    return c->file;
}

uint32_t kt_csv_rows(const struct kt_csv *c)
{
    return c->rows;
}

uint32_t kt_csv_columns(const struct kt_csv *c)
{
    return c->columns;
}

struct kt_str kt_csv_name(const struct kt_csv *c, uint32_t column)
{
    return c->names[column];
}

int kt_csv_column(struct kt_csv *c, const char *name)
{
    for (uint32_t i = 0; i < c->columns; i++) {
        if (kt_str_is(c->names[i], name)) {
            c->used[i] = true;
            return (int)i;
        }
    }
    if (c->asked_n < MAX_ASKED) {
        c->asked[c->asked_n++] = name;
    }
    return -1;
}

static const struct field *field_of(const struct kt_csv *c, uint32_t row, int column)
{
    KT_ASSERT(row < c->rows && column < (int)c->columns);
    const struct page *p = c->pages[row / ROWS];
    return p->fields + (size_t)(row % ROWS) * c->columns + (column < 0 ? 0 : column);
}

struct kt_str kt_csv_get(const struct kt_csv *c, uint32_t row, int column)
{
    if (column < 0) {
        return KT_STR("");
    }
    return text_of(c, *field_of(c, row, column));
}

const char *kt_csv_dup(const struct kt_csv *c, uint32_t row, int column, struct kt_arena *arena)
{
    struct kt_str s = kt_csv_get(c, row, column);
    return kt_arena_strndup(arena, s.p, s.n);
}

void kt_csv_at(const struct kt_csv *c, uint32_t row, int column, int *ret_line, int *ret_col)
{
    const struct field *first = field_of(c, row, 0), *f = field_of(c, row, column);
    /* back to the start of the row's first line: only blanks and a quote stand before the field */
    size_t from = first->at;
    while (from > 0 && c->text[from - 1] != '\n') {
        from--;
    }
    int line, col;
    conf_position((struct kt_str){c->text + from, c->n - from}, f->at - from, &line, &col);
    *ret_line = (int)c->pages[row / ROWS]->line[row % ROWS] + line - 1;
    *ret_col = col;
}

void kt_csv_problem(const struct kt_csv *c, uint32_t row, int column, struct kt_problems *p,
                    const char *fmt, ...)
{
    char text[400];
    int line, col;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    kt_csv_at(c, row, column, &line, &col);
    kt_problem_at(p, c->file, line, col, "%s", text);
}

bool kt_csv_num(const struct kt_csv *c, uint32_t row, int column, struct kt_problems *p,
                double *ret)
{
    struct kt_str s = kt_csv_get(c, row, column);
    if (s.n == 0) {
        return false;
    }
    if (kt_number_parse(s, ret) < 0) {
        kt_csv_problem(c, row, column, p, "\"%.*s\" must be a number such as 0.25, not \"%.*s\"",
                       (int)c->names[column].n, c->names[column].p, s.n > 60 ? 60 : (int)s.n, s.p);
        return false;
    }
    return true;
}

bool kt_csv_int(const struct kt_csv *c, uint32_t row, int column, int64_t lo, int64_t hi,
                struct kt_problems *p, int64_t *ret)
{
    struct kt_str s = kt_csv_get(c, row, column);
    int64_t v;
    if (s.n == 0) {
        return false;
    }
    if (kt_integer_parse(s, &v) < 0 || v < lo || v > hi) {
        kt_csv_problem(
            c, row, column, p,
            "\"%.*s\" must be a whole number from %" PRId64 " to %" PRId64 ", not \"%.*s\"",
            (int)c->names[column].n, c->names[column].p, lo, hi, s.n > 60 ? 60 : (int)s.n, s.p);
        return false;
    }
    *ret = v;
    return true;
}

void kt_csv_unknown(const struct kt_csv *c, struct kt_problems *p)
{
    for (uint32_t i = 0; i < c->columns; i++) {
        if (c->used[i]) {
            continue;
        }
        char hint[KT_SUGGEST_TEXT];
        int line, col;
        struct kt_suggest s = kt_suggest_init(c->names[i]);
        for (uint32_t k = 0; k < c->asked_n; k++) {
            kt_suggest_try(&s, c->asked[k]);
        }
        conf_position((struct kt_str){c->text, c->n}, c->name_at[i], &line, &col);
        kt_problem_at(p, c->file, line, col, "unknown column \"%.*s\"%s",
                      c->names[i].n > 80 ? 80 : (int)c->names[i].n, c->names[i].p,
                      s.best ? kt_suggest_text(&s, hint) : "; remove or rename it");
    }
}
