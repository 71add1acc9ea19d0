/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What air a place has against the persons in it: at least 4 m3/min each (煤矿安全规程), and how
 * much that is for each tonne its belt carries. A place is one that has a count of persons (pack
 * personnel); its air is the largest flow through one of its roadways.
 */
#include <math.h>
#include <string.h>

#include "api/vent.h"

#define PERSON_M3S (4.0 / 60)
/* The figure was read, its article's number was not. */
static const struct kt_source person_source = {"煤矿安全规程", "2016",
                                               "第138条 每人每分钟供给风量不少于 4 m³", false};

/* The air through a place; NAN: not known. */
static double air_of(const struct vent_model *m, kt_place_id place)
{
    double most = (double)NAN;
    for (uint32_t b = 0; m->solved && !m->failed && b < m->airways.n; b++) {
        kt_place_id at = {m->airways.airway[b].place};
        if (at.v != KT_NONE && kt_site_within(m->site, at, place)) {
            most = fmax(most, fabs(m->q_m3s[b])); /* of NAN and a number the number */
        }
    }
    return most;
}

static double known_value(struct kt_live *live, uint32_t point)
{
    struct kt_live_value v = kt_live_get(live, (kt_point_id){point});
    return kt_q_known(v.quality) ? v.value : (double)NAN;
}

/* What the belts of a place carry, t/h: the one that carries most; NAN: none is known. */
static double tonnes_of(const struct vent_model *m, struct kt_live *live, kt_place_id place)
{
    double most = (double)NAN;
    for (uint32_t p = 0; p < m->site->points_n; p++) {
        const struct kt_point *point = &m->site->points[p];
        if (!point->ended && strcmp(point->role->id, "belt.load") == 0 &&
            kt_site_within(m->site, point->place, place)) {
            most = fmax(most, known_value(live, p));
        }
    }
    return most;
}

static void write_need(const struct vent_model *m, struct kt_live *live, uint32_t p,
                       struct kt_jw *w)
{
    kt_place_id place = m->site->points[p].place;
    double air = air_of(m, place), persons = known_value(live, p);
    double tph = tonnes_of(m, live, place), need = persons * PERSON_M3S;
    kt_jw_obj(w);
    kt_jw_kstr(w, "place", m->site->places[place.v].id);
    kt_jw_knum(w, "flow", air);
    kt_jw_knum(w, "persons", persons);
    kt_jw_knum(w, "persons_need", need);
    kt_jw_knum(w, "per_person", persons > 0 ? air * 60 / persons : (double)NAN);
    kt_jw_knum(w, "tonnes", tph);
    kt_jw_knum(w, "per_tonne", tph > 0 ? air * 3600 / tph : (double)NAN);
    kt_jw_kstr(w, "need", isnan(air) || isnan(persons) ? "unknown" : air < need ? "low" : "ok");
    kt_jw_obj_end(w);
}

void vent_write_needs(struct call *c, const struct vent_model *m, struct kt_jw *w)
{
    struct kt_live *live = kt_runtime_live(c->api->opts.runtime);
    kt_source_json(w, "needs_source", &person_source);
    kt_jw_key(w, "needs");
    kt_jw_arr(w);
    for (uint32_t p = 0; m && m->airways.n && p < m->site->points_n; p++) {
        const struct kt_point *point = &m->site->points[p];
        if (!point->ended && strcmp(point->role->id, "people.below") == 0 &&
            point->place.v != KT_NONE && p < kt_live_count(live) && may_see(c, point->place)) {
            write_need(m, live, p, w);
        }
    }
    kt_jw_arr_end(w);
}
