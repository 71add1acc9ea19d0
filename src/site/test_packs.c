/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shipped packs: their figures against the source table, and their cases as far as they can be
 * looked at without an engine: each loads, names what exists, and every rule is raised by one case
 * and kept quiet by another. docs/howto/add-a-pack.md has the form of a case.
 */
#include "site/test_fixture.h"

#include "base/map.h"
#include "conf/json.h"
#include "conf/yaml.h"

static const char *const packs[] = {"core", "gas", "belt"};

/* --- rules and cases */

enum { RULES_MAX = 512 };
struct seen {
    struct kt_map *raises, *quiet, *rules;
    char *rule[RULES_MAX]; /* of the packs, by the sites of the cases */
    uint32_t rules_n;
};

static void note_rules(const struct kt_yaml *root, const char *key, struct kt_arena *a,
                       struct kt_map *to)
{
    const char *const *ids = NULL;
    uint32_t n = 0;
    kt_yaml_strs(root, key, KT_REQUIRED, a, &ids, &n);
    for (uint32_t i = 0; i < n; i++) {
        kt_map_set(to, kt_str_c(ids[i]), 1);
    }
}

/* Write the texts of case.yaml as a site folder. */
static bool write_case(struct fixture *x, const struct kt_yaml *root)
{
    const char *text = NULL;
    bool ok = kt_yaml_str(root, "site", KT_REQUIRED, &text);
    put(x, "site.yaml", ok ? text : "");
    ok = kt_yaml_str(root, "places", KT_REQUIRED, &text) && ok;
    put(x, "places.csv", ok ? text : "");
    ok = kt_yaml_str(root, "points", KT_REQUIRED, &text) && ok;
    put(x, "points.csv", ok ? text : "");
    if (kt_yaml_str(root, "limits", KT_OPTIONAL, &text)) {
        put(x, "limits/case.yaml", text);
    }
    if (kt_yaml_str(root, "rules", KT_OPTIONAL, &text)) {
        put(x, "rules/case.yaml", text);
    }
    if (kt_yaml_str(root, "assets", KT_OPTIONAL, &text)) {
        put(x, "assets.csv", text);
    }
    return ok;
}

static void check_names(const struct fixture *x, const struct kt_json *o, const char *where)
{
    const char *p = kt_json_get_str(o, "point", NULL), *out = kt_json_get_str(o, "output", NULL);
    const char *rule = kt_json_get_str(o, "rule", NULL);
    bool ok = (!p || point(x, p).v != KT_NONE) && (!out || point(x, out).v != KT_NONE) &&
              (!rule || kt_site_rule(x->s, kt_str_c(rule)).v != KT_NONE);
    if (!ok) {
        printf("# %s names something unknown: %s%s%s\n", where, p ? p : "", out ? out : "",
               rule ? rule : "");
    }
    CHECK(ok);
}

/* One line of given or expect; the time it stands at, or -1. */
static int64_t check_line(const struct fixture *x, const struct kt_json *o, const char *where)
{
    const struct kt_json *samples = kt_json_get(o, "samples");
    const struct kt_json *absent = kt_json_get(o, "absent");
    for (size_t i = 0; i < kt_json_len(samples); i++) {
        check_names(x, kt_json_at(samples, i), where);
        CHECK(kt_json_get(kt_json_at(samples, i), "value") != NULL);
    }
    check_names(x, absent ? absent : o, where);
    return kt_json_get_int(o, "at", kt_json_get_int(o, "from", -1));
}

static void check_lines(struct fixture *x, const char *path, bool given)
{
    int64_t before = 0;
    const char *text = text_of(x, path);
    int line = 0;
    while (*text) {
        size_t n = strcspn(text, "\n");
        struct kt_json *o = NULL;
        struct kt_err err;
        const char *where = kt_arena_printf(x->a, "%s:%d", path, ++line);
        CHECK_OK(kt_json_parse((struct kt_str){text, n}, 0, &o, &err), &err);
        if (o) {
            int64_t at = check_line(x, o, where);
            CHECK(!given || at >= before);
            before = given ? at : 0;
            CHECK(given || kt_json_get(o, "type") || kt_json_get(o, "absent"));
        }
        kt_json_free(o);
        text += n + (text[n] == '\n');
    }
    CHECK(line > 0);
}

/* Rules with a case to be asked for: an interlock raises nothing. */
static void note_site(const struct fixture *x, const char *pack, struct seen *seen)
{
    uint64_t v;
    for (uint32_t i = 0; i < x->s->rules_n; i++) {
        const struct kt_rule *r = &x->s->rules[i];
        if (r->interlock || strcmp(r->pack, pack) != 0 || seen->rules_n == RULES_MAX ||
            kt_map_get(seen->rules, kt_str_c(r->id), &v)) {
            continue;
        }
        kt_map_set(seen->rules, kt_str_c(r->id), 1);
        seen->rule[seen->rules_n++] = strdup(r->id);
    }
}

static void one_case(const char *pack, const char *name, struct seen *seen)
{
    struct fixture x;
    struct kt_yaml *root = NULL;
    struct kt_problems problems = {0};
    setup(&x);
    char *dir = kt_arena_printf(x.a, "%s/%s/test/%s", x.packs, pack, name);
    char *file = kt_arena_printf(x.a, "%s/case.yaml", dir);
    CHECK_OK(kt_yaml_read(x.a, file, file, &problems, &root, &x.err), &x.err);
    if (root && write_case(&x, root)) {
        const char *zh, *en;
        CHECK(kt_yaml_text2(root, "title", KT_REQUIRED, &zh, &en));
        note_rules(root, "raises", x.a, seen->raises);
        note_rules(root, "quiet", x.a, seen->quiet);
        kt_yaml_unknown(root);
        int r = load(&x, NULL);
        if (r < 0) {
            printf("# %s\n", dir);
            print_findings(&x);
        }
        CHECK_INT(r, KT_OK);
        if (x.s) {
            note_site(&x, pack, seen);
            check_lines(&x, kt_arena_printf(x.a, "%s/given.jsonl", dir), true);
            check_lines(&x, kt_arena_printf(x.a, "%s/expect.jsonl", dir), false);
        }
    }
    CHECK_INT(problems.n, 0);
    teardown(&x);
}

static void cases(void)
{
    struct seen seen = {kt_map_new(64), kt_map_new(64), kt_map_new(64), {NULL}, 0};
    struct fixture x;
    setup(&x);
    for (size_t p = 0; p < KT_ARRAY_LEN(packs); p++) {
        char **names = NULL;
        size_t n = 0;
        char *dir = kt_arena_printf(x.a, "%s/%s/test", x.packs, packs[p]);
        CHECK_OK(kt_dir_list(dir, x.a, &names, &n, &x.err), &x.err);
        for (size_t i = 0; i < n; i++) {
            one_case(packs[p], names[i], &seen);
        }
    }
    CHECK(seen.rules_n > 40);
    for (uint32_t i = 0; i < seen.rules_n; i++) {
        uint64_t v;
        const char *id = seen.rule[i];
        if (!kt_map_get(seen.raises, kt_str_c(id), &v) ||
            !kt_map_get(seen.quiet, kt_str_c(id), &v)) {
            printf("# rule %s lacks a case that raises it or one that does not\n", id);
            CHECK(false);
        }
        free(seen.rule[i]);
    }
    kt_map_free(seen.rules);
    kt_map_free(seen.raises);
    kt_map_free(seen.quiet);
    teardown(&x);
}

/* --- the methane table */

static const char *const rows[][2] = {
    {"采煤工作面回风隅角", "ch4.corner"},
    {"采煤工作面（低瓦斯、高瓦斯矿井）", "ch4.face high"},
    {"采煤工作面（突出矿井）", "ch4.face outburst"},
    {"采煤工作面回风巷", "ch4.face-return"},
    {"突出矿井采煤工作面进风巷", "ch4.face-intake outburst"},
    {"采用串联通风的被串采煤工作面进风巷", "ch4.face-series-intake"},
    {"高瓦斯、突出矿井采煤工作面回风巷中部（巷长>1000 m）", "ch4.face-return-mid"},
    {"采煤机", "ch4.shearer"},
    {"煤巷、半煤岩巷和有瓦斯涌出的岩巷掘进工作面", "ch4.heading"},
    {"掘进工作面回风流中", "ch4.heading-return"},
    {"突出矿井掘进工作面进风的分风口", "ch4.heading-intake-split outburst"},
    {"被串掘进工作面入风流（局部通风机前）", "ch4.heading-series-intake"},
    {"被串掘进工作面局部通风机前（第二级）", "ch4.heading-series-fan"},
    {"高瓦斯矿井双巷掘进工作面混合回风流处", "ch4.heading-mixed-return"},
    {"高瓦斯、突出矿井掘进巷道中部（巷长>1000 m）", "ch4.heading-mid"},
    {"掘进机、连续采煤机、锚杆钻车、梭车", "ch4.heading-machine"},
    {"采区回风巷", "ch4.district-return"},
    {"一翼回风巷及总回风巷", "ch4.main-return"},
    {"使用架线电机车的主要运输巷道内装煤点处", "ch4.trolley-loading"},
    {"矿用防爆型蓄电池电机车", "ch4.battery-loco"},
    {"矿用防爆型柴油机车、无轨胶轮车", "ch4.diesel"},
    {"井下煤仓上方、地面选煤厂煤仓上方", "ch4.bunker"},
    {"封闭的地面选煤厂内", "ch4.prep-plant"},
    {"封闭的带式输送机地面走廊、带式输送机滚筒上方", "ch4.belt-gallery"},
    {"地面瓦斯抽采泵房内", "ch4.drain-pump-house"},
    {"井下临时瓦斯抽采泵站下风侧栅栏外", "ch4.drain-station"},
    {"兼做回风井的装有带式输送机的井筒", "ch4.return-shaft-belt"},
};

/* A site with one point of every methane role, in a mine of this class. */
static void all_roles(struct fixture *x, const char *gas_class)
{
    struct kt_buf csv;
    setup(x);
    kt_buf_init(&csv, 0);
    kt_buf_puts(&csv, "id,name,role,place,range_hi,link,address\n");
    for (size_t i = 0; i < KT_ARRAY_LEN(rows); i++) {
        char *role = kt_arena_strdup(x->a, rows[i][1]);
        *strchrnul(role, ' ') = 0;
        if (i == 2) {
            continue; /* ch4.face stands twice */
        }
        kt_buf_printf(&csv, "%s,点,%s,P1203-face,10,sub01,i%zu\n", role, role, i);
    }
    put(x, "points.csv", kt_buf_cstr(&csv));
    change(x, "site.yaml", "gas_class: high", kt_arena_printf(x->a, "gas_class: %s", gas_class));
    CHECK_OK(load(x, NULL), &x->err);
    kt_buf_done(&csv);
}

static void same(const struct kt_json *row, const char *key, const struct kt_limits *m,
                 enum kt_limit_name name)
{
    double v;
    bool has = kt_json_num(kt_json_get(row, key), &v);
    CHECK_INT(m->has[name], has);
    if (has) {
        CHECK_NEAR(m->value[name], v, 0);
    }
}

static void check_row(const struct fixture *x, const struct kt_json *row, const char *role)
{
    struct kt_str id = {role, strcspn(role, " ")};
    kt_point_id p = kt_site_point(x->s, id);
    REQUIRE(p.v != KT_NONE);
    const struct kt_limits *m = x->s->points[p.v].limits;
    if (!m) {
        printf("# %s has no limits\n", role);
    }
    REQUIRE(m);
    same(row, "alarm", m, KT_LIMIT_ALARM);
    same(row, "cut", m, KT_LIMIT_CUT);
    same(row, "restore_below", m, KT_LIMIT_RESTORE);
    const char *from = kt_json_get_str(row, "provenance", "");
    bool read = strstr(from, "(text read)") || strstr(from, "art.171");
    CHECK_INT(m->source.verified, read);
    CHECK(*m->source.standard && *m->source.clause);
    const char *range = kt_json_get_str(row, "range", "");
    if (strncmp(range, "—", strlen("—")) != 0) {
        CHECK_STR(m->range_text.zh, range);
        CHECK(m->range != KT_NONE);
    }
}

static void methane_table(void)
{
    const char *shared = getenv("KT_SHARED");
    struct fixture high, outburst;
    struct kt_json *root = NULL;
    all_roles(&high, "high");
    all_roles(&outburst, "outburst");
    char *path = shared ? kt_arena_printf(high.a, "%s/vectors/coal.json", shared)
                        : kt_arena_printf(high.a, "%s/../shared/vectors/coal.json", source_dir());
    bool there = kt_file_exists(path);
    if (there && high.s && outburst.s) {
        CHECK_OK(kt_json_parse(kt_str_c(text_of(&high, path)), 0, &root, &high.err), &high.err);
        const struct kt_json *table = kt_json_get(root, "methane_table");
        CHECK_INT(kt_json_len(table), KT_ARRAY_LEN(rows));
        for (size_t i = 0; i < KT_ARRAY_LEN(rows); i++) {
            const struct kt_json *row = kt_json_at(table, i);
            CHECK_STR(rows[i][0], kt_json_get_str(row, "location", ""));
            check_row(strstr(rows[i][1], "outburst") ? &outburst : &high, row, rows[i][1]);
        }
    }
    kt_json_free(root);
    teardown(&high);
    teardown(&outburst);
    if (!there) {
        SKIP("no shared vectors; set KT_SHARED");
    }
}

/* Texts in two languages and a clause behind every figure and every statutory rule. */
static void sources_and_texts(void)
{
    struct fixture x;
    setup(&x);
    CHECK_OK(load(&x, NULL), &x.err);
    REQUIRE(x.s);
    for (uint32_t i = 0; i < x.s->rules_n; i++) {
        const struct kt_rule *r = &x.s->rules[i];
        const struct kt_text *t[] = {&r->title, &r->cause, &r->consequence, &r->action_text};
        for (size_t j = 0; j < (r->interlock ? 2 : KT_ARRAY_LEN(t)); j++) {
            if (!*t[j]->zh || strcmp(t[j]->zh, t[j]->en) == 0) {
                printf("# %s lacks a text in one language\n", r->id);
                CHECK(false);
            }
        }
        CHECK(!r->statutory || *r->clause.standard);
        CHECK(r->interlock || r->within_ns > 0);
    }
    for (uint32_t i = 0; i < x.s->roles_n; i++) {
        CHECK(*x.s->roles[i].title.zh && *x.s->roles[i].short_name && *x.s->roles[i].group);
    }
    for (uint32_t i = 0; i < x.s->points_n; i++) {
        const struct kt_point *p = &x.s->points[i];
        CHECK(!p->limits || *p->limits->source.standard || strcmp(p->role->group, "self") == 0);
    }
    teardown(&x);
}

UNIT_MAIN({"every case loads; every rule has one that raises it and one that does not", cases},
          {"the methane table, row by row", methane_table},
          {"every rule and figure has its texts and its source", sources_and_texts})
