/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_STORE_PRIVATE_H
#define KT_STORE_PRIVATE_H
/*
 * Inside of store: connections.
 *
 * Invariant: a connection is used by one thread at a time, so SQLite's own mutexes are off.
 */
#include <sqlite3.h>

#include "base/time.h"
#include "store/store.h"

struct kt_stmt {
    struct kt_db *db;
    sqlite3_stmt *st;
    char *sql;
    int bound; /* first failed bind, or SQLITE_OK */
    bool in_use;
    bool guarded, once; /* not cached: ends with kt_stmt_done() */
};

struct kt_db {
    sqlite3 *h;
    char *path;
    struct kt_stmt **stmts;
    size_t n, cap;
    struct kt_db *next; /* idle readers of a store */
    bool of_image;      /* reads the store's image, not its file */
    sqlite3_vfs vfs;    /* the machine's, but for the time: a guarded statement cannot ask for it */
    char vfs_name[32];
    bool asked_time; /* a date of now was wanted since the guarded statement began */
    /* while a guarded statement lives */
    const struct kt_db_guard *guard;
    kt_mono deadline;
    const struct kt_db_function *functions; /* registered on this connection */
};

enum store_mode { STORE_WRITE, STORE_READ, STORE_IMMUTABLE };
int store_db_open(const char *path, enum store_mode mode, struct kt_db **ret, struct kt_err *err);
/** A reader of a file's bytes, which are borrowed. */
int store_db_image(const char *path, const struct kt_buf *image, struct kt_db **ret,
                   struct kt_err *err);
void store_db_close(struct kt_db *db); /* accepts NULL */
/** Fill err from a connection's last error. */
int store_err(struct kt_db *db, int rc, const char *sql, struct kt_err *err);
/** Prepare exactly one statement; KT_EINTERNAL when there is more or less. */
int store_prepare(struct kt_db *db, const char *sql, unsigned flags, struct kt_stmt **ret,
                  struct kt_err *err);
void store_unguard(struct kt_db *db); /* guard.c */
#endif
