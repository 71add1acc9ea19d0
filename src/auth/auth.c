/* SPDX-License-Identifier: Apache-2.0 */
/* Open, users and their rights. Sessions are in session.c, the access log in log.c. */
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
};

/* Built-in roles: of these three one person holds at most one. */
static const struct {
    const char *id;
    const char *rights[6];
} builtin[] = {
    {"system-admin", {"user.admin", "site.reload", "view", "history.read", NULL}},
    {"security-admin", {"security.admin", "view", NULL}},
    {"auditor", {"audit.read", "view", "history.read", NULL}},
};

int kt_auth_open(const struct kt_auth_opts *opts, struct kt_site *site, struct kt_auth **ret,
                 struct kt_err *err)
{
    char path[600];
    struct kt_auth *a = calloc(1, sizeof(*a));
    KT_ASSERT(a);
    a->opts = *opts;
    a->opts.idle_minutes = opts->idle_minutes ? opts->idle_minutes : 30;
    a->opts.lock_failures = opts->lock_failures ? opts->lock_failures : 5;
    a->opts.lock_minutes = opts->lock_minutes ? opts->lock_minutes : 15;
    a->opts.password_min = opts->password_min ? opts->password_min : 10;
    a->opts.log_days = opts->log_days ? opts->log_days : 183;
    pthread_mutex_init(&a->lock, NULL);
    pthread_mutex_init(&a->log_lock, NULL);
    pthread_cond_init(&a->log_wake, NULL);
    a->site = kt_site_ref(site);
    a->users = calloc(USERS_MAX, sizeof(*a->users));
    a->sessions = calloc(SESSIONS_MAX, sizeof(*a->sessions));
    a->queue = calloc(LOG_QUEUE, sizeof(*a->queue));
    KT_ASSERT(a->users && a->sessions && a->queue);
    snprintf(path, sizeof(path), "%s/users.db", opts->dir);
    struct kt_store_opts so = {.path = path,
                               .versions = versions,
                               .n_versions = KT_ARRAY_LEN(versions),
                               .sync_full = true};
    int r = kt_dir_make(opts->dir, err);
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
    pthread_mutex_destroy(&a->lock);
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

/* ---- rights --------------------------------------------------------------------------------- */

bool kt_person_may(const struct kt_person *p, const char *right)
{
    for (uint32_t i = 0; i < p->rights_n; i++) {
        if (strcmp(p->rights[i], right) == 0) {
            return true;
        }
    }
    return false;
}

bool kt_person_at(const struct kt_person *p, const struct kt_site *site, kt_place_id place)
{
    for (uint32_t i = 0; i < p->places_n; i++) {
        if (strcmp(p->places[i], "*") == 0) {
            return true;
        }
        kt_place_id under = kt_site_place(site, kt_str_c(p->places[i]));
        if (under.v != KT_NONE && place.v != KT_NONE && kt_site_within(site, place, under)) {
            return true;
        }
    }
    return false;
}

static void add_unique(struct kt_arena *arena, const char **list, uint32_t *n, uint32_t cap,
                       const char *text)
{
    for (uint32_t i = 0; i < *n; i++) {
        if (strcmp(list[i], text) == 0) {
            return;
        }
    }
    if (*n < cap) {
        list[(*n)++] = kt_arena_strdup(arena, text);
    }
}

static void add_role(const struct kt_site *site, const char *role, struct kt_arena *arena,
                     const char **rights, uint32_t *rights_n, const char **places,
                     uint32_t *places_n, uint32_t cap)
{
    for (size_t b = 0; b < KT_ARRAY_LEN(builtin); b++) {
        for (int i = 0; strcmp(builtin[b].id, role) == 0 && builtin[b].rights[i]; i++) {
            add_unique(arena, rights, rights_n, cap, builtin[b].rights[i]);
            add_unique(arena, places, places_n, cap, "*");
        }
    }
    for (uint32_t i = 0; i < site->people_n; i++) {
        const struct kt_people_role *pr = &site->people[i];
        if (strcmp(pr->id, role) != 0) {
            continue;
        }
        for (uint32_t k = 0; k < pr->rights_n; k++) {
            add_unique(arena, rights, rights_n, cap, pr->rights[k]);
        }
        for (uint32_t k = 0; k < pr->places_n; k++) {
            add_unique(arena, places, places_n, cap, pr->places[k]);
        }
    }
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void person_of(struct kt_auth *a, const struct user *u, struct kt_arena *arena,
                      struct kt_person *ret)
{
    enum { CAP = 128 };
    const char **rights = KT_NEW_ARRAY(arena, const char *, CAP);
    const char **places = KT_NEW_ARRAY(arena, const char *, CAP);
    const char **roles = KT_NEW_ARRAY(arena, const char *, ROLES_MAX);
    uint32_t rights_n = 0, places_n = 0;
    for (uint32_t i = 0; i < u->roles_n; i++) {
        roles[i] = kt_arena_strdup(arena, u->roles[i]);
        add_role(a->site, u->roles[i], arena, rights, &rights_n, places, &places_n, CAP);
    }
    qsort(rights, rights_n, sizeof(*rights), by_text);
    *ret = (struct kt_person){.user = kt_arena_strdup(arena, u->name),
                              .name = kt_arena_strdup(arena, u->full),
                              .language = kt_arena_strdup(arena, u->language),
                              .roles = roles,
                              .roles_n = u->roles_n,
                              .rights = rights,
                              .rights_n = rights_n,
                              .places = places,
                              .places_n = places_n,
                              .must_change_password = u->must_change};
}

int kt_auth_session(struct kt_auth *a, const char *token, struct kt_arena *arena,
                    struct kt_person *ret, struct kt_err *err)
{
    struct kt_hash h;
    kt_hash_of(token, strlen(token), &h);
    kt_time now = kt_clock_mono();
    pthread_mutex_lock(&a->lock);
    for (uint32_t i = 0; i < a->sessions_n; i++) {
        struct session *s = &a->sessions[i];
        if (memcmp(&s->token, &h, sizeof(h)) != 0) {
            continue;
        }
        const struct user *u = &a->users[s->user];
        if (u->disabled || now - s->used > (int64_t)a->opts.idle_minutes * KT_MIN) {
            break;
        }
        s->used = now;
        person_of(a, u, arena, ret);
        pthread_mutex_unlock(&a->lock);
        return KT_OK;
    }
    pthread_mutex_unlock(&a->lock);
    return kt_err_set(err, KT_EAUTH, "the session has ended; log in again");
}

/* System, security and audit administration never meet in one person: which of them is a right of?
 */
enum { ADMIN_SYSTEM = 1, ADMIN_SECURITY = 2, ADMIN_AUDIT = 4 };

static int admin_of_right(const char *right)
{
    return !strcmp(right, "user.admin") || !strcmp(right, "site.reload") ? ADMIN_SYSTEM
           : !strcmp(right, "security.admin")                            ? ADMIN_SECURITY
           : !strcmp(right, "audit.read")                                ? ADMIN_AUDIT
                                                                         : 0;
}

/* The kinds of administration in a role; -1 when there is no such role. */
static int admin_of_role(const struct kt_site *site, const char *role)
{
    int kinds = -1;
    for (size_t b = 0; b < KT_ARRAY_LEN(builtin); b++) {
        for (int i = 0; strcmp(builtin[b].id, role) == 0 && builtin[b].rights[i]; i++) {
            kinds = (kinds < 0 ? 0 : kinds) | admin_of_right(builtin[b].rights[i]);
        }
    }
    for (uint32_t i = 0; i < site->people_n; i++) {
        const struct kt_people_role *pr = &site->people[i];
        for (uint32_t k = 0; strcmp(pr->id, role) == 0 && k < pr->rights_n; k++) {
            kinds = (kinds < 0 ? 0 : kinds) | admin_of_right(pr->rights[k]);
        }
    }
    return kinds;
}

/* ---- changing users ------------------------------------------------------------------------- */

/* Which of the three administrators a right makes: they are never one person. */
static unsigned office_of(const char *right)
{
    return strcmp(right, "site.reload") == 0      ? 1
           : strcmp(right, "security.admin") == 0 ? 2
           : strcmp(right, "audit.read") == 0     ? 4
                                                  : 0;
}

/* The offices of a role, and whether it exists. */
static unsigned offices_of(const struct kt_auth *a, const char *role, bool *ret_known)
{
    unsigned offices = 0;
    *ret_known = false;
    for (size_t b = 0; b < KT_ARRAY_LEN(builtin); b++) {
        for (int i = 0; strcmp(builtin[b].id, role) == 0 && builtin[b].rights[i]; i++) {
            offices |= office_of(builtin[b].rights[i]);
            *ret_known = true;
        }
    }
    for (uint32_t k = 0; k < a->site->people_n; k++) {
        const struct kt_people_role *pr = &a->site->people[k];
        for (uint32_t i = 0; strcmp(pr->id, role) == 0 && i < pr->rights_n; i++) {
            offices |= office_of(pr->rights[i]);
        }
        *ret_known = *ret_known || strcmp(pr->id, role) == 0;
    }
    return offices;
}

static int check_roles(const struct kt_auth *a, const char *const *roles, uint32_t n,
                       struct kt_err *err)
{
    int kinds = 0;
    if (n > ROLES_MAX) {
        return kt_err_set(err, KT_ELIMIT, "at most %d roles", ROLES_MAX);
    }
    for (uint32_t i = 0; i < n; i++) {
        int kind = admin_of_role(a->site, roles[i]);
        if (kind < 0) {
            return kt_err_set(
                err, KT_EINVAL,
                "there is no role \"%s\"; roles are those under people: in site.yaml, "
                "and system-admin, security-admin, auditor",
                roles[i]);
        }
        kinds |= kind;
    }
    if (kinds & (kinds - 1)) {
        return kt_err_set(
            err, KT_ECONFLICT,
            "one person holds at most one of system, security and audit administration");
    }
    return KT_OK;
}

int auth_password_rules(const struct kt_auth *a, const char *user, const char *password,
                        struct kt_err *err)
{
    int classes[4] = {0};
    for (const char *p = password; *p; p++) {
        int c = *p >= 'a' && *p <= 'z'   ? 0
                : *p >= 'A' && *p <= 'Z' ? 1
                : *p >= '0' && *p <= '9' ? 2
                                         : 3;
        classes[c] = 1;
    }
    if (strlen(password) < (size_t)a->opts.password_min || strlen(password) > 200) {
        return kt_err_set(err, KT_EINVAL, "a password has at least %d characters",
                          a->opts.password_min);
    }
    if (classes[0] + classes[1] + classes[2] + classes[3] < 3) {
        return kt_err_set(err, KT_EINVAL,
                          "a password has three of: small letters, capitals, digits, others");
    }
    if (strlen(user) >= 4 && strcasestr(password, user)) {
        return kt_err_set(err, KT_EINVAL, "a password does not hold the user's name");
    }
    return KT_OK;
}

static bool plain_name(const char *s)
{
    size_t n = strlen(s);
    return n > 0 && n < 40 &&
           strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == n;
}

/* Holding lock: the user as it would be. */
static int merge_user(struct kt_auth *a, const struct kt_user *in, bool create, struct user *ret,
                      struct kt_err *err)
{
    const struct user *old = auth_find(a, in->user);
    if (create && old) {
        return kt_err_set(err, KT_EEXIST, "user \"%s\" exists already", in->user);
    }
    if (!create && !old) {
        return kt_err_set(err, KT_ENOTFOUND, "there is no user \"%s\"", in->user);
    }
    if (create && (a->users_n == USERS_MAX || !plain_name(in->user))) {
        return kt_err_set(err, KT_EINVAL,
                          "a user name has 1 to 39 letters, digits, dots, dashes or underscores");
    }
    *ret = old ? *old : (struct user){.created = kt_clock_now(), .language = "zh"};
    snprintf(ret->name, sizeof(ret->name), "%s", in->user);
    if (in->name) {
        snprintf(ret->full, sizeof(ret->full), "%s", in->name);
    }
    if (in->language) {
        snprintf(ret->language, sizeof(ret->language), "%s", in->language);
    }
    if (in->roles) {
        int r = check_roles(a, in->roles, in->roles_n, err);
        if (r < 0) {
            return r;
        }
        ret->roles_n = in->roles_n;
        for (uint32_t i = 0; i < in->roles_n; i++) {
            snprintf(ret->roles[i], sizeof(ret->roles[i]), "%s", in->roles[i]);
        }
    }
    if (create || in->set_disabled) {
        ret->disabled = in->disabled;
    }
    ret->must_change = in->must_change || ret->must_change;
    return KT_OK;
}

int kt_auth_user_put(struct kt_auth *a, const struct kt_user *in, const char *password, bool create,
                     const char *by, struct kt_err *err)
{
    char hash[KT_PW_MAX] = "";
    int r = KT_OK;
    if (create && !password) {
        return kt_err_set(err, KT_EINVAL, "a new user needs a password");
    }
    if (password && ((r = auth_password_rules(a, in->user, password, err)) < 0 ||
                     (r = kt_pw_hash(password, hash)) < 0)) {
        return r;
    }
    pthread_mutex_lock(&a->lock);
    struct user fresh;
    r = merge_user(a, in, create, &fresh, err);
    if (r == KT_OK) {
        if (password) {
            memcpy(fresh.hash, hash, sizeof(hash));
            fresh.failures = 0;
            fresh.locked_until = 0;
        }
        r = auth_save_user(a, &fresh, err);
    }
    if (r == KT_OK) {
        struct user *slot = create ? &a->users[a->users_n++] : auth_find(a, in->user);
        *slot = fresh;
        atomic_fetch_add(&a->version, 1);
        if (fresh.disabled || password) {
            auth_end_sessions(a, (uint32_t)(slot - a->users));
        }
        KT_INFO("auth", "user %s %s by %s", in->user, create ? "made" : "changed", by);
    }
    pthread_mutex_unlock(&a->lock);
    return r;
}

int kt_auth_users(struct kt_auth *a, struct kt_arena *arena, struct kt_user **ret, size_t *ret_n,
                  struct kt_err *err)
{
    (void)err;
    pthread_mutex_lock(&a->lock);
    struct kt_user *list = KT_NEW_ARRAY(arena, struct kt_user, a->users_n + 1);
    for (uint32_t i = 0; i < a->users_n; i++) {
        const struct user *u = &a->users[i];
        const char **roles = KT_NEW_ARRAY(arena, const char *, ROLES_MAX);
        for (uint32_t k = 0; k < u->roles_n; k++) {
            roles[k] = kt_arena_strdup(arena, u->roles[k]);
        }
        list[i] = (struct kt_user){.user = kt_arena_strdup(arena, u->name),
                                   .name = kt_arena_strdup(arena, u->full),
                                   .language = kt_arena_strdup(arena, u->language),
                                   .roles = roles,
                                   .roles_n = u->roles_n,
                                   .disabled = u->disabled,
                                   .locked = u->locked_until > kt_clock_mono(),
                                   .must_change = u->must_change,
                                   .created = u->created,
                                   .last_login = u->last_login};
    }
    *ret = list;
    *ret_n = a->users_n;
    pthread_mutex_unlock(&a->lock);
    return KT_OK;
}

void kt_auth_random_password(char ret[40])
{
    ret[0] = 'K'; /* three classes whatever the random part is */
    ret[1] = '7';
    ret[2] = 'm';
    kt_token(12, ret + 3);
}

int kt_auth_bootstrap(struct kt_auth *a, char ret_password[40], struct kt_err *err)
{
    ret_password[0] = '\0';
    if (a->users_n) {
        return KT_OK;
    }
    /* A simulation is there to be tried out: its first user may do what one person may. */
    const char *roles[ROLES_MAX] = {"system-admin"};
    uint32_t n = 1;
    for (uint32_t i = 0; a->site->simulation && i < a->site->people_n && n < ROLES_MAX; i++) {
        bool known;
        if (offices_of(a, a->site->people[i].id, &known) <= 1) {
            roles[n++] = a->site->people[i].id;
        }
    }
    char password[40];
    kt_auth_random_password(password);
    struct kt_user u = {
        .user = "admin", .name = "系统管理员", .roles = roles, .roles_n = n, .must_change = true};
    int r = kt_auth_user_put(a, &u, password, true, "first start", err);
    if (r == KT_OK) {
        memcpy(ret_password, password, sizeof(password));
    }
    return r;
}
