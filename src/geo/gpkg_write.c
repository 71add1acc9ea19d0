/* SPDX-License-Identifier: Apache-2.0 */
#include "geo/gpkg_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/json.h"
#include "conf/number.h"
#include "store/store.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/spool.h"

enum { DEPTH_MAX = 4, GEOJSON_MAX = 64 << 20, COLUMNS_MAX = 256 };

struct kt_gpkg {
    char dir[256], path[300];
    struct kt_store *store;
    struct kt_db *db;
    struct kt_stmt *insert;
    enum kt_gpkg_type types[COLUMNS_MAX];
    uint32_t n;
    int srs;
    struct kt_buf blob;
};

/* ---- GeoJSON to well-known binary ------------------------------------------------------------ */

struct shape {
    const char *name;
    uint32_t wkb, part; /* part: of what a multiple one consists; 0: of positions */
};
static const struct shape shapes[] = {{"Point", 1, 0},
                                      {"LineString", 2, 0},
                                      {"Polygon", 3, 0},
                                      {"MultiPoint", 4, 1},
                                      {"MultiLineString", 5, 2},
                                      {"MultiPolygon", 6, 3},
                                      {"GeometryCollection", 7, 0}};

static int put_geometry(const struct kt_json *v, int depth, struct kt_buf *out);

static bool put_position(const struct kt_json *p, struct kt_buf *out)
{
    double x, y;
    if (!kt_json_num(kt_json_at(p, 0), &x) || !kt_json_num(kt_json_at(p, 1), &y)) {
        return false;
    }
    kt_put_f64(out, x);
    kt_put_f64(out, y);
    return true;
}

static bool put_line(const struct kt_json *line, struct kt_buf *out)
{
    bool ok = kt_json_kind(line) == KT_JSON_ARRAY;
    kt_put_u32(out, (uint32_t)kt_json_len(line));
    for (size_t i = 0; ok && i < kt_json_len(line); i++) {
        ok = put_position(kt_json_at(line, i), out);
    }
    return ok;
}

static bool put_rings(const struct kt_json *rings, struct kt_buf *out)
{
    bool ok = kt_json_kind(rings) == KT_JSON_ARRAY;
    kt_put_u32(out, (uint32_t)kt_json_len(rings));
    for (size_t i = 0; ok && i < kt_json_len(rings); i++) {
        ok = put_line(kt_json_at(rings, i), out);
    }
    return ok;
}

static bool put_plain(uint32_t wkb, const struct kt_json *coordinates, struct kt_buf *out)
{
    kt_put_u8(out, 1); /* little endian */
    kt_put_u32(out, wkb);
    return wkb == 1   ? put_position(coordinates, out)
           : wkb == 2 ? put_line(coordinates, out)
                      : put_rings(coordinates, out);
}

static bool put_parts(const struct shape *s, const struct kt_json *coordinates, struct kt_buf *out)
{
    bool ok = kt_json_kind(coordinates) == KT_JSON_ARRAY;
    kt_put_u8(out, 1);
    kt_put_u32(out, s->wkb);
    kt_put_u32(out, (uint32_t)kt_json_len(coordinates));
    for (size_t i = 0; ok && i < kt_json_len(coordinates); i++) {
        ok = put_plain(s->part, kt_json_at(coordinates, i), out);
    }
    return ok;
}

static bool put_collection(const struct kt_json *list, int depth, struct kt_buf *out)
{
    bool ok = kt_json_kind(list) == KT_JSON_ARRAY && depth < DEPTH_MAX;
    kt_put_u8(out, 1);
    kt_put_u32(out, 7);
    kt_put_u32(out, (uint32_t)kt_json_len(list));
    for (size_t i = 0; ok && i < kt_json_len(list); i++) {
        ok = put_geometry(kt_json_at(list, i), depth + 1, out) == KT_OK;
    }
    return ok;
}

static int put_geometry(const struct kt_json *v, int depth, struct kt_buf *out)
{
    const char *type = kt_json_get_str(v, "type", "");
    const struct kt_json *c = kt_json_get(v, "coordinates");
    bool ok = false;
    for (size_t i = 0; i < KT_ARRAY_LEN(shapes); i++) {
        const struct shape *s = &shapes[i];
        if (strcmp(s->name, type) == 0) {
            ok = s->wkb == 7 ? put_collection(kt_json_get(v, "geometries"), depth, out)
                 : s->part   ? put_parts(s, c, out)
                             : put_plain(s->wkb, c, out);
        }
    }
    return ok ? KT_OK : KT_EINVAL;
}

int kt_gpkg_blob(struct kt_str geojson, int srs, struct kt_buf *out, struct kt_err *err)
{
    struct kt_json *v = NULL;
    size_t before = out->n;
    int r = kt_json_parse(geojson, GEOJSON_MAX, &v, err);
    if (r == KT_OK) {
        kt_buf_puts(out, "GP");
        kt_put_u8(out, 0);
        kt_put_u8(out, 1); /* no envelope, little endian */
        kt_put_u32(out, (uint32_t)srs);
        r = put_geometry(v, 0, out);
        r = r < 0 ? kt_err_set(err, r, "no GeoJSON geometry") : r;
    }
    kt_json_free(v);
    if (r < 0) {
        out->n = before;
    }
    return r;
}

/* ---- the file -------------------------------------------------------------------------------- */

static const char fixed[] =
    "PRAGMA application_id = 1196444487; PRAGMA user_version = 10300;"
    "CREATE TABLE gpkg_spatial_ref_sys(srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY,"
    " organization TEXT NOT NULL, organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT"
    " NULL, description TEXT);"
    "INSERT INTO gpkg_spatial_ref_sys VALUES('Undefined cartesian SRS', -1, 'NONE', -1,"
    " 'undefined', NULL), ('Undefined geographic SRS', 0, 'NONE', 0, 'undefined', NULL),"
    " ('WGS 84', 4326, 'EPSG', 4326, 'GEOGCS[\"WGS 84\",DATUM[\"WGS_1984\",SPHEROID[\"WGS 84\","
    "6378137,298.257223563]],PRIMEM[\"Greenwich\",0],UNIT[\"degree\",0.0174532925199433]]', NULL);"
    "CREATE TABLE gpkg_contents(table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL,"
    " identifier TEXT UNIQUE, description TEXT DEFAULT '', last_change DATETIME NOT NULL DEFAULT"
    " (strftime('%Y-%m-%dT%H:%M:%fZ','now')), min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y"
    " DOUBLE, srs_id INTEGER REFERENCES gpkg_spatial_ref_sys(srs_id));"
    "CREATE TABLE gpkg_geometry_columns(table_name TEXT NOT NULL, column_name TEXT NOT NULL,"
    " geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT"
    " NULL, PRIMARY KEY(table_name, column_name), UNIQUE(table_name), FOREIGN KEY(table_name)"
    " REFERENCES gpkg_contents(table_name), FOREIGN KEY(srs_id) REFERENCES"
    " gpkg_spatial_ref_sys(srs_id))";

static int run_text(struct kt_db *db, const char *sql, const char *a, const char *b, int64_t n,
                    struct kt_err *err)
{
    struct kt_stmt *st;
    int r = kt_db_prepare_once(db, sql, &st, err);
    if (r < 0) {
        return r;
    }
    kt_bind_text(st, 1, a);
    kt_bind_text(st, 2, b);
    kt_bind_i64(st, 3, n);
    r = kt_stmt_run(st, err);
    kt_stmt_done(st);
    return r;
}

/* A reference system by its number alone: who reads it knows what EPSG says of it. */
static int describe(struct kt_gpkg *g, const char *layer, const char *title, struct kt_err *err)
{
    char contents[200], now[40]; /* no statement knows the time by itself */
    snprintf(contents, sizeof(contents),
             "INSERT INTO gpkg_contents(table_name, data_type, identifier, srs_id, last_change) "
             "VALUES(?1, 'features', ?2, ?3, '%s')",
             kt_time_fmt(kt_clock_now() / KT_MS * KT_MS, 0, now));
    int r = g->srs > 0 && g->srs != 4326
                ? run_text(g->db,
                           "INSERT INTO gpkg_spatial_ref_sys VALUES('EPSG:' || ?3, ?3, ?1, ?3, ?2, "
                           "NULL)",
                           "EPSG", "undefined", g->srs, err)
                : KT_OK;
    r = r == KT_OK ? run_text(g->db, contents, layer, title, g->srs, err) : r;
    return r == KT_OK ? run_text(g->db,
                                 "INSERT INTO gpkg_geometry_columns VALUES(?1, ?2, 'GEOMETRY', ?3, "
                                 "0, 0)",
                                 layer, "geom", g->srs, err)
                      : r;
}

static int make_layer(struct kt_gpkg *g, const char *layer, const struct kt_gpkg_column *columns,
                      struct kt_err *err)
{
    static const char *const types[] = {"TEXT", "REAL", "DATE"};
    struct kt_buf make, insert;
    kt_buf_init(&make, 1 << 20);
    kt_buf_init(&insert, 1 << 20);
    kt_buf_printf(&make, "CREATE TABLE \"%s\"(fid INTEGER PRIMARY KEY NOT NULL, geom GEOMETRY",
                  layer);
    kt_buf_printf(&insert, "INSERT INTO \"%s\" VALUES(?, ?", layer);
    for (uint32_t i = 0; i < g->n; i++) {
        g->types[i] = columns[i].type;
        kt_buf_printf(&make, ", \"%s\" %s", columns[i].name, types[columns[i].type]);
        kt_buf_puts(&insert, ", ?");
    }
    kt_buf_puts(&make, ")");
    kt_buf_puts(&insert, ")");
    int r = kt_db_exec(g->db, kt_buf_cstr(&make), err);
    r = r == KT_OK ? kt_db_prepare(g->db, kt_buf_cstr(&insert), &g->insert, err) : r;
    kt_buf_done(&make);
    kt_buf_done(&insert);
    return r;
}

static int open_file(struct kt_gpkg *g, struct kt_err *err)
{
    int r = kt_dir_temp("kt-gpkg", g->dir, sizeof(g->dir), err);
    if (r < 0) {
        return r;
    }
    snprintf(g->path, sizeof(g->path), "%s/made.db", g->dir);
    const struct kt_store_opts o = {.path = g->path};
    r = kt_store_open(&o, &g->store, err);
    g->db = r == KT_OK ? kt_store_writer(g->store) : NULL;
    r = r == KT_OK ? kt_db_exec(g->db, fixed, err) : r;
    return r == KT_OK ? kt_db_begin(g->db, err) : r;
}

int kt_gpkg_new(const char *layer, const char *title, int epsg,
                const struct kt_gpkg_column *columns, uint32_t n, struct kt_gpkg **ret,
                struct kt_err *err)
{
    struct kt_gpkg *g = calloc(1, sizeof(*g));
    KT_ASSERT(g && n <= COLUMNS_MAX);
    g->n = n;
    g->srs = epsg > 0 ? epsg : -1;
    kt_buf_init(&g->blob, GEOJSON_MAX);
    int r = open_file(g, err);
    r = r == KT_OK ? describe(g, layer, title, err) : r;
    r = r == KT_OK ? make_layer(g, layer, columns, err) : r;
    if (r < 0) {
        kt_gpkg_free(g);
        return r;
    }
    *ret = g;
    return KT_OK;
}

static void bind_cell(struct kt_gpkg *g, uint32_t i, struct kt_str cell)
{
    double v;
    int at = (int)i + 3;
    if (cell.n == 0) {
        kt_bind_null(g->insert, at);
    } else if (g->types[i] == KT_GPKG_NUMBER && kt_number_parse(cell, &v) == KT_OK) {
        kt_bind_f64(g->insert, at, v);
    } else {
        kt_bind_str(g->insert, at, cell);
    }
}

int kt_gpkg_row(struct kt_gpkg *g, int64_t id, struct kt_str geometry, const struct kt_str *cells,
                struct kt_err *err)
{
    kt_buf_clear(&g->blob);
    int r = geometry.n ? kt_gpkg_blob(geometry, g->srs, &g->blob, err) : KT_OK;
    if (r < 0) {
        return r;
    }
    kt_bind_i64(g->insert, 1, id);
    if (geometry.n) {
        kt_bind_blob(g->insert, 2, g->blob.p, g->blob.n);
    } else {
        kt_bind_null(g->insert, 2);
    }
    for (uint32_t i = 0; i < g->n; i++) {
        bind_cell(g, i, cells[i]);
    }
    return kt_stmt_run(g->insert, err);
}

int kt_gpkg_end(struct kt_gpkg *g, uint64_t max, int *ret_fd, uint64_t *ret_size,
                struct kt_err *err)
{
    char made[300];
    snprintf(made, sizeof(made), "%s/layer.gpkg", g->dir);
    kt_stmt_done(g->insert);
    g->insert = NULL;
    int r = kt_db_commit(g->db, err);
    r = r == KT_OK ? kt_store_backup(g->store, made, err) : r; /* one file, no journal beside it */
    r = r == KT_OK ? kt_spool_open(made, max, ret_fd, ret_size, err) : r;
    kt_gpkg_free(g);
    return r;
}

void kt_gpkg_free(struct kt_gpkg *g)
{
    if (!g) {
        return;
    }
    kt_stmt_done(g->insert);
    kt_store_close(g->store);
    if (g->dir[0]) {
        kt_dir_remove(g->dir);
    }
    kt_buf_done(&g->blob);
    free(g);
}
