/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "geo/geo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Two geometries, a zero byte between them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kt_buf out;
    struct kt_err err;
    struct kt_geo_meeting m;
    const char *p = (const char *)data, *cut = memchr(p, 0, size);
    size_t n = cut ? (size_t)(cut - p) : size;
    kt_buf_init(&out, 1 << 20);
    int r = kt_geo_overlap((struct kt_str){p, n},
                           cut ? (struct kt_str){cut + 1, size - n - 1} : (struct kt_str){p, n}, &m,
                           &out, &err);
    (void)r;
    kt_buf_done(&out);
    return 0;
}
