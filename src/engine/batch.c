/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches: at most RT_BATCHES_MAX are out at a time, of which pushes and links leave the last ones
 * to what is urgent; of bulk no more samples are under way than RT_SAMPLES_MAX, whatever the size
 * of the batches. The newest RT_BATCHES_KEPT that came back are kept. Columns stand in one block
 * behind the batch; only what is filled takes memory.
 */
#include "engine/runtime_impl.h"

#include <stdlib.h>

void rt_pool_init(struct rt_pool *p)
{
    *p = (struct rt_pool){0};
    pthread_mutex_init(&p->lock, NULL);
}

static struct kt_batch *batch_new(void)
{
    enum { SAMPLE = sizeof(kt_time) + sizeof(double) + sizeof(uint32_t) + sizeof(kt_quality) };
    struct rt_batch *rb = calloc(1, sizeof(*rb));
    char *columns = malloc((size_t)KT_BATCH_MAX * SAMPLE);
    KT_ASSERT(rb && columns);
    struct kt_batch *b = &rb->b;
    b->time = (kt_time *)(void *)columns;
    b->value = (double *)(void *)(columns + sizeof(kt_time) * KT_BATCH_MAX);
    b->point = (uint32_t *)(void *)((char *)b->value + sizeof(double) * KT_BATCH_MAX);
    b->quality = (kt_quality *)((char *)b->point + sizeof(uint32_t) * KT_BATCH_MAX);
    return b;
}

static void batch_free(struct kt_batch *b)
{
    free(b->time);
    free(rt_batch_of(b));
}

void rt_pool_done(struct rt_pool *p)
{
    while (p->free) {
        struct kt_batch *b = p->free;
        p->free = b->next;
        batch_free(b);
    }
    pthread_mutex_destroy(&p->lock);
}

static const unsigned ceiling[KT_ROOMS] = {RT_BATCHES_PUSH, RT_BATCHES_LINK, RT_BATCHES_MAX};

bool kt_batch_left(struct kt_runtime *rt, enum kt_room_of room)
{
    bool samples = room == KT_ROOM_URGENT || atomic_load(&rt->pool.samples) < RT_SAMPLES_MAX;
    return samples && atomic_load(&rt->pool.out) < ceiling[room];
}

bool kt_batch_room(struct kt_runtime *rt, enum kt_room_of room)
{
    bool left = kt_batch_left(rt, room);
    if (!left) {
        atomic_fetch_add(&rt->refused, 1);
    }
    return left;
}

struct kt_batch *kt_batch_get(struct kt_runtime *rt, enum kt_room_of room)
{
    struct rt_pool *p = &rt->pool;
    if (atomic_fetch_add(&p->out, 1) >= ceiling[room]) {
        atomic_fetch_sub(&p->out, 1);
        atomic_fetch_add(&rt->refused, 1);
        return NULL;
    }
    pthread_mutex_lock(&p->lock);
    struct kt_batch *b = p->free;
    if (b) {
        p->free = b->next;
        p->free_n--;
    }
    pthread_mutex_unlock(&p->lock);
    if (!b) {
        b = batch_new();
    }
    b->n = 0;
    b->arrival = 0;
    b->producer[0] = '\0';
    b->lane = room == KT_ROOM_URGENT ? KT_LANE_URGENT : KT_LANE_BULK;
    b->done = NULL;
    b->arg = NULL;
    b->seq = 0;
    b->next = NULL;
    __atomic_store_n(&b->refs, 1, __ATOMIC_RELAXED);
    return b;
}

bool rt_batch_count(struct kt_runtime *rt, struct kt_batch *b)
{
    if (b->lane == KT_LANE_URGENT) {
        return true;
    }
    if (atomic_fetch_add(&rt->pool.samples, b->n) + b->n > RT_SAMPLES_MAX) {
        atomic_fetch_sub(&rt->pool.samples, b->n);
        atomic_fetch_add(&rt->refused, 1);
        return false;
    }
    rt_batch_of(b)->counted = b->n;
    return true;
}

void rt_batch_ref(struct kt_batch *b)
{
    __atomic_fetch_add(&b->refs, 1, __ATOMIC_RELAXED);
}

void rt_batch_unref(struct kt_runtime *rt, struct kt_batch *b)
{
    if (__atomic_fetch_sub(&b->refs, 1, __ATOMIC_ACQ_REL) > 1) {
        return;
    }
    struct rt_pool *p = &rt->pool;
    atomic_fetch_sub(&p->samples, rt_batch_of(b)->counted);
    rt_batch_of(b)->counted = 0;
    pthread_mutex_lock(&p->lock);
    bool keep = p->free_n < RT_BATCHES_KEPT;
    if (keep) {
        b->next = p->free;
        p->free = b;
        p->free_n++;
    }
    pthread_mutex_unlock(&p->lock);
    if (!keep) {
        batch_free(b);
    }
    atomic_fetch_sub(&p->out, 1);
}

void kt_batch_put(struct kt_runtime *rt, struct kt_batch *b)
{
    rt_batch_unref(rt, b);
}
