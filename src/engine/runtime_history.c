/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The history thread. Durable batches come in piles; each names the samples event before it, so a
 * gap (pile full, program start) is seen and filled from the journal. Rules and acknowledgements
 * never wait for history. It takes a pile PACE after the last one at the earliest: many small
 * batches wake it once, and what many of them have for one point is added at once.
 */
#include "engine/runtime_impl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "sys/clock.h"
#include "sys/thread.h"

#define FUTURE      (5 * KT_SEC) /* as the engine: further ahead takes the arrival time */
#define SEAL_EVERY  KT_SEC
#define MERGE_EVERY (6 * KT_HOUR)
#define HAND_EVERY  (10 * KT_SEC)
#define PACE        (20 * KT_MS)
enum { RUN_SAMPLES = 48 << 10 };

/* ---- from the chunks to the journal's chain ---- */

static void on_sealed(void *arg, const char *point, kt_time from, kt_time to, uint32_t n,
                      const struct kt_hash *hash)
{
    struct kt_runtime *rt = arg;
    struct rt_history *h = &rt->history;
    kt_buf_put(&h->sealed, point, strlen(point) + 1);
    kt_put_i64(&h->sealed, from);
    kt_put_i64(&h->sealed, to);
    kt_put_u32(&h->sealed, n);
    kt_buf_put(&h->sealed, hash->b, sizeof(hash->b));
    h->sealed_from = h->sealed_n == 0 || from < h->sealed_from ? from : h->sealed_from;
    h->sealed_to = h->sealed_n == 0 || to > h->sealed_to ? to : h->sealed_to;
    h->sealed_n++;
}

static void on_lost(void *arg, const char *name)
{
    struct kt_runtime *rt = arg;
    kt_buf_printf(&rt->lost, "data/history/%s is gone\n", name);
}

/* One event for what was sealed since the last: number, span, hash over points, spans and chunk
 * hashes. False: nothing was. */
static bool sealed_json(struct rt_history *h, struct kt_buf *out)
{
    struct kt_hash hash;
    char hex[65], from[40], to[40];
    if (h->sealed_n == 0) {
        return false;
    }
    kt_hash_of(h->sealed.p, h->sealed.n, &hash);
    kt_buf_printf(out,
                  "{\"type\":\"sealed\",\"chunks\":%" PRIu32
                  ",\"from\":\"%s\",\"to\":\"%s\",\"hash\":\"%s\"}",
                  h->sealed_n, kt_time_fmt(h->sealed_from, 0, from),
                  kt_time_fmt(h->sealed_to, 0, to), kt_hash_hex(&hash, hex));
    kt_buf_clear(&h->sealed);
    h->sealed_n = 0;
    return true;
}

static void say_sealed(struct kt_runtime *rt)
{
    struct kt_buf json;
    kt_buf_init(&json, 0);
    if (!atomic_load(&rt->stopping) && sealed_json(&rt->history, &json)) {
        struct rt_message *m =
            rt_message_new(IN_OUTCOME, (struct kt_str){json.p, json.n}, "history");
        if (rt_message_push(rt, m, KT_LANE_BULK) < 0) {
            KT_WARN("history", "not in the journal: %s", json.p);
        }
    }
    kt_buf_done(&json);
}

/* ---- points ---- */

static void declare_all(struct kt_runtime *rt)
{
    struct kt_site *site = kt_runtime_site(rt);
    rt->history.gone_n = 0; /* their places may be points now */
    for (uint32_t i = 0; i < site->points_n; i++) {
        const struct kt_point *p = &site->points[i];
        struct kt_history_point conf = {
            .id = p->id, .deadband = p->deadband, .retention = (uint8_t)p->retention};
        struct kt_err err = {0};
        if (kt_history_declare(rt->history.h, (kt_point_id){i}, &conf, &err) < 0) {
            KT_ERROR("history", "point %s: %s", p->id, err.text);
        }
    }
    kt_site_unref(site);
}

/* Indexes of points stay over a reload, so what was resolved before it is still right after it. */
static void declare_changed(struct kt_runtime *rt)
{
    if (atomic_exchange(&rt->history.site_changed, false)) {
        declare_all(rt);
    }
}

/* Is a place to be had for the samples of a number whose point the site does not have? */
static bool declare_gone(struct kt_runtime *rt, uint32_t number, uint32_t place)
{
    struct kt_buf name;
    struct kt_err err = {0};
    kt_buf_init(&name, 1024);
    int r = rt_ids_name(rt->data_dir, number, &name, &err);
    struct kt_history_point conf = {.id = kt_buf_cstr(&name), .retention = KT_RETAIN_NORMAL};
    if (r == KT_OK && kt_site_point(rt->site, kt_str_c(conf.id)).v != KT_NONE) {
        r = kt_err_set(&err, KT_ECORRUPT, "point %s has two numbers in points.ids", conf.id);
    }
    r = r == KT_OK ? kt_history_declare(rt->history.h, (kt_point_id){place}, &conf, &err) : r;
    if (r < 0) {
        KT_ERROR("history", "samples of a point that is gone are left out: %s", err.text);
    }
    kt_buf_done(&name);
    return r == KT_OK;
}

/* Samples of a point that the site no longer has wait in the journal when the program ended before
 * history had them. KT_NONE: there is no place for them. */
static uint32_t place_of_gone(struct kt_runtime *rt, uint32_t number)
{
    struct rt_history *h = &rt->history;
    for (uint32_t i = 0; i < h->gone_n; i++) {
        if (h->gone[i].number == number) {
            return h->gone[i].place;
        }
    }
    uint32_t place = rt->ids.points_n + h->gone_n;
    h->gone = realloc(h->gone, (h->gone_n + 1) * sizeof(*h->gone));
    KT_ASSERT(h->gone);
    place = declare_gone(rt, number, place) ? place : KT_NONE;
    h->gone[h->gone_n++] = (struct rt_gone){number, place};
    return place;
}

/* Numbers become points of the present site, or places behind them. */
static void resolve(struct kt_runtime *rt, struct kt_columns *c)
{
    pthread_mutex_lock(&rt->lock);
    const struct rt_ids *ids = &rt->ids;
    uint32_t to = 0;
    for (uint32_t i = 0; i < c->n; i++) {
        uint32_t number = c->point[i], p = number < ids->numbers_n ? ids->point[number] : KT_NONE;
        p = p == KT_NONE && number < ids->numbers_n ? place_of_gone(rt, number) : p;
        if (p != KT_NONE) {
            c->point[to] = p;
            c->time[to] = c->time[i];
            c->value[to] = c->value[i];
            c->quality[to++] = c->quality[i];
        }
    }
    c->n = to;
    pthread_mutex_unlock(&rt->lock);
}

/* ---- adding ---- */

void rt_clip_future(struct kt_columns *c, kt_time arrival)
{
    for (uint32_t i = 0; i < c->n; i++) {
        if (c->time[i] > arrival + FUTURE || c->time[i] <= 0) {
            c->time[i] = arrival;
            c->quality[i] = kt_q_known(c->quality[i]) ? KT_Q_FUTURE : c->quality[i];
        }
    }
}

/* Or one that is before 1970: as an unsigned number it is later than all. */
static bool has_future(const struct kt_samples *s, kt_time arrival)
{
    uint64_t latest = 0;
    for (uint32_t i = 0; i < s->n; i++) {
        uint64_t t = (uint64_t)s->time[i] - 1;
        latest = t > latest ? t : latest;
    }
    return latest >= (uint64_t)(arrival + FUTURE);
}

static void copy_columns(struct kt_columns *to, const struct kt_samples *s)
{
    kt_columns_reserve(to, s->n);
    to->n = s->n;
    memcpy(to->point, s->point, s->n * sizeof(*s->point));
    memcpy(to->time, s->time, s->n * sizeof(*s->time));
    memcpy(to->value, s->value, s->n * sizeof(*s->value));
    memcpy(to->quality, s->quality, s->n * sizeof(*s->quality));
}

static void add(struct kt_runtime *rt, kt_seq seq, kt_time arrival, struct kt_samples s)
{
    struct rt_history *h = &rt->history;
    struct kt_err err = {0};
    if (has_future(&s, arrival)) { /* a batch is shared: not changed in place */
        if (s.point != h->columns.point) {
            copy_columns(&h->columns, &s);
        }
        rt_clip_future(&h->columns, arrival);
        s = kt_columns_view(&h->columns);
    }
    if (kt_history_add(h->h, seq, arrival, &s, &err) < 0) {
        KT_ERROR("history", "event %" PRIu64 " is not in history: %s", seq, err.text);
    }
    atomic_store(&h->reached, arrival);
    atomic_store(&h->added, seq);
}

static bool stopping(struct rt_history *h)
{
    pthread_mutex_lock(&h->lock);
    bool stop = h->stop;
    pthread_mutex_unlock(&h->lock);
    return stop;
}

static void add_event(struct kt_runtime *rt, const struct kt_event *ev)
{
    struct rt_history *h = &rt->history;
    struct kt_err err = {0};
    kt_time arrival;
    if (ev->body.n == 0) {
        return; /* dropped by retention: history has it, or nobody has */
    }
    do { /* a place behind the site's points is one only until the next site */
        declare_changed(rt);
        if (kt_samples_decode(ev->body, KT_BATCH_MAX, &arrival, &h->columns, &err) < 0) {
            KT_ERROR("history", "event %" PRIu64 ": %s", ev->seq, err.text);
            return;
        }
        resolve(rt, &h->columns);
    } while (atomic_load(&h->site_changed));
    add(rt, ev->seq, arrival, kt_columns_view(&h->columns));
}

/* Read from the journal what is not in history, up to seq. */
static void catch_up(struct kt_runtime *rt, kt_seq to)
{
    struct rt_history *h = &rt->history;
    struct kt_journal_reader *reader;
    struct kt_event ev;
    struct kt_err err = {0};
    kt_seq from = atomic_load(&h->added) + 1, first = kt_journal_first(rt->journal);
    from = from < first ? first : from;
    if (from > to) {
        return;
    }
    int r = kt_journal_read(rt->journal, NULL, from, &reader, &err);
    if (r == KT_OK) {
        while ((r = kt_journal_next_of(reader, 1u << KT_EV_SAMPLES, &ev, &err)) > 0 &&
               ev.seq <= to && !stopping(h)) {
            add_event(rt, &ev);
            if (ev.seq % 256 == 0 && kt_history_seal(h->h, ev.time, false, &err) < 0) {
                KT_ERROR("history", "%s", err.text);
            }
        }
        kt_journal_reader_free(reader);
    }
    if (r < 0) {
        KT_ERROR("history", "the journal cannot be read behind %" PRIu64 ": %s", from, err.text);
    } else if (!stopping(h)) {
        atomic_store(&h->added, to);
    }
}

/* ---- piles ---- */

static void pile_init(struct rt_pile *p)
{
    *p = (struct rt_pile){.items = malloc(RT_PILE_ITEMS * sizeof(*p->items))};
    KT_ASSERT(p->items);
}

static void pile_done(struct rt_pile *p)
{
    free(p->items);
    kt_columns_done(&p->copied);
}

static bool pile_has_room(const struct rt_pile *p, uint32_t n)
{
    return p->n < RT_PILE_ITEMS && p->samples + n <= RT_PILE_SAMPLES;
}

static bool pile_is_high(const struct rt_pile *p)
{
    return p->n >= RT_PILE_ITEMS / 2 || p->samples >= RT_PILE_SAMPLES / 4;
}

static void pile_copy(struct rt_pile *p, const struct kt_batch *b)
{
    struct kt_columns *c = &p->copied;
    uint32_t at = c->n;
    memcpy(c->point + at, b->point, b->n * sizeof(*b->point));
    memcpy(c->time + at, b->time, b->n * sizeof(*b->time));
    memcpy(c->value + at, b->value, b->n * sizeof(*b->value));
    memcpy(c->quality + at, b->quality, b->n * sizeof(*b->quality));
    c->n += b->n;
}

static void pile_add(struct rt_pile *p, struct kt_batch *b, kt_seq prev)
{
    struct rt_pile_item item = {.seq = b->seq, .prev = prev, .arrival = b->arrival, .n = b->n};
    if (b->n <= RT_PILE_SMALL && p->copied.n + b->n <= RT_PILE_COPIED) {
        kt_columns_reserve(&p->copied, RT_PILE_COPIED);
        item.at = p->copied.n;
        pile_copy(p, b);
    } else {
        rt_batch_ref(b);
        item.batch = b;
    }
    p->items[p->n++] = item;
    p->samples += b->n;
}

void rt_history_offer(struct kt_runtime *rt, struct kt_batch *b)
{
    struct rt_history *h = &rt->history;
    pthread_mutex_lock(&h->lock);
    struct rt_pile *p = &h->pile;
    if (h->runs && !h->stop && pile_has_room(p, b->n)) {
        bool first = p->n == 0, high = pile_is_high(p);
        pile_add(p, b, h->offered);
        if (first || (!high && pile_is_high(p))) {
            pthread_cond_signal(&h->work);
        }
    }
    h->offered = b->seq;
    pthread_mutex_unlock(&h->lock);
}

void rt_history_pass(struct kt_runtime *rt, kt_seq seq)
{
    struct rt_history *h = &rt->history;
    pthread_mutex_lock(&h->lock);
    h->offered = seq > h->offered ? seq : h->offered;
    pthread_mutex_unlock(&h->lock);
}

double rt_history_behind(struct kt_runtime *rt)
{
    struct rt_history *h = &rt->history;
    pthread_mutex_lock(&h->lock);
    kt_seq offered = h->offered;
    pthread_mutex_unlock(&h->lock);
    if (offered <= atomic_load(&h->added)) {
        return 0;
    }
    kt_time reached = atomic_load(&h->reached), now = kt_runtime_now(rt);
    return reached && now > reached ? (double)(now - reached) / (double)KT_SEC : 0;
}

void rt_history_site(struct kt_runtime *rt)
{
    atomic_store(&rt->history.site_changed, true);
}

static void wait_until(struct rt_history *h, kt_mono deadline)
{
    struct timespec ts = {.tv_sec = (time_t)(deadline / KT_SEC),
                          .tv_nsec = (long)(deadline % KT_SEC)};
    pthread_cond_timedwait(&h->work, &h->lock, &ts);
}

/* What waits becomes the thread's own, nothing when the deadline has passed; false: stop. */
static bool next_pile(struct kt_runtime *rt, kt_mono deadline)
{
    struct rt_history *h = &rt->history;
    pthread_mutex_lock(&h->lock);
    while (h->pile.n == 0 && !h->stop && kt_clock_mono() < deadline) {
        wait_until(h, deadline);
    }
    kt_mono at = h->taken + PACE;
    while (!h->stop && !pile_is_high(&h->pile) && kt_clock_mono() < at && at < deadline) {
        wait_until(h, at);
    }
    bool go_on = !h->stop || h->pile.n > 0;
    struct rt_pile swap = h->own;
    h->own = h->pile;
    h->pile = swap;
    pthread_mutex_unlock(&h->lock);
    h->taken = kt_clock_mono();
    return go_on;
}

static struct kt_samples samples_of(const struct rt_pile *p, const struct rt_pile_item *item)
{
    const struct kt_columns *c = &p->copied;
    return item->batch ? rt_batch_view(item->batch)
                       : (struct kt_samples){item->n, c->point + item->at, c->time + item->at,
                                             c->value + item->at, c->quality + item->at};
}

/* Batches that follow each other, to be added together. */
struct run {
    struct kt_history_batch *batches; /* RT_PILE_ITEMS */
    uint32_t n, samples;
    kt_seq last; /* all up to it are in history, or in the run */
};

static void add_run(struct kt_runtime *rt, struct run *run)
{
    struct rt_history *h = &rt->history;
    if (run->n) {
        declare_changed(rt);
    }
    for (uint32_t at = 0; at < run->n;) {
        struct kt_err err = {0};
        uint32_t added;
        if (kt_history_add_many(h->h, run->batches + at, run->n - at, &added, &err) < 0) {
            KT_ERROR("history", "event %" PRIu64 " is not in history: %s",
                     run->batches[at + added].seq, err.text);
            added++;
        }
        at += added;
    }
    if (run->n) {
        atomic_store(&h->reached, run->batches[run->n - 1].arrival);
        atomic_store(&h->added, run->last);
    }
    run->n = run->samples = 0;
}

static void take(struct kt_runtime *rt, struct run *run, const struct rt_pile_item *item)
{
    if (item->seq > run->last && item->prev > run->last) {
        add_run(rt, run);
        catch_up(rt, item->prev);
        run->last = atomic_load(&rt->history.added);
    }
    if (item->seq <= run->last || item->prev > run->last) {
        return;
    }
    struct kt_samples s = samples_of(&rt->history.own, item);
    run->last = item->seq;
    if (has_future(&s, item->arrival)) {
        add_run(rt, run);
        declare_changed(rt);
        add(rt, item->seq, item->arrival, s);
    } else {
        run->batches[run->n++] = (struct kt_history_batch){item->seq, item->arrival, s};
        run->samples += s.n;
    }
}

/* Items [from, end) of the pile are in history. */
static void let_go(struct kt_runtime *rt, uint32_t from, uint32_t end)
{
    for (uint32_t i = from; i < end; i++) {
        if (rt->history.own.items[i].batch) {
            rt_batch_unref(rt, rt->history.own.items[i].batch);
        }
    }
}

static void take_pile(struct kt_runtime *rt)
{
    struct rt_pile *p = &rt->history.own;
    struct run run = {.batches = rt->history.run, .last = atomic_load(&rt->history.added)};
    uint32_t held = 0;
    for (uint32_t i = 0; i < p->n; i++) {
        take(rt, &run, &p->items[i]);
        if (run.samples >= RUN_SAMPLES || i + 1 == p->n) {
            add_run(rt, &run);
            let_go(rt, held, i + 1);
            held = i + 1;
        }
    }
    p->n = p->samples = p->copied.n = 0;
}

static void housekeeping(struct kt_runtime *rt)
{
    struct rt_history *h = &rt->history;
    struct kt_err err = {0};
    kt_time now = kt_runtime_now(rt);
    pthread_mutex_lock(&h->lock);
    kt_seq missed = h->pile.n == 0 ? h->offered : 0; /* what the pile had no room for */
    pthread_mutex_unlock(&h->lock);
    if (missed > atomic_load(&h->added)) {
        catch_up(rt, missed);
    }
    int r = kt_history_seal(h->h, now, false, &err);
    if (r == KT_OK && now - h->merged > MERGE_EVERY) {
        struct kt_site *site = kt_runtime_site(rt);
        r = h->merged ? kt_history_merge(h->h, now - MERGE_EVERY, &err) : KT_OK;
        r = r == KT_OK ? kt_history_retain(h->h, now, site->history_days, &err) : r;
        kt_site_unref(site);
        h->merged = now;
    }
    if (r == KT_OK && kt_clock_mono() - h->handed > HAND_EVERY) {
        struct kt_site *site = kt_runtime_site(rt);
        r = rt_long_hand_over(rt, now, site->victoria.local_days, &err);
        kt_site_unref(site);
        h->handed = kt_clock_mono();
    }
    if (r < 0) {
        KT_ERROR("history", "%s", err.text);
    }
    say_sealed(rt);
}

static void *run(void *arg)
{
    struct kt_runtime *rt = arg;
    kt_thread_nice(15);
    declare_all(rt);
    catch_up(rt, rt_durable(rt));
    kt_mono next = kt_clock_mono() + SEAL_EVERY;
    while (next_pile(rt, next)) {
        take_pile(rt);
        if (kt_clock_mono() >= next) {
            housekeeping(rt);
            next = kt_clock_mono() + SEAL_EVERY;
        }
    }
    return NULL;
}

int rt_history_open(struct kt_runtime *rt, struct kt_err *err)
{
    struct rt_history *h = &rt->history;
    char dir[600];
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->work, &attr);
    pthread_condattr_destroy(&attr);
    kt_buf_init(&h->sealed, 0);
    kt_buf_init(&rt->lost, 0);
    pile_init(&h->pile);
    pile_init(&h->own);
    h->run = malloc(RT_PILE_ITEMS * sizeof(*h->run));
    KT_ASSERT(h->run);
    snprintf(dir, sizeof(dir), "%s/history", rt->data_dir);
    struct kt_history_opts opts = {
        .dir = dir, .on_sealed = on_sealed, .on_lost = on_lost, .arg = rt};
    int r = kt_history_open(&opts, &h->h, err);
    if (r == KT_OK) {
        atomic_store(&h->added, kt_history_safe_seq(h->h));
    }
    return r;
}

int rt_history_start(struct kt_runtime *rt, struct kt_err *err)
{
    rt->history.runs = true;
    int r = kt_thread_start(&rt->history.thread, "history", run, rt, err);
    rt->history.runs = r == KT_OK;
    return r;
}

void rt_history_stop(struct kt_runtime *rt)
{
    struct rt_history *h = &rt->history;
    pthread_mutex_lock(&h->lock);
    h->stop = true;
    pthread_cond_signal(&h->work);
    pthread_mutex_unlock(&h->lock);
    if (h->runs) {
        pthread_join(h->thread, NULL);
    }
    kt_history_close(h->h); /* seals all heads */
    struct kt_buf json;
    kt_buf_init(&json, 0);
    if (rt->engine && !atomic_load(&rt->follows) && sealed_json(h, &json)) {
        rt_say(rt, (struct kt_str){json.p, json.n}); /* the engine thread has ended by now */
    }
    kt_buf_done(&json);
    pile_done(&h->pile);
    pile_done(&h->own);
    free(h->run);
    kt_columns_done(&h->columns);
    free(h->gone);
    kt_buf_done(&h->sealed);
    kt_buf_done(&rt->lost);
    pthread_cond_destroy(&h->work);
    pthread_mutex_destroy(&h->lock);
}
