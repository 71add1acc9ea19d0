/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Determinism: random streams of inputs, applied in one go, and again with checkpoints in between,
 * give the same outcomes and the same digest. On the way the invariants that no input may break.
 * KT_SEED and KT_STREAMS choose the streams.
 */
#include "engine/test_rig.h"

static struct rig r;

static const char *const ids[] = {"T1", "T2", "T3", "W1", "N1", "S1", "S2", "F1", "F2", "V1", "C1"};

static double any_value(uint64_t *seed, uint32_t point)
{
    static const double odd[] = {1.0,  1.5, 0.99, 0.995, 1.4999, 1.0f, 0.45f, -1,
                                 4.01, 1e9, 0.25, 0.3,   0.0,    0.24, 3.1,   (double)NAN};
    if (point >= 5) {
        return (double)(unit_rand(seed) % 2);
    }
    return unit_rand(seed) % 3 == 0 ? odd[unit_rand(seed) % KT_ARRAY_LEN(odd)]
                                    : (double)(unit_rand(seed) % 200) / 100;
}

static kt_time any_time(uint64_t *seed)
{
    static const int64_t off[] = {-KT_HOUR,   -30 * KT_SEC, -70 * KT_SEC,  -2 * KT_SEC,  4 * KT_SEC,
                                  6 * KT_SEC, KT_DAY,       INT64_MAX / 2, INT64_MIN / 2};
    int64_t by = off[unit_rand(seed) % KT_ARRAY_LEN(off)];
    return unit_rand(seed) % 4           ? r.now - (kt_time)(unit_rand(seed) % (uint64_t)KT_SEC)
           : by > KT_DAY || by < -KT_DAY ? by
                                         : r.now + by;
}

static void some_samples(uint64_t *seed)
{
    static const kt_quality odd[] = {KT_Q_CALIBRATION,  KT_Q_OVER_RANGE, KT_Q_BROKEN,
                                     KT_Q_DEVICE_FAULT, KT_Q_COMM_FAULT, KT_Q_MANUAL,
                                     KT_Q_STALE,        KT_Q_PAUSED,     0x3f};
    enum { MOST = 12 };
    uint32_t point[MOST], n = 1 + (uint32_t)(unit_rand(seed) % MOST);
    kt_time time[MOST];
    double value[MOST];
    kt_quality quality[MOST];
    for (uint32_t i = 0; i < n; i++) {
        point[i] = (uint32_t)(unit_rand(seed) % 60 == 0 ? 99 : unit_rand(seed) % KT_ARRAY_LEN(ids));
        time[i] = any_time(seed);
        value[i] = any_value(seed, point[i]);
        quality[i] = unit_rand(seed) % 5 ? KT_Q_NORMAL : odd[unit_rand(seed) % KT_ARRAY_LEN(odd)];
    }
    struct kt_samples s = {n, point, time, value, unit_rand(seed) % 8 ? quality : NULL};
    rig_samples(&r, &s);
}

/* An id of one of the newest outcomes, so that requests often meet something. */
static uint64_t any_id(uint64_t *seed)
{
    for (int tries = 0; tries < 8 && r.outcomes > 0; tries++) {
        int back = (int)(unit_rand(seed) % 40);
        const char *id =
            back < r.outcomes ? strstr(r.outcome[r.outcomes - 1 - back], "\"id\":") : NULL;
        if (id) {
            return strtoull(id + 5, NULL, 10);
        }
    }
    return unit_rand(seed) % 1000;
}

static void a_request(uint64_t *seed)
{
    static const char *const forms[][2] = {
        {"alarm.ack", "{\"alarms\":[%I],\"note\":\"seen\"}"},
        {"alarm.ack", "{\"alarms\":[%I]}"},
        {"alarm.shelve", "{\"alarms\":[%I],\"minutes\":2,\"reason\":\"x\"}"},
        {"alarm.unshelve", "{\"alarms\":[%I]}"},
        {"alarm.oos", "{\"point\":\"W1\",\"rule\":\"wind.low\",\"reason\":\"x\"}"},
        {"alarm.return", "{\"point\":\"W1\",\"rule\":\"wind.low\"}"},
        {"output.command", "{\"output\":\"%O\",\"value\":0,\"reason\":\"x\"}"},
        {"output.command", "{\"output\":\"%O\",\"value\":1}"},
        {"output.command", "{\"output\":\"%O\",\"value\":1}"},
        {"output.confirm", "{\"command\":%I}"},
        {"output.cancel", "{\"command\":%I}"},
        {"output.tag", "{\"output\":\"%O\",\"reason\":\"x\"}"},
        {"output.untag", "{\"output\":\"%O\"}"},
        {"calibration.open", "{\"point\":\"%T\",\"gas\":\"1.0\",\"minutes\":3}"},
        {"calibration.extend", "{\"record\":%I,\"minutes\":5}"},
        {"calibration.close", "{\"record\":%I,\"result\":\"ok\"}"},
        {"limit.propose", "{\"point\":\"%T\",\"name\":\"alarm\",\"value\":0.8,\"reason\":\"x\"}"},
        {"limit.propose", "{\"point\":\"%T\",\"name\":\"alarm\",\"value\":1.0,\"reason\":\"x\"}"},
        {"limit.approve", "{\"proposal\":%I}"},
        {"limit.reject", "{\"proposal\":%I}"},
        {"card.step", "{\"card\":%I,\"step\":\"a\",\"text\":\"b\"}"},
        {"card.measure", "{\"card\":%I,\"cause\":\"a\",\"measure\":\"b\"}"},
        {"card.followup", "{\"card\":%I,\"text\":\"b\"}"},
        {"card.close", "{\"card\":%I,\"text\":\"b\"}"},
        {"test.record", "{\"point\":\"%T\",\"passed\":true}"},
        {"handover.sign", "{\"shift\":\"day\",\"from\":\"a\",\"to\":\"b\"}"},
        {"manual.set", "{\"point\":\"N1\",\"value\":3,\"reason\":\"x\"}"},
        {"manual.set", "{\"point\":\"W1\",\"value\":0.1,\"reason\":\"x\"}"},
        {"manual.clear", "{\"point\":\"W1\"}"},
        {"drill.start", "{\"title\":\"fire\"}"},
        {"drill.stop", "{}"},
        {"console.hello", "{\"console\":\"desk1\",\"sound\":true}"},
        {"console.mute", "{\"console\":\"desk2\",\"seconds\":60}"},
        {"note.add", "{\"point\":\"%T\",\"text\":\"hm\"}"},
        {"what.ever", "{}"},
        {"alarm.ack", "[]"},
    };
    const char *const *form = forms[unit_rand(seed) % KT_ARRAY_LEN(forms)];
    char args[300], key[24] = "";
    size_t n = 0;
    for (const char *s = form[1]; *s; s++) {
        if (*s != '%') {
            args[n++] = *s;
            continue;
        }
        s++;
        n += (size_t)(*s == 'I'   ? snprintf(args + n, sizeof args - n, "%llu",
                                             (unsigned long long)any_id(seed))
                      : *s == 'O' ? snprintf(args + n, sizeof args - n, "%s",
                                             unit_rand(seed) % 2 ? "S1" : "S2")
                                  : snprintf(args + n, sizeof args - n, "T%d",
                                             1 + (int)(unit_rand(seed) % 3)));
    }
    args[n] = '\0';
    if (unit_rand(seed) % 6 == 0) {
        snprintf(key, sizeof key, "k%d", (int)(unit_rand(seed) % 20));
    }
    static const char *const users[] = {"wang", "li", "zhao"};
    rig_ask_as(&r, users[unit_rand(seed) % 3], unit_rand(seed) % 9 ? RIG_ALL : "[\"view\"]",
               unit_rand(seed) % 5 ? "[\"*\"]" : "[\"p1\"]", form[0], args, key);
}

static void an_answer(uint64_t *seed)
{
    static const char *const whats[] = {"written", "failed", "readback", "nonsense"};
    kt_command_id id = {
        r.effects
            ? r.effect[r.effects - 1 - (int)(unit_rand(seed) % 3 % (uint64_t)r.effects)].command.v
            : 1};
    rig_answer(&r, id, whats[unit_rand(seed) % 4], (int)(unit_rand(seed) % 2));
}

/* A value of 1 leaves only for a request of this very input, and only past the interlock. */
static void check_effects(int from, bool request)
{
    for (int i = from; i < r.effects; i++) {
        const struct kt_effect *e = &r.effect[i];
        CHECK(e->read_first || e->value == 0 || (request && e->cause == r.seq));
        CHECK(e->read_first || e->protective == (e->value == 0));
        CHECK(e->read_first || e->output.v != 9); /* the protected fan: only reads */
    }
}

static void step(uint64_t *seed)
{
    int before = r.effects;
    bool request = false;
    r.now +=
        (kt_time)(unit_rand(seed) % (uint64_t)(unit_rand(seed) % 20 ? 400 * KT_MS : 40 * KT_SEC));
    switch (unit_rand(seed) % 10) {
    case 0:
    case 1:
    case 2:
        some_samples(seed);
        break;
    case 3:
        a_request(seed);
        request = true;
        break;
    case 4:
        an_answer(seed);
        break;
    case 5:
        if (unit_rand(seed) % 10 == 0) {
            rig_link(&r, unit_rand(seed) % 2 ? "sub01" : "sub02", unit_rand(seed) % 2);
        }
        break;
    case 6:
        if (unit_rand(seed) % 50 == 0) {
            rig_recovered(&r);
        } else if (unit_rand(seed) % 20 == 0) {
            rig_event(&r, (enum kt_event_kind)(unit_rand(seed) % 8), "{\"x\":", 5);
        }
        break;
    default:
        rig_event(&r, KT_EV_TICK, &r.now, 8);
    }
    check_effects(before, request);
    if (r.effects > RIG_KEEP / 2) {
        r.effects = 0;
    }
}

static void through_a_checkpoint(void)
{
    struct kt_buf a, b;
    kt_buf_init(&a, 0);
    kt_buf_init(&b, 0);
    kt_engine_save(r.e, &a);
    CHECK_OK(kt_engine_load(r.e, (struct kt_str){a.p, a.n}, &r.err), &r.err);
    kt_engine_save(r.e, &b);
    CHECK(a.n == b.n && memcmp(a.p, b.p, a.n) == 0);
    kt_buf_done(&a);
    kt_buf_done(&b);
}

struct end {
    struct kt_hash outcomes, state;
    int n;
};

static struct end stream(uint64_t seed, int steps, uint64_t every)
{
    uint64_t state = seed, when = seed ^ 0x5555;
    rig_init(&r);
    for (int i = 0; i < steps && unit_bad == 0; i++) {
        step(&state);
        if (every && unit_rand(&when) % every == 0) {
            through_a_checkpoint();
        }
    }
    struct end end = {.outcomes = r.digest, .n = r.outcomes + r.forgotten};
    kt_engine_digest(r.e, &end.state);
    rig_done(&r);
    return end;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { STREAMS = 1000 }; /* they are slow there */
#else
enum { STREAMS = 3000 };
#endif

static uint64_t setting(const char *name, uint64_t def)
{
    const char *s = getenv(name);
    return s ? strtoull(s, NULL, 10) : def;
}

static void same_with_checkpoints(void)
{
    uint64_t first = setting("KT_SEED", 1), n = setting("KT_STREAMS", STREAMS);
    uint64_t outcomes = 0;
    printf("# seeds %llu to %llu\n", (unsigned long long)first,
           (unsigned long long)(first + n - 1));
    for (uint64_t seed = first; seed < first + n && unit_bad == 0; seed++) {
        struct end a = stream(seed, 100, 0), b = stream(seed, 100, 25);
        CHECK_INT(a.n, b.n);
        CHECK(kt_hash_eq(&a.outcomes, &b.outcomes));
        CHECK(kt_hash_eq(&a.state, &b.state));
        outcomes += (uint64_t)a.n;
        if (unit_bad) {
            printf("# seed %llu\n", (unsigned long long)seed);
        }
    }
    printf("# %llu outcomes\n", (unsigned long long)outcomes);
    CHECK(outcomes > n * 20);
}

static void one_long_stream(void)
{
    struct end a = stream(77, 20000, 0), b = stream(77, 20000, 700);
    CHECK(kt_hash_eq(&a.outcomes, &b.outcomes));
    CHECK(kt_hash_eq(&a.state, &b.state));
}

/* Safety rule 8: without a way out everything else is the same. */
static void replay_computes_the_same(void)
{
    for (uint64_t seed = 500; seed < 530 && unit_bad == 0; seed++) {
        uint64_t state = seed;
        struct kt_hash a, b;
        rig_init(&r);
        rig_shadow(&r);
        for (int i = 0; i < 300; i++) {
            step(&state);
        }
        CHECK(kt_hash_eq(&r.digest, &r.shadow_digest));
        kt_engine_digest(r.e, &a);
        kt_engine_digest(r.shadow, &b);
        CHECK(kt_hash_eq(&a, &b));
        rig_done(&r);
    }
}

static void hostile_checkpoints_are_refused(void)
{
    uint64_t seed = 9, state = 3;
    rig_init(&r);
    for (int i = 0; i < 300; i++) {
        step(&state);
    }
    struct kt_buf a;
    kt_buf_init(&a, 0);
    kt_engine_save(r.e, &a);
    struct kt_hash before, after;
    kt_engine_digest(r.e, &before);
    for (size_t n = 0; n < a.n; n += 1 + n / 40) {
        CHECK(kt_engine_load(r.e, (struct kt_str){a.p, n}, &r.err) < 0);
    }
    kt_engine_digest(r.e, &after);
    CHECK(kt_hash_eq(&before, &after));
    char *copy = malloc(a.n);
    for (int i = 0; i < 2000; i++) { /* either refused, or a state that goes on working */
        memcpy(copy, a.p, a.n);
        for (int k = 0; k < 3; k++) {
            copy[unit_rand(&seed) % a.n] = (char)unit_rand(&seed);
        }
        if (kt_engine_load(r.e, (struct kt_str){copy, a.n}, &r.err) == KT_OK && i % 8 == 0) {
            struct kt_buf json;
            kt_buf_init(&json, 0);
            kt_engine_json_state(r.e, &json);
            kt_engine_json_outputs(r.e, &json);
            kt_engine_json_alarms(r.e, &json);
            kt_buf_done(&json);
            rig_event(&r, KT_EV_TICK, &r.now, 8);
        }
    }
    free(copy);
    kt_buf_done(&a);
    rig_done(&r);
}

UNIT_MAIN({"same outcomes and digest with checkpoints in between", same_with_checkpoints},
          {"one long stream", one_long_stream},
          {"safety rule 8: a replay without a way out computes the same", replay_computes_the_same},
          {"hostile checkpoints are refused", hostile_checkpoints_are_refused})
