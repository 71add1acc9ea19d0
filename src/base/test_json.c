/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <math.h>

#include "unit.h"

static void structure(void)
{
    struct kt_buf b;
    kt_buf_init(&b, 0);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "name", "A");
    kt_jw_kint(&w, "n", INT64_MIN);
    kt_jw_key(&w, "list");
    kt_jw_arr(&w);
    kt_jw_num(&w, 1.5);
    kt_jw_null(&w);
    kt_jw_bool(&w, true);
    kt_jw_arr(&w);
    kt_jw_arr_end(&w);
    kt_jw_obj(&w);
    kt_jw_obj_end(&w);
    kt_jw_raw(&w, KT_STR("{\"x\":1}"));
    kt_jw_arr_end(&w);
    kt_jw_kbool(&w, "off", false);
    kt_jw_knum(&w, "nan", NAN);
    kt_jw_kstr(&w, "none", NULL);
    kt_jw_obj_end(&w);
    CHECK_STR(kt_buf_cstr(&b), "{\"name\":\"A\",\"n\":-9223372036854775808,"
                               "\"list\":[1.5,null,true,[],{},{\"x\":1}],"
                               "\"off\":false,\"nan\":null,\"none\":null}");
    kt_buf_done(&b);
}

static void escapes(void)
{
    struct kt_buf b;
    kt_buf_init(&b, 0);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_str(&w, "q\" b\\ n\n t\t z\x01 d\x7f / 瓦斯");
    CHECK_STR(kt_buf_cstr(&b), "\"q\\\" b\\\\ n\\n t\\u0009 z\\u0001 d\\u007f / 瓦斯\"");
    kt_buf_clear(&b);
    w = kt_jw_init(&b);
    kt_jw_strn(&w, (struct kt_str){"a\0b", 3});
    CHECK_STR(kt_buf_cstr(&b), "\"a\\u0000b\"");
    kt_buf_done(&b);
}

static void no_utf8(void)
{
    static const char *const bad[][2] = {{"a\xff"
                                          "b",
                                          "\"a\uFFFD"
                                          "b\""},
                                         {"瓦\xe6", "\"瓦\uFFFD\""},
                                         {"\xe6\x96"
                                          "斯",
                                          "\"\uFFFD\uFFFD斯\""},
                                         {"\xc0\xaf", "\"\uFFFD\uFFFD\""},
                                         {"\xed\xa0\x80.", "\"\uFFFD\uFFFD\uFFFD.\""},
                                         {"\xf0\x9f\x9a\x9c", "\"\U0001F69C\""}};
    struct kt_buf b;
    kt_buf_init(&b, 0);
    for (size_t i = 0; i < KT_ARRAY_LEN(bad); i++) {
        kt_buf_clear(&b);
        struct kt_jw w = kt_jw_init(&b);
        kt_jw_str(&w, bad[i][0]);
        CHECK_STR(kt_buf_cstr(&b), bad[i][1]);
    }
    kt_buf_done(&b);
}

/* Reads what the writer escapes; enough of JSON for the property below. */
static size_t unescape(const char *p, size_t n, char *to)
{
    size_t len = 0;
    for (size_t i = 1; i + 1 < n; i++) {
        if (p[i] != '\\') {
            to[len++] = p[i];
        } else if (p[i + 1] == 'u') {
            char hex[5] = {p[i + 2], p[i + 3], p[i + 4], p[i + 5], 0};
            to[len++] = (char)strtol(hex, NULL, 16);
            i += 5;
        } else {
            to[len++] = p[i + 1] == 'n' ? '\n' : p[i + 1];
            i++;
        }
    }
    return len;
}

static void random_strings(void)
{
    uint64_t seed = 99;
    printf("# seed %" PRIu64 "\n", seed);
    struct kt_buf b;
    kt_buf_init(&b, 0);
    for (int i = 0; i < 20000; i++) {
        char raw[48], back[48];
        size_t n = unit_rand(&seed) % sizeof(raw);
        for (size_t k = 0; k < n; k++) {
            raw[k] = (char)(unit_rand(&seed) % 128);
        }
        kt_buf_clear(&b);
        struct kt_jw w = kt_jw_init(&b);
        kt_jw_strn(&w, (struct kt_str){raw, n});
        for (size_t k = 0; k < b.n; k++) {
            REQUIRE((unsigned char)b.p[k] >= 0x20);
        }
        REQUIRE(unescape(b.p, b.n, back) == n && memcmp(raw, back, n) == 0);
    }
    kt_buf_done(&b);
}

static bool same_bits(double a, double b)
{
    return memcmp(&a, &b, sizeof(a)) == 0;
}

static void known_doubles(void)
{
    static const struct {
        double v;
        const char *text;
    } cases[] = {
        {0, "0"},
        {-0.0, "-0.0"},
        {1, "1"},
        {-273.15, "-273.15"},
        {0.1, "0.1"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1.0 / 3, "0.3333333333333333"},
        {123456789012345, "123456789012345"},
        {999999999999999, "999999999999999"},
        {5e-324, "5e-324"},
        {1e21, "1e+21"},
    };
    for (size_t i = 0; i < KT_ARRAY_LEN(cases); i++) {
        char t[32];
        size_t n = kt_fmt_double(t, cases[i].v);
        CHECK_INT(n, strlen(t));
        if (cases[i].v != 5e-324) {
            CHECK_STR(t, cases[i].text);
        }
        CHECK(same_bits(strtod(t, NULL), cases[i].v));
    }
}

/* Random bit patterns, decimals of few digits, and neighbours of powers of two. */
static void doubles_come_back(void)
{
    uint64_t seed = 20260101;
    printf("# seed %" PRIu64 "\n", seed);
    for (int i = 0; i < 100000; i++) {
        uint64_t bits = unit_rand(&seed);
        double v;
        memcpy(&v, &bits, sizeof(v));
        if (i % 3 == 1) {
            v = (double)((int64_t)(bits % 2000000) - 1000000) / 1000;
        } else if (i % 3 == 2) {
            v = nextafter(ldexp(1, (int)(bits % 1200) - 600), bits & 1 ? INFINITY : 0);
        }
        if (!isfinite(v)) {
            continue;
        }
        char t[32], shorter[40];
        size_t n = kt_fmt_double(t, v);
        REQUIRE(n < 32 && n == strlen(t));
        if (!same_bits(strtod(t, NULL), v)) {
            printf("# %a is written %s\n", v, t);
            CHECK(false);
            return;
        }
        int used = 0;
        for (const char *p = t; *p && *p != 'e'; p++) {
            used += (*p >= '1' && *p <= '9') || (*p == '0' && used);
        }
        if (used == 17) { /* no text of one digit less would do */
            snprintf(shorter, sizeof(shorter), "%.16g", v);
            REQUIRE(strtod(shorter, NULL) != v);
        }
    }
}

/* Means and their like: as near as 15 digits are, and never longer. */
static void near_is_near(void)
{
    uint64_t seed = 20260301;
    printf("# seed %" PRIu64 "\n", seed);
    for (int i = 0; i < 100000; i++) {
        int64_t bits = (int64_t)(unit_rand(&seed) >> (unit_rand(&seed) % 60));
        double v = (double)(i % 2 ? -bits : bits) / (double)(1 + unit_rand(&seed) % 1000000);
        char t[40];
        size_t n = kt_fmt_near(t, v);
        REQUIRE(n < 32 && n == strlen(t));
        double back = strtod(t, NULL);
        if (fabs(back - v) > fabs(v) * 6e-15) {
            printf("# %a is written %s\n", v, t);
            CHECK(false);
            return;
        }
    }
}

UNIT_MAIN({"objects, arrays, commas", structure}, {"escapes", escapes},
          {"what is written is UTF-8", no_utf8}, {"random strings read back", random_strings},
          {"known doubles", known_doubles}, {"doubles come back bit for bit", doubles_come_back},
          {"near is near", near_is_near})
