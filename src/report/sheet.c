/* SPDX-License-Identifier: Apache-2.0 */
/* Written row by row, so that a long table needs little memory. */
#include "report/sheet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xlsxwriter.h>

#include "conf/number.h"
#include "sys/file.h"
#include "sys/spool.h"

enum { FORM_ROWS = 20000, HELP_CHARS = 250 };
#define FILE_MAX ((uint64_t)KT_SHEET_MIB << 20)

struct kt_sheet {
    bool xlsx;
    const struct kt_sheet_column *columns;
    uint32_t n, column, row;
    struct kt_spool *csv;
    struct kt_buf line; /* of the CSV */
    char dir[256], path[280];
    lxw_workbook *wb;
    lxw_worksheet *ws;
    lxw_format *head, *text, *date, *time;
};

/* ---- CSV ------------------------------------------------------------------------------------- */

bool kt_sheet_guards(struct kt_str s)
{
    static const char *const wide[] = {"＝", "＋", "－",
                                       "＠"}; /* Chinese table programs take these too */
    size_t digits = 0;
    bool guard = s.n && s.p[0] && strchr("=+-@'\t\r\n", s.p[0]);
    for (size_t i = 0; i < KT_ARRAY_LEN(wide); i++) {
        guard = guard || (s.n >= 3 && memcmp(s.p, wide[i], 3) == 0);
    }
    while (digits < s.n && s.p[digits] >= '0' && s.p[digits] <= '9') {
        digits++;
    }
    return guard || (digits == s.n && digits > KT_SHEET_DIGITS);
}

static void csv_field(struct kt_buf *out, struct kt_str s, enum kt_cell kind)
{
    bool guard = kind == KT_CELL_TEXT && kt_sheet_guards(s);
    kt_put_u8(out, '"');
    if (guard) {
        kt_put_u8(out, '\'');
    }
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"') {
            kt_put_u8(out, '"');
        }
        kt_put_u8(out, (uint8_t)s.p[i]);
    }
    kt_put_u8(out, '"');
}

static void csv_cell(struct kt_sheet *s, struct kt_str text, enum kt_cell kind)
{
    if (s->column) {
        kt_put_u8(&s->line, ',');
    }
    if (text.n) {
        csv_field(&s->line, text, kind);
    }
    if (s->column + 1 == s->n) {
        kt_buf_puts(&s->line, "\r\n");
        kt_spool_buf(s->csv, &s->line);
    }
}

/* ---- xlsx ------------------------------------------------------------------------------------ */

static lxw_format *format(lxw_workbook *wb, const char *number)
{
    lxw_format *f = workbook_add_format(wb);
    format_set_num_format(f, number);
    format_set_align(f, LXW_ALIGN_VERTICAL_TOP);
    return f;
}

static void make_formats(struct kt_sheet *s)
{
    s->head = workbook_add_format(s->wb);
    format_set_bold(s->head);
    format_set_bg_color(s->head, 0xE8ECF0);
    format_set_border(s->head, LXW_BORDER_THIN);
    s->text = format(s->wb, "@");
    s->date = format(s->wb, "yyyy-mm-dd");
    s->time = format(s->wb, "yyyy-mm-dd hh:mm:ss");
}

static lxw_format *format_of(const struct kt_sheet *s, enum kt_cell kind)
{
    return kind == KT_CELL_TEXT   ? s->text
           : kind == KT_CELL_DATE ? s->date
           : kind == KT_CELL_TIME ? s->time
                                  : NULL;
}

/* At most so many characters, whole ones; in a buffer of four bytes for each. */
static char *shortened(const char *text, char to[HELP_CHARS * 4 + 4])
{
    size_t n = 0, chars = 0;
    while (text[n] && chars < HELP_CHARS) {
        n++;
        while (((unsigned char)text[n] & 0xc0) == 0x80) {
            n++;
        }
        chars++;
    }
    memcpy(to, text, n);
    to[n] = '\0';
    return to;
}

/* The choices of all columns stand in a hidden sheet, as a list in a cell's rule holds 255 letters.
 * Row by row: a row that has been left is written for good. */
static void write_choices(const struct kt_sheet *s, lxw_worksheet *lists)
{
    uint32_t rows = 0;
    for (uint32_t i = 0; i < s->n; i++) {
        rows = s->columns[i].choices_n > rows ? s->columns[i].choices_n : rows;
    }
    for (uint32_t row = 0; row < rows; row++) {
        for (uint32_t i = 0; i < s->n; i++) {
            if (row < s->columns[i].choices_n) {
                worksheet_write_string(lists, row, (lxw_col_t)i, s->columns[i].choices[row], NULL);
            }
        }
    }
}

static void add_rule(struct kt_sheet *s, lxw_col_t c, const struct kt_sheet_column *col)
{
    char help[HELP_CHARS * 4 + 4], formula[80], letters[16];
    lxw_data_validation v = {.validate = LXW_VALIDATION_TYPE_ANY};
    if (col->choices_n) {
        lxw_col_to_name(letters, c, 1);
        snprintf(formula, sizeof(formula), "=_lists!%s$1:%s$%u", letters, letters, col->choices_n);
        v.validate = LXW_VALIDATION_TYPE_LIST_FORMULA;
        v.value_formula = formula;
        v.error_type = LXW_VALIDATION_ERROR_TYPE_STOP;
    }
    if (col->help && *col->help) {
        v.input_message = shortened(col->help, help);
    }
    if (v.value_formula || v.input_message) {
        worksheet_data_validation_range(s->ws, 1, c, FORM_ROWS, c, &v);
    }
}

static double width_of(const struct kt_sheet_column *col)
{
    static const double by_kind[] = {24, 12, 12, 20};
    return col->width > 0 ? col->width : by_kind[col->kind];
}

static void write_head(struct kt_sheet *s)
{
    lxw_worksheet *lists = workbook_add_worksheet(s->wb, "_lists");
    worksheet_hide(lists);
    for (uint32_t i = 0; i < s->n; i++) {
        const struct kt_sheet_column *col = &s->columns[i];
        worksheet_set_column(s->ws, (lxw_col_t)i, (lxw_col_t)i, width_of(col),
                             format_of(s, col->kind));
        add_rule(s, (lxw_col_t)i, col);
    }
    for (uint32_t i = 0; i < s->n; i++) {
        worksheet_write_string(s->ws, 0, (lxw_col_t)i, s->columns[i].title, s->head);
    }
    write_choices(s, lists);
    worksheet_freeze_panes(s->ws, 1, 0);
}

/* Days since the end of 1899; false where a table program counts otherwise or not at all. */
static bool serial_of(struct kt_str t, bool with_clock, double *ret)
{
    lxw_datetime d = {0};
    char text[24];
    int used = 0;
    if (t.n != (with_clock ? 19 : 10) || t.n >= sizeof(text)) {
        return false;
    }
    memcpy(text, t.p, t.n);
    text[t.n] = '\0';
    int n = with_clock ? sscanf(text, "%4d-%2d-%2d %2d:%2d:%lf%n", &d.year, &d.month, &d.day,
                                &d.hour, &d.min, &d.sec, &used)
                       : sscanf(text, "%4d-%2d-%2d%n", &d.year, &d.month, &d.day, &used);
    if (n != (with_clock ? 6 : 3) || used != (int)t.n || d.year < 1901 || d.year > 9999) {
        return false;
    }
    *ret = lxw_datetime_to_excel_date_epoch(&d, 0);
    return true;
}

static void xlsx_cell(struct kt_sheet *s, struct kt_str text, enum kt_cell kind)
{
    char *copy;
    double v;
    lxw_col_t c = (lxw_col_t)s->column;
    lxw_format *f = format_of(s, kind);
    if (!text.n) {
        return;
    }
    if (kind == KT_CELL_NUMBER && kt_number_parse(text, &v) == KT_OK) {
        worksheet_write_number(s->ws, s->row, c, v, f);
    } else if (kind == KT_CELL_DATE || kind == KT_CELL_TIME) {
        if (serial_of(text, kind == KT_CELL_TIME, &v)) {
            worksheet_write_number(s->ws, s->row, c, v, f);
            return;
        }
        copy = strndup(text.p, text.n);
        worksheet_write_string(s->ws, s->row, c, copy, s->text);
        free(copy);
    } else {
        copy = strndup(text.p, text.n);
        worksheet_write_string(s->ws, s->row, c, copy, f);
        free(copy);
    }
}

/* ---- both ------------------------------------------------------------------------------------ */

static int begin_xlsx(struct kt_sheet *s, const char *title, struct kt_err *err)
{
    char name[32 * 4] = "";
    size_t n = 0;
    for (int chars = 0; title[n] && chars < 31; chars++) { /* names of sheets have 31 characters */
        do {
            name[n] = strchr("[]:*?/\\'", title[n]) ? '-' : title[n];
            n++;
        } while (((unsigned char)title[n] & 0xc0) == 0x80);
    }
    int r = kt_dir_temp("kt-sheet", s->dir, sizeof(s->dir), err);
    if (r < 0) {
        return r;
    }
    snprintf(s->path, sizeof(s->path), "%s/sheet.xlsx", s->dir);
    lxw_workbook_options o = {.constant_memory = LXW_TRUE, .tmpdir = s->dir};
    s->wb = workbook_new_opt(s->path, &o);
    s->ws = s->wb ? workbook_add_worksheet(s->wb, n ? name : NULL) : NULL;
    if (!s->ws) {
        return kt_err_set(err, KT_EIO, "the workbook cannot be written");
    }
    make_formats(s);
    write_head(s);
    return KT_OK;
}

int kt_sheet_new(bool xlsx, const char *title, const struct kt_sheet_column *columns, uint32_t n,
                 struct kt_sheet **ret, struct kt_err *err)
{
    struct kt_sheet *s = calloc(1, sizeof(*s));
    KT_ASSERT(s && n);
    *s = (struct kt_sheet){.xlsx = xlsx, .columns = columns, .n = n, .row = 1};
    kt_buf_init(&s->line, 64u << 20);
    int r = xlsx ? begin_xlsx(s, title, err) : kt_spool_new(FILE_MAX, &s->csv, err);
    if (!xlsx && r == KT_OK) {
        kt_buf_puts(&s->line, "\xef\xbb\xbf");
        for (s->column = 0; s->column < n; s->column++) {
            csv_cell(s, kt_str_c(columns[s->column].title), KT_CELL_TEXT);
        }
        s->column = 0;
    }
    if (r < 0) {
        kt_sheet_free(s);
        return r;
    }
    *ret = s;
    return KT_OK;
}

void kt_sheet_cell(struct kt_sheet *s, struct kt_str text)
{
    enum kt_cell kind = s->columns[s->column].kind;
    if (s->xlsx) {
        xlsx_cell(s, text, kind);
    } else {
        csv_cell(s, text, kind);
    }
    if (++s->column == s->n) {
        s->column = 0;
        s->row++;
    }
}

static int end_xlsx(struct kt_sheet *s, int *ret_fd, uint64_t *ret_size, struct kt_err *err)
{
    lxw_error e = workbook_close(s->wb);
    s->wb = NULL;
    return e == LXW_NO_ERROR
               ? kt_spool_open(s->path, FILE_MAX, ret_fd, ret_size, err)
               : kt_err_set(err, KT_EIO, "the workbook cannot be written: %s", lxw_strerror(e));
}

int kt_sheet_end(struct kt_sheet *s, int *ret_fd, uint64_t *ret_size, struct kt_err *err)
{
    int r;
    if (s->xlsx) {
        r = end_xlsx(s, ret_fd, ret_size, err);
    } else {
        r = kt_spool_end(s->csv, ret_fd, ret_size, err);
        s->csv = NULL;
    }
    kt_sheet_free(s);
    return r;
}

void kt_sheet_free(struct kt_sheet *s)
{
    if (!s) {
        return;
    }
    if (s->wb) {
        (void)workbook_close(s->wb);
    }
    if (s->dir[0]) {
        kt_dir_remove(s->dir);
    }
    kt_spool_free(s->csv);
    kt_buf_done(&s->line);
    free(s);
}
