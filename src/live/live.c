/* SPDX-License-Identifier: Apache-2.0 */
#include "live/live.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

/*
 * One record is 32 bytes: a version and three words of data.
 *
 * Invariants
 *  1. The version is odd while the words are written, and rises by two with every write.
 *  2. The writer stores each word with release after the odd version; a reader loads each with
 *     acquire. Who has seen a new word therefore sees the odd version (or a later one) in its
 * second look, and tries again. No fence, no lock, and the writer never waits.
 */
enum { WORDS = 3 };

struct record {
    _Atomic uint64_t version;
    union {
        struct kt_live_value value; /* the writer's own view */
        _Atomic uint64_t word[WORDS];
    };
};
_Static_assert(sizeof(struct kt_live_value) == WORDS * sizeof(uint64_t), "three words");
_Static_assert(sizeof(struct record) == 32, "half a cache line");

struct kt_live {
    uint32_t n;
    struct record *records;
};

struct kt_live *kt_live_new(uint32_t points)
{
    struct kt_live *l = calloc(1, sizeof(*l));
    KT_ASSERT(l);
    l->n = points;
    size_t bytes = ((size_t)points + 2) * sizeof(struct record) & ~(size_t)63;
    l->records = aligned_alloc(64, bytes);
    KT_ASSERT(l->records);
    memset(l->records, 0, bytes);
    for (uint32_t i = 0; i < points; i++) {
        l->records[i].value.quality = KT_Q_NEVER;
    }
    return l;
}

void kt_live_free(struct kt_live *l)
{
    if (l) {
        free(l->records);
        free(l);
    }
}

uint32_t kt_live_count(const struct kt_live *l)
{
    return l->n;
}

static void publish(struct record *r, const struct kt_live_value *v)
{
    uint64_t word[WORDS];
    memcpy(word, v, sizeof(word));
    uint64_t version = atomic_load_explicit(&r->version, memory_order_relaxed);
    atomic_store_explicit(&r->version, version + 1, memory_order_relaxed);
    for (int i = 0; i < WORDS; i++) {
        atomic_store_explicit(&r->word[i], word[i], memory_order_release);
    }
    atomic_store_explicit(&r->version, version + 2, memory_order_release);
}

void kt_live_set(struct kt_live *l, kt_point_id p, double value, kt_time time, kt_quality q)
{
    KT_ASSERT(p.v < l->n);
    struct record *r = &l->records[p.v];
    struct kt_live_value v = r->value;
    if (memcmp(&v.value, &value, sizeof(value)) == 0 && v.time == time && v.quality == q) {
        return;
    }
    v.value = value;
    v.time = time;
    v.quality = q;
    v.change++;
    publish(r, &v);
}

void kt_live_set_flags(struct kt_live *l, kt_point_id p, uint8_t flags)
{
    KT_ASSERT(p.v < l->n);
    struct record *r = &l->records[p.v];
    struct kt_live_value v = r->value;
    if (v.flags == flags) {
        return;
    }
    v.flags = flags;
    v.change++;
    publish(r, &v);
}

void kt_live_expect(const struct kt_live *l, kt_point_id p)
{
    if (p.v < l->n) {
        __builtin_prefetch(&l->records[p.v], 1);
    }
}

const struct kt_live_value *kt_live_peek(const struct kt_live *l, kt_point_id p)
{
    KT_ASSERT(p.v < l->n);
    return &l->records[p.v].value;
}

struct kt_live_value kt_live_get(const struct kt_live *l, kt_point_id p)
{
    KT_ASSERT(p.v < l->n);
    struct record *r = &l->records[p.v];
    uint64_t word[WORDS];
    for (;;) {
        uint64_t before = atomic_load_explicit(&r->version, memory_order_acquire);
        for (int i = 0; i < WORDS; i++) {
            word[i] = atomic_load_explicit(&r->word[i], memory_order_acquire);
        }
        uint64_t after = atomic_load_explicit(&r->version, memory_order_relaxed);
        if (KT_LIKELY(before == after && !(before & 1))) {
            break;
        }
    }
    struct kt_live_value v;
    memcpy(&v, word, sizeof(v));
    return v;
}
