/* SPDX-License-Identifier: Apache-2.0 */
/* run: the events of a case through an engine of its own; the outcomes with their times. */
#include "cases.h"

#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"

enum { MAX_SAMPLES = 256 };

void case_keep(struct case_run *r, struct kt_str json)
{
    if (r->outcomes_n == r->outcomes_cap) {
        r->outcomes_cap = r->outcomes_cap ? r->outcomes_cap * 2 : 256;
        r->outcomes = realloc(r->outcomes, r->outcomes_cap * sizeof *r->outcomes);
        KT_ASSERT(r->outcomes);
    }
    struct case_outcome o = {.at_ms = r->now_ms, .text = strndup(json.p, json.n)};
    struct kt_err err;
    KT_ASSERT(o.text && kt_json_parse(json, 0, &o.json, &err) == KT_OK);
    r->outcomes[r->outcomes_n++] = o;
}

static void keep(void *arg, struct kt_str json)
{
    case_keep(arg, json);
}

static void no_device(void *arg, const struct kt_effect *e)
{
    (void)arg;
    (void)e; /* what a device does about it stands in the case */
}

int case_run_new(struct kt_site *site, struct case_run *ret, struct kt_err *err)
{
    struct kt_engine_out out = {ret, keep, no_device};
    memset(ret, 0, sizeof *ret);
    ret->now_ms = -1;
    ret->site = site;
    ret->live = kt_live_new(site->points_n);
    return kt_engine_new(site, ret->live, &out, &ret->engine, err);
}

void case_run_free(struct case_run *r)
{
    case_room_free(r->room);
    kt_engine_free(r->engine);
    kt_live_free(r->live);
    for (size_t i = 0; i < r->outcomes_n; i++) {
        kt_json_free(r->outcomes[i].json);
        free(r->outcomes[i].text);
    }
    free(r->outcomes);
    memset(r, 0, sizeof *r);
}

static void apply(struct case_run *r, enum kt_event_kind kind, const void *body, size_t n)
{
    struct kt_event ev = {.seq = ++r->seq,
                          .time = CASE_START + r->now_ms * KT_MS,
                          .kind = kind,
                          .origin = KT_STR("case"),
                          .body = {body, n}};
    struct kt_err err;
    kt_engine_apply(r->engine, &ev);
    if (r->room && case_room_apply(r->room, &ev, &err) < 0) {
        kt_panic(__FILE__, __LINE__, err.text); /* a disk has failed: no case goes on */
    }
}

static void tick(struct case_run *r, int64_t at_ms)
{
    kt_time now = CASE_START + at_ms * KT_MS;
    r->now_ms = at_ms;
    apply(r, KT_EV_TICK, &now, sizeof now);
}

/* Time passes as in the runtime, ten ticks a second; a long pause is one step. */
static void pass(struct case_run *r, int64_t to_ms)
{
    if (r->now_ms < 0) {
        tick(r, 0);
    }
    if (to_ms - r->now_ms <= CASE_GAP_MS) {
        for (int64_t t = (r->now_ms / CASE_TICK_MS + 1) * CASE_TICK_MS; t < to_ms;
             t += CASE_TICK_MS) {
            tick(r, t);
        }
    }
    tick(r, to_ms);
}

static bool value_of(const struct kt_json *s, uint32_t turn, double *ret)
{
    const struct kt_json *v = kt_json_get(s, "value");
    size_t n = kt_json_arr(v) ? kt_json_len(v) : 0;
    return kt_json_num(n > 0 ? kt_json_at(v, turn % n) : v, ret);
}

static int one_sample(const struct case_run *r, const struct kt_json *s, uint32_t turn,
                      struct kt_sample *ret, struct kt_err *err)
{
    const char *id = kt_json_get_str(s, "point", "");
    ret->point = kt_site_point(r->site, kt_str_c(id));
    ret->time = CASE_START + kt_json_get_int(s, "time", r->now_ms) * KT_MS;
    if (ret->point.v == KT_NONE || !value_of(s, turn, &ret->value) ||
        !kt_quality_of(kt_json_get_str(s, "quality", "normal"), &ret->quality)) {
        return kt_err_set(err, KT_EINVAL, "a sample names a point, a value, a quality: \"%s\"", id);
    }
    return KT_OK;
}

static int feed_samples(struct case_run *r, const struct kt_json *list, uint32_t turn,
                        struct kt_err *err)
{
    uint32_t point[MAX_SAMPLES], n = (uint32_t)kt_json_len(list);
    kt_time time[MAX_SAMPLES];
    double value[MAX_SAMPLES];
    kt_quality quality[MAX_SAMPLES];
    if (n > MAX_SAMPLES) {
        return kt_err_set(err, KT_ELIMIT, "more than %d samples in a line", MAX_SAMPLES);
    }
    for (uint32_t i = 0; i < n; i++) {
        struct kt_sample s;
        int code = one_sample(r, kt_json_at(list, i), turn, &s, err);
        if (code < 0) {
            return code;
        }
        point[i] = s.point.v;
        time[i] = s.time;
        value[i] = s.value;
        quality[i] = s.quality;
    }
    struct kt_samples s = {n, point, time, value, quality};
    kt_engine_samples(r->engine, ++r->seq, CASE_START + r->now_ms * KT_MS, KT_STR("case"), &s);
    return KT_OK;
}

static void feed_json(struct case_run *r, enum kt_event_kind kind, const struct kt_json *v)
{
    struct kt_buf b;
    kt_buf_init(&b, 0);
    struct kt_jw w = kt_jw_init(&b);
    if (r->room) {
        case_room_request(r->room, v, &w);
    } else {
        kt_json_write(v, &w);
    }
    apply(r, kind, b.p, b.n);
    kt_buf_done(&b);
}

static int feed_line(struct case_run *r, const struct case_event *ev, struct kt_err *err)
{
    static const struct {
        const char *key;
        enum kt_event_kind kind;
    } bodies[] = {{"request", KT_EV_REQUEST}, {"answer", KT_EV_ANSWER}, {"link", KT_EV_LINK}};
    const struct kt_json *samples = kt_json_get(ev->line, "samples");
    if (samples) {
        return feed_samples(r, samples, ev->turn, err);
    }
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        const struct kt_json *body = kt_json_get(ev->line, bodies[i].key);
        if (body) {
            const char *name = kt_json_get_str(ev->line, "as", NULL);
            feed_json(r, bodies[i].kind, body);
            if (r->room && name) {
                case_room_name(r->room, name);
            }
            return KT_OK;
        }
    }
    if (kt_json_get_bool(ev->line, "tick", false)) {
        return KT_OK;
    }
    return kt_err_set(err, KT_EINVAL, "a line at %lld ms says nothing", (long long)ev->at_ms);
}

int case_feed(struct case_run *r, const struct case_given *g, struct kt_err *err)
{
    for (size_t i = 0; i < g->events_n; i++) {
        pass(r, g->events[i].at_ms);
        int code = feed_line(r, &g->events[i], err);
        if (code < 0) {
            return code;
        }
    }
    return r->room ? case_room_end(r->room, CASE_START + r->now_ms * KT_MS, err) : KT_OK;
}
