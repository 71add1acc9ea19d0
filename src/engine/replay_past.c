/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Applying what was recorded. Outcomes that the engine computes are held against those of the
 * record, in order; the first that differs is kept. Used by recovery and replay alike.
 */
#include "engine/runtime_impl.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"

static void on_outcome(void *arg, struct kt_str json)
{
    struct rt_past *p = arg;
    kt_put_u32(&p->computed, (uint32_t)json.n);
    kt_buf_put(&p->computed, json.p, json.n);
}

void rt_past_init(struct rt_past *p, const struct kt_site *site, const struct rt_ids *ids)
{
    *p = (struct rt_past){.ids = ids, .site = site};
    kt_buf_init(&p->computed, 0);
    p->out = (struct kt_engine_out){.arg = p, .outcome = on_outcome};
}

void rt_past_done(struct rt_past *p)
{
    kt_buf_done(&p->computed);
    kt_columns_done(&p->columns);
}

bool rt_past_left(struct rt_past *p, struct kt_str *ret)
{
    if (p->met == p->computed.n) {
        return false;
    }
    uint32_t n;
    memcpy(&n, p->computed.p + p->met, sizeof(n));
    *ret = (struct kt_str){p->computed.p + p->met + sizeof(n), n};
    p->met += sizeof(n) + n;
    return true;
}

static int shown(struct kt_str s)
{
    return (int)(s.n > 150 ? 150 : s.n);
}

static void differ(struct rt_past *p, kt_seq seq, struct kt_str recorded, struct kt_str computed)
{
    if (p->differences++ == 0) {
        snprintf(p->difference, sizeof(p->difference),
                 "event %" PRIu64 " (input %" PRIu64 "): recorded %.*s, computed %.*s", seq,
                 p->input, recorded.n ? shown(recorded) : 7, recorded.n ? recorded.p : "nothing",
                 computed.n ? shown(computed) : 7, computed.n ? computed.p : "nothing");
    }
}

/* Before the next input all that was computed must have been met. */
static void end_input(struct rt_past *p, kt_seq seq)
{
    struct kt_str left;
    if (rt_past_left(p, &left)) {
        differ(p, seq, (struct kt_str){NULL, 0}, left);
    }
    kt_buf_clear(&p->computed);
    p->met = 0;
}

static void take_outcome(struct rt_past *p, const struct kt_event *ev)
{
    struct kt_str computed = {NULL, 0};
    if (!kt_str_is(ev->origin, "engine")) {
        return; /* the program's own notes are no outcomes of the engine */
    }
    if (!rt_past_left(p, &computed) || !kt_str_eq(computed, ev->body)) {
        differ(p, ev->seq, ev->body, computed);
    }
}

static void take_samples(struct rt_past *p, const struct kt_event *ev)
{
    kt_time arrival;
    struct kt_err err = {0};
    if (ev->body.n == 0) {
        p->dropped_bodies++;
        if (p->chunks && rt_chunks_apply(p->chunks, p->engine, ev->seq, ev->time, &err) < 0) {
            KT_ERROR("replay", "event %" PRIu64 ": %s", ev->seq, err.text);
        }
        return;
    }
    if (kt_samples_decode(ev->body, KT_BATCH_MAX, &arrival, &p->columns, &err) < 0) {
        KT_ERROR("replay", "event %" PRIu64 ": %s", ev->seq, err.text);
        return;
    }
    rt_ids_resolve(p->ids, &p->columns);
    struct kt_samples s = kt_columns_view(&p->columns);
    kt_engine_samples(p->engine, ev->seq, arrival, ev->origin, &s);
}

/* Today's rules over a time when others were in force: said once, as the first difference. */
static void look_at_site(struct rt_past *p, const struct kt_event *ev)
{
    static const char key[] = "\"hash\":\"";
    char hex[65], when[40];
    const char *at = memmem(ev->body.p, ev->body.n, key, sizeof(key) - 1);
    kt_hash_hex(&p->site->hash, hex);
    if (!at || (size_t)(ev->body.p + ev->body.n - at) < sizeof(key) - 1 + 64 ||
        memcmp(at + sizeof(key) - 1, hex, 64) == 0) {
        return;
    }
    p->other_site = true;
    if (p->differences++ > 0) {
        return;
    }
    snprintf(p->difference, sizeof(p->difference),
             "event %" PRIu64
             ": from %s on another site was in force (%.8s, not %.8s); outcomes are "
             "computed by today's",
             ev->seq, kt_time_fmt(ev->time, 0, when), at + sizeof(key) - 1, hex);
}

bool rt_is_recovery(const struct kt_event *ev)
{
    static const char mark[] = "\"recovered\":true";
    return ev->kind == KT_EV_SITE && memmem(ev->body.p, ev->body.n, mark, sizeof(mark) - 1);
}

void rt_past_event(struct rt_past *p, const struct kt_event *ev)
{
    p->seq = ev->seq;
    p->time = ev->time;
    if (ev->kind == KT_EV_OUTCOME) {
        take_outcome(p, ev);
        return;
    }
    end_input(p, ev->seq);
    p->input = ev->seq;
    if (ev->kind == KT_EV_SAMPLES) {
        take_samples(p, ev);
        return;
    }
    if (ev->kind == KT_EV_SITE) {
        look_at_site(p, ev);
    }
    kt_engine_apply(p->engine, ev);
    if (rt_is_recovery(ev)) {
        kt_engine_recovered(p->engine, ev->seq);
    }
}
