/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes of accounts go into the journal as outcomes of type "account". The store of accounts
 * keeps them until they are durable here; what a crash left there is said at the next start.
 */
#include <stdlib.h>

#include "api/private.h"
#include "base/log.h"
#include "sys/clock.h"

#define WAIT (5 * KT_SEC)

struct accounts {
    struct kt_api *api;
    pthread_mutex_t lock; /* said; one who says at a time */
    pthread_mutex_t kept_lock;
    pthread_cond_t durable;
    int64_t said, kept; /* ids: given to the engine; durable in the journal */
};

/* Journal or engine thread. */
static void on_outcome(void *arg, kt_seq seq, kt_time time, struct kt_str json)
{
    struct accounts *x = arg;
    struct kt_json *body;
    (void)seq;
    (void)time;
    if (!outcome_of_account(json) || kt_json_parse(json, 1 << 20, &body, NULL) < 0) {
        return;
    }
    int64_t id = kt_json_get_int(body, "change", 0);
    kt_json_free(body);
    pthread_mutex_lock(&x->kept_lock);
    x->kept = id > x->kept ? id : x->kept;
    pthread_cond_broadcast(&x->durable);
    pthread_mutex_unlock(&x->kept_lock);
}

static bool say(void *arg, int64_t id, struct kt_str json)
{
    struct accounts *x = arg;
    struct kt_buf b;
    kt_buf_init(&b, 1 << 20);
    kt_buf_printf(&b, "{\"type\":\"account\",\"change\":%lld,%.*s", (long long)id, (int)json.n - 1,
                  json.p + 1);
    int r = kt_runtime_say(x->api->opts.runtime, (struct kt_str){b.p, b.n});
    kt_buf_done(&b);
    if (r == KT_OK) {
        x->said = id;
    }
    return r == KT_OK;
}

/* True once the journal has all up to id. */
static bool await(struct accounts *x, int64_t id)
{
    kt_mono until = kt_clock_mono() + WAIT;
    struct timespec ts = {.tv_sec = (time_t)(until / KT_SEC), .tv_nsec = (long)(until % KT_SEC)};
    pthread_mutex_lock(&x->kept_lock);
    int r = 0;
    while (x->kept < id && r == 0) {
        r = pthread_cond_timedwait(&x->durable, &x->kept_lock, &ts);
    }
    bool kept = x->kept >= id;
    pthread_mutex_unlock(&x->kept_lock);
    return kept;
}

void accounts_say(struct kt_api *a, bool wait)
{
    struct accounts *x = a->accounts;
    struct kt_err err = {0};
    pthread_mutex_lock(&x->lock);
    int r = kt_auth_changes(a->opts.auth, x->said, say, x, &err);
    int64_t said = x->said;
    pthread_mutex_unlock(&x->lock);
    if (r == KT_OK && wait && said && await(x, said)) {
        r = kt_auth_changes_kept(a->opts.auth, said, &err);
    }
    if (r < 0) {
        KT_WARN("api", "changes of accounts wait for the journal: %s", err.text);
    }
}

struct accounts *accounts_new(struct kt_api *a)
{
    struct accounts *x = calloc(1, sizeof(*x));
    pthread_condattr_t attr;
    KT_ASSERT(x);
    x->api = a;
    pthread_mutex_init(&x->lock, NULL);
    pthread_mutex_init(&x->kept_lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&x->durable, &attr);
    pthread_condattr_destroy(&attr);
    kt_runtime_follow(a->opts.runtime, on_outcome, x);
    return x;
}

void accounts_free(struct accounts *x)
{
    if (!x) {
        return;
    }
    kt_runtime_unfollow(x->api->opts.runtime, on_outcome, x);
    pthread_mutex_destroy(&x->lock);
    pthread_mutex_destroy(&x->kept_lock);
    pthread_cond_destroy(&x->durable);
    free(x);
}
