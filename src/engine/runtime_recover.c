/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recovery: the newest checkpoint that fits, then the journal behind it. What the engine computes
 * is held against what was recorded; outcomes that a crash kept from the disk are appended now.
 */
#include "engine/runtime_impl.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"

static int new_engine(struct kt_runtime *rt, struct kt_err *err)
{
    rt->live = kt_live_new(rt->site->points_n);
    rt->engine_out =
        (struct kt_engine_out){.arg = rt, .outcome = rt_engine_outcome, .effect = rt_engine_effect};
    return kt_engine_new(rt->site, rt->live, &rt->engine_out, &rt->engine, err);
}

/* Load the newest checkpoint that this engine understands; seq 0 when there is none. */
static int load_checkpoint(struct kt_runtime *rt, kt_seq last, kt_seq *ret_seq, struct kt_err *err)
{
    struct rt_checkpoint c;
    struct kt_buf state;
    struct kt_err why = {0};
    kt_seq max = last;
    *ret_seq = 0;
    kt_buf_init(&state, 0);
    while (rt_checkpoint_find(rt->data_dir, max, INT64_MAX, &c, &state, &why) == KT_OK) {
        if (kt_engine_load(rt->engine, (struct kt_str){state.p, state.n}, &why) == KT_OK) {
            *ret_seq = c.seq;
            break;
        }
        KT_WARN("runtime", "checkpoint %" PRIu64 " is passed over: %s", c.seq, why.text);
        max = c.seq - 1; /* a failed load leaves nothing behind: begin anew */
        kt_engine_free(rt->engine);
        rt->engine = NULL;
        kt_live_free(rt->live);
        int r = new_engine(rt, err);
        if (r < 0) {
            kt_buf_done(&state);
            return r;
        }
    }
    kt_buf_done(&state);
    return KT_OK;
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
    if (p->differences > 0) {
        kt_log(p->other_site ? KT_LOG_WARN : KT_LOG_ERROR, "runtime",
               "the journal's outcomes and what this program computes differ (%" PRIu64
               " times); first: %s",
               p->differences, p->difference);
        snprintf(rt->difference, sizeof(rt->difference), "%s", p->difference);
        kt_buf_clear(&p->computed); /* nothing is appended on top of that */
        p->met = 0;
    }
    return append_left(rt, p, err);
}

int rt_recover(struct kt_runtime *rt, struct kt_err *err)
{
    kt_seq seq;
    rt->last = kt_journal_last(rt->journal);
    rt_checkpoint_drop_after(rt->data_dir, rt->last);
    int r = new_engine(rt, err);
    if (r < 0 || (r = load_checkpoint(rt, rt->last, &seq, err)) < 0) {
        return r;
    }
    kt_seq first = kt_journal_first(rt->journal);
    rt->recovered = rt->last > 0;
    if (seq < rt->last) {
        if (first > seq + 1) {
            KT_WARN("runtime", "events %" PRIu64 " to %" PRIu64 " are not there any more", seq + 1,
                    first - 1);
            seq = first - 1;
        }
        struct rt_past past;
        rt_past_init(&past, rt->site, &rt->ids);
        past.engine = rt->engine;
        rt->past = &past;
        r = apply_journal(rt, &past, seq + 1, err);
        rt->past = NULL;
        rt->written_time = past.time;
        rt_past_done(&past);
    }
    atomic_store(&rt->engine_time, kt_engine_time(rt->engine));
    return r;
}
