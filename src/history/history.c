/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening, points.
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
    const char *end = "";
    if (snprintf(from, sizeof(from), "%s/state.db", dir) < (int)sizeof(from) &&
        history_is_packed(from)) {
        end = HISTORY_PACKED;
    }
    if (snprintf(from, sizeof(from), "%s/state.db%s", dir, end) >= (int)sizeof(from) ||
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
    h->heads_most = o->heads_most ? o->heads_most : HISTORY_HEADS_MOST;
    h->on_sealed = o->on_sealed;
    h->arg = o->arg;
    h->first_batch = true;
    for (int c = 0; c < HISTORY_CLASSES; c++) {
        h->dropped[c] = INT64_MIN;
    }
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
    free(h->mixed);
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
    if (r == KT_OK) {
        r = history_state_months(h->state, h->files, opts->on_lost, opts->arg, err);
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
    } else if (history_merge_small(h, HISTORY_PACKED_MOST, &err) < 0) {
        KT_WARN("history", "closing: %s; small chunks stay as they are", err.text);
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
        ret->bytes += (uint64_t)history_file_bytes(files[i]);
    }
    history_files_release(h->files, files, n);
    free(files);
}
