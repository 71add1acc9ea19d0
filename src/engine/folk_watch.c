/* SPDX-License-Identifier: Apache-2.0 */
/* folk_watch: what time makes of persons below, and the points that count them. */
#include "engine/folk.h"

#include <math.h>

/* ---- bits ------------------------------------------------------------------------------------ */

void folk_bit_set(struct eng *e, struct folk_one *o, enum folk_bit b, bool on)
{
    if (folk_has(o, b) == on) {
        return;
    }
    o->bits ^= 1u << b;
    e->folk->version++;
    if (b == FOLK_LEADER || b == FOLK_SPECIAL) {
        return; /* what somebody is, is no news */
    }
    struct kt_jw *w = folk_say(e, o, folk_bit_id(b));
    kt_jw_kbool(w, "on", on);
    if (b == FOLK_LOST) {
        kt_jw_ktime(w, "heard", o->heard);
    }
    eng_said(e);
}

/* Is the place, or one above it, in a list with ";" between? */
static bool listed(const struct eng *e, const char *list, uint32_t place)
{
    while (*list) {
        size_t n = strcspn(list, ";");
        kt_place_id at = kt_site_place(e->site, (struct kt_str){list, n});
        if (at.v != KT_NONE && kt_site_within(e->site, (kt_place_id){place}, at)) {
            return true;
        }
        list += n + (list[n] == ';');
    }
    return false;
}

bool folk_barred(const struct eng *e, const struct folk_one *o)
{
    const struct folk_roster *r = folk_roster(e->folk, o);
    const struct kt_area *a = kt_mine_area(&e->folk->mine, o->place);
    bool closed = a && (a->kind == KT_AREA_RESTRICTED || a->kind == KT_AREA_FORBIDDEN);
    bool permitted = r && listed(e, r->areas, o->place);
    return (r && listed(e, r->forbids, o->place)) || (closed && !permitted);
}

void folk_permit(struct eng *e, struct folk_one *o)
{
    const struct folk_roster *r = folk_roster(e->folk, o);
    bool below = folk_has(o, FOLK_BELOW);
    folk_bit_set(e, o, FOLK_FORBIDDEN, below && folk_barred(e, o));
    /* where no register has told any card, nobody can be known */
    bool told = kt_map_count(e->folk->rosters) > 0;
    folk_bit_set(e, o, FOLK_STRANGER, below && told && (!r || !r->person[0]));
    folk_bit_set(e, o, FOLK_LEADER, below && r && r->leader);
    folk_bit_set(e, o, FOLK_SPECIAL, below && r && r->special);
}

bool folk_silent(const struct eng *e, const struct folk_one *o)
{
    const struct kt_area *a = kt_mine_area(&e->folk->mine, o->place);
    int64_t silent = (int64_t)((a ? a->lost_s : KT_LOST_S) * (double)KT_SEC);
    silent = o->by_file && silent < FOLK_FILES ? FOLK_FILES : silent;
    return e->now - o->heard > silent;
}

/* ---- how long ----------------------------------------------------------------------------------
 */

const struct kt_area *folk_outer(const struct eng *e, const struct kt_area *a)
{
    return kt_mine_area(&e->folk->mine, e->site->places[a->place].parent.v);
}

void folk_no_stays(struct folk_one *o)
{
    for (int i = 0; i < FOLK_STAYS; i++) {
        o->stay[i] = (struct folk_stay){KT_NONE, 0};
    }
}

void folk_stays(const struct eng *e, struct folk_one *o, kt_time at)
{
    const struct folk_one was = *o;
    int n = 0;
    folk_no_stays(o);
    for (const struct kt_area *a = kt_mine_area(&e->folk->mine, o->place); a && n < FOLK_STAYS;
         a = folk_outer(e, a)) {
        if (a->hours > 0) {
            o->stay[n] = (struct folk_stay){a->place, at};
            for (int k = 0; k < FOLK_STAYS; k++) {
                o->stay[n].since =
                    was.stay[k].place == a->place ? was.stay[k].since : o->stay[n].since;
            }
            n++;
        }
    }
}

static bool longer(const struct eng *e, kt_time since, double hours)
{
    return hours > 0 && (double)(e->now - since) / (double)KT_HOUR > hours;
}

/* Every area around it has its own clock. The register's hours are of the whole stay below and take
 * the place of those of the mine, never of those of an area. */
static bool over_time(const struct eng *e, const struct folk_one *o)
{
    const struct folk_roster *r = folk_roster(e->folk, o);
    bool own = r && r->hours > 0;
    bool over = own && longer(e, o->in, r->hours);
    for (int i = 0; i < FOLK_STAYS && o->stay[i].place != KT_NONE; i++) {
        bool mine = e->site->places[o->stay[i].place].parent.v == KT_NONE;
        const struct kt_area *a = kt_mine_area(&e->folk->mine, o->stay[i].place);
        over |= !(own && mine) && a && longer(e, o->stay[i].since, a->hours);
    }
    return over;
}

static void watch_time(struct eng *e, struct folk_one *o)
{
    bool below = folk_has(o, FOLK_BELOW);
    folk_bit_set(e, o, FOLK_LOST, below && folk_silent(e, o));
    folk_bit_set(e, o, FOLK_OVER, below && over_time(e, o));
}

/* ---- who is near whom ------------------------------------------------------------------------ */

static void list_by_way(struct folk *f)
{
    memset(f->head, 0xff, (f->mine.ways_n + 1) * sizeof(*f->head));
    for (uint32_t i = f->one.n; i-- > 0;) {
        struct folk_one *o = &f->one.v[i];
        if (folk_has(o, FOLK_BELOW) && !folk_has(o, FOLK_LOST) && o->pos.way < f->mine.ways_n) {
            o->next = f->head[o->pos.way];
            f->head[o->pos.way] = i;
        }
    }
}

/* The only other tag within FOLK_TWIN_AT; KT_NONE: nobody, or several (a crew in one cage). */
static uint32_t only_mate(const struct folk *f, uint32_t i)
{
    const struct folk_one *o = &f->one.v[i];
    uint32_t found = KT_NONE;
    for (uint32_t k = f->head[o->pos.way]; k != KT_NONE; k = f->one.v[k].next) {
        if (k == i || fabs(f->one.v[k].pos.at_m - o->pos.at_m) > FOLK_TWIN_AT) {
            continue;
        }
        if (found != KT_NONE) {
            return KT_NONE;
        }
        found = k;
    }
    return found;
}

static void watch_mate(struct eng *e, uint32_t i, double went_m)
{
    struct folk *f = e->folk;
    struct folk_one *o = &f->one.v[i];
    uint32_t mate = only_mate(f, i);
    if (mate == KT_NONE || mate != o->mate) {
        o->mate = mate;
        o->mate_since = e->now;
        o->mate_m = 0;
    } else {
        o->mate_m += went_m;
    }
    folk_bit_set(e, o, FOLK_TWIN,
                 mate != KT_NONE && e->now - o->mate_since >= FOLK_TWIN_FOR &&
                     o->mate_m >= FOLK_TWIN_M);
}

/* A mate whose tag is not heard counts as below, and is not known to be at hand. */
static bool alone_in(const struct eng *e, const struct folk_one *o)
{
    uint32_t self = !folk_has(o, FOLK_LOST);
    const struct kt_area *a = kt_mine_area(&e->folk->mine, o->place);
    for (; a; a = folk_outer(e, a)) {
        const uint32_t *c = &e->folk->count[(size_t)a->place * FOLK_BITS];
        if (a->no_lone && c[FOLK_BELOW] - c[FOLK_LOST] <= self) {
            return true;
        }
    }
    return false;
}

static void watch_alone(struct eng *e, struct folk_one *o)
{
    bool alone = folk_has(o, FOLK_BELOW) && alone_in(e, o);
    o->alone_since = alone ? (o->alone_since ? o->alone_since : e->now) : 0;
    folk_bit_set(e, o, FOLK_ALONE, alone && e->now - o->alone_since >= FOLK_ALONE_FOR);
}

/* Metres since the last look, straight along the way; a walk over a node counts as none of them. */
static double went(struct folk_one *o)
{
    double m = o->look_way == o->pos.way ? fabs(o->pos.at_m - o->look_m) : 0;
    o->look_way = o->pos.way;
    o->look_m = o->pos.at_m;
    return m;
}

static void look_around(struct eng *e)
{
    struct folk *f = e->folk;
    list_by_way(f);
    for (uint32_t i = 0; i < f->one.n; i++) {
        struct folk_one *o = &f->one.v[i];
        bool seen = folk_has(o, FOLK_BELOW) && !folk_has(o, FOLK_LOST);
        if (seen && o->pos.way < f->mine.ways_n) {
            watch_mate(e, i, went(o));
        } else {
            o->mate = KT_NONE;
            folk_bit_set(e, o, FOLK_TWIN, false);
        }
    }
}

/* ---- points ---------------------------------------------------------------------------------- */

static void count_all(struct eng *e)
{
    struct folk *f = e->folk;
    const struct kt_site *s = e->site;
    memset(f->count, 0, (size_t)(s->places_n + 1) * FOLK_BITS * sizeof(*f->count));
    for (uint32_t i = 0; i < f->one.n; i++) {
        const struct folk_one *o = &f->one.v[i];
        uint32_t at =
            o->place < s->places_n ? o->place : 0; /* not known where: the root has them */
        for (uint32_t depth = 0; o->bits && at < s->places_n && depth < 64; depth++) {
            uint32_t *c = &f->count[(size_t)at * FOLK_BITS];
            for (int b = 0; b < FOLK_BITS; b++) {
                c[b] += o->bits >> b & 1;
            }
            at = s->places[at].parent.v;
        }
    }
}

static bool known_value(const struct eng *e, uint32_t point, double *ret)
{
    if (point == KT_NONE) {
        return false;
    }
    struct kt_live_value v = kt_live_get(e->live, (kt_point_id){point});
    *ret = v.value;
    return kt_q_known(v.quality);
}

static double value_of(const struct eng *e, const struct folk_point *p, kt_quality *q)
{
    const uint32_t *c = &e->folk->count[(size_t)p->place * FOLK_BITS];
    bool told = kt_map_count(e->folk->rosters) > 0 || c[FOLK_BELOW] == 0;
    double in, out;
    *q = KT_Q_NORMAL;
    switch (p->role) {
    case FOLK_STRANGER:
    case FOLK_LEADER:
    case FOLK_SPECIAL:
        *q = told ? KT_Q_NORMAL : KT_Q_NEVER; /* no register has told who carries any card */
        return c[p->role];
    case FOLK_DIFFERENCE:
        if (!known_value(e, e->folk->entered, &in) || !known_value(e, e->folk->left, &out)) {
            *q = KT_Q_COMM_FAULT; /* without the in-and-out count nothing is known of it */
            return 0;
        }
        return c[FOLK_BELOW] - (in - out);
    case FOLK_LEADERLESS:
        *q = told ? KT_Q_NORMAL : KT_Q_NEVER;
        return c[FOLK_BELOW] > 0 && c[FOLK_LEADER] == 0;
    default:
        return c[p->role];
    }
}

static void put(struct kt_columns *c, uint32_t point, kt_time t, double v, kt_quality q)
{
    c->point[c->n] = point;
    c->time[c->n] = t;
    c->value[c->n] = v;
    c->quality[c->n++] = q;
}

static void put_all(struct eng *e)
{
    struct folk *f = e->folk;
    f->columns.n = 0;
    for (uint32_t i = 0; i < f->points_n; i++) {
        kt_quality q;
        double v = value_of(e, &f->point[i], &q);
        put(&f->columns, f->point[i].point, e->now, v, q);
    }
    struct kt_samples s = kt_columns_view(&f->columns);
    eng_samples(e, e->now, KT_STR("engine"), &s);
}

/* Where there is a new call while another stands, the alarm that stands rings anew: nothing falls
 * to 0 in between, for nothing was over. */
static void again(struct eng *e, uint32_t place)
{
    const struct folk *f = e->folk;
    for (uint32_t i = 0; i < f->points_n; i++) {
        const struct folk_point *p = &f->point[i];
        bool here = place == KT_NONE ||
                    kt_site_within(e->site, (kt_place_id){place}, (kt_place_id){p->place});
        if (p->role == FOLK_SOS && here) {
            eng_ring_again(e, p->point);
        }
    }
}

void folk_points(struct eng *e, uint32_t sos)
{
    count_all(e);
    again(e, sos); /* those that stood before; the others rise now */
    put_all(e);
}

void eng_folk_second(struct eng *e)
{
    struct folk *f = e->folk;
    if (!f) {
        return;
    }
    for (uint32_t i = 0; i < f->one.n; i++) {
        watch_time(e, &f->one.v[i]);
        folk_vehicle_watch(e, &f->one.v[i]);
    }
    if (e->now >= f->around) {
        f->around = e->now + FOLK_AROUND;
        look_around(e);
    }
    count_all(e);
    for (uint32_t i = 0; i < f->one.n; i++) {
        watch_alone(e, &f->one.v[i]);
    }
    count_all(e);
    put_all(e);
}
