/* SPDX-License-Identifier: Apache-2.0 */
/* The roadways and stations of the site in force, read once a site. */
#include <stdlib.h>

#include "api/personnel.h"

struct personnel {
    pthread_mutex_t lock;
    struct kt_site *site; /* a reference; NULL: none yet */
    struct kt_arena *arena;
    struct kt_mine mine;
    bool ok;
};

struct personnel *personnel_new(struct kt_api *a)
{
    struct personnel *p = calloc(1, sizeof(*p));
    (void)a;
    KT_ASSERT(p);
    pthread_mutex_init(&p->lock, NULL);
    return p;
}

void personnel_free(struct personnel *p)
{
    if (p) {
        kt_site_unref(p->site);
        kt_arena_free(p->arena);
        pthread_mutex_destroy(&p->lock);
        free(p);
    }
}

const struct kt_mine *personnel_lock(struct kt_api *a)
{
    struct personnel *p = a->personnel;
    struct kt_site *site = kt_runtime_site(a->opts.runtime);
    pthread_mutex_lock(&p->lock);
    if (p->site == site) {
        kt_site_unref(site);
    } else {
        struct kt_problems none = {0};
        struct kt_err err;
        kt_site_unref(p->site);
        kt_arena_free(p->arena);
        p->site = site;
        p->arena = kt_arena_new(0);
        p->ok = kt_mine_read(site, p->arena, &none, &p->mine, &err) == KT_OK && p->mine.present;
    }
    return p->ok ? &p->mine : NULL;
}

void personnel_unlock(struct kt_api *a)
{
    pthread_mutex_unlock(&a->personnel->lock);
}
