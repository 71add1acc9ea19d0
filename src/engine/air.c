/* SPDX-License-Identifier: Apache-2.0 */
/* air: what is known of the roadways' air, and its news. */
#include "engine/air.h"

#include "base/arena.h"
#include "conf/csv.h"

/* ---- what is known --------------------------------------------------------------------------- */

static bool in_force(const struct air *a)
{
    for (uint32_t b = 0; b < a->ways.n; b++) {
        if (a->state[b].fan != a->known[b].fan || a->state[b].open != a->known[b].open) {
            return false;
        }
    }
    return true;
}

struct kt_vent_known air_known(const struct air *a)
{
    bool now = in_force(a);
    return (struct kt_vent_known){.q_m3s = a->solved ? a->q : NULL,
                                  .solved = a->at,
                                  .outstanding = !now,
                                  .failed = now && a->failed,
                                  .design = a->design,
                                  .stopped = a->stopped,
                                  .unsure = a->unsure,
                                  .turned = a->turned};
}

/* A fan or a door by its run or contact point. */
static bool value_of(void *arg, uint32_t point, double *ret)
{
    const struct eng *e = arg;
    const struct kt_live_value *v = kt_live_peek(e->live, (kt_point_id){point});
    *ret = v->value;
    return kt_q_known(v->quality);
}

void eng_air_look(struct eng *e)
{
    struct air *a = e->air;
    bool was = a->unsure;
    a->unsure = a->turned = false;
    for (uint32_t b = 0; b < a->ways.n; b++) {
        struct kt_airway_state now = kt_airway_look(&a->ways.airway[b], value_of, e);
        a->moved |= now.fan != a->state[b].fan || now.open != a->state[b].open;
        a->state[b] = now;
        a->stopped[b] = now.fan != 1;
        a->turned |= now.fan == 2;
        a->unsure |= kt_airway_unsure(&a->ways.airway[b], value_of, e);
    }
    a->moved |= a->unsure != was;
}

/* ---- news ------------------------------------------------------------------------------------ */

static void say_airflow(struct eng *e)
{
    const struct air *a = e->air;
    struct kt_jw *w = eng_say(e, "airflow");
    kt_jw_kstr(w, "basis", kt_air_basis_id(a->basis));
    if (a->solved) {
        kt_jw_kint(w, "flows", (int64_t)a->flows_from);
        kt_jw_ktime(w, "at", a->at);
    }
    if (a->basis == KT_AIR_BY_FAILED) {
        kt_jw_kstr(w, "text", a->why);
    }
    eng_said(e);
}

static void eval_users(struct eng *e)
{
    for (uint32_t i = 0; i < e->air->users_n; i++) {
        eng_eval(e, e->air->user[i]);
        eng_band(e, e->inst[e->air->user[i]].self);
    }
}

void eng_air_settle(struct eng *e)
{
    struct air *a = e->air;
    if (!a || !a->moved) {
        return;
    }
    a->moved = false;
    struct kt_vent_known k = air_known(a);
    enum kt_air_basis before = a->basis;
    a->basis = kt_vent_basis(&k, e->now);
    air_renew(e);
    if (a->basis != before) {
        say_airflow(e);
    }
    eval_users(e);
}

void eng_air_second(struct eng *e)
{
    struct air *a = e->air;
    if (a) {
        struct kt_vent_known k = air_known(a);
        a->moved |= kt_vent_basis(&k, e->now) != a->basis;
        eng_air_settle(e);
    }
}

/** The state that was solved for; false: it names what is not there or leaves something out. */
static bool read_state(const struct air *a, const struct kt_json *json, struct kt_airway_state *ret)
{
    for (uint32_t b = 0; b < a->ways.n; b++) {
        const struct kt_airway *w = &a->ways.airway[b];
        const struct kt_json *s = kt_json_get(json, w->id);
        int64_t fan = 1, open = 0;
        bool has = w->fans_n || w->doors_n;
        if (has != (s != NULL) || (has && (!kt_json_int(kt_json_at(s, 0), &fan) ||
                                           !kt_json_int(kt_json_at(s, 1), &open)))) {
            return false;
        }
        ret[b] = (struct kt_airway_state){(int8_t)(fan > 2   ? 2
                                                   : fan < 0 ? -1
                                                             : fan),
                                          (uint8_t)(open < 0 || open > 255 ? 255 : open)};
    }
    return true;
}

static bool read_flows(const struct air *a, const struct kt_json *json, double *ret)
{
    for (uint32_t b = 0; b < a->ways.n; b++) {
        if (!kt_json_num(kt_json_get(json, a->ways.airway[b].id), &ret[b])) {
            return false;
        }
    }
    return true;
}

static void take(struct eng *e, const struct kt_airway_state *state, kt_time at)
{
    struct air *a = e->air;
    memcpy(a->known, state, a->ways.n * sizeof *state);
    a->at = at > e->now ? e->now : at;
    a->moved = true;
}

static bool take_answer(struct eng *e, const struct kt_json *root, struct kt_arena *arena)
{
    struct air *a = e->air;
    struct kt_airway_state *state = KT_NEW_ARRAY(arena, struct kt_airway_state, a->ways.n + 1);
    double *q = KT_NEW_ARRAY(arena, double, a->ways.n + 1);
    int64_t same = kt_json_get_int(root, "same", 0);
    kt_time at = kt_json_get_int(root, "at", 0);
    const char *failed = kt_json_get_str(root, "failed", NULL);
    if (!read_state(a, kt_json_get(root, "state"), state)) {
        return false;
    }
    if (failed) {
        a->failed = true;
        kt_text_set(a->why, sizeof a->why, failed);
    } else if (same != 0 && a->solved && (kt_seq)same == a->flows_from) {
        a->failed = false;
    } else if (read_flows(a, kt_json_get(root, "flows"), q)) {
        memcpy(a->q, q, a->ways.n * sizeof *q);
        a->solved = true;
        a->failed = false;
        a->flows_from = (kt_seq)kt_json_get_int(root, "from", 0);
    } else {
        return false;
    }
    take(e, state, at);
    return true;
}

void eng_air_answer(struct eng *e, const struct kt_json *root)
{
    struct kt_arena *arena = kt_arena_new(0);
    if (!e->air || !take_answer(e, root, arena)) {
        e->stats.refused++;
    }
    kt_arena_free(arena);
    eng_air_settle(e);
}

void eng_air_json(const struct eng *e, struct kt_jw *w)
{
    const struct air *a = e->air;
    kt_jw_key(w, "airflow");
    if (!a) {
        kt_jw_null(w);
        return;
    }
    kt_jw_obj(w);
    kt_jw_kstr(w, "text", kt_vent_basis_text(a->basis, false));
    kt_jw_kstr(w, "text_zh", kt_vent_basis_text(a->basis, true));
    kt_jw_kint(w, "flows", (int64_t)a->flows_from);
    kt_jw_ktime(w, "at", a->at);
    kt_jw_obj_end(w);
}

/* ---- birth ----------------------------------------------------------------------------------- */

static bool read_airways(const struct eng *e, struct air *a)
{
    struct kt_problems none = {0};
    struct kt_err err;
    for (uint32_t i = 0; i < e->site->files_n; i++) {
        const struct kt_site_file *f = &e->site->files[i];
        struct kt_csv *csv;
        if (strcmp(f->name, "airways.csv") == 0) {
            return kt_csv_parse(a->arena, f->bytes, f->name, &csv, &err) == KT_OK &&
                   kt_airways_read(csv, e->site, a->arena, &none, &a->ways, &err) == KT_OK &&
                   a->ways.n > 0;
        }
    }
    return false;
}

static bool fits_some(const struct kt_point *p, const struct kt_expr_set *sets, uint32_t n)
{
    bool fits = false;
    for (uint32_t i = 0; i < n; i++) {
        fits |= air_fits(p, sets[i].role);
    }
    return fits && !p->ended;
}

/* Any point of a role that is looked for may come to lie along the air. */
static void mark_read(struct eng *e, const struct kt_expr_set *sets, uint32_t n)
{
    for (uint32_t p = 0; p < e->points_n; p++) {
        if (fits_some(&e->site->points[p], sets, n)) {
            e->pt[p].kind |= PT_READERS;
        }
    }
}

static void find_sets(struct eng *e)
{
    struct air *a = e->air;
    uint32_t n = 0;
    a->sets_at = KT_NEW_ARRAY(a->arena, uint32_t, e->site->rules_n + 1);
    for (uint32_t r = 0; r < e->site->rules_n; r++) {
        a->sets_at[r] = n;
        n += air_sets(&e->site->rules[r], NULL);
    }
    a->sets_at[e->site->rules_n] = n;
    a->sets = KT_NEW_ARRAY(a->arena, struct kt_expr_set, n + 1);
    for (uint32_t r = 0; r < e->site->rules_n; r++) {
        (void)air_sets(&e->site->rules[r], a->sets + a->sets_at[r]);
    }
}

static void find_users(struct eng *e)
{
    struct air *a = e->air;
    a->user = KT_NEW_ARRAY(a->arena, uint32_t, e->insts_n + 1);
    for (uint32_t r = 0; r < e->site->rules_n; r++) {
        uint32_t n = a->sets_at[r + 1] - a->sets_at[r];
        for (uint32_t i = e->rule_first[r]; n && i < e->rule_first[r + 1]; i++) {
            a->user[a->users_n++] = i;
        }
        if (n) {
            mark_read(e, a->sets + a->sets_at[r], n);
        }
    }
}

static void mark_points(struct eng *e)
{
    const struct air *a = e->air;
    for (uint32_t b = 0; b < a->ways.n; b++) {
        const struct kt_airway *w = &a->ways.airway[b];
        for (uint32_t i = 0; i < w->fans_n; i++) {
            e->pt[w->fan[i]].kind |= PT_AIR;
        }
        for (uint32_t i = 0; i < w->backs_n; i++) {
            e->pt[w->back[i]].kind |= PT_AIR;
        }
        for (uint32_t i = 0; i < w->doors_n; i++) {
            e->pt[w->door[i]].kind |= PT_AIR;
        }
        if (w->place != KT_NONE) {
            a->has_airway[w->place] = true;
        }
    }
}

void eng_air_init(struct eng *e)
{
    struct kt_arena *arena = kt_arena_new(0);
    struct air *a = KT_NEW(arena, struct air);
    a->arena = arena;
    if (!read_airways(e, a)) {
        kt_arena_free(arena);
        return;
    }
    uint32_t n = a->ways.n;
    e->air = a;
    a->design = KT_NEW_ARRAY(arena, int8_t, n);
    a->has_airway = KT_NEW_ARRAY(arena, bool, e->site->places_n + 1);
    a->state = KT_NEW_ARRAY(arena, struct kt_airway_state, n);
    a->known = KT_NEW_ARRAY(arena, struct kt_airway_state, n);
    a->stopped = KT_NEW_ARRAY(arena, bool, n);
    a->q = KT_NEW_ARRAY(arena, double, n);
    a->reach = KT_NEW_ARRAY(arena, struct reach, (size_t)e->site->places_n * AIR_WAYS + 1);
    a->basis = KT_AIR_BY_DESIGN;
    kt_airways_design(&a->ways, a->design);
    mark_points(e);
    find_sets(e);
    find_users(e);
    eng_air_look(e);
    a->moved = false;
    air_renew(e);
}

void eng_air_free(struct eng *e)
{
    if (e->air) {
        air_forget(e);
        eng_csr_free(&e->air->readers);
        kt_arena_free(e->air->arena);
        e->air = NULL;
    }
}
