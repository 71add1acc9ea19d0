/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timers: what happens because time passes. kt_timer has one row for each thing to come:
 *
 *   kind      payload                     happens as
 *   remind    number of the rule          outcome remind, row in kt_move
 *   escalate  number of the rule          outcome escalate, row in kt_move, perhaps a new owner
 *   receipt   -                           as escalate: nobody has answered
 *   cycle     "workflow/cycle"            a record, and the next timer
 *   erase     field and time, or hash     what is of a person is taken out (personal.c)
 */
#include "record/flow.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "record/requests.h"
#include "record/value.h"

enum {
    MISSED_MAX = 1000, /* of a cycle while nothing was applied: the oldest beyond are left out */
    ARENA_MAX = 64 << 20
};
static const char clock_user[] = "engine";

struct timer {
    int64_t id, due, record;
    char kind[16], payload[REC_ID_MAX * 2 + 8];
};

/* ---- rows of kt_timer ---- */

static int timer_add(struct kt_room *r, int64_t due, int64_t record, const char *kind,
                     const char *payload, struct kt_err *err)
{
    struct kt_stmt *st;
    int code = kt_db_prepare(
        r->w, "INSERT INTO kt_timer(due, record, kind, payload) VALUES(?, ?, ?, ?)", &st, err);
    if (code < 0) {
        return code;
    }
    kt_bind_i64(st, 1, due);
    if (record) {
        kt_bind_i64(st, 2, record);
    }
    kt_bind_text(st, 3, kind);
    kt_bind_text(st, 4, payload);
    code = kt_stmt_run(st, err);
    kt_stmt_done(st);
    return code;
}

static int timer_drop(struct kt_room *r, const char *where, int64_t v, struct kt_err *err)
{
    char sql[160];
    struct kt_stmt *st;
    snprintf(sql, sizeof sql, "DELETE FROM kt_timer WHERE %s", where);
    int code = kt_db_prepare(r->w, sql, &st, err);
    if (code < 0) {
        return code;
    }
    kt_bind_i64(st, 1, v);
    code = kt_stmt_run(st, err);
    kt_stmt_done(st);
    return code;
}

static int timer_next(struct kt_room *r, int64_t until, struct timer *ret, struct kt_err *err)
{
    struct kt_stmt *st;
    int code = kt_db_prepare(r->w,
                             "SELECT id, due, ifnull(record, 0), kind, ifnull(payload, '') FROM "
                             "kt_timer WHERE due <= ? ORDER BY due, id LIMIT 1",
                             &st, err);
    if (code < 0) {
        return code;
    }
    kt_bind_i64(st, 1, until);
    code = kt_stmt_step(st, err);
    if (code > 0) {
        ret->id = kt_col_i64(st, 0);
        ret->due = kt_col_i64(st, 1);
        ret->record = kt_col_i64(st, 2);
        snprintf(ret->kind, sizeof ret->kind, "%s", kt_col_text(st, 3));
        snprintf(ret->payload, sizeof ret->payload, "%s", kt_col_text(st, 4));
    }
    kt_stmt_done(st);
    return code;
}

/* ---- of one record ---- */

/* Rules that have escalated since the state was entered, as bits. */
static int escalated(struct kt_room *r, int64_t record, uint64_t *ret, struct kt_err *err)
{
    struct kt_stmt *st;
    uint64_t set = 0;
    int code = kt_db_prepare(
        r->w,
        "SELECT transition FROM kt_move WHERE record = ?1 AND kind = 'escalate' AND id > "
        "coalesce((SELECT max(id) FROM kt_move WHERE record = ?1 AND kind = 'move'), 0)",
        &st, err);
    if (code < 0) {
        return code;
    }
    kt_bind_i64(st, 1, record);
    while ((code = kt_stmt_step(st, err)) > 0) {
        const char *rule = kt_col_text(st, 0);
        unsigned long i = rule && rule[0] >= '0' && rule[0] <= '9' ? strtoul(rule, NULL, 10) : 64;
        set |= i < 64 ? UINT64_C(1) << i : 0;
    }
    kt_stmt_done(st);
    if (code == KT_OK) {
        *ret = set;
    }
    return code;
}

static int add_reminders(struct kt_room *r, const struct rec_row *row, const struct rec_workflow *w,
                         uint32_t state, const struct rec_days *days, struct kt_err *err)
{
    char rule[16];
    int code = KT_OK;
    for (uint32_t i = 0; code == KT_OK && i < w->remind_n; i++) {
        struct rec_span back = w->remind[i].before;
        back.days = -back.days;
        back.hours = -back.hours;
        int64_t at = flow_shift(days, row->due_ms, &back);
        if (rec_in_states(w->remind[i].states, state) && at > rec_ms(r->time)) {
            snprintf(rule, sizeof rule, "%u", i);
            code = timer_add(r, at, row->id, "remind", rule, err);
        }
    }
    return code;
}

static int add_escalations(struct kt_room *r, const struct rec_row *row,
                           const struct rec_workflow *w, uint32_t state,
                           const struct rec_days *days, struct kt_err *err)
{
    char rule[16];
    uint64_t done = 0;
    int code = w->escalate_n ? escalated(r, row->id, &done, err) : KT_OK;
    for (uint32_t i = 0; code == KT_OK && i < w->escalate_n; i++) {
        int64_t at = flow_shift(days, row->due_ms, &w->escalate[i].after);
        if (rec_in_states(w->escalate[i].states, state) && !(i < 64 && done >> i & 1)) {
            int64_t now = rec_ms(r->time);
            snprintf(rule, sizeof rule, "%u", i);
            code = timer_add(r, at > now ? at : now, row->id, "escalate", rule, err);
        }
    }
    return code;
}

int flow_timers(struct kt_room *r, const struct rec_row *row, struct kt_err *err)
{
    struct flow_days d;
    const struct rec_workflow *w = flow_of(r->model, row->reg);
    int code = timer_drop(r, "record = ? AND kind IN ('remind', 'escalate')", row->id, err);
    uint32_t state = w ? rec_state_of(w, row->state) : KT_NONE;
    if (code < 0 || state == KT_NONE || rec_state_ends(&w->states[state]) || !row->due_ms ||
        row->ended_ms) {
        return code;
    }
    const struct rec_days *days = flow_days(&d, r->w, r->model, r->site);
    code = add_reminders(r, row, w, state, days, err);
    return code < 0 ? code : add_escalations(r, row, w, state, days, err);
}

int flow_receipt_until(struct kt_room *r, int64_t record, int64_t due_ms, struct kt_err *err)
{
    int code = timer_drop(r, "record = ? AND kind = 'receipt'", record, err);
    return code < 0 || !due_ms ? code : timer_add(r, due_ms, record, "receipt", "", err);
}

/* A receipt that was missed may still come: it is waited for while the state lasts. */
int flow_receipt_open(struct kt_room *r, int64_t record, bool *ret, struct kt_err *err)
{
    struct kt_stmt *st;
    int code = kt_db_prepare(
        r->w,
        "SELECT EXISTS(SELECT 1 FROM kt_timer WHERE record = ?1 AND kind = 'receipt') OR "
        "EXISTS(SELECT 1 FROM kt_move WHERE record = ?1 AND kind = 'escalate' AND "
        "transition = 'receipt' AND id > (SELECT max(id) FROM kt_move WHERE record = ?1 AND "
        "kind IN ('move', 'receipt')))",
        &st, err);
    if (code < 0) {
        return code;
    }
    kt_bind_i64(st, 1, record);
    code = kt_stmt_step(st, err);
    if (code > 0) {
        *ret = kt_col_i64(st, 0) != 0;
    }
    kt_stmt_done(st);
    return code < 0 ? code : KT_OK;
}

/* ---- what happens ---- */

static int remind(struct kt_room *r, struct rec_request *q, struct rec_row *row, const char *rule,
                  struct kt_err *err)
{
    const struct flow_step s = {"remind", rule, row->state, row->state, q->user, NULL};
    int code = flow_log(r, row, &s, err);
    return code < 0 ? code
                    : rec_say_record(r, row, "remind", (struct kt_str){"", 0}, q->user, NULL, err);
}

/* `e` NULL: a receipt was missed in a state that has no rule. */
static int escalate(struct kt_room *r, struct rec_request *q, struct rec_row *row,
                    const struct rec_escalate *e, const char *rule, const char *why,
                    struct kt_err *err)
{
    const char *note =
        e ? rec_f(q, "%s%s%s → %s", why, *why ? " · " : "", e->title.zh, e->to) : why;
    const struct flow_step s = {"escalate", rule, row->state, row->state, q->user, note};
    int code = KT_OK;
    if (e && e->owner) {
        row->owner = e->to;
        code = rec_touch(r, q, row, err);
        code = code < 0 ? code : flow_store(r, row, err);
    }
    code = code < 0 ? code : flow_log(r, row, &s, err);
    code = code < 0
               ? code
               : rec_say_record(r, row, "escalate", (struct kt_str){"", 0}, q->user, note, err);
    return code < 0 || !e || !e->move[0] ? code : flow_lapse(r, q, row, e->move, err);
}

static const struct rec_escalate *first_rule(const struct rec_workflow *w, uint32_t state)
{
    for (uint32_t i = 0; i < w->escalate_n; i++) {
        if (rec_in_states(w->escalate[i].states, state)) {
            return &w->escalate[i];
        }
    }
    return NULL;
}

static int of_record(struct kt_room *r, struct rec_request *q, const struct timer *t,
                     struct kt_err *err)
{
    struct rec_row row;
    if (strcmp(t->kind, "erase") == 0) {
        return personal_due(r, q, t->record, t->payload, err);
    }
    int code = rec_row_get(r, q, t->record, &row, err);
    const struct rec_workflow *w = code < 0 ? NULL : flow_of(r->model, row.reg);
    uint32_t state = w ? rec_state_of(w, row.state) : KT_NONE;
    unsigned long rule = strtoul(t->payload, NULL, 10);
    if (code < 0 || state == KT_NONE || row.ended_ms) {
        return code; /* its workflow is gone */
    }
    if (strcmp(t->kind, "receipt") == 0) {
        return escalate(r, q, &row, first_rule(w, state), "receipt",
                        "未按时回执 / no receipt in time", err);
    }
    if (strcmp(t->kind, "remind") == 0) {
        return rule < w->remind_n ? remind(r, q, &row, t->payload, err) : KT_OK;
    }
    return rule < w->escalate_n ? escalate(r, q, &row, &w->escalate[rule], t->payload, "", err)
                                : KT_OK;
}

/* ---- cycles ---- */

static struct rec_cycle *cycle_named(const struct kt_record_model *m, const char *name)
{
    const char *slash = strchr(name, '/');
    for (uint32_t i = 0; slash && i < m->workflows_n; i++) {
        const struct rec_workflow *w = &m->workflows[i];
        struct kt_str id = {name, (size_t)(slash - name)};
        for (uint32_t j = 0; kt_str_is(id, w->id) && j < w->cycles_n; j++) {
            if (strcmp(w->cycles[j].id, slash + 1) == 0) {
                return &w->cycles[j];
            }
        }
    }
    return NULL;
}

static int64_t cycle_after(const struct kt_room *r, const struct rec_cycle *c, int64_t ms)
{
    const struct rec_cycle_when when = {c->every, c->on, c->at_s};
    struct flow_days d;
    return c->working ? rec_cycle_next_working(&when, flow_days(&d, r->w, r->model, r->site), ms)
                      : rec_cycle_next(&when, r->site->utc_offset_s, ms);
}

/* The next time after this one. When more than MISSED_MAX lie before `until`, the oldest are left
 * out; *ret_left says how many. */
static int64_t cycle_next(const struct kt_room *r, const struct rec_cycle *c, int64_t after,
                          int64_t until, int64_t *ret_left)
{
    int64_t n = 0, next = cycle_after(r, c, after);
    for (int64_t at = next; at <= until; at = cycle_after(r, c, at)) {
        n++;
    }
    for (*ret_left = 0; n > MISSED_MAX; n--, ++*ret_left) {
        next = cycle_after(r, c, next);
    }
    return next;
}

static int presets(struct kt_room *r, struct rec_request *q, const struct rec_cycle *c,
                   struct rec_change **ret, struct kt_err *err)
{
    const struct rec_register *reg = &r->model->registers[c->reg];
    struct rec_change *change = KT_NEW_ARRAY(q->a, struct rec_change, c->fields_n + 1);
    (void)err;
    for (uint32_t i = 0; i < c->fields_n; i++) {
        change[i].field = rec_field_of(reg, c->fields[i].field);
        if (change[i].field == KT_NONE) {
            return rec_no(q, KT_EINVAL, "a field of the cycle is not there",
                          "周期任务的字段不存在");
        }
        int code = value_of_text(q, r->site, &reg->fields[change[i].field], c->fields[i].value,
                                 &change[i].value);
        if (code < 0) {
            return code;
        }
    }
    *ret = change;
    return KT_OK;
}

static int of_cycle(struct kt_room *r, struct rec_request *q, const struct rec_cycle *c,
                    struct kt_err *err)
{
    struct rec_change *change = NULL;
    struct rec_row row;
    int code = presets(r, q, c, &change, err);
    return code < 0
               ? code
               : rec_create(r, q, &r->model->registers[c->reg], change, c->fields_n, &row, err);
}

/* What a cycle could not do is told, not lost. */
static int tell_cycle(struct kt_room *r, const struct rec_cycle *c, const char *note,
                      struct kt_err *err)
{
    struct kt_buf b;
    kt_buf_init(&b, 1 << 16);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_kstr(&w, "register", c->register_id);
    kt_jw_kstr(&w, "change", "cycle");
    kt_jw_kstr(&w, "label", c->title.zh);
    kt_jw_kstr(&w, "by", clock_user);
    kt_jw_kstr(&w, "note", note);
    int code = rec_say(r, "record", (struct kt_str){b.p, b.n}, err);
    kt_buf_done(&b);
    return code;
}

/* ---- one after the other ---- */

static struct rec_request clock_request(struct kt_room *r)
{
    struct rec_request q = {.seq = r->asked,
                            .time = r->time,
                            .a = kt_arena_new(ARENA_MAX),
                            .verb = "",
                            .user = clock_user,
                            .source = {.certainty = (double)NAN, .since_ms = rec_ms(r->time)},
                            .clock = true};
    kt_buf_init(&q.problems, 1 << 16);
    return q;
}

static int happen(struct kt_room *r, struct rec_request *q, const struct timer *t,
                  const struct rec_cycle *c, struct kt_err *err)
{
    size_t said = r->said.n;
    uint32_t k = r->k;
    int64_t last_id = r->last_id;
    struct kt_err why = {0};
    int code = rec_savepoint(r, "SAVEPOINT", "due", err);
    if (code < 0) {
        return code;
    }
    int did = c ? of_cycle(r, q, c, &why) : of_record(r, q, t, &why);
    if (did < 0) {
        if (!q->text[0] && rec_is_fatal(why.code)) {
            *err = why;
            return why.code;
        }
        r->said.n = said;
        r->k = k;
        r->last_id = last_id;
        code = rec_savepoint(r, "ROLLBACK TO", "due", err);
    }
    code = code < 0 ? code : rec_savepoint(r, "RELEASE", "due", err);
    return code < 0 || did == KT_OK || !c
               ? code
               : tell_cycle(r, c, q->text_zh[0] ? q->text_zh : why.text, err);
}

static int fire(struct kt_room *r, const struct timer *t, int64_t until, struct kt_err *err)
{
    bool cycle = strcmp(t->kind, "cycle") == 0;
    const struct rec_cycle *c = cycle ? cycle_named(r->model, t->payload) : NULL;
    int64_t left = 0;
    char note[96];
    int code = timer_drop(r, "id = ?", t->id, err);
    if (code < 0 || (cycle && !c)) {
        return code;
    }
    struct rec_request q = clock_request(r);
    code = happen(r, &q, t, c, err);
    kt_buf_done(&q.problems);
    kt_arena_free(q.a);
    if (code < 0 || !c) {
        return code;
    }
    int64_t next = cycle_next(r, c, t->due, until, &left);
    if (left) {
        snprintf(note, sizeof note, "补做时略去 %lld 次 / %lld left out", (long long)left,
                 (long long)left);
        code = tell_cycle(r, c, note, err);
    }
    return code < 0 || next == INT64_MAX ? code : timer_add(r, next, 0, "cycle", t->payload, err);
}

int flow_pass(struct kt_room *r, kt_time t, struct kt_err *err)
{
    struct timer timer;
    int code;
    while ((code = timer_next(r, rec_ms(t), &timer, err)) > 0) {
        r->time = timer.due * KT_MS;
        code = fire(r, &timer, rec_ms(t), err);
        if (code < 0) {
            return code;
        }
    }
    return code;
}

/* ---- a new model ---- */

static int cycle_names(struct kt_room *r, struct kt_map *have, struct kt_err *err)
{
    struct kt_stmt *st;
    int code = kt_db_prepare(r->w, "SELECT payload FROM kt_timer WHERE kind = 'cycle'", &st, err);
    if (code < 0) {
        return code;
    }
    while ((code = kt_stmt_step(st, err)) > 0) {
        kt_map_set(have, kt_col_bytes(st, 0), 1);
    }
    kt_stmt_done(st);
    return code;
}

/* Cycles that are new begin now; one whose time was changed goes by it from its next turn on. */
static int arm_cycles(struct kt_room *r, const struct kt_map *have, struct kt_err *err)
{
    char name[REC_ID_MAX * 2 + 8];
    uint64_t there;
    int code = KT_OK;
    for (uint32_t i = 0; i < r->model->workflows_n; i++) {
        const struct rec_workflow *w = &r->model->workflows[i];
        for (uint32_t j = 0; code == KT_OK && j < w->cycles_n; j++) {
            int64_t at = cycle_after(r, &w->cycles[j], rec_ms(r->time));
            snprintf(name, sizeof name, "%s/%s", w->id, w->cycles[j].id);
            if (!kt_map_get(have, kt_str_c(name), &there) && at != INT64_MAX) {
                code = timer_add(r, at, 0, "cycle", name, err);
            }
        }
    }
    return code;
}

static int next_open(struct kt_room *r, const struct rec_register *reg, int64_t after, int64_t *ret,
                     struct kt_err *err)
{
    char sql[REC_ID_MAX + 120];
    struct kt_stmt *st;
    snprintf(sql, sizeof sql,
             "SELECT _id FROM \"%s\" WHERE _id > ? AND _ended IS NULL ORDER BY _id LIMIT 1",
             reg->id);
    int code = kt_db_prepare(r->w, sql, &st, err);
    if (code < 0) {
        return code;
    }
    kt_bind_i64(st, 1, after);
    code = kt_stmt_step(st, err);
    *ret = code > 0 ? kt_col_i64(st, 0) : 0;
    kt_stmt_done(st);
    return code < 0 ? code : KT_OK;
}

/* A record that had no workflow before stands at its start; the rules of all are those of now. */
static int renew(struct kt_room *r, struct rec_request *q, int64_t id, struct kt_err *err)
{
    struct rec_row row;
    int code = rec_row_get(r, q, id, &row, err);
    if (code < 0) {
        return code;
    }
    return row.state[0] ? flow_timers(r, &row, err) : flow_created(r, q, &row, err);
}

static int renew_register(struct kt_room *r, const struct rec_register *reg, struct kt_err *err)
{
    int64_t id = 0;
    int code = next_open(r, reg, 0, &id, err);
    while (code == KT_OK && id) {
        struct rec_request q = clock_request(r);
        code = renew(r, &q, id, err);
        kt_buf_done(&q.problems);
        kt_arena_free(q.a);
        code = code < 0 ? code : next_open(r, reg, id, &id, err);
    }
    return code;
}

int flow_timers_model(struct kt_room *r, struct kt_err *err)
{
    struct kt_map *have = kt_map_new(16);
    int code = personal_model(r, err);
    code = code < 0 ? code : cycle_names(r, have, err);
    code = code < 0 ? code : arm_cycles(r, have, err);
    kt_map_free(have);
    for (uint32_t i = 0; code == KT_OK && i < r->model->registers_n; i++) {
        if (r->model->registers[i].workflow != KT_NONE) {
            code = renew_register(r, &r->model->registers[i], err);
        }
    }
    return code;
}
