/* SPDX-License-Identifier: Apache-2.0 */
/* "etcd://host:port,host:port/PREFIX" */
#include "cluster/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/clock.h"

static const char plain[] = "etcd://", secure[] = "etcds://";

bool kt_cluster_wanted(const char *address)
{
    return address && *address && strcmp(address, "file") != 0;
}

static const char *hosts_of(const char *address, bool *ret_tls)
{
    *ret_tls = strncmp(address, secure, sizeof(secure) - 1) == 0;
    if (*ret_tls) {
        return address + sizeof(secure) - 1;
    }
    return strncmp(address, plain, sizeof(plain) - 1) == 0 ? address + sizeof(plain) - 1 : NULL;
}

static bool host_port(const char *p, size_t n)
{
    const char *colon = memrchr(p, ':', n);
    if (!colon || colon == p || colon == p + n - 1 || p + n - colon - 1 > 5) {
        return false;
    }
    for (const char *d = colon + 1; d < p + n; d++) {
        if (*d < '0' || *d > '9') {
            return false;
        }
    }
    return strcspn(p, " /,@?#") >= n;
}

int kt_cluster_address(const char *address, struct kt_err *err)
{
    bool tls;
    if (!kt_cluster_wanted(address)) {
        return KT_OK;
    }
    const char *p = hosts_of(address, &tls);
    const char *slash = p ? strchr(p, '/') : NULL;
    uint32_t n = 0;
    if (!p || !slash || !slash[1] || strlen(slash) > 100 ||
        slash[strcspn(slash, " ?#%\"\\")] != '\0' || slash[strlen(slash) - 1] == '/') {
        return kt_err_set(err, KT_EINVAL,
                          "\"%.120s\" is neither \"file\" nor etcd://HOST:PORT,HOST:PORT/PREFIX",
                          address);
    }
    for (const char *at = p; at < slash;) {
        size_t len = strcspn(at, ",/");
        if (!host_port(at, len) || ++n > SERVERS_MAX) {
            return kt_err_set(err, KT_EINVAL, "\"%.*s\" of %.120s is no HOST:PORT", (int)len, at,
                              address);
        }
        at += len + 1;
    }
    return n ? KT_OK : kt_err_set(err, KT_EINVAL, "%.120s names no server", address);
}

uint32_t cluster_servers(const char *address, char *urls[SERVERS_MAX], char **ret_prefix)
{
    bool tls;
    uint32_t n = 0;
    const char *p = hosts_of(address, &tls), *slash = strchr(p, '/');
    for (const char *at = p; at < slash && n < SERVERS_MAX;) {
        size_t len = strcspn(at, ",/");
        char url[300];
        snprintf(url, sizeof(url), "%s%.*s", tls ? "https://" : "http://", (int)len, at);
        urls[n++] = strdup(url);
        at += len + 1;
    }
    *ret_prefix = strdup(slash + 1);
    return n;
}

static void cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attr);
    pthread_condattr_destroy(&attr);
}

struct kt_cluster *cluster_new(const struct kt_cluster_opts *opts)
{
    struct kt_cluster *c = calloc(1, sizeof(*c));
    KT_ASSERT(c);
    c->opts = *opts;
    c->opts.address = c->address = strdup(opts->address);
    c->opts.node = c->node = strdup(opts->node);
    c->opts.data_dir = c->data_dir = strdup(opts->data_dir);
    snprintf(c->version, sizeof(c->version), "%s", opts->version ? opts->version : "");
    c->opts.ttl_ns = opts->ttl_ns ? opts->ttl_ns : 3 * KT_SEC;
    c->opts.patience_ns = opts->patience_ns ? opts->patience_ns : 5 * KT_SEC;
    c->opts.keep_bytes = opts->keep_bytes ? opts->keep_bytes : (int64_t)512 << 20;
    c->opts.quota_bytes = opts->quota_bytes ? opts->quota_bytes : (int64_t)2 << 30;
    c->opts.keep_ns = opts->keep_ns ? opts->keep_ns : KT_DAY;
    snprintf(c->journal_dir, sizeof(c->journal_dir), "%s/journal", opts->data_dir);
    snprintf(c->cut_dir, sizeof(c->cut_dir), "%s/cut", opts->data_dir);
    c->conf.urls_n = cluster_servers(c->address, c->urls, &c->prefix);
    c->conf.urls = (const char *const *)c->urls;
    c->conf.prefix = c->prefix;
    c->conf.node = c->node;
    c->conf.patience_ns = KT_SEC;
    pthread_mutex_init(&c->values_lock, NULL);
    c->values = cl_etcd_new(&c->conf);
    c->same_site = true;
    c->level_at = kt_clock_mono();
    pthread_mutex_init(&c->lock, NULL);
    cond_init(&c->changed);
    cond_init(&c->work);
    cond_init(&c->taken);
    cond_init(&c->idle);
    pthread_mutex_init(&c->peers.lock, NULL);
    for (int i = 0; i < CORE_SLOTS; i++) {
        kt_buf_init(&c->slots[i], 0);
    }
    return c;
}

int cluster_opts_check(const struct kt_cluster_opts *opts, struct kt_err *err)
{
    int r = kt_cluster_address(opts->address, err);
    if (r == KT_OK &&
        (!opts->node[0] || strlen(opts->node) >= CORE_NAME || strchr(opts->node, '/'))) {
        r = kt_err_set(err, KT_EINVAL, "a node of a cluster needs a name without '/': --node NAME");
    }
    return r;
}

int kt_cluster_join(const struct kt_cluster_opts *opts, struct kt_cluster **ret, struct kt_err *err)
{
    int r = cluster_opts_check(opts, err);
    if (r < 0) {
        return r;
    }
    struct kt_cluster *c = cluster_new(opts);
    r = cluster_rejoin(c, err);
    if (r < 0) {
        kt_cluster_free(c);
        return r;
    }
    cluster_publish(c);
    *ret = c;
    return KT_OK;
}
