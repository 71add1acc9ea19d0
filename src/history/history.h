/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_HISTORY_HISTORY_H
#define KT_HISTORY_HISTORY_H
/*
 * history: samples compressed in chunks, exact to the bit, with count, min, max, sum and last
 * beside each chunk; queries from raw samples to buckets over years. Embedded backend: one SQLite
 * file a month and retention class under DIR (store/), clustered by (point, start).
 *
 * Points are named by text id in the files (a table id -> number), by kt_point_id in memory.
 * Threads: open, declare, add, seal, merge, retain, close from one thread (the history thread,
 * which alone writes); queries, stats, safe_seq, backup from any. One process writes a folder;
 * verify and chunks only read it and may run beside.
 * Layout and reasons: docs/decisions/0005-history-files.md.
 *
 * Invariants
 *  1. What kt_history_add() took is found by a query at once (heads are searched too).
 *  2. A sample with the time and value of one that is stored is stored once; another value at the
 *     same time: both are kept, the later arrival answers queries for "last".
 *  3. kt_history_safe_seq(): every sample from events up to it is on disk; recovery re-adds the
 *     rest from the journal, and doubles vanish by 2.
 */
#include "base/arena.h"
#include "base/crypto.h"
#include "base/sample.h"

struct kt_history;
typedef void (*kt_history_lost_fn)(void *arg, const char *name);
struct kt_history_opts {
    const char *dir;
    uint32_t chunk_samples; /* 0: 3600 */
    int64_t chunk_age_ns;   /* 0: 1 h: an older head is sealed (and merged later) */
    size_t heads_most;      /* 0: 48 MiB: memory of what is not in a file yet; beyond it points that
                               take more than their share are sealed earlier (and merged later) */
    /** a chunk was written: hash for the journal's chain (history thread) */
    void (*on_sealed)(void *arg, const char *point, kt_time from, kt_time to, uint32_t n,
                      const struct kt_hash *hash);
    /** while it opens: a month's file that was there is gone; told once, the others go on. NULL: it
     *  is in the log alone, and the next open says it again */
    kt_history_lost_fn on_lost;
    void *arg;
};
KT_MUST_CHECK int kt_history_open(const struct kt_history_opts *opts, struct kt_history **ret,
                                  struct kt_err *err);
void kt_history_close(struct kt_history *h); /**< seals all heads */

/* A point must be declared before its first sample; calling again (reload) changes the settings. */
struct kt_history_point {
    const char *id;    /* text id */
    double deadband;   /* thins what is stored: a good value within it of the last stored one, and
                          younger than 10 min, is passed over; 0: everything is kept */
    uint8_t retention; /* class: enum kt_retention */
};
KT_MUST_CHECK int kt_history_declare(struct kt_history *h, kt_point_id p,
                                     const struct kt_history_point *conf, struct kt_err *err);
/**
 * Add a batch that the journal holds under `seq` (0: an import, in no journal). It is taken whole
 * or not at all; after an error add it again later.
 *
 * @param seq      rising; a first one at or below kt_history_safe_seq() means that the journal
 * began anew
 * @param arrival  kept where it differs from the sample's time by more than 1 s; 0: not known
 * @return KT_OK; KT_EINVAL a point that was not declared, or a time before 1700 or after 2261;
 *         KT_EFULL, KT_EIO files cannot be written and memory is at its bound: until the batch is
 *         added after all (in order), or history opened again, safe_seq stays before it
 */
KT_MUST_CHECK int kt_history_add(struct kt_history *h, uint64_t seq, kt_time arrival,
                                 const struct kt_samples *s, struct kt_err *err);
/* One of many batches. */
struct kt_history_batch {
    uint64_t seq;
    kt_time arrival;
    struct kt_samples samples;
};
/** kt_history_add() of each, in order, up to the first that cannot be taken, for less: samples of
 *  one point are put together first. What is added last is found by queries when all are.
 *  @param ret_added  how many were added, also after an error */
KT_MUST_CHECK int kt_history_add_many(struct kt_history *h, const struct kt_history_batch *b,
                                      uint32_t n, uint32_t *ret_added, struct kt_err *err);
/** Seal what is full or old, spread over calls (one a second is right); `all` seals everything.
 *  On failure samples stay in memory, are found by queries, and the next call tries again. */
KT_MUST_CHECK int kt_history_seal(struct kt_history *h, kt_time now, bool all, struct kt_err *err);
/** Join small neighbouring chunks of days before `before` into full ones, settle chunks that
 * overlap, and reclaim space of months that are over (once a night, and after an import). */
KT_MUST_CHECK int kt_history_merge(struct kt_history *h, kt_time before, struct kt_err *err);
/** Drop months that are past their class's retention (days; 0 keeps for ever). */
KT_MUST_CHECK int kt_history_retain(struct kt_history *h, kt_time now, const int days[3],
                                    struct kt_err *err);
/*
 * The long history behind this one (history/long.h). Set it before the first query; it is borrowed.
 * What was dropped here is asked there from then on; months of key points, which the law wants, are
 * dropped by kt_history_retain() alone.
 */
struct kt_long;
void kt_history_long(struct kt_history *h, struct kt_long *l);
/** What of a point lies before is in the long history, as exact as that is; INT64_MIN: nothing. */
kt_time kt_history_border(struct kt_history *h, const char *point);
/** Drop months of normal and short points that ended more than `days` ago. Call it only while the
 *  long history has all that is older than an hour; files written in the last two hours stay. */
KT_MUST_CHECK int kt_history_hand_over(struct kt_history *h, kt_time now, int days,
                                       struct kt_err *err);
uint64_t kt_history_safe_seq(const struct kt_history *h); /**< any thread */

/* Queries. Ranges are [from, to). Points by text id, so that ended points answer too. */
struct kt_bucket {
    kt_time start;  /* from + i * width */
    uint64_t count; /* of known samples (quality not bad, value not NaN); 0: gap */
    double min, max, sum, last;
    kt_time min_time, max_time, last_time;
    kt_quality worst; /* worst quality seen, NORMAL when none */
};
/** Exact buckets over [from,to): n of equal width (the last may be shorter or empty). ret has room
 *  for n. A point of which nothing is stored gives gaps. KT_ECORRUPT names file and chunk. Across
 *  the long history the width is whole milliseconds, and KT_EIO, KT_ETIMEOUT, KT_EAUTH say that it
 *  does not answer. */
KT_MUST_CHECK int kt_history_buckets(struct kt_history *h, const char *point, kt_time from,
                                     kt_time to, uint32_t n, struct kt_bucket *ret,
                                     struct kt_err *err);
/** Raw samples in time order to fn (with arrival, 0 when equal); stop when fn returns false. */
typedef bool (*kt_history_fn)(void *arg, kt_time time, double value, kt_quality q, kt_time arrival);
KT_MUST_CHECK int kt_history_scan(struct kt_history *h, const char *point, kt_time from, kt_time to,
                                  kt_history_fn fn, void *arg, struct kt_err *err);
/* The same of what is stored here alone. */
KT_MUST_CHECK int kt_history_buckets_local(struct kt_history *h, const char *point, kt_time from,
                                           kt_time to, uint32_t n, struct kt_bucket *ret,
                                           struct kt_err *err);
KT_MUST_CHECK int kt_history_scan_local(struct kt_history *h, const char *point, kt_time from,
                                        kt_time to, kt_history_fn fn, void *arg,
                                        struct kt_err *err);
/** Last sample at or before `at`; KT_ENOTFOUND. */
KT_MUST_CHECK int kt_history_last(struct kt_history *h, const char *point, kt_time at,
                                  struct kt_sample *ret, struct kt_err *err);

struct kt_history_stats {
    uint64_t points, samples, chunks, bytes, head_samples, late, duplicates;
};
void kt_history_stats(struct kt_history *h, struct kt_history_stats *ret);
/** Read every chunk, check its hash and that it decodes, and that no month's file is gone. */
KT_MUST_CHECK int kt_history_verify(const char *dir, void (*progress)(void *arg, double part),
                                    void *arg, uint64_t *ret_chunks, struct kt_err *err);
/** Every chunk in the files with its hash, to hold against those that on_sealed put into the chain
 *  (a merged chunk was reported anew); fn returns false to stop. Checks as kt_history_verify(). */
typedef bool (*kt_history_chunk_fn)(void *arg, const char *point, kt_time from, kt_time to,
                                    uint32_t n, const struct kt_hash *hash);
KT_MUST_CHECK int kt_history_chunks(const char *dir, kt_history_chunk_fn fn, void *arg,
                                    struct kt_err *err);
/** A consistent copy of all files into another folder while running. */
KT_MUST_CHECK int kt_history_backup(struct kt_history *h, const char *to_dir, struct kt_err *err);
#endif
