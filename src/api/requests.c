/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POST /requests: one request of a person becomes an input; its verdict is the answer. The person's
 * rights and places go into the request, so that every node judges alike.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/records.h"
#include "api/words.h"

static void write_person(struct call *c, struct kt_jw *w)
{
    const struct kt_person *p = &c->person;
    kt_jw_key(w, "by");
    kt_jw_obj(w);
    kt_jw_kstr(w, "user", p->user);
    kt_jw_kstr(w, "name", p->name);
    kt_jw_key(w, "rights");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < p->rights_n; i++) {
        kt_jw_str(w, p->rights[i]);
    }
    kt_jw_arr_end(w);
    kt_jw_key(w, "places");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < p->places_n; i++) {
        kt_jw_str(w, p->places[i]);
    }
    kt_jw_arr_end(w);
    kt_jw_obj_end(w);
}

void write_request(struct call *c, const char *verb, struct kt_str args, struct kt_buf *out)
{
    struct kt_jw w = kt_jw_init(out);
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "verb", verb);
    kt_jw_key(&w, "args");
    kt_jw_raw(&w, args);
    write_person(c, &w);
    kt_jw_kstr(&w, "console", kt_json_get_str(c->body, "console", ""));
    kt_jw_kstr(&w, "key", kt_json_get_str(c->body, "key", ""));
    kt_jw_obj_end(&w);
}

struct asked { /* one that waits for its verdict */
    struct kt_http_req *req;
    struct kt_site *site; /* whose words stand in a refusal */
};

/* A refused request: what is wrong, of a record field by field and in both languages. */
static void reply_refusal(struct kt_http_req *req, const struct kt_site *site, int code,
                          const struct kt_json *verdict)
{
    static const char *const more[] = {"text_zh", "problems"};
    struct kt_buf b;
    kt_buf_init(&b, 1 << 20);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_key(&w, "error");
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "code", kt_err_name(code));
    const char *text = kt_json_get_str(verdict, "text", kt_err_text(code));
    kt_jw_kstr(&w, "text", text);
    if (!kt_json_get(verdict, "text_zh")) { /* the engine speaks English alone */
        char zh[1600];
        kt_jw_kstr(&w, "text_zh", words_zh(site, code, text, zh, sizeof(zh)));
    }
    for (size_t i = 0; i < KT_ARRAY_LEN(more); i++) {
        if (kt_json_get(verdict, more[i])) {
            kt_jw_key(&w, more[i]);
            kt_json_write(kt_json_get(verdict, more[i]), &w);
        }
    }
    kt_jw_obj_end(&w);
    kt_jw_obj_end(&w);
    if (code == KT_EBUSY) {
        kt_http_set_header(req, "Retry-After", "1");
    }
    kt_http_reply_take(req, kt_err_http(code), "application/json", &b);
}

/* Journal thread: the verdict is durable. */
static void answer_verdict(const struct asked *asked, int result, struct kt_str json)
{
    struct kt_http_req *req = asked->req;
    struct kt_json *v = NULL;
    struct kt_err err = {0};
    if (result < 0 || kt_json_parse(json, 16 << 20, &v, &err) < 0) {
        reply_code(req, result < 0 ? result : KT_EINTERNAL, "%s",
                   kt_err_text(result < 0 ? result : KT_EINTERNAL));
        return;
    }
    if (!kt_json_get_bool(v, "ok", false)) {
        const char *name = kt_json_get_str(v, "code", "KT_EINTERNAL");
        int code = KT_EINTERNAL;
        for (int i = 0; i >= KT_ENODE; i--) {
            code = strcmp(kt_err_name(i), name) == 0 ? i : code;
        }
        reply_refusal(req, asked->site, code, v);
    } else {
        struct kt_buf b;
        kt_buf_init(&b, 16 << 20);
        struct kt_jw w = kt_jw_init(&b);
        kt_jw_obj(&w);
        kt_jw_kint(&w, "seq", kt_json_get_int(v, "cause", 0));
        kt_jw_key(&w, "result");
        const struct kt_json *r = kt_json_get(v, "result");
        if (r) {
            copy_value(r, &w);
        } else {
            kt_jw_null(&w);
        }
        kt_jw_obj_end(&w);
        kt_http_reply_take(req, 200, "application/json", &b);
    }
    kt_json_free(v);
}

static void on_verdict(void *arg, int result, struct kt_str json)
{
    struct asked *asked = arg;
    answer_verdict(asked, result, json);
    kt_site_unref(asked->site);
    free(asked);
}

/* A refusal before the journal: the room's words for what is wrong. */
static void reply_verdict(struct call *c, const struct kt_buf *verdict)
{
    struct kt_json *v = NULL;
    struct kt_err err = {0};
    if (kt_json_parse((struct kt_str){verdict->p, verdict->n}, 1 << 20, &v, &err) < 0) {
        reply_err(c->req, &err);
        return;
    }
    reply_refusal(c->req, c->site, KT_EINVAL, v);
    kt_json_free(v);
}

int seal_answered(struct call *c, int r, const struct kt_buf *out, const struct kt_err *err)
{
    if (r == KT_EINVAL) {
        reply_verdict(c, out);
    } else if (r < 0) {
        reply_err(c->req, err);
    }
    return r;
}

void send_request(struct call *c, const char *verb, struct kt_str args)
{
    struct kt_buf b;
    kt_buf_init(&b, 1 << 20);
    write_request(c, verb, args, &b);
    struct asked *asked = malloc(sizeof *asked);
    KT_ASSERT(asked);
    *asked = (struct asked){c->req, kt_site_ref(c->site)};
    kt_http_defer(c->req);
    int r = b.full ? KT_ELIMIT
                   : kt_runtime_request(c->api->opts.runtime, (struct kt_str){b.p, b.n},
                                        c->person.user, on_verdict, asked);
    kt_buf_done(&b);
    if (r < 0) { /* nobody will answer */
        kt_site_unref(asked->site);
        free(asked);
    }
    if (r == KT_EBUSY) {
        reply_busy(c->req, 2, "too many requests are under way; send it again in a moment");
    } else if (r < 0) {
        reply_code(c->req, r, "%s", kt_err_text(r));
    }
}

/* The args as they go into the journal. False when answered. */
static bool take_args(struct call *c, const char *verb, struct kt_buf *out)
{
    const struct kt_json *args = kt_json_get(c->body, "args");
    if (strcmp(verb, "record.attach") == 0) {
        const char *checked = attach_args(c, args);
        kt_buf_puts(out, checked ? checked : "");
        return checked != NULL;
    }
    struct kt_room *room = kt_runtime_room(c->api->opts.runtime);
    struct kt_jw w = kt_jw_init(out);
    struct kt_err err = {0};
    if (room && kt_json_obj(args) && strncmp(verb, "record.", 7) == 0) {
        return seal_answered(c, kt_room_seal(room, verb, args, out, &err), out, &err) == KT_OK;
    }
    if (kt_json_obj(args)) {
        kt_json_write(args, &w);
    } else {
        kt_buf_puts(out, "{}");
    }
    return true;
}

void post_requests(struct call *c)
{
    const char *verb;
    struct kt_err err = {0};
    struct kt_buf args;
    if (kt_json_need_str(c->body, "verb", &verb, &err) < 0) {
        reply_err(c->req, &err);
        return;
    }
    if (strncmp(verb, "site.", 5) == 0) {
        reply_code(c->req, KT_EDENIED, "use POST /api/v1/reload");
        return;
    }
    if (kt_room_verb(kt_str_c(verb)) && !rates_allow(c, RATE_REQUEST)) {
        return; /* records can wait; alarms, outputs, cards and consoles never do */
    }
    kt_buf_init(&args, 1 << 20);
    if (take_args(c, verb, &args)) {
        send_request(c, verb, (struct kt_str){args.p, args.n});
    }
    kt_buf_done(&args);
}
