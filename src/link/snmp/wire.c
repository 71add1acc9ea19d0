/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire: messages to one device and its answers.
 *
 * net-snmp keeps numbers of messages, users and the clocks of devices in memory that all sessions
 * share, without locks. Invariant: no function of it is called outside `library`, and nobody waits
 * inside: a message is sent, the socket is waited for, what came is read. So a silent device delays
 * nobody.
 */
#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>

#include <net-snmp/library/large_fd_set.h>

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "link/snmp/private.h"
#include "sys/clock.h"

static pthread_mutex_t library = PTHREAD_MUTEX_INITIALIZER; /* of net-snmp's own globals */

enum { WAIT_MS = 50, BULK = 32 };

struct wire {
    void *session;
    const struct kt_link_conf *conf;
    int stop, fd;
    bool done, sent;     /* of the message under way */
    netsnmp_pdu *answer; /* NULL: none came */
    char community[SNMP_SECRET];
};

/* Nothing of the machine's own settings counts here, and nothing is kept on its disk. */
static void begin(void)
{
    netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
    netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
    netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DISABLE_PERSISTENT_LOAD, 1);
    netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DISABLE_PERSISTENT_SAVE, 1);
    netsnmp_ds_set_string(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_MIBDIRS, "/nonexistent");
    (void)netsnmp_register_loghandler(NETSNMP_LOGHANDLER_NONE, LOG_DEBUG);
    init_snmp("kuangtu");
    /* what would follow the settings: the user without a name, who asks what an engine is called */
    (void)snmp_call_callbacks(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_POST_READ_CONFIG, NULL);
}

/* ---- one message and its answer ---------------------------------------------------------------
 */

static int came(int op, netsnmp_session *session, int id, netsnmp_pdu *pdu, void *arg)
{
    struct wire *w = arg;
    (void)session;
    (void)id;
    w->done = true;
    if (op == NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE && !w->answer) {
        w->answer = snmp_clone_pdu(pdu);
    }
    return 1;
}

/* True: a word to stop came instead. */
static bool wait_for_bytes(struct wire *w, bool *ret_readable)
{
    struct pollfd p[2] = {{.fd = w->fd, .events = POLLIN}, {.fd = w->stop, .events = POLLIN}};
    int n = poll(p, 2, WAIT_MS);
    *ret_readable = n > 0 && p[0].revents;
    return n > 0 && p[1].revents;
}

static void read_or_time_out(struct wire *w, bool readable)
{
    pthread_mutex_lock(&library);
    if (readable) {
        netsnmp_large_fd_set set;
        netsnmp_large_fd_set_init(&set, FD_SETSIZE);
        netsnmp_large_fd_setfd(w->fd, &set);
        (void)snmp_sess_read2(w->session, &set);
        netsnmp_large_fd_set_cleanup(&set);
    }
    if (!w->done) {
        snmp_sess_timeout(w->session);
    }
    pthread_mutex_unlock(&library);
}

static void drop_answer(struct wire *w)
{
    if (w->answer) {
        snmp_free_pdu(w->answer);
        w->answer = NULL;
    }
}

/* Takes the message. On KT_OK w->answer is a response or a report of the device. */
static int exchange(struct wire *w, netsnmp_pdu *pdu, struct kt_err *err)
{
    drop_answer(w);
    w->done = false;
    pthread_mutex_lock(&library);
    bool sent = pdu && snmp_sess_async_send(w->session, pdu, came, w) != 0;
    int why = snmp_sess_session(w->session)->s_snmp_errno;
    if (pdu && !sent) {
        snmp_free_pdu(pdu);
    }
    pthread_mutex_unlock(&library);
    if (!sent) {
        return kt_err_set(err, KT_EIO, "a message could not be sent: %s", snmp_api_errstring(why));
    }
    /* the library counts tries and time; this is the end that it cannot miss */
    kt_mono until = kt_clock_pace() + (w->conf->retries + 2) * w->conf->timeout_ns;
    while (!w->done && kt_clock_pace() < until) {
        bool readable;
        if (wait_for_bytes(w, &readable)) {
            return kt_err_set(err, KT_ECLOSED, "stopping");
        }
        read_or_time_out(w, readable);
    }
    return w->answer ? KT_OK : kt_err_set(err, KT_ETIMEOUT, "no answer in time");
}

/* ---- opening ----------------------------------------------------------------------------------
 */

static bool key(const oid *protocol, size_t len, const char *word, u_char *to, size_t *n)
{
    *n = USM_AUTH_KU_LEN;
    return generate_Ku(protocol, (u_int)len, (const u_char *)word, strlen(word), to, n) ==
           SNMPERR_SUCCESS;
}

static void choose_auth(const char *name, netsnmp_session *o)
{
    if (strcmp(name, "sha256") == 0) {
        o->securityAuthProto = usmHMAC192SHA256AuthProtocol;
        o->securityAuthProtoLen = OID_LENGTH(usmHMAC192SHA256AuthProtocol);
    } else if (strcmp(name, "sha512") == 0) {
        o->securityAuthProto = usmHMAC384SHA512AuthProtocol;
        o->securityAuthProtoLen = OID_LENGTH(usmHMAC384SHA512AuthProtocol);
    } else {
        o->securityAuthProto = usmHMACSHA1AuthProtocol;
        o->securityAuthProtoLen = USM_AUTH_PROTO_SHA_LEN;
    }
}

static bool secure(const struct wire *w, const struct secrets *s, netsnmp_session *o)
{
    o->version = SNMP_VERSION_3;
    o->securityName = (char *)(uintptr_t)w->conf->user;
    o->securityNameLen = strlen(w->conf->user);
    o->securityLevel = *s->key ? SNMP_SEC_LEVEL_AUTHPRIV : SNMP_SEC_LEVEL_AUTHNOPRIV;
    choose_auth(w->conf->auth, o);
    if (*s->key) {
        o->securityPrivProto = usmAESPrivProtocol;
        o->securityPrivProtoLen = USM_PRIV_PROTO_AES_LEN;
        if (!key(o->securityAuthProto, o->securityAuthProtoLen, s->key, o->securityPrivKey,
                 &o->securityPrivKeyLen)) {
            return false;
        }
    }
    return key(o->securityAuthProto, o->securityAuthProtoLen, s->first, o->securityAuthKey,
               &o->securityAuthKeyLen);
}

/* The kernel lets pass what comes from the device's own address and port, nothing else. */
static bool take_socket(struct wire *w)
{
    netsnmp_transport *t = snmp_sess_transport(w->session);
    if (!t || t->sock < 0 || !t->remote) {
        return false;
    }
    w->fd = t->sock;
    return connect(t->sock, (const struct sockaddr *)t->remote, (socklen_t)t->remote_length) == 0;
}

static int open_session(struct wire *w, const struct secrets *s, struct kt_err *err)
{
    netsnmp_session o;
    char peer[320];
    snmp_sess_init(&o);
    (void)snprintf(peer, sizeof(peer), strchr(w->conf->host, ':') ? "udp6:[%s]:%d" : "udp:%s:%d",
                   w->conf->host, w->conf->port);
    o.peername = peer;
    o.timeout = (long)(w->conf->timeout_ns / 1000);
    o.retries = w->conf->retries;
    o.flags |= SNMP_FLAGS_DONT_PROBE; /* that would wait inside the library */
    if (w->conf->version == 3) {
        if (!secure(w, s, &o)) {
            return kt_err_set(err, KT_EINVAL, "a password of version 3 has at least 8 characters");
        }
    } else {
        o.version = SNMP_VERSION_2c;
        kt_text_set(w->community, sizeof(w->community), s->first);
        o.community = (u_char *)w->community;
        o.community_len = strlen(w->community);
    }
    w->session = snmp_sess_open(&o);
    if (w->session) { /* opening takes the flag for itself */
        snmp_sess_session(w->session)->flags |= SNMP_FLAGS_DONT_PROBE;
    }
    explicit_bzero(&o, sizeof(o));
    return w->session && take_socket(w)
               ? KT_OK
               : kt_err_set(err, KT_EIO, "no socket to %.100s", w->conf->host);
}

/* Version 3: the device says by a report what its engine is called (RFC 3414, 4). The user is made
 * anew: its keys may be others than those of the link before. */
static int discover(struct wire *w, struct kt_err *err)
{
    pthread_mutex_lock(&library);
    netsnmp_pdu *pdu = snmp_pdu_create(SNMP_MSG_GET);
    if (pdu) {
        pdu->version = SNMP_VERSION_3;
        pdu->securityName = strdup("");
        pdu->securityLevel = SNMP_SEC_LEVEL_NOAUTH;
        pdu->securityModel = SNMP_SEC_MODEL_USM;
    }
    pthread_mutex_unlock(&library);
    int r = exchange(w, pdu, err);
    if (r < 0) {
        return r;
    }
    pthread_mutex_lock(&library);
    netsnmp_session *s = snmp_sess_session(w->session);
    if (!s->securityEngineIDLen) {
        r = kt_err_set(err, KT_EIO, "it does not say what its engine is called");
    } else {
        struct usmUser *old =
            usm_get_user(s->securityEngineID, s->securityEngineIDLen, s->securityName);
        if (old) {
            usm_remove_user(old);
            usm_free_user(old);
        }
        if (create_user_from_session(s) != SNMPERR_SUCCESS) {
            r = kt_err_set(err, KT_EINVAL, "its user cannot be made of these secrets");
        }
    }
    pthread_mutex_unlock(&library);
    return r;
}

int wire_open(const struct kt_link_conf *conf, const struct secrets *secrets, int stop,
              struct wire **ret, struct kt_err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct wire *w = calloc(1, sizeof(*w));
    KT_ASSERT(w);
    w->conf = conf;
    w->stop = stop;
    pthread_mutex_lock(&library);
    pthread_once(&once, begin);
    int r = open_session(w, secrets, err);
    pthread_mutex_unlock(&library);
    r = r == KT_OK && conf->version == 3 ? discover(w, err) : r;
    if (r < 0) {
        wire_close(w);
        return r;
    }
    *ret = w;
    return KT_OK;
}

void wire_close(struct wire *w)
{
    if (!w) {
        return;
    }
    pthread_mutex_lock(&library);
    if (w->session) {
        snmp_sess_close(w->session);
    }
    drop_answer(w);
    pthread_mutex_unlock(&library);
    explicit_bzero(w->community, sizeof(w->community));
    free(w);
}

/* ---- what it says -----------------------------------------------------------------------------
 */

static void whole(struct got *g, uint64_t count, double value)
{
    *g = (struct got){.kind = GOT_NUMBER, .count = count, .value = value};
    (void)snprintf(g->text, sizeof(g->text), "%.17g", value);
}

static void value_of(const netsnmp_variable_list *v, struct got *g)
{
    *g = (struct got){0};
    switch (v->type) {
    case ASN_INTEGER:
        whole(g, (uint64_t)*v->val.integer, (double)*v->val.integer);
        break;
    case ASN_COUNTER:
    case ASN_GAUGE:
    case ASN_TIMETICKS: {
        uint32_t n = (uint32_t)(u_long)*v->val.integer;
        whole(g, n, (double)n);
        break;
    }
    case ASN_COUNTER64: {
        uint64_t n = (uint64_t)v->val.counter64->high << 32 | (uint32_t)v->val.counter64->low;
        whole(g, n, (double)n);
        g->wide = true;
        break;
    }
    case ASN_OPAQUE_FLOAT:
        whole(g, 0, (double)*v->val.floatVal);
        break;
    case ASN_OPAQUE_DOUBLE:
        whole(g, 0, *v->val.doubleVal);
        break;
    case ASN_OCTET_STR:
        snmp_text(v->val.string, v->val_len, g);
        break;
    default: /* no such object or instance, end of its view, a name, an address */
        break;
    }
}

static bool below(const netsnmp_variable_list *v, const struct kt_oid_address *a)
{
    bool in = v->name_length >= a->n;
    for (uint32_t k = 0; in && k < a->n; k++) {
        in = v->name[k] == a->oid[k];
    }
    return in;
}

static void name_of(const struct kt_oid_address *a, oid name[KT_OID_ARCS])
{
    for (uint32_t k = 0; k < a->n; k++) {
        name[k] = a->oid[k];
    }
}

static netsnmp_pdu *get_message(const struct kt_oid_address *const *ask, uint32_t n)
{
    oid name[KT_OID_ARCS];
    pthread_mutex_lock(&library);
    netsnmp_pdu *pdu = snmp_pdu_create(SNMP_MSG_GET);
    for (uint32_t i = 0; pdu && i < n; i++) {
        name_of(ask[i], name);
        snmp_add_null_var(pdu, name, ask[i]->n);
    }
    pthread_mutex_unlock(&library);
    return pdu;
}

/* An answer in another order does no harm, an answer to something else is none. */
static void take_answer(const struct wire *w, const struct kt_oid_address *const *ask, uint32_t n,
                        struct got *ret)
{
    for (const netsnmp_variable_list *v = w->answer->variables; v; v = v->next_variable) {
        for (uint32_t i = 0; i < n; i++) {
            if (v->name_length == ask[i]->n && below(v, ask[i])) {
                value_of(v, &ret[i]);
            }
        }
    }
}

/* A report means that the device does not let us in: RFC 3414, 3.2. */
static int let_in(struct wire *w, struct kt_err *err)
{
    if (w->answer->command == SNMP_MSG_RESPONSE) {
        return KT_OK;
    }
    return kt_err_set(err, KT_EDENIED, "it refuses the user, the password or the key");
}

int wire_get(struct wire *w, const struct kt_oid_address *const *ask, uint32_t n, struct got *ret,
             struct kt_err *err)
{
    for (uint32_t i = 0; i < n; i++) {
        ret[i] = (struct got){0};
    }
    int r = exchange(w, get_message(ask, n), err);
    r = r < 0 ? r : let_in(w, err);
    if (r < 0) {
        return r;
    }
    if (w->answer->errstat == SNMP_ERR_NOERROR) {
        take_answer(w, ask, n, ret);
    } else if (n > 1) { /* too big, or one of them is at fault: at most four halvings deep */
        r = wire_get(w, ask, n / 2, ret, err);
        r = r < 0 ? r : wire_get(w, ask + n / 2, n - n / 2, ret + n / 2, err);
    }
    return r;
}

/* ---- rows -------------------------------------------------------------------------------------
 */

struct walk {
    oid at[MAX_OID_LEN];
    size_t n;
    uint32_t rows, counted;
    bool over, backwards;
};

static netsnmp_pdu *bulk_message(const struct walk *k)
{
    pthread_mutex_lock(&library);
    netsnmp_pdu *pdu = snmp_pdu_create(SNMP_MSG_GETBULK);
    if (pdu) {
        pdu->non_repeaters = 0;
        pdu->max_repetitions = BULK;
        snmp_add_null_var(pdu, k->at, k->n);
    }
    pthread_mutex_unlock(&library);
    return pdu;
}

static void take_rows(struct walk *k, const netsnmp_variable_list *v,
                      const struct kt_oid_address *a)
{
    for (; v && !k->over; v = v->next_variable) {
        struct got g;
        if (v->type == SNMP_ENDOFMIBVIEW || !below(v, a)) {
            k->over = true;
        } else if (v->name_length > MAX_OID_LEN ||
                   snmp_oid_compare(v->name, v->name_length, k->at, k->n) <= 0) {
            k->over = k->backwards = true;
        } else {
            value_of(v, &g);
            k->rows++;
            k->counted += (!a->is_n && !*a->text) || snmp_is(a, &g);
            memcpy(k->at, v->name, v->name_length * sizeof(oid));
            k->n = v->name_length;
        }
    }
}

int wire_rows(struct wire *w, const struct kt_oid_address *ask, uint32_t *ret, bool *ret_known,
              struct kt_err *err)
{
    struct walk k = {.n = ask->n};
    name_of(ask, k.at);
    while (!k.over && k.rows <= SNMP_ROWS) {
        int r = exchange(w, bulk_message(&k), err);
        r = r < 0 ? r : let_in(w, err);
        if (r < 0) {
            return r;
        }
        k.backwards =
            k.backwards || w->answer->errstat != SNMP_ERR_NOERROR || !w->answer->variables;
        k.over = k.over || k.backwards;
        take_rows(&k, w->answer->variables, ask);
    }
    *ret = k.counted;
    *ret_known = k.over && !k.backwards;
    return KT_OK;
}
