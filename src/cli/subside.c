/* SPDX-License-Identifier: Apache-2.0 */
/* kuangtu subside: how far the ground sinks above mined faces, on a grid or at listed places. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cli/cli.h"
#include "domain/land/faces.h"
#include "sys/file.h"

#define FILE_MAX ((size_t)16 << 20)

enum { FIGURES = 13, DIRECTED = 4 };

/* Movements of all places, with the fills and as if there were none. */
struct ground {
    const struct kt_faces *faces;
    uint32_t n;
    struct kt_subside_at *at, *bare;
    bool turned; /* --direction */
    double cos_d, sin_d;
};

/* The greatest of each sort, and where. */
struct extreme {
    const char *name;
    double value;
    uint32_t place;
};
enum { SINK, TILT, CURVE_UP, CURVE_DOWN, MOVE, STRETCH, PRESS, EXTREMES };

static struct kt_xy place_of(const struct kt_faces *f, uint32_t i)
{
    if (f->places_n) {
        return f->place[i].at;
    }
    return (struct kt_xy){f->grid.x0 + f->grid.step_m * (i % f->grid.nx),
                          f->grid.y0 + f->grid.step_m * (i / f->grid.nx)};
}

static void compute(struct ground *g)
{
    const struct kt_faces *f = g->faces;
    g->n = f->places_n ? f->places_n : f->grid.nx * f->grid.ny;
    g->at = calloc(g->n, sizeof(*g->at));
    g->bare = calloc(g->n, sizeof(*g->bare));
    KT_ASSERT(g->at && g->bare);
    for (uint32_t i = 0; i < g->n; i++) {
        for (uint32_t k = 0; k < f->n; k++) {
            struct kt_subside_at one = {0};
            kt_subside_add(f->face[k], place_of(f, i), 1, &one);
            kt_subside_add_times(&one, f->part[k] * kt_subside_greatest(f->face[k]), &g->at[i]);
            kt_subside_add_times(&one, f->part[k] * kt_subside_unfilled(f->face[k]), &g->bare[i]);
        }
    }
}

static void raise_to(struct extreme *e, double v, uint32_t place)
{
    if (fabs(v) > fabs(e->value)) {
        e->value = v;
        e->place = place;
    }
}

/* In the units of the field: mm, mm/m, mm/m². */
static void extremes(const struct kt_subside_at *at, uint32_t n, struct extreme *ret)
{
    static const char *const names[EXTREMES] = {
        "w_mm",          "tilt_mm_per_m",    "curvature_mm_per_m2", "curvature_low_mm_per_m2",
        "horizontal_mm", "stretch_mm_per_m", "press_mm_per_m"};
    for (int i = 0; i < EXTREMES; i++) {
        ret[i] = (struct extreme){names[i], 0, 0};
    }
    for (uint32_t i = 0; i < n; i++) {
        struct kt_principal k = kt_principal(at[i].kxx, at[i].kxy, at[i].kyy);
        struct kt_principal e = kt_principal(at[i].exx, at[i].exy, at[i].eyy);
        raise_to(&ret[SINK], at[i].w_m * 1e3, i);
        raise_to(&ret[TILT], hypot(at[i].ix, at[i].iy) * 1e3, i);
        raise_to(&ret[CURVE_UP], fmax(k.high, 0) * 1e3, i);
        raise_to(&ret[CURVE_DOWN], fmin(k.low, 0) * 1e3, i);
        raise_to(&ret[MOVE], hypot(at[i].ux_m, at[i].uy_m) * 1e3, i);
        raise_to(&ret[STRETCH], fmax(e.high, 0) * 1e3, i);
        raise_to(&ret[PRESS], fmin(e.low, 0) * 1e3, i);
    }
}

static const char *const columns[FIGURES + DIRECTED] = {
    "x",     "y",   "w_mm", "ix",  "iy", "kxx", "kxy",  "kyy", "ux_mm",
    "uy_mm", "exx", "exy",  "eyy", "i",  "k",   "u_mm", "e"};

/* One place as the columns say; with a direction the four in it stand behind. */
static int figures(const struct ground *g, uint32_t i, double *v)
{
    const struct kt_subside_at *a = &g->at[i];
    struct kt_xy p = place_of(g->faces, i);
    const double all[FIGURES] = {p.x,           p.y,           a->w_m * 1e3, a->ix * 1e3,
                                 a->iy * 1e3,   a->kxx * 1e3,  a->kxy * 1e3, a->kyy * 1e3,
                                 a->ux_m * 1e3, a->uy_m * 1e3, a->exx * 1e3, a->exy * 1e3,
                                 a->eyy * 1e3};
    double c = g->cos_d, s = g->sin_d;
    for (int k = 0; k < FIGURES; k++) {
        v[k] = all[k];
    }
    if (!g->turned) {
        return FIGURES;
    }
    v[FIGURES] = v[3] * c + v[4] * s;
    v[FIGURES + 1] = v[5] * c * c + v[7] * s * s + 2 * v[6] * s * c;
    v[FIGURES + 2] = v[8] * c + v[9] * s;
    v[FIGURES + 3] = v[10] * c * c + v[12] * s * s + 2 * v[11] * s * c;
    return FIGURES + DIRECTED;
}

/* ---- printing -------------------------------------------------------------------------------- */

/* Nine digits; what an error of rounding leaves of a zero is a zero. */
static size_t text_of(double v, char *to, size_t cap)
{
    v = fabs(v) < 1e-9 ? 0 : v;
    int n = snprintf(to, cap, "%.9g", v);
    return n < 0 ? 0 : (size_t)n;
}

static void flush(struct kt_buf *b, size_t at_least)
{
    if (b->n >= at_least) {
        fwrite(b->p, 1, b->n, stdout);
        kt_buf_clear(b);
    }
}

static void put_row(const struct ground *g, uint32_t i, struct kt_buf *b)
{
    double v[FIGURES + DIRECTED];
    char text[40];
    int n = figures(g, i, v);
    for (int k = 0; k < n; k++) {
        kt_buf_put(b, ",", k > 0);
        kt_buf_put(b, text, text_of(v[k], text, sizeof(text)));
    }
}

static void print_csv(const struct ground *g)
{
    struct kt_buf b;
    kt_buf_init(&b, 0);
    bool named = g->faces->places_n > 0;
    kt_buf_puts(&b, named ? "id," : "");
    int n = FIGURES + (g->turned ? DIRECTED : 0);
    for (int k = 0; k < n; k++) {
        kt_buf_printf(&b, "%s%s", k ? "," : "", columns[k]);
    }
    for (uint32_t i = 0; i < g->n; i++) {
        kt_buf_put(&b, "\n", 1);
        if (named) {
            const char *id = g->faces->place[i].id;
            bool quote = strpbrk(id, ",\"\n\r") != NULL;
            kt_buf_puts(&b, quote ? "\"" : "");
            for (; *id; id++) {
                kt_buf_puts(&b, *id == '"' ? "\"" : "");
                kt_buf_put(&b, id, 1);
            }
            kt_buf_puts(&b, quote ? "\"," : ",");
        }
        put_row(g, i, &b);
        flush(&b, 1 << 16);
    }
    kt_buf_put(&b, "\n", 1);
    flush(&b, 0);
    kt_buf_done(&b);
}

static void json_extremes(const struct ground *g, const struct kt_subside_at *at, const char *key,
                          struct kt_jw *w)
{
    struct extreme e[EXTREMES];
    extremes(at, g->n, e);
    kt_jw_key(w, key);
    kt_jw_obj(w);
    for (int i = 0; i < EXTREMES; i++) {
        struct kt_xy p = place_of(g->faces, e[i].place);
        kt_jw_key(w, e[i].name);
        kt_jw_obj(w);
        kt_jw_knum(w, "value", e[i].value);
        kt_jw_knum(w, "x", p.x);
        kt_jw_knum(w, "y", p.y);
        kt_jw_obj_end(w);
    }
    kt_jw_obj_end(w);
}

static void json_faces(const struct kt_faces *f, struct kt_jw *w)
{
    kt_jw_key(w, "faces");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < f->n; i++) {
        kt_jw_obj(w);
        kt_jw_knum(w, "r_m", kt_subside_radius(f->face[i]));
        kt_jw_knum(w, "w0_mm", kt_subside_greatest(f->face[i]) * 1e3);
        kt_jw_knum(w, "w0_unfilled_mm", kt_subside_unfilled(f->face[i]) * 1e3);
        kt_jw_knum(w, "part", f->part[i]);
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
}

static void json_grid(const struct kt_face_grid *d, struct kt_jw *w)
{
    kt_jw_key(w, "grid");
    kt_jw_obj(w);
    kt_jw_knum(w, "x0", d->x0);
    kt_jw_knum(w, "y0", d->y0);
    kt_jw_knum(w, "step_m", d->step_m);
    kt_jw_kint(w, "nx", d->nx);
    kt_jw_kint(w, "ny", d->ny);
    kt_jw_obj_end(w);
}

static void print_json(const struct ground *g)
{
    struct kt_buf b;
    kt_buf_init(&b, 0);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    json_faces(g->faces, &w);
    json_extremes(g, g->at, "greatest", &w);
    json_extremes(g, g->bare, "greatest_unfilled", &w);
    if (!g->faces->places_n) {
        json_grid(&g->faces->grid, &w);
    }
    kt_jw_key(&w, "columns");
    kt_jw_arr(&w);
    for (int k = 0; k < FIGURES + (g->turned ? DIRECTED : 0); k++) {
        kt_jw_str(&w, columns[k]);
    }
    kt_jw_arr_end(&w);
    kt_jw_key(&w, "rows");
    kt_buf_puts(&b, "[");
    for (uint32_t i = 0; i < g->n; i++) {
        kt_buf_puts(&b, i ? ",[" : "[");
        put_row(g, i, &b);
        kt_buf_puts(&b, "]");
        flush(&b, 1 << 16);
    }
    kt_buf_puts(&b, "]}\n");
    flush(&b, 0);
    kt_buf_done(&b);
}

static void print_table(const struct ground *g)
{
    static const char *const heads[] = {"greatest", "filled", "x", "y", "unfilled"};
    struct extreme e[EXTREMES], bare[EXTREMES];
    struct kt_table *t = kt_table_new(KT_FORMAT_TABLE, heads, 5);
    extremes(g->at, g->n, e);
    extremes(g->bare, g->n, bare);
    for (int i = 0; i < EXTREMES; i++) {
        struct kt_xy p = place_of(g->faces, e[i].place);
        double v[] = {e[i].value, p.x, p.y, bare[i].value};
        kt_table_cell(t, e[i].name);
        for (size_t k = 0; k < KT_ARRAY_LEN(v); k++) {
            char text[40];
            snprintf(text, sizeof(text), "%.4g", v[k]);
            if (k == 1 || k == 2) {
                snprintf(text, sizeof(text), "%.1f", v[k]);
            }
            kt_table_cell(t, text);
        }
    }
    kt_table_end(t);
}

/* ---- the verb -------------------------------------------------------------------------------- */

static const struct kt_option options[] = {
    {"direction", "DEGREES",
     "also tilt, curvature, shift and strain in this direction, from the x axis to y"},
    {NULL, NULL, NULL},
};

static void print_problem(void *arg, const struct kt_err *at)
{
    char text[640];
    (void)arg;
    fprintf(stderr, "error: %s\n", kt_err_str(at, text, sizeof(text)));
}

static int read_file(const char *path, struct kt_arena *arena, struct kt_faces **ret,
                     struct kt_err *err)
{
    struct kt_buf b;
    struct kt_problems problems = {.fn = print_problem};
    kt_buf_init(&b, FILE_MAX);
    int r = kt_file_read(path, FILE_MAX, &b, err);
    if (r == KT_OK) {
        r = kt_faces_read(arena, (struct kt_str){b.p, b.n}, path, &problems, ret, err);
    }
    kt_buf_done(&b);
    return r;
}

static int direction(const struct kt_args *a, struct ground *g)
{
    const char *text = kt_arg(a, "direction");
    char *end;
    if (!text) {
        return 0;
    }
    double deg = strtod(text, &end);
    if (end == text || *end || !(fabs(deg) <= 360)) {
        return kt_usage(a, "--direction is an angle in degrees, not \"%s\"", text);
    }
    g->turned = true;
    g->cos_d = cos(deg * M_PI / 180);
    g->sin_d = sin(deg * M_PI / 180);
    return 0;
}

static int run(const struct kt_args *a)
{
    struct ground g = {0};
    struct kt_err err = {0};
    struct kt_faces *faces = NULL;
    if (a->pos_n != 1) {
        return kt_usage(a, "name one file of faces");
    }
    int code = direction(a, &g);
    if (code) {
        return code;
    }
    struct kt_arena *arena = kt_arena_new(0);
    if (read_file(a->pos[0], arena, &faces, &err) < 0) {
        code = kt_fail(a, &err);
    } else {
        g.faces = faces;
        compute(&g);
        (a->format == KT_FORMAT_CSV    ? print_csv
         : a->format == KT_FORMAT_JSON ? print_json
                                       : print_table)(&g);
        code = ferror(stdout) ? KT_EXIT_FAILED : KT_EXIT_OK;
    }
    kt_faces_done(faces);
    kt_arena_free(arena);
    free(g.at);
    free(g.bare);
    return code;
}

const struct kt_verb kt_verb_subside = {
    .name = "subside",
    .usage = "FACE.json",
    .summary = "sink, tilt, curvature, shift and strain of the ground above mined faces",
    .help =
        "The probability-integral method over faces of any outline, with and without backfill.\n"
        "The file says what was mined and where to look: listed points, or a grid (without either\n"
        "one of 10 m around the faces). A table shows the greatest of each figure; csv and json\n"
        "hold every place. Fields and units: docs/solvers.md.\n\n"
        "  kuangtu subside 1203.json\n"
        "  kuangtu subside 1203.json --format csv --direction 90 > basin.csv\n",
    .options = options,
    .run = run,
};
