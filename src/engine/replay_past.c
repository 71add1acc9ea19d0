/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Applying what was recorded. Outcomes that the engine computes are held against those of the
 * record, in order; the first that differs is kept. Used by recovery and replay alike.
 */
#include "engine/runtime_past.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"

static void on_outcome(void *arg, struct kt_str json)
{
    struct rt_past *p = arg;
    kt_put_u32(&p->computed, (uint32_t)json.n);
    kt_buf_put(&p->computed, json.p, json.n);
}

void rt_past_init(struct rt_past *p, const struct rt_eras *eras, struct kt_history *history)
{
    *p = (struct rt_past){.eras = *eras, .history = history};
    kt_buf_init(&p->computed, 0);
    kt_buf_init(&p->differ, 0);
    p->out = (struct kt_engine_out){.arg = p, .outcome = on_outcome};
}

void rt_past_done(struct rt_past *p)
{
    rt_chunks_free(p->chunks);
    rt_era_done(&p->era);
    kt_buf_done(&p->computed);
    kt_buf_done(&p->differ);
    kt_columns_done(&p->columns);
}

int rt_past_begin(struct rt_past *p, const struct kt_hash *manifest, struct kt_err *err)
{
    rt_chunks_free(p->chunks);
    p->chunks = NULL;
    rt_era_done(&p->era);
    int r = manifest ? rt_era_open(&p->eras, manifest, &p->era, err)
                     : rt_era_today(&p->eras, &p->era, err);
    if (r == KT_OK && p->history) {
        p->chunks = rt_chunks_new(p->history, p->era.site);
    }
    return r;
}

int rt_past_begin_near(struct rt_past *p, const struct kt_hash *manifest, struct kt_err *err)
{
    struct kt_err why = {0};
    static const struct kt_hash zero;
    if (manifest && !kt_hash_eq(manifest, &zero)) {
        if (rt_past_begin(p, manifest, &why) == KT_OK) {
            return KT_OK;
        }
        KT_WARN("replay", "the site of that time is not to be had, today's is used: %s", why.text);
    }
    return rt_past_begin(p, NULL, err);
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

enum { SHOWN = 88 };

/* What of it is shown: from a little before the first byte that is another one. */
static const char *shown(struct kt_str s, size_t other, char to[SHOWN])
{
    char text[SHOWN + 1];
    size_t from = other > 24 ? other - 24 : 0;
    while (from > 0 && from < s.n && ((unsigned char)s.p[from] & 0xc0) == 0x80) {
        from--;
    }
    size_t n = from < s.n ? s.n - from : 0;
    n = n < SHOWN ? n : SHOWN;
    if (n) {
        memcpy(text, s.p + from, n);
    }
    text[n] = '\0';
    kt_text_set(to, SHOWN, text);
    return s.n ? to : "nothing";
}

static void keep(struct rt_past *p, const char *text)
{
    if (!p->difference[0]) {
        snprintf(p->difference, sizeof(p->difference), "%s", text);
    }
    kt_buf_puts(&p->differ, text);
    kt_put_u8(&p->differ, '\n');
}

static void differ(struct rt_past *p, kt_seq seq, struct kt_str recorded, struct kt_str computed)
{
    if (p->differences++ < RT_DIFFER_MAX) {
        char text[400], one[SHOWN], other[SHOWN];
        size_t at = 0;
        while (at < recorded.n && at < computed.n && recorded.p[at] == computed.p[at]) {
            at++;
        }
        snprintf(text, sizeof(text),
                 "event %" PRIu64 " (input %" PRIu64 "): recorded %s, computed %s", seq, p->input,
                 shown(recorded, at, one), shown(computed, at, other));
        keep(p, text);
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
    rt_ids_resolve(&p->era.ids, &p->columns);
    struct kt_samples s = kt_columns_view(&p->columns);
    kt_engine_samples(p->engine, ev->seq, arrival, ev->origin, &s);
}

/* Other rules over a time than were in force: said once, as the first difference. */
static void note_other_site(struct rt_past *p, const struct kt_event *ev, const char *why)
{
    char when[40];
    p->other_site = true;
    if (p->differences++ < RT_DIFFER_MAX) {
        char text[400];
        snprintf(text, sizeof(text),
                 "event %" PRIu64
                 ": from %s on another site was in force, which is not to be had (%.150s); "
                 "outcomes are computed by the one before or today's",
                 ev->seq, kt_time_fmt(ev->time, 0, when), why);
        keep(p, text);
    }
}

static bool same_site(struct rt_past *p, const struct rt_site_event *s)
{
    if (!p->era.known && s->start && s->has_hash && kt_hash_eq(&s->hash, &p->era.site->hash)) {
        p->era.known = s->has; /* today's is the one */
        p->era.manifest = s->manifest;
        return true;
    }
    return s->start && p->era.known && s->has && kt_hash_eq(&s->manifest, &p->era.manifest);
}

int rt_past_switch(struct rt_past *p, const struct rt_site_event *s, struct kt_err *err)
{
    struct rt_era next;
    if (same_site(p, s)) {
        return KT_OK;
    }
    if (!s->has) {
        return s->has_hash && !kt_hash_eq(&s->hash, &p->era.site->hash)
                   ? kt_err_set(err, KT_ENOTFOUND, "the journal does not hold it")
                   : KT_OK;
    }
    int r = rt_era_open(&p->eras, &s->manifest, &next, err);
    if (r < 0) {
        return r;
    }
    r = kt_engine_reload(p->engine, next.site, next.live, err);
    if (r < 0) {
        rt_era_done(&next);
        return r;
    }
    if (p->chunks) {
        rt_chunks_site(p->chunks, next.site);
    }
    if (p->keeps_live) {
        p->left_live = p->era.live;
        p->era.live = NULL;
    }
    rt_era_done(&p->era);
    p->era = next;
    return KT_OK;
}

static void take_site(struct rt_past *p, const struct kt_event *ev)
{
    struct rt_site_event s;
    struct kt_err err = {0};
    rt_site_event(ev, &s);
    if (s.recovered) {
        kt_engine_pause_over(p->engine, ev->time);
    }
    kt_engine_apply(p->engine, ev);
    if (rt_past_switch(p, &s, &err) < 0) {
        note_other_site(p, ev, err.text);
    }
    if (s.recovered) {
        kt_engine_recovered(p->engine, ev->seq);
    }
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
        take_site(p, ev);
        return;
    }
    kt_engine_apply(p->engine, ev);
}
