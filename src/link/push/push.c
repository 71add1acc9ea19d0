/* SPDX-License-Identifier: Apache-2.0 */
#include "link/push/push.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "sys/clock.h"
#include "sys/thread.h"

enum { LOOK_MS = 200 };

struct producer {
    char id[64];
    kt_time last; /* wall time; 0: never */
    uint64_t bodies, samples, errors;
};

/* What the engine was told last. */
enum told { TOLD_NOTHING, TOLD_UP, TOLD_DOWN };

struct push_link {
    char id[64];
    int64_t silent_ns;
    kt_time heard;       /* engine time of the last body, or of the start */
    kt_time since, last; /* wall time: of this state; of the last data */
    bool any;            /* has anything come? */
    enum told told;
    struct producer *producers;
    uint32_t n;
};

struct kt_push {
    struct kt_runtime *rt;
    pthread_mutex_t lock; /* everything below */
    struct push_link *links;
    uint32_t n;
    pthread_t thread;
    bool running;
    _Atomic bool stopping;
};

static struct push_link *find(struct push_link *links, uint32_t n, const char *id)
{
    for (uint32_t i = 0; i < n; i++) {
        if (strcmp(links[i].id, id) == 0) {
            return &links[i];
        }
    }
    return NULL;
}

static struct producer *producer_of(struct push_link *l, const char *id)
{
    for (uint32_t i = 0; l && i < l->n; i++) {
        if (strcmp(l->producers[i].id, id) == 0) {
            return &l->producers[i];
        }
    }
    return NULL;
}

/* ---- the links of a site -----------------------------------------------------------------------
 */

static void list_producers(struct push_link *to, const struct kt_link_conf *c,
                           struct push_link *old)
{
    to->n = c->producers_n;
    to->producers = calloc(to->n + 1, sizeof(*to->producers));
    KT_ASSERT(to->producers);
    for (uint32_t i = 0; i < to->n; i++) {
        const struct producer *before = producer_of(old, c->producers[i].id);
        if (before) {
            to->producers[i] = *before;
        }
        snprintf(to->producers[i].id, sizeof(to->producers[i].id), "%s", c->producers[i].id);
    }
}

static void free_links(struct push_link *links, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        free(links[i].producers);
    }
    free(links);
}

void kt_push_site(struct kt_push *p, struct kt_site *site)
{
    struct push_link *fresh = calloc(site->links_n + 1, sizeof(*fresh));
    uint32_t n = 0;
    KT_ASSERT(fresh);
    pthread_mutex_lock(&p->lock);
    for (uint32_t i = 0; i < site->links_n; i++) {
        const struct kt_link_conf *c = &site->links[i];
        if (c->kind != KT_LINK_PUSH) {
            continue;
        }
        struct push_link *old = find(p->links, p->n, c->id), *to = &fresh[n++];
        if (old) {
            *to = *old;
        } else {
            to->heard = kt_runtime_now(p->rt);
            snprintf(to->id, sizeof(to->id), "%s", c->id);
        }
        to->silent_ns = c->silent_ns;
        list_producers(to, c, old);
    }
    struct push_link *before = p->links;
    uint32_t before_n = p->n;
    p->links = fresh;
    p->n = n;
    pthread_mutex_unlock(&p->lock);
    free_links(before, before_n);
}

/* ---- up and down -------------------------------------------------------------------------------
 */

/* Holding lock. What the engine does not take is told again at the next look. */
static void tell(struct kt_push *p, struct push_link *l, bool up, const char *text)
{
    if (kt_runtime_link_up(p->rt, l->id, up, text) == KT_OK) {
        l->told = up ? TOLD_UP : TOLD_DOWN;
        l->since = kt_clock_now();
        KT_INFO("push", "%s %s%s%s", l->id, up ? "is heard" : "is silent", text[0] ? ": " : "",
                text);
    }
}

static void silence(const struct push_link *l, char *to, size_t cap)
{
    snprintf(to, cap, "nothing has come for %lld s%s", (long long)(l->silent_ns / KT_SEC),
             l->any ? "" : " since the start");
}

static void look(struct kt_push *p)
{
    kt_time now = kt_runtime_now(p->rt);
    char text[120];
    pthread_mutex_lock(&p->lock);
    for (uint32_t i = 0; i < p->n; i++) {
        struct push_link *l = &p->links[i];
        if (!l->heard) {
            l->heard = now; /* the plant's clock had not begun */
        }
        if (l->silent_ns && l->told != TOLD_DOWN && now - l->heard > l->silent_ns) {
            silence(l, text, sizeof(text));
            tell(p, l, false, text);
        }
    }
    pthread_mutex_unlock(&p->lock);
}

static void *run(void *arg)
{
    struct kt_push *p = arg;
    while (!atomic_load(&p->stopping)) {
        look(p);
        kt_sleep(LOOK_MS * KT_MS);
    }
    return NULL;
}

void kt_push_heard(struct kt_push *p, const char *link, const char *producer)
{
    pthread_mutex_lock(&p->lock);
    struct push_link *l = find(p->links, p->n, link);
    struct producer *who = producer_of(l, producer);
    if (l) {
        l->heard = kt_runtime_now(p->rt);
        l->any = true;
        if (l->told != TOLD_UP) {
            tell(p, l, true, "");
        }
    }
    if (who) {
        who->bodies++;
    }
    pthread_mutex_unlock(&p->lock);
}

void kt_push_taken(struct kt_push *p, const char *link, const char *producer, uint64_t samples,
                   uint64_t errors)
{
    kt_time now = kt_clock_now();
    pthread_mutex_lock(&p->lock);
    struct push_link *l = find(p->links, p->n, link);
    struct producer *who = producer_of(l, producer);
    if (who) {
        l->last = samples ? now : l->last;
        who->last = samples ? now : who->last;
        who->samples += samples;
        who->errors += errors;
    }
    pthread_mutex_unlock(&p->lock);
}

/* ---- told to people ----------------------------------------------------------------------------
 */

void kt_push_state(struct kt_push *p, const char *link, struct kt_link_state *ret)
{
    struct kt_link_state s = {0};
    pthread_mutex_lock(&p->lock);
    const struct push_link *l = find(p->links, p->n, link);
    if (l) {
        s.up = l->told == TOLD_UP;
        s.since = l->since;
        s.last_data = l->last;
        for (uint32_t i = 0; i < l->n; i++) {
            s.reads += l->producers[i].bodies;
            s.samples += l->producers[i].samples;
            s.errors += l->producers[i].errors;
        }
        if (l->told == TOLD_DOWN) {
            silence(l, s.text, sizeof(s.text));
        } else if (!l->any) {
            snprintf(s.text, sizeof(s.text), "nothing has come yet");
        }
    }
    pthread_mutex_unlock(&p->lock);
    *ret = s;
}

void kt_push_producers(struct kt_push *p, const char *link, struct kt_jw *w)
{
    kt_jw_arr(w);
    pthread_mutex_lock(&p->lock);
    const struct push_link *l = find(p->links, p->n, link);
    for (uint32_t i = 0; l && i < l->n; i++) {
        const struct producer *one = &l->producers[i];
        kt_jw_obj(w);
        kt_jw_kstr(w, "id", one->id);
        kt_jw_kint(w, "last", one->last / KT_MS);
        kt_jw_kint(w, "samples", (int64_t)one->samples);
        kt_jw_kint(w, "errors", (int64_t)one->errors);
        kt_jw_obj_end(w);
    }
    pthread_mutex_unlock(&p->lock);
    kt_jw_arr_end(w);
}

/* ---- life --------------------------------------------------------------------------------------
 */

int kt_push_start(struct kt_runtime *rt, struct kt_site *site, struct kt_push **ret,
                  struct kt_err *err)
{
    struct kt_push *p = calloc(1, sizeof(*p));
    KT_ASSERT(p);
    p->rt = rt;
    pthread_mutex_init(&p->lock, NULL);
    kt_push_site(p, site);
    int r = kt_thread_start(&p->thread, "push", run, p, err);
    p->running = r == KT_OK;
    if (r < 0) {
        kt_push_stop(p);
        return r;
    }
    *ret = p;
    return KT_OK;
}

void kt_push_stop(struct kt_push *p)
{
    if (!p) {
        return;
    }
    atomic_store(&p->stopping, true);
    if (p->running) {
        pthread_join(p->thread, NULL);
    }
    free_links(p->links, p->n);
    pthread_mutex_destroy(&p->lock);
    free(p);
}
