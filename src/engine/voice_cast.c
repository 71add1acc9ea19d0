/* SPDX-License-Identifier: Apache-2.0 */
/* voice_cast: words to the speakers of some places, and how far they came at each. */
#include <stdio.h>
#include <stdlib.h>

#include "engine/folk.h"
#include "engine/voice.h"

static const char SPEAKER[] = "voice.speaker";
static const char *const ids[] = {"asked",  "speaking", "sent",  "confirmed",
                                  "silent", "refused",  "joined"};

const char *voice_speaker_id(uint8_t state)
{
    return ids[state];
}

void voice_mark(const struct eng *e, const char *text, char *to, size_t cap)
{
    bool marked = !e->drill[0] || strstr(text, "演练") == text;
    (void)snprintf(to, cap, marked ? "%.560s" : "演练，演练。%.500s 演练，演练。", text);
}

static void add(struct talk *t, const struct kt_point *p)
{
    for (uint32_t i = 0; i < t->at.n; i++) {
        if (strcmp(t->at.v[i].point, p->id) == 0) {
            return;
        }
    }
    if (t->at.n < VOICE_SPEAKERS) {
        struct speaker *s = ENG_PUSH(t->at);
        kt_text_set(s->point, sizeof(s->point), p->id);
    }
}

static bool is(const struct kt_point *p, const char *role)
{
    return !p->ended && strcmp(p->role->id, role) == 0;
}

/* Is the point's place one of these? */
static bool among(const struct kt_point *p, const kt_place_id *list, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (list[i].v == p->place.v) {
            return true;
        }
    }
    return false;
}

void voice_add_all(struct eng *e, struct talk *t, const char *role, uint32_t place, bool downstream)
{
    uint32_t n = 0;
    kt_place_id *list = calloc(e->site->places_n + 1, sizeof(*list));
    KT_ASSERT(list);
    if (downstream && place < e->site->places_n) {
        n = eng_air_reach(e, place, list);
    }
    for (uint32_t i = 0; i < e->points_n; i++) {
        const struct kt_point *p = &e->site->points[i];
        bool all = place >= e->site->places_n;
        if (is(p, role) && p->place.v < e->site->places_n &&
            (all || kt_site_within(e->site, p->place, (kt_place_id){place}) || among(p, list, n))) {
            add(t, p);
        }
    }
    free(list);
}

void voice_drop(struct eng *e, struct talk *t)
{
    free(t->at.v);
    e->voice->talk.n--; /* it is the newest */
}

/* Words of a rule or an evacuation, always an emergency, to the speakers of a place and below; with
 * `downstream` also along its air. NULL: no speaker is there, or too much is under way. */
static struct talk *voice_cast(struct eng *e, uint32_t place, bool downstream, const char *text,
                               const char *by, bool drill)
{
    const char *id = place < e->site->places_n ? e->site->places[place].id : "";
    struct talk *t = voice_start(e, TALK_CAST, id, by);
    if (!t) {
        return NULL;
    }
    t->emergency = true;
    t->drill = drill;
    kt_text_set(t->text, sizeof(t->text), text);
    voice_add_all(e, t, SPEAKER, place, downstream);
    if (t->at.n == 0) {
        voice_drop(e, t);
        return NULL;
    }
    return t;
}

/* ---- requests -------------------------------------------------------------------------------- */

static int chosen(struct eng *e, const struct request *q, struct talk *t, struct kt_err *err)
{
    const struct kt_json *list = kt_json_get(q->args, "points");
    for (size_t i = 0; i < kt_json_len(list); i++) {
        kt_point_id p = kt_site_point(e->site, kt_json_strn(kt_json_at(list, i)));
        if (p.v == KT_NONE || !is(&e->site->points[p.v], SPEAKER)) {
            return kt_err_set(err, KT_ENOTFOUND, "points: %s is no speaker",
                              p.v == KT_NONE ? "one of them" : e->site->points[p.v].id);
        }
        int r = eng_in_scope(e, q, p.v, err);
        if (r < 0) {
            return r;
        }
        add(t, &e->site->points[p.v]);
    }
    return KT_OK;
}

static int need_words(const struct request *q, const char **ret_text, const char **ret_body,
                      struct kt_err *err)
{
    *ret_text = kt_json_get_str(q->args, "text", "");
    *ret_body = kt_json_get_str(q->args, "body", "");
    if (!(*ret_text)[0] && !(*ret_body)[0]) {
        return kt_err_set(err, KT_EINVAL, "text: write what is to be said, or give a recording");
    }
    if ((*ret_body)[0] &&
        (strlen(*ret_body) != 64 || strspn(*ret_body, "0123456789abcdef") != 64)) {
        return kt_err_set(err, KT_EINVAL, "body: the hash of a recording, 64 hex digits");
    }
    return strlen(*ret_text) > 480
               ? kt_err_set(err, KT_EINVAL, "text: at most 480 bytes, some 160 characters")
               : KT_OK;
}

int voice_need_place(struct eng *e, const struct request *q, kt_place_id *ret, struct kt_err *err)
{
    const char *id = kt_json_get_str(q->args, "place", "");
    *ret = kt_site_place(e->site, kt_str_c(id));
    if (ret->v == KT_NONE) {
        return kt_err_set(err, KT_ENOTFOUND, "place: no place is called \"%s\"", id);
    }
    return eng_place_in_scope(e, q, *ret, err);
}

/* Speakers by name, those of a place and below, or also those along its air. */
static int fill(struct eng *e, const struct request *q, struct talk *t, struct kt_err *err)
{
    kt_place_id at;
    if (kt_json_get(q->args, "points")) {
        return chosen(e, q, t, err);
    }
    int r = voice_need_place(e, q, &at, err);
    if (r == KT_OK) {
        kt_text_set(t->to, sizeof(t->to), e->site->places[at.v].id);
        voice_add_all(e, t, SPEAKER, at.v, kt_json_get_bool(q->args, "downstream", false));
    }
    return r;
}

int eng_broadcast_start(struct eng *e, const struct request *q, struct kt_err *err)
{
    const char *text, *body;
    int r = need_words(q, &text, &body, err);
    if (r < 0) {
        return r;
    }
    struct talk *t = voice_start(e, TALK_CAST, "", q->user);
    if (!t) {
        return kt_err_set(err, KT_ELIMIT, "%d calls are under way already", VOICE_ALIVE);
    }
    t->emergency = kt_json_get_bool(q->args, "emergency", false);
    kt_text_set(t->body, sizeof(t->body), body);
    voice_mark(e, text, t->text, sizeof(t->text));
    r = fill(e, q, t, err);
    if (r == KT_OK && t->at.n == 0) {
        r = kt_err_set(err, KT_ENOTFOUND, "no speaker is there");
    }
    if (r < 0) {
        voice_drop(e, t);
        return r;
    }
    kt_jw_kint(q->result, "talk", (int64_t)t->id);
    kt_jw_kint(q->result, "speakers", t->at.n);
    voice_send(e, t);
    return KT_OK;
}

/* ---- answers --------------------------------------------------------------------------------- */

static struct speaker *speaker_of(struct talk *t, const char *point)
{
    for (uint32_t i = 0; i < t->at.n; i++) {
        if (strcmp(t->at.v[i].point, point) == 0) {
            return &t->at.v[i];
        }
    }
    return NULL;
}

/* {"speakers":[["S-1","confirmed"],…]}: those that changed, in one event. */
void voice_cast_answer(struct eng *e, struct talk *t, const struct kt_json *a)
{
    const struct kt_json *all = kt_json_get(a, "speakers");
    struct kt_jw *w = voice_say(e, t, t->kind == TALK_CAST ? "speakers" : "phones");
    kt_jw_key(w, "at");
    kt_jw_obj(w);
    for (size_t i = 0; i < kt_json_len(all); i++) {
        const struct kt_json *one = kt_json_at(all, i);
        const char *point = kt_json_str(kt_json_at(one, 0)),
                   *state = kt_json_str(kt_json_at(one, 1));
        struct speaker *s = point ? speaker_of(t, point) : NULL;
        for (uint8_t k = 0; s && state && k < SPEAKER_STATES; k++) {
            if (strcmp(state, ids[k]) == 0) {
                s->state = k;
                kt_jw_kstr(w, s->point, state);
            }
        }
    }
    kt_jw_obj_end(w);
    eng_said(e);
}

/* ---- rules and evacuations ------------------------------------------------------------------- */

/* What an alarm is, as it is spoken and written to people. */
void voice_alarm_words(const struct eng *e, uint32_t rule, uint32_t point, char *to, size_t cap)
{
    const struct kt_point *p = &e->site->points[point];
    const struct kt_rule *r = &e->site->rules[rule];
    const char *place = p->place.v < e->site->places_n ? e->site->places[p->place.v].name.zh : "";
    (void)snprintf(to, cap, "%.120s，%.120s，%.160s。", place, p->name.zh, r->title.zh);
}

static void not_said(struct eng *e, const char *by, const char *why)
{
    struct kt_jw *w = eng_say(e, "broadcast");
    kt_jw_kstr(w, "change", "failed");
    kt_jw_kstr(w, "by", by);
    kt_jw_kstr(w, "text", why);
    eng_said(e);
}

/* A rule knows of no drill: what it says while one is under way is real and is not called one. */
void eng_voice_linked(struct eng *e, uint32_t rule, const struct kt_action *a, uint32_t self,
                      const char *by)
{
    struct talk *t;
    if (a->kind == KT_ACT_CALL) {
        t = voice_start(e, TALK_RING, e->site->points[a->phone.v].id, by);
        if (t) {
            t->drill = false;
            voice_alarm_words(e, rule, self, t->text, sizeof(t->text));
        }
    } else {
        uint32_t place = a->place.v != KT_NONE ? a->place.v : e->site->points[self].place.v;
        t = voice_cast(e, place, a->reach == KT_REACH_DOWNSTREAM, a->words.zh, by, false);
    }
    if (t) {
        voice_send(e, t);
    } else {
        not_said(e, by,
                 a->kind == KT_ACT_CALL ? "too many calls are under way" : "no speaker is there");
    }
}

void eng_voice_announce(struct eng *e, uint32_t place, const char *text)
{
    uint32_t link = kt_site_link_of(e->site, KT_LINK_SIP);
    if (link == KT_NONE || !e->site->links[link].evacuation) {
        return;
    }
    struct talk *t =
        voice_cast(e, place, false, text, "evacuation", e->folk && e->folk->evac.drill);
    if (t) {
        voice_send(e, t);
    } else {
        not_said(e, "evacuation", "no speaker is there");
    }
}
