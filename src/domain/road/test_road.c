/* SPDX-License-Identifier: Apache-2.0 */
/* Drawn roadways into a network: each kind of mistake caught, and a near miss that is not. */
#include "domain/road/road.h"

#include <math.h>
#include <string.h>

#include "base/id.h"
#include "unit.h"

enum { LINES = 32 };
struct drawing {
    struct kt_road_line line[LINES];
    double xyz[LINES][8 * 3];
    uint32_t n;
    struct kt_arena *arena;
    struct kt_road_net net;
    struct kt_err err;
};

static void draw(struct drawing *d, const char *from, const char *to, const double *xyz, uint32_t n)
{
    static const char *const ids[] = {"A", "B", "C", "D", "E", "F", "G", "H"};
    memcpy(d->xyz[d->n], xyz, (size_t)n * 3 * sizeof(double));
    d->line[d->n] = (struct kt_road_line){ids[d->n], from, to, d->xyz[d->n], n};
    d->n++;
}
#define DRAW(d, from, to, ...)                                                                     \
    draw(d, from, to, (const double[]){__VA_ARGS__},                                               \
         sizeof((const double[]){__VA_ARGS__}) / sizeof(double) / 3)

static void net(struct drawing *d)
{
    d->arena = d->arena ? d->arena : kt_arena_new(0);
    CHECK_OK(kt_road_net(d->line, d->n, 2, 1, d->arena, &d->net, &d->err), &d->err);
}

static uint32_t count(const struct drawing *d, enum kt_road_kind kind)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < d->net.findings_n; i++) {
        n += d->net.finding[i].kind == kind;
    }
    return n;
}

static void done(struct drawing *d)
{
    kt_arena_free(d->arena);
    memset(d, 0, sizeof(*d));
}

/* Nothing is found in it, and it has so many nodes and branches. */
static void whole(struct drawing *d, uint32_t nodes, uint32_t branches)
{
    net(d);
    CHECK_INT(d->net.findings_n, 0);
    CHECK_INT(d->net.nodes_n, nodes);
    CHECK_INT(d->net.branches_n, branches);
    done(d);
}

static void ends_that_nearly_meet(void)
{
    struct drawing d = {0};
    DRAW(&d, "in", "", 0, 0, 0, 100, 0, 0);
    DRAW(&d, "", "out", 101, 1, 0, 200, 0, 0);
    net(&d);
    CHECK_INT(d.net.findings_n, 1);
    CHECK_INT(count(&d, KT_ROAD_GAP), 1);
    CHECK_NEAR(d.net.finding[0].distance_m, sqrt(2), 1e-12);
    CHECK_INT(d.net.nodes_n, 3);
    CHECK_INT(d.net.branches_n, 2);
    CHECK_NEAR(d.net.branch[0].xyz[3], 100.5, 1e-12); /* both ends come to the middle */
    done(&d);
    DRAW(&d, "in", "x", 0, 0, 0, 100, 0, 0);
    DRAW(&d, "y", "out", 103, 0, 0, 200, 0, 0);
    whole(&d, 4, 2); /* two roadways that are apart, their ends named */
    DRAW(&d, "in", "", 0, 0, 0, 100, 0, 0);
    DRAW(&d, "", "out", 100, 0, 0, 200, 0, 0);
    whole(&d, 3, 2);
}

static void an_end_beside_a_roadway(void)
{
    struct drawing d = {0};
    DRAW(&d, "in", "out", 0, 0, 0, 100, 0, 10);
    DRAW(&d, "", "face", 50, 1.5, 5, 50, 80, 5);
    net(&d);
    CHECK_INT(count(&d, KT_ROAD_BESIDE), 1);
    CHECK_NEAR(d.net.finding[0].to_y, 0, 1e-12);
    CHECK_INT(d.net.branches_n, 3); /* the first one is divided */
    CHECK(strcmp(d.net.branch[1].id, "A/2") == 0);
    CHECK_NEAR(d.net.branch[0].length_m, sqrt(50 * 50 + 5 * 5), 1e-9);
    CHECK_NEAR(d.net.branch[2].length_m, 80, 1e-9);
    CHECK_INT(d.net.node[d.net.branch[2].from].degree, 3);
    done(&d);
    DRAW(&d, "in", "out", 0, 0, 0, 50, 0, 0, 100, 0, 0); /* a vertex stands where it ends */
    DRAW(&d, "", "face", 50, 0, 0, 50, 80, 0);
    whole(&d, 4, 3);
    DRAW(&d, "in", "out", 0, 0, 0, 100, 0, 0); /* it ends above it */
    DRAW(&d, "top", "face", 50, 0, 20, 50, 80, 20);
    whole(&d, 4, 2);
}

static void crossings(void)
{
    struct drawing d = {0};
    DRAW(&d, "a", "b", 0, 0, NAN, 100, 0, NAN);
    DRAW(&d, "c", "d", 50, -50, NAN, 50, 50, NAN);
    net(&d);
    CHECK_INT(count(&d, KT_ROAD_CROSSING), 1);
    CHECK_INT(d.net.branches_n, 2); /* a person says whether they meet */
    done(&d);
    DRAW(&d, "a", "b", 0, 0, 0, 100, 0, 0);
    DRAW(&d, "c", "d", 50, -50, 30, 50, 50, 30); /* an overcast */
    whole(&d, 4, 2);
    DRAW(&d, "a", "b", 0, 0, 0, 50, 0, 0, 100, 0, 0);
    DRAW(&d, "c", "d", 50, -50, 0, 50, 0, 0, 50, 50, 0);
    whole(&d, 5, 4);
}

/* They touch at a vertex of both and go on side by side, or are in line there. */
static void vertices_in_common(void)
{
    struct drawing d = {0};
    DRAW(&d, "a", "b", 0, 0, 0, 50, 50, 0, 100, 0, 0);
    DRAW(&d, "c", "d", 0, 100, 0, 50, 50, 0, 100, 100, 0);
    whole(&d, 5, 4);
    DRAW(&d, "a", "b", 0, 0, 0, 50, 0, 0, 50, -90, 0); /* each turns off where they meet */
    DRAW(&d, "c", "d", 100, 0, 0, 50, 0, 0, 50, 90, 0);
    whole(&d, 5, 4);
    DRAW(&d, "a", "b", 0, 0, 0, 50, 0, 0, 100, 0, 0); /* three through one place */
    DRAW(&d, "c", "d", 50, -50, 0, 50, 0, 0, 50, 50, 0);
    DRAW(&d, "e", "f", 0, 50, 0, 50, 0, 0, 100, -50, 0);
    whole(&d, 7, 6);
}

/* More junctions than vertices: two combs that meet at each tooth, again and again. */
static void many_in_common(void)
{
    enum { WAYS = 24, TEETH = 12 };
    static double xyz[WAYS][TEETH * 2 * 3];
    static struct kt_road_line line[WAYS];
    struct kt_arena *arena = kt_arena_new(0);
    struct kt_road_net ret;
    struct kt_err err;
    for (uint32_t w = 0; w < WAYS; w++) {
        for (uint32_t k = 0; k < 2 * TEETH; k++) {
            double *p = &xyz[w][k * 3];
            bool tooth = k % 2 && k + 1 < 2 * TEETH;
            p[0] = k * 100.0;
            p[1] = tooth ? 0 : (w + 1) * 50.0;
            p[2] = 0;
        }
        line[w] = (struct kt_road_line){"W", "x", "y", xyz[w], 2 * TEETH};
    }
    CHECK_OK(kt_road_net(line, WAYS, 2, 1, arena, &ret, &err), &err);
    uint32_t most = 0;
    for (uint32_t i = 0; i < ret.nodes_n; i++) {
        most = ret.node[i].degree > most ? ret.node[i].degree : most;
    }
    CHECK_INT(most, 2 * WAYS); /* each tooth is one place of all */
    CHECK_INT(ret.branches_n, WAYS * TEETH);
    kt_arena_free(arena);
}

static void drawn_twice(void)
{
    struct drawing d = {0};
    DRAW(&d, "a", "b", 0, 0, 0, 100, 0, 0);
    DRAW(&d, "c", "d", 40, 1, 0, 160, 1, 0);
    net(&d);
    CHECK_INT(count(&d, KT_ROAD_OVERLAP), 1);
    for (uint32_t i = 0; i < d.net.findings_n; i++) {
        if (d.net.finding[i].kind == KT_ROAD_OVERLAP) {
            CHECK_NEAR(d.net.finding[i].distance_m, 60, 1e-9);
        }
    }
    done(&d);
    DRAW(&d, "a", "b", 0, 0, 0, 100, 0, 0); /* two entries side by side */
    DRAW(&d, "c", "d", 0, 20, 0, 100, 20, 0);
    whole(&d, 4, 2);
}

static void names_and_short_ones(void)
{
    struct drawing d = {0};
    DRAW(&d, "a", "b", 0, 0, 0, 100, 0, 0);
    DRAW(&d, "x", "", 100, 0, 0, 100, 90, 0);
    DRAW(&d, "k", "l", 300, 0, 0, 301, 0, 0);
    net(&d);
    CHECK_INT(count(&d, KT_ROAD_NAMES), 1);
    CHECK_INT(count(&d, KT_ROAD_UNNAMED), 1);
    CHECK_INT(count(&d, KT_ROAD_SHORT), 1);
    double one[] = {0, 0, 0}, no[] = {0, 0, 0, INFINITY, 1, 0};
    struct kt_road_line bad[] = {{"A", "", "", one, 1}, {"A", "", "", no, 2}};
    struct kt_road_net ret;
    CHECK_INT(kt_road_net(&bad[0], 1, 2, 1, d.arena, &ret, &d.err), KT_EINVAL);
    CHECK_INT(kt_road_net(&bad[1], 1, 2, 1, d.arena, &ret, &d.err), KT_EINVAL);
    CHECK_INT(kt_road_net(d.line, 3, 0, 1, d.arena, &ret, &d.err), KT_EINVAL);
    CHECK_INT(kt_road_net(d.line, 0, 2, 1, d.arena, &ret, &d.err), KT_EINVAL);
    done(&d);
}

/* A grid of streets, its ends pushed about by less than a snap: all of it is found and mended. */
static void shaken(void)
{
    enum { SIDE = 12 };
    static struct kt_road_line line[2 * SIDE * (SIDE - 1)];
    static double xyz[2 * SIDE * (SIDE - 1)][6];
    uint64_t seed = 77;
    struct kt_arena *arena = kt_arena_new(0);
    struct kt_road_net ret;
    struct kt_err err;
    uint32_t n = 0;
    printf("# seed %llu\n", (unsigned long long)seed);
    for (int way = 0; way < 2; way++) {
        for (int i = 0; i < SIDE; i++) {
            for (int k = 0; k + 1 < SIDE; k++) {
                for (int end = 0; end < 2; end++) {
                    double along = (k + end) * 50.0, across = i * 50.0;
                    double *p = &xyz[n][end * 3];
                    p[0] = (way ? across : along) + (double)(unit_rand(&seed) % 100) / 100 * 0.6;
                    p[1] = (way ? along : across) + (double)(unit_rand(&seed) % 100) / 100 * 0.6;
                    p[2] = 0;
                }
                line[n] = (struct kt_road_line){"R", "", "", xyz[n], 2};
                n++;
            }
        }
    }
    CHECK_OK(kt_road_net(line, n, 2, 1, arena, &ret, &err), &err);
    CHECK_INT(ret.nodes_n, SIDE * SIDE);
    CHECK_INT(ret.branches_n, n);
    for (uint32_t i = 0; i < ret.findings_n; i++) {
        CHECK_INT(ret.finding[i].kind, KT_ROAD_GAP);
    }
    CHECK(ret.findings_n > n);
    kt_arena_free(arena);
}

UNIT_MAIN({"ends that nearly meet", ends_that_nearly_meet},
          {"an end beside a roadway", an_end_beside_a_roadway}, {"crossings", crossings},
          {"vertices in common", vertices_in_common}, {"many in common", many_in_common},
          {"drawn twice", drawn_twice}, {"names and short ones", names_and_short_ones},
          {"shaken", shaken})
