/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_LINK_CAMERA_RING_H
#define KT_LINK_CAMERA_RING_H
/*
 * ring: the head and the newest fragments of one camera, oldest first. The first fragment begins
 * with a key frame. What is older than asked for goes, a group of pictures at a time; so does what
 * is too much.
 *
 * Owner: its caller, who locks.
 */
#include "base/buf.h"
#include "base/time.h"

enum { RING_BYTES = 24 << 20, RING_FRAGMENTS = 4096 };

struct ring_piece {
    char *p;
    uint32_t n;
    bool key;
    uint16_t frames, ms;
    kt_mono mono; /* when it came */
    kt_time at;   /* the same, as it is shown */
};
struct ring {
    char *head;
    uint32_t head_n;
    char codec[40];
    struct ring_piece *pieces; /* first .. first + n of a circle */
    uint32_t first, n;
    size_t bytes;
};

void ring_init(struct ring *r);
void ring_done(struct ring *r);
/** A new session: all goes, the head is this one. */
void ring_head(struct ring *r, const char *codec, struct kt_str head);
/** Add one; what came more than keep_ns before it goes, but for the last group of pictures. */
void ring_add(struct ring *r, const struct ring_piece *piece, struct kt_str bytes, int64_t keep_ns);
const struct ring_piece *ring_at(const struct ring *r, uint32_t i);
/** Index of the last key fragment; r->n: none. */
uint32_t ring_key(const struct ring *r);
/** The head and all from the last key fragment at or before `from` on: a file. @return the time of
 *  its first fragment; 0: there is none */
kt_time ring_file(const struct ring *r, kt_mono from, struct kt_buf *out);
#endif
