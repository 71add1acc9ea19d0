/* SPDX-License-Identifier: Apache-2.0 */
/* The safety rules of DESIGN section 3 that bind the engine, each by name. */
#include "engine/test_rig.h"

static struct rig r;

/* Rule 1: not known is not safe. */
static void not_known_clears_nothing(void)
{
    rig_init(&r);
    rig_fresh(&r, 0.3);
    rig_sample(&r, "T1", 1.6);
    CHECK(rig_alarm(&r, "gas.over-limit", "T1"));
    CHECK(rig_alarm(&r, "gas.cut", "T1"));
    rig_sample_at(&r, "T1", 0.1, KT_Q_BROKEN, r.now);
    rig_sample_at(&r, "T1", 0.1, KT_Q_COMM_FAULT, r.now);
    rig_wait(&r, 30 * KT_SEC);
    CHECK_INT(rig_value(&r, "T1").quality, KT_Q_STALE);
    CHECK(rig_alarm(&r, "gas.over-limit", "T1"));
    CHECK(rig_alarm(&r, "gas.cut", "T1"));
    CHECK_INT(rig_count(&r, 0, "\"change\":\"unlatch\"", NULL, NULL), 0);
    rig_sample(&r, "T1", 0.99);
    CHECK(!rig_alarm(&r, "gas.over-limit", "T1"));
    CHECK(!rig_alarm(&r, "gas.cut", "T1"));
    rig_done(&r);
}

static void over_range_counts_as_over_its_limit(void)
{
    rig_init(&r);
    rig_fresh(&r, 0.3);
    rig_sample(&r, "T1", 4.5);
    CHECK(rig_alarm(&r, "gas.cut", "T1"));
    CHECK_INT(rig_value(&r, "T1").quality, KT_Q_OVER_RANGE);
    rig_sample_at(&r, "T2", 0, KT_Q_OVER_RANGE, r.now);
    CHECK(rig_alarm(&r, "gas.cut", "T2"));
    CHECK(!rig_alarm(&r, "wind.low", "W1"));
    rig_done(&r);
}

static void silent_cutoff_sensor_is_an_alarm(void)
{
    rig_init(&r);
    rig_fresh(&r, 0.3);
    rig_wait(&r, 19 * KT_SEC);
    CHECK(!rig_alarm(&r, "gas.sensor-fault", "T1"));
    rig_wait(&r, 2 * KT_SEC);
    CHECK(rig_alarm(&r, "gas.sensor-fault", "T1"));
    rig_done(&r);
    rig_init(&r);
    rig_wait(&r, 22 * KT_SEC); /* one that never spoke */
    CHECK(rig_alarm(&r, "gas.sensor-fault", "T1"));
    rig_done(&r);
}

static int closing_effects(void)
{
    int n = 0;
    for (int i = 0; i < r.effects; i++) {
        n += !r.effect[i].read_first && r.effect[i].value == 1;
    }
    return n;
}

static void unknown_refuses_a_closing(void)
{
    rig_init(&r);
    rig_fresh(&r, 0.3);
    rig_sample(&r, "S1", 0);
    rig_sample_at(&r, "T2", 0.1, KT_Q_BROKEN, r.now);
    CHECK(rig_denied(&r, "wang", "output.command", "{\"output\":\"S1\",\"value\":1}", "KT_ESTATE"));
    CHECK(strstr(rig_last(&r), "not known") != NULL);
    CHECK_INT(closing_effects(), 0);
    rig_sample(&r, "T2", 0.1);
    CHECK(rig_ask(&r, "wang", "output.command", "{\"output\":\"S1\",\"value\":1}"));
    CHECK_INT(closing_effects(), 1);
    rig_done(&r);
}

/* Rule 2: opening is easy, closing is earned. */
static void opening_is_easy(void)
{
    rig_init(&r);
    rig_fresh(&r, 0.3);
    CHECK(rig_ask(&r, "li", "output.tag", "{\"output\":\"S2\",\"reason\":\"cable\"}"));
    CHECK(rig_ask(&r, "wang", "output.command", "{\"output\":\"S2\",\"value\":0}"));
    CHECK_INT(r.effects, 1);
    CHECK(r.effect[0].protective);
    CHECK_INT(r.effect[0].expires, 0);
    rig_ask_as(&r, "guest", "[\"view\"]", "[\"*\"]", "output.command",
               "{\"output\":\"S2\",\"value\":0}", "");
    CHECK(strstr(rig_last(&r), "KT_EDENIED") != NULL);
    rig_ask_as(&r, "zhao", RIG_ALL, "[\"p1\"]", "output.command", "{\"output\":\"S2\",\"value\":0}",
               "");
    CHECK(strstr(rig_last(&r), "KT_EDENIED") != NULL);
    CHECK_INT(r.effects, 1);
    rig_done(&r);
}

static void closing_is_earned(void)
{
    rig_init(&r);
    rig_fresh(&r, 0.3);
    rig_ask_as(&r, "guest", "[\"output.open\"]", "[\"*\"]", "output.command",
               "{\"output\":\"S1\",\"value\":1}", "");
    CHECK(strstr(rig_last(&r), "KT_EDENIED") != NULL);
    rig_sample(&r, "T1", 1.2); /* below cut, above restore */
    CHECK(rig_denied(&r, "wang", "output.command", "{\"output\":\"S1\",\"value\":1}", "KT_ESTATE"));
    rig_sample(&r, "T1", 0.3);
    CHECK(rig_ask(&r, "wang", "output.command", "{\"output\":\"S2\",\"value\":1}"));
    CHECK_INT(closing_effects(), 0);
    char args[64];
    snprintf(args, sizeof args, "{\"command\":%llu}",
             (unsigned long long)rig_id(&r, "\"type\":\"command\"", "requested"));
    CHECK(rig_denied(&r, "wang", "output.confirm", args, "KT_EDENIED"));
    CHECK(rig_ask(&r, "li", "output.confirm", args));
    CHECK_INT(closing_effects(), 1);
    CHECK(!r.effect[r.effects - 1].protective);
    CHECK_INT(r.effect[r.effects - 1].cause, r.seq);
    CHECK(r.effect[r.effects - 1].expires > r.now);
    rig_done(&r);
}

/* Rule 3: a person gives power back. */
static void power_comes_back_by_a_person_only(void)
{
    rig_init(&r);
    rig_fresh(&r, 0.3);
    rig_sample(&r, "F1", 1);
    rig_sample(&r, "S1", 1);
    rig_sample(&r, "T1", 1.5);
    CHECK_INT(r.effects, 1);
    CHECK_INT(r.effect[0].output.v, tiny_id(&r.t, "S1").v);
    rig_sample(&r, "S1", 0);
    rig_sample(&r, "F1", 0);
    CHECK_INT(rig_count(&r, 0, "\"type\":\"command\"", "\"state\":\"proved\"", NULL), 1);
    rig_sample(&r, "T1", 1.0);
    CHECK(rig_denied(&r, "wang", "output.command", "{\"output\":\"S1\",\"value\":1}", "KT_ESTATE"));
    rig_sample(&r, "T1", 0.99);
    CHECK_INT(rig_count(&r, 0, "\"change\":\"unlatch\"", NULL, NULL), 1);
    for (int i = 0; i < 60; i++) {
        rig_fresh(&r, 0.2);
        rig_sample(&r, "F1", 0);
        rig_sample(&r, "S1", 0);
        rig_wait(&r, 5 * KT_SEC);
    }
    CHECK_INT(closing_effects(), 0);
    rig_fresh(&r, 0.2);
    CHECK(rig_ask(&r, "wang", "output.command", "{\"output\":\"S1\",\"value\":1}"));
    CHECK_INT(closing_effects(), 1);
    rig_done(&r);
}

/* Rule 4: no command outlives its expiry. */
static void after_a_restart_closings_are_dead(void)
{
    rig_init(&r);
    rig_fresh(&r, 0.3);
    CHECK(rig_ask(&r, "wang", "output.command", "{\"output\":\"S1\",\"value\":1}"));
    rig_sample(&r, "T3", 2.0);
    r.effects = 0;
    kt_engine_recovered(r.e, ++r.seq);
    CHECK_INT(rig_count(&r, 0, "\"state\":\"expired\"", NULL, NULL), 1);
    CHECK_INT(r.effects, 3);
    kt_command_id read_s2 = {0};
    for (int i = 0; i < r.effects; i++) {
        CHECK(r.effect[i].read_first);
        read_s2 = r.effect[i].output.v == 6 ? r.effect[i].command : read_s2;
    }
    r.effects = 0;
    rig_answer(&r, read_s2, "readback", 1);
    CHECK_INT(r.effects, 1);
    CHECK(r.effect[0].protective && r.effect[0].value == 0);
    CHECK_INT(closing_effects(), 0);
    rig_done(&r);
}

/* Rule 1: what was known before a pause of the program is not known after it. The pause is no
 * silence of the sensors, nor an excuse: who is not heard in half of its time is silent. */
static void a_restart_is_no_excuse(void)
{
    rig_init(&r);
    rig_wait(&r, KT_SEC);
    rig_fresh(&r, 0.3);
    rig_sample(&r, "T2", 1.5);
    kt_engine_recovered(r.e, ++r.seq);
    CHECK_INT(rig_value(&r, "T1").quality, KT_Q_COMM_FAULT);
    r.now += KT_HOUR;
    rig_wait(&r, 9 * KT_SEC);
    CHECK_INT(rig_value(&r, "T1").quality, KT_Q_COMM_FAULT);
    CHECK(rig_alarm(&r, "gas.cut", "T2"));
    rig_sample(&r, "T1", 0.3);
    CHECK_INT(rig_value(&r, "T1").quality, KT_Q_NORMAL);
    rig_wait(&r, 2 * KT_SEC);
    CHECK_INT(rig_value(&r, "T1").quality, KT_Q_NORMAL);
    CHECK_INT(rig_value(&r, "T2").quality, KT_Q_STALE);
    CHECK(rig_alarm(&r, "gas.cut", "T2"));
    rig_done(&r);
}

/* Rule 1: silence goes on through a restart, and through one after the other. */
static void a_restart_ends_no_silence(void)
{
    rig_init(&r);
    rig_wait(&r, KT_SEC);
    rig_fresh(&r, 0.3);
    rig_wait(&r, 8 * KT_SEC);
    kt_engine_recovered(r.e, ++r.seq);
    rig_wait(&r, 11 * KT_SEC);
    CHECK_INT(rig_value(&r, "T1").quality, KT_Q_COMM_FAULT);
    rig_wait(&r, 2 * KT_SEC); /* 20 s after its last word, 12 s after the start */
    CHECK_INT(rig_value(&r, "T1").quality, KT_Q_STALE);
    CHECK(rig_alarm(&r, "gas.sensor-fault", "T1"));
    kt_engine_recovered(r.e, ++r.seq);
    rig_wait(&r, KT_SEC);
    CHECK_INT(rig_value(&r, "T1").quality, KT_Q_STALE);
    CHECK(rig_alarm(&r, "gas.sensor-fault", "T1"));
    rig_done(&r);
}

static void after_a_reconnect_closings_are_dead(void)
{
    rig_init(&r);
    rig_fresh(&r, 0.3);
    CHECK(rig_ask(&r, "wang", "output.command", "{\"output\":\"S1\",\"value\":1}"));
    rig_link(&r, "sub01", false);
    r.effects = 0;
    rig_link(&r, "sub01", true);
    CHECK_INT(rig_count(&r, 0, "\"state\":\"expired\"", NULL, NULL), 1);
    for (int i = 0; i < r.effects; i++) {
        CHECK(r.effect[i].read_first);
    }
    CHECK_INT(r.effects, 2);
    rig_done(&r);
}

/* Rule 5: the proof of a cut is the feed state. */
static void command_against_feed_is_an_anomaly(void)
{
    rig_init(&r);
    rig_fresh(&r, 0.3);
    rig_sample(&r, "F1", 1);
    rig_sample(&r, "T1", 1.5);
    rig_answer(&r, r.effect[0].command, "readback", 0);
    CHECK_INT(rig_count(&r, 0, "\"state\":\"proved\"", NULL, NULL), 0);
    rig_wait(&r, 1900 * KT_MS);
    CHECK(!rig_alarm(&r, "core.feed", "S1"));
    rig_wait(&r, 100 * KT_MS);
    CHECK(rig_alarm(&r, "core.feed", "S1"));
    CHECK_INT(rig_count(&r, 0, "\"state\":\"anomaly\"", NULL, NULL), 1);
    CHECK_INT(rig_count(&r, 0, "\"type\":\"card\"", "\"rule\":\"core.feed\"", "open"), 1);
    rig_sample(&r, "F1", 0);
    CHECK(!rig_alarm(&r, "core.feed", "S1"));
    CHECK_INT(rig_count(&r, 0, "\"state\":\"proved\"", NULL, NULL), 1);
    rig_done(&r);
}

/* Rule 6: statutory alarms. */
static void statutory_alarms_are_not_hidden(void)
{
    rig_init(&r);
    rig_fresh(&r, 0.3);
    rig_sample(&r, "T1", 1.1);
    char args[128];
    snprintf(args, sizeof args, "{\"alarms\":[%llu],\"minutes\":10,\"reason\":\"x\"}",
             (unsigned long long)rig_id(&r, "\"type\":\"alarm\"", "gas.over-limit"));
    CHECK(rig_denied(&r, "wang", "alarm.shelve", args, "KT_EDENIED"));
    CHECK(rig_denied(&r, "wang", "alarm.oos",
                     "{\"point\":\"T1\",\"rule\":\"gas.over-limit\",\"reason\":\"x\"}",
                     "KT_EDENIED"));
    CHECK(
        rig_denied(&r, "wang", "console.mute", "{\"console\":\"a\",\"seconds\":121}", "KT_EINVAL"));
    CHECK(rig_ask(&r, "wang", "console.mute", "{\"console\":\"a\",\"seconds\":120}"));
    CHECK(rig_denied(&r, "wang", "console.mute", "{\"console\":\"a\",\"seconds\":120}",
                     "KT_ECONFLICT"));
    rig_link(&r, "sub01", false);
    CHECK_INT(rig_count(&r, 0, "\"statutory\":true", "\"state\":\"suppressed\"", NULL), 0);
    CHECK(rig_alarm(&r, "gas.sensor-fault", "T2"));
    rig_done(&r);
}

static void limits_take_two_persons_and_are_never_looser(void)
{
    rig_init(&r);
    rig_fresh(&r, 0.3);
    CHECK(rig_denied(&r, "wang", "limit.propose",
                     "{\"point\":\"T1\",\"name\":\"alarm\",\"value\":1.1,\"reason\":\"x\"}",
                     "KT_EDENIED"));
    CHECK(rig_denied(&r, "wang", "limit.propose",
                     "{\"point\":\"T1\",\"name\":\"alarm\",\"value\":0.8}", "KT_EINVAL"));
    CHECK(rig_ask(&r, "wang", "limit.propose",
                  "{\"point\":\"T1\",\"name\":\"alarm\",\"value\":0.8,\"reason\":\"series air\"}"));
    rig_sample(&r, "T1", 0.9);
    CHECK(!rig_alarm(&r, "gas.over-limit", "T1"));
    char args[64];
    snprintf(args, sizeof args, "{\"proposal\":%llu}",
             (unsigned long long)rig_id(&r, "\"type\":\"limit\"", "propose"));
    CHECK(rig_denied(&r, "wang", "limit.approve", args, "KT_EDENIED"));
    CHECK(rig_ask(&r, "li", "limit.approve", args));
    CHECK(rig_alarm(&r, "gas.over-limit", "T1"));
    CHECK(rig_denied(&r, "li", "limit.approve", args, "KT_ENOTFOUND"));
    CHECK(rig_ask(&r, "wang", "limit.propose",
                  "{\"point\":\"T1\",\"name\":\"alarm\",\"value\":1.0,\"reason\":\"back\"}"));
    CHECK(rig_denied(&r, "wang", "limit.propose",
                     "{\"point\":\"T1\",\"name\":\"cut\",\"value\":0.9,\"reason\":\"x\"}",
                     "KT_EINVAL"));
    rig_done(&r);
}

/* Rule 7: no rule stops a protected supply without a clause. */
static void protected_output_is_not_opened(void)
{
    rig_init(&r);
    rig_fresh(&r, 0.3);
    rig_sample(&r, "T1", 2.0);
    for (int i = 0; i < r.effects; i++) {
        CHECK(r.effect[i].output.v != tiny_id(&r.t, "V1").v);
    }
    CHECK_INT(r.effects, 1);
    CHECK_INT(rig_count(&r, 0, "\"output\":\"V1\"", NULL, NULL), 0);
    rig_done(&r);
}

/* Rule 8: no way out, and a drill is marked. */
static void no_way_out(void)
{
    memset(&r, 0, sizeof r);
    rig_init(&r);
    rig_fresh(&r, 0.3);
    CHECK(rig_denied(&r, "w", "output.command", "{\"output\":\"S1\",\"value\":0,\"drill\":true}",
                     "KT_ESTATE"));
    CHECK(rig_ask(&r, "wang", "drill.start", "{\"title\":\"fire\"}"));
    CHECK(rig_ask(&r, "wang", "output.command", "{\"output\":\"S1\",\"value\":0,\"drill\":true}"));
    CHECK_INT(r.effects, 0);
    rig_sample(&r, "T1", 1.5); /* the real thing meanwhile */
    CHECK_INT(r.effects, 1);
    CHECK(rig_count(&r, 0, "\"type\":\"alarm\"", "\"drill\":true", NULL) > 0);
    CHECK(rig_ask(&r, "wang", "drill.stop", "{}"));
    rig_sample(&r, "T2", 1.5);
    CHECK(strstr(rig_last(&r), "\"drill\"") == NULL);
    rig_done(&r);
}

/* Rule 9: time cannot hide gas. */
static void future_takes_its_arrival_time(void)
{
    rig_init(&r);
    rig_fresh(&r, 0.3);
    rig_wait(&r, KT_SEC);
    rig_sample_at(&r, "T1", 1.2, KT_Q_NORMAL, r.now + KT_HOUR);
    CHECK(rig_alarm(&r, "gas.over-limit", "T1"));
    CHECK_INT(rig_value(&r, "T1").time, r.now);
    CHECK_INT(rig_value(&r, "T1").quality, KT_Q_FUTURE);
    rig_wait(&r, KT_SEC);
    rig_sample_at(&r, "T1", 1.6, KT_Q_NORMAL, r.now);
    CHECK(rig_alarm(&r, "gas.cut", "T1"));
    /* a clock a little ahead, set right again, hides nothing either */
    rig_wait(&r, KT_SEC);
    rig_sample_at(&r, "T2", 0.2, KT_Q_NORMAL, r.now + 4 * KT_SEC);
    rig_wait(&r, KT_SEC);
    rig_sample_at(&r, "T2", 1.6, KT_Q_NORMAL, r.now);
    CHECK(rig_alarm(&r, "gas.cut", "T2"));
    rig_done(&r);
}

static void late_does_not_move_the_present(void)
{
    rig_init(&r);
    rig_fresh(&r, 0.3);
    rig_wait(&r, 10 * KT_SEC);
    rig_fresh(&r, 0.4);
    rig_sample_at(&r, "T1", 1.7, KT_Q_NORMAL, r.now - 8 * KT_SEC);
    rig_sample_at(&r, "T1", 0.2, KT_Q_NORMAL, r.now - 7 * KT_SEC);
    CHECK_NEAR(rig_value(&r, "T1").value, 0.4, 0);
    CHECK(!rig_alarm(&r, "gas.cut", "T1"));
    CHECK_INT(rig_count(&r, 0, "\"type\":\"late\"", "\"point\":\"T1\"", "1.7"), 1);
    CHECK_INT(rig_count(&r, 0, "\"type\":\"late\"", NULL, NULL), 1);
    struct kt_engine_stats stats;
    kt_engine_stats(r.e, &stats);
    CHECK_INT(stats.late, 2);
    rig_done(&r);
}

static void an_old_value_calms_nobody(void)
{
    rig_init(&r);
    rig_fresh(&r, 0.3);
    rig_sample(&r, "T1", 1.6);
    rig_wait(&r, 40 * KT_SEC);
    rig_sample_at(&r, "T1", 0.1, KT_Q_NORMAL, r.now - 30 * KT_SEC);
    CHECK(rig_alarm(&r, "gas.cut", "T1"));
    CHECK_INT(rig_value(&r, "T1").quality, KT_Q_STALE);
    rig_sample_at(&r, "T2", 1.6, KT_Q_NORMAL, r.now - 30 * KT_SEC); /* but it warns */
    CHECK(rig_alarm(&r, "gas.cut", "T2"));
    rig_done(&r);
}

static void engine_time_never_goes_back(void)
{
    rig_init(&r);
    rig_fresh(&r, 0.3);
    rig_wait(&r, 10 * KT_SEC);
    kt_time was = kt_engine_time(r.e), back = was - KT_HOUR;
    rig_event(&r, KT_EV_TICK, &back, 8);
    CHECK_INT(kt_engine_time(r.e), was);
    rig_done(&r);
}

/* Rule 10: nobody invents a value. */
static void no_value_by_hand_on_a_cutoff_sensor(void)
{
    rig_init(&r);
    rig_fresh(&r, 0.3);
    CHECK(rig_denied(&r, "wang", "manual.set", "{\"point\":\"T1\",\"value\":0.1,\"reason\":\"x\"}",
                     "KT_EDENIED"));
    CHECK(rig_denied(&r, "wang", "manual.set", "{\"point\":\"F1\",\"value\":0,\"reason\":\"x\"}",
                     "KT_EDENIED"));
    CHECK(rig_denied(&r, "wang", "manual.set", "{\"point\":\"S1\",\"value\":0,\"reason\":\"x\"}",
                     "KT_EDENIED"));
    rig_sample_at(&r, "T1", 0.1, KT_Q_MANUAL, r.now);
    CHECK_NEAR(rig_value(&r, "T1").value, 0.3, 0);
    CHECK(rig_ask(&r, "wang", "manual.set", "{\"point\":\"N1\",\"value\":5,\"reason\":\"read\"}"));
    CHECK_INT(rig_value(&r, "N1").quality, KT_Q_MANUAL);
    CHECK_INT(rig_value(&r, "N1").flags, KT_LIVE_MANUAL);
    rig_sample(&r, "N1", 7);
    CHECK_NEAR(rig_value(&r, "N1").value, 5, 0);
    CHECK(rig_ask(&r, "wang", "manual.clear", "{\"point\":\"N1\"}"));
    CHECK_INT(rig_value(&r, "N1").quality, KT_Q_STALE);
    rig_sample(&r, "N1", 7);
    CHECK_NEAR(rig_value(&r, "N1").value, 7, 0);
    CHECK_INT(rig_value(&r, "N1").quality, KT_Q_NORMAL);
    rig_done(&r);
}

UNIT_MAIN(
    {"safety rule 1: not known clears nothing", not_known_clears_nothing},
    {"safety rule 1: over-range counts as over its limit", over_range_counts_as_over_its_limit},
    {"safety rule 1: a silent cut-off sensor is an alarm", silent_cutoff_sensor_is_an_alarm},
    {"safety rule 1: after a restart nothing is known, and nobody was silent yet",
     a_restart_is_no_excuse},
    {"safety rule 1: a restart ends no silence", a_restart_ends_no_silence},
    {"safety rule 1: unknown refuses a closing", unknown_refuses_a_closing},
    {"safety rule 2: opening is easy", opening_is_easy},
    {"safety rule 2: closing is earned", closing_is_earned},
    {"safety rule 3: power comes back by a person only", power_comes_back_by_a_person_only},
    {"safety rule 4: after a restart closings are dead", after_a_restart_closings_are_dead},
    {"safety rule 4: after a reconnect closings are dead", after_a_reconnect_closings_are_dead},
    {"safety rule 5: command against feed is an anomaly", command_against_feed_is_an_anomaly},
    {"safety rule 6: statutory alarms are not hidden", statutory_alarms_are_not_hidden},
    {"safety rule 6: limits take two persons and are never looser",
     limits_take_two_persons_and_are_never_looser},
    {"safety rule 7: a protected output is not opened", protected_output_is_not_opened},
    {"safety rule 8: no way out", no_way_out},
    {"safety rule 9: the future takes its arrival time", future_takes_its_arrival_time},
    {"safety rule 9: late does not move the present", late_does_not_move_the_present},
    {"safety rule 9: an old value calms nobody", an_old_value_calms_nobody},
    {"safety rule 9: engine time never goes back", engine_time_never_goes_back},
    {"safety rule 10: no value by hand on a cut-off sensor", no_value_by_hand_on_a_cutoff_sensor})
