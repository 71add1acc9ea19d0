/* SPDX-License-Identifier: Apache-2.0 */
/* voice_json: talks and climbs for screens and for a checkpoint. */
#include "engine/voice.h"

static void speakers_json(const struct talk *t, struct kt_jw *w)
{
    kt_jw_key(w, "at");
    kt_jw_obj(w);
    for (uint32_t i = 0; i < t->at.n; i++) {
        kt_jw_kstr(w, t->at.v[i].point, voice_speaker_id(t->at.v[i].state));
    }
    kt_jw_obj_end(w);
}

void eng_talks_json(const struct eng *e, struct kt_jw *w)
{
    kt_jw_arr(w);
    for (uint32_t i = 0; i < e->voice->talk.n; i++) {
        const struct talk *t = &e->voice->talk.v[i];
        kt_jw_obj(w);
        voice_members(e, t, w);
        if (t->drill) {
            kt_jw_kbool(w, "drill", true);
        }
        if (voice_many(t)) {
            speakers_json(t, w);
        }
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
}

void eng_voice_json(const struct eng *e, struct kt_jw *w)
{
    kt_jw_key(w, "talks");
    eng_talks_json(e, w);
    kt_jw_key(w, "climbs");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < e->voice->climb.n; i++) {
        const struct climb *c = &e->voice->climb.v[i];
        kt_jw_obj(w);
        kt_jw_kint(w, "alarm", (int64_t)c->alarm);
        kt_jw_kint(w, "step", c->step);
        kt_jw_kbool(w, "reached", c->reached);
        kt_jw_kbool(w, "nobody", c->told);
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
}

/* ---- checkpoint ------------------------------------------------------------------------------ */

static void save_talk(const struct talk *t, struct kt_buf *out)
{
    kt_put_u64(out, t->id);
    kt_put_u64(out, t->alarm);
    kt_put_u8(out, t->kind);
    kt_put_u8(out, t->state);
    kt_put_u8(out, (uint8_t)(t->emergency | t->drill << 1));
    kt_put_i64(out, t->started);
    kt_put_i64(out, t->answered);
    kt_put_i64(out, t->ended);
    kt_put_i64(out, t->heard);
    kt_put_text(out, t->from);
    kt_put_text(out, t->to);
    kt_put_text(out, t->by);
    kt_put_text(out, t->result);
    kt_put_text(out, t->recording);
    kt_put_text(out, t->body);
    kt_put_text(out, t->text);
    kt_put_varint(out, t->at.n);
    for (uint32_t i = 0; i < t->at.n; i++) {
        kt_put_text(out, t->at.v[i].point);
        kt_put_u8(out, t->at.v[i].state);
    }
}

void eng_voice_save(const struct eng *e, struct kt_buf *out)
{
    const struct voice *v = e->voice;
    if (v->talk.n == 0 && v->climb.n == 0) {
        return;
    }
    kt_put_varint(out, v->talk.n);
    for (uint32_t i = 0; i < v->talk.n; i++) {
        save_talk(&v->talk.v[i], out);
    }
    kt_put_varint(out, v->climb.n);
    for (uint32_t i = 0; i < v->climb.n; i++) {
        kt_put_u64(out, v->climb.v[i].alarm);
        kt_put_u64(out, v->climb.v[i].talk);
        kt_put_u8(out, v->climb.v[i].step);
        kt_put_u8(out, (uint8_t)(v->climb.v[i].reached | v->climb.v[i].told << 1));
    }
}

static void load_speakers(struct talk *t, struct kt_rd *in)
{
    uint64_t n = kt_get_varint(in);
    in->bad |= n > VOICE_SPEAKERS;
    for (uint64_t i = 0; i < n && !in->bad; i++) {
        struct speaker *s = ENG_PUSH(t->at);
        kt_get_text(in, s->point, sizeof(s->point));
        s->state = kt_get_u8(in);
        in->bad |= s->state >= SPEAKER_STATES;
    }
}

static void load_talk(struct talk *t, struct kt_rd *in)
{
    t->id = kt_get_u64(in);
    t->alarm = kt_get_u64(in);
    t->kind = kt_get_u8(in);
    t->state = kt_get_u8(in);
    uint8_t bits = kt_get_u8(in);
    t->emergency = bits & 1;
    t->drill = bits >> 1 & 1;
    t->started = kt_get_i64(in);
    t->answered = kt_get_i64(in);
    t->ended = kt_get_i64(in);
    t->heard = kt_get_i64(in);
    kt_get_text(in, t->from, sizeof(t->from));
    kt_get_text(in, t->to, sizeof(t->to));
    kt_get_text(in, t->by, sizeof(t->by));
    kt_get_text(in, t->result, sizeof(t->result));
    kt_get_text(in, t->recording, sizeof(t->recording));
    kt_get_text(in, t->body, sizeof(t->body));
    kt_get_text(in, t->text, sizeof(t->text));
    in->bad |= t->kind >= TALK_KINDS || t->state >= TALK_STATES;
    load_speakers(t, in);
}

void eng_voice_load(struct eng *e, struct kt_rd *in)
{
    uint64_t n = kt_get_varint(in);
    in->bad |= n > VOICE_ALIVE + VOICE_PAST + 1;
    for (uint64_t i = 0; i < n && !in->bad; i++) {
        load_talk(ENG_PUSH(e->voice->talk), in);
    }
    n = kt_get_varint(in);
    in->bad |= n > VOICE_CLIMBS;
    for (uint64_t i = 0; i < n && !in->bad; i++) {
        struct climb *c = ENG_PUSH(e->voice->climb);
        c->alarm = kt_get_u64(in);
        c->talk = kt_get_u64(in);
        c->step = kt_get_u8(in);
        uint8_t bits = kt_get_u8(in);
        c->reached = bits & 1;
        c->told = bits >> 1 & 1;
        in->bad |= c->step > KT_CLIMB_STEPS;
    }
}
