/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_CLI_ROADWAYS_H
#define KT_CLI_ROADWAYS_H
/* roadways: drawn roadways from CSV, DXF, Shapefile and the rest, for `kuangtu import roadways`. */
#include "cli/cli.h"
#include "domain/road/road.h"

/* What is said of a roadway beside its line, as written; "" none. */
struct roadway_says {
    const char *section, *kind, *place, *name, *width;
};
struct roadways {
    struct kt_arena *arena;
    struct kt_road_line *line;
    struct roadway_says *says; /* by line */
    uint32_t n;
    int epsg;               /* of the site: what coordinates are to be in; 0: its own grid */
    bool crs_said;          /* the drawing says its coordinate system, or --crs does */
    uint32_t no_line_n;     /* of its features: points, texts, areas; left out */
    uint32_t renamed_n;     /* roadways whose id another one had */
    struct roadways_now *r; /* while it is read */
};

/** roadways_read.c: a table of vertices (.csv), or a drawing; an exit code, said. */
int roadways_read(const struct kt_args *a, const char *file, struct roadways *ret);

/* ---- while it is read ------------------------------------------------------------------------ */

/* What a column or an attribute is, by its name in English or Chinese. */
enum roadway_field {
    ROADWAY_ID,
    ROADWAY_X,
    ROADWAY_Y,
    ROADWAY_Z,
    ROADWAY_FROM,
    ROADWAY_TO,
    ROADWAY_SECTION,
    ROADWAY_KIND,
    ROADWAY_PLACE,
    ROADWAY_NAME,
    ROADWAY_WIDTH,
    ROADWAY_FIELDS
};
/** How good `name` is as the name of that field, the lowest the best; -1: it is not. */
int roadways_rank(enum roadway_field field, const char *name);
void roadways_vertex(struct roadways *to, double x, double y, double z);
/** The vertices so far are a roadway; texts by field, copied, "" none. */
void roadways_line(struct roadways *to, const struct kt_str *text);
/** roadways_drawing.c: what ogr2ogr reads, in the site's coordinates; an exit code, said. */
int roadways_drawing(const struct kt_args *a, const char *file, struct roadways *to);
#endif
