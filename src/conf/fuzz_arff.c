/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/arff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kt_arena *arena = kt_arena_new(0);
    struct kt_arff *a;
    struct kt_err err;
    if (kt_arff_open(arena, (struct kt_str){(const char *)data, size}, "f", &a, &err) == KT_OK) {
        double row[KT_ARFF_MAX_COLUMNS];
        KT_ASSERT(kt_arff_columns(a) > 0 && kt_arff_columns(a) <= KT_ARFF_MAX_COLUMNS);
        KT_ASSERT(kt_arff_name(a, kt_arff_columns(a) - 1).n > 0);
        size_t rows = 0;
        for (int r; (r = kt_arff_next(a, row, &err)) != 0; rows++) {
            KT_ASSERT(r == 1 || (r == KT_EPARSE && err.line > 1 && err.col > 0));
        }
        KT_ASSERT(rows <= size);
    }
    kt_arena_free(arena);
    return 0;
}
