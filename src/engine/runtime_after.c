/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What waits for the disk: acknowledgements, verdicts, outcomes for followers, effects that are not
 * protective. A ring in order of seq; the engine pushes and releases, whoever learns that more is
 * durable (journal thread) or released (engine thread) delivers, one at a time.
 */
#include "engine/runtime_impl.h"

#include <stdlib.h>

#include "base/log.h"
#include "sys/clock.h"

void rt_after_init(struct rt_after *a)
{
    *a = (struct rt_after){0};
    pthread_mutex_init(&a->lock, NULL);
}

static bool owns_json(const struct rt_after_item *item)
{
    return item->kind == AFTER_VERDICT || item->kind == AFTER_OUTCOME;
}

void rt_after_done(struct rt_after *a)
{
    for (size_t i = 0; i < a->n; i++) {
        struct rt_after_item *item = &a->ring[(a->head + i) & (a->cap - 1)];
        if (owns_json(item)) {
            free(item->json);
        }
    }
    free(a->ring);
    free(a->dropped);
    pthread_mutex_destroy(&a->lock);
}

static void grow(struct rt_after *a)
{
    size_t cap = a->cap ? a->cap * 2 : 256;
    struct rt_after_item *ring = malloc(cap * sizeof(*ring));
    KT_ASSERT(ring);
    for (size_t i = 0; i < a->n; i++) {
        ring[i] = a->ring[(a->head + i) & (a->cap - 1)];
    }
    free(a->ring);
    a->ring = ring;
    a->cap = cap;
    a->head = 0;
}

void rt_after_push(struct kt_runtime *rt, const struct rt_after_item *item)
{
    struct rt_after *a = &rt->after;
    kt_mono since = kt_clock_mono();
    pthread_mutex_lock(&a->lock);
    if (a->n == a->cap) {
        grow(a);
    }
    struct rt_after_item *to = &a->ring[(a->head + a->n++) & (a->cap - 1)];
    *to = *item;
    to->since = since;
    pthread_mutex_unlock(&a->lock);
}

int64_t rt_after_age(struct kt_runtime *rt)
{
    struct rt_after *a = &rt->after;
    pthread_mutex_lock(&a->lock);
    kt_mono since = a->n ? a->ring[a->head].since : 0;
    pthread_mutex_unlock(&a->lock);
    return since ? kt_clock_mono() - since : 0;
}

/* Was the body of this samples event dropped? The list and the ring are both in order of seq. */
static bool was_dropped(struct rt_after *a, kt_seq seq)
{
    size_t i = 0;
    if (a->dropped_n == 0) {
        return false;
    }
    while (i < a->dropped_n && a->dropped[i] < seq) {
        i++;
    }
    bool found = i < a->dropped_n && a->dropped[i] == seq;
    i += found;
    memmove(a->dropped, a->dropped + i, (a->dropped_n - i) * sizeof(*a->dropped));
    a->dropped_n -= i;
    return found;
}

/* The next item that may go, with what became of it. Lock held. */
static bool take(struct kt_runtime *rt, struct rt_after_item *ret)
{
    struct rt_after *a = &rt->after;
    if (a->released == 0) {
        return false;
    }
    struct rt_after_item *item = &a->ring[a->head];
    bool durable = item->seq <= rt_durable(rt);
    bool alone = !durable && rt_cut_off(rt) && item->seq <= kt_journal_durable(rt->journal);
    if (!durable && !a->failed && !alone) {
        return false;
    }
    *ret = *item;
    a->head = (a->head + 1) & (a->cap - 1);
    a->n--;
    a->released--;
    if (!durable && ret->result == KT_OK) {
        ret->result = alone ? KT_ENODE : KT_EIO;
        a->alone_to = alone ? item->seq : a->alone_to;
    } else if ((ret->kind == AFTER_BATCH || ret->kind == AFTER_ACK || ret->kind == AFTER_TOLD) &&
               was_dropped(a, ret->seq)) {
        ret->result = KT_EFULL;
    }
    return true;
}

/* What was written while cut off from the other nodes was answered as not certain and kept from
 * history; it is in the common order by now, as what comes behind it is: history reads it from the
 * journal. */
static void pass_alone(struct kt_runtime *rt)
{
    if (rt->after.alone_to > 0) {
        rt_history_pass(rt, rt->after.alone_to);
        rt->after.alone_to = 0;
    }
}

static void deliver_batch(struct kt_runtime *rt, const struct rt_after_item *item)
{
    struct kt_batch *b = item->batch;
    if (item->result < 0) {
        atomic_fetch_add(&rt->refused, 1);
    } else {
        pass_alone(rt);
        rt_history_offer(rt, b);
    }
    if (b->done) {
        b->done(b->arg, item->result, item->seq);
    }
    rt_batch_unref(rt, b);
}

static void deliver_ack(struct kt_runtime *rt, const struct rt_after_item *item)
{
    if (item->result < 0) {
        atomic_fetch_add(&rt->refused, 1);
    } else {
        rt_history_pass(rt, item->seq);
    }
    if (item->done) {
        item->done(item->done_arg, item->result, item->seq);
    }
}

static void deliver(struct kt_runtime *rt, const struct rt_after_item *item)
{
    struct kt_str json = {NULL, 0};
    switch (item->kind) {
    case AFTER_BATCH:
        deliver_batch(rt, item);
        break;
    case AFTER_ACK:
        deliver_ack(rt, item);
        break;
    case AFTER_TOLD:
        if (item->done) {
            item->done(item->done_arg, item->result, item->seq);
        }
        break;
    case AFTER_EFFECT:
        if (item->result == KT_OK) {
            rt_effect_send(rt, &item->effect);
        }
        break;
    case AFTER_OUTCOME: /* with a failed journal too: screens must not fall silent */
        rt_followers_call(rt, item->seq, item->time, (struct kt_str){item->json, item->n});
        free(item->json);
        break;
    case AFTER_VERDICT:
        if (item->result == KT_OK) {
            json = (struct kt_str){item->json, item->n};
        }
        if (item->fn) {
            item->fn(item->arg, item->result, json);
        }
        free(item->json);
        break;
    }
}

void rt_after_deliver(struct kt_runtime *rt)
{
    struct rt_after *a = &rt->after;
    struct rt_after_item item;
    pthread_mutex_lock(&a->lock);
    if (a->delivering) {
        pthread_mutex_unlock(&a->lock);
        return; /* who delivers looks again before it stops */
    }
    a->delivering = true;
    while (take(rt, &item)) {
        pthread_mutex_unlock(&a->lock);
        deliver(rt, &item);
        pthread_mutex_lock(&a->lock);
    }
    a->delivering = false;
    pthread_mutex_unlock(&a->lock);
}

void rt_after_release(struct kt_runtime *rt)
{
    struct rt_after *a = &rt->after;
    pthread_mutex_lock(&a->lock);
    a->released = a->n;
    bool any = a->n > 0;
    pthread_mutex_unlock(&a->lock);
    if (any) {
        rt_after_deliver(rt);
    }
}

void rt_on_durable(void *arg, kt_seq seq)
{
    struct kt_runtime *rt = arg;
    (void)seq; /* kt_journal_durable() is at least that */
    if (rt->cluster) {
        kt_cluster_synced(rt->cluster);
    }
    rt_after_deliver(rt);
}

void rt_on_dropped(void *arg, kt_seq seq)
{
    struct kt_runtime *rt = arg;
    struct rt_after *a = &rt->after;
    pthread_mutex_lock(&a->lock);
    if (a->dropped_n == a->dropped_cap) {
        a->dropped_cap = a->dropped_cap ? a->dropped_cap * 2 : 64;
        a->dropped = realloc(a->dropped, a->dropped_cap * sizeof(*a->dropped));
        KT_ASSERT(a->dropped);
    }
    a->dropped[a->dropped_n++] = seq;
    pthread_mutex_unlock(&a->lock);
}

void rt_on_failed(void *arg, const struct kt_err *err)
{
    struct kt_runtime *rt = arg;
    KT_ERROR("runtime",
             "%s; protective commands still go out, nothing else is acknowledged; mend the disk "
             "and restart",
             err->text);
    atomic_store(&rt->failed, true);
    if (rt->cluster) {
        kt_cluster_journal_failed(rt->cluster);
    }
    pthread_mutex_lock(&rt->after.lock);
    rt->after.failed = true;
    pthread_mutex_unlock(&rt->after.lock);
    rt_after_deliver(rt);
}
