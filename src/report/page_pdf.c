/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A page as PDF by Cairo and Pango. Everything is laid out with a width and wraps; a row that does
 * not fit goes to the next page whole, unless it is taller than a page.
 */
#include <cairo-pdf.h>
#include <pango/pangocairo.h>
#include <stdio.h>
#include <stdlib.h>

#include "report/page_blocks.h"
#include "report/page_chart.h"

#define FONTS   "WenQuanYi Micro Hei, Noto Sans CJK SC, sans"
#define MARGIN  56.0
#define PAD     4.0
#define TEXT_PT 10.0

struct draw {
    const struct kt_page *p;
    cairo_t *cr;
    PangoLayout *layout;
    double w, h, y;
    int number;
};

static double inner(const struct draw *d)
{
    return d->w - 2 * MARGIN;
}

/* Lay out a text; returns its height. It is drawn with show(). */
static double lay(struct draw *d, const char *text, double pt, bool bold, double w,
                  PangoAlignment align)
{
    char font[120];
    snprintf(font, sizeof(font), FONTS " %s%.1f", bold ? "Bold " : "", pt);
    PangoFontDescription *f = pango_font_description_from_string(font);
    pango_layout_set_font_description(d->layout, f);
    pango_font_description_free(f);
    pango_layout_set_width(d->layout, (int)(w * PANGO_SCALE));
    pango_layout_set_wrap(d->layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_alignment(d->layout, align);
    pango_layout_set_spacing(d->layout, (int)(pt * 0.25 * PANGO_SCALE));
    pango_layout_set_text(d->layout, text, -1);
    PangoRectangle r;
    pango_layout_get_extents(d->layout, NULL, &r);
    return (double)r.height / PANGO_SCALE;
}

static void show(struct draw *d, double x, double y)
{
    cairo_move_to(d->cr, x, y);
    pango_cairo_show_layout(d->cr, d->layout);
}

static void foot(struct draw *d)
{
    char number[24];
    snprintf(number, sizeof(number), "%d", d->number);
    cairo_set_source_rgb(d->cr, 0.35, 0.35, 0.35);
    lay(d, d->p->foot, 7.5, false, inner(d) - 40, PANGO_ALIGN_LEFT);
    show(d, MARGIN, d->h - MARGIN + 14);
    lay(d, number, 7.5, false, 40, PANGO_ALIGN_RIGHT);
    show(d, d->w - MARGIN - 40, d->h - MARGIN + 14);
    cairo_set_source_rgb(d->cr, 0, 0, 0);
}

static void begin(struct draw *d)
{
    d->number++;
    d->y = MARGIN;
    foot(d);
}

static void room_for(struct draw *d, double h)
{
    if (d->y + h > d->h - MARGIN && d->y > MARGIN) {
        cairo_show_page(d->cr);
        begin(d);
    }
}

/* ---- blocks ---------------------------------------------------------------------------------- */

static void heading(struct draw *d, const struct block *b)
{
    double pt = b->level == 1 ? 18 : b->level == 2 ? 13 : 11;
    PangoAlignment align = b->level == 1 ? PANGO_ALIGN_CENTER : PANGO_ALIGN_LEFT;
    double h = lay(d, b->text, pt, true, inner(d), align);
    room_for(d, h + 60); /* not alone at the end of a page */
    lay(d, b->text, pt, true, inner(d), align);
    d->y += b->level == 1 || d->y == MARGIN ? 0 : 8;
    show(d, MARGIN, d->y);
    d->y += h + (b->level == 1 ? 14 : 6);
}

/* A text taller than a page goes line by line. */
static void paragraph(struct draw *d, const struct block *b)
{
    if (!*b->text) {
        d->y += TEXT_PT;
        return;
    }
    lay(d, b->text, TEXT_PT + 0.5, false, inner(d), PANGO_ALIGN_LEFT);
    PangoLayout *own = pango_layout_copy(d->layout); /* a foot in between lays out its own */
    PangoLayoutIter *it = pango_layout_get_iter(own);
    do {
        PangoRectangle r;
        pango_layout_iter_get_line_extents(it, NULL, &r);
        double h = (double)r.height / PANGO_SCALE;
        room_for(d, h);
        double base = (double)(pango_layout_iter_get_baseline(it) - r.y) / PANGO_SCALE;
        cairo_move_to(d->cr, MARGIN, d->y + base);
        pango_cairo_show_layout_line(d->cr, pango_layout_iter_get_line_readonly(it));
        d->y += h + 2.5;
    } while (pango_layout_iter_next_line(it));
    pango_layout_iter_free(it);
    g_object_unref(own);
    d->y += 4;
}

static void box(struct draw *d, double x, double w, double h, bool shaded)
{
    if (shaded) {
        cairo_set_source_rgb(d->cr, 0.95, 0.957, 0.965);
        cairo_rectangle(d->cr, x, d->y, w, h);
        cairo_fill(d->cr);
        cairo_set_source_rgb(d->cr, 0, 0, 0);
    }
    cairo_set_line_width(d->cr, 0.5);
    cairo_rectangle(d->cr, x, d->y, w, h);
    cairo_stroke(d->cr);
}

/* One row of boxes; widths are shares of the page. */
struct row {
    const char *text[PAGE_COLUMNS_MAX];
    double share[PAGE_COLUMNS_MAX];
    bool label[PAGE_COLUMNS_MAX];
    int n;
};

static double row_height(struct draw *d, const struct row *r)
{
    double tallest = TEXT_PT;
    for (int i = 0; i < r->n; i++) {
        double h =
            lay(d, r->text[i], TEXT_PT, false, r->share[i] * inner(d) - 2 * PAD, PANGO_ALIGN_LEFT);
        tallest = h > tallest ? h : tallest;
    }
    double page = d->h - 2 * MARGIN;
    return tallest + 2 * PAD < page ? tallest + 2 * PAD : page;
}

static void draw_row(struct draw *d, const struct row *r)
{
    double h = row_height(d, r), x = MARGIN;
    room_for(d, h);
    for (int i = 0; i < r->n; i++) {
        double w = r->share[i] * inner(d);
        box(d, x, w, h, r->label[i]);
        lay(d, r->text[i], TEXT_PT, false, w - 2 * PAD, PANGO_ALIGN_LEFT);
        cairo_save(d->cr);
        cairo_rectangle(d->cr, x, d->y, w, h);
        cairo_clip(d->cr);
        show(d, x + PAD, d->y + PAD);
        cairo_restore(d->cr);
        x += w;
    }
    d->y += h;
}

static bool is_long(const struct block *b)
{
    return strlen(b->value) > 48 || strchr(b->value, '\n');
}

/* Two short fields share a row; a long one has it alone. Returns the last one that it took. */
static const struct block *fields(struct draw *d, const struct block *b)
{
    const struct block *second = b->next;
    struct row one = {.text = {b->text, b->value}, .share = {0.18, 0.82}, .label = {true}, .n = 2};
    if (is_long(b) || !second || second->kind != BLOCK_FIELD || is_long(second)) {
        draw_row(d, &one);
        return b;
    }
    struct row two = {.text = {b->text, b->value, second->text, second->value},
                      .share = {0.18, 0.32, 0.18, 0.32},
                      .label = {true, false, true, false},
                      .n = 4};
    draw_row(d, &two);
    return second;
}

/* Width that a column would like: of its longest cell on one line. */
static double natural(struct draw *d, const struct block *b, int c)
{
    double widest = 0;
    for (size_t i = 0; i <= b->cells_n / (size_t)b->columns; i++) {
        size_t at = (i - 1) * (size_t)b->columns + (size_t)c;
        const char *text = i == 0 ? b->titles[c] : at < b->cells_n ? b->cells[at] : "";
        PangoRectangle r;
        lay(d, strlen(text) < 400 ? text : "", TEXT_PT, false, 4000, PANGO_ALIGN_LEFT);
        pango_layout_get_extents(d->layout, NULL, &r);
        double w = (double)r.width / PANGO_SCALE + 2 * PAD + 1;
        widest = strlen(text) >= 400 ? 4000 : w > widest ? w : widest;
    }
    return widest;
}

/* Where there is room for all, by what each likes; else narrow columns get what they like, and the
 * others share what is left. */
static void measure(struct draw *d, const struct block *b, double share[PAGE_COLUMNS_MAX])
{
    double like[PAGE_COLUMNS_MAX], left = inner(d), wide = 0, fair = left / b->columns, all = 0;
    for (int c = 0; c < b->columns; c++) {
        like[c] = natural(d, b, c);
        all += like[c];
        left -= like[c] <= fair ? like[c] : 0;
        wide += like[c] <= fair ? 0 : like[c];
    }
    for (int c = 0; c < b->columns; c++) {
        double w = like[c] <= fair ? like[c] : left * like[c] / wide;
        share[c] = all <= inner(d) ? like[c] / all : w / inner(d);
    }
}

/* The titles come again on each page, and never alone at the end of one. */
static void table_row(struct draw *d, const struct row *head, const struct row *r)
{
    if (d->y + row_height(d, r) > d->h - MARGIN && d->y > MARGIN) {
        cairo_show_page(d->cr);
        begin(d);
        draw_row(d, head);
    }
    draw_row(d, r);
}

static void fill_row(const struct block *b, size_t at, struct row *r)
{
    if (at + (size_t)b->columns <= b->cells_n) {
        memcpy(r->text, b->cells + at, (size_t)b->columns * sizeof(*r->text));
    }
}

static void table(struct draw *d, const struct block *b)
{
    struct row head = {.n = b->columns}, r = {.n = b->columns};
    measure(d, b, head.share);
    memcpy(r.share, head.share, sizeof(r.share));
    for (int i = 0; i < b->columns; i++) {
        head.text[i] = b->titles[i];
        head.label[i] = true;
    }
    fill_row(b, 0, &r);
    room_for(d, row_height(d, &head) + row_height(d, &r));
    draw_row(d, &head);
    for (size_t i = 0; i + (size_t)b->columns <= b->cells_n; i += (size_t)b->columns) {
        fill_row(b, i, &r);
        table_row(d, &head, &r);
    }
    d->y += 6;
}

static void one_photo(struct draw *d, const struct block *b, double x, double w, double h)
{
    double scale = w / b->w < h / b->h ? w / b->w : h / b->h;
    cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, b->w, b->h);
    unsigned char *copy = malloc(b->jpeg.n);
    KT_ASSERT(copy);
    memcpy(copy, b->jpeg.p, b->jpeg.n);
    if (cairo_surface_set_mime_data(s, CAIRO_MIME_TYPE_JPEG, copy, b->jpeg.n, free, copy) !=
        CAIRO_STATUS_SUCCESS) {
        free(copy);
    }
    cairo_save(d->cr);
    cairo_translate(d->cr, x + (w - b->w * scale) / 2, d->y + (h - b->h * scale) / 2);
    cairo_scale(d->cr, scale, scale);
    cairo_set_source_surface(d->cr, s, 0, 0);
    cairo_paint(d->cr);
    cairo_restore(d->cr);
    cairo_surface_destroy(s);
    lay(d, b->text, 8, false, w, PANGO_ALIGN_CENTER);
    show(d, x, d->y + h + 3);
}

/* Two beside each other. Returns the last one that it took. */
static const struct block *photos(struct draw *d, const struct block *b)
{
    double w = (inner(d) - 12) / 2, h = w * 0.75;
    const struct block *second = b->next && b->next->kind == BLOCK_PHOTO ? b->next : NULL;
    room_for(d, h + 28);
    one_photo(d, b, MARGIN, w, h);
    if (second) {
        one_photo(d, second, MARGIN + w + 12, w, h);
    }
    d->y += h + 30;
    return second ? second : b;
}

static void chart(struct draw *d, const struct block *b)
{
    double h = inner(d) * 0.42;
    room_for(d, h + 24);
    page_chart_draw(d->cr, &b->chart, MARGIN, d->y, inner(d), h);
    lay(d, b->text, 8, false, inner(d), PANGO_ALIGN_CENTER);
    show(d, MARGIN, d->y + h + 3);
    d->y += h + 24;
}

static void draw_all(struct draw *d)
{
    begin(d);
    for (const struct block *b = d->p->first; b; b = b->next) {
        switch (b->kind) {
        case BLOCK_HEADING:
            heading(d, b);
            break;
        case BLOCK_TEXT:
            paragraph(d, b);
            break;
        case BLOCK_FIELD:
            b = fields(d, b);
            d->y += b->next && b->next->kind == BLOCK_FIELD ? 0 : 8;
            break;
        case BLOCK_TABLE:
            table(d, b);
            break;
        case BLOCK_PHOTO:
            b = photos(d, b);
            break;
        case BLOCK_CHART:
            chart(d, b);
            break;
        }
    }
    cairo_show_page(d->cr);
}

static cairo_status_t on_bytes(void *arg, const unsigned char *p, unsigned n)
{
    struct kt_buf *out = arg;
    kt_buf_put(out, p, n);
    return out->full ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

static void paper_size(const char *paper, double *w, double *h)
{
    static const struct {
        const char *name;
        double w, h;
    } sizes[] = {{"A4", 595.3, 841.9},
                 {"A4-landscape", 841.9, 595.3},
                 {"A5", 419.5, 595.3},
                 {"A3", 841.9, 1190.6}};
    size_t i = KT_ARRAY_LEN(sizes) - 1;
    while (i > 0 && strcmp(sizes[i].name, paper) != 0) {
        i--;
    }
    *w = sizes[i].w;
    *h = sizes[i].h;
}

int kt_page_pdf(const struct kt_page *p, struct kt_buf *out, struct kt_err *err)
{
    struct draw d = {.p = p};
    paper_size(p->paper, &d.w, &d.h);
    cairo_surface_t *s = cairo_pdf_surface_create_for_stream(on_bytes, out, d.w, d.h);
    cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_TITLE, p->title);
    d.cr = cairo_create(s);
    d.layout = pango_cairo_create_layout(d.cr);
    draw_all(&d);
    g_object_unref(d.layout);
    cairo_destroy(d.cr);
    cairo_surface_finish(s);
    cairo_status_t st = cairo_surface_status(s);
    cairo_surface_destroy(s);
    return st == CAIRO_STATUS_SUCCESS ? KT_OK
                                      : kt_err_set(err, KT_EIO, "the page cannot be drawn: %s",
                                                   cairo_status_to_string(st));
}
