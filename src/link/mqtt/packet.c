/* SPDX-License-Identifier: Apache-2.0 */
#include "link/mqtt/packet.h"

/* Numbers are big-endian here. */
static uint16_t get16(struct kt_rd *r)
{
    return __builtin_bswap16(kt_get_u16(r));
}

static void put16(struct kt_buf *b, size_t v)
{
    kt_put_u8(b, (uint8_t)(v >> 8));
    kt_put_u8(b, (uint8_t)v);
}

static void put_text(struct kt_buf *b, const char *s)
{
    size_t n = strlen(s);
    n = n < 65535 ? n : 65535;
    put16(b, n);
    kt_buf_put(b, s, n);
}

static void put_length(struct kt_buf *b, size_t n)
{
    do {
        uint8_t c = (uint8_t)(n & 0x7f);
        n >>= 7;
        kt_put_u8(b, n ? c | 0x80 : c);
    } while (n);
}

/* Variable byte integer (2.2.3): at most four bytes; 0 incomplete, -1 malformed. */
static int get_length(const unsigned char *p, size_t n, uint32_t *ret)
{
    uint32_t v = 0;
    for (size_t i = 0; i < 4; i++) {
        if (i == n) {
            return 0;
        }
        v |= (uint32_t)(p[i] & 0x7f) << (7 * i);
        if (!(p[i] & 0x80)) {
            *ret = v;
            return (int)i + 1;
        }
    }
    return -1;
}

static void skip_properties(struct kt_rd *r)
{
    uint32_t n = 0;
    int used = get_length(r->p, kt_rd_left(r), &n);
    if (used <= 0) {
        r->bad = true;
        return;
    }
    kt_rd_take(r, (size_t)used + n);
}

static void parse_publish(struct kt_rd *r, int version, struct mqtt_packet *p)
{
    p->qos = p->flags >> 1 & 3;
    uint16_t n = get16(r);
    const char *topic = kt_rd_take(r, n);
    p->topic = (struct kt_str){topic ? topic : "", topic ? n : 0};
    if (p->qos) {
        p->id = get16(r);
    }
    if (version >= 5) {
        skip_properties(r);
    }
    p->body = (struct kt_str){(const char *)r->p, kt_rd_left(r)};
    if (p->qos == 3 || (p->qos && p->id == 0)) {
        r->bad = true;
    }
}

static void parse_suback(struct kt_rd *r, int version, struct mqtt_packet *p)
{
    p->id = get16(r);
    if (version >= 5) {
        skip_properties(r);
    }
    while (!r->bad && kt_rd_left(r)) {
        uint8_t c = kt_get_u8(r);
        p->code = c > p->code ? c : p->code;
    }
}

int mqtt_parse(struct kt_str in, int version, struct mqtt_packet *ret)
{
    const unsigned char *b = (const unsigned char *)in.p;
    uint32_t n;
    if (in.n < 2) {
        return 0;
    }
    int used = get_length(b + 1, in.n - 1, &n);
    if (used <= 0) {
        return used < 0 ? KT_EPARSE : 0;
    }
    if (n > MQTT_PACKET_MAX) {
        return KT_ELIMIT;
    }
    if (in.n < 1 + (size_t)used + n) {
        return 0;
    }
    struct mqtt_packet p = {.type = (enum mqtt_type)(b[0] >> 4), .flags = b[0] & 15};
    struct kt_rd r = kt_rd_init(b + 1 + used, n);
    switch (p.type) {
    case MQTT_PUBLISH:
        parse_publish(&r, version, &p);
        break;
    case MQTT_CONNACK:
        p.session_present = kt_get_u8(&r) & 1;
        p.code = kt_get_u8(&r);
        break;
    case MQTT_SUBACK:
        parse_suback(&r, version, &p);
        break;
    case MQTT_PUBACK:
    case MQTT_PUBREL:
        p.id = get16(&r);
        break;
    case MQTT_DISCONNECT:
        p.code = kt_rd_left(&r) ? kt_get_u8(&r) : 0;
        break;
    case MQTT_PINGRESP:
        break;
    default:
        return KT_EPARSE; /* a broker sends nothing else to a subscriber */
    }
    if (r.bad) {
        return KT_EPARSE;
    }
    *ret = p;
    return 1 + used + (int)n;
}

static void put_packet(struct kt_buf *out, uint8_t first, const struct kt_buf *body)
{
    kt_put_u8(out, first);
    put_length(out, body->n);
    kt_buf_put(out, body->p, body->n);
}

void mqtt_put_connect(struct kt_buf *out, const struct mqtt_connect *c)
{
    static const unsigned char keep_session[] = {5, 0x11, 0xff, 0xff, 0xff, 0xff};
    struct kt_buf b;
    kt_buf_init(&b, 1 << 18);
    put_text(&b, "MQTT");
    kt_put_u8(&b, c->version >= 5 ? 5 : 4);
    kt_put_u8(&b, (uint8_t)((c->user[0] ? 0x80 : 0) | (c->password[0] ? 0x40 : 0) |
                            (c->will_topic ? 0x2c : 0)));
    put16(&b, (size_t)c->keep_alive_s);
    if (c->version >= 5) {
        kt_buf_put(&b, keep_session, sizeof(keep_session));
    }
    put_text(&b, c->client_id);
    if (c->will_topic) {
        if (c->version >= 5) {
            kt_put_u8(&b, 0);
        }
        put_text(&b, c->will_topic);
        put16(&b, c->will.n);
        kt_buf_put(&b, c->will.p, c->will.n);
    }
    if (c->user[0]) {
        put_text(&b, c->user);
    }
    if (c->password[0]) {
        put_text(&b, c->password);
    }
    put_packet(out, MQTT_CONNECT << 4, &b);
    kt_buf_done(&b);
}

void mqtt_put_subscribe(struct kt_buf *out, int version, uint16_t id, const char *const *topics,
                        uint32_t n)
{
    struct kt_buf b;
    kt_buf_init(&b, 1 << 20);
    put16(&b, id);
    if (version >= 5) {
        kt_put_u8(&b, 0);
    }
    for (uint32_t i = 0; i < n; i++) {
        put_text(&b, topics[i]);
        kt_put_u8(&b, 1);
    }
    put_packet(out, MQTT_SUBSCRIBE << 4 | 2, &b);
    kt_buf_done(&b);
}

void mqtt_put_puback(struct kt_buf *out, uint16_t id)
{
    kt_put_u8(out, MQTT_PUBACK << 4);
    kt_put_u8(out, 2);
    put16(out, id);
}

void mqtt_put_publish(struct kt_buf *out, int version, uint16_t id, bool retain,
                      struct kt_str topic, struct kt_str body)
{
    struct kt_buf b;
    kt_buf_init(&b, 1 << 20);
    put16(&b, topic.n);
    kt_buf_put(&b, topic.p, topic.n);
    if (id) {
        put16(&b, id);
    }
    if (version >= 5) {
        kt_put_u8(&b, 0);
    }
    kt_buf_put(&b, body.p, body.n);
    put_packet(out, (uint8_t)(MQTT_PUBLISH << 4 | (id ? 2 : 0) | retain), &b);
    kt_buf_done(&b);
}

void mqtt_put_ping(struct kt_buf *out)
{
    kt_put_u8(out, MQTT_PINGREQ << 4);
    kt_put_u8(out, 0);
}

void mqtt_put_disconnect(struct kt_buf *out)
{
    kt_put_u8(out, MQTT_DISCONNECT << 4);
    kt_put_u8(out, 0);
}

bool mqtt_topic_fits(struct kt_str topic, const char *f)
{
    const char *t = topic.n ? topic.p : "", *end = t + topic.n; /* an empty one may be NULL */
    while (*f) {
        if (*f == '#') {
            return true;
        }
        if (*f == '+') {
            while (t < end && *t != '/') {
                t++;
            }
            f++;
            continue;
        }
        if (t == end) {
            return f[0] == '/' && f[1] == '#' && f[2] == '\0';
        }
        if (*f++ != *t++) {
            return false;
        }
    }
    return t == end;
}
