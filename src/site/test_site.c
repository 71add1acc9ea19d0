/* SPDX-License-Identifier: Apache-2.0 */
/* The mini site and its packs: what loads, and what the model says. */
#include "site/test_fixture.h"

#include <math.h>
#include <time.h>

static void loads(void)
{
    struct fixture x;
    setup(&x);
    CHECK_OK(load(&x, NULL), &x.err);
    if (!x.s) {
        print_findings(&x);
    }
    REQUIRE(x.s);
    CHECK_INT(kt_findings_count(x.f, KT_FIND_ERROR), 0);
    CHECK_INT(kt_findings_count(x.f, KT_FIND_WARNING), 0);
    CHECK_STR(x.s->id, "mini");
    CHECK_STR(x.s->name.en, "Mini mine (demo)");
    CHECK(x.s->simulation);
    CHECK_INT(x.s->utc_offset_s, 8 * 3600);
    CHECK_INT(x.s->shifts_n, 3);
    CHECK_INT(x.s->shifts[1].start_s, 8 * 3600);
    CHECK_INT(x.s->links_n, 2);
    CHECK_INT(x.s->links[0].port, 15021);
    CHECK_INT(x.s->links[1].producers_n, 1);
    CHECK_INT(x.s->people_n, 6);
    CHECK_INT(x.s->packs_n, 2);
    teardown(&x);
}

static void point_fields(void)
{
    struct fixture x;
    setup(&x);
    CHECK_OK(load(&x, NULL), &x.err);
    REQUIRE(x.s);
    const struct kt_point *p = &x.s->points[point(&x, "T1-1203").v];
    CHECK_STR(p->name.zh, "1203 工作面甲烷");
    CHECK_STR(p->unit, "%CH4");
    CHECK_STR(p->role->id, "ch4.face");
    CHECK(p->role->cutoff && p->role->over_range_high && p->device_state);
    CHECK_NEAR(p->resolution, 0.01, 0);
    CHECK_NEAR(p->range_hi, 4, 0);
    CHECK_INT(p->link, 0);
    CHECK(p->has_xy);
    CHECK_NEAR(p->x, 800, 0);
    CHECK(p->limits && p->limits->has[KT_LIMIT_CUT]);
    CHECK_NEAR(p->limits->value[KT_LIMIT_ALARM], 1.0, 0);
    CHECK_NEAR(p->limits->value[KT_LIMIT_CUT], 1.5, 0);
    CHECK_NEAR(p->limits->value[KT_LIMIT_RESTORE], 1.0, 0);
    CHECK_STR(p->limits->source.clause, "第498条 表18");
    CHECK(p->limits->source.verified);
    p = &x.s->points[point(&x, "KG-1203").v];
    CHECK_STR(x.s->points[p->feed.v].id, "KD-1203");
    CHECK_INT(p->serves_n, 2);
    CHECK(p->two_person);
    CHECK(isnan(p->range_hi));
    CHECK_INT(point(&x, "nobody").v, KT_NONE);
    teardown(&x);
}

static void places_and_air(void)
{
    struct fixture x;
    setup(&x);
    CHECK_OK(load(&x, NULL), &x.err);
    REQUIRE(x.s);
    kt_place_id face = kt_site_place(x.s, KT_STR("P1203-face"));
    kt_place_id panel = kt_site_place(x.s, KT_STR("P1203")), mr = kt_site_place(x.s, KT_STR("MR"));
    CHECK_INT(x.s->places[face.v].working.v, panel.v);
    CHECK_INT(x.s->places[mr.v].working.v, KT_NONE);
    CHECK(kt_site_within(x.s, face, panel));
    CHECK(kt_site_within(x.s, face, kt_site_place(x.s, KT_STR("mine"))));
    CHECK(!kt_site_within(x.s, panel, face));
    kt_place_id to[8];
    CHECK_INT(kt_site_downstream(x.s, face, to, 8), 3);
    CHECK_INT(to[0].v, face.v);
    CHECK_INT(to[2].v, mr.v);
    CHECK_INT(kt_site_downstream(x.s, face, to, 2), 2);
    CHECK_INT(kt_site_upstream(x.s, mr, to, 8), 6);
    CHECK_INT(kt_site_upstream(x.s, face, to, 8), 2);
    teardown(&x);
}

static void ranges_open_switches(void)
{
    struct fixture x;
    setup(&x);
    CHECK_OK(load(&x, NULL), &x.err);
    REQUIRE(x.s);
    const struct {
        const char *sensor, *opens;
    } cases[] = {{"T0-1203", "KG-1203"}, {"T1-1203", "KG-1203"}, {"T2-1203", "KG-1203"},
                 {"T1-1204", "KG-1204"}, {"T2-1204", "KG-1204"}, {"JT-1204", "KG-1204"},
                 {"FT-1204", "KG-1204"}, {"JD-1204", "JD-1204"}, {"TZ-MR", NULL}};
    for (size_t i = 0; i < KT_ARRAY_LEN(cases); i++) {
        const struct kt_point *p = &x.s->points[point(&x, cases[i].sensor).v];
        CHECK_INT(p->cuts_n, cases[i].opens ? 1 : 0);
        if (cases[i].opens && p->cuts_n) {
            CHECK_STR(x.s->points[p->cuts[0].v].id, cases[i].opens);
        }
    }
    teardown(&x);
}

static bool has_rule(const struct fixture *x, const char *id, const char *rule)
{
    uint32_t n;
    const kt_rule_id *r = kt_site_rules_of(x->s, point(x, id), &n);
    for (uint32_t i = 0; i < n; i++) {
        if (strcmp(x->s->rules[r[i].v].id, rule) == 0) {
            return true;
        }
    }
    return false;
}

static void rules_have_instances(void)
{
    struct fixture x;
    setup(&x);
    CHECK_OK(load(&x, NULL), &x.err);
    REQUIRE(x.s);
    CHECK(has_rule(&x, "T1-1203", "gas.over-limit"));
    CHECK(has_rule(&x, "T1-1203", "gas.cut"));
    CHECK(has_rule(&x, "TZ-MR", "gas.over-limit"));
    CHECK(!has_rule(&x, "TZ-MR", "gas.cut"));
    CHECK(!has_rule(&x, "T1-1203", "core.sensor-fault"));
    CHECK(has_rule(&x, "CO-1203", "core.sensor-fault"));
    CHECK(!has_rule(&x, "self.queue", "core.sensor-fault"));
    CHECK(!has_rule(&x, "T1-1203", "gas.chain-fault"));
    CHECK(has_rule(&x, "T1-1204", "gas.chain-fault"));
    kt_rule_id r = kt_site_rule(x.s, KT_STR("gas.cut"));
    REQUIRE(r.v != KT_NONE);
    CHECK(x.s->rules[r.v].latch && x.s->rules[r.v].statutory && x.s->rules[r.v].clear);
    CHECK_INT(x.s->rules[r.v].then_n, 3); /* the range, the picture, the card */
    CHECK_STR(x.s->rules[r.v].pack, "gas");
    for (uint32_t i = 1; i < x.s->rules[r.v].points_n; i++) {
        CHECK(x.s->rules[r.v].points[i - 1].v < x.s->rules[r.v].points[i].v);
    }
    teardown(&x);
}

/* The stop of a fan reads its backup; the lock of a fan reads run states and methane of the
 * heading. */
static void readers_are_indexed(void)
{
    struct fixture x;
    setup(&x);
    CHECK_OK(load(&x, NULL), &x.err);
    REQUIRE(x.s);
    uint32_t n;
    const struct kt_rule_instance *by = kt_site_readers_of(x.s, point(&x, "JB-1204"), &n);
    bool stopped = false, lock = false;
    for (uint32_t i = 0; i < n; i++) {
        stopped = stopped || (strcmp(x.s->rules[by[i].rule.v].id, "gas.fan-stopped") == 0 &&
                              by[i].self.v == point(&x, "JT-1204").v);
        lock = lock || strcmp(x.s->rules[by[i].rule.v].id, "gas.fan-lock") == 0;
        CHECK(i == 0 || by[i - 1].rule.v < by[i].rule.v ||
              (by[i - 1].rule.v == by[i].rule.v && by[i - 1].self.v < by[i].self.v));
    }
    CHECK(stopped && lock);
    kt_site_readers_of(x.s, point(&x, "T1-1203"), &n);
    CHECK_INT(n, 0);
    teardown(&x);
}

static void fault_free_reload(void)
{
    struct fixture x;
    setup(&x);
    CHECK_OK(load(&x, NULL), &x.err);
    REQUIRE(x.s);
    struct kt_site *first = kt_site_ref(x.s);
    kt_point_id co = point(&x, "CO-1203"), last = point(&x, "self.console");
    /* a point goes, another comes at the head of the file, an old one is renamed */
    const char *csv = now(&x, "points.csv");
    const char *line = strstr(csv, "CO-1203,");
    const char *end = strchr(line, '\n') + 1, *head = strchr(csv, '\n') + 1;
    put(&x, "points.csv",
        kt_arena_printf(x.a, "%.*sNEW-1,新测点,,,feed.state,mine,,,,,,,,\n%.*s%s",
                        (int)(head - csv), csv, (int)(line - head), head, end));
    CHECK_OK(load(&x, first), &x.err);
    REQUIRE(x.s != first);
    CHECK_INT(x.s->points_n, first->points_n + 1);
    CHECK_INT(point(&x, "self.console").v, last.v);
    CHECK_INT(point(&x, "NEW-1").v, first->points_n);
    CHECK_INT(point(&x, "CO-1203").v, KT_NONE);
    CHECK_INT(kt_site_point_ended(x.s, KT_STR("CO-1203")).v, co.v);
    const struct kt_point *gone = &x.s->points[co.v];
    CHECK(gone->ended);
    CHECK_STR(gone->id, "CO-1203");
    CHECK_STR(gone->role->id, "co.face-return");
    CHECK_INT(gone->link, KT_NONE);
    CHECK(gone->limits == NULL);
    uint32_t n;
    kt_site_rules_of(x.s, co, &n);
    CHECK_INT(n, 0);
    /* and comes back to its own index */
    struct kt_site *second = kt_site_ref(x.s);
    put(&x, "points.csv", csv);
    CHECK_OK(load(&x, second), &x.err);
    CHECK_INT(point(&x, "CO-1203").v, co.v);
    CHECK(!x.s->points[co.v].ended);
    CHECK(x.s->points[kt_site_point_ended(x.s, KT_STR("NEW-1")).v].ended);
    kt_site_unref(first);
    kt_site_unref(second);
    teardown(&x);
}

static void hash_follows_content(void)
{
    struct fixture x, y;
    setup(&x);
    setup(&y);
    CHECK_OK(load(&x, NULL), &x.err);
    CHECK_OK(load(&y, NULL), &y.err);
    REQUIRE(x.s && y.s);
    CHECK(kt_hash_eq(&x.s->hash, &y.s->hash)); /* whatever the folder is called */
    change(&y, "points.csv", "1203 face wind", "1203 wind");
    CHECK_OK(load(&y, NULL), &y.err);
    CHECK(!kt_hash_eq(&x.s->hash, &y.s->hash));
    teardown(&x);
    teardown(&y);
}

static void globs(void)
{
    const struct {
        const char *pattern, *text;
        bool fits;
    } cases[] = {{"", "", true},
                 {"a", "a", true},
                 {"a", "ab", false},
                 {"ch4.*", "ch4.face", true},
                 {"ch4.*", "ch4", false},
                 {"*", "", true},
                 {"*x", "aax", true},
                 {"*x", "aaxy", false},
                 {"a*b*c", "a1b2b3c", true},
                 {"a*b*c", "a1c", false},
                 {"**", "abc", true},
                 {"T?", "T1", false},
                 {"*aab", "aaaaab", true},
                 {"a*a", "a", false}};
    for (size_t i = 0; i < KT_ARRAY_LEN(cases); i++) {
        if (kt_glob(cases[i].pattern, cases[i].text) != cases[i].fits) {
            printf("# %s against %s\n", cases[i].pattern, cases[i].text);
            CHECK(false);
        }
    }
}

static bool take(void *arg, kt_point_id it)
{
    kt_point_id *list = arg;
    uint32_t n = list[0].v++;
    list[n + 1] = it;
    return n < 20;
}

static void sets(void)
{
    struct fixture x;
    setup(&x);
    CHECK_OK(load(&x, NULL), &x.err);
    REQUIRE(x.s);
    const struct {
        enum kt_set set;
        const char *self, *role;
        uint32_t n;
    } cases[] = {{KT_SET_PLACE, "T1-1203", "ch4.*", 2},
                 {KT_SET_PANEL, "T1-1203", "ch4.*", 3},
                 {KT_SET_DOWNSTREAM, "T1-1203", "ch4.*", 4},
                 {KT_SET_UPSTREAM, "TZ-MR", "ch4.*", 6},
                 {KT_SET_PANEL, "TZ-MR", "*", 1},
                 {KT_SET_PANEL, "JD-1204", "fan.local.run*", 2}};
    for (size_t i = 0; i < KT_ARRAY_LEN(cases); i++) {
        kt_point_id list[32] = {{0}};
        kt_site_each(x.s, cases[i].set, point(&x, cases[i].self), kt_str_c(cases[i].role), take,
                     list);
        CHECK_INT(list[0].v, cases[i].n);
        for (uint32_t j = 2; j <= list[0].v; j++) {
            CHECK(list[j - 1].v < list[j].v);
        }
    }
    teardown(&x);
}

static void hundred_thousand_points(void)
{
    struct fixture x;
    struct timespec a, b;
    struct kt_buf csv;
    setup(&x);
    kt_buf_init(&csv, 0);
    kt_buf_puts(&csv, now(&x, "points.csv"));
    for (int i = 0; i < 100000; i++) {
        kt_buf_printf(&csv, "X%06d,测点 %d,,%%CH4,ch4.face,P1203-face,0,4,sub01,i%d:u16*0.01,,,,\n",
                      i, i, i % 60000);
    }
    put(&x, "points.csv", kt_buf_cstr(&csv));
    kt_buf_done(&csv);
    clock_gettime(CLOCK_MONOTONIC, &a);
    CHECK_OK(load(&x, NULL), &x.err);
    clock_gettime(CLOCK_MONOTONIC, &b);
    REQUIRE(x.s);
    printf("# %u points, %u rules loaded and checked in %.0f ms\n", x.s->points_n, x.s->rules_n,
           (double)(b.tv_sec - a.tv_sec) * 1e3 + (double)(b.tv_nsec - a.tv_nsec) / 1e6);
    CHECK_INT(x.s->points[point(&x, "X099999").v].cuts_n, 1);
    teardown(&x);
}

UNIT_MAIN({"the mini site and its packs load without a finding", loads},
          {"fields of points come from row, role and place", point_fields},
          {"places: working, within, down and up the air", places_and_air},
          {"ranges open the switches that serve them", ranges_open_switches},
          {"rules have their instances", rules_have_instances},
          {"readers of a point other than self are indexed", readers_are_indexed},
          {"a reload keeps the index of every id", fault_free_reload},
          {"the hash follows the content, not the folder", hash_follows_content}, {"globs", globs},
          {"sets around a point", sets}, {"a hundred thousand points", hundred_thousand_points})
