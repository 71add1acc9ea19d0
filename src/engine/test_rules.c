/* SPDX-License-Identifier: Apache-2.0 */
/* Rules at work: delays, hysteresis, limits at the resolution, topology, windows, links, and the
 * published methane traces. */
#include "conf/json.h"
#include "engine/test_rig.h"

#include <unistd.h>

static struct rig r;

static void on_and_off_delay(void)
{
    rig_init(&r);
    rig_sample(&r, "W1", 0.2);
    rig_wait(&r, 2900 * KT_MS);
    CHECK(!rig_alarm(&r, "wind.low", "W1"));
    rig_wait(&r, 100 * KT_MS);
    CHECK(rig_alarm(&r, "wind.low", "W1"));
    rig_sample(&r, "W1", 0.29); /* between: neither */
    rig_wait(&r, 5 * KT_SEC);
    CHECK(rig_alarm(&r, "wind.low", "W1"));
    rig_sample(&r, "W1", 0.3);
    rig_wait(&r, KT_SEC);
    rig_sample(&r, "W1", 0.2); /* the off delay starts again */
    rig_sample(&r, "W1", 0.3);
    rig_wait(&r, 1900 * KT_MS);
    CHECK(rig_alarm(&r, "wind.low", "W1"));
    rig_wait(&r, 100 * KT_MS);
    CHECK(!rig_alarm(&r, "wind.low", "W1"));
    rig_done(&r);
}

static void short_dip_raises_nothing(void)
{
    rig_init(&r);
    rig_sample(&r, "W1", 0.2);
    rig_wait(&r, 2 * KT_SEC);
    rig_sample(&r, "W1", 0.25);
    rig_wait(&r, 10 * KT_SEC);
    CHECK(!rig_alarm(&r, "wind.low", "W1"));
    rig_done(&r);
}

static void unknown_stops_no_delay(void)
{
    rig_init(&r);
    rig_sample(&r, "W1", 0.2);
    rig_wait(&r, KT_SEC);
    rig_sample_at(&r, "W1", 0.2, KT_Q_BROKEN, r.now);
    rig_wait(&r, 2 * KT_SEC);
    CHECK(rig_alarm(&r, "wind.low", "W1"));
    rig_sample(&r, "W1", 0.5);
    rig_wait(&r, KT_SEC);
    rig_sample_at(&r, "W1", 0.5, KT_Q_BROKEN, r.now);
    rig_wait(&r, 10 * KT_SEC);
    CHECK(rig_alarm(&r, "wind.low", "W1"));
    rig_done(&r);
}

/* Values as a float32 device sends them count at the point's resolution. */
static void at_the_limit_as_float32(void)
{
    static const struct {
        double v;
        bool alarm;
    } cases[] = {{(double)1.0f, true},    {(double)0.99f, false},  {(double)0.999f, true},
                 {0.995, true},           {0.9949, false},         {(double)0.9949f, false},
                 {1.0 - 1e-12, true},     {0.1 * 3 + 0.7, true},   {(double)1.005f, true},
                 {(double)0.985f, false}, {(double)0.9899f, false}};
    for (size_t i = 0; i < KT_ARRAY_LEN(cases); i++) {
        rig_init(&r);
        rig_sample(&r, "T1", 0.2);
        rig_sample(&r, "T1", cases[i].v);
        if (rig_alarm(&r, "gas.over-limit", "T1") != cases[i].alarm) {
            printf("# %.17g\n", cases[i].v);
        }
        CHECK_INT(rig_alarm(&r, "gas.over-limit", "T1"), cases[i].alarm);
        rig_sample(&r, "T1", 0.2);
        CHECK(!rig_alarm(&r, "gas.over-limit", "T1"));
        rig_done(&r);
    }
}

static void peak_and_first_out_in_the_outcome(void)
{
    rig_init(&r);
    rig_sample(&r, "T1", 1.1);
    uint64_t first = rig_id(&r, "\"type\":\"alarm\"", "T1");
    rig_sample(&r, "T1", 1.4);
    rig_sample(&r, "T1", 1.2);
    rig_sample(&r, "T2", 1.1);
    char text[60];
    snprintf(text, sizeof text, "\"first_out\":%llu", (unsigned long long)first);
    CHECK_INT(rig_count(&r, 0, "\"change\":\"raise\"", "\"point\":\"T2\"", text), 1);
    rig_sample(&r, "T1", 0.5);
    CHECK_INT(rig_count(&r, 0, "\"change\":\"clear\"", "\"point\":\"T1\"", "\"peak\":1.4"), 1);
    rig_done(&r);
}

static void topology_is_read(void)
{
    rig_init(&r);
    rig_fresh(&r, 0.3);
    rig_sample(&r, "T2", 3.1);
    CHECK(rig_alarm(&r, "fan.gas", "S1"));
    CHECK(!rig_alarm(&r, "fan.gas", "S2"));
    rig_sample(&r, "T2", 2.9);
    CHECK(!rig_alarm(&r, "fan.gas", "S1"));
    rig_sample(&r, "T3", 3.1);
    CHECK(rig_alarm(&r, "fan.gas", "S2"));
    rig_done(&r);
}

static void windows_are_asked_by_time(void)
{
    rig_init(&r);
    rig_sample(&r, "T1", 0.3);
    rig_wait(&r, 2 * KT_SEC);
    rig_sample(&r, "T1", 2.5);
    rig_wait(&r, 1100 * KT_MS);
    CHECK(rig_alarm(&r, "gas.jump", "T1"));
    for (int i = 0; i < 15; i++) {
        rig_sample(&r, "T1", 2.5);
        rig_wait(&r, KT_SEC);
    }
    CHECK(!rig_alarm(&r, "gas.jump", "T1"));
    rig_done(&r);
}

static void link_down_is_stale_in_its_time(void)
{
    rig_init(&r);
    rig_wait(&r, KT_SEC);
    rig_fresh(&r, 0.3);
    rig_link(&r, "sub01", false);
    CHECK_INT(rig_value(&r, "T1").quality, KT_Q_COMM_FAULT);
    CHECK_INT(rig_value(&r, "T3").quality, KT_Q_NORMAL);
    rig_wait(&r, 10 * KT_SEC);
    rig_sample(&r, "T3", 0.3);
    rig_wait(&r, 19 * KT_SEC);
    CHECK_INT(rig_value(&r, "T1").quality, KT_Q_STALE);
    CHECK_INT(rig_value(&r, "W1").quality, KT_Q_COMM_FAULT);
    CHECK_INT(rig_count(&r, 0, "wind.stale", NULL, NULL), 0);
    rig_wait(&r, KT_SEC);
    CHECK_INT(rig_count(&r, 0, "wind.stale", "\"state\":\"suppressed\"", "raise"), 1);
    CHECK(rig_alarm(&r, "gas.sensor-fault", "T1"));
    rig_wait(&r, KT_MIN);
    rig_link(&r, "sub01", true);
    CHECK_INT(rig_count(&r, 0, "\"type\":\"gap\"", "\"link\":\"sub01\"", "\"change\":\"end\""), 1);
    CHECK_INT(rig_count(&r, 0, "unsuppress", NULL, NULL), 0);
    rig_fresh(&r, 0.3);
    CHECK(!rig_alarm(&r, "gas.sensor-fault", "T1"));
    CHECK(!rig_alarm(&r, "wind.stale", "W1"));
    CHECK_INT(rig_count(&r, 0, "\"type\":\"gap\"", "\"point\":\"T1\"", "\"change\":\"end\""), 1);
    rig_done(&r);
}

/* Silence is counted from the last sample, however often the link comes back without one. */
static void a_flapping_link_is_silent_all_the_same(void)
{
    rig_init(&r);
    rig_wait(&r, KT_SEC);
    rig_fresh(&r, 0.3);
    for (int i = 0; i < 4; i++) {
        rig_link(&r, "sub01", false);
        rig_wait(&r, 2 * KT_SEC);
        rig_link(&r, "sub01", true);
        rig_wait(&r, 2 * KT_SEC);
    }
    CHECK_INT(rig_value(&r, "T1").quality, KT_Q_COMM_FAULT);
    rig_wait(&r, 4 * KT_SEC);
    CHECK_INT(rig_value(&r, "T1").quality, KT_Q_STALE);
    rig_done(&r);
}

/* What came before the first tick may have any time; nobody was silent for that long. */
static void silence_begins_with_the_first_tick(void)
{
    rig_init(&r);
    kt_time plant = r.now;
    r.now = 1;
    rig_event(&r, KT_EV_SITE, "{}", 2);
    rig_link(&r, "sub01", false);
    r.now = plant;
    rig_wait(&r, 20 * KT_SEC);
    CHECK_INT(rig_value(&r, "T1").quality, KT_Q_NEVER);
    rig_wait(&r, 200 * KT_MS);
    CHECK_INT(rig_value(&r, "T1").quality, KT_Q_STALE);
    rig_done(&r);
}

static void silence_after_reconnect_is_told(void)
{
    rig_init(&r);
    rig_fresh(&r, 0.3);
    rig_link(&r, "sub01", false);
    rig_wait(&r, KT_MIN);
    CHECK_INT(rig_count(&r, 0, "wind.stale", "\"state\":\"suppressed\"", "raise"), 1);
    rig_link(&r, "sub01", true);
    rig_wait(&r, 29 * KT_SEC);
    CHECK_INT(rig_count(&r, 0, "\"change\":\"unsuppress\"", NULL, NULL), 0);
    rig_wait(&r, 2 * KT_SEC);
    CHECK_INT(rig_count(&r, 0, "\"change\":\"unsuppress\"", "wind.stale", NULL), 1);
    rig_done(&r);
}

static void escalates(void)
{
    rig_init(&r);
    rig_sample(&r, "W1", 0.1);
    rig_wait(&r, 3 * KT_SEC);
    for (int i = 0; i < 7; i++) {
        rig_sample(&r, "W1", 0.1);
        rig_wait(&r, 10 * KT_SEC);
    }
    CHECK_INT(rig_count(&r, 0, "\"change\":\"escalate\"", NULL, NULL), 1);
    rig_done(&r);
}

static void cards_open_and_are_cleared(void)
{
    rig_init(&r);
    rig_sample(&r, "T1", 1.6);
    CHECK_INT(rig_count(&r, 0, "\"type\":\"card\"", "gas.cut", "\"change\":\"open\""), 1);
    CHECK_INT(rig_count(&r, 0, "\"type\":\"card\"", "gas.over-limit", "\"change\":\"open\""), 1);
    for (int i = 0; i < 31; i++) {
        rig_sample(&r, "T1", 1.6);
        rig_wait(&r, KT_MIN / 4);
        rig_sample(&r, "T1", 1.6);
        rig_wait(&r, KT_MIN / 4);
        rig_sample(&r, "T1", 1.6);
        rig_wait(&r, KT_MIN / 4);
        rig_sample(&r, "T1", 1.6);
        rig_wait(&r, KT_MIN / 4);
    }
    CHECK_INT(rig_count(&r, 0, "\"type\":\"card\"", "gas.cut", "\"change\":\"overdue\""), 1);
    rig_sample(&r, "T1", 0.2);
    CHECK_INT(rig_count(&r, 0, "\"type\":\"card\"", "gas.cut", "\"change\":\"cleared\""), 1);
    rig_done(&r);
}

/* The cut goes out before anything else is said of it. */
static void the_cut_is_first(void)
{
    rig_init(&r);
    rig_fresh(&r, 0.3);
    int from = r.outcomes;
    rig_sample(&r, "T1", 1.6);
    CHECK_INT(r.effects, 1);
    int effect = -1, alarm = -1;
    for (int i = from; i < r.outcomes; i++) {
        if (strstr(r.outcome[i], "\"type\":\"effect\"")) {
            effect = i;
        }
        if (strstr(r.outcome[i], "gas.cut") && strstr(r.outcome[i], "\"type\":\"alarm\"")) {
            alarm = i;
        }
    }
    CHECK(effect >= 0 && alarm > effect);
    CHECK_INT(
        rig_count(&r, from, "\"type\":\"command\"", "\"latched_by\":[\"T1\"]", "rule:gas.cut"), 1);
    rig_done(&r);
}

static void set_limits(double alarm, double cut, double restore)
{
    for (uint32_t p = 0; p < 3; p++) {
        tiny_limits(&r.t, &r.t.points[p], alarm, cut, restore);
    }
    kt_engine_free(r.e);
    struct kt_engine_out out = rig_out(&r);
    CHECK_OK(kt_engine_new(&r.t.site, r.live, &out, &r.e, &r.err), &r.err);
}

static bool latched(void)
{
    return rig_count(&r, 0, "\"change\":\"latch\"", "\"point\":\"T1\"", NULL) >
           rig_count(&r, 0, "\"change\":\"unlatch\"", "\"point\":\"T1\"", NULL);
}

static void one_trace(const struct kt_json *trace)
{
    double cut = kt_json_get_num(trace, "cut", (double)NAN);
    const struct kt_json *steps = kt_json_get(trace, "steps");
    rig_init(&r);
    set_limits(kt_json_get_num(trace, "alarm", (double)NAN), cut,
               kt_json_get_num(trace, "restore_below", (double)NAN));
    for (size_t i = 0; i < kt_json_len(steps); i++) {
        const struct kt_json *s = kt_json_at(steps, i);
        rig_sample(&r, "T1", (double)(float)kt_json_get_num(s, "v", 0));
        CHECK_INT(rig_alarm(&r, "gas.over-limit", "T1"), kt_json_get_bool(s, "alarm", false));
        CHECK_INT(rig_alarm(&r, "gas.cut", "T1"), kt_json_get_bool(s, "cut", false));
        CHECK_INT(latched(), kt_json_get_bool(s, "cut", false));
    }
    rig_done(&r);
}

static bool read_vectors(struct kt_buf *b)
{
    char path[600];
    const char *shared = getenv("KT_SHARED"), *source = getenv("KT_SOURCE");
    (void)snprintf(path, sizeof path, "%s%s/vectors/coal.json",
                   shared   ? shared
                   : source ? source
                            : ".",
                   shared ? "" : "/../shared");
    FILE *f = fopen(path, "rb");
    if (!f) {
        return false;
    }
    size_t n;
    while ((n = fread(kt_buf_reserve(b, 65536), 1, 65536, f)) > 0) {
        b->n += n;
    }
    (void)fclose(f);
    return true;
}

static void published_methane_traces(void)
{
    struct kt_buf b;
    struct kt_json *root = NULL;
    kt_buf_init(&b, 4u << 20);
    if (!read_vectors(&b)) {
        kt_buf_done(&b);
        SKIP("vectors/coal.json is not there: set KT_SHARED");
    }
    CHECK_OK(kt_json_parse((struct kt_str){b.p, b.n}, 0, &root, &r.err), &r.err);
    const struct kt_json *traces = kt_json_get(root, "methane_traces");
    CHECK(kt_json_len(traces) >= 5);
    for (size_t i = 0; i < kt_json_len(traces); i++) {
        one_trace(kt_json_at(traces, i));
    }
    kt_json_free(root);
    kt_buf_done(&b);
}

/* A quiet site: no tick for a while, then a sample. */
static void time_is_never_behind_an_arrival(void)
{
    char raised[80], when[40];
    rig_init(&r);
    rig_fresh(&r, 0.3);
    rig_event(&r, KT_EV_TICK, &r.now, 8);
    r.now += 37 * KT_MS;
    rig_sample(&r, "T1", 1.2);
    CHECK_INT(kt_engine_time(r.e), r.now);
    snprintf(raised, sizeof raised, "\"raised\":\"%s\"", kt_time_fmt(r.now, 0, when));
    CHECK_INT(rig_count(&r, 0, "gas.over-limit", "\"change\":\"raise\"", raised), 1);
    rig_sample(&r, "W1", 0.1);
    r.now += 3500 * KT_MS; /* the delay of 3 s ends in here */
    rig_sample(&r, "W1", 1.0);
    CHECK_INT(rig_count(&r, 0, "wind.low", "\"change\":\"raise\"", NULL), 1);
    kt_time now = r.now;
    r.now -= KT_SEC; /* what came earlier and waited */
    rig_sample(&r, "T2", 0.4);
    CHECK_INT(kt_engine_time(r.e), now);
    r.now = now + 20 * KT_MS;
    rig_ask(&r, "wang", "note.add", "{\"place\":\"p1\",\"text\":\"n\"}");
    CHECK_INT(kt_engine_time(r.e), r.now);
    rig_done(&r);
}

UNIT_MAIN({"engine time is never behind an arrival", time_is_never_behind_an_arrival},
          {"on and off delay", on_and_off_delay},
          {"a short dip raises nothing", short_dip_raises_nothing},
          {"unknown stops no delay", unknown_stops_no_delay},
          {"at the limit as float32", at_the_limit_as_float32},
          {"peak and first-out in the outcome", peak_and_first_out_in_the_outcome},
          {"topology is read", topology_is_read},
          {"windows are asked by time", windows_are_asked_by_time},
          {"a link that is down: not known at once, stale in its time",
           link_down_is_stale_in_its_time},
          {"a link that comes and goes hides no silence", a_flapping_link_is_silent_all_the_same},
          {"silence is counted from the first tick", silence_begins_with_the_first_tick},
          {"silence after a reconnect is told", silence_after_reconnect_is_told},
          {"escalates", escalates}, {"cards open and are cleared", cards_open_and_are_cleared},
          {"the cut is first", the_cut_is_first},
          {"published methane traces", published_methane_traces})
