/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_HTTP_PRIVATE_H
#define KT_HTTP_PRIVATE_H
/* What the files of this module share. */
#include <microhttpd.h>
#include <pthread.h>

#include "http/http.h"

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
    struct kt_http_stream *stream;
    struct kt_http_req *next, **prev; /* all requests under way */
};

struct kt_http {
    struct kt_http_opts opts;
    struct MHD_Daemon *daemon;
    char *cert, *key;
    int port;
    struct MHD_Response *nothing; /* what every plain 204 says */
    pthread_mutex_t lock; /* all; may be taken before a request's lock, never after it */
    struct kt_http_req *all;
};

void kt_http_respond(struct kt_http_req *r, int status, struct MHD_Response *resp);
void kt_http_stream_free(struct kt_http_stream *s);
#endif
