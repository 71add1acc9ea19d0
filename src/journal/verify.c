/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify: every byte of every segment against CRC, sequence, body hashes and chain.
 */
#include "journal/internal.h"

#include "sys/file.h"

struct check {
    const char *dir;
    const kt_seq *firsts;
    size_t n, i;
    uint64_t epoch;
    struct kt_journal_verdict sum;
    void (*progress)(void *arg, double part);
    void *arg;
};

static int check_event(struct kt_journal_verdict *sum, const struct seg_cursor *c, kt_seq seq,
                       const struct event_view *v, struct kt_err *err)
{
    struct kt_hash hash;
    if (v->flags & EVENT_DROPPED) {
        sum->dropped_bodies++;
        memcpy(hash.b, v->hash, sizeof(hash.b));
    } else {
        sum->bodies++;
        kt_hash_of(v->body.p, v->body.n, &hash);
        if (v->hash && memcmp(v->hash, hash.b, sizeof(hash.b)) != 0) {
            return seg_damaged(c, seq, "the body does not fit its hash", err);
        }
    }
    event_chain(&sum->chain, seq, v, &hash);
    sum->events++;
    sum->last = seq;
    return KT_OK;
}

static int check_frame(struct kt_journal_verdict *sum, const struct seg_cursor *c,
                       struct kt_err *err)
{
    const unsigned char *p = (const unsigned char *)c->payload.p;
    size_t at = 0;
    int r = KT_OK;
    for (uint32_t i = 0; i < c->frame.count && r == KT_OK; i++) {
        struct event_view v;
        if (!event_view(p + at, c->payload.n - at, &v)) {
            return seg_damaged(c, c->frame.first + i, "the event cannot be read", err);
        }
        r = check_event(sum, c, c->frame.first + i, &v, err);
        at += v.size;
    }
    if (r == KT_OK && at != c->payload.n) {
        r = seg_damaged(c, c->next, "the frame is longer than its events", err);
    }
    return r;
}

static int check_head(const struct check *k, const struct seg_cursor *c, struct kt_err *err)
{
    if (k->i > 0 && c->head.first != k->sum.last + 1) {
        return seg_damaged(c, k->sum.last + 1, "events are missing", err);
    }
    if (k->i > 0 && memcmp(c->head.before.b, k->sum.chain.b, sizeof(c->head.before.b)) != 0) {
        return seg_damaged(c, c->head.first, "the chain does not fit the segment before", err);
    }
    if (c->head.epoch <= k->epoch) {
        return seg_damaged(c, c->head.first, "the epoch of the segment does not rise", err);
    }
    return KT_OK;
}

/** Where the frames of a segment end. */
static int check_end(const struct check *k, struct seg_cursor *c, struct kt_err *err)
{
    if (c->mark.last && c->mark.last == c->next - 1 &&
        memcmp(c->mark.chain.b, k->sum.chain.b, sizeof(c->mark.chain.b)) != 0) {
        return seg_damaged(c, c->mark.last, "the chain does not fit the mark of the segment", err);
    }
    if (k->i + 1 < k->n && k->firsts[k->i + 1] == c->next) {
        return KT_OK;
    }
    int r = seg_check_end(c, err);
    if (r == KT_OK && k->i + 1 < k->n) {
        r = seg_damaged(c, c->next, "a frame is damaged", err);
    }
    return r;
}

static int check_open(struct check *k, struct seg_cursor *c, struct kt_err *err)
{
    int r = check_head(k, c, err);
    if (r < 0) {
        return r;
    }
    if (k->i == 0) {
        k->sum.first = c->head.first;
        k->sum.chain = c->head.before;
        k->sum.last = c->head.first - 1;
    }
    while ((r = seg_next(c, err)) == 1) {
        r = check_frame(&k->sum, c, err);
        if (r < 0) {
            return r;
        }
        if (k->progress) {
            k->progress(k->arg, ((double)k->i + (double)c->off / (double)c->size) / (double)k->n);
        }
    }
    return r < 0 ? r : check_end(k, c, err);
}

/** One segment; once more when its file was swapped meanwhile. */
static int check_segment(struct check *k, struct kt_err *err)
{
    struct kt_journal_verdict before = k->sum;
    struct seg_cursor c = {.fd = -1};
    int r = KT_ECORRUPT;
    bool again = true;
    while (r == KT_ECORRUPT && again) {
        k->sum = before;
        r = seg_open(&c, k->dir, k->firsts[k->i], err);
        if (r < 0) {
            return r;
        }
        r = check_open(k, &c, err);
        again = seg_replaced(&c);
        if (r == KT_OK) {
            k->epoch = c.head.epoch;
        }
        seg_close(&c);
    }
    return r;
}

int kt_journal_verify(const char *dir, void (*progress)(void *arg, double part), void *arg,
                      struct kt_journal_verdict *ret, struct kt_err *err)
{
    struct kt_arena *arena = kt_arena_new(0);
    kt_seq *firsts;
    struct check k = {.dir = dir, .progress = progress, .arg = arg};
    int r = seg_list(dir, arena, &firsts, &k.n, err);
    for (k.firsts = firsts; r == KT_OK && k.i < k.n; k.i++) {
        r = check_segment(&k, err);
    }
    if (r == KT_OK) {
        if (progress) {
            progress(arg, 1);
        }
        *ret = k.sum;
    }
    kt_arena_free(arena);
    return r;
}
