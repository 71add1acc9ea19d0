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

static struct climb *climb_of(struct eng *e, uint64_t alarm)
{
    for (uint32_t i = 0; i < e->voice->climb.n; i++) {
        if (e->voice->climb.v[i].alarm == alarm) {
            return &e->voice->climb.v[i];
        }
    }
    return NULL;
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

static void words(const struct eng *e, const struct kt_alarm *a, char *to, size_t cap)
{
    char what[VOICE_TEXT - 60];
    voice_alarm_words(e, a->rule.v, a->point.v, what, sizeof(what));
    (void)snprintf(to, cap, "报警无人确认。%s", what);
}

static void take_step(struct eng *e, const struct kt_alarm *a, const struct kt_ladder *d,
                      struct climb *c)
{
    const struct kt_climb_step *s = &d->steps[c->step++];
    struct talk *t = voice_start(e, talks[s->by], who(e, s), "climb");
    struct kt_jw *w = say(e, a, "step");
    kt_jw_kstr(w, "ladder", d->id);
    kt_jw_kint(w, "step", c->step);
    kt_jw_kstr(w, "by", ways[s->by]);
    kt_jw_kstr(w, "to", who(e, s));
    if (t) {
        kt_jw_kint(w, "talk", (int64_t)t->id);
    } else {
        kt_jw_kstr(w, "text", "too many calls are under way");
    }
    eng_said(e);
    c->talk = t ? t->id : 0;
    if (t) {
        t->alarm = a->id.v;
        words(e, a, t->text, sizeof(t->text));
        voice_send(e, t);
    }
}

static void nobody(struct eng *e, const struct kt_alarm *a, struct climb *c)
{
    c->told = true;
    (void)say(e, a, "nobody");
    eng_said(e);
}

static void go_on(struct eng *e, struct climb *c, const struct kt_alarm *a)
{
    const struct kt_ladder *d = ladder_of(e, a);
    if (!d || c->talk) {
        return; /* the step under way ends, by itself or by time */
    }
    if (c->step < d->steps_n && e->now >= due(e, a, d, c->step)) {
        take_step(e, a, d, c);
    } else if (c->step >= d->steps_n && !c->reached && !c->told) {
        nobody(e, a, c);
    }
}

/* Alarms whose time is over begin to climb. */
static void begin(struct eng *e)
{
    for (uint32_t i = 0; i < kt_alarm_slots(e->alarms); i++) {
        const struct kt_alarm *a = kt_alarm_at(e->alarms, i);
        const struct kt_ladder *d = climbs(a) ? ladder_of(e, a) : NULL;
        if (d && d->steps_n && e->now >= due(e, a, d, 0) && !climb_of(e, a->id.v) &&
            e->voice->climb.n < VOICE_CLIMBS) {
            struct climb *c = ENG_PUSH(e->voice->climb);
            c->alarm = a->id.v;
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
        if (strcmp(e->site->points[p].role->id, "voice.unreached") == 0 &&
            e->site->points[p].link == KT_NONE && !e->site->points[p].ended) {
            struct kt_samples s = {.n = 1,
                                   .point = &p,
                                   .time = &e->now,
                                   .value = (double[]){n},
                                   .quality = (kt_quality[]){KT_Q_NORMAL}};
            eng_samples(e, e->now, KT_STR("engine"), &s);
        }
    }
}

void voice_climb_second(struct eng *e)
{
    if (e->site->ladders_n == 0) {
        return;
    }
    begin(e);
    for (uint32_t i = 0; i < e->voice->climb.n;) {
        struct climb *c = &e->voice->climb.v[i];
        const struct kt_alarm *a = kt_alarm_find(e->alarms, (kt_alarm_id){c->alarm});
        if (!climbs(a)) {
            ENG_REMOVE(e->voice->climb, i);
            continue;
        }
        go_on(e, c, a);
        i++;
    }
    count(e);
}

/* "heard": a key was pressed; "spoken": it was answered and all was said; "accepted": by the
 * network or the mail server. None of them acknowledges the alarm. */
void voice_climb_ended(struct eng *e, const struct talk *t)
{
    static const char *const good[] = {"heard", "spoken", "accepted"};
    struct climb *c = climb_of(e, t->alarm);
    const struct kt_alarm *a = kt_alarm_find(e->alarms, (kt_alarm_id){t->alarm});
    bool reached = false;
    for (size_t i = 0; i < KT_ARRAY_LEN(good); i++) {
        reached |= strcmp(t->result, good[i]) == 0;
    }
    if (!c || !a || c->talk != t->id) {
        return;
    }
    c->talk = 0;
    c->reached |= reached;
    struct kt_jw *w = say(e, a, reached ? "reached" : "failed");
    kt_jw_kint(w, "step", c->step);
    kt_jw_kstr(w, "to", t->to);
    kt_jw_kint(w, "talk", (int64_t)t->id);
    kt_jw_kstr(w, "result", t->result);
    eng_said(e);
}
