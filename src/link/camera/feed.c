/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed: the thread of one camera. Wanted (looked at, kept, or due for a probe) it has a session: a
 * process that reads, whose fragments go into the ring and to who looks. A session that ends is
 * begun again while it is wanted; nobody needs to do anything.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/log.h"
#include "link/camera/private.h"
#include "sys/clock.h"
#include "sys/file.h"

enum { HANG_S = 9, POLL_MS = 200, SAY_S = 10, PULSE_S = 4, PROBE_MAX_S = 12, SECRET_MAX = 1024 };
/* After a loss: while somebody looks no longer than AGAIN_SEEN steps. */
static const int64_t again_ns[] = {300 * KT_MS, 500 * KT_MS, 1 * KT_SEC, 2 * KT_SEC,
                                   5 * KT_SEC,  10 * KT_SEC, 20 * KT_SEC};
enum { AGAIN_SEEN = 3, AGAIN_LAST = 6 };

/* One session: on the thread's stack. */
struct session {
    struct cam *cam;
    struct child child;
    struct kt_buf in;
    kt_mono begun, heard; /* of the last message */
    bool got_key;         /* a picture can be shown */
    bool over;
    /* what the rates are counted from */
    kt_mono window;
    uint64_t frames, bytes;
    kt_mono key_at;
    kt_mono said;
};

/* ---- who is told ----------------------------------------------------------------------------- */

void feed_state_json(const struct cam *c, struct kt_jw *w)
{
    char why[2] = {c->why, '\0'};
    kt_jw_kbool(w, "known", c->known);
    kt_jw_kbool(w, "signal", c->signal);
    kt_jw_kint(w, "since", c->last / KT_MS);
    kt_jw_kstr(w, "why", c->signal ? "" : why);
    kt_jw_kstr(w, "text", c->text);
    kt_jw_kstr(w, "codec", c->ring.codec);
    kt_jw_kbool(w, "sub", c->sub);
    kt_jw_knum(w, "fps", c->fps);
    kt_jw_knum(w, "kbit_s", c->kbit_s);
    kt_jw_knum(w, "key_s", c->key_s);
    kt_jw_kint(w, "viewers", c->watchers_n);
    kt_jw_kbool(w, "open", c->open);
    kt_jw_kbool(w, "kept", c->keep);
}

static void tell(struct cam *c, enum kt_watch_kind kind, struct kt_str bytes)
{
    for (uint32_t i = 0; i < c->watchers_n; i++) {
        c->watchers[i].fn(c->watchers[i].arg, c->watchers[i].number, kind, bytes);
    }
}

static void state_text(const struct cam *c, struct kt_buf *b)
{
    kt_buf_init(b, 4096);
    struct kt_jw w = kt_jw_init(b);
    kt_jw_obj(&w);
    feed_state_json(c, &w);
    kt_jw_obj_end(&w);
}

void feed_tell_state(struct cam *c)
{
    struct kt_buf b;
    state_text(c, &b);
    tell(c, KT_WATCH_STATE, (struct kt_str){b.p, b.n});
    kt_buf_done(&b);
}

static void head_text(const struct cam *c, struct kt_buf *b)
{
    kt_buf_init(b, 1 << 20);
    kt_buf_printf(b, "%s\n", c->ring.codec);
    kt_buf_put(b, c->ring.head, c->ring.head_n);
}

void feed_begin(struct cam *c, const struct watcher *w)
{
    struct kt_buf b;
    state_text(c, &b);
    w->fn(w->arg, w->number, KT_WATCH_STATE, (struct kt_str){b.p, b.n});
    kt_buf_done(&b);
    if (!c->open || c->ring.n == 0) {
        return;
    }
    head_text(c, &b);
    w->fn(w->arg, w->number, KT_WATCH_HEAD, (struct kt_str){b.p, b.n});
    kt_buf_done(&b);
    for (uint32_t i = ring_key(&c->ring); i < c->ring.n; i++) {
        const struct ring_piece *p = ring_at(&c->ring, i);
        w->fn(w->arg, w->number, p->key ? KT_WATCH_KEY : KT_WATCH_MORE,
              (struct kt_str){p->p, p->n});
    }
}

/* Points of the camera. With the lock; without a point nothing is said. */
static void say_points(struct cam *c)
{
    struct kt_runtime *rt = c->all->rt;
    const double value[CAM_POINTS] = {c->signal, c->signal ? c->fps : 0, c->signal ? c->kbit_s : 0};
    uint32_t n = 0;
    for (int i = 0; i < CAM_POINTS; i++) {
        n += c->point[i] != KT_NONE;
    }
    struct kt_batch *b =
        n && c->known && !kt_runtime_follows(rt) ? kt_batch_get(rt, KT_ROOM_LINK) : NULL;
    if (!b) {
        return;
    }
    b->arrival = kt_clock_now();
    snprintf(b->producer, sizeof(b->producer), "camera");
    for (int i = 0; i < CAM_POINTS; i++) {
        if (c->point[i] != KT_NONE) {
            b->point[b->n] = c->point[i];
            b->time[b->n] = b->arrival;
            b->value[b->n] = value[i];
            b->quality[b->n++] = KT_Q_NORMAL;
        }
    }
    int r = kt_runtime_samples(rt, b);
    (void)r; /* refused: said again in a while */
}

static void set_signal(struct cam *c, bool signal, char why, const char *text)
{
    bool differs = !c->known || c->signal != signal || c->why != why;
    c->known = true;
    c->signal = signal;
    c->why = why;
    snprintf(c->text, sizeof(c->text), "%s", text);
    if (differs) {
        KT_INFO("camera", "%s %s%s", c->id, signal ? "has a picture" : "has no signal: ", text);
        feed_tell_state(c);
        say_points(c);
    }
}

/* ---- messages of the process ----------------------------------------------------------------- */

static void count(struct session *s, const struct ring_piece *p, size_t bytes)
{
    struct cam *c = s->cam;
    s->frames += p->frames;
    s->bytes += bytes;
    if (p->key) {
        c->key_s = s->key_at ? (double)(p->mono - s->key_at) / 1e9 : c->key_s;
        s->key_at = p->mono;
    }
    double took = (double)(p->mono - s->window) / 1e9;
    if (took >= 5) {
        c->fps = (double)s->frames / took;
        c->kbit_s = (double)s->bytes * 8 / 1000 / took;
        s->frames = s->bytes = 0;
        s->window = p->mono;
    }
    if (p->mono - s->said >= SAY_S * KT_SEC) {
        s->said = p->mono;
        say_points(c);
    }
}

static void take_head(struct session *s, struct kt_str payload)
{
    struct cam *c = s->cam;
    struct kt_buf b;
    ring_head(&c->ring, payload.p, (struct kt_str){payload.p + WIRE_CODEC, payload.n - WIRE_CODEC});
    head_text(c, &b);
    tell(c, KT_WATCH_HEAD, (struct kt_str){b.p, b.n});
    kt_buf_done(&b);
}

static void take_fragment(struct session *s, const struct wire_msg *m)
{
    struct cam *c = s->cam;
    uint16_t said[2];
    memcpy(said, m->payload.p, sizeof(said));
    struct ring_piece p = {.key = m->flags & WIRE_KEY,
                           .frames = said[0],
                           .ms = said[1],
                           .mono = kt_clock_mono(),
                           .at = kt_clock_now()};
    struct kt_str bytes = {m->payload.p + sizeof(said), m->payload.n - sizeof(said)};
    if (!c->ring.head || (!s->got_key && !p.key)) {
        return;
    }
    ring_add(&c->ring, &p, bytes, c->keep ? c->before_ns + 2 * KT_SEC : 0);
    c->last = p.at;
    c->last_mono = p.mono;
    c->pictures += p.frames;
    s->got_key = true;
    count(s, &p, bytes.n);
    set_signal(c, true, 0, "");
    tell(c, p.key ? KT_WATCH_KEY : KT_WATCH_MORE, bytes);
}

static void take_end(struct session *s, struct kt_str payload)
{
    struct cam *c = s->cam;
    char text[160], why = payload.p[0];
    snprintf(text, sizeof(text), "%.*s", (int)(payload.n - 1 < 150 ? payload.n - 1 : 150),
             payload.p + 1);
    for (char *p = text; *p; p++) {
        *p = *p >= 0x20 && *p < 0x7f ? *p : '?';
    }
    if (why == WIRE_WHY_CODEC && !c->sub && c->sub_url[0]) {
        c->sub = true; /* at once, the other stream */
        s->over = true;
        return;
    }
    if (!memchr("lacb", why, 4) || !why) {
        why = WIRE_WHY_BAD;
    }
    set_signal(c, false, why, text);
    s->over = true;
}

static void take(struct session *s, const struct wire_msg *m)
{
    s->heard = kt_clock_mono();
    pthread_mutex_lock(&s->cam->lock);
    switch (m->kind) {
    case WIRE_INIT:
        take_head(s, m->payload);
        break;
    case WIRE_FRAG:
        take_fragment(s, m);
        break;
    case WIRE_END:
        take_end(s, m->payload);
        break;
    case WIRE_OPEN:
        break;
    }
    pthread_mutex_unlock(&s->cam->lock);
}

/* Read what there is; false: the session is over. */
static bool read_some(struct session *s)
{
    struct pollfd p = {.fd = s->child.fd, .events = POLLIN};
    if (poll(&p, 1, POLL_MS) <= 0) {
        return true;
    }
    char *to = kt_buf_reserve(&s->in, 65536);
    ssize_t n = to ? recv(s->child.fd, to, 65536, 0) : 0;
    if (n <= 0) {
        return n < 0 && errno == EINTR;
    }
    s->in.n += (size_t)n;
    size_t at = 0;
    int took = 1;
    struct wire_msg m;
    while (took > 0 && !s->over) {
        took = wire_take((struct kt_str){s->in.p + at, s->in.n - at}, &m);
        if (took > 0) {
            take(s, &m);
            at += (size_t)took;
        }
    }
    memmove(s->in.p, s->in.p + at, s->in.n - at);
    s->in.n -= at;
    return took >= 0 && !s->over;
}

/* ---- life of a session ------------------------------------------------------------------------
 */

static bool wanted(const struct cam *c, kt_mono now)
{
    return !c->stopping && (c->keep || c->watchers_n > 0 || now < c->linger);
}

/* With the lock: goes on while it is wanted, or as a probe until it has a picture. */
static bool goes_on(const struct session *s, kt_mono now)
{
    const struct cam *c = s->cam;
    return wanted(c, now) || (!c->stopping && !s->got_key && now - s->begun < PROBE_MAX_S * KT_SEC);
}

static int open_session(struct session *s, struct kt_err *err)
{
    struct cam *c = s->cam;
    struct kt_buf secret;
    kt_buf_init(&secret, SECRET_MAX + 1);
    int r = KT_OK;
    if (c->password_path) {
        r = kt_file_read(c->password_path, SECRET_MAX, &secret, err);
    }
    while (secret.n > 0 && (secret.p[secret.n - 1] == '\n' || secret.p[secret.n - 1] == '\r')) {
        secret.n--;
    }
    if (r == KT_OK) {
        r = child_stream(&s->child, c->sub ? c->sub_url : c->url, c->user, kt_buf_cstr(&secret),
                         err);
    }
    kt_buf_done(&secret);
    return r;
}

static void mark_open(struct cam *c, bool open)
{
    pthread_mutex_lock(&c->lock);
    c->open = open;
    c->sessions += open;
    if (!open) {
        c->fps = c->kbit_s = 0;
    }
    pthread_mutex_unlock(&c->lock);
}

static void lose(struct cam *c, char why, const char *text)
{
    pthread_mutex_lock(&c->lock);
    set_signal(c, false, why, text);
    pthread_mutex_unlock(&c->lock);
}

/* Who looks hears something now and then, also when there is nothing to see: a connection whose
 * client has gone is found by writing to it. With the lock. */
static void pulse(struct cam *c, kt_mono now)
{
    if (c->watchers_n > 0 && now >= c->pulse_due) {
        c->pulse_due = now + PULSE_S * KT_SEC;
        feed_tell_state(c);
    }
}

/* True: it ended because nobody wants it; false: it was lost. */
static bool session(struct cam *c)
{
    struct session s = {.cam = c, .begun = kt_clock_mono()};
    struct kt_err err = {0};
    s.heard = s.window = s.said = s.begun;
    if (open_session(&s, &err) < 0) {
        lose(c, WIRE_WHY_LOST, err.text);
        return false;
    }
    kt_buf_init(&s.in, WIRE_MAX + 131072);
    mark_open(c, true);
    bool reads = true, on = true;
    while (reads && on) {
        reads = read_some(&s);
        kt_mono now = kt_clock_mono();
        if (reads && now - s.heard > HANG_S * KT_SEC) {
            lose(c, WIRE_WHY_LOST, "the program that reads it hangs");
            reads = false;
        }
        pthread_mutex_lock(&c->lock);
        pulse(c, now);
        on = goes_on(&s, now);
        pthread_mutex_unlock(&c->lock);
    }
    child_end(&s.child);
    kt_buf_done(&s.in);
    mark_open(c, false);
    if (on && !s.over) {
        lose(c, WIRE_WHY_BAD, "the program that reads it has ended");
    }
    return !on;
}

static void wait_until(struct cam *c, kt_mono when)
{
    struct timespec t;
    int64_t left = when - kt_clock_mono();
    clock_gettime(CLOCK_REALTIME, &t);
    left = left < 0 ? 0 : left > 3600 * KT_SEC ? 3600 * KT_SEC : left;
    t.tv_sec += left / KT_SEC;
    t.tv_nsec += left % KT_SEC;
    t.tv_sec += t.tv_nsec / KT_SEC;
    t.tv_nsec %= KT_SEC;
    pthread_cond_timedwait(&c->wake, &c->lock, &t);
}

/* When it may be tried again, `failed` losses one after the other, the last at `lost`. */
static kt_mono again(const struct cam *c, kt_mono lost, int failed)
{
    int most = c->watchers_n > 0 ? AGAIN_SEEN : AGAIN_LAST;
    return failed == 0 ? lost : lost + again_ns[failed - 1 < most ? failed - 1 : most];
}

/* Until it is wanted or due; false: it stops. */
static bool wait_for_work(struct cam *c, kt_mono lost, int failed)
{
    pthread_mutex_lock(&c->lock);
    while (!c->stopping) {
        kt_mono now = kt_clock_mono(), due = again(c, lost, failed);
        if (!wanted(c, now) && c->probe_due > due) {
            due = c->probe_due;
        }
        if (now >= due) {
            break;
        }
        pulse(c, now);
        wait_until(c, c->watchers_n > 0 && c->pulse_due < due ? c->pulse_due : due);
    }
    bool on = !c->stopping;
    pthread_mutex_unlock(&c->lock);
    return on;
}

void *feed_run(void *arg)
{
    struct cam *c = arg;
    kt_mono lost = 0;
    int failed = 0;
    while (wait_for_work(c, lost, failed)) {
        bool sub = c->sub; /* this thread alone writes it, and last_mono */
        bool done = session(c) || sub != c->sub;
        lost = kt_clock_mono();
        /* a picture lately: a camera that restarts, not one that is away */
        bool lately = c->last_mono && lost - c->last_mono < HANG_S * KT_SEC;
        failed = done ? 0 : lately ? 1 : failed + (failed <= AGAIN_LAST);
        pthread_mutex_lock(&c->lock);
        c->probe_due = lost + c->probe_ns;
        pthread_mutex_unlock(&c->lock);
    }
    return NULL;
}
