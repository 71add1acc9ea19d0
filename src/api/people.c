/* SPDX-License-Identifier: Apache-2.0 */
/*
 * people: whom a record may be given to. Names alone, of those who could see the record; and what
 * may be done with many records at once.
 */
#include <stdio.h>
#include <string.h>

#include "api/records.h"

enum { PEOPLE_MAX = 500, RECORDS_MAX = 1000 };

struct picked {
    struct call *c;
    struct kt_room *room;
    struct kt_room_topic topic;
    const char *q; /* part of the name; NULL: any */
    struct kt_jw *w;
    int64_t n;
};

/* Do the two share a part of the site? */
static bool same_ground(const struct call *c, const struct kt_person *p)
{
    for (uint32_t i = 0; i < p->places_n; i++) {
        kt_place_id at = kt_site_place(c->site, kt_str_c(p->places[i]));
        if (strcmp(p->places[i], "*") == 0 ||
            (at.v != KT_NONE && kt_person_at(&c->person, c->site, at))) {
            return true;
        }
    }
    for (uint32_t i = 0; i < c->person.places_n; i++) {
        kt_place_id at = kt_site_place(c->site, kt_str_c(c->person.places[i]));
        if (strcmp(c->person.places[i], "*") == 0 ||
            (at.v != KT_NONE && kt_person_at(p, c->site, at))) {
            return true;
        }
    }
    return false;
}

static bool could_see(const struct picked *a, const struct kt_person *p)
{
    struct kt_reader who = {.user = p->user,
                            .rights = p->rights,
                            .rights_n = p->rights_n,
                            .places = p->places,
                            .places_n = p->places_n};
    return a->topic.place[0]
               ? kt_room_hears(a->room, &who, &a->topic)
               : kt_room_sees_some(a->room, &who, a->topic.id) && same_ground(a->c, p);
}

/* What the person is here: the places that are theirs, as far as the asker sees them, and the roles
 * by their titles. */
static void write_what(const struct call *c, const struct kt_person *p, struct kt_jw *w)
{
    const struct kt_site *s = c->site;
    kt_jw_key(w, "units");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < p->places_n; i++) {
        kt_place_id at = kt_site_place(s, kt_str_c(p->places[i]));
        if (at.v != KT_NONE && may_see(c, at)) {
            kt_jw_str(w, p->places[i]);
        }
    }
    kt_jw_arr_end(w);
    kt_jw_key(w, "roles");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < p->roles_n; i++) {
        struct kt_people_role builtin;
        struct kt_text name = {p->roles[i], p->roles[i]};
        for (uint32_t k = 0; k < s->people_n; k++) {
            name = strcmp(s->people[k].id, p->roles[i]) == 0 ? s->people[k].name : name;
        }
        for (size_t k = 0; kt_auth_builtin_role(k, &builtin); k++) {
            name = strcmp(builtin.id, p->roles[i]) == 0 ? builtin.name : name;
        }
        kt_jw_obj(w);
        kt_jw_kstr(w, "zh", name.zh && *name.zh ? name.zh : p->roles[i]);
        kt_jw_kstr(w, "en", name.en && *name.en ? name.en : p->roles[i]);
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
}

static void pick(void *arg, const struct kt_person *p)
{
    struct picked *a = arg;
    if ((a->q && !strcasestr(p->user, a->q) && !strcasestr(p->name, a->q)) || !could_see(a, p)) {
        return;
    }
    if (a->n++ < PEOPLE_MAX) {
        kt_jw_obj(a->w);
        kt_jw_kstr(a->w, "user", p->user);
        kt_jw_kstr(a->w, "name", p->name);
        write_what(a->c, p, a->w);
        kt_jw_obj_end(a->w);
    }
}

static void write_rights(struct call *c, struct kt_room *room, const char *reg, struct kt_jw *w)
{
    const char **list;
    uint32_t n = kt_room_owner_rights(room, reg, c->arena, &list);
    kt_jw_key(w, "rights");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < n; i++) {
        kt_jw_str(w, list[i]);
    }
    kt_jw_arr_end(w);
}

/* The register and place of the question, when the asker may see records there. */
static bool topic_of(struct call *c, struct kt_room *room, struct kt_room_topic *ret)
{
    const char *reg = kt_http_query(c->req, "register"), *place = kt_http_query(c->req, "place");
    struct kt_reader who = reader_of(c);
    *ret = (struct kt_room_topic){.kind = KT_TOPIC_RECORD};
    snprintf(ret->id, sizeof(ret->id), "%s", reg ? reg : "");
    snprintf(ret->place, sizeof(ret->place), "%s", place ? place : "");
    if (ret->place[0] && !may_see_place(c, ret->place)) {
        reply_code(c->req, KT_ENOTFOUND, "there is no place \"%.60s\"", ret->place);
        return false;
    }
    if (!kt_room_sees_some(room, &who, ret->id)) {
        reply_code(c->req, KT_ENOTFOUND, "there is no register \"%.60s\"", ret->id);
        return false;
    }
    return true;
}

void get_people(struct call *c)
{
    struct kt_room *room = room_of(c);
    const char *q = kt_http_query(c->req, "q");
    struct picked a = {.c = c, .room = room, .q = q && *q ? q : NULL};
    struct kt_buf b;
    if (!room || !topic_of(c, room, &a.topic)) {
        return;
    }
    kt_buf_init(&b, 4 << 20);
    struct kt_jw w = kt_jw_init(&b);
    a.w = &w;
    kt_jw_obj(&w);
    kt_jw_key(&w, "items");
    kt_jw_arr(&w);
    kt_auth_people(c->api->opts.auth, pick, &a);
    kt_jw_arr_end(&w);
    kt_jw_kint(&w, "total", a.n);
    write_rights(c, room, a.topic.id, &w);
    kt_jw_obj_end(&w);
    reply_buf(c, 200, &b);
}

void post_record_transitions(struct call *c)
{
    struct kt_room *room = room_of(c);
    struct kt_reader who = reader_of(c);
    const struct kt_json *list = kt_json_get(c->body, "records");
    size_t n = kt_json_len(list);
    struct kt_buf b;
    struct kt_err err = {0};
    if (!room) {
        return;
    }
    int64_t *ids = KT_NEW_ARRAY(c->arena, int64_t, RECORDS_MAX + 1);
    for (size_t i = 0; i < n && i < RECORDS_MAX; i++) {
        if (!kt_json_int(kt_json_at(list, i), &ids[i])) {
            reply_code(c->req, KT_EINVAL, "records: a list of numbers of records");
            return;
        }
    }
    kt_buf_init(&b, 4 << 20);
    int r = kt_room_moves(room, &who, c->param[0], ids, (uint32_t)(n > UINT16_MAX ? UINT16_MAX : n),
                          &b, &err);
    reply_room(c, r, &b, &err);
}
