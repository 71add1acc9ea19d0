/* SPDX-License-Identifier: Apache-2.0 */
/* The coordinate system that a GeoPackage says of a layer (OGC 12-128, table gpkg_spatial_ref_sys).
 */
#include <string.h>
#include <strings.h>

#include "geo/geo.h"
#include "store/store.h"

enum { UNDEFINED = 99999 }; /* what GDAL writes beside -1 and 0 for "not said" */

static void read_crs(struct kt_stmt *st, struct kt_geo_crs *ret)
{
    int64_t id = kt_col_i64(st, 0);
    const char *who = kt_col_text(st, 1), *text = kt_col_text(st, 3);
    text = text ? text : "";
    bool epsg = who && strcasecmp(who, "EPSG") == 0;
    /* "undefined": what the older text has no words for, longitude and latitude with heights. */
    bool degrees = strncmp(text, "GEOGCS", 6) == 0 || strncmp(text, "GEOGCRS", 7) == 0 ||
                   (epsg && strcmp(text, "undefined") == 0);
    bool beyond =
        kt_col_f64(st, 4) > 180 || kt_col_f64(st, 5) > 90; /* GeoJSON of a plan's metres */
    *ret = (struct kt_geo_crs){
        .said = id > 0 && id != UNDEFINED && !(degrees && beyond),
        .epsg = epsg ? (int)kt_col_i64(st, 2) : 0,
        .degrees = degrees,
    };
}

int kt_geo_crs(const char *path, const char *layer, struct kt_geo_crs *ret, struct kt_err *err)
{
    struct kt_store_opts o = {.path = path, .read_only = true};
    struct kt_store *store;
    struct kt_db *db;
    struct kt_stmt *st;
    int r = kt_store_open(&o, &store, err);
    if (r < 0) {
        return r;
    }
    r = kt_store_read(store, &db, err);
    if (r == KT_OK) {
        r = kt_db_prepare(db,
                          "SELECT s.srs_id, s.organization, s.organization_coordsys_id, "
                          "s.definition, max(abs(c.min_x), abs(c.max_x)), max(abs(c.min_y), "
                          "abs(c.max_y)) FROM gpkg_geometry_columns g JOIN gpkg_spatial_ref_sys s "
                          "ON s.srs_id = g.srs_id JOIN gpkg_contents c ON c.table_name = "
                          "g.table_name WHERE g.table_name = ?",
                          &st, err);
        if (r == KT_OK) {
            kt_bind_text(st, 1, layer);
            r = kt_stmt_step(st, err);
            if (r == 1) {
                read_crs(st, ret);
            }
            kt_stmt_done(st);
        }
        kt_store_read_done(store, db);
    }
    kt_store_close(store);
    return r < 0 ? r : r == 1 ? KT_OK : kt_err_set(err, KT_ENOTFOUND, "no layer %s", layer);
}
