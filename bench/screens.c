/* SPDX-License-Identifier: Apache-2.0 */
/*
 * screens: N browsers' event streams, each with its own visible points.
 *
 *   screens --port N --token T --clients N --each 500 --points N --seconds S [--prefix P]
 *           [--stagger MS]
 *
 * Prints how old values and alarms were when they came: now minus the time of the sample, now minus
 * the time that the alarm says of its change; number of each; streams that ended. With SIGTERM it
 * ends early and prints.
 */
#include <signal.h>
#include <sys/epoll.h>

#include "tool.h"

struct screen {
    int fd;
    char *in;
    size_t n, cap;
    uint64_t live, alarms;
    int64_t last_live;
};

struct totals {
    struct lat value, alarm, gap;
    uint64_t bytes, live, values, ended;
};

static volatile sig_atomic_t stop;

static void on_term(int sig)
{
    (void)sig;
    stop = 1;
}

static int open_screen(int port, const char *token, const char *prefix, long first, long each,
                       long points)
{
    int fd = dial(port, true);
    char *text = malloc((size_t)each * 16 + 1024);
    size_t n = (size_t)sprintf(text, "GET /api/v1/stream?points=");
    for (long i = 0; i < each; i++) {
        n += (size_t)sprintf(text + n, "%s%s%05ld", i ? "," : "", prefix, (first + i) % points);
    }
    n += (size_t)sprintf(text + n, " HTTP/1.0\r\nHost: s\r\nAuthorization: Bearer %s\r\n\r\n",
                         token);
    send_all(fd, text, n);
    free(text);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

/* data: {"t":…,"p":[[i,v,"q",t],…]}: the time stands before each "]". */
static void take_live(struct screen *s, char *data, char *end, struct totals *t, int64_t now_ms)
{
    int64_t mono = now_ns();
    s->live++;
    t->live++;
    if (s->live == 1) {
        return; /* the present at connection, of any age */
    }
    if (s->last_live) {
        lat_add(&t->gap, mono - s->last_live);
    }
    s->last_live = mono;
    char *p = strstr(data, "\"p\":[");
    while (p && (p = memchr(p, ']', (size_t)(end - p)))) {
        char *digit = p;
        while (digit[-1] >= '0' && digit[-1] <= '9') {
            digit--;
        }
        if (digit < p) {
            lat_add(&t->value, (now_ms - strtoll(digit, NULL, 10)) * 1000000);
            t->values++;
        }
        p++;
    }
}

static int64_t field_ms(const char *json, const char *key)
{
    const char *at = strstr(json, key);
    return at ? strtoll(at + strlen(key), NULL, 10) : 0;
}

/* An alarm that is raised again before it was acknowledged keeps the time of its first raise; the
 * delay is taken of first raises and of clears. */
static void take_alarm(struct screen *s, char *data, struct totals *t, int64_t now_ms)
{
    bool clear = strstr(data, "\"change\":\"clear\"") != NULL;
    bool first = strstr(data, "\"change\":\"raise\"") && strstr(data, "\"raises\":1,");
    int64_t at = clear ? field_ms(data, "\"cleared\":") : first ? field_ms(data, "\"raised\":") : 0;
    s->alarms++;
    if (at) {
        lat_add(&t->alarm, (now_ms - at) * 1000000);
    }
}

static void take_events(struct screen *s, struct totals *t)
{
    char *at = s->in, *end;
    int64_t now_ms = wall_ns() / 1000000;
    s->in[s->n] = '\0';
    while ((end = strstr(at, "\n\n"))) {
        *end = '\0';
        char *event = strstr(at, "event: "), *data = strstr(at, "data: ");
        if (event && data && strncmp(event + 7, "live", 4) == 0) {
            take_live(s, data, end, t, now_ms);
        } else if (event && data && strncmp(event + 7, "alarm", 5) == 0) {
            take_alarm(s, data, t, now_ms);
        }
        at = end + 2;
    }
    s->n -= (size_t)(at - s->in);
    memmove(s->in, at, s->n);
}

static void read_screen(struct screen *s, struct totals *t)
{
    for (;;) {
        if (s->cap - s->n < 65537) {
            s->cap = s->cap ? s->cap * 2 : 1 << 17;
            s->in = realloc(s->in, s->cap);
        }
        ssize_t k = recv(s->fd, s->in + s->n, s->cap - s->n - 1, 0);
        if (k < 0 && (errno == EAGAIN || errno == EINTR)) {
            break;
        }
        if (k <= 0) {
            t->ended++;
            close(s->fd);
            s->fd = -1;
            break;
        }
        s->n += (size_t)k;
        t->bytes += (uint64_t)k;
    }
    take_events(s, t);
}

static void print(const struct screen *all, long n, struct totals *t)
{
    uint64_t least = UINT64_MAX, most = 0;
    for (long i = 0; i < n; i++) {
        least = all[i].alarms < least ? all[i].alarms : least;
        most = all[i].alarms > most ? all[i].alarms : most;
    }
    printf("{\"clients\":%ld,\"ended\":%llu,\"bytes\":%llu,\"live\":%llu,\"values\":%llu,"
           "\"alarms_least\":%llu,\"alarms_most\":%llu,",
           n, (unsigned long long)t->ended, (unsigned long long)t->bytes,
           (unsigned long long)t->live, (unsigned long long)t->values, (unsigned long long)least,
           (unsigned long long)most);
    lat_print("value", &t->value);
    printf(",");
    lat_print("alarm", &t->alarm);
    printf(",");
    lat_print("between", &t->gap);
    printf("}\n");
}

int main(int argc, char **argv)
{
    long n = number(argc, argv, "clients", 1), each = number(argc, argv, "each", 500);
    long points = number(argc, argv, "points", 10000), seconds = number(argc, argv, "seconds", 10);
    long stagger = number(argc, argv, "stagger", 3);
    int ep = epoll_create1(0), port = (int)number(argc, argv, "port", 0);
    struct screen *all = calloc((size_t)n, sizeof(*all));
    struct totals t = {0};
    signal(SIGTERM, on_term);
    be_prompt();
    for (long i = 0; i < n; i++) {
        all[i].fd = open_screen(port, option(argc, argv, "token", ""),
                                option(argc, argv, "prefix", "P"), i * 37, each, points);
        struct epoll_event ev = {.events = EPOLLIN, .data.ptr = &all[i]};
        epoll_ctl(ep, EPOLL_CTL_ADD, all[i].fd, &ev);
        usleep((useconds_t)stagger * 1000);
    }
    for (int64_t end = now_ns() + seconds * 1000000000ll; now_ns() < end && !stop;) {
        struct epoll_event ev[64];
        int k = epoll_wait(ep, ev, 64, 100);
        for (int i = 0; i < k; i++) {
            read_screen(ev[i].data.ptr, &t);
        }
    }
    print(all, n, &t);
    return 0;
}
