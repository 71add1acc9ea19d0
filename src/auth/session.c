/* SPDX-License-Identifier: Apache-2.0 */
/* Log in and out, lock-out, passwords; tokens of producers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/private.h"
#include "base/log.h"
#include "sys/clock.h"
#include "sys/file.h"

/* Verified when the user is unknown, so that the answer takes as long. */
static const char nobody[] = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$"
                             "Xv7vKYBYrwS+Zv3qOLVt0yqBKxz6tVtM7wxzHhMMhXc";

static int refuse(struct kt_err *err)
{
    return kt_err_set(err, KT_EAUTH, "user or password is wrong");
}

/* Holding lock: forget sessions that have been idle too long. */
static void drop_idle(struct kt_auth *a, kt_mono now)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < a->sessions_n; i++) {
        if (now - a->sessions[i].used <= (int64_t)a->site->accounts.idle_minutes * KT_MIN) {
            a->sessions[n++] = a->sessions[i];
        }
    }
    a->sessions_n = n;
}

void auth_end_sessions(struct kt_auth *a, uint32_t user, const struct kt_hash *keep)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < a->sessions_n; i++) {
        if (a->sessions[i].user != user || (keep && kt_hash_eq(&a->sessions[i].token, keep))) {
            a->sessions[n++] = a->sessions[i];
        }
    }
    a->sessions_n = n;
}

static int open_session(struct kt_auth *a, struct user *u, char ret_token[64], struct kt_err *err)
{
    kt_mono now = kt_clock_mono();
    drop_idle(a, now);
    if (a->sessions_n == SESSIONS_MAX) {
        return kt_err_set(err, KT_EBUSY, "too many sessions");
    }
    struct session *s = &a->sessions[a->sessions_n++];
    kt_token(32, ret_token);
    kt_hash_of(ret_token, strlen(ret_token), &s->token);
    s->user = (uint32_t)(u - a->users);
    s->used = now;
    u->last_login = kt_clock_now();
    u->failures = 0;
    return auth_save_user(a, u, err);
}

static void count_failure(struct kt_auth *a, struct user *u, const char *client)
{
    if (++u->failures >= a->site->accounts.lock_failures) {
        u->failures = 0;
        u->locked_until = kt_clock_mono() + a->site->accounts.lock_minutes * KT_MIN;
        KT_WARN("auth", "user %s is locked for %d minutes after wrong passwords from %s", u->name,
                a->site->accounts.lock_minutes, client);
    }
}

/* Take what a password is compared with; KT_EBUSY while the user is locked. */
static int take_hash(struct kt_auth *a, const char *name, char hash[KT_PW_MAX], struct kt_err *err)
{
    pthread_mutex_lock(&a->lock);
    struct user *u = auth_find(a, name);
    bool locked = u && u->locked_until > kt_clock_mono();
    memcpy(hash, u ? u->hash : nobody, u ? KT_PW_MAX : sizeof(nobody));
    int minutes = a->site->accounts.lock_minutes;
    pthread_mutex_unlock(&a->lock);
    return locked ? kt_err_set(err, KT_EBUSY,
                               "too many wrong passwords; this user can log in again in %d minutes "
                               "at the latest",
                               minutes)
                  : KT_OK;
}

bool kt_auth_known(struct kt_auth *a, const char *name)
{
    pthread_mutex_lock(&a->lock);
    bool known = auth_find(a, name) != NULL;
    pthread_mutex_unlock(&a->lock);
    return known;
}

int kt_auth_login(struct kt_auth *a, const char *name, const char *password, const char *client,
                  char ret_token[64], struct kt_err *err)
{
    char hash[KT_PW_MAX];
    int r = take_hash(a, name, hash, err);
    if (r < 0) {
        return r;
    }
    bool ok = kt_pw_verify(hash, password);
    pthread_mutex_lock(&a->lock);
    struct user *u = auth_find(a, name);
    if (!u || u->disabled || !ok || strcmp(u->hash, hash) != 0) {
        if (u) {
            count_failure(a, u, client);
        }
        r = refuse(err);
    } else {
        r = open_session(a, u, ret_token, err);
    }
    pthread_mutex_unlock(&a->lock);
    return r;
}

void kt_auth_logout(struct kt_auth *a, const char *token)
{
    struct kt_hash h;
    kt_hash_of(token, strlen(token), &h);
    pthread_mutex_lock(&a->lock);
    for (uint32_t i = 0; i < a->sessions_n; i++) {
        if (kt_hash_eq(&a->sessions[i].token, &h)) {
            a->sessions[i] = a->sessions[--a->sessions_n];
            atomic_fetch_add(&a->version, 1);
            break;
        }
    }
    pthread_mutex_unlock(&a->lock);
}

int kt_auth_password(struct kt_auth *a, const char *name, const char *old, const char *fresh,
                     const char *keep_token, struct kt_err *err)
{
    char hash[KT_PW_MAX], next[KT_PW_MAX];
    struct kt_hash keep;
    int r = take_hash(a, name, hash, err);
    if (r < 0) {
        return r;
    }
    bool ok = kt_pw_verify(hash, old);
    if (ok &&
        ((r = auth_password_rules(a, name, fresh, err)) < 0 || (r = kt_pw_hash(fresh, next)) < 0)) {
        return r;
    }
    if (ok && strcmp(old, fresh) == 0) {
        return kt_err_set(err, KT_EINVAL, "the new password is the present one");
    }
    if (keep_token) {
        kt_hash_of(keep_token, strlen(keep_token), &keep);
    }
    pthread_mutex_lock(&a->lock);
    struct user *u = auth_find(a, name);
    if (!u || !ok || strcmp(u->hash, hash) != 0) {
        if (u) {
            count_failure(a, u, "a session");
        }
        r = kt_err_set(err, KT_EDENIED, "the present password is wrong");
    } else {
        memcpy(u->hash, next, sizeof(next));
        u->must_change = false;
        u->failures = 0;
        auth_end_sessions(a, (uint32_t)(u - a->users), keep_token ? &keep : NULL);
        atomic_fetch_add(&a->version, 1);
        r = auth_save_user(a, u, err);
    }
    pthread_mutex_unlock(&a->lock);
    return r;
}

/* ---- producers ------------------------------------------------------------------------------ */

static bool read_token(struct kt_auth *a, const char *file, struct kt_hash *ret)
{
    char path[1024];
    struct kt_buf b;
    struct kt_err err;
    kt_buf_init(&b, 4096);
    snprintf(path, sizeof(path), "%s/%s", a->site->dir, file);
    int r = kt_file_read(path, 4096, &b, &err);
    while (b.n && strchr(" \t\r\n", b.p[b.n - 1])) {
        b.n--;
    }
    bool ok = r == KT_OK && b.n >= 16;
    if (ok) {
        kt_hash_of(b.p, b.n, ret);
    } else {
        KT_WARN("auth", "%s: %s; its producer cannot write", path,
                r < 0 ? err.text : "a token has at least 16 characters");
    }
    kt_buf_done(&b);
    return ok;
}

void auth_load_tokens(struct kt_auth *a)
{
    pthread_mutex_lock(&a->lock);
    const struct kt_site *s = a->site;
    uint32_t cap = 1;
    for (uint32_t l = 0; l < s->links_n; l++) {
        cap += s->links[l].producers_n;
    }
    free(a->tokens);
    free(a->refs);
    a->tokens = calloc(cap, sizeof(*a->tokens));
    a->refs = calloc(cap, sizeof(*a->refs));
    KT_ASSERT(a->tokens && a->refs);
    a->tokens_n = 0;
    for (uint32_t l = 0; l < s->links_n; l++) {
        for (uint32_t p = 0; p < s->links[l].producers_n; p++) {
            if (read_token(a, s->links[l].producers[p].token_file, &a->tokens[a->tokens_n])) {
                a->refs[a->tokens_n++] = (struct kt_producer_ref){l, p};
            }
        }
    }
    pthread_mutex_unlock(&a->lock);
}

int kt_auth_producer(struct kt_auth *a, const char *token, struct kt_producer_ref *ret)
{
    struct kt_hash h;
    int r = KT_EAUTH;
    kt_hash_of(token, strlen(token), &h);
    pthread_mutex_lock(&a->lock);
    for (uint32_t i = 0; i < a->tokens_n; i++) {
        if (kt_hash_eq(&a->tokens[i], &h)) {
            *ret = a->refs[i];
            r = KT_OK;
        }
    }
    pthread_mutex_unlock(&a->lock);
    return r;
}
