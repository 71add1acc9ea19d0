/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_LINK_UPWARD_NATS_H
#define KT_LINK_UPWARD_NATS_H
/*
 * nats: a connection to the NATS server beside this node. It connects, and connects again, by
 * itself; every call ends within some seconds.   Threads: the link's own; up() from any.
 */
#include "base/buf.h"

struct upward_nats;
struct upward_nats_opts {
    const char *url;             /* nats://host:port */
    const char *user, *password; /* "" none */
    const char *domain;          /* JetStream's; "": the server's own */
    const char *ca_file;         /* "" no TLS asked for by us */
};
KT_MUST_CHECK int upward_nats_open(const struct upward_nats_opts *o, struct upward_nats **ret,
                                   struct kt_err *err);
void upward_nats_close(struct upward_nats *n); /**< accepts NULL */
bool upward_nats_up(struct upward_nats *n);

/** Is there such a stream? KT_OK, KT_ENOTFOUND, KT_EIO not known. */
KT_MUST_CHECK int upward_nats_stream(struct upward_nats *n, const char *stream, struct kt_err *err);
KT_MUST_CHECK int upward_nats_make(struct upward_nats *n, const char *stream, const char *subject,
                                   struct kt_err *err);
/** Into a stream, acknowledged by it. KT_ENOTFOUND nobody keeps this subject */
KT_MUST_CHECK int upward_nats_publish(struct upward_nats *n, const char *subject, struct kt_str p,
                                      struct kt_err *err);
/** To whoever listens now. */
KT_MUST_CHECK int upward_nats_say(struct upward_nats *n, const char *subject, struct kt_str p,
                                  struct kt_err *err);
KT_MUST_CHECK int upward_nats_listen(struct upward_nats *n, const char *subject,
                                     struct kt_err *err);
/** One of what is said: 1 in out, 0 none within ms. */
int upward_nats_hear(struct upward_nats *n, int64_t ms, struct kt_buf *out);
/** From now on fetch from this stream (the last one is left). */
KT_MUST_CHECK int upward_nats_consume(struct upward_nats *n, const char *stream,
                                      const char *subject, const char *durable, struct kt_err *err);
/** Messages in order to fn, each acknowledged when it returns true, the rest left for the next
 * call.
 *  @return how many; 0 none within ms; KT_EIO consume again */
int upward_nats_fetch(struct upward_nats *n, int max, int64_t ms,
                      bool (*fn)(void *arg, struct kt_str p), void *arg, struct kt_err *err);
#endif
