/* SPDX-License-Identifier: Apache-2.0 */
#include "base/time.h"

#include "unit.h"

static kt_time parse(const char *s, int off)
{
    kt_time t = -1;
    return kt_time_parse(kt_str_c(s), off, &t) == KT_OK ? t : INT64_MIN;
}

static void formats(void)
{
    char b[40];
    CHECK_STR(kt_time_fmt(0, 0, b), "1970-01-01T00:00:00Z");
    CHECK_STR(kt_time_fmt(0, 8 * 3600, b), "1970-01-01T08:00:00+08:00");
    CHECK_STR(kt_time_fmt(-1, 0, b), "1969-12-31T23:59:59.999999999Z");
    CHECK_STR(kt_time_fmt(123 * KT_MS, -12600, b), "1969-12-31T20:30:00.123-03:30");
    CHECK_STR(kt_time_fmt(1 + KT_SEC, 0, b), "1970-01-01T00:00:01.000000001Z");
    CHECK_STR(kt_time_fmt_local(INT64_C(1795242727) * KT_SEC, 8 * 3600, b), "2026-11-21 14:32:07");
}

static void edge_dates(void)
{
    static const struct {
        const char *text;
        int64_t unix_s;
        int weekday;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0, 4},           {"2000-02-29T12:00:00Z", 951825600, 2},
        {"1999-12-31T23:59:59Z", 946684799, 5},   {"2100-03-01T00:00:00Z", 4107542400, 1},
        {"1900-03-01T00:00:00Z", -2203891200, 4}, {"2038-01-19T03:14:08Z", 2147483648, 2},
        {"1901-12-13T20:45:52Z", -2147483648, 5}, {"2200-12-31T23:59:59Z", 7289654399, 3},
        {"2024-12-31T00:00:00Z", 1735603200, 2},
    };
    for (size_t i = 0; i < KT_ARRAY_LEN(cases); i++) {
        char b[40];
        kt_time t = parse(cases[i].text, 0);
        CHECK_INT(t, cases[i].unix_s * KT_SEC);
        CHECK_INT(kt_civil_of(t, 0).weekday, cases[i].weekday);
        CHECK_STR(kt_time_fmt(t, 0, b), cases[i].text);
    }
}

static void reads_its_forms(void)
{
    kt_time want = INT64_C(1795242727) * KT_SEC;
    CHECK_INT(parse("2026-11-21T14:32:07+08:00", 0), want);
    CHECK_INT(parse("2026-11-21t14:32:07+0800", 0), want);
    CHECK_INT(parse("2026-11-21 14:32:07", 8 * 3600), want);
    CHECK_INT(parse("2026/11/21 14:32:07", 8 * 3600), want);
    CHECK_INT(parse("2026/1/5 8:00", 0), parse("2026-01-05T08:00:00Z", 0));
    CHECK_INT(parse("2026/1/5", 0), parse("2026-01-05", 0));
    CHECK_INT(parse("2026/13/5", 0), INT64_MIN);
    CHECK_INT(parse("2026/1-5 8:00", 0), INT64_MIN);
    CHECK_INT(parse("2026-1-5 8:00", 0), INT64_MIN);
    CHECK_INT(parse("2026-11-21T06:32:07Z", 8 * 3600), want);
    CHECK_INT(parse("2026-11-21T06:32:07.5z", 0), want + KT_SEC / 2);
    CHECK_INT(parse("2026-11-21T06:32:07.1234567899", 0), want + 123456789);
    CHECK_INT(parse("2026-11-21", 8 * 3600), INT64_C(1795190400) * KT_SEC);
    CHECK_INT(parse("1795242727", 0), want);
    CHECK_INT(parse("1795242727000", 0), want);
    CHECK_INT(parse("1795242727000000", 0), want);
    CHECK_INT(parse("1795242727000000001", 0), want + 1);
}

static void refuses(void)
{
    static const char *const bad[] = {
        "",
        "x",
        "2026-13-01",
        "2026-00-10",
        "2026-01-32",
        "2026-02-30",
        "2026-02-29",
        "2100-02-29",
        "2026-04-31",
        "2026-1-01",
        "2026-01-01X00:00:00",
        "2026-01-01T24:00:00",
        "2026-01-01T00:60:00",
        "2026-01-01T00:00:61",
        "2026-01-01T00:00:00.",
        "2026-01-01T00:00:00.x",
        "2026-01-01T00:00:00Zx",
        "2026-01-01T00:00:00+8",
        "2026-01-01T00:00:00+08:0",
        "2026-01-01T00:00:00+25:00",
        "2026-01-01T",
        "1899-12-31",
        "2201-01-01",
        "99999999999999999999",
        "12a",
        "-5",
    };
    for (size_t i = 0; i < KT_ARRAY_LEN(bad); i++) {
        kt_time t = 42;
        int r = kt_time_parse(kt_str_c(bad[i]), 0, &t);
        if (r != KT_EPARSE || t != 42) {
            printf("# \"%s\" was read as %" PRId64 "\n", bad[i], t);
        }
        CHECK_INT(r, KT_EPARSE);
        CHECK_INT(t, 42);
    }
}

/* Any time and any zone of whole minutes: text and civil form come back to the same nanosecond. */
static void random_round_trips(void)
{
    uint64_t seed = 20261121;
    printf("# seed %" PRIu64 "\n", seed);
    for (int i = 0; i < 200000; i++) {
        int64_t lo = INT64_C(-2208900000), hi = INT64_C(7289600000);
        kt_time t = (lo + (int64_t)(unit_rand(&seed) % (uint64_t)(hi - lo))) * KT_SEC +
                    (int64_t)(unit_rand(&seed) % KT_SEC);
        uint64_t kind = unit_rand(&seed) % 3;
        t -= kind == 0 ? t % KT_SEC : kind == 1 ? t % KT_MS : 0;
        int off = ((int)(unit_rand(&seed) % (2 * 18 * 60)) - 18 * 60) * 60;
        char b[40];
        kt_time_fmt(t, off, b);
        struct kt_civil c = kt_civil_of(t, off);
        if (parse(b, 0) != t || kt_civil_to(&c, off) != t) {
            printf("# %" PRId64 " offset %d is written %s\n", t, off, b);
            CHECK(false);
            return;
        }
    }
}

/* Bytes near a valid text never read past their end and never give a half answer. */
static void mutated_texts(void)
{
    uint64_t seed = 7;
    printf("# seed %" PRIu64 "\n", seed);
    static const char base[] = "2026-11-21T14:32:07.123456789+08:00";
    for (int i = 0; i < 100000; i++) {
        size_t n = unit_rand(&seed) % sizeof(base);
        char *copy = malloc(n ? n : 1);
        REQUIRE(copy);
        memcpy(copy, base, n);
        for (int e = 0; n && e < 2; e++) {
            static const char alphabet[] = "0123456789-+:.TZ x";
            copy[unit_rand(&seed) % n] = alphabet[unit_rand(&seed) % (sizeof(alphabet) - 1)];
        }
        kt_time t = 42;
        if (kt_time_parse((struct kt_str){copy, n}, 0, &t) != KT_OK) {
            CHECK_INT(t, 42);
        }
        free(copy);
    }
}

static void durations(void)
{
    static const struct {
        const char *text;
        int64_t ns; /* -1: refused */
    } cases[] = {
        {"500ms", 500 * KT_MS},
        {"5s", 5 * KT_SEC},
        {"10min", 10 * KT_MIN},
        {"24h", KT_DAY},
        {"30d", 30 * KT_DAY},
        {"2m", 2 * KT_MIN},
        {"0s", 0},
        {"", -1},
        {"5", -1},
        {"s", -1},
        {"5 parsecs", -1},
        {"-5s", -1},
        {"5sx", -1},
        {"99999999999999999999d", -1},
    };
    for (size_t i = 0; i < KT_ARRAY_LEN(cases); i++) {
        int64_t ns = -1;
        int r = kt_duration_parse(kt_str_c(cases[i].text), &ns);
        if (r != (cases[i].ns < 0 ? KT_EPARSE : KT_OK)) {
            printf("# \"%s\" gives %d\n", cases[i].text, r);
            CHECK(false);
        }
        CHECK_INT(ns, cases[i].ns);
    }
}

UNIT_MAIN({"time is written as RFC 3339", formats}, {"edge dates", edge_dates},
          {"every documented form is read", reads_its_forms},
          {"what is no time is refused", refuses},
          {"random times and zones round-trip", random_round_trips},
          {"mutated texts are read or refused", mutated_texts}, {"durations", durations})
