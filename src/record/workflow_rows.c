/* SPDX-License-Identifier: Apache-2.0 */
/*
 * workflow_rows: a case in its tables (the columns _state … _returns, kt_move), and what the rest
 * of the room calls when a record comes, changes or ends.
 */
#include "record/flow.h"

#include <stdio.h>

/* ---- rows ---- */

int flow_signed(struct kt_db *db, int64_t record, const char *transition, const char *user,
                int64_t *ret_n, bool *ret_self, struct kt_err *err)
{
    struct kt_stmt *st;
    int r = kt_db_prepare(
        db,
        "SELECT count(DISTINCT by), coalesce(max(by = ?3), 0) FROM kt_move s WHERE record = ?1 AND "
        "kind = 'sign' AND transition = ?2 AND id > coalesce((SELECT max(id) FROM kt_move WHERE "
        "record = ?1 AND kind = 'move'), 0) AND NOT EXISTS(SELECT 1 FROM kt_fact WHERE record = ?1 "
        "AND seq > s.seq) AND NOT EXISTS(SELECT 1 FROM kt_attachment WHERE record = ?1 AND "
        "(seq > s.seq OR ended >= s.time))",
        &st, err);
    if (r < 0) {
        return r;
    }
    kt_bind_i64(st, 1, record);
    kt_bind_text(st, 2, transition);
    kt_bind_text(st, 3, user);
    r = kt_stmt_step(st, err);
    if (r > 0) {
        *ret_n = kt_col_i64(st, 0);
        *ret_self = kt_col_i64(st, 1) != 0;
    }
    kt_stmt_done(st);
    return r < 0 ? r : KT_OK;
}

static void bind_text_or_null(struct kt_stmt *st, int i, const char *s)
{
    if (s && s[0]) {
        kt_bind_text(st, i, s);
    } else {
        kt_bind_null(st, i);
    }
}

static void bind_ms(struct kt_stmt *st, int i, int64_t ms)
{
    if (ms) {
        kt_bind_i64(st, i, ms);
    } else {
        kt_bind_null(st, i);
    }
}

int flow_log(struct kt_room *r, const struct rec_row *row, const struct flow_step *s,
             struct kt_err *err)
{
    struct kt_stmt *st;
    int code = kt_db_prepare(
        r->w,
        "INSERT INTO kt_move(record, register, kind, transition, from_state, to_state, owner, due, "
        "by, time, seq, note) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        &st, err);
    if (code < 0) {
        return code;
    }
    kt_bind_i64(st, 1, row->id);
    kt_bind_text(st, 2, row->reg->id);
    kt_bind_text(st, 3, s->kind);
    bind_text_or_null(st, 4, s->transition);
    bind_text_or_null(st, 5, s->from);
    bind_text_or_null(st, 6, s->to);
    bind_text_or_null(st, 7, row->owner);
    bind_ms(st, 8, row->due_ms);
    bind_text_or_null(st, 9, s->by);
    kt_bind_i64(st, 10, rec_ms(r->time));
    kt_bind_i64(st, 11, (int64_t)r->asked);
    bind_text_or_null(st, 12, s->note);
    code = kt_stmt_run(st, err);
    kt_stmt_done(st);
    return code;
}

int flow_store(struct kt_room *r, const struct rec_row *row, struct kt_err *err)
{
    char sql[REC_ID_MAX + 160];
    struct kt_stmt *st;
    snprintf(sql, sizeof sql,
             "UPDATE \"%s\" SET _state = ?, _since = ?, _owner = ?, _due = ?, _returns = ? WHERE "
             "_id = ?",
             row->reg->id);
    int code = kt_db_prepare(r->w, sql, &st, err);
    if (code < 0) {
        return code;
    }
    kt_bind_text(st, 1, row->state);
    kt_bind_i64(st, 2, row->since_ms);
    bind_text_or_null(st, 3, row->owner);
    bind_ms(st, 4, row->due_ms);
    kt_bind_i64(st, 5, row->returns);
    kt_bind_i64(st, 6, row->id);
    code = kt_stmt_run(st, err);
    kt_stmt_done(st);
    return code;
}

int64_t flow_field_due(const struct rec_row *row, const char *field, int utc_offset_s)
{
    uint32_t at = rec_field_of(row->reg, field);
    int32_t day;
    if (at == KT_NONE || row->value[at].type == KT_COL_NULL) {
        return 0;
    }
    if (row->reg->fields[at].type == REC_TIME) {
        return row->value[at].i;
    }
    return rec_day_parse(row->value[at].s, &day) ? rec_day_end(day, utc_offset_s) : 0;
}

/* ---- a record comes, changes, ends ---- */

int flow_created(struct kt_room *r, struct rec_request *q, struct rec_row *row, struct kt_err *err)
{
    const struct rec_workflow *w = flow_of(r->model, row->reg);
    int code = flow_account_of(r, row, err);
    if (code < 0 || !w) {
        return code;
    }
    row->state = w->states[w->start].id;
    row->since_ms = rec_ms(r->time);
    row->owner = "";
    row->due_ms = row->returns = 0;
    const struct flow_step s = {"move", NULL, NULL, row->state, q->user, NULL};
    code = flow_store(r, row, err);
    code = code < 0 ? code : flow_log(r, row, &s, err);
    return code < 0 ? code : flow_timers(r, row, err);
}

/* The transition that led to the present state; NULL: none, or one that is no more. */
static int last_transition(struct kt_room *r, const struct rec_row *row,
                           const struct rec_workflow *w, const struct rec_transition **ret,
                           struct kt_err *err)
{
    struct kt_stmt *st;
    int code = kt_db_prepare(r->w,
                             "SELECT transition FROM kt_move WHERE record = ? AND kind = 'move' "
                             "ORDER BY id DESC LIMIT 1",
                             &st, err);
    if (code < 0) {
        return code;
    }
    kt_bind_i64(st, 1, row->id);
    code = kt_stmt_step(st, err);
    const char *id = code > 0 ? kt_col_text(st, 0) : NULL;
    *ret = id ? rec_transition_of(w, id) : NULL;
    kt_stmt_done(st);
    return code < 0 ? code : KT_OK;
}

int flow_changed(struct kt_room *r, struct rec_request *q, struct rec_row *row, struct kt_err *err)
{
    (void)q;
    const struct rec_workflow *w = flow_of(r->model, row->reg);
    const struct rec_transition *t = NULL;
    if (!w) {
        return KT_OK;
    }
    int code = last_transition(r, row, w, &t, err);
    if (code < 0 || !t || t->due.kind != REC_DUE_FIELD) {
        return code;
    }
    int64_t due = flow_field_due(row, t->due.field, r->site->utc_offset_s);
    if (due == row->due_ms) {
        return KT_OK;
    }
    row->due_ms = due;
    code = flow_store(r, row, err);
    return code < 0 ? code : flow_timers(r, row, err);
}

int flow_ended(struct kt_room *r, struct rec_request *q, struct rec_row *row, struct kt_err *err)
{
    (void)q;
    if (!flow_of(r->model, row->reg)) {
        return KT_OK;
    }
    int code = flow_timers(r, row, err);
    return code < 0 || !row->ended_ms ? code : flow_receipt_until(r, row->id, 0, err);
}

int flow_request(struct kt_room *r, struct rec_request *q, struct kt_err *err)
{
    static const struct {
        const char *verb;
        int (*fn)(struct kt_room *r, struct rec_request *q, struct kt_err *err);
    } verbs[] = {{"record.move", flow_move},
                 {"record.assign", flow_assign},
                 {"record.receipt", flow_receipt},
                 {"record.setting", flow_setting},
                 {"calendar.set", flow_calendar_set}};
    for (size_t i = 0; i < KT_ARRAY_LEN(verbs); i++) {
        if (strcmp(verbs[i].verb, q->verb) == 0) {
            return verbs[i].fn(r, q, err);
        }
    }
    return strncmp(q->verb, "ledger.", 7) == 0 ? flow_ledger_request(r, q, err) : KT_EUNSUPPORTED;
}
