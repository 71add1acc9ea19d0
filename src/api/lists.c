/* SPDX-License-Identifier: Apache-2.0 */
/* Lists out of the engine's snapshots: alarms, outputs, commands, limits, cards and their like. */
#include <stdlib.h>
#include <string.h>

#include "api/flat.h"
#include "api/handlers.h"

static const char *arg(struct call *c, const char *name)
{
    const char *v = kt_http_query(c->req, name);
    return v && *v ? v : NULL;
}

static bool same(const char *want, struct kt_str is)
{
    return !want || kt_str_is(is, want);
}

/* "1,2" holds 2? */
static bool in_list(const char *list, int64_t v)
{
    while (list && *list) {
        char *end;
        if (strtoll(list, &end, 10) == v) {
            return true;
        }
        list = *end == ',' ? end + 1 : NULL;
    }
    return false;
}

static bool text_fits(struct call *c, struct kt_str alarm, const char *q)
{
    if (!q) {
        return true;
    }
    struct kt_str id = flat_text(alarm, "point");
    kt_point_id p = kt_site_point(c->site, id);
    kt_rule_id r = kt_site_rule(c->site, flat_text(alarm, "rule"));
    return strcasestr(kt_arena_strndup(c->arena, id.p, id.n), q) ||
           (p.v != KT_NONE && (strstr(c->site->points[p.v].name.zh, q) ||
                               strcasestr(c->site->points[p.v].name.en, q))) ||
           (r.v != KT_NONE && (strstr(c->site->rules[r.v].title.zh, q) ||
                               strcasestr(c->site->rules[r.v].title.en, q)));
}

static bool place_fits(struct call *c, struct kt_str alarm, const char *under)
{
    if (!under) {
        return true;
    }
    kt_place_id p = kt_site_place(c->site, flat_text(alarm, "place"));
    kt_place_id u = kt_site_place(c->site, kt_str_c(under));
    return p.v != KT_NONE && u.v != KT_NONE && kt_site_within(c->site, p, u);
}

/* "active" is everything that is neither over nor put aside. */
static bool state_fits(struct kt_str s, const char *want)
{
    bool aside = kt_str_is(s, "shelved") || kt_str_is(s, "suppressed") || kt_str_is(s, "oos");
    if (!want || strcmp(want, "active") == 0) {
        return !aside && !kt_str_is(s, "normal");
    }
    return kt_str_is(s, want);
}

/* As may_see_object(): an alarm always has a place. */
static bool may_see_alarm(struct call *c, struct kt_str alarm)
{
    kt_place_id place = kt_site_place(c->site, flat_text(alarm, "place"));
    return place.v == KT_NONE ? may_see_all(c) : may_see(c, place);
}

/* The object with names beside its ids. */
static void write_named(struct call *c, const struct kt_json *obj, struct kt_jw *w)
{
    struct kt_json_iter it = {0};
    const struct kt_site *s = c->site;
    const char *point = kt_json_get_str(obj, "point", kt_json_get_str(obj, "output", ""));
    kt_point_id p = kt_site_point(s, kt_str_c(point));
    kt_rule_id r = kt_site_rule(s, kt_str_c(kt_json_get_str(obj, "rule", "")));
    kt_jw_obj(w);
    while (kt_json_next(obj, &it)) {
        kt_jw_key(w, it.key);
        copy_value(it.value, w);
    }
    if (p.v != KT_NONE) {
        const struct kt_point *pt = &s->points[p.v];
        kt_jw_kint(w, "i", p.v);
        /* a proposal has a name of its own: the limit's */
        kt_jw_kstr(w, kt_json_get(obj, "name") ? "point_name" : "name", pt->name.zh);
        kt_jw_kstr(w, "name_en", pt->name.en);
        if (pt->place.v != KT_NONE) {
            kt_jw_kstr(w, "place_name", s->places[pt->place.v].name.zh);
            kt_jw_kstr(w, "place_name_en", s->places[pt->place.v].name.en);
        }
    }
    if (r.v != KT_NONE) {
        kt_jw_kstr(w, "title", s->rules[r.v].title.zh);
        kt_jw_kstr(w, "title_en", s->rules[r.v].title.en);
    }
    kt_jw_obj_end(w);
}

struct counts {
    int priority[5];
    int unacknowledged;
};

static void count(struct counts *n, int64_t priority, struct kt_str state)
{
    if (priority >= 1 && priority <= 4) {
        n->priority[priority]++;
    }
    n->unacknowledged += kt_str_is(state, "unack") || kt_str_is(state, "rtn");
}

static void write_counts(const struct counts *n, struct kt_jw *w)
{
    static const char *const keys[] = {"", "1", "2", "3", "4"};
    kt_jw_key(w, "counts");
    kt_jw_obj(w);
    for (int i = 1; i <= 4; i++) {
        kt_jw_kint(w, keys[i], n->priority[i]);
    }
    kt_jw_kint(w, "unacknowledged", n->unacknowledged);
    kt_jw_obj_end(w);
}

struct alarm_query {
    const char *state, *priority, *category, *place, *q;
    int64_t limit, cursor, seen;
    struct counts counts;
};

static void write_parsed(struct call *c, struct kt_str text, struct kt_jw *w)
{
    struct kt_json *one = NULL;
    if (kt_json_parse(text, 1 << 20, &one, NULL) == KT_OK) {
        write_named(c, one, w);
        kt_json_free(one);
    }
}

/* One alarm of the snapshot: counted when it is seen, written when it is on the page. */
static void take_alarm(struct call *c, struct alarm_query *q, struct kt_str a, struct kt_jw *w)
{
    struct kt_str state = flat_text(a, "state");
    if (!state_fits(state, q->state) || !may_see_alarm(c, a)) {
        return;
    }
    int64_t priority = flat_int(a, "priority", 0);
    count(&q->counts, priority, state);
    if ((q->priority && !in_list(q->priority, priority)) ||
        !same(q->category, flat_text(a, "category")) || !place_fits(c, a, q->place) ||
        !text_fits(c, a, q->q)) {
        return;
    }
    if (q->seen >= q->cursor && q->seen < q->cursor + q->limit) {
        write_parsed(c, a, w);
    }
    q->seen++;
}

void get_alarms(struct call *c)
{
    struct alarm_query q = {.state = arg(c, "state"),
                            .priority = arg(c, "priority"),
                            .category = arg(c, "category"),
                            .place = arg(c, "place"),
                            .q = arg(c, "q")};
    if (q.state && strcmp(q.state, "history") == 0) {
        alarm_history(c);
        return;
    }
    if (!query_int(c, "limit", 1, 100000, 1000, &q.limit) ||
        !query_int(c, "cursor", 0, INT32_MAX, 0, &q.cursor)) {
        return;
    }
    struct kt_buf all, b;
    kt_buf_init(&all, 256 << 20);
    kt_buf_init(&b, 256 << 20);
    kt_runtime_snapshot_now(c->api->opts.runtime, KT_SNAP_ALARMS, &all);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_key(&w, "items");
    kt_jw_arr(&w);
    struct kt_str rest = {all.p, all.n}, a;
    while ((a = flat_next(&rest)).p) {
        take_alarm(c, &q, a, &w);
    }
    kt_jw_arr_end(&w);
    write_counts(&q.counts, &w);
    kt_jw_kint(&w, "total", q.seen);
    kt_jw_key(&w, "next");
    if (q.seen > q.cursor + q.limit) {
        kt_jw_int(&w, q.cursor + q.limit);
    } else {
        kt_jw_null(&w);
    }
    kt_jw_obj_end(&w);
    kt_buf_done(&all);
    reply_buf(c, 200, &b);
}

static const struct kt_json *find_id(const struct kt_json *list, const char *key, const char *id)
{
    for (size_t i = 0; i < kt_json_len(list); i++) {
        const struct kt_json *one = kt_json_at(list, i);
        const char *text = kt_json_get_str(one, key, NULL);
        if (text ? strcmp(text, id) == 0 : kt_json_get_int(one, key, -1) == strtoll(id, NULL, 10)) {
            return one;
        }
    }
    return NULL;
}

/* Items of a list of the state that belong to an alarm. */
static void write_where(struct call *c, const struct kt_json *list, const char *key, int64_t value,
                        struct kt_jw *w)
{
    kt_jw_arr(w);
    for (size_t i = 0; i < kt_json_len(list); i++) {
        const struct kt_json *one = kt_json_at(list, i);
        if (kt_json_get_int(one, key, -1) == value) {
            write_named(c, one, w);
        }
    }
    kt_jw_arr_end(w);
}

void get_alarm(struct call *c)
{
    struct kt_json *all = snapshot(c, KT_SNAP_ALARMS);
    struct kt_json *state = all ? snapshot(c, KT_SNAP_STATE) : NULL;
    const struct kt_json *a = find_id(all, "id", c->param[0]);
    if (!all || !state) {
        kt_json_free(all);
        return;
    }
    if (!a || !may_see_object(c, a)) {
        reply_code(c->req, KT_ENOTFOUND, "no active alarm has the id %s", c->param[0]);
    } else {
        struct kt_buf b;
        kt_buf_init(&b, 16 << 20);
        struct kt_jw w = kt_jw_init(&b);
        kt_jw_obj(&w);
        kt_jw_key(&w, "alarm");
        write_named(c, a, &w);
        kt_jw_key(&w, "cards");
        write_where(c, kt_json_get(state, "cards"), "alarm", kt_json_get_int(a, "id", 0), &w);
        kt_jw_obj_end(&w);
        reply_buf(c, 200, &b);
    }
    kt_json_free(all);
    kt_json_free(state);
}

/* One list, each object with its names, filtered by place. */
static void reply_list(struct call *c, const struct kt_json *list)
{
    struct kt_buf b;
    kt_buf_init(&b, 256 << 20);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_key(&w, "items");
    kt_jw_arr(&w);
    for (size_t i = 0; i < kt_json_len(list); i++) {
        const struct kt_json *one = kt_json_at(list, i);
        if (may_see_object(c, one)) {
            write_named(c, one, &w);
        }
    }
    kt_jw_arr_end(&w);
    kt_jw_key(&w, "next");
    kt_jw_null(&w);
    kt_jw_obj_end(&w);
    reply_buf(c, 200, &b);
}

void get_outputs(struct call *c)
{
    struct kt_json *all = snapshot(c, KT_SNAP_OUTPUTS);
    if (all) {
        reply_list(c, all);
        kt_json_free(all);
    }
}

void get_output(struct call *c)
{
    struct kt_json *all = snapshot(c, KT_SNAP_OUTPUTS);
    if (!all) {
        return;
    }
    const struct kt_json *o = find_id(all, "output", c->param[0]);
    if (!o || !may_see_object(c, o)) {
        reply_code(c->req, KT_ENOTFOUND, "there is no output \"%s\"", c->param[0]);
    } else {
        struct kt_buf b;
        kt_buf_init(&b, 16 << 20);
        struct kt_jw w = kt_jw_init(&b);
        write_named(c, o, &w);
        reply_buf(c, 200, &b);
    }
    kt_json_free(all);
}

static void state_list(struct call *c, const char *key)
{
    struct kt_json *state = snapshot(c, KT_SNAP_STATE);
    if (state) {
        reply_list(c, kt_json_get(state, key));
        kt_json_free(state);
    }
}

void get_commands(struct call *c)
{
    state_list(c, "commands");
}

void get_proposals(struct call *c)
{
    state_list(c, "proposals");
}

void get_calibrations(struct call *c)
{
    state_list(c, "calibrations");
}

void get_cards(struct call *c)
{
    state_list(c, "cards");
}

void get_tests(struct call *c)
{
    state_list(c, "tests");
}

void get_tags(struct call *c)
{
    state_list(c, "tags");
}

void get_card(struct call *c)
{
    struct kt_json *state = snapshot(c, KT_SNAP_STATE);
    if (!state) {
        return;
    }
    const struct kt_json *card = find_id(kt_json_get(state, "cards"), "id", c->param[0]);
    if (!card || !may_see_object(c, card)) {
        reply_code(c->req, KT_ENOTFOUND, "there is no card %s", c->param[0]);
    } else {
        struct kt_buf b;
        kt_buf_init(&b, 16 << 20);
        struct kt_jw w = kt_jw_init(&b);
        write_named(c, card, &w);
        reply_buf(c, 200, &b);
    }
    kt_json_free(state);
}

/* The matrix of limits: what the packs give, and what is in force where a person changed it. */
static void write_limit_row(struct call *c, uint32_t i, const struct kt_json *changed,
                            struct kt_jw *w)
{
    const struct kt_point *p = &c->site->points[i];
    kt_jw_obj(w);
    kt_jw_kstr(w, "point", p->id);
    kt_jw_kint(w, "i", i);
    kt_jw_kstr(w, "name", p->name.zh);
    kt_jw_kstr(w, "name_en", p->name.en);
    kt_jw_kstr(w, "role", p->role->id);
    kt_jw_kstr(w, "group", p->role->group);
    kt_jw_kstr(w, "place", c->site->places[p->place.v].id);
    kt_jw_kstr(w, "unit", p->unit);
    kt_jw_kbool(w, "low", p->limits->low);
    kt_jw_key(w, "pack");
    kt_jw_obj(w);
    for (int k = 0; k < KT_LIMIT_NAMES; k++) {
        if (p->limits->has[k]) {
            kt_jw_knum(w, kt_limit_name_id(k), p->limits->value[k]);
        }
    }
    kt_jw_obj_end(w);
    write_clause_limits(p->limits, w);
    kt_source_json(w, "source", &p->limits->source);
    kt_jw_key(w, "changes");
    kt_jw_arr(w);
    for (size_t k = 0; k < kt_json_len(changed); k++) {
        const struct kt_json *one = kt_json_at(changed, k);
        if (strcmp(kt_json_get_str(one, "point", ""), p->id) == 0) {
            copy_value(one, w);
        }
    }
    kt_jw_arr_end(w);
    kt_jw_obj_end(w);
}

void get_limits(struct call *c)
{
    const char *group = arg(c, "group"), *q = arg(c, "q");
    struct kt_json *state = snapshot(c, KT_SNAP_STATE);
    if (!state) {
        return;
    }
    const struct kt_json *changed = kt_json_get(state, "limits");
    struct kt_buf b;
    kt_buf_init(&b, 256 << 20);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_key(&w, "items");
    kt_jw_arr(&w);
    for (uint32_t i = 0; i < c->site->points_n; i++) {
        const struct kt_point *p = &c->site->points[i];
        if (p->ended || !p->limits || !may_see(c, p->place) ||
            (group && strcmp(group, p->role->group) != 0) ||
            (q && !strcasestr(p->id, q) && !strstr(p->name.zh, q))) {
            continue;
        }
        write_limit_row(c, i, changed, &w);
    }
    kt_jw_arr_end(&w);
    kt_jw_obj_end(&w);
    kt_json_free(state);
    reply_buf(c, 200, &b);
}

/* Everything the next shift must know, in one answer. */
void get_handover(struct call *c)
{
    static const char *const lists[] = {"calibrations", "commands", "tags",
                                        "cards",        "handover", "notes"};
    struct kt_json *alarms = snapshot(c, KT_SNAP_ALARMS);
    struct kt_json *state = alarms ? snapshot(c, KT_SNAP_STATE) : NULL;
    if (!state) {
        kt_json_free(alarms);
        return;
    }
    struct kt_buf b;
    kt_buf_init(&b, 256 << 20);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_key(&w, "alarms");
    kt_jw_arr(&w);
    for (size_t i = 0; i < kt_json_len(alarms); i++) {
        if (may_see_object(c, kt_json_at(alarms, i))) {
            write_named(c, kt_json_at(alarms, i), &w);
        }
    }
    kt_jw_arr_end(&w);
    for (size_t k = 0; k < KT_ARRAY_LEN(lists); k++) {
        const struct kt_json *list = kt_json_get(state, lists[k]);
        kt_jw_key(&w, lists[k]);
        kt_jw_arr(&w);
        for (size_t i = 0; i < kt_json_len(list); i++) {
            if (may_see_object(c, kt_json_at(list, i))) {
                write_named(c, kt_json_at(list, i), &w);
            }
        }
        kt_jw_arr_end(&w);
    }
    kt_jw_obj_end(&w);
    kt_json_free(alarms);
    kt_json_free(state);
    reply_buf(c, 200, &b);
}
