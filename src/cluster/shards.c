/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/shards.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/log.h"
#include "cluster/etcd_private.h"
#include "cluster/private.h"
#include "sys/clock.h"
#include "sys/thread.h"

enum { NODES_MAX = 256, KEY_MAX = 200 };
#define LOOK_NS (500 * KT_MS)

struct shard {
    char *name;
    char owner[CORE_NAME];
    int64_t token;       /* of ours; 0: not ours */
    bool giving;         /* ours, and another node is to have it */
    _Atomic bool mine;   /* token and not giving */
    _Atomic bool inside; /* the worker has been let in and not been refused since */
};
struct node {
    char name[CORE_NAME], url[CORE_URL];
    uint32_t names;
};
struct kt_shards {
    struct kt_shards_opts opts;
    char *address, *urls[SERVERS_MAX], *prefix, *node;
    char url[CORE_URL]; /* of ours; under lock */
    atomic_bool is_signed;
    struct cl_etcd_conf conf;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /* owner, token, nodes, secret */
    struct cl_etcd *places;
    pthread_mutex_t places_lock; /* taken alone */
    struct shard *all;
    uint32_t n;
    struct node nodes[NODES_MAX];
    uint32_t nodes_n;
    char secret[65];      /* "": not read yet */
    struct cl_etcd *etcd; /* the thread's */
    int64_t lease;
    kt_mono renewed;
    _Atomic int64_t until; /* the gate, on the monotonic clock */
    atomic_bool stop;
};

/* ---- keys ---- */

static const char *key_of(const char *what, const char *name, char to[KEY_MAX])
{
    snprintf(to, KEY_MAX, "%s/%.120s", what, name);
    return to;
}

/* That names[i]'s owner has this create revision; 0: that there is none. */
static void compare_owner(struct cl_etcd *e, struct kt_jw *w, const char *name, int64_t token)
{
    char key[KEY_MAX];
    etcd_list(w, "compare");
    etcd_compare_created(e, w, key_of("own", name, key), token);
    kt_jw_arr_end(w);
}

static int64_t revision_of(const struct kt_json *root)
{
    return etcd_get_i64(kt_json_get(root, "header"), "revision");
}

static void claim(struct kt_shards *s, struct shard *x)
{
    struct core_answer a;
    char key[KEY_MAX];
    struct kt_jw w = etcd_begin(s->etcd);
    compare_owner(s->etcd, &w, x->name, 0);
    etcd_list(&w, "success");
    etcd_put_op(s->etcd, &w, key_of("own", x->name, key), kt_str_c(s->node), s->lease);
    kt_jw_arr_end(&w);
    kt_jw_obj_end(&w);
    struct kt_json *root = etcd_ask_txn(s->etcd, &a, NULL);
    if (a.how == ANSWER_OK && revision_of(root) > 0) {
        pthread_mutex_lock(&s->lock);
        x->token = revision_of(root);
        snprintf(x->owner, sizeof(x->owner), "%s", s->node);
        atomic_store(&x->mine, true);
        pthread_mutex_unlock(&s->lock);
        KT_INFO("shards", "%s is worked on here", x->name);
    }
    kt_json_free(root);
}

static void forget(struct kt_shards *s, struct shard *x)
{
    pthread_mutex_lock(&s->lock);
    atomic_store(&x->mine, false);
    x->token = 0;
    x->giving = false;
    pthread_mutex_unlock(&s->lock);
}

static void give_away(struct kt_shards *s, struct shard *x)
{
    struct core_answer a;
    char key[KEY_MAX];
    struct kt_jw w = etcd_begin(s->etcd);
    compare_owner(s->etcd, &w, x->name, x->token);
    etcd_list(&w, "success");
    kt_jw_obj(&w);
    kt_jw_key(&w, "request_delete_range");
    kt_jw_obj(&w);
    etcd_key(s->etcd, &w, "key", key_of("own", x->name, key));
    kt_jw_obj_end(&w);
    kt_jw_obj_end(&w);
    kt_jw_arr_end(&w);
    kt_jw_obj_end(&w);
    kt_json_free(etcd_ask_txn(s->etcd, &a, NULL));
    if (a.how != ANSWER_UNKNOWN) {
        KT_INFO("shards", "%s is given to another node", x->name);
        forget(s, x);
    }
}

/* ---- the lease ---- */

static void all_gone(struct kt_shards *s)
{
    s->lease = 0;
    for (uint32_t i = 0; i < s->n; i++) {
        if (s->all[i].token) {
            KT_WARN("shards", "%s is not worked on here any more: the lease ran out",
                    s->all[i].name);
            forget(s, &s->all[i]);
        }
    }
}

static void sign(struct kt_shards *s)
{
    struct core_answer a;
    char key[KEY_MAX], url[CORE_URL];
    struct kt_jw w = etcd_begin(s->etcd);
    atomic_store(&s->is_signed, true);
    pthread_mutex_lock(&s->lock);
    memcpy(url, s->url, sizeof(url));
    pthread_mutex_unlock(&s->lock);
    etcd_list(&w, "success");
    etcd_put_op(s->etcd, &w, key_of("node", s->node, key), kt_str_c(url), s->lease);
    kt_jw_arr_end(&w);
    kt_jw_obj_end(&w);
    kt_json_free(etcd_ask_txn(s->etcd, &a, NULL));
    s->lease = a.how == ANSWER_OK ? s->lease : 0;
}

static void hold_lease(struct kt_shards *s)
{
    struct core_answer a;
    kt_mono sent = kt_clock_mono();
    if (s->lease) {
        cl_etcd_renew(s->etcd, s->lease, &a);
        if (a.how == ANSWER_OK && a.gone) {
            all_gone(s);
        }
    }
    if (!s->lease) {
        sent = kt_clock_mono();
        cl_etcd_grant(s->etcd, s->opts.ttl_ns, &a);
        s->lease = a.how == ANSWER_OK ? a.lease : 0;
        if (s->lease) {
            sign(s);
        }
    }
    if (s->lease && a.how == ANSWER_OK) {
        s->renewed = sent;
        atomic_store(&s->until, sent + s->opts.ttl_ns - s->opts.ttl_ns / 5);
    }
}

/* ---- the division ---- */

static uint64_t weight(const char *name, const char *node)
{
    char both[KEY_MAX + CORE_NAME];
    struct kt_hash h;
    uint64_t v;
    int n = snprintf(both, sizeof(both), "%s\n%s", name, node);
    kt_hash_of(both, (size_t)n, &h);
    memcpy(&v, h.b, sizeof(v));
    return v;
}

static bool is_ours(const struct kt_shards *s, const char *name)
{
    const char *best = "";
    uint64_t most = 0;
    for (uint32_t i = 0; i < s->nodes_n; i++) {
        uint64_t v = weight(name, s->nodes[i].name);
        if (!*best || v > most) {
            most = v;
            best = s->nodes[i].name;
        }
    }
    return strcmp(best, s->node) == 0;
}

static struct node *node_of(struct kt_shards *s, const char *name)
{
    for (uint32_t i = 0; i < s->nodes_n; i++) {
        if (strcmp(s->nodes[i].name, name) == 0) {
            return &s->nodes[i];
        }
    }
    return NULL;
}

static struct shard *shard_of(struct kt_shards *s, const char *name)
{
    for (uint32_t i = 0; i < s->n; i++) {
        if (strcmp(s->all[i].name, name) == 0) {
            return &s->all[i];
        }
    }
    return NULL;
}

/* One key of a look, lock held. */
static void see(struct kt_shards *s, const char *key, const char *value)
{
    const char *name = strrchr(key, '/');
    if (!name) {
        return;
    }
    name++;
    struct shard *x = strstr(key, "/own/") ? shard_of(s, name) : NULL;
    if (x) {
        snprintf(x->owner, sizeof(x->owner), "%.60s", value);
        struct node *n = node_of(s, x->owner);
        if (n) {
            n->names++;
        }
    } else if (strstr(key, "/node/") && s->nodes_n < NODES_MAX) {
        struct node *n = &s->nodes[s->nodes_n++];
        *n = (struct node){.names = 0};
        snprintf(n->name, sizeof(n->name), "%.60s", name);
        snprintf(n->url, sizeof(n->url), "%.190s", value);
    }
}

static void see_all(struct kt_shards *s, const struct kt_json *range)
{
    const struct kt_json *kvs = kt_json_get(range, "kvs");
    for (size_t i = 0; i < kt_json_len(kvs); i++) {
        struct kt_buf key, value;
        kt_buf_init(&key, 1024);
        kt_buf_init(&value, 1024);
        if (etcd_get_bytes(kt_json_at(kvs, i), "key", &key)) {
            (void)etcd_get_bytes(kt_json_at(kvs, i), "value", &value);
            see(s, kt_buf_cstr(&key), kt_buf_cstr(&value));
        }
        kt_buf_done(&key);
        kt_buf_done(&value);
    }
}

/* Nodes and owners at one moment; false: no answer. */
static bool look(struct kt_shards *s)
{
    struct core_answer a;
    struct kt_jw w = etcd_begin(s->etcd);
    etcd_list(&w, "success");
    etcd_range_op(s->etcd, &w, "node/", "node0");
    etcd_range_op(s->etcd, &w, "own/", "own0");
    kt_jw_arr_end(&w);
    kt_jw_obj_end(&w);
    struct kt_json *root = etcd_ask_txn(s->etcd, &a, NULL);
    const struct kt_json *all = kt_json_get(root, "responses");
    if (a.how == ANSWER_OK) {
        pthread_mutex_lock(&s->lock);
        s->nodes_n = 0;
        for (uint32_t i = 0; i < s->n; i++) {
            s->all[i].owner[0] = '\0';
        }
        for (size_t i = 0; i < kt_json_len(all); i++) {
            see_all(s, kt_json_get(kt_json_at(all, i), "response_range"));
        }
        pthread_mutex_unlock(&s->lock);
    }
    kt_json_free(root);
    return a.how == ANSWER_OK;
}

static void divide(struct kt_shards *s)
{
    for (uint32_t i = 0; i < s->n && !atomic_load(&s->stop); i++) {
        struct shard *x = &s->all[i];
        bool ours = is_ours(s, x->name);
        if (x->token && strcmp(x->owner, s->node) != 0) {
            forget(s, x); /* the key went with a lease that had run out */
        } else if (x->token && !ours) {
            x->giving = true;
            atomic_store(&x->mine, false);
        } else if (x->token && x->giving) { /* the other one has gone meanwhile */
            x->giving = false;
            atomic_store(&x->mine, true);
        } else if (!x->token && ours && !x->owner[0]) {
            claim(s, x);
        }
        if (x->giving && !atomic_load(&x->inside)) {
            give_away(s, x);
        }
    }
}

/* The first one to look makes it. */
static void share_secret(struct kt_shards *s)
{
    struct core_answer a;
    struct kt_buf b;
    char fresh[65];
    if (s->secret[0]) {
        return;
    }
    kt_buf_init(&b, 1024);
    if (cl_etcd_get(s->etcd, "secret", &b, &a) && b.n && b.n < sizeof(s->secret)) {
        pthread_mutex_lock(&s->lock);
        snprintf(s->secret, sizeof(s->secret), "%s", kt_buf_cstr(&b));
        pthread_mutex_unlock(&s->lock);
    } else if (a.how == ANSWER_OK) {
        struct kt_jw w = etcd_begin(s->etcd);
        etcd_list(&w, "compare");
        etcd_compare_created(s->etcd, &w, "secret", 0);
        kt_jw_arr_end(&w);
        etcd_list(&w, "success");
        etcd_put_op(s->etcd, &w, "secret", kt_str_c(kt_token(32, fresh)), 0);
        kt_jw_arr_end(&w);
        kt_jw_obj_end(&w);
        kt_json_free(etcd_ask_txn(s->etcd, &a, NULL)); /* read back at the next look */
    }
    kt_buf_done(&b);
}

static void *run(void *arg)
{
    struct kt_shards *s = arg;
    kt_mono look_due = 0;
    while (!atomic_load(&s->stop)) {
        if (kt_clock_mono() >= s->renewed + s->opts.ttl_ns / 5) {
            hold_lease(s);
        }
        if (s->lease && !atomic_load(&s->is_signed)) {
            sign(s);
        }
        if (s->lease && kt_clock_mono() >= look_due) {
            if (look(s)) {
                divide(s);
                share_secret(s);
            }
            look_due = kt_clock_mono() + LOOK_NS;
        }
        kt_sleep(50 * KT_MS);
    }
    return NULL;
}

/* ---- life ---- */

int kt_shards_start(const struct kt_shards_opts *opts, struct kt_shards **ret, struct kt_err *err)
{
    int r = kt_cluster_address(opts->address, err);
    if (r < 0) {
        return r;
    }
    struct kt_shards *s = calloc(1, sizeof(*s));
    KT_ASSERT(s);
    s->opts = *opts;
    s->opts.ttl_ns = opts->ttl_ns ? opts->ttl_ns : 3 * KT_SEC;
    s->address = strdup(opts->address);
    s->node = strdup(opts->node);
    snprintf(s->url, sizeof(s->url), "%s", opts->url);
    s->n = opts->names_n;
    s->all = calloc(s->n ? s->n : 1, sizeof(*s->all));
    KT_ASSERT(s->all);
    for (uint32_t i = 0; i < s->n; i++) {
        s->all[i].name = strdup(opts->names[i]);
    }
    s->conf.urls_n = cluster_servers(s->address, s->urls, &s->prefix);
    s->conf.urls = (const char *const *)s->urls;
    s->conf.prefix = s->prefix;
    s->conf.node = s->node;
    s->conf.patience_ns = s->opts.ttl_ns / 5;
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->places_lock, NULL);
    s->etcd = cl_etcd_new(&s->conf);
    s->places = cl_etcd_new(&s->conf);
    r = kt_thread_start(&s->thread, "shards", run, s, err);
    s->started = r == KT_OK;
    if (r < 0) {
        kt_shards_stop(s);
        return r;
    }
    *ret = s;
    return KT_OK;
}

void kt_shards_stop(struct kt_shards *s)
{
    if (!s) {
        return;
    }
    atomic_store(&s->stop, true);
    if (s->started) {
        pthread_join(s->thread, NULL);
    }
    if (s->lease) {
        cl_etcd_revoke(s->etcd, s->lease);
    }
    cl_etcd_free(s->etcd);
    cl_etcd_free(s->places);
    for (uint32_t i = 0; i < s->n; i++) {
        free(s->all[i].name);
    }
    for (uint32_t i = 0; i < s->conf.urls_n; i++) {
        free(s->urls[i]);
    }
    free(s->all);
    free(s->prefix);
    free(s->address);
    free(s->node);
    pthread_mutex_destroy(&s->lock);
    pthread_mutex_destroy(&s->places_lock);
    free(s);
}

/* ---- what workers ask ---- */

bool kt_shards_works(struct kt_shards *s, uint32_t i)
{
    struct shard *x = &s->all[i];
    atomic_store(&x->inside, true); /* first: who gives it away looks at this behind `mine` */
    bool yes = atomic_load(&x->mine) && kt_clock_mono() < atomic_load(&s->until);
    atomic_store(&x->inside, yes);
    return yes;
}

int kt_shards_place(struct kt_shards *s, uint32_t i, struct kt_buf *out, struct kt_err *err)
{
    struct core_answer a;
    char key[KEY_MAX];
    int r = KT_OK;
    pthread_mutex_lock(&s->places_lock);
    if (!cl_etcd_get(s->places, key_of("place", s->all[i].name, key), out, &a)) {
        r = a.how == ANSWER_OK
                ? kt_err_set(err, KT_ENOTFOUND, "%s has no place yet", s->all[i].name)
                : kt_err_set(err, KT_EIO, "%s", cl_etcd_why(s->places));
    }
    pthread_mutex_unlock(&s->places_lock);
    return r;
}

int kt_shards_keep(struct kt_shards *s, uint32_t i, struct kt_str value, struct kt_err *err)
{
    struct core_answer a = {.how = ANSWER_UNKNOWN};
    char key[KEY_MAX];
    pthread_mutex_lock(&s->lock);
    int64_t token = s->all[i].token;
    pthread_mutex_unlock(&s->lock);
    if (!token) {
        return kt_err_set(err, KT_ESTATE, "%s is another node's", s->all[i].name);
    }
    pthread_mutex_lock(&s->places_lock);
    for (uint32_t k = 0; k < s->conf.urls_n && a.how == ANSWER_UNKNOWN; k++) {
        struct kt_jw w = etcd_begin(s->places);
        compare_owner(s->places, &w, s->all[i].name, token);
        etcd_list(&w, "success");
        etcd_put_op(s->places, &w, key_of("place", s->all[i].name, key), value, 0);
        kt_jw_arr_end(&w);
        kt_jw_obj_end(&w);
        kt_json_free(etcd_ask_txn(s->places, &a, NULL));
    }
    int r = a.how == ANSWER_OK ? KT_OK
            : a.how == ANSWER_NO
                ? kt_err_set(err, KT_ESTATE, "%s is another node's", s->all[i].name)
                : kt_err_set(err, KT_EIO, "%s", cl_etcd_why(s->places));
    pthread_mutex_unlock(&s->places_lock);
    return r;
}

void kt_shards_url(struct kt_shards *s, const char *url)
{
    pthread_mutex_lock(&s->lock);
    snprintf(s->url, sizeof(s->url), "%s", url);
    pthread_mutex_unlock(&s->lock);
    atomic_store(&s->is_signed, false);
}

const char *kt_shards_node(const struct kt_shards *s)
{
    return s->node;
}

void kt_shards_owner(struct kt_shards *s, uint32_t i, char ret[CORE_NAME])
{
    pthread_mutex_lock(&s->lock);
    memcpy(ret, s->all[i].owner, CORE_NAME);
    pthread_mutex_unlock(&s->lock);
}

int kt_shards_at(struct kt_shards *s, uint32_t i, char node[CORE_NAME], char url[CORE_URL],
                 struct kt_err *err)
{
    int r = KT_OK;
    pthread_mutex_lock(&s->lock);
    const struct shard *x = &s->all[i];
    const struct node *n = node_of(s, x->owner);
    bool ours = strcmp(x->owner, s->node) == 0;
    if (!ours && (!n || !n->url[0])) {
        r = kt_err_set(err, KT_ENODE, "no node has %s at this moment; once more", x->name);
    } else {
        snprintf(node, CORE_NAME, "%s", x->owner);
        snprintf(url, CORE_URL, "%s", ours ? "" : n->url);
    }
    pthread_mutex_unlock(&s->lock);
    return r;
}

bool kt_shards_secret(struct kt_shards *s, char ret[65])
{
    pthread_mutex_lock(&s->lock);
    memcpy(ret, s->secret, sizeof(s->secret));
    pthread_mutex_unlock(&s->lock);
    return ret[0] != '\0';
}

void kt_shards_json(struct kt_shards *s, struct kt_jw *w)
{
    pthread_mutex_lock(&s->lock);
    kt_jw_obj(w);
    kt_jw_kstr(w, "node", s->node);
    kt_jw_key(w, "nodes");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < s->nodes_n; i++) {
        kt_jw_obj(w);
        kt_jw_kstr(w, "node", s->nodes[i].name);
        kt_jw_kstr(w, "url", s->nodes[i].url);
        kt_jw_kint(w, "names", s->nodes[i].names);
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
    kt_jw_key(w, "names");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < s->n; i++) {
        kt_jw_obj(w);
        kt_jw_kstr(w, "name", s->all[i].name);
        kt_jw_kstr(w, "node", s->all[i].owner);
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
    kt_jw_obj_end(w);
    pthread_mutex_unlock(&s->lock);
}
