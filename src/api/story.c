/* SPDX-License-Identifier: Apache-2.0 */
#include "api/story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/story_words.h"

void story_time(const struct call *c, kt_time t, char ret[32])
{
    char local[24];
    kt_time_fmt_local(t, c->site->utc_offset_s, local);
    (void)snprintf(ret, 32, "%s.%03d", local, (int)(t / KT_MS % 1000));
}

static bool is(const struct kt_json *v, const char *key, const char *text)
{
    return strcmp(kt_json_get_str(v, key, ""), text) == 0;
}

/* ---- what belongs to it ---------------------------------------------------------------------- */

/* What persons do and what is said to all is of every story; what a point does, where it is near:
 * the working of the story, the place itself, and where its design air goes. */
static bool near(const struct story *s, const struct kt_json *v)
{
    const struct kt_site *site = s->c->site;
    const char *id = kt_json_get_str(v, "place", "");
    kt_place_id at = kt_site_place(site, kt_str_c(id));
    const char *point = kt_json_get_str(v, "point", kt_json_get_str(v, "output", ""));
    kt_point_id p = kt_site_point(site, kt_str_c(point));
    at = p.v != KT_NONE ? site->points[p.v].place : at;
    if (at.v == KT_NONE || s->place.v == KT_NONE) {
        return true;
    }
    kt_place_id working = site->places[s->place.v].working;
    kt_place_id under = working.v != KT_NONE ? working : s->place;
    if (kt_site_within(site, at, under) || kt_site_within(site, under, at)) {
        return true;
    }
    kt_place_id list[256];
    uint32_t n = kt_site_downstream(site, s->place, list, KT_ARRAY_LEN(list));
    for (uint32_t i = 0; i < n && i < KT_ARRAY_LEN(list); i++) {
        if (list[i].v == at.v) {
            return true;
        }
    }
    return false;
}

static bool told_elsewhere(const struct kt_json *v)
{
    static const char *const not_told[] = {"verdict", "airflow", "sealed", "account",
                                           "trust",   "late",    "gap"};
    for (size_t i = 0; i < KT_ARRAY_LEN(not_told); i++) {
        if (is(v, "type", not_told[i])) {
            return true;
        }
    }
    return false;
}

static bool belongs(const struct story *s, const struct kt_event *ev, const struct kt_json *v)
{
    if (ev->kind == KT_EV_REQUEST) {
        return !is(v, "verb", "console.hello") && near(s, kt_json_get(v, "args"));
    }
    bool person = is(v, "type", "person");
    if (person && !kt_person_may(&s->c->person, "person.see")) {
        return false;
    }
    return !told_elsewhere(v) && may_see_object(s->c, v) && near(s, v);
}

/* ---- rows ------------------------------------------------------------------------------------ */

static struct story_row *add(struct story *s)
{
    if (s->n == STORY_ROWS) {
        s->more = true;
        return NULL;
    }
    if (s->n == s->cap) {
        s->cap = s->cap ? 2 * s->cap : 128;
        s->row = realloc(s->row, s->cap * sizeof(*s->row));
        KT_ASSERT(s->row);
    }
    memset(&s->row[s->n], 0, sizeof(*s->row));
    return &s->row[s->n++];
}

static bool copy_hash(const struct kt_json *v, const char *key, char to[65])
{
    const char *h = kt_json_get_str(v, key, "");
    bool is_hash = strlen(h) == 64 && strspn(h, "0123456789abcdef") == 64;
    if (is_hash) {
        memcpy(to, h, 65);
    }
    return is_hash;
}

/* What voice and cameras say of what they keep. */
static void find_bodies(const struct kt_json *v, struct story_row *row)
{
    row->picture = copy_hash(v, "still", row->body);
    if (!row->picture && !copy_hash(v, "recording", row->body)) {
        (void)copy_hash(v, "body", row->body);
    }
    (void)copy_hash(v, "clip", row->clip);
}

/* When the device itself said what raised or ended an alarm. */
static kt_time source_of(const struct story *s, const struct kt_event *ev, const struct kt_json *v)
{
    struct kt_sample last;
    struct kt_err err;
    const char *point = kt_json_get_str(v, "point", "");
    kt_time own = 0;
    const char *said = kt_json_get_str(v, "source", "");
    if (said[0] && kt_time_parse(kt_str_c(said), 0, &own) == KT_OK) {
        return own;
    }
    if (!is(v, "type", "alarm") || !point[0] ||
        kt_history_last(kt_runtime_history(s->c->api->opts.runtime), point, ev->time, &last, &err) <
            0 ||
        ev->time - last.time > KT_MIN) {
        return 0;
    }
    return last.time;
}

static void take(struct story *s, const struct kt_event *ev)
{
    struct kt_json *v = NULL;
    if (kt_json_parse(ev->body, 4 << 20, &v, NULL) < 0) {
        return;
    }
    if (belongs(s, ev, v)) {
        if (s->on) {
            s->on(s->arg, ev, v);
        }
        struct story_row *row = add(s);
        if (row) {
            row->seq = ev->seq;
            row->arrival = ev->time;
            row->source = source_of(s, ev, v);
            story_words(s->c, s->en, ev, v, row->what);
            story_who(ev, v, row->who);
            find_bodies(v, row);
        }
    }
    kt_json_free(v);
}

int story_read(struct story *s, struct kt_err *err)
{
    struct kt_journal *j = kt_runtime_journal(s->c->api->opts.runtime);
    struct kt_journal_reader *r;
    struct kt_event ev;
    kt_seq seq = 0;
    int rc = kt_journal_find(j, NULL, s->from, &seq, err);
    if (rc < 0 || seq == 0) {
        return rc;
    }
    rc = kt_journal_read(j, NULL, seq, &r, err);
    if (rc < 0) {
        return rc;
    }
    uint32_t kinds = 1u << KT_EV_OUTCOME | 1u << KT_EV_REQUEST;
    while ((rc = kt_journal_next_of(r, kinds, &ev, err)) == 1 && ev.time < s->to) {
        take(s, &ev);
    }
    kt_journal_reader_free(r);
    return rc < 0 ? rc : KT_OK;
}

void story_done(struct story *s)
{
    free(s->row);
    s->row = NULL;
    s->n = s->cap = 0;
}

/* The day stands in the head; of another day it stands in the row. */
static const char *hour_of(const struct story *s, const char *when)
{
    char first[32];
    story_time(s->c, s->from, first);
    return memcmp(first, when, 10) == 0 ? when + 11 : when;
}

void story_write(const struct story *s, struct kt_jw *w)
{
    static const char *const heads[][2] = {{"到达时刻", "Arrived"},
                                           {"源时刻", "Own time"},
                                           {"事件", "What"},
                                           {"操作人", "By"},
                                           {"序号", "No."}};
    kt_jw_obj(w);
    kt_jw_key(w, "columns");
    kt_jw_arr(w);
    for (size_t i = 0; i < KT_ARRAY_LEN(heads); i++) {
        kt_jw_str(w, heads[i][s->en]);
    }
    kt_jw_arr_end(w);
    kt_jw_key(w, "rows");
    kt_jw_arr(w);
    for (size_t i = 0; i < s->n; i++) {
        const struct story_row *row = &s->row[i];
        char when[32], own[32] = "", no[24];
        story_time(s->c, row->arrival, when);
        if (row->source) {
            story_time(s->c, row->source, own);
        }
        (void)snprintf(no, sizeof(no), "%llu", (unsigned long long)row->seq);
        kt_jw_arr(w);
        kt_jw_str(w, hour_of(s, when));
        kt_jw_str(w, own[0] ? hour_of(s, own) : "");
        kt_jw_str(w, row->what);
        kt_jw_str(w, row->who);
        kt_jw_str(w, no);
        kt_jw_arr_end(w);
    }
    kt_jw_arr_end(w);
    kt_jw_obj_end(w);
}

struct kt_json *story_begin(struct call *c, const char *type, int64_t id, kt_time *ret_time)
{
    enum { FAR = 5000 };
    struct kt_journal *j = kt_runtime_journal(c->api->opts.runtime);
    struct kt_journal_reader *r;
    struct kt_event ev;
    struct kt_err err;
    struct kt_json *found = NULL;
    kt_seq seq = (kt_seq)(id / 1000);
    if (id <= 0 || seq < kt_journal_first(j) || seq > kt_journal_durable(j) ||
        kt_journal_read(j, NULL, seq, &r, &err) < 0) {
        return NULL;
    }
    for (int i = 0; i < FAR && !found && kt_journal_next_of(r, 1u << KT_EV_OUTCOME, &ev, &err) == 1;
         i++) {
        struct kt_json *v = NULL;
        if (kt_json_parse(ev.body, 4 << 20, &v, NULL) == KT_OK && is(v, "type", type) &&
            kt_json_get_int(v, "id", 0) == id) {
            found = v;
            *ret_time = ev.time;
        } else {
            kt_json_free(v);
        }
    }
    kt_journal_reader_free(r);
    return found;
}
