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

/* The place of what an event names; KT_NONE: it names none. */
static kt_place_id place_of(const struct story *s, const struct kt_json *v)
{
    const struct kt_site *site = s->c->site;
    const char *point = kt_json_get_str(v, "point", kt_json_get_str(v, "output", ""));
    kt_point_id p = kt_site_point(site, kt_str_c(point));
    return p.v != KT_NONE ? site->points[p.v].place
                          : kt_site_place(site, kt_str_c(kt_json_get_str(v, "place", "")));
}

/* The working of the story, the place itself, and where its design air goes. */
static bool near(const struct story *s, kt_place_id at)
{
    const struct kt_site *site = s->c->site;
    if (s->place.v == KT_NONE) {
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
                                           "trust",   "late",    "gap",    "live"};
    for (size_t i = 0; i < KT_ARRAY_LEN(not_told); i++) {
        if (is(v, "type", not_told[i])) {
            return true;
        }
    }
    return false;
}

/* Another row says it as well. */
static bool told_again(const struct kt_json *v)
{
    static const struct {
        const char *type, *change;
    } all[] = {{"effect", NULL},       {"card", "open"},          {"card", "cleared"},
               {"picture", "ask"},     {"broadcast", "speakers"}, {"broadcast", "talking"},
               {"broadcast", "asked"}, {"call", "speakers"},      {"command", "readback"}};
    const char *change = kt_json_get_str(v, "change", kt_json_get_str(v, "state", ""));
    for (size_t i = 0; i < KT_ARRAY_LEN(all); i++) {
        if (is(v, "type", all[i].type) && (!all[i].change || strcmp(change, all[i].change) == 0)) {
            return true;
        }
    }
    return false;
}

/* A record is of the story when it is its case, or was written there once the story had begun. */
static bool own_record(const struct story *s, const struct kt_event *ev, const struct kt_json *v,
                       kt_place_id at)
{
    int64_t id = kt_json_get_int(v, "record", kt_json_get_int(v, "id", 0));
    bool its_case = s->record && id == s->record && is(v, "register", s->reg);
    bool placed = s->place.v != KT_NONE && at.v != KT_NONE;
    return its_case || (placed && ev->time >= s->began && near(s, at));
}

enum belonging { NOT_TOLD, APART, OURS };

static enum belonging request_belongs(const struct story *s, const struct kt_event *ev,
                                      const struct kt_json *v)
{
    kt_place_id at = place_of(s, kt_json_get(v, "args"));
    const char *verb = kt_json_get_str(v, "verb", "");
    if (strcmp(verb, "console.hello") == 0 || strncmp(verb, "record.", 7) == 0) {
        return NOT_TOLD; /* what came of it is told by its outcome */
    }
    return at.v != KT_NONE ? near(s, at) ? OURS : APART : ev->time >= s->began ? OURS : APART;
}

static enum belonging belongs(const struct story *s, const struct kt_event *ev,
                              const struct kt_json *v)
{
    if (ev->kind == KT_EV_REQUEST) {
        return request_belongs(s, ev, v);
    }
    bool hidden = is(v, "type", "person") && !kt_person_may(&s->c->person, "person.see");
    if (hidden || told_elsewhere(v) || told_again(v) || !may_see_object(s->c, v)) {
        return NOT_TOLD;
    }
    kt_place_id at = place_of(s, v);
    if (is(v, "type", "record")) {
        return own_record(s, ev, v, at) ? OURS : APART;
    }
    return at.v == KT_NONE || near(s, at) ? OURS : APART;
}

static void count_apart(struct story *s, const struct kt_event *ev, const struct kt_json *v)
{
    const char *type = ev->kind == KT_EV_REQUEST ? "request" : kt_json_get_str(v, "type", "");
    uint32_t i = 0;
    while (i < s->apart_n && strncmp(s->apart[i].type, type, sizeof(s->apart[i].type) - 1) != 0) {
        i++;
    }
    i = i < STORY_KINDS ? i : STORY_KINDS - 1;
    if (i == s->apart_n) {
        (void)snprintf(s->apart[i].type, sizeof(s->apart[i].type), "%.23s", type);
        s->apart_n++;
    }
    s->apart[i].n++;
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
    kt_time own = kt_json_get_time(v, "source");
    if (own) {
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

/* Said a moment ago in the same words: of two cameras that fail, say, each time one is asked. */
static bool said_again(struct story *s, const struct story_row *row)
{
    enum { BACK = 6 };
    for (size_t i = s->n; i-- > 0 && s->n - i <= BACK;) {
        struct story_row *was = &s->row[i];
        if (row->arrival - was->arrival <= KT_SEC && !row->body[0] && !row->clip[0] &&
            strcmp(was->what, row->what) == 0 && strcmp(was->who, row->who) == 0) {
            was->times++;
            return true;
        }
    }
    return false;
}

static void tell(struct story *s, const struct kt_event *ev, const struct kt_json *v)
{
    struct story_row row = {.seq = ev->seq, .arrival = ev->time, .times = 1};
    if (s->on) {
        s->on(s->arg, ev, v);
    }
    story_words(s->c, s->en, ev, v, row.what);
    story_who(ev, v, row.who);
    find_bodies(v, &row);
    if (!said_again(s, &row)) {
        struct story_row *to = add(s);
        if (to) {
            row.source = source_of(s, ev, v);
            row.source = row.source / KT_MS == row.arrival / KT_MS ? 0 : row.source;
            s->own_times += row.source != 0;
            *to = row;
        }
    }
}

static void take(struct story *s, const struct kt_event *ev)
{
    struct kt_json *v = NULL;
    if (kt_json_parse(ev->body, 4 << 20, &v, NULL) < 0) {
        return;
    }
    enum belonging b = belongs(s, ev, v);
    if (b == OURS) {
        tell(s, ev, v);
    } else if (b == APART) {
        count_apart(s, ev, v);
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

void story_apart(const struct story *s, char *ret, size_t cap)
{
    size_t n = 0;
    ret[0] = '\0';
    for (uint32_t i = 0; i < s->apart_n && n < cap; i++) {
        int k = snprintf(ret + n, cap - n, "%s%s %u", i ? s->en ? ", " : "、" : "",
                         story_word(s->apart[i].type, s->en), s->apart[i].n);
        n += k > 0 ? (size_t)k : 0;
    }
}

void story_write(const struct story *s, struct kt_jw *w)
{
    static const char *const heads[][2] = {{"到达时刻", "Arrived"},
                                           {"源时刻", "Own time"},
                                           {"事件", "What"},
                                           {"操作人", "By"},
                                           {"序号", "No."}};
    enum { OWN_TIME = 1 };
    kt_jw_obj(w);
    kt_jw_key(w, "columns");
    kt_jw_arr(w);
    for (size_t i = 0; i < KT_ARRAY_LEN(heads); i++) {
        if (i != OWN_TIME || s->own_times) {
            kt_jw_str(w, heads[i][s->en]);
        }
    }
    kt_jw_arr_end(w);
    kt_jw_key(w, "rows");
    kt_jw_arr(w);
    for (size_t i = 0; i < s->n; i++) {
        const struct story_row *row = &s->row[i];
        char when[32], own[32] = "", no[24], what[STORY_TEXT + 16];
        story_time(s->c, row->arrival, when);
        if (row->source) {
            story_time(s->c, row->source, own);
        }
        (void)snprintf(no, sizeof(no), "%llu", (unsigned long long)row->seq);
        kt_jw_arr(w);
        kt_jw_str(w, hour_of(s, when));
        if (s->own_times) {
            kt_jw_str(w, own[0] ? hour_of(s, own) : "");
        }
        (void)snprintf(what, sizeof(what), row->times > 1 ? "%s ×%u" : "%s", row->what, row->times);
        kt_jw_str(w, what);
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
