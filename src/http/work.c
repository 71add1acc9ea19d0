/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Workers: handlers that take long run here, so that the threads of the connections only read,
 * write and take small posts. A request that waits holds its connection suspended and no thread.
 *
 * A worker takes the first lane that waits and is under its ceiling; all but the urgent lane leave
 * one worker free. What is answered while its handler still runs is held back until that returns:
 * the request lives as long as its handler.
 */
#include <stdlib.h>

#include "base/log.h"
#include "http/private.h"
#include "sys/thread.h"

enum { WORKERS = 10, OTHERS = WORKERS - 1, WAITING_MAX = 512 /* of each lane */ };

/* How many of a lane run at the same time. */
static const unsigned ceilings[KT_HTTP_LANES] = {[KT_HTTP_URGENT] = WORKERS,
                                                 [KT_HTTP_SENSORS] = 3,
                                                 [KT_HTTP_PROMPT] = 6,
                                                 [KT_HTTP_BULK] = 2,
                                                 [KT_HTTP_LONG] = 3};

struct lane {
    struct kt_http_req *first, **last;
    unsigned running, waiting;
};

struct work {
    struct kt_http *server;
    pthread_mutex_t lock; /* taken behind a request's lock; lanes, waiting, stop */
    pthread_cond_t filled;
    struct lane lanes[KT_HTTP_LANES];
    unsigned waiting, others; /* others: running, not urgent */
    bool stop;
    pthread_t threads[WORKERS];
    int threads_n;
};

static enum kt_http_lane next_lane(const struct work *w)
{
    for (enum kt_http_lane i = KT_HTTP_URGENT; i < KT_HTTP_LANES; i++) {
        const struct lane *l = &w->lanes[i];
        if (l->first && l->running < ceilings[i] && (i == KT_HTTP_URGENT || w->others < OTHERS)) {
            return i;
        }
    }
    return KT_HTTP_LANES;
}

/* The next request that may run; NULL at the end. Lock held. */
static struct kt_http_req *take(struct work *w)
{
    enum kt_http_lane lane;
    while ((lane = next_lane(w)) == KT_HTTP_LANES && !w->stop) {
        pthread_cond_wait(&w->filled, &w->lock);
    }
    if (lane == KT_HTTP_LANES) {
        return NULL;
    }
    struct lane *l = &w->lanes[lane];
    struct kt_http_req *r = l->first;
    l->first = r->work_next;
    if (!l->first) {
        l->last = &l->first;
    }
    l->running++;
    l->waiting--;
    w->others += lane != KT_HTTP_URGENT;
    w->waiting--;
    r->lane = lane;
    return r;
}

/* The handler has returned: what it answered goes out now. */
static void let_go(struct kt_http_req *r)
{
    pthread_mutex_lock(&r->lock);
    if (r->phase == PHASE_HANDLING) {
        pthread_mutex_unlock(&r->lock);
        kt_http_reply(r, 500, "text/plain", KT_STR("no answer\n"));
        pthread_mutex_lock(&r->lock);
    }
    r->working = false;
    bool resume = r->phase == PHASE_ANSWERED && r->suspended;
    if (resume) {
        r->suspended = false;
    }
    struct MHD_Connection *c = r->conn;
    pthread_mutex_unlock(&r->lock);
    if (resume) {
        MHD_resume_connection(c);
    }
}

static void *run(void *arg)
{
    struct work *w = arg;
    struct kt_http_req *r;
    pthread_mutex_lock(&w->lock);
    while ((r = take(w))) {
        enum kt_http_lane lane = r->lane;
        pthread_mutex_unlock(&w->lock);
        pthread_mutex_lock(&r->lock); /* who gave it has suspended its connection */
        pthread_mutex_unlock(&r->lock);
        kt_http_handle(r);
        let_go(r);
        pthread_mutex_lock(&w->lock);
        w->lanes[lane].running--;
        w->others -= lane != KT_HTTP_URGENT;
        if (w->waiting) {
            pthread_cond_signal(&w->filled); /* one that its lane's ceiling held back */
        }
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

bool kt_http_work_give(struct kt_http_req *r, enum kt_http_lane lane)
{
    struct work *w = r->server->work;
    pthread_mutex_lock(&r->lock);
    pthread_mutex_lock(&w->lock);
    struct lane *l = &w->lanes[lane];
    bool room = l->waiting < WAITING_MAX; /* no lane takes another's room */
    if (room) {
        r->work_next = NULL;
        *l->last = r;
        l->last = &r->work_next;
        l->waiting++;
        w->waiting++;
        r->working = r->suspended = true;
        MHD_suspend_connection(r->conn);
        pthread_cond_signal(&w->filled);
    }
    pthread_mutex_unlock(&w->lock);
    pthread_mutex_unlock(&r->lock);
    return room;
}

int kt_http_work_start(struct kt_http *s, struct kt_err *err)
{
    struct work *w = calloc(1, sizeof(*w));
    KT_ASSERT(w);
    w->server = s;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->filled, NULL);
    for (int i = 0; i < KT_HTTP_LANES; i++) {
        w->lanes[i].last = &w->lanes[i].first;
    }
    s->work = w;
    int rc = KT_OK;
    for (; rc == KT_OK && w->threads_n < WORKERS; w->threads_n += rc == KT_OK) {
        rc = kt_thread_start(&w->threads[w->threads_n], "http-work", run, w, err);
    }
    return rc;
}

void kt_http_work_stop(struct kt_http *s)
{
    struct work *w = s->work;
    if (!w) {
        return;
    }
    pthread_mutex_lock(&w->lock);
    w->stop = true;
    pthread_cond_broadcast(&w->filled);
    pthread_mutex_unlock(&w->lock);
    for (int i = 0; i < w->threads_n; i++) {
        pthread_join(w->threads[i], NULL);
    }
    pthread_cond_destroy(&w->filled);
    pthread_mutex_destroy(&w->lock);
    free(w);
    s->work = NULL;
}
