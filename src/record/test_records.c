/* SPDX-License-Identifier: Apache-2.0 */
/* Records: fields and their checks, versions, sources, time, merging, search, who sees what. */
#include "record/search.h"
#include "record/test_room.h"

#define WRITE "record.write inspection.money project.money record.merge"

static const char *const all_rights[] = {"record.read", "record.write", "inspection.money",
                                         "project.money", "diary.write"};
static const char *const plain_rights[] = {"record.read"};
static const char *const everywhere[] = {"*"};
static const char *const only_a[] = {"A"};

static struct kt_reader reader(const struct rig *g, const char *const *rights, uint32_t n,
                               const char *const *places)
{
    return (struct kt_reader){"reader", rights, n, places, 1, g->now};
}

static struct kt_reader whole(const struct rig *g)
{
    return reader(g, all_rights, KT_ARRAY_LEN(all_rights), everywhere);
}

static struct kt_json *parsed(const struct kt_buf *b)
{
    struct kt_json *v = NULL;
    struct kt_err err;
    CHECK_OK(kt_json_parse((struct kt_str){b->p, b->n}, 0, &v, &err), &err);
    return v;
}

static struct kt_json *list_as(struct rig *g, const struct kt_reader *who, const char *reg,
                               const char *filter, const char *sort, const char *q, kt_time at,
                               kt_time known)
{
    struct kt_buf out;
    struct kt_err err = {0};
    struct kt_json *f = NULL, *got = NULL;
    kt_buf_init(&out, 0);
    if (filter) {
        CHECK_OK(kt_json_parse(kt_str_c(filter), 0, &f, &err), &err);
    }
    const struct kt_record_query ask = {
        .q = q, .filter = f, .sort = sort, .at = at, .known = known};
    int r = kt_room_list(g->room, who, reg, &ask, &out, &err);
    CHECK_OK(r, &err);
    if (r == KT_OK) {
        got = parsed(&out);
    }
    kt_json_free(f);
    kt_buf_done(&out);
    return got;
}

static int64_t total(struct rig *g, const struct kt_reader *who, const char *reg,
                     const char *filter, const char *q)
{
    struct kt_json *v = list_as(g, who, reg, filter, NULL, q, 0, 0);
    int64_t n = kt_json_get_int(v, "total", -1);
    CHECK_INT(kt_json_len(kt_json_get(v, "items")), n > 100 ? 100 : n);
    kt_json_free(v);
    return n;
}

static struct kt_json *get_as(struct rig *g, const struct kt_reader *who, const char *reg,
                              int64_t id, kt_time at, kt_time known)
{
    struct kt_buf out;
    struct kt_err err = {0};
    struct kt_json *v = NULL;
    kt_buf_init(&out, 0);
    if (kt_room_get(g->room, who, reg, id, at, known, &out, &err) == KT_OK) {
        v = parsed(&out);
    }
    kt_buf_done(&out);
    return v;
}

static void ask(struct rig *g, const char *user, const char *verb, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
static void ask(struct rig *g, const char *user, const char *verb, const char *fmt, ...)
{
    char args[2000];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(args, sizeof args, fmt, ap);
    va_end(ap);
    rig_ask(g, user, WRITE, verb, args);
}

static int64_t made(struct rig *g, const char *reg, const char *fields)
{
    ask(g, "wang", "record.create", "{\"register\":\"%s\",\"fields\":%s}", reg, fields);
    CHECK(rig_ok(g));
    if (!rig_ok(g)) {
        printf("# %s\n", kt_json_get_str(g->verdict, "text", ""));
    }
    return rig_int(g, "record");
}

/* ---- cases ---- */

static void every_type(void)
{
    struct rig g;
    REQUIRE(rig_open(&g, NULL));
    int64_t p = made(&g, "project", "{\"title\":\"回采\",\"year\":2026,\"budget\":\"1200.50\"}");
    int64_t i = made(&g, "inspection",
                     "{\"title\":\"顶板离层\",\"note2\":{\"zh\":\"离层\",\"en\":\"Roof\"},"
                     "\"depth\":12.5,\"project\":\"P2026-001\",\"place\":\"A\",\"fine\":0.1,"
                     "\"seen\":1777939200000,\"urgent\":true,"
                     "\"area\":{\"type\":\"Point\",\"coordinates\":[1.5,2]}}");
    struct kt_reader who = whole(&g);
    struct kt_json *v = get_as(&g, &who, "inspection", i, 0, 0);
    const struct kt_json *f = kt_json_get(v, "fields");
    CHECK_STR(kt_json_get_str(v, "key", ""), "JC-2026-0001");
    CHECK_STR(kt_json_get_str(v, "label", ""), "JC-2026-0001 顶板离层");
    CHECK_STR(kt_json_get_str(kt_json_get(f, "note2"), "en", ""), "Roof");
    CHECK_NEAR(kt_json_get_num(f, "depth", 0), 12.5, 0);
    CHECK_NEAR(kt_json_get_num(f, "fine", 0), 0.1, 0);
    CHECK_INT(kt_json_get_int(f, "project", 0), p);
    CHECK_STR(kt_json_get_str(f, "found", ""), "2026-05-05"); /* today, by the site's clock */
    CHECK_STR(kt_json_get_str(f, "level", ""), "general");
    CHECK_STR(kt_json_get_str(f, "who", ""), "wang");
    CHECK(kt_json_get_bool(f, "urgent", false));
    CHECK_STR(kt_json_get_str(kt_json_get(f, "area"), "type", ""), "Point");
    CHECK_STR(kt_json_get_str(kt_json_get(kt_json_get(v, "refs"), "project"), "key", ""),
              "P2026-001");
    kt_json_free(v);
    v = get_as(&g, &who, "project", p, 0, 0);
    CHECK_INT(kt_json_len(kt_json_get(v, "referrers")), 1);
    kt_json_free(v);
    int64_t e =
        made(&g, "equipment", "{\"no\":\"FJ-01\",\"name\":\"风机\",\"qty\":3,\"price\":19.99}");
    v = get_as(&g, &who, "equipment", e, 0, 0);
    CHECK_NEAR(kt_json_get_num(kt_json_get(v, "fields"), "total", 0), 59.97, 1e-9);
    kt_json_free(v);
    rig_close(&g);
}

static void what_is_refused(void)
{
    static const struct {
        const char *fields, *code, *text;
    } wrong[] = {
        {"{\"title\":\"\"}", "KT_EINVAL", "What: write something"},
        {"{\"title\":7}", "KT_EINVAL", "a text is needed"},
        {"{\"title\":\"a\",\"depth\":-1}", "KT_EINVAL", "Depth: at least 0m"},
        {"{\"title\":\"a\",\"depth\":1.25}", "KT_EINVAL", "at most 1 decimals"},
        {"{\"title\":\"a\",\"fine\":\"1.234\"}", "KT_EINVAL", "at most 2 decimals"},
        {"{\"title\":\"a\",\"found\":\"2026-02-30\"}", "KT_EINVAL", "a day is needed"},
        {"{\"title\":\"a\",\"level\":\"minor\"}", "KT_EINVAL", "choose one of major, general"},
        {"{\"title\":\"a\",\"place\":\"nowhere\"}", "KT_EINVAL", "there is no place \"nowhere\""},
        {"{\"title\":\"a\",\"project\":\"P0\"}", "KT_EINVAL", "there is no such record"},
        {"{\"title\":\"a\",\"project\":99}", "KT_EINVAL", "there is no such record"},
        {"{\"title\":\"a\",\"photos\":[]}", "KT_EINVAL", "attach files with record.attach"},
        {"{\"title\":\"a\",\"colour\":1}", "KT_EINVAL", "has no field \"colour\""},
        {"{\"title\":\"a\",\"area\":{\"type\":\"LineString\",\"coordinates\":[[0,0],[1,1]]}}",
         "KT_EINVAL", "a LineString is not wanted here"},
        {"{\"title\":\"a\",\"area\":{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,1],[1,0],[2,2"
         "]]]}}",
         "KT_EINVAL", "a ring ends where it begins"},
    };
    struct rig g;
    REQUIRE(rig_open(&g, NULL));
    for (size_t i = 0; i < KT_ARRAY_LEN(wrong); i++) {
        ask(&g, "wang", "record.create", "{\"register\":\"inspection\",\"fields\":%s}",
            wrong[i].fields);
        CHECK(rig_refused(&g, wrong[i].code, wrong[i].text));
        CHECK(kt_json_len(kt_json_get(g.verdict, "problems")) == 1);
    }
    ask(&g, "wang", "record.create",
        "{\"register\":\"inspection\",\"fields\":{\"depth\":-1,\"level\":\"x\",\"title\":\"a\"}}");
    CHECK_INT(kt_json_len(kt_json_get(g.verdict, "problems")), 2); /* every mistake at once */
    CHECK_INT(rig_sql(&g, "SELECT count(*) FROM kt_record"), 0);
    CHECK_INT(rig_sql(&g, "SELECT count(*) FROM kt_fact"), 0);
    CHECK_INT(rig_sql(&g, "SELECT count(*) FROM kt_counter"), 0);
    rig_ask(&g, "li", "", "record.create", "{\"register\":\"inspection\",\"fields\":{}}");
    CHECK(rig_refused(&g, "KT_EDENIED", "inspection.write"));
    rig_ask(&g, "li", "record.write", "record.create",
            "{\"register\":\"inspection\",\"fields\":{\"title\":\"a\",\"fine\":1}}");
    CHECK(rig_refused(&g, "KT_EINVAL", "has no field \"fine\"")); /* it is not there for li */
    rig_ask(&g, "li", "record.write", "record.create", "{\"register\":\"diary\",\"fields\":{}}");
    CHECK(rig_refused(&g, "KT_ENOTFOUND", "no register \"diary\""));
    rig_close(&g);
}

static void two_editors(void)
{
    struct rig g;
    REQUIRE(rig_open(&g, NULL));
    int64_t id = made(&g, "inspection", "{\"title\":\"支护\",\"place\":\"A\"}");
    ask(&g, "li", "record.set", "{\"record\":%lld,\"version\":1,\"fields\":{\"level\":\"major\"}}",
        (long long)id);
    CHECK(rig_ok(&g) && rig_int(&g, "version") == 2);
    ask(&g, "wang", "record.set",
        "{\"record\":%lld,\"version\":1,\"fields\":{\"measure\":\"补打锚杆\"}}", (long long)id);
    CHECK(rig_refused(&g, "KT_ECONFLICT", "Level by li"));
    CHECK(strstr(kt_json_get_str(g.verdict, "text_zh", ""), "等级（li）") != NULL);
    ask(&g, "wang", "record.set",
        "{\"record\":%lld,\"version\":2,\"fields\":{\"measure\":\"补打锚杆\"}}", (long long)id);
    CHECK(rig_ok(&g) && rig_int(&g, "version") == 3);
    ask(&g, "wang", "record.set", "{\"record\":%lld,\"version\":9,\"fields\":{}}", (long long)id);
    CHECK(rig_refused(&g, "KT_EINVAL", "the record is at 3"));
    ask(&g, "wang", "record.set", "{\"record\":%lld,\"version\":3,\"fields\":{}}", (long long)id);
    CHECK(rig_ok(&g) && rig_int(&g, "version") == 3); /* nothing changed */
    rig_close(&g);
}

/* The same key again gets the verdict of then and changes nothing. */
static void a_key_again(void)
{
    static const char body[] =
        "{\"verb\":\"record.create\",\"args\":{\"register\":\"inspection\",\"fields\":{\"title\":"
        "\"a\"}},\"key\":\"k1\",\"by\":{\"user\":\"li\",\"places\":[\"*\"],\"rights\":[\"record."
        "write\"]}}";
    struct rig g;
    REQUIRE(rig_open(&g, NULL));
    rig_event(&g, strdup(body));
    int64_t first = rig_int(&g, "record");
    rig_event(&g, strdup(body));
    CHECK(rig_ok(&g) && rig_int(&g, "record") == first);
    CHECK(kt_json_get_bool(g.verdict, "again", false));
    CHECK_INT(rig_sql(&g, "SELECT count(*) FROM inspection"), 1);
    rig_close(&g);
}

static void sources_disagree(void)
{
    struct rig g;
    REQUIRE(rig_open(&g, NULL));
    struct kt_reader who = whole(&g);
    int64_t id = made(&g, "inspection", "{\"title\":\"水文孔\",\"depth\":100}");
    kt_time before = g.now;
    rig_pass(&g, 60000);
    ask(&g, "li", "record.set",
        "{\"record\":%lld,\"version\":1,\"source\":\"测井\",\"fields\":{\"depth\":104.5}}",
        (long long)id);
    CHECK(rig_ok(&g));
    CHECK_INT(rig_sql(&g, "SELECT _conflicts FROM inspection"), 1);
    CHECK_INT(rig_sql(&g, "SELECT depth FROM inspection"), 100); /* beside, until decided */
    struct kt_json *v = get_as(&g, &who, "inspection", id, 0, 0);
    const struct kt_json *facts = kt_json_get(v, "facts");
    CHECK_INT(kt_json_len(facts), 2);
    int64_t fact = kt_json_get_int(kt_json_at(facts, 1), "id", 0);
    CHECK_STR(kt_json_get_str(kt_json_at(facts, 1), "source", ""), "测井");
    kt_json_free(v);
    rig_pass(&g, 60000);
    ask(&g, "wang", "record.resolve",
        "{\"record\":%lld,\"version\":2,\"field\":\"depth\",\"fact\":%lld}", (long long)id,
        (long long)fact);
    CHECK(rig_ok(&g));
    CHECK_INT(rig_sql(&g, "SELECT _conflicts FROM inspection"), 0);
    CHECK_INT(rig_sql(&g, "SELECT depth * 10 FROM inspection"), 1045);
    who.now = g.now;
    v = get_as(&g, &who, "inspection", id, before, before);
    CHECK_NEAR(kt_json_get_num(kt_json_get(v, "fields"), "depth", 0), 100, 0);
    kt_json_free(v);
    ask(&g, "wang", "record.resolve",
        "{\"record\":%lld,\"version\":3,\"field\":\"title\",\"fact\":1}", (long long)id);
    CHECK(rig_refused(&g, "KT_EINVAL", "no sources"));
    rig_close(&g);
}

/* What was valid when, and what was known when, are two times. */
static void two_times(void)
{
    struct rig g;
    REQUIRE(rig_open(&g, NULL));
    int64_t id = made(&g, "inspection", "{\"title\":\"巷道\",\"level\":\"general\"}");
    kt_time t0 = g.now;
    rig_pass(&g, 3600000);
    ask(&g, "li", "record.set", "{\"record\":%lld,\"version\":1,\"fields\":{\"level\":\"major\"}}",
        (long long)id);
    kt_time t1 = g.now;
    rig_pass(&g, 3600000);
    /* later somebody learns that the title was another one half an hour after t0 */
    ask(&g, "li", "record.set",
        "{\"record\":%lld,\"version\":2,\"since\":%lld,\"fields\":{\"title\":\"运输巷\"}}",
        (long long)id, (long long)(t0 / KT_MS + 1800000));
    CHECK(rig_ok(&g));
    kt_time t2 = g.now;
    rig_pass(&g, 1000);
    struct kt_reader who = whole(&g);
    static const struct {
        int at, known; /* which of t0, t1, t2 */
        const char *level, *title;
    } cases[] = {{0, 0, "general", "巷道"}, {1, 1, "major", "巷道"},   {0, 2, "general", "巷道"},
                 {1, 2, "major", "运输巷"}, {2, 2, "major", "运输巷"}, {2, 0, "general", "巷道"}};
    const kt_time t[] = {t0, t1, t2};
    for (size_t i = 0; i < KT_ARRAY_LEN(cases); i++) {
        struct kt_json *v =
            list_as(&g, &who, "inspection", NULL, NULL, NULL, t[cases[i].at], t[cases[i].known]);
        const struct kt_json *f = kt_json_get(kt_json_at(kt_json_get(v, "items"), 0), "fields");
        CHECK_STR(kt_json_get_str(f, "level", ""), cases[i].level);
        CHECK_STR(kt_json_get_str(f, "title", ""), cases[i].title);
        kt_json_free(v);
    }
    struct kt_json *v = list_as(&g, &who, "inspection", NULL, NULL, NULL, RIG_START - KT_SEC, t2);
    CHECK_INT(kt_json_get_int(v, "total", -1), 0);
    kt_json_free(v);
    ask(&g, "li", "record.set", "{\"record\":%lld,\"version\":3,\"since\":%lld,\"fields\":{}}",
        (long long)id, (long long)(g.now / KT_MS + 99999));
    CHECK(rig_refused(&g, "KT_EINVAL", "since"));
    ask(&g, "li", "record.end", "{\"record\":%lld,\"version\":3,\"reason\":\"误录\"}",
        (long long)id);
    who.now = g.now;
    CHECK_INT(total(&g, &who, "inspection", NULL, NULL), 0);
    CHECK_INT(total(&g, &who, "inspection", "[[\"_ended\",\"!=\",null]]", NULL), 1);
    v = list_as(&g, &who, "inspection", NULL, NULL, NULL, t2, t2);
    CHECK_INT(kt_json_get_int(v, "total", -1), 1);
    kt_json_free(v);
    ask(&g, "li", "record.reopen", "{\"record\":%lld,\"version\":4,\"reason\":\"有效\"}",
        (long long)id);
    CHECK(rig_ok(&g));
    CHECK_INT(total(&g, &who, "inspection", NULL, NULL), 1);
    rig_close(&g);
}

static void merging(void)
{
    struct rig g;
    REQUIRE(rig_open(&g, NULL));
    struct kt_reader who = whole(&g);
    int64_t p = made(&g, "project", "{\"title\":\"一号井\",\"year\":2026}");
    int64_t d = made(&g, "project", "{\"title\":\"一 号 井\",\"year\":2026,\"budget\":5}");
    int64_t i = made(&g, "inspection", "{\"title\":\"检查\",\"project\":\"P2026-002\"}");
    ask(&g, "li", "record.create",
        "{\"register\":\"project\",\"fields\":{\"title\":\"一号井\",\"year\":2026}}");
    CHECK(rig_refused(&g, "KT_EEXIST", "Title, Year"));
    ask(&g, "li", "record.merge",
        "{\"keep\":%lld,\"drop\":%lld,\"version\":1,\"fields\":{\"budget\":\"drop\"}}",
        (long long)p, (long long)d);
    CHECK(rig_ok(&g));
    CHECK_INT(rig_sql(&g, "SELECT project FROM inspection"), p);
    CHECK_INT(rig_sql(&g, "SELECT budget FROM project WHERE _ended IS NULL"), 500);
    CHECK_INT(rig_sql(&g, "SELECT _merged FROM project WHERE _ended IS NOT NULL"), p);
    CHECK_INT(rig_sql(&g, "SELECT count(*) FROM project"), 2);
    CHECK_INT(total(&g, &who, "project", NULL, NULL), 1);
    struct kt_json *v = get_as(&g, &who, "inspection", i, 0, 0);
    CHECK_INT(kt_json_get_int(v, "version", 0), 2);
    kt_json_free(v);
    rig_ask(&g, "li", "record.write", "record.merge", "{\"keep\":1,\"drop\":2,\"version\":1}");
    CHECK(rig_refused(&g, "KT_EDENIED", "record.merge"));
    made(&g, "inspection", "{\"title\":\"瓦斯超限 A\",\"place\":\"A\"}");
    made(&g, "inspection", "{\"title\":\"瓦斯超限ａ\",\"place\":\"A\"}");
    struct kt_buf out;
    struct kt_err err;
    kt_buf_init(&out, 0);
    CHECK_OK(kt_room_duplicates(g.room, &who, "inspection", &out, &err), &err);
    v = parsed(&out);
    CHECK_INT(kt_json_len(v), 1);
    kt_json_free(v);
    kt_buf_done(&out);
    rig_close(&g);
}

static void files(void)
{
    static const char hash[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    struct rig g;
    REQUIRE(rig_open(&g, NULL));
    struct kt_reader who = whole(&g), none = reader(&g, plain_rights, 1, only_a);
    struct kt_arena *a = kt_arena_new(0);
    struct kt_err err;
    const char *name = "", *type = "";
    int64_t id = made(&g, "inspection", "{\"title\":\"照片\",\"place\":\"B\"}");
    ask(&g, "li", "record.attach",
        "{\"record\":%lld,\"field\":\"photos\",\"hash\":\"%s\",\"name\":\"a.jpg\",\"type\":\"image/"
        "jpeg\",\"size\":9}",
        (long long)id, hash);
    CHECK(rig_ok(&g) && rig_int(&g, "version") == 2);
    ask(&g, "li", "record.attach",
        "{\"record\":%lld,\"field\":\"papers\",\"hash\":\"%s\",\"name\":\"a.exe\",\"size\":9}",
        (long long)id, hash);
    CHECK(rig_refused(&g, "KT_EINVAL", "files of this kind"));
    ask(&g, "li", "record.attach",
        "{\"record\":%lld,\"field\":\"papers\",\"hash\":\"%s\",\"name\":\"a.pdf\",\"size\":"
        "90000000}",
        (long long)id, hash);
    CHECK(rig_refused(&g, "KT_ELIMIT", "at most 20 MB"));
    CHECK_OK(kt_room_attachment(g.room, &who, id, hash, a, &name, &type, &err), &err);
    CHECK_STR(type, "image/jpeg");
    CHECK_INT(kt_room_attachment(g.room, &none, id, hash, a, &name, &type, &err), KT_ENOTFOUND);
    ask(&g, "li", "record.detach",
        "{\"record\":%lld,\"field\":\"photos\",\"hash\":\"%s\",\"reason\":\"错\"}", (long long)id,
        hash);
    CHECK(rig_ok(&g));
    CHECK_INT(kt_room_attachment(g.room, &who, id, hash, a, &name, &type, &err), KT_ENOTFOUND);
    kt_arena_free(a);
    rig_close(&g);
}

static int64_t hits(struct rig *g, const struct kt_reader *who, const char *q)
{
    struct kt_buf out;
    struct kt_err err = {0};
    kt_buf_init(&out, 0);
    CHECK_OK(kt_room_search(g->room, who, q, 0, &out, &err), &err);
    struct kt_json *v = parsed(&out);
    int64_t n = (int64_t)kt_json_len(kt_json_get(v, "items"));
    kt_json_free(v);
    kt_buf_done(&out);
    return n;
}

static void searching(void)
{
    static const struct {
        const char *q;
        int n;
    } cases[] = {{"瓦斯", 2}, {"水仓", 1},    {"斯", 2},       {"瓦斯抽采", 1}, {"抽采泵", 1},
                 {"采泵", 1}, {"泵采", 0},    {"PUMP", 1},     {"ｐｕｍｐ", 1}, {"pum", 1},
                 {"ump", 0},  {"JC-2026", 3}, {"\"OR* ^)", 0}, {"", 0},         {"瓦斯 pump", 1}};
    struct rig g;
    REQUIRE(rig_open(&g, NULL));
    struct kt_reader who = whole(&g), a = reader(&g, plain_rights, 1, only_a);
    made(&g, "inspection",
         "{\"title\":\"瓦斯抽采泵漏气\",\"note2\":{\"zh\":\"泵\",\"en\":\"Pump "
         "leaks\"},\"place\":\"A\"}");
    made(&g, "inspection", "{\"title\":\"中央水仓淤积\",\"place\":\"B\"}");
    int64_t id = made(&g, "inspection", "{\"title\":\"巡检\",\"place\":\"B\"}");
    ask(&g, "li", "record.set",
        "{\"record\":%lld,\"version\":1,\"fields\":{\"measure\":\"测瓦斯\"}}", (long long)id);
    for (size_t i = 0; i < KT_ARRAY_LEN(cases); i++) {
        int64_t n = hits(&g, &who, cases[i].q);
        if (n != cases[i].n) {
            printf("# %s\n", cases[i].q);
        }
        CHECK_INT(n, cases[i].n);
    }
    CHECK_INT(total(&g, &who, "inspection", NULL, "瓦斯"), 2);
    CHECK_INT(hits(&g, &a, "瓦斯"), 1); /* the other lies in B */
    CHECK_INT(hits(&g, &a, "水仓"), 0);
    ask(&g, "li", "record.set", "{\"record\":%lld,\"version\":2,\"fields\":{\"measure\":null}}",
        (long long)id);
    CHECK_INT(hits(&g, &who, "瓦斯"), 1);
    rig_close(&g);
}

static void who_sees_what(void)
{
    struct rig g;
    REQUIRE(rig_open(&g, NULL));
    struct kt_reader all = whole(&g), a = reader(&g, plain_rights, 1, only_a),
                     plain = reader(&g, plain_rights, 1, everywhere),
                     nobody = reader(&g, NULL, 0, everywhere);
    struct kt_buf out;
    struct kt_err err;
    struct kt_json *filter = NULL;
    int64_t in_a = made(&g, "inspection", "{\"title\":\"甲\",\"place\":\"A\",\"fine\":100}");
    int64_t in_b = made(&g, "inspection", "{\"title\":\"乙\",\"place\":\"B\",\"fine\":200}");
    made(&g, "inspection", "{\"title\":\"无\"}");
    CHECK_INT(total(&g, &all, "inspection", NULL, NULL), 3);
    CHECK_INT(total(&g, &a, "inspection", NULL, NULL), 1);
    struct kt_json *v = get_as(&g, &a, "inspection", in_a, 0, 0);
    CHECK(v != NULL);
    CHECK(!kt_json_get(kt_json_get(v, "fields"), "fine")); /* a right that reader lacks */
    kt_json_free(v);
    CHECK(get_as(&g, &a, "inspection", in_b, 0, 0) == NULL);
    CHECK(get_as(&g, &nobody, "inspection", in_a, 0, 0) == NULL);
    CHECK(get_as(&g, &plain, "diary", 1, 0, 0) == NULL);
    kt_buf_init(&out, 0);
    CHECK_INT(kt_room_history(g.room, &a, "inspection", in_b, &out, &err), KT_ENOTFOUND);
    CHECK_OK(kt_room_history(g.room, &a, "inspection", in_a, &out, &err), &err);
    CHECK(!memmem(out.p, out.n, "\"fine\"", 6));
    kt_buf_clear(&out);
    CHECK_OK(kt_room_registers(g.room, &plain, &out, &err), &err);
    CHECK(!memmem(out.p, out.n, "\"diary\"", 7) && !memmem(out.p, out.n, "\"fine\"", 6));
    /* a field that is not seen cannot be asked for */
    CHECK_OK(kt_json_parse(KT_STR("[[\"fine\",\">\",1]]"), 0, &filter, &err), &err);
    const struct kt_record_query by_fine = {.filter = filter}, sorted = {.sort = "fine"};
    CHECK_INT(kt_room_list(g.room, &plain, "inspection", &by_fine, &out, &err), KT_EINVAL);
    CHECK_INT(kt_room_list(g.room, &plain, "inspection", &sorted, &out, &err), KT_EINVAL);
    kt_json_free(filter);
    kt_buf_done(&out);
    CHECK_INT(total(&g, &all, "inspection", "[[\"fine\",\">\",150]]", NULL), 1);
    CHECK_INT(total(&g, &all, "inspection", "[[\"place\",\"in\",[\"A\",\"B\"]]]", NULL), 2);
    CHECK_INT(total(&g, &all, "inspection", "[[\"place\",\"empty\"]]", NULL), 1);
    CHECK_INT(total(&g, &all, "inspection", "[[\"title\",\"has\",\"甲\"]]", NULL), 1);
    CHECK_INT(total(&g, &all, "inspection", "[[\"photos\",\"empty\"]]", NULL), 3);
    /* who may write in A alone moves nothing to B */
    static const char body[] =
        "{\"verb\":\"record.set\",\"args\":{\"record\":%lld,\"version\":1,\"fields\":{\"place\":"
        "\"%s\"}},\"by\":{\"user\":\"li\",\"places\":[\"A\"],\"rights\":[\"record.write\"]}}";
    char text[400];
    snprintf(text, sizeof text, body, (long long)in_a, "B");
    rig_event(&g, strdup(text));
    CHECK(rig_refused(&g, "KT_EDENIED", "outside of your places"));
    snprintf(text, sizeof text, body, (long long)in_b, "A");
    rig_event(&g, strdup(text));
    CHECK(rig_refused(&g, "KT_ENOTFOUND", "there is no record"));
    rig_close(&g);
}

static void pages(void)
{
    enum { N = 57 };
    struct rig g;
    REQUIRE(rig_open(&g, NULL));
    struct kt_reader who = whole(&g);
    for (int i = 0; i < N; i++) {
        char fields[200];
        snprintf(fields, sizeof fields, "{\"title\":\"t%d\",\"depth\":%s,\"level\":\"%s\"}", i,
                 i % 5 ? "7.5" : "null", i % 3 ? "major" : "general");
        made(&g, "inspection", fields);
    }
    static const char *const sorts[] = {NULL, "depth", "-depth", "level,-depth,title", "-_id"};
    for (size_t s = 0; s < KT_ARRAY_LEN(sorts); s++) {
        char cursor[1000] = "";
        int64_t seen[N], n = 0;
        do {
            struct kt_buf out;
            struct kt_err err = {0};
            kt_buf_init(&out, 0);
            const struct kt_record_query q = {.sort = sorts[s], .limit = 10, .cursor = cursor};
            CHECK_OK(kt_room_list(g.room, &who, "inspection", &q, &out, &err), &err);
            struct kt_json *v = parsed(&out);
            const struct kt_json *items = kt_json_get(v, "items");
            CHECK_INT(kt_json_get_int(v, "total", 0), N);
            for (size_t i = 0; i < kt_json_len(items) && n < N; i++) {
                int64_t id = kt_json_get_int(kt_json_at(items, i), "id", 0);
                for (int64_t k = 0; k < n; k++) {
                    CHECK(seen[k] != id);
                }
                seen[n++] = id;
            }
            snprintf(cursor, sizeof cursor, "%s", kt_json_get_str(v, "next", ""));
            kt_json_free(v);
            kt_buf_done(&out);
        } while (cursor[0] && n < N);
        CHECK_INT(n, N);
        CHECK(!cursor[0]);
    }
    rig_close(&g);
}

static void in_bulk(void)
{
    struct rig g;
    REQUIRE(rig_open(&g, NULL));
    int64_t a = made(&g, "inspection", "{\"title\":\"a\"}");
    int64_t b = made(&g, "inspection", "{\"title\":\"b\"}");
    ask(&g, "li", "record.bulk",
        "{\"register\":\"inspection\",\"records\":[{\"record\":%lld,\"version\":1},{\"record\":%"
        "lld,"
        "\"version\":7},{\"record\":5,\"version\":1}],\"fields\":{\"level\":\"major\"}}",
        (long long)a, (long long)b);
    CHECK(rig_ok(&g) && rig_int(&g, "done") == 1);
    CHECK_INT(kt_json_len(kt_json_get(kt_json_get(g.verdict, "result"), "refused")), 2);
    CHECK_INT(rig_sql(&g, "SELECT count(*) FROM inspection WHERE level = 'major'"), 1);
    static const char rows[] =
        "{\"rows\":[{\"row\":2,\"fields\":{\"no\":\"X-1\",\"name\":\"泵\"}},{\"row\":3,\"fields\":{"
        "\"no\":\"X-2\",\"name\":\"阀\"}}]}";
    static const char bad[] =
        "{\"rows\":[{\"row\":2,\"fields\":{\"no\":\"X-3\",\"name\":\"泵\"}},{\"row\":3,\"fields\":{"
        "\"no\":\"x 4\",\"name\":\"阀\"}}]}";
    struct kt_hash h;
    struct kt_err err;
    char hex[65], args[200];
    for (int i = 0; i < 2; i++) {
        const char *body = i ? bad : rows;
        CHECK_OK(kt_body_put(g.room->dir, body, strlen(body), &h, &err), &err);
        snprintf(args, sizeof args,
                 "{\"register\":\"equipment\",\"body\":\"%s\",\"name\":\"a.csv\"}",
                 kt_hash_hex(&h, hex));
        rig_ask(&g, "li", "equipment.import", "record.import", args);
        CHECK(i ? rig_refused(&g, "KT_EINVAL", "row 3: No.: it has to look like") : rig_ok(&g));
        CHECK_INT(rig_sql(&g, "SELECT count(*) FROM equipment"), 2);
    }
    rig_close(&g);
}

/* Fields are added and ended; what would strand a value is refused with the count. */
static void upgrades(void)
{
    static const char head[] = "registers:\n  - id: well\n    title: {zh: 井}\n    key: no\n"
                               "    everywhere: true\n    fields:\n"
                               "      - {id: no, type: text, title: {zh: 号}, required: true}\n";
    static const struct {
        const char *more, *says; /* NULL: fits */
    } steps[] = {
        {"      - {id: depth, type: number, title: {zh: 深}}\n"
         "      - {id: kind, type: enum, title: {zh: 类}, values: [{id: b, title: {zh: 乙}}]}\n",
         "well.kind: 1 record has a value that is not declared"},
        {"      - {id: depth, type: text, title: {zh: 深}}\n",
         "well.depth was a number and is declared as a text, and 1 record has a value"},
        {"", "well.depth is not declared any more, and 1 record has a value"},
        {"      - {id: depth, type: number, ended: true, title: {zh: 深}}\n"
         "      - {id: kind, type: enum, title: {zh: 类}, values: [{id: a, ended: true, title: "
         "{zh: "
         "甲}}, {id: b, title: {zh: 乙}}]}\n"
         "      - {id: unused, type: date, title: {zh: 用}}\n"
         "      - {id: twice, type: computed, as: number, sql: \"depth * 2\", title: {zh: 倍}}\n",
         NULL},
    };
    struct rig g;
    char yaml[2000], dir[300];
    struct kt_err err = {0};
    snprintf(yaml, sizeof yaml,
             "%s      - {id: depth, type: number, title: {zh: 深}}\n"
             "      - {id: kind, type: enum, title: {zh: 类}, values: [{id: a, title: {zh: 甲}}]}\n"
             "      - {id: unused, type: text, title: {zh: 用}}\n",
             head);
    REQUIRE(rig_open(&g, yaml));
    snprintf(dir, sizeof dir, "%s/data", g.dir);
    made(&g, "well", "{\"no\":\"W1\",\"depth\":21,\"kind\":\"a\"}");
    for (size_t i = 0; i < KT_ARRAY_LEN(steps); i++) {
        struct kt_site *site = g.site;
        struct kt_record_model *model = g.model;
        snprintf(yaml, sizeof yaml, "%s%s", head, steps[i].more);
        rig_put(&g, "registers/test.yaml", yaml);
        REQUIRE(rig_load(&g));
        int r = kt_room_fits(dir, g.model, &err);
        int m = kt_room_model(g.room, g.site, g.model, &err);
        CHECK_INT(r, steps[i].says ? KT_ECONFLICT : KT_OK);
        CHECK_INT(m, r);
        if (steps[i].says && !strstr(err.text, steps[i].says)) {
            printf("# said: %s\n", err.text);
            CHECK(!"says");
        }
        kt_record_model_unref(model);
        kt_site_unref(site);
    }
    CHECK_INT(rig_sql(&g, "SELECT twice FROM well"), 42);
    ask(&g, "li", "record.set",
        "{\"record\":1000,\"version\":1,\"fields\":{\"unused\":\"2026-05-06\"}}");
    CHECK(rig_ok(&g));
    ask(&g, "li", "record.set", "{\"record\":1000,\"version\":2,\"fields\":{\"depth\":3}}");
    CHECK(rig_refused(&g, "KT_EINVAL", "the field is ended"));
    rig_close(&g);
}

static void cutting(void)
{
    struct kt_buf b;
    kt_buf_init(&b, 0);
    search_cut(KT_STR("瓦斯 CH4％a"), false, &b);
    CHECK_STR(kt_buf_cstr(&b), " 瓦 瓦斯 斯 ch4 a");
    kt_buf_clear(&b);
    CHECK(search_question("泵 抽采泵 Pum", &b));
    CHECK_STR(kt_buf_cstr(&b), "\"泵\" AND \"抽采\" AND \"采泵\" AND \"pum\"*");
    kt_buf_done(&b);
}

UNIT_MAIN({"every type of field", every_type},
          {"what is refused, in two languages", what_is_refused},
          {"two editors of one record", two_editors}, {"a key again", a_key_again},
          {"sources that disagree", sources_disagree}, {"valid when, known when", two_times},
          {"merging", merging}, {"files", files}, {"text is cut into words", cutting},
          {"searching", searching}, {"who sees what", who_sees_what}, {"pages", pages},
          {"in bulk and imported", in_bulk}, {"upgrades of registers", upgrades})
