/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_ENGINE_RUNTIME_H
#define KT_ENGINE_RUNTIME_H
/*
 * runtime: the engine at work: its thread, the queue before it, the journal and history behind it,
 * ticks, checkpoints, and the fan-out to followers. Links and the API meet it only here.
 *
 * Threads: see docs/internals/contracts.md section 3. Every function here may be called from any
 * thread unless it says otherwise.
 */
#include <pthread.h>

#include "cluster/cluster.h"
#include "engine/engine.h"
#include "geo/geo.h"
#include "history/history.h"
#include "history/long.h"
#include "record/record.h"
#include "sys/queue.h"

struct kt_runtime;

/*
 * A batch of samples on its way. The producer gets one from the pool, fills columns, submits; the
 * last user gives it back. Columns have room for KT_BATCH_MAX.
 */
enum { KT_BATCH_MAX = 32768 };
struct kt_batch {
    uint32_t n;
    uint32_t *point;
    kt_time *time;
    double *value;
    kt_quality *quality;
    kt_time arrival;
    char producer[64];
    enum kt_lane lane; /* URGENT when it carries cut-off points or feed states */
    /* called once: on durable (KT_OK) or refusal; on the journal or engine thread: be short */
    void (*done)(void *arg, int result, kt_seq seq);
    void *arg;
    /* private */
    int refs;
    struct kt_batch *next;
    kt_seq seq;
};

struct kt_runtime_opts {
    struct kt_site *site;              /* a reference is taken */
    const struct kt_geo_map *map;      /* its drawing, borrowed for the call; NULL: none */
    const char *data_dir;              /* site/data */
    struct kt_record_model *registers; /* a reference is taken; NULL: no record room */
    struct kt_cluster *cluster;        /* joined, not started; NULL: this node is alone */
    const char *program;               /* its version, for the start's event; NULL: not said */
    bool plant_clock;                  /* ticks come from kt_runtime_tick() */
    int64_t checkpoint_ns;             /* 0: 60 s */
    size_t queue_samples;              /* 0: 4 million */
};

KT_MUST_CHECK int kt_runtime_open(const struct kt_runtime_opts *opts, struct kt_runtime **ret,
                                  struct kt_err *err); /**< recovers: checkpoint + journal */
KT_MUST_CHECK int kt_runtime_start(struct kt_runtime *rt, struct kt_err *err);
void kt_runtime_stop(struct kt_runtime *rt); /**< drains, checkpoints, closes */

/** A batch from the pool; NULL when too many are under way (answer 429). */
/* Who gives way first when the disk is slow: pushes over HTTP, then other links, then what is
 * urgent. A batch of the urgent room goes to the urgent lane and gives its place in the pool back
 * as soon as it is applied, so the way from a cut-off sensor to its switch never waits for a disk.
 */
enum kt_room_of { KT_ROOM_PUSH, KT_ROOM_LINK, KT_ROOM_URGENT, KT_ROOMS };
struct kt_batch *kt_batch_get(struct kt_runtime *rt, enum kt_room_of room);
void kt_batch_put(struct kt_runtime *rt, struct kt_batch *b); /**< gives it back unsent */
/** Would one be had? Any thread; a moment's answer. False counts as a batch that was refused. */
bool kt_batch_room(struct kt_runtime *rt, enum kt_room_of room);
/** The same for who can wait: nothing is refused. */
bool kt_batch_left(struct kt_runtime *rt, enum kt_room_of room);
/** A producer was answered; `held`: it was refused for want of room, or had waited to send. What
 *  self.held is the share of. Any thread. */
void kt_runtime_posted(struct kt_runtime *rt, bool held);
/** Takes the batch in every case. KT_EBUSY: full, refused (done is not called). */
KT_MUST_CHECK int kt_runtime_samples(struct kt_runtime *rt, struct kt_batch *b);
/**
 * A request of a person, ahead of all samples in the queue. fn is called once, when its verdict is
 * on disk and in the snapshots: KT_OK with the verdict outcome's JSON (ok or not), or why it is not
 * on disk, with an empty text. Not called when this function fails: KT_EBUSY, KT_ELIMIT,
 * KT_ECLOSED.
 */
typedef void (*kt_verdict_fn)(void *arg, int result, struct kt_str verdict_json);
KT_MUST_CHECK int kt_runtime_request(struct kt_runtime *rt, struct kt_str json, const char *origin,
                                     kt_verdict_fn fn, void *arg);
KT_MUST_CHECK int kt_runtime_answer(struct kt_runtime *rt, struct kt_str json, const char *link);
/** Readings of tags (journal/readings.h, coded) from a link that may bring them; copied. `done` is
 *  called once, as that of a batch; not when this function fails: KT_EBUSY, KT_ELIMIT, KT_ECLOSED.
 */
KT_MUST_CHECK int kt_runtime_readings(struct kt_runtime *rt, struct kt_str body, const char *link,
                                      void (*done)(void *arg, int result, kt_seq seq), void *arg);
/** What was computed or read of persons beside the engine: {"roster":[…]} or {"plan":{…}}. */
KT_MUST_CHECK int kt_runtime_people_input(struct kt_runtime *rt, struct kt_str json,
                                          const char *origin);
/** Is a link up? `text`: why not, or "". KT_EBUSY, KT_ECLOSED: not taken, tell it again. */
KT_MUST_CHECK int kt_runtime_link_up(struct kt_runtime *rt, const char *link, bool up,
                                     const char *text);
/** Other news of a link: {"link", …}. */
KT_MUST_CHECK int kt_runtime_link(struct kt_runtime *rt, struct kt_str json, const char *link);
/** An outcome of the program itself, beside the engine: into the journal as it is; followers are
 *  told once it is durable. An object that begins with "type". */
KT_MUST_CHECK int kt_runtime_say(struct kt_runtime *rt, struct kt_str json);
void kt_runtime_tick(struct kt_runtime *rt, kt_time t); /**< plant clock only */
/** Swap the site after a check; waits until applied. Site and map (NULL: none) are kept as bodies
 *  first: what cannot be kept is not loaded. */
KT_MUST_CHECK int kt_runtime_reload(struct kt_runtime *rt, struct kt_site *site,
                                    const struct kt_geo_map *map, const char *author,
                                    const char *why, struct kt_err *err);

/** The room that records are read from; NULL without one. Lives as long as the runtime. */
struct kt_room *kt_runtime_room(struct kt_runtime *rt);
/** Registers of a site that is about to be reloaded: they come into force with it. */
void kt_runtime_registers(struct kt_runtime *rt, struct kt_site *site,
                          struct kt_record_model *model);

/*
 * Several nodes (decision 0014). A node that follows applies what the active one wrote, has no way
 * out and takes no input: KT_ENODE. It becomes active when the lease comes to it.
 */
bool kt_runtime_follows(const struct kt_runtime *rt);
/** The gate: may this effect go to the wire now? Asked by the link right before it writes. What is
 *  protective or only reads always may. */
bool kt_runtime_may(const struct kt_runtime *rt, const struct kt_effect *e);
/** Has this node taken over a site that the active one loaded, and is it on disk? Then the
 *  program has to begin again. */
bool kt_runtime_site_taken(struct kt_runtime *rt);
/** The fencing token for devices that keep one; 0: none. */
int64_t kt_runtime_token(const struct kt_runtime *rt);
/** Does this node act for the site: alone, or the active one within its lease? */
bool kt_runtime_acts(const struct kt_runtime *rt);
/**
 * A small value that belongs to the site and not to a node, beside the order of events: in
 * data/NAME.json, with several nodes in etcd, where the active one alone may write it. Any thread.
 * @return KT_OK it is safe; KT_ESTATE another node is active; KT_EIO, KT_EFULL
 */
KT_MUST_CHECK int kt_runtime_keep(struct kt_runtime *rt, const char *name, struct kt_str value,
                                  struct kt_err *err);
/** Appended. KT_ENOTFOUND none yet; KT_EIO etcd does not answer. */
KT_MUST_CHECK int kt_runtime_kept(struct kt_runtime *rt, const char *name, struct kt_buf *out,
                                  struct kt_err *err);
/** What is on our disk and, with several nodes, in the common order: what may leave this node. */
kt_seq kt_runtime_durable(const struct kt_runtime *rt);
struct kt_cluster *kt_runtime_cluster(struct kt_runtime *rt); /**< NULL: alone */

struct kt_link_state { /* of one link: what `show` and /health print */
    bool up;
    kt_time since, last_data;
    uint64_t reads, errors, reconnects, samples, writes;
    char text[160];
};

/*
 * The way out: each link registers what it does with effects on its points. Called on the engine
 * thread for protective effects, for the others on the journal's or the engine's, once durable:
 * hand over, never block, never register from within. Effects for a link that is not registered
 * wait for it, the newest of each output. fn NULL takes back what was registered with this `arg`
 * (NULL: under this index), whatever the link's index is by now; fn is not running any more when
 * this returns.
 */
typedef void (*kt_effect_fn)(void *arg, const struct kt_effect *e);
void kt_runtime_on_effect(struct kt_runtime *rt, uint32_t link, kt_effect_fn fn, void *arg);

/* The way of words (struct kt_word) to the site's only link of a kind: as effects, on the engine
 * thread, at once. What comes while nobody is registered waits for it, at most RT_WORDS of them and
 * until they expire. fn NULL takes back what was registered with this `arg`. */
typedef void (*kt_word_fn)(void *arg, const struct kt_word *w);
void kt_runtime_on_word(struct kt_runtime *rt, enum kt_link_kind kind, kt_word_fn fn, void *arg);

/* Followers: every durable outcome, in order, on the journal or engine thread. Copy and return.
 * When the journal has failed outcomes go on coming, so that screens do not fall silent. */
typedef void (*kt_outcome_fn)(void *arg, kt_seq seq, kt_time time, struct kt_str json);
void kt_runtime_follow(struct kt_runtime *rt, kt_outcome_fn fn, void *arg);
void kt_runtime_unfollow(struct kt_runtime *rt, kt_outcome_fn fn, void *arg);

/* Present: references and snapshots. */
struct kt_site *kt_runtime_site(struct kt_runtime *rt); /**< a reference; unref it */
/** Valid for ten minutes after a reload has replaced it (within one call of the API, surely). */
struct kt_live *kt_runtime_live(struct kt_runtime *rt);
struct kt_history *kt_runtime_history(struct kt_runtime *rt);
struct kt_journal *kt_runtime_journal(struct kt_runtime *rt);
/** kt_history_buckets() for figures that people answer for: without what was measured while a
 *  calibration counted, the device's flag and an open record together. Reads the journal where a
 *  bucket is not all normal. */
KT_MUST_CHECK int kt_runtime_figures(struct kt_runtime *rt, const char *point, kt_time from,
                                     kt_time to, uint32_t n, struct kt_bucket *ret,
                                     struct kt_err *err);
enum kt_snapshot { KT_SNAP_ALARMS, KT_SNAP_OUTPUTS, KT_SNAP_STATE, KT_SNAPS };
/** A copy of the JSON that was last asked for, appended: after a request it has what the verdict
 *  says. Returns its version. */
uint64_t kt_runtime_snapshot(struct kt_runtime *rt, enum kt_snapshot what, struct kt_buf *out);
/** The same, never older than any outcome that a follower has been told: waits for the engine's
 *  next turn when it is behind, some 100 ms at most. Not from a follower, verdict or effect. */
uint64_t kt_runtime_snapshot_now(struct kt_runtime *rt, enum kt_snapshot what, struct kt_buf *out);
/** Who is below (kt_engine_json_people()), appended; its version. With `fresh` never older than the
 *  engine's last turn; else as it was last asked for, at most some 100 ms before. */
uint64_t kt_runtime_people(struct kt_runtime *rt, bool fresh, struct kt_buf *out);
kt_time kt_runtime_now(struct kt_runtime *rt); /**< engine time */

struct kt_runtime_long { /* the long history */
    bool on;
    struct kt_long_state state;
    kt_seq sent;       /* the last samples event that it answered for */
    int64_t behind_ns; /* from that one to engine time, when more wait; else 0 */
    uint64_t gaps;     /* times that samples were lost, it being away for too long */
    bool complete;     /* what was here before is there, too */
};
struct kt_runtime_stats {
    struct kt_runtime_long lng;
    struct kt_engine_stats engine;
    struct kt_journal_stats journal;
    struct kt_history_stats history;
    size_t queue_urgent, queue_bulk, batches_out;
    uint64_t refused_batches;
    int64_t lag_ns;     /* oldest sample in the queue to engine time */
    int64_t unacked_ns; /* how long what was applied first of all that is not durable has waited */
    uint64_t posts, posts_held; /* answers to producers; of them, see kt_runtime_posted() */
    int64_t disk_free;
    kt_time backup_verified, backup_since; /* store/mark.h; 0: never, not known */
    kt_time started, engine_time;
    kt_seq last, durable;
    bool failed; /* journal: nothing is acknowledged */
    bool ahead;  /* the way of a cut goes ahead of other programs on the machine */
};
void kt_runtime_stats(struct kt_runtime *rt, struct kt_runtime_stats *ret);

/*
 * The past. A replay owns an engine of its own without a way out. It runs the site that was in
 * force, and goes over to the next where the record says so.
 */
struct kt_replay;
/** State as it stood at `at` (nearest checkpoint, then journal; before the journal's samples from
 *  chunks and kept events). */
KT_MUST_CHECK int kt_replay_open(struct kt_runtime *rt, kt_time at, struct kt_replay **ret,
                                 struct kt_err *err);
/** Forward to `to`; outcomes that were recorded in between go to fn. */
KT_MUST_CHECK int kt_replay_run(struct kt_replay *r, kt_time to, kt_outcome_fn fn, void *arg,
                                struct kt_err *err);
const struct kt_engine *kt_replay_engine(const struct kt_replay *r);
const struct kt_live *kt_replay_live(const struct kt_replay *r);
/** The site in force where the replay stands; borrowed until it goes on. Another pointer: another
 *  site, with indexes of its own. */
struct kt_site *kt_replay_site(const struct kt_replay *r);
/** First difference between what was recorded and what today's code computes; "" when none. */
const char *kt_replay_difference(const struct kt_replay *r);
void kt_replay_free(struct kt_replay *r);

/**
 * Back-test: run other rules or limits over [from,to) and give their outcomes, with the seq of the
 * input that led to them. It warms up for an hour before; of requests only acknowledgements count.
 *
 * @param rt    the running program, or NULL: data_dir is of one that does not run
 * @param site  today's, with `extra` in it
 * @param extra what is tried: laid over each site that was in force in those hours. KT_EINVAL when
 *              it does not fit one of them. NULL: `site` alone runs, whatever was in force
 */
KT_MUST_CHECK int kt_backtest(struct kt_runtime *rt, const char *data_dir, struct kt_site *site,
                              const struct kt_site_extra *extra, kt_time from, kt_time to,
                              kt_outcome_fn fn, void *arg, void (*progress)(void *arg, double part),
                              struct kt_err *err);
#endif
