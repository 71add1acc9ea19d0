/* SPDX-License-Identifier: Apache-2.0 */
/* row: a record as it stands, and writing its row. */
#include "record/requests.h"

#include <stdio.h>

#include "record/value.h"

/* ---- labels ---- */

void row_label(const struct rec_register *reg, const struct rec_value *value, struct kt_buf *out)
{
    for (const char *p = reg->label; *p;) {
        size_t n = strcspn(p, "{");
        kt_buf_put(out, p, n);
        p += n;
        if (*p != '{') {
            return;
        }
        n = strcspn(p + 1, "}");
        char id[REC_ID_MAX + 1] = "";
        if (n <= REC_ID_MAX) {
            memcpy(id, p + 1, n);
        }
        uint32_t f = rec_field_of(reg, id);
        if (f != KT_NONE) {
            value_text(&reg->fields[f], &value[f], out);
        }
        p += n + 1 + (p[n + 1] == '}');
    }
}

/* ---- reading ---- */

static const char own[] = "_version, _created, _changed, ifnull(_ended, 0), ifnull(_merged, 0),"
                          " ifnull(_created_by, ''), ifnull(_state, ''), ifnull(_owner, ''),"
                          " ifnull(_since, 0), ifnull(_due, 0), _returns";
enum { OWN = 11 };

static struct rec_value keep(struct kt_arena *a, struct rec_value v)
{
    if (v.type == KT_COL_TEXT) {
        v.s.p = kt_arena_strndup(a, v.s.p ? v.s.p : "", v.s.n);
    }
    return v;
}

static const char *text_at(struct kt_arena *a, const struct rec_row *row, uint32_t field)
{
    if (field == KT_NONE || row->value[field].type != KT_COL_TEXT) {
        return "";
    }
    return kt_arena_strndup(a, row->value[field].s.p, row->value[field].s.n);
}

static void name_row(struct rec_request *q, struct rec_row *row)
{
    struct kt_buf b;
    kt_buf_init(&b, 1 << 16);
    row->key = text_at(q->a, row, row->reg->key);
    row->place = text_at(q->a, row, row->reg->place);
    row_label(row->reg, row->value, &b);
    row->label = kt_arena_strndup(q->a, kt_buf_cstr(&b), b.n);
    kt_buf_done(&b);
}

static void read_columns(struct rec_request *q, const struct kt_stmt *st, struct rec_row *row)
{
    row->version = kt_col_i64(st, 0);
    row->created_ms = kt_col_i64(st, 1);
    row->changed_ms = kt_col_i64(st, 2);
    row->ended_ms = kt_col_i64(st, 3);
    row->merged = kt_col_i64(st, 4);
    row->created_by = kt_arena_strdup(q->a, kt_col_text(st, 5));
    row->state = kt_arena_strdup(q->a, kt_col_text(st, 6));
    row->owner = kt_arena_strdup(q->a, kt_col_text(st, 7));
    row->since_ms = kt_col_i64(st, 8);
    row->due_ms = kt_col_i64(st, 9);
    row->returns = kt_col_i64(st, 10);
    row->value = KT_NEW_ARRAY(q->a, struct rec_value, row->reg->fields_n + 1);
    int at = OWN;
    for (uint32_t i = 0; i < row->reg->fields_n; i++) {
        if (!rec_is_file(&row->reg->fields[i])) {
            row->value[i] = keep(q->a, rec_column(st, at++));
        }
    }
    name_row(q, row);
}

/* The register and row of an id; 0 when there is none. */
static int row_read(struct kt_room *r, struct rec_request *q, int64_t id, struct rec_row *row,
                    struct kt_err *err)
{
    struct kt_stmt *st;
    int rc = kt_db_prepare(r->w, "SELECT register FROM kt_record WHERE id = ?", &st, err);
    if (rc < 0) {
        return rc;
    }
    kt_bind_i64(st, 1, id);
    rc = kt_stmt_step(st, err);
    uint32_t reg = rc > 0 ? rec_register_of(r->model, kt_col_text(st, 0)) : KT_NONE;
    kt_stmt_done(st);
    if (rc <= 0 || reg == KT_NONE) {
        return rc < 0 ? rc : 0;
    }
    *row = (struct rec_row){.reg = &r->model->registers[reg], .id = id};
    struct kt_buf sql;
    kt_buf_init(&sql, 1 << 20);
    kt_buf_printf(&sql, "SELECT %s", own);
    for (uint32_t i = 0; i < row->reg->fields_n; i++) {
        if (!rec_is_file(&row->reg->fields[i])) {
            kt_buf_printf(&sql, ", \"%s\"", row->reg->fields[i].id);
        }
    }
    kt_buf_printf(&sql, " FROM \"%s\" WHERE _id = ?", row->reg->id);
    rc = kt_db_prepare(r->w, kt_buf_cstr(&sql), &st, err);
    kt_buf_done(&sql);
    if (rc < 0) {
        return rc;
    }
    kt_bind_i64(st, 1, id);
    rc = kt_stmt_step(st, err);
    if (rc > 0) {
        read_columns(q, st, row);
    }
    kt_stmt_done(st);
    return rc;
}

int rec_row_get(struct kt_room *r, struct rec_request *q, int64_t id, struct rec_row *ret,
                struct kt_err *err)
{
    int rc = row_read(r, q, id, ret, err);
    if (rc < 0) {
        return rc;
    }
    if (rc == 0 || !rec_may_read(q, ret->reg) || !rec_in_scope(r, q, ret->reg, ret->place)) {
        return rec_no(q, KT_ENOTFOUND, rec_f(q, "there is no record %lld", (long long)id),
                      rec_f(q, "没有记录 %lld", (long long)id));
    }
    return KT_OK;
}

/* ---- versions ---- */

/* "等级 (wang), 深度 (li)" of what was changed after a version. */
static int changed_since(struct kt_room *r, const struct rec_row *row, int64_t version,
                         struct kt_buf *en, struct kt_buf *zh, struct kt_err *err)
{
    struct kt_stmt *st;
    int rc = kt_db_prepare(r->w,
                           "SELECT field, by, max(id) FROM kt_fact WHERE record = ? AND version > "
                           "? GROUP BY field, by ORDER BY 3 DESC LIMIT 8",
                           &st, err);
    if (rc < 0) {
        return rc;
    }
    kt_bind_i64(st, 1, row->id);
    kt_bind_i64(st, 2, version);
    while ((rc = kt_stmt_step(st, err)) > 0) {
        uint32_t f = rec_field_of(row->reg, kt_col_text(st, 0));
        const char *by = kt_col_text(st, 1) ? kt_col_text(st, 1) : "-";
        const char *t_en = f == KT_NONE ? kt_col_text(st, 0) : row->reg->fields[f].title.en;
        const char *t_zh = f == KT_NONE ? kt_col_text(st, 0) : row->reg->fields[f].title.zh;
        kt_buf_printf(en, "%s%s by %s", en->n ? ", " : "", t_en, by);
        kt_buf_printf(zh, "%s%s（%s）", zh->n ? "、" : "", t_zh, by);
    }
    kt_stmt_done(st);
    return rc;
}

/* Moves count too: who, when no field was changed. */
static int changed_by(struct kt_room *r, const struct rec_row *row, struct kt_buf *ret,
                      struct kt_err *err)
{
    char sql[120];
    struct kt_stmt *st;
    snprintf(sql, sizeof(sql), "SELECT _changed_by FROM \"%s\" WHERE _id = ?", row->reg->id);
    int rc = kt_db_prepare(r->w, sql, &st, err);
    if (rc < 0) {
        return rc;
    }
    kt_bind_i64(st, 1, row->id);
    rc = kt_stmt_step(st, err);
    if (rc > 0) {
        kt_buf_puts(ret, kt_col_text(st, 0) ? kt_col_text(st, 0) : "-");
    }
    kt_stmt_done(st);
    return rc < 0 ? rc : KT_OK;
}

int rec_check_version(struct kt_room *r, struct rec_request *q, const struct rec_row *row,
                      int64_t version, struct kt_err *err)
{
    if (version == row->version) {
        return KT_OK;
    }
    if (version > row->version || version <= 0) {
        return rec_no(q, KT_EINVAL,
                      rec_f(q, "version: the record is at %lld", (long long)row->version),
                      rec_f(q, "版本号应为%lld", (long long)row->version));
    }
    struct kt_buf en, zh, by;
    kt_buf_init(&en, 1 << 16);
    kt_buf_init(&zh, 1 << 16);
    kt_buf_init(&by, 1 << 12);
    int rc = changed_since(r, row, version, &en, &zh, err);
    rc = rc == KT_OK ? changed_by(r, row, &by, err) : rc;
    if (rc == KT_OK) {
        rc = rec_no(q, KT_ECONFLICT,
                    rec_f(q, "%.80s was changed since (%s), last by %s; look at it and try again",
                          row->label, en.n ? kt_buf_cstr(&en) : "moved on", kt_buf_cstr(&by)),
                    rec_f(q, "“%.80s”已被修改：%s；最后修改人 %s。请查看后重试", row->label,
                          zh.n ? kt_buf_cstr(&zh) : "状态有变化", kt_buf_cstr(&by)));
    }
    kt_buf_done(&en);
    kt_buf_done(&zh);
    kt_buf_done(&by);
    return rc;
}

int rec_row_arg(struct kt_room *r, struct rec_request *q, bool need_version, struct rec_row *ret,
                struct kt_err *err)
{
    int64_t id = 0, version = 0;
    int rc = rec_arg_int(q, "record", &id);
    rc = rc == KT_OK ? rec_row_get(r, q, id, ret, err) : rc;
    if (rc == KT_OK && (need_version || kt_json_get(q->args, "version"))) {
        rc = rec_arg_int(q, "version", &version);
        rc = rc == KT_OK ? rec_check_version(r, q, ret, version, err) : rc;
    }
    if (rc == KT_OK && ret->ended_ms) {
        rc = rec_no(q, KT_ESTATE, rec_f(q, "%.80s is ended; reopen it first", ret->label),
                    rec_f(q, "“%.80s”已结束，请先恢复", ret->label));
    }
    return rc;
}

/* ---- writing ---- */

int row_update(struct kt_room *r, struct rec_request *q, struct rec_row *row,
               const struct rec_change *change, uint32_t n, struct kt_err *err)
{
    struct kt_buf sql;
    struct kt_stmt *st;
    kt_buf_init(&sql, 1 << 20);
    kt_buf_printf(&sql,
                  "UPDATE \"%s\" SET _version = ?1, _changed = ?2, _changed_by = ?3, _from = CASE "
                  "WHEN _version > 0 THEN ?2 ELSE _from END",
                  row->reg->id);
    for (uint32_t i = 0; i < n; i++) {
        kt_buf_printf(&sql, ", \"%s\" = ?%u", row->reg->fields[change[i].field].id, i + 5);
    }
    kt_buf_puts(&sql, " WHERE _id = ?4");
    int rc = kt_db_prepare(r->w, kt_buf_cstr(&sql), &st, err);
    kt_buf_done(&sql);
    if (rc < 0) {
        return rc;
    }
    kt_bind_i64(st, 1, row->version + 1);
    kt_bind_i64(st, 2, rec_ms(q->time));
    kt_bind_text(st, 3, q->user);
    kt_bind_i64(st, 4, row->id);
    for (uint32_t i = 0; i < n; i++) {
        rec_bind(st, (int)i + 5, &change[i].value);
    }
    rc = kt_stmt_run(st, err);
    kt_stmt_done(st);
    if (rc < 0) {
        return rc;
    }
    row->version++;
    row->changed_ms = rec_ms(q->time);
    for (uint32_t i = 0; i < n; i++) {
        row->value[change[i].field] = change[i].value;
    }
    name_row(q, row);
    return KT_OK;
}

int rec_touch(struct kt_room *r, struct rec_request *q, struct rec_row *row, struct kt_err *err)
{
    return row_update(r, q, row, NULL, 0, err);
}

/* ---- outcomes ---- */

int rec_say_record(struct kt_room *r, const struct rec_row *row, const char *change,
                   struct kt_str fields, const char *by, const char *note, struct kt_err *err)
{
    int rc = rec_say_computed(r, row, err);
    if (rc < 0) {
        return rc;
    }
    struct kt_buf b;
    kt_buf_init(&b, 1 << 20);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_kstr(&w, "register", row->reg->id);
    kt_jw_kint(&w, "record", row->id);
    kt_jw_kint(&w, "version", row->version);
    kt_jw_kstr(&w, "change", change);
    kt_jw_kstr(&w, "key", row->key);
    kt_jw_kstr(&w, "label", row->label);
    if (row->place[0]) {
        kt_jw_kstr(&w, "place", row->place);
    }
    if (row->state[0]) {
        kt_jw_kstr(&w, "state", row->state);
    }
    if (row->owner[0]) {
        kt_jw_kstr(&w, "owner", row->owner);
    }
    if (row->due_ms) {
        kt_jw_kint(&w, "due", row->due_ms);
    }
    kt_jw_kstr(&w, "by", by ? by : "");
    kt_jw_key(&w, "fields");
    kt_jw_arr(&w);
    if (fields.n) {
        kt_jw_raw(&w, fields);
    }
    kt_jw_arr_end(&w);
    if (note && note[0]) {
        kt_jw_kstr(&w, "note", note);
    }
    rc = rec_say(r, "record", (struct kt_str){b.p, b.n}, err);
    kt_buf_done(&b);
    return rc;
}

int rec_attachments_since(struct kt_room *r, int64_t record, const char *field, int64_t since_ms,
                          int64_t *ret, struct kt_err *err)
{
    struct kt_stmt *st;
    int rc = kt_db_prepare(r->w,
                           "SELECT count(*) FROM kt_attachment WHERE record = ? AND field = ? AND "
                           "time >= ? AND ended IS NULL",
                           &st, err);
    if (rc < 0) {
        return rc;
    }
    kt_bind_i64(st, 1, record);
    kt_bind_text(st, 2, field);
    kt_bind_i64(st, 3, since_ms);
    rc = kt_stmt_step(st, err);
    if (rc > 0) {
        *ret = kt_col_i64(st, 0);
    }
    kt_stmt_done(st);
    return rc < 0 ? rc : KT_OK;
}
