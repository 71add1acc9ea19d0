/* SPDX-License-Identifier: Apache-2.0 */
/* kuangtu vent: the airflow of a network of roadways. */
#include "cli/vent.h"

#include <math.h>
#include <string.h>

#include "conf/number.h"
#include "sys/clock.h"

enum { SHOWN_MAX = 20, OTHERS_MAX = 64 };

static const struct kt_option options[] = {
    {"total-flow", "M3S", "air between the inlets and the outlets; without: the fans drive"},
    {"stop", "EDGE,…", "what-if: fans that stop"},
    {"set", "EDGE=R,…", "what-if: resistances, N s2/m8: a door opened, a regulator set"},
    {"reverse", "EDGE[=PART],…", "what-if: fans reversed, with a part of their pressure (0.6)"},
    {"fire", "NODE", "what-if: when its smoke comes to each roadway, before and after"},
    {"roadways", "FILE", "for --fire: edge_id,length_m,section_m2"},
    {"minutes", "N", "for --fire: how long it is followed (60)"},
    {"measured", "FILE", "reconcile: edge_id,speed_m_s,section_m2[,sigma_m_s]"},
    {"timing", NULL, "say on standard error how long it took"},
    {NULL, NULL, NULL},
};

static void print_problem(void *arg, const struct kt_err *at)
{
    uint32_t *shown = arg;
    char text[640];
    if ((*shown)++ < SHOWN_MAX) {
        fprintf(stderr, "%s\n", kt_err_str(at, text, sizeof(text)));
    }
}

int vent_load(const struct kt_args *a, struct kt_arena *arena, struct kt_vent_table *ret)
{
    struct kt_err err;
    struct kt_csv *csv;
    uint32_t shown = 0;
    struct kt_problems p = {print_problem, &shown, 0};
    const char *total = kt_arg(a, "total-flow");
    double q = 0;
    if (total && kt_number_parse(kt_str_c(total), &q) < 0) {
        return kt_usage(a, "--total-flow wants a number of m3/s, not \"%s\"", total);
    }
    int r = kt_csv_read(arena, a->pos[1], a->pos[1], &csv, &err);
    r = r < 0 ? r : kt_vent_read(csv, arena, &p, ret, &err);
    if (r < 0) {
        if (shown > SHOWN_MAX) {
            fprintf(stderr, "… and %u more\n", shown - SHOWN_MAX);
        }
        return kt_fail(a, &err);
    }
    ret->net.total_given = total != NULL;
    ret->net.total_m3s = q;
    return 0;
}

int vent_solve(const struct kt_args *a, const struct kt_vent_net *net, struct kt_arena *arena,
               struct kt_vent_flow *ret)
{
    struct kt_err err;
    char text[400];
    kt_mono before = kt_clock_mono();
    int r = kt_vent_solve(net, NULL, arena, ret, &err);
    if (kt_arg(a, "timing")) {
        fprintf(stderr, "%.3f ms, %u steps\n", (double)(kt_clock_mono() - before) / 1e6,
                r < 0 ? 0 : ret->steps);
    }
    if (r < 0) {
        (void)kt_fail(a, &err);
        return KT_EXIT_FAILED;
    }
    if (ret->state != KT_VENT_SOLVED) {
        fprintf(stderr, "kuangtu vent: %s\n", kt_vent_explain(net, ret, text, sizeof(text)));
        return KT_EXIT_FAILED;
    }
    return 0;
}

enum kt_format vent_format(const struct kt_args *a)
{
    return a->format == KT_FORMAT_TABLE ? KT_FORMAT_CSV : a->format;
}

/** A fan that another one drives, or that the mine's own draught does, takes pressure away. */
static void print_driven(const struct kt_vent_table *t, const struct kt_vent_flow *f)
{
    for (uint32_t b = 0; b < t->net.branches_n; b++) {
        const struct kt_vent_branch *e = &t->net.branch[b];
        double p = e->fan ? kt_vent_fan_pa(e->fan, f->q_m3s[b]) : 0;
        if (p < 0) {
            fprintf(stderr,
                    "note: fan %s helps nothing: at %.4g m3/s it makes %.4g Pa, it is driven and "
                    "resists\n",
                    t->edge_id[b], f->q_m3s[b], p);
        }
    }
}

static void print_others(const struct kt_vent_table *t, const struct kt_vent_flow *f)
{
    struct kt_vent_other other[OTHERS_MAX];
    uint32_t n = 0;
    bool all = kt_vent_others(&t->net, f, 0, other, OTHERS_MAX, &n);
    for (uint32_t i = 0; i < n; i++) {
        fprintf(stderr,
                "note: another operating point of fan %s with its curve as written: %.4g m3/s "
                "(%s); printed is %.4g m3/s, which stands\n",
                t->edge_id[other[i].branch], other[i].q_m3s,
                other[i].stable ? "stands too" : "does not stand", f->q_m3s[other[i].branch]);
    }
    if (!all) {
        fprintf(
            stderr,
            "note: the network is large: not every fan was searched for other operating points\n");
    }
    if (f->rising_n) {
        fprintf(stderr, "note: %u fans work where their pressure still rises with the flow\n",
                f->rising_n);
    }
}

static int solve(const struct kt_args *a)
{
    static const char *const columns[] = {"edge_id", "q_m3_s", "h_Pa"};
    struct kt_arena *arena = kt_arena_new(0);
    struct kt_vent_table t;
    struct kt_vent_flow f;
    int code = vent_load(a, arena, &t);
    code = code ? code : vent_solve(a, &t.net, arena, &f);
    if (!code) {
        struct kt_table *out = kt_table_new(vent_format(a), columns, KT_ARRAY_LEN(columns));
        for (uint32_t b = 0; b < t.net.branches_n; b++) {
            kt_table_cell(out, t.edge_id[b]);
            kt_table_num(out, f.q_m3s[b]);
            kt_table_num(out, f.drop_pa[b]);
        }
        kt_table_end(out);
        print_driven(&t, &f);
        print_others(&t, &f);
    }
    kt_arena_free(arena);
    return code;
}

static int run(const struct kt_args *a)
{
    static const struct {
        const char *word;
        int (*fn)(const struct kt_args *);
    } words[] = {{"solve", solve}, {"what-if", vent_what_if}, {"reconcile", vent_reconcile}};
    for (size_t i = 0; a->pos_n > 0 && i < KT_ARRAY_LEN(words); i++) {
        if (strcmp(a->pos[0], words[i].word) == 0) {
            return a->pos_n == 2 ? words[i].fn(a)
                                 : kt_usage(a, "%s wants one network, a CSV file", words[i].word);
        }
    }
    return kt_usage(a, a->pos_n ? "there is no \"%s\"" : "solve which network?", a->pos[0]);
}

const struct kt_verb kt_verb_vent = {
    "vent",
    "solve|what-if|reconcile NETWORK.csv [--total-flow Q] [--format csv|json]",
    "airflow of a network of roadways",
    "Reads a table with the columns\n"
    "  edge_id,name,from,to,r_N_s2_m8,adjust_r,is_fan,a0_Pa,a1_Pa_s_m3,a2_Pa_s2_m6\n"
    "adjust_r is a regulator's resistance beside the roadway's; a fan's pressure is\n"
    "a0 + a1 q + a2 q^2. Nodes where no edge ends share one inlet pressure, nodes where\n"
    "none begins share one outlet pressure. --total-flow is the flow between them; without\n"
    "it both pressures are the same and the fans drive.\n"
    "\n"
    "solve prints edge_id,q_m3_s,h_Pa in the order of the file: the flow from `from` to `to`\n"
    "and the pressure that it loses on the way, (r + adjust_r) q|q| less the fan's. Where a\n"
    "fan has several operating points it is the one that stands, with air forward through\n"
    "it; the others are named on standard error. When there is none it says which fan stalls\n"
    "or which node is cut off, and the exit code is 1.\n"
    "\n"
    "what-if prints before and after side by side, on a copy: the file is not changed.\n"
    "`turned` is 1 where air goes the other way. With --fire NODE smoke is followed through\n"
    "both: the minute at which it comes to the beginning of each roadway, empty where it\n"
    "does not.\n"
    "\n"
    "reconcile finds the resistances that agree with measured wind speeds, each at most five\n"
    "times more or less than the file says, and points out the sensor that contradicts what\n"
    "all others say.\n",
    options,
    run};
