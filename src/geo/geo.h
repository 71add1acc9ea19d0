/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_GEO_GEO_H
#define KT_GEO_GEO_H
/*
 * geo: the map of a site. Reads map.gpkg (OGC GeoPackage: SQLite tables with WKB) through a copy,
 * so that QGIS may hold the drawing open; never writes it.
 *
 * Threads: any; nothing is kept between calls.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/crypto.h"

struct kt_geo_feature {
    const char *layer;
    struct kt_str json; /* GeoJSON feature in the drawing's own coordinates */
    struct kt_hash hash;
};
struct kt_geo_map {
    struct kt_geo_feature *features; /* in the order of layer name, then of the drawing */
    size_t n;
};

/**
 * Read all feature layers.
 * @param path      map.gpkg; a missing file is an empty map
 * @param work_dir  where the copy is made (site/data)
 * @return KT_OK; KT_EPARSE not a GeoPackage or a damaged geometry (layer and row named); KT_ELIMIT
 *         more than 200 000 features
 */
KT_MUST_CHECK int kt_geo_map_read(const char *path, const char *work_dir, struct kt_arena *arena,
                                  struct kt_geo_map *ret, struct kt_err *err);
/** {"layer":{"type":"FeatureCollection","features":[…]},…} */
void kt_geo_map_json(const struct kt_geo_map *map, struct kt_buf *out);
/**
 * The map as text, to be kept: a line `=LAYER`, then a line for each of its features, and so on.
 * Equal features give equal text, whatever the file that they stood in.
 */
void kt_geo_map_text(const struct kt_geo_map *map, struct kt_buf *out);
/** Read that text again; KT_EPARSE. The features are copied into the arena. */
KT_MUST_CHECK int kt_geo_map_parse(struct kt_str text, struct kt_arena *arena,
                                   struct kt_geo_map *ret, struct kt_err *err);
/**
 * Features of `now` that `before` does not have, and the other way round, by hash.
 *
 * @param out  the same as lines `+{…}` and `-{…}` under their `=LAYER`; NULL: only counted
 */
void kt_geo_map_diff(const struct kt_geo_map *before, const struct kt_geo_map *now,
                     struct kt_buf *out, size_t *ret_added, size_t *ret_removed);
struct kt_geo_crs {
    bool said;    /**< the layer says which it is in */
    int epsg;     /**< 0: said in another way than by a number of EPSG */
    bool degrees; /**< in longitude and latitude */
};
/** The coordinate system of a layer. KT_OK; KT_ENOTFOUND no such layer; KT_EPARSE no GeoPackage */
KT_MUST_CHECK int kt_geo_crs(const char *path, const char *layer, struct kt_geo_crs *ret,
                             struct kt_err *err);
struct kt_geo_meeting {
    bool meets;
    double area_m2, length_m; /**< of the part in common; 0 where it has none */
};
/**
 * Where two GeoJSON geometries in one plane of metres meet; a common border is a meeting. A ring
 * that crosses itself stands for the ground that it encloses.
 *
 * @param out  the part in common as a GeoJSON geometry; nothing when they do not meet, or when it
 *             cannot be computed: that they meet is exact, the part is only shown
 * @return KT_OK; KT_EINVAL a text that is no geometry, or none that can be compared
 */
KT_MUST_CHECK int kt_geo_overlap(struct kt_str a, struct kt_str b, struct kt_geo_meeting *ret,
                                 struct kt_buf *out, struct kt_err *err);
/** One GeoPackage geometry blob to a GeoJSON geometry. Bounded; hostile bytes are refused. */
KT_MUST_CHECK int kt_geo_wkb_json(struct kt_str blob, struct kt_buf *out);
#endif
