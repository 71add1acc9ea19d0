/* SPDX-License-Identifier: Apache-2.0 */
/* item: one record as JSON, from a view. */
#include "record/reading.h"

#include "record/requests.h"

static const char head[] = "_id, _version, _changed, _ended, _conflicts, _state, _owner, _due, "
                           "_created, _created_by, _changed_by, _merged, _since, _returns";
enum { HEAD = 14 };

void item_columns(const struct rec_register *reg, struct kt_buf *sql)
{
    kt_buf_puts(sql, head);
    for (uint32_t i = 0; i < reg->fields_n; i++) {
        if (!rec_is_file(&reg->fields[i])) {
            kt_buf_printf(sql, ", \"%s\"", reg->fields[i].id);
        }
    }
}

int item_prepare(struct rec_view *v, const struct rec_register *reg, int64_t id,
                 struct kt_stmt **ret, struct kt_err *err)
{
    struct kt_buf sql;
    kt_buf_init(&sql, 1 << 20);
    kt_buf_puts(&sql, "SELECT ");
    item_columns(reg, &sql);
    kt_buf_printf(&sql, " FROM \"%s\" WHERE _id = ?", reg->id);
    int rc = kt_db_prepare(v->db, kt_buf_cstr(&sql), ret, err);
    kt_buf_done(&sql);
    if (rc == KT_OK) {
        kt_bind_i64(*ret, 1, id);
    }
    return rc;
}

int item_span(const struct rec_register *reg)
{
    int n = HEAD;
    for (uint32_t i = 0; i < reg->fields_n; i++) {
        n += !rec_is_file(&reg->fields[i]);
    }
    return n;
}

static void write_int(struct kt_jw *w, const char *key, struct kt_stmt *st, int i)
{
    kt_jw_key(w, key);
    if (kt_col_is_null(st, i)) {
        kt_jw_null(w);
    } else {
        kt_jw_int(w, kt_col_i64(st, i));
    }
}

void item_label(const struct rec_register *reg, const struct rec_value *value, struct kt_jw *w)
{
    struct kt_buf b;
    kt_buf_init(&b, 1 << 16);
    row_label(reg, value, &b);
    kt_jw_key(w, "label");
    kt_jw_strn(w, (struct kt_str){kt_buf_cstr(&b), b.n});
    kt_buf_done(&b);
}

static void write_named(const struct rec_register *reg, const struct rec_value *value,
                        struct kt_jw *w)
{
    kt_jw_key(w, "key");
    rec_write_value(w, &reg->fields[reg->key], &value[reg->key]);
    item_label(reg, value, w);
    kt_jw_key(w, "place");
    if (reg->place == KT_NONE) {
        kt_jw_null(w);
    } else {
        rec_write_value(w, &reg->fields[reg->place], &value[reg->place]);
    }
}

void item_members(struct rec_view *v, const struct rec_register *reg, struct kt_stmt *st,
                  struct kt_jw *w)
{
    struct rec_value value[REC_FIELDS_MAX];
    int at = HEAD;
    for (uint32_t i = 0; i < reg->fields_n; i++) {
        value[i] = rec_is_file(&reg->fields[i]) ? (struct rec_value){.type = KT_COL_NULL}
                                                : rec_column(st, at++);
    }
    kt_jw_kint(w, "id", kt_col_i64(st, 0));
    write_named(reg, value, w);
    kt_jw_kint(w, "version", kt_col_i64(st, 1));
    kt_jw_kstr(w, "state", kt_col_text(st, 5));
    kt_jw_kstr(w, "owner", kt_col_text(st, 6));
    write_int(w, "due", st, 7);
    write_int(w, "since", st, 12);
    write_int(w, "ended", st, 3);
    write_int(w, "merged", st, 11);
    kt_jw_kint(w, "conflicts", kt_col_i64(st, 4));
    kt_jw_kint(w, "returns", kt_col_i64(st, 13));
    write_int(w, "changed", st, 2);
    kt_jw_kstr(w, "changed_by", kt_col_text(st, 10));
    write_int(w, "created", st, 8);
    kt_jw_kstr(w, "created_by", kt_col_text(st, 9));
    kt_jw_key(w, "fields");
    kt_jw_obj(w);
    for (uint32_t i = 0; i < reg->fields_n; i++) {
        const struct rec_field *f = &reg->fields[i];
        if (!rec_is_file(f) && reader_sees_field(v->who, f) &&
            (!f->ended || value[i].type != KT_COL_NULL)) {
            kt_jw_key(w, f->id);
            rec_write_value(w, f, &value[i]);
        }
    }
    kt_jw_obj_end(w);
}

void item_write(struct rec_view *v, const struct rec_register *reg, struct kt_stmt *st,
                struct kt_jw *w)
{
    kt_jw_obj(w);
    item_members(v, reg, st, w);
    kt_jw_obj_end(w);
}
