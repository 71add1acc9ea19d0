/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_CLI_DRAWING_H
#define KT_CLI_DRAWING_H
/*
 * drawing: a DXF, a Shapefile, GeoJSON and the rest as a layer of a GeoPackage, by GDAL's ogr2ogr
 * in a child process with limits. Texts of a drawing that says no encoding, or one that is not so,
 * are GBK where they are not UTF-8.
 */
#include "cli/cli.h"

struct drawing_ask {
    const char *file, *from_layer; /* from_layer NULL: all of it */
    const char *target, *layer;    /* a GeoPackage, whose other layers stay, and the new layer */
    const char *encoding;          /* drawing_encoding() */
    int from_epsg, to_epsg;        /* 0: as the drawing says; as drawn */
    bool lines;                    /* curves as lines; what cannot be read is left out */
};
KT_MUST_CHECK int drawing_convert(const struct drawing_ask *ask, struct kt_err *err);

/** The encoding of the texts of a DXF or Shapefile, as --encoding or they themselves tell; NULL: as
 *  ogr2ogr takes it. Where a file says what is not so, a note is printed. */
const char *drawing_encoding(const struct kt_args *a, const char *file);
#endif
