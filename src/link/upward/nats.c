/* SPDX-License-Identifier: Apache-2.0 */
#include "link/upward/nats.h"

#include <nats/nats.h>
#include <stdlib.h>

enum {
    API_MS = 3000,
    PING_MS = 2000,
    STREAM_BYTES = 64 << 20,
    NOT_FOUND_STREAM = 10059, /* JetStream's code */
};

struct upward_nats {
    natsOptions *opts;
    natsConnection *nc;
    jsCtx *js;
    natsSubscription *heard, *pulled;
};

static int failure(natsStatus s, jsErrCode code, const char *what, struct kt_err *err)
{
    if (s == NATS_NO_RESPONDERS || (int)code == NOT_FOUND_STREAM) {
        return kt_err_set(err, KT_ENOTFOUND, "%s: no such stream", what);
    }
    return kt_err_set(err, s == NATS_TIMEOUT ? KT_ETIMEOUT : KT_EIO, "%s: %s (%d)", what,
                      natsStatus_GetText(s), (int)code);
}

/* Given, so that the first connection is made in the background, too. */
static void on_connected(natsConnection *nc, void *arg)
{
    (void)nc;
    (void)arg;
}

/* Without one the library writes each error to standard error. */
static void on_error(natsConnection *nc, natsSubscription *sub, natsStatus s, void *arg)
{
    (void)nc;
    (void)sub;
    (void)s;
    (void)arg;
}

static natsStatus options(const struct upward_nats_opts *o, natsOptions **ret)
{
    natsOptions *opts = NULL;
    natsStatus s = natsOptions_Create(&opts);
    *ret = opts;
    s = s == NATS_OK ? natsOptions_SetURL(opts, o->url) : s;
    s = s == NATS_OK ? natsOptions_SetMaxReconnect(opts, -1) : s;
    s = s == NATS_OK ? natsOptions_SetReconnectWait(opts, 500) : s;
    s = s == NATS_OK ? natsOptions_SetTimeout(opts, API_MS) : s;
    s = s == NATS_OK ? natsOptions_SetPingInterval(opts, PING_MS) : s;
    s = s == NATS_OK ? natsOptions_SetMaxPingsOut(opts, 2) : s;
    s = s == NATS_OK ? natsOptions_SetReconnectBufSize(opts, 1) : s;
    s = s == NATS_OK ? natsOptions_SetErrorHandler(opts, on_error, NULL) : s;
    s = s == NATS_OK ? natsOptions_SetRetryOnFailedConnect(opts, true, on_connected, NULL) : s;
    if (s == NATS_OK && *o->user) {
        s = natsOptions_SetUserInfo(opts, o->user, o->password);
    }
    if (s == NATS_OK && *o->ca_file) {
        s = natsOptions_SetSecure(opts, true);
        s = s == NATS_OK ? natsOptions_LoadCATrustedCertificates(opts, o->ca_file) : s;
    }
    return s;
}

int upward_nats_open(const struct upward_nats_opts *o, struct upward_nats **ret, struct kt_err *err)
{
    struct upward_nats *n = calloc(1, sizeof(*n));
    KT_ASSERT(n);
    jsOptions jo;
    jsOptions_Init(&jo);
    jo.Domain = *o->domain ? o->domain : NULL;
    jo.Wait = API_MS;
    natsStatus s = options(o, &n->opts);
    if (s == NATS_OK) {
        s = natsConnection_Connect(&n->nc, n->opts);
        s = s == NATS_NOT_YET_CONNECTED ? NATS_OK : s;
    }
    s = s == NATS_OK ? natsConnection_JetStream(&n->js, n->nc, &jo) : s;
    if (s != NATS_OK) {
        int r = failure(s, 0, o->url, err);
        upward_nats_close(n);
        return r;
    }
    *ret = n;
    return KT_OK;
}

void upward_nats_close(struct upward_nats *n)
{
    if (!n) {
        return;
    }
    natsSubscription_Destroy(n->heard);
    natsSubscription_Destroy(n->pulled);
    jsCtx_Destroy(n->js);
    natsConnection_Destroy(n->nc);
    natsOptions_Destroy(n->opts);
    free(n);
}

bool upward_nats_up(struct upward_nats *n)
{
    return natsConnection_Status(n->nc) == NATS_CONN_STATUS_CONNECTED;
}

int upward_nats_stream(struct upward_nats *n, const char *stream, struct kt_err *err)
{
    jsStreamInfo *si = NULL;
    jsErrCode code = 0;
    natsStatus s = js_GetStreamInfo(&si, n->js, stream, NULL, &code);
    jsStreamInfo_Destroy(si);
    if (s == NATS_NO_RESPONDERS) { /* JetStream itself does not answer */
        return kt_err_set(err, KT_EIO, "%s: JetStream does not answer", stream);
    }
    return s == NATS_OK          ? KT_OK
           : s == NATS_NOT_FOUND ? kt_err_set(err, KT_ENOTFOUND, "%s: no such stream", stream)
                                 : failure(s, code, stream, err);
}

int upward_nats_make(struct upward_nats *n, const char *stream, const char *subject,
                     struct kt_err *err)
{
    jsStreamConfig c;
    jsStreamInfo *si = NULL;
    jsErrCode code = 0;
    const char *subjects[1] = {subject};
    jsStreamConfig_Init(&c);
    c.Name = stream;
    c.Subjects = subjects;
    c.SubjectsLen = 1;
    c.MaxBytes = STREAM_BYTES;
    natsStatus s = js_AddStream(&si, n->js, &c, NULL, &code);
    jsStreamInfo_Destroy(si);
    return s == NATS_OK ? KT_OK : failure(s, code, stream, err);
}

int upward_nats_publish(struct upward_nats *n, const char *subject, struct kt_str p,
                        struct kt_err *err)
{
    jsErrCode code = 0;
    natsStatus s = js_Publish(NULL, n->js, subject, p.p, (int)p.n, NULL, &code);
    return s == NATS_OK ? KT_OK : failure(s, code, subject, err);
}

int upward_nats_say(struct upward_nats *n, const char *subject, struct kt_str p, struct kt_err *err)
{
    natsStatus s = natsConnection_Publish(n->nc, subject, p.p, (int)p.n);
    return s == NATS_OK ? KT_OK : failure(s, 0, subject, err);
}

int upward_nats_listen(struct upward_nats *n, const char *subject, struct kt_err *err)
{
    natsSubscription_Destroy(n->heard);
    n->heard = NULL;
    natsStatus s = natsConnection_SubscribeSync(&n->heard, n->nc, subject);
    return s == NATS_OK ? KT_OK : failure(s, 0, subject, err);
}

int upward_nats_hear(struct upward_nats *n, int64_t ms, struct kt_buf *out)
{
    natsMsg *m = NULL;
    if (!n->heard || natsSubscription_NextMsg(&m, n->heard, ms) != NATS_OK) {
        return 0;
    }
    kt_buf_clear(out);
    kt_buf_put(out, natsMsg_GetData(m), (size_t)natsMsg_GetDataLength(m));
    natsMsg_Destroy(m);
    return out->full ? 0 : 1;
}

int upward_nats_consume(struct upward_nats *n, const char *stream, const char *subject,
                        const char *durable, struct kt_err *err)
{
    jsSubOptions o;
    jsErrCode code = 0;
    jsSubOptions_Init(&o);
    o.Stream = stream;
    natsSubscription_Destroy(n->pulled);
    n->pulled = NULL;
    natsStatus s = js_PullSubscribe(&n->pulled, n->js, subject, durable, NULL, &o, &code);
    return s == NATS_OK ? KT_OK : failure(s, code, stream, err);
}

int upward_nats_fetch(struct upward_nats *n, int max, int64_t ms,
                      bool (*fn)(void *arg, struct kt_str p), void *arg, struct kt_err *err)
{
    natsMsgList list = {0};
    jsErrCode code = 0;
    natsStatus s = natsSubscription_Fetch(&list, n->pulled, max, ms, &code);
    if (s == NATS_TIMEOUT) {
        return 0;
    }
    if (s != NATS_OK) {
        return failure(s, code, "fetch", err);
    }
    bool good = true;
    for (int i = 0; i < list.Count; i++) {
        natsMsg *m = list.Msgs[i];
        good =
            good && fn(arg, (struct kt_str){natsMsg_GetData(m), (size_t)natsMsg_GetDataLength(m)});
        s = good ? natsMsg_Ack(m, NULL) : natsMsg_Nak(m, NULL);
        if (s != NATS_OK) {
            good = false; /* it comes again and is known as a double */
        }
    }
    int count = list.Count;
    natsMsgList_Destroy(&list);
    return count;
}
