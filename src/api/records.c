/* SPDX-License-Identifier: Apache-2.0 */
/* Registers, records, cases, indicators, ledgers, calendar: what the room has for who asks. */
#include "api/records.h"

#include <stdlib.h>
#include <string.h>

struct kt_reader reader_of(const struct call *c)
{
    const struct kt_person *p = &c->person;
    return (struct kt_reader){.user = p->user,
                              .rights = p->rights,
                              .rights_n = p->rights_n,
                              .places = p->places,
                              .places_n = p->places_n,
                              .now = kt_runtime_now(c->api->opts.runtime)};
}

/* Names of persons for one answer, in its arena. */
struct names {
    struct kt_arena *arena;
    struct named {
        const char *user, *name;
        struct named *next;
    } * first;
};

static void take_name(void *arg, const struct kt_person *p)
{
    struct names *n = arg;
    struct named *one = kt_arena_alloc(n->arena, sizeof(*one));
    *one = (struct named){.user = kt_arena_strdup(n->arena, p->user),
                          .name = kt_arena_strdup(n->arena, p->name ? p->name : ""),
                          .next = n->first};
    n->first = one;
}

static const char *name_of(void *arg, const char *user)
{
    const struct names *n = arg;
    for (const struct named *one = n->first; one; one = one->next) {
        if (strcmp(one->user, user) == 0) {
            return *one->name ? one->name : user;
        }
    }
    return user;
}

struct kt_reader printing_reader(struct call *c)
{
    struct names *n = kt_arena_alloc(c->arena, sizeof(*n));
    struct kt_reader who = reader_of(c);
    *n = (struct names){.arena = c->arena};
    kt_auth_people(c->api->opts.auth, take_name, n);
    who.name_of = name_of;
    who.names = n;
    return who;
}

int list_json(struct kt_room *room, const struct kt_reader *who, const char *reg,
              const struct kt_record_query *q, struct kt_json **ret, struct kt_err *err)
{
    enum { PAGE_BYTES = 64 << 20 };
    struct kt_buf b;
    kt_buf_init(&b, PAGE_BYTES);
    int r = kt_room_list(room, who, reg, q, &b, err);
    r = r == KT_OK ? kt_json_parse((struct kt_str){b.p, b.n}, PAGE_BYTES, ret, err) : r;
    kt_buf_done(&b);
    return r;
}

struct kt_room *room_of(struct call *c)
{
    struct kt_room *room = kt_runtime_room(c->api->opts.runtime);
    if (!room) {
        reply_code(c->req, KT_ENOTFOUND, "this site has no registers");
    }
    return room;
}

const char *data_dir(const struct call *c)
{
    return kt_arena_printf(c->arena, "%s/data", c->api->opts.site_dir);
}

bool path_id(struct call *c, int i, int64_t *ret)
{
    char *end;
    long long v = strtoll(c->param[i], &end, 10);
    if (*end || v <= 0) {
        reply_code(c->req, KT_ENOTFOUND, "there is no record %.40s", c->param[i]);
        return false;
    }
    *ret = v;
    return true;
}

void reply_room(struct call *c, int r, struct kt_buf *b, const struct kt_err *err)
{
    if (r == KT_OK && b->full) {
        kt_buf_done(b);
        reply_code(c->req, KT_ELIMIT, "the answer is too large; ask for less with a filter");
    } else if (r < 0) {
        kt_buf_done(b);
        reply_err(c->req, err);
    } else {
        reply_buf(c, 200, b);
    }
}

bool in_english(const struct call *c)
{
    const char *lang = kt_http_query(c->req, "lang");
    return lang && strcmp(lang, "en") == 0;
}

bool list_query(struct call *c, struct kt_record_query *ret, struct kt_json **ret_filter)
{
    const char *filter = kt_http_query(c->req, "filter");
    struct kt_err err = {0};
    int64_t limit, offset;
    *ret = (struct kt_record_query){.q = kt_http_query(c->req, "q"),
                                    .sort = kt_http_query(c->req, "sort"),
                                    .cursor = kt_http_query(c->req, "cursor")};
    if (!query_time(c, "at", 0, &ret->at) || !query_time(c, "known", 0, &ret->known) ||
        !query_int(c, "limit", 1, 1000, 100, &limit) ||
        !query_int(c, "offset", 0, 100000000, 0, &offset)) {
        return false;
    }
    ret->limit = (uint32_t)limit;
    ret->offset = (uint32_t)offset;
    if (filter && *filter) {
        if (kt_json_parse(kt_str_c(filter), 1 << 16, ret_filter, &err) < 0) {
            reply_code(c->req, KT_EINVAL, "filter is JSON like [[\"level\",\"=\",\"major\"]]: %s",
                       err.text);
            return false;
        }
        ret->filter = *ret_filter;
    }
    return true;
}

const struct kt_json *register_of(struct call *c, const char *id, struct kt_json **ret_all)
{
    struct kt_room *room = room_of(c);
    struct kt_reader who = reader_of(c);
    struct kt_buf b;
    struct kt_err err = {0};
    if (!room) {
        return NULL;
    }
    kt_buf_init(&b, 64 << 20);
    int r = kt_room_registers(room, &who, &b, &err);
    if (r == KT_OK) {
        r = kt_json_parse((struct kt_str){b.p, b.n}, 64 << 20, ret_all, &err);
    }
    kt_buf_done(&b);
    if (r < 0) {
        reply_err(c->req, &err);
        return NULL;
    }
    const struct kt_json *list = kt_json_get(*ret_all, "registers");
    for (size_t i = 0; i < kt_json_len(list); i++) {
        if (strcmp(kt_json_get_str(kt_json_at(list, i), "id", ""), id) == 0) {
            return kt_json_at(list, i);
        }
    }
    reply_code(c->req, KT_ENOTFOUND, "there is no register \"%.40s\"", id);
    return NULL;
}

bool register_may(struct call *c, const char *id, const char *what)
{
    struct kt_json *all = NULL;
    const struct kt_json *reg = register_of(c, id, &all);
    bool may = reg && kt_json_get_bool(kt_json_get(reg, "may"), what, false);
    if (reg && !may) {
        const char *right = strcmp(what, "create") == 0 ? "write" : what;
        reply_code(c->req, KT_EDENIED,
                   "the right \"%s.%s\" or \"record.%s\" is needed; ask the administrator", id,
                   right, right);
    }
    kt_json_free(all);
    return may;
}

/* What every handler here begins with. */
struct ask {
    struct kt_reader who;
    struct kt_room *room;
    struct kt_buf b;
    struct kt_err err;
};

static bool begin(struct call *c, struct ask *a)
{
    *a = (struct ask){.who = reader_of(c), .room = room_of(c)};
    kt_buf_init(&a->b, 64 << 20);
    return a->room != NULL;
}

void get_registers(struct call *c)
{
    struct ask a;
    if (begin(c, &a)) {
        int r = kt_room_registers(a.room, &a.who, &a.b, &a.err);
        reply_room(c, r, &a.b, &a.err);
    }
}

void get_records(struct call *c)
{
    struct ask a;
    struct kt_record_query q;
    struct kt_json *filter = NULL;
    if (begin(c, &a) && list_query(c, &q, &filter)) {
        int r = kt_room_list(a.room, &a.who, c->param[0], &q, &a.b, &a.err);
        reply_room(c, r, &a.b, &a.err);
    }
    kt_json_free(filter);
}

void get_record(struct call *c)
{
    struct ask a;
    int64_t id;
    kt_time at, known;
    if (begin(c, &a) && path_id(c, 1, &id) && query_time(c, "at", 0, &at) &&
        query_time(c, "known", 0, &known)) {
        int r = kt_room_get(a.room, &a.who, c->param[0], id, at, known, &a.b, &a.err);
        reply_room(c, r, &a.b, &a.err);
    }
}

void get_record_history(struct call *c)
{
    struct ask a;
    int64_t id;
    if (begin(c, &a) && path_id(c, 1, &id)) {
        int r = kt_room_history(a.room, &a.who, c->param[0], id, &a.b, &a.err);
        reply_room(c, r, &a.b, &a.err);
    }
}

void get_record_duplicates(struct call *c)
{
    struct ask a;
    if (begin(c, &a)) {
        int r = kt_room_duplicates(a.room, &a.who, c->param[0], &a.b, &a.err);
        reply_room(c, r, &a.b, &a.err);
    }
}

void get_record_map(struct call *c)
{
    struct ask a;
    kt_time at;
    if (begin(c, &a) && query_time(c, "at", 0, &at)) {
        int r = kt_room_map(a.room, &a.who, c->param[0], at, &a.b, &a.err);
        reply_room(c, r, &a.b, &a.err);
    }
}

void get_search(struct call *c)
{
    struct ask a;
    int64_t limit;
    const char *q = kt_http_query(c->req, "q");
    if (begin(c, &a) && query_int(c, "limit", 1, 200, 50, &limit)) {
        int r = kt_room_search(a.room, &a.who, q ? q : "", (uint32_t)limit, &a.b, &a.err);
        reply_room(c, r, &a.b, &a.err);
    }
}

static bool flag(struct call *c, const char *name)
{
    const char *v = kt_http_query(c->req, name);
    return v && *v && strcmp(v, "0") != 0 && strcmp(v, "false") != 0;
}

void get_cases(struct call *c)
{
    struct ask a;
    int64_t limit;
    struct kt_case_query q = {.mine = flag(c, "mine"),
                              .overdue = flag(c, "overdue"),
                              .workflow = kt_http_query(c->req, "workflow"),
                              .state = kt_http_query(c->req, "state")};
    if (begin(c, &a) && query_time(c, "from", 0, &q.from) && query_time(c, "to", 0, &q.to) &&
        query_int(c, "limit", 1, 5000, 1000, &limit)) {
        q.limit = (uint32_t)limit;
        int r = kt_room_cases(a.room, &a.who, &q, &a.b, &a.err);
        reply_room(c, r, &a.b, &a.err);
    }
}

void get_case_counts(struct call *c)
{
    struct ask a;
    if (begin(c, &a)) {
        reply_room(c, kt_room_case_counts(a.room, &a.who, &a.b, &a.err), &a.b, &a.err);
    }
}

/* ---- indicators ---------------------------------------------------------------------------- */

static bool indicator_query(struct call *c, struct kt_indicator_query *q)
{
    q->place = kt_http_query(c->req, "place");
    return query_time(c, "from", 0, &q->from) && query_time(c, "to", 0, &q->to) &&
           query_time(c, "at", 0, &q->at);
}

void get_indicators(struct call *c)
{
    struct ask a;
    struct kt_indicator_query q;
    if (begin(c, &a) && indicator_query(c, &q)) {
        int r = kt_room_indicators(a.room, &a.who, c->param[0], &q, &a.b, &a.err);
        reply_room(c, r, &a.b, &a.err);
    }
}

void get_indicator_drill(struct call *c)
{
    struct ask a;
    struct kt_indicator_query q;
    if (begin(c, &a) && indicator_query(c, &q)) {
        int r = kt_room_drill(a.room, &a.who, c->param[0], &q, &a.b, &a.err);
        reply_room(c, r, &a.b, &a.err);
    }
}

void get_indicator_what_if(struct call *c)
{
    struct ask a;
    struct kt_indicator_query q;
    const char *text = kt_http_query(c->req, "target");
    char *end = NULL;
    double target = text ? strtod(text, &end) : 0;
    if (text && (end == text || *end || !(target > -1e15 && target < 1e15))) {
        reply_code(c->req, KT_EINVAL, "target is a number, not \"%.40s\"", text);
    } else if (begin(c, &a) && indicator_query(c, &q)) {
        int r =
            kt_room_what_if(a.room, &a.who, c->param[0], &q, text ? &target : NULL, &a.b, &a.err);
        reply_room(c, r, &a.b, &a.err);
    }
}

/* ---- provisions and barriers
 * ---------------------------------------------------------------------------- */

typedef int (*clauses_fn)(struct kt_room *r, const struct kt_reader *who, const char *reg,
                          const struct kt_provision_query *q, struct kt_buf *out,
                          struct kt_err *err);

static void reply_clauses(struct call *c, clauses_fn fn, const struct kt_provision_query *q)
{
    struct ask a;
    if (begin(c, &a)) {
        int r = fn(a.room, &a.who, c->param[0], q, &a.b, &a.err);
        reply_room(c, r, &a.b, &a.err);
    }
}

static void list_clauses(struct call *c, clauses_fn fn)
{
    struct kt_provision_query q = {0};
    int64_t limit;
    if (query_time(c, "at", 0, &q.at) && query_int(c, "limit", 1, 1000, 200, &limit) &&
        query_int(c, "after", 0, INT64_MAX, 0, &q.after)) {
        q.limit = (uint32_t)limit;
        reply_clauses(c, fn, &q);
    }
}

static void record_clauses(struct call *c, clauses_fn fn)
{
    struct kt_provision_query q = {0};
    if (path_id(c, 1, &q.record) && query_time(c, "at", 0, &q.at)) {
        reply_clauses(c, fn, &q);
    }
}

void get_provisions(struct call *c)
{
    list_clauses(c, kt_room_provisions);
}

void get_record_provisions(struct call *c)
{
    record_clauses(c, kt_room_provisions);
}

void get_barriers(struct call *c)
{
    list_clauses(c, kt_room_barriers);
}

void get_record_barriers(struct call *c)
{
    record_clauses(c, kt_room_barriers);
}

void get_record_matches(struct call *c)
{
    struct ask a;
    int64_t id;
    if (path_id(c, 1, &id) && begin(c, &a)) {
        int r = kt_room_matches(a.room, &a.who, c->param[0], id, &a.b, &a.err);
        reply_room(c, r, &a.b, &a.err);
    }
}

/* ---- ledgers and the calendar -------------------------------------------------------------- */

void get_ledgers(struct call *c)
{
    struct ask a;
    kt_time at;
    if (begin(c, &a) && query_time(c, "at", 0, &at)) {
        int r = kt_room_ledger(a.room, &a.who, c->param[0], at, &a.b, &a.err);
        reply_room(c, r, &a.b, &a.err);
    }
}

void get_ledger_entries(struct call *c)
{
    struct ask a;
    if (begin(c, &a)) {
        int r = kt_room_entries(a.room, &a.who, c->param[0], kt_http_query(c->req, "account"),
                                kt_http_query(c->req, "from"), kt_http_query(c->req, "to"),
                                kt_http_query(c->req, "cursor"), &a.b, &a.err);
        reply_room(c, r, &a.b, &a.err);
    }
}

void get_calendar(struct call *c)
{
    struct ask a;
    int64_t year;
    if (!begin(c, &a)) {
        return;
    }
    struct kt_civil today = kt_civil_of(a.who.now, c->site->utc_offset_s);
    if (query_int(c, "year", 1970, 2200, today.year, &year)) {
        int r = kt_room_calendar(a.room, (int)year, &a.b, &a.err);
        reply_room(c, r, &a.b, &a.err);
    }
}
