/* SPDX-License-Identifier: Apache-2.0 */
#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "run.h"
#include "sys/loop.h"
#include "sys/thread.h"

enum { CLIENTS_MAX = 32, LINE_BYTES = 512, ANSWER_MAX = 1 << 16 };

struct client { /* of the control port */
    struct sim_server *s;
    int fd;
    char in[LINE_BYTES];
    size_t n;
};
struct sim_server {
    struct sim_run *run;
    struct kt_loop *loop;
    pthread_t thread;
    int clock_fd, control_fd;
    pthread_mutex_t lock; /* of clocks */
    struct clock {
        int fd;           /* -1: free */
        kt_time followed; /* as it answered last; 0: it never answers, and is not waited for */
        char in[32];
        size_t n;
    } clocks[CLIENTS_MAX];
    struct client *clients[CLIENTS_MAX];
};

static int listen_at(int port, struct kt_err *err)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0) {
        return kt_err_sys(err, "socket");
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 || listen(fd, 8) != 0) {
        int r = kt_err_sys(err, "port %d of 127.0.0.1; choose another --base-port", port);
        close(fd);
        return r;
    }
    return fd;
}

static void on_clock(void *arg, int fd, int ev)
{
    struct sim_server *s = arg;
    int got = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    (void)ev;
    pthread_mutex_lock(&s->lock);
    for (int i = 0; got >= 0 && i < CLIENTS_MAX; i++) {
        if (s->clocks[i].fd < 0) {
            s->clocks[i] = (struct clock){.fd = got};
            got = -1;
        }
    }
    pthread_mutex_unlock(&s->lock);
    if (got >= 0) {
        close(got);
    }
}

void sim_server_tell_time(struct sim_server *s, kt_time now)
{
    char line[64];
    int n = snprintf(line, sizeof(line), "%lld %lld\n", (long long)(now / KT_MS),
                     (long long)atomic_load(&s->run->speed_milli));
    pthread_mutex_lock(&s->lock);
    for (int i = 0; i < CLIENTS_MAX; i++) {
        struct clock *c = &s->clocks[i];
        if (c->fd >= 0 && send(c->fd, line, (size_t)n, MSG_NOSIGNAL) != n) {
            close(c->fd);
            c->fd = -1;
        }
    }
    pthread_mutex_unlock(&s->lock);
}

/* Take the answers of one client; what is no number is passed over. */
static void hear(struct clock *c)
{
    ssize_t got;
    while ((got = recv(c->fd, c->in + c->n, sizeof(c->in) - c->n, MSG_DONTWAIT)) > 0) {
        c->n += (size_t)got;
        for (char *nl; (nl = memchr(c->in, '\n', c->n));) {
            *nl = 0;
            c->followed = strtoll(c->in, NULL, 10) * KT_MS;
            c->n -= (size_t)(nl - c->in) + 1;
            memmove(c->in, nl + 1, c->n);
        }
        c->n = c->n == sizeof(c->in) ? 0 : c->n;
    }
}

bool sim_server_followed(struct sim_server *s, kt_time t)
{
    bool all = true;
    pthread_mutex_lock(&s->lock);
    for (int i = 0; i < CLIENTS_MAX; i++) {
        if (s->clocks[i].fd >= 0) {
            hear(&s->clocks[i]);
            all = all && (!s->clocks[i].followed || s->clocks[i].followed >= t);
        }
    }
    pthread_mutex_unlock(&s->lock);
    return all;
}

static void drop(struct client *c)
{
    for (int i = 0; i < CLIENTS_MAX; i++) {
        if (c->s->clients[i] == c) {
            c->s->clients[i] = NULL;
        }
    }
    kt_loop_unwatch(c->s->loop, c->fd);
    close(c->fd);
    free(c);
}

static bool do_line(struct client *c, char *line)
{
    struct kt_buf answer;
    kt_buf_init(&answer, ANSWER_MAX);
    line[strcspn(line, "\r")] = 0;
    pthread_mutex_lock(&c->s->run->lock);
    sim_command(c->s->run, line, &answer);
    pthread_mutex_unlock(&c->s->run->lock);
    kt_buf_puts(&answer, "\n");
    bool ok = send(c->fd, answer.p, answer.n, MSG_NOSIGNAL) == (ssize_t)answer.n;
    kt_buf_done(&answer);
    return ok;
}

static void on_control_bytes(void *arg, int fd, int ev)
{
    struct client *c = arg;
    (void)ev;
    ssize_t got = recv(fd, c->in + c->n, sizeof(c->in) - c->n, MSG_DONTWAIT);
    if (got <= 0) {
        if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
            drop(c);
        }
        return;
    }
    c->n += (size_t)got;
    for (char *nl; (nl = memchr(c->in, '\n', c->n));) {
        *nl = 0;
        size_t used = (size_t)(nl - c->in) + 1;
        if (!do_line(c, c->in)) {
            drop(c);
            return;
        }
        c->n -= used;
        memmove(c->in, c->in + used, c->n);
    }
    if (c->n == sizeof(c->in)) {
        drop(c);
    }
}

static void on_control(void *arg, int fd, int ev)
{
    struct sim_server *s = arg;
    int got = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    (void)ev;
    for (int i = 0; got >= 0 && i < CLIENTS_MAX; i++) {
        if (!s->clients[i]) {
            struct client *c = calloc(1, sizeof(*c));
            KT_ASSERT(c);
            c->s = s;
            c->fd = got;
            s->clients[i] = c;
            kt_loop_watch(s->loop, got, KT_IO_READ, on_control_bytes, c);
            return;
        }
    }
    if (got >= 0) {
        close(got);
    }
}

static void *serve(void *arg)
{
    kt_loop_run(((struct sim_server *)arg)->loop);
    return NULL;
}

static void free_server(struct sim_server *s)
{
    for (int i = 0; i < CLIENTS_MAX; i++) {
        if (s->clocks[i].fd >= 0) {
            close(s->clocks[i].fd);
        }
        if (s->clients[i]) {
            drop(s->clients[i]);
        }
    }
    if (s->clock_fd >= 0) {
        close(s->clock_fd);
    }
    if (s->control_fd >= 0) {
        close(s->control_fd);
    }
    kt_loop_free(s->loop);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

int sim_server_start(struct sim_run *run, int clock_port, int control_port, struct sim_server **ret,
                     struct kt_err *err)
{
    struct sim_server *s = calloc(1, sizeof(*s));
    KT_ASSERT(s);
    s->run = run;
    s->loop = kt_loop_new();
    s->control_fd = -1;
    pthread_mutex_init(&s->lock, NULL);
    for (int i = 0; i < CLIENTS_MAX; i++) {
        s->clocks[i].fd = -1;
    }
    s->clock_fd = listen_at(clock_port, err);
    int r = s->clock_fd < 0 ? s->clock_fd : KT_OK;
    if (r == KT_OK) {
        s->control_fd = listen_at(control_port, err);
        r = s->control_fd < 0 ? s->control_fd : KT_OK;
    }
    if (r == KT_OK) {
        kt_loop_watch(s->loop, s->clock_fd, KT_IO_READ, on_clock, s);
        kt_loop_watch(s->loop, s->control_fd, KT_IO_READ, on_control, s);
        r = kt_thread_start(&s->thread, "control", serve, s, err);
    }
    if (r < 0) {
        free_server(s);
        return r;
    }
    *ret = s;
    return KT_OK;
}

void sim_server_stop(struct sim_server *s)
{
    if (s) {
        kt_loop_stop(s->loop);
        pthread_join(s->thread, NULL);
        free_server(s);
    }
}
