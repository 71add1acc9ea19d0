/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes from etcd: an answer's JSON, and each frame in it; first byte 'F': a frame alone. */
#include "cluster/etcd.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t n);

static void frame(const void *p, size_t n)
{
    struct cl_frame f;
    struct kt_err err;
    int r = cl_frame_get(p, n, &f, &err);
    r = r == KT_OK ? cl_frame_check(&f, &err) : r;
    KT_ASSERT(r <= 0);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t n)
{
    struct core_answer a;
    struct kt_buf frames;
    struct kt_err err;
    if (n > 0 && data[0] == 'F') {
        frame(data + 1, n - 1);
        return 0;
    }
    kt_buf_init(&frames, 1 << 20);
    if (cl_etcd_parse((struct kt_str){(const char *)data, n}, &a, &frames, &err) == KT_OK) {
        size_t at = 0;
        while (at + 4 <= frames.n) {
            uint32_t size;
            memcpy(&size, frames.p + at, sizeof(size));
            KT_ASSERT(size <= frames.n - at - 4);
            frame(frames.p + at + 4, size);
            at += 4 + size;
        }
    }
    kt_buf_done(&frames);
    return 0;
}
