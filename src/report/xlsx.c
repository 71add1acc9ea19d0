/* SPDX-License-Identifier: Apache-2.0 */
/* xlsx by libxlsxwriter. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xlsxwriter.h>

#include "report/private.h"
#include "sys/file.h"

static bool as_number(const char *s, double *ret)
{
    char *end;
    if (!*s) {
        return false;
    }
    *ret = strtod(s, &end);
    return *end == '\0';
}

static void write_cells(const struct kt_report *r, lxw_worksheet *ws, lxw_row_t top,
                        lxw_format *body)
{
    for (size_t i = 0; i < r->n; i++) {
        lxw_col_t c = (lxw_col_t)(i % (size_t)r->columns_n);
        lxw_row_t row = top + (lxw_row_t)(i / (size_t)r->columns_n);
        double v;
        if (r->columns[c].number && as_number(r->cells[i], &v)) {
            worksheet_write_number(ws, row, c, v, body);
        } else {
            worksheet_write_string(ws, row, c, r->cells[i], body);
        }
    }
}

static void write_sheet(const struct kt_report *r, lxw_workbook *wb)
{
    lxw_worksheet *ws = workbook_add_worksheet(wb, NULL);
    lxw_format *big = workbook_add_format(wb), *bold = workbook_add_format(wb);
    lxw_format *body = workbook_add_format(wb);
    format_set_bold(big);
    format_set_font_size(big, 14);
    format_set_bold(bold);
    format_set_border(bold, LXW_BORDER_THIN);
    format_set_border(body, LXW_BORDER_THIN);
    lxw_row_t row = 0;
    worksheet_write_string(ws, row++, 0, r->title, big);
    for (int i = 0; i < r->heads_n; i++) {
        worksheet_write_string(ws, row++, 0, r->heads[i], NULL);
    }
    for (int c = 0; c < r->columns_n; c++) {
        double w = r->columns[c].width > 0 ? r->columns[c].width * 6 : 12;
        worksheet_set_column(ws, (lxw_col_t)c, (lxw_col_t)c, w, NULL);
        worksheet_write_string(ws, row, (lxw_col_t)c, r->columns[c].title, bold);
    }
    worksheet_freeze_panes(ws, row + 1, 0);
    worksheet_repeat_rows(ws, row, row);
    worksheet_set_landscape(ws);
    worksheet_set_paper(ws, 9);
    worksheet_fit_to_pages(ws, 1, 0);
    write_cells(r, ws, row + 1, body);
    row += (lxw_row_t)kt_report_rows(r) + 2;
    for (int i = 0; i < r->feet_n; i++) {
        worksheet_write_string(ws, row++, 0, r->feet[i], NULL);
    }
}

/* libxlsxwriter of Debian 12 writes files only. */
int kt_report_xlsx(const struct kt_report *r, struct kt_buf *out, struct kt_err *err)
{
    char dir[256], path[280];
    int rc = kt_dir_temp("kt-report", dir, sizeof(dir), err);
    if (rc < 0) {
        return rc;
    }
    snprintf(path, sizeof(path), "%s/report.xlsx", dir);
    lxw_workbook *wb = workbook_new(path);
    if (wb) {
        write_sheet(r, wb);
    }
    lxw_error e = wb ? workbook_close(wb) : LXW_ERROR_MEMORY_MALLOC_FAILED;
    rc = e == LXW_NO_ERROR
             ? kt_file_read(path, out->max, out, err)
             : kt_err_set(err, KT_EIO, "the workbook cannot be written: %s", lxw_strerror(e));
    kt_dir_remove(dir);
    return rc;
}
