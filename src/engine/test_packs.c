/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cases of the shipped packs, run by the engine: given these events, expect these outcomes.
 * docs/howto/add-a-pack.md has the form of a case and what its runner does.
 */
#include "engine/engine.h"
#include "site/test_fixture.h"

#include "conf/json.h"
#include "conf/yaml.h"

enum { MOST = 20000 };
#define START     (INT64_C(1767225600) * KT_SEC) /* 2026-01-01T00:00:00Z */
#define LONG_WAIT 3600000

struct given {
    int64_t at;
    uint32_t turn; /* of a repeated line */
    const struct kt_json *line;
};

struct heard {
    int64_t at;
    struct kt_json *json;
    bool used;
};

static struct fixture x;
static struct kt_engine *engine;
static kt_seq seq;
static int64_t clock_ms;
static struct given given[MOST];
static uint32_t given_n;
static struct heard heard[MOST];
static uint32_t heard_n;
static struct kt_json *lines[MOST];
static uint32_t lines_n;

static void hear(void *arg, struct kt_str json)
{
    (void)arg;
    KT_ASSERT(heard_n < MOST);
    struct heard *h = &heard[heard_n++];
    h->at = clock_ms;
    h->used = false;
    CHECK_OK(kt_json_parse(json, 0, &h->json, &x.err), &x.err);
}

static void apply(enum kt_event_kind kind, const void *body, size_t n)
{
    struct kt_event ev = {.seq = ++seq,
                          .time = START + clock_ms * KT_MS,
                          .kind = kind,
                          .origin = KT_STR("case"),
                          .body = {body, n}};
    kt_engine_apply(engine, &ev);
}

static void tick(int64_t at)
{
    clock_ms = at;
    kt_time t = START + at * KT_MS;
    apply(KT_EV_TICK, &t, sizeof t);
}

/* A tick a second up to `at`, and one at it. */
static void time_to(int64_t at)
{
    if (at - clock_ms > LONG_WAIT) {
        tick(at);
        return;
    }
    for (int64_t t = (clock_ms / 1000 + 1) * 1000; t < at; t += 1000) {
        tick(t);
    }
    tick(at);
}

static void batch(const struct kt_json *list, uint32_t turn)
{
    enum { MOST_SAMPLES = 64 };
    uint32_t p[MOST_SAMPLES], n = 0;
    kt_time t[MOST_SAMPLES];
    double v[MOST_SAMPLES];
    kt_quality q[MOST_SAMPLES];
    for (size_t i = 0; i < kt_json_len(list) && n < MOST_SAMPLES; i++, n++) {
        const struct kt_json *s = kt_json_at(list, i), *value = kt_json_get(s, "value");
        p[n] = point(&x, kt_json_get_str(s, "point", "")).v;
        t[n] = START + clock_ms * KT_MS;
        if (kt_json_arr(value)) {
            value = kt_json_at(value, turn % kt_json_len(value));
        }
        CHECK(kt_json_num(value, &v[n]));
        CHECK(kt_quality_of(kt_json_get_str(s, "quality", "normal"), &q[n]));
    }
    struct kt_samples s = {n, p, t, v, q};
    kt_engine_samples(engine, ++seq, START + clock_ms * KT_MS, KT_STR("case"), &s);
}

static void body_of(const struct kt_json *v, enum kt_event_kind kind)
{
    struct kt_buf b;
    kt_buf_init(&b, 0);
    struct kt_jw w = kt_jw_init(&b);
    kt_json_write(v, &w);
    apply(kind, b.p, b.n);
    kt_buf_done(&b);
}

static void play(const struct given *g)
{
    static const struct {
        const char *key;
        enum kt_event_kind kind;
    } kinds[] = {{"request", KT_EV_REQUEST}, {"answer", KT_EV_ANSWER}, {"link", KT_EV_LINK}};
    time_to(g->at);
    if (kt_json_get(g->line, "samples")) {
        batch(kt_json_get(g->line, "samples"), g->turn);
    }
    for (size_t i = 0; i < KT_ARRAY_LEN(kinds); i++) {
        if (kt_json_get(g->line, kinds[i].key)) {
            body_of(kt_json_get(g->line, kinds[i].key), kinds[i].kind);
        }
    }
}

static void read_lines(const char *path)
{
    const char *text = text_of(&x, path);
    while (*text) {
        size_t n = strcspn(text, "\n");
        struct kt_json *o = NULL;
        CHECK_OK(kt_json_parse((struct kt_str){text, n}, 0, &o, &x.err), &x.err);
        if (o && lines_n < MOST) {
            lines[lines_n++] = o;
        }
        text += n + (text[n] == '\n');
    }
}

static void forget_lines(void)
{
    for (uint32_t i = 0; i < lines_n; i++) {
        kt_json_free(lines[i]);
    }
    lines_n = 0;
}

static int by_time(const void *a, const void *b)
{
    const struct given *g = a, *h = b;
    if (g->at != h->at) {
        return g->at < h->at ? -1 : 1;
    }
    for (uint32_t i = 0; i < lines_n; i++) {
        if (lines[i] == g->line || lines[i] == h->line) {
            return g->line == h->line ? 0 : lines[i] == g->line ? -1 : 1;
        }
    }
    return 0;
}

static void schedule(void)
{
    given_n = 0;
    for (uint32_t i = 0; i < lines_n; i++) {
        int64_t from = kt_json_get_int(lines[i], "from", kt_json_get_int(lines[i], "at", 0));
        int64_t to = kt_json_get_int(lines[i], "to", from);
        int64_t every = kt_json_get_int(lines[i], "every", 1);
        for (uint32_t turn = 0; from <= to && given_n < MOST; from += every, turn++) {
            given[given_n++] = (struct given){from, turn, lines[i]};
        }
    }
    qsort(given, given_n, sizeof *given, by_time);
}

static bool same(const struct kt_json *want, const struct kt_json *got);

static bool has_all(const struct kt_json *want, const struct kt_json *got)
{
    struct kt_json_iter it = {0};
    while (kt_json_next(want, &it)) {
        bool time = strcmp(it.key, "at") == 0;
        if (!time && !same(it.value, kt_json_get(got, it.key))) {
            return false;
        }
    }
    return true;
}

static bool same(const struct kt_json *want, const struct kt_json *got)
{
    double a, b;
    bool t, u;
    if (kt_json_num(want, &a)) {
        return kt_json_num(got, &b) && a - b < 1e-9 && b - a < 1e-9;
    }
    if (kt_json_bool(want, &t)) {
        return kt_json_bool(got, &u) && t == u;
    }
    if (kt_json_str(want)) {
        return kt_str_eq(kt_json_strn(want), kt_json_strn(got));
    }
    return kt_json_obj(want) && has_all(want, got);
}

static bool expect_line(const struct kt_json *want, int64_t *not_before)
{
    const struct kt_json *absent = kt_json_get(want, "absent");
    int64_t at = kt_json_get_int(want, "at", -1);
    int64_t from = kt_json_get_int(want, "from", 0), to = kt_json_get_int(want, "to", INT64_MAX);
    for (uint32_t i = 0; i < heard_n; i++) {
        struct heard *h = &heard[i];
        if (absent && h->at >= from && h->at <= to && has_all(absent, h->json)) {
            return false;
        }
        if (!absent && !h->used && h->at >= *not_before && (at < 0 || at == h->at) &&
            has_all(want, h->json)) {
            h->used = true;
            *not_before = h->at;
            return true;
        }
    }
    return absent != NULL;
}

static void print_json(const char *what, int64_t at, const struct kt_json *v)
{
    struct kt_buf b;
    kt_buf_init(&b, 0);
    struct kt_jw w = kt_jw_init(&b);
    kt_json_write(v, &w);
    printf("# %s %lld %s\n", what, (long long)at, kt_buf_cstr(&b));
    kt_buf_done(&b);
}

static void explain(const char *dir, const struct kt_json *want)
{
    const struct kt_json *absent = kt_json_get(want, "absent");
    const char *type = kt_json_get_str(absent ? absent : want, "type", "");
    printf("# %s\n", dir);
    print_json("wanted", 0, want);
    for (uint32_t i = 0; i < heard_n; i++) {
        if (strcmp(kt_json_get_str(heard[i].json, "type", ""), type) == 0) {
            print_json("  heard", heard[i].at, heard[i].json);
        }
    }
}

static void compare(const char *dir)
{
    int64_t not_before = 0;
    for (uint32_t i = 0; i < lines_n; i++) {
        if (!expect_line(lines[i], &not_before)) {
            explain(dir, lines[i]);
            CHECK(!"as expected");
            return;
        }
    }
}

static void run_case(const char *dir)
{
    struct kt_live *live = kt_live_new(x.s->points_n);
    struct kt_engine_out out = {.outcome = hear};
    CHECK_OK(kt_engine_new(x.s, live, &out, &engine, &x.err), &x.err);
    seq = 0;
    clock_ms = -1000;
    read_lines(kt_arena_printf(x.a, "%s/given.jsonl", dir));
    schedule();
    for (uint32_t i = 0; i < given_n; i++) {
        play(&given[i]);
    }
    forget_lines();
    read_lines(kt_arena_printf(x.a, "%s/expect.jsonl", dir));
    compare(dir);
    forget_lines();
    for (uint32_t i = 0; i < heard_n; i++) {
        kt_json_free(heard[i].json);
    }
    heard_n = 0;
    kt_engine_free(engine);
    kt_live_free(live);
}

static void write_text(const struct kt_yaml *root, const char *key, const char *file)
{
    const char *text = NULL;
    if (kt_yaml_str(root, key, KT_OPTIONAL, &text)) {
        put(&x, file, text);
    }
}

static void one_case(const char *pack, const char *name)
{
    struct kt_yaml *root = NULL;
    struct kt_problems problems = {0};
    setup(&x);
    char *dir = kt_arena_printf(x.a, "%s/%s/test/%s", x.packs, pack, name);
    char *file = kt_arena_printf(x.a, "%s/case.yaml", dir);
    CHECK_OK(kt_yaml_read(x.a, file, file, &problems, &root, &x.err), &x.err);
    if (root) {
        write_text(root, "site", "site.yaml");
        write_text(root, "places", "places.csv");
        write_text(root, "points", "points.csv");
        write_text(root, "limits", "limits/case.yaml");
        write_text(root, "rules", "rules/case.yaml");
        if (load(&x, NULL) == KT_OK) {
            run_case(dir);
        } else {
            print_findings(&x);
            CHECK(!"loads");
        }
    }
    teardown(&x);
}

static void cases_of(const char *pack)
{
    struct fixture list;
    char **names = NULL;
    size_t n = 0;
    setup(&list);
    char *dir = kt_arena_printf(list.a, "%s/%s/test", list.packs, pack);
    CHECK_OK(kt_dir_list(dir, list.a, &names, &n, &list.err), &list.err);
    CHECK(n > 10);
    const char *only = getenv("KT_CASE");
    for (size_t i = 0; i < n; i++) {
        if (!only || strcmp(only, names[i]) == 0) {
            one_case(pack, names[i]);
        }
    }
    teardown(&list);
}

static void core(void)
{
    cases_of("core");
}

static void gas(void)
{
    cases_of("gas");
}

UNIT_MAIN({"cases of core", core}, {"cases of gas", gas})
