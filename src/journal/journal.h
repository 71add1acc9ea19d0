/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_JOURNAL_JOURNAL_H
#define KT_JOURNAL_JOURNAL_H
/*
 * journal: the one ordered record of inputs and outcomes. Append, group commit, follow, read back,
 * verify, retention. Backend `file`: pre-zeroed segments, recycled by rename (decision 0002).
 *
 * Threads: append from one thread (the engine's); one writer thread inside commits; readers and
 * kt_journal_synced() from any thread.
 * Invariants
 *  1. seq rises by one from 1, without a gap.
 *  2. chain(n) = H(chain(n-1) || header(n) || H(body(n))); a body may be dropped by retention, its
 *     hash stays, so the chain still verifies.
 *  3. An event is acknowledged (on_durable) only after fdatasync of all up to it.
 *  4. After a failed write or sync nothing is acknowledged any more until a reopen, but for events
 * of consequence that still fit the reserve when the disk is full.
 */
#include "base/buf.h"
#include "base/crypto.h"
#include "base/id.h"
#include "base/time.h"

enum kt_event_kind {
    KT_EV_SAMPLES = 1,
    KT_EV_TICK = 2,
    KT_EV_REQUEST = 3,
    KT_EV_ANSWER = 4,
    KT_EV_SITE = 5,
    KT_EV_LINK = 6,
    KT_EV_READINGS = 7, /* of the tags of persons; bodies are dropped as those of samples are */
    KT_EV_PEOPLE = 8,
    KT_EV_OUTCOME = 16,
};

struct kt_event {
    kt_seq seq;
    kt_time time; /* engine time at which it was applied */
    enum kt_event_kind kind;
    struct kt_str origin; /* user, producer, link or "engine"; at most 64 bytes */
    struct kt_str body;   /* empty when retention dropped it */
    struct kt_hash body_hash;
    bool dropped; /* the body is gone, body_hash says what it was; to append: it counts */
};

/*
 * Events outside a journal: bytes that carry what the chain is made of, so that another node can
 * append the same event under the same chain.
 */
/** Append one event: as in a segment, its hash included. body_hash counts when it is dropped. */
void kt_event_pack(struct kt_buf *out, const struct kt_event *ev);
/** The event at p, under a seq; its strings point into p. KT_ECORRUPT: no event stands there. */
KT_MUST_CHECK int kt_event_unpack(const void *p, size_t n, kt_seq seq, struct kt_event *ret,
                                  size_t *ret_size);
/** chain = H(chain, header, body hash), by the event's body_hash. */
void kt_event_chain(struct kt_hash *chain, const struct kt_event *ev);

struct kt_journal;

struct kt_journal_opts {
    const char *dir;
    size_t segment_bytes; /* 0: 32 MiB */
    size_t reserve_bytes; /* 0: 16 MiB: room for events of consequence on a full disk */
    size_t pending_bytes; /* 0: 64 MiB: bound of what waits for the disk */
    size_t event_max;     /* bytes of one body at most; 0: as the segments allow */
    bool flushed;         /* whoever appends calls kt_journal_flush() behind its last event: an
                             event alone does not wake the writer, so a group wakes it once */
    /** After every commit, on the writer thread: all events up to seq are durable. */
    void (*on_durable)(void *arg, kt_seq seq);
    /** The disk was full before the samples of event seq could be stored: its body is dropped (its
     *  hash stays), so its producer is not acknowledged. On the writer thread, before the
     *  on_durable() of that seq. May be NULL. */
    void (*on_dropped)(void *arg, kt_seq seq);
    /** Once, when writing has failed for good; err says why. */
    void (*on_failed)(void *arg, const struct kt_err *err);
    void *arg;
};

/**
 * Open or create; recovers the tail (a half-written frame is cut off, never a whole one). A new
 * journal zeroes its first segment and its reserve here.
 * @return KT_OK; KT_EBUSY another program writes it; KT_ECORRUPT damage before the tail; KT_EFULL
 * no room for a new journal; KT_EIO
 */
KT_MUST_CHECK int kt_journal_open(const struct kt_journal_opts *opts, struct kt_journal **ret,
                                  struct kt_err *err);
/** Commit what is pending, stop the writer, free. Readers of it are freed before. Accepts
 *  NULL. */
void kt_journal_close(struct kt_journal *j);

/**
 * Append one event to the pending group; never waits for the disk.
 * ev->seq must be kt_journal_last() + 1; what is refused takes no seq. body_hash is computed by the
 * writer.
 * @return KT_OK; KT_EBUSY the pending bound is reached (samples only: events of consequence have a
 *         bound of their own, twice as large); KT_EFULL the disk is full: samples (and ticks, when
 *         half of the reserve is used) are refused until there is room again; KT_EIO, KT_EFULL
 *         writing has failed for good; KT_ELIMIT larger than a quarter of a segment or half of the
 *         reserve; KT_EINVAL wrong seq, kind or origin
 */
KT_MUST_CHECK int kt_journal_append(struct kt_journal *j, const struct kt_event *ev,
                                    struct kt_err *err);
/** Hand the pending group to the writer now (the engine calls it when its queue is empty or a
 *  group is large; the writer commits whatever waits when it is idle). */
void kt_journal_flush(struct kt_journal *j);
kt_seq kt_journal_last(const struct kt_journal *j);    /**< last appended */
kt_seq kt_journal_durable(const struct kt_journal *j); /**< last synced; any thread */
kt_seq kt_journal_first(const struct kt_journal *j);   /**< oldest that is still there */
/** Wait until seq is durable; KT_ETIMEOUT, KT_EIO after a failure. */
KT_MUST_CHECK int kt_journal_wait(struct kt_journal *j, kt_seq seq, int64_t timeout_ns);
/** Wait until an event behind `after` that is neither samples nor a tick is durable: who follows
 *  those alone is not woken for each commit. KT_ETIMEOUT, KT_EIO after a failure. */
KT_MUST_CHECK int kt_journal_wait_news(struct kt_journal *j, kt_seq after, int64_t timeout_ns);
size_t kt_journal_pending(const struct kt_journal *j); /**< bytes; any thread */
/** Last durable seq and the chain up to it; any thread. */
void kt_journal_head(const struct kt_journal *j, kt_seq *ret_seq, struct kt_hash *ret_chain);

struct kt_journal_stats {
    uint64_t commits, bytes, events, samples;
    int64_t last_commit_ns, worst_commit_ns; /* duration of write + sync */
    bool failed;                             /* for good */
    bool on_reserve; /* the disk is full: samples are refused, the reserve is being used */
    bool low;        /* no room for the next segment: an alarm about Kuangtu itself */
};
void kt_journal_stats(const struct kt_journal *j, struct kt_journal_stats *ret);

/* Reading back: durable events only. A reader opened on a live journal follows it. */
struct kt_journal_reader;
/** @param j a live journal, or NULL with `dir` of a closed one */
KT_MUST_CHECK int kt_journal_read(struct kt_journal *j, const char *dir, kt_seq from,
                                  struct kt_journal_reader **ret, struct kt_err *err);
/** Next event; ev's strings are valid until the next call. 1 got one, 0 at the end, or an error. */
KT_MUST_CHECK int kt_journal_next(struct kt_journal_reader *r, struct kt_event *ev,
                                  struct kt_err *err);
/** As next, passing over kinds whose bit is not set in `kinds` (1u << kind) without decoding. */
KT_MUST_CHECK int kt_journal_next_of(struct kt_journal_reader *r, uint32_t kinds,
                                     struct kt_event *ev, struct kt_err *err);
/** Events behind `seq` are not read yet: next answers 0 before them. */
void kt_journal_reader_until(struct kt_journal_reader *r, kt_seq seq);
void kt_journal_reader_free(struct kt_journal_reader *r);
/** The first event at or after a time; seq 0 when there is none. Uses the segments' headers. */
KT_MUST_CHECK int kt_journal_find(struct kt_journal *j, const char *dir, kt_time at, kt_seq *ret,
                                  struct kt_err *err);

/**
 * Retention: drop sample bodies of events before `seq` (whole segments are rewritten beside and
 * swapped in; one that reaches to `seq` or beyond, or is being written, is left for the next time);
 * events of consequence stay. Runs on the caller's thread, never the engine's.
 */
KT_MUST_CHECK int kt_journal_thin(struct kt_journal *j, kt_seq before, struct kt_err *err);

struct kt_journal_verdict {
    kt_seq first, last;
    uint64_t events, bodies, dropped_bodies;
    struct kt_hash chain; /* of last */
};
/** Read all, check CRC, sequence, body hashes and chain. KT_ECORRUPT names segment and seq. */
KT_MUST_CHECK int kt_journal_verify(const char *dir, void (*progress)(void *arg, double part),
                                    void *arg, struct kt_journal_verdict *ret, struct kt_err *err);

/**
 * The chain up to seq, read from the segment that holds it; of a live journal too, for what is
 * durable. seq 0, or the one before the first event: where the chain begins. KT_ENOTFOUND.
 */
KT_MUST_CHECK int kt_journal_chain_at(const char *dir, kt_seq seq, struct kt_hash *ret,
                                      struct kt_err *err);
/**
 * Take away all events behind `seq` of a closed journal, whose chain up to it must be `chain`. What
 * is cut is kept beside, as the segments were, in a new folder CUT_DIR/SEQ-TIME. Crash-safe: cut
 * half, it is a journal with a shorter tail, and can be cut again.
 * @return KT_OK; KT_ECORRUPT another chain; KT_EBUSY a program writes it; KT_ENOTFOUND; KT_EIO
 */
KT_MUST_CHECK int kt_journal_cut(const char *dir, kt_seq seq, const struct kt_hash *chain,
                                 const char *cut_dir, struct kt_err *err);

/* Bodies by hash: large things are files named by their hash under DIR/bodies. */
KT_MUST_CHECK int kt_body_put(const char *dir, const void *p, size_t n, struct kt_hash *ret,
                              struct kt_err *err);
/** As kt_body_put(), durable with the next kt_bodies_sync(): for many at once. */
KT_MUST_CHECK int kt_body_put_soon(const char *dir, const void *p, size_t n, struct kt_hash *ret,
                                   struct kt_err *err);
/** Take a body away for good; one that is not there is no error. */
KT_MUST_CHECK int kt_body_erase(const char *dir, const struct kt_hash *h, struct kt_err *err);
KT_MUST_CHECK int kt_bodies_sync(const char *dir, struct kt_err *err);
KT_MUST_CHECK int kt_body_get(const char *dir, const struct kt_hash *h, size_t max,
                              struct kt_buf *out, struct kt_err *err);
#endif
