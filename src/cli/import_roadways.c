/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kuangtu import roadways: a drawing of roadways made into one network. What is wrong with it is
 * listed with a proposal each; with --write the mended lines become the layer `roadway` of the
 * site's map, with --out the branches become a table.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/id.h"
#include "cli/import.h"
#include "cli/roadways.h"
#include "conf/number.h"
#include "site/site.h"
#include "sys/file.h"
#include "sys/proc.h"

#define SNAP_M   2.0
#define HEIGHT_M 2.0
#define FAR_KM   100.0 /* no mine is that large */

struct work {
    const struct kt_args *args;
    const char *site_dir;
    struct roadways roads;
    struct kt_road_net net;
    double snap;
};

static void coordinate(struct kt_table *t, double v)
{
    if (isfinite(v)) {
        kt_table_num(t, round(v * 1000) / 1000);
    } else {
        kt_table_cell(t, "");
    }
}

static void print_findings(const struct work *w)
{
    static const char *const columns[] = {"kind", "roadway", "other", "x",    "y",
                                          "z",    "metres",  "to_x",  "to_y", "to_z"};
    struct kt_table *t = kt_table_new(w->args->format, columns, KT_ARRAY_LEN(columns));
    for (uint32_t i = 0; i < w->net.findings_n; i++) {
        const struct kt_road_finding *f = &w->net.finding[i];
        bool snaps = f->kind == KT_ROAD_GAP || f->kind == KT_ROAD_BESIDE;
        kt_table_cell(t, kt_road_kind_id(f->kind));
        kt_table_cell(t, w->roads.line[f->line].id);
        kt_table_cell(t, f->other == KT_NONE ? "" : w->roads.line[f->other].id);
        coordinate(t, f->x);
        coordinate(t, f->y);
        coordinate(t, f->z);
        coordinate(t, f->distance_m > 0 ? f->distance_m : NAN);
        coordinate(t, snaps ? f->to_x : NAN);
        coordinate(t, snaps ? f->to_y : NAN);
        coordinate(t, snaps ? f->to_z : NAN);
    }
    kt_table_end(t);
}

/* ---- what is written ------------------------------------------------------------------------- */

static void csv_text(struct kt_buf *b, const char *s)
{
    kt_buf_put(b, "\"", 1);
    for (; *s; s++) {
        kt_buf_put(b, *s == '"' ? "\"\"" : s, *s == '"' ? 2 : 1);
    }
    kt_buf_put(b, "\"", 1);
}

static void branch_row(const struct work *w, const struct kt_road_branch *e, struct kt_buf *b)
{
    csv_text(b, e->id);
    kt_buf_put(b, ",", 1);
    csv_text(b, w->net.node[e->from].name);
    kt_buf_put(b, ",", 1);
    csv_text(b, w->net.node[e->to].name);
    kt_buf_printf(b, ",%.3f,", e->length_m);
    const struct roadway_says *says = &w->roads.says[e->line];
    const char *const texts[] = {says->section, says->kind, says->place, says->name, says->width};
    for (size_t i = 0; i < KT_ARRAY_LEN(texts); i++) {
        kt_buf_puts(b, i ? "," : "");
        csv_text(b, texts[i]);
    }
}

static int write_table(const struct work *w, const char *path, struct kt_err *err)
{
    struct kt_buf b;
    kt_buf_init(&b, 256u << 20);
    kt_buf_puts(&b, "edge_id,from,to,length_m,section_m2,kind,place,name,width_m\n");
    for (uint32_t i = 0; i < w->net.branches_n; i++) {
        branch_row(w, &w->net.branch[i], &b);
        kt_buf_put(&b, "\n", 1);
    }
    int r = kt_file_replace(path, b.p, b.n, err);
    kt_buf_done(&b);
    return r;
}

static void wkt(const struct kt_road_branch *e, bool heights, struct kt_buf *b)
{
    kt_buf_puts(b, heights ? "\"LINESTRING Z (" : "\"LINESTRING (");
    for (uint32_t i = 0; i < e->vertices_n; i++) {
        const double *p = e->xyz + (size_t)i * 3;
        kt_buf_printf(b, "%s%.4f %.4f", i ? "," : "", p[0], p[1]);
        if (heights) {
            kt_buf_printf(b, " %.4f", p[2]);
        }
    }
    kt_buf_puts(b, ")\"");
}

static bool has_heights(const struct work *w)
{
    bool all = true;
    for (uint32_t i = 0; i < w->net.branches_n; i++) {
        for (uint32_t k = 0; k < w->net.branch[i].vertices_n; k++) {
            all = all && isfinite(w->net.branch[i].xyz[(size_t)k * 3 + 2]);
        }
    }
    return all;
}

static int into_map(const struct work *w, const char *table, int epsg, struct kt_err *err)
{
    char target[700], crs[32];
    struct kt_buf out;
    char *argv[20] = {"ogr2ogr",
                      "-f",
                      "GPKG",
                      "-nln",
                      "roadway",
                      "-oo",
                      "GEOM_POSSIBLE_NAMES=WKT",
                      "-oo",
                      "KEEP_GEOM_COLUMNS=NO"};
    int n = 9;
    struct kt_proc_limits lim = {.memory_bytes = (size_t)4 << 30, .cpu_seconds = 600};
    snprintf(target, sizeof(target), "%s/map.gpkg", w->site_dir);
    if (kt_file_exists(target)) {
        argv[n++] = "-update";
        argv[n++] = "-overwrite";
    }
    if (epsg > 0) {
        snprintf(crs, sizeof(crs), "EPSG:%d", epsg);
        argv[n++] = "-a_srs";
        argv[n++] = crs;
    }
    argv[n++] = target;
    argv[n++] = (char *)(uintptr_t)table;
    argv[n] = NULL;
    kt_buf_init(&out, 1 << 20);
    int r = kt_proc_run(argv, &lim, 600 * KT_SEC, 1 << 20, &out, err);
    kt_buf_done(&out);
    return r;
}

static int write_map(const struct work *w, struct kt_err *err)
{
    static const char types[] = "String,String,String,Real,Real,String,String,String,Real,String\n";
    char dir[256], table[300], kinds[300];
    struct kt_buf b;
    bool heights = has_heights(w);
    kt_buf_init(&b, 512u << 20);
    kt_buf_puts(&b, "airway,from_node,to_node,length_m,section_m2,kind,place,name,width_m,WKT\n");
    for (uint32_t i = 0; i < w->net.branches_n; i++) {
        branch_row(w, &w->net.branch[i], &b);
        kt_buf_put(&b, ",", 1);
        wkt(&w->net.branch[i], heights, &b);
        kt_buf_put(&b, "\n", 1);
    }
    int r = kt_dir_temp("kt-roadways", dir, sizeof(dir), err);
    if (r == KT_OK) {
        snprintf(table, sizeof(table), "%s/roadways.csv", dir);
        snprintf(kinds, sizeof(kinds), "%s/roadways.csvt", dir);
        r = kt_file_replace(table, b.p, b.n, err);
        r = r < 0 ? r : kt_file_replace(kinds, types, strlen(types), err);
        r = r < 0 ? r : into_map(w, table, w->roads.epsg, err);
        unlink(table);
        unlink(kinds);
        rmdir(dir);
    }
    kt_buf_done(&b);
    return r;
}

/* ---- the verb -------------------------------------------------------------------------------- */

static int metres(const struct kt_args *a, const char *option, double usual, double *ret)
{
    const char *given = kt_arg(a, option);
    *ret = usual;
    if (given && (kt_number_parse(kt_str_c(given), ret) < 0 || !(*ret > 0 && *ret <= 100))) {
        return kt_usage(a, "--%s is in metres, above 0 and at most 100", option);
    }
    return KT_EXIT_OK;
}

/* What is read is to be in the site's coordinates. */
struct site_says {
    int epsg;
    double x, y; /* where its places are, in the middle; NAN: they say nothing */
};

static struct site_says look_at_site(const char *dir)
{
    char packs[600];
    struct kt_err err;
    struct kt_site *site = NULL;
    struct site_says says = {0, NAN, NAN};
    struct kt_findings *f = kt_findings_new(100);
    int r = kt_site_load(dir, kt_share_dir(packs, sizeof(packs), "packs"), NULL, f, &site, &err);
    double x = 0, y = 0, n = 0;
    for (uint32_t i = 0; r == KT_OK && i < site->places_n; i++) {
        const struct kt_place *p = &site->places[i];
        x += p->has_xy ? p->x : 0;
        y += p->has_xy ? p->y : 0;
        n += p->has_xy;
    }
    if (r == KT_OK) {
        says = (struct site_says){site->crs_epsg, n > 0 ? x / n : (double)NAN,
                                  n > 0 ? y / n : (double)NAN};
    }
    kt_site_unref(site);
    kt_findings_free(f);
    return says;
}

/** Numbers such as degrees have, and no vertex further from the next, on the plan, than what is
 *  snapped. */
static bool looks_like_degrees(const struct work *w)
{
    for (uint32_t i = 0; i < w->roads.n; i++) {
        const struct kt_road_line *l = &w->roads.line[i];
        for (uint32_t k = 0; k < l->vertices_n; k++) {
            const double *p = l->xyz + (size_t)k * 3, *q = k ? p - 3 : p;
            if (!(fabs(p[0]) <= 180 && fabs(p[1]) <= 90) ||
                hypot(p[0] - q[0], p[1] - q[1]) >= w->snap) {
                return false;
            }
        }
    }
    return w->roads.n > 0;
}

static void say_far(const struct work *w, const struct site_says *site)
{
    double x = 0, y = 0, n = 0;
    for (uint32_t i = 0; i < w->net.nodes_n; i++) {
        x += w->net.node[i].x;
        y += w->net.node[i].y;
        n++;
    }
    double km = n > 0 ? hypot(x / n - site->x, y / n - site->y) / 1000 : 0;
    if (km > FAR_KM) {
        fprintf(stderr,
                "note: the roadways lie %.0f km from the places of the site; is the coordinate "
                "system right (--crs)?\n",
                km);
    }
}

static void say_read(const struct work *w, const struct site_says *site)
{
    if (w->roads.no_line_n) {
        fprintf(stderr, "note: %u features are no lines and are left out\n", w->roads.no_line_n);
    }
    if (w->roads.renamed_n) {
        fprintf(stderr, "note: %u roadways had the id of another one; they are called id-2 …\n",
                w->roads.renamed_n);
    }
    if (!w->roads.crs_said && site->epsg) {
        fprintf(stderr, "note: the file says no coordinate system; taken as the site's, EPSG:%d\n",
                site->epsg);
    }
    say_far(w, site);
}

static int make(struct work *w, const char *file)
{
    double height;
    struct kt_err err;
    struct site_says site = look_at_site(w->site_dir);
    w->roads.epsg = site.epsg;
    int code = metres(w->args, "snap", SNAP_M, &w->snap);
    code = code ? code : metres(w->args, "height", HEIGHT_M, &height);
    code = code ? code : roadways_read(w->args, file, &w->roads);
    if (code) {
        return code;
    }
    if (looks_like_degrees(w)) {
        kt_err_set(&err, KT_EINVAL,
                   "%s: all vertices are nearer to one another than %g m; the coordinates look "
                   "like degrees: say "
                   "their system, --crs 4490",
                   file, w->snap);
        return kt_fail(w->args, &err);
    }
    int r = kt_road_net(w->roads.line, w->roads.n, w->snap, height, w->roads.arena, &w->net, &err);
    const char *out = kt_arg(w->args, "out");
    r = r < 0 || !out ? r : write_table(w, out, &err);
    r = r < 0 || !kt_arg(w->args, "write") ? r : write_map(w, &err);
    if (r == KT_OK) {
        say_read(w, &site);
    }
    return r < 0 ? kt_fail(w->args, &err) : KT_EXIT_OK;
}

int kt_import_roadways(const struct kt_args *a, const char *site_dir, const char *file)
{
    struct work w = {.args = a, .site_dir = site_dir, .roads.arena = kt_arena_new(2048u << 20)};
    int code = make(&w, file);
    if (!code) {
        print_findings(&w);
        fprintf(stderr, "%u roadways: %u branches between %u nodes, %u findings; %s\n", w.roads.n,
                w.net.branches_n, w.net.nodes_n, w.net.findings_n,
                kt_arg(a, "write") ? "layer roadway of the map is written, gaps snapped"
                                   : "the map stays as it was (--write snaps and writes it)");
        code = w.net.findings_n && !kt_arg(a, "write") ? KT_EXIT_INVALID : KT_EXIT_OK;
    }
    free(w.roads.line);
    free(w.roads.says);
    kt_arena_free(w.roads.arena);
    return code;
}
