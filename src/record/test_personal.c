/* SPDX-License-Identifier: Apache-2.0 */
/* What is of a person: out of events, erased on request and by itself, the same on a second node.
 */
#include "base/crypto.h"
#include "record/test_room.h"

#define DAY     (INT64_C(86400000))
#define WRITE   "record.write record.merge personal.erase"
#define CALLER  "13800138000"
#define CALLER2 "13900139000"

static const char yaml[] =
    "registers:\n"
    "  - id: call\n"
    "    title: {zh: 来电, en: Calls}\n"
    "    key: no\n"
    "    everywhere: true\n"
    "    fields:\n"
    "      - {id: no, type: text, title: {zh: 编号, en: No.}, auto: \"C-{n:4}\"}\n"
    "      - {id: phone, type: text, max: 11, personal: true, keep: {days: 30}, title: {zh: 电话, "
    "en: "
    "Phone}}\n"
    "      - {id: what, type: text, title: {zh: 事由, en: About}}\n"
    "      - {id: photos, type: photo, keep: {days: 10}, title: {zh: 照片, en: Photos}}\n"
    "retention:\n"
    "  - {register: call, field: photos, days: 3}\n";

/* As the edge does it; false: refused there. */
static bool ask_sealed(struct rig *g, const char *verb, const char *args)
{
    struct kt_json *v = NULL;
    struct kt_err err = {0};
    struct kt_buf out;
    kt_buf_init(&out, 1 << 20);
    CHECK_OK(kt_json_parse(kt_str_c(args), 0, &v, &err), &err);
    int r = kt_room_seal(g->room, verb, v, &out, &err);
    if (r == KT_OK) {
        CHECK(!strstr(kt_buf_cstr(&out), CALLER) && !strstr(kt_buf_cstr(&out), CALLER2));
        rig_ask(g, "wang", WRITE, verb, kt_buf_cstr(&out));
    } else {
        CHECK_INT(r, KT_EINVAL);
        CHECK(strstr(kt_buf_cstr(&out), "text_zh") != NULL);
    }
    kt_json_free(v);
    kt_buf_done(&out);
    return r == KT_OK;
}

static const char *args_of(int64_t record, int64_t version, const char *more)
{
    static char text[400];
    snprintf(text, sizeof text, "{\"record\":%lld,\"version\":%lld%s}", (long long)record,
             (long long)version, more);
    return text;
}

static int64_t bodies(const struct rig *g)
{
    struct kt_arena *a = kt_arena_new(0);
    int64_t n = 0;
    for (int i = 0; i < 256; i++) {
        char dir[300];
        char **names;
        size_t k = 0;
        snprintf(dir, sizeof dir, "%s/data/bodies/%02x", g->dir, (unsigned)i);
        if (kt_file_exists(dir) && kt_dir_list(dir, a, &names, &k, NULL) == KT_OK) {
            n += (int64_t)k;
        }
    }
    kt_arena_free(a);
    return n;
}

static void same_again(struct rig *g)
{
    struct rig b;
    struct kt_hash one, two;
    struct kt_err err = {0};
    if (!rig_open(&b, yaml)) {
        return;
    }
    for (kt_seq i = 0; i < g->seq; i++) {
        rig_apply(&b, g, i);
    }
    CHECK_OK(kt_room_commit(b.room, &err), &err);
    CHECK_OK(kt_room_digest(g->room, &one, &err), &err);
    CHECK_OK(kt_room_digest(b.room, &two, &err), &err);
    CHECK(kt_hash_eq(&one, &two));
    rig_close(&b);
}

static void verified(struct rig *g)
{
    char dir[300];
    int64_t n = 0;
    struct kt_err err = {0};
    snprintf(dir, sizeof dir, "%s/data", g->dir);
    CHECK_OK(kt_room_verify(dir, &n, &err), &err);
    struct kt_room_missing gone = {.n = 9};
    CHECK_OK(kt_room_missing(dir, NULL, &gone, &err), &err);
    CHECK_INT(gone.n, 0);
}

/* What a start says: every body that is gone is counted, the first is named. */
static void missing(struct rig *g, uint64_t want)
{
    char dir[300], bodies[320];
    struct kt_room_missing gone = {0};
    struct kt_err err = {0};
    int64_t n = 0;
    snprintf(dir, sizeof dir, "%s/data", g->dir);
    snprintf(bodies, sizeof bodies, "%s/bodies", dir);
    kt_dir_remove(bodies);
    CHECK_OK(kt_room_missing(dir, NULL, &gone, &err), &err);
    CHECK_INT(gone.n, want);
    CHECK(strlen(gone.hash) == 64 && gone.record > 0);
    CHECK_INT(kt_room_verify(dir, &n, &err), KT_ECORRUPT);
}

static void gone_from_the_disk(void)
{
    struct rig g;
    if (!rig_open(&g, yaml)) {
        return;
    }
    CHECK(ask_sealed(&g, "record.create",
                     "{\"register\":\"call\",\"fields\":{\"what\":\"a\",\"phone\":\"" CALLER
                     "\"}}"));
    int64_t id = rig_int(&g, "record");
    CHECK(ask_sealed(&g, "record.set", args_of(id, 1, ",\"fields\":{\"phone\":\"" CALLER2 "\"}")));
    CHECK_INT(rig_sql(&g, "SELECT count(*) FROM call WHERE phone = '" CALLER2 "'"), 1);
    CHECK_INT(rig_sql(&g, "SELECT count(*) FROM kt_fact WHERE value = '" CALLER "'"), 1);
    CHECK_INT(bodies(&g), 2);
    missing(&g, 2);
    rig_close(&g);
}

static void on_request(void)
{
    struct rig g;
    if (!rig_open(&g, yaml)) {
        return;
    }
    CHECK(ask_sealed(&g, "record.create",
                     "{\"register\":\"call\",\"fields\":{\"what\":\"a\",\"phone\":\"" CALLER
                     "\"}}"));
    int64_t id = rig_int(&g, "record");
    CHECK(ask_sealed(&g, "record.set", args_of(id, 1, ",\"fields\":{\"phone\":\"" CALLER2 "\"}")));
    CHECK_INT(rig_sql(&g, "SELECT count(*) FROM call WHERE phone = '" CALLER2 "'"), 1);
    CHECK_INT(rig_sql(&g, "SELECT count(*) FROM kt_fact WHERE value = '" CALLER "'"), 1);
    CHECK_INT(bodies(&g), 2);
    verified(&g);
    rig_ask(&g, "li", "record.write", "record.erase",
            args_of(id, 2, ",\"field\":\"phone\",\"reason\":\"x\""));
    CHECK(rig_refused(&g, "KT_EDENIED", "personal.erase"));
    rig_ask(&g, "wang", WRITE, "record.erase",
            args_of(id, 2, ",\"field\":\"what\",\"reason\":\"x\""));
    CHECK(rig_refused(&g, "KT_EINVAL", "personal"));
    rig_ask(&g, "wang", WRITE, "record.erase",
            args_of(id, 2, ",\"field\":\"phone\",\"reason\":\"asked for\""));
    CHECK(rig_ok(&g));
    CHECK_INT(rig_sql(&g, "SELECT count(*) FROM call WHERE phone IS NULL AND what = 'a'"), 1);
    CHECK_INT(rig_sql(&g,
                      "SELECT count(*) FROM kt_fact WHERE field = 'phone' AND value IS NULL AND "
                      "erased IS NOT NULL AND body IS NOT NULL"),
              2);
    CHECK_INT(rig_sql(&g, "SELECT count(*) FROM kt_was_call"), 0);
    CHECK_INT(bodies(&g), 0);
    CHECK_INT(rig_said(&g, "\"change\":\"erase\"", "asked for"), 1);
    rig_ask(&g, "wang", WRITE, "record.erase",
            args_of(id, 3, ",\"field\":\"phone\",\"reason\":\"again\""));
    CHECK(rig_refused(&g, "KT_ENOTFOUND", "nothing to erase"));
    verified(&g);
    same_again(&g);
    rig_close(&g);
}

static void by_itself(void)
{
    struct rig g;
    char args[400];
    if (!rig_open(&g, yaml)) {
        return;
    }
    CHECK(ask_sealed(&g, "record.create",
                     "{\"register\":\"call\",\"fields\":{\"what\":\"a\",\"phone\":\"" CALLER
                     "\"}}"));
    int64_t id = rig_int(&g, "record");
    rig_pass(&g, 20 * DAY);
    CHECK(ask_sealed(&g, "record.set", args_of(id, 1, ",\"fields\":{\"phone\":\"" CALLER2 "\"}")));
    snprintf(
        args, sizeof args,
        "{\"record\":%lld,\"field\":\"photos\",\"hash\":\"%064d\",\"name\":\"file.jpg\",\"type\":"
        "\"image/jpeg\",\"size\":10}",
        (long long)id, 7);
    rig_ask(&g, "wang", WRITE, "record.attach", args);
    CHECK(rig_ok(&g));
    rig_pass(&g, 3 * DAY + 1000); /* what the site says: three days, not ten */
    CHECK_INT(rig_sql(&g, "SELECT count(*) FROM kt_attachment WHERE erased IS NOT NULL"), 1);
    rig_pass(&g, 7 * DAY); /* the first number is 30 days old, the second 10 */
    CHECK_INT(rig_sql(&g, "SELECT count(*) FROM kt_fact WHERE field = 'phone' AND erased IS NULL"),
              1);
    CHECK_INT(rig_sql(&g, "SELECT count(*) FROM call WHERE phone = '" CALLER2 "'"), 1);
    CHECK_INT(bodies(&g), 1);
    rig_pass(&g, 20 * DAY);
    CHECK_INT(rig_sql(&g, "SELECT count(*) FROM call WHERE phone IS NULL"), 1);
    CHECK_INT(rig_sql(&g, "SELECT count(*) FROM kt_timer WHERE kind = 'erase'"), 0);
    CHECK_INT(bodies(&g), 0);
    CHECK_INT(rig_said(&g, "\"change\":\"erase\"", "\"by\":\"engine\""), 3);
    verified(&g);
    same_again(&g);
    rig_close(&g);
}

/* A wrong number never reaches the journal, and nobody names somebody else's body. */
static void refused_at_the_edge(void)
{
    struct rig g;
    if (!rig_open(&g, yaml)) {
        return;
    }
    CHECK(!ask_sealed(&g, "record.create",
                      "{\"register\":\"call\",\"fields\":{\"phone\":\"" CALLER "00\"}}"));
    CHECK(!ask_sealed(&g, "record.create",
                      "{\"register\":\"call\",\"fields\":{\"phone\":{\"body\":\"00\"}}}"));
    CHECK_INT(rig_sql(&g, "SELECT count(*) FROM call"), 0);
    rig_close(&g);
}

UNIT_MAIN({"bodies that are gone from the disk are told", gone_from_the_disk},
          {"erased on request", on_request}, {"erased by itself", by_itself},
          {"refused at the edge", refused_at_the_edge})
