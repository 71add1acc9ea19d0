/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a parser has learnt of the keys in its stream. Found by hash of the raw text; a new one is
 * taken apart, looked up in the table and asked for once.
 */
#include "link/lineproto/internal.h"
#include "link/lineproto/lookup.h"

#include <stdlib.h>

#include "base/crypto.h"

enum { KEY_MAX = 8192, POOL_PER_KEY = 256 };

static struct lp_entry *entries_new(struct lp_entry *old, uint32_t n, uint32_t cap)
{
    struct lp_entry *e = aligned_alloc(sizeof(*e), cap * sizeof(*e));
    KT_ASSERT(e);
    if (n) {
        memcpy(e, old, n * sizeof(*e));
    }
    free(old);
    return e;
}

void lp_keys_init(struct lp_keys *k, struct kt_lp_table *table, kt_lp_may_fn may, void *arg,
                  uint32_t max)
{
    *k = (struct lp_keys){.table = kt_lp_table_ref(table), .may = may, .arg = arg};
    k->max = max ? max : lp_table_count(table) * 4 + 4096;
    k->cap = 64;
    k->slots_n = 256;
    k->entries = entries_new(NULL, 0, k->cap);
    k->slots = calloc(k->slots_n, sizeof(*k->slots));
    KT_ASSERT(k->entries && k->slots);
    k->entries[0] = (struct lp_entry){.len = UINT16_MAX, .series = UINT32_MAX};
    k->n = 1;
    k->series = kt_map_new(64);
    kt_random(&k->seed, sizeof(k->seed));
    kt_buf_init(&k->scratch, 4 * KEY_MAX);
    kt_buf_init(&k->tmp, 8 * KEY_MAX);
}

void lp_keys_done(struct lp_keys *k)
{
    kt_lp_table_unref(k->table);
    free(k->entries);
    free(k->slots);
    free(k->pool);
    kt_map_free(k->series);
    kt_buf_done(&k->scratch);
    kt_buf_done(&k->tmp);
}

uint32_t lp_keys_find(const struct lp_keys *k, const char *p, const char *end)
{
    size_t n = lp_key_len(p, end);
    return KT_UNLIKELY(n == 0) ? 0 : lp_find(k, lp_hash(k, p, n), p, n);
}

static void put_slot(struct lp_keys *k, uint64_t h, uint32_t entry)
{
    uint32_t i = (uint32_t)h & (k->slots_n - 1);
    while (k->slots[i].entry) {
        i = (i + 1) & (k->slots_n - 1);
    }
    k->slots[i] = (struct lp_slot){(uint32_t)(h >> 32), entry};
}

static void grow_slots(struct lp_keys *k)
{
    free(k->slots);
    k->slots_n *= 2;
    k->slots = calloc(k->slots_n, sizeof(*k->slots));
    KT_ASSERT(k->slots);
    for (uint32_t i = 1; i < k->n; i++) {
        const struct lp_entry *e = &k->entries[i];
        put_slot(k, lp_hash(k, lp_text(k, e), e->len), i);
    }
}

/* "series field=" as the pool keeps it, in scratch; NULL when it is too long. */
static const char *joined(struct lp_keys *k, struct kt_str series, struct kt_str field)
{
    kt_buf_clear(&k->scratch);
    char *to = kt_buf_reserve(&k->scratch, series.n + field.n + 2);
    if (!to || series.n + field.n > KEY_MAX) {
        return NULL;
    }
    memcpy(to, series.p, series.n);
    to[series.n] = ' ';
    memcpy(to + series.n + 1, field.p, field.n);
    to[series.n + field.n + 1] = '=';
    return to;
}

/* The text of a key, in its entry or in the pool. */
static void put_text(struct lp_keys *k, struct lp_entry *e, struct kt_str series,
                     struct kt_str field)
{
    const char *text = joined(k, series, field);
    KT_ASSERT(text);
    if (e->len <= LP_TEXT) {
        memcpy(e->text, text, e->len);
        return;
    }
    if (k->pool_n + e->len > k->pool_cap) {
        k->pool_cap = (k->pool_cap + e->len) * 2;
        k->pool = realloc(k->pool, k->pool_cap);
        KT_ASSERT(k->pool);
    }
    memcpy(k->pool + k->pool_n, text, e->len);
    e->pool = (uint32_t)k->pool_n;
    k->pool_n += e->len;
}

static uint32_t series_number(struct lp_keys *k, struct kt_str series)
{
    uint64_t number = kt_map_count(k->series);
    if (!kt_map_add(k->series, series, number)) {
        (void)kt_map_get(k->series, series, &number);
    }
    return (uint32_t)number;
}

static bool has_room(const struct lp_keys *k, size_t len)
{
    return k->n <= k->max && k->pool_n + len <= (size_t)k->max * POOL_PER_KEY &&
           k->pool_n + len < UINT32_MAX / 4;
}

/* Keep what was found out (in entry 0) under the key. */
static uint32_t remember(struct lp_keys *k, uint64_t h, struct kt_str series, struct kt_str field)
{
    if (!has_room(k, series.n + field.n + 2)) {
        return 0;
    }
    if (k->n == k->cap) {
        k->entries = entries_new(k->entries, k->n, k->cap * 2);
        k->cap *= 2;
    }
    if (k->n * 2 >= k->slots_n) {
        grow_slots(k);
    }
    uint32_t i = k->n++;
    struct lp_entry *e = &k->entries[i];
    *e = (struct lp_entry){.len = (uint16_t)(series.n + field.n + 2),
                           .field_len = (uint16_t)(field.n + 1),
                           .series = series_number(k, series),
                           .point = k->entries[0].point,
                           .state = k->entries[0].state,
                           .is_quality = k->entries[0].is_quality};
    put_text(k, e, series, field);
    put_slot(k, h, i);
    return i;
}

static bool resolve(struct lp_keys *k, struct kt_str series, struct kt_str field,
                    struct lp_why *why)
{
    kt_buf_clear(&k->scratch);
    char *scratch = kt_buf_reserve(&k->scratch, series.n + field.n + 2);
    KT_ASSERT(scratch); /* joined() has looked at the length */
    struct lp_series s;
    if (!lp_series_read(series, scratch, &s, why)) {
        return false;
    }
    struct kt_str name = {scratch + series.n, lp_unescape(field, scratch + series.n)};
    uint32_t point = KT_NONE;
    enum lp_found found = lp_table_find(k->table, &s, name, &k->tmp, &point);
    enum lp_state state = found == LP_NONE ? LP_NOBODY : LP_UNCLEAR;
    if (found == LP_ONE) {
        state = !k->may || k->may(k->arg, (kt_point_id){point}) ? LP_OPEN : LP_CLOSED;
    }
    k->entries[0].point = point;
    k->entries[0].state = (uint8_t)state;
    k->entries[0].is_quality = kt_str_is(name, "quality");
    return true;
}

uint32_t lp_keys_get(struct lp_keys *k, struct kt_str series, struct kt_str field,
                     struct lp_why *why)
{
    const char *text = joined(k, series, field);
    if (!text) {
        *why = (struct lp_why){"a key longer than 8192 bytes", 0};
        return UINT32_MAX;
    }
    uint64_t h = lp_hash(k, text, series.n + field.n + 2);
    uint32_t e = lp_find(k, h, text, series.n + field.n + 2);
    if (e) {
        return e;
    }
    return resolve(k, series, field, why) ? remember(k, h, series, field) : UINT32_MAX;
}
