/* SPDX-License-Identifier: Apache-2.0 */
#include "api/evacuate_plan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/vent.h"
#include "sys/clock.h"

/* ---- smoke ----------------------------------------------------------------------------------- */

static uint32_t node_named(const struct kt_mine *m, const char *name)
{
    for (uint32_t i = 0; i < m->nodes_n; i++) {
        if (strcmp(m->node[i], name) == 0) {
            return i;
        }
    }
    return KT_NONE;
}

/* Where the smoke of a fire comes is known no better than the air: while a solve is outstanding,
 * has failed or is old, along every way of the last solution and of the design. */
static bool spread(const struct vent_model *v, const struct kt_mine *m, kt_place_id fire,
                   kt_time now, struct evacuate_smoke *to)
{
    const struct kt_airways *a = &v->airways;
    struct kt_arena *arena = kt_arena_new(0);
    struct kt_vent_known known = vent_known(v);
    bool *burns = KT_NEW_ARRAY(arena, bool, a->n + 1), any = false;
    double *design = KT_NEW_ARRAY(arena, double, a->n + 1);
    double *volume = KT_NEW_ARRAY(arena, double, a->n + 1);
    double *at_s = KT_NEW_ARRAY(arena, double, a->net.nodes_n + 1);
    for (uint32_t b = 0; b < a->n; b++) {
        kt_place_id at = {a->airway[b].place};
        burns[b] = at.v != KT_NONE && kt_site_within(v->site, at, fire) && !a->branch[b].fixed;
        any |= burns[b];
        design[b] = a->airway[b].design_m3s;
        volume[b] = a->airway[b].length_m * a->airway[b].section_m2;
    }
    to->basis = kt_vent_soonest(&a->net, &known, now, burns, design, volume, at_s);
    for (uint32_t i = 0; i < a->net.nodes_n; i++) {
        uint32_t n = node_named(m, a->net.node_name[i]);
        if (n != KT_NONE) {
            to->at_s[n] = at_s[i];
        }
    }
    kt_arena_free(arena);
    return any;
}

void evacuate_smoke(struct kt_api *a, const struct kt_mine *m, const char *fire,
                    struct evacuate_smoke *ret)
{
    ret->at_s = realloc(ret->at_s, (m->nodes_n + 1) * sizeof(*ret->at_s));
    KT_ASSERT(ret->at_s);
    ret->n = m->nodes_n;
    ret->fire = fire[0] != '\0';
    ret->known = false;
    for (uint32_t i = 0; i < m->nodes_n; i++) {
        ret->at_s[i] = INFINITY;
    }
    if (!ret->fire) {
        return;
    }
    const struct vent_model *v = vent_lock(a->vent);
    if (v && v->airways.n && v->site == m->site) {
        ret->known = spread(v, m, kt_site_place(v->site, kt_str_c(fire)),
                            kt_runtime_now(a->opts.runtime), ret);
    }
    vent_unlock(a->vent);
    for (uint32_t i = 0; i < m->nodes_n && !ret->known; i++) {
        ret->at_s[i] = 0; /* nobody knows where it goes: judged as if it had come */
    }
}

/* ---- a plan ---------------------------------------------------------------------------------- */

static void take_persons(struct evacuate_plan *p, const struct kt_json *items)
{
    for (size_t i = 0; i < kt_json_len(items); i++) {
        const struct kt_json *item = kt_json_at(items, i);
        if (!kt_json_get_bool(item, "leaves", false)) {
            continue;
        }
        p->item[p->n] = item;
        p->person[p->n].way = kt_mine_way(p->mine, kt_json_strn(kt_json_get(item, "airway")));
        p->person[p->n++].at_m = kt_json_get_num(item, "at_m", 0);
    }
}

/* What persons and points say: a point that said so and has fallen silent still counts. */
static bool *blocked_ways(const struct kt_mine *m, const struct kt_live *live,
                          const struct kt_json *list, struct kt_arena *arena)
{
    bool *blocked = KT_NEW_ARRAY(arena, bool, m->ways_n + 1);
    for (uint32_t w = 0; w < m->ways_n; w++) {
        for (uint32_t i = 0; i < m->way[w].blocks_n; i++) {
            struct kt_live_value v = kt_live_get(live, (kt_point_id){m->way[w].block[i]});
            blocked[w] |= v.quality != KT_Q_NEVER && v.value != 0;
        }
    }
    for (size_t i = 0; i < kt_json_len(list); i++) {
        uint32_t w = kt_mine_way(m, kt_json_strn(kt_json_at(list, i)));
        if (w != KT_NONE) {
            blocked[w] = true;
        }
    }
    return blocked;
}

/* A leaf that is known to stand open takes no time. */
static double *door_times(const struct kt_mine *m, const struct kt_live *live,
                          struct kt_arena *arena)
{
    double *s = KT_NEW_ARRAY(arena, double, m->ways_n + 1);
    for (uint32_t w = 0; w < m->ways_n; w++) {
        for (uint32_t i = 0; i < m->way[w].doors_n; i++) {
            struct kt_live_value v = kt_live_get(live, (kt_point_id){m->way[w].door[i]});
            s[w] += kt_q_known(v.quality) && v.value != 0 ? 0 : KT_DOOR_S;
        }
    }
    return s;
}

static const uint8_t rank[] = {[KT_ESCAPE_NOT_SAFE] = 0,
                               [KT_ESCAPE_UNKNOWN] = 1,
                               [KT_ESCAPE_REFUGE] = 2,
                               [KT_ESCAPE_EXIT] = 3};

static int worst_first(const void *a, const void *b, void *arg)
{
    const struct kt_escape_route *r = arg;
    uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
    if (rank[r[i].verdict] != rank[r[k].verdict]) {
        return rank[r[i].verdict] < rank[r[k].verdict] ? -1 : 1;
    }
    return r[i].time_s != r[k].time_s ? (r[i].time_s > r[k].time_s ? -1 : 1) : (i > k) - (i < k);
}

static void use(void *arg, uint32_t way, bool along)
{
    uint32_t *used = arg;
    used[2 * way + !along]++;
}

static void sum_up(struct evacuate_plan *p, struct kt_arena *arena)
{
    p->order = KT_NEW_ARRAY(arena, uint32_t, p->n + 1);
    p->used = KT_NEW_ARRAY(arena, uint32_t, 2 * p->mine->ways_n + 2);
    p->hash = 1469598103934665603ull;
    for (uint32_t i = 0; i < p->n; i++) {
        const struct kt_escape_route *r = &p->escape.route[i];
        p->order[i] = i;
        kt_escape_path(p->mine, &p->escape, &p->person[i], r, use, p->used);
        uint64_t part = (uint64_t)r->verdict << 40 | (uint64_t)r->goal << 8 | (uint8_t)r->toward;
        p->hash = (p->hash ^ part) * 1099511628211ull;
    }
    for (uint32_t i = 0; i < p->mine->stations_n; i++) {
        p->hash = (p->hash ^ (uint64_t)p->refuge[i].kind) * 1099511628211ull;
    }
    qsort_r(p->order, p->n, sizeof(*p->order), worst_first, p->escape.route);
}

/* It has been on its way since the evacuation began, if not longer. */
static double *since(const struct kt_mine *m, const struct evacuate_smoke *smoke,
                     const struct kt_json *snap, const struct kt_json *evac, struct kt_arena *arena)
{
    double *at_s = KT_NEW_ARRAY(arena, double, m->nodes_n + 1);
    int64_t ms = kt_json_get_int(snap, "at", 0) - kt_json_get_int(evac, "started", 0);
    for (uint32_t i = 0; i < m->nodes_n; i++) {
        double left = smoke->at_s[i] - (double)(ms > 0 ? ms : 0) / 1000;
        at_s[i] = left > 0 ? left : 0;
    }
    return at_s;
}

/* Where each would go if every refuge could be used: that one was passed, and why is said. */
static int look_for_passed(struct evacuate_plan *p, const struct kt_escape_state *state,
                           struct kt_arena *arena, struct kt_err *err)
{
    struct kt_escape_state open = *state;
    struct kt_escape any;
    bool none = true;
    for (uint32_t i = 0; i < p->mine->stations_n; i++) {
        none &= p->refuge[i].kind == REFUGE_OK;
    }
    p->passed = KT_NEW_ARRAY(arena, uint32_t, p->n + 1);
    memset(p->passed, 0xff, (p->n + 1) * sizeof(*p->passed));
    open.unusable = NULL;
    open.room = NULL;
    int r = none ? KT_OK : kt_escape_find(p->mine, &open, p->person, p->n, arena, &any, err);
    for (uint32_t i = 0; r == KT_OK && !none && i < p->n; i++) {
        uint32_t goal = any.route[i].goal;
        bool passed = goal != KT_NONE && p->refuge[goal].kind != REFUGE_OK;
        p->passed[i] = passed ? goal : KT_NONE;
    }
    return r;
}

static void refuges_of(struct evacuate_plan *p, const struct kt_live *live,
                       const struct kt_json *items, struct kt_escape_state *state,
                       struct kt_arena *arena)
{
    bool *unusable = KT_NEW_ARRAY(arena, bool, p->mine->stations_n + 1);
    uint32_t *room = KT_NEW_ARRAY(arena, uint32_t, p->mine->stations_n + 1);
    p->refuge = evacuate_refuges(p->mine, live, items, arena);
    for (uint32_t i = 0; i < p->mine->stations_n; i++) {
        unusable[i] = p->refuge[i].kind != REFUGE_OK;
        room[i] = p->refuge[i].room;
    }
    state->unusable = unusable;
    state->room = room;
}

int evacuate_plan_make(const struct kt_mine *m, const struct kt_live *live,
                       const struct kt_json *snap, const struct evacuate_smoke *smoke,
                       struct kt_arena *arena, struct evacuate_plan *ret, struct kt_err *err)
{
    const struct kt_json *items = kt_json_get(snap, "items");
    const struct kt_json *evac = kt_json_get(snap, "evacuation");
    size_t n = kt_json_len(items);
    struct evacuate_plan p = {
        .mine = m, .fire = smoke->fire, .known = smoke->known, .basis = smoke->basis};
    p.item = KT_NEW_ARRAY(arena, const struct kt_json *, n + 1);
    p.person = KT_NEW_ARRAY(arena, struct kt_escape_person, n + 1);
    take_persons(&p, items);
    struct kt_escape_state state = {
        .smoke_s = smoke->fire ? since(m, smoke, snap, evac, arena) : NULL,
        .blocked = blocked_ways(m, live, kt_json_get(evac, "blocked"), arena),
        .door_s = door_times(m, live, arena)};
    refuges_of(&p, live, items, &state, arena);
    kt_mono begin = kt_clock_mono();
    int r = kt_escape_find(m, &state, p.person, p.n, arena, &p.escape, err);
    r = r == KT_OK ? look_for_passed(&p, &state, arena, err) : r;
    if (r < 0) {
        return r;
    }
    p.took_ms = (double)(kt_clock_mono() - begin) / 1e6;
    sum_up(&p, arena);
    *ret = p;
    return KT_OK;
}

/* ---- as JSON --------------------------------------------------------------------------------- */

static const char *const verdicts[] = {[KT_ESCAPE_EXIT] = "exit",
                                       [KT_ESCAPE_REFUGE] = "refuge",
                                       [KT_ESCAPE_NOT_SAFE] = "not-safe",
                                       [KT_ESCAPE_UNKNOWN] = "unknown"};
/* none: no fire is named; unknown: nobody knows where its smoke goes. */
static const char *smoke_name(const struct evacuate_plan *p)
{
    static const char *const bases[] = {
        [KT_AIR_BY_SOLUTION] = "solved", [KT_AIR_BY_OUTSTANDING] = "outstanding",
        [KT_AIR_BY_FAILED] = "failed",   [KT_AIR_BY_OLD] = "old",
        [KT_AIR_BY_DESIGN] = "design",   [KT_AIR_BY_UNSURE] = "unsure"};
    return !p->fire ? "none" : p->known ? bases[p->basis] : "unknown";
}

static const char *goal_name(const struct kt_mine *m, uint32_t goal, bool zh)
{
    const struct kt_station *s = &m->station[goal];
    return s->name.zh[0] ? (zh ? s->name.zh : s->name.en) : s->id;
}

static void write_routes(const struct evacuate_plan *p, struct kt_jw *w)
{
    kt_jw_key(w, "routes");
    kt_jw_arr(w);
    for (uint32_t k = 0; k < p->n; k++) {
        uint32_t i = p->order[k];
        const struct kt_escape_route *r = &p->escape.route[i];
        kt_jw_obj(w);
        kt_jw_kstr(w, "card", kt_json_get_str(p->item[i], "card", ""));
        kt_jw_ktext(w, "place", kt_json_get_str(p->item[i], "place", ""));
        kt_jw_kstr(w, "to", verdicts[r->verdict]);
        if (r->goal != KT_NONE) {
            kt_jw_kstr(w, "goal", p->mine->station[r->goal].id);
            kt_jw_kint(w, "time_s", (int64_t)(r->time_s + 0.5));
        }
        if (r->verdict <= KT_ESCAPE_REFUGE && isfinite(r->spare_s)) {
            kt_jw_kint(w, "spare_s", (int64_t)r->spare_s);
        }
        if (p->passed[i] != KT_NONE) {
            kt_jw_kstr(w, "passed", p->mine->station[p->passed[i]].id);
        }
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
}

static void write_ways(const struct evacuate_plan *p, struct kt_jw *w)
{
    kt_jw_key(w, "ways");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < 2 * p->mine->ways_n; i++) {
        if (p->used[i]) {
            kt_jw_obj(w);
            kt_jw_kstr(w, "airway", p->mine->way[i / 2].id);
            kt_jw_kbool(w, "along", i % 2 == 0);
            kt_jw_kint(w, "persons", p->used[i]);
            kt_jw_obj_end(w);
        }
    }
    kt_jw_arr_end(w);
}

static const char *const kinds[] = {[REFUGE_OK] = "ok",
                                    [REFUGE_FAULTY] = "faulty",
                                    [REFUGE_CLOSED] = "closed",
                                    [REFUGE_FULL] = "full"};

static void write_refuges(const struct evacuate_plan *p, struct kt_jw *w)
{
    kt_jw_key(w, "refuges");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < p->mine->stations_n; i++) {
        const struct kt_station *s = &p->mine->station[i];
        if (s->kind == KT_STATION_REFUGE) {
            kt_jw_obj(w);
            kt_jw_kstr(w, "id", s->id);
            kt_jw_kint(w, "capacity", s->capacity);
            kt_jw_kint(w, "given", p->escape.taken[i]);
            kt_jw_kint(w, "room", p->refuge[i].room);
            kt_jw_kstr(w, "state", kinds[p->refuge[i].kind]);
            kt_jw_kbool(w, "known", !p->refuge[i].unknown);
            kt_jw_ktext(w, "why", p->refuge[i].en);
            kt_jw_ktext(w, "why_zh", p->refuge[i].zh);
            kt_jw_obj_end(w);
        }
    }
    kt_jw_arr_end(w);
}

static void sentence(const struct evacuate_plan *p, uint32_t person, uint32_t place, double most_s,
                     struct kt_jw *w)
{
    const struct kt_escape_route *r = &p->escape.route[person];
    uint32_t passed = p->passed[person];
    const struct kt_place *at = &p->mine->site->places[place];
    char zh[700], en[700];
    bool safe = r->verdict != KT_ESCAPE_NOT_SAFE;
    if (r->goal == KT_NONE) {
        (void)snprintf(zh, sizeof(zh), "%s，目前没有安全的撤离路线。", at->name.zh);
        (void)snprintf(en, sizeof(en), "%s: no way is safe at present.", at->name.en);
    } else {
        int minutes = (int)ceil(most_s / 60);
        (void)snprintf(zh, sizeof(zh),
                       safe ? "%s人员，请撤往%s，约%d分钟。"
                            : "%s，目前没有安全的撤离路线，最近的去处是%s，约%d分钟。",
                       at->name.zh, goal_name(p->mine, r->goal, true), minutes);
        (void)snprintf(en, sizeof(en),
                       safe ? "%s: go to %s, %d min."
                            : "%s: no way is safe at present; the nearest is %s, %d min.",
                       at->name.en, goal_name(p->mine, r->goal, false), minutes);
    }
    if (passed != KT_NONE) {
        size_t n = strlen(zh), k = strlen(en);
        (void)snprintf(zh + n, sizeof(zh) - n, "不要去%s：%s。", goal_name(p->mine, passed, true),
                       p->refuge[passed].zh);
        (void)snprintf(en + k, sizeof(en) - k, " Not to %s: %s.", goal_name(p->mine, passed, false),
                       p->refuge[passed].en);
    }
    kt_jw_obj(w);
    kt_jw_kstr(w, "place", at->id);
    kt_jw_kstr(w, "text", zh);
    kt_jw_kstr(w, "text_en", en);
    kt_jw_obj_end(w);
}

/* One sentence for each place and goal. */
static void write_words(const struct evacuate_plan *p, struct kt_jw *w)
{
    const struct kt_site *s = p->mine->site;
    bool *said = calloc(p->n + 1, sizeof(*said));
    KT_ASSERT(said);
    kt_jw_key(w, "words");
    kt_jw_arr(w);
    for (uint32_t k = 0; k < p->n; k++) {
        uint32_t i = p->order[k];
        const struct kt_escape_route *r = &p->escape.route[i];
        kt_place_id at = kt_site_place(s, kt_json_strn(kt_json_get(p->item[i], "place")));
        double most = r->time_s;
        if (said[i] || r->verdict == KT_ESCAPE_UNKNOWN || at.v == KT_NONE) {
            continue;
        }
        for (uint32_t j = 0; j < p->n; j++) {
            const struct kt_escape_route *x = &p->escape.route[j];
            if (x->goal == r->goal && x->verdict == r->verdict && p->passed[j] == p->passed[i] &&
                kt_str_is(kt_json_strn(kt_json_get(p->item[j], "place")), s->places[at.v].id)) {
                said[j] = true;
                most = x->time_s > most ? x->time_s : most;
            }
        }
        sentence(p, i, at.v, most, w);
    }
    kt_jw_arr_end(w);
    free(said);
}

void evacuate_plan_write(const struct evacuate_plan *p, uint64_t evacuation, struct kt_jw *w)
{
    const uint32_t *n = p->escape.by_verdict;
    kt_jw_obj(w);
    kt_jw_kint(w, "evacuation", (int64_t)evacuation);
    kt_jw_kint(w, "persons", p->n);
    kt_jw_kint(w, "safe", (int64_t)n[KT_ESCAPE_EXIT] + n[KT_ESCAPE_REFUGE]);
    kt_jw_kint(w, "exit", n[KT_ESCAPE_EXIT]);
    kt_jw_kint(w, "refuge", n[KT_ESCAPE_REFUGE]);
    kt_jw_kint(w, "not_safe", n[KT_ESCAPE_NOT_SAFE]);
    kt_jw_kint(w, "unknown", n[KT_ESCAPE_UNKNOWN]);
    kt_jw_kstr(w, "smoke", smoke_name(p));
    kt_jw_knum(w, "took_ms", p->took_ms);
    write_routes(p, w);
    write_ways(p, w);
    write_refuges(p, w);
    write_words(p, w);
    kt_jw_obj_end(w);
}
