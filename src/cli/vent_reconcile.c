/* SPDX-License-Identifier: Apache-2.0 */
/* kuangtu vent reconcile: resistances from measured wind speeds. */
#include <math.h>
#include <string.h>

#include "cli/vent.h"
#include "domain/vent/reconcile.h"

#define SIGMA_LEAST_M_S 0.15 /* of an anemometer in a roadway, where none is given */
#define SIGMA_PART      0.05

struct measured {
    const struct kt_args *args;
    struct kt_vent_table t;
    struct kt_csv *csv;
    struct kt_problems problems;
    struct kt_vent_sensor *sensor;
    uint32_t n;
    int id, speed, section, sigma;
};

static void print_problem(void *arg, const struct kt_err *at)
{
    char text[640];
    (void)arg;
    fprintf(stderr, "%s\n", kt_err_str(at, text, sizeof(text)));
}

static uint32_t find_edge(const struct kt_vent_table *t, struct kt_str s)
{
    for (uint32_t i = 0; i < t->net.branches_n; i++) {
        if (kt_str_is(s, t->edge_id[i])) {
            return i;
        }
    }
    return UINT32_MAX;
}

static void read_row(struct measured *m, uint32_t row)
{
    double v = 0, area = 0, sigma = 0;
    uint32_t before = m->problems.n, b = find_edge(&m->t, kt_csv_get(m->csv, row, m->id));
    if (b == UINT32_MAX) {
        kt_csv_problem(m->csv, row, m->id, &m->problems, "the network has no such edge");
    }
    bool ok = kt_csv_num(m->csv, row, m->speed, &m->problems, &v) &&
              kt_csv_num(m->csv, row, m->section, &m->problems, &area);
    if (!kt_csv_num(m->csv, row, m->sigma, &m->problems, &sigma)) {
        sigma = fmax(SIGMA_LEAST_M_S, SIGMA_PART * fabs(v));
    }
    if (m->problems.n == before && (!ok || area <= 0 || sigma <= 0)) {
        kt_csv_problem(m->csv, row, -1, &m->problems,
                       "wants speed_m_s, section_m2 above 0, and sigma_m_s above 0 or none");
    }
    m->sensor[m->n++] = (struct kt_vent_sensor){b, v * area, sigma * area};
}

static int read_measured(struct measured *m, const char *file, struct kt_arena *arena)
{
    struct kt_err err;
    int r = kt_csv_read(arena, file, file, &m->csv, &err);
    if (r < 0) {
        return kt_fail(m->args, &err);
    }
    m->problems = (struct kt_problems){print_problem, NULL, 0};
    m->id = kt_csv_column(m->csv, "edge_id");
    m->speed = kt_csv_column(m->csv, "speed_m_s");
    m->section = kt_csv_column(m->csv, "section_m2");
    m->sigma = kt_csv_column(m->csv, "sigma_m_s");
    kt_csv_unknown(m->csv, &m->problems);
    m->sensor = KT_NEW_ARRAY(arena, struct kt_vent_sensor, kt_csv_rows(m->csv) + 1);
    for (uint32_t i = 0; i < kt_csv_rows(m->csv); i++) {
        read_row(m, i);
    }
    return m->problems.n ? KT_EXIT_INVALID : 0;
}

static void print(const struct measured *m, const struct kt_vent_flow *before,
                  const struct kt_vent_reconciled *r)
{
    static const char *const columns[] = {
        "edge_id",           "r_N_s2_m8",     "r_reconciled_N_s2_m8", "q_m3_s",
        "q_reconciled_m3_s", "measured_m3_s", "normalised",           "verdict"};
    struct kt_table *out = kt_table_new(vent_format(m->args), columns, KT_ARRAY_LEN(columns));
    for (uint32_t b = 0; b < m->t.net.branches_n; b++) {
        kt_table_cell(out, m->t.edge_id[b]);
        kt_table_num(out, m->t.net.branch[b].r_ns2_m8);
        kt_table_num(out, r->r_ns2_m8[b]);
        kt_table_num(out, before->q_m3s[b]);
        kt_table_num(out, r->flow.q_m3s[b]);
        uint32_t s = 0;
        while (s < m->n && m->sensor[s].branch != b) {
            s++;
        }
        if (s == m->n) {
            kt_table_cell(out, "");
            kt_table_cell(out, "");
            kt_table_cell(out, "");
            continue;
        }
        kt_table_num(out, m->sensor[s].q_m3s);
        kt_table_num(out, round(r->normal[s] * 100) / 100);
        kt_table_cell(out, r->contradicts[s] ? "contradicts" : "agrees");
    }
    kt_table_end(out);
}

static void point_out(const struct measured *m, const struct kt_vent_reconciled *r)
{
    for (uint32_t i = 0; i < m->n; i++) {
        if (r->contradicts[i]) {
            uint32_t b = m->sensor[i].branch;
            fprintf(stderr,
                    "note: the sensor of edge %s shows %.4g m3/s; by all others it is %.4g m3/s "
                    "(%.1f deviations)\n",
                    m->t.edge_id[b], m->sensor[i].q_m3s, r->flow.q_m3s[b], fabs(r->normal[i]));
        }
    }
}

int vent_reconcile(const struct kt_args *a)
{
    struct kt_err err;
    struct measured m = {.args = a};
    struct kt_vent_flow before;
    struct kt_vent_reconciled out;
    const char *file = kt_arg(a, "measured");
    if (!file) {
        return kt_usage(a, "reconcile wants --measured FILE: edge_id,speed_m_s,section_m2");
    }
    struct kt_arena *arena = kt_arena_new(0);
    int code = vent_load(a, arena, &m.t);
    code = code ? code : read_measured(&m, file, arena);
    code = code ? code : vent_solve(a, &m.t.net, arena, &before);
    if (!code && kt_vent_reconcile(&m.t.net, m.sensor, m.n, NULL, arena, &out, &err) < 0) {
        code = kt_fail(a, &err);
    } else if (!code) {
        print(&m, &before, &out);
        point_out(&m, &out);
    }
    kt_arena_free(arena);
    return code;
}
