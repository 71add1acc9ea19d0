/* SPDX-License-Identifier: Apache-2.0 */
/*
 * folk_evac: an evacuation: started by a person or a rule, its fixed words said at once, computed
 * routes taken in as they come, spoken only after a person's word, ended by a person.
 *
 *   none ── evacuation.start, rule ──▶ under way ── evacuation.stop ──▶ over
 *            (fixed words)              plan, plan … ── evacuation.confirm: routes are spoken,
 *                                       again when they have changed
 */
#include "engine/folk.h"

#include <stdio.h>

static struct kt_jw *say(struct eng *e, const char *change)
{
    const struct evac *v = &e->folk->evac;
    struct kt_jw *w = eng_say(e, "evacuation");
    kt_jw_kint(w, "id", (int64_t)v->id);
    kt_jw_kstr(w, "change", change);
    kt_jw_kstr(w, "place", v->place);
    if (v->drill && !e->drill[0]) {
        kt_jw_kbool(w, "drill", true); /* it began as one */
    }
    return w;
}

static bool under_way(const struct folk *f)
{
    return f->evac.id != 0 && f->evac.ended == 0;
}

static bool concerned(const struct eng *e, const struct folk_one *o)
{
    kt_place_id at = kt_site_place(e->site, kt_str_c(e->folk->evac.place));
    return folk_has(o, FOLK_BELOW) && (o->place >= e->site->places_n || at.v == KT_NONE ||
                                       kt_site_within(e->site, (kt_place_id){o->place}, at));
}

/* ---- what is said ---------------------------------------------------------------------------- */

/* The words of the place, or of the nearest above it that has some. In a drill the word 演练 stands
 * before and behind (DESIGN 3.8). */
static void announce(struct eng *e, const char *kind, uint32_t place, const char *zh,
                     const char *en)
{
    const struct evac *v = &e->folk->evac;
    char text[ENG_TEXT * 2];
    struct kt_jw *w = eng_say(e, "announce");
    kt_jw_kint(w, "evacuation", (int64_t)v->id);
    kt_jw_kstr(w, "words", kind);
    if (v->drill && !e->drill[0]) {
        kt_jw_kbool(w, "drill", true); /* it began as one */
    }
    kt_jw_kstr(w, "place", place < e->site->places_n ? e->site->places[place].id : v->place);
    (void)snprintf(text, sizeof(text), v->drill ? "演练，演练。%s 演练，演练。" : "%s", zh);
    kt_jw_kstr(w, "text", text);
    char spoken[sizeof(text)];
    kt_text_set(spoken, sizeof(spoken), text);
    (void)snprintf(text, sizeof(text), v->drill ? "Drill, drill. %s Drill, drill." : "%s", en);
    kt_jw_kstr(w, "text_en", text);
    eng_said(e);
    eng_voice_announce(e, place, spoken);
}

static void fixed_words(struct eng *e)
{
    static const struct kt_text plain = {"紧急情况，请立即沿避灾路线撤离。",
                                         "Emergency. Leave at once along the escape route."};
    const struct kt_mine *m = &e->folk->mine;
    kt_place_id at = kt_site_place(e->site, kt_str_c(e->folk->evac.place));
    bool said = false;
    for (uint32_t i = 0; i < m->areas_n; i++) {
        const struct kt_area *a = &m->area[i];
        if (a->words.zh[0] && kt_site_within(e->site, (kt_place_id){a->place}, at)) {
            announce(e, "fixed", a->place, a->words.zh, a->words.en);
            said = true;
        }
    }
    const struct kt_area *own = kt_mine_area(m, at.v);
    if (!said) {
        const struct kt_text *t = own && own->words.zh[0] ? &own->words : &plain;
        announce(e, "fixed", at.v, t->zh, t->en);
    }
}

/* ---- life ------------------------------------------------------------------------------------ */

/* One that is no drill ends the drill: what follows is real on every screen. */
static void start(struct eng *e, const char *place, const char *fire, const char *by,
                  const char *reason, bool drill, bool by_rule)
{
    struct folk *f = e->folk;
    struct evac *v = &f->evac;
    struct kt_buf plan = v->plan;
    if (e->drill[0] && !drill) {
        eng_drill_over(e, by);
    }
    kt_buf_clear(&plan);
    *v = (struct evac){.id = eng_next_id(e), .started = e->now, .by_rule = by_rule, .plan = plan};
    v->drill = drill;
    kt_text_set(v->place, sizeof(v->place), place);
    kt_text_set(v->fire, sizeof(v->fire), fire);
    kt_text_set(v->by, sizeof(v->by), by);
    kt_text_set(v->reason, sizeof(v->reason), reason);
    for (uint32_t i = 0; i < f->one.n; i++) {
        f->one.v[i].leaves = concerned(e, &f->one.v[i]);
        f->one.v[i].way_out = f->one.v[i].told = 0;
        v->total += f->one.v[i].leaves;
    }
    struct kt_jw *w = say(e, "start");
    kt_jw_ktext(w, "fire", v->fire);
    kt_jw_kstr(w, "by", v->by);
    kt_jw_ktext(w, "reason", v->reason);
    kt_jw_kint(w, "persons", v->total);
    kt_jw_kbool(w, "lifted", true); /* who is where is open to all at the place until it ends */
    eng_said(e);
    fixed_words(e);
    f->version++;
}

static void end(struct eng *e, const char *by, const char *text)
{
    struct evac *v = &e->folk->evac;
    uint32_t below = 0;
    for (uint32_t i = 0; i < e->folk->one.n; i++) {
        below += e->folk->one.v[i].leaves;
        e->folk->one.v[i].leaves = false;
    }
    v->ended = e->now;
    struct kt_jw *w = say(e, "stop");
    kt_jw_kstr(w, "by", by);
    kt_jw_ktext(w, "text", text);
    kt_jw_kint(w, "persons", v->total);
    kt_jw_kint(w, "below", below);
    kt_jw_kint(w, "seconds", (v->ended - v->started) / KT_SEC);
    eng_said(e);
    e->folk->version++;
}

bool folk_evac_real(const struct eng *e)
{
    return e->folk && under_way(e->folk) && !e->folk->evac.drill;
}

void folk_evac_moved(struct eng *e, struct folk_one *o)
{
    struct evac *v = &e->folk->evac;
    if (o->leaves || !under_way(e->folk) || !concerned(e, o)) {
        return;
    }
    o->leaves = true;
    v->total += o->out < v->started; /* who came up and goes in again was counted */
    struct kt_jw *w = say(e, "join");
    kt_jw_kint(w, "persons", v->total);
    eng_said(e);
}

/* The nearest place that both lie in. */
static uint32_t both(const struct eng *e, uint32_t a, uint32_t b)
{
    while (a < e->site->places_n && !kt_site_within(e->site, (kt_place_id){b}, (kt_place_id){a})) {
        a = e->site->places[a].parent.v;
    }
    return a < e->site->places_n ? a : 0;
}

static void widen(struct eng *e, uint32_t place, const char *by)
{
    struct folk *f = e->folk;
    struct evac *v = &f->evac;
    kt_place_id was = kt_site_place(e->site, kt_str_c(v->place));
    uint32_t now = was.v == KT_NONE ? place : both(e, was.v, place);
    kt_text_set(v->place, sizeof(v->place), e->site->places[now].id);
    for (uint32_t i = 0; i < f->one.n; i++) {
        bool more = !f->one.v[i].leaves && concerned(e, &f->one.v[i]);
        f->one.v[i].leaves |= more;
        v->total += more;
    }
    struct kt_jw *w = say(e, "widen");
    kt_jw_kstr(w, "by", by);
    kt_jw_kint(w, "persons", v->total);
    eng_said(e);
    fixed_words(e);
    f->version++;
}

void folk_evac_linked(struct eng *e, uint32_t place, const char *by, const char *reason)
{
    const struct evac *v = &e->folk->evac;
    kt_place_id at = kt_site_place(e->site, kt_str_c(v->place));
    if (!under_way(e->folk) || v->drill) {
        if (v->drill && under_way(e->folk)) {
            end(e, by, "");
        }
        start(e, e->site->places[place].id, "", by, reason, false, true);
    } else if (at.v == KT_NONE || !kt_site_within(e->site, (kt_place_id){place}, at)) {
        widen(e, place, by);
    }
}

static int need_place(const struct eng *e, const struct request *q, const char *key, bool must,
                      const char **ret, struct kt_err *err)
{
    const char *id = kt_json_get_str(q->args, key, "");
    *ret = id;
    if (!id[0]) {
        return must ? kt_err_set(err, KT_EINVAL, "%s: name a place", key) : KT_OK;
    }
    kt_place_id at = kt_site_place(e->site, kt_str_c(id));
    if (at.v == KT_NONE) {
        return kt_err_set(err, KT_ENOTFOUND, "%s: no place is called %s", key, id);
    }
    return eng_place_in_scope(e, q, at, err);
}

static int has_folk(const struct eng *e, struct kt_err *err)
{
    return e->folk
               ? KT_OK
               : kt_err_set(err, KT_EUNSUPPORTED,
                            "this site has no people/stations.csv: nothing is known of persons");
}

/* Who may act on it: whoever has the place that is evacuated. */
static int need_evac(const struct eng *e, const struct request *q, struct kt_err *err)
{
    int r = has_folk(e, err);
    if (r == KT_OK && !under_way(e->folk)) {
        return kt_err_set(err, KT_ECONFLICT, "no evacuation is under way");
    }
    kt_place_id at =
        r == KT_OK ? kt_site_place(e->site, kt_str_c(e->folk->evac.place)) : (kt_place_id){KT_NONE};
    return r < 0 || at.v == KT_NONE ? r : eng_place_in_scope(e, q, at, err);
}

int eng_evac_start(struct eng *e, const struct request *q, struct kt_err *err)
{
    const char *place, *fire, *reason;
    int r = has_folk(e, err);
    if (r < 0 || (r = need_place(e, q, "place", true, &place, err)) < 0 ||
        (r = need_place(e, q, "fire", false, &fire, err)) < 0 ||
        (r = eng_arg_text(q, "reason", &reason, err)) < 0) {
        return r;
    }
    bool drill = e->drill[0] && !kt_json_get_bool(q->args, "real", false);
    if (under_way(e->folk) && (drill || !e->folk->evac.drill)) {
        return kt_err_set(err, KT_ECONFLICT, "an evacuation of %s is under way",
                          e->folk->evac.place);
    }
    if (under_way(e->folk)) {
        end(e, q->user, ""); /* a drill, and this is none */
    }
    start(e, place, fire, q->user, reason, drill, false);
    kt_jw_kint(q->result, "evacuation", (int64_t)e->folk->evac.id);
    return KT_OK;
}

int eng_evac_stop(struct eng *e, const struct request *q, struct kt_err *err)
{
    int r = need_evac(e, q, err);
    if (r < 0) {
        return r;
    }
    end(e, q->user, kt_json_get_str(q->args, "text", ""));
    return KT_OK;
}

/* ---- routes ---------------------------------------------------------------------------------- */

static uint32_t mix(uint32_t h, const char *text)
{
    for (; *text; text++) {
        h = (h ^ (unsigned char)*text) * 16777619u;
    }
    return (h ^ '|') * 16777619u;
}

/* Where each is sent now; `spoken`: and that was said. */
static void take_ways_out(struct folk *f, const struct kt_json *plan, bool spoken)
{
    const struct kt_json *routes = kt_json_get(plan, "routes");
    for (size_t i = 0; i < kt_json_len(routes); i++) {
        const struct kt_json *r = kt_json_at(routes, i);
        uint64_t card;
        struct folk_one *o = kt_card_parse(kt_json_strn(kt_json_get(r, "card")), &card)
                                 ? folk_of(f, card, false)
                                 : NULL;
        if (o && o->leaves) {
            o->way_out = mix(mix(mix(2166136261u, kt_json_get_str(r, "to", "")),
                                 kt_json_get_str(r, "goal", "")),
                             kt_json_get_str(r, "passed", "")) |
                         1;
            o->told = spoken ? o->way_out : o->told;
        }
    }
}

uint32_t folk_evac_untold(const struct folk *f)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < f->one.n; i++) {
        const struct folk_one *o = &f->one.v[i];
        n += o->leaves && o->way_out != o->told;
    }
    return n;
}

/* What was computed beside the engine, and from which evacuation; one that came late is dropped. */
void folk_evac_plan(struct eng *e, const struct kt_json *plan)
{
    struct evac *v = &e->folk->evac;
    if (!under_way(e->folk) || (uint64_t)kt_json_get_int(plan, "evacuation", 0) != v->id) {
        return;
    }
    kt_buf_clear(&v->plan);
    struct kt_jw w = kt_jw_init(&v->plan);
    kt_json_write(plan, &w);
    v->plan_at = e->now;
    v->plans++;
    take_ways_out(e->folk, plan, false);
    if (v->plans == 1) {
        struct kt_jw *o = say(e, "routes");
        kt_jw_kint(o, "persons", kt_json_get_int(plan, "persons", 0));
        kt_jw_kint(o, "safe", kt_json_get_int(plan, "safe", 0));
        eng_said(e);
    }
}

static void speak_one(struct eng *e, const struct kt_json *line)
{
    kt_place_id at = kt_site_place(e->site, kt_json_strn(kt_json_get(line, "place")));
    if (at.v != KT_NONE) {
        announce(e, "route", at.v, kt_json_get_str(line, "text", ""),
                 kt_json_get_str(line, "text_en", ""));
    }
}

int eng_evac_confirm(struct eng *e, const struct request *q, struct kt_err *err)
{
    struct kt_json *plan = NULL;
    int r = need_evac(e, q, err);
    if (r < 0) {
        return r;
    }
    struct evac *v = &e->folk->evac;
    if (v->plan.n == 0 ||
        kt_json_parse((struct kt_str){v->plan.p, v->plan.n}, FOLK_PLAN_MAX, &plan, NULL) < 0) {
        return kt_err_set(err, KT_ECONFLICT, "no routes are computed yet");
    }
    v->confirmed = true;
    take_ways_out(e->folk, plan, true);
    struct kt_jw *w = say(e, "confirm");
    kt_jw_kstr(w, "by", q->user);
    eng_said(e);
    const struct kt_json *words = kt_json_get(plan, "words");
    for (size_t i = 0; i < kt_json_len(words); i++) {
        speak_one(e, kt_json_at(words, i));
    }
    kt_json_free(plan);
    e->folk->version++;
    return KT_OK;
}

static int blocked_at(const struct evac *v, const char *way)
{
    for (uint32_t i = 0; i < v->blocked_n; i++) {
        if (strcmp(v->blocked[i], way) == 0) {
            return (int)i;
        }
    }
    return -1;
}

/* A roadway that cannot be passed, as a person reports it; `open` takes that back. */
int eng_evac_block(struct eng *e, const struct request *q, struct kt_err *err)
{
    const char *way;
    int r = need_evac(e, q, err);
    if (r < 0 || (r = eng_arg_text(q, "airway", &way, err)) < 0) {
        return r;
    }
    struct evac *v = &e->folk->evac;
    bool open = kt_json_get_bool(q->args, "open", false);
    int at = blocked_at(v, way);
    if (kt_mine_way(&e->folk->mine, kt_str_c(way)) == KT_NONE || strlen(way) >= ENG_NAME) {
        return kt_err_set(err, KT_ENOTFOUND, "airway: no roadway is called %s", way);
    }
    if (open == (at < 0)) {
        return kt_err_set(err, KT_ECONFLICT, "%s is %s already", way, open ? "open" : "blocked");
    }
    if (open) {
        v->blocked_n--;
        memmove(v->blocked[at], v->blocked[v->blocked_n], ENG_NAME);
    } else if (v->blocked_n == FOLK_BLOCKED) {
        return kt_err_set(err, KT_ELIMIT, "%d roadways are blocked already", FOLK_BLOCKED);
    } else {
        kt_text_set(v->blocked[v->blocked_n++], ENG_NAME, way);
    }
    struct kt_jw *w = say(e, open ? "open" : "block");
    kt_jw_kstr(w, "airway", way);
    kt_jw_kstr(w, "by", q->user);
    eng_said(e);
    e->folk->version++;
    return KT_OK;
}

/* ---- requests about one person --------------------------------------------------------------- */

static int arg_card(struct eng *e, const struct request *q, struct folk_one **ret,
                    const char **ret_reason, struct kt_err *err)
{
    const char *text;
    uint64_t card;
    int r = has_folk(e, err);
    if (r < 0 || (r = eng_arg_text(q, "card", &text, err)) < 0 ||
        (r = eng_arg_text(q, "reason", ret_reason, err)) < 0) {
        return r;
    }
    struct folk_one *o =
        kt_card_parse(kt_str_c(text), &card) ? folk_of(e->folk, card, false) : NULL;
    if (!o) {
        return kt_err_set(err, KT_ENOTFOUND, "card: nobody carries %s", text);
    }
    r = o->place < e->site->places_n ? eng_place_in_scope(e, q, (kt_place_id){o->place}, err)
                                     : KT_OK;
    *ret = r == KT_OK ? o : NULL;
    return r;
}

int eng_person_calm(struct eng *e, const struct request *q, struct kt_err *err)
{
    struct folk_one *o;
    const char *reason;
    int r = arg_card(e, q, &o, &reason, err);
    if (r == KT_OK && !o->sos) {
        r = kt_err_set(err, KT_ECONFLICT, "this card does not call for help");
    }
    if (r < 0) {
        return r;
    }
    o->sos = 0;
    o->bits &= ~(1u << FOLK_SOS);
    struct kt_jw *w = folk_say(e, o, "calm");
    kt_jw_kstr(w, "by", q->user);
    kt_jw_kstr(w, "reason", reason);
    eng_said(e);
    e->folk->version++;
    eng_folk_second(e);
    return KT_OK;
}

int eng_person_out(struct eng *e, const struct request *q, struct kt_err *err)
{
    struct folk_one *o;
    const char *reason;
    int r = arg_card(e, q, &o, &reason, err);
    if (r == KT_OK && !folk_has(o, FOLK_BELOW) && !folk_has(o, FOLK_VEHICLE)) {
        r = kt_err_set(err, KT_ECONFLICT, "this card is not below");
    }
    if (r < 0) {
        return r;
    }
    folk_out(e, o, e->now, q->user);
    folk_vehicle_out(e, o, q->user);
    /* by the clock of who hears it, or one that is slow would keep it out though it is heard anew
     */
    o->out -= o->heard > o->at ? o->heard - o->at : 0;
    e->folk->version++;
    eng_folk_second(e);
    return KT_OK;
}
