/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_REPORT_SHEET_H
#define KT_REPORT_SHEET_H
/*
 * sheet: a table with typed columns as xlsx or CSV, to be worked on and read in again: header
 * frozen, widths, dates and numbers as such, choices as lists, help beside the cell.
 *
 * Threads: a sheet belongs to one. Blocking: never on the engine thread.
 */
#include "base/buf.h"

enum kt_cell { KT_CELL_TEXT, KT_CELL_NUMBER, KT_CELL_DATE, KT_CELL_TIME };

struct kt_sheet_column {
    const char *title, *help; /* help may be NULL */
    double width;             /* characters; 0: by the kind */
    enum kt_cell kind;
    const char *const *choices; /* what a cell may hold; none: anything */
    uint32_t choices_n;
};

enum { KT_SHEET_DIGITS = 15 }; /* so many of a number a table program keeps */
/** Does a text get an apostrophe in CSV? The reading of a table takes it away again. */
bool kt_sheet_guards(struct kt_str text);

struct kt_sheet;
/**
 * @param xlsx  else CSV: UTF-8 with a byte order mark, so that table programs read Chinese, and an
 *              apostrophe before what they would take for a formula, or round to 15 digits
 * @param columns  borrowed until the end
 */
KT_MUST_CHECK int kt_sheet_new(bool xlsx, const char *title, const struct kt_sheet_column *columns,
                               uint32_t n, struct kt_sheet **ret, struct kt_err *err);
/** The next cell as text: "12.5", "2026-11-22", "2026-11-22 08:30:00"; what does not fit the kind
 *  of its column stays a text. A row ends by itself. */
void kt_sheet_cell(struct kt_sheet *s, struct kt_str text);
/** The file, to be read from its start and closed by the caller; frees the sheet in every case.
 *  Neither kind holds more than a row of it in memory. */
KT_MUST_CHECK int kt_sheet_end(struct kt_sheet *s, int *ret_fd, uint64_t *ret_size,
                               struct kt_err *err);
enum { KT_SHEET_MIB = 1024 };           /* at most, of a file */
void kt_sheet_free(struct kt_sheet *s); /**< instead of kt_sheet_end(); accepts NULL */
#endif
