/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_HISTORY_LONG_PRIVATE_H
#define KT_HISTORY_LONG_PRIVATE_H
/*
 * Inside of long: one client for writing, a few for reading.
 */
#include <pthread.h>

#include "base/json.h"
#include "history/long_answer.h"
#include "sys/http_client.h"

enum { LONG_BASE_MAX = 400, LONG_CLIENTS = 4 /* idle ones that are kept */ };

struct kt_long {
    char write_url[LONG_BASE_MAX], read_url[LONG_BASE_MAX]; /* bases: "/api/v1/…" follows */
    char write_probe[LONG_BASE_MAX], read_probe[LONG_BASE_MAX];
    char *site, *user, *password, *token_line, *ca_file;

    struct kt_http_client *writer; /* the writing thread's */
    struct kt_buf body;
    uint32_t *first, *next;
    uint32_t first_n, next_n;
    double started; /* of the program that is written to; 0: not known */

    pthread_mutex_t lock;
    struct kt_http_client *idle[LONG_CLIENTS];
    int idle_n;
    struct kt_long_state state;
};

/** One exchange; what is no success becomes an error with what it says. */
KT_MUST_CHECK int long_exchange(const struct kt_long *l, struct kt_http_client *c,
                                const char *method, const char *url, const char *type,
                                const struct kt_str *body, int64_t timeout, struct kt_buf *answer,
                                struct kt_err *err);
/** Writing thread: it answered, or why not (NULL: nothing to say). */
void long_say(struct kt_long *l, bool up, const char *why);
/** Writing thread, after a new connection: is it another program than before? Looks at its
 * settings, too. */
bool long_started_anew(struct kt_long *l);
/** A client for one question of a reader; give it back. */
struct kt_http_client *long_client_take(struct kt_long *l);
void long_client_give(struct kt_long *l, struct kt_http_client *c);
#endif
