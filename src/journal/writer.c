/* SPDX-License-Identifier: Apache-2.0 */
/*
 * writer: takes what waits, hashes and chains it, writes one frame, syncs, acknowledges.
 *
 *   idle ──append──▶ linger (1 ms at most, for flush) ──▶ commit ──▶ idle
 *                                                          │  ▲
 *                            the disk is slow: gather ◀────┘  └── more waits
 *
 * Gather: producers that wait for their acknowledgement fall into two groups of half size that wait
 * for each other. After a commit of more than 1 ms the writer waits until as many events are there
 * as the larger of the last two commits had, but 500 us at most (decision 0002). Where commits are
 * faster it waits for a few producers only, each of whom would cost a commit of its own, and no
 * longer than the last commit took.
 */
#include "journal/internal.h"

#include "base/log.h"
#include "sys/clock.h"

enum { FEW = 8, FORGET = 16 };
static const int64_t linger_ns = 1 * KT_MS, slow_ns = 1 * KT_MS, gather_ns = 500 * KT_US;

/* A frame that is being made of events from `at` of the group on. */
struct frame {
    size_t at, n;
    uint32_t count;
    kt_time first_time;
    kt_seq newest; /* the last one that is neither samples nor a tick; 0: none */
    struct kt_hash chain;
    uint64_t samples;
};

static bool view_at(const struct journal_group *g, size_t at, struct event_view *ret)
{
    return at < g->buf.n && event_view((unsigned char *)g->buf.p + at, g->buf.n - at, ret);
}

/** Hash, seal and chain one event into the frame. */
static void take_event(struct journal_group *g, struct frame *f, kt_seq seq,
                       const struct event_view *v)
{
    struct kt_hash hash;
    if (v->flags & EVENT_DROPPED) {
        memcpy(hash.b, v->hash, sizeof(hash.b));
    } else {
        kt_hash_of(v->body.p, v->body.n, &hash);
        event_seal((unsigned char *)g->buf.p + f->at + f->n, v, &hash);
    }
    event_chain(&f->chain, seq, v, &hash);
    if (f->count == 0) {
        f->first_time = v->time;
    }
    f->newest = event_droppable(v->kind) || v->kind == KT_EV_TICK ? f->newest : seq;
    f->samples += event_samples(v);
    f->n += v->size;
    f->count++;
}

/** As many events as fit `room` and the bound of a frame; none when not even one fits. */
static struct frame pick(struct kt_journal *j, struct journal_group *g, int64_t room)
{
    struct frame f = {.at = g->at, .chain = j->chain};
    struct event_view v;
    while (view_at(g, f.at + f.n, &v) && (int64_t)(FRAME_HEAD + f.n + v.size) <= room &&
           (f.count == 0 || f.n + v.size <= j->frame_max)) {
        take_event(g, &f, j->durable + f.count + 1, &v);
    }
    return f;
}

/** The head last: without it there is no frame, so a failed write leaves none behind. */
static int write_frame(struct kt_journal *j, const struct journal_group *g, const struct frame *f,
                       struct kt_err *err)
{
    unsigned char head[FRAME_HEAD];
    const char *payload = g->buf.p + f->at;
    frame_head_put(head, j->durable + 1, j->seg.epoch, f->count, payload, f->n);
    int r = journal_write_at(j->io, j->seg.fd, payload, f->n, j->seg.off + FRAME_HEAD, err);
    if (r == KT_OK) {
        r = journal_write_at(j->io, j->seg.fd, head, sizeof(head), j->seg.off, err);
    }
    return r < 0 ? r : journal_sync(j->io, j->seg.fd, err);
}

/** No space for a frame: it goes into the reserve, and must not stand in both segments. */
static int move_to_reserve(struct kt_journal *j, const struct frame *f, struct kt_err *err)
{
    static const unsigned char nothing[FRAME_HEAD];
    unsigned char head[FRAME_HEAD];
    KT_WARN("journal", "%s; going on with the reserve", err->text);
    struct frame_head h;
    int r = journal_read_at(j->seg.fd, head, sizeof(head), j->seg.off, err);
    if (r == KT_OK && frame_head_get(head, &h) && h.epoch == j->seg.epoch) {
        r = journal_write_at(j->io, j->seg.fd, nothing, sizeof(nothing), j->seg.off, err);
        if (r == KT_OK) {
            r = journal_sync(j->io, j->seg.fd, err);
        }
    }
    return r < 0 ? r : journal_roll(j, f->first_time, true, err);
}

static void count_commit(struct kt_journal *j, const struct frame *f, int64_t took_ns)
{
    struct kt_journal_stats *s = &j->stats;
    s->commits++;
    s->bytes += FRAME_HEAD + f->n;
    s->events += f->count;
    s->samples += f->samples;
    s->last_commit_ns = took_ns;
    if (took_ns > s->worst_commit_ns) {
        s->worst_commit_ns = took_ns;
    }
    j->recent[1] = j->recent[0];
    j->recent[0] = f->count;
    j->narrow = f->count < j->wide ? j->narrow + 1 : 0;
    if (f->count > j->wide || j->narrow == FORGET) {
        j->wide = f->count;
        j->narrow = 0;
    }
}

/** The frame is on disk: tell everybody. */
static void publish(struct kt_journal *j, struct journal_group *g, const struct frame *f,
                    int64_t took_ns)
{
    pthread_mutex_lock(&j->lock);
    g->at += f->n;
    j->chain = f->chain;
    j->seg.off += FRAME_HEAD + (int64_t)f->n;
    j->seg.left = j->seg.size - j->seg.off;
    j->busy_bytes = g->buf.n - g->at;
    j->busy_events -= f->count;
    j->pending = j->fill.buf.n + j->busy_bytes;
    count_commit(j, f, took_ns);
    j->durable += f->count;
    if (journal_wants_spare(j)) {
        pthread_cond_signal(&j->keep);
    }
    pthread_cond_broadcast(&j->done);
    if (f->newest) {
        j->newest = f->newest;
        pthread_cond_broadcast(&j->news);
    }
    pthread_mutex_unlock(&j->lock);
    if (j->opts.on_durable) {
        j->opts.on_durable(j->opts.arg, j->durable);
    }
}

static bool samples_refused(struct kt_journal *j)
{
    pthread_mutex_lock(&j->lock);
    bool yes = j->space.full && j->seg.reserve;
    pthread_mutex_unlock(&j->lock);
    return yes;
}

/** Events of consequence need the reserve: samples that still wait lose their bodies. */
static void slim_rest(struct kt_journal *j, struct journal_group *g)
{
    unsigned char *p = (unsigned char *)g->buf.p;
    size_t to = g->at;
    kt_seq seq = j->durable;
    struct event_view v;
    for (size_t at = g->at; view_at(g, at, &v); at += v.size) {
        seq++;
        bool slim = event_droppable(v.kind) && v.size > event_slim_size(&v);
        if (!slim) {
            memmove(p + to, p + at, v.size);
            to += v.size;
            continue;
        }
        struct kt_hash hash;
        kt_hash_of(v.body.p, v.body.n, &hash);
        to += event_slim(p + to, p + at, &v, &hash);
        if (j->opts.on_dropped) {
            j->opts.on_dropped(j->opts.arg, seq);
        }
    }
    pthread_mutex_lock(&j->lock);
    g->buf.n = to;
    j->busy_bytes = to - g->at;
    j->pending = j->fill.buf.n + j->busy_bytes;
    pthread_mutex_unlock(&j->lock);
}

static int commit_frame(struct kt_journal *j, struct journal_group *g, struct kt_err *err)
{
    struct event_view v;
    KT_ASSERT(view_at(g, g->at, &v));
    if (j->seg.fd < 0 || (int64_t)(FRAME_HEAD + v.size) > j->seg.left) {
        int r = journal_roll(j, v.time, false, err);
        if (r < 0) {
            return r;
        }
    }
    if (samples_refused(j)) {
        slim_rest(j, g);
    }
    struct frame f = pick(j, g, j->seg.left);
    kt_mono from = kt_clock_mono();
    int r = write_frame(j, g, &f, err);
    if (r == KT_EFULL && !j->seg.reserve) {
        return move_to_reserve(j, &f, err);
    }
    if (r == KT_OK) {
        publish(j, g, &f, kt_clock_mono() - from);
    }
    return r;
}

static void fail(struct kt_journal *j, int code, const struct kt_err *err)
{
    KT_ERROR("journal", "writing has failed, nothing is acknowledged any more: %s", err->text);
    pthread_mutex_lock(&j->lock);
    j->why = *err;
    j->failed = code;
    pthread_cond_broadcast(&j->done);
    pthread_cond_broadcast(&j->news);
    pthread_mutex_unlock(&j->lock);
    if (j->opts.on_failed) {
        j->opts.on_failed(j->opts.arg, err);
    }
}

static int commit_group(struct kt_journal *j, struct journal_group *g)
{
    struct kt_err err = {0};
    int r = KT_OK;
    while (r == KT_OK && g->at < g->buf.n) {
        r = commit_frame(j, g, &err);
    }
    if (r < 0) {
        fail(j, r, &err);
    }
    return r;
}

/** How many events to gather before the next commit; 0: none. */
static uint32_t gather_target(const struct kt_journal *j)
{
    if (j->stats.last_commit_ns <= slow_ns) {
        return j->wide <= FEW ? j->wide : 0;
    }
    return j->recent[0] > j->recent[1] ? j->recent[0] : j->recent[1];
}

/** Wait in one state until append or flush ends it, or for ns (-1: without end). Lock held. */
static void wait_in(struct kt_journal *j, enum journal_wait state, int64_t ns)
{
    kt_mono until = kt_clock_mono() + ns;
    j->waiting = state;
    while (j->waiting == state && !j->stop) {
        int64_t left = until - kt_clock_mono();
        if (ns < 0) {
            pthread_cond_wait(&j->work, &j->lock);
        } else if (left > 0) {
            journal_wait_for(j, &j->work, left);
        } else {
            break;
        }
    }
    j->waiting = WAIT_NOT;
}

/** Wait for work. Lock held. @return false at the end */
static bool await_group(struct kt_journal *j)
{
    if (j->fill.events == 0) {
        wait_in(j, WAIT_IDLE, -1);
        if (!j->flush && !j->opts.flushed) {
            wait_in(j, WAIT_LINGER, linger_ns);
        }
    } else if (gather_target(j) > j->fill.events) {
        j->gather_events = gather_target(j);
        int64_t took = j->stats.last_commit_ns;
        wait_in(j, WAIT_GATHER, took < gather_ns ? took : gather_ns);
    }
    return j->fill.events > 0;
}

/** Swap the buffers: what was filled is now on its way. Lock held. */
static void take_group(struct kt_journal *j)
{
    struct journal_group empty = {.buf = j->busy.buf};
    kt_buf_clear(&empty.buf);
    j->busy = j->fill;
    j->fill = empty;
    j->busy_bytes = j->busy.buf.n;
    j->busy_events = j->busy.events;
    j->flush = false;
}

void *journal_writer(void *arg)
{
    struct kt_journal *j = arg;
    struct kt_err err;
    int r = KT_OK;
    pthread_mutex_lock(&j->lock);
    while (r == KT_OK && await_group(j)) {
        take_group(j);
        pthread_mutex_unlock(&j->lock);
        r = commit_group(j, &j->busy);
        pthread_mutex_lock(&j->lock);
    }
    pthread_mutex_unlock(&j->lock);
    if (r == KT_OK && j->seg.fd >= 0 && journal_mark(j, j->durable, &err) < 0) {
        KT_WARN("journal", "the end could not be marked: %s", err.text);
    }
    return NULL;
}
