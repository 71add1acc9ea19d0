/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed: a producer at a steady rate, with the time of now in every line; it does not wait for
 * answers.
 *
 *   feed --port N --token T --points N --lines L --rate SAMPLES_S --seconds S [--conns C]
 *        [--values walk|high|low-high] [--prefix P] [--from 0] [--acks FILE]
 *
 * Posts follow one another on a clock: L lines each, going through the points round by round. On a
 * connection the next post is sent when its time has come, answered or not (pipelined); when the
 * socket takes no more, the producer has been slowed and counts what it could not offer. `high` is
 * over the limit of the bench's rule, `low-high` changes with each round, low first. --acks writes
 * the time (ms) of each post that was acknowledged. A post whose time would be two seconds ahead,
 * for its points have had all milliseconds until then, is not offered: the future is not a sample's
 * time. A connection that the server closes is dialled again; what was unanswered on it was not
 * acknowledged.
 */
#include "tool.h"

enum { CONNS_MAX = 256, UNANSWERED_MAX = 4096, OUT_MAX = 4 << 20 };

struct conn {
    int fd;
    char *out;
    size_t n, at;
    char in[8192];
    size_t got;
    struct {
        int64_t begun, time_ms;
    } wait[UNANSWERED_MAX]; /* ring */
    uint32_t first, next;
};

struct feed {
    int port, points, lines, conns, from;
    long rate, seconds;
    const char *token, *prefix, *acks_path;
    bool high, low_high;
    struct conn *conn;
    int64_t at, last_ms;
    int *walk;
    FILE *acks;
    struct lat lat;
    uint64_t offered, skipped, early, ok, busy, other, closed;
};

static uint64_t rng = 88172645463325252ull;

static uint64_t next_random(void)
{
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return rng;
}

static int next_value(struct feed *f, int point)
{
    if (f->high || f->low_high) {
        return f->high || f->at / f->points % 2 ? 380 : 20;
    }
    int *w = &f->walk[point];
    *w += (int)(next_random() % 3) - 1;
    *w = *w < 0 ? 0 : *w > 60 ? 60 : *w;
    return *w;
}

/* A point never gets two samples of one millisecond. */
static int64_t next_time(struct feed *f)
{
    int64_t ms = wall_ns() / 1000000;
    if (f->at % f->points == 0 && ms <= f->last_ms) {
        ms = f->last_ms + 1;
    }
    if (ms > f->last_ms) {
        f->last_ms = ms;
    }
    return f->last_ms;
}

static size_t make_post(struct feed *f, char *to, int64_t ms)
{
    static char body[4 << 20];
    size_t n = 0;
    for (int i = 0; i < f->lines; i++, f->at++) {
        int p = (int)(f->at % f->points), v = next_value(f, p);
        n += (size_t)snprintf(body + n, 80, "%s%05d value=%d.%02d %lld000000\n", f->prefix,
                              p + f->from, v / 100, v % 100, (long long)ms);
    }
    int h = snprintf(to, 512,
                     "POST /write HTTP/1.1\r\nHost: feed\r\nAuthorization: Token %s\r\n"
                     "Content-Length: %zu\r\n\r\n",
                     f->token, n);
    memcpy(to + h, body, n);
    return (size_t)h + n;
}

static void redial(struct feed *f, struct conn *c)
{
    if (c->fd >= 0) {
        close(c->fd);
        f->closed++;
    }
    c->fd = dial(f->port, false);
    c->n = c->at = c->got = 0;
    c->first = c->next = 0;
}

static void flush_out(struct feed *f, struct conn *c)
{
    while (c->at < c->n) {
        ssize_t k = send(c->fd, c->out + c->at, c->n - c->at, MSG_NOSIGNAL);
        if (k <= 0) {
            if (k < 0 && errno != EAGAIN && errno != EINTR) {
                redial(f, c);
            }
            return;
        }
        c->at += (size_t)k;
    }
    c->n = c->at = 0;
}

static void count(struct feed *f, struct conn *c, int status)
{
    if (c->first == c->next) {
        return;
    }
    int64_t begun = c->wait[c->first % UNANSWERED_MAX].begun;
    int64_t ms = c->wait[c->first++ % UNANSWERED_MAX].time_ms;
    bool ok = status == 204 || status == 200;
    f->ok += ok;
    f->busy += status == 429 || status == 503;
    f->other += !ok && status != 429 && status != 503;
    if (ok) {
        lat_add(&f->lat, now_ns() - begun);
        if (f->acks) {
            fprintf(f->acks, "%lld\n", (long long)ms);
        }
    }
}

/* Whole answers at the front of what came; they are short. */
static void take_answers(struct feed *f, struct conn *c)
{
    for (;;) {
        c->in[c->got] = '\0';
        char *end = strstr(c->in, "\r\n\r\n");
        if (!end) {
            return;
        }
        char *len = strcasestr(c->in, "Content-Length:");
        size_t body = len && len < end ? strtoul(len + 15, NULL, 10) : 0;
        size_t whole = (size_t)(end + 4 - c->in) + body;
        if (c->got < whole) {
            return;
        }
        count(f, c, (int)strtol(c->in + 9, NULL, 10));
        memmove(c->in, c->in + whole, c->got - whole);
        c->got -= whole;
    }
}

static void read_in(struct feed *f, struct conn *c)
{
    ssize_t k = recv(c->fd, c->in + c->got, sizeof(c->in) - 1 - c->got, 0);
    if (k == 0 || (k < 0 && errno != EAGAIN && errno != EINTR)) {
        redial(f, c);
        return;
    }
    c->got += k > 0 ? (size_t)k : 0;
    take_answers(f, c);
}

static void offer(struct feed *f, int64_t now)
{
    static char post[5 << 20];
    f->offered++;
    if (f->last_ms > wall_ns() / 1000000 + 2000) {
        f->early++;
        return;
    }
    for (int i = 0; i < f->conns; i++) {
        struct conn *c = &f->conn[(f->offered + (uint64_t)i) % (uint64_t)f->conns];
        if (c->n || c->next - c->first == UNANSWERED_MAX) {
            continue; /* the server takes no more on this one */
        }
        int64_t ms = next_time(f);
        c->n = make_post(f, post, ms);
        c->at = 0;
        memcpy(c->out, post, c->n);
        c->wait[c->next % UNANSWERED_MAX].begun = now;
        c->wait[c->next++ % UNANSWERED_MAX].time_ms = ms;
        flush_out(f, c);
        return;
    }
    f->skipped++;
}

static void turn(struct feed *f, int64_t until)
{
    struct pollfd p[CONNS_MAX];
    for (int i = 0; i < f->conns; i++) {
        p[i] = (struct pollfd){f->conn[i].fd, (short)(POLLIN | (f->conn[i].n ? POLLOUT : 0)), 0};
    }
    int64_t left = until - now_ns();
    struct timespec ts = {.tv_sec = left > 0 ? left / 1000000000 : 0,
                          .tv_nsec = left > 0 ? left % 1000000000 : 0};
    if (ppoll(p, (nfds_t)f->conns, &ts, NULL) <= 0) {
        return;
    }
    for (int i = 0; i < f->conns; i++) {
        struct conn *c = &f->conn[i];
        if (p[i].revents & POLLOUT) {
            flush_out(f, c);
        }
        if (p[i].revents & (POLLIN | POLLHUP | POLLERR)) {
            read_in(f, c);
        }
    }
}

static bool waits(const struct feed *f)
{
    for (int i = 0; i < f->conns; i++) {
        if (f->conn[i].n || f->conn[i].first != f->conn[i].next) {
            return true;
        }
    }
    return false;
}

static void run(struct feed *f)
{
    int64_t begun = now_ns(), step = (int64_t)(1e9 * f->lines / (double)f->rate);
    int64_t stop = begun + f->seconds * 1000000000ll, due = begun;
    while (now_ns() < stop) {
        for (int64_t now = now_ns(); due <= now; due += step) {
            offer(f, due);
        }
        turn(f, due);
    }
    for (int64_t late = now_ns() + 60000000000ll; waits(f) && now_ns() < late;) {
        turn(f, now_ns() + 100000000);
    }
}

int main(int argc, char **argv)
{
    struct feed f = {.port = (int)number(argc, argv, "port", 0),
                     .points = (int)number(argc, argv, "points", 1000),
                     .lines = (int)number(argc, argv, "lines", 1000),
                     .conns = (int)number(argc, argv, "conns", 4),
                     .from = (int)number(argc, argv, "from", 0),
                     .rate = number(argc, argv, "rate", 1000),
                     .seconds = number(argc, argv, "seconds", 10),
                     .token = option(argc, argv, "token", "none"),
                     .prefix = option(argc, argv, "prefix", "P"),
                     .acks_path = option(argc, argv, "acks", NULL),
                     .high = strcmp(option(argc, argv, "values", "walk"), "high") == 0,
                     .low_high = strcmp(option(argc, argv, "values", "walk"), "low-high") == 0};
    f.acks = f.acks_path ? fopen(f.acks_path, "w") : NULL;
    f.walk = calloc((size_t)f.points, sizeof(*f.walk));
    f.conn = calloc((size_t)f.conns, sizeof(*f.conn));
    for (int i = 0; i < f.conns; i++) {
        f.conn[i].out = malloc(OUT_MAX + 1024);
        f.conn[i].fd = -1;
        redial(&f, &f.conn[i]);
    }
    int64_t begun = now_ns();
    run(&f);
    double wall = (double)(now_ns() - begun) / 1e9;
    printf("{\"wall_s\":%.2f,\"offered\":%llu,\"held_back\":%llu,\"early\":%llu,\"ok\":%llu,"
           "\"busy\":%llu,"
           "\"other\":%llu,\"closed\":%llu,\"samples\":%llu,\"per_s\":%.0f,",
           wall, (unsigned long long)f.offered, (unsigned long long)f.skipped,
           (unsigned long long)f.early, (unsigned long long)f.ok, (unsigned long long)f.busy,
           (unsigned long long)f.other, (unsigned long long)f.closed,
           (unsigned long long)f.ok * (unsigned)f.lines, (double)f.ok * f.lines / wall);
    lat_print("ack", &f.lat);
    printf("}\n");
    if (f.acks) {
        fclose(f.acks);
    }
    return 0;
}
