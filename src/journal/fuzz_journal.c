/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_journal: the bytes of a segment, read without a file. The first byte chooses: a payload of
 * events as it stands (no CRC keeps the mutations out), a frame, or a whole segment.
 */
#include "journal/frame.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void events(const uint8_t *p, size_t n)
{
    struct kt_hash chain = {{0}}, hash;
    unsigned char *slim = malloc(n + sizeof(hash) + 1);
    KT_ASSERT(slim);
    struct event_view v, again;
    size_t at = 0;
    for (kt_seq seq = 1; event_view(p + at, n - at, &v); seq++, at += v.size) {
        KT_ASSERT(v.size >= EVENT_HEAD && v.size <= n - at);
        KT_ASSERT(v.body.n == 0 || v.body.p + v.body.n == (const char *)p + at + v.size);
        event_hash(&v, &hash);
        event_chain(&chain, seq, &v, &hash);
        KT_ASSERT(event_samples(&v) / 3 <= v.body.n);
        size_t slim_n = event_slim(slim, p + at, &v, &hash);
        KT_ASSERT(slim_n == event_slim_size(&v) && event_view(slim, slim_n, &again));
        KT_ASSERT(again.size == slim_n && again.time == v.time && again.kind == v.kind);
    }
    free(slim);
}

static void frame(const uint8_t *p, size_t n)
{
    struct frame_head h;
    if (n < FRAME_HEAD || !frame_head_get(p, &h)) {
        return;
    }
    if (h.length <= n - FRAME_HEAD && frame_fits(p, p + FRAME_HEAD, h.length)) {
        events(p + FRAME_HEAD, h.length);
    }
    frame_follows(p, n, h.epoch, h.first - 1);
}

static void segment(const uint8_t *p, size_t n)
{
    struct seg_head h;
    struct seg_mark m;
    if (n >= 2 * SEG_SECTOR && seg_head_get(p, &h)) {
        seg_mark_get(p + SEG_SECTOR, h.epoch, &m);
        frame_follows(p, n, h.epoch, h.first - 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    switch (data[0] % 3) {
    case 0:
        events(data + 1, size - 1);
        break;
    case 1:
        frame(data + 1, size - 1);
        break;
    default:
        segment(data + 1, size - 1);
    }
    return 0;
}
