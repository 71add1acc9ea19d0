/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_BENCH_MQTT_H
#define KT_BENCH_MQTT_H
/* As much of MQTT 3.1.1 as a producer and a plain subscriber need. */
#include "tool.h"

static inline size_t mq_head(uint8_t *to, uint8_t kind, size_t n)
{
    size_t at = 0;
    to[at++] = kind;
    do {
        to[at++] = (uint8_t)((n & 127) | (n > 127 ? 128 : 0));
        n >>= 7;
    } while (n);
    return at;
}

static inline size_t mq_text(uint8_t *to, const char *text)
{
    size_t n = strlen(text);
    to[0] = (uint8_t)(n >> 8);
    to[1] = (uint8_t)n;
    memcpy(to + 2, text, n);
    return n + 2;
}

static inline size_t mq_publish(uint8_t *to, const char *topic, uint16_t id, const char *text)
{
    uint8_t body[256];
    size_t n = mq_text(body, topic), len = strlen(text);
    body[n++] = (uint8_t)(id >> 8);
    body[n++] = (uint8_t)id;
    memcpy(body + n, text, len);
    size_t h = mq_head(to, 0x32, n + len);
    memcpy(to + h, body, n + len);
    return h + n + len;
}

/* The packet at the front: its size, 0 when it is not whole. */
static inline size_t mq_whole(const uint8_t *p, size_t n, size_t *ret_head)
{
    size_t len = 0, at = 1;
    for (int shift = 0; at < n && at < 5; shift += 7, at++) {
        len |= (size_t)(p[at] & 127) << shift;
        if (p[at] < 128) {
            *ret_head = at + 1;
            return n >= at + 1 + len ? at + 1 + len : 0;
        }
    }
    return 0;
}

static inline int mq_connect(int port, const char *client)
{
    uint8_t body[256], packet[300];
    int fd = dial(port, true);
    size_t n = mq_text(body, "MQTT");
    body[n++] = 4;
    body[n++] = 2;
    body[n++] = 0;
    body[n++] = 60;
    n += mq_text(body + n, client);
    size_t h = mq_head(packet, 0x10, n);
    memcpy(packet + h, body, n);
    send_all(fd, packet, h + n);
    uint8_t ack[4];
    if (recv(fd, ack, 4, MSG_WAITALL) != 4 || ack[0] != 0x20 || ack[3] != 0) {
        fprintf(stderr, "the broker refused %s\n", client);
        exit(1);
    }
    return fd;
}
#endif
