/* SPDX-License-Identifier: Apache-2.0 */
#include "link/upward/held.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/log.h"
#include "base/map.h"
#include "conf/json.h"
#include "sys/file.h"

enum {
    HELD_MAX = 4 << 20, /* samples; between two places there are some 100 000 at most */
    IDS_MAX = 256 << 20,
    REQUEST_MAX = 2 << 20,
    STAND_MAX = 4096
};

struct one {
    kt_time time;
    double value;
    uint32_t point;
    kt_quality quality;
    bool gone; /* it has come again */
};

struct upward_held {
    struct one *all; /* in order; equal ones stand beside each other */
    size_t n, cap, left;
    struct kt_map *requests;
    uint32_t *point; /* by number in the journal; KT_NONE: not of this link */
    uint32_t numbers;
};

static int in_order(const void *pa, const void *pb)
{
    const struct one *a = pa, *b = pb;
    if (a->point != b->point) {
        return a->point < b->point ? -1 : 1;
    }
    if (a->time != b->time) {
        return a->time < b->time ? -1 : 1;
    }
    int by_value = memcmp(&a->value, &b->value, sizeof(a->value));
    return by_value ? by_value : (int)a->quality - (int)b->quality;
}

/* ---- numbers of points: lines of data/points.ids ---- */

static void number_lines(struct upward_held *h, const struct kt_site *site, struct kt_str text)
{
    const char *p = text.p, *end = text.p + text.n, *nl;
    uint32_t cap = 0;
    for (; p < end && (nl = memchr(p, '\n', (size_t)(end - p))); p = nl + 1) {
        if (h->numbers == cap) {
            cap = cap ? cap * 2 : 1024;
            h->point = realloc(h->point, cap * sizeof(*h->point));
            KT_ASSERT(h->point);
        }
        kt_point_id at = kt_site_point(site, (struct kt_str){p, (size_t)(nl - p)});
        h->point[h->numbers++] = at.v;
    }
}

static int number_points(struct upward_held *h, const struct kt_site *site, struct kt_err *err)
{
    char path[700];
    struct kt_buf text;
    if (h->point) {
        return KT_OK;
    }
    kt_buf_init(&text, IDS_MAX);
    snprintf(path, sizeof(path), "%.600s/data/points.ids", site->dir);
    int r = kt_file_read(path, IDS_MAX, &text, err);
    if (r == KT_OK) {
        number_lines(h, site, (struct kt_str){text.p, text.n});
    }
    kt_buf_done(&text);
    return r;
}

/* ---- reading the journal ---- */

static void hold(struct upward_held *h, const struct kt_columns *c)
{
    if (h->n + c->n > HELD_MAX) {
        KT_WARN("upward", "more is behind the kept place than is held against what comes again");
        return;
    }
    if (h->n + c->n > h->cap) {
        h->cap = (h->n + c->n) * 2;
        h->all = realloc(h->all, h->cap * sizeof(*h->all));
        KT_ASSERT(h->all);
    }
    for (uint32_t i = 0; i < c->n; i++) {
        uint32_t number = c->point[i];
        uint32_t point = number < h->numbers ? h->point[number] : KT_NONE;
        if (point != KT_NONE) {
            h->all[h->n++] = (struct one){
                .time = c->time[i], .value = c->value[i], .point = point, .quality = c->quality[i]};
        }
    }
}

static int take(struct upward_held *h, const struct kt_site *site, const struct kt_event *ev,
                struct kt_columns *columns, struct kt_err *err)
{
    kt_time arrival;
    KT_CLEANUP(kt_json_freep) struct kt_json *j = NULL;
    if (ev->kind == KT_EV_REQUEST) {
        int r = kt_json_parse(ev->body, REQUEST_MAX, &j, err);
        const char *key = r == KT_OK ? kt_json_get_str(j, "key", "") : "";
        h->left += *key && kt_map_add(h->requests, kt_str_c(key), 1);
        return r;
    }
    if (ev->body.n == 0) {
        return KT_OK; /* the disk was full: it was not acknowledged */
    }
    int r = number_points(h, site, err);
    r = r == KT_OK ? kt_samples_decode(ev->body, KT_BATCH_MAX, &arrival, columns, err) : r;
    if (r == KT_OK) {
        hold(h, columns);
    }
    return r;
}

static int read_all(struct upward_held *h, struct kt_runtime *rt, const struct kt_site *site,
                    const char *link, kt_seq after, struct kt_err *err)
{
    struct kt_journal *journal = kt_runtime_journal(rt);
    struct kt_journal_reader *reader = NULL;
    struct kt_columns columns = {0};
    struct kt_event ev;
    kt_seq first = kt_journal_first(journal), from = after + 1 < first ? first : after + 1;
    int r = kt_journal_read(journal, NULL, from, &reader, err), got = 1;
    if (r == KT_OK) {
        kt_journal_reader_until(reader, kt_runtime_durable(rt));
    }
    uint32_t kinds = 1u << KT_EV_SAMPLES | 1u << KT_EV_REQUEST;
    while (r == KT_OK && (got = kt_journal_next_of(reader, kinds, &ev, err)) > 0) {
        r = kt_str_is(ev.origin, link) ? take(h, site, &ev, &columns, err) : KT_OK;
    }
    kt_journal_reader_free(reader);
    kt_columns_done(&columns);
    return r < 0 ? r : got;
}

int upward_held_read(struct kt_runtime *rt, const struct kt_site *site, const char *link,
                     kt_seq after, struct upward_held **ret, struct kt_err *err)
{
    struct upward_held *h = calloc(1, sizeof(*h));
    KT_ASSERT(h);
    h->requests = kt_map_new(64);
    int r = after < kt_runtime_durable(rt) ? read_all(h, rt, site, link, after, err) : KT_OK;
    free(h->point);
    h->point = NULL;
    if (r < 0) {
        upward_held_free(h);
        return r;
    }
    if (h->n) {
        qsort(h->all, h->n, sizeof(*h->all), in_order);
    }
    h->left += h->n;
    *ret = h;
    return KT_OK;
}

void upward_held_free(struct upward_held *h)
{
    if (h) {
        kt_map_free(h->requests);
        free(h->all);
        free(h->point);
        free(h);
    }
}

/* ---- holding against it ---- */

/* The first that is not before `key`. */
static size_t find(const struct upward_held *h, const struct one *key)
{
    size_t low = 0, high = h->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (in_order(&h->all[mid], key) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

bool upward_held_sample(struct upward_held *h, uint32_t point, kt_time time, double value,
                        kt_quality quality)
{
    struct one key = {.time = time, .value = value, .point = point, .quality = quality};
    if (!h || h->left == 0) {
        return false;
    }
    for (size_t i = find(h, &key); i < h->n && in_order(&h->all[i], &key) == 0; i++) {
        if (!h->all[i].gone) {
            h->all[i].gone = true;
            h->left--;
            return true;
        }
    }
    return false;
}

bool upward_held_request(struct upward_held *h, const char *key)
{
    bool is = h && h->left && kt_map_del(h->requests, kt_str_c(key));
    if (is) {
        h->left--;
    }
    return is;
}

size_t upward_held_left(const struct upward_held *h)
{
    return h ? h->left : 0;
}

/* ---- where the journal stood ---- */

void upward_stand_now(struct kt_runtime *rt, struct upward_stand *ret)
{
    struct upward_stand s = {.said = true};
    s.proved = !kt_runtime_cluster(rt);
    if (s.proved) {
        kt_journal_head(kt_runtime_journal(rt), &s.seq, &s.chain);
    } else {
        s.seq = kt_runtime_durable(rt);
    }
    *ret = s;
}

void upward_stand_put(struct kt_buf *out, const struct upward_place *p,
                      const struct upward_stand *s)
{
    char hex[65];
    struct kt_jw w = kt_jw_init(out);
    kt_jw_obj(&w);
    upward_put_place_in(&w, p);
    kt_jw_kint(&w, "here", (int64_t)s->seq);
    kt_jw_kstr(&w, "here_chain", s->proved ? kt_hash_hex(&s->chain, hex) : "");
    kt_jw_obj_end(&w);
}

void upward_stand_get(struct kt_str text, struct upward_stand *ret)
{
    KT_CLEANUP(kt_json_freep) struct kt_json *j = NULL;
    struct kt_err err;
    struct upward_stand s = {0};
    if (kt_json_parse(text, STAND_MAX, &j, &err) == KT_OK) {
        int64_t seq = kt_json_get_int(j, "here", -1);
        const char *hex = kt_json_get_str(j, "here_chain", "");
        s.proved = *hex != '\0';
        s.said = seq >= 0 && (!s.proved || kt_hash_from_hex(kt_str_c(hex), &s.chain) == KT_OK);
        s.seq = s.said ? (kt_seq)seq : 0;
    }
    *ret = s;
}

bool upward_stand_here(struct kt_runtime *rt, const struct kt_site *site,
                       const struct upward_stand *s)
{
    char dir[700];
    struct kt_hash chain;
    struct kt_err err;
    bool known = s->said && s->seq <= kt_runtime_durable(rt);
    if (!known || !s->proved) {
        return known && kt_runtime_cluster(rt);
    }
    snprintf(dir, sizeof(dir), "%.600s/data/journal", site->dir);
    return kt_journal_chain_at(dir, s->seq, &chain, &err) == KT_OK && kt_hash_eq(&chain, &s->chain);
}
