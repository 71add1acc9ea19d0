/* SPDX-License-Identifier: Apache-2.0 */
/* folk_save: persons below in a checkpoint, by text ids, so it fits any site that has them. */
#include "engine/folk.h"

static void save_roster(const struct folk *f, struct kt_buf *out)
{
    uint64_t at;
    uint32_t n = 0;
    for (uint32_t i = 0; i < f->roster.n; i++) {
        struct kt_str key = {(const char *)&f->roster.v[i].card, sizeof(uint64_t)};
        n += kt_map_get(f->rosters, key, &at) && at == i;
    }
    kt_put_varint(out, n);
    for (uint32_t i = 0; i < f->roster.n; i++) {
        const struct folk_roster *r = &f->roster.v[i];
        struct kt_str key = {(const char *)&r->card, sizeof(uint64_t)};
        if (!kt_map_get(f->rosters, key, &at) || at != i) {
            continue; /* taken away */
        }
        kt_put_u64(out, r->card);
        kt_put_text(out, r->person);
        kt_put_text(out, r->trade);
        kt_put_text(out, r->team);
        kt_put_text(out, r->shift);
        kt_put_text(out, r->areas);
        kt_put_u8(out, (uint8_t)(r->leader | r->special << 1));
        kt_put_f64(out, r->hours);
    }
}

static void load_roster(struct folk *f, struct kt_rd *in)
{
    uint64_t n = kt_get_varint(in);
    in->bad |= n > 2 * FOLK_MAX;
    for (uint64_t i = 0; i < n && !in->bad; i++) {
        struct folk_roster r = {.card = kt_get_u64(in)};
        kt_get_text(in, r.person, sizeof(r.person));
        kt_get_text(in, r.trade, sizeof(r.trade));
        kt_get_text(in, r.team, sizeof(r.team));
        kt_get_text(in, r.shift, sizeof(r.shift));
        kt_get_text(in, r.areas, sizeof(r.areas));
        uint8_t bits = kt_get_u8(in);
        r.leader = bits & 1;
        r.special = bits >> 1 & 1;
        r.hours = kt_get_f64(in);
        in->bad |= r.card == 0 || r.card > KT_CARD_MAX || !(r.hours >= 0 && r.hours < 1e6);
        if (!in->bad) {
            folk_roster_put(f, &r, false);
        }
    }
}

static void save_one(const struct eng *e, const struct folk_one *o, struct kt_buf *out)
{
    const struct kt_mine *m = &e->folk->mine;
    kt_put_u64(out, o->card);
    kt_put_text(out, o->pos.way < m->ways_n ? m->way[o->pos.way].id : "");
    kt_put_f64(out, o->pos.at_m);
    kt_put_f64(out, o->pos.err_m);
    kt_put_text(out, o->place < e->site->places_n ? e->site->places[o->place].id : "");
    kt_put_i64(out, o->at);
    kt_put_i64(out, o->heard);
    kt_put_i64(out, o->in);
    kt_put_i64(out, o->out);
    kt_put_i64(out, o->sos);
    kt_put_i64(out, o->alone_since);
    kt_put_u32(out, o->bits);
    kt_put_u8(out, o->battery);
    kt_put_u8(out, (uint8_t)(o->leaves | o->by_file << 1));
    kt_put_text(out, o->shift);
    kt_put_varint(out, o->mate == KT_NONE ? 0 : (uint64_t)o->mate + 1);
    kt_put_i64(out, o->mate_since);
    kt_put_f64(out, o->mate_m);
    kt_put_f64(out, o->look_m);
    kt_put_text(out, o->look_way < m->ways_n ? m->way[o->look_way].id : "");
}

static double number(struct kt_rd *in)
{
    double v = kt_get_f64(in);
    in->bad |= !(v > -1e9 && v < 1e9);
    return v;
}

static uint32_t get_way(const struct folk *f, struct kt_rd *in)
{
    struct kt_str id = kt_get_bytes(in);
    return in->bad || id.n == 0 ? KT_NONE : kt_mine_way(&f->mine, id);
}

/* A way that the site has no more: where it was is not known, that it is below is. */
static void load_one(struct eng *e, struct kt_rd *in)
{
    struct folk *f = e->folk;
    struct folk_one v = {.card = kt_get_u64(in)};
    v.pos.way = get_way(f, in);
    v.pos.at_m = number(in);
    v.pos.err_m = number(in);
    struct kt_str place = kt_get_bytes(in);
    v.place = in->bad || place.n == 0 ? KT_NONE : kt_site_place(e->site, place).v;
    v.at = kt_get_i64(in);
    v.heard = kt_get_i64(in);
    v.in = kt_get_i64(in);
    v.out = kt_get_i64(in);
    v.sos = kt_get_i64(in);
    v.alone_since = kt_get_i64(in);
    v.bits = kt_get_u32(in);
    v.battery = kt_get_u8(in);
    uint8_t more = kt_get_u8(in);
    v.leaves = more & 1;
    v.by_file = more >> 1 & 1;
    kt_get_text(in, v.shift, sizeof(v.shift));
    uint64_t mate = kt_get_varint(in);
    v.mate_since = kt_get_i64(in);
    v.mate_m = number(in);
    v.look_m = number(in);
    v.look_way = get_way(f, in);
    in->bad |= v.card == 0 || v.card > KT_CARD_MAX || v.bits >> FOLK_BITS || mate > FOLK_MAX;
    if (v.pos.way != KT_NONE && v.pos.at_m > f->mine.way[v.pos.way].length_m) {
        v.pos.at_m = f->mine.way[v.pos.way].length_m;
    }
    v.mate = mate == 0 ? KT_NONE : (uint32_t)(mate - 1);
    if (!in->bad && !folk_of(f, v.card, false)) {
        struct folk_one *o = folk_of(f, v.card, true);
        if (o) {
            v.roster = o->roster;
            v.pace = o->pace;
            memcpy(v.stay, o->stay, sizeof(v.stay));
            *o = v;
            if (folk_has(o, FOLK_BELOW)) {
                folk_stays(e, o, o->in); /* until its section says better */
            }
        }
    }
}

static void save_evac(const struct evac *v, struct kt_buf *out)
{
    kt_put_u64(out, v->id);
    kt_put_i64(out, v->started);
    kt_put_i64(out, v->ended);
    kt_put_i64(out, v->plan_at);
    kt_put_u8(out, (uint8_t)(v->drill | v->confirmed << 1 | v->by_rule << 2));
    kt_put_text(out, v->place);
    kt_put_text(out, v->fire);
    kt_put_text(out, v->by);
    kt_put_text(out, v->reason);
    kt_put_u32(out, v->total);
    kt_put_u32(out, v->plans);
    kt_put_varint(out, v->blocked_n);
    for (uint32_t i = 0; i < v->blocked_n; i++) {
        kt_put_text(out, v->blocked[i]);
    }
    kt_put_bytes(out, v->plan.p, v->plan.n);
}

static void load_evac(struct evac *v, struct kt_rd *in)
{
    v->id = kt_get_u64(in);
    v->started = kt_get_i64(in);
    v->ended = kt_get_i64(in);
    v->plan_at = kt_get_i64(in);
    uint8_t bits = kt_get_u8(in);
    v->drill = bits & 1;
    v->confirmed = bits >> 1 & 1;
    v->by_rule = bits >> 2 & 1;
    kt_get_text(in, v->place, sizeof(v->place));
    kt_get_text(in, v->fire, sizeof(v->fire));
    kt_get_text(in, v->by, sizeof(v->by));
    kt_get_text(in, v->reason, sizeof(v->reason));
    v->total = kt_get_u32(in);
    v->plans = kt_get_u32(in);
    uint64_t n = kt_get_varint(in);
    in->bad |= n > FOLK_BLOCKED;
    for (v->blocked_n = 0; v->blocked_n < n && !in->bad; v->blocked_n++) {
        kt_get_text(in, v->blocked[v->blocked_n], ENG_NAME);
    }
    struct kt_str plan = kt_get_bytes(in);
    in->bad |= plan.n > FOLK_PLAN_MAX;
    if (!in->bad) {
        kt_buf_clear(&v->plan);
        kt_buf_put(&v->plan, plan.p, plan.n);
    }
}

void eng_folk_save(const struct eng *e, struct kt_buf *out)
{
    const struct folk *f = e->folk;
    if (!f) {
        return;
    }
    save_roster(f, out);
    kt_put_varint(out, f->one.n);
    for (uint32_t i = 0; i < f->one.n; i++) {
        save_one(e, &f->one.v[i], out);
    }
    kt_put_i64(out, f->around);
    kt_put_u64(out, f->refused);
    save_evac(&f->evac, out);
}

void eng_folk_load(struct eng *e, struct kt_rd *in)
{
    struct folk *f = e->folk;
    if (!f) {
        (void)kt_rd_take(in, kt_rd_left(in)); /* a site without people any more */
        return;
    }
    load_roster(f, in);
    uint64_t n = kt_get_varint(in);
    in->bad |= n > FOLK_MAX;
    for (uint64_t i = 0; i < n && !in->bad; i++) {
        load_one(e, in);
    }
    for (uint32_t i = 0; i < f->one.n; i++) {
        struct folk_one *o = &f->one.v[i];
        o->mate = o->mate < f->one.n ? o->mate : KT_NONE;
    }
    f->around = kt_get_i64(in);
    f->refused = kt_get_u64(in);
    load_evac(&f->evac, in);
}

/* What registers say of vehicles: cards of persons have none of it. */
static void save_vehicle(const struct folk *f, const struct folk_roster *r, struct kt_buf *out)
{
    uint64_t at;
    struct kt_str key = {(const char *)&r->card, sizeof(r->card)};
    const struct folk_one *o = kt_map_get(f->cards, key, &at) ? &f->one.v[at] : NULL;
    bool paced = o && o->pace.from.way < f->mine.ways_n;
    kt_put_u64(out, r->card);
    kt_put_text(out, r->vehicle);
    kt_put_text(out, r->kind);
    kt_put_text(out, r->carries);
    kt_put_f64(out, r->most_km_h);
    kt_put_text(out, paced ? f->mine.way[o->pace.from.way].id : "");
    kt_put_f64(out, paced ? o->pace.from.at_m : 0);
    kt_put_f64(out, paced ? o->pace.from.err_m : 0);
    kt_put_i64(out, paced ? o->pace.at : 0);
    kt_put_f64(out, paced ? o->pace.km_h : -1);
}

void eng_vehicles_save(const struct eng *e, struct kt_buf *out)
{
    const struct folk *f = e->folk;
    for (uint32_t i = 0; f && i < f->roster.n; i++) {
        const struct folk_roster *r = &f->roster.v[i];
        struct kt_str key = {(const char *)&r->card, sizeof(r->card)};
        uint64_t at;
        if (r->vehicle[0] && kt_map_get(f->rosters, key, &at) && at == i) {
            save_vehicle(f, r, out);
        }
    }
}

static void load_vehicle(struct folk *f, struct kt_rd *in)
{
    struct folk_roster v = {.card = kt_get_u64(in)};
    struct folk_pace pace;
    kt_get_text(in, v.vehicle, sizeof(v.vehicle));
    kt_get_text(in, v.kind, sizeof(v.kind));
    kt_get_text(in, v.carries, sizeof(v.carries));
    v.most_km_h = number(in);
    pace.from.way = f ? get_way(f, in) : (kt_get_bytes(in), KT_NONE);
    pace.from.at_m = number(in);
    pace.from.err_m = number(in);
    pace.at = kt_get_i64(in);
    pace.km_h = number(in);
    struct kt_str key = {(const char *)&v.card, sizeof(v.card)};
    uint64_t at;
    if (!f || in->bad || !kt_map_get(f->rosters, key, &at)) {
        return;
    }
    struct folk_roster *r = &f->roster.v[at];
    memcpy(r->vehicle, v.vehicle, sizeof(r->vehicle));
    memcpy(r->kind, v.kind, sizeof(r->kind));
    memcpy(r->carries, v.carries, sizeof(r->carries));
    r->most_km_h = v.most_km_h;
    struct folk_one *o = folk_of(f, v.card, false);
    if (o && pace.from.way != KT_NONE && pace.from.at_m <= f->mine.way[pace.from.way].length_m) {
        o->pace = pace;
    }
}

void eng_vehicles_load(struct eng *e, struct kt_rd *in)
{
    while (kt_rd_left(in) > 0 && !in->bad) {
        load_vehicle(e->folk, in);
    }
}

void eng_roster_save(const struct eng *e, struct kt_buf *out)
{
    const struct folk *f = e->folk;
    uint64_t at;
    for (uint32_t i = 0; f && i < f->roster.n; i++) {
        const struct folk_roster *r = &f->roster.v[i];
        struct kt_str key = {(const char *)&r->card, sizeof(r->card)};
        if (r->kept && kt_map_get(f->rosters, key, &at) && at == i) {
            kt_put_u64(out, r->card);
            kt_put_text(out, r->forbids);
        }
    }
}

void eng_roster_load(struct eng *e, struct kt_rd *in)
{
    struct folk *f = e->folk;
    while (kt_rd_left(in) > 0 && !in->bad) {
        uint64_t at, card = kt_get_u64(in);
        char forbids[FOLK_AREAS];
        kt_get_text(in, forbids, sizeof(forbids));
        struct kt_str key = {(const char *)&card, sizeof(card)};
        if (f && !in->bad && kt_map_get(f->rosters, key, &at)) {
            f->roster.v[at].kept = true;
            kt_text_set(f->roster.v[at].forbids, sizeof(f->roster.v[at].forbids), forbids);
        }
    }
}

void eng_stays_save(const struct eng *e, struct kt_buf *out)
{
    const struct folk *f = e->folk;
    for (uint32_t i = 0; f && i < f->one.n; i++) {
        for (int k = 0; k < FOLK_STAYS && f->one.v[i].stay[k].place != KT_NONE; k++) {
            kt_put_u64(out, f->one.v[i].card);
            kt_put_text(out, e->site->places[f->one.v[i].stay[k].place].id);
            kt_put_i64(out, f->one.v[i].stay[k].since);
        }
    }
}

void eng_stays_load(struct eng *e, struct kt_rd *in)
{
    while (kt_rd_left(in) > 0 && !in->bad) {
        uint64_t card = kt_get_u64(in);
        struct kt_str id = kt_get_bytes(in);
        kt_time since = kt_get_i64(in);
        struct folk_one *o = e->folk && !in->bad ? folk_of(e->folk, card, false) : NULL;
        uint32_t place = o ? kt_site_place(e->site, id).v : KT_NONE;
        for (int k = 0; o && place != KT_NONE && k < FOLK_STAYS; k++) {
            o->stay[k].since = o->stay[k].place == place ? since : o->stay[k].since;
        }
    }
}

void eng_ways_out_save(const struct eng *e, struct kt_buf *out)
{
    const struct folk *f = e->folk;
    for (uint32_t i = 0; f && i < f->one.n; i++) {
        const struct folk_one *o = &f->one.v[i];
        if (o->way_out || o->told) {
            kt_put_u64(out, o->card);
            kt_put_u32(out, o->way_out);
            kt_put_u32(out, o->told);
        }
    }
}

void eng_ways_out_load(struct eng *e, struct kt_rd *in)
{
    while (kt_rd_left(in) > 0 && !in->bad) {
        uint64_t card = kt_get_u64(in);
        uint32_t way_out = kt_get_u32(in), told = kt_get_u32(in);
        struct folk_one *o = e->folk && !in->bad ? folk_of(e->folk, card, false) : NULL;
        if (o) {
            o->way_out = way_out;
            o->told = told;
        }
    }
}
