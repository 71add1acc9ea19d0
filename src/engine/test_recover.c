/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Crash and past, over a toy engine: kill -9 at random moments under load loses nothing that was
 * acknowledged and leaves the state that one uninterrupted engine would have; a replay stands where
 * the engine stood.
 */
#include "engine/test_past.h"
#include "engine/test_toy.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/thread.h"
#include "unit.h"

enum { POINTS = 40, OUTPUT = POINTS - 1, ACKS = 1 << 16, KILLS = 6, SENDERS = 3 };
#define T0 (INT64_C(1790000000) * KT_SEC)

/* Shared with the child that is killed: what was acknowledged. */
struct acks {
    atomic_uint n;
    struct {
        kt_seq seq;
        uint64_t hash;
    } a[ACKS];
    atomic_ullong verdicts;
};

struct sender {
    struct kt_runtime *rt;
    struct acks *acks;
    uint64_t seed;
    pthread_t thread;
};

struct sent {
    struct acks *acks;
    uint64_t hash;
};

static uint64_t hash_of(kt_time arrival, const struct kt_samples *s)
{
    uint64_t h = kt_hash64(&arrival, sizeof(arrival), 1);
    h = kt_hash64(s->point, s->n * sizeof(*s->point), h);
    h = kt_hash64(s->time, s->n * sizeof(*s->time), h);
    h = kt_hash64(s->value, s->n * sizeof(*s->value), h);
    return kt_hash64(s->quality, s->n, h);
}

static void on_done(void *arg, int result, kt_seq seq)
{
    struct sent *s = arg;
    if (result == KT_OK) {
        uint32_t i = atomic_load(&s->acks->n);
        if (i < ACKS) {
            s->acks->a[i].seq = seq;
            s->acks->a[i].hash = s->hash;
            atomic_store(&s->acks->n, i + 1); /* deliveries are by one thread at a time */
        }
    }
    free(s);
}

static void on_verdict(void *arg, int result, struct kt_str json)
{
    struct acks *acks = arg;
    unsigned long long seq;
    if (result == KT_OK && sscanf(json.p, "{\"type\":\"verdict\",\"cause\":%llu", &seq) == 1) {
        atomic_store(&acks->verdicts, seq);
    }
}

static struct kt_batch *random_batch(struct sender *s)
{
    struct kt_batch *b = kt_batch_get(s->rt, KT_ROOM_LINK);
    if (!b) {
        return NULL;
    }
    uint64_t r = unit_rand(&s->seed);
    b->arrival = kt_clock_now();
    b->n = 1 + (uint32_t)(r % 60);
    b->lane = r & 1024 ? KT_LANE_URGENT : KT_LANE_BULK;
    for (uint32_t i = 0; i < b->n; i++) {
        uint64_t x = unit_rand(&s->seed);
        b->point[i] = (uint32_t)(x % OUTPUT);
        b->time[i] = b->arrival - (int64_t)(x >> 20 & 0xff) * KT_MS;
        b->value[i] = (double)(x >> 32 & 0x3ff) / (x & 0x100000 ? 900 : 1024);
        b->quality[i] = x >> 50 ? KT_Q_NORMAL : KT_Q_BROKEN;
    }
    snprintf(b->producer, sizeof(b->producer), "p%u", (unsigned)(r >> 8 & 7));
    return b;
}

static void *send_on(void *arg)
{
    struct sender *s = arg;
    for (;;) {
        struct kt_batch *b = random_batch(s);
        if (!b) {
            continue;
        }
        struct sent *sent = malloc(sizeof(*sent));
        struct kt_samples view = rt_batch_view(b);
        *sent = (struct sent){s->acks, hash_of(b->arrival, &view)};
        b->done = on_done;
        b->arg = sent;
        if (kt_runtime_samples(s->rt, b) < 0) {
            free(sent);
        }
        if (unit_rand(&s->seed) % 16 == 0 &&
            kt_runtime_request(s->rt, KT_STR("{\"verb\":\"close\"}"), "wang", on_verdict, s->acks) <
                0) {
            continue;
        }
    }
    return NULL;
}

static struct kt_runtime *open_runtime(const char *dir, struct kt_site *site, bool plant)
{
    struct kt_runtime *rt = NULL;
    struct kt_err err = {0};
    struct kt_runtime_opts o = {
        .site = site, .data_dir = dir, .plant_clock = plant, .checkpoint_ns = 20 * KT_MS};
    CHECK_OK(kt_runtime_open(&o, &rt, &err), &err);
    return rt;
}

/* The child: runs under load until it is killed. */
static void live_until_killed(const char *dir, struct acks *acks, uint64_t seed)
{
    struct kt_err err = {0};
    struct kt_site *site = toy_site(POINTS);
    struct kt_runtime *rt = open_runtime(dir, site, false);
    if (!rt || kt_runtime_start(rt, &err) < 0) {
        _exit(1);
    }
    static struct sender senders[SENDERS];
    for (uint64_t i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){.rt = rt, .acks = acks, .seed = seed + i};
        if (kt_thread_start(&senders[i].thread, "sender", send_on, &senders[i], &err) < 0) {
            _exit(1);
        }
    }
    pause();
}

static void check_acknowledged(struct kt_runtime *rt, const struct acks *acks)
{
    struct kt_journal_reader *reader;
    struct kt_event ev;
    struct kt_err err = {0};
    struct kt_columns c = {0};
    uint32_t n = atomic_load(&acks->n), i = 0;
    kt_seq verdict = 0, want = atomic_load(&acks->verdicts);
    CHECK_OK(kt_journal_read(rt->journal, NULL, 1, &reader, &err), &err);
    while (kt_journal_next(reader, &ev, &err) > 0) {
        kt_time arrival;
        verdict = ev.kind == KT_EV_REQUEST ? ev.seq : verdict;
        if (ev.kind != KT_EV_SAMPLES || i == n || ev.seq != acks->a[i].seq) {
            continue;
        }
        CHECK_OK(kt_samples_decode(ev.body, KT_BATCH_MAX, &arrival, &c, &err), &err);
        struct kt_samples s = kt_columns_view(&c);
        CHECK(hash_of(arrival, &s) == acks->a[i].hash);
        i++;
    }
    CHECK_INT(i, n); /* all of them, in order, with the content that was sent */
    CHECK(verdict >= want);
    kt_journal_reader_free(reader);
    kt_columns_done(&c);
}

static void wait_for_acks(struct acks *acks, uint32_t more)
{
    uint32_t start = atomic_load(&acks->n);
    for (kt_mono end = kt_clock_mono() + 20 * KT_SEC;
         atomic_load(&acks->n) < start + more && kt_clock_mono() < end;) {
        kt_sleep(KT_MS);
    }
}

static void killed_at_random_moments(void)
{
    uint64_t seed = (uint64_t)kt_clock_mono();
    printf("# seed %" PRIu64 "\n", seed);
    kt_log_set_level(KT_LOG_ERROR);
    char dir[256];
    struct kt_err err = {0};
    REQUIRE(kt_dir_temp("kt-killed", dir, sizeof(dir), &err) == KT_OK);
    struct acks *acks =
        mmap(NULL, sizeof(*acks), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct kt_site *site = toy_site(POINTS);
    for (int k = 0; k < KILLS && !unit_bad; k++) {
        fflush(stdout);
        pid_t pid = fork();
        if (pid == 0) {
            live_until_killed(dir, acks, seed + (uint64_t)k * 100);
        }
        wait_for_acks(acks, 1 + (uint32_t)(unit_rand(&seed) % 800));
        kill(pid, SIGKILL);
        int status;
        CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));

        struct kt_runtime *rt = open_runtime(dir, site, false);
        REQUIRE(rt != NULL);
        CHECK_STR(rt->difference, "");
        check_acknowledged(rt, acks);
        struct kt_hash recovered, whole;
        kt_engine_digest(rt->engine, &recovered);
        kt_runtime_stop(rt);
        uint64_t differences;
        past_digest_of(dir, site, INT64_MAX, &whole, &differences);
        CHECK_INT(differences, 0);
        CHECK(kt_hash_eq(&recovered, &whole));
    }
    printf("# %u acknowledged batches over %d kills\n", atomic_load(&acks->n), KILLS);
    CHECK(atomic_load(&acks->n) > KILLS);
    munmap(acks, sizeof(*acks));
    kt_site_unref(site);
    kt_dir_remove(dir);
}

/* ---- the past ---- */

struct tape {
    struct kt_buf text;
    int n;
};

static void on_tape(void *arg, kt_seq seq, kt_time time, struct kt_str json)
{
    struct tape *t = arg;
    (void)time;
    kt_put_u64(&t->text, seq);
    kt_buf_put(&t->text, json.p, json.n);
    t->n++;
}

static void *one_batch_done(struct kt_runtime *rt, uint64_t *seed, kt_time t)
{
    struct sender s = {.rt = rt, .seed = *seed};
    struct kt_batch *b = random_batch(&s);
    KT_ASSERT(b);
    *seed = s.seed;
    for (uint32_t i = 0; i < b->n; i++) {
        b->time[i] = t;
    }
    b->arrival = t;
    if (kt_runtime_samples(rt, b) < 0) {
        unit_bad++;
    }
    return NULL;
}

/* 10 min of engine time, one batch and ten ticks a second; waits until all is durable. */
static void live_ten_minutes(struct kt_runtime *rt, uint64_t *seed)
{
    for (int i = 0; i <= 6000; i++) {
        kt_runtime_tick(rt, T0 + i * 100 * KT_MS);
        if (i % 10 == 0) {
            one_batch_done(rt, seed, T0 + i * 100 * KT_MS);
        }
        while (i % 200 == 0 && kt_queue_weight(rt->queue) > 0) {
            kt_sleep(KT_MS); /* so that checkpoints fall in between */
        }
    }
    kt_runtime_tick(rt, T0 + 602 * KT_SEC); /* the last ones may be thinned */
    while (kt_runtime_now(rt) < T0 + 600 * KT_SEC || atomic_load(&rt->pool.out) > 0) {
        kt_sleep(KT_MS);
    }
}

static void check_replay(struct kt_runtime *rt, const char *dir, struct kt_site *site, kt_time at,
                         kt_time to)
{
    struct kt_replay *r = NULL;
    struct kt_err err = {0};
    struct kt_hash got, want;
    uint64_t differences;
    CHECK_OK(kt_replay_open(rt, at, &r, &err), &err);
    REQUIRE(r != NULL);
    kt_engine_digest(kt_replay_engine(r), &got);
    past_digest_of(dir, site, at, &want, &differences);
    CHECK(kt_hash_eq(&got, &want));
    CHECK(kt_engine_time(kt_replay_engine(r)) <= at);
    struct tape t = {.n = 0};
    kt_buf_init(&t.text, 0);
    CHECK_OK(kt_replay_run(r, to, on_tape, &t, &err), &err);
    kt_engine_digest(kt_replay_engine(r), &got);
    past_digest_of(dir, site, to, &want, &differences);
    CHECK(kt_hash_eq(&got, &want));
    CHECK_STR(kt_replay_difference(r), "");
    CHECK(t.n > 0);
    kt_buf_done(&t.text);
    kt_replay_free(r);
}

static void a_replay_stands_where_the_engine_stood(void)
{
    char dir[256];
    struct kt_err err = {0};
    uint64_t seed = 20261121;
    printf("# seed %" PRIu64 "\n", seed);
    REQUIRE(kt_dir_temp("kt-replay", dir, sizeof(dir), &err) == KT_OK);
    struct kt_site *site = toy_site(POINTS);
    struct kt_runtime *rt = open_runtime(dir, site, true);
    REQUIRE(rt != NULL);
    CHECK_OK(kt_runtime_start(rt, &err), &err);
    live_ten_minutes(rt, &seed);
    for (int i = 0; i < 12; i++) {
        kt_time at = T0 + (kt_time)(unit_rand(&seed) % 500000) * KT_MS;
        check_replay(rt, dir, site, at, at + 20 * KT_SEC);
    }
    kt_runtime_stop(rt);
    kt_site_unref(site);
    kt_dir_remove(dir);
}

/* Change a recorded outcome's input: the replay names the first difference. */
static void a_difference_is_named(void)
{
    struct rt_past p;
    struct kt_err err = {0};
    struct kt_site *site = toy_site(POINTS);
    struct rt_eras eras = {.data_dir = "/nowhere", .today = site};
    rt_past_init(&p, &eras, NULL);
    REQUIRE(rt_past_begin(&p, NULL, &err) == KT_OK);
    REQUIRE(kt_engine_new(site, p.era.live, &p.out, &p.engine, &err) == KT_OK);
    struct kt_event request = {.seq = 7, .kind = KT_EV_REQUEST, .body = KT_STR("{}")};
    struct kt_event good = {.seq = 8,
                            .kind = KT_EV_OUTCOME,
                            .origin = KT_STR("engine"),
                            .body = KT_STR("{\"type\":\"verdict\",\"cause\":7,\"ok\":true}")};
    struct kt_event note = {.seq = 9, .kind = KT_EV_OUTCOME, .origin = KT_STR("kuangtu")};
    rt_past_event(&p, &request);
    rt_past_event(&p, &good);
    rt_past_event(&p, &note);
    CHECK_INT(p.differences, 0);
    request.seq = 10;
    rt_past_event(&p, &request);
    good.seq = 11;
    rt_past_event(&p, &good); /* says cause 7, computed is 10 */
    CHECK_INT(p.differences, 1);
    CHECK(strstr(p.difference, "event 11 (input 10)"));
    CHECK(strstr(p.difference, "\"cause\":7") && strstr(p.difference, "\"cause\":10"));
    request.seq = 12;
    rt_past_event(&p, &request);
    request.seq = 13;
    rt_past_event(&p, &request); /* the verdict of 12 was never recorded */
    CHECK_INT(p.differences, 2);
    CHECK(strstr(p.difference, "event 11"));
    CHECK(strstr(kt_buf_cstr(&p.differ), "event 11") && strstr(kt_buf_cstr(&p.differ), "event 13"));
    kt_engine_free(p.engine);
    rt_past_done(&p);
    kt_site_unref(site);
}

/* A journal of a program that judged otherwise: each difference is an event of the start. */
static void differences_are_said(void)
{
    char dir[256], journal[300];
    struct kt_err err = {0};
    struct kt_journal *j;
    struct kt_journal_reader *reader;
    struct kt_event ev;
    REQUIRE(kt_dir_temp("kt-differs", dir, sizeof(dir), &err) == KT_OK);
    snprintf(journal, sizeof(journal), "%s/journal", dir);
    struct kt_journal_opts o = {.dir = journal, .segment_bytes = 4 << 20, .reserve_bytes = 1 << 20};
    CHECK_OK(kt_dir_make(journal, &err), &err);
    REQUIRE(kt_journal_open(&o, &j, &err) == KT_OK);
    for (kt_seq seq = 1; seq <= 6; seq += 2) {
        struct kt_event request = {
            .seq = seq, .time = KT_SEC, .kind = KT_EV_REQUEST, .body = KT_STR("{}")};
        struct kt_event other = {.seq = seq + 1,
                                 .time = KT_SEC,
                                 .kind = KT_EV_OUTCOME,
                                 .origin = KT_STR("engine"),
                                 .body = KT_STR("{\"type\":\"verdict\",\"cause\":99}")};
        CHECK_OK(kt_journal_append(j, &request, &err), &err);
        CHECK_OK(kt_journal_append(j, &other, &err), &err);
    }
    kt_journal_close(j);
    struct kt_site *site = toy_site(POINTS);
    struct kt_runtime *rt = open_runtime(dir, site, false);
    REQUIRE(rt != NULL);
    CHECK_INT(rt->differences, 3);
    CHECK_OK(kt_runtime_start(rt, &err), &err);
    kt_runtime_stop(rt);
    int said = 0;
    REQUIRE(kt_journal_read(NULL, journal, 7, &reader, &err) == KT_OK);
    while (kt_journal_next_of(reader, 1u << KT_EV_OUTCOME, &ev, &err) > 0) {
        said += memmem(ev.body.p, ev.body.n, "\"difference\"", 12) != NULL;
    }
    CHECK_INT(said, 3);
    kt_journal_reader_free(reader);
    kt_site_unref(site);
    kt_dir_remove(dir);
}

struct count {
    int outcomes, early;
    kt_time from;
    double part;
};

static void on_backtest(void *arg, kt_seq seq, kt_time time, struct kt_str json)
{
    struct count *c = arg;
    (void)seq;
    (void)json;
    c->outcomes++;
    c->early += time < c->from;
}

static void on_progress(void *arg, double part)
{
    struct count *c = arg;
    CHECK(part >= c->part && part <= 1);
    c->part = part;
}

static int recorded(struct kt_runtime *rt, kt_time from, kt_time to)
{
    struct kt_journal_reader *r;
    struct kt_event ev;
    struct kt_err err = {0};
    int n = 0;
    CHECK_OK(kt_journal_read(rt->journal, NULL, 1, &r, &err), &err);
    while (kt_journal_next_of(r, 1u << KT_EV_OUTCOME, &ev, &err) > 0) {
        n += kt_str_is(ev.origin, "engine") && ev.time >= from && ev.time < to;
    }
    kt_journal_reader_free(r);
    return n;
}

static void a_backtest_of_the_same_rules_says_the_same(void)
{
    char dir[256];
    struct kt_err err = {0};
    uint64_t seed = 99;
    REQUIRE(kt_dir_temp("kt-backtest", dir, sizeof(dir), &err) == KT_OK);
    struct kt_site *site = toy_site(POINTS);
    struct kt_runtime *rt = open_runtime(dir, site, true);
    REQUIRE(rt != NULL);
    CHECK_OK(kt_runtime_start(rt, &err), &err);
    live_ten_minutes(rt, &seed);
    struct count c = {.from = T0 + 100 * KT_SEC};
    CHECK_OK(kt_backtest(rt, dir, site, NULL, c.from, T0 + 400 * KT_SEC, on_backtest, &c,
                         on_progress, &err),
             &err);
    CHECK(c.outcomes > 10);
    CHECK_INT(c.early, 0);
    CHECK(c.part == 1);
    CHECK_INT(c.outcomes, recorded(rt, c.from, T0 + 400 * KT_SEC));
    CHECK_INT(kt_backtest(rt, dir, site, NULL, 5, 5, NULL, NULL, NULL, &err), KT_EINVAL);
    kt_runtime_stop(rt);
    /* and from the closed folder */
    struct count closed = {.from = c.from};
    CHECK_OK(kt_backtest(NULL, dir, site, NULL, c.from, T0 + 400 * KT_SEC, on_backtest, &closed,
                         NULL, &err),
             &err);
    CHECK_INT(closed.outcomes, c.outcomes);
    kt_site_unref(site);
    kt_dir_remove(dir);
}

/* ---- from chunks, where the journal has dropped the samples ---- */

struct sum {
    int n;
    uint64_t hash; /* of all outcomes, in any order */
};

static void on_sum(void *arg, kt_seq seq, kt_time time, struct kt_str json)
{
    struct sum *s = arg;
    (void)seq;
    (void)time;
    s->n++;
    s->hash += kt_hash64(json.p, json.n, 7);
}

/* Every point once in each batch, ten batches a second; waits until history has all. */
static void live_and_fill_segments(struct kt_runtime *rt, uint64_t *seed, int steps)
{
    for (int i = 0; i <= steps; i++) {
        kt_time t = T0 + i * 100 * KT_MS;
        kt_runtime_tick(rt, t);
        struct kt_batch *b;
        while (!(b = kt_batch_get(rt, KT_ROOM_LINK))) {
            kt_sleep(KT_MS);
        }
        b->n = OUTPUT;
        b->arrival = t;
        for (uint32_t p = 0; p < OUTPUT; p++) {
            uint64_t r = unit_rand(seed);
            b->point[p] = p;
            b->time[p] = t;
            b->value[p] = (double)(r >> 12) * 0x1p-52 * (r & 0xff ? 0.999 : 1.2);
            b->quality[p] = KT_Q_NORMAL;
        }
        snprintf(b->producer, sizeof(b->producer), "p");
        CHECK_INT(kt_runtime_samples(rt, b), KT_OK);
        while (kt_queue_weight(rt->queue) > 0) { /* in step, as a mine that keeps up */
            kt_sleep(10 * KT_US);
        }
    }
    kt_runtime_tick(rt, T0 + steps * 100 * KT_MS + 2 * KT_SEC); /* the last ones may be thinned */
    while (atomic_load(&rt->pool.out) > 0 || kt_runtime_now(rt) < T0 + steps * 100 * KT_MS) {
        kt_sleep(KT_MS);
    }
    kt_seq last = kt_journal_last(rt->journal);
    CHECK_INT(kt_journal_wait(rt->journal, last, 10 * KT_SEC), KT_OK);
    pthread_mutex_lock(&rt->history.lock);
    kt_seq offered = rt->history.offered;
    pthread_mutex_unlock(&rt->history.lock);
    while (atomic_load(&rt->history.added) < offered) {
        kt_sleep(KT_MS);
    }
}

static void dropped_samples_come_from_history(void)
{
    enum { STEPS = 9000 };
    char dir[256];
    struct kt_err err = {0};
    uint64_t seed = 31;
    REQUIRE(kt_dir_temp("kt-thin", dir, sizeof(dir), &err) == KT_OK);
    struct kt_site *site = toy_site(POINTS);
    struct kt_runtime *rt = open_runtime(dir, site, true);
    REQUIRE(rt != NULL);
    CHECK_OK(kt_runtime_start(rt, &err), &err);
    live_and_fill_segments(rt, &seed, STEPS);
    kt_time from = T0 + 10 * KT_SEC, to = T0 + 880 * KT_SEC;
    struct sum whole = {0}, thin = {0};
    CHECK_OK(kt_backtest(rt, dir, site, NULL, from, to, on_sum, &whole, NULL, &err), &err);
    CHECK_OK(kt_journal_thin(rt->journal, kt_journal_last(rt->journal), &err), &err);
    CHECK_OK(kt_backtest(rt, dir, site, NULL, from, to, on_sum, &thin, NULL, &err), &err);
    printf("# %d outcomes\n", whole.n);
    CHECK(whole.n > 500);
    CHECK_INT(thin.n, whole.n);
    CHECK(thin.hash == whole.hash);
    struct kt_journal_reader *r;
    struct kt_event ev;
    int dropped = 0;
    CHECK_OK(kt_journal_read(rt->journal, NULL, 1, &r, &err), &err);
    while (kt_journal_next_of(r, 1u << KT_EV_SAMPLES, &ev, &err) > 0) {
        dropped += ev.body.n == 0;
    }
    kt_journal_reader_free(r);
    printf("# %d bodies dropped\n", dropped);
    CHECK(dropped > STEPS / 4);
    kt_runtime_stop(rt);
    kt_site_unref(site);
    kt_dir_remove(dir);
}

/* ---- checkpoints ---- */

static int count_files(const char *dir)
{
    char path[300], **names;
    size_t n = 0;
    struct kt_err err = {0};
    struct kt_arena *a = kt_arena_new(0);
    snprintf(path, sizeof(path), "%s/checkpoints", dir);
    CHECK_OK(kt_dir_list(path, a, &names, &n, &err), &err);
    kt_arena_free(a);
    return (int)n;
}

static void checkpoints_are_checked_and_thinned(void)
{
    char dir[256], path[400];
    struct kt_err err = {0};
    struct kt_buf state;
    struct rt_checkpoint c = {0}, got;
    kt_buf_init(&state, 0);
    REQUIRE(kt_dir_temp("kt-checkpoint", dir, sizeof(dir), &err) == KT_OK);
    CHECK_INT(rt_checkpoint_find(dir, 100, INT64_MAX, &got, &state, &err), KT_ENOTFOUND);
    for (int i = 1; i <= 5; i++) {
        c = (struct rt_checkpoint){.seq = (kt_seq)i * 10, .time = T0 + i * KT_MIN};
        char text[16];
        int n = snprintf(text, sizeof(text), "state %d", i);
        CHECK_OK(rt_checkpoint_write(dir, &c, (struct kt_str){text, (size_t)n}, &err), &err);
    }
    CHECK_OK(rt_checkpoint_find(dir, 1000, INT64_MAX, &got, &state, &err), &err);
    CHECK_INT(got.seq, 50);
    CHECK(state.n == 7 && memcmp(state.p, "state 5", 7) == 0);
    CHECK_OK(rt_checkpoint_find(dir, 39, INT64_MAX, &got, &state, &err), &err);
    CHECK_INT(got.seq, 30);
    CHECK_OK(rt_checkpoint_find(dir, 1000, T0 + 2 * KT_MIN, &got, &state, &err), &err);
    CHECK_INT(got.seq, 20);
    snprintf(path, sizeof(path), "%s/checkpoints/%020d-%020" PRId64 ".ckpt", dir, 50,
             T0 + 5 * KT_MIN);
    for (size_t at = 0; at < 135; at += 9) { /* any damage is seen */
        struct kt_buf file;
        kt_buf_init(&file, 0);
        CHECK_OK(kt_file_read(path, 1000, &file, &err), &err);
        CHECK_INT(file.n, 135);
        file.p[at] ^= 4;
        CHECK_OK(kt_file_replace(path, file.p, file.n, &err), &err);
        CHECK_OK(rt_checkpoint_find(dir, 1000, INT64_MAX, &got, &state, &err), &err);
        CHECK_INT(got.seq, 40);
        file.p[at] ^= 4;
        CHECK_OK(kt_file_replace(path, file.p, file.n, &err), &err);
        kt_buf_done(&file);
    }
    rt_checkpoint_drop_after(dir, 40);
    CHECK_OK(rt_checkpoint_find(dir, 1000, INT64_MAX, &got, &state, &err), &err);
    CHECK_INT(got.seq, 40);
    for (int i = 1; i <= 2000; i++) { /* one in 5 min for a week */
        c = (struct rt_checkpoint){.seq = (kt_seq)i * 10, .time = T0 + i * 5 * KT_MIN};
        CHECK_OK(rt_checkpoint_write(dir, &c, KT_STR("x"), &err), &err);
        if (i % 100 == 0) {
            rt_checkpoint_thin(dir, 3);
        }
    }
    int n = count_files(dir); /* 3, 144 of the last day, 48 of the two before */
    CHECK(n >= 140 + 45 && n <= 3 + 146 + 50);
    kt_buf_done(&state);
    kt_dir_remove(dir);
}

UNIT_MAIN({"killed at random moments", killed_at_random_moments},
          {"a replay stands where the engine stood", a_replay_stands_where_the_engine_stood},
          {"a difference is named", a_difference_is_named},
          {"each difference at the start is an event", differences_are_said},
          {"a back-test of the same rules says the same",
           a_backtest_of_the_same_rules_says_the_same},
          {"dropped samples come from history", dropped_samples_come_from_history},
          {"checkpoints are checked and thinned", checkpoints_are_checked_and_thinned})
