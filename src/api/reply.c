/* SPDX-License-Identifier: Apache-2.0 */
/* Answers, query parameters, and what a person may see. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/private.h"
#include "api/words.h"

void reply_buf(struct call *c, int status, struct kt_buf *json)
{
    kt_http_reply_take(c->req, status, "application/json", json);
}

void reply_text(struct call *c, int status, const char *type, const char *text)
{
    kt_http_reply(c->req, status, type, kt_str_c(text));
}

static void reply_later(struct kt_http_req *req, const struct kt_err *err, int seconds)
{
    struct kt_buf b;
    char text[640], zh[1600];
    kt_buf_init(&b, 1 << 16);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_key(&w, "error");
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "code", kt_err_name(err->code));
    kt_jw_kstr(&w, "text", kt_err_str(err, text, sizeof(text)));
    kt_jw_kstr(&w, "text_zh", words_zh(NULL, err->code, text, zh, sizeof(zh)));
    kt_jw_obj_end(&w);
    kt_jw_obj_end(&w);
    if (err->code == KT_EBUSY) {
        snprintf(text, sizeof(text), "%d", seconds);
        kt_http_set_header(req, "Retry-After", text);
    }
    kt_http_reply_take(req, kt_err_http(err->code), "application/json", &b);
}

void reply_err(struct kt_http_req *req, const struct kt_err *err)
{
    reply_later(req, err, 1);
}

void reply_busy(struct kt_http_req *req, int seconds, const char *fmt, ...)
{
    struct kt_err err = {.code = KT_EBUSY};
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(err.text, sizeof(err.text), fmt, ap);
    va_end(ap);
    reply_later(req, &err, seconds);
}

void reply_code(struct kt_http_req *req, int code, const char *fmt, ...)
{
    struct kt_err err = {.code = code};
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(err.text, sizeof(err.text), fmt, ap);
    va_end(ap);
    reply_err(req, &err);
}

/* "2026-11-21T14:32:07Z" with or without a fraction, quotes not included. */
static bool is_utc(const char *p, size_t n)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd";
    if (n < 20 || n > 30 || p[n - 1] != 'Z') {
        return false;
    }
    for (size_t i = 0; i < sizeof(form) - 1; i++) {
        if (form[i] == 'd' ? p[i] < '0' || p[i] > '9' : p[i] != form[i]) {
            return false;
        }
    }
    return true;
}

void times_to_ms(struct kt_str json, struct kt_buf *out)
{
    const char *p = json.p, *end = json.p + json.n, *from = p;
    while ((p = memchr(p, '"', (size_t)(end - p)))) {
        const char *q = p + 1;
        while (q < end && *q != '"') {
            q += *q == '\\' ? 2 : 1;
        }
        if (q >= end) {
            break;
        }
        kt_time t;
        bool key = q + 1 < end && q[1] == ':';
        if (!key && is_utc(p + 1, (size_t)(q - p - 1)) &&
            kt_time_parse((struct kt_str){p + 1, (size_t)(q - p - 1)}, 0, &t) == KT_OK) {
            kt_buf_put(out, from, (size_t)(p - from));
            kt_buf_printf(out, "%lld", (long long)(t / KT_MS));
            from = q + 1;
        }
        p = q + 1;
    }
    kt_buf_put(out, from, (size_t)(end - from));
}

bool query_int(struct call *c, const char *name, int64_t lo, int64_t hi, int64_t def, int64_t *ret)
{
    const char *text = kt_http_query(c->req, name);
    char *end = NULL;
    if (!text || !*text) {
        *ret = def;
        return true;
    }
    long long v = strtoll(text, &end, 10);
    if (*end || v < lo || v > hi) {
        reply_code(c->req, KT_EINVAL, "%s is a whole number from %lld to %lld", name, (long long)lo,
                   (long long)hi);
        return false;
    }
    *ret = v;
    return true;
}

bool query_time(struct call *c, const char *name, kt_time def, kt_time *ret)
{
    const char *text = kt_http_query(c->req, name);
    if (!text || !*text) {
        *ret = def;
        return true;
    }
    if (kt_time_parse(kt_str_c(text), c->site->utc_offset_s, ret) < 0) {
        reply_code(c->req, KT_EINVAL,
                   "%s is milliseconds since 1970 or a time like 2026-03-01T08:00:00+08:00", name);
        return false;
    }
    return true;
}

bool may_see(const struct call *c, kt_place_id place)
{
    return kt_person_at(&c->person, c->site, place);
}

kt_point_id visible_point(struct call *c, const char *id)
{
    kt_point_id p = kt_site_point(c->site, kt_str_c(id));
    if (p.v == KT_NONE || !may_see(c, c->site->points[p.v].place)) {
        reply_code(c->req, KT_ENOTFOUND, "there is no point \"%s\"", id);
        p.v = KT_NONE;
    }
    return p;
}

bool points_list(struct call *c, const char *ids, kt_point_id *ret, uint32_t cap, uint32_t *ret_n)
{
    uint32_t n = 0;
    while (ids && *ids) {
        size_t len = strcspn(ids, ",");
        if (n == cap) {
            reply_code(c->req, KT_ELIMIT, "at most %u points at once", cap);
            return false;
        }
        kt_point_id p = visible_point(c, kt_arena_strndup(c->arena, ids, len));
        if (p.v == KT_NONE) {
            return false;
        }
        ret[n++] = p;
        ids += len + (ids[len] == ',');
    }
    *ret_n = n;
    return true;
}

struct kt_json *snapshot(struct call *c, enum kt_snapshot what)
{
    struct kt_buf raw;
    struct kt_json *j = NULL;
    struct kt_err err = {0};
    kt_buf_init(&raw, 256 << 20);
    kt_runtime_snapshot_now(c->api->opts.runtime, what, &raw);
    int r = kt_json_parse((struct kt_str){raw.p, raw.n}, 256 << 20, &j, &err);
    kt_buf_done(&raw);
    if (r < 0) {
        reply_err(c->req, &err);
        return NULL;
    }
    return j;
}

bool may_see_place(const struct call *c, const char *id)
{
    kt_place_id place = kt_site_place(c->site, kt_str_c(id));
    return place.v == KT_NONE ? may_see_all(c) : may_see(c, place);
}

kt_point_id point_ever(const struct call *c, const char *id)
{
    kt_point_id p = kt_site_point(c->site, kt_str_c(id));
    return p.v == KT_NONE ? kt_site_point_ended(c->site, kt_str_c(id)) : p;
}

bool may_see_point(const struct call *c, const char *id)
{
    kt_point_id p = point_ever(c, id);
    return p.v == KT_NONE ? may_see_all(c) : may_see(c, c->site->points[p.v].place);
}

bool may_see_object(const struct call *c, const struct kt_json *obj)
{
    const char *place = kt_json_get_str(obj, "place", NULL);
    if (place) {
        return may_see_place(c, place);
    }
    const char *point = kt_json_get_str(obj, "point", kt_json_get_str(obj, "output", NULL));
    point = point ? point : kt_json_get_str(obj, "where", NULL); /* a note: point or place */
    if (!point) {
        return true;
    }
    kt_place_id where = kt_site_place(c->site, kt_str_c(point));
    if (where.v != KT_NONE && kt_json_get(obj, "where")) {
        return may_see(c, where);
    }
    return may_see_point(c, point);
}

bool person_hears(const struct kt_api *a, const struct kt_person *p,
                  const struct kt_room_topic *topic)
{
    struct kt_room *room = kt_runtime_room(a->opts.runtime);
    const struct kt_reader who = {.user = p->user,
                                  .rights = p->rights,
                                  .rights_n = p->rights_n,
                                  .places = p->places,
                                  .places_n = p->places_n};
    return room && kt_room_hears(room, &who, topic);
}

bool may_see_all(const struct call *c)
{
    for (uint32_t i = 0; i < c->site->places_n; i++) {
        if (c->site->places[i].parent.v == KT_NONE && !may_see(c, (kt_place_id){i})) {
            return false;
        }
    }
    return true;
}

void copy_value(const struct kt_json *v, struct kt_jw *w)
{
    struct kt_buf plain;
    kt_buf_init(&plain, 64 << 20);
    struct kt_jw one = kt_jw_init(&plain);
    kt_json_write(v, &one);
    struct kt_buf ms;
    kt_buf_init(&ms, 64 << 20);
    times_to_ms((struct kt_str){plain.p, plain.n}, &ms);
    kt_jw_raw(w, (struct kt_str){ms.p, ms.n});
    kt_buf_done(&plain);
    kt_buf_done(&ms);
}
