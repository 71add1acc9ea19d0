/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/yaml.h"

#include "unit.h"

struct sink {
    char text[4096];
    struct kt_problems p;
};

static void collect(void *arg, const struct kt_err *at)
{
    struct sink *s = arg;
    char line[600];
    size_t n = strlen(s->text);
    snprintf(s->text + n, sizeof(s->text) - n, "%s\n", kt_err_str(at, line, sizeof(line)));
}

static struct kt_arena *arena;
static struct sink sink;

static struct kt_yaml *parse(const char *text)
{
    struct kt_yaml *root = NULL;
    struct kt_err err;
    kt_arena_free(arena);
    arena = kt_arena_new(0);
    sink = (struct sink){.p = {collect, &sink, 0}};
    int r = kt_yaml_parse(arena, kt_str_c(text), "f.yaml", &sink.p, &root, &err);
    if (r < 0) {
        kt_err_str(&err, sink.text, sizeof(sink.text));
        return NULL;
    }
    return root;
}

static void reads_a_tree_with_positions(void)
{
    struct kt_yaml *m = parse("id: x1\n"
                              "list: [1, 2.5, {a: b}]\n"
                              "瓦斯: 'it''s'\n"
                              "rules:\n"
                              "  - raise: |\n"
                              "\n"
                              "      self >= 1\n"
                              "  - raise: \"self\"\n");
    REQUIRE(m);
    CHECK_INT(kt_yaml_count(m), 4);
    CHECK_STR(kt_yaml_key(m, 2), "瓦斯");
    CHECK_STR(kt_yaml_text(kt_yaml_get(m, "瓦斯")), "it's");
    CHECK_INT(kt_yaml_col(kt_yaml_get(m, "瓦斯")), 5);
    struct kt_yaml *list = kt_yaml_list(m, "list", KT_REQUIRED);
    CHECK_INT(kt_yaml_count(list), 3);
    CHECK_INT(kt_yaml_col(kt_yaml_at(list, 1)), 11);
    CHECK_INT(kt_yaml_kind(kt_yaml_at(list, 2)), KT_YAML_MAP);
    CHECK(kt_yaml_at(list, 3) == NULL);
    double v = 0;
    CHECK(kt_yaml_as_num(kt_yaml_at(list, 1), "x", &v));
    CHECK_NEAR(v, 2.5, 0);
    int line, col;
    struct kt_yaml *rules = kt_yaml_get(m, "rules");
    kt_yaml_text_at(kt_yaml_get(kt_yaml_at(rules, 0), "raise"), &line, &col);
    CHECK_INT(line, 7);
    CHECK_INT(col, 7);
    kt_yaml_text_at(kt_yaml_get(kt_yaml_at(rules, 1), "raise"), &line, &col);
    CHECK_INT(line, 8);
    CHECK_INT(col, 13);
    CHECK_INT(sink.p.n, 0);
}

static void refuses_what_is_outside_the_subset(void)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"a: &x 1\n", "f.yaml:1:4: anchors (&) and tags (!) are not allowed here"},
        {"a: *x\n", "f.yaml:1:4: aliases (*) are not allowed; quote a text that begins with *"},
        {"a: !!int 1\n", "f.yaml:1:4: anchors (&) and tags (!) are not allowed here"},
        {"a: !t [1]\n", "f.yaml:1:4: anchors (&) and tags (!) are not allowed here"},
        {"b: &q {a: 1}\n", "f.yaml:1:4: anchors (&) and tags (!) are not allowed here"},
        {"%YAML 1.1\n---\na: 1\n", "f.yaml:1:1: directives (%) are not allowed; remove the line"},
        {"a: 1\n---\nb: 2\n",
         "f.yaml:2:1: a second document begins here; a file holds one, remove the ---"},
        {"a: 1\nb: 2\n  \nc: {x: 1, y: 2, x: 3}\n",
         "f.yaml:4:17: key \"x\" stands here a second time; the first is on line 4, keep one"},
        {"a: 1\nb: 1\na: 2\n",
         "f.yaml:3:1: key \"a\" stands here a second time; the first is on line 1, keep one"},
        {"[a]: 1\n", "f.yaml:1:1: a key must be a plain text, not a list or map"},
        {"a: \xff\n", "f.yaml:1:4: not UTF-8; save the file as UTF-8"},
        {"a: \"x\\0y\"\n", "f.yaml:1:4: a text cannot hold \\0"},
        {"a: [1, 2\n", "f.yaml:2:1: did not find expected ',' or ']' (while parsing a flow "
                       "sequence that begins on line 1)"},
        {"a: b: c\n", "f.yaml:1:5: mapping values are not allowed in this context"},
    };
    for (size_t i = 0; i < KT_ARRAY_LEN(cases); i++) {
        CHECK(parse(cases[i].text) == NULL);
        CHECK_STR(sink.text, cases[i].want);
    }
}

static void bounds_depth(void)
{
    char deep[200];
    size_t n = 0;
    for (int i = 0; i < KT_YAML_MAX_DEPTH; i++) {
        deep[n++] = '[';
    }
    for (int i = 0; i < KT_YAML_MAX_DEPTH; i++) {
        deep[n++] = ']';
    }
    deep[n] = '\0';
    CHECK(parse(deep) != NULL);
    memmove(deep + 1, deep, n + 1);
    deep[0] = '[';
    deep[n + 1] = ']';
    deep[n + 2] = '\0';
    CHECK(parse(deep) == NULL);
    CHECK_STR(sink.text, "f.yaml:1:33: nested too deep; at most 32 levels");
}

static void empty_is_an_empty_map(void)
{
    static const char *const texts[] = {"", "# only this\n", "\xef\xbb\xbf", "---\n"};
    for (size_t i = 0; i < 3; i++) {
        struct kt_yaml *m = parse(texts[i]);
        REQUIRE(m);
        CHECK_INT(kt_yaml_kind(m), KT_YAML_MAP);
        CHECK_INT(kt_yaml_count(m), 0);
    }
    REQUIRE(parse(texts[3]));
    CHECK(kt_yaml_is_null(parse(texts[3])));
}

static void reads_types_by_key(void)
{
    struct kt_yaml *m = parse("s: text\nn: -1.5e1\ni: 42\nb: true\nd: 2min\nz: 0\nc: high\n"
                              "t: \"16:30\"\nl: [a, b]\nx: {zh: 瓦斯}\ny: {zh: 风, en: air}\n");
    REQUIRE(m);
    const char *s = NULL, *zh = NULL, *en = NULL;
    double n = 0;
    int64_t i = 0, d = 0;
    bool b = false;
    int c = -1, t = 0;
    const char *const words[] = {"low", "high"};
    const char *const *strs = NULL;
    uint32_t strs_n = 0;
    CHECK(kt_yaml_str(m, "s", KT_REQUIRED, &s) && strcmp(s, "text") == 0);
    CHECK(kt_yaml_num(m, "n", KT_REQUIRED, &n) && n == -15.0);
    CHECK(kt_yaml_int(m, "i", KT_REQUIRED, 0, 42, &i) && i == 42);
    CHECK(kt_yaml_bool(m, "b", KT_REQUIRED, &b) && b);
    CHECK(kt_yaml_duration(m, "d", KT_REQUIRED, &d) && d == INT64_C(120000000000));
    CHECK(kt_yaml_duration(m, "z", KT_REQUIRED, &d) && d == 0);
    CHECK(kt_yaml_choice(m, "c", KT_REQUIRED, words, 2, &c) && c == 1);
    CHECK(kt_yaml_clock(m, "t", KT_REQUIRED, &t) && t == 16 * 3600 + 1800);
    CHECK(kt_yaml_strs(m, "l", KT_REQUIRED, arena, &strs, &strs_n) && strs_n == 2);
    CHECK_STR(strs[1], "b");
    CHECK(kt_yaml_text2(m, "x", KT_REQUIRED, &zh, &en));
    CHECK_STR(en, "瓦斯");
    CHECK(kt_yaml_text2(m, "y", KT_REQUIRED, &zh, &en));
    CHECK_STR(en, "air");
    CHECK(!kt_yaml_str(m, "absent", KT_OPTIONAL, &s));
    kt_yaml_unknown(m);
    CHECK_STR(sink.text, "");
}

static void reports_every_wrong_type(void)
{
    struct kt_yaml *m =
        parse("s: [1]\nn: abc\ni: 43\nj: 1.5\nb: yes\nd: 5 years\nc: hihg\nq: \"1\"\n"
              "t: 25:00\nl: {a: 1}\ne:\nx: {en: air}\nw: word\n");
    REQUIRE(m);
    const char *s, *zh, *en;
    double n;
    int64_t i;
    bool b;
    int c;
    const char *const words[] = {"low", "high"};
    CHECK(!kt_yaml_str(m, "s", KT_REQUIRED, &s));
    CHECK(!kt_yaml_num(m, "n", KT_REQUIRED, &n));
    CHECK(!kt_yaml_int(m, "i", KT_REQUIRED, 0, 42, &i));
    CHECK(!kt_yaml_int(m, "j", KT_REQUIRED, 0, 42, &i));
    CHECK(!kt_yaml_bool(m, "b", KT_REQUIRED, &b));
    CHECK(!kt_yaml_duration(m, "d", KT_REQUIRED, &i));
    CHECK(!kt_yaml_choice(m, "c", KT_REQUIRED, words, 2, &c));
    CHECK(!kt_yaml_num(m, "q", KT_REQUIRED, &n));
    CHECK(!kt_yaml_clock(m, "t", KT_REQUIRED, &c));
    CHECK(!kt_yaml_list(m, "l", KT_REQUIRED));
    CHECK(!kt_yaml_str(m, "e", KT_REQUIRED, &s));
    CHECK(!kt_yaml_text2(m, "x", KT_REQUIRED, &zh, &en));
    CHECK(!kt_yaml_text2(m, "w", KT_REQUIRED, &zh, &en));
    CHECK(!kt_yaml_str(m, "gone", KT_REQUIRED, &s));
    CHECK_STR(sink.text,
              "f.yaml:1:4: \"s\" must be a text, not a list\n"
              "f.yaml:2:4: \"n\" must be a number, not \"abc\"\n"
              "f.yaml:3:4: \"i\" is 43; it must be from 0 to 42\n"
              "f.yaml:4:4: \"j\" must be a whole number, not \"1.5\"\n"
              "f.yaml:5:4: \"b\" must be true or false, not \"yes\"\n"
              "f.yaml:6:4: \"d\" must be a duration such as 500ms, 20s, 5min, 8h or 30d, not \"5 "
              "years\"\n"
              "f.yaml:7:4: \"c\" cannot be \"hihg\"; did you mean \"high\"? One of: low, high\n"
              "f.yaml:8:4: \"q\" must be a number; write it without quotes\n"
              "f.yaml:9:4: \"t\" must be a time of day in quotes such as \"08:00\", not \"25:00\"\n"
              "f.yaml:10:4: \"l\" must be a list, not a map\n"
              "f.yaml:11:3: \"e\" has no value; it must be a text\n"
              "f.yaml:12:4: \"zh\" is missing; add it\n"
              "f.yaml:13:4: \"w\" must be a text in two languages, {zh: …, en: …}, not \"word\"\n"
              "f.yaml:1:1: \"gone\" is missing; add it\n");
    CHECK_INT(sink.p.n, 14);
}

static void names_unknown_keys(void)
{
    struct kt_yaml *m = parse("id: a\ntitel: b\nqqq: 1\n");
    REQUIRE(m);
    const char *s;
    kt_yaml_str(m, "id", KT_OPTIONAL, &s);
    kt_yaml_str(m, "title", KT_OPTIONAL, &s);
    kt_yaml_str(m, "short", KT_OPTIONAL, &s);
    kt_yaml_unknown(m);
    CHECK_STR(sink.text, "f.yaml:2:1: unknown key \"titel\"; did you mean \"title\"?\n"
                         "f.yaml:3:1: unknown key \"qqq\"; possible here: title, short\n");
}

UNIT_MAIN({"reads a tree with positions", reads_a_tree_with_positions},
          {"refuses what is outside the subset", refuses_what_is_outside_the_subset},
          {"bounds depth", bounds_depth}, {"empty is an empty map", empty_is_an_empty_map},
          {"reads types by key", reads_types_by_key},
          {"reports every wrong type", reports_every_wrong_type},
          {"names unknown keys", names_unknown_keys})
