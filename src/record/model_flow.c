/* SPDX-License-Identifier: Apache-2.0 */
/* model_flow: reading `workflows` of a file of registers/. Their check is in model_flow_check.c. */
#include "record/model_flow.h"

#include <string.h>

#include "conf/number.h"

enum { STATES_MAX = 64, TRANSITIONS_MAX = 400, SIGN_MAX = 9, DAYS_MAX = 3660, HOURS_MAX = 87600 };

static const char *const weekdays[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

/* {days: 5, working: true} or {hours: 8}; false: not there. */
static bool read_span(const struct kt_yaml *map, const char *key, enum kt_need need,
                      struct rec_span *ret)
{
    const struct kt_yaml *m = kt_yaml_map(map, key, need);
    int64_t days = 0, hours = 0;
    if (!m) {
        return false;
    }
    bool d = kt_yaml_int(m, "days", KT_OPTIONAL, 0, DAYS_MAX, &days);
    bool h = kt_yaml_int(m, "hours", KT_OPTIONAL, 0, HOURS_MAX, &hours);
    kt_yaml_bool(m, "working", KT_OPTIONAL, &ret->working);
    kt_yaml_unknown(m);
    if (d == h) {
        kt_yaml_problem(m, "%s: write days or hours, one of them", key);
    }
    if (h && ret->working) {
        kt_yaml_problem(m, "%s: working goes with days, not with hours", key);
    }
    ret->days = (int)days;
    ret->hours = (int)hours;
    return d != h;
}

static void read_due(struct rec_load *l, const struct kt_yaml *map, struct rec_due *ret)
{
    struct kt_yaml *n = kt_yaml_get(map, "due");
    if (!n) {
        return;
    }
    if (kt_yaml_kind(n) == KT_YAML_SCALAR) {
        const char *word = kt_yaml_text(n);
        ret->kind = strcmp(word, "none") == 0 ? REC_DUE_NONE : REC_DUE_KEEP;
        if (strcmp(word, "none") != 0 && strcmp(word, "keep") != 0) {
            kt_yaml_problem(n, "due: write {days: 5}, {hours: 8}, {field: a_date}, none or keep");
        }
        return;
    }
    if (kt_yaml_get(n, "field")) {
        ret->kind = REC_DUE_FIELD;
        ret->field = rec_read_str(l, n, "field", KT_REQUIRED);
        kt_yaml_unknown(n);
        return;
    }
    ret->kind = REC_DUE_SPAN;
    read_span(map, "due", KT_REQUIRED, &ret->span);
}

/* ---- states ---- */

static void read_state(struct rec_load *l, struct kt_yaml *n, struct rec_workflow *w,
                       struct rec_state *s)
{
    static const char *const kinds[] = {"start", "active", "waiting", "done", "void"};
    int kind = REC_ACTIVE;
    if (!kt_yaml_as_map(n, "a state") || !rec_read_id(l, n, "id", &s->id)) {
        return;
    }
    s->title = rec_read_text2(l, n, "title", KT_REQUIRED);
    kt_yaml_choice(n, "kind", KT_REQUIRED, kinds, KT_ARRAY_LEN(kinds), &kind);
    s->kind = (enum rec_state_kind)kind;
    kt_yaml_bool(n, "fixed", KT_OPTIONAL, &s->fixed);
    rec_read_words(l, n, "open", &s->open, &s->open_n);
    if (s->open_n && !s->fixed) {
        kt_yaml_problem(kt_yaml_get(n, "open"),
                        "only a state with `fixed: true` has fields that stay open");
    }
    kt_yaml_unknown(n);
    if (rec_state_of(w, s->id) != KT_NONE) {
        kt_yaml_problem(n, "state \"%s\" is there already; give it another id", s->id);
    }
    if (s->kind == REC_START && w->start != KT_NONE) {
        kt_yaml_problem(n, "a workflow has one state of kind start; this is the second");
    }
    if (s->kind == REC_START) {
        w->start = w->states_n;
    }
    w->states_n++;
}

static void read_states(struct rec_load *l, struct kt_yaml *map, struct rec_workflow *w)
{
    struct kt_yaml *list = kt_yaml_list(map, "states", KT_REQUIRED);
    uint32_t n = kt_yaml_count(list);
    if (n > STATES_MAX) {
        kt_yaml_problem(list, "%u states; at most %d", n, STATES_MAX);
        n = STATES_MAX;
    }
    struct rec_state *s = KT_NEW_ARRAY(l->a, struct rec_state, n + 1);
    w->states = s;
    w->start = KT_NONE;
    for (uint32_t i = 0; i < n; i++) {
        read_state(l, kt_yaml_at(list, i), w, &s[w->states_n]);
    }
    if (list && w->start == KT_NONE) {
        kt_yaml_problem(list, "no state of kind start; say where a case begins");
    }
}

/* Names of states as bits; `all` when the key is not there. */
static uint64_t read_state_set(struct rec_load *l, const struct rec_workflow *w,
                               struct kt_yaml *map, const char *key, uint64_t all)
{
    const char *const *words = NULL;
    uint32_t n = 0;
    uint64_t set = 0;
    if (!kt_yaml_get(map, key)) {
        return all;
    }
    rec_read_words(l, map, key, &words, &n);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t s = rec_state_of(w, words[i]);
        if (s == KT_NONE) {
            struct kt_suggest hint = kt_suggest_init(kt_str_c(words[i]));
            char buf[KT_SUGGEST_TEXT];
            for (uint32_t j = 0; j < w->states_n; j++) {
                kt_suggest_try(&hint, w->states[j].id);
            }
            kt_yaml_problem(kt_yaml_get(map, key), "unknown state \"%s\"%s", words[i],
                            kt_suggest_text(&hint, buf));
        } else {
            set |= UINT64_C(1) << s;
        }
    }
    return set;
}

static uint64_t open_states(const struct rec_workflow *w)
{
    uint64_t set = 0;
    for (uint32_t i = 0; i < w->states_n; i++) {
        set |= (uint64_t)!rec_state_ends(&w->states[i]) << i;
    }
    return set;
}

/* ---- transitions ---- */

static void read_evidence(struct rec_load *l, const struct kt_yaml *map, struct rec_transition *t)
{
    const struct kt_yaml *m = kt_yaml_map(map, "evidence", KT_OPTIONAL);
    uint32_t n = kt_yaml_count(m);
    struct rec_evidence *e = KT_NEW_ARRAY(l->a, struct rec_evidence, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        int64_t count = 1;
        const char *key = kt_yaml_key(m, i);
        kt_yaml_int(m, key, KT_REQUIRED, 1, 100, &count);
        e[i] = (struct rec_evidence){kt_arena_strdup(l->a, key), (int)count};
    }
    t->evidence = e;
    t->evidence_n = n;
}

static void read_linked(struct rec_load *l, const struct kt_yaml *map, struct rec_transition *t)
{
    const struct kt_yaml *m = kt_yaml_map(map, "linked", KT_OPTIONAL);
    uint32_t n = kt_yaml_count(m);
    struct rec_linked *e = KT_NEW_ARRAY(l->a, struct rec_linked, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        e[i].field = kt_arena_strdup(l->a, kt_yaml_key(m, i));
        rec_read_words(l, m, e[i].field, &e[i].states, &e[i].states_n);
    }
    t->linked = e;
    t->linked_n = n;
}

static void read_rules(struct rec_load *l, struct kt_yaml *n, struct rec_transition *t)
{
    static const char *const notes[] = {"optional", "required"};
    static const char *const owners[] = {"keep", "given", "mover", "creator", "none"};
    int note = 0, owner = REC_OWNER_KEEP;
    int64_t sign = 1;
    rec_read_words(l, n, "who", &t->who, &t->who_n);
    rec_read_words(l, n, "needs", &t->needs, &t->needs_n);
    read_evidence(l, n, t);
    read_linked(l, n, t);
    kt_yaml_choice(n, "note", KT_OPTIONAL, notes, KT_ARRAY_LEN(notes), &note);
    kt_yaml_choice(n, "owner", KT_OPTIONAL, owners, KT_ARRAY_LEN(owners), &owner);
    kt_yaml_int(n, "sign", KT_OPTIONAL, 1, SIGN_MAX, &sign);
    kt_yaml_bool(n, "returns", KT_OPTIONAL, &t->returns);
    read_due(l, n, &t->due);
    read_span(n, "receipt", KT_OPTIONAL, &t->receipt);
    t->note = note == 1;
    t->owner = (enum rec_owner)owner;
    t->sign = (int)sign;
}

static void read_transition(struct rec_load *l, struct kt_yaml *n, struct rec_workflow *w,
                            struct rec_transition *t)
{
    const char *to;
    if (!kt_yaml_as_map(n, "a transition") || !rec_read_id(l, n, "id", &t->id)) {
        return;
    }
    t->at = rec_at_of(l, n);
    t->title = rec_read_text2(l, n, "title", KT_REQUIRED);
    t->from = read_state_set(l, w, n, "from", 0);
    to = rec_read_str(l, n, "to", KT_REQUIRED);
    t->to = rec_state_of(w, to);
    read_rules(l, n, t);
    kt_yaml_unknown(n);
    if (!kt_yaml_get(n, "from")) {
        kt_yaml_problem(n, "from: name the states that this starts in");
    }
    if (*to && t->to == KT_NONE) {
        kt_yaml_problem(kt_yaml_get(n, "to"), "unknown state \"%s\"", to);
        t->to = 0;
    }
    if (rec_transition_of(w, t->id)) {
        kt_yaml_problem(n, "transition \"%s\" is there already; give it another id", t->id);
    }
    w->transitions_n++;
}

static void read_transitions(struct rec_load *l, struct kt_yaml *map, struct rec_workflow *w)
{
    struct kt_yaml *list = kt_yaml_list(map, "transitions", KT_REQUIRED);
    uint32_t n = kt_yaml_count(list);
    if (n > TRANSITIONS_MAX) {
        kt_yaml_problem(list, "%u transitions; at most %d", n, TRANSITIONS_MAX);
        n = TRANSITIONS_MAX;
    }
    struct rec_transition *t = KT_NEW_ARRAY(l->a, struct rec_transition, n + 1);
    w->transitions = t;
    for (uint32_t i = 0; i < n; i++) {
        read_transition(l, kt_yaml_at(list, i), w, &t[w->transitions_n]);
    }
}

/* ---- what time does ---- */

static void read_reminds(struct rec_load *l, struct kt_yaml *map, struct rec_workflow *w)
{
    struct kt_yaml *list = kt_yaml_list(map, "remind", KT_OPTIONAL);
    uint32_t n = kt_yaml_count(list);
    struct rec_remind *m = KT_NEW_ARRAY(l->a, struct rec_remind, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        struct kt_yaml *at = kt_yaml_at(list, i);
        if (kt_yaml_as_map(at, "a reminder")) {
            m[i].states = read_state_set(l, w, at, "states", open_states(w));
            read_span(at, "before", KT_REQUIRED, &m[i].before);
            kt_yaml_unknown(at);
        }
    }
    w->remind = m;
    w->remind_n = n;
}

static void read_escalates(struct rec_load *l, struct kt_yaml *map, struct rec_workflow *w)
{
    struct kt_yaml *list = kt_yaml_list(map, "escalate", KT_OPTIONAL);
    uint32_t n = kt_yaml_count(list);
    struct rec_escalate *e = KT_NEW_ARRAY(l->a, struct rec_escalate, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        struct kt_yaml *at = kt_yaml_at(list, i);
        if (kt_yaml_as_map(at, "an escalation")) {
            e[i].states = read_state_set(l, w, at, "states", open_states(w));
            read_span(at, "after", KT_REQUIRED, &e[i].after);
            e[i].to = rec_read_str(l, at, "to", KT_REQUIRED);
            kt_yaml_bool(at, "owner", KT_OPTIONAL, &e[i].owner);
            e[i].move = rec_read_str(l, at, "move", KT_OPTIONAL);
            e[i].title = rec_read_text2(l, at, "title", KT_REQUIRED);
            kt_yaml_unknown(at);
        }
    }
    w->escalate = e;
    w->escalate_n = n;
}

/* Month and day "MM-DD" as 100 * month + day; 0: no such thing. */
static int month_day(const char *s)
{
    char text[16] = "2024-"; /* a leap year */
    int32_t day;
    struct kt_str all = {text, 10};
    if (strlen(s) != 5) {
        return 0;
    }
    memcpy(text + 5, s, 6);
    if (!rec_day_parse(all, &day)) {
        return 0;
    }
    return ((s[0] - '0') * 10 + s[1] - '0') * 100 + (s[3] - '0') * 10 + s[4] - '0';
}

static void read_on(const struct kt_yaml *n, struct rec_cycle *c)
{
    const struct kt_yaml *on = kt_yaml_get(n, "on");
    const char *word = on ? kt_yaml_text(on) : "";
    int64_t day = 0;
    c->on = -1;
    for (int i = 0; c->every == REC_EVERY_WEEK && i < 7; i++) {
        c->on = strcmp(weekdays[i], word) == 0 ? i : c->on;
    }
    if (c->every == REC_EVERY_YEAR) {
        c->on = month_day(word) ? month_day(word) : -1;
    } else if (c->every != REC_EVERY_WEEK && kt_integer_parse(kt_str_c(word), &day) == KT_OK &&
               day >= 1 && day <= 31) {
        c->on = (int)day;
    }
    if (c->every == REC_EVERY_DAY) {
        c->on = 0;
    }
    if (c->on < 0 || (on && c->every == REC_EVERY_DAY)) {
        kt_yaml_problem(on ? on : n,
                        "on: week takes mon … sun; month and quarter 1 … 31 (of the first month); "
                        "year \"MM-DD\"; day nothing");
    }
}

static void read_presets(struct rec_load *l, const struct kt_yaml *n, struct rec_cycle *c)
{
    const struct kt_yaml *m = kt_yaml_map(n, "fields", KT_OPTIONAL);
    uint32_t count = kt_yaml_count(m);
    struct rec_preset *p = KT_NEW_ARRAY(l->a, struct rec_preset, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        const char *key = kt_yaml_key(m, i);
        p[i].field = kt_arena_strdup(l->a, key);
        p[i].value = rec_read_str(l, m, key, KT_REQUIRED);
    }
    c->fields = p;
    c->fields_n = count;
}

static void read_cycles(struct rec_load *l, struct kt_yaml *map, struct rec_workflow *w)
{
    static const char *const every[] = {"day", "week", "month", "quarter", "year"};
    struct kt_yaml *list = kt_yaml_list(map, "cycles", KT_OPTIONAL);
    uint32_t n = kt_yaml_count(list);
    w->cycles = KT_NEW_ARRAY(l->a, struct rec_cycle, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        struct kt_yaml *at = kt_yaml_at(list, i);
        struct rec_cycle *c = &w->cycles[w->cycles_n];
        int which = REC_EVERY_DAY;
        if (!kt_yaml_as_map(at, "a cycle") || !rec_read_id(l, at, "id", &c->id)) {
            continue;
        }
        c->at = rec_at_of(l, at);
        c->title = rec_read_text2(l, at, "title", KT_REQUIRED);
        kt_yaml_choice(at, "every", KT_REQUIRED, every, KT_ARRAY_LEN(every), &which);
        c->every = (enum rec_every)which;
        read_on(at, c);
        kt_yaml_clock(at, "at", KT_REQUIRED, &c->at_s);
        kt_yaml_bool(at, "working", KT_OPTIONAL, &c->working);
        c->register_id = rec_read_str(l, at, "register", KT_REQUIRED);
        c->reg = KT_NONE;
        read_presets(l, at, c);
        kt_yaml_unknown(at);
        w->cycles_n++;
    }
}

void rec_read_workflows(struct rec_load *l, struct kt_yaml *root)
{
    struct kt_yaml *list = kt_yaml_list(root, "workflows", KT_OPTIONAL);
    for (uint32_t i = 0; i < kt_yaml_count(list); i++) {
        struct kt_yaml *n = kt_yaml_at(list, i);
        struct rec_workflow w = {0};
        if (!kt_yaml_as_map(n, "a workflow") || !rec_read_id(l, n, "id", &w.id)) {
            continue;
        }
        w.at = rec_at_of(l, n);
        w.title = rec_read_text2(l, n, "title", KT_REQUIRED);
        read_states(l, n, &w);
        read_transitions(l, n, &w);
        read_reminds(l, n, &w);
        read_escalates(l, n, &w);
        read_cycles(l, n, &w);
        kt_yaml_unknown(n);
        if (rec_workflow_of(l->m, w.id) != KT_NONE) {
            kt_yaml_problem(n, "workflow \"%s\" is there already; give it another id", w.id);
            continue;
        }
        kt_map_set(l->m->workflow_ids, kt_str_c(w.id), l->m->workflows_n);
        *REC_PUSH(l, l->m->workflows, l->m->workflows_n, l->workflows_cap) = w;
    }
}
