/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/file.h"

const struct journal_io journal_io_real = {pwrite, fdatasync};

int journal_path(char to[JOURNAL_PATH], const char *dir, const char *name, struct kt_err *err)
{
    if (snprintf(to, JOURNAL_PATH, "%s/%s", dir, name) >= JOURNAL_PATH) {
        return kt_err_set(err, KT_EINVAL, "the path of the journal is too long: %.200s", dir);
    }
    return KT_OK;
}

int seg_path(char to[JOURNAL_PATH], const char *dir, kt_seq first, struct kt_err *err)
{
    char name[64];
    snprintf(name, sizeof(name), SEG_PREFIX "%020" PRIu64 SEG_SUFFIX, first);
    return journal_path(to, dir, name, err);
}

bool name_is(const char *name, const char *prefix, const char *suffix)
{
    size_t n = strlen(name), p = strlen(prefix), s = strlen(suffix);
    return n > p + s && memcmp(name, prefix, p) == 0 && memcmp(name + n - s, suffix, s) == 0;
}

int seg_list(const char *dir, struct kt_arena *arena, kt_seq **ret, size_t *ret_n,
             struct kt_err *err)
{
    char **names;
    size_t n, k = 0;
    int r = kt_dir_list(dir, arena, &names, &n, err);
    if (r < 0) {
        return r;
    }
    kt_seq *firsts = KT_NEW_ARRAY(arena, kt_seq, n + 1);
    for (size_t i = 0; i < n; i++) {
        if (name_is(names[i], SEG_PREFIX, SEG_SUFFIX)) {
            firsts[k++] = strtoull(names[i] + strlen(SEG_PREFIX), NULL, 10);
        }
    }
    *ret = firsts;
    *ret_n = k;
    return KT_OK;
}

size_t seg_holding(const kt_seq *firsts, size_t n, kt_seq seq)
{
    size_t lo = 0, hi = n;
    while (hi - lo > 1) {
        size_t mid = lo + (hi - lo) / 2;
        if (firsts[mid] <= seq) {
            lo = mid;
        } else {
            hi = mid;
        }
    }
    return lo;
}

int journal_write_at(const struct journal_io *io, int fd, const void *p, size_t n, int64_t at,
                     struct kt_err *err)
{
    const char *from = p;
    while (n) {
        ssize_t w = io->pwrite(fd, from, n, (off_t)at);
        if (w < 0 && errno == EINTR) {
            continue;
        }
        if (w < 0) {
            return kt_err_sys(err, "cannot write to the journal");
        }
        from += w;
        at += w;
        n -= (size_t)w;
    }
    return KT_OK;
}

int journal_sync(const struct journal_io *io, int fd, struct kt_err *err)
{
    return io->fdatasync(fd) == 0 ? KT_OK : kt_err_sys(err, "cannot sync the journal");
}

int journal_read_at(int fd, void *p, size_t n, int64_t at, struct kt_err *err)
{
    char *to = p;
    while (n) {
        ssize_t k = pread(fd, to, n, (off_t)at);
        if (k < 0 && errno == EINTR) {
            continue;
        }
        if (k < 0) {
            return kt_err_sys(err, "cannot read the journal");
        }
        if (k == 0) {
            return kt_err_set(err, KT_ECORRUPT, "the file of the journal is shorter than it says");
        }
        to += k;
        at += k;
        n -= (size_t)k;
    }
    return KT_OK;
}

int seg_damaged(const struct seg_cursor *c, kt_seq seq, const char *what, struct kt_err *err)
{
    const char *name = strrchr(c->path, '/');
    return kt_err_set(err, KT_ECORRUPT,
                      "%s, event %" PRIu64 ": %s; keep the folder and restore from a backup or a "
                      "standby",
                      name ? name + 1 : c->path, seq, what);
}

static int read_head(struct seg_cursor *c, kt_seq first, struct kt_err *err)
{
    unsigned char sectors[2 * SEG_SECTOR];
    struct stat st;
    if (fstat(c->fd, &st) != 0) {
        return kt_err_sys(err, "cannot read %s", c->path);
    }
    c->size = st.st_size;
    if (c->size < SEG_BLOCK) {
        return seg_damaged(c, first, "the segment is shorter than its head", err);
    }
    int r = journal_read_at(c->fd, sectors, sizeof(sectors), 0, err);
    if (r < 0) {
        return r;
    }
    if (!seg_head_get(sectors, &c->head) || c->head.first != first) {
        return seg_damaged(c, first, "the head of the segment is damaged", err);
    }
    if (!seg_mark_get(sectors + SEG_SECTOR, c->head.epoch, &c->mark)) {
        return seg_damaged(c, first, "the mark of the segment is damaged", err);
    }
    return KT_OK;
}

bool seg_replaced(const struct seg_cursor *c)
{
    struct stat open_one, named;
    return fstat(c->fd, &open_one) == 0 && stat(c->path, &named) == 0 &&
           (open_one.st_ino != named.st_ino || open_one.st_dev != named.st_dev);
}

int seg_open(struct seg_cursor *c, const char *dir, kt_seq first, struct kt_err *err)
{
    c->fd = -1;
    int r = seg_path(c->path, dir, first, err);
    if (r < 0) {
        return r;
    }
    c->fd = open(c->path, O_RDONLY | O_CLOEXEC);
    if (c->fd < 0) {
        return errno == ENOENT ? kt_err_set(err, KT_ENOTFOUND, "there is no %s", c->path)
                               : kt_err_sys(err, "cannot open %s", c->path);
    }
    r = read_head(c, first, err);
    if (r < 0) {
        bool again = seg_replaced(c); /* thinned in this moment; its old file is used again */
        seg_close(c);
        return again ? seg_open(c, dir, first, err) : r;
    }
    c->off = SEG_BLOCK;
    c->next = first;
    return KT_OK;
}

int seg_reopen(struct seg_cursor *c, const char *dir, kt_seq first, struct kt_err *err)
{
    seg_close(c);
    return seg_open(c, dir, first, err);
}

void seg_close(struct seg_cursor *c)
{
    if (c->fd >= 0) {
        close(c->fd);
    }
    c->fd = -1;
    kt_buf_done(&c->payload);
}

/** Is the frame whose head is given the one that is expected at off? */
static bool expected(const struct seg_cursor *c, const struct frame_head *f)
{
    return f->epoch == c->head.epoch && f->first == c->next &&
           (int64_t)f->length <= c->size - c->off - FRAME_HEAD;
}

int seg_next(struct seg_cursor *c, struct kt_err *err)
{
    unsigned char head[FRAME_HEAD];
    if (c->size - c->off < FRAME_HEAD) {
        return 0;
    }
    int r = journal_read_at(c->fd, head, sizeof(head), c->off, err);
    if (r < 0) {
        return r;
    }
    if (!frame_head_get(head, &c->frame) || !expected(c, &c->frame)) {
        return 0;
    }
    kt_buf_clear(&c->payload);
    char *to = kt_buf_reserve(&c->payload, c->frame.length);
    if (!to) {
        return kt_err_set(err, KT_ELIMIT, "a frame of the journal is larger than can be read");
    }
    r = journal_read_at(c->fd, to, c->frame.length, c->off + FRAME_HEAD, err);
    if (r < 0) {
        return r;
    }
    if (!frame_fits(head, to, c->frame.length)) {
        return 0;
    }
    c->payload.n = c->frame.length;
    c->off += FRAME_HEAD + (int64_t)c->frame.length;
    c->next += c->frame.count;
    return 1;
}

int seg_check_end(struct seg_cursor *c, struct kt_err *err)
{
    if (c->mark.last >= c->next) {
        return seg_damaged(c, c->next, "an event that was safe on disk is damaged", err);
    }
    size_t left = (size_t)(c->size - c->off);
    kt_buf_clear(&c->payload);
    char *to = kt_buf_reserve(&c->payload, left + 1);
    if (!to) {
        return kt_err_set(err, KT_ELIMIT, "%s is larger than can be read", c->path);
    }
    int r = journal_read_at(c->fd, to, left, c->off, err);
    if (r < 0) {
        return r;
    }
    if (frame_follows((unsigned char *)to, left, c->head.epoch, c->next)) {
        return seg_damaged(c, c->next, "a frame is damaged while later ones are whole", err);
    }
    return KT_OK;
}
