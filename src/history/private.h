/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_HISTORY_PRIVATE_H
#define KT_HISTORY_PRIVATE_H
/*
 * Inside of history: the points with their heads, and what the parts of the module share.
 *
 * Locks, in the order in which they may be taken:
 *   names    rwlock: the text ids, the number of a point (pid). Written by declare.
 *   heads    all heads. The history thread alone changes a head and holds the lock while it does,
 *            for HISTORY_LOCK_RUN samples at most; queries hold it while they copy one.
 *   contexts and files->lock are leaves.
 * What the history thread alone touches has no lock: declared settings, deadband, sealing.
 *
 * A query copies the head first and reads the files then: what is sealed in between is seen twice
 * and vanishes as a repeat, never missed.
 */
#include "history/files.h"
#include "history/head.h"
#include "history/history.h"
#include "history/long.h"
#include "history/row.h"

enum {
    HISTORY_CHUNK_SAMPLES = 3600,
    HISTORY_CHUNK_LIMIT = 32768, /* chunk_samples at most */
    HISTORY_LOCK_RUN = 2048,
    HISTORY_SLAB = 1024,      /* heads that lie together */
    HISTORY_SEAL_GROUP = 256, /* points sealed in one transaction of each file */
    HISTORY_SEAL_CALL = 512,  /* points sealed in one call that is not `all` */
    HISTORY_AGED_CALL = 2048, /* heads whose age is looked at in one such call */
    HISTORY_HEADS_MOST = 48 << 20,
    HISTORY_HEAD_KEPT = 8 << 10, /* memory that an emptied head keeps at most */
};
#define HISTORY_LATE_NS     KT_SEC        /* arrival is kept when it differs by more */
#define HISTORY_DEADBAND_NS (10 * KT_MIN) /* a value is stored at least so often */

struct history_point {
    struct history_head *head; /* in a slab */
    uint64_t first_seq;        /* of the oldest journaled sample in the head; 0 none */
    kt_time opened;            /* arrival of its first */
    double deadband;
    kt_time last_time; /* the last one stored, for the deadband */
    double last_value;
    kt_quality last_quality;
    bool has_last;
    bool due;    /* in h->due */
    bool spread; /* the first seal, whose moment is spread, is over */
    uint8_t cls;
    uint32_t index; /* place in h->points */
    uint32_t pid;
    char *id;
    /* what is in files: all that came up to sealed_seq; sealed_max: newest time of those, also of
     * what the deadband passed over */
    uint64_t sealed_seq;
    kt_time sealed_max;
};

struct history_state;

/* Scratch of one query. */
struct history_ctx {
    struct history_codec *codec;
    struct kt_buf head_copy, rows;
    struct history_cols head, part, joined;
    struct history_piece *pieces;
    size_t n_pieces, cap_pieces;
    struct history_ctx *next;
};

struct kt_history {
    struct history_files *files;
    struct history_state *state;
    uint32_t chunk_samples;
    int64_t chunk_age_ns;
    size_t heads_most; /* of head_bytes: above it a head is full at its share */
    void (*on_sealed)(void *arg, const char *point, kt_time from, kt_time to, uint32_t n,
                      const struct kt_hash *hash);
    void *arg;

    pthread_rwlock_t names;
    struct kt_map *by_name; /* -> index */
    struct history_point **points;
    uint32_t n_points, cap_points;
    uint32_t n_declared;
    struct history_head **slabs;   /* of points[HISTORY_SLAB * i ...) */
    struct history_point **by_pid; /* NULL where not declared */
    struct history_head **head_of; /* theirs */
    uint32_t n_pids;

    _Atomic int sides; /* second halves of questions on threads of their own */
    pthread_mutex_t heads;
    pthread_mutex_t contexts;
    struct history_ctx *idle;

    /* history thread */
    struct history_codec *codec;
    struct history_cols cols;
    struct kt_buf row;
    struct history_mixed *mixed; /* scratch of kt_history_add_many() */
    struct history_point **due;
    uint32_t n_due, cap_due;
    uint32_t safe_calls;
    uint32_t aged_at;                     /* where the search for old heads goes on */
    uint64_t last_seq, recover_to, order; /* order: of the last chunk */
    size_t head_bytes;                    /* memory of the tokens of all heads */
    uint64_t refused_low, refused_high; /* batches that were refused and not added since; 0: none */
    bool first_batch;                   /* of the journal, since it was opened */
    _Atomic uint64_t safe_seq, head_samples, late, duplicates;

    struct kt_long *lng;                      /* borrowed; NULL: none */
    _Atomic kt_time dropped[HISTORY_CLASSES]; /* months before it are not kept here any more */
};

/* history.c */
/** The point of a text id, made when `make`; NULL. The caller holds names (for writing to make). */
struct history_point *history_point_of(struct kt_history *h, const char *id, bool make);

/* state.c: state.db, what is in files already, by point, and which files there are; a damaged one
 * is made anew and costs time in recovery only */
KT_MUST_CHECK int history_state_open(const char *dir, struct history_state **ret,
                                     struct kt_err *err);
void history_state_close(struct history_state *s);
/** Make the points that it knows and set safe_seq, recover_to and order. */
KT_MUST_CHECK int history_state_load(struct history_state *s, struct kt_history *h,
                                     struct kt_err *err);
KT_MUST_CHECK int history_state_save(struct history_state *s, struct kt_history *h,
                                     struct history_point *const *points, size_t n,
                                     struct kt_err *err);
KT_MUST_CHECK int history_state_backup(struct history_state *s, const char *to, struct kt_err *err);

/** A file is about to be dropped: it is listed no longer, and its class is kept from `before` on.
 */
KT_MUST_CHECK int history_state_drop(struct history_state *s, const struct history_file *f,
                                     kt_time before, struct kt_err *err);
/** At open: tell what is listed and not there and go on without it (NULL: it stays listed, for the
 *  next start); list what is there. */
KT_MUST_CHECK int history_state_months(struct history_state *s, struct history_files *fs,
                                       kt_history_lost_fn on_lost, void *arg, struct kt_err *err);
/** Is it there, and each month file that it lists? KT_ECORRUPT names what is missing. */
KT_MUST_CHECK int history_state_verify(const char *dir, struct kt_err *err);

/* ask.c: of the files and heads alone */
/** Samples of [from, to) into buckets of `width` from `origin`. */
KT_MUST_CHECK int history_buckets_add(struct kt_history *h, const char *point, kt_time from,
                                      kt_time to, kt_time origin, uint64_t width,
                                      struct kt_bucket *list, struct kt_err *err);
KT_MUST_CHECK int history_last_local(struct kt_history *h, const char *point, kt_time at,
                                     struct kt_sample *ret, struct kt_err *err);

/* seal.c */
/** Write the heads of points[0..n) and empty them; on failure they stay. */
KT_MUST_CHECK int history_seal_points(struct kt_history *h, struct history_point *const *points,
                                      size_t n, struct kt_err *err);
/** End of the next chunk of settled columns from lo: same day, at most about chunk_samples. */
uint32_t history_chunk_end(const struct kt_history *h, const struct history_cols *c, uint32_t lo);
/** Is a chunk so small that it is worth joining with its neighbours? */
bool history_wants_join(const struct kt_history *h, const struct history_summary *s);
uint64_t history_next_order(struct kt_history *h);
/* What on_sealed is told once the rows are safe. */
struct history_sealed {
    char *id;
    kt_time from, to;
    uint32_t n;
    struct kt_hash hash;
};
struct history_news {
    struct history_sealed *list;
    size_t n, cap;
};
void history_news_add(struct history_news *w, const char *id, const struct history_summary *s,
                      const struct kt_hash *hash);
void history_news_tell(struct history_news *w, const struct kt_history *h);
void history_news_done(struct history_news *w);
void history_set_limit(struct kt_history *h, struct history_point *p);
int64_t history_age_limit(const struct kt_history *h, const struct history_point *p);

/* merge.c */
/** Join what is small in the files that were written lately and have at most so many bytes, the
 *  present day too: they are about to be packed. */
KT_MUST_CHECK int history_merge_small(struct kt_history *h, int64_t most_bytes, struct kt_err *err);

/* query.c: walk what is stored of a point over [from, to), each sample once, in order */
struct history_sink {
    /** A whole chunk lies in the range: true when its summary was enough. */
    bool (*summary)(struct history_sink *s, const struct history_summary *sum);
    /** Sorted samples [lo, hi) of c, all in the range; false ends the walk. */
    bool (*samples)(struct history_sink *s, const struct history_cols *c, uint32_t lo, uint32_t hi);
};
KT_MUST_CHECK int history_walk(struct kt_history *h, const char *point, kt_time from, kt_time to,
                               struct history_sink *sink, struct kt_err *err);
/* pieces.c */
struct history_ctx *history_ctx_new(void);
struct history_ctx *history_ctx_take(struct kt_history *h);
void history_ctx_give(struct kt_history *h, struct history_ctx *c);
void history_ctx_free(struct history_ctx *c);
/** All samples of a point's head, settled, into ctx->head. */
void history_ctx_head(struct kt_history *h, struct history_ctx *c, const char *point);

/* A chunk, or a part of the head, of one day. */
struct history_piece {
    struct history_summary sum;
    struct kt_str run; /* of a chunk: its bytes in ctx->rows once all of the day are there */
    size_t at;         /* place of the row in ctx->rows */
    size_t bytes;
    int64_t key;
    uint32_t lo, hi; /* of the head */
    bool head;
};
/** Append the chunks of one day of a file to the context's pieces. */
void history_pieces_clear(struct history_ctx *c);
void history_pieces_add_row(struct history_ctx *c, int64_t key, struct kt_str row);
void history_pieces_add_head(struct history_ctx *c, uint32_t lo, uint32_t hi);
/** Open all rows that were added and put the pieces in order of their first sample. */
KT_MUST_CHECK int history_pieces_open(struct history_ctx *c, const char *point, const char *path,
                                      struct kt_err *err);
/** End of the pieces from lo that overlap one another. */
size_t history_pieces_cluster(const struct history_ctx *c, size_t lo);
/** The samples of pieces [lo, hi), in order, each once, into c->joined. Returns repeats dropped
 *  through ret_dropped (may be NULL). */
KT_MUST_CHECK int history_pieces_join(struct history_ctx *c, size_t lo, size_t hi,
                                      uint32_t *ret_dropped, struct kt_err *err);
#endif
