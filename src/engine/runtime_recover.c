/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recovery: the newest checkpoint that fits, then the journal behind it. What the engine computes
 * is held against what was recorded; outcomes that a crash kept from the disk are appended now.
 */
#include "engine/runtime_impl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "engine/bodies.h"

/* The engine stands in the era of its past, which is another than today's when the folder was
 * changed while the program did not run: the start's event takes it over (runtime_apply.c). */
static int new_engine(struct kt_runtime *rt, struct rt_past *p, const struct kt_hash *manifest,
                      struct kt_err *err)
{
    kt_engine_free(rt->engine);
    rt->engine = NULL;
    rt->engine_out = (struct kt_engine_out){.arg = rt,
                                            .outcome = rt_engine_outcome,
                                            .effect = rt_engine_effect,
                                            .word = rt_engine_word};
    int r = rt_past_begin_near(p, manifest, err);
    if (r == KT_OK) {
        r = kt_engine_new(p->era.site, p->era.live, &rt->engine_out, &rt->engine, err);
    }
    p->engine = rt->engine;
    return r;
}

/* Load the newest checkpoint that this engine understands; seq 0 when there is none. */
static int load_checkpoint(struct kt_runtime *rt, struct rt_past *p, kt_seq *ret_seq,
                           struct kt_err *err)
{
    struct rt_checkpoint c;
    struct kt_buf state;
    struct kt_err why = {0};
    kt_seq max = rt->last;
    int r = KT_OK;
    *ret_seq = 0;
    kt_buf_init(&state, 0);
    while (r == KT_OK &&
           rt_checkpoint_find(rt->data_dir, max, INT64_MAX, &c, &state, &why) == KT_OK) {
        r = new_engine(rt, p, &c.site, err); /* a failed load leaves nothing behind */
        if (r < 0) {
            break;
        }
        if (kt_engine_load(rt->engine, (struct kt_str){state.p, state.n}, &why) == KT_OK) {
            *ret_seq = c.seq;
            break;
        }
        KT_WARN("runtime", "checkpoint %" PRIu64 " is passed over: %s", c.seq, why.text);
        max = c.seq - 1;
    }
    kt_buf_done(&state);
    return r;
}

/* Without a checkpoint: from the oldest event, in its era. */
static int begin_anew(struct kt_runtime *rt, struct rt_past *p, kt_seq first, struct kt_err *err)
{
    struct rt_site_event s = {0};
    int r = rt->last ? rt_site_at(rt->data_dir, rt->journal, first, &s, err) : KT_OK;
    return r < 0 ? r : new_engine(rt, p, s.has ? &s.manifest : NULL, err);
}

/* Outcomes of the last input that the crash kept from the disk. */
static int append_left(struct kt_runtime *rt, struct rt_past *p, struct kt_err *err)
{
    struct kt_str left;
    while (rt_past_left(p, &left)) {
        struct kt_event ev = {.seq = ++rt->last,
                              .time = kt_engine_time(rt->engine),
                              .kind = KT_EV_OUTCOME,
                              .origin = KT_STR("engine"),
                              .body = left};
        int r = kt_journal_append(rt->journal, &ev, err);
        if (r < 0) {
            return r;
        }
    }
    kt_journal_flush(rt->journal);
    return KT_OK;
}

void rt_take_differences(struct kt_runtime *rt, struct rt_past *p)
{
    memcpy(rt->difference, p->difference, sizeof(rt->difference));
    rt->differences = p->differences;
    kt_buf_done(&rt->differ);
    rt->differ = p->differ;
    kt_buf_init(&p->differ, 0);
}

static int apply_journal(struct kt_runtime *rt, struct rt_past *p, kt_seq from, struct kt_err *err)
{
    struct kt_journal_reader *reader;
    struct kt_event ev;
    int r = kt_journal_read(rt->journal, NULL, from, &reader, err);
    if (r < 0) {
        return r;
    }
    uint64_t n = 0;
    while ((r = kt_journal_next(reader, &ev, err)) > 0) {
        rt_past_event(p, &ev);
        n++;
    }
    kt_journal_reader_free(reader);
    if (r < 0) {
        return r;
    }
    if (n > 0) {
        KT_INFO("runtime", "%" PRIu64 " events applied behind the checkpoint", n);
    }
    if (atomic_load(&rt->follows)) {
        return KT_OK; /* the rest comes from the active node */
    }
    if (p->differences > 0) {
        kt_log(p->other_site ? KT_LOG_WARN : KT_LOG_ERROR, "runtime",
               "the journal's outcomes and what this program computes differ (%" PRIu64
               " times); first: %s",
               p->differences, p->difference);
        rt_take_differences(rt, p);
        kt_buf_clear(&p->computed); /* nothing is appended on top of that */
        p->met = 0;
    }
    return append_left(rt, p, err);
}

/* What is behind the checkpoint `seq`. */
static int catch_up(struct kt_runtime *rt, struct rt_past *p, kt_seq seq, struct kt_err *err)
{
    kt_seq first = kt_journal_first(rt->journal);
    if (seq >= rt->last) {
        return KT_OK;
    }
    if (first > seq + 1) {
        KT_WARN("runtime", "events %" PRIu64 " to %" PRIu64 " are not there any more", seq + 1,
                first - 1);
        seq = first - 1;
    }
    rt->past = p;
    int r = apply_journal(rt, p, seq + 1, err);
    rt->past = atomic_load(&rt->follows) ? p : NULL;
    rt->written_time = p->time;
    return r;
}

/* The tables of the era become the runtime's: as today's, or until the start's event. */
static void keep_era(struct kt_runtime *rt, struct rt_past *p)
{
    if (p->era.site == rt->site) {
        rt->live = p->era.live;
        p->era.live = NULL;
        return;
    }
    rt->live = kt_live_new(rt->site->points_n);
    rt->era = p->era;
    p->era = (struct rt_era){.site = NULL};
}

/* A follower stays in its past: the era's table is what screens see, when it is today's site. */
static void stay(struct kt_runtime *rt, struct rt_past *p)
{
    struct rt_past *kept = malloc(sizeof(*kept));
    KT_ASSERT(kept);
    *kept = *p;
    *p = (struct rt_past){.differences = 0};
    kept->out.arg = kept;
    kept->keeps_live = true;
    rt->past = rt->following = kept;
    rt->live = kept->era.site == rt->site ? kept->era.live : kt_live_new(rt->site->points_n);
}

/* A state without its journal is a journal that was lost, never a new site: latches, tags and
 * alarms would be forgotten without a word. A tail that is missing is said (a node that rejoins
 * cuts it). */
static int reaches(const struct kt_runtime *rt, struct kt_err *err)
{
    kt_seq newest = kt_checkpoint_newest(rt->data_dir);
    if (rt->last == 0 && newest) {
        return kt_err_set(err, KT_ESTATE,
                          "%s/journal is empty or gone, but a checkpoint of event %" PRIu64
                          " stands beside it; put the journal back or restore a backup (to begin "
                          "anew all the same: move %s away)",
                          rt->data_dir, newest, rt->data_dir);
    }
    if (newest > rt->last) {
        KT_WARN("runtime",
                "the journal ends at event %" PRIu64 ", a checkpoint is of event %" PRIu64
                ": what lies between is lost",
                rt->last, newest);
    }
    return KT_OK;
}

int rt_recover(struct kt_runtime *rt, const struct kt_geo_map *map, struct kt_err *err)
{
    kt_seq seq;
    struct rt_past past;
    struct rt_eras eras = {.data_dir = rt->data_dir, .today = rt->site, .loaded = rt->loaded};
    rt->last = kt_journal_last(rt->journal);
    rt->recovered = rt->last > 0;
    int r = reaches(rt, err);
    if (r < 0) {
        return r;
    }
    rt_checkpoint_drop_after(rt->data_dir, rt->last);
    rt_past_init(&past, &eras, NULL);
    r = load_checkpoint(rt, &past, &seq, err);
    if (r == KT_OK && seq == 0) {
        r = begin_anew(rt, &past, kt_journal_first(rt->journal), err);
    }
    if (r == KT_OK) {
        r = catch_up(rt, &past, seq, err);
    }
    if (r == KT_OK) {
        rt_loaded_compare(rt->data_dir, past.era.known ? &past.era.manifest : NULL, map,
                          &rt->loaded);
        if (atomic_load(&rt->follows)) {
            stay(rt, &past);
        } else {
            keep_era(rt, &past);
        }
        atomic_store(&rt->engine_time, kt_engine_time(rt->engine));
    }
    if (!rt->following) {
        rt->past = NULL;
        rt_past_done(&past);
    }
    return r;
}
