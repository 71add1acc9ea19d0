/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/vent/read.h"

#include <math.h>

#include "base/map.h"

enum { ID, NAME, FROM, TO, R, ADJUST, IS_FAN, A0, A1, A2, COLUMNS };

static const char *const columns[COLUMNS] = {"edge_id",    "name",       "from",   "to",
                                             "r_N_s2_m8",  "adjust_r",   "is_fan", "a0_Pa",
                                             "a1_Pa_s_m3", "a2_Pa_s2_m6"};

struct reading {
    struct kt_csv *csv;
    struct kt_arena *arena;
    struct kt_problems *p;
    int at[COLUMNS];
    struct kt_map *nodes, *edges;
    struct kt_vent_branch *branch;
    uint8_t *end;
    const char **node_name, **edge_id, **name;
    uint32_t nodes_n;
};

static bool find_columns(struct reading *rd)
{
    bool all = true;
    for (int c = 0; c < COLUMNS; c++) {
        rd->at[c] = kt_csv_column(rd->csv, columns[c]);
        if (rd->at[c] < 0) {
            all = false;
            kt_problem_at(rd->p, kt_csv_file(rd->csv), 1, 1, "there is no column \"%s\"",
                          columns[c]);
        }
    }
    kt_csv_unknown(rd->csv, rd->p);
    return all;
}

static double number(struct reading *rd, uint32_t row, int column)
{
    double v = 0;
    uint32_t before = rd->p->n;
    if (!kt_csv_num(rd->csv, row, rd->at[column], rd->p, &v) && rd->p->n == before) {
        kt_csv_problem(rd->csv, row, rd->at[column], rd->p, "%s is empty; write a number",
                       columns[column]);
    }
    return v;
}

/** Each node is an inlet until an edge ends there, an outlet until one begins. */
static uint32_t node(struct reading *rd, uint32_t row, int column)
{
    struct kt_str s = kt_csv_get(rd->csv, row, rd->at[column]);
    uint64_t i = rd->nodes_n;
    if (s.n == 0) {
        kt_csv_problem(rd->csv, row, rd->at[column], rd->p, "\"%s\" is empty; name the node",
                       columns[column]);
        return 0;
    }
    if (!kt_map_get(rd->nodes, s, &i)) {
        kt_map_add(rd->nodes, s, i);
        rd->node_name[i] = kt_arena_strndup(rd->arena, s.p, s.n);
        rd->end[i] = column == FROM ? KT_VENT_INLET : KT_VENT_OUTLET;
        rd->nodes_n++;
    } else if (rd->end[i] != (column == FROM ? KT_VENT_INLET : KT_VENT_OUTLET)) {
        rd->end[i] = KT_VENT_INNER;
    }
    return (uint32_t)i;
}

static void read_fan(struct reading *rd, uint32_t row, struct kt_vent_branch *b)
{
    struct kt_vent_fan *f = KT_NEW(rd->arena, struct kt_vent_fan);
    f->a0_pa = number(rd, row, A0);
    f->a1_pa_s_m3 = number(rd, row, A1);
    f->a2_pa_s2_m6 = number(rd, row, A2);
    int64_t is_fan = 0;
    uint32_t before = rd->p->n;
    if (!kt_csv_int(rd->csv, row, rd->at[IS_FAN], 0, 1, rd->p, &is_fan) && rd->p->n == before) {
        kt_csv_problem(rd->csv, row, rd->at[IS_FAN], rd->p, "is_fan is empty; write 0 or 1");
    }
    b->fan = is_fan ? f : NULL;
    if (b->fan && !isfinite(kt_vent_stall_m3s(b))) {
        kt_csv_problem(rd->csv, row, rd->at[A1], rd->p,
                       "the fan's pressure rises with the flow without end; a2_Pa_s2_m6 is below 0 "
                       "for a fan");
    }
}

static void read_row(struct reading *rd, uint32_t row)
{
    struct kt_vent_branch *b = &rd->branch[row];
    struct kt_str id = kt_csv_get(rd->csv, row, rd->at[ID]);
    rd->edge_id[row] = kt_arena_strndup(rd->arena, id.p, id.n);
    rd->name[row] = kt_csv_dup(rd->csv, row, rd->at[NAME], rd->arena);
    if (id.n == 0) {
        kt_csv_problem(rd->csv, row, rd->at[ID], rd->p, "edge_id is empty; name the edge");
    } else if (!kt_map_add(rd->edges, id, row)) {
        kt_csv_problem(rd->csv, row, rd->at[ID], rd->p, "there is an edge \"%.*s\" before",
                       (int)(id.n < 60 ? id.n : 60), id.p);
    }
    b->from = node(rd, row, FROM);
    b->to = node(rd, row, TO);
    if (b->from == b->to && kt_csv_get(rd->csv, row, rd->at[TO]).n) {
        kt_csv_problem(rd->csv, row, rd->at[TO], rd->p, "the edge ends where it begins");
    }
    double r = number(rd, row, R), adjust = number(rd, row, ADJUST);
    if (r < 0 || adjust < 0) {
        kt_csv_problem(rd->csv, row, rd->at[r < 0 ? R : ADJUST], rd->p,
                       "a resistance is 0 or more");
    }
    b->r_ns2_m8 = r + adjust;
    read_fan(rd, row, b);
}

static void fill(const struct reading *rd, uint32_t n, struct kt_vent_table *ret)
{
    *ret = (struct kt_vent_table){.net = {.branch = rd->branch,
                                          .branches_n = n,
                                          .nodes_n = rd->nodes_n,
                                          .end = rd->end,
                                          .node_name = rd->node_name,
                                          .branch_name = rd->edge_id},
                                  .edge_id = rd->edge_id,
                                  .name = rd->name};
    for (uint32_t i = 0; i < rd->nodes_n; i++) {
        ret->inlets_n += rd->end[i] == KT_VENT_INLET;
        ret->outlets_n += rd->end[i] == KT_VENT_OUTLET;
    }
}

int kt_vent_read(struct kt_csv *csv, struct kt_arena *arena, struct kt_problems *p,
                 struct kt_vent_table *ret, struct kt_err *err)
{
    uint32_t n = kt_csv_rows(csv), before = p->n;
    struct reading rd = {.csv = csv, .arena = arena, .p = p};
    if (n > KT_VENT_BRANCHES_MAX) {
        return kt_err_set(err, KT_ELIMIT, "%s has %u edges; %d are read", kt_csv_file(csv), n,
                          KT_VENT_BRANCHES_MAX);
    }
    if (n == 0) {
        kt_problem_at(p, kt_csv_file(csv), 1, 1, "the table has no edge");
    }
    if (n && find_columns(&rd)) {
        rd.branch = KT_NEW_ARRAY(arena, struct kt_vent_branch, n);
        rd.end = KT_NEW_ARRAY(arena, uint8_t, 2 * n);
        rd.node_name = KT_NEW_ARRAY(arena, const char *, 2 * n);
        rd.edge_id = KT_NEW_ARRAY(arena, const char *, n);
        rd.name = KT_NEW_ARRAY(arena, const char *, n);
        rd.nodes = kt_map_new(n);
        rd.edges = kt_map_new(n);
        for (uint32_t i = 0; i < n; i++) {
            read_row(&rd, i);
        }
        kt_map_free(rd.nodes);
        kt_map_free(rd.edges);
    }
    if (p->n != before) {
        return kt_err_set(err, KT_EPARSE, "%s is no network that can be read", kt_csv_file(csv));
    }
    fill(&rd, n, ret);
    return KT_OK;
}
