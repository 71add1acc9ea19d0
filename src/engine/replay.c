/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replay: an engine of its own, from the nearest checkpoint along the record. It has no way out:
 * effects have nowhere to go (safety rule 8).
 */
#include "engine/runtime_impl.h"

#include <stdlib.h>

#define WARM_UP (2 * KT_HOUR) /* without a checkpoint: begin so long before */

struct kt_replay {
    struct kt_site *site;
    struct kt_live *live;
    struct kt_engine *engine;
    struct rt_ids ids;
    struct rt_past past;
    struct kt_journal_reader *reader;
    struct kt_event ev; /* read, not applied: behind where we stand */
    bool has_ev;
};

static int new_engine(struct kt_replay *r, struct kt_err *err)
{
    kt_engine_free(r->engine);
    kt_live_free(r->live);
    r->engine = NULL;
    r->live = kt_live_new(r->site->points_n);
    int e = kt_engine_new(r->site, r->live, &r->past.out, &r->engine, err);
    r->past.engine = r->engine;
    return e;
}

/* Where to begin without a checkpoint: the first event, or when that is far, some hours before. */
static int begin_at(struct kt_runtime *rt, kt_time at, kt_seq *ret, struct kt_err *err)
{
    enum { NEAR = 100000 };
    kt_seq seq = 0, first = kt_journal_first(rt->journal);
    int r = kt_journal_find(rt->journal, NULL, at - WARM_UP, &seq, err);
    if (r == KT_OK) {
        *ret = seq > first + NEAR ? seq : first;
    }
    return r;
}

static int load(struct kt_runtime *rt, struct kt_replay *r, kt_time at, kt_seq *ret_from,
                struct kt_err *err)
{
    struct rt_checkpoint c;
    struct kt_buf state;
    struct kt_err why = {0};
    kt_seq max = kt_journal_durable(rt->journal);
    int e = KT_OK;
    kt_buf_init(&state, 0);
    *ret_from = 0;
    while (e == KT_OK && *ret_from == 0 &&
           rt_checkpoint_find(rt->data_dir, max, at, &c, &state, &why) == KT_OK) {
        if (kt_engine_load(r->engine, (struct kt_str){state.p, state.n}, &why) == KT_OK) {
            *ret_from = c.seq + 1;
        } else {
            max = c.seq - 1;
            e = new_engine(r, err);
        }
    }
    kt_buf_done(&state);
    if (e == KT_OK && *ret_from == 0) {
        e = begin_at(rt, at, ret_from, err);
    }
    return e;
}

int kt_replay_open(struct kt_runtime *rt, kt_time at, struct kt_replay **ret, struct kt_err *err)
{
    struct kt_replay *r = calloc(1, sizeof(*r));
    KT_ASSERT(r);
    kt_seq from;
    r->site = kt_runtime_site(rt);
    rt_past_init(&r->past, r->site, &r->ids);
    r->past.chunks = rt_chunks_new(rt->history.h, r->site);
    int e = rt_ids_open(rt->data_dir, r->site, false, &r->ids, err);
    if (e == KT_OK) {
        e = new_engine(r, err);
    }
    if (e == KT_OK) {
        e = load(rt, r, at, &from, err);
    }
    if (e == KT_OK) {
        e = kt_journal_read(rt->journal, NULL, from, &r->reader, err);
    }
    if (e == KT_OK) {
        e = kt_replay_run(r, at, NULL, NULL, err);
    }
    if (e < 0) {
        kt_replay_free(r);
        return e;
    }
    *ret = r;
    return KT_OK;
}

/* The next event that is not applied yet; 1, 0 at the end, or an error. */
static int peek(struct kt_replay *r, struct kt_err *err)
{
    if (!r->has_ev) {
        int got = kt_journal_next(r->reader, &r->ev, err);
        if (got <= 0) {
            return got;
        }
        r->has_ev = true;
    }
    return 1;
}

int kt_replay_run(struct kt_replay *r, kt_time to, kt_outcome_fn fn, void *arg, struct kt_err *err)
{
    int got;
    while ((got = peek(r, err)) > 0 && r->ev.time <= to) {
        rt_past_event(&r->past, &r->ev);
        if (r->ev.kind == KT_EV_OUTCOME && fn) {
            fn(arg, r->ev.seq, r->ev.time, r->ev.body);
        }
        r->has_ev = false;
    }
    return got < 0 ? got : KT_OK;
}

const struct kt_engine *kt_replay_engine(const struct kt_replay *r)
{
    return r->engine;
}

const struct kt_live *kt_replay_live(const struct kt_replay *r)
{
    return r->live;
}

const char *kt_replay_difference(const struct kt_replay *r)
{
    return r->past.difference;
}

void kt_replay_free(struct kt_replay *r)
{
    if (!r) {
        return;
    }
    kt_journal_reader_free(r->reader);
    kt_engine_free(r->engine);
    kt_live_free(r->live);
    rt_chunks_free(r->past.chunks);
    rt_past_done(&r->past);
    rt_ids_done(&r->ids);
    kt_site_unref(r->site);
    free(r);
}
