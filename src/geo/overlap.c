/* SPDX-License-Identifier: Apache-2.0 */
/* overlap: where two geometries meet. */
#include <geos_c.h>
#include <stdio.h>
#include <string.h>

#include "geo/geo.h"
#include "geo/gpkg_write.h"

enum { BLOB_MAX = 4 << 20, BLOB_HEAD = 8 /* what a GeoPackage puts before the shape */ };

struct work {
    GEOSContextHandle_t h;
    char why[sizeof(((struct kt_err *)0)->text)];
    GEOSGeometry *a, *b, *common;
};

static void on_error(const char *text, void *arg)
{
    struct work *w = arg;
    if (!w->why[0]) {
        snprintf(w->why, sizeof(w->why), "%s", text);
    }
}

static void begin(struct work *w)
{
    memset(w, 0, sizeof(*w));
    w->h = GEOS_init_r();
    GEOSContext_setErrorMessageHandler_r(w->h, on_error, w);
}

static void done(struct work *w)
{
    GEOSGeom_destroy_r(w->h, w->a);
    GEOSGeom_destroy_r(w->h, w->b);
    GEOSGeom_destroy_r(w->h, w->common);
    GEOS_finish_r(w->h);
}

/* By way of our own reader: the library's own one of GeoJSON trusts that a position has numbers. A
 * ring that crosses itself is taken for the ground that it encloses. */
static GEOSGeometry *read_geometry(struct work *w, struct kt_str json)
{
    struct kt_buf blob;
    struct kt_err err;
    kt_buf_init(&blob, BLOB_MAX);
    if (kt_gpkg_blob(json, 0, &blob, &err) < 0 || blob.full) {
        on_error(blob.full ? "too large" : err.text, w);
        kt_buf_done(&blob);
        return NULL;
    }
    GEOSWKBReader *reader = GEOSWKBReader_create_r(w->h);
    GEOSGeometry *g = GEOSWKBReader_read_r(w->h, reader, (const unsigned char *)blob.p + BLOB_HEAD,
                                           blob.n - BLOB_HEAD);
    GEOSWKBReader_destroy_r(w->h, reader);
    kt_buf_done(&blob);
    if (g && GEOSisValid_r(w->h, g) != 1) {
        GEOSGeometry *valid = GEOSMakeValid_r(w->h, g);
        GEOSGeom_destroy_r(w->h, g);
        g = valid;
    }
    return g;
}

static void write_common(struct work *w, struct kt_buf *out)
{
    GEOSGeoJSONWriter *writer = GEOSGeoJSONWriter_create_r(w->h);
    char *text = GEOSGeoJSONWriter_writeGeometry_r(w->h, writer, w->common, -1);
    GEOSGeoJSONWriter_destroy_r(w->h, writer);
    if (text) {
        kt_buf_puts(out, text);
        GEOSFree_r(w->h, text);
    }
}

int kt_geo_overlap(struct kt_str a, struct kt_str b, struct kt_geo_meeting *ret, struct kt_buf *out,
                   struct kt_err *err)
{
    struct work w;
    struct kt_geo_meeting m = {0};
    begin(&w);
    w.a = read_geometry(&w, a);
    w.b = w.a ? read_geometry(&w, b) : NULL;
    char meets = w.b ? GEOSIntersects_r(w.h, w.a, w.b) : 2;
    bool known = meets == 0 || meets == 1;
    if (meets == 1) { /* that they meet is exact; the part in common is only shown */
        m.meets = true;
        w.common = GEOSIntersection_r(w.h, w.a, w.b);
        if (w.common && GEOSArea_r(w.h, w.common, &m.area_m2) == 1 &&
            GEOSLength_r(w.h, w.common, &m.length_m) == 1) {
            write_common(&w, out);
        } else {
            m.area_m2 = m.length_m = 0;
        }
    }
    int r = known ? KT_OK
                  : kt_err_set(err, KT_EINVAL, "the geometry cannot be compared: %s",
                               w.why[0] ? w.why : "not understood");
    done(&w);
    if (r == KT_OK) {
        *ret = m;
    }
    return r;
}
