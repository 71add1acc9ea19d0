/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine thread: takes inputs, urgent ones first, makes ticks, publishes snapshots, lets what
 * is done go, hands states to the keeper.
 *
 * A tick is applied and written when something else was applied since the last one, for 5 s after
 * an outcome, and once a second: so a delay under way is never more than 100 ms late while anything
 * happens, and a quiet night does not fill the journal.
 */
#include "engine/runtime_impl.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "sys/clock.h"
#include "sys/thread.h"

#define TICK_NS    (100 * KT_MS)
#define PLANT_WAIT (5 * KT_SEC)
#define FLUSH_AT   ((size_t)1 << 20)  /* bytes appended */
#define STALLED    ((size_t)48 << 20) /* bytes that wait for the disk: bulk waits too */
/* Of one turn: inputs, and samples of bulk; then it looks for what is urgent. */
enum { TURN_MAX = 64, TURN_BULK = 4096 };

struct rt_message *rt_message_new(enum rt_input_kind kind, struct kt_str body, const char *origin)
{
    struct rt_message *m = calloc(1, sizeof(*m) + body.n + 1);
    KT_ASSERT(m);
    m->in.kind = kind;
    m->n = body.n;
    if (body.n) {
        memcpy(m->body, body.p, body.n);
    }
    snprintf(m->origin, sizeof(m->origin), "%s", origin ? origin : "");
    return m;
}

int rt_message_push(struct kt_runtime *rt, struct rt_message *m, enum kt_lane lane)
{
    enum { MESSAGE = 64 };
    m->in.lane = lane;
    m->in.weight = MESSAGE + (uint32_t)(m->n / 16);
    atomic_fetch_add(&rt->queued[lane], m->in.weight);
    int r = kt_queue_push(rt->queue, lane, m, m->in.weight);
    if (r < 0) {
        atomic_fetch_sub(&rt->queued[lane], m->in.weight);
        free(m);
    }
    return r;
}

static bool stalled(const struct kt_runtime *rt)
{
    return !atomic_load(&rt->failed) && kt_journal_pending(rt->journal) > STALLED;
}

/* Engine time for a moment of the clock: it never goes back; while the clock is behind it goes on
 * at half speed, so that a clock set back does not stop staleness and delays. */
static kt_time next_time(const struct kt_runtime *rt, kt_mono mono)
{
    kt_time now = kt_clock_now(), last = kt_engine_time(rt->engine);
    return now > last ? now : last + (mono - rt->ticked) / 2;
}

static void watch(struct kt_runtime *rt, kt_time t)
{
    if (t < rt->next_watch) {
        return;
    }
    rt->next_watch = t + KT_SEC;
    struct kt_batch *b =
        kt_batch_get(rt, KT_ROOM_URGENT); /* it says how the program is, also then */
    if (!b) {
        return;
    }
    static const char self[] = "kuangtu";
    memcpy(b->producer, self, sizeof(self));
    b->arrival = t;
    rt_watch_fill(rt, b, t);
    rt_coal_fill(rt, b, t);
    if (b->n == 0) {
        kt_batch_put(rt, b);
        return;
    }
    bool touched = rt->touched;
    rt_apply_batch(rt, b);
    rt->touched = touched; /* watching itself is no news */
}

static void tick(struct kt_runtime *rt, kt_time t)
{
    if (t <= kt_engine_time(rt->engine)) {
        return;
    }
    if (rt->touched || t < rt->busy_until || t - rt->last_tick >= KT_SEC) {
        rt_apply_tick(rt, t);
        watch(rt, t);
    }
}

static void clock_tick(struct kt_runtime *rt)
{
    kt_mono mono = kt_clock_mono();
    if (rt->plant_clock || mono < rt->next_tick) {
        rt->ticked = rt->plant_clock ? mono : rt->ticked;
        return;
    }
    rt->next_tick = mono + TICK_NS;
    tick(rt, next_time(rt, mono));
    rt->ticked = mono;
}

static void take_batch(struct kt_runtime *rt, struct kt_batch *b)
{
    atomic_store(&rt->lag_ns, kt_clock_now() - b->arrival);
    if (b->lane == KT_LANE_BULK && (rt->held_n || stalled(rt))) {
        rt->held[rt->held_n++] = b;
        return;
    }
    rt_apply_batch(rt, b);
}

/* Bulk that waited for a slow disk, in its order, a turn's worth; all of it when the program
 * stops. */
static void apply_held(struct kt_runtime *rt, bool all)
{
    uint32_t i = 0, samples = 0;
    while (i < rt->held_n && (all || (samples < TURN_BULK && !stalled(rt)))) {
        samples += rt->held[i]->n;
        rt_apply_batch(rt, rt->held[i++]);
    }
    memmove(rt->held, rt->held + i, (rt->held_n - i) * sizeof(struct kt_batch *));
    rt->held_n -= i;
}

static void take_one(struct kt_runtime *rt, struct rt_input *in)
{
    atomic_fetch_sub(&rt->queued[in->lane], in->weight);
    if (in->kind == IN_SAMPLES) {
        struct rt_batch *rb = (struct rt_batch *)(void *)in;
        take_batch(rt, &rb->b);
        return;
    }
    struct rt_message *m = (struct rt_message *)(void *)in;
    if (in->kind == IN_TICK) {
        tick(rt, m->tick);
        free(m);
        return;
    }
    rt_apply_message(rt, m);
}

bool rt_checkpoint_now(struct kt_runtime *rt)
{
    struct rt_checkpoint at = {.seq = rt->last, .time = kt_engine_time(rt->engine)};
    if (rt->following && rt->following->era.known) {
        at.site = rt->following->era.manifest;
    } else if (rt->loaded.has) {
        at.site = rt->loaded.manifest;
    }
    struct kt_buf state;
    kt_buf_init(&state, 0);
    kt_engine_save(rt->engine, &state);
    if (state.full || !rt_keeper_give(rt, &at, &state)) {
        kt_buf_done(&state);
        return false;
    }
    return true;
}

void rt_checkpoint_due(struct kt_runtime *rt)
{
    kt_mono now = kt_clock_mono();
    if (now >= rt->next_checkpoint) {
        rt->next_checkpoint = now + (rt_checkpoint_now(rt) ? rt->checkpoint_ns : KT_SEC);
    }
}

/* Behind a turn: snapshots first, so that a verdict is never older than what its reader sees. */
void rt_end_turn(struct kt_runtime *rt, bool more)
{
    rt_snap_publish(rt, rt->asked);
    rt_snap_people(rt);
    rt->asked = false;
    atomic_store(&rt->engine_time, kt_engine_time(rt->engine));
    rt_after_release(rt);
    if (rt->unflushed && (!more || rt->unflushed >= FLUSH_AT)) {
        kt_journal_flush(rt->journal);
        rt->unflushed = 0;
    }
}

/* How long a turn may wait for inputs. */
static int64_t patience(const struct kt_runtime *rt)
{
    if (rt->held_n) {
        return stalled(rt) ? KT_MS : 0;
    }
    int64_t wait = rt->plant_clock ? TICK_NS : rt->next_tick - kt_clock_mono();
    return wait > 0 ? wait : 0;
}

static size_t turn(struct kt_runtime *rt)
{
    struct rt_input *in[TURN_MAX];
    size_t n = kt_queue_pop_many(rt->queue, (void **)in, TURN_MAX, TURN_BULK, patience(rt)), i = 0;
    clock_tick(rt); /* before samples: none of them is ahead of the engine by more than a tick */
    while (i < n && in[i]->lane == KT_LANE_URGENT) {
        take_one(rt, in[i++]);
    }
    apply_held(rt, false);
    while (i < n) {
        take_one(rt, in[i++]);
    }
    rt_end_turn(rt, rt->held_n > 0 || kt_queue_weight(rt->queue) > 0);
    rt_checkpoint_due(rt);
    return n;
}

/* The time of the start. A plant's clock is waited for a little, so that no input comes before it.
 */
static kt_time start_time(struct kt_runtime *rt, kt_mono now)
{
    if (!rt->plant_clock) {
        return next_time(rt, now);
    }
    kt_mono end = now + PLANT_WAIT;
    struct timespec ts = {.tv_sec = (time_t)(end / KT_SEC), .tv_nsec = (long)(end % KT_SEC)};
    pthread_mutex_lock(&rt->lock);
    while (!atomic_load(&rt->first_tick) && !atomic_load(&rt->stopping) &&
           pthread_cond_timedwait(&rt->reloaded, &rt->lock, &ts) == 0) {
    }
    pthread_mutex_unlock(&rt->lock);
    kt_time first = atomic_load(&rt->first_tick), last = kt_engine_time(rt->engine);
    return first > last ? first : last > 0 ? last : 1;
}

void *rt_engine_thread(void *arg)
{
    struct kt_runtime *rt = arg;
    atomic_store(&rt->ahead, kt_thread_nice(-10));
    if (!atomic_load(&rt->ahead)) {
        KT_INFO("runtime", "cuts do not go ahead of other programs on this machine: the right is "
                           "missing (LimitNICE=-10)");
    }
    kt_mono now = kt_clock_mono();
    rt->ticked = rt->next_tick = now;
    rt->next_checkpoint = now + rt->checkpoint_ns;
    rt_follow(rt);
    if (!atomic_load(&rt->follows)) {
        now = kt_clock_mono();
        rt->ticked = rt->next_tick = now;
        rt_apply_start(rt, start_time(rt, now));
        rt_ready(rt);
    }
    while (!atomic_load(&rt->follows) && (turn(rt) > 0 || !atomic_load(&rt->stopping))) {
    }
    apply_held(rt, true);
    rt_end_turn(rt, false);
    return NULL;
}
