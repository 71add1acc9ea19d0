/* SPDX-License-Identifier: Apache-2.0 */
#include "link/lineproto/lineproto.h"

#include <math.h>

#include "site/site.h"
#include "unit.h"

enum { ROOM = 64, ARRIVAL = 1234567 };

struct bench {
    struct kt_lp_table *table;
    struct kt_lp_parser *parser;
    struct kt_lp_columns out;
    struct kt_lp_report report;
    uint32_t point[ROOM];
    kt_time time[ROOM];
    double value[ROOM];
    kt_quality quality[ROOM];
};

static void table_add(struct kt_lp_table *t, const char *address, uint32_t p)
{
    struct kt_err err = {0};
    CHECK_OK(kt_lp_table_add(t, kt_str_c(address), (kt_point_id){p}, &err), &err);
}

static bool not_point_9(void *arg, kt_point_id p)
{
    int *asked = arg;
    (*asked)++;
    return p.v != 9;
}
static int asked;

static void bench_init(struct bench *b, const char *const *addresses, uint32_t n)
{
    memset(b, 0, sizeof(*b));
    b->table = kt_lp_table_new();
    for (uint32_t i = 0; i < n; i++) {
        table_add(b->table, addresses[i], i);
    }
    asked = 0;
    b->parser = kt_lp_parser_new(b->table, not_point_9, &asked, 0);
    b->out = (struct kt_lp_columns){0, ROOM, b->point, b->time, b->value, b->quality};
}

static void bench_done(struct bench *b)
{
    kt_lp_parser_free(b->parser);
    kt_lp_table_unref(b->table);
}

static int feed(struct bench *b, const char *text, const char *precision)
{
    struct kt_lp_input in = {.text = kt_str_c(text), .arrival = ARRIVAL};
    CHECK(kt_lp_precision(kt_str_c(precision), &in.unit_ns) == KT_OK);
    b->out.n = 0;
    memset(&b->report, 0, sizeof(b->report));
    return kt_lp_parse(b->parser, &in, &b->out, &b->report);
}

static const char *const addresses[] = {
    "T1",                     /* 0 */
    "gas,sensor=T1#ch4",      /* 1 */
    "gas,sensor=T2#ch4",      /* 2 */
    "gas,sensor=T2#co",       /* 3 */
    "fan,loc=a\\ b\\,c#on",   /* 4 */
    "we\\ ird,k\\=1=v#f\\=g", /* 5 */
    "m,a=1",                  /* 6 */
    "m,b=2",                  /* 7 */
    "m,a=1,b=2,c=3",          /* 8 */
    "closed",                 /* 9 */
    "风速#值",                /* 10 */
};

static const struct {
    const char *line, *precision;
    uint32_t point;
    double value;
    kt_time time;
} good[] = {
    {"T1 value=1.25 1700000000000000001", "", 0, 1.25, 1700000000000000001},
    {"T1 value=1.25", "", 0, 1.25, ARRIVAL},
    {"T1 value=1.25 ", "ms", 0, 1.25, ARRIVAL},
    {"  T1 value=1.25 12\t", "ns", 0, 1.25, 12},
    {"T1  value=1.25   12", "ns", 0, 1.25, 12},
    {"T1 value=1.25 12\r", "us", 0, 1.25, 12000},
    {"T1 value=-3i 1700000000000", "ms", 0, -3, 1700000000000000000},
    {"T1 value=7u 1700000000", "s", 0, 7, 1700000000000000000},
    {"T1 value=18446744073709551615u 1", "m", 0, 18446744073709551615.0, 60000000000},
    {"T1 value=-9223372036854775808i 1", "h", 0, -9223372036854775808.0, 3600000000000},
    {"T1 value=t 5", "n", 0, 1, 5},
    {"T1 value=T 5", "n", 0, 1, 5},
    {"T1 value=true 5", "n", 0, 1, 5},
    {"T1 value=True 5", "n", 0, 1, 5},
    {"T1 value=TRUE 5", "n", 0, 1, 5},
    {"T1 value=f 5", "n", 0, 0, 5},
    {"T1 value=F", "n", 0, 0, ARRIVAL},
    {"T1 value=false 5", "n", 0, 0, 5},
    {"T1 value=False 5", "n", 0, 0, 5},
    {"T1 value=FALSE 5", "n", 0, 0, 5},
    {"T1 value=1e3 5", "u", 0, 1000, 5000},
    {"T1 value=1.5E-3 5", "n", 0, 0.0015, 5},
    {"T1 value=+.5 5", "n", 0, 0.5, 5},
    {"T1 value=12345678901234567890 5", "n", 0, 12345678901234567890.0, 5},
    {"T1 value=0.69999998807907104 5", "n", 0, 0.69999998807907104, 5},
    {"T1,host=edge1 value=2 5", "n", 0, 2, 5},
    {"T1,host=edge1,zone=x text=\"a, b=c \\\" d\",value=2 5", "n", 0, 2, 5},
    {"T1 text=\"two\nlines\",value=2 5", "n", 0, 2, 5},
    {"gas,sensor=T1 ch4=0.5 5", "n", 1, 0.5, 5},
    {"gas,site=x,sensor=T1,host=y ch4=0.5 5", "n", 1, 0.5, 5},
    {"gas,sensor=T2 o2=20.1,co=3,x=t 5", "n", 3, 3, 5},
    {"fan,loc=a\\ b\\,c on=t 5", "n", 4, 1, 5},
    {"we\\ ird,k\\=1=v f\\=g=4 5", "n", 5, 4, 5},
    {"m,a=1 value=1 5", "n", 6, 1, 5},
    {"m,b=2,z=0 value=1 5", "n", 7, 1, 5},
    {"m,c=3,b=2,a=1 value=1 5", "n", 8, 1, 5},
    {"风速,井=南 值=2.5 5", "n", 10, 2.5, 5},
};

static void reads_every_form(void)
{
    struct bench b;
    bench_init(&b, addresses, KT_ARRAY_LEN(addresses));
    for (int round = 0; round < 3; round++) { /* unknown keys, known ones, predicted ones */
        for (size_t i = 0; i < KT_ARRAY_LEN(good); i++) {
            char text[300];
            snprintf(text, sizeof(text), "%s%s", good[i].line, round == 1 ? "" : "\n");
            int r = feed(&b, text, good[i].precision);
            if (r != 0 || b.out.n != 1 || b.point[0] != good[i].point ||
                b.value[0] != good[i].value || b.time[0] != good[i].time ||
                b.quality[0] != KT_Q_NORMAL || b.report.bad + b.report.refused != 0) {
                printf("# %s: %d, %u samples, point %u value %.17g time %" PRId64 " (%s)\n",
                       good[i].line, r, b.out.n, b.point[0], b.value[0], b.time[0],
                       b.report.notes[0].text);
                unit_bad++;
            }
            CHECK_INT(b.report.lines, 1);
            CHECK_INT(b.report.samples, 1);
        }
    }
    bench_done(&b);
}

static void keeps_minus_zero(void)
{
    struct bench b;
    bench_init(&b, addresses, KT_ARRAY_LEN(addresses));
    CHECK_INT(feed(&b, "T1 value=-0.00 5\nT1 value=-0i 6\nT1 value=0.00 7", ""), 0);
    CHECK_INT(b.out.n, 3);
    CHECK(signbit(b.value[0]));
    CHECK(!signbit(b.value[1]));
    CHECK(!signbit(b.value[2]));
    bench_done(&b);
}

static const struct {
    const char *line, *why;
    uint32_t col;
} bad[] = {
    {"T1", "no fields", 3},
    {"T1 ", "no field name", 4},
    {"T1 value", "no `=`", 9},
    {"T1 value=", "no value", 10},
    {"T1 value= 5", "no value", 10},
    {"T1 value=abc 5", "not a number", 10},
    {"T1 value=tru 5", "not a number", 10},
    {"T1 value=nan", "not a number", 10},
    {"T1 value=-", "not a number", 10},
    {"T1 value=1e999", "beyond the range", 10},
    {"T1 value=1x 5", "behind the number", 11},
    {"T1 value=1.5i 5", "behind the number", 13},
    {"T1 value=1ix 5", "behind the integer", 12},
    {"T1 value=9223372036854775808i", "out of range", 10},
    {"T1 value=-1u", "out of range", 10},
    {"T1 value=18446744073709551616u", "out of range", 10},
    {"T1 value=\"1.5\" 5", "cannot be text", 10},
    {"T1 text=\"abc", "has no end", 9},
    {"T1 text=\"abc\"d", "behind the string", 14},
    {"T1 value=1, 5", "no field name", 12},
    {"T1 value=1,=2 5", "no field name", 12},
    {"T1 value=1 5 6", "behind the timestamp", 14},
    {"T1 value=1 5.5", "not a whole number", 12},
    {"T1 value=1 x", "not a whole number", 12},
    {"T1 value=1 5,6", "not a whole number", 12},
    {"T1 value=1 -", "not a whole number", 12},
    {"T1 value=1 -5", "not after 1970", 12},
    {"T1 value=1 0", "not after 1970", 12},
    {"T1 value=1 99999999999999999999", "out of range", 12},
    {"T1 value=1,quality=\"splendid\" 5", "not a quality", 20},
    {",a=1 value=1 5", "no measurement", 1},
    {"gas,sensor value=1 5", "a tag is", 5},
    {"gas,sensor= value=1 5", "a tag is", 12},
    {"gas,=T1 value=1 5", "a tag is", 5},
    {"gas,a=1,a=2 value=1 5", "same tag twice", 9},
    {"gas,a=1=2 value=1 5", "a tag is", 7},
};

static void names_what_is_wrong_and_keeps_the_rest(void)
{
    struct bench b;
    bench_init(&b, addresses, KT_ARRAY_LEN(addresses));
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < KT_ARRAY_LEN(bad); i++) {
            char text[400];
            snprintf(text, sizeof(text), "# comment\nT1 value=1 7\n%s\nT1 value=2 8\n",
                     bad[i].line);
            CHECK_INT(feed(&b, text, ""), 0);
            const struct kt_lp_note *n = &b.report.notes[0];
            if (b.out.n != 2 || b.value[0] != 1 || b.value[1] != 2 || b.time[1] != 8 ||
                b.report.bad != 1 || b.report.notes_n != 1 || n->why != KT_LP_BAD || n->line != 3 ||
                n->col != bad[i].col || !strstr(n->text, bad[i].why)) {
                printf("# %s: %u samples, %" PRIu64 " bad, %u:%u: %s\n", bad[i].line, b.out.n,
                       b.report.bad, n->line, n->col, n->text);
                unit_bad++;
            }
        }
    }
    bench_done(&b);
}

static void a_bad_field_drops_its_whole_line(void)
{
    struct bench b;
    bench_init(&b, addresses, KT_ARRAY_LEN(addresses));
    feed(&b, "gas,sensor=T2 ch4=1,co=2,x=oops 5\ngas,sensor=T2 ch4=3,co=4 6", "");
    CHECK_INT(b.out.n, 2);
    CHECK_INT(b.point[0], 2);
    CHECK_INT(b.value[0], 3);
    CHECK_INT(b.point[1], 3);
    CHECK_INT(b.value[1], 4);
    CHECK_INT(b.time[1], 6);
    CHECK_INT(b.report.bad, 1);
    bench_done(&b);
}

static void quality_is_of_the_whole_line(void)
{
    struct bench b;
    bench_init(&b, addresses, KT_ARRAY_LEN(addresses));
    for (int i = 0; i < 2; i++) {
        feed(&b,
             "gas,sensor=T2 ch4=4,quality=\"over-range\",co=2 5\n"
             "gas,sensor=T2 ch4=1,co=2 6\n",
             "");
        CHECK_INT(b.out.n, 4);
        CHECK_INT(b.quality[0], KT_Q_OVER_RANGE);
        CHECK_INT(b.quality[1], KT_Q_OVER_RANGE);
        CHECK_INT(b.quality[2], KT_Q_NORMAL);
        CHECK_INT(b.report.passed_over, 0);
    }
    bench_done(&b);
}

static void refused_ambiguous_and_unknown_are_named(void)
{
    struct bench b;
    bench_init(&b, addresses, KT_ARRAY_LEN(addresses));
    for (int round = 1; round <= 3; round++) {
        feed(&b,
             "closed value=1 5\n"
             "cpu,host=a usage=1,idle=2 5\n"
             "\n"
             "m,a=1,b=2 value=1 5\n"
             "T1 value=3,other=4 5\n",
             "");
        CHECK_INT(b.out.n, 1);
        CHECK_INT(b.report.lines, 4);
        CHECK_INT(b.report.refused, 2);
        CHECK_INT(b.report.unknown, 1);
        CHECK_INT(b.report.passed_over, 1);
        CHECK_INT(b.report.notes_n, 3);
        CHECK_INT(b.report.notes[0].why, KT_LP_REFUSED);
        CHECK_INT(b.report.notes[0].line, 1);
        CHECK(strstr(b.report.notes[0].text, "may not write the point of \"closed\""));
        CHECK_INT(b.report.notes[1].why, KT_LP_UNKNOWN);
        CHECK_INT(b.report.notes[1].line, 2);
        CHECK(strstr(b.report.notes[1].text, "\"cpu,host=a\""));
        CHECK_INT(b.report.notes[2].line, 4);
        CHECK(strstr(b.report.notes[2].text, "equally well"));
    }
    CHECK_INT(asked, 2); /* once for each key that has a point: closed, T1 */
    bench_done(&b);
}

static void full_columns_end_before_a_line(void)
{
    struct bench b;
    bench_init(&b, addresses, KT_ARRAY_LEN(addresses));
    struct kt_lp_input in = {
        .text = kt_str_c("gas,sensor=T2 ch4=1,co=2 5\n\ngas,sensor=T2 ch4=3,co=4 6\nT1 value=5 7"),
        .unit_ns = 1};
    b.out.cap = 3;
    CHECK_INT(kt_lp_parse(b.parser, &in, &b.out, &b.report), 1);
    CHECK_INT(b.out.n, 2);
    CHECK_INT(in.line, 2);
    b.out.n = 0;
    CHECK_INT(kt_lp_parse(b.parser, &in, &b.out, &b.report), 0);
    CHECK_INT(b.out.n, 3);
    CHECK_INT(b.value[0], 3);
    CHECK_INT(b.value[2], 5);
    CHECK_INT(b.report.lines, 3);
    CHECK_INT(b.report.samples, 5);
    /* a line that never fits is bad, not an endless loop */
    b.out = (struct kt_lp_columns){0, 1, b.point, b.time, b.value, b.quality};
    in = (struct kt_lp_input){.text = kt_str_c("gas,sensor=T2 ch4=1,co=2 5\nT1 value=5 7"),
                              .unit_ns = 1};
    memset(&b.report, 0, sizeof(b.report));
    CHECK_INT(kt_lp_parse(b.parser, &in, &b.out, &b.report), 0);
    CHECK_INT(b.out.n, 1);
    CHECK_INT(b.value[0], 5);
    CHECK_INT(b.report.bad, 1);
    bench_done(&b);
}

/* What Telegraf sends in its several shapes, the global tag `host` with it. */
static void takes_what_telegraf_sends(void)
{
    static const char *const mine[] = {"modbus,name=sub01,type=input_register#ch4",
                                       "mqtt_consumer,topic=mine/t1#value",
                                       "opcua,id=ns\\=2;s\\=T1#T1", "cpu,cpu=cpu-total#usage_idle",
                                       "snmp,agent_host=10.0.0.1#ifHCInOctets"};
    struct bench b;
    bench_init(&b, mine, KT_ARRAY_LEN(mine));
    for (int i = 0; i < 2; i++) {
        int r =
            feed(&b,
                 "modbus,host=edge1,name=sub01,slave_id=1,type=input_register ch4=0.42,temp=21i "
                 "1700000000000000000\r\n"
                 "mqtt_consumer,host=edge1,topic=mine/t1 value=0.1 1700000000100000000\n"
                 "opcua,host=edge1,id=ns\\=2;s\\=T1 T1=3.5,Quality=\"The operation succeeded. "
                 "StatusGood (0x0)\" 1700000000200000000\n"
                 "cpu,cpu=cpu0,host=edge1 usage_idle=98.1,usage_user=1.2 1700000001000000000\n"
                 "cpu,cpu=cpu-total,host=edge1 usage_idle=98.49849849849849,usage_user=1.2 "
                 "1700000001000000000\n"
                 "snmp,agent_host=10.0.0.1,host=edge1,ifName=eth0 "
                 "ifHCInOctets=18446744073709551615u,ifAlias=\"\" 1700000002000000000\n",
                 "ns");
        CHECK_INT(r, 0);
        CHECK_INT(b.report.bad, 0);
        CHECK_INT(b.report.unknown, 1);
        CHECK_INT(b.out.n, 5);
        CHECK(b.value[0] == 0.42 && b.value[3] == 98.49849849849849);
        CHECK_INT(b.time[4], 1700000002000000000);
        for (uint32_t p = 0; p < 5; p++) {
            CHECK_INT(b.point[p], p);
        }
    }
    bench_done(&b);
}

static void keys_beyond_the_ceiling_are_looked_up(void)
{
    struct bench b;
    bench_init(&b, addresses, KT_ARRAY_LEN(addresses));
    kt_lp_parser_free(b.parser);
    b.parser = kt_lp_parser_new(b.table, NULL, NULL, 3);
    for (int i = 0; i < 2000; i++) {
        char text[200];
        snprintf(text, sizeof(text),
                 "T1,n=%d value=%d,quality=\"broken\" 5\ngas,n=%d,sensor=T2 ch4=1,x=1,co=2 6\n", i,
                 i, i);
        feed(&b, text, "");
        CHECK_INT(b.out.n, 3);
        CHECK_INT(b.value[0], i);
        CHECK_INT(b.quality[0], KT_Q_BROKEN);
        CHECK_INT(b.point[1], 2);
        CHECK_INT(b.point[2], 3);
    }
    uint32_t keys;
    size_t bytes;
    kt_lp_parser_stats(b.parser, &keys, &bytes);
    CHECK_INT(keys, 3);
    CHECK(bytes < 16384);
    bench_done(&b);
}

static void addresses_are_checked(void)
{
    struct kt_lp_table *t = kt_lp_table_new();
    struct kt_err err = {0};
    static const char *const wrong[] = {"",    "#f",   "m#",        ",a=1",
                                        "m,a", "m,a=", "m,a=1,a=2", "m\n#f"};
    for (size_t i = 0; i < KT_ARRAY_LEN(wrong); i++) {
        CHECK_INT(kt_lp_table_add(t, kt_str_c(wrong[i]), (kt_point_id){0}, &err), KT_EINVAL);
    }
    table_add(t, "m,a=1,b=2#f", 1);
    table_add(t, "m,b=2,a=1#f", 1);
    CHECK_INT(kt_lp_table_add(t, KT_STR("m,b=2,a=1#f"), (kt_point_id){2}, &err), KT_EEXIST);
    table_add(t, "a b#value", 3); /* a space need not be escaped in an address */
    int r = KT_OK;
    for (uint32_t i = 0; i < 100 && r == KT_OK; i++) {
        char text[40];
        snprintf(text, sizeof(text), "m,tag%u=1", i);
        r = kt_lp_table_add(t, kt_str_c(text), (kt_point_id){i}, &err);
    }
    CHECK_INT(r, KT_ELIMIT);
    kt_lp_table_unref(t);
}

static void a_site_gives_the_table(void)
{
    struct kt_link_conf links[2] = {{.id = "push", .kind = KT_LINK_PUSH},
                                    {.id = "sub", .kind = KT_LINK_MODBUS}};
    struct kt_point points[4] = {{.id = "A", .link = 0, .address = ""},
                                 {.id = "B", .link = 0, .address = "env,s=1#t"},
                                 {.id = "C", .link = 1, .address = "i12:u16*0.01"},
                                 {.id = "D", .link = KT_NONE, .address = ""}};
    struct kt_site site = {.links = links, .links_n = 2, .points = points, .points_n = 4};
    struct kt_err err = {0};
    struct bench b = {0};
    REQUIRE(kt_lp_table_of_site(&site, &b.table, &err) == KT_OK);
    b.parser = kt_lp_parser_new(b.table, NULL, NULL, 0);
    b.out = (struct kt_lp_columns){0, ROOM, b.point, b.time, b.value, b.quality};
    feed(&b, "A value=1\nenv,s=1 t=2\nC value=3\nD value=4\nB value=5", "");
    CHECK_INT(b.out.n, 4);
    for (uint32_t i = 0; i < 4; i++) {
        CHECK_INT(b.point[i], i);
    }
    CHECK_INT(b.report.unknown, 1);
    bench_done(&b);
    points[1].address = "A#value";
    CHECK_INT(kt_lp_table_of_site(&site, &b.table, &err), KT_EEXIST);
    CHECK(strstr(err.text, "point B"));
}

static void a_producer_writes_only_its_own(void)
{
    static const char *const patterns[] = {"ENV*", "X-1"};
    struct kt_producer producer = {.id = "telegraf", .points = patterns, .points_n = 2};
    struct kt_link_conf links[2] = {{.id = "push", .kind = KT_LINK_PUSH},
                                    {.id = "sub", .kind = KT_LINK_MODBUS}};
    struct kt_point points[6] = {{.id = "ENV-1", .link = 0},
                                 {.id = "X-1", .link = KT_NONE},
                                 {.id = "T1", .link = 0},
                                 {.id = "ENV-2", .link = 1},
                                 {.id = "ENV-3", .link = 0, .kind = KT_POINT_OUTPUT},
                                 {.id = "X-12", .link = KT_NONE}};
    static const bool want[] = {true, true, false, false, false, false};
    struct kt_site site = {.links = links, .links_n = 2, .points = points, .points_n = 6};
    struct kt_lp_grant grant = {&site, 0, &producer};
    for (uint32_t i = 0; i < 6; i++) {
        CHECK_INT(kt_lp_granted(&grant, (kt_point_id){i}), want[i]);
    }
}

/* ---- random texts whose meaning is known ---- */
enum { POINTS = 40, LINES = 60 };

struct wish {
    uint32_t n;
    uint32_t point[LINES * 3];
    kt_time time[LINES * 3];
    double value[LINES * 3];
};

static void put_value(struct kt_buf *b, uint64_t *seed, double *ret)
{
    char text[40];
    int64_t k = (int64_t)(unit_rand(seed) % 2000001) - 1000000;
    switch (unit_rand(seed) % 4) {
    case 0:
        snprintf(text, sizeof(text), "%" PRId64 "i", k);
        *ret = (double)k;
        break;
    case 1:
        snprintf(text, sizeof(text), "%s", k & 1 ? "true" : "f");
        *ret = (double)(k & 1);
        break;
    case 2:
        snprintf(text, sizeof(text), "%.17g", (double)k / 7.0);
        *ret = (double)k / 7.0;
        break;
    default:
        snprintf(text, sizeof(text), "%.2f", (double)k / 100.0);
        *ret = strtod(text, NULL);
        break;
    }
    kt_buf_puts(b, text);
}

/* Measurement "m K", tags p and q in either order, a tag that no address names; fields f0 to f2. */
static void put_line(struct kt_buf *b, uint64_t *seed, uint32_t p, struct wish *w)
{
    uint64_t r = unit_rand(seed);
    uint32_t first = w->n;
    const char *extra = r & 1 ? ",host=e\\ 1" : "";
    if (r & 2) {
        kt_buf_printf(b, "m\\ %u,q=x\\,y,p=%u%s ", p % 3, p, extra);
    } else {
        kt_buf_printf(b, "m\\ %u%s,p=%u,q=x\\,y ", p % 3, extra, p);
    }
    uint32_t fields = 1 + (uint32_t)(unit_rand(seed) % 3), start = (uint32_t)(r >> 8) % 3;
    for (uint32_t i = 0; i < fields; i++) {
        uint32_t f = (start + i) % 3;
        kt_buf_printf(b, "%sf%u=", i ? "," : "", f);
        put_value(b, seed, &w->value[w->n]);
        w->point[w->n++] = p * 3 + f;
        if (r & 4) {
            kt_buf_puts(b, ",note=\"a b,c=\\\"d\\\"\"");
        }
    }
    kt_time t = (int64_t)(r >> 16 & 3) + 1700000000;
    if (r & 8) {
        kt_buf_printf(b, " %" PRId64, t);
    }
    kt_buf_puts(b, r & 16 ? "\r\n" : "\n");
    for (uint32_t i = first; i < w->n; i++) {
        w->time[i] = r & 8 ? t * KT_MS : ARRIVAL;
    }
}

static void check_text(struct kt_lp_parser *ps, struct kt_str text, const struct wish *w)
{
    static uint32_t point[LINES * 3];
    static kt_time time[LINES * 3];
    static double value[LINES * 3];
    static kt_quality quality[LINES * 3];
    struct kt_lp_columns out = {0, LINES * 3, point, time, value, quality};
    struct kt_lp_report rep = {0};
    struct kt_lp_input in = {.text = text, .unit_ns = KT_MS, .arrival = ARRIVAL};
    CHECK_INT(kt_lp_parse(ps, &in, &out, &rep), 0);
    CHECK_INT(rep.bad + rep.refused + rep.unknown, 0);
    REQUIRE(out.n == w->n);
    CHECK(memcmp(point, w->point, sizeof(*point) * w->n) == 0);
    CHECK(memcmp(time, w->time, sizeof(*time) * w->n) == 0);
    CHECK(memcmp(value, w->value, sizeof(*value) * w->n) == 0);
}

static void random_texts_mean_what_was_written(void)
{
    uint64_t seed = UINT64_C(86);
    printf("# seed %" PRIu64 "\n", seed);
    struct kt_lp_table *t = kt_lp_table_new();
    for (uint32_t i = 0; i < POINTS * 3; i++) {
        char text[60];
        snprintf(text, sizeof(text), "m\\ %u,p=%u,q=x\\,y#f%u", i / 3 % 3, i / 3, i % 3);
        table_add(t, text, i);
    }
    struct kt_lp_parser *ps = kt_lp_parser_new(t, NULL, NULL, 0);
    struct kt_lp_parser *small = kt_lp_parser_new(t, NULL, NULL, 20);
    struct kt_buf b;
    kt_buf_init(&b, 0);
    for (int round = 0; round < 1500 && !unit_bad; round++) {
        static struct wish w;
        w.n = 0;
        kt_buf_clear(&b);
        for (uint32_t i = 0; i < LINES; i++) { /* mostly in a stable order */
            uint64_t r = unit_rand(&seed);
            put_line(&b, &seed, r % 8 ? i % POINTS : (uint32_t)(r >> 8) % POINTS, &w);
        }
        char *exact = malloc(b.n);
        memcpy(exact, b.p, b.n);
        check_text(ps, (struct kt_str){exact, b.n}, &w);
        check_text(small, (struct kt_str){exact, b.n}, &w);
        free(exact);
    }
    kt_buf_done(&b);
    kt_lp_parser_free(small);
    kt_lp_parser_free(ps);
    kt_lp_table_unref(t);
}

UNIT_MAIN({"reads every form", reads_every_form}, {"keeps minus zero", keeps_minus_zero},
          {"names what is wrong and keeps the rest", names_what_is_wrong_and_keeps_the_rest},
          {"a bad field drops its whole line", a_bad_field_drops_its_whole_line},
          {"quality is of the whole line", quality_is_of_the_whole_line},
          {"refused, ambiguous, unknown are named", refused_ambiguous_and_unknown_are_named},
          {"full columns end before a line", full_columns_end_before_a_line},
          {"takes what Telegraf sends", takes_what_telegraf_sends},
          {"keys beyond the ceiling are looked up", keys_beyond_the_ceiling_are_looked_up},
          {"addresses are checked", addresses_are_checked},
          {"a site gives the table", a_site_gives_the_table},
          {"a producer writes only its own", a_producer_writes_only_its_own},
          {"random texts mean what was written", random_texts_mean_what_was_written})
