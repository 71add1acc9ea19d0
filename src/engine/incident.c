/* SPDX-License-Identifier: Apache-2.0 */
/* incident: the steps of a linkage, as they begin and as they come along. */
#include "engine/incident.h"

#include <stdio.h>
#include <stdlib.h>

#include "engine/folk.h"
#include "engine/voice.h"

static const char *const kinds[STEP_KINDS] = {"cut",     "people", "broadcast", "call",
                                              "cameras", "routes", "case"};
static const char *const states[STEP_STATES] = {"waiting", "sent",   "done",
                                                "proved",  "failed", "unavailable"};

/* ---- telling --------------------------------------------------------------------------------- */

static void write_step(const struct incident *x, const struct incident_step *s, struct kt_jw *w)
{
    kt_jw_kstr(w, "step", kinds[s->kind]);
    kt_jw_kstr(w, "state", states[s->state]);
    kt_jw_ktext(w, "text", s->text);
    kt_jw_kint(w, "after_ms", (s->at - x->at) / KT_MS);
}

/* The members that name it. */
static void write_head(const struct incident *x, struct kt_jw *w)
{
    kt_jw_kint(w, "id", (int64_t)x->id);
    kt_jw_kint(w, "alarm", (int64_t)x->alarm);
    kt_jw_kstr(w, "rule", x->rule);
    kt_jw_kstr(w, "point", x->point);
    kt_jw_kstr(w, "place", x->place);
}

static struct kt_jw *say(struct eng *e, const struct incident *x, const char *change)
{
    struct kt_jw *w = eng_say(e, "incident");
    kt_jw_kstr(w, "change", change);
    write_head(x, w);
    return w;
}

/* A step as it stands now; what is the same is not told again. */
static void set(struct eng *e, struct incident *x, struct incident_step *s,
                enum incident_state state, const char *text)
{
    bool over = s->state == STEP_PROVED || s->state == STEP_UNAVAILABLE;
    bool back = (s->state == STEP_DONE || s->state == STEP_FAILED) && state < STEP_DONE;
    if (over || back || (s->state == state && strcmp(s->text, text) == 0)) {
        return;
    }
    s->state = (uint8_t)state;
    s->at = e->now;
    kt_text_set(s->text, sizeof(s->text), text);
    struct kt_jw *w = say(e, x, "step");
    write_step(x, s, w);
    if (s->kind == STEP_CASE && x->record) {
        kt_jw_kint(w, "record", x->record);
    }
    eng_said(e);
}

/* ---- a cut, by its commands and the feed state ----------------------------------------------- */

static uint32_t outputs_of(const struct eng *e, const struct incident *x, kt_point_id *ret)
{
    kt_rule_id rule = kt_site_rule(e->site, kt_str_c(x->rule));
    kt_point_id self = kt_site_point(e->site, kt_str_c(x->point));
    uint32_t n = 0;
    const struct kt_rule *r = rule.v == KT_NONE ? NULL : &e->site->rules[rule.v];
    for (uint32_t i = 0; r && self.v != KT_NONE && i < r->then_n; i++) {
        const struct kt_point_list all = kt_site_opens(e->site, &r->then[i], self);
        for (uint32_t k = 0; k < all.n && n < INCIDENT_CUTS; k++) {
            if (kt_control_of(e->control, all.points[k])) {
                ret[n++] = all.points[k];
            }
        }
    }
    return n;
}

static void look_cut(struct eng *e, struct incident *x, struct incident_step *s)
{
    kt_point_id output[INCIDENT_CUTS];
    uint32_t n = outputs_of(e, x, output), proved = 0, read = 0, wrong = 0, unproved = 0;
    char text[INCIDENT_WHY];
    for (uint32_t i = 0; i < n; i++) {
        const struct kt_command *c = kt_control_last_opening(e->control, output[i]);
        int state = c && c->requested >= x->at - KT_CTL_RESEND ? c->state : KT_CMD_REQUESTED;
        proved += state == KT_CMD_PROVED;
        read += state == KT_CMD_READBACK;
        wrong += state == KT_CMD_ANOMALY || state == KT_CMD_FAILED;
        unproved += kt_control_of(e->control, output[i])->feed.v == KT_NONE;
    }
    if (n == 0) {
        set(e, x, s, STEP_UNAVAILABLE, "no-switch");
        return;
    }
    (void)snprintf(text, sizeof(text), "%u/%u", proved + (unproved ? read : 0), n);
    enum incident_state state = wrong                                 ? STEP_FAILED
                                : proved == n                         ? STEP_PROVED
                                : unproved == n && read + proved == n ? STEP_DONE
                                                                      : STEP_SENT;
    set(e, x, s, state, text);
}

/* ---- persons and their ways out -------------------------------------------------------------- */

/* By place: the point's, and where its air goes. */
static bool *reached(const struct eng *e, uint32_t place, bool downstream)
{
    uint32_t n = 0;
    bool *in = calloc(e->site->places_n + 1, sizeof(*in));
    kt_place_id *list = calloc(e->site->places_n + 1, sizeof(*list));
    KT_ASSERT(in && list);
    if (downstream) {
        n = eng_air_reach(e, place, list);
    }
    for (uint32_t p = 0; p < e->site->places_n; p++) {
        in[p] = kt_site_within(e->site, (kt_place_id){p}, (kt_place_id){place});
    }
    for (uint32_t i = 0; i < n; i++) {
        in[list[i].v] = true;
    }
    free(list);
    return in;
}

/* Below, and there; of whom nobody knows where they are, they may be. */
static bool listed(const struct eng *e, const bool *in, const struct folk_one *o)
{
    return folk_has(o, FOLK_BELOW) && (o->place >= e->site->places_n || in[o->place]);
}

/* The same ones in the same order by name; a card without a person has none. */
static void name_people(const struct eng *e, const bool *in, struct kt_jw *w)
{
    kt_jw_key(w, "persons");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < e->folk->one.n; i++) {
        const struct folk_one *o = &e->folk->one.v[i];
        if (listed(e, in, o)) {
            const struct folk_roster *r = folk_roster(e->folk, o);
            kt_jw_str(w, r ? r->person : "");
        }
    }
    kt_jw_arr_end(w);
}

/* Who is there, one by one: for those who may know it (an outcome of type person). */
static void list_people(struct eng *e, struct incident *x, struct incident_step *s,
                        const struct kt_action *a, uint32_t place)
{
    if (!e->folk) {
        set(e, x, s, STEP_UNAVAILABLE, "no-people");
        return;
    }
    bool *in = reached(e, place, strcmp(a->select, "downstream") == 0);
    struct kt_jw *w = eng_say(e, "person");
    kt_jw_kstr(w, "change", "listed");
    kt_jw_kint(w, "incident", (int64_t)x->id);
    kt_jw_kstr(w, "place", x->place);
    kt_jw_key(w, "cards");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < e->folk->one.n; i++) {
        const struct folk_one *o = &e->folk->one.v[i];
        if (listed(e, in, o)) {
            char card[24];
            folk_card_text(o->card, card);
            kt_jw_str(w, card);
            x->persons++;
        }
    }
    kt_jw_arr_end(w);
    name_people(e, in, w);
    eng_said(e);
    free(in);
    char text[INCIDENT_WHY];
    (void)snprintf(text, sizeof(text), "%u", x->persons);
    set(e, x, s, STEP_DONE, text);
}

static uint32_t evacuated(const struct eng *e, const struct kt_action *a, uint32_t place)
{
    kt_place_id working = e->site->places[place].working;
    if (strcmp(a->select, "working") == 0) {
        return working.v != KT_NONE ? working.v : place;
    }
    return strcmp(a->select, "place") == 0 ? place : kt_site_place(e->site, kt_str_c(a->select)).v;
}

static void evacuate(struct eng *e, struct incident *x, struct incident_step *s,
                     const struct kt_action *a, uint32_t place)
{
    char by[ENG_NAME + 5] = "rule:";
    if (!e->folk) {
        set(e, x, s, STEP_UNAVAILABLE, "no-people");
        return;
    }
    kt_text_set(by + 5, sizeof(by) - 5, x->rule);
    kt_rule_id r = kt_site_rule(e->site, kt_str_c(x->rule));
    folk_evac_linked(e, evacuated(e, a, place), by, e->site->rules[r.v].title.zh);
    x->evacuation = e->folk->evac.id;
    set(e, x, s, STEP_SENT, "");
}

static void look_routes(struct eng *e, struct incident *x, struct incident_step *s)
{
    const struct evac *v = e->folk ? &e->folk->evac : NULL;
    char text[INCIDENT_WHY];
    if (v && v->id == x->evacuation && v->plan_at >= x->at && v->plans > 0) {
        (void)snprintf(text, sizeof(text), "%u", v->total);
        set(e, x, s, STEP_DONE, text);
    }
}

/* The nearest: named, so that screens open them. */
static void name_cameras(struct eng *e, struct incident *x, struct incident_step *s,
                         const struct kt_action *a)
{
    uint32_t near[KT_CAMERAS_NEAR], n = 0;
    char text[INCIDENT_WHY] = "";
    kt_point_id p = kt_site_point(e->site, kt_str_c(x->point));
    if (p.v != KT_NONE) {
        const struct kt_point *at = &e->site->points[p.v];
        n = kt_site_cameras_near(e->site, at->place, at->x, at->y, near,
                                 a->count < KT_CAMERAS_NEAR ? a->count : KT_CAMERAS_NEAR);
    }
    for (uint32_t i = 0, used = 0; i < n; i++) {
        const char *id = e->site->cameras[near[i]].id;
        if (used + strlen(id) + 2 < sizeof(text)) {
            used += (uint32_t)snprintf(text + used, sizeof(text) - used, "%s%s", i ? " " : "", id);
        }
    }
    set(e, x, s, n ? STEP_DONE : STEP_UNAVAILABLE, n ? text : "no-cameras");
}

/* ---- words and calls, as their talks go ------------------------------------------------------ */

/* A talk that this incident's input began: by its rule, or the words of its evacuation. */
static bool is_ours(const struct incident *x, const struct talk *t, enum talk_kind kind)
{
    bool rule = strncmp(t->by, "rule:", 5) == 0 && strcmp(t->by + 5, x->rule) == 0;
    return t->kind == kind && t->started == x->at &&
           (rule || (kind == TALK_CAST && strcmp(t->by, "evacuation") == 0));
}

struct heard {
    uint32_t talks, over, answered, speakers, said;
};

static struct heard hear(const struct eng *e, const struct incident *x, enum talk_kind kind)
{
    struct heard h = {0};
    for (uint32_t i = 0; i < e->voice->talk.n; i++) {
        const struct talk *t = &e->voice->talk.v[i];
        if (!is_ours(x, t, kind)) {
            continue;
        }
        h.talks++;
        h.over += t->state == TALK_ENDED;
        h.answered += t->answered != 0;
        h.speakers += t->at.n;
        for (uint32_t k = 0; k < t->at.n; k++) {
            h.said += t->at.v[k].state == SPEAKER_SENT || t->at.v[k].state == SPEAKER_CONFIRMED;
        }
    }
    return h;
}

static void look_talk(struct eng *e, struct incident *x, struct incident_step *s)
{
    bool cast = s->kind == STEP_BROADCAST;
    struct heard h = hear(e, x, cast ? TALK_CAST : TALK_RING);
    uint32_t of = cast ? h.speakers : h.talks, done = cast ? h.said : h.answered;
    char text[INCIDENT_WHY];
    if (h.talks == 0) {
        if (s->state == STEP_WAITING) { /* later ones have left the list of talks, no more */
            set(e, x, s, STEP_UNAVAILABLE, cast ? "no-speakers" : "no-phone");
        }
        return;
    }
    (void)snprintf(text, sizeof(text), "%u/%u", done, of);
    set(e, x, s, done == of ? STEP_DONE : h.over == h.talks ? STEP_FAILED : STEP_SENT, text);
}

/* ---- life ------------------------------------------------------------------------------------ */

static struct incident_step *add_step(struct incident *x, enum incident_kind kind, kt_time now)
{
    for (uint32_t i = 0; i < x->steps_n; i++) {
        if (x->step[i].kind == kind) {
            return NULL; /* there already */
        }
    }
    if (x->steps_n == INCIDENT_STEPS) {
        return NULL;
    }
    struct incident_step *s = &x->step[x->steps_n++];
    *s = (struct incident_step){.kind = (uint8_t)kind, .at = now};
    return s;
}

static void begin_step(struct eng *e, struct incident *x, const struct kt_action *a, uint32_t place)
{
    struct incident_step *s;
    switch (a->kind) {
    case KT_ACT_OPEN_RANGE:
    case KT_ACT_OPEN_POINTS:
    case KT_ACT_OPEN_ASSET:
        if ((s = add_step(x, STEP_CUT, e->now))) {
            look_cut(e, x, s);
        }
        break;
    case KT_ACT_PEOPLE:
        if ((s = add_step(x, STEP_PEOPLE, e->now))) {
            list_people(e, x, s, a, place);
        }
        break;
    case KT_ACT_EVACUATE:
        if ((s = add_step(x, STEP_ROUTES, e->now))) {
            evacuate(e, x, s, a, place);
        }
        if ((s = add_step(x, STEP_BROADCAST, e->now))) { /* its fixed words */
            look_talk(e, x, s);
        }
        break;
    case KT_ACT_CALL:
        if ((s = add_step(x, STEP_CALL, e->now))) {
            look_talk(e, x, s);
        }
        break;
    case KT_ACT_BROADCAST:
        (void)add_step(x, STEP_BROADCAST, e->now); /* looked at once all have begun */
        break;
    case KT_ACT_CAMERAS:
        if ((s = add_step(x, STEP_CAMERAS, e->now))) {
            name_cameras(e, x, s, a);
        }
        break;
    case KT_ACT_CASE:
        (void)add_step(x, STEP_CASE, e->now);
        kt_text_set(x->reg, sizeof(x->reg), a->select);
        break;
    default:
        break;
    }
}

static bool links(const struct kt_rule *r)
{
    bool any = false;
    for (uint32_t i = 0; i < r->then_n; i++) {
        any |= r->then[i].kind >= KT_ACT_PEOPLE && r->then[i].kind <= KT_ACT_CASE;
    }
    return any;
}

void eng_incident_begin(struct eng *e, const struct inst *in)
{
    const struct kt_rule *r = eng_rule(e, in);
    uint32_t place = e->site->points[in->self].place.v;
    const struct kt_alarm *a =
        kt_alarm_of(e->alarms, (kt_rule_id){in->rule}, (kt_point_id){in->self});
    if (!links(r) || !a || place >= e->site->places_n) {
        return;
    }
    if (e->incident.n == INCIDENTS) {
        ENG_REMOVE(e->incident, 0);
    }
    struct incident *x = ENG_PUSH(e->incident);
    x->id = eng_next_id(e);
    x->alarm = a->id.v;
    x->at = e->now;
    x->source = kt_live_peek(e->live, (kt_point_id){in->self})->time;
    x->drill = false; /* a rule knows of no drill */
    kt_text_set(x->rule, sizeof(x->rule), r->id);
    kt_text_set(x->point, sizeof(x->point), e->site->points[in->self].id);
    kt_text_set(x->place, sizeof(x->place), e->site->places[place].id);
    struct kt_jw *w = say(e, x, "begin");
    kt_jw_ktime(w, "source", x->source);
    for (uint32_t i = 0; i < r->then_n; i++) {
        if (r->then[i].kind == KT_ACT_CASE) {
            kt_jw_kstr(w, "register", r->then[i].select);
        }
    }
    eng_said(e);
    for (uint32_t i = 0; i < r->then_n; i++) {
        begin_step(e, x, &r->then[i], place);
    }
}

static bool settled(const struct incident_step *s)
{
    return s->state == STEP_PROVED || s->state == STEP_UNAVAILABLE;
}

void eng_incident_look(struct eng *e)
{
    for (uint32_t i = 0; i < e->incident.n; i++) {
        struct incident *x = &e->incident.v[i];
        for (uint32_t k = 0; k < x->steps_n && e->now - x->at < KT_DAY; k++) {
            struct incident_step *s = &x->step[k];
            if (s->kind == STEP_CUT && !settled(s)) {
                look_cut(e, x, s);
            } else if (s->kind == STEP_ROUTES && s->state == STEP_SENT) {
                look_routes(e, x, s);
            } else if ((s->kind == STEP_BROADCAST || s->kind == STEP_CALL) &&
                       s->state <= STEP_SENT) {
                look_talk(e, x, s);
            }
        }
    }
}

void eng_incident_answer(struct eng *e, const struct kt_json *a)
{
    uint64_t id = (uint64_t)kt_json_get_int(a, "incident", 0);
    const char *step = kt_json_get_str(a, "step", ""), *state = kt_json_get_str(a, "state", "");
    for (uint32_t i = 0; i < e->incident.n; i++) {
        struct incident *x = &e->incident.v[i];
        for (uint32_t k = 0; k < x->steps_n && x->id == id; k++) {
            for (int n = 0; n < STEP_STATES && strcmp(kinds[x->step[k].kind], step) == 0; n++) {
                if (strcmp(states[n], state) == 0 && x->step[k].kind != STEP_CUT) {
                    int64_t record = kt_json_get_int(a, "record", 0);
                    x->record = record > 0 ? record : x->record;
                    set(e, x, &x->step[k], (enum incident_state)n, kt_json_get_str(a, "text", ""));
                }
            }
        }
    }
}

/* ---- as JSON, and in a checkpoint ------------------------------------------------------------ */

static void write_one(const struct incident *x, struct kt_jw *w)
{
    kt_jw_obj(w);
    write_head(x, w);
    kt_jw_ktime(w, "at", x->at);
    kt_jw_ktime(w, "source", x->source);
    kt_jw_kint(w, "persons", x->persons);
    kt_jw_kbool(w, "drill", x->drill);
    kt_jw_ktext(w, "register", x->reg);
    if (x->record) {
        kt_jw_kint(w, "record", x->record);
    }
    if (x->evacuation) {
        kt_jw_kint(w, "evacuation", (int64_t)x->evacuation);
    }
    kt_jw_key(w, "steps");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < x->steps_n; i++) {
        kt_jw_obj(w);
        write_step(x, &x->step[i], w);
        kt_jw_ktime(w, "at", x->step[i].at);
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
    kt_jw_obj_end(w);
}

void eng_incidents_json(const struct eng *e, struct kt_jw *w)
{
    kt_jw_arr(w);
    for (uint32_t i = e->incident.n; i-- > 0;) {
        write_one(&e->incident.v[i], w);
    }
    kt_jw_arr_end(w);
}

void eng_incident_save(const struct eng *e, struct kt_buf *out)
{
    for (uint32_t i = 0; i < e->incident.n; i++) {
        const struct incident *x = &e->incident.v[i];
        kt_put_u64(out, x->id);
        kt_put_u64(out, x->alarm);
        kt_put_u64(out, x->evacuation);
        kt_put_i64(out, x->at);
        kt_put_i64(out, x->source);
        kt_put_text(out, x->rule);
        kt_put_text(out, x->point);
        kt_put_text(out, x->place);
        kt_put_text(out, x->reg);
        kt_put_i64(out, x->record);
        kt_put_u32(out, x->persons);
        kt_put_u8(out, x->drill);
        kt_put_u8(out, (uint8_t)x->steps_n);
        for (uint32_t k = 0; k < x->steps_n; k++) {
            kt_put_u8(out, x->step[k].kind);
            kt_put_u8(out, x->step[k].state);
            kt_put_i64(out, x->step[k].at);
            kt_put_text(out, x->step[k].text);
        }
    }
}

static void load_steps(struct incident *x, struct kt_rd *in)
{
    for (uint32_t k = 0; k < x->steps_n && !in->bad; k++) {
        struct incident_step *s = &x->step[k];
        s->kind = kt_get_u8(in);
        s->state = kt_get_u8(in);
        s->at = kt_get_i64(in);
        kt_get_text(in, s->text, sizeof(s->text));
        in->bad |= s->kind >= STEP_KINDS || s->state >= STEP_STATES;
    }
}

void eng_incident_load(struct eng *e, struct kt_rd *in)
{
    while (kt_rd_left(in) > 0 && !in->bad) {
        struct incident x = {.id = kt_get_u64(in)};
        x.alarm = kt_get_u64(in);
        x.evacuation = kt_get_u64(in);
        x.at = kt_get_i64(in);
        x.source = kt_get_i64(in);
        kt_get_text(in, x.rule, sizeof(x.rule));
        kt_get_text(in, x.point, sizeof(x.point));
        kt_get_text(in, x.place, sizeof(x.place));
        kt_get_text(in, x.reg, sizeof(x.reg));
        x.record = kt_get_i64(in);
        x.persons = kt_get_u32(in);
        x.drill = kt_get_u8(in) != 0;
        x.steps_n = kt_get_u8(in);
        in->bad |= x.steps_n > INCIDENT_STEPS || e->incident.n >= INCIDENTS;
        load_steps(&x, in);
        if (!in->bad) {
            *ENG_PUSH(e->incident) = x;
        }
    }
}
