/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_BENCH_TOOL_H
#define KT_BENCH_TOOL_H
/*
 * What the measuring programs share: clocks, options, sockets, latencies. Each program is one
 * process beside the server and prints one JSON line at its end.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static inline int64_t now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

static inline int64_t wall_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

static inline void sleep_until(int64_t mono)
{
    struct timespec ts = {.tv_sec = mono / 1000000000, .tv_nsec = mono % 1000000000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

/* What measures must not wait for the processor behind what is measured. */
static inline void be_prompt(void)
{
    (void)setpriority(PRIO_PROCESS, 0, -19);
}

static inline const char *option(int argc, char **argv, const char *name, const char *fallback)
{
    for (int i = 1; i + 1 < argc; i++) {
        if (strncmp(argv[i], "--", 2) == 0 && strcmp(argv[i] + 2, name) == 0) {
            return argv[i + 1];
        }
    }
    return fallback;
}

static inline long number(int argc, char **argv, const char *name, long fallback)
{
    const char *v = option(argc, argv, name, NULL);
    return v ? strtol(v, NULL, 10) : fallback;
}

static inline int dial(int port, bool block)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    inet_pton(AF_INET, "127.0.0.1", &a.sin_addr);
    if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0) {
        perror("connect");
        exit(1);
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (!block) {
        fcntl(fd, F_SETFL, O_NONBLOCK);
    }
    return fd;
}

static inline void send_all(int fd, const void *data, size_t n)
{
    const char *p = data;
    while (n) {
        ssize_t k = send(fd, p, n, MSG_NOSIGNAL);
        if (k <= 0) {
            perror("send");
            exit(1);
        }
        p += k;
        n -= (size_t)k;
    }
}

/* Latencies in ns; kept up to a bound, of what comes later every fourth, sixteenth … */
struct lat {
    int64_t *v, worst;
    size_t n, cap;
    uint64_t seen, every;
};

static inline void lat_add(struct lat *l, int64_t ns)
{
    enum { MOST = 4 << 20 };
    l->worst = ns > l->worst ? ns : l->worst;
    l->every = l->every ? l->every : 1;
    if (l->seen++ % l->every) {
        return;
    }
    if (l->n == MOST) {
        for (size_t i = 0; i < MOST / 4; i++) {
            l->v[i] = l->v[i * 4];
        }
        l->n = MOST / 4;
        l->every *= 4;
    }
    if (l->n == l->cap) {
        l->cap = l->cap ? l->cap * 2 : 4096;
        l->v = realloc(l->v, l->cap * sizeof(*l->v));
    }
    l->v[l->n++] = ns;
}

static inline int lat_order(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static inline void lat_print(const char *name, struct lat *l)
{
    static const struct {
        const char *name;
        double q;
    } parts[] = {{"p50", 0.5}, {"p99", 0.99}, {"p999", 0.999}};
    qsort(l->v, l->n, sizeof(*l->v), lat_order);
    printf("\"%s\":{\"n\":%llu", name, (unsigned long long)l->seen);
    for (size_t i = 0; i < 3 && l->n; i++) {
        printf(",\"%s_ms\":%.3f", parts[i].name,
               (double)l->v[(size_t)((double)(l->n - 1) * parts[i].q)] / 1e6);
    }
    printf(",\"max_ms\":%.3f}", (double)l->worst / 1e6);
}
#endif
