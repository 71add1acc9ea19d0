/* SPDX-License-Identifier: Apache-2.0 */
/* Every mistake of a folder is answered with its place, what is wrong and what would be right. */
#include "site/test_fixture.h"

struct mistake {
    const char *file, *from, *to; /* from NULL: append */
    const char *check, *says;
};

static void commit(struct fixture *x, const struct mistake *m)
{
    if (m->from) {
        change(x, m->file, m->from, m->to);
    } else {
        append(x, m->file, m->to);
    }
}

/* Each mistake in a site of its own, as `begin` makes it. */
static void try_from(void (*begin)(struct fixture *), const struct mistake *m, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct fixture x;
        begin(&x);
        commit(&x, &m[i]);
        CHECK_INT(load(&x, NULL), KT_EINVAL);
        CHECK_SAYS(&x, m[i].check, m[i].says);
        teardown(&x);
    }
}

static void try_all(const struct mistake *m, size_t n)
{
    try_from(setup, m, n);
}

static void points(void)
{
    static const struct mistake m[] = {
        {"points.csv", "id,name,name_en", "id,name,nmae_en", "format",
         "points.csv:1:9: unknown column \"nmae_en\"; did you mean \"name_en\"?"},
        {"points.csv", "T1-1203,", "T0-1203,", "format",
         "points.csv:3:1: point \"T0-1203\" stands already at line 2; give it another id"},
        {"points.csv", "T1-1203,", "T1 1203,", "format",
         "points.csv:3:1: id \"T1 1203\" is not 1 to 63 of A-Za-z0-9_.:-"},
        {"points.csv", "1203 face methane,%CH4,", "1203 face methane,%CH5,", "format",
         "points.csv:3:38: unknown unit \"%CH5\"; did you mean \"%CH4\"?"},
        {"points.csv", "1203 face methane,%CH4,", "1203 face methane,ppmCH4,", "format",
         "points.csv:3:38: unit \"ppmCH4\" differs from \"%CH4\" of role \"ch4.face\"; convert "
         "where the "
         "value comes in, e.g. by the scale of the address"},
        {"points.csv", "ch4.face,", "ch4.fase,", "format",
         "points.csv:3:43: unknown role \"ch4.fase\"; did you mean \"ch4.face\"?"},
        {"points.csv", "ch4.face,P1203-face", "ch4.face,P1203-fce", "format",
         "points.csv:3:52: unknown place \"P1203-fce\"; did you mean \"P1203-face\"?"},
        {"points.csv", "ch4.face,P1203-face,0,4", "ch4.face,P1203-face,5,4", "format",
         "points.csv:3:65: range_hi 4 is not above range_lo 5; correct one of them"},
        {"points.csv", "sub01,i1:", "sub02,i1:", "format",
         "points.csv:3:67: unknown link \"sub02\"; did you mean \"sub01\"?"},
        {"points.csv", "i1:u16*0.01|i101", "i1:u17*0.01|i101", "format",
         "points.csv:3:73: address \"i1:u17*0.01|i101\": the type is u16, i16, u32, i32 or f32, "
         "with .be or .le, e.g. i12:u16*0.01|i112"},
        {"points.csv", "c0,KD-1203", "i70,KD-1203", "format",
         "points.csv:17:72: address \"i70\" cannot be written; an output is a coil (c) or a "
         "holding "
         "register (h)"},
        {"points.csv", "c0,KD-1203", "c0,KD-1209", "format",
         "points.csv:17:75: unknown point \"KD-1209\"; give the id of the feed-state point"},
        {"points.csv", "c0,KD-1203", "c0,T1-1203", "format",
         "points.csv:17:75: feed \"T1-1203\" is of kind analog; a feed state is a switch"},
        {"points.csv", NULL, "=cmd,甲,,%CH4,ch4.face,P9,0,4,sub01,i9,,,,\n", "format",
         "points.csv:32:23: unknown place \"P9\"; give an id of places.csv"}, /* of a row whose id
                                                                                 is refused, too */
        {"points.csv", "T1-1203,1203 工作面甲烷,", "T1-1203,,", "format",
         "points.csv:3:9: point \"T1-1203\" has no name; give the Chinese name"},
    };
    try_all(m, KT_ARRAY_LEN(m));
}

static void places(void)
{
    static const struct mistake m[] = {
        {"places.csv", "L1,mine,level", "L1,P1203,level", "format",
         "places.csv:3:4: place \"L1\" lies below itself (through \"P1203\"); break the circle"},
        {"places.csv", "MR,L1,main-return", "MR,L2,main-return", "format",
         "places.csv:11:4: unknown place \"L2\"; did you mean \"L1\"?"},
        {"places.csv", "MR,L1,main-return", "MR,L1,main-retrun", "format",
         "places.csv:11:7: unknown kind of place \"main-retrun\"; did you mean \"main-return\"?"},
        {"places.csv", "MR,L1,main-return,总回风巷", "MR,L1,main-return,", "format",
         "places.csv:11:19: place \"MR\" has no name; give the Chinese name"},
        {"places.csv", NULL, "P1203,L1,panel,又一个,,,,,\n", "format",
         "places.csv:12:1: place \"P1203\" stands already at line 4; give it another id"},
    };
    try_all(m, KT_ARRAY_LEN(m));
}

static void site_yaml(void)
{
    static const struct mistake m[] = {
        {"site.yaml", "packs: [core, gas]", "packs: [gas, core]", "format",
         "site.yaml:9:9: pack \"gas\" requires \"core\"; list it before"},
        {"site.yaml", "alarm.ack,", "alarm.akc,", "format",
         "site.yaml:21:113: unknown right \"alarm.akc\"; did you mean \"alarm.ack\"?"},
        {"site.yaml", "places: [P1203]", "places: [P1299]", "reference",
         "site.yaml:23:5: role \"viewer\": unknown place \"P1299\"; use an id of places.csv or "
         "\"*\""},
        {"site.yaml", "token_file: secrets/telegraf.token", "token_file: ../../etc/passwd",
         "format",
         "site.yaml:19:67: token_file \"../../etc/passwd\" leads out of the site; give a path "
         "inside "
         "the site folder"},
        {"site.yaml", "140000000001", "14000000001", "format",
         "site.yaml:5:12: mine_code \"14000000001\" is not 12 digits; write it in quotes, e.g. "
         "\"140000000001\""},
        {"site.yaml", "rights: [audit.read]", "rights: [audit.read, user.admin]", "format",
         "site.yaml:26:5: role \"auditor\" holds more than one of user.admin, security.admin, "
         "audit.read; split it into separate roles"},
    };
    try_all(m, KT_ARRAY_LEN(m));
}

/* Unknown packs, keys and a broken file: the text depends on folders, so parts of it are looked at.
 */
static bool mentions(const struct fixture *x, const char *part)
{
    char buf[800];
    for (size_t i = 0; kt_findings_get(x->f, i); i++) {
        if (strstr(kt_err_str(&kt_findings_get(x->f, i)->at, buf, sizeof(buf)), part)) {
            return true;
        }
    }
    return false;
}

/* The site is not loaded, and a finding says so; the fixture is done. */
static void refused(struct fixture *x, const char *says)
{
    CHECK_INT(load(x, NULL), KT_EINVAL);
    if (!mentions(x, says)) {
        printf("# not mentioned: %s\n", says);
        print_findings(x);
        CHECK(false);
    }
    teardown(x);
}

static void unknown_keys_and_packs(void)
{
    static const struct mistake m[] = {
        {"site.yaml", "packs: [core, gas]", "packs: [core, gsa]", "", "unknown pack \"gsa\""},
        {"site.yaml", "gas_class: high", "gas_clas: high", "", "gas_clas"},
        {"site.yaml", "timeout_ms: 500", "timeout: 500", "", "timeout"},
        {"site.yaml", "name: {zh: 微型示例矿（演示）, en: Mini mine (demo)}", "name: {en: Mini}",
         "", "zh"},
        {"site.yaml", "id: mini", "id: [", "", "site.yaml:"},
        {"points.csv", NULL, "Z1,多,,,ch4.face,MR,0,4,sub01,i9,,,,,x\n", "",
         "more fields than the header line has"},
    };
    for (size_t i = 0; i < KT_ARRAY_LEN(m); i++) {
        struct fixture x;
        setup(&x);
        commit(&x, &m[i]);
        refused(&x, m[i].says);
    }
}

static void all_are_collected(void)
{
    struct fixture x;
    setup(&x);
    append(&x, "points.csv",
           "a b,甲,,,ch4.face,MR,0,4,sub01,i9,,,,\nB,乙,,,no.role,MR,0,4,sub01,i9,,,,\n"
           "C,丙,,,ch4.main-return,nowhere,0,4,sub01,i9,,,,\n"
           "D,丁,,,ch4.main-return,MR,x,4,sub01,q9,,,,\n");
    change(&x, "places.csv", "MR,L1,main-return", "MR,L2,main-return");
    CHECK_INT(load(&x, NULL), KT_EINVAL);
    CHECK_INT(kt_findings_count(x.f, KT_FIND_ERROR), 6);
    CHECK(strstr(x.err.text, "6 mistakes"));
    teardown(&x);
}

static void missing_files(void)
{
    struct fixture x;
    setup(&x);
    kt_dir_remove(x.dir);
    CHECK_INT(load(&x, NULL), KT_EINVAL);
    CHECK(kt_findings_count(x.f, KT_FIND_ERROR) >= 3);
    teardown(&x);
}

/* 甲烷 in GBK and a BOM before UTF-8 read alike. */
static void gbk_and_bom(void)
{
    struct fixture x;
    setup(&x);
    put(&x, "points.csv",
        "id,name,role,place,link,address,range_lo,range_hi\n"
        "A,\xbc\xd7\xcd\xe9,ch4.main-return,MR,sub01,i0,0,4\n");
    CHECK_OK(load(&x, NULL), &x.err);
    REQUIRE(x.s);
    CHECK_STR(x.s->points[0].name.zh, "甲烷");
    put(&x, "points.csv",
        "\xef\xbb\xbfid,name,role,place,link,address,range_lo,range_hi\r\n"
        "A,甲烷,ch4.main-return,MR,sub01,i0,0,4\r\n");
    CHECK_OK(load(&x, NULL), &x.err);
    CHECK_STR(x.s->points[0].name.zh, "甲烷");
    teardown(&x);
}

static void addresses(void)
{
    static const struct mistake m[] = {
        {"points.csv", "i1:u16*0.01|i101", "z1", "format",
         "points.csv:3:73: address \"z1\": it begins with h, i, c or d and an offset of 0 to "
         "65535, "
         "e.g. i12:u16*0.01|i112"},
        {"points.csv", "i1:u16*0.01|i101", "i70000", "format",
         "points.csv:3:73: address \"i70000\": it begins with h, i, c or d and an offset of 0 to "
         "65535, e.g. i12:u16*0.01|i112"},
        {"points.csv", "i1:u16*0.01|i101", "i1*0", "format",
         "points.csv:3:73: address \"i1*0\": a register's scale is a number that is not 0, e.g. "
         "i12:u16*0.01|i112"},
        {"points.csv", "i1:u16*0.01|i101", "c1:u16", "format",
         "points.csv:3:73: address \"c1:u16\": a coil or discrete input has no type, e.g. "
         "i12:u16*0.01|i112"},
        {"points.csv", "i1:u16*0.01|i101", "i1|c3", "format",
         "points.csv:3:73: address \"i1|c3\": the status word is h or i and an offset, e.g. "
         "i12:u16*0.01|i112"},
    };
    try_all(m, KT_ARRAY_LEN(m));
}

/* A device over SNMP in the place of the Modbus one: all it takes, and what it is not given. */
static void snmp(void)
{
    static const struct {
        const char *link, *address, *says;
    } m[] = {
        {"host: 10.1.0.7, password_file: secrets/c", "sysDescr.0",
         "address \"sysDescr.0\": it begins with the number of an object"},
        {"host: 10.1.0.7, password_file: secrets/c", "1.3.6.1.2/s=1",
         "after = stand whole numbers"},
        {"host: switch-7, password_file: secrets/c", "1.3.6.1.2",
         "host \"switch-7\" is an address"},
        {"host: 10.1.0.7, version: 3, password_file: secrets/c", "1.3.6.1.2",
         "version 3 has a user and may have a key_file"},
    };
    for (size_t i = 0; i < KT_ARRAY_LEN(m); i++) {
        struct fixture x;
        char line[200];
        setup(&x);
        (void)snprintf(line, sizeof(line), "links:\n  - {id: net, kind: snmp, %s}\n", m[i].link);
        change(&x, "site.yaml", "links:\n", line);
        (void)snprintf(line, sizeof(line), "NET,N,,,ch4.main-return,MR,0,4,net,%s,,,,\n",
                       m[i].address);
        append(&x, "points.csv", line);
        refused(&x, m[i].says);
    }
}

/* What feeds an output is another output, and a line goes one way. */
static void lines(void)
{
    static const struct {
        const char *a, *b, *sensor, *says;
    } m[] = {
        {"KG-9", "", "", "points.csv:2:30: unknown point \"KG-9\"; give the id of the switch"},
        {"T", "", "",
         "points.csv:2:30: \"T\" is of kind analog; what feeds an output is an output"},
        {"A", "", "", "\"A\" feeds itself by way of \"A\""},
        {"B", "A", "", "\"A\" feeds itself by way of \"B\"; a line goes one way only"},
        {"", "", "A", "feed, fed_by, serves and two_person belong to outputs"},
    };
    for (size_t i = 0; i < KT_ARRAY_LEN(m); i++) {
        struct fixture x;
        setup(&x);
        put(&x, "points.csv",
            kt_arena_printf(x.a,
                            "id,name,role,place,link,address,fed_by\n"
                            "A,甲,switch.power,MR,sub01,c0,%s\n"
                            "B,乙,switch.power,MR,sub01,c1,%s\n"
                            "T,丙,ch4.main-return,MR,sub01,i0,%s\n",
                            m[i].a, m[i].b, m[i].sensor));
        refused(&x, m[i].says);
    }
    struct fixture x;
    setup(&x);
    put(&x, "points.csv",
        "id,name,role,place,link,address,range_lo,range_hi,fed_by\n"
        "B,乙,switch.power,MR,sub01,c1,,,A\nA,甲,switch.power,MR,sub01,c0,,,\n");
    CHECK_OK(load(&x, NULL), &x.err);
    REQUIRE(x.s);
    CHECK_INT(x.s->points[0].fed_by.v, 1);
    CHECK_INT(x.s->points[1].fed_by.v, KT_NONE);
    teardown(&x);
}

static void too_many_sets(void)
{
    struct fixture x;
    struct kt_buf text;
    setup(&x);
    kt_buf_init(&text, 0);
    kt_buf_puts(&text, "rules:\n  - id: x.many\n    title: {zh: 试}\n    cause: {zh: 因}\n"
                       "    consequence: {zh: 果}\n    action: {zh: 办}\n"
                       "    select: {role: wind.face}\n    priority: 2\n    category: process\n"
                       "    raise: any(downstream(self), ch4.heading, it > 1 %CH4)");
    for (int i = 1; i < 17; i++) {
        kt_buf_puts(&text, " or any(downstream(self), ch4.heading, it > 1 %CH4)");
    }
    kt_buf_puts(&text, "\n");
    kt_put_u8(&text, 0);
    put(&x, "rules/x.yaml", (const char *)text.p);
    kt_buf_done(&text);
    CHECK_INT(load(&x, NULL), KT_EINVAL);
    CHECK_SAYS(
        &x, "format",
        "rules/x.yaml:10:12: more than 16 any() and all() in one rule; make two rules of it");
    teardown(&x);
}

/* A set-point, as it is right; then what one change of it, or of what stands beside it, is told. */
static const char *const set_points =
    "id,name,role,place,link,address,set_lo,set_hi,set_step,two_person,feed,serves,tags\n"
    "SD,浓度设定,mix.set,P1203-face,plc,h4:u16*0.01,3,5,0.5,yes,,,\n"
    "YK,远控,station.remote,P1203-face,plc,d1,,,,,,,\n"
    "FS,压差设定,filter.set,P1203-face,plc,2/h4:f32,0.2,0.4,,,,,\n";

static void begin_set(struct fixture *x)
{
    setup(x);
    change(x, "site.yaml", "packs: [core, gas]", "packs: [core, gas, face]");
    change(x, "site.yaml", "links:\n", "links:\n  - {id: plc, kind: modbus, host: 127.0.0.1}\n");
    put(x, "points.csv", set_points);
    put(x, "assets.csv", "id,kind,name,place,to,points\nM,station,泵站,P1203-face,,SD;YK;FS\n");
}

static void set_points_are_narrow(void)
{
    struct fixture x;
    begin_set(&x);
    CHECK_OK(load(&x, NULL), &x.err);
    CHECK(found(&x, "setpoint-without-permit") == 0);
    const struct kt_point *p = &x.s->points[point(&x, "SD").v];
    CHECK(p->set && p->set->lo == 3 && p->set->hi == 5 && p->set->step == 0.5 && p->two_person);
    p = &x.s->points[point(&x, "FS").v];
    CHECK(p->set && p->set->step == 0.1 && p->set->tolerance == 0.002); /* the role's */
    teardown(&x);
}

static void set_points_that_are_wrong(void)
{
    static const struct mistake m[] = {
        {"points.csv", "0.01,3,5,0.5", "0.01,,,", "format",
         "points.csv:2:44: a set-point has limits: give set_lo and set_hi"},
        {"points.csv", "0.01,3,5,0.5", "0.01,3,,", "format",
         "points.csv:2:46: a set-point has limits: give set_lo and set_hi"},
        {"points.csv", "0.01,3,5,0.5", "0.01,5,3,0.5", "format",
         "points.csv:2:44: set_hi is not above set_lo; correct one of them"},
        {"points.csv", "0.01,3,5,0.5", "0.01,3,12,0.5", "format",
         "points.csv:2:44: role \"mix.set\" allows 1 to 10; narrow set_lo and set_hi"},
        {"points.csv", "0.01,3,5,0.5", "0.01,3,5,2", "format",
         "points.csv:2:44: set_step is above 0 and at most 1, that of role \"mix.set\""},
        {"points.csv", "0.01,3,5,0.5", "0.01,3,5,0", "format",
         "points.csv:2:44: set_step is above 0 and at most 1, that of role \"mix.set\""},
        {"points.csv", "h4:u16*0.01,", "i4:u16*0.01,", "format",
         "points.csv:2:44: address \"i4:u16*0.01\" takes no number; a set-point is a holding "
         "register (h)"},
        {"points.csv", "h4:u16*0.01,", "h4:u16*0.1,", "format",
         "points.csv:2:43: a count of address \"h4:u16*0.1\" is 0.1, so that tolerance 0.02 could "
         "not be read back; give a finer scale, or a role with a wider tolerance"},
        {"points.csv", "h4:u16*0.01,", "h4:i16*0.0001,", "format",
         "points.csv:2:46: 3 to 5 does not fit into address \"h4:i16*0.0001\"; give another type "
         "or scale"},
        {"points.csv", "plc,h4:u16*0.01,", ",,", "format",
         "points.csv:2:30: a set-point needs a modbus link; leave set_lo and set_hi empty where it "
         "is only watched"},
        {"points.csv", "plc,d1,,,,,,,", "plc,d1,1,2,,,,,", "format",
         "points.csv:3:40: set_lo, set_hi and set_step belong to roles with `setpoint`; leave them "
         "empty"},
        {"points.csv", "2/h4:f32", "h3:f32", "setpoint-register",
         "points.csv: set-point FS and SD write to the same register; give each its own"},
        {"points.csv", NULL, "PW,开关,switch.power,P1203-face,plc,h4,,,,,,,\n", "setpoint-register",
         "points.csv: set-point SD and PW write to the same register; give each its own"},
        {"points.csv", NULL, "T1,甲烷,ch4.face,P1203-face,plc,i9:u16*0.01,,,,,,,\n",
         "setpoint-beside-cutoff",
         "points.csv: set-point SD stands on the device of cut-off sensor T1, whose own protection "
         "nobody sets; move it to another device"},
    };
    try_from(begin_set, m, KT_ARRAY_LEN(m));
}

static void set_points_beside_others(void)
{
    static const char *const fine[] = {
        "PW,开关,switch.power,P1203-face,plc,h5,,,,,,,\n",
        "T1,甲烷,ch4.face,P1203-face,plc,3/i9:u16*0.01,,,,,,,\n", /* another device */
    };
    for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
        struct fixture x;
        begin_set(&x);
        append(&x, "points.csv", fine[i]);
        (void)load(&x, NULL);
        CHECK(found(&x, "setpoint-register") == 0 && found(&x, "setpoint-beside-cutoff") == 0);
        teardown(&x);
    }
    struct fixture x;
    begin_set(&x);
    put(&x, "rules/mine.yaml",
        "interlocks:\n  - {id: mine.hold, title: {zh: 保持}, reason: {zh: 无}, hold: true, select: "
        "{point: SD}, permit: point(\"YK\") == 1}\n");
    CHECK_INT(load(&x, NULL), KT_EINVAL);
    CHECK(found(&x, "setpoint-hold") == 1);
    teardown(&x);
}

UNIT_MAIN({"set-points are as narrow as they say", set_points_are_narrow},
          {"set-points that are wrong", set_points_that_are_wrong},
          {"set-points beside others", set_points_beside_others},
          {"mistakes in points.csv", points}, {"mistakes in places.csv", places},
          {"mistakes in site.yaml", site_yaml},
          {"unknown keys and packs, broken syntax", unknown_keys_and_packs},
          {"all mistakes are collected", all_are_collected}, {"missing files", missing_files},
          {"GBK, and UTF-8 with a BOM", gbk_and_bom}, {"addresses of Modbus", addresses},
          {"devices over SNMP", snmp}, {"lines of outputs", lines},
          {"a rule with more sets than are kept", too_many_sets})
