/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call: a desk and a phone. The desk is rung first; who takes it up hears the ringing of the other
 * end, then the other end. Both are recorded, the desk left, the phone right.
 *
 *   begin ─▶ desk rings ─▶ phone rings ─▶ talking ─▶ ended (either end, an order, a higher rank)
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "link/voice/private.h"

enum { KEEP = WAV_RATE / 2 }; /* samples of one end that wait for their tick */

struct ear { /* what came from one end and is not recorded yet */
    int16_t v[KEEP];
    size_t n;
};
struct call {
    struct talk t;
    char to[160];
    struct leg *desk, *phone;
    struct ear ear[2];
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
    leg_send(c->desk, pcm);
}

/* ---- sound ----------------------------------------------------------------------------------- */

static void hear(struct ear *e, const int16_t *pcm, size_t n)
{
    if (n > KEEP) {
        return;
    }
    if (e->n + n > KEEP) { /* the oldest gives way */
        size_t drop = e->n + n - KEEP;
        memmove(e->v, e->v + drop, (e->n - drop) * sizeof(*e->v));
        e->n -= drop;
    }
    memcpy(e->v + e->n, pcm, n * sizeof(*pcm));
    e->n += n;
}

static void on_audio(void *arg, struct leg *l, const int16_t *pcm, size_t n)
{
    struct call *c = arg;
    struct leg *to = l == c->desk ? c->phone : c->desk;
    if (!c->talking) {
        return;
    }
    hear(&c->ear[l == c->phone], pcm, n);
    for (size_t i = 0; to && i + FRAME <= n; i += FRAME) {
        leg_send(to, pcm + i);
    }
}

static void take(struct ear *e, int16_t to[2 * FRAME], int channel)
{
    size_t n = e->n < FRAME ? e->n : FRAME;
    for (size_t i = 0; i < n; i++) {
        to[2 * i + (size_t)channel] = e->v[i];
    }
    memmove(e->v, e->v + n, (e->n - n) * sizeof(*e->v));
    e->n -= n;
}

static void record(struct call *c)
{
    int16_t both[2 * FRAME] = {0};
    take(&c->ear[0], both, 0);
    take(&c->ear[1], both, 1);
    if (c->tape >= 0 && c->frames < LONGEST * (uint32_t)WAV_RATE &&
        write(c->tape, both, sizeof(both)) == (ssize_t)sizeof(both)) {
        c->frames += FRAME;
    }
}

static void on_tick(struct talk *t)
{
    struct call *c = (struct call *)t;
    c->ticks++;
    if (c->talking) {
        record(c);
    } else if (c->desk && c->desk->up) {
        tone(c);
    }
}

/* ---- its ends -------------------------------------------------------------------------------- */

static void end(struct talk *t, const char *result)
{
    struct call *c = (struct call *)t;
    if (t->done) {
        return;
    }
    t->done = true;
    leg_drop(c->desk);
    leg_drop(c->phone);
    c->desk = c->phone = NULL;
    clerk_ended(t->v->clerk, t->id, result, c->frames ? c->tape : -1, c->frames, 2, "");
    if (!c->frames && c->tape >= 0) {
        (void)close(c->tape);
    }
    c->tape = -1;
}

static void on_over(void *arg, struct leg *l, const char *result)
{
    struct call *c = arg;
    char why[40];
    (void)snprintf(why, sizeof(why), "%s%s", l == c->desk && !l->up ? "desk-" : "", result);
    if (l == c->desk) {
        c->desk = NULL;
    } else {
        c->phone = NULL;
    }
    end(&c->t, why);
}

static void on_ringing(void *arg, struct leg *l)
{
    struct call *c = arg;
    voice_tell(c->t.v, c->t.id, l == c->desk ? "desk" : "ringing");
}

static void ring_phone(struct call *c);

static void on_up(void *arg, struct leg *l)
{
    struct call *c = arg;
    if (l == c->desk) {
        ring_phone(c);
    } else {
        c->talking = true;
        voice_tell(c->t.v, c->t.id, "talking");
    }
}

static struct leg *ring(struct call *c, const char *uri)
{
    struct kt_err err = {0};
    const struct leg_owner owner = {
        .arg = c, .ringing = on_ringing, .up = on_up, .audio = on_audio, .over = on_over};
    uint32_t ms = (uint32_t)(c->t.v->conf->timeout_ns / KT_MS);
    struct leg *busy = leg_to(c->t.v, uri);
    struct leg *l = busy ? NULL : leg_new(c->t.v, uri, c->t.rank, false, ms, &owner, &err);
    if (!l) {
        KT_WARN("voice", "%s", busy ? "the device is in another call" : err.text);
        end(&c->t, busy ? "busy" : "failed");
    }
    return l;
}

static void ring_phone(struct call *c)
{
    voice_tell(c->t.v, c->t.id, "ringing");
    struct leg *l = ring(c, c->to);
    c->phone = c->t.done ? NULL : l;
}

static void gone(struct talk *t)
{
    free(t);
}

static struct talk *begin(struct kt_voice *v, const struct order *o)
{
    char desk[160];
    struct call *c = calloc(1, sizeof(*c));
    KT_ASSERT(c);
    c->t = (struct talk){.v = v, .id = o->talk, .kind = &talk_call};
    c->tape = memfd_create("call", MFD_CLOEXEC);
    if (!voice_address(v, o->desk, desk, sizeof(desk)) ||
        !voice_address(v, o->to, c->to, sizeof(c->to))) {
        end(&c->t, "no-address");
        return &c->t;
    }
    voice_tell(v, o->talk, "desk");
    struct leg *l = ring(c, desk);
    c->desk = c->t.done ? NULL : l;
    return &c->t;
}

const struct talk_kind talk_call = {
    .id = "call", .begin = begin, .tick = on_tick, .end = end, .gone = gone};
