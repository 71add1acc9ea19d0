/* SPDX-License-Identifier: Apache-2.0 */
/* A list of records as CSV, xlsx, PDF, GeoJSON or GeoPackage, and the empty table to fill in. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/records.h"
#include "base/log.h"
#include "geo/gpkg_write.h"
#include "report/report.h"
#include "report/sheet.h"
#include "sys/spool.h"

enum { PDF_COLUMNS = 12, PDF_ROWS = 5000, PDF_MAX = 256 << 20, ROWS_A_LOOK = 64 };

/* Where a table goes while it comes. */
struct sink {
    struct call *c;
    bool xlsx;
    struct kt_sheet *sheet;
    struct kt_sheet_column *columns;
    struct kt_report *pdf;
    struct kt_spool *json; /* features */
    struct kt_gpkg *gpkg;
    struct kt_buf line;
    struct kt_jw w;
    const char **ids;
    uint32_t n, rows, geometry;
};

/* A made file, on its way out. */
struct made {
    int fd;
    uint64_t size;
    struct kt_buf pdf; /* of a PDF, whose rows are few */
};

/* Nobody waits for it any more: then it is not made to its end. */
static int go_on(struct sink *s, struct kt_err *err)
{
    if (s->rows++ % ROWS_A_LOOK == 0 && kt_http_gone(s->c->req)) {
        KT_INFO("api", "export of %s ended: nobody waits for it", s->c->param[0]);
        return kt_err_set(err, KT_ECLOSED, "nobody waits for the export any more");
    }
    return KT_OK;
}

/* ---- sheets ---- */

static enum kt_cell cell_kind(enum kt_column_kind kind)
{
    return kind == KT_COLUMN_NUMBER ? KT_CELL_NUMBER
           : kind == KT_COLUMN_DATE ? KT_CELL_DATE
           : kind == KT_COLUMN_TIME ? KT_CELL_TIME
                                    : KT_CELL_TEXT;
}

static const char *const *copy_choices(struct kt_arena *a, const struct kt_record_column *col)
{
    const char **copy = KT_NEW_ARRAY(a, const char *, col->choices_n + 1);
    for (uint32_t i = 0; i < col->choices_n; i++) {
        copy[i] = kt_arena_strdup(a, col->choices[i]);
    }
    return copy;
}

static int sheet_head(void *arg, const char *title, const struct kt_record_column *columns,
                      uint32_t n, struct kt_err *err)
{
    struct sink *s = arg;
    struct kt_arena *a = s->c->arena;
    s->columns = KT_NEW_ARRAY(a, struct kt_sheet_column, n);
    for (uint32_t i = 0; i < n; i++) {
        s->columns[i] = (struct kt_sheet_column){.title = kt_arena_strdup(a, columns[i].title),
                                                 .help = kt_arena_strdup(a, columns[i].help),
                                                 .kind = cell_kind(columns[i].kind),
                                                 .choices = copy_choices(a, &columns[i]),
                                                 .choices_n = columns[i].choices_n};
    }
    return kt_sheet_new(s->xlsx, title, s->columns, n, &s->sheet, err);
}

static int sheet_row(void *arg, int64_t id, const struct kt_str *cells, uint32_t n,
                     struct kt_err *err)
{
    struct sink *s = arg;
    (void)id;
    for (uint32_t i = 0; i < n; i++) {
        kt_sheet_cell(s->sheet, cells[i]);
    }
    return go_on(s, err);
}

/* ---- PDF ---- */

static int pdf_head(void *arg, const char *title, const struct kt_record_column *columns,
                    uint32_t n, struct kt_err *err)
{
    struct sink *s = arg;
    struct kt_report_column cols[PDF_COLUMNS];
    (void)err;
    s->n = n < PDF_COLUMNS ? n : PDF_COLUMNS;
    for (uint32_t i = 0; i < s->n; i++) {
        cols[i] = (struct kt_report_column){.title = columns[i].title, /* its width: by its cells */
                                            .number = columns[i].kind == KT_COLUMN_NUMBER};
    }
    s->pdf = kt_report_new(title, cols, (int)s->n);
    return KT_OK;
}

static int pdf_row(void *arg, int64_t id, const struct kt_str *cells, uint32_t n,
                   struct kt_err *err)
{
    struct sink *s = arg;
    (void)id;
    if (s->rows >= PDF_ROWS) {
        return kt_err_set(err, KT_ELIMIT,
                          "a printed list has at most %d rows; choose fewer, or take xlsx",
                          PDF_ROWS);
    }
    for (uint32_t i = 0; i < n && i < s->n; i++) {
        char *text = strndup(cells[i].p, cells[i].n);
        KT_ASSERT(text);
        kt_report_cell(s->pdf, text);
        free(text);
    }
    return go_on(s, err);
}

static int pdf_end(struct sink *s, struct kt_buf *out, struct kt_err *err)
{
    char line[400], when[24];
    const struct kt_site *site = s->c->site;
    bool en = in_english(s->c);
    kt_time_fmt_local(kt_runtime_now(s->c->api->opts.runtime), site->utc_offset_s, when);
    snprintf(line, sizeof(line), "%s%s    %s    %u %s", en ? site->name.en : site->name.zh,
             !site->simulation ? ""
             : en              ? " (simulation)"
                               : "（仿真 演示）",
             when, s->rows, en ? "records" : "条");
    kt_report_head(s->pdf, line);
    return kt_report_pdf(s->pdf, out, err);
}

/* ---- GeoJSON ---- */

static int geo_head(void *arg, const char *title, const struct kt_record_column *columns,
                    uint32_t n, struct kt_err *err)
{
    struct sink *s = arg;
    (void)title;
    s->n = n;
    s->ids = KT_NEW_ARRAY(s->c->arena, const char *, n);
    for (uint32_t i = 0; i < n; i++) {
        s->ids[i] = kt_arena_strdup(s->c->arena, columns[i].title);
        if (s->geometry == UINT32_MAX && strcmp(columns[i].id, s->c->param[1]) == 0) {
            s->geometry = i;
        }
    }
    s->w = kt_jw_init(&s->line);
    kt_jw_obj(&s->w);
    kt_jw_kstr(&s->w, "type", "FeatureCollection");
    kt_jw_key(&s->w, "features");
    kt_jw_arr(&s->w);
    return kt_spool_new((uint64_t)KT_SHEET_MIB << 20, &s->json, err);
}

static int geo_row(void *arg, int64_t id, const struct kt_str *cells, uint32_t n,
                   struct kt_err *err)
{
    struct sink *s = arg;
    kt_jw_obj(&s->w);
    kt_jw_kstr(&s->w, "type", "Feature");
    kt_jw_kint(&s->w, "id", id);
    kt_jw_key(&s->w, "geometry");
    if (s->geometry < n && cells[s->geometry].n) {
        kt_jw_raw(&s->w, cells[s->geometry]);
    } else {
        kt_jw_null(&s->w);
    }
    kt_jw_key(&s->w, "properties");
    kt_jw_obj(&s->w);
    for (uint32_t i = 0; i < n; i++) {
        if (i != s->geometry) {
            kt_jw_key(&s->w, s->ids[i]);
            kt_jw_strn(&s->w, cells[i]);
        }
    }
    kt_jw_obj_end(&s->w);
    kt_jw_obj_end(&s->w);
    kt_spool_buf(s->json, &s->line);
    return go_on(s, err);
}

/* ---- GeoPackage ---- */

static enum kt_gpkg_type gpkg_type(enum kt_column_kind kind)
{
    return kind == KT_COLUMN_NUMBER ? KT_GPKG_NUMBER
           : kind == KT_COLUMN_DATE ? KT_GPKG_DATE
                                    : KT_GPKG_TEXT;
}

/* Columns by their ids, which are names in SQL as they are; the two of a text in two languages end
 * with it. */
static int gpkg_head(void *arg, const char *title, const struct kt_record_column *columns,
                     uint32_t n, struct kt_err *err)
{
    struct sink *s = arg;
    struct kt_gpkg_column *cols = KT_NEW_ARRAY(s->c->arena, struct kt_gpkg_column, n + 1);
    uint32_t kept = 0;
    s->n = n;
    for (uint32_t i = 0; i < n; i++) {
        bool twice = i > 0 && strcmp(columns[i].id, columns[i - 1].id) == 0;
        if (s->geometry == UINT32_MAX && strcmp(columns[i].id, s->c->param[1]) == 0) {
            s->geometry = i;
            continue;
        }
        const char *id = *columns[i].id == '_' ? columns[i].id + 1 : columns[i].id;
        cols[kept++] = (struct kt_gpkg_column){
            .name = kt_arena_printf(s->c->arena, "%s%s", id, twice ? "_en" : ""),
            .type = gpkg_type(columns[i].kind)};
    }
    return kt_gpkg_new(s->c->param[0], title, s->c->site->crs_epsg, cols, kept, &s->gpkg, err);
}

static int gpkg_row(void *arg, int64_t id, const struct kt_str *cells, uint32_t n,
                    struct kt_err *err)
{
    struct sink *s = arg;
    struct kt_str kept[256];
    uint32_t k = 0;
    for (uint32_t i = 0; i < n && k < KT_ARRAY_LEN(kept); i++) {
        if (i != s->geometry) {
            kept[k++] = cells[i];
        }
    }
    struct kt_str shape = s->geometry < n ? cells[s->geometry] : (struct kt_str){"", 0};
    int r = kt_gpkg_row(s->gpkg, id, shape, kept, err);
    return r < 0 ? r : go_on(s, err);
}

/* ---- answering ---- */

struct format {
    const char *name, *type;
    int (*head)(void *arg, const char *title, const struct kt_record_column *columns, uint32_t n,
                struct kt_err *err);
    int (*row)(void *arg, int64_t id, const struct kt_str *cells, uint32_t n, struct kt_err *err);
};
static const struct format formats[] = {
    {"csv", "text/csv; charset=utf-8", sheet_head, sheet_row},
    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", sheet_head,
     sheet_row},
    {"pdf", "application/pdf", pdf_head, pdf_row},
    {"geojson", "application/geo+json", geo_head, geo_row},
    {"gpkg", "application/geopackage+sqlite3", gpkg_head, gpkg_row},
};

static const struct format *format_of(struct call *c, size_t among)
{
    const char *name = kt_http_query(c->req, "format");
    for (size_t i = 0; i < among; i++) {
        if (strcmp(name && *name ? name : "csv", formats[i].name) == 0) {
            return &formats[i];
        }
    }
    reply_code(c->req, KT_EINVAL,
               among > 2 ? "format is csv, xlsx, pdf, geojson or gpkg" : "format is csv or xlsx");
    return NULL;
}

static int finish(struct sink *s, struct made *m, struct kt_err *err)
{
    int r;
    if (s->sheet) {
        r = kt_sheet_end(s->sheet, &m->fd, &m->size, err);
        s->sheet = NULL;
    } else if (s->gpkg) {
        r = kt_gpkg_end(s->gpkg, (uint64_t)KT_SHEET_MIB << 20, &m->fd, &m->size, err);
        s->gpkg = NULL;
    } else if (s->pdf) {
        r = pdf_end(s, &m->pdf, err);
    } else {
        kt_jw_arr_end(&s->w);
        kt_jw_obj_end(&s->w);
        kt_spool_buf(s->json, &s->line);
        r = kt_spool_end(s->json, &m->fd, &m->size, err);
        s->json = NULL;
    }
    return r;
}

static void answer(struct call *c, const struct format *f, const char *what, struct made *m)
{
    char name[160];
    snprintf(name, sizeof(name), "attachment; filename=\"%.40s-%s.%s\"", c->param[0], what,
             f->name);
    kt_http_set_header(c->req, "Content-Disposition", name);
    if (m->fd >= 0) {
        kt_http_reply_file(c->req, 200, f->type, m->fd, m->size);
    } else {
        kt_http_reply_take(c->req, 200, f->type, &m->pdf);
    }
}

static void hand_out(struct call *c, const struct format *f, const struct kt_record_query *q,
                     bool form)
{
    struct sink s = {.c = c, .xlsx = strcmp(f->name, "xlsx") == 0, .geometry = UINT32_MAX};
    struct kt_record_table t = {.columns = form ? NULL : kt_http_query(c->req, "columns"),
                                .english = in_english(c),
                                .form = form,
                                .head = f->head,
                                .row = f->row,
                                .arg = &s};
    struct kt_room *room = room_of(c);
    struct kt_reader who = f->head == pdf_head ? printing_reader(c) : reader_of(c);
    struct kt_err err = {0};
    struct made m = {.fd = -1};
    if (!room) {
        return;
    }
    kt_buf_init(&s.line, 64 << 20);
    kt_buf_init(&m.pdf, PDF_MAX);
    int r = kt_room_table(room, &who, c->param[0], q, &t, &err);
    r = r == KT_OK ? finish(&s, &m, &err) : r;
    kt_sheet_free(s.sheet);
    kt_gpkg_free(s.gpkg);
    kt_report_free(s.pdf);
    kt_spool_free(s.json);
    kt_buf_done(&s.line);
    if (r < 0) {
        reply_err(c->req, &err);
    } else {
        answer(c, f, form ? "template" : "export", &m);
    }
    kt_buf_done(&m.pdf);
}

/* Of GeoJSON the geometry's field goes where a second parameter of the path would stand. */
static bool find_geometry(struct call *c)
{
    struct kt_json *all = NULL;
    const struct kt_json *reg = register_of(c, c->param[0], &all);
    const char *id = kt_json_get_str(kt_json_get(reg, "map"), "geometry",
                                     kt_json_get_str(reg, "geometry", NULL));
    if (reg && !id) {
        reply_code(c->req, KT_EINVAL, "records of %.40s have no place on a map", c->param[0]);
    }
    c->param[1] = reg && id ? kt_arena_strdup(c->arena, id) : NULL;
    kt_json_free(all);
    return c->param[1] != NULL;
}

void get_record_export(struct call *c)
{
    const struct format *f = format_of(c, KT_ARRAY_LEN(formats));
    struct kt_record_query q;
    struct kt_json *filter = NULL;
    bool geo = f && (f->head == geo_head || f->head == gpkg_head);
    if (f && list_query(c, &q, &filter) && (!geo || find_geometry(c))) {
        hand_out(c, f, &q, false);
    }
    kt_json_free(filter);
}

void get_record_template(struct call *c)
{
    const struct format *f = format_of(c, 2);
    struct kt_record_query q = {0};
    if (f) {
        hand_out(c, f, &q, true);
    }
}
