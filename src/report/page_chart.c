/* SPDX-License-Identifier: Apache-2.0 */
/* page_chart: a trend with its limits, drawn by Cairo: into the PDF itself, as PNG into xlsx. */
#include <math.h>
#include <pango/pangocairo.h>
#include <stdio.h>

#include "base/time.h"
#include "report/page_blocks.h"
#include "report/page_chart.h"

#define LEFT   46.0
#define BOTTOM 18.0
#define TOP    8.0
#define RIGHT  70.0

struct plot {
    cairo_t *cr;
    const struct page_chart *c;
    double x, y, w, h; /* of the field */
    double lo, hi;
};

static void text(const struct plot *p, const char *t, double x, double y, PangoAlignment align)
{
    PangoLayout *l = pango_cairo_create_layout(p->cr);
    PangoFontDescription *f = pango_font_description_from_string("WenQuanYi Micro Hei, sans 7");
    int w;
    pango_layout_set_font_description(l, f);
    pango_font_description_free(f);
    pango_layout_set_text(l, t, -1);
    pango_layout_get_pixel_size(l, &w, NULL);
    cairo_move_to(p->cr, align == PANGO_ALIGN_RIGHT ? x - w : x, y);
    pango_cairo_show_layout(p->cr, l);
    g_object_unref(l);
}

static double at_x(const struct plot *p, int64_t t_ms)
{
    double span = (double)(p->c->to_ms - p->c->from_ms);
    return p->x + p->w * (span > 0 ? (double)(t_ms - p->c->from_ms) / span : 0);
}

static double at_y(const struct plot *p, double v)
{
    return p->y + p->h * (1 - (v - p->lo) / (p->hi - p->lo));
}

static void find_range(struct plot *p)
{
    p->lo = 0;
    p->hi = 0;
    for (size_t i = 0; i < p->c->n; i++) {
        p->lo = fmin(p->lo, p->c->v[i]);
        p->hi = fmax(p->hi, p->c->v[i]);
    }
    for (int i = 0; i < p->c->lines_n; i++) {
        p->hi = fmax(p->hi, p->c->line[i].value);
    }
    p->hi = p->hi > p->lo ? p->hi + 0.08 * (p->hi - p->lo) : p->lo + 1;
}

static void axes(const struct plot *p)
{
    char t[40];
    cairo_set_line_width(p->cr, 0.5);
    cairo_set_source_rgb(p->cr, 0.4, 0.4, 0.4);
    cairo_rectangle(p->cr, p->x, p->y, p->w, p->h);
    cairo_stroke(p->cr);
    for (int i = 0; i <= 4; i++) {
        double v = p->lo + (p->hi - p->lo) * i / 4;
        int64_t at = p->c->from_ms + (p->c->to_ms - p->c->from_ms) * i / 4;
        char when[24];
        (void)snprintf(t, sizeof(t), "%.2f", v);
        text(p, t, p->x - 3, at_y(p, v) - 5, PANGO_ALIGN_RIGHT);
        kt_time_fmt_local(at * KT_MS, p->c->utc_offset_s, when);
        text(p, when + 11, at_x(p, at) - (i == 4 ? 34 : 0), p->y + p->h + 3, PANGO_ALIGN_LEFT);
    }
    text(p, p->c->unit, p->x + 3, p->y + 1, PANGO_ALIGN_LEFT);
}

/* Lines of one value are one line with all their names; false: it was named with an earlier one. */
static bool name_line(const struct page_chart *c, int i, char ret_text[80])
{
    size_t n = 0;
    for (int k = 0; k < c->lines_n; k++) {
        bool same = fabs(c->line[k].value - c->line[i].value) < 1e-9;
        if (same && k < i) {
            return false;
        }
        if (same && n < 60) {
            int w = snprintf(ret_text + n, 80 - n, "%s%s", n ? " / " : "", c->line[k].text);
            n = w > 0 && (size_t)w < 80 - n ? n + (size_t)w : 79;
        }
    }
    if (n < 79) {
        (void)snprintf(ret_text + n, 80 - n, " %g", c->line[i].value);
    }
    return true;
}

static void lines(const struct plot *p)
{
    static const double dash[] = {4, 3};
    for (int i = 0; i < p->c->lines_n; i++) {
        double y = at_y(p, p->c->line[i].value);
        char t[80];
        if (!name_line(p->c, i, t)) {
            continue;
        }
        cairo_set_source_rgb(p->cr, 0.75, 0.1, 0.1);
        cairo_set_dash(p->cr, dash, 2, 0);
        cairo_move_to(p->cr, p->x, y);
        cairo_line_to(p->cr, p->x + p->w, y);
        cairo_stroke(p->cr);
        cairo_set_dash(p->cr, NULL, 0, 0);
        text(p, t, p->x + p->w + 3, y - 5, PANGO_ALIGN_LEFT);
    }
}

/* A gap, where a value is not known, is a gap. */
static void curve(const struct plot *p)
{
    bool drawn = false;
    cairo_set_source_rgb(p->cr, 0.05, 0.3, 0.6);
    cairo_set_line_width(p->cr, 1);
    for (size_t i = 0; i < p->c->n; i++) {
        double x = at_x(p, p->c->t_ms[i]), y = at_y(p, p->c->v[i]);
        if (isnan(p->c->v[i])) {
            drawn = false;
        } else if (!drawn) {
            cairo_move_to(p->cr, x, y);
            drawn = true;
        } else {
            cairo_line_to(p->cr, x, y);
        }
    }
    cairo_stroke(p->cr);
    cairo_set_source_rgb(p->cr, 0, 0, 0);
}

void page_chart_draw(cairo_t *cr, const struct page_chart *c, double x, double y, double w,
                     double h)
{
    struct plot p = {cr, c, x + LEFT, y + TOP, w - LEFT - RIGHT, h - TOP - BOTTOM, 0, 1};
    cairo_save(cr);
    find_range(&p);
    axes(&p);
    lines(&p);
    curve(&p);
    cairo_restore(cr);
}

static cairo_status_t on_bytes(void *arg, const unsigned char *p, unsigned n)
{
    struct kt_buf *out = arg;
    kt_buf_put(out, p, n);
    return out->full ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

bool page_chart_png(const struct page_chart *c, int w, int h, struct kt_buf *out)
{
    cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, w, h);
    cairo_t *cr = cairo_create(s);
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_paint(cr);
    page_chart_draw(cr, c, 0, 0, w, h);
    cairo_destroy(cr);
    bool ok = cairo_surface_write_to_png_stream(s, on_bytes, out) == CAIRO_STATUS_SUCCESS;
    cairo_surface_destroy(s);
    return ok;
}
