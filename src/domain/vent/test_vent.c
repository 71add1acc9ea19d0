/* SPDX-License-Identifier: Apache-2.0 */
/* Networks whose answer can be written down, and networks of chance that must hold together. */
#include "domain/vent/solve.h"

#include <math.h>

#include "domain/vent/test_net.h"
#include "domain/vent/whatif.h"

#define NEAR 1e-7

static void total(struct tn *t, double q)
{
    t->net.total_given = true;
    t->net.total_m3s = q;
}

static void series_and_parallel(void)
{
    struct tn *t = tn_new();
    uint32_t a = tn_add(t, 1, 2, 0.5), b = tn_add(t, 2, 3, 1.0), c = tn_add(t, 2, 3, 4.0);
    uint32_t d = tn_add(t, 3, 4, 0.25);
    total(t, 30);
    CHECK_OK(tn_solve(t), &t->err);
    REQUIRE(t->flow.q_m3s);
    CHECK_NEAR(t->flow.q_m3s[a], 30, NEAR);
    CHECK_NEAR(t->flow.q_m3s[b], 20, NEAR); /* parts as 1/sqrt(r) */
    CHECK_NEAR(t->flow.q_m3s[c], 10, NEAR);
    CHECK_NEAR(t->flow.drop_pa[b], 400, 1e-4);
    CHECK_NEAR(-t->flow.node_pa[3], (0.5 + 0.25) * 900 + 400, 1e-3);
    CHECK_NEAR(t->flow.q_m3s[d], 30, NEAR);
    tn_holds(t);
    tn_free(t);
}

/* Branches 1-2, 1-3, 2-4, 3-4 and the diagonal 2-3. */
static struct tn *diagonal(double r12, double r13, double r24, double r34, double r23)
{
    struct tn *t = tn_new();
    tn_add(t, 1, 2, r12);
    tn_add(t, 1, 3, r13);
    tn_add(t, 2, 4, r24);
    tn_add(t, 3, 4, r34);
    tn_add(t, 2, 3, r23);
    return t;
}

static void the_diagonal(void)
{
    struct tn *t = diagonal(1, 4, 2, 8, 0.3); /* r12/r24 = r13/r34: the diagonal stands still */
    total(t, 12);
    CHECK_OK(tn_solve(t), &t->err);
    REQUIRE(t->flow.q_m3s);
    CHECK_NEAR(t->flow.q_m3s[0], 8, 1e-6);
    CHECK_NEAR(t->flow.q_m3s[1], 4, 1e-6);
    CHECK_NEAR(t->flow.q_m3s[4], 0, 1e-5);
    tn_holds(t);
    tn_free(t);
    t = diagonal(1, 4, 2.5, 8, 0.3); /* more behind node 2: air goes to 3 */
    total(t, 12);
    CHECK_OK(tn_solve(t), &t->err);
    REQUIRE(t->flow.q_m3s);
    CHECK(t->flow.q_m3s[4] > 0.1);
    tn_holds(t);
    tn_free(t);
    t = diagonal(1, 4, 1.5, 8, 0.3); /* less: it turns */
    total(t, 12);
    CHECK_OK(tn_solve(t), &t->err);
    REQUIRE(t->flow.q_m3s);
    CHECK(t->flow.q_m3s[4] < -0.1);
    tn_holds(t);
    tn_free(t);
}

static void fans_in_series_and_parallel(void)
{
    struct tn *t = tn_new(); /* two in series: their curves add: 2 (1000 - 0.5 q2) = (0.2+0.3) q2 */
    tn_fan(t, tn_add(t, 1, 2, 0.2), 1000, 0, -0.5);
    tn_fan(t, tn_add(t, 2, 3, 0.3), 1000, 0, -0.5);
    CHECK_OK(tn_solve(t), &t->err);
    REQUIRE(t->flow.q_m3s);
    CHECK_NEAR(t->flow.q_m3s[0], sqrt(2000 / 1.5), NEAR);
    tn_holds(t);
    tn_free(t);
    t = tn_new(); /* two alike side by side: each half: 1000 - 0.5 q2 = 0.1 (2q)2 + 0.05 q2 */
    uint32_t road = tn_add(t, 1, 2, 0.1), f1 = tn_add(t, 2, 3, 0.05), f2 = tn_add(t, 2, 3, 0.05);
    tn_fan(t, f1, 1000, 0, -0.5);
    tn_fan(t, f2, 1000, 0, -0.5);
    CHECK_OK(tn_solve(t), &t->err);
    REQUIRE(t->flow.q_m3s);
    double q = sqrt(1000 / (0.5 + 0.4 + 0.05));
    CHECK_NEAR(t->flow.q_m3s[road], 2 * q, NEAR);
    CHECK_NEAR(t->flow.q_m3s[f1], q, NEAR);
    CHECK_NEAR(t->flow.q_m3s[f2], q, NEAR);
    tn_holds(t);
    tn_free(t);
}

static void a_table_for_a_curve(void)
{
    static const struct kt_vent_curve curve[] = {{0, 900}, {20, 1200}, {60, 800}, {100, 0}};
    struct tn *t = tn_new();
    struct kt_vent_fan *f = tn_fan(t, tn_add(t, 1, 2, 0.3), 0, 0, 0);
    f->curve = curve;
    f->curve_n = 4;
    CHECK_OK(tn_solve(t), &t->err); /* between 20 and 60: 1200 - 10 (q - 20) = 0.3 q2 */
    REQUIRE(t->flow.q_m3s);
    CHECK_NEAR(t->flow.q_m3s[0], (-10 + sqrt(100 + 4 * 0.3 * 1400)) / 0.6, NEAR);
    CHECK_NEAR(kt_vent_stall_m3s(&t->branch[0]), 20, 1e-9);
    t->branch[0].r_ns2_m8 = 0.05;
    CHECK_OK(tn_solve(t), &t->err); /* between 60 and 100: 800 - 20 (q - 60) = 0.05 q2 */
    CHECK_NEAR(t->flow.q_m3s[0], (-20 + sqrt(400 + 4 * 0.05 * 2000)) / 0.1, NEAR);
    tn_free(t);
}

/* A fan with its own way back: most of its air goes round. */
static void recirculation(void)
{
    struct tn *t = tn_new();
    uint32_t in = tn_add(t, 1, 2, 0.1), fan = tn_add(t, 2, 3, 0.05);
    uint32_t back = tn_add(t, 3, 2, 0.2), out = tn_add(t, 3, 4, 0.1);
    tn_fan(t, fan, 200, 30, -0.6);
    total(t, 12);
    CHECK_OK(tn_solve(t), &t->err);
    REQUIRE(t->flow.q_m3s);
    double q = t->flow.q_m3s[fan], over = q - 12; /* 0.65 q2 - 30 q - 200 + 0.2 (q - 12)2 = 0 */
    CHECK_NEAR(0.65 * q * q - 30 * q - 200 + 0.2 * over * over, 0, 1e-5);
    CHECK(q > 25);
    CHECK_NEAR(t->flow.q_m3s[back], over, NEAR);
    CHECK_NEAR(t->flow.q_m3s[in], 12, NEAR);
    CHECK_NEAR(t->flow.q_m3s[out], 12, NEAR);
    CHECK_INT(t->flow.state, KT_VENT_SOLVED);
    tn_holds(t);
    struct kt_vent_other other[8];
    uint32_t n = 0;
    CHECK(kt_vent_others(&t->net, &t->flow, 0, other, 8, &n));
    CHECK(n >= 1); /* the curve goes on backwards as written */
    for (uint32_t i = 0; i < n; i++) {
        double x = other[i].q_m3s;
        CHECK_NEAR(0.05 * x * fabs(x) - 200 - 30 * x + 0.6 * x * x + 0.2 * (x - 12) * fabs(x - 12),
                   0, 0.5 * fabs(x));
        CHECK_INT(other[i].branch, fan);
    }
    tn_free(t);
}

/* So much stands before it that the fan works where its pressure still rises, alone on its way:
 * that stands, for the roadway is steeper than the curve. */
static void rising_part_that_stands(void)
{
    struct tn *t = tn_new();
    tn_fan(t, tn_add(t, 1, 2, 0), 200, 30, -0.6);
    tn_add(t, 2, 3, 5);
    CHECK_OK(tn_solve(t), &t->err);
    REQUIRE(t->flow.q_m3s);
    double q = (30 + sqrt(900 + 4 * 5.6 * 200)) / (2 * 5.6); /* 200 + 30 q - 0.6 q2 = 5 q2 */
    CHECK_NEAR(t->flow.q_m3s[0], q, 1e-6);
    CHECK_INT(t->flow.rising_n, 1);
    CHECK_INT(t->flow.state, KT_VENT_SOLVED);
    tn_free(t);
}

static void a_fan_that_stalls(void)
{
    struct tn *t = tn_new(); /* a strong fan beside a weak one */
    uint32_t weak = tn_add(t, 2, 3, 0.02);
    tn_add(t, 1, 2, 0.8);
    tn_fan(t, tn_add(t, 2, 3, 0.02), 2000, 0, -0.2);
    tn_fan(t, weak, 200, 0, -0.2);
    CHECK_OK(tn_solve(t), &t->err);
    REQUIRE(t->flow.q_m3s);
    CHECK_INT(t->flow.state, KT_VENT_STALLED);
    CHECK_INT(t->flow.stalled, weak);
    char text[300];
    CHECK(strstr(kt_vent_explain(&t->net, &t->flow, text, sizeof(text)), "fan 1 stalls"));
    tn_free(t);
}

static void cut_off_and_named(void)
{
    struct tn *t = tn_new();
    tn_add(t, 1, 2, 0.5);
    tn_add(t, 3, 4, 0.5);
    tn_add(t, 4, 3, 0.5);
    total(t, 5);
    CHECK_INT(tn_solve(t), KT_EINVAL);
    CHECK(strstr(t->err.text, "node 3 is cut off"));
    tn_free(t);
    t = tn_new(); /* a given flow on the only way */
    tn_add(t, 1, 2, 0.5);
    uint32_t b = tn_add(t, 2, 3, 0.5);
    tn_add(t, 3, 4, 0.5);
    t->branch[b].fixed = true;
    t->branch[b].fixed_m3s = 4;
    total(t, 5);
    CHECK_INT(tn_solve(t), KT_EINVAL);
    CHECK(strstr(t->err.text, "is cut off"));
    t->net.total_m3s = 4;
    CHECK_OK(tn_solve(t), &t->err);
    tn_free(t);
}

static void a_given_flow_is_regulated(void)
{
    struct tn *t = tn_new();
    uint32_t a = tn_add(t, 1, 2, 1.0), b = tn_add(t, 1, 2, 1.0);
    t->branch[a].fixed = true;
    t->branch[a].fixed_m3s = 3;
    total(t, 12);
    CHECK_OK(tn_solve(t), &t->err);
    REQUIRE(t->flow.q_m3s);
    CHECK_NEAR(t->flow.q_m3s[b], 9, NEAR);
    CHECK_NEAR(t->flow.drop_pa[a], 81, 1e-5);
    CHECK_NEAR(t->flow.regulate_pa[a], 81 - 9, 1e-5);
    tn_free(t);
}

static void warm_air_drives(void)
{
    struct tn *t = tn_new(); /* two shafts of 500 m; 20 C in one, the outside's 0 C in the other */
    tn_add(t, 1, 2, 0.02);
    tn_add(t, 2, 3, 0.5);
    tn_add(t, 3, 4, 0.02);
    t->branch[2].drive_pa = kt_vent_natural_pa(0, 500, 20, 0, 101325);
    CHECK_NEAR(kt_vent_natural_pa(0, 500, 0, 0, 101325), 0, 1e-12);
    CHECK_OK(tn_solve(t), &t->err);
    REQUIRE(t->flow.q_m3s);
    double drive = 9.80665 * 500 * 101325 / 287.05 * (1 / 273.15 - 1 / 293.15);
    CHECK_NEAR(t->branch[2].drive_pa, drive, 1e-9);
    CHECK_NEAR(t->flow.q_m3s[1], sqrt(drive / 0.54), NEAR);
    tn_free(t);
}

/* Meshes of chance with fans of every kind and resistances over ten powers of ten. */
static void chance(void)
{
    uint64_t seed = 20261122;
    printf("# seed %llu\n", (unsigned long long)seed);
    for (int round = 0; round < 150; round++) {
        struct tn *t = tn_new();
        uint32_t n = 4 + (uint32_t)(unit_rand(&seed) % 60);
        for (uint32_t i = 1; i < n; i++) {
            tn_add(t, i, i + 1, pow(10, -5 + (double)(unit_rand(&seed) % 800) / 100));
        }
        for (uint32_t i = 0; i < n; i++) {
            uint32_t a = 1 + (uint32_t)(unit_rand(&seed) % n),
                     b = 1 + (uint32_t)(unit_rand(&seed) % n);
            if (a != b && a != n && b != 1) {
                tn_add(t, a, b, pow(10, -5 + (double)(unit_rand(&seed) % 800) / 100));
            }
        }
        for (uint32_t i = 0; i < unit_rand(&seed) % 4; i++) {
            double a1 = (double)(unit_rand(&seed) % 40) - 20;
            tn_fan(t, (uint32_t)(unit_rand(&seed) % t->net.branches_n),
                   (double)(unit_rand(&seed) % 2000), a1,
                   -0.01 - (double)(unit_rand(&seed) % 50) / 50);
        }
        if (round % 2) {
            total(t, (double)(unit_rand(&seed) % 200));
        }
        int r = tn_solve(t);
        CHECK(r == KT_OK);
        if (r == KT_OK && t->flow.state == KT_VENT_SOLVED) {
            tn_holds(t);
        } else if (r < 0) {
            printf("# round %d: %s\n", round, t->err.text);
        }
        tn_free(t);
    }
}

static void what_if(void)
{
    struct tn *t = tn_new();
    uint32_t fan = tn_add(t, 1, 2, 0.1), a = tn_add(t, 2, 3, 0.4), b = tn_add(t, 2, 3, 1.6);
    tn_fan(t, fan, 1000, 0, -0.2);
    tn_ends(t);
    double both = 0.4 * 4 / 9; /* of the two side by side: 2/3 and 1/3 of the air */
    struct kt_vent_flow f;
    struct kt_vent_change stop = {KT_VENT_STOP_FAN, fan, 0}, door = {KT_VENT_SET_R, b, 0.4},
                          turn = {KT_VENT_REVERSE_FAN, fan, 0.6}, none = {KT_VENT_STOP_FAN, a, 0};
    CHECK_OK(kt_vent_what_if(&t->net, NULL, 0, t->arena, &f, &t->err), &t->err);
    CHECK_NEAR(f.q_m3s[fan], sqrt(1000 / (0.3 + both)), NEAR);
    CHECK_OK(kt_vent_what_if(&t->net, &stop, 1, t->arena, &f, &t->err), &t->err);
    CHECK_NEAR(f.q_m3s[a], 0, NEAR);
    CHECK_OK(kt_vent_what_if(&t->net, &door, 1, t->arena, &f, &t->err), &t->err);
    CHECK_NEAR(f.q_m3s[b], sqrt(1000 / (0.3 + 0.1)) / 2, NEAR);
    CHECK_OK(kt_vent_what_if(&t->net, &turn, 1, t->arena, &f, &t->err), &t->err);
    CHECK_NEAR(f.q_m3s[fan], -sqrt(600 / (0.1 + 0.12 + both)), NEAR);
    CHECK_NEAR(f.q_m3s[a], f.q_m3s[fan] * 2 / 3, NEAR);
    CHECK_NEAR(f.drop_pa[fan] + f.drop_pa[a], 0, 1e-4);
    CHECK_INT(kt_vent_what_if(&t->net, &none, 1, t->arena, &f, &t->err), KT_EINVAL);
    CHECK(strstr(t->err.text, "branch 2 has no fan"));
    CHECK(t->branch[fan].fan && t->branch[b].r_ns2_m8 == 1.6);
    tn_free(t);
}

static void refuses_nonsense(void)
{
    struct tn *t = tn_new();
    CHECK_INT(tn_solve(t), KT_EINVAL);
    tn_add(t, 1, 2, 1);
    t->branch[0].r_ns2_m8 = NAN;
    CHECK_INT(tn_solve(t), KT_EINVAL);
    t->branch[0].r_ns2_m8 = 1;
    t->branch[0].to = 7;
    CHECK_INT(tn_solve(t), KT_EINVAL);
    t->branch[0].to = 1;
    tn_fan(t, 0, 100, 1, 3);
    CHECK_INT(tn_solve(t), KT_EINVAL);
    tn_free(t);
}

UNIT_MAIN({"series and parallel", series_and_parallel}, {"the diagonal branch turns", the_diagonal},
          {"fans in series and side by side", fans_in_series_and_parallel},
          {"a fan's table", a_table_for_a_curve}, {"air that goes round a fan", recirculation},
          {"a rising part that stands", rising_part_that_stands},
          {"a fan that is overpowered is named", a_fan_that_stalls},
          {"a node that is cut off is named", cut_off_and_named},
          {"a given flow says what regulates it", a_given_flow_is_regulated},
          {"natural ventilation", warm_air_drives}, {"networks of chance", chance},
          {"what if: a fan stops, a door opens, the fan is reversed", what_if},
          {"nonsense is refused", refuses_nonsense})
