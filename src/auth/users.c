/* SPDX-License-Identifier: Apache-2.0 */
/* Making and changing users, and who may do it. */
#include <stdio.h>
#include <string.h>

#include "auth/private.h"
#include "base/log.h"
#include "sys/clock.h"

static int check_roles(const struct kt_auth *a, const char *const *roles, uint32_t n,
                       struct kt_err *err)
{
    unsigned kinds = 0;
    if (n > ROLES_MAX) {
        return kt_err_set(err, KT_ELIMIT, "at most %d roles", ROLES_MAX);
    }
    for (uint32_t i = 0; i < n; i++) {
        unsigned kind;
        if (!auth_admin_of_role(a->site, roles[i], &kind)) {
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

int auth_password_rules(struct kt_auth *a, const char *user, const char *password,
                        struct kt_err *err)
{
    int classes[4] = {0};
    pthread_mutex_lock(&a->lock);
    int min = a->site->accounts.password_min;
    pthread_mutex_unlock(&a->lock);
    for (const char *p = password; *p; p++) {
        int c = *p >= 'a' && *p <= 'z'   ? 0
                : *p >= 'A' && *p <= 'Z' ? 1
                : *p >= '0' && *p <= '9' ? 2
                                         : 3;
        classes[c] = 1;
    }
    if (strlen(password) < (size_t)min || strlen(password) > 200) {
        return kt_err_set(err, KT_EINVAL, "a password has at least %d characters", min);
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

/* Names under which the program itself writes. */
static bool plain_name(const char *s)
{
    static const char *const own[] = {"-", "local", "kuangtu", "signal"};
    size_t n = strlen(s);
    for (size_t i = 0; i < KT_ARRAY_LEN(own); i++) {
        if (strcasecmp(s, own[i]) == 0) {
            return false;
        }
    }
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
                          "a user name has 1 to 39 letters, digits, dots, dashes or underscores, "
                          "and is none of the program's own (local, kuangtu, signal)");
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

/* ---- who may change whom --------------------------------------------------------------------- */

static bool has_all(const char *const *all, uint32_t n, const char *const *some, uint32_t m)
{
    for (uint32_t i = 0; i < m; i++) {
        bool found = false;
        for (uint32_t k = 0; k < n && !found; k++) {
            found = strcmp(all[k], some[i]) == 0;
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

/* Does `by` hold everything that `whom` holds, everywhere? */
static bool covers(const struct kt_person *by, const struct kt_person *whom)
{
    static const char *const everywhere[] = {"*"};
    return has_all(by->rights, by->rights_n, whom->rights, whom->rights_n) &&
           (has_all(by->places, by->places_n, everywhere, 1) ||
            has_all(by->places, by->places_n, whom->places, whom->places_n));
}

/*
 * A password set for somebody else is for a moment in the setter's hand: nobody sets one that opens
 * more than they hold or may give. Ordinary rights are given by the security administrator, those
 * of the three offices by nobody through a password.
 */
static int judge_password(const struct kt_person *by, const struct kt_person *whom,
                          struct kt_err *err)
{
    if (strcmp(by->user, whom->user) == 0) {
        return kt_err_set(err, KT_EDENIED,
                          "one's own password is changed with the present one (POST /password)");
    }
    if (covers(by, whom)) {
        return KT_OK;
    }
    if (auth_admin_of_person(whom)) {
        return kt_err_set(err, KT_EDENIED,
                          "user \"%s\" is an administrator; that password is set on the machine "
                          "itself: kuangtu user set SITE %s --new-password",
                          whom->user, whom->user);
    }
    return kt_person_may(by, "security.admin")
               ? KT_OK
               : kt_err_set(err, KT_EDENIED,
                            "user \"%s\" holds rights that you do not; the security administrator "
                            "sets that password",
                            whom->user);
}

static int need(const struct kt_person *by, const char *right, const char *what, struct kt_err *err)
{
    return kt_person_may(by, right)
               ? KT_OK
               : kt_err_set(err, KT_EDENIED, "%s: the right \"%s\" is needed", what, right);
}

static int judge_roles(const struct kt_person *by, const struct kt_user *in, struct kt_err *err)
{
    if (strcmp(by->user, in->user) == 0) {
        return kt_err_set(err, KT_EDENIED, "nobody changes their own roles");
    }
    return need(by, "security.admin",
                "roles are given by the security administrator, after the user is made", err);
}

static int judge_state(const struct kt_person *by, const struct kt_person *whom, struct kt_err *err)
{
    if (strcmp(by->user, whom->user) == 0) {
        return kt_err_set(err, KT_EDENIED, "nobody disables themselves");
    }
    if (auth_admin_of_person(whom) & ~auth_admin_of_person(by)) {
        return kt_err_set(err, KT_EDENIED,
                          "user \"%s\" holds another office of administration; the security "
                          "administrator takes the role away",
                          whom->user);
    }
    return KT_OK;
}

/* Holding lock: may `by` make this change? `old` NULL: the user is new. */
static int judge(struct kt_auth *a, const struct kt_person *by, const struct user *old,
                 const struct kt_user *in, bool password, struct kt_err *err)
{
    struct kt_arena *arena = kt_arena_new(1 << 20);
    struct kt_person whom = {.user = in->user};
    int r = KT_OK;
    if (old) {
        auth_person_of(a, old, arena, &whom);
    }
    if (!old || in->name || in->language || in->set_disabled) {
        r = need(by, "user.admin", "users are made and named by the system administrator", err);
    }
    if (r == KT_OK && in->roles && (old || in->roles_n)) {
        r = judge_roles(by, in, err);
    }
    if (r == KT_OK && old && in->set_disabled) {
        r = judge_state(by, &whom, err);
    }
    if (r == KT_OK && old && password) {
        r = judge_password(by, &whom, err);
    }
    kt_arena_free(arena);
    return r;
}

/* Holding store_lock: the change is on disk before it counts. */
static int put_user(struct kt_auth *a, const struct kt_user *in, const char *hash, bool create,
                    const struct kt_person *by, struct kt_err *err)
{
    struct user fresh, old = {0};
    pthread_mutex_lock(&a->lock);
    struct user *slot = auth_find(a, in->user);
    int r = by ? judge(a, by, slot, in, hash != NULL, err) : KT_OK;
    if (r == KT_OK && (r = merge_user(a, in, create, &fresh, err)) == KT_OK && slot) {
        old = *slot;
    }
    pthread_mutex_unlock(&a->lock);
    if (r < 0) {
        return r;
    }
    if (hash) {
        memcpy(fresh.hash, hash, sizeof(fresh.hash));
        fresh.failures = 0;
        fresh.locked_until = 0;
    }
    r = auth_change_user(a, create ? NULL : &old, &fresh, by ? by->user : "the command line", err);
    if (r < 0) {
        return r;
    }
    pthread_mutex_lock(&a->lock);
    slot = create ? &a->users[a->users_n++] : slot; /* users stay where they are */
    *slot = fresh;
    atomic_fetch_add(&a->version, 1);
    if (fresh.disabled || hash) {
        auth_end_sessions(a, (uint32_t)(slot - a->users), NULL);
    }
    pthread_mutex_unlock(&a->lock);
    KT_INFO("auth", "user %s %s by %s", in->user, create ? "made" : "changed",
            by ? by->user : "the command line");
    return KT_OK;
}

int kt_auth_user_put(struct kt_auth *a, const struct kt_user *in, const char *password, bool create,
                     const struct kt_person *by, struct kt_err *err)
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
    pthread_mutex_lock(&a->store_lock);
    r = put_user(a, in, password ? hash : NULL, create, by, err);
    pthread_mutex_unlock(&a->store_lock);
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

/* Is there anybody who could make users? */
static bool has_system_admin(struct kt_auth *a)
{
    struct kt_arena *arena = kt_arena_new(16 << 20);
    bool found = false;
    for (uint32_t i = 0; i < a->users_n && !found; i++) {
        struct kt_person p;
        auth_person_of(a, &a->users[i], arena, &p);
        found = kt_person_may(&p, "user.admin");
    }
    kt_arena_free(arena);
    return found;
}

int kt_auth_bootstrap(struct kt_auth *a, char ret_password[40], struct kt_err *err)
{
    ret_password[0] = '\0';
    if (has_system_admin(a) || auth_find(a, "admin")) {
        return KT_OK;
    }
    /* A simulation is there to be tried out: its first user may do what one person may. */
    const char *roles[ROLES_MAX] = {"system-admin"};
    uint32_t n = 1;
    for (uint32_t i = 0; a->site->simulation && i < a->site->people_n && n < ROLES_MAX; i++) {
        unsigned kinds;
        if (auth_admin_of_role(a->site, a->site->people[i].id, &kinds) &&
            !(kinds & ~(unsigned)KT_ADMIN_SYSTEM) &&
            strcmp(a->site->people[i].id, "system-admin") != 0) {
            roles[n++] = a->site->people[i].id;
        }
    }
    char password[40];
    kt_auth_random_password(password);
    struct kt_user u = {
        .user = "admin", .name = "系统管理员", .roles = roles, .roles_n = n, .must_change = true};
    int r = kt_auth_user_put(a, &u, password, true, NULL, err);
    if (r == KT_OK) {
        memcpy(ret_password, password, sizeof(password));
    }
    return r;
}
