/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roll: end one segment, begin the next. On the writer thread.
 *
 * A segment gets its name only when its head is durable, so a segment with a name has a head; and
 * the one before it is durable to its end by then.
 */
#include "journal/internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "sys/file.h"

/** Take a file for the next segment: a spare, or the reserve. Waits for the keeper while it works.
 *  Lock held. @return its size, or KT_EFULL */
static int64_t take_file(struct kt_journal *j, bool no_space, char name[64], struct kt_err *err)
{
    struct journal_space *s = &j->space;
    if (no_space) {
        s->full = true;
    }
    if (!s->spares) {
        pthread_cond_signal(&j->keep);
    }
    while (!s->spares && !s->full) {
        pthread_cond_wait(&j->done, &j->lock);
    }
    j->seg.reserve = s->full && (no_space || !s->spares || !s->reserve);
    j->seg.rolling = true;
    if (s->spares && !(no_space && s->reserve)) {
        journal_spare_name(name, s->spare[--s->spares]);
        return (int64_t)j->opts.segment_bytes;
    }
    if (s->reserve) {
        s->reserve = false;
        snprintf(name, 64, "%s", RESERVE_NAME);
        return (int64_t)j->opts.reserve_bytes;
    }
    return kt_err_set(err, KT_EFULL, "the disk of the journal is full and its reserve used up");
}

int journal_mark(struct kt_journal *j, kt_seq last, struct kt_err *err)
{
    unsigned char sector[SEG_SECTOR];
    struct seg_mark mark = {j->seg.epoch, last, j->chain};
    if (last < j->seg.first) {
        return KT_OK;
    }
    seg_mark_put(sector, &mark);
    int r = journal_write_at(j->io, j->seg.fd, sector, sizeof(sector), SEG_SECTOR, err);
    return r < 0 ? r : journal_sync(j->io, j->seg.fd, err);
}

/** Write the head into a file that nobody reads yet, then give it its name. */
static int begin_segment(struct kt_journal *j, const char *from, const struct seg_head *h, int *ret,
                         struct kt_err *err)
{
    unsigned char block[SEG_BLOCK] = {0};
    char to[JOURNAL_PATH];
    int r = seg_path(to, j->dir, h->first, err);
    if (r < 0) {
        return r;
    }
    int fd = open(from, O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        return kt_err_sys(err, "cannot open %s", from);
    }
    seg_head_put(block, h);
    r = journal_write_at(j->io, fd, block, sizeof(block), 0, err);
    if (r == KT_OK) {
        r = journal_sync(j->io, fd, err);
    }
    if (r == KT_OK && rename(from, to) != 0) {
        r = kt_err_sys(err, "cannot rename %s to %s", from, to);
    }
    if (r == KT_OK) {
        r = kt_dir_sync(j->dir, err);
    }
    if (r < 0) {
        close(fd);
        return r;
    }
    *ret = fd;
    return KT_OK;
}

static void enter_segment(struct kt_journal *j, const struct seg_head *h, int fd)
{
    pthread_mutex_lock(&j->lock);
    if (j->seg.fd >= 0) {
        close(j->seg.fd);
    }
    j->seg.fd = fd;
    j->seg.epoch = h->epoch;
    j->seg.size = (int64_t)h->size;
    j->seg.off = SEG_BLOCK;
    j->seg.left = j->seg.size - SEG_BLOCK;
    j->seg.first = h->first;
    j->seg.rolling = false;
    pthread_cond_signal(&j->keep);
    pthread_mutex_unlock(&j->lock);
}

int journal_roll(struct kt_journal *j, kt_time first_time, bool no_space, struct kt_err *err)
{
    char name[64], from[JOURNAL_PATH];
    int r = KT_OK, fd = -1;
    if (j->seg.fd >= 0 && !no_space) {
        r = journal_mark(j, j->durable, err);
    }
    if (r < 0) {
        return r;
    }
    pthread_mutex_lock(&j->lock);
    int64_t size = take_file(j, no_space, name, err);
    pthread_mutex_unlock(&j->lock);
    if (size < 0) {
        return (int)size;
    }
    struct seg_head head = {.epoch = j->seg.epoch + 1,
                            .size = (uint64_t)size,
                            .first = j->durable + 1,
                            .first_time = first_time,
                            .before = j->chain};
    r = journal_path(from, j->dir, name, err);
    if (r == KT_OK) {
        r = begin_segment(j, from, &head, &fd, err);
    }
    if (r == KT_OK) {
        enter_segment(j, &head, fd);
    }
    return r;
}
