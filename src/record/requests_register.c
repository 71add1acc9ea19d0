/* SPDX-License-Identifier: Apache-2.0 */
/* requests_register: create, set, end, reopen, resolve, assign. */
#include <stdio.h>

#include "record/flow.h"
#include "record/past.h"
#include "record/requests.h"

/* ---- create, set ---- */

static void result_row(struct rec_request *q, const struct rec_row *row)
{
    kt_jw_kint(q->result, "record", row->id);
    kt_jw_kint(q->result, "version", row->version);
    kt_jw_kstr(q->result, "key", row->key);
}

int rec_do_create(struct kt_room *r, struct rec_request *q, const struct rec_register *reg,
                  struct rec_row *row, struct kt_err *err)
{
    struct rec_change *c;
    uint32_t n;
    const struct kt_json *fields = kt_json_get(q->args, "fields");
    int rc = rec_read_fields(r, q, reg, fields, &c, &n, err);
    if (rc < 0 && q->problems.n) {
        rec_add_missing(q, reg, fields);
    }
    rc = rc == KT_OK ? rec_check_joins(r, q, reg, c, n, err) : rc;
    return rc == KT_OK ? rec_create(r, q, reg, c, n, row, err) : rc;
}

int verb_create(struct kt_room *r, struct rec_request *q, struct kt_err *err)
{
    const struct rec_register *reg;
    struct rec_row row;
    int rc = rec_arg_register(r, q, &reg);
    rc = rc == KT_OK ? rec_need_write(q, reg) : rc;
    rc = rc == KT_OK ? rec_do_create(r, q, reg, &row, err) : rc;
    if (rc == KT_OK) {
        result_row(q, &row);
    }
    return rc;
}

/* Fields into a record, with its outcome; nothing changes when all are as they were. */
int rec_do_set(struct kt_room *r, struct rec_request *q, struct rec_row *row, struct kt_err *err)
{
    struct rec_change *c;
    uint32_t n;
    struct kt_buf changed;
    int64_t version = row->version;
    const struct kt_json *fields = kt_json_get(q->args, "fields");
    int rc = rec_check_fixed(r, q, row, fields, err);
    rc = rc == KT_OK ? rec_read_fields(r, q, row->reg, fields, &c, &n, err) : rc;
    rc = rc == KT_OK ? rec_check_joins(r, q, row->reg, c, n, err) : rc;
    if (rc < 0) {
        return rc;
    }
    kt_buf_init(&changed, 1 << 16);
    rc = rec_put(r, q, row, c, n, &changed, err);
    if (rc == KT_OK && row->version > version) {
        rc = rec_say_record(r, row, "set", (struct kt_str){changed.p, changed.n}, q->user,
                            q->source.note, err);
    }
    kt_buf_done(&changed);
    return rc;
}

int verb_set(struct kt_room *r, struct rec_request *q, struct kt_err *err)
{
    struct rec_row row;
    int rc = rec_row_arg(r, q, true, &row, err);
    rc = rc == KT_OK ? rec_need_write(q, row.reg) : rc;
    rc = rc == KT_OK ? rec_do_set(r, q, &row, err) : rc;
    if (rc == KT_OK) {
        kt_jw_kint(q->result, "version", row.version);
    }
    return rc;
}

/* ---- end, reopen ---- */

static int set_ended(struct kt_room *r, const struct rec_row *row, int64_t ended, int64_t merged,
                     struct kt_err *err)
{
    char sql[120];
    struct kt_stmt *st;
    snprintf(sql, sizeof(sql), "UPDATE \"%s\" SET _ended = ?, _merged = ? WHERE _id = ?",
             row->reg->id);
    int rc = kt_db_prepare(r->w, sql, &st, err);
    if (rc < 0) {
        return rc;
    }
    if (ended) {
        kt_bind_i64(st, 1, ended);
    }
    if (merged) {
        kt_bind_i64(st, 2, merged);
    }
    kt_bind_i64(st, 3, row->id);
    rc = kt_stmt_run(st, err);
    kt_stmt_done(st);
    return rc;
}

int rec_do_end(struct kt_room *r, struct rec_request *q, struct rec_row *row, int64_t ended_ms,
               int64_t merged, const char *change, const char *reason, struct kt_err *err)
{
    const struct rec_value v = {.type = KT_COL_INT, .i = ended_ms};
    const char *note = q->source.note;
    q->source.note = reason;
    int rc = fact_add(r, q, row, "_ended", &v, true, err);
    q->source.note = note;
    rc = rc == KT_OK ? rec_touch(r, q, row, err) : rc; /* first: the version before had not ended */
    rc = rc == KT_OK ? set_ended(r, row, ended_ms, merged, err) : rc;
    row->ended_ms = ended_ms;
    row->merged = merged;
    if (rc == KT_OK && row->reg->workflow != KT_NONE) {
        rc = flow_ended(r, q, row, err);
    }
    return rc == KT_OK
               ? rec_say_record(r, row, change, (struct kt_str){NULL, 0}, q->user, reason, err)
               : rc;
}

int verb_end(struct kt_room *r, struct rec_request *q, struct kt_err *err)
{
    struct rec_row row;
    const char *reason;
    int rc = rec_row_arg(r, q, true, &row, err);
    rc = rc == KT_OK ? rec_need_write(q, row.reg) : rc;
    rc = rc == KT_OK ? rec_arg_text(q, "reason", &reason) : rc;
    rc = rc == KT_OK ? rec_check_fixed(r, q, &row, NULL, err) : rc;
    rc = rc == KT_OK ? rec_do_end(r, q, &row, rec_ms(q->time), 0, "end", reason, err) : rc;
    if (rc == KT_OK) {
        kt_jw_kint(q->result, "version", row.version);
    }
    return rc;
}

int verb_reopen(struct kt_room *r, struct rec_request *q, struct kt_err *err)
{
    struct rec_row row;
    const char *reason;
    int64_t id = 0, version = 0;
    int rc = rec_arg_int(q, "record", &id);
    rc = rc == KT_OK ? rec_row_get(r, q, id, &row, err) : rc;
    rc = rc == KT_OK ? rec_arg_int(q, "version", &version) : rc;
    rc = rc == KT_OK ? rec_check_version(r, q, &row, version, err) : rc;
    rc = rc == KT_OK ? rec_need_write(q, row.reg) : rc;
    rc = rc == KT_OK ? rec_arg_text(q, "reason", &reason) : rc;
    if (rc == KT_OK && !row.ended_ms) {
        rc = rec_no(q, KT_ESTATE, "it is not ended", "记录没有结束");
    }
    rc = rc == KT_OK ? rec_check_wholes(r, q, &row, err) : rc;
    rc = rc == KT_OK ? rec_check_unique(r, q, &row, NULL, 0, err) : rc;
    rc = rc == KT_OK ? rec_do_end(r, q, &row, 0, 0, "reopen", reason, err) : rc;
    if (rc == KT_OK) {
        kt_jw_kint(q->result, "version", row.version);
    }
    return rc;
}

/* ---- resolve ---- */

/* The fact, when it is one of this field that stands. */
static int fact_value(struct kt_room *r, struct rec_request *q, const struct rec_row *row,
                      const char *field, int64_t fact, struct rec_value *ret, struct kt_err *err)
{
    struct kt_stmt *st;
    int rc = kt_db_prepare(r->w,
                           "SELECT value FROM kt_fact WHERE id = ? AND record = ? AND field = ? "
                           "AND dropped IS NULL",
                           &st, err);
    if (rc < 0) {
        return rc;
    }
    kt_bind_i64(st, 1, fact);
    kt_bind_i64(st, 2, row->id);
    kt_bind_text(st, 3, field);
    rc = kt_stmt_step(st, err);
    if (rc > 0) {
        *ret = rec_column(st, 0);
        if (ret->type == KT_COL_TEXT) {
            ret->s.p = kt_arena_strndup(q->a, ret->s.p, ret->s.n);
        }
    }
    kt_stmt_done(st);
    if (rc == 0) {
        return rec_no(q, KT_ENOTFOUND, rec_f(q, "fact %lld does not stand", (long long)fact),
                      rec_f(q, "没有可选的值 %lld", (long long)fact));
    }
    return rc < 0 ? rc : KT_OK;
}

/* This fact is the value from now on; what other sources say is dropped. */
static int decide(struct kt_room *r, struct rec_request *q, const struct rec_row *row,
                  const char *field, int64_t fact, struct kt_err *err)
{
    static const char *const sql[] = {
        "UPDATE kt_fact SET dropped = ?1 WHERE record = ?2 AND field = ?3 AND dropped IS NULL AND "
        "id <> ?4 AND (chosen IS NULL OR since >= (SELECT since FROM kt_fact WHERE id = ?4))",
        "UPDATE kt_fact SET chosen = ?1 WHERE record = ?2 AND field = ?3 AND id = ?4"};
    for (size_t i = 0; i < KT_ARRAY_LEN(sql); i++) {
        struct kt_stmt *st;
        int rc = kt_db_prepare(r->w, sql[i], &st, err);
        if (rc < 0) {
            return rc;
        }
        kt_bind_i64(st, 1, rec_ms(q->time));
        kt_bind_i64(st, 2, row->id);
        kt_bind_text(st, 3, field);
        kt_bind_i64(st, 4, fact);
        rc = kt_stmt_run(st, err);
        kt_stmt_done(st);
        if (rc < 0) {
            return rc;
        }
    }
    return KT_OK;
}

int verb_resolve(struct kt_room *r, struct rec_request *q, struct kt_err *err)
{
    struct rec_row row;
    const char *field;
    int64_t fact = 0;
    struct rec_change c = {0};
    int rc = rec_row_arg(r, q, true, &row, err);
    rc = rc == KT_OK ? rec_need_write(q, row.reg) : rc;
    rc = rc == KT_OK ? rec_arg_text(q, "field", &field) : rc;
    rc = rc == KT_OK ? rec_arg_int(q, "fact", &fact) : rc;
    if (rc < 0) {
        return rc;
    }
    c.field = rec_field_of(row.reg, field);
    const struct rec_field *f = c.field == KT_NONE ? NULL : &row.reg->fields[c.field];
    if (!f || !f->sources || (f->write[0] && !rec_may(q, f->write))) {
        return rec_no(q, KT_EINVAL,
                      rec_f(q, "field: \"%.40s\" has no sources to choose from", field),
                      rec_f(q, "字段“%.40s”没有多个来源", field));
    }
    rc = rec_check_fixed(r, q, &row, NULL, err);
    rc = rc == KT_OK ? fact_value(r, q, &row, field, fact, &c.value, err) : rc;
    rc = rc == KT_OK ? decide(r, q, &row, field, fact, err) : rc;
    rc = rc == KT_OK ? past_tangle(r, &row, err) : rc;
    rc = rc == KT_OK ? row_update(r, q, &row, &c, 1, err) : rc;
    rc = rc == KT_OK ? fact_conflicts(r, &row, err) : rc;
    rc = rc == KT_OK ? search_put(r, &row, err) : rc;
    rc = rc == KT_OK && row.state[0] ? flow_changed(r, q, &row, err) : rc;
    if (rc == KT_OK) {
        kt_jw_kint(q->result, "version", row.version);
        rc = rec_say_record(r, &row, "resolve", kt_str_c(rec_f(q, "\"%s\"", f->id)), q->user,
                            q->source.note, err);
    }
    return rc;
}
