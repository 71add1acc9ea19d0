/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loadgen: posts line protocol over keep-alive connections and prints what the server took.
 *
 *   loadgen HOST PORT PATH --points N --lines L --posts P --conns C [--random] [--token T]
 *           [--start MS] [--step MS] [--from FIRST_POINT] [--pid PID]
 *
 * All bodies are made before the clock starts. Each connection has one post under way; the next
 * begins when the last is answered. Prints one JSON line: wall seconds, samples acknowledged,
 * answers by status, latency percentiles, and the CPU seconds that process PID used meanwhile.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNS_MAX = 256 };

struct options {
    const char *host, *path, *token;
    int port, points, lines, posts, conns, pid, from;
    bool random;
    int64_t start_ms, step_ms;
};

struct post {
    char *text;
    size_t n;
};

struct conn {
    int fd, post;
    size_t sent, got;
    char answer[4096];
    int64_t begun;
};

static uint64_t rng = 88172645463325252ull;

static uint64_t next_random(void)
{
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return rng;
}

static int64_t now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

static double cpu_of(int pid)
{
    char path[64], line[1024];
    unsigned long user = 0, system = 0;
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    FILE *f = pid ? fopen(path, "r") : NULL;
    if (!f) {
        return 0;
    }
    if (fgets(line, sizeof(line), f)) {
        char *p = strrchr(line, ')');
        if (p && sscanf(p + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
                        &system) != 2) {
            user = system = 0;
        }
    }
    fclose(f);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

/* One post: `lines` samples that go on through the points, round by round, each round a step later.
 */
static struct post make_post(const struct options *o, int64_t *at, int *walk)
{
    struct post p = {.text = malloc((size_t)o->lines * 72 + 512)};
    char *body = malloc((size_t)o->lines * 72 + 1);
    size_t n = 0;
    for (int i = 0; i < o->lines; i++, (*at)++) {
        int point = o->random ? (int)(next_random() % (uint64_t)o->points) : (int)(*at % o->points);
        int64_t t = o->start_ms + *at / o->points * o->step_ms;
        walk[point] += (int)(next_random() % 3) - 1;
        walk[point] = walk[point] < 0 ? 0 : walk[point] > 60 ? 60 : walk[point];
        n += (size_t)snprintf(body + n, 72, "P%05d value=%d.%02d %lld\n", point + o->from,
                              walk[point] / 100, walk[point] % 100, (long long)t * 1000000);
    }
    int h = snprintf(p.text, 512,
                     "POST %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Token %s\r\n"
                     "Content-Length: %zu\r\n\r\n",
                     o->path, o->host, o->token, n);
    memcpy(p.text + h, body, n);
    p.n = (size_t)h + n;
    free(body);
    return p;
}

static int dial(const struct options *o)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)o->port)};
    int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    inet_pton(AF_INET, o->host, &a.sin_addr);
    if (connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0) {
        perror("connect");
        exit(1);
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    return fd;
}

/* The status once the answer is whole; 0 before. Answers are short. */
static int answer_of(struct conn *c)
{
    c->answer[c->got] = '\0';
    char *end = strstr(c->answer, "\r\n\r\n");
    if (!end) {
        return 0;
    }
    size_t body = 0;
    char *len = strcasestr(c->answer, "Content-Length:");
    if (len && len < end) {
        body = strtoul(len + 15, NULL, 10);
    }
    return c->got >= (size_t)(end + 4 - c->answer) + body ? atoi(c->answer + 9) : 0;
}

struct result {
    int64_t *latency;
    int done, ok, busy, other;
};

static bool begin(struct conn *c, const struct options *o, int *next)
{
    if (*next >= o->posts) {
        c->post = -1;
        return false;
    }
    c->post = (*next)++;
    c->sent = c->got = 0;
    c->begun = now_ns();
    return true;
}

static void step_conn(struct conn *c, const struct options *o, const struct post *posts, int *next,
                      struct result *r)
{
    const struct post *p = &posts[c->post];
    if (c->sent < p->n) {
        ssize_t n = send(c->fd, p->text + c->sent, p->n - c->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        c->sent += n > 0 ? (size_t)n : 0;
    }
    ssize_t n = recv(c->fd, c->answer + c->got, sizeof(c->answer) - 1 - c->got, MSG_DONTWAIT);
    if (n == 0) {
        fprintf(stderr, "loadgen: the server closed a connection\n");
        exit(1);
    }
    c->got += n > 0 ? (size_t)n : 0;
    int status = c->got ? answer_of(c) : 0;
    if (!status) {
        return;
    }
    r->latency[r->done++] = now_ns() - c->begun;
    r->ok += status == 204 || status == 200;
    r->busy += status == 429 || status == 503;
    r->other += status != 204 && status != 200 && status != 429 && status != 503;
    begin(c, o, next);
}

static void run(const struct options *o, const struct post *posts, struct result *r)
{
    static struct conn conns[CONNS_MAX];
    static struct pollfd fds[CONNS_MAX];
    int next = 0;
    for (int i = 0; i < o->conns; i++) {
        conns[i].fd = dial(o);
        begin(&conns[i], o, &next);
    }
    while (r->done < o->posts) {
        for (int i = 0; i < o->conns; i++) {
            short want = conns[i].post < 0                        ? 0
                         : conns[i].sent < posts[conns[i].post].n ? POLLIN | POLLOUT
                                                                  : POLLIN;
            fds[i] = (struct pollfd){.fd = conns[i].post < 0 ? -1 : conns[i].fd, .events = want};
        }
        if (poll(fds, (nfds_t)o->conns, 30000) <= 0) {
            fprintf(stderr, "loadgen: no answer for 30 s\n");
            exit(1);
        }
        for (int i = 0; i < o->conns; i++) {
            if (fds[i].revents) {
                step_conn(&conns[i], o, posts, &next, r);
            }
        }
    }
    for (int i = 0; i < o->conns; i++) {
        close(conns[i].fd);
    }
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static struct options parse(int argc, char **argv)
{
    struct options o = {.host = argv[1],
                        .port = atoi(argv[2]),
                        .path = argv[3],
                        .token = "none",
                        .points = 10000,
                        .lines = 20000,
                        .posts = 100,
                        .conns = 1,
                        .start_ms = 1700000000000,
                        .step_ms = 1000};
    for (int i = 4; i < argc; i++) {
        if (strcmp(argv[i], "--random") == 0) {
            o.random = true;
            continue;
        }
        const char *v = i + 1 < argc ? argv[i + 1] : "";
        const char *k = argv[i++];
        o.points = strcmp(k, "--points") ? o.points : atoi(v);
        o.lines = strcmp(k, "--lines") ? o.lines : atoi(v);
        o.posts = strcmp(k, "--posts") ? o.posts : atoi(v);
        o.conns = strcmp(k, "--conns") ? o.conns : atoi(v);
        o.from = strcmp(k, "--from") ? o.from : atoi(v);
        o.pid = strcmp(k, "--pid") ? o.pid : atoi(v);
        o.token = strcmp(k, "--token") ? o.token : v;
        o.start_ms = strcmp(k, "--start") ? o.start_ms : atoll(v);
        o.step_ms = strcmp(k, "--step") ? o.step_ms : atoll(v);
    }
    return o;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: loadgen HOST PORT PATH [options]; see the head of loadgen.c\n");
        return 2;
    }
    struct options o = parse(argc, argv);
    struct post *posts = calloc((size_t)o.posts, sizeof(*posts));
    struct result r = {.latency = calloc((size_t)o.posts + 1, sizeof(int64_t))};
    int *walk = calloc((size_t)o.points, sizeof(*walk));
    int64_t at = 0;
    for (int i = 0; i < o.posts; i++) {
        posts[i] = make_post(&o, &at, walk);
    }
    double cpu = cpu_of(o.pid);
    int64_t begun = now_ns();
    run(&o, posts, &r);
    double wall = (double)(now_ns() - begun) / 1e9;
    cpu = cpu_of(o.pid) - cpu;
    double samples = (double)r.ok * o.lines;
    qsort(r.latency, (size_t)r.done, sizeof(*r.latency), by_size);
    printf("{\"wall_s\":%.4f,\"samples\":%.0f,\"per_s\":%.0f,\"cpu_s\":%.3f,\"cpu_s_per_million\":%"
           ".4f,"
           "\"ok\":%d,\"busy\":%d,\"other\":%d,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f}\n",
           wall, samples, samples / wall, cpu, samples > 0 ? cpu / samples * 1e6 : 0, r.ok, r.busy,
           r.other, (double)r.latency[r.done / 2] / 1e6,
           (double)r.latency[(size_t)((double)r.done * 0.99)] / 1e6,
           (double)r.latency[r.done - 1] / 1e6);
    return 0;
}
