/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_LINK_MQTT_PACKET_H
#define KT_LINK_MQTT_PACKET_H
/*
 * packet: control packets of MQTT 3.1.1 and 5 as far as a subscriber needs them, without I/O.
 * Sources: OASIS MQTT 3.1.1 chapters 2 and 3, MQTT 5.0 chapters 2 and 3.
 */
#include "base/buf.h"

enum mqtt_type {
    MQTT_CONNECT = 1,
    MQTT_CONNACK,
    MQTT_PUBLISH,
    MQTT_PUBACK,
    MQTT_PUBREC,
    MQTT_PUBREL,
    MQTT_PUBCOMP,
    MQTT_SUBSCRIBE,
    MQTT_SUBACK,
    MQTT_UNSUBSCRIBE,
    MQTT_UNSUBACK,
    MQTT_PINGREQ,
    MQTT_PINGRESP,
    MQTT_DISCONNECT,
};

enum { MQTT_PACKET_MAX = 1 << 20 };

struct mqtt_packet {
    enum mqtt_type type;
    uint8_t flags;
    uint16_t id;               /* PUBLISH with QoS > 0, SUBACK, … */
    int qos;                   /* PUBLISH */
    struct kt_str topic, body; /* PUBLISH; borrowed from the input */
    uint8_t code;              /* CONNACK, SUBACK (worst), DISCONNECT */
    bool session_present;      /* CONNACK */
};

/**
 * Read one packet from the start of `in`.
 * @return bytes it takes; 0 not all of it is there; KT_EPARSE, KT_ELIMIT
 */
int mqtt_parse(struct kt_str in, int version, struct mqtt_packet *ret);

struct mqtt_connect {
    const char *client_id, *user, *password; /* "" when none */
    int version, keep_alive_s;
    const char *will_topic; /* NULL: none; retained, QoS 1 */
    struct kt_str will;
};
/** A session that the broker keeps: clean start off; version 5 asks it to keep it for good. */
void mqtt_put_connect(struct kt_buf *out, const struct mqtt_connect *c);
void mqtt_put_subscribe(struct kt_buf *out, int version, uint16_t id, const char *const *topics,
                        uint32_t n);
void mqtt_put_puback(struct kt_buf *out, uint16_t id);
/** @param id of the message; 0: QoS 0, else QoS 1 */
void mqtt_put_publish(struct kt_buf *out, int version, uint16_t id, bool retain,
                      struct kt_str topic, struct kt_str body);
void mqtt_put_ping(struct kt_buf *out);
void mqtt_put_disconnect(struct kt_buf *out);
/** Does a topic fit a filter with + and #? */
bool mqtt_topic_fits(struct kt_str topic, const char *filter);
#endif
