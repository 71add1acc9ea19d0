/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What comes over the stream, any bytes: as a message, as sections behind a chain that was put
 * right, and as a place.
 */
#include <stdlib.h>

#include "link/upward/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void sections(struct kt_str body)
{
    struct upward_section s = {0};
    struct kt_rd r = kt_rd_init(body.p, body.n);
    struct kt_err err;
    int n = 0;
    while (upward_next(&r, &s, &err) > 0) {
        KT_ASSERT(++n <= (int)body.n);
        for (uint32_t i = 0; s.samples && i < s.columns.n; i++) {
            KT_ASSERT(s.columns.point[i] < s.names_n);
        }
    }
    upward_section_done(&s);
}

static void wrapped(struct kt_str body)
{
    struct kt_buf b;
    struct kt_err err;
    struct upward_msg m = {.lane = UPWARD_RECORD, .at = {.gen = "g", .n = 1}, .body = body}, back;
    kt_buf_init(&b, 0);
    upward_put(&b, &m);
    KT_ASSERT(upward_get((struct kt_str){b.p, b.n}, &back, &err) == KT_OK);
    KT_ASSERT(back.body.n == body.n && kt_hash_eq(&back.at.chain, &m.at.chain));
    sections(back.body);
    kt_buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    struct kt_err err;
    struct upward_msg m;
    struct upward_place p;
    bool again;
    KT_ASSERT(text);
    memcpy(text, data, size);
    if (upward_get((struct kt_str){text, size}, &m, &err) == KT_OK) {
        sections(m.body);
    }
    if (size < 1 << 16) {
        wrapped((struct kt_str){text, size});
    }
    if (upward_get_place((struct kt_str){text, size}, &p, &again, &err) == KT_OK) {
        KT_ASSERT(strlen(p.gen) < UPWARD_GEN);
    }
    free(text);
    return 0;
}
