/* SPDX-License-Identifier: Apache-2.0 */
#include "devices.h"
#include "registers.h"
#include "rig.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <modbus.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "sys/loop.h"
#include "sys/thread.h"

enum { FRAME_MAX = 260, HEAD = 6, BACKLOG = 16, CONNS_MAX = 64, DRIP_MS = 15 };
enum { BAD_VALUE = 3, FAILURE = 4, NO_TARGET = 11 }; /* exception codes */

struct unit {
    int id;
    modbus_mapping_t *map;
    int bits, inputs, holdings, input_regs; /* sizes while counted */
};
struct device {
    struct sim_devices *all;
    const char *id;
    bool asked; /* since the plant last looked */
    int port, listen_fd;
    enum sim_device_mode mode;
    int late_ms;
    struct unit *units;
    int units_n;
    uint64_t token; /* the highest fencing token that it was told */
};
struct conn {
    struct device *d;
    struct conn *next;
    uint64_t id, token; /* token: as this client told it last */
    int fd;
    uint8_t in[FRAME_MAX];
    size_t n;
};
struct sim_devices {
    struct kt_loop *loop;
    pthread_t thread;
    pthread_mutex_t io; /* the mappings */
    modbus_t *ctx;
    int pipe[2]; /* answers of libmodbus come through here */
    struct device *devices;
    int n;
    struct conn *conns;
    int conns_n;
    uint64_t last_id;
    bool *coil_was; /* of each switch, as last seen */
    struct guarded *guarded;
    int guarded_n;
    struct sim_registers *registers;
};
/* A coil that its PLC refuses to set while `locked`. */
struct guarded {
    int device, unit, coil, sw;
    bool locked;
};
struct later { /* bytes that go out after a while */
    struct sim_devices *all;
    uint64_t conn;
    size_t n;
    uint8_t bytes[];
};
struct order { /* a mode handed to the loop's thread */
    struct device *d;
    enum sim_device_mode mode;
    int late_ms;
};

bool sim_device_mode_of(const char *word, enum sim_device_mode *ret)
{
    static const char *const words[] = {"ok",       "late",      "half",   "drip",
                                        "wrong-id", "exception", "silent", "vanish"};
    for (size_t k = 0; k < KT_ARRAY_LEN(words); k++) {
        if (strcmp(word, words[k]) == 0) {
            *ret = (enum sim_device_mode)k;
            return true;
        }
    }
    return false;
}

/* ---- connections ---- */
static void drop(struct conn *c)
{
    struct sim_devices *all = c->d->all;
    for (struct conn **at = &all->conns; *at; at = &(*at)->next) {
        if (*at == c) {
            *at = c->next;
            break;
        }
    }
    kt_loop_unwatch(all->loop, c->fd);
    close(c->fd);
    free(c);
    all->conns_n--;
}

static struct conn *conn_of(struct sim_devices *all, uint64_t id)
{
    struct conn *c = all->conns;
    while (c && c->id != id) {
        c = c->next;
    }
    return c;
}

static void on_later(void *arg)
{
    struct later *l = arg;
    struct conn *c = conn_of(l->all, l->conn);
    if (c && send(c->fd, l->bytes, l->n, MSG_NOSIGNAL) < 0) {
        drop(c);
    }
    free(l);
}

static void send_later(struct conn *c, const uint8_t *bytes, size_t n, int ms)
{
    struct later *l = calloc(1, sizeof(*l) + n);
    KT_ASSERT(l);
    l->all = c->d->all;
    l->conn = c->id;
    l->n = n;
    memcpy(l->bytes, bytes, n);
    kt_loop_timer(l->all->loop, ms * KT_MS, 0, on_later, l);
}

/** Send an answer the way the device behaves now. */
static bool answer(struct conn *c, uint8_t *bytes, size_t n)
{
    switch (c->d->mode) {
    case SIM_DEV_LATE:
        send_later(c, bytes, n, c->d->late_ms);
        return true;
    case SIM_DEV_DRIP:
        for (size_t i = 0; i < n; i++) {
            send_later(c, bytes + i, 1, (int)i * DRIP_MS);
        }
        return true;
    case SIM_DEV_SILENT:
    case SIM_DEV_VANISH:
        return true;
    case SIM_DEV_HALF:
        n /= 2;
        break;
    case SIM_DEV_WRONG_ID:
        bytes[HEAD] ^= 0x40;
        break;
    case SIM_DEV_OK:
    case SIM_DEV_EXCEPTION:
        break;
    }
    return send(c->fd, bytes, n, MSG_NOSIGNAL) == (ssize_t)n;
}

static struct unit *unit_of(struct device *d, int id)
{
    for (int i = 0; i < d->units_n; i++) {
        if (d->units[i].id == id) {
            return &d->units[i];
        }
    }
    return NULL;
}

/*
 * The fence of several nodes: four holding registers from SIM_FENCE on keep the token. A lower one
 * is refused, and so is each closing of a client whose own is lower; an opening never is.
 */
static bool is_fence(const uint8_t *pdu, size_t n)
{
    return n >= 14 && pdu[0] == 16 && (pdu[1] << 8 | pdu[2]) == SIM_FENCE && pdu[5] == 8;
}

static bool take_fence(struct conn *c, const uint8_t *pdu)
{
    uint64_t token = 0;
    for (int i = 0; i < 8; i++) {
        token = token << 8 | pdu[6 + i];
    }
    bool newest = token >= c->d->token;
    if (newest) {
        c->token = c->d->token = token;
    }
    return newest;
}

static bool closes(const uint8_t *pdu)
{
    return ((pdu[0] == 5 || pdu[0] == 6) && (pdu[3] || pdu[4])) || pdu[0] == 16;
}

/** 0 the device goes on, -1 it refuses, 1 it has taken the token: all is done. */
static int fence(struct conn *c, size_t n)
{
    const uint8_t *pdu = c->in + HEAD + 1;
    if (is_fence(pdu, n - HEAD - 1)) {
        return take_fence(c, pdu) ? 1 : -1;
    }
    return closes(pdu) && c->token < c->d->token ? -1 : 0;
}

/* Does the request set a coil that its PLC keeps open now? One coil, or several at once. */
static bool refuses(const struct conn *c, size_t n)
{
    enum { FUNCTION = 7, ADDRESS = 8, WRITE_ONE = 5, WRITE_MORE = 15, BITS = 13 };
    const uint8_t *in = c->in;
    struct sim_devices *all = c->d->all;
    if (n < 12 || (in[FUNCTION] != WRITE_ONE && in[FUNCTION] != WRITE_MORE)) {
        return false;
    }
    int from = in[ADDRESS] << 8 | in[ADDRESS + 1], count = in[10] << 8 | in[11];
    bool found = false;
    pthread_mutex_lock(&all->io);
    for (int i = 0; i < all->guarded_n && !found; i++) {
        const struct guarded *g = &all->guarded[i];
        int at = g->coil - from;
        if (!g->locked || &all->devices[g->device] != c->d || g->unit != in[HEAD] || at < 0) {
            continue;
        }
        found = in[FUNCTION] == WRITE_ONE
                    ? at == 0 && in[10] == 0xff
                    : at < count && BITS + at / 8 < (int)n && (in[BITS + at / 8] >> at % 8 & 1);
    }
    pthread_mutex_unlock(&all->io);
    return found;
}

static enum sim_written set_register(struct conn *c, size_t n)
{
    struct sim_devices *all = c->d->all;
    pthread_mutex_lock(&all->io);
    enum sim_written w =
        sim_registers_write(all->registers, (int)(c->d - all->devices), c->in + HEAD, n - HEAD);
    pthread_mutex_unlock(&all->io);
    return w;
}

/** Let libmodbus answer one whole request. */
static bool serve(struct conn *c, size_t n)
{
    struct sim_devices *all = c->d->all;
    struct unit *u = unit_of(c->d, c->in[HEAD]);
    uint8_t bytes[FRAME_MAX];
    int fenced = u ? fence(c, n) : 0;
    bool misbehaves = c->d->mode == SIM_DEV_EXCEPTION;
    enum sim_written set = u && !fenced && !misbehaves ? set_register(c, n) : SIM_NOT_OURS;
    if (fenced > 0 || set == SIM_IGNORED) { /* as libmodbus: head, unit, function, address, count */
        memcpy(bytes, c->in, HEAD + 6);
        bytes[4] = 0;
        bytes[5] = 6;
        return answer(c, bytes, HEAD + 6);
    }
    if (fenced < 0 || set == SIM_REFUSED || (u && refuses(c, n))) {
        modbus_reply_exception(all->ctx, c->in, BAD_VALUE);
    } else if (!u || c->d->mode == SIM_DEV_EXCEPTION) {
        modbus_reply_exception(all->ctx, c->in, u ? FAILURE : NO_TARGET);
    } else {
        pthread_mutex_lock(&all->io);
        c->d->asked = true;
        modbus_reply(all->ctx, c->in, (int)n, u->map);
        pthread_mutex_unlock(&all->io);
    }
    ssize_t got = recv(all->pipe[1], bytes, sizeof(bytes), MSG_DONTWAIT);
    return got <= 0 || answer(c, bytes, (size_t)got);
}

static void on_bytes(void *arg, int fd, int ev)
{
    struct conn *c = arg;
    (void)ev;
    ssize_t got = recv(fd, c->in + c->n, sizeof(c->in) - c->n, MSG_DONTWAIT);
    if (got <= 0) {
        if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
            drop(c);
        }
        return;
    }
    c->n += (size_t)got;
    while (c->n > HEAD) {
        size_t whole = HEAD + ((size_t)c->in[4] << 8) + c->in[5];
        if (whole < HEAD + 2 || whole > sizeof(c->in)) {
            drop(c);
            return;
        }
        if (c->n < whole) {
            return;
        }
        if (!serve(c, whole)) {
            drop(c);
            return;
        }
        c->n -= whole;
        memmove(c->in, c->in + whole, c->n);
    }
}

static void on_accept(void *arg, int fd, int ev)
{
    struct device *d = arg;
    int one = 1, got = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    (void)ev;
    if (got < 0) {
        return;
    }
    if (d->all->conns_n >= CONNS_MAX * d->all->n) {
        close(got);
        return;
    }
    setsockopt(got, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    struct conn *c = calloc(1, sizeof(*c));
    KT_ASSERT(c);
    *c = (struct conn){.d = d, .fd = got, .id = ++d->all->last_id, .next = d->all->conns};
    d->all->conns = c;
    d->all->conns_n++;
    kt_loop_watch(d->all->loop, got, KT_IO_READ, on_bytes, c);
}

static int open_port(struct device *d, struct kt_err *err)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)d->port)};
    int one = 1;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return kt_err_sys(err, "socket");
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 || listen(fd, BACKLOG) != 0) {
        int r = kt_err_sys(err, "device %s: port %d of 127.0.0.1; choose another --base-port",
                           d->id, d->port);
        close(fd);
        return r;
    }
    d->listen_fd = fd;
    kt_loop_watch(d->all->loop, fd, KT_IO_READ, on_accept, d);
    return KT_OK;
}

static void close_port(struct device *d)
{
    if (d->listen_fd >= 0) {
        kt_loop_unwatch(d->all->loop, d->listen_fd);
        close(d->listen_fd);
        d->listen_fd = -1;
    }
    for (struct conn *c = d->all->conns, *next; c; c = next) {
        next = c->next;
        if (c->d == d) {
            drop(c);
        }
    }
}

static void on_order(void *arg)
{
    struct order *o = arg;
    struct kt_err err = {0};
    o->d->mode = o->mode;
    o->d->late_ms = o->late_ms;
    if (o->mode == SIM_DEV_VANISH) {
        close_port(o->d);
    } else if (o->d->listen_fd < 0 && open_port(o->d, &err) < 0) {
        KT_WARN("device", "%s", err.text);
    }
    free(o);
}

void sim_devices_mode(struct sim_devices *d, int device, enum sim_device_mode mode, int late_ms)
{
    struct order *o = malloc(sizeof(*o));
    KT_ASSERT(o);
    *o = (struct order){&d->devices[device], mode, late_ms};
    if (!kt_loop_post(d->loop, on_order, o)) {
        free(o);
    }
}

/* ---- registers ---- */
static int width(const struct sim_point *pt)
{
    return pt->type == SIM_F32_BE || pt->type == SIM_F32_LE ? 2 : 1;
}

static void need(struct unit *u, char table, int upto)
{
    int *const sizes[] = {&u->bits, &u->inputs, &u->holdings, &u->input_regs};
    const char *at = strchr("cdhi", table);
    int *size = sizes[at ? at - "cdhi" : 0];
    *size = *size < upto ? upto : *size;
}

static void count_units(struct sim_devices *d, const struct sim_plant *p)
{
    for (int i = 0; i < p->n[SIM_POINT]; i++) {
        const struct sim_point *pt = &p->points[i];
        if (pt->device < 0) {
            continue;
        }
        struct device *x = &d->devices[pt->device];
        struct unit *u = unit_of(x, pt->unit);
        if (!u) {
            x->units = realloc(x->units, sizeof(*u) * (size_t)(x->units_n + 1));
            KT_ASSERT(x->units);
            u = &x->units[x->units_n++];
            *u = (struct unit){.id = pt->unit};
        }
        need(u, pt->table, pt->offset + width(pt));
        if (pt->status_table) {
            need(u, pt->status_table, pt->status_offset + 1);
        }
    }
}

static void make_maps(struct sim_devices *d)
{
    for (int i = 0; i < d->n; i++) {
        for (int k = 0; k < d->devices[i].units_n; k++) {
            struct unit *u = &d->devices[i].units[k];
            u->map = modbus_mapping_new(u->bits, u->inputs, u->holdings, u->input_regs);
            KT_ASSERT(u->map);
        }
    }
}

static void put_float(uint16_t *at, double v, bool little)
{
    float f = (float)v;
    uint32_t bits;
    memcpy(&bits, &f, sizeof(bits));
    at[little] = (uint16_t)(bits >> 16);
    at[!little] = (uint16_t)bits;
}

static void put_value(modbus_mapping_t *m, const struct sim_point *pt)
{
    uint16_t *regs = pt->table == 'h' ? m->tab_registers : m->tab_input_registers;
    double raw = pt->value / pt->scale;
    switch (pt->type) {
    case SIM_BIT:
        if (pt->table == 'd') {
            m->tab_input_bits[pt->offset] = pt->value > 0.5;
        }
        return;
    case SIM_U16:
        regs[pt->offset] = (uint16_t)(raw < 0 ? 0 : raw > 65535 ? 65535 : raw + 0.5);
        return;
    case SIM_I16:
        raw = raw < -32768 ? -32768 : raw > 32767 ? 32767 : raw + (raw < 0 ? -0.5 : 0.5);
        regs[pt->offset] = (uint16_t)(int16_t)raw;
        return;
    case SIM_F32_BE:
        put_float(&regs[pt->offset], pt->value, false);
        return;
    case SIM_F32_LE:
        put_float(&regs[pt->offset], pt->value, true);
        return;
    }
}

void sim_devices_show(struct sim_devices *d, const struct sim_plant *p)
{
    pthread_mutex_lock(&d->io);
    for (int i = 0; i < p->n[SIM_POINT]; i++) {
        const struct sim_point *pt = &p->points[i];
        if (pt->device < 0 || (pt->table == 'h' && sim_registers_waits(d->registers, i))) {
            continue;
        }
        modbus_mapping_t *m = unit_of(&d->devices[pt->device], pt->unit)->map;
        put_value(m, pt);
        if (pt->status_table == 'i') {
            m->tab_input_registers[pt->status_offset] = (uint16_t)pt->status;
        } else if (pt->status_table == 'h') {
            m->tab_registers[pt->status_offset] = (uint16_t)pt->status;
        }
    }
    pthread_mutex_unlock(&d->io);
}

/** A coil that differs from what was last seen was written from outside; else the plant decides. */
static void take_coil(struct sim_devices *d, struct sim_switch *s, const struct sim_point *pt,
                      int i)
{
    uint8_t *coil = &unit_of(&d->devices[pt->device], pt->unit)->map->tab_bits[pt->offset];
    if ((*coil != 0) != d->coil_was[i]) {
        s->command = *coil != 0;
    } else {
        *coil = s->command;
    }
    d->coil_was[i] = *coil != 0;
}

/* Rigs that live by their master's asking learn that it has asked. */
static void hear(struct sim_devices *d, struct sim_plant *p)
{
    for (int i = 0; i < p->n[SIM_RIG]; i++) {
        struct sim_rig *r = &p->rigs[i];
        if (r->device >= 0 && d->devices[r->device].asked) {
            r->heard = p->step;
        }
    }
    for (int i = 0; i < d->n; i++) {
        d->devices[i].asked = false;
    }
}

void sim_devices_take_coils(struct sim_devices *d, struct sim_plant *p)
{
    pthread_mutex_lock(&d->io);
    hear(d, p);
    for (int i = 0; i < p->n[SIM_SWITCH]; i++) {
        const struct sim_point *pt = &p->points[p->switches[i].point];
        if (pt->device >= 0 && pt->table == 'c') {
            take_coil(d, &p->switches[i], pt, i);
        }
    }
    sim_registers_take(d->registers, p);
    for (int i = 0; i < d->guarded_n; i++) {
        d->guarded[i].locked = p->switches[d->guarded[i].sw].locked;
    }
    pthread_mutex_unlock(&d->io);
}

void sim_devices_modes(struct sim_devices *d, const struct sim_plant *p)
{
    pthread_mutex_lock(&d->io);
    sim_registers_modes(d->registers, p);
    pthread_mutex_unlock(&d->io);
}

/* ---- life ---- */
static void *run(void *arg)
{
    kt_loop_run(((struct sim_devices *)arg)->loop);
    return NULL;
}

static int open_context(struct sim_devices *d, struct kt_err *err)
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, d->pipe) != 0) {
        return kt_err_sys(err, "socketpair");
    }
    d->ctx = modbus_new_tcp("127.0.0.1", 502); /* not connected: answers go into the pipe */
    KT_ASSERT(d->ctx);
    modbus_set_socket(d->ctx, d->pipe[0]);
    modbus_set_response_timeout(d->ctx, 0, 1); /* it would sleep so long before some exceptions */
    return KT_OK;
}

static struct sim_devices *new_devices(const struct sim_plant *p, int base_port)
{
    struct sim_devices *d = calloc(1, sizeof(*d));
    KT_ASSERT(d);
    d->n = p->n[SIM_DEVICE];
    d->devices = calloc((size_t)d->n + 1, sizeof(*d->devices));
    d->coil_was = calloc((size_t)p->n[SIM_SWITCH] + 1, sizeof(bool));
    d->loop = kt_loop_new();
    KT_ASSERT(d->devices && d->coil_was && d->loop);
    d->pipe[0] = d->pipe[1] = -1;
    pthread_mutex_init(&d->io, NULL);
    for (int i = 0; i < d->n; i++) {
        d->devices[i] = (struct device){.all = d,
                                        .id = p->device_id[i],
                                        .port = base_port + p->device_port[i],
                                        .listen_fd = -1};
    }
    count_units(d, p);
    make_maps(d);
    return d;
}

static void find_guarded(struct sim_devices *d, const struct sim_plant *p)
{
    d->guarded = calloc((size_t)p->n[SIM_SWITCH] + 1, sizeof(*d->guarded));
    KT_ASSERT(d->guarded);
    for (int i = 0; i < p->n[SIM_SWITCH]; i++) {
        const struct sim_switch *s = &p->switches[i];
        const struct sim_point *pt = &p->points[s->point];
        if (s->plc && pt->device >= 0 && pt->table == 'c') {
            d->guarded[d->guarded_n++] =
                (struct guarded){pt->device, pt->unit, pt->offset, i, s->locked};
        }
    }
}

static void free_devices(struct sim_devices *d)
{
    for (int i = 0; i < d->n; i++) {
        close_port(&d->devices[i]);
        for (int k = 0; k < d->devices[i].units_n; k++) {
            modbus_mapping_free(d->devices[i].units[k].map);
        }
        free(d->devices[i].units);
    }
    if (d->ctx) {
        modbus_free(d->ctx);
    }
    for (int k = 0; k < 2; k++) {
        if (d->pipe[k] >= 0) {
            close(d->pipe[k]);
        }
    }
    kt_loop_free(d->loop);
    pthread_mutex_destroy(&d->io);
    free(d->coil_was);
    free(d->guarded);
    sim_registers_free(d->registers);
    free(d->devices);
    free(d);
}

int sim_devices_start(const struct sim_plant *p, int base_port, struct sim_devices **ret,
                      struct kt_err *err)
{
    struct sim_devices *d = new_devices(p, base_port);
    find_guarded(d, p);
    d->registers = sim_registers_new(p);
    int r = open_context(d, err);
    for (int i = 0; r == KT_OK && i < d->n; i++) {
        r = open_port(&d->devices[i], err);
    }
    sim_devices_show(d, p);
    for (int i = 0; i < p->n[SIM_SWITCH]; i++) { /* every coil begins as the plant has it */
        const struct sim_point *pt = &p->points[p->switches[i].point];
        if (pt->device >= 0 && pt->table == 'c') {
            d->coil_was[i] = p->switches[i].command;
            unit_of(&d->devices[pt->device], pt->unit)->map->tab_bits[pt->offset] =
                p->switches[i].command;
        }
    }
    if (r == KT_OK) {
        r = kt_thread_start(&d->thread, "devices", run, d, err);
    }
    if (r < 0) {
        free_devices(d);
        return r;
    }
    *ret = d;
    return KT_OK;
}

void sim_devices_stop(struct sim_devices *d)
{
    if (d) {
        kt_loop_stop(d->loop);
        pthread_join(d->thread, NULL);
        free_devices(d);
    }
}
