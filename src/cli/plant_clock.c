/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plant's clock: a TCP stream of lines, each the plant's time in milliseconds since 1970. Every
 * line drives the program's clock and ticks the engine, so a simulated day can pass in minutes.
 * A lost plant stops time (nothing moves, the screens say so) and is asked again every half second.
 *
 * A line may have a second number, the speed asked of the plant in thousandths. Each line is
 * answered with its time once the program has followed it: the engine is there and no link owes a
 * scan or a command. The plant waits for these answers, so a speed that this machine cannot keep
 * slows the plant down and never makes values old.
 */
#include <netdb.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/node.h"
#include "sys/clock.h"
#include "sys/thread.h"

#define PATIENCE    (250 * KT_MS)
#define TICKED      (1100 * KT_MS) /* an idle engine takes a tick a second */
#define JUDGE_EVERY (5 * KT_SEC)
#define SLOWED      0.8

struct kt_plant_clock {
    struct kt_runtime *rt;
    char host[64], port[8];
    kt_followed_fn followed;
    void *arg;
    kt_time last; /* by the thread: newest line */
    _Atomic int64_t asked_milli;
    kt_mono judged; /* by the thread */
    bool slowed;
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
        *nl = '\0';
        size_t len = strcspn(line, " ");
        if (kt_time_parse((struct kt_str){line, len}, 0, &t) == KT_OK) {
            kt_clock_drive(t);
            kt_runtime_tick(c->rt, t);
            c->last = t;
            atomic_store(&c->asked_milli, line[len] ? strtoll(line + len + 1, NULL, 10) : 0);
        }
        line = nl + 1;
    }
    *n -= (size_t)(line - buf);
    memmove(buf, line, *n);
}

/* Wait until the program is where its clock is; not for ever, a device may be slow to fail. */
static void catch_up(const struct kt_plant_clock *c)
{
    kt_mono end = kt_clock_mono() + PATIENCE;
    while (!atomic_load(&c->stopping) && kt_clock_mono() < end &&
           (kt_runtime_now(c->rt) < c->last - TICKED || !c->followed(c->arg))) {
        kt_sleep(KT_MS);
    }
}

static bool answer(int fd, kt_time t)
{
    char line[32];
    int n = snprintf(line, sizeof(line), "%lld\n", (long long)(t / KT_MS));
    return send(fd, line, (size_t)n, MSG_NOSIGNAL) == n;
}

/* Say it when the plant goes slower than it was asked to, and when that is over. */
static void judge(struct kt_plant_clock *c)
{
    double asked, rate = kt_plant_clock_rate(c, &asked);
    if (kt_clock_mono() - c->judged < JUDGE_EVERY || rate <= 0 || asked <= 0) {
        return;
    }
    c->judged = kt_clock_mono();
    bool slowed = rate < SLOWED * asked;
    if (slowed && !c->slowed) {
        KT_WARN("clock",
                "the plant goes %.0f times as fast as time, asked for %.0f: this machine follows "
                "no faster, so the plant waits",
                rate, asked);
    } else if (!slowed && c->slowed) {
        KT_INFO("clock", "the plant goes %.0f times as fast as time, as asked", rate);
    }
    c->slowed = slowed;
}

static void follow(struct kt_plant_clock *c, int fd)
{
    char buf[512];
    size_t n = 0;
    if (!answer(fd, KT_MS)) { /* who answers once is waited for from then on */
        return;
    }
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
        catch_up(c);
        if (!answer(fd, c->last)) {
            return;
        }
        judge(c);
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

double kt_plant_clock_rate(const struct kt_plant_clock *c, double *ret_asked)
{
    *ret_asked = (double)atomic_load(&c->asked_milli) / 1000;
    return kt_clock_rate();
}

int kt_plant_clock_start(struct kt_runtime *rt, const char *address, kt_followed_fn followed,
                         void *arg, struct kt_plant_clock **ret, struct kt_err *err)
{
    const char *colon = strrchr(address, ':');
    struct kt_plant_clock *c = calloc(1, sizeof(*c));
    KT_ASSERT(c);
    c->rt = rt;
    c->followed = followed;
    c->arg = arg;
    c->judged = kt_clock_mono();
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
