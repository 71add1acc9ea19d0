/* SPDX-License-Identifier: Apache-2.0 */
/* Requests: exactly one verdict each, rights, places, keys; calibration, limits, consoles, cards;
 * the JSON that screens read; reload. */
#include "conf/json.h"
#include "engine/test_rig.h"

static struct rig r;

static int verdicts(int from)
{
    return rig_count(&r, from, "\"type\":\"verdict\"", NULL, NULL);
}

static void one_verdict_each(void)
{
    static const char *const bodies[] = {
        "",
        "{",
        "[]",
        "null",
        "{}",
        "{\"verb\":7}",
        "{\"verb\":\"alarm.ack\"}",
        "{\"verb\":\"no.such\",\"args\":{},\"by\":{\"user\":\"w\",\"rights\":[],\"places\":[]}}",
        "{\"verb\":\"alarm.ack\",\"args\":{},\"by\":{\"user\":\"w\",\"rights\":[\"alarm.ack\"],"
        "\"places\":[\"*\"]}}",
        "{\"verb\":\"alarm.ack\",\"args\":{\"alarms\":[\"x\"]},\"by\":{\"user\":\"w\","
        "\"rights\":[\"alarm.ack\"],\"places\":[\"*\"]}}",
        "{\"verb\":\"note.add\",\"args\":{\"point\":\"T1\",\"text\":\"a\\u0001b\"},\"by\":{"
        "\"user\":"
        "\"w\",\"rights\":[\"view\"],\"places\":[\"*\"]}}",
        "\xff\xfe",
    };
    rig_init(&r);
    for (size_t i = 0; i < KT_ARRAY_LEN(bodies); i++) {
        int from = r.outcomes;
        rig_event(&r, KT_EV_REQUEST, bodies[i], strlen(bodies[i]));
        CHECK_INT(verdicts(from), 1);
        char cause[40];
        snprintf(cause, sizeof cause, "\"cause\":%llu", (unsigned long long)r.seq);
        CHECK(strstr(rig_last(&r), cause) != NULL);
    }
    rig_done(&r);
}

static void rights_and_places(void)
{
    static const char *const verbs[][3] = {
        {"alarm.ack", "alarm.ack", "{\"alarms\":[1]}"},
        {"alarm.shelve", "alarm.shelve", "{\"alarms\":[1],\"minutes\":1,\"reason\":\"x\"}"},
        {"alarm.oos", "alarm.oos", "{\"point\":\"W1\",\"rule\":\"wind.low\",\"reason\":\"x\"}"},
        {"output.command", "output.open", "{\"output\":\"S1\",\"value\":0}"},
        {"output.command", "output.close", "{\"output\":\"S1\",\"value\":1}"},
        {"output.tag", "output.tag", "{\"output\":\"S1\",\"reason\":\"x\"}"},
        {"output.untag", "output.untag", "{\"output\":\"S1\"}"},
        {"calibration.open", "calibration.write", "{\"point\":\"T1\",\"gas\":\"1\",\"minutes\":3}"},
        {"limit.propose", "limit.propose",
         "{\"point\":\"T1\",\"name\":\"alarm\",\"value\":0.9,\"reason\":\"x\"}"},
        {"test.record", "test.write", "{\"point\":\"T1\",\"passed\":true}"},
        {"manual.set", "manual.set", "{\"point\":\"W1\",\"value\":1,\"reason\":\"x\"}"},
        {"drill.start", "drill", "{\"title\":\"x\"}"},
        {"note.add", "view", "{\"point\":\"T1\",\"text\":\"x\"}"},
    };
    rig_init(&r);
    for (size_t i = 0; i < KT_ARRAY_LEN(verbs); i++) {
        char rights[64];
        rig_ask_as(&r, "w", "[\"other\"]", "[\"*\"]", verbs[i][0], verbs[i][2], "");
        CHECK(strstr(rig_last(&r), "KT_EDENIED") != NULL);
        snprintf(rights, sizeof rights, "[\"%s\"]", verbs[i][1]);
        if (strstr(verbs[i][2], "point") || strstr(verbs[i][2], "output")) {
            rig_ask_as(&r, "w", rights, "[\"p2\",\"nowhere\",7]", verbs[i][0], verbs[i][2], "");
            CHECK(strstr(rig_last(&r), "KT_EDENIED") != NULL);
        }
        rig_ask_as(&r, "w", rights, "[\"p1\"]", verbs[i][0], verbs[i][2], "");
        CHECK(strstr(rig_last(&r), "KT_EDENIED") == NULL);
    }
    rig_done(&r);
}

static void a_key_is_judged_once(void)
{
    rig_init(&r);
    const char *args = "{\"point\":\"T1\",\"text\":\"x\"}";
    rig_ask_as(&r, "w", RIG_ALL, "[\"*\"]", "note.add", args, "k1");
    char *first = strdup(rig_last(&r));
    int from = r.outcomes;
    rig_ask_as(&r, "w", RIG_ALL, "[\"*\"]", "note.add", args, "k1");
    CHECK_INT(r.outcomes, from + 1);
    CHECK(strstr(rig_last(&r), "\"again\":true") != NULL);
    const char *result = strstr(first, "\"result\"");
    CHECK(result && strncmp(strstr(rig_last(&r), "\"result\""), result, 16) == 0);
    rig_ask_as(&r, "v", RIG_ALL, "[\"*\"]", "note.add", args, "k1");
    CHECK(strstr(rig_last(&r), "\"again\"") == NULL);
    rig_ask_as(&r, "w", "[]", "[\"*\"]", "note.add", args, "k2");
    rig_ask_as(&r, "w", RIG_ALL, "[\"*\"]", "note.add", args, "k2");
    CHECK(strstr(rig_last(&r), "KT_EDENIED") != NULL);
    for (int i = 0; i < 1100; i++) {
        char key[16];
        snprintf(key, sizeof key, "n%d", i);
        rig_ask_as(&r, "w", RIG_ALL, "[\"*\"]", "drill.stop", "{}", key);
    }
    rig_ask_as(&r, "w", RIG_ALL, "[\"*\"]", "note.add", args, "k1"); /* long forgotten */
    CHECK(strstr(rig_last(&r), "\"again\"") == NULL);
    free(first);
    rig_done(&r);
}

static void acknowledge_some(void)
{
    char args[120];
    rig_init(&r);
    rig_sample(&r, "T1", 1.2);
    uint64_t id = rig_id(&r, "\"type\":\"alarm\"", "gas.over-limit");
    snprintf(args, sizeof args, "{\"alarms\":[%llu,999],\"note\":\"on the way\"}",
             (unsigned long long)id);
    CHECK(rig_ask(&r, "wang", "alarm.ack", args));
    CHECK(strstr(rig_last(&r), "\"done\":1") != NULL);
    CHECK(strstr(rig_last(&r), "\"alarm\":999,\"code\":\"KT_ENOTFOUND\"") != NULL);
    CHECK_INT(rig_count(&r, 0, "\"change\":\"ack\"", "\"state\":\"ack\"", "on the way"), 1);
    CHECK(rig_denied(&r, "wang", "alarm.ack", args, "KT_ECONFLICT"));
    rig_done(&r);
}

static uint64_t open_calibration(const char *user, const char *point)
{
    char args[100];
    snprintf(args, sizeof args, "{\"point\":\"%s\",\"gas\":\"2.0 %%CH4\",\"minutes\":30}", point);
    CHECK(rig_ask(&r, user, "calibration.open", args));
    return rig_id(&r, "\"type\":\"calibration\"", point);
}

static void calibration_when_flag_and_record_agree(void)
{
    rig_init(&r);
    rig_fresh(&r, 0.3);
    uint64_t id = open_calibration("wang", "T1");
    CHECK_INT(rig_count(&r, 0, "calibration-record-only", "\"on\":true", NULL), 1);
    rig_sample_at(&r, "T1", 2.0, KT_Q_CALIBRATION, r.now);
    CHECK_INT(rig_value(&r, "T1").quality, KT_Q_CALIBRATION);
    CHECK(!rig_alarm(&r, "gas.over-limit", "T1"));
    CHECK(!rig_alarm(&r, "gas.cut", "T1"));
    CHECK_INT(r.effects, 0);
    CHECK_INT(rig_count(&r, 0, "calibration-record-only", "\"on\":false", NULL), 1);
    rig_sample_at(&r, "T1", 1.4, KT_Q_CALIBRATION, r.now);
    CHECK(rig_denied(&r, "li", "output.command", "{\"output\":\"S1\",\"value\":1}", "KT_ESTATE"));
    char args[80];
    snprintf(args, sizeof args, "{\"record\":%llu,\"result\":\"good\"}", (unsigned long long)id);
    rig_sample(&r, "T1", 0.3);
    CHECK(rig_ask(&r, "wang", "calibration.close", args));
    CHECK_INT(rig_count(&r, 0, "\"type\":\"calibration\"", "\"change\":\"close\"", "\"peak\":2"),
              1);
    CHECK_INT(rig_value(&r, "T1").quality, KT_Q_NORMAL);
    rig_sample(&r, "T1", 1.6);
    CHECK(rig_alarm(&r, "gas.cut", "T1"));
    rig_done(&r);
}

static void a_flag_alone_changes_nothing(void)
{
    rig_init(&r);
    rig_fresh(&r, 0.3);
    rig_sample_at(&r, "T1", 1.6, KT_Q_CALIBRATION, r.now);
    CHECK(rig_alarm(&r, "gas.cut", "T1"));
    CHECK_INT(rig_value(&r, "T1").quality, KT_Q_NORMAL);
    CHECK_INT(rig_count(&r, 0, "\"type\":\"trust\"", "calibration-flag-only", "\"on\":true"), 1);
    rig_wait(&r, 5 * KT_SEC);
    CHECK(rig_alarm(&r, "gas.trust", "T1"));
    open_calibration("wang", "T2");
    rig_sample(&r, "T2", 1.6);
    CHECK(rig_alarm(&r, "gas.cut", "T2"));
    rig_done(&r);
}

static void calibration_of_one_sensor_by_one_person(void)
{
    rig_init(&r);
    uint64_t id = open_calibration("wang", "T1");
    char args[80];
    CHECK(rig_denied(&r, "wang", "calibration.open",
                     "{\"point\":\"T2\",\"gas\":\"1\",\"minutes\":5}", "KT_ECONFLICT"));
    CHECK(rig_denied(&r, "li", "calibration.open", "{\"point\":\"T1\",\"gas\":\"1\",\"minutes\":5}",
                     "KT_ECONFLICT"));
    CHECK(rig_denied(&r, "li", "calibration.open",
                     "{\"point\":[\"T2\",\"T3\"],\"gas\":\"1\",\"minutes\":5}", "KT_EINVAL"));
    CHECK(rig_denied(&r, "li", "calibration.open",
                     "{\"point\":\"T2\",\"gas\":\"1\",\"minutes\":31}", "KT_EINVAL"));
    CHECK(
        rig_denied(&r, "li", "calibration.open", "{\"point\":\"T2\",\"minutes\":3}", "KT_EINVAL"));
    snprintf(args, sizeof args, "{\"record\":%llu,\"minutes\":20}", (unsigned long long)id);
    CHECK(rig_denied(&r, "wang", "calibration.extend", args, "KT_EDENIED"));
    CHECK(rig_ask(&r, "li", "calibration.extend", args));
    rig_done(&r);
}

static void too_long_a_calibration_ends(void)
{
    rig_init(&r);
    rig_fresh(&r, 0.3);
    uint64_t id = open_calibration("wang", "T1");
    for (int i = 0; i < 31 * 4; i++) {
        rig_wait(&r, 15 * KT_SEC);
        rig_sample_at(&r, "T1", 2.0, KT_Q_CALIBRATION, r.now);
    }
    CHECK_INT(rig_count(&r, 0, "\"change\":\"expire\"", NULL, NULL), 1);
    CHECK_INT(rig_count(&r, 0, "calibration-too-long", "\"on\":true", NULL), 1);
    CHECK(rig_alarm(&r, "gas.cut", "T1"));
    rig_sample(&r, "T1", 0.2);
    CHECK_INT(rig_count(&r, 0, "calibration-too-long", "\"on\":false", NULL), 0);
    char args[80];
    snprintf(args, sizeof args, "{\"record\":%llu,\"minutes\":5}", (unsigned long long)id);
    CHECK(rig_ask(&r, "li", "calibration.extend", args));
    CHECK_INT(rig_count(&r, 0, "calibration-too-long", "\"on\":false", NULL), 1);
    rig_sample_at(&r, "T1", 2.0, KT_Q_CALIBRATION, r.now);
    CHECK_INT(rig_value(&r, "T1").quality, KT_Q_CALIBRATION);
    rig_done(&r);
}

static void silence_ends_the_agreement(void)
{
    rig_init(&r);
    rig_fresh(&r, 0.3);
    open_calibration("wang", "T1");
    rig_sample_at(&r, "T1", 2.0, KT_Q_CALIBRATION, r.now);
    rig_wait(&r, 21 * KT_SEC);
    CHECK(rig_alarm(&r, "gas.sensor-fault", "T1"));
    rig_done(&r);
}

static void interlock_test_is_due(void)
{
    rig_init(&r);
    rig_wait(&r, 100 * KT_MS);
    rig_fresh(&r, 0.3);
    r.now += 183 * KT_DAY;
    rig_event(&r, KT_EV_TICK, &r.now, 8);
    CHECK_INT(rig_count(&r, 0, "test-overdue", NULL, NULL), 0); /* its range stops a fan */
    r.now += KT_DAY;
    rig_event(&r, KT_EV_TICK, &r.now, 8);
    CHECK_INT(rig_count(&r, 0, "test-overdue", "\"on\":true", NULL), 3);
    CHECK(rig_ask(&r, "wang", "test.record", "{\"point\":\"T1\",\"passed\":false}"));
    CHECK_INT(rig_count(&r, 0, "test-overdue", "\"on\":false", NULL), 0);
    CHECK(rig_ask(&r, "wang", "test.record", "{\"point\":\"T1\",\"passed\":true}"));
    CHECK_INT(rig_count(&r, 0, "test-overdue", "\"on\":false", NULL), 1);
    rig_done(&r);
}

static void silent_console(void)
{
    rig_init(&r);
    rig_sample(&r, "C1", 1);
    CHECK(rig_ask(&r, "wang", "console.hello", "{\"console\":\"desk1\",\"sound\":true}"));
    rig_wait(&r, 59 * KT_SEC);
    CHECK(!rig_alarm(&r, "core.console", "C1"));
    rig_wait(&r, 3 * KT_SEC);
    CHECK(rig_alarm(&r, "core.console", "C1"));
    CHECK(rig_ask(&r, "wang", "console.hello", "{\"console\":\"desk1\",\"sound\":true}"));
    CHECK(!rig_alarm(&r, "core.console", "C1"));
    CHECK(rig_ask(&r, "wang", "console.hello", "{\"console\":\"desk1\",\"bye\":true}"));
    rig_wait(&r, 70 * KT_SEC);
    CHECK(!rig_alarm(&r, "core.console", "C1"));
    rig_done(&r);
}

static void device_state_flags(void)
{
    rig_init(&r);
    const char *on = "{\"link\":\"sub01\",\"point\":\"T1\",\"alarm\":true,\"cut\":true}";
    rig_event(&r, KT_EV_LINK, on, strlen(on));
    struct kt_buf b;
    kt_buf_init(&b, 0);
    kt_engine_json_state(r.e, &b);
    CHECK(strstr(kt_buf_cstr(&b), "\"T1\":[\"device-alarm\",\"device-cut\"]") != NULL);
    kt_buf_done(&b);
    rig_done(&r);
}

static bool is_json(void (*write)(const struct kt_engine *e, struct kt_buf *out), const char *has)
{
    struct kt_buf b;
    struct kt_json *root = NULL;
    kt_buf_init(&b, 0);
    write(r.e, &b);
    int ret = kt_json_parse((struct kt_str){b.p, b.n}, 0, &root, &r.err);
    bool ok = ret == KT_OK && (!has || strstr(kt_buf_cstr(&b), has));
    if (!ok) {
        printf("# %s\n# %s\n", ret == KT_OK ? has : r.err.text, kt_buf_cstr(&b));
    }
    kt_json_free(root);
    kt_buf_done(&b);
    return ok;
}

static void what_screens_read(void)
{
    rig_init(&r);
    rig_fresh(&r, 0.3);
    uint64_t v = kt_engine_version(r.e);
    rig_fresh(&r, 0.3);
    CHECK_INT(kt_engine_version(r.e), v);
    rig_sample(&r, "T1", 1.6);
    CHECK(kt_engine_version(r.e) > v);
    open_calibration("wang", "T2");
    CHECK(rig_ask(&r, "li", "output.tag", "{\"output\":\"S1\",\"reason\":\"\\\"cable\\\" 检修\"}"));
    CHECK(rig_ask(&r, "li", "limit.propose",
                  "{\"point\":\"T3\",\"name\":\"cut\",\"value\":1.2,\"reason\":\"x\"}"));
    CHECK(rig_ask(&r, "li", "manual.set", "{\"point\":\"N1\",\"value\":3,\"reason\":\"x\"}"));
    CHECK(rig_ask(&r, "li", "test.record", "{\"point\":\"T1\",\"passed\":true,\"note\":\"n\"}"));
    CHECK(rig_ask(&r, "li", "note.add", "{\"place\":\"p1\",\"text\":\"n\"}"));
    CHECK(rig_ask(&r, "li", "handover.sign", "{\"shift\":\"day\",\"from\":\"li\",\"to\":\"hu\"}"));
    CHECK(rig_ask(&r, "li", "console.hello", "{\"console\":\"a\"}"));
    CHECK(rig_ask(&r, "li", "drill.start", "{\"title\":\"t\"}"));
    CHECK(is_json(kt_engine_json_alarms, "\"rule\":\"gas.cut\""));
    CHECK(is_json(kt_engine_json_outputs, "\"latched_by\":[\"T1\"]"));
    CHECK(is_json(kt_engine_json_state, "\"proposals\":[{"));
    CHECK_INT(rig_value(&r, "S1").flags, KT_LIVE_LATCHED | KT_LIVE_TAGGED);
    CHECK_INT(rig_value(&r, "T1").flags, KT_LIVE_ALARM);
    for (int i = 0; i < r.outcomes; i++) {
        struct kt_json *root = NULL;
        CHECK_OK(kt_json_parse(kt_str_c(r.outcome[i]), 0, &root, &r.err), &r.err);
        CHECK(kt_json_str(kt_json_get(root, "type")) != NULL);
        kt_json_free(root);
    }
    rig_done(&r);
}

static bool limit_set(const char *point, const char *name, double value)
{
    char args[160];
    snprintf(args, sizeof args, "{\"point\":\"%s\",\"name\":\"%s\",\"value\":%g,\"reason\":\"x\"}",
             point, name, value);
    if (!rig_ask(&r, "wang", "limit.propose", args)) {
        return false;
    }
    snprintf(args, sizeof args, "{\"proposal\":%llu}",
             (unsigned long long)rig_id(&r, "\"type\":\"limit\"", "propose"));
    return rig_ask(&r, "li", "limit.approve", args);
}

/* The site gives 0.7 where the clause says 1.0: persons may go back to 1.0, never beyond. */
static void a_tightened_limit_goes_back_to_its_clause(void)
{
    rig_init(&r);
    struct kt_limits *l = (struct kt_limits *)(uintptr_t)r.t.points[0].limits;
    kt_engine_free(r.e);
    l->value[KT_LIMIT_ALARM] = 0.7;
    struct kt_engine_out out = rig_out(&r);
    REQUIRE(kt_engine_new(&r.t.site, r.live, &out, &r.e, &r.err) == KT_OK);
    rig_fresh(&r, 0.3);
    rig_sample(&r, "T1", 0.8);
    CHECK(rig_alarm(&r, "gas.over-limit", "T1"));
    CHECK(rig_denied(&r, "wang", "limit.propose",
                     "{\"point\":\"T1\",\"name\":\"alarm\",\"value\":1.01,\"reason\":\"x\"}",
                     "KT_EDENIED"));
    CHECK(strstr(rig_last(&r), "looser than 1 of AQ 6201-2006"));
    CHECK(rig_denied(&r, "wang", "limit.propose",
                     "{\"point\":\"T1\",\"name\":\"alarm\",\"value\":1}", "KT_EINVAL"));
    CHECK(limit_set("T1", "alarm", 1.0));
    CHECK(!rig_alarm(&r, "gas.over-limit", "T1"));
    rig_sample(&r, "T1", 1.0);
    CHECK(rig_alarm(&r, "gas.over-limit", "T1"));
    struct kt_buf saved;
    kt_buf_init(&saved, 0);
    kt_engine_save(r.e, &saved);
    struct kt_live *live = kt_live_new(r.t.site.points_n);
    struct kt_engine *again = NULL;
    CHECK_OK(kt_engine_new(&r.t.site, live, &out, &again, &r.err), &r.err);
    CHECK_OK(kt_engine_load(again, (struct kt_str){saved.p, saved.n}, &r.err), &r.err);
    struct kt_hash a, b;
    kt_engine_digest(r.e, &a);
    kt_engine_digest(again, &b);
    CHECK(kt_hash_eq(&a, &b));
    kt_buf_done(&saved);
    kt_engine_free(again);
    kt_live_free(live);
    /* the next site is tighter still: what persons loosened ends */
    static struct rig other;
    memset(&other, 0, sizeof other);
    rig_site(&other);
    ((struct kt_limits *)(uintptr_t)other.t.points[0].limits)->value[KT_LIMIT_ALARM] = 0.6;
    live = kt_live_new(other.t.site.points_n);
    int from = r.outcomes;
    CHECK_OK(kt_engine_reload(r.e, &other.t.site, live, &r.err), &r.err);
    CHECK_INT(rig_count(&r, from, "\"change\":\"drop\"", "\"before\":1,", "\"value\":0.6"), 1);
    kt_engine_free(r.e);
    r.e = NULL;
    kt_live_free(live);
    tiny_free(&other.t);
    rig_done(&r);
}

/* A reload with T1's rules kept, the cut rule gone, and a tighter clause. */
static void reload_keeps_what_stays(void)
{
    static struct rig other;
    rig_init(&r);
    rig_fresh(&r, 0.3);
    rig_sample(&r, "T1", 1.6);
    CHECK(rig_ask(&r, "wang", "limit.propose",
                  "{\"point\":\"T3\",\"name\":\"alarm\",\"value\":0.9,\"reason\":\"x\"}"));
    char args[64];
    snprintf(args, sizeof args, "{\"proposal\":%llu}",
             (unsigned long long)rig_id(&r, "\"type\":\"limit\"", "propose"));
    CHECK(rig_ask(&r, "li", "limit.approve", args));
    memset(&other, 0, sizeof other);
    rig_site(&other);
    other.t.rules[1].id = "gas.cut-anew";
    tiny_limits(&other.t, &other.t.points[2], 0.8, 1.5, 0.8);
    struct kt_live *live = kt_live_new(other.t.site.points_n);
    int from = r.outcomes;
    CHECK_OK(kt_engine_reload(r.e, &other.t.site, live, &r.err), &r.err);
    CHECK_INT(rig_count(&r, from, "\"rule\":\"gas.cut\"", "\"change\":\"clear\"", "reloaded"), 1);
    CHECK_INT(rig_count(&r, from, "\"rule\":\"gas.cut\"", "\"change\":\"unlatch\"", NULL), 1);
    CHECK_INT(rig_count(&r, from, "gas.cut-anew", "\"change\":\"raise\"", NULL), 1);
    CHECK_INT(rig_count(&r, from, "gas.over-limit", NULL, NULL), 0);
    CHECK_INT(rig_count(&r, from, "\"change\":\"drop\"", "\"point\":\"T3\"", NULL), 1);
    CHECK_NEAR(kt_live_peek(live, (kt_point_id){0})->value, 1.6, 0);
    rig_sample(&r, "T1", 0.2);
    CHECK(!rig_alarm(&r, "gas.over-limit", "T1"));
    CHECK(!rig_alarm(&r, "gas.cut-anew", "T1"));
    kt_engine_free(r.e);
    r.e = NULL;
    kt_live_free(live);
    tiny_free(&other.t);
    rig_done(&r);
}

/* A checkpoint of before there were sections, and one with a section that is not known. */
static void checkpoints_of_neighbours(void)
{
    rig_init(&r);
    rig_fresh(&r, 0.3);
    rig_sample(&r, "T1", 1.6);
    struct kt_buf now, old, next;
    kt_buf_init(&now, 0);
    kt_buf_init(&old, 0);
    kt_buf_init(&next, 0);
    kt_engine_save(r.e, &now); /* ends with an empty name and the magic */
    const char *first = memmem(now.p, now.n, "\x09sequences", 10); /* sections begin there */
    kt_buf_put(&old, now.p, first ? (size_t)(first - (const char *)now.p) : now.n - 5);
    old.p[4] = 1;
    kt_buf_put(&next, now.p, now.n - 5);
    kt_put_text(&next, "of-tomorrow");
    kt_put_text(&next, "what is not known yet");
    kt_buf_put(&next, now.p + now.n - 5, 5);
    kt_buf_put(&old, now.p + now.n - 4, 4);
    struct kt_hash before, after;
    kt_engine_digest(r.e, &before);
    CHECK_OK(kt_engine_load(r.e, (struct kt_str){old.p, old.n}, &r.err), &r.err);
    CHECK(rig_alarm(&r, "gas.over-limit", "T1"));
    CHECK_OK(kt_engine_load(r.e, (struct kt_str){next.p, next.n}, &r.err), &r.err);
    kt_engine_digest(r.e, &after);
    CHECK(kt_hash_eq(&before, &after));
    next.p[4] = 99;
    CHECK_INT(kt_engine_load(r.e, (struct kt_str){next.p, next.n}, &r.err), KT_ECORRUPT);
    kt_buf_done(&now);
    kt_buf_done(&old);
    kt_buf_done(&next);
    rig_done(&r);
}

UNIT_MAIN({"one verdict each", one_verdict_each}, {"rights and places", rights_and_places},
          {"checkpoints of neighbours", checkpoints_of_neighbours},
          {"a key is judged once", a_key_is_judged_once}, {"acknowledge some", acknowledge_some},
          {"calibration when flag and record agree", calibration_when_flag_and_record_agree},
          {"a flag or a record alone changes nothing", a_flag_alone_changes_nothing},
          {"calibration of one sensor by one person", calibration_of_one_sensor_by_one_person},
          {"too long a calibration ends", too_long_a_calibration_ends},
          {"silence ends the agreement", silence_ends_the_agreement},
          {"an interlock test is due", interlock_test_is_due}, {"a silent console", silent_console},
          {"the device's own state", device_state_flags}, {"what screens read", what_screens_read},
          {"a tightened limit goes back to its clause, never beyond",
           a_tightened_limit_goes_back_to_its_clause},
          {"a reload keeps what stays", reload_keeps_what_stays})
