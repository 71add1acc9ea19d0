/* SPDX-License-Identifier: Apache-2.0 */
/* Physics that must hold whatever the numbers are: balance, dilution, causes before effects. */
#include "plan.h"

#include <math.h>

#include "run.h"
#include "test_mini.h"
#include "unit.h"

static struct sim_plant *mini(uint64_t seed)
{
    struct sim_plant *p = NULL;
    struct kt_err err = {0};
    CHECK_OK(sim_plan_parse("mini.plan", KT_STR(mini_plan), &p, &err), &err);
    if (p) {
        p->seed = seed;
        sim_plant_ready(p);
    }
    return p;
}

static void steps(struct sim_plant *p, double seconds)
{
    for (int i = 0; i < (int)(seconds / SIM_STEP_S + 0.5); i++) {
        sim_plant_step(p);
    }
}

static double shown(const struct sim_plant *p, const char *id)
{
    return p->points[sim_find(p, SIM_POINT, id)].value;
}

static int status(const struct sim_plant *p, const char *id)
{
    return p->points[sim_find(p, SIM_POINT, id)].status;
}

static double flow(const struct sim_plant *p, const char *branch)
{
    return p->branches[sim_find(p, SIM_BRANCH, branch)].q_m3s;
}

static struct sim_switch *sw(struct sim_plant *p, const char *id)
{
    return &p->switches[sim_find(p, SIM_SWITCH, id)];
}

static void air_balances_at_every_node(void)
{
    struct sim_plant *p = mini(1);
    REQUIRE(p);
    CHECK_NEAR(sim_air_imbalance(p), 0, 1e-9);
    p->doors[0].held[0] = p->doors[0].held[1] = true;
    p->doors[0].leaf_open[0] = p->doors[0].leaf_open[1] = true;
    steps(p, 30);
    CHECK_NEAR(sim_air_imbalance(p), 0, 1e-9);
    sw(p, "ZFD")->command = false;
    sw(p, "JFD-1")->command = sw(p, "JFD-2")->command = false;
    steps(p, 120);
    CHECK_NEAR(sim_air_imbalance(p), 0, 1e-9);
    sim_plant_free(p);
}

static void pressure_drop_fits_around_a_loop(void)
{
    struct sim_plant *p = mini(1);
    REQUIRE(p);
    double way[2] = {0, 0};
    const char *const face[] = {"AB", "FACE", "CD"};
    for (int i = 0; i < 3; i++) {
        const struct sim_branch *b = &p->branches[sim_find(p, SIM_BRANCH, face[i])];
        way[0] += b->r_now * b->q_m3s * b->q_m3s;
    }
    const struct sim_branch *b = &p->branches[sim_find(p, SIM_BRANCH, "MAIN")];
    way[1] = b->r_now * b->q_m3s * b->q_m3s;
    CHECK(way[0] > 10);
    CHECK_NEAR(way[0], way[1], 0.01 * way[0]);
    sim_plant_free(p);
}

static void an_open_airlock_starves_the_face(void)
{
    struct sim_plant *p = mini(1);
    REQUIRE(p);
    double before = flow(p, "FACE");
    for (int leaf = 0; leaf < 2; leaf++) {
        p->doors[0].held[leaf] = p->doors[0].leaf_open[leaf] = true;
    }
    steps(p, 60);
    CHECK(flow(p, "FACE") < 0.8 * before);
    CHECK(flow(p, "LOCK") > 5);
    sim_plant_free(p);
}

/** Methane that leaves through the shaft and what stays must be what was given off. */
static void no_methane_is_made_or_lost(void)
{
    struct sim_plant *p = mini(1);
    REQUIRE(p);
    int out = sim_find(p, SIM_BRANCH, "OUT"), shr = sim_find(p, SIM_MACHINE, "SHR");
    double left = 0, given = 0, at_first = sim_gas_content(p, SIM_CH4);
    for (int i = 0; i < 6000; i++) {
        double c = sim_gas_at(p, out, 0.999, SIM_CH4);
        sim_plant_step(p);
        left += c * p->branches[out].q_m3s * SIM_STEP_S;
        for (int b = 0; b < p->n[SIM_BRANCH]; b++) {
            given += p->branches[b].give[SIM_CH4] * SIM_STEP_S;
        }
        given += (p->machines[shr].work * 0.2 + p->goafs[0].now_m3s) * SIM_STEP_S;
    }
    CHECK(given > 50);
    CHECK_NEAR(sim_gas_content(p, SIM_CH4), at_first + given - left, 1e-6 * given);
    sim_plant_free(p);
}

static void a_stopped_fan_lets_gas_rise(void)
{
    struct sim_plant *p = mini(1);
    REQUIRE(p);
    CHECK_NEAR(shown(p, "T2"), 0.15, 0.1);
    sw(p, "JFD-1")->command = false;
    steps(p, 1);
    CHECK_INT(shown(p, "JF-1"), 0);
    steps(p, 10);
    CHECK_INT(shown(p, "JF-2"), 1); /* the backup took over */
    CHECK_NEAR(flow(p, "DUCT"), 8, 0.5);
    sw(p, "JFD-2")->command = false;
    steps(p, 1200);
    CHECK(shown(p, "T2") > 0.4);
    double high = shown(p, "T2");
    sw(p, "JFD-1")->command = true;
    steps(p, 1200);
    CHECK(shown(p, "T2") < high / 2);
    sim_plant_free(p);
}

static void cutting_gives_gas_and_a_cut_ends_it(void)
{
    struct sim_plant *p = mini(1);
    REQUIRE(p);
    steps(p, 60);
    double cutting = shown(p, "T1");
    CHECK(cutting > 0.5);
    sw(p, "S-1")->command = false;
    steps(p, SIM_STEP_S);
    CHECK_INT(shown(p, "KD-1"), 1); /* the contact needs its 200 ms */
    steps(p, 2 * SIM_STEP_S);
    CHECK_INT(shown(p, "KD-1"), 0);
    steps(p, 400);
    CHECK_NEAR(shown(p, "P-1"), 0, 0);
    CHECK(shown(p, "T1") < cutting / 2);
    CHECK(!sw(p, "S-1")->live);
    sw(p, "S-1")->command = true;
    steps(p, 400);
    CHECK(shown(p, "T1") > 0.8 * cutting);
    sim_plant_free(p);
}

static void sprays_wet_the_dust_of_their_roadway(void)
{
    struct sim_plant *p = NULL;
    struct kt_err err = {0};
    char text[sizeof(mini_plan) + 200];
    (void)snprintf(text, sizeof(text),
                   "%spoint PW src=coil:PW\nswitch PW open=1\nspray FACE switch=PW\n"
                   "point FC src=dust:FACE:0.9 lo=0 hi=1000 res=0.01\n",
                   mini_plan);
    CHECK_OK(sim_plan_parse("mini.plan", kt_str_c(text), &p, &err), &err);
    REQUIRE(p);
    sim_plant_ready(p);
    steps(p, 1200);
    double dry = shown(p, "FC");
    sw(p, "PW")->command = true;
    steps(p, 300);
    double wet = shown(p, "FC");
    CHECK(dry > 1 && wet < 0.7 * dry);
    sw(p, "PW")->command = false;
    steps(p, 1200);
    CHECK(shown(p, "FC") > 0.9 * dry);
    sim_plant_free(p);
}

static void a_welded_contact_keeps_its_load(void)
{
    struct sim_plant *p = mini(1);
    REQUIRE(p);
    sw(p, "S-1")->stuck = true;
    sw(p, "S-1")->command = false;
    steps(p, 5);
    CHECK_INT(shown(p, "KD-1"), 1);
    CHECK_INT(shown(p, "S-1"), 0);
    CHECK(p->machines[sim_find(p, SIM_MACHINE, "SHR")].running);
    sim_plant_free(p);
}

static void what_feeds_a_switch_kills_it_too(void)
{
    struct sim_plant *p = mini(1);
    REQUIRE(p);
    sw(p, "HV")->command = false;
    steps(p, 1);
    CHECK_INT(shown(p, "KD-1"), 0);
    CHECK_INT(shown(p, "S-1"), 1);
    sim_plant_free(p);
}

static void a_falling_barometer_draws_gas_from_the_goaf(void)
{
    struct sim_plant *p = mini(1);
    REQUIRE(p);
    double quiet = p->goafs[0].now_m3s, corner = shown(p, "T0");
    p->baro_rate_hph = -6;
    steps(p, 120);
    /* 20000 m3 of 25 % and 6 hPa an hour of 900 */
    CHECK_NEAR(p->goafs[0].now_m3s - quiet, 20000 * 0.25 * 6 / 900 / 3600, 0.0005);
    CHECK(shown(p, "T0") > corner + 0.1);
    p->baro_rate_hph = 6;
    steps(p, 1);
    CHECK(p->goafs[0].now_m3s < quiet);
    sim_plant_free(p);
}

static void a_slipping_belt_gives_carbon_monoxide(void)
{
    struct sim_plant *p = mini(1);
    REQUIRE(p);
    int ab = sim_find(p, SIM_BRANCH, "AB");
    double before = sim_gas_at(p, ab, 0.9, SIM_CO);
    p->machines[sim_find(p, SIM_MACHINE, "B1")].heat_to = 1.2;
    steps(p, 600);
    CHECK(sim_gas_at(p, ab, 0.9, SIM_CO) > before + 24);
    sim_plant_free(p);
}

static void a_pull_cord_stops_belt_and_shearer(void)
{
    struct sim_plant *p = mini(1);
    REQUIRE(p);
    CHECK_INT(shown(p, "PD"), 1);
    struct sim_point *cord = &p->points[sim_find(p, SIM_POINT, "CORD")];
    cord->set = true;
    cord->forced = 1;
    steps(p, 2);
    CHECK_INT(shown(p, "PD"), 0);
    CHECK(!p->machines[sim_find(p, SIM_MACHINE, "SHR")].running);
    cord->set = false;
    steps(p, 2);
    CHECK_INT(shown(p, "PD"), 1);
    sim_plant_free(p);
}

static void a_sump_fills_and_is_pumped(void)
{
    struct sim_plant *p = mini(1);
    REQUIRE(p);
    struct sim_tank *t = &p->tanks[0];
    double least = 9, most = 0;
    for (int i = 0; i < 36000; i++) {
        sim_plant_step(p);
        least = fmin(least, t->level_m);
        most = fmax(most, t->level_m);
    }
    CHECK_NEAR(least, 1, 0.01);
    CHECK_NEAR(most, 2, 0.01);
    sim_plant_free(p);
}

static void instruments_go_wrong_as_told(void)
{
    struct sim_plant *p = mini(1);
    REQUIRE(p);
    struct sim_point *t1 = &p->points[sim_find(p, SIM_POINT, "T1")];
    t1->set = true;
    t1->forced = 1.49;
    steps(p, 1);
    CHECK_INT(status(p, "T1"), SIM_ST_ALARM);
    t1->forced = 1.5;
    steps(p, 1);
    CHECK_INT(status(p, "T1"), SIM_ST_ALARM | SIM_ST_CUT);
    t1->forced = 1.0; /* at the restore value: still latched */
    steps(p, 1);
    CHECK_INT(status(p, "T1"), SIM_ST_ALARM | SIM_ST_CUT);
    t1->forced = 0.99;
    steps(p, 1);
    CHECK_INT(status(p, "T1"), 0);
    t1->forced = 9;
    steps(p, 1);
    CHECK(status(p, "T1") & SIM_ST_OVER_RANGE);
    CHECK_NEAR(shown(p, "T1"), 4, 1e-9);
    t1->broken = true;
    steps(p, 1);
    CHECK_INT(status(p, "T1"), SIM_ST_SENSOR_FAULT);
    t1->set = t1->broken = false;
    t1->calibrating = true;
    steps(p, 90);
    CHECK(status(p, "T1") & SIM_ST_CALIBRATING);
    CHECK_NEAR(shown(p, "T1"), 2, 0.05);
    sim_plant_free(p);
}

static void drift_and_freeze_hide_the_truth(void)
{
    struct sim_plant *p = mini(1);
    REQUIRE(p);
    struct sim_point *t1 = &p->points[sim_find(p, SIM_POINT, "T1")];
    t1->drift_per_h = -1;
    steps(p, 900);
    CHECK_NEAR(100 * sim_gas_at(p, t1->target, 0.05, SIM_CH4) - t1->value, 0.25, 0.12);
    t1->frozen = true;
    t1->stuck_at = 0.4;
    steps(p, 60);
    CHECK_NEAR(t1->value, 0.4, 1e-9);
    sim_plant_free(p);
}

static void the_same_seed_gives_the_same_plant(void)
{
    struct sim_plant *a = mini(7), *b = mini(7), *c = mini(8);
    REQUIRE(a && b && c);
    int same = 0, other = 0;
    for (int i = 0; i < 3000; i++) {
        sim_plant_step(a);
        sim_plant_step(b);
        sim_plant_step(c);
        for (int k = 0; k < a->n[SIM_POINT]; k++) {
            same += a->points[k].value == b->points[k].value;
            other += a->points[k].value != c->points[k].value;
        }
    }
    CHECK_INT(same, 3000 * a->n[SIM_POINT]);
    CHECK(other > 1000);
    sim_plant_free(a);
    sim_plant_free(b);
    sim_plant_free(c);
}

static void a_wrong_plan_says_where(void)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"plan version=1\nnode A\nnode A\n", "stands twice"},
        {"plan version=1\nbranch X from=A to=B\n", "no such thing: \"A\""},
        {"plan version=1\nwheel X\n", "unknown keyword \"wheel\""},
        {"plan version=1\npoint P src=moon:1\n", "unknown source \"moon\""},
        {"plan version=1\ndevice D port=zero\n", "not a number: \"zero\""},
        {"plan version=2\n", "version"},
        {"plan version=1\nnode\n", "no name"},
    };
    for (size_t i = 0; i < KT_ARRAY_LEN(cases); i++) {
        struct sim_plant *p = NULL;
        struct kt_err err = {0};
        CHECK_INT(sim_plan_parse("x.plan", kt_str_c(cases[i].text), &p, &err), KT_EPARSE);
        CHECK(strstr(err.text, cases[i].want) != NULL);
        CHECK(err.line > 0);
    }
}

UNIT_MAIN({"air_balances_at_every_node", air_balances_at_every_node},
          {"pressure_drop_fits_around_a_loop", pressure_drop_fits_around_a_loop},
          {"an_open_airlock_starves_the_face", an_open_airlock_starves_the_face},
          {"no_methane_is_made_or_lost", no_methane_is_made_or_lost},
          {"a_stopped_fan_lets_gas_rise", a_stopped_fan_lets_gas_rise},
          {"cutting_gives_gas_and_a_cut_ends_it", cutting_gives_gas_and_a_cut_ends_it},
          {"sprays_wet_the_dust_of_their_roadway", sprays_wet_the_dust_of_their_roadway},
          {"a_welded_contact_keeps_its_load", a_welded_contact_keeps_its_load},
          {"what_feeds_a_switch_kills_it_too", what_feeds_a_switch_kills_it_too},
          {"a_falling_barometer_draws_gas_from_the_goaf",
           a_falling_barometer_draws_gas_from_the_goaf},
          {"a_slipping_belt_gives_carbon_monoxide", a_slipping_belt_gives_carbon_monoxide},
          {"a_pull_cord_stops_belt_and_shearer", a_pull_cord_stops_belt_and_shearer},
          {"a_sump_fills_and_is_pumped", a_sump_fills_and_is_pumped},
          {"instruments_go_wrong_as_told", instruments_go_wrong_as_told},
          {"drift_and_freeze_hide_the_truth", drift_and_freeze_hide_the_truth},
          {"the_same_seed_gives_the_same_plant", the_same_seed_gives_the_same_plant},
          {"a_wrong_plan_says_where", a_wrong_plan_says_where})
