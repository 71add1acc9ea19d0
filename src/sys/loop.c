/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "sys/clock.h"

/*
 * Invariants:
 *  1. watches[fd].gen changes with every new watch and unwatch; an event carries the gen it was
 *     asked with, so an event that was fetched before its fd was unwatched (or closed and opened
 *     again) reaches nobody;
 *  2. heap[] is a binary heap by (due, id) of slots; timers[slot].pos is its place in the heap,
 *     -1 when the slot is free;
 *  3. posts are added only while !ended (under lock); kt_loop_run() sets ended and then runs what
 *     is left, so every accepted post runs.
 */
struct watch {
    void (*fn)(void *arg, int fd, int ev);
    void *arg;
    uint32_t gen;
    bool on;
};

struct timer {
    kt_mono due;
    int64_t period;
    uint64_t order; /* equal deadlines fire in the order they were set */
    void (*fn)(void *arg);
    void *arg;
    uint32_t gen;
    int pos;
};

struct post {
    void (*fn)(void *arg);
    void *arg;
};

struct kt_loop {
    int ep, wake;
    struct watch *watches;
    int n_watches;
    struct timer *timers;
    int *heap, *spare; /* spare: free slots, a stack */
    int n_timers, n_heap, n_spare;
    uint64_t order;
    atomic_bool stop;
    pthread_mutex_t lock;
    struct post *posts;
    size_t n_posts, cap_posts;
    bool ended;
};

/* A post is a wake-up, not a carrier of data; more than this means that the loop hangs. */
enum { MAX_POSTS = 1 << 20, BATCH = 64 };

struct kt_loop *kt_loop_new(void)
{
    struct kt_loop *l = calloc(1, sizeof(*l));
    KT_ASSERT(l);
    l->ep = epoll_create1(EPOLL_CLOEXEC);
    l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    KT_ASSERT(l->ep >= 0 && l->wake >= 0);
    pthread_mutex_init(&l->lock, NULL);
    struct epoll_event ev = {.events = EPOLLIN, .data.u64 = UINT64_MAX};
    KT_ASSERT(epoll_ctl(l->ep, EPOLL_CTL_ADD, l->wake, &ev) == 0);
    return l;
}

void kt_loop_free(struct kt_loop *l)
{
    if (!l) {
        return;
    }
    close(l->ep);
    close(l->wake);
    pthread_mutex_destroy(&l->lock);
    free(l->watches);
    free(l->timers);
    free(l->heap);
    free(l->spare);
    free(l->posts);
    free(l);
}

/* ---- descriptors ---- */

static void watches_reach(struct kt_loop *l, int fd)
{
    if (fd < l->n_watches) {
        return;
    }
    int n = l->n_watches ? l->n_watches : 64;
    while (n <= fd) {
        n *= 2;
    }
    l->watches = realloc(l->watches, (size_t)n * sizeof(*l->watches));
    KT_ASSERT(l->watches);
    memset(l->watches + l->n_watches, 0, (size_t)(n - l->n_watches) * sizeof(*l->watches));
    l->n_watches = n;
}

int kt_loop_watch(struct kt_loop *l, int fd, int events, void (*fn)(void *arg, int fd, int ev),
                  void *arg)
{
    KT_ASSERT(fd >= 0 && fn);
    watches_reach(l, fd);
    struct watch *w = &l->watches[fd];
    uint32_t gen = w->on ? w->gen : w->gen + 1;
    struct epoll_event ev = {.data.u64 = (uint64_t)gen << 32 | (uint32_t)fd};
    ev.events = ((events & KT_IO_READ) ? (uint32_t)EPOLLIN : 0u) |
                ((events & KT_IO_WRITE) ? (uint32_t)EPOLLOUT : 0u);
    int r = epoll_ctl(l->ep, w->on ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &ev);
    if (r != 0 && w->on && errno == ENOENT) { /* closed without unwatch, and opened again */
        r = epoll_ctl(l->ep, EPOLL_CTL_ADD, fd, &ev);
    }
    if (r != 0) {
        return KT_EIO;
    }
    *w = (struct watch){fn, arg, gen, true};
    return KT_OK;
}

void kt_loop_unwatch(struct kt_loop *l, int fd)
{
    if (fd < 0 || fd >= l->n_watches || !l->watches[fd].on) {
        return;
    }
    epoll_ctl(l->ep, EPOLL_CTL_DEL, fd, NULL);
    l->watches[fd].on = false;
    l->watches[fd].gen++;
}

static void dispatch(struct kt_loop *l, const struct epoll_event *e)
{
    int fd = (int)(uint32_t)e->data.u64;
    uint32_t gen = (uint32_t)(e->data.u64 >> 32);
    struct watch *w = &l->watches[fd];
    if (!w->on || w->gen != gen) {
        return;
    }
    int ev = 0;
    if (e->events & (EPOLLIN | EPOLLHUP | EPOLLERR | EPOLLRDHUP)) {
        ev |= KT_IO_READ;
    }
    if (e->events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) {
        ev |= KT_IO_WRITE;
    }
    w->fn(w->arg, fd, ev);
}

/* ---- timers ---- */

static bool before(const struct kt_loop *l, int a, int b)
{
    const struct timer *x = &l->timers[a], *y = &l->timers[b];
    return x->due != y->due ? x->due < y->due : x->order < y->order;
}

static void place(struct kt_loop *l, int pos, int slot)
{
    l->heap[pos] = slot;
    l->timers[slot].pos = pos;
}

static void sift_up(struct kt_loop *l, int pos, int slot)
{
    while (pos > 0 && before(l, slot, l->heap[(pos - 1) / 2])) {
        place(l, pos, l->heap[(pos - 1) / 2]);
        pos = (pos - 1) / 2;
    }
    place(l, pos, slot);
}

static void sift_down(struct kt_loop *l, int pos, int slot)
{
    for (;;) {
        int child = pos * 2 + 1;
        if (child + 1 < l->n_heap && before(l, l->heap[child + 1], l->heap[child])) {
            child++;
        }
        if (child >= l->n_heap || !before(l, l->heap[child], slot)) {
            break;
        }
        place(l, pos, l->heap[child]);
        pos = child;
    }
    place(l, pos, slot);
}

static void heap_remove(struct kt_loop *l, int slot)
{
    int pos = l->timers[slot].pos;
    int last = l->heap[--l->n_heap];
    l->timers[slot].pos = -1;
    if (last == slot) {
        return;
    }
    if (pos > 0 && before(l, last, l->heap[(pos - 1) / 2])) {
        sift_up(l, pos, last);
    } else {
        sift_down(l, pos, last);
    }
}

static void release(struct kt_loop *l, int slot)
{
    heap_remove(l, slot);
    l->timers[slot].gen++;
    l->spare[l->n_spare++] = slot;
}

static void timers_grow(struct kt_loop *l)
{
    int n = l->n_timers ? l->n_timers * 2 : 32;
    l->timers = realloc(l->timers, (size_t)n * sizeof(*l->timers));
    l->heap = realloc(l->heap, (size_t)n * sizeof(*l->heap));
    l->spare = realloc(l->spare, (size_t)n * sizeof(*l->spare));
    KT_ASSERT(l->timers && l->heap && l->spare);
    for (int i = n - 1; i >= l->n_timers; i--) {
        l->timers[i] = (struct timer){.gen = 1, .pos = -1};
        l->spare[l->n_spare++] = i;
    }
    l->n_timers = n;
}

uint64_t kt_loop_timer(struct kt_loop *l, int64_t delay_ns, int64_t period_ns,
                       void (*fn)(void *arg), void *arg)
{
    KT_ASSERT(fn);
    if (l->n_spare == 0) {
        timers_grow(l);
    }
    int slot = l->spare[--l->n_spare];
    struct timer *t = &l->timers[slot];
    t->due = kt_clock_mono() + (delay_ns > 0 ? delay_ns : 0);
    t->period = period_ns > 0 ? period_ns : 0;
    t->order = l->order++;
    t->fn = fn;
    t->arg = arg;
    sift_up(l, l->n_heap++, slot);
    return (uint64_t)t->gen << 32 | (uint32_t)slot;
}

void kt_loop_cancel(struct kt_loop *l, uint64_t timer)
{
    uint32_t slot = (uint32_t)timer;
    if (slot < (uint32_t)l->n_timers && l->timers[slot].gen == (uint32_t)(timer >> 32) &&
        l->timers[slot].pos >= 0) {
        release(l, (int)slot);
    }
}

/* Fire what was due when the turn began; a late period is skipped, not made up for. */
static void fire(struct kt_loop *l)
{
    kt_mono now = kt_clock_mono();
    uint64_t newest = l->order;
    while (l->n_heap && !atomic_load(&l->stop)) {
        int slot = l->heap[0];
        struct timer *t = &l->timers[slot];
        if (t->due > now || t->order >= newest) {
            break;
        }
        void (*fn)(void *) = t->fn;
        void *arg = t->arg;
        if (t->period) {
            t->due = t->due + t->period > now ? t->due + t->period : now + t->period;
            sift_down(l, 0, slot);
        } else {
            release(l, slot);
        }
        fn(arg);
    }
}

/* ---- posts ---- */

static void wake(struct kt_loop *l)
{
    uint64_t one = 1;
    ssize_t n = write(l->wake, &one, sizeof(one)); /* EAGAIN: it is awake already */
    (void)n;
}

bool kt_loop_post(struct kt_loop *l, void (*fn)(void *arg), void *arg)
{
    pthread_mutex_lock(&l->lock);
    bool ok = !l->ended && l->n_posts < MAX_POSTS;
    if (ok && l->n_posts == l->cap_posts) {
        l->cap_posts = l->cap_posts ? l->cap_posts * 2 : 64;
        l->posts = realloc(l->posts, l->cap_posts * sizeof(*l->posts));
        KT_ASSERT(l->posts);
    }
    if (ok) {
        l->posts[l->n_posts++] = (struct post){fn, arg};
    }
    pthread_mutex_unlock(&l->lock);
    if (ok) {
        wake(l);
    }
    return ok;
}

static void run_posts(struct kt_loop *l, bool last)
{
    pthread_mutex_lock(&l->lock);
    struct post *posts = l->posts;
    size_t n = l->n_posts;
    l->posts = NULL;
    l->n_posts = l->cap_posts = 0;
    l->ended = l->ended || last;
    pthread_mutex_unlock(&l->lock);
    for (size_t i = 0; i < n; i++) {
        posts[i].fn(posts[i].arg);
    }
    free(posts);
}

void kt_loop_stop(struct kt_loop *l)
{
    atomic_store(&l->stop, true);
    wake(l);
}

static int wait_ms(const struct kt_loop *l)
{
    if (!l->n_heap) {
        return -1;
    }
    int64_t left = l->timers[l->heap[0]].due - kt_clock_mono();
    if (left <= 0) {
        return 0;
    }
    int64_t ms = (left + KT_MS - 1) / KT_MS;
    return ms > 3600000 ? 3600000 : (int)ms;
}

void kt_loop_run(struct kt_loop *l)
{
    struct epoll_event ev[BATCH];
    while (!atomic_load(&l->stop)) {
        int n = epoll_wait(l->ep, ev, BATCH, wait_ms(l));
        bool posted = false;
        for (int i = 0; i < n && !atomic_load(&l->stop); i++) {
            if (ev[i].data.u64 == UINT64_MAX) {
                uint64_t count;
                posted = read(l->wake, &count, sizeof(count)) > 0;
            } else {
                dispatch(l, &ev[i]);
            }
        }
        if (posted) {
            run_posts(l, false);
        }
        fire(l);
    }
    run_posts(l, true);
}
