/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_HTTP_PRIVATE_H
#define KT_HTTP_PRIVATE_H
/* What the files of this module share. */
#include <microhttpd.h>
#include <pthread.h>

#include "http/http.h"
#include "sys/clock.h"

enum { BODY_PAD = 64, HEADERS_MAX = 8 };

enum phase { PHASE_READING, PHASE_HANDLING, PHASE_DEFERRED, PHASE_ANSWERED, PHASE_QUEUED };

struct kt_http_req {
    struct kt_http *server;
    struct MHD_Connection *conn;
    char *path;
    const char *method;
    struct kt_arena *arena;
    struct kt_buf body;
    struct kt_str inflated;
    size_t expect;
    char client[64];
    void *user;
    const char *header_name[HEADERS_MAX], *header_value[HEADERS_MAX];
    int headers_n;
    struct MHD_Response *response;
    int status;
    pthread_mutex_t lock; /* phase, suspended, response */
    enum phase phase;
    bool suspended;
    bool working; /* its handler runs on a worker: the answer is held back until that returns */
    enum kt_http_lane lane;
    struct kt_http_req *work_next;
    struct connection *connection;
    kt_mono begun;
    bool pressed;
    struct kt_http_stream *stream;
    struct kt_http_req *next, **prev; /* all requests under way */
};

/* What is known of a connection; its I/O thread's. */
struct connection {
    kt_mono answered; /* the last request; 0: none yet */
    int64_t took;     /* from its head to the end of its answer */
};

struct work;

struct kt_http {
    struct kt_http_opts opts;
    struct MHD_Daemon *daemon;
    char *cert, *key;
    int port;
    struct MHD_Response *nothing; /* what every plain 204 says */
    pthread_mutex_t lock;         /* all; may be taken before a request's lock, never after it */
    struct kt_http_req *all;
    struct work *work;
};

void kt_http_respond(struct kt_http_req *r, int status, struct MHD_Response *resp);
/** Inflate the body and call the handler. */
void kt_http_handle(struct kt_http_req *r);
/* work.c */
KT_MUST_CHECK int kt_http_work_start(struct kt_http *s, struct kt_err *err);
void kt_http_work_stop(struct kt_http *s); /**< when no request is under way any more */
/** Suspend the request's connection and have a worker handle it; false: too many wait already. */
bool kt_http_work_give(struct kt_http_req *r, enum kt_http_lane lane);
void kt_http_stream_free(struct kt_http_stream *s);
#endif
