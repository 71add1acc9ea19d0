/* SPDX-License-Identifier: Apache-2.0 */
/* Readings of strangers: what is taken can be coded and read back. */
#include "link/mqtt/tags.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kt_readings *r = malloc(sizeof(*r)), *back = malloc(sizeof(*back));
    struct kt_err err;
    uint32_t bad;
    KT_ASSERT(r && back);
    kt_readings_init(r);
    kt_readings_init(back);
    if (tags_take((struct kt_str){(const char *)data, size}, 1772323200 * KT_SEC, r, &bad) > 0) {
        struct kt_buf out;
        kt_buf_init(&out, 0);
        kt_readings_encode(&out, r);
        int n = kt_readings_decode((struct kt_str){out.p, out.n}, back, &err);
        KT_ASSERT(n < 0 || back->n == r->n); /* times of other centuries are refused */
        kt_buf_done(&out);
    }
    kt_readings_done(r);
    kt_readings_done(back);
    free(r);
    free(back);
    return 0;
}
