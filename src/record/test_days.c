/* SPDX-License-Identifier: Apache-2.0 */
/* Days, deadlines and cycles: known dates, and a property test against a plain list of days. */
#include "record/days.h"

#include <time.h>

#include "unit.h"

enum { CHINA = 8 * 3600, SPAN = 3000 };

static int32_t day(const char *text)
{
    int32_t d = 0;
    CHECK(rec_day_parse(kt_str_c(text), &d));
    return d;
}

static bool plain(void *arg, int32_t d)
{
    (void)arg;
    return rec_day_default(d);
}

static const struct rec_days china = {plain, NULL, CHINA};

static void texts(void)
{
    static const char *const bad[] = {"2026-02-30", "2026-2-3",   "1899-12-31", "2200-01-01",
                                      "2026-13-01", "2026-00-10", "26-11-22",   "2026-11-2x"};
    char buf[16];
    int32_t d = 7;
    CHECK_INT(day("1970-01-01"), 0);
    CHECK_INT(day("2000-02-29") - day("2000-02-28"), 1);
    CHECK_STR(rec_day_fmt(day("2026-11-22"), buf), "2026-11-22");
    CHECK_STR(rec_day_fmt(REC_DAY_MIN, buf), "1900-01-01");
    CHECK_STR(rec_day_fmt(REC_DAY_MAX, buf), "2199-12-31");
    CHECK_INT(rec_day_weekday(day("2026-11-22")), 0);
    CHECK_INT(rec_day_weekday(REC_DAY_MIN), 1);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK(!rec_day_parse(kt_str_c(bad[i]), &d));
    }
    CHECK_INT(d, 7);
}

static void ends_of_days(void)
{
    int64_t friday = rec_day_start(day("2026-11-20"), CHINA) + 15 * 3600 * 1000;
    CHECK_INT(rec_deadline(&china, friday, 0, true), rec_day_end(day("2026-11-20"), CHINA));
    CHECK_INT(rec_deadline(&china, friday, 1, true), rec_day_end(day("2026-11-23"), CHINA));
    CHECK_INT(rec_deadline(&china, friday, 1, false), rec_day_end(day("2026-11-21"), CHINA));
    /* midnight of the site is 16:00 UTC: a minute before it is still the same day there */
    int64_t late = rec_day_end(day("2026-11-20"), CHINA) - 60000;
    CHECK_INT(rec_deadline(&china, late, 0, false), late + 60000);
    /* 24:00 belongs to the day that it ends: a working day before Monday's end is Friday's end */
    int64_t monday = rec_day_end(day("2026-11-23"), CHINA);
    CHECK_INT(rec_shift(&china, monday, -1, true), rec_day_end(day("2026-11-20"), CHINA));
    CHECK_INT(rec_shift(&china, friday, 1, true), friday + 3 * REC_DAY_MS);
    CHECK_INT(rec_shift(&china, friday, 0, true), friday);
}

static bool never(void *arg, int32_t d)
{
    (void)arg;
    (void)d;
    return false;
}

static void no_working_day_ends(void)
{
    const struct rec_days none = {never, NULL, CHINA};
    CHECK_INT(rec_deadline(&none, 0, 1, true), rec_day_end(REC_DAY_MAX, CHINA));
    const struct rec_cycle_when w = {REC_EVERY_DAY, 0, 0};
    CHECK_INT(rec_cycle_next(&w, CHINA, rec_day_end(REC_DAY_MAX, CHINA)), INT64_MAX);
}

static void cycles(void)
{
    const struct rec_cycle_when weekly = {REC_EVERY_WEEK, 1, 8 * 3600 + 30 * 60};
    const struct rec_cycle_when monthly = {REC_EVERY_MONTH, 31, 0};
    int64_t at = rec_day_start(day("2026-11-23"), CHINA) + weekly.at_s * 1000;
    CHECK_INT(rec_cycle_next(&weekly, CHINA, at - 1), at);
    CHECK_INT(rec_cycle_next(&weekly, CHINA, at), at + 7 * REC_DAY_MS);
    CHECK_INT(rec_cycle_next(&monthly, CHINA, rec_day_start(day("2026-02-01"), CHINA)),
              rec_day_start(day("2026-02-28"), CHINA));
    CHECK_INT(rec_cycle_next(&monthly, CHINA, rec_day_start(day("2026-02-28"), CHINA)),
              rec_day_start(day("2026-03-31"), CHINA));
    const struct rec_cycle_when quarter = {REC_EVERY_QUARTER, 10, 0};
    CHECK_INT(rec_cycle_next(&quarter, CHINA, rec_day_start(day("2026-02-01"), CHINA)),
              rec_day_start(day("2026-04-10"), CHINA));
    const struct rec_cycle_when leap = {REC_EVERY_YEAR, 229, 0};
    CHECK_INT(rec_cycle_next(&leap, CHINA, rec_day_start(day("2026-01-01"), CHINA)),
              rec_day_start(day("2026-02-28"), CHINA));
    CHECK_INT(rec_cycle_next(&leap, CHINA, rec_day_start(day("2028-01-01"), CHINA)),
              rec_day_start(day("2028-02-29"), CHINA));
}

/* The week before Monday the 5th is off, as at a spring festival. */
static bool festival(void *arg, int32_t d)
{
    (void)arg;
    return rec_day_default(d) && !(d >= day("2026-09-28") && d < day("2026-10-05"));
}

static void cycles_on_working_days(void)
{
    static const struct {
        struct rec_cycle_when when;
        const char *after, *comes;
    } cases[] = {
        {{REC_EVERY_DAY, 0, 0}, "2026-09-24", "2026-09-25"},
        {{REC_EVERY_DAY, 0, 0}, "2026-09-25", "2026-10-05"}, /* a weekend and the festival */
        {{REC_EVERY_WEEK, 3, 0}, "2026-09-24", "2026-10-05"},
        {{REC_EVERY_WEEK, 3, 0}, "2026-10-05", "2026-10-07"},
        {{REC_EVERY_MONTH, 1, 0}, "2026-09-24", "2026-10-05"},
        {{REC_EVERY_MONTH, 1, 0}, "2026-10-05", "2026-11-02"}, /* the 1st is a Sunday */
        {{REC_EVERY_YEAR, 1001, 0}, "2026-01-01", "2026-10-05"},
    };
    const struct rec_days off = {festival, NULL, CHINA};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_INT(
            rec_cycle_next_working(&cases[i].when, &off, rec_day_start(day(cases[i].after), CHINA)),
            rec_day_start(day(cases[i].comes), CHINA));
    }
}

/* ---- against a plain list: one flag a day, the calendar of the C library ---- */

struct table {
    int32_t first;
    bool working[SPAN];
};

static bool listed(void *arg, int32_t d)
{
    const struct table *t = arg;
    return d >= t->first && d < t->first + SPAN ? t->working[d - t->first] : rec_day_default(d);
}

static int64_t reference(const struct table *t, int64_t at_ms, int n, bool working, bool back)
{
    int64_t of = (at_ms + CHINA * 1000) / REC_DAY_MS - t->first, left = n;
    int64_t i = of;
    while (left > 0) {
        i += back ? -1 : 1;
        left -= !working || t->working[i] ? 1 : 0;
    }
    return i - of;
}

static void as_a_list_of_days(void)
{
    uint64_t seed = (uint64_t)time(NULL), state = seed;
    printf("# seed %" PRIu64 "\n", seed);
    struct table t = {.first = day("2024-01-01")};
    for (int i = 0; i < SPAN; i++) {
        t.working[i] =
            unit_rand(&state) % 8 == 0 ? unit_rand(&state) % 2 == 0 : rec_day_default(t.first + i);
    }
    const struct rec_days d = {listed, &t, CHINA};
    for (int i = 0; i < 20000; i++) {
        int64_t at = (t.first + 1000) * REC_DAY_MS +
                     (int64_t)(unit_rand(&state) % (uint64_t)(1000 * REC_DAY_MS));
        int n = (int)(unit_rand(&state) % 200);
        bool working = unit_rand(&state) % 2 == 0;
        int64_t ahead = reference(&t, at, n, working, false);
        int64_t end = ((at + CHINA * 1000) / REC_DAY_MS + ahead + 1) * REC_DAY_MS - CHINA * 1000;
        CHECK_INT(rec_deadline(&d, at, n, working), end);
        if ((at + CHINA * 1000) % REC_DAY_MS != 0) {
            CHECK_INT(rec_shift(&d, at, n, working), at + ahead * REC_DAY_MS);
            CHECK_INT(rec_shift(&d, at, -n, working),
                      at + reference(&t, at, n, working, true) * REC_DAY_MS);
        }
    }
    for (int i = 0; i < SPAN; i++) {
        time_t noon = (time_t)(t.first + i) * 86400;
        struct tm tm;
        char want[16], got[16];
        gmtime_r(&noon, &tm);
        strftime(want, sizeof want, "%Y-%m-%d", &tm);
        CHECK_STR(rec_day_fmt(t.first + i, got), want);
        CHECK_INT(rec_day_weekday(t.first + i), tm.tm_wday);
    }
}

UNIT_MAIN({"texts of days", texts}, {"a deadline is 24:00 of the site's day", ends_of_days},
          {"a calendar without a working day ends", no_working_day_ends},
          {"what comes back by itself", cycles},
          {"what comes back on working days alone", cycles_on_working_days},
          {"as a list of days has it", as_a_list_of_days})
