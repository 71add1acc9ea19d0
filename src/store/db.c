/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection and its statements.
 */
#include "store/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUSY_MS = 10000, ERR_SQL_MAX = 160 };

static int code_of(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_FULL:
        return KT_EFULL;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return KT_EBUSY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return KT_ECORRUPT;
    case SQLITE_NOMEM:
        return KT_ENOMEM;
    case SQLITE_INTERRUPT:
        return KT_ETIMEOUT;
    case SQLITE_TOOBIG:
        return KT_ELIMIT;
    case SQLITE_CONSTRAINT:
        return rc == SQLITE_CONSTRAINT_UNIQUE || rc == SQLITE_CONSTRAINT_PRIMARYKEY ? KT_EEXIST
                                                                                    : KT_ECONFLICT;
    case SQLITE_AUTH:
        return KT_EDENIED;
    case SQLITE_ERROR:
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
        return KT_EINTERNAL;
    default:
        return KT_EIO;
    }
}

int store_err(struct kt_db *db, int rc, const char *sql, struct kt_err *err)
{
    int code = code_of(rc);
    const char *way = code == KT_EFULL      ? " (free some space)"
                      : code == KT_ECORRUPT ? " (restore it from a backup)"
                                            : "";
    return kt_err_set(err, code, "%s: %s%s; SQL: %.*s", db->path,
                      db->h ? sqlite3_errmsg(db->h) : sqlite3_errstr(rc), way, ERR_SQL_MAX, sql);
}

/* What SQLite opens: a path, or a URI that says the file never changes. */
static char *open_name(const char *path, enum store_mode mode)
{
    if (mode != STORE_IMMUTABLE) {
        return sqlite3_mprintf("%s", path);
    }
    struct kt_buf b;
    kt_buf_init(&b, 0);
    kt_buf_puts(&b, "file:");
    for (const char *p = path; *p; p++) {
        if (strchr("%?#", *p)) {
            kt_buf_printf(&b, "%%%02x", (unsigned)(unsigned char)*p);
        } else {
            kt_put_u8(&b, (uint8_t)*p);
        }
    }
    char *name = sqlite3_mprintf("%s?immutable=1", kt_buf_cstr(&b));
    kt_buf_done(&b);
    return name;
}

static void db_configure(struct kt_db *db, enum store_mode mode)
{
    sqlite3_extended_result_codes(db->h, 1);
    sqlite3_busy_timeout(db->h, BUSY_MS);
    sqlite3_db_config(db->h, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db->h, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(db->h, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
    if (mode != STORE_WRITE) {
        sqlite3_wal_autocheckpoint(db->h, 0);
        sqlite3_db_config(db->h, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    }
}

/* date('now'), however it is spelled, comes here: no statement that a pack brought learns the time;
 * SQLite makes NULL of it. The program's own may (a GeoPackage says when it was made). */
static int time_of_now(sqlite3_vfs *vfs, sqlite3_int64 *ret)
{
    struct kt_db *db = vfs->pAppData;
    sqlite3_vfs *own = sqlite3_vfs_find(NULL);
    if (!db->guard) {
        return own->xCurrentTimeInt64(own, ret);
    }
    db->asked_time = true;
    return SQLITE_ERROR;
}

/* What the system's opens, asks its own, which knows itself by what it keeps beside. */
static int open_file(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags,
                     int *ret_flags)
{
    (void)vfs;
    sqlite3_vfs *own = sqlite3_vfs_find(NULL);
    return own->xOpen(own, name, file, flags, ret_flags);
}

static int take_vfs(struct kt_db *db)
{
    int rc = sqlite3_initialize();
    sqlite3_vfs *own = rc == SQLITE_OK ? sqlite3_vfs_find(NULL) : NULL;
    if (!own) {
        return rc == SQLITE_OK ? SQLITE_ERROR : rc;
    }
    db->vfs = *own;
    snprintf(db->vfs_name, sizeof(db->vfs_name), "kt-%p", (void *)db);
    db->vfs.iVersion = 2;
    db->vfs.zName = db->vfs_name;
    db->vfs.pAppData = db;
    db->vfs.pNext = NULL;
    db->vfs.xOpen = open_file;
    db->vfs.xCurrentTimeInt64 = time_of_now;
    return sqlite3_vfs_register(&db->vfs, 0);
}

int store_db_open(const char *path, enum store_mode mode, struct kt_db **ret, struct kt_err *err)
{
    struct kt_db *db = calloc(1, sizeof(*db));
    KT_ASSERT(db);
    db->path = strdup(path);
    KT_ASSERT(db->path);
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    flags |= mode == STORE_WRITE       ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
             : mode == STORE_IMMUTABLE ? SQLITE_OPEN_READONLY | SQLITE_OPEN_URI
                                       : SQLITE_OPEN_READONLY;
    char *name = open_name(path, mode);
    KT_ASSERT(name);
    int rc = take_vfs(db);
    rc = rc == SQLITE_OK ? sqlite3_open_v2(name, &db->h, flags, db->vfs_name) : rc;
    sqlite3_free(name);
    if (rc != SQLITE_OK) {
        int r = store_err(db, rc, "(open)", err);
        store_db_close(db);
        return r;
    }
    db_configure(db, mode);
    *ret = db;
    return KT_OK;
}

static void stmt_free(struct kt_stmt *st)
{
    sqlite3_finalize(st->st);
    free(st->sql);
    free(st);
}

int store_db_image(const char *path, const struct kt_buf *image, struct kt_db **ret,
                   struct kt_err *err)
{
    struct kt_db *db;
    int r = store_db_open(":memory:", STORE_WRITE, &db, err);
    if (r < 0) {
        return r;
    }
    free(db->path);
    db->path = strdup(path);
    KT_ASSERT(db->path);
    db->of_image = true;
    sqlite3_int64 n = (sqlite3_int64)image->n;
    int rc = sqlite3_deserialize(db->h, "main", (unsigned char *)image->p, n, n,
                                 SQLITE_DESERIALIZE_READONLY);
    if (rc != SQLITE_OK) {
        r = store_err(db, rc, "(image)", err);
        store_db_close(db);
        return r;
    }
    *ret = db;
    return KT_OK;
}

void store_db_close(struct kt_db *db)
{
    if (!db) {
        return;
    }
    for (size_t i = 0; i < db->n; i++) {
        KT_ASSERT(!db->stmts[i]->in_use);
        stmt_free(db->stmts[i]);
    }
    KT_ASSERT(sqlite3_close(db->h) == SQLITE_OK);
    sqlite3_vfs_unregister(&db->vfs);
    free(db->stmts);
    free(db->path);
    free(db);
}

int kt_db_exec(struct kt_db *db, const char *sql, struct kt_err *err)
{
    int rc = sqlite3_exec(db->h, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? KT_OK : store_err(db, rc, sql, err);
}

int kt_db_begin(struct kt_db *db, struct kt_err *err)
{
    return kt_db_exec(db, "BEGIN IMMEDIATE", err);
}

int kt_db_commit(struct kt_db *db, struct kt_err *err)
{
    int r = kt_db_exec(db, "COMMIT", err);
    if (r < 0) {
        kt_db_rollback(db);
    }
    return r;
}

bool kt_db_in_transaction(const struct kt_db *db)
{
    return !sqlite3_get_autocommit(db->h);
}

void kt_db_rollback(struct kt_db *db)
{
    if (kt_db_in_transaction(db)) {
        /* a rollback that fails leaves nothing to do: the transaction is never committed */
        sqlite3_exec(db->h, "ROLLBACK", NULL, NULL, NULL);
    }
}

int kt_db_int(struct kt_db *db, const char *sql, int64_t *ret, struct kt_err *err)
{
    struct kt_stmt *st;
    int r = kt_db_prepare(db, sql, &st, err);
    if (r < 0) {
        return r;
    }
    r = kt_stmt_step(st, err);
    if (r > 0) {
        *ret = kt_col_i64(st, 0);
    }
    kt_stmt_done(st);
    if (r == 0) {
        return kt_err_set(err, KT_ENOTFOUND, "%s: no row; SQL: %.*s", db->path, ERR_SQL_MAX, sql);
    }
    return r < 0 ? r : KT_OK;
}

int64_t kt_db_last_id(const struct kt_db *db)
{
    return sqlite3_last_insert_rowid(db->h);
}

int64_t kt_db_changes(const struct kt_db *db)
{
    return sqlite3_changes64(db->h);
}

void kt_db_interrupt(struct kt_db *db)
{
    sqlite3_interrupt(db->h);
}

static struct kt_stmt *stmt_cached(struct kt_db *db, const char *sql)
{
    for (size_t i = 0; i < db->n; i++) {
        if (!db->stmts[i]->in_use && strcmp(db->stmts[i]->sql, sql) == 0) {
            return db->stmts[i];
        }
    }
    return NULL;
}

static void stmt_keep(struct kt_db *db, struct kt_stmt *st)
{
    if (db->n == db->cap) {
        db->cap = db->cap ? db->cap * 2 : 16;
        db->stmts = realloc(db->stmts, db->cap * sizeof(*db->stmts));
        KT_ASSERT(db->stmts);
    }
    db->stmts[db->n++] = st;
}

int store_prepare(struct kt_db *db, const char *sql, unsigned flags, struct kt_stmt **ret,
                  struct kt_err *err)
{
    sqlite3_stmt *raw = NULL;
    const char *tail = NULL;
    int rc = sqlite3_prepare_v3(db->h, sql, -1, flags, &raw, &tail);
    if (rc != SQLITE_OK) {
        return store_err(db, rc, sql, err);
    }
    if (!raw || tail[strspn(tail, " \n\t;")]) {
        sqlite3_finalize(raw);
        return kt_err_set(err, KT_EINTERNAL, "%s: not exactly one statement; SQL: %.*s", db->path,
                          ERR_SQL_MAX, sql);
    }
    struct kt_stmt *st = calloc(1, sizeof(*st));
    KT_ASSERT(st);
    *st = (struct kt_stmt){.db = db, .st = raw, .sql = strdup(sql), .in_use = true};
    KT_ASSERT(st->sql);
    *ret = st;
    return KT_OK;
}

int kt_db_prepare(struct kt_db *db, const char *sql, struct kt_stmt **ret, struct kt_err *err)
{
    struct kt_stmt *st = stmt_cached(db, sql);
    if (!st) {
        int r = store_prepare(db, sql, SQLITE_PREPARE_PERSISTENT, &st, err);
        if (r < 0) {
            return r;
        }
        stmt_keep(db, st);
    }
    st->in_use = true;
    *ret = st;
    return KT_OK;
}

int kt_db_prepare_once(struct kt_db *db, const char *sql, struct kt_stmt **ret, struct kt_err *err)
{
    int r = store_prepare(db, sql, 0, ret, err);
    if (r == KT_OK) {
        (*ret)->once = (*ret)->in_use = true;
    }
    return r;
}

int kt_db_memory(struct kt_db **ret, struct kt_err *err)
{
    return store_db_open(":memory:", STORE_WRITE, ret, err);
}

void kt_db_close(struct kt_db *db)
{
    store_db_close(db);
}

void kt_stmt_reset(struct kt_stmt *st)
{
    sqlite3_reset(st->st);
}

void kt_stmt_done(struct kt_stmt *st)
{
    if (!st) {
        return;
    }
    KT_ASSERT(st->in_use);
    if (st->guarded) {
        store_unguard(st->db);
    }
    if (st->guarded || st->once) {
        stmt_free(st);
        return;
    }
    sqlite3_reset(st->st);
    sqlite3_clear_bindings(st->st);
    st->bound = SQLITE_OK;
    st->in_use = false;
}

static void bound(struct kt_stmt *st, int rc)
{
    if (rc != SQLITE_OK && st->bound == SQLITE_OK) {
        st->bound = rc;
    }
}

void kt_bind_null(struct kt_stmt *st, int i)
{
    bound(st, sqlite3_bind_null(st->st, i));
}

void kt_bind_i64(struct kt_stmt *st, int i, int64_t v)
{
    bound(st, sqlite3_bind_int64(st->st, i, v));
}

void kt_bind_f64(struct kt_stmt *st, int i, double v)
{
    bound(st, sqlite3_bind_double(st->st, i, v));
}

void kt_bind_text(struct kt_stmt *st, int i, const char *v)
{
    bound(st, sqlite3_bind_text(st->st, i, v, -1, SQLITE_STATIC));
}

void kt_bind_str(struct kt_stmt *st, int i, struct kt_str v)
{
    const char *p = v.p ? v.p : "";
    bound(st, sqlite3_bind_text64(st->st, i, p, v.n, SQLITE_STATIC, SQLITE_UTF8));
}

void kt_bind_blob(struct kt_stmt *st, int i, const void *p, size_t n)
{
    bound(st, sqlite3_bind_blob64(st->st, i, p ? p : "", n, SQLITE_STATIC));
}

int kt_stmt_step(struct kt_stmt *st, struct kt_err *err)
{
    int rc = st->bound;
    if (rc == SQLITE_OK) {
        rc = sqlite3_step(st->st);
    }
    if (st->guarded && st->db->asked_time) {
        sqlite3_reset(st->st);
        return kt_err_set(err, KT_EDENIED,
                          "%s: it asks for the time of now, which differs from node to node and in "
                          "a replay; take :at or a field; SQL: %.*s",
                          st->db->path, ERR_SQL_MAX, st->sql);
    }
    if (rc == SQLITE_ROW) {
        return 1;
    }
    int r = rc == SQLITE_DONE ? 0 : store_err(st->db, rc, st->sql, err);
    sqlite3_reset(st->st);
    return r;
}

int kt_stmt_run(struct kt_stmt *st, struct kt_err *err)
{
    int r = kt_stmt_step(st, err);
    if (r > 0) {
        sqlite3_reset(st->st);
        return kt_err_set(err, KT_EINTERNAL, "%s: a row where none was expected; SQL: %.*s",
                          st->db->path, ERR_SQL_MAX, st->sql);
    }
    return r;
}

int kt_col_count(const struct kt_stmt *st)
{
    return sqlite3_column_count(st->st);
}

const char *kt_col_name(const struct kt_stmt *st, int i)
{
    return sqlite3_column_name(st->st, i);
}

enum kt_col_type kt_col_type(const struct kt_stmt *st, int i)
{
    switch (sqlite3_column_type(st->st, i)) {
    case SQLITE_INTEGER:
        return KT_COL_INT;
    case SQLITE_FLOAT:
        return KT_COL_REAL;
    case SQLITE_TEXT:
        return KT_COL_TEXT;
    case SQLITE_BLOB:
        return KT_COL_BLOB;
    default:
        return KT_COL_NULL;
    }
}

bool kt_col_is_null(const struct kt_stmt *st, int i)
{
    return kt_col_type(st, i) == KT_COL_NULL;
}

int64_t kt_col_i64(const struct kt_stmt *st, int i)
{
    return sqlite3_column_int64(st->st, i);
}

double kt_col_f64(const struct kt_stmt *st, int i)
{
    return sqlite3_column_double(st->st, i);
}

const char *kt_col_text(const struct kt_stmt *st, int i)
{
    return (const char *)sqlite3_column_text(st->st, i);
}

struct kt_str kt_col_bytes(const struct kt_stmt *st, int i)
{
    const void *p = sqlite3_column_blob(st->st, i);
    return (struct kt_str){p, p ? (size_t)sqlite3_column_bytes(st->st, i) : 0};
}
