/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include <stdlib.h>
#include <time.h>

#include "base/crypto.h"

struct slot {
    char *key; /* NULL: never used; TOMB: deleted */
    uint32_t n;
    uint32_t tag;
    uint64_t value;
};

struct kt_map {
    struct slot *slots;
    size_t cap, used, count; /* cap: a power of two; used counts tombs */
    uint64_t seed;
};

static char tomb;

uint64_t kt_hash64(const void *data, size_t n, uint64_t seed)
{
    const unsigned char *p = data;
    uint64_t h = seed ^ (n * UINT64_C(0x9e3779b97f4a7c15));
    while (n >= 8) {
        uint64_t v;
        memcpy(&v, p, 8);
        h = (h ^ v) * UINT64_C(0xff51afd7ed558ccd);
        h ^= h >> 32;
        p += 8;
        n -= 8;
    }
    uint64_t v = 0;
    memcpy(&v, p, n);
    h = (h ^ v) * UINT64_C(0xc4ceb9fe1a85ec53);
    return h ^ (h >> 29);
}

struct kt_map *kt_map_new(size_t expect)
{
    struct kt_map *m = calloc(1, sizeof(*m));
    KT_ASSERT(m);
    m->cap = 16;
    while (m->cap < expect * 2) {
        m->cap *= 2;
    }
    m->slots = calloc(m->cap, sizeof(*m->slots));
    KT_ASSERT(m->slots);
    kt_random(&m->seed, sizeof(m->seed));
    return m;
}

void kt_map_free(struct kt_map *m)
{
    if (!m) {
        return;
    }
    for (size_t i = 0; i < m->cap; i++) {
        if (m->slots[i].key != &tomb) {
            free(m->slots[i].key);
        }
    }
    free(m->slots);
    free(m);
}

static struct slot *find(const struct kt_map *m, struct kt_str key, uint64_t h)
{
    size_t mask = m->cap - 1;
    for (size_t i = h & mask;; i = (i + 1) & mask) {
        struct slot *s = &m->slots[i];
        if (!s->key) {
            return s;
        }
        if (s->key != &tomb && s->tag == (uint32_t)(h >> 32) && s->n == key.n &&
            memcmp(s->key, key.p, key.n) == 0) {
            return s;
        }
    }
}

static void grow(struct kt_map *m)
{
    struct slot *old = m->slots;
    size_t cap = m->cap;
    m->cap = m->count * 4 > 16 ? m->cap * (m->count * 2 >= m->cap / 2 ? 2 : 1) : 16;
    m->slots = calloc(m->cap, sizeof(*m->slots));
    KT_ASSERT(m->slots);
    m->used = m->count;
    for (size_t i = 0; i < cap; i++) {
        if (old[i].key && old[i].key != &tomb) {
            struct kt_str k = {old[i].key, old[i].n};
            *find(m, k, kt_hash64(k.p, k.n, m->seed)) = old[i];
        }
    }
    free(old);
}

static bool put(struct kt_map *m, struct kt_str key, uint64_t value, bool replace)
{
    if ((m->used + 1) * 2 > m->cap) {
        grow(m);
    }
    uint64_t h = kt_hash64(key.p, key.n, m->seed);
    struct slot *s = find(m, key, h);
    if (s->key) {
        if (replace) {
            s->value = value;
        }
        return false;
    }
    s->key = malloc(key.n + 1);
    KT_ASSERT(s->key && key.n < UINT32_MAX);
    memcpy(s->key, key.p, key.n);
    s->key[key.n] = '\0';
    s->n = (uint32_t)key.n;
    s->tag = (uint32_t)(h >> 32);
    s->value = value;
    m->used++;
    m->count++;
    return true;
}

bool kt_map_add(struct kt_map *m, struct kt_str key, uint64_t value)
{
    return put(m, key, value, false);
}

void kt_map_set(struct kt_map *m, struct kt_str key, uint64_t value)
{
    put(m, key, value, true);
}

bool kt_map_get(const struct kt_map *m, struct kt_str key, uint64_t *ret)
{
    struct slot *s = find(m, key, kt_hash64(key.p, key.n, m->seed));
    if (!s->key) {
        return false;
    }
    *ret = s->value;
    return true;
}

bool kt_map_del(struct kt_map *m, struct kt_str key)
{
    struct slot *s = find(m, key, kt_hash64(key.p, key.n, m->seed));
    if (!s->key) {
        return false;
    }
    free(s->key);
    s->key = &tomb;
    m->count--;
    return true;
}

size_t kt_map_count(const struct kt_map *m)
{
    return m->count;
}
