/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call: a desk and one phone, or the phones of an area. The desk is rung first; who takes it up
 * hears the ringing of the other end, then everybody who has answered; they hear the desk and each
 * other. Recorded are the desk left, the phones together right.
 *
 *   begin ─▶ desk rings ─▶ phones ring ─▶ talking ─▶ ended (desk, last phone, an order, a higher
 *                                                    rank, a line that has fallen silent)
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "link/voice/private.h"

enum {
    KEEP = 10 * FRAME, /* samples of one end that wait for their tick: what a stall may hold */
    WINDOW = 50,       /* ticks after which what always waited is left out */
    PER_TICK = 2       /* phones that are called in one tick */
};

struct ear { /* what came from one end and has not been heard by the others */
    int16_t v[KEEP];
    size_t n, least; /* least: that waited in this window */
};
struct party {
    struct call *call;
    char uri[160];
    struct leg *leg;
    struct ear ear;
    int16_t now[FRAME]; /* of this tick */
    bool rung, over;
};
struct call {
    struct talk t;
    struct party desk, *phone;
    struct news *news; /* of an area: what became of each phone; NULL */
    uint32_t n;
    bool talking;
    uint32_t ticks, frames;
    int tape; /* memory of its own; -1 */
};

static int ticks_of_tone(uint32_t at)
{
    return at % 250 < 50; /* one second of five */
}

/* The ringing tone of China: 450 Hz, one second, four of silence. A square wave's first harmonic is
 * enough: 450 Hz at 8 kHz repeats after 160 samples, one frame. */
static void tone(struct call *c)
{
    int16_t pcm[FRAME] = {0};
    for (int i = 0; i < FRAME && ticks_of_tone(c->ticks); i++) {
        int phase = i * 9 % FRAME; /* 9 periods a frame */
        int rise = phase < FRAME / 2 ? phase : FRAME - phase;
        pcm[i] = (int16_t)((rise - FRAME / 4) * 100);
    }
    leg_send(c->desk.leg, pcm);
}

/* ---- sound ----------------------------------------------------------------------------------- */

static void skip(struct ear *e, size_t n)
{
    memmove(e->v, e->v + n, (e->n - n) * sizeof(*e->v));
    e->n -= n;
}

static void on_audio(void *arg, struct leg *l, const int16_t *pcm, size_t n)
{
    struct party *p = arg;
    struct ear *e = &p->ear;
    (void)l;
    if (!p->call->talking || n > KEEP) {
        return;
    }
    if (e->n + n > KEEP) { /* the oldest gives way */
        skip(e, e->n + n - KEEP);
    }
    memcpy(e->v + e->n, pcm, n * sizeof(*pcm));
    e->n += n;
}

/* The next frame of one end; silence while there is no whole one. */
static void listen_to(struct party *p, uint32_t ticks)
{
    struct ear *e = &p->ear;
    memset(p->now, 0, sizeof(p->now));
    if (e->n >= FRAME) {
        memcpy(p->now, e->v, sizeof(p->now));
        skip(e, FRAME);
    }
    e->least = e->n < e->least ? e->n : e->least;
    if (ticks % WINDOW == 0) { /* a delay that stays is of no use */
        skip(e, e->least >= FRAME ? FRAME : 0);
        e->least = e->n;
    }
}

static int16_t clip(int32_t v)
{
    return (int16_t)(v > INT16_MAX ? INT16_MAX : v < INT16_MIN ? INT16_MIN : v);
}

/* Everybody hears all but himself. */
static void speak_to(struct party *p, const int32_t all[FRAME])
{
    int16_t pcm[FRAME];
    if (!p->leg || !p->leg->up) {
        return;
    }
    for (int i = 0; i < FRAME; i++) {
        pcm[i] = clip(all[i] - p->now[i]);
    }
    leg_send(p->leg, pcm);
}

static void record(struct call *c, const int32_t all[FRAME])
{
    int16_t both[2 * FRAME];
    for (int i = 0; i < FRAME; i++) {
        both[2 * i] = c->desk.now[i];
        both[2 * i + 1] = clip(all[i] - c->desk.now[i]);
    }
    if (c->tape >= 0 && c->frames < LONGEST * (uint32_t)WAV_RATE &&
        write(c->tape, both, sizeof(both)) == (ssize_t)sizeof(both)) {
        c->frames += FRAME;
    }
}

static void mix(struct call *c)
{
    int32_t all[FRAME];
    listen_to(&c->desk, c->ticks);
    for (int i = 0; i < FRAME; i++) {
        all[i] = c->desk.now[i];
    }
    for (uint32_t k = 0; k < c->n; k++) {
        listen_to(&c->phone[k], c->ticks);
        for (int i = 0; i < FRAME; i++) {
            all[i] += c->phone[k].now[i];
        }
    }
    speak_to(&c->desk, all);
    for (uint32_t k = 0; k < c->n; k++) {
        speak_to(&c->phone[k], all);
    }
    record(c, all);
}

/* ---- its ends -------------------------------------------------------------------------------- */

static void tell_news(struct call *c)
{
    if (c->news) {
        voice_tell_news(c->t.v, c->t.id, c->news, c->n);
    }
}

static void end(struct talk *t, const char *result)
{
    struct call *c = (struct call *)t;
    if (t->done) {
        return;
    }
    t->done = true;
    leg_drop(c->desk.leg);
    c->desk.leg = NULL;
    for (uint32_t i = 0; i < c->n; i++) {
        leg_drop(c->phone[i].leg);
        c->phone[i].leg = NULL;
    }
    tell_news(c);
    clerk_ended(t->v->clerk, t->id, result, c->frames ? c->tape : -1, c->frames, 2, "");
    if (!c->frames && c->tape >= 0) {
        (void)close(c->tape);
    }
    c->tape = -1;
}

static void became(struct party *p, const char *what)
{
    if (p->call->news) {
        p->call->news[p - p->call->phone].now = what;
    }
}

/* One phone has no more to say; the last one ends the call. */
static void phone_over(struct party *p, const char *result, bool was_up)
{
    struct call *c = p->call;
    bool silent = strcmp(result, "no-answer") == 0 || strcmp(result, "failed") == 0;
    p->over = true;
    if (!was_up) {
        became(p, silent ? "silent" : "refused");
    }
    for (uint32_t i = 0; i < c->n; i++) {
        if (!c->phone[i].over) {
            return;
        }
    }
    end(&c->t, c->n > 1 && !c->talking ? "no-answer" : result);
}

static void on_over(void *arg, struct leg *l, const char *result)
{
    struct party *p = arg;
    char why[40];
    p->leg = NULL;
    if (p == &p->call->desk) {
        bool own = !l->up || strcmp(result, "lost") == 0; /* else it has hung up */
        (void)snprintf(why, sizeof(why), "%s%s", own ? "desk-" : "", result);
        end(&p->call->t, why);
    } else {
        phone_over(p, result, l->up);
    }
}

static void on_ringing(void *arg, struct leg *l)
{
    struct party *p = arg;
    (void)l;
    voice_tell(p->call->t.v, p->call->t.id, p == &p->call->desk ? "desk" : "ringing");
}

static void on_up(void *arg, struct leg *l)
{
    struct party *p = arg;
    struct call *c = p->call;
    (void)l;
    if (p == &c->desk) {
        voice_tell(c->t.v, c->t.id, "ringing");
        return;
    }
    became(p, "joined");
    if (!c->talking) {
        c->talking = true;
        voice_tell(c->t.v, c->t.id, "talking");
    }
}

/* NULL: *ret_why says what a person reads of it. */
static struct leg *ring(struct party *p, const char **ret_why)
{
    struct kt_err err = {0};
    struct kt_voice *v = p->call->t.v;
    const struct leg_owner owner = {
        .arg = p, .ringing = on_ringing, .up = on_up, .audio = on_audio, .over = on_over};
    struct leg *busy = leg_to(v, p->uri);
    struct leg *l = busy ? NULL
                         : leg_new(v, p->uri, p->call->t.rank, false,
                                   (uint32_t)(v->conf->timeout_ns / KT_MS), &owner, &err);
    if (!l) {
        KT_WARN("voice", "%s", busy ? "the device is in another call" : err.text);
        *ret_why = busy ? "busy" : "failed";
    }
    p->rung = true;
    return l;
}

static void ring_phones(struct call *c)
{
    int begun = 0;
    for (uint32_t i = 0; i < c->n && begun < PER_TICK && !c->t.done; i++) {
        struct party *p = &c->phone[i];
        const char *why = "failed";
        if (p->rung) {
            continue;
        }
        begun++;
        p->leg = *p->uri ? ring(p, &why) : NULL;
        p->rung = true;
        if (!p->leg) {
            phone_over(p, why, false);
        }
    }
}

static void on_tick(struct talk *t)
{
    struct call *c = (struct call *)t;
    c->ticks++;
    if (!c->desk.leg || !c->desk.leg->up) {
        return;
    }
    if (c->talking) {
        mix(c);
    } else {
        tone(c);
    }
    if (c->ticks % 10 == 0) {
        tell_news(c);
    }
    ring_phones(c); /* last: the call may end here */
}

static void gone(struct talk *t)
{
    struct call *c = (struct call *)t;
    free(c->phone);
    free(c->news);
    free(c);
}

/* ---- begin ----------------------------------------------------------------------------------- */

static bool add(struct call *c, const char *point)
{
    struct party *p = &c->phone[c->n];
    p->call = c;
    if (c->news) {
        c->news[c->n] = (struct news){.known = "asked", .now = "asked"};
        kt_text_set(c->news[c->n].point, sizeof(c->news[c->n].point), point);
    }
    c->n++;
    return voice_address(c->t.v, point, p->uri, sizeof(p->uri));
}

static bool add_all(struct call *c, const struct order *o)
{
    size_t n = kt_json_len(o->points);
    c->phone = calloc(n + 1, sizeof(*c->phone));
    KT_ASSERT(c->phone);
    if (n == 0) {
        return add(c, o->to);
    }
    c->news = calloc(n, sizeof(*c->news));
    KT_ASSERT(c->news);
    for (size_t i = 0; i < n; i++) {
        const char *point = kt_json_str(kt_json_at(o->points, i));
        (void)add(c, point ? point : "");
    }
    return true;
}

static struct talk *begin(struct kt_voice *v, const struct order *o)
{
    const char *why = "no-address";
    struct call *c = calloc(1, sizeof(*c));
    KT_ASSERT(c);
    c->t = (struct talk){.v = v, .id = o->talk, .kind = &talk_call};
    c->desk.call = c;
    c->tape = memfd_create("call", MFD_CLOEXEC);
    if (!add_all(c, o) || !voice_address(v, o->desk, c->desk.uri, sizeof(c->desk.uri))) {
        end(&c->t, why);
        return &c->t;
    }
    voice_tell(v, o->talk, "desk");
    c->desk.leg = ring(&c->desk, &why);
    if (!c->desk.leg) {
        char text[40];
        (void)snprintf(text, sizeof(text), "desk-%s", why);
        end(&c->t, text);
    }
    return &c->t;
}

const struct talk_kind talk_call = {
    .id = "call", .begin = begin, .tick = on_tick, .end = end, .gone = gone};
