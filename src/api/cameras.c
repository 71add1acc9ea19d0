/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cameras: the list, pictures, and live video of up to nine on one connection. Its body is frames:
 * length as u32 little-endian of what follows, number of the camera in the question, kind, payload.
 * Kinds: s state (JSON), h head (codec, line feed, head of the MP4), k a fragment that begins with
 * a key frame, m another. A player begins anew at each h.
 *
 * A client that is slow loses fragments up to the next key frame, never memory. Rights are looked
 * at again when anything about users changed; a withdrawn one ends the connection. Lock order: a
 * camera's, then a viewer's, then the stream's.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "link/camera/camera.h"

enum { AT_ONCE = 9, PENDING = 3 << 20 };

struct viewer {
    struct kt_api *api;
    pthread_mutex_t lock;
    struct kt_http_stream *stream;
    char *token; /* NULL: not of a session */
    uint64_t auth_version;
    kt_place_id place[AT_ONCE];
    char *place_id[AT_ONCE];
    bool skips[AT_ONCE]; /* until its next key frame */
    bool ended, gone;    /* gone: the stream must not be used any more */
    int refs;            /* of the stream and of the handler that opened it */
};

static struct kt_cameras *cameras_of(const struct call *c)
{
    return c->api->opts.cameras;
}

/* ---- the list -------------------------------------------------------------------------------- */

static void write_camera(struct call *c, const struct kt_camera *cam, struct kt_jw *w)
{
    kt_jw_obj(w);
    kt_jw_kstr(w, "id", cam->id);
    kt_jw_kstr(w, "name", cam->name.zh);
    kt_jw_kstr(w, "name_en", cam->name.en);
    kt_jw_kstr(w, "place", c->site->places[cam->place.v].id);
    if (cam->has_xy) {
        kt_jw_knum(w, "x", cam->x);
        kt_jw_knum(w, "y", cam->y);
    }
    kt_cameras_json(cameras_of(c), cam->id, w);
    kt_jw_obj_end(w);
}

static void begin_list(struct kt_buf *b, struct kt_jw *w)
{
    kt_buf_init(b, 4 << 20);
    *w = kt_jw_init(b);
    kt_jw_obj(w);
    kt_jw_key(w, "items");
    kt_jw_arr(w);
}

static void reply_items(struct call *c, struct kt_buf *b, struct kt_jw *w)
{
    kt_jw_arr_end(w);
    kt_jw_obj_end(w);
    reply_buf(c, 200, b);
}

/* ?place= or ?point=: the nearest, nearest first, by way of what the caller may see. */
static bool near_what(struct call *c, kt_place_id *ret, double *x, double *y)
{
    const char *place = kt_http_query(c->req, "place"), *point = kt_http_query(c->req, "point");
    *x = *y = NAN;
    if (point) {
        kt_point_id p = visible_point(c, point);
        if (p.v == KT_NONE) {
            return false;
        }
        *ret = c->site->points[p.v].place;
        *x = c->site->points[p.v].x;
        *y = c->site->points[p.v].y;
        return true;
    }
    *ret = kt_site_place(c->site, kt_str_c(place));
    if (ret->v == KT_NONE || !may_see(c, *ret)) {
        reply_code(c->req, KT_ENOTFOUND, "no place is called \"%.60s\"", place);
        return false;
    }
    if (c->site->places[ret->v].has_xy) {
        *x = c->site->places[ret->v].x;
        *y = c->site->places[ret->v].y;
    }
    return true;
}

void get_cameras(struct call *c)
{
    uint32_t order[KT_CAMERAS_NEAR], n = c->site->cameras_n;
    bool near = kt_http_query(c->req, "place") || kt_http_query(c->req, "point");
    if (near) {
        kt_place_id place;
        double x, y;
        if (!near_what(c, &place, &x, &y)) {
            return;
        }
        n = kt_site_cameras_near(c->site, place, x, y, order, KT_CAMERAS_NEAR);
    }
    struct kt_buf b;
    struct kt_jw w;
    begin_list(&b, &w);
    for (uint32_t i = 0; i < n; i++) {
        const struct kt_camera *cam = &c->site->cameras[near ? order[i] : i];
        if (may_see(c, cam->place)) {
            write_camera(c, cam, &w);
        }
    }
    reply_items(c, &b, &w);
}

/* Of a camera that the caller may see; answered (404) otherwise. */
static const struct kt_camera *visible_camera(struct call *c, const char *id)
{
    uint32_t i = kt_site_camera(c->site, kt_str_c(id));
    if (i == KT_NONE || !may_see(c, c->site->cameras[i].place)) {
        reply_code(c->req, KT_ENOTFOUND, "no camera is called \"%.60s\"", id);
        return NULL;
    }
    return &c->site->cameras[i];
}

void get_camera_still(struct call *c)
{
    const struct kt_camera *cam = visible_camera(c, c->param[0]);
    struct kt_buf b;
    struct kt_err err;
    kt_time at;
    if (!cam) {
        return;
    }
    kt_buf_init(&b, 8 << 20);
    if (kt_cameras_still(cameras_of(c), cam->id, &b, &at, &err) < 0) {
        reply_err(c->req, &err);
        kt_buf_done(&b);
        return;
    }
    char ms[32];
    snprintf(ms, sizeof(ms), "%lld", (long long)(at / KT_MS));
    kt_http_set_header(c->req, "X-Picture-Time", ms);
    kt_http_set_header(c->req, "Cache-Control", "no-store");
    kt_http_reply_take(c->req, 200, "image/jpeg", &b);
}

/* ---- kept of alarms ---------------------------------------------------------------------------
 */

/* What was kept for an alarm; free it. NULL: answered. */
static struct kt_json *kept_of(struct call *c)
{
    struct kt_buf b;
    struct kt_err err;
    struct kt_json *list = NULL;
    kt_buf_init(&b, 2 << 20);
    kt_buf_puts(&b, "[");
    kt_cameras_kept(cameras_of(c), strtoll(c->param[0], NULL, 10), &b);
    kt_buf_puts(&b, "]");
    if (kt_json_parse((struct kt_str){b.p, b.n}, 2 << 20, &list, &err) < 0) {
        reply_err(c->req, &err);
        list = NULL;
    }
    kt_buf_done(&b);
    return list;
}

void get_alarm_pictures(struct call *c)
{
    struct kt_json *list = kept_of(c);
    struct kt_buf b;
    struct kt_jw w;
    if (!list) {
        return;
    }
    begin_list(&b, &w);
    for (size_t i = 0; i < kt_json_len(list); i++) {
        if (may_see_object(c, kt_json_at(list, i))) {
            copy_value(kt_json_at(list, i), &w);
        }
    }
    reply_items(c, &b, &w);
    kt_json_free(list);
}

/* Is this one of what was kept for the alarm, at a place that the caller may see? Its type. */
static const char *kept_type(struct call *c, const char *hash)
{
    struct kt_json *list = kept_of(c);
    const char *type = NULL;
    for (size_t i = 0; i < kt_json_len(list) && !type; i++) {
        const struct kt_json *one = kt_json_at(list, i);
        if (may_see_object(c, one)) {
            type = strcmp(kt_json_get_str(one, "still", ""), hash) == 0  ? "image/jpeg"
                   : strcmp(kt_json_get_str(one, "clip", ""), hash) == 0 ? "video/mp4"
                                                                         : NULL;
        }
    }
    kt_json_free(list);
    return type;
}

void get_alarm_picture(struct call *c)
{
    struct kt_hash hash;
    struct kt_buf b;
    struct kt_err err;
    const char *type = kept_type(c, c->param[1]);
    if (!type || kt_hash_from_hex(kt_str_c(c->param[1]), &hash) < 0) {
        reply_code(c->req, KT_ENOTFOUND, "nothing of this name was kept for the alarm");
        return;
    }
    kt_buf_init(&b, 64 << 20);
    if (kt_cameras_body(cameras_of(c), &hash, &b, &err) < 0) {
        kt_buf_done(&b);
        reply_code(c->req, KT_ENOTFOUND, "the picture was erased after its days");
        return;
    }
    kt_http_set_header(c->req, "Cache-Control", "private, max-age=3600");
    kt_http_reply_take(c->req, 200, type, &b);
}

/* ---- live ------------------------------------------------------------------------------------ */

/* With the viewer's lock: may its person still see what it looks at? */
static bool still_may(struct viewer *v)
{
    struct kt_auth *auth = v->api->opts.auth;
    uint64_t version = kt_auth_version(auth);
    struct kt_person p;
    struct kt_err err;
    if (!v->token || version == v->auth_version) {
        return true;
    }
    struct kt_arena *arena = kt_arena_new(1 << 20);
    struct kt_site *site = kt_runtime_site(v->api->opts.runtime);
    bool ok =
        kt_auth_session(auth, v->token, arena, &p, &err) == KT_OK && kt_person_may(&p, "view");
    for (int i = 0; ok && i < AT_ONCE && v->place_id[i]; i++) {
        kt_place_id at = kt_site_place(site, kt_str_c(v->place_id[i]));
        ok = at.v != KT_NONE && kt_person_at(&p, site, at);
    }
    v->auth_version = version;
    kt_site_unref(site);
    kt_arena_free(arena);
    return ok;
}

static void end_viewer(struct viewer *v)
{
    if (!v->ended) {
        v->ended = true;
        kt_http_stream_end(v->stream);
    }
}

static int send_frame(struct viewer *v, uint32_t number, char kind, struct kt_str bytes)
{
    struct kt_buf b;
    kt_buf_init(&b, bytes.n + 64);
    kt_put_u32(&b, (uint32_t)(bytes.n + 2));
    kt_put_u8(&b, (uint8_t)number);
    kt_put_u8(&b, (uint8_t)kind);
    kt_buf_put(&b, bytes.p, bytes.n);
    int r = kt_http_stream_send(v->stream, (struct kt_str){b.p, b.n});
    kt_buf_done(&b);
    return r;
}

/* Camera's thread. */
static void on_watch(void *arg, uint32_t number, enum kt_watch_kind kind, struct kt_str bytes)
{
    static const char letters[] = {'h', 'k', 'm', 's'};
    struct viewer *v = arg;
    pthread_mutex_lock(&v->lock);
    if (!v->ended && !still_may(v)) {
        end_viewer(v);
    }
    if (v->ended || (kind == KT_WATCH_MORE && v->skips[number])) {
        pthread_mutex_unlock(&v->lock);
        return;
    }
    int r = send_frame(v, number, letters[kind], bytes);
    if (kind == KT_WATCH_KEY || kind == KT_WATCH_MORE) {
        v->skips[number] = r < 0;
    } else if (r < 0 && kind == KT_WATCH_HEAD) {
        end_viewer(v); /* without it nothing of what follows can be shown */
    }
    pthread_mutex_unlock(&v->lock);
}

static void viewer_unref(struct viewer *v)
{
    pthread_mutex_lock(&v->lock);
    bool last = --v->refs == 0;
    pthread_mutex_unlock(&v->lock);
    if (!last) {
        return;
    }
    for (int i = 0; i < AT_ONCE; i++) {
        free(v->place_id[i]);
    }
    free(v->token);
    pthread_mutex_destroy(&v->lock);
    free(v);
}

/* HTTP thread: the client has gone. */
static void on_end(void *arg)
{
    struct viewer *v = arg;
    pthread_mutex_lock(&v->lock);
    v->ended = v->gone = true;
    pthread_mutex_unlock(&v->lock);
    kt_cameras_unwatch(v->api->opts.cameras, v);
    viewer_unref(v);
}

static struct viewer *viewer_new(struct call *c)
{
    struct viewer *v = calloc(1, sizeof(*v));
    KT_ASSERT(v);
    v->api = c->api;
    v->refs = 2;
    pthread_mutex_init(&v->lock, NULL);
    const char *token = session_cookie(c->api, c->req);
    if (token && strcmp(c->person.user, "local") != 0) {
        v->token = strdup(token);
        KT_ASSERT(v->token);
    }
    v->auth_version = kt_auth_version(c->api->opts.auth);
    return v;
}

/* ?cameras=a,b,c; 0: answered. */
static int wanted_cameras(struct call *c, const struct kt_camera *ret[AT_ONCE])
{
    const char *ids = kt_http_query(c->req, "cameras");
    char *rest = kt_arena_strdup(c->arena, ids ? ids : "");
    int n = 0;
    for (char *id; (id = strsep(&rest, ",")); n++) {
        if (n == AT_ONCE || !*id) {
            reply_code(c->req, KT_EINVAL, "cameras is a list of one to %d ids", AT_ONCE);
            return 0;
        }
        if (!(ret[n] = visible_camera(c, id))) {
            return 0;
        }
    }
    return n;
}

void get_cameras_stream(struct call *c)
{
    const struct kt_camera *cams[AT_ONCE];
    int n = wanted_cameras(c, cams);
    if (n == 0) {
        return;
    }
    struct viewer *v = viewer_new(c);
    for (int i = 0; i < n; i++) {
        v->place_id[i] = strdup(c->site->places[cams[i]->place.v].id);
        KT_ASSERT(v->place_id[i]);
    }
    v->stream = kt_http_stream_open(c->req, "application/vnd.kuangtu.video", PENDING, on_end, v);
    for (int i = 0; i < n; i++) {
        struct kt_err err;
        if (kt_cameras_watch(cameras_of(c), cams[i]->id, (uint32_t)i, on_watch, v, &err) < 0) {
            pthread_mutex_lock(&v->lock);
            end_viewer(v);
            pthread_mutex_unlock(&v->lock);
        }
    }
    pthread_mutex_lock(&v->lock);
    bool gone = v->gone;
    pthread_mutex_unlock(&v->lock);
    if (gone) {
        kt_cameras_unwatch(cameras_of(c), v); /* the client left while this went on */
    }
    viewer_unref(v);
}
