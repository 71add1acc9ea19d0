/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The past on the screen: the whole state at one second, and a stream that plays it forward with
 * the same events as the live one. A replay has an engine of its own and no way out (safety rule
 * 8).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/personnel.h"
#include "base/log.h"
#include "sys/clock.h"
#include "sys/thread.h"

enum { REPLAYS_MAX = 8, FRAME_NS = 500000000 };
#define AHEAD_NS (5 * KT_SEC)

static _Atomic int replays; /* under way, of all screens */

int replays_running(void)
{
    return atomic_load(&replays);
}

/* Values that the screen does not have yet. */
static void write_values(const struct past_view *v, const struct call *c,
                         const struct kt_live *live, struct kt_jw *w)
{
    const struct kt_site *s = v->site;
    uint32_t n = kt_live_count(live);
    kt_jw_arr(w);
    for (uint32_t i = 0; i < s->points_n && i < n; i++) {
        struct kt_live_value now = kt_live_get(live, (kt_point_id){i});
        if (s->points[i].ended || v->seen[i] == now.change ||
            !kt_person_at(&c->person, s, s->points[i].place)) {
            continue;
        }
        v->seen[i] = now.change;
        kt_jw_arr(w);
        kt_jw_int(w, v->number[i]);
        if (now.time == 0) { /* nothing has ever come */
            kt_jw_null(w);
        } else {
            kt_jw_num(w, now.value);
        }
        kt_jw_str(w, kt_quality_id(now.quality));
        kt_jw_int(w, now.time / KT_MS);
        kt_jw_arr_end(w);
    }
    kt_jw_arr_end(w);
}

/* An array of the engine, filtered by place, times in milliseconds. */
static void write_filtered(const struct call *c, struct kt_buf *raw, struct kt_jw *w)
{
    struct kt_json *list = NULL;
    kt_jw_arr(w);
    if (kt_json_parse((struct kt_str){raw->p, raw->n}, 256 << 20, &list, NULL) == KT_OK) {
        for (size_t i = 0; i < kt_json_len(list); i++) {
            if (may_see_object(c, kt_json_at(list, i))) {
                copy_value(kt_json_at(list, i), w);
            }
        }
    }
    kt_json_free(list);
    kt_jw_arr_end(w);
}

/* Who was below, as the caller may know it today. */
static void write_people(const struct call *c, const struct kt_engine *e, struct kt_buf *raw,
                         struct kt_jw *w)
{
    struct kt_json *snap = NULL, *alarms = NULL;
    kt_buf_clear(raw);
    kt_engine_json_alarms(e, raw);
    bool read = kt_json_parse((struct kt_str){raw->p, raw->n}, 256 << 20, &alarms, NULL) == KT_OK;
    kt_buf_clear(raw);
    kt_engine_json_people(e, raw);
    kt_jw_key(w, "people");
    if (!read || kt_json_parse((struct kt_str){raw->p, raw->n}, 256 << 20, &snap, NULL) < 0) {
        kt_jw_null(w);
    } else {
        const struct kt_mine *m = personnel_lock(c->api);
        personnel_write(c->site, m && m->site == c->site ? m : NULL, &c->person, snap, alarms, w);
        personnel_unlock(c->api);
    }
    kt_json_free(snap);
    kt_json_free(alarms);
    kt_buf_clear(raw);
}

/* The whole state, over the site that was in force; `c` knows today's. */
static void write_state(const struct call *c, const struct kt_replay *r, kt_time at,
                        struct past_view *v, struct kt_buf *out)
{
    const struct kt_engine *e = kt_replay_engine(r);
    struct kt_buf raw;
    struct kt_jw w = kt_jw_init(out);
    struct call then = *c;
    past_view_set(v, c->site, kt_replay_site(r));
    then.site = v->site;
    kt_buf_init(&raw, 256 << 20);
    kt_jw_obj(&w);
    kt_jw_kint(&w, "at", at / KT_MS);
    kt_jw_kint(&w, "seq", (int64_t)kt_engine_seq(e));
    kt_jw_kstr(&w, "difference", kt_replay_difference(r));
    kt_jw_key(&w, "site");
    past_view_write(v, c, &w);
    kt_jw_key(&w, "live");
    write_values(v, &then, kt_replay_live(r), &w);
    kt_jw_key(&w, "alarms");
    kt_engine_json_alarms(e, &raw);
    write_filtered(&then, &raw, &w);
    kt_buf_clear(&raw);
    write_people(&then, e, &raw, &w);
    kt_jw_key(&w, "incidents");
    kt_engine_json_incidents(e, &raw);
    write_filtered(&then, &raw, &w);
    kt_buf_clear(&raw);
    kt_jw_key(&w, "talks");
    kt_engine_json_talks(e, &raw);
    write_filtered(&then, &raw, &w);
    kt_buf_clear(&raw);
    kt_jw_key(&w, "outputs");
    kt_engine_json_outputs(e, &raw);
    write_filtered(&then, &raw, &w);
    kt_jw_obj_end(&w);
    kt_buf_done(&raw);
}

/* Take one of the places for replays, or answer. */
static bool take_place(struct call *c)
{
    if (atomic_fetch_add(&replays, 1) >= REPLAYS_MAX) {
        atomic_fetch_sub(&replays, 1);
        reply_code(c->req, KT_EBUSY, "%d replays are under way already", REPLAYS_MAX);
        return false;
    }
    return true;
}

static bool read_at(struct call *c, kt_time *ret)
{
    kt_time now = kt_runtime_now(c->api->opts.runtime);
    if (!query_time(c, "at", 0, ret)) {
        return false;
    }
    if (*ret > now && *ret <= now + AHEAD_NS) {
        *ret = now; /* a screen's clock runs ahead of the last input */
    }
    if (*ret <= 0 || *ret > now) {
        reply_code(c->req, KT_EINVAL, "\"at\" is a time that has passed");
        return false;
    }
    return true;
}

void get_replay(struct call *c)
{
    kt_time at;
    struct kt_replay *r;
    struct kt_err err = {0};
    if (!read_at(c, &at) || !take_place(c)) {
        return;
    }
    if (kt_replay_open(c->api->opts.runtime, at, &r, &err) < 0) {
        reply_err(c->req, &err);
    } else {
        struct kt_buf b;
        struct past_view v = {.site = NULL};
        kt_buf_init(&b, 256 << 20);
        write_state(c, r, at, &v, &b);
        past_view_done(&v);
        kt_replay_free(r);
        reply_buf(c, 200, &b);
    }
    atomic_fetch_sub(&replays, 1);
}

/* ---- the stream ------------------------------------------------------------------------------ */

/* A player lives until its client has gone. `lock` covers stream and gone. */
struct player {
    struct kt_api *api;
    struct kt_site *site;
    struct kt_arena *arena;
    struct call as; /* the person, for what may be seen */
    struct kt_replay *replay;
    struct past_view view;
    char *token;           /* session; NULL: local */
    uint64_t auth_version; /* of the rights last looked at */
    struct kt_http_stream *stream;
    pthread_mutex_t lock;
    bool gone;
    kt_time at;
    double speed;
    struct kt_buf outcomes;
    uint64_t people; /* version that was sent */
    bool incidents;  /* changed since they were sent */
};

static bool send_text(struct player *p, const struct kt_buf *b)
{
    pthread_mutex_lock(&p->lock);
    bool ok = !p->gone;
    if (ok) {
        ok = kt_http_stream_send(p->stream, (struct kt_str){b->p, b->n}) == KT_OK;
    }
    bool gone = p->gone;
    pthread_mutex_unlock(&p->lock);
    return ok || !gone;
}

static void on_outcome(void *arg, kt_seq seq, kt_time time, struct kt_str json)
{
    struct player *p = arg;
    struct kt_json *v = NULL;
    struct call then = p->as;
    (void)time;
    then.site = kt_replay_site(p->replay);
    if (kt_json_parse(json, 1 << 20, &v, NULL) == KT_OK) {
        const char *type = kt_json_get_str(v, "type", "");
        p->incidents |= strcmp(type, "incident") == 0;
        bool person = strcmp(type, "person") == 0 && !kt_person_may(&then.person, "person.see");
        if (strcmp(type, "verdict") != 0 && !person && may_see_object(&then, v)) {
            bool own = !strcmp(type, "alarm") || !strcmp(type, "command");
            kt_buf_printf(&p->outcomes, "id: %llu\nevent: %s\ndata: ", (unsigned long long)seq,
                          own ? type : "outcome");
            times_to_ms(json, &p->outcomes);
            kt_buf_puts(&p->outcomes, "\n\n");
        }
    }
    kt_json_free(v);
}

/* First, and where another site comes into force. */
static bool send_state(struct player *p)
{
    struct kt_buf b;
    kt_buf_init(&b, 256 << 20);
    kt_buf_puts(&b, "event: state\ndata: ");
    write_state(&p->as, p->replay, p->at, &p->view, &b);
    kt_buf_puts(&b, "\n\n");
    bool ok = send_text(p, &b);
    kt_buf_done(&b);
    return ok;
}

/* Where they have moved to, where the site knows persons. */
static void put_people(struct player *p, struct kt_buf *b)
{
    const struct kt_engine *e = kt_replay_engine(p->replay);
    uint64_t version = kt_engine_people_version(e);
    if (version == 0 || version == p->people) {
        return;
    }
    struct kt_buf raw, out;
    struct call then = p->as;
    kt_buf_init(&raw, 256 << 20);
    kt_buf_init(&out, 256 << 20);
    struct kt_jw w = kt_jw_init(&out);
    then.site = kt_replay_site(p->replay);
    kt_jw_obj(&w);
    write_people(&then, e, &raw, &w);
    kt_jw_obj_end(&w);
    kt_buf_puts(b, "event: people\ndata: ");
    kt_buf_put(b, out.p, out.n);
    kt_buf_puts(b, "\n\n");
    kt_buf_done(&raw);
    kt_buf_done(&out);
    p->people = version;
}

/* How far the steps of linkages had come. */
static void put_incidents(struct player *p, struct kt_buf *b)
{
    struct kt_buf raw;
    struct call then = p->as;
    if (!p->incidents) {
        return;
    }
    then.site = kt_replay_site(p->replay);
    kt_buf_init(&raw, 256 << 20);
    kt_engine_json_incidents(kt_replay_engine(p->replay), &raw);
    kt_buf_puts(b, "event: incidents\ndata: {\"items\":");
    struct kt_jw w = kt_jw_init(b);
    write_filtered(&then, &raw, &w);
    kt_buf_puts(b, "}\n\n");
    kt_buf_done(&raw);
    p->incidents = false;
}

static bool send_frame(struct player *p, struct kt_buf *b)
{
    if (p->view.site != kt_replay_site(p->replay) && !send_state(p)) {
        return false;
    }
    kt_buf_clear(b);
    kt_buf_printf(b, "event: live\ndata: {\"t\":%lld,\"p\":", (long long)(p->at / KT_MS));
    struct kt_jw w = kt_jw_init(b);
    write_values(&p->view, &p->as, kt_replay_live(p->replay), &w);
    kt_buf_puts(b, "}\n\n");
    put_people(p, b);
    put_incidents(p, b);
    kt_buf_put(b, p->outcomes.p, p->outcomes.n);
    kt_buf_clear(&p->outcomes);
    kt_buf_printf(b, "event: clock\ndata: {\"now\":%lld,\"replay\":true,\"speed\":%g}\n\n",
                  (long long)(p->at / KT_MS), p->speed);
    return send_text(p, b);
}

static void copy_person(struct player *p, const struct kt_person *from);

/* A withdrawn right ends the stream, another place is left out from the next frame on. */
static bool still_may(struct player *p)
{
    uint64_t version = kt_auth_version(p->api->opts.auth);
    if (!p->token || version == p->auth_version) {
        return true;
    }
    struct kt_err err;
    struct kt_person person;
    struct kt_arena *arena = kt_arena_new(1 << 20);
    bool ok = kt_auth_session(p->api->opts.auth, p->token, arena, &person, &err) == KT_OK &&
              kt_person_may(&person, "history.read");
    if (ok) {
        copy_person(p, &person);
        p->auth_version = version;
    }
    kt_arena_free(arena);
    return ok;
}

static void play_forward(struct player *p)
{
    struct kt_buf b;
    struct kt_err err;
    kt_buf_init(&b, 64 << 20);
    kt_mono next = kt_clock_mono();
    for (bool on = true; on;) {
        next += FRAME_NS;
        kt_time now = kt_runtime_now(p->api->opts.runtime);
        kt_time to = p->at + (int64_t)((double)FRAME_NS * p->speed);
        p->at = to < now ? to : now;
        on = still_may(p) && kt_replay_run(p->replay, p->at, on_outcome, p, &err) >= 0 &&
             send_frame(p, &b);
        kt_mono left = next - kt_clock_mono();
        if (left > 0) {
            kt_sleep(left);
        } else {
            next -= left;
        }
    }
    kt_buf_done(&b);
}

static void player_free(struct player *p)
{
    kt_site_unref(p->site);
    kt_arena_free(p->arena);
    free(p->token);
    kt_buf_done(&p->outcomes);
    pthread_mutex_destroy(&p->lock);
    free(p);
    atomic_fetch_sub(&replays, 1);
}

static void *play(void *arg)
{
    struct player *p = arg;
    struct kt_err err = {0};
    if (kt_replay_open(p->api->opts.runtime, p->at, &p->replay, &err) < 0) {
        struct kt_buf b;
        kt_buf_init(&b, 1 << 16);
        kt_buf_puts(&b, "event: failed\ndata: {\"text\":");
        struct kt_jw w = kt_jw_init(&b);
        kt_jw_str(&w, err.text);
        kt_buf_puts(&b, "}\n\n");
        send_text(p, &b);
        kt_buf_done(&b);
    } else {
        if (send_state(p)) {
            play_forward(p);
        }
        past_view_done(&p->view);
        kt_replay_free(p->replay);
    }
    /* the client may still be there: end its stream and wait until it is gone */
    pthread_mutex_lock(&p->lock);
    if (!p->gone) {
        kt_http_stream_end(p->stream);
    }
    pthread_mutex_unlock(&p->lock);
    for (bool gone = false; !gone;) {
        kt_sleep(20 * KT_MS);
        pthread_mutex_lock(&p->lock);
        gone = p->gone;
        pthread_mutex_unlock(&p->lock);
    }
    player_free(p);
    return NULL;
}

static void on_end(void *arg)
{
    struct player *p = arg;
    pthread_mutex_lock(&p->lock);
    p->gone = true;
    pthread_mutex_unlock(&p->lock);
}

/* Into an arena of the player's own, made anew each time. */
static void copy_person(struct player *p, const struct kt_person *from)
{
    struct kt_arena *arena = kt_arena_new(1 << 20);
    struct kt_person *to = &p->as.person;
    const char **places = KT_NEW_ARRAY(arena, const char *, from->places_n + 1);
    for (uint32_t i = 0; i < from->places_n; i++) {
        places[i] = kt_arena_strdup(arena, from->places[i]);
    }
    to->user = kt_arena_strdup(arena, from->user);
    const char **rights = KT_NEW_ARRAY(arena, const char *, from->rights_n + 1);
    for (uint32_t i = 0; i < from->rights_n; i++) {
        rights[i] = kt_arena_strdup(arena, from->rights[i]);
    }
    to->rights = rights;
    to->rights_n = from->rights_n;
    to->places = places;
    to->places_n = from->places_n;
    kt_arena_free(p->arena);
    p->arena = arena;
}

void get_replay_stream(struct call *c)
{
    kt_time at;
    pthread_t thread;
    struct kt_err err = {0};
    const char *speed = kt_http_query(c->req, "speed");
    double v = speed ? strtod(speed, NULL) : 1;
    if (!(v >= 0.1 && v <= 3600)) {
        reply_code(c->req, KT_EINVAL, "speed is from 0.1 to 3600");
        return;
    }
    if (!read_at(c, &at) || !take_place(c)) {
        return;
    }
    struct player *p = calloc(1, sizeof(*p));
    KT_ASSERT(p);
    p->api = c->api;
    p->site = kt_site_ref(c->site);
    p->at = at;
    p->speed = v;
    p->as.site = p->site;
    p->as.api = c->api;
    kt_buf_init(&p->outcomes, 16 << 20);
    pthread_mutex_init(&p->lock, NULL);
    copy_person(p, &c->person);
    const char *token = session_cookie(c->api, c->req);
    p->token = token && strcmp(c->person.user, "local") != 0 ? strdup(token) : NULL;
    p->auth_version = kt_auth_version(c->api->opts.auth);
    p->stream = kt_http_stream_open(c->req, "text/event-stream", 64 << 20, on_end, p);
    if (kt_thread_start(&thread, "replay", play, p, &err) < 0) {
        KT_ERROR("replay", "%s", err.text);
        kt_http_stream_end(p->stream);
        return;
    }
    pthread_detach(thread);
}
