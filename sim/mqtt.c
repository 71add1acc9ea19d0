/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A publisher of MQTT 3.1.1, QoS 1. Fields of one topic go out as one JSON object with the plant's
 * time; a point without a field is a bare number. A broken instrument is left out.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "outlets.h"
#include "sys/clock.h"

enum { CLIENTS_MAX = 8, KEEP_ALIVE_S = 60, PACKET_MAX = 8192 };
#define PERIOD_NS (2 * KT_SEC)
#define RETRY_NS  (2 * KT_SEC)

struct session {
    const char *name;
    int fd;
    kt_mono retry, spoke;
    uint16_t last_id;
};
struct sessions {
    struct session list[CLIENTS_MAX];
    int n;
    bool told;
};

static void put_text(struct kt_buf *b, const char *s)
{
    size_t n = strlen(s);
    kt_put_u8(b, (uint8_t)(n >> 8));
    kt_put_u8(b, (uint8_t)n);
    kt_buf_put(b, s, n);
}

void sim_mqtt_connect(struct kt_buf *out, const char *client_id, int keep_alive_s)
{
    kt_put_u8(out, 0x10);
    kt_put_varint(out, 10 + 2 + strlen(client_id));
    put_text(out, "MQTT");
    kt_put_u8(out, 4); /* 3.1.1 */
    kt_put_u8(out, 2); /* clean session */
    kt_put_u8(out, (uint8_t)(keep_alive_s >> 8));
    kt_put_u8(out, (uint8_t)keep_alive_s);
    put_text(out, client_id);
}

void sim_mqtt_publish(struct kt_buf *out, const char *topic, const char *payload, size_t n,
                      uint16_t packet_id)
{
    kt_put_u8(out, 0x32); /* QoS 1 */
    kt_put_varint(out, 2 + strlen(topic) + 2 + n);
    put_text(out, topic);
    kt_put_u8(out, (uint8_t)(packet_id >> 8));
    kt_put_u8(out, (uint8_t)packet_id);
    kt_buf_put(out, payload, n);
}

static void hang_up(struct session *s)
{
    if (s->fd >= 0) {
        close(s->fd);
    }
    s->fd = -1;
    s->retry = kt_clock_mono() + RETRY_NS;
}

static bool say(struct session *s, const struct kt_buf *b)
{
    if (send(s->fd, b->p, b->n, MSG_NOSIGNAL) != (ssize_t)b->n) {
        hang_up(s);
        return false;
    }
    s->spoke = kt_clock_mono();
    return true;
}

static bool dial(struct session *s, int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct timeval limit = {.tv_sec = 2};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s->fd < 0) {
        return false;
    }
    setsockopt(s->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    setsockopt(s->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    return connect(s->fd, (struct sockaddr *)&at, sizeof(at)) == 0;
}

/** Connected and accepted? */
static bool greet(struct session *s, int port)
{
    char id[64];
    uint8_t ack[4];
    struct kt_buf b;
    if (!dial(s, port)) {
        hang_up(s);
        return false;
    }
    snprintf(id, sizeof(id), "sim-%s-%d", s->name, port);
    kt_buf_init(&b, PACKET_MAX);
    sim_mqtt_connect(&b, id, KEEP_ALIVE_S);
    bool ok = say(s, &b) && recv(s->fd, ack, sizeof(ack), MSG_WAITALL) == sizeof(ack) &&
              ack[0] == 0x20 && ack[3] == 0;
    kt_buf_done(&b);
    if (!ok && s->fd >= 0) {
        hang_up(s);
    }
    return ok;
}

/** Acknowledgements are read so that they do not pile up; false when the broker has gone. */
static bool listen_up(struct session *s)
{
    char heard[512];
    ssize_t n;
    while ((n = recv(s->fd, heard, sizeof(heard), MSG_DONTWAIT)) > 0) {
    }
    if (n == 0) {
        hang_up(s);
    }
    return n != 0;
}

static bool same_message(const struct sim_publish *a, const struct sim_publish *b)
{
    return strcmp(a->client, b->client) == 0 && strcmp(a->topic, b->topic) == 0 && *a->field &&
           *b->field;
}

/** The message that begins with publish `i` of the plan; false when nothing is to be said. */
static bool message(struct sim_outlet *o, int i, struct kt_buf *out)
{
    const struct sim_plant *p = o->run->plant;
    const struct sim_publish *x = &p->publishes[i];
    if (!*x->field) {
        struct sim_reading v = sim_outlet_read(o, x->point);
        kt_buf_printf(out, "%.10g", v.value);
        return !(v.status & SIM_ST_SENSOR_FAULT);
    }
    kt_buf_printf(out, "{\"ts\":%lld", (long long)(atomic_load(&o->run->now) / KT_MS));
    bool any = false;
    for (int k = i; k < p->publishes_n; k++) {
        if (!same_message(x, &p->publishes[k])) {
            continue;
        }
        struct sim_reading v = sim_outlet_read(o, p->publishes[k].point);
        if (!(v.status & SIM_ST_SENSOR_FAULT)) {
            kt_buf_printf(out, ",\"%s\":%.10g", p->publishes[k].field, v.value);
            any = true;
        }
    }
    kt_buf_puts(out, "}");
    return any;
}

static bool begins(const struct sim_plant *p, int i)
{
    for (int k = 0; k < i; k++) {
        if (same_message(&p->publishes[k], &p->publishes[i])) {
            return false;
        }
    }
    return true;
}

static void publish_all(struct sim_outlet *o, struct session *s)
{
    const struct sim_plant *p = o->run->plant;
    struct kt_buf payload, packet;
    kt_buf_init(&payload, PACKET_MAX);
    kt_buf_init(&packet, PACKET_MAX);
    for (int i = 0; i < p->publishes_n && s->fd >= 0; i++) {
        if (strcmp(p->publishes[i].client, s->name) != 0 || !begins(p, i)) {
            continue;
        }
        kt_buf_clear(&payload);
        kt_buf_clear(&packet);
        if (message(o, i, &payload)) {
            s->last_id = (uint16_t)(s->last_id == 65535 ? 1 : s->last_id + 1);
            sim_mqtt_publish(&packet, p->publishes[i].topic, payload.p, payload.n, s->last_id);
            say(s, &packet);
        }
    }
    kt_buf_done(&payload);
    kt_buf_done(&packet);
}

static void turn(struct sim_outlet *o)
{
    struct sessions *all = o->own;
    bool due = sim_outlet_due(o, PERIOD_NS);
    kt_mono now = kt_clock_mono();
    for (int i = 0; i < all->n; i++) {
        struct session *s = &all->list[i];
        if (s->fd < 0 && now >= s->retry && !greet(s, o->port) && !all->told) {
            KT_INFO("mqtt", "no broker at 127.0.0.1:%d yet", o->port);
            all->told = true;
        }
        if (s->fd >= 0 && listen_up(s) && due) {
            publish_all(o, s);
        }
        if (s->fd >= 0 && now - s->spoke > KEEP_ALIVE_S / 3 * KT_SEC) {
            struct kt_buf ping = {.p = (char[]){(char)0xc0, 0}, .n = 2};
            say(s, &ping);
        }
    }
}

static void done(struct sim_outlet *o)
{
    struct sessions *all = o->own;
    for (int i = 0; i < all->n; i++) {
        if (all->list[i].fd >= 0) {
            close(all->list[i].fd);
        }
    }
    free(all);
}

static void add_session(struct sessions *all, const char *name)
{
    for (int i = 0; i < all->n; i++) {
        if (strcmp(all->list[i].name, name) == 0) {
            return;
        }
    }
    if (all->n < CLIENTS_MAX) {
        all->list[all->n++] = (struct session){.name = name, .fd = -1};
    }
}

int sim_mqtt_start(struct sim_run *r, int port, struct sim_outlet **ret, struct kt_err *err)
{
    struct sim_outlet *o = calloc(1, sizeof(*o));
    struct sessions *all = calloc(1, sizeof(*all));
    KT_ASSERT(o && all);
    *o = (struct sim_outlet){
        .run = r, .name = "mqtt", .port = port, .turn = turn, .done = done, .own = all};
    for (int i = 0; i < r->plant->publishes_n; i++) {
        add_session(all, r->plant->publishes[i].client);
    }
    int code = sim_outlet_start(o, err);
    if (code < 0) {
        free(all);
        free(o);
        return code;
    }
    *ret = o;
    return KT_OK;
}
