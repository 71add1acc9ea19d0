/* SPDX-License-Identifier: Apache-2.0 */
/*
 * say: words to one phone, until its key 1 says that they were heard; words to many speakers, which
 * answer by themselves.
 *
 * Devices are called while the words are made, and hear nothing until there are some.
 *
 *   speaker: asked ─▶ speaking ─▶ sent ─▶ confirmed (a receiver report has come)
 *                └──▶ silent, refused
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "link/voice/private.h"

enum { TIMES = 2, GAP = 25, TAIL = 10, KEY_HEARD = 1, PER_TICK = 2, PATIENCE = 30 * 50 };

struct play { /* where the words stand at one device */
    size_t at;
    int times, gap;
};

/* The next frame of words said `times` over; false: all is said. */
static bool frame(struct play *p, const struct pcm *words, int times, int16_t to[FRAME])
{
    memset(to, 0, FRAME * sizeof(*to));
    if (p->times >= times) {
        return false;
    }
    if (p->gap > 0) {
        p->gap--;
        return true;
    }
    size_t left = words->n - p->at, n = left < FRAME ? left : FRAME;
    memcpy(to, words->v + p->at, n * sizeof(*to));
    p->at += n;
    if (p->at >= words->n) {
        p->at = 0;
        p->gap = GAP;
        p->times++;
    }
    return true;
}

/* ---- one phone ------------------------------------------------------------------------------- */

struct ring {
    struct talk t;
    char to[160], hash[65];
    struct leg *leg;
    struct pcm words; /* v: NULL until they are made */
    struct play play;
    int tail;
};

static void ring_end(struct talk *t, const char *result)
{
    struct ring *r = (struct ring *)t;
    if (!t->done) {
        t->done = true;
        leg_drop(r->leg);
        r->leg = NULL;
        clerk_ended(t->v->clerk, t->id, result, -1, (uint32_t)r->words.n, 1, r->hash);
    }
}

static void ring_over(void *arg, struct leg *l, const char *result)
{
    struct ring *r = arg;
    bool all = l->up && r->play.times > 0;
    r->leg = NULL;
    ring_end(&r->t, all ? "spoken" : result);
}

static void ring_ringing(void *arg, struct leg *l)
{
    struct ring *r = arg;
    (void)l;
    voice_tell(r->t.v, r->t.id, "ringing");
}

static void ring_up(void *arg, struct leg *l)
{
    struct ring *r = arg;
    (void)l;
    voice_tell(r->t.v, r->t.id, "talking");
}

static void ring_key(void *arg, struct leg *l, int code)
{
    struct ring *r = arg;
    (void)l;
    if (code == KEY_HEARD) {
        ring_end(&r->t, "heard");
    }
}

/* The device rings while the words are made. What speaks of something less is taken over once there
 * are words. False: it waits for them. */
static bool ring_call(struct ring *r)
{
    struct kt_err err = {0};
    struct kt_voice *v = r->t.v;
    const struct leg_owner owner = {
        .arg = r, .ringing = ring_ringing, .up = ring_up, .key = ring_key, .over = ring_over};
    struct leg *busy = leg_to(v, r->to);
    if (busy && busy->rank < r->t.rank) {
        if (!r->words.v) {
            return false;
        }
        busy->owner.over(busy->owner.arg, busy, "outranked");
        leg_drop(busy);
        busy = NULL;
    }
    uint32_t ms = (uint32_t)(v->conf->timeout_ns / KT_MS);
    r->leg = busy ? NULL : leg_new(v, r->to, r->t.rank, false, ms, &owner, &err);
    if (!r->leg) {
        ring_end(&r->t, busy ? "busy" : "failed");
    }
    return true;
}

static void ring_words(struct talk *t, struct pcm *words, const char *hash)
{
    struct ring *r = (struct ring *)t;
    r->words = *words;
    *words = (struct pcm){0};
    kt_text_set(r->hash, sizeof(r->hash), hash);
    if (!r->leg) {
        (void)ring_call(r);
    }
}

static void ring_tick(struct talk *t)
{
    struct ring *r = (struct ring *)t;
    int16_t pcm[FRAME] = {0};
    if (!r->leg || !r->leg->up) {
        return;
    }
    if (r->words.v && !frame(&r->play, &r->words, TIMES, pcm) && ++r->tail > TAIL) {
        ring_end(t, "spoken");
        return;
    }
    leg_send(r->leg, pcm);
}

static void ring_gone(struct talk *t)
{
    struct ring *r = (struct ring *)t;
    free(r->words.v);
    free(r);
}

static bool ring_address(struct kt_voice *v, const char *to, char *uri, size_t cap)
{
    struct kt_contact c;
    struct kt_err err = {0};
    if (voice_address(v, to, uri, cap)) {
        return true;
    }
    if (kt_site_contact(v->site, to, &c, &err) < 0) {
        KT_WARN("voice", "%s", err.text);
        return false;
    }
    kt_text_set(uri, cap, c.phone);
    return *c.phone != '\0';
}

static struct talk *ring_begin(struct kt_voice *v, const struct order *o)
{
    char words[900];
    struct ring *r = calloc(1, sizeof(*r));
    KT_ASSERT(r);
    r->t = (struct talk){.v = v, .id = o->talk, .kind = &talk_ring, .rank = 1};
    if (!ring_address(v, o->to, r->to, sizeof(r->to))) {
        ring_end(&r->t, "no-address");
        return &r->t;
    }
    voice_tell(v, o->talk, "asked");
    (void)snprintf(words, sizeof(words), "%.700s听到请按1。", o->text);
    clerk_words(v->clerk, o->talk, words, "", o->drill);
    (void)ring_call(r);
    return &r->t;
}

const struct talk_kind talk_ring = {.id = "ring",
                                    .begin = ring_begin,
                                    .words = ring_words,
                                    .tick = ring_tick,
                                    .end = ring_end,
                                    .gone = ring_gone};

/* ---- many speakers --------------------------------------------------------------------------- */

enum at_state { AT_WAITS, AT_ASKED, AT_SPEAKING, AT_SENT, AT_OVER };
struct at {
    struct cast *cast;
    char uri[160];
    struct leg *leg;
    enum at_state state;
    struct play play;
    int waited; /* ticks: for the device, or after the words for a report */
};
struct cast {
    struct talk t;
    struct pcm words;
    char hash[65];
    struct at *at;
    struct news *news; /* of each */
    uint32_t n, told_at;
    int times;
    bool ready;
};

static void news(struct at *a, const char *what)
{
    a->cast->news[a - a->cast->at].now = what;
}

static void at_over(void *arg, struct leg *l, const char *result)
{
    struct at *a = arg;
    bool silent = strcmp(result, "no-answer") == 0 || strcmp(result, "failed") == 0;
    a->leg = NULL;
    if (a->state == AT_SENT || (a->state == AT_SPEAKING && a->play.times > 0)) {
        news(a, l->reports ? "confirmed" : "sent");
    } else {
        news(a, silent || l->up ? "silent" : "refused");
    }
    a->state = AT_OVER;
}

static void at_up(void *arg, struct leg *l)
{
    struct at *a = arg;
    (void)l;
    a->state = AT_SPEAKING;
    news(a, "speaking");
    voice_tell(a->cast->t.v, a->cast->t.id, "talking");
}

/* A device that speaks something of lower rank is taken over once there are words to say; an equal
 * one is waited for. */
static bool at_free(struct at *a)
{
    struct leg *busy = leg_to(a->cast->t.v, a->uri);
    if (busy && busy->rank < a->cast->t.rank) {
        if (!a->cast->ready) {
            return false;
        }
        busy->owner.over(busy->owner.arg, busy, "outranked");
        leg_drop(busy);
        return true;
    }
    if (busy && ++a->waited > PATIENCE) {
        a->state = AT_OVER;
        news(a, "refused");
    }
    return !busy;
}

static bool at_call(struct at *a)
{
    const struct leg_owner owner = {.arg = a, .up = at_up, .over = at_over};
    struct kt_err err = {0};
    if (!at_free(a)) {
        return false;
    }
    a->waited = 0;
    a->state = AT_ASKED;
    a->leg = leg_new(a->cast->t.v, a->uri, a->cast->t.rank, true, ANSWER_MS, &owner, &err);
    if (!a->leg) {
        KT_WARN("voice", "%s", err.text);
        a->state = AT_OVER;
        news(a, "silent");
    }
    return true;
}

static void at_speak(struct at *a)
{
    int16_t pcm[FRAME] = {0};
    if (a->cast->ready && !frame(&a->play, &a->cast->words, a->cast->times, pcm) &&
        a->state == AT_SPEAKING) {
        a->state = AT_SENT;
        a->waited = 0;
        news(a, a->leg->reports ? "confirmed" : "sent");
    }
    leg_send(a->leg, pcm);
    if (a->state == AT_SENT && ++a->waited > TAIL &&
        (a->leg->reports || a->waited > REPORT_MS / TICK_MS)) {
        news(a, a->leg->reports ? "confirmed" : "sent");
        leg_drop(a->leg);
        a->leg = NULL;
        a->state = AT_OVER;
    }
}

static void cast_end(struct talk *t, const char *result)
{
    struct cast *c = (struct cast *)t;
    if (t->done) {
        return;
    }
    t->done = true;
    for (uint32_t i = 0; i < c->n; i++) {
        leg_drop(c->at[i].leg);
        c->at[i].leg = NULL;
    }
    voice_tell_news(t->v, t->id, c->news, c->n);
    clerk_ended(t->v->clerk, t->id, result, -1, (uint32_t)c->words.n, 1, c->hash);
}

/* Words that went out to nobody are not said. */
static bool heard_by_one(const struct cast *c)
{
    for (uint32_t i = 0; i < c->n; i++) {
        if (strcmp(c->news[i].now, "silent") != 0 && strcmp(c->news[i].now, "refused") != 0) {
            return true;
        }
    }
    return false;
}

static void cast_tick(struct talk *t)
{
    struct cast *c = (struct cast *)t;
    int begun = 0;
    uint32_t over = 0;
    for (uint32_t i = 0; i < c->n; i++) {
        struct at *a = &c->at[i];
        if (a->state == AT_WAITS && begun < PER_TICK) {
            begun += at_call(a);
        } else if (a->leg && a->leg->up) {
            at_speak(a);
        }
        over += a->state == AT_OVER;
    }
    if (++c->told_at % 10 == 0) { /* at most five answers a second */
        voice_tell_news(t->v, t->id, c->news, c->n);
    }
    if (c->ready && over == c->n) {
        cast_end(t, heard_by_one(c) ? "ended" : "no-answer");
    }
}

static void cast_words(struct talk *t, struct pcm *words, const char *hash)
{
    struct cast *c = (struct cast *)t;
    c->words = *words;
    *words = (struct pcm){0};
    kt_text_set(c->hash, sizeof(c->hash), hash);
    c->ready = true;
    for (uint32_t i = 0; i < c->n; i++) { /* silence that was received confirms no words */
        if (c->at[i].leg) {
            c->at[i].leg->reports = 0;
        }
    }
}

static void cast_gone(struct talk *t)
{
    struct cast *c = (struct cast *)t;
    free(c->words.v);
    free(c->at);
    free(c->news);
    free(c);
}

static void add(struct cast *c, const char *point)
{
    struct at *a = &c->at[c->n++];
    a->cast = c;
    c->news[c->n - 1] = (struct news){.known = "asked", .now = "asked"};
    kt_text_set(c->news[c->n - 1].point, sizeof(c->news[0].point), point);
    if (!voice_address(c->t.v, point, a->uri, sizeof(a->uri))) {
        a->state = AT_OVER;
        news(a, "silent");
    }
}

static struct talk *cast_begin(struct kt_voice *v, const struct order *o)
{
    struct cast *c = calloc(1, sizeof(*c));
    size_t n = kt_json_len(o->points);
    KT_ASSERT(c);
    c->t = (struct talk){.v = v, .id = o->talk, .kind = &talk_cast, .rank = o->emergency ? 3 : 2};
    c->times = o->emergency ? 2 : 1;
    c->at = calloc(n + 1, sizeof(*c->at));
    c->news = calloc(n + 1, sizeof(*c->news));
    KT_ASSERT(c->at && c->news);
    for (size_t i = 0; i < n; i++) {
        const char *point = kt_json_str(kt_json_at(o->points, i));
        add(c, point ? point : "");
    }
    voice_tell(v, o->talk, "asked");
    clerk_words(v->clerk, o->talk, o->text, o->body, o->drill);
    return &c->t;
}

const struct talk_kind talk_cast = {.id = "broadcast",
                                    .begin = cast_begin,
                                    .words = cast_words,
                                    .tick = cast_tick,
                                    .end = cast_end,
                                    .gone = cast_gone};
