/* SPDX-License-Identifier: Apache-2.0 */
/* Open and close; users on disk. Rights are in rights.c, changes in users.c, sessions in session.c,
 * the access log in log.c. */
#include "auth/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "sys/clock.h"
#include "sys/file.h"

static const char *const versions[] = {
    "CREATE TABLE user(name TEXT PRIMARY KEY, full TEXT NOT NULL, language TEXT NOT NULL,"
    " roles TEXT NOT NULL, hash TEXT NOT NULL, disabled INTEGER NOT NULL,"
    " must_change INTEGER NOT NULL, created INTEGER NOT NULL, last_login INTEGER NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE TABLE session(token BLOB PRIMARY KEY, user TEXT NOT NULL, used INTEGER NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE TABLE access(id INTEGER PRIMARY KEY, time INTEGER NOT NULL, user TEXT NOT NULL,"
    " client TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL, status INTEGER NOT NULL);"
    "CREATE INDEX access_time ON access(time);",
    "CREATE TABLE change(id INTEGER PRIMARY KEY AUTOINCREMENT, json TEXT NOT NULL);"
    "CREATE TABLE token(producer TEXT PRIMARY KEY, mark TEXT NOT NULL) WITHOUT ROWID;",
};

int kt_auth_open(const char *dir, struct kt_site *site, struct kt_auth **ret, struct kt_err *err)
{
    char path[600];
    struct kt_auth *a = calloc(1, sizeof(*a));
    KT_ASSERT(a);
    pthread_mutex_init(&a->store_lock, NULL);
    pthread_mutex_init(&a->lock, NULL);
    pthread_rwlock_init(&a->token_lock, NULL);
    pthread_mutex_init(&a->log_lock, NULL);
    pthread_cond_init(&a->log_wake, NULL);
    a->site = kt_site_ref(site);
    a->users = calloc(USERS_MAX, sizeof(*a->users));
    a->sessions = calloc(SESSIONS_MAX, sizeof(*a->sessions));
    a->queue = calloc(LOG_QUEUE, sizeof(*a->queue));
    KT_ASSERT(a->users && a->sessions && a->queue);
    snprintf(path, sizeof(path), "%s/users.db", dir);
    struct kt_store_opts so = {.path = path,
                               .versions = versions,
                               .n_versions = KT_ARRAY_LEN(versions),
                               .sync_full = true};
    int r = kt_dir_make(dir, err);
    if (r == KT_OK) {
        r = kt_store_open(&so, &a->store, err);
    }
    if (r == KT_OK) {
        r = auth_load_users(a, err);
    }
    if (r == KT_OK) {
        r = auth_log_start(a, err);
    }
    if (r < 0) {
        kt_auth_close(a);
        return r;
    }
    auth_load_tokens(a);
    *ret = a;
    return KT_OK;
}

void kt_auth_close(struct kt_auth *a)
{
    if (!a) {
        return;
    }
    auth_log_stop(a);
    kt_store_close(a->store);
    kt_site_unref(a->site);
    free(a->users);
    free(a->sessions);
    free(a->queue);
    free(a->tokens);
    free(a->refs);
    pthread_mutex_destroy(&a->store_lock);
    pthread_mutex_destroy(&a->lock);
    pthread_rwlock_destroy(&a->token_lock);
    pthread_mutex_destroy(&a->log_lock);
    pthread_cond_destroy(&a->log_wake);
    free(a);
}

void kt_auth_site(struct kt_auth *a, struct kt_site *site)
{
    pthread_mutex_lock(&a->lock);
    kt_site_unref(a->site);
    a->site = kt_site_ref(site);
    atomic_fetch_add(&a->version, 1);
    pthread_mutex_unlock(&a->lock);
    auth_load_tokens(a);
}

uint64_t kt_auth_version(const struct kt_auth *a)
{
    return atomic_load(&a->version);
}

struct user *auth_find(struct kt_auth *a, const char *name)
{
    for (uint32_t i = 0; i < a->users_n; i++) {
        if (strcmp(a->users[i].name, name) == 0) {
            return &a->users[i];
        }
    }
    return NULL;
}

static void split_roles(struct user *u, const char *text)
{
    u->roles_n = 0;
    while (text && *text && u->roles_n < ROLES_MAX) {
        size_t n = strcspn(text, ",");
        snprintf(u->roles[u->roles_n++], sizeof(u->roles[0]), "%.*s", (int)n, text);
        text += n + (text[n] == ',');
    }
}

int auth_load_users(struct kt_auth *a, struct kt_err *err)
{
    struct kt_db *db = kt_store_writer(a->store);
    struct kt_stmt *st;
    int r =
        kt_db_prepare(db,
                      "SELECT name, full, language, roles, hash, disabled, must_change, created,"
                      " last_login FROM user ORDER BY name",
                      &st, err);
    if (r < 0) {
        return r;
    }
    while (a->users_n < USERS_MAX && (r = kt_stmt_step(st, err)) == 1) {
        struct user *u = &a->users[a->users_n++];
        snprintf(u->name, sizeof(u->name), "%s", kt_col_text(st, 0));
        snprintf(u->full, sizeof(u->full), "%s", kt_col_text(st, 1));
        snprintf(u->language, sizeof(u->language), "%s", kt_col_text(st, 2));
        split_roles(u, kt_col_text(st, 3));
        snprintf(u->hash, sizeof(u->hash), "%s", kt_col_text(st, 4));
        u->disabled = kt_col_i64(st, 5) != 0;
        u->must_change = kt_col_i64(st, 6) != 0;
        u->created = kt_col_i64(st, 7);
        u->last_login = kt_col_i64(st, 8);
    }
    kt_stmt_done(st);
    return r < 0 ? r : KT_OK;
}

int auth_save_user(struct kt_auth *a, const struct user *u, struct kt_err *err)
{
    struct kt_stmt *st;
    char roles[ROLES_MAX * 49 + 1] = "";
    for (uint32_t i = 0; i < u->roles_n; i++) {
        size_t n = strlen(roles);
        snprintf(roles + n, sizeof(roles) - n, "%s%s", i ? "," : "", u->roles[i]);
    }
    int r = kt_db_prepare(kt_store_writer(a->store),
                          "INSERT OR REPLACE INTO user(name, full, language, roles, hash, disabled,"
                          " must_change, created, last_login) VALUES(?,?,?,?,?,?,?,?,?)",
                          &st, err);
    if (r < 0) {
        return r;
    }
    kt_bind_text(st, 1, u->name);
    kt_bind_text(st, 2, u->full);
    kt_bind_text(st, 3, u->language);
    kt_bind_text(st, 4, roles);
    kt_bind_text(st, 5, u->hash);
    kt_bind_i64(st, 6, u->disabled);
    kt_bind_i64(st, 7, u->must_change);
    kt_bind_i64(st, 8, u->created);
    kt_bind_i64(st, 9, u->last_login);
    r = kt_stmt_run(st, err);
    kt_stmt_done(st);
    return r;
}
