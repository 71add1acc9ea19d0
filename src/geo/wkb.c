/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GeoPackage geometry blobs (OGC 12-128, clause 2.1.3: "GP" header, envelope, then ISO WKB) to
 * GeoJSON. Z is kept, M is dropped. Depth and counts are bounded by the bytes that are there.
 */
#include "base/json.h"
#include "geo/geo.h"

enum {
    WKB_POINT = 1,
    WKB_LINE,
    WKB_POLYGON,
    WKB_MULTIPOINT,
    WKB_MULTILINE,
    WKB_MULTIPOLYGON,
    WKB_COLLECTION,
    DEPTH_MAX = 4
};

struct wkb {
    struct kt_rd rd;
    bool big; /* byte order of the geometry being read */
    bool z, m;
};

static uint32_t get_u32(struct wkb *w)
{
    uint32_t v = kt_get_u32(&w->rd);
    return w->big ? __builtin_bswap32(v) : v;
}

static double get_f64(struct wkb *w)
{
    uint64_t v = kt_get_u64(&w->rd);
    if (w->big) {
        v = __builtin_bswap64(v);
    }
    double d;
    memcpy(&d, &v, sizeof(d));
    return d;
}

static size_t dims(const struct wkb *w)
{
    return 2u + w->z + w->m;
}

static void coordinate(struct wkb *w, struct kt_jw *out)
{
    kt_jw_arr(out);
    kt_jw_num(out, get_f64(w));
    kt_jw_num(out, get_f64(w));
    if (w->z) {
        kt_jw_num(out, get_f64(w));
    }
    kt_jw_arr_end(out);
    if (w->m) {
        get_f64(w);
    }
}

static void coordinates(struct wkb *w, struct kt_jw *out)
{
    uint32_t n = get_u32(w);
    if ((uint64_t)n * dims(w) * 8 > kt_rd_left(&w->rd)) {
        w->rd.bad = true;
        return;
    }
    kt_jw_arr(out);
    for (uint32_t i = 0; i < n && !w->rd.bad; i++) {
        coordinate(w, out);
    }
    kt_jw_arr_end(out);
}

static void rings(struct wkb *w, struct kt_jw *out)
{
    uint32_t n = get_u32(w);
    kt_jw_arr(out);
    for (uint32_t i = 0; i < n && !w->rd.bad; i++) {
        coordinates(w, out);
    }
    kt_jw_arr_end(out);
}

static uint32_t header(struct wkb *w)
{
    w->big = kt_get_u8(&w->rd) == 0;
    uint32_t type = get_u32(w);
    w->z = (type & 0x80000000u) || type / 1000 % 10 == 1 || type / 1000 % 10 == 3;
    w->m = (type & 0x40000000u) || type / 1000 % 10 == 2 || type / 1000 % 10 == 3;
    return (type & 0x0fffffffu) % 1000;
}

static void geometry(struct wkb *w, struct kt_jw *out, int depth);

static void body(struct wkb *w, struct kt_jw *out, uint32_t type)
{
    switch (type) {
    case WKB_POINT:
        coordinate(w, out);
        break;
    case WKB_LINE:
        coordinates(w, out);
        break;
    case WKB_POLYGON:
        rings(w, out);
        break;
    default:
        w->rd.bad = true;
        break;
    }
}

/* The parts of a multi-geometry repeat their header; GeoJSON has their coordinates alone. */
static void parts(struct wkb *w, struct kt_jw *out, uint32_t want)
{
    uint32_t n = get_u32(w);
    kt_jw_arr(out);
    for (uint32_t i = 0; i < n && !w->rd.bad; i++) {
        if (header(w) != want) {
            w->rd.bad = true;
            break;
        }
        body(w, out, want);
    }
    kt_jw_arr_end(out);
}

static void collection(struct wkb *w, struct kt_jw *out, int depth)
{
    uint32_t n = get_u32(w);
    kt_jw_kstr(out, "type", "GeometryCollection");
    kt_jw_key(out, "geometries");
    kt_jw_arr(out);
    for (uint32_t i = 0; i < n && !w->rd.bad; i++) {
        geometry(w, out, depth + 1);
    }
    kt_jw_arr_end(out);
}

static void geometry(struct wkb *w, struct kt_jw *out, int depth)
{
    static const char *const names[] = {"Point",      "LineString",      "Polygon",
                                        "MultiPoint", "MultiLineString", "MultiPolygon"};
    uint32_t type = header(w);
    if (type < WKB_POINT || type > WKB_COLLECTION || depth > DEPTH_MAX) {
        w->rd.bad = true;
        return;
    }
    kt_jw_obj(out);
    if (type == WKB_COLLECTION) {
        collection(w, out, depth);
    } else {
        kt_jw_kstr(out, "type", names[type - 1]);
        kt_jw_key(out, "coordinates");
        if (type >= WKB_MULTIPOINT) {
            parts(w, out, type - 3);
        } else {
            body(w, out, type);
        }
    }
    kt_jw_obj_end(out);
}

int kt_geo_wkb_json(struct kt_str blob, struct kt_buf *out)
{
    static const size_t envelope[] = {0, 32, 48, 48, 64};
    struct wkb w = {.rd = kt_rd_init(blob.p, blob.n)};
    const char *magic = kt_rd_take(&w.rd, 2);
    if (!magic || magic[0] != 'G' || magic[1] != 'P') {
        return KT_EPARSE;
    }
    kt_get_u8(&w.rd); /* version */
    uint8_t flags = kt_get_u8(&w.rd);
    unsigned kind = flags >> 1 & 7;
    if (kind > 4) {
        return KT_EPARSE;
    }
    kt_rd_take(&w.rd, 4 + envelope[kind]); /* srs_id, envelope */
    size_t start = out->n;
    if (flags & 0x10) { /* empty */
        kt_buf_puts(out, "null");
        return w.rd.bad ? KT_EPARSE : KT_OK;
    }
    struct kt_jw j = kt_jw_init(out);
    geometry(&w, &j, 0);
    if (w.rd.bad || out->full) {
        out->n = start;
        return KT_EPARSE;
    }
    return KT_OK;
}
