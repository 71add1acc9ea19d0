/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CSV has one row a vertex: id, x, y and, where known, z; from, to, section_m2, kind, place, name
 * and width_m on the first row of a roadway. All else is a drawing.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/map.h"
#include "cli/roadways.h"
#include "conf/csv.h"

struct roadways_now {
    struct kt_map *ids;
    uint32_t cap;
    double *xyz; /* of the roadway being read */
    uint32_t n, xyz_cap;
};

enum { NAMES_MAX = 10, PREFIX_LEAST = 9 };
/* The best first. */
static const char *const names[ROADWAY_FIELDS][NAMES_MAX] = {
    [ROADWAY_ID] = {"airway", "id", "edge_id", "编号", "巷道编号", "代码", "name", "名称",
                    "巷道名称"},
    [ROADWAY_X] = {"x", "东坐标", "横坐标"},
    [ROADWAY_Y] = {"y", "北坐标", "纵坐标"},
    [ROADWAY_Z] = {"z", "高程", "标高"},
    [ROADWAY_FROM] = {"from", "from_node", "from_", "起点", "始节点", "起点名称", "起节点"},
    [ROADWAY_TO] = {"to", "to_node", "to_", "终点", "末节点", "终点名称", "止节点"},
    [ROADWAY_SECTION] = {"section_m2", "section", "断面", "断面积", "净断面", "断面面积"},
    [ROADWAY_KIND] = {"kind", "type", "类型", "巷道类型", "类别", "layer", "图层"},
    [ROADWAY_PLACE] = {"place", "地点"},
    [ROADWAY_NAME] = {"name", "名称", "巷道名称", "巷道名"},
    [ROADWAY_WIDTH] = {"width_m", "width", "宽度", "巷宽", "净宽"},
};

/* A Shapefile cuts names after ten bytes, and so a Chinese one. */
static bool is_name(const char *name, const char *known)
{
    size_t n = strlen(name);
    bool cut = n >= PREFIX_LEAST && (unsigned char)name[0] >= 0x80;
    return strcasecmp(name, known) == 0 || (cut && strncmp(name, known, n) == 0);
}

int roadways_rank(enum roadway_field field, const char *name)
{
    for (int i = 0; i < NAMES_MAX && names[field][i]; i++) {
        if (is_name(name, names[field][i])) {
            return i;
        }
    }
    return -1;
}

void roadways_vertex(struct roadways *to, double x, double y, double z)
{
    struct roadways_now *r = to->r;
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

static void grow(struct roadways *to)
{
    struct roadways_now *r = to->r;
    if (to->n < r->cap) {
        return;
    }
    r->cap = r->cap ? 2 * r->cap : 256;
    to->line = realloc(to->line, r->cap * sizeof(*to->line));
    to->says = realloc(to->says, r->cap * sizeof(*to->says));
    KT_ASSERT(to->line && to->says);
}

/** The id as given, or made from it or from the number: no other roadway has it. */
static const char *own_id(struct roadways *to, struct kt_str given)
{
    const char *base = given.n ? kt_arena_strndup(to->arena, given.p, given.n)
                               : kt_arena_printf(to->arena, "R%u", to->n + 1);
    const char *id = base;
    for (uint32_t k = 2; !kt_map_add(to->r->ids, kt_str_c(id), 0); k++) {
        id = kt_arena_printf(to->arena, "%s-%u", base, k);
    }
    to->renamed_n += given.n > 0 && id != base;
    return id;
}

/** A node that the program named itself is one without a name. */
static const char *node_name(const char *name)
{
    size_t digits = name[0] == 'N' ? strspn(name + 1, "0123456789") : 0;
    return digits && !name[1 + digits] ? "" : name;
}

/** A piece with one vertex is kept: it is told as one that is too short. */
void roadways_line(struct roadways *to, const struct kt_str *text)
{
    struct roadways_now *r = to->r;
    const char *kept[ROADWAY_FIELDS];
    if (r->n == 1) {
        roadways_vertex(to, r->xyz[0], r->xyz[1], r->xyz[2]);
    }
    grow(to);
    double *xyz = KT_NEW_ARRAY(to->arena, double, (size_t)r->n * 3 + 1);
    if (r->n) {
        memcpy(xyz, r->xyz, (size_t)r->n * 3 * sizeof(double));
    }
    for (int i = 0; i < ROADWAY_FIELDS; i++) {
        kept[i] = kt_arena_strndup(to->arena, text[i].n ? text[i].p : "", text[i].n);
    }
    to->line[to->n] =
        (struct kt_road_line){own_id(to, text[ROADWAY_ID]), node_name(kept[ROADWAY_FROM]),
                              node_name(kept[ROADWAY_TO]), xyz, r->n};
    to->says[to->n++] =
        (struct roadway_says){kept[ROADWAY_SECTION], kept[ROADWAY_KIND], kept[ROADWAY_PLACE],
                              kept[ROADWAY_NAME], kept[ROADWAY_WIDTH]};
    r->n = 0;
}

/* ---- CSV ------------------------------------------------------------------------------------- */

struct table {
    const struct kt_csv *csv;
    int col[ROADWAY_FIELDS];
    struct kt_problems p;
};

static int column_of(const struct kt_csv *csv, enum roadway_field field)
{
    int best = -1, best_rank = NAMES_MAX;
    for (uint32_t i = 0; i < kt_csv_columns(csv); i++) {
        char name[64];
        struct kt_str s = kt_csv_name(csv, i);
        snprintf(name, sizeof(name), "%.*s", (int)(s.n < 60 ? s.n : 60), s.p);
        int rank = roadways_rank(field, name);
        if (rank >= 0 && rank < best_rank) {
            best = (int)i;
            best_rank = rank;
        }
    }
    return best;
}

static struct kt_str cell(const struct table *t, uint32_t row, enum roadway_field field)
{
    return t->col[field] < 0 ? (struct kt_str){"", 0} : kt_csv_get(t->csv, row, t->col[field]);
}

static bool same_id(const struct table *t, uint32_t a, uint32_t b)
{
    struct kt_str x = cell(t, a, ROADWAY_ID), y = cell(t, b, ROADWAY_ID);
    return x.n == y.n && memcmp(x.p, y.p, x.n) == 0;
}

static void print_problem(void *arg, const struct kt_err *at)
{
    char text[640];
    (void)arg;
    fprintf(stderr, "error: %s\n", kt_err_str(at, text, sizeof(text)));
}

static double number(struct table *t, uint32_t row, enum roadway_field field)
{
    double v = NAN;
    uint32_t before = t->p.n;
    bool is = t->col[field] >= 0 && kt_csv_num(t->csv, row, t->col[field], &t->p, &v);
    if (!is && field != ROADWAY_Z && t->p.n == before) {
        kt_csv_problem(t->csv, row, t->col[field], &t->p, "%s is empty; write metres",
                       names[field][0]);
    }
    return is ? v : (double)NAN;
}

static void read_row(struct table *t, uint32_t row, struct roadways *to)
{
    double x = number(t, row, ROADWAY_X), y = number(t, row, ROADWAY_Y);
    roadways_vertex(to, x, y, number(t, row, ROADWAY_Z));
    if (cell(t, row, ROADWAY_ID).n == 0) {
        kt_csv_problem(t->csv, row, t->col[ROADWAY_ID], &t->p, "id is empty; name the roadway");
    }
}

/** A roadway's rows stand together: one that comes again is another one. */
static void tell_scattered(struct table *t, const struct roadways *to)
{
    if (to->renamed_n) {
        kt_problem_at(&t->p, kt_csv_file(t->csv), 1, 1,
                      "%u roadways come again after another one; the rows of a roadway stand "
                      "together, in its order",
                      to->renamed_n);
    }
}

static int read_csv(const struct kt_args *a, const char *file, struct roadways *to)
{
    struct kt_csv *csv;
    struct kt_err err;
    if (kt_csv_read(to->arena, file, file, &csv, &err) < 0) {
        return kt_fail(a, &err);
    }
    struct table t = {.csv = csv, .p = {print_problem, NULL, 0}};
    for (int i = 0; i < ROADWAY_FIELDS; i++) {
        t.col[i] = column_of(csv, (enum roadway_field)i);
    }
    if (t.col[ROADWAY_ID] < 0 || t.col[ROADWAY_X] < 0 || t.col[ROADWAY_Y] < 0) {
        return kt_usage(a, "%s: columns id, x and y must be there, one row a vertex", file);
    }
    uint32_t first = 0;
    for (uint32_t row = 0; row < kt_csv_rows(csv); row++) {
        read_row(&t, row, to);
        if (row + 1 == kt_csv_rows(csv) || !same_id(&t, first, row + 1)) {
            struct kt_str text[ROADWAY_FIELDS];
            for (int i = 0; i < ROADWAY_FIELDS; i++) {
                text[i] = cell(&t, first, (enum roadway_field)i);
            }
            roadways_line(to, text);
            first = row + 1;
        }
    }
    tell_scattered(&t, to);
    return t.p.n ? KT_EXIT_INVALID : KT_EXIT_OK;
}

int roadways_read(const struct kt_args *a, const char *file, struct roadways *ret)
{
    struct roadways_now now = {.ids = kt_map_new(256)};
    size_t n = strlen(file);
    bool csv = n > 4 && strcasecmp(file + n - 4, ".csv") == 0;
    ret->r = &now;
    int code = csv ? read_csv(a, file, ret) : roadways_drawing(a, file, ret);
    ret->r = NULL;
    kt_map_free(now.ids);
    free(now.xyz);
    return code;
}
