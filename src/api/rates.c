/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often one may ask: logins by address, costly questions and all else by session. A bucket
 * holds a minute's worth and fills evenly. Pushes of producers, requests about alarms, outputs and
 * cards, and the machine's own token are never counted.
 *
 * The table has a ceiling: of a set the bucket that has most left gives way, which is the one whose
 * owner loses least.
 */
#include <stdlib.h>
#include <string.h>

#include "api/private.h"
#include "base/crypto.h"
#include "sys/clock.h"

enum { SETS = 512, WAYS = 8 };

struct bucket {
    uint64_t key; /* 0: free */
    kt_mono at;
    double left;
};

struct rates {
    pthread_mutex_t lock;
    struct bucket sets[SETS][WAYS];
    _Atomic uint64_t refused[RATE_KINDS];
};

static int per_minute(const struct kt_site *s, enum rate_kind kind)
{
    switch (kind) {
    case RATE_LOGIN:
        return s->accounts.logins_per_minute;
    case RATE_QUERY:
        return s->accounts.queries_per_minute;
    default:
        return s->accounts.requests_per_minute;
    }
}

static uint64_t key_of(enum rate_kind kind, const char *who)
{
    struct kt_hash h;
    uint64_t key;
    kt_hash_of(who, strlen(who), &h);
    memcpy(&key, h.b, sizeof(key));
    return (key ^ (uint64_t)kind << 60) | 1;
}

/* Lock held. */
static struct bucket *bucket_of(struct rates *x, uint64_t key, double full)
{
    struct bucket *set = x->sets[(key >> 8) % SETS], *best = &set[0];
    for (int i = 0; i < WAYS; i++) {
        if (set[i].key == key) {
            return &set[i];
        }
        if (best->key && (!set[i].key || set[i].left > best->left)) {
            best = &set[i];
        }
    }
    *best = (struct bucket){.key = key, .at = kt_clock_mono(), .left = full};
    return best;
}

/* Take one; else the seconds until there is one, rounded up. */
static int take(struct rates *x, uint64_t key, int per_minute)
{
    double full = per_minute, per_ns = full / (double)KT_MIN;
    pthread_mutex_lock(&x->lock);
    struct bucket *b = bucket_of(x, key, full);
    kt_mono now = kt_clock_mono();
    b->left += (double)(now - b->at) * per_ns;
    b->left = b->left < full ? b->left : full;
    b->at = now;
    int wait = 0;
    if (b->left >= 1) {
        b->left -= 1;
    } else {
        wait = (int)((1 - b->left) / per_ns / (double)KT_SEC) + 1;
    }
    pthread_mutex_unlock(&x->lock);
    return wait;
}

static void refuse(struct call *c, enum rate_kind kind, int most, int wait)
{
    switch (kind) {
    case RATE_LOGIN:
        reply_busy(c->req, wait,
                   "too many logins from this address: %d a minute are allowed "
                   "(accounts.logins_per_minute); try again in %d s",
                   most, wait);
        break;
    case RATE_QUERY:
        reply_busy(c->req, wait,
                   "too many searches, queries and exports: %d a minute are allowed "
                   "(accounts.queries_per_minute); try again in %d s",
                   most, wait);
        break;
    default:
        reply_busy(c->req, wait,
                   "too many requests: %d a minute are allowed (accounts.requests_per_minute); "
                   "try again in %d s",
                   most, wait);
    }
}

bool rates_allow(struct call *c, enum rate_kind kind)
{
    struct rates *x = c->api->rates;
    const char *token = session_cookie(c->api, c->req);
    if (kind != RATE_LOGIN && !token) {
        return true; /* the machine's own token: nobody else comes without a session */
    }
    int most = per_minute(c->site, kind);
    int wait = take(x, key_of(kind, kind == RATE_LOGIN ? kt_http_client(c->req) : token), most);
    if (wait == 0) {
        return true;
    }
    atomic_fetch_add(&x->refused[kind], 1);
    refuse(c, kind, most, wait);
    return false;
}

uint64_t rates_refused(struct kt_api *a, enum rate_kind kind)
{
    return atomic_load(&a->rates->refused[kind]);
}

struct rates *rates_new(void)
{
    struct rates *x = calloc(1, sizeof(*x));
    KT_ASSERT(x);
    pthread_mutex_init(&x->lock, NULL);
    return x;
}

void rates_free(struct rates *x)
{
    if (x) {
        pthread_mutex_destroy(&x->lock);
        free(x);
    }
}
