/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_HISTORY_FILES_H
#define KT_HISTORY_FILES_H
/*
 * files: one SQLite file a UTC month and retention class, "normal-2026-11.db"; each stands alone.
 *
 *   point(num, id)    the file's own number of a point
 *   chunk(key, data)  key = num << 34 | second of the month << 12 | place among equals; data: row.h
 *   small(day, num)   days of points whose chunks are worth joining (merge.c)
 *   total             chunks and samples in the file
 *
 * Small ones at rest are packed (pack.c); readers read a packed one from memory, the writer
 * unpacks.
 *
 * Threads: functions marked W on the history thread; the others from any.
 * Invariants
 *  1. A key lies in the UTC day of its chunk (not always in the very second), so the chunks of a
 * day are one range of keys.
 *  2. A file in the list exists; it is closed and removed when it was dropped and nobody holds it.
 * Lock: files->lock, a leaf, guards the list, the reading stores and refs.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "base/map.h"
#include "history/row.h"
#include "store/store.h"

enum { HISTORY_CLASSES = 3, HISTORY_SECOND_BITS = 22, HISTORY_PLACE_BITS = 12 };

/* The times that files take: whole months that fit a kt_time. */
#define HISTORY_TIME_MIN (-INT64_C(8520336000) * KT_SEC) /* 1700-01-01 */
#define HISTORY_TIME_MAX (INT64_C(9214646400) * KT_SEC)  /* 2262-01-01 */

struct history_file {
    char name[32], *path;
    uint8_t cls;
    int32_t month; /* year * 12 + month from 0 */
    kt_time start, end;
    _Atomic int64_t chunks, samples;
    _Atomic bool packed; /* there is only NAME.db.zst; becomes false for good */
    /* W */
    struct kt_store *rw;
    struct kt_map *nums; /* id -> num, as far as this transaction sees */
    int64_t new_chunks, new_samples;
    uint64_t written; /* for closing the one not used longest */
    bool listed;      /* state.db names it */
    /* lock */
    struct kt_store *ro;
    int refs;
    bool dropped;
    uint64_t used;
};

struct history_files {
    char *dir;
    pthread_mutex_t lock;
    struct history_file **list; /* by month, then class */
    size_t n, cap;
    _Atomic uint64_t uses;
    size_t ro_open, rw_open;
};

/* pack.c: a small file at rest is NAME.db.zst; when NAME.db is there too, that one counts */
#define HISTORY_PACKED ".zst"
enum { HISTORY_PACKED_MOST = 2 << 20 }; /* bytes of a file that is packed */
/** NAME.db, closed, becomes NAME.db.zst when it is small; else it stays as it is. */
void history_pack(const char *path);
bool history_is_packed(const char *path);
/** The bytes of the packed file of `path`, appended. KT_ECORRUPT, KT_EIO */
KT_MUST_CHECK int history_packed_read(const char *path, struct kt_buf *ret, struct kt_err *err);
/** NAME.db again, synced; NAME.db.zst is still there. Nothing where it is not packed. */
KT_MUST_CHECK int history_unpack(const char *path, struct kt_err *err);
void history_packed_remove(const char *path); /**< NAME.db is there */

/** Is it the name of a file of history, and whose? ret_packed: with HISTORY_PACKED at its end. */
bool history_file_name(const char *name, uint8_t *ret_cls, int32_t *ret_month, bool *ret_packed);
int64_t history_file_bytes(const struct history_file *f); /**< on disk; 0: gone */
/** Open a file read-only, packed or not; the options without its image. */
KT_MUST_CHECK int history_store_read(struct kt_store_opts *o, struct kt_store **ret,
                                     struct kt_err *err);
/** A file on its own, packed or not, to be read (verify). */
KT_MUST_CHECK int history_file_store(const char *path, struct kt_store **ret, struct kt_err *err);
int32_t history_month(kt_time t);
kt_time history_month_start(int32_t month);

KT_MUST_CHECK int history_files_open(const char *dir, struct history_files **ret,
                                     struct kt_err *err);
void history_files_close(struct history_files *fs);

/** W: the file of a time and class, open for writing. */
KT_MUST_CHECK int history_file_for(struct history_files *fs, uint8_t cls, kt_time t,
                                   struct history_file **ret, struct kt_err *err);
/** W: open for writing a file of the list. */
KT_MUST_CHECK int history_file_write(struct history_files *fs, struct history_file *f,
                                     struct kt_err *err);
/** W: insert a row; begins the file's transaction when none is open. `join`: worth merging. */
KT_MUST_CHECK int history_file_insert(struct history_file *f, const char *id,
                                      const struct history_summary *s, struct kt_str row, bool join,
                                      struct kt_err *err);
/** W: delete a chunk within a transaction. */
KT_MUST_CHECK int history_file_delete(struct history_file *f, int64_t key, uint32_t samples,
                                      struct kt_err *err);
KT_MUST_CHECK int history_file_begin(struct history_file *f, struct kt_err *err);  /**< W */
KT_MUST_CHECK int history_file_commit(struct history_file *f, struct kt_err *err); /**< W */
void history_file_rollback(struct history_file *f);                                /**< W */
/** W: numbers of points and days that wait to be joined are in table small; forget one. */
KT_MUST_CHECK int history_file_joined(struct history_file *f, int64_t day, int64_t num,
                                      struct kt_err *err);
/** W: close the writers of files not written lately. */
void history_files_trim(struct history_files *fs);
/** W: take a file out of the list and remove it as soon as nobody holds it. */
void history_file_drop(struct history_files *fs, struct history_file *f);

/** Hold the files of months [from, to], in order; free the array after releasing each. */
size_t history_files_hold(struct history_files *fs, int32_t from, int32_t to,
                          struct history_file ***ret);
void history_files_release(struct history_files *fs, struct history_file **list, size_t n);
/** A reader of a file that is held; give back with kt_store_read_done(f->ro, db). */
KT_MUST_CHECK int history_file_read(struct history_files *fs, struct history_file *f,
                                    struct kt_db **ret, struct kt_err *err);
/** The file's number of a point; 0 when it has none. */
KT_MUST_CHECK int history_file_num(struct kt_db *db, const char *id, int64_t *ret,
                                   struct kt_err *err);
/** Day of the chunk under a key. */
int64_t history_file_day(const struct history_file *f, int64_t key);
/** First key of a day (or of any later one) in the file. */
int64_t history_file_key(const struct history_file *f, int64_t num, int64_t day);
#endif
