/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_ENGINE_RUNTIME_IMPL_H
#define KT_ENGINE_RUNTIME_IMPL_H
/*
 * What the files of the runtime share.
 *
 *   producers ──▶ queue ──▶ engine thread ─┬─▶ journal (its writer thread) ──on_durable─┐
 *                              │           ├─▶ after: what waits for the disk ◀─────────┘
 *                              │           └─▶ snapshots, live table       │
 *                              │ checkpoint bytes                          ├─▶ acknowledgements
 *                              ▼                                           ├─▶ effects, followers
 *                           keeper thread                                  └─▶ history thread
 *
 * Invariants
 *  1. An input is applied, then appended with its outcomes behind it, all by the engine thread; the
 *     seq that the engine saw is the one that the journal has.
 *  2. Of `after`, nothing is delivered before its seq is durable; a verdict not before the
 * snapshots have it. Whoever asks for a snapshot after an outcome gets one that has it
 *     (kt_runtime_snapshot_now()). Deliveries are in order of seq and by one thread at a time.
 *  3. A protective effect goes out inside apply and waits for nothing.
 *  4. When the journal refuses an input it was applied all the same (a full disk hides no gas); its
 *     producer is told, and a `gap` outcome says from when to when inputs were not written.
 *  5. Every event that is applied while running is in the journal, but for 4; so a replay computes
 *     the same. Ticks are applied only when they are written.
 * Lock order: lock, then after.lock; fx.lock and followers.lock are taken alone.
 */
#include <stdatomic.h>

#include "base/map.h"
#include "conf/json.h"
#include "engine/runtime_past.h"
#include "history/long.h"

/* ---- batches ---- */
enum {
    RT_BATCHES_PUSH = 1536,
    RT_BATCHES_LINK = 2048,
    RT_BATCHES_MAX = 2560,
    RT_BATCHES_KEPT = 64,
    RT_SAMPLES_MAX = 6 << 20 /* of bulk, in all batches that are under way: 126 MiB */
};
enum rt_input_kind { IN_SAMPLES, IN_EVENT, IN_REQUEST, IN_TICK, IN_RELOAD, IN_OUTCOME };

/* What stands in the queue. */
struct rt_input {
    enum rt_input_kind kind;
    enum kt_lane lane;
    uint32_t weight;
};
struct rt_batch {
    struct rt_input in;
    uint32_t counted; /* of the pool's samples */
    struct kt_batch b;
};
struct rt_message { /* every kind but samples */
    struct rt_input in;
    enum kt_event_kind event;
    kt_time tick;
    kt_verdict_fn fn;
    void *arg;
    struct rt_reload *reload;
    void (*done)(void *arg, int result, kt_seq seq); /* of readings */
    kt_seq cause;                                    /* of an outcome of the record room */
    bool record;                                     /* a request that the record room judges */
    char origin[65];
    size_t n;
    char body[];
};
struct rt_reload { /* the caller's, who waits */
    struct kt_site *site;
    struct kt_live *live;
    struct rt_ids ids;
    struct rt_loaded loaded;
    const char *author, *why;
    bool done;
    int result;
    struct kt_err err;
};
struct rt_pool {
    pthread_mutex_t lock;
    struct kt_batch *free;
    uint32_t free_n;
    atomic_uint out;
    atomic_uint samples; /* of bulk, from kt_runtime_samples() until the batch is back */
};
static inline struct rt_batch *rt_batch_of(struct kt_batch *b)
{
    return (struct rt_batch *)(void *)((char *)b - offsetof(struct rt_batch, b));
}
static inline struct kt_samples rt_batch_view(const struct kt_batch *b)
{
    return (struct kt_samples){b->n, b->point, b->time, b->value, b->quality};
}
void rt_pool_init(struct rt_pool *p);
void rt_pool_done(struct rt_pool *p);
void rt_batch_ref(struct kt_batch *b);
/** Count the samples of a bulk batch; false: too many are under way. */
bool rt_batch_count(struct kt_runtime *rt, struct kt_batch *b);
void rt_batch_unref(struct kt_runtime *rt, struct kt_batch *b);

/* ---- after: what waits until it is durable ---- */
/* AFTER_ACK: of a batch that is back in the pool; history reads its samples from the journal.
 * AFTER_TOLD: of readings. */
enum rt_after_kind {
    AFTER_BATCH,
    AFTER_ACK,
    AFTER_TOLD,
    AFTER_VERDICT,
    AFTER_EFFECT,
    AFTER_OUTCOME
};
struct rt_after_item {
    enum rt_after_kind kind;
    int result; /* of a verdict that is not on disk */
    kt_seq seq;
    kt_time time;
    kt_mono since; /* pushed */
    union {
        struct kt_batch *batch; /* a reference */
        struct kt_effect effect;
        struct {
            void (*done)(void *arg, int result, kt_seq seq); /* of an acknowledgement */
            void *done_arg;
        };
        struct {
            char *json; /* owned */
            size_t n;
            kt_verdict_fn fn; /* of a verdict */
            void *arg;
        };
    };
};
struct rt_after {
    pthread_mutex_t lock;
    struct rt_after_item *ring;
    size_t cap, head, n;
    size_t released; /* of n, from the head: may go once durable */
    bool delivering, failed;
    kt_seq alone_to; /* last that was answered while cut off from the other nodes; 0: none since.
                        Whoever delivers */
    kt_seq *dropped; /* rising: samples events whose bodies the disk had no room for */
    size_t dropped_cap, dropped_n;
};
void rt_after_init(struct rt_after *a);
void rt_after_done(struct rt_after *a);
void rt_after_push(struct kt_runtime *rt, const struct rt_after_item *item);
/** How long the first of all that waits has waited; 0: nothing does. Any thread. */
int64_t rt_after_age(struct kt_runtime *rt);
/** Let all that was pushed go, and deliver what is durable already. Engine thread. */
void rt_after_release(struct kt_runtime *rt);
/** Deliver what is released and durable. Any thread; one at a time does the work. */
void rt_after_deliver(struct kt_runtime *rt);
/* the journal's callbacks */
void rt_on_durable(void *arg, kt_seq seq);
void rt_on_dropped(void *arg, kt_seq seq);
void rt_on_failed(void *arg, const struct kt_err *err);

/* ---- ways out ---- */
enum { RT_FOLLOWERS = 16 };
struct rt_kept {
    struct kt_effect effect;
    uint32_t way;
};
struct rt_way {
    char link[64]; /* text id */
    kt_effect_fn fn;
    void *arg;
    uint32_t index; /* under which it registered */
    int8_t up;      /* as the link said last: 1 up, 0 down, -1 nothing yet */
};
enum { RT_WORDS = 256, RT_WORD_KINDS = KT_LINK_MAIL + 1 };
struct rt_ways {
    pthread_mutex_t lock;
    struct {
        kt_word_fn fn;
        void *arg;
    } word[RT_WORD_KINDS];         /* by kind of link */
    struct kt_word held[RT_WORDS]; /* with their JSON, for a link that is not there (yet) */
    uint32_t held_n;
    struct kt_site *site; /* a reference */
    struct rt_way *ways;
    uint32_t n;
    uint32_t *by_link; /* link index of the present site -> way */
    uint32_t links_n;
    /* for a link that is not there (yet): the newest of each output, so never more than those */
    struct rt_kept *kept;
    uint32_t kept_n, kept_cap;
    uint64_t *opened; /* by output: id of the last protective command that went out */
    uint32_t opened_n;
};
void rt_ways_init(struct rt_ways *w);
void rt_ways_done(struct rt_ways *w);
void rt_ways_site(struct rt_ways *w, struct kt_site *site);
void rt_effect_send(struct kt_runtime *rt, const struct kt_effect *e);
void rt_word_send(struct kt_runtime *rt, const struct kt_word *w);

struct rt_followers {
    pthread_mutex_t lock;
    struct {
        kt_outcome_fn fn;
        void *arg;
    } f[RT_FOLLOWERS];
    int n;
};
void rt_erase_start(struct kt_runtime *rt); /**< recordings to be erased lose their bytes */
void rt_followers_call(struct kt_runtime *rt, kt_seq seq, kt_time time, struct kt_str json);

/* ---- history thread ---- */
/*
 * Batches come in piles, two that change places. Small ones are copied into the pile's columns, so
 * that they wake the thread and hold their memory no longer than needed; others come by reference.
 */
enum {
    RT_PILE_ITEMS = 8192,
    RT_PILE_SAMPLES = 1 << 20,
    RT_PILE_SMALL = 1024,
    RT_PILE_COPIED = 1 << 16
};
struct rt_pile_item {
    struct kt_batch *batch; /* a reference; NULL: copied */
    kt_seq seq, prev;       /* prev: of the samples event before it */
    kt_time arrival;
    uint32_t at, n; /* copied: where in the columns */
};
struct rt_pile {
    struct rt_pile_item *items; /* RT_PILE_ITEMS */
    uint32_t n;
    uint32_t samples;
    struct kt_columns copied;
};
/* A number whose point the site does not have, and the place behind the site's points where history
 * takes its samples. */
struct rt_gone {
    uint32_t number, place;
};
struct rt_history {
    struct kt_history *h;
    pthread_t thread;
    bool runs;
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct rt_pile pile; /* what waits */
    bool stop;
    atomic_bool site_changed;
    kt_seq offered;       /* last samples event offered */
    atomic_ullong added;  /* last samples event that history has */
    atomic_llong reached; /* when that one arrived */
    /* the thread's own */
    struct rt_pile own;
    kt_mono taken;                /* when it took the last pile */
    kt_mono handed;               /* when it looked for months that the long history has */
    struct kt_history_batch *run; /* RT_PILE_ITEMS: what is added together */
    struct kt_columns columns;
    struct rt_gone *gone; /* of the present site */
    uint32_t gone_n;
    struct kt_buf sealed;
    uint32_t sealed_n;
    kt_time sealed_from, sealed_to, merged, retained;
};
KT_MUST_CHECK int rt_history_open(struct kt_runtime *rt, struct kt_err *err);
KT_MUST_CHECK int rt_history_start(struct kt_runtime *rt, struct kt_err *err);
void rt_history_stop(struct kt_runtime *rt);
/** Offer a durable batch. Never waits: what has no room is read from the journal later. */
void rt_history_offer(struct kt_runtime *rt, struct kt_batch *b);
/** A durable samples event that is not offered: history finds it in the journal. */
void rt_history_pass(struct kt_runtime *rt, kt_seq seq);
/** Seconds that history is behind what is durable: age of the newest batch that it has; 0 when it
 *  has all, or nothing since the start. Any thread. */
double rt_history_behind(struct kt_runtime *rt);
void rt_history_site(struct kt_runtime *rt);
/** As history stores it: time from the future becomes the arrival, uncertain. */
void rt_clip_future(struct kt_columns *c, kt_time arrival);

/* ---- long history's thread ---- */
struct rt_long_place {
    kt_seq seq;               /* all samples events up to it are there */
    kt_time time;             /* and the time of that one */
    kt_time old_from, old_to; /* of the embedded history this is to be sent, too; empty: nothing */
    kt_time at;               /* of `point`, from here on */
    char point[160];          /* the next one; ids in order of bytes */
    uint64_t gaps; /* times that samples were lost, VictoriaMetrics being away too long */
};
struct rt_long_last { /* of a point, for its deadband */
    bool has;
    kt_time time;
    double value;
};
struct rt_long {
    struct kt_long *lng; /* NULL: the site has none */
    pthread_t thread;
    bool runs;
    pthread_mutex_t lock;
    pthread_cond_t work;
    atomic_bool stop;
    /* read by anybody */
    atomic_ullong sent_seq, gaps;
    _Atomic kt_time safe_time, behind_since; /* behind_since: 0 when nothing waits */
    atomic_bool complete;                    /* of the older part nothing is left */
    /* the thread's own */
    char to[600]; /* where it goes: another address begins anew */
    struct rt_long_place sent, mark, safe;
    kt_mono marked;
    bool caught_up;
    kt_time begun; /* this sending, for a place where nothing is yet */
    struct kt_journal_reader *reader;
    struct kt_site *site; /* a reference */
    const char **names;
    struct rt_long_last *last;
    struct kt_columns columns, decoded;
};
/** Nothing happens for a site without one. */
KT_MUST_CHECK int rt_long_open(struct kt_runtime *rt, struct kt_err *err);
KT_MUST_CHECK int rt_long_start(struct kt_runtime *rt, struct kt_err *err);
void rt_long_stop(struct kt_runtime *rt); /**< while journal and history are open */
void rt_long_done(struct kt_runtime *rt); /**< after history was closed */
/** History thread: drop here what the long history has for longer than `days`. */
KT_MUST_CHECK int rt_long_hand_over(struct kt_runtime *rt, kt_time now, int days,
                                    struct kt_err *err);
void rt_long_stats(struct kt_runtime *rt, struct kt_runtime_long *ret);

/* ---- record room's thread ---- */
struct rt_record_site { /* references */
    struct kt_site *site;
    struct kt_record_model *model;
};
struct rt_waiting {
    kt_seq seq;
    kt_verdict_fn fn;
    void *arg;
};
struct rt_said;
struct rt_record {
    struct kt_room *room; /* NULL: none */
    pthread_t thread;
    bool opened, runs;
    atomic_bool stop;
    atomic_bool again; /* this node has become active: what was not said is said now */
    pthread_mutex_t lock;
    struct rt_record_site next; /* comes into force with its site event; under lock */
    atomic_uint asked;          /* requests whose verdict is owed */
    /* the engine thread's: rising */
    struct rt_waiting *waiting;
    size_t waiting_n, waiting_cap;
    /* the room thread's */
    struct kt_journal_reader *reader;
    kt_seq seq;
    struct rt_said *said; /* of a node that follows: what its room says, until the journal has it */
    kt_seq known_cause;   /* the last outcome that the journal has */
    uint32_t known_k;
};
KT_MUST_CHECK int rt_record_open(struct kt_runtime *rt, struct kt_record_model *model,
                                 struct kt_err *err);
KT_MUST_CHECK int rt_record_start(struct kt_runtime *rt, struct kt_err *err);
void rt_record_stop(struct kt_runtime *rt); /**< before the queue is closed */
void rt_record_done(struct kt_runtime *rt); /**< after the engine thread has ended */
/** Is this request the room's? By the verb at its root, as the room reads it. */
bool rt_record_verb(struct kt_str body);
/** One more request for the room: KT_EBUSY when too many wait, KT_EUNSUPPORTED without a room. */
KT_MUST_CHECK int rt_record_enter(struct kt_runtime *rt);
void rt_record_leave(struct kt_runtime *rt); /**< it did not come that far */
/* Engine thread: the verdict of seq is owed to fn; who waits for the verdict of a cause? */
void rt_record_wait(struct kt_runtime *rt, kt_seq seq, kt_verdict_fn fn, void *arg);
bool rt_record_waiter(struct kt_runtime *rt, kt_seq cause, kt_verdict_fn *ret_fn, void **ret_arg);

/* ---- keeper thread: checkpoints to disk, retention, free space ---- */
struct rt_keeper {
    pthread_t thread;
    bool runs;
    pthread_mutex_t lock;
    pthread_cond_t work;
    bool stop, has_state;
    struct rt_checkpoint at;
    struct kt_buf state;
    kt_time thinned;
};
KT_MUST_CHECK int rt_keeper_start(struct kt_runtime *rt, struct kt_err *err);
void rt_keeper_stop(struct kt_runtime *rt);
/** Give the keeper a state to write (takes the bytes); false when it is still busy. */
bool rt_keeper_give(struct kt_runtime *rt, const struct rt_checkpoint *at, struct kt_buf *state);
void rt_keeper_disk(struct kt_runtime *rt);
void rt_keeper_backup(struct kt_runtime *rt); /**< when the data were last copied */

/* ---- snapshots ---- */
struct rt_snapshots {
    pthread_mutex_t lock;
    struct kt_buf text[KT_SNAPS], spare[KT_SNAPS];
    pthread_cond_t fresh; /* a newer one stands here */
    uint64_t version;
    _Atomic uint64_t engine_version; /* behind the last turn, before anybody was told of it */
    atomic_bool asked;               /* somebody waits for it */
    kt_mono built, counted;
    struct kt_engine_stats stats;
    struct kt_buf people, people_spare;
    uint64_t people_version;
    _Atomic uint64_t people_now; /* of the engine, behind the last turn */
    atomic_bool people_asked;
    kt_mono people_built;
};
void rt_snap_init(struct rt_snapshots *s);
void rt_snap_done(struct rt_snapshots *s);
/** Publish when something changed and 250 ms have passed (50 ms when somebody waits), or now.
 *  Engine thread. */
void rt_snap_publish(struct kt_runtime *rt, bool now);
void rt_snap_people(struct kt_runtime *rt); /**< engine thread: what of persons is asked for */

/* ---- posts of producers: how many were held ---- */
enum { RT_POSTS_WINDOW = 10 /* s */ };
struct rt_posts {
    _Atomic uint64_t all, held;
    /* engine thread: both as they were at the beginning of each of the last seconds */
    struct {
        uint64_t all, held;
    } was[RT_POSTS_WINDOW];
    int at;
    kt_mono next;
};

/* ---- the whole ---- */
enum { RT_RETIRED = 64 };
struct rt_retired { /* live tables of sites that were replaced */
    struct kt_live *live;
    kt_mono since;
};

/* When records of calibration were open, as far as was asked (runtime_figures.c). */
struct rt_figures {
    pthread_mutex_t lock;
    struct rt_calibrated *list; /* in order of their beginning */
    size_t n, cap;
    kt_time from; /* known from here ... */
    kt_seq next;  /* ... to this event */
};
void rt_figures_init(struct rt_figures *f);
void rt_figures_done(struct rt_figures *f);

struct kt_runtime {
    char data_dir[512], journal_dir[540], program[32]; /* its version */
    struct kt_cluster *cluster;                        /* NULL: alone */
    struct rt_past *following; /* of a node that follows, until it becomes active */
    atomic_bool follows;
    _Atomic kt_seq halted; /* nothing behind it is applied: another site was taken; 0: not so */
    bool plant_clock;
    int64_t checkpoint_ns;
    size_t queue_max;

    pthread_mutex_t lock; /* site, live, retired, reload, first tick */
    pthread_cond_t reloaded;
    struct kt_site *site;
    struct kt_live *live;
    struct rt_retired retired[RT_RETIRED];
    uint32_t retired_n;
    struct rt_ids ids;       /* engine thread; history thread under lock */
    struct rt_loaded loaded; /* of site */
    struct rt_era era; /* of another site, that the engine recovered in; until the start's event */

    struct kt_journal *journal;
    struct kt_queue *queue;
    struct rt_pool pool;
    struct rt_after after;
    struct rt_ways ways;
    struct rt_followers followers;
    struct rt_history history;
    struct rt_figures figures;
    struct rt_long lng;
    struct rt_record record;
    struct rt_travel *travel; /* NULL: alone */
    struct rt_keeper keeper;
    struct rt_snapshots snap;

    /* engine thread */
    pthread_t thread;
    bool runs, history_open;
    struct kt_engine *engine;
    struct kt_engine_out engine_out;
    struct rt_past *past;         /* while recovering; then NULL */
    kt_seq last;                  /* last seq given */
    struct kt_buf body, outcomes; /* of the input being applied */
    uint32_t outcomes_n;
    struct kt_effect *effects; /* that wait for the disk */
    uint32_t effects_n, effects_cap;
    uint32_t *numbers;      /* scratch */
    struct kt_batch **held; /* bulk that waits for a slow disk */
    uint32_t held_n;
    bool touched;   /* something but a tick was applied since the last tick */
    bool asked;     /* a request was applied since the last release */
    bool recovered; /* there was a journal before this start */
    kt_mono next_tick, next_checkpoint, ticked;
    kt_time written_time; /* of the last event */
    kt_time last_tick, busy_until, next_watch;
    char difference[400];   /* first one that recovery met; "" none */
    struct kt_buf differ;   /* those that it met, a line each; said at the start */
    struct kt_buf lost;     /* what is gone of history; likewise */
    uint64_t differences;   /* how many it met */
    kt_time unwritten_from; /* first input that the journal refused; 0: none */
    uint64_t unwritten;
    size_t unflushed; /* bytes appended since the last flush */

    /* read by anybody */
    kt_time started;
    _Atomic uint32_t points_n;
    _Atomic int64_t engine_time, lag_ns, disk_free, disk_size;
    _Atomic int64_t backup_verified, backup_since; /* wall time; 0: never, not known */
    _Atomic int64_t first_tick;                    /* of the plant */
    _Atomic int64_t console_seen; /* engine time of the last heartbeat of a console */
    _Atomic size_t queued[KT_LANES];
    _Atomic uint64_t refused;
    struct rt_posts posts;
    struct rt_coal *coal; /* runtime_coal.c; NULL before the first second */
    _Atomic bool failed, stopping;
    _Atomic bool ahead; /* its thread may go ahead of other programs */
};

/* runtime_apply.c: one input through engine and journal; engine thread. */
void rt_apply_batch(struct kt_runtime *rt, struct kt_batch *b);     /**< takes the batch */
void rt_apply_message(struct kt_runtime *rt, struct rt_message *m); /**< takes the message */
void rt_apply_tick(struct kt_runtime *rt, kt_time t);
void rt_apply_start(struct kt_runtime *rt, kt_time t); /**< the site event of a start */
void rt_engine_outcome(void *arg, struct kt_str json);
void rt_engine_effect(void *arg, const struct kt_effect *e);
void rt_engine_word(void *arg, const struct kt_word *w);
/** Write an outcome of the program itself; the engine does not see it. */
void rt_say(struct kt_runtime *rt, struct kt_str json);
/** An outcome under seq rt->last, for followers once it is durable. */
void rt_tell(struct kt_runtime *rt, struct kt_str json);
/** The present table is replaced: the old one stays for who reads it. Holding rt->lock. */
void rt_retire_live(struct kt_runtime *rt);

/* runtime_follow.c */
/** What is durable: on our disk and, with other nodes, in the common order. Any thread. */
kt_seq rt_durable(const struct kt_runtime *rt);
/** Is this node active and cut off from the others? Then nothing but what protects goes out. */
bool rt_cut_off(const struct kt_runtime *rt);
/** Engine thread of a node that follows: until it is the active one, or the program stops. */
void rt_follow(struct kt_runtime *rt);
void rt_ready(struct kt_runtime *rt);      /**< the start is applied: the others may know */
void rt_follow_end(struct kt_runtime *rt); /**< frees what a follower has */

/* runtime_thread.c */
void *rt_engine_thread(void *arg);
/** Behind a turn: snapshots, deliveries, the journal's flush. */
void rt_end_turn(struct kt_runtime *rt, bool more);
void rt_checkpoint_due(struct kt_runtime *rt);
/** Save the state and hand it to the keeper; engine thread, or after it has ended. */
bool rt_checkpoint_now(struct kt_runtime *rt);
struct rt_message *rt_message_new(enum rt_input_kind kind, struct kt_str body, const char *origin);
/** Queue a message; freed when refused. */
KT_MUST_CHECK int rt_message_push(struct kt_runtime *rt, struct rt_message *m, enum kt_lane lane);

/** runtime_watch.c: values of the points with a role `self.*`. */
void rt_watch_fill(struct kt_runtime *rt, struct kt_batch *b, kt_time now);
/* runtime_coal.c: engine thread */
void rt_coal_fill(struct kt_runtime *rt, struct kt_batch *b, kt_time now);
void rt_coal_free(struct rt_coal *c); /**< accepts NULL */
void rt_watch_link(struct kt_runtime *rt, struct kt_str json);
/** runtime_recover.c: state from checkpoint and journal. */
KT_MUST_CHECK int rt_recover(struct kt_runtime *rt, const struct kt_geo_map *map,
                             struct kt_err *err);
#endif
