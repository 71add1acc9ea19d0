/* SPDX-License-Identifier: Apache-2.0 */
/* Outputs and commands: opening, closing, proof, anomaly, tags, restart; a random walk over the
 * invariants of control.h against a small model of a switch. */
#include "control/control.h"

#include "tiny_site.h"
#include "unit.h"

static struct tiny t;
static struct kt_control *c;
static struct kt_err err;
static kt_time now;
static uint64_t ids;
static bool guard_ok;
static struct kt_write writes[512];
static int writes_n;
static enum kt_command_state states[512];
static int states_n;
static bool anomaly, anomaly_of[8];

static const kt_point_id S1 = {0}, S2 = {2}; /* S2: two persons, no feed */
static const struct kt_rule_instance by_rule = {{0}, {3}};

static uint64_t next_id(void *arg)
{
    (void)arg;
    return ++ids;
}

static void on_write(void *arg, const struct kt_write *w)
{
    (void)arg;
    if (writes_n < 512) {
        writes[writes_n++] = *w;
    }
}

static void on_command(void *arg, const struct kt_command *cmd)
{
    (void)arg;
    if (states_n < 512) {
        states[states_n++] = cmd->state;
    }
}

static void on_anomaly(void *arg, kt_point_id output, bool on)
{
    (void)arg;
    anomaly = anomaly_of[output.v] = on;
}

static void guards(void *arg, kt_point_id output, kt_condition_fn say, void *say_arg)
{
    (void)arg;
    (void)output;
    struct kt_condition cond = {"unknown", {0}, {3}, "", guard_ok};
    say(say_arg, &cond);
}

static void begin(void)
{
    tiny_init(&t, 8);
    tiny_place(&t, "face", "face", KT_NONE);
    tiny_link(&t, "sub01");
    struct kt_role *sw = tiny_role(&t, "switch.power", KT_POINT_OUTPUT);
    struct kt_role *feed = tiny_role(&t, "feed.state", KT_POINT_SWITCH);
    struct kt_role *ch4 = tiny_role(&t, "ch4", KT_POINT_ANALOG);
    struct kt_point *p = tiny_point(&t, "S1", sw, 0);
    p->feed.v = 1;
    p->link = 0;
    tiny_point(&t, "F1", feed, 0);
    tiny_point(&t, "S2", sw, 0)->two_person = true;
    tiny_point(&t, "T1", ch4, 0);
    tiny_rule(&t, "cut", ch4);
    tiny_done(&t);
    struct kt_control_owner owner = {NULL, next_id, on_write, on_command, NULL, on_anomaly, guards};
    c = kt_control_new(&t.site, &owner);
    now = 1000 * KT_DAY;
    ids = 100;
    guard_ok = true;
    writes_n = states_n = 0;
    anomaly = false;
}

static void end(void)
{
    kt_control_free(c);
    tiny_free(&t);
}

static struct kt_ask ask(kt_point_id output, const char *by)
{
    return (struct kt_ask){.now = now, .cause = 7, .output = output, .by = by, .reason = "test"};
}

static kt_command_id open_by(kt_point_id output, const char *by)
{
    struct kt_ask a = ask(output, by);
    return kt_control_open(c, &a);
}

static int close_by(kt_point_id output, const char *by, kt_command_id *ret)
{
    struct kt_ask a = ask(output, by);
    return kt_control_close(c, &a, ret, &err);
}

static void at(kt_time t_ns)
{
    now = t_ns;
    kt_control_tick(c, now);
}

static enum kt_command_state last_state(void)
{
    return states_n ? states[states_n - 1] : KT_CMD_NONE;
}

static void cut_is_proved_by_the_feed_alone(void)
{
    begin();
    kt_control_feed(c, S1, true, 1, now);
    kt_command_id id = open_by(S1, "rule:cut");
    CHECK_INT(writes_n, 1);
    CHECK(writes[0].protective && writes[0].value == 0 && writes[0].expires == 0);
    kt_control_answer(c, id, KT_ANS_WRITTEN, 0, "", now);
    CHECK_INT(last_state(), KT_CMD_SENT);
    kt_control_answer(c, id, KT_ANS_READBACK, 0, "", now);
    CHECK_INT(last_state(), KT_CMD_READBACK);
    kt_control_feed(c, S1, false, 0, now);
    CHECK_INT(last_state(), KT_CMD_READBACK);
    kt_control_feed(c, S1, true, 0, now);
    CHECK_INT(last_state(), KT_CMD_PROVED);
    CHECK(!kt_control_find(c, id));
    end();
}

static void command_against_feed_for_two_seconds(void)
{
    begin();
    kt_control_feed(c, S1, true, 1, now);
    kt_command_id id = open_by(S1, "rule:cut");
    kt_control_answer(c, id, KT_ANS_READBACK, 0, "", now);
    kt_time sent = now;
    at(sent + 2 * KT_SEC - 1);
    CHECK(!anomaly);
    at(sent + 2 * KT_SEC);
    CHECK(anomaly);
    CHECK_INT(last_state(), KT_CMD_ANOMALY);
    kt_control_feed(c, S1, false, 0, now);
    CHECK(anomaly);
    kt_control_feed(c, S1, true, 0, now);
    CHECK(!anomaly);
    CHECK_INT(last_state(), KT_CMD_PROVED);
    end();
}

static void opening_repeats_until_read_back(void)
{
    begin();
    kt_command_id id = open_by(S1, "rule:cut");
    for (int i = 1; i <= 10; i++) {
        at(now + KT_SEC);
    }
    CHECK_INT(writes_n, 6);
    kt_control_answer(c, id, KT_ANS_FAILED, 0, "no answer", now);
    CHECK_INT(last_state(), KT_CMD_SENT);
    for (int i = 1; i <= 600; i++) {
        at(now + KT_SEC);
    }
    CHECK(writes_n < 45);
    kt_control_register(c, S1, true, 0, now);
    CHECK_INT(last_state(), KT_CMD_READBACK);
    int n = writes_n;
    at(now + KT_MIN);
    CHECK_INT(writes_n, n);
    end();
}

static void opening_never_waits(void)
{
    begin();
    struct kt_ask a = ask(S1, "wang");
    CHECK_OK(kt_control_tag(c, &a, &err), &err);
    kt_control_latch(c, S1, by_rule);
    guard_ok = false;
    kt_control_recovered(c, KT_NONE, 9, now);
    writes_n = 0;
    open_by(S1, "li");
    CHECK_INT(writes_n, 1);
    CHECK(writes[0].protective && !writes[0].read_first);
    end();
}

static int closing_refused(void)
{
    kt_command_id id;
    int n = writes_n;
    int r = close_by(S1, "wang", &id);
    CHECK_INT(writes_n, n);
    CHECK_INT(last_state(), KT_CMD_REFUSED);
    return r;
}

static void closing_needs_every_condition(void)
{
    begin();
    struct kt_ask a = ask(S1, "wang");
    bool gone = false;
    kt_control_latch(c, S1, by_rule);
    CHECK_INT(closing_refused(), KT_ESTATE);
    kt_control_unlatch(c, S1, by_rule);
    CHECK_INT(writes_n, 0);
    guard_ok = false;
    CHECK_INT(closing_refused(), KT_ESTATE);
    CHECK(strstr(err.text, "not known") != NULL);
    guard_ok = true;
    CHECK_OK(kt_control_tag(c, &a, &err), &err);
    CHECK_INT(closing_refused(), KT_ESTATE);
    CHECK_OK(kt_control_untag(c, &a, 0, &gone, &err), &err);
    CHECK(gone);
    kt_control_recovered(c, KT_NONE, 9, now);
    CHECK_INT(closing_refused(), KT_ESTATE);
    kt_control_register(c, S1, true, 0, now);
    kt_command_id id;
    CHECK_OK(close_by(S1, "wang", &id), &err);
    CHECK(!writes[writes_n - 1].protective);
    CHECK_INT(writes[writes_n - 1].value, 1);
    CHECK_INT(writes[writes_n - 1].expires, now + 10 * KT_SEC);
    CHECK_INT(close_by(S1, "li", &id), KT_ECONFLICT);
    end();
}

static void two_persons(void)
{
    begin();
    kt_command_id id;
    CHECK_OK(close_by(S2, "wang", &id), &err);
    CHECK_INT(writes_n, 0);
    CHECK_INT(kt_control_confirm(c, id, "wang", 8, now, &err), KT_EDENIED);
    CHECK_OK(kt_control_confirm(c, id, "li", 8, now, &err), &err);
    CHECK_INT(writes_n, 1);
    CHECK_INT(writes[0].cause, 8);
    kt_control_answer(c, id, KT_ANS_READBACK, 1, "", now);
    CHECK_INT(last_state(), KT_CMD_READBACK);
    CHECK(!kt_control_find(c, id));
    CHECK_OK(close_by(S2, "wang", &id), &err);
    guard_ok = false;
    CHECK_INT(kt_control_confirm(c, id, "li", 8, now, &err), KT_ESTATE);
    guard_ok = true;
    CHECK_OK(close_by(S2, "wang", &id), &err);
    CHECK_OK(kt_control_cancel(c, id, "wang", &err), &err);
    CHECK_OK(close_by(S2, "wang", &id), &err);
    at(now + 5 * KT_MIN);
    CHECK_INT(last_state(), KT_CMD_EXPIRED);
    CHECK_INT(kt_control_confirm(c, id, "li", 8, now, &err), KT_ENOTFOUND);
    CHECK_INT(writes_n, 1);
    end();
}

static void two_persons_remove_a_tag(void)
{
    begin();
    struct kt_ask a = ask(S2, "wang"), b = ask(S2, "li");
    bool gone = true;
    CHECK_OK(kt_control_tag(c, &a, &err), &err);
    CHECK_OK(kt_control_untag(c, &a, 0, &gone, &err), &err);
    CHECK(!gone);
    CHECK_OK(kt_control_untag(c, &a, 0, &gone, &err), &err);
    CHECK(!gone);
    CHECK_OK(kt_control_untag(c, &b, 0, &gone, &err), &err);
    CHECK(gone);
    CHECK_INT(kt_control_untag(c, &b, 0, &gone, &err), KT_ENOTFOUND);
    end();
}

static void closing_dies(void)
{
    begin();
    kt_command_id id;
    CHECK_OK(close_by(S1, "wang", &id), &err);
    at(now + 10 * KT_SEC);
    CHECK_INT(last_state(), KT_CMD_EXPIRED);
    CHECK_OK(close_by(S1, "wang", &id), &err);
    open_by(S1, "li");
    CHECK(!kt_control_find(c, id));
    kt_control_answer(c, kt_control_of(c, S1)->open.id, KT_ANS_READBACK, 0, "", now);
    kt_control_feed(c, S1, true, 0, now);
    CHECK_OK(close_by(S1, "wang", &id), &err);
    kt_control_answer(c, id, KT_ANS_WRITTEN, 1, "", now);
    at(now + 2 * KT_SEC);
    CHECK(states[states_n - 1] == KT_CMD_FAILED || states[states_n - 1] == KT_CMD_ANOMALY);
    CHECK(!kt_control_find(c, id));
    int n = writes_n;
    at(now + KT_HOUR);
    CHECK_INT(writes_n, n);
    end();
}

static void after_restart_read_first(void)
{
    begin();
    kt_command_id closing, opening = open_by(S1, "rule:cut");
    CHECK_OK(close_by(S2, "wang", &closing), &err);
    writes_n = 0;
    kt_control_recovered(c, KT_NONE, 9, now);
    CHECK(!kt_control_find(c, closing));
    CHECK_INT(writes_n, 1);
    CHECK(writes[0].read_first);
    kt_control_answer(c, writes[0].command, KT_ANS_READBACK, 1, "", now);
    CHECK_INT(writes_n, 2);
    CHECK(writes[1].protective && writes[1].command.v == opening.v);
    kt_control_recovered(c, KT_NONE, 9, now);
    writes_n = 0;
    at(now + 2 * KT_SEC);
    CHECK_INT(writes_n, 1);
    CHECK(writes[0].protective && !writes[0].read_first);
    kt_control_recovered(c, 0, 9, now);
    writes_n = 0;
    kt_control_register(c, S1, true, 0, now);
    CHECK_INT(writes_n, 0);
    CHECK_INT(last_state(), KT_CMD_READBACK);
    end();
}

static void latched_and_found_closed_is_opened_again(void)
{
    begin();
    kt_control_latch(c, S1, by_rule);
    kt_command_id id = open_by(S1, "rule:cut");
    kt_control_feed(c, S1, true, 0, now);
    kt_control_answer(c, id, KT_ANS_READBACK, 0, "", now);
    CHECK_INT(last_state(), KT_CMD_PROVED);
    at(now + KT_MIN);
    CHECK_INT(writes_n, 1);
    kt_control_register(c, S1, true, 1, now);
    CHECK_INT(writes_n, 2);
    CHECK(writes[1].protective);
    kt_control_unlatch(c, S1, by_rule);
    CHECK_INT(writes_n, 2);
    end();
}

static void an_overtaken_closing_that_arrives_is_opened_again(void)
{
    begin();
    kt_command_id id;
    CHECK_OK(close_by(S1, "wang", &id), &err);
    kt_command_id open = open_by(S1, "li");
    CHECK(open.v > id.v);
    kt_control_feed(c, S1, true, 0, now);
    kt_control_answer(c, open, KT_ANS_READBACK, 0, "", now);
    CHECK_INT(last_state(), KT_CMD_PROVED);
    now += 3 * KT_SEC;
    int n = writes_n;
    kt_control_register(c, S1, true, 1, now);
    CHECK_INT(writes_n, n + 1);
    CHECK(writes[n].protective);
    kt_control_register(c, S1, true, 0, now);
    now += KT_MIN; /* its expiry has passed: whoever closes now does it on the spot */
    kt_control_register(c, S1, true, 1, now);
    CHECK_INT(writes_n, n + 1);
    end();
}

static void local_closing_after_unlatch_is_no_anomaly(void)
{
    begin();
    kt_command_id id = open_by(S1, "rule:cut");
    kt_control_feed(c, S1, true, 0, now);
    kt_control_answer(c, id, KT_ANS_READBACK, 0, "", now);
    kt_control_register(c, S1, true, 1, now);
    kt_control_feed(c, S1, true, 1, now);
    at(now + KT_MIN);
    CHECK(!anomaly);
    kt_control_feed(c, S1, true, 0, now);
    at(now + KT_MIN);
    CHECK(anomaly);
    CHECK_INT(writes_n, 1);
    end();
}

/* A line: S1 feeds S3, S3 feeds S5; each with its feed-state point behind it. */
static const kt_point_id S3 = {2}, S5 = {4};

static void begin_line(void)
{
    tiny_init(&t, 8);
    tiny_place(&t, "face", "face", KT_NONE);
    tiny_link(&t, "sub01");
    struct kt_role *sw = tiny_role(&t, "switch.power", KT_POINT_OUTPUT);
    struct kt_role *feed = tiny_role(&t, "feed.state", KT_POINT_SWITCH);
    static const char *const ids_of[] = {"S1", "F1", "S3", "F3", "S5", "F5"};
    for (uint32_t i = 0; i < 6; i += 2) {
        struct kt_point *p = tiny_point(&t, ids_of[i], sw, 0);
        p->feed.v = i + 1;
        p->fed_by.v = i ? i - 2 : KT_NONE;
        p->link = 0;
        tiny_point(&t, ids_of[i + 1], feed, 0);
    }
    tiny_done(&t);
    struct kt_control_owner owner = {NULL, next_id, on_write, on_command, NULL, on_anomaly, guards};
    c = kt_control_new(&t.site, &owner);
    now = 1000 * KT_DAY;
    ids = 100;
    writes_n = states_n = 0;
    memset(anomaly_of, 0, sizeof(anomaly_of));
}

/* Registers and feeds of the three, as devices tell them each second, for some seconds. */
static void line_is(const int8_t reg[3], const int8_t fed[3], int seconds)
{
    for (int s = 0; s <= seconds; s++) {
        for (uint32_t i = 0; i < 3; i++) {
            kt_control_register(c, (kt_point_id){i * 2}, reg[i] >= 0, reg[i] > 0, now);
            kt_control_feed(c, (kt_point_id){i * 2}, fed[i] >= 0, fed[i] > 0, now);
        }
        at(now + (s < seconds ? KT_SEC : 0));
    }
}

static void a_cut_above_explains_a_dead_line(void)
{
    begin_line();
    line_is((int8_t[]){1, 1, 1}, (int8_t[]){1, 1, 1}, 5);
    open_by(S1, "rule:cut");
    line_is((int8_t[]){0, 1, 1}, (int8_t[]){0, 0, 0}, 10);
    CHECK(!anomaly_of[S1.v] && !anomaly_of[S3.v] && !anomaly_of[S5.v]);
    line_is((int8_t[]){1, 1, 1}, (int8_t[]){1, 1, 1}, 3); /* power again */
    CHECK(!anomaly_of[S3.v] && !anomaly_of[S5.v]);
    end();
}

/* What is above never proves a cut: only the load side's own feed state does. */
static void nothing_above_proves_a_cut(void)
{
    begin_line();
    open_by(S1, "rule:cut");
    open_by(S3, "rule:cut");
    line_is((int8_t[]){0, 0, 1}, (int8_t[]){0, 1, 1}, 1);     /* read back, the load side is live */
    CHECK_INT(kt_control_of(c, S1)->open.state, KT_CMD_NONE); /* proved */
    CHECK(kt_control_of(c, S3)->open.state != KT_CMD_NONE);
    line_is((int8_t[]){0, 0, 1}, (int8_t[]){0, -1, -1}, 30); /* … not known */
    CHECK(kt_control_of(c, S3)->open.state != KT_CMD_NONE);
    end();
}

/* A cut under a dead line is proved, for its load is dead. Whether its own switch opened shows when
 * the line lives again: a live load is opened again at once, and an anomaly. */
static void a_switch_that_did_not_open_under_a_dead_line(void)
{
    begin_line();
    open_by(S1, "rule:cut");
    line_is((int8_t[]){0, 1, 1}, (int8_t[]){0, 0, 0}, 3);
    kt_control_latch(c, S3, (struct kt_rule_instance){{0}, {0}});
    open_by(S3, "rule:cut");
    line_is((int8_t[]){0, 0, 1}, (int8_t[]){0, 0, 0}, 3);
    CHECK_INT(kt_control_of(c, S3)->open.state, KT_CMD_NONE);
    writes_n = 0;
    line_is((int8_t[]){1, 0, 1}, (int8_t[]){1, 1, 1}, 0);
    CHECK(writes_n == 1 && writes[0].output.v == S3.v && writes[0].value == 0);
    CHECK(!anomaly_of[S3.v]);
    line_is((int8_t[]){1, 0, 1}, (int8_t[]){1, 1, 1}, 3);
    CHECK(anomaly_of[S3.v]);
    end();
    begin_line(); /* not held by anything: an anomaly all the same */
    open_by(S1, "rule:cut");
    line_is((int8_t[]){0, 1, 1}, (int8_t[]){0, 0, 0}, 3);
    open_by(S3, "user:a");
    line_is((int8_t[]){0, 0, 1}, (int8_t[]){0, 0, 0}, 3);
    line_is((int8_t[]){1, 0, 1}, (int8_t[]){1, 1, 1}, 3);
    CHECK(anomaly_of[S3.v]);
    end();
}

static void a_cut_above_hides_nothing(void)
{
    begin_line();
    open_by(S1, "rule:cut"); /* and a line below it that is live: cut, and yet fed */
    line_is((int8_t[]){0, 1, 1}, (int8_t[]){0, 0, 1}, 3);
    CHECK(!anomaly_of[S1.v] && !anomaly_of[S3.v] && anomaly_of[S5.v]);
    line_is((int8_t[]){0, 1, 1}, (int8_t[]){0, 0, 0}, 0);
    CHECK(!anomaly_of[S5.v]);
    line_is((int8_t[]){1, 1, 1}, (int8_t[]){1, 0, 0}, 1); /* closed above: two seconds from now */
    CHECK(!anomaly_of[S3.v]);
    line_is((int8_t[]){1, 1, 1}, (int8_t[]){1, 0, 0}, 2);
    CHECK(anomaly_of[S3.v] && anomaly_of[S5.v]);
    end();
    begin_line(); /* a dead line under a closed switch is an anomaly, dead above or not known */
    line_is((int8_t[]){1, 1, 1}, (int8_t[]){0, 0, 1}, 3);
    CHECK(anomaly_of[S1.v] && anomaly_of[S3.v] && !anomaly_of[S5.v]);
    end();
    begin_line();
    line_is((int8_t[]){-1, 1, 1}, (int8_t[]){-1, 0, 0}, 3);
    CHECK(anomaly_of[S3.v] && anomaly_of[S5.v]);
    end();
    begin_line(); /* its own cut that is not obeyed */
    open_by(S1, "rule:cut");
    open_by(S3, "rule:cut");
    line_is((int8_t[]){0, 0, 1}, (int8_t[]){0, 1, 0}, 3);
    CHECK(anomaly_of[S3.v]);
    end();
}

static void save_to(struct kt_buf *b)
{
    kt_buf_init(b, 0);
    kt_control_save(c, b);
}

static void reload(void)
{
    struct kt_buf a, b;
    save_to(&a);
    struct kt_control_owner owner = {NULL, next_id, on_write, on_command, NULL, on_anomaly, guards};
    struct kt_control *fresh = kt_control_new(&t.site, &owner);
    struct kt_rd in = kt_rd_init(a.p, a.n);
    CHECK_OK(kt_control_load(fresh, &in, &err), &err);
    CHECK_INT(kt_rd_left(&in), 0);
    kt_control_free(c);
    c = fresh;
    save_to(&b);
    CHECK(a.n == b.n && memcmp(a.p, b.p, a.n) == 0);
    kt_buf_done(&a);
    kt_buf_done(&b);
}

static kt_command_id any_command(kt_point_id p, uint64_t *seed)
{
    const struct kt_output *o = kt_control_of(c, p);
    return unit_rand(seed) % 2 && o->close.state ? o->close.id : o->open.id;
}

/* One step; checks that a closing is written only by a call that earned it. */
static void step(uint64_t *seed)
{
    now += (kt_time)(unit_rand(seed) % (uint64_t)(3 * KT_SEC));
    kt_point_id p = unit_rand(seed) % 2 ? S1 : S2;
    struct kt_ask a = ask(p, unit_rand(seed) % 2 ? "wang" : "li");
    kt_command_id id = {0};
    bool gone, earned = false, opening = false;
    int r = 0, before = writes_n = 0;
    guard_ok = unit_rand(seed) % 4 != 0;
    bool interlock = kt_control_interlock(c, p, NULL, NULL);
    switch (unit_rand(seed) % 12) {
    case 0:
        kt_control_open(c, &a);
        opening = true;
        break;
    case 1:
        r = kt_control_close(c, &a, &id, &err);
        earned = r == KT_OK && interlock;
        break;
    case 2:
        r = kt_control_confirm(c, any_command(p, seed), a.by, 1, now, &err);
        earned = r == KT_OK && interlock;
        break;
    case 3:
        unit_rand(seed) % 2 ? kt_control_latch(c, p, by_rule) : kt_control_unlatch(c, p, by_rule);
        break;
    case 4:
        r = unit_rand(seed) % 3 ? kt_control_untag(c, &a, 0, &gone, &err)
                                : kt_control_tag(c, &a, &err);
        break;
    case 5:
        kt_control_answer(c, any_command(p, seed), (enum kt_answer)(unit_rand(seed) % 3),
                          (double)(unit_rand(seed) % 2), "x", now);
        break;
    case 6:
        kt_control_register(c, p, unit_rand(seed) % 3 != 0, (double)(unit_rand(seed) % 2), now);
        break;
    case 7:
        kt_control_feed(c, S1, unit_rand(seed) % 3 != 0, unit_rand(seed) % 2, now);
        break;
    case 8:
        if (unit_rand(seed) % 8 == 0) {
            kt_control_recovered(c, unit_rand(seed) % 2 ? 0 : KT_NONE, 3, now);
        }
        break;
    default:
        kt_control_tick(c, now);
    }
    for (int i = before; i < writes_n; i++) {
        CHECK(writes[i].read_first || writes[i].value == 0 || earned);
        CHECK(writes[i].read_first || writes[i].protective == (writes[i].value == 0));
    }
    CHECK(!opening || (writes_n > 0 && writes[0].value == 0));
}

static void walk(uint64_t seed, bool reloading, struct kt_buf *ret)
{
    begin();
    for (int i = 0; i < 600; i++) {
        step(&seed);
        states_n = 0;
        if (reloading && i % 41 == 0) {
            reload();
        }
    }
    save_to(ret);
    end();
}

static void random_walks(void)
{
    for (uint64_t seed = 1; seed <= 60 && unit_bad == 0; seed++) {
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
    struct kt_ask a = ask(S1, "wang");
    kt_control_latch(c, S1, by_rule);
    open_by(S1, "rule:cut");
    CHECK_OK(kt_control_tag(c, &a, &err), &err);
    struct kt_buf b;
    save_to(&b);
    for (size_t n = 0; n < b.n; n++) {
        struct kt_control_owner owner = {0};
        struct kt_control *fresh = kt_control_new(&t.site, &owner);
        struct kt_rd in = kt_rd_init(b.p, n);
        CHECK_INT(kt_control_load(fresh, &in, &err), KT_ECORRUPT);
        kt_control_free(fresh);
    }
    kt_buf_done(&b);
    end();
}

static void json_names_the_conditions(void)
{
    begin();
    kt_control_latch(c, S1, by_rule);
    open_by(S1, "rule:cut");
    struct kt_buf b;
    kt_buf_init(&b, 0);
    struct kt_jw w = kt_jw_init(&b);
    kt_control_outputs_json(c, &w);
    const char *s = kt_buf_cstr(&b);
    CHECK(strstr(s, "\"latched_by\":[\"T1\"]") != NULL);
    CHECK(strstr(s, "cut at T1 holds it open") != NULL);
    CHECK(strstr(s, "\"state\":\"sent\"") != NULL);
    kt_buf_done(&b);
    end();
}

UNIT_MAIN({"safety rule 5: a cut is proved by the feed alone", cut_is_proved_by_the_feed_alone},
          {"safety rule 5: command against feed for 2 s", command_against_feed_for_two_seconds},
          {"an opening repeats until read back", opening_repeats_until_read_back},
          {"safety rule 2: an opening never waits", opening_never_waits},
          {"safety rule 2: a closing needs every condition", closing_needs_every_condition},
          {"two persons", two_persons}, {"two persons remove a tag", two_persons_remove_a_tag},
          {"safety rule 4: a closing dies", closing_dies},
          {"safety rule 4: after a restart read first", after_restart_read_first},
          {"latched and found closed is opened again", latched_and_found_closed_is_opened_again},
          {"an overtaken closing that arrives is opened again",
           an_overtaken_closing_that_arrives_is_opened_again},
          {"local closing after unlatch is no anomaly", local_closing_after_unlatch_is_no_anomaly},
          {"a cut above explains a dead line", a_cut_above_explains_a_dead_line},
          {"a cut above hides nothing", a_cut_above_hides_nothing},
          {"nothing above proves a cut", nothing_above_proves_a_cut},
          {"a switch that did not open under a dead line",
           a_switch_that_did_not_open_under_a_dead_line},
          {"random walks: nothing closes by itself", random_walks},
          {"damaged bytes are refused", damaged_bytes_are_refused},
          {"json names the conditions", json_names_the_conditions})
