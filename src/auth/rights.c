/* SPDX-License-Identifier: Apache-2.0 */
/* What a person may do and where: roles of the site and the three built-in ones; who asks now. */
#include <stdlib.h>
#include <string.h>

#include "auth/private.h"
#include "sys/clock.h"

static unsigned admin_of_right(const char *right)
{
    return !strcmp(right, "user.admin") || !strcmp(right, "site.reload") ? KT_ADMIN_SYSTEM
           : !strcmp(right, "security.admin")                            ? KT_ADMIN_SECURITY
           : !strcmp(right, "audit.read")                                ? KT_ADMIN_AUDIT
                                                                         : 0;
}

/* Built-in roles: of these three one person holds at most one. */
static const struct {
    const char *id, *zh, *en;
    const char *rights[6];
} builtin[] = {
    {"system-admin",
     "系统管理员",
     "System administrator",
     {"user.admin", "site.reload", "view", "history.read", NULL}},
    {"security-admin", "安全管理员", "Security administrator", {"security.admin", "view", NULL}},
    {"auditor", "审计管理员", "Audit administrator", {"audit.read", "view", "history.read", NULL}},
};

bool kt_auth_builtin_role(size_t i, struct kt_people_role *ret)
{
    static const char *const everywhere[] = {"*"};
    if (i >= KT_ARRAY_LEN(builtin)) {
        return false;
    }
    *ret = (struct kt_people_role){.id = builtin[i].id,
                                   .name = {.zh = builtin[i].zh, .en = builtin[i].en},
                                   .rights = builtin[i].rights,
                                   .places = everywhere,
                                   .places_n = 1};
    while (builtin[i].rights[ret->rights_n]) {
        ret->rights_n++;
    }
    return true;
}

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

/* A site loaded again may have joined two administrations in one person: then none is given. */
static uint32_t drop_mixed_admin(const char **rights, uint32_t n)
{
    unsigned kinds = 0;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i++) {
        kinds |= admin_of_right(rights[i]);
    }
    if (!(kinds & (kinds - 1))) {
        return n;
    }
    for (uint32_t i = 0; i < n; i++) {
        if (!admin_of_right(rights[i])) {
            rights[kept++] = rights[i];
        }
    }
    return kept;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void auth_person_of(struct kt_auth *a, const struct user *u, struct kt_arena *arena,
                    struct kt_person *ret)
{
    enum { CAP = 1024 }; /* rights and places of all roles of one person */
    const char **rights = KT_NEW_ARRAY(arena, const char *, CAP);
    const char **places = KT_NEW_ARRAY(arena, const char *, CAP);
    const char **roles = KT_NEW_ARRAY(arena, const char *, ROLES_MAX);
    uint32_t rights_n = 0, places_n = 0;
    for (uint32_t i = 0; i < u->roles_n; i++) {
        roles[i] = kt_arena_strdup(arena, u->roles[i]);
        add_role(a->site, u->roles[i], arena, rights, &rights_n, places, &places_n, CAP);
    }
    rights_n = drop_mixed_admin(rights, rights_n);
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

void kt_auth_people(struct kt_auth *a, void (*fn)(void *arg, const struct kt_person *p), void *arg)
{
    pthread_mutex_lock(&a->lock);
    for (uint32_t i = 0; i < a->users_n; i++) {
        struct kt_arena *arena = kt_arena_new(1 << 20);
        struct kt_person p;
        if (!a->users[i].disabled) {
            auth_person_of(a, &a->users[i], arena, &p);
            fn(arg, &p);
        }
        kt_arena_free(arena);
    }
    pthread_mutex_unlock(&a->lock);
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
        if (u->disabled || now - s->used > (int64_t)a->site->accounts.idle_minutes * KT_MIN) {
            break;
        }
        s->used = now;
        auth_person_of(a, u, arena, ret);
        pthread_mutex_unlock(&a->lock);
        return KT_OK;
    }
    pthread_mutex_unlock(&a->lock);
    return kt_err_set(err, KT_EAUTH, "the session has ended; log in again");
}

/* ---- the three administrations -------------------------------------------------------------- */

unsigned auth_admin_of_person(const struct kt_person *p)
{
    unsigned kinds = 0;
    for (uint32_t i = 0; i < p->rights_n; i++) {
        kinds |= admin_of_right(p->rights[i]);
    }
    return kinds;
}

bool auth_admin_of_role(const struct kt_site *site, const char *role, unsigned *ret)
{
    bool known = false;
    *ret = 0;
    for (size_t b = 0; b < KT_ARRAY_LEN(builtin); b++) {
        for (int i = 0; strcmp(builtin[b].id, role) == 0 && builtin[b].rights[i]; i++) {
            *ret |= admin_of_right(builtin[b].rights[i]);
            known = true;
        }
    }
    for (uint32_t i = 0; i < site->people_n; i++) {
        const struct kt_people_role *pr = &site->people[i];
        for (uint32_t k = 0; strcmp(pr->id, role) == 0 && k < pr->rights_n; k++) {
            *ret |= admin_of_right(pr->rights[k]);
        }
        known = known || strcmp(pr->id, role) == 0;
    }
    return known;
}
