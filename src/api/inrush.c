/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /water/inrush: the water-inrush coefficient of the boreholes of a moment, as points, with
 * lines of equal coefficient between them. The register's own figures; lines are drawn within the
 * span of the boreholes alone, and say that they are interpolated.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/records.h"
#include "domain/land/between.h"
#include "domain/land/contour.h"
#include "geo/gpkg_write.h"

enum { HOLES_MAX = 1000, TEXT_MAX = 64 << 20, SIDE = 120, LEAST = 3 };

/* MPa/m, beside the limits of the register. */
static const double levels[] = {0.02, 0.04, 0.08, 0.15, 0.2};

struct inrush {
    struct call *c;
    struct kt_json *page, *registers;
    const struct kt_json *limits; /* of the field coefficient, in registers */
    struct kt_xy at[HOLES_MAX];
    double value[HOLES_MAX];
    const struct kt_json *hole[HOLES_MAX];
    uint32_t n, unknown; /* unknown: without a place or a coefficient */
    struct kt_xy origin;
    double step; /* 0: too few to draw lines between */
    uint32_t nx, ny;
    double *grid;
    /* what is written to */
    struct kt_jw *w;
    struct kt_gpkg *gpkg;
    int64_t rows;
    double level;
    const char *line; /* verdict of the lines that are drawn now */
    int failed;
    struct kt_err err;
};

static bool spot_of(const struct kt_json *fields, struct kt_xy *ret)
{
    const struct kt_json *p = kt_json_get(kt_json_get(fields, "spot"), "coordinates");
    return kt_json_num(kt_json_at(p, 0), &ret->x) && kt_json_num(kt_json_at(p, 1), &ret->y);
}

/* What the coefficient is judged by; false when answered. */
static bool take_limits(struct inrush *s)
{
    const struct kt_json *reg = register_of(s->c, "water_borehole", &s->registers);
    const struct kt_json *fields = kt_json_get(reg, "fields");
    for (size_t i = 0; i < kt_json_len(fields); i++) {
        const struct kt_json *f = kt_json_at(fields, i);
        if (strcmp(kt_json_get_str(f, "id", ""), "coefficient") == 0) {
            s->limits = kt_json_get(f, "limits");
        }
    }
    return reg != NULL;
}

static int take(struct inrush *s, kt_time at)
{
    struct kt_room *room = kt_runtime_room(s->c->api->opts.runtime);
    struct kt_reader who = reader_of(s->c);
    const struct kt_record_query q = {.sort = "_id", .limit = HOLES_MAX, .at = at};
    int r = list_json(room, &who, "water_borehole", &q, &s->page, &s->err);
    const struct kt_json *items = kt_json_get(s->page, "items");
    for (size_t i = 0; r == KT_OK && i < kt_json_len(items); i++) {
        const struct kt_json *f = kt_json_get(kt_json_at(items, i), "fields");
        bool known =
            spot_of(f, &s->at[s->n]) && kt_json_num(kt_json_get(f, "coefficient"), &s->value[s->n]);
        s->hole[s->n] = kt_json_at(items, i);
        s->n += known;
        s->unknown += !known;
    }
    return r;
}

static void spread(struct inrush *s)
{
    struct kt_xy lo = s->at[0], hi = lo;
    for (uint32_t i = 1; i < s->n; i++) {
        lo = (struct kt_xy){fmin(lo.x, s->at[i].x), fmin(lo.y, s->at[i].y)};
        hi = (struct kt_xy){fmax(hi.x, s->at[i].x), fmax(hi.y, s->at[i].y)};
    }
    double w = hi.x - lo.x, h = hi.y - lo.y;
    s->step = fmax(w, h) / SIDE;
    if (s->n < LEAST || !(s->step > 0)) {
        s->step = 0;
        return;
    }
    s->origin = lo;
    s->nx = (uint32_t)(w / s->step) + 2;
    s->ny = (uint32_t)(h / s->step) + 2;
    s->grid = malloc((size_t)s->nx * s->ny * sizeof(double));
    KT_ASSERT(s->grid);
    for (uint32_t k = 0; k < s->nx * s->ny; k++) {
        struct kt_xy p = {lo.x + s->step * (k % s->nx), lo.y + s->step * (k / s->nx)};
        s->grid[k] = kt_between(s->at, s->value, s->n, p);
    }
}

/* ---- features ---- */

static void put_row(struct inrush *s, const char *kind, const char *no, double value,
                    const char *verdict, struct kt_str shape)
{
    char text[32];
    snprintf(text, sizeof(text), "%.4f", value);
    const struct kt_str cells[] = {kt_str_c(kind), kt_str_c(no), kt_str_c(text), kt_str_c(verdict)};
    if (s->failed == KT_OK) {
        s->failed = kt_gpkg_row(s->gpkg, ++s->rows, shape, cells, &s->err);
    }
}

static void put_feature(struct inrush *s, const char *kind, const char *no, double value,
                        const char *verdict, struct kt_str shape)
{
    struct kt_jw *w = s->w;
    if (s->gpkg) {
        put_row(s, kind, no, value, verdict, shape);
        return;
    }
    kt_jw_obj(w);
    kt_jw_kstr(w, "type", "Feature");
    kt_jw_key(w, "properties");
    kt_jw_obj(w);
    kt_jw_kstr(w, "kind", kind);
    kt_jw_kstr(w, "no", no);
    kt_jw_knum(w, "coefficient", value);
    kt_jw_kstr(w, "verdict", verdict);
    kt_jw_obj_end(w);
    kt_jw_key(w, "geometry");
    kt_jw_raw(w, shape);
    kt_jw_obj_end(w);
}

static void on_line(void *arg, const struct kt_xy *line, uint32_t n, bool closed)
{
    struct inrush *s = arg;
    struct kt_buf shape;
    (void)closed;
    kt_buf_init(&shape, 16 << 20);
    kt_buf_puts(&shape, "{\"type\":\"LineString\",\"coordinates\":[");
    for (uint32_t i = 0; i < n; i++) {
        kt_buf_printf(&shape, "%s[%.2f,%.2f]", i ? "," : "", line[i].x, line[i].y);
    }
    kt_buf_puts(&shape, "]}");
    put_feature(s, "line", "", s->level, s->line, (struct kt_str){shape.p, shape.n});
    kt_buf_done(&shape);
}

static double limit_value(const struct inrush *s, size_t i)
{
    return kt_json_get_num(kt_json_at(s->limits, i), "value", 0);
}

static int put_line(struct inrush *s, double level, const char *verdict)
{
    s->level = level;
    s->line = verdict;
    int r = s->grid
                ? kt_contour(s->grid, s->nx, s->ny, s->origin, s->step, level, on_line, s, &s->err)
                : KT_OK;
    return r < 0 ? r : s->failed;
}

/* Those of the limits say so. */
static int put_lines(struct inrush *s)
{
    int r = KT_OK;
    size_t n = kt_json_len(s->limits);
    for (size_t i = 0; r == KT_OK && i < n; i++) {
        r = put_line(s, limit_value(s, i), "limit");
    }
    for (size_t i = 0; r == KT_OK && i < KT_ARRAY_LEN(levels); i++) {
        bool limit = false;
        for (size_t k = 0; k < n; k++) {
            limit = limit || limit_value(s, k) == levels[i];
        }
        r = limit ? KT_OK : put_line(s, levels[i], "interpolated");
    }
    return r;
}

static int put_features(struct inrush *s)
{
    for (uint32_t i = 0; i < s->n; i++) {
        const struct kt_json *f = kt_json_get(s->hole[i], "fields");
        char shape[100];
        snprintf(shape, sizeof(shape), "{\"type\":\"Point\",\"coordinates\":[%.3f,%.3f]}",
                 s->at[i].x, s->at[i].y);
        put_feature(s, "hole", kt_json_get_str(s->hole[i], "key", ""), s->value[i],
                    kt_json_get_str(f, "verdict", "unknown"), kt_str_c(shape));
    }
    return s->failed < 0 ? s->failed : put_lines(s);
}

static void answer_json(struct inrush *s)
{
    struct kt_buf out;
    kt_buf_init(&out, TEXT_MAX);
    struct kt_jw w = kt_jw_init(&out);
    s->w = &w;
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "type", "FeatureCollection");
    kt_jw_kstr(&w, "unit", "MPa/m");
    kt_jw_kint(&w, "unknown", s->unknown);
    kt_jw_key(&w, "limits");
    if (s->limits) {
        kt_json_write(s->limits, &w);
    } else {
        kt_jw_arr(&w);
        kt_jw_arr_end(&w);
    }
    kt_jw_key(&w, "features");
    kt_jw_arr(&w);
    int r = put_features(s);
    kt_jw_arr_end(&w);
    kt_jw_obj_end(&w);
    if (r < 0) {
        kt_buf_done(&out);
        reply_err(s->c->req, &s->err);
    } else {
        reply_buf(s->c, 200, &out);
    }
}

static void answer_gpkg(struct inrush *s)
{
    static const struct kt_gpkg_column columns[] = {{"kind", "", KT_GPKG_TEXT},
                                                    {"no", "", KT_GPKG_TEXT},
                                                    {"coefficient", "MPa/m", KT_GPKG_NUMBER},
                                                    {"verdict", "", KT_GPKG_TEXT}};
    uint64_t size = 0;
    int fd = -1;
    int r = kt_gpkg_new("inrush", "突水系数", s->c->site->crs_epsg, columns, KT_ARRAY_LEN(columns),
                        &s->gpkg, &s->err);
    if (r == KT_OK && (r = put_features(s)) < 0) {
        kt_gpkg_free(s->gpkg);
    } else if (r == KT_OK) {
        r = kt_gpkg_end(s->gpkg, TEXT_MAX, &fd, &size, &s->err);
    }
    if (r < 0) {
        reply_err(s->c->req, &s->err);
        return;
    }
    kt_http_set_header(s->c->req, "Content-Disposition", "attachment; filename=\"inrush.gpkg\"");
    kt_http_reply_file(s->c->req, 200, "application/geopackage+sqlite3", fd, size);
}

void get_inrush(struct call *c)
{
    const char *format = kt_http_query(c->req, "format");
    bool gpkg = format && strcmp(format, "gpkg") == 0;
    kt_time at;
    if (format && !gpkg && strcmp(format, "json") != 0) {
        reply_code(c->req, KT_EINVAL, "format is json or gpkg");
        return;
    }
    if (!query_time(c, "at", 0, &at)) {
        return;
    }
    struct inrush *s = calloc(1, sizeof(*s));
    KT_ASSERT(s);
    s->c = c;
    if (take_limits(s)) {
        if (take(s, at) < 0) {
            reply_err(c->req, &s->err);
        } else {
            spread(s);
            (gpkg ? answer_gpkg : answer_json)(s);
        }
    }
    free(s->grid);
    kt_json_free(s->page);
    kt_json_free(s->registers);
    free(s);
}
