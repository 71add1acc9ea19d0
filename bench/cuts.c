/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cuts: from a sample over the cut value on the wire to the cut-off write on the wire.
 *
 *   cuts --http N --mqtt N --device N --token T --channels N --triggers N --seconds S --pid PID
 *
 * It is the producer over HTTP (points Hnnnnn), the producer over MQTT (Mnnnnn) and the Modbus
 * device (input register k: point Bnnnnn; coil k: the switch; discrete input k: its feed, which
 * follows the coil). The clock starts before the send of the post, the publish, or the answer that
 * first holds the value, and ends when the write has come. Every sensor is told its value again
 * every 5 s; three seconds after a trigger it goes below the restore value.
 *
 * What became of each trigger is kept: when it was due, sent and answered, with which status. Of
 * those that never got their write the fate is printed: a connection that the server closed, no
 * answer, the answer, and whether the value below came first.
 *
 * The cause of the worst is looked for in the scheduler: how long the threads of PID that lie on
 * the way had to wait for a processor meanwhile (/proc/PID/task/TID/schedstat), and how long this
 * program had.
 */
#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>

#include "mqtt.h"

enum { CHANNELS = 500, HTTP_CONNS = 512, WATCHED = 16, RING = 4096, OVER = 160, CALM = 20 };
enum { TOLD = 40, CLOSED = -1, RESET = -2 }; /* CLOSED, RESET: in the place of a status */
enum { HTTP, MQTT, MODBUS, KINDS };
static const char *const kind_names[] = {"http", "mqtt", "modbus"};
enum { ENGINE, MODBUS_LINK, MQTT_LINK, SORTS };
static const char *const sort_names[] = {"engine", "mb-", "mq-"};

/* What became of one; times of the monotonic clock, 0: not (yet). */
struct trigger {
    int64_t due, sent, written, answered, calm;
    long channel;
    int kind, status;
    unsigned conn, idle_ms; /* HTTP: which connection, and how long it had been idle */
};

struct channel {
    uint8_t coil;
    _Atomic int kind;      /* of the trigger under way */
    _Atomic long trigger;  /* its number */
    _Atomic int64_t begun; /* 0: none, or the value is not on the wire yet */
    _Atomic int armed;     /* Modbus: the next answer begins */
    uint16_t input;
    uint16_t now[KINDS];
    int64_t calm_at, last;
};

/* Sums up to a moment: of each sort of thread, and of this program's own lateness. */
struct slice {
    int64_t at, own, waited[SORTS], ran[SORTS];
};

/* A connection is used again when all on it is answered; none waits behind another one's sync. */
struct http {
    int fd;
    bool waits, closed;
    int64_t used;
    long trigger; /* what waits is this one's post; -1: of none */
};

struct cuts {
    struct http http[HTTP_CONNS];
    int http_port, http_n, mqtt_fd, listen_fd, pid;
    long channels, triggers, seconds;
    const char *token;
    struct channel ch[CHANNELS];
    struct trigger *trigger; /* `triggers` of them */
    struct lat connect;
    pthread_mutex_t lock; /* inputs, latencies */
    struct lat lat[KINDS], all;
    long done, fired, closed;
    uint16_t mqtt_id;
    struct slice ring[RING];
    _Atomic unsigned ring_n;
    int watched[WATCHED], sort[WATCHED], watched_n;
    struct slice worst_span;
    _Atomic int stop;
    int64_t worst, worst_begun, worst_looked;
    int worst_kind;
};

static struct cuts c;

/* ---- the device ------------------------------------------------------------------------------ */

static void came(long k, int64_t at)
{
    struct channel *ch = &c.ch[k];
    int64_t begun = atomic_exchange(&ch->begun, 0);
    if (!begun) {
        return;
    }
    int kind = atomic_load(&ch->kind);
    c.trigger[atomic_load(&ch->trigger)].written = at;
    pthread_mutex_lock(&c.lock);
    lat_add(&c.lat[kind], at - begun);
    lat_add(&c.all, at - begun);
    c.done++;
    if (at - begun > c.worst) {
        c.worst = at - begun;
        c.worst_begun = begun;
        c.worst_kind = kind;
    }
    pthread_mutex_unlock(&c.lock);
}

static size_t read_bits(uint8_t *to, unsigned from, unsigned n)
{
    to[1] = (uint8_t)((n + 7) / 8);
    memset(to + 2, 0, to[1]);
    for (unsigned i = 0; i < n && from + i < CHANNELS; i++) {
        to[2 + i / 8] |= (uint8_t)(c.ch[from + i].coil << (i % 8));
    }
    return 2u + to[1];
}

static size_t read_inputs(uint8_t *to, unsigned from, unsigned n)
{
    to[1] = (uint8_t)(n * 2);
    int64_t at = now_ns();
    for (unsigned i = 0; i < n; i++) {
        struct channel *ch = &c.ch[(from + i) % CHANNELS];
        if (atomic_exchange(&ch->armed, 0)) {
            ch->input = OVER;
            atomic_store(&ch->begun, at);
        }
        to[2 + i * 2] = (uint8_t)(ch->input >> 8);
        to[3 + i * 2] = (uint8_t)ch->input;
    }
    return 2u + n * 2;
}

static size_t reply(const uint8_t *pdu, uint8_t *to, int64_t at)
{
    unsigned from = (unsigned)pdu[1] << 8 | pdu[2], n = (unsigned)pdu[3] << 8 | pdu[4];
    to[0] = pdu[0];
    switch (pdu[0]) {
    case 1:
    case 2:
        return read_bits(to, from, n);
    case 3:
    case 4:
        return read_inputs(to, from, n);
    case 5:
        c.ch[from % CHANNELS].coil = pdu[3] == 0xff;
        if (pdu[3] == 0) {
            came(from % CHANNELS, at);
        }
        memcpy(to, pdu, 5);
        return 5;
    default:
        to[0] |= 0x80;
        to[1] = 1;
        return 2;
    }
}

static void serve(int fd)
{
    uint8_t in[512], out[512];
    while (recv(fd, in, 7, MSG_WAITALL) == 7) {
        size_t n = ((size_t)in[4] << 8 | in[5]) - 1;
        if (n > 400 || recv(fd, in + 7, n, MSG_WAITALL) != (ssize_t)n) {
            break;
        }
        int64_t at = now_ns();
        size_t k = reply(in + 7, out + 7, at);
        memcpy(out, in, 7);
        out[4] = (uint8_t)((k + 1) >> 8);
        out[5] = (uint8_t)(k + 1);
        send_all(fd, out, k + 7);
    }
    close(fd);
}

static void *device(void *arg)
{
    (void)arg;
    be_prompt();
    for (;;) {
        int fd = accept(c.listen_fd, NULL, NULL), one = 1;
        if (fd < 0) {
            return NULL;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        serve(fd);
    }
}

static void listen_at(int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int one = 1;
    pthread_t t;
    inet_pton(AF_INET, "127.0.0.1", &a.sin_addr);
    c.listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(c.listen_fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(c.listen_fd, (struct sockaddr *)&a, sizeof(a)) != 0 || listen(c.listen_fd, 4) != 0) {
        perror("listen");
        exit(1);
    }
    pthread_create(&t, NULL, device, NULL);
}

/* ---- who waited for a processor -------------------------------------------------------------- */

static void find_threads(void)
{
    char path[300], name[32];
    snprintf(path, sizeof(path), "/proc/%d/task", c.pid);
    DIR *d = c.pid ? opendir(path) : NULL;
    for (struct dirent *e; d && (e = readdir(d));) {
        snprintf(path, sizeof(path), "/proc/%d/task/%s/comm", c.pid, e->d_name);
        FILE *f = fopen(path, "r");
        bool named = f && fgets(name, sizeof(name), f);
        for (int i = 0; i < SORTS && named && c.watched_n < WATCHED; i++) {
            if (strncmp(name, sort_names[i], strlen(sort_names[i])) == 0) {
                c.sort[c.watched_n] = i;
                c.watched[c.watched_n++] = (int)strtol(e->d_name, NULL, 10);
            }
        }
        if (f) {
            fclose(f);
        }
    }
    if (d) {
        closedir(d);
    }
}

/* What changed between the slices around [begun, begun + took]. */
static struct slice around(int64_t begun, int64_t took)
{
    struct slice a = {0}, b = {0};
    unsigned n = atomic_load(&c.ring_n), oldest = n > RING ? n - RING : 0;
    for (unsigned i = oldest; i < n; i++) {
        struct slice s = c.ring[i % RING];
        if (s.at <= begun || !a.at) {
            a = s;
        }
        b = s;
        if (s.at >= begun + took) {
            break;
        }
    }
    struct slice r = {.at = b.at - a.at, .own = b.own - a.own};
    for (int i = 0; i < SORTS; i++) {
        r.waited[i] = b.waited[i] - a.waited[i];
        r.ran[i] = b.ran[i] - a.ran[i];
    }
    return r;
}

static void look_at_worst(int64_t now)
{
    pthread_mutex_lock(&c.lock);
    if (c.worst != c.worst_looked && now > c.worst_begun + c.worst) {
        c.worst_span = around(c.worst_begun, c.worst);
        c.worst_looked = c.worst;
    }
    pthread_mutex_unlock(&c.lock);
}

static void *watch(void *arg)
{
    (void)arg;
    be_prompt();
    int64_t own = 0;
    while (!atomic_load(&c.stop)) {
        int64_t due = now_ns() + 2000000;
        sleep_until(due);
        own += now_ns() - due;
        struct slice s = {.own = own};
        for (int i = 0; i < c.watched_n; i++) {
            char path[80];
            long long ran = 0, waited = 0;
            snprintf(path, sizeof(path), "/proc/%d/task/%d/schedstat", c.pid, c.watched[i]);
            FILE *f = fopen(path, "r");
            if (f) {
                if (fscanf(f, "%lld %lld", &ran, &waited) == 2) {
                    s.ran[c.sort[i]] += ran;
                    s.waited[c.sort[i]] += waited;
                }
                fclose(f);
            }
        }
        s.at = now_ns();
        unsigned n = atomic_load(&c.ring_n);
        c.ring[n % RING] = s;
        atomic_store(&c.ring_n, n + 1);
        look_at_worst(s.at);
    }
    return NULL;
}

/* ---- the producers --------------------------------------------------------------------------- */

static void drain(int fd)
{
    char dump[65536];
    while (recv(fd, dump, sizeof(dump), MSG_DONTWAIT) > 0) {
    }
}

/* What became of the post that waits on a connection. */
static void answered(struct http *h, int status)
{
    if (h->trigger >= 0) {
        c.trigger[h->trigger].answered = now_ns();
        c.trigger[h->trigger].status = status;
    }
    h->waits = false;
    h->trigger = -1;
    h->used = now_ns();
}

static void hear(struct http *h)
{
    char text[4096];
    ssize_t n = recv(h->fd, text, sizeof(text) - 1, MSG_DONTWAIT);
    if (n > 0 && h->waits) {
        text[n] = '\0';
        answered(h, (int)strtol(text + 9, NULL, 10));
    } else if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        c.closed += !h->waits;
        answered(h, n == 0 ? CLOSED : RESET);
        h->closed = true;
    }
}

/* All that came. */
static void hear_all(void)
{
    struct pollfd p[HTTP_CONNS];
    for (int i = 0; i < c.http_n; i++) {
        p[i] = (struct pollfd){c.http[i].closed ? -1 : c.http[i].fd, POLLIN, 0};
    }
    if (poll(p, (nfds_t)c.http_n, 0) > 0) {
        for (int i = 0; i < c.http_n; i++) {
            if (p[i].revents) {
                hear(&c.http[i]);
            }
        }
    }
}

static void dial_http(struct http *h)
{
    int64_t begun = now_ns();
    if (h->closed) {
        close(h->fd);
    }
    *h = (struct http){.fd = dial(c.http_port, true), .trigger = -1};
    h->used = now_ns();
    lat_add(&c.connect, h->used - begun);
}

/* As clients do: a connection that the server has closed is dialled again. */
static struct http *idle_http(void)
{
    hear_all();
    for (int i = 0; i < c.http_n; i++) {
        struct http *h = &c.http[i];
        if (h->waits) {
            continue;
        }
        if (h->closed) {
            dial_http(h);
        }
        return h;
    }
    if (c.http_n == HTTP_CONNS) {
        fprintf(stderr, "cuts: %d posts wait for their answers\n", c.http_n);
        exit(1);
    }
    dial_http(&c.http[c.http_n]);
    return &c.http[c.http_n++];
}

static void post(struct http *conn, const char *body, size_t n)
{
    static char text[1 << 16];
    int h = snprintf(text, 512,
                     "POST /write HTTP/1.1\r\nHost: c\r\nAuthorization: Token %s\r\n"
                     "Content-Length: %zu\r\n\r\n",
                     c.token, n);
    memcpy(text + h, body, n);
    conn->waits = true;
    send_all(conn->fd, text, (size_t)h + n);
}

static void post_value(struct http *conn, long k, int centi)
{
    char line[96];
    int n = snprintf(line, sizeof(line), "H%05ld value=%d.%02d %lld\n", k, centi / 100, centi % 100,
                     (long long)wall_ns());
    post(conn, line, (size_t)n);
}

static void publish_value(long k, int centi)
{
    char topic[32], text[96];
    uint8_t packet[256];
    drain(c.mqtt_fd);
    snprintf(topic, sizeof(topic), "m/M%05ld", k);
    snprintf(text, sizeof(text), "{\"ts\":%lld,\"value\":%d.%02d}",
             (long long)(wall_ns() / 1000000), centi / 100, centi % 100);
    c.mqtt_id = (uint16_t)(c.mqtt_id % 65000 + 1);
    send_all(c.mqtt_fd, packet, mq_publish(packet, topic, c.mqtt_id, text));
}

static void tell(long k, int kind, int centi)
{
    c.ch[k].now[kind] = (uint16_t)centi;
    if (kind == HTTP) {
        post_value(idle_http(), k, centi);
    } else if (kind == MQTT) {
        publish_value(k, centi);
    } else {
        c.ch[k].input = (uint16_t)centi;
    }
}

static void fire(long i, long k, int kind, int64_t due)
{
    struct channel *ch = &c.ch[k];
    struct trigger *t = &c.trigger[i];
    struct http *conn = kind == HTTP ? idle_http() : NULL; /* before the clock starts */
    *t = (struct trigger){.due = due, .channel = k, .kind = kind};
    atomic_store(&ch->begun, 0);
    atomic_store(&ch->kind, kind);
    atomic_store(&ch->trigger, i);
    t->sent = now_ns();
    ch->calm_at = t->sent + 3000000000ll;
    c.fired++;
    if (kind == MODBUS) {
        ch->now[MODBUS] = OVER;
        atomic_store(&ch->armed, 1);
        return;
    }
    atomic_store(&ch->begun, t->sent);
    if (kind == HTTP) {
        t->conn = (unsigned)(conn - c.http);
        t->idle_ms = (unsigned)((t->sent - conn->used) / 1000000);
        conn->trigger = i;
        ch->now[HTTP] = OVER;
        post_value(conn, k, OVER);
    } else {
        tell(k, kind, OVER);
    }
}

static void calm_down(void)
{
    int64_t now = now_ns();
    for (long k = 0; k < c.channels; k++) {
        struct channel *ch = &c.ch[k];
        if (ch->calm_at && now > ch->calm_at) {
            ch->calm_at = 0;
            c.trigger[atomic_load(&ch->trigger)].calm = now;
            tell(k, atomic_load(&ch->kind), CALM);
        }
    }
}

/* A twentieth of the sensors every 250 ms. */
static void refresh(void)
{
    static long part;
    static char body[1 << 15];
    size_t n = 0;
    part = (part + 1) % 20;
    for (long k = part; k < c.channels; k += 20) {
        struct channel *ch = &c.ch[k];
        n += (size_t)snprintf(body + n, 96, "H%05ld value=%d.%02d %lld\n", k, ch->now[HTTP] / 100,
                              ch->now[HTTP] % 100, (long long)wall_ns());
        publish_value(k, ch->now[MQTT]);
    }
    if (n) {
        post(idle_http(), body, n);
    }
}

static void run(void)
{
    int64_t begun = now_ns(), refreshed = 0;
    int64_t step = c.seconds * 1000000000ll / c.triggers;
    for (long i = 0; i < c.triggers;) {
        int64_t now = now_ns(), due = begun + i * step;
        if (now - refreshed > 250000000) {
            refreshed = now;
            refresh();
        }
        hear_all();
        calm_down();
        if (now >= due) {
            long k = i % c.channels;
            fire(i, k, (int)((i + i / c.channels) % KINDS), due);
            i++;
        } else {
            sleep_until(due < now + 20000000 ? due : now + 20000000);
        }
    }
    for (int64_t end = now_ns() + 10000000000ll; now_ns() < end && c.done < c.fired;) {
        hear_all();
        calm_down();
        usleep(10000);
    }
}

static void settle(void)
{
    for (int i = 0; i < 80; i++) { /* 20 s: every sensor has spoken, every output is read */
        refresh();
        usleep(i < 20 ? 20000 : 50000);
    }
}

/* The fate of a trigger without a write. */
static const char *fate(const struct trigger *t)
{
    static const struct {
        int status;
        const char *text;
    } said[] = {{CLOSED, "connection closed"}, {RESET, "connection reset"}, {204, "answered 204"},
                {429, "answered 429"},         {503, "answered 503"},       {400, "answered 400"}};
    if (t->kind == MQTT) {
        return "published";
    }
    if (t->kind == MODBUS) {
        return atomic_load(&c.ch[t->channel].armed) ? "not read" : "read";
    }
    for (size_t i = 0; t->answered && i < sizeof(said) / sizeof(said[0]); i++) {
        if (t->status == said[i].status) {
            return said[i].text;
        }
    }
    return t->answered ? "answered otherwise" : "no answer";
}

static double since_ms(int64_t at, int64_t from)
{
    return at ? (double)(at - from) / 1e6 : -1;
}

static void print_missed(void)
{
    int told = 0;
    printf("\"missed\":[");
    for (long i = 0; i < c.fired && told < TOLD; i++) {
        const struct trigger *t = &c.trigger[i];
        if (!t->written) {
            printf("%s{\"n\":%ld,\"kind\":\"%s\",\"channel\":%ld,\"fate\":\"%s\",\"at_s\":%.3f,"
                   "\"sent_late_ms\":%.1f,\"answer_ms\":%.1f,\"calm_ms\":%.1f,\"conn\":%u,"
                   "\"idle_ms\":%u}",
                   told++ ? "," : "", i, kind_names[t->kind], t->channel, fate(t),
                   since_ms(t->sent, c.trigger[0].sent), since_ms(t->sent, t->due),
                   since_ms(t->answered, t->sent), since_ms(t->calm, t->sent), t->conn, t->idle_ms);
        }
    }
    printf("],\"connections\":%d,\"closed_idle\":%ld,", c.http_n, c.closed);
    lat_print("connect", &c.connect);
    printf(",");
}

static void print_all(void)
{
    printf("{\"fired\":%ld,\"written\":%ld,", c.fired, c.done);
    print_missed();
    lat_print("all", &c.all);
    for (int k = 0; k < KINDS; k++) {
        printf(",");
        lat_print(kind_names[k], &c.lat[k]);
    }
    const struct slice *s = &c.worst_span;
    printf(",\"worst\":{\"kind\":\"%s\",\"ms\":%.3f,\"window_ms\":%.1f,\"own_late_ms\":%.2f",
           kind_names[c.worst_kind], (double)c.worst / 1e6, (double)s->at / 1e6,
           (double)s->own / 1e6);
    for (int i = 0; i < SORTS; i++) {
        printf(",\"%s\":{\"waited_ms\":%.2f,\"ran_ms\":%.2f}", sort_names[i],
               (double)s->waited[i] / 1e6, (double)s->ran[i] / 1e6);
    }
    printf("}}\n");
}

int main(int argc, char **argv)
{
    c.channels = number(argc, argv, "channels", 200);
    c.triggers = number(argc, argv, "triggers", 1000);
    c.seconds = number(argc, argv, "seconds", 60);
    c.token = option(argc, argv, "token", "");
    c.pid = (int)number(argc, argv, "pid", 0);
    c.trigger = calloc((size_t)c.triggers + 1, sizeof(*c.trigger));
    pthread_mutex_init(&c.lock, NULL);
    be_prompt();
    for (long k = 0; k < CHANNELS; k++) {
        c.ch[k] = (struct channel){.coil = 1, .input = CALM, .now = {CALM, CALM, CALM}};
    }
    listen_at((int)number(argc, argv, "device", 0));
    c.http_port = (int)number(argc, argv, "http", 0);
    c.mqtt_fd = mq_connect((int)number(argc, argv, "mqtt", 0), "bench-cuts");
    find_threads();
    pthread_t t;
    pthread_create(&t, NULL, watch, NULL);
    settle();
    run();
    atomic_store(&c.stop, 1);
    pthread_join(t, NULL);
    print_all();
    return 0;
}
