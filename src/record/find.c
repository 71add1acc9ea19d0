/* SPDX-License-Identifier: Apache-2.0 */
/* find: search across registers, records proposed as the same, the map. */
#include "record/reading.h"

#include <stdlib.h>

#include "record/requests.h"
#include "record/search.h"
#include "record/value.h"

enum { HITS = 50, HITS_MAX = 200, LOOKED_AT = 5000, SNIPPET = 120, PAIRS = 500, FEATURES = 20000 };

/* ---- search ---- */

/* Where the words stand, in the first field that has one of them. */
static void write_snippet(struct rec_view *v, const struct rec_register *reg, struct kt_stmt *st,
                          const char *q, struct kt_jw *w)
{
    struct kt_buf ask, text, plain;
    kt_buf_init(&ask, 1 << 12);
    kt_buf_init(&text, 1 << 20);
    kt_buf_init(&plain, 1 << 20);
    search_folded(kt_str_c(q), &ask);
    const char *field = "";
    int at = 0;
    for (uint32_t i = 0; i < reg->fields_n && !field[0]; i++) {
        const struct rec_field *f = &reg->fields[i];
        if (rec_is_file(f)) {
            continue;
        }
        struct rec_value x = rec_column(st, at++);
        if ((!f->search && i != reg->key) || !reader_sees_field(v->who, f)) {
            continue;
        }
        kt_buf_clear(&plain);
        kt_buf_clear(&text);
        value_text(f, &x, &plain);
        search_folded((struct kt_str){plain.p, plain.n}, &text);
        if (ask.n && memmem(text.p, text.n, ask.p, ask.n)) {
            field = f->id;
        }
    }
    kt_jw_kstr(w, "field", field);
    size_t n = plain.n > SNIPPET ? SNIPPET : plain.n;
    while (n && n < plain.n && ((unsigned char)plain.p[n] & 0xc0) == 0x80) {
        n--;
    }
    kt_jw_key(w, "snippet");
    kt_jw_strn(w, field[0] ? (struct kt_str){plain.p, n} : (struct kt_str){"", 0});
    kt_buf_done(&ask);
    kt_buf_done(&text);
    kt_buf_done(&plain);
}

static int write_hit(struct rec_view *v, uint32_t ri, int64_t id, const char *q, struct kt_jw *w,
                     bool *ret, struct kt_err *err)
{
    const struct rec_register *reg = &v->model->registers[ri];
    struct kt_buf b, sql;
    struct kt_stmt *st;
    *ret = false;
    kt_buf_init(&b, 1 << 18);
    struct kt_jw bw = kt_jw_init(&b);
    int rc = item_named(v, ri, id, &bw, ret, err);
    if (rc == KT_OK && *ret) {
        kt_jw_obj(w);
        kt_jw_raw(w, (struct kt_str){b.p, b.n});
        kt_buf_init(&sql, 1 << 18);
        kt_buf_puts(&sql, "SELECT ");
        bool first = true;
        for (uint32_t i = 0; i < reg->fields_n; i++) {
            if (!rec_is_file(&reg->fields[i])) {
                kt_buf_printf(&sql, "%s\"%s\"", first ? "" : ", ", reg->fields[i].id);
                first = false;
            }
        }
        kt_buf_printf(&sql, " FROM \"%s\" WHERE _id = ?", reg->id);
        rc = kt_db_prepare(v->db, kt_buf_cstr(&sql), &st, err);
        kt_buf_done(&sql);
        if (rc == KT_OK) {
            kt_bind_i64(st, 1, id);
            rc = kt_stmt_step(st, err);
            if (rc > 0) {
                write_snippet(v, reg, st, q, w);
                rc = KT_OK;
            }
            kt_stmt_done(st);
        }
        kt_jw_obj_end(w);
    }
    kt_buf_done(&b);
    return rc;
}

static int search_rows(struct rec_view *v, const char *q, const char *match, uint32_t limit,
                       struct kt_jw *w, struct kt_err *err)
{
    struct kt_stmt *st;
    uint32_t n = 0, seen_n = 0;
    int rc = kt_db_prepare(v->db,
                           "SELECT r.id, r.register FROM main.kt_search s JOIN main.kt_record r ON "
                           "r.id = s.rowid WHERE s.kt_search MATCH ? ORDER BY s.rowid DESC",
                           &st, err);
    if (rc < 0) {
        return rc;
    }
    kt_bind_text(st, 1, match);
    while (n < limit && seen_n++ < LOOKED_AT && (rc = kt_stmt_step(st, err)) > 0) {
        uint32_t ri = rec_register_of(v->model, kt_col_text(st, 1));
        bool seen = false;
        if (ri != KT_NONE && reader_sees(v->who, &v->model->registers[ri])) {
            rc = write_hit(v, ri, kt_col_i64(st, 0), q, w, &seen, err);
        }
        if (rc < 0) {
            break;
        }
        n += seen;
    }
    kt_stmt_done(st);
    return rc < 0 ? rc : KT_OK;
}

int kt_room_search(struct kt_room *r, const struct kt_reader *who, const char *q, uint32_t limit,
                   struct kt_buf *out, struct kt_err *err)
{
    struct rec_view v;
    struct kt_buf match;
    size_t before = out->n;
    int rc = view_open(r, who, 0, 0, &v, err);
    if (rc < 0) {
        return rc;
    }
    limit = limit == 0 ? HITS : limit > HITS_MAX ? HITS_MAX : limit;
    kt_buf_init(&match, 1 << 16);
    struct kt_jw w = kt_jw_init(out);
    kt_jw_obj(&w);
    kt_jw_key(&w, "items");
    kt_jw_arr(&w);
    if (search_question(q ? q : "", &match)) {
        rc = search_rows(&v, q, kt_buf_cstr(&match), limit, &w, err);
    }
    kt_jw_arr_end(&w);
    kt_jw_obj_end(&w);
    if (rc < 0) {
        out->n = before;
    }
    kt_buf_done(&match);
    view_close(&v);
    return rc;
}

/* ---- duplicates ---- */

struct twin {
    char *text; /* folded values of the group */
    int64_t id;
};

static int by_text(const void *a, const void *b)
{
    const struct twin *x = a, *y = b;
    int c = strcmp(x->text, y->text);
    return c ? c : x->id < y->id ? -1 : x->id > y->id;
}

static int read_twins(struct rec_view *v, const struct rec_register *reg,
                      const struct rec_names *names, struct kt_arena *a, struct twin **ret,
                      size_t *ret_n, struct kt_err *err)
{
    struct kt_buf sql, b;
    struct kt_stmt *st;
    struct twin *t = NULL;
    size_t n = 0, cap = 0;
    kt_buf_init(&sql, 1 << 16);
    kt_buf_init(&b, 1 << 20);
    kt_buf_puts(&sql, "SELECT _id");
    for (uint32_t i = 0; i < names->n; i++) {
        kt_buf_printf(&sql, ", \"%s\"", reg->fields[names->field[i]].id);
    }
    kt_buf_printf(&sql, " FROM \"%s\" WHERE _ended IS NULL", reg->id);
    int rc = kt_db_prepare_once(v->db, kt_buf_cstr(&sql), &st, err);
    kt_buf_done(&sql);
    while (rc == KT_OK && kt_stmt_step(st, err) > 0) {
        bool whole = true;
        kt_buf_clear(&b);
        for (uint32_t i = 0; i < names->n; i++) {
            struct rec_value x = rec_column(st, (int)i + 1);
            struct kt_buf plain;
            kt_buf_init(&plain, 1 << 20);
            value_text(&reg->fields[names->field[i]], &x, &plain);
            whole = whole && plain.n > 0;
            search_folded((struct kt_str){plain.p, plain.n}, &b);
            kt_put_u8(&b, '\n');
            kt_buf_done(&plain);
        }
        if (!whole) {
            continue;
        }
        if (n == cap) {
            cap = cap ? cap * 2 : 256;
            t = realloc(t, cap * sizeof(*t));
            KT_ASSERT(t);
        }
        t[n++] = (struct twin){kt_arena_strndup(a, b.p, b.n), kt_col_i64(st, 0)};
    }
    kt_stmt_done(rc == KT_OK ? st : NULL);
    kt_buf_done(&b);
    *ret = t;
    *ret_n = n;
    return rc;
}

static int write_item(struct rec_view *v, const struct rec_register *reg, int64_t id,
                      struct kt_jw *w, struct kt_err *err)
{
    struct kt_stmt *st;
    int rc = item_prepare(v, reg, id, &st, err);
    if (rc < 0) {
        return rc;
    }
    rc = kt_stmt_step(st, err);
    if (rc > 0) {
        item_write(v, reg, st, w);
    }
    kt_stmt_done(st);
    return rc < 0 ? rc : KT_OK;
}

static int write_pairs(struct rec_view *v, const struct rec_register *reg,
                       const struct rec_names *names, int *pairs, struct kt_jw *w,
                       struct kt_err *err)
{
    struct kt_arena *a = kt_arena_new(1 << 30);
    struct twin *t;
    size_t n;
    int rc = read_twins(v, reg, names, a, &t, &n, err);
    if (rc == KT_OK && n) {
        qsort(t, n, sizeof(*t), by_text);
    }
    for (size_t i = 1; rc == KT_OK && i < n && *pairs < PAIRS; i++) {
        if (strcmp(t[i - 1].text, t[i].text) != 0) {
            continue;
        }
        kt_jw_arr(w);
        rc = write_item(v, reg, t[i - 1].id, w, err);
        rc = rc == KT_OK ? write_item(v, reg, t[i].id, w, err) : rc;
        kt_jw_arr(w);
        for (uint32_t k = 0; k < names->n; k++) {
            kt_jw_str(w, reg->fields[names->field[k]].id);
        }
        kt_jw_arr_end(w);
        kt_jw_arr_end(w);
        (*pairs)++;
    }
    free(t);
    kt_arena_free(a);
    return rc;
}

int kt_room_duplicates(struct kt_room *r, const struct kt_reader *who, const char *reg_id,
                       struct kt_buf *out, struct kt_err *err)
{
    struct rec_view v;
    uint32_t ri = KT_NONE;
    size_t before = out->n;
    int pairs = 0, rc = view_open(r, who, 0, 0, &v, err);
    if (rc < 0) {
        return rc;
    }
    rc = view_register(&v, reg_id, &ri, err);
    struct kt_jw w = kt_jw_init(out);
    kt_jw_arr(&w);
    const struct rec_register *reg = rc == KT_OK ? &v.model->registers[ri] : NULL;
    for (uint32_t i = 0; rc == KT_OK && i < reg->duplicates_n; i++) {
        bool seen = true;
        for (uint32_t k = 0; k < reg->duplicates[i].n; k++) {
            seen = seen && reader_sees_field(who, &reg->fields[reg->duplicates[i].field[k]]);
        }
        rc = seen ? write_pairs(&v, reg, &reg->duplicates[i], &pairs, &w, err) : KT_OK;
    }
    kt_jw_arr_end(&w);
    if (rc < 0) {
        out->n = before;
    }
    view_close(&v);
    return rc;
}

/* ---- map ---- */

static void write_feature(const struct rec_register *reg, struct kt_stmt *st, struct kt_jw *w)
{
    struct rec_value value[REC_FIELDS_MAX];
    int at = 4;
    for (uint32_t i = 0; i < reg->fields_n; i++) {
        value[i] = rec_is_file(&reg->fields[i]) ? (struct rec_value){.type = KT_COL_NULL}
                                                : rec_column(st, at++);
    }
    kt_jw_obj(w);
    kt_jw_kstr(w, "type", "Feature");
    kt_jw_kint(w, "id", kt_col_i64(st, 0));
    kt_jw_key(w, "geometry");
    kt_jw_raw(w, value[reg->geometry].s);
    kt_jw_key(w, "properties");
    kt_jw_obj(w);
    kt_jw_kstr(w, "register", reg->id);
    kt_jw_key(w, "key");
    rec_write_value(w, &reg->fields[reg->key], &value[reg->key]);
    item_label(reg, value, w);
    if (reg->map_label != KT_NONE) {
        kt_jw_key(w, "text");
        rec_write_value(w, &reg->fields[reg->map_label], &value[reg->map_label]);
    }
    kt_jw_kstr(w, "state", kt_col_text(st, 1));
    kt_jw_key(w, "due");
    if (kt_col_is_null(st, 2)) {
        kt_jw_null(w);
    } else {
        kt_jw_int(w, kt_col_i64(st, 2));
    }
    kt_jw_obj_end(w);
    kt_jw_obj_end(w);
}

static int write_map(struct rec_view *v, const struct rec_register *reg, struct kt_jw *w,
                     struct kt_err *err)
{
    struct kt_buf sql;
    struct kt_stmt *st;
    kt_buf_init(&sql, 1 << 20);
    kt_buf_puts(&sql, "SELECT _id, _state, _due, _changed");
    for (uint32_t i = 0; i < reg->fields_n; i++) {
        if (!rec_is_file(&reg->fields[i])) {
            kt_buf_printf(&sql, ", \"%s\"", reg->fields[i].id);
        }
    }
    kt_buf_printf(&sql,
                  " FROM \"%s\" WHERE _ended IS NULL AND \"%s\" IS NOT NULL ORDER BY _id LIMIT %d",
                  reg->id, reg->fields[reg->geometry].id, FEATURES);
    int rc = kt_db_prepare(v->db, kt_buf_cstr(&sql), &st, err);
    kt_buf_done(&sql);
    if (rc < 0) {
        return rc;
    }
    while ((rc = kt_stmt_step(st, err)) > 0) {
        write_feature(reg, st, w);
    }
    kt_stmt_done(st);
    return rc;
}

int kt_room_map(struct kt_room *r, const struct kt_reader *who, const char *reg_id, kt_time at,
                struct kt_buf *out, struct kt_err *err)
{
    struct rec_view v;
    uint32_t ri = KT_NONE;
    size_t before = out->n;
    int rc = view_open(r, who, at, at, &v, err);
    if (rc < 0) {
        return rc;
    }
    rc = view_register(&v, reg_id, &ri, err);
    struct kt_jw w = kt_jw_init(out);
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "type", "FeatureCollection");
    kt_jw_key(&w, "features");
    kt_jw_arr(&w);
    const struct rec_register *reg = rc == KT_OK ? &v.model->registers[ri] : NULL;
    if (reg && reg->geometry != KT_NONE && reader_sees_field(who, &reg->fields[reg->geometry])) {
        rc = write_map(&v, reg, &w, err);
    }
    kt_jw_arr_end(&w);
    kt_jw_obj_end(&w);
    if (rc < 0) {
        out->n = before;
    }
    view_close(&v);
    return rc;
}
