/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_ENGINE_TEST_RIG_H
#define KT_ENGINE_TEST_RIG_H
/*
 * test_rig: a small mine under an engine, for tests: two faces with methane sensors that cut their
 * switches, wind, a power feed, and ears that keep outcomes and effects.
 *
 * Points: T1 T2 (ch4.face, cut S1), T3 (ch4.return of panel p2, cuts S2), W1 (wind), N1 (count, by
 * hand), S1 S2 (switch.power, feed F1 F2; S2 for two persons), V1 (fan power, protected), C1
 * (console)
 */
#include "engine/engine.h"
#include "journal/samples.h"
#include "tiny_rules.h"
#include "unit.h"

enum { RIG_KEEP = 4000 };
#define RIG_T0 (INT64_C(1790000000) * KT_SEC)

struct rig {
    struct tiny t;
    struct kt_live *live;
    struct kt_engine *e;
    kt_seq seq;
    kt_time now;
    char *outcome[RIG_KEEP];
    int outcomes, forgotten;
    struct kt_effect effect[RIG_KEEP];
    int effects;
    struct kt_hash digest; /* of all outcomes so far */
    struct kt_err err;
    /* a second engine that gets every input and has no way out; rig_shadow() */
    struct kt_engine *shadow;
    struct kt_live *shadow_live;
    struct kt_hash shadow_digest;
};

static void rig_outcome(void *arg, struct kt_str json)
{
    struct rig *r = arg;
    kt_hash_of2(r->digest.b, sizeof r->digest.b, json.p, json.n, &r->digest);
    if (r->outcomes == RIG_KEEP) {
        for (int i = 0; i < RIG_KEEP; i++) {
            free(r->outcome[i]);
        }
        r->forgotten += r->outcomes;
        r->outcomes = 0;
    }
    r->outcome[r->outcomes++] = strndup(json.p, json.n);
}

static void rig_effect(void *arg, const struct kt_effect *e)
{
    struct rig *r = arg;
    if (r->effects < RIG_KEEP) {
        r->effect[r->effects++] = *e;
    }
}

static void rig_points(struct rig *r)
{
    struct tiny *t = &r->t;
    struct kt_role *ch4 = tiny_role(t, "ch4.face", KT_POINT_ANALOG);
    ch4->cutoff = ch4->over_range_high = true;
    ch4->stale_after_ns = 20 * KT_SEC;
    struct kt_role *wind = tiny_role(t, "wind", KT_POINT_ANALOG);
    wind->stale_after_ns = 30 * KT_SEC;
    struct kt_role *count = tiny_role(t, "count", KT_POINT_ANALOG);
    struct kt_role *sw = tiny_role(t, "switch.power", KT_POINT_OUTPUT);
    struct kt_role *feed = tiny_role(t, "feed.state", KT_POINT_SWITCH);
    feed->stale_after_ns = 20 * KT_SEC;
    struct kt_role *fan = tiny_role(t, "fan.power", KT_POINT_OUTPUT);
    fan->is_protected = true;
    sw->test_every_ns = 15 * KT_DAY;
    fan->test_every_ns = 183 * KT_DAY;
    struct kt_role *console = tiny_role(t, "self.console", KT_POINT_SWITCH);
    struct kt_role *roles[] = {ch4, ch4, ch4, wind, count, sw, sw, feed, feed, fan, console};
    const char *ids[] = {"T1", "T2", "T3", "W1", "N1", "S1", "S2", "F1", "F2", "V1", "C1"};
    const uint32_t places[] = {2, 2, 4, 2, 2, 2, 4, 2, 4, 2, 0};
    for (size_t i = 0; i < KT_ARRAY_LEN(ids); i++) {
        struct kt_point *p = tiny_point(t, ids[i], roles[i], places[i]);
        p->link = i == 4 || i == 10 ? KT_NONE : places[i] == 4 ? 1u : 0u;
        if (roles[i] == ch4) {
            p->range_lo = 0;
            p->range_hi = 4;
            tiny_limits(t, p, 1.0, 1.5, 1.0);
            kt_point_id *cuts = KT_NEW_ARRAY(t->arena, kt_point_id, 2);
            cuts[0] = (kt_point_id){i < 2 ? 5u : 6u};
            cuts[1] = (kt_point_id){9};
            p->cuts = cuts;
            p->cuts_n = 2;
        }
    }
    t->points[5].feed.v = 7;
    t->points[6].feed.v = 8;
    t->points[6].two_person = true;
}

static struct kt_rule *rig_rule(struct rig *r, const char *id, const char *role, const char *raise,
                                const char *clear)
{
    const struct kt_role *of = NULL;
    for (uint32_t i = 0; i < r->t.site.roles_n; i++) {
        of = strcmp(r->t.roles[i].id, role) == 0 ? &r->t.roles[i] : of;
    }
    struct kt_rule *rule = tiny_rule(&r->t, id, of);
    rule->raise = tiny_expr(&r->t, raise);
    rule->clear = clear ? tiny_expr(&r->t, clear) : NULL;
    return rule;
}

static void rig_rules(struct rig *r)
{
    static const struct kt_action cut[] = {{.kind = KT_ACT_OPEN_RANGE},
                                           {.kind = KT_ACT_CARD, .card = "gas"}};
    struct kt_rule *rule =
        rig_rule(r, "gas.over-limit", "ch4.face", "self >= limit.alarm", "self < limit.alarm");
    rule->statutory = true;
    rule->same_cause = "panel";
    rule = rig_rule(r, "gas.cut", "ch4.face", "self >= limit.cut", "self < limit.restore");
    rule->statutory = rule->latch = true;
    rule->category = "cut";
    rule->then = cut;
    rule->then_n = 2;
    rule = rig_rule(r, "gas.sensor-fault", "ch4.face",
                    "quality(self, \"stale\") or quality(self, \"broken\") or flag(self, "
                    "\"link-down\")",
                    "known(self)");
    rule->statutory = true;
    rule->category = "fault";
    rule = rig_rule(r, "gas.trust", "ch4.face", "flag(self, \"calibration-flag-only\")", NULL);
    rule->category = "trust";
    rule->on_delay_ns = 5 * KT_SEC;
    rule = rig_rule(r, "gas.jump", "ch4.face", "max(self, 10s) - min(self, 10s) >= 2.0", NULL);
    rule->category = "trust";
    rule = rig_rule(r, "wind.low", "wind", "self < 0.25", "self >= 0.3");
    rule->on_delay_ns = 3 * KT_SEC;
    rule->off_delay_ns = 2 * KT_SEC;
    rule->within_ns = KT_MIN;
    rule->priority = 2;
    rule = rig_rule(r, "wind.stale", "wind", "quality(self, \"stale\")", NULL);
    rule->category = "fault";
    rule->priority = 3;
    rule = rig_rule(r, "core.feed", "switch.power", "flag(self, \"feed-anomaly\")", NULL);
    rule->statutory = true;
    rule->category = "feed";
    rule = rig_rule(r, "fan.gas", "switch.power", "any(place(self), \"ch4.*\", it > 3.0)", NULL);
    rule->priority = 1;
    rule = rig_rule(r, "core.console", "self.console", "flag(self, \"silent-console\")", NULL);
    rule->category = "self";
    (void)rule;
}

static void rig_site(struct rig *r)
{
    struct tiny *t = &r->t;
    tiny_init(t, 16);
    tiny_link(t, "sub01");
    tiny_link(t, "sub02");
    tiny_place(t, "mine", "mine", KT_NONE);
    tiny_place(t, "p1", "panel", 0);
    tiny_place(t, "p1-face", "face", 1);
    tiny_place(t, "p2", "panel", 0);
    tiny_place(t, "p2-face", "face", 3);
    rig_points(r);
    rig_rules(r);
    tiny_done(t);
    tiny_readers(t);
}

static struct kt_engine_out rig_out(struct rig *r)
{
    return (struct kt_engine_out){r, rig_outcome, rig_effect};
}

static void rig_shadow_outcome(void *arg, struct kt_str json)
{
    struct rig *r = arg;
    kt_hash_of2(r->shadow_digest.b, sizeof r->shadow_digest.b, json.p, json.n, &r->shadow_digest);
}

static void rig_init(struct rig *r)
{
    memset(r, 0, sizeof *r);
    rig_site(r);
    r->live = kt_live_new(r->t.site.points_n);
    struct kt_engine_out out = rig_out(r);
    CHECK_OK(kt_engine_new(&r->t.site, r->live, &out, &r->e, &r->err), &r->err);
    r->now = RIG_T0;
}

__attribute__((unused)) static void rig_shadow(struct rig *r)
{
    struct kt_engine_out out = {r, rig_shadow_outcome, NULL};
    r->shadow_live = kt_live_new(r->t.site.points_n);
    CHECK_OK(kt_engine_new(&r->t.site, r->shadow_live, &out, &r->shadow, &r->err), &r->err);
}

__attribute__((unused)) static void rig_done(struct rig *r)
{
    kt_engine_free(r->shadow);
    kt_live_free(r->shadow_live);
    kt_engine_free(r->e);
    kt_live_free(r->live);
    tiny_free(&r->t);
    for (int i = 0; i < r->outcomes; i++) {
        free(r->outcome[i]);
    }
}

static void rig_event(struct rig *r, enum kt_event_kind kind, const void *body, size_t n)
{
    struct kt_event ev = {
        .seq = ++r->seq, .time = r->now, .kind = kind, .origin = KT_STR("test"), .body = {body, n}};
    kt_engine_apply(r->e, &ev);
    if (r->shadow) {
        kt_engine_apply(r->shadow, &ev);
    }
}

/* Samples, uncoded to the engine, and as their event to the shadow. */
static void rig_samples(struct rig *r, const struct kt_samples *s)
{
    kt_engine_samples(r->e, ++r->seq, r->now, KT_STR("test"), s);
    if (r->shadow) {
        struct kt_buf body;
        kt_buf_init(&body, 0);
        kt_samples_encode(&body, r->now, s);
        struct kt_event ev = {.seq = r->seq,
                              .time = r->now,
                              .kind = KT_EV_SAMPLES,
                              .origin = KT_STR("test"),
                              .body = {body.p, body.n}};
        kt_engine_apply(r->shadow, &ev);
        kt_buf_done(&body);
    }
}

__attribute__((unused)) static void rig_recovered(struct rig *r)
{
    kt_engine_recovered(r->e, ++r->seq);
    if (r->shadow) {
        kt_engine_recovered(r->shadow, r->seq);
    }
}

/* Engine time goes on by `ns`, with a tick at least every 100 ms of the last two seconds. */
__attribute__((unused)) static void rig_wait(struct rig *r, int64_t ns)
{
    kt_time to = r->now + ns;
    while (r->now < to) {
        r->now += to - r->now < 100 * KT_MS ? to - r->now : 100 * KT_MS;
        rig_event(r, KT_EV_TICK, &r->now, 8);
    }
}

__attribute__((unused)) static void rig_sample_at(struct rig *r, const char *id, double v,
                                                  kt_quality q, kt_time t)
{
    uint32_t p = tiny_id(&r->t, id).v;
    struct kt_samples s = {1, &p, &t, &v, &q};
    rig_samples(r, &s);
}

__attribute__((unused)) static void rig_sample(struct rig *r, const char *id, double v)
{
    rig_sample_at(r, id, v, KT_Q_NORMAL, r->now);
}

/* All methane sensors speak, so that nothing is unknown; feeds and switches as they are. */
__attribute__((unused)) static void rig_fresh(struct rig *r, double ch4)
{
    rig_sample(r, "T1", ch4);
    rig_sample(r, "T2", ch4);
    rig_sample(r, "T3", ch4);
    rig_sample(r, "W1", 1);
}

#define RIG_ALL                                                                                    \
    "[\"view\",\"alarm.ack\",\"alarm.shelve\",\"alarm.oos\",\"output.open\",\"output.close\","     \
    "\"output.confirm\",\"output.tag\",\"output.untag\",\"calibration.write\",\"limit.propose\","  \
    "\"limit.approve\",\"card.write\",\"test.write\",\"handover\",\"manual.set\",\"drill\"]"

__attribute__((unused)) static void rig_ask_as(struct rig *r, const char *user, const char *rights,
                                               const char *places, const char *verb,
                                               const char *args, const char *key)
{
    char body[1500];
    int n = snprintf(body, sizeof body,
                     "{\"verb\":\"%s\",\"args\":%s,\"by\":{\"user\":\"%s\",\"name\":\"x\","
                     "\"rights\":%s,\"places\":%s},\"console\":\"desk1\",\"key\":\"%s\"}",
                     verb, args, user, rights, places, key);
    rig_event(r, KT_EV_REQUEST, body, (size_t)n);
}

/* The last outcome is the verdict: true when it is ok, or else carries the code. */
__attribute__((unused)) static const char *rig_last(const struct rig *r)
{
    return r->outcomes ? r->outcome[r->outcomes - 1] : "";
}

__attribute__((unused)) static bool rig_ask(struct rig *r, const char *user, const char *verb,
                                            const char *args)
{
    rig_ask_as(r, user, RIG_ALL, "[\"*\"]", verb, args, "");
    return strstr(rig_last(r), "\"ok\":true") != NULL;
}

__attribute__((unused)) static bool rig_denied(struct rig *r, const char *user, const char *verb,
                                               const char *args, const char *code)
{
    char want[64];
    snprintf(want, sizeof want, "\"code\":\"%s\"", code);
    bool ok = rig_ask(r, user, verb, args);
    if (ok || !strstr(rig_last(r), want)) {
        printf("# %s %s: %s\n", verb, args, rig_last(r));
        return false;
    }
    return true;
}

__attribute__((unused)) static void rig_answer(struct rig *r, kt_command_id id, const char *what,
                                               int value)
{
    char body[160];
    int n = snprintf(body, sizeof body, "{\"command\":%llu,\"what\":\"%s\",\"value\":%d}",
                     (unsigned long long)id.v, what, value);
    rig_event(r, KT_EV_ANSWER, body, (size_t)n);
}

__attribute__((unused)) static void rig_link(struct rig *r, const char *link, bool up)
{
    char body[160];
    int n = snprintf(body, sizeof body, "{\"link\":\"%s\",\"up\":%s,\"text\":\"\"}", link,
                     up ? "true" : "false");
    rig_event(r, KT_EV_LINK, body, (size_t)n);
}

/* How many outcomes from index `from` on hold all of the texts (b, c may be NULL). */
__attribute__((unused)) static int rig_count(const struct rig *r, int from, const char *a,
                                             const char *b, const char *c)
{
    int n = 0;
    for (int i = from; i < r->outcomes; i++) {
        const char *s = r->outcome[i];
        n += strstr(s, a) && (!b || strstr(s, b)) && (!c || strstr(s, c));
    }
    return n;
}

/* Is an alarm of the rule active at the point? */
__attribute__((unused)) static bool rig_alarm(const struct rig *r, const char *rule,
                                              const char *point)
{
    char a[80], b[80];
    bool active = false;
    snprintf(a, sizeof a, "\"rule\":\"%s\"", rule);
    snprintf(b, sizeof b, "\"point\":\"%s\"", point);
    for (int i = 0; i < r->outcomes; i++) {
        const char *s = r->outcome[i];
        if (strstr(s, "\"type\":\"alarm\"") && strstr(s, a) && strstr(s, b)) {
            active = strstr(s, "\"change\":\"raise\"")   ? true
                     : strstr(s, "\"change\":\"clear\"") ? false
                                                         : active;
        }
    }
    return active;
}

/* "id" of the newest outcome of a type; 0: none. */
__attribute__((unused)) static uint64_t rig_id(const struct rig *r, const char *type,
                                               const char *text)
{
    for (int i = r->outcomes - 1; i >= 0; i--) {
        const char *s = r->outcome[i], *id;
        if (strstr(s, type) && strstr(s, text) && (id = strstr(s, "\"id\":")) != NULL) {
            return strtoull(id + 5, NULL, 10);
        }
    }
    return 0;
}

__attribute__((unused)) static struct kt_live_value rig_value(const struct rig *r, const char *id)
{
    return kt_live_get(r->live, tiny_id(&r->t, id));
}
#endif
