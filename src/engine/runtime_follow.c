/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A node that follows: what the active one wrote is appended under the same seq and chain, inputs
 * are applied to an engine without a way out, and the outcomes that come of it are held against
 * those that were written. It is a recovery that goes on until this node is the active one.
 */
#include "engine/nodes.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/log.h"
#include "sys/clock.h"

#define TURN_NS   (50 * KT_MS)
#define BUSY_WAIT (10 * KT_MS)

kt_seq rt_durable(const struct kt_runtime *rt)
{
    return rt->cluster ? kt_cluster_durable(rt->cluster) : kt_journal_durable(rt->journal);
}

bool rt_cut_off(const struct kt_runtime *rt)
{
    if (!rt->cluster || atomic_load(&rt->follows)) {
        return false;
    }
    enum kt_cluster_role role = kt_cluster_role(rt->cluster);
    return role == KT_CLUSTER_CUT_OFF || role == KT_CLUSTER_LOST;
}

kt_seq kt_runtime_durable(const struct kt_runtime *rt)
{
    return rt_durable(rt);
}

bool kt_runtime_follows(const struct kt_runtime *rt)
{
    return atomic_load(&rt->follows);
}

bool kt_runtime_may(const struct kt_runtime *rt, const struct kt_effect *e)
{
    return !rt->cluster || e->protective || e->read_first ||
           (!atomic_load(&rt->follows) && kt_cluster_may(rt->cluster));
}

int64_t kt_runtime_token(const struct kt_runtime *rt)
{
    return rt->cluster ? kt_cluster_token(rt->cluster) : 0;
}

struct kt_cluster *kt_runtime_cluster(struct kt_runtime *rt)
{
    return rt->cluster;
}

/* ---- events of the active node ---- */

/* A full disk costs the body of samples; their hash keeps the chain. */
static int append(struct kt_runtime *rt, struct kt_event *ev, struct kt_err *err)
{
    int r = kt_journal_append(rt->journal, ev, err);
    while (r == KT_EBUSY && !atomic_load(&rt->stopping)) {
        kt_journal_flush(rt->journal);
        kt_sleep(BUSY_WAIT);
        r = kt_journal_append(rt->journal, ev, err);
    }
    if (r == KT_EFULL && ev->kind == KT_EV_SAMPLES) {
        ev->dropped = true;
        ev->body.n = 0;
        r = kt_journal_append(rt->journal, ev, err);
    }
    return r;
}

/* Read data/points.ids anew for a site. */
static int new_ids(struct kt_runtime *rt, struct rt_ids *ids, const struct kt_site *site, bool grow,
                   struct kt_err *err)
{
    struct rt_ids fresh, old;
    int r = rt_ids_open(rt->data_dir, site, grow, &fresh, err);
    if (r < 0) {
        return r;
    }
    pthread_mutex_lock(&rt->lock); /* history reads them, too */
    old = *ids;
    *ids = fresh;
    pthread_mutex_unlock(&rt->lock);
    rt_ids_done(&old);
    return KT_OK;
}

static void take_ids(struct kt_runtime *rt)
{
    struct rt_past *p = rt->following;
    struct kt_err err = {0};
    int r = rt_ids_take(rt, &err);
    r = r < 0 ? r : new_ids(rt, &rt->ids, rt->site, false, &err);
    r = r < 0 ? r : new_ids(rt, &p->era.ids, p->era.site, false, &err);
    if (r < 0) {
        KT_ERROR("cluster", "%s", err.text);
        kt_cluster_differs(rt->cluster, err.text);
    }
}

/* The table that screens read is the era's, while today's site is in force. */
static void show_era(struct kt_runtime *rt)
{
    struct rt_past *p = rt->following;
    bool today = p->era.site == rt->site;
    if (!p->left_live && (!today || p->era.live == rt->live)) {
        return;
    }
    struct kt_live *next = today ? p->era.live : kt_live_new(rt->site->points_n);
    pthread_mutex_lock(&rt->lock);
    if (next != rt->live) {
        rt_retire_live(rt);
        rt->live = next;
    }
    pthread_mutex_unlock(&rt->lock);
    if (p->left_live) { /* it was the one shown, which is kept, or nobody saw it */
        bool kept = false;
        for (uint32_t i = 0; i < rt->retired_n; i++) {
            kept = kept || rt->retired[i].live == p->left_live;
        }
        if (!kept) {
            kt_live_free(p->left_live);
        }
        p->left_live = NULL;
    }
}

static void look_at_site(struct kt_runtime *rt, const struct kt_event *ev)
{
    struct rt_site_event s;
    rt_site_event(ev, &s);
    if (s.has) {
        rt_site_look(rt, &s.manifest);
    }
    show_era(rt);
    take_ids(rt);
}

static void apply(struct kt_runtime *rt, const struct kt_event *ev)
{
    struct rt_past *p = rt->following;
    uint64_t before = p->differences;
    rt_past_event(p, ev);
    if (ev->kind == KT_EV_OUTCOME) {
        rt_tell(rt, ev->body);
    } else if (ev->kind == KT_EV_SAMPLES) {
        struct rt_after_item item = {.kind = AFTER_ACK, .seq = ev->seq};
        rt_after_push(rt, &item);
    } else if (ev->kind == KT_EV_SITE) {
        look_at_site(rt, ev);
    }
    if (before == 0 && p->differences > 0) {
        KT_ERROR("cluster", "this node computes another outcome than the active one: %s",
                 p->difference);
        kt_cluster_differs(rt->cluster, p->difference);
    }
}

/* One run; false: the journal takes no more. */
static bool take_run(struct kt_runtime *rt, const struct kt_cluster_run *run)
{
    size_t at = 0;
    kt_seq seq = run->first;
    struct kt_err err = {0};
    while (at < run->events.n && !atomic_load(&rt->halted)) {
        struct kt_event ev;
        size_t size;
        int r = kt_event_unpack(run->events.p + at, run->events.n - at, seq++, &ev, &size);
        KT_ASSERT(r == KT_OK); /* it was checked when it came */
        at += size;
        rt_travel_take(rt, &ev);
        r = append(rt, &ev, &err);
        if (r < 0) {
            KT_ERROR("cluster", "event %" PRIu64 " cannot be kept: %s", ev.seq, err.text);
            kt_cluster_journal_failed(rt->cluster);
            return false;
        }
        rt->last = ev.seq;
        rt->unflushed += size;
        apply(rt, &ev);
    }
    return true;
}

/* ---- what came to the queue although this node follows ---- */

static void refuse_message(struct kt_runtime *rt, struct rt_message *m)
{
    if (m->in.kind == IN_TICK) {
        atomic_store(&rt->first_tick, m->tick);
    }
    if (m->in.kind == IN_RELOAD) {
        m->reload->result = kt_err_set(&m->reload->err, KT_ENODE, "this node follows");
        pthread_mutex_lock(&rt->lock);
        m->reload->done = true;
        pthread_cond_broadcast(&rt->reloaded);
        pthread_mutex_unlock(&rt->lock);
    }
    if (m->fn) {
        m->fn(m->arg, KT_ENODE, (struct kt_str){"", 0});
        if (m->record) {
            rt_record_leave(rt);
        }
    }
    free(m);
}

static void refuse_all(struct kt_runtime *rt)
{
    struct rt_input *in;
    while ((in = kt_queue_pop(rt->queue, 0))) {
        atomic_fetch_sub(&rt->queued[in->lane], in->weight);
        if (in->kind == IN_SAMPLES) {
            struct kt_batch *b = &((struct rt_batch *)(void *)in)->b;
            if (b->done) {
                b->done(b->arg, KT_ENODE, 0);
            }
            rt_batch_unref(rt, b);
        } else {
            refuse_message(rt, (struct rt_message *)(void *)in);
        }
    }
}

/* ---- to the active one ---- */

/* Outcomes of the last input that the one before us did not get into the common order. */
static void append_left(struct kt_runtime *rt, struct rt_past *p)
{
    struct kt_str left;
    struct kt_err err = {0};
    if (p->differences > 0) {
        return;
    }
    while (rt_past_left(p, &left)) {
        struct kt_event ev = {.seq = rt->last + 1,
                              .time = kt_engine_time(rt->engine),
                              .kind = KT_EV_OUTCOME,
                              .origin = KT_STR("engine"),
                              .body = left};
        if (kt_journal_append(rt->journal, &ev, &err) < 0) {
            KT_ERROR("cluster", "%s", err.text);
            return;
        }
        rt->last++;
        rt_tell(rt, left);
    }
}

/* As at the end of a recovery: the era's tables become the runtime's, or wait for the start. */
static void leave_past(struct kt_runtime *rt)
{
    struct rt_past *p = rt->following;
    rt->past = rt->following = NULL;
    rt->written_time = p->time > rt->written_time ? p->time : rt->written_time;
    append_left(rt, p);
    rt_take_differences(rt, p);
    if (p->era.site == rt->site) {
        p->era.live = NULL; /* it is rt->live */
    } else {
        rt->era = p->era;
        p->era = (struct rt_era){.site = NULL};
    }
    rt_past_done(p);
    free(p);
}

static void grow_ids(struct kt_runtime *rt)
{
    struct kt_err err = {0};
    if (new_ids(rt, &rt->ids, rt->site, true, &err) < 0 || rt_ids_share(rt, &err) < 0) {
        KT_ERROR("cluster", "the numbers of new points are not known to the other nodes: %s",
                 err.text);
    }
}

static void become_active(struct kt_runtime *rt)
{
    KT_INFO("cluster", "this node takes over at event %" PRIu64, rt->last);
    leave_past(rt);
    grow_ids(rt);
    rt->recovered = rt->last > 0;
    atomic_store(&rt->follows, false);
    atomic_store(&rt->record.again, true);
}

void rt_ready(struct kt_runtime *rt)
{
    if (rt->cluster) {
        rt_end_turn(rt, false);
        kt_cluster_at_work(rt->cluster);
    }
}

void rt_follow(struct kt_runtime *rt)
{
    bool good = true;
    if (rt->following && rt->following->era.known) { /* loaded by the other while we were away */
        rt_site_look(rt, &rt->following->era.manifest);
    }
    while (atomic_load(&rt->follows) && !atomic_load(&rt->stopping)) {
        struct kt_cluster_run run;
        int r = good && !atomic_load(&rt->halted) ? kt_cluster_take(rt->cluster, TURN_NS, &run)
                                                  : (kt_sleep(TURN_NS), 0);
        if (r == 1) {
            good = take_run(rt, &run);
            kt_buf_done(&run.events);
        }
        refuse_all(rt);
        rt_end_turn(rt, false);
        rt_checkpoint_due(rt);
        if (r == KT_ESTATE) {
            become_active(rt);
        }
    }
}

void rt_follow_end(struct kt_runtime *rt)
{
    struct rt_past *p = rt->following;
    if (!p) {
        return;
    }
    if (p->era.live == rt->live) {
        p->era.live = NULL;
    }
    rt->past = rt->following = NULL;
    rt_past_done(p);
    free(p);
}
