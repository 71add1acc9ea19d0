/* SPDX-License-Identifier: Apache-2.0 */
#include "link/camera/child.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/time.h"
#include "sys/clock.h"
#include "sys/proc.h"

enum { MAKE_S = 5, MEMORY_MB = 1024, PART = 65536 };

int child_program(char *to, size_t cap, struct kt_err *err)
{
    const char *env = getenv("KT_CAMERA");
    if (env && *env) {
        snprintf(to, cap, "%s", env);
    } else {
        char self[512];
        ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
        self[n > 0 ? n : 0] = '\0';
        char *slash = strrchr(self, '/');
        snprintf(to, cap, "%.*s/kuangtu-camera", slash ? (int)(slash - self) : 0, self);
    }
    if (access(to, X_OK) == 0) {
        return KT_OK;
    }
    return kt_err_set(err, KT_ENOTFOUND, "%s is not there; cameras need the program kuangtu-camera",
                      to);
}

static int start(struct child *c, const char *verb, const struct kt_proc_limits *lim,
                 struct kt_err *err)
{
    char program[600];
    int pair[2];
    int r = child_program(program, sizeof(program), err);
    if (r < 0) {
        return r;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        return kt_err_sys(err, "cannot make a socket");
    }
    char *argv[] = {program, (char *)(uintptr_t)verb, NULL};
    r = kt_proc_start(argv, lim, pair[1], -1, &c->pid, err);
    close(pair[1]);
    if (r < 0) {
        close(pair[0]);
        c->pid = 0;
        return r;
    }
    c->fd = pair[0];
    return KT_OK;
}

void child_end(struct child *c)
{
    if (c->pid > 0) {
        close(c->fd);
        kt_proc_stop(c->pid, 0);
        c->pid = 0;
        c->fd = -1;
    }
}

int child_stream(struct child *c, const char *url, const char *user, const char *password,
                 struct kt_err *err)
{
    struct kt_proc_limits lim = {.memory_bytes = (size_t)MEMORY_MB << 20};
    struct kt_buf text, b;
    int r = start(c, "stream", &lim, err);
    if (r < 0) {
        return r;
    }
    kt_buf_init(&text, 4096);
    kt_buf_init(&b, 8192);
    kt_buf_printf(&text, "%s\n%s\n%s\n", url, user, password);
    wire_head(&b, WIRE_OPEN, 0, (uint32_t)text.n);
    kt_buf_put(&b, text.p, text.n);
    if (send(c->fd, b.p, b.n, MSG_NOSIGNAL) != (ssize_t)b.n) {
        r = kt_err_sys(err, "kuangtu-camera does not listen");
        child_end(c);
    }
    kt_buf_done(&text); /* the password leaves with it */
    kt_buf_done(&b);
    return r;
}

/* Send what is left and read what is there; false: its end, or it went wrong. */
static bool exchange(const struct child *c, struct kt_str *in, struct kt_buf *out)
{
    char part[PART];
    ssize_t n;
    if (in->n > 0) {
        n = send(c->fd, in->p, in->n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0) {
            in->p += n;
            in->n -= (size_t)n;
            if (in->n == 0) {
                shutdown(c->fd, SHUT_WR);
            }
        } else if (n < 0 && errno != EAGAIN && errno != EINTR) {
            return false;
        }
    }
    n = recv(c->fd, part, sizeof(part), MSG_DONTWAIT);
    if (n > 0) {
        kt_buf_put(out, part, (size_t)n);
    }
    return n > 0 ? !out->full : n < 0 && (errno == EAGAIN || errno == EINTR);
}

int child_make(const char *verb, struct kt_str piece, size_t max, struct kt_buf *out,
               struct kt_err *err)
{
    struct kt_proc_limits lim = {.memory_bytes = (size_t)MEMORY_MB << 20, .cpu_seconds = MAKE_S};
    struct child c = {0};
    int r = start(&c, verb, &lim, err);
    if (r < 0) {
        return r;
    }
    size_t from = out->n;
    kt_mono end = kt_clock_mono() + MAKE_S * KT_SEC;
    while (exchange(&c, &piece, out) && out->n - from <= max && kt_clock_mono() < end) {
        struct pollfd p = {.fd = c.fd, .events = (short)(POLLIN | (piece.n ? POLLOUT : 0))};
        poll(&p, 1, 100);
    }
    int code = -1;
    struct kt_err why;
    if (kt_proc_wait(c.pid, end > kt_clock_mono() ? end - kt_clock_mono() : 0, &code, &why) ==
        KT_OK) {
        close(c.fd);
    } else {
        child_end(&c);
    }
    if (code != 0 || out->n == from || out->n - from > max || out->full) {
        out->n = from;
        return kt_err_set(err, KT_EIO, "the picture could not be made (%s, %d)", verb, code);
    }
    return KT_OK;
}
