/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mqttload: a producer over MQTT at QoS 1, or a plain subscriber that acknowledges at once.
 *
 *   mqttload publish --port N --points N --messages N --window N [--prefix P]
 *   mqttload subscribe --port N --messages N        ends after N messages, or 30 s without one
 *
 * Message i goes to topic m/PREFIXnnnnn with the time start + i / points ms, so each is a sample of
 * its own. Prints messages, seconds from the first to the last, and when the last came (monotonic).
 */
#include "mqtt.h"

enum { CHUNK = 1 << 16 };

struct stream {
    int fd;
    uint8_t in[CHUNK * 2];
    size_t n;
};

static bool fill(struct stream *s, int flags)
{
    ssize_t k = recv(s->fd, s->in + s->n, sizeof(s->in) - s->n, flags);
    if (k <= 0) {
        return false;
    }
    s->n += (size_t)k;
    return true;
}

static void publish(int argc, char **argv)
{
    struct stream s = {.fd = mq_connect((int)number(argc, argv, "port", 1883), "bench-producer")};
    long messages = number(argc, argv, "messages", 100000),
         points = number(argc, argv, "points", 1000);
    long window = number(argc, argv, "window", 1000), sent = 0, acked = 0;
    const char *prefix = option(argc, argv, "prefix", "P");
    int64_t start = wall_ns() / 1000000, begun = now_ns();
    static uint8_t out[CHUNK + 512];
    while (acked < messages) {
        size_t n = 0;
        while (sent < messages && sent - acked < window && n < CHUNK) {
            char topic[64], text[96];
            snprintf(topic, sizeof(topic), "m/%s%05ld", prefix, sent % points);
            snprintf(text, sizeof(text), "{\"ts\":%lld,\"value\":%ld.%02ld}",
                     (long long)(start + sent / points), sent % 3, sent % 100);
            n += mq_publish(out + n, topic, (uint16_t)(sent % 65535 + 1), text);
            sent++;
        }
        send_all(s.fd, out, n);
        if (!fill(&s, n && sent - acked < window && sent < messages ? MSG_DONTWAIT : 0)) {
            continue;
        }
        size_t at = 0, head, k;
        while ((k = mq_whole(s.in + at, s.n - at, &head))) {
            acked += s.in[at] == 0x40;
            at += k;
        }
        memmove(s.in, s.in + at, s.n -= at);
    }
    printf("{\"messages\":%ld,\"seconds\":%.3f,\"start_ms\":%lld,\"begun\":%.6f,\"ended\":%.6f}\n",
           acked, (double)(now_ns() - begun) / 1e9, (long long)start, (double)begun / 1e9,
           (double)now_ns() / 1e9);
}

static void ask(int fd)
{
    uint8_t body[64] = {0, 1}, packet[80];
    size_t n = 2 + mq_text(body + 2, "m/#");
    body[n++] = 1;
    size_t h = mq_head(packet, 0x82, n);
    memcpy(packet + h, body, n);
    send_all(fd, packet, h + n);
}

static void subscribe(int argc, char **argv)
{
    struct stream s = {.fd = mq_connect((int)number(argc, argv, "port", 1883), "bench-plain")};
    long messages = number(argc, argv, "messages", 100000), got = 0;
    int64_t first = 0, last = 0;
    struct timeval patience = {.tv_sec = 30};
    setsockopt(s.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    ask(s.fd);
    fprintf(stderr, "ready\n");
    static uint8_t out[CHUNK * 2];
    while (got < messages && fill(&s, 0)) {
        size_t at = 0, head, k, n = 0;
        while ((k = mq_whole(s.in + at, s.n - at, &head))) {
            const uint8_t *p = s.in + at + head;
            if ((s.in[at] & 0xf6) == 0x32) {
                size_t topic = (size_t)p[0] << 8 | p[1];
                memcpy(out + n, (uint8_t[]){0x40, 2, p[2 + topic], p[3 + topic]}, 4);
                n += 4;
                got++;
                last = now_ns();
                first = first ? first : last;
            }
            at += k;
        }
        memmove(s.in, s.in + at, s.n -= at);
        send_all(s.fd, out, n);
    }
    printf("{\"messages\":%ld,\"seconds\":%.3f,\"ended\":%.6f}\n", got,
           (double)(last - first) / 1e9, (double)last / 1e9);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: mqttload publish|subscribe; see the head of mqttload.c\n");
        return 2;
    }
    if (strcmp(argv[1], "publish") == 0) {
        publish(argc, argv);
    } else {
        subscribe(argc, argv);
    }
    return 0;
}
