/* SPDX-License-Identifier: Apache-2.0 */
/* kuangtu import points|history|map|roadways: bring in what other programs wrote. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/drawing.h"
#include "cli/import.h"
#include "conf/csv.h"
#include "geo/geo.h"
#include "site/site.h"
#include "sys/file.h"

static const struct kt_option options[] = {
    {"map", "COLUMN=POINT,…", "history: which column is which point (default: the same name)"},
    {"start", "TIME", "history: time of the first row where rows have none"},
    {"step", "DURATION", "history: time between rows, e.g. 30s"},
    {"layer", "NAME", "map: layer of map.gpkg to make (roadway, area, label, asset)"},
    {"snap", "METRES", "roadways: how far an end may be moved (2)"},
    {"height", "METRES", "roadways: more than this apart they pass over one another (2)"},
    {"crs", "EPSG", "roadways: what a drawing is in that does not say it, or says it wrong"},
    {"encoding", "NAME",
     "map, roadways: of the texts of a Shapefile or DXF (default: as it says, else UTF-8 or GBK)"},
    {"out", "FILE", "roadways: write edge_id,from,to,length_m,section_m2,kind …"},
    {"write", NULL, "roadways: write the mended lines as layer roadway of the map"},
    {"dry-run", NULL, "read and report, change nothing"},
    {NULL, NULL, NULL},
};

/* ---- points ---------------------------------------------------------------------------------- */

static int load_site(const struct kt_args *a, const char *dir, struct kt_findings *f,
                     struct kt_site **ret, struct kt_err *err)
{
    char packs[600];
    int r = kt_site_load(dir, kt_share_dir(packs, sizeof(packs), "packs"), NULL, f, ret, err);
    const struct kt_finding *one;
    (void)a;
    for (size_t i = 0; (one = kt_findings_get(f, i)); i++) {
        char text[640];
        if (one->level == KT_FIND_ERROR) {
            fprintf(stderr, "%s: %s\n", kt_level_text(one->level),
                    kt_said(&one->at, text, sizeof(text)));
        }
    }
    return r;
}

static int read_whole(const char *path, struct kt_buf *b, struct kt_err *err)
{
    kt_buf_init(b, 512u << 20);
    return kt_file_read(path, 512u << 20, b, err);
}

/* What was there and is no longer: a table takes the place of the whole. */
static void say_gone(const struct kt_args *a, const struct kt_buf *old, const struct kt_site *site)
{
    enum { NAMED = 5 };
    struct kt_csv *csv;
    struct kt_err none;
    uint32_t gone = 0;
    struct kt_buf names;
    struct kt_arena *arena = kt_arena_new(0);
    if (kt_csv_parse(arena, (struct kt_str){old->p, old->n}, "points.csv", &csv, &none) < 0) {
        kt_arena_free(arena);
        return;
    }
    kt_buf_init(&names, 0);
    int id = kt_csv_column(csv, "id");
    for (uint32_t i = 0; id >= 0 && i < kt_csv_rows(csv); i++) {
        struct kt_str was = kt_csv_get(csv, i, id);
        if (was.n && kt_site_point(site, was).v == KT_NONE && gone++ < NAMED) {
            kt_buf_printf(&names, "%s%.*s", gone > 1 ? ", " : "", (int)was.n, was.p);
        }
    }
    if (gone) {
        kt_note(a, "%u points of the table before are no longer there: %s%s", gone,
                kt_buf_cstr(&names), gone > NAMED ? " …" : "");
    }
    kt_buf_done(&names);
    kt_arena_free(arena);
}

/* A head alone would take every point away. */
static int has_rows(const char *file, struct kt_str bytes, struct kt_err *err)
{
    struct kt_csv *csv;
    struct kt_arena *arena = kt_arena_new(0);
    int r = kt_csv_parse(arena, bytes, file, &csv, err);
    if (r == KT_OK && kt_csv_rows(csv) == 0) {
        r = kt_err_set(err, KT_EINVAL, "%s has no rows below its head; nothing was changed", file);
    }
    kt_arena_free(arena);
    return r;
}

/* The new table is put in place, checked with everything around it, and taken back when it has
 * errors or nothing was to be changed. */
static int import_points(const struct kt_args *a, const char *site_dir, const char *file)
{
    char path[700];
    struct kt_buf old, fresh;
    struct kt_err err = {0};
    struct kt_site *site = NULL;
    snprintf(path, sizeof(path), "%s/points.csv", site_dir);
    int r = read_whole(path, &old, &err);
    bool had = r == KT_OK;
    r = read_whole(file, &fresh, &err);
    r = r < 0 ? r : has_rows(file, (struct kt_str){fresh.p, fresh.n}, &err);
    if (r == KT_OK) {
        r = had ? kt_file_replace(path, fresh.p, fresh.n, &err)
                : kt_file_replace_mode(path, fresh.p, fresh.n, 0640, &err);
    }
    if (r < 0) {
        kt_buf_done(&old);
        kt_buf_done(&fresh);
        return kt_fail(a, &err);
    }
    struct kt_findings *f = kt_findings_new(10000);
    r = load_site(a, site_dir, f, &site, &err);
    size_t errors = kt_findings_count(f, KT_FIND_ERROR);
    if (r < 0 || kt_arg(a, "dry-run")) {
        struct kt_err back = {0};
        if (had && kt_file_replace(path, old.p, old.n, &back) < 0) {
            fprintf(stderr, "the old points.csv could not be put back: %s\n", back.text);
        }
        if (!had) {
            unlink(path);
        }
    }
    if (r == KT_OK && had) {
        say_gone(a, &old, site);
    }
    if (r == KT_OK) {
        kt_done(a, "%u points; %s", site->points_n,
                kt_arg(a, "dry-run") ? "nothing was changed"
                                     : "load them with kuangtu reload, or at the next start");
    } else {
        kt_done(a, "%zu errors; points.csv stays as it was", errors);
    }
    kt_findings_free(f);
    kt_site_unref(site);
    kt_buf_done(&old);
    kt_buf_done(&fresh);
    return r < 0 ? KT_EXIT_INVALID : KT_EXIT_OK;
}

/* ---- map ------------------------------------------------------------------------------------- */

/* What becomes of a copy of the drawing takes its place only when it is whole and can be read. */
struct drawn {
    const char *file, *layer, *encoding; /* encoding NULL: as the file says */
    char target[700], work[720];
};

static int make_layer(const struct drawn *d, int to_epsg, struct kt_err *err)
{
    return drawing_convert(&(struct drawing_ask){.file = d->file,
                                                 .target = d->work,
                                                 .layer = d->layer,
                                                 .encoding = d->encoding,
                                                 .to_epsg = to_epsg},
                           err);
}

static int site_epsg(const char *site_dir)
{
    char packs[600];
    struct kt_err none;
    struct kt_site *site = NULL;
    struct kt_findings *f = kt_findings_new(10);
    int r =
        kt_site_load(site_dir, kt_share_dir(packs, sizeof(packs), "packs"), NULL, f, &site, &none);
    int epsg = r == KT_OK ? site->crs_epsg : 0;
    kt_site_unref(site);
    kt_findings_free(f);
    return epsg;
}

/* As drawn, and where it says other coordinates than the site's, once more in those. */
static int convert(const struct drawn *d, const char *site_dir, struct kt_err *err)
{
    struct kt_geo_crs crs = {0};
    struct kt_err none;
    int r = make_layer(d, 0, err);
    int epsg = r == KT_OK ? site_epsg(site_dir) : 0;
    if (epsg && kt_geo_crs(d->work, d->layer, &crs, &none) == KT_OK && crs.said &&
        crs.epsg != epsg) {
        r = make_layer(d, epsg, err);
    }
    return r;
}

static int import_map(const struct kt_args *a, const char *site_dir, const char *file)
{
    struct kt_err err = {0};
    struct kt_geo_map map = {0};
    struct drawn d = {.file = file, .layer = kt_arg(a, "layer")};
    struct stat st = {.st_mode = 0640};
    bool dry = kt_arg(a, "dry-run") != NULL;
    d.layer = d.layer ? d.layer : "roadway";
    snprintf(d.target, sizeof(d.target), "%s/map.gpkg", site_dir);
    snprintf(d.work, sizeof(d.work), "%s/.import.gpkg", site_dir);
    unlink(d.work);
    bool exists = stat(d.target, &st) == 0;
    int r = kt_file_exists(file)
                ? KT_OK
                : kt_err_set(&err, KT_ENOTFOUND, "cannot read %s: it does not exist", file);
    if (r == KT_OK && exists) {
        r = kt_file_copy(d.target, d.work, st.st_mode & 0777, &err);
    }
    if (r == KT_OK) {
        d.encoding = drawing_encoding(a, file);
        r = convert(&d, site_dir, &err);
    }
    struct kt_arena *arena = kt_arena_new(512u << 20);
    r = r < 0 ? r : kt_geo_map_read(d.work, site_dir, arena, &map, &err);
    kt_file_own_as(d.work, exists ? d.target : site_dir);
    if (r == KT_OK && !dry && rename(d.work, d.target) != 0) {
        r = kt_err_sys(&err, "cannot put %s in the place of %s", d.work, d.target);
    }
    if (r == KT_OK) {
        kt_done(a, "layer %s %s; the map has %zu features", d.layer,
                dry ? "can be read" : "written", map.n);
    }
    unlink(d.work);
    kt_arena_free(arena);
    return r < 0 ? kt_fail(a, &err) : KT_EXIT_OK;
}

static int import(const struct kt_args *a)
{
    if (a->pos_n != 3) {
        return kt_usage(
            a, "say what (points, history, map or roadways), the site folder and the file");
    }
    char texts[700];
    if (kt_site_text_dir(a->pos[1], texts, sizeof(texts)) && strcmp(a->pos[0], "history") != 0) {
        fprintf(stderr, "the site in force lies in %s; first: kuangtu cluster adopt %s\n", texts,
                a->pos[1]);
        return KT_EXIT_INVALID;
    }
    if (strcmp(a->pos[0], "points") == 0) {
        return import_points(a, a->pos[1], a->pos[2]);
    }
    if (strcmp(a->pos[0], "history") == 0) {
        return kt_import_history(a, a->pos[1], a->pos[2]);
    }
    if (strcmp(a->pos[0], "map") == 0) {
        return import_map(a, a->pos[1], a->pos[2]);
    }
    if (strcmp(a->pos[0], "roadways") == 0) {
        return kt_import_roadways(a, a->pos[1], a->pos[2]);
    }
    return kt_usage(a, "\"%s\" is not points, history, map or roadways", a->pos[0]);
}

const struct kt_verb kt_verb_import = {
    .name = "import",
    .usage = "points|history|map|roadways SITE FILE",
    .summary = "bring in points, history, a drawing or a network of roadways",
    .help =
        "points   a points.csv (UTF-8 or GBK); checked with the whole site before it counts\n"
        "history  CSV with columns point,time,value[,quality], or time and a column a point;\n"
        "         ARFF with --start and --step. The program must not be running.\n"
        "map      DXF, Shapefile, GeoJSON … as a layer of map.gpkg (needs ogr2ogr of gdal-bin)\n"
        "roadways DXF, Shapefile, GeoPackage … or a CSV of "
        "id,x,y[,z,from,to,section_m2,kind,place,name,width_m] with "
        "a\n"
        "         row a vertex: made into one network. Gaps, ends beside a roadway, overlaps,\n"
        "         crossings, ends without a name are listed with where they would be snapped to;\n"
        "         exit code 3 while there are some. Nothing is written without --write or "
        "--out.\n\n"
        "  kuangtu import history sites/demo old.csv\n"
        "  kuangtu import history sites/demo m.arff --start 2014-03-02 --step 30s --map "
        "MM116=T1-1203\n",
    .options = options,
    .run = import,
};
