/* SPDX-License-Identifier: Apache-2.0 */
#include "history/head.h"

#include <stdlib.h>

enum { CAP_FIRST = 8, SAMPLE_BYTES = 8 + 8 + 1 };

static double *value_of(const struct history_head *h)
{
    return (double *)(void *)(h->time + h->cap);
}

static kt_quality *quality_of(const struct history_head *h)
{
    return (kt_quality *)(value_of(h) + h->cap);
}

/* The columns as a view; nothing in it may grow. */
static struct history_cols view(const struct history_head *h)
{
    return (struct history_cols){.n = h->tail,
                                 .cap = h->cap,
                                 .late = h->arrival != NULL,
                                 .time = h->time,
                                 .arrival = h->arrival,
                                 .value = value_of(h),
                                 .quality = quality_of(h)};
}

static void grow(struct history_head *h)
{
    struct history_head to = {.cap = h->cap ? (uint16_t)(h->cap * 2) : (uint16_t)CAP_FIRST};
    to.time = malloc((size_t)to.cap * SAMPLE_BYTES);
    KT_ASSERT(to.time);
    if (h->tail) {
        memcpy(to.time, h->time, h->tail * sizeof(*h->time));
        memcpy(value_of(&to), value_of(h), h->tail * sizeof(double));
        memcpy(quality_of(&to), quality_of(h), h->tail);
    }
    free(h->time);
    h->time = to.time;
    h->cap = to.cap;
    if (h->arrival) {
        h->arrival = realloc(h->arrival, h->cap * sizeof(*h->arrival));
        KT_ASSERT(h->arrival);
    }
}

static void blocks_put(struct history_head *h, const void *p, uint32_t n)
{
    if (h->blocks_cap - h->blocks_n < n) {
        uint32_t cap = h->blocks_cap + h->blocks_cap / 4 + n + 256;
        h->blocks = realloc(h->blocks, cap);
        KT_ASSERT(h->blocks);
        h->blocks_cap = cap;
    }
    memcpy(h->blocks + h->blocks_n, p, n);
    h->blocks_n += n;
}

static void pack_tail(struct history_head *h, struct history_codec *k)
{
    struct history_cols c = view(h);
    struct kt_buf b;
    kt_buf_init(&b, 0);
    history_codec_encode(k, &c, 0, c.n, true, &b);
    uint32_t n = (uint32_t)b.n;
    blocks_put(h, &n, sizeof(n));
    blocks_put(h, b.p, n);
    kt_buf_done(&b);
    h->tail = 0;
    free(h->arrival);
    h->arrival = NULL;
}

static void set_arrival(struct history_head *h, kt_time arrival)
{
    if (!h->arrival) {
        h->arrival = malloc(h->cap * sizeof(*h->arrival));
        KT_ASSERT(h->arrival);
        memset(h->arrival, 0, h->tail * sizeof(*h->arrival));
    }
    h->arrival[h->tail] = arrival;
}

void history_head_add(struct history_head *h, struct history_codec *k, kt_time t, double v,
                      kt_quality q, kt_time arrival)
{
    if (h->tail == h->cap) {
        if (h->cap < HISTORY_TAIL) {
            grow(h);
        } else {
            pack_tail(h, k);
        }
    }
    h->time[h->tail] = t;
    value_of(h)[h->tail] = v;
    quality_of(h)[h->tail] = q;
    if (arrival || h->arrival) {
        set_arrival(h, arrival);
    }
    h->max = h->n == 0 || t > h->max ? t : h->max;
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
    if (h->tail) {
        struct history_cols c = view(h);
        history_cols_append(ret, &c, 0, c.n);
    }
}

/* Copy: length of blocks, blocks, tail, whether arrivals, columns. */
void history_head_copy(const struct history_head *h, struct kt_buf *ret)
{
    kt_put_u32(ret, h->blocks_n);
    kt_buf_put(ret, h->blocks, h->blocks_n);
    kt_put_u32(ret, h->tail);
    kt_put_u8(ret, h->arrival != NULL);
    if (h->tail) {
        kt_buf_put(ret, h->time, h->tail * sizeof(*h->time));
        kt_buf_put(ret, value_of(h), h->tail * sizeof(double));
        kt_buf_put(ret, quality_of(h), h->tail);
        kt_buf_put(ret, h->arrival, h->arrival ? h->tail * sizeof(*h->arrival) : 0);
    }
}

void history_head_read_copy(const struct kt_buf *copy, struct history_codec *k,
                            struct history_cols *ret)
{
    struct kt_rd r = kt_rd_init(copy->p, copy->n);
    uint32_t n = kt_get_u32(&r);
    read_blocks((struct kt_str){kt_rd_take(&r, n), n}, k, ret);
    uint32_t tail = kt_get_u32(&r), at = ret->n;
    bool late = kt_get_u8(&r);
    if (!tail) {
        return;
    }
    history_cols_reserve(ret, at + tail);
    memcpy(ret->time + at, kt_rd_take(&r, tail * sizeof(*ret->time)), tail * sizeof(*ret->time));
    memcpy(ret->value + at, kt_rd_take(&r, tail * sizeof(double)), tail * sizeof(double));
    memcpy(ret->quality + at, kt_rd_take(&r, tail), tail);
    if (late && !ret->late) {
        memset(ret->arrival, 0, at * sizeof(*ret->arrival));
        ret->late = true;
    }
    if (late) {
        memcpy(ret->arrival + at, kt_rd_take(&r, tail * sizeof(kt_time)), tail * sizeof(kt_time));
    } else if (ret->late) {
        memset(ret->arrival + at, 0, tail * sizeof(kt_time));
    }
    ret->n = at + tail;
}

void history_head_clear(struct history_head *h)
{
    free(h->arrival);
    free(h->blocks);
    *h = (struct history_head){.limit = h->limit, .cap = h->cap, .time = h->time};
}

void history_head_done(struct history_head *h)
{
    free(h->arrival);
    free(h->blocks);
    free(h->time);
    *h = (struct history_head){0};
}

size_t history_head_bytes(const struct history_head *h)
{
    return (size_t)h->cap * SAMPLE_BYTES + h->blocks_cap +
           (h->arrival ? h->cap * sizeof(kt_time) : 0);
}
