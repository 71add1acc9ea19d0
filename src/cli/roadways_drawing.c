/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A drawing becomes a GeoPackage that is read as a map is. Where it says a coordinate system other
 * than the site's (or --crs says which it is in) it is brought into the site's.
 */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cli/drawing.h"
#include "cli/roadways.h"
#include "conf/json.h"
#include "conf/number.h"
#include "geo/geo.h"
#include "sys/file.h"

enum { DEPTH_MAX = 8 };

struct drawing {
    const struct kt_args *args;
    const char *file;
    struct roadways *to;
    int from_epsg;        /* of --crs; 0: not given */
    const char *encoding; /* of the attributes; NULL: as the file says */
    char dir[256], target[300];
};

/* ---- features -------------------------------------------------------------------------------- */

/* A text, or a number as text. */
static struct kt_str said(struct roadways *to, const struct kt_json *v)
{
    double number;
    if (kt_json_num(v, &number)) {
        return kt_str_c(kt_arena_printf(to->arena, "%.10g", number));
    }
    const char *s = kt_json_str(v);
    return s ? kt_str_c(s) : (struct kt_str){"", 0};
}

/** What the attributes say of each field: the one with the best name that says something. */
static void read_texts(struct roadways *to, const struct kt_json *props, struct kt_str *ret)
{
    int best[ROADWAY_FIELDS];
    for (int i = 0; i < ROADWAY_FIELDS; i++) {
        best[i] = INT_MAX;
        ret[i] = (struct kt_str){"", 0};
    }
    struct kt_json_iter it = {0};
    while (kt_json_next(props, &it)) {
        struct kt_str s = said(to, it.value);
        for (int i = 0; i < ROADWAY_FIELDS; i++) {
            int rank = s.n ? roadways_rank((enum roadway_field)i, it.key) : -1;
            if (rank >= 0 && rank < best[i]) {
                best[i] = rank;
                ret[i] = s;
            }
        }
    }
}

static void add_path(struct roadways *to, const struct kt_json *path, const struct kt_str *text)
{
    for (size_t i = 0; i < kt_json_len(path); i++) {
        const struct kt_json *at = kt_json_at(path, i);
        double x = NAN, y = NAN, z = NAN;
        (void)kt_json_num(kt_json_at(at, 0), &x);
        (void)kt_json_num(kt_json_at(at, 1), &y);
        (void)kt_json_num(kt_json_at(at, 2), &z);
        roadways_vertex(to, x, y, z);
    }
    if (kt_json_len(path)) {
        roadways_line(to, text);
    }
}

static bool add_geometry(struct roadways *to, const struct kt_json *g, const struct kt_str *text,
                         int depth)
{
    const char *type = kt_json_get_str(g, "type", "");
    const struct kt_json *paths = kt_json_get(g, "coordinates");
    const struct kt_json *parts = kt_json_get(g, "geometries");
    bool any = false;
    if (strcmp(type, "LineString") == 0) {
        add_path(to, paths, text);
        return true;
    }
    for (size_t i = 0; strcmp(type, "MultiLineString") == 0 && i < kt_json_len(paths); i++) {
        add_path(to, kt_json_at(paths, i), text);
        any = true;
    }
    for (size_t i = 0; depth < DEPTH_MAX && i < kt_json_len(parts); i++) {
        any |= add_geometry(to, kt_json_at(parts, i), text, depth + 1);
    }
    return any;
}

static int add_features(struct roadways *to, const struct kt_geo_map *map, struct kt_err *err)
{
    int r = KT_OK;
    for (size_t i = 0; r == KT_OK && i < map->n; i++) {
        struct kt_json *feature = NULL;
        struct kt_str text[ROADWAY_FIELDS];
        r = kt_json_parse(map->features[i].json, 64u << 20, &feature, err);
        if (r == KT_OK) {
            read_texts(to, kt_json_get(feature, "properties"), text);
            to->no_line_n += !add_geometry(to, kt_json_get(feature, "geometry"), text, 0);
            kt_json_free(feature);
        }
    }
    return r;
}

/* ---- coordinates ----------------------------------------------------------------------------- */

/** @param to_epsg  brought into this one; 0: as drawn */
static int convert(const struct drawing *d, int to_epsg, struct kt_err *err)
{
    unlink(d->target);
    return drawing_convert(&(struct drawing_ask){.file = d->file,
                                                 .from_layer = kt_arg(d->args, "layer"),
                                                 .target = d->target,
                                                 .layer = "roadway",
                                                 .encoding = d->encoding,
                                                 .from_epsg = d->from_epsg,
                                                 .to_epsg = to_epsg,
                                                 .lines = true},
                           err);
}

/** Into the site's coordinates, where the drawing says other ones. */
static int bring(struct drawing *d, struct kt_err *err)
{
    struct kt_geo_crs crs = {0};
    int site = d->to->epsg, r = convert(d, d->from_epsg ? site : 0, err);
    if (r < 0 || (r = kt_geo_crs(d->target, "roadway", &crs, err)) < 0) {
        return r;
    }
    d->to->crs_said = crs.said;
    if (!crs.said || crs.epsg == site) {
        return KT_OK;
    }
    if (site) {
        return convert(d, site, err);
    }
    return crs.degrees ? kt_err_set(err, KT_EINVAL,
                                    "%s is drawn in degrees and the site has no coordinate system: "
                                    "give it one (crs in site.yaml), or draw in metres",
                                    d->file)
                       : KT_OK;
}

static int read_crs(struct drawing *d)
{
    const char *given = kt_arg(d->args, "crs");
    int64_t v = 0;
    if (given && strncasecmp(given, "EPSG:", 5) == 0) {
        given += 5;
    }
    if (given && (kt_integer_parse(kt_str_c(given), &v) < 0 || v < 1024 || v > 999999)) {
        return kt_usage(d->args, "--crs is a number of EPSG, such as 4490 or EPSG:4547");
    }
    d->from_epsg = (int)v;
    return KT_EXIT_OK;
}

int roadways_drawing(const struct kt_args *a, const char *file, struct roadways *to)
{
    struct drawing d = {.args = a, .file = file, .to = to};
    struct kt_err err;
    struct kt_geo_map map = {0};
    int code = read_crs(&d);
    if (code) {
        return code;
    }
    struct kt_arena *arena = kt_arena_new(512u << 20);
    int r = kt_file_exists(file)
                ? kt_dir_temp("kt-roadways", d.dir, sizeof(d.dir), &err)
                : kt_err_set(&err, KT_ENOTFOUND, "cannot read %s: it does not exist", file);
    if (r == KT_OK) {
        snprintf(d.target, sizeof(d.target), "%s/roadways.gpkg", d.dir);
        d.encoding = drawing_encoding(a, file);
        r = bring(&d, &err);
        r = r < 0 ? r : kt_geo_map_read(d.target, d.dir, arena, &map, &err);
        unlink(d.target);
        rmdir(d.dir);
    }
    r = r < 0 ? r : add_features(to, &map, &err);
    kt_arena_free(arena);
    return r < 0 ? kt_fail(a, &err) : KT_EXIT_OK;
}
