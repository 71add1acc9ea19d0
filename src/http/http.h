/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_HTTP_HTTP_H
#define KT_HTTP_HTTP_H
/*
 * http: server for requests, deferred answers, event streams and static files, plain or TLS.
 * The only module that includes libmicrohttpd, GnuTLS and zlib.
 *
 * Threads: a few threads read and write all connections; a handler runs on one of them or on a
 * worker, as `lane` says, so that a short post never waits behind a long question. A request
 * belongs to its handler until that returns, or, when deferred, until it is answered, from any
 * thread, once. A stream is written from any thread; its bytes are bounded, and a client that does
 * not read loses its stream, never memory. Invariants
 *  1. Every request is answered exactly once; an unanswered one at handler's end is a 500.
 *  2. Nothing is resumed before it was suspended: a deferred answer that comes first waits.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/time.h"

struct kt_http;
struct kt_http_req;
struct kt_http_stream;

/* Where a handler runs. Workers take the lanes in this order. */
enum kt_http_lane {
    KT_HTTP_AT_ONCE, /* on the thread of the connection: well under a millisecond, never blocks */
    KT_HTTP_URGENT,  /* finds a worker that is free of all that follow */
    KT_HTTP_SENSORS, /* three at a time */
    KT_HTTP_PROMPT,  /* finds one that is free of sensors, bulk and what is long */
    KT_HTTP_BULK,    /* two at a time */
    KT_HTTP_LONG,    /* three at a time: seconds, maybe */
    KT_HTTP_LANES
};

struct kt_http_opts {
    const char *address;            /* "127.0.0.1:8080", "[::1]:8080", port 0: any */
    const char *cert_pem, *key_pem; /* file contents; NULL: no TLS */
    int threads;                    /* of connections; 0: 2 */
    size_t body_max;                /* 0: 32 MiB, counted after inflating */
    /** Body complete: answer or defer. */
    void (*handle)(void *arg, struct kt_http_req *req);
    /** Headers complete, before the body: false when it has answered (401, 413) and the connection
     *  is to end; true although answered (429): the body is read and dropped. May be NULL. */
    bool (*admit)(void *arg, struct kt_http_req *req);
    /** Body complete (not inflated): where the handler is to run. NULL: all at once. */
    enum kt_http_lane (*lane)(void *arg, struct kt_http_req *req);
    void *arg;
};

KT_MUST_CHECK int kt_http_start(const struct kt_http_opts *opts, struct kt_http **ret,
                                struct kt_err *err);
/** Stop listening, end streams, wait (5 s) for deferred answers, free. Accepts NULL. Whoever owes
 *  answers must still be running. */
void kt_http_stop(struct kt_http *s);
int kt_http_port(const struct kt_http *s);

/* The request. Strings live as long as it does. */
const char *kt_http_method(const struct kt_http_req *r);
const char *kt_http_path(const struct kt_http_req *r);              /**< decoded, without query */
const char *kt_http_query(struct kt_http_req *r, const char *name); /**< NULL when absent */
/** Path and whole query, encoded as an address has them: "/a/b?c=d". Appended. */
void kt_http_target(struct kt_http_req *r, struct kt_buf *out);
const char *kt_http_header(struct kt_http_req *r, const char *name);
const char *kt_http_cookie(struct kt_http_req *r, const char *name);
const char *kt_http_client(struct kt_http_req *r); /**< address as text */
bool kt_http_secure(const struct kt_http_req *r);
/** The body, inflated. There are 64 readable bytes behind it (zeros) for wide loads. */
struct kt_str kt_http_body(struct kt_http_req *r);
size_t kt_http_body_size(const struct kt_http_req *r); /**< as it came, or as it was announced */
/** Was its client already waiting to send it: four fifths of the time of its connection, or more,
 *  went into the answer to the request before? */
bool kt_http_pressed(const struct kt_http_req *r);
int kt_http_status(struct kt_http_req *r); /**< of its answer; 0: not answered yet, or a stream */
struct kt_arena *kt_http_arena(struct kt_http_req *r); /**< until answered */
void *kt_http_user(const struct kt_http_req *r);       /**< what admit() or a filter attached */
void kt_http_set_user(struct kt_http_req *r, void *user);

/* Answers */
void kt_http_set_header(struct kt_http_req *r, const char *name, const char *value);
void kt_http_reply(struct kt_http_req *r, int status, const char *type, struct kt_str body);
/** Takes the buffer's memory (no copy); the buffer is empty afterwards. */
void kt_http_reply_take(struct kt_http_req *r, int status, const char *type, struct kt_buf *body);
/** Answer with a file of so many bytes from its start; takes the descriptor. */
void kt_http_reply_file(struct kt_http_req *r, int status, const char *type, int fd, uint64_t size);
/** Has the client closed its side of the connection while the handler works? Handler's thread. A
 *  long handler asks now and then and ends without an answer that anybody would read. */
bool kt_http_gone(struct kt_http_req *r);
/** Leave the handler without an answer; answer later from any thread. */
void kt_http_defer(struct kt_http_req *r);

/*
 * Streams (server-sent events, exports): opened instead of an answer.
 * on_end is called once, when the client has gone, was too slow, or the server stops; after it the
 * stream must not be used. It may run on any server thread.
 */
struct kt_http_stream *kt_http_stream_open(struct kt_http_req *r, const char *type,
                                           size_t max_pending, void (*on_end)(void *arg),
                                           void *arg);
/** Queue bytes. @return KT_OK; KT_EBUSY: pending is full, nothing was queued */
int kt_http_stream_send(struct kt_http_stream *s, struct kt_str bytes);
size_t kt_http_stream_pending(struct kt_http_stream *s);
void kt_http_stream_end(struct kt_http_stream *s); /**< after what is pending */

/** Answer with a file below dir for the request's path ("/" is index.html), with type, ETag, cache
 *  headers and the security headers of a page; 404 otherwise. */
void kt_http_static(struct kt_http_req *r, const char *dir);
/** Percent-decode in place; false for a bad escape or a NUL. Exposed for its fuzzer. */
bool kt_http_decode(char *s);
/** Inflate gzip or zlib bytes; KT_ELIMIT past max, KT_EPARSE damaged. */
KT_MUST_CHECK int kt_http_inflate(struct kt_str in, size_t max, struct kt_buf *out);
#endif
