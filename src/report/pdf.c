/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PDF by Cairo and Pango: A4 landscape, heads repeated on each page, page numbers. Pango neither
 * clips nor shrinks, so every cell has a width, wraps, and ends after LINES_MAX lines with an
 * ellipsis; a row is as high as its highest cell.
 */
#include <cairo-pdf.h>
#include <pango/pangocairo.h>
#include <stdio.h>

#include "report/private.h"

#define PAGE_W 842.0
#define PAGE_H 595.0
#define MARGIN 36.0
#define ROW_H  15.0
#define PAD    4.0 /* on either side of a cell */
#define FONT   "WenQuanYi Micro Hei, Noto Sans CJK SC, sans 8"
#define BIG    "WenQuanYi Micro Hei, Noto Sans CJK SC, sans 14"

/* How wide a column likes to be: of the font above, which draws 8 pt as 10.7. */
#define HAN_PT      10.8
#define LATIN_PT    6.3
#define EDGE_PT     (2 * PAD + 1)
#define NARROW_PT   90.0
#define SENTENCE_PT 230.0

enum { LINES_MAX = 3, ROWS_LOOKED_AT = 500 };

struct page {
    const struct kt_report *r;
    cairo_t *cr;
    PangoLayout *layout;
    PangoFontDescription *font, *big;
    double x[REPORT_COLUMNS_MAX + 1];
    double y;
    int number;
};

static cairo_status_t on_bytes(void *arg, const unsigned char *p, unsigned n)
{
    struct kt_buf *out = arg;
    kt_buf_put(out, p, n);
    return out->full ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

static void text_at(struct page *p, const PangoFontDescription *font, double x, double y, double w,
                    const char *text, bool right)
{
    pango_layout_set_font_description(p->layout, font);
    pango_layout_set_width(p->layout, (int)(w * PANGO_SCALE));
    pango_layout_set_height(p->layout, 0); /* one line */
    pango_layout_set_ellipsize(p->layout, PANGO_ELLIPSIZE_END);
    pango_layout_set_alignment(p->layout, right ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_LEFT);
    pango_layout_set_text(p->layout, text, -1);
    cairo_move_to(p->cr, x, y);
    pango_cairo_show_layout(p->cr, p->layout);
}

/* The height of a cell's text, wrapped into its column; the layout is left ready to be shown. */
static double cell_height(struct page *p, int column, const char *text)
{
    int h;
    double w = p->x[column + 1] - p->x[column] - 2 * PAD;
    pango_layout_set_font_description(p->layout, p->font);
    pango_layout_set_width(p->layout, (int)(w * PANGO_SCALE));
    pango_layout_set_wrap(p->layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_height(p->layout, -LINES_MAX);
    pango_layout_set_ellipsize(p->layout, PANGO_ELLIPSIZE_END);
    pango_layout_set_alignment(p->layout,
                               p->r->columns[column].number ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_LEFT);
    pango_layout_set_text(p->layout, text, -1);
    pango_layout_get_pixel_size(p->layout, NULL, &h);
    return h;
}

/* How wide a text is at most, in points. */
static double points(const char *text)
{
    double n = 0;
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        n += c < 0x80 ? LATIN_PT : c >= 0xe0 ? HAN_PT : c >= 0xc0 ? LATIN_PT : 0;
    }
    return n;
}

/* A column that says no width likes to be as wide as what stands in it, up to a part of a sentence.
 */
static double wish(const struct kt_report *r, int column)
{
    double most = points(r->columns[column].title);
    if (r->columns[column].width > 0) {
        return r->columns[column].width;
    }
    for (size_t i = 0; i < ROWS_LOOKED_AT; i++) {
        size_t at = i * (size_t)r->columns_n + (size_t)column;
        double n = at < r->n ? points(r->cells[at]) : 0;
        most = n > most ? n : most;
    }
    return (most < SENTENCE_PT ? most : SENTENCE_PT) + EDGE_PT;
}

/* Narrow columns get what they like, the others share what is left. */
static void measure_columns(struct page *p)
{
    double narrow = 0, wide = 0, all = PAGE_W - 2 * MARGIN, at = MARGIN;
    for (int i = 0; i < p->r->columns_n; i++) {
        double w = wish(p->r, i);
        *(w <= NARROW_PT ? &narrow : &wide) += w;
    }
    bool room = wide > 0 && narrow + wide / 3 < all;
    for (int i = 0; i < p->r->columns_n; i++) {
        double w = wish(p->r, i);
        p->x[i] = at;
        at += !room ? w / (narrow + wide) * all : w <= NARROW_PT ? w : w / wide * (all - narrow);
    }
    p->x[p->r->columns_n] = at;
}

static void rule_line(struct page *p)
{
    cairo_set_line_width(p->cr, 0.4);
    cairo_set_source_rgb(p->cr, 0.6, 0.6, 0.6);
    cairo_move_to(p->cr, MARGIN, p->y);
    cairo_line_to(p->cr, PAGE_W - MARGIN, p->y);
    cairo_stroke(p->cr);
    cairo_set_source_rgb(p->cr, 0, 0, 0);
}

/* One row of texts; its height is known from row_height(). */
static void row_at(struct page *p, const char *const *cells, double h)
{
    for (int c = 0; c < p->r->columns_n; c++) {
        cell_height(p, c, cells[c]);
        cairo_move_to(p->cr, p->x[c] + PAD, p->y + 2);
        pango_cairo_show_layout(p->cr, p->layout);
    }
    p->y += h;
    rule_line(p);
}

static double row_height(struct page *p, const char *const *cells)
{
    double most = ROW_H - 4;
    for (int c = 0; c < p->r->columns_n; c++) {
        double h = cell_height(p, c, cells[c]);
        most = h > most ? h : most;
    }
    return most + 4;
}

static void column_heads(struct page *p)
{
    const char *titles[REPORT_COLUMNS_MAX];
    for (int i = 0; i < p->r->columns_n; i++) {
        titles[i] = p->r->columns[i].title;
    }
    rule_line(p);
    row_at(p, titles, row_height(p, titles));
}

static void begin_page(struct page *p)
{
    char number[32];
    p->y = MARGIN;
    p->number++;
    snprintf(number, sizeof(number), "%d", p->number);
    text_at(p, p->font, PAGE_W - MARGIN - 60, PAGE_H - 24, 60, number, true);
    text_at(p, p->font, MARGIN, PAGE_H - 24, PAGE_W - 2 * MARGIN - 80, p->r->title, false);
    if (p->number == 1) {
        text_at(p, p->big, MARGIN, p->y, PAGE_W - 2 * MARGIN, p->r->title, false);
        p->y += 26;
        for (int i = 0; i < p->r->heads_n; i++) {
            text_at(p, p->font, MARGIN, p->y, PAGE_W - 2 * MARGIN, p->r->heads[i], false);
            p->y += ROW_H;
        }
    }
    column_heads(p);
}

static void room_for(struct page *p, double h)
{
    if (p->y + h > PAGE_H - MARGIN) {
        cairo_show_page(p->cr);
        begin_page(p);
    }
}

static void draw(struct page *p)
{
    begin_page(p);
    size_t n = (size_t)p->r->columns_n;
    for (size_t row = 0; row < kt_report_rows(p->r); row++) {
        const char *const *cells = p->r->cells + row * n;
        double h = row_height(p, cells);
        room_for(p, h);
        row_at(p, cells, h);
    }
    room_for(p, 20 + ROW_H * 1.6 * p->r->feet_n);
    p->y += 16;
    for (int i = 0; i < p->r->feet_n; i++) {
        text_at(p, p->font, MARGIN, p->y, PAGE_W - 2 * MARGIN, p->r->feet[i], false);
        p->y += ROW_H * 1.6;
    }
    cairo_show_page(p->cr);
}

int kt_report_pdf(const struct kt_report *r, struct kt_buf *out, struct kt_err *err)
{
    cairo_surface_t *s = cairo_pdf_surface_create_for_stream(on_bytes, out, PAGE_W, PAGE_H);
    cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_TITLE, r->title);
    struct page p = {.r = r, .cr = cairo_create(s)};
    p.layout = pango_cairo_create_layout(p.cr);
    p.font = pango_font_description_from_string(FONT);
    p.big = pango_font_description_from_string(BIG);
    measure_columns(&p);
    draw(&p);
    g_object_unref(p.layout);
    pango_font_description_free(p.font);
    pango_font_description_free(p.big);
    cairo_destroy(p.cr);
    cairo_surface_finish(s);
    cairo_status_t st = cairo_surface_status(s);
    cairo_surface_destroy(s);
    return st == CAIRO_STATUS_SUCCESS ? KT_OK
                                      : kt_err_set(err, KT_EIO, "the page cannot be drawn: %s",
                                                   cairo_status_to_string(st));
}
