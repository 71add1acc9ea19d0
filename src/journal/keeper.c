/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keeper: zeroes the files that the writer will need, ahead of it, on a thread of its own, so that
 * a commit never allocates. What it cannot make for want of space it tries again four times a
 * second.
 */
#include "journal/internal.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "sys/file.h"
#include "sys/thread.h"

#define NEW_NAME "new" TMP_SUFFIX
enum { STEP = 256 << 10, SYNC_EVERY = 1 << 20, KEEPER_NICE = 5 };
static const int64_t retry_ns = 250 * KT_MS;

void journal_spare_name(char to[64], uint32_t n)
{
    snprintf(to, 64, SPARE_PREFIX "%" PRIu32 SEG_SUFFIX, n);
}

static int zero_file(struct kt_journal *j, int fd, size_t size, struct kt_err *err)
{
    static const char zeros[STEP];
    int r = KT_OK;
    for (size_t at = 0; at < size && r == KT_OK;) {
        size_t n = size - at < STEP ? size - at : STEP;
        r = journal_write_at(j->io, fd, zeros, n, (int64_t)at, err);
        at += n;
        if (r == KT_OK && (at % SYNC_EVERY == 0 || at == size)) {
            r = journal_sync(j->io, fd, err);
        }
    }
    return r;
}

/** A file full of zeros, durable, under `name`. */
static int make_file(struct kt_journal *j, const char *name, size_t size, struct kt_err *err)
{
    char tmp[JOURNAL_PATH], path[JOURNAL_PATH];
    int r = journal_path(tmp, j->dir, NEW_NAME, err);
    if (r == KT_OK) {
        r = journal_path(path, j->dir, name, err);
    }
    if (r < 0) {
        return r;
    }
    int64_t free_bytes = kt_disk_free(j->dir);
    if (free_bytes >= 0 && free_bytes < (int64_t)(size + size / 4)) {
        return kt_err_set(err, KT_EFULL, "no room for %zu bytes of journal on %s", size, j->dir);
    }
    int fd = open(tmp, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    if (fd < 0) {
        return kt_err_sys(err, "cannot make %s", tmp);
    }
    r = zero_file(j, fd, size, err);
    close(fd);
    if (r == KT_OK && rename(tmp, path) != 0) {
        r = kt_err_sys(err, "cannot rename %s to %s", tmp, path);
    }
    if (r < 0) {
        unlink(tmp);
    }
    return r;
}

static bool complete(const struct kt_journal *j)
{
    return j->space.reserve && !journal_wants_spare(j);
}

/** Make one missing file. Lock held, let go meanwhile. */
static int make_one(struct kt_journal *j, struct kt_err *err)
{
    struct journal_space *s = &j->space;
    char name[64] = RESERVE_NAME;
    bool reserve = !s->reserve;
    uint32_t number = s->next_spare;
    size_t size = reserve ? j->opts.reserve_bytes : j->opts.segment_bytes;
    if (!reserve) {
        s->next_spare++;
        journal_spare_name(name, number);
    }
    pthread_mutex_unlock(&j->lock);
    int r = make_file(j, name, size, err);
    pthread_mutex_lock(&j->lock);
    if (r == KT_OK && reserve) {
        s->reserve = true;
    } else if (r == KT_OK && s->spares < SPARES_MAX) {
        s->spare[s->spares++] = number;
    }
    return r;
}

static int keep_locked(struct kt_journal *j, struct kt_err *err)
{
    int r = KT_OK;
    while (r == KT_OK && !complete(j) && !j->stop_keeper) {
        r = make_one(j, err);
    }
    bool was = j->space.full;
    j->space.full = r < 0;
    j->space.refusing &= j->space.full;
    if (r < 0 && !was) {
        KT_WARN("journal", "%s", err->text);
    } else if (r == KT_OK && was) {
        KT_INFO("journal", "there is room again on %s", j->dir);
    }
    pthread_cond_broadcast(&j->done);
    return r;
}

int journal_keep(struct kt_journal *j, struct kt_err *err)
{
    pthread_mutex_lock(&j->lock);
    int r = keep_locked(j, err);
    pthread_mutex_unlock(&j->lock);
    return r;
}

void *journal_keeper(void *arg)
{
    struct kt_journal *j = arg;
    struct kt_err err = {0};
    kt_thread_nice(KEEPER_NICE);
    pthread_mutex_lock(&j->lock);
    while (!j->stop_keeper) {
        if (complete(j) && !j->space.full) {
            pthread_cond_wait(&j->keep, &j->lock);
        } else if (keep_locked(j, &err) < 0 && !j->stop_keeper) {
            journal_wait_for(j, &j->keep, retry_ns);
        }
    }
    pthread_mutex_unlock(&j->lock);
    return NULL;
}

void journal_recycle(struct kt_journal *j, const char *path)
{
    struct journal_space *s = &j->space;
    char name[64], to[JOURNAL_PATH];
    pthread_mutex_lock(&j->lock);
    uint32_t number = s->next_spare;
    bool take = s->spares < SPARES_KEPT && kt_file_size(path) == (int64_t)j->opts.segment_bytes;
    s->next_spare += take;
    pthread_mutex_unlock(&j->lock);
    journal_spare_name(name, number);
    if (!take || journal_path(to, j->dir, name, NULL) < 0 || rename(path, to) != 0) {
        unlink(path);
        take = false;
    }
    pthread_mutex_lock(&j->lock);
    if (take && s->spares < SPARES_MAX) {
        s->spare[s->spares++] = number;
    }
    pthread_cond_signal(&j->keep);
    pthread_cond_broadcast(&j->done);
    pthread_mutex_unlock(&j->lock);
}
