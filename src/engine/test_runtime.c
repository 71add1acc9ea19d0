/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime over a toy engine: queues, order, acknowledgements, snapshots, effects, reload. */
#include "engine/test_toy.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "unit.h"

enum { POINTS = 50, OUTPUT = POINTS - 1 };
#define T0 (INT64_C(1790000000) * KT_SEC)

/* What the callbacks tell, with a condition to wait on. */
struct world {
    char dir[256];
    struct kt_site *site;
    struct kt_runtime *rt;
    struct kt_err err;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int done, refused, verdicts, outcomes, protective, closing;
    kt_seq last_ack, last_outcome;
    bool out_of_order, early_close, late_cut, stale_snapshot;
    char verdict[200], outcome[300];
    int requests_seen;
};

static void world_init(struct world *w)
{
    memset(w, 0, sizeof(*w));
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->changed, NULL);
    CHECK_OK(kt_dir_temp("kt-runtime", w->dir, sizeof(w->dir), &w->err), &w->err);
    w->site = toy_site(POINTS);
    kt_log_set_level(KT_LOG_ERROR);
}

static void on_effect(void *arg, const struct kt_effect *e)
{
    struct world *w = arg;
    pthread_mutex_lock(&w->lock);
    if (e->protective) {
        w->protective++;
        w->late_cut |=
            kt_journal_last(w->rt->journal) >= e->cause; /* before it was appended even */
    } else {
        w->closing++;
        w->early_close |= kt_journal_durable(w->rt->journal) < e->cause;
    }
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

static void on_outcome(void *arg, kt_seq seq, kt_time time, struct kt_str json)
{
    struct world *w = arg;
    (void)time;
    pthread_mutex_lock(&w->lock);
    w->outcomes++;
    w->out_of_order |= seq <= w->last_outcome || seq > kt_journal_durable(w->rt->journal);
    w->last_outcome = seq;
    snprintf(w->outcome, sizeof(w->outcome), "%.*s", (int)json.n, json.p);
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

static void on_done(void *arg, int result, kt_seq seq)
{
    struct world *w = arg;
    pthread_mutex_lock(&w->lock);
    w->done++;
    w->refused += result < 0;
    if (result == KT_OK) {
        w->out_of_order |= seq <= w->last_ack || seq > kt_journal_durable(w->rt->journal);
        w->last_ack = seq;
    }
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

static void on_verdict(void *arg, int result, struct kt_str json)
{
    struct world *w = arg;
    char want[40];
    struct kt_buf b;
    kt_buf_init(&b, 0);
    if (w->rt) {
        kt_runtime_snapshot(w->rt, KT_SNAP_STATE, &b);
    }
    pthread_mutex_lock(&w->lock);
    w->verdicts++;
    snprintf(w->verdict, sizeof(w->verdict), "%d %.*s", result, (int)json.n, json.p);
    if (result == KT_OK) {
        snprintf(want, sizeof(want), "%d}", ++w->requests_seen);
        int seen = 0;
        CHECK(b.n > 12 && sscanf(b.p, "{\"requests\":%d}", &seen) == 1);
        w->stale_snapshot |= seen < w->requests_seen;
    }
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    kt_buf_done(&b);
}

static void start(struct world *w, bool plant, size_t queue)
{
    struct kt_runtime_opts o = {.site = w->site,
                                .data_dir = w->dir,
                                .plant_clock = plant,
                                .checkpoint_ns = 50 * KT_MS,
                                .queue_samples = queue};
    CHECK_OK(kt_runtime_open(&o, &w->rt, &w->err), &w->err);
    kt_runtime_on_effect(w->rt, 0, on_effect, w);
    kt_runtime_follow(w->rt, on_outcome, w);
    CHECK_OK(kt_runtime_start(w->rt, &w->err), &w->err);
}

static void world_done(struct world *w)
{
    kt_runtime_stop(w->rt);
    kt_site_unref(w->site);
    kt_dir_remove(w->dir);
}

static struct kt_batch *batch(struct world *w, uint32_t point, double value, kt_time t, uint32_t n)
{
    struct kt_batch *b = kt_batch_get(w->rt, KT_ROOM_LINK);
    KT_ASSERT(b);
    for (uint32_t i = 0; i < n; i++) {
        b->point[i] = n == 1 ? point : i % OUTPUT;
        b->time[i] = t;
        b->value[i] = value;
        b->quality[i] = KT_Q_NORMAL;
    }
    b->n = n;
    b->arrival = t;
    b->done = on_done;
    b->arg = w;
    snprintf(b->producer, sizeof(b->producer), "test");
    return b;
}

static void send(struct world *w, uint32_t point, double value, kt_time t)
{
    CHECK_INT(kt_runtime_samples(w->rt, batch(w, point, value, t, 1)), KT_OK);
}

static int look(struct world *w, const int *counter)
{
    pthread_mutex_lock(&w->lock);
    int n = *counter;
    pthread_mutex_unlock(&w->lock);
    return n;
}

/* Wait for a counter to reach a number; 20 s are for ever. */
static void await(struct world *w, const int *counter, int want)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    ts.tv_sec += 20;
    pthread_mutex_lock(&w->lock);
    while (*counter < want && pthread_cond_timedwait(&w->changed, &w->lock, &ts) == 0) {
    }
    if (*counter < want) {
        printf("# waited in vain: %d, not %d\n", *counter, want);
        unit_bad++;
    }
    pthread_mutex_unlock(&w->lock);
}

static void samples_reach_live_journal_and_history(void)
{
    struct world w;
    world_init(&w);
    start(&w, false, 0);
    kt_time t = kt_clock_now();
    for (int i = 0; i < 100; i++) {
        send(&w, (uint32_t)i % 7, i / 1000.0, t + i * KT_MS);
    }
    await(&w, &w.done, 100);
    CHECK_INT(w.refused, 0);
    CHECK(!w.out_of_order);
    struct kt_live_value v = kt_live_get(kt_runtime_live(w.rt), (kt_point_id){99 % 7});
    CHECK_NEAR(v.value, 0.099, 1e-12);
    struct kt_runtime_stats st;
    kt_runtime_stats(w.rt, &st);
    CHECK(st.durable >= w.last_ack && st.last >= st.durable);
    CHECK_INT(st.refused_batches, 0);
    kt_runtime_stop(w.rt);
    /* what history has not got by now it reads from the journal at the next start */
    start(&w, false, 0);
    struct kt_sample s;
    while (atomic_load(&w.rt->history.added) < w.last_ack) {
        kt_sleep(KT_MS);
    }
    CHECK_OK(kt_history_last(kt_runtime_history(w.rt), "P1", t + KT_SEC, &s, &w.err), &w.err);
    CHECK_NEAR(s.value, 0.099, 1e-12);
    world_done(&w);
}

static void a_cut_never_waits_and_a_close_does(void)
{
    struct world w;
    world_init(&w);
    start(&w, false, 0);
    send(&w, 3, 1.5, kt_clock_now());
    await(&w, &w.protective, 1);
    await(&w, &w.done, 1);
    CHECK(!w.late_cut);
    CHECK_INT(kt_runtime_request(w.rt, KT_STR("{\"verb\":\"close\"}"), "wang", on_verdict, &w),
              KT_OK);
    await(&w, &w.closing, 1);
    await(&w, &w.verdicts, 1);
    CHECK(!w.early_close);
    CHECK(strstr(w.verdict, "\"ok\":true"));
    CHECK(!w.out_of_order);
    world_done(&w);
}

/* Each outcome of the toy raises its version by one, from 1. */
static void a_snapshot_has_what_followers_know(void)
{
    struct world w;
    world_init(&w);
    start(&w, false, 0);
    for (uint32_t i = 0; i < 20; i++) {
        struct kt_buf b;
        send(&w, i, 1.5, kt_clock_now());
        await(&w, &w.outcomes, (int)i + 1);
        uint64_t told = (uint64_t)look(&w, &w.outcomes);
        kt_buf_init(&b, 0);
        CHECK(kt_runtime_snapshot_now(w.rt, KT_SNAP_ALARMS, &b) > told);
        kt_buf_done(&b);
    }
    world_done(&w);
}

static void verdicts_are_in_the_snapshot(void)
{
    struct world w;
    world_init(&w);
    start(&w, false, 0);
    for (int i = 1; i <= 300; i++) {
        CHECK_INT(kt_runtime_request(
                      w.rt, i % 3 ? KT_STR("{\"verb\":\"x\"}") : KT_STR("{\"verb\":\"fail\"}"),
                      "wang", on_verdict, &w),
                  KT_OK);
    }
    await(&w, &w.verdicts, 300);
    CHECK(!w.stale_snapshot);
    CHECK(strstr(w.verdict, "\"ok\":false"));
    CHECK_INT(kt_runtime_request(w.rt, KT_STR("{\"verb\":\"silent\"}"), "wang", on_verdict, &w),
              KT_OK);
    await(&w, &w.verdicts, 301); /* an engine without an answer is an error, not a hanging caller */
    CHECK(strncmp(w.verdict, "-15 ", 4) == 0);
    char big[300 << 10];
    memset(big, 'x', sizeof(big));
    CHECK_INT(kt_runtime_request(w.rt, (struct kt_str){big, sizeof(big)}, "x", on_verdict, &w),
              KT_ELIMIT);
    world_done(&w);
}

static void a_full_queue_refuses(void)
{
    struct world w;
    world_init(&w);
    struct kt_runtime_opts o = {.site = w.site, .data_dir = w.dir, .queue_samples = 1000};
    REQUIRE(kt_runtime_open(&o, &w.rt, &w.err) == KT_OK);
    int taken = 0, r = KT_OK;
    for (int i = 0; i < 50 && r == KT_OK; i++) { /* nobody takes them: not started yet */
        r = kt_runtime_samples(w.rt, batch(&w, 0, 0, T0, 100));
        taken += r == KT_OK;
    }
    CHECK_INT(r, KT_EBUSY);
    CHECK_INT(taken, 10);
    struct kt_batch *b = batch(&w, 0, 0, T0, 100);
    b->lane = KT_LANE_URGENT; /* its lane has room of its own */
    CHECK_INT(kt_runtime_samples(w.rt, b), KT_OK);
    struct kt_runtime_stats st;
    kt_runtime_stats(w.rt, &st);
    CHECK_INT(st.queue_bulk, 1000);
    CHECK_INT(st.queue_urgent, 100);
    CHECK_INT(st.refused_batches, 1);
    CHECK_INT(st.batches_out, 11);
    b = batch(&w, POINTS, 0, T0, 1);
    CHECK_INT(kt_runtime_samples(w.rt, b), KT_EINVAL); /* no such point */
    CHECK_OK(kt_runtime_start(w.rt, &w.err), &w.err);
    await(&w, &w.done, 11);
    CHECK_INT(w.refused, 0);
    world_done(&w);
}

static void batches_are_bounded(void)
{
    struct world w;
    world_init(&w);
    struct kt_runtime_opts o = {.site = w.site, .data_dir = w.dir};
    REQUIRE(kt_runtime_open(&o, &w.rt, &w.err) == KT_OK);
    static struct kt_batch *out[RT_BATCHES_MAX];
    for (int i = 0; i < RT_BATCHES_MAX; i++) {
        enum kt_room_of room = i < RT_BATCHES_PUSH   ? KT_ROOM_PUSH
                               : i < RT_BATCHES_LINK ? KT_ROOM_LINK
                                                     : KT_ROOM_URGENT;
        out[i] = kt_batch_get(w.rt, room);
        CHECK(out[i] != NULL);
        if (room != KT_ROOM_PUSH) { /* who gives way first */
            CHECK(kt_batch_get(w.rt, KT_ROOM_PUSH) == NULL);
        }
        if (room == KT_ROOM_URGENT) {
            CHECK(kt_batch_get(w.rt, KT_ROOM_LINK) == NULL);
        }
    }
    CHECK(kt_batch_get(w.rt, KT_ROOM_URGENT) == NULL);
    for (int i = 0; i < RT_BATCHES_MAX; i++) {
        kt_batch_put(w.rt, out[i]);
    }
    CHECK_INT(w.rt->pool.free_n, RT_BATCHES_KEPT);
    world_done(&w);
}

static void timers_run_on_ticks(void)
{
    struct world w;
    world_init(&w);
    start(&w, true, 0);
    kt_runtime_tick(w.rt, T0);
    send(&w, 3, 2, T0);
    await(&w, &w.outcomes, 2); /* raise, cut */
    for (int i = 1; i <= 19; i++) {
        kt_runtime_tick(w.rt, T0 + i * 100 * KT_MS);
    }
    send(&w, 4, 0, T0 + 19 * 100 * KT_MS);
    await(&w, &w.done, 2);
    CHECK_INT(look(&w, &w.outcomes), 2);
    kt_runtime_tick(w.rt, T0 + 2 * KT_SEC);
    await(&w, &w.outcomes, 3);
    CHECK(strstr(w.outcome, "escalate"));
    char at[40];
    snprintf(at, sizeof(at), "\"at\":%" PRId64, T0 + 2 * KT_SEC);
    CHECK(strstr(w.outcome, at));
    CHECK_INT(kt_runtime_now(w.rt), T0 + 2 * KT_SEC);
    kt_runtime_tick(w.rt, T0); /* time never goes back */
    send(&w, 4, 0, T0);
    await(&w, &w.done, 3);
    CHECK_INT(kt_runtime_now(w.rt), T0 + 2 * KT_SEC);
    world_done(&w);
}

static int count_ticks(struct world *w)
{
    struct kt_journal_reader *r;
    struct kt_event ev;
    int n = 0;
    CHECK_OK(kt_journal_read(w->rt->journal, NULL, 1, &r, &w->err), &w->err);
    while (kt_journal_next_of(r, 1u << KT_EV_TICK, &ev, &w->err) > 0) {
        n++;
    }
    kt_journal_reader_free(r);
    return n;
}

static void a_quiet_time_writes_one_tick_a_second(void)
{
    struct world w;
    world_init(&w);
    start(&w, true, 0);
    for (int i = 0; i <= 600; i++) {
        kt_runtime_tick(w.rt, T0 + i * 100 * KT_MS);
    }
    send(&w, 0, 0, T0);
    await(&w, &w.done, 1);
    int n = count_ticks(&w);
    CHECK(n >= 55 && n <= 65);
    world_done(&w);
}

static void effects_wait_for_their_link(void)
{
    struct world w;
    world_init(&w);
    struct kt_runtime_opts o = {.site = w.site, .data_dir = w.dir};
    REQUIRE(kt_runtime_open(&o, &w.rt, &w.err) == KT_OK);
    CHECK_OK(kt_runtime_start(w.rt, &w.err), &w.err);
    for (uint32_t i = 0; i < 5; i++) {
        send(&w, i, 1.5, kt_clock_now());
    }
    await(&w, &w.done, 5);
    CHECK_INT(look(&w, &w.protective), 0);
    kt_runtime_on_effect(w.rt, 0, on_effect, &w);
    CHECK_INT(look(&w, &w.protective), 1); /* the newest for that output, at once */
    send(&w, 6, 1.5, kt_clock_now());
    await(&w, &w.protective, 2);
    kt_runtime_on_effect(w.rt, 0, NULL, &w);
    send(&w, 7, 1.5, kt_clock_now());
    await(&w, &w.done, 7);
    CHECK_INT(look(&w, &w.protective), 2);
    world_done(&w);
}

static void a_reload_keeps_values_and_live_tables(void)
{
    struct world w;
    world_init(&w);
    start(&w, false, 0);
    send(&w, 3, 0.5, kt_clock_now());
    await(&w, &w.done, 1);
    struct kt_live *old = kt_runtime_live(w.rt);
    struct kt_site *fresh = toy_site(POINTS + 10), *small = toy_site(POINTS - 10);
    CHECK_OK(kt_runtime_reload(w.rt, fresh, NULL, "li", "more points", &w.err), &w.err);
    CHECK(kt_runtime_live(w.rt) != old);
    CHECK_INT(kt_live_count(kt_runtime_live(w.rt)), POINTS + 10);
    CHECK(kt_live_get(kt_runtime_live(w.rt), (kt_point_id){3}).value == 0.5);
    CHECK(kt_live_get(old, (kt_point_id){3}).value == 0.5); /* still there for slow readers */
    struct kt_batch *b = batch(&w, POINTS + 5, 0.25, kt_clock_now(), 1);
    CHECK_INT(kt_runtime_samples(w.rt, b), KT_OK);
    await(&w, &w.done, 2);
    CHECK(kt_live_get(kt_runtime_live(w.rt), (kt_point_id){POINTS + 5}).value == 0.25);
    CHECK_INT(kt_runtime_reload(w.rt, small, NULL, "li", "fewer", &w.err), KT_EINVAL);
    CHECK_INT(kt_live_count(kt_runtime_live(w.rt)), POINTS + 10);
    kt_site_unref(fresh);
    kt_site_unref(small);
    world_done(&w);
}

/* The same points in another order: what the journal holds still means the same points. */
static void numbers_outlive_a_new_order_of_points(void)
{
    struct world w;
    world_init(&w);
    start(&w, false, 0);
    kt_time t = kt_clock_now();
    for (uint32_t i = 0; i < 40; i++) {
        send(&w, i, i / 100.0, t);
    }
    await(&w, &w.done, 40);
    kt_runtime_stop(w.rt);
    char dir[300];
    snprintf(dir, sizeof(dir), "%s/checkpoints", w.dir);
    kt_dir_remove(dir); /* so that all comes from the journal */
    kt_site_unref(w.site);
    w.site = toy_site_turned(POINTS);
    start(&w, false, 0);
    for (uint32_t i = 0; i < POINTS - 1; i++) {
        unsigned number = 0;
        CHECK(sscanf(w.site->points[i].id, "P%u", &number) == 1);
        struct kt_live_value v = kt_live_get(kt_runtime_live(w.rt), (kt_point_id){i});
        CHECK_NEAR(v.value, number < 40 ? number / 100.0 : 0, 0);
    }
    send(&w, 0, 0.77, t + KT_SEC); /* P48 by now */
    await(&w, &w.done, 41);
    kt_runtime_stop(w.rt);
    struct rt_ids ids;
    CHECK_OK(rt_ids_open(w.dir, w.site, false, &ids, &w.err), &w.err);
    CHECK_INT(ids.number[0], 48);
    CHECK(!ids.same);
    rt_ids_done(&ids);
    w.rt = NULL;
    world_done(&w);
}

/* A disk that takes no more (a limit on file sizes): cuts go on, producers are told, nothing hangs.
 * In a process of its own, for the limit is the process's. */
static int fill_the_disk(void)
{
    struct world w;
    world_init(&w);
    kt_log_set_level(-1);
    start(&w, false, 0);
    send(&w, 3, 1.5, kt_clock_now());
    await(&w, &w.protective, 1);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit = {0, 0};
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    int sent = 1;
    while (look(&w, &w.refused) == 0 && sent < 200) {
        send(&w, 3, sent % 2 ? 0.5 : 1.5, kt_clock_now());
        await(&w, &w.done, ++sent);
    }
    CHECK(look(&w, &w.refused) > 0);
    int cuts = look(&w, &w.protective);
    send(&w, 5, 1.5, kt_clock_now());
    await(&w, &w.protective, cuts + 1);
    CHECK_INT(kt_runtime_request(w.rt, KT_STR("{\"verb\":\"close\"}"), "wang", on_verdict, &w),
              KT_OK);
    await(&w, &w.verdicts, 1);
    CHECK(w.verdict[0] == '-');
    CHECK_INT(w.closing, 0);
    CHECK(kt_live_get(kt_runtime_live(w.rt), (kt_point_id){5}).value == 1.5);
    world_done(&w);
    return unit_bad ? 1 : 0;
}

/* The disk was full when the samples came to be written: told before they count as durable. */
static void a_dropped_body_is_not_acknowledged(void)
{
    struct world w;
    world_init(&w);
    struct kt_runtime_opts o = {.site = w.site, .data_dir = w.dir};
    REQUIRE(kt_runtime_open(&o, &w.rt, &w.err) == KT_OK);
    for (int i = 0; i < 2; i++) {
        struct rt_after_item item = {.kind = AFTER_BATCH, .seq = 0};
        item.batch = batch(&w, 0, 0, T0, 1);
        rt_after_push(w.rt, &item);
    }
    rt_on_dropped(w.rt, 0);
    CHECK_INT(w.done, 0); /* not released yet */
    rt_after_release(w.rt);
    CHECK_INT(w.done, 2);
    CHECK_INT(w.refused, 1);
    struct kt_runtime_stats st;
    kt_runtime_stats(w.rt, &st);
    CHECK_INT(st.refused_batches, 1);
    world_done(&w);
}

static void a_full_disk_hides_no_gas(void)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        _exit(fill_the_disk());
    }
    int status = 0;
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

UNIT_MAIN({"samples reach live, journal and history", samples_reach_live_journal_and_history},
          {"a cut never waits and a close does", a_cut_never_waits_and_a_close_does},
          {"a snapshot has what followers know", a_snapshot_has_what_followers_know},
          {"verdicts are in the snapshot", verdicts_are_in_the_snapshot},
          {"a full queue refuses", a_full_queue_refuses},
          {"batches are bounded", batches_are_bounded},
          {"timers run on ticks", timers_run_on_ticks},
          {"a quiet time writes one tick a second", a_quiet_time_writes_one_tick_a_second},
          {"effects wait for their link", effects_wait_for_their_link},
          {"a reload keeps values and live tables", a_reload_keeps_values_and_live_tables},
          {"numbers outlive a new order of points", numbers_outlive_a_new_order_of_points},
          {"a dropped body is not acknowledged", a_dropped_body_is_not_acknowledged},
          {"a full disk hides no gas", a_full_disk_hides_no_gas})
