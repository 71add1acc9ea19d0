/* SPDX-License-Identifier: Apache-2.0 */
/* Reading map.gpkg: the copy, its layers, their features as GeoJSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/map.h"
#include "geo/geo.h"
#include "store/store.h"
#include "sys/file.h"

enum { FEATURES_MAX = 200000, FILE_MAX = 1 << 30 };

struct reading {
    struct kt_arena *arena;
    const char *path;
    struct kt_geo_feature *list;
    size_t n, cap;
};

static void add(struct reading *r, const char *layer, struct kt_str json)
{
    if (r->n == r->cap) {
        size_t cap = r->cap ? r->cap * 2 : 1024;
        struct kt_geo_feature *more = KT_NEW_ARRAY(r->arena, struct kt_geo_feature, cap);
        if (r->n) {
            memcpy(more, r->list, r->n * sizeof(*more));
        }
        r->list = more;
        r->cap = cap;
    }
    struct kt_geo_feature *f = &r->list[r->n++];
    f->layer = layer;
    f->json = (struct kt_str){kt_arena_strndup(r->arena, json.p, json.n), json.n};
    kt_hash_of2(layer, strlen(layer), json.p, json.n, &f->hash);
}

static void property(struct kt_stmt *st, int i, struct kt_jw *w)
{
    switch (kt_col_type(st, i)) {
    case KT_COL_INT:
        kt_jw_kint(w, kt_col_name(st, i), kt_col_i64(st, i));
        break;
    case KT_COL_REAL:
        kt_jw_knum(w, kt_col_name(st, i), kt_col_f64(st, i));
        break;
    case KT_COL_TEXT:
        kt_jw_kstr(w, kt_col_name(st, i), kt_col_text(st, i));
        break;
    default:
        break; /* nulls and blobs are no properties */
    }
}

static int feature(struct kt_stmt *st, const char *geometry, struct kt_buf *out)
{
    struct kt_jw w = kt_jw_init(out);
    int at = -1;
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "type", "Feature");
    kt_jw_key(&w, "properties");
    kt_jw_obj(&w);
    for (int i = 0; i < kt_col_count(st); i++) {
        if (strcmp(kt_col_name(st, i), geometry) == 0) {
            at = i;
        } else {
            property(st, i, &w);
        }
    }
    kt_jw_obj_end(&w);
    kt_jw_key(&w, "geometry");
    int r = KT_OK;
    if (at < 0 || kt_col_is_null(st, at)) {
        kt_jw_null(&w);
    } else {
        struct kt_buf g;
        kt_buf_init(&g, 64u << 20);
        r = kt_geo_wkb_json(kt_col_bytes(st, at), &g);
        kt_jw_raw(&w, (struct kt_str){g.p, g.n});
        kt_buf_done(&g);
    }
    kt_jw_obj_end(&w);
    return r;
}

/* A name between double quotes for SQL. */
static char *quoted(struct kt_arena *a, const char *name)
{
    struct kt_buf b;
    kt_buf_init(&b, 4096);
    kt_put_u8(&b, '"');
    for (; *name; name++) {
        if (*name == '"') {
            kt_put_u8(&b, '"');
        }
        kt_put_u8(&b, (uint8_t)*name);
    }
    kt_put_u8(&b, '"');
    char *s = kt_arena_strdup(a, kt_buf_cstr(&b));
    kt_buf_done(&b);
    return s;
}

static int layer(struct reading *r, struct kt_db *db, const char *table, const char *geometry,
                 struct kt_err *err)
{
    struct kt_stmt *st;
    struct kt_buf json;
    char *sql =
        kt_arena_printf(r->arena, "SELECT * FROM %s ORDER BY rowid", quoted(r->arena, table));
    int rc = kt_db_prepare(db, sql, &st, err);
    if (rc < 0) {
        return rc;
    }
    kt_buf_init(&json, 64u << 20);
    size_t row = 0;
    while ((rc = kt_stmt_step(st, err)) == 1) {
        row++;
        kt_buf_clear(&json);
        if (r->n == FEATURES_MAX) {
            rc = kt_err_set(err, KT_ELIMIT, "%s: more than %d features", r->path, FEATURES_MAX);
            break;
        }
        if (feature(st, geometry, &json) < 0) {
            rc = kt_err_set(err, KT_EPARSE,
                            "%s: layer %s, row %zu: the geometry is damaged; repair the layer in "
                            "QGIS (Fix geometries)",
                            r->path, table, row);
            break;
        }
        add(r, table, (struct kt_str){json.p, json.n});
    }
    kt_buf_done(&json);
    kt_stmt_done(st);
    return rc < 0 ? rc : KT_OK;
}

static bool plain(const char *name)
{
    while ((unsigned char)*name >= ' ') {
        name++;
    }
    return *name == 0;
}

struct layer_name {
    const char *table, *geometry;
};

static int layers(struct reading *r, struct kt_db *db, struct kt_err *err)
{
    enum { LAYERS_MAX = 200 };
    struct layer_name *list = KT_NEW_ARRAY(r->arena, struct layer_name, LAYERS_MAX);
    size_t n = 0;
    struct kt_stmt *st;
    int rc = kt_db_prepare(db,
                           "SELECT table_name, column_name FROM gpkg_geometry_columns"
                           " ORDER BY table_name",
                           &st, err);
    if (rc < 0) {
        return kt_err_set(err, KT_EPARSE, "%s is not a GeoPackage (no gpkg_geometry_columns)",
                          r->path);
    }
    while (n < LAYERS_MAX && (rc = kt_stmt_step(st, err)) == 1) {
        list[n].table = kt_arena_strdup(r->arena, kt_col_text(st, 0));
        list[n++].geometry = kt_arena_strdup(r->arena, kt_col_text(st, 1));
    }
    kt_stmt_done(st);
    for (size_t i = 0; rc >= 0 && i < n; i++) {
        if (!plain(list[i].table)) {
            return kt_err_set(err, KT_EPARSE,
                              "%s: the name of a layer holds a control character; rename it",
                              r->path);
        }
        rc = layer(r, db, list[i].table, list[i].geometry, err);
    }
    return rc < 0 ? rc : KT_OK;
}

/* QGIS may hold the file open and leave a journal beside it: a copy is read. */
static int copy_file(const char *from, const char *to, struct kt_err *err)
{
    struct kt_buf b;
    kt_buf_init(&b, FILE_MAX);
    int r = kt_file_read(from, FILE_MAX, &b, err);
    if (r == KT_OK) {
        r = kt_file_replace(to, b.p ? b.p : "", b.n, err);
    }
    kt_buf_done(&b);
    return r;
}

int kt_geo_map_read(const char *path, const char *work_dir, struct kt_arena *arena,
                    struct kt_geo_map *ret, struct kt_err *err)
{
    char copy[700];
    struct kt_store *store;
    struct kt_db *db;
    *ret = (struct kt_geo_map){0};
    if (!kt_file_exists(path)) {
        return KT_OK;
    }
    snprintf(copy, sizeof(copy), "%s/map-copy.gpkg", work_dir);
    int r = kt_dir_make(work_dir, err);
    if (r < 0 || (r = copy_file(path, copy, err)) < 0) {
        return r;
    }
    struct kt_store_opts o = {.path = copy, .read_only = true};
    if ((r = kt_store_open(&o, &store, err)) < 0) {
        unlink(copy);
        return kt_err_set(err, r, "%s is no GeoPackage that can be read; save it anew from QGIS",
                          path);
    }
    struct reading reading = {.arena = arena, .path = path};
    if ((r = kt_store_read(store, &db, err)) == KT_OK) {
        r = layers(&reading, db, err);
        kt_store_read_done(store, db);
    }
    kt_store_close(store);
    unlink(copy);
    if (r == KT_OK) {
        ret->features = reading.list;
        ret->n = reading.n;
    }
    return r;
}

void kt_geo_map_json(const struct kt_geo_map *map, struct kt_buf *out)
{
    struct kt_jw w = kt_jw_init(out);
    kt_jw_obj(&w);
    for (size_t i = 0; i < map->n;) {
        const char *name = map->features[i].layer;
        kt_jw_key(&w, name);
        kt_jw_obj(&w);
        kt_jw_kstr(&w, "type", "FeatureCollection");
        kt_jw_key(&w, "features");
        kt_jw_arr(&w);
        for (; i < map->n && map->features[i].layer == name; i++) {
            kt_jw_raw(&w, map->features[i].json);
        }
        kt_jw_arr_end(&w);
        kt_jw_obj_end(&w);
    }
    kt_jw_obj_end(&w);
}

void kt_geo_map_text(const struct kt_geo_map *map, struct kt_buf *out)
{
    const char *layer = NULL;
    for (size_t i = 0; i < map->n; i++) {
        if (map->features[i].layer != layer) {
            layer = map->features[i].layer;
            kt_buf_printf(out, "=%s\n", layer);
        }
        kt_buf_put(out, map->features[i].json.p, map->features[i].json.n);
        kt_put_u8(out, '\n');
    }
}

int kt_geo_map_parse(struct kt_str text, struct kt_arena *arena, struct kt_geo_map *ret,
                     struct kt_err *err)
{
    struct reading r = {.arena = arena};
    const char *layer = NULL;
    for (size_t at = 0; at < text.n;) {
        const char *line = text.p + at, *nl = memchr(line, '\n', text.n - at);
        size_t n = nl ? (size_t)(nl - line) : 0;
        bool named = n > 0 && *line == '=', feature = n > 1 && *line == '{' && layer;
        if ((!named && !feature) || r.n == FEATURES_MAX) {
            return kt_err_set(err, KT_EPARSE, "not the text of a map, at byte %zu", at);
        }
        if (named) {
            layer = kt_arena_strndup(arena, line + 1, n - 1);
        } else {
            add(&r, layer, (struct kt_str){line, n});
        }
        at += n + 1;
    }
    *ret = (struct kt_geo_map){r.list, r.n};
    return KT_OK;
}

static void write_change(struct kt_buf *out, const char **layer, char sign,
                         const struct kt_geo_feature *f)
{
    if (!out) {
        return;
    }
    if (!*layer || strcmp(*layer, f->layer) != 0) {
        *layer = f->layer;
        kt_buf_printf(out, "=%s\n", f->layer);
    }
    kt_put_u8(out, (uint8_t)sign);
    kt_buf_put(out, f->json.p, f->json.n);
    kt_put_u8(out, '\n');
}

static size_t missing(const struct kt_geo_map *in, const struct kt_geo_map *from,
                      struct kt_buf *out, char sign)
{
    struct kt_map *set = kt_map_new(from->n);
    const char *layer = NULL;
    size_t n = 0;
    uint64_t ignored;
    for (size_t i = 0; i < from->n; i++) {
        kt_map_set(set, (struct kt_str){(const char *)from->features[i].hash.b, 32}, 1);
    }
    for (size_t i = 0; i < in->n; i++) {
        if (!kt_map_get(set, (struct kt_str){(const char *)in->features[i].hash.b, 32}, &ignored)) {
            write_change(out, &layer, sign, &in->features[i]);
            n++;
        }
    }
    kt_map_free(set);
    return n;
}

void kt_geo_map_diff(const struct kt_geo_map *before, const struct kt_geo_map *now,
                     struct kt_buf *out, size_t *ret_added, size_t *ret_removed)
{
    *ret_added = missing(now, before, out, '+');
    *ret_removed = missing(before, now, out, '-');
}
