/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One input: applied by the engine, then appended with the outcomes behind it. What has to wait for
 * the disk goes to `after`. Engine thread only.
 */
#include "engine/runtime_impl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/log.h"
#include "sys/clock.h"

#define BUSY_NS (5 * KT_SEC) /* ticks are not thinned for so long after an outcome */

void rt_engine_outcome(void *arg, struct kt_str json)
{
    struct kt_runtime *rt = arg;
    if (rt->past) {
        rt->past->out.outcome(rt->past, json);
        return;
    }
    kt_put_u32(&rt->outcomes, (uint32_t)json.n);
    kt_buf_put(&rt->outcomes, json.p, json.n);
    rt->outcomes_n++;
}

void rt_engine_effect(void *arg, const struct kt_effect *e)
{
    struct kt_runtime *rt = arg;
    if (rt->past) {
        return; /* what was sent before a crash; kt_engine_recovered() says what goes again */
    }
    if (e->protective) {
        rt_effect_send(rt, e);
        return;
    }
    if (rt->effects_n == rt->effects_cap) {
        rt->effects_cap = rt->effects_cap ? rt->effects_cap * 2 : 16;
        rt->effects = realloc(rt->effects, rt->effects_cap * sizeof(*rt->effects));
        KT_ASSERT(rt->effects);
    }
    rt->effects[rt->effects_n++] = *e;
}

void rt_engine_word(void *arg, const struct kt_word *w)
{
    struct kt_runtime *rt = arg;
    if (!rt->past) {
        rt_word_send(rt, w);
    }
}

/* What the journal refused was applied all the same; say later from when to when. */
static void note_unwritten(struct kt_runtime *rt, int code)
{
    if (rt->unwritten++ == 0) {
        rt->unwritten_from = kt_engine_time(rt->engine);
        KT_ERROR("runtime", "the journal takes no more (%s): producers are refused",
                 kt_err_text(code));
    }
}

static void note_written(struct kt_runtime *rt)
{
    char from[40], to[40], json[400];
    int n = snprintf(json, sizeof(json),
                     "{\"type\":\"gap\",\"from\":\"%s\",\"to\":\"%s\",\"inputs\":%" PRIu64
                     ",\"text\":\"applied but not written\"}",
                     kt_time_fmt(rt->unwritten_from, 0, from),
                     kt_time_fmt(kt_engine_time(rt->engine), 0, to), rt->unwritten);
    KT_WARN("runtime", "the journal takes events again; %" PRIu64 " were not written",
            rt->unwritten);
    rt->unwritten = 0;
    rt_say(rt, (struct kt_str){json, (size_t)n});
}

/* Times in the journal never go back, and are those that the engine was given. */
static kt_time event_time(struct kt_runtime *rt)
{
    kt_time now = kt_engine_time(rt->engine);
    rt->written_time = now > rt->written_time ? now : rt->written_time;
    return rt->written_time;
}

/* Append under the next seq. A journal that has failed for good takes nothing, but ids of alarms
 * and commands come from seqs, so they go on rising. */
static int append(struct kt_runtime *rt, enum kt_event_kind kind, struct kt_str origin,
                  struct kt_str body)
{
    struct kt_event ev = {
        .seq = rt->last + 1, .time = event_time(rt), .kind = kind, .origin = origin, .body = body};
    struct kt_err err = {0};
    bool failed = atomic_load(&rt->failed);
    int r = failed ? KT_EIO : kt_journal_append(rt->journal, &ev, &err);
    if (r == KT_OK || failed) {
        rt->last++;
    }
    rt->unflushed += body.n + 64;
    if (r < 0) {
        note_unwritten(rt, r);
    }
    return r;
}

static char *copy(struct kt_str s)
{
    char *p = malloc(s.n + 1);
    KT_ASSERT(p);
    memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    return p;
}

void rt_tell(struct kt_runtime *rt, struct kt_str json)
{
    struct rt_after_item item = {
        .kind = AFTER_OUTCOME, .seq = rt->last, .time = kt_engine_time(rt->engine)};
    item.json = copy(json);
    item.n = json.n;
    rt_after_push(rt, &item);
}

static void push_verdict(struct kt_runtime *rt, struct rt_message *m, int result,
                         struct kt_str json)
{
    struct rt_after_item item = {.kind = AFTER_VERDICT, .seq = rt->last, .result = result};
    item.json = copy(json);
    item.n = json.n;
    item.fn = m->fn;
    item.arg = m->arg;
    m->fn = NULL;
    rt_after_push(rt, &item);
}

static bool is_verdict(struct kt_str json)
{
    static const char head[] = "{\"type\":\"verdict\"";
    return json.n >= sizeof(head) - 1 && memcmp(json.p, head, sizeof(head) - 1) == 0;
}

void rt_say(struct kt_runtime *rt, struct kt_str json)
{
    if (append(rt, KT_EV_OUTCOME, KT_STR("kuangtu"), json) == KT_OK) {
        rt_tell(rt, json);
    }
}

/* What the record room said; a verdict goes to who waits for it. */
static void say_record(struct kt_runtime *rt, const struct rt_message *m)
{
    struct kt_str json = {m->body, m->n};
    struct rt_message who = {0};
    int r = append(rt, KT_EV_OUTCOME, KT_STR("record"), json);
    rt_tell(rt, json);
    if (is_verdict(json) && rt_record_waiter(rt, m->cause, &who.fn, &who.arg)) {
        push_verdict(rt, &who, r, json);
    }
}

static void begin(struct kt_runtime *rt)
{
    kt_buf_clear(&rt->outcomes);
    rt->outcomes_n = 0;
    rt->effects_n = 0;
}

static void append_outcomes(struct kt_runtime *rt, int input, struct rt_message *m)
{
    size_t at = 0;
    for (uint32_t i = 0; i < rt->outcomes_n; i++) {
        uint32_t n;
        memcpy(&n, rt->outcomes.p + at, sizeof(n));
        struct kt_str json = {rt->outcomes.p + at + sizeof(n), n};
        at += sizeof(n) + n;
        int r = append(rt, KT_EV_OUTCOME, KT_STR("engine"), json);
        rt_tell(rt, json);
        if (m && m->fn && is_verdict(json)) {
            push_verdict(rt, m, input < 0 ? input : r, json);
        }
    }
}

/* Behind an input that was applied; `input` is what the journal said of it. */
static void finish(struct kt_runtime *rt, int input, struct rt_message *m)
{
    append_outcomes(rt, input, m);
    for (uint32_t i = 0; i < rt->effects_n; i++) {
        struct rt_after_item item = {.kind = AFTER_EFFECT, .seq = rt->last, .result = input};
        item.effect = rt->effects[i];
        rt_after_push(rt, &item);
    }
    if (rt->outcomes_n || rt->effects_n) {
        rt->busy_until = kt_engine_time(rt->engine) + BUSY_NS;
    }
    if (input == KT_OK && rt->unwritten) {
        note_written(rt);
    }
}

static void refuse_batch(struct kt_runtime *rt, struct kt_batch *b, int code)
{
    atomic_fetch_add(&rt->refused, 1);
    if (b->done) {
        b->done(b->arg, code, 0);
    }
    rt_batch_unref(rt, b);
}

/* Engine time follows arrivals. A plant's clock is another one than the wall's, which links read:
 * there a batch arrives when it is applied. */
static kt_time arrival_of(const struct kt_runtime *rt, const struct kt_batch *b)
{
    kt_time now = kt_engine_time(rt->engine);
    bool near = b->arrival <= now && b->arrival > now - KT_MIN;
    return rt->plant_clock && now > 0 && !near ? now : b->arrival;
}

/* The batch itself waits, unless it is urgent and batches are getting scarce: then only who is to
 * be told waits, and the next cut-off sample finds a batch however slow the disk is. */
static void wait_for_disk(struct kt_runtime *rt, struct kt_batch *b)
{
    bool scarce = atomic_load(&rt->pool.out) > RT_BATCHES_PUSH / 2;
    struct rt_after_item item = {.kind = AFTER_BATCH, .seq = b->seq};
    if (b->lane == KT_LANE_URGENT && scarce) {
        item.kind = AFTER_ACK;
        item.done = b->done;
        item.done_arg = b->arg;
        rt_batch_unref(rt, b);
    } else {
        item.batch = b;
    }
    rt_after_push(rt, &item);
}

void rt_apply_batch(struct kt_runtime *rt, struct kt_batch *b)
{
    b->arrival = arrival_of(rt, b);
    struct kt_samples s = rt_batch_view(b);
    struct kt_str producer = kt_str_c(b->producer);
    begin(rt);
    b->seq = rt->last + 1;
    kt_engine_samples(rt->engine, b->seq, b->arrival, producer, &s);
    kt_buf_clear(&rt->body);
    s.point = rt_ids_number(&rt->ids, b->point, b->n, rt->numbers);
    kt_samples_encode(&rt->body, b->arrival, &s);
    int r = append(rt, KT_EV_SAMPLES, producer, (struct kt_str){rt->body.p, rt->body.n});
    if (r < 0) {
        refuse_batch(rt, b, r);
    } else {
        wait_for_disk(rt, b);
    }
    rt->touched = true;
    finish(rt, r, NULL);
}

/* The engine recovered over the site that was in force; from this event on it is today's. */
static void leave_era(struct kt_runtime *rt)
{
    struct kt_err err = {0};
    int r = kt_engine_reload(rt->engine, rt->site, rt->live, &err);
    if (r < 0) {
        KT_ERROR("runtime", "the state does not fit the site: %s", err.text);
    }
    KT_ASSERT(r == KT_OK); /* what this engine saved itself */
    rt_era_done(&rt->era);
}

/* When an input that names no time came. */
static kt_time came(const struct kt_runtime *rt)
{
    return rt->plant_clock ? 0 : kt_clock_now();
}

/* Apply and append an input that is not samples; time 0: the engine's. */
static int apply_event(struct kt_runtime *rt, enum kt_event_kind kind, kt_time time,
                       struct kt_str origin, struct kt_str body)
{
    rt->written_time = time > rt->written_time ? time : rt->written_time;
    struct kt_event ev = {
        .seq = rt->last + 1, .time = event_time(rt), .kind = kind, .origin = origin, .body = body};
    struct rt_site_event site;
    rt_site_event(&ev, &site);
    begin(rt);
    if (site.recovered) {
        kt_engine_pause_over(rt->engine, ev.time);
    }
    kt_engine_apply(rt->engine, &ev);
    if (rt->era.site) {
        leave_era(rt); /* the start's own event: it is the first one */
    }
    if (site.recovered) {
        kt_engine_recovered(rt->engine, ev.seq);
    }
    return append(rt, kind, origin, body);
}

void rt_apply_tick(struct kt_runtime *rt, kt_time t)
{
    unsigned char body[8];
    memcpy(body, &t, sizeof(t));
    struct kt_str text = {(const char *)body, sizeof(body)};
    int r = apply_event(rt, KT_EV_TICK, t, KT_STR("clock"), text);
    rt->last_tick = t;
    rt->touched = false;
    finish(rt, r, NULL);
}

static void loaded_json(const struct rt_loaded *l, struct kt_jw *w)
{
    char hex[65];
    kt_jw_kstr(w, "site", kt_hash_hex(&l->manifest, hex));
    kt_jw_key(w, "map");
    kt_jw_obj(w);
    kt_jw_kstr(w, "hash", kt_hash_hex(&l->map, hex));
    kt_jw_kint(w, "features", (int64_t)l->features);
    kt_jw_kint(w, "added", (int64_t)l->added);
    kt_jw_kint(w, "removed", (int64_t)l->removed);
    if (l->changed) {
        kt_jw_kstr(w, "changes", kt_hash_hex(&l->changes, hex));
    }
    kt_jw_obj_end(w);
}

static void site_json(const struct kt_site *site, const struct rt_loaded *loaded,
                      const char *author, const char *why, struct kt_jw *w)
{
    char hex[65];
    kt_jw_obj(w);
    kt_jw_kstr(w, "hash", kt_hash_hex(&site->hash, hex));
    kt_jw_kstr(w, "author", author);
    kt_jw_kstr(w, "why", why);
    if (loaded->has) {
        loaded_json(loaded, w);
    }
}

/* Each line is a note of its own. */
static void say_notes(struct kt_runtime *rt, struct kt_buf *lines, const char *kind,
                      struct kt_buf *json)
{
    const char *p = lines->p, *end = p + lines->n, *nl;
    for (; p && p < end && (nl = memchr(p, '\n', (size_t)(end - p))); p = nl + 1) {
        kt_buf_clear(json);
        struct kt_jw w = kt_jw_init(json);
        kt_jw_obj(&w);
        kt_jw_kstr(&w, "type", "note");
        kt_jw_kstr(&w, "kind", kind);
        kt_jw_key(&w, "text");
        kt_jw_strn(&w, (struct kt_str){p, (size_t)(nl - p)});
        kt_jw_obj_end(&w);
        rt_say(rt, (struct kt_str){json->p, json->n});
    }
    kt_buf_done(lines);
    kt_buf_init(lines, 0);
}

void rt_apply_start(struct kt_runtime *rt, kt_time t)
{
    struct kt_buf json;
    kt_buf_init(&json, 0);
    struct kt_jw head = kt_jw_init(&json);
    site_json(rt->site, &rt->loaded, "kuangtu", "start", &head);
    kt_jw_kbool(&head, "start", true);
    if (rt->program[0]) {
        kt_jw_kstr(&head, "program", rt->program); /* whose events these are from here on */
    }
    if (rt->recovered) {
        kt_jw_kbool(&head, "recovered", true);
    }
    kt_jw_obj_end(&head);
    int r = apply_event(rt, KT_EV_SITE, t, KT_STR("kuangtu"), (struct kt_str){json.p, json.n});
    finish(rt, r, NULL);
    say_notes(rt, &rt->differ, "difference", &json); /* of their number self.differs alarms */
    say_notes(rt, &rt->lost, "lost", &json);
    kt_buf_done(&json);
}

void rt_retire_live(struct kt_runtime *rt)
{
    enum { KEEP_NS_MIN = 10 };
    kt_mono now = rt->ticked;
    uint32_t left = 0;
    for (uint32_t i = 0; i < rt->retired_n; i++) {
        if (now - rt->retired[i].since > KEEP_NS_MIN * KT_MIN || rt->retired_n == RT_RETIRED) {
            kt_live_free(rt->retired[i].live);
        } else {
            rt->retired[left++] = rt->retired[i];
        }
    }
    rt->retired_n = left;
    rt->retired[rt->retired_n++] = (struct rt_retired){rt->live, now};
}

/* The new site is in force from this input on. */
static int apply_reload(struct kt_runtime *rt, struct rt_reload *x)
{
    struct kt_buf json;
    kt_buf_init(&json, 0);
    struct kt_jw w = kt_jw_init(&json);
    site_json(x->site, &x->loaded, x->author, x->why, &w);
    kt_jw_obj_end(&w);
    int r =
        apply_event(rt, KT_EV_SITE, came(rt), kt_str_c(x->author), (struct kt_str){json.p, json.n});
    kt_buf_done(&json);
    int reloaded = kt_engine_reload(rt->engine, x->site, x->live, &x->err);
    if (reloaded < 0) {
        finish(rt, r, NULL);
        return reloaded;
    }
    rt_ways_site(&rt->ways, x->site);
    pthread_mutex_lock(&rt->lock);
    rt_retire_live(rt);
    kt_site_unref(rt->site);
    rt->site = kt_site_ref(x->site);
    rt->loaded = x->loaded;
    rt->live = x->live;
    rt_ids_done(&rt->ids);
    rt->ids = x->ids;
    x->ids = (struct rt_ids){0};
    x->live = NULL;
    rt_history_site(rt); /* with the ids, and before samples of new points are let in */
    pthread_mutex_unlock(&rt->lock);
    atomic_store(&rt->points_n, rt->site->points_n);
    finish(rt, r, NULL);
    return KT_OK;
}

/* Its verdict comes from the room, when the request is durable; or now, when it will never be. */
static void hand_to_records(struct kt_runtime *rt, struct rt_message *m, kt_seq seq, int r)
{
    if (r < 0) {
        rt_record_leave(rt);
        push_verdict(rt, m, r, (struct kt_str){"", 0});
    } else {
        rt_record_wait(rt, seq, m->fn, m->arg);
    }
}

static void apply_request(struct kt_runtime *rt, struct rt_message *m)
{
    int r = apply_event(rt, KT_EV_REQUEST, came(rt), kt_str_c(m->origin),
                        (struct kt_str){m->body, m->n});
    kt_seq seq = rt->last;
    rt->asked = true;
    finish(rt, r, m->record ? NULL : m);
    if (m->record) {
        hand_to_records(rt, m, seq, r);
    } else if (m->fn) {
        KT_ERROR("runtime", "a request got no verdict: %.100s", m->body);
        push_verdict(rt, m, KT_EINTERNAL, (struct kt_str){"", 0});
    }
}

/* An answer, a link's word, readings: who brought those is told when they are on disk. */
static void apply_input(struct kt_runtime *rt, struct rt_message *m)
{
    struct kt_str body = {m->body, m->n};
    int r = apply_event(rt, m->event, came(rt), kt_str_c(m->origin), body);
    if (m->done) {
        struct rt_after_item item = {.kind = AFTER_TOLD, .seq = rt->last, .result = r};
        item.done = m->done;
        item.done_arg = m->arg;
        rt_after_push(rt, &item);
    }
    finish(rt, r, NULL);
}

void rt_apply_message(struct kt_runtime *rt, struct rt_message *m)
{
    switch (m->in.kind) {
    case IN_REQUEST:
        apply_request(rt, m);
        break;
    case IN_EVENT:
        apply_input(rt, m);
        break;
    case IN_OUTCOME:
        if (m->cause) {
            say_record(rt, m);
        } else {
            rt_say(rt, (struct kt_str){m->body, m->n});
        }
        break;
    case IN_RELOAD:
        m->reload->result = apply_reload(rt, m->reload);
        pthread_mutex_lock(&rt->lock);
        m->reload->done = true;
        pthread_cond_broadcast(&rt->reloaded);
        pthread_mutex_unlock(&rt->lock);
        break;
    case IN_TICK:
    case IN_SAMPLES:
        break;
    }
    rt->touched = true;
    free(m);
}
