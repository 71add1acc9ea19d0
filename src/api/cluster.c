/* SPDX-License-Identifier: Apache-2.0 */
/* Several nodes: what screens and `kuangtu show cluster` are told of them. */
#include "api/cluster.h"

#include "sys/clock.h"

const char *cluster_role_name(enum kt_cluster_role role)
{
    static const char *const names[] = {"follows", "active", "cut-off", "out"};
    return names[role];
}

static const char *role_of(struct kt_runtime *rt, const struct kt_cluster_stats *s)
{
    bool working = s->role != KT_CLUSTER_ACTIVE || !kt_runtime_follows(rt);
    return working ? cluster_role_name(s->role) : "takes-over";
}

void write_node(struct kt_runtime *rt, struct kt_jw *w)
{
    struct kt_cluster *c = kt_runtime_cluster(rt);
    struct kt_cluster_stats s;
    if (!c) {
        kt_jw_null(w);
        return;
    }
    kt_cluster_stats(c, &s);
    kt_jw_obj(w);
    kt_jw_kstr(w, "node", s.node);
    kt_jw_kstr(w, "role", role_of(rt, &s));
    kt_jw_kstr(w, "holder", s.holder);
    kt_jw_kint(w, "behind_ms", s.behind_ns / KT_MS);
    kt_jw_obj_end(w);
}

static void write_member(const struct kt_cluster_member *m, struct kt_jw *w)
{
    kt_jw_obj(w);
    kt_jw_kstr(w, "node", m->node);
    kt_jw_kstr(w, "url", m->url);
    kt_jw_kstr(w, "version", m->version);
    kt_jw_kbool(w, "alive", m->alive);
    kt_jw_kbool(w, "active", m->active);
    kt_jw_kbool(w, "same_site", m->same_site);
    kt_jw_kint(w, "next", (int64_t)m->next);
    kt_jw_kint(w, "behind_ms", m->behind_ns / KT_MS);
    kt_jw_kint(w, "seen", m->at / KT_MS);
    kt_jw_kstr(w, "difference", m->difference);
    kt_jw_obj_end(w);
}

void write_cluster(struct kt_runtime *rt, struct kt_jw *w)
{
    struct kt_cluster *c = kt_runtime_cluster(rt);
    struct kt_cluster_stats s;
    if (!c) {
        kt_jw_null(w);
        return;
    }
    kt_cluster_stats(c, &s);
    kt_jw_obj(w);
    kt_jw_kstr(w, "node", s.node);
    kt_jw_kstr(w, "role", role_of(rt, &s));
    kt_jw_kstr(w, "holder", s.holder);
    kt_jw_kstr(w, "holder_url", s.holder_url);
    kt_jw_kstr(w, "why", s.why);
    kt_jw_kint(w, "token", s.token);
    kt_jw_kint(w, "lease_left_ms", s.lease_left_ns / KT_MS);
    kt_jw_kint(w, "last", (int64_t)s.last);
    kt_jw_kint(w, "durable", (int64_t)s.durable);
    kt_jw_kint(w, "head", (int64_t)s.head);
    kt_jw_kint(w, "behind_ms", s.behind_ns / KT_MS);
    kt_jw_kint(w, "etcd_silent_ms", s.asked_ns / KT_MS);
    kt_jw_kint(w, "etcd_bytes", s.size);
    kt_jw_kint(w, "etcd_used", s.used);
    kt_jw_kint(w, "etcd_quota", s.quota);
    kt_jw_kint(w, "bodies_alone", (int64_t)s.alone);
    kt_jw_kint(w, "frames", (int64_t)s.frames);
    kt_jw_kint(w, "frame_bytes", (int64_t)s.bytes);
    kt_jw_kint(w, "aligned", (int64_t)s.aligned);
    kt_jw_kint(w, "refused", (int64_t)s.refused);
    kt_jw_key(w, "members");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < s.members_n; i++) {
        write_member(&s.members[i], w);
    }
    kt_jw_arr_end(w);
    kt_jw_obj_end(w);
}
