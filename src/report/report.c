/* SPDX-License-Identifier: Apache-2.0 */
/* The table, and its JSON and HTML. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "report/private.h"

struct kt_report *kt_report_new(const char *title, const struct kt_report_column *columns, int n)
{
    struct kt_report *r = calloc(1, sizeof(*r));
    KT_ASSERT(r && n > 0 && n <= REPORT_COLUMNS_MAX);
    r->arena = kt_arena_new(512u << 20);
    r->title = kt_arena_strdup(r->arena, title);
    r->columns_n = n;
    for (int i = 0; i < n; i++) {
        r->columns[i] = columns[i];
        r->columns[i].title = kt_arena_strdup(r->arena, columns[i].title);
    }
    return r;
}

void kt_report_free(struct kt_report *r)
{
    if (r) {
        kt_arena_free(r->arena);
        free(r->cells);
        free(r);
    }
}

void kt_report_head(struct kt_report *r, const char *text)
{
    if (r->heads_n < REPORT_LINES_MAX) {
        r->heads[r->heads_n++] = kt_arena_strdup(r->arena, text);
    }
}

void kt_report_foot(struct kt_report *r, const char *text)
{
    if (r->feet_n < REPORT_LINES_MAX) {
        r->feet[r->feet_n++] = kt_arena_strdup(r->arena, text);
    }
}

void kt_report_cell(struct kt_report *r, const char *text)
{
    if (r->n == r->cap) {
        r->cap = r->cap ? r->cap * 2 : 1024;
        r->cells = realloc(r->cells, r->cap * sizeof(*r->cells));
        KT_ASSERT(r->cells);
    }
    r->cells[r->n++] = kt_arena_strdup(r->arena, text ? text : "");
}

void kt_report_num(struct kt_report *r, double v, int decimals)
{
    char text[64] = "";
    if (v == v) {
        snprintf(text, sizeof(text), "%.*f", decimals, v);
    }
    kt_report_cell(r, text);
}

size_t kt_report_rows(const struct kt_report *r)
{
    return r->n / (size_t)r->columns_n;
}

static void lines_json(struct kt_jw *w, const char *key, const char *const *lines, int n)
{
    kt_jw_key(w, key);
    kt_jw_arr(w);
    for (int i = 0; i < n; i++) {
        kt_jw_str(w, lines[i]);
    }
    kt_jw_arr_end(w);
}

void kt_report_json(const struct kt_report *r, struct kt_buf *out)
{
    struct kt_jw w = kt_jw_init(out);
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "title", r->title);
    lines_json(&w, "heads", r->heads, r->heads_n);
    lines_json(&w, "feet", r->feet, r->feet_n);
    kt_jw_key(&w, "columns");
    kt_jw_arr(&w);
    for (int i = 0; i < r->columns_n; i++) {
        kt_jw_obj(&w);
        kt_jw_kstr(&w, "title", r->columns[i].title);
        kt_jw_kbool(&w, "number", r->columns[i].number);
        kt_jw_obj_end(&w);
    }
    kt_jw_arr_end(&w);
    kt_jw_key(&w, "rows");
    kt_jw_arr(&w);
    for (size_t i = 0; i < r->n; i++) {
        if (i % (size_t)r->columns_n == 0) {
            kt_jw_arr(&w);
        }
        kt_jw_str(&w, r->cells[i]);
        if ((i + 1) % (size_t)r->columns_n == 0) {
            kt_jw_arr_end(&w);
        }
    }
    kt_jw_arr_end(&w);
    kt_jw_obj_end(&w);
}

static void escaped(struct kt_buf *out, const char *s)
{
    for (; *s; s++) {
        if (*s == '<') {
            kt_buf_puts(out, "&lt;");
        } else if (*s == '&') {
            kt_buf_puts(out, "&amp;");
        } else {
            kt_put_u8(out, (uint8_t)*s);
        }
    }
}

static void tagged(struct kt_buf *out, const char *open, const char *text, const char *close)
{
    kt_buf_puts(out, open);
    escaped(out, text);
    kt_buf_puts(out, close);
}

void kt_report_html(const struct kt_report *r, struct kt_buf *out)
{
    kt_buf_puts(out, "<!doctype html><html lang=\"zh\"><meta charset=\"utf-8\">");
    tagged(out, "<title>", r->title, "</title>");
    tagged(out, "<h1>", r->title, "</h1>");
    for (int i = 0; i < r->heads_n; i++) {
        tagged(out, "<p>", r->heads[i], "</p>");
    }
    kt_buf_puts(out, "<table border=\"1\" cellspacing=\"0\" cellpadding=\"3\"><thead><tr>");
    for (int i = 0; i < r->columns_n; i++) {
        tagged(out, "<th>", r->columns[i].title, "</th>");
    }
    kt_buf_puts(out, "</tr></thead><tbody>");
    for (size_t i = 0; i < r->n; i++) {
        size_t c = i % (size_t)r->columns_n;
        kt_buf_puts(out, c == 0 ? "<tr>" : "");
        tagged(out, r->columns[c].number ? "<td align=\"right\">" : "<td>", r->cells[i], "</td>");
        kt_buf_puts(out, c + 1 == (size_t)r->columns_n ? "</tr>" : "");
    }
    kt_buf_puts(out, "</tbody></table>");
    for (int i = 0; i < r->feet_n; i++) {
        tagged(out, "<p>", r->feet[i], "</p>");
    }
    kt_buf_puts(out, "</html>\n");
}
