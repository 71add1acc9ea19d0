/* SPDX-License-Identifier: Apache-2.0 */
/*
 * voice: who is rung when nobody acknowledges (`climb` of site.yaml, the file of contacts), words
 * and calls of rules.
 */
#include "site/impl.h"

#include <stdio.h>
#include <unistd.h>

#include "conf/csv.h"

static const char *const ways[] = {"phone", "sms", "mail"};
static const enum kt_link_kind links[] = {KT_LINK_SIP, KT_LINK_SMS, KT_LINK_MAIL};
static const char *const link_names[] = {"sip", "sms", "mail"};

/* ---- climb ----------------------------------------------------------------------------------- */

static void step(struct load *l, const struct kt_yaml *m, struct kt_ladder *to,
                 struct kt_climb_step *s)
{
    int by = 0;
    const char *who = "";
    if (!kt_yaml_as_map(m, "a step")) {
        return;
    }
    kt_yaml_duration(m, "after", KT_REQUIRED, &s->after_ns);
    kt_yaml_choice(m, "by", KT_REQUIRED, ways, KT_ARRAY_LEN(ways), &by);
    kt_yaml_str(m, "to", KT_REQUIRED, &who);
    kt_yaml_unknown(m);
    s->by = (enum kt_climb_by)by;
    s->to = site_dup(l, who);
    if (kt_site_link_of(&l->s->pub, links[by]) == KT_NONE) {
        kt_yaml_problem(m, "a step by %s needs a link of kind %s in this file", ways[by],
                        link_names[by]);
    }
    if (to->steps_n && s->after_ns < s[-1].after_ns) {
        kt_yaml_problem(m, "this step comes before the one above it; list steps by their time");
    }
    to->steps_n++;
}

static void ladder(struct load *l, const struct kt_yaml *m, struct kt_ladder *to)
{
    const char *id = "";
    int64_t priority = 2;
    to->within_ns = 5 * KT_MIN;
    kt_yaml_str(m, "id", KT_REQUIRED, &id);
    to->id = site_dup(l, id);
    kt_yaml_int(m, "priority", KT_OPTIONAL, 1, 4, &priority);
    to->priority = (uint8_t)priority;
    kt_yaml_duration(m, "within", KT_OPTIONAL, &to->within_ns);
    struct kt_yaml *list = kt_yaml_list(m, "steps", KT_REQUIRED);
    uint32_t n = kt_yaml_count(list);
    if (n > KT_CLIMB_STEPS) {
        kt_yaml_problem(list, "%u steps; at most %d", n, KT_CLIMB_STEPS);
        n = KT_CLIMB_STEPS;
    }
    struct kt_climb_step *s = KT_NEW_ARRAY(l->a, struct kt_climb_step, n + 1);
    to->steps = s;
    for (uint32_t i = 0; i < n; i++) {
        step(l, kt_yaml_at(list, i), to, &s[to->steps_n]);
    }
    kt_yaml_unknown(m);
}

/* "secrets/contacts.csv": a file inside the site. */
static const char *contacts_file(struct load *l, const struct kt_yaml *m)
{
    const char *t = "";
    kt_yaml_str(m, "contacts", KT_OPTIONAL, &t);
    if (t[0] == '/' || strstr(t, "..")) {
        kt_yaml_problem(kt_yaml_get(m, "contacts"),
                        "contacts \"%s\" leads out of the site; give a path inside it", t);
        t = "";
    }
    return site_dup(l, t);
}

void site_climb(struct load *l, const struct kt_yaml *root)
{
    if (!kt_yaml_get(root, "climb")) {
        return;
    }
    struct kt_yaml *m = kt_yaml_map(root, "climb", KT_OPTIONAL);
    if (!m) {
        return;
    }
    l->s->pub.contacts = contacts_file(l, m);
    struct kt_yaml *list = kt_yaml_list(m, "ladders", KT_REQUIRED);
    uint32_t n = kt_yaml_count(list);
    if (n > KT_LADDERS) {
        kt_yaml_problem(list, "%u ladders; at most %d", n, KT_LADDERS);
        n = KT_LADDERS;
    }
    struct kt_ladder *to = KT_NEW_ARRAY(l->a, struct kt_ladder, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        struct kt_yaml *one = kt_yaml_at(list, i);
        if (kt_yaml_as_map(one, "a ladder")) {
            ladder(l, one, &to[l->s->pub.ladders_n++]);
        }
    }
    l->s->pub.ladders = to;
    kt_yaml_unknown(m);
}

/* ---- the file of contacts -------------------------------------------------------------------- */

static void copy(struct kt_csv *c, uint32_t row, const char *column, char *to, size_t cap)
{
    struct kt_str s = kt_csv_get(c, row, kt_csv_column(c, column));
    size_t n = s.n < cap ? s.n : cap - 1;
    memcpy(to, s.n ? s.p : "", n);
    to[n] = '\0';
}

int kt_site_contact(const struct kt_site *s, const char *id, struct kt_contact *ret,
                    struct kt_err *err)
{
    char path[800];
    struct kt_csv *csv;
    struct kt_arena *a = kt_arena_new(4u << 20);
    (void)snprintf(path, sizeof(path), "%s/%s", s->dir, s->contacts);
    int r = *s->contacts ? kt_csv_read(a, path, s->contacts, &csv, err)
                         : kt_err_set(err, KT_ENOTFOUND, "the site has no file of contacts");
    if (r == KT_OK) {
        r = kt_err_set(err, KT_ENOTFOUND, "%s has no contact \"%s\"", s->contacts, id);
        for (uint32_t i = 0; i < kt_csv_rows(csv); i++) {
            if (kt_str_is(kt_csv_get(csv, i, kt_csv_column(csv, "id")), id)) {
                struct kt_contact c = {0};
                kt_text_set(c.id, sizeof(c.id), id);
                copy(csv, i, "phone", c.phone, sizeof(c.phone));
                copy(csv, i, "sms", c.sms, sizeof(c.sms));
                copy(csv, i, "mail", c.mail, sizeof(c.mail));
                *ret = c;
                r = KT_OK;
            }
        }
    }
    kt_arena_free(a);
    return r;
}

static bool is_voice(const struct kt_point *p)
{
    return strncmp(p->role->id, "voice.", 6) == 0 && strcmp(p->role->id, "voice.unreached") != 0;
}

/* A step that nobody can be reached by is told at the check; the file may be filled in later. */
static void check_step(struct load *l, const struct kt_ladder *d, const struct kt_climb_step *s)
{
    struct kt_contact c;
    struct kt_err err = {0};
    kt_point_id p = kt_site_point(&l->s->pub, kt_str_c(s->to));
    bool phone = s->by == KT_CLIMB_PHONE && p.v != KT_NONE && is_voice(&l->s->pub.points[p.v]);
    if (phone || strcmp(s->to, "duty") == 0) {
        return;
    }
    if (kt_site_contact(&l->s->pub, s->to, &c, &err) < 0) {
        site_find(l, KT_FIND_WARNING, "contact", "site.yaml", 0, 0,
                  "ladder \"%s\": %.300s; give it a line", d->id, err.text);
        return;
    }
    const char *how[] = {c.phone, c.sms, c.mail};
    if (!*how[s->by]) {
        site_find(l, KT_FIND_WARNING, "contact", "site.yaml", 0, 0,
                  "ladder \"%s\": contact \"%s\" has nothing in column %s of %s", d->id, s->to,
                  ways[s->by], l->s->pub.contacts);
    }
}

void site_voice_check(struct load *l)
{
    const struct kt_site *s = &l->s->pub;
    for (uint32_t i = 0; i < s->ladders_n && *s->dir; i++) {
        for (uint32_t k = 0; k < s->ladders[i].steps_n; k++) {
            check_step(l, &s->ladders[i], &s->ladders[i].steps[k]);
        }
    }
    for (uint32_t i = 0; i < s->points_n; i++) {
        const struct kt_point *p = &s->points[i];
        bool sip = p->link < s->links_n && s->links[p->link].kind == KT_LINK_SIP;
        if (!p->ended && sip != is_voice(p)) {
            site_find_point(l, KT_FIND_ERROR, "voice", i,
                            sip ? "a point of a sip link is a phone, desk or speaker; give it a "
                                  "role voice.*"
                                : "a phone, desk or speaker needs a link of kind sip");
        }
    }
}

/* ---- words and calls of rules ---------------------------------------------------------------- */

static bool find_places(struct load *l, const char *rule, struct action_decl *a,
                        struct kt_action *ret)
{
    ret->place.v = KT_NONE;
    ret->reach = strcmp(a->text, "downstream") == 0 ? KT_REACH_DOWNSTREAM : KT_REACH_PLACE;
    if (ret->reach == KT_REACH_DOWNSTREAM || strcmp(a->text, "place") == 0) {
        return true;
    }
    ret->place = kt_site_place(&l->s->pub, kt_str_c(a->text));
    if (ret->place.v == KT_NONE) {
        site_find_at(l, KT_FIND_ERROR, "reference", &a->at,
                     "rule \"%s\": broadcast names no place \"%s\"; give place, downstream or an "
                     "id of places.csv",
                     rule, a->text);
        return false;
    }
    return true;
}

bool site_voice_action(struct load *l, const char *rule, struct action_decl *a,
                       struct kt_action *ret)
{
    *ret = (struct kt_action){.kind = KT_ACT_BROADCAST, .select = a->text, .words = a->words};
    if (a->kind == DO_BROADCAST) {
        return find_places(l, rule, a, ret);
    }
    ret->kind = KT_ACT_CALL;
    ret->phone = kt_site_point(&l->s->pub, kt_str_c(a->text));
    if (ret->phone.v == KT_NONE || !is_voice(&l->s->pub.points[ret->phone.v])) {
        site_find_at(l, KT_FIND_ERROR, "reference", &a->at,
                     "rule \"%s\": call names no phone \"%s\"; give a point with a role voice.*",
                     rule, a->text);
        return false;
    }
    return true;
}
