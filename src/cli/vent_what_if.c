/* SPDX-License-Identifier: Apache-2.0 */
/* kuangtu vent what-if: the airflow before and after, and when smoke would come. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "cli/vent.h"
#include "conf/number.h"
#include "domain/vent/carry.h"
#include "domain/vent/whatif.h"

enum { CHANGES_MAX = 256 };

struct what_if {
    const struct kt_args *args;
    struct kt_arena *arena;
    struct kt_vent_table t;
    struct kt_vent_change change[CHANGES_MAX];
    uint32_t changes_n;
    double *volume;
    struct kt_vent_flow before, after;
    double *smoke_before, *smoke_after;
};

static uint32_t find(const char *const *names, uint32_t n, struct kt_str s)
{
    for (uint32_t i = 0; i < n; i++) {
        if (kt_str_is(s, names[i])) {
            return i;
        }
    }
    return UINT32_MAX;
}

/** EDGE or EDGE=VALUE, some of them, with commas. */
static int changes(struct what_if *w, const char *option, enum kt_vent_change_kind kind,
                   const double *usual)
{
    const char *p = kt_arg(w->args, option);
    while (p && *p) {
        size_t n = strcspn(p, ","), name = strcspn(p, "=,");
        struct kt_vent_change *c = &w->change[w->changes_n];
        if (w->changes_n == CHANGES_MAX) {
            return kt_usage(w->args, "more than %d changes", CHANGES_MAX);
        }
        *c = (struct kt_vent_change){
            kind, find(w->t.edge_id, w->t.net.branches_n, (struct kt_str){p, name}),
            usual ? *usual : 0};
        if (c->branch == UINT32_MAX) {
            return kt_usage(w->args, "--%s: there is no edge \"%.*s\"", option, (int)name, p);
        }
        struct kt_str v =
            name < n ? (struct kt_str){p + name + 1, n - name - 1} : (struct kt_str){0};
        if (name < n ? kt_number_parse(v, &c->value) < 0 : !usual) {
            return kt_usage(w->args, "--%s wants EDGE=NUMBER, not \"%.*s\"", option, (int)n, p);
        }
        w->changes_n++;
        p += n + (p[n] == ',');
    }
    return 0;
}

static int read_volumes(struct what_if *w, const char *file)
{
    struct kt_err err;
    struct kt_csv *csv;
    struct kt_problems p = {0};
    uint32_t n = w->t.net.branches_n;
    int r = kt_csv_read(w->arena, file, file, &csv, &err);
    if (r < 0) {
        return kt_fail(w->args, &err);
    }
    int id = kt_csv_column(csv, "edge_id"), length = kt_csv_column(csv, "length_m"),
        section = kt_csv_column(csv, "section_m2");
    w->volume = KT_NEW_ARRAY(w->arena, double, n);
    for (uint32_t i = 0; i < kt_csv_rows(csv); i++) {
        double l, s;
        int line, col;
        uint32_t b = find(w->t.edge_id, n, kt_csv_get(csv, i, id));
        if (b == UINT32_MAX || !kt_csv_num(csv, i, length, &p, &l) ||
            !kt_csv_num(csv, i, section, &p, &s) || l < 0 || s < 0) {
            kt_csv_at(csv, i, -1, &line, &col);
            kt_err_at(&err, KT_EPARSE, file, line, col,
                      "wants an edge of the network, length_m and section_m2 of 0 or more");
            return kt_fail(w->args, &err);
        }
        w->volume[b] = l * s;
    }
    return 0;
}

static int smoke(struct what_if *w, const char *fire)
{
    struct kt_err err;
    double minutes = 60;
    const char *given = kt_arg(w->args, "minutes"), *roads = kt_arg(w->args, "roadways");
    uint32_t node = find(w->t.net.node_name, w->t.net.nodes_n, kt_str_c(fire));
    if (node == UINT32_MAX || !roads) {
        return kt_usage(w->args, "--fire wants a node of the network, and --roadways its volumes");
    }
    if (given &&
        (kt_number_parse(kt_str_c(given), &minutes) < 0 || minutes <= 0 || minutes > 1440)) {
        return kt_usage(w->args, "--minutes is a number up to 1440");
    }
    int code = read_volumes(w, roads);
    if (code) {
        return code;
    }
    w->smoke_before = KT_NEW_ARRAY(w->arena, double, w->t.net.nodes_n);
    w->smoke_after = KT_NEW_ARRAY(w->arena, double, w->t.net.nodes_n);
    int r =
        kt_vent_carry_arrival(&w->t.net, w->before.q_m3s, w->volume, node, 1, KT_VENT_SMOKE_LEAST,
                              KT_VENT_SMOKE_STEP_S, minutes * 60, w->smoke_before, &err);
    r = r < 0 ? r
              : kt_vent_carry_arrival(&w->t.net, w->after.q_m3s, w->volume, node, 1,
                                      KT_VENT_SMOKE_LEAST, KT_VENT_SMOKE_STEP_S, minutes * 60,
                                      w->smoke_after, &err);
    return r < 0 ? kt_fail(w->args, &err) : 0;
}

/** When it is at the beginning of a roadway, as air goes there; nothing when it does not come. */
static void minutes_cell(struct kt_table *out, const struct what_if *w, const double *at, double q,
                         uint32_t b)
{
    const struct kt_vent_branch *e = &w->t.net.branch[b];
    double s = at[q >= 0 ? e->from : e->to];
    if (isfinite(s)) {
        kt_table_num(out, round(s / 60 * 100) / 100);
    } else {
        kt_table_cell(out, "");
    }
}

static void print(const struct what_if *w)
{
    static const char *const columns[] = {"edge_id",          "q_before_m3_s",  "q_after_m3_s",
                                          "h_before_Pa",      "h_after_Pa",     "turned",
                                          "smoke_before_min", "smoke_after_min"};
    bool fire = w->smoke_before != NULL;
    struct kt_table *out = kt_table_new(vent_format(w->args), columns, fire ? 8 : 6);
    for (uint32_t b = 0; b < w->t.net.branches_n; b++) {
        double q0 = w->before.q_m3s[b], q1 = w->after.q_m3s[b];
        kt_table_cell(out, w->t.edge_id[b]);
        kt_table_num(out, q0);
        kt_table_num(out, q1);
        kt_table_num(out, w->before.drop_pa[b]);
        kt_table_num(out, w->after.drop_pa[b]);
        kt_table_num(out, q0 * q1 < 0);
        if (fire) {
            minutes_cell(out, w, w->smoke_before, q0, b);
            minutes_cell(out, w, w->smoke_after, q1, b);
        }
    }
    kt_table_end(out);
}

static int after(struct what_if *w)
{
    struct kt_err err;
    char text[400];
    int r = kt_vent_what_if(&w->t.net, w->change, w->changes_n, w->arena, &w->after, &err);
    if (r < 0) {
        (void)kt_fail(w->args, &err);
        return KT_EXIT_FAILED;
    }
    if (w->after.state != KT_VENT_SOLVED) {
        fprintf(stderr, "note: after the change %s\n",
                kt_vent_explain(&w->t.net, &w->after, text, sizeof(text)));
    }
    return 0;
}

int vent_what_if(const struct kt_args *a)
{
    static const double reversed = KT_VENT_REVERSED_PART, nothing = 0;
    struct what_if *w = calloc(1, sizeof(*w));
    KT_ASSERT(w);
    w->args = a;
    w->arena = kt_arena_new(0);
    int code = vent_load(a, w->arena, &w->t);
    code = code ? code : changes(w, "stop", KT_VENT_STOP_FAN, &nothing);
    code = code ? code : changes(w, "set", KT_VENT_SET_R, NULL);
    code = code ? code : changes(w, "reverse", KT_VENT_REVERSE_FAN, &reversed);
    code = code ? code : vent_solve(a, &w->t.net, w->arena, &w->before);
    code = code ? code : after(w);
    if (!code && kt_arg(a, "fire")) {
        code = smoke(w, kt_arg(a, "fire"));
    }
    if (!code) {
        print(w);
    }
    kt_arena_free(w->arena);
    free(w);
    return code;
}
