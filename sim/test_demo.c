/* SPDX-License-Identifier: Apache-2.0 */
/* The demonstration mine: size, quiet on a calm day, and each scenario does what its name says. */
#include <math.h>
#include <stdio.h>

#include "plan.h"
#include "run.h"
#include "unit.h"
#include "vehicles.h"

static struct sim_plant *demo(void)
{
    const char *root = getenv("KT_SOURCE");
    char path[600];
    struct sim_plant *p = NULL;
    struct kt_err err = {0};
    snprintf(path, sizeof(path), "%s/sites/demo/sim.plan", root ? root : ".");
    CHECK_OK(sim_plan_read(path, &p, &err), &err);
    if (p) {
        p->seed = 1;
        sim_plant_ready(p);
    }
    return p;
}

static void begin(struct sim_run *r, struct sim_plant *p, const char *scenario)
{
    struct kt_err err = {0};
    sim_run_init(r, p);
    CHECK_OK(sim_scenario_begin(r, scenario, &err), &err);
}

static void end(struct sim_run *r)
{
    sim_plant_free(r->plant);
    sim_run_done(r);
}

static void steps(struct sim_run *r, double seconds)
{
    for (int i = 0; i < (int)(seconds / SIM_STEP_S); i++) {
        sim_run_step(r);
    }
}

static const struct sim_point *pt(const struct sim_run *r, const char *id)
{
    return &r->plant->points[sim_find(r->plant, SIM_POINT, id)];
}

static void it_has_the_size_that_is_asked_for(void)
{
    struct sim_plant *p = demo();
    REQUIRE(p);
    int modbus = 0, shearers = 0, headers = 0;
    for (int i = 0; i < p->n[SIM_POINT]; i++) {
        modbus += p->points[i].device >= 0;
    }
    for (int i = 0; i < p->n[SIM_MACHINE]; i++) {
        shearers += p->machines[i].kind == SIM_SHEARER;
        headers += p->machines[i].kind == SIM_ROADHEADER;
    }
    CHECK(modbus >= 1000);
    CHECK(p->n[SIM_DEVICE] >= 20);
    CHECK_INT(shearers, 2);
    CHECK_INT(headers, 3);
    CHECK(p->publishes_n > 30 && p->files_n > 10 && p->pushes_n > 5);
    sim_plant_free(p);
}

static void a_calm_shift_raises_nothing(void)
{
    struct sim_plant *p = demo();
    struct sim_run r;
    REQUIRE(p);
    begin(&r, p, "calm");
    for (int minute = 0; minute < 90; minute++) {
        steps(&r, 60);
        for (int i = 0; i < p->n[SIM_POINT]; i++) {
            if (p->points[i].status != 0) {
                printf("# %s %g status %d\n", p->points[i].id, p->points[i].value,
                       p->points[i].status);
                CHECK(p->points[i].status == 0);
                end(&r);
                return;
            }
        }
    }
    CHECK_NEAR(sim_air_imbalance(p), 0, 1e-6);
    CHECK(pt(&r, "M-INC")->value > 500); /* coal comes out: 3 Mt a year are some 600 t an hour */
    end(&r);
}

static void gas_rises_until_power_is_cut(void)
{
    struct sim_plant *p = demo();
    struct sim_run r;
    REQUIRE(p);
    begin(&r, p, "gas-rise");
    int minute = 0;
    while (minute < 20 && !(pt(&r, "T1-1203")->status & SIM_ST_CUT)) {
        steps(&r, 60);
        minute++;
    }
    CHECK(minute > 1 && minute < 15);
    for (int k = 1; k <= 3; k++) {
        char id[16];
        snprintf(id, sizeof(id), "S-1203-%d", k);
        p->switches[sim_find(p, SIM_SWITCH, id)].command = false;
    }
    steps(&r, 600);
    CHECK_INT(pt(&r, "KD-S-1203-2")->value, 0);
    CHECK_INT(pt(&r, "KD-JD-1203")->value, 0);
    CHECK(pt(&r, "T1-1203")->value < 1.0);
    end(&r);
}

static void an_airlock_obeys_its_plc_alone(void)
{
    struct sim_plant *p = demo();
    struct sim_run r;
    REQUIRE(p);
    begin(&r, p, "calm");
    for (int k = 0; k < 90; k++) {
        steps(&r, 10);
        CHECK_INT(pt(&r, "FM-01A")->value, 0);
    }
    p->switches[sim_find(p, SIM_SWITCH, "KF-FM-01A")].command = true;
    for (int k = 0; k < 10; k++) {
        steps(&r, 60);
        CHECK_INT(pt(&r, "FM-01A")->value, 1);
        CHECK_INT(pt(&r, "FM-01B")->value, 0);
    }
    end(&r);
}

static void a_tripped_fan_fills_the_heading(void)
{
    struct sim_plant *p = demo();
    struct sim_run r;
    REQUIRE(p);
    begin(&r, p, "fan-trip");
    steps(&r, 60);
    CHECK_INT(pt(&r, "JF-1207Y-1")->value, 0);
    CHECK_INT(pt(&r, "FT-1207Y")->value, 0);
    CHECK_INT(pt(&r, "JF-1207H-1")->value, 1);
    steps(&r, 900);
    CHECK(pt(&r, "T1-1207Y")->value > 1.0);
    end(&r);
}

static void a_lost_main_fan_thins_the_air_everywhere(void)
{
    struct sim_plant *p = demo();
    struct sim_run r;
    REQUIRE(p);
    begin(&r, p, "main-fan");
    double before = pt(&r, "FS-1203")->value;
    steps(&r, 200);
    CHECK(pt(&r, "FS-1203")->value < 0.7 * before);
    CHECK_INT(pt(&r, "ZF-1")->value, 0);
    steps(&r, 700);
    CHECK_INT(pt(&r, "ZF-2")->value, 1);
    CHECK(pt(&r, "FS-1203")->value > 0.9 * before);
    end(&r);
}

static void a_storm_is_an_alarm_flood(void)
{
    struct sim_plant *p = demo();
    struct sim_run r;
    REQUIRE(p);
    begin(&r, p, "storm");
    static double was[4000];
    int changes = 0;
    for (int s = 0; s < 120; s++) {
        steps(&r, 1);
        for (int i = 0; i < p->n[SIM_POINT]; i++) {
            const struct sim_point *x = &p->points[i];
            changes += x->res > 0 && fabs(x->value - was[i]) > 0.2 * (x->hi - x->lo) && s > 0;
            was[i] = x->value;
        }
    }
    CHECK(changes > 300);
    end(&r);
}

static void every_scenario_line_is_understood(void)
{
    struct sim_plant *p = demo();
    struct sim_run r;
    REQUIRE(p);
    sim_run_init(&r, p);
    for (int i = 0; i < p->actions_n; i++) {
        struct kt_buf answer;
        kt_buf_init(&answer, 4096);
        sim_command(&r, p->actions[i].line, &answer);
        if (strncmp(kt_buf_cstr(&answer), "ok", 2) != 0) {
            printf("# %s: %s\n", p->actions[i].line, kt_buf_cstr(&answer));
        }
        CHECK(strncmp(kt_buf_cstr(&answer), "ok", 2) == 0);
        kt_buf_done(&answer);
    }
    end(&r);
}

static void vehicles_come_back_and_keep_what_they_cannot_send(void)
{
    static struct sim_vehicles x; /* 100 kB */
    const char *root = getenv("KT_SOURCE");
    struct sim_plant *p = demo();
    struct kt_err err = {0};
    char path[600];
    int below = 0, out = 0, branch;
    double m;
    REQUIRE(p);
    snprintf(path, sizeof(path), "%s/sites/demo/vehicles.plan", root ? root : ".");
    CHECK_OK(sim_vehicles_read(p, path, &x, &err), &err);
    REQUIRE(x.n == 3);
    struct sim_vehicle *v = &x.v[1];
    int most = 0;
    for (int s = 0; s < 1800; s++) {
        sim_vehicles_move(p, &x, 1, p->start + s * KT_SEC);
        bool is = sim_vehicle_at(p, v, &branch, &m);
        below += is;
        out += !is;
        CHECK(m >= 0 && m <= p->branches[branch].length_m);
        for (int i = 1; i < v->kept_n; i++) {
            CHECK(v->kept[i].time > v->kept[i - 1].time);
        }
        most = v->kept_n > most ? v->kept_n : most;
        v->kept_n = sim_vehicle_reached(v) ? 0 : v->kept_n;
    }
    CHECK(below > 600);
    CHECK(out > 30);
    CHECK(most >= 8 && most < 12); /* 45 s without a base station */
    sim_plant_free(p);
}

UNIT_MAIN({"vehicles_come_back_and_keep_what_they_cannot_send",
           vehicles_come_back_and_keep_what_they_cannot_send},
          {"it_has_the_size_that_is_asked_for", it_has_the_size_that_is_asked_for},
          {"a_calm_shift_raises_nothing", a_calm_shift_raises_nothing},
          {"gas_rises_until_power_is_cut", gas_rises_until_power_is_cut},
          {"an_airlock_obeys_its_plc_alone", an_airlock_obeys_its_plc_alone},
          {"a_tripped_fan_fills_the_heading", a_tripped_fan_fills_the_heading},
          {"a_lost_main_fan_thins_the_air_everywhere", a_lost_main_fan_thins_the_air_everywhere},
          {"a_storm_is_an_alarm_flood", a_storm_is_an_alarm_flood},
          {"every_scenario_line_is_understood", every_scenario_line_is_understood})
