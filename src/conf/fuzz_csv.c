/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kt_arena *arena = kt_arena_new(0);
    struct kt_problems p = {0};
    struct kt_csv *c;
    struct kt_err err;
    if (kt_csv_parse(arena, (struct kt_str){(const char *)data, size}, "f", &c, &err) == KT_OK) {
        (void)kt_csv_column(c, "id");
        (void)kt_csv_column(c, "name");
        uint32_t rows = kt_csv_rows(c) < 50 ? kt_csv_rows(c) : 50;
        for (uint32_t r = 0; r < rows; r++) {
            for (int k = -1; k < (int)kt_csv_columns(c); k++) {
                double v;
                int line, col;
                kt_csv_at(c, r, k, &line, &col);
                KT_ASSERT(line > 1 && col > 0);
                if (k >= 0) {
                    (void)kt_csv_num(c, r, k, &p, &v);
                }
                (void)kt_csv_dup(c, r, k, arena);
            }
        }
        kt_csv_unknown(c, &p);
    }
    kt_arena_free(arena);
    return 0;
}
