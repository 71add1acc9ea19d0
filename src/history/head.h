/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_HISTORY_HEAD_H
#define KT_HISTORY_HEAD_H
/*
 * head: the samples of one point that are not in a file yet, in the order in which they came.
 *
 * The newest HISTORY_TAIL lie in plain records, one cache line a sample; whenever these are full
 * they become a block in light coding. A head of 3,600 samples takes 1.5 KB of records and about 1
 * byte a sample of blocks. Threads: see the lock of its shard (private.h).
 */
#include "history/codec.h"

enum { HISTORY_TAIL = 64 };

struct history_record {
    kt_time time;
    double value;
    uint64_t quality;
};

struct history_head {
    uint32_t n;         /* all samples */
    uint32_t limit;     /* full at this many */
    uint16_t tail, cap; /* records, room for them */
    uint32_t blocks_n;
    struct history_record *records;
    kt_time *arrival;      /* of the records; NULL until one differs from its time */
    uint64_t first_seq;    /* of the oldest journaled sample in it; 0 none */
    kt_time opened;        /* arrival of the first */
    unsigned char *blocks; /* (length u32, run) … */
    uint32_t blocks_cap;
};

/** Append one sample; arrival 0 when equal to its time. `scratch` is the caller's, empty. */
void history_head_add(struct history_head *h, struct history_codec *k, struct history_cols *scratch,
                      kt_time t, double v, kt_quality q, kt_time arrival);
/** Append all samples, in the order in which they came. */
void history_head_read(const struct history_head *h, struct history_codec *k,
                       struct history_cols *ret);
/** All bytes of the head, to be read later by history_head_read_copy(). */
void history_head_copy(const struct history_head *h, struct kt_buf *ret);
void history_head_read_copy(const struct kt_buf *copy, struct history_codec *k,
                            struct history_cols *ret);
void history_head_clear(struct history_head *h); /**< keeps the records' memory */
void history_head_done(struct history_head *h);
#endif
