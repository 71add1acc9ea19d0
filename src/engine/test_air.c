/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules along the air, over sites/mini with roadways: a crosscut door lets the face's air into the
 * heading, which the drawing does not show.
 */
#include "engine/core.h"
#include "site/test_fixture.h"

#define T0 (INT64_C(1790000000) * KT_SEC)

static const char airways[] = "id,place,from,to,r_N_s2_m8,design_m3_s,a0_Pa,a2_Pa_s2_m6,fan_points,"
                              "still_r_N_s2_m8,door_points,shut_r_N_s2_m8,open_r_N_s2_m8\n"
                              "in,P1203-intake,surface,A,0.1,30,,,,,,,\n"
                              "face,P1203-face,A,B,0.2,30,,,,,,,\n"
                              "back,P1203-return,B,M,0.1,30,,,,,,,\n"
                              "door,,B,H,0.1,1,,,,,DOOR,400,0.01\n"
                              "head,H1204-heading,H,R,0.3,5,200,,JT-1204,1,,,\n"
                              "hret,H1204-return,R,M,0.1,6,,,,,,,\n"
                              "main,MR,M,out,0.1,36,900,-0.1,,,,,\n";

static const char rules[] = "rules:\n"
                            "  - id: air.down\n"
                            "    title: {zh: 试}\n    cause: {zh: 因}\n"
                            "    consequence: {zh: 果}\n    action: {zh: 办}\n"
                            "    select: {role: wind.face}\n"
                            "    raise: any(downstream(self), ch4.heading, it > 2.0 %CH4)\n"
                            "    priority: 2\n    category: process\n"
                            "  - id: air.up\n"
                            "    title: {zh: 试}\n    cause: {zh: 因}\n"
                            "    consequence: {zh: 果}\n    action: {zh: 办}\n"
                            "    select: {role: ch4.main-return}\n"
                            "    raise: any(upstream(self), ch4.heading, it > 2.5 %CH4)\n"
                            "    priority: 2\n    category: process\n";

struct mine {
    struct fixture x;
    struct kt_live *live;
    struct kt_engine *e;
    kt_seq seq;
    kt_time now;
    struct kt_buf said; /* outcomes since the last look */
};

static void keep(void *arg, struct kt_str json)
{
    struct mine *m = arg;
    kt_buf_put(&m->said, json.p, json.n);
    kt_buf_put(&m->said, "\n", 1);
}

static void event(struct mine *m, enum kt_event_kind kind, const void *body, size_t n)
{
    struct kt_event ev = {.seq = ++m->seq, .time = m->now, .kind = kind, .body = {body, n}};
    kt_engine_apply(m->e, &ev);
}

static void sample(struct mine *m, const char *id, double value)
{
    uint32_t p = kt_site_point(m->x.s, kt_str_c(id)).v;
    kt_quality q = KT_Q_NORMAL;
    REQUIRE(p != KT_NONE);
    struct kt_samples s = {1, &p, &m->now, &value, &q};
    kt_engine_samples(m->e, ++m->seq, m->now, KT_STR("test"), &s);
}

static void wait_s(struct mine *m, int s)
{
    for (int i = 0; i < s; i++) {
        m->now += KT_SEC;
        event(m, KT_EV_TICK, &m->now, 8);
    }
}

/* Since the last look: was it said? */
static bool told(struct mine *m, const char *a, const char *b)
{
    kt_put_u8(&m->said, 0);
    bool yes = false;
    for (char *line = (char *)m->said.p, *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        yes |= strstr(line, a) && strstr(line, b);
    }
    kt_buf_clear(&m->said);
    return yes;
}

static void solved(struct mine *m, double through_door, int fan, int door)
{
    char text[500];
    int n = snprintf(text, sizeof text,
                     "{\"solver\":\"vent\",\"from\":%llu,\"at\":%lld,\"state\":{\"head\":[%d,0],"
                     "\"door\":[1,%d]},\"flows\":{\"in\":30,\"face\":30,\"back\":25,\"door\":%g,"
                     "\"head\":5,\"hret\":5,\"main\":30}}",
                     (unsigned long long)m->seq, (long long)m->now, fan, door, through_door);
    event(m, KT_EV_ANSWER, text, (size_t)n);
}

static void begin(struct mine *m)
{
    memset(m, 0, sizeof *m);
    setup(&m->x);
    append(&m->x, "points.csv",
           "DOOR,联络巷风门,Crosscut door,,door.state,H1204-heading,,,sub01,d9,,,,\n");
    put(&m->x, "airways.csv", airways);
    put(&m->x, "rules/x.yaml", rules);
    if (load(&m->x, NULL) != KT_OK) {
        print_findings(&m->x);
    }
    REQUIRE(m->x.s);
    m->now = T0;
    kt_buf_init(&m->said, 0);
    m->live = kt_live_new(m->x.s->points_n);
    struct kt_engine_out out = {m, keep, NULL};
    CHECK_OK(kt_engine_new(m->x.s, m->live, &out, &m->e, &m->x.err), &m->x.err);
    wait_s(m, 1);
    sample(m, "JT-1204", 1);
    sample(m, "DOOR", 0);
    sample(m, "FS-1203", 2);
    sample(m, "T1-1204", 0.2);
    sample(m, "TZ-MR", 0.1);
    told(m, "", "");
}

static void end(struct mine *m)
{
    kt_engine_free(m->e);
    kt_live_free(m->live);
    kt_buf_done(&m->said);
    teardown(&m->x);
}

static void flows_widen_and_narrow(void)
{
    struct mine m;
    begin(&m);
    solved(&m, 0, 1, 0); /* nothing through the door, so it may leak either way */
    CHECK(told(&m, "\"type\":\"airflow\"", "\"basis\":\"solution\""));
    solved(&m, -2, 1, 0); /* out of the heading: it is not downstream of the face */
    sample(&m, "T1-1204", 2.4);
    CHECK(!told(&m, "air.down", "raise"));
    solved(&m, 2, 1, 0); /* through the door into the heading */
    CHECK(told(&m, "air.down", "\"air\":\"solution\""));
    sample(&m, "T1-1204", 0.2);
    CHECK(told(&m, "air.down", "\"change\":\"clear\""));
    sample(&m, "T1-1204", 2.4); /* a point that the drawing does not join to the rule */
    CHECK(told(&m, "air.down", "\"change\":\"raise\""));
    sample(&m, "T1-1204", 2.8);
    CHECK(told(&m, "air.up", "\"change\":\"raise\""));
    end(&m);
}

static void doubt_never_narrows(void)
{
    struct mine m;
    begin(&m);
    solved(&m, -2, 1, 0);
    sample(&m, "T1-1204", 2.4);
    CHECK(!told(&m, "air.down", "raise"));
    sample(&m, "DOOR", 1); /* not solved yet: the last flow or the design, which goes into it */
    CHECK(told(&m, "air.down", "\"air\":\"outstanding\""));
    solved(&m, -2, 1, 0); /* of before the door: counts for nothing new */
    CHECK(!told(&m, "air.down", "clear"));
    solved(&m, -2, 1, 1);
    CHECK(told(&m, "air.down", "clear"));
    for (int i = 0; i < 7; i++) {
        sample(&m, "JT-1204", 1);
        sample(&m, "DOOR", 1);
        wait_s(&m, 9);
    }
    sample(&m, "T1-1204", 2.4);
    CHECK(told(&m, "air.down", "\"air\":\"old\""));
    solved(&m, -2, 1, 1);
    sample(&m, "T1-1204", 2.4);
    CHECK(told(&m, "air.down", "clear"));
    static const char failed[] = "{\"solver\":\"vent\",\"state\":{\"head\":[1,0],\"door\":[1,1]},"
                                 "\"at\":1,\"failed\":\"a fan stalls\"}";
    event(&m, KT_EV_ANSWER, failed, sizeof failed - 1);
    CHECK(told(&m, "air.down", "\"air\":\"failed\""));
    end(&m);
}

/* A door that says nothing was solved as shut: the flows are not trusted alone. */
static void silence_never_narrows(void)
{
    struct mine m;
    begin(&m);
    solved(&m, -2, 1, 0);
    sample(&m, "T1-1204", 2.4);
    CHECK(!told(&m, "air.down", "raise"));
    for (int i = 0; i < 60; i++) { /* nothing of the door, while all else goes on */
        sample(&m, "JT-1204", 1);
        sample(&m, "T1-1204", 2.4);
        solved(&m, -2, 1, 0);
        wait_s(&m, 1);
    }
    CHECK(told(&m, "air.down", "\"air\":\"unsure\""));
    sample(&m, "DOOR", 0);
    solved(&m, -2, 1, 0);
    CHECK(told(&m, "air.down", "clear"));
    end(&m);
}

static void what_does_not_fit_is_refused(void)
{
    static const char *const bad[] = {
        "{\"solver\":\"vent\"}", "{\"solver\":\"vent\",\"state\":{}}",
        "{\"solver\":\"vent\",\"state\":{\"head\":[1,0],\"door\":[1,0]},\"flows\":{\"in\":1}}",
        "{\"solver\":\"vent\",\"state\":{\"head\":[1,0],\"door\":[1,0]},\"same\":77}",
        "{\"solver\":\"vent\",\"state\":{\"head\":[1,0],\"door\":[1,0],\"in\":[1,0]},\"same\":1}"};
    struct mine m;
    begin(&m);
    for (size_t i = 0; i < KT_ARRAY_LEN(bad); i++) {
        struct kt_engine_stats before, after;
        kt_engine_stats(m.e, &before);
        event(&m, KT_EV_ANSWER, bad[i], strlen(bad[i]));
        kt_engine_stats(m.e, &after);
        CHECK_INT((long)(after.refused - before.refused), 1);
        CHECK(!told(&m, "airflow", ""));
    }
    end(&m);
}

/* Random news; at each step an engine loaded from the checkpoint says the same from there on. */
static void checkpoint_says_the_same(void)
{
    uint64_t seed = 20261122;
    printf("# seed %llu\n", (unsigned long long)seed);
    struct mine m, other;
    begin(&m);
    begin(&other);
    for (int i = 0; i < 300; i++) {
        struct kt_buf saved;
        kt_buf_init(&saved, 0);
        kt_engine_save(m.e, &saved);
        CHECK_OK(kt_engine_load(other.e, (struct kt_str){saved.p, saved.n}, &m.x.err), &m.x.err);
        other.seq = m.seq;
        other.now = m.now;
        kt_buf_done(&saved);
        uint32_t what = (uint32_t)(unit_rand(&seed) % 6), arg = (uint32_t)(unit_rand(&seed) % 30);
        for (int k = 0; k < 2; k++) {
            struct mine *to = k ? &other : &m;
            switch (what) {
            case 0:
                wait_s(to, (int)arg);
                break;
            case 1:
                sample(to, "DOOR", arg & 1);
                break;
            case 2:
                sample(to, "JT-1204", arg & 1);
                break;
            case 3:
                sample(to, "T1-1204", (double)arg / 10);
                break;
            default:
                solved(to, (double)arg / 5 - 3, arg % 3 > 0, arg & 1);
            }
        }
        CHECK(m.said.n == other.said.n && memcmp(m.said.p, other.said.p, m.said.n) == 0);
        struct kt_hash a, b;
        kt_engine_digest(m.e, &a);
        kt_engine_digest(other.e, &b);
        CHECK(kt_hash_eq(&a, &b));
        told(&m, "", "");
        told(&other, "", "");
    }
    end(&m);
    end(&other);
}

UNIT_MAIN({"a door that is silent never narrows it", silence_never_narrows},
          {"flows widen and narrow what lies downstream", flows_widen_and_narrow},
          {"doubt never narrows it", doubt_never_narrows},
          {"what does not fit is refused", what_does_not_fit_is_refused},
          {"a checkpoint says the same", checkpoint_says_the_same})
