/* SPDX-License-Identifier: Apache-2.0 */
/* model_books: reading `calendars`, `indicators` and `ledgers` of a file of registers/. */
#include "record/model_flow.h"

#include <stdio.h>
#include <stdlib.h>

#include "conf/number.h"

enum { DAYS_MAX = 366, ACCOUNTS_MAX = 1000, SETTINGS_MAX = 20, CHOICES_MAX = 50, DECIMALS_MAX = 6 };

/* ---- calendars ---- */

struct kt_source rec_read_source(struct rec_load *l, const struct kt_yaml *map)
{
    const struct kt_yaml *m = kt_yaml_map(map, "source", KT_REQUIRED);
    struct kt_source s = {"", "", "", false};
    if (!m) {
        return s;
    }
    s.standard = rec_read_str(l, m, "standard", KT_REQUIRED);
    s.edition = rec_read_str(l, m, "edition", KT_OPTIONAL);
    s.clause = rec_read_str(l, m, "clause", KT_OPTIONAL);
    kt_yaml_bool(m, "verified", KT_REQUIRED, &s.verified);
    kt_yaml_unknown(m);
    return s;
}

static void read_days(struct rec_load *l, const struct kt_yaml *map, const char *key, bool working,
                      struct rec_calendar *c, struct rec_day *days)
{
    const struct kt_yaml *list = kt_yaml_list(map, key, KT_OPTIONAL);
    char year[8];
    snprintf(year, sizeof year, "%04d-", c->year);
    for (uint32_t i = 0; i < kt_yaml_count(list); i++) {
        const struct kt_yaml *n = kt_yaml_at(list, i);
        const char *text = kt_yaml_text(n);
        int32_t day;
        if (!rec_day_parse(kt_str_c(text), &day) || strncmp(text, year, 5) != 0) {
            kt_yaml_problem(n, "\"%s\" is no day of %d; write \"%d-05-01\"", text, c->year,
                            c->year);
        } else if (c->days_n == DAYS_MAX) {
            kt_yaml_problem(n, "more than %d days", DAYS_MAX);
            return;
        } else {
            days[c->days_n++] = (struct rec_day){kt_arena_strdup(l->a, text), working};
        }
    }
}

static int by_day(const void *a, const void *b)
{
    return strcmp(((const struct rec_day *)a)->day, ((const struct rec_day *)b)->day);
}

static void read_calendar(struct rec_load *l, struct kt_yaml *n)
{
    struct rec_calendar c = {0};
    int64_t year = 0;
    if (!kt_yaml_as_map(n, "a calendar") ||
        !kt_yaml_int(n, "year", KT_REQUIRED, 1900, 2199, &year)) {
        return;
    }
    c.year = (int)year;
    c.source = rec_read_source(l, n);
    struct rec_day *days = KT_NEW_ARRAY(l->a, struct rec_day, DAYS_MAX);
    c.days = days;
    read_days(l, n, "off", false, &c, days);
    read_days(l, n, "on", true, &c, days);
    kt_yaml_unknown(n);
    qsort(days, c.days_n, sizeof *days, by_day);
    for (uint32_t i = 1; i < c.days_n; i++) {
        if (strcmp(days[i - 1].day, days[i].day) == 0) {
            kt_yaml_problem(n, "%s is listed twice", days[i].day);
        }
    }
    *REC_PUSH(l, l->m->calendars, l->m->calendars_n, l->calendars_cap) = c;
}

void rec_read_calendars(struct rec_load *l, struct kt_yaml *root)
{
    struct kt_yaml *list = kt_yaml_list(root, "calendars", KT_OPTIONAL);
    for (uint32_t i = 0; i < kt_yaml_count(list); i++) {
        read_calendar(l, kt_yaml_at(list, i));
    }
}

/* ---- indicators ---- */

static void read_values(struct rec_load *l, const struct kt_yaml *n, struct rec_setting *s)
{
    const struct kt_yaml *list = kt_yaml_list(n, "values", KT_OPTIONAL);
    uint32_t count = kt_yaml_count(list);
    if (count > CHOICES_MAX) {
        kt_yaml_problem(list, "%u values; at most %d", count, CHOICES_MAX);
        return;
    }
    double *v = KT_NEW_ARRAY(l->a, double, count + 1);
    bool holds = count == 0;
    for (uint32_t i = 0; i < count; i++) {
        kt_yaml_as_num(kt_yaml_at(list, i), "a value", &v[i]);
        holds = holds || (v[i] >= s->def && v[i] <= s->def);
    }
    if (!holds) {
        kt_yaml_problem(n, "default is none of the values");
    }
    s->values = v;
    s->values_n = count;
}

static void read_settings(struct rec_load *l, const struct kt_yaml *n, struct rec_indicator *d)
{
    static const char *const taken[] = {"from", "to", "at", "place"};
    struct kt_yaml *list = kt_yaml_list(n, "settings", KT_OPTIONAL);
    uint32_t count = kt_yaml_count(list);
    if (count > SETTINGS_MAX) {
        kt_yaml_problem(list, "%u settings; at most %d", count, SETTINGS_MAX);
        count = SETTINGS_MAX;
    }
    struct rec_setting *s = KT_NEW_ARRAY(l->a, struct rec_setting, count + 1);
    d->settings = s;
    for (uint32_t i = 0; i < count; i++) {
        struct kt_yaml *m = kt_yaml_at(list, i);
        struct rec_setting *one = &s[d->settings_n];
        if (!kt_yaml_as_map(m, "a setting") || !rec_read_id(l, m, "id", &one->id)) {
            continue;
        }
        one->title = rec_read_text2(l, m, "title", KT_REQUIRED);
        kt_yaml_num(m, "default", KT_REQUIRED, &one->def);
        read_values(l, m, one);
        kt_yaml_unknown(m);
        bool bad = false;
        for (size_t j = 0; j < KT_ARRAY_LEN(taken); j++) {
            bad = bad || strcmp(one->id, taken[j]) == 0;
        }
        for (uint32_t j = 0; j < d->settings_n; j++) {
            bad = bad || strcmp(one->id, s[j].id) == 0;
        }
        if (bad) {
            kt_yaml_problem(m, "\"%s\" is taken already; give the setting another id", one->id);
        }
        d->settings_n++;
    }
}

static void read_drill(struct rec_load *l, const struct kt_yaml *n, struct rec_indicator *d)
{
    const struct kt_yaml *m = kt_yaml_map(n, "drill", KT_OPTIONAL);
    d->drill_register = d->drill_sql = "";
    d->drill = KT_NONE;
    if (m) {
        d->drill_register = rec_read_str(l, m, "register", KT_REQUIRED);
        d->drill_sql = rec_read_str(l, m, "sql", KT_REQUIRED);
        kt_yaml_unknown(m);
    }
}

static void read_what_if(struct rec_load *l, const struct kt_yaml *n, struct rec_indicator *d)
{
    const struct kt_yaml *m = kt_yaml_map(n, "what_if", KT_OPTIONAL);
    d->what_if_register = d->what_if_sql = "";
    d->what_if = KT_NONE;
    if (m) {
        d->what_if_register = rec_read_str(l, m, "register", KT_REQUIRED);
        d->what_if_sql = rec_read_str(l, m, "sql", KT_REQUIRED);
        kt_yaml_unknown(m);
    }
}

static void read_sql(struct rec_load *l, const struct kt_yaml *n, struct rec_indicator *d)
{
    static const char *const values[] = {"ratio_percent", "ratio", "numerator"};
    d->numerator = rec_read_str(l, n, "numerator", KT_REQUIRED);
    d->denominator = rec_read_str(l, n, "denominator", KT_OPTIONAL);
    int value = d->denominator[0] ? REC_RATIO_PERCENT : REC_NUMERATOR;
    kt_yaml_choice(n, "value", KT_OPTIONAL, values, KT_ARRAY_LEN(values), &value);
    d->value = (enum rec_indicator_value)value;
    if ((d->value == REC_NUMERATOR) != (d->denominator[0] == 0)) {
        kt_yaml_problem(n, "value: a ratio needs a denominator; numerator has none");
    }
    read_drill(l, n, d);
    read_what_if(l, n, d);
}

static void read_indicator(struct rec_load *l, struct kt_yaml *n)
{
    static const char *const better[] = {"higher", "lower"};
    static const char *const forecasts[] = {"none", "linear"};
    struct rec_indicator d = {0};
    int way = 0, forecast = 0;
    int64_t decimals = 1;
    if (!kt_yaml_as_map(n, "an indicator") || !rec_read_id(l, n, "id", &d.id)) {
        return;
    }
    d.at = rec_at_of(l, n);
    d.title = rec_read_text2(l, n, "title", KT_REQUIRED);
    d.group = rec_read_text2(l, n, "group", KT_OPTIONAL);
    d.definition = rec_read_text2(l, n, "definition", KT_REQUIRED);
    d.unit = rec_read_str(l, n, "unit", KT_OPTIONAL);
    d.read = rec_read_str(l, n, "read", KT_OPTIONAL);
    d.read = d.read[0] ? d.read : "record.read";
    kt_yaml_int(n, "decimals", KT_OPTIONAL, 0, DECIMALS_MAX, &decimals);
    kt_yaml_choice(n, "better", KT_REQUIRED, better, KT_ARRAY_LEN(better), &way);
    kt_yaml_choice(n, "forecast", KT_OPTIONAL, forecasts, KT_ARRAY_LEN(forecasts), &forecast);
    d.decimals = (int)decimals;
    d.lower_is_better = way == 1;
    d.forecast = forecast == 1;
    read_settings(l, n, &d);
    read_sql(l, n, &d);
    kt_yaml_unknown(n);
    if (rec_indicator_of(l->m, d.id) != KT_NONE) {
        kt_yaml_problem(n, "indicator \"%s\" is there already; give it another id", d.id);
        return;
    }
    kt_map_set(l->m->indicator_ids, kt_str_c(d.id), l->m->indicators_n);
    *REC_PUSH(l, l->m->indicators, l->m->indicators_n, l->indicators_cap) = d;
}

void rec_read_indicators(struct rec_load *l, struct kt_yaml *root)
{
    struct kt_yaml *list = kt_yaml_list(root, "indicators", KT_OPTIONAL);
    for (uint32_t i = 0; i < kt_yaml_count(list); i++) {
        read_indicator(l, kt_yaml_at(list, i));
    }
}

/* ---- ledgers ---- */

static void read_floor(const struct kt_yaml *m, int decimals, struct rec_account *a)
{
    const struct kt_yaml *n = kt_yaml_get(m, "floor");
    const char *text = n ? kt_yaml_text(n) : "";
    if (!n || strcmp(text, "none") == 0) {
        return;
    }
    a->has_floor = rec_amount_parse(kt_str_c(text), decimals, &a->floor) == KT_OK;
    if (!a->has_floor) {
        kt_yaml_problem(n, "floor: \"%s\" is no amount with at most %d decimals, and not none",
                        text, decimals);
    }
}

static void read_accounts(struct rec_load *l, const struct kt_yaml *n, struct rec_ledger *g)
{
    struct kt_yaml *list = kt_yaml_list(n, "accounts", KT_REQUIRED);
    uint32_t count = kt_yaml_count(list);
    if (count > ACCOUNTS_MAX) {
        kt_yaml_problem(list, "%u accounts; at most %d; account_of makes one of each record", count,
                        ACCOUNTS_MAX);
        count = ACCOUNTS_MAX;
    }
    struct rec_account *a = KT_NEW_ARRAY(l->a, struct rec_account, count + 1);
    g->accounts = a;
    for (uint32_t i = 0; i < count; i++) {
        struct kt_yaml *m = kt_yaml_at(list, i);
        struct rec_account *one = &a[g->accounts_n];
        if (!kt_yaml_as_map(m, "an account") || !rec_read_id(l, m, "id", &one->id)) {
            continue;
        }
        one->title = rec_read_text2(l, m, "title", KT_REQUIRED);
        read_floor(m, g->decimals, one);
        kt_yaml_unknown(m);
        for (uint32_t j = 0; j < g->accounts_n; j++) {
            if (strcmp(a[j].id, one->id) == 0) {
                kt_yaml_problem(m, "account \"%s\" is there already; give it another id", one->id);
            }
        }
        g->accounts_n++;
    }
}

static const char *right_or(struct rec_load *l, const struct kt_yaml *n, const char *key,
                            const char *def)
{
    const char *s = rec_read_str(l, n, key, KT_OPTIONAL);
    return s[0] ? s : def;
}

static void read_account_of(struct rec_load *l, const struct kt_yaml *n, struct rec_ledger *g)
{
    const struct kt_yaml *m = kt_yaml_map(n, "account_of", KT_OPTIONAL);
    g->account_register = g->account_prefix = "";
    g->account_reg = KT_NONE;
    if (m) {
        g->account_register = rec_read_str(l, m, "register", KT_REQUIRED);
        g->account_prefix = rec_read_str(l, m, "prefix", KT_REQUIRED);
        read_floor(m, g->decimals, &g->account_floor);
        kt_yaml_unknown(m);
    }
}

static void read_ledger(struct rec_load *l, struct kt_yaml *n)
{
    static const char *const periods[] = {"month", "quarter", "year"};
    struct rec_ledger g = {0};
    int period = REC_MONTH;
    int64_t decimals = 0;
    if (!kt_yaml_as_map(n, "a ledger") || !rec_read_id(l, n, "id", &g.id)) {
        return;
    }
    g.at = rec_at_of(l, n);
    g.title = rec_read_text2(l, n, "title", KT_REQUIRED);
    g.unit = rec_read_str(l, n, "unit", KT_REQUIRED);
    kt_yaml_int(n, "decimals", KT_OPTIONAL, 0, DECIMALS_MAX, &decimals);
    kt_yaml_choice(n, "period", KT_OPTIONAL, periods, KT_ARRAY_LEN(periods), &period);
    g.decimals = (int)decimals;
    g.period = (enum rec_period)period;
    g.read = right_or(l, n, "read", "ledger.read");
    g.post = right_or(l, n, "post", "ledger.post");
    g.close = right_or(l, n, "close", "ledger.close");
    read_accounts(l, n, &g);
    read_account_of(l, n, &g);
    kt_yaml_unknown(n);
    if (rec_ledger_of(l->m, g.id) != KT_NONE) {
        kt_yaml_problem(n, "ledger \"%s\" is there already; give it another id", g.id);
        return;
    }
    kt_map_set(l->m->ledger_ids, kt_str_c(g.id), l->m->ledgers_n);
    *REC_PUSH(l, l->m->ledgers, l->m->ledgers_n, l->ledgers_cap) = g;
}

void rec_read_ledgers(struct rec_load *l, struct kt_yaml *root)
{
    struct kt_yaml *list = kt_yaml_list(root, "ledgers", KT_OPTIONAL);
    for (uint32_t i = 0; i < kt_yaml_count(list); i++) {
        read_ledger(l, kt_yaml_at(list, i));
    }
}
