/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime's life, and what other threads call. The engine's side is in runtime_thread.c. */
#include "engine/nodes.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/thread.h"

enum { QUEUE_SAMPLES = 4000000, REQUEST_MAX = 256 << 10 };

static void init_locks(struct kt_runtime *rt)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&rt->lock, NULL);
    pthread_cond_init(&rt->reloaded, &attr);
    pthread_mutex_init(&rt->followers.lock, NULL);
    rt_figures_init(&rt->figures);
    pthread_mutex_init(&rt->keeper.lock, NULL);
    pthread_cond_init(&rt->keeper.work, &attr);
    pthread_condattr_destroy(&attr);
    rt_pool_init(&rt->pool);
    rt_after_init(&rt->after);
    rt_ways_init(&rt->ways);
    rt_snap_init(&rt->snap);
}

static struct kt_runtime *runtime_new(const struct kt_runtime_opts *opts)
{
    struct kt_runtime *rt = calloc(1, sizeof(*rt));
    KT_ASSERT(rt);
    init_locks(rt);
    snprintf(rt->data_dir, sizeof(rt->data_dir), "%s", opts->data_dir);
    snprintf(rt->program, sizeof(rt->program), "%s", opts->program ? opts->program : "");
    snprintf(rt->journal_dir, sizeof(rt->journal_dir), "%s/journal", opts->data_dir);
    rt->cluster = opts->cluster;
    atomic_store(&rt->follows, rt->cluster && kt_cluster_role(rt->cluster) == KT_CLUSTER_FOLLOWS);
    rt->plant_clock = opts->plant_clock;
    rt->checkpoint_ns = opts->checkpoint_ns ? opts->checkpoint_ns : 60 * KT_SEC;
    rt->queue_max = opts->queue_samples ? opts->queue_samples : QUEUE_SAMPLES;
    rt->queue = kt_queue_new(rt->queue_max);
    rt->site = kt_site_ref(opts->site);
    atomic_store(&rt->points_n, rt->site->points_n);
    kt_buf_init(&rt->body, 0);
    kt_buf_init(&rt->outcomes, 0);
    rt->numbers = malloc(KT_BATCH_MAX * sizeof(*rt->numbers));
    rt->held = malloc(RT_BATCHES_MAX * sizeof(struct kt_batch *));
    KT_ASSERT(rt->numbers && rt->held);
    rt_ways_site(&rt->ways, rt->site);
    return rt;
}

static int open_journal(struct kt_runtime *rt, struct kt_err *err)
{
    struct kt_journal_opts jo = {.dir = rt->journal_dir,
                                 .segment_bytes = (size_t)rt->site->segment_mb << 20,
                                 .reserve_bytes = (size_t)rt->site->reserve_mb << 20,
                                 .flushed = true,
                                 .event_max = rt->cluster ? KT_CLUSTER_EVENT_MAX : 0,
                                 .on_durable = rt_on_durable,
                                 .on_dropped = rt_on_dropped,
                                 .on_failed = rt_on_failed,
                                 .arg = rt};
    return kt_journal_open(&jo, &rt->journal, err);
}

/* A full disk does not keep a mine from being watched: the start goes on, a replay will say what it
 * misses. */
static void keep_site(struct kt_runtime *rt, const struct kt_geo_map *map)
{
    struct kt_err err = {0};
    if (rt_loaded_put(rt->data_dir, rt->site, map, &rt->loaded, &err) < 0) {
        KT_ERROR("runtime", "the site cannot be kept with the journal: %s", err.text);
    }
}

int kt_runtime_open(const struct kt_runtime_opts *opts, struct kt_runtime **ret, struct kt_err *err)
{
    struct kt_runtime *rt = runtime_new(opts);
    int r = kt_dir_make(rt->data_dir, err);
    if (r == KT_OK && atomic_load(&rt->follows)) {
        r = rt_ids_take(rt, err);
    }
    if (r == KT_OK) {
        r = rt_ids_open(rt->data_dir, rt->site, !atomic_load(&rt->follows), &rt->ids, err);
    }
    if (r == KT_OK) {
        r = open_journal(rt, err);
    }
    if (r == KT_OK) {
        r = rt_history_open(rt, err);
        rt->history_open = true;
    }
    if (r == KT_OK) {
        r = rt_long_open(rt, err);
    }
    if (r == KT_OK) {
        keep_site(rt, opts->map);
        r = rt_recover(rt, opts->map, err);
    }
    if (r == KT_OK) {
        r = rt_record_open(rt, opts->registers, err);
    }
    if (r < 0) {
        kt_runtime_stop(rt);
        return r;
    }
    rt_snap_publish(rt, true);
    *ret = rt;
    return KT_OK;
}

/* More is in the common order, or what waits for it never will be. */
static void on_common(void *arg)
{
    rt_after_deliver(arg);
}

int kt_runtime_start(struct kt_runtime *rt, struct kt_err *err)
{
    rt->started = kt_clock_now();
    rt_erase_start(rt);
    struct kt_cluster_hooks hooks = {.on_durable = on_common, .arg = rt};
    int r = rt->cluster ? kt_cluster_start(rt->cluster, rt->journal, &hooks, err) : KT_OK;
    if (r == KT_OK) {
        r = rt_keeper_start(rt, err);
    }
    if (r == KT_OK) {
        r = rt_history_start(rt, err);
    }
    if (r == KT_OK) {
        r = rt_long_start(rt, err);
    }
    if (r == KT_OK) {
        r = kt_thread_start(&rt->thread, "engine", rt_engine_thread, rt, err);
        rt->runs = r == KT_OK;
    }
    r = r == KT_OK ? rt_travel_start(rt, err) : r;
    return r == KT_OK ? rt_record_start(rt, err) : r;
}

/* What is ours goes into the common order first; then the lease is free for another node. */
static void leave_cluster(struct kt_runtime *rt)
{
    kt_seq last = kt_journal_last(rt->journal);
    if (rt->cluster && rt->runs && last > 0) {
        bool ours = kt_cluster_role(rt->cluster) == KT_CLUSTER_ACTIVE;
        if (ours && kt_cluster_wait(rt->cluster, last - 1, 2 * KT_SEC) < 0) {
            KT_WARN("runtime", "stopped before all events were in the common order");
        }
    }
    kt_cluster_stop(rt->cluster);
}

static void free_all(struct kt_runtime *rt)
{
    rt_follow_end(rt);
    rt_travel_done(rt);
    kt_queue_free(rt->queue);
    kt_engine_free(rt->engine);
    for (uint32_t i = 0; i < rt->retired_n; i++) {
        kt_live_free(rt->retired[i].live);
    }
    kt_live_free(rt->live);
    rt_era_done(&rt->era);
    rt_ids_done(&rt->ids);
    rt_snap_done(&rt->snap);
    rt_ways_done(&rt->ways);
    rt_after_done(&rt->after);
    rt_pool_done(&rt->pool);
    kt_buf_done(&rt->body);
    kt_buf_done(&rt->outcomes);
    kt_site_unref(rt->site);
    pthread_mutex_destroy(&rt->followers.lock);
    rt_figures_done(&rt->figures);
    pthread_mutex_destroy(&rt->keeper.lock);
    pthread_cond_destroy(&rt->keeper.work);
    pthread_mutex_destroy(&rt->lock);
    pthread_cond_destroy(&rt->reloaded);
    free(rt->numbers);
    free(rt->held);
    free(rt->effects);
    rt_coal_free(rt->coal);
    free(rt);
}

void kt_runtime_stop(struct kt_runtime *rt)
{
    if (!rt) {
        return;
    }
    rt_travel_stop(rt);
    rt_record_stop(rt); /* while what it says is still taken */
    atomic_store(&rt->stopping, true);
    kt_queue_close(rt->queue);
    pthread_mutex_lock(&rt->lock);
    pthread_cond_broadcast(&rt->reloaded);
    pthread_mutex_unlock(&rt->lock);
    if (rt->runs) {
        pthread_join(rt->thread, NULL);
        kt_journal_flush(rt->journal);
        if (kt_journal_wait(rt->journal, rt->last, 30 * KT_SEC) == KT_OK) {
            (void)rt_checkpoint_now(rt);
        }
    }
    rt_keeper_stop(rt);
    rt_long_stop(rt);
    if (rt->history_open) {
        rt_history_stop(rt);
    }
    rt_long_done(rt);
    if (rt->journal) {
        struct kt_journal *j = rt->journal;
        kt_journal_flush(j);
        if (kt_journal_wait(j, kt_journal_last(j), KT_SEC) < 0) {
            KT_ERROR("runtime", "stopped before all events were on disk");
        }
        leave_cluster(rt);
        pthread_mutex_lock(&rt->after.lock);
        rt->after.failed = true; /* what is not durable by now is told so */
        pthread_mutex_unlock(&rt->after.lock);
        rt_after_deliver(rt);
        rt_record_done(rt);
        kt_journal_close(j);
    }
    free_all(rt);
}

/* ---- inputs ---- */

static bool fits_site(const struct kt_runtime *rt, const struct kt_batch *b)
{
    uint32_t points_n = atomic_load(&rt->points_n), most = 0;
    for (uint32_t i = 0; i < b->n; i++) {
        most = b->point[i] > most ? b->point[i] : most;
    }
    return b->n <= KT_BATCH_MAX && most < points_n;
}

int kt_runtime_samples(struct kt_runtime *rt, struct kt_batch *b)
{
    struct rt_batch *rb = rt_batch_of(b);
    if (b->n == 0) {
        if (b->done) {
            b->done(b->arg, KT_OK, 0);
        }
        kt_batch_put(rt, b);
        return KT_OK;
    }
    if (!fits_site(rt, b) || atomic_load(&rt->follows)) {
        kt_batch_put(rt, b);
        return atomic_load(&rt->follows) ? KT_ENODE : KT_EINVAL;
    }
    if (!rt_batch_count(rt, b)) {
        kt_batch_put(rt, b);
        return KT_EBUSY;
    }
    b->arrival = b->arrival ? b->arrival : kt_clock_now();
    rb->in = (struct rt_input){IN_SAMPLES, b->lane, b->n};
    atomic_fetch_add(&rt->queued[b->lane], b->n);
    int r = kt_queue_push(rt->queue, b->lane, &rb->in, b->n);
    if (r < 0) {
        atomic_fetch_sub(&rt->queued[rb->in.lane], rb->in.weight);
        kt_batch_put(rt, b);
    }
    return r;
}

static bool is_hello(struct kt_str json)
{
    static const char verb[] = "\"verb\":\"console.hello\"";
    return memmem(json.p, json.n, verb, sizeof(verb) - 1) != NULL;
}

int kt_runtime_request(struct kt_runtime *rt, struct kt_str json, const char *origin,
                       kt_verdict_fn fn, void *arg)
{
    if (json.n > REQUEST_MAX) {
        return KT_ELIMIT;
    }
    if (atomic_load(&rt->follows)) {
        return KT_ENODE;
    }
    if (is_hello(json)) {
        atomic_store(&rt->console_seen, kt_runtime_now(rt));
    }
    bool record = rt_record_verb(json);
    int r = record ? rt_record_enter(rt) : KT_OK;
    if (r < 0) {
        return r;
    }
    struct rt_message *m = rt_message_new(IN_REQUEST, json, origin);
    m->event = KT_EV_REQUEST;
    m->fn = fn;
    m->arg = arg;
    m->record = record;
    if (!rt_travels(rt, m, &r)) {
        r = rt_message_push(rt, m, KT_LANE_URGENT);
    }
    if (r < 0 && record) {
        rt_record_leave(rt);
    }
    return r;
}

static int push_event(struct kt_runtime *rt, enum kt_event_kind kind, struct kt_str json,
                      const char *link)
{
    if (json.n > REQUEST_MAX) {
        return KT_ELIMIT;
    }
    if (atomic_load(&rt->follows)) {
        return KT_ENODE;
    }
    struct rt_message *m = rt_message_new(IN_EVENT, json, link);
    m->event = kind;
    int r = KT_OK;
    if (kind != KT_EV_ANSWER || !rt_travels(rt, m, &r)) {
        r = rt_message_push(rt, m, KT_LANE_URGENT);
    }
    return r;
}

int kt_runtime_answer(struct kt_runtime *rt, struct kt_str json, const char *link)
{
    return push_event(rt, KT_EV_ANSWER, json, link);
}

int kt_runtime_link(struct kt_runtime *rt, struct kt_str json, const char *link)
{
    rt_watch_link(rt, json);
    return push_event(rt, KT_EV_LINK, json, link);
}

int kt_runtime_link_up(struct kt_runtime *rt, const char *link, bool up, const char *text)
{
    struct kt_buf b;
    kt_buf_init(&b, 1 << 13);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "link", link);
    kt_jw_kbool(&w, "up", up);
    kt_jw_kstr(&w, "text", text);
    kt_jw_obj_end(&w);
    int r = kt_runtime_link(rt, (struct kt_str){b.p, b.n}, link);
    kt_buf_done(&b);
    return r;
}

int kt_runtime_readings(struct kt_runtime *rt, struct kt_str body, const char *link,
                        void (*done)(void *arg, int result, kt_seq seq), void *arg)
{
    if (body.n > REQUEST_MAX) {
        return KT_ELIMIT;
    }
    struct rt_message *m = rt_message_new(IN_EVENT, body, link);
    m->event = KT_EV_READINGS;
    m->done = done;
    m->arg = arg;
    return rt_message_push(rt, m, KT_LANE_BULK);
}

int kt_runtime_people_input(struct kt_runtime *rt, struct kt_str json, const char *origin)
{
    enum { PEOPLE_MAX = 2 << 20 };
    if (json.n > PEOPLE_MAX) {
        return KT_ELIMIT;
    }
    struct rt_message *m = rt_message_new(IN_EVENT, json, origin);
    m->event = KT_EV_PEOPLE;
    return rt_message_push(rt, m, KT_LANE_URGENT);
}

int kt_runtime_say(struct kt_runtime *rt, struct kt_str json)
{
    if (json.n > REQUEST_MAX) {
        return KT_ELIMIT;
    }
    if (atomic_load(&rt->follows)) {
        return KT_ENODE;
    }
    return rt_message_push(rt, rt_message_new(IN_OUTCOME, json, "kuangtu"), KT_LANE_URGENT);
}

void kt_runtime_tick(struct kt_runtime *rt, kt_time t)
{
    if (atomic_load(&rt->first_tick) == 0) {
        pthread_mutex_lock(&rt->lock);
        atomic_store(&rt->first_tick, t);
        pthread_cond_broadcast(&rt->reloaded);
        pthread_mutex_unlock(&rt->lock);
    }
    struct rt_message *m = rt_message_new(IN_TICK, (struct kt_str){NULL, 0}, "plant");
    m->tick = t;
    if (rt_message_push(rt, m, KT_LANE_URGENT) < 0) {
        KT_DEBUG("runtime", "a full lane loses a tick, not time: the next one says it");
    }
}

/* Bodies before the event that names them. */
static int keep_next(struct kt_runtime *rt, const struct kt_geo_map *map, struct rt_reload *x,
                     struct kt_err *err)
{
    int r = rt_loaded_put(rt->data_dir, x->site, map, &x->loaded, err);
    if (r < 0 || !x->loaded.has) {
        return r;
    }
    pthread_mutex_lock(&rt->lock);
    struct rt_loaded before = rt->loaded;
    pthread_mutex_unlock(&rt->lock);
    rt_loaded_compare(rt->data_dir, before.has ? &before.manifest : NULL, map, &x->loaded);
    rt_travel_site(rt, &x->loaded);
    return KT_OK;
}

int kt_runtime_reload(struct kt_runtime *rt, struct kt_site *site, const struct kt_geo_map *map,
                      const char *author, const char *why, struct kt_err *err)
{
    struct rt_reload x = {.site = site, .author = author, .why = why};
    if (atomic_load(&rt->follows)) {
        return kt_err_set(err, KT_ENODE, "this node follows; reload the active one");
    }
    int r = keep_next(rt, map, &x, err);
    if (r < 0 || (r = rt_ids_open(rt->data_dir, site, true, &x.ids, err)) < 0) {
        return r;
    }
    r = rt_ids_share(rt, err);
    if (r < 0) {
        rt_ids_done(&x.ids);
        return r;
    }
    x.live = kt_live_new(site->points_n);
    struct rt_message *m = rt_message_new(IN_RELOAD, (struct kt_str){NULL, 0}, author);
    m->reload = &x;
    r = rt->runs ? rt_message_push(rt, m, KT_LANE_URGENT) : KT_ESTATE;
    if (r < 0) {
        kt_err_set(err, r, "the runtime takes no reload now");
    } else {
        pthread_mutex_lock(&rt->lock);
        while (!x.done) {
            pthread_cond_wait(&rt->reloaded, &rt->lock);
        }
        pthread_mutex_unlock(&rt->lock);
        r = x.result;
        if (r < 0 && err) {
            *err = x.err;
        }
    }
    kt_live_free(x.live);
    rt_ids_done(&x.ids);
    return r;
}

/* ---- the present ---- */

struct kt_site *kt_runtime_site(struct kt_runtime *rt)
{
    pthread_mutex_lock(&rt->lock);
    struct kt_site *s = kt_site_ref(rt->site);
    pthread_mutex_unlock(&rt->lock);
    return s;
}

struct kt_live *kt_runtime_live(struct kt_runtime *rt)
{
    pthread_mutex_lock(&rt->lock);
    struct kt_live *l = rt->live;
    pthread_mutex_unlock(&rt->lock);
    return l;
}

struct kt_history *kt_runtime_history(struct kt_runtime *rt)
{
    return rt->history.h;
}

struct kt_journal *kt_runtime_journal(struct kt_runtime *rt)
{
    return rt->journal;
}

kt_time kt_runtime_now(struct kt_runtime *rt)
{
    return atomic_load(&rt->engine_time);
}

void kt_runtime_stats(struct kt_runtime *rt, struct kt_runtime_stats *ret)
{
    struct kt_runtime_stats s = {0};
    pthread_mutex_lock(&rt->snap.lock);
    s.engine = rt->snap.stats;
    pthread_mutex_unlock(&rt->snap.lock);
    kt_journal_stats(rt->journal, &s.journal);
    kt_history_stats(rt->history.h, &s.history);
    s.queue_urgent = atomic_load(&rt->queued[KT_LANE_URGENT]);
    s.queue_bulk = atomic_load(&rt->queued[KT_LANE_BULK]);
    s.batches_out = atomic_load(&rt->pool.out);
    s.refused_batches = atomic_load(&rt->refused) + kt_queue_refused(rt->queue);
    s.lag_ns = s.queue_urgent + s.queue_bulk ? atomic_load(&rt->lag_ns) : 0;
    s.unacked_ns = rt_after_age(rt);
    s.posts = atomic_load(&rt->posts.all);
    s.posts_held = atomic_load(&rt->posts.held);
    s.disk_free = atomic_load(&rt->disk_free);
    s.backup_verified = atomic_load(&rt->backup_verified);
    s.backup_since = atomic_load(&rt->backup_since);
    s.started = rt->started;
    s.engine_time = atomic_load(&rt->engine_time);
    s.last = kt_journal_last(rt->journal);
    s.durable = rt_durable(rt);
    s.failed = atomic_load(&rt->failed);
    s.ahead = atomic_load(&rt->ahead);
    rt_long_stats(rt, &s.lng);
    *ret = s;
}
