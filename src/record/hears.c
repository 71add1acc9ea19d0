/* SPDX-License-Identifier: Apache-2.0 */
/* hears: may a person be told of an outcome? By the rights of its register or ledger and its place.
 */
#include <stdio.h>

#include "record/reading.h"
#include "record/requests.h"

void kt_room_topic_of(struct kt_str outcome, struct kt_room_topic *ret)
{
    static const char record[] = "{\"type\":\"record\"", posting[] = "{\"type\":\"posting\"";
    struct kt_json *v = NULL;
    struct kt_err err;
    *ret = (struct kt_room_topic){.kind = KT_TOPIC_NONE};
    bool is_record = outcome.n >= sizeof(record) && !memcmp(outcome.p, record, sizeof(record) - 1);
    bool is_posting =
        outcome.n >= sizeof(posting) && !memcmp(outcome.p, posting, sizeof(posting) - 1);
    if ((!is_record && !is_posting) || kt_json_parse(outcome, 0, &v, &err) < 0) {
        return;
    }
    ret->kind = is_record ? KT_TOPIC_RECORD : KT_TOPIC_LEDGER;
    snprintf(ret->id, sizeof(ret->id), "%s",
             kt_json_get_str(v, is_record ? "register" : "ledger", ""));
    snprintf(ret->place, sizeof(ret->place), "%s", kt_json_get_str(v, "place", ""));
    kt_json_free(v);
}

static bool in_place(const struct kt_site *s, const struct kt_reader *who, const char *place)
{
    kt_place_id at = place[0] ? kt_site_place(s, kt_str_c(place)) : (kt_place_id){KT_NONE};
    for (uint32_t i = 0; at.v != KT_NONE && i < who->places_n; i++) {
        kt_place_id under = kt_site_place(s, kt_str_c(who->places[i]));
        if (under.v != KT_NONE && kt_site_within(s, at, under)) {
            return true;
        }
    }
    return rec_sees_all(s, who->places, who->places_n);
}

static bool hears_record(const struct kt_site *s, const struct kt_record_model *m,
                         const struct kt_reader *who, const struct kt_room_topic *topic)
{
    uint32_t i = rec_register_of(m, topic->id);
    if (i == KT_NONE || !reader_sees(who, &m->registers[i])) {
        return false;
    }
    const struct rec_register *reg = &m->registers[i];
    return (reg->place == KT_NONE && reg->everywhere) || in_place(s, who, topic->place);
}

static bool hears_ledger(const struct kt_record_model *m, const struct kt_reader *who,
                         const struct kt_room_topic *topic)
{
    uint32_t i = rec_ledger_of(m, topic->id);
    return i != KT_NONE && reader_may(who, m->ledgers[i].read);
}

bool kt_room_hears(struct kt_room *r, const struct kt_reader *who,
                   const struct kt_room_topic *topic)
{
    if (topic->kind == KT_TOPIC_NONE) {
        return true;
    }
    pthread_mutex_lock(&r->lock);
    struct kt_site *s = kt_site_ref(r->site);
    struct kt_record_model *m = kt_record_model_ref(r->model);
    pthread_mutex_unlock(&r->lock);
    bool yes = topic->kind == KT_TOPIC_RECORD ? hears_record(s, m, who, topic)
                                              : hears_ledger(m, who, topic);
    kt_site_unref(s);
    kt_record_model_unref(m);
    return yes;
}

bool kt_room_sees_some(struct kt_room *r, const struct kt_reader *who, const char *register_id)
{
    pthread_mutex_lock(&r->lock);
    struct kt_site *s = kt_site_ref(r->site);
    struct kt_record_model *m = kt_record_model_ref(r->model);
    pthread_mutex_unlock(&r->lock);
    uint32_t i = rec_register_of(m, register_id);
    const struct rec_register *reg = i == KT_NONE ? NULL : &m->registers[i];
    bool yes =
        reg && reader_sees(who, reg) &&
        (reg->place != KT_NONE || reg->everywhere || rec_sees_all(s, who->places, who->places_n));
    kt_site_unref(s);
    kt_record_model_unref(m);
    return yes;
}

static bool listed(const char *const *list, uint32_t n, const char *text)
{
    for (uint32_t i = 0; i < n; i++) {
        if (strcmp(list[i], text) == 0) {
            return true;
        }
    }
    return false;
}

uint32_t kt_room_owner_rights(struct kt_room *r, const char *reg, struct kt_arena *arena,
                              const char ***ret)
{
    uint32_t n = 0;
    pthread_mutex_lock(&r->lock);
    struct kt_record_model *m = kt_record_model_ref(r->model);
    pthread_mutex_unlock(&r->lock);
    uint32_t i = rec_register_of(m, reg);
    const struct rec_workflow *f = i == KT_NONE || m->registers[i].workflow == KT_NONE
                                       ? NULL
                                       : &m->workflows[m->registers[i].workflow];
    *ret = KT_NEW_ARRAY(arena, const char *, f ? f->escalate_n + 1 : 1);
    for (uint32_t k = 0; f && k < f->escalate_n; k++) {
        const char *to = f->escalate[k].to;
        if (f->escalate[k].owner && !listed(*ret, n, to)) {
            (*ret)[n++] = kt_arena_strdup(arena, to);
        }
    }
    kt_record_model_unref(m);
    return n;
}
