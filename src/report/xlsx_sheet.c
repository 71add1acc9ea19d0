/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cells of one sheet: ECMA-376 part 1, 18.3.1. A cell is a `c` with its value in `v`, or its
 * text in `is`; a formula (`f`) is passed over, its last value stands in `v`.
 */
#include <math.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/time.h"
#include "conf/number.h"
#include "report/xlsx_in.h"

struct cells {
    struct kt_buf *out;
    struct kt_jw w;
    uint32_t rows, row, column; /* of the present cell, from 1 and 0 */
    struct kt_buf text;         /* of the row, cells one after the other */
    size_t from[KT_XLSX_COLUMNS_MAX], to[KT_XLSX_COLUMNS_MAX];
    uint32_t last;       /* columns that hold something */
    struct kt_buf value; /* of the present cell */
    bool in_cell, collect, in_phonetic;
    char type[16];
    uint32_t style;
};

bool serial_text(double serial, bool date1904, enum style_kind kind, char to[32])
{
    if (!(serial >= 0 && serial < 2958466)) { /* 9999-12-31 */
        return false;
    }
    /* day 60 of the other calendar is a 29 February 1900 that was none */
    double day = date1904 ? serial + 1462 : serial < 60 ? serial + 1 : serial;
    int64_t seconds = llround((day - 25569) * 86400);
    struct kt_civil c = kt_civil_of(seconds * KT_SEC, 0);
    if (kind == STYLE_CLOCK && serial < 1) {
        snprintf(to, 32, "%02d:%02d:%02d", c.hour, c.minute, c.second);
    } else if (kind == STYLE_DATE || (!c.hour && !c.minute && !c.second)) {
        snprintf(to, 32, "%04d-%02d-%02d", c.year, c.month, c.day);
    } else {
        snprintf(to, 32, "%04d-%02d-%02d %02d:%02d:%02d", c.year, c.month, c.day, c.hour, c.minute,
                 c.second);
    }
    return true;
}

/* "BC12": column from 0, row from 1; false for anything else. */
static bool read_address(const char *s, uint32_t *column, uint32_t *row)
{
    uint32_t c = 0, r = 0;
    for (; *s >= 'A' && *s <= 'Z' && c < 100000; s++) {
        c = c * 26 + (uint32_t)(*s - 'A') + 1;
    }
    for (; *s >= '0' && *s <= '9' && r < 10000000; s++) {
        r = r * 10 + (uint32_t)(*s - '0');
    }
    *column = c - 1;
    *row = r;
    return c && r && !*s;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* "_x000D_" stands for a character that XML cannot hold: 22.9.2.19 (ST_Xstring). */
static int escape_at(const char *p, size_t left)
{
    int v = 0;
    if (left < 7 || p[0] != '_' || p[1] != 'x' || p[6] != '_') {
        return -1;
    }
    for (int i = 2; i < 6; i++) {
        int d = hex_digit(p[i]);
        if (d < 0) {
            return -1;
        }
        v = v * 16 + d;
    }
    return v;
}

static void put_text(struct kt_buf *to, const char *p, size_t n)
{
    for (size_t i = 0; i < n;) {
        int c = p[i] == '_' ? escape_at(p + i, n - i) : -1;
        if (c >= 0 && c < 0x80) {
            if (c == '\n' || c == '\t' || c >= 0x20) { /* others mean nothing in a table */
                kt_put_u8(to, (uint8_t)c);
            }
            i += 7;
        } else {
            kt_put_u8(to, (uint8_t)p[i++]);
        }
    }
}

static void put_shared(struct part *p, struct cells *s)
{
    int64_t i;
    struct book *b = p->b;
    if (kt_integer_parse((struct kt_str){s->value.p, s->value.n}, &i) < 0 || i < 0 ||
        i >= b->strings_n) {
        part_fail(p, KT_EPARSE, "the workbook is damaged: row %u names a text that is not there",
                  s->row);
        return;
    }
    size_t from = i ? b->ends[i - 1] : 0;
    put_text(&s->text, b->text.p ? b->text.p + from : "", b->ends[i] - from);
}

static void put_number(struct part *p, struct cells *s)
{
    double v;
    char text[40];
    enum style_kind kind = style_kind_of(p->b, s->style);
    if (kt_number_parse((struct kt_str){s->value.p, s->value.n}, &v) < 0) {
        put_text(&s->text, s->value.p ? s->value.p : "", s->value.n); /* told where it is used */
        return;
    }
    if (kind == STYLE_PLAIN || !serial_text(v, p->b->date1904, kind, text)) {
        kt_fmt_double(text, v);
    }
    kt_buf_puts(&s->text, text);
}

static void end_cell(struct part *p, struct cells *s)
{
    size_t from = s->text.n;
    s->in_cell = false;
    if (!s->value.n) {
        return;
    }
    if (s->column >= KT_XLSX_COLUMNS_MAX) {
        part_fail(p, KT_ELIMIT, "row %u has something beyond column %d", s->row,
                  KT_XLSX_COLUMNS_MAX);
        return;
    }
    if (strcmp(s->type, "s") == 0) {
        put_shared(p, s);
    } else if (strcmp(s->type, "b") == 0) {
        kt_buf_puts(&s->text, s->value.p[0] == '1' || s->value.p[0] == 't' ? "true" : "false");
    } else if (s->type[0] && strcmp(s->type, "n") != 0) { /* str, inlineStr, d, e */
        put_text(&s->text, s->value.p, s->value.n);
    } else {
        put_number(p, s);
    }
    s->from[s->column] = from;
    s->to[s->column] = s->text.n;
    if (s->text.n > from && s->column >= s->last) {
        s->last = s->column + 1;
    }
}

static void begin_row(struct cells *s, const char **attrs)
{
    const char *r = xml_attr(attrs, "r");
    int64_t n;
    s->row = r && kt_integer_parse(kt_str_c(r), &n) == KT_OK && n > 0 && n <= 1 << 20 ? (uint32_t)n
                                                                                      : s->row + 1;
    s->column = UINT32_MAX; /* before the first */
    s->last = 0;
    kt_buf_clear(&s->text);
    memset(s->from, 0, sizeof(s->from));
    memset(s->to, 0, sizeof(s->to));
}

static void end_row(struct part *p, struct cells *s)
{
    if (!s->last || p->code) {
        return;
    }
    if (++s->rows > KT_XLSX_ROWS_MAX) {
        part_fail(p, KT_ELIMIT, "the sheet has more than %d rows; divide it", KT_XLSX_ROWS_MAX);
        return;
    }
    kt_jw_arr(&s->w);
    kt_jw_int(&s->w, s->row);
    for (uint32_t i = 0; i < s->last; i++) {
        kt_jw_strn(&s->w, (struct kt_str){s->text.p + s->from[i], s->to[i] - s->from[i]});
    }
    kt_jw_arr_end(&s->w);
    if (s->text.full || s->out->full) {
        part_fail(p, KT_ELIMIT, "the workbook grows too large when it is unpacked");
    }
}

static void begin_cell(struct part *p, struct cells *s, const char **attrs)
{
    const char *r = xml_attr(attrs, "r"), *t = xml_attr(attrs, "t"), *style = xml_attr(attrs, "s");
    uint32_t row = s->row, column = s->column + 1;
    if (r && !read_address(r, &column, &row)) {
        part_fail(p, KT_EPARSE, "the workbook is damaged: row %u has a cell without a place",
                  s->row);
        return;
    }
    s->column = column;
    snprintf(s->type, sizeof(s->type), "%s", t ? t : "");
    s->style = style ? (uint32_t)strtoul(style, NULL, 10) : 0;
    kt_buf_clear(&s->value);
    s->in_cell = true;
}

static void XMLCALL on_start(void *data, const char *name, const char **attrs)
{
    struct part *p = data;
    struct cells *s = p->arg;
    const char *local = xml_local(name);
    if (strcmp(local, "row") == 0) {
        begin_row(s, attrs);
    } else if (strcmp(local, "c") == 0) {
        begin_cell(p, s, attrs);
    } else if (strcmp(local, "rPh") == 0) {
        s->in_phonetic = true;
    } else {
        s->collect =
            s->in_cell && !s->in_phonetic && (strcmp(local, "v") == 0 || strcmp(local, "t") == 0);
    }
}

static void XMLCALL on_end(void *data, const char *name)
{
    struct part *p = data;
    struct cells *s = p->arg;
    const char *local = xml_local(name);
    s->collect = false;
    if (strcmp(local, "c") == 0 && s->in_cell) {
        end_cell(p, s);
    } else if (strcmp(local, "row") == 0) {
        end_row(p, s);
    } else if (strcmp(local, "rPh") == 0) {
        s->in_phonetic = false;
    }
}

static void XMLCALL on_text(void *data, const char *text, int n)
{
    struct part *p = data;
    struct cells *s = p->arg;
    if (s->collect) {
        kt_buf_put(&s->value, text, (size_t)n);
        if (s->value.full) {
            part_fail(p, KT_ELIMIT, "row %u has a text of more than %d characters", s->row,
                      XLSX_TEXT_MAX);
        }
    }
}

int sheet_read(struct book *b, struct kt_buf *out, struct kt_err *err)
{
    struct cells *s = calloc(1, sizeof(*s));
    KT_ASSERT(s);
    s->out = out;
    s->w = kt_jw_init(out);
    kt_buf_init(&s->text, 16 << 20);
    kt_buf_init(&s->value, XLSX_TEXT_MAX * 4);
    kt_jw_arr(&s->w);
    int r = part_read(b, b->sheet, on_start, on_end, on_text, s, err);
    kt_jw_arr_end(&s->w);
    kt_buf_done(&s->text);
    kt_buf_done(&s->value);
    free(s);
    return r;
}
