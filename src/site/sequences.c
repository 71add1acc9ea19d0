/* SPDX-License-Identifier: Apache-2.0 */
/* sequences: the files sequences/<topic>.yaml of packs and of the site, as they are written. */
#include "site/impl.h"

static int32_t param_of(const struct kt_sequence *q, const char *id)
{
    for (uint32_t i = 0; i < q->params_n; i++) {
        if (strcmp(q->params[i].id, id) == 0) {
            return (int32_t)i;
        }
    }
    return -1;
}

static void read_param(struct load *l, const struct kt_yaml *n, struct kt_sequence *q)
{
    struct kt_seq_param p = {.lo = 0, .hi = KT_DAY};
    const char *id = NULL;
    bool yes = false;
    if (!kt_yaml_as_map(n, "a parameter") || !kt_yaml_str(n, "id", KT_REQUIRED, &id)) {
        return;
    }
    p.id = site_dup(l, id);
    p.title = site_text2(l, n, "title", KT_REQUIRED);
    kt_yaml_bool(n, "switch", KT_OPTIONAL, &p.is_switch);
    if (p.is_switch) {
        kt_yaml_bool(n, "default", KT_REQUIRED, &yes);
        p.hi = 1;
        p.given = yes;
    } else {
        kt_yaml_duration(n, "min", KT_REQUIRED, &p.lo);
        kt_yaml_duration(n, "max", KT_REQUIRED, &p.hi);
        kt_yaml_duration(n, "default", KT_REQUIRED, &p.given);
    }
    kt_yaml_unknown(n);
    if (p.given < p.lo || p.given > p.hi || p.lo < 0) {
        kt_yaml_problem(n, "parameter \"%s\": min <= default <= max, none below 0", p.id);
    } else if (param_of(q, p.id) >= 0) {
        kt_yaml_problem(n, "parameter \"%s\" stands twice; give it another id", p.id);
    } else {
        q->params[q->params_n++] = p;
    }
}

static void read_recipe(struct load *l, const struct kt_yaml *n, struct kt_sequence *q)
{
    struct kt_yaml *list = kt_yaml_list(n, "recipe", KT_OPTIONAL);
    for (uint32_t i = 0; i < kt_yaml_count(list); i++) {
        if (q->params_n == KT_SEQ_PARAMS) {
            kt_yaml_problem(kt_yaml_at(list, i), "at most %d parameters", KT_SEQ_PARAMS);
            return;
        }
        read_param(l, kt_yaml_at(list, i), q);
    }
}

/* A duration, or `$NAME` of the recipe. */
static struct kt_seq_time read_time(const struct kt_yaml *n, const char *key,
                                    const struct kt_sequence *q, int64_t otherwise)
{
    struct kt_seq_time t = {otherwise, -1};
    struct kt_yaml *v = kt_yaml_get(n, key);
    const char *text = v && kt_yaml_kind(v) == KT_YAML_SCALAR ? kt_yaml_text(v) : "";
    if (text[0] != '$') {
        kt_yaml_duration(n, key, KT_OPTIONAL, &t.ns);
        return t;
    }
    t.param = param_of(q, text + 1);
    if (t.param < 0 || q->params[t.param].is_switch) {
        kt_yaml_problem(v, "%s: the recipe has no duration \"%s\"", key, text + 1);
        t.param = -1;
    }
    return t;
}

static void read_act(struct load *l, const struct kt_yaml *n, bool site, struct action_decl *to,
                     uint32_t *at)
{
    struct action_decl *a = &to[*at];
    const char *text = NULL;
    if (!kt_yaml_as_map(n, "an action")) {
        return;
    }
    a->at = site_origin(n, site);
    a->kind = kt_yaml_str(n, "close", KT_OPTIONAL, &text) ? DO_CLOSE_POINTS : DO_OPEN_POINTS;
    if (!text) {
        kt_yaml_str(n, "open", KT_OPTIONAL, &text);
    }
    kt_yaml_unknown(n);
    if (!text || kt_yaml_count(n) != 1) {
        kt_yaml_problem(n, "an action of a sequence is {close: SELECTOR} or {open: SELECTOR}");
        return;
    }
    a->text = site_dup(l, text);
    (*at)++;
}

static struct action_decl *read_acts(struct load *l, const struct kt_yaml *n, const char *key,
                                     bool site, uint32_t *ret_n)
{
    struct kt_yaml *list = kt_yaml_list(n, key, KT_OPTIONAL);
    struct action_decl *to = KT_NEW_ARRAY(l->scratch, struct action_decl, kt_yaml_count(list) + 1);
    for (uint32_t i = 0; i < kt_yaml_count(list); i++) {
        read_act(l, kt_yaml_at(list, i), site, to, ret_n);
    }
    return to;
}

static void read_late(struct load *l, const struct kt_yaml *n, const struct kt_sequence *q,
                      struct kt_seq_step *s, struct seq_step_decl *d)
{
    const char *late = q->start ? "hold" : "next";
    kt_yaml_str(n, "late", KT_OPTIONAL, &late);
    s->late = strcmp(late, "hold") == 0   ? KT_SEQ_HOLD
              : strcmp(late, "next") == 0 ? KT_SEQ_NEXT
              : strcmp(late, "undo") == 0 ? KT_SEQ_UNDO
                                          : KT_SEQ_BACK;
    s->back = KT_NONE;
    if (s->late == KT_SEQ_BACK) {
        d->back = site_dup(l, late);
        d->back_at = site_origin(kt_yaml_get(n, "late"), d->at.site);
    }
}

static void read_conditions(struct load *l, const struct kt_yaml *n, struct kt_seq_step *s,
                            struct seq_step_decl *d)
{
    s->skip_text = site_condition(l, n, "skip", KT_OPTIONAL, &d->skip_at);
    s->guard_text = site_condition(l, n, "guard", KT_OPTIONAL, &d->guard_at);
    s->confirm_text = site_condition(l, n, "confirm", KT_OPTIONAL, &d->confirm_at);
    site_scan_of(n, "confirm", s->confirm_text, &d->scan);
}

static void read_when(struct load *l, const struct kt_yaml *n, const struct kt_sequence *q,
                      struct kt_seq_step *s)
{
    const char *when = NULL;
    (void)l;
    s->when = -1;
    if (!kt_yaml_str(n, "when", KT_OPTIONAL, &when)) {
        return;
    }
    s->when = param_of(q, when[0] == '$' ? when + 1 : when);
    if (s->when < 0 || !q->params[s->when].is_switch) {
        kt_yaml_problem(kt_yaml_get(n, "when"), "when: the recipe has no switch \"%s\"", when);
        s->when = -1;
    }
}

static void read_step(struct load *l, const struct kt_yaml *n, struct seq_decl *q)
{
    static const char *const turns[] = {"once", "all", "each"};
    struct kt_seq_step *s = &q->steps[q->q.steps_n];
    struct seq_step_decl *d = &q->decl[q->q.steps_n];
    const char *id = NULL;
    int turn = q->has_over ? KT_SEQ_ALL : KT_SEQ_ONCE;
    if (!kt_yaml_as_map(n, "a step") || !kt_yaml_str(n, "id", KT_REQUIRED, &id)) {
        return;
    }
    d->at = site_origin(n, q->at.site);
    s->id = site_dup(l, id);
    s->title = site_text2(l, n, "title", KT_REQUIRED);
    s->reason = site_text2(l, n, "reason", KT_OPTIONAL);
    kt_yaml_choice(n, "for", KT_OPTIONAL, turns, 3, &turn);
    s->turn = (enum kt_seq_turn)turn;
    if (!q->has_over && turn != KT_SEQ_ONCE) {
        kt_yaml_problem(n, "step \"%s\": `for: %s` needs `over` in the sequence", s->id,
                        turns[turn]);
    }
    read_when(l, n, &q->q, s);
    read_conditions(l, n, s, d);
    s->wait = read_time(n, "wait", &q->q, 0);
    s->hold = read_time(n, "hold", &q->q, 0);
    s->within = read_time(n, "within", &q->q, 30 * KT_SEC);
    read_late(l, n, &q->q, s, d);
    d->act = read_acts(l, n, "do", q->at.site, &d->act_n);
    kt_yaml_unknown(n);
    q->q.steps_n++;
}

static void read_steps(struct load *l, const struct kt_yaml *n, struct seq_decl *q)
{
    struct kt_yaml *list = kt_yaml_list(n, "steps", KT_REQUIRED);
    uint32_t count = kt_yaml_count(list);
    if (count == 0 || count > KT_SEQ_STEPS) {
        kt_yaml_problem(n, "sequence \"%s\" has %u steps; 1 to %d", q->q.id, count, KT_SEQ_STEPS);
        count = count > KT_SEQ_STEPS ? KT_SEQ_STEPS : count;
    }
    q->steps = KT_NEW_ARRAY(l->a, struct kt_seq_step, count + 1);
    q->decl = KT_NEW_ARRAY(l->scratch, struct seq_step_decl, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        read_step(l, kt_yaml_at(list, i), q);
    }
    q->q.steps = q->steps;
}

static void read_over(struct load *l, const struct kt_yaml *n, struct seq_decl *q)
{
    static const char *const takes[] = {"chosen", "onward", "behind"};
    static const char *const orders[] = {"behind-first", "onward-first"};
    struct kt_yaml *over = kt_yaml_map(n, "over", KT_OPTIONAL);
    int take = KT_SEQ_CHOSEN, order = 0;
    q->has_over = over != NULL;
    if (over) {
        site_selector_read(l, over, &q->over);
        q->over.kind = KT_POINT_OUTPUT;
    }
    kt_yaml_choice(n, "take", KT_OPTIONAL, takes, 3, &take);
    kt_yaml_choice(n, "order", KT_OPTIONAL, orders, 2, &order);
    q->q.take = (enum kt_seq_take)take;
    q->onward_first = order == 1;
}

static bool read_sequence(struct load *l, const struct kt_yaml *n, const char *pack,
                          struct seq_decl *q)
{
    static const char *const kinds[] = {"start", "stop"};
    const char *id = NULL;
    int kind = 0;
    if (!kt_yaml_as_map(n, "a sequence") || !kt_yaml_str(n, "id", KT_REQUIRED, &id)) {
        return false;
    }
    q->at = site_origin(n, pack == NULL);
    q->q.id = site_dup(l, id);
    q->q.pack = pack ? site_dup(l, pack) : "";
    q->q.file = site_dup(l, q->at.file);
    q->q.line = q->at.line;
    q->q.title = site_text2(l, n, "title", KT_REQUIRED);
    kt_yaml_choice(n, "kind", KT_REQUIRED, kinds, 2, &kind);
    q->q.start = kind == 0;
    q->q.clause = site_source(l, n, "clause");
    read_over(l, n, q);
    read_recipe(l, n, &q->q);
    read_steps(l, n, q);
    q->rest = read_acts(l, n, "rest", q->at.site, &q->rest_n);
    kt_yaml_unknown(n);
    return true;
}

/* A sequence of the site takes the place of one of a pack with the same id and kind. */
static void add_sequence(struct load *l, const struct kt_yaml *n, const struct seq_decl *q)
{
    uint64_t at;
    if (!kt_map_get(l->seq_ids, kt_str_c(q->q.id), &at)) {
        kt_map_set(l->seq_ids, kt_str_c(q->q.id), l->seqs_n);
        *SITE_PUSH(l, l->seqs, l->seqs_n, l->seqs_cap) = *q;
        return;
    }
    struct seq_decl *was = &l->seqs[at];
    if (!q->at.site || was->at.site || was->q.start != q->q.start) {
        kt_yaml_problem(n, "sequence \"%s\" stands already at %s:%d; give it another id", q->q.id,
                        was->q.file, was->q.line);
    } else {
        *was = *q;
    }
}

void site_sequences_file(struct load *l, const char *path, const char *name, const char *pack)
{
    struct kt_yaml *root = site_yaml(l, path, name);
    struct kt_yaml *list = root ? kt_yaml_list(root, "sequences", KT_REQUIRED) : NULL;
    for (uint32_t i = 0; i < kt_yaml_count(list); i++) {
        struct seq_decl q = {0};
        if (read_sequence(l, kt_yaml_at(list, i), pack, &q)) {
            add_sequence(l, kt_yaml_at(list, i), &q);
        }
    }
    if (root) {
        kt_yaml_unknown(root);
    }
}
