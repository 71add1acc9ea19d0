/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kuangtu watches itself: points of the site with a role `self.*` get their values here, as
 * ordinary samples of the producer "kuangtu", so limits, rules, trends and alarms are those of any
 * point.
 */
#include "engine/runtime_impl.h"

#include "base/log.h"
#include "conf/json.h"
#include "sys/clock.h"

#define CONSOLE_SILENT (90 * KT_SEC)

static double queue_part(const struct kt_runtime *rt)
{
    size_t most = 0;
    for (int i = 0; i < KT_LANES; i++) {
        size_t n = atomic_load(&rt->queued[i]);
        most = n > most ? n : most;
    }
    return 100.0 * (double)most / (double)rt->queue_max;
}

/* How old what the engine took last was, or what a slow disk holds back before it. */
static double lag_s(const struct kt_runtime *rt)
{
    int64_t lag = atomic_load(&rt->lag_ns);
    int64_t held = rt->held_n ? kt_clock_now() - rt->held[0]->arrival : 0;
    return (double)(held > lag ? held : lag) / 1e9;
}

void kt_runtime_posted(struct kt_runtime *rt, bool held)
{
    atomic_fetch_add(&rt->posts.all, 1);
    if (held) {
        atomic_fetch_add(&rt->posts.held, 1);
    }
}

/* Share of the posts of the last seconds whose producers had to wait, or were refused; of a few
 * posts it says nothing. */
static double held_part(struct kt_runtime *rt)
{
    enum { FEW = 10 };
    struct rt_posts *p = &rt->posts;
    kt_mono now = kt_clock_mono();
    uint64_t held = atomic_load(&p->held), all = atomic_load(&p->all);
    if (now >= p->next) {
        p->at = (p->at + 1) % RT_POSTS_WINDOW;
        p->was[p->at].all = all;
        p->was[p->at].held = held;
        p->next = now + KT_SEC;
    }
    int first = (p->at + 1) % RT_POSTS_WINDOW;
    uint64_t n = all - p->was[first].all;
    return n < FEW ? 0 : 100.0 * (double)(held - p->was[first].held) / (double)n;
}

static bool link_value(struct kt_runtime *rt, const char *id, double *ret)
{
    int8_t up = -1;
    pthread_mutex_lock(&rt->ways.lock);
    for (uint32_t i = 0; i < rt->ways.n; i++) {
        if (strcmp(rt->ways.ways[i].link, id) == 0) {
            up = rt->ways.ways[i].up;
        }
    }
    pthread_mutex_unlock(&rt->ways.lock);
    *ret = up;
    return up >= 0;
}

/* Days since the last verified copy, or since the first start when there is none. */
static bool backup_days(struct kt_runtime *rt, double *ret)
{
    int64_t verified = atomic_load(&rt->backup_verified), since = atomic_load(&rt->backup_since);
    int64_t from = verified ? verified : since, now = kt_clock_now();
    *ret = now > from ? (double)(now - from) / (double)KT_DAY : 0;
    return from > 0;
}

/* How far behind the long history is, in seconds, and how often it lost samples. */
static bool long_value(struct kt_runtime *rt, const char *what, double *ret)
{
    struct kt_runtime_long s;
    rt_long_stats(rt, &s);
    *ret = strcmp(what, "long") == 0 ? (double)s.behind_ns / 1e9 : (double)s.gaps;
    return s.on;
}

/* A point that the engine itself counts persons with: told again, so that history has it. */
static bool is_count(const struct kt_point *p)
{
    return p->link == KT_NONE &&
           (strncmp(p->role->id, "people.", 7) == 0 || strcmp(p->role->id, "voice.unreached") == 0);
}

static bool count_of(const struct kt_runtime *rt, const struct kt_point *p, double *ret)
{
    struct kt_live_value v = kt_live_get(rt->live, (kt_point_id){(uint32_t)(p - rt->site->points)});
    *ret = v.value;
    return v.quality == KT_Q_NORMAL;
}

/* Several nodes: 1 is as it should be. */
static bool node_value(struct kt_runtime *rt, const char *what, double *ret)
{
    struct kt_cluster_stats s;
    bool lease = strcmp(what, "lease") == 0, standby = strcmp(what, "standby") == 0;
    bool bodies = strcmp(what, "bodies") == 0;
    if (!rt->cluster || !(lease || standby || bodies || strcmp(what, "etcd") == 0)) {
        return false;
    }
    kt_cluster_stats(rt->cluster, &s);
    bool good = lease ? s.role == KT_CLUSTER_ACTIVE : bodies ? s.alone == 0 : s.used < s.quota / 2;
    for (uint32_t i = 0; standby && i < s.members_n; i++) {
        const struct kt_cluster_member *m = &s.members[i];
        bool follows =
            strcmp(m->node, s.node) != 0 && m->alive && m->same_site && !m->difference[0];
        good = i == 0 ? follows : good || follows;
    }
    *ret = good;
    return !standby || s.members_n > 0;
}

/* The value of one such point; false: there is none (yet). */
static bool value_of(struct kt_runtime *rt, const struct kt_point *p, kt_time now, double *ret)
{
    if (is_count(p)) {
        return count_of(rt, p, ret);
    }
    const char *what = p->role->id + strlen("self.");
    int64_t size = atomic_load(&rt->disk_size), seen = atomic_load(&rt->console_seen);
    if (strcmp(what, "queue") == 0) {
        *ret = queue_part(rt);
    } else if (strcmp(what, "lag") == 0) {
        *ret = lag_s(rt);
    } else if (strcmp(what, "unacked") == 0) {
        *ret = (double)rt_after_age(rt) / 1e9;
    } else if (strcmp(what, "history") == 0) {
        *ret = rt_history_behind(rt);
    } else if (strcmp(what, "held") == 0) {
        *ret = held_part(rt);
    } else if (strcmp(what, "disk") == 0) {
        *ret = size > 0 ? 100.0 * (double)atomic_load(&rt->disk_free) / (double)size : 0;
        return size > 0;
    } else if (strcmp(what, "clock") == 0) {
        int64_t off = rt->plant_clock ? 0 : kt_clock_now() - now;
        *ret = (double)(off < 0 ? -off : off) / 1e9;
    } else if (strcmp(what, "refused") == 0) {
        *ret = (double)(atomic_load(&rt->refused) + kt_queue_refused(rt->queue));
    } else if (strcmp(what, "journal") == 0) {
        *ret = !atomic_load(&rt->failed) && rt->unwritten == 0;
    } else if (strcmp(what, "link") == 0) {
        return link_value(rt, p->address, ret);
    } else if (strcmp(what, "backup") == 0) {
        return backup_days(rt, ret);
    } else if (strcmp(what, "long") == 0 || strcmp(what, "long-gap") == 0) {
        return long_value(rt, what, ret);
    } else if (strcmp(what, "differs") == 0) {
        *ret = (double)rt->differences;
    } else if (node_value(rt, what, ret)) {
        return true;
    } else if (strcmp(what, "console") == 0) {
        *ret = seen && now - seen < CONSOLE_SILENT;
    } else {
        return false;
    }
    return true;
}

void rt_watch_fill(struct kt_runtime *rt, struct kt_batch *b, kt_time now)
{
    const struct kt_site *site = rt->site;
    for (uint32_t i = 0; i < site->points_n && b->n < KT_BATCH_MAX; i++) {
        const struct kt_point *p = &site->points[i];
        double v;
        if (!p->role || p->ended || (strncmp(p->role->id, "self.", 5) != 0 && !is_count(p)) ||
            !value_of(rt, p, now, &v)) {
            continue;
        }
        b->point[b->n] = i;
        b->time[b->n] = now;
        b->value[b->n] = v;
        b->quality[b->n++] = KT_Q_NORMAL;
    }
}

void rt_watch_link(struct kt_runtime *rt, struct kt_str json)
{
    struct kt_json *root;
    struct kt_err err = {0};
    if (kt_json_parse(json, 1 << 16, &root, &err) < 0) {
        KT_WARN("runtime", "a link's report cannot be read: %s", err.text);
        return;
    }
    const char *id = kt_json_get_str(root, "link", "");
    bool up = false, known = kt_json_bool(kt_json_get(root, "up"), &up);
    pthread_mutex_lock(&rt->ways.lock);
    for (uint32_t i = 0; i < rt->ways.n; i++) {
        if (known && strcmp(rt->ways.ways[i].link, id) == 0) {
            rt->ways.ways[i].up = up;
        }
    }
    pthread_mutex_unlock(&rt->ways.lock);
    kt_json_free(root);
}
