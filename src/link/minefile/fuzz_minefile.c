/* SPDX-License-Identifier: Apache-2.0 */
#include "link/minefile/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct minefile_dialect d = {";", "~", "||", 28800};
    struct kt_arena *arena = kt_arena_new(64u << 20);
    struct kt_err err;
    struct minefile f;
    if (minefile_parse(arena, (struct kt_str){(const char *)data, size}, &d, &f, &err) == KT_OK) {
        for (uint32_t i = 0; i < f.n; i++) {
            struct minefile_value v;
            int r = minefile_value(f.records[i], f.fields_n[i], 28800, &v);
            (void)r;
        }
    }
    kt_arena_free(arena);
    return 0;
}
