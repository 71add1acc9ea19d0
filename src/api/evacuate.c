/* SPDX-License-Identifier: Apache-2.0 */
#include "api/evacuate.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/evacuate_plan.h"
#include "base/log.h"
#include "conf/json.h"
#include "sys/clock.h"
#include "sys/thread.h"

enum { LOOK_MS = 1000 };
#define AGAIN (10 * KT_SEC) /* a plan is told at least so often */

struct evacuate {
    struct kt_api *api;
    pthread_mutex_t lock; /* stop */
    pthread_cond_t wake;
    bool stop, thread_on, news; /* news: an evacuation began, was widened or blocked */
    pthread_t thread;
    /* the thread's own */
    struct evacuate_smoke smoke;
    kt_mono told;
    uint64_t told_hash, told_id;
};

static void tell(struct evacuate *x, const struct kt_json *evac, const struct evacuate_plan *plan)
{
    struct kt_buf b;
    uint64_t id = (uint64_t)kt_json_get_int(evac, "id", 0);
    kt_mono now = kt_clock_mono();
    if (id == x->told_id && plan->hash == x->told_hash && now - x->told < AGAIN) {
        return;
    }
    kt_buf_init(&b, 0);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_key(&w, "plan");
    evacuate_plan_write(plan, id, &w);
    kt_jw_obj_end(&w);
    if (kt_runtime_people_input(x->api->opts.runtime, (struct kt_str){b.p, b.n}, "escape") ==
        KT_OK) {
        x->told = now;
        x->told_id = id;
        x->told_hash = plan->hash;
    }
    kt_buf_done(&b);
}

static void turn(struct evacuate *x)
{
    struct kt_buf raw;
    struct kt_json *snap = NULL;
    kt_buf_init(&raw, 256 << 20);
    kt_runtime_people(x->api->opts.runtime, true, &raw);
    int r = kt_json_parse((struct kt_str){raw.p, raw.n}, 256 << 20, &snap, NULL);
    kt_buf_done(&raw);
    const struct kt_json *evac = r == KT_OK ? kt_json_get(snap, "evacuation") : NULL;
    bool runs = kt_json_obj(evac) && kt_json_get_int(evac, "ended", 0) == 0;
    if (runs) {
        const struct kt_mine *m = personnel_lock(x->api);
        if (m) {
            struct kt_arena *arena = kt_arena_new(0);
            struct evacuate_plan plan;
            struct kt_err err;
            struct kt_live *live = kt_runtime_live(x->api->opts.runtime);
            evacuate_smoke(x->api, m, kt_json_get_str(evac, "fire", ""), &x->smoke);
            if (evacuate_plan_make(m, live, snap, &x->smoke, arena, &plan, &err) == KT_OK) {
                tell(x, evac, &plan);
            } else {
                KT_ERROR("evacuate", "no routes: %s", err.text);
            }
            kt_arena_free(arena);
        }
        personnel_unlock(x->api);
    }
    kt_json_free(snap);
}

static void *run(void *arg)
{
    struct evacuate *x = arg;
    pthread_mutex_lock(&x->lock);
    while (!x->stop) {
        struct timespec until;
        pthread_mutex_unlock(&x->lock);
        turn(x);
        pthread_mutex_lock(&x->lock);
        (void)clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += LOOK_MS % 1000 * KT_MS;
        until.tv_sec += LOOK_MS / 1000 + until.tv_nsec / KT_SEC;
        until.tv_nsec %= KT_SEC;
        while (!x->stop && !x->news &&
               pthread_cond_timedwait(&x->wake, &x->lock, &until) != ETIMEDOUT) {
        }
        x->news = false;
    }
    pthread_mutex_unlock(&x->lock);
    return NULL;
}

/* Ways out are looked for at once, not at the next turn. */
static void on_outcome(void *arg, kt_seq seq, kt_time time, struct kt_str json)
{
    static const char head[] = "{\"type\":\"evacuation\"", routes[] = "\"change\":\"routes\"";
    struct evacuate *x = arg;
    (void)seq;
    (void)time;
    if (json.n > sizeof(head) && memcmp(json.p, head, sizeof(head) - 1) == 0 &&
        !memmem(json.p, json.n, routes, sizeof(routes) - 1)) {
        pthread_mutex_lock(&x->lock);
        x->news = true;
        pthread_cond_signal(&x->wake);
        pthread_mutex_unlock(&x->lock);
    }
}

struct evacuate *evacuate_new(struct kt_api *a)
{
    struct evacuate *x = calloc(1, sizeof(*x));
    struct kt_err err;
    pthread_condattr_t attr;
    KT_ASSERT(x);
    x->api = a;
    pthread_mutex_init(&x->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&x->wake, &attr);
    pthread_condattr_destroy(&attr);
    kt_runtime_follow(a->opts.runtime, on_outcome, x);
    x->thread_on = kt_thread_start(&x->thread, "evacuate", run, x, &err) == KT_OK;
    if (!x->thread_on) {
        KT_ERROR("evacuate", "%s", err.text);
    }
    return x;
}

void evacuate_free(struct evacuate *x)
{
    if (!x) {
        return;
    }
    kt_runtime_unfollow(x->api->opts.runtime, on_outcome, x);
    pthread_mutex_lock(&x->lock);
    x->stop = true;
    pthread_cond_signal(&x->wake);
    pthread_mutex_unlock(&x->lock);
    if (x->thread_on) {
        pthread_join(x->thread, NULL);
    }
    free(x->smoke.at_s);
    pthread_cond_destroy(&x->wake);
    pthread_mutex_destroy(&x->lock);
    free(x);
}
