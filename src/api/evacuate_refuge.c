/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evacuate_refuge: which refuges are a goal. One whose air is beyond its limits, that leaks, that
 * is out of use or full is none, and it is said why.
 */
#include <string.h>

#include "api/evacuate_plan.h"

struct looking {
    const struct kt_mine *m;
    const struct kt_live *live;
    struct kt_arena *arena;
    const uint32_t *points; /* of a refuge, whichever */
    uint32_t points_n;
    struct refuge *to;
    bool shut;       /* its door is known to be shut */
    uint32_t inside; /* as its counter says */
};

/* The last that it said; false: never anything. */
static bool said(struct looking *l, uint32_t point, double *ret)
{
    struct kt_live_value v = kt_live_get(l->live, (kt_point_id){point});
    l->to->unknown |= !kt_q_known(v.quality);
    *ret = v.value;
    return v.quality != KT_Q_NEVER;
}

static bool beyond(const struct kt_point *p, double v, kt_quality q)
{
    const struct kt_limits *l = p->limits;
    if (!l) {
        return false;
    }
    return (l->has[KT_LIMIT_ALARM] && (v >= l->value[KT_LIMIT_ALARM] || q == KT_Q_OVER_RANGE)) ||
           (l->has[KT_LIMIT_LOW_ALARM] && v < l->value[KT_LIMIT_LOW_ALARM]);
}

static void judge(struct looking *l, enum refuge_kind kind, const char *zh, const char *en)
{
    if (l->to->kind == REFUGE_OK) {
        l->to->kind = kind;
        l->to->zh = zh;
        l->to->en = en;
    }
}

static void look_at_air(struct looking *l, uint32_t i)
{
    static const char *const air[] = {"refuge.o2", "refuge.co2", "refuge.co"};
    const struct kt_point *p = &l->m->site->points[i];
    kt_quality q = kt_live_get(l->live, (kt_point_id){i}).quality;
    double v;
    bool is_air = strcmp(p->role->id, "refuge.pressure") == 0 && l->shut;
    for (size_t k = 0; k < KT_ARRAY_LEN(air); k++) {
        is_air |= strcmp(p->role->id, air[k]) == 0;
    }
    if (is_air && said(l, i, &v) && beyond(p, v, q)) {
        judge(l, REFUGE_FAULTY,
              kt_arena_printf(l->arena, "%s %.4g %s，超过限值", p->role->title.zh, v, p->unit),
              kt_arena_printf(l->arena, "%s %.4g %s is beyond its limit", p->role->title.en, v,
                              p->unit));
    }
}

static void look_at_switches(struct looking *l, uint32_t i)
{
    const char *role = l->m->site->points[i].role->id;
    double v;
    if (strcmp(role, "refuge.closed") == 0 && said(l, i, &v) && v != 0) {
        judge(l, REFUGE_CLOSED, "已停用", "it is out of use");
    } else if (strcmp(role, "refuge.door") == 0) {
        l->shut = said(l, i, &v) && v == 0;
    } else if (strcmp(role, "refuge.inside") == 0 && said(l, i, &v) && v > 0) {
        l->inside = (uint32_t)(v < 1e6 ? v : 1e6);
    }
}

static void each_point(struct looking *l, kt_place_id place,
                       void (*fn)(struct looking *l, uint32_t point))
{
    for (uint32_t i = 0; i < l->points_n; i++) {
        if (l->m->site->points[l->points[i]].place.v == place.v) {
            fn(l, l->points[i]);
        }
    }
}

/* Those who are at the place are led into it as others are: its counter has them already. */
static uint32_t persons_at(const struct looking *l, kt_place_id place, const struct kt_json *items)
{
    uint32_t n = 0;
    for (size_t i = 0; i < kt_json_len(items); i++) {
        const struct kt_json *item = kt_json_at(items, i);
        n += kt_json_get_bool(item, "leaves", false) &&
             strcmp(kt_json_get_str(item, "place", ""), l->m->site->places[place.v].id) == 0;
    }
    return n;
}

static void look(struct looking *l, const struct kt_station *st, const struct kt_json *items)
{
    kt_place_id place = {l->m->way[st->way].place};
    l->to->room = st->capacity;
    if (place.v == KT_NONE) {
        return;
    }
    each_point(l, place, look_at_switches);
    each_point(l, place, look_at_air);
    uint32_t known = persons_at(l, place, items);
    uint32_t others = l->inside > known ? l->inside - known : 0;
    l->to->room = others < st->capacity ? st->capacity - others : 0;
    if (st->capacity && !l->to->room) {
        judge(l, REFUGE_FULL,
              kt_arena_printf(l->arena, "已满：%u 人，额定 %u 人", l->inside, st->capacity),
              kt_arena_printf(l->arena, "it is full: %u inside, room for %u", l->inside,
                              st->capacity));
    }
}

/* Looked for once: a site has many points, and few of refuges. */
static const uint32_t *find_points(const struct kt_site *s, struct kt_arena *arena, uint32_t *ret_n)
{
    uint32_t *list = KT_NEW_ARRAY(arena, uint32_t, s->points_n + 1), n = 0;
    for (uint32_t i = 0; i < s->points_n; i++) {
        if (!s->points[i].ended && strncmp(s->points[i].role->id, "refuge.", 7) == 0) {
            list[n++] = i;
        }
    }
    *ret_n = n;
    return list;
}

struct refuge *evacuate_refuges(const struct kt_mine *m, const struct kt_live *live,
                                const struct kt_json *items, struct kt_arena *arena)
{
    struct refuge *all = KT_NEW_ARRAY(arena, struct refuge, m->stations_n + 1);
    uint32_t n;
    const uint32_t *points = find_points(m->site, arena, &n);
    for (uint32_t i = 0; i < m->stations_n; i++) {
        all[i] = (struct refuge){.zh = "", .en = ""};
        if (m->station[i].kind == KT_STATION_REFUGE && m->station[i].way < m->ways_n) {
            struct looking l = {m, live, arena, points, n, &all[i], false, 0};
            look(&l, &m->station[i], items);
        }
    }
    return all;
}
