/* SPDX-License-Identifier: Apache-2.0 */
/* Ways out of 2 000 persons over 1 000 roadways, with smoke and refuges; one line: persons ways
 * refuges median_ms worst_ms. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "domain/position/escape.h"

enum { SIDE = 22, PERSONS = 2000, REFUGES = 8, ROUNDS = 21 };

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static uint64_t seed = 3;

static uint32_t rnd(uint32_t n)
{
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)(seed >> 33) % n;
}

static void add(struct kt_mine *m, uint32_t from, uint32_t to)
{
    double length = 40 + rnd(160);
    m->way[m->ways_n++] = (struct kt_way){.id = "w",
                                          .from = from,
                                          .to = to,
                                          .length_m = length,
                                          .time_s = {length / 1.2, length / 1.0}};
}

/* A grid with some diagonals: 1 000 roadways. */
static void make(struct kt_mine *m, struct kt_arena *arena)
{
    *m = (struct kt_mine){.nodes_n = SIDE * SIDE, .stations_n = REFUGES + 2};
    m->way = KT_NEW_ARRAY(arena, struct kt_way, 1000);
    for (uint32_t i = 0; i < SIDE * SIDE; i++) {
        if (i % SIDE + 1 < SIDE) {
            add(m, i, i + 1);
        }
        if (i + SIDE < SIDE * SIDE) {
            add(m, i, i + SIDE);
        }
    }
    while (m->ways_n < 1000) {
        uint32_t i = rnd(SIDE * SIDE - SIDE - 1);
        add(m, i, i + SIDE + 1);
    }
    m->at = KT_NEW_ARRAY(arena, uint32_t, m->nodes_n + 2);
    m->list = KT_NEW_ARRAY(arena, uint32_t, 2000);
    for (uint32_t n = 0, k = 0; n < m->nodes_n; n++) {
        for (uint32_t w = 0; w < m->ways_n; w++) {
            if (m->way[w].from == n || m->way[w].to == n) {
                m->list[k++] = 2 * w + (m->way[w].to == n);
            }
        }
        m->at[n + 1] = k;
    }
    m->station = KT_NEW_ARRAY(arena, struct kt_station, m->stations_n);
    for (uint32_t i = 0; i < m->stations_n; i++) {
        m->station[i] = (struct kt_station){.id = "s",
                                            .kind = i < 2 ? KT_STATION_EXIT : KT_STATION_REFUGE,
                                            .way = i == 0 ? 0 : rnd(1000),
                                            .at_m = 10,
                                            .capacity = 60};
    }
}

static int by_number(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(void)
{
    struct kt_arena *keep = kt_arena_new(0);
    struct kt_mine m;
    struct kt_err err;
    double took[ROUNDS], *smoke;
    make(&m, keep);
    smoke = KT_NEW_ARRAY(keep, double, m.nodes_n);
    struct kt_escape_person *p = KT_NEW_ARRAY(keep, struct kt_escape_person, PERSONS);
    for (uint32_t i = 0; i < m.nodes_n; i++) {
        smoke[i] = rnd(3) ? 60.0 * rnd(60) : (double)INFINITY;
    }
    for (uint32_t i = 0; i < PERSONS; i++) {
        p[i] = (struct kt_escape_person){rnd(1000), 5};
    }
    struct kt_escape_state state = {smoke, NULL, 0};
    struct kt_escape e = {0};
    for (int i = 0; i < ROUNDS; i++) {
        struct kt_arena *arena = kt_arena_new(0);
        double before = now_ms();
        if (kt_escape_find(&m, &state, p, PERSONS, arena, &e, &err) < 0) {
            fprintf(stderr, "escape_bench: %s\n", err.text);
            return 1;
        }
        took[i] = now_ms() - before;
        if (i + 1 < ROUNDS) {
            kt_arena_free(arena);
        }
    }
    qsort(took, ROUNDS, sizeof(*took), by_number);
    printf("%d %u %d %.2f %.2f %u %u %u\n", PERSONS, m.ways_n, REFUGES, took[ROUNDS / 2],
           took[ROUNDS - 1], e.by_verdict[0], e.by_verdict[1], e.by_verdict[2]);
    return 0;
}
