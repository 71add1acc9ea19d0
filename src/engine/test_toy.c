/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/test_toy.h"

#include <stdio.h>
#include <stdlib.h>

#include "unit.h"

/* ---- site ---- */
struct toy_site {
    struct kt_site pub;
    atomic_int refs;
    struct kt_point *points;
    struct kt_link_conf link;
    struct kt_role role[3];
    char (*ids)[16];
};

static struct toy_site *own(const struct kt_site *s)
{
    return (struct toy_site *)(uintptr_t)s;
}

static struct kt_site *make_site(uint32_t n, bool turned)
{
    struct toy_site *t = calloc(1, sizeof(*t));
    t->points = calloc(n, sizeof(*t->points));
    t->ids = calloc(n, sizeof(*t->ids));
    atomic_init(&t->refs, 1);
    t->link = (struct kt_link_conf){.id = "toy", .kind = KT_LINK_MODBUS};
    t->role[0] = (struct kt_role){.id = "toy", .unit = ""};
    t->role[1] = (struct kt_role){.id = "self.queue", .unit = "%"};
    t->role[2] = (struct kt_role){.id = "self.journal", .unit = ""};
    for (uint32_t i = 0; i < n; i++) {
        bool output = i == n - 1;
        snprintf(t->ids[i], sizeof(t->ids[i]), "P%u", output || !turned ? i : n - 2 - i);
        t->points[i] = (struct kt_point){.id = t->ids[i],
                                         .unit = "",
                                         .role = &t->role[0],
                                         .kind = output ? KT_POINT_OUTPUT : KT_POINT_ANALOG,
                                         .link = 0,
                                         .address = "",
                                         .feed = {KT_NONE},
                                         .fed_by = {KT_NONE}};
    }
    t->pub = (struct kt_site){.dir = "",
                              .id = "toy",
                              .segment_mb = 1,
                              .reserve_mb = 1,
                              .journal_days = 7,
                              .points = t->points,
                              .points_n = n,
                              .links = &t->link,
                              .links_n = 1};
    kt_hash_of(turned ? "b" : "a", 1, &t->pub.hash);
    return &t->pub;
}

struct kt_site *toy_site(uint32_t points)
{
    return make_site(points, false);
}

struct kt_site *toy_site_turned(uint32_t points)
{
    return make_site(points, true);
}

struct kt_site *kt_site_ref(struct kt_site *s)
{
    atomic_fetch_add(&own(s)->refs, 1);
    return s;
}

void kt_site_unref(struct kt_site *s)
{
    if (s && atomic_fetch_sub(&own(s)->refs, 1) == 1) {
        free(own(s)->points);
        free(own(s)->ids);
        free(own(s));
    }
}

kt_place_id kt_site_place(const struct kt_site *s, struct kt_str id)
{
    (void)s;
    (void)id;
    return (kt_place_id){KT_NONE};
}

bool kt_site_within(const struct kt_site *s, kt_place_id place, kt_place_id under)
{
    (void)s;
    (void)place;
    (void)under;
    return false;
}

kt_point_id kt_site_point(const struct kt_site *s, struct kt_str id)
{
    for (uint32_t i = 0; i < s->points_n; i++) {
        if (kt_str_is(id, s->points[i].id)) {
            return (kt_point_id){i};
        }
    }
    return (kt_point_id){KT_NONE};
}

kt_point_id kt_site_point_ended(const struct kt_site *s, struct kt_str id)
{
    (void)s;
    (void)id;
    return (kt_point_id){KT_NONE};
}

int kt_site_load_files(const char *dir, const struct kt_site_file *files, uint32_t files_n,
                       struct kt_str order, const struct kt_site_extra *extra,
                       struct kt_findings *findings, struct kt_site **ret, struct kt_err *err)
{
    (void)files, (void)files_n, (void)order, (void)extra, (void)findings, (void)ret;
    return kt_err_set(err, KT_ENOTFOUND, "%s: toys are not read from files", dir);
}

/* ---- engine ---- */
struct toy_point {
    kt_time since; /* of the alarm; 0: none */
    uint8_t said;
};

struct kt_engine {
    struct kt_site *site;
    struct kt_live *live;
    struct kt_engine_out out;
    struct toy_point *p;
    uint32_t n;
    kt_seq seq;
    kt_time now;
    uint64_t version, outcomes, samples, requests;
};

int kt_engine_new(struct kt_site *site, struct kt_live *live, const struct kt_engine_out *out,
                  struct kt_engine **ret, struct kt_err *err)
{
    (void)err;
    struct kt_engine *e = calloc(1, sizeof(*e));
    *e = (struct kt_engine){.site = kt_site_ref(site), .live = live, .out = *out, .version = 1};
    e->n = site->points_n;
    e->p = calloc(e->n, sizeof(*e->p));
    *ret = e;
    return KT_OK;
}

void kt_engine_erased(const struct kt_engine *e, void (*fn)(void *arg, const char *hash), void *arg)
{
    (void)e, (void)fn, (void)arg;
}

void kt_engine_free(struct kt_engine *e)
{
    if (e) {
        kt_site_unref(e->site);
        free(e->p);
        free(e);
    }
}

static void say(struct kt_engine *e, const char *type, const char *change, uint32_t point)
{
    char json[300];
    int n = snprintf(json, sizeof(json),
                     "{\"type\":\"%s\",\"cause\":%" PRIu64 ",\"change\":\"%s\",\"point\":\"%s\","
                     "\"at\":%" PRId64 "}",
                     type, e->seq, change, e->site->points[point].id, e->now);
    e->outcomes++;
    e->version++;
    if (e->out.outcome) {
        e->out.outcome(e->out.arg, (struct kt_str){json, (size_t)n});
    }
}

static void write_output(struct kt_engine *e, uint8_t value, bool protective)
{
    struct kt_effect x = {.command = {e->seq},
                          .cause = e->seq,
                          .output = {e->n - 1},
                          .value = value,
                          .protective = protective};
    say(e, "effect", protective ? "cut" : "close", e->n - 1);
    if (e->out.effect) {
        e->out.effect(e->out.arg, &x);
    }
}

void kt_engine_samples(struct kt_engine *e, kt_seq seq, kt_time arrival, struct kt_str producer,
                       const struct kt_samples *s)
{
    (void)arrival;
    (void)producer;
    e->seq = seq;
    for (uint32_t i = 0; i < s->n; i++) {
        uint32_t p = s->point[i];
        kt_live_set(e->live, (kt_point_id){p}, s->value[i], s->time[i], s->quality[i]);
        e->samples++;
        if (s->value[i] >= 1 && !e->p[p].since) {
            e->p[p] = (struct toy_point){e->now ? e->now : 1, 0};
            say(e, "alarm", "raise", p);
            write_output(e, 0, true);
        } else if (s->value[i] < 1 && e->p[p].since) {
            e->p[p].since = 0;
            say(e, "alarm", "clear", p);
        }
    }
}

static void on_tick(struct kt_engine *e, kt_time t)
{
    e->now = t > e->now ? t : e->now;
    for (uint32_t p = 0; p < e->n; p++) {
        if (e->p[p].since && !e->p[p].said && e->now - e->p[p].since >= 2 * KT_SEC) {
            e->p[p].said = 1;
            say(e, "alarm", "escalate", p);
        }
    }
}

static void on_request(struct kt_engine *e, struct kt_str body)
{
    bool close = memmem(body.p, body.n, "close", 5), bad = memmem(body.p, body.n, "fail", 4);
    char json[200];
    e->requests++;
    if (close) {
        write_output(e, 1, false);
    }
    int n = snprintf(json, sizeof(json), "{\"type\":\"verdict\",\"cause\":%" PRIu64 ",\"ok\":%s}",
                     e->seq, bad ? "false" : "true");
    e->version++;
    if (e->out.outcome && !memmem(body.p, body.n, "silent", 6)) {
        e->out.outcome(e->out.arg, (struct kt_str){json, (size_t)n});
    }
}

void kt_engine_apply(struct kt_engine *e, const struct kt_event *ev)
{
    e->seq = ev->seq;
    kt_time t;
    switch (ev->kind) {
    case KT_EV_TICK:
        memcpy(&t, ev->body.p, sizeof(t));
        on_tick(e, t);
        break;
    case KT_EV_REQUEST:
        on_request(e, ev->body);
        break;
    case KT_EV_SITE:
        e->now = ev->time > e->now ? ev->time : e->now;
        break;
    default:
        break;
    }
}

int kt_engine_reload(struct kt_engine *e, struct kt_site *site, struct kt_live *live,
                     struct kt_err *err)
{
    if (site->points_n < e->n) {
        return kt_err_set(err, KT_EINVAL, "points are gone");
    }
    for (uint32_t i = 0; i < e->n; i++) {
        const struct kt_live_value *v = kt_live_peek(e->live, (kt_point_id){i});
        kt_live_set(live, (kt_point_id){i}, v->value, v->time, v->quality);
    }
    e->p = realloc(e->p, site->points_n * sizeof(*e->p));
    memset(e->p + e->n, 0, (site->points_n - e->n) * sizeof(*e->p));
    kt_site_unref(e->site);
    e->site = kt_site_ref(site);
    e->n = site->points_n;
    e->live = live;
    e->version++;
    return KT_OK;
}

void kt_engine_recovered(struct kt_engine *e, kt_seq seq)
{
    e->seq = seq;
    say(e, "note", "recovered", 0);
}

void kt_engine_pause_over(struct kt_engine *e, kt_time now)
{
    (void)e;
    (void)now;
}

kt_seq kt_engine_seq(const struct kt_engine *e)
{
    return e->seq;
}

kt_time kt_engine_time(const struct kt_engine *e)
{
    return e->now;
}

void kt_engine_save(const struct kt_engine *e, struct kt_buf *out)
{
    kt_put_u64(out, e->seq);
    kt_put_i64(out, e->now);
    kt_put_u64(out, e->outcomes);
    kt_put_u64(out, e->samples);
    kt_put_u64(out, e->requests);
    kt_put_u32(out, e->n);
    for (uint32_t i = 0; i < e->n; i++) {
        const struct kt_live_value *v = kt_live_peek(e->live, (kt_point_id){i});
        kt_put_f64(out, v->value);
        kt_put_i64(out, v->time);
        kt_put_u8(out, v->quality);
        kt_put_i64(out, e->p[i].since);
        kt_put_u8(out, e->p[i].said);
    }
}

int kt_engine_load(struct kt_engine *e, struct kt_str saved, struct kt_err *err)
{
    struct kt_rd rd = kt_rd_init(saved.p, saved.n);
    e->seq = kt_get_u64(&rd);
    e->now = kt_get_i64(&rd);
    e->outcomes = kt_get_u64(&rd);
    e->samples = kt_get_u64(&rd);
    e->requests = kt_get_u64(&rd);
    if (kt_get_u32(&rd) != e->n) {
        return kt_err_set(err, KT_ECORRUPT, "another number of points");
    }
    for (uint32_t i = 0; i < e->n; i++) {
        double value = kt_get_f64(&rd);
        kt_time time = kt_get_i64(&rd);
        kt_quality q = kt_get_u8(&rd);
        kt_live_set(e->live, (kt_point_id){i}, value, time, q);
        e->p[i].since = kt_get_i64(&rd);
        e->p[i].said = kt_get_u8(&rd);
    }
    return rd.bad ? kt_err_set(err, KT_ECORRUPT, "too short") : KT_OK;
}

void kt_engine_digest(const struct kt_engine *e, struct kt_hash *ret)
{
    struct kt_buf b;
    kt_buf_init(&b, 0);
    kt_engine_save(e, &b);
    kt_hash_of(b.p, b.n, ret);
    kt_buf_done(&b);
}

void kt_engine_json_alarms(const struct kt_engine *e, struct kt_buf *out)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < e->n; i++) {
        n += e->p[i].since != 0;
    }
    kt_buf_printf(out, "[%u]", n);
}

void kt_engine_json_people(const struct kt_engine *e, struct kt_buf *out)
{
    (void)e;
    kt_buf_puts(out, "{\"present\":false}");
}

uint64_t kt_engine_people_version(const struct kt_engine *e)
{
    (void)e;
    return 0;
}

void kt_engine_json_outputs(const struct kt_engine *e, struct kt_buf *out)
{
    kt_buf_printf(out, "[%" PRIu64 "]", e->outcomes);
}

void kt_engine_json_state(const struct kt_engine *e, struct kt_buf *out)
{
    kt_buf_printf(out, "{\"requests\":%" PRIu64 "}", e->requests);
}

uint64_t kt_engine_version(const struct kt_engine *e)
{
    return e->version;
}

void kt_engine_stats(const struct kt_engine *e, struct kt_engine_stats *ret)
{
    *ret = (struct kt_engine_stats){.samples = e->samples, .outcomes = e->outcomes};
}
