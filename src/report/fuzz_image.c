/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/json.h"
#include "report/read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kt_buf out;
    struct kt_err err = {0};
    struct kt_json *v = NULL;
    kt_buf_init(&out, 0);
    if (kt_image_read((struct kt_str){(const char *)data, size}, 100, &out, &err) == KT_OK) {
        KT_ASSERT(kt_json_parse((struct kt_str){out.p, out.n}, 0, &v, &err) == KT_OK);
        KT_ASSERT(kt_json_get_int(v, "width", 0) > 0 && kt_json_get_int(v, "height", 0) > 0);
        kt_json_free(v);
    } else {
        KT_ASSERT(out.n == 0 && err.code < 0 && err.text[0]);
    }
    kt_buf_done(&out);
    return 0;
}
