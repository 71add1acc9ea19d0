/* SPDX-License-Identifier: Apache-2.0 */
/* Assets, interlocks and sequences: what they become, and every mistake with its place. */
#include "site/test_fixture.h"

static const char site_yaml[] =
    "id: line\nname: {zh: 线}\nsimulation: true\npacks: [core, gas, belt]\n"
    "links: [{id: plc, kind: modbus, host: 127.0.0.1}]\n";
static const char points_csv[] = "id,name,role,place,link,address\n"
                                 "PQ-A,x,belt.drive,mine,plc,c0\n"
                                 "PD-A,x,belt.run,mine,plc,d0\n"
                                 "YK-A,x,belt.remote,mine,plc,d1\n"
                                 "YJ-A,x,belt.horn,mine,plc,c1\n"
                                 "PQ-B,x,belt.drive,mine,plc,c2\n"
                                 "PD-B,x,belt.run,mine,plc,d2\n"
                                 "YK-B,x,belt.remote,mine,plc,d3\n"
                                 "YJ-B,x,belt.horn,mine,plc,c3\n"
                                 "JD,x,fan.local.power,mine,plc,c4\n";
static const char assets_csv[] = "id,kind,name,place,to,points,length_m,speed_m_s\n"
                                 "A,belt,a,mine,,*-A,500,4\n"
                                 "B,belt,b,mine,A,*-B,500,4\n";
static const char sequence[] =
    "sequences:\n"
    "  - id: own\n"
    "    title: {zh: 自有}\n"
    "    kind: start\n"
    "    over: {role: belt.drive}\n"
    "    recipe: [{id: horn, title: {zh: 预警}, min: 5s, max: 60s, default: 10s}]\n"
    "    steps:\n"
    "      - id: run\n"
    "        title: {zh: 启动}\n"
    "        for: each\n"
    "        do: [{close: \"asset:belt.drive\"}]\n"
    "        confirm: any(asset(self), belt.run, it == 1)\n"
    "        hold: $horn\n";

static bool told(const struct fixture *x, const char *check, const char *text)
{
    char buf[800];
    for (size_t i = 0; kt_findings_get(x->f, i); i++) {
        const struct kt_finding *f = kt_findings_get(x->f, i);
        if (strcmp(f->rule, check) == 0 && strstr(kt_err_str(&f->at, buf, sizeof(buf)), text)) {
            return true;
        }
    }
    print_findings(x);
    return false;
}

static void begin(struct fixture *x)
{
    setup(x);
    put(x, "site.yaml", site_yaml);
    put(x, "places.csv", "id,parent,kind,name\nmine,,mine,矿\n");
    put(x, "points.csv", points_csv);
    put(x, "assets.csv", assets_csv);
    put(x, "sequences/own.yaml", sequence);
}

static void a_line_and_its_sequences(void)
{
    struct fixture x;
    begin(&x);
    CHECK_OK(load(&x, NULL), &x.err);
    REQUIRE(x.s);
    CHECK_INT(x.s->assets_n, 2);
    CHECK_INT(x.s->assets[1].to, 0);
    CHECK_INT(x.s->assets[0].from_n, 1);
    CHECK_INT(x.s->points[point(&x, "YK-B").v].asset, 1);
    CHECK_INT(x.s->points[point(&x, "JD").v].asset, KT_NONE);
    for (uint32_t i = 0; i < x.s->sequences_n; i++) {
        const struct kt_sequence *q = &x.s->sequences[i];
        if (strcmp(q->id, "belt.start") == 0) {
            CHECK(q->start && q->subjects_n == 2);
            CHECK_INT(q->subjects[0].v, point(&x, "PQ-A").v);
        } else if (strcmp(q->id, "belt.stop") == 0) {
            CHECK(!q->start && q->subjects_n == 2);
            CHECK_INT(q->subjects[0].v, point(&x, "PQ-B").v);
        }
    }
    teardown(&x);
}

struct mistake {
    const char *file, *from, *to, *check, *says;
};

static void mistakes(void)
{
    static const struct mistake m[] = {
        {"assets.csv", "mine,A,", "mine,C,", "format", "assets.csv:3:15: unknown asset \"C\""},
        {"assets.csv", "a,mine,,", "a,mine,B,", "format",
         "assets.csv:2:15: asset \"A\" gives to itself (through \"B\"); break the circle"},
        {"assets.csv", "*-B,", "*-B;PD-A,", "format", "point PD-A belongs to asset \"A\" already"},
        {"assets.csv", "*-B,", "PQ-B,", "format", "1 points of role belt.drive and 0 of belt.run"},
        {"assets.csv", "*-B,500", "*-B,", "format", "belt \"B\" needs length_m and speed_m_s"},
        {"sequences/own.yaml", "        confirm: any(asset(self), belt.run, it == 1)\n", "",
         "sequence-confirm",
         "sequences/own.yaml:8:9: step \"run\" closes and is confirmed by nothing"},
        {"sequences/own.yaml", "belt.run, it == 1)", "belt.run, it == 1) and false",
         "sequence-confirm", "sequences/own.yaml:12:18: step \"run\" can never be confirmed"},
        {"sequences/own.yaml", "belt.run, it == 1)", "belt.coal, it < 1 t)", "sequence-confirm",
         "step \"run\" can never be confirmed at PQ-B: its set holds no point there"},
        {"sequences/own.yaml", "{close: \"asset:belt.drive\"}", "{open: JD}", "protected-output",
         "sequences/own.yaml:11:14: sequence \"own\" opens JD"},
        {"sequences/own.yaml", "        do: [{close: \"asset:belt.drive\"}]\n",
         "        do: [{close: JD}]\n        late: undo\n", "protected-output",
         "sequence \"own\" opens JD"},
        {"sequences/own.yaml", "{close: \"asset:belt.drive\"}", "{open: PQ-A}", "sequence-start",
         "sequence \"own\" is of kind start and closes nothing"},
        {"sequences/own.yaml", "kind: start", "kind: stop", "sequence-stop",
         "sequence \"own\" is of kind stop and closes \"asset:belt.drive\""},
        {"sequences/own.yaml", "{close: \"asset:belt.drive\"}", "{close: PQ-C}", "reference",
         "unknown point \"PQ-C\""},
        {"sequences/own.yaml", "hold: $horn", "hold: $hron", "format",
         "sequences/own.yaml:13:15: hold: the recipe has no duration \"hron\""},
        {"sequences/own.yaml", "hold: $horn", "late: belt.start", "sequence-back",
         "goes back by \"belt.start\", which is a start"},
        {"sequences/own.yaml", "hold: $horn", "late: nowhere", "reference",
         "no sequence is called \"nowhere\""},
        {"sequences/own.yaml", "default: 10s", "default: 90s", "format",
         "min <= default <= max, none below 0"},
    };
    for (size_t i = 0; i < KT_ARRAY_LEN(m); i++) {
        struct fixture x;
        begin(&x);
        change(&x, m[i].file, m[i].from, m[i].to);
        CHECK_INT(load(&x, NULL), KT_EINVAL);
        CHECK(told(&x, m[i].check, m[i].says));
        teardown(&x);
    }
}

static void a_rule_begins_no_start(void)
{
    struct fixture x;
    begin(&x);
    put(&x, "rules/own.yaml",
        "rules: [{id: r, title: {zh: 规}, cause: {zh: 因}, consequence: {zh: 果}, action: {zh: "
        "办}, "
        "select: {role: belt.run}, raise: self == 0, priority: 3, category: process, then: "
        "[{sequence: belt.start}]}]\n");
    CHECK_INT(load(&x, NULL), KT_EINVAL);
    CHECK(told(&x, "rule-closes", "starts \"belt.start\", which closes outputs"));
    change(&x, "rules/own.yaml", "belt.start", "belt.stop");
    CHECK_OK(load(&x, NULL), &x.err);
    put(&x, "rules/own.yaml",
        "interlocks: [{id: belt.flow, title: {zh: 无}, reason: {zh: 无}, select: {role: "
        "belt.drive}, permit: self == 0}]\n");
    CHECK_INT(load(&x, NULL), KT_EINVAL);
    CHECK(told(&x, "format", "is an interlock of pack belt and is not replaced"));
    teardown(&x);
}

UNIT_MAIN({"a_line_and_its_sequences", a_line_and_its_sequences}, {"mistakes", mistakes},
          {"a_rule_begins_no_start", a_rule_begins_no_start})
