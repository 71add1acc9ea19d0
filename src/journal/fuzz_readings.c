/* SPDX-License-Identifier: Apache-2.0 */
/* A body of readings that can be read is written again and read back as the same. */
#include "journal/readings.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kt_readings *a = malloc(sizeof(*a)), *b = malloc(sizeof(*b));
    struct kt_err err;
    KT_ASSERT(a && b);
    kt_readings_init(a);
    kt_readings_init(b);
    if (kt_readings_decode((struct kt_str){(const char *)data, size}, a, &err) == KT_OK) {
        struct kt_buf out;
        kt_buf_init(&out, 0);
        kt_readings_encode(&out, a);
        KT_ASSERT(kt_readings_decode((struct kt_str){out.p, out.n}, b, &err) == KT_OK);
        KT_ASSERT(a->n == b->n && a->dict_n == b->dict_n);
        KT_ASSERT(a->n == 0 || memcmp(a->v, b->v, a->n * sizeof(*a->v)) == 0);
        kt_buf_done(&out);
    }
    kt_readings_done(a);
    kt_readings_done(b);
    free(a);
    free(b);
    return 0;
}
