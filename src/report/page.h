/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_REPORT_PAGE_H
#define KT_REPORT_PAGE_H
/*
 * page: a printed document of one thing: headings, text, a form of labels and values, tables,
 * pictures; as PDF (Chinese fonts embedded) or xlsx.
 *
 * Threads: a page belongs to one; rendering is blocking: never on the engine thread.
 */
#include "base/arena.h"
#include "base/buf.h"

struct kt_page;
/** @param paper  "A4", "A4-landscape", "A5", "A3"; anything else is A4 */
struct kt_page *kt_page_new(const char *paper, const char *title);
void kt_page_free(struct kt_page *p); /**< accepts NULL */
/* In order; texts and pictures are copied. */
void kt_page_heading(struct kt_page *p, int level, const char *text); /**< 1 is centred */
void kt_page_text(struct kt_page *p, const char *text);               /**< "" leaves a line free */
/** A label and its value in a form; those that follow each other make one. */
void kt_page_field(struct kt_page *p, const char *label, const char *value);
/** A table of n columns; its cells follow by kt_page_cell(), row by row. At most 12. */
void kt_page_table(struct kt_page *p, const char *const *titles, int n);
void kt_page_cell(struct kt_page *p, const char *text);
/** A JPEG that we made ourselves, of w × h pixels, with a line below it. */
void kt_page_photo(struct kt_page *p, struct kt_str jpeg, int w, int h, const char *caption);
/* A trend: one curve over time with lines for its limits. */
enum { PAGE_CHART_LINES = 8 };
struct page_chart {
    const char *unit;
    int64_t from_ms, to_ms;
    int utc_offset_s;    /* of the clock under it */
    const int64_t *t_ms; /* n, rising */
    const double *v;     /* n; NAN: a gap */
    size_t n;
    struct {
        const char *text;
        double value;
    } line[PAGE_CHART_LINES];
    int lines_n;
};
/** Copied, with a line below it. */
void kt_page_chart(struct kt_page *p, const struct page_chart *c, const char *caption);
/** A small line at the foot of every page. */
void kt_page_foot(struct kt_page *p, const char *text);

KT_MUST_CHECK int kt_page_pdf(const struct kt_page *p, struct kt_buf *out, struct kt_err *err);
KT_MUST_CHECK int kt_page_xlsx(const struct kt_page *p, struct kt_buf *out, struct kt_err *err);
#endif
