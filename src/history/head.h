/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_HISTORY_HEAD_H
#define KT_HISTORY_HEAD_H
/*
 * head: the samples of one point that are not in a file yet, in the order in which they came.
 *
 * The newest HISTORY_TAIL lie in plain columns; whenever these are full they become a block in
 * light coding. A head of 3,600 samples takes about 2 KB of columns and 1 byte a sample of blocks.
 * Threads: see the lock of its shard (private.h).
 */
#include "history/codec.h"

enum { HISTORY_TAIL = 128 };

struct history_head {
    uint32_t n;            /* all samples */
    uint32_t limit;        /* full at this many */
    uint16_t tail, cap;    /* samples in the columns, room of the columns */
    kt_time *time;         /* one allocation: time, value, quality */
    kt_time *arrival;      /* NULL until one differs */
    kt_time max;           /* newest time */
    uint64_t first_seq;    /* of the oldest journaled sample in it; 0 none */
    kt_time opened;        /* arrival of the first */
    unsigned char *blocks; /* (length u32, run) … */
    uint32_t blocks_n, blocks_cap;
};

/** Fetch where the next sample will lie. */
static inline void history_head_prefetch(const struct history_head *h)
{
    __builtin_prefetch(h->time + h->tail, 1);
    __builtin_prefetch(h->time + h->cap + h->tail, 1);
    __builtin_prefetch((const char *)(h->time + 2 * (size_t)h->cap) + h->tail, 1);
}
/** Append one sample; arrival 0 when equal to its time. */
void history_head_add(struct history_head *h, struct history_codec *k, kt_time t, double v,
                      kt_quality q, kt_time arrival);
/** Append all samples, in the order in which they came. */
void history_head_read(const struct history_head *h, struct history_codec *k,
                       struct history_cols *ret);
/** All bytes of the head, to be read later by history_head_read_copy(). */
void history_head_copy(const struct history_head *h, struct kt_buf *ret);
void history_head_read_copy(const struct kt_buf *copy, struct history_codec *k,
                            struct history_cols *ret);
void history_head_clear(struct history_head *h); /**< keeps the columns' memory */
void history_head_done(struct history_head *h);
size_t history_head_bytes(const struct history_head *h);
#endif
