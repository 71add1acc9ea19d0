/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/csv.h"

#include <time.h>

#include "unit.h"

static struct kt_arena *arena;
static struct kt_err err;
static char problems[2048];

static void collect(void *arg, const struct kt_err *at)
{
    (void)arg;
    char line[600];
    size_t n = strlen(problems);
    snprintf(problems + n, sizeof(problems) - n, "%s\n", kt_err_str(at, line, sizeof(line)));
}

static struct kt_csv *parsen(const char *p, size_t n)
{
    struct kt_csv *c = NULL;
    kt_arena_free(arena);
    arena = kt_arena_new(0);
    problems[0] = '\0';
    if (kt_csv_parse(arena, (struct kt_str){p, n}, "t.csv", &c, &err) < 0) {
        kt_err_str(&err, problems, sizeof(problems));
        return NULL;
    }
    return c;
}

static struct kt_csv *parse(const char *text)
{
    return parsen(text, strlen(text));
}

static const char *get(const struct kt_csv *c, uint32_t row, int col)
{
    return kt_csv_dup(c, row, col, arena);
}

static void reads_a_table(void)
{
    struct kt_csv *c = parse("\xef\xbb\xbfid,name, unit \r\n"
                             "a, 瓦斯 ,%CH4\r\n"
                             "\r\n"
                             ",,\r\n"
                             "b,\"x,\"\"y\"\"\nz\" ,m\r\n"
                             "c\r\n"
                             "d,e,");
    REQUIRE(c);
    CHECK_INT(kt_csv_rows(c), 4);
    CHECK_INT(kt_csv_columns(c), 3);
    int name = kt_csv_column(c, "name"), unit = kt_csv_column(c, "unit");
    CHECK_INT(kt_csv_column(c, "place"), -1);
    CHECK_STR(get(c, 0, name), "瓦斯");
    CHECK_STR(get(c, 0, unit), "%CH4");
    CHECK_STR(get(c, 1, name), "x,\"y\"\nz");
    CHECK_STR(get(c, 1, unit), "m");
    CHECK_STR(get(c, 2, name), "");
    CHECK_STR(get(c, 3, name), "e");
    CHECK_STR(get(c, 3, -1), "");
    static const int want[4][3][2] = {{{2, 1}, {2, 4}, {2, 8}},
                                      {{5, 1}, {5, 4}, {6, 5}},
                                      {{7, 1}, {7, 2}, {7, 2}},
                                      {{8, 1}, {8, 3}, {8, 5}}};
    for (uint32_t r = 0; r < 4; r++) {
        for (int k = 0; k < 3; k++) {
            int line, col;
            kt_csv_at(c, r, k, &line, &col);
            CHECK_INT(line, want[r][k][0]);
            CHECK_INT(col, want[r][k][1]);
        }
    }
}

/* Spreadsheets of some countries write semicolons; what is copied out of one has tabs. */
static void other_separators(void)
{
    struct kt_csv *c = parse("id;name;tags\r\nT-1;a, b;\"x;y\"\r\n;;\r\nT-2; c ;\r\n");
    REQUIRE(c);
    CHECK_INT(kt_csv_columns(c), 3);
    CHECK_INT(kt_csv_rows(c), 2);
    CHECK_STR(get(c, 0, 1), "a, b");
    CHECK_STR(get(c, 0, 2), "x;y");
    CHECK_STR(get(c, 1, 1), "c");
    c = parse("id\tname\ttags\nT-1\t\tx;y\n");
    REQUIRE(c);
    CHECK_STR(get(c, 0, 1), "");
    CHECK_STR(get(c, 0, 2), "x;y");
    c = parse("id,note\nT-1,a;b\tc\n");
    REQUIRE(c);
    CHECK_STR(get(c, 0, 1), "a;b\tc");
}

static void lines_of_old_macs(void)
{
    struct kt_csv *c = parse("id,name\ra,\"x\ry\"\r\rb,z\r");
    int line, col;
    REQUIRE(c);
    CHECK_INT(kt_csv_rows(c), 2);
    CHECK_STR(get(c, 0, 1), "x\ny");
    CHECK_STR(get(c, 1, 1), "z");
    kt_csv_at(c, 1, 0, &line, &col);
    CHECK_INT(line, 5);
    CHECK_INT(col, 1);
}

static void reads_gbk(void)
{
    /* id,名称 / a,甲烷 in GBK */
    struct kt_csv *c = parse("id,\xc3\xfb\xb3\xc6\na,\xbc\xd7\xcd\xe9\n");
    REQUIRE(c);
    CHECK_STR(get(c, 0, kt_csv_column(c, "名称")), "甲烷");
}

static void refuses(void)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"", "t.csv:1:1: an empty table; the first line must name the columns"},
        {"\n\n", "t.csv:1:1: an empty table; the first line must name the columns"},
        {"a,b,a\n", "t.csv:1:5: this column name stands here a second time; remove one"},
        {"a,,b\n", "t.csv:1:3: a column without a name; name it"},
        {"a,b\n1,2,3\n", "t.csv:2:5: more fields than the header line has columns; quote a field "
                         "that holds a comma"},
        {"a,b\n1,\"2\n3\n",
         "t.csv:2:3: the quote that opens here is never closed; add the closing \""},
        {"a,b\n\"1\"x,2\n",
         "t.csv:2:4: text after a closing quote; write \"\" for a quote inside a field"},
        {"a,b\n\xff\xff,2\n", "t.csv:2:1: neither UTF-8 nor GBK; save the table as \"CSV UTF-8\""},
        {"a,b\n\xbc\xd7\xcd\xe9,1\n甲烷,2\n",
         "t.csv:3:1: this line is UTF-8, but not every line is; save the whole as \"CSV UTF-8\""},
        {"\xef\xbb\xbf"
         "a\n\xbc\xd7\n",
         "t.csv:2:1: not UTF-8 though it begins with a UTF-8 mark"},
    };
    for (size_t i = 0; i < KT_ARRAY_LEN(cases); i++) {
        CHECK(parse(cases[i].text) == NULL);
        CHECK_STR(problems, cases[i].want);
    }
    CHECK(parsen("a\0b\n", 4) == NULL);
    CHECK_STR(problems, "t.csv:1:2: no text table; save it as \"CSV UTF-8\"");
}

static void trailing_commas_are_no_fields(void)
{
    struct kt_csv *c = parse("a,b,,\n1,2,,\n");
    REQUIRE(c);
    CHECK_INT(kt_csv_columns(c), 2);
    CHECK_INT(kt_csv_rows(c), 1);
}

static void reports_at_fields(void)
{
    struct kt_csv *c = parse("id,range_hi,resoluton,scan_ms\n甲,x,,3\n乙,1e3,2,999\n");
    REQUIRE(c);
    struct kt_problems p = {collect, NULL, 0};
    double v = -1;
    int64_t i = -1;
    int hi = kt_csv_column(c, "range_hi"), scan = kt_csv_column(c, "scan_ms");
    kt_csv_column(c, "id");
    kt_csv_column(c, "resolution");
    CHECK(!kt_csv_num(c, 0, hi, &p, &v));
    CHECK(kt_csv_num(c, 1, hi, &p, &v) && v == 1000);
    CHECK(!kt_csv_num(c, 1, -1, &p, &v));
    CHECK(!kt_csv_int(c, 0, scan, 10, 1000, &p, &i));
    CHECK(kt_csv_int(c, 1, scan, 10, 1000, &p, &i) && i == 999);
    kt_csv_problem(c, 1, -1, &p, "row");
    kt_csv_unknown(c, &p);
    CHECK_STR(problems, "t.csv:2:3: \"range_hi\" must be a number such as 0.25, not \"x\"\n"
                        "t.csv:2:6: \"scan_ms\" must be a whole number from 10 to 1000, not \"3\"\n"
                        "t.csv:3:1: row\n"
                        "t.csv:1:13: unknown column \"resoluton\"; did you mean \"resolution\"?\n");
    CHECK_INT(p.n, 4);
}

/* Random fields, written and read again. */
static void random_tables_read_back(void)
{
    uint64_t seed = UINT64_C(20261122), s = seed;
    printf("# seed %llu\n", (unsigned long long)seed);
    static const char *const alphabet[] = {"a", "b", ",", "\"", "\n", "甲", "7", " x"};
    for (int round = 0; round < 200; round++) {
        struct kt_buf b;
        kt_buf_init(&b, 0);
        uint32_t cols = 1 + (uint32_t)(unit_rand(&s) % 5), rows = (uint32_t)(unit_rand(&s) % 600);
        for (uint32_t k = 0; k < cols; k++) {
            kt_buf_printf(&b, "%sc%u", k ? "," : "", k);
        }
        uint64_t replay = s;
        for (uint32_t i = 0; i < rows * cols; i++) {
            kt_buf_puts(&b, i % cols ? ",\"_" : "\r\n\"_");
            for (uint64_t n = unit_rand(&s) % 5; n > 0; n--) {
                const char *x = alphabet[unit_rand(&s) % 8];
                kt_buf_puts(&b, x[0] == '"' ? "\"\"" : x);
            }
            kt_buf_puts(&b, "\"");
        }
        struct kt_csv *c = parsen(b.p, b.n);
        REQUIRE(c);
        CHECK_INT(kt_csv_rows(c), rows);
        for (uint32_t i = 0; i < rows * cols; i++) {
            char want[32] = "_";
            for (uint64_t n = unit_rand(&replay) % 5; n > 0; n--) {
                strncat(want, alphabet[unit_rand(&replay) % 8], sizeof(want) - strlen(want) - 1);
            }
            CHECK_STR(get(c, i / cols, (int)(i % cols)), want);
        }
        kt_buf_done(&b);
    }
}

static void large_tables_fit(void)
{
    struct kt_buf b;
    kt_buf_init(&b, 0);
    for (int k = 0; k < 20; k++) {
        kt_buf_printf(&b, "%scol%d", k ? "," : "", k);
    }
    for (int i = 0; i < 100000; i++) {
        kt_buf_puts(&b, "\nT1-1203,工作面甲烷,analog,%CH4,ch4.face,1203-face,0,4,0.01,0.02,key,"
                        "sub01,i12:u16*0.01|i112,1000,1,2,,,no,a");
    }
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    struct kt_csv *c = parsen(b.p, b.n);
    clock_gettime(CLOCK_MONOTONIC, &to);
    printf("# %zu bytes in %.1f ms\n", b.n,
           (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6);
    kt_buf_done(&b);
    REQUIRE(c);
    CHECK_INT(kt_csv_rows(c), 100000);
    CHECK_STR(get(c, 99999, 19), "a");
}

UNIT_MAIN({"reads a table", reads_a_table}, {"lines that end in CR alone", lines_of_old_macs},
          {"semicolons and tabs", other_separators}, {"reads GBK", reads_gbk}, {"refuses", refuses},
          {"trailing commas are no fields", trailing_commas_are_no_fields},
          {"reports at fields", reports_at_fields},
          {"random tables read back", random_tables_read_back},
          {"large tables fit", large_tables_fit})
