/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_STORE_STORE_H
#define KT_STORE_STORE_H
/*
 * store: one SQLite file with one writing connection and a pool of reading ones; migrations,
 * cached statements, transactions, online backup. The only module that includes sqlite3.h.
 *
 * Names: kt_store_* is the file, kt_db_* one connection of it, kt_stmt_* one statement.
 * Threads: a kt_store from any; the writer from one thread at a time (its owner's); a kt_db from
 * kt_store_read() belongs to the thread that took it until kt_store_read_done().
 * Invariants
 *  1. Exactly one connection, in one process, writes and checkpoints a file (a lock file beside it
 *     keeps others out): SQLite before 3.51.3 can lose pages when two reset the WAL at once.
 *     Readers are opened read-only and never checkpoint.
 *  2. A transaction that failed is rolled back before the error is returned from kt_db_commit().
 *  3. Every error names the file and the SQL.
 *  4. SQL that a pack brought runs on reading connections only, through kt_db_prepare_guarded().
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct kt_store;
struct kt_db;
struct kt_stmt;
struct kt_db_args;

struct kt_store_opts {
    const char *path;
    /** Migrations: versions[i] is the SQL (several statements) that takes a file from version i to
     *  i + 1; the version is the file's user_version. Rows are added, never changed. */
    const char *const *versions;
    int n_versions;
    int page_bytes; /* counts when the file is made; 0: 4096 */
    int cache_kib;  /* page cache of each connection; 0: 2048 */
    int readers;    /* ceiling of reading connections; 0: 4. More callers wait. */
    bool read_only; /* no writer; the file must exist and is not migrated */
    /** The bytes of the file, which itself is not there (yet); read_only. Taken, also on error. */
    struct kt_buf *image;
    bool sync_full; /* every commit is synced to disk; else only checkpoints are: a crash of the
                       machine may lose the last commits, never the file */
};

/**
 * Open or make the file and bring it to the newest version.
 * @return KT_OK; KT_ENOTFOUND (read_only); KT_EBUSY another process writes it; KT_ECORRUPT;
 *         KT_EUNSUPPORTED written by a newer program; KT_EIO, KT_EFULL
 */
KT_MUST_CHECK int kt_store_open(const struct kt_store_opts *opts, struct kt_store **ret,
                                struct kt_err *err);
void kt_store_close(struct kt_store *s); /**< all readers must be back; accepts NULL */
/**
 * Close, and when the file is small leave it in pages of another size: the only connection's, since
 * the file is put in place of the old one. What cannot be done is left as it was.
 *
 * @param page_bytes what its pages are then
 * @param most_bytes a larger file is only closed
 */
void kt_store_close_packed(struct kt_store *s, int page_bytes, int64_t most_bytes);
/** The file of an image is there now: who reads from here on reads it. What was begun ends on the
 *  image; any thread. Nothing where there was no image. */
void kt_store_image_done(struct kt_store *s);
const char *kt_store_path(const struct kt_store *s);
struct kt_db *kt_store_writer(struct kt_store *s); /**< borrowed; NULL when read_only */
/** Take a reader in a read transaction: one unchanging view until kt_store_read_done(). */
KT_MUST_CHECK int kt_store_read(struct kt_store *s, struct kt_db **ret, struct kt_err *err);
void kt_store_read_done(struct kt_store *s, struct kt_db *db); /**< accepts NULL */
/** Move the WAL into the file as far as readers allow (writer's thread). */
KT_MUST_CHECK int kt_store_checkpoint(struct kt_store *s, struct kt_err *err);
/** A consistent copy as one file (no WAL beside it), synced, in place of `to`; any thread. */
KT_MUST_CHECK int kt_store_backup(struct kt_store *s, const char *to, struct kt_err *err);

/* A transaction of the writer. Statements outside of one commit by themselves. */
KT_MUST_CHECK int kt_db_begin(struct kt_db *db, struct kt_err *err);
KT_MUST_CHECK int kt_db_commit(struct kt_db *db, struct kt_err *err);
void kt_db_rollback(struct kt_db *db); /**< no matter whether one is open */
bool kt_db_in_transaction(const struct kt_db *db);
/** A database in memory, of this connection alone: for trying SQL. */
KT_MUST_CHECK int kt_db_memory(struct kt_db **ret, struct kt_err *err);
void kt_db_close(struct kt_db *db); /**< of kt_db_memory() only; accepts NULL */
/** Run statements without results. */
KT_MUST_CHECK int kt_db_exec(struct kt_db *db, const char *sql, struct kt_err *err);
/** First column of the first row; KT_ENOTFOUND when there is none. */
KT_MUST_CHECK int kt_db_int(struct kt_db *db, const char *sql, int64_t *ret, struct kt_err *err);
int64_t kt_db_last_id(const struct kt_db *db); /**< rowid of the last insert */
int64_t kt_db_changes(const struct kt_db *db); /**< rows of the last insert, update or delete */
/** Ask what runs on this connection to stop soon with KT_ETIMEOUT; any thread. */
void kt_db_interrupt(struct kt_db *db);

/**
 * A prepared statement from the connection's cache, reset and unbound. Give it back with
 * kt_stmt_done(). `sql` is one statement; equal text is prepared once.
 */
KT_MUST_CHECK int kt_db_prepare(struct kt_db *db, const char *sql, struct kt_stmt **ret,
                                struct kt_err *err);
/** As kt_db_prepare(), not kept: for SQL whose text differs each time. */
KT_MUST_CHECK int kt_db_prepare_once(struct kt_db *db, const char *sql, struct kt_stmt **ret,
                                     struct kt_err *err);
void kt_stmt_done(struct kt_stmt *st);  /**< accepts NULL */
void kt_stmt_reset(struct kt_stmt *st); /**< to run it again; bindings stay */
/* Bind parameter i (from 1). A failed bind is reported by the next step. Text and bytes are
 * borrowed until the statement is reset, done or bound anew. */
void kt_bind_null(struct kt_stmt *st, int i);
void kt_bind_i64(struct kt_stmt *st, int i, int64_t v);
void kt_bind_f64(struct kt_stmt *st, int i, double v);
void kt_bind_text(struct kt_stmt *st, int i, const char *v); /**< NULL binds null */
void kt_bind_str(struct kt_stmt *st, int i, struct kt_str v);
void kt_bind_blob(struct kt_stmt *st, int i, const void *p, size_t n);
/** @return 1 a row; 0 done (and reset); negative error (and reset) */
KT_MUST_CHECK int kt_stmt_step(struct kt_stmt *st, struct kt_err *err);
/** Step a statement that gives no row, then kt_stmt_reset(). */
KT_MUST_CHECK int kt_stmt_run(struct kt_stmt *st, struct kt_err *err);
/* Columns from 0. Text and bytes are borrowed until the next step. */
int kt_col_count(const struct kt_stmt *st);
const char *kt_col_name(const struct kt_stmt *st, int i);
enum kt_col_type { KT_COL_NULL, KT_COL_INT, KT_COL_REAL, KT_COL_TEXT, KT_COL_BLOB };
enum kt_col_type kt_col_type(const struct kt_stmt *st, int i);
bool kt_col_is_null(const struct kt_stmt *st, int i);
int64_t kt_col_i64(const struct kt_stmt *st, int i);
double kt_col_f64(const struct kt_stmt *st, int i);
const char *kt_col_text(const struct kt_stmt *st, int i); /**< NULL for null */
struct kt_str kt_col_bytes(const struct kt_stmt *st, int i);

/*
 * SQL that is not the program's own (a pack's). It is one SELECT, reads what `reads` allows, calls
 * plain functions (no clock, no random, no file) and those given here, and is stopped after a time.
 * The texts main, temp and quoted names are refused, so a TEMP view cannot be passed by.
 */
struct kt_db_value {
    enum kt_col_type type; /* not KT_COL_BLOB */
    int64_t i;
    double f;
    char text[32];
};
struct kt_db_function {
    const char *name;
    int args;
    /** `ret` is null until it is written. */
    void (*fn)(void *arg, const struct kt_db_args *args, struct kt_db_value *ret);
};
struct kt_db_guard {
    /** May this table be read? `view` is the view that does so, NULL: the SQL itself. */
    bool (*reads)(void *arg, const char *table, const char *view);
    const struct kt_db_function *functions; /* outlives the connection */
    uint32_t functions_n;
    int64_t limit_ns; /* from prepare to the last step; 0: one second */
    void *arg;        /* of reads and of the functions */
};
/** Arguments of a function, from 0; text is borrowed until the function returns. */
const char *kt_arg_text(const struct kt_db_args *a, int i); /**< NULL for null */
int64_t kt_arg_i64(const struct kt_db_args *a, int i);
bool kt_arg_is_null(const struct kt_db_args *a, int i);

/**
 * Prepare such a statement; one at a time on a connection, not kept after kt_stmt_done(). The guard
 * is borrowed until then.
 * @return KT_OK; KT_EDENIED it does what it may not; KT_EINVAL it is no SQL or not one SELECT;
 *         steps: KT_ETIMEOUT
 */
KT_MUST_CHECK int kt_db_prepare_guarded(struct kt_db *db, const struct kt_db_guard *g,
                                        const char *sql, struct kt_stmt **ret, struct kt_err *err);
/** Number of the parameter ":name"; 0: the statement has none of that name. */
int kt_bind_index(struct kt_stmt *st, const char *name);
#endif
