/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vent_bench: the airflow of networks shaped like mines: a field of roadways in which a tree
 * reaches everywhere and some more close the loops, with main fans at the outlet and a few booster
 * fans. Prints `nodes branches fans median_ms worst_ms steps`, one line a network.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "domain/vent/solve.h"
#include "unit.h"

enum { ROUNDS = 15, FANS = 6 };

static double now_ms(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static uint32_t root_of(uint32_t *above, uint32_t i)
{
    while (above[i] != i) {
        i = above[i] = above[above[i]];
    }
    return i;
}

/** A field of roadways side by side; each a chance to be driven, the first ones join everything. */
static uint32_t roadways(struct kt_vent_branch *out, uint32_t nodes, uint32_t wide, uint32_t want,
                         uint64_t *seed)
{
    uint32_t n = 0, *above = calloc(nodes, sizeof(*above));
    KT_ASSERT(above);
    for (uint32_t i = 0; i < nodes; i++) {
        above[i] = i;
    }
    for (uint32_t pass = 0; pass < 40 && n < want; pass++) {
        for (uint32_t i = 0; i < nodes && n < want; i++) {
            uint32_t to = unit_rand(seed) % 2 ? i + 1 : i + wide;
            bool side = to == i + 1 && to % wide == 0;
            if (to >= nodes || to == 0 || side || unit_rand(seed) % 3 == 0) {
                continue;
            }
            uint32_t a = root_of(above, i), b = root_of(above, to);
            if (a == b && n < want && pass < 20) {
                continue; /* the tree first */
            }
            above[a] = b;
            double r = pow(10, -3 + (double)(unit_rand(seed) % 4000) / 1000);
            out[n++] = (struct kt_vent_branch){.from = i, .to = to, .r_ns2_m8 = r};
        }
    }
    free(above);
    return n;
}

/** As a table has them: where nothing ends and where nothing begins. */
static void ends(uint8_t *end, uint32_t nodes, const struct kt_vent_branch *branch, uint32_t n)
{
    for (uint32_t i = 0; i < nodes; i++) {
        bool begins = false, ends_here = false;
        for (uint32_t b = 0; b < n; b++) {
            begins |= branch[b].from == i;
            ends_here |= branch[b].to == i;
        }
        end[i] = !ends_here ? KT_VENT_INLET : !begins ? KT_VENT_OUTLET : KT_VENT_INNER;
    }
}

static int by_number(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int one(uint32_t nodes, uint32_t branches)
{
    uint64_t seed = nodes;
    struct kt_err err;
    struct kt_vent_branch *branch = calloc(branches, sizeof(*branch));
    uint8_t *end = calloc(nodes, 1);
    KT_ASSERT(branch && end);
    static const struct kt_vent_fan main_fan = {3000, 10, -0.1, NULL, 0},
                                    booster = {300, 0, -0.3, NULL, 0};
    uint32_t n = roadways(branch, nodes - 1, (uint32_t)sqrt(nodes), branches - 1, &seed);
    for (uint32_t i = 0; i < FANS; i++) {
        branch[n / FANS * i].fan = &booster;
    }
    branch[n++] =
        (struct kt_vent_branch){.from = nodes - 1, .to = 1, .r_ns2_m8 = 0.01, .fan = &main_fan};
    ends(end, nodes, branch, n);
    struct kt_vent_net net = {.branch = branch, .branches_n = n, .nodes_n = nodes, .end = end};
    double took[ROUNDS];
    uint32_t steps = 0;
    for (int i = 0; i < ROUNDS; i++) {
        struct kt_vent_flow f;
        struct kt_arena *arena = kt_arena_new(0);
        double before = now_ms();
        int r = kt_vent_solve(&net, NULL, arena, &f, &err);
        took[i] = now_ms() - before;
        if (r < 0) {
            fprintf(stderr, "vent_bench: %s\n", err.text);
            return 1;
        }
        steps = f.steps;
        kt_arena_free(arena);
    }
    qsort(took, ROUNDS, sizeof(*took), by_number);
    printf("%u %u %d %.3f %.3f %u\n", nodes, n, FANS + 1, took[ROUNDS / 2], took[ROUNDS - 1],
           steps);
    free(branch);
    free(end);
    return 0;
}

int main(void)
{
    return one(800, 1000) | one(8000, 10000);
}
