/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From heads to rows.
 *
 * Invariant: a head is emptied only after every file that took its samples was committed and
 * synced; state.db and the callbacks follow. A failure in between leaves the head as it was, and
 * what files have of it by then vanishes as repeats.
 */
#include <stdlib.h>

#include "history/private.h"

struct group {
    struct kt_history *h;
    struct history_news news;
    struct history_file **files; /* with an open transaction */
    size_t n_files, cap_files;
    uint64_t dropped;
};

void history_set_limit(struct kt_history *h, struct history_point *p)
{
    /* The first seal after a start lies anywhere between a sixteenth and the whole, by a hash of
     * the id, so that ten thousand points never seal in the same second. */
    uint32_t least = h->chunk_samples / 16 + 1, room = h->chunk_samples - least + 1;
    p->head->limit = p->spread ? h->chunk_samples
                               : least + (uint32_t)(kt_hash64(p->id, strlen(p->id), 1) % room);
}

int64_t history_age_limit(const struct kt_history *h, const struct history_point *p)
{
    return p->spread ? h->chunk_age_ns
                     : h->chunk_age_ns / h->chunk_samples * (int64_t)p->head->limit;
}

uint32_t history_chunk_end(const struct kt_history *h, const struct history_cols *c, uint32_t lo)
{
    kt_time midnight = (history_day(c->time[lo]) + 1) * KT_DAY;
    uint32_t end = c->time[c->n - 1] < midnight ? c->n : history_cols_find(c, midnight);
    /* chunks of equal size, at most a quarter above the wanted one */
    uint32_t n = end - lo, max = h->chunk_samples + h->chunk_samples / 4;
    uint32_t parts = (n + max - 1) / max;
    uint32_t hi = lo + (n + parts - 1) / parts;
    /* equal times stay together, so that chunks do not overlap by their cut */
    for (; hi < end && hi - lo < HISTORY_CODEC_MAX && c->time[hi] == c->time[hi - 1]; hi++) {
    }
    return hi;
}

void history_news_add(struct history_news *w, const char *id, const struct history_summary *s,
                      const struct kt_hash *hash)
{
    if (w->n == w->cap) {
        w->cap = w->cap ? w->cap * 2 : HISTORY_SEAL_GROUP;
        w->list = realloc(w->list, w->cap * sizeof(*w->list));
        KT_ASSERT(w->list);
    }
    struct history_sealed *e = &w->list[w->n++];
    *e = (struct history_sealed){strdup(id), s->first, s->last, s->n, *hash};
    KT_ASSERT(e->id);
}

void history_news_tell(struct history_news *w, const struct kt_history *h)
{
    for (size_t i = 0; h->on_sealed && i < w->n; i++) {
        const struct history_sealed *e = &w->list[i];
        h->on_sealed(h->arg, e->id, e->from, e->to, e->n, &e->hash);
    }
}

void history_news_done(struct history_news *w)
{
    for (size_t i = 0; i < w->n; i++) {
        free(w->list[i].id);
    }
    free(w->list);
    *w = (struct history_news){0};
}

static void touch(struct group *g, struct history_file *f)
{
    for (size_t i = 0; i < g->n_files; i++) {
        if (g->files[i] == f) {
            return;
        }
    }
    if (g->n_files == g->cap_files) {
        g->cap_files = g->cap_files ? g->cap_files * 2 : 8;
        g->files = realloc(g->files, g->cap_files * sizeof(struct history_file *));
        KT_ASSERT(g->files);
    }
    g->files[g->n_files++] = f;
}

/* Small ones are joined later; so is one that may overlap what is there. */
bool history_wants_join(const struct kt_history *h, const struct history_summary *s)
{
    return s->n <= h->chunk_samples / 2;
}

uint64_t history_next_order(struct kt_history *h)
{
    return h->order = h->order + 1 > h->last_seq ? h->order + 1 : h->last_seq;
}

static int write_chunk(struct group *g, struct history_point *p, const struct history_cols *c,
                       uint32_t lo, uint32_t hi, struct kt_err *err)
{
    struct kt_history *h = g->h;
    struct history_file *f;
    struct history_summary s;
    struct kt_hash hash;
    int r = history_file_for(h->files, p->cls, c->time[lo], &f, err);
    if (r < 0) {
        return r;
    }
    history_row_encode(h->codec, p->id, c, lo, hi, history_next_order(h), &h->row, &s, &hash);
    bool join = history_wants_join(h, &s) || s.first <= p->sealed_max;
    touch(g, f);
    r = history_file_insert(f, p->id, &s, (struct kt_str){h->row.p, h->row.n}, join, err);
    if (r == KT_OK) {
        history_news_add(&g->news, p->id, &s, &hash);
    }
    return r;
}

static int write_point(struct group *g, struct history_point *p, struct kt_err *err)
{
    struct kt_history *h = g->h;
    struct history_cols *c = &h->cols;
    c->n = 0;
    c->late = false;
    history_head_read(p->head, c);
    g->dropped += history_cols_settle(c);
    int r = KT_OK;
    for (uint32_t lo = 0; r == KT_OK && lo < c->n;) {
        uint32_t hi = history_chunk_end(h, c, lo);
        r = write_chunk(g, p, c, lo, hi, err);
        lo = hi;
    }
    return r;
}

static int commit(struct group *g, struct kt_err *err)
{
    int r = KT_OK;
    for (size_t i = 0; i < g->n_files && r == KT_OK; i++) {
        r = history_file_commit(g->files[i], err);
    }
    return r;
}

static void rollback(struct group *g)
{
    for (size_t i = 0; i < g->n_files; i++) {
        history_file_rollback(g->files[i]);
    }
}

/* All batches up to this one are in heads or files. */
static uint64_t taken_up_to(const struct kt_history *h)
{
    return h->refused_low && h->refused_low <= h->last_seq ? h->refused_low - 1 : h->last_seq;
}

static void empty(struct kt_history *h, struct history_point *p)
{
    p->sealed_max = p->head->newest;
    p->sealed_seq = taken_up_to(h);
    p->spread = true;
    h->head_samples -= p->head->n;
    uint32_t cap = p->head->cap;
    bool tight = h->head_bytes > h->heads_most;
    pthread_mutex_lock(&h->heads);
    history_head_clear(p->head, tight ? 0 : HISTORY_HEAD_KEPT);
    h->head_bytes -= cap - p->head->cap;
    p->first_seq = 0;
    pthread_mutex_unlock(&h->heads);
    history_set_limit(h, p);
    p->due = false;
}

/* With very many points it is looked for only now and then: an older answer is as safe. */
static void update_safe(struct kt_history *h, bool now)
{
    enum { SELDOM = 16 };
    if (!now && h->n_points > HISTORY_AGED_CALL && ++h->safe_calls % SELDOM) {
        return;
    }
    uint64_t safe = taken_up_to(h);
    for (uint32_t i = 0; i < h->n_points; i++) {
        const struct history_point *p = h->points[i];
        if (p->head->n && p->first_seq && p->first_seq - 1 < safe) {
            safe = p->first_seq - 1;
        }
    }
    h->safe_seq = safe;
}

static int finish(struct group *g, struct history_point *const *points, size_t n,
                  struct kt_err *err)
{
    struct kt_history *h = g->h;
    for (size_t i = 0; i < n; i++) {
        empty(h, points[i]);
    }
    h->duplicates += g->dropped;
    update_safe(h, h->head_samples == 0);
    history_news_tell(&g->news, h);
    return history_state_save(h->state, h, points, n, err);
}

static int seal_group(struct kt_history *h, struct history_point *const *points, size_t n,
                      struct kt_err *err)
{
    struct group g = {.h = h};
    int r = KT_OK;
    for (size_t i = 0; i < n && r == KT_OK; i++) {
        r = write_point(&g, points[i], err);
    }
    if (r == KT_OK) {
        r = commit(&g, err);
    }
    if (r == KT_OK) {
        r = finish(&g, points, n, err);
    } else {
        rollback(&g);
    }
    history_files_trim(h->files);
    history_news_done(&g.news);
    free(g.files);
    return r;
}

int history_seal_points(struct kt_history *h, struct history_point *const *points, size_t n,
                        struct kt_err *err)
{
    int r = KT_OK;
    for (size_t i = 0; i < n && r == KT_OK; i += HISTORY_SEAL_GROUP) {
        size_t count = n - i < HISTORY_SEAL_GROUP ? n - i : HISTORY_SEAL_GROUP;
        r = seal_group(h, points + i, count, err);
    }
    return r;
}

static bool is_old(const struct kt_history *h, const struct history_point *p, kt_time now)
{
    return now && p->head->n && !p->due && now - p->opened >= history_age_limit(h, p);
}

/* Full heads first: they are the largest. */
static size_t choose(struct kt_history *h, kt_time now, bool all, struct history_point **list,
                     size_t max)
{
    size_t n = 0;
    for (uint32_t i = 0; i < h->n_due && n < max; i++) {
        list[n++] = h->due[i];
    }
    if (all) {
        for (uint32_t i = 0; i < h->n_points; i++) {
            if (h->points[i]->head->n && !h->points[i]->due) {
                list[n++] = h->points[i];
            }
        }
        return n;
    }
    uint32_t look = h->n_points < HISTORY_AGED_CALL ? h->n_points : HISTORY_AGED_CALL;
    for (; look && n < max; look--) {
        h->aged_at = h->aged_at + 1 < h->n_points ? h->aged_at + 1 : 0;
        if (is_old(h, h->points[h->aged_at], now)) {
            list[n++] = h->points[h->aged_at];
        }
    }
    return n;
}

int kt_history_seal(struct kt_history *h, kt_time now, bool all, struct kt_err *err)
{
    size_t max = all ? h->n_points : HISTORY_SEAL_CALL;
    struct history_point **list = malloc((max ? max : 1) * sizeof(struct history_point *));
    KT_ASSERT(list);
    size_t n = choose(h, now, all, list, max);
    int r = history_seal_points(h, list, n, err);
    uint32_t left = 0;
    for (uint32_t i = 0; i < h->n_due; i++) {
        if (h->due[i]->due) {
            h->due[left++] = h->due[i];
        }
    }
    h->n_due = left;
    if (r == KT_OK && n == 0) {
        update_safe(h, all);
    }
    free(list);
    return r;
}
