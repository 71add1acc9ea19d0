/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server on libmicrohttpd: epoll threads of its own, suspend and resume for deferred answers
 * and for what workers handle (work.c).
 *
 * Life of a request: READING (body comes in pieces) -> HANDLING (handler runs) -> ANSWERED, or
 * DEFERRED -> ANSWERED from another thread -> QUEUED on the connection. libmicrohttpd wants the
 * response queued on its own thread, so an answer given elsewhere resumes the connection, and the
 * next call of on_request() queues it.
 */
#include "http/private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/percent.h"
#include "sys/thread.h"

/* What a connection reads at once and keeps of headers; all of it is cleared for every request, so
 * more of it costs every short one. */
#define CONNECTION_MEMORY ((size_t)16 * 1024)
/* One machine that opens and never ends its requests leaves room for the others: for the desks, and
 * for producers whose samples cut. A proxy in front of all desks is one machine, too. */
#define CONNECTIONS 4096u
#define FROM_ONE    3072u

static int split_address(const char *address, struct sockaddr_storage *ret, struct kt_err *err)
{
    char host[64];
    const char *colon = strrchr(address, ':');
    if (!colon || (size_t)(colon - address) >= sizeof(host)) {
        return kt_err_set(err, KT_EINVAL, "listen address \"%s\" is not HOST:PORT", address);
    }
    char *end;
    long port = strtol(colon + 1, &end, 10);
    if (*end || end == colon + 1 || port < 0 || port > 65535) {
        return kt_err_set(err, KT_EINVAL, "\"%s\" has no port from 0 to 65535", address);
    }
    size_t n = (size_t)(colon - address);
    bool v6 = n > 2 && address[0] == '[';
    snprintf(host, sizeof(host), "%.*s", (int)(v6 ? n - 2 : n), address + (v6 ? 1 : 0));
    memset(ret, 0, sizeof(*ret));
    if (v6) {
        struct sockaddr_in6 *a = (struct sockaddr_in6 *)ret;
        a->sin6_family = AF_INET6;
        a->sin6_port = htons((uint16_t)port);
        if (inet_pton(AF_INET6, host, &a->sin6_addr) == 1) {
            return KT_OK;
        }
    } else {
        struct sockaddr_in *a = (struct sockaddr_in *)ret;
        a->sin_family = AF_INET;
        a->sin_port = htons((uint16_t)port);
        if (inet_pton(AF_INET, host, &a->sin_addr) == 1) {
            return KT_OK;
        }
    }
    return kt_err_set(err, KT_EINVAL, "\"%s\" is not an IP address; give one, e.g. 127.0.0.1",
                      host);
}

/* Of all the time since the answer before, and that which it took, a fifth at most passed between
 * the two. */
static bool is_pressed(const struct connection *c, kt_mono now)
{
    return c && c->answered && (now - c->answered) * 4 < c->took;
}

static struct kt_http_req *req_new(struct kt_http *s, struct MHD_Connection *c, const char *url,
                                   const char *method)
{
    struct kt_http_req *r = calloc(1, sizeof(*r));
    KT_ASSERT(r);
    r->server = s;
    r->conn = c;
    r->arena = kt_arena_new(64u << 20);
    r->path = kt_arena_strdup(r->arena, url);
    r->method = kt_arena_strdup(r->arena, method);
    r->begun = kt_clock_mono();
    const union MHD_ConnectionInfo *about =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    r->connection = about ? about->socket_context : NULL;
    r->pressed = is_pressed(r->connection, r->begun);
    kt_buf_init(&r->body, s->opts.body_max + BODY_PAD);
    pthread_mutex_init(&r->lock, NULL);
    const union MHD_ConnectionInfo *ci =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (ci && ci->client_addr->sa_family == AF_INET) {
        const struct sockaddr_in *a = (const struct sockaddr_in *)ci->client_addr;
        inet_ntop(AF_INET, &a->sin_addr, r->client, sizeof(r->client));
    } else if (ci && ci->client_addr->sa_family == AF_INET6) {
        const struct sockaddr_in6 *a = (const struct sockaddr_in6 *)ci->client_addr;
        inet_ntop(AF_INET6, &a->sin6_addr, r->client, sizeof(r->client));
    }
    pthread_mutex_lock(&s->lock);
    r->next = s->all;
    r->prev = &s->all;
    if (s->all) {
        s->all->prev = &r->next;
    }
    s->all = r;
    pthread_mutex_unlock(&s->lock);
    return r;
}

static void req_free(struct kt_http_req *r)
{
    pthread_mutex_lock(&r->server->lock);
    *r->prev = r->next;
    if (r->next) {
        r->next->prev = r->prev;
    }
    pthread_mutex_unlock(&r->server->lock);
    kt_http_stream_free(r->stream);
    if (r->response && r->response != r->server->nothing) {
        MHD_destroy_response(r->response);
    }
    kt_buf_done(&r->body);
    pthread_mutex_destroy(&r->lock);
    kt_arena_free(r->arena);
    free(r);
}

static enum MHD_Result queue_answer(struct kt_http_req *r)
{
    pthread_mutex_lock(&r->lock);
    struct MHD_Response *resp = r->response;
    r->response = NULL;
    r->phase = PHASE_QUEUED;
    int status = r->status;
    pthread_mutex_unlock(&r->lock);
    enum MHD_Result ok = MHD_queue_response(r->conn, (unsigned)status, resp);
    if (resp != r->server->nothing) {
        MHD_destroy_response(resp);
    }
    return ok;
}

/* The handler has returned: queue its answer, or suspend until it comes (invariant 2). */
static enum MHD_Result after_handler(struct kt_http_req *r)
{
    pthread_mutex_lock(&r->lock);
    if (r->phase == PHASE_HANDLING) {
        pthread_mutex_unlock(&r->lock);
        kt_http_reply(r, 500, "text/plain", KT_STR("no answer\n"));
        return queue_answer(r);
    }
    if (r->phase == PHASE_DEFERRED) {
        r->suspended = true;
        MHD_suspend_connection(r->conn);
        pthread_mutex_unlock(&r->lock);
        return MHD_YES;
    }
    pthread_mutex_unlock(&r->lock);
    return queue_answer(r);
}

static void inflate_body(struct kt_http_req *r)
{
    const char *enc = kt_http_header(r, "Content-Encoding");
    if (!enc || strcmp(enc, "identity") == 0) {
        return;
    }
    if (strcmp(enc, "gzip") != 0 && strcmp(enc, "deflate") != 0) {
        kt_http_reply(r, 415, "text/plain", KT_STR("content encoding must be gzip or none\n"));
        return;
    }
    struct kt_buf plain;
    kt_buf_init(&plain, r->server->opts.body_max + BODY_PAD);
    int rc =
        kt_http_inflate((struct kt_str){r->body.p, r->body.n}, r->server->opts.body_max, &plain);
    if (rc < 0) {
        kt_buf_done(&plain);
        kt_http_reply(r, kt_err_http(rc), "text/plain",
                      rc == KT_ELIMIT ? KT_STR("body too large when inflated\n")
                                      : KT_STR("damaged gzip body\n"));
        return;
    }
    kt_buf_done(&r->body);
    r->body = plain;
}

static bool take_piece(struct kt_http_req *r, const char *data, size_t n)
{
    if (r->phase != PHASE_READING) {
        return true; /* answered already: the rest is read and dropped */
    }
    if (r->body.n + n > r->server->opts.body_max) {
        kt_http_reply(r, 413, "text/plain", KT_STR("body too large\n"));
        return true;
    }
    if (!r->body.p && r->expect) {
        kt_buf_reserve(&r->body, r->expect + BODY_PAD);
    }
    kt_buf_put(&r->body, data, n);
    return !r->body.full;
}

static enum MHD_Result on_first(struct kt_http *s, struct MHD_Connection *c, const char *url,
                                const char *method, void **state)
{
    struct kt_http_req *r = req_new(s, c, url, method);
    *state = r;
    const char *len = kt_http_header(r, "Content-Length");
    if (len) {
        r->expect = strtoull(len, NULL, 10);
        if (r->expect > s->opts.body_max) {
            kt_http_reply(r, 413, "text/plain", KT_STR("body too large\n"));
            return queue_answer(r);
        }
    }
    if (!kt_http_decode(r->path)) {
        kt_http_reply(r, 400, "text/plain", KT_STR("bad path\n"));
        return queue_answer(r);
    }
    if (s->opts.admit && !s->opts.admit(s->opts.arg, r)) {
        return queue_answer(r);
    }
    return MHD_YES;
}

void kt_http_handle(struct kt_http_req *r)
{
    inflate_body(r);
    if (r->phase == PHASE_HANDLING) {
        r->server->opts.handle(r->server->opts.arg, r);
    }
}

static enum MHD_Result handle_here_or_there(struct kt_http_req *r)
{
    const struct kt_http_opts *o = &r->server->opts;
    enum kt_http_lane lane = o->lane ? o->lane(o->arg, r) : KT_HTTP_AT_ONCE;
    if (lane == KT_HTTP_AT_ONCE) {
        kt_http_handle(r);
        return after_handler(r);
    }
    if (kt_http_work_give(r, lane)) {
        return MHD_YES;
    }
    kt_http_set_header(r, "Retry-After", "1");
    kt_http_reply(r, 503, "text/plain", KT_STR("too many requests wait; send it once more\n"));
    return after_handler(r);
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *c, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_n, void **state)
{
    struct kt_http *s = cls;
    (void)version;
    struct kt_http_req *r = *state;
    if (!r) {
        return on_first(s, c, url, method, state);
    }
    if (*data_n) {
        size_t n = *data_n;
        *data_n = 0;
        return take_piece(r, data, n) ? MHD_YES : MHD_NO;
    }
    pthread_mutex_lock(&r->lock);
    enum phase phase = r->phase;
    if (phase == PHASE_READING) {
        r->phase = PHASE_HANDLING;
    }
    r->suspended = false;
    pthread_mutex_unlock(&r->lock);
    if (phase == PHASE_ANSWERED) {
        return queue_answer(r);
    }
    return phase == PHASE_READING ? handle_here_or_there(r) : MHD_YES;
}

static void on_completed(void *cls, struct MHD_Connection *c, void **state,
                         enum MHD_RequestTerminationCode why)
{
    (void)cls;
    (void)c;
    (void)why;
    struct kt_http_req *r = *state;
    if (!r) {
        return;
    }
    if (r->connection) {
        r->connection->answered = kt_clock_mono();
        r->connection->took = r->connection->answered - r->begun;
    }
    req_free(r);
    *state = NULL;
}

/* Thread of the connection. Cut-off sensors come this way: as the engine, where it is allowed. */
static void on_connection(void *cls, struct MHD_Connection *c, void **context,
                          enum MHD_ConnectionNotificationCode what)
{
    (void)cls;
    (void)c;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        kt_thread_nice(-10);
        *context = calloc(1, sizeof(struct connection));
    } else {
        free(*context);
        *context = NULL;
    }
}

static void on_log(void *cls, const char *fmt, va_list ap)
{
    (void)cls;
    char line[256];
    vsnprintf(line, sizeof(line), fmt, ap);
    line[strcspn(line, "\n")] = '\0';
    KT_DEBUG("http", "%s", line);
}

static void *raw_url(void *cls, const char *uri, struct MHD_Connection *c)
{
    (void)cls;
    (void)uri;
    (void)c;
    return NULL;
}

/* Paths are decoded by kt_http_decode(), once; libmicrohttpd must not do it before. */
static size_t keep_escapes(void *cls, struct MHD_Connection *c, char *s)
{
    (void)cls;
    (void)c;
    return strlen(s);
}

static int server_start(struct kt_http *s, struct kt_err *err)
{
    struct sockaddr_storage addr;
    int rc = split_address(s->opts.address, &addr, err);
    if (rc < 0) {
        return rc;
    }
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
                     MHD_USE_TCP_FASTOPEN;
    if (addr.ss_family == AF_INET6) {
        flags |= MHD_USE_IPv6;
    }
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_KEY, 0, s->key},
        {MHD_OPTION_HTTPS_MEM_CERT, 0, s->cert},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"},
        {MHD_OPTION_END, 0, NULL}};
    struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    if (s->cert) {
        flags |= MHD_USE_TLS;
    }
    s->daemon = MHD_start_daemon(
        flags & ~(unsigned)MHD_USE_TCP_FASTOPEN, 0, NULL, NULL, on_request, s,
        MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL, MHD_OPTION_SOCK_ADDR, &addr,
        MHD_OPTION_THREAD_POOL_SIZE, (unsigned)s->opts.threads, MHD_OPTION_NOTIFY_COMPLETED,
        on_completed, NULL, MHD_OPTION_NOTIFY_CONNECTION, on_connection, NULL,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, MHD_OPTION_CONNECTION_TIMEOUT, 120u,
        MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS, MHD_OPTION_PER_IP_CONNECTION_LIMIT, FROM_ONE,
        MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
        MHD_OPTION_URI_LOG_CALLBACK, raw_url, NULL, MHD_OPTION_ARRAY, s->cert ? tls : none,
        MHD_OPTION_END);
    if (!s->daemon) {
        return kt_err_set(err, KT_EIO, "cannot listen on %s: %s; is another program on that port?",
                          s->opts.address, strerror(errno));
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_BIND_PORT);
    s->port = info ? info->port : 0;
    return KT_OK;
}

static struct MHD_Response *nothing_new(void)
{
    struct MHD_Response *resp = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    KT_ASSERT(resp);
    MHD_add_response_header(resp, "Cache-Control", "no-store");
    MHD_add_response_header(resp, "X-Content-Type-Options", "nosniff");
    return resp;
}

int kt_http_start(const struct kt_http_opts *opts, struct kt_http **ret, struct kt_err *err)
{
    struct kt_http *s = calloc(1, sizeof(*s));
    KT_ASSERT(s);
    s->opts = *opts;
    s->opts.threads = opts->threads ? opts->threads : 2;
    s->opts.body_max = opts->body_max ? opts->body_max : (size_t)32 << 20;
    s->cert = opts->cert_pem ? strdup(opts->cert_pem) : NULL;
    s->key = opts->key_pem ? strdup(opts->key_pem) : NULL;
    pthread_mutex_init(&s->lock, NULL);
    s->nothing = nothing_new();
    int rc = opts->lane ? kt_http_work_start(s, err) : KT_OK;
    rc = rc < 0 ? rc : server_start(s, err);
    if (rc < 0) {
        kt_http_stop(s);
        return rc;
    }
    *ret = s;
    return KT_OK;
}

/* libmicrohttpd forbids stopping with suspended connections: streams are ended, and whoever
 * deferred a request still owes its answer; it is waited for. True when none is left.
 *
 * @param ret_working  a handler still runs on a worker, or waits for one
 */
static bool release_all(struct kt_http *s, bool *ret_working)
{
    bool clear = true;
    *ret_working = false;
    pthread_mutex_lock(&s->lock);
    for (struct kt_http_req *r = s->all; r; r = r->next) {
        pthread_mutex_lock(&r->lock);
        struct kt_http_stream *stream = r->stream;
        clear = clear && r->phase != PHASE_DEFERRED && r->phase != PHASE_HANDLING && !stream &&
                !r->working;
        *ret_working |= r->working;
        pthread_mutex_unlock(&r->lock);
        if (stream) {
            kt_http_stream_end(stream);
        }
    }
    pthread_mutex_unlock(&s->lock);
    return clear;
}

void kt_http_stop(struct kt_http *s)
{
    if (!s) {
        return;
    }
    if (s->daemon) {
        MHD_socket fd = MHD_quiesce_daemon(s->daemon);
        bool working;
        for (int i = 0; !release_all(s, &working); i += !working) {
            if (i == 500) {
                KT_ERROR("http", "requests are still unanswered after 5 s; left as they are");
                return;
            }
            kt_sleep(10 * KT_MS);
        }
        MHD_stop_daemon(s->daemon);
        if (fd != MHD_INVALID_SOCKET) {
            close(fd);
        }
    }
    kt_http_work_stop(s);
    MHD_destroy_response(s->nothing);
    pthread_mutex_destroy(&s->lock);
    free(s->cert);
    free(s->key);
    free(s);
}

int kt_http_port(const struct kt_http *s)
{
    return s->port;
}

const char *kt_http_method(const struct kt_http_req *r)
{
    return r->method;
}

const char *kt_http_path(const struct kt_http_req *r)
{
    return r->path;
}

/* Query values come with their escapes kept (keep_escapes), '+' is a blank. */
const char *kt_http_query(struct kt_http_req *r, const char *name)
{
    const char *raw = MHD_lookup_connection_value(r->conn, MHD_GET_ARGUMENT_KIND, name);
    if (!raw) {
        return NULL;
    }
    char *v = kt_arena_strdup(r->arena, raw);
    for (char *p = v; *p; p++) {
        if (*p == '+') {
            *p = ' ';
        }
    }
    return kt_http_decode(v) ? v : NULL;
}

struct query {
    struct kt_buf *out;
    int n;
};

static enum MHD_Result put_query(void *arg, enum MHD_ValueKind kind, const char *key,
                                 const char *value)
{
    struct query *q = arg;
    (void)kind;
    kt_buf_puts(q->out, q->n++ ? "&" : "?");
    kt_percent_put(q->out, key, "-_.~%+"); /* with the escapes that it came with */
    kt_buf_puts(q->out, "=");
    kt_percent_put(q->out, value ? value : "", "-_.~%+");
    return MHD_YES;
}

void kt_http_target(struct kt_http_req *r, struct kt_buf *out)
{
    struct query q = {.out = out};
    kt_percent_put(out, kt_http_path(r), "-_.~/");
    MHD_get_connection_values(r->conn, MHD_GET_ARGUMENT_KIND, put_query, &q);
}

const char *kt_http_header(struct kt_http_req *r, const char *name)
{
    return MHD_lookup_connection_value(r->conn, MHD_HEADER_KIND, name);
}

const char *kt_http_cookie(struct kt_http_req *r, const char *name)
{
    return MHD_lookup_connection_value(r->conn, MHD_COOKIE_KIND, name);
}

const char *kt_http_client(struct kt_http_req *r)
{
    return r->client;
}

bool kt_http_secure(const struct kt_http_req *r)
{
    return r->server->cert != NULL;
}

struct kt_str kt_http_body(struct kt_http_req *r)
{
    char *pad = kt_buf_reserve(&r->body, BODY_PAD);
    if (!pad) {
        return (struct kt_str){"", 0};
    }
    memset(pad, 0, BODY_PAD);
    return (struct kt_str){r->body.p, r->body.n};
}

size_t kt_http_body_size(const struct kt_http_req *r)
{
    return r->body.n > r->expect ? r->body.n : r->expect;
}

bool kt_http_pressed(const struct kt_http_req *r)
{
    return r->pressed;
}

int kt_http_status(struct kt_http_req *r)
{
    pthread_mutex_lock(&r->lock);
    int status = r->status;
    pthread_mutex_unlock(&r->lock);
    return status;
}

struct kt_arena *kt_http_arena(struct kt_http_req *r)
{
    return r->arena;
}

void *kt_http_user(const struct kt_http_req *r)
{
    return r->user;
}

void kt_http_set_user(struct kt_http_req *r, void *user)
{
    r->user = user;
}

void kt_http_set_header(struct kt_http_req *r, const char *name, const char *value)
{
    KT_ASSERT(r->headers_n < HEADERS_MAX);
    r->header_name[r->headers_n] = kt_arena_strdup(r->arena, name);
    r->header_value[r->headers_n++] = kt_arena_strdup(r->arena, value);
}

void kt_http_respond(struct kt_http_req *r, int status, struct MHD_Response *resp)
{
    for (int i = 0; i < r->headers_n; i++) {
        MHD_add_response_header(resp, r->header_name[i], r->header_value[i]);
    }
    if (resp != r->server->nothing) {
        MHD_add_response_header(resp, "X-Content-Type-Options", "nosniff");
    }
    pthread_mutex_lock(&r->lock);
    if (r->phase >= PHASE_ANSWERED) {
        pthread_mutex_unlock(&r->lock);
        if (resp != r->server->nothing) {
            MHD_destroy_response(resp);
        }
        return;
    }
    r->response = resp;
    r->status = status;
    r->phase = PHASE_ANSWERED;
    bool resume = r->suspended && !r->working;
    if (resume) {
        r->suspended = false;
    }
    struct MHD_Connection *c = r->conn;
    pthread_mutex_unlock(&r->lock);
    if (resume) {
        MHD_resume_connection(c);
    }
}

static void reply_with(struct kt_http_req *r, int status, const char *type, void *p, size_t n,
                       enum MHD_ResponseMemoryMode mode)
{
    struct MHD_Response *resp = MHD_create_response_from_buffer(n, p, mode);
    KT_ASSERT(resp);
    MHD_add_response_header(resp, "Content-Type", type);
    MHD_add_response_header(resp, "Cache-Control", "no-store");
    kt_http_respond(r, status, resp);
}

void kt_http_reply(struct kt_http_req *r, int status, const char *type, struct kt_str body)
{
    union {
        const char *c;
        void *v;
    } u = {body.p};
    if (status == 204 && r->headers_n == 0) {
        kt_http_respond(r, status, r->server->nothing);
        return;
    }
    reply_with(r, status, type, u.v, body.n, MHD_RESPMEM_MUST_COPY);
}

void kt_http_reply_take(struct kt_http_req *r, int status, const char *type, struct kt_buf *body)
{
    reply_with(r, status, type, body->p, body->n, MHD_RESPMEM_MUST_FREE);
    body->p = NULL;
    body->n = body->cap = 0;
}

void kt_http_reply_file(struct kt_http_req *r, int status, const char *type, int fd, uint64_t size)
{
    struct MHD_Response *resp = MHD_create_response_from_fd64(size, fd);
    KT_ASSERT(resp);
    MHD_add_response_header(resp, "Content-Type", type);
    MHD_add_response_header(resp, "Cache-Control", "no-store");
    kt_http_respond(r, status, resp);
}

bool kt_http_gone(struct kt_http_req *r)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(r->conn, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (!info) {
        return false;
    }
    struct pollfd p = {.fd = info->connect_fd, .events = POLLRDHUP};
    return poll(&p, 1, 0) > 0 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR));
}

void kt_http_defer(struct kt_http_req *r)
{
    pthread_mutex_lock(&r->lock);
    if (r->phase == PHASE_HANDLING) {
        r->phase = PHASE_DEFERRED;
    }
    pthread_mutex_unlock(&r->lock);
}
