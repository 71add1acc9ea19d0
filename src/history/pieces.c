/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chunks of a point and a day: which overlap, and their samples joined.
 */
#include <stdlib.h>

#include "history/private.h"

enum { ROWS_MAX = 1 << 30 };

struct history_ctx *history_ctx_take(struct kt_history *h)
{
    pthread_mutex_lock(&h->contexts);
    struct history_ctx *c = h->idle;
    if (c) {
        h->idle = c->next;
    }
    pthread_mutex_unlock(&h->contexts);
    return c ? c : history_ctx_new();
}

struct history_ctx *history_ctx_new(void)
{
    struct history_ctx *c = calloc(1, sizeof(*c));
    KT_ASSERT(c);
    c->codec = history_codec_new();
    kt_buf_init(&c->head_copy, 0);
    kt_buf_init(&c->rows, ROWS_MAX);
    return c;
}

void history_ctx_give(struct kt_history *h, struct history_ctx *c)
{
    pthread_mutex_lock(&h->contexts);
    c->next = h->idle;
    h->idle = c;
    pthread_mutex_unlock(&h->contexts);
}

void history_ctx_free(struct history_ctx *c)
{
    history_codec_free(c->codec);
    kt_buf_done(&c->head_copy);
    kt_buf_done(&c->rows);
    history_cols_done(&c->head);
    history_cols_done(&c->part);
    history_cols_done(&c->joined);
    free(c->pieces);
    free(c);
}

void history_ctx_head(struct kt_history *h, struct history_ctx *c, const char *point)
{
    c->head.n = 0;
    c->head.late = false;
    kt_buf_clear(&c->head_copy);
    pthread_rwlock_rdlock(&h->names);
    struct history_point *p = history_point_of(h, point, false);
    pthread_rwlock_unlock(&h->names);
    if (!p) {
        return;
    }
    pthread_mutex_lock(&h->heads);
    history_head_copy(p->head, &c->head_copy);
    pthread_mutex_unlock(&h->heads);
    history_head_read_copy(&c->head_copy, &c->head);
    history_cols_settle(&c->head);
}

void history_pieces_clear(struct history_ctx *c)
{
    c->n_pieces = 0;
    kt_buf_clear(&c->rows);
}

static struct history_piece *piece_new(struct history_ctx *c)
{
    if (c->n_pieces == c->cap_pieces) {
        c->cap_pieces = c->cap_pieces ? c->cap_pieces * 2 : 64;
        c->pieces = realloc(c->pieces, c->cap_pieces * sizeof(*c->pieces));
        KT_ASSERT(c->pieces);
    }
    struct history_piece *p = &c->pieces[c->n_pieces++];
    *p = (struct history_piece){0};
    return p;
}

void history_pieces_add_row(struct history_ctx *c, int64_t key, struct kt_str row)
{
    struct history_piece *p = piece_new(c);
    p->key = key;
    p->at = c->rows.n;
    p->bytes = row.n;
    kt_buf_put(&c->rows, row.p, row.n);
}

void history_pieces_add_head(struct history_ctx *c, uint32_t lo, uint32_t hi)
{
    struct history_piece *p = piece_new(c);
    p->head = true;
    p->lo = lo;
    p->hi = hi;
    p->sum.n = hi - lo;
    p->sum.first = c->head.time[lo];
    p->sum.last = c->head.time[hi - 1];
    p->sum.order = UINT64_MAX; /* what is not sealed yet came last */
}

static int by_first(const void *pa, const void *pb)
{
    const struct history_piece *a = pa, *b = pb;
    if (a->sum.first != b->sum.first) {
        return a->sum.first < b->sum.first ? -1 : 1;
    }
    return a->sum.order < b->sum.order ? -1 : a->sum.order > b->sum.order;
}

int history_pieces_open(struct history_ctx *c, const char *point, const char *path,
                        struct kt_err *err)
{
    if (c->rows.full) {
        return kt_err_set(err, KT_ELIMIT, "%s: the chunks of point %s of one day are too large",
                          path, point);
    }
    for (size_t i = 0; i < c->n_pieces; i++) {
        struct history_piece *p = &c->pieces[i];
        if (p->head) {
            continue;
        }
        struct kt_str row = {c->rows.p + p->at, p->bytes};
        struct kt_err why;
        int r = history_row_open(point, row, &p->sum, &p->run, &why);
        if (r < 0) {
            return kt_err_set(err, r, "%s: chunk %lld: %s", path, (long long)p->key, why.text);
        }
    }
    qsort(c->pieces, c->n_pieces, sizeof(*c->pieces), by_first);
    return KT_OK;
}

size_t history_pieces_cluster(const struct history_ctx *c, size_t lo)
{
    kt_time last = c->pieces[lo].sum.last;
    size_t hi = lo + 1;
    for (; hi < c->n_pieces && c->pieces[hi].sum.first <= last; hi++) {
        last = c->pieces[hi].sum.last > last ? c->pieces[hi].sum.last : last;
    }
    return hi;
}

static int by_order(const void *pa, const void *pb)
{
    const struct history_piece *a = pa, *b = pb;
    return a->sum.order < b->sum.order ? -1 : a->sum.order > b->sum.order;
}

int history_pieces_join(struct history_ctx *c, size_t lo, size_t hi, uint32_t *ret_dropped,
                        struct kt_err *err)
{
    /* equal times and arrivals keep the order of their coming, so the older chunk goes first */
    qsort(c->pieces + lo, hi - lo, sizeof(*c->pieces), by_order);
    c->joined.n = 0;
    c->joined.late = false;
    int r = KT_OK;
    for (size_t i = lo; i < hi && r == KT_OK; i++) {
        const struct history_piece *p = &c->pieces[i];
        if (p->head) {
            history_cols_append(&c->joined, &c->head, p->lo, p->hi);
        } else {
            r = history_codec_decode(c->codec, p->run, &c->joined, err);
        }
    }
    if (r == KT_OK) {
        uint32_t dropped = history_cols_settle(&c->joined);
        if (ret_dropped) {
            *ret_dropped = dropped;
        }
    }
    return r;
}
