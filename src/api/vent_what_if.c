/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POST /vent/what-if: the airflow as it is and as it would be with fans, doors and resistances set
 * otherwise, and where smoke would come. All of it on a copy: nothing is written, sent or kept.
 */
#include <math.h>
#include <string.h>

#include "api/handlers.h"
#include "api/vent.h"
#include "domain/vent/carry.h"
#include "domain/vent/whatif.h"

enum { CHANGES_MAX = 256, MINUTES_USUAL = 60, MINUTES_MAX = 240 };

struct what_if {
    struct call *c;
    struct vent_model *m; /* held */
    struct kt_airways airways;
    struct kt_airway_state *state;
    double *r_part; /* of resistances, by the measured wind */
    struct kt_vent_branch *before_branch, *after_branch;
    struct kt_vent_change change[CHANGES_MAX];
    uint32_t changes_n;
    struct kt_vent_change *turned; /* fans that blow backwards as it is */
    uint32_t turned_n;
    struct kt_vent_flow before, after;
    bool after_solved;
    char text[400]; /* why there is no after, or what is odd about it */
    uint32_t fire;  /* branch; KT_NONE: none */
    double minutes;
    double *smoke_before, *smoke_after; /* by node, s; NULL: not found */
    char smoke_text[300];               /* why it was not found; "" it was */
};

/* ---- what is asked --------------------------------------------------------------------------- */

static uint32_t airway_of(const struct what_if *w, const char *id)
{
    for (uint32_t b = 0; b < w->airways.n; b++) {
        if (strcmp(w->airways.airway[b].id, id) == 0) {
            return b;
        }
    }
    return KT_NONE;
}

static bool sees(const struct what_if *w, uint32_t b)
{
    uint32_t place = w->airways.airway[b].place;
    return place == KT_NONE ? may_see_all(w->c) : may_see(w->c, (kt_place_id){place});
}

/** An airway that the person sees; else KT_NONE, answered. */
static uint32_t asked(const struct what_if *w, const struct kt_json *at)
{
    const char *id = kt_json_get_str(at, "airway", "");
    uint32_t b = airway_of(w, id);
    if (b == KT_NONE || !sees(w, b)) {
        reply_code(w->c->req, KT_ENOTFOUND, "there is no airway \"%s\"", id);
        return KT_NONE;
    }
    return b;
}

static bool set_fan(struct what_if *w, uint32_t b, const char *to)
{
    static const char *const words[] = {"run", "stop", "reverse"};
    if (w->airways.airway[b].fans_n == 0) {
        reply_code(w->c->req, KT_EINVAL, "%s has no fan", w->airways.airway[b].id);
        return false;
    }
    if (strcmp(to, "reverse") == 0 && !w->airways.branch[b].fan) {
        reply_code(w->c->req, KT_EINVAL, "%s: the fan has no curve to reverse",
                   w->airways.airway[b].id);
        return false;
    }
    for (size_t i = 0; i < KT_ARRAY_LEN(words); i++) {
        if (strcmp(to, words[i]) == 0) {
            w->state[b].fan = i != 1;
            if (i == 2) {
                w->change[w->changes_n++] =
                    (struct kt_vent_change){KT_VENT_REVERSE_FAN, b, KT_VENT_REVERSED_PART};
            }
            return true;
        }
    }
    reply_code(w->c->req, KT_EINVAL, "fan: run, stop or reverse, not \"%s\"", to);
    return false;
}

static bool set_doors(struct what_if *w, uint32_t b, const struct kt_json *v)
{
    int64_t open;
    if (!kt_json_int(v, &open) || open < 0 || open > w->airways.airway[b].doors_n) {
        reply_code(w->c->req, KT_EINVAL, "doors_open of %s: 0 to %u leaves",
                   w->airways.airway[b].id, w->airways.airway[b].doors_n);
        return false;
    }
    w->state[b].open = (uint8_t)open;
    return true;
}

static bool set_r(struct what_if *w, uint32_t b, const struct kt_json *v)
{
    double r;
    if (!kt_json_num(v, &r) || !(r >= 0 && r < 1e9)) {
        reply_code(w->c->req, KT_EINVAL, "r of %s: a resistance in N s2/m8, 0 or more",
                   w->airways.airway[b].id);
        return false;
    }
    w->change[w->changes_n++] = (struct kt_vent_change){KT_VENT_SET_R, b, r};
    return true;
}

static bool read_change(struct what_if *w, const struct kt_json *at)
{
    uint32_t b = asked(w, at);
    const char *fan = kt_json_get_str(at, "fan", NULL);
    const struct kt_json *doors = kt_json_get(at, "doors_open"), *r = kt_json_get(at, "r");
    if (b == KT_NONE) {
        return false;
    }
    if (!fan && !doors && !r) {
        reply_code(w->c->req, KT_EINVAL, "%s: say fan, doors_open or r", w->airways.airway[b].id);
        return false;
    }
    return (!fan || set_fan(w, b, fan)) && (!doors || set_doors(w, b, doors)) &&
           (!r || set_r(w, b, r));
}

static bool read_fire(struct what_if *w)
{
    const struct kt_json *fire = kt_json_get(w->c->body, "fire");
    w->fire = KT_NONE;
    w->minutes = MINUTES_USUAL;
    if (!fire) {
        return true;
    }
    w->fire = asked(w, fire);
    if (w->fire == KT_NONE) {
        return false;
    }
    const struct kt_json *minutes = kt_json_get(fire, "minutes");
    if (minutes &&
        (!kt_json_num(minutes, &w->minutes) || !(w->minutes >= 1 && w->minutes <= MINUTES_MAX))) {
        reply_code(w->c->req, KT_EINVAL, "fire.minutes: 1 to %d", MINUTES_MAX);
        return false;
    }
    return true;
}

static bool read_asked(struct what_if *w)
{
    const struct kt_json *set = kt_json_get(w->c->body, "set");
    if (set && kt_json_kind(set) != KT_JSON_ARRAY) {
        reply_code(w->c->req, KT_EINVAL, "set: a list of changes");
        return false;
    }
    if (kt_json_len(set) > CHANGES_MAX / 2) {
        reply_code(w->c->req, KT_ELIMIT, "set: at most %d changes", CHANGES_MAX / 2);
        return false;
    }
    for (size_t i = 0; i < kt_json_len(set); i++) {
        if (!read_change(w, kt_json_at(set, i))) {
            return false;
        }
    }
    return read_fire(w);
}

/* ---- what comes of it ------------------------------------------------------------------------ */

static bool solve_before(struct what_if *w)
{
    struct kt_vent_net net = w->airways.net;
    struct kt_err err;
    net.branch = w->before_branch;
    int r = kt_vent_what_if(&net, w->turned, w->turned_n, w->c->arena, &w->before, &err);
    if (r < 0) {
        kt_err_set(&err, KT_ESTATE, "the airflow as it is cannot be solved: %s",
                   kt_err_str(&err, w->text, sizeof(w->text)));
        reply_err(w->c->req, &err);
    }
    return r == KT_OK;
}

static void solve_after(struct what_if *w)
{
    struct kt_vent_net net = w->airways.net;
    struct kt_err err;
    vent_branches(&w->airways, w->state, w->r_part, w->after_branch);
    net.branch = w->after_branch;
    struct kt_vent_change *all =
        KT_NEW_ARRAY(w->c->arena, struct kt_vent_change, w->airways.n + CHANGES_MAX);
    uint32_t n = kt_airways_turned(&w->airways, w->state, all);
    memcpy(&all[n], w->change, w->changes_n * sizeof(*all));
    int r = kt_vent_what_if(&net, all, n + w->changes_n, w->c->arena, &w->after, &err);
    w->after_solved = r == KT_OK;
    if (r < 0) {
        kt_err_str(&err, w->text, sizeof(w->text));
    } else {
        kt_vent_explain(&net, &w->after, w->text, sizeof(w->text));
    }
}

/** Smoke of a fire in a roadway, from where its air leaves that roadway. */
static double *smoke(struct what_if *w, const struct kt_vent_flow *flow)
{
    const struct kt_vent_branch *e = &w->airways.branch[w->fire];
    uint32_t n = w->airways.n, node = flow->q_m3s[w->fire] >= 0 ? e->to : e->from;
    double *volume = KT_NEW_ARRAY(w->c->arena, double, n + 1);
    double *at = KT_NEW_ARRAY(w->c->arena, double, w->airways.net.nodes_n + 1);
    struct kt_err err;
    for (uint32_t b = 0; b < n; b++) {
        volume[b] = w->airways.airway[b].length_m * w->airways.airway[b].section_m2;
    }
    int r =
        kt_vent_carry_arrival(&w->airways.net, flow->q_m3s, volume, node, 1, KT_VENT_SMOKE_LEAST,
                              KT_VENT_SMOKE_STEP_S, w->minutes * 60, at, &err);
    if (r < 0) {
        kt_err_str(&err, w->smoke_text, sizeof(w->smoke_text));
    }
    return r == KT_OK ? at : NULL;
}

static void smokes(struct what_if *w)
{
    if (w->fire != KT_NONE) {
        w->smoke_before = smoke(w, &w->before);
        w->smoke_after = w->after_solved ? smoke(w, &w->after) : NULL;
    }
}

/* ---- the answer ------------------------------------------------------------------------------ */

/** When smoke is where the air enters a roadway, in minutes; null when it does not come, and when
 *  that was not found (`smoke` of the answer says which). */
static void write_smoke(const struct what_if *w, const double *at, double q, uint32_t b,
                        struct kt_jw *j)
{
    const struct kt_vent_branch *e = &w->airways.branch[b];
    bool still = fabs(q) < KT_VENT_STILL_M3S;
    double s = !at            ? NAN
               : b == w->fire ? 0
               : still        ? fmin(at[e->from], at[e->to])
               : q >= 0       ? at[e->from]
                              : at[e->to];
    kt_jw_knum(j, "smoke_min", isfinite(s) ? round(s / 60 * 100) / 100 : NAN);
}

static void write_state(const struct what_if *w, const char *key, const struct kt_vent_flow *flow,
                        const double *at, uint32_t b, struct kt_jw *j)
{
    const struct kt_airway *a = &w->airways.airway[b];
    double q = flow->q_m3s[b], speed = a->section_m2 > 0 ? q / a->section_m2 : NAN;
    kt_jw_key(j, key);
    kt_jw_obj(j);
    kt_jw_knum(j, "flow", q);
    kt_jw_knum(j, "speed", speed);
    kt_jw_knum(j, "drop", flow->drop_pa[b]);
    kt_jw_kstr(j, "need", vent_need(a, speed));
    if (w->fire != KT_NONE) {
        write_smoke(w, at, q, b, j);
    }
    kt_jw_obj_end(j);
}

static void write_item(const struct what_if *w, uint32_t b, struct kt_jw *j)
{
    uint32_t place = w->airways.airway[b].place;
    kt_jw_obj(j);
    kt_jw_kstr(j, "id", w->airways.airway[b].id);
    kt_jw_kstr(j, "place", place == KT_NONE ? NULL : w->c->site->places[place].id);
    write_state(w, "before", &w->before, w->smoke_before, b, j);
    if (w->after_solved) {
        double q0 = w->before.q_m3s[b], q1 = w->after.q_m3s[b];
        write_state(w, "after", &w->after, w->smoke_after, b, j);
        kt_jw_kbool(j, "turned",
                    q0 * q1 < 0 && fabs(q0) >= KT_VENT_STILL_M3S && fabs(q1) >= KT_VENT_STILL_M3S);
    }
    kt_jw_obj_end(j);
}

static void answer(const struct what_if *w)
{
    struct kt_buf out;
    kt_buf_init(&out, 0);
    struct kt_jw j = kt_jw_init(&out);
    kt_jw_obj(&j);
    kt_jw_kstr(&j, "state",
               !w->after_solved                   ? "failed"
               : w->after.state == KT_VENT_SOLVED ? "solved"
                                                  : "stalled");
    kt_jw_kstr(&j, "text", w->text);
    kt_jw_kstr(&j, "smoke", w->fire == KT_NONE ? "none" : w->smoke_text[0] ? "unknown" : "solved");
    kt_jw_kstr(&j, "smoke_text", w->smoke_text);
    kt_jw_kint(&j, "at", kt_runtime_now(w->c->api->opts.runtime) / KT_MS);
    kt_jw_key(&j, "items");
    kt_jw_arr(&j);
    for (uint32_t b = 0; b < w->airways.n; b++) {
        if (sees(w, b)) {
            write_item(w, b, &j);
        }
    }
    kt_jw_arr_end(&j);
    kt_jw_obj_end(&j);
    reply_buf(w->c, 200, &out);
}

/** The roadways and their present state, as the runner last saw them. */
static bool copy_model(struct what_if *w)
{
    const struct vent_model *m = vent_lock(w->c->api->vent);
    bool has = m && m->site == w->c->site && m->airways.n > 0;
    if (has) {
        w->m = vent_hold(m);
        w->airways = m->airways;
        w->state = KT_NEW_ARRAY(w->c->arena, struct kt_airway_state, m->airways.n);
        memcpy(w->state, m->state, m->airways.n * sizeof(*w->state));
        w->r_part = KT_NEW_ARRAY(w->c->arena, double, m->airways.n);
        memcpy(w->r_part, m->r_part, m->airways.n * sizeof(*w->r_part));
    }
    vent_unlock(w->c->api->vent);
    if (!has) {
        struct kt_buf out;
        kt_buf_init(&out, 256);
        kt_buf_puts(&out,
                    "{\"state\":\"none\",\"text\":\"the site has no roadways for air: "
                    "airways.csv\",\"smoke\":\"none\",\"smoke_text\":\"\",\"at\":0,\"items\":[]}");
        reply_buf(w->c, 200, &out);
    }
    return has;
}

void post_vent_what_if(struct call *c)
{
    struct what_if *w = KT_NEW(c->arena, struct what_if);
    w->c = c;
    if (!copy_model(w)) {
        return;
    }
    w->before_branch = KT_NEW_ARRAY(c->arena, struct kt_vent_branch, w->airways.n);
    w->after_branch = KT_NEW_ARRAY(c->arena, struct kt_vent_branch, w->airways.n);
    vent_branches(&w->airways, w->state, w->r_part, w->before_branch);
    w->turned = KT_NEW_ARRAY(c->arena, struct kt_vent_change, w->airways.n + 1);
    w->turned_n = kt_airways_turned(&w->airways, w->state, w->turned);
    if (read_asked(w) && solve_before(w)) {
        solve_after(w);
        smokes(w);
        answer(w);
    }
    vent_release(c->api->vent, w->m);
}
