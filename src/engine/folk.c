/* SPDX-License-Identifier: Apache-2.0 */
/* folk: readings of tags to persons below, the roster. */
#include "engine/folk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const names[FOLK_ROLES] = {
#define X(sym, name) [FOLK_##sym] = name,
    FOLK_LIST(X)
#undef X
        [FOLK_DIFFERENCE] = "difference",
    [FOLK_LEADERLESS] = "leaderless",
};

const char *folk_bit_id(enum folk_bit b)
{
    return names[b];
}

void folk_card_text(uint64_t card, char ret[24])
{
    (void)snprintf(ret, 24, "%" PRIu64, card);
}

static struct kt_str card_key(const uint64_t *card)
{
    return (struct kt_str){(const char *)card, sizeof(*card)};
}

/* ---- birth ----------------------------------------------------------------------------------- */

static uint32_t point_of_role(const struct eng *e, const char *role)
{
    for (uint32_t i = 0; i < e->points_n; i++) {
        const struct kt_point *p = &e->site->points[i];
        if (!p->ended && strcmp(p->role->id, role) == 0) {
            return i;
        }
    }
    return KT_NONE;
}

static void find_points(const struct eng *e, struct folk *f)
{
    static const char prefix[] = "people.";
    f->point = KT_NEW_ARRAY(f->arena, struct folk_point, e->points_n + 1);
    for (uint32_t i = 0; i < e->points_n; i++) {
        const struct kt_point *p = &e->site->points[i];
        if (p->ended || strncmp(p->role->id, prefix, sizeof(prefix) - 1) != 0) {
            continue;
        }
        for (int b = 0; b < FOLK_ROLES; b++) {
            if (strcmp(p->role->id + sizeof(prefix) - 1, names[b]) == 0) {
                f->point[f->points_n++] = (struct folk_point){i, p->place.v, (uint8_t)b};
            }
        }
    }
    f->entered = point_of_role(e, "people.entered");
    f->left = point_of_role(e, "people.left");
}

struct folk *folk_new(const struct eng *e)
{
    struct kt_problems p = {0};
    struct kt_err err;
    struct kt_arena *arena = kt_arena_new(0);
    struct folk *f = calloc(1, sizeof(*f));
    KT_ASSERT(f);
    f->arena = arena;
    if (kt_mine_read(e->site, arena, &p, &f->mine, &err) < 0 || !f->mine.present) {
        kt_arena_free(arena); /* `check` and the start refuse what has mistakes */
        free(f);
        return NULL;
    }
    f->stations = kt_mine_stations(&f->mine);
    f->cards = kt_map_new(4096);
    f->rosters = kt_map_new(4096);
    f->count = KT_NEW_ARRAY(arena, uint32_t, (size_t)(e->site->places_n + 1) * FOLK_BITS);
    f->head = KT_NEW_ARRAY(arena, uint32_t, f->mine.ways_n + 1);
    f->dict = KT_NEW_ARRAY(arena, uint32_t, KT_READINGS_DICT);
    f->in = malloc(sizeof(*f->in));
    KT_ASSERT(f->in);
    kt_readings_init(f->in);
    kt_buf_init(&f->evac.plan, FOLK_PLAN_MAX);
    find_points(e, f);
    kt_columns_reserve(&f->columns, f->points_n + 1);
    f->version = 1;
    return f;
}

void folk_free(struct folk *f)
{
    if (!f) {
        return;
    }
    kt_map_free(f->stations);
    kt_map_free(f->cards);
    kt_map_free(f->rosters);
    free(f->one.v);
    free(f->roster.v);
    kt_buf_done(&f->evac.plan);
    kt_columns_done(&f->columns);
    kt_readings_done(f->in);
    free(f->in);
    kt_arena_free(f->arena);
    free(f);
}

/* ---- persons --------------------------------------------------------------------------------- */

static bool is_of_use(const struct folk_one *o)
{
    return o->bits != 0 || o->sos || o->leaves;
}

/* A card of which nothing is to be told: it is not below, calls for no help, and has nothing to
 * count. Of the first few that are met the one heard longest ago; KT_NONE: there is none. */
static uint32_t useless(const struct folk *f, uint64_t card)
{
    enum { FEW = 64 };
    uint32_t best = KT_NONE;
    for (uint32_t k = 0, met = 0; k < f->one.n && met < FEW; k++) {
        uint32_t i = (uint32_t)((card + k) % f->one.n);
        if (!is_of_use(&f->one.v[i])) {
            met++;
            best = best == KT_NONE || f->one.v[i].heard < f->one.v[best].heard ? i : best;
        }
    }
    return best;
}

/* Room for one more, where there is none that of a useless card; NULL: all of them are of use. */
static struct folk_one *room(struct folk *f, uint64_t card)
{
    uint32_t i = f->one.n < FOLK_MAX ? f->one.n : useless(f, card);
    if (i == f->one.n) {
        return ENG_PUSH(f->one);
    }
    if (i == KT_NONE) {
        return NULL;
    }
    kt_map_del(f->cards, card_key(&f->one.v[i].card));
    for (uint32_t n = 0; n < f->one.n; n++) {
        f->one.v[n].mate = f->one.v[n].mate == i ? KT_NONE : f->one.v[n].mate;
    }
    f->one.v[i] = (struct folk_one){0};
    return &f->one.v[i];
}

struct folk_one *folk_of(struct folk *f, uint64_t card, bool make)
{
    uint64_t at;
    if (kt_map_get(f->cards, card_key(&card), &at)) {
        return &f->one.v[at];
    }
    struct folk_one *o = make ? room(f, card) : NULL;
    if (!o) {
        return NULL;
    }
    kt_map_set(f->cards, card_key(&card), (uint64_t)(o - f->one.v));
    o->card = card;
    o->pos.way = o->place = o->roster = o->mate = KT_NONE;
    o->battery = UINT8_MAX;
    folk_no_stays(o);
    o->pace = (struct folk_pace){.from.way = KT_NONE, .km_h = -1};
    if (kt_map_get(f->rosters, card_key(&card), &at)) {
        o->roster = (uint32_t)at;
    }
    return o;
}

const struct folk_roster *folk_roster(const struct folk *f, const struct folk_one *o)
{
    return o->roster == KT_NONE ? NULL : &f->roster.v[o->roster];
}

struct kt_jw *folk_say(struct eng *e, const struct folk_one *o, const char *change)
{
    char card[24];
    const struct folk_roster *r = folk_roster(e->folk, o);
    struct kt_jw *w = eng_say(e, "person");
    kt_jw_kstr(w, "change", change);
    folk_card_text(o->card, card);
    kt_jw_kstr(w, "card", card);
    if (r && r->person[0]) {
        kt_jw_kstr(w, "person", r->person);
    }
    if (o->place < e->site->places_n) {
        kt_jw_kstr(w, "place", e->site->places[o->place].id);
    }
    return w;
}

/* The shift of the site that a time falls into. */
static const char *shift_at(const struct eng *e, kt_time t)
{
    const struct kt_site *s = e->site;
    int64_t day = KT_DAY / KT_SEC;
    int64_t now = ((t / KT_SEC + s->utc_offset_s) % day + day) % day, best = -1;
    const char *id = s->shifts_n ? s->shifts[0].id : "";
    for (uint32_t i = 0; i < s->shifts_n; i++) {
        int64_t since = (now - s->shifts[i].start_s + day) % day;
        if (best < 0 || since < best) {
            best = since;
            id = s->shifts[i].id;
        }
    }
    return id;
}

void folk_in(struct eng *e, struct folk_one *o, kt_time at)
{
    const struct folk_roster *r = folk_roster(e->folk, o);
    o->bits |= 1u << FOLK_BELOW;
    o->in = at;
    folk_no_stays(o);
    kt_text_set(o->shift, sizeof(o->shift), r && r->shift[0] ? r->shift : shift_at(e, at));
    struct kt_jw *w = folk_say(e, o, "in");
    kt_jw_ktime(w, "at", at);
    kt_jw_kstr(w, "shift", o->shift);
    eng_said(e);
}

/* A leader who comes up is relieved below: who leads there now; NULL: nobody. */
static const struct folk_one *reliever(const struct folk *f, const struct folk_one *o)
{
    for (uint32_t i = 0; i < f->one.n; i++) {
        const struct folk_one *x = &f->one.v[i];
        if (x != o && folk_has(x, FOLK_BELOW) && folk_has(x, FOLK_LEADER)) {
            return x;
        }
    }
    return NULL;
}

static void say_relief(const struct folk *f, const struct folk_one *o, struct kt_jw *w)
{
    const struct folk_one *next = reliever(f, o);
    const struct folk_roster *r = next ? folk_roster(f, next) : NULL;
    uint32_t others = 0;
    for (uint32_t i = 0; i < f->one.n; i++) {
        others += &f->one.v[i] != o && folk_has(&f->one.v[i], FOLK_BELOW);
    }
    kt_jw_kbool(w, "leader", true);
    kt_jw_kint(w, "others", others);
    kt_jw_ktext(w, "relieved", r ? r->person : "");
}

void folk_out(struct eng *e, struct folk_one *o, kt_time at, const char *by)
{
    if (!folk_has(o, FOLK_BELOW)) {
        return;
    }
    at = at < o->in ? o->in : at;
    struct kt_jw *w = folk_say(e, o, "out");
    kt_jw_ktime(w, "in", o->in);
    kt_jw_ktime(w, "at", at);
    kt_jw_kstr(w, "shift", o->shift);
    kt_jw_ktext(w, "by", by);
    if (o->leaves) {
        kt_jw_kint(w, "evacuation", (int64_t)e->folk->evac.id);
    }
    if (folk_has(o, FOLK_LEADER)) {
        say_relief(e->folk, o, w);
    } else if (folk_has(o, FOLK_SPECIAL)) {
        kt_jw_kbool(w, "special", true);
    }
    eng_said(e);
    folk_bit_set(e, o, FOLK_LOW, false);
    o->bits &= 1u << FOLK_SOS; /* a call is answered by a person */
    o->out = at;
    o->leaves = false;
    o->way_out = o->told = 0;
    o->mate = KT_NONE;
    o->alone_since = 0;
    folk_no_stays(o);
}

/* ---- readings -------------------------------------------------------------------------------- */

/* The station of each anchor of the batch; KT_NONE: not one that this producer may speak for. */
static void find_stations(struct eng *e, struct kt_str producer)
{
    struct folk *f = e->folk;
    for (uint32_t i = 0; i < f->in->dict_n; i++) {
        uint32_t s = kt_mine_station(f->stations, kt_str_c(f->in->dict[i]));
        uint32_t link = s == KT_NONE ? KT_NONE : f->mine.station[s].link;
        bool foreign = link != KT_NONE && !kt_str_is(producer, e->site->links[link].id);
        f->dict[i] = foreign ? KT_NONE : s;
    }
}

bool folk_surface(const struct folk *f, uint32_t place)
{
    const struct kt_area *a = kt_mine_area(&f->mine, place);
    return a && a->kind == KT_AREA_SURFACE;
}

static void moved(struct eng *e, struct folk_one *o, const struct kt_position *pos, kt_time at)
{
    struct folk *f = e->folk;
    o->pos = *pos;
    o->at = at;
    o->place = f->mine.way[pos->way].place;
    if (folk_is_vehicle(f, o)) {
        folk_vehicle_moved(e, o);
        return;
    }
    if (folk_surface(f, o->place)) {
        folk_out(e, o, at, "");
    } else if (!folk_has(o, FOLK_BELOW)) {
        folk_in(e, o, at);
    }
    if (folk_has(o, FOLK_BELOW)) {
        folk_stays(e, o, at);
        folk_evac_moved(e, o);
    }
    folk_permit(e, o);
}

/* The subsystem saw it go below before anybody here heard of it: at the start of this program, or
 * through an entrance that others watch. Never before it last came out. */
static void went_in(struct eng *e, struct folk_one *o, kt_time in)
{
    const struct folk_roster *r = folk_roster(e->folk, o);
    if (!folk_has(o, FOLK_BELOW) || in >= o->in || in <= o->out) {
        return;
    }
    for (int i = 0; i < FOLK_STAYS; i++) {
        uint32_t place = o->stay[i].place;
        bool mine = place < e->site->places_n && e->site->places[place].parent.v == KT_NONE;
        o->stay[i].since = mine ? in : o->stay[i].since;
    }
    o->in = in;
    kt_text_set(o->shift, sizeof(o->shift), r && r->shift[0] ? r->shift : shift_at(e, in));
}

static bool place_it(struct eng *e, struct folk_one *o, const struct kt_reading *x, kt_time at)
{
    struct folk *f = e->folk;
    struct kt_ranging r[KT_READING_ANCHORS];
    uint32_t n = 0;
    for (int k = 0; k < x->n; k++) {
        uint32_t s = f->dict[x->a[k].anchor];
        if (s != KT_NONE) {
            r[n++] = (struct kt_ranging){s, x->a[k].cm == KT_DIST_NONE ? (double)NAN
                                                                       : (double)x->a[k].cm / 100};
        }
    }
    struct kt_position pos;
    double dt = o->at ? (double)(at - o->at) / (double)KT_SEC : -1;
    dt *= folk_is_vehicle(f, o) ? FOLK_VEHICLE_PACE : 1;
    if (n == 0 || !kt_position_place(&f->mine, r, n, &o->pos, dt, &pos)) {
        f->refused += x->n > 0;
        return false;
    }
    moved(e, o, &pos, at);
    return true;
}

static void call_for_help(struct eng *e, struct folk_one *o)
{
    if (o->sos) {
        return;
    }
    o->sos = e->now;
    o->bits |= 1u << FOLK_SOS;
    (void)folk_say(e, o, "sos");
    eng_said(e);
    folk_points(e, o->place);
}

static void calmed(struct eng *e, struct folk_one *o)
{
    if (o->sos) {
        o->sos = 0;
        o->bits &= ~(1u << FOLK_SOS);
        kt_jw_kstr(folk_say(e, o, "calm"), "by", "");
        eng_said(e);
    }
}

/* Older than what is known of this person: where he was, or that he went out. Stamps are whole
 * milliseconds, more is chance of the transport. */
static bool is_late(const struct folk_one *o, kt_time at)
{
    kt_time known = o->at > o->out ? o->at : o->out;
    return at / KT_MS < known / KT_MS;
}

/* A time from the future takes that of the arrival; a late one does not move the present. */
static void take(struct eng *e, const struct kt_reading *x)
{
    struct folk *f = e->folk;
    kt_time at = x->time > 0 && x->time <= e->now + ENG_FUTURE ? x->time : e->now;
    struct folk_one *o = folk_of(f, x->card, false);
    bool known = false;
    for (int k = 0; k < x->n && !o; k++) {
        known |= f->dict[x->a[k].anchor] != KT_NONE;
    }
    if (!o && (known || x->flags & KT_READ_SOS)) {
        o = folk_of(f, x->card, true);
    }
    if (!o) {
        f->refused++;
        return;
    }
    if (!is_late(o, at)) {
        bool placed = place_it(e, o, x, at);
        if (placed || x->n == 0) {
            o->heard = e->now;
            o->by_file = x->flags & KT_READ_FILE;
        }
        if (x->flags & KT_READ_SINCE) {
            went_in(e, o, x->in);
        }
        if (x->flags & KT_READ_OUT) {
            folk_out(e, o, at, "");
            folk_vehicle_out(e, o, "");
        }
    }
    if (x->battery <= 100) {
        o->battery = x->battery;
    }
    bool low = x->flags & KT_READ_LOW || (o->battery != UINT8_MAX && o->battery < FOLK_BATTERY);
    folk_bit_set(e, o, FOLK_LOW, low && folk_has(o, FOLK_BELOW));
    if (x->flags & KT_READ_SOS) {
        call_for_help(e, o); /* whoever says it, and however late */
    } else if (x->flags & KT_READ_CALM) {
        calmed(e, o);
    }
}

void eng_folk_readings(struct eng *e, struct kt_str producer, struct kt_str body)
{
    struct folk *f = e->folk;
    struct kt_err err;
    if (!f || body.n == 0) {
        return; /* no people here; or retention dropped it */
    }
    if (kt_readings_decode(body, f->in, &err) < 0) {
        e->stats.refused++;
        return;
    }
    find_stations(e, producer);
    for (uint32_t i = 0; i < f->in->n; i++) {
        take(e, &f->in->v[i]);
    }
    f->version++;
}

/* ---- the roster ------------------------------------------------------------------------------ */

void folk_roster_put(struct folk *f, const struct folk_roster *r, bool gone)
{
    uint64_t at;
    bool there = kt_map_get(f->rosters, card_key(&r->card), &at);
    struct folk_one *o = folk_of(f, r->card, false);
    if (gone) {
        if (there) {
            (void)kt_map_del(f->rosters, card_key(&r->card)); /* its slot stays, unused */
        }
        if (o) {
            o->roster = KT_NONE;
        }
        return;
    }
    if (!there && f->roster.n >= 2 * FOLK_MAX) {
        return;
    }
    if (!there) {
        (void)ENG_PUSH(f->roster);
        at = f->roster.n - 1;
        kt_map_set(f->rosters, card_key(&r->card), at);
    }
    f->roster.v[at] = *r;
    if (o) {
        o->roster = (uint32_t)at;
    }
}

/* What the registers keep is theirs: a file says nothing of it. */
static void take_roster(struct folk *f, const struct kt_json *v, bool kept)
{
    struct folk_roster r = {.kept = kept};
    uint64_t at;
    if (!kt_card_parse(kt_json_strn(kt_json_get(v, "card")), &r.card)) {
        return;
    }
    if (!kept && kt_map_get(f->rosters, card_key(&r.card), &at) && f->roster.v[at].kept) {
        return;
    }
    kt_text_set(r.person, sizeof(r.person), kt_json_get_str(v, "person", ""));
    kt_text_set(r.trade, sizeof(r.trade), kt_json_get_str(v, "trade", ""));
    kt_text_set(r.team, sizeof(r.team), kt_json_get_str(v, "team", ""));
    kt_text_set(r.shift, sizeof(r.shift), kt_json_get_str(v, "shift", ""));
    kt_text_set(r.areas, sizeof(r.areas), kt_json_get_str(v, "areas", ""));
    kt_text_set(r.forbids, sizeof(r.forbids), kt_json_get_str(v, "forbids", ""));
    kt_text_set(r.vehicle, sizeof(r.vehicle), kt_json_get_str(v, "vehicle", ""));
    kt_text_set(r.kind, sizeof(r.kind), kt_json_get_str(v, "kind", ""));
    kt_text_set(r.carries, sizeof(r.carries), kt_json_get_str(v, "carries", ""));
    r.most_km_h = kt_json_get_num(v, "km_h", 0);
    r.most_km_h = r.most_km_h >= 0 && r.most_km_h < 1e3 ? r.most_km_h : 0;
    r.leader = kt_json_get_bool(v, "leader", false);
    r.special = kt_json_get_bool(v, "special", false);
    r.hours = kt_json_get_num(v, "hours", 0);
    r.hours = r.hours >= 0 && r.hours < 1e5 ? r.hours : 0;
    folk_roster_put(f, &r, kt_json_get_bool(v, "gone", false));
}

/* All that the registers keep now: what they kept before and do not name any more is gone. */
static void take_whole(struct folk *f, const struct kt_json *list)
{
    struct kt_map *named = kt_map_new(1024);
    for (size_t i = 0; i < kt_json_len(list); i++) {
        uint64_t card;
        if (kt_card_parse(kt_json_strn(kt_json_get(kt_json_at(list, i), "card")), &card)) {
            kt_map_set(named, card_key(&card), 1);
        }
    }
    for (uint32_t i = 0; i < f->roster.n; i++) {
        const struct folk_roster r = f->roster.v[i];
        uint64_t at;
        bool there = kt_map_get(f->rosters, card_key(&r.card), &at) && at == i;
        if (there && r.kept && !kt_map_get(named, card_key(&r.card), &at)) {
            folk_roster_put(f, &r, true);
        }
    }
    kt_map_free(named);
}

void eng_folk_people(struct eng *e, struct kt_str body)
{
    struct folk *f = e->folk;
    struct kt_json *root = NULL;
    if (!f) {
        return;
    }
    if (kt_json_parse(body, FOLK_PLAN_MAX, &root, NULL) < 0) {
        e->stats.refused++;
        return;
    }
    const struct kt_json *list = kt_json_get(root, "roster"), *plan = kt_json_get(root, "plan");
    bool whole = kt_json_get_bool(root, "whole", false);
    if (list && whole) {
        take_whole(f, list);
    }
    for (size_t i = 0; i < kt_json_len(list); i++) {
        take_roster(f, kt_json_at(list, i), whole);
    }
    for (uint32_t i = 0; list && i < f->one.n; i++) {
        folk_vehicle_review(e, &f->one.v[i]);
        folk_permit(e, &f->one.v[i]);
    }
    if (plan) {
        folk_evac_plan(e, plan);
    }
    f->version++;
    kt_json_free(root);
}
