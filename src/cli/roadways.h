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
};

/** roadways_read.c: a table of vertices (.csv), or what ogr2ogr reads; an exit code, said. */
int roadways_read(const struct kt_args *a, const char *file, struct roadways *ret);
#endif
