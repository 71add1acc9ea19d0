/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows into one file: numbers of points, free keys, transactions. History thread only.
 */
#include "history/files.h"

static int load_nums(struct history_file *f, struct kt_err *err)
{
    struct kt_stmt *st;
    int r = kt_db_prepare(kt_store_writer(f->rw), "SELECT id, num FROM point", &st, err);
    if (r < 0) {
        return r;
    }
    struct kt_map *m = kt_map_new(1024);
    while ((r = kt_stmt_step(st, err)) > 0) {
        kt_map_set(m, kt_col_bytes(st, 0), (uint64_t)kt_col_i64(st, 1));
    }
    kt_stmt_done(st);
    if (r < 0) {
        kt_map_free(m);
        return r;
    }
    f->nums = m;
    return KT_OK;
}

int history_file_begin(struct history_file *f, struct kt_err *err)
{
    struct kt_db *db = kt_store_writer(f->rw);
    f->new_chunks = f->new_samples = 0;
    return kt_db_in_transaction(db) ? KT_OK : kt_db_begin(db, err);
}

static int run2(struct kt_db *db, const char *sql, int64_t a, int64_t b, struct kt_err *err)
{
    struct kt_stmt *st;
    int r = kt_db_prepare(db, sql, &st, err);
    if (r < 0) {
        return r;
    }
    kt_bind_i64(st, 1, a);
    kt_bind_i64(st, 2, b);
    r = kt_stmt_run(st, err);
    kt_stmt_done(st);
    return r;
}

static int number(struct history_file *f, const char *id, int64_t *ret, struct kt_err *err)
{
    int r = f->nums ? KT_OK : load_nums(f, err);
    uint64_t num;
    if (r < 0 || kt_map_get(f->nums, kt_str_c(id), &num)) {
        *ret = r < 0 ? 0 : (int64_t)num;
        return r;
    }
    struct kt_db *db = kt_store_writer(f->rw);
    struct kt_stmt *st;
    r = kt_db_prepare(db, "INSERT INTO point(id) VALUES(?)", &st, err);
    if (r < 0) {
        return r;
    }
    kt_bind_text(st, 1, id);
    r = kt_stmt_run(st, err);
    kt_stmt_done(st);
    if (r == KT_OK) {
        *ret = kt_db_last_id(db);
        kt_map_set(f->nums, kt_str_c(id), (uint64_t)*ret);
    }
    return r;
}

/* Highest key in [lo, hi], or lo - 1. */
static int highest(struct kt_db *db, int64_t lo, int64_t hi, int64_t *ret, struct kt_err *err)
{
    struct kt_stmt *st;
    int r = kt_db_prepare(db, "SELECT max(key) FROM chunk WHERE key BETWEEN ? AND ?", &st, err);
    if (r < 0) {
        return r;
    }
    kt_bind_i64(st, 1, lo);
    kt_bind_i64(st, 2, hi);
    r = kt_stmt_step(st, err);
    if (r > 0) {
        *ret = kt_col_is_null(st, 0) ? lo - 1 : kt_col_i64(st, 0);
    }
    kt_stmt_done(st);
    return r < 0 ? r : KT_OK;
}

/* A free key in the second of `first`, or in a later one of the same day when that is full. */
static int free_key(struct history_file *f, int64_t num, kt_time first, int64_t *ret,
                    struct kt_err *err)
{
    const int64_t places = (int64_t)1 << HISTORY_PLACE_BITS;
    int64_t key = num << (HISTORY_SECOND_BITS + HISTORY_PLACE_BITS) | (first - f->start) / KT_SEC
                                                                          << HISTORY_PLACE_BITS;
    int64_t end = history_file_key(f, num, history_day(first) + 1);
    for (; key < end; key += places) {
        int64_t top = 0;
        int r = highest(kt_store_writer(f->rw), key, key + places - 1, &top, err);
        if (r < 0) {
            return r;
        }
        if (top < key + places - 1) {
            *ret = top + 1;
            return KT_OK;
        }
    }
    return kt_err_set(err, KT_ELIMIT, "%s: too many chunks of one point in one day", f->path);
}

static int insert_row(struct history_file *f, int64_t key, struct kt_str row, struct kt_err *err)
{
    struct kt_stmt *st;
    int r = kt_db_prepare(kt_store_writer(f->rw), "INSERT INTO chunk(key, data) VALUES(?, ?)", &st,
                          err);
    if (r < 0) {
        return r;
    }
    kt_bind_i64(st, 1, key);
    kt_bind_blob(st, 2, row.p, row.n);
    r = kt_stmt_run(st, err);
    kt_stmt_done(st);
    return r;
}

int history_file_insert(struct history_file *f, const char *id, const struct history_summary *s,
                        struct kt_str row, bool join, struct kt_err *err)
{
    struct kt_db *db = kt_store_writer(f->rw);
    int64_t num = 0, key = 0;
    int r = kt_db_in_transaction(db) ? KT_OK : history_file_begin(f, err);
    if (r == KT_OK) {
        r = number(f, id, &num, err);
    }
    if (r == KT_OK) {
        r = free_key(f, num, s->first, &key, err);
    }
    if (r == KT_OK) {
        r = insert_row(f, key, row, err);
    }
    if (r == KT_OK && join) {
        r = run2(db, "INSERT OR IGNORE INTO small(day, num) VALUES(?, ?)", history_day(s->first),
                 num, err);
    }
    f->new_chunks++;
    f->new_samples += s->n;
    return r;
}

int history_file_delete(struct history_file *f, int64_t key, uint32_t samples, struct kt_err *err)
{
    struct kt_stmt *st;
    int r = kt_db_prepare(kt_store_writer(f->rw), "DELETE FROM chunk WHERE key = ?", &st, err);
    if (r < 0) {
        return r;
    }
    kt_bind_i64(st, 1, key);
    r = kt_stmt_run(st, err);
    kt_stmt_done(st);
    f->new_chunks--;
    f->new_samples -= samples;
    return r;
}

int history_file_joined(struct history_file *f, int64_t day, int64_t num, struct kt_err *err)
{
    return run2(kt_store_writer(f->rw), "DELETE FROM small WHERE day = ? AND num = ?", day, num,
                err);
}

int history_file_commit(struct history_file *f, struct kt_err *err)
{
    struct kt_db *db = kt_store_writer(f->rw);
    if (!kt_db_in_transaction(db)) {
        return KT_OK;
    }
    int r = run2(db, "UPDATE total SET chunks = chunks + ?, samples = samples + ?", f->new_chunks,
                 f->new_samples, err);
    if (r == KT_OK) {
        r = kt_db_commit(db, err);
    }
    if (r < 0) {
        history_file_rollback(f);
        return r;
    }
    f->chunks += f->new_chunks;
    f->samples += f->new_samples;
    return KT_OK;
}

void history_file_rollback(struct history_file *f)
{
    if (f->rw) {
        kt_db_rollback(kt_store_writer(f->rw));
    }
    /* numbers that were given in the transaction are gone with it */
    kt_map_free(f->nums);
    f->nums = NULL;
}
