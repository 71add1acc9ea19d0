/* SPDX-License-Identifier: Apache-2.0 */
#include "api/desk.h"
#include "api/records.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "sys/clock.h"
#include "sys/thread.h"

enum { PAGE = 500, ROSTER_MAX = 3 << 20, AGAIN_S = 5 };

struct desk {
    struct kt_api *api;
    pthread_mutex_t lock; /* stop, roster, cases */
    pthread_cond_t wake;
    bool stop, roster, cases; /* something of them changed */
    bool thread_on;
    pthread_t thread;
    struct kt_hash sent; /* the thread's own: what it said last */
};

struct kt_reader desk_reader(const struct kt_api *a)
{
    static const char *const rights[] = {"record.read", "person.see"}, *const places[] = {"*"};
    return (struct kt_reader){.user = "kuangtu",
                              .rights = rights,
                              .rights_n = KT_ARRAY_LEN(rights),
                              .places = places,
                              .places_n = 1,
                              .now = kt_runtime_now(a->opts.runtime)};
}

/* One page; *ret_next is its own, "" at the end. */
static int page(struct kt_api *a, const char *reg, const struct kt_record_query *q,
                void (*fn)(void *arg, const struct kt_json *item), void *arg, char **ret_next,
                struct kt_err *err)
{
    struct kt_json *v = NULL;
    struct kt_reader who = desk_reader(a);
    int r = list_json(kt_runtime_room(a->opts.runtime), &who, reg, q, &v, err);
    const struct kt_json *items = kt_json_get(v, "items");
    for (size_t i = 0; i < kt_json_len(items); i++) {
        fn(arg, kt_json_at(items, i));
    }
    *ret_next = r == KT_OK ? strdup(kt_json_get_str(v, "next", "")) : NULL;
    kt_json_free(v);
    return r;
}

int desk_each(struct kt_api *a, const char *reg, const char *filter,
              void (*fn)(void *arg, const struct kt_json *item), void *arg, struct kt_err *err)
{
    struct kt_json *f = NULL;
    char *cursor = NULL;
    if (!kt_runtime_room(a->opts.runtime)) {
        return kt_err_set(err, KT_ENOTFOUND, "this site has no registers");
    }
    int r = filter ? kt_json_parse(kt_str_c(filter), 1 << 16, &f, err) : KT_OK;
    while (r == KT_OK) {
        struct kt_record_query q = {.filter = f, .sort = "_id", .limit = PAGE, .cursor = cursor};
        char *next = NULL;
        r = page(a, reg, &q, fn, arg, &next, err);
        free(cursor);
        cursor = next;
        if (!cursor || !cursor[0]) {
            break;
        }
    }
    free(cursor);
    kt_json_free(f);
    return r;
}

/* Told again only when it is another one. True: done, or nothing to do. */
static bool send_roster(struct desk *d)
{
    struct kt_buf b;
    struct kt_hash h;
    struct kt_err err = {0};
    kt_buf_init(&b, ROSTER_MAX);
    int r = desk_roster(d->api, &b, &err);
    if (r == KT_OK && b.full) {
        r = kt_err_set(&err, KT_ELIMIT, "the roster is longer than %d MB", ROSTER_MAX >> 20);
    }
    kt_hash_of(b.p, b.n, &h);
    if (r == KT_OK && !kt_hash_eq(&h, &d->sent)) {
        r = kt_runtime_people_input(d->api->opts.runtime, (struct kt_str){b.p, b.n}, "registers");
        d->sent = r == KT_OK ? h : d->sent;
    } else if (r < 0 && r != KT_ENOTFOUND) {
        KT_ERROR("desk", "cards and persons: %s", err.text);
    }
    kt_buf_done(&b);
    return r == KT_OK || r == KT_ENOTFOUND || r == KT_ELIMIT;
}

static bool names_register(struct kt_str json)
{
    static const char *const ours[] = {"\"register\":\"below_card\"",
                                       "\"register\":\"below_person\"",
                                       "\"register\":\"below_trade\"", "\"register\":\"vehicle\""};
    bool any = false;
    for (size_t i = 0; i < KT_ARRAY_LEN(ours); i++) {
        any |= memmem(json.p, json.n, ours[i], strlen(ours[i])) != NULL;
    }
    return any;
}

static bool begins(struct kt_str json, const char *head)
{
    return json.n > strlen(head) && memcmp(json.p, head, strlen(head)) == 0;
}

static void on_outcome(void *arg, kt_seq seq, kt_time time, struct kt_str json)
{
    struct desk *d = arg;
    (void)seq;
    (void)time;
    bool roster = begins(json, "{\"type\":\"record\"") && names_register(json);
    bool cases = begins(json, "{\"type\":\"incident\"");
    if (roster || cases) {
        pthread_mutex_lock(&d->lock);
        d->roster |= roster;
        d->cases |= cases;
        pthread_cond_signal(&d->wake);
        pthread_mutex_unlock(&d->lock);
    }
}

static bool wait_for_work(struct desk *d)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += AGAIN_S;
    int r = 0;
    while (!d->stop && !d->roster && !d->cases && r != ETIMEDOUT) {
        r = pthread_cond_timedwait(&d->wake, &d->lock, &until);
    }
    return !d->stop;
}

static void *run(void *arg)
{
    struct desk *d = arg;
    bool owed = true, open = true; /* at a start everything is told once */
    kt_thread_nice(5);
    pthread_mutex_lock(&d->lock);
    while (!d->stop) {
        owed |= d->roster;
        open |= d->cases;
        d->roster = d->cases = false;
        pthread_mutex_unlock(&d->lock);
        open = open && !desk_cases(d->api);
        owed = owed && !send_roster(d);
        pthread_mutex_lock(&d->lock);
        if (!wait_for_work(d)) {
            break;
        }
    }
    pthread_mutex_unlock(&d->lock);
    return NULL;
}

struct desk *desk_new(struct kt_api *a)
{
    struct desk *d = calloc(1, sizeof(*d));
    struct kt_err err;
    pthread_condattr_t attr;
    KT_ASSERT(d);
    d->api = a;
    pthread_mutex_init(&d->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&d->wake, &attr);
    pthread_condattr_destroy(&attr);
    kt_runtime_follow(a->opts.runtime, on_outcome, d);
    d->thread_on = kt_thread_start(&d->thread, "desk", run, d, &err) == KT_OK;
    if (!d->thread_on) {
        KT_ERROR("desk", "%s", err.text);
    }
    return d;
}

void desk_free(struct desk *d)
{
    if (!d) {
        return;
    }
    kt_runtime_unfollow(d->api->opts.runtime, on_outcome, d);
    pthread_mutex_lock(&d->lock);
    d->stop = true;
    pthread_cond_signal(&d->wake);
    pthread_mutex_unlock(&d->lock);
    if (d->thread_on) {
        pthread_join(d->thread, NULL);
    }
    pthread_cond_destroy(&d->wake);
    pthread_mutex_destroy(&d->lock);
    free(d);
}
