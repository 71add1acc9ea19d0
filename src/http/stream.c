/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams: a response of unknown size whose reader suspends the connection when nothing is pending.
 *
 * libmicrohttpd does not see that the client of a suspended connection has gone; whoever writes
 * sends a comment at least every ten seconds, and the failed write ends the stream.
 */
#include <stdlib.h>

#include "http/private.h"

struct kt_http_stream {
    struct kt_http_req *req;
    pthread_mutex_t lock;
    struct kt_buf pending, sending; /* sending: what the reader hands out now */
    size_t sent;
    size_t max;
    bool ending, suspended;
    void (*on_end)(void *arg);
    void *arg;
};

static ssize_t on_read(void *cls, uint64_t pos, char *to, size_t max)
{
    struct kt_http_stream *s = cls;
    (void)pos;
    pthread_mutex_lock(&s->lock);
    if (s->sent == s->sending.n) {
        struct kt_buf t = s->sending;
        s->sending = s->pending;
        s->pending = t;
        kt_buf_clear(&s->pending);
        s->sent = 0;
    }
    size_t n = s->sending.n - s->sent;
    if (n == 0 && s->ending) {
        pthread_mutex_unlock(&s->lock);
        return MHD_CONTENT_READER_END_OF_STREAM;
    }
    if (n == 0) {
        s->suspended = true;
        MHD_suspend_connection(s->req->conn);
        pthread_mutex_unlock(&s->lock);
        return 0;
    }
    n = n < max ? n : max;
    memcpy(to, s->sending.p + s->sent, n);
    s->sent += n;
    pthread_mutex_unlock(&s->lock);
    return (ssize_t)n;
}

struct kt_http_stream *kt_http_stream_open(struct kt_http_req *r, const char *type,
                                           size_t max_pending, void (*on_end)(void *arg), void *arg)
{
    struct kt_http_stream *s = calloc(1, sizeof(*s));
    KT_ASSERT(s);
    s->req = r;
    s->max = max_pending;
    s->on_end = on_end;
    s->arg = arg;
    kt_buf_init(&s->pending, max_pending + 4096);
    kt_buf_init(&s->sending, max_pending + 4096);
    pthread_mutex_init(&s->lock, NULL);
    struct MHD_Response *resp =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 32768, on_read, s, NULL);
    KT_ASSERT(resp);
    MHD_add_response_header(resp, "Content-Type", type);
    MHD_add_response_header(resp, "Cache-Control", "no-store");
    pthread_mutex_lock(&r->lock);
    r->stream = s;
    pthread_mutex_unlock(&r->lock);
    MHD_set_connection_option(r->conn, MHD_CONNECTION_OPTION_TIMEOUT, 0u);
    kt_http_respond(r, 200, resp);
    return s;
}

/* Holding s->lock: wake the reader. */
static void wake(struct kt_http_stream *s)
{
    if (s->suspended) {
        s->suspended = false;
        MHD_resume_connection(s->req->conn);
    }
}

int kt_http_stream_send(struct kt_http_stream *s, struct kt_str bytes)
{
    pthread_mutex_lock(&s->lock);
    size_t waiting = s->pending.n + s->sending.n - s->sent;
    int rc = KT_EBUSY;
    if (!s->ending && waiting + bytes.n <= s->max) {
        kt_buf_put(&s->pending, bytes.p, bytes.n);
        wake(s);
        rc = KT_OK;
    }
    pthread_mutex_unlock(&s->lock);
    return rc;
}

size_t kt_http_stream_pending(struct kt_http_stream *s)
{
    pthread_mutex_lock(&s->lock);
    size_t n = s->pending.n + s->sending.n - s->sent;
    pthread_mutex_unlock(&s->lock);
    return n;
}

void kt_http_stream_end(struct kt_http_stream *s)
{
    pthread_mutex_lock(&s->lock);
    s->ending = true;
    wake(s);
    pthread_mutex_unlock(&s->lock);
}

void kt_http_stream_free(struct kt_http_stream *s)
{
    if (!s) {
        return;
    }
    if (s->on_end) {
        s->on_end(s->arg);
    }
    kt_buf_done(&s->pending);
    kt_buf_done(&s->sending);
    pthread_mutex_destroy(&s->lock);
    free(s);
}
