/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model_flow_check: workflows against the registers that have them, SQL of indicators against the
 * tables, and that every state is reached and reaches an end.
 */
#include "record/flow.h"

#include "store/store.h"

/* ---- the graph of states ---- */

/* States that `set` leads to (or, back, that lead to it), `set` included. */
static uint64_t closure(const struct rec_workflow *w, uint64_t set, bool back)
{
    for (uint64_t before = ~set; before != set;) {
        before = set;
        for (uint32_t i = 0; i < w->transitions_n; i++) {
            const struct rec_transition *t = &w->transitions[i];
            uint64_t to = UINT64_C(1) << t->to;
            if (back && (set & to)) {
                set |= t->from;
            } else if (!back && (set & t->from)) {
                set |= to;
            }
        }
    }
    return set;
}

static void check_graph(struct rec_load *l, const struct rec_workflow *w)
{
    uint64_t ends = 0;
    for (uint32_t i = 0; i < w->states_n; i++) {
        ends |= (uint64_t)rec_state_ends(&w->states[i]) << i;
    }
    if (w->start == KT_NONE) {
        return; /* reported where it was read */
    }
    uint64_t reached = closure(w, UINT64_C(1) << w->start, false), leads = closure(w, ends, true);
    for (uint32_t i = 0; i < w->states_n; i++) {
        if (!rec_in_states(reached, i)) {
            rec_problem(l, &w->at, "workflow \"%s\": nothing leads to state \"%s\"", w->id,
                        w->states[i].id);
        }
        if (!rec_in_states(leads, i)) {
            rec_problem(l, &w->at,
                        "workflow \"%s\": from state \"%s\" no way leads to a state of kind done "
                        "or void",
                        w->id, w->states[i].id);
        }
    }
}

/* ---- fields of the registers that have the workflow ---- */

static const struct rec_field *field_named(struct rec_load *l, const struct rec_register *reg,
                                           const struct rec_at *at, const char *id,
                                           const char *what)
{
    uint32_t i = rec_field_of(reg, id);
    if (i == KT_NONE) {
        rec_problem(l, at, "%s: register \"%s\" has no field \"%s\"", what, reg->id, id);
        return NULL;
    }
    return &reg->fields[i];
}

static void check_linked(struct rec_load *l, const struct rec_register *reg,
                         const struct rec_transition *t, const struct rec_linked *e)
{
    const struct rec_field *f = field_named(l, reg, &t->at, e->field, "linked");
    if (!f) {
        return;
    }
    const struct rec_register *to =
        f->type == REC_REF && f->to != KT_NONE ? &l->m->registers[f->to] : NULL;
    if (!to || to->workflow == KT_NONE || e->states_n == 0) {
        rec_problem(l, &t->at,
                    "linked: field \"%s\" has to name a record with a workflow, and its states",
                    f->id);
        return;
    }
    for (uint32_t i = 0; i < e->states_n; i++) {
        if (rec_state_of(&l->m->workflows[to->workflow], e->states[i]) == KT_NONE) {
            rec_problem(l, &t->at, "linked: %s has no state \"%s\"", to->id, e->states[i]);
        }
    }
}

static void check_transition(struct rec_load *l, const struct rec_register *reg,
                             const struct rec_transition *t)
{
    for (uint32_t i = 0; i < t->needs_n; i++) {
        field_named(l, reg, &t->at, t->needs[i], "needs");
    }
    for (uint32_t i = 0; i < t->evidence_n; i++) {
        const struct rec_field *f = field_named(l, reg, &t->at, t->evidence[i].field, "evidence");
        if (f && !rec_is_file(f)) {
            rec_problem(l, &t->at, "evidence: field \"%s\" is no file and no photo", f->id);
        }
    }
    for (uint32_t i = 0; i < t->linked_n; i++) {
        check_linked(l, reg, t, &t->linked[i]);
    }
    if (t->due.kind == REC_DUE_FIELD) {
        const struct rec_field *f = field_named(l, reg, &t->at, t->due.field, "due");
        if (f && f->type != REC_DATE && f->type != REC_TIME) {
            rec_problem(l, &t->at, "due: field \"%s\" is no date and no time", f->id);
        }
    }
    if (t->receipt.days + t->receipt.hours > 0 && t->owner == REC_OWNER_NONE) {
        rec_problem(l, &t->at, "receipt: nobody owns the record, so nobody can answer");
    }
}

static void check_words(struct rec_load *l, const struct rec_workflow *w,
                        const struct rec_transition *t)
{
    uint32_t persons = 0;
    for (uint32_t i = 0; i < t->who_n; i++) {
        const char *who = t->who[i];
        bool person = strcmp(who, "owner") == 0 || strcmp(who, "creator") == 0;
        persons += person;
        if (!person && !strchr(who, '.')) {
            rec_problem(l, &t->at, "who: \"%s\" is not owner, not creator and no right NAME.word",
                        who);
        }
    }
    if (persons && persons == t->who_n && (int)persons < t->sign) {
        rec_problem(l, &t->at, "sign: %d persons have to sign, and %u may; name a right in who",
                    t->sign, persons);
    }
    if (t->receipt.days + t->receipt.hours > 0 && rec_state_ends(&w->states[t->to])) {
        rec_problem(l, &t->at, "receipt: the case ends here, so nobody answers");
    }
}

static void check_cycle(struct rec_load *l, struct rec_cycle *c)
{
    c->reg = rec_register_of(l->m, c->register_id);
    if (c->reg == KT_NONE) {
        rec_problem(l, &c->at, "cycle \"%s\": there is no register \"%s\"", c->id, c->register_id);
        return;
    }
    for (uint32_t i = 0; i < c->fields_n; i++) {
        field_named(l, &l->m->registers[c->reg], &c->at, c->fields[i].field, "fields");
    }
}

/* A field that stays open in a fixed state is one of a register of this workflow. */
static void check_open(struct rec_load *l, const struct rec_workflow *w, uint32_t index,
                       const struct rec_state *s)
{
    for (uint32_t i = 0; i < s->open_n; i++) {
        bool there = false;
        for (uint32_t j = 0; j < l->m->registers_n && !there; j++) {
            const struct rec_register *reg = &l->m->registers[j];
            there = reg->workflow == index && rec_field_of(reg, s->open[i]) != KT_NONE;
        }
        if (!there) {
            rec_problem(l, &w->at,
                        "state \"%s\", open: no register of workflow \"%s\" has a field \"%s\"",
                        s->id, w->id, s->open[i]);
        }
    }
}

static void check_workflow(struct rec_load *l, uint32_t index)
{
    struct rec_workflow *w = &l->m->workflows[index];
    check_graph(l, w);
    for (uint32_t i = 0; i < w->states_n; i++) {
        check_open(l, w, index, &w->states[i]);
    }
    for (uint32_t i = 0; i < w->transitions_n; i++) {
        check_words(l, w, &w->transitions[i]);
        for (uint32_t j = 0; j < l->m->registers_n; j++) {
            if (l->m->registers[j].workflow == index) {
                check_transition(l, &l->m->registers[j], &w->transitions[i]);
            }
        }
    }
    for (uint32_t i = 0; i < w->cycles_n; i++) {
        check_cycle(l, &w->cycles[i]);
    }
}

/* ---- indicators ---- */

bool rec_sql_table(const struct kt_record_model *m, const char *table)
{
    return rec_register_of(m, table) != KT_NONE || strcmp(table, "kt_posting") == 0 ||
           strcmp(table, "kt_account") == 0 || strcmp(table, "kt_txn") == 0;
}

static bool reads(void *arg, const char *table, const char *view)
{
    (void)view;
    return rec_sql_table(arg, table);
}

static bool parameter_known(const struct rec_indicator *d, const char *name, size_t n)
{
    static const char *const own[] = {"from", "to", "at", "place"};
    struct kt_str s = {name, n};
    for (size_t i = 0; i < KT_ARRAY_LEN(own); i++) {
        if (kt_str_is(s, own[i])) {
            return true;
        }
    }
    for (uint32_t i = 0; i < d->settings_n; i++) {
        if (kt_str_is(s, d->settings[i].id)) {
            return true;
        }
    }
    return false;
}

static void check_parameters(struct rec_load *l, const struct rec_indicator *d, const char *sql,
                             const char *what)
{
    bool text = false;
    for (const char *p = sql; *p; p++) {
        text = text != (*p == '\'');
        if (text || !strchr(":@$?", *p)) {
            continue;
        }
        size_t n = strspn(p + 1, "abcdefghijklmnopqrstuvwxyz0123456789_");
        if (*p != ':' || !parameter_known(d, p + 1, n)) {
            rec_problem(l, &d->at,
                        "indicator \"%s\", %s: unknown parameter \"%.*s\"; there are :from, :to, "
                        ":at, :place and the settings",
                        d->id, what, (int)n + 1, p);
        }
    }
}

static void check_sql(struct rec_load *l, const struct rec_indicator *d, const char *sql,
                      const char *what, int columns)
{
    const struct kt_db_guard guard = {reads, flow_functions, flow_functions_n, 0, l->m};
    struct kt_stmt *st;
    struct kt_err err;
    if (!sql[0]) {
        return;
    }
    check_parameters(l, d, sql, what);
    if (!l->db) {
        return; /* the tables could not be made: that was reported */
    }
    if (kt_db_prepare_guarded(l->db, &guard, sql, &st, &err) < 0) {
        rec_problem(l, &d->at, "indicator \"%s\", %s: %s", d->id, what, err.text);
        return;
    }
    if (kt_col_count(st) != columns) {
        rec_problem(l, &d->at, "indicator \"%s\", %s: %s needed, there are %d", d->id, what,
                    columns == 1 ? "one column is" : "two columns, _id and why, are",
                    kt_col_count(st));
    }
    kt_stmt_done(st);
}

static void check_indicator(struct rec_load *l, struct rec_indicator *d)
{
    check_sql(l, d, d->numerator, "numerator", 1);
    check_sql(l, d, d->denominator, "denominator", 1);
    check_sql(l, d, d->drill_sql, "drill", 1);
    check_sql(l, d, d->what_if_sql, "what_if", 2);
    if (d->what_if_register[0]) {
        d->what_if = rec_register_of(l->m, d->what_if_register);
        if (d->what_if == KT_NONE) {
            rec_problem(l, &d->at, "indicator \"%s\", what_if: there is no register \"%s\"", d->id,
                        d->what_if_register);
        }
    }
    if (d->drill_register[0]) {
        d->drill = rec_register_of(l->m, d->drill_register);
        if (d->drill == KT_NONE) {
            rec_problem(l, &d->at, "indicator \"%s\", drill: there is no register \"%s\"", d->id,
                        d->drill_register);
        }
    }
}

static void check_ledger(struct rec_load *l, struct rec_ledger *g)
{
    if (!g->account_register[0]) {
        return;
    }
    g->account_reg = rec_register_of(l->m, g->account_register);
    if (g->account_reg == KT_NONE) {
        rec_problem(l, &g->at, "ledger \"%s\", account_of: there is no register \"%s\"", g->id,
                    g->account_register);
    }
}

/* A move that time makes ends what it finds, from every state in which it may find it. */
static void check_lapses(struct rec_load *l, const struct rec_workflow *w)
{
    for (uint32_t i = 0; i < w->escalate_n; i++) {
        const struct rec_escalate *e = &w->escalate[i];
        const struct rec_transition *t = e->move[0] ? rec_transition_of(w, e->move) : NULL;
        if (e->move[0] && (!t || (e->states & ~t->from) || !rec_state_ends(&w->states[t->to]))) {
            rec_problem(
                l, &w->at,
                "escalate of workflow \"%s\", move: \"%s\" is no transition from its states "
                "to one of kind done or void",
                w->id, e->move);
        }
    }
}

void rec_check_flow(struct rec_load *l)
{
    for (uint32_t i = 0; i < l->m->workflows_n; i++) {
        check_workflow(l, i);
        check_lapses(l, &l->m->workflows[i]);
    }
    for (uint32_t i = 0; i < l->m->indicators_n; i++) {
        check_indicator(l, &l->m->indicators[i]);
    }
    for (uint32_t i = 0; i < l->m->ledgers_n; i++) {
        check_ledger(l, &l->m->ledgers[i]);
    }
}

/* ---- rights ---- */

static void workflow_rights(const struct rec_workflow *w, rec_right_fn fn, void *arg)
{
    for (uint32_t i = 0; i < w->transitions_n; i++) {
        for (uint32_t j = 0; j < w->transitions[i].who_n; j++) {
            if (strchr(w->transitions[i].who[j], '.')) {
                fn(arg, w->transitions[i].who[j]);
            }
        }
    }
    for (uint32_t i = 0; i < w->escalate_n; i++) {
        if (strchr(w->escalate[i].to, '.')) {
            fn(arg, w->escalate[i].to);
        }
    }
}

void rec_each_flow_right(const struct kt_record_model *m, rec_right_fn fn, void *arg)
{
    for (uint32_t i = 0; i < m->workflows_n; i++) {
        workflow_rights(&m->workflows[i], fn, arg);
    }
    for (uint32_t i = 0; i < m->ledgers_n; i++) {
        fn(arg, m->ledgers[i].read);
        fn(arg, m->ledgers[i].post);
        fn(arg, m->ledgers[i].close);
    }
    for (uint32_t i = 0; i < m->indicators_n; i++) {
        fn(arg, m->indicators[i].read);
    }
    fn(arg, "indicator.write");
    fn(arg, "calendar.write");
}
