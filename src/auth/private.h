/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_AUTH_PRIVATE_H
#define KT_AUTH_PRIVATE_H
/* What the files of this module share. */
#include <pthread.h>
#include <stdatomic.h>

#include "auth/auth.h"
#include "base/crypto.h"
#include "base/map.h"
#include "store/store.h"

enum { ROLES_MAX = 16, USERS_MAX = 10000, SESSIONS_MAX = 20000, LOG_QUEUE = 8192 };

struct user {
    char name[64]; /* log-in name */
    char full[128], language[8];
    char roles[ROLES_MAX][48];
    uint32_t roles_n;
    char hash[KT_PW_MAX];
    bool disabled, must_change;
    int failures;
    kt_time locked_until, created, last_login;
};

struct session {
    struct kt_hash token; /* of the token */
    uint32_t user;        /* index */
    kt_time used;
};

struct log_line {
    kt_time time;
    char user[64], client[64], method[8], path[200];
    int status;
};

struct kt_auth {
    struct kt_store *store;
    pthread_mutex_t store_lock; /* the store's writer; users change under it. Taken before `lock` */
    pthread_mutex_t lock;       /* everything below but tokens and the log queue; never held over a
                                   write to disk: each request of a person takes it */
    struct kt_site *site;
    struct user *users;
    uint32_t users_n;
    struct session *sessions;
    uint32_t sessions_n;
    _Atomic uint64_t version;
    pthread_rwlock_t token_lock; /* taken alone, by each post of a producer */
    struct kt_hash *tokens;
    struct kt_producer_ref *refs;
    uint32_t tokens_n;

    pthread_mutex_t log_lock; /* queue */
    pthread_cond_t log_wake;
    struct log_line *queue;
    uint32_t queue_n;
    uint64_t dropped;
    pthread_t logger;
    bool logger_on, stopping;
};

int auth_load_users(struct kt_auth *a, struct kt_err *err);
/** Holding store_lock alone: write one user; new ones are inserted. */
int auth_save_user(struct kt_auth *a, const struct user *u, struct kt_err *err);
struct user *auth_find(struct kt_auth *a, const char *name);
/* changes.c */
enum { AUTH_PRODUCER = 160 };
struct auth_token {               /* of one producer of the site, as it was read */
    char producer[AUTH_PRODUCER]; /* link/producer */
    bool known;                   /* false: it has none that counts */
    struct kt_hash hash;
};
/** Holding store_lock alone: save a user and note what changed; `old` NULL: made. */
int auth_change_user(struct kt_auth *a, const struct user *old, const struct user *now,
                     const char *by, struct kt_err *err);
/** Note which tokens are new, others, or gone since the last time. */
void auth_change_tokens(struct kt_auth *a, const struct auth_token *list, uint32_t n);
/* rights.c */
enum { KT_ADMIN_SYSTEM = 1, KT_ADMIN_SECURITY = 2, KT_ADMIN_AUDIT = 4 };
/** Holding lock: the person that a user is now. */
void auth_person_of(struct kt_auth *a, const struct user *u, struct kt_arena *arena,
                    struct kt_person *ret);
unsigned auth_admin_of_person(const struct kt_person *p);
/** The administrations in a role; false: there is no such role. */
bool auth_admin_of_role(const struct kt_site *site, const char *role, unsigned *ret);
void auth_load_tokens(struct kt_auth *a);
/** Not holding lock: does a new password fit the rules? */
int auth_password_rules(struct kt_auth *a, const char *user, const char *password,
                        struct kt_err *err);
int auth_log_start(struct kt_auth *a, struct kt_err *err);
void auth_log_stop(struct kt_auth *a);
/** Holding lock: end the sessions of a user, but the one of this token (NULL: all). */
void auth_end_sessions(struct kt_auth *a, uint32_t user, const struct kt_hash *keep);
#endif
