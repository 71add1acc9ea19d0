/* SPDX-License-Identifier: Apache-2.0 */
/* The access log: a bounded queue, one thread that writes it in batches, and its retention. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/private.h"
#include "base/log.h"
#include "sys/clock.h"
#include "sys/thread.h"

static int write_lines(struct kt_auth *a, const struct log_line *lines, uint32_t n,
                       struct kt_err *err)
{
    struct kt_db *db = kt_store_writer(a->store);
    struct kt_stmt *st;
    int r = kt_db_begin(db, err);
    if (r < 0) {
        return r;
    }
    r = kt_db_prepare(
        db, "INSERT INTO access(time, user, client, method, path, status) VALUES(?,?,?,?,?,?)", &st,
        err);
    for (uint32_t i = 0; r == KT_OK && i < n; i++) {
        kt_bind_i64(st, 1, lines[i].time);
        kt_bind_text(st, 2, lines[i].user);
        kt_bind_text(st, 3, lines[i].client);
        kt_bind_text(st, 4, lines[i].method);
        kt_bind_text(st, 5, lines[i].path);
        kt_bind_i64(st, 6, lines[i].status);
        r = kt_stmt_run(st, err);
    }
    if (r < 0) {
        kt_db_rollback(db);
        return r;
    }
    kt_stmt_done(st);
    return kt_db_commit(db, err);
}

static void expire(struct kt_auth *a)
{
    char sql[128];
    struct kt_err err;
    pthread_mutex_lock(&a->lock);
    int64_t days = a->site->accounts.log_days;
    pthread_mutex_unlock(&a->lock);
    snprintf(sql, sizeof(sql), "DELETE FROM access WHERE time < %lld",
             (long long)(kt_clock_now() - days * KT_DAY));
    if (kt_db_exec(kt_store_writer(a->store), sql, &err) < 0) {
        KT_WARN("auth", "%s", err.text);
    }
}

/* Holding log_lock: take what is queued. */
static uint32_t take(struct kt_auth *a, struct log_line *to)
{
    uint32_t n = a->queue_n;
    memcpy(to, a->queue, n * sizeof(*to));
    a->queue_n = 0;
    return n;
}

static void *run(void *arg)
{
    struct kt_auth *a = arg;
    struct log_line *lines = calloc(LOG_QUEUE, sizeof(*lines));
    KT_ASSERT(lines);
    kt_mono last_expire = 0;
    bool stop = false;
    while (!stop) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += 1;
        pthread_mutex_lock(&a->log_lock);
        if (!a->stopping) {
            pthread_cond_timedwait(&a->log_wake, &a->log_lock, &until);
        }
        stop = a->stopping;
        uint32_t n = take(a, lines);
        pthread_mutex_unlock(&a->log_lock);
        struct kt_err err;
        pthread_mutex_lock(&a->store_lock);
        if (n && write_lines(a, lines, n, &err) < 0) {
            KT_WARN("auth", "access log: %s", err.text);
        }
        if (!last_expire || kt_clock_mono() - last_expire > KT_HOUR) {
            expire(a);
            last_expire = kt_clock_mono();
        }
        pthread_mutex_unlock(&a->store_lock);
    }
    free(lines);
    return NULL;
}

int auth_log_start(struct kt_auth *a, struct kt_err *err)
{
    int r = kt_thread_start(&a->logger, "access-log", run, a, err);
    a->logger_on = r == KT_OK;
    return r;
}

void auth_log_stop(struct kt_auth *a)
{
    if (!a->logger_on) {
        return;
    }
    pthread_mutex_lock(&a->log_lock);
    a->stopping = true;
    pthread_cond_signal(&a->log_wake);
    pthread_mutex_unlock(&a->log_lock);
    pthread_join(a->logger, NULL);
}

void kt_auth_log(struct kt_auth *a, const char *user, const char *client, const char *method,
                 const char *path, int status)
{
    pthread_mutex_lock(&a->log_lock);
    if (a->queue_n == LOG_QUEUE) {
        a->dropped++;
    } else {
        struct log_line *l = &a->queue[a->queue_n++];
        l->time = kt_clock_now();
        snprintf(l->user, sizeof(l->user), "%s", user);
        snprintf(l->client, sizeof(l->client), "%s", client);
        snprintf(l->method, sizeof(l->method), "%s", method);
        snprintf(l->path, sizeof(l->path), "%s", path);
        l->status = status;
    }
    pthread_mutex_unlock(&a->log_lock);
}

int kt_auth_log_read(struct kt_auth *a, kt_time from, kt_time to, const char *user,
                     kt_auth_log_fn fn, void *arg, struct kt_err *err)
{
    struct kt_db *db;
    struct kt_stmt *st;
    int r = kt_store_read(a->store, &db, err);
    if (r < 0) {
        return r;
    }
    r = kt_db_prepare(db,
                      "SELECT time, user, client, method, path, status FROM access WHERE time >= ?1"
                      " AND time < ?2 AND (?3 IS NULL OR user = ?3) ORDER BY time DESC",
                      &st, err);
    if (r == KT_OK) {
        kt_bind_i64(st, 1, from);
        kt_bind_i64(st, 2, to);
        kt_bind_text(st, 3, user && *user ? user : NULL);
        while ((r = kt_stmt_step(st, err)) == 1 &&
               fn(arg, kt_col_i64(st, 0), kt_col_text(st, 1), kt_col_text(st, 2),
                  kt_col_text(st, 3), kt_col_text(st, 4), (int)kt_col_i64(st, 5))) {
        }
        kt_stmt_done(st);
    }
    kt_store_read_done(a->store, db);
    return r < 0 ? r : KT_OK;
}
