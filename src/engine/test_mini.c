/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runtime with the real engine over sites/mini: an alarm and its cut, killed at random moments
 * under a random stream of everything that can come in, recovered to the state of an engine that
 * was never interrupted.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "engine/runtime_impl.h"
#include "engine/test_past.h"
#include "sys/clock.h"
#include "sys/file.h"

enum { KILLS = 6 };
#define T0 (INT64_C(1790000000) * KT_SEC)

struct mine {
    char dir[256];
    struct kt_site *site;
    struct kt_runtime *rt;
    struct kt_err err;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int cuts, verdicts, alarms, done;
    bool late;
    char verdict[400], alarm[800];
    kt_time now;
};

static struct kt_site *load_site(void)
{
    char dir[512], packs[512];
    const char *source = getenv("KT_SOURCE") ? getenv("KT_SOURCE") : ".";
    struct kt_err err = {0};
    struct kt_site *site = NULL;
    struct kt_findings *f = kt_findings_new(100);
    snprintf(dir, sizeof(dir), "%s/sites/mini", source);
    snprintf(packs, sizeof(packs), "%s/packs", source);
    if (kt_site_load(dir, packs, NULL, f, &site, &err) < 0) {
        printf("# %s\n", err.text);
        for (size_t i = 0; kt_findings_get(f, i); i++) {
            printf("# %s\n", kt_findings_get(f, i)->at.text);
        }
    }
    kt_findings_free(f);
    return site;
}

static void on_effect(void *arg, const struct kt_effect *e)
{
    struct mine *m = arg;
    pthread_mutex_lock(&m->lock);
    if (e->protective && !e->read_first &&
        strcmp(m->site->points[e->output.v].id, "KG-1203") == 0) {
        m->cuts++;
        m->late |= kt_journal_last(m->rt->journal) >= e->cause;
    }
    pthread_cond_broadcast(&m->changed);
    pthread_mutex_unlock(&m->lock);
}

static void on_outcome(void *arg, kt_seq seq, kt_time time, struct kt_str json)
{
    struct mine *m = arg;
    (void)seq;
    (void)time;
    static const char alarm[] = "{\"type\":\"alarm\"";
    if (json.n > sizeof(alarm) && memcmp(json.p, alarm, sizeof(alarm) - 1) == 0 &&
        memmem(json.p, json.n, "T1-1203", 7)) {
        pthread_mutex_lock(&m->lock);
        m->alarms++;
        snprintf(m->alarm, sizeof(m->alarm), "%.*s", (int)json.n, json.p);
        pthread_cond_broadcast(&m->changed);
        pthread_mutex_unlock(&m->lock);
    }
}

static void on_verdict(void *arg, int result, struct kt_str json)
{
    struct mine *m = arg;
    pthread_mutex_lock(&m->lock);
    m->verdicts++;
    snprintf(m->verdict, sizeof(m->verdict), "%d %.*s", result, (int)json.n, json.p);
    pthread_cond_broadcast(&m->changed);
    pthread_mutex_unlock(&m->lock);
}

static void on_done(void *arg, int result, kt_seq seq)
{
    struct mine *m = arg;
    (void)seq;
    pthread_mutex_lock(&m->lock);
    m->done += result == KT_OK;
    pthread_cond_broadcast(&m->changed);
    pthread_mutex_unlock(&m->lock);
}

static void await(struct mine *m, const int *counter, int want)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    ts.tv_sec += 20;
    pthread_mutex_lock(&m->lock);
    while (*counter < want && pthread_cond_timedwait(&m->changed, &m->lock, &ts) == 0) {
    }
    CHECK(*counter >= want);
    pthread_mutex_unlock(&m->lock);
}

static struct kt_runtime *open_runtime(const char *dir, struct kt_site *site)
{
    struct kt_runtime *rt = NULL;
    struct kt_err err = {0};
    struct kt_runtime_opts o = {
        .site = site, .data_dir = dir, .plant_clock = true, .checkpoint_ns = 20 * KT_MS};
    CHECK_OK(kt_runtime_open(&o, &rt, &err), &err);
    return rt;
}

static bool mine_start(struct mine *m)
{
    memset(m, 0, sizeof(*m));
    pthread_mutex_init(&m->lock, NULL);
    pthread_cond_init(&m->changed, NULL);
    kt_log_set_level(KT_LOG_ERROR);
    m->site = load_site();
    if (!m->site || kt_dir_temp("kt-mini", m->dir, sizeof(m->dir), &m->err) < 0) {
        return false;
    }
    m->rt = open_runtime(m->dir, m->site);
    kt_runtime_on_effect(m->rt, 0, on_effect, m);
    kt_runtime_follow(m->rt, on_outcome, m);
    CHECK_OK(kt_runtime_start(m->rt, &m->err), &m->err);
    m->now = T0;
    kt_runtime_tick(m->rt, T0);
    return true;
}

static void mine_stop(struct mine *m)
{
    kt_runtime_stop(m->rt);
    kt_site_unref(m->site);
    kt_dir_remove(m->dir);
}

static uint32_t point(const struct kt_site *s, const char *id)
{
    kt_point_id p = kt_site_point(s, kt_str_c(id));
    KT_ASSERT(p.v != KT_NONE);
    return p.v;
}

static void send(struct mine *m, const char *id, double value)
{
    struct kt_batch *b = kt_batch_get(m->rt, KT_ROOM_LINK);
    b->point[0] = point(m->site, id);
    b->time[0] = b->arrival = m->now;
    b->value[0] = value;
    b->quality[0] = KT_Q_NORMAL;
    b->n = 1;
    b->lane = KT_LANE_URGENT;
    b->done = on_done;
    b->arg = m;
    snprintf(b->producer, sizeof(b->producer), "sub01");
    CHECK_INT(kt_runtime_samples(m->rt, b), KT_OK);
}

static void ask(struct mine *m, const char *verb, const char *args)
{
    char json[600];
    int n = snprintf(json, sizeof(json),
                     "{\"verb\":\"%s\",\"args\":%s,\"by\":{\"user\":\"wang\",\"name\":\"王\","
                     "\"rights\":[\"view\",\"alarm.ack\",\"output.open\",\"output.close\","
                     "\"output.confirm\",\"output.tag\",\"output.untag\",\"handover\","
                     "\"calibration.write\",\"manual.set\",\"drill\"],\"places\":[\"*\"]},"
                     "\"console\":\"c1\",\"key\":\"\"}",
                     verb, args);
    int before = m->verdicts;
    CHECK_INT(kt_runtime_request(m->rt, (struct kt_str){json, (size_t)n}, "wang", on_verdict, m),
              KT_OK);
    await(m, &m->verdicts, before + 1);
}

static bool snapshot_says(struct mine *m, enum kt_snapshot what, const char *text)
{
    struct kt_buf b;
    kt_buf_init(&b, 0);
    kt_runtime_snapshot_now(m->rt, what, &b);
    bool says = strstr(kt_buf_cstr(&b), text) != NULL;
    kt_buf_done(&b);
    return says;
}

static void check_like_uninterrupted(struct mine *m, struct kt_runtime *rt)
{
    struct kt_hash recovered, whole;
    uint64_t differences = 99;
    CHECK_STR(rt->difference, "");
    kt_engine_digest(rt->engine, &recovered);
    past_digest_of(m->dir, m->site, INT64_MAX, &whole, &differences);
    CHECK_INT(differences, 0);
    CHECK(kt_hash_eq(&recovered, &whole));
}

static void gas_cuts_is_acknowledged_and_outlives_a_restart(void)
{
    struct mine m;
    REQUIRE(mine_start(&m));
    send(&m, "KD-1203", 1);
    send(&m, "T1-1203", 0.3);
    await(&m, &m.done, 2);
    CHECK_INT(m.cuts, 0);
    kt_runtime_tick(m.rt, m.now += KT_SEC);
    send(&m, "T1-1203", 1.8);
    await(&m, &m.cuts, 1);
    await(&m, &m.alarms, 1);
    CHECK(!m.late); /* the cut went before anything of it was in the journal */
    kt_runtime_tick(m.rt, m.now += KT_SEC);
    send(&m, "T1-1203", 1.9);
    await(&m, &m.done, 4);
    ask(&m, "handover.sign", "{\"shift\":\"day\",\"from\":\"wang\",\"to\":\"li\",\"note\":\"ok\"}");
    CHECK(strstr(m.verdict, "\"ok\":true"));
    CHECK(snapshot_says(&m, KT_SNAP_ALARMS, "T1-1203"));
    unsigned long long id = 0;
    const char *at = strstr(m.alarm, "\"id\":");
    CHECK(at && sscanf(at, "\"id\":%llu", &id) == 1);
    char args[80];
    snprintf(args, sizeof(args), "{\"alarms\":[%llu],\"note\":\"seen\"}", id);
    ask(&m, "alarm.ack", args);
    CHECK(strstr(m.verdict, "\"ok\":true"));
    CHECK(snapshot_says(&m, KT_SNAP_ALARMS, "\"wang\"")); /* at once, not 250 ms later */
    kt_runtime_stop(m.rt);
    m.rt = open_runtime(m.dir, m.site);
    REQUIRE(m.rt != NULL);
    CHECK(snapshot_says(&m, KT_SNAP_ALARMS, "T1-1203"));
    CHECK(snapshot_says(&m, KT_SNAP_ALARMS, "\"wang\""));
    check_like_uninterrupted(&m, m.rt);
    mine_stop(&m);
}

static void kuangtu_watches_itself(void)
{
    struct mine m;
    REQUIRE(mine_start(&m));
    CHECK_INT(
        kt_runtime_link(m.rt, KT_STR("{\"link\":\"sub01\",\"up\":true,\"text\":\"\"}"), "sub01"),
        KT_OK);
    for (int i = 0; i < 30; i++) {
        kt_runtime_tick(m.rt, m.now += 100 * KT_MS);
    }
    send(&m, "T1-1203", 0.1);
    await(&m, &m.done, 1);
    struct kt_live *live = kt_runtime_live(m.rt);
    static const char *const known[] = {
        "self.queue",   "self.lag",     "self.disk", "self.clock",      "self.refused",
        "self.journal", "self.unacked", "self.held", "self.link.sub01", "self.history"};
    for (size_t i = 0; i < KT_ARRAY_LEN(known); i++) {
        struct kt_live_value v = kt_live_get(live, (kt_point_id){point(m.site, known[i])});
        CHECK_INT(v.quality, KT_Q_NORMAL);
    }
    CHECK(kt_live_get(live, (kt_point_id){point(m.site, "self.journal")}).value == 1);
    CHECK(kt_live_get(live, (kt_point_id){point(m.site, "self.link.sub01")}).value == 1);
    CHECK(kt_live_get(live, (kt_point_id){point(m.site, "self.disk")}).value > 0);
    CHECK(kt_live_get(live, (kt_point_id){point(m.site, "self.console")}).value == 0);
    mine_stop(&m);
}

/* ---- a random life ---- */

static void random_samples(struct kt_runtime *rt, const struct kt_site *s, uint64_t *seed,
                           kt_time now)
{
    struct kt_batch *b = kt_batch_get(rt, KT_ROOM_LINK);
    if (!b) {
        return;
    }
    b->arrival = now;
    b->n = 1 + (uint32_t)(unit_rand(seed) % s->points_n);
    for (uint32_t i = 0; i < b->n; i++) {
        uint64_t r = unit_rand(seed);
        const struct kt_point *p = &s->points[b->point[i] = (uint32_t)(r % s->points_n)];
        b->time[i] = now - (r >> 8 & 31 ? 0 : (int64_t)(r >> 13 & 0xffff) * KT_MS);
        b->value[i] =
            p->kind == KT_POINT_ANALOG ? (double)(r >> 32 & 0xff) / 100 : (double)(r >> 32 & 1);
        b->quality[i] = r >> 40 & 15 ? KT_Q_NORMAL : KT_Q_BROKEN;
    }
    b->lane = unit_rand(seed) & 1 ? KT_LANE_URGENT : KT_LANE_BULK;
    snprintf(b->producer, sizeof(b->producer), "sub01");
    if (kt_runtime_samples(rt, b) < 0) {
        unit_bad++;
    }
}

static void random_request(struct kt_runtime *rt, uint64_t *seed)
{
    static const char *const asks[] = {
        "output.command\",\"args\":{\"output\":\"KG-1203\",\"value\":0,\"reason\":\"x\"}",
        "output.command\",\"args\":{\"output\":\"KG-1204\",\"value\":1,\"reason\":\"x\"}",
        "output.tag\",\"args\":{\"output\":\"KG-1204\",\"reason\":\"x\"}",
        "output.untag\",\"args\":{\"output\":\"KG-1204\",\"reason\":\"x\"}",
        "calibration.open\",\"args\":{\"point\":\"T1-1203\",\"gas\":\"2.0\",\"minutes\":5}",
        "console.hello\",\"args\":{\"console\":\"c1\",\"sound\":true}",
        "drill.start\",\"args\":{\"title\":\"x\"}",
        "drill.stop\",\"args\":{}",
        "note.add\",\"args\":{\"point\":\"T1-1203\",\"text\":\"x\"}",
        "alarm.ack\",\"args\":{\"alarms\":[1],\"note\":\"x\"}",
        "no.such\",\"args\":{}"};
    char json[600];
    int n = snprintf(json, sizeof(json),
                     "{\"verb\":\"%s,\"by\":{\"user\":\"wang\",\"name\":\"w\",\"rights\":[\"view\","
                     "\"alarm.ack\",\"output.open\",\"output.close\",\"output.tag\","
                     "\"output.untag\",\"calibration.write\",\"drill\"],\"places\":[\"*\"]},"
                     "\"console\":\"c1\",\"key\":\"\"}",
                     asks[unit_rand(seed) % KT_ARRAY_LEN(asks)]);
    if (kt_runtime_request(rt, (struct kt_str){json, (size_t)n}, "wang", NULL, NULL) < 0) {
        unit_bad++;
    }
}

static void random_link(struct kt_runtime *rt, uint64_t *seed)
{
    bool up = unit_rand(seed) & 1;
    if (kt_runtime_link(rt,
                        up ? KT_STR("{\"link\":\"sub01\",\"up\":true,\"text\":\"\"}")
                           : KT_STR("{\"link\":\"sub01\",\"up\":false,\"text\":\"cut\"}"),
                        "sub01") < 0) {
        unit_bad++;
    }
}

/* Answers what it is told to write, now and then wrongly or not at all. */
static void answer_effect(void *arg, const struct kt_effect *e)
{
    static uint64_t seed = 3;
    struct kt_runtime *rt = arg;
    uint64_t r = unit_rand(&seed);
    char json[200];
    int n = snprintf(json, sizeof(json),
                     "{\"command\":%llu,\"what\":\"%s\",\"value\":%d,\"text\":\"\"}",
                     (unsigned long long)e->command.v,
                     r % 5 == 0               ? "failed"
                     : e->read_first || r % 2 ? "readback"
                                              : "written",
                     (e->value != 0) ^ (r % 7 == 0));
    if (r % 3 && kt_runtime_answer(rt, (struct kt_str){json, (size_t)n}, "sub01") < 0) {
        return; /* the program is stopping */
    }
}

static void live_a_random_life(const char *dir, atomic_ullong *steps, uint64_t seed, kt_time from)
{
    struct kt_err err = {0};
    struct kt_site *site = load_site();
    struct kt_runtime *rt = open_runtime(dir, site);
    kt_runtime_on_effect(rt, 0, answer_effect, rt);
    if (kt_runtime_start(rt, &err) < 0) {
        _exit(1);
    }
    for (kt_time now = from;; now += 100 * KT_MS) {
        kt_runtime_tick(rt, now);
        uint64_t r = unit_rand(&seed);
        if (r % 4 == 0) {
            random_samples(rt, site, &seed, now);
        }
        if (r % 29 == 0) {
            random_request(rt, &seed);
        }
        if (r % 397 == 0) {
            random_link(rt, &seed);
        }
        atomic_fetch_add(steps, 1);
        while (kt_queue_weight(rt->queue) > 2000) {
            kt_sleep(100 * KT_US);
        }
    }
}

static void check_replays(struct mine *m, struct kt_runtime *rt, uint64_t *seed, kt_time end)
{
    for (int i = 0; i < 3; i++) {
        kt_time at = T0 + (kt_time)(unit_rand(seed) % (uint64_t)(end - T0));
        struct kt_replay *r = NULL;
        struct kt_hash got, want;
        uint64_t differences;
        CHECK_OK(kt_replay_open(rt, at, &r, &m->err), &m->err);
        REQUIRE(r != NULL);
        kt_engine_digest(kt_replay_engine(r), &got);
        past_digest_of(m->dir, m->site, at, &want, &differences);
        CHECK(kt_hash_eq(&got, &want));
        CHECK_STR(kt_replay_difference(r), "");
        kt_replay_free(r);
    }
}

static void a_random_life_killed_and_recovered(void)
{
    uint64_t seed = (uint64_t)kt_clock_mono();
    printf("# seed %" PRIu64 "\n", seed);
    struct mine m = {.site = load_site()};
    REQUIRE(m.site != NULL);
    REQUIRE(kt_dir_temp("kt-life", m.dir, sizeof(m.dir), &m.err) == KT_OK);
    kt_log_set_level(KT_LOG_ERROR);
    atomic_ullong *steps =
        mmap(NULL, sizeof(*steps), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (int k = 0; k < KILLS && !unit_bad; k++) {
        kt_time from = T0 + (kt_time)atomic_load(steps) * 100 * KT_MS;
        uint64_t stop = atomic_load(steps) + 200 + unit_rand(&seed) % 3000;
        fflush(stdout);
        pid_t pid = fork();
        if (pid == 0) {
            live_a_random_life(m.dir, steps, seed, from);
        }
        for (kt_mono end = kt_clock_mono() + 20 * KT_SEC;
             atomic_load(steps) < stop && kt_clock_mono() < end;) {
            kt_sleep(KT_MS);
        }
        kill(pid, SIGKILL);
        int status;
        CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
        struct kt_runtime *rt = open_runtime(m.dir, m.site);
        REQUIRE(rt != NULL);
        check_like_uninterrupted(&m, rt);
        check_replays(&m, rt, &seed, T0 + (kt_time)atomic_load(steps) * 100 * KT_MS);
        struct kt_runtime_stats st;
        kt_runtime_stats(rt, &st);
        printf("# %llu steps, %" PRIu64 " events, %" PRIu64 " outcomes\n", atomic_load(steps),
               st.last, st.engine.outcomes);
        kt_runtime_stop(rt);
    }
    munmap(steps, sizeof(*steps));
    kt_site_unref(m.site);
    kt_dir_remove(m.dir);
}

UNIT_MAIN({"gas cuts, is acknowledged and outlives a restart",
           gas_cuts_is_acknowledged_and_outlives_a_restart},
          {"Kuangtu watches itself", kuangtu_watches_itself},
          {"a random life, killed and recovered", a_random_life_killed_and_recovered})
