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

/* Who hears a voice, or takes it away, is an event, written before the answer. */
static int write_down(struct call *c, const char *change, const struct kt_json *end,
                      struct kt_err *err)
{
    struct kt_buf b;
    kt_buf_init(&b, 8192);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "type", "recording");
    kt_jw_kstr(&w, "change", change);
    kt_jw_kint(&w, "id", kt_json_get_int(end, "id", 0));
    kt_jw_ktext(&w, "point", kt_json_get_str(end, "point", ""));
    kt_jw_ktext(&w, "place", kt_json_get_str(end, "place", ""));
    kt_jw_kstr(&w, "by", c->person.user);
    kt_jw_obj_end(&w);
    int r = kt_runtime_say(c->api->opts.runtime, (struct kt_str){b.p, b.n});
    kt_buf_done(&b);
    return r < 0 ? kt_err_set(err, KT_EBUSY, "who hears a recording is written down; ask again")
                 : KT_OK;
}

/* The recording of this end; *ret_talk is the talk's id. */
static int fetch(struct call *c, kt_seq seq, bool away, struct kt_buf *out, int64_t *ret_talk,
                 struct kt_err *err)
{
    struct kt_json *end = NULL;
    int r = seq ? read_end(c, seq, &end, err) : KT_ENOTFOUND;
    if (r == KT_OK && may_see_object(c, end)) {
        *ret_talk = kt_json_get_int(end, "id", 0);
        r = read_recording(c, kt_json_get_str(end, "recording", ""), out, err);
        r = r == KT_ENOTFOUND ? kt_err_set(err, r, "the recording was erased") : r;
        r = r < 0 ? r : write_down(c, away ? "export" : "hear", end, err);
    } else {
        r = kt_err_set(err, KT_ENOTFOUND, "this event has no recording");
    }
    kt_json_free(end);
    return r;
}

void get_recording(struct call *c)
{
    struct kt_err err = {0};
    struct kt_buf b;
    char *end, name[80];
    int64_t talk = 0;
    const char *given = kt_http_query(c->req, "download");
    bool away = given && strcmp(given, "1") == 0;
    kt_seq seq = strtoull(c->param[0], &end, 10);
    if (away && !kt_person_may(&c->person, "export")) {
        reply_code(c->req, KT_EDENIED, "%s has not the right export", c->person.user);
        return;
    }
    kt_buf_init(&b, RECORDING_MOST);
    if (fetch(c, *end ? 0 : seq, away, &b, &talk, &err) < 0) {
        kt_buf_done(&b);
        reply_err(c->req, &err);
        return;
    }
    if (away) {
        (void)snprintf(name, sizeof(name), "attachment; filename=\"talk-%lld.wav\"",
                       (long long)talk);
        kt_http_set_header(c->req, "Content-Disposition", name);
    }
    kt_http_set_header(c->req, "X-Content-Type-Options", "nosniff");
    kt_http_set_header(c->req, "Cache-Control", "private, max-age=300");
    kt_http_reply_take(c->req, 200, "audio/wav", &b);
}
