/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks of persons: points with time and accuracy, and where they said that they were there. A walk
 * goes to a record as an attachment; it is shown once the look at it is in the journal.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/records.h"

enum { POINTS_MAX = 5000, CHECKS_MAX = 500, NOTE_MAX = 500, SHOWN = 1000, TRACK_BYTES = 1 << 20 };
#define SPAN_MAX   (2 * KT_DAY / KT_MS)
#define AHEAD_MAX  (KT_HOUR / KT_MS)
#define METRES_MAX 1e7

/* ---- up -------------------------------------------------------------------------------------- */

struct walk {
    struct call *c;
    int64_t from, to; /* ms */
    size_t points, checks;
};

static bool wrong(struct walk *k, const char *what, size_t i, const char *why)
{
    reply_code(k->c->req, KT_EINVAL, "%s %zu: %s", what, i + 1, why);
    return false;
}

/* Times rise, and nobody was anywhere in the future. */
static bool take_time(struct walk *k, const char *what, size_t i, int64_t t, int64_t *last)
{
    int64_t now = kt_runtime_now(k->c->api->opts.runtime) / KT_MS;
    if (t < *last || t > now + AHEAD_MAX || t < 0) {
        return wrong(k, what, i, "its time is before the one before it, or still to come");
    }
    *last = t;
    k->from = k->from && k->from < t ? k->from : t;
    k->to = k->to > t ? k->to : t;
    return k->to - k->from <= SPAN_MAX || wrong(k, what, i, "a track is of two days at most");
}

/* [time, x, y, accuracy in m or null] */
static bool take_point(struct walk *k, const struct kt_json *p, size_t i, int64_t *last,
                       struct kt_jw *w)
{
    int64_t t;
    double v[3] = {0};
    bool exact = kt_json_kind(kt_json_at(p, 3)) == KT_JSON_NULL || kt_json_len(p) == 3;
    bool ok = kt_json_int(kt_json_at(p, 0), &t) && kt_json_num(kt_json_at(p, 1), &v[0]) &&
              kt_json_num(kt_json_at(p, 2), &v[1]) &&
              (exact || kt_json_num(kt_json_at(p, 3), &v[2]));
    if (!ok || fabs(v[0]) > METRES_MAX || fabs(v[1]) > METRES_MAX || v[2] < 0 || v[2] > 1e5) {
        return wrong(k, "point", i, "write [time in ms, x, y, accuracy in m]");
    }
    kt_jw_arr(w);
    kt_jw_int(w, t);
    kt_jw_num(w, v[0]);
    kt_jw_num(w, v[1]);
    if (!exact) {
        kt_jw_num(w, v[2]);
    }
    kt_jw_arr_end(w);
    return take_time(k, "point", i, t, last);
}

static bool take_points(struct walk *k, struct kt_jw *w)
{
    const struct kt_json *list = kt_json_get(k->c->body, "points");
    int64_t last = 0;
    bool ok = true;
    k->points = kt_json_len(list);
    if (k->points > POINTS_MAX) {
        reply_code(k->c->req, KT_ELIMIT, "points: at most %d; send the track in parts", POINTS_MAX);
        return false;
    }
    kt_jw_key(w, "points");
    kt_jw_arr(w);
    for (size_t i = 0; ok && i < k->points; i++) {
        ok = take_point(k, kt_json_at(list, i), i, &last, w);
    }
    kt_jw_arr_end(w);
    return ok;
}

/* {time, place or x and y, accuracy, note} */
static bool take_check(struct walk *k, const struct kt_json *p, size_t i, int64_t *last,
                       struct kt_jw *w)
{
    static const char *const numbers[] = {"x", "y", "accuracy"};
    const char *place = kt_json_get_str(p, "place", ""), *note = kt_json_get_str(p, "note", "");
    double v;
    int64_t t;
    bool spot = kt_json_num(kt_json_get(p, "x"), &v) && kt_json_num(kt_json_get(p, "y"), &v);
    if (!kt_json_int(kt_json_get(p, "time"), &t) || (!place[0] && !spot)) {
        return wrong(k, "check", i, "write its time, and a place or x and y");
    }
    if ((place[0] && kt_site_place(k->c->site, kt_str_c(place)).v == KT_NONE) ||
        strlen(note) > NOTE_MAX) {
        return wrong(k, "check", i, "there is no such place, or its note is too long");
    }
    kt_jw_obj(w);
    kt_jw_kint(w, "time", t);
    kt_jw_ktext(w, "place", place);
    kt_jw_ktext(w, "note", note);
    for (size_t n = 0; n < KT_ARRAY_LEN(numbers); n++) {
        if (kt_json_num(kt_json_get(p, numbers[n]), &v) && fabs(v) <= METRES_MAX) {
            kt_jw_knum(w, numbers[n], v);
        }
    }
    kt_jw_obj_end(w);
    return take_time(k, "check", i, t, last);
}

static bool take_checks(struct walk *k, struct kt_jw *w)
{
    const struct kt_json *list = kt_json_get(k->c->body, "checks");
    int64_t last = 0;
    bool ok = true;
    k->checks = kt_json_len(list);
    if (k->checks > CHECKS_MAX || k->checks + k->points == 0) {
        reply_code(k->c->req, KT_EINVAL, "a track has points or checks, at most %d checks",
                   CHECKS_MAX);
        return false;
    }
    kt_jw_key(w, "checks");
    kt_jw_arr(w);
    for (size_t i = 0; ok && i < k->checks; i++) {
        ok = take_check(k, kt_json_at(list, i), i, &last, w);
    }
    kt_jw_arr_end(w);
    return ok;
}

void post_tracks(struct call *c)
{
    struct walk k = {.c = c};
    struct kt_buf body, out;
    struct kt_err err = {0};
    kt_buf_init(&body, TRACK_BYTES);
    struct kt_jw w = kt_jw_init(&body);
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "user", c->person.user); /* two persons' tracks are never one body */
    if (take_points(&k, &w) && take_checks(&k, &w)) {
        kt_jw_obj_end(&w);
        kt_buf_init(&out, 1 << 16);
        struct staged s = {
            .name = kt_arena_printf(c->arena, "%s.track", c->person.user),
            .kind = "track",
            .type = KT_TRACK_TYPE,
            .meta = kt_arena_printf(c->arena,
                                    "{\"from\":%lld,\"to\":%lld,\"points\":%zu,\"checks\":%zu}",
                                    (long long)k.from, (long long)k.to, k.points, k.checks),
            .bytes = {body.p, body.n}};
        int r = body.full ? kt_err_set(&err, KT_ELIMIT, "the track is too large")
                          : attachments_stage(c, &s, &out, &err);
        reply_room(c, r, &out, &err);
    }
    kt_buf_done(&body);
}

/* ---- down ------------------------------------------------------------------------------------ */

static void write_position(const struct kt_json *point, struct kt_jw *w)
{
    kt_jw_arr(w);
    kt_json_write(kt_json_at(point, 1), w);
    kt_json_write(kt_json_at(point, 2), w);
    kt_jw_arr_end(w);
}

/* Every so many points of it, and its last one. */
static void write_line(const struct kt_json *points, size_t most, struct kt_jw *w)
{
    size_t n = kt_json_len(points), step = (n + most - 2) / (most - 1);
    kt_jw_key(w, "geometry");
    kt_jw_obj(w);
    kt_jw_kstr(w, "type", "LineString");
    kt_jw_key(w, "coordinates");
    kt_jw_arr(w);
    for (size_t i = 0; i + 1 < n; i += n <= most ? 1 : step) {
        write_position(kt_json_at(points, i), w);
    }
    write_position(kt_json_at(points, n - 1), w);
    kt_jw_arr_end(w);
    kt_jw_obj_end(w);
}

/* A feature: the line, and in its properties what the track is, its checks, and its points with
 * their times when all are asked for. */
static void write_walk(const struct kt_json *track, const struct kt_json *body, size_t most,
                       struct kt_jw *w)
{
    static const char *const same[] = {"record", "register", "key",  "field",
                                       "hash",   "user",     "time", "meta"};
    kt_jw_obj(w);
    kt_jw_kstr(w, "type", "Feature");
    if (kt_json_len(kt_json_get(body, "points")) > 1) {
        write_line(kt_json_get(body, "points"), most, w);
    } else {
        kt_jw_key(w, "geometry");
        kt_jw_null(w);
    }
    kt_jw_key(w, "properties");
    kt_jw_obj(w);
    for (size_t i = 0; i < KT_ARRAY_LEN(same); i++) {
        kt_jw_key(w, same[i]);
        kt_json_write(kt_json_get(track, same[i]), w);
    }
    if (body) {
        if (most == POINTS_MAX) {
            kt_jw_key(w, "points");
            kt_json_write(kt_json_get(body, "points"), w);
        }
        kt_jw_key(w, "checks");
        kt_json_write(kt_json_get(body, "checks"), w);
    }
    kt_jw_kbool(w, "erased", body == NULL);
    kt_jw_obj_end(w);
    kt_jw_obj_end(w);
}

static struct kt_json *read_body(const struct call *c, const char *hex)
{
    struct kt_hash h;
    struct kt_buf b;
    struct kt_json *v = NULL;
    struct kt_err err;
    kt_buf_init(&b, 2 * TRACK_BYTES);
    if (kt_hash_from_hex(kt_str_c(hex), &h) == KT_OK &&
        kt_body_get(data_dir(c), &h, TRACK_BYTES, &b, &err) == KT_OK &&
        kt_json_parse((struct kt_str){b.p, b.n}, TRACK_BYTES, &v, &err) < 0) {
        v = NULL;
    }
    kt_buf_done(&b);
    return v;
}

/* What is waited for: the look at other persons' tracks, durable. */
struct look {
    struct kt_http_req *req;
    struct kt_buf answer;
};

static void on_looked(void *arg, int result, struct kt_str verdict)
{
    struct look *l = arg;
    struct kt_json *v = NULL;
    struct kt_err err = {0};
    int r = result < 0 ? result : kt_json_parse(verdict, 16 << 20, &v, &err);
    if (r == KT_OK && kt_json_get_bool(v, "ok", false)) {
        kt_http_reply_take(l->req, 200, "application/json", &l->answer);
    } else {
        reply_code(l->req, r < 0 ? r : KT_EDENIED, "%s", kt_json_get_str(v, "text", "not shown"));
    }
    kt_json_free(v);
    kt_buf_done(&l->answer);
    free(l);
}

static void answer_after_look(struct call *c, struct kt_str args, struct kt_buf *answer)
{
    struct kt_buf b;
    struct look *l = calloc(1, sizeof(*l));
    KT_ASSERT(l);
    *l = (struct look){c->req, *answer};
    kt_buf_init(&b, 1 << 20);
    write_request(c, "record.look", args, &b);
    kt_http_defer(c->req);
    int r = kt_runtime_request(c->api->opts.runtime, (struct kt_str){b.p, b.n}, c->person.user,
                               on_looked, l);
    kt_buf_done(&b);
    if (r < 0) {
        reply_code(c->req, r, "%s", kt_err_text(r));
        kt_buf_done(&l->answer);
        free(l);
    }
}

/* The answer, and as args of record.look the tracks of others; *ret: how many. */
static size_t write_walks(struct call *c, const struct kt_json *got, size_t most, struct kt_jw *w,
                          struct kt_jw *looks)
{
    const struct kt_json *list = kt_json_get(got, "tracks");
    size_t others = 0;
    for (size_t i = 0; i < kt_json_len(list); i++) {
        const struct kt_json *t = kt_json_at(list, i);
        struct kt_json *body = read_body(c, kt_json_get_str(t, "hash", ""));
        write_walk(t, body, most, w);
        if (body && strcmp(kt_json_get_str(t, "user", ""), c->person.user) != 0) {
            kt_jw_obj(looks);
            kt_jw_kint(looks, "record", kt_json_get_int(t, "record", 0));
            kt_jw_kstr(looks, "hash", kt_json_get_str(t, "hash", ""));
            kt_jw_obj_end(looks);
            others++;
        }
        kt_json_free(body);
    }
    return others;
}

static void reply_walks(struct call *c, const struct kt_json *got, size_t most)
{
    struct kt_buf b, args;
    kt_buf_init(&b, 128 << 20);
    kt_buf_init(&args, 1 << 20);
    struct kt_jw w = kt_jw_init(&b), l = kt_jw_init(&args);
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "type", "FeatureCollection");
    kt_jw_kint(&w, "hidden", kt_json_get_int(got, "hidden", 0));
    kt_jw_kbool(&w, "more", kt_json_get_bool(got, "more", false));
    kt_jw_key(&w, "features");
    kt_jw_arr(&w);
    kt_jw_obj(&l);
    kt_jw_key(&l, "tracks");
    kt_jw_arr(&l);
    size_t others = write_walks(c, got, most, &w, &l);
    kt_jw_arr_end(&l);
    kt_jw_obj_end(&l);
    kt_jw_arr_end(&w);
    kt_jw_obj_end(&w);
    if (others) {
        answer_after_look(c, (struct kt_str){args.p, args.n}, &b);
    } else {
        reply_buf(c, 200, &b);
    }
    kt_buf_done(&args);
}

static void tracks_of(struct call *c, const struct kt_track_query *q, size_t most)
{
    struct kt_reader who = reader_of(c);
    struct kt_room *room = room_of(c);
    struct kt_json *got = NULL;
    struct kt_buf b;
    struct kt_err err = {0};
    if (!room) {
        return;
    }
    kt_buf_init(&b, 4 << 20);
    int r = kt_room_tracks(room, &who, c->param[0], q, &b, &err);
    r = r == KT_OK ? kt_json_parse((struct kt_str){b.p, b.n}, 4 << 20, &got, &err) : r;
    kt_buf_done(&b);
    if (r < 0) {
        reply_err(c->req, &err);
    } else {
        reply_walks(c, got, most);
    }
    kt_json_free(got);
}

void get_tracks(struct call *c)
{
    struct kt_track_query q = {0};
    int64_t most;
    if (query_time(c, "from", 0, &q.from) && query_time(c, "to", 0, &q.to) &&
        query_int(c, "points", 2, POINTS_MAX, SHOWN, &most)) {
        tracks_of(c, &q, (size_t)most);
    }
}

void get_record_tracks(struct call *c)
{
    struct kt_track_query q = {0};
    struct kt_reader who = reader_of(c);
    struct kt_room *room = room_of(c);
    struct kt_buf b;
    struct kt_err err = {0};
    if (!room || !path_id(c, 1, &q.record)) {
        return;
    }
    kt_buf_init(&b, 16 << 20);
    int r = kt_room_get(room, &who, c->param[0], q.record, 0, 0, &b, &err);
    kt_buf_done(&b);
    if (r < 0) {
        reply_err(c->req, &err);
    } else {
        tracks_of(c, &q, POINTS_MAX);
    }
}
