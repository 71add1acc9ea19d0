/* SPDX-License-Identifier: Apache-2.0 */
/* What the active node does about the others, and about the size of etcd's database. */
#include "cluster/private.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "sys/clock.h"

/* Up to where has this node all, by frames it took or shipped whole? */
static kt_seq own_next(struct kt_cluster *c)
{
    kt_seq durable = c->journal ? kt_journal_durable(c->journal) : 0;
    if (c->core.role == CORE_ACTIVE) {
        return c->core.durable + 1;
    }
    if (durable + 1 >= c->core.follow.next) {
        return c->core.follow.next;
    }
    kt_seq best = 0;
    uint32_t n = c->bounds_n < BOUNDS ? c->bounds_n : BOUNDS;
    for (uint32_t i = 0; i < n; i++) {
        best = c->bounds[i] <= durable + 1 && c->bounds[i] > best ? c->bounds[i] : best;
    }
    return best;
}

static int64_t behind_ns(const struct kt_cluster *c)
{
    bool follows = c->core.role == CORE_STANDBY || c->core.role == CORE_TAKING;
    return follows ? kt_clock_mono() - c->level_at : 0;
}

void cluster_self_json(struct kt_cluster *c, struct kt_buf *out)
{
    pthread_mutex_lock(&c->lock);
    struct kt_jw w = kt_jw_init(out);
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "node", c->node);
    kt_jw_kstr(&w, "url", c->url);
    kt_jw_kstr(&w, "version", c->version);
    kt_jw_kstr(&w, "difference", c->difference);
    kt_jw_kbool(&w, "same_site", c->same_site);
    kt_jw_kbool(&w, "active", c->core.role == CORE_ACTIVE && c->at_work);
    kt_jw_kint(&w, "next", (int64_t)own_next(c));
    kt_jw_kint(&w, "at", kt_clock_now());
    kt_jw_kint(&w, "behind_ns", behind_ns(c));
    kt_jw_obj_end(&w);
    pthread_mutex_unlock(&c->lock);
}

static void keep_members(struct kt_cluster *c, const struct cl_member *m, uint32_t n)
{
    pthread_mutex_lock(&c->lock);
    c->seen.members_n = n;
    for (uint32_t i = 0; i < n; i++) {
        struct kt_cluster_member *to = &c->seen.members[i];
        *to = (struct kt_cluster_member){.next = m[i].next,
                                         .at = m[i].at,
                                         .alive = m[i].alive,
                                         .active = m[i].active,
                                         .same_site = m[i].same_site,
                                         .behind_ns = m[i].behind_ns};
        memcpy(to->node, m[i].node, sizeof(to->node));
        memcpy(to->url, m[i].url, sizeof(to->url));
        memcpy(to->version, m[i].version, sizeof(to->version));
        memcpy(to->difference, m[i].difference, sizeof(to->difference));
    }
    pthread_mutex_unlock(&c->lock);
}

/* One that is away and holds back too much, or for too long, is waited for no longer; nor is one
 * that is there and does not take what it is sent, before etcd is full for all. */
static bool away_too_long(const struct kt_cluster *c, const struct cl_member *m, int64_t used)
{
    int64_t full = c->opts.quota_bytes / 4 * 3;
    int64_t keep = c->opts.keep_bytes < full ? c->opts.keep_bytes : full;
    bool long_ago = kt_clock_now() - m->at > c->opts.keep_ns;
    return strcmp(m->node, c->node) != 0 && (m->alive ? used > full : used > keep || long_ago);
}

void cluster_tidy(struct kt_cluster *c, struct cl_etcd *e, const struct core_call *call,
                  struct core_answer *ret)
{
    struct cl_member m[CL_MEMBERS];
    uint32_t n = 0;
    int64_t size = 0, used = 0;
    cl_etcd_members(e, m, &n, ret);
    if (ret->how != ANSWER_OK) {
        return;
    }
    keep_members(c, m, n);
    if (cl_etcd_size(e, &size, &used)) {
        pthread_mutex_lock(&c->lock);
        c->seen.size = size;
        c->seen.used = used;
        pthread_mutex_unlock(&c->lock);
    }
    kt_seq below = call->at.next;
    for (uint32_t i = 0; i < n; i++) {
        if (away_too_long(c, &m[i], used)) {
            KT_WARN("cluster",
                    "node %s is away too long and is waited for no longer: it has to "
                    "join anew (kuangtu cluster join)",
                    m[i].node);
            cl_etcd_forget(e, call->token, m[i].node);
        } else if (m[i].next < below) {
            below = m[i].next;
        }
    }
    /* what is small stays: a node that is new here finds all of it */
    if (below > 1 && used > c->opts.keep_bytes / 8) {
        cl_etcd_drop(e, call->token, below, ret);
    }
}

void kt_cluster_stats(struct kt_cluster *c, struct kt_cluster_stats *ret)
{
    kt_mono now = kt_clock_mono();
    kt_seq durable = kt_cluster_durable(c);
    pthread_mutex_lock(&c->lock);
    *ret = c->seen;
    snprintf(ret->node, sizeof(ret->node), "%s", c->node);
    bool own = c->core.role == CORE_ACTIVE;
    snprintf(ret->holder, sizeof(ret->holder), "%s", own ? c->node : c->core.holder.node);
    snprintf(ret->holder_url, sizeof(ret->holder_url), "%s", own ? c->url : c->core.holder.url);
    snprintf(ret->why, sizeof(ret->why), "%s", c->core.why);
    ret->at_work = c->at_work;
    ret->token = c->core.token;
    kt_mono until = atomic_load(&c->may_until);
    ret->lease_left_ns = until > now ? until - now : 0;
    ret->head = own ? durable : c->core.head.next ? c->core.head.next - 1 : 0;
    ret->behind_ns = behind_ns(c);
    kt_mono answered = atomic_load(&c->answered);
    ret->asked_ns = answered ? now - answered : 0;
    ret->quota = c->opts.quota_bytes;
    ret->alone = atomic_load(&c->peers.alone);
    pthread_mutex_unlock(&c->lock);
    ret->role = kt_cluster_role(c);
    ret->durable = durable;
    ret->last = c->journal ? kt_journal_last(c->journal) : 0;
}
