/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Back-test: other rules or limits, laid over the sites that were in force, over the inputs of the
 * record. Requests of
 * persons are not inputs of this other world, but for acknowledgements; restarts did not happen in
 * it. It warms up for an hour before `from`, so windows, delays and values stand as they would.
 */
#include "engine/runtime_impl.h"

#include <stdio.h>

#define WARM_UP KT_HOUR

struct backtest {
    struct kt_journal *journal; /* NULL: closed, in dir */
    struct kt_history *history, *own_history;
    char dir[540];
    struct kt_engine *engine;
    bool follows; /* the sites of the record */
    struct rt_past past;
    struct kt_engine_out out;
    kt_time from, to;
    kt_seq seq;
    kt_outcome_fn fn;
    void *arg;
};

static void on_outcome(void *arg, struct kt_str json)
{
    struct backtest *b = arg;
    kt_time now = kt_engine_time(b->engine);
    if (now >= b->from && now < b->to && b->fn) {
        b->fn(b->arg, b->seq, now, json);
    }
}

static bool is_input(const struct kt_event *ev)
{
    static const char ack[] = "\"verb\":\"alarm.ack\"";
    switch (ev->kind) {
    case KT_EV_SAMPLES:
    case KT_EV_TICK:
    case KT_EV_ANSWER:
    case KT_EV_LINK:
    case KT_EV_READINGS:
    case KT_EV_PEOPLE:
        return true;
    case KT_EV_REQUEST:
        return memmem(ev->body.p, ev->body.n, ack, sizeof(ack) - 1) != NULL;
    case KT_EV_SITE:
    case KT_EV_OUTCOME:
        break;
    }
    return false;
}

/* The change that is tried, over the site that comes into force here. */
static int go_over(struct backtest *b, const struct kt_event *ev, struct kt_err *err)
{
    struct rt_site_event s;
    struct kt_err why = {0};
    char when[40];
    rt_site_event(ev, &s);
    s.start = true; /* nothing to do where it is the same one again */
    if (!b->follows || !s.has) {
        return KT_OK;
    }
    b->seq = ev->seq;
    int r = rt_past_switch(&b->past, &s, &why);
    return r < 0 ? kt_err_set(err, r, "the site in force from %s on: %.300s",
                              kt_time_fmt(ev->time, b->past.era.site->utc_offset_s, when), why.text)
                 : r;
}

static int run(struct backtest *b, struct kt_journal_reader *reader,
               void (*progress)(void *arg, double part), void *arg, struct kt_err *err)
{
    struct kt_event ev;
    int got;
    kt_time first = b->from - WARM_UP;
    double span = (double)(b->to - first);
    for (uint64_t n = 0; (got = kt_journal_next(reader, &ev, err)) > 0 && ev.time < b->to; n++) {
        if (progress && n % 1024 == 0 && ev.time > first) {
            progress(arg, (double)(ev.time - first) / span);
        }
        if (is_input(&ev)) {
            b->seq = ev.seq;
            rt_past_event(&b->past, &ev);
        } else if (ev.kind == KT_EV_SITE) {
            int r = go_over(b, &ev, err);
            if (r < 0) {
                return r;
            }
        }
    }
    if (progress && got >= 0) {
        progress(arg, 1.0);
    }
    return got < 0 ? got : KT_OK;
}

static int open_parts(struct backtest *b, struct kt_runtime *rt, const char *data_dir,
                      struct kt_site *site, const struct kt_site_extra *extra, struct kt_err *err)
{
    struct rt_eras eras = {.data_dir = data_dir, .today = site, .extra = extra};
    snprintf(b->dir, sizeof(b->dir), "%s/journal", data_dir);
    b->journal = rt ? rt->journal : NULL;
    b->history = rt ? rt->history.h : NULL;
    b->follows = extra != NULL;
    if (rt) {
        pthread_mutex_lock(&rt->lock);
        eras.loaded = rt->loaded;
        pthread_mutex_unlock(&rt->lock);
    }
    int r = KT_OK;
    if (!rt) {
        char dir[600];
        snprintf(dir, sizeof(dir), "%s/history", data_dir);
        struct kt_history_opts opts = {.dir = dir};
        r = kt_history_open(&opts, &b->own_history, err);
        b->history = b->own_history;
    }
    rt_past_init(&b->past, &eras, b->history);
    return r;
}

/* The engine over the site that was in force at `seq`. */
static int begin(struct backtest *b, const char *data_dir, kt_seq seq, struct kt_err *err)
{
    struct rt_site_event s = {0};
    struct kt_err why = {0};
    int r = b->follows ? rt_site_at(data_dir, b->journal, seq, &s, err) : KT_OK;
    if (r == KT_OK && (r = rt_past_begin(&b->past, s.has ? &s.manifest : NULL, &why)) < 0) {
        kt_err_set(err, r, "the site in force at the start: %.300s", why.text);
    }
    b->out = (struct kt_engine_out){.arg = b, .outcome = on_outcome};
    if (r == KT_OK) {
        r = kt_engine_new(b->past.era.site, b->past.era.live, &b->out, &b->engine, err);
    }
    b->past.engine = b->engine;
    return r;
}

static void close_parts(struct backtest *b)
{
    kt_engine_free(b->engine);
    rt_past_done(&b->past);
    kt_history_close(b->own_history);
}

int kt_backtest(struct kt_runtime *rt, const char *data_dir, struct kt_site *site,
                const struct kt_site_extra *extra, kt_time from, kt_time to, kt_outcome_fn fn,
                void *arg, void (*progress)(void *arg, double part), struct kt_err *err)
{
    struct backtest b = {.from = from, .to = to, .fn = fn, .arg = arg};
    struct kt_journal_reader *reader = NULL;
    const char *dir;
    kt_seq seq = 0;
    if (from >= to) {
        return kt_err_set(err, KT_EINVAL, "the time range is empty");
    }
    int r = open_parts(&b, rt, data_dir, site, extra, err);
    dir = b.journal ? NULL : b.dir;
    if (r == KT_OK) {
        r = kt_journal_find(b.journal, dir, from - WARM_UP, &seq, err);
    }
    if (r == KT_OK && seq == 0) {
        r = kt_err_set(err, KT_ENOTFOUND, "the journal has nothing from that time");
    }
    if (r == KT_OK) {
        r = begin(&b, data_dir, seq, err);
    }
    if (r == KT_OK) {
        r = kt_journal_read(b.journal, dir, seq, &reader, err);
    }
    if (r == KT_OK) {
        r = run(&b, reader, progress, arg, err);
    }
    kt_journal_reader_free(reader);
    close_parts(&b);
    return r;
}
