/* SPDX-License-Identifier: Apache-2.0 */
/* Files of strangers as persons: what is taken can be read back. */
#include "link/minefile/persons.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct minefile_dialect d = {";", "~", "||", 28800};
    struct kt_arena *arena = kt_arena_new(64u << 20);
    struct kt_readings *back = malloc(sizeof(*back));
    struct kt_err err;
    struct minefile f;
    uint32_t n, bad;
    KT_ASSERT(back);
    kt_readings_init(back);
    if (minefile_parse(arena, (struct kt_str){(const char *)data, size}, &d, &f, &err) == KT_OK) {
        for (int kind = PERSONS_PLACES; kind <= PERSONS_ROSTER; kind++) {
            struct kt_buf b;
            kt_buf_init(&b, 0);
            if (persons_take(&f, (enum persons_kind)kind, 28800, 1772323200 * KT_SEC, &b, &n,
                             &bad) == KT_OK) {
                KT_ASSERT(n + bad == f.n);
                int r = kt_readings_decode((struct kt_str){b.p, b.n}, back, &err);
                KT_ASSERT(kind == PERSONS_ROSTER || r < 0 || back->n == n);
            }
            kt_buf_done(&b);
        }
    }
    kt_readings_done(back);
    free(back);
    kt_arena_free(arena);
    return 0;
}
