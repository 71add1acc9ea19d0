/* SPDX-License-Identifier: Apache-2.0 */
/* Small values that belong to the site: in a file of data/, with several nodes in etcd. */
#include "engine/runtime_impl.h"

#include <stdio.h>

#include "sys/file.h"

enum { KEPT_MAX = 1 << 20 };

bool kt_runtime_acts(const struct kt_runtime *rt)
{
    return !rt->cluster || (!atomic_load(&rt->follows) && kt_cluster_may(rt->cluster));
}

static void path_of(const struct kt_runtime *rt, const char *name, char path[800])
{
    snprintf(path, 800, "%.511s/%.200s.json", rt->data_dir, name);
}

int kt_runtime_keep(struct kt_runtime *rt, const char *name, struct kt_str value,
                    struct kt_err *err)
{
    char path[800], key[240];
    if (rt->cluster) {
        snprintf(key, sizeof(key), "kept/%.200s", name);
        return kt_cluster_put(rt->cluster, key, value, err);
    }
    path_of(rt, name, path);
    return kt_file_replace(path, value.p, value.n, err);
}

int kt_runtime_kept(struct kt_runtime *rt, const char *name, struct kt_buf *out, struct kt_err *err)
{
    char path[800], key[240];
    int r = KT_ENOTFOUND;
    if (rt->cluster) {
        snprintf(key, sizeof(key), "kept/%.200s", name);
        r = kt_cluster_get(rt->cluster, key, out, err);
    }
    if (r == KT_ENOTFOUND) { /* also what a site had before it got a second node */
        path_of(rt, name, path);
        r = kt_file_read(path, KEPT_MAX, out, err);
    }
    return r;
}
