/* SPDX-License-Identifier: Apache-2.0 */
#include "link/lineproto/lineproto.h"

#include <math.h>

#include "unit.h"

static bool read(const char *text, double *ret, size_t *end)
{
    return kt_lp_decimal(kt_str_c(text), ret, end) == KT_OK;
}

/* Bit for bit what the C library makes of it. */
static void check_like_library(const char *text)
{
    double got = -12345, want = strtod(text, NULL);
    size_t end = 0;
    bool ok = read(text, &got, &end);
    uint64_t a, b;
    memcpy(&a, &got, 8);
    memcpy(&b, &want, 8);
    if (!isfinite(want)) {
        CHECK(!ok);
    } else if (!ok || a != b || end != strlen(text)) {
        printf("# \"%s\": %d %.17g, not %.17g\n", text, ok, got, want);
        unit_bad++;
    }
}

static void reads_known_hard_ones(void)
{
    static const char *const cases[] = {"0",
                                        "-0",
                                        "-0.00",
                                        "+1",
                                        "1.",
                                        ".5",
                                        "-.5",
                                        "1e5",
                                        "1E+5",
                                        "1e-5",
                                        "0.1",
                                        "0.70",
                                        "0.24",
                                        "9007199254740992",
                                        "9007199254740993",
                                        "9007199254740993.0",
                                        "9007199254740994.5",
                                        "9007199254740992.5",
                                        "0.30000000000000004",
                                        "98.498498498498492",
                                        "1.7976931348623157e308",
                                        "1.7976931348623159e308",
                                        "1e309",
                                        "5e-324",
                                        "2.4703282292062327e-324",
                                        "1e-400",
                                        "2.2250738585072011e-308",
                                        "18446744073709551615",
                                        "18446744073709551616",
                                        "9999999999999999999",
                                        "0.9999999999999999999",
                                        "1e22",
                                        "1e23",
                                        "8.5e22",
                                        "123456789012345678901234567890",
                                        "0.000000000000000000000000000001",
                                        "1.00000000000000011102230246251565404236316680908203125",
                                        "1.00000000000000011102230246251565404236316680908203124",
                                        "1.00000000000000011102230246251565404236316680908203126",
                                        "4503599627370497.5",
                                        "4503599627370496.5",
                                        "1e19",
                                        "1e-19",
                                        "1e-22",
                                        "1e-23"};
    for (size_t i = 0; i < KT_ARRAY_LEN(cases); i++) {
        check_like_library(cases[i]);
    }
}

static void refuses_what_is_no_number(void)
{
    static const char *const cases[] = {"",    "-",   "+",    ".",    "-.",    "e5",  "1e", "1e+",
                                        "nan", "inf", "-inf", "0x1p", "1e999", "--1", "abc"};
    for (size_t i = 0; i < KT_ARRAY_LEN(cases); i++) {
        double v = 7;
        size_t end = 99;
        bool ok = read(cases[i], &v, &end);
        if (strcmp(cases[i], "0x1p") == 0) {
            CHECK(ok && end == 1 && v == 0);
        } else {
            CHECK(!ok && v == 7 && end == 99);
        }
    }
}

static void a_thousand_digits(void)
{
    char text[1100] = "0.";
    memset(text + 2, '3', 1000);
    text[1002] = '\0';
    check_like_library(text);
    memset(text, '9', 300);
    text[300] = '\0';
    check_like_library(text);
    struct kt_buf b;
    kt_buf_init(&b, 0);
    for (int i = 0; i < 5000; i++) {
        kt_buf_puts(&b, "1");
    }
    double v;
    size_t end;
    CHECK(kt_lp_decimal((struct kt_str){b.p, b.n}, &v, &end) == KT_EPARSE);
    kt_buf_done(&b);
}

static void agrees_with_the_library_on_random_doubles(void)
{
    uint64_t seed = UINT64_C(20261121);
    printf("# seed %" PRIu64 "\n", seed);
    for (int i = 0; i < 200000; i++) {
        uint64_t bits = unit_rand(&seed);
        double v;
        memcpy(&v, &bits, 8);
        char text[64];
        snprintf(text, sizeof(text), "%.*g", (int)(unit_rand(&seed) % 21), v);
        if (isfinite(v)) {
            check_like_library(text);
        }
        double small = (double)(int64_t)unit_rand(&seed) * 0x1p-50;
        snprintf(text, sizeof(text), "%.*f", (int)(unit_rand(&seed) % 19), small);
        check_like_library(text);
    }
}

static void agrees_with_the_library_on_random_digits(void)
{
    uint64_t seed = UINT64_C(4711);
    printf("# seed %" PRIu64 "\n", seed);
    for (int i = 0; i < 200000; i++) {
        char text[64];
        int n = 0, len = 1 + (int)(unit_rand(&seed) % 24);
        int dot = (int)(unit_rand(&seed) % (uint64_t)(len + 1));
        for (int d = 0; d < len; d++) {
            if (d == dot) {
                text[n++] = '.';
            }
            text[n++] = (char)('0' + unit_rand(&seed) % 10);
        }
        if (unit_rand(&seed) % 4 == 0) {
            n += snprintf(text + n, 8, "e%d", (int)(unit_rand(&seed) % 60) - 30);
        }
        text[n] = '\0';
        check_like_library(text);
    }
}

UNIT_MAIN({"reads known hard ones", reads_known_hard_ones},
          {"refuses what is no number", refuses_what_is_no_number},
          {"a thousand digits", a_thousand_digits},
          {"agrees with the library on random doubles", agrees_with_the_library_on_random_doubles},
          {"agrees with the library on random digits", agrees_with_the_library_on_random_digits})
