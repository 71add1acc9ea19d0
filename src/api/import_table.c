/* SPDX-License-Identifier: Apache-2.0 */
/* A workbook or a CSV as rows of texts by column. Workbooks are read in a child process. */
#include <stdio.h>
#include <string.h>

#include "api/records.h"
#include "conf/csv.h"
#include "report/read.h"
#include "report/sheet.h"

struct table {
    struct kt_jw w;
    const char *names[KT_XLSX_COLUMNS_MAX];
    uint32_t names_n;
};

/* Names of the columns: those without one are passed over, a second one of the same is an error. */
static int take_names(struct table *t, struct kt_err *err)
{
    for (uint32_t i = 0; i < t->names_n; i++) {
        for (uint32_t k = 0; k < i; k++) {
            if (*t->names[i] && strcmp(t->names[i], t->names[k]) == 0) {
                return kt_err_set(err, KT_EINVAL, "two columns have the name \"%.100s\"",
                                  t->names[i]);
            }
        }
    }
    return t->names_n ? KT_OK : kt_err_set(err, KT_EINVAL, "the table is empty");
}

static void put_cell(struct table *t, uint32_t i, struct kt_str text)
{
    if (i < t->names_n && *t->names[i] && text.n) {
        kt_jw_key(&t->w, t->names[i]);
        kt_jw_strn(&t->w, text);
    }
}

static const char *trimmed(struct kt_arena *arena, struct kt_str s)
{
    while (s.n && (unsigned char)s.p[0] <= ' ') {
        s.p++;
        s.n--;
    }
    while (s.n && (unsigned char)s.p[s.n - 1] <= ' ') {
        s.n--;
    }
    return kt_arena_strndup(arena, s.p, s.n);
}

static int rows_of_json(const struct import_file *f, const struct kt_json *rows, struct table *t,
                        struct kt_err *err)
{
    const struct kt_json *head = kt_json_at(rows, 0);
    for (size_t i = 1; i < kt_json_len(head) && t->names_n < KT_XLSX_COLUMNS_MAX; i++) {
        t->names[t->names_n++] = trimmed(f->arena, kt_json_strn(kt_json_at(head, i)));
    }
    int r = take_names(t, err);
    for (size_t k = 1; r == KT_OK && k < kt_json_len(rows); k++) {
        const struct kt_json *row = kt_json_at(rows, k);
        int64_t number = 0;
        kt_json_int(kt_json_at(row, 0), &number);
        kt_jw_obj(&t->w);
        kt_jw_kint(&t->w, "", number);
        for (size_t i = 1; i < kt_json_len(row); i++) {
            put_cell(t, (uint32_t)i - 1, kt_json_strn(kt_json_at(row, i)));
        }
        kt_jw_obj_end(&t->w);
    }
    return r;
}

static int rows_of_xlsx(const struct import_file *f, struct table *t, struct kt_err *err)
{
    struct kt_buf out;
    struct kt_json *v = NULL;
    kt_buf_init(&out, IMPORT_ANSWER_MAX);
    int r = kt_parse("xlsx", f->bytes, f->sheet, f->task, &out, err);
    if (r == KT_OK) {
        r = kt_json_parse((struct kt_str){out.p, out.n}, IMPORT_ANSWER_MAX, &v, err);
    }
    kt_buf_done(&out);
    if (r == KT_OK) {
        r = rows_of_json(f, kt_json_get(v, "rows"), t, err);
    }
    kt_json_free(v);
    return r;
}

/* A cell that a table program would take for a formula has got an apostrophe in our exports. */
static struct kt_str unguarded(struct kt_str s)
{
    bool guarded = s.n > 1 && s.p[0] == '\'' && kt_sheet_guards((struct kt_str){s.p + 1, s.n - 1});
    return guarded ? (struct kt_str){s.p + 1, s.n - 1} : s;
}

static int rows_of_csv(const struct import_file *f, struct table *t, struct kt_err *err)
{
    struct kt_csv *csv;
    int r = kt_csv_parse(f->arena, f->bytes, f->name, &csv, err);
    if (r < 0) {
        return r;
    }
    for (uint32_t i = 0; i < kt_csv_columns(csv); i++) {
        t->names[t->names_n++] = trimmed(f->arena, kt_csv_name(csv, i));
    }
    r = take_names(t, err);
    if (r == KT_OK && kt_csv_rows(csv) > KT_XLSX_ROWS_MAX) {
        r = kt_err_set(err, KT_ELIMIT, "the table has more than %d rows; divide it",
                       KT_XLSX_ROWS_MAX);
    }
    for (uint32_t k = 0; r == KT_OK && k < kt_csv_rows(csv); k++) {
        int line, col;
        kt_csv_at(csv, k, -1, &line, &col);
        kt_jw_obj(&t->w);
        kt_jw_kint(&t->w, "", line);
        for (uint32_t i = 0; i < t->names_n; i++) {
            put_cell(t, i, unguarded(kt_csv_get(csv, k, (int)i)));
        }
        kt_jw_obj_end(&t->w);
    }
    return r;
}

int import_table(const struct import_file *f, struct kt_json **ret, struct kt_err *err)
{
    struct kt_buf rows;
    const char *kind = kt_file_kind(f->bytes);
    kt_buf_init(&rows, IMPORT_ANSWER_MAX);
    struct table t = {.w = kt_jw_init(&rows)};
    kt_jw_arr(&t.w);
    bool text = kind && strcmp(kind, "txt") == 0;
    int r = text ? rows_of_csv(f, &t, err) : rows_of_xlsx(f, &t, err);
    kt_jw_arr_end(&t.w);
    if (r == KT_OK) {
        r = kt_json_parse((struct kt_str){rows.p, rows.n}, IMPORT_ANSWER_MAX, ret, err);
    }
    kt_buf_done(&rows);
    return r;
}
