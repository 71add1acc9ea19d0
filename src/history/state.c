/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state.db: how far each point's samples are in files, and the last one stored.
 *
 * It is written after the files it speaks of were committed and synced, and may be behind them:
 * then recovery adds again what a file has already. That starts from the same last one stored, so
 * the deadband passes over the same samples, and what is added again vanishes as repeats. Beside it
 * the end of the months that were dropped, by class: what is older is in the long history, if at
 * all. And the month files there are: what is listed and not there was taken away (verify, a
 * start).
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "history/private.h"
#include "sys/file.h"

enum { PAGE_BYTES = 512 };

static const char *const versions[] = {
    "CREATE TABLE point(id TEXT PRIMARY KEY, seq INTEGER NOT NULL, newest INTEGER NOT NULL,"
    " stored INTEGER NOT NULL, time INTEGER NOT NULL, value INTEGER NOT NULL,"
    " quality INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE total(one INTEGER PRIMARY KEY CHECK(one = 1), safe_seq INTEGER NOT NULL,"
    " chunk_order INTEGER NOT NULL);"
    "INSERT INTO total VALUES(1, 0, 0);",
    "CREATE TABLE dropped(cls INTEGER PRIMARY KEY, before INTEGER NOT NULL);",
    "CREATE TABLE month(name TEXT PRIMARY KEY) WITHOUT ROWID;",
};
enum { LISTS_MONTHS = 3 };

struct history_state {
    struct kt_store *store;
};

int history_state_open(const char *dir, struct history_state **ret, struct kt_err *err)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof(path), "%s/state.db", dir) >= (int)sizeof(path)) {
        return kt_err_set(err, KT_EINVAL, "the path is too long: %s", dir);
    }
    struct kt_store_opts o = {.path = path,
                              .versions = versions,
                              .n_versions = (int)KT_ARRAY_LEN(versions),
                              .page_bytes = PAGE_BYTES};
    struct history_state *s = calloc(1, sizeof(*s));
    KT_ASSERT(s);
    int r = history_unpack(path, err);
    if (r == KT_OK) {
        history_packed_remove(path);
        r = kt_store_open(&o, &s->store, err);
    }
    if (r < 0) {
        free(s);
        return r;
    }
    *ret = s;
    return KT_OK;
}

void history_state_close(struct history_state *s)
{
    if (s) {
        char *path = strdup(kt_store_path(s->store));
        KT_ASSERT(path);
        kt_store_close(s->store);
        history_pack(path);
        free(path);
        free(s);
    }
}

static void load_point(struct kt_history *h, const struct kt_stmt *st)
{
    struct history_point *p = history_point_of(h, kt_col_text(st, 0), true);
    int64_t bits = kt_col_i64(st, 5);
    p->sealed_seq = (uint64_t)kt_col_i64(st, 1);
    p->sealed_max = p->head->newest = kt_col_i64(st, 2);
    p->has_last = kt_col_i64(st, 3) != 0;
    p->last_time = kt_col_i64(st, 4);
    memcpy(&p->last_value, &bits, sizeof(bits));
    p->last_quality = (kt_quality)kt_col_i64(st, 6);
    h->recover_to = p->sealed_seq > h->recover_to ? p->sealed_seq : h->recover_to;
}

static int load_dropped(struct kt_db *db, struct kt_history *h, struct kt_err *err)
{
    struct kt_stmt *st;
    int r = kt_db_prepare(db, "SELECT cls, before FROM dropped", &st, err);
    if (r < 0) {
        return r;
    }
    while ((r = kt_stmt_step(st, err)) > 0) {
        int64_t cls = kt_col_i64(st, 0);
        if (cls >= 0 && cls < HISTORY_CLASSES) {
            h->dropped[cls] = kt_col_i64(st, 1);
        }
    }
    kt_stmt_done(st);
    return r;
}

static int save_dropped(struct kt_db *db, int cls, kt_time before, struct kt_err *err)
{
    struct kt_stmt *st;
    int r = kt_db_prepare(db, "INSERT OR REPLACE INTO dropped VALUES(?, ?)", &st, err);
    if (r < 0) {
        return r;
    }
    kt_bind_i64(st, 1, cls);
    kt_bind_i64(st, 2, before);
    r = kt_stmt_run(st, err);
    kt_stmt_done(st);
    return r;
}

/* ---- the months ---- */

/* `sql` has one parameter, the name. */
static int run_named(struct kt_db *db, const char *sql, const char *name, struct kt_err *err)
{
    struct kt_stmt *st;
    int r = kt_db_prepare(db, sql, &st, err);
    if (r < 0) {
        return r;
    }
    kt_bind_text(st, 1, name);
    r = kt_stmt_run(st, err);
    kt_stmt_done(st);
    return r;
}

static int unlist(struct kt_db *db, const char *name, struct kt_err *err)
{
    return run_named(db, "DELETE FROM month WHERE name = ?", name, err);
}

static int list_new(struct kt_db *db, const struct history_files *fs, struct kt_err *err)
{
    int r = KT_OK;
    for (size_t i = 0; i < fs->n && r == KT_OK; i++) {
        if (!fs->list[i]->listed) {
            r = run_named(db, "INSERT OR IGNORE INTO month VALUES(?)", fs->list[i]->name, err);
        }
    }
    return r;
}

static void set_listed(struct history_files *fs)
{
    for (size_t i = 0; i < fs->n; i++) {
        fs->list[i]->listed = true;
    }
}

static int end_transaction(struct kt_db *db, int r, struct kt_err *err)
{
    if (r < 0) {
        kt_db_rollback(db);
        return r;
    }
    return kt_db_commit(db, err);
}

int history_state_drop(struct history_state *s, const struct history_file *f, kt_time before,
                       struct kt_err *err)
{
    struct kt_db *db = kt_store_writer(s->store);
    int r = kt_db_begin(db, err);
    if (r == KT_OK) {
        r = save_dropped(db, f->cls, before, err);
        r = r == KT_OK ? unlist(db, f->name, err) : r;
        r = end_transaction(db, r, err);
    }
    return r == KT_OK ? kt_store_checkpoint(s->store, err) : r; /* on disk before the file goes */
}

static int read_months(struct kt_db *db, struct kt_arena *a, char ***ret, size_t *ret_n,
                       struct kt_err *err)
{
    struct kt_stmt *st;
    int64_t n = 0;
    int r = kt_db_int(db, "SELECT count(*) FROM month", &n, err);
    r = r == KT_OK ? kt_db_prepare(db, "SELECT name FROM month ORDER BY name", &st, err) : r;
    if (r < 0) {
        return r;
    }
    char **names = KT_NEW_ARRAY(a, char *, (size_t)n + 1);
    size_t at = 0;
    while ((r = kt_stmt_step(st, err)) > 0 && at < (size_t)n) {
        names[at++] = kt_arena_strdup(a, kt_col_text(st, 0));
    }
    kt_stmt_done(st);
    *ret = names;
    *ret_n = at;
    return r < 0 ? r : KT_OK;
}

static bool in_list(const struct history_files *fs, const char *name)
{
    for (size_t i = 0; i < fs->n; i++) {
        if (strcmp(fs->list[i]->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static int settle_months(struct kt_db *db, const struct history_files *fs, char *const *names,
                         size_t n, kt_history_lost_fn on_lost, void *arg, struct kt_err *err)
{
    int r = KT_OK;
    for (size_t i = 0; i < n && r == KT_OK; i++) {
        if (!in_list(fs, names[i])) {
            KT_ERROR("history",
                     "%s/%s is gone; its samples are missing until it is put back from "
                     "a backup while the program does not run",
                     fs->dir, names[i]);
            if (on_lost) {
                on_lost(arg, names[i]);
                r = unlist(db, names[i], err);
            }
        }
    }
    return r == KT_OK ? list_new(db, fs, err) : r;
}

int history_state_months(struct history_state *s, struct history_files *fs,
                         kt_history_lost_fn on_lost, void *arg, struct kt_err *err)
{
    struct kt_arena *a = kt_arena_new(0);
    struct kt_db *db = kt_store_writer(s->store);
    char **names;
    size_t n = 0;
    int r = kt_db_begin(db, err);
    if (r == KT_OK) {
        r = read_months(db, a, &names, &n, err);
        r = r == KT_OK ? settle_months(db, fs, names, n, on_lost, arg, err) : r;
        r = end_transaction(db, r, err);
    }
    if (r == KT_OK) {
        set_listed(fs);
    }
    kt_arena_free(a);
    return r;
}

/* The first that is listed and not there; "": none, or an older program's file. */
static int first_missing(struct kt_store *store, const char *dir, char ret[PATH_MAX],
                         struct kt_err *err)
{
    struct kt_arena *a = kt_arena_new(0);
    struct kt_db *db;
    int64_t version = 0;
    char **names;
    size_t n = 0;
    int r = kt_store_read(store, &db, err);
    if (r == KT_OK) {
        r = kt_db_int(db, "PRAGMA user_version", &version, err);
        if (r == KT_OK && version >= LISTS_MONTHS) {
            r = read_months(db, a, &names, &n, err);
        }
        kt_store_read_done(store, db);
    }
    ret[0] = '\0';
    for (size_t i = 0; i < n && !ret[0]; i++) {
        snprintf(ret, PATH_MAX, "%s/%s", dir, names[i]);
        if (kt_file_exists(ret) || history_is_packed(ret)) {
            ret[0] = '\0';
        }
    }
    kt_arena_free(a);
    return r;
}

int history_state_verify(const char *dir, struct kt_err *err)
{
    char path[PATH_MAX], missing[PATH_MAX] = "", again[PATH_MAX] = "";
    struct kt_store *store;
    if (snprintf(path, sizeof(path), "%s/state.db", dir) >= (int)sizeof(path)) {
        return kt_err_set(err, KT_EINVAL, "the path is too long: %s", dir);
    }
    struct kt_store_opts o = {.path = path,
                              .versions = versions,
                              .n_versions = (int)KT_ARRAY_LEN(versions),
                              .read_only = true};
    int r = history_store_read(&o, &store, err);
    if (r < 0) {
        return r == KT_ENOTFOUND
                   ? kt_err_set(err, KT_ECORRUPT, "%s is missing; restore it from a backup", path)
                   : r;
    }
    r = first_missing(store, dir, missing, err);
    if (r == KT_OK &&
        missing[0]) { /* a program that runs may have dropped or unpacked it just now */
        r = first_missing(store, dir, again, err);
    }
    kt_store_close(store);
    return r < 0 || !again[0] ? r
                              : kt_err_set(err, KT_ECORRUPT,
                                           "%s is missing; restore it from a backup (without it: "
                                           "the next start says so and goes on)",
                                           again);
}

int history_state_load(struct history_state *s, struct kt_history *h, struct kt_err *err)
{
    struct kt_db *db = kt_store_writer(s->store);
    int64_t safe = 0, order = 0;
    int r = kt_db_int(db, "SELECT safe_seq FROM total", &safe, err);
    if (r == KT_OK) {
        r = kt_db_int(db, "SELECT chunk_order FROM total", &order, err);
    }
    struct kt_stmt *st;
    if (r == KT_OK) {
        r = kt_db_prepare(db, "SELECT id, seq, newest, stored, time, value, quality FROM point",
                          &st, err);
    }
    if (r < 0) {
        return r;
    }
    while ((r = kt_stmt_step(st, err)) > 0) {
        load_point(h, st);
    }
    kt_stmt_done(st);
    h->safe_seq = (uint64_t)safe;
    h->last_seq = (uint64_t)safe;
    h->order = (uint64_t)order;
    return r < 0 ? r : load_dropped(db, h, err);
}

static int save_point(struct kt_db *db, const struct history_point *p, struct kt_err *err)
{
    struct kt_stmt *st;
    int r = kt_db_prepare(db, "INSERT OR REPLACE INTO point VALUES(?, ?, ?, ?, ?, ?, ?)", &st, err);
    if (r < 0) {
        return r;
    }
    int64_t bits;
    memcpy(&bits, &p->last_value, sizeof(bits));
    kt_bind_text(st, 1, p->id);
    kt_bind_i64(st, 2, (int64_t)p->sealed_seq);
    kt_bind_i64(st, 3, p->sealed_max);
    kt_bind_i64(st, 4, p->has_last);
    kt_bind_i64(st, 5, p->last_time);
    kt_bind_i64(st, 6, bits);
    kt_bind_i64(st, 7, p->last_quality);
    r = kt_stmt_run(st, err);
    kt_stmt_done(st);
    return r;
}

static int save_total(struct kt_db *db, const struct kt_history *h, struct kt_err *err)
{
    struct kt_stmt *st;
    int r = kt_db_prepare(db, "UPDATE total SET safe_seq = ?, chunk_order = ?", &st, err);
    if (r < 0) {
        return r;
    }
    kt_bind_i64(st, 1, (int64_t)h->safe_seq);
    kt_bind_i64(st, 2, (int64_t)h->order);
    r = kt_stmt_run(st, err);
    kt_stmt_done(st);
    return r;
}

int history_state_save(struct history_state *s, struct kt_history *h,
                       struct history_point *const *points, size_t n, struct kt_err *err)
{
    struct kt_db *db = kt_store_writer(s->store);
    int r = kt_db_begin(db, err);
    for (size_t i = 0; r == KT_OK && i < n; i++) {
        r = save_point(db, points[i], err);
    }
    r = r == KT_OK ? save_total(db, h, err) : r;
    r = r == KT_OK ? list_new(db, h->files, err) : r;
    r = end_transaction(db, r, err);
    if (r == KT_OK) {
        set_listed(h->files);
    }
    return r;
}

int history_state_backup(struct history_state *s, const char *to, struct kt_err *err)
{
    return kt_store_backup(s->store, to, err);
}
