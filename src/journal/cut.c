/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cut: take a tail away that another node's order has no place for.
 *
 * In this order, so that a crash at any point leaves a journal that opens: the piece is kept; later
 * segments go, the last one first; the mark steps back; the tail is zeroed from its end; a frame
 * that the cut goes through gets a shorter head.
 */
#include "journal/internal.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "sys/clock.h"
#include "sys/file.h"

/* A walk along one segment up to an event. */
struct walk {
    struct seg_cursor c;
    struct kt_hash chain; /* up to `at` */
    kt_seq at;
    int64_t frame_off, frame_end; /* of the frame that holds `at`; frame_off 0: none yet */
    uint32_t kept;                /* events of it up to `at` */
    size_t kept_bytes;
};

static int walk_frame(struct walk *w, kt_seq to, struct kt_err *err)
{
    const unsigned char *p = (const unsigned char *)w->c.payload.p;
    w->kept = 0;
    w->kept_bytes = 0;
    while (w->kept < w->c.frame.count && w->at < to) {
        struct event_view v;
        struct kt_hash hash;
        if (!event_view(p + w->kept_bytes, w->c.payload.n - w->kept_bytes, &v)) {
            return seg_damaged(&w->c, w->at + 1, "the event cannot be read", err);
        }
        event_hash(&v, &hash);
        event_chain(&w->chain, ++w->at, &v, &hash);
        w->kept_bytes += v.size;
        w->kept++;
    }
    return KT_OK;
}

/* Along the segment that begins with `first`, up to `to`. */
static int walk_to(struct walk *w, const char *dir, kt_seq first, kt_seq to, struct kt_err *err)
{
    *w = (struct walk){.c = {.fd = -1}, .at = first - 1};
    int r = seg_open(&w->c, dir, first, err);
    w->chain = w->c.head.before;
    w->frame_end = SEG_BLOCK;
    while (r == KT_OK && w->at < to) {
        int64_t from = w->c.off;
        int got = seg_next(&w->c, err);
        if (got <= 0) {
            return got < 0 ? got
                           : kt_err_set(err, KT_ENOTFOUND, "event %" PRIu64 " is not there", to);
        }
        w->frame_off = from;
        w->frame_end = w->c.off;
        r = walk_frame(w, to, err);
    }
    return r;
}

static int segments(const char *dir, struct kt_arena *arena, kt_seq seq, kt_seq **ret_firsts,
                    size_t *ret_n, struct kt_err *err)
{
    int r = seg_list(dir, arena, ret_firsts, ret_n, err);
    if (r == KT_OK && (*ret_n == 0 || seq + 1 < (*ret_firsts)[0])) {
        r = kt_err_set(err, KT_ENOTFOUND, "event %" PRIu64 " is not in %s", seq, dir);
    }
    return r;
}

int kt_journal_chain_at(const char *dir, kt_seq seq, struct kt_hash *ret, struct kt_err *err)
{
    struct kt_arena *arena = kt_arena_new(0);
    struct walk w = {.c = {.fd = -1}};
    kt_seq *firsts;
    size_t n;
    int r = KT_OK;
    if (seq == 0) {
        *ret = (struct kt_hash){{0}};
    } else if ((r = segments(dir, arena, seq, &firsts, &n, err)) == KT_OK) {
        r = walk_to(&w, dir, firsts[seg_holding(firsts, n, seq)], seq, err);
        if (r == KT_OK) {
            *ret = w.chain;
        }
    }
    seg_close(&w.c);
    kt_arena_free(arena);
    return r;
}

static int lock_closed(const char *dir, int *ret, struct kt_err *err)
{
    char path[JOURNAL_PATH];
    int r = journal_path(path, dir, "lock", err);
    if (r < 0) {
        return r;
    }
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fd < 0) {
        return kt_err_sys(err, "cannot open %s", path);
    }
    if (fcntl(fd, F_OFD_SETLK, &whole) != 0) {
        close(fd);
        return kt_err_set(err, KT_EBUSY, "another program writes the journal %s; stop it first",
                          dir);
    }
    *ret = fd;
    return KT_OK;
}

static int piece_dir(const char *cut_dir, kt_seq seq, char to[JOURNAL_PATH], struct kt_err *err)
{
    char name[64];
    snprintf(name, sizeof(name), "%020" PRIu64 "-%" PRId64, seq, kt_clock_now());
    int r = kt_dir_make(cut_dir, err);
    r = r < 0 ? r : journal_path(to, cut_dir, name, err);
    return r < 0 ? r : kt_dir_make(to, err);
}

static int keep_one(const char *dir, const char *piece, kt_seq first, bool copy, struct kt_err *err)
{
    char from[JOURNAL_PATH], to[JOURNAL_PATH];
    int r = seg_path(from, dir, first, err);
    r = r < 0 ? r : seg_path(to, piece, first, err);
    if (r < 0) {
        return r;
    }
    if (copy) {
        return kt_file_copy(from, to, 0600, err);
    }
    return rename(from, to) == 0 ? KT_OK : kt_err_sys(err, "cannot move %s", from);
}

static int zero_back(int fd, int64_t from, int64_t to, struct kt_err *err)
{
    enum { STEP = 1 << 20 };
    static const unsigned char nothing[STEP];
    int r = KT_OK;
    while (r == KT_OK && to > from) {
        int64_t n = to - from < STEP ? to - from : STEP;
        to -= n;
        r = journal_write_at(&journal_io_real, fd, nothing, (size_t)n, to, err);
        r = r < 0 ? r : journal_sync(&journal_io_real, fd, err);
    }
    return r;
}

/* What stands behind `seq` in the segment of the walk. */
static int cut_segment(const struct walk *w, kt_seq seq, struct kt_err *err)
{
    unsigned char sector[SEG_SECTOR], head[FRAME_HEAD];
    int fd = open(w->c.path, O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        return kt_err_sys(err, "cannot open %s", w->c.path);
    }
    seg_mark_put(sector, &(struct seg_mark){w->c.head.epoch, seq, w->chain});
    int r = journal_write_at(&journal_io_real, fd, sector, sizeof(sector), SEG_SECTOR, err);
    r = r < 0 ? r : journal_sync(&journal_io_real, fd, err);
    r = r < 0 ? r : zero_back(fd, w->frame_end, w->c.size, err);
    if (r == KT_OK && w->frame_off && w->kept < w->c.frame.count) {
        frame_head_put(head, w->c.frame.first, w->c.head.epoch, w->kept, w->c.payload.p,
                       w->kept_bytes);
        r = journal_write_at(&journal_io_real, fd, head, sizeof(head), w->frame_off, err);
        r = r < 0 ? r : journal_sync(&journal_io_real, fd, err);
        int64_t end = w->frame_off + FRAME_HEAD + (int64_t)w->kept_bytes;
        r = r < 0 ? r : zero_back(fd, end, w->frame_end, err);
    }
    close(fd);
    return r;
}

static int cut(const char *dir, kt_seq seq, const struct kt_hash *chain, const char *cut_dir,
               const kt_seq *firsts, size_t n, struct kt_err *err)
{
    struct walk w = {.c = {.fd = -1}};
    char piece[JOURNAL_PATH];
    size_t last = seg_holding(firsts, n, seq);
    bool all = seq + 1 == firsts[0]; /* nothing of it stays */
    int r = all ? KT_OK : walk_to(&w, dir, firsts[last], seq, err);
    if (r == KT_OK && !all && !kt_hash_eq(&w.chain, chain)) {
        r = kt_err_set(err, KT_ECORRUPT, "up to event %" PRIu64 " the chain is another one", seq);
    }
    r = r < 0 ? r : piece_dir(cut_dir, seq, piece, err);
    if (r == KT_OK && !all) {
        r = keep_one(dir, piece, firsts[last], true, err);
    }
    r = r < 0 ? r : kt_dir_sync(piece, err);
    for (size_t i = n; r == KT_OK && i > (all ? 0 : last + 1); i--) {
        r = keep_one(dir, piece, firsts[i - 1], false, err);
        r = r < 0 ? r : kt_dir_sync(dir, err);
    }
    if (r == KT_OK && !all) {
        r = cut_segment(&w, seq, err);
    }
    if (r == KT_OK) {
        KT_WARN("journal", "events behind %" PRIu64 " were cut off; they are kept in %s", seq,
                piece);
    }
    seg_close(&w.c);
    return r;
}

int kt_journal_cut(const char *dir, kt_seq seq, const struct kt_hash *chain, const char *cut_dir,
                   struct kt_err *err)
{
    struct kt_arena *arena = kt_arena_new(0);
    kt_seq *firsts;
    size_t n;
    int fd = -1;
    int r = lock_closed(dir, &fd, err);
    r = r < 0 ? r : segments(dir, arena, seq, &firsts, &n, err);
    if (r == KT_OK && seq + 1 == firsts[0] && seq > 0) {
        r = kt_err_set(err, KT_ENOTFOUND, "the journal %s begins behind event %" PRIu64, dir, seq);
    }
    r = r < 0 ? r : cut(dir, seq, chain, cut_dir, firsts, n, err);
    if (fd >= 0) {
        close(fd);
    }
    kt_arena_free(arena);
    return r;
}
