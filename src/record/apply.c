/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply: one request from its JSON to its verdict. What a verb does is in requests_*.c and in the
 * flow. A refused request is rolled back to its savepoint; a key that was seen before gets the
 * verdict of then.
 */
#include "record/requests.h"

#include <math.h>
#include <stdio.h>

#include "base/log.h"

enum { REQUEST_MAX = 4 << 20, KEY_MAX = 200, KEYS = 20000, ARENA_MAX = 1 << 30 };

static const struct verb {
    const char *name;
    rec_verb_fn fn;
} verbs[] = {
    {"record.create", verb_create}, {"record.set", verb_set},         {"record.end", verb_end},
    {"record.reopen", verb_reopen}, {"record.resolve", verb_resolve}, {"record.merge", verb_merge},
    {"record.attach", verb_attach}, {"record.detach", verb_detach},   {"record.bulk", verb_bulk},
    {"record.import", verb_import}, {"record.look", verb_look},       {"record.erase", verb_erase},
};

int rec_no(struct rec_request *q, int code, const char *en, const char *zh)
{
    snprintf(q->text, sizeof(q->text), "%s", en);
    snprintf(q->text_zh, sizeof(q->text_zh), "%s", zh);
    return code;
}

int rec_run_verb(struct kt_room *r, struct rec_request *q, struct kt_err *err)
{
    for (size_t i = 0; i < KT_ARRAY_LEN(verbs); i++) {
        if (strcmp(verbs[i].name, q->verb) == 0) {
            return verbs[i].fn(r, q, err);
        }
    }
    int rc = flow_request(r, q, err);
    if (rc == KT_EUNSUPPORTED && !q->text[0]) {
        return rec_no(q, KT_EINVAL, rec_f(q, "verb: %.60s is not known", q->verb),
                      rec_f(q, "不认识的操作 %.60s", q->verb));
    }
    return rc;
}

/* ---- who ---- */

static bool holds(const struct kt_json *list, const char *text)
{
    for (size_t i = 0; i < kt_json_len(list); i++) {
        const char *s = kt_json_str(kt_json_at(list, i));
        if (s && strcmp(s, text) == 0) {
            return true;
        }
    }
    return false;
}

bool rec_may(const struct rec_request *q, const char *right)
{
    return q->clock || holds(kt_json_get(q->by, "rights"), right);
}

bool rec_may_write(const struct rec_request *q, const struct rec_register *reg)
{
    return rec_may(q, reg->right_write) || (!reg->is_private && rec_may(q, "record.write"));
}

bool rec_may_read(const struct rec_request *q, const struct rec_register *reg)
{
    return rec_may(q, reg->right_read) || (!reg->is_private && rec_may(q, "record.read")) ||
           rec_may_write(q, reg);
}

static uint32_t roots(const struct kt_site *s)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->places_n; i++) {
        n += s->places[i].parent.v == KT_NONE;
    }
    return n;
}

bool rec_sees_all(const struct kt_site *s, const char *const *places, uint32_t n)
{
    uint32_t held = 0;
    for (uint32_t i = 0; i < n; i++) {
        kt_place_id p = kt_site_place(s, kt_str_c(places[i]));
        if (strcmp(places[i], "*") == 0) {
            return true;
        }
        held += p.v != KT_NONE && s->places[p.v].parent.v == KT_NONE;
    }
    return held > 0 && held >= roots(s);
}

static bool all_places(const struct kt_room *r, const struct rec_request *q)
{
    enum { MOST = 64 };
    const char *ids[MOST];
    uint32_t n = 0;
    const struct kt_json *places = kt_json_get(q->by, "places");
    for (size_t i = 0; i < kt_json_len(places) && n < MOST; i++) {
        const char *s = kt_json_str(kt_json_at(places, i));
        ids[n] = s ? s : "";
        n++;
    }
    return rec_sees_all(r->site, ids, n);
}

bool rec_in_scope(const struct kt_room *r, const struct rec_request *q,
                  const struct rec_register *reg, const char *place)
{
    if (q->clock || (reg->place == KT_NONE && reg->everywhere) || all_places(r, q)) {
        return true;
    }
    if (reg->place == KT_NONE || !place || !place[0]) {
        return false;
    }
    kt_place_id at = kt_site_place(r->site, kt_str_c(place));
    const struct kt_json *places = kt_json_get(q->by, "places");
    for (size_t i = 0; at.v != KT_NONE && i < kt_json_len(places); i++) {
        kt_place_id under = kt_site_place(r->site, kt_json_strn(kt_json_at(places, i)));
        if (under.v != KT_NONE && kt_site_within(r->site, at, under)) {
            return true;
        }
    }
    return false;
}

/* ---- arguments ---- */

int rec_arg_text(struct rec_request *q, const char *key, const char **ret)
{
    const char *s = kt_json_str(kt_json_get(q->args, key));
    if (!s || !s[0]) {
        return rec_no(q, KT_EINVAL, rec_f(q, "%s: write something", key),
                      rec_f(q, "请填写 %s", key));
    }
    if (strlen(s) > REC_TEXT_MAX) {
        return rec_no(q, KT_EINVAL, rec_f(q, "%s: at most %d bytes", key, REC_TEXT_MAX),
                      rec_f(q, "%s 过长", key));
    }
    *ret = s;
    return KT_OK;
}

int rec_arg_int(struct rec_request *q, const char *key, int64_t *ret)
{
    int64_t v;
    if (!kt_json_int(kt_json_get(q->args, key), &v) || v <= 0) {
        return rec_no(q, KT_EINVAL, rec_f(q, "%s: a number above 0", key),
                      rec_f(q, "%s 应为大于0的整数", key));
    }
    *ret = v;
    return KT_OK;
}

int rec_arg_register(struct kt_room *r, struct rec_request *q, const struct rec_register **ret)
{
    const char *id = kt_json_get_str(q->args, "register", "");
    uint32_t i = rec_register_of(r->model, id);
    if (i == KT_NONE || !rec_may_read(q, &r->model->registers[i])) {
        return rec_no(q, KT_ENOTFOUND, rec_f(q, "there is no register \"%.60s\"", id),
                      rec_f(q, "没有台账“%.60s”", id));
    }
    *ret = &r->model->registers[i];
    return KT_OK;
}

int rec_need_write(struct rec_request *q, const struct rec_register *reg)
{
    if (!rec_may_write(q, reg)) {
        return rec_no(q, KT_EDENIED,
                      rec_f(q, "%s needs the right %s", reg->title.en, reg->right_write),
                      rec_f(q, "没有写“%s”的权限（%s）", reg->title.zh, reg->right_write));
    }
    return KT_OK;
}

static int read_source(struct rec_request *q)
{
    const struct kt_json *a = q->args;
    struct rec_source *s = &q->source;
    const char *source = kt_json_get_str(a, "source", ""), *note = kt_json_get_str(a, "note", "");
    int64_t now = rec_ms(q->time), since = kt_json_get_int(a, "since", now);
    if (strlen(source) > 200 || strlen(note) > REC_TEXT_MAX) {
        return rec_no(q, KT_EINVAL, "source or note is too long", "来源或备注过长");
    }
    if (since > now) {
        return rec_no(q, KT_EINVAL, "since: a value cannot be valid from a moment to come",
                      "生效时间不能晚于现在");
    }
    double certainty = kt_json_get_num(a, "certainty", (double)NAN);
    if (certainty < 0 || certainty > 1) {
        return rec_no(q, KT_EINVAL, "certainty: between 0 and 1", "可信度应在0与1之间");
    }
    *s = (struct rec_source){.source = source[0] ? source : NULL,
                             .note = note[0] ? note : NULL,
                             .verified = kt_json_get_bool(a, "verified", false),
                             .certainty = certainty,
                             .since_ms = since};
    return KT_OK;
}

static int judge(struct kt_room *r, struct rec_request *q, struct kt_err *err)
{
    if (!kt_json_obj(q->by) || !q->user[0] || strlen(q->user) > 64) {
        return rec_no(q, KT_EDENIED, "by: who asks is not said", "没有说明是谁的请求");
    }
    if (!kt_json_obj(q->args)) {
        return rec_no(q, KT_EINVAL, "args: an object is needed", "缺少参数");
    }
    int rc = read_source(q);
    return rc == KT_OK ? rec_run_verb(r, q, err) : rc;
}

/* ---- verdicts ---- */

/* The disk or the file has failed: not a matter of the request. */
bool rec_is_fatal(int code)
{
    return code == KT_EIO || code == KT_EFULL || code == KT_ECORRUPT || code == KT_ENOMEM ||
           code == KT_EBUSY;
}

static void write_verdict(struct kt_jw *w, const struct rec_request *q, int code,
                          struct kt_str result)
{
    kt_jw_kbool(w, "ok", code == KT_OK);
    if (code == KT_OK) {
        kt_jw_key(w, "result");
        kt_jw_raw(w, result);
        return;
    }
    kt_jw_kstr(w, "code", kt_err_name(code));
    kt_jw_kstr(w, "text", q->text);
    kt_jw_kstr(w, "text_zh", q->text_zh);
    if (q->problems.n) {
        kt_jw_key(w, "problems");
        kt_jw_arr(w);
        kt_jw_raw(w, (struct kt_str){q->problems.p, q->problems.n});
        kt_jw_arr_end(w);
    }
}

/** @param inside  of the verdict, after its key */
static int say_verdict(struct kt_room *r, const char *key, struct kt_str inside, bool again,
                       struct kt_err *err)
{
    struct kt_buf b;
    kt_buf_init(&b, 0);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_kstr(&w, "key", key);
    kt_put_u8(&b, ',');
    kt_buf_put(&b, inside.p, inside.n);
    if (again) {
        kt_buf_puts(&b, ",\"again\":true");
    }
    int rc = rec_say(r, "verdict", (struct kt_str){b.p, b.n}, err);
    kt_buf_done(&b);
    return rc;
}

static int key_seen(struct kt_room *r, const char *full, struct kt_buf *ret, bool *ret_seen,
                    struct kt_err *err)
{
    struct kt_stmt *st;
    int rc = kt_db_prepare(r->w, "SELECT verdict FROM kt_key WHERE key = ?", &st, err);
    if (rc < 0) {
        return rc;
    }
    kt_bind_text(st, 1, full);
    rc = kt_stmt_step(st, err);
    if (rc > 0) {
        struct kt_str s = kt_col_bytes(st, 0);
        kt_buf_put(ret, s.p, s.n);
        *ret_seen = true;
    }
    kt_stmt_done(st);
    return rc < 0 ? rc : KT_OK;
}

static int remember(struct kt_room *r, const char *full, struct kt_str verdict, struct kt_err *err)
{
    struct kt_stmt *st;
    int rc = kt_db_prepare(r->w, "INSERT INTO kt_key(key, verdict) VALUES(?, ?)", &st, err);
    if (rc < 0) {
        return rc;
    }
    kt_bind_text(st, 1, full);
    kt_bind_str(st, 2, verdict);
    rc = kt_stmt_run(st, err);
    kt_stmt_done(st);
    if (rc < 0) {
        return rc;
    }
    int64_t id = kt_db_last_id(r->w);
    rc = kt_db_prepare(r->w, "DELETE FROM kt_key WHERE id = ?", &st, err);
    if (rc == KT_OK) {
        kt_bind_i64(st, 1, id - KEYS);
        rc = kt_stmt_run(st, err);
        kt_stmt_done(st);
    }
    return rc;
}

int rec_savepoint(struct kt_room *r, const char *what, const char *name, struct kt_err *err)
{
    char sql[80];
    snprintf(sql, sizeof(sql), "%s %s", what, name);
    return kt_db_exec(r->w, sql, err);
}

/* Run the verb; what it did is there, or nothing is. */
static int attempt(struct kt_room *r, struct rec_request *q, struct kt_err *err)
{
    size_t said = r->said.n;
    uint32_t k = r->k;
    int64_t last_id = r->last_id;
    struct kt_err why = {0};
    int rc = rec_savepoint(r, "SAVEPOINT", "ask", err);
    if (rc < 0) {
        return rc;
    }
    int code = judge(r, q, &why);
    if (code < 0) {
        if (!q->text[0] && rec_is_fatal(why.code)) {
            *err = why;
            return why.code;
        }
        if (!q->text[0]) {
            KT_ERROR("record", "%s at event %llu: %s", q->verb, (unsigned long long)q->seq,
                     why.text);
            (void)rec_no(q, code, kt_err_text(code), "操作未能完成");
        }
        r->said.n = said;
        r->k = k;
        r->last_id = last_id;
        rc = rec_savepoint(r, "ROLLBACK TO", "ask", err);
    }
    rc = rc == KT_OK ? rec_savepoint(r, "RELEASE", "ask", err) : rc;
    return rc < 0 ? rc : code < 0 ? 1 - code : KT_OK; /* above 0: refused */
}

static int run(struct kt_room *r, struct rec_request *q, const char *key, const char *full,
               struct kt_err *err)
{
    struct kt_buf result, verdict;
    kt_buf_init(&result, REQUEST_MAX);
    kt_buf_init(&verdict, 0);
    struct kt_jw w = kt_jw_init(&result);
    q->result = &w;
    kt_jw_obj(&w);
    int rc = attempt(r, q, err);
    kt_jw_obj_end(&w);
    if (rc >= 0) {
        struct kt_jw vw = kt_jw_init(&verdict);
        write_verdict(&vw, q, rc > 0 ? 1 - rc : KT_OK, (struct kt_str){result.p, result.n});
        struct kt_str inside = {verdict.p, verdict.n};
        rc = say_verdict(r, key, inside, false, err);
        if (rc == KT_OK && full[0]) {
            rc = remember(r, full, inside, err);
        }
    }
    kt_buf_done(&result);
    kt_buf_done(&verdict);
    return rc;
}

static int with_key(struct kt_room *r, struct rec_request *q, const char *key, struct kt_err *err)
{
    char full[KEY_MAX + 80] = "";
    struct kt_buf seen;
    bool was = false;
    int rc = KT_OK;
    kt_buf_init(&seen, 0);
    if (key[0] && strlen(key) < KEY_MAX && strlen(q->user) <= 64) {
        snprintf(full, sizeof(full), "%s/%s", q->user, key);
        rc = key_seen(r, full, &seen, &was, err);
    }
    if (rc == KT_OK && was) {
        rc = say_verdict(r, key, (struct kt_str){seen.p, seen.n}, true, err);
    } else if (rc == KT_OK) {
        rc = run(r, q, full[0] ? key : "", full, err);
    }
    kt_buf_done(&seen);
    return rc;
}

int room_request(struct kt_room *r, const struct kt_event *ev, struct kt_err *err)
{
    struct kt_json *root = NULL;
    struct kt_err why = {0};
    if (kt_json_parse(ev->body, REQUEST_MAX, &root, &why) < 0 ||
        !kt_room_verb(kt_json_strn(kt_json_get(root, "verb")))) {
        kt_json_free(root);
        return KT_OK; /* the engine's, which answers it */
    }
    r->asked = ev->seq;
    struct rec_request q = {.seq = ev->seq,
                            .time = ev->time,
                            .a = kt_arena_new(ARENA_MAX),
                            .verb = kt_json_get_str(root, "verb", ""),
                            .args = kt_json_get(root, "args"),
                            .by = kt_json_get(root, "by")};
    kt_buf_init(&q.problems, 1 << 16);
    q.user = kt_json_get_str(q.by, "user", "");
    int rc = with_key(r, &q, kt_json_get_str(root, "key", ""), err);
    kt_buf_done(&q.problems);
    kt_arena_free(q.a);
    kt_json_free(root);
    return rc;
}
