/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wheel: SLOTS slots of WIDTH each, a timer in slot (due / WIDTH) mod SLOTS, as a ring. A slot also
 * holds timers of later rounds; they stay when it is passed.
 * Invariant: every set timer with due <= at was taken out, but for those in at's own slot.
 */
#include "engine/wheel.h"

#include <stdlib.h>

enum { SLOTS = 4096 };
#define WIDTH (100 * KT_MS)

struct timer {
    kt_time due; /* 0: not set */
    uint32_t prev, next;
};

struct wheel {
    kt_time at;
    uint32_t n;
    struct timer *timer; /* n timers, then SLOTS heads of rings */
    uint32_t *due;
};

struct wheel *wheel_new(uint32_t timers)
{
    struct wheel *w = calloc(1, sizeof *w);
    KT_ASSERT(w);
    w->n = timers;
    w->timer = calloc((size_t)timers + SLOTS, sizeof *w->timer);
    w->due = calloc((size_t)timers + 1, sizeof *w->due);
    KT_ASSERT(w->timer && w->due);
    for (uint32_t i = timers; i < timers + SLOTS; i++) {
        w->timer[i].prev = w->timer[i].next = i;
    }
    return w;
}

void wheel_free(struct wheel *w)
{
    if (w) {
        free(w->timer);
        free(w->due);
        free(w);
    }
}

static void unlink_timer(struct wheel *w, uint32_t i)
{
    struct timer *t = &w->timer[i];
    w->timer[t->prev].next = t->next;
    w->timer[t->next].prev = t->prev;
    t->due = 0;
}

static uint32_t slot_of(const struct wheel *w, kt_time t)
{
    return w->n + (uint32_t)((uint64_t)(t / WIDTH) % SLOTS);
}

void wheel_set(struct wheel *w, uint32_t i, kt_time due)
{
    struct timer *t = &w->timer[i];
    if (t->due != 0) {
        unlink_timer(w, i);
    }
    if (due == 0) {
        return;
    }
    uint32_t head = slot_of(w, due > w->at ? due : w->at); /* late ones: the slot looked at next */
    t->due = due;
    t->next = head;
    t->prev = w->timer[head].prev;
    w->timer[t->prev].next = i;
    w->timer[head].prev = i;
}

kt_time wheel_due(const struct wheel *w, uint32_t i)
{
    return w->timer[i].due;
}

static int ascending(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

const uint32_t *wheel_take(struct wheel *w, kt_time now, uint32_t *ret_n)
{
    uint32_t n = 0;
    int64_t first = w->at / WIDTH, last = now / WIDTH;
    if (last - first >= SLOTS) {
        first = last - SLOTS + 1;
    }
    for (int64_t s = first; s <= last; s++) {
        uint32_t head = w->n + (uint32_t)((uint64_t)s % SLOTS), next;
        for (uint32_t i = w->timer[head].next; i != head; i = next) {
            next = w->timer[i].next;
            if (w->timer[i].due <= now) {
                unlink_timer(w, i);
                w->due[n++] = i;
            }
        }
    }
    w->at = now;
    if (n > 1) {
        qsort(w->due, n, sizeof *w->due, ascending);
    }
    *ret_n = n;
    return w->due;
}
