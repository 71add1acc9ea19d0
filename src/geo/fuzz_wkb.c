/* SPDX-License-Identifier: Apache-2.0 */
#include "geo/geo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kt_buf out;
    kt_buf_init(&out, 1 << 20);
    int r = kt_geo_wkb_json((struct kt_str){(const char *)data, size}, &out);
    (void)r;
    kt_buf_done(&out);
    return 0;
}
