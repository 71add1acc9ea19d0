/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening, points, adding.
 */
#include "history/history.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/map.h"
#include "history/private.h"
#include "sys/file.h"

enum { EXPECT_POINTS = 1024, HEAD_ALIGN = 4096 };

/* What state.db knew is found again by recovery, so a damaged one is put aside. */
static int open_state(const char *dir, struct history_state **ret, struct kt_err *err)
{
    int r = history_state_open(dir, ret, err);
    if (r != KT_ECORRUPT) {
        return r;
    }
    char from[PATH_MAX], to[PATH_MAX];
    if (snprintf(from, sizeof(from), "%s/state.db", dir) >= (int)sizeof(from) ||
        snprintf(to, sizeof(to), "%s/state.db.damaged", dir) >= (int)sizeof(to) ||
        rename(from, to) != 0) {
        return r;
    }
    KT_WARN("history", "%s; put aside, recovery reads more of the journal", err->text);
    return history_state_open(dir, ret, err);
}

static void init(struct kt_history *h, const struct kt_history_opts *o)
{
    uint32_t n = o->chunk_samples ? o->chunk_samples : HISTORY_CHUNK_SAMPLES;
    h->chunk_samples = n < HISTORY_CHUNK_LIMIT ? n : HISTORY_CHUNK_LIMIT;
    h->chunk_age_ns = o->chunk_age_ns ? o->chunk_age_ns : KT_HOUR;
    h->on_sealed = o->on_sealed;
    h->arg = o->arg;
    h->first_batch = true;
    h->by_name = kt_map_new(EXPECT_POINTS);
    h->codec = history_codec_new();
    kt_buf_init(&h->row, 0);
    KT_ASSERT(pthread_rwlock_init(&h->names, NULL) == 0 &&
              pthread_mutex_init(&h->contexts, NULL) == 0 &&
              pthread_mutex_init(&h->heads, NULL) == 0);
}

static void destroy(struct kt_history *h)
{
    history_files_close(h->files);
    history_state_close(h->state);
    while (h->idle) {
        struct history_ctx *c = h->idle;
        h->idle = c->next;
        history_ctx_free(c);
    }
    for (uint32_t i = 0; i < h->n_points; i++) {
        history_head_done(h->points[i]->head);
        free(h->points[i]->id);
        free(h->points[i]);
    }
    pthread_mutex_destroy(&h->heads);
    pthread_mutex_destroy(&h->contexts);
    pthread_rwlock_destroy(&h->names);
    kt_map_free(h->by_name);
    history_codec_free(h->codec);
    history_cols_done(&h->cols);
    kt_buf_done(&h->row);
    free(h->points);
    for (uint32_t i = 0; i < (h->n_points + HISTORY_SLAB - 1) / HISTORY_SLAB; i++) {
        free(h->slabs[i]);
    }
    free(h->slabs);
    free(h->by_pid);
    free(h->head_of);
    free(h->due);
    free(h);
}

int kt_history_open(const struct kt_history_opts *opts, struct kt_history **ret, struct kt_err *err)
{
    int r = kt_dir_make(opts->dir, err);
    if (r < 0) {
        return r;
    }
    struct kt_history *h = calloc(1, sizeof(*h));
    KT_ASSERT(h);
    init(h, opts);
    r = open_state(opts->dir, &h->state, err);
    if (r == KT_OK) {
        r = history_files_open(opts->dir, &h->files, err);
    }
    if (r == KT_OK) {
        r = history_state_load(h->state, h, err);
    }
    if (r < 0) {
        destroy(h);
        return r;
    }
    *ret = h;
    return KT_OK;
}

void kt_history_close(struct kt_history *h)
{
    if (!h) {
        return;
    }
    struct kt_err err;
    if (kt_history_seal(h, 0, true, &err) < 0) {
        KT_ERROR("history", "closing: %s; the journal keeps these samples", err.text);
    }
    destroy(h);
}

/* ---- points ---- */

static struct history_head *head_new(struct kt_history *h, uint32_t index)
{
    uint32_t slab = index / HISTORY_SLAB;
    if (index % HISTORY_SLAB == 0) {
        size_t bytes = HISTORY_SLAB * sizeof(struct history_head);
        h->slabs = realloc(h->slabs, (slab + 1) * sizeof(*h->slabs));
        KT_ASSERT(h->slabs);
        h->slabs[slab] = aligned_alloc(HEAD_ALIGN, bytes);
        KT_ASSERT(h->slabs[slab]);
        memset(h->slabs[slab], 0, bytes);
    }
    struct history_head *hd = &h->slabs[slab][index % HISTORY_SLAB];
    hd->newest = INT64_MIN;
    return hd;
}

struct history_point *history_point_of(struct kt_history *h, const char *id, bool make)
{
    uint64_t at;
    if (kt_map_get(h->by_name, kt_str_c(id), &at)) {
        return h->points[at];
    }
    if (!make) {
        return NULL;
    }
    if (h->n_points == h->cap_points) {
        h->cap_points = h->cap_points ? h->cap_points * 2 : EXPECT_POINTS;
        h->points = realloc(h->points, h->cap_points * sizeof(*h->points));
        KT_ASSERT(h->points);
    }
    struct history_point *p = malloc(sizeof(*p));
    KT_ASSERT(p);
    *p = (struct history_point){.id = strdup(id),
                                .pid = KT_NONE,
                                .index = h->n_points,
                                .head = head_new(h, h->n_points),
                                .sealed_max = INT64_MIN};
    KT_ASSERT(p->id);
    history_set_limit(h, p);
    kt_map_set(h->by_name, kt_str_c(id), h->n_points);
    h->points[h->n_points++] = p;
    return p;
}

static void pids_reserve(struct kt_history *h, uint32_t n)
{
    if (n <= h->n_pids) {
        return;
    }
    uint32_t cap = h->n_pids ? h->n_pids : EXPECT_POINTS;
    while (cap < n) {
        cap *= 2;
    }
    h->by_pid = realloc(h->by_pid, cap * sizeof(*h->by_pid));
    h->head_of = realloc(h->head_of, cap * sizeof(*h->head_of));
    KT_ASSERT(h->by_pid && h->head_of);
    memset(h->by_pid + h->n_pids, 0, (cap - h->n_pids) * sizeof(*h->by_pid));
    memset(h->head_of + h->n_pids, 0, (cap - h->n_pids) * sizeof(*h->head_of));
    h->n_pids = cap;
}

int kt_history_declare(struct kt_history *h, kt_point_id id, const struct kt_history_point *conf,
                       struct kt_err *err)
{
    if (conf->retention >= HISTORY_CLASSES || !(conf->deadband >= 0) || id.v >= KT_NONE / 2) {
        return kt_err_set(err, KT_EINVAL,
                          "history of point %s: the retention class must be below %d and the "
                          "deadband not negative",
                          conf->id, HISTORY_CLASSES);
    }
    pthread_rwlock_wrlock(&h->names);
    pids_reserve(h, id.v + 1);
    struct history_point *p = history_point_of(h, conf->id, true);
    h->n_declared++;
    if (p->pid != KT_NONE) {
        h->n_declared--;
        p->has_last = p->has_last && p->deadband > 0; /* it is followed for the deadband only */
        h->by_pid[p->pid] = NULL;
        h->head_of[p->pid] = NULL;
    }
    if (h->by_pid[id.v]) {
        h->n_declared--;
        h->by_pid[id.v]->pid = KT_NONE; /* the number went to another point */
    }
    h->by_pid[id.v] = p;
    h->head_of[id.v] = p->head;
    p->pid = id.v;
    p->cls = conf->retention;
    p->deadband = conf->deadband;
    p->head->thinned = conf->deadband > 0;
    pthread_rwlock_unlock(&h->names);
    return KT_OK;
}

/* ---- adding ---- */

static int check_batch(const struct kt_history *h, const struct kt_samples *s, struct kt_err *err)
{
    for (uint32_t i = 0; i < s->n; i++) {
        if (s->point[i] >= h->n_pids || !h->head_of[s->point[i]]) {
            return kt_err_set(err, KT_EINVAL, "history: point number %u was not declared",
                              s->point[i]);
        }
        if (s->time[i] < HISTORY_TIME_MIN || s->time[i] >= HISTORY_TIME_MAX) {
            return kt_err_set(err, KT_EINVAL, "history: a time of point %s is out of range",
                              h->by_pid[s->point[i]]->id);
        }
    }
    return KT_OK;
}

/* A batch that is already safe can only come from a journal that began anew: what was known of the
 * old one's numbers no longer counts. */
static void check_journal(struct kt_history *h, uint64_t seq)
{
    if (seq == 0 || !h->first_batch) {
        return;
    }
    h->first_batch = false;
    if (seq > h->safe_seq) {
        return;
    }
    KT_WARN("history", "the journal begins anew at event %llu", (unsigned long long)seq);
    for (uint32_t i = 0; i < h->n_points; i++) {
        h->points[i]->sealed_seq = 0;
    }
    h->recover_to = 0;
    h->safe_seq = h->last_seq = seq - 1;
}

static void due(struct kt_history *h, struct history_point *p)
{
    if (h->n_due == h->cap_due) {
        h->cap_due = h->cap_due ? h->cap_due * 2 : HISTORY_SEAL_GROUP;
        h->due = realloc(h->due, h->cap_due * sizeof(struct history_point *));
        KT_ASSERT(h->due);
    }
    h->due[h->n_due++] = p;
    p->due = true;
}

static bool within_deadband(const struct history_point *p, kt_time t, double v, kt_quality q)
{
    double d = v - p->last_value;
    return p->deadband > 0 && p->has_last && q == KT_Q_NORMAL && p->last_quality == KT_Q_NORMAL &&
           d <= p->deadband && -d <= p->deadband && t > p->last_time &&
           t - p->last_time < HISTORY_DEADBAND_NS;
}

/* Does the deadband pass over a sample? If not, it is what the next ones are held against. */
static bool passed_over(struct history_point *p, kt_time t, double v, kt_quality q)
{
    if (within_deadband(p, t, v, q)) {
        return true;
    }
    if (!p->has_last || t >= p->last_time) {
        p->has_last = true;
        p->last_time = t;
        p->last_value = v;
        p->last_quality = q;
    }
    return false;
}

static void open_head(struct history_point *p, uint64_t seq, kt_time now, kt_time t)
{
    if (p->head->n == 0) {
        p->opened = now ? now : t;
    }
    p->first_seq = p->first_seq ? p->first_seq : seq;
    p->head->begun = p->first_seq != 0;
}

/* One sample into the head of point number `pid`; heads are locked. False: the deadband passed over
 * it. */
static inline bool take(struct kt_history *h, uint32_t pid, uint64_t seq, kt_time now, kt_time t,
                        double v, kt_quality q)
{
    struct history_head *hd = h->head_of[pid];
    if (KT_UNLIKELY(hd->thinned) && passed_over(h->by_pid[pid], t, v, q)) {
        return false;
    }
    if (KT_UNLIKELY(!hd->begun)) {
        open_head(h->by_pid[pid], seq, now, t);
    }
    int64_t off = now ? now - t : 0;
    bool late = off > HISTORY_LATE_NS || off < -HISTORY_LATE_NS;
    history_head_add(hd, t, v, q, late ? now : 0);
    if (KT_UNLIKELY(history_head_full(hd)) && !h->by_pid[pid]->due) {
        due(h, h->by_pid[pid]);
    }
    return true;
}

/* Heads lie all over memory: fetch what the next samples will touch. */
static inline void look_ahead(const struct kt_history *h, const struct kt_samples *s, uint32_t i)
{
    enum { FAR = 16, NEAR = 8 };
    if (i + FAR < s->n) {
        __builtin_prefetch(h->head_of[s->point[i + FAR]], 1);
    }
    if (i + NEAR < s->n) {
        const struct history_head *hd = h->head_of[s->point[i + NEAR]];
        __builtin_prefetch(hd->tokens + hd->bytes, 1);
    }
}

/* In a file since before the restart? */
static bool is_sealed(const struct history_point *p, uint64_t seq, kt_time t)
{
    return seq <= p->sealed_seq && t <= p->sealed_max;
}

/* Samples [i, end) of a batch. */
static void take_run(struct kt_history *h, uint64_t seq, kt_time arrival,
                     const struct kt_samples *s, uint32_t i, uint32_t end)
{
    bool recovering = seq && seq <= h->recover_to;
    uint64_t taken = 0, late = 0;
    for (; i < end; i++) {
        uint32_t pid = s->point[i];
        struct history_head *hd = h->head_of[pid];
        kt_time t = s->time[i];
        look_ahead(h, s, i);
        if (recovering && is_sealed(h->by_pid[pid], seq, t)) {
            continue;
        }
        late += t < hd->newest;
        hd->newest = t < hd->newest ? hd->newest : t;
        taken +=
            take(h, pid, seq, arrival, t, s->value[i], s->quality ? s->quality[i] : KT_Q_NORMAL);
    }
    h->head_samples += taken;
    h->late += late;
}

static void take_batch(struct kt_history *h, uint64_t seq, kt_time arrival,
                       const struct kt_samples *s)
{
    for (uint32_t i = 0; i < s->n; i += HISTORY_LOCK_RUN) {
        uint32_t end = s->n - i < HISTORY_LOCK_RUN ? s->n : i + HISTORY_LOCK_RUN;
        pthread_mutex_lock(&h->heads);
        take_run(h, seq, arrival, s, i, end);
        pthread_mutex_unlock(&h->heads);
    }
}

/* When nobody seals, or sealing fails, heads must not grow for ever. */
static int bound_heads(struct kt_history *h, struct kt_err *err)
{
    bool large = h->n_due >= HISTORY_SEAL_CALL;
    for (uint32_t i = 0; i < h->n_due && !large; i++) {
        large = h->due[i]->head->n >= 2 * h->due[i]->head->limit ||
                h->due[i]->head->bytes >= 2 * HISTORY_HEAD_BYTES;
    }
    if (!large) {
        return KT_OK;
    }
    int r = kt_history_seal(h, 0, false, err);
    if (r < 0 && h->head_samples < (uint64_t)h->chunk_samples * (h->n_points + 16) * 4) {
        KT_WARN("history", "%s; samples are kept in memory", err->text);
        return KT_OK;
    }
    return r;
}

/* A batch that could not be taken keeps safe_seq before it, so that the journal keeps it too. */
static void refuse(struct kt_history *h, uint64_t seq)
{
    if (seq == 0) {
        return;
    }
    if (h->refused_low == 0 || seq < h->refused_low) {
        h->refused_low = seq;
    }
    h->refused_high = seq > h->refused_high ? seq : h->refused_high;
}

/* Refused ones that are added after all come in order. */
static void accept(struct kt_history *h, uint64_t seq)
{
    if (h->refused_low && seq >= h->refused_low && seq <= h->refused_high) {
        h->refused_low = seq + 1;
        if (h->refused_low > h->refused_high) {
            h->refused_low = h->refused_high = 0;
        }
    }
}

int kt_history_add(struct kt_history *h, uint64_t seq, kt_time arrival, const struct kt_samples *s,
                   struct kt_err *err)
{
    int r = check_batch(h, s, err);
    if (r < 0) {
        return r;
    }
    r = bound_heads(h, err); /* before: a batch is taken whole or not at all */
    if (r < 0) {
        refuse(h, seq);
        return r;
    }
    check_journal(h, seq);
    take_batch(h, seq, arrival, s);
    h->last_seq = seq > h->last_seq ? seq : h->last_seq;
    accept(h, seq);
    return KT_OK;
}

uint64_t kt_history_safe_seq(const struct kt_history *h)
{
    return h->safe_seq;
}

void kt_history_stats(struct kt_history *h, struct kt_history_stats *ret)
{
    *ret = (struct kt_history_stats){
        .head_samples = h->head_samples, .late = h->late, .duplicates = h->duplicates};
    pthread_rwlock_rdlock(&h->names);
    ret->points = h->n_declared;
    pthread_rwlock_unlock(&h->names);
    struct history_file **files;
    size_t n = history_files_hold(h->files, INT32_MIN, INT32_MAX, &files);
    for (size_t i = 0; i < n; i++) {
        ret->chunks += (uint64_t)files[i]->chunks;
        ret->samples += (uint64_t)files[i]->samples;
        int64_t bytes = kt_file_size(files[i]->path);
        ret->bytes += bytes > 0 ? (uint64_t)bytes : 0;
    }
    history_files_release(h->files, files, n);
    free(files);
}
