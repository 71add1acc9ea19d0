/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read is written, read and written again: both texts are equal. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kt_json *root = NULL, *again = NULL;
    struct kt_err err;
    if (kt_json_parse((struct kt_str){(const char *)data, size}, 0, &root, &err) < 0) {
        return 0;
    }
    struct kt_buf a, b;
    kt_buf_init(&a, 0);
    kt_buf_init(&b, 0);
    struct kt_jw w = kt_jw_init(&a);
    kt_json_write(root, &w);
    KT_ASSERT(kt_json_parse((struct kt_str){a.p, a.n}, 0, &again, &err) == KT_OK);
    w = kt_jw_init(&b);
    kt_json_write(again, &w);
    KT_ASSERT(a.n == b.n && memcmp(a.p, b.p, a.n) == 0);
    kt_buf_done(&a);
    kt_buf_done(&b);
    kt_json_free(root);
    kt_json_free(again);
    return 0;
}
