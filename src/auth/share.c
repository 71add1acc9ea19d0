/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Users and sessions of several nodes: the active one writes them, the others take them over, so
 * that who is logged in stays so when another node takes over. Hashes only, as in users.db.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/private.h"
#include "base/json.h"
#include "base/log.h"
#include "conf/json.h"
#include "sys/clock.h"

static void write_user(const struct user *u, struct kt_jw *w)
{
    kt_jw_obj(w);
    kt_jw_kstr(w, "user", u->name);
    kt_jw_kstr(w, "name", u->full);
    kt_jw_kstr(w, "language", u->language);
    kt_jw_kstr(w, "hash", u->hash);
    kt_jw_kbool(w, "disabled", u->disabled);
    kt_jw_kbool(w, "must_change", u->must_change);
    kt_jw_kint(w, "created", u->created);
    kt_jw_key(w, "roles");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < u->roles_n; i++) {
        kt_jw_str(w, u->roles[i]);
    }
    kt_jw_arr_end(w);
    kt_jw_obj_end(w);
}

void kt_auth_share(struct kt_auth *a, struct kt_buf *out)
{
    char hex[65];
    struct kt_jw w = kt_jw_init(out);
    pthread_mutex_lock(&a->lock);
    kt_jw_obj(&w);
    kt_jw_key(&w, "users");
    kt_jw_arr(&w);
    for (uint32_t i = 0; i < a->users_n; i++) {
        write_user(&a->users[i], &w);
    }
    kt_jw_arr_end(&w);
    kt_jw_key(&w, "sessions");
    kt_jw_arr(&w);
    for (uint32_t i = 0; i < a->sessions_n; i++) {
        kt_jw_obj(&w);
        kt_jw_kstr(&w, "token", kt_hash_hex(&a->sessions[i].token, hex));
        kt_jw_kstr(&w, "user", a->users[a->sessions[i].user].name);
        kt_jw_obj_end(&w);
    }
    kt_jw_arr_end(&w);
    kt_jw_obj_end(&w);
    pthread_mutex_unlock(&a->lock);
}

static void copy(char *to, size_t cap, const char *from)
{
    snprintf(to, cap, "%s", from);
}

/* As it is there, with what is this node's own kept: failures, the last log-in. */
static void read_user(const struct kt_json *j, struct user *u)
{
    const struct kt_json *roles = kt_json_get(j, "roles");
    copy(u->name, sizeof(u->name), kt_json_get_str(j, "user", ""));
    copy(u->full, sizeof(u->full), kt_json_get_str(j, "name", ""));
    copy(u->language, sizeof(u->language), kt_json_get_str(j, "language", ""));
    copy(u->hash, sizeof(u->hash), kt_json_get_str(j, "hash", ""));
    u->disabled = kt_json_get_bool(j, "disabled", false);
    u->must_change = kt_json_get_bool(j, "must_change", false);
    u->created = kt_json_get_int(j, "created", 0);
    u->roles_n = 0;
    for (size_t i = 0; i < kt_json_len(roles) && u->roles_n < ROLES_MAX; i++) {
        const char *role = kt_json_str(kt_json_at(roles, i));
        copy(u->roles[u->roles_n++], sizeof(u->roles[0]), role ? role : "");
    }
}

/* Holding store_lock: one user, on disk first when anything of it is new. */
static int take_user(struct kt_auth *a, const struct kt_json *j, struct kt_err *err)
{
    struct user fresh = {.failures = 0};
    pthread_mutex_lock(&a->lock);
    struct user *u = auth_find(a, kt_json_get_str(j, "user", ""));
    if (u) {
        fresh = *u;
    }
    bool room = u || a->users_n < USERS_MAX;
    pthread_mutex_unlock(&a->lock);
    read_user(j, &fresh);
    bool same = u && memcmp(&fresh, u, sizeof(fresh)) == 0;
    if (!fresh.name[0] || !fresh.hash[0] || !room || same) {
        return KT_OK;
    }
    int r = auth_save_user(a, &fresh, err);
    if (r == KT_OK) {
        pthread_mutex_lock(&a->lock);
        u = u ? u : &a->users[a->users_n++];
        *u = fresh;
        atomic_fetch_add(&a->version, 1);
        pthread_mutex_unlock(&a->lock);
    }
    return r;
}

/* Holding lock: when was it used here? */
static kt_mono used_here(const struct kt_auth *a, const struct kt_hash *token, kt_mono now)
{
    for (uint32_t i = 0; i < a->sessions_n; i++) {
        if (kt_hash_eq(&a->sessions[i].token, token)) {
            return a->sessions[i].used;
        }
    }
    return now;
}

static void take_sessions(struct kt_auth *a, const struct kt_json *list)
{
    size_t n = kt_json_len(list) < SESSIONS_MAX ? kt_json_len(list) : SESSIONS_MAX;
    struct session *all = calloc(n + 1, sizeof(*all));
    KT_ASSERT(all);
    uint32_t kept = 0;
    kt_mono now = kt_clock_mono();
    pthread_mutex_lock(&a->lock);
    for (size_t i = 0; i < n; i++) {
        const struct kt_json *j = kt_json_at(list, i);
        struct user *u = auth_find(a, kt_json_get_str(j, "user", ""));
        struct session *s = &all[kept];
        if (u && !u->disabled &&
            kt_hash_from_hex(kt_json_strn(kt_json_get(j, "token")), &s->token) == KT_OK) {
            s->user = (uint32_t)(u - a->users);
            s->used = used_here(a, &s->token, now);
            kept++;
        }
    }
    memcpy(a->sessions, all, kept * sizeof(*all));
    a->sessions_n = kept;
    pthread_mutex_unlock(&a->lock);
    free(all);
}

int kt_auth_take(struct kt_auth *a, struct kt_str json, struct kt_err *err)
{
    struct kt_json *root = NULL;
    int r = kt_json_parse(json, 32 << 20, &root, err);
    const struct kt_json *users = kt_json_get(root, "users");
    pthread_mutex_lock(&a->store_lock);
    for (size_t i = 0; r == KT_OK && i < kt_json_len(users); i++) {
        r = take_user(a, kt_json_at(users, i), err);
    }
    pthread_mutex_unlock(&a->store_lock);
    if (r == KT_OK) {
        take_sessions(a, kt_json_get(root, "sessions"));
    }
    kt_json_free(root);
    return r;
}
