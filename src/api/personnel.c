/* SPDX-License-Identifier: Apache-2.0 */
/* GET /personnel: counts for everybody, who is where for those who may know it. */
#include "api/personnel.h"

#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"

/* ---- what is open to whom -------------------------------------------------------------------- */

struct view {
    const struct kt_site *site;
    const struct kt_mine *mine;
    const struct kt_person *who;
    const struct kt_json *snap, *items;
    bool sees;        /* has the right */
    kt_place_id evac; /* place that is being evacuated; KT_NONE: none */
    struct lift {     /* an area with a call for help, or an alarm of the law */
        kt_place_id area;
        bool call;
    } lift[64];
    uint32_t lifts_n;
    bool used_evac, used_call, used_alarm; /* something is shown by that */
};

static kt_place_id place_of(const struct view *v, const struct kt_json *item)
{
    return kt_site_place(v->site, kt_json_strn(kt_json_get(item, "place")));
}

/* Not known where: only who sees the whole site. */
static bool in_scope(const struct view *v, kt_place_id at)
{
    return kt_person_at(v->who, v->site, at.v == KT_NONE ? (kt_place_id){0} : at);
}

static kt_place_id area_of(const struct view *v, kt_place_id at)
{
    const struct kt_area *a = v->mine && at.v != KT_NONE ? kt_mine_area(v->mine, at.v) : NULL;
    return a ? (kt_place_id){a->place} : at;
}

/* Several call from one area: it takes one of the few. */
static void lift(struct view *v, kt_place_id at, bool call)
{
    kt_place_id area = area_of(v, at);
    for (uint32_t i = 0; i < v->lifts_n; i++) {
        if (v->lift[i].area.v == area.v && v->lift[i].call == call) {
            return;
        }
    }
    if (at.v != KT_NONE && v->lifts_n < KT_ARRAY_LEN(v->lift)) {
        v->lift[v->lifts_n++] = (struct lift){area, call};
    }
}

/* Stands, and says that life is in danger there: of the law, and of what is breathed or cut. What
 * is wrong with a sensor, a link or a person's papers opens nothing. */
static bool is_danger(const struct kt_json *alarm)
{
    static const char *const categories[] = {"over-limit", "cut", "feed", "fan"};
    const char *category = kt_json_get_str(alarm, "category", "");
    bool danger = false;
    for (size_t i = 0; i < KT_ARRAY_LEN(categories); i++) {
        danger = danger || strcmp(category, categories[i]) == 0;
    }
    return danger && kt_json_get_bool(alarm, "statutory", false) &&
           !kt_json_get_str(alarm, "cleared", "")[0];
}

static void find_open(struct view *v, const struct kt_json *alarms)
{
    const struct kt_json *e = kt_json_get(v->snap, "evacuation");
    bool runs = e && kt_json_get_int(e, "started", 0) > 0 && kt_json_get_int(e, "ended", 0) == 0;
    v->evac = runs ? kt_site_place(v->site, kt_json_strn(kt_json_get(e, "place")))
                   : (kt_place_id){KT_NONE};
    for (size_t i = 0; i < kt_json_len(v->items); i++) {
        const struct kt_json *item = kt_json_at(v->items, i);
        if (kt_json_get_int(item, "sos", 0) > 0) {
            lift(v, place_of(v, item), true);
        }
    }
    for (size_t i = 0; i < kt_json_len(alarms); i++) {
        const struct kt_json *a = kt_json_at(alarms, i);
        kt_point_id p = kt_site_point(v->site, kt_json_strn(kt_json_get(a, "point")));
        if (p.v != KT_NONE && is_danger(a)) {
            lift(v, v->site->points[p.v].place, false);
        }
    }
}

static bool is_open(struct view *v, kt_place_id at)
{
    if (at.v == KT_NONE || v->sees) {
        return v->sees;
    }
    if (v->evac.v != KT_NONE && kt_site_within(v->site, at, v->evac)) {
        v->used_evac = true;
        return true;
    }
    bool open = false;
    for (uint32_t i = 0; i < v->lifts_n; i++) {
        if (kt_site_within(v->site, at, v->lift[i].area)) {
            v->used_call |= v->lift[i].call;
            v->used_alarm |= !v->lift[i].call;
            open = true;
        }
    }
    return open;
}

/* ---- counts ---------------------------------------------------------------------------------- */

struct counts {
    uint32_t below, lost, sos, over, leaders;
};

static bool is(const struct kt_json *item, const char *what)
{
    const struct kt_json *list = kt_json_get(item, "is");
    for (size_t i = 0; i < kt_json_len(list); i++) {
        if (kt_str_is(kt_json_strn(kt_json_at(list, i)), what)) {
            return true;
        }
    }
    return false;
}

static void add(struct counts *c, const struct kt_json *item)
{
    c->below += kt_json_get_int(item, "in", 0) > 0;
    c->lost += is(item, "lost");
    c->sos += is(item, "sos");
    c->over += is(item, "over-time");
    c->leaders += is(item, "leaders");
}

static void write_counts(const struct counts *c, struct kt_jw *w)
{
    kt_jw_kint(w, "count", c->below);
    kt_jw_kint(w, "lost", c->lost);
    kt_jw_kint(w, "sos", c->sos);
    kt_jw_kint(w, "over_time", c->over);
    kt_jw_kint(w, "leaders", c->leaders);
}

static struct counts count_in(const struct view *v, uint32_t place)
{
    struct counts c = {0};
    for (size_t i = 0; i < kt_json_len(v->items); i++) {
        const struct kt_json *item = kt_json_at(v->items, i);
        kt_place_id at = place_of(v, item);
        if (at.v != KT_NONE && kt_site_within(v->site, at, (kt_place_id){place})) {
            add(&c, item);
        }
    }
    return c;
}

static const char *const area_kinds[] = {[KT_AREA_NORMAL] = "normal",
                                         [KT_AREA_KEY] = "key",
                                         [KT_AREA_RESTRICTED] = "restricted",
                                         [KT_AREA_FORBIDDEN] = "forbidden",
                                         [KT_AREA_SURFACE] = "surface"};

static void write_areas(const struct view *v, struct kt_jw *w)
{
    kt_jw_key(w, "areas");
    kt_jw_arr(w);
    for (uint32_t i = 0; v->mine && i < v->mine->areas_n; i++) {
        const struct kt_area *a = &v->mine->area[i];
        if (a->kind == KT_AREA_SURFACE || !in_scope(v, (kt_place_id){a->place})) {
            continue;
        }
        struct counts c = count_in(v, a->place);
        kt_jw_obj(w);
        kt_jw_kstr(w, "place", v->site->places[a->place].id);
        kt_jw_kstr(w, "kind", area_kinds[a->kind]);
        kt_jw_kint(w, "max", a->max);
        kt_jw_knum(w, "hours", a->hours);
        write_counts(&c, w);
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
}

static void write_shifts(const struct view *v, struct kt_jw *w)
{
    kt_jw_key(w, "shifts");
    kt_jw_arr(w);
    for (uint32_t s = 0; s < v->site->shifts_n; s++) {
        struct counts c = {0};
        for (size_t i = 0; i < kt_json_len(v->items); i++) {
            const struct kt_json *item = kt_json_at(v->items, i);
            if (kt_str_is(kt_json_strn(kt_json_get(item, "shift")), v->site->shifts[s].id) &&
                in_scope(v, place_of(v, item))) {
                add(&c, item);
            }
        }
        kt_jw_obj(w);
        kt_jw_kstr(w, "shift", v->site->shifts[s].id);
        write_counts(&c, w);
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static struct counts write_items(struct view *v, struct kt_jw *w)
{
    struct counts all = {0};
    kt_jw_key(w, "items");
    kt_jw_arr(w);
    for (size_t i = 0; i < kt_json_len(v->items); i++) {
        const struct kt_json *item = kt_json_at(v->items, i);
        kt_place_id at = place_of(v, item);
        if (!in_scope(v, at)) {
            continue;
        }
        add(&all, item);
        if (is_open(v, at)) {
            kt_json_write(item, w);
        }
    }
    kt_jw_arr_end(w);
    return all;
}

/* What stands on wheels is nobody's whereabouts: open to all who may see the place. */
static void write_vehicles(const struct view *v, struct kt_jw *w)
{
    const struct kt_json *list = kt_json_get(v->snap, "vehicles");
    kt_jw_key(w, "vehicles");
    kt_jw_arr(w);
    for (size_t i = 0; i < kt_json_len(list); i++) {
        const struct kt_json *item = kt_json_at(list, i);
        if (in_scope(v, place_of(v, item))) {
            kt_json_write(item, w);
        }
    }
    kt_jw_arr_end(w);
}

static void copy_num(const struct kt_json *from, const char *key, struct kt_jw *w)
{
    double n;
    kt_jw_key(w, key);
    if (kt_json_num(kt_json_get(from, key), &n)) {
        kt_jw_num(w, n);
    } else {
        kt_jw_null(w);
    }
}

/* Of a part of it, or of what it is a part of. */
static bool concerns(const struct view *v, kt_place_id at)
{
    for (uint32_t i = 0; i < v->who->places_n; i++) {
        kt_place_id own = kt_site_place(v->site, kt_str_c(v->who->places[i]));
        if (at.v != KT_NONE && own.v != KT_NONE && kt_site_within(v->site, own, at)) {
            return true;
        }
    }
    return in_scope(v, at);
}

/* Routes name persons one by one: those go with who is where. Whose places lie in the one that is
 * evacuated is told that it is. */
static void write_evacuation(const struct view *v, struct kt_jw *w)
{
    const struct kt_json *e = kt_json_get(v->snap, "evacuation");
    struct kt_json_iter it = {0};
    kt_jw_key(w, "evacuation");
    kt_place_id at = kt_site_place(v->site, kt_json_strn(kt_json_get(e, "place")));
    if (!kt_json_obj(e) || !concerns(v, at)) {
        kt_jw_null(w);
        return;
    }
    bool open = in_scope(v, at) && (v->sees || v->evac.v != KT_NONE);
    kt_jw_obj(w);
    while (kt_json_next(e, &it)) {
        if (strcmp(it.key, "plan") != 0 || open) {
            kt_jw_key(w, it.key);
            kt_json_write(it.value, w);
        }
    }
    kt_jw_obj_end(w);
}

void personnel_write(const struct kt_site *site, const struct kt_mine *mine,
                     const struct kt_person *who, const struct kt_json *snap,
                     const struct kt_json *alarms, struct kt_jw *w)
{
    struct view v = {.site = site, .mine = mine, .who = who, .snap = snap};
    bool present = kt_json_get_bool(snap, "present", false);
    v.items = kt_json_get(snap, "items");
    v.sees = kt_person_may(who, "person.see");
    find_open(&v, alarms);
    kt_jw_obj(w);
    kt_jw_kbool(w, "present", present);
    kt_jw_kint(w, "at", kt_json_get_int(snap, "at", 0));
    kt_jw_kstr(w, "drill", kt_json_get_str(snap, "drill", ""));
    kt_jw_kbool(w, "sees", v.sees);
    if (present) {
        struct counts all = write_items(&v, w);
        write_counts(&all, w);
        kt_jw_kstr(w, "lifted",
                   v.used_evac    ? "evacuation"
                   : v.used_call  ? "sos"
                   : v.used_alarm ? "alarm"
                                  : "");
        copy_num(snap, "entered", w);
        copy_num(snap, "gone", w);
        write_vehicles(&v, w);
        write_areas(&v, w);
        write_shifts(&v, w);
        write_evacuation(&v, w);
    }
    kt_jw_obj_end(w);
}

void get_personnel(struct call *c)
{
    struct kt_buf raw, out;
    struct kt_json *snap = NULL, *alarms = NULL;
    struct kt_err err = {0};
    kt_buf_init(&raw, 256 << 20);
    kt_runtime_people(c->api->opts.runtime, true, &raw);
    int r = kt_json_parse((struct kt_str){raw.p, raw.n}, 256 << 20, &snap, &err);
    if (r == KT_OK && !kt_person_may(&c->person, "person.see")) {
        kt_buf_clear(&raw);
        kt_runtime_snapshot_now(c->api->opts.runtime, KT_SNAP_ALARMS, &raw);
        r = kt_json_parse((struct kt_str){raw.p, raw.n}, 256 << 20, &alarms, &err);
    }
    kt_buf_done(&raw);
    if (r < 0) {
        kt_json_free(snap);
        reply_code(c->req, KT_EBUSY, "the program has just begun; ask again");
        return;
    }
    kt_buf_init(&out, 256 << 20);
    struct kt_jw w = kt_jw_init(&out);
    personnel_write(c->site, personnel_lock(c->api), &c->person, snap, alarms, &w);
    personnel_unlock(c->api);
    kt_json_free(snap);
    kt_json_free(alarms);
    reply_buf(c, 200, &out);
}

static const char *const station_kinds[] = {
    [KT_STATION_ANCHOR] = "anchor", [KT_STATION_EXIT] = "exit", [KT_STATION_REFUGE] = "refuge"};

/* Exits, refuges and anchors, for the map. */
void get_stations(struct call *c)
{
    struct kt_buf out;
    kt_buf_init(&out, 64 << 20);
    struct kt_jw w = kt_jw_init(&out);
    const struct kt_mine *m = personnel_lock(c->api);
    kt_jw_obj(&w);
    kt_jw_key(&w, "items");
    kt_jw_arr(&w);
    for (uint32_t i = 0; m && i < m->stations_n; i++) {
        const struct kt_station *s = &m->station[i];
        kt_place_id at = {m->way[s->way].place};
        if (at.v == KT_NONE ? !may_see_all(c) : !may_see(c, at)) {
            continue;
        }
        kt_jw_obj(&w);
        kt_jw_kstr(&w, "id", s->id);
        kt_jw_kstr(&w, "kind", station_kinds[s->kind]);
        kt_jw_kstr(&w, "name", s->name.zh);
        kt_jw_kstr(&w, "name_en", s->name.en);
        kt_jw_kstr(&w, "airway", m->way[s->way].id);
        kt_jw_knum(&w, "at_m", s->at_m);
        kt_jw_knum(&w, "length_m", m->way[s->way].length_m);
        kt_jw_kint(&w, "capacity", s->capacity);
        kt_jw_obj_end(&w);
    }
    personnel_unlock(c->api);
    kt_jw_arr_end(&w);
    kt_jw_obj_end(&w);
    reply_buf(c, 200, &out);
}
