/* SPDX-License-Identifier: Apache-2.0 */
/* One record as a printed document: what the room writes, laid out with its pictures. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/records.h"
#include "base/crypto.h"
#include "link/camera/camera.h"
#include "report/page.h"
#include "report/read.h"

enum { COLUMNS_MAX = 40 };

/* Of a record or an event, or what a camera kept of an alarm. */
static int photo_bytes(struct call *c, const struct kt_hash *h, struct kt_buf *out,
                       struct kt_err *err)
{
    int r = kt_body_get(data_dir(c), h, KT_IMAGE_BYTES_MAX, out, err);
    return r == KT_ENOTFOUND && c->api->opts.cameras
               ? kt_cameras_body(c->api->opts.cameras, h, out, err)
               : r;
}

/* A picture is read in the child and made smaller there; what cannot be read is left out. */
static void put_photo(struct call *c, struct kt_page *p, const struct kt_json *block)
{
    struct kt_hash h;
    struct kt_buf bytes, out;
    struct kt_json *look = NULL;
    struct kt_err err;
    char side[16];
    snprintf(side, sizeof(side), "%d", KT_PRINT_SIDE);
    kt_buf_init(&bytes, KT_IMAGE_BYTES_MAX);
    kt_buf_init(&out, 16 << 20);
    int r = kt_hash_from_hex(kt_json_strn(kt_json_get(block, "photo")), &h);
    r = r == KT_OK ? photo_bytes(c, &h, &bytes, &err) : r;
    r = r == KT_OK ? kt_parse("image", (struct kt_str){bytes.p, bytes.n}, side, NULL, &out, &err)
                   : r;
    r = r == KT_OK ? kt_json_parse((struct kt_str){out.p, out.n}, 16 << 20, &look, &err) : r;
    const char *text = kt_json_get_str(look, "thumb", "");
    char *jpeg = malloc(strlen(text) + 4);
    KT_ASSERT(jpeg);
    int n = r == KT_OK ? kt_base64_decode(kt_str_c(text), jpeg, strlen(text) + 4) : 0;
    if (n > 0) {
        double w = kt_json_get_num(look, "width", 1), height = kt_json_get_num(look, "height", 1);
        double most = w > height ? w : height;
        double scale = most > KT_PRINT_SIDE ? KT_PRINT_SIDE / most : 1;
        kt_page_photo(p, (struct kt_str){jpeg, (size_t)n}, (int)(w * scale + 0.5),
                      (int)(height * scale + 0.5), kt_json_get_str(block, "text", ""));
    }
    free(jpeg);
    kt_json_free(look);
    kt_buf_done(&bytes);
    kt_buf_done(&out);
}

static void put_grid(struct kt_page *p, const struct kt_json *block)
{
    const struct kt_json *columns = kt_json_get(block, "columns"),
                         *rows = kt_json_get(block, "rows");
    const char *titles[COLUMNS_MAX];
    size_t n = kt_json_len(columns) < COLUMNS_MAX ? kt_json_len(columns) : COLUMNS_MAX;
    for (size_t i = 0; i < n; i++) {
        titles[i] = kt_json_str(kt_json_at(columns, i));
    }
    kt_page_table(p, titles, (int)n);
    for (size_t i = 0; i < kt_json_len(rows); i++) {
        for (size_t k = 0; k < n; k++) {
            kt_page_cell(p, kt_json_str(kt_json_at(kt_json_at(rows, i), k)));
        }
    }
}

/* {"chart": line below it, "unit", "from", "to", "t": [ms], "v": [], "lines": [[text, value]]} */
static void put_chart(struct call *c, struct kt_page *p, const struct kt_json *block)
{
    const struct kt_json *t = kt_json_get(block, "t"), *v = kt_json_get(block, "v");
    const struct kt_json *lines = kt_json_get(block, "lines");
    size_t n = kt_json_len(t);
    int64_t *at = KT_NEW_ARRAY(c->arena, int64_t, n + 1);
    double *value = KT_NEW_ARRAY(c->arena, double, n + 1);
    struct page_chart chart = {.unit = kt_json_get_str(block, "unit", ""),
                               .from_ms = kt_json_get_int(block, "from", 0),
                               .to_ms = kt_json_get_int(block, "to", 0),
                               .utc_offset_s = c->site->utc_offset_s,
                               .t_ms = at,
                               .v = value,
                               .n = n};
    for (size_t i = 0; i < n; i++) {
        at[i] = 0;
        value[i] = NAN;
        (void)kt_json_int(kt_json_at(t, i), &at[i]);
        (void)kt_json_num(kt_json_at(v, i), &value[i]);
    }
    for (size_t i = 0; i < kt_json_len(lines) && i < PAGE_CHART_LINES; i++) {
        const struct kt_json *one = kt_json_at(lines, i);
        const char *text = kt_json_str(kt_json_at(one, 0));
        chart.line[i].text = text ? text : "";
        (void)kt_json_num(kt_json_at(one, 1), &chart.line[i].value);
        chart.lines_n++;
    }
    kt_page_chart(p, &chart, kt_json_get_str(block, "chart", ""));
}

static void put_block(struct call *c, struct kt_page *p, const struct kt_json *block)
{
    const char *text = kt_json_get_str(block, "text", "");
    int64_t level = kt_json_get_int(block, "heading", 0);
    if (kt_json_get(block, "photo")) {
        put_photo(c, p, block);
    } else if (kt_json_get(block, "chart")) {
        put_chart(c, p, block);
    } else if (kt_json_get(block, "columns")) {
        put_grid(p, block);
    } else if (kt_json_get(block, "field")) {
        kt_page_field(p, kt_json_get_str(block, "field", ""), kt_json_get_str(block, "value", ""));
    } else if (level) {
        kt_page_heading(p, (int)level, text);
    } else {
        kt_page_text(p, text);
    }
}

static struct kt_page *lay_out(struct call *c, const struct kt_json *doc)
{
    char line[300], when[24];
    const struct kt_json *blocks = kt_json_get(doc, "blocks");
    struct kt_page *p =
        kt_page_new(kt_json_get_str(doc, "paper", "A4"), kt_json_get_str(doc, "title", ""));
    for (size_t i = 0; i < kt_json_len(blocks); i++) {
        put_block(c, p, kt_json_at(blocks, i));
    }
    bool en = in_english(c);
    kt_time_fmt_local(kt_runtime_now(c->api->opts.runtime), c->site->utc_offset_s, when);
    snprintf(line, sizeof(line), "%s%s    %s    %s", en ? c->site->name.en : c->site->name.zh,
             !c->site->simulation ? ""
             : en                 ? " (simulation)"
                                  : "（仿真 演示）",
             when, *c->person.name ? c->person.name : c->person.user);
    kt_page_foot(p, line);
    return p;
}

static void reply_page(struct call *c, const struct kt_page *p, bool xlsx, const char *name)
{
    struct kt_buf out;
    struct kt_err err = {0};
    kt_buf_init(&out, 256u << 20);
    int r = xlsx ? kt_page_xlsx(p, &out, &err) : kt_page_pdf(p, &out, &err);
    if (r < 0) {
        kt_buf_done(&out);
        reply_err(c->req, &err);
        return;
    }
    const char *head =
        kt_arena_printf(c->arena, "attachment; filename=\"%s.%s\"", name, xlsx ? "xlsx" : "pdf");
    kt_http_set_header(c->req, "Content-Disposition", head);
    kt_http_reply_take(c->req, 200,
                       xlsx ? "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
                            : "application/pdf",
                       &out);
}

/* pdf, xlsx; answered and false: neither. */
static bool known_format(struct call *c, const char *format, bool *ret_xlsx)
{
    *ret_xlsx = format && strcmp(format, "xlsx") == 0;
    if (format && *format && !*ret_xlsx && strcmp(format, "pdf") != 0) {
        reply_code(c->req, KT_EINVAL, "format is pdf or xlsx");
        return false;
    }
    return true;
}

void reply_document(struct call *c, struct kt_buf *json, const char *format, const char *name)
{
    struct kt_json *doc = NULL;
    struct kt_err err = {0};
    bool xlsx;
    if (!known_format(c, format, &xlsx)) {
        kt_buf_done(json);
        return;
    }
    int r = json->full ? kt_err_set(&err, KT_ELIMIT, "the document is too large")
                       : kt_json_parse((struct kt_str){json->p, json->n}, 64 << 20, &doc, &err);
    kt_buf_done(json);
    if (r < 0) {
        reply_err(c->req, &err);
        return;
    }
    struct kt_page *p = lay_out(c, doc);
    reply_page(c, p, xlsx, name);
    kt_page_free(p);
    kt_json_free(doc);
}

void get_record_document(struct call *c)
{
    struct kt_room *room = room_of(c);
    struct kt_reader who = printing_reader(c);
    struct kt_err err = {0};
    struct kt_buf b;
    int64_t id;
    if (!room || !path_id(c, 1, &id)) {
        return;
    }
    kt_buf_init(&b, 64 << 20);
    int r = kt_room_document(room, &who, c->param[0], id, c->param[2], in_english(c), &b, &err);
    if (r < 0) {
        kt_buf_done(&b);
        reply_err(c->req, &err);
        return;
    }
    reply_document(c, &b, kt_http_query(c->req, "format"),
                   kt_arena_printf(c->arena, "%.40s-%.20s", c->param[2], c->param[1]));
}
