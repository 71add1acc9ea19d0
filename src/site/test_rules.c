/* SPDX-License-Identifier: Apache-2.0 */
/* Overlays of limits, safety rules and proofs: each with a case that is caught and a near miss. */
#include "site/test_fixture.h"

#define TEXTS                                                                                      \
    "    title: {zh: 试}\n    cause: {zh: 因}\n    consequence: {zh: 果}\n    action: {zh: 办}\n"

/** Load mini with rules/x.yaml and limits/x.yaml; how many findings of `check` there are. */
static size_t with(struct fixture *x, const char *rules, const char *limits, const char *check)
{
    setup(x);
    if (rules) {
        put(x, "rules/x.yaml", kt_arena_printf(x->a, "rules:\n%s", rules));
    }
    if (limits) {
        put(x, "limits/x.yaml", limits);
    }
    int r = load(x, NULL);
    size_t n = found(x, check);
    CHECK_INT(r, kt_findings_count(x->f, KT_FIND_ERROR) ? KT_EINVAL : KT_OK);
    return n;
}

struct pair {
    const char *what, *check;
    const char *bad_rules, *good_rules, *bad_limits, *good_limits;
};

static void try_pair(const struct pair *p)
{
    struct fixture x;
    if (with(&x, p->bad_rules, p->bad_limits, p->check) == 0) {
        printf("# not caught: %s\n", p->what);
        CHECK(false);
    }
    teardown(&x);
    with(&x, p->good_rules, p->good_limits, p->check);
    if (kt_findings_count(x.f, KT_FIND_ERROR)) {
        printf("# near miss is refused: %s\n", p->what);
        print_findings(&x);
        CHECK(false);
    }
    teardown(&x);
}

#define RULE(id, select, raise, more)                                                              \
    "  - id: " id "\n" TEXTS "    select: {" select "}\n    raise: " raise                         \
    "\n    priority: 3\n    category: process\n" more
#define CLAUSE "    clause: {standard: 企业标准, clause: 1}\n"

static void looser_limits(void)
{
    static const struct pair pairs[] = {
        {"alarm above the clause", "looser-limit", NULL, NULL,
         "limits: [{points: [T1-1203], values: {alarm: 1.1}}]\n",
         "limits: [{points: [T1-1203], values: {alarm: 0.8}}]\n"},
        {"with two persons a clause still stands", "looser-limit", NULL, NULL,
         "looser: {reason: 试, by: [甲, 乙]}\nlimits: [{roles: [ch4.face], values: {cut: 1.6}}]\n",
         "limits: [{roles: [ch4.face], values: {cut: 1.5}}]\n"},
        {"restore above the clause", "looser-limit", NULL, NULL,
         "limits: [{points: [T1-1203], values: {restore: 1.2}}]\n",
         "limits: [{points: [T1-1203], values: {restore: 0.9}}]\n"},
        {"a low limit is looser when smaller", "looser-limit", NULL, NULL,
         "limits: [{roles: [wind.face], values: {low_alarm: 0.2}}]\n",
         "limits: [{roles: [wind.face], values: {low_alarm: 0.3}}]\n"},
        {"in another unit", "looser-limit", NULL, NULL,
         "limits: [{points: [T1-1203], values: {alarm: 11000}, unit: ppmCH4}]\n",
         "limits: [{points: [T1-1203], values: {alarm: 9000}, unit: ppmCH4}]\n"},
        {"what no clause backs needs a reason", "looser-limit", NULL, NULL,
         "limits: [{roles: [self.lag], values: {alarm: 9}}]\n",
         "looser: {reason: 老机器, by: [甲, 乙]}\nlimits: [{roles: [self.lag], values: {alarm: "
         "9}}]\n"},
        {"two persons are two", "format", NULL, NULL,
         "looser: {reason: 试, by: [甲, 甲]}\nlimits: [{roles: [self.lag], values: {alarm: 9}}]\n",
         "looser: {reason: 试, by: [甲, 乙]}\nlimits: [{roles: [self.lag], values: {alarm: 9}}]\n"},
        {"order", "limit-order", NULL, NULL, "limits: [{points: [T1-1203], values: {cut: 0.5}}]\n",
         "limits: [{points: [T1-1203], values: {cut: 0.5, alarm: 0.5, restore: 0.5}}]\n"},
        {"range of the pack stays", "looser-limit", NULL, NULL,
         "limits: [{points: [T1-1203], range: machine}]\n",
         "limits: [{points: [FS-1203], range: face-and-return}]\n"},
        {"unknown point", "reference", NULL, NULL,
         "limits: [{points: [T9], values: {alarm: 0.8}}]\n",
         "limits: [{points: [\"T1*\"], values: {alarm: 0.8}}]\n"},
        {"unit", "unit", NULL, NULL,
         "limits: [{points: [T1-1203], values: {alarm: 1}, unit: m/s}]\n",
         "limits: [{points: [FS-1203], values: {alarm: 2}, unit: m/s}]\n"},
    };
    for (size_t i = 0; i < KT_ARRAY_LEN(pairs); i++) {
        try_pair(&pairs[i]);
    }
}

static void overlay_values(void)
{
    struct fixture x;
    with(&x, NULL, "limits: [{points: [T1-1203], values: {warn: 0.6, alarm: 0.8}}]\n", "none");
    REQUIRE(x.s);
    const struct kt_limits *a = x.s->points[point(&x, "T1-1203").v].limits;
    CHECK_NEAR(a->value[KT_LIMIT_ALARM], 0.8, 0);
    CHECK_NEAR(a->value[KT_LIMIT_WARN], 0.6, 0);
    CHECK_NEAR(a->value[KT_LIMIT_CUT], 1.5, 0);
    CHECK_STR(a->source.clause, "第498条 表18");
    CHECK_NEAR(x.s->points[point(&x, "T0-1203").v].limits->value[KT_LIMIT_ALARM], 1.0, 0);
    teardown(&x);
}

static void safety_rules(void)
{
    static const struct pair pairs[] = {
        {"rule 7: a site's rule opens a local fan", "protected-output",
         RULE("a", "point: T1-1203", "self > 1 %CH4", CLAUSE "    then: [{open: JD-1204}]\n"),
         RULE("a", "point: T1-1203", "self > 1 %CH4", CLAUSE "    then: [{open: KG-1204}]\n"), NULL,
         NULL},
        {"rule 7: by role", "protected-output",
         RULE("a", "point: T1-1203", "self > 1 %CH4", "    then: [{open: \"role:fan.*\"}]\n"),
         RULE("a", "point: T1-1203", "self > 1 %CH4", "    then: [{open: \"role:switch.*\"}]\n"),
         NULL, NULL},
        {"rule 7: through a range", "protected-output",
         RULE("a", "point: JD-1204", "self == 1", "    then: [{open: range}]\n"),
         RULE("a", "point: T1-1203", "self > 1 %CH4", "    then: [{open: range}]\n"), NULL, NULL},
        {"rule 6: a statutory rule with a delay", "statutory-delay",
         RULE("a", "point: T1-1203", "self > 1 %CH4",
              "    statutory: true\n    on_delay: 1s\n" CLAUSE),
         RULE("a", "point: T1-1203", "self > 1 %CH4",
              "    statutory: true\n    off_delay: 1min\n" CLAUSE),
         NULL, NULL},
        {"statutory without a clause", "statutory-clause",
         RULE("a", "point: T1-1203", "self > 1 %CH4", "    statutory: true\n"),
         RULE("a", "point: T1-1203", "self > 1 %CH4", "    statutory: true\n" CLAUSE), NULL, NULL},
        {"rule 3: a rule closes", "rule-closes",
         RULE("a", "point: T1-1203", "self < 0.5 %CH4", "    then: [{close: KG-1203}]\n"),
         RULE("a", "point: T1-1203", "self < 0.5 %CH4", "    then: [{card: gas}]\n"), NULL, NULL},
        {"a latch that nothing unlatches", "latch-without-clear",
         RULE("a", "point: T1-1203", "self > 1 %CH4", "    latch: true\n"),
         RULE("a", "point: T1-1203", "self > 1 %CH4",
              "    latch: true\n    clear: self < 1 %CH4\n"),
         NULL, NULL},
        {"a statutory rule is not replaced", "format",
         RULE("gas.over-limit", "role: \"ch4.*\"", "self > 3 %CH4", ""),
         RULE("gas.trust-jump", "role: \"ch4.*\"", "delta(self, 10s) > 3 %CH4", ""), NULL, NULL},
    };
    for (size_t i = 0; i < KT_ARRAY_LEN(pairs); i++) {
        try_pair(&pairs[i]);
    }
}

/* Safety rules 1 and 6 against suppression by design. */
static void suppression(void)
{
#define WHEN(text) "    suppress_when: '" text "'\n"
#define ALONE      WHEN("point(\"KD-1203\") == 0")
    static const struct pair pairs[] = {
        {"statutory", "statutory-suppress",
         RULE("a", "point: T1-1203", "self > 1 %CH4", "    statutory: true\n" CLAUSE ALONE),
         RULE("a", "point: T1-1203", "self > 1 %CH4", ALONE), NULL, NULL},
        {"what opens outputs", "suppress",
         RULE("a", "point: T1-1203", "self > 1 %CH4", "    then: [{open: KG-1204}]\n" ALONE),
         RULE("a", "point: T1-1203", "self > 1 %CH4", "    then: [{card: gas}]\n" ALONE), NULL,
         NULL},
        {"silence", "suppress",
         RULE("a", "point: T1-1203", "self > 1 %CH4",
              WHEN("quality(point(\"KD-1203\"), \"stale\")")),
         RULE("a", "point: T1-1203", "self > 1 %CH4", WHEN("any(place(self), feed.*, it == 0)")),
         NULL, NULL},
        {"not known", "suppress",
         RULE("a", "point: T1-1203", "self > 1 %CH4", WHEN("not known(point(\"KD-1203\"))")),
         RULE("a", "point: T1-1203", "self > 1 %CH4", WHEN("not (point(\"KD-1203\") == 1)")), NULL,
         NULL},
        {"a lost link", "suppress",
         RULE("a", "point: T1-1203", "self > 1 %CH4",
              WHEN("flag(point(\"KD-1203\"), \"link-down\")")),
         RULE("a", "point: T1-1203", "self > 1 %CH4",
              WHEN("flag(point(\"KG-1203\"), \"latched\")")),
         NULL, NULL},
        {"a window", "suppress",
         RULE("a", "point: T1-1203", "self > 1 %CH4", WHEN("count(point(\"KD-1203\"), 1min) == 0")),
         RULE("a", "point: T1-1203", "self > 1 %CH4", ALONE), NULL, NULL},
        {"its own point", "suppress",
         RULE("a", "point: T1-1203", "self > 1 %CH4", WHEN("self < 2 %CH4")),
         RULE("a", "point: T1-1203", "self > 1 %CH4", WHEN("point(\"T1-1204\") < 2 %CH4")), NULL,
         NULL},
        {"nothing", "suppress", RULE("a", "point: T1-1203", "self > 1 %CH4", WHEN("true")),
         RULE("a", "point: T1-1203", "self > 1 %CH4", ALONE), NULL, NULL},
    };
    for (size_t i = 0; i < KT_ARRAY_LEN(pairs); i++) {
        try_pair(&pairs[i]);
    }
}

/* A set whose role is written bare is read like one in quotes. */
static void bare_roles_are_read(void)
{
    static const char *const texts[] = {"any(panel(self), \"wind.f*\", it < 1 m/s)",
                                        "any(panel(self), wind.f*, it < 1 m/s)",
                                        "any( panel( self ) ,wind.face , it < 1 m/s)"};
    for (size_t i = 0; i < KT_ARRAY_LEN(texts); i++) {
        struct fixture x;
        uint32_t n = 0, found = 0;
        setup(&x);
        put(&x, "rules/a.yaml",
            kt_arena_printf(x.a, "rules:\n" RULE("a", "point: T1-1203", "%s", ""), texts[i]));
        CHECK_OK(load(&x, NULL), &x.err);
        print_findings(&x);
        REQUIRE(x.s);
        const struct kt_rule_instance *by = kt_site_readers_of(x.s, point(&x, "FS-1203"), &n);
        for (uint32_t k = 0; k < n; k++) {
            found += strcmp(x.s->rules[by[k].rule.v].id, "a") == 0;
        }
        CHECK_INT(found, 1);
        teardown(&x);
    }
}

static void proofs(void)
{
    static const struct pair pairs[] = {
        {"never true: a contradiction", "never-true",
         RULE("a", "point: T1-1203", "self > 2 %CH4 and self < 1 %CH4", ""),
         RULE("a", "point: T1-1203", "self > 1 %CH4 and self < 2 %CH4", ""), NULL, NULL},
        {"never true: against the limits in force", "never-true",
         RULE("a", "point: T1-1203", "self >= limit.cut and self < limit.alarm", ""),
         RULE("a", "point: T1-1203", "self >= limit.alarm and self < limit.cut", ""), NULL, NULL},
        {"never true: a limit that is not there", "never-true",
         RULE("a", "point: TZ-MR", "self >= limit.cut", ""),
         RULE("a", "point: TZ-MR", "self >= limit.alarm", ""), NULL, NULL},
        {"unit that does not fit", "condition", RULE("a", "point: T1-1203", "self > 1 m/s", ""),
         RULE("a", "point: T1-1203", "self > 8000 ppmCH4", ""), NULL, NULL},
        {"unknown unit", "condition", RULE("a", "point: T1-1203", "self > 1 %CH5", ""),
         RULE("a", "point: T1-1203", "self > 1 %CH4", ""), NULL, NULL},
        {"unknown point", "condition", RULE("a", "point: T1-1203", "point(\"T1-9\") > 1 %CH4", ""),
         RULE("a", "point: T1-1203", "point(\"T1-1204\") > 1 %CH4", ""), NULL, NULL},
        {"threshold looser than the clause", "looser-threshold",
         "  - id: a\n" TEXTS "    select: {point: T1-1203}\n    raise: self >= 1.2 %CH4\n"
         "    priority: 1\n    category: over-limit\n",
         "  - id: a\n" TEXTS "    select: {point: T1-1203}\n    raise: self >= 0.9 %CH4\n"
         "    priority: 1\n    category: over-limit\n",
         NULL, NULL},
        {"loop of linkages", "linkage-loop",
         RULE("a", "point: KD-1203", "self == 0", "    then: [{open: KG-1204}]\n")
             RULE("b", "point: KD-1204", "self == 0", "    then: [{open: KG-1203}]\n"),
         RULE("a", "point: KD-1203", "self == 0", "    then: [{open: KG-1204}]\n")
             RULE("b", "point: T1-1204", "self > 1 %CH4", "    then: [{open: KG-1203}]\n"),
         NULL, NULL},
        {"loop through a set", "linkage-loop",
         RULE("a", "point: T1-1203", "any(panel(self), \"feed.*\", it == 0)",
              "    then: [{open: KG-1204}]\n")
             RULE("b", "point: T1-1204", "any(panel(self), \"switch.*\", it == 0)",
                  "    then: [{open: KG-1203}]\n"),
         RULE("a", "point: T1-1203", "any(panel(self), \"feed.*\", it == 0)",
              "    then: [{open: KG-1204}]\n")
             RULE("b", "point: T1-1204", "any(panel(self), \"ch4.*\", it > 1 %CH4)",
                  "    then: [{open: KG-1203}]\n"),
         NULL, NULL},
    };
    for (size_t i = 0; i < KT_ARRAY_LEN(pairs); i++) {
        try_pair(&pairs[i]);
    }
}

/* Closing is refused anyway; the proof says in addition which rule it would fight with. */
static void opposite_commands(void)
{
    struct fixture x;
    with(&x,
         RULE("a", "point: T1-1203", "self > 1 %CH4", "    then: [{open: KG-1204}]\n")
             RULE("b", "point: T1-1203", "self < 2 %CH4", "    then: [{close: KG-1204}]\n"),
         NULL, "");
    CHECK_SAYS(
        &x, "opposite-commands",
        "rules/x.yaml:21:12: rule \"b\" closes KG-1204, which rule \"a\" opens, and both can "
        "hold together; make their conditions exclude each other");
    CHECK_INT(found(&x, "rule-closes"), 1);
    teardown(&x);
    /* exclusive conditions of one point do not fight; gas.cut stays, so look at rule a alone */
    with(&x,
         RULE("a", "point: T1-1203", "self > 2 %CH4", "    then: [{open: KG-1204}]\n")
             RULE("b", "point: T1-1203", "self < 1 %CH4", "    then: [{close: KG-1204}]\n"),
         NULL, "");
    char buf[800];
    for (size_t i = 0; kt_findings_get(x.f, i); i++) {
        CHECK(!strstr(kt_err_str(&kt_findings_get(x.f, i)->at, buf, sizeof(buf)),
                      "which rule \"a\" opens"));
    }
    teardown(&x);
}

static void findings_name_points(void)
{
    struct fixture x;
    setup(&x);
    change(&x, "points.csv", "c0,KD-1203,P1203-face;P1203-return,yes,", "c0,,P1203-intake,yes,");
    CHECK_OK(load(&x, NULL), &x.err);
    CHECK_SAYS(
        &x, "cutoff-without-switch",
        "points.csv:3:1: T1-1203 (1203 工作面甲烷): no switch serves its range "
        "\"工作面及其回风巷\"; place a switch there or name the places in its column serves");
    CHECK_INT(found(&x, "cutoff-without-switch"), 3);
    teardown(&x);
    setup(&x);
    change(&x, "points.csv", "c1,KD-1204,", "c1,,");
    CHECK_OK(load(&x, NULL), &x.err);
    CHECK_SAYS(&x, "switch-without-feed",
               "points.csv:18:1: switch KG-1204 (1204 供电开关) has no feed-state point, so a cut "
               "cannot be proved; give the column feed");
    CHECK_INT(found(&x, "switch-without-feed"), 1);
    teardown(&x);
}

static void fan_in_range(void)
{
    struct fixture x;
    setup(&x);
    change(&x, "points.csv", "c2,KD-JD1204,", "c2,KD-1204,");
    CHECK_OK(load(&x, NULL), &x.err);
    CHECK_INT(found(&x, "fan-in-range"), 1);
    teardown(&x);
    setup(&x);
    change(&x, "points.csv", "KG-1204,1204 供电开关", "KG-1204,1204 局扇开关");
    CHECK_OK(load(&x, NULL), &x.err);
    CHECK_INT(found(&x, "fan-in-range"), 1);
    teardown(&x);
    setup(&x);
    CHECK_OK(load(&x, NULL), &x.err);
    CHECK_INT(found(&x, "fan-in-range"), 0);
    teardown(&x);
}

static void cutoff_without_link(void)
{
    struct fixture x;
    setup(&x);
    change(&x, "points.csv", "sub01,i1:u16*0.01|i101", ",");
    CHECK_INT(load(&x, NULL), KT_EINVAL);
    CHECK_INT(found(&x, "cutoff-without-link"), 1);
    teardown(&x);
    setup(&x);
    change(&x, "points.csv", "sub01,i6", ","); /* CO is no cut-off sensor */
    CHECK_OK(load(&x, NULL), &x.err);
    teardown(&x);
}

/* The gas class chooses rows of the methane table. */
static void gas_class(void)
{
    struct fixture x;
    setup(&x);
    change(&x, "points.csv", "P1203-face;P1203-return", "P1203-intake");
    CHECK_OK(load(&x, NULL), &x.err);
    REQUIRE(x.s);
    CHECK_INT(x.s->points[point(&x, "T1-1203").v].cuts_n, 0);
    change(&x, "site.yaml", "gas_class: high", "gas_class: outburst");
    CHECK_OK(load(&x, NULL), &x.err);
    CHECK_INT(x.s->points[point(&x, "T1-1203").v].cuts_n, 1); /* the intake too in such a mine */
    CHECK(!x.s->points[point(&x, "T1-1203").v].limits->source.verified);
    teardown(&x);
}

static void extra_texts(void)
{
    struct fixture x;
    setup(&x);
    CHECK_OK(load(&x, NULL), &x.err);
    REQUIRE(x.s);
    const char rules[] = "rules:\n" RULE("try", "point: T1-1203", "self > 0.5 %CH4", "");
    const char limits[] = "limits: [{points: [T1-1203], values: {alarm: 0.5}}]\n";
    struct kt_site_extra extra = {kt_str_c(rules), kt_str_c(limits)};
    struct kt_site *s = NULL;
    CHECK_OK(kt_site_load_with(x.dir, x.packs, x.s, &extra, x.f, &s, &x.err), &x.err);
    REQUIRE(s);
    CHECK(kt_site_rule(s, KT_STR("try")).v != KT_NONE);
    const struct kt_limits *l = s->points[point(&x, "T1-1203").v].limits;
    CHECK_NEAR(l->value[KT_LIMIT_ALARM], 0.5, 0);
    CHECK(l->backed[KT_LIMIT_ALARM] && !l->backed[KT_LIMIT_WARN]);
    CHECK_NEAR(l->clause[KT_LIMIT_ALARM], 1.0, 0);
    CHECK_NEAR(l->clause[KT_LIMIT_CUT], 1.5, 0);
    CHECK(!kt_hash_eq(&s->hash, &x.s->hash));
    kt_site_unref(s);
    teardown(&x);
}

/* A site as it was, from what was read, after the folder has gone another way. */
static void files_of_a_site(void)
{
    struct fixture x;
    struct kt_site *then = NULL, *again = NULL;
    setup(&x);
    put(&x, "limits/a.yaml", "limits: [{points: [T1-1203], values: {alarm: 0.7}}]\n");
    CHECK_OK(load(&x, NULL), &x.err);
    REQUIRE(x.s);
    then = kt_site_ref(x.s);
    append(&x, "points.csv", "T9-1203,,,,,,,\n");
    struct kt_str order = KT_STR("GONE-1\nT1-1203\n");
    CHECK_OK(
        kt_site_load_files("then", then->files, then->files_n, order, NULL, x.f, &again, &x.err),
        &x.err);
    REQUIRE(again);
    CHECK(kt_hash_eq(&again->hash, &then->hash));
    CHECK_INT(again->points_n, then->points_n + 1);
    CHECK_INT(kt_site_point(again, KT_STR("T1-1203")).v, 1);
    CHECK(again->points[0].ended && kt_site_point_ended(again, KT_STR("GONE-1")).v == 0);
    CHECK_NEAR(again->points[1].limits->value[KT_LIMIT_ALARM], 0.7, 0);
    kt_site_unref(again);
    again = NULL;
    CHECK_INT(kt_site_load_files("then", then->files, 1, order, NULL, x.f, &again, &x.err),
              KT_EINVAL);
    CHECK(says(&x, "format", "points.csv: not among the files of this site") || !again);
    kt_site_unref(then);
    teardown(&x);
}

UNIT_MAIN({"limits are made tighter only", looser_limits},
          {"an overlay changes what it names", overlay_values},
          {"safety rules that a folder can break", safety_rules},
          {"suppression by design", suppression}, {"bare roles are read", bare_roles_are_read},
          {"proofs, each with a near miss", proofs}, {"opposite commands", opposite_commands},
          {"findings name the points", findings_name_points},
          {"a local fan inside a range", fan_in_range},
          {"a cut-off sensor has a link", cutoff_without_link},
          {"the gas class chooses the row", gas_class}, {"texts beside the folder", extra_texts},
          {"a site from the files that it was read from", files_of_a_site})
