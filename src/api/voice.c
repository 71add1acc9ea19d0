/* SPDX-License-Identifier: Apache-2.0 */
/*
 * voice: phones and speakers, calls and broadcasts as they stand, and what was recorded of one.
 * A recording is asked by the event of its end, so that who may hear it is judged by the place of
 * the call.
 */
#include <stdio.h>
#include <stdlib.h>

#include "api/handlers.h"

enum { RECORDING_MOST = 256 << 20 };

static bool is_device(const struct kt_point *p)
{
    return !p->ended && strncmp(p->role->id, "voice.", 6) == 0 && p->link != KT_NONE;
}

static void write_device(struct call *c, uint32_t i, struct kt_jw *w)
{
    const struct kt_point *p = &c->site->points[i];
    struct kt_live_value v = kt_live_get(kt_runtime_live(c->api->opts.runtime), (kt_point_id){i});
    bool known = kt_q_known(v.quality);
    kt_jw_obj(w);
    kt_jw_kstr(w, "id", p->id);
    kt_jw_kint(w, "i", i);
    kt_jw_kstr(w, "role", p->role->id);
    kt_jw_kstr(w, "name", p->name.zh);
    kt_jw_kstr(w, "name_en", p->name.en);
    if (p->place.v < c->site->places_n) {
        kt_jw_kstr(w, "place", c->site->places[p->place.v].id);
    }
    if (p->has_xy) {
        kt_jw_knum(w, "x", p->x);
        kt_jw_knum(w, "y", p->y);
    }
    kt_jw_kstr(w, "answers", !known ? "unknown" : v.value != 0 ? "yes" : "no");
    kt_jw_kint(w, "at", known ? v.time / KT_MS : 0);
    kt_jw_obj_end(w);
}

static void write_devices(struct call *c, struct kt_jw *w)
{
    kt_jw_key(w, "devices");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < c->site->points_n; i++) {
        if (is_device(&c->site->points[i]) && may_see(c, c->site->points[i].place)) {
            write_device(c, i, w);
        }
    }
    kt_jw_arr_end(w);
}

/* Of those whose place or point the reader sees, newest first; one without a place is
 * everybody's. */
static void write_talks(struct call *c, const struct kt_json *list, struct kt_jw *w)
{
    kt_jw_key(w, "talks");
    kt_jw_arr(w);
    for (size_t i = kt_json_len(list); i-- > 0;) {
        const struct kt_json *talk = kt_json_at(list, i);
        if (may_see_object(c, talk)) {
            copy_value(talk, w);
        }
    }
    kt_jw_arr_end(w);
}

void get_voice(struct call *c)
{
    struct kt_json *state = snapshot(c, KT_SNAP_STATE);
    if (!state) {
        return;
    }
    struct kt_buf b;
    kt_buf_init(&b, 64 << 20);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_kbool(&w, "present", kt_site_link_of(c->site, KT_LINK_SIP) != KT_NONE);
    write_devices(c, &w);
    write_talks(c, kt_json_get(state, "talks"), &w);
    kt_jw_key(&w, "climbs");
    copy_value(kt_json_get(state, "climbs"), &w);
    kt_jw_obj_end(&w);
    kt_json_free(state);
    reply_buf(c, 200, &b);
}

/* ---- recordings ------------------------------------------------------------------------------ */

/* The outcome of this seq, when it is the end of a call or broadcast; KT_ENOTFOUND else. */
static int read_end(struct call *c, kt_seq seq, struct kt_json **ret, struct kt_err *err)
{
    struct kt_journal_reader *reader;
    struct kt_event ev;
    struct kt_json *body = NULL;
    int r = kt_journal_read(kt_runtime_journal(c->api->opts.runtime), NULL, seq, &reader, err);
    if (r < 0) {
        return r;
    }
    bool found = kt_journal_next_of(reader, 1u << KT_EV_OUTCOME, &ev, err) == 1 && ev.seq == seq &&
                 kt_json_parse(ev.body, 1 << 20, &body, NULL) == KT_OK;
    kt_journal_reader_free(reader);
    const char *type = kt_json_get_str(body, "type", "");
    bool voice = strcmp(type, "call") == 0 || strcmp(type, "broadcast") == 0;
    if (!found || !voice || !*kt_json_get_str(body, "recording", "")) {
        kt_json_free(body);
        return kt_err_set(err, KT_ENOTFOUND, "this event has no recording");
    }
    *ret = body;
    return KT_OK;
}

static int read_recording(struct call *c, const char *hash, struct kt_buf *out, struct kt_err *err)
{
    char dir[700];
    struct kt_hash h;
    (void)snprintf(dir, sizeof(dir), "%.650s/data", c->api->opts.site_dir);
    int r = kt_hash_from_hex(kt_str_c(hash), &h);
    return r < 0 ? kt_err_set(err, KT_ENOTFOUND, "this event has no recording")
                 : kt_body_get(dir, &h, RECORDING_MOST, out, err);
}

void get_recording(struct call *c)
{
    struct kt_json *body = NULL;
    struct kt_err err = {0};
    struct kt_buf b;
    char *end;
    kt_seq seq = strtoull(c->param[0], &end, 10);
    if (*end || seq == 0) {
        reply_code(c->req, KT_ENOTFOUND, "this event has no recording");
        return;
    }
    int r = read_end(c, seq, &body, &err);
    if (r == KT_OK && !may_see_object(c, body)) {
        r = kt_err_set(&err, KT_ENOTFOUND, "this event has no recording");
    }
    kt_buf_init(&b, RECORDING_MOST);
    r = r < 0 ? r : read_recording(c, kt_json_get_str(body, "recording", ""), &b, &err);
    kt_json_free(body);
    if (r < 0) {
        kt_buf_done(&b);
        reply_err(c->req, &err);
        return;
    }
    kt_http_set_header(c->req, "X-Content-Type-Options", "nosniff");
    kt_http_set_header(c->req, "Cache-Control", "private, max-age=86400");
    kt_http_reply_take(c->req, 200, "audio/wav", &b);
}
