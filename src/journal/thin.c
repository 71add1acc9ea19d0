/* SPDX-License-Identifier: Apache-2.0 */
/*
 * thin: rewrite a segment without the bodies of its samples and readings, their hashes kept, beside
 * the old one, and swap the two names.
 *
 *   write thin-N.tmp ──fsync──▶ exchange(thin-N.tmp, seg-N) ──dir sync──▶ thin-N.tmp is the old
 *   file: a spare, or it goes
 *
 * Before the exchange the old segment counts, after it the new one; a .tmp that a crash leaves is
 * removed at open. Whoever still reads the old file finds other epochs in it once it is used again,
 * and goes on in the new one (reader.c, verify.c).
 */
#include "journal/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "sys/file.h"

enum { THIN_FRAME = 1 << 20 };

struct thinner {
    struct kt_journal *j;
    struct seg_cursor from;
    int fd;
    int64_t off;
    kt_seq first;   /* of the frame that is made */
    uint32_t count; /* events in it */
    struct kt_buf frame;
};

static int write_out(struct thinner *t, struct kt_err *err)
{
    unsigned char head[FRAME_HEAD];
    if (t->count == 0) {
        return KT_OK;
    }
    frame_head_put(head, t->first, t->from.head.epoch, t->count, t->frame.p, t->frame.n);
    int r = journal_write_at(t->j->io, t->fd, head, sizeof(head), t->off, err);
    if (r == KT_OK) {
        r = journal_write_at(t->j->io, t->fd, t->frame.p, t->frame.n, t->off + FRAME_HEAD, err);
    }
    t->off += FRAME_HEAD + (int64_t)t->frame.n;
    t->first += t->count;
    t->count = 0;
    kt_buf_clear(&t->frame);
    return r;
}

static int copy_event(struct thinner *t, const unsigned char *p, const struct event_view *v,
                      struct kt_err *err)
{
    kt_seq seq = t->first + t->count;
    struct kt_hash hash;
    unsigned char *to = (unsigned char *)kt_buf_reserve(&t->frame, v->size + sizeof(hash));
    KT_ASSERT(to);
    if (!event_droppable(v->kind) || v->flags & EVENT_DROPPED) {
        kt_buf_put(&t->frame, p, v->size);
    } else {
        kt_hash_of(v->body.p, v->body.n, &hash);
        if (v->hash && memcmp(hash.b, v->hash, sizeof(hash.b)) != 0) {
            return seg_damaged(&t->from, seq, "the body does not fit its hash", err);
        }
        t->frame.n += event_slim(to, p, v, &hash);
    }
    t->count++;
    return t->frame.n >= THIN_FRAME ? write_out(t, err) : KT_OK;
}

static int copy_frame(struct thinner *t, struct kt_err *err)
{
    const unsigned char *p = (const unsigned char *)t->from.payload.p;
    size_t at = 0;
    int r = KT_OK;
    for (uint32_t i = 0; i < t->from.frame.count && r == KT_OK; i++) {
        struct event_view v;
        if (!event_view(p + at, t->from.payload.n - at, &v)) {
            return seg_damaged(&t->from, t->from.frame.first + i, "the event cannot be read", err);
        }
        r = copy_event(t, p + at, &v, err);
        at += v.size;
    }
    return r;
}

/** All frames up to the segment's end, which is `next`. */
static int copy_frames(struct thinner *t, kt_seq next, struct kt_err *err)
{
    int r;
    while ((r = seg_next(&t->from, err)) == 1) {
        r = copy_frame(t, err);
        if (r < 0) {
            return r;
        }
    }
    if (r == KT_OK && t->from.next != next) {
        r = seg_damaged(&t->from, t->from.next, "a frame is damaged", err);
    }
    return r < 0 ? r : write_out(t, err);
}

static int write_head(struct thinner *t, struct kt_err *err)
{
    unsigned char block[SEG_BLOCK] = {0};
    struct seg_head head = t->from.head;
    head.thinned = true;
    head.size = (uint64_t)t->off;
    seg_head_put(block, &head);
    if (t->from.mark.last) {
        seg_mark_put(block + SEG_SECTOR, &t->from.mark);
    }
    int r = journal_write_at(t->j->io, t->fd, block, sizeof(block), 0, err);
    return r < 0 ? r : journal_sync(t->j->io, t->fd, err);
}

static int rewrite(struct thinner *t, const char *path, kt_seq next, struct kt_err *err)
{
    t->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    if (t->fd < 0) {
        return kt_err_sys(err, "cannot make %s", path);
    }
    t->off = SEG_BLOCK;
    t->first = t->from.head.first;
    kt_buf_init(&t->frame, 0);
    int r = copy_frames(t, next, err);
    if (r == KT_OK) {
        r = write_head(t, err);
    }
    kt_buf_done(&t->frame);
    close(t->fd);
    return r;
}

/** Swap the names; where the file system cannot, the old file goes. */
static int swap_in(struct thinner *t, const char *path, struct kt_err *err)
{
    bool swapped = renameat2(AT_FDCWD, path, AT_FDCWD, t->from.path, RENAME_EXCHANGE) == 0;
    if (!swapped && rename(path, t->from.path) != 0) {
        return kt_err_sys(err, "cannot rename %s to %s", path, t->from.path);
    }
    int r = kt_dir_sync(t->j->dir, err);
    if (r == KT_OK && swapped) {
        journal_recycle(t->j, path);
    }
    return r;
}

static int thin_segment(struct kt_journal *j, kt_seq first, kt_seq next, struct kt_err *err)
{
    struct thinner t = {.j = j, .from = {.fd = -1}, .fd = -1};
    char name[64], path[JOURNAL_PATH];
    snprintf(name, sizeof(name), "thin-%020" PRIu64 TMP_SUFFIX, first);
    int r = journal_path(path, j->dir, name, err);
    if (r == KT_OK) {
        r = seg_open(&t.from, j->dir, first, err);
    }
    if (r == KT_OK && !t.from.head.thinned) {
        r = rewrite(&t, path, next, err);
        if (r == KT_OK) {
            r = swap_in(&t, path, err);
        } else {
            unlink(path);
        }
    }
    seg_close(&t.from);
    return r;
}

int kt_journal_thin(struct kt_journal *j, kt_seq before, struct kt_err *err)
{
    struct kt_arena *arena = kt_arena_new(0);
    kt_seq *firsts;
    size_t n = 0;
    pthread_mutex_lock(&j->thin_lock);
    int r = seg_list(j->dir, arena, &firsts, &n, err);
    /* the last segment is being written: it has no next one to end before */
    for (size_t i = 0; r == KT_OK && i + 1 < n && firsts[i + 1] <= before; i++) {
        r = thin_segment(j, firsts[i], firsts[i + 1], err);
    }
    pthread_mutex_unlock(&j->thin_lock);
    kt_arena_free(arena);
    return r;
}
