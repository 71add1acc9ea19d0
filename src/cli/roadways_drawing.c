/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A drawing goes through GDAL's ogr2ogr, in a child process with limits, into a GeoPackage that is
 * read as a map is. Where it says a coordinate system other than the site's (or --crs says which it
 * is in) it is brought into the site's. Texts of a Shapefile that says no encoding are GBK where
 * they are not UTF-8.
 */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/utf8.h"
#include "cli/roadways.h"
#include "conf/json.h"
#include "conf/number.h"
#include "geo/geo.h"
#include "sys/file.h"
#include "sys/proc.h"

enum {
    ARGS_MAX = 32,
    DBF_HEAD = 32,
    DBF_LANGUAGE = 29,
    DBF_NAME = 11,
    DXF_HEAD = 1 << 16,
    DEPTH_MAX = 8
};
#define LOOKED_MAX ((size_t)1 << 30)

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

/* ---- how its texts are written --------------------------------------------------------------- */

static bool is_utf8(const char *p, size_t n)
{
    for (size_t i = 0, k; i < n; i += k) {
        k = p[i] == 0 ? 1 : kt_utf8_step(p + i, n - i);
        if (k == 0) {
            return false;
        }
    }
    return true;
}

/** The table beside a Shapefile: its rows and the names of its columns. */
static const char *encoding_of_table(const struct kt_buf *b)
{
    const unsigned char *p = (const unsigned char *)b->p;
    size_t head = b->n > DBF_HEAD ? (size_t)p[8] | (size_t)p[9] << 8 : 0;
    if (head <= DBF_HEAD || head >= b->n || (p[DBF_LANGUAGE] != 0 && p[DBF_LANGUAGE] != 0x57)) {
        return NULL; /* no table, or it says its language */
    }
    bool utf8 = is_utf8(b->p + head, b->n - head);
    for (size_t at = DBF_HEAD; at + DBF_HEAD <= head && p[at] != 0x0d; at += DBF_HEAD) {
        utf8 = utf8 && is_utf8(b->p + at, strnlen(b->p + at, DBF_NAME));
    }
    return utf8 ? "UTF-8" : "GBK";
}

/** Are all its high bytes pairs of GB2312, and one at least a Chinese character? What a western
 *  alphabet writes with them stands alone or in threes. */
static bool is_gb2312(const char *text, size_t n)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t chinese = 0;
    for (size_t i = 0; i < n; i += p[i] < 0x80 ? 1 : 2) {
        if (p[i] < 0x80) {
            continue;
        }
        if (i + 1 >= n || p[i] < 0xa1 || p[i] > 0xf7 || p[i + 1] < 0xa1 || p[i + 1] == 0xff) {
            return false;
        }
        chinese += p[i] >= 0xb0;
    }
    return chinese > 0;
}

/** A DXF says it in its header, or not at all. Drawings made on a western system say ANSI_1252 and
 *  hold what was typed. */
static const char *encoding_of_dxf(const struct kt_buf *b, const char *file)
{
    static const char says[] = "$DWGCODEPAGE", western[] = "ANSI_1252";
    size_t head = b->n < DXF_HEAD ? b->n : DXF_HEAD;
    const char *at = memmem(b->p, head, says, sizeof(says) - 1);
    size_t left = at ? head - (size_t)(at - b->p) : 0;
    if (at && (!memmem(at, left < 64 ? left : 64, western, sizeof(western) - 1) ||
               !is_gb2312(b->p, b->n))) {
        return NULL;
    }
    if (at) {
        fprintf(stderr,
                "note: %s says that its texts are ANSI_1252, but they are GBK and are read so; "
                "--encoding CP1252 reads them as it says\n",
                file);
        return "GBK";
    }
    return is_utf8(b->p, b->n) ? "UTF-8" : "GBK";
}

static bool beside(const char *file, const char *end, char *ret, size_t cap)
{
    size_t n = strlen(file);
    snprintf(ret, cap, "%.*s%s", (int)(n - 4), file, end);
    return kt_file_exists(ret);
}

static bool ends(const char *file, const char *end)
{
    size_t n = strlen(file), k = strlen(end);
    return n > k && strcasecmp(file + n - k, end) == 0;
}

const char *roadways_encoding(const struct kt_args *a, const char *file)
{
    char path[700];
    struct kt_err none;
    struct kt_buf b;
    bool dxf = ends(file, ".dxf"), shape = ends(file, ".shp");
    snprintf(path, sizeof(path), "%s", file);
    const char *found = kt_arg(a, "encoding");
    if (found || !(dxf || shape) ||
        (shape &&
         (beside(file, ".cpg", path, sizeof(path)) || beside(file, ".CPG", path, sizeof(path)) ||
          !(beside(file, ".dbf", path, sizeof(path)) ||
            beside(file, ".DBF", path, sizeof(path)))))) {
        return found;
    }
    kt_buf_init(&b, LOOKED_MAX);
    if (kt_file_read(path, LOOKED_MAX, &b, &none) == KT_OK) {
        found = dxf ? encoding_of_dxf(&b, file) : encoding_of_table(&b);
    }
    kt_buf_done(&b);
    return found;
}

/* ---- ogr2ogr --------------------------------------------------------------------------------- */

struct words {
    char *argv[ARGS_MAX];
    int n;
};

static void word(struct words *w, const char *text)
{
    KT_ASSERT(w->n + 1 < ARGS_MAX);
    w->argv[w->n++] = (char *)(uintptr_t)text;
    w->argv[w->n] = NULL;
}

static void config(struct words *w, const char *key, const char *value)
{
    word(w, "--config");
    word(w, key);
    word(w, value);
}

static void system_word(struct words *w, const char *option, int epsg, char *buf, size_t cap)
{
    snprintf(buf, cap, "EPSG:%d", epsg);
    word(w, option);
    word(w, buf);
}

/** @param to_epsg  brought into this one; 0: as drawn */
static int convert(const struct drawing *d, int to_epsg, struct kt_err *err)
{
    static const char *const first[] = {
        "ogr2ogr", "-f", "GPKG", "-nln", "roadway", "-nlt", "CONVERT_TO_LINEAR", "-skipfailures"};
    struct words w = {.n = 0};
    char from[32], to[32];
    struct kt_buf out;
    struct kt_proc_limits lim = {.memory_bytes = (size_t)4 << 30, .cpu_seconds = 600};
    for (size_t i = 0; i < KT_ARRAY_LEN(first); i++) {
        word(&w, first[i]);
    }
    if (d->encoding) {
        config(&w, "SHAPE_ENCODING", d->encoding);
        config(&w, "DXF_ENCODING", d->encoding);
    }
    if (d->from_epsg) {
        system_word(&w, to_epsg ? "-s_srs" : "-a_srs", d->from_epsg, from, sizeof(from));
    }
    if (to_epsg) {
        system_word(&w, "-t_srs", to_epsg, to, sizeof(to));
    }
    word(&w, d->target);
    word(&w, d->file);
    if (kt_arg(d->args, "layer")) {
        word(&w, kt_arg(d->args, "layer"));
    }
    unlink(d->target);
    kt_buf_init(&out, 1 << 20);
    int r = kt_proc_run(w.argv, &lim, 600 * KT_SEC, 1 << 20, &out, err);
    kt_buf_done(&out);
    if (r < 0 && strstr(err->text, "`")) { /* the names of all drivers stand there */
        kt_err_set(err, r, "%s is no drawing that ogr2ogr can read (DXF, Shapefile, GeoJSON …)",
                   d->file);
    }
    return r;
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
        d.encoding = roadways_encoding(a, file);
        r = bring(&d, &err);
        r = r < 0 ? r : kt_geo_map_read(d.target, d.dir, arena, &map, &err);
        unlink(d.target);
        rmdir(d.dir);
    }
    r = r < 0 ? r : add_features(to, &map, &err);
    kt_arena_free(arena);
    return r < 0 ? kt_fail(a, &err) : KT_EXIT_OK;
}
