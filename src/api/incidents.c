/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Incidents: what linkages set going, step by step; and the reports of an incident and of an
 * evacuation or drill, told from the journal, as JSON, PDF or xlsx.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/incident_report.h"
#include "api/records.h"
#include "api/story_words.h"

enum { JSON_MAX = 64 << 20 };
#define BEFORE  (10 * KT_MIN)
#define AFTER   (2 * KT_HOUR)
#define LONGEST (24 * KT_HOUR) /* of an evacuation that nobody has ended */

/* ---- the list -------------------------------------------------------------------------------- */

void get_incidents(struct call *c)
{
    struct kt_json *state = snapshot(c, KT_SNAP_STATE);
    struct kt_buf b;
    if (!state) {
        return;
    }
    kt_buf_init(&b, JSON_MAX);
    struct kt_jw w = kt_jw_init(&b);
    const struct kt_json *all = kt_json_get(state, "incidents");
    kt_jw_obj(&w);
    kt_jw_key(&w, "items");
    kt_jw_arr(&w);
    for (size_t i = 0; i < kt_json_len(all); i++) {
        if (may_see_object(c, kt_json_at(all, i))) {
            copy_value(kt_json_at(all, i), &w);
        }
    }
    kt_jw_arr_end(&w);
    kt_jw_obj_end(&w);
    kt_json_free(state);
    reply_buf(c, 200, &b);
}

/* ---- what its events say --------------------------------------------------------------------- */

static struct kt_json *copy(const struct kt_json *v)
{
    struct kt_buf b;
    struct kt_json *got = NULL;
    kt_buf_init(&b, 1 << 20);
    struct kt_jw w = kt_jw_init(&b);
    kt_json_write(v, &w);
    int rc = kt_json_parse((struct kt_str){b.p, b.n}, 1 << 20, &got, NULL);
    kt_buf_done(&b);
    return rc == KT_OK ? got : NULL;
}

/* The newest word of each step. */
static void take_step(struct incident_report *r, const struct kt_json *v)
{
    const char *step = kt_json_get_str(v, "step", "");
    for (size_t i = 0; i < r->steps_n; i++) {
        if (strcmp(kt_json_get_str(r->step[i], "step", ""), step) == 0) {
            kt_json_free(r->step[i]);
            r->step[i] = copy(v);
            return;
        }
    }
    if (r->steps_n < KT_ARRAY_LEN(r->step)) {
        r->step[r->steps_n++] = copy(v);
    }
}

static size_t minute_of(const struct incident_report *r, kt_time at)
{
    int64_t minute = at > r->began ? (at - r->began) / KT_MIN : 0;
    return minute < MINUTES_MAX ? (size_t)minute : MINUTES_MAX - 1;
}

/* How the alarm went that it began with. */
static void take_alarm(struct incident_report *r, const struct kt_event *ev,
                       const struct kt_json *v)
{
    const char *change = kt_json_get_str(v, "change", "");
    double value;
    if (kt_json_get_int(v, "id", 0) != kt_json_get_int(r->head, "alarm", 0)) {
        return;
    }
    if (!r->value[0] && kt_json_num(kt_json_get(v, "value"), &value)) {
        (void)snprintf(r->value, sizeof(r->value), "%g %.20s", value,
                       kt_json_get_str(v, "unit", ""));
    }
    if (strcmp(change, "ack") == 0) {
        r->acked = ev->time;
        story_who(ev, v, r->acked_by);
    } else if (strcmp(change, "clear") == 0) {
        r->cleared = ev->time;
    } else if (strcmp(change, "raise") == 0 || strcmp(change, "again") == 0) {
        r->cleared = 0;
    }
}

static void on_event(void *arg, const struct kt_event *ev, const struct kt_json *v)
{
    struct incident_report *r = arg;
    const char *type = kt_json_get_str(v, "type", ""), *change = kt_json_get_str(v, "change", "");
    bool ours = kt_json_get_int(v, "id", 0) == r->id;
    if (strcmp(type, "person") == 0 && kt_json_get_int(v, "incident", 0) == r->id) {
        kt_json_free(r->listed);
        r->listed = copy(v);
    } else if (strcmp(type, "alarm") == 0) {
        take_alarm(r, ev, v);
    } else if (strcmp(type, "incident") == 0 && ours && strcmp(change, "step") == 0) {
        r->story.record = kt_json_get_int(v, "record", r->story.record);
        take_step(r, v);
    } else if (strcmp(type, "person") == 0 && strcmp(change, "out") == 0 && ev->time >= r->began &&
               kt_json_get_int(v, "evacuation", 0) == r->id) {
        r->left[minute_of(r, ev->time)]++;
        r->out++;
        r->last_out = ev->time;
        (void)snprintf(r->last, sizeof(r->last), "%.60s",
                       kt_json_get_str(v, "person", kt_json_get_str(v, "card", "")));
    } else if (strcmp(type, "evacuation") == 0 && ours && strcmp(change, "stop") == 0) {
        r->ended = ev->time;
        r->story.to = ev->time + 1; /* what comes later is not of it */
        r->below = kt_json_get_int(v, "below", 0);
        (void)snprintf(r->who_stopped, sizeof(r->who_stopped), "%.60s",
                       kt_json_get_str(v, "by", ""));
    } else if (strcmp(type, "evacuation") == 0 && ours &&
               (strcmp(change, "widen") == 0 || strcmp(change, "join") == 0)) {
        uint32_t now = (uint32_t)kt_json_get_int(v, "persons", r->total);
        r->more[minute_of(r, ev->time)] += now > r->total ? now - r->total : 0;
        r->total = now;
    }
}

/* ---- the answer ------------------------------------------------------------------------------ */

static void answer(struct incident_report *r, bool evacuation)
{
    const char *format = kt_http_query(r->c->req, "format");
    struct kt_buf out;
    struct kt_err err = {0};
    int rc = story_read(&r->story, &err);
    if (rc < 0) {
        reply_err(r->c->req, &err);
        return;
    }
    kt_buf_init(&out, JSON_MAX);
    struct kt_jw w = kt_jw_init(&out);
    r->w = &w;
    write_incident_report(r, evacuation);
    if (format && *format && strcmp(format, "json") != 0) {
        reply_document(r->c, &out, format,
                       kt_arena_printf(r->c->arena, "%s-%lld",
                                       evacuation ? "evacuation" : "incident", (long long)r->id));
    } else {
        reply_buf(r->c, 200, &out);
    }
}

static void get_report_of(struct call *c, const char *type)
{
    bool evacuation = strcmp(type, "evacuation") == 0;
    struct incident_report r = {.c = c, .en = in_english(c)};
    if (!path_id(c, 0, &r.id)) {
        return;
    }
    struct kt_json *head = story_begin(c, type, r.id, &r.began);
    if (!head || !may_see_object(c, head)) {
        reply_code(c->req, KT_ENOTFOUND, "there is no %s %s", type, c->param[0]);
        kt_json_free(head);
        return;
    }
    kt_time now = kt_runtime_now(c->api->opts.runtime);
    kt_time most = r.began + (evacuation ? LONGEST : AFTER), to = most < now ? most : now + 1;
    r.head = head;
    r.total = (uint32_t)kt_json_get_int(head, "persons", 0);
    r.drill = evacuation && kt_json_get_bool(head, "drill", false); /* a rule knows of none */
    r.story = (struct story){.c = c, .en = r.en, .on = on_event, .arg = &r};
    r.story.began = r.began;
    kt_text_set(r.story.reg, sizeof(r.story.reg), kt_json_get_str(head, "register", ""));
    r.story.place = evacuation
                        ? (kt_place_id){KT_NONE}
                        : kt_site_place(c->site, kt_str_c(kt_json_get_str(head, "place", "")));
    if (query_time(c, "from", r.began - (evacuation ? 0 : BEFORE), &r.story.from) &&
        query_time(c, "to", to, &r.story.to)) {
        answer(&r, evacuation);
    }
    for (size_t i = 0; i < r.steps_n; i++) {
        kt_json_free(r.step[i]);
    }
    kt_json_free(r.listed);
    story_done(&r.story);
    kt_json_free(head);
}

void get_incident_report(struct call *c)
{
    get_report_of(c, "incident");
}

void get_evacuation_report(struct call *c)
{
    get_report_of(c, "evacuation");
}
