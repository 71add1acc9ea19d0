/* SPDX-License-Identifier: Apache-2.0 */
/* GET /vent: the airflow of every roadway, and where air from a place comes to. */
#include <math.h>
#include <string.h>

#include "api/handlers.h"
#include "api/vent.h"

struct kt_vent_known vent_known(const struct vent_model *m)
{
    return (struct kt_vent_known){.q_m3s = m->solved ? m->q_m3s : NULL,
                                  .solved = m->at,
                                  .outstanding = m->outstanding,
                                  .failed = m->failed,
                                  .design = m->design,
                                  .stopped = m->stopped,
                                  .unsure = m->unsure,
                                  .turned = m->turned};
}

static const char *state_name(const struct vent_model *m, kt_time now)
{
    if (!m || !m->present) {
        return "none";
    }
    if (m->failed) {
        return "failed";
    }
    struct kt_vent_known k = vent_known(m);
    enum kt_air_basis basis = kt_vent_basis(&k, now);
    return basis == KT_AIR_BY_SOLUTION ? "solved" : kt_air_basis_id(basis);
}

/** What the regulations want of its speed. */
const char *vent_need(const struct kt_airway *a, double speed)
{
    if (!isfinite(speed)) {
        return "unknown";
    }
    if (a->max_m_s > 0 && fabs(speed) > a->max_m_s) {
        return "high";
    }
    return a->min_m_s > 0 && fabs(speed) < a->min_m_s ? "low" : "ok";
}

static void write_sensor(const struct vent_model *m, uint32_t b, struct kt_jw *w)
{
    const struct kt_airway *a = &m->airways.airway[b];
    if (!m->solved || a->wind == KT_NONE || !isfinite(m->wind_q[b])) {
        return;
    }
    kt_jw_key(w, "wind");
    kt_jw_obj(w);
    kt_jw_kstr(w, "point", m->site->points[a->wind].id);
    kt_jw_knum(w, "speed", m->wind_q[b] / a->section_m2);
    kt_jw_knum(w, "normalised", m->normal[b]);
    kt_jw_kbool(w, "contradicts", m->contradicts[b]);
    kt_jw_obj_end(w);
}

static void write_airway(const struct vent_model *m, uint32_t b, struct kt_jw *w)
{
    static const char *const fans[] = {"unknown", "off", "on", "back"};
    const struct kt_airway *a = &m->airways.airway[b];
    const struct kt_vent_branch *e = &m->airways.branch[b];
    double q = m->solved ? m->q_m3s[b] : NAN;
    double speed = a->section_m2 > 0 ? q / a->section_m2 : NAN;
    kt_jw_obj(w);
    kt_jw_kstr(w, "id", a->id);
    kt_jw_kstr(w, "place", a->place == KT_NONE ? NULL : m->site->places[a->place].id);
    kt_jw_kstr(w, "from", m->airways.net.node_name[e->from]);
    kt_jw_kstr(w, "to", m->airways.net.node_name[e->to]);
    kt_jw_knum(w, "flow", q);
    kt_jw_knum(w, "design", a->design_m3s);
    kt_jw_knum(w, "speed", speed);
    kt_jw_knum(w, "drop", m->solved ? m->drop_pa[b] : NAN);
    kt_jw_knum(w, "r_part", m->reconciled ? m->r_part[b] : NAN);
    kt_jw_kstr(w, "need", vent_need(a, speed));
    kt_jw_knum(w, "min", a->min_m_s > 0 ? a->min_m_s : NAN);
    kt_jw_knum(w, "max", a->max_m_s > 0 ? a->max_m_s : NAN);
    if (a->fans_n) {
        kt_jw_kstr(w, "fan", fans[m->state[b].fan + 1]);
    }
    if (a->doors_n) {
        kt_jw_kint(w, "doors", a->doors_n);
        kt_jw_kint(w, "doors_open", m->state[b].open);
    }
    write_sensor(m, b, w);
    kt_jw_obj_end(w);
}

/** A roadway without a place is for those who see all. */
static bool may_see_airway(struct call *c, const struct vent_model *m, uint32_t b)
{
    uint32_t place = m->airways.airway[b].place;
    return place == KT_NONE ? may_see_all(c) : may_see(c, (kt_place_id){place});
}

static void write_reached(struct call *c, const struct vent_model *m, const bool *reached,
                          struct kt_jw *w)
{
    bool *seen = KT_NEW_ARRAY(c->arena, bool, m->site->places_n + 1);
    kt_jw_key(w, "places");
    kt_jw_arr(w);
    for (uint32_t b = 0; b < m->airways.n; b++) {
        uint32_t place = m->airways.airway[b].place;
        if (reached[b] && place != KT_NONE && !seen[place] && may_see_airway(c, m, b)) {
            seen[place] = true;
            kt_jw_str(w, m->site->places[place].id);
        }
    }
    kt_jw_arr_end(w);
    kt_jw_key(w, "airways");
    kt_jw_arr(w);
    for (uint32_t b = 0; b < m->airways.n; b++) {
        if (reached[b] && may_see_airway(c, m, b)) {
            kt_jw_str(w, m->airways.airway[b].id);
        }
    }
    kt_jw_arr_end(w);
}

static void write_downstream(struct call *c, const struct vent_model *m, kt_place_id place,
                             kt_time now, struct kt_jw *w)
{
    uint32_t n = m->airways.n;
    bool *from = KT_NEW_ARRAY(c->arena, bool, n + 1),
         *reached = KT_NEW_ARRAY(c->arena, bool, n + 1);
    for (uint32_t b = 0; b < n; b++) {
        uint32_t p = m->airways.airway[b].place;
        from[b] = p != KT_NONE && kt_site_within(m->site, (kt_place_id){p}, place);
    }
    struct kt_vent_known k = vent_known(m);
    enum kt_air_basis basis = kt_vent_downstream(&m->airways.net, &k, now, from, reached);
    kt_jw_obj(w);
    kt_jw_kstr(w, "place", m->site->places[place.v].id);
    kt_jw_kstr(w, "text", kt_vent_basis_text(basis, false));
    kt_jw_kstr(w, "text_zh", kt_vent_basis_text(basis, true));
    write_reached(c, m, reached, w);
    kt_jw_obj_end(w);
}

static void write_items(struct call *c, const struct vent_model *m, struct kt_jw *w)
{
    kt_jw_key(w, "items");
    kt_jw_arr(w);
    for (uint32_t b = 0; m && b < m->airways.n; b++) {
        if (may_see_airway(c, m, b)) {
            write_airway(m, b, w);
        }
    }
    kt_jw_arr_end(w);
}

static void write_all(struct call *c, const struct vent_model *m, kt_place_id place,
                      struct kt_jw *w)
{
    kt_time now = kt_runtime_now(c->api->opts.runtime);
    kt_jw_obj(w);
    kt_jw_kstr(w, "state", state_name(m, now));
    kt_jw_kstr(w, "text", m ? m->text : "");
    kt_jw_key(w, "at");
    if (m && m->solved) {
        kt_jw_int(w, m->at / KT_MS);
    } else {
        kt_jw_null(w);
    }
    kt_jw_knum(w, "took_ms", m ? m->took_ms : NAN);
    write_items(c, m, w);
    vent_write_needs(c, m, w);
    if (place.v != KT_NONE && m && m->airways.n) {
        kt_jw_key(w, "downstream");
        write_downstream(c, m, place, now, w);
    }
    kt_jw_obj_end(w);
}

void get_vent(struct call *c)
{
    struct kt_buf out;
    const char *id = kt_http_query(c->req, "downstream");
    kt_place_id place = kt_site_place(c->site, kt_str_c(id ? id : ""));
    if (id && (place.v == KT_NONE || !may_see(c, place))) {
        reply_code(c->req, KT_ENOTFOUND, "there is no place \"%s\"", id);
        return;
    }
    kt_buf_init(&out, 0);
    struct kt_jw w = kt_jw_init(&out);
    const struct vent_model *m = vent_lock(c->api->vent);
    write_all(c, m && m->site == c->site ? m : NULL, place, &w);
    vent_unlock(c->api->vent);
    reply_buf(c, 200, &out);
}
