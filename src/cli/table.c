/* SPDX-License-Identifier: Apache-2.0 */
/* Results as a table, CSV or JSON; progress bars. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/cli.h"

enum { COLUMNS_MAX = 24, SAID_MAX = 4096 };

struct kt_table {
    enum kt_format format;
    const char *const *columns;
    int n, at;
    struct kt_arena *arena;
    const char **cells;
    bool *number;
    size_t count, cap;
};

struct kt_table *kt_table_new(enum kt_format f, const char *const *columns, int n)
{
    struct kt_table *t = calloc(1, sizeof(*t));
    KT_ASSERT(t && n <= COLUMNS_MAX);
    t->format = f;
    t->columns = columns;
    t->n = n;
    t->arena = kt_arena_new(0);
    return t;
}

static void cell(struct kt_table *t, const char *text, bool number)
{
    if (t->count == t->cap) {
        t->cap = t->cap ? t->cap * 2 : 256;
        t->cells = realloc(t->cells, t->cap * sizeof(*t->cells));
        t->number = realloc(t->number, t->cap * sizeof(*t->number));
        KT_ASSERT(t->cells && t->number);
    }
    t->cells[t->count] = kt_arena_strdup(t->arena, text ? text : "");
    t->number[t->count++] = number;
}

void kt_table_cell(struct kt_table *t, const char *text)
{
    cell(t, text, false);
}

void kt_table_num(struct kt_table *t, double v)
{
    char text[40];
    kt_fmt_double(text, v);
    cell(t, text, true);
}

/* Columns on a terminal: a CJK character (three UTF-8 bytes from E2 up) takes two. */
static int width(const char *s)
{
    int w = 0;
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if ((c & 0xc0) != 0x80) {
            w += c >= 0xe3 ? 2 : 1;
        }
    }
    return w;
}

static void pad(const char *text, int w, bool right)
{
    int gap = w - width(text);
    printf("%*s%s%*s", right && gap > 0 ? gap : 0, "", text, !right && gap > 0 ? gap : 0, "");
}

static void print_text(const struct kt_table *t)
{
    int w[COLUMNS_MAX];
    for (int c = 0; c < t->n; c++) {
        w[c] = width(t->columns[c]);
    }
    for (size_t i = 0; i < t->count; i++) {
        int n = width(t->cells[i]);
        w[i % (size_t)t->n] = n > w[i % (size_t)t->n] ? n : w[i % (size_t)t->n];
    }
    for (int c = 0; c < t->n; c++) {
        pad(t->columns[c], c + 1 < t->n ? w[c] + 2 : 0, false);
    }
    printf("\n");
    for (size_t i = 0; i < t->count; i++) {
        int c = (int)(i % (size_t)t->n);
        pad(t->cells[i], t->number[i] || c + 1 < t->n ? w[c] : 0, t->number[i]);
        printf("%s", c + 1 < t->n ? "  " : "\n");
    }
}

static void print_csv_cell(const char *s)
{
    if (!strpbrk(s, ",\"\r\n")) {
        fputs(s, stdout);
        return;
    }
    putchar('"');
    for (; *s; s++) {
        if (*s == '"') {
            putchar('"');
        }
        putchar(*s);
    }
    putchar('"');
}

static void print_csv(const struct kt_table *t)
{
    for (int c = 0; c < t->n; c++) {
        print_csv_cell(t->columns[c]);
        putchar(c + 1 < t->n ? ',' : '\n');
    }
    for (size_t i = 0; i < t->count; i++) {
        print_csv_cell(t->cells[i]);
        putchar((i + 1) % (size_t)t->n ? ',' : '\n');
    }
}

static void print_json(const struct kt_table *t)
{
    struct kt_buf b;
    kt_buf_init(&b, 0);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_arr(&w);
    for (size_t i = 0; i < t->count; i++) {
        size_t c = i % (size_t)t->n;
        if (c == 0) {
            kt_jw_obj(&w);
        }
        kt_jw_key(&w, t->columns[c]);
        if (t->number[i]) {
            kt_jw_raw(&w, kt_str_c(t->cells[i]));
        } else {
            kt_jw_str(&w, t->cells[i]);
        }
        if (c + 1 == (size_t)t->n) {
            kt_jw_obj_end(&w);
        }
    }
    kt_jw_arr_end(&w);
    printf("%s\n", kt_buf_cstr(&b));
    kt_buf_done(&b);
}

void kt_table_end(struct kt_table *t)
{
    if (t->format == KT_FORMAT_TABLE) {
        print_text(t);
    } else if (t->format == KT_FORMAT_CSV) {
        print_csv(t);
    } else {
        print_json(t);
    }
    kt_arena_free(t->arena);
    free(t->cells);
    free(t->number);
    free(t);
}

void kt_done(const struct kt_args *a, const char *fmt, ...)
{
    static const char *const columns[] = {"result"};
    char text[SAID_MAX];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (a->format == KT_FORMAT_TABLE) {
        printf("%s\n", text);
        return;
    }
    struct kt_table *t = kt_table_new(a->format, columns, 1);
    kt_table_cell(t, text);
    kt_table_end(t);
}

void kt_note(const struct kt_args *a, const char *fmt, ...)
{
    FILE *to = a->format == KT_FORMAT_TABLE ? stdout : stderr;
    va_list ap;
    va_start(ap, fmt);
    (void)vfprintf(to, fmt, ap);
    va_end(ap);
    (void)fputc('\n', to);
}

void kt_progress_show(void *progress, double part)
{
    struct kt_progress *p = progress;
    int now = (int)(part * 100);
    if (now == p->last || !isatty(2)) {
        return;
    }
    p->last = now;
    static const char bar[] = "##################################################";
    fprintf(stderr, "\r%s [%-50.*s] %3d %%", p->what, now / 2 > 50 ? 50 : now / 2, bar, now);
}

void kt_progress_end(struct kt_progress *p)
{
    if (p->last > 0 && isatty(2)) {
        fprintf(stderr, "\n");
    }
}
