/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_JOURNAL_INTERNAL_H
#define KT_JOURNAL_INTERNAL_H
/*
 * internal: the open journal and its two threads.
 *
 *   append ──▶ fill ──swap──▶ busy ──writer: hash, chain, write, fdatasync──▶ on_durable
 *                                      │ segment full
 *                                      ▼
 *   keeper: zeroes files ──▶ spare ──roll()──▶ segment ──thin: swapped out──▶ spare
 *                       └──▶ reserve ──roll() while full──▶ segment
 *
 * One lock. `full` is set when no file can be made (keeper) or a write finds no space (writer) and
 * falls when both a spare and a reserve stand ready again.
 * Invariants
 *  1. One frame a sync: a frame is written only when all before it are durable. So of what follows
 *     the last durable frame at most one frame is torn, and a whole frame behind a torn one is
 *     damage.
 *  2. A file whose name begins with "spare" or "reserve" is read by nobody.
 *  3. The file that is written is the one with the highest first seq and the highest epoch.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "journal/segment.h"

enum { SPARES_MAX = 32, SPARES_KEPT = 16 }; /* kept: of those that thinning gives back */
enum journal_wait { WAIT_IDLE, WAIT_LINGER, WAIT_GATHER, WAIT_NOT };

/** Events on their way to the disk, as event_put() wrote them. */
struct journal_group {
    struct kt_buf buf;
    size_t at; /* all before is durable */
    uint32_t events;
};

struct journal_space {
    uint32_t spare[SPARES_MAX], spares, next_spare;
    bool reserve; /* the reserve file stands ready */
    bool full;
    bool refusing; /* a sample has been refused: all are until `full` falls */
};

/* The segment that is written; the writer's alone but for `first`, `left` and `reserve`. */
struct journal_segment {
    int fd; /* -1: none yet */
    uint64_t epoch;
    int64_t size, off;
    kt_seq first;
    int64_t left;
    bool reserve; /* it was the reserve: no samples while full */
    bool rolling; /* the file of the next one has been taken */
};

struct kt_journal {
    struct kt_journal_opts opts;
    char *dir;
    const struct journal_io *io;
    int lock_fd;
    size_t body_max, frame_max;

    pthread_mutex_t lock; /* guards all below but what says otherwise */
    pthread_cond_t work;  /* to the writer */
    pthread_cond_t keep;  /* to the keeper */
    pthread_cond_t done;  /* something became durable, failed, or a spare is ready */
    pthread_cond_t news; /* something that is neither samples nor ticks became durable, or failed */
    struct journal_group fill;
    size_t busy_bytes;
    uint32_t busy_events;
    enum journal_wait waiting;
    uint32_t gather_events;
    bool flush, stop, stop_keeper;
    struct journal_space space;
    struct journal_segment seg;
    struct kt_hash chain; /* of durable */
    struct kt_journal_stats stats;
    int failed; /* code, 0: none */
    struct kt_err why;

    _Atomic kt_seq last, durable, first, newest; /* newest: durable, neither samples nor a tick */
    _Atomic size_t pending;

    pthread_t writer, keeper;
    bool writer_runs, keeper_runs;
    pthread_mutex_t thin_lock; /* taken before `lock` */
    /* the writer's alone */
    struct journal_group busy;
    uint32_t recent[2];    /* events of the last two commits */
    uint32_t wide, narrow; /* the most events of a commit of late; commits since that had fewer */
};

KT_MUST_CHECK int journal_open_with(const struct kt_journal_opts *opts, const struct journal_io *io,
                                    struct kt_journal **ret, struct kt_err *err);
/** Read the folder: seqs, chain, epoch, spares; opens the segment to go on with. */
KT_MUST_CHECK int journal_recover(struct kt_journal *j, struct kt_err *err);
void *journal_writer(void *arg);
void *journal_keeper(void *arg);
/** Is the next segment to be made? When a quarter of this one is used: a start has other things to
 *  do. While there is no space, always: `full` falls when both files stand ready. Lock held. */
static inline bool journal_wants_spare(const struct kt_journal *j)
{
    const struct journal_segment *s = &j->seg;
    bool soon = s->fd < 0 || s->reserve || s->left < s->size / 4 * 3;
    return j->space.spares == 0 && (j->space.full || (soon && !s->rolling));
}
/** Make what is missing of spare and reserve. KT_EFULL sets `full`. */
KT_MUST_CHECK int journal_keep(struct kt_journal *j, struct kt_err *err);
/** A file that is no segment any more: becomes a spare, or goes. */
void journal_recycle(struct kt_journal *j, const char *path);
void journal_spare_name(char to[64], uint32_t n);
/** Say in the segment's mark that all up to `last` is durable. */
KT_MUST_CHECK int journal_mark(struct kt_journal *j, kt_seq last, struct kt_err *err);
/** Open the next segment from a spare or, when full, the reserve. */
KT_MUST_CHECK int journal_roll(struct kt_journal *j, kt_time first_time, bool no_space,
                               struct kt_err *err);
/** Wait on a condition of the journal for at most ns. Lock held. */
void journal_wait_for(struct kt_journal *j, pthread_cond_t *c, int64_t ns);
#endif
