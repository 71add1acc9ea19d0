/* SPDX-License-Identifier: Apache-2.0 */
/* The blocks of a page, and the page as xlsx. */
#include <stdio.h>
#include <stdlib.h>
#include <xlsxwriter.h>

#include "report/page_blocks.h"
#include "report/page_chart.h"
#include "sys/file.h"

struct kt_page *kt_page_new(const char *paper, const char *title)
{
    struct kt_arena *arena = kt_arena_new(256u << 20);
    struct kt_page *p = KT_NEW(arena, struct kt_page);
    *p = (struct kt_page){.arena = arena,
                          .title = kt_arena_strdup(arena, title),
                          .paper = kt_arena_strdup(arena, paper ? paper : "A4"),
                          .foot = ""};
    return p;
}

void kt_page_free(struct kt_page *p)
{
    for (struct block *b = p ? p->first : NULL; b; b = b->next) {
        free(b->cells);
    }
    if (p) {
        kt_arena_free(p->arena);
    }
}

static struct block *add(struct kt_page *p, enum block_kind kind, const char *text)
{
    struct block *b = KT_NEW(p->arena, struct block);
    b->kind = kind;
    b->text = kt_arena_strdup(p->arena, text ? text : "");
    if (p->last) {
        p->last->next = b;
    } else {
        p->first = b;
    }
    return p->last = b;
}

void kt_page_heading(struct kt_page *p, int level, const char *text)
{
    add(p, BLOCK_HEADING, text)->level = level;
}

void kt_page_text(struct kt_page *p, const char *text)
{
    add(p, BLOCK_TEXT, text);
}

void kt_page_field(struct kt_page *p, const char *label, const char *value)
{
    add(p, BLOCK_FIELD, label)->value = kt_arena_strdup(p->arena, value ? value : "");
}

void kt_page_table(struct kt_page *p, const char *const *titles, int n)
{
    struct block *b = add(p, BLOCK_TABLE, "");
    b->columns = n < PAGE_COLUMNS_MAX ? n : PAGE_COLUMNS_MAX;
    for (int i = 0; i < b->columns; i++) {
        b->titles[i] = kt_arena_strdup(p->arena, titles[i]);
    }
}

void kt_page_cell(struct kt_page *p, const char *text)
{
    struct block *b = p->last;
    KT_ASSERT(b && b->kind == BLOCK_TABLE);
    if (b->cells_n == b->cells_cap) {
        b->cells_cap = b->cells_cap ? b->cells_cap * 2 : 64;
        b->cells = realloc(b->cells, b->cells_cap * sizeof(*b->cells));
        KT_ASSERT(b->cells);
    }
    b->cells[b->cells_n++] = kt_arena_strdup(p->arena, text ? text : "");
}

void kt_page_photo(struct kt_page *p, struct kt_str jpeg, int w, int h, const char *caption)
{
    struct block *b = add(p, BLOCK_PHOTO, caption);
    b->jpeg = (struct kt_str){kt_arena_strndup(p->arena, jpeg.p, jpeg.n), jpeg.n};
    b->w = w > 0 ? w : 1;
    b->h = h > 0 ? h : 1;
}

void kt_page_chart(struct kt_page *p, const struct page_chart *c, const char *caption)
{
    struct block *b = add(p, BLOCK_CHART, caption);
    int64_t *t = KT_NEW_ARRAY(p->arena, int64_t, c->n + 1);
    double *v = KT_NEW_ARRAY(p->arena, double, c->n + 1);
    memcpy(t, c->t_ms, c->n * sizeof(*t));
    memcpy(v, c->v, c->n * sizeof(*v));
    b->chart = *c;
    b->chart.t_ms = t;
    b->chart.v = v;
    b->chart.unit = kt_arena_strdup(p->arena, c->unit);
    for (int i = 0; i < c->lines_n; i++) {
        b->chart.line[i].text = kt_arena_strdup(p->arena, c->line[i].text);
    }
}

void kt_page_foot(struct kt_page *p, const char *text)
{
    p->foot = kt_arena_strdup(p->arena, text);
}

/* ---- xlsx ------------------------------------------------------------------------------------ */

struct book {
    lxw_worksheet *ws;
    lxw_row_t row;
    lxw_format *title, *heading, *label, *cell, *text;
};

enum { SHEET_COLUMNS = 6, PHOTO_ROWS = 15, ROW_PIXELS = 20 };

static void make_formats(struct book *k, lxw_workbook *wb)
{
    lxw_format **all[] = {&k->title, &k->heading, &k->label, &k->cell, &k->text};
    for (size_t i = 0; i < KT_ARRAY_LEN(all); i++) {
        *all[i] = workbook_add_format(wb);
        format_set_text_wrap(*all[i]);
        format_set_align(*all[i], LXW_ALIGN_VERTICAL_CENTER);
    }
    format_set_bold(k->title);
    format_set_font_size(k->title, 16);
    format_set_align(k->title, LXW_ALIGN_CENTER);
    format_set_bold(k->heading);
    format_set_bg_color(k->label, 0xF2F4F6);
    format_set_border(k->label, LXW_BORDER_THIN);
    format_set_border(k->cell, LXW_BORDER_THIN);
}

static void wide(struct book *k, const char *text, lxw_format *f)
{
    worksheet_merge_range(k->ws, k->row, 0, k->row, SHEET_COLUMNS - 1, text, f);
    k->row++;
}

static void put_table(struct book *k, const struct block *b)
{
    for (int i = 0; i < b->columns; i++) {
        worksheet_write_string(k->ws, k->row, (lxw_col_t)i, b->titles[i], k->label);
    }
    for (size_t i = 0; i < b->cells_n; i++) {
        size_t c = i % (size_t)b->columns;
        k->row += c == 0;
        worksheet_write_string(k->ws, k->row, (lxw_col_t)c, b->cells[i], k->cell);
    }
    k->row++;
}

static void put_chart(struct book *k, const struct block *b)
{
    struct kt_buf png;
    kt_buf_init(&png, 8 << 20);
    if (page_chart_png(&b->chart, 700, PHOTO_ROWS * ROW_PIXELS - 10, &png)) {
        worksheet_insert_image_buffer(k->ws, k->row, 0, (unsigned char *)png.p, png.n);
        k->row += PHOTO_ROWS;
    }
    kt_buf_done(&png);
    wide(k, b->text, k->text);
}

static void put_photo(struct book *k, const struct block *b)
{
    double scale = (double)(PHOTO_ROWS * ROW_PIXELS) / b->h;
    lxw_image_options o = {.x_scale = scale, .y_scale = scale, .object_position = 1};
    union {
        const char *c;
        const unsigned char *u;
    } bytes = {b->jpeg.p};
    worksheet_insert_image_buffer_opt(k->ws, k->row, 0, bytes.u, b->jpeg.n, &o);
    k->row += PHOTO_ROWS + 1;
    wide(k, b->text, k->text);
}

static void put_block(struct book *k, const struct block *b)
{
    switch (b->kind) {
    case BLOCK_HEADING:
        wide(k, b->text, b->level == 1 ? k->title : k->heading);
        break;
    case BLOCK_TEXT:
        wide(k, b->text, k->text);
        break;
    case BLOCK_FIELD:
        worksheet_write_string(k->ws, k->row, 0, b->text, k->label);
        worksheet_merge_range(k->ws, k->row, 1, k->row, SHEET_COLUMNS - 1, b->value, k->cell);
        k->row++;
        break;
    case BLOCK_TABLE:
        put_table(k, b);
        break;
    case BLOCK_PHOTO:
        put_photo(k, b);
        break;
    case BLOCK_CHART:
        put_chart(k, b);
        break;
    }
}

static lxw_error write_book(const struct kt_page *p, const char *path)
{
    lxw_workbook *wb = workbook_new(path);
    if (!wb) {
        return LXW_ERROR_MEMORY_MALLOC_FAILED;
    }
    struct book k = {.ws = workbook_add_worksheet(wb, NULL)};
    make_formats(&k, wb);
    worksheet_set_column(k.ws, 0, SHEET_COLUMNS - 1, 16, NULL);
    worksheet_set_paper(k.ws, 9);
    worksheet_fit_to_pages(k.ws, 1, 0);
    for (const struct block *b = p->first; b; b = b->next) {
        put_block(&k, b);
    }
    if (*p->foot) {
        wide(&k, p->foot, k.text);
    }
    return workbook_close(wb);
}

int kt_page_xlsx(const struct kt_page *p, struct kt_buf *out, struct kt_err *err)
{
    char dir[256], path[280];
    int r = kt_dir_temp("kt-page", dir, sizeof(dir), err);
    if (r < 0) {
        return r;
    }
    snprintf(path, sizeof(path), "%s/page.xlsx", dir);
    lxw_error e = write_book(p, path);
    r = e == LXW_NO_ERROR
            ? kt_file_read(path, out->max, out, err)
            : kt_err_set(err, KT_EIO, "the workbook cannot be written: %s", lxw_strerror(e));
    kt_dir_remove(dir);
    return r;
}
