/* SPDX-License-Identifier: Apache-2.0 */
/* Ledgers, indicators, targets and the list of cases, written by requests and read by persons. */
#include "record/test_room.h"

#define DAY (24 * INT64_C(3600000))

static struct rig g;
static struct kt_json *answer;

static const char *const every_right[] = {"record.read", "record.write", "ledger.read",
                                          "ledger.post", "hazard.chief", "indicator.write"};
static const char *const everywhere[] = {"*"}, *const at_b[] = {"B"};

static struct kt_reader reader(const char *user, bool all_places)
{
    return (struct kt_reader){.user = user,
                              .rights = every_right,
                              .rights_n = KT_ARRAY_LEN(every_right),
                              .places = all_places ? everywhere : at_b,
                              .places_n = 1,
                              .now = g.now};
}

static void post(const char *user, const char *verb, const char *args)
{
    rig_ask(&g, user, "ledger.read ledger.post ledger.close record.write indicator.write", verb,
            args);
}

static void take(int r, const struct kt_err *err, struct kt_buf *b)
{
    struct kt_err why;
    CHECK_OK(r, err);
    kt_json_free(answer);
    answer = NULL;
    if (r == KT_OK) {
        CHECK_OK(kt_json_parse((struct kt_str){b->p, b->n}, 0, &answer, &why), &why);
    }
    kt_buf_done(b);
}

static void read_ledger(const char *id, kt_time at, bool all_places)
{
    struct kt_buf b;
    struct kt_err err;
    struct kt_reader who = reader("li", all_places);
    kt_buf_init(&b, 0);
    int r = kt_room_ledger(g.room, &who, id, at, &b, &err);
    take(r, &err, &b);
}

static const char *balance(const char *account)
{
    const struct kt_json *list = kt_json_get(answer, "accounts");
    for (size_t i = 0; i < kt_json_len(list); i++) {
        const struct kt_json *a = kt_json_at(list, i);
        if (strcmp(kt_json_get_str(a, "account", ""), account) == 0) {
            return kt_json_get_str(a, "balance", "");
        }
    }
    return NULL;
}

/* A user at A, 100.50 into the store, 30.25 to the user. */
static bool begin(void)
{
    if (!rig_open(&g, NULL)) {
        return false;
    }
    post("li", "record.create",
         "{\"register\":\"water_user\",\"fields\":{\"no\":\"7\",\"name\":\"洗煤厂\",\"place\":"
         "\"A\"}}");
    CHECK(rig_ok(&g));
    post("li", "ledger.post",
         "{\"ledger\":\"water\",\"day\":\"2026-04-01\",\"text\":\"in\",\"lines\":"
         "[{\"account\":\"source\",\"amount\":\"-100.50\"},{\"account\":\"store\",\"amount\":100.5}"
         "]}");
    CHECK(rig_ok(&g));
    post("li", "ledger.post",
         "{\"ledger\":\"water\",\"day\":\"2026-04-03\",\"text\":\"use\",\"lines\":"
         "[{\"account\":\"store\",\"amount\":\"-30.25\"},{\"account\":\"u-7\",\"amount\":\"30.25\"}"
         "]}");
    CHECK(rig_ok(&g));
    return rig_ok(&g);
}

static void says_why_not(void)
{
    REQUIRE(begin());
    post(
        "li", "ledger.post",
        "{\"ledger\":\"water\",\"day\":\"2026-04-02\",\"text\":\"x\",\"lines\":"
        "[{\"account\":\"source\",\"amount\":\"-1\"},{\"account\":\"store\",\"amount\":\"1.5\"}]}");
    CHECK(rig_refused(&g, "KT_EINVAL", "sum to 0.50 m3"));
    post("li", "ledger.post",
         "{\"ledger\":\"water\",\"day\":\"2026-04-02\",\"text\":\"x\",\"lines\":"
         "[{\"account\":\"source\",\"amount\":1.005},{\"account\":\"store\",\"amount\":-1.005}]}");
    CHECK(rig_refused(&g, "KT_EINVAL", "more than 2 decimals"));
    /* 71 on the 2nd would leave -0.75 on the 3rd */
    post("li", "ledger.post",
         "{\"ledger\":\"water\",\"day\":\"2026-04-02\",\"text\":\"x\",\"lines\":"
         "[{\"account\":\"store\",\"amount\":\"-71\"},{\"account\":\"loss\",\"amount\":\"71\"}]}");
    CHECK(rig_refused(&g, "KT_ECONFLICT", "stand at -0.75 m3 on 2026-04-03"));
    post("li", "ledger.post",
         "{\"ledger\":\"water\",\"day\":\"2026-04-31\",\"text\":\"x\",\"lines\":[]}");
    CHECK(rig_refused(&g, "KT_EINVAL", "day"));
    post("li", "ledger.post",
         "{\"ledger\":\"water\",\"day\":\"2026-04-30\",\"text\":\"x\",\"lines\":"
         "[{\"account\":\"u-8\",\"amount\":\"-71\"},{\"account\":\"loss\",\"amount\":\"71\"}]}");
    CHECK(rig_refused(&g, "KT_ENOTFOUND", "u-8"));
    rig_ask(&g, "li", "ledger.read", "ledger.post", "{\"ledger\":\"water\"}");
    CHECK(rig_refused(&g, "KT_EDENIED", "ledger.post"));
    rig_ask(&g, "li", "", "ledger.post", "{\"ledger\":\"water\"}");
    CHECK(rig_refused(&g, "KT_ENOTFOUND", "no ledger"));
    CHECK_INT(rig_sql(&g, "SELECT count(*) FROM kt_txn"), 2);
    CHECK_INT(rig_sql(&g, "SELECT count(*) FROM kt_posting"), 4);
    CHECK_INT(rig_sql(&g, "SELECT count(*) FROM kt_unsealed"), 0);
    rig_close(&g);
}

static void periods_and_reversals(void)
{
    char args[200];
    REQUIRE(begin());
    int64_t txn = rig_int(&g, "txn");
    post("li", "ledger.close", "{\"ledger\":\"water\",\"until\":\"2026-05-31\"}");
    CHECK(rig_refused(&g, "KT_ESTATE", "not over"));
    post("li", "ledger.close", "{\"ledger\":\"water\",\"until\":\"2026-04-29\"}");
    CHECK(rig_refused(&g, "KT_EINVAL", "last day of a month"));
    post("li", "ledger.close", "{\"ledger\":\"water\",\"until\":\"2026-04-30\"}");
    CHECK(rig_ok(&g));
    snprintf(args, sizeof args, "{\"txn\":%lld,\"day\":\"2026-04-30\",\"reason\":\"wrong\"}",
             (long long)txn);
    post("li", "ledger.reverse", args);
    CHECK(rig_refused(&g, "KT_ESTATE", "closed until 2026-04-30"));
    snprintf(args, sizeof args, "{\"txn\":%lld,\"day\":\"2026-05-01\",\"reason\":\"wrong\"}",
             (long long)txn);
    post("li", "ledger.reverse", args);
    CHECK(rig_ok(&g));
    int64_t back = rig_int(&g, "txn");
    post("li", "ledger.reverse", args);
    CHECK(rig_refused(&g, "KT_ESTATE", "already"));
    snprintf(args, sizeof args, "{\"txn\":%lld,\"day\":\"2026-05-01\",\"reason\":\"wrong\"}",
             (long long)back);
    post("li", "ledger.reverse", args);
    CHECK(rig_refused(&g, "KT_ESTATE", "reverses another"));
    read_ledger("water", 0, true);
    CHECK_STR(balance("store"), "100.50");
    CHECK_STR(balance("u-7"), "0.00");
    CHECK_STR(kt_json_get_str(answer, "closed_until", ""), "2026-04-30");
    rig_close(&g);
}

/* Whoever writes: the database itself refuses. */
static void the_file_holds_it(void)
{
    static const char *const no[] = {
        "INSERT INTO kt_txn(id,ledger,day,time,seq) VALUES(9,'water','2026-04-09',0,0)",
        "UPDATE kt_posting SET amount = 1",
        "DELETE FROM kt_posting",
        "UPDATE kt_txn SET day = '2026-04-05'",
        "DELETE FROM kt_txn",
        "DELETE FROM kt_account",
        "INSERT INTO kt_posting(txn,account,amount) SELECT id, -1, 5 FROM kt_txn",
        "INSERT INTO kt_posting(txn,account,amount) SELECT 99, id, 0 FROM kt_account",
        "INSERT INTO kt_posting(txn,account,amount) SELECT 99, id, 1.5 FROM kt_account",
        "UPDATE kt_account SET floor = 9000 WHERE key = 'store'",
        "BEGIN; INSERT INTO kt_posting(txn,account,amount) SELECT 99, id, 1 FROM kt_account WHERE "
        "key = 'store'; INSERT INTO kt_posting(txn,account,amount) SELECT 99, id, -1 FROM "
        "kt_account WHERE key = 'loss'; COMMIT", /* never sealed */
        "BEGIN; INSERT INTO kt_posting(txn,account,amount) SELECT 99, id, 1 FROM kt_account WHERE "
        "key = 'store'; INSERT INTO kt_posting(txn,account,amount) SELECT 99, id, -1 FROM "
        "kt_account WHERE key = 'loss'; INSERT INTO kt_txn(id,ledger,day,time,seq) "
        "VALUES(99,'water','2026-04-01',0,0); COMMIT", /* below the floor of loss */
    };
    struct kt_err err;
    REQUIRE(begin());
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
        int r = kt_db_exec(g.room->w, no[i], &err);
        if (r == KT_OK) {
            printf("# taken: %s\n", no[i]);
            unit_bad++;
        }
        kt_db_rollback(g.room->w);
    }
    CHECK_OK(flow_verify(g.room->w, g.model, &err), &err);
    CHECK_OK(kt_db_exec(g.room->w,
                        "DROP TRIGGER kt_posting_fixed; UPDATE kt_posting SET amount = amount + 1 "
                        "WHERE id = (SELECT min(id) FROM kt_posting)",
                        &err),
             &err);
    CHECK_INT(flow_verify(g.room->w, g.model, &err), KT_ECORRUPT);
    rig_close(&g);
}

static void balances_and_entries(void)
{
    struct kt_buf b;
    struct kt_err err;
    REQUIRE(begin());
    read_ledger("water", RIG_START - 33 * KT_DAY, true); /* 2 April */
    CHECK_STR(balance("store"), "100.50");
    CHECK_STR(balance("u-7"), "0.00");
    read_ledger("water", 0, true);
    CHECK_STR(balance("store"), "70.25");
    CHECK_STR(balance("source"), "-100.50");
    CHECK_STR(balance("u-7"), "30.25");
    read_ledger("water", 0, false); /* the user lies at A: not there for who sees B alone */
    CHECK(!balance("u-7"));
    CHECK_STR(balance("store"), "70.25");
    struct kt_reader who = reader("li", true);
    kt_buf_init(&b, 0);
    int r = kt_room_entries(g.room, &who, "water", "store", "2026-04-02", NULL, NULL, &b, &err);
    take(r, &err, &b);
    const struct kt_json *one = kt_json_at(kt_json_get(answer, "items"), 0);
    CHECK_INT(kt_json_len(kt_json_get(answer, "items")), 1);
    CHECK_STR(kt_json_get_str(answer, "before", ""), "100.50");
    CHECK_STR(kt_json_get_str(one, "amount", ""), "-30.25");
    CHECK_STR(kt_json_get_str(one, "balance", ""), "70.25");
    CHECK_INT(kt_json_len(kt_json_get(one, "lines")), 2);
    rig_close(&g);
}

/* ---- indicators ---- */

static void read_indicator(const char *id, const struct kt_indicator_query *q, bool all_places)
{
    struct kt_buf b;
    struct kt_err err;
    struct kt_reader who = reader("li", all_places);
    kt_buf_init(&b, 0);
    int r = kt_room_indicators(g.room, &who, id, q, &b, &err);
    take(r, &err, &b);
}

static void hazards(int n)
{
    char args[200];
    for (int i = 0; i < n; i++) {
        snprintf(args, sizeof args,
                 "{\"register\":\"hazard\",\"fields\":{\"title\":\"h%d\",\"place\":\"%s\"}}", i,
                 i % 3 ? "A" : "B");
        post("li", "record.create", args);
        CHECK(rig_ok(&g));
    }
}

static void counts_what_the_person_sees(void)
{
    struct kt_indicator_query q = {0};
    struct kt_buf b;
    struct kt_err err;
    REQUIRE(begin());
    hazards(9);
    read_indicator("hazard_open", &q, true);
    CHECK_NEAR(kt_json_get_num(answer, "value", -1), 9, 0);
    CHECK_STR(kt_json_get_str(answer, "status", ""), "unknown");
    read_indicator("hazard_open", &q, false);
    CHECK_NEAR(kt_json_get_num(answer, "value", -1), 3, 0);
    q.place = "A";
    read_indicator("hazard_open", &q, true);
    CHECK_NEAR(kt_json_get_num(answer, "value", -1), 6, 0);
    struct kt_reader who = reader("li", true);
    kt_buf_init(&b, 0);
    int r = kt_room_drill(g.room, &who, "hazard_open", &q, &b, &err);
    take(r, &err, &b);
    CHECK_INT(kt_json_get_int(answer, "total", 0), 6);
    CHECK_INT(kt_json_len(kt_json_get(answer, "items")), 6);
    rig_close(&g);
}

static void stands_against_its_target(void)
{
    struct kt_indicator_query q = {.from = RIG_START - 40 * KT_DAY, .to = RIG_START};
    REQUIRE(begin());
    post(
        "li", "record.create",
        "{\"register\":\"target\",\"fields\":{\"indicator\":\"water_used\",\"from\":\"2026-01-01\","
        "\"to\":\"2026-12-31\",\"value\":30,\"responsible\":\"qian\"}}");
    CHECK(rig_ok(&g));
    read_indicator("water_used", &q, true);
    CHECK_NEAR(kt_json_get_num(answer, "value", -1), 30.25 * 100 / 100.5, 1e-9);
    CHECK_NEAR(kt_json_get_num(answer, "numerator", -1), 30.25, 1e-9);
    CHECK_STR(kt_json_get_str(answer, "status", ""), "on");
    CHECK_STR(kt_json_get_str(answer, "responsible", ""), "qian");
    q = (struct kt_indicator_query){0}; /* the target's own period */
    read_indicator("water_used", &q, true);
    CHECK_INT(kt_json_get_int(answer, "from", 0), INT64_C(1767196800000));
    CHECK_INT(kt_json_get_int(answer, "to", 0), INT64_C(1798732800000));
    CHECK(kt_json_kind(kt_json_get(answer, "forecast")) == KT_JSON_NUMBER);
    rig_close(&g);
}

static void a_setting_changes_it(void)
{
    struct kt_indicator_query q = {.from = RIG_START, .to = RIG_START + 30 * KT_DAY};
    REQUIRE(begin());
    post("li", "record.setting",
         "{\"indicator\":\"hazard_closed\",\"id\":\"void_counts\",\"value\":1}");
    CHECK(rig_refused(&g, "KT_EINVAL", "reason"));
    post("li", "record.setting",
         "{\"indicator\":\"hazard_closed\",\"id\":\"void_counts\",\"value\":2,\"reason\":\"x\"}");
    CHECK(rig_refused(&g, "KT_EINVAL", "listed"));
    post("li", "record.setting",
         "{\"indicator\":\"hazard_closed\",\"id\":\"void_counts\",\"value\":1,\"reason\":"
         "\"audit\"}");
    CHECK(rig_ok(&g));
    read_indicator("hazard_closed", &q, true);
    const struct kt_json *s = kt_json_at(kt_json_get(answer, "settings"), 0);
    CHECK_NEAR(kt_json_get_num(s, "value", -1), 1, 0);
    CHECK_STR(kt_json_get_str(s, "note", ""), "audit");
    CHECK_STR(kt_json_get_str(s, "by", ""), "li");
    CHECK_INT(kt_json_kind(kt_json_get(answer, "value")), KT_JSON_NULL);
    rig_close(&g);
}

static void of_another_moment(void)
{
    struct kt_indicator_query q = {0};
    REQUIRE(begin());
    hazards(4);
    kt_time then = g.now;
    rig_pass(&g, DAY);
    hazards(5);
    read_indicator("hazard_open", &q, true);
    CHECK_NEAR(kt_json_get_num(answer, "value", -1), 9, 0);
    q.at = then;
    read_indicator("hazard_open", &q, true);
    CHECK_NEAR(kt_json_get_num(answer, "value", -1), 4, 0);
    CHECK_INT(kt_json_get_int(answer, "at", 0), rec_ms(then));
    rig_close(&g);
}

static int history(void *arg, const char *point, kt_time from, kt_time to, enum kt_hist what,
                   double *ret, struct kt_err *err)
{
    (void)arg;
    (void)err;
    CHECK_STR(point, "K");
    CHECK_INT(from, 1000 * KT_MS);
    CHECK_INT(to, 2000 * KT_MS);
    *ret = (const double[]){4, 1, 7, 12, 3, 0.25}[what];
    return KT_OK;
}

static void asks_history(void)
{
    static const char yaml[] =
        "indicators:\n  - {id: h, title: {zh: 史, en: H}, better: lower, read: record.read, "
        "definition: {zh: 史, en: H}, numerator: \"SELECT hist_mean('K', :from, :to) + "
        "10 * hist_max('K', :from, :to) + hist_hours('K', :from, :to) + coalesce(hist_sum('none', "
        ":from, :to), 1000)\"}\n";
    const struct kt_indicator_query q = {.from = 1000 * KT_MS, .to = 2000 * KT_MS};
    REQUIRE(rig_open(&g, yaml));
    read_indicator("h", &q, true);
    CHECK_INT(kt_json_kind(kt_json_get(answer, "value")), KT_JSON_NULL);
    kt_room_on_history(g.room, history, NULL);
    read_indicator("h", &q, true);
    CHECK_NEAR(kt_json_get_num(answer, "value", -1), 3 + 70 + 0.25 + 1000, 0);
    read_indicator("h", &q, false); /* the point lies at A */
    CHECK_INT(kt_json_kind(kt_json_get(answer, "value")), KT_JSON_NULL);
    rig_close(&g);
}

/* ---- cases ---- */

static void cases(const struct kt_case_query *q, bool all_places)
{
    struct kt_buf b;
    struct kt_err err;
    struct kt_reader who = reader("li", all_places);
    kt_buf_init(&b, 0);
    int r = kt_room_cases(g.room, &who, q, &b, &err);
    take(r, &err, &b);
}

static void cases_of_all_workflows(void)
{
    char args[300];
    struct kt_case_query q = {0};
    REQUIRE(begin());
    hazards(3);
    int64_t id = rig_int(&g, "record");
    snprintf(args, sizeof args,
             "{\"record\":%lld,\"version\":1,\"transition\":\"assign\",\"to\":\"li\",\"fields\":"
             "{\"who\":\"li\",\"measure\":\"x\"}}",
             (long long)id);
    rig_ask(&g, "chief", "hazard.assign", "record.move", args);
    CHECK(rig_ok(&g));
    rig_pass(&g, 6 * DAY + 17 * DAY / 24); /* a weekly meeting has come; the case is an hour late */
    cases(&q, true);
    CHECK_INT(kt_json_len(answer), 4);
    CHECK_INT(kt_json_get_int(kt_json_at(answer, 0), "id", 0), id);
    CHECK(kt_json_get_int(kt_json_at(answer, 0), "late_ms", 0) > 3500000);
    CHECK_STR(kt_json_get_str(kt_json_at(answer, 0), "register", ""), "hazard");
    CHECK_STR(kt_json_get_str(kt_json_get(kt_json_at(answer, 0), "state_title"), "en", ""),
              "Being mended");
    cases(&q, false);
    CHECK_INT(kt_json_len(answer), 2); /* one at B, the meeting */
    q.mine = true;
    cases(&q, true);
    CHECK_INT(kt_json_len(answer), 1);
    q = (struct kt_case_query){.overdue = true};
    cases(&q, true);
    CHECK_INT(kt_json_len(answer), 1);
    q = (struct kt_case_query){.workflow = "meeting"};
    cases(&q, true);
    CHECK_INT(kt_json_len(answer), 1);
    rig_close(&g);
}

static const struct kt_json *transition(const char *id)
{
    const struct kt_json *list = kt_json_get(answer, "transitions");
    for (size_t i = 0; i < kt_json_len(list); i++) {
        if (strcmp(kt_json_get_str(kt_json_at(list, i), "id", ""), id) == 0) {
            return kt_json_at(list, i);
        }
    }
    return NULL;
}

/* What a screen needs to offer the next steps of one record. */
static void one_record_says_what_is_next(void)
{
    char args[300];
    struct kt_buf b;
    struct kt_err err;
    REQUIRE(begin());
    hazards(1);
    int64_t id = rig_int(&g, "record");
    snprintf(args, sizeof args,
             "{\"record\":%lld,\"version\":1,\"transition\":\"assign\",\"to\":\"li\",\"fields\":"
             "{\"who\":\"li\",\"measure\":\"x\"}}",
             (long long)id);
    rig_ask(&g, "chief", "hazard.assign", "record.move", args);
    CHECK(rig_ok(&g));
    struct kt_reader who = reader("li", true);
    kt_buf_init(&b, 0);
    int r = kt_room_get(g.room, &who, "hazard", id, 0, 0, &b, &err);
    take(r, &err, &b);
    CHECK_INT(kt_json_len(kt_json_get(answer, "transitions")), 2);
    CHECK(kt_json_get_bool(transition("report"), "may", false));
    const struct kt_json *evidence = kt_json_at(kt_json_get(transition("report"), "evidence"), 0);
    CHECK_STR(kt_json_get_str(evidence, "field", ""), "photos");
    CHECK_INT(kt_json_get_int(evidence, "has", -1), 0);
    CHECK_STR(kt_json_get_str(transition("report"), "note", ""), "required");
    CHECK(!kt_json_get_bool(transition("cancel"), "may", true));
    CHECK_STR(kt_json_get_str(kt_json_get(transition("cancel"), "why"), "en", ""), "hazard.assign");
    CHECK_INT(kt_json_len(kt_json_get(answer, "moves")), 2);
    rig_close(&g);
}

static void a_year_of_days(void)
{
    struct kt_buf b;
    struct kt_err err;
    REQUIRE(begin());
    kt_buf_init(&b, 0);
    int r = kt_room_calendar(g.room, 2026, &b, &err);
    take(r, &err, &b);
    CHECK_INT(kt_json_len(answer), 365);
    CHECK(!kt_json_get_bool(kt_json_at(answer, 0), "working", true));
    int listed = 0;
    for (size_t i = 0; i < kt_json_len(answer); i++) {
        const struct kt_json *source = kt_json_get(kt_json_at(answer, i), "source");
        listed += source && !kt_json_get_bool(source, "verified", true);
    }
    CHECK_INT(listed, 39);
    rig_close(&g);
    kt_json_free(answer);
    answer = NULL;
}

UNIT_MAIN({"a refusal says why", says_why_not}, {"periods and reversals", periods_and_reversals},
          {"the file itself holds it", the_file_holds_it},
          {"balances and entries", balances_and_entries},
          {"an indicator counts what the person sees", counts_what_the_person_sees},
          {"stands against its target", stands_against_its_target},
          {"a setting changes it", a_setting_changes_it}, {"of another moment", of_another_moment},
          {"asks history", asks_history}, {"cases of all workflows", cases_of_all_workflows},
          {"one record says what is next", one_record_says_what_is_next},
          {"a year of days", a_year_of_days})
