/* SPDX-License-Identifier: Apache-2.0 */
/* airways.csv of strangers: read, and where it can be read, solved with every fan standing. */
#include "domain/vent/airways.h"
#include "domain/vent/solve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROADWAYS_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kt_arena *arena = kt_arena_new(0);
    struct kt_problems p = {0};
    struct kt_airways a;
    struct kt_vent_flow f;
    struct kt_csv *c;
    struct kt_err err;
    if (kt_csv_parse(arena, (struct kt_str){(const char *)data, size}, "f", &c, &err) == KT_OK &&
        kt_airways_read(c, NULL, arena, &p, &a, &err) == KT_OK && a.n <= ROADWAYS_MAX) {
        struct kt_airway_state state[ROADWAYS_MAX] = {{0, 1}};
        struct kt_vent_branch branch[ROADWAYS_MAX];
        int8_t design[ROADWAYS_MAX];
        struct kt_vent_net net = a.net;
        kt_airways_now(&a, state, branch);
        kt_airways_design(&a, design);
        net.branch = branch;
        if (kt_vent_solve(&net, NULL, arena, &f, &err) == KT_OK) {
            KT_ASSERT(f.q_m3s);
        }
    }
    kt_arena_free(arena);
    return 0;
}
