/* SPDX-License-Identifier: Apache-2.0 */
/* What a screen needs once: the site, its map, its points. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "engine/bodies.h"

static const char *const kinds[] = {"analog", "switch", "counter", "output"};

static void roles(const struct kt_site *s, struct kt_jw *w)
{
    kt_jw_key(w, "roles");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < s->roles_n; i++) {
        const struct kt_role *r = &s->roles[i];
        kt_jw_obj(w);
        kt_jw_kstr(w, "id", r->id);
        kt_text_json(w, "title", &r->title);
        kt_jw_kstr(w, "short", r->short_name);
        kt_jw_kstr(w, "unit", r->unit);
        kt_jw_kstr(w, "group", r->group);
        kt_jw_kstr(w, "kind", kinds[r->kind]);
        kt_jw_kbool(w, "cutoff", r->cutoff);
        kt_jw_kint(w, "opening", r->opening);
        kt_jw_kbool(w, "protected", r->is_protected);
        kt_text_json(w, "off", &r->off);
        kt_text_json(w, "on", &r->on);
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
}

void write_place(const struct kt_site *s, uint32_t i, struct kt_jw *w)
{
    const struct kt_place *p = &s->places[i];
    kt_jw_obj(w);
    kt_jw_kstr(w, "id", p->id);
    kt_jw_kstr(w, "parent", p->parent.v == KT_NONE ? NULL : s->places[p->parent.v].id);
    kt_jw_kstr(w, "kind", p->kind);
    kt_jw_kstr(w, "name", p->name.zh);
    kt_jw_kstr(w, "name_en", p->name.en);
    if (p->has_xy) {
        kt_jw_knum(w, "x", p->x);
        kt_jw_knum(w, "y", p->y);
    }
    kt_jw_key(w, "air_to");
    kt_jw_arr(w);
    for (uint32_t k = 0; k < p->air_to_n; k++) {
        kt_jw_str(w, s->places[p->air_to[k].v].id);
    }
    kt_jw_arr_end(w);
    kt_jw_obj_end(w);
}

static void places(struct call *c, struct kt_jw *w)
{
    kt_jw_key(w, "places");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < c->site->places_n; i++) {
        write_place(c->site, i, w);
    }
    kt_jw_arr_end(w);
}

static void rules(const struct kt_site *s, struct kt_jw *w)
{
    kt_jw_key(w, "rules");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < s->rules_n; i++) {
        const struct kt_rule *r = &s->rules[i];
        kt_jw_obj(w);
        kt_jw_kstr(w, "id", r->id);
        kt_jw_kstr(w, "pack", r->pack);
        kt_text_json(w, "title", &r->title);
        kt_text_json(w, "cause", &r->cause);
        kt_text_json(w, "consequence", &r->consequence);
        kt_text_json(w, "action", &r->action_text);
        kt_jw_kint(w, "priority", r->priority);
        kt_jw_kbool(w, "statutory", r->statutory);
        kt_jw_kbool(w, "latch", r->latch);
        kt_jw_kstr(w, "category", r->category);
        kt_jw_kint(w, "within_s", r->within_ns / KT_SEC);
        kt_jw_kint(w, "instances", r->points_n);
        kt_source_json(w, "clause", &r->clause);
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
}

static void shifts(const struct kt_site *s, struct kt_jw *w)
{
    kt_jw_key(w, "shifts");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < s->shifts_n; i++) {
        kt_jw_obj(w);
        kt_jw_kstr(w, "id", s->shifts[i].id);
        kt_text_json(w, "name", &s->shifts[i].name);
        char start[8];
        snprintf(start, sizeof(start), "%02d:%02d", s->shifts[i].start_s / 3600 % 24,
                 s->shifts[i].start_s / 60 % 60);
        kt_jw_kstr(w, "start", start);
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
}

static void neighbours(const struct kt_site *s, struct kt_jw *w)
{
    kt_jw_key(w, "neighbours");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < s->neighbours_n; i++) {
        kt_jw_obj(w);
        kt_text_json(w, "name", &s->neighbours[i].name);
        kt_jw_kstr(w, "url", s->neighbours[i].url);
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
}

/* Words for the qualities; the grade alone decides in rules. */
static const struct {
    kt_quality q;
    struct kt_text title;
} quality_words[] = {
    {KT_Q_NORMAL, {"正常", "normal"}},
    {KT_Q_CALIBRATION, {"调校", "calibration"}},
    {KT_Q_OVER_RANGE, {"超量程", "over range"}},
    {KT_Q_BROKEN, {"断线", "broken line"}},
    {KT_Q_FEED_ANOMALY, {"馈电异常", "feed anomaly"}},
    {KT_Q_STALE, {"无新数据", "stale"}},
    {KT_Q_MANUAL, {"手动", "manual"}},
    {KT_Q_DEVICE_FAULT, {"设备故障", "device fault"}},
    {KT_Q_COMM_FAULT, {"通信故障", "communication fault"}},
    {KT_Q_FUTURE, {"时间超前", "time in the future"}},
    {KT_Q_UNDER_RANGE, {"欠量程", "under range"}},
    {KT_Q_NEVER, {"尚无数据", "no value yet"}},
    {KT_Q_PAUSED, {"暂停", "paused"}},
    {KT_Q_GAP, {"缺报存疑", "gap"}},
};

const char *quality_title(kt_quality number, bool en)
{
    for (size_t i = 0; i < KT_ARRAY_LEN(quality_words); i++) {
        if ((quality_words[i].q & ~KT_Q_GRADE) == number) {
            return en ? quality_words[i].title.en : quality_words[i].title.zh;
        }
    }
    return "?";
}

static void qualities(struct kt_jw *w)
{
    kt_jw_key(w, "qualities");
    kt_jw_arr(w);
    for (size_t i = 0; i < KT_ARRAY_LEN(quality_words); i++) {
        kt_jw_obj(w);
        kt_jw_kstr(w, "id", kt_quality_id(quality_words[i].q));
        kt_text_json(w, "title", &quality_words[i].title);
        kt_jw_kstr(w, "grade", kt_quality_grade(quality_words[i].q));
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
}

static void ranges(const struct kt_site *s, struct kt_jw *w)
{
    kt_jw_key(w, "ranges");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < s->ranges_n; i++) {
        kt_jw_obj(w);
        kt_jw_kstr(w, "id", s->ranges[i].id);
        kt_text_json(w, "title", &s->ranges[i].title);
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
}

void get_site(struct call *c)
{
    const struct kt_site *s = c->site;
    struct kt_buf b;
    char hex[65];
    kt_buf_init(&b, 64 << 20);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "id", s->id);
    kt_text_json(&w, "name", &s->name);
    kt_jw_kbool(&w, "simulation", s->simulation);
    kt_jw_kstr(&w, "clock", c->api->opts.plant_clock ? "plant" : "real");
    kt_jw_kstr(&w, "mine_code", s->mine_code);
    kt_jw_kstr(&w, "gas_class", s->gas_class);
    kt_jw_kint(&w, "utc_offset_s", s->utc_offset_s);
    kt_jw_key(&w, "crs");
    kt_jw_obj(&w);
    kt_jw_kint(&w, "epsg", s->crs_epsg);
    kt_jw_kstr(&w, "name", s->crs_name);
    kt_jw_obj_end(&w);
    kt_jw_kint(&w, "report_day_s", s->report_day_s);
    kt_jw_kint(&w, "points", s->points_n);
    kt_jw_kstr(&w, "hash", kt_hash_hex(&s->hash, hex));
    kt_jw_key(&w, "packs");
    kt_jw_arr(&w);
    for (uint32_t i = 0; i < s->packs_n; i++) {
        kt_jw_str(&w, s->packs[i]);
    }
    kt_jw_arr_end(&w);
    shifts(s, &w);
    neighbours(s, &w);
    roles(s, &w);
    places(c, &w);
    rules(s, &w);
    ranges(s, &w);
    qualities(&w);
    kt_jw_obj_end(&w);
    reply_buf(c, 200, &b);
}

void get_map(struct call *c)
{
    struct kt_buf b;
    struct kt_err err = {0};
    kt_time at;
    if (!query_time(c, "at", 0, &at)) {
        return;
    }
    kt_buf_init(&b, 1u << 30);
    kt_buf_puts(&b, "{\"layers\":");
    if (at != 0) { /* as it was drawn then */
        if (kt_bodies_map(c->api->opts.runtime, at, &b, &err) < 0) {
            kt_buf_done(&b);
            reply_err(c->req, &err);
            return;
        }
    } else {
        pthread_mutex_lock(&c->api->lock);
        kt_buf_puts(&b, c->api->map_json);
        pthread_mutex_unlock(&c->api->lock);
    }
    kt_buf_puts(&b, "}");
    reply_buf(c, 200, &b);
}

static void list_ids(struct kt_jw *w, const char *key, const struct kt_site *s,
                     const kt_point_id *ids, uint32_t n)
{
    kt_jw_key(w, key);
    kt_jw_arr(w);
    for (uint32_t i = 0; i < n; i++) {
        kt_jw_str(w, s->points[ids[i].v].id);
    }
    kt_jw_arr_end(w);
}

static void set_point(struct kt_jw *w, const struct kt_setpoint *set)
{
    kt_jw_key(w, "set");
    kt_jw_obj(w);
    kt_jw_knum(w, "lo", set->lo);
    kt_jw_knum(w, "hi", set->hi);
    kt_jw_knum(w, "step", set->step);
    kt_jw_knum(w, "tolerance", set->tolerance);
    kt_jw_obj_end(w);
}

void write_point(const struct kt_site *s, uint32_t i, uint32_t number, struct kt_jw *w)
{
    const struct kt_point *p = &s->points[i];
    kt_jw_kstr(w, "id", p->id);
    kt_jw_kint(w, "i", number);
    kt_jw_kstr(w, "name", p->name.zh);
    kt_jw_kstr(w, "name_en", p->name.en);
    kt_jw_kstr(w, "kind", kinds[p->kind]);
    kt_jw_kstr(w, "unit", p->unit);
    kt_jw_kstr(w, "role", p->role ? p->role->id : NULL);
    kt_jw_kstr(w, "group", p->role ? p->role->group : NULL);
    kt_jw_kstr(w, "place", p->place.v == KT_NONE ? NULL : s->places[p->place.v].id);
    if (p->has_xy) {
        kt_jw_knum(w, "x", p->x);
        kt_jw_knum(w, "y", p->y);
    }
    kt_jw_knum(w, "resolution", p->resolution);
    kt_jw_key(w, "range");
    kt_jw_arr(w);
    kt_jw_num(w, p->range_lo);
    kt_jw_num(w, p->range_hi);
    kt_jw_arr_end(w);
    kt_jw_kstr(w, "feed", p->feed.v == KT_NONE ? NULL : s->points[p->feed.v].id);
    kt_jw_key(w, "serves");
    kt_jw_arr(w);
    for (uint32_t k = 0; k < p->serves_n; k++) {
        kt_jw_str(w, s->places[p->serves[k].v].id);
    }
    kt_jw_arr_end(w);
    kt_jw_kbool(w, "two_person", p->two_person);
    if (p->set) {
        set_point(w, p->set);
    }
    kt_jw_kbool(w, "cutoff", p->role && p->role->cutoff);
    int64_t every = p->role && p->role->cutoff ? kt_site_test_every(s, (kt_point_id){i}) : 0;
    if (every > 0) {
        kt_jw_kint(w, "test_days", every / KT_DAY);
    }
    kt_jw_kstr(w, "link", p->link == KT_NONE ? NULL : s->links[p->link].id);
    kt_jw_kstr(w, "address", p->address);
    kt_jw_kstr(w, "words", p->tags);
}

/* Does the point fit the text? By id or name, letters without regard to case. */
static bool point_matches(const struct kt_point *p, const char *q)
{
    return !q || !*q || strcasestr(p->id, q) || strstr(p->name.zh, q) ||
           strcasestr(p->name.en, q) || strstr(p->tags, q);
}

struct filter {
    const char *q, *role, *group;
    kt_place_id place;
};

static bool point_fits(struct call *c, const struct kt_point *p, const struct filter *f)
{
    if (p->ended || !may_see(c, p->place)) {
        return false; /* it keeps its number, and that is all */
    }
    if ((f->role && !kt_glob(f->role, p->role->id)) ||
        (f->group && strcmp(f->group, p->role->group) != 0)) {
        return false;
    }
    return (f->place.v == KT_NONE || kt_site_within(c->site, p->place, f->place)) &&
           point_matches(p, f->q);
}

void get_points(struct call *c)
{
    int64_t limit, cursor;
    const char *place = kt_http_query(c->req, "place");
    struct filter f = {kt_http_query(c->req, "q"),
                       kt_http_query(c->req, "role"),
                       kt_http_query(c->req, "group"),
                       {KT_NONE}};
    if (!query_int(c, "limit", 1, 100000, 1000, &limit) ||
        !query_int(c, "cursor", 0, UINT32_MAX, 0, &cursor)) {
        return;
    }
    if (place && (f.place = kt_site_place(c->site, kt_str_c(place))).v == KT_NONE) {
        reply_code(c->req, KT_ENOTFOUND, "there is no place \"%s\"", place);
        return;
    }
    struct kt_buf b;
    kt_buf_init(&b, 256 << 20);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_key(&w, "items");
    kt_jw_arr(&w);
    uint32_t i = (uint32_t)cursor;
    for (int64_t n = 0; i < c->site->points_n && n < limit; i++) {
        if (point_fits(c, &c->site->points[i], &f)) {
            kt_jw_obj(&w);
            write_point(c->site, i, i, &w);
            kt_jw_obj_end(&w);
            n++;
        }
    }
    kt_jw_arr_end(&w);
    kt_jw_key(&w, "next");
    if (i < c->site->points_n) {
        kt_jw_int(&w, i);
    } else {
        kt_jw_null(&w);
    }
    kt_jw_obj_end(&w);
    reply_buf(c, 200, &b);
}

void write_clause_limits(const struct kt_limits *l, struct kt_jw *w)
{
    kt_jw_key(w, "clause");
    kt_jw_obj(w);
    for (int i = 0; i < KT_LIMIT_NAMES; i++) {
        if (l->backed[i]) {
            kt_jw_knum(w, kt_limit_name_id((enum kt_limit_name)i), l->clause[i]);
        }
    }
    kt_jw_obj_end(w);
}

void write_pack_limits(const struct kt_point *p, struct kt_jw *w)
{
    kt_jw_key(w, "pack_limits");
    if (!p->limits) {
        kt_jw_null(w);
        return;
    }
    kt_jw_obj(w);
    for (int i = 0; i < KT_LIMIT_NAMES; i++) {
        if (p->limits->has[i]) {
            kt_jw_knum(w, kt_limit_name_id(i), p->limits->value[i]);
        }
    }
    write_clause_limits(p->limits, w);
    kt_source_json(w, "source", &p->limits->source);
    kt_text_json(w, "range_text", &p->limits->range_text);
    kt_jw_obj_end(w);
}

/* Items of a list in the engine's state that name the point. */
static void write_state_items(const struct kt_json *state, const char *key, const char *point,
                              struct kt_jw *w)
{
    const struct kt_json *list = kt_json_get(state, key);
    kt_jw_key(w, key);
    kt_jw_arr(w);
    for (size_t i = 0; i < kt_json_len(list); i++) {
        const struct kt_json *one = kt_json_at(list, i);
        const char *id = kt_json_get_str(one, "point", kt_json_get_str(one, "output", ""));
        if (strcmp(id, point) == 0) {
            copy_value(one, w);
        }
    }
    kt_jw_arr_end(w);
}

void get_point(struct call *c)
{
    static const char *const lists[] = {"limits", "proposals", "calibrations", "commands",
                                        "tests",  "tags",      "manual"};
    kt_point_id p = visible_point(c, c->param[0]);
    if (p.v == KT_NONE) {
        return;
    }
    struct kt_json *state = snapshot(c, KT_SNAP_STATE);
    if (!state) {
        return;
    }
    const struct kt_point *pt = &c->site->points[p.v];
    struct kt_buf b;
    kt_buf_init(&b, 64 << 20);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    write_point(c->site, p.v, p.v, &w);
    write_pack_limits(pt, &w);
    list_ids(&w, "cuts", c->site, pt->cuts, pt->cuts_n);
    kt_jw_key(&w, "rules");
    kt_jw_arr(&w);
    uint32_t n;
    const kt_rule_id *ids = kt_site_rules_of(c->site, p, &n);
    for (uint32_t i = 0; i < n; i++) {
        kt_jw_str(&w, c->site->rules[ids[i].v].id);
    }
    kt_jw_arr_end(&w);
    for (size_t i = 0; i < KT_ARRAY_LEN(lists); i++) {
        write_state_items(state, lists[i], pt->id, &w);
    }
    kt_jw_obj_end(&w);
    kt_json_free(state);
    reply_buf(c, 200, &b);
}

static void write_live(const struct kt_live *live, uint32_t i, struct kt_jw *w)
{
    struct kt_live_value v = kt_live_get(live, (kt_point_id){i});
    kt_jw_arr(w);
    kt_jw_int(w, i);
    if (v.time == 0) { /* nothing has ever come */
        kt_jw_null(w);
    } else {
        kt_jw_num(w, v.value);
    }
    kt_jw_str(w, kt_quality_id(v.quality));
    kt_jw_int(w, v.time / KT_MS);
    kt_jw_arr_end(w);
}

void get_live(struct call *c)
{
    const char *ids = kt_http_query(c->req, "points");
    struct kt_live *live = kt_runtime_live(c->api->opts.runtime);
    uint32_t n = 0, count = kt_live_count(live);
    kt_point_id *list = KT_NEW_ARRAY(c->arena, kt_point_id, ids ? 10000 : 1);
    if (ids && !points_list(c, ids, list, 10000, &n)) {
        return;
    }
    struct kt_buf b;
    kt_buf_init(&b, 64 << 20);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_arr(&w);
    for (uint32_t i = 0; i < n; i++) {
        write_live(live, list[i].v, &w);
    }
    for (uint32_t i = 0; !ids && i < c->site->points_n && i < count; i++) {
        if (!c->site->points[i].ended && may_see(c, c->site->points[i].place)) {
            write_live(live, i, &w);
        }
    }
    kt_jw_arr_end(&w);
    reply_buf(c, 200, &b);
}

void get_ranges(struct call *c)
{
    const struct kt_site *s = c->site;
    struct kt_buf b;
    kt_buf_init(&b, 64 << 20);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_key(&w, "items");
    kt_jw_arr(&w);
    for (uint32_t i = 0; i < s->points_n; i++) {
        const struct kt_point *p = &s->points[i];
        if (p->ended || !p->role->cutoff || !p->limits || !may_see(c, p->place)) {
            continue;
        }
        kt_jw_obj(&w);
        kt_jw_kstr(&w, "point", p->id);
        kt_jw_kstr(&w, "name", p->name.zh);
        kt_jw_kstr(&w, "place", s->places[p->place.v].id);
        kt_jw_kstr(&w, "range",
                   p->limits->range == KT_NONE ? NULL : s->ranges[p->limits->range].id);
        kt_text_json(&w, "range_text", &p->limits->range_text);
        kt_jw_kbool(&w, "cuts", p->limits->has[KT_LIMIT_CUT]);
        kt_jw_key(&w, "switches");
        kt_jw_arr(&w);
        for (uint32_t k = 0; k < p->cuts_n; k++) {
            const struct kt_point *o = &s->points[p->cuts[k].v];
            kt_jw_obj(&w);
            kt_jw_kstr(&w, "output", o->id);
            kt_jw_kstr(&w, "name", o->name.zh);
            kt_jw_kstr(&w, "feed", o->feed.v == KT_NONE ? NULL : s->points[o->feed.v].id);
            kt_jw_obj_end(&w);
        }
        kt_jw_arr_end(&w);
        kt_jw_obj_end(&w);
    }
    kt_jw_arr_end(&w);
    kt_jw_obj_end(&w);
    reply_buf(c, 200, &b);
}
