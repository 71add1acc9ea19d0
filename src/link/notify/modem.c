/* SPDX-License-Identifier: Apache-2.0 */
#include "link/notify/modem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "link/notify/at.h"
#include "sys/clock.h"

#define ANSWER_NS (3 * KT_SEC) /* to a question that asks nothing of the network */

struct line {
    int fd;
    const atomic_bool *stop;
};

static int open_line(const char *device, const atomic_bool *stop, struct line *ret,
                     struct kt_err *err)
{
    struct termios t;
    int fd = open(device, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return kt_err_set(err, KT_EIO, "%s cannot be opened: %s", device, strerror(errno));
    }
    if (tcgetattr(fd, &t) == 0) {
        cfmakeraw(&t);
        t.c_cflag |= CLOCAL | CREAD;
        (void)cfsetspeed(&t, B115200);
        (void)tcsetattr(fd, TCSANOW, &t);
        (void)tcflush(fd, TCIOFLUSH);
    }
    *ret = (struct line){fd, stop};
    return KT_OK;
}

static int write_line(const struct line *l, const char *text, kt_mono end, struct kt_err *err)
{
    size_t n = strlen(text), at = 0;
    while (at < n) {
        ssize_t w = write(l->fd, text + at, n - at);
        struct pollfd p = {.fd = l->fd, .events = POLLOUT};
        if (w > 0) {
            at += (size_t)w;
        } else if ((w < 0 && errno != EAGAIN && errno != EINTR) || kt_clock_mono() > end ||
                   atomic_load(l->stop)) {
            return kt_err_set(err, KT_EIO, "the modem takes nothing: %s", strerror(errno));
        } else {
            (void)poll(&p, 1, 100);
        }
    }
    return KT_OK;
}

/* Until a final answer, in slices, so that a stop is not held up. */
static int read_answer(const struct line *l, struct at_answer *a, kt_mono end, struct kt_err *err)
{
    char bytes[256];
    while (a->final == AT_MORE) {
        struct pollfd p = {.fd = l->fd, .events = POLLIN};
        int ready = poll(&p, 1, 100);
        ssize_t n = ready > 0 ? read(l->fd, bytes, sizeof(bytes)) : 0;
        if (n > 0) {
            at_feed(a, bytes, (size_t)n);
        } else if (ready > 0 && (n == 0 || (errno != EAGAIN && errno != EINTR))) {
            return kt_err_set(err, KT_EIO, "the modem is gone");
        }
        if (a->final != AT_MORE) {
            break;
        }
        if (atomic_load(l->stop)) { /* also while it talks without an end */
            return kt_err_set(err, KT_ECLOSED, "stopped");
        }
        if (kt_clock_mono() > end) {
            return kt_err_set(err, KT_ETIMEOUT, "the modem does not answer");
        }
    }
    return KT_OK;
}

static int ask(const struct line *l, const char *command, int64_t within, struct at_answer *a,
               struct kt_err *err)
{
    kt_mono end = kt_clock_mono() + within;
    at_begin(a);
    int r = write_line(l, command, end, err);
    return r < 0 ? r : read_answer(l, a, end, err);
}

/* One that must be answered with OK. */
static int tell(const struct line *l, const char *command, struct at_answer *a, struct kt_err *err)
{
    int r = ask(l, command, ANSWER_NS, a, err);
    if (r == KT_OK && a->final != AT_OK) {
        r = kt_err_set(err, KT_EIO, "the modem refuses %.*s (%d)", (int)strcspn(command, "\r"),
                       command, a->code);
    }
    return r;
}

static int begin(const struct line *l, int *ret_signal, struct kt_err *err)
{
    struct at_answer a;
    int r = tell(l, "ATE0\r", &a, err);
    r = r < 0 ? r : tell(l, "AT+CMEE=1\r", &a, err);
    r = r < 0 ? r : tell(l, "AT+CPIN?\r", &a, err);
    if (r == KT_OK && !a.ready) {
        return kt_err_set(err, KT_EIO, "the modem's card is not ready: a PIN, or none is in");
    }
    r = r < 0 ? r : tell(l, "AT+CREG?\r", &a, err);
    if (r == KT_OK && a.network != 1 && a.network != 5) {
        return kt_err_set(err, KT_EIO, "the modem has no network");
    }
    r = r < 0 ? r : tell(l, "AT+CSQ\r", &a, err);
    *ret_signal = r == KT_OK ? a.signal : -1;
    if (r == KT_OK && (a.signal < 0 || a.signal == 99)) {
        return kt_err_set(err, KT_EIO, "the modem has no signal");
    }
    return r;
}

int modem_look(const char *device, const atomic_bool *stop, int *ret_signal, struct kt_err *err)
{
    struct line l;
    int r = open_line(device, stop, &l, err);
    if (r == KT_OK) {
        r = begin(&l, ret_signal, err);
        (void)close(l.fd);
    }
    return r;
}

static int send_part(const struct line *l, const char *hex, int length, int64_t within,
                     struct kt_err *err)
{
    struct at_answer a;
    char text[420];
    (void)snprintf(text, sizeof(text), "AT+CMGS=%d\r", length);
    int r = ask(l, text, ANSWER_NS, &a, err);
    if (r == KT_OK && a.final != AT_PROMPT) {
        return kt_err_set(err, KT_EIO, "the modem takes no message (%d)", a.code);
    }
    (void)snprintf(text, sizeof(text), "%s\x1a", hex);
    r = r < 0 ? r : ask(l, text, within, &a, err);
    if (r == KT_OK && (a.final != AT_OK || a.reference < 0)) {
        return kt_err_set(err, KT_EIO, "the network refuses the message (%d)", a.code);
    }
    return r;
}

int modem_send(const char *device, const char *number, const char *text, int64_t timeout_ns,
               const atomic_bool *stop, struct kt_err *err)
{
    struct at_parts parts;
    struct at_answer a;
    struct line l;
    int signal, r = at_pdu(number, text, (uint8_t)kt_clock_mono(), &parts, err);
    if (r < 0 || (r = open_line(device, stop, &l, err)) < 0) {
        return r;
    }
    r = begin(&l, &signal, err);
    r = r < 0 ? r : tell(&l, "AT+CMGF=0\r", &a, err);
    for (int i = 0; r == KT_OK && i < parts.n; i++) {
        r = send_part(&l, parts.hex[i], parts.length[i], timeout_ns, err);
    }
    if (r == KT_ETIMEOUT) {
        (void)ask(&l, "\x1b", KT_SEC / 10, &a, NULL); /* out of a prompt */
    }
    (void)close(l.fd);
    return r;
}
