/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The published networks of data/ventilation (mine-ventilation-network-benchmark, Liaoning
 * Technical University, CC BY 4.0): airflow within 1e-4 m3/s of the method dcp.
 */
#include <dirent.h>
#include <math.h>

#include "domain/vent/read.h"
#include "domain/vent/solve.h"
#include "unit.h"

#define TOLERANCE_M3S 1e-4

struct data {
    struct kt_arena *arena;
    struct kt_csv *net, *flows;
    struct kt_vent_table t;
    struct kt_vent_flow f;
};

static const char *folder(void)
{
    const char *shared = getenv("KT_SHARED");
    static char dir[600];
    snprintf(dir, sizeof(dir), "%s/data/ventilation", shared ? shared : "../shared");
    DIR *d = opendir(dir);
    if (d) {
        (void)closedir(d);
    }
    return d ? dir : NULL;
}

static bool load(struct data *d, const char *net, const char *flows)
{
    struct kt_problems p = {0};
    struct kt_err err;
    bool ok = kt_csv_read(d->arena, net, net, &d->net, &err) == KT_OK &&
              kt_csv_read(d->arena, flows, flows, &d->flows, &err) == KT_OK &&
              kt_vent_read(d->net, d->arena, &p, &d->t, &err) == KT_OK;
    if (!ok) {
        printf("# %s: %s\n", net, err.text);
    }
    return ok;
}

/** The largest difference; rows of other methods are passed over. */
static double compare(struct data *d, uint32_t *ret_n)
{
    struct kt_problems p = {0};
    double worst = 0;
    int method = kt_csv_column(d->flows, "method"), id = kt_csv_column(d->flows, "edge_id"),
        q = kt_csv_column(d->flows, "q_m3_s");
    *ret_n = 0;
    for (uint32_t row = 0; row < kt_csv_rows(d->flows); row++) {
        double want = NAN;
        if (method >= 0 && !kt_str_is(kt_csv_get(d->flows, row, method), "dcp")) {
            continue;
        }
        (void)kt_csv_num(d->flows, row, q, &p, &want);
        for (uint32_t b = 0; b < d->t.net.branches_n; b++) {
            if (kt_str_is(kt_csv_get(d->flows, row, id), d->t.edge_id[b])) {
                worst = fmax(worst, fabs(d->f.q_m3s[b] - want));
                (*ret_n)++;
            }
        }
    }
    return worst;
}

/** Returns the path pressure, or NAN. */
static double one(const char *net, const char *flows, double total, uint32_t *others)
{
    struct data d = {.arena = kt_arena_new(0)};
    struct kt_err err;
    double path = NAN;
    bool there = load(&d, net, flows);
    CHECK(there);
    if (there) {
        uint32_t n;
        struct kt_vent_other other[16];
        d.t.net.total_given = true;
        d.t.net.total_m3s = total;
        int r = kt_vent_solve(&d.t.net, NULL, d.arena, &d.f, &err);
        CHECK_OK(r, &err);
        if (r == KT_OK) {
            double worst = compare(&d, &n);
            CHECK_INT(n, d.t.net.branches_n);
            CHECK_INT(d.f.state, KT_VENT_SOLVED);
            CHECK(worst <= TOLERANCE_M3S);
            printf("# %s: %u branches, %u steps, worst %.2g m3/s\n", strrchr(net, '/') + 1,
                   d.t.net.branches_n, d.f.steps, worst);
            for (uint32_t i = 0; i < d.t.net.nodes_n; i++) {
                path = d.t.net.end[i] == KT_VENT_OUTLET ? -d.f.node_pa[i] : path;
            }
            (void)kt_vent_others(&d.t.net, &d.f, 0, other, 16, others);
        }
    }
    kt_arena_free(d.arena);
    return path;
}

static double mine(const char *name, double total)
{
    char net[700], flows[700];
    uint32_t others;
    snprintf(net, sizeof(net), "%s/%s/topology.csv", folder(), name);
    snprintf(flows, sizeof(flows), "%s/%s/solutions.csv", folder(), name);
    return one(net, flows, total, &others);
}

static void real_mines(void)
{
    if (!folder()) {
        SKIP("data/ventilation is not there: set KT_SHARED");
    }
    CHECK_NEAR(mine("A_hongshagang_1", 151.295), 1735.5759, 1e-3);
    CHECK_NEAR(mine("C_data_mine", 100.0), 97.8557, 1e-3);
}

static void fan_family(void)
{
    if (!folder()) {
        SKIP("data/ventilation is not there: set KT_SHARED");
    }
    char dir[700], net[1400], flows[1400];
    snprintf(dir, sizeof(dir), "%s/fan_family", folder());
    DIR *d = opendir(dir);
    REQUIRE(d);
    int cases = 0, several = 0;
    for (struct dirent *e; (e = readdir(d));) {
        size_t n = strlen(e->d_name);
        if (strncmp(e->d_name, "inst_", 5) != 0 || strstr(e->d_name, ".flows.")) {
            continue;
        }
        uint32_t others = 0;
        snprintf(net, sizeof(net), "%s/%s", dir, e->d_name);
        snprintf(flows, sizeof(flows), "%s/%.*s.flows.csv", dir, (int)n - 4, e->d_name);
        (void)one(net, flows, 12, &others);
        cases++;
        several += others > 0;
    }
    (void)closedir(d);
    CHECK_INT(cases, 32);
    CHECK(several > cases / 2);
}

UNIT_MAIN({"the two real mines", real_mines}, {"one fan that dominates, 32 times", fan_family})
