/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random requests of several people, with the room killed at random points (closed before its
 * commit) and opened again. Another room that was never killed has the same digest and gave the
 * same verdicts; what the killed one said, doubles dropped by (cause, k), is the same list.
 */
#include <time.h>

#include "record/test_room.h"

enum { STEPS = 900 };

static uint64_t state;

static uint32_t roll(uint32_t n)
{
    return (uint32_t)(unit_rand(&state) % n);
}

#define PICK(list) ((list)[roll((uint32_t)(sizeof(list) / sizeof *(list)))])

/* What a room said, by cause and k. */
struct said {
    kt_seq cause;
    uint32_t k;
    char *json;
};
struct heard {
    struct said *list;
    size_t n;
    uint64_t doubles;
};

static void hear(void *arg, kt_seq cause, uint32_t k, struct kt_str json)
{
    struct heard *h = arg;
    for (size_t i = h->n; i > 0 && h->list[i - 1].cause >= cause; i--) {
        if (h->list[i - 1].cause == cause && h->list[i - 1].k == k) {
            CHECK(strlen(h->list[i - 1].json) == json.n &&
                  memcmp(h->list[i - 1].json, json.p, json.n) == 0);
            h->doubles++;
            return;
        }
    }
    h->list = realloc(h->list, (h->n + 1) * sizeof *h->list);
    h->list[h->n++] = (struct said){cause, k, strndup(json.p, json.n)};
}

static struct kt_room *open_room(const struct rig *g, const char *dir, struct heard *h)
{
    struct kt_err err = {0};
    struct kt_room *r = NULL;
    const struct kt_room_opts o = {
        .dir = dir, .site = g->site, .model = g->model, .outcome = hear, .arg = h};
    CHECK_OK(kt_room_open(&o, &r, &err), &err);
    return r;
}

static void write_fields(struct kt_buf *b)
{
    static const char *const titles[] = {"顶板", "瓦斯", "水仓", "巷道", ""};
    static const char *const places[] = {"\"A\"", "\"B\"", "\"mine\"", "null", "\"x\""};
    kt_buf_printf(b, "{\"title\":\"%s %u\"", PICK(titles), roll(40));
    if (roll(2)) {
        kt_buf_printf(b, ",\"place\":%s", PICK(places));
    }
    if (roll(3) == 0) {
        kt_buf_printf(b, ",\"depth\":%d", (int)roll(2500) - 20);
    }
    if (roll(3) == 0) {
        kt_buf_printf(b, ",\"fine\":\"%u.%02u\"", roll(1000), roll(100));
    }
    if (roll(4) == 0) {
        kt_buf_printf(b, ",\"level\":\"%s\"", roll(5) ? "major" : "small");
    }
    if (roll(5) == 0) {
        kt_buf_printf(b, ",\"project\":\"P2026-%03u\"", roll(12));
    }
    kt_buf_puts(b, "}");
}

/* A record of those there may be, and nearly always its version. */
static void some_record(const struct rig *g, kt_seq upto, struct kt_buf *b)
{
    int64_t n = 0, id = 0, version = 0;
    struct kt_err err;
    char sql[200];
    (void)upto;
    CHECK_OK(kt_db_int(g->room->w, "SELECT count(*) FROM inspection", &n, &err), &err);
    if (n) {
        snprintf(sql, sizeof sql, "SELECT _id FROM inspection ORDER BY _id LIMIT 1 OFFSET %u",
                 roll((uint32_t)n));
        CHECK_OK(kt_db_int(g->room->w, sql, &id, &err), &err);
        snprintf(sql, sizeof sql, "SELECT _version FROM inspection WHERE _id = %lld",
                 (long long)id);
        CHECK_OK(kt_db_int(g->room->w, sql, &version, &err), &err);
    }
    kt_buf_printf(b, "\"record\":%lld,\"version\":%lld", (long long)id,
                  (long long)(version - (roll(8) == 0)));
}

static void write_args(const struct rig *g, kt_seq upto, struct kt_buf *b, const char **verb)
{
    switch (roll(10)) {
    case 0:
        *verb = "record.create";
        kt_buf_printf(b,
                      "{\"register\":\"project\",\"fields\":{\"title\":\"项目 %u\",\"year\":2026}}",
                      roll(15));
        return;
    case 1:
    case 2:
    case 3:
        *verb = "record.create";
        kt_buf_puts(b, "{\"register\":\"inspection\",\"fields\":");
        write_fields(b);
        break;
    case 4:
        *verb = roll(2) ? "record.end" : "record.reopen";
        kt_buf_puts(b, "{\"reason\":\"x\",");
        some_record(g, upto, b);
        break;
    case 5:
        *verb = "record.resolve";
        kt_buf_printf(b, "{\"field\":\"depth\",\"fact\":%u,", roll(3000) + 1);
        some_record(g, upto, b);
        break;
    case 6:
        *verb = "record.attach";
        kt_buf_printf(b,
                      "{\"field\":\"photos\",\"hash\":\"%064x\",\"name\":\"a.jpg\",\"type\":"
                      "\"image/jpeg\",\"size\":3,",
                      roll(99));
        some_record(g, upto, b);
        break;
    case 7:
        *verb = "record.bulk";
        kt_buf_puts(b, "{\"register\":\"inspection\",\"records\":[{");
        some_record(g, upto, b);
        kt_buf_puts(b, "},{");
        some_record(g, upto, b);
        kt_buf_puts(b, "}],\"fields\":");
        write_fields(b);
        break;
    default:
        *verb = "record.set";
        kt_buf_puts(b, "{");
        some_record(g, upto, b);
        kt_buf_printf(b, ",\"source\":\"%s\",\"fields\":", roll(2) ? "" : "测井");
        write_fields(b);
    }
    if (roll(5) == 0) {
        kt_buf_printf(b, ",\"since\":%lld",
                      (long long)((g->now - (kt_time)roll(20000) * KT_SEC) / KT_MS));
    }
    kt_buf_puts(b, "}");
}

static char *request(const struct rig *g, kt_seq upto)
{
    static const char *const users[] = {"li", "wang", "zhao"};
    static const char *const places[] = {"\"*\"", "\"*\"", "\"A\""};
    static const char *const rights[] = {"\"record.write\",\"inspection.money\",\"record.merge\"",
                                         "\"record.write\"", "\"record.read\""};
    struct kt_buf b, args;
    const char *verb = "";
    kt_buf_init(&b, 0);
    kt_buf_init(&args, 0);
    write_args(g, upto, &args, &verb);
    kt_buf_printf(
        &b,
        "{\"verb\":\"%s\",\"args\":%s,\"key\":\"%s%u\",\"by\":{\"user\":\"%s\",\"places\":[%s],"
        "\"rights\":[%s]}}",
        verb, kt_buf_cstr(&args), roll(10) ? "" : "k", roll(10) ? 0 : roll(20), PICK(users),
        PICK(places), roll(4) ? rights[0] : PICK(rights));
    char *text = strdup(kt_buf_cstr(&b));
    kt_buf_done(&b);
    kt_buf_done(&args);
    return text;
}

static void free_heard(struct heard *h)
{
    for (size_t i = 0; i < h->n; i++) {
        free(h->list[i].json);
    }
    free(h->list);
}

/* Apply what is behind the room, killing it now and then. */
static struct kt_room *live(struct rig *g, struct kt_room *r, const char *dir, struct heard *h,
                            uint64_t *kills)
{
    struct kt_err err = {0};
    struct rig one = *g;
    kt_seq at = kt_room_seq(r);
    while (at < g->seq) {
        one.room = r;
        rig_apply(&one, g, at++);
        if (roll(60) == 0) { /* before the commit: all since the last one is gone */
            kt_room_close(r);
            r = open_room(g, dir, h);
            CHECK_OK(kt_room_unsettled(r, &err), &err);
            at = kt_room_seq(r);
            (*kills)++;
        } else if (roll(4) == 0) {
            CHECK_OK(kt_room_commit(r, &err), &err);
        } else if (roll(20) == 0 && at > 5) {
            CHECK_OK(kt_room_settled(r, at - 5, &err), &err);
        }
    }
    return r;
}

/* ---- as it stood ---- */

static void items_of(const struct kt_json *list, struct kt_buf *out)
{
    const struct kt_json *items = kt_json_get(list, "items");
    struct kt_jw w = kt_jw_init(out);
    kt_jw_arr(&w);
    for (size_t i = 0; i < kt_json_len(items); i++) {
        const struct kt_json *one = kt_json_at(items, i);
        kt_jw_int(&w, kt_json_get_int(one, "id", 0));
        kt_json_write(kt_json_get(one, "fields"), &w);
        kt_json_write(kt_json_get(one, "ended"), &w);
    }
    kt_jw_arr_end(&w);
}

static void stood(const struct rig *g, const char *sort, kt_time at, kt_time known,
                  struct kt_buf *out)
{
    static const char *const rights[] = {"record.read", "inspection.money"};
    static const char *const places[] = {"*"};
    const struct kt_reader who = {"li", rights, 2, places, 1, g->now};
    const struct kt_record_query q = {.sort = sort, .at = at, .known = known, .limit = 1000};
    struct kt_buf text;
    struct kt_err err;
    struct kt_json *v = NULL;
    kt_buf_init(&text, 0);
    CHECK_OK(kt_room_list(g->room, &who, "inspection", &q, &text, &err), &err);
    CHECK_OK(kt_json_parse((struct kt_str){text.p, text.n}, 0, &v, &err), &err);
    items_of(v, out);
    kt_json_free(v);
    kt_buf_done(&text);
}

enum { MOMENTS = 60 };

static void run_sql(struct rig *g, const char *sql)
{
    struct kt_err err;
    CHECK_OK(kt_db_exec(g->room->w, sql, &err), &err);
    CHECK_OK(kt_room_commit(g->room, &err), &err);
}

/* Records that are changed, ended and told of later, all of it accepted. */
static void grow(struct rig *g)
{
    static const char rights[] = "record.write";
    char args[300];
    for (int i = 0; i < 12; i++) {
        snprintf(args, sizeof args, "{\"register\":\"inspection\",\"fields\":{\"title\":\"g%d\"}}",
                 i);
        rig_ask(g, "li", rights, "record.create", args);
        long long id = (long long)rig_sql(g, "SELECT max(_id) FROM inspection");
        for (int k = 1; k < 4; k++) {
            rig_pass(g, 1000 + roll(60000));
            snprintf(
                args, sizeof args,
                "{\"record\":%lld,\"version\":%d,\"fields\":{\"title\":\"g%d %d\",\"depth\":%u}%s}",
                id, k, i, k, roll(2000), i % 4 == 3 && k == 2 ? ",\"since\":1" : "");
            rig_ask(g, "li", rights, "record.set", args);
        }
        if (i % 3 == 0) {
            snprintf(args, sizeof args, "{\"record\":%lld,\"version\":4,\"reason\":\"x\"}", id);
            rig_ask(g, "li", rights, "record.end", args);
        }
    }
    rig_pass(g, 1000);
    CHECK_INT(
        rig_sql(g, "SELECT count(*) FROM inspection WHERE title LIKE 'g% 3' AND _version > 3"), 12);
}

/* As a program wrote it that kept no versions. */
static const char older_file[] =
    "DROP TRIGGER kt_was_inspection; DROP INDEX ix_inspection__changed; DROP INDEX "
    "ix_inspection__tangled; DROP TABLE kt_was_inspection; ALTER TABLE inspection DROP COLUMN "
    "_from; ALTER TABLE inspection DROP COLUMN _tangled; UPDATE kt_meta SET value = '2' WHERE key "
    "= 'indexes';";

/* Versions that are kept, facts alone, and a file that was brought up to date: the register stood
 * the same at every moment. */
static void stood_the_same(struct rig *g, const char *dir, struct heard *h)
{
    static const char *const sorts[] = {"_id", "-title", "level,-depth"};
    struct kt_buf kept[MOMENTS], facts;
    kt_time at[MOMENTS], known[MOMENTS];
    struct kt_err err;
    int64_t plain = 0;
    size_t bytes = 0;
    grow(g);
    CHECK_OK(kt_db_int(g->room->w, "SELECT count(*) FROM kt_was_inspection", &plain, &err), &err);
    CHECK(plain > 20); /* else nothing is compared */
    for (int i = 0; i < MOMENTS; i++) {
        at[i] = RIG_START + (kt_time)roll((uint32_t)((g->now - RIG_START) / KT_SEC)) * KT_SEC;
        known[i] = roll(3) ? at[i] : RIG_START + (kt_time)roll(50000) * KT_SEC;
        known[i] = roll(3) ? known[i] : 0;
        kt_buf_init(&kept[i], 0);
        stood(g, sorts[i % 3], at[i], known[i], &kept[i]);
    }
    for (int round = 0; round < 2; round++) {
        if (round == 0) {
            run_sql(g, "UPDATE inspection SET _tangled = 1; DELETE FROM kt_was_inspection;");
        } else {
            run_sql(g, older_file);
            kt_room_close(g->room);
            g->room = open_room(g, dir, h);
        }
        for (int i = 0; i < MOMENTS; i++) {
            kt_buf_init(&facts, 0);
            stood(g, sorts[i % 3], at[i], known[i], &facts);
            CHECK_STR(kt_buf_cstr(&kept[i]), kt_buf_cstr(&facts));
            bytes += facts.n;
            kt_buf_done(&facts);
        }
    }
    for (int i = 0; i < MOMENTS; i++) {
        kt_buf_done(&kept[i]);
    }
    printf("# %lld versions, %zu bytes compared\n", (long long)plain, bytes);
}

static void killed_and_never_killed(void)
{
    struct rig g;
    struct heard a = {0}, b = {0};
    struct kt_hash ha, hb;
    struct kt_err err = {0};
    char dir[300];
    uint64_t kills = 0;
    state = (uint64_t)time(NULL);
    const char *seed = getenv("KT_SEED");
    state = seed ? strtoull(seed, NULL, 10) : state;
    printf("# seed %llu\n", (unsigned long long)state);
    REQUIRE(rig_open(&g, NULL));
    kt_room_close(g.room);
    snprintf(dir, sizeof dir, "%s/data", g.dir);
    struct kt_room *steady = g.room = open_room(&g, dir, &a);
    for (int i = 0; i < STEPS; i++) { /* requests are made by looking at the steady room */
        g.now += roll(90) * KT_SEC;
        g.events[g.seq++] = (struct rig_event){g.now, roll(6) ? request(&g, g.seq) : NULL};
        rig_apply(&g, &g, g.seq - 1);
        CHECK_OK(kt_room_commit(g.room, &err), &err);
    }
    char other[320];
    snprintf(other, sizeof other, "%s/other", g.dir);
    struct kt_room *r = live(&g, open_room(&g, other, &b), other, &b, &kills);
    CHECK_OK(kt_room_commit(r, &err), &err);
    CHECK_OK(kt_room_digest(steady, &ha, &err), &err);
    CHECK_OK(kt_room_digest(r, &hb, &err), &err);
    CHECK(kt_hash_eq(&ha, &hb));
    CHECK_INT(a.n, b.n);
    for (size_t i = 0; i < a.n && i < b.n; i++) {
        if (a.list[i].cause != b.list[i].cause || strcmp(a.list[i].json, b.list[i].json) != 0) {
            printf("# %s\n# %s\n", a.list[i].json, b.list[i].json);
            CHECK(!"the same outcome");
            break;
        }
    }
    printf("# %zu outcomes, %llu kills, %llu said again\n", a.n, (unsigned long long)kills,
           (unsigned long long)b.doubles);
    kt_room_close(r);
    int64_t records = 0;
    /* bodies of the attachments were never put: that, and nothing else, is what verify says */
    int v = kt_room_verify(other, &records, &err);
    CHECK(v == KT_OK || (v == KT_ECORRUPT && strstr(err.text, "the body of its attachment")));
    stood_the_same(&g, dir, &a);
    free_heard(&a);
    free_heard(&b);
    rig_close(&g);
}

UNIT_MAIN({"killed at random and never killed: the same", killed_and_never_killed})
