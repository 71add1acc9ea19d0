/* SPDX-License-Identifier: Apache-2.0 */
/*
 * voice_keep: which recordings are kept, until when. Each is erased after keep_days of the link of
 * kind sip, the oldest ones where all together pass keep_mb, or by a person with a reason. The
 * event of the call stays with the hash; who carries the erasing out goes by the outcome
 * ("recording", change erase), which names the hash unless another recording is the same bytes.
 */
#include <stdlib.h>

#include "engine/voice.h"

static struct kept_list *kept(struct eng *e)
{
    return &e->voice->kept;
}

static void forget_erased(struct voice *v)
{
    if (v->erased.n > VOICE_ERASED) {
        ENG_REMOVE(v->erased, 0);
    }
}

static bool shared(const struct voice *v, uint32_t i)
{
    for (uint32_t k = 0; k < v->kept.n; k++) {
        if (k != i && strcmp(v->kept.v[k].hash, v->kept.v[i].hash) == 0) {
            return true;
        }
    }
    return false;
}

static void erase(struct eng *e, uint32_t i, const char *why, const char *by, const char *reason)
{
    struct kept one = kept(e)->v[i];
    struct talk *t = voice_find(e, one.id);
    struct kt_jw *w = eng_say(e, "recording");
    bool last = !shared(e->voice, i);
    kt_jw_kstr(w, "change", "erase");
    kt_jw_kint(w, "id", (int64_t)one.id);
    kt_jw_ktext(w, "place", one.place);
    kt_jw_kstr(w, "why", why);
    kt_jw_ktext(w, "by", by);
    kt_jw_ktext(w, "reason", reason);
    if (last) {
        struct kept *gone = ENG_PUSH(e->voice->erased);
        kt_jw_kstr(w, "hash", one.hash);
        *gone = one;
        forget_erased(e->voice);
    }
    eng_said(e);
    if (t) {
        t->recording[0] = '\0';
    }
    kept(e)->bytes -= one.bytes;
    ENG_REMOVE(*kept(e), i);
}

static const char *place_of(const struct eng *e, const struct talk *t)
{
    kt_point_id p = kt_site_point(e->site, kt_str_c(t->to));
    if (voice_many(t) || p.v == KT_NONE) {
        return voice_many(t) ? t->to : "";
    }
    kt_place_id at = e->site->points[p.v].place;
    return at.v < e->site->places_n ? e->site->places[at.v].id : "";
}

void voice_keep(struct eng *e, const struct talk *t, int64_t bytes)
{
    if (!t->recording[0] || strcmp(t->recording, t->body) == 0) {
        return; /* nothing, or an announcement that is stored anyway */
    }
    if (kept(e)->n >= VOICE_KEPT) {
        erase(e, 0, "number", "", "");
    }
    struct kept *k = ENG_PUSH(*kept(e));
    k->id = t->id;
    k->ended = t->ended;
    k->bytes = bytes > 0 ? bytes : 0;
    kept(e)->bytes += k->bytes;
    kt_text_set(k->place, sizeof(k->place), place_of(e, t));
    kt_text_set(k->hash, sizeof(k->hash), t->recording);
}

/* Without a link of kind sip nobody has said for how long. */
void voice_keep_second(struct eng *e)
{
    uint32_t link = kt_site_link_of(e->site, KT_LINK_SIP);
    if (link == KT_NONE) {
        return;
    }
    const struct kt_link_conf *c = &e->site->links[link];
    while (kept(e)->n > 0 && e->now - kept(e)->v[0].ended > c->keep_days * KT_DAY) {
        erase(e, 0, "days", "", "");
    }
    while (kept(e)->n > 0 && kept(e)->bytes > c->keep_bytes) {
        erase(e, 0, "quota", "", "");
    }
}

int eng_recording_erase(struct eng *e, const struct request *q, struct kt_err *err)
{
    uint64_t id;
    const char *reason;
    int r = eng_arg_id(q, "talk", &id, err);
    r = r < 0 ? r : eng_arg_text(q, "reason", &reason, err);
    if (r < 0) {
        return r;
    }
    for (uint32_t i = 0; i < kept(e)->n; i++) {
        kt_place_id at = kt_site_place(e->site, kt_str_c(kept(e)->v[i].place));
        if (kept(e)->v[i].id != id) {
            continue;
        }
        if (at.v != KT_NONE && (r = eng_place_in_scope(e, q, at, err)) < 0) {
            return r;
        }
        erase(e, i, "request", q->user, reason);
        return KT_OK;
    }
    return kt_err_set(err, KT_ENOTFOUND, "talk: no recording of this call is kept");
}

void eng_keep_erased(const struct eng *e, void (*fn)(void *arg, const char *hash), void *arg)
{
    const struct voice *v = e->voice;
    for (uint32_t i = 0; i < v->erased.n; i++) {
        bool again = false;
        for (uint32_t k = 0; k < v->kept.n && !again; k++) {
            again = strcmp(v->kept.v[k].hash, v->erased.v[i].hash) == 0;
        }
        if (!again) {
            fn(arg, v->erased.v[i].hash);
        }
    }
}

/* ---- checkpoint ------------------------------------------------------------------------------ */

static void save_list(const struct kept *v, uint32_t n, struct kt_buf *out)
{
    kt_put_varint(out, n);
    for (uint32_t i = 0; i < n; i++) {
        kt_put_u64(out, v[i].id);
        kt_put_i64(out, v[i].ended);
        kt_put_i64(out, v[i].bytes);
        kt_put_text(out, v[i].place);
        kt_put_text(out, v[i].hash);
    }
}

void eng_keep_save(const struct eng *e, struct kt_buf *out)
{
    const struct voice *v = e->voice;
    if (v->kept.n > 0 || v->erased.n > 0) {
        save_list(v->kept.v, v->kept.n, out);
        save_list(v->erased.v, v->erased.n, out);
    }
}

static void load_one(struct kept *k, struct kt_rd *in)
{
    k->id = kt_get_u64(in);
    k->ended = kt_get_i64(in);
    k->bytes = kt_get_i64(in);
    kt_get_text(in, k->place, sizeof(k->place));
    kt_get_text(in, k->hash, sizeof(k->hash));
}

void eng_keep_load(struct eng *e, struct kt_rd *in)
{
    struct voice *v = e->voice;
    uint64_t n = kt_get_varint(in);
    in->bad |= n > VOICE_KEPT;
    for (uint64_t i = 0; i < n && !in->bad; i++) {
        struct kept *k = ENG_PUSH(v->kept);
        load_one(k, in);
        v->kept.bytes += k->bytes;
    }
    n = kt_get_varint(in);
    in->bad |= n > VOICE_ERASED;
    for (uint64_t i = 0; i < n && !in->bad; i++) {
        load_one(ENG_PUSH(v->erased), in);
    }
}
