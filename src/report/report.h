/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_REPORT_REPORT_H
#define KT_REPORT_REPORT_H
/*
 * report: one printed table with title, heads, rows and signature lines, written as HTML, xlsx or
 * PDF (A4, Chinese fonts embedded). The only module that includes libxlsxwriter, Cairo and Pango.
 *
 * Threads: a report belongs to one; rendering is blocking: never on the engine thread.
 */
#include "base/arena.h"
#include "base/buf.h"

struct kt_report_column {
    const char *title;
    double
        width; /* share of the page; the sum need not be 1. 0: by what stands in it, of all alike */
    bool number; /* right-aligned; a number in xlsx where it reads as one */
};

struct kt_report;
/** Strings are copied. */
struct kt_report *kt_report_new(const char *title, const struct kt_report_column *columns, int n);
void kt_report_free(struct kt_report *r);
/** A line under the title (site, date, shift …). */
void kt_report_head(struct kt_report *r, const char *text);
/** A line at the end (signatures, chain head, what is simulated …). */
void kt_report_foot(struct kt_report *r, const char *text);
void kt_report_cell(struct kt_report *r, const char *text);      /**< next cell; NULL: empty */
void kt_report_num(struct kt_report *r, double v, int decimals); /**< NaN: empty */
size_t kt_report_rows(const struct kt_report *r);

void kt_report_json(const struct kt_report *r, struct kt_buf *out);
void kt_report_html(const struct kt_report *r, struct kt_buf *out);
KT_MUST_CHECK int kt_report_xlsx(const struct kt_report *r, struct kt_buf *out, struct kt_err *err);
KT_MUST_CHECK int kt_report_pdf(const struct kt_report *r, struct kt_buf *out, struct kt_err *err);
#endif
