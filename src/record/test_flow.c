/* SPDX-License-Identifier: Apache-2.0 */
/* Workflows and time: who may, what is missing, countersignatures, deadlines, escalation, cycles.
 */
#include "record/test_room.h"

#define HOUR INT64_C(3600000)
#define DAY  (24 * HOUR)

static struct rig g;
static int64_t id;

static void ask(const char *user, const char *rights, const char *verb, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
static void ask(const char *user, const char *rights, const char *verb, const char *fmt, ...)
{
    char args[1000];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(args, sizeof args, fmt, ap);
    va_end(ap);
    rig_ask(&g, user, rights, verb, args);
}

static int64_t version(void)
{
    char sql[120];
    snprintf(sql, sizeof sql, "SELECT _version FROM hazard WHERE _id = %lld", (long long)id);
    return rig_sql(&g, sql);
}

static int64_t column(const char *name)
{
    char sql[120];
    snprintf(sql, sizeof sql, "SELECT %s FROM hazard WHERE _id = %lld", name, (long long)id);
    return rig_sql(&g, sql);
}

/* The rest of the arguments after record and version. */
static void move(const char *user, const char *rights, const char *transition, const char *more)
{
    ask(user, rights, "record.move", "{\"record\":%lld,\"version\":%lld,\"transition\":\"%s\"%s}",
        (long long)id, (long long)version(), transition, more);
}

static void photo(void)
{
    ask("li", "record.write", "record.attach",
        "{\"record\":%lld,\"field\":\"photos\",\"hash\":\"%064lld\",\"name\":\"a.jpg\","
        "\"type\":\"image/jpeg\",\"size\":10}",
        (long long)id, (long long)g.seq);
    CHECK(rig_ok(&g));
}

static bool begin(void)
{
    if (!rig_open(&g, NULL)) {
        return false;
    }
    ask("wang", "record.write", "record.create",
        "{\"register\":\"hazard\",\"fields\":{\"title\":\"顶板离层\",\"place\":\"A\"}}");
    id = rig_int(&g, "record");
    CHECK(rig_ok(&g) && id > 0);
    return rig_ok(&g);
}

static const char assigned[] =
    ",\"to\":\"li\",\"fields\":{\"who\":\"li\",\"measure\":\"补打锚杆\"}";

static void says_what_is_missing(void)
{
    REQUIRE(begin());
    move("wang", "record.write", "assign", assigned);
    CHECK(rig_refused(&g, "KT_EDENIED", "hazard.assign"));
    move("chief", "hazard.assign", "assign", ",\"to\":\"li\"");
    CHECK(rig_refused(&g, "KT_EINVAL", "Responsible, Measure"));
    CHECK_INT(kt_json_len(kt_json_get(g.verdict, "problems")), 2);
    move("chief", "hazard.assign", "assign",
         ",\"fields\":{\"who\":\"li\",\"measure\":\"补打锚杆\"}");
    CHECK(rig_refused(&g, "KT_EINVAL", "to whom"));
    move("chief", "hazard.assign", "accept", "");
    CHECK(rig_refused(&g, "KT_ESTATE", "To be checked"));
    move("chief", "hazard.assign", "asign", "");
    CHECK(rig_refused(&g, "KT_EINVAL", "did you mean \"assign\""));
    move("chief", "hazard.assign", "assign",
         ",\"to\":\"li\",\"fields\":{\"who\":\"li\",\"measure\":\"x\",\"title\":\"other\"}");
    CHECK(rig_refused(&g, "KT_EDENIED", "title"));
    CHECK_INT(column("_state = 'open'"), 1);
    CHECK_INT(rig_sql(&g, "SELECT count(*) FROM kt_move"), 1);
    rig_close(&g);
}

static void goes_its_way(void)
{
    REQUIRE(begin());
    move("chief", "hazard.assign", "assign", assigned);
    CHECK(rig_ok(&g));
    CHECK_INT(column("_state = 'doing' AND _owner = 'li' AND who = 'li'"), 1);
    /* 5 May is a holiday, 9 May (a Saturday) is worked: five working days end on 11 May at 24:00 */
    CHECK_INT(column("_due"), RIG_START / KT_MS + 6 * DAY + 16 * HOUR);
    move("li", "", "report", ",\"note\":\"done\"");
    CHECK(rig_refused(&g, "KT_EINVAL", "there are 0"));
    photo();
    move("li", "", "report", "");
    CHECK(rig_refused(&g, "KT_EINVAL", "note"));
    move("wang", "record.write", "report", ",\"note\":\"done\"");
    CHECK(rig_refused(&g, "KT_EDENIED", "its owner li"));
    move("li", "", "report", ",\"note\":\"done\"");
    CHECK(rig_ok(&g));
    move("chief", "hazard.accept", "return", ",\"note\":\"again\"");
    CHECK_INT(column("_returns = 1 AND _state = 'doing' AND _owner = 'li'"), 1);
    move("li", "", "report", ",\"note\":\"done\"");
    CHECK(rig_refused(&g, "KT_EINVAL", "there are 0")); /* the photo is of the time before */
    photo();
    move("li", "", "report", ",\"note\":\"done\"");
    CHECK(rig_ok(&g));
    rig_close(&g);
}

static void two_persons_sign(void)
{
    REQUIRE(begin());
    move("chief", "hazard.assign", "assign", assigned);
    photo();
    move("li", "", "report", ",\"note\":\"done\"");
    move("zhao", "hazard.accept", "accept", "");
    CHECK(rig_ok(&g));
    CHECK_INT(rig_int(&g, "missing"), 1);
    CHECK_INT(column("_state = 'check'"), 1);
    move("zhao", "hazard.accept", "accept", "");
    CHECK(rig_refused(&g, "KT_ECONFLICT", "1 other person is missing"));
    move("qian", "hazard.accept", "accept", "");
    CHECK_INT(column("_state = 'closed'"), 1);
    CHECK_INT(rig_sql(&g, "SELECT count(*) FROM kt_timer WHERE record IS NOT NULL"), 0);
    move("chief", "hazard.assign", "reopen", ",\"note\":\"back again\"");
    CHECK_INT(column("_state = 'doing'"), 1);
    photo();
    move("li", "", "report", ",\"note\":\"done\"");
    move("qian", "hazard.accept", "accept", "");
    CHECK_INT(column("_state = 'check'"), 1); /* signatures of the time before do not count */
    CHECK_INT(rig_said(&g, "\"change\":\"sign\"", ""), 2);
    ask("wang", "record.write", "record.set",
        "{\"record\":%lld,\"version\":%lld,\"fields\":{\"measure\":\"another\"}}", (long long)id,
        (long long)version());
    move("zhao", "hazard.accept", "accept", "");
    CHECK_INT(rig_int(&g, "missing"), 1); /* what qian signed is no more */
    move("qian", "hazard.accept", "accept", "");
    CHECK_INT(column("_state = 'closed'"), 1);
    rig_close(&g);
}

static void time_reminds_and_escalates(void)
{
    REQUIRE(begin());
    move("chief", "hazard.assign", "assign", assigned);
    ask("li", "", "record.receipt", "{\"record\":%lld,\"version\":%lld,\"note\":\"got it\"}",
        (long long)id, (long long)version());
    CHECK(rig_ok(&g));
    ask("li", "", "record.receipt", "{\"record\":%lld,\"version\":%lld,\"note\":\"got it\"}",
        (long long)id, (long long)version());
    CHECK(rig_refused(&g, "KT_ESTATE", "waits for no receipt"));
    int64_t due = column("_due");
    rig_pass(&g, due - g.now / KT_MS - 2 * DAY - 1);
    CHECK_INT(rig_said(&g, "remind", ""), 0);
    rig_pass(&g, 30 * DAY);
    CHECK_INT(rig_said(&g, "\"change\":\"remind\"", ""), 1);
    CHECK_INT(rig_said(&g, "\"change\":\"escalate\"", ""), 2);
    CHECK_INT(rig_said(&g, "\"change\":\"escalate\"", "\"owner\":\"hazard.chief\""), 1);
    CHECK_INT(rig_sql(&g, "SELECT time FROM kt_move WHERE kind = 'escalate' ORDER BY id"), due);
    CHECK_INT(rig_sql(&g, "SELECT time FROM kt_move WHERE kind = 'remind'"), due - 2 * DAY);
    move("li", "", "report", ",\"note\":\"late\"");
    CHECK(rig_refused(&g, "KT_EDENIED", "hazard.chief"));
    photo();
    move("boss", "hazard.chief", "report", ",\"note\":\"late\"");
    CHECK(rig_ok(&g));
    rig_close(&g);
}

static void a_receipt_is_missed(void)
{
    REQUIRE(begin());
    move("chief", "hazard.assign", "assign", assigned);
    rig_pass(&g, 25 * HOUR);
    CHECK_INT(rig_said(&g, "\"change\":\"escalate\"", "no receipt in time"), 1);
    ask("li", "", "record.receipt", "{\"record\":%lld,\"version\":%lld,\"note\":\"late\"}",
        (long long)id, (long long)version());
    CHECK(rig_ok(&g));
    rig_pass(&g, 30 * DAY);
    CHECK_INT(rig_said(&g, "\"change\":\"escalate\"", ""), 3);
    rig_close(&g);
}

static void a_deadline_of_a_field(void)
{
    REQUIRE(begin());
    move("chief", "hazard.assign", "assign_until",
         ",\"to\":\"li\",\"fields\":{\"who\":\"li\",\"measure\":\"x\",\"until\":\"2026-05-20\"}");
    CHECK_INT(column("_due"), rig_sql(&g, "SELECT 1779292800000")); /* 20 May 24:00 */
    ask("wang", "record.write", "record.set",
        "{\"record\":%lld,\"version\":%lld,\"fields\":{\"until\":\"2026-05-22\"}}", (long long)id,
        (long long)version());
    CHECK(rig_ok(&g));
    CHECK_INT(column("_due"), rig_sql(&g, "SELECT 1779292800000") + 2 * DAY);
    ask("wang", "record.write", "record.assign",
        "{\"record\":%lld,\"version\":%lld,\"owner\":\"sun\"}", (long long)id,
        (long long)version());
    CHECK_INT(column("_owner = 'sun'"), 1);
    ask("wang", "record.write", "record.end",
        "{\"record\":%lld,\"version\":%lld,\"reason\":\"double\"}", (long long)id,
        (long long)version());
    CHECK(rig_ok(&g));
    CHECK_INT(rig_sql(&g, "SELECT count(*) FROM kt_timer WHERE record IS NOT NULL"), 0);
    ask("wang", "record.write", "record.reopen",
        "{\"record\":%lld,\"version\":%lld,\"reason\":\"it was not\"}", (long long)id,
        (long long)version());
    CHECK(rig_ok(&g));
    CHECK_INT(rig_sql(&g, "SELECT count(*) FROM kt_timer WHERE kind = 'escalate'"), 2);
    rig_close(&g);
}

static void cycles_come_by_themselves(void)
{
    REQUIRE(begin());
    rig_pass(&g, 40 * DAY); /* Mondays 11, 18, 25 May, 1, 8 June; one tick after a long silence */
    CHECK_INT(rig_sql(&g, "SELECT count(*) FROM meeting"), 5);
    CHECK_INT(rig_sql(&g, "SELECT count(DISTINCT held) FROM meeting"), 5);
    CHECK_INT(rig_sql(&g, "SELECT max(_created) FROM meeting"), INT64_C(1780878600000));
    CHECK_INT(rig_sql(&g, "SELECT held = '2026-05-11' FROM meeting ORDER BY _id"), 1);
    rig_pass(&g, HOUR);
    CHECK_INT(rig_sql(&g, "SELECT count(*) FROM meeting"), 5);
    rig_close(&g);
}

static void the_calendar_is_set(void)
{
    REQUIRE(begin());
    ask("wang", "", "calendar.set", "{\"day\":\"2026-05-06\",\"working\":false,\"note\":\"x\"}");
    CHECK(rig_refused(&g, "KT_EDENIED", "calendar.write"));
    ask("wang", "calendar.write", "calendar.set", "{\"day\":\"2026-05-06\",\"working\":false}");
    CHECK(rig_refused(&g, "KT_EINVAL", "say why"));
    ask("wang", "calendar.write", "calendar.set",
        "{\"day\":\"2026-05-06\",\"working\":false,\"note\":\"storm\"}");
    CHECK(rig_ok(&g));
    move("chief", "hazard.assign", "assign", assigned);
    CHECK_INT(column("_due"), RIG_START / KT_MS + 7 * DAY + 16 * HOUR);
    rig_close(&g);
}

/* Five years without an event: the last thousand turns are made, the others told. */
static void a_long_silence_is_bounded(void)
{
    static const char yaml[] =
        "registers:\n  - {id: round, title: {zh: 巡检, en: Round}, key: no, everywhere: true, "
        "workflow: w, fields: [{id: no, type: text, title: {zh: 号, en: No}, auto: \"R{n:5}\"}, "
        "{id: day, type: date, title: {zh: 日, en: Day}, default: today}]}\n"
        "workflows:\n  - id: w\n    title: {zh: 巡, en: W}\n    states: [{id: a, title: {zh: 甲, "
        "en: "
        "A}, kind: start}, {id: z, title: {zh: 终, en: Z}, kind: done}]\n    transitions: [{id: "
        "go, "
        "title: {zh: 走, en: Go}, from: [a], to: z}]\n    cycles: [{id: daily, every: day, at: "
        "\"06:00\", register: round, title: {zh: 日巡, en: Daily}}]\n";
    REQUIRE(rig_open(&g, yaml));
    rig_pass(&g, 1);
    rig_pass(&g, 1826 * DAY);
    CHECK_INT(rig_sql(&g, "SELECT count(*) FROM round"), 1001);
    CHECK_INT(rig_sql(&g, "SELECT max(day) = '2031-05-05' FROM round"), 1);
    CHECK_INT(rig_said(&g, "\"change\":\"cycle\"", "825 left out"), 1);
    rig_close(&g);
}

UNIT_MAIN({"says what is missing", says_what_is_missing}, {"a case goes its way", goes_its_way},
          {"two persons sign", two_persons_sign},
          {"time reminds and escalates", time_reminds_and_escalates},
          {"a receipt is missed", a_receipt_is_missed},
          {"a deadline of a field", a_deadline_of_a_field},
          {"cycles come by themselves", cycles_come_by_themselves},
          {"the calendar is set", the_calendar_is_set},
          {"a long silence is bounded", a_long_silence_is_bounded})
