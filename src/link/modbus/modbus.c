/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thread a device: commands first, then what is due to be read. libmodbus blocks no longer than
 * the link's time-out. Whatever answers wrongly (half a frame, another unit, too late) costs the
 * connection: what comes after it in the stream could not be trusted.
 */
#include "link/modbus/modbus.h"

#include <errno.h>
#include <math.h>
#include <modbus/modbus.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "link/modbus/private.h"
#include "sys/clock.h"
#include "sys/thread.h"

enum { FAILURES_MAX = 2, BACKOFF_MIN_MS = 500, BACKOFF_MAX_MS = 10000 };

#define OWED_NS (500 * KT_MS)

struct kt_modbus {
    struct kt_runtime *rt;
    struct kt_site *site;
    uint32_t link;
    const struct kt_link_conf *conf;
    struct plan plan;
    modbus_t *mb;
    bool connected;
    int failures; /* in a row */
    int64_t backoff_ms;
    kt_mono retry_at;
    unsigned *status; /* by point of the site: last status word */
    uint8_t *fresh;   /* by point: bit 1 value read in this round */
    double *value;    /* by point: read in this round */
    uint8_t *trouble; /* by point: it answers with an exception */
    uint8_t *told;    /* by point: 4, and bits 1 and 2 as the engine was told */
    pthread_t thread;
    int wake;
    _Atomic bool stopping;
    _Atomic int64_t owed_since; /* pace clock: the oldest scan that is due; INT64_MAX: none */
    _Atomic int commands;       /* not carried out yet */

    pthread_mutex_t lock;      /* effects, state */
    struct kt_effect *effects; /* protective ones first */
    uint32_t effects_n, effects_max;
    struct kt_link_state state;
};

/* ---- telling ------------------------------------------------------------------------------- */

static void tell_link(struct kt_modbus *m, bool up, const char *text)
{
    if (kt_runtime_link_up(m->rt, m->conf->id, up, text) < 0) {
        KT_WARN("modbus", "%s: the engine did not take the state of the link", m->conf->id);
    }
    pthread_mutex_lock(&m->lock);
    m->state.up = up;
    m->state.since = kt_clock_now();
    m->state.reconnects += up;
    snprintf(m->state.text, sizeof(m->state.text), "%s", text);
    pthread_mutex_unlock(&m->lock);
    KT_INFO("modbus", "%s %s%s%s", m->conf->id, up ? "answers" : "is lost", text[0] ? ": " : "",
            text);
}

/* The device's own alarm and cut, bits 1 and 2 of its status word. */
static void tell_device(struct kt_modbus *m, uint32_t point, unsigned status)
{
    struct kt_buf b;
    kt_buf_init(&b, 4096);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "link", m->conf->id);
    kt_jw_kstr(&w, "point", m->site->points[point].id);
    kt_jw_kbool(&w, "alarm", status & 1);
    kt_jw_kbool(&w, "cut", status & 2);
    kt_jw_obj_end(&w);
    if (kt_runtime_link(m->rt, (struct kt_str){b.p, b.n}, m->conf->id) == KT_OK) {
        m->told[point] = (uint8_t)(4 | (status & 3));
    }
    kt_buf_done(&b);
}

static void tell_answer(struct kt_modbus *m, const struct kt_effect *e, const char *what,
                        double value, const char *text)
{
    struct kt_buf b;
    kt_buf_init(&b, 4096);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_kint(&w, "command", (int64_t)e->command.v);
    kt_jw_kstr(&w, "output", m->site->points[e->output.v].id);
    kt_jw_kstr(&w, "what", what);
    kt_jw_knum(&w, "value", value);
    kt_jw_kstr(&w, "text", text);
    kt_jw_obj_end(&w);
    if (kt_runtime_answer(m->rt, (struct kt_str){b.p, b.n}, m->conf->id) < 0) {
        KT_WARN("modbus", "%s: the engine did not take an answer", m->conf->id);
    }
    kt_buf_done(&b);
}

/* ---- the connection ------------------------------------------------------------------------- */

static void lose(struct kt_modbus *m, const char *why)
{
    if (m->mb) {
        modbus_close(m->mb);
        modbus_free(m->mb);
        m->mb = NULL;
    }
    if (m->connected || m->state.since == 0) {
        tell_link(m, false, why);
    }
    m->connected = false;
    m->backoff_ms = m->backoff_ms ? m->backoff_ms * 2 : BACKOFF_MIN_MS;
    m->backoff_ms = m->backoff_ms > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : m->backoff_ms;
    m->retry_at = kt_clock_pace() + m->backoff_ms * KT_MS;
    atomic_store(&m->owed_since, INT64_MAX);
}

static bool dial(struct kt_modbus *m)
{
    char port[12];
    snprintf(port, sizeof(port), "%d", m->conf->port);
    m->mb = modbus_new_tcp_pi(m->conf->host, port);
    if (!m->mb) {
        lose(m, "no such host");
        return false;
    }
    int64_t timeout = m->conf->timeout_ns ? m->conf->timeout_ns : 500 * KT_MS;
    uint32_t s = (uint32_t)(timeout / KT_SEC), us = (uint32_t)(timeout % KT_SEC / KT_US);
    modbus_set_response_timeout(m->mb, s, us);
    modbus_set_byte_timeout(m->mb, s, us);
    modbus_set_error_recovery(m->mb, MODBUS_ERROR_RECOVERY_NONE);
    if (modbus_connect(m->mb) != 0) {
        lose(m, modbus_strerror(errno));
        return false;
    }
    m->failures = 0;
    fence_begin(m->mb, m->conf, kt_runtime_token(m->rt));
    return true;
}

/* The first good answer makes the link up, not the connection. */
static void good_answer(struct kt_modbus *m)
{
    m->failures = 0;
    m->backoff_ms = 0;
    if (!m->connected) {
        m->connected = true;
        tell_link(m, true, "");
    }
}

static void bad_answer(struct kt_modbus *m, int e)
{
    pthread_mutex_lock(&m->lock);
    m->state.errors++;
    pthread_mutex_unlock(&m->lock);
    if (e != ETIMEDOUT || ++m->failures >= FAILURES_MAX || !m->connected) {
        lose(m, e == ETIMEDOUT ? "no answer in time" : modbus_strerror(e));
        return;
    }
    /* a late answer would be taken for the next one's: start the stream afresh */
    modbus_close(m->mb);
    if (modbus_connect(m->mb) != 0) {
        lose(m, modbus_strerror(errno));
    }
}

enum { HEAD = 7 }; /* of an answer: transaction, protocol, length, unit */

/* One request for bits or registers. libmodbus does not look at the unit of an answer over TCP; an
 * answer of another unit is another sensor's value. The count of bytes, or -1 with errno. */
static int ask(struct kt_modbus *m, int unit, int function, int offset, int count,
               uint8_t rsp[MODBUS_TCP_MAX_ADU_LENGTH])
{
    uint8_t req[] = {(uint8_t)unit,   (uint8_t)function,     (uint8_t)(offset >> 8),
                     (uint8_t)offset, (uint8_t)(count >> 8), (uint8_t)count};
    int n = modbus_send_raw_request(m->mb, req, (int)sizeof(req));
    n = n < 0 ? -1 : modbus_receive_confirmation(m->mb, rsp);
    if (n < HEAD + 2) {
        errno = n < 0 ? errno : EMBBADDATA;
        return -1;
    }
    if (rsp[HEAD - 1] != (uint8_t)unit) {
        errno = EMBBADSLAVE;
        return -1;
    }
    if (rsp[HEAD] == (function | 0x80)) {
        errno = MODBUS_ENOBASE + rsp[HEAD + 1];
        return -1;
    }
    int bytes = function <= 2 ? (count + 7) / 8 : 2 * count;
    if (rsp[HEAD] != function || rsp[HEAD + 1] != bytes || n != HEAD + 2 + bytes) {
        errno = EMBBADDATA;
        return -1;
    }
    return bytes;
}

static int function_of(char table)
{
    return table == 'c' ? 1 : table == 'd' ? 2 : table == 'h' ? 3 : 4;
}

static int read_raw(struct kt_modbus *m, const struct block *b, uint16_t *regs, uint8_t *bits)
{
    uint8_t rsp[MODBUS_TCP_MAX_ADU_LENGTH];
    const uint8_t *data = rsp + HEAD + 2;
    if (ask(m, b->unit, function_of(b->table), b->offset, b->count, rsp) < 0) {
        return -1;
    }
    for (int i = 0; i < b->count; i++) {
        if (b->table == 'h' || b->table == 'i') {
            regs[i] = (uint16_t)(data[2 * i] << 8 | data[2 * i + 1]);
        } else {
            bits[i] = data[i / 8] >> (i % 8) & 1;
        }
    }
    return b->count;
}

/* ---- reading --------------------------------------------------------------------------------- */

static void take_block(struct kt_modbus *m, const struct block *b, const uint16_t *regs,
                       const uint8_t *bits)
{
    for (uint32_t i = 0; i < b->n; i++) {
        const struct item *it = &m->plan.items[b->first + i];
        double v = item_value(it, b, regs, bits);
        m->trouble[it->point] = 0;
        if (it->is_status) {
            m->status[it->point] = (unsigned)v;
            if (m->told[it->point] != (4 | ((unsigned)v & 3))) {
                tell_device(m, it->point, (unsigned)v);
            }
        } else {
            m->value[it->point] = v;
            m->fresh[it->point] = 1;
        }
    }
}

static void trouble_block(struct kt_modbus *m, const struct block *b)
{
    for (uint32_t i = 0; i < b->n; i++) {
        uint32_t p = m->plan.items[b->first + i].point;
        m->trouble[p] = 1;
        m->fresh[p] = 1;
        m->value[p] = 0;
    }
}

/* One due block; false when the connection is lost. */
static bool read_block(struct kt_modbus *m, uint32_t i)
{
    uint16_t regs[REGS_MAX + 8];
    uint8_t bits[BITS_MAX + 8];
    struct block *b = &m->plan.blocks[i];
    int n = read_raw(m, b, regs, bits);
    int e = errno;
    pthread_mutex_lock(&m->lock);
    m->state.reads++;
    pthread_mutex_unlock(&m->lock);
    if (n == b->count) {
        good_answer(m);
        take_block(m, b, regs, bits);
        return true;
    }
    if (n < 0 && is_exception(e)) {
        good_answer(m);
        if (b->n > 1) {
            KT_INFO("modbus",
                    "%s: unit %d %c%d+%d answers with \"%s\"; its points are read one by one",
                    m->conf->id, b->unit, b->table, b->offset, b->count, modbus_strerror(e));
            plan_split(&m->plan, i);
        } else {
            trouble_block(m, b);
        }
        return true;
    }
    bad_answer(m, n < 0 ? e : EMBBADDATA);
    return m->mb != NULL;
}

static bool is_urgent(const struct kt_point *p)
{
    return p->role->cutoff || p->kind != KT_POINT_ANALOG || p->set;
}

static void add_sample(struct kt_batch *b, uint32_t point, kt_time t, double v, kt_quality q)
{
    b->point[b->n] = point;
    b->time[b->n] = t;
    b->value[b->n] = v;
    b->quality[b->n++] = q;
}

static struct kt_batch *get_batch(struct kt_modbus *m, kt_time now, bool urgent)
{
    struct kt_batch *b = kt_batch_get(m->rt, urgent ? KT_ROOM_URGENT : KT_ROOM_LINK);
    if (b) {
        b->arrival = now;
        snprintf(b->producer, sizeof(b->producer), "%s", m->conf->id);
        b->done = NULL;
    }
    return b;
}

/* Hand on what was read in this round: one batch for the urgent lane, one for bulk. A batch that is
 * not to be had loses this round's values of its lane; the next round brings newer ones. */
static void hand_on(struct kt_modbus *m, bool urgent)
{
    kt_time now = kt_clock_now();
    struct kt_batch *b = NULL;
    for (uint32_t i = 0; i < m->plan.items_n; i++) {
        const struct item *it = &m->plan.items[i];
        uint32_t p = it->point;
        if (it->is_status || !m->fresh[p] || is_urgent(&m->site->points[p]) != urgent) {
            continue;
        }
        if (!b && !(b = get_batch(m, now, urgent))) {
            return;
        }
        kt_quality q = m->trouble[p]        ? KT_Q_DEVICE_FAULT
                       : isnan(m->value[p]) ? KT_Q_BROKEN
                                            : quality_of_status(m->status[p]);
        add_sample(b, p, now, isnan(m->value[p]) ? 0 : m->value[p], q);
        m->fresh[p] = 0;
    }
    if (!b) {
        return;
    }
    uint32_t n = b->n;
    int r = kt_runtime_samples(m->rt, b);
    pthread_mutex_lock(&m->lock);
    m->state.samples += r < 0 ? 0 : n;
    m->state.last_data = now;
    pthread_mutex_unlock(&m->lock);
}

/* ---- commands -------------------------------------------------------------------------------- */

/* What an output holds, with the scale and type of its address; false with errno. */
static bool read_output(struct kt_modbus *m, const struct kt_modbus_address *a, double *ret)
{
    struct item it = {.addr = *a};
    struct block b = {.unit = a->unit < 0 ? m->conf->unit : a->unit,
                      .table = a->table,
                      .offset = a->offset,
                      .count = item_width(a),
                      .n = 1};
    uint16_t regs[2];
    uint8_t bits[1];
    if (read_raw(m, &b, regs, bits) != b.count) {
        return false;
    }
    *ret = item_value(&it, &b, regs, bits);
    return true;
}

/* The gate is the last thing before the wire: what does not protect goes out only while this node
 * holds the lease. False with errno; EPERM: the gate is shut. */
static bool write_output(struct kt_modbus *m, const struct kt_effect *e,
                         const struct kt_modbus_address *a)
{
    int64_t token = e->protective ? 0 : kt_runtime_token(m->rt);
    if (!fence_write(m->mb, m->conf, token)) {
        return false;
    }
    if (!kt_runtime_may(m->rt, e)) {
        errno = EPERM;
        return false;
    }
    modbus_set_slave(m->mb, a->unit < 0 ? m->conf->unit : a->unit);
    return value_write(m->mb, a, m->site->points[e->output.v].set, e->value);
}

static void read_back(struct kt_modbus *m, const struct kt_effect *e,
                      const struct kt_modbus_address *a)
{
    double v;
    if (!read_output(m, a, &v)) {
        int error = errno;
        tell_answer(m, e, "failed", 0, modbus_strerror(error));
        if (!is_exception(error)) {
            bad_answer(m, error);
        }
        return;
    }
    good_answer(m);
    tell_answer(m, e, "readback", v, "");
}

static void carry_out(struct kt_modbus *m, const struct kt_effect *e)
{
    struct kt_modbus_address a;
    struct kt_err err;
    if (kt_modbus_parse_address(m->site->points[e->output.v].address, &a, &err) < 0) {
        tell_answer(m, e, "failed", 0, err.text);
        return;
    }
    if (!m->mb && !dial(m)) {
        tell_answer(m, e, "failed", 0, "the device does not answer");
        return;
    }
    if (e->read_first) {
        read_back(m, e, &a);
        return;
    }
    if (e->expires && kt_clock_now() > e->expires) {
        tell_answer(m, e, "failed", 0, "expired before it was sent");
        return;
    }
    m->fresh[e->output.v] = 0; /* read earlier in this round: older than the answer to come */
    if (!write_output(m, e, &a)) {
        int error = errno;
        if (error == EPERM) {
            tell_answer(m, e, "failed", 0, "this node does not hold the lease: nothing was sent");
            return;
        }
        tell_answer(m, e, "failed", 0, modbus_strerror(error));
        if (!is_exception(error)) {
            bad_answer(m, error);
        }
        return;
    }
    pthread_mutex_lock(&m->lock);
    m->state.writes++;
    pthread_mutex_unlock(&m->lock);
    tell_answer(m, e, "written", e->value, "");
    read_back(m, e, &a);
}

static bool next_effect(struct kt_modbus *m, struct kt_effect *ret)
{
    pthread_mutex_lock(&m->lock);
    bool got = m->effects_n > 0;
    if (got) {
        *ret = m->effects[0];
        memmove(m->effects, m->effects + 1, --m->effects_n * sizeof(*m->effects));
    }
    pthread_mutex_unlock(&m->lock);
    return got;
}

/* Holding lock: closings of the output that an opening has overtaken are dead. */
static void drop_overtaken(struct kt_modbus *m, const struct kt_effect *e)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < m->effects_n; i++) {
        const struct kt_effect *q = &m->effects[i];
        if (q->protective || q->read_first || q->output.v != e->output.v ||
            q->command.v > e->command.v) {
            m->effects[n++] = *q;
        }
    }
    atomic_fetch_sub(&m->commands, (int)(m->effects_n - n));
    m->effects_n = n;
}

/* Holding lock: a place for a protective effect is found in any case. What gives way is the last
 * effect that is not protective; else an older opening of the same output: the new one does its
 * work. */
static void give_way(struct kt_modbus *m, const struct kt_effect *e)
{
    uint32_t i = m->effects_n - 1;
    if (m->effects[i].protective) {
        for (i = 0; i + 1 < m->effects_n && m->effects[i].output.v != e->output.v; i++) {
        }
    }
    KT_WARN("modbus", "%s: too many commands wait; command %llu gives way", m->conf->id,
            (unsigned long long)m->effects[i].command.v);
    memmove(m->effects + i, m->effects + i + 1, (m->effects_n - i - 1) * sizeof(*m->effects));
    m->effects_n--;
    atomic_fetch_sub(&m->commands, 1);
}

/* Holding lock. */
static void insert(struct kt_modbus *m, const struct kt_effect *e)
{
    uint32_t at = m->effects_n;
    if (e->protective) {
        for (at = 0; at < m->effects_n && m->effects[at].protective; at++) {
        }
        memmove(m->effects + at + 1, m->effects + at, (m->effects_n - at) * sizeof(*m->effects));
    }
    m->effects[at] = *e;
    m->effects_n++;
    atomic_fetch_add(&m->commands, 1);
}

/* Engine or journal thread. Protective effects go before the others. */
static void on_effect(void *arg, const struct kt_effect *e)
{
    struct kt_modbus *m = arg;
    uint64_t one = 1;
    pthread_mutex_lock(&m->lock);
    if (e->protective) {
        drop_overtaken(m, e);
    }
    if (m->effects_n == m->effects_max && e->protective) {
        give_way(m, e);
    }
    if (m->effects_n < m->effects_max) {
        insert(m, e);
    } else {
        KT_WARN("modbus", "%s: too many commands wait; command %llu is not sent", m->conf->id,
                (unsigned long long)e->command.v);
    }
    pthread_mutex_unlock(&m->lock);
    ssize_t ignored = write(m->wake, &one, sizeof(one));
    (void)ignored;
}

/* ---- the thread ------------------------------------------------------------------------------ */

static void do_commands(struct kt_modbus *m)
{
    struct kt_effect e;
    while (!atomic_load(&m->stopping) && next_effect(m, &e)) {
        carry_out(m, &e);
        atomic_fetch_sub(&m->commands, 1);
    }
}

static void wait_until(struct kt_modbus *m, kt_mono when)
{
    int64_t left = kt_clock_pace_left(when);
    struct pollfd p = {.fd = m->wake, .events = POLLIN};
    uint64_t n;
    struct timespec ts = {.tv_sec = left / KT_SEC, .tv_nsec = left % KT_SEC};
    if (ppoll(&p, 1, &ts, NULL) > 0) {
        ssize_t ignored = read(m->wake, &n, sizeof(n));
        (void)ignored;
    }
}

static kt_mono next_due(const struct kt_modbus *m)
{
    kt_mono next = kt_clock_pace() + KT_SEC;
    for (uint32_t i = 0; i < m->plan.blocks_n; i++) {
        next = m->plan.blocks[i].due < next ? m->plan.blocks[i].due : next;
    }
    return next;
}

static void scan_due(struct kt_modbus *m)
{
    kt_mono now = kt_clock_pace();
    atomic_store(&m->owed_since, next_due(m));
    for (uint32_t i = 0; i < m->plan.blocks_n && m->mb && !atomic_load(&m->stopping); i++) {
        struct block *b = &m->plan.blocks[i];
        if (b->due > now) {
            continue;
        }
        b->due += b->period_ns;
        if (b->due < now) {
            b->due = now + b->period_ns; /* fell behind: no catching up */
        }
        read_block(m, i);
        do_commands(m);
    }
    hand_on(m, true);
    hand_on(m, false);
    atomic_store(&m->owed_since, m->mb ? next_due(m) : INT64_MAX);
}

static void *run(void *arg)
{
    struct kt_modbus *m = arg;
    kt_thread_nice(-10); /* cuts go this way: as the engine, where it is allowed */
    while (!atomic_load(&m->stopping)) {
        do_commands(m);
        if (!m->mb && kt_clock_pace() >= m->retry_at) {
            dial(m);
        }
        if (m->mb) {
            scan_due(m);
        }
        wait_until(m, m->mb ? next_due(m) : m->retry_at);
    }
    if (m->mb) {
        modbus_close(m->mb);
        modbus_free(m->mb);
    }
    return NULL;
}

/* Room for an opening and a closing of every output of the link, and some more. */
static uint32_t effects_max(const struct kt_site *site, uint32_t link)
{
    enum { MORE = 256 };
    uint32_t outputs = 0;
    for (uint32_t i = 0; i < site->points_n; i++) {
        outputs += site->points[i].link == link && kt_point_commanded(&site->points[i]);
    }
    return 2 * outputs + MORE;
}

int kt_modbus_start(struct kt_runtime *rt, struct kt_site *site, uint32_t link,
                    struct kt_modbus **ret, struct kt_err *err)
{
    struct kt_modbus *m = calloc(1, sizeof(*m));
    KT_ASSERT(m);
    m->rt = rt;
    m->site = kt_site_ref(site);
    m->link = link;
    m->conf = &site->links[link];
    atomic_store(&m->owed_since, 0); /* until it has been asked once */
    pthread_mutex_init(&m->lock, NULL);
    m->status = calloc(site->points_n + 1, sizeof(*m->status));
    m->fresh = calloc(site->points_n + 1, 1);
    m->trouble = calloc(site->points_n + 1, 1);
    m->told = calloc(site->points_n + 1, 1);
    m->value = calloc(site->points_n + 1, sizeof(*m->value));
    m->effects_max = effects_max(site, link);
    m->effects = calloc(m->effects_max, sizeof(*m->effects));
    KT_ASSERT(m->status && m->fresh && m->trouble && m->told && m->value && m->effects);
    m->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int r = m->wake < 0 ? kt_err_sys(err, "eventfd") : plan_make(site, link, &m->plan, err);
    if (r == KT_OK) {
        kt_runtime_on_effect(rt, link, on_effect, m);
        char name[16];
        snprintf(name, sizeof(name), "mb-%.12s", m->conf->id);
        r = kt_thread_start(&m->thread, name, run, m, err);
    }
    if (r < 0) {
        atomic_store(&m->stopping, true);
        m->thread = 0;
        kt_modbus_stop(m);
        return r;
    }
    *ret = m;
    return KT_OK;
}

void kt_modbus_stop(struct kt_modbus *m)
{
    uint64_t one = 1;
    if (!m) {
        return;
    }
    atomic_store(&m->stopping, true);
    kt_runtime_on_effect(m->rt, m->link, NULL, m);
    if (m->thread) {
        ssize_t ignored = write(m->wake, &one, sizeof(one));
        (void)ignored;
        pthread_join(m->thread, NULL);
    }
    if (m->wake >= 0) {
        close(m->wake);
    }
    plan_done(&m->plan);
    kt_site_unref(m->site);
    pthread_mutex_destroy(&m->lock);
    free(m->status);
    free(m->fresh);
    free(m->trouble);
    free(m->told);
    free(m->value);
    free(m->effects);
    free(m);
}

bool kt_modbus_owes(struct kt_modbus *m)
{
    int64_t since = atomic_load(&m->owed_since);
    return since != INT64_MAX &&
           (atomic_load(&m->commands) > 0 || kt_clock_pace() - since > OWED_NS);
}

void kt_modbus_state(struct kt_modbus *m, struct kt_link_state *ret)
{
    pthread_mutex_lock(&m->lock);
    *ret = m->state;
    pthread_mutex_unlock(&m->lock);
}
