/* SPDX-License-Identifier: Apache-2.0 */
/* folk_json: who is below, as the API and a replay read it; who may see what is theirs to judge. */
#include "engine/folk.h"

static void write_bits(const struct folk_one *o, struct kt_jw *w)
{
    kt_jw_key(w, "is");
    kt_jw_arr(w);
    for (int b = FOLK_LOST; b < FOLK_VEHICLE; b++) {
        if (folk_has(o, (enum folk_bit)b)) {
            kt_jw_str(w, folk_bit_id((enum folk_bit)b));
        }
    }
    kt_jw_arr_end(w);
}

static void write_one(const struct eng *e, const struct folk_one *o, struct kt_jw *w)
{
    char card[24];
    const struct folk *f = e->folk;
    const struct folk_roster *r = folk_roster(f, o);
    folk_card_text(o->card, card);
    kt_jw_obj(w);
    kt_jw_kstr(w, "card", card);
    if (r) {
        kt_jw_kstr(w, "person", r->person);
        kt_jw_ktext(w, "trade", r->trade);
        kt_jw_ktext(w, "team", r->team);
    }
    if (o->place < e->site->places_n) {
        kt_jw_kstr(w, "place", e->site->places[o->place].id);
    }
    if (o->pos.way < f->mine.ways_n) {
        kt_jw_kstr(w, "airway", f->mine.way[o->pos.way].id);
        kt_jw_knum(w, "at_m", (double)(int64_t)(o->pos.at_m * 10 + 0.5) / 10);
        kt_jw_knum(w, "error_m", (double)(int64_t)(o->pos.err_m * 10 + 0.5) / 10);
    }
    kt_jw_kint(w, "time", o->at / KT_MS);
    kt_jw_kint(w, "heard", o->heard / KT_MS);
    kt_jw_kint(w, "in", folk_has(o, FOLK_VEHICLE) ? 0 : o->in / KT_MS); /* its call alone */
    kt_jw_kstr(w, "shift", o->shift);
    if (o->battery <= 100) {
        kt_jw_kint(w, "battery", o->battery);
    }
    if (o->sos) {
        kt_jw_kint(w, "sos", o->sos / KT_MS);
    }
    if (o->mate != KT_NONE && folk_has(o, FOLK_TWIN)) {
        folk_card_text(f->one.v[o->mate].card, card);
        kt_jw_kstr(w, "mate", card);
    }
    if (o->leaves) {
        kt_jw_kbool(w, "leaves", true);
    }
    write_bits(o, w);
    kt_jw_obj_end(w);
}

static void write_evac(const struct evac *v, uint32_t left, uint32_t untold, struct kt_jw *w)
{
    kt_jw_obj(w);
    kt_jw_kint(w, "id", (int64_t)v->id);
    kt_jw_kint(w, "started", v->started / KT_MS);
    kt_jw_kint(w, "ended", v->ended / KT_MS);
    kt_jw_kbool(w, "drill", v->drill);
    kt_jw_kbool(w, "confirmed", v->confirmed);
    kt_jw_kint(w, "untold", untold);
    kt_jw_kstr(w, "place", v->place);
    kt_jw_ktext(w, "fire", v->fire);
    kt_jw_kstr(w, "by", v->by);
    kt_jw_kbool(w, "by_rule", v->by_rule);
    kt_jw_kstr(w, "reason", v->reason);
    kt_jw_kint(w, "persons", v->total);
    kt_jw_kint(w, "left", left);
    kt_jw_kint(w, "planned", v->plan_at / KT_MS);
    kt_jw_key(w, "blocked");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < v->blocked_n; i++) {
        kt_jw_str(w, v->blocked[i]);
    }
    kt_jw_arr_end(w);
    kt_jw_key(w, "plan");
    if (v->plan.n) {
        kt_jw_raw(w, (struct kt_str){v->plan.p, v->plan.n});
    } else {
        kt_jw_null(w);
    }
    kt_jw_obj_end(w);
}

static void known(const struct eng *e, struct kt_jw *w, const char *key, uint32_t point)
{
    struct kt_live_value v = {.quality = KT_Q_NEVER};
    if (point != KT_NONE) {
        v = kt_live_get(e->live, (kt_point_id){point});
    }
    kt_jw_key(w, key);
    if (kt_q_known(v.quality)) {
        kt_jw_num(w, v.value);
    } else {
        kt_jw_null(w);
    }
}

void eng_folk_json(const struct eng *e, struct kt_buf *out)
{
    const struct folk *f = e->folk;
    struct kt_jw w = kt_jw_init(out);
    uint32_t left = 0;
    kt_jw_obj(&w);
    kt_jw_kbool(&w, "present", f != NULL);
    kt_jw_kint(&w, "at", e->now / KT_MS);
    kt_jw_kstr(&w, "drill", e->drill);
    if (f) {
        known(e, &w, "entered", f->entered);
        known(e, &w, "gone", f->left);
        kt_jw_kint(&w, "refused", (int64_t)f->refused);
        kt_jw_key(&w, "items");
        kt_jw_arr(&w);
        for (uint32_t i = 0; i < f->one.n; i++) {
            const struct folk_one *o = &f->one.v[i];
            left += o->leaves;
            if (folk_has(o, FOLK_BELOW) || o->sos) {
                write_one(e, o, &w);
            }
        }
        kt_jw_arr_end(&w);
        kt_jw_key(&w, "vehicles");
        folk_vehicles_json(e, &w);
        kt_jw_key(&w, "evacuation");
        if (f->evac.id) {
            write_evac(&f->evac, left, folk_evac_untold(f), &w);
        } else {
            kt_jw_null(&w);
        }
    }
    kt_jw_obj_end(&w);
}
