/* SPDX-License-Identifier: Apache-2.0 */
/*
 * requests: what people ask for. Each request gets exactly one verdict, judged by the state of the
 * moment it is applied in. A key that was seen before gets the verdict of then and changes nothing.
 */
#include "engine/core.h"

#include <stdio.h>
#include <stdlib.h>

#include "record/record.h"

static int no_op(struct eng *e, const struct request *q, struct kt_err *err)
{
    (void)e;
    (void)q;
    (void)err;
    return KT_OK;
}

static const struct verb {
    const char *name, *right; /* right NULL: the handler asks for it */
    request_fn fn;
} verbs[] = {
    {"alarm.ack", "alarm.ack", eng_alarm_ack},
    {"alarm.shelve", "alarm.shelve", eng_alarm_shelve},
    {"alarm.unshelve", "alarm.shelve", eng_alarm_unshelve},
    {"alarm.oos", "alarm.oos", eng_alarm_oos},
    {"alarm.return", "alarm.oos", eng_alarm_return},
    {"output.command", NULL, eng_output_command},
    {"output.confirm", "output.confirm", eng_output_confirm},
    {"output.cancel", "output.confirm", eng_output_cancel},
    {"output.tag", "output.tag", eng_output_tag},
    {"sequence.start", NULL, eng_sequence_start},
    {"sequence.confirm", "output.confirm", eng_sequence_confirm},
    {"sequence.hold", "output.open", eng_sequence_hold},
    {"sequence.resume", "output.close", eng_sequence_resume},
    {"sequence.end", "output.open", eng_sequence_end},
    {"output.untag", "output.untag", eng_output_untag},
    {"calibration.open", "calibration.write", eng_calibration_open},
    {"calibration.extend", "calibration.write", eng_calibration_extend},
    {"calibration.close", "calibration.write", eng_calibration_close},
    {"limit.propose", "limit.propose", eng_limit_propose},
    {"limit.approve", "limit.approve", eng_limit_approve},
    {"limit.reject", "limit.approve", eng_limit_reject},
    {"card.step", "card.write", eng_card_step},
    {"card.measure", "card.write", eng_card_measure},
    {"card.followup", "card.write", eng_card_followup},
    {"card.close", "card.write", eng_card_close},
    {"test.record", "test.write", eng_test_record},
    {"handover.sign", "handover", eng_handover_sign},
    {"manual.set", "manual.set", eng_manual_set},
    {"manual.clear", "manual.set", eng_manual_clear},
    {"drill.start", "drill", eng_drill_start},
    {"drill.stop", "drill", eng_drill_stop},
    {"console.hello", "view", eng_console_hello},
    {"console.mute", "view", eng_console_mute},
    {"evacuation.start", "evacuation", eng_evac_start},
    {"evacuation.stop", "evacuation", eng_evac_stop},
    {"evacuation.confirm", "evacuation", eng_evac_confirm},
    {"evacuation.block", "evacuation", eng_evac_block},
    {"person.calm", "person.manage", eng_person_calm},
    {"person.out", "person.manage", eng_person_out},
    {"call.start", "call", eng_call_start},
    {"call.end", NULL, eng_call_end},
    {"broadcast.start", "broadcast", eng_broadcast_start},
    {"recording.erase", "personal.erase", eng_recording_erase},
    {"note.add", "view", eng_note_add},
    {"site.reload", "site.reload", no_op},
};

static bool holds_text(const struct kt_json *list, const char *text)
{
    for (size_t i = 0; i < kt_json_len(list); i++) {
        const char *s = kt_json_str(kt_json_at(list, i));
        if (s && strcmp(s, text) == 0) {
            return true;
        }
    }
    return false;
}

bool eng_may(const struct request *q, const char *right)
{
    return holds_text(kt_json_get(q->by, "rights"), right);
}

int eng_place_in_scope(const struct eng *e, const struct request *q, kt_place_id place,
                       struct kt_err *err)
{
    const struct kt_json *places = kt_json_get(q->by, "places");
    if (holds_text(places, "*")) {
        return KT_OK;
    }
    for (size_t i = 0; i < kt_json_len(places) && place.v < e->site->places_n; i++) {
        kt_place_id under = kt_site_place(e->site, kt_json_strn(kt_json_at(places, i)));
        if (under.v != KT_NONE && kt_site_within(e->site, place, under)) {
            return KT_OK;
        }
    }
    return kt_err_set(err, KT_EDENIED, "%s is outside the places of %s",
                      place.v < e->site->places_n ? e->site->places[place.v].id : "this place",
                      q->user);
}

int eng_in_scope(const struct eng *e, const struct request *q, uint32_t point, struct kt_err *err)
{
    return eng_place_in_scope(e, q, e->site->points[point].place, err);
}

int eng_arg_text(const struct request *q, const char *key, const char **ret, struct kt_err *err)
{
    int r = kt_json_need_str(q->args, key, ret, err);
    return r == KT_OK && !(*ret)[0] ? kt_err_set(err, KT_EINVAL, "%s: write something", key) : r;
}

int eng_arg_point(const struct eng *e, const struct request *q, const char *key, uint32_t *ret,
                  struct kt_err *err)
{
    const char *id;
    int r = eng_arg_text(q, key, &id, err);
    if (r < 0) {
        return r;
    }
    kt_point_id p = kt_site_point(e->site, kt_str_c(id));
    if (p.v == KT_NONE) {
        return kt_err_set(err, KT_ENOTFOUND, "%s: no point is called %s", key, id);
    }
    *ret = p.v;
    return eng_in_scope(e, q, p.v, err);
}

int eng_arg_id(const struct request *q, const char *key, uint64_t *ret, struct kt_err *err)
{
    int64_t id;
    int r = kt_json_need_int(q->args, key, &id, err);
    if (r == KT_OK && id <= 0) {
        return kt_err_set(err, KT_EINVAL, "%s: a number above 0", key);
    }
    if (r == KT_OK) {
        *ret = (uint64_t)id;
    }
    return r;
}

static const struct verb *find_verb(const char *name)
{
    for (size_t i = 0; i < KT_ARRAY_LEN(verbs); i++) {
        if (strcmp(verbs[i].name, name) == 0) {
            return &verbs[i];
        }
    }
    return NULL;
}

static int dispatch(struct eng *e, const struct request *q, struct kt_err *err)
{
    const struct verb *v = find_verb(q->verb);
    if (!v) {
        return kt_err_set(err, KT_EINVAL, "verb: %s is not known", q->verb);
    }
    if (!kt_json_obj(q->by) || !q->user[0] || strlen(q->user) >= ENG_NAME) {
        return kt_err_set(err, KT_EDENIED, "by: who asks is not said");
    }
    if (v->right && !eng_may(q, v->right)) {
        return kt_err_set(err, KT_EDENIED, "%s needs the right %s", q->verb, v->right);
    }
    if (!kt_json_obj(q->args)) {
        return kt_err_set(err, KT_EINVAL, "args: an object is needed");
    }
    return v->fn(e, q, err);
}

/* text: the result object as JSON when code is KT_OK, else what was wrong. */
static void say_verdict(struct eng *e, const char *key, int code, struct kt_str text, bool again)
{
    struct kt_jw *w = eng_say(e, "verdict");
    kt_jw_kstr(w, "key", key);
    kt_jw_kbool(w, "ok", code == KT_OK);
    if (code == KT_OK) {
        kt_jw_key(w, "result");
        kt_jw_raw(w, text);
    } else {
        kt_jw_kstr(w, "code", kt_err_name(code));
        kt_jw_key(w, "text");
        kt_jw_strn(w, text);
    }
    if (again) {
        kt_jw_kbool(w, "again", true);
    }
    eng_said(e);
}

static void remember(struct eng *e, const char *full, int code, struct kt_str text)
{
    struct key_seen *k = &e->keys[e->key_at];
    if (k->key[0]) {
        (void)kt_map_del(e->key_map, kt_str_c(k->key));
    }
    free(k->text);
    k->text = strndup(text.n ? text.p : "", text.n);
    KT_ASSERT(k->text);
    k->code = code;
    kt_text_set(k->key, sizeof k->key, full);
    kt_map_set(e->key_map, kt_str_c(k->key), e->key_at);
    e->key_at = (e->key_at + 1) % ENG_KEYS;
}

static void judge(struct eng *e, const struct kt_json *root, struct request *q)
{
    struct kt_err err = {0};
    const char *key = kt_json_get_str(root, "key", "");
    char full[ENG_KEY + ENG_NAME] = "";
    uint64_t at;
    if (key[0] && strlen(key) < ENG_KEY && strlen(q->user) < ENG_NAME) {
        (void)snprintf(full, sizeof full, "%s/%s", q->user, key);
        if (kt_map_get(e->key_map, kt_str_c(full), &at)) {
            say_verdict(e, key, e->keys[at].code, kt_str_c(e->keys[at].text), true);
            return;
        }
    }
    struct kt_buf result;
    kt_buf_init(&result, 1u << 20);
    struct kt_jw w = kt_jw_init(&result);
    q->result = &w;
    kt_jw_obj(&w);
    int r = strlen(key) < ENG_KEY
                ? dispatch(e, q, &err)
                : kt_err_set(&err, KT_EINVAL, "key: at most %d bytes", ENG_KEY - 1);
    kt_jw_obj_end(&w);
    struct kt_str text = r == KT_OK ? (struct kt_str){result.p, result.n} : kt_str_c(err.text);
    eng_drain(e);
    say_verdict(e, key, r, text, false);
    if (full[0]) {
        remember(e, full, r, text);
    }
    kt_buf_done(&result);
}

void eng_request(struct eng *e, kt_seq seq, struct kt_str body)
{
    struct kt_json *root = NULL;
    struct kt_err err = {0};
    int r = kt_json_parse(body, 1u << 20, &root, &err);
    if (r < 0) {
        char text[sizeof err.text + sizeof err.file + 32];
        say_verdict(e, "", r, kt_str_c(kt_err_str(&err, text, sizeof text)), false);
        return;
    }
    struct request q = {.seq = seq,
                        .verb = kt_json_get_str(root, "verb", ""),
                        .console = kt_json_get_str(root, "console", ""),
                        .args = kt_json_get(root, "args"),
                        .by = kt_json_get(root, "by")};
    q.user = kt_json_get_str(q.by, "user", "");
    if (!kt_room_verb(kt_str_c(q.verb))) { /* those the record room judges, and answers */
        judge(e, root, &q);
    }
    kt_json_free(root);
}

void eng_keys_save(const struct eng *e, struct kt_buf *out)
{
    kt_put_varint(out, e->key_at);
    for (uint32_t i = 0; i < ENG_KEYS; i++) {
        const struct key_seen *k = &e->keys[i];
        kt_put_bytes(out, k->key, strlen(k->key));
        if (k->key[0]) {
            kt_put_i64(out, k->code);
            kt_put_bytes(out, k->text, strlen(k->text));
        }
    }
}

void eng_keys_load(struct eng *e, struct kt_rd *in)
{
    uint64_t at = kt_get_varint(in);
    in->bad |= at >= ENG_KEYS;
    e->key_at = in->bad ? 0 : (uint32_t)at;
    for (uint32_t i = 0; i < ENG_KEYS && !in->bad; i++) {
        struct key_seen *k = &e->keys[i];
        struct kt_str key = kt_get_bytes(in);
        if (key.n == 0) {
            continue;
        }
        int64_t code = kt_get_i64(in);
        struct kt_str text = kt_get_bytes(in);
        in->bad |= key.n >= sizeof k->key || memchr(key.p, 0, key.n) || code > 0 || code < -64 ||
                   (text.n > 0 && memchr(text.p, 0, text.n));
        if (!in->bad) {
            memcpy(k->key, key.p, key.n);
            k->code = (int)code;
            k->text = strndup(text.n ? text.p : "", text.n);
            KT_ASSERT(k->text);
            kt_map_set(e->key_map, key, i);
        }
    }
}
