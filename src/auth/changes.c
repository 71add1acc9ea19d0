/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was changed of accounts, and of the tokens of producers: noted in the transaction that makes
 * the change, kept until the journal has it. Never a password, a token or a hash of one.
 */
#include <stdio.h>
#include <string.h>

#include "auth/private.h"
#include "base/json.h"
#include "base/log.h"
#include "sys/clock.h"

static void write_roles(struct kt_jw *w, const char *key, const struct user *u)
{
    kt_jw_key(w, key);
    kt_jw_arr(w);
    for (uint32_t i = 0; i < u->roles_n; i++) {
        kt_jw_str(w, u->roles[i]);
    }
    kt_jw_arr_end(w);
}

static bool same_roles(const struct user *a, const struct user *b)
{
    bool same = a->roles_n == b->roles_n;
    for (uint32_t i = 0; same && i < a->roles_n; i++) {
        same = strcmp(a->roles[i], b->roles[i]) == 0;
    }
    return same;
}

static void write_what(const struct user *old, const struct user *now, struct kt_jw *w)
{
    const struct {
        const char *word;
        bool is;
    } list[] = {
        {"made", !old},
        {"name", old && strcmp(old->full, now->full) != 0},
        {"language", old && strcmp(old->language, now->language) != 0},
        {"roles", old && !same_roles(old, now)},
        {"password", old && strcmp(old->hash, now->hash) != 0},
        {"disabled", now->disabled && (!old || !old->disabled)},
        {"enabled", old && old->disabled && !now->disabled},
    };
    kt_jw_key(w, "what");
    kt_jw_arr(w);
    for (size_t i = 0; i < KT_ARRAY_LEN(list); i++) {
        if (list[i].is) {
            kt_jw_str(w, list[i].word);
        }
    }
    kt_jw_arr_end(w);
}

static int insert(struct kt_auth *a, const struct kt_buf *json, struct kt_err *err)
{
    struct kt_stmt *st;
    int r =
        kt_db_prepare(kt_store_writer(a->store), "INSERT INTO change(json) VALUES(?)", &st, err);
    if (r == KT_OK) {
        kt_bind_str(st, 1, (struct kt_str){json->p, json->n});
        r = kt_stmt_run(st, err);
        kt_stmt_done(st);
    }
    return r;
}

static int note_user(struct kt_auth *a, const struct user *old, const struct user *now,
                     const char *by, struct kt_err *err)
{
    struct kt_buf b;
    kt_buf_init(&b, 1 << 16);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "user", now->name);
    kt_jw_kstr(&w, "by", by);
    kt_jw_ktime(&w, "at", kt_clock_now());
    write_what(old, now, &w);
    write_roles(&w, "roles", now);
    if (old && !same_roles(old, now)) {
        write_roles(&w, "before", old);
    }
    kt_jw_obj_end(&w);
    int r = insert(a, &b, err);
    kt_buf_done(&b);
    return r;
}

int auth_change_user(struct kt_auth *a, const struct user *old, const struct user *now,
                     const char *by, struct kt_err *err)
{
    struct kt_db *db = kt_store_writer(a->store);
    int r = kt_db_begin(db, err);
    if (r < 0) {
        return r;
    }
    if ((r = auth_save_user(a, now, err)) < 0 || (r = note_user(a, old, now, by, err)) < 0) {
        kt_db_rollback(db);
        return r;
    }
    return kt_db_commit(db, err);
}

/* ---- tokens of producers ----------------------------------------------------------------------
 */

static int note_token(struct kt_auth *a, const char *producer, const char *what, struct kt_err *err)
{
    struct kt_buf b;
    kt_buf_init(&b, 1 << 12);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "producer", producer);
    kt_jw_kstr(&w, "by", "site");
    kt_jw_ktime(&w, "at", kt_clock_now());
    kt_jw_key(&w, "what");
    kt_jw_arr(&w);
    kt_jw_str(&w, what);
    kt_jw_arr_end(&w);
    kt_jw_obj_end(&w);
    int r = insert(a, &b, err);
    kt_buf_done(&b);
    return r;
}

static int text2(struct kt_auth *a, const char *sql, const char *one, const char *two,
                 struct kt_err *err)
{
    struct kt_stmt *st;
    int r = kt_db_prepare(kt_store_writer(a->store), sql, &st, err);
    if (r == KT_OK) {
        kt_bind_text(st, 1, one);
        if (two) {
            kt_bind_text(st, 2, two);
        }
        r = kt_stmt_run(st, err);
        kt_stmt_done(st);
    }
    return r;
}

/* The mark that was kept of a producer's token; "" none. */
static int kept_mark(struct kt_auth *a, const char *producer, char ret[65], struct kt_err *err)
{
    struct kt_stmt *st;
    int r = kt_db_prepare(kt_store_writer(a->store), "SELECT mark FROM token WHERE producer = ?",
                          &st, err);
    ret[0] = '\0';
    if (r == KT_OK) {
        kt_bind_text(st, 1, producer);
        if ((r = kt_stmt_step(st, err)) == 1) {
            snprintf(ret, 65, "%s", kt_col_text(st, 0));
        }
        kt_stmt_done(st);
    }
    return r < 0 ? r : KT_OK;
}

/* What is kept to know a token again is a hash of its hash. */
static int take_token(struct kt_auth *a, const char *producer, const struct kt_hash *token,
                      struct kt_err *err)
{
    struct kt_hash h;
    char mark[65] = "", before[65];
    if (token) {
        kt_hash_of(token->b, sizeof(token->b), &h);
        kt_hash_hex(&h, mark);
    }
    int r = kept_mark(a, producer, before, err);
    if (r < 0 || strcmp(mark, before) == 0) {
        return r;
    }
    r = note_token(a, producer,
                   !before[0] ? "token-made"
                   : !mark[0] ? "token-withdrawn"
                              : "token-changed",
                   err);
    if (r == KT_OK) {
        r = mark[0] ? text2(a, "INSERT OR REPLACE INTO token(producer, mark) VALUES(?, ?)",
                            producer, mark, err)
                    : text2(a, "DELETE FROM token WHERE producer = ?", producer, NULL, err);
    }
    return r;
}

/* Those whose producers the site does not have any more. */
static int drop_tokens(struct kt_auth *a, const struct auth_token *list, uint32_t n,
                       struct kt_err *err)
{
    enum { AT_ONCE = 16 };
    char gone[AT_ONCE][AUTH_PRODUCER];
    uint32_t gone_n = 0;
    struct kt_stmt *st;
    int r = kt_db_prepare(kt_store_writer(a->store), "SELECT producer FROM token", &st, err);
    if (r < 0) {
        return r;
    }
    while (gone_n < AT_ONCE && (r = kt_stmt_step(st, err)) == 1) {
        uint32_t i = 0;
        while (i < n && strcmp(list[i].producer, kt_col_text(st, 0)) != 0) {
            i++;
        }
        if (i == n) {
            snprintf(gone[gone_n++], AUTH_PRODUCER, "%s", kt_col_text(st, 0));
        }
    }
    kt_stmt_done(st);
    for (uint32_t i = 0; r >= 0 && i < gone_n; i++) {
        r = take_token(a, gone[i], NULL, err);
    }
    return r < 0 ? r : KT_OK;
}

void auth_change_tokens(struct kt_auth *a, const struct auth_token *list, uint32_t n)
{
    struct kt_err err = {0};
    struct kt_db *db = kt_store_writer(a->store);
    pthread_mutex_lock(&a->store_lock);
    int r = kt_db_begin(db, &err);
    for (uint32_t i = 0; r == KT_OK && i < n; i++) {
        r = take_token(a, list[i].producer, list[i].known ? &list[i].hash : NULL, &err);
    }
    r = r == KT_OK ? drop_tokens(a, list, n, &err) : r;
    if (r == KT_OK) {
        r = kt_db_commit(db, &err);
    } else {
        kt_db_rollback(db);
    }
    pthread_mutex_unlock(&a->store_lock);
    if (r < 0) {
        KT_WARN("auth", "a change of tokens is not noted: %s", err.text);
    }
}

/* ---- to the journal ---------------------------------------------------------------------------
 */

int kt_auth_changes(struct kt_auth *a, int64_t after, kt_auth_change_fn fn, void *arg,
                    struct kt_err *err)
{
    struct kt_db *db;
    struct kt_stmt *st;
    int r = kt_store_read(a->store, &db, err);
    if (r < 0) {
        return r;
    }
    r = kt_db_prepare(db, "SELECT id, json FROM change WHERE id > ? ORDER BY id", &st, err);
    if (r == KT_OK) {
        kt_bind_i64(st, 1, after);
        while ((r = kt_stmt_step(st, err)) == 1 &&
               fn(arg, kt_col_i64(st, 0), kt_col_bytes(st, 1))) {
        }
        kt_stmt_done(st);
    }
    kt_store_read_done(a->store, db);
    return r < 0 ? r : KT_OK;
}

int kt_auth_changes_kept(struct kt_auth *a, int64_t up_to, struct kt_err *err)
{
    char sql[80];
    snprintf(sql, sizeof(sql), "DELETE FROM change WHERE id <= %lld", (long long)up_to);
    pthread_mutex_lock(&a->store_lock);
    int r = kt_db_exec(kt_store_writer(a->store), sql, err);
    pthread_mutex_unlock(&a->store_lock);
    return r;
}
