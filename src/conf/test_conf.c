/* SPDX-License-Identifier: Apache-2.0 */
#include <locale.h>

#include "conf/number.h"
#include "conf/settings.h"
#include "conf/suggest.h"

#include "unit.h"

static char problems[4096];

static void collect(void *arg, const struct kt_err *at)
{
    (void)arg;
    char line[600];
    size_t n = strlen(problems);
    snprintf(problems + n, sizeof(problems) - n, "%s\n", kt_err_str(at, line, sizeof(line)));
}

static void numbers(void)
{
    static const char *const good[] = {"0",          "1",
                                       "-1.5",       "+2",
                                       "0.70",       "1e3",
                                       "1E-3",       "007",
                                       "0.1",        "123456789012345678901",
                                       "1e22",       "1.7e308",
                                       "4.9e-324",   "9007199254740993",
                                       "0.000001234"};
    static const char *const bad[] = {"",   "-",  ".5",  "1.",    "1e",  "0x10", "inf", "nan",
                                      " 1", "1 ", "1,5", "1e999", "--1", "1e+",  "１"};
    for (size_t i = 0; i < KT_ARRAY_LEN(good); i++) {
        double v = -99;
        CHECK_INT(kt_number_parse(kt_str_c(good[i]), &v), KT_OK);
        if (v != strtod(good[i], NULL)) {
            printf("# %s reads as %.17g\n", good[i], v);
            CHECK(false);
        }
    }
    for (size_t i = 0; i < KT_ARRAY_LEN(bad); i++) {
        double v = -99;
        CHECK_INT(kt_number_parse(kt_str_c(bad[i]), &v), KT_EPARSE);
        CHECK(v == -99);
    }
}

static void random_numbers_are_nearest(void)
{
    uint64_t seed = 7, s = seed;
    printf("# seed %llu\n", (unsigned long long)seed);
    for (int i = 0; i < 20000; i++) {
        char t[64];
        snprintf(t, sizeof(t), "%.*e", (int)(unit_rand(&s) % 20),
                 (double)(int64_t)unit_rand(&s) / (double)(1 + unit_rand(&s) % 1000000));
        double v;
        CHECK_INT(kt_number_parse(kt_str_c(t), &v), KT_OK);
        CHECK(v == strtod(t, NULL));
    }
}

static void integers(void)
{
    int64_t v = 0;
    CHECK(kt_integer_parse(KT_STR("-9223372036854775808"), &v) == KT_OK && v == INT64_MIN);
    CHECK(kt_integer_parse(KT_STR("9223372036854775807"), &v) == KT_OK && v == INT64_MAX);
    CHECK_INT(kt_integer_parse(KT_STR("9223372036854775808"), &v), KT_EPARSE);
    CHECK_INT(kt_integer_parse(KT_STR("-"), &v), KT_EPARSE);
    CHECK_INT(kt_integer_parse(KT_STR("1.0"), &v), KT_EPARSE);
    CHECK_INT(kt_integer_parse(KT_STR(""), &v), KT_EPARSE);
}

static void suggestions(void)
{
    static const char *const units[] = {"%CH4", "%CO2", "ppm", "m/s", "degC", "kPa"};
    static const struct {
        const char *word, *want;
    } cases[] = {{"%CH5", "%CH4"}, {"%ch4", "%CH4"}, {"degc", "degC"}, {"kpa", "kPa"}, {"ms", NULL},
                 {"m/s2", "m/s"},  {"xyz", NULL},    {"pmp", "ppm"},   {"", NULL},     {"x", NULL}};
    for (size_t i = 0; i < KT_ARRAY_LEN(cases); i++) {
        const char *got = kt_suggest_among(kt_str_c(cases[i].word), units, KT_ARRAY_LEN(units));
        if (cases[i].want ? !got || strcmp(got, cases[i].want) != 0
                          : got && strcmp(cases[i].word, "ms") != 0) {
            printf("# %s: %s\n", cases[i].word, got ? got : "(none)");
            CHECK(false);
        }
    }
    CHECK_INT(kt_edit_distance(KT_STR("kitten"), KT_STR("sitting"), 100), 3);
    CHECK_INT(kt_edit_distance(KT_STR("abcd"), KT_STR("abdc"), 100), 1);
    CHECK_INT(kt_edit_distance(KT_STR(""), KT_STR("abc"), 100), 3);
    CHECK_INT(kt_edit_distance(KT_STR("abc"), KT_STR("xyz"), 2), 2);
}

static int settings_of(const char *text, struct kt_settings *ret, struct kt_arena *a)
{
    struct kt_problems p = {collect, NULL, 0};
    struct kt_yaml *root = NULL;
    struct kt_err err;
    problems[0] = '\0';
    CHECK_OK(kt_yaml_parse(a, kt_str_c(text), "site.yaml", &p, &root, &err), &err);
    kt_settings_read(root, a, ret);
    kt_yaml_unknown(root);
    return (int)p.n;
}

static void settings_are_read(void)
{
    struct kt_arena *a = kt_arena_new(0);
    struct kt_settings s;
    CHECK_INT(
        settings_of("id: chengnan\nsimulation: true\ngas_class: high\nutc_offset: \"-03:30\"\n"
                    "crs: {epsg: 4547}\nreport_day: \"06:30\"\n"
                    "listen: {http: \"0.0.0.0:80\", https: {address: \"[::]:443\", cert: "
                    "secrets/a.pem}}\n"
                    "storage: {journal_days: 14, history_days: {short: 7}}\n",
                    &s, a),
        0);
    CHECK_STR(problems, "");
    CHECK_STR(s.v[KT_SETTING_ID].text, "chengnan");
    CHECK_INT(s.v[KT_SETTING_SIMULATION].number, 1);
    CHECK_INT(s.v[KT_SETTING_GAS_CLASS].number, 1);
    CHECK_INT(s.v[KT_SETTING_UTC_OFFSET].number, -12600);
    CHECK_INT(s.v[KT_SETTING_REPORT_DAY].number, 23400);
    CHECK_INT(s.v[KT_SETTING_JOURNAL_DAYS].number, 14);
    CHECK_INT(s.v[KT_SETTING_JOURNAL_DAYS].line, 8);
    CHECK_INT(s.v[KT_SETTING_HISTORY_SHORT].number, 7);
    CHECK_INT(s.v[KT_SETTING_HISTORY_KEY].number, 730);
    CHECK(!s.v[KT_SETTING_HISTORY_KEY].given);
    CHECK_STR(s.v[KT_SETTING_TLS_CERT].text, "secrets/a.pem");
    kt_arena_free(a);
}

static void settings_are_checked(void)
{
    struct kt_arena *a = kt_arena_new(0);
    struct kt_settings s;
    settings_of("gas_class: hi\nlisten: {https: {key: ../k}, http: 8080}\nutc_offset: 8\n"
                "storage: {journal_day: 3, segment_mb: 0}\ncrs: 7\n",
                &s, a);
    CHECK_STR(problems,
              "site.yaml:1:1: \"id\" is missing; add it: id of the site, ASCII\n"
              "site.yaml:1:12: \"gas_class\" cannot be \"hi\"; one of: low, high, outburst\n"
              "site.yaml:3:13: \"utc_offset\" must be \"+hh:mm\", such as \"+08:00\"\n"
              "site.yaml:2:36: \"listen.http\" must be \"host:port\", such as \"127.0.0.1:8080\"\n"
              "site.yaml:2:23: \"listen.https.key\" must be a file inside the site folder, without "
              "\"..\"\n"
              "site.yaml:4:39: \"storage.segment_mb\" is 0; it must be from 1 to 1024\n"
              "site.yaml:5:6: \"crs\" must be a map, not \"7\"\n"
              "site.yaml:4:11: unknown key \"journal_day\"; did you mean \"journal_days\"?\n");
    CHECK_INT(s.v[KT_SETTING_SEGMENT_MB].number, 32);
    kt_arena_free(a);
}

static void the_sample_reads_back(void)
{
    static const char *const langs[] = {"zh", "en"};
    for (int i = 0; i < 2; i++) {
        struct kt_arena *a = kt_arena_new(0);
        struct kt_buf b;
        struct kt_settings s, def;
        kt_buf_init(&b, 0);
        kt_settings_sample(&b, langs[i]);
        CHECK_INT(settings_of(kt_buf_cstr(&b), &s, a), 1);
        CHECK_STR(problems, "site.yaml:1:5: \"id\" must have 1 to 63 bytes\n");
        settings_of("id: x\n", &def, a);
        for (int k = 1; k < KT_SETTINGS; k++) {
            CHECK(s.v[k].given);
            CHECK_INT(s.v[k].number, def.v[k].number);
            CHECK_STR(s.v[k].text, def.v[k].text);
        }
        kt_buf_clear(&b);
        kt_settings_manual(&b, langs[i]);
        CHECK(strstr(kt_buf_cstr(&b), "| `storage.journal_days` | integer | 7 | 1 … 3650 | d |"));
        kt_buf_done(&b);
        kt_arena_free(a);
    }
}

UNIT_MAIN({"numbers", numbers}, {"random numbers are nearest", random_numbers_are_nearest},
          {"integers", integers}, {"suggestions", suggestions},
          {"settings are read", settings_are_read}, {"settings are checked", settings_are_checked},
          {"the sample reads back", the_sample_reads_back})
