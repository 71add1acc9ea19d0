/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the ground will move above a face that a record describes: lines of equal sink, tilt,
 * curvature, shift or strain, with its backfill and without. What the record does not say is not
 * assumed: the answer names it.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/records.h"
#include "domain/land/contour.h"
#include "geo/gpkg_write.h"

enum { PLACES_MAX = 250000, LEVELS = 13, MISSING_MAX = 300 };

enum quantity { SINK, TILT, CURVATURE, HORIZONTAL, STRAIN, QUANTITIES };
static const char *const quantity_ids[QUANTITIES] = {"sink", "tilt", "curvature", "horizontal",
                                                     "strain"};
static const char *const units[QUANTITIES] = {"mm", "mm/m", "mm/m2", "mm", "mm/m"};
/* A basin ends at 10 mm; grades of buildings: tilt 3, 6, 10, curvature 0.2, 0.4, 0.6, strain 2,
 * 4, 6. */
static const double level[QUANTITIES][LEVELS] = {
    {10, 50, 100, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 5000, 8000},
    {1, 3, 6, 10, 20, 40, 80},
    {0.05, 0.2, 0.4, 0.6, 1, 2, 4},
    {10, 50, 100, 200, 300, 500, 750, 1000, 1500, 2000, 3000},
    {1, 2, 4, 6, 10, 20, 40},
};

/* The ground above one face for a greatest sink of 1 m. */
struct basin {
    struct kt_subside *face;
    struct kt_xy ring[KT_SUBSIDE_MAX_VERTICES];
    uint32_t ring_n, nx, ny;
    struct kt_xy origin;
    double step, *high, *low; /* low: of what stretches and presses; NULL else */
    bool filled;
    char missing[MISSING_MAX];
};

/* ---- the record ---- */

static bool number(struct basin *b, const struct kt_json *fields, const char *id, bool must,
                   double *ret)
{
    if (kt_json_num(kt_json_get(fields, id), ret)) {
        return true;
    }
    size_t n = strlen(b->missing);
    if (must) {
        snprintf(b->missing + n, sizeof(b->missing) - n, "%s%s", n ? ", " : "", id);
    }
    return false;
}

static bool read_ring(struct basin *b, const struct kt_json *shape)
{
    const struct kt_json *ring = kt_json_at(kt_json_get(shape, "coordinates"), 0);
    size_t n = kt_json_len(ring);
    if (strcmp(kt_json_get_str(shape, "type", ""), "Polygon") != 0 || n < 4 ||
        n - 1 > KT_SUBSIDE_MAX_VERTICES) {
        return false;
    }
    for (size_t i = 0; i + 1 < n; i++) {
        const struct kt_json *p = kt_json_at(ring, i);
        if (!kt_json_num(kt_json_at(p, 0), &b->ring[i].x) ||
            !kt_json_num(kt_json_at(p, 1), &b->ring[i].y)) {
            return false;
        }
    }
    b->ring_n = (uint32_t)(n - 1);
    return true;
}

static int read_face(struct basin *b, const struct kt_json *fields, struct kt_err *err)
{
    struct kt_subside_face f = {.ring = b->ring};
    struct kt_json_iter it = {0};
    while (!b->ring_n && kt_json_next(fields, &it)) {
        (void)read_ring(b, it.value);
    }
    number(b, fields, "depth", true, &f.depth_m);
    number(b, fields, "thickness", true, &f.thickness_m);
    number(b, fields, "q", true, &f.q);
    number(b, fields, "tan_beta", true, &f.tan_beta);
    number(b, fields, "b", true, &f.b);
    number(b, fields, "offset", true, &f.offset_m);
    number(b, fields, "dip", false, &f.dip_deg);
    number(b, fields, "dip_to", false, &f.dip_to_deg);
    if (b->missing[0] || !b->ring_n) {
        return kt_err_set(err, KT_EINVAL, "not known of this face: %s%s%s",
                          b->ring_n ? "" : "its outline (a polygon)",
                          b->ring_n || !b->missing[0] ? "" : ", ", b->missing);
    }
    bool given[3] = {number(b, fields, "convergence", false, &f.fill.convergence_m),
                     number(b, fields, "gap", false, &f.fill.gap_m),
                     number(b, fields, "compression", false, &f.fill.compression)};
    b->filled = f.fill.given = given[0] && given[1] && given[2];
    f.n = b->ring_n;
    return kt_subside_new(&f, &b->face, err);
}

/* ---- the grid ---- */

static void spread(struct basin *b)
{
    uint32_t n;
    const struct kt_xy *o = kt_subside_outline(b->face, &n);
    double x0 = o[0].x, x1 = x0, y0 = o[0].y, y1 = y0, r = 1.6 * kt_subside_radius(b->face);
    for (uint32_t i = 1; i < n; i++) {
        x0 = fmin(x0, o[i].x);
        x1 = fmax(x1, o[i].x);
        y0 = fmin(y0, o[i].y);
        y1 = fmax(y1, o[i].y);
    }
    double w = x1 - x0 + 2 * r, h = y1 - y0 + 2 * r;
    b->step = fmax(fmin(10, r / 24), sqrt(w * h / (PLACES_MAX / 4.0)));
    b->nx = (uint32_t)ceil(w / b->step) + 1;
    b->ny = (uint32_t)ceil(h / b->step) + 1;
    b->origin = (struct kt_xy){x0 - r, y0 - r};
}

static void value_of(const struct kt_subside_at *at, enum quantity q, double *high, double *low)
{
    struct kt_principal p = q == CURVATURE ? kt_principal(at->kxx, at->kxy, at->kyy)
                                           : kt_principal(at->exx, at->exy, at->eyy);
    switch (q) {
    case SINK:
        *high = at->w_m;
        break;
    case TILT:
        *high = hypot(at->ix, at->iy);
        break;
    case HORIZONTAL:
        *high = hypot(at->ux_m, at->uy_m);
        break;
    default:
        *high = p.high;
        *low = p.low;
    }
}

static void fill_grid(struct basin *b, enum quantity q)
{
    size_t n = (size_t)b->nx * b->ny;
    double spare;
    b->high = malloc(n * sizeof(double));
    b->low = q == CURVATURE || q == STRAIN ? malloc(n * sizeof(double)) : NULL;
    KT_ASSERT(b->high);
    for (uint32_t k = 0; k < n; k++) {
        struct kt_xy p = {b->origin.x + b->step * (k % b->nx), b->origin.y + b->step * (k / b->nx)};
        struct kt_subside_at at = {0};
        kt_subside_add(b->face, p, 1, &at);
        value_of(&at, q, &b->high[k], b->low ? &b->low[k] : &spare);
    }
}

/* ---- the answer ---- */

/* Lines of one level, on their way out. */
struct drawing {
    const struct basin *b;
    struct kt_jw *w;    /* GeoJSON, or */
    struct kt_buf *dxf; /* DXF, or */
    struct kt_gpkg *gpkg;
    int64_t rows; /* of the GeoPackage */
    int failed;   /* its first failure, with */
    struct kt_err *err;
    enum quantity q;
    double level;
    bool filled;
};

static double round_cm(double v)
{
    return round(v * 100) / 100;
}

static void json_line(void *arg, const struct kt_xy *line, uint32_t n, bool closed)
{
    struct drawing *d = arg;
    (void)closed;
    kt_jw_obj(d->w);
    kt_jw_kstr(d->w, "type", "Feature");
    kt_jw_key(d->w, "properties");
    kt_jw_obj(d->w);
    kt_jw_knum(d->w, "level", d->level);
    kt_jw_kbool(d->w, "filled", d->filled);
    kt_jw_obj_end(d->w);
    kt_jw_key(d->w, "geometry");
    kt_jw_obj(d->w);
    kt_jw_kstr(d->w, "type", "LineString");
    kt_jw_key(d->w, "coordinates");
    kt_jw_arr(d->w);
    for (uint32_t i = 0; i < n; i++) {
        kt_jw_arr(d->w);
        kt_jw_num(d->w, round_cm(line[i].x));
        kt_jw_num(d->w, round_cm(line[i].y));
        kt_jw_arr_end(d->w);
    }
    kt_jw_arr_end(d->w);
    kt_jw_obj_end(d->w);
    kt_jw_obj_end(d->w);
}

/* DXF of the twelfth release, which every drawing program reads. */
static void dxf_line(void *arg, const struct kt_xy *line, uint32_t n, bool closed)
{
    struct drawing *d = arg;
    char layer[60];
    (void)closed;
    snprintf(layer, sizeof(layer), "%s_%s_%g", quantity_ids[d->q], d->filled ? "FILLED" : "BARE",
             d->level);
    kt_buf_printf(d->dxf, "0\nPOLYLINE\n8\n%s\n66\n1\n70\n0\n", layer);
    for (uint32_t i = 0; i < n; i++) {
        kt_buf_printf(d->dxf, "0\nVERTEX\n8\n%s\n10\n%.3f\n20\n%.3f\n30\n0\n", layer, line[i].x,
                      line[i].y);
    }
    kt_buf_puts(d->dxf, "0\nSEQEND\n");
}

static void gpkg_line(void *arg, const struct kt_xy *line, uint32_t n, bool closed)
{
    struct drawing *d = arg;
    struct kt_buf shape;
    char value[32];
    (void)closed;
    if (d->failed < 0) {
        return;
    }
    kt_buf_init(&shape, 16 << 20);
    kt_buf_puts(&shape, "{\"type\":\"LineString\",\"coordinates\":[");
    for (uint32_t i = 0; i < n; i++) {
        kt_buf_printf(&shape, "%s[%.2f,%.2f]", i ? "," : "", line[i].x, line[i].y);
    }
    kt_buf_puts(&shape, "]}");
    snprintf(value, sizeof(value), "%g", d->level);
    const struct kt_str cells[] = {kt_str_c(quantity_ids[d->q]), kt_str_c(value),
                                   kt_str_c(units[d->q]), kt_str_c(d->filled ? "1" : "0")};
    d->failed = kt_gpkg_row(d->gpkg, ++d->rows, (struct kt_str){shape.p, shape.n}, cells, d->err);
    kt_buf_done(&shape);
}

/* All levels for this greatest sink in metres; values are those of 1 m. */
static int draw(struct drawing *d, double w0_m, struct kt_err *err)
{
    kt_contour_fn fn = d->gpkg ? gpkg_line : d->dxf ? dxf_line : json_line;
    const struct basin *b = d->b;
    int r = KT_OK;
    for (int i = 0; r == KT_OK && i < LEVELS && level[d->q][i] > 0 && w0_m > 0; i++) {
        double at = level[d->q][i] * 1e-3 / w0_m;
        d->level = level[d->q][i];
        r = kt_contour(b->high, b->nx, b->ny, b->origin, b->step, at, fn, d, err);
        if (r == KT_OK && b->low) {
            d->level = -level[d->q][i];
            r = kt_contour(b->low, b->nx, b->ny, b->origin, b->step, -at, fn, d, err);
        }
    }
    return r;
}

static void put_greatest(const struct basin *b, const char *key, double w0_m, struct kt_jw *w)
{
    double high = -INFINITY, low = INFINITY;
    size_t n = (size_t)b->nx * b->ny;
    for (size_t k = 0; k < n; k++) {
        high = fmax(high, b->high[k]);
        low = b->low ? fmin(low, b->low[k]) : low;
    }
    kt_jw_key(w, key);
    kt_jw_obj(w);
    kt_jw_knum(w, "high", high * w0_m * 1e3);
    if (b->low) {
        kt_jw_knum(w, "low", low * w0_m * 1e3);
    }
    kt_jw_obj_end(w);
}

static int write_json(const struct basin *b, enum quantity q, struct kt_buf *out,
                      struct kt_err *err)
{
    struct kt_jw w = kt_jw_init(out);
    struct drawing d = {.b = b, .w = &w, .q = q};
    double bare = kt_subside_unfilled(b->face), filled = kt_subside_greatest(b->face);
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "type", "FeatureCollection");
    kt_jw_kstr(&w, "quantity", quantity_ids[q]);
    kt_jw_kstr(&w, "unit", units[q]);
    kt_jw_kbool(&w, "filled", b->filled);
    kt_jw_knum(&w, "w0_mm", bare * 1e3);
    kt_jw_knum(&w, "r_m", kt_subside_radius(b->face));
    put_greatest(b, "greatest", bare, &w);
    if (b->filled) {
        put_greatest(b, "greatest_filled", filled, &w);
    }
    kt_jw_key(&w, "features");
    kt_jw_arr(&w);
    int r = draw(&d, bare, err);
    if (r == KT_OK && b->filled) {
        d.filled = true;
        r = draw(&d, filled, err);
    }
    kt_jw_arr_end(&w);
    kt_jw_obj_end(&w);
    return r;
}

static int write_dxf(const struct basin *b, enum quantity q, struct kt_buf *out, struct kt_err *err)
{
    struct drawing d = {.b = b, .dxf = out, .q = q};
    kt_buf_puts(out, "0\nSECTION\n2\nENTITIES\n");
    int r = draw(&d, kt_subside_unfilled(b->face), err);
    if (r == KT_OK && b->filled) {
        d.filled = true;
        r = draw(&d, kt_subside_greatest(b->face), err);
    }
    kt_buf_puts(out, "0\nENDSEC\n0\nEOF\n");
    return r;
}

/* The layer `subsidence`: quantity, level with its unit, with backfill or without. */
static int write_gpkg(const struct basin *b, enum quantity q, int epsg, int *ret_fd,
                      uint64_t *ret_size, struct kt_err *err)
{
    static const struct kt_gpkg_column columns[] = {{"quantity", "", KT_GPKG_TEXT},
                                                    {"level", "", KT_GPKG_NUMBER},
                                                    {"unit", "", KT_GPKG_TEXT},
                                                    {"filled", "", KT_GPKG_NUMBER}};
    struct kt_err first = {0};
    struct drawing d = {.b = b, .q = q, .err = &first};
    int r = kt_gpkg_new("subsidence", "地表移动变形等值线", epsg, columns, KT_ARRAY_LEN(columns),
                        &d.gpkg, err);
    if (r < 0) {
        return r;
    }
    r = draw(&d, kt_subside_unfilled(b->face), err);
    if (r == KT_OK && b->filled) {
        d.filled = true;
        r = draw(&d, kt_subside_greatest(b->face), err);
    }
    if (r == KT_OK && d.failed < 0) {
        *err = first;
        r = d.failed;
    }
    if (r < 0) {
        kt_gpkg_free(d.gpkg);
        return r;
    }
    return kt_gpkg_end(d.gpkg, 64 << 20, ret_fd, ret_size, err);
}

static void done(struct basin *b)
{
    kt_subside_free(b->face);
    free(b->high);
    free(b->low);
    free(b);
}

enum form { JSON, DXF, GPKG, FORMS };
static const char *const form_ids[FORMS] = {"json", "dxf", "gpkg"};

static void name_file(struct call *c, enum quantity q, enum form form)
{
    kt_http_set_header(c->req, "Content-Disposition",
                       kt_arena_printf(c->arena, "attachment; filename=\"%s.%s\"", quantity_ids[q],
                                       form_ids[form]));
}

static void answer_gpkg(struct call *c, const struct basin *b, enum quantity q)
{
    struct kt_err err = {0};
    uint64_t size;
    int fd, r = write_gpkg(b, q, c->site->crs_epsg, &fd, &size, &err);
    if (r < 0) {
        reply_err(c->req, &err);
        return;
    }
    name_file(c, q, GPKG);
    kt_http_reply_file(c->req, 200, "application/geopackage+sqlite3", fd, size);
}

static void answer(struct call *c, struct basin *b, enum quantity q, enum form form)
{
    struct kt_buf out;
    struct kt_err err = {0};
    spread(b);
    fill_grid(b, q);
    if (form == GPKG) {
        answer_gpkg(c, b, q);
        return;
    }
    kt_buf_init(&out, 64 << 20);
    int r = (form == DXF ? write_dxf : write_json)(b, q, &out, &err);
    if (r < 0) {
        kt_buf_done(&out);
        reply_err(c->req, &err);
    } else if (form == DXF) {
        name_file(c, q, DXF);
        kt_http_reply_take(c->req, 200, "image/vnd.dxf", &out);
    } else {
        reply_buf(c, 200, &out);
    }
}

static int word_of(const char *id, const char *const *words, int n)
{
    for (int i = 0; i < n; i++) {
        if (!id || strcmp(id, words[i]) == 0) {
            return i;
        }
    }
    return -1;
}

static bool which(struct call *c, enum quantity *ret, enum form *ret_form)
{
    int q = word_of(kt_http_query(c->req, "quantity"), quantity_ids, QUANTITIES);
    int form = word_of(kt_http_query(c->req, "format"), form_ids, FORMS);
    if (q < 0 || form < 0) {
        reply_code(c->req, KT_EINVAL,
                   q < 0 ? "quantity is sink, tilt, curvature, horizontal or strain"
                         : "format is json, dxf or gpkg");
        return false;
    }
    *ret = (enum quantity)q;
    *ret_form = (enum form)form;
    return true;
}

void get_subsidence(struct call *c)
{
    struct kt_room *room = room_of(c);
    struct kt_reader who = reader_of(c);
    struct kt_json *rec = NULL;
    struct kt_err err = {0};
    struct kt_buf b;
    enum quantity q;
    enum form form;
    int64_t id;
    if (!room || !path_id(c, 1, &id) || !which(c, &q, &form)) {
        return;
    }
    struct basin *basin = calloc(1, sizeof(*basin));
    KT_ASSERT(basin);
    kt_buf_init(&b, 64 << 20);
    int r = kt_room_get(room, &who, c->param[0], id, 0, 0, &b, &err);
    r = r == KT_OK ? kt_json_parse((struct kt_str){b.p, b.n}, 64 << 20, &rec, &err) : r;
    r = r == KT_OK ? read_face(basin, kt_json_get(rec, "fields"), &err) : r;
    kt_buf_done(&b);
    kt_json_free(rec);
    if (r < 0) {
        reply_err(c->req, &err);
    } else {
        answer(c, basin, q, form);
    }
    done(basin);
}
