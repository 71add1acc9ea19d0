/* SPDX-License-Identifier: Apache-2.0 */
/* days: the arithmetic of days; months come from base/time. */
#include "record/days.h"

#include <stdio.h>

#include "base/time.h"

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int32_t rec_day_of(int64_t ms, int utc_offset_s)
{
    int64_t day = floor_div(ms + INT64_C(1000) * utc_offset_s, REC_DAY_MS);
    return day < REC_DAY_MIN ? REC_DAY_MIN : day > REC_DAY_MAX ? REC_DAY_MAX : (int32_t)day;
}

int64_t rec_day_start(int32_t day, int utc_offset_s)
{
    return day * REC_DAY_MS - INT64_C(1000) * utc_offset_s;
}

int64_t rec_day_end(int32_t day, int utc_offset_s)
{
    return rec_day_start(day, utc_offset_s) + REC_DAY_MS;
}

static struct kt_civil civil_of(int32_t day)
{
    return kt_civil_of(day * KT_DAY, 0);
}

static int32_t day_to(int year, int month, int day)
{
    struct kt_civil c = {.year = year, .month = month, .day = day};
    return (int32_t)floor_div(kt_civil_to(&c, 0), KT_DAY);
}

static bool digits(const char *p, int n, int *ret)
{
    int v = 0;
    for (int i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9') {
            return false;
        }
        v = v * 10 + (p[i] - '0');
    }
    *ret = v;
    return true;
}

bool rec_day_parse(struct kt_str s, int32_t *ret)
{
    int y, m, d;
    if (s.n != 10 || s.p[4] != '-' || s.p[7] != '-' || !digits(s.p, 4, &y) ||
        !digits(s.p + 5, 2, &m) || !digits(s.p + 8, 2, &d)) {
        return false;
    }
    if (y < 1900 || y > 2199 || m < 1 || m > 12 || d < 1 || d > 31) {
        return false;
    }
    int32_t day = day_to(y, m, d);
    struct kt_civil back = civil_of(day);
    if (back.month != m || back.day != d) {
        return false; /* 31 February */
    }
    *ret = day;
    return true;
}

const char *rec_day_fmt(int32_t day, char buf[16])
{
    struct kt_civil c = civil_of(day);
    snprintf(buf, 16, "%04u-%02u-%02u", (unsigned)c.year % 10000u, (unsigned)c.month % 100u,
             (unsigned)c.day % 100u);
    return buf;
}

int rec_day_weekday(int32_t day)
{
    int w = (day + 4) % 7; /* 1970-01-01 was a Thursday */
    return w < 0 ? w + 7 : w;
}

bool rec_day_default(int32_t day)
{
    int w = rec_day_weekday(day);
    return w >= 1 && w <= 5;
}

/* The n-th day that counts after (n < 0: before) `day`; `day` itself for 0. */
static int32_t step(const struct rec_days *d, int32_t day, int n, bool working)
{
    int dir = n < 0 ? -1 : 1;
    for (int left = n < 0 ? -n : n; left > 0;) {
        if (day + dir > REC_DAY_MAX || day + dir < REC_DAY_MIN) {
            break;
        }
        day += dir;
        left -= !working || d->working(d->arg, day);
    }
    return day;
}

int64_t rec_deadline(const struct rec_days *d, int64_t from_ms, int n, bool working)
{
    int32_t day = rec_day_of(from_ms, d->utc_offset_s);
    return rec_day_end(step(d, day, n, working), d->utc_offset_s);
}

int64_t rec_shift(const struct rec_days *d, int64_t at_ms, int n, bool working)
{
    int32_t day = rec_day_of(at_ms - 1, d->utc_offset_s);
    int64_t into = at_ms - rec_day_start(day, d->utc_offset_s);
    return rec_day_start(step(d, day, n, working), d->utc_offset_s) + into;
}

static bool cycle_on(const struct rec_cycle_when *w, int32_t day)
{
    struct kt_civil c = civil_of(day);
    bool last = civil_of(day + 1).day == 1;
    bool of_month = c.day == w->on % 100 || (last && c.day < w->on % 100);
    switch (w->every) {
    case REC_EVERY_WEEK:
        return rec_day_weekday(day) == w->on;
    case REC_EVERY_MONTH:
        return of_month;
    case REC_EVERY_QUARTER:
        return of_month && c.month % 3 == 1;
    case REC_EVERY_YEAR:
        return of_month && c.month == w->on / 100;
    default:
        return true;
    }
}

int64_t rec_cycle_next(const struct rec_cycle_when *w, int utc_offset_s, int64_t after_ms)
{
    for (int32_t day = rec_day_of(after_ms, utc_offset_s); day < REC_DAY_MAX; day++) {
        int64_t at = rec_day_start(day, utc_offset_s) + INT64_C(1000) * w->at_s;
        if (at > after_ms && cycle_on(w, day)) {
            return at;
        }
    }
    return INT64_MAX;
}

enum { OFF_MAX = 60 }; /* days off in a row that are looked past */

int64_t rec_cycle_next_working(const struct rec_cycle_when *w, const struct rec_days *d,
                               int64_t after_ms)
{
    int64_t base = after_ms - OFF_MAX * REC_DAY_MS;
    for (int i = 0; i < 4 * OFF_MAX; i++) {
        base = rec_cycle_next(w, d->utc_offset_s, base);
        if (base == INT64_MAX) {
            return base;
        }
        int64_t at = base;
        int32_t day = rec_day_of(base, d->utc_offset_s);
        bool off = !d->working(d->arg, day);
        for (int k = 0; off && w->every != REC_EVERY_DAY && k < OFF_MAX; k++) {
            at += REC_DAY_MS;
            off = !d->working(d->arg, ++day);
        }
        if (at > after_ms && !off) {
            return at;
        }
    }
    return INT64_MAX;
}
