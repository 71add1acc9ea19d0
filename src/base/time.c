/* SPDX-License-Identifier: Apache-2.0 */
#include "base/time.h"

/* Days and civil dates of the proleptic Gregorian calendar, counted in 400-year eras. */
static int64_t days_of(int y, int m, int d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

struct kt_civil kt_civil_of(kt_time t, int utc_offset_s)
{
    int64_t s = t / KT_SEC;
    int64_t ns = t % KT_SEC;
    if (ns < 0) {
        ns += KT_SEC;
        s--;
    }
    s += utc_offset_s;
    int64_t days = s / 86400;
    int64_t rem = s % 86400;
    if (rem < 0) {
        rem += 86400;
        days--;
    }
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    struct kt_civil c = {0};
    c.day = (int)(doy - (153 * mp + 2) / 5 + 1);
    c.month = (int)(mp < 10 ? mp + 3 : mp - 9);
    c.year = (int)(yoe + era * 400 + (c.month <= 2));
    c.hour = (int)(rem / 3600);
    c.minute = (int)(rem / 60 % 60);
    c.second = (int)(rem % 60);
    c.nano = (int)ns;
    c.weekday = (int)(((days % 7) + 11) % 7);
    return c;
}

kt_time kt_civil_to(const struct kt_civil *c, int utc_offset_s)
{
    int64_t s = days_of(c->year, c->month, c->day) * 86400 + c->hour * 3600 + c->minute * 60 +
                c->second - utc_offset_s;
    return s * KT_SEC + c->nano;
}

static char *two(char *to, int v)
{
    to[0] = (char)('0' + v / 10);
    to[1] = (char)('0' + v % 10);
    return to + 2;
}

/* v in n digits, zeros before it. */
static char *padded(char *to, int v, int n)
{
    for (int i = n; i-- > 0; v /= 10) {
        to[i] = (char)('0' + v % 10);
    }
    return to + n;
}

/* 2026-11-21T14:32:07; years are of four digits, as 64 bits of nanoseconds reach. */
static char *civil(char *to, const struct kt_civil *c, char between)
{
    to = two(two(to, c->year / 100 % 100), c->year % 100);
    *to++ = '-';
    to = two(to, c->month);
    *to++ = '-';
    to = two(to, c->day);
    *to++ = between;
    to = two(to, c->hour);
    *to++ = ':';
    to = two(to, c->minute);
    *to++ = ':';
    return two(to, c->second);
}

const char *kt_time_fmt(kt_time t, int off, char *buf)
{
    struct kt_civil c = kt_civil_of(t, off);
    char *to = civil(buf, &c, 'T');
    if (c.nano) {
        bool ms = c.nano % 1000000 == 0;
        *to++ = '.';
        to = ms ? padded(to, c.nano / 1000000, 3) : padded(to, c.nano, 9);
    }
    if (off == 0) {
        *to++ = 'Z';
    } else {
        int a = off < 0 ? -off : off;
        *to++ = off < 0 ? '-' : '+';
        to = two(to, a / 3600 % 100);
        *to++ = ':';
        to = two(to, a / 60 % 60);
    }
    *to = '\0';
    return buf;
}

const char *kt_time_fmt_local(kt_time t, int off, char *buf)
{
    struct kt_civil c = kt_civil_of(t, off);
    *civil(buf, &c, ' ') = '\0';
    return buf;
}

static bool digits(const char **p, const char *end, int n, int *ret)
{
    int v = 0;
    for (int i = 0; i < n; i++) {
        if (*p >= end || **p < '0' || **p > '9') {
            return false;
        }
        v = v * 10 + (*(*p)++ - '0');
    }
    *ret = v;
    return true;
}

static bool eat(const char **p, const char *end, char c)
{
    if (*p < end && **p == c) {
        (*p)++;
        return true;
    }
    return false;
}

static int parse_epoch(struct kt_str s, kt_time *ret)
{
    int64_t v = 0;
    if (s.n == 0 || s.n > 19) {
        return KT_EPARSE;
    }
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9' || __builtin_mul_overflow(v, 10, &v) ||
            __builtin_add_overflow(v, s.p[i] - '0', &v)) {
            return KT_EPARSE;
        }
    }
    int64_t scale = v < INT64_C(100000000000)         ? KT_SEC
                    : v < INT64_C(100000000000000)    ? KT_MS
                    : v < INT64_C(100000000000000000) ? KT_US
                                                      : 1;
    return __builtin_mul_overflow(v, scale, ret) ? KT_EPARSE : KT_OK;
}

static int month_days(int y, int m)
{
    static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    return days[m - 1] + (m == 2 && leap);
}

static bool parse_zone(const char **p, const char *end, int *off)
{
    if (*p == end) {
        return true;
    }
    if (eat(p, end, 'Z') || eat(p, end, 'z')) {
        *off = 0;
        return *p == end;
    }
    int sign = **p == '-' ? -1 : 1;
    int h, m;
    if (!eat(p, end, '+') && !eat(p, end, '-')) {
        return false;
    }
    if (!digits(p, end, 2, &h)) {
        return false;
    }
    eat(p, end, ':');
    if (!digits(p, end, 2, &m) || h > 18 || m > 59 || *p != end) {
        return false;
    }
    *off = sign * (h * 3600 + m * 60);
    return true;
}

/* Two digits; a spreadsheet leaves out a zero in front. */
static bool pair(const char **p, const char *end, bool sheet, int *ret)
{
    const char *at = *p;
    if (digits(p, end, 2, ret)) {
        return true;
    }
    *p = at;
    return sheet && digits(p, end, 1, ret);
}

int kt_time_parse(struct kt_str s, int off, kt_time *ret)
{
    const char *p = s.p, *end = s.p + s.n;
    bool sheet = s.n >= 8 && s.p[4] == '/';
    if (!sheet && (s.n < 10 || s.p[4] != '-')) {
        return parse_epoch(s, ret);
    }
    struct kt_civil c = {0};
    char between = s.p[4];
    if (!digits(&p, end, 4, &c.year) || !eat(&p, end, between) || !pair(&p, end, sheet, &c.month) ||
        !eat(&p, end, between) || !pair(&p, end, sheet, &c.day) || c.year < 1900 || c.year > 2200 ||
        c.month < 1 || c.month > 12 || c.day < 1 || c.day > month_days(c.year, c.month)) {
        return KT_EPARSE;
    }
    if (p < end) {
        if (!eat(&p, end, 'T') && !eat(&p, end, ' ') && !eat(&p, end, 't')) {
            return KT_EPARSE;
        }
        if (!pair(&p, end, sheet, &c.hour) || !eat(&p, end, ':') ||
            !digits(&p, end, 2, &c.minute)) {
            return KT_EPARSE;
        }
        if (eat(&p, end, ':') && !digits(&p, end, 2, &c.second)) {
            return KT_EPARSE;
        }
        if (c.hour > 23 || c.minute > 59 || c.second > 59) {
            return KT_EPARSE;
        }
        if (eat(&p, end, '.')) {
            int scale = 100000000;
            if (p == end || *p < '0' || *p > '9') {
                return KT_EPARSE;
            }
            for (; p < end && *p >= '0' && *p <= '9'; p++, scale /= 10) {
                c.nano += (*p - '0') * scale;
            }
        }
        if (!parse_zone(&p, end, &off)) {
            return KT_EPARSE;
        }
    }
    *ret = kt_civil_to(&c, off);
    return KT_OK;
}

int kt_duration_parse(struct kt_str s, int64_t *ret_ns)
{
    static const struct {
        const char *unit;
        int64_t ns;
    } units[] = {{"ns", 1},     {"us", KT_US},   {"ms", KT_MS},  {"s", KT_SEC},
                 {"m", KT_MIN}, {"min", KT_MIN}, {"h", KT_HOUR}, {"d", KT_DAY}};
    int64_t v = 0;
    size_t i = 0;
    for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9' && i < 12; i++) {
        v = v * 10 + (s.p[i] - '0');
    }
    if (i == 0) {
        return KT_EPARSE;
    }
    while (i < s.n && s.p[i] == ' ') {
        i++;
    }
    struct kt_str u = {s.p + i, s.n - i};
    for (size_t k = 0; k < KT_ARRAY_LEN(units); k++) {
        if (kt_str_is(u, units[k].unit)) {
            return __builtin_mul_overflow(v, units[k].ns, ret_ns) ? KT_EPARSE : KT_OK;
        }
    }
    return KT_EPARSE;
}
