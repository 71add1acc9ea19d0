/* SPDX-License-Identifier: Apache-2.0 */
/* The blocks of a page, and the page as xlsx. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xlsxwriter.h>

#include "conf/number.h"
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

enum { UNITS_MAX = 32, UNIT_BYTES = 16, DIGITS_MAX = 15 };

struct book {
    lxw_workbook *wb;
    lxw_worksheet *ws;
    lxw_row_t row, high_row;
    int high_lines; /* of high_row */
    int columns;    /* that the page has */
    lxw_format *title, *heading, *label, *cell, *text;
    struct {
        char unit[UNIT_BYTES];
        lxw_format *format;
    } number[UNITS_MAX]; /* as `cell`, with the unit behind the number */
    int numbers_n;
};

enum { SHEET_COLUMNS = 6, COLUMN_CHARS = 16, PHOTO_ROWS = 15, ROW_PIXELS = 20, LINES_MAX = 25 };
#define LINE_POINTS 15.0

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

/** How wide a text is, in narrow characters: a Chinese one is two. */
static int chars_of(const char *text)
{
    int n = 0;
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        n += (*p & 0xc0) == 0x80 ? 0 : *p >= 0xe0 ? 2 : 1;
    }
    return n;
}

/** A table program makes no row higher for merged cells. */
static void make_high(struct book *k, const char *text, int columns)
{
    int lines = 1 + (chars_of(text) - 1) / (columns * COLUMN_CHARS);
    for (const char *p = strchr(text, '\n'); p; p = strchr(p + 1, '\n')) {
        lines++;
    }
    int before = k->high_row == k->row ? k->high_lines : 1;
    lines = lines < LINES_MAX ? lines : LINES_MAX;
    if (lines > before) {
        k->high_row = k->row;
        k->high_lines = lines;
        worksheet_set_row(k->ws, k->row, LINE_POINTS * lines + 3, NULL);
    }
}

static void wide(struct book *k, const char *text, lxw_format *f)
{
    if (f == k->text) {
        make_high(k, text, k->columns);
    }
    worksheet_merge_range(k->ws, k->row, 0, k->row, (lxw_col_t)(k->columns - 1), text, f);
    k->row++;
}

static lxw_format *number_format(struct book *k, const char *unit)
{
    char code[2 * UNIT_BYTES];
    for (int i = 0; i < k->numbers_n; i++) {
        if (strcmp(k->number[i].unit, unit) == 0) {
            return k->number[i].format;
        }
    }
    if (k->numbers_n == UNITS_MAX) {
        return NULL;
    }
    lxw_format *f = workbook_add_format(k->wb);
    format_set_border(f, LXW_BORDER_THIN);
    format_set_align(f, LXW_ALIGN_VERTICAL_CENTER);
    format_set_align(f, LXW_ALIGN_LEFT);
    if (*unit) {
        snprintf(code, sizeof(code), "General\" %s\"", unit);
        format_set_num_format(f, code);
    }
    snprintf(k->number[k->numbers_n].unit, UNIT_BYTES, "%s", unit);
    return (k->number[k->numbers_n++].format = f);
}

/** "2850 t" is the number 2850 with its unit; what a number would not give back is a text. */
static bool is_number(const char *text, double *ret, const char **ret_unit)
{
    size_t n = strcspn(text, " "), digits = 0;
    const char *first = *text == '-' ? text + 1 : text, *unit = text[n] ? text + n + 1 : "";
    for (size_t i = 0; i < n; i++) {
        digits += text[i] >= '0' && text[i] <= '9';
    }
    bool kept = digits <= DIGITS_MAX && !(first[0] == '0' && n > 1 && first[1] != '.' && first[1]);
    *ret_unit = unit;
    return n && kept && strlen(unit) < UNIT_BYTES && !strpbrk(unit, " \"\\") &&
           kt_number_parse((struct kt_str){text, n}, ret) == KT_OK;
}

/** From one column to another, as a number where it is one. */
static void put_value(struct book *k, int from, int to, const char *text)
{
    double v = 0;
    const char *unit = "";
    lxw_format *f = is_number(text, &v, &unit) ? number_format(k, unit) : NULL;
    make_high(k, text, to - from + 1);
    if (to > from) {
        worksheet_merge_range(k->ws, k->row, (lxw_col_t)from, k->row, (lxw_col_t)to, f ? "" : text,
                              f ? f : k->cell);
    }
    if (f) {
        worksheet_write_number(k->ws, k->row, (lxw_col_t)from, v, f);
    } else if (to == from) {
        worksheet_write_string(k->ws, k->row, (lxw_col_t)from, text, k->cell);
    }
}

/** Two short ones stand in a row; returns the last that was put. */
static const struct block *put_fields(struct book *k, const struct block *b)
{
    int half = k->columns / 2, room = (half - 1) * COLUMN_CHARS;
    const struct block *next = b->next;
    bool pair = next && next->kind == BLOCK_FIELD && chars_of(b->value) <= room &&
                chars_of(next->value) <= room;
    worksheet_write_string(k->ws, k->row, 0, b->text, k->label);
    put_value(k, 1, pair ? half - 1 : k->columns - 1, b->value);
    if (pair) {
        worksheet_write_string(k->ws, k->row, (lxw_col_t)half, next->text, k->label);
        put_value(k, half + 1, k->columns - 1, next->value);
    }
    k->row++;
    return pair ? next : b;
}

static void put_table(struct book *k, const struct block *b)
{
    for (int i = 0; i < b->columns; i++) {
        worksheet_write_string(k->ws, k->row, (lxw_col_t)i, b->titles[i], k->label);
    }
    for (size_t i = 0; i < b->cells_n; i++) {
        size_t c = i % (size_t)b->columns;
        k->row += c == 0;
        put_value(k, (int)c, (int)c, b->cells[i]);
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

/** Returns the last block that was put. */
static const struct block *put_block(struct book *k, const struct block *b)
{
    switch (b->kind) {
    case BLOCK_HEADING:
        wide(k, b->text, b->level == 1 ? k->title : k->heading);
        break;
    case BLOCK_TEXT:
        wide(k, b->text, k->text);
        break;
    case BLOCK_FIELD:
        return put_fields(k, b);
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
    return b;
}

static int columns_of(const struct kt_page *p)
{
    int most = SHEET_COLUMNS;
    for (const struct block *b = p->first; b; b = b->next) {
        most = b->kind == BLOCK_TABLE && b->columns > most ? b->columns : most;
    }
    return most;
}

static lxw_error write_book(const struct kt_page *p, const char *path)
{
    lxw_workbook *wb = workbook_new(path);
    if (!wb) {
        return LXW_ERROR_MEMORY_MALLOC_FAILED;
    }
    struct book k = {.wb = wb, .ws = workbook_add_worksheet(wb, NULL), .columns = columns_of(p)};
    make_formats(&k, wb);
    worksheet_set_column(k.ws, 0, (lxw_col_t)(k.columns - 1), COLUMN_CHARS, NULL);
    worksheet_center_horizontally(k.ws);
    worksheet_set_paper(k.ws, 9);
    worksheet_fit_to_pages(k.ws, 1, 0);
    for (const struct block *b = p->first; b; b = b->next) {
        b = put_block(&k, b);
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
