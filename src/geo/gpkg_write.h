/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_GEO_GPKG_WRITE_H
#define KT_GEO_GPKG_WRITE_H
/*
 * gpkg_write: one layer of features as an OGC GeoPackage (12-128, version 1.3), for QGIS and the
 * like. Rows go to disk as they come.   Threads: a writer belongs to one.
 */
#include "base/buf.h"

enum kt_gpkg_type { KT_GPKG_TEXT, KT_GPKG_NUMBER, KT_GPKG_DATE };
struct kt_gpkg_column {
    const char *name, *title;
    enum kt_gpkg_type type;
};
struct kt_gpkg;
/**
 * @param layer  its table; columns' names with it: [a-z0-9_]
 * @param epsg   0: a local grid, written as undefined Cartesian coordinates
 */
KT_MUST_CHECK int kt_gpkg_new(const char *layer, const char *title, int epsg,
                              const struct kt_gpkg_column *columns, uint32_t n,
                              struct kt_gpkg **ret, struct kt_err *err);
/** @param geometry  GeoJSON; empty: the feature has none
 *  @return KT_EINVAL no GeoJSON geometry */
KT_MUST_CHECK int kt_gpkg_row(struct kt_gpkg *g, int64_t id, struct kt_str geometry,
                              const struct kt_str *cells, struct kt_err *err);
/** The file, to be read from its start and closed by the caller; frees the writer in every case. */
KT_MUST_CHECK int kt_gpkg_end(struct kt_gpkg *g, uint64_t max, int *ret_fd, uint64_t *ret_size,
                              struct kt_err *err);
void kt_gpkg_free(struct kt_gpkg *g); /**< instead of kt_gpkg_end(); accepts NULL */
/** A GeoJSON geometry as a GeoPackage blob. Bounded; KT_EINVAL when it is none. */
KT_MUST_CHECK int kt_gpkg_blob(struct kt_str geojson, int srs, struct kt_buf *out,
                               struct kt_err *err);
#endif
