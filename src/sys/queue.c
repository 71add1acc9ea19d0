/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/queue.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "sys/clock.h"

/*
 * Invariants, under `lock`:
 *  1. a lane's weight is the sum of the weights in its ring, each at least 1, so the ring never
 *     holds more than max_weight items and its memory has a ceiling;
 *  2. weight <= max, unless the lane holds one single item that alone weighs more;
 *  3. after `closed` nothing is added.
 * weight_all and refused are written under the lock and read by anybody.
 */
struct entry {
    void *item;
    size_t weight;
};

struct lane {
    struct entry *ring;
    size_t cap, head, n; /* cap: 0 or a power of two */
    size_t weight;
};

struct kt_queue {
    pthread_mutex_t lock;
    pthread_cond_t filled, freed;
    struct lane lanes[KT_LANES];
    size_t max;
    int poppers, pushers; /* threads that wait */
    bool woken;           /* the popper was signalled and has not run since */
    bool closed;
    atomic_size_t weight_all;
    atomic_uint_fast64_t refused;
};

enum { FIRST_CAP = 64 };

struct kt_queue *kt_queue_new(size_t max_weight_per_lane)
{
    struct kt_queue *q = calloc(1, sizeof(*q));
    KT_ASSERT(q);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&q->lock, NULL);
    pthread_cond_init(&q->filled, &attr);
    pthread_cond_init(&q->freed, &attr);
    pthread_condattr_destroy(&attr);
    q->max = max_weight_per_lane ? max_weight_per_lane : 1;
    return q;
}

void kt_queue_free(struct kt_queue *q)
{
    if (!q) {
        return;
    }
    for (int i = 0; i < KT_LANES; i++) {
        free(q->lanes[i].ring);
    }
    pthread_cond_destroy(&q->filled);
    pthread_cond_destroy(&q->freed);
    pthread_mutex_destroy(&q->lock);
    free(q);
}

static kt_mono deadline_of(int64_t timeout_ns)
{
    if (timeout_ns < 0 || timeout_ns > 365 * KT_DAY) {
        return INT64_MAX;
    }
    return kt_clock_mono() + timeout_ns;
}

/* Wait on a condition; false when the deadline has passed. */
static bool wait_until(struct kt_queue *q, pthread_cond_t *cond, kt_mono deadline)
{
    if (deadline == INT64_MAX) {
        pthread_cond_wait(cond, &q->lock);
        return true;
    }
    struct timespec ts = {.tv_sec = (time_t)(deadline / KT_SEC),
                          .tv_nsec = (long)(deadline % KT_SEC)};
    return pthread_cond_timedwait(cond, &q->lock, &ts) == 0;
}

static bool lane_grow(struct lane *l)
{
    size_t cap = l->cap ? l->cap * 2 : FIRST_CAP;
    struct entry *ring = calloc(cap, sizeof(*ring));
    if (!ring) {
        return false;
    }
    for (size_t i = 0; i < l->n; i++) {
        ring[i] = l->ring[(l->head + i) & (l->cap - 1)];
    }
    free(l->ring);
    l->ring = ring;
    l->cap = cap;
    l->head = 0;
    return true;
}

/* Add when there is room; false when full. */
static bool lane_add(struct kt_queue *q, enum kt_lane lane, void *item, size_t weight)
{
    struct lane *l = &q->lanes[lane];
    if (l->n && (l->weight >= q->max || weight > q->max - l->weight)) {
        return false;
    }
    if (l->n == l->cap && !lane_grow(l)) {
        return false;
    }
    l->ring[(l->head + l->n) & (l->cap - 1)] = (struct entry){item, weight};
    l->n++;
    l->weight += weight;
    atomic_fetch_add(&q->weight_all, weight);
    return true;
}

static void *lane_take(struct kt_queue *q, struct lane *l)
{
    struct entry e = l->ring[l->head];
    l->head = (l->head + 1) & (l->cap - 1);
    l->n--;
    l->weight -= e.weight;
    atomic_fetch_sub(&q->weight_all, e.weight);
    return e.item;
}

int kt_queue_push(struct kt_queue *q, enum kt_lane lane, void *item, size_t weight)
{
    return kt_queue_push_wait(q, lane, item, weight, 0);
}

int kt_queue_push_wait(struct kt_queue *q, enum kt_lane lane, void *item, size_t weight,
                       int64_t timeout_ns)
{
    KT_ASSERT(item && lane < KT_LANES);
    weight = weight ? weight : 1;
    kt_mono deadline = timeout_ns ? deadline_of(timeout_ns) : 0;
    int r = KT_OK;
    pthread_mutex_lock(&q->lock);
    for (bool in_time = timeout_ns != 0;;) {
        if (q->closed) {
            r = KT_ECLOSED;
            break;
        }
        if (lane_add(q, lane, item, weight)) {
            break;
        }
        if (!in_time) {
            atomic_fetch_add(&q->refused, 1);
            r = KT_EBUSY;
            break;
        }
        q->pushers++;
        in_time = wait_until(q, &q->freed, deadline);
        q->pushers--;
    }
    bool wake = r == KT_OK && q->poppers && !q->woken;
    q->woken |= wake;
    pthread_mutex_unlock(&q->lock);
    if (wake) { /* without the lock, so that who wakes finds it free */
        pthread_cond_signal(&q->filled);
    }
    return r;
}

static bool empty(const struct kt_queue *q)
{
    return q->lanes[KT_LANE_URGENT].n == 0 && q->lanes[KT_LANE_BULK].n == 0;
}

static size_t take_some(struct kt_queue *q, void **ret, size_t max, size_t max_bulk)
{
    struct lane *urgent = &q->lanes[KT_LANE_URGENT], *bulk = &q->lanes[KT_LANE_BULK];
    size_t n = 0;
    while (n < max && urgent->n) {
        ret[n++] = lane_take(q, urgent);
    }
    for (size_t before = bulk->weight; n < max && bulk->n && before - bulk->weight < max_bulk;) {
        ret[n++] = lane_take(q, bulk);
    }
    if (n && q->pushers) {
        pthread_cond_broadcast(&q->freed);
    }
    return n;
}

size_t kt_queue_pop_many(struct kt_queue *q, void **ret, size_t max, size_t max_bulk,
                         int64_t timeout_ns)
{
    kt_mono deadline = timeout_ns ? deadline_of(timeout_ns) : 0;
    pthread_mutex_lock(&q->lock);
    for (bool in_time = timeout_ns != 0; in_time && empty(q) && !q->closed;) {
        q->poppers++;
        in_time = wait_until(q, &q->filled, deadline);
        q->poppers--;
        q->woken = false;
    }
    size_t n = take_some(q, ret, max, max_bulk);
    pthread_mutex_unlock(&q->lock);
    return n;
}

void *kt_queue_pop(struct kt_queue *q, int64_t timeout_ns)
{
    void *item = NULL;
    return kt_queue_pop_many(q, &item, 1, 1, timeout_ns) ? item : NULL;
}

void kt_queue_close(struct kt_queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->closed = true;
    pthread_cond_broadcast(&q->filled);
    pthread_cond_broadcast(&q->freed);
    pthread_mutex_unlock(&q->lock);
}

size_t kt_queue_weight(const struct kt_queue *q)
{
    return atomic_load(&q->weight_all);
}

uint64_t kt_queue_refused(const struct kt_queue *q)
{
    return atomic_load(&q->refused);
}
