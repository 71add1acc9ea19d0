/* SPDX-License-Identifier: Apache-2.0 */
/* The life of an alarm, its masks, first-out, measures, and a random walk over the invariants. */
#include "alarm/alarm.h"

#include "tiny_site.h"
#include "unit.h"

enum { CH4, FAULT }; /* the two rules: statutory and not */

static struct tiny t;
static struct kt_alarm_set *set;
static struct kt_err err;
static int told;
static enum kt_alarm_change last;
static uint64_t next_id;
static kt_time now;

static void hear(void *arg, const struct kt_alarm *a, enum kt_alarm_change change)
{
    (void)arg;
    (void)a;
    told++;
    last = change;
}

static void begin(void)
{
    tiny_init(&t, 64);
    uint32_t mine = 0, panel = 1, face = 2;
    tiny_place(&t, "mine", "mine", KT_NONE);
    tiny_place(&t, "p1", "panel", mine);
    tiny_place(&t, "face", "face", panel);
    struct kt_role *role = tiny_role(&t, "ch4", KT_POINT_ANALOG);
    for (int i = 0; i < 16; i++) {
        char id[8];
        snprintf(id, sizeof id, "T%d", i);
        tiny_point(&t, id, role, i % 2 ? panel : face);
    }
    tiny_rule(&t, "gas", role)->statutory = true;
    struct kt_rule *fault = tiny_rule(&t, "fault", role);
    fault->same_cause = "panel";
    fault->within_ns = 2 * KT_MIN;
    tiny_done(&t);
    set = kt_alarm_new(&t.site, hear, NULL);
    told = 0;
    next_id = 1000;
    now = 1000 * KT_DAY;
}

static void end(void)
{
    kt_alarm_free(set);
    tiny_free(&t);
}

static const struct kt_alarm *raise_at(uint32_t rule, uint32_t point, double value)
{
    struct kt_alarm_cause c = {.value = value, .limit = 1, .has_limit = true};
    kt_alarm_raise(set, (kt_rule_id){rule}, (kt_point_id){point}, (kt_alarm_id){++next_id}, now, &c,
                   NULL);
    return kt_alarm_of(set, (kt_rule_id){rule}, (kt_point_id){point});
}

static void clear_at(uint32_t rule, uint32_t point)
{
    kt_alarm_clear(set, (kt_rule_id){rule}, (kt_point_id){point}, now);
}

static void acknowledged_while_active(void)
{
    begin();
    const struct kt_alarm *a = raise_at(CH4, 0, 1.1);
    CHECK_STR(kt_alarm_state_id(a), "unack");
    CHECK_OK(kt_alarm_ack(set, a->id, now, "wang", "going there", &err), &err);
    CHECK_STR(kt_alarm_state_id(a), "ack");
    CHECK_STR(a->note, "going there");
    CHECK_INT(kt_alarm_ack(set, a->id, now, "li", "", &err), KT_ECONFLICT);
    clear_at(CH4, 0);
    CHECK_STR(kt_alarm_state_id(a), "normal");
    CHECK_INT(kt_alarm_active(set), 0);
    CHECK_INT(told, 3);
    end();
}

static void returned_before_acknowledged(void)
{
    begin();
    const struct kt_alarm *a = raise_at(CH4, 0, 1.1);
    uint64_t id = a->id.v;
    clear_at(CH4, 0);
    CHECK_STR(kt_alarm_state_id(a), "rtn");
    raise_at(CH4, 0, 1.3);
    CHECK_INT(a->id.v, id);
    CHECK_INT(a->raises, 2);
    CHECK_NEAR(a->peak, 1.3, 0);
    clear_at(CH4, 0);
    CHECK_OK(kt_alarm_ack(set, a->id, now, "wang", NULL, &err), &err);
    CHECK_STR(kt_alarm_state_id(a), "normal");
    raise_at(CH4, 0, 1.2);
    CHECK(a->id.v != id);
    CHECK_INT(a->raises, 1);
    CHECK(a->before_raised != 0);
    end();
}

static void statutory_is_never_masked(void)
{
    begin();
    const struct kt_alarm *a = raise_at(CH4, 0, 1.1);
    CHECK_INT(kt_alarm_shelve(set, a->id, now, KT_HOUR, "wang", "noise", &err), KT_EDENIED);
    CHECK_INT(kt_alarm_out(set, (kt_rule_id){CH4}, (kt_point_id){0}, (kt_alarm_id){9}, now, "w",
                           "x", &err),
              KT_EDENIED);
    kt_alarm_suppress(set, (kt_rule_id){CH4}, (kt_point_id){0}, true, "link", now);
    CHECK_STR(kt_alarm_state_id(a), "unack");
    struct kt_alarm_cause c = {.value = 2};
    kt_alarm_raise(set, (kt_rule_id){CH4}, (kt_point_id){1}, (kt_alarm_id){8}, now, &c, "link");
    CHECK_STR(kt_alarm_state_id(kt_alarm_of(set, (kt_rule_id){CH4}, (kt_point_id){1})), "unack");
    end();
}

static void shelved_comes_back_by_itself(void)
{
    begin();
    const struct kt_alarm *a = raise_at(FAULT, 0, 1);
    CHECK_INT(kt_alarm_shelve(set, a->id, now, KT_HOUR, "wang", "", &err), KT_EINVAL);
    CHECK_INT(kt_alarm_shelve(set, a->id, now, 25 * KT_HOUR, "wang", "x", &err), KT_EINVAL);
    CHECK_OK(kt_alarm_ack(set, a->id, now, "wang", NULL, &err), &err);
    CHECK_OK(kt_alarm_shelve(set, a->id, now, KT_HOUR, "wang", "sensor on order", &err), &err);
    CHECK_STR(kt_alarm_state_id(a), "shelved");
    kt_alarm_tick(set, now + KT_HOUR - 1);
    CHECK_STR(kt_alarm_state_id(a), "shelved");
    kt_alarm_tick(set, now + KT_HOUR);
    CHECK_STR(kt_alarm_state_id(a), "unack");
    CHECK_INT(last, KT_ALARM_UNSHELVE);
    CHECK_INT(kt_alarm_unshelve(set, a->id, now, "wang", &err), KT_ECONFLICT);
    end();
}

static void cleared_while_shelved_is_normal(void)
{
    begin();
    const struct kt_alarm *a = raise_at(FAULT, 0, 1);
    uint64_t id = a->id.v;
    CHECK_OK(kt_alarm_shelve(set, a->id, now, KT_HOUR, "wang", "x", &err), &err);
    clear_at(FAULT, 0);
    CHECK_INT(a->state, KT_AL_NORMAL);
    raise_at(FAULT, 0, 2);
    CHECK_INT(a->id.v, id);
    CHECK_STR(kt_alarm_state_id(a), "shelved");
    clear_at(FAULT, 0);
    CHECK_OK(kt_alarm_unshelve(set, a->id, now, "wang", &err), &err);
    CHECK_STR(kt_alarm_state_id(a), "normal");
    CHECK(!kt_alarm_is_shown(a));
    end();
}

static void out_of_service_without_alarm(void)
{
    begin();
    kt_rule_id r = {FAULT};
    kt_point_id p = {3};
    CHECK_OK(kt_alarm_out(set, r, p, (kt_alarm_id){77}, now, "wang", "rebuilt", &err), &err);
    const struct kt_alarm *a = kt_alarm_of(set, r, p);
    CHECK_STR(kt_alarm_state_id(a), "oos");
    CHECK_INT(a->id.v, 77);
    raise_at(FAULT, 3, 1);
    CHECK_STR(kt_alarm_state_id(a), "oos");
    CHECK_INT(kt_alarm_out(set, r, p, (kt_alarm_id){78}, now, "wang", "x", &err), KT_ECONFLICT);
    CHECK_OK(kt_alarm_return(set, r, p, now, "li", &err), &err);
    CHECK_STR(kt_alarm_state_id(a), "unack");
    CHECK_INT(kt_alarm_return(set, r, p, now, "li", &err), KT_ECONFLICT);
    CHECK_INT(kt_alarm_out(set, r, (kt_point_id){40}, (kt_alarm_id){1}, now, "w", "x", &err),
              KT_ENOTFOUND);
    end();
}

static void suppressed_by_design(void)
{
    begin();
    struct kt_alarm_cause c = {.value = 1};
    kt_rule_id r = {FAULT};
    kt_point_id p = {2};
    kt_alarm_raise(set, r, p, (kt_alarm_id){5}, now, &c, "link sub01 is down");
    const struct kt_alarm *a = kt_alarm_of(set, r, p);
    CHECK_STR(kt_alarm_state_id(a), "suppressed");
    CHECK_STR(a->reason, "link sub01 is down");
    CHECK_INT(a->id.v, 5);
    CHECK_INT(told, 1);
    kt_alarm_suppress(set, r, p, false, NULL, now);
    CHECK_STR(kt_alarm_state_id(a), "unack");
    end();
}

static void escalates_until_acknowledged(void)
{
    begin();
    const struct kt_alarm *a = raise_at(FAULT, 0, 1);
    kt_alarm_tick(set, now + 2 * KT_MIN - 1);
    CHECK_INT(told, 1);
    kt_alarm_tick(set, now + 2 * KT_MIN);
    kt_alarm_tick(set, now + 3 * KT_MIN);
    CHECK_INT(told, 2);
    CHECK_INT(last, KT_ALARM_ESCALATE);
    kt_alarm_tick(set, now + 4 * KT_MIN);
    CHECK_INT(told, 3);
    CHECK_OK(kt_alarm_ack(set, a->id, now, "wang", NULL, &err), &err);
    kt_alarm_tick(set, now + KT_HOUR);
    CHECK_INT(told, 4);
    end();
}

static void first_out_of_a_panel(void)
{
    begin();
    uint64_t first = raise_at(FAULT, 0, 1)->id.v;
    CHECK_INT(raise_at(FAULT, 1, 1)->first_out.v, first);
    uint64_t second = kt_alarm_of(set, (kt_rule_id){FAULT}, (kt_point_id){1})->id.v;
    CHECK_INT(raise_at(CH4, 2, 1)->first_out.v, 0);
    clear_at(FAULT, 0);
    CHECK_INT(raise_at(FAULT, 3, 1)->first_out.v, second);
    clear_at(FAULT, 1);
    clear_at(FAULT, 3);
    CHECK_INT(raise_at(FAULT, 5, 1)->first_out.v, 0);
    end();
}

static void peak_follows_the_worst(void)
{
    begin();
    const struct kt_alarm *a = raise_at(CH4, 0, 1.1);
    kt_point_id p = {0};
    CHECK(kt_alarm_value(set, (kt_rule_id){CH4}, p, 1.5, KT_Q_NORMAL));
    CHECK(!kt_alarm_value(set, (kt_rule_id){CH4}, p, 1.2, KT_Q_NORMAL));
    CHECK_NEAR(a->peak, 1.5, 0);
    clear_at(CH4, 0);
    CHECK(!kt_alarm_value(set, (kt_rule_id){CH4}, p, 9, KT_Q_NORMAL));
    end();
}

static bool kpi_has(const char *text)
{
    struct kt_buf b;
    kt_buf_init(&b, 0);
    struct kt_jw w = kt_jw_init(&b);
    kt_alarm_kpi_json(set, now, &w);
    bool is = strstr(kt_buf_cstr(&b), text) != NULL;
    if (!is) {
        printf("# no %s in %s\n", text, kt_buf_cstr(&b));
    }
    kt_buf_done(&b);
    return is;
}

static void measures(void)
{
    begin();
    for (int i = 0; i < 4; i++) {
        const struct kt_alarm *a = raise_at(CH4, 1, 1);
        now += 10 * KT_SEC;
        clear_at(CH4, 1);
        CHECK_OK(kt_alarm_ack(set, a->id, now, "wang", NULL, &err), &err);
    }
    CHECK(kpi_has("\"rate_10min\":4"));
    CHECK(kpi_has("\"flood\":false"));
    CHECK(kpi_has("\"chattering\":[{\"rule\":\"gas\",\"point\":\"T1\",\"count\":4}]"));
    for (uint32_t i = 2; i < 9; i++) {
        raise_at(CH4, i, 1);
    }
    CHECK(kpi_has("\"flood\":true"));
    CHECK(kpi_has("\"floods_24h\":1"));
    CHECK(kpi_has("\"top\":[{\"rule\":\"gas\",\"point\":\"T1\",\"count\":4}"));
    CHECK(kpi_has("\"priority\":[11,0,0,0]"));
    now += KT_DAY + KT_SEC;
    CHECK(kpi_has("\"stale\":7"));
    CHECK(kpi_has("\"raised_24h\":0"));
    CHECK(kpi_has("\"priority\":[0,0,0,0]"));
    end();
}

static void save_to(struct kt_buf *b)
{
    kt_buf_init(b, 0);
    kt_alarm_save(set, b);
}

/* Random walk: the invariants of alarm.h hold at each step, a reload goes on identically. */
static void step(uint64_t *seed)
{
    uint32_t rule = unit_rand(seed) % 2, point = unit_rand(seed) % 16;
    kt_rule_id r = {rule};
    kt_point_id p = {point};
    const struct kt_alarm *a = kt_alarm_of(set, r, p);
    bool was_active = a && kt_alarm_is_active(a);
    int what = (int)(unit_rand(seed) % 10);
    now += (kt_time)(unit_rand(seed) % (uint64_t)(90 * KT_SEC));
    int ret = 0;
    switch (what) {
    case 0:
    case 1:
    case 2:
        raise_at(rule, point, (double)(unit_rand(seed) % 100));
        break;
    case 3:
    case 4:
        clear_at(rule, point);
        break;
    case 5:
        ret = a ? kt_alarm_ack(set, a->id, now, "w", "n", &err) : 0;
        break;
    case 6:
        ret = a ? kt_alarm_shelve(set, a->id, now, KT_MIN * 3, "w", "n", &err) : 0;
        break;
    case 7:
        ret = kt_alarm_out(set, r, p, (kt_alarm_id){++next_id}, now, "w", "r", &err);
        break;
    case 8:
        ret = a ? kt_alarm_return(set, r, p, now, "w", &err) : 0;
        break;
    default:
        (void)kt_alarm_value(set, r, p, (double)(unit_rand(seed) % 100),
                             (kt_quality)(unit_rand(seed) % 3));
        kt_alarm_tick(set, now);
        kt_alarm_suppress(set, r, p, unit_rand(seed) % 2, "design", now);
    }
    (void)ret;
    if (was_active && what != 3 && what != 4) {
        CHECK(kt_alarm_is_active(kt_alarm_of(set, r, p)));
    }
}

/* The list is put together from kept texts: it must say what each alarm says now. */
static void check_list(void)
{
    struct kt_buf list, fresh;
    kt_buf_init(&list, 1 << 20);
    kt_buf_init(&fresh, 1 << 20);
    kt_alarm_list_json(set, &list);
    struct kt_jw w = kt_jw_init(&fresh);
    kt_jw_arr(&w);
    for (uint32_t i = 0; i < kt_alarm_slots(set); i++) {
        if (kt_alarm_is_shown(kt_alarm_at(set, i))) {
            kt_jw_obj(&w);
            kt_alarm_json(set, kt_alarm_at(set, i), NULL, &w);
            kt_jw_obj_end(&w);
        }
    }
    kt_jw_arr_end(&w);
    CHECK_STR(kt_buf_cstr(&list), kt_buf_cstr(&fresh));
    kt_buf_done(&list);
    kt_buf_done(&fresh);
}

static void check_invariants(void)
{
    check_list();
    uint32_t active = 0;
    for (uint32_t i = 0; i < kt_alarm_slots(set); i++) {
        const struct kt_alarm *a = kt_alarm_at(set, i);
        active += kt_alarm_is_active(a);
        CHECK(a->masks == 0 || a->rule.v != CH4);
        CHECK(a->masks == 0 || a->next_escalate == 0);
        CHECK(a->masks == 0 || a->state != KT_AL_RTN);
        CHECK((a->masks & KT_AL_SHELVED) ? a->until != 0 : a->until == 0);
    }
    CHECK_INT(kt_alarm_active(set), active);
}

static void reload(void)
{
    struct kt_buf a, b;
    save_to(&a);
    struct kt_alarm_set *fresh = kt_alarm_new(&t.site, hear, NULL);
    struct kt_rd in = kt_rd_init(a.p, a.n);
    CHECK_OK(kt_alarm_load(fresh, &in, &err), &err);
    CHECK_INT(kt_rd_left(&in), 0);
    kt_alarm_free(set);
    set = fresh;
    save_to(&b);
    CHECK(a.n == b.n && memcmp(a.p, b.p, a.n) == 0);
    kt_buf_done(&a);
    kt_buf_done(&b);
}

static void walk(uint64_t seed, bool reloading, struct kt_buf *ret)
{
    begin();
    for (int i = 0; i < 400; i++) {
        step(&seed);
        check_invariants();
        if (reloading && i % 37 == 0) {
            reload();
        }
    }
    save_to(ret);
    end();
}

static void random_walks(void)
{
    for (uint64_t seed = 1; seed <= 40 && unit_bad == 0; seed++) {
        struct kt_buf a, b;
        walk(seed, false, &a);
        walk(seed, true, &b);
        CHECK(a.n == b.n && memcmp(a.p, b.p, a.n) == 0);
        if (unit_bad) {
            printf("# seed %llu\n", (unsigned long long)seed);
        }
        kt_buf_done(&a);
        kt_buf_done(&b);
    }
}

static void damaged_bytes_are_refused(void)
{
    begin();
    raise_at(CH4, 0, 1);
    raise_at(FAULT, 0, 1);
    struct kt_buf a;
    save_to(&a);
    for (size_t n = 0; n < a.n; n++) {
        struct kt_alarm_set *fresh = kt_alarm_new(&t.site, NULL, NULL);
        struct kt_rd in = kt_rd_init(a.p, n);
        CHECK_INT(kt_alarm_load(fresh, &in, &err), KT_ECORRUPT);
        kt_alarm_free(fresh);
    }
    kt_buf_done(&a);
    end();
}

UNIT_MAIN({"acknowledged while active", acknowledged_while_active},
          {"returned before acknowledged", returned_before_acknowledged},
          {"safety rule 6: statutory is never masked", statutory_is_never_masked},
          {"shelved comes back by itself", shelved_comes_back_by_itself},
          {"cleared while shelved is normal", cleared_while_shelved_is_normal},
          {"out of service without alarm", out_of_service_without_alarm},
          {"suppressed by design", suppressed_by_design},
          {"escalates until acknowledged", escalates_until_acknowledged},
          {"first-out of a panel", first_out_of_a_panel},
          {"peak follows the worst", peak_follows_the_worst}, {"measures", measures},
          {"random walks keep the invariants", random_walks},
          {"damaged bytes are refused", damaged_bytes_are_refused})
