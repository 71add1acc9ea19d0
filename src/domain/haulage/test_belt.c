/* SPDX-License-Identifier: Apache-2.0 */
/* Coal on belts: nothing is lost, it leaves after the belt's length, and what a line that runs down
 * still carries is counted. */
#include "domain/haulage/belt.h"

#include "unit.h"

static uint64_t seed = 20261122;

static double even(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (double)(seed >> 11) / 9007199254740992.0;
}

static void coal_leaves_after_the_length(void)
{
    struct kt_belt b;
    kt_belt_init(&b, 960, 0);
    double out = kt_belt_move(&b, 5, 0);
    double moved = 0;
    CHECK_NEAR(kt_belt_runout_m(&b), 960, 1e-9);
    while (out < 1e-9 && moved < 2000) {
        out += kt_belt_move(&b, 0, 1.7);
        moved += 1.7;
    }
    CHECK_NEAR(moved, 960, 960.0 / KT_BELT_CELLS + 1.7);
    CHECK_NEAR(out, 5, 1e-9);
    CHECK_NEAR(kt_belt_coal(&b), 0, 1e-9);
    CHECK_NEAR(kt_belt_runout_m(&b), 0, 1e-9);
}

static void steady_load_is_length_over_speed(void)
{
    struct kt_belt b;
    kt_belt_init(&b, 1190, 0);
    for (int s = 0; s < 900; s++) { /* 1 800 t/h on 4 m/s: 0.125 t/m */
        kt_belt_move(&b, 1800.0 / 3600, 4);
    }
    CHECK_NEAR(kt_belt_coal(&b), 1800.0 / 3600 * 1190 / 4, 3);
}

static void nothing_is_lost(void)
{
    printf("# seed %llu\n", (unsigned long long)seed);
    for (int k = 0; k < 200; k++) {
        struct kt_belt b;
        double on = even() * 100, in = on, out = 0;
        kt_belt_init(&b, 50 + 2000 * even(), on);
        for (int i = 0; i < 400; i++) {
            double t = even() < 0.3 ? 0 : even() * 2;
            in += t;
            out += kt_belt_move(&b, t, even() < 0.2 ? 0 : even() * (even() < 0.01 ? 9000 : 8));
        }
        CHECK_NEAR(in, out + kt_belt_coal(&b), 1e-9 * in + 1e-9);
    }
}

/* Two belts; both lose their command at once and run down, the first slower than the second. */
static void a_run_down_still_carries(void)
{
    struct kt_belt up, down;
    kt_belt_init(&up, 400, 40);
    kt_belt_init(&down, 400, 40);
    double fell = 0, v_up = 4, v_down = 4;
    for (int s = 0; s < 60; s++) {
        double given = kt_belt_move(&up, 0, v_up);
        fell += kt_belt_move(&down, given, v_down);
        v_up *= 0.8;
        v_down *= 0.6;
    }
    CHECK(kt_belt_coal(&up) < 40);
    CHECK(kt_belt_coal(&down) > 40 - fell);
    CHECK_NEAR(kt_belt_coal(&up) + kt_belt_coal(&down) + fell, 80, 1e-9);
}

UNIT_MAIN({"coal_leaves_after_the_length", coal_leaves_after_the_length},
          {"steady_load_is_length_over_speed", steady_load_is_length_over_speed},
          {"nothing_is_lost", nothing_is_lost},
          {"a_run_down_still_carries", a_run_down_still_carries})
