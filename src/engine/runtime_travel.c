/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies on their way to other nodes. A request, or the end of a call, that names bodies goes into
 * the queue when they are on another node's disk (or nobody is there, which is an alarm); a thread
 * of its own waits for that, so that nothing else does. A node that follows has what an event names
 * before it appends the event.
 */
#include "engine/nodes.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/log.h"
#include "sys/clock.h"
#include "sys/thread.h"

enum { HEX = 64, NAMED_MAX = 200000, LIST_BYTES = 64 << 20, TRAVELLERS_MAX = 64 };
#define PATIENCE (3 * KT_SEC)

struct rt_traveller {
    struct rt_traveller *next;
    struct rt_message *m;
    struct kt_buf hashes;
};
struct rt_travel {
    pthread_t thread;
    bool runs, stop;
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct rt_traveller *first, *last;
    uint32_t n;
};

/* ---- which bodies does a text name? ---- */

static const char *member(const char *p, const char *end, const char *key)
{
    size_t n = strlen(key);
    return (size_t)(end - p) > n && memcmp(p, key, n) == 0 ? p + n : NULL;
}

/* "body": "…64 digits…", "hash": …, "recording": …: {} names other things by their own keys. */
void rt_bodies_named(struct kt_str text, struct kt_buf *out)
{
    const char *end = text.p + text.n, *p = text.p;
    while (p && p < end && (p = memchr(p, '"', (size_t)(end - p)))) {
        const char *v = member(p, end, "\"body\"");
        struct kt_hash h;
        v = v ? v : member(p, end, "\"hash\"");
        v = v ? v : member(p, end, "\"recording\"");
        p++;
        while (v && v < end && (*v == ' ' || *v == ':')) {
            v++;
        }
        if (v && end - v > HEX + 1 && *v == '"' && v[HEX + 1] == '"' &&
            kt_hash_from_hex((struct kt_str){v + 1, HEX}, &h) == KT_OK) {
            kt_buf_put(out, h.b, sizeof(h.b));
        }
    }
}

static size_t count(const struct kt_buf *hashes)
{
    return hashes->n / sizeof(struct kt_hash);
}

static struct kt_hash nth(const struct kt_buf *hashes, size_t i)
{
    struct kt_hash h;
    memcpy(h.b, hashes->p + i * sizeof(h.b), sizeof(h.b));
    return h;
}

/* The rows of an import name bodies in their turn. */
static void inside(struct kt_runtime *rt, const struct kt_hash *h, struct kt_buf *out)
{
    static const char rows[] = "{\"rows\"";
    struct kt_buf b;
    kt_buf_init(&b, LIST_BYTES);
    if (kt_body_get(rt->data_dir, h, LIST_BYTES, &b, NULL) == KT_OK && b.n > sizeof(rows) &&
        memcmp(b.p, rows, sizeof(rows) - 1) == 0) {
        rt_bodies_named((struct kt_str){b.p, b.n}, out);
    }
    kt_buf_done(&b);
}

static void with_inside(struct kt_runtime *rt, struct kt_str text, struct kt_buf *out)
{
    rt_bodies_named(text, out);
    for (size_t i = 0, n = count(out); i < n; i++) {
        struct kt_hash h = nth(out, i);
        inside(rt, &h, out);
    }
}

/* ---- of the active node ---- */

static uint32_t copies(struct kt_runtime *rt, const struct kt_buf *hashes)
{
    size_t n = count(hashes);
    struct kt_hash *h = malloc(hashes->n + 1);
    KT_ASSERT(h);
    memcpy(h, hashes->p, hashes->n);
    uint32_t r = kt_cluster_copies(rt->cluster, h, n);
    free(h);
    return r;
}

void rt_travel_site(struct kt_runtime *rt, const struct rt_loaded *loaded)
{
    struct kt_buf hashes;
    struct kt_err err = {0};
    if (!rt->cluster || !loaded->has) {
        return;
    }
    kt_buf_init(&hashes, LIST_BYTES);
    if (rt_loaded_list(rt->data_dir, &loaded->manifest, &hashes, &err) < 0) {
        KT_ERROR("runtime", "%s", err.text);
    }
    if (loaded->changed) {
        kt_buf_put(&hashes, loaded->changes.b, sizeof(loaded->changes.b));
    }
    (void)copies(rt, &hashes);
    kt_buf_done(&hashes);
}

static void refuse(struct kt_runtime *rt, kt_verdict_fn fn, void *arg, bool record, int why)
{
    if (record) {
        rt_record_leave(rt);
    }
    if (fn) {
        fn(arg, why, (struct kt_str){"", 0});
    }
}

static void arrive(struct kt_runtime *rt, struct rt_traveller *t, bool stopped)
{
    struct rt_message *m = t->m;
    kt_verdict_fn fn = m->fn;
    void *arg = m->arg;
    bool record = m->record;
    int r = KT_ECLOSED;
    if (stopped) {
        free(m);
    } else {
        (void)copies(rt, &t->hashes); /* alone it is kept on one disk, which is an alarm */
        r = rt_message_push(rt, m, KT_LANE_URGENT);
    }
    if (r < 0) {
        refuse(rt, fn, arg, record, r);
    }
    kt_buf_done(&t->hashes);
    free(t);
}

static void *run(void *arg)
{
    struct kt_runtime *rt = arg;
    struct rt_travel *tr = rt->travel;
    pthread_mutex_lock(&tr->lock);
    while (!tr->stop || tr->first) {
        struct rt_traveller *t = tr->first;
        if (!t) {
            pthread_cond_wait(&tr->work, &tr->lock);
            continue;
        }
        tr->first = t->next;
        tr->n--;
        bool stopped = tr->stop;
        pthread_mutex_unlock(&tr->lock);
        arrive(rt, t, stopped);
        pthread_mutex_lock(&tr->lock);
    }
    pthread_mutex_unlock(&tr->lock);
    return NULL;
}

bool rt_travels(struct kt_runtime *rt, struct rt_message *m, int *ret)
{
    struct rt_travel *tr = rt->travel;
    struct kt_buf hashes;
    if (!tr) {
        return false;
    }
    kt_buf_init(&hashes, LIST_BYTES);
    with_inside(rt, (struct kt_str){m->body, m->n}, &hashes);
    if (count(&hashes) == 0) {
        kt_buf_done(&hashes);
        return false;
    }
    pthread_mutex_lock(&tr->lock);
    bool room = tr->n < TRAVELLERS_MAX && !tr->stop;
    if (room) {
        struct rt_traveller *t = calloc(1, sizeof(*t));
        KT_ASSERT(t);
        *t = (struct rt_traveller){.m = m, .hashes = hashes};
        *(tr->first ? &tr->last->next : &tr->first) = t;
        tr->last = t;
        tr->n++;
        pthread_cond_signal(&tr->work);
    }
    pthread_mutex_unlock(&tr->lock);
    if (!room) {
        kt_buf_done(&hashes);
        free(m);
    }
    *ret = room ? KT_OK : KT_EBUSY;
    return true;
}

int rt_travel_start(struct kt_runtime *rt, struct kt_err *err)
{
    if (!rt->cluster) {
        return KT_OK;
    }
    struct rt_travel *tr = calloc(1, sizeof(*tr));
    KT_ASSERT(tr);
    pthread_mutex_init(&tr->lock, NULL);
    pthread_cond_init(&tr->work, NULL);
    rt->travel = tr;
    int r = kt_thread_start(&tr->thread, "cl-travel", run, rt, err);
    tr->runs = r == KT_OK;
    return r;
}

void rt_travel_stop(struct kt_runtime *rt)
{
    struct rt_travel *tr = rt->travel;
    if (!tr || !tr->runs) {
        return;
    }
    pthread_mutex_lock(&tr->lock);
    tr->stop = true;
    pthread_cond_signal(&tr->work);
    pthread_mutex_unlock(&tr->lock);
    pthread_join(tr->thread, NULL);
    tr->runs = false;
}

void rt_travel_done(struct kt_runtime *rt)
{
    if (rt->travel) {
        pthread_mutex_destroy(&rt->travel->lock);
        pthread_cond_destroy(&rt->travel->work);
        free(rt->travel);
        rt->travel = NULL;
    }
}

/* ---- of a node that follows ---- */

/* An active node that does not answer is waited for a little; one that died has taken with it what
 * it alone had, and said so. */
static void fetch(struct kt_runtime *rt, kt_seq seq, const struct kt_hash *h, kt_mono until)
{
    struct kt_err err = {0};
    int r = kt_cluster_fetch(rt->cluster, h, &err);
    while (r < 0 && r != KT_ENOTFOUND && kt_clock_mono() < until && !atomic_load(&rt->stopping)) {
        kt_sleep(100 * KT_MS);
        r = kt_cluster_fetch(rt->cluster, h, &err);
    }
    if (r < 0 && r != KT_ENOTFOUND) {
        KT_ERROR("cluster", "event %" PRIu64 " names a body that is not here: %s", seq, err.text);
    }
}

static void fetch_all(struct kt_runtime *rt, kt_seq seq, struct kt_buf *hashes, kt_mono until)
{
    for (size_t i = 0; i < count(hashes); i++) {
        struct kt_hash h = nth(hashes, i);
        if (!kt_cluster_has_body(rt->cluster, &h)) {
            fetch(rt, seq, &h, until);
        }
        if (count(hashes) < NAMED_MAX) {
            inside(rt, &h, hashes);
        }
    }
}

void rt_travel_take(struct kt_runtime *rt, const struct kt_event *ev)
{
    struct rt_site_event s;
    struct kt_buf hashes;
    struct kt_err err = {0};
    kt_mono until = kt_clock_mono() + PATIENCE;
    bool names = ev->kind == KT_EV_REQUEST || ev->kind == KT_EV_ANSWER;
    if (!names && ev->kind != KT_EV_SITE) {
        return;
    }
    kt_buf_init(&hashes, LIST_BYTES);
    rt_site_event(ev, &s);
    if (s.has) {
        fetch(rt, ev->seq, &s.manifest, until);
        if (rt_loaded_list(rt->data_dir, &s.manifest, &hashes, &err) < 0) {
            KT_WARN("cluster", "%s", err.text);
        }
    }
    if (s.has_changes) {
        kt_buf_put(&hashes, s.changes.b, sizeof(s.changes.b));
    }
    if (names) {
        rt_bodies_named(ev->body, &hashes);
    }
    fetch_all(rt, ev->seq, &hashes, until);
    kt_buf_done(&hashes);
}
