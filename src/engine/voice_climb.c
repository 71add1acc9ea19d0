/* SPDX-License-Identifier: Apache-2.0 */
/*
 * voice_climb: an alarm that nobody acknowledges climbs its ladder: the next person is rung, then
 * told by text message, then by mail. The ladder is the site's (`climb` of site.yaml).
 *
 *   not acknowledged in its time ──▶ step 0 ──▶ step 1 … ──▶ all done ── nobody was reached ──▶
 *        acknowledged, masked, normal: the climb is over       points of role voice.unreached
 */
#include <stdio.h>

#include "engine/voice.h"

static const char *const ways[] = {"phone", "sms", "mail"};
static const enum talk_kind talks[] = {TALK_RING, TALK_SMS, TALK_MAIL};

static const struct kt_ladder *ladder_of(const struct eng *e, const struct kt_alarm *a)
{
    const struct kt_rule *r = &e->site->rules[a->rule.v];
    const struct kt_role *role = e->site->points[a->point.v].role;
    for (uint32_t i = 0; i < e->site->ladders_n; i++) {
        if (r->priority <= e->site->ladders[i].priority &&
            strcmp(role->id, "voice.unreached") != 0) {
            return &e->site->ladders[i];
        }
    }
    return NULL;
}

static bool climbs(const struct kt_alarm *a)
{
    return a && a->masks == 0 && (a->state == KT_AL_UNACK || a->state == KT_AL_RTN);
}

static kt_time due(const struct eng *e, const struct kt_alarm *a, const struct kt_ladder *d,
                   uint8_t step)
{
    int64_t within = e->site->rules[a->rule.v].within_ns;
    return a->raised + (within > 0 ? within : d->within_ns) + d->steps[step].after_ns;
}

/* Climbs are in the order of their alarms: where this one is, or would be. */
static uint32_t climb_at(const struct voice *v, uint64_t alarm)
{
    uint32_t lo = 0, hi = v->climb.n;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        lo = v->climb.v[mid].alarm < alarm ? mid + 1 : lo;
        hi = v->climb.v[mid].alarm < alarm ? hi : mid;
    }
    return lo;
}

static void add_climb(struct voice *v, uint64_t alarm)
{
    uint32_t at = climb_at(v, alarm);
    if (at < v->climb.n && v->climb.v[at].alarm == alarm) {
        return;
    }
    (void)ENG_PUSH(v->climb);
    memmove(&v->climb.v[at + 1], &v->climb.v[at], (v->climb.n - 1 - at) * sizeof(*v->climb.v));
    v->climb.v[at] = (struct climb){.alarm = alarm};
}

static struct kt_jw *say(struct eng *e, const struct kt_alarm *a, const char *change)
{
    struct kt_jw *w = eng_say(e, "climb");
    kt_jw_kint(w, "alarm", (int64_t)a->id.v);
    kt_jw_kstr(w, "change", change);
    kt_jw_kstr(w, "rule", e->site->rules[a->rule.v].id);
    eng_jpoint(e, w, "point", a->point.v);
    return w;
}

/* On duty is who took the shift over last. */
static const char *who(const struct eng *e, const struct kt_climb_step *s)
{
    bool duty = strcmp(s->to, "duty") == 0 && e->handover.n > 0;
    return duty ? e->handover.v[e->handover.n - 1].to : s->to;
}

static void words(const struct eng *e, const struct kt_alarm *a, uint32_t n, char *to, size_t cap)
{
    char what[VOICE_TEXT - 80];
    voice_alarm_words(e, a->rule.v, a->point.v, what, sizeof(what));
    if (n > 1) {
        (void)snprintf(to, cap, "%u条报警无人确认，其中：%s", n, what);
    } else {
        (void)snprintf(to, cap, "报警无人确认。%s", what);
    }
}

static void say_step(struct eng *e, const struct kt_alarm *a, const struct kt_ladder *d,
                     const struct climb *c, const struct talk *t)
{
    struct kt_jw *w = say(e, a, "step");
    kt_jw_kstr(w, "ladder", d->id);
    kt_jw_kint(w, "step", c->step);
    kt_jw_kstr(w, "by", ways[d->steps[c->step - 1].by]);
    kt_jw_kstr(w, "to", t->to);
    kt_jw_kint(w, "talk", (int64_t)t->id);
    eng_said(e);
}

/* Its next step, when that is due and nothing is under way for it; NULL. */
static const struct kt_climb_step *next_step(const struct eng *e, const struct climb *c,
                                             const struct kt_ladder **ret_ladder)
{
    const struct kt_ladder *d = climbs(c->a) ? ladder_of(e, c->a) : NULL;
    *ret_ladder = d;
    bool is = d && !c->talk && c->step < d->steps_n && e->now >= due(e, c->a, d, c->step);
    return is ? &d->steps[c->step] : NULL;
}

/* One call tells a person all that waits for the same way to the same person: a flood of alarms is
 * no flood of calls. */
static void take_step(struct eng *e, const struct kt_alarm *a, const struct kt_climb_step *s)
{
    const struct kt_ladder *d;
    char to[ENG_NAME];
    uint32_t n = 0;
    kt_text_set(to, sizeof(to), who(e, s));
    struct talk *t = voice_start(e, talks[s->by], to, "climb");
    if (!t) {
        return; /* too much is under way: again in a second */
    }
    t->drill = false; /* alarms are no play */
    for (uint32_t i = 0; i < e->voice->climb.n; i++) {
        struct climb *c = &e->voice->climb.v[i];
        const struct kt_climb_step *x = next_step(e, c, &d);
        if (x && x->by == s->by && strcmp(who(e, x), to) == 0) {
            c->step++;
            c->talk = t->id;
            n++;
            say_step(e, c->a, d, c, t);
        }
    }
    t->alarm = a->id.v;
    words(e, a, n, t->text, sizeof(t->text));
    voice_send(e, t);
}

/* Is this person being told something already, this way? */
static bool told_now(const struct eng *e, const struct kt_climb_step *s)
{
    const char *to = who(e, s);
    for (uint32_t i = 0; i < e->voice->talk.n; i++) {
        const struct talk *t = &e->voice->talk.v[i];
        if (t->state != TALK_ENDED && t->alarm && t->kind == talks[s->by] &&
            strcmp(t->to, to) == 0) {
            return true;
        }
    }
    return false;
}

static void nobody(struct eng *e, const struct kt_alarm *a, struct climb *c)
{
    c->told = true;
    (void)say(e, a, "nobody");
    eng_said(e);
}

static void go_on(struct eng *e, struct climb *c)
{
    const struct kt_ladder *d;
    const struct kt_climb_step *s = next_step(e, c, &d);
    if (s && !told_now(e, s)) {
        take_step(e, c->a, s);
    } else if (d && !c->talk && c->step >= d->steps_n && !c->reached && !c->told) {
        nobody(e, c->a, c);
    }
}

/* Alarms whose time is over begin to climb. */
static void begin(struct eng *e)
{
    for (uint32_t i = 0; i < kt_alarm_slots(e->alarms) && e->voice->climb.n < VOICE_CLIMBS; i++) {
        const struct kt_alarm *a = kt_alarm_at(e->alarms, i);
        const struct kt_ladder *d = climbs(a) ? ladder_of(e, a) : NULL;
        if (d && d->steps_n && e->now >= due(e, a, d, 0)) {
            add_climb(e->voice, a->id.v);
        }
    }
}

static void count(struct eng *e)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < e->voice->climb.n; i++) {
        n += e->voice->climb.v[i].told;
    }
    for (uint32_t p = 0; p < e->points_n; p++) {
        const struct kt_point *one = &e->site->points[p];
        if (one->link == KT_NONE && !one->ended && strcmp(one->role->id, "voice.unreached") == 0) {
            struct kt_samples s = {.n = 1,
                                   .point = &p,
                                   .time = &e->now,
                                   .value = (double[]){n},
                                   .quality = (kt_quality[]){KT_Q_NORMAL}};
            eng_samples(e, e->now, KT_STR("engine"), &s);
        }
    }
}

/* Each climb gets its alarm: one pass over the alarms. */
static void attach(struct eng *e)
{
    struct voice *v = e->voice;
    for (uint32_t i = 0; i < v->climb.n; i++) {
        v->climb.v[i].a = NULL;
    }
    for (uint32_t i = 0; v->climb.n && i < kt_alarm_slots(e->alarms); i++) {
        const struct kt_alarm *a = kt_alarm_at(e->alarms, i);
        uint32_t at = a ? climb_at(v, a->id.v) : v->climb.n;
        if (at < v->climb.n && v->climb.v[at].alarm == a->id.v) {
            v->climb.v[at].a = a;
        }
    }
}

/* Acknowledged, masked or gone: a call that is under way for it goes on to its end. */
static void over(struct eng *e, const struct climb *c)
{
    e->version++; /* screens that list climbs ask again */
    if (c->a) {
        struct kt_jw *w = say(e, c->a, "end");
        kt_jw_kint(w, "step", c->step);
        kt_jw_kbool(w, "reached", c->reached);
        eng_said(e);
    }
}

/* Those of alarms that are acknowledged, masked or over. */
static void forget(struct eng *e)
{
    struct voice *v = e->voice;
    uint32_t left = 0;
    for (uint32_t i = 0; i < v->climb.n; i++) {
        if (climbs(v->climb.v[i].a)) {
            v->climb.v[left++] = v->climb.v[i];
        } else {
            over(e, &v->climb.v[i]);
        }
    }
    v->climb.n = left;
}

void voice_climb_second(struct eng *e)
{
    if (e->site->ladders_n == 0) {
        return;
    }
    begin(e);
    attach(e);
    forget(e);
    for (uint32_t i = 0; i < e->voice->climb.n; i++) {
        go_on(e, &e->voice->climb.v[i]);
    }
    count(e);
}

/* "heard": a key was pressed; "spoken": it was answered and all was said; "accepted": by the
 * network or the mail server. None of them acknowledges the alarm. */
void voice_climb_ended(struct eng *e, const struct talk *t)
{
    static const char *const good[] = {"heard", "spoken", "accepted"};
    bool reached = false;
    for (size_t i = 0; i < KT_ARRAY_LEN(good); i++) {
        reached |= strcmp(t->result, good[i]) == 0;
    }
    attach(e);
    for (uint32_t i = 0; i < e->voice->climb.n; i++) {
        struct climb *c = &e->voice->climb.v[i];
        if (!c->a || c->talk != t->id) {
            continue;
        }
        c->talk = 0;
        c->reached |= reached;
        struct kt_jw *w = say(e, c->a, reached ? "reached" : "failed");
        kt_jw_kint(w, "step", c->step);
        kt_jw_kstr(w, "to", t->to);
        kt_jw_kint(w, "talk", (int64_t)t->id);
        kt_jw_kstr(w, "result", t->result);
        eng_said(e);
    }
}
