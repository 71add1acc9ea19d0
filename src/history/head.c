/* SPDX-License-Identifier: Apache-2.0 */
#include "history/head.h"

#include <stdlib.h>

enum { CAP_FIRST = 4, BLOCK_ROOM = 4096 };

static void grow(struct history_head *h)
{
    h->cap = h->cap ? (uint16_t)(h->cap * 4) : (uint16_t)CAP_FIRST; /* 4, 16, 64 */
    h->records = realloc(h->records, h->cap * sizeof(*h->records));
    KT_ASSERT(h->records);
    if (h->arrival) {
        h->arrival = realloc(h->arrival, h->cap * sizeof(*h->arrival));
        KT_ASSERT(h->arrival);
    }
}

/* Records appended to columns. */
static void to_cols(const struct history_record *rec, const kt_time *arrival, uint32_t n,
                    struct history_cols *ret)
{
    uint32_t at = ret->n;
    history_cols_reserve(ret, at + n);
    for (uint32_t i = 0; i < n; i++) {
        ret->time[at + i] = rec[i].time;
        ret->value[at + i] = rec[i].value;
        ret->quality[at + i] = (kt_quality)rec[i].quality;
    }
    if (arrival && !ret->late && at) {
        memset(ret->arrival, 0, at * sizeof(*ret->arrival));
    }
    ret->late = ret->late || arrival;
    if (arrival) {
        memcpy(ret->arrival + at, arrival, n * sizeof(*arrival));
    } else if (ret->late) {
        memset(ret->arrival + at, 0, n * sizeof(*ret->arrival));
    }
    ret->n = at + n;
}

static void blocks_put(struct history_head *h, const void *p, uint32_t n)
{
    uint32_t need = h->blocks_n + (uint32_t)sizeof(n) + n;
    if (need > h->blocks_cap) {
        h->blocks_cap = need + need / 4 + 64;
        h->blocks = realloc(h->blocks, h->blocks_cap);
        KT_ASSERT(h->blocks);
    }
    memcpy(h->blocks + h->blocks_n, &n, sizeof(n));
    memcpy(h->blocks + h->blocks_n + sizeof(n), p, n);
    h->blocks_n = need;
}

static void pack_tail(struct history_head *h, struct history_codec *k, struct history_cols *scratch)
{
    char room[BLOCK_ROOM];
    struct kt_buf b = {.p = room, .cap = sizeof(room), .max = sizeof(room)};
    to_cols(h->records, h->arrival, h->tail, scratch);
    history_codec_encode(k, scratch, 0, scratch->n, true, &b);
    KT_ASSERT(!b.full && b.p == room);
    blocks_put(h, b.p, (uint32_t)b.n);
    scratch->n = 0;
    scratch->late = false;
    h->tail = 0;
    free(h->arrival);
    h->arrival = NULL;
}

static void set_arrival(struct history_head *h, kt_time arrival)
{
    if (!h->arrival) {
        h->arrival = calloc(h->cap, sizeof(*h->arrival));
        KT_ASSERT(h->arrival);
    }
    h->arrival[h->tail] = arrival;
}

void history_head_add(struct history_head *h, struct history_codec *k, struct history_cols *scratch,
                      kt_time t, double v, kt_quality q, kt_time arrival)
{
    if (KT_UNLIKELY(h->tail == h->cap)) {
        if (h->cap < HISTORY_TAIL) {
            grow(h);
        } else {
            pack_tail(h, k, scratch);
        }
    }
    h->records[h->tail] = (struct history_record){t, v, q};
    if (KT_UNLIKELY(arrival || h->arrival)) {
        set_arrival(h, arrival);
    }
    h->tail++;
    h->n++;
}

static void read_blocks(struct kt_str blocks, struct history_codec *k, struct history_cols *ret)
{
    struct kt_rd r = kt_rd_init(blocks.p, blocks.n);
    while (kt_rd_left(&r)) {
        uint32_t n = kt_get_u32(&r);
        const void *p = kt_rd_take(&r, n);
        struct kt_err err;
        /* our own memory: what does not decode is a mistake of this program */
        KT_ASSERT(p && history_codec_decode(k, (struct kt_str){p, n}, ret, &err) == KT_OK);
    }
}

void history_head_read(const struct history_head *h, struct history_codec *k,
                       struct history_cols *ret)
{
    read_blocks((struct kt_str){(const char *)h->blocks, h->blocks_n}, k, ret);
    to_cols(h->records, h->arrival, h->tail, ret);
}

/* Copy: how many records, whether arrivals, records, arrivals, blocks. */
void history_head_copy(const struct history_head *h, struct kt_buf *ret)
{
    kt_put_u32(ret, h->tail);
    kt_put_u32(ret, h->arrival != NULL);
    kt_buf_put(ret, h->records, h->tail * sizeof(*h->records));
    kt_buf_put(ret, h->arrival, h->arrival ? h->tail * sizeof(*h->arrival) : 0);
    kt_buf_put(ret, h->blocks, h->blocks_n);
}

void history_head_read_copy(const struct kt_buf *copy, struct history_codec *k,
                            struct history_cols *ret)
{
    struct kt_rd r = kt_rd_init(copy->p, copy->n);
    uint32_t tail = kt_get_u32(&r);
    bool late = kt_get_u32(&r);
    const void *records = kt_rd_take(&r, tail * sizeof(struct history_record));
    const void *arrival = late ? kt_rd_take(&r, tail * sizeof(kt_time)) : NULL;
    read_blocks((struct kt_str){(const char *)r.p, kt_rd_left(&r)}, k, ret);
    to_cols(records, arrival, tail, ret);
}

void history_head_clear(struct history_head *h)
{
    free(h->arrival);
    free(h->blocks);
    *h = (struct history_head){.limit = h->limit, .cap = h->cap, .records = h->records};
}

void history_head_done(struct history_head *h)
{
    free(h->arrival);
    free(h->blocks);
    free(h->records);
    *h = (struct history_head){0};
}
