/* SPDX-License-Identifier: Apache-2.0 */
/*
 * folk_vehicle: cards that vehicles and mobile instruments carry: placed like persons, counted
 * apart from them. How fast one goes is the least way between two places that are some seconds
 * apart; too fast is said only where the errors of both places leave no doubt.
 */
#include "engine/folk.h"

#include <math.h>

#define PACE_FOR (10 * KT_SEC) /* between the two places */
#define PACE_OLD (60 * KT_SEC) /* nobody knows what lay between */
#define PACE_ERR 40.0          /* m: places that are no better tell no speed */

static struct kt_jw *say(struct eng *e, const struct folk_one *o, const char *change)
{
    char card[24];
    const struct folk_roster *r = folk_roster(e->folk, o);
    struct kt_jw *w = eng_say(e, "vehicle");
    folk_card_text(o->card, card);
    kt_jw_kstr(w, "change", change);
    kt_jw_kstr(w, "vehicle", r ? r->vehicle : "");
    kt_jw_kstr(w, "card", card);
    if (o->place < e->site->places_n) {
        kt_jw_kstr(w, "place", e->site->places[o->place].id);
    }
    return w;
}

static void bit_set(struct eng *e, struct folk_one *o, enum folk_bit b, const char *change, bool on)
{
    if (folk_has(o, b) == on) {
        return;
    }
    o->bits ^= 1u << b;
    e->folk->version++;
    struct kt_jw *w = say(e, o, change);
    kt_jw_kbool(w, "on", on);
    if (b == FOLK_VEHICLE_FAST && o->pace.km_h >= 0) {
        kt_jw_knum(w, "km_h", floor(o->pace.km_h * 10 + 0.5) / 10);
    }
    if (b == FOLK_VEHICLE_LOST) {
        kt_jw_ktime(w, "heard", o->heard);
    }
    eng_said(e);
}

bool folk_is_vehicle(const struct folk *f, const struct folk_one *o)
{
    const struct folk_roster *r = folk_roster(f, o);
    return r && r->vehicle[0] && !folk_has(o, FOLK_BELOW);
}

/* ---- how fast -------------------------------------------------------------------------------- */

/* The way between two places is no shorter than what their distances to any anchor differ by. */
static double least_way(const struct kt_mine *m, const struct kt_position *a,
                        const struct kt_position *b)
{
    double most = 0;
    for (uint32_t s = 0; s < m->stations_n; s++) {
        if (m->station[s].kind != KT_STATION_ANCHOR) {
            continue;
        }
        double d = fabs(kt_mine_from(m, s, a->way, a->at_m) - kt_mine_from(m, s, b->way, b->at_m));
        most = isfinite(d) && d > most ? d : most;
    }
    return most;
}

/* km/h; 0: none holds. */
static double limit_of(const struct folk *f, const struct folk_one *o)
{
    const struct folk_roster *r = folk_roster(f, o);
    const struct kt_area *a = kt_mine_area(&f->mine, o->place);
    double own = r ? r->most_km_h : 0, area = a ? a->most_km_h : 0;
    return own > 0 && (area <= 0 || own < area) ? own : area;
}

static void begin_pace(struct folk_one *o)
{
    o->pace = (struct folk_pace){.from = o->pos, .at = o->at, .km_h = -1};
}

/* What is not known does not end an overspeed: the next speed does. */
static void measure(struct eng *e, struct folk_one *o)
{
    struct folk_pace *p = &o->pace;
    int64_t dt = o->at - p->at;
    double err = p->from.err_m + o->pos.err_m, limit = limit_of(e->folk, o);
    if (p->from.way == KT_NONE || dt < 0 || dt > PACE_OLD) {
        begin_pace(o);
        return;
    }
    if (dt < PACE_FOR) {
        return;
    }
    if (err > PACE_ERR) {
        begin_pace(o);
        return;
    }
    double m = least_way(&e->folk->mine, &p->from, &o->pos), s = (double)dt / (double)KT_SEC;
    begin_pace(o);
    p->km_h = m / s * 3.6;
    bit_set(e, o, FOLK_VEHICLE_FAST, "speeding", limit > 0 && (m - err) / s * 3.6 > limit);
}

/* ---- what holds ------------------------------------------------------------------------------ */

void folk_vehicle_out(struct eng *e, struct folk_one *o, const char *by)
{
    if (!folk_has(o, FOLK_VEHICLE)) {
        return;
    }
    bit_set(e, o, FOLK_VEHICLE_LOST, "lost", false);
    bit_set(e, o, FOLK_VEHICLE_BARRED, "forbidden", false);
    bit_set(e, o, FOLK_VEHICLE_FAST, "speeding", false);
    o->bits &= ~(1u << FOLK_VEHICLE);
    o->out = e->now;
    o->in = 0;
    o->pace = (struct folk_pace){.from.way = KT_NONE, .km_h = -1};
    e->folk->version++;
    kt_jw_ktext(say(e, o, "out"), "by", by);
    eng_said(e);
}

static void permit(struct eng *e, struct folk_one *o)
{
    bool below = folk_has(o, FOLK_VEHICLE);
    bit_set(e, o, FOLK_VEHICLE_BARRED, "forbidden", below && folk_barred(e, o));
}

void folk_vehicle_moved(struct eng *e, struct folk_one *o)
{
    if (folk_surface(e->folk, o->place)) {
        folk_vehicle_out(e, o, "");
        return;
    }
    if (!folk_has(o, FOLK_VEHICLE)) {
        o->bits |= 1u << FOLK_VEHICLE;
        o->in = o->at;
        (void)say(e, o, "in");
        eng_said(e);
    }
    measure(e, o);
    permit(e, o);
}

void folk_vehicle_review(struct eng *e, struct folk_one *o)
{
    if (!folk_has(o, FOLK_VEHICLE)) {
        return;
    }
    if (folk_is_vehicle(e->folk, o)) {
        permit(e, o);
        return;
    }
    folk_vehicle_out(e, o, "");
    o->out = 0;
    folk_in(e, o, e->now);
}

void folk_vehicle_watch(struct eng *e, struct folk_one *o)
{
    bool below = folk_has(o, FOLK_VEHICLE);
    bit_set(e, o, FOLK_VEHICLE_LOST, "lost", below && folk_silent(e, o));
}

/* ---- as JSON --------------------------------------------------------------------------------- */

static void write_carried(const char *list, struct kt_jw *w)
{
    kt_jw_key(w, "carries");
    kt_jw_arr(w);
    while (*list) {
        size_t n = strcspn(list, ";");
        if (n) {
            kt_jw_strn(w, (struct kt_str){list, n});
        }
        list += n + (list[n] == ';');
    }
    kt_jw_arr_end(w);
}

static void write_is(const struct folk_one *o, struct kt_jw *w)
{
    static const struct {
        enum folk_bit bit;
        const char *word;
    } all[] = {{FOLK_VEHICLE_LOST, "lost"},
               {FOLK_VEHICLE_BARRED, "forbidden"},
               {FOLK_VEHICLE_FAST, "speeding"}};
    kt_jw_key(w, "is");
    kt_jw_arr(w);
    for (size_t i = 0; i < KT_ARRAY_LEN(all); i++) {
        if (folk_has(o, all[i].bit)) {
            kt_jw_str(w, all[i].word);
        }
    }
    kt_jw_arr_end(w);
}

static void write_one(const struct eng *e, const struct folk_one *o, struct kt_jw *w)
{
    char card[24];
    const struct folk *f = e->folk;
    const struct folk_roster *r = folk_roster(f, o);
    double limit = limit_of(f, o);
    folk_card_text(o->card, card);
    kt_jw_obj(w);
    kt_jw_kstr(w, "number", r ? r->vehicle : "");
    kt_jw_ktext(w, "kind", r ? r->kind : "");
    kt_jw_kstr(w, "card", card);
    if (o->place < e->site->places_n) {
        kt_jw_kstr(w, "place", e->site->places[o->place].id);
    }
    if (o->pos.way < f->mine.ways_n) {
        kt_jw_kstr(w, "airway", f->mine.way[o->pos.way].id);
        kt_jw_knum(w, "at_m", floor(o->pos.at_m * 10 + 0.5) / 10);
        kt_jw_knum(w, "error_m", floor(o->pos.err_m * 10 + 0.5) / 10);
    }
    kt_jw_kint(w, "time", o->at / KT_MS);
    kt_jw_kint(w, "heard", o->heard / KT_MS);
    kt_jw_kint(w, "in", o->in / KT_MS);
    if (o->pace.km_h >= 0 && !folk_has(o, FOLK_VEHICLE_LOST)) {
        kt_jw_knum(w, "km_h", floor(o->pace.km_h * 10 + 0.5) / 10);
    }
    if (limit > 0) {
        kt_jw_knum(w, "limit_km_h", limit);
    }
    write_carried(r ? r->carries : "", w);
    write_is(o, w);
    kt_jw_obj_end(w);
}

void folk_vehicles_json(const struct eng *e, struct kt_jw *w)
{
    const struct folk *f = e->folk;
    kt_jw_arr(w);
    for (uint32_t i = 0; i < f->one.n; i++) {
        if (folk_has(&f->one.v[i], FOLK_VEHICLE)) {
            write_one(e, &f->one.v[i], w);
        }
    }
    kt_jw_arr_end(w);
}
