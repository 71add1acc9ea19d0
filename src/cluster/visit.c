/* SPDX-License-Identifier: Apache-2.0 */
/* A visit: who is active, and what a program that is no node yet asks of it. */
#include <stdio.h>

#include "base/json.h"
#include "cluster/private.h"
#include "sys/clock.h"
#include "sys/http_client.h"

#define PATIENCE (120 * KT_SEC)

static int look(struct kt_cluster *c, struct kt_err *err)
{
    struct cl_etcd *e = cl_etcd_new(&c->conf);
    struct core_answer a;
    cl_etcd_look(e, 0, 0, &a, NULL);
    int r = KT_OK;
    if (a.how != ANSWER_OK) {
        r = kt_err_set(err, KT_EIO, "etcd does not answer: %s", cl_etcd_why(e));
    } else if (!a.holder.token || !a.holder.url[0] || !a.has_head) {
        r = kt_err_set(err, KT_ENODE, "no node of %s is active; start one first", c->prefix);
    } else {
        c->core.holder = a.holder;
        c->core.head = a.head;
    }
    cl_etcd_free(e);
    return r;
}

int kt_cluster_visit(const struct kt_cluster_opts *opts, struct kt_cluster **ret,
                     struct kt_err *err)
{
    int r = cluster_opts_check(opts, err);
    if (r < 0) {
        return r;
    }
    if (!kt_cluster_wanted(opts->address)) {
        return kt_err_set(err, KT_EINVAL, "name the nodes' etcd: etcd://HOST:PORT/PREFIX");
    }
    struct kt_cluster *c = cluster_new(opts);
    r = look(c, err);
    if (r < 0) {
        kt_cluster_free(c);
        return r;
    }
    *ret = c;
    return KT_OK;
}

const char *kt_cluster_visited(const struct kt_cluster *c)
{
    return c->core.holder.node;
}

int kt_cluster_reserve(struct kt_cluster *c, struct kt_err *err)
{
    char name[CORE_NAME + 16];
    struct kt_buf json;
    struct core_answer a;
    struct cl_etcd *e = cl_etcd_new(&c->conf);
    kt_buf_init(&json, 1 << 16);
    struct kt_jw w = kt_jw_init(&json);
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "node", c->node);
    kt_jw_kint(&w, "next", (int64_t)c->core.head.next);
    kt_jw_kint(&w, "at", kt_clock_now());
    kt_jw_obj_end(&w);
    snprintf(name, sizeof(name), "member/%s", c->node);
    cl_etcd_put(e, 0, name, (struct kt_str){json.p, json.n}, &a);
    int r = a.how == ANSWER_OK ? KT_OK : kt_err_set(err, KT_EIO, "%s", cl_etcd_why(e));
    kt_buf_done(&json);
    cl_etcd_free(e);
    return r;
}

int kt_cluster_ask(struct kt_cluster *c, const char *path, struct kt_buf *out, struct kt_err *err)
{
    char url[CORE_URL + 1200];
    struct kt_http_client *http = cluster_client(c);
    snprintf(url, sizeof(url), "%s%s", c->core.holder.url, path);
    int r = cluster_ask(c, http, "GET", url, NULL, PATIENCE, out, err);
    kt_http_client_free(http);
    return r;
}
