/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session. Its thread reads what the broker sends, makes batches, and acknowledges.
 *
 * A QoS 1 message is acknowledged when all its samples are durable, in the order of arrival: a ring
 * of tickets, one a message, each with the group (the batches made from one read) it waits for.
 * A group that was refused (the node is too busy, the disk is full) is never acknowledged: the
 * connection is closed, and after a pause the broker sends those messages again. A main session
 * that has left the urgent points to another one does not come so far: it reads when there is room.
 */
#include "link/mqtt/session.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/thread.h"

/* What on_done needs; the group outlives the connection. */
struct done_ref {
    struct kt_mqtt *m;
    struct group *g;
};

static void tell_link(struct kt_mqtt *m, bool up, const char *text)
{
    if (kt_runtime_link_up(m->rt, m->conf->id, up, text) < 0) {
        KT_WARN("mqtt", "%s: the engine did not take the state of the link", m->conf->id);
    }
}

static void set_state(struct kt_mqtt *m, bool up, const char *text)
{
    pthread_mutex_lock(&m->lock);
    bool changed = m->state.up != up || m->state.since == 0;
    m->state.up = up;
    if (changed) {
        m->state.since = kt_clock_now();
    }
    m->state.reconnects += changed && up;
    snprintf(m->state.text, sizeof(m->state.text), "%s", text);
    pthread_mutex_unlock(&m->lock);
    if (!changed) {
        return;
    }
    if (!m->is_urgent) { /* what the urgent session brings, the other one has too */
        tell_link(m, up, text);
    }
    KT_INFO("mqtt", "%s%s %s%s%s", m->conf->id, m->is_urgent ? " (cut-off points)" : "",
            up ? "is connected" : "is lost", text[0] ? ": " : "", text);
}

/* ---- samples --------------------------------------------------------------------------------- */

/* Engine or journal thread. */
static void on_done(void *arg, int result, kt_seq seq)
{
    struct done_ref *ref = arg;
    uint64_t one = 1;
    (void)seq;
    if (result < 0) {
        atomic_store(&ref->g->result, result);
    }
    if (atomic_fetch_sub(&ref->g->pending, 1) == 1) {
        ssize_t ignored = write(ref->m->wake, &one, sizeof(one));
        (void)ignored;
    }
    free(ref);
}

static void submit(struct kt_mqtt *m, struct kt_batch **slot)
{
    struct kt_batch *b = *slot;
    *slot = NULL;
    if (!b) {
        return;
    }
    struct group *g = &m->groups[m->group_now % GROUPS];
    struct done_ref *ref = malloc(sizeof(*ref));
    KT_ASSERT(ref);
    *ref = (struct done_ref){m, g};
    b->done = on_done;
    b->arg = ref;
    uint32_t n = b->n;
    atomic_fetch_add(&g->pending, 1);
    int r = kt_runtime_samples(m->rt, b);
    if (r < 0) {
        on_done(ref, r, 0);
        return;
    }
    pthread_mutex_lock(&m->lock);
    m->state.samples += n;
    m->state.last_data = kt_clock_now();
    pthread_mutex_unlock(&m->lock);
}

/* Is this sample for the session to take, or for the other one? */
static bool is_mine(struct kt_mqtt *m, uint32_t point, kt_time *time)
{
    if (!m->lane) {
        return true;
    }
    if (!m->is_urgent) {
        return !m->urgent[point] || lane_rest(m->lane, point, *time != m->arrival, time);
    }
    if (m->urgent[point]) {
        lane_takes(m->lane, point, *time);
    }
    return m->urgent[point];
}

static void take_sample(void *arg, uint32_t point, kt_time time, double value, kt_quality q)
{
    struct kt_mqtt *m = arg;
    if (!is_mine(m, point, &time)) {
        return;
    }
    struct kt_batch **slot = m->urgent[point] ? &m->fast : &m->bulk;
    if (*slot && (*slot)->n == KT_BATCH_MAX) {
        submit(m, slot);
    }
    if (!*slot) {
        bool urgent = m->urgent[point];
        struct kt_batch *b = kt_batch_get(m->rt, urgent ? KT_ROOM_URGENT : KT_ROOM_LINK);
        if (!b) {
            atomic_store(&m->groups[m->group_now % GROUPS].result, KT_EBUSY);
            return;
        }
        b->arrival = kt_clock_now();
        snprintf(b->producer, sizeof(b->producer), "%s", m->conf->id);
        *slot = b;
    }
    struct kt_batch *b = *slot;
    b->point[b->n] = point;
    b->time[b->n] = time;
    b->value[b->n] = value;
    b->quality[b->n++] = q;
}

/* Readings of tags: one event a message. */
static int take_tags(struct kt_mqtt *m, struct kt_str body, kt_time now)
{
    uint32_t bad = 0;
    int n = tags_take(body, now, m->tags, &bad);
    if (n <= 0) {
        return n;
    }
    struct group *g = &m->groups[m->group_now % GROUPS];
    struct done_ref *ref = malloc(sizeof(*ref));
    KT_ASSERT(ref);
    *ref = (struct done_ref){m, g};
    kt_buf_clear(&m->coded);
    kt_readings_encode(&m->coded, m->tags);
    atomic_fetch_add(&g->pending, 1);
    int r = kt_runtime_readings(m->rt, (struct kt_str){m->coded.p, m->coded.n}, m->conf->id,
                                on_done, ref);
    if (r < 0) {
        on_done(ref, r, 0);
    }
    pthread_mutex_lock(&m->lock);
    m->state.samples += (uint64_t)n;
    m->state.errors += bad;
    m->state.last_data = now;
    pthread_mutex_unlock(&m->lock);
    return n;
}

/* ---- acknowledgements ------------------------------------------------------------------------ */

/* False: a group was refused, the connection must go. */
static bool send_acks(struct kt_mqtt *m)
{
    while (m->ticket_first < m->ticket_next) {
        const struct ticket *t = &m->tickets[m->ticket_first % TICKETS];
        struct group *g = &m->groups[t->group % GROUPS];
        if (atomic_load(&g->result) < 0) {
            return false;
        }
        if (atomic_load(&g->pending) > 0 || (t->group == m->group_now && (m->bulk || m->fast))) {
            break;
        }
        mqtt_put_puback(&m->out, t->id);
        m->ticket_first++;
    }
    return true;
}

static bool flush_out(struct kt_mqtt *m)
{
    size_t at = 0;
    while (at < m->out.n) {
        ssize_t n = send(m->fd, m->out.p + at, m->out.n - at, MSG_NOSIGNAL);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            struct pollfd p = {.fd = m->fd, .events = POLLOUT};
            if (poll(&p, 1, 2000) <= 0) {
                return false;
            }
            continue;
        }
        if (n <= 0) {
            return false;
        }
        at += (size_t)n;
        m->last_out = kt_clock_mono();
    }
    kt_buf_clear(&m->out);
    return true;
}

/* A group begins with each read; its number must not lap one that is still waited for. */
static bool next_group(struct kt_mqtt *m)
{
    struct group *g = &m->groups[(m->group_now + 1) % GROUPS];
    if (atomic_load(&g->pending) > 0) {
        return false; /* as many reads wait for the disk as there are tickets: stop reading */
    }
    m->group_now++;
    atomic_store(&g->result, KT_OK);
    return true;
}

/* ---- host of Sparkplug ----------------------------------------------------------------------- */

/* The host's STATE: retained, so that nodes that come later know it. */
static void put_state_body(const struct kt_mqtt *m, bool online, char *to, size_t cap)
{
    snprintf(to, cap, "{\"online\":%s,\"timestamp\":%lld}", online ? "true" : "false",
             (long long)(m->state_time / KT_MS));
}

static void tell_state(struct kt_mqtt *m, bool online)
{
    char body[80];
    if (m->state_topic.n) {
        put_state_body(m, online, body, sizeof(body));
        mqtt_put_publish(&m->out, m->conf->version, 2, true,
                         (struct kt_str){m->state_topic.p, m->state_topic.n}, kt_str_c(body));
    }
}

/* Births that are to be asked for. */
static void send_commands(struct kt_mqtt *m)
{
    struct kt_buf topic, body;
    if (!m->spark || !m->ready) {
        return;
    }
    kt_buf_init(&topic, 2048);
    kt_buf_init(&body, 4096);
    while (spark_command(m->spark, kt_clock_mono(), kt_clock_now(), &topic, &body)) {
        mqtt_put_publish(&m->out, m->conf->version, 0, false, (struct kt_str){topic.p, topic.n},
                         (struct kt_str){body.p, body.n});
        kt_buf_clear(&topic);
        kt_buf_clear(&body);
    }
    kt_buf_done(&topic);
    kt_buf_done(&body);
}

/* Somebody, our own earlier will too, says that this host is gone: it is not. */
static bool is_false_state(const struct kt_mqtt *m, const struct mqtt_packet *p)
{
    return m->state_topic.n && m->ready &&
           kt_str_eq(p->topic, (struct kt_str){m->state_topic.p, m->state_topic.n}) &&
           memmem(p->body.p, p->body.n, "false", 5);
}

static void subscribe(struct kt_mqtt *m)
{
    mqtt_put_subscribe(&m->out, m->conf->version, 1, (const char *const *)m->topics, m->topics_n);
}

static void ping(struct kt_mqtt *m)
{
    mqtt_put_ping(&m->out);
    m->pings++;
}

/* The urgent session has its topics: from the answer to this ping on it takes its points. */
static void put_fence(struct kt_mqtt *m)
{
    if (m->lane && !m->is_urgent && m->ready && lane_fence(m->lane)) {
        ping(m);
        m->fence = m->pings;
    }
}

static void on_pong(struct kt_mqtt *m)
{
    if (++m->pongs == m->fence) {
        lane_passed(m->lane);
    }
}

/* ---- packets --------------------------------------------------------------------------------- */

static bool on_publish(struct kt_mqtt *m, const struct mqtt_packet *p)
{
    kt_time now = m->arrival = kt_clock_now();
    int r = m->tags    ? take_tags(m, p->body, now)
            : m->spark ? spark_take(m->spark, p->topic, p->body, now, take_sample, m)
                       : routing_take(m->routing, p->topic, p->body, now, take_sample, m);
    if (is_false_state(m, p)) {
        tell_state(m, true);
    }
    if (r < 0 && !m->is_urgent) {
        pthread_mutex_lock(&m->lock);
        m->state.errors++;
        snprintf(m->state.text, sizeof(m->state.text), "payload of %.*s cannot be read",
                 (int)(p->topic.n < 100 ? p->topic.n : 100), p->topic.p);
        pthread_mutex_unlock(&m->lock);
    }
    if (p->qos == 0) {
        return true;
    }
    if (p->qos == 2 || m->ticket_next - m->ticket_first == TICKETS) {
        return false; /* QoS 2 was not asked for */
    }
    m->tickets[m->ticket_next++ % TICKETS] = (struct ticket){p->id, m->group_now};
    return true;
}

static bool on_packet(struct kt_mqtt *m, const struct mqtt_packet *p)
{
    switch (p->type) {
    case MQTT_CONNACK:
        if (p->code) {
            char text[80];
            snprintf(text, sizeof(text), "the broker refused the login (code %u)", p->code);
            set_state(m, false, text);
            return false;
        }
        subscribe(m);
        return true;
    case MQTT_SUBACK:
        if (p->code >= 0x80) {
            set_state(m, false, "the broker refused a topic");
            return false;
        }
        m->ready = true;
        m->backoff_ms = 0;
        set_state(m, true, "");
        if (m->is_urgent) {
            lane_up(m->lane);
        }
        tell_state(m, true);
        if (m->spark) {
            spark_connected(m->spark);
        }
        return true;
    case MQTT_PUBLISH:
        return on_publish(m, p);
    case MQTT_PINGRESP:
        on_pong(m);
        return true;
    case MQTT_DISCONNECT:
        return false;
    default:
        return true;
    }
}

/* All whole packets of the buffer. */
static bool parse_in(struct kt_mqtt *m)
{
    size_t at = 0;
    bool ok = true;
    while (ok) {
        struct mqtt_packet p;
        int n = mqtt_parse((struct kt_str){m->in.p + at, m->in.n - at}, m->conf->version, &p);
        if (n <= 0) {
            ok = n == 0;
            break;
        }
        at += (size_t)n;
        ok = on_packet(m, &p);
    }
    memmove(m->in.p, m->in.p + at, m->in.n - at);
    m->in.n -= at;
    submit(m, &m->fast);
    submit(m, &m->bulk);
    return ok;
}

static bool read_in(struct kt_mqtt *m)
{
    if (!next_group(m)) {
        return true;
    }
    char *to = kt_buf_reserve(&m->in, 65536);
    if (!to) {
        return false;
    }
    ssize_t n = recv(m->fd, to, 65536, 0);
    if (n < 0) {
        return errno == EAGAIN || errno == EINTR;
    }
    if (n == 0) {
        return false;
    }
    m->in.n += (size_t)n;
    m->last_in = kt_clock_mono();
    return parse_in(m);
}

/* ---- connection ------------------------------------------------------------------------------ */

static int dial(const struct kt_link_conf *conf)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
    char port[12];
    int fd = -1, one = 1;
    snprintf(port, sizeof(port), "%d", conf->port ? conf->port : 1883);
    if (getaddrinfo(conf->host, port, &hints, &list) != 0) {
        return -1;
    }
    for (struct addrinfo *a = list; a && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
        if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(list);
    if (fd >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        fcntl(fd, F_SETFL, O_NONBLOCK);
    }
    return fd;
}

static void put_connect(struct kt_mqtt *m)
{
    char path[900];
    struct kt_buf secret;
    struct kt_err err;
    kt_buf_init(&secret, 4096);
    if (m->conf->password_file[0]) {
        snprintf(path, sizeof(path), "%s/%s", m->site->dir, m->conf->password_file);
        if (kt_file_read(path, 4096, &secret, &err) < 0) {
            KT_WARN("mqtt", "%s: %s", m->conf->id, err.text);
        }
        while (secret.n && strchr("\r\n", secret.p[secret.n - 1])) {
            secret.n--;
        }
    }
    char will[80];
    m->state_time = kt_clock_now();
    put_state_body(m, false, will, sizeof(will));
    struct mqtt_connect c = {kt_buf_cstr(&m->client_id),
                             m->conf->user,
                             kt_buf_cstr(&secret),
                             m->conf->version,
                             KEEP_ALIVE_S,
                             m->state_topic.n ? kt_buf_cstr(&m->state_topic) : NULL,
                             kt_str_c(will)};
    mqtt_put_connect(&m->out, &c);
    kt_buf_done(&secret);
}

/* Ping when quiet; a broker that has said nothing for one and a half keep-alives is gone. */
static bool keep_alive(struct kt_mqtt *m)
{
    kt_mono now = kt_clock_mono();
    if (now - m->last_out > KEEP_ALIVE_S * KT_SEC / 2) {
        ping(m);
    }
    return now - m->last_in < KEEP_ALIVE_S * KT_SEC * 3 / 2;
}

/* May more be read? What nobody waits for stays with the broker while there is no room for it. */
static bool has_room(const struct kt_mqtt *m)
{
    bool groups = atomic_load(&m->groups[(m->group_now + 1) % GROUPS].pending) == 0;
    if (!m->lane || m->is_urgent || !lane_alone(m->lane)) {
        return groups;
    }
    return groups && m->ticket_next - m->ticket_first < TICKETS - READ_TICKETS &&
           kt_batch_left(m->rt, KT_ROOM_LINK);
}

static void be_eager(struct kt_mqtt *m)
{
    bool eager = !m->lane || m->is_urgent || !lane_alone(m->lane);
    if (eager != m->eager) {
        kt_thread_nice(eager ? -10 : 0);
        m->eager = eager;
    }
}

static void session(struct kt_mqtt *m)
{
    enum { LOOK_MS = 20 }; /* again for room */
    m->last_in = m->last_out = kt_clock_mono();
    put_connect(m);
    bool on = flush_out(m);
    while (on && !atomic_load(&m->stopping)) {
        bool room = has_room(m);
        be_eager(m);
        put_fence(m);
        on = flush_out(m);
        struct pollfd p[2] = {{.fd = m->fd, .events = room ? POLLIN : 0},
                              {.fd = m->wake, .events = POLLIN}};
        if (poll(p, 2, room ? 1000 : LOOK_MS) < 0 && errno != EINTR) {
            break;
        }
        m->last_in = room ? m->last_in : kt_clock_mono();
        if (p[1].revents) {
            uint64_t n;
            ssize_t ignored = read(m->wake, &n, sizeof(n));
            (void)ignored;
        }
        if (on && p[0].revents) {
            on = read_in(m);
        }
        if (on) {
            send_commands(m);
        }
        on = on && send_acks(m) && keep_alive(m) && flush_out(m);
    }
    if (on) {
        tell_state(m, false);
        mqtt_put_disconnect(&m->out);
        flush_out(m);
    }
}

static void forget_connection(struct kt_mqtt *m)
{
    m->ready = false;
    m->pings = m->pongs = m->fence = 0;
    if (m->lane && m->is_urgent) {
        lane_lost(m->lane);
    } else if (m->lane) {
        lane_unfence(m->lane);
    }
    m->ticket_first = m->ticket_next = 0;
    kt_buf_clear(&m->in);
    kt_buf_clear(&m->out);
    if (m->bulk) {
        kt_batch_put(m->rt, m->bulk);
        m->bulk = NULL;
    }
    if (m->fast) {
        kt_batch_put(m->rt, m->fast);
        m->fast = NULL;
    }
}

static bool groups_idle(struct kt_mqtt *m)
{
    for (int i = 0; i < GROUPS; i++) {
        if (atomic_load(&m->groups[i].pending) > 0) {
            return false;
        }
    }
    return true;
}

void *mqtt_session_run(void *arg)
{
    struct kt_mqtt *m = arg;
    while (!atomic_load(&m->stopping)) {
        m->fd = dial(m->conf);
        if (m->fd >= 0) {
            session(m);
            close(m->fd);
            m->fd = -1;
        }
        forget_connection(m);
        if (atomic_load(&m->stopping)) {
            break;
        }
        set_state(m, false, m->state.text);
        m->backoff_ms = m->backoff_ms ? m->backoff_ms * 2 : 250;
        m->backoff_ms = m->backoff_ms > 10000 ? 10000 : m->backoff_ms;
        struct pollfd p = {.fd = m->wake, .events = POLLIN};
        for (kt_mono end = kt_clock_mono() + m->backoff_ms * KT_MS;
             kt_clock_mono() < end && !atomic_load(&m->stopping);) {
            poll(&p, 1, 50);
            uint64_t n;
            ssize_t ignored = p.revents ? read(m->wake, &n, sizeof(n)) : 0;
            (void)ignored;
        }
    }
    while (!groups_idle(m)) {
        kt_sleep(KT_MS); /* batches under way still name this session */
    }
    return NULL;
}
