/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper thread: writes states that the engine thread saved, thins checkpoints and the journal,
 * looks at the free space of the disk.
 */
#include "engine/runtime_impl.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/statvfs.h>

#include "base/log.h"
#include "store/mark.h"
#include "sys/clock.h"
#include "sys/thread.h"

#define LOOK_EVERY (5 * KT_SEC)
#define THIN_EVERY KT_HOUR /* of engine time */

void rt_keeper_disk(struct kt_runtime *rt)
{
    struct statvfs v;
    if (statvfs(rt->data_dir, &v) == 0) {
        atomic_store(&rt->disk_free, (int64_t)(v.f_bavail * v.f_frsize));
        atomic_store(&rt->disk_size, (int64_t)(v.f_blocks * v.f_frsize));
    }
}

void rt_keeper_backup(struct kt_runtime *rt)
{
    struct kt_err err;
    struct kt_backup_mark mark = {0};
    int r = kt_backup_mark_read(rt->data_dir, &mark, &err);
    if (r == KT_ENOTFOUND) { /* the first start */
        mark.since = kt_clock_now();
        r = kt_backup_mark_write(rt->data_dir, &mark, "", &err);
    }
    if (r < 0) {
        KT_DEBUG("backup", "%s", err.text);
        return;
    }
    atomic_store(&rt->backup_verified, mark.verified);
    atomic_store(&rt->backup_since, mark.since);
}

bool rt_keeper_give(struct kt_runtime *rt, const struct rt_checkpoint *at, struct kt_buf *state)
{
    struct rt_keeper *k = &rt->keeper;
    pthread_mutex_lock(&k->lock);
    bool free_hand = !k->has_state;
    if (free_hand) {
        k->has_state = true;
        k->at = *at;
        k->state = *state;
        kt_buf_init(state, 0);
        pthread_cond_signal(&k->work);
    }
    pthread_mutex_unlock(&k->lock);
    return free_hand;
}

/* A checkpoint must never be ahead of the journal: its seqs would be given twice. */
static void write_state(struct kt_runtime *rt)
{
    struct rt_keeper *k = &rt->keeper;
    struct kt_err err = {0};
    kt_journal_flush(rt->journal);
    int r = kt_journal_wait(rt->journal, k->at.seq, 10 * KT_SEC);
    if (r < 0) {
        kt_err_set(&err, r, "the journal is not on disk up to %" PRIu64, k->at.seq);
    } else {
        r = rt_checkpoint_write(rt->data_dir, &k->at, (struct kt_str){k->state.p, k->state.n},
                                &err);
    }
    if (r < 0) {
        KT_ERROR("checkpoint", "not written: %s", err.text);
    }
    pthread_mutex_lock(&rt->lock);
    int days = rt->site->journal_days;
    pthread_mutex_unlock(&rt->lock);
    rt_checkpoint_thin(rt->data_dir, days > 0 ? days : 7);
    kt_buf_done(&k->state);
    pthread_mutex_lock(&k->lock);
    k->has_state = false;
    pthread_mutex_unlock(&k->lock);
}

/* Sample bodies leave the journal when they are in history and past the retention. */
static void thin_journal(struct kt_runtime *rt)
{
    struct rt_keeper *k = &rt->keeper;
    struct kt_err err = {0};
    kt_time now = kt_runtime_now(rt);
    pthread_mutex_lock(&rt->lock);
    int days = rt->site->journal_days;
    pthread_mutex_unlock(&rt->lock);
    if (days <= 0 || now == 0 || now - k->thinned < THIN_EVERY) {
        return;
    }
    k->thinned = now;
    kt_seq seq = 0, safe = kt_history_safe_seq(rt->history.h);
    int r = kt_journal_find(rt->journal, NULL, now - days * KT_DAY, &seq, &err);
    seq = seq < safe ? seq : safe;
    if (r == KT_OK && seq > kt_journal_first(rt->journal)) {
        r = kt_journal_thin(rt->journal, seq, &err);
    }
    if (r < 0) {
        KT_ERROR("journal", "retention: %s", err.text);
    }
}

static void *run(void *arg)
{
    struct kt_runtime *rt = arg;
    struct rt_keeper *k = &rt->keeper;
    kt_thread_nice(10);
    bool go_on = true;
    while (go_on) {
        kt_mono deadline = kt_clock_mono() + LOOK_EVERY;
        struct timespec ts = {.tv_sec = (time_t)(deadline / KT_SEC),
                              .tv_nsec = (long)(deadline % KT_SEC)};
        pthread_mutex_lock(&k->lock);
        while (!k->stop && !k->has_state && kt_clock_mono() < deadline) {
            pthread_cond_timedwait(&k->work, &k->lock, &ts);
        }
        bool write = k->has_state;
        go_on = !k->stop;
        pthread_mutex_unlock(&k->lock);
        if (write) {
            write_state(rt);
        }
        rt_keeper_disk(rt);
        rt_keeper_backup(rt);
        if (go_on) {
            thin_journal(rt);
        }
    }
    return NULL;
}

int rt_keeper_start(struct kt_runtime *rt, struct kt_err *err)
{
    rt_keeper_disk(rt);
    rt_keeper_backup(rt);
    int r = kt_thread_start(&rt->keeper.thread, "keeper", run, rt, err);
    rt->keeper.runs = r == KT_OK;
    return r;
}

void rt_keeper_stop(struct kt_runtime *rt)
{
    struct rt_keeper *k = &rt->keeper;
    pthread_mutex_lock(&k->lock);
    k->stop = true;
    pthread_cond_signal(&k->work);
    pthread_mutex_unlock(&k->lock);
    if (k->runs) {
        pthread_join(k->thread, NULL);
    }
    kt_buf_done(&k->state);
}
