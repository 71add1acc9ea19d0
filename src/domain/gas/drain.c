/* SPDX-License-Identifier: Apache-2.0 */
/* drain: what follows of a plan, and what it breaks. */
#include "domain/gas/drain.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define NEAR 1e-6 /* of a sum: rounding, no breach */

static double pure_at(const struct kt_drain *d, uint32_t source, uint32_t month)
{
    return d->drawn[source * d->months_n + month];
}

double kt_drain_left(const struct kt_drain *d, uint32_t zone, uint32_t upto, double share)
{
    const struct kt_drain_zone *z = &d->zone[zone];
    double left = z->content_m3t * z->coal_t - z->drained_m3;
    for (uint32_t i = 0; i < d->sources_n; i++) {
        for (uint32_t t = 0; d->source[i].zone == zone && t <= upto && t < d->months_n; t++) {
            left -= pure_at(d, i, t) * (t < upto ? 1 : share);
        }
    }
    return left;
}

static double wanted_m3(const struct kt_drain_zone *z)
{
    return z->target_m3t * z->coal_t;
}

/* ---- one station in one month ---- */

struct mixture {
    double mixed, pure, used, vented, part;
};

static struct mixture mixture(const struct kt_drain *d, uint32_t station, uint32_t month)
{
    struct mixture x = {0};
    for (uint32_t i = 0; i < d->sources_n; i++) {
        double part = d->source[i].part[month];
        if (d->source[i].station == station && part > 0) {
            x.pure += pure_at(d, i, month);
            x.mixed += pure_at(d, i, month) / part;
        }
    }
    for (uint32_t i = 0; i < d->users_n; i++) {
        x.used += d->user[i].station == station ? d->used[i * d->months_n + month] : 0;
    }
    x.vented = x.pure - x.used;
    x.part = x.mixed > 0 ? x.pure / x.mixed : (double)NAN;
    return x;
}

static bool rich(const struct mixture *x)
{
    return x->vented > NEAR * (1 + x->pure) && x->part >= KT_DRAIN_RICH - 1e-9;
}

/* ---- what it breaks ---- */

static void breach(struct kt_jw *w, const char *what, const char *id, const char *month, double by)
{
    kt_jw_obj(w);
    kt_jw_kstr(w, "what", what);
    kt_jw_kstr(w, "id", id);
    kt_jw_kstr(w, "month", month);
    kt_jw_knum(w, "by", round(by * 1000) / 1000);
    kt_jw_obj_end(w);
}

static bool over(double v, double most)
{
    return v > most + NEAR * (1 + fabs(most));
}

static void breaches_of_month(const struct kt_drain *d, uint32_t t, struct kt_jw *w)
{
    const struct kt_drain_month *m = &d->month[t];
    for (uint32_t i = 0; i < d->sources_n; i++) {
        double most = d->source[i].mixed_m3[t] * d->source[i].part[t], v = pure_at(d, i, t);
        if (over(v, most)) {
            breach(w, "source", d->source[i].id, m->id, v - most);
        }
    }
    for (uint32_t i = 0; i < d->users_n; i++) {
        const struct kt_drain_user *u = &d->user[i];
        double v = d->used[i * d->months_n + t], most = u->capacity_m3min * m->minutes;
        struct mixture x = mixture(d, u->station, t);
        if (over(v, most)) {
            breach(w, "user", u->id, m->id, v - most);
        }
        if (v > NEAR && !(x.part >= u->least_part - 1e-9)) {
            breach(w, "concentration", u->id, m->id, (u->least_part - x.part) * 100);
        }
    }
    for (uint32_t i = 0; i < d->stations_n; i++) {
        struct mixture x = mixture(d, i, t);
        double most = d->station[i].capacity_m3min * m->minutes;
        if (over(x.mixed, most)) {
            breach(w, "pumps", d->station[i].id, m->id, x.mixed - most);
        }
        if (over(x.used, x.pure)) {
            breach(w, "balance", d->station[i].id, m->id, x.used - x.pure);
        }
        if (rich(&x)) {
            breach(w, "rich", d->station[i].id, m->id, x.vented);
        }
    }
}

static void write_broken(const struct kt_drain *d, struct kt_jw *w)
{
    kt_jw_key(w, "broken");
    kt_jw_arr(w);
    for (uint32_t t = 0; t < d->months_n; t++) {
        breaches_of_month(d, t, w);
    }
    for (uint32_t z = 0; z < d->zones_n; z++) {
        double left = kt_drain_left(d, z, d->months_n, 0);
        if (left < -NEAR * (1 + d->zone[z].content_m3t * d->zone[z].coal_t)) {
            breach(w, "content", d->zone[z].id, d->month[d->months_n - 1].id, -left);
        }
    }
    kt_jw_arr_end(w);
}

/* ---- zones ---- */

/* The day on which what is left has come down to what is wanted, drained evenly over each month;
 * false: not within the plan. */
static bool attained(const struct kt_drain *d, uint32_t zone, char ret[12])
{
    double want = wanted_m3(&d->zone[zone]), was = kt_drain_left(d, zone, 0, 0);
    double near = NEAR * (1 + want);
    if (was <= want + near) {
        snprintf(ret, 12, "%s-01", d->month[0].id);
        return true;
    }
    for (uint32_t t = 0; t < d->months_n; t++) {
        double is = kt_drain_left(d, zone, t + 1, 0);
        if (is <= want + near) {
            double part = was > is ? fmin((was - want) / (was - is), 1) : 1;
            uint32_t day = (uint32_t)ceil(part * d->month[t].days - 1e-6);
            snprintf(ret, 12, "%s-%02u", d->month[t].id, day < 1 ? 1 : day % 100);
            return true;
        }
        was = is;
    }
    return false;
}

/* What could be drained of a zone until it is wanted, if nothing stood in the way. */
static double at_most(const struct kt_drain *d, uint32_t zone)
{
    const struct kt_drain_zone *z = &d->zone[zone];
    double sum = 0;
    for (uint32_t i = 0; i < d->sources_n; i++) {
        const struct kt_drain_source *s = &d->source[i];
        for (uint32_t t = 0; s->zone == zone && t <= z->need && t < d->months_n; t++) {
            sum += s->mixed_m3[t] * s->part[t] * (t < z->need ? 1 : z->need_share);
        }
    }
    return sum;
}

static double short_of(const struct kt_drain *d, uint32_t zone)
{
    const struct kt_drain_zone *z = &d->zone[zone];
    double by =
        z->need == KT_NONE ? 0 : kt_drain_left(d, zone, z->need, z->need_share) - wanted_m3(z);
    return by > NEAR * (1 + wanted_m3(z)) ? by : 0;
}

static void write_why(const struct kt_drain *d, uint32_t zone, double missing, struct kt_jw *w)
{
    const struct kt_drain_zone *z = &d->zone[zone];
    double most = at_most(d, zone), need = kt_drain_left(d, zone, 0, 0) - wanted_m3(z);
    bool holes = most < need - NEAR * (1 + need);
    char zh[400], en[400];
    snprintf(
        zh, sizeof(zh),
        holes ? "到%s需再抽%.0f m³，其钻孔届时至多可抽%.0f m³：需增加钻孔、提前接抽或推迟需要日期"
              : "到%s需再抽%.0f m³，其钻孔可抽%.0f m³，受泵站能力限制：需增加泵能力或错开各区",
        z->need_on, need, most);
    snprintf(en, sizeof(en),
             holes ? "by %s it has to give %.0f m3, its boreholes can give %.0f m3 by then: more "
                     "boreholes, an earlier start or a later day are wanted"
                   : "by %s it has to give %.0f m3, its boreholes could give %.0f m3, the pumps of "
                     "the station cannot take it: more pumps, or one zone after the other",
             z->need_on, need, most);
    kt_jw_knum(w, "short_m3", missing);
    kt_jw_kstr(w, "why", holes ? "holes" : "pumps");
    kt_jw_kstr(w, "text_zh", zh);
    kt_jw_kstr(w, "text", en);
}

static void write_zone(const struct kt_drain *d, uint32_t i, struct kt_jw *w)
{
    const struct kt_drain_zone *z = &d->zone[i];
    char on[12];
    bool down = attained(d, i, on);
    double missing = short_of(d, i);
    kt_jw_obj(w);
    kt_jw_kstr(w, "id", z->id);
    kt_jw_knum(w, "target", z->target_m3t);
    kt_jw_key(w, "content"); /* at the end of each month, m3/t */
    kt_jw_arr(w);
    for (uint32_t t = 1; t <= d->months_n; t++) {
        kt_jw_num(w, round(kt_drain_left(d, i, t, 0) / z->coal_t * 1e4) / 1e4);
    }
    kt_jw_arr_end(w);
    kt_jw_ktext(w, "needed_on", z->need_on);
    if (down) {
        kt_jw_kstr(w, "attained_on", on);
    }
    kt_jw_kstr(w, "verdict",
               missing > 0     ? "late"
               : !down         ? "open"
               : z->need_on[0] ? "in_time"
                               : "down");
    if (missing > 0) {
        write_why(d, i, missing, w);
    }
    kt_jw_obj_end(w);
}

/* ---- months, sums ---- */

static void write_station(const struct kt_drain *d, uint32_t s, struct kt_jw *w)
{
    kt_jw_obj(w);
    kt_jw_kstr(w, "id", d->station[s].id);
    kt_jw_key(w, "months");
    kt_jw_arr(w);
    for (uint32_t t = 0; t < d->months_n; t++) {
        struct mixture x = mixture(d, s, t);
        kt_jw_obj(w);
        kt_jw_kstr(w, "month", d->month[t].id);
        kt_jw_knum(w, "mixed", x.mixed);
        kt_jw_knum(w, "pure", x.pure);
        kt_jw_knum(w, "used", x.used);
        kt_jw_knum(w, "vented", x.vented);
        kt_jw_knum(w, "conc", x.part * 100);
        kt_jw_knum(w, "load", x.mixed / (d->station[s].capacity_m3min * d->month[t].minutes) * 100);
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
    kt_jw_obj_end(w);
}

static void write_rows(const struct kt_drain *d, struct kt_jw *w)
{
    kt_jw_key(w, "plan");
    kt_jw_arr(w);
    for (uint32_t t = 0; t < d->months_n; t++) {
        for (uint32_t i = 0; i < d->sources_n + d->users_n; i++) {
            bool user = i >= d->sources_n;
            uint32_t k = user ? i - d->sources_n : i;
            double v = (user ? d->used : d->drawn)[k * d->months_n + t];
            if (v > 0) {
                kt_jw_obj(w);
                kt_jw_kstr(w, "month", d->month[t].id);
                kt_jw_kstr(w, user ? "user" : "source", user ? d->user[k].id : d->source[k].id);
                kt_jw_knum(w, "pure", v);
                kt_jw_obj_end(w);
            }
        }
    }
    kt_jw_arr_end(w);
}

struct sums {
    double drained, used, vented, rich, released, missed, missing;
};

static struct sums sums_of(const struct kt_drain *d)
{
    struct sums s = {0};
    for (uint32_t t = 0; t < d->months_n; t++) {
        for (uint32_t i = 0; i < d->stations_n; i++) {
            struct mixture x = mixture(d, i, t);
            s.drained += x.pure;
            s.used += x.used;
            s.vented += x.vented;
            s.rich += rich(&x) ? x.vented : 0;
        }
        for (uint32_t i = 0; i < d->sources_n; i++) {
            const struct kt_drain_source *h = &d->source[i];
            s.missed += h->zone == KT_NONE ? h->mixed_m3[t] * h->part[t] - pure_at(d, i, t) : 0;
        }
    }
    for (uint32_t z = 0; z < d->zones_n; z++) {
        const struct kt_drain_zone *one = &d->zone[z];
        s.missing += short_of(d, z);
        s.released +=
            one->need == KT_NONE ? 0 : d->release * kt_drain_left(d, z, one->need, one->need_share);
    }
    return s;
}

void kt_drain_write(const struct kt_drain *d, struct kt_jw *w)
{
    struct sums s = sums_of(d);
    double emission = s.vented + s.released + s.missed;
    kt_jw_obj(w);
    kt_jw_kbool(w, "feasible", s.missing == 0);
    kt_jw_knum(w, "short_m3", s.missing);
    kt_jw_knum(w, "emission_t", emission * KT_DRAIN_T_PER_M3);
    kt_jw_knum(w, "emission_m3", emission);
    kt_jw_knum(w, "vented_m3", s.vented);
    kt_jw_knum(w, "rich_m3", s.rich);
    kt_jw_knum(w, "released_m3", s.released);
    kt_jw_knum(w, "missed_m3", s.missed);
    kt_jw_knum(w, "drained_m3", s.drained);
    kt_jw_knum(w, "used_m3", s.used);
    kt_jw_knum(w, "use_rate", s.drained > 0 ? s.used * 100 / s.drained : (double)NAN);
    write_broken(d, w);
    kt_jw_key(w, "zones");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < d->zones_n; i++) {
        write_zone(d, i, w);
    }
    kt_jw_arr_end(w);
    kt_jw_key(w, "stations");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < d->stations_n; i++) {
        write_station(d, i, w);
    }
    kt_jw_arr_end(w);
    write_rows(d, w);
    kt_jw_obj_end(w);
}
