/* SPDX-License-Identifier: Apache-2.0 */
/* drain_read: the text of a case of drainage. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "domain/gas/drain.h"

struct reading {
    struct kt_drain *d;
    struct kt_arena *arena;
    struct kt_err *err;
};

static bool number(const struct reading *t, const struct kt_json *o, const char *list,
                   const char *key, double lo, double hi, double *ret)
{
    double v;
    if (!kt_json_num(kt_json_get(o, key), &v) || !(v >= lo && v <= hi)) {
        (void)kt_err_set(t->err, KT_EINVAL, "%s \"%s\": %s is a number from %g to %g", list,
                         kt_json_get_str(o, "id", "?"), key, lo, hi);
        return false;
    }
    *ret = v;
    return true;
}

static uint32_t days_of(int year, int month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

/* "2026-12" or "2026-12-31". */
static bool read_month(const char *s, int *ret_year, int *ret_month, int *ret_day)
{
    size_t n = strlen(s);
    int used = 0, year, month, day = 1;
    if (n == 7 ? sscanf(s, "%4d-%2d%n", &year, &month, &used) != 2
               : sscanf(s, "%4d-%2d-%2d%n", &year, &month, &day, &used) != 3) {
        return false;
    }
    if ((size_t)used != n || year < 1990 || year > 2200 || month < 1 || month > 12 || day < 1 ||
        day > (int)days_of(year, month)) {
        return false;
    }
    *ret_year = year;
    *ret_month = month;
    *ret_day = day;
    return true;
}

static int months(const struct reading *t, const struct kt_json *o)
{
    int year, month, day;
    double n = 0, release = 0;
    if (!read_month(kt_json_get_str(o, "from", ""), &year, &month, &day)) {
        return kt_err_set(t->err, KT_EINVAL, "from is a month like 2026-12");
    }
    if (!number(t, o, "plan", "months", 1, KT_DRAIN_MONTHS, &n) ||
        !number(t, o, "plan", "release", 0, 100, &release)) {
        return KT_EINVAL;
    }
    t->d->months_n = (uint32_t)n;
    t->d->release = release / 100;
    for (uint32_t i = 0; i < t->d->months_n; i++) {
        struct kt_drain_month *m = &t->d->month[i];
        m->days = days_of(year, month);
        m->minutes = m->days * 1440.0;
        snprintf(m->id, sizeof(m->id), "%04u-%02u", (unsigned)year % 10000, (unsigned)month % 100);
        year += month == 12;
        month = month % 12 + 1;
    }
    return KT_OK;
}

static uint32_t month_named(const struct kt_drain *d, const char *id)
{
    for (uint32_t i = 0; i < d->months_n; i++) {
        if (strncmp(d->month[i].id, id, 7) == 0) {
            return i;
        }
    }
    return KT_NONE;
}

/* A list of the case; NULL and said when there are too many or one has no id of its own. */
static const struct kt_json *list_of(const struct reading *t, const struct kt_json *o,
                                     const char *key, size_t most, uint32_t *ret_n)
{
    const struct kt_json *list = kt_json_get(o, key);
    size_t n = kt_json_len(list);
    if (!kt_json_arr(list) || n > most) {
        (void)kt_err_set(t->err, KT_EINVAL, "%s is a list of at most %zu", key, most);
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        const char *id = kt_json_get_str(kt_json_at(list, i), "id", "");
        for (size_t k = 0; k < i && id[0]; k++) {
            id = strcmp(kt_json_get_str(kt_json_at(list, k), "id", ""), id) == 0 ? "" : id;
        }
        if (!id[0]) {
            (void)kt_err_set(t->err, KT_EINVAL, "%s: each has an id of its own", key);
            return NULL;
        }
    }
    *ret_n = (uint32_t)n;
    return list;
}

static const char *id_of(const struct reading *t, const struct kt_json *o)
{
    struct kt_str s = kt_json_strn(kt_json_get(o, "id"));
    return kt_arena_strndup(t->arena, s.p, s.n);
}

static int stations(const struct reading *t, const struct kt_json *o)
{
    struct kt_drain *d = t->d;
    const struct kt_json *list = list_of(t, o, "stations", KT_DRAIN_STATIONS, &d->stations_n);
    if (!list) {
        return KT_EINVAL;
    }
    d->station = KT_NEW_ARRAY(t->arena, struct kt_drain_station, d->stations_n + 1);
    for (uint32_t i = 0; i < d->stations_n; i++) {
        const struct kt_json *one = kt_json_at(list, i);
        d->station[i].id = id_of(t, one);
        if (!number(t, one, "station", "capacity", 0, 1e5, &d->station[i].capacity_m3min)) {
            return KT_EINVAL;
        }
    }
    return KT_OK;
}

static bool station_of(const struct reading *t, const struct kt_json *o, const char *list,
                       uint32_t *ret)
{
    const char *id = kt_json_get_str(o, "station", "");
    for (uint32_t i = 0; i < t->d->stations_n; i++) {
        if (strcmp(t->d->station[i].id, id) == 0) {
            *ret = i;
            return true;
        }
    }
    (void)kt_err_set(t->err, KT_EINVAL, "%s \"%s\": there is no station \"%s\"", list,
                     kt_json_get_str(o, "id", ""), id);
    return false;
}

static int users(const struct reading *t, const struct kt_json *o)
{
    struct kt_drain *d = t->d;
    const struct kt_json *list = list_of(t, o, "users", KT_DRAIN_USERS, &d->users_n);
    if (!list) {
        return KT_EINVAL;
    }
    d->user = KT_NEW_ARRAY(t->arena, struct kt_drain_user, d->users_n + 1);
    for (uint32_t i = 0; i < d->users_n; i++) {
        const struct kt_json *one = kt_json_at(list, i);
        struct kt_drain_user *u = &d->user[i];
        u->id = id_of(t, one);
        if (!station_of(t, one, "user", &u->station) ||
            !number(t, one, "user", "capacity", 0, 1e5, &u->capacity_m3min) ||
            !number(t, one, "user", "min_conc", 0, 100, &u->least_part)) {
            return KT_EINVAL;
        }
        u->least_part /= 100;
    }
    return KT_OK;
}

/* When a zone is wanted: within the plan a month and how much of it has passed, before it its
 * beginning. */
static int wanted(const struct reading *t, const struct kt_json *one, struct kt_drain_zone *z)
{
    const struct kt_drain *d = t->d;
    const char *on = kt_json_get_str(one, "needed_on", "");
    int year, month, day;
    z->need = KT_NONE;
    if (!on[0]) {
        return KT_OK;
    }
    if (!read_month(on, &year, &month, &day)) {
        return kt_err_set(t->err, KT_EINVAL, "zone \"%s\": needed_on is a day like 2027-03-01",
                          z->id);
    }
    snprintf(z->need_on, sizeof(z->need_on), "%04u-%02u-%02u", (unsigned)year % 10000,
             (unsigned)month % 100, (unsigned)day % 100);
    z->need = month_named(d, on);
    if (z->need != KT_NONE) {
        z->need_share = (day - 1) / (double)d->month[z->need].days;
    } else if (strncmp(on, d->month[0].id, 7) < 0) {
        z->need = 0;
    } else if (day == 1 && d->months_n &&
               strncmp(on, d->month[d->months_n - 1].id, 7) > 0) { /* the day behind the plan */
        struct kt_drain_month last = d->month[d->months_n - 1];
        int y = 0, m = 0, dd;
        (void)read_month(last.id, &y, &m, &dd);
        bool next = m == 12 ? year == y + 1 && month == 1 : year == y && month == m + 1;
        z->need = next ? d->months_n : KT_NONE;
    }
    return KT_OK;
}

static int zones(const struct reading *t, const struct kt_json *o)
{
    struct kt_drain *d = t->d;
    const struct kt_json *list = list_of(t, o, "zones", KT_DRAIN_ZONES, &d->zones_n);
    if (!list) {
        return KT_EINVAL;
    }
    d->zone = KT_NEW_ARRAY(t->arena, struct kt_drain_zone, d->zones_n + 1);
    for (uint32_t i = 0; i < d->zones_n; i++) {
        const struct kt_json *one = kt_json_at(list, i);
        struct kt_drain_zone *z = &d->zone[i];
        z->id = id_of(t, one);
        if (!number(t, one, "zone", "coal", 1, 1e10, &z->coal_t) ||
            !number(t, one, "zone", "content", 0, 100, &z->content_m3t) ||
            !number(t, one, "zone", "drained", 0, 1e12, &z->drained_m3) ||
            !number(t, one, "zone", "target", 0, 100, &z->target_m3t)) {
            return KT_EINVAL;
        }
        int r = wanted(t, one, z);
        if (r < 0) {
            return r;
        }
    }
    return KT_OK;
}

static int available(const struct reading *t, const struct kt_json *one, struct kt_drain_source *s)
{
    const struct kt_json *list = kt_json_get(one, "available");
    if (kt_json_len(list) != t->d->months_n) {
        return kt_err_set(t->err, KT_EINVAL,
                          "source \"%s\": available has {flow, conc} for each of %u months", s->id,
                          t->d->months_n);
    }
    for (uint32_t i = 0; i < t->d->months_n; i++) {
        const struct kt_json *at = kt_json_at(list, i);
        double flow = kt_json_get_num(at, "flow", -1), conc = kt_json_get_num(at, "conc", -1);
        if (!(flow >= 0 && flow <= 1e5) || !(conc >= 0 && conc <= 100)) {
            return kt_err_set(t->err, KT_EINVAL,
                              "source \"%s\", %s: flow is 0 … 100000 m3/min, conc 0 … 100 %%",
                              s->id, t->d->month[i].id);
        }
        s->mixed_m3[i] = flow * t->d->month[i].minutes;
        s->part[i] = conc / 100;
    }
    return KT_OK;
}

static int source(const struct reading *t, const struct kt_json *one, struct kt_drain_source *s)
{
    struct kt_drain *d = t->d;
    const char *zone = kt_json_get_str(one, "zone", "");
    s->id = id_of(t, one);
    s->mixed_m3 = KT_NEW_ARRAY(t->arena, double, d->months_n + 1);
    s->part = KT_NEW_ARRAY(t->arena, double, d->months_n + 1);
    s->zone = KT_NONE;
    for (uint32_t i = 0; i < d->zones_n && zone[0]; i++) {
        s->zone = strcmp(d->zone[i].id, zone) == 0 ? i : s->zone;
    }
    if (zone[0] && s->zone == KT_NONE) {
        return kt_err_set(t->err, KT_EINVAL, "source \"%s\": there is no zone \"%s\"", s->id, zone);
    }
    return station_of(t, one, "source", &s->station) ? available(t, one, s) : KT_EINVAL;
}

static int sources(const struct reading *t, const struct kt_json *o)
{
    struct kt_drain *d = t->d;
    const struct kt_json *list = list_of(t, o, "sources", KT_DRAIN_SOURCES, &d->sources_n);
    int r = list ? KT_OK : KT_EINVAL;
    d->source = KT_NEW_ARRAY(t->arena, struct kt_drain_source, d->sources_n + 1);
    for (uint32_t i = 0; r == KT_OK && i < d->sources_n; i++) {
        r = source(t, kt_json_at(list, i), &d->source[i]);
    }
    return r;
}

/* ---- the plan ---- */

static double *cell(const struct kt_drain *d, const struct kt_json *row, uint32_t month)
{
    const char *source = kt_json_get_str(row, "source", ""),
               *user = kt_json_get_str(row, "user", "");
    for (uint32_t i = 0; i < d->sources_n && source[0]; i++) {
        if (strcmp(d->source[i].id, source) == 0) {
            return &d->drawn[i * d->months_n + month];
        }
    }
    for (uint32_t i = 0; i < d->users_n && !source[0]; i++) {
        if (strcmp(d->user[i].id, user) == 0) {
            return &d->used[i * d->months_n + month];
        }
    }
    return NULL;
}

static int plan(const struct reading *t, const struct kt_json *rows)
{
    struct kt_drain *d = t->d;
    d->drawn = KT_NEW_ARRAY(t->arena, double, d->sources_n * d->months_n + 1);
    d->used = KT_NEW_ARRAY(t->arena, double, d->users_n * d->months_n + 1);
    for (size_t i = 0; i < kt_json_len(rows); i++) {
        const struct kt_json *row = kt_json_at(rows, i);
        uint32_t month = month_named(d, kt_json_get_str(row, "month", "?"));
        double pure = kt_json_get_num(row, "pure", -1);
        double *to = month == KT_NONE ? NULL : cell(d, row, month);
        if (!to || !(pure >= 0 && pure <= 1e12)) {
            return kt_err_set(
                t->err, KT_EINVAL,
                "plan, row %zu: it names a month of the plan, a source or a user, and "
                "a volume of pure methane in m3",
                i + 1);
        }
        *to += pure;
    }
    return KT_OK;
}

int kt_drain_read(const struct kt_json *text, struct kt_arena *arena, struct kt_drain **ret,
                  struct kt_err *err)
{
    struct kt_drain *d = KT_NEW(arena, struct kt_drain);
    const struct reading t = {d, arena, err};
    int r = months(&t, text);
    r = r == KT_OK ? stations(&t, text) : r;
    r = r == KT_OK ? users(&t, text) : r;
    r = r == KT_OK ? zones(&t, text) : r;
    r = r == KT_OK ? sources(&t, text) : r;
    r = r == KT_OK ? plan(&t, kt_json_get(text, "plan")) : r;
    if (r == KT_OK) {
        *ret = d;
    }
    return r;
}
