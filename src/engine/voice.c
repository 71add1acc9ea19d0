/* SPDX-License-Identifier: Apache-2.0 */
/* voice: talks: asked for by people, answered by links, ended by whoever is first. */
#include "engine/voice.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const kinds[] = {"call", "ring", "broadcast", "sms", "mail"};
static const char *const states[] = {"asked", "desk", "ringing", "talking", "ended"};
static const enum kt_link_kind link_kinds[] = {KT_LINK_SIP, KT_LINK_SIP, KT_LINK_SIP, KT_LINK_SMS,
                                               KT_LINK_MAIL};
/* the longest that each kind may take */
static const int64_t longest[] = {4 * KT_HOUR, 5 * KT_MIN, 30 * KT_MIN, 5 * KT_MIN, 5 * KT_MIN};

struct voice *voice_new(void)
{
    struct voice *v = calloc(1, sizeof(*v));
    KT_ASSERT(v);
    return v;
}

void voice_free(struct voice *v)
{
    for (uint32_t i = 0; v && i < v->talk.n; i++) {
        free(v->talk.v[i].at.v);
    }
    if (v) {
        free(v->talk.v);
        free(v->climb.v);
        free(v->kept.v);
        free(v->erased.v);
    }
    free(v);
}

struct talk *voice_find(struct eng *e, uint64_t id)
{
    for (uint32_t i = e->voice->talk.n; i-- > 0;) {
        if (e->voice->talk.v[i].id == id) {
            return &e->voice->talk.v[i];
        }
    }
    return NULL;
}

bool voice_many(const struct talk *t)
{
    return t->kind == TALK_CAST || t->at.n > 0;
}

/* ---- told ------------------------------------------------------------------------------------ */

static void place_of(const struct eng *e, const struct talk *t, struct kt_jw *w)
{
    kt_point_id p = kt_site_point(e->site, kt_str_c(t->to));
    if (voice_many(t)) {
        kt_jw_ktext(w, "place", t->to);
    } else if (p.v != KT_NONE) {
        kt_jw_kstr(w, "point", t->to);
        if (e->site->points[p.v].place.v < e->site->places_n) {
            kt_jw_kstr(w, "place", e->site->places[e->site->points[p.v].place.v].id);
        }
    } else {
        kt_jw_kstr(w, "to", t->to);
    }
}

void voice_members(const struct eng *e, const struct talk *t, struct kt_jw *w)
{
    kt_jw_kint(w, "id", (int64_t)t->id);
    kt_jw_kstr(w, "kind", kinds[t->kind]);
    kt_jw_kstr(w, "state", states[t->state]);
    place_of(e, t, w);
    kt_jw_ktext(w, "desk", t->from);
    kt_jw_kstr(w, "by", t->by);
    if (t->alarm) {
        kt_jw_kint(w, "alarm", (int64_t)t->alarm);
    }
    kt_jw_ktext(w, "result", t->result);
    kt_jw_ktext(w, "text", t->text);
    kt_jw_ktext(w, "recording", t->recording);
    if (t->emergency) {
        kt_jw_kbool(w, "emergency", true);
    }
    kt_jw_ktime(w, "started", t->started);
    kt_jw_ktime(w, "answered", t->answered);
    kt_jw_ktime(w, "ended", t->ended);
}

struct kt_jw *voice_say(struct eng *e, const struct talk *t, const char *change)
{
    struct kt_jw *w = eng_say(e, t->kind == TALK_CAST ? "broadcast" : "call");
    if (t->drill && !e->drill[0]) {
        kt_jw_kbool(w, "drill", true);
    }
    kt_jw_kstr(w, "change", change);
    voice_members(e, t, w);
    return w;
}

/* ---- begun and ended ------------------------------------------------------------------------- */

static void forget(struct voice *v)
{
    uint32_t past = 0;
    for (uint32_t i = 0; i < v->talk.n; i++) {
        past += v->talk.v[i].state == TALK_ENDED;
    }
    for (uint32_t i = 0; i < v->talk.n && past > VOICE_PAST;) {
        if (v->talk.v[i].state == TALK_ENDED) {
            free(v->talk.v[i].at.v);
            ENG_REMOVE(v->talk, i);
            past--;
        } else {
            i++;
        }
    }
}

struct talk *voice_start(struct eng *e, enum talk_kind kind, const char *to, const char *by)
{
    uint32_t alive = 0;
    forget(e->voice);
    for (uint32_t i = 0; i < e->voice->talk.n; i++) {
        alive += e->voice->talk.v[i].state != TALK_ENDED;
    }
    if (alive >= VOICE_ALIVE) {
        return NULL;
    }
    struct talk *t = ENG_PUSH(e->voice->talk);
    t->id = eng_next_id(e);
    t->kind = (uint8_t)kind;
    t->started = e->now;
    t->drill = e->drill[0] != '\0';
    kt_text_set(t->to, sizeof(t->to), to);
    kt_text_set(t->by, sizeof(t->by), by);
    return t;
}

static void write_word(const struct talk *t, const char *order, struct kt_buf *out)
{
    struct kt_jw w = kt_jw_init(out);
    kt_jw_obj(&w);
    kt_jw_kint(&w, "talk", (int64_t)t->id);
    kt_jw_kstr(&w, "do", order);
    kt_jw_ktext(&w, "desk", t->from);
    kt_jw_kstr(&w, "to", t->to);
    kt_jw_ktext(&w, "text", t->text);
    kt_jw_ktext(&w, "body", t->body);
    kt_jw_kbool(&w, "emergency", t->emergency);
    kt_jw_kbool(&w, "drill", t->drill);
    kt_jw_key(&w, "points");
    kt_jw_arr(&w);
    for (uint32_t i = 0; i < t->at.n; i++) {
        kt_jw_str(&w, t->at.v[i].point);
    }
    kt_jw_arr_end(&w);
    kt_jw_obj_end(&w);
}

static void word_out(struct eng *e, const struct talk *t, const char *order)
{
    struct kt_buf b;
    if (!e->out.word) {
        return;
    }
    kt_buf_init(&b, 1u << 20);
    write_word(t, order, &b);
    struct kt_word word = {.talk = t->id,
                           .link = link_kinds[t->kind],
                           .until = e->now + VOICE_DEAF,
                           .json = {b.p, b.n}};
    e->out.word(e->out.arg, &word);
    kt_buf_done(&b);
}

void voice_send(struct eng *e, struct talk *t)
{
    word_out(e, t, kinds[t->kind]);
    struct kt_jw *w = voice_say(e, t, "start");
    if (voice_many(t)) {
        kt_jw_kint(w, t->kind == TALK_CAST ? "speakers" : "phones", t->at.n);
    }
    eng_said(e);
}

static void end_members(const struct talk *t, struct kt_jw *w)
{
    int64_t n[SPEAKER_STATES] = {0};
    for (uint32_t i = 0; i < t->at.n; i++) {
        n[t->at.v[i].state]++;
    }
    if (t->kind == TALK_CAST) {
        kt_jw_kint(w, "speakers", t->at.n);
        kt_jw_kint(w, "confirmed", n[SPEAKER_CONFIRMED]);
        kt_jw_kint(w, "sent", n[SPEAKER_SENT] + n[SPEAKER_SPEAKING]);
    } else {
        kt_jw_kint(w, "phones", t->at.n);
        kt_jw_kint(w, "joined", n[SPEAKER_JOINED]);
    }
    kt_jw_key(w, "silent");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < t->at.n; i++) {
        uint8_t s = t->at.v[i].state;
        if (s == SPEAKER_SILENT || s == SPEAKER_REFUSED || s == SPEAKER_ASKED) {
            kt_jw_str(w, t->at.v[i].point);
        }
    }
    kt_jw_arr_end(w);
}

void voice_end(struct eng *e, struct talk *t, const char *result)
{
    if (t->state == TALK_ENDED) {
        return;
    }
    t->state = TALK_ENDED;
    t->ended = e->now;
    kt_text_set(t->result, sizeof(t->result), result);
    struct kt_jw *w = voice_say(e, t, "end");
    if (t->answered) {
        kt_jw_kint(w, "seconds", (t->ended - t->answered) / KT_SEC);
    }
    if (voice_many(t)) {
        end_members(t, w);
    }
    eng_said(e);
    if (t->alarm) {
        voice_climb_ended(e, t);
    }
}

/* ---- answers of a link ----------------------------------------------------------------------- */

static void advance(struct eng *e, struct talk *t, uint8_t state)
{
    if (state <= t->state) {
        return;
    }
    t->state = state;
    t->answered = state == TALK_TALKING ? e->now : t->answered;
    (void)voice_say(e, t, states[state]);
    eng_said(e);
}

static void ended_answer(struct eng *e, struct talk *t, const struct kt_json *a)
{
    const char *hash = kt_json_get_str(a, "recording", "");
    if (strlen(hash) == 64) {
        kt_text_set(t->recording, sizeof(t->recording), hash);
    }
    voice_end(e, t, kt_json_get_str(a, "result", "ended"));
    voice_keep(e, t, kt_json_get_int(a, "bytes", 0));
}

void eng_voice_answer(struct eng *e, const struct kt_json *a)
{
    struct talk *t = voice_find(e, (uint64_t)kt_json_get_int(a, "talk", 0));
    if (!t || t->state == TALK_ENDED) {
        return;
    }
    t->heard = e->now;
    if (kt_json_get(a, "speakers")) {
        voice_cast_answer(e, t, a);
    }
    const char *state = kt_json_get_str(a, "state", "");
    for (uint8_t i = TALK_DESK; i < TALK_ENDED; i++) {
        if (strcmp(state, states[i]) == 0) {
            advance(e, t, i);
        }
    }
    if (strcmp(state, "ended") == 0) {
        ended_answer(e, t, a);
    }
}

/* ---- time, restarts -------------------------------------------------------------------------- */

void eng_voice_second(struct eng *e)
{
    for (uint32_t i = 0; i < e->voice->talk.n; i++) {
        struct talk *t = &e->voice->talk.v[i];
        if (t->state == TALK_ENDED) {
            continue;
        }
        if (t->heard == 0 && e->now - t->started > VOICE_DEAF) {
            voice_end(e, t, "no-link");
        } else if (e->now - t->started > longest[t->kind]) {
            word_out(e, t, "end");
            voice_end(e, t, "late");
        }
    }
    voice_keep_second(e);
    voice_climb_second(e);
}

/* Words that were on their way go again; a call of two persons is over. */
void eng_voice_recovered(struct eng *e)
{
    for (uint32_t i = 0; i < e->voice->talk.n; i++) {
        struct talk *t = &e->voice->talk.v[i];
        if (t->state == TALK_ENDED) {
            continue;
        }
        if (t->kind == TALK_CALL || e->now - t->started > VOICE_AGAIN) {
            voice_end(e, t, "restart");
        } else {
            t->state = TALK_ASKED;
            t->heard = 0;
            word_out(e, t, kinds[t->kind]);
        }
    }
}

/* ---- requests -------------------------------------------------------------------------------- */

static bool has_role(const struct eng *e, uint32_t point, const char *role)
{
    return strcmp(e->site->points[point].role->id, role) == 0 && !e->site->points[point].ended;
}

static bool takes_part(const struct talk *t, const char *point)
{
    bool is = strcmp(t->from, point) == 0 || (!voice_many(t) && strcmp(t->to, point) == 0);
    for (uint32_t i = 0; i < t->at.n && !is; i++) {
        uint8_t s = t->at.v[i].state;
        is = (s == SPEAKER_ASKED || s == SPEAKER_JOINED) && strcmp(t->at.v[i].point, point) == 0;
    }
    return is;
}

static bool busy(const struct eng *e, const char *point)
{
    for (uint32_t i = 0; i < e->voice->talk.n; i++) {
        const struct talk *t = &e->voice->talk.v[i];
        if (t->state != TALK_ENDED && t->kind <= TALK_RING && takes_part(t, point)) {
            return true;
        }
    }
    return false;
}

/* Of several desks that nobody chose among: one that is free before one in a call, and one that
 * answers before one that is known to be silent. */
static int fitness(const struct eng *e, uint32_t point)
{
    const struct kt_live_value *v = kt_live_peek(e->live, (kt_point_id){point});
    bool silent = kt_q_known(v->quality) && v->value == 0;
    return (busy(e, e->site->points[point].id) ? 0 : 2) + !silent;
}

/* The desk that is named, or the fittest of the site. */
static int need_desk(struct eng *e, const struct request *q, const char **ret, struct kt_err *err)
{
    const char *id = kt_json_get_str(q->args, "desk", "");
    int best = -1;
    for (uint32_t i = 0; i < e->points_n; i++) {
        if (has_role(e, i, "voice.desk") && (!id[0] || strcmp(id, e->site->points[i].id) == 0) &&
            fitness(e, i) > best) {
            best = fitness(e, i);
            *ret = e->site->points[i].id;
        }
    }
    if (best >= 0) {
        return KT_OK;
    }
    return id[0] ? kt_err_set(err, KT_ENOTFOUND, "desk: %s is no desk phone", id)
                 : kt_err_set(err, KT_EUNSUPPORTED,
                              "this site has no desk phone: give a point the role voice.desk");
}

static int begin_call(struct eng *e, const struct request *q, const char *desk, const char *to,
                      struct talk **ret, struct kt_err *err)
{
    if (busy(e, desk)) {
        return kt_err_set(err, KT_ECONFLICT, "%s is in a call already", desk);
    }
    struct talk *t = voice_start(e, TALK_CALL, to, q->user);
    if (!t) {
        return kt_err_set(err, KT_ELIMIT, "%d calls are under way already", VOICE_ALIVE);
    }
    kt_text_set(t->from, sizeof(t->from), desk);
    *ret = t;
    return KT_OK;
}

/* All phones of the place ring; whoever answers joins. One that is in a call is told as such. */
static int call_place(struct eng *e, const struct request *q, const char *desk, struct talk **ret,
                      struct kt_err *err)
{
    kt_place_id at;
    int r = voice_need_place(e, q, &at, err);
    r = r < 0 ? r : begin_call(e, q, desk, e->site->places[at.v].id, ret, err);
    if (r < 0) {
        return r;
    }
    voice_add_all(e, *ret, "voice.phone", at.v, kt_json_get_bool(q->args, "downstream", false));
    if ((*ret)->at.n == 0) {
        voice_drop(e, *ret);
        return kt_err_set(err, KT_ENOTFOUND, "no phone is there");
    }
    return KT_OK;
}

static int call_point(struct eng *e, const struct request *q, const char *desk, struct talk **ret,
                      struct kt_err *err)
{
    uint32_t to;
    int r = eng_arg_point(e, q, "to", &to, err);
    if (r < 0) {
        return r;
    }
    const char *id = e->site->points[to].id;
    if (!has_role(e, to, "voice.phone") && !has_role(e, to, "voice.speaker")) {
        return kt_err_set(err, KT_EINVAL, "to: %s is neither phone nor speaker", id);
    }
    return busy(e, id) ? kt_err_set(err, KT_ECONFLICT, "%s is in a call already", id)
                       : begin_call(e, q, desk, id, ret, err);
}

int eng_call_start(struct eng *e, const struct request *q, struct kt_err *err)
{
    const char *desk = NULL;
    struct talk *t;
    int r = need_desk(e, q, &desk, err);
    if (r == KT_OK) {
        r = kt_json_get(q->args, "place") ? call_place(e, q, desk, &t, err)
                                          : call_point(e, q, desk, &t, err);
    }
    if (r < 0) {
        return r;
    }
    kt_jw_kint(q->result, "talk", (int64_t)t->id);
    if (t->at.n > 0) {
        kt_jw_kint(q->result, "phones", t->at.n);
    }
    voice_send(e, t);
    return KT_OK;
}

static int in_scope(struct eng *e, const struct request *q, const struct talk *t,
                    struct kt_err *err)
{
    kt_point_id p = kt_site_point(e->site, kt_str_c(t->to));
    kt_place_id at = kt_site_place(e->site, kt_str_c(t->to));
    if (p.v != KT_NONE && !voice_many(t)) {
        return eng_in_scope(e, q, p.v, err);
    }
    return at.v != KT_NONE ? eng_place_in_scope(e, q, at, err) : KT_OK;
}

/* Hang up, or stop speaking. */
int eng_call_end(struct eng *e, const struct request *q, struct kt_err *err)
{
    uint64_t id;
    int r = eng_arg_id(q, "talk", &id, err);
    struct talk *t = r == KT_OK ? voice_find(e, id) : NULL;
    if (r < 0 || !t) {
        return r < 0 ? r : kt_err_set(err, KT_ENOTFOUND, "talk: there is none of this id");
    }
    const char *right = t->kind == TALK_CAST ? "broadcast" : "call";
    if (!eng_may(q, right)) {
        return kt_err_set(err, KT_EDENIED, "%s has not the right %s", q->user, right);
    }
    if ((r = in_scope(e, q, t, err)) < 0) {
        return r;
    }
    if (t->state == TALK_ENDED) {
        return kt_err_set(err, KT_ECONFLICT, "it is over already");
    }
    word_out(e, t, "end");
    if (t->heard == 0) {
        voice_end(e, t, "hung-up"); /* no link knows of it */
    }
    return KT_OK;
}
