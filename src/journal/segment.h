/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_JOURNAL_SEGMENT_H
#define KT_JOURNAL_SEGMENT_H
/*
 * segment: the files of a journal's folder, and a cursor over the frames of one.
 *
 *   seg-<first seq, 20 digits>.ktj   a segment; the highest is the one that is written
 *   spare-<n>.ktj                    a file of the right size whose contents mean nothing
 *   reserve.ktj                      as a spare, kept for events of consequence on a full disk
 *   *.tmp                            work in progress, removed at open
 *   lock                             held by the program that writes
 * Threads: any; a cursor belongs to one thread.
 */
#include <sys/types.h>

#include "base/arena.h"
#include "journal/frame.h"

enum { JOURNAL_PATH = 1024 };
#define SEG_PREFIX   "seg-"
#define SPARE_PREFIX "spare-"
#define SEG_SUFFIX   ".ktj"
#define TMP_SUFFIX   ".tmp"
#define RESERVE_NAME "reserve" SEG_SUFFIX

/** DIR/name; KT_EINVAL when it is too long. */
KT_MUST_CHECK int journal_path(char to[JOURNAL_PATH], const char *dir, const char *name,
                               struct kt_err *err);
KT_MUST_CHECK int seg_path(char to[JOURNAL_PATH], const char *dir, kt_seq first,
                           struct kt_err *err);
/** First seqs of the segments of a folder, rising. */
KT_MUST_CHECK int seg_list(const char *dir, struct kt_arena *arena, kt_seq **ret, size_t *ret_n,
                           struct kt_err *err);
/** Index of the segment that holds seq (the last one that begins at or before it); 0 if before. */
size_t seg_holding(const kt_seq *firsts, size_t n, kt_seq seq);
bool name_is(const char *name, const char *prefix, const char *suffix);

struct seg_cursor {
    int fd; /* -1: none */
    char path[JOURNAL_PATH];
    struct seg_head head;
    struct seg_mark mark;
    int64_t size, off; /* of the file; where the next frame begins */
    kt_seq next;       /* seq that the next frame begins with */
    struct frame_head frame;
    struct kt_buf payload; /* of the frame last read */
};
/** KT_ENOTFOUND; KT_ECORRUPT a damaged head or mark. The cursor may be reused after close. */
KT_MUST_CHECK int seg_open(struct seg_cursor *c, const char *dir, kt_seq first, struct kt_err *err);
void seg_close(struct seg_cursor *c);
KT_MUST_CHECK int seg_reopen(struct seg_cursor *c, const char *dir, kt_seq first,
                             struct kt_err *err);
/** Read the next frame: 1, or 0 when the expected one does not stand there. */
KT_MUST_CHECK int seg_next(struct seg_cursor *c, struct kt_err *err);
/** After seg_next() said 0: KT_ECORRUPT when this is not the end of what was written but damage
 *  in the midst of it. */
KT_MUST_CHECK int seg_check_end(struct seg_cursor *c, struct kt_err *err);
/** Has the file been swapped for another one since it was opened? */
bool seg_replaced(const struct seg_cursor *c);
/** KT_ECORRUPT that names segment and seq. */
int seg_damaged(const struct seg_cursor *c, kt_seq seq, const char *what, struct kt_err *err);

/* Where writing goes through, so that tests can let it fail. */
struct journal_io {
    ssize_t (*pwrite)(int fd, const void *p, size_t n, off_t at);
    int (*fdatasync)(int fd);
};
extern const struct journal_io journal_io_real;
/** Write all of p[0..n) at `at`. KT_EFULL, KT_EIO. */
KT_MUST_CHECK int journal_write_at(const struct journal_io *io, int fd, const void *p, size_t n,
                                   int64_t at, struct kt_err *err);
KT_MUST_CHECK int journal_sync(const struct journal_io *io, int fd, struct kt_err *err);
/** Read n bytes at `at`; KT_ECORRUPT when the file ends before. */
KT_MUST_CHECK int journal_read_at(int fd, void *p, size_t n, int64_t at, struct kt_err *err);
#endif
