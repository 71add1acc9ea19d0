/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_BASE_TASK_H
#define KT_BASE_TASK_H
/*
 * task: long work that somebody else watches: how far it is, and whether it is to stop.
 *
 * Threads: one works (kt_task_part, kt_task_at); any asks how far it is or stops it. Whoever works
 * asks kt_task_stopped() at least every few milliseconds of work and leaves nothing half done.
 * Every function accepts NULL: work that nobody watches.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct kt_task {
    _Atomic bool stop;
    _Atomic uint32_t permille;
    uint32_t from, to; /* the part of the whole that is under way; the worker's */
};

static inline void kt_task_stop(struct kt_task *t)
{
    if (t) {
        atomic_store(&t->stop, true);
    }
}

static inline bool kt_task_stopped(const struct kt_task *t)
{
    return t && atomic_load(&t->stop);
}

/** What follows is the whole from one thousandth to another. */
static inline void kt_task_part(struct kt_task *t, uint32_t from, uint32_t to)
{
    if (t) {
        t->from = from;
        t->to = to;
        atomic_store(&t->permille, from);
    }
}

/** Of the part under way, `done` of `all` is done. */
static inline void kt_task_at(struct kt_task *t, uint64_t done, uint64_t all)
{
    if (t && all) {
        uint64_t most = done < all ? done : all;
        atomic_store(&t->permille, t->from + (uint32_t)((t->to - t->from) * most / all));
    }
}

static inline uint32_t kt_task_permille(const struct kt_task *t)
{
    return t ? atomic_load(&t->permille) : 0;
}
#endif
