/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client may write into an address, and a body that is said to be compressed; the first byte
 * chooses.
 */
#include <stdlib.h>

#include "http/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INFLATED_MAX = 1 << 20 };

static void address(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    KT_ASSERT(text);
    memcpy(text, data, size);
    text[size] = '\0';
    size_t before = strlen(text);
    if (kt_http_decode(text)) {
        KT_ASSERT(strlen(text) <= before);
    }
    free(text);
}

static void body(const uint8_t *data, size_t size)
{
    struct kt_buf out;
    kt_buf_init(&out, INFLATED_MAX);
    int r = kt_http_inflate((struct kt_str){(const char *)data, size}, INFLATED_MAX, &out);
    KT_ASSERT(r <= KT_OK && out.n <= INFLATED_MAX);
    kt_buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    if (data[0] & 1) {
        body(data + 1, size - 1);
    } else {
        address(data + 1, size - 1);
    }
    return 0;
}
