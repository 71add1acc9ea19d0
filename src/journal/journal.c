/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/internal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/file.h"
#include "sys/thread.h"

enum { MIB = 1 << 20, SEGMENT_MIN = 4 * SEG_BLOCK, RESERVE_MIN = 2 * SEG_BLOCK };
enum { FRAME_MAX = 4 * MIB };

static void cond_init(pthread_cond_t *c)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(c, &attr);
    pthread_condattr_destroy(&attr);
}

static size_t or_default(size_t given, size_t normal, size_t least)
{
    size_t v = given ? given : normal;
    return v < least ? least : v;
}

static size_t least_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

static struct kt_journal *journal_new(const struct kt_journal_opts *opts,
                                      const struct journal_io *io)
{
    struct kt_journal *j = calloc(1, sizeof(*j));
    KT_ASSERT(j);
    j->opts = *opts;
    j->opts.segment_bytes = or_default(opts->segment_bytes, 32 * MIB, SEGMENT_MIN);
    j->opts.reserve_bytes = or_default(opts->reserve_bytes, 16 * MIB, RESERVE_MIN);
    j->opts.pending_bytes = or_default(opts->pending_bytes, 64 * MIB, SEG_BLOCK);
    j->body_max = least_of(j->opts.segment_bytes / 4, j->opts.reserve_bytes / 2) - SEG_SECTOR;
    if (opts->event_max) {
        j->body_max = least_of(j->body_max, opts->event_max);
    }
    j->frame_max = least_of(j->opts.segment_bytes / 4, FRAME_MAX);
    j->dir = strdup(opts->dir);
    KT_ASSERT(j->dir);
    j->opts.dir = j->dir;
    j->io = io;
    j->lock_fd = j->seg.fd = -1;
    kt_buf_init(&j->fill.buf, 3 * j->opts.pending_bytes + j->body_max);
    kt_buf_init(&j->busy.buf, 3 * j->opts.pending_bytes + j->body_max);
    pthread_mutex_init(&j->lock, NULL);
    pthread_mutex_init(&j->thin_lock, NULL);
    cond_init(&j->work);
    cond_init(&j->keep);
    cond_init(&j->done);
    cond_init(&j->news);
    return j;
}

static void journal_free(struct kt_journal *j)
{
    if (j->seg.fd >= 0) {
        close(j->seg.fd);
    }
    if (j->lock_fd >= 0) {
        close(j->lock_fd);
    }
    kt_buf_done(&j->fill.buf);
    kt_buf_done(&j->busy.buf);
    pthread_cond_destroy(&j->work);
    pthread_cond_destroy(&j->keep);
    pthread_cond_destroy(&j->done);
    pthread_cond_destroy(&j->news);
    pthread_mutex_destroy(&j->lock);
    pthread_mutex_destroy(&j->thin_lock);
    free(j->dir);
    free(j);
}

static int lock_dir(struct kt_journal *j, struct kt_err *err)
{
    char path[JOURNAL_PATH];
    int r = kt_dir_make(j->dir, err);
    if (r == KT_OK) {
        r = journal_path(path, j->dir, "lock", err);
    }
    if (r < 0) {
        return r;
    }
    j->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (j->lock_fd < 0) {
        return kt_err_sys(err, "cannot open %s", path);
    }
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(j->lock_fd, F_OFD_SETLK, &whole) != 0) {
        return kt_err_set(err, KT_EBUSY, "another program writes the journal %s; stop it first",
                          j->dir);
    }
    return KT_OK;
}

static int start(struct kt_journal *j, struct kt_err *err)
{
    int r = kt_thread_start(&j->keeper, "kt-jkeeper", journal_keeper, j, err);
    if (r < 0) {
        return r;
    }
    j->keeper_runs = true;
    r = kt_thread_start(&j->writer, "kt-journal", journal_writer, j, err);
    j->writer_runs = r == KT_OK;
    return r;
}

int journal_open_with(const struct kt_journal_opts *opts, const struct journal_io *io,
                      struct kt_journal **ret, struct kt_err *err)
{
    unsigned char warm;
    kt_random(&warm, 1); /* lets the library choose its fast hash before the writer needs it */
    struct kt_journal *j = journal_new(opts, io);
    int r = lock_dir(j, err);
    if (r == KT_OK) {
        r = journal_recover(j, err);
    }
    if (r == KT_OK) {
        r = journal_keep(j, err);
        if (r == KT_EFULL && j->last) {
            r = KT_OK; /* goes on with what is left; the keeper tries again */
        }
    }
    if (r == KT_OK) {
        r = start(j, err);
    }
    if (r < 0) {
        kt_journal_close(j);
        return r;
    }
    *ret = j;
    return KT_OK;
}

int kt_journal_open(const struct kt_journal_opts *opts, struct kt_journal **ret, struct kt_err *err)
{
    return journal_open_with(opts, &journal_io_real, ret, err);
}

static void tell(struct kt_journal *j, bool *flag, pthread_cond_t *c)
{
    pthread_mutex_lock(&j->lock);
    *flag = true;
    pthread_cond_broadcast(c);
    pthread_mutex_unlock(&j->lock);
}

void kt_journal_close(struct kt_journal *j)
{
    if (!j) {
        return;
    }
    if (j->writer_runs) {
        tell(j, &j->stop, &j->work);
        pthread_join(j->writer, NULL);
    }
    if (j->keeper_runs) {
        tell(j, &j->stop_keeper, &j->keep);
        pthread_join(j->keeper, NULL);
    }
    journal_free(j);
}

/** The most that `events` of `bytes` can take on disk. */
static int64_t worst_case(const struct kt_journal *j, size_t need)
{
    uint64_t events = (uint64_t)j->fill.events + j->busy_events + 1;
    return (int64_t)(j->fill.buf.n + j->busy_bytes + need + events * FRAME_HEAD);
}

/** May an event go in while the disk is full? Samples only into what is left of a normal segment,
 *  ticks into half of the reserve, events of consequence as long as there is any room. */
static bool fits_when_full(struct kt_journal *j, enum kt_event_kind kind, size_t need)
{
    struct journal_space *s = &j->space;
    bool here = worst_case(j, need) <= j->seg.left;
    if (event_droppable((uint8_t)kind)) {
        s->refusing |= !here || !s->reserve || j->seg.reserve;
        return !s->refusing;
    }
    if (kind == KT_EV_TICK && j->seg.reserve && j->seg.left < j->seg.size / 2) {
        return false;
    }
    return here || s->reserve || s->spares > 0;
}

static int admit(struct kt_journal *j, const struct kt_event *ev, size_t need, struct kt_err *err)
{
    if (ev->seq != j->last + 1 || ev->origin.n > EVENT_ORIGIN_MAX || ev->kind < 1 ||
        (unsigned)ev->kind >= EVENT_KINDS) {
        return kt_err_set(err, KT_EINVAL, "journal: not the next event, or a wrong kind or origin");
    }
    if (ev->body.n > j->body_max) {
        return kt_err_set(err, KT_ELIMIT,
                          "journal: an event of %zu bytes; more than %zu go into a body file",
                          ev->body.n, j->body_max);
    }
    if (j->failed) {
        return kt_err_set(err, j->failed, "the journal has failed: %s", j->why.text);
    }
    size_t bound = j->opts.pending_bytes * (event_droppable((uint8_t)ev->kind) ? 1 : 2);
    if (j->fill.buf.n + j->busy_bytes + need > bound) {
        return kt_err_set(err, KT_EBUSY, "the disk of the journal does not keep up");
    }
    if (j->space.full && !fits_when_full(j, ev->kind, need)) {
        return kt_err_set(err, KT_EFULL, "the disk of the journal is full; free space on %s",
                          j->dir);
    }
    return KT_OK;
}

enum { WAKE_BYTES = 256 << 10 };

/** Does the writer wait for what has just been appended? */
static bool writer_wants(const struct kt_journal *j)
{
    switch (j->waiting) {
    case WAIT_IDLE:
        return j->flush || !j->opts.flushed || j->fill.buf.n >= WAKE_BYTES;
    case WAIT_LINGER:
        return j->flush || j->fill.buf.n >= WAKE_BYTES;
    case WAIT_GATHER:
        return j->fill.events >= j->gather_events;
    default:
        return false;
    }
}

/** True: signal it once the lock is let go, so that it finds it free. */
static bool wakes_writer(struct kt_journal *j)
{
    bool wakes = writer_wants(j);
    j->waiting = wakes ? WAIT_NOT : j->waiting;
    return wakes;
}

int kt_journal_append(struct kt_journal *j, const struct kt_event *ev, struct kt_err *err)
{
    size_t need = event_size_of(ev);
    pthread_mutex_lock(&j->lock);
    int r = admit(j, ev, need, err);
    bool wakes = false;
    if (r == KT_OK) {
        event_put(&j->fill.buf, ev);
        KT_ASSERT(!j->fill.buf.full);
        j->fill.events++;
        j->last = ev->seq;
        j->pending = j->fill.buf.n + j->busy_bytes;
        wakes = wakes_writer(j);
    }
    pthread_mutex_unlock(&j->lock);
    if (wakes) {
        pthread_cond_signal(&j->work);
    }
    return r;
}

void kt_journal_flush(struct kt_journal *j)
{
    bool wakes = false;
    pthread_mutex_lock(&j->lock);
    if (j->fill.events) {
        j->flush = true;
        wakes = wakes_writer(j);
    }
    pthread_mutex_unlock(&j->lock);
    if (wakes) {
        pthread_cond_signal(&j->work);
    }
}

kt_seq kt_journal_last(const struct kt_journal *j)
{
    return j->last;
}

kt_seq kt_journal_durable(const struct kt_journal *j)
{
    return j->durable;
}

kt_seq kt_journal_first(const struct kt_journal *j)
{
    return j->first;
}

size_t kt_journal_pending(const struct kt_journal *j)
{
    return j->pending;
}

void journal_wait_for(struct kt_journal *j, pthread_cond_t *c, int64_t ns)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t sum = until.tv_nsec + ns % KT_SEC;
    until.tv_sec += ns / KT_SEC + sum / KT_SEC;
    until.tv_nsec = sum % KT_SEC;
    pthread_cond_timedwait(c, &j->lock, &until);
}

/* Until *at is at least `seq`; who raises it under the lock signals `c`. */
static int wait_reach(struct kt_journal *j, const _Atomic kt_seq *at, kt_seq seq, pthread_cond_t *c,
                      int64_t timeout_ns)
{
    kt_mono until = kt_clock_mono() + timeout_ns;
    int r = KT_OK;
    pthread_mutex_lock(&j->lock);
    while (*at < seq && r == KT_OK) {
        int64_t left = until - kt_clock_mono();
        if (j->failed) {
            r = KT_EIO;
        } else if (left <= 0) {
            r = KT_ETIMEOUT;
        } else {
            journal_wait_for(j, c, left);
        }
    }
    pthread_mutex_unlock(&j->lock);
    return r;
}

int kt_journal_wait(struct kt_journal *j, kt_seq seq, int64_t timeout_ns)
{
    kt_journal_flush(j);
    return wait_reach(j, &j->durable, seq, &j->done, timeout_ns);
}

int kt_journal_wait_news(struct kt_journal *j, kt_seq after, int64_t timeout_ns)
{
    return wait_reach(j, &j->newest, after + 1, &j->news, timeout_ns);
}

void kt_journal_head(const struct kt_journal *j, kt_seq *ret_seq, struct kt_hash *ret_chain)
{
    pthread_mutex_t *lock = (pthread_mutex_t *)&j->lock;
    pthread_mutex_lock(lock);
    *ret_seq = j->durable;
    *ret_chain = j->chain;
    pthread_mutex_unlock(lock);
}

void kt_journal_stats(const struct kt_journal *j, struct kt_journal_stats *ret)
{
    pthread_mutex_t *lock = (pthread_mutex_t *)&j->lock;
    pthread_mutex_lock(lock);
    *ret = j->stats;
    ret->failed = j->failed != 0;
    ret->low = j->space.full;
    ret->on_reserve = j->space.full && (j->space.refusing || j->seg.reserve);
    pthread_mutex_unlock(lock);
}
