/* SPDX-License-Identifier: Apache-2.0 */
/* What `check` says of workflows, ledgers, calendars and indicators that do not fit. */
#include "record/test_room.h"

static const char registers[] =
    "registers:\n"
    "  - {id: thing, title: {zh: 物, en: Thing}, key: no, everywhere: true,%s\n"
    "     fields: [{id: no, type: text, title: {zh: 号, en: No}}, "
    "{id: day, type: date, title: {zh: 日, en: Day}}]}\n";

/* Load a site with this text; are there errors that hold each of the words? */
static void finds(const char *yaml, const char *const *words, int n)
{
    struct rig g = {0};
    struct kt_err err;
    char packs[300], text[900];
    struct kt_buf all;
    const char *source = getenv("KT_SOURCE");
    struct kt_findings *f = kt_findings_new(100);
    kt_buf_init(&all, 0);
    CHECK_OK(kt_dir_temp("kt-check", g.dir, sizeof g.dir, &err), &err);
    rig_put(&g, "site.yaml",
            "id: rig\nname: {zh: 试验, en: Rig}\nsimulation: true\ngas_class: low\nlinks: []\n"
            "packs: [core]\n");
    rig_put(&g, "places.csv", "id,parent,kind,name\nmine,,mine,矿\n");
    rig_put(&g, "points.csv", "id,name,role,place,range_lo,range_hi\n");
    snprintf(text, sizeof text, registers, strstr(yaml, "workflows:") ? " workflow: w," : "");
    rig_put(&g, "registers/r.yaml", text);
    rig_put(&g, "registers/test.yaml", yaml);
    snprintf(packs, sizeof packs, "%s/packs", source ? source : ".");
    int r = kt_site_load(g.dir, packs, NULL, f, &g.site, &err);
    CHECK_OK(r, &err);
    r = r < 0 ? r : kt_record_model_load(g.site, f, &g.model, &err);
    CHECK_INT(r, KT_EINVAL);
    for (size_t i = 0; kt_findings_get(f, i); i++) {
        if (kt_findings_get(f, i)->level == KT_FIND_ERROR) {
            kt_buf_printf(&all, "%s\n", kt_err_str(&kt_findings_get(f, i)->at, text, sizeof text));
        }
    }
    for (int i = 0; i < n; i++) {
        if (!strstr(kt_buf_cstr(&all), words[i])) {
            printf("# not said: %s; but:\n# %s", words[i], kt_buf_cstr(&all));
            unit_bad++;
        }
    }
    kt_buf_done(&all);
    kt_findings_free(f);
    kt_record_model_unref(r < 0 ? NULL : g.model);
    kt_site_unref(g.site);
    kt_dir_remove(g.dir);
}
#define FINDS(yaml, ...)                                                                           \
    do {                                                                                           \
        static const char *const words_[] = {__VA_ARGS__};                                         \
        finds(yaml, words_, (int)(sizeof words_ / sizeof *words_));                                \
    } while (0)

#define STATES                                                                                     \
    "workflows:\n  - id: w\n    title: {zh: 流, en: W}\n    states:\n"                            \
    "      - {id: a, title: {zh: 甲, en: A}, kind: start}\n"                                      \
    "      - {id: b, title: {zh: 乙, en: B}, kind: active}\n"                                     \
    "      - {id: z, title: {zh: 终, en: Z}, kind: done}\n    transitions:\n"
#define GO(id, from, to, more)                                                                     \
    "      - {id: " id ", title: {zh: 走, en: Go}, from: [" from "], to: " to more "}\n"

static void a_state_without_an_end(void)
{
    FINDS(STATES GO("x", "a", "b", "") GO("y", "b", "a", ""), "from state \"a\" no way leads",
          "from state \"b\" no way leads", "nothing leads to state \"z\"");
    FINDS(STATES GO("x", "a", "z", ""), "nothing leads to state \"b\"",
          "from state \"b\" no way leads");
}

#define CLAUSE(more)                                                                                 \
    "provisions:\n  - {id: p, register: thing, title: {zh: 条, en: P}, modality: must, text: 应, " \
    "source: {standard: S, verified: false}" more "}\n"

static void a_provision_that_cannot_be(void)
{
    FINDS(CLAUSE(", when: \"day IS NULL\""), "make an unknown fact look known");
    FINDS(CLAUSE(", when: \"coalesce(no, 'x') = 'x'\""), "make an unknown fact look known");
    FINDS(CLAUSE(", when: \"1 = 1\""), "reads no field of thing");
    FINDS(CLAUSE(", when: \"no > > 'x'\""), "syntax error");
    FINDS(CLAUSE(", when: \"no = (day) AND daz = 1\""), "daz");
    FINDS(CLAUSE(", when: {some: [no]}"), "a condition is SQL");
    FINDS(CLAUSE(", when: {any: []}"), "a list of 1 to");
    FINDS(CLAUSE(", met: {register: other, sql: \"SELECT 1\"}"), "there is no register \"other\"");
    FINDS(CLAUSE(", met: {register: thing, sql: \"SELECT random() FROM thing\"}"), "met");
}

static void a_transition_that_cannot_be(void)
{
    FINDS(STATES GO("x", "a", "b", ", needs: [dey], evidence: {day: 1}")
              GO("y", "b", "z", ", due: {field: no}, who: [chief], sign: 10"),
          "no field \"dey\"", "\"day\" is no file", "\"no\" is no date", "\"chief\" is not owner",
          "sign");
    FINDS(STATES GO("x", "a", "b", ", linked: {day: [b]}")
              GO("y", "b", "z", ", linked: {dey: [b]}"),
          "\"day\" has to name a record", "no field \"dey\"");
    FINDS(STATES GO("x", "a", "bb", ", due: {days: 1, hours: 2}") GO("x", "b", "z", ""),
          "unknown state \"bb\"", "days or hours", "is there already");
    FINDS(STATES GO("x", "a", "b", ", who: [owner], sign: 2")
              GO("y", "b", "z", ", receipt: {hours: 2}, owner: given"),
          "2 persons have to sign", "receipt: the case ends here");
}

#define LIMITS(type, second, sql)                                                                  \
    "registers:\n  - id: r\n    title: {zh: 表, en: R}\n    key: no\n    everywhere: true\n"      \
    "    fields:\n      - {id: no, type: text, title: {zh: 号, en: No}}\n"                        \
    "      - {id: v, type: " type ", title: {zh: 值, en: V}, limits: ["                           \
    "{id: low, value: 1, title: {zh: 低, en: Low}, source: {standard: S, verified: false}}, "     \
    "{id: " second                                                                                 \
    ", value: 2, title: {zh: 高, en: High}, source: {standard: S, verified: false}}]}\n"          \
    "      - {id: c, type: computed, as: bool, sql: \"" sql "\", title: {zh: 算, en: C}}\n"

static void limits_that_cannot_be(void)
{
    FINDS(LIMITS("number", "low", "v > :low"), "has two limits \"low\"");
    FINDS(LIMITS("text", "top", "v > :low"), "only a number has limits");
    FINDS(LIMITS("number", "top", "v > :high"), "prohibited");
}

static void cycles_and_calendars(void)
{
    FINDS(STATES GO("x", "a", "b", "")
              GO("y", "b", "z", "") "    cycles:\n      - {id: c, title: {zh: 周, en: C}, every: "
                                    "week, \"on\": monday, at: "
                                    "\"08:00\", register: thign, fields: {x: y}}\n",
          "week takes mon", "no register \"thign\"");
    FINDS("calendars:\n  - {year: 2026, source: {standard: s, verified: false}, off: "
          "[\"2026-02-30\", \"2025-01-01\", \"2026-01-01\"], \"on\": [\"2026-01-01\"]}\n",
          "\"2026-02-30\" is no day", "\"2025-01-01\" is no day of 2026", "listed twice");
}

#define INDICATOR(numerator, more)                                                                 \
    "indicators:\n  - {id: i, title: {zh: 数, en: I}, better: higher, definition: {zh: 义, en: " \
    "D}, numerator: \"" numerator "\"" more "}\n"

static void sql_of_indicators(void)
{
    FINDS(INDICATOR("SELECT count(*) FROM thnig", ""), "no such table");
    FINDS(INDICATOR("SELECT count(*) FROM main.thing", ""), "main");
    FINDS(INDICATOR("SELECT random()", ""), "random");
    FINDS(INDICATOR("SELECT count(*) FROM thing WHERE date('n'||'ow') > '2026'", ""),
          "\"date\" may not stand");
    FINDS(INDICATOR("SELECT value FROM kt_fact", ""), "kt_fact");
    FINDS(INDICATOR("SELECT 1, 2", ""), "one column");
    FINDS(INDICATOR("SELECT :form", ""), "unknown parameter \":form\"");
    FINDS(INDICATOR("SELECT 1", ", value: ratio"), "needs a denominator");
    FINDS(INDICATOR("SELECT 1", ", settings: [{id: place, title: {zh: 设, en: S}, default: 3, "
                                "values: [1, 2]}]"),
          "\"place\" is taken", "default is none");
    FINDS(INDICATOR("DELETE FROM thing", ""), "indicator \"i\", numerator");
}

static void ledgers(void)
{
    FINDS("ledgers:\n  - {id: l, title: {zh: 账, en: L}, unit: t, decimals: 1, accounts: [{id: a, "
          "title: {zh: 甲, en: A}, floor: 0.25}, {id: a, title: {zh: 甲, en: A}}], account_of: "
          "{register: nobody, prefix: \"x-\"}}\n",
          "at most 1 decimals", "account \"a\" is there already", "no register \"nobody\"");
}

/* The examples of a page, one file each. */
static void put_examples(const struct rig *g, const char *page)
{
    struct kt_buf b;
    struct kt_err err;
    char name[64];
    int n = 0;
    kt_buf_init(&b, 1 << 20);
    CHECK_OK(kt_file_read(page, 1 << 20, &b, &err), &err);
    for (char *p = b.p ? (char *)(uintptr_t)kt_buf_cstr(&b) : NULL;
         p && (p = strstr(p, "```yaml\n"));) {
        char *text = p + 8, *end = strstr(text, "\n```");
        REQUIRE(end);
        end[1] = 0;
        snprintf(name, sizeof name, "registers/%d.yaml", n++);
        rig_put(g, name, text);
        p = end + 2;
    }
    CHECK_INT(n, 5);
    kt_buf_done(&b);
}

static void the_page_is_right(const char *page)
{
    struct rig g = {0};
    struct kt_err err;
    char path[300];
    const char *source = getenv("KT_SOURCE");
    CHECK_OK(kt_dir_temp("kt-page", g.dir, sizeof g.dir, &err), &err);
    rig_put(&g, "site.yaml",
            "id: rig\nname: {zh: 试验, en: Rig}\nsimulation: true\ngas_class: low\nlinks: []\n"
            "packs: [core]\n");
    rig_put(&g, "places.csv", "id,parent,kind,name\nmine,,mine,矿\n");
    rig_put(&g, "points.csv", "id,name,role,place,range_lo,range_hi\n");
    snprintf(path, sizeof path, "%s/docs/howto/%s", source ? source : ".", page);
    put_examples(&g, path);
    CHECK(rig_load(&g));
    kt_record_model_unref(g.model);
    kt_site_unref(g.site);
    kt_dir_remove(g.dir);
}

static void pages(void)
{
    the_page_is_right("make-a-register.md");
    the_page_is_right("make-a-register.zh.md");
}

UNIT_MAIN({"a state without an end", a_state_without_an_end},
          {"a transition that cannot be", a_transition_that_cannot_be},
          {"a provision that cannot be", a_provision_that_cannot_be},
          {"limits that cannot be", limits_that_cannot_be},
          {"cycles and calendars", cycles_and_calendars}, {"sql of indicators", sql_of_indicators},
          {"ledgers", ledgers}, {"the examples of the manual load", pages})
