/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plant's clock: a TCP stream of lines, each the plant's time in milliseconds since 1970. Every
 * line drives the program's clock and ticks the engine, so a simulated day can pass in minutes.
 * A lost plant stops time (nothing moves, the screens say so) and is asked again every half second.
 */
#include <netdb.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/node.h"
#include "sys/clock.h"
#include "sys/thread.h"

struct kt_plant_clock {
    struct kt_runtime *rt;
    char host[64], port[8];
    _Atomic bool stopping;
    pthread_t thread;
};

static int dial(const struct kt_plant_clock *c)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
    if (getaddrinfo(c->host, c->port, &hints, &list) != 0) {
        return -1;
    }
    int fd = -1;
    for (struct addrinfo *a = list; a && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
        if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(list);
    return fd;
}

static void take_lines(struct kt_plant_clock *c, char *buf, size_t *n)
{
    char *line = buf;
    for (char *nl; (nl = memchr(line, '\n', *n - (size_t)(line - buf)));) {
        kt_time t;
        if (kt_time_parse((struct kt_str){line, (size_t)(nl - line)}, 0, &t) == KT_OK) {
            kt_clock_drive(t);
            kt_runtime_tick(c->rt, t);
        }
        line = nl + 1;
    }
    *n -= (size_t)(line - buf);
    memmove(buf, line, *n);
}

static void follow(struct kt_plant_clock *c, int fd)
{
    char buf[512];
    size_t n = 0;
    while (!atomic_load(&c->stopping)) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (poll(&p, 1, 200) == 0) {
            continue;
        }
        ssize_t got = read(fd, buf + n, sizeof(buf) - n);
        if (got <= 0) {
            return;
        }
        n += (size_t)got;
        take_lines(c, buf, &n);
        if (n == sizeof(buf)) {
            return; /* no line ends: not a clock */
        }
    }
}

static void *run(void *arg)
{
    struct kt_plant_clock *c = arg;
    bool told = false;
    while (!atomic_load(&c->stopping)) {
        int fd = dial(c);
        if (fd >= 0) {
            KT_INFO("clock", "time comes from the plant at %s:%s", c->host, c->port);
            follow(c, fd);
            close(fd);
            told = false;
        } else if (!told) {
            KT_WARN("clock", "the plant at %s:%s does not answer; time stands still", c->host,
                    c->port);
            told = true;
        }
        if (!atomic_load(&c->stopping)) {
            kt_sleep(500 * KT_MS);
        }
    }
    return NULL;
}

int kt_plant_clock_start(struct kt_runtime *rt, const char *address, struct kt_plant_clock **ret,
                         struct kt_err *err)
{
    const char *colon = strrchr(address, ':');
    struct kt_plant_clock *c = calloc(1, sizeof(*c));
    KT_ASSERT(c);
    c->rt = rt;
    if (!colon || (size_t)(colon - address) >= sizeof(c->host) ||
        strlen(colon + 1) >= sizeof(c->port)) {
        free(c);
        return kt_err_set(err, KT_EINVAL, "--sim-clock wants HOST:PORT, not \"%s\"", address);
    }
    memcpy(c->host, address, (size_t)(colon - address));
    memcpy(c->port, colon + 1, strlen(colon + 1) + 1);
    int r = kt_thread_start(&c->thread, "plant-clock", run, c, err);
    if (r < 0) {
        free(c);
        return r;
    }
    *ret = c;
    return KT_OK;
}

void kt_plant_clock_stop(struct kt_plant_clock *c)
{
    if (!c) {
        return;
    }
    atomic_store(&c->stopping, true);
    pthread_join(c->thread, NULL);
    kt_clock_drive(0);
    free(c);
}
