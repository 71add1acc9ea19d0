/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_HISTORY_HEAD_H
#define KT_HISTORY_HEAD_H
/*
 * head: the samples of one point that are not in a file yet, in the order in which they came, each
 * coded once, when it comes, against the one before it.
 *
 * A token is a varint. Even: the same step of time and the same quality as before, the arrival is
 * the sample's time; token / 2 is the zig-zag difference of decimal mantissas. Odd: token / 2 says
 * what else follows: HEAD_STEP the change of the step, HEAD_QUALITY, HEAD_ARRIVAL its delay, then
 * the value: HEAD_FLOAT or HEAD_DOUBLE its bytes, HEAD_SCALE another scale and the mantissa, else
 * the difference. A steady sample takes a byte or two, one of noise in float32 five or six.
 * Threads: see the lock of heads (private.h).
 */
#include "history/codec.h"

enum { HISTORY_HEAD_BYTES = 24 << 10 }; /* a head of so many is full, however few its samples are */

struct history_head { /* one cache line: all that a sample touches but the place of its token */
    unsigned char *tokens;
    uint32_t bytes, cap;
    uint32_t n;     /* all samples */
    uint32_t limit; /* full at this many */
    /* what the next sample is coded against; zeros when the head is empty */
    kt_time time;
    int64_t step;
    int64_t mant;
    kt_quality quality;
    uint8_t scale;
    uint8_t odd; /* values in a row that are not decimal */
    /* of its owner */
    bool begun;     /* the owner knows since when and from which seq on */
    bool thinned;   /* by a deadband */
    kt_time newest; /* of all samples ever */
};
_Static_assert(sizeof(struct history_head) == 64, "a cache line");

/** Append one sample; arrival 0 when equal to its time. */
void history_head_add(struct history_head *h, kt_time t, double v, kt_quality q, kt_time arrival);
static inline bool history_head_full(const struct history_head *h)
{
    return h->n >= h->limit || h->bytes >= HISTORY_HEAD_BYTES;
}
/** Append all samples, in the order in which they came. */
void history_head_read(const struct history_head *h, struct history_cols *ret);
/** All bytes of the head, to be read later by history_head_read_copy(). */
void history_head_copy(const struct history_head *h, struct kt_buf *ret);
void history_head_read_copy(const struct kt_buf *copy, struct history_cols *ret);
/** Keeps its memory for the next samples when that is `keep` bytes at most, and what is its
 * owner's. */
void history_head_clear(struct history_head *h, uint32_t keep);
void history_head_done(struct history_head *h);
#endif
