/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replay: an engine of its own, from the nearest checkpoint along the record. It has no way out:
 * effects have nowhere to go (safety rule 8).
 */
#include "engine/runtime_impl.h"

#include <stdlib.h>

#define WARM_UP (2 * KT_HOUR) /* without a checkpoint: begin so long before */

struct kt_replay {
    struct kt_site *today;
    struct kt_engine *engine;
    struct rt_past past;
    struct kt_journal_reader *reader;
    struct kt_event ev; /* read, not applied: behind where we stand */
    bool has_ev;
};

/* A new engine in the era of a manifest (NULL: today's). */
static int new_engine(struct kt_replay *r, const struct kt_hash *manifest, struct kt_err *err)
{
    kt_engine_free(r->engine);
    r->engine = NULL;
    int e = rt_past_begin_near(&r->past, manifest, err);
    if (e == KT_OK) {
        e = kt_engine_new(r->past.era.site, r->past.era.live, &r->past.out, &r->engine, err);
    }
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
    struct rt_site_event site;
    struct kt_buf state;
    struct kt_err why = {0};
    kt_seq max = kt_journal_durable(rt->journal);
    int e = KT_OK;
    kt_buf_init(&state, 0);
    *ret_from = 0;
    while (e == KT_OK && *ret_from == 0 &&
           rt_checkpoint_find(rt->data_dir, max, at, &c, &state, &why) == KT_OK) {
        e = new_engine(r, &c.site, err);
        if (e == KT_OK &&
            kt_engine_load(r->engine, (struct kt_str){state.p, state.n}, &why) == KT_OK) {
            *ret_from = c.seq + 1;
        }
        max = c.seq - 1;
    }
    kt_buf_done(&state);
    if (e == KT_OK && *ret_from == 0 && (e = begin_at(rt, at, ret_from, err)) == KT_OK &&
        (e = rt_site_at(rt->data_dir, rt->journal, *ret_from, &site, err)) == KT_OK) {
        e = new_engine(r, site.has ? &site.manifest : NULL, err);
    }
    return e;
}

int kt_replay_open(struct kt_runtime *rt, kt_time at, struct kt_replay **ret, struct kt_err *err)
{
    struct kt_replay *r = calloc(1, sizeof(*r));
    KT_ASSERT(r);
    kt_seq from;
    struct rt_eras eras = {.data_dir = rt->data_dir};
    pthread_mutex_lock(&rt->lock);
    eras.today = r->today = kt_site_ref(rt->site);
    eras.loaded = rt->loaded;
    pthread_mutex_unlock(&rt->lock);
    rt_past_init(&r->past, &eras, rt->history.h);
    int e = load(rt, r, at, &from, err);
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
    return r->past.era.live;
}

struct kt_site *kt_replay_site(const struct kt_replay *r)
{
    return r->past.era.site;
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
    rt_past_done(&r->past);
    kt_site_unref(r->today);
    free(r);
}
