/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every chunk read and proved; copies while running.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "history/private.h"
#include "sys/file.h"

struct verifying {
    struct history_codec *codec;
    struct history_cols cols;
    const char *path;
    struct history_file month; /* only the times of it */
    kt_history_chunk_fn fn;
    void *arg;
    bool stopped;
    uint64_t chunks;
};

static bool same_num(double a, double b)
{
    return memcmp(&a, &b, sizeof(a)) == 0;
}

static bool same_summary(const struct history_summary *a, const struct history_summary *b)
{
    bool known =
        a->known == b->known &&
        (!a->known ||
         (same_num(a->min, b->min) && same_num(a->max, b->max) && same_num(a->sum, b->sum) &&
          same_num(a->last_value, b->last_value) && a->min_time == b->min_time &&
          a->max_time == b->max_time && a->last_time == b->last_time));
    return known && a->n == b->n && a->first == b->first && a->last == b->last &&
           a->worst == b->worst;
}

static bool rising(const struct history_cols *c)
{
    for (uint32_t i = 1; i < c->n; i++) {
        if (c->time[i] < c->time[i - 1]) {
            return false;
        }
    }
    return true;
}

static int verify_row(struct verifying *v, const char *id, int64_t key, struct kt_str row,
                      struct kt_err *err)
{
    struct history_summary sum, again;
    struct kt_str run;
    int r = history_row_open(id, row, &sum, &run, err);
    if (r < 0) {
        return r;
    }
    v->cols.n = 0;
    v->cols.late = false;
    r = history_codec_decode(v->codec, run, &v->cols, err);
    if (r < 0) {
        return r;
    }
    history_summarize(&v->cols, 0, v->cols.n, &again);
    if (!rising(&v->cols) || !same_summary(&sum, &again)) {
        return kt_err_set(err, KT_ECORRUPT, "point %s: a chunk does not fit its summary", id);
    }
    if (history_day(sum.first) != history_file_day(&v->month, key)) {
        return kt_err_set(err, KT_ECORRUPT, "point %s: a chunk lies under the day of another", id);
    }
    v->chunks++;
    if (v->fn) {
        struct kt_hash h;
        history_row_hash(id, row, &h);
        v->stopped = !v->fn(v->arg, id, sum.first, sum.last, sum.n, &h);
    }
    return KT_OK;
}

static int verify_rows(struct verifying *v, struct kt_stmt *st, struct kt_err *err)
{
    int r;
    while (!v->stopped && (r = kt_stmt_step(st, err)) != 0) {
        if (r < 0) {
            return r;
        }
        int64_t key = kt_col_i64(st, 0);
        struct kt_err why;
        const char *id = kt_col_text(st, 1);
        r = id ? verify_row(v, id, key, kt_col_bytes(st, 2), &why)
               : kt_err_set(&why, KT_ECORRUPT, "its point is not listed");
        if (r < 0) {
            return kt_err_set(err, r, "%s: chunk %lld: %s", v->path, (long long)key, why.text);
        }
    }
    return KT_OK;
}

static int verify_totals(struct verifying *v, struct kt_db *db, uint64_t before, struct kt_err *err)
{
    int64_t chunks = 0;
    int r = kt_db_int(db, "SELECT chunks FROM total", &chunks, err);
    if (r == KT_OK && !v->stopped && (uint64_t)chunks != v->chunks - before) {
        return kt_err_set(err, KT_ECORRUPT, "%s: %lld chunks are counted, %llu are there", v->path,
                          (long long)chunks, (unsigned long long)(v->chunks - before));
    }
    return r;
}

static int verify_db(struct verifying *v, struct kt_db *db, struct kt_err *err)
{
    int64_t version = 0;
    int r = kt_db_int(db, "PRAGMA user_version", &version, err);
    if (r < 0 || version == 0) {
        return r; /* made, not yet filled */
    }
    struct kt_stmt *st;
    uint64_t before = v->chunks;
    r = kt_db_prepare(db,
                      "SELECT key, (SELECT id FROM point WHERE num = key >> 34), data FROM chunk "
                      "ORDER BY key",
                      &st, err);
    if (r < 0) {
        return r;
    }
    r = verify_rows(v, st, err);
    kt_stmt_done(st);
    return r == KT_OK ? verify_totals(v, db, before, err) : r;
}

static int verify_file(struct verifying *v, const char *path, int32_t month, struct kt_err *err)
{
    struct kt_store *s;
    struct kt_db *db;
    int r = history_file_store(path, &s, err);
    if (r < 0) {
        return r;
    }
    v->path = path;
    v->month.start = history_month_start(month);
    r = kt_store_read(s, &db, err);
    if (r == KT_OK) {
        r = verify_db(v, db, err);
        kt_store_read_done(s, db);
    }
    kt_store_close(s);
    return r;
}

static int verify_dir(struct verifying *v, const char *dir, void (*progress)(void *, double),
                      void *arg, struct kt_err *err)
{
    struct kt_arena *a = kt_arena_new(0);
    char **names;
    size_t n = 0;
    int r = kt_dir_list(dir, a, &names, &n, err);
    v->codec = history_codec_new();
    for (size_t i = 0; i < n && r == KT_OK && !v->stopped; i++) {
        uint8_t cls;
        int32_t month;
        bool packed;
        if (history_file_name(names[i], &cls, &month, &packed)) {
            char *path = kt_arena_printf(a, "%s/%s", dir, names[i]);
            path[strlen(path) - (packed ? strlen(HISTORY_PACKED) : 0)] = '\0';
            if (!packed || !kt_file_exists(path)) {
                r = verify_file(v, path, month, err);
            }
        }
        if (progress) {
            progress(arg, (double)(i + 1) / (double)n);
        }
    }
    history_codec_free(v->codec);
    history_cols_done(&v->cols);
    kt_arena_free(a);
    return r;
}

int kt_history_verify(const char *dir, void (*progress)(void *arg, double part), void *arg,
                      uint64_t *ret_chunks, struct kt_err *err)
{
    struct verifying v = {0};
    int r = history_state_verify(dir, err);
    r = r == KT_OK ? verify_dir(&v, dir, progress, arg, err) : r;
    if (r == KT_OK) {
        *ret_chunks = v.chunks;
    }
    return r;
}

int kt_history_chunks(const char *dir, kt_history_chunk_fn fn, void *arg, struct kt_err *err)
{
    struct verifying v = {.fn = fn, .arg = arg};
    return verify_dir(&v, dir, NULL, NULL, err);
}

static int backup_file(struct kt_history *h, struct history_file *f, const char *to_dir,
                       struct kt_err *err)
{
    char to[PATH_MAX];
    struct kt_db *db;
    if (snprintf(to, sizeof(to), "%s/%s", to_dir, f->name) >= (int)sizeof(to)) {
        return kt_err_set(err, KT_EINVAL, "the path is too long: %s", to_dir);
    }
    int r = history_file_read(h->files, f, &db, err); /* opens the reading store */
    if (r < 0) {
        return r;
    }
    kt_store_read_done(f->ro, db);
    return kt_store_backup(f->ro, to, err);
}

int kt_history_backup(struct kt_history *h, const char *to_dir, struct kt_err *err)
{
    char to[PATH_MAX];
    int r = kt_dir_make(to_dir, err);
    if (r == KT_OK && snprintf(to, sizeof(to), "%s/state.db", to_dir) >= (int)sizeof(to)) {
        r = kt_err_set(err, KT_EINVAL, "the path is too long: %s", to_dir);
    }
    if (r == KT_OK) {
        /* first: what it says is in files is in the copies made after it */
        r = history_state_backup(h->state, to, err);
    }
    struct history_file **files;
    size_t n = history_files_hold(h->files, INT32_MIN, INT32_MAX, &files);
    for (size_t i = 0; i < n && r == KT_OK; i++) {
        r = backup_file(h, files[i], to_dir, err);
    }
    history_files_release(h->files, files, n);
    free(files);
    return r;
}
