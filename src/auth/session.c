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

/* Holding lock. */
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
    return KT_OK;
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
    struct user saved;
    pthread_mutex_lock(&a->store_lock);
    pthread_mutex_lock(&a->lock);
    struct user *u = auth_find(a, name);
    if (!u || u->disabled || !ok || strcmp(u->hash, hash) != 0) {
        if (u) {
            count_failure(a, u, client);
        }
        r = refuse(err);
    } else if ((r = open_session(a, u, ret_token, err)) == KT_OK) {
        saved = *u;
    }
    pthread_mutex_unlock(&a->lock);
    if (r == KT_OK && (r = auth_save_user(a, &saved, err)) < 0) {
        kt_auth_logout(a, ret_token);
    }
    pthread_mutex_unlock(&a->store_lock);
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

static int wrong_password(struct kt_auth *a, const char *name, struct kt_err *err)
{
    pthread_mutex_lock(&a->lock);
    struct user *u = auth_find(a, name);
    if (u) {
        count_failure(a, u, "a session");
    }
    pthread_mutex_unlock(&a->lock);
    return kt_err_set(err, KT_EDENIED, "the present password is wrong");
}

/* Holding store_lock: `next` for `hash`, on disk first. */
static int set_password(struct kt_auth *a, const char *name, const char *hash,
                        const char next[KT_PW_MAX], const struct kt_hash *keep, struct kt_err *err)
{
    struct user old, fresh;
    pthread_mutex_lock(&a->lock);
    struct user *u = auth_find(a, name);
    bool same = u && strcmp(u->hash, hash) == 0;
    if (same) {
        fresh = old = *u;
    }
    pthread_mutex_unlock(&a->lock);
    if (!same) {
        return kt_err_set(err, KT_EDENIED, "the present password is wrong");
    }
    memcpy(fresh.hash, next, KT_PW_MAX);
    fresh.must_change = false;
    fresh.failures = 0;
    int r = auth_change_user(a, &old, &fresh, name, err);
    if (r == KT_OK) {
        pthread_mutex_lock(&a->lock);
        *u = fresh; /* users stay where they are */
        auth_end_sessions(a, (uint32_t)(u - a->users), keep);
        atomic_fetch_add(&a->version, 1);
        pthread_mutex_unlock(&a->lock);
    }
    return r;
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
    pthread_mutex_lock(&a->store_lock);
    r = ok ? set_password(a, name, hash, next, keep_token ? &keep : NULL, err)
           : wrong_password(a, name, err);
    pthread_mutex_unlock(&a->store_lock);
    return r;
}

/* ---- producers ------------------------------------------------------------------------------ */

static bool read_token(const struct kt_site *s, const char *file, struct kt_hash *ret)
{
    char path[1024];
    struct kt_buf b;
    struct kt_err err;
    kt_buf_init(&b, 4096);
    snprintf(path, sizeof(path), "%s/%s", s->dir, file);
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
    struct kt_site *s = kt_site_ref(a->site);
    pthread_mutex_unlock(&a->lock);
    uint32_t cap = 1, n = 0, all = 0;
    for (uint32_t l = 0; l < s->links_n; l++) {
        cap += s->links[l].producers_n;
    }
    struct kt_hash *tokens = calloc(cap, sizeof(*tokens));
    struct kt_producer_ref *refs = calloc(cap, sizeof(*refs));
    struct auth_token *list = calloc(cap, sizeof(*list));
    KT_ASSERT(tokens && refs && list);
    for (uint32_t l = 0; l < s->links_n; l++) {
        for (uint32_t p = 0; p < s->links[l].producers_n; p++) {
            struct auth_token *t = &list[all++];
            snprintf(t->producer, sizeof(t->producer), "%s/%s", s->links[l].id,
                     s->links[l].producers[p].id);
            t->known = read_token(s, s->links[l].producers[p].token_file, &t->hash);
            if (t->known) {
                tokens[n] = t->hash;
                refs[n++] = (struct kt_producer_ref){l, p};
            }
        }
    }
    pthread_rwlock_wrlock(&a->token_lock);
    free(a->tokens);
    free(a->refs);
    a->tokens = tokens;
    a->refs = refs;
    a->tokens_n = n;
    pthread_rwlock_unlock(&a->token_lock);
    kt_site_unref(s);
    auth_change_tokens(a, list, all);
    free(list);
}

int kt_auth_producer(struct kt_auth *a, const char *token, struct kt_producer_ref *ret)
{
    struct kt_hash h;
    int r = KT_EAUTH;
    kt_hash_of(token, strlen(token), &h);
    pthread_rwlock_rdlock(&a->token_lock);
    for (uint32_t i = 0; i < a->tokens_n; i++) {
        if (kt_hash_eq(&a->tokens[i], &h)) {
            *ret = a->refs[i];
            r = KT_OK;
        }
    }
    pthread_rwlock_unlock(&a->token_lock);
    return r;
}
