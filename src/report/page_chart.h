/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_REPORT_PAGE_CHART_H
#define KT_REPORT_PAGE_CHART_H
/* page_chart: private to report. The trend of a page, for both ways of drawing it. */
#include <cairo.h>

#include "report/page.h"

/** Into a field of w × h points at (x, y). */
void page_chart_draw(cairo_t *cr, const struct page_chart *c, double x, double y, double w,
                     double h);
/** The same as a PNG of w × h pixels. */
bool page_chart_png(const struct page_chart *c, int w, int h, struct kt_buf *out);
#endif
