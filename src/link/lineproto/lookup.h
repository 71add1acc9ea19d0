/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_LINK_LINEPROTO_LOOKUP_H
#define KT_LINK_LINEPROTO_LOOKUP_H
/* Looking a key up, in the steps between which memory is fetched. */
#include "link/lineproto/internal.h"

static inline uint64_t lp_mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0xff51afd7ed558ccd);
    return h ^ h >> 32;
}

/** Of "series field=", eight bytes at a time; the last eight may overlap those before. */
static inline uint64_t lp_hash(const struct lp_keys *k, const char *text, size_t n)
{
    uint64_t h = k->seed ^ n * UINT64_C(0x9e3779b97f4a7c15), v = 0;
    for (size_t i = 0; i + 8 < n; i += 8) {
        memcpy(&v, text + i, 8);
        h = lp_mix(h, v);
    }
    if (n >= 8) {
        memcpy(&v, text + n - 8, 8);
    } else {
        v = 0;
        memcpy(&v, text, n);
    }
    h = lp_mix(h, v);
    return lp_mix(h, 0);
}

/** The first c in [p, end), or end. */
static inline const char *lp_seek(const char *p, const char *end, char c)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), wanted = ones * (unsigned char)c;
    while (end - p >= 8) {
        uint64_t v;
        memcpy(&v, p, 8);
        v ^= wanted;
        v = (v - ones) & ~v & ones << 7;
        if (v) {
            return p + __builtin_ctzll(v) / 8;
        }
        p += 8;
    }
    while (p < end && *p != c) {
        p++;
    }
    return p;
}

/**
 * Length of the key at p with its '='; 0: not found. A remembered key ends at the first '=' behind
 * its first blank, unless blanks are escaped or values of tags hold one; those are found the long
 * way.
 */
static inline size_t lp_key_len(const char *p, const char *end)
{
    enum { LOOK = 256 };
    end = end - p > LOOK ? p + LOOK : end;
    const char *equals = lp_seek(lp_seek(p, end, ' '), end, '=');
    return equals == end ? 0 : (size_t)(equals - p) + 1;
}

static inline void lp_fetch_slot(const struct lp_keys *k, uint64_t h)
{
    __builtin_prefetch(&k->slots[(uint32_t)h & (k->slots_n - 1)]);
}

/** The entry that the first slot names, if any: most often the right one. */
static inline void lp_fetch_entry(const struct lp_keys *k, uint64_t h)
{
    __builtin_prefetch(&k->entries[k->slots[(uint32_t)h & (k->slots_n - 1)].entry]);
}

/** The entry of a key by its hash; 0: not remembered. */
static inline uint32_t lp_find(const struct lp_keys *k, uint64_t h, const char *text, size_t n)
{
    uint32_t tag = (uint32_t)(h >> 32);
    for (uint32_t i = (uint32_t)h & (k->slots_n - 1);; i = (i + 1) & (k->slots_n - 1)) {
        const struct lp_slot *s = &k->slots[i];
        if (s->entry == 0) {
            return 0;
        }
        const struct lp_entry *e = &k->entries[s->entry];
        if (s->tag == tag && e->len == n && lp_same(lp_text(k, e), text, n)) {
            return s->entry;
        }
    }
}
#endif
