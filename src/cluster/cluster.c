/* SPDX-License-Identifier: Apache-2.0 */
/* The cluster at work: threads that carry out the core's calls, and what others ask of it. */
#include "cluster/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "sys/clock.h"
#include "sys/thread.h"

#define IDLE_NS (15 * KT_MS)

void cluster_wait(struct kt_cluster *c, pthread_cond_t *cond, int64_t ns)
{
    kt_mono end = kt_clock_mono() + ns;
    struct timespec ts = {.tv_sec = (time_t)(end / KT_SEC), .tv_nsec = (long)(end % KT_SEC)};
    pthread_cond_timedwait(cond, &c->lock, &ts);
}

bool cluster_publish(struct kt_cluster *c)
{
    kt_seq before = atomic_load(&c->durable);
    atomic_store(&c->may_until, core_may_until(&c->core));
    atomic_store(&c->token, c->core.token);
    atomic_store(&c->durable, c->core.durable);
    int role = atomic_exchange(&c->role, (int)c->core.role);
    if (role != (int)c->core.role) {
        static const char *const names[] = {"follows", "takes over", "is active", "is out"};
        KT_INFO("cluster", "node %s %s%s%s", c->node, names[c->core.role],
                c->core.why[0] ? ": " : "", c->core.why);
    }
    pthread_cond_broadcast(&c->changed);
    pthread_cond_broadcast(&c->work);
    bool more = c->core.durable > before || role != (int)c->core.role;
    if (more) {
        pthread_cond_broadcast(&c->taken);
    }
    return more;
}

static void tell(struct kt_cluster *c)
{
    if (c->hooks.on_durable) {
        c->hooks.on_durable(c->hooks.arg);
    }
}

/* ---- the lanes ---- */

static void done(struct kt_cluster *c, const struct core_call *call, const struct core_answer *a)
{
    kt_mono now = kt_clock_mono();
    pthread_mutex_lock(&c->lock);
    if (a->how != ANSWER_UNKNOWN && call->kind != CALL_ALIGN) {
        atomic_store(&c->answered, now);
    }
    core_done(&c->core, call, a, now);
    if (call->kind == CALL_LOOK && c->core.has_head && c->core.follow.next == c->core.head.next) {
        c->level_at = now;
    }
    bool more = cluster_publish(c);
    pthread_mutex_unlock(&c->lock);
    if (more) {
        tell(c);
    }
}

static void do_lease(struct kt_cluster *c, struct cl_etcd *e, const struct core_call *call,
                     struct core_answer *a)
{
    struct kt_buf json;
    kt_buf_init(&json, 8192);
    switch (call->kind) {
    case CALL_GRANT:
        cl_etcd_grant(e, c->opts.ttl_ns, a);
        break;
    case CALL_RENEW:
        cl_etcd_renew(e, call->lease, a);
        break;
    case CALL_CLAIM:
        cluster_self_json(c, &json);
        cl_etcd_claim(e, call->lease, (struct kt_str){json.p, json.n}, a);
        break;
    default:
        cluster_self_json(c, &json);
        cl_etcd_sign(e, call->lease, call->token, (struct kt_str){json.p, json.n}, a);
        break;
    }
    kt_buf_done(&json);
}

/* The lease ran out by our own clock: who waits for an acknowledgement is told. */
static void watch_gate(struct kt_cluster *c)
{
    enum kt_cluster_role role = kt_cluster_role(c);
    bool cut_off = role == KT_CLUSTER_CUT_OFF;
    if (role != KT_CLUSTER_LOST && cut_off != atomic_exchange(&c->cut_off_told, cut_off)) {
        KT_WARN("cluster",
                cut_off ? "node %s is cut off from etcd: protective commands only"
                        : "node %s holds its lease again",
                c->node);
        tell(c);
    }
}

static void *run_lease(void *arg)
{
    struct kt_cluster *c = arg;
    struct cl_etcd_conf conf = c->conf;
    conf.patience_ns = c->opts.ttl_ns / 5;
    struct cl_etcd *e = cl_etcd_new(&conf);
    struct core_call call;
    kt_thread_nice(-5);
    while (!atomic_load(&c->stop)) {
        pthread_mutex_lock(&c->lock);
        bool got = core_next(&c->core, LANE_LEASE, true, kt_clock_mono(), &call);
        if (!got) {
            cluster_wait(c, &c->changed, IDLE_NS);
        }
        pthread_mutex_unlock(&c->lock);
        if (got) {
            struct core_answer a;
            do_lease(c, e, &call, &a);
            done(c, &call, &a);
        }
        watch_gate(c);
    }
    pthread_mutex_lock(&c->lock);
    int64_t lease = c->core.lease;
    pthread_mutex_unlock(&c->lock);
    if (lease) {
        cl_etcd_revoke(e, lease);
    }
    cl_etcd_free(e);
    return NULL;
}

void cluster_take_in(struct kt_cluster *c, kt_seq first, struct kt_str events)
{
    struct inbox_item *item = calloc(1, sizeof(*item));
    KT_ASSERT(item);
    kt_buf_init(&item->events, 0);
    kt_buf_put(&item->events, events.p, events.n);
    item->first = first;
    pthread_mutex_lock(&c->lock);
    *(c->inbox ? &c->inbox_last->next : &c->inbox) = item;
    c->inbox_last = item;
    c->inbox_bytes += events.n;
    c->bounds[c->bounds_n++ % BOUNDS] = first;
    pthread_mutex_unlock(&c->lock);
}

/* Frames of an answer, one behind the other, into the inbox. */
static void take_frames(struct kt_cluster *c, struct kt_str bytes, struct core_answer *a)
{
    size_t at = 0;
    struct kt_err err = {0};
    while (at < bytes.n && !a->gap && !a->broken) {
        uint32_t n;
        struct cl_frame f;
        memcpy(&n, bytes.p + at, sizeof(n));
        at += sizeof(n);
        if (cl_frame_get(bytes.p + at, n, &f, &err) < 0 || cl_frame_check(&f, &err) < 0) {
            a->broken = true;
        } else if (f.from.next != a->got.next) {
            a->gap = true;
        } else if (!kt_hash_eq(&f.from.chain, &a->got.chain)) {
            a->broken = true;
        } else {
            cluster_take_in(c, f.from.next, f.events);
            a->got = f.to;
        }
        at += n;
    }
    if (a->broken) {
        KT_ERROR("cluster", "%s", err.text[0] ? err.text : "the chain is another one");
    }
}

static void look(struct kt_cluster *c, struct cl_etcd *e, const struct core_call *call,
                 struct core_answer *a)
{
    struct kt_buf frames;
    kt_buf_init(&frames, (size_t)LOOK_FRAMES * (FRAME_BYTES_MAX + 64));
    cl_etcd_look(e, call->at.next, LOOK_FRAMES, a, &frames);
    a->got = call->at;
    if (a->how == ANSWER_OK && !a->has_head) {
        struct kt_err err = {0};
        a->head.next = kt_journal_first(c->journal);
        if (kt_journal_chain_at(c->journal_dir, a->head.next - 1, &a->head.chain, &err) < 0) {
            KT_ERROR("cluster", "%s", err.text);
            a->how = ANSWER_UNKNOWN;
        }
    }
    if (a->how == ANSWER_OK && call->at.next) {
        take_frames(c, (struct kt_str){frames.p, frames.n}, a);
        a->gap = a->gap || (frames.n == 0 && a->has_head && a->head.next > a->got.next);
    }
    kt_buf_done(&frames);
}

/* Is that position in our own journal, durable and with that chain? */
static void align(struct kt_cluster *c, const struct core_call *call, struct core_answer *a)
{
    struct kt_hash chain;
    struct kt_err err = {0};
    *a = (struct core_answer){.how = ANSWER_NO};
    if (call->at.next - 1 > kt_journal_durable(c->journal)) {
        return;
    }
    int r = kt_journal_chain_at(c->journal_dir, call->at.next - 1, &chain, &err);
    if (r < 0) {
        KT_ERROR("cluster", "%s", err.text);
    }
    a->how = r == KT_OK && kt_hash_eq(&chain, &call->at.chain) ? ANSWER_OK : ANSWER_NO;
    pthread_mutex_lock(&c->lock);
    c->seen.aligned++;
    pthread_mutex_unlock(&c->lock);
}

static void *run_look(void *arg)
{
    struct kt_cluster *c = arg;
    struct cl_etcd *e = cl_etcd_new(&c->conf);
    struct core_call call;
    while (!atomic_load(&c->stop)) {
        pthread_mutex_lock(&c->lock);
        bool room = c->inbox_bytes < INBOX_BYTES;
        bool got = core_next(&c->core, LANE_LOOK, room, kt_clock_mono(), &call);
        if (!got) {
            cluster_wait(c, &c->changed, IDLE_NS);
        }
        pthread_mutex_unlock(&c->lock);
        if (got) {
            struct core_answer a;
            if (call.kind == CALL_LOOK) {
                look(c, e, &call, &a);
            } else if (call.kind == CALL_ALIGN) {
                align(c, &call, &a);
            } else {
                cluster_tidy(c, e, &call, &a);
            }
            done(c, &call, &a);
        }
    }
    cl_etcd_free(e);
    return NULL;
}

/* ---- life ---- */

int kt_cluster_start(struct kt_cluster *c, struct kt_journal *journal,
                     const struct kt_cluster_hooks *hooks, struct kt_err *err)
{
    c->journal = journal;
    c->hooks = *hooks;
    int r = kt_thread_start(&c->lease, "cl-lease", run_lease, c, err);
    c->started += r == KT_OK;
    r = r < 0 ? r : kt_thread_start(&c->look, "cl-look", run_look, c, err);
    c->started += r == KT_OK;
    for (int i = 0; i < CORE_SLOTS && r == KT_OK; i++) {
        r = kt_thread_start(&c->ship[i], "cl-ship", cluster_ship, c, err);
        c->started += r == KT_OK;
    }
    r = r < 0 ? r : kt_thread_start(&c->bodies, "cl-bodies", cluster_bodies, c, err);
    c->started += r == KT_OK;
    return r;
}

void kt_cluster_stop(struct kt_cluster *c)
{
    if (!c || !c->started) {
        return;
    }
    atomic_store(&c->stop, true);
    pthread_mutex_lock(&c->lock);
    pthread_cond_broadcast(&c->changed);
    pthread_cond_broadcast(&c->work);
    pthread_cond_broadcast(&c->taken);
    pthread_cond_broadcast(&c->idle);
    pthread_mutex_unlock(&c->lock);
    pthread_t all[2 + CORE_SLOTS] = {c->look, c->ship[0], c->bodies};
    _Static_assert(CORE_SLOTS == 1, "all of them are joined");
    for (int i = 0; i < c->started - 1; i++) {
        pthread_join(all[i], NULL);
    }
    pthread_join(c->lease, NULL); /* last: it gives the lease back */
    c->started = 0;
    kt_journal_reader_free(c->reader);
    c->reader = NULL;
}

void kt_cluster_free(struct kt_cluster *c)
{
    if (!c) {
        return;
    }
    kt_cluster_stop(c);
    while (c->inbox) {
        struct inbox_item *item = c->inbox;
        c->inbox = item->next;
        kt_buf_done(&item->events);
        free(item);
    }
    for (int i = 0; i < CORE_SLOTS; i++) {
        kt_buf_done(&c->slots[i]);
    }
    for (uint32_t i = 0; i < c->conf.urls_n; i++) {
        free(c->urls[i]);
    }
    cl_etcd_free(c->values);
    pthread_mutex_destroy(&c->values_lock);
    free(c->prefix);
    free(c->node);
    free(c->data_dir);
    free(c->address);
    pthread_cond_destroy(&c->changed);
    pthread_cond_destroy(&c->work);
    pthread_cond_destroy(&c->taken);
    pthread_cond_destroy(&c->idle);
    pthread_mutex_destroy(&c->peers.lock);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

/* ---- what others ask ---- */

enum kt_cluster_role kt_cluster_role(const struct kt_cluster *c)
{
    switch (atomic_load(&c->role)) {
    case CORE_ACTIVE:
        return kt_cluster_may(c) ? KT_CLUSTER_ACTIVE : KT_CLUSTER_CUT_OFF;
    case CORE_LOST:
        return KT_CLUSTER_LOST;
    default:
        return KT_CLUSTER_FOLLOWS;
    }
}

bool kt_cluster_may(const struct kt_cluster *c)
{
    return kt_clock_mono() < atomic_load(&c->may_until);
}

int64_t kt_cluster_token(const struct kt_cluster *c)
{
    return atomic_load(&c->token);
}

kt_seq kt_cluster_durable(const struct kt_cluster *c)
{
    kt_seq local = c->journal ? kt_journal_durable(c->journal) : 0;
    int role = atomic_load(&c->role);
    if (role == CORE_STANDBY || role == CORE_TAKING) {
        return local;
    }
    kt_seq common = atomic_load(&c->durable);
    return common < local ? common : local;
}

int kt_cluster_wait(struct kt_cluster *c, kt_seq after, int64_t timeout_ns)
{
    kt_mono until = kt_clock_mono() + timeout_ns;
    int r = KT_OK;
    pthread_mutex_lock(&c->lock);
    while (kt_cluster_durable(c) <= after && r == KT_OK) {
        int64_t left = until - kt_clock_mono();
        if (left <= 0 || atomic_load(&c->stop)) {
            r = KT_ETIMEOUT;
        } else {
            cluster_wait(c, &c->taken, left);
        }
    }
    pthread_mutex_unlock(&c->lock);
    return r;
}

void kt_cluster_synced(struct kt_cluster *c)
{
    pthread_mutex_lock(&c->lock);
    pthread_cond_broadcast(&c->work);
    if (c->core.role == CORE_STANDBY || c->core.role == CORE_TAKING) {
        pthread_cond_broadcast(&c->taken);
    }
    pthread_mutex_unlock(&c->lock);
}

void kt_cluster_journal_failed(struct kt_cluster *c)
{
    pthread_mutex_lock(&c->lock);
    core_resign(&c->core, "this node's journal cannot be written any more");
    cluster_publish(c);
    pthread_mutex_unlock(&c->lock);
}

int kt_cluster_take(struct kt_cluster *c, int64_t timeout_ns, struct kt_cluster_run *ret)
{
    int r = 0;
    pthread_mutex_lock(&c->lock);
    if (!c->inbox && c->core.role != CORE_ACTIVE && timeout_ns > 0) {
        cluster_wait(c, &c->changed, timeout_ns);
    }
    struct inbox_item *item = c->inbox;
    if (item) {
        c->inbox = item->next;
        c->inbox_bytes -= item->events.n;
        r = 1;
    } else if (c->core.role == CORE_ACTIVE) {
        r = KT_ESTATE;
    }
    pthread_mutex_unlock(&c->lock);
    if (item) {
        *ret = (struct kt_cluster_run){.first = item->first, .events = item->events};
        free(item);
    }
    return r;
}

void kt_cluster_differs(struct kt_cluster *c, const char *text)
{
    pthread_mutex_lock(&c->lock);
    snprintf(c->difference, sizeof(c->difference), "%.190s", text);
    pthread_mutex_unlock(&c->lock);
}

void kt_cluster_same_site(struct kt_cluster *c, bool same)
{
    pthread_mutex_lock(&c->lock);
    c->same_site = same;
    pthread_mutex_unlock(&c->lock);
}

void kt_cluster_at_work(struct kt_cluster *c)
{
    pthread_mutex_lock(&c->lock);
    c->at_work = true;
    pthread_mutex_unlock(&c->lock);
}

void kt_cluster_url(struct kt_cluster *c, const char *url)
{
    pthread_mutex_lock(&c->lock);
    snprintf(c->url, sizeof(c->url), "%s", url);
    pthread_mutex_unlock(&c->lock);
}

/* ---- values beside the order ---- */

/* A server that does not answer is no reason: each is asked once, and the one that did answer is
 * asked first the next time. Writing twice is writing once: both under the same token. */
int kt_cluster_get(struct kt_cluster *c, const char *key, struct kt_buf *out, struct kt_err *err)
{
    struct core_answer a = {.how = ANSWER_UNKNOWN};
    bool found = false;
    pthread_mutex_lock(&c->values_lock);
    for (uint32_t i = 0; i < c->conf.urls_n && a.how == ANSWER_UNKNOWN; i++) {
        found = cl_etcd_get(c->values, key, out, &a);
    }
    int r = found ? KT_OK
            : a.how == ANSWER_OK
                ? kt_err_set(err, KT_ENOTFOUND, "etcd has no %s/%s", c->prefix, key)
                : kt_err_set(err, KT_EIO, "%s", cl_etcd_why(c->values));
    pthread_mutex_unlock(&c->values_lock);
    return r;
}

int kt_cluster_put(struct kt_cluster *c, const char *key, struct kt_str value, struct kt_err *err)
{
    struct core_answer a = {.how = ANSWER_UNKNOWN};
    int64_t token = kt_cluster_token(c);
    if (!token) {
        return kt_err_set(err, KT_ESTATE, "this node is not the active one");
    }
    pthread_mutex_lock(&c->values_lock);
    for (uint32_t i = 0; i < c->conf.urls_n && a.how == ANSWER_UNKNOWN; i++) {
        cl_etcd_put(c->values, token, key, value, &a);
    }
    int r = a.how == ANSWER_OK   ? KT_OK
            : a.how == ANSWER_NO ? kt_err_set(err, KT_ESTATE, "this node is not the active one")
                                 : kt_err_set(err, KT_EIO, "%s", cl_etcd_why(c->values));
    pthread_mutex_unlock(&c->values_lock);
    return r;
}
