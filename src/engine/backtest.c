/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Back-test: another site (other rules or limits) over the inputs of the record. Requests of
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
    struct kt_live *live;
    struct kt_engine *engine;
    struct rt_ids ids;
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
        return true;
    case KT_EV_REQUEST:
        return memmem(ev->body.p, ev->body.n, ack, sizeof(ack) - 1) != NULL;
    case KT_EV_SITE:
    case KT_EV_OUTCOME:
        break;
    }
    return false;
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
        }
    }
    if (progress && got >= 0) {
        progress(arg, 1.0);
    }
    return got < 0 ? got : KT_OK;
}

static int open_parts(struct backtest *b, struct kt_runtime *rt, const char *data_dir,
                      struct kt_site *site, struct kt_err *err)
{
    snprintf(b->dir, sizeof(b->dir), "%s/journal", data_dir);
    b->journal = rt ? rt->journal : NULL;
    b->history = rt ? rt->history.h : NULL;
    int r = rt_ids_open(data_dir, site, false, &b->ids, err);
    if (r == KT_OK && !rt) {
        char dir[600];
        snprintf(dir, sizeof(dir), "%s/history", data_dir);
        struct kt_history_opts opts = {.dir = dir};
        r = kt_history_open(&opts, &b->own_history, err);
        b->history = b->own_history;
    }
    if (r < 0) {
        return r;
    }
    b->live = kt_live_new(site->points_n);
    b->out = (struct kt_engine_out){.arg = b, .outcome = on_outcome};
    r = kt_engine_new(site, b->live, &b->out, &b->engine, err);
    rt_past_init(&b->past, site, &b->ids);
    b->past.engine = b->engine;
    b->past.chunks = rt_chunks_new(b->history, site);
    return r;
}

static void close_parts(struct backtest *b)
{
    rt_chunks_free(b->past.chunks);
    rt_past_done(&b->past);
    kt_engine_free(b->engine);
    kt_live_free(b->live);
    kt_history_close(b->own_history);
    rt_ids_done(&b->ids);
}

int kt_backtest(struct kt_runtime *rt, const char *data_dir, struct kt_site *site, kt_time from,
                kt_time to, kt_outcome_fn fn, void *arg, void (*progress)(void *arg, double part),
                struct kt_err *err)
{
    struct backtest b = {.from = from, .to = to, .fn = fn, .arg = arg};
    struct kt_journal_reader *reader = NULL;
    const char *dir;
    kt_seq seq = 0;
    if (from >= to) {
        return kt_err_set(err, KT_EINVAL, "the time range is empty");
    }
    int r = open_parts(&b, rt, data_dir, site, err);
    dir = b.journal ? NULL : b.dir;
    if (r == KT_OK) {
        r = kt_journal_find(b.journal, dir, from - WARM_UP, &seq, err);
    }
    if (r == KT_OK && seq == 0) {
        r = kt_err_set(err, KT_ENOTFOUND, "the journal has nothing from that time");
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
