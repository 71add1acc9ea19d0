/* SPDX-License-Identifier: Apache-2.0 */
/* A table of strangers: read, and where it can be read, asked; never a crash, never without end. */
#include "domain/vent/read.h"
#include "domain/vent/solve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BRANCHES_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kt_arena *arena = kt_arena_new(0);
    struct kt_problems p = {0};
    struct kt_vent_table t;
    struct kt_vent_flow f;
    struct kt_csv *c;
    struct kt_err err;
    if (kt_csv_parse(arena, (struct kt_str){(const char *)data, size}, "f", &c, &err) == KT_OK &&
        kt_vent_read(c, arena, &p, &t, &err) == KT_OK && t.net.branches_n <= BRANCHES_MAX) {
        char text[400];
        t.net.total_given = data[0] & 1;
        t.net.total_m3s = 7;
        if (kt_vent_solve(&t.net, NULL, arena, &f, &err) == KT_OK) {
            (void)kt_vent_explain(&t.net, &f, text, sizeof(text));
        }
    }
    kt_arena_free(arena);
    return 0;
}
