/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/json.h"

#include <locale.h>

#include "unit.h"

static struct kt_json *parse(const char *text, struct kt_err *err)
{
    struct kt_json *root = NULL;
    return kt_json_parse(kt_str_c(text), 0, &root, err) == KT_OK ? root : NULL;
}

static void reads_values(void)
{
    struct kt_err err = {0};
    struct kt_json *r =
        parse("{\"a\":[1,2.5,\"x\\u4e2d\",true,null],\"b\":{\"c\":-7},\"e\":2e3}", &err);
    REQUIRE(r);
    const struct kt_json *a = kt_json_get(r, "a");
    double n = 0;
    int64_t i = 0;
    bool b = false;
    CHECK_INT(kt_json_len(a), 5);
    CHECK_INT(kt_json_len(r), 3);
    CHECK(kt_json_int(kt_json_at(a, 0), &i) && i == 1);
    CHECK(kt_json_num(kt_json_at(a, 0), &n) && n == 1.0);
    CHECK(kt_json_num(kt_json_at(a, 1), &n) && n == 2.5);
    CHECK(!kt_json_int(kt_json_at(a, 1), &i));
    CHECK(kt_json_int(kt_json_get(r, "e"), &i) && i == 2000);
    CHECK_STR(kt_json_str(kt_json_at(a, 2)), "x中");
    CHECK(kt_json_bool(kt_json_at(a, 3), &b) && b);
    CHECK_INT(kt_json_kind(kt_json_at(a, 4)), KT_JSON_NULL);
    CHECK_INT(kt_json_kind(kt_json_at(a, 5)), KT_JSON_NONE);
    CHECK_INT(kt_json_get_int(kt_json_get(r, "b"), "c", 0), -7);
    CHECK_INT(kt_json_get_int(kt_json_get(r, "none"), "c", 9), 9);
    CHECK_STR(kt_json_get_str(r, "a", "def"), "def");
    CHECK_INT(kt_json_get_time(r, "a"), 0);
    CHECK_INT(kt_json_get_time(r, "none"), 0);
    CHECK(kt_json_str(NULL) == NULL && kt_json_len(NULL) == 0);
    CHECK_INT(kt_json_need_int(r, "b", &i, &err), KT_EINVAL);
    CHECK_STR(err.text, "\"b\" must be a whole number");
    const char *s;
    CHECK_INT(kt_json_need_str(r, "note", &s, &err), KT_EINVAL);
    CHECK_STR(err.text, "\"note\" is missing; it must be a text");
    kt_json_free(r);
}

static void refuses(void)
{
    static const struct {
        const char *text;
        int code, line, col;
    } cases[] = {
        {"", KT_EPARSE, 1, 1},
        {"{\"a\":1,}", KT_EPARSE, 1, 8},
        {"[1,\n x]", KT_EPARSE, 2, 2},
        {"{\"a\":1,\"a\":2}", KT_EPARSE, 1, 10},
        {"\"\\u0000\"", KT_EPARSE, 1, 8},
        {"[1] 2", KT_EPARSE, 1, 5},
        {"99999999999999999999", KT_EPARSE, 1, 20},
        {"1e999", KT_EPARSE, 1, 5},
    };
    for (size_t i = 0; i < KT_ARRAY_LEN(cases); i++) {
        struct kt_err err = {0};
        struct kt_json *r = NULL;
        CHECK_INT(kt_json_parse(kt_str_c(cases[i].text), 0, &r, &err), cases[i].code);
        CHECK(r == NULL);
        CHECK_INT(err.line, cases[i].line);
        CHECK_INT(err.col, cases[i].col);
    }
    struct kt_json *r = NULL;
    CHECK_INT(kt_json_parse(KT_STR("[1,2,3]"), 6, &r, NULL), KT_ELIMIT);
}

static void bounds_depth(void)
{
    char t[2 * KT_JSON_MAX_DEPTH + 3];
    memset(t, '[', KT_JSON_MAX_DEPTH);
    memset(t + KT_JSON_MAX_DEPTH, ']', KT_JSON_MAX_DEPTH);
    struct kt_json *r = NULL;
    CHECK_INT(kt_json_parse((struct kt_str){t, 2 * KT_JSON_MAX_DEPTH}, 0, &r, NULL), KT_OK);
    kt_json_free(r);
    memset(t, '[', KT_JSON_MAX_DEPTH + 1);
    CHECK_INT(kt_json_parse((struct kt_str){t, sizeof(t)}, 0, &r, NULL), KT_ELIMIT);
    r = NULL;
    CHECK_INT(kt_json_parse(KT_STR("\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
                                   "[[[[[[[[[[[[[[[[\\\"[[[[\""),
                            0, &r, NULL),
              KT_OK);
    kt_json_free(r);
}

static void writes_what_it_read(void)
{
    static const char *const texts[] = {("{\"z\":1,\"a\":[true,false,null],\"m\":{\"t\":"
                                         "\"a\\\"b\\n\"},\"n\":0.1,\"i\":-9223372036854775808}"),
                                        "[]", "{}", "\"x\"", "1.5"};
    for (size_t i = 0; i < KT_ARRAY_LEN(texts); i++) {
        struct kt_err err;
        struct kt_json *r = parse(texts[i], &err);
        REQUIRE(r);
        struct kt_buf b;
        kt_buf_init(&b, 0);
        struct kt_jw w = kt_jw_init(&b);
        kt_json_write(r, &w);
        CHECK_STR(kt_buf_cstr(&b), texts[i]);
        kt_buf_done(&b);
        kt_json_free(r);
    }
}

static void keeps_the_order_of_keys(void)
{
    struct kt_err err;
    struct kt_json *r = parse("{\"b\":1,\"a\":2,\"c\":3}", &err);
    REQUIRE(r);
    struct kt_json_iter it = {0};
    char order[8] = "";
    while (kt_json_next(r, &it)) {
        strncat(order, it.key, 1);
    }
    CHECK_STR(order, "bac");
    kt_json_free(r);
}

static void does_not_see_the_locale(void)
{
    const char *had = setlocale(LC_NUMERIC, "de_DE.UTF-8");
    struct kt_err err;
    struct kt_json *r = parse("0.75", &err);
    double v = 0;
    CHECK(kt_json_num(r, &v) && v == 0.75);
    kt_json_free(r);
    setlocale(LC_NUMERIC, "C");
    if (!had) {
        SKIP("no locale with a decimal comma here");
    }
}

UNIT_MAIN({"reads values", reads_values}, {"refuses", refuses}, {"bounds depth", bounds_depth},
          {"writes what it read", writes_what_it_read},
          {"keeps the order of keys", keeps_the_order_of_keys},
          {"does not see the locale", does_not_see_the_locale})
