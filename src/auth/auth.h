/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_AUTH_AUTH_H
#define KT_AUTH_AUTH_H
/*
 * auth: users, their roles, sessions, lock-out, password rules, access log. Deny by default.
 * Kept in DIR/users.db (store/). Rights of a role come from the site (struct kt_people_role) and
 * from three built-in roles that one person cannot hold together: system-admin (user.admin,
 * site.reload, limits of nothing else), security-admin (security.admin: roles of people, lock-out),
 * auditor (audit.read).
 *
 * Threads: any (one mutex; argon2id runs outside it).
 * Invariants
 *  1. A session's rights are looked up at each use, so a withdrawn right is gone at once.
 *  2. Passwords are kept as argon2id only; session tokens as their hash only.
 *  3. No user, password or secret exists that nobody set: the first user's password is random and
 *     shown once.
 *  4. Nobody gets more by changing a user: roles are given by another person with security.admin; a
 *     password is set for others only by who holds, or may give, all that it opens; rights of more
 *     than one of the three administrations are not given at all.
 */
#include <stdbool.h>

#include "base/arena.h"
#include "base/time.h"
#include "site/site.h"

struct kt_auth;

/** Users of DIR/users.db. Idle time, lock-out, password length and days of log are the site's
 *  (settings `accounts.*`), as of now: a reload takes them over. */
KT_MUST_CHECK int kt_auth_open(const char *dir, struct kt_site *site, struct kt_auth **ret,
                               struct kt_err *err);
void kt_auth_close(struct kt_auth *a);
void kt_auth_site(struct kt_auth *a, struct kt_site *site); /**< after a reload */

/* Who asks, as of now. Strings live in the arena given. */
struct kt_person {
    const char *user, *name, *language;
    const char *const *roles;
    uint32_t roles_n;
    const char *const *rights; /* sorted */
    uint32_t rights_n;
    const char *const *places; /* "*" or place ids: scope of all rights (union over roles) */
    uint32_t places_n;
    bool must_change_password;
};
bool kt_person_may(const struct kt_person *p, const char *right);
/** May the person see or act at this place? */
bool kt_person_at(const struct kt_person *p, const struct kt_site *site, kt_place_id place);

/** The i-th role that every site has; false: there is no such. Strings are constants. */
bool kt_auth_builtin_role(size_t i, struct kt_people_role *ret);

/** A random password that keeps the rules. */
void kt_auth_random_password(char ret[40]);
/** First start: make user "admin" with a random password when nobody may make users (somebody may
 *  have been made by the command line before); the password is written to ret_password (empty
 *  string when nobody was made). */
KT_MUST_CHECK int kt_auth_bootstrap(struct kt_auth *a, char ret_password[40], struct kt_err *err);

/** @return KT_OK; KT_EAUTH wrong (same text for unknown user); KT_EBUSY locked out, with until */
KT_MUST_CHECK int kt_auth_login(struct kt_auth *a, const char *user, const char *password,
                                const char *client, char ret_token[64], struct kt_err *err);
/** Is there such a user? For the access log: what else was typed there may be a password. */
bool kt_auth_known(struct kt_auth *a, const char *user);
void kt_auth_logout(struct kt_auth *a, const char *token);
/** The person behind a session token. KT_EAUTH: none, idle too long, or ended. */
KT_MUST_CHECK int kt_auth_session(struct kt_auth *a, const char *token, struct kt_arena *arena,
                                  struct kt_person *ret, struct kt_err *err);
/** Several nodes: users and sessions as JSON (hashes, no secret), and taking them over: users that
 * are new or other there, exactly the sessions of there. */
void kt_auth_share(struct kt_auth *a, struct kt_buf *out);
KT_MUST_CHECK int kt_auth_take(struct kt_auth *a, struct kt_str json, struct kt_err *err);

/** Rises whenever any user, role or session is changed: open streams look again. */
uint64_t kt_auth_version(const struct kt_auth *a);

struct kt_user {
    const char *user, *name, *language;
    const char *const *roles;
    uint32_t roles_n;
    bool disabled, locked, must_change;
    bool set_disabled; /* kt_auth_user_put(): `disabled` is to be taken over */
    kt_time created, last_login;
};
KT_MUST_CHECK int kt_auth_users(struct kt_auth *a, struct kt_arena *arena, struct kt_user **ret,
                                size_t *ret_n, struct kt_err *err);
/** Everybody who may log in, with rights and places as of now; `fn` must not ask auth anything, and
 *  what it is given lives until it returns. */
void kt_auth_people(struct kt_auth *a, void (*fn)(void *arg, const struct kt_person *p), void *arg);
/**
 * Create, or change what is not NULL.
 *
 * @param by  who asks, judged against the user as it was (invariant 4); NULL: the machine's own
 *            administrator at the command line, who may all
 * @return KT_OK; KT_EDENIED not this person's to do; KT_ECONFLICT roles that exclude each other;
 *         KT_EEXIST, KT_ENOTFOUND, KT_EINVAL
 */
KT_MUST_CHECK int kt_auth_user_put(struct kt_auth *a, const struct kt_user *u, const char *password,
                                   bool create, const struct kt_person *by, struct kt_err *err);
/**
 * One's own password. Wrong present ones count towards the lock-out; all sessions of the user but
 * the one of keep_token (may be NULL) end.
 *
 * @return KT_OK; KT_EDENIED the present one is wrong; KT_EBUSY locked out; KT_EINVAL breaks the
 * rules
 */
KT_MUST_CHECK int kt_auth_password(struct kt_auth *a, const char *user, const char *old,
                                   const char *fresh, const char *keep_token, struct kt_err *err);

/*
 * Changes of accounts and of producers' tokens that are not in the journal yet, oldest first: an
 * object {user|producer, by, at, what[], roles[]?, before[]?}. They are kept in the transaction
 * that makes the change, so that none is lost; after a crash one may be told twice, with the same
 * id.
 */
typedef bool (*kt_auth_change_fn)(void *arg, int64_t id, struct kt_str json);
KT_MUST_CHECK int kt_auth_changes(struct kt_auth *a, int64_t after, kt_auth_change_fn fn, void *arg,
                                  struct kt_err *err);
/** The journal has them up to this id. */
KT_MUST_CHECK int kt_auth_changes_kept(struct kt_auth *a, int64_t up_to, struct kt_err *err);

/** A line of the access log: what was asked and how it ended. Batched; never blocks on the disk. */
void kt_auth_log(struct kt_auth *a, const char *user, const char *client, const char *method,
                 const char *path, int status);
typedef bool (*kt_auth_log_fn)(void *arg, kt_time time, const char *user, const char *client,
                               const char *method, const char *path, int status);
KT_MUST_CHECK int kt_auth_log_read(struct kt_auth *a, kt_time from, kt_time to, const char *user,
                                   kt_auth_log_fn fn, void *arg, struct kt_err *err);

/*
 * Producers: machines that push. A token file of the site holds the secret; only its hash is kept
 * in memory. Returns the producer's index in link->producers, or KT_EAUTH.
 */
struct kt_producer_ref {
    uint32_t link, producer; /* indexes in the site */
};
KT_MUST_CHECK int kt_auth_producer(struct kt_auth *a, const char *token,
                                   struct kt_producer_ref *ret);
#endif
