/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine.h"

#include <stdlib.h>

#include "engine/folk.h"
#include "engine/incident.h"

enum { MOST_SAMPLES = 1u << 20, MOST_ANSWER = 1u << 20 };

int kt_engine_new(struct kt_site *site, struct kt_live *live, const struct kt_engine_out *out,
                  struct kt_engine **ret, struct kt_err *err)
{
    if (kt_live_count(live) < site->points_n) {
        return kt_err_set(err, KT_EINVAL, "the live table has %u places for %u points",
                          kt_live_count(live), site->points_n);
    }
    struct kt_engine *e = calloc(1, sizeof *e);
    KT_ASSERT(e);
    static const struct kt_engine_out nowhere = {0};
    e->s = eng_new(site, live, out ? out : &nowhere);
    *ret = e;
    return KT_OK;
}

void kt_engine_free(struct kt_engine *e)
{
    if (e) {
        eng_free(e->s);
        free(e);
    }
}

static kt_time tick_time(const struct kt_event *ev)
{
    struct kt_rd in = kt_rd_init(ev->body.p, ev->body.n);
    kt_time t = kt_get_i64(&in);
    return in.bad ? ev->time : t;
}

static void answer(struct eng *e, struct kt_str body)
{
    static const char *const whats[] = {"written", "failed", "readback"};
    struct kt_json *root = NULL;
    if (kt_json_parse(body, MOST_ANSWER, &root, NULL) < 0) {
        e->stats.refused++;
        return;
    }
    if (strcmp(kt_json_get_str(root, "solver", ""), "vent") == 0) {
        eng_air_answer(e, root);
    }
    if (kt_json_get(root, "incident")) {
        eng_incident_answer(e, root);
    }
    if (kt_json_get(root, "talk")) {
        eng_voice_answer(e, root);
    }
    const char *what = kt_json_get_str(root, "what", "");
    int64_t id = kt_json_get_int(root, "command", 0);
    for (int i = 0; i < 3 && id > 0; i++) {
        if (strcmp(what, whats[i]) == 0) {
            kt_control_answer(e->control, (kt_command_id){(uint64_t)id}, (enum kt_answer)i,
                              kt_json_get_num(root, "value", 0), kt_json_get_str(root, "text", ""),
                              e->now);
        }
    }
    kt_json_free(root);
}

/* The device's own alarm and cut, as its status word tells them. */
static void device_state(struct eng *e, const struct kt_json *root)
{
    kt_point_id p = kt_site_point(e->site, kt_json_strn(kt_json_get(root, "point")));
    bool on;
    if (p.v == KT_NONE) {
        e->stats.refused++;
        return;
    }
    if (kt_json_bool(kt_json_get(root, "alarm"), &on)) {
        eng_set_flag(e, p.v, KT_FLAG_DEVICE_ALARM, on);
    }
    if (kt_json_bool(kt_json_get(root, "cut"), &on)) {
        eng_set_flag(e, p.v, KT_FLAG_DEVICE_CUT, on);
    }
}

static void link_event(struct eng *e, struct kt_str body)
{
    struct kt_json *root = NULL;
    bool up;
    if (kt_json_parse(body, 64u << 10, &root, NULL) < 0) {
        e->stats.refused++;
        return;
    }
    const char *id = kt_json_get_str(root, "link", "");
    if (kt_json_get(root, "point")) {
        device_state(e, root);
    }
    for (uint32_t i = 0; i < e->site->links_n; i++) {
        if (strcmp(e->site->links[i].id, id) == 0 && kt_json_bool(kt_json_get(root, "up"), &up)) {
            eng_link(e, i, up, kt_json_get_str(root, "text", ""));
        }
    }
    kt_json_free(root);
}

static void samples_event(struct eng *e, const struct kt_event *ev)
{
    kt_time arrival;
    if (ev->body.n == 0) {
        return; /* retention dropped it */
    }
    if (kt_samples_decode(ev->body, MOST_SAMPLES, &arrival, &e->columns, NULL) < 0) {
        e->stats.refused++;
        return;
    }
    struct kt_samples s = kt_columns_view(&e->columns);
    eng_advance(e, arrival);
    eng_samples(e, arrival, ev->origin, &s);
}

void kt_engine_apply(struct kt_engine *engine, const struct kt_event *ev)
{
    struct eng *e = engine->s;
    e->seq = ev->seq;
    e->cause = ev->seq;
    if (ev->kind != KT_EV_TICK && ev->kind != KT_EV_SAMPLES) {
        eng_advance(e, ev->time);
    }
    switch (ev->kind) {
    case KT_EV_SAMPLES:
        samples_event(e, ev);
        break;
    case KT_EV_TICK:
        eng_tick(e, tick_time(ev));
        break;
    case KT_EV_REQUEST:
        eng_request(e, ev->seq, ev->body);
        break;
    case KT_EV_ANSWER:
        answer(e, ev->body);
        break;
    case KT_EV_LINK:
        link_event(e, ev->body);
        break;
    case KT_EV_READINGS:
        eng_folk_readings(e, ev->origin, ev->body);
        break;
    case KT_EV_PEOPLE:
        eng_folk_people(e, ev->body);
        break;
    case KT_EV_SITE:
    case KT_EV_OUTCOME:
        break;
    }
    eng_drain(e);
    eng_sequences(e);
    eng_incident_look(e);
}

void kt_engine_samples(struct kt_engine *engine, kt_seq seq, kt_time arrival,
                       struct kt_str producer, const struct kt_samples *s)
{
    struct eng *e = engine->s;
    e->seq = seq;
    e->cause = seq;
    uint64_t told = e->stats.outcomes;
    eng_advance(e, arrival);
    eng_samples(e, arrival, producer, s);
    eng_drain(e);
    eng_sequences(e);
    if (e->stats.outcomes != told) { /* commands and feed states tell what becomes of them */
        eng_incident_look(e);
    }
}

void kt_engine_pause_over(struct kt_engine *engine, kt_time now)
{
    struct eng *e = engine->s;
    e->holds_from = (now > e->now ? now : e->now) + ENG_HOLD_GRACE;
}

void kt_engine_recovered(struct kt_engine *engine, kt_seq seq)
{
    struct eng *e = engine->s;
    e->cause = seq;
    eng_resume(e);
    e->holds_from = e->now + ENG_HOLD_GRACE;
    kt_sequences_recovered(e->sequences, e->now);
    kt_control_recovered(e->control, KT_NONE, seq, e->now);
    eng_voice_recovered(e);
    eng_drain(e);
    eng_sequences(e);
    eng_incident_look(e);
}

kt_seq kt_engine_seq(const struct kt_engine *e)
{
    return e->s->seq;
}

kt_time kt_engine_time(const struct kt_engine *e)
{
    return e->s->now;
}

uint64_t kt_engine_version(const struct kt_engine *e)
{
    return e->s->version;
}

void kt_engine_json_people(const struct kt_engine *e, struct kt_buf *out)
{
    eng_folk_json(e->s, out);
}

void kt_engine_json_incidents(const struct kt_engine *e, struct kt_buf *out)
{
    struct kt_jw w = kt_jw_init(out);
    eng_incidents_json(e->s, &w);
}

void kt_engine_json_talks(const struct kt_engine *e, struct kt_buf *out)
{
    struct kt_jw w = kt_jw_init(out);
    eng_talks_json(e->s, &w);
}

void kt_engine_erased(const struct kt_engine *e, void (*fn)(void *arg, const char *hash), void *arg)
{
    eng_keep_erased(e->s, fn, arg);
}

uint64_t kt_engine_people_version(const struct kt_engine *e)
{
    return e->s->folk ? e->s->folk->version : 0;
}

void kt_engine_stats(const struct kt_engine *e, struct kt_engine_stats *ret)
{
    *ret = e->s->stats;
    ret->alarms_active = kt_alarm_active(e->s->alarms);
    kt_text_set(ret->drill, sizeof ret->drill, e->s->drill);
}

void kt_engine_save(const struct kt_engine *e, struct kt_buf *out)
{
    eng_save(e->s, out);
}

int kt_engine_load(struct kt_engine *e, struct kt_str saved, struct kt_err *err)
{
    struct eng *fresh = eng_new(e->s->site, e->s->live, &e->s->out);
    int r = eng_load(fresh, saved, err);
    if (r < 0) {
        eng_free(fresh);
        return r;
    }
    eng_free(e->s);
    e->s = fresh;
    return KT_OK;
}

void kt_engine_digest(const struct kt_engine *e, struct kt_hash *ret)
{
    struct kt_buf b;
    kt_buf_init(&b, 0);
    eng_save(e->s, &b);
    kt_hash_of(b.p, b.n, ret);
    kt_buf_done(&b);
}
