/* SPDX-License-Identifier: Apache-2.0 */
/* get: one record with what belongs to it; its history; an attachment. */
#include "record/reading.h"

#include <stdio.h>

#include "record/requests.h"

enum { REFERRERS = 50 };

/* ---- facts ---- */

static void write_fact(struct kt_jw *w, const struct rec_field *f, struct kt_stmt *st, bool ended)
{
    static const char *const ints[] = {"since", "time"};
    kt_jw_obj(w);
    kt_jw_kint(w, "id", kt_col_i64(st, 0));
    kt_jw_kstr(w, "field", kt_col_text(st, 1));
    struct rec_value v = rec_column(st, 2);
    kt_jw_key(w, "value");
    if (f) {
        rec_write_value(w, f, &v);
    } else if (ended && v.i) {
        kt_jw_int(w, v.i);
    } else {
        kt_jw_null(w);
    }
    for (int i = 0; i < 2; i++) {
        kt_jw_kint(w, ints[i], kt_col_i64(st, 3 + i));
    }
    kt_jw_kstr(w, "by", kt_col_text(st, 5));
    kt_jw_kstr(w, "source", kt_col_text(st, 6));
    kt_jw_kbool(w, "verified", kt_col_i64(st, 7) != 0);
    kt_jw_key(w, "certainty");
    if (kt_col_is_null(st, 8)) {
        kt_jw_null(w);
    } else {
        kt_jw_num(w, kt_col_f64(st, 8));
    }
    kt_jw_kstr(w, "note", kt_col_text(st, 9));
    kt_jw_key(w, "chosen");
    if (kt_col_is_null(st, 10)) {
        kt_jw_null(w);
    } else {
        kt_jw_int(w, kt_col_i64(st, 10));
    }
    kt_jw_key(w, "dropped");
    if (kt_col_is_null(st, 11)) {
        kt_jw_null(w);
    } else {
        kt_jw_int(w, kt_col_i64(st, 11));
    }
    kt_jw_kint(w, "version", kt_col_i64(st, 12));
    if (!kt_col_is_null(st, 13)) {
        kt_jw_kint(w, "erased", kt_col_i64(st, 13));
    }
    kt_jw_obj_end(w);
}

#define FACT                                                                                       \
    "SELECT id, field, value, since, time, by, source, verified, certainty, note, chosen, "        \
    "dropped, version, erased FROM main.kt_fact "

/* Array of facts that a statement gives, of fields that the person sees. */
static int write_facts(struct rec_view *v, const struct rec_register *reg, struct kt_stmt *st,
                       struct kt_jw *w, struct kt_err *err)
{
    int rc;
    kt_jw_arr(w);
    while ((rc = kt_stmt_step(st, err)) > 0) {
        const char *id = kt_col_text(st, 1);
        uint32_t f = rec_field_of(reg, id);
        bool ended = strcmp(id, "_ended") == 0;
        if (ended || (f != KT_NONE && reader_sees_field(v->who, &reg->fields[f]))) {
            write_fact(w, f == KT_NONE ? NULL : &reg->fields[f], st, ended);
        }
    }
    kt_jw_arr_end(w);
    return rc;
}

/* What stands of fields with several sources. */
static int get_facts(struct rec_view *v, const struct rec_register *reg, int64_t id,
                     struct kt_jw *w, struct kt_err *err)
{
    struct kt_buf names;
    struct kt_stmt *st;
    kt_buf_init(&names, 1 << 16);
    for (uint32_t i = 0; i < reg->fields_n; i++) {
        if (reg->fields[i].sources) {
            kt_buf_printf(&names, "%s'%s'", names.n ? "," : "", reg->fields[i].id);
        }
    }
    kt_jw_key(w, "facts");
    if (names.n == 0) {
        kt_jw_arr(w);
        kt_jw_arr_end(w);
        kt_buf_done(&names);
        return KT_OK;
    }
    struct kt_buf sql;
    kt_buf_init(&sql, 1 << 17);
    kt_buf_printf(&sql,
                  FACT "WHERE record = ? AND dropped IS NULL AND field IN (%s) AND id IN (SELECT "
                       "max(id) FROM main.kt_fact WHERE record = ? AND dropped IS NULL GROUP BY "
                       "field, ifnull(source, '')) ORDER BY field, id",
                  kt_buf_cstr(&names));
    int rc = kt_db_prepare(v->db, kt_buf_cstr(&sql), &st, err);
    kt_buf_done(&sql);
    kt_buf_done(&names);
    if (rc < 0) {
        return rc;
    }
    kt_bind_i64(st, 1, id);
    kt_bind_i64(st, 2, id);
    rc = write_facts(v, reg, st, w, err);
    kt_stmt_done(st);
    return rc;
}

/* {"field": ms} of personal fields whose value that would stand now was erased. */
static int get_erased(struct rec_view *v, const struct rec_register *reg, int64_t id,
                      struct kt_jw *w, struct kt_err *err)
{
    struct kt_stmt *st;
    int rc = kt_db_prepare(v->db,
                           "SELECT field, erased, max(id) FROM main.kt_fact WHERE record = ? AND "
                           "chosen IS NOT NULL AND dropped IS NULL GROUP BY field",
                           &st, err);
    if (rc < 0) {
        return rc;
    }
    kt_bind_i64(st, 1, id);
    kt_jw_key(w, "erased");
    kt_jw_obj(w);
    while ((rc = kt_stmt_step(st, err)) > 0) {
        uint32_t f = rec_field_of(reg, kt_col_text(st, 0));
        if (f != KT_NONE && !kt_col_is_null(st, 1) && reader_sees_field(v->who, &reg->fields[f])) {
            kt_jw_kint(w, reg->fields[f].id, kt_col_i64(st, 1));
        }
    }
    kt_stmt_done(st);
    kt_jw_obj_end(w);
    return rc;
}

/* ---- attachments ---- */

static void write_attachment(struct kt_jw *w, struct kt_stmt *st)
{
    kt_jw_obj(w);
    kt_jw_kstr(w, "hash", kt_col_text(st, 0));
    kt_jw_kstr(w, "field", kt_col_text(st, 1));
    kt_jw_kstr(w, "name", kt_col_text(st, 2));
    kt_jw_kstr(w, "type", kt_col_text(st, 3));
    kt_jw_kint(w, "size", kt_col_i64(st, 4));
    kt_jw_kstr(w, "by", kt_col_text(st, 5));
    kt_jw_kint(w, "time", kt_col_i64(st, 6));
    kt_jw_key(w, "meta");
    struct kt_str meta = kt_col_bytes(st, 7);
    if (meta.n) {
        kt_jw_raw(w, meta);
    } else {
        kt_jw_null(w);
    }
    if (!kt_col_is_null(st, 8)) {
        kt_jw_kint(w, "erased", kt_col_i64(st, 8));
    }
    kt_jw_obj_end(w);
}

static int get_attachments(struct rec_view *v, const struct rec_register *reg, int64_t id,
                           struct kt_jw *w, struct kt_err *err)
{
    struct kt_stmt *st;
    int64_t known = v->known ? rec_ms(v->known) : INT64_MAX;
    int rc = kt_db_prepare(v->db,
                           "SELECT hash, field, name, type, size, by, time, meta, erased FROM "
                           "main.kt_attachment WHERE record = ?1 AND time <= ?2 AND (ended IS NULL "
                           "OR ended > ?2) ORDER BY field, id",
                           &st, err);
    if (rc < 0) {
        return rc;
    }
    kt_bind_i64(st, 1, id);
    kt_bind_i64(st, 2, known);
    kt_jw_key(w, "attachments");
    kt_jw_arr(w);
    while ((rc = kt_stmt_step(st, err)) > 0) {
        uint32_t f = rec_field_of(reg, kt_col_text(st, 1));
        if (f != KT_NONE && reader_sees_field(v->who, &reg->fields[f])) {
            write_attachment(w, st);
        }
    }
    kt_stmt_done(st);
    kt_jw_arr_end(w);
    return rc;
}

int kt_room_attachment(struct kt_room *r, const struct kt_reader *who, int64_t record,
                       const char *hash, struct kt_arena *arena, const char **ret_name,
                       const char **ret_type, struct kt_err *err)
{
    struct rec_view v;
    struct kt_stmt *st = NULL;
    int rc = view_open(r, who, 0, 0, &v, err);
    if (rc < 0) {
        return rc;
    }
    rc = kt_db_prepare(v.db,
                       "SELECT r.register, a.field, a.name, a.type FROM main.kt_attachment a JOIN "
                       "main.kt_record r ON r.id = a.record WHERE a.record = ? AND a.hash = ? AND "
                       "a.ended IS NULL AND a.erased IS NULL",
                       &st, err);
    bool seen = false;
    if (rc == KT_OK) {
        kt_bind_i64(st, 1, record);
        kt_bind_text(st, 2, hash);
        rc = kt_stmt_step(st, err);
    }
    if (rc > 0) {
        uint32_t reg = rec_register_of(v.model, kt_col_text(st, 0));
        uint32_t f =
            reg == KT_NONE ? KT_NONE : rec_field_of(&v.model->registers[reg], kt_col_text(st, 1));
        struct kt_buf none;
        kt_buf_init(&none, 1 << 16);
        struct kt_jw w = kt_jw_init(&none);
        rc = f != KT_NONE && reader_sees_field(who, &v.model->registers[reg].fields[f])
                 ? item_named(&v, reg, record, &w, &seen, err)
                 : KT_OK;
        kt_buf_done(&none);
        if (rc == KT_OK && seen) {
            *ret_name = kt_arena_strdup(arena, kt_col_text(st, 2) ? kt_col_text(st, 2) : "");
            *ret_type = kt_arena_strdup(arena, kt_col_text(st, 3) ? kt_col_text(st, 3) : "");
        }
    }
    kt_stmt_done(st);
    view_close(&v);
    return rc == KT_OK && !seen ? kt_err_set(err, KT_ENOTFOUND, "there is no such attachment") : rc;
}

/* ---- references ---- */

int item_named(struct rec_view *v, uint32_t reg_i, int64_t id, struct kt_jw *w, bool *ret,
               struct kt_err *err)
{
    const struct rec_register *reg = &v->model->registers[reg_i];
    struct kt_buf sql;
    struct kt_stmt *st;
    int rc = view_need(v, reg_i, err);
    if (rc < 0) {
        return rc;
    }
    kt_buf_init(&sql, 1 << 20);
    kt_buf_puts(&sql, "SELECT _ended");
    for (uint32_t i = 0; i < reg->fields_n; i++) {
        if (!rec_is_file(&reg->fields[i])) {
            kt_buf_printf(&sql, ", \"%s\"", reg->fields[i].id);
        }
    }
    kt_buf_printf(&sql, " FROM \"%s\" WHERE _id = ?", reg->id);
    rc = kt_db_prepare(v->db, kt_buf_cstr(&sql), &st, err);
    kt_buf_done(&sql);
    if (rc < 0) {
        return rc;
    }
    kt_bind_i64(st, 1, id);
    rc = kt_stmt_step(st, err);
    *ret = rc > 0;
    if (rc > 0) {
        struct rec_value value[REC_FIELDS_MAX];
        int at = 1;
        for (uint32_t i = 0; i < reg->fields_n; i++) {
            value[i] = rec_is_file(&reg->fields[i]) ? (struct rec_value){.type = KT_COL_NULL}
                                                    : rec_column(st, at++);
        }
        kt_jw_kint(w, "id", id);
        kt_jw_kstr(w, "register", reg->id);
        kt_jw_key(w, "key");
        rec_write_value(w, &reg->fields[reg->key], &value[reg->key]);
        item_label(reg, value, w);
        kt_jw_kbool(w, "ended", !kt_col_is_null(st, 0));
    }
    kt_stmt_done(st);
    return rc < 0 ? rc : KT_OK;
}

/* Where this record's own references go: {field: {id, register, key, label}}. */
static int get_refs(struct rec_view *v, const struct rec_register *reg, int64_t id, struct kt_jw *w,
                    struct kt_err *err)
{
    int rc = KT_OK;
    kt_jw_key(w, "refs");
    kt_jw_obj(w);
    for (uint32_t i = 0; rc == KT_OK && i < reg->fields_n; i++) {
        const struct rec_field *f = &reg->fields[i];
        char sql[200];
        int64_t to = 0;
        bool seen;
        if (f->type != REC_REF || !reader_sees_field(v->who, f)) {
            continue;
        }
        snprintf(sql, sizeof(sql), "SELECT ifnull(\"%s\", 0) FROM \"%s\" WHERE _id = %lld", f->id,
                 reg->id, (long long)id);
        struct kt_stmt *st;
        rc = kt_db_prepare_once(v->db, sql, &st, err);
        if (rc < 0) {
            break;
        }
        rc = kt_stmt_step(st, err);
        to = rc > 0 ? kt_col_i64(st, 0) : 0;
        kt_stmt_done(st);
        if (rc >= 0 && to) {
            struct kt_buf b;
            kt_buf_init(&b, 1 << 18);
            struct kt_jw bw = kt_jw_init(&b);
            rc = item_named(v, f->to, to, &bw, &seen, err);
            if (rc == KT_OK && seen) {
                kt_jw_key(w, f->id);
                kt_jw_obj(w);
                kt_jw_raw(w, (struct kt_str){b.p, b.n});
                kt_jw_obj_end(w);
            }
            kt_buf_done(&b);
        }
        rc = rc > 0 ? KT_OK : rc;
    }
    kt_jw_obj_end(w);
    return rc;
}

/* Records of one field that name this one. */
static int referrers(struct rec_view *v, uint32_t reg_i, uint32_t field, int64_t id,
                     struct kt_jw *w, struct kt_err *err)
{
    const struct rec_register *reg = &v->model->registers[reg_i];
    char sql[200];
    struct kt_stmt *st;
    int64_t found[REFERRERS];
    int n = 0, rc = view_need(v, reg_i, err);
    if (rc < 0) {
        return rc;
    }
    snprintf(sql, sizeof(sql),
             "SELECT _id FROM \"%s\" WHERE \"%s\" = ? AND _ended IS NULL ORDER BY _changed DESC "
             "LIMIT %d",
             reg->id, reg->fields[field].id, REFERRERS);
    rc = kt_db_prepare(v->db, sql, &st, err);
    if (rc < 0) {
        return rc;
    }
    kt_bind_i64(st, 1, id);
    while (n < REFERRERS && (rc = kt_stmt_step(st, err)) > 0) {
        found[n++] = kt_col_i64(st, 0);
    }
    kt_stmt_done(st);
    rc = rc > 0 ? KT_OK : rc;
    for (int i = 0; rc == KT_OK && i < n; i++) {
        bool seen;
        kt_jw_obj(w);
        kt_jw_kstr(w, "field", reg->fields[field].id);
        rc = item_named(v, reg_i, found[i], w, &seen, err);
        kt_jw_obj_end(w);
    }
    return rc;
}

static int get_referrers(struct rec_view *v, uint32_t self, int64_t id, struct kt_jw *w,
                         struct kt_err *err)
{
    int rc = KT_OK;
    kt_jw_key(w, "referrers");
    kt_jw_arr(w);
    for (uint32_t i = 0; rc == KT_OK && i < v->model->registers_n; i++) {
        const struct rec_register *reg = &v->model->registers[i];
        for (uint32_t j = 0; rc == KT_OK && reader_sees(v->who, reg) && j < reg->fields_n; j++) {
            const struct rec_field *f = &reg->fields[j];
            if (f->type == REC_REF && f->to == self && reader_sees_field(v->who, f)) {
                rc = referrers(v, i, j, id, w, err);
            }
        }
    }
    kt_jw_arr_end(w);
    return rc;
}

/* ---- one record ---- */

static int get_item(struct rec_view *v, const struct rec_register *reg, int64_t id, struct kt_jw *w,
                    struct kt_err *err)
{
    struct kt_stmt *st;
    int rc = item_prepare(v, reg, id, &st, err);
    if (rc < 0) {
        return rc;
    }
    rc = kt_stmt_step(st, err);
    if (rc > 0) {
        item_members(v, reg, st, w);
    }
    kt_stmt_done(st);
    if (rc == 0) {
        return kt_err_set(err, KT_ENOTFOUND, "there is no record %lld in %s", (long long)id,
                          reg->id);
    }
    return rc < 0 ? rc : KT_OK;
}

int kt_room_get(struct kt_room *r, const struct kt_reader *who, const char *reg_id, int64_t id,
                kt_time at, kt_time known, struct kt_buf *out, struct kt_err *err)
{
    struct rec_view v;
    uint32_t ri = KT_NONE;
    size_t before = out->n;
    int rc = view_open(r, who, at, known, &v, err);
    if (rc < 0) {
        return rc;
    }
    rc = view_register(&v, reg_id, &ri, err);
    struct kt_jw w = kt_jw_init(out);
    kt_jw_obj(&w);
    if (rc == KT_OK) {
        const struct rec_register *reg = &v.model->registers[ri];
        rc = get_item(&v, reg, id, &w, err);
        rc = rc == KT_OK ? get_facts(&v, reg, id, &w, err) : rc;
        rc = rc == KT_OK ? get_erased(&v, reg, id, &w, err) : rc;
        rc = rc == KT_OK ? get_attachments(&v, reg, id, &w, err) : rc;
        rc = rc == KT_OK ? get_refs(&v, reg, id, &w, err) : rc;
        rc = rc == KT_OK ? get_referrers(&v, ri, id, &w, err) : rc;
        kt_jw_kbool(&w, "may_write", reader_writes(who, reg));
        rc = rc == KT_OK ? flow_get(r, v.db, v.model, who, reg, id, &w, err) : rc;
    }
    kt_jw_obj_end(&w);
    if (rc < 0) {
        out->n = before;
    }
    view_close(&v);
    return rc;
}

/* ---- history ---- */

static int history(struct rec_view *v, uint32_t ri, int64_t id, struct kt_buf *out,
                   struct kt_err *err)
{
    const struct rec_register *reg = &v->model->registers[ri];
    struct kt_buf none;
    struct kt_stmt *st;
    bool seen = false;
    kt_buf_init(&none, 1 << 18);
    struct kt_jw nw = kt_jw_init(&none), w = kt_jw_init(out);
    int rc = item_named(v, ri, id, &nw, &seen, err);
    kt_buf_done(&none);
    if (rc == KT_OK && !seen) {
        rc = kt_err_set(err, KT_ENOTFOUND, "there is no record %lld in %s", (long long)id, reg->id);
    }
    rc = rc == KT_OK ? kt_db_prepare(v->db, FACT "WHERE record = ? ORDER BY time, id", &st, err)
                     : rc;
    if (rc < 0) {
        return rc;
    }
    kt_bind_i64(st, 1, id);
    kt_jw_obj(&w);
    kt_jw_key(&w, "items");
    rc = write_facts(v, reg, st, &w, err);
    kt_jw_obj_end(&w);
    kt_stmt_done(st);
    return rc;
}

int kt_room_history(struct kt_room *r, const struct kt_reader *who, const char *reg_id, int64_t id,
                    struct kt_buf *out, struct kt_err *err)
{
    struct rec_view v;
    uint32_t ri = KT_NONE;
    size_t before = out->n;
    int rc = view_open(r, who, 0, 0, &v, err);
    if (rc < 0) {
        return rc;
    }
    rc = view_register(&v, reg_id, &ri, err);
    rc = rc == KT_OK ? history(&v, ri, id, out, err) : rc;
    if (rc < 0) {
        out->n = before;
    }
    view_close(&v);
    return rc;
}
