/* SPDX-License-Identifier: Apache-2.0 */
/* Eras: the site that was in force at a time, with the tables that an engine over it needs. */
#include "engine/runtime_past.h"

#include "base/log.h"

static int era_of(const struct rt_eras *from, struct kt_site *site, struct rt_era *ret,
                  struct kt_err *err)
{
    struct rt_era e = {.site = site};
    int r = rt_ids_open(from->data_dir, site, false, &e.ids, err);
    if (r < 0) {
        kt_site_unref(site);
        return r;
    }
    e.live = kt_live_new(site->points_n);
    *ret = e;
    return KT_OK;
}

static bool is_today(const struct rt_eras *from, const struct kt_hash *manifest)
{
    return from->loaded.has && kt_hash_eq(&from->loaded.manifest, manifest);
}

int rt_era_open(const struct rt_eras *from, const struct kt_hash *manifest, struct rt_era *ret,
                struct kt_err *err)
{
    struct kt_site *site = NULL;
    int r = KT_OK;
    if (is_today(from, manifest)) {
        site = kt_site_ref(from->today);
    } else {
        r = rt_loaded_site(from->data_dir, manifest, from->extra, &site, err);
    }
    r = r < 0 ? r : era_of(from, site, ret, err);
    if (r == KT_OK) {
        ret->known = true;
        ret->manifest = *manifest;
    }
    return r;
}

int rt_era_today(const struct rt_eras *from, struct rt_era *ret, struct kt_err *err)
{
    return era_of(from, kt_site_ref(from->today), ret, err);
}

void rt_era_done(struct rt_era *e)
{
    kt_live_free(e->live);
    rt_ids_done(&e->ids);
    kt_site_unref(e->site);
    *e = (struct rt_era){.site = NULL};
}
