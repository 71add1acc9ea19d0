/* SPDX-License-Identifier: Apache-2.0 */
/* flow_read: what GET /registers and GET of one record say of workflows, ledgers and indicators. */
#include "record/flow.h"

#include <stdio.h>

/* ---- GET /registers ---- */

static void write_states(struct kt_jw *w, const struct rec_workflow *f)
{
    static const char *const kinds[] = {"start", "active", "waiting", "done", "void"};
    kt_jw_key(w, "states");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < f->states_n; i++) {
        kt_jw_obj(w);
        kt_jw_kstr(w, "id", f->states[i].id);
        kt_text_json(w, "title", &f->states[i].title);
        kt_jw_kstr(w, "kind", kinds[f->states[i].kind]);
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
}

static void write_workflow(struct kt_jw *w, const struct kt_record_model *m, uint32_t index,
                           const struct kt_reader *who)
{
    const struct rec_workflow *f = &m->workflows[index];
    kt_jw_obj(w);
    kt_jw_kstr(w, "id", f->id);
    kt_text_json(w, "title", &f->title);
    write_states(w, f);
    kt_jw_key(w, "registers");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < m->registers_n; i++) {
        if (m->registers[i].workflow == index && reader_sees(who, &m->registers[i])) {
            kt_jw_str(w, m->registers[i].id);
        }
    }
    kt_jw_arr_end(w);
    kt_jw_obj_end(w);
}

static bool sees_workflow(const struct kt_record_model *m, uint32_t index,
                          const struct kt_reader *who)
{
    for (uint32_t i = 0; i < m->registers_n; i++) {
        if (m->registers[i].workflow == index && reader_sees(who, &m->registers[i])) {
            return true;
        }
    }
    return false;
}

static void write_ledger(struct kt_jw *w, const struct rec_ledger *g)
{
    kt_jw_obj(w);
    kt_jw_kstr(w, "id", g->id);
    kt_text_json(w, "title", &g->title);
    kt_jw_kstr(w, "unit", g->unit);
    kt_jw_obj_end(w);
}

static void write_indicator(struct kt_jw *w, const struct rec_indicator *d)
{
    kt_jw_obj(w);
    kt_jw_kstr(w, "id", d->id);
    kt_text_json(w, "title", &d->title);
    kt_text_json(w, "group", &d->group);
    kt_jw_kstr(w, "unit", d->unit);
    kt_jw_obj_end(w);
}

void flow_registers(const struct kt_record_model *m, const struct kt_reader *who, struct kt_jw *w)
{
    kt_jw_key(w, "workflows");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < m->workflows_n; i++) {
        if (sees_workflow(m, i, who)) {
            write_workflow(w, m, i, who);
        }
    }
    kt_jw_arr_end(w);
    kt_jw_key(w, "ledgers");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < m->ledgers_n; i++) {
        if (flow_sees_ledger(who, &m->ledgers[i])) {
            write_ledger(w, &m->ledgers[i]);
        }
    }
    kt_jw_arr_end(w);
    kt_jw_key(w, "indicators");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < m->indicators_n; i++) {
        if (reader_may(who, m->indicators[i].read)) {
            write_indicator(w, &m->indicators[i]);
        }
    }
    kt_jw_arr_end(w);
    kt_jw_key(w, "briefings");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < m->briefings_n; i++) {
        if (reader_may(who, m->briefings[i].read)) {
            kt_jw_obj(w);
            kt_jw_kstr(w, "id", m->briefings[i].id);
            kt_text_json(w, "title", &m->briefings[i].title);
            kt_jw_obj_end(w);
        }
    }
    kt_jw_arr_end(w);
}

/* ---- one record ---- */

struct standing {
    char state[REC_ID_MAX + 1], owner[80], creator[80];
    int64_t since_ms, ended;
};

static int read_standing(struct kt_db *db, const struct rec_register *reg, int64_t id,
                         struct standing *ret, struct kt_err *err)
{
    char sql[REC_ID_MAX + 160];
    struct kt_stmt *st;
    snprintf(sql, sizeof sql,
             "SELECT ifnull(_state, ''), ifnull(_owner, ''), ifnull(_created_by, ''), "
             "ifnull(_since, 0), ifnull(_ended, 0) FROM main.\"%s\" WHERE _id = ?",
             reg->id);
    int code = kt_db_prepare(db, sql, &st, err);
    if (code < 0) {
        return code;
    }
    kt_bind_i64(st, 1, id);
    code = kt_stmt_step(st, err);
    if (code > 0) {
        snprintf(ret->state, sizeof ret->state, "%s", kt_col_text(st, 0));
        snprintf(ret->owner, sizeof ret->owner, "%s", kt_col_text(st, 1));
        snprintf(ret->creator, sizeof ret->creator, "%s", kt_col_text(st, 2));
        ret->since_ms = kt_col_i64(st, 3);
        ret->ended = kt_col_i64(st, 4);
    }
    kt_stmt_done(st);
    return code < 0 ? code : code == 0 ? KT_ENOTFOUND : KT_OK;
}

static bool asker_may(const void *of, const char *right)
{
    return reader_may(of, right);
}

static void write_why(struct kt_jw *w, const struct rec_transition *t)
{
    struct kt_buf zh, en;
    kt_buf_init(&zh, 1 << 16);
    kt_buf_init(&en, 1 << 16);
    for (uint32_t i = 0; i < t->who_n; i++) {
        const char *x = t->who[i];
        bool owner = strcmp(x, "owner") == 0, creator = strcmp(x, "creator") == 0;
        kt_buf_printf(&zh, "%s%s", i ? "、" : "", owner ? "负责人" : creator ? "创建人" : x);
        kt_buf_printf(&en, "%s%s", i ? ", " : "", owner ? "its owner" : creator ? "its maker" : x);
    }
    kt_jw_key(w, "why");
    kt_jw_obj(w);
    kt_jw_kstr(w, "zh", t->who_n ? kt_buf_cstr(&zh) : "有该台账写权限的人");
    kt_jw_kstr(w, "en", t->who_n ? kt_buf_cstr(&en) : "who may write to this register");
    kt_jw_obj_end(w);
    kt_buf_done(&zh);
    kt_buf_done(&en);
}

int flow_evidence(struct kt_db *db, int64_t record, const char *field, int64_t since_ms,
                  int64_t *ret, struct kt_err *err)
{
    struct kt_stmt *st;
    int code = kt_db_prepare(db,
                             "SELECT count(*) FROM main.kt_attachment WHERE record = ? AND field = "
                             "? AND time >= ? AND ended IS NULL",
                             &st, err);
    if (code < 0) {
        return code;
    }
    kt_bind_i64(st, 1, record);
    kt_bind_text(st, 2, field);
    kt_bind_i64(st, 3, since_ms);
    code = kt_stmt_step(st, err);
    if (code > 0) {
        *ret = kt_col_i64(st, 0);
    }
    kt_stmt_done(st);
    return code < 0 ? code : KT_OK;
}

static int write_evidence(struct kt_db *db, int64_t id, const struct rec_transition *t,
                          int64_t since_ms, struct kt_jw *w, struct kt_err *err)
{
    int code = KT_OK;
    kt_jw_key(w, "evidence");
    kt_jw_arr(w);
    for (uint32_t i = 0; code >= 0 && i < t->evidence_n; i++) {
        int64_t has = 0;
        code = flow_evidence(db, id, t->evidence[i].field, since_ms, &has, err);
        kt_jw_obj(w);
        kt_jw_kstr(w, "field", t->evidence[i].field);
        kt_jw_kint(w, "needs", t->evidence[i].n);
        kt_jw_kint(w, "has", has);
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
    return code < 0 ? code : KT_OK;
}

void flow_transition(struct kt_jw *w, const struct rec_workflow *f, const struct rec_transition *t)
{
    static const char *const owners[] = {"keep", "given", "mover", "creator", "none"};
    kt_jw_kstr(w, "id", t->id);
    kt_text_json(w, "title", &t->title);
    kt_jw_kstr(w, "to", f->states[t->to].id);
    kt_jw_key(w, "needs");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < t->needs_n; i++) {
        kt_jw_str(w, t->needs[i]);
    }
    kt_jw_arr_end(w);
    kt_jw_kstr(w, "note", t->note ? "required" : "optional");
    kt_jw_kstr(w, "owner", owners[t->owner]);
    kt_jw_kint(w, "sign", t->sign);
}

static int write_transition(struct kt_db *db, const struct rec_workflow *f,
                            const struct rec_transition *t, const struct flow_asker *a, int64_t id,
                            const struct standing *s, struct kt_jw *w, struct kt_err *err)
{
    int64_t n = 0;
    bool self = false, may = flow_may_move(a, t, s->owner, s->creator);
    int code = flow_signed(db, id, t->id, a->user, &n, &self, err);
    kt_jw_obj(w);
    flow_transition(w, f, t);
    kt_jw_kbool(w, "may", may && !self);
    if (!may) {
        write_why(w, t);
    }
    code = code < 0 ? code : write_evidence(db, id, t, s->since_ms, w, err);
    kt_jw_kint(w, "signed", n);
    kt_jw_kbool(w, "signed_by_me", self);
    kt_jw_obj_end(w);
    return code;
}

static int write_transitions(struct kt_db *db, const struct rec_workflow *f,
                             const struct flow_asker *a, int64_t id, const struct standing *s,
                             struct kt_jw *w, struct kt_err *err)
{
    uint32_t state = rec_state_of(f, s->state);
    int code = KT_OK;
    kt_jw_key(w, "transitions");
    kt_jw_arr(w);
    for (uint32_t i = 0; code == KT_OK && !s->ended && i < f->transitions_n; i++) {
        if (rec_in_states(f->transitions[i].from, state)) {
            code = write_transition(db, f, &f->transitions[i], a, id, s, w, err);
        }
    }
    kt_jw_arr_end(w);
    return code;
}

static void write_move(struct kt_stmt *st, struct kt_jw *w)
{
    static const char *const names[] = {"kind", "transition", "from", "to", "owner", "by", "note"};
    kt_jw_obj(w);
    for (int i = 0; i < (int)KT_ARRAY_LEN(names); i++) {
        if (!kt_col_is_null(st, i)) {
            kt_jw_kstr(w, names[i], kt_col_text(st, i));
        }
    }
    if (!kt_col_is_null(st, 7)) {
        kt_jw_kint(w, "due", kt_col_i64(st, 7));
    }
    kt_jw_kint(w, "time", kt_col_i64(st, 8));
    kt_jw_kint(w, "seq", kt_col_i64(st, 9));
    kt_jw_obj_end(w);
}

static int write_moves(struct kt_db *db, int64_t id, struct kt_jw *w, struct kt_err *err)
{
    struct kt_stmt *st;
    int code = kt_db_prepare(db,
                             "SELECT kind, transition, from_state, to_state, owner, by, note, due, "
                             "time, seq FROM main.kt_move WHERE record = ? ORDER BY id",
                             &st, err);
    if (code < 0) {
        return code;
    }
    kt_bind_i64(st, 1, id);
    kt_jw_key(w, "moves");
    kt_jw_arr(w);
    while ((code = kt_stmt_step(st, err)) > 0) {
        write_move(st, w);
    }
    kt_jw_arr_end(w);
    kt_stmt_done(st);
    return code;
}

int flow_get(struct kt_room *r, struct kt_db *db, const struct kt_record_model *m,
             const struct kt_reader *who, const struct rec_register *reg, int64_t id,
             struct kt_jw *w, struct kt_err *err)
{
    const struct rec_workflow *f = flow_of(m, reg);
    struct standing s = {0};
    (void)r;
    if (!f) {
        return KT_OK;
    }
    bool writes =
        reader_may(who, reg->right_write) || (!reg->is_private && reader_may(who, "record.write"));
    const struct flow_asker a = {who->user, who, asker_may, writes};
    int code = read_standing(db, reg, id, &s, err);
    code = code < 0 ? code : write_transitions(db, f, &a, id, &s, w, err);
    return code < 0 ? code : write_moves(db, id, w, err);
}
