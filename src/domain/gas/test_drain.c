/* SPDX-License-Identifier: Apache-2.0 */
/*
 * drain: a case small enough to be solved by hand. One borehole of 10 m3/min at 40 % gives 4 m3/min
 * pure: 172 800 m3 in April, 178 560 in May; its zone holds 1 000 000 m3 in 100 000 t and is wanted
 * on 1 June. A power plant takes 3 m3/min pure of 30 % or more: 129 600 and 133 920, in all 263
 * 520.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/gas/drain.h"
#include "unit.h"

static struct kt_err err;
static struct kt_arena *arena;

#define CASE(pumps, target, users, sources, plan)                                                  \
    "{\"from\":\"2026-04\",\"months\":2,\"release\":50,\"stations\":[{\"id\":\"S\","               \
    "\"capacity\":" pumps "}],\"users\":[" users                                                   \
    "],\"zones\":[{\"id\":\"Z\",\"coal\":100000,\"content\":10,"                                   \
    "\"drained\":0,\"target\":" target ",\"needed_on\":\"2026-06-01\"}],\"sources\":[" sources     \
    "],\"plan\":[" plan "]}"
#define HOLE(id, zone, flow, conc)                                                                 \
    "{\"id\":\"" id "\",\"zone\":\"" zone "\",\"station\":\"S\",\"available\":[{\"flow\":" flow    \
    ",\"conc\":" conc "},{\"flow\":" flow ",\"conc\":" conc "}]}"
#define POWER "{\"id\":\"P\",\"station\":\"S\",\"capacity\":3,\"min_conc\":30}"

static struct kt_json *answer(const char *text, bool solve)
{
    struct kt_json *in = NULL, *out = NULL;
    struct kt_drain *d = NULL;
    struct kt_buf b;
    kt_buf_init(&b, 1 << 20);
    CHECK_OK(kt_json_parse(kt_str_c(text), 0, &in, &err), &err);
    CHECK_OK(kt_drain_read(in, arena, &d, &err), &err);
    if (d) {
        if (solve) {
            CHECK_OK(kt_drain_solve(d, 60, arena, &err), &err);
        }
        struct kt_jw w = kt_jw_init(&b);
        kt_drain_write(d, &w);
        CHECK_OK(kt_json_parse((struct kt_str){b.p, b.n}, 0, &out, &err), &err);
    }
    kt_json_free(in);
    kt_buf_done(&b);
    return out;
}

static bool near(const struct kt_json *a, const char *key, double want)
{
    double v = kt_json_get_num(a, key, -1);
    bool is = fabs(v - want) <= 0.01 + 1e-6 * fabs(want);
    if (!is) {
        printf("# %s is %.6f, not %.6f\n", key, v, want);
    }
    return is;
}

/* Each m3 that is drained and used saves half of one; what the plant cannot take is left. */
static void by_hand(void)
{
    struct kt_json *a = answer(CASE("20", "8", POWER, HOLE("H", "Z", "10", "40"), ""), true);
    const struct kt_json *z = kt_json_at(kt_json_get(a, "zones"), 0);
    CHECK(kt_json_get_bool(a, "feasible", false));
    CHECK(near(a, "drained_m3", 263520));
    CHECK(near(a, "used_m3", 263520));
    CHECK(near(a, "vented_m3", 0));
    CHECK(near(a, "use_rate", 100));
    CHECK(near(a, "emission_m3", 0.5 * (1e6 - 263520)));
    CHECK(near(a, "emission_t", 0.5 * (1e6 - 263520) * 0.67e-3));
    CHECK_INT(kt_json_len(kt_json_get(a, "broken")), 0);
    /* 129 600 in April; 70 400 of May's 133 920 until 8 m3/t: 16.30 days of 31 */
    CHECK_STR(kt_json_get_str(z, "attained_on", ""), "2026-05-17");
    CHECK_STR(kt_json_get_str(z, "verdict", ""), "in_time");
    kt_json_free(a);
}

/* 300 000 are wanted, 36 480 more than can be used: they are let out, and it is said. */
static void safety_before_use(void)
{
    struct kt_json *a = answer(CASE("20", "7", POWER, HOLE("H", "Z", "10", "40"), ""), true);
    CHECK(kt_json_get_bool(a, "feasible", false));
    CHECK(near(a, "drained_m3", 300000));
    CHECK(near(a, "rich_m3", 36480));
    CHECK(near(a, "emission_m3", 36480 + 0.5 * 700000));
    CHECK_STR(kt_json_get_str(kt_json_at(kt_json_get(a, "broken"), 0), "what", ""), "rich");
    kt_json_free(a);
}

static void says_why_not(void)
{
    struct kt_json *a = answer(CASE("20", "6", POWER, HOLE("H", "Z", "10", "40"), ""), true);
    const struct kt_json *z = kt_json_at(kt_json_get(a, "zones"), 0);
    CHECK(!kt_json_get_bool(a, "feasible", true));
    CHECK(near(z, "short_m3", 400000 - 351360)); /* of 172 800 + 178 560 */
    CHECK_STR(kt_json_get_str(z, "why", ""), "holes");
    CHECK_STR(kt_json_get_str(z, "verdict", ""), "late");
    kt_json_free(a);
    /* pumps of 6 m3/min take 2.4 m3/min pure: 210 816 m3 of 300 000 */
    a = answer(CASE("6", "7", POWER, HOLE("H", "Z", "10", "40"), ""), true);
    z = kt_json_at(kt_json_get(a, "zones"), 0);
    CHECK(near(z, "short_m3", 300000 - 210816));
    CHECK_STR(kt_json_get_str(z, "why", ""), "pumps");
    kt_json_free(a);
}

/*
 * A goaf line of 20 m3/min at 20 % (4 pure) beside 10 at 40 % (4 pure): together 8 of 30, 26.7 %,
 * too thin for the plant. Of the goaf's as much as leaves 30 %: (10 · 0.4 + 0.2 x) / (10 + x) =
 * 0.3, x = 10: 2 pure. A plant of 10 m3/min uses 6; the other 2 of the goaf go with its air anyway.
 */
static void mixes(void)
{
#define PLANT "{\"id\":\"P\",\"station\":\"S\",\"capacity\":10,\"min_conc\":30}"
    struct kt_json *a = answer(
        CASE("50", "8", PLANT, HOLE("H", "Z", "10", "40") "," HOLE("G", "", "20", "20"), ""), true);
    double minutes = 61 * 1440.0;
    CHECK(near(a, "used_m3", 6 * minutes));
    CHECK(near(a, "emission_m3", 2 * minutes + 0.5 * (1e6 - 4 * minutes)));
    CHECK_INT(kt_json_len(kt_json_get(a, "broken")), 0);
    kt_json_free(a);
}

/* A person's plan is judged by the same hand: what it breaks is named with month and by how much.
 */
static void judged(void)
{
    struct kt_json *a = answer(
        CASE("5", "8", POWER, HOLE("H", "Z", "10", "20"),
             "{\"month\":\"2026-04\",\"source\":\"H\",\"pure\":100000},{\"month\":\"2026-04\","
             "\"user\":\"P\",\"pure\":130000}"),
        false);
    static const char *const want[] = {"source", "user", "concentration", "pumps", "balance"};
    const struct kt_json *broken = kt_json_get(a, "broken");
    CHECK_INT(kt_json_len(broken), 5);
    for (size_t i = 0; i < 5; i++) {
        CHECK_STR(kt_json_get_str(kt_json_at(broken, i), "what", ""), want[i]);
    }
    CHECK(near(kt_json_at(broken, 0), "by", 100000 - 86400));
    CHECK(near(kt_json_at(broken, 1), "by", 400));
    CHECK(near(kt_json_at(broken, 2), "by", 10));
    CHECK(near(kt_json_at(broken, 3), "by", 500000 - 216000));
    CHECK(near(kt_json_at(broken, 4), "by", 30000));
    kt_json_free(a);
}

/* Random cases: used and let out are what is drained, nothing is broken but what has to be. */
static void random_cases(void)
{
    unsigned seed = 20261122;
    for (int k = 0; k < 12; k++) {
        char text[1200];
        int f1 = rand_r(&seed) % 20 + 1, c1 = rand_r(&seed) % 60 + 5, f2 = rand_r(&seed) % 20 + 1,
            c2 = rand_r(&seed) % 60 + 5, pumps = rand_r(&seed) % 40 + 1, need = rand_r(&seed) % 40,
            target = rand_r(&seed) % 10;
        snprintf(
            text, sizeof(text),
            "{\"from\":\"2026-11\",\"months\":3,\"release\":60,\"stations\":[{\"id\":\"S\","
            "\"capacity\":%d}],\"users\":[{\"id\":\"P\",\"station\":\"S\",\"capacity\":3,"
            "\"min_conc\":%d},{\"id\":\"O\",\"station\":\"S\",\"capacity\":2,\"min_conc\":1}],"
            "\"zones\":[{\"id\":\"Z\",\"coal\":90000,\"content\":9,\"drained\":1000,\"target\":"
            "%d,\"needed_on\":\"2027-01-15\"}],\"sources\":[{\"id\":\"A\",\"zone\":\"Z\","
            "\"station\":\"S\",\"available\":[{\"flow\":%d,\"conc\":%d},{\"flow\":%d,\"conc\":"
            "%d},{\"flow\":0,\"conc\":0}]},{\"id\":\"B\",\"station\":\"S\",\"available\":[{"
            "\"flow\":%d,\"conc\":%d},{\"flow\":1,\"conc\":100},{\"flow\":%d,\"conc\":%d}]}]}",
            pumps, need, target, f1, c1, f1, c1, f2, c2, f2, c2);
        struct kt_json *a = answer(text, true);
        double drained = kt_json_get_num(a, "drained_m3", -1);
        CHECK(fabs(drained - kt_json_get_num(a, "used_m3", 0) -
                   kt_json_get_num(a, "vented_m3", 0)) < 1e-6 * (1 + drained));
        const struct kt_json *broken = kt_json_get(a, "broken");
        for (size_t i = 0; i < kt_json_len(broken); i++) {
            CHECK_STR(kt_json_get_str(kt_json_at(broken, i), "what", ""), "rich");
        }
        kt_json_free(a);
    }
}

static void mistakes(void)
{
    static const struct {
        const char *text, *says;
    } no[] = {
        {CASE("20", "8", "{\"id\":\"P\",\"station\":\"X\"}", "", ""), "no station \"X\""},
        {CASE("20", "-1", "", "", ""), "target is a number from 0 to 100"},
        {CASE("20", "8", "", HOLE("H", "Y", "1", "1"), ""), "no zone \"Y\""},
        {CASE("20", "8", "", HOLE("H", "Z", "1", "101"), ""), "source \"H\", 2026-04"},
        {CASE("20", "8", POWER "," POWER, "", ""), "an id of its own"},
        {CASE("20", "8", POWER, "", "{\"month\":\"2026-06\",\"user\":\"P\",\"pure\":1}"), "row 1"},
        {"{\"from\":\"2026-13\"}", "from is a month"},
    };
    for (size_t i = 0; i < KT_ARRAY_LEN(no); i++) {
        struct kt_json *in = NULL;
        struct kt_drain *d = NULL;
        REQUIRE(kt_json_parse(kt_str_c(no[i].text), 0, &in, &err) == KT_OK);
        CHECK_INT(kt_drain_read(in, arena, &d, &err), KT_EINVAL);
        if (!strstr(err.text, no[i].says)) {
            printf("# %s\n", err.text);
            unit_bad++;
        }
        CHECK(d == NULL);
        kt_json_free(in);
    }
}

static void all_by_hand(void)
{
    arena = kt_arena_new(64 << 20);
    by_hand();
    safety_before_use();
    says_why_not();
    mixes();
    kt_arena_free(arena);
}

static void all_others(void)
{
    arena = kt_arena_new(64 << 20);
    judged();
    random_cases();
    mistakes();
    kt_arena_free(arena);
}

UNIT_MAIN({"cases solved by hand", all_by_hand}, {"judged, random, mistakes", all_others})
