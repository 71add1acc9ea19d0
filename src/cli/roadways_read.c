/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CSV has one row a vertex: id, x, y and, where known, z; from, to, section_m2, kind, place, name
 * and width_m on the first row of a roadway. All else goes through GDAL's ogr2ogr, in a child
 * process with limits, into a GeoPackage that is read as a drawing is.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/roadways.h"
#include "conf/csv.h"
#include "conf/json.h"
#include "geo/geo.h"
#include "sys/file.h"
#include "sys/proc.h"

struct reading {
    const struct kt_args *args;
    struct roadways *to;
    uint32_t cap;
    double *xyz; /* of the roadway being read */
    uint32_t n, xyz_cap;
};

static void vertex(struct reading *r, double x, double y, double z)
{
    if (r->n == r->xyz_cap) {
        r->xyz_cap = r->xyz_cap ? 2 * r->xyz_cap : 256;
        r->xyz = realloc(r->xyz, (size_t)r->xyz_cap * 3 * sizeof(double));
        KT_ASSERT(r->xyz);
    }
    double *p = r->xyz + (size_t)r->n++ * 3;
    p[0] = x;
    p[1] = y;
    p[2] = z;
}

static const char *kept(struct reading *r, struct kt_str s)
{
    return kt_arena_strndup(r->to->arena, s.n ? s.p : "", s.n);
}

static void grow(struct reading *r)
{
    struct roadways *to = r->to;
    if (to->n < r->cap) {
        return;
    }
    r->cap = r->cap ? 2 * r->cap : 256;
    to->line = realloc(to->line, r->cap * sizeof(*to->line));
    to->says = realloc(to->says, r->cap * sizeof(*to->says));
    KT_ASSERT(to->line && to->says);
}

/** The vertices so far are a roadway; its texts are filled in by who knows them. */
static struct kt_road_line *end_line(struct reading *r)
{
    struct roadways *to = r->to;
    grow(r);
    double *xyz = KT_NEW_ARRAY(to->arena, double, (size_t)r->n * 3 + 1);
    if (r->n) {
        memcpy(xyz, r->xyz, (size_t)r->n * 3 * sizeof(double));
    }
    to->line[to->n] =
        (struct kt_road_line){kt_arena_printf(to->arena, "R%u", to->n + 1), "", "", xyz, r->n};
    to->says[to->n] = (struct roadway_says){"", "", "", "", ""};
    r->n = 0;
    return &to->line[to->n++];
}

/* ---- CSV ------------------------------------------------------------------------------------- */

enum { ID, X, Y, Z, FROM, TO, SECTION, KIND, PLACE, NAME, WIDTH, COLUMNS };

static struct kt_str cell(const struct kt_csv *csv, uint32_t row, int column)
{
    return column < 0 ? (struct kt_str){"", 0} : kt_csv_get(csv, row, column);
}

static bool same_id(const struct kt_csv *csv, uint32_t a, uint32_t b, int id)
{
    struct kt_str x = kt_csv_get(csv, a, id), y = kt_csv_get(csv, b, id);
    return x.n == y.n && memcmp(x.p, y.p, x.n) == 0;
}

static void csv_line(struct reading *r, const struct kt_csv *csv, uint32_t first, const int *col)
{
    struct kt_road_line *l = end_line(r);
    struct roadway_says *says = &r->to->says[r->to->n - 1];
    l->id = kept(r, kt_csv_get(csv, first, col[ID]));
    l->from = kept(r, cell(csv, first, col[FROM]));
    l->to = kept(r, cell(csv, first, col[TO]));
    says->section = kept(r, cell(csv, first, col[SECTION]));
    says->kind = kept(r, cell(csv, first, col[KIND]));
    says->place = kept(r, cell(csv, first, col[PLACE]));
    says->name = kept(r, cell(csv, first, col[NAME]));
    says->width = kept(r, cell(csv, first, col[WIDTH]));
}

static void print_problem(void *arg, const struct kt_err *at)
{
    char text[640];
    (void)arg;
    fprintf(stderr, "error: %s\n", kt_err_str(at, text, sizeof(text)));
}

static int read_csv(struct reading *r, const char *file)
{
    static const char *const names[COLUMNS] = {
        "id", "x", "y", "z", "from", "to", "section_m2", "kind", "place", "name", "width_m"};
    struct kt_csv *csv;
    struct kt_err err;
    struct kt_problems p = {print_problem, NULL, 0};
    int col[COLUMNS];
    if (kt_csv_read(r->to->arena, file, file, &csv, &err) < 0) {
        return kt_fail(r->args, &err);
    }
    for (int i = 0; i < COLUMNS; i++) {
        col[i] = kt_csv_column(csv, names[i]);
    }
    if (col[ID] < 0 || col[X] < 0 || col[Y] < 0) {
        return kt_usage(r->args, "%s: columns id, x and y must be there, one row a vertex", file);
    }
    uint32_t first = 0;
    for (uint32_t row = 0; row < kt_csv_rows(csv); row++) {
        double x = 0, y = 0, z = NAN;
        (void)kt_csv_num(csv, row, col[X], &p, &x);
        (void)kt_csv_num(csv, row, col[Y], &p, &y);
        if (cell(csv, row, col[Z]).n) {
            (void)kt_csv_num(csv, row, col[Z], &p, &z);
        }
        vertex(r, x, y, z);
        if (row + 1 == kt_csv_rows(csv) || !same_id(csv, first, row + 1, col[ID])) {
            csv_line(r, csv, first, col);
            first = row + 1;
        }
    }
    return p.n ? KT_EXIT_INVALID : KT_EXIT_OK;
}

/* ---- drawings -------------------------------------------------------------------------------- */

static const char *text_of(const struct kt_json *props, const char *const *keys)
{
    for (; *keys; keys++) {
        const char *s = kt_json_get_str(props, *keys, NULL);
        if (s && s[0]) {
            return s;
        }
    }
    return "";
}

/* A text, or a number as text. */
static const char *said(struct reading *r, const struct kt_json *props, const char *key)
{
    double v;
    if (kt_json_num(kt_json_get(props, key), &v)) {
        return kt_arena_printf(r->to->arena, "%g", v);
    }
    return kept(r, kt_str_c(kt_json_get_str(props, key, "")));
}

static void add_path(struct reading *r, const struct kt_json *path, const struct kt_json *props)
{
    static const char *const id[] = {"airway", "id", "ID", "edge_id", "name", "Name", NULL};
    static const char *const from[] = {"from", "FROM", "from_", NULL};
    static const char *const to[] = {"to", "TO", "to_", NULL};
    static const char *const kind[] = {"kind", "type", "Layer", NULL};
    for (size_t i = 0; i < kt_json_len(path); i++) {
        const struct kt_json *at = kt_json_at(path, i);
        double x = NAN, y = NAN, z = NAN;
        (void)kt_json_num(kt_json_at(at, 0), &x);
        (void)kt_json_num(kt_json_at(at, 1), &y);
        (void)kt_json_num(kt_json_at(at, 2), &z);
        vertex(r, x, y, z);
    }
    struct kt_road_line *l = end_line(r);
    struct roadway_says *says = &r->to->says[r->to->n - 1];
    const char *name = text_of(props, id);
    l->id = name[0] ? kept(r, kt_str_c(name)) : l->id;
    l->from = kept(r, kt_str_c(text_of(props, from)));
    l->to = kept(r, kt_str_c(text_of(props, to)));
    says->kind = kept(r, kt_str_c(text_of(props, kind)));
    says->section = said(r, props, "section_m2");
    says->place = said(r, props, "place");
    says->name = said(r, props, "name");
    says->width = said(r, props, "width_m");
}

static void add_feature(struct reading *r, const struct kt_json *feature)
{
    const struct kt_json *g = kt_json_get(feature, "geometry");
    const struct kt_json *props = kt_json_get(feature, "properties");
    const struct kt_json *paths = kt_json_get(g, "coordinates");
    const char *type = kt_json_get_str(g, "type", "");
    if (strcmp(type, "LineString") == 0) {
        add_path(r, paths, props);
    } else if (strcmp(type, "MultiLineString") == 0) {
        for (size_t i = 0; i < kt_json_len(paths); i++) {
            add_path(r, kt_json_at(paths, i), props);
        }
    }
}

/** Which layer of the file, when it is said. */
static int convert(const struct kt_args *a, const char *file, const char *target,
                   struct kt_err *err)
{
    char *argv[16] = {"ogr2ogr", "-f", "GPKG", "-nln", "roadway", "-skipfailures"};
    int n = 6;
    struct kt_buf out;
    struct kt_proc_limits lim = {.memory_bytes = (size_t)4 << 30, .cpu_seconds = 600};
    argv[n++] = (char *)(uintptr_t)target;
    argv[n++] = (char *)(uintptr_t)file;
    if (kt_arg(a, "layer")) {
        argv[n++] = (char *)(uintptr_t)kt_arg(a, "layer");
    }
    argv[n] = NULL;
    kt_buf_init(&out, 1 << 20);
    int r = kt_proc_run(argv, &lim, 600 * KT_SEC, 1 << 20, &out, err);
    kt_buf_done(&out);
    return r;
}

static int read_drawing(struct reading *r, const char *file)
{
    char dir[256], target[300];
    struct kt_err err;
    struct kt_geo_map map = {0};
    struct kt_arena *arena = kt_arena_new(512u << 20);
    int x = kt_dir_temp("kt-roadways", dir, sizeof(dir), &err);
    if (x == KT_OK) {
        snprintf(target, sizeof(target), "%s/roadways.gpkg", dir);
        x = convert(r->args, file, target, &err);
        x = x < 0 ? x : kt_geo_map_read(target, dir, arena, &map, &err);
        unlink(target);
        rmdir(dir);
    }
    for (size_t i = 0; x == KT_OK && i < map.n; i++) {
        struct kt_json *feature = NULL;
        x = kt_json_parse(map.features[i].json, 64u << 20, &feature, &err);
        if (x == KT_OK) {
            add_feature(r, feature);
            kt_json_free(feature);
        }
    }
    kt_arena_free(arena);
    return x < 0 ? kt_fail(r->args, &err) : KT_EXIT_OK;
}

int roadways_read(const struct kt_args *a, const char *file, struct roadways *ret)
{
    struct reading r = {.args = a, .to = ret};
    size_t n = strlen(file);
    bool csv = n > 4 && strcasecmp(file + n - 4, ".csv") == 0;
    int code = csv ? read_csv(&r, file) : read_drawing(&r, file);
    free(r.xyz);
    return code;
}
