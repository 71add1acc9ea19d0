/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random journals of cases, postings and time. The same journal applied again, with restarts at any
 * event and with most ticks gone, gives the same digest; and whatever was asked, the books balance
 * and no deadline, case or posting is lost or doubled.
 */
#include <time.h>

#include "record/test_room.h"

#define HOUR INT64_C(3600000)
enum { STEPS = 700, RUNS = 2 };

static uint64_t state;

static uint32_t roll(uint32_t n)
{
    return (uint32_t)(unit_rand(&state) % n);
}

#define PICK(list) ((list)[roll((uint32_t)(sizeof(list) / sizeof *(list)))])

static const char *const users[] = {"li", "wang", "zhao", "qian"};
static const char *const rights[] = {
    "", "record.write", "record.write hazard.assign", "hazard.accept hazard.chief",
    "record.write hazard.assign hazard.accept hazard.chief ledger.post ledger.read ledger.close "
    "calendar.write"};

static void ask(struct rig *g, const char *verb, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void ask(struct rig *g, const char *verb, const char *fmt, ...)
{
    char args[600];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(args, sizeof args, fmt, ap);
    va_end(ap);
    rig_ask(g, PICK(users), roll(3) ? rights[4] : PICK(rights), verb, args);
}

/* A case, and (nearly always) its version. */
static int64_t any_case(struct rig *g, int64_t *ret_version)
{
    char sql[120];
    int64_t n = rig_sql(g, "SELECT count(*) FROM hazard");
    if (n == 0) {
        return 0;
    }
    snprintf(sql, sizeof sql, "SELECT _id FROM hazard ORDER BY _id LIMIT 1 OFFSET %u",
             roll((uint32_t)n));
    int64_t id = rig_sql(g, sql);
    snprintf(sql, sizeof sql, "SELECT _version FROM hazard WHERE _id = %lld", (long long)id);
    *ret_version = rig_sql(g, sql) - (roll(20) == 0);
    return id;
}

static void move(struct rig *g)
{
    static const char *const all[] = {"assign", "assign_until", "report", "accept",
                                      "accept", "return",       "cancel", "reopen"};
    int64_t version = 0, id = any_case(g, &version);
    const char *t = PICK(all);
    bool given = t[0] == 'a' && t[1] == 's';
    ask(g, "record.move",
        "{\"record\":%lld,\"version\":%lld,\"transition\":\"%s\",\"note\":\"n\"%s%s%s%s}",
        (long long)id, (long long)version, t, given ? ",\"to\":\"" : "", given ? PICK(users) : "",
        given ? "\"" : "",
        given ? ",\"fields\":{\"who\":\"li\",\"measure\":\"m\",\"until\":\"2026-06-01\"}" : "");
}

static void work(struct rig *g)
{
    int64_t version = 0, id = any_case(g, &version);
    switch (roll(6)) {
    case 0:
        ask(g, "record.assign", "{\"record\":%lld,\"version\":%lld,\"owner\":\"%s\"}",
            (long long)id, (long long)version, PICK(users));
        break;
    case 1:
        ask(g, "record.receipt", "{\"record\":%lld,\"version\":%lld,\"note\":\"ok\"}",
            (long long)id, (long long)version);
        break;
    case 2:
        ask(g, "record.set",
            "{\"record\":%lld,\"version\":%lld,\"fields\":{\"until\":\"2026-06-%02u\"}}",
            (long long)id, (long long)version, 1 + roll(28));
        break;
    case 3:
        ask(g, roll(2) ? "record.end" : "record.reopen",
            "{\"record\":%lld,\"version\":%lld,\"reason\":\"r\"}", (long long)id,
            (long long)version);
        break;
    default:
        ask(g, "record.attach",
            "{\"record\":%lld,\"field\":\"photos\",\"hash\":\"%064llu\",\"name\":\"a.jpg\","
            "\"type\":\"image/jpeg\",\"size\":1}",
            (long long)id, (unsigned long long)g->seq);
    }
}

static void books(struct rig *g)
{
    static const char *const accounts[] = {"source", "store", "loss", "u-1", "u-2"};
    int64_t n = rig_sql(g, "SELECT count(*) FROM kt_txn");
    unsigned cents = 1 + roll(20000), day = 1 + roll(30);
    char sql[120];
    if (roll(8) == 0 && n) {
        snprintf(sql, sizeof sql, "SELECT id FROM kt_txn ORDER BY id LIMIT 1 OFFSET %u",
                 roll((uint32_t)n));
        ask(g, "ledger.reverse", "{\"txn\":%lld,\"day\":\"2026-05-%02u\",\"reason\":\"r\"}",
            (long long)rig_sql(g, sql), day);
    } else if (roll(40) == 0) {
        ask(g, "ledger.close", "{\"ledger\":\"water\",\"until\":\"2026-0%u-30\"}", 4 + roll(3));
    } else {
        ask(g, "ledger.post",
            "{\"ledger\":\"water\",\"day\":\"2026-0%u-%02u\",\"text\":\"t\",\"lines\":"
            "[{\"account\":\"%s\",\"amount\":\"-%u.%02u\"},{\"account\":\"%s\",\"amount\":%u.%02u}]"
            "}",
            4 + roll(3), day, roll(2) ? "source" : PICK(accounts), cents / 100, cents % 100,
            PICK(accounts), cents / 100, cents % 100);
    }
}

static void step(struct rig *g)
{
    switch (roll(10)) {
    case 0:
        ask(g, "record.create",
            "{\"register\":\"hazard\",\"fields\":{\"title\":\"t%llu\",\"place\":\"%s\"}}",
            (unsigned long long)g->seq, roll(2) ? "A" : "B");
        break;
    case 1:
    case 2:
        rig_pass(g, roll(4) ? roll(5 * HOUR) : roll(60) * HOUR);
        break;
    case 3:
        ask(g, "calendar.set", "{\"day\":\"2026-05-%02u\",\"working\":%s,\"note\":\"n\"}",
            1 + roll(31),
            roll(2)   ? "true"
            : roll(2) ? "false"
                      : "null");
        break;
    case 4:
    case 5:
        books(g);
        break;
    case 6:
        work(g);
        break;
    default:
        move(g);
    }
}

static void digest(struct rig *g, char hex[65])
{
    struct kt_hash h = {0};
    struct kt_err err;
    CHECK_OK(kt_room_digest(g->room, &h, &err), &err);
    kt_hash_hex(&h, hex);
}

/* The events of `of` in another room: most ticks are gone, and it is shut at random moments, at
 * times before a commit. */
static void again(const struct rig *of, char hex[65])
{
    struct rig g;
    struct kt_err err;
    if (!rig_open(&g, NULL)) {
        return;
    }
    for (kt_seq i = 0; i < of->seq; i++) {
        bool last = i + 1 == of->seq;
        if (of->events[i].body || last || roll(10) == 0) {
            rig_apply(&g, of, i);
        }
        if (last || roll(3) == 0) {
            CHECK_OK(kt_room_commit(g.room, &err), &err);
        }
        if (roll(60) == 0) {
            kt_room_close(g.room);
            if (!rig_room(&g)) {
                break;
            }
            i = kt_room_seq(g.room) - 1; /* what was not committed comes again */
        }
    }
    digest(&g, hex);
    rig_close(&g);
}

/* What must hold of any room at any time. */
static void holds(const struct rig *g)
{
    struct kt_err err;
    CHECK_OK(flow_verify(g->room->w, g->model, &err), &err);
    CHECK_INT(rig_sql(g, "SELECT coalesce(sum(amount), 0) FROM kt_posting"), 0);
    CHECK_INT(rig_sql(g, "SELECT count(*) FROM hazard WHERE _state IS NULL"), 0);
    /* the row is where the last move went */
    CHECK_INT(rig_sql(g,
                      "SELECT count(*) FROM hazard h WHERE _state IS NOT (SELECT to_state FROM "
                      "kt_move WHERE record = h._id AND kind = 'move' ORDER BY id DESC LIMIT 1)"),
              0);
    /* an open case with a deadline has, for each rule of its state, a timer or has escalated */
    CHECK_INT(rig_sql(g,
                      "SELECT count(*) FROM hazard h WHERE _ended IS NULL AND _due IS NOT NULL "
                      "AND _state IN ('doing', 'check') AND (SELECT count(*) FROM kt_timer WHERE "
                      "record = h._id AND kind = 'escalate') + (SELECT count(DISTINCT transition) "
                      "FROM kt_move WHERE record = h._id AND kind = 'escalate' AND transition <> "
                      "'receipt' AND id > (SELECT max(id) FROM kt_move WHERE record = h._id AND "
                      "kind = 'move')) <> CASE _state WHEN 'doing' THEN 2 ELSE 1 END"),
              0);
    /* none escalates twice in one stay */
    CHECK_INT(rig_sql(g,
                      "SELECT count(*) FROM (SELECT 1 FROM kt_move m WHERE kind = 'escalate' AND "
                      "transition <> 'receipt' GROUP BY record, transition, (SELECT max(id) FROM "
                      "kt_move WHERE record = m.record AND kind = 'move' AND id < m.id) HAVING "
                      "count(*) > 1)"),
              0);
    /* nothing waits that was due, and what is closed waits for nothing */
    char sql[120];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM kt_timer WHERE due < %lld",
             (long long)rec_ms(g->now) - 1);
    CHECK_INT(rig_sql(g, sql), 0);
    CHECK_INT(rig_sql(g, "SELECT count(*) FROM kt_timer t JOIN hazard h ON h._id = t.record WHERE "
                         "h._state IN ('closed', 'void') OR h._ended IS NOT NULL"),
              0);
    CHECK_INT(rig_sql(g, "SELECT count(*) FROM kt_timer WHERE kind = 'cycle'"), 1);
    CHECK_INT(rig_sql(g, "SELECT count(*) - count(DISTINCT _created) FROM meeting"), 0);
}

/* Every verdict that said a transaction was posted has its row, and no row is without one. */
static void none_is_lost(const struct rig *g, int posted)
{
    CHECK_INT(rig_sql(g, "SELECT count(*) FROM kt_txn"), posted);
    int64_t mondays = (rec_ms(g->now) - INT64_C(1778459400000)) / (7 * 24 * HOUR) + 1;
    CHECK_INT(rig_sql(g, "SELECT count(*) FROM meeting"),
              rec_ms(g->now) < INT64_C(1778459400000) ? 0 : mondays);
}

static void random_journals(void)
{
    struct rig g;
    char first[65] = "", other[65] = "";
    const char *given = getenv("KT_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    for (int run = 0; run < RUNS; run++) {
        int posted = 0;
        state = seed + (uint64_t)run;
        printf("# seed %" PRIu64 "\n", state);
        REQUIRE(rig_open(&g, NULL));
        rig_ask(&g, "li", "record.write", "record.create",
                "{\"register\":\"water_user\",\"fields\":{\"no\":\"1\",\"name\":\"a\"}}");
        for (int i = 0; i < STEPS; i++) {
            step(&g);
            posted += rig_ok(&g) && rig_int(&g, "txn") > 0;
            kt_json_free(g.verdict);
            g.verdict = NULL;
        }
        rig_pass(&g, 1);
        holds(&g);
        none_is_lost(&g, posted);
        digest(&g, first);
        again(&g, other);
        CHECK_STR(other, first);
        printf("# %d transactions, %d moves, %d escalations\n", posted,
               (int)rig_sql(&g, "SELECT count(*) FROM kt_move WHERE kind = 'move'"),
               (int)rig_sql(&g, "SELECT count(*) FROM kt_move WHERE kind = 'escalate'"));
        rig_close(&g);
    }
}

UNIT_MAIN({"random journals", random_journals})
