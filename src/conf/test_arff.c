/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/arff.h"

#include <math.h>

#include "unit.h"

static struct kt_arena *arena;
static struct kt_err err;
static char text[600];

static struct kt_arff *open_text(const char *s)
{
    struct kt_arff *a = NULL;
    kt_arena_free(arena);
    arena = kt_arena_new(0);
    text[0] = '\0';
    if (kt_arff_open(arena, kt_str_c(s), "m.arff", &a, &err) < 0) {
        kt_err_str(&err, text, sizeof(text));
    }
    return a;
}

static void reads_a_table(void)
{
    struct kt_arff *a = open_text("\xef\xbb\xbf% comment\r\n@RELATION Methane\r\n\r\n"
                                  "@ATTRIBUTE 'MM 31' real\r\n"
                                  "@attribute MM116\tNUMERIC\r\n"
                                  "@attribute shift {W, N}\r\n"
                                  "@DATA\r\n"
                                  "0.46,1.3,W\r\n"
                                  "% between\r\n"
                                  " -1e-1 , ? , 'a,b' \r\n"
                                  "\r\n"
                                  "7,8,N");
    double v[3];
    REQUIRE(a);
    CHECK_INT(kt_arff_columns(a), 3);
    CHECK_INT(kt_arff_column(a, "mm 31"), 0);
    CHECK_INT(kt_arff_column(a, "MM116"), 1);
    CHECK_INT(kt_arff_column(a, "MM11"), -1);
    CHECK_INT(kt_arff_next(a, v, &err), 1);
    CHECK(v[0] == 0.46 && v[1] == 1.3 && isnan(v[2]));
    CHECK_INT(kt_arff_next(a, v, &err), 1);
    CHECK(v[0] == -0.1 && isnan(v[1]) && isnan(v[2]));
    CHECK_INT(kt_arff_next(a, v, &err), 1);
    CHECK(v[0] == 7 && v[1] == 8);
    CHECK_INT(kt_arff_next(a, v, &err), 0);
}

static void header_mistakes_say_where(void)
{
    static const struct {
        const char *in, *want;
    } cases[] = {
        {"", "m.arff:1:1: no @DATA"},
        {"@relation x\n@data\n1\n", "m.arff:2:1: no @ATTRIBUTE"},
        {"a,b\n1,2\n", "m.arff:1:1: only @RELATION"},
        {"@attribute   \n", "m.arff:1:"},
        {"\n  @attribute 'a real\n", "m.arff:2:14: an attribute without a name"},
        {"@attribute a real\n@attribute \"a\" real\n@data\n", "m.arff:2:12: this attribute"},
    };
    for (size_t i = 0; i < KT_ARRAY_LEN(cases); i++) {
        CHECK(open_text(cases[i].in) == NULL);
        if (strncmp(text, cases[i].want, strlen(cases[i].want)) != 0) {
            CHECK_STR(text, cases[i].want);
        }
    }
}

static void a_bad_row_is_named_and_passed(void)
{
    struct kt_arff *a = open_text("@attribute a real\n@attribute b real\n@data\n"
                                  "1, x\n1\n1,2,3\n'1,2\n5,6\n");
    double v[2];
    REQUIRE(a);
    CHECK_INT(kt_arff_next(a, v, &err), KT_EPARSE);
    CHECK_STR(kt_err_str(&err, text, sizeof(text)),
              "m.arff:4:4: \"x\" of b is no number; a missing one is written ?");
    CHECK(v[0] == 1 && isnan(v[1]));
    CHECK_INT(kt_arff_next(a, v, &err), KT_EPARSE);
    CHECK_STR(kt_err_str(&err, text, sizeof(text)), "m.arff:5:1: 1 values for 2 attributes");
    CHECK(v[0] == 1 && isnan(v[1]));
    CHECK_INT(kt_arff_next(a, v, &err), KT_EPARSE);
    CHECK(v[0] == 1 && v[1] == 2);
    CHECK_INT(kt_arff_next(a, v, &err), KT_EPARSE);
    CHECK_INT(err.line, 7);
    CHECK_INT(kt_arff_next(a, v, &err), 1);
    CHECK(v[0] == 5 && v[1] == 6);
    CHECK_INT(kt_arff_next(a, v, &err), 0);
}

UNIT_MAIN({"reads a table", reads_a_table},
          {"header mistakes say where", header_mistakes_say_where},
          {"a bad row is named and passed", a_bad_row_is_named_and_passed})
