/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal as a list: events of consequence by time, type, person, point and text, newest first.
 * The journal is read forward; the newest `limit` that fit are kept in a ring.
 */
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"

enum { LIMIT_MAX = 5000 };

struct item {
    kt_seq seq;
    char *json; /* one list item */
    size_t n;
};

struct search {
    struct call *c;
    kt_time from, to;
    kt_seq before; /* cursor: events before this seq; 0: none */
    const char *type, *q, *user, *point;
    const char *quoted; /* the point as JSON has it: looked for before the body is parsed */
    bool over;          /* alarms that are over, only */
    struct item *ring;
    int64_t limit, found;
};

static const char *kind_id(enum kt_event_kind k)
{
    switch (k) {
    case KT_EV_REQUEST:
        return "request";
    case KT_EV_ANSWER:
        return "answer";
    case KT_EV_SITE:
        return "site";
    case KT_EV_LINK:
        return "link";
    case KT_EV_OUTCOME:
        return "outcome";
    default:
        return "other";
    }
}

/* Cheap tests on the text before it is parsed. */
static bool text_fits(const struct search *s, const struct kt_event *ev)
{
    static const char heartbeat[] = "\"verb\":\"console.hello\"", solver[] = "{\"solver\":";
    if (ev->kind == KT_EV_ANSWER && ev->body.n > sizeof(solver) &&
        memcmp(ev->body.p, solver, sizeof(solver) - 1) == 0) {
        return false; /* flows of every roadway; what changed by them is an outcome */
    }
    if (ev->kind == KT_EV_REQUEST &&
        memmem(ev->body.p, ev->body.n, heartbeat, sizeof(heartbeat) - 1)) {
        return false; /* every console says it is there twice a minute */
    }
    if (s->q && !memmem(ev->body.p, ev->body.n, s->q, strlen(s->q)) &&
        !memmem(ev->origin.p, ev->origin.n, s->q, strlen(s->q))) {
        return false;
    }
    return (!s->quoted || memmem(ev->body.p, ev->body.n, s->quoted, strlen(s->quoted))) &&
           (!s->user || memmem(ev->body.p, ev->body.n, s->user, strlen(s->user)) ||
            kt_str_is(ev->origin, s->user));
}

static bool names(const struct kt_json *list, const char *point)
{
    for (size_t i = 0; i < kt_json_len(list); i++) {
        const char *one = kt_json_str(kt_json_at(list, i));
        if (one && strcmp(one, point) == 0) {
            return true;
        }
    }
    return false;
}

/* Is the event about the point: as its point, its output, the feed of it, what holds it open, what
 * a note is about? The same of the arguments of a request. */
static bool is_about(const struct kt_json *o, const char *point)
{
    static const char *const fields[] = {"point", "output", "feed_point", "where", "place"};
    for (size_t i = 0; i < KT_ARRAY_LEN(fields); i++) {
        if (strcmp(kt_json_get_str(o, fields[i], ""), point) == 0) {
            return true;
        }
    }
    return names(kt_json_get(o, "latched_by"), point) || names(kt_json_get(o, "points"), point);
}

static bool point_fits(const struct search *s, const struct kt_json *body)
{
    return !s->point || is_about(body, s->point) || is_about(kt_json_get(body, "args"), s->point);
}

/* Types stand beside each other with commas. */
static bool one_of(const char *types, const char *type)
{
    size_t n = strlen(type);
    for (const char *at = types; at; at = strchr(at, ',')) {
        at += *at == ',';
        if (n > 0 && strncmp(at, type, n) == 0 && (at[n] == ',' || !at[n])) {
            return true;
        }
    }
    return false;
}

static bool type_fits(const struct search *s, const struct kt_event *ev, const struct kt_json *body)
{
    const char *type =
        ev->kind == KT_EV_OUTCOME ? kt_json_get_str(body, "type", "") : kind_id(ev->kind);
    if (s->over) {
        return strcmp(type, "alarm") == 0 &&
               strcmp(kt_json_get_str(body, "state", ""), "normal") == 0;
    }
    return !s->type || one_of(s->type, type);
}

static void write_item(const struct search *s, const struct kt_event *ev,
                       const struct kt_json *body, struct kt_buf *out)
{
    struct kt_jw w = kt_jw_init(out);
    const struct kt_site *site = s->c->site;
    kt_point_id p = kt_site_point(site, kt_str_c(kt_json_get_str(body, "point", "")));
    if (s->over) {
        struct kt_json_iter it = {0};
        kt_jw_obj(&w);
        while (kt_json_next(body, &it)) {
            kt_jw_key(&w, it.key);
            copy_value(it.value, &w);
        }
    } else {
        kt_jw_obj(&w);
        kt_jw_kint(&w, "seq", (int64_t)ev->seq);
        kt_jw_kint(&w, "time", ev->time / KT_MS);
        kt_jw_kstr(&w, "kind", kind_id(ev->kind));
        kt_jw_key(&w, "origin");
        kt_jw_strn(&w, ev->origin);
        kt_jw_key(&w, "body");
        copy_value(body, &w);
    }
    if (p.v != KT_NONE) {
        kt_jw_kstr(&w, "name", site->points[p.v].name.zh);
        kt_jw_kstr(&w, "name_en", site->points[p.v].name.en);
    }
    kt_rule_id r = kt_site_rule(site, kt_str_c(kt_json_get_str(body, "rule", "")));
    if (r.v != KT_NONE) {
        kt_jw_kstr(&w, "title", site->rules[r.v].title.zh);
        kt_jw_kstr(&w, "title_en", site->rules[r.v].title.en);
    }
    kt_jw_obj_end(&w);
}

static void keep(struct search *s, const struct kt_event *ev, const struct kt_json *body)
{
    struct kt_buf b;
    kt_buf_init(&b, 1 << 20);
    write_item(s, ev, body, &b);
    struct item *slot = &s->ring[s->found++ % s->limit];
    free(slot->json);
    *slot = (struct item){ev->seq, b.p, b.n};
}

static bool of_records(const struct kt_event *ev, const struct kt_json *body)
{
    return ev->kind == KT_EV_REQUEST && kt_room_verb(kt_json_strn(kt_json_get(body, "verb")));
}

/* What was asked of the record room holds values that need rights of their own: it is its author's.
 * What came of it is for those who may read the register; a verdict answered its caller. */
static bool may_see_records(const struct call *c, const struct kt_event *ev,
                            const struct kt_json *body)
{
    struct kt_room_topic topic;
    if (ev->kind == KT_EV_REQUEST) {
        const char *by = kt_json_get_str(kt_json_get(body, "by"), "user", "");
        return strcmp(by, c->person.user) == 0;
    }
    if (strcmp(kt_json_get_str(body, "type", ""), "verdict") == 0) {
        return false;
    }
    kt_room_topic_of(ev->body, &topic);
    return person_hears(c->api, &c->person, &topic);
}

static bool may_see_account(const struct kt_person *p, const struct kt_json *body)
{
    return kt_person_may(p, "user.admin") || kt_person_may(p, "security.admin") ||
           kt_person_may(p, "audit.read") ||
           strcmp(kt_json_get_str(body, "user", ""), p->user) == 0 ||
           strcmp(kt_json_get_str(body, "by", ""), p->user) == 0;
}

/* A request is where its arguments say; one that names no place (an acknowledgement, a step of a
 * card) is for its author and for those who see the whole site. */
static bool may_see_event(const struct call *c, const struct kt_event *ev,
                          const struct kt_json *body)
{
    const struct kt_json *args = kt_json_get(body, "args");
    if (kt_str_is(ev->origin, "record") || of_records(ev, body)) {
        return may_see_records(c, ev, body);
    }
    if (ev->kind == KT_EV_OUTCOME && outcome_of_account(ev->body)) {
        return may_see_account(&c->person, body);
    }
    bool person = ev->kind == KT_EV_OUTCOME
                      ? outcome_of_person(ev->body)
                      : strncmp(kt_json_get_str(body, "verb", ""), "person.", 7) == 0;
    if (person && !kt_person_may(&c->person, "person.see")) {
        return false;
    }
    if (ev->kind != KT_EV_REQUEST) {
        return may_see_object(c, body);
    }
    if (kt_json_get(args, "place") || kt_json_get(args, "point") || kt_json_get(args, "output")) {
        return may_see_object(c, args);
    }
    const char *by = kt_json_get_str(kt_json_get(body, "by"), "user", "");
    return strcmp(by, c->person.user) == 0 || may_see_all(c);
}

static void consider(struct search *s, const struct kt_event *ev)
{
    struct kt_json *body = NULL;
    if (!text_fits(s, ev) || kt_json_parse(ev->body, 16 << 20, &body, NULL) < 0) {
        return;
    }
    /* the program's own: told only to who asks for that type */
    bool own = ev->kind == KT_EV_OUTCOME && !s->type &&
               one_of("verdict,sealed", kt_json_get_str(body, "type", ""));
    if (!own && type_fits(s, ev, body) && point_fits(s, body) && may_see_event(s->c, ev, body)) {
        keep(s, ev, body);
    }
    kt_json_free(body);
}

static int scan(struct search *s, struct kt_err *err)
{
    const uint32_t kinds = 1u << KT_EV_REQUEST | 1u << KT_EV_ANSWER | 1u << KT_EV_SITE |
                           1u << KT_EV_LINK | 1u << KT_EV_OUTCOME;
    struct kt_journal *j = kt_runtime_journal(s->c->api->opts.runtime);
    struct kt_journal_reader *r;
    struct kt_event ev;
    kt_seq first;
    int rc = kt_journal_find(j, NULL, s->from, &first, err);
    if (rc < 0 || first == 0) {
        return rc;
    }
    if ((rc = kt_journal_read(j, NULL, first, &r, err)) < 0) {
        return rc;
    }
    while ((rc = kt_journal_next_of(r, s->over ? 1u << KT_EV_OUTCOME : kinds, &ev, err)) == 1) {
        if (ev.time >= s->to || (s->before && ev.seq >= s->before)) {
            break;
        }
        consider(s, &ev);
    }
    kt_journal_reader_free(r);
    return rc < 0 ? rc : KT_OK;
}

static void reply_items(struct search *s)
{
    struct kt_buf b;
    kt_buf_init(&b, 256 << 20);
    struct kt_jw w = kt_jw_init(&b);
    int64_t n = s->found < s->limit ? s->found : s->limit;
    kt_jw_obj(&w);
    kt_jw_key(&w, "items");
    kt_jw_arr(&w);
    for (int64_t i = 0; i < n; i++) {
        const struct item *it = &s->ring[(s->found - 1 - i) % s->limit];
        kt_jw_raw(&w, (struct kt_str){it->json, it->n});
    }
    kt_jw_arr_end(&w);
    kt_jw_key(&w, "next");
    if (s->found > s->limit) {
        kt_jw_int(&w, (int64_t)s->ring[s->found % s->limit].seq);
    } else {
        kt_jw_null(&w);
    }
    kt_jw_kint(&w, "total", s->found);
    kt_jw_obj_end(&w);
    reply_buf(s->c, 200, &b);
}

static void search_journal(struct call *c, bool over)
{
    int64_t cursor;
    struct kt_err err = {0};
    struct search s = {.c = c, .over = over};
    kt_time now = kt_runtime_now(c->api->opts.runtime);
    if (!query_time(c, "to", now + KT_SEC, &s.to) ||
        !query_time(c, "from", s.to - KT_DAY, &s.from) ||
        !query_int(c, "limit", 1, LIMIT_MAX, 200, &s.limit) ||
        !query_int(c, "cursor", 0, INT64_MAX, 0, &cursor)) {
        return;
    }
    s.before = (kt_seq)cursor;
    s.type = kt_http_query(c->req, "type");
    s.q = kt_http_query(c->req, "q");
    s.user = kt_http_query(c->req, "user");
    s.point = kt_http_query(c->req, "point");
    s.quoted = s.point ? kt_arena_printf(c->arena, "\"%s\"", s.point) : NULL;
    s.ring = calloc((size_t)s.limit, sizeof(*s.ring));
    KT_ASSERT(s.ring);
    int r = scan(&s, &err);
    if (r < 0) {
        reply_err(c->req, &err);
    } else {
        reply_items(&s);
    }
    for (int64_t i = 0; i < s.limit; i++) {
        free(s.ring[i].json);
    }
    free(s.ring);
}

void alarm_history(struct call *c)
{
    search_journal(c, true);
}

void get_events(struct call *c)
{
    search_journal(c, false);
}
