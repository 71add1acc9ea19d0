/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query: lists. A filter and a sort become SQL over the person's view; names are those of the
 * model, values are bound.
 *
 * A cursor is the sort values and id of the last item, so a list goes on where it was whatever has
 * come in between.
 */
#include "record/reading.h"

#include <stdlib.h>

#include "record/requests.h"
#include "record/search.h"
#include "record/value.h"

enum { LIMIT = 100, LIMIT_MAX = 1000, SORTS = 4, FILTERS = 20, BINDS = 200 };

struct column {
    const char *name;              /* in SQL, without quotes */
    const struct rec_field *field; /* NULL: one of the row's own */
};

struct sort {
    struct column c;
    bool down;
};

struct query {
    const struct rec_register *reg;
    struct rec_view *v;
    struct kt_arena *a;
    struct kt_buf where;
    struct rec_value bind[BINDS];
    int binds;
    struct sort sort[SORTS];
    int sorts;
    bool ended_named; /* the filter says which of the ended ones */
};

static const char *const own[] = {"_state",      "_owner",     "_due",   "_changed", "_ended",
                                  "_created",    "_since",     "_id",    "_returns", "_created_by",
                                  "_changed_by", "_conflicts", "_merged"};

static bool find_column(const struct query *q, const char *name, struct column *ret)
{
    for (size_t i = 0; i < KT_ARRAY_LEN(own); i++) {
        if (strcmp(name, own[i]) == 0) {
            *ret = (struct column){own[i], NULL};
            return true;
        }
    }
    uint32_t f = rec_field_of(q->reg, name);
    if (f == KT_NONE || !reader_sees_field(q->v->who, &q->reg->fields[f])) {
        return false;
    }
    *ret = (struct column){q->reg->fields[f].id, &q->reg->fields[f]};
    return true;
}

static int bind(struct query *q, struct rec_value v, struct kt_err *err)
{
    if (q->binds == BINDS) {
        return kt_err_set(err, KT_EINVAL, "filter: too many values");
    }
    q->bind[q->binds++] = v;
    kt_buf_printf(&q->where, "?%d", q->binds);
    return KT_OK;
}

/* ---- filter ---- */

static int filter_value(struct query *q, const struct column *c, const struct kt_json *v,
                        struct rec_value *ret, struct kt_err *err)
{
    double d;
    int64_t i;
    const char *s = kt_json_str(v);
    bool b;
    if (c->field && c->field->as == REC_MONEY && kt_json_num(v, &d)) {
        char text[40] = "";
        int64_t cents = 0;
        if (d < 1e15 && d > -1e15) {
            text[kt_fmt_double(text, d)] = '\0';
        }
        if (!value_decimal(text, 2, &cents)) {
            return kt_err_set(err, KT_EINVAL, "filter: %s takes amounts", c->name);
        }
        *ret = (struct rec_value){.type = KT_COL_INT, .i = cents};
    } else if (kt_json_int(v, &i)) {
        *ret = (struct rec_value){.type = KT_COL_INT, .i = i};
    } else if (kt_json_num(v, &d)) {
        *ret = (struct rec_value){.type = KT_COL_REAL, .f = d};
    } else if (kt_json_bool(v, &b)) {
        *ret = (struct rec_value){.type = KT_COL_INT, .i = b};
    } else if (s) {
        *ret = (struct rec_value){.type = KT_COL_TEXT, .s = {kt_arena_strdup(q->a, s), strlen(s)}};
    } else {
        return kt_err_set(err, KT_EINVAL, "filter: a value of %s is no text, number or bool",
                          c->name);
    }
    return KT_OK;
}

static int one_value(struct query *q, const struct column *c, const struct kt_json *v,
                     struct kt_err *err)
{
    struct rec_value x = {.type = KT_COL_NULL};
    int rc = filter_value(q, c, v, &x, err);
    return rc == KT_OK ? bind(q, x, err) : rc;
}

/* A reference may be named by its key. */
static int ref_by_key(struct query *q, const struct column *c, const struct kt_json *v,
                      struct kt_err *err)
{
    const struct rec_register *to = &q->v->model->registers[c->field->to];
    int rc = view_need(q->v, c->field->to, err);
    kt_buf_printf(&q->where, "(SELECT _id FROM \"%s\" WHERE \"%s\" = ", to->id,
                  to->fields[to->key].id);
    rc = rc == KT_OK ? one_value(q, c, v, err) : rc;
    kt_buf_puts(&q->where, ")");
    return rc;
}

static int operand(struct query *q, const struct column *c, const struct kt_json *v,
                   struct kt_err *err)
{
    bool key = c->field && c->field->type == REC_REF && kt_json_kind(v) == KT_JSON_STRING;
    return key ? ref_by_key(q, c, v, err) : one_value(q, c, v, err);
}

static int op_in(struct query *q, const struct column *c, const struct kt_json *v,
                 struct kt_err *err)
{
    int rc = KT_OK;
    if (!kt_json_arr(v)) {
        return kt_err_set(err, KT_EINVAL, "filter: in takes a list");
    }
    kt_buf_printf(&q->where, "\"%s\" IN (", c->name);
    for (size_t i = 0; rc == KT_OK && i < kt_json_len(v); i++) {
        kt_buf_puts(&q->where, i ? ", " : "");
        rc = operand(q, c, kt_json_at(v, i), err);
    }
    kt_buf_puts(&q->where, ")");
    return rc;
}

/* Text that holds a text, whatever the case of its letters. */
static int op_has(struct query *q, const struct column *c, const struct kt_json *v,
                  struct kt_err *err)
{
    const char *s = kt_json_str(v);
    struct kt_buf b;
    if (!s) {
        return kt_err_set(err, KT_EINVAL, "filter: has takes a text");
    }
    kt_buf_init(&b, 1 << 16);
    kt_put_u8(&b, '%');
    for (; *s; s++) {
        if (strchr("%_\\", *s)) {
            kt_put_u8(&b, '\\');
        }
        kt_put_u8(&b, (uint8_t)*s);
    }
    kt_put_u8(&b, '%');
    struct rec_value x = {.type = KT_COL_TEXT, .s = {kt_arena_strndup(q->a, b.p, b.n), b.n}};
    kt_buf_done(&b);
    kt_buf_printf(&q->where, "\"%s\" LIKE ", c->name);
    int rc = bind(q, x, err);
    kt_buf_puts(&q->where, " ESCAPE '\\'");
    return rc;
}

static int op_file(struct query *q, const struct rec_field *f, const char *op, struct kt_err *err)
{
    if (strcmp(op, "empty") != 0) {
        return kt_err_set(err, KT_EINVAL, "filter: of files only empty can be asked");
    }
    kt_buf_printf(&q->where,
                  "NOT EXISTS (SELECT 1 FROM main.kt_attachment a WHERE a.record = _id AND a.field "
                  "= '%s' AND a.ended IS NULL)",
                  f->id);
    return KT_OK;
}

static int compare(struct query *q, const struct column *c, const char *op, const struct kt_json *v,
                   struct kt_err *err)
{
    static const char *const plain[] = {"<", "<=", ">", ">="};
    bool null = kt_json_kind(v) == KT_JSON_NULL || kt_json_kind(v) == KT_JSON_NONE;
    if (strcmp(op, "=") == 0 || strcmp(op, "!=") == 0) {
        bool not_ = op[0] == '!';
        if (null) {
            kt_buf_printf(&q->where, "\"%s\" IS %sNULL", c->name, not_ ? "NOT " : "");
            return KT_OK;
        }
        kt_buf_printf(&q->where, "\"%s\" %s ", c->name, not_ ? "IS NOT" : "=");
        return operand(q, c, v, err);
    }
    for (size_t i = 0; i < KT_ARRAY_LEN(plain); i++) {
        if (strcmp(op, plain[i]) == 0) {
            kt_buf_printf(&q->where, "\"%s\" %s ", c->name, op);
            return one_value(q, c, v, err);
        }
    }
    return kt_err_set(err, KT_EINVAL, "filter: %.20s is none of = != < <= > >= in has empty", op);
}

static int one_filter(struct query *q, const struct kt_json *item, struct kt_err *err)
{
    const char *name = kt_json_str(kt_json_at(item, 0)), *op = kt_json_str(kt_json_at(item, 1));
    const struct kt_json *v = kt_json_at(item, 2);
    struct column c;
    if (!name || !op) {
        return kt_err_set(err, KT_EINVAL, "filter: a list of [field, op, value]");
    }
    if (!find_column(q, name, &c)) {
        return kt_err_set(err, KT_EINVAL, "filter: %s has no field %.40s", q->reg->id, name);
    }
    q->ended_named = q->ended_named || strcmp(c.name, "_ended") == 0;
    kt_buf_puts(&q->where, " AND ");
    if (c.field && rec_is_file(c.field)) {
        return op_file(q, c.field, op, err);
    }
    if (strcmp(op, "in") == 0) {
        return op_in(q, &c, v, err);
    }
    if (strcmp(op, "has") == 0) {
        return op_has(q, &c, v, err);
    }
    if (strcmp(op, "empty") == 0) {
        kt_buf_printf(&q->where, "\"%s\" IS NULL", c.name);
        return KT_OK;
    }
    return compare(q, &c, op, v, err);
}

static int read_filter(struct query *q, const struct kt_json *filter, struct kt_err *err)
{
    int rc = KT_OK;
    if (filter && kt_json_kind(filter) != KT_JSON_NULL && !kt_json_arr(filter)) {
        return kt_err_set(err, KT_EINVAL, "filter: a list of [field, op, value]");
    }
    if (kt_json_len(filter) > FILTERS) {
        return kt_err_set(err, KT_EINVAL, "filter: at most %d conditions", FILTERS);
    }
    for (size_t i = 0; rc == KT_OK && i < kt_json_len(filter); i++) {
        rc = one_filter(q, kt_json_at(filter, i), err);
    }
    if (rc == KT_OK && !q->ended_named) {
        kt_buf_puts(&q->where, " AND _ended IS NULL");
    }
    return rc;
}

static int read_text(struct query *q, const char *text, struct kt_err *err)
{
    struct kt_buf b;
    int rc = KT_OK;
    if (!text || !text[0]) {
        return KT_OK;
    }
    kt_buf_init(&b, 1 << 16);
    if (search_question(text, &b)) {
        kt_buf_puts(&q->where, " AND _id IN (SELECT rowid FROM main.kt_search WHERE kt_search "
                               "MATCH ");
        rc = bind(
            q,
            (struct rec_value){.type = KT_COL_TEXT, .s = {kt_arena_strndup(q->a, b.p, b.n), b.n}},
            err);
        kt_buf_puts(&q->where, ")");
    } else {
        kt_buf_puts(&q->where, " AND 0");
    }
    kt_buf_done(&b);
    return rc;
}

/* ---- sort ---- */

static int add_sort(struct query *q, const char *name, struct kt_err *err)
{
    bool down = name[0] == '-';
    struct column c;
    if (!find_column(q, name + down, &c) || (c.field && rec_is_file(c.field))) {
        return kt_err_set(err, KT_EINVAL, "sort: %s has no field %.40s", q->reg->id, name + down);
    }
    if (q->sorts == SORTS) {
        return kt_err_set(err, KT_EINVAL, "sort: at most %d fields", SORTS);
    }
    q->sort[q->sorts++] = (struct sort){c, down};
    return KT_OK;
}

static int read_sort(struct query *q, const char *sort, struct kt_err *err)
{
    int rc = KT_OK;
    if (!sort || !sort[0]) {
        return add_sort(q, "-_changed", err);
    }
    for (const char *p = sort; rc == KT_OK && *p;) {
        size_t n = strcspn(p, ",");
        rc = add_sort(q, kt_arena_strndup(q->a, p, n), err);
        p += n + (p[n] == ',');
    }
    return rc;
}

static void order_by(const struct query *q, struct kt_buf *sql)
{
    kt_buf_puts(sql, " ORDER BY ");
    bool down = false;
    for (int i = 0; i < q->sorts; i++) {
        down = q->sort[i].down;
        kt_buf_printf(sql, "\"%s\"%s, ", q->sort[i].c.name, down ? " DESC" : "");
    }
    kt_buf_printf(sql, "_id%s", down ? " DESC" : "");
}

/* ---- cursor: hex of [value, …, id] ---- */

static void write_cursor(const struct query *q, struct kt_stmt *st, struct kt_jw *w)
{
    struct kt_buf b, hex;
    kt_buf_init(&b, 1 << 16);
    kt_buf_init(&hex, 1 << 18);
    struct kt_jw cw = kt_jw_init(&b);
    int width = item_span(q->reg);
    kt_jw_arr(&cw);
    for (int i = 0; i < q->sorts; i++) {
        struct rec_value v = rec_column(st, width + i);
        if (v.type == KT_COL_NULL) {
            kt_jw_null(&cw);
        } else if (v.type == KT_COL_TEXT) {
            kt_jw_strn(&cw, v.s);
        } else if (v.type == KT_COL_INT) {
            kt_jw_int(&cw, v.i);
        } else {
            kt_jw_num(&cw, v.f);
        }
    }
    kt_jw_int(&cw, kt_col_i64(st, 0));
    kt_jw_arr_end(&cw);
    for (size_t i = 0; i < b.n; i++) {
        kt_buf_printf(&hex, "%02x", (unsigned)(unsigned char)b.p[i]);
    }
    kt_jw_strn(w, (struct kt_str){hex.p, hex.n});
    kt_buf_done(&b);
    kt_buf_done(&hex);
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static struct kt_json *parse_cursor(const char *hex)
{
    struct kt_buf b;
    struct kt_json *v = NULL;
    struct kt_err err;
    kt_buf_init(&b, 1 << 16);
    for (; hex[0] && hex[1]; hex += 2) {
        int hi = hex_digit(hex[0]), lo = hex_digit(hex[1]);
        if (hi < 0 || lo < 0) {
            break;
        }
        kt_put_u8(&b, (uint8_t)(hi << 4 | lo));
    }
    int rc = kt_json_parse((struct kt_str){kt_buf_cstr(&b), b.n}, 0, &v, &err);
    kt_buf_done(&b);
    return rc == KT_OK ? v : NULL;
}

/* Strictly behind value i; nulls are the smallest. */
static int behind_value(struct query *q, int i, const struct kt_json *v, struct kt_err *err)
{
    const struct sort *s = &q->sort[i];
    const struct column plain = {s->c.name, NULL}; /* as it is stored: no hundredths */
    if (kt_json_kind(v) == KT_JSON_NULL) {
        kt_buf_printf(&q->where, s->down ? "0" : "\"%s\" IS NOT NULL", s->c.name);
        return KT_OK;
    }
    kt_buf_printf(&q->where, "(\"%s\" %s ", s->c.name, s->down ? "<" : ">");
    int rc = one_value(q, &plain, v, err);
    kt_buf_printf(&q->where, s->down ? " OR \"%s\" IS NULL)" : ")", s->c.name);
    return rc;
}

static int same_value(struct query *q, int i, const struct kt_json *v, struct kt_err *err)
{
    const struct column plain = {q->sort[i].c.name, NULL};
    if (kt_json_kind(v) == KT_JSON_NULL) {
        kt_buf_printf(&q->where, "\"%s\" IS NULL", plain.name);
        return KT_OK;
    }
    kt_buf_printf(&q->where, "\"%s\" = ", plain.name);
    return one_value(q, &plain, v, err);
}

/* (a > x) OR (a = x AND b > y) OR (a = x AND b = y AND id > z) */
static int behind(struct query *q, const struct kt_json *c, struct kt_err *err)
{
    int64_t id;
    int rc = KT_OK;
    kt_buf_puts(&q->where, " AND (");
    for (int i = 0; rc == KT_OK && i <= q->sorts; i++) {
        kt_buf_puts(&q->where, i ? " OR (" : "(");
        for (int j = 0; rc == KT_OK && j < i; j++) {
            rc = same_value(q, j, kt_json_at(c, (size_t)j), err);
            kt_buf_puts(&q->where, " AND ");
        }
        if (rc == KT_OK && i < q->sorts) {
            rc = behind_value(q, i, kt_json_at(c, (size_t)i), err);
        } else if (rc == KT_OK && kt_json_int(kt_json_at(c, (size_t)i), &id)) {
            kt_buf_printf(&q->where, "_id %s %lld", q->sort[q->sorts - 1].down ? "<" : ">",
                          (long long)id);
        }
        kt_buf_puts(&q->where, ")");
    }
    kt_buf_puts(&q->where, ")");
    return rc;
}

static int read_cursor(struct query *q, const char *cursor, struct kt_err *err)
{
    if (!cursor || !cursor[0]) {
        return KT_OK;
    }
    struct kt_json *c = parse_cursor(cursor);
    int64_t id;
    int rc = KT_OK;
    if (kt_json_len(c) != (size_t)q->sorts + 1 ||
        !kt_json_int(kt_json_at(c, (size_t)q->sorts), &id)) {
        rc = kt_err_set(err, KT_EINVAL, "cursor: it is not one of this list");
    } else {
        rc = behind(q, c, err);
    }
    kt_json_free(c);
    return rc;
}

/* ---- running ---- */

/** @param binds  how many of the values the SQL has */
static int prepare(struct query *q, const char *sql, int binds, struct kt_stmt **ret,
                   struct kt_err *err)
{
    struct kt_stmt *st;
    int rc = kt_db_prepare_once(q->v->db, sql, &st, err);
    if (rc < 0) {
        return rc;
    }
    for (int i = 0; i < binds; i++) {
        rec_bind(st, i + 1, &q->bind[i]);
    }
    *ret = st;
    return KT_OK;
}

static int count(struct query *q, int binds, int64_t *ret, struct kt_err *err)
{
    struct kt_buf sql;
    struct kt_stmt *st;
    kt_buf_init(&sql, 4 << 20);
    kt_buf_printf(&sql, "SELECT count(*) FROM \"%s\" WHERE 1%s", q->reg->id,
                  kt_buf_cstr(&q->where));
    int rc = prepare(q, kt_buf_cstr(&sql), binds, &st, err);
    kt_buf_done(&sql);
    if (rc < 0) {
        return rc;
    }
    rc = kt_stmt_step(st, err);
    if (rc > 0) {
        *ret = kt_col_i64(st, 0);
    }
    kt_stmt_done(st);
    return rc < 0 ? rc : KT_OK;
}

static void page_sql(const struct query *q, uint32_t limit, struct kt_buf *sql)
{
    kt_buf_puts(sql, "SELECT ");
    item_columns(q->reg, sql);
    for (int i = 0; i < q->sorts; i++) {
        kt_buf_printf(sql, ", \"%s\"", q->sort[i].c.name);
    }
    kt_buf_printf(sql, " FROM \"%s\" WHERE 1", q->reg->id);
    kt_buf_put(sql, q->where.p, q->where.n);
    order_by(q, sql);
    kt_buf_printf(sql, " LIMIT %u", limit + 1);
}

static int page(struct query *q, uint32_t limit, struct kt_jw *w, struct kt_err *err)
{
    struct kt_buf sql, next;
    struct kt_stmt *st;
    uint32_t n = 0;
    kt_buf_init(&sql, 4 << 20);
    kt_buf_init(&next, 1 << 18);
    page_sql(q, limit, &sql);
    int rc = prepare(q, kt_buf_cstr(&sql), q->binds, &st, err);
    kt_buf_done(&sql);
    if (rc < 0) {
        return rc;
    }
    kt_jw_key(w, "items");
    kt_jw_arr(w);
    while (n <= limit && (rc = kt_stmt_step(st, err)) > 0) {
        if (n < limit) {
            item_write(q->v, q->reg, st, w);
        }
        if (++n == limit) {
            struct kt_jw nw = kt_jw_init(&next);
            write_cursor(q, st, &nw);
        }
    }
    kt_stmt_done(st);
    kt_jw_arr_end(w);
    kt_jw_key(w, "next");
    if (n > limit) {
        kt_jw_raw(w, (struct kt_str){next.p, next.n});
    } else {
        kt_jw_null(w);
    }
    kt_buf_done(&next);
    return rc < 0 ? rc : KT_OK;
}

static int list(struct query *q, const struct kt_record_query *ask, struct kt_buf *out,
                struct kt_err *err)
{
    uint32_t limit = ask->limit ? ask->limit : LIMIT;
    int64_t total = 0;
    struct kt_jw w = kt_jw_init(out);
    int rc = read_filter(q, ask->filter, err);
    rc = rc == KT_OK ? read_text(q, ask->q, err) : rc;
    rc = rc == KT_OK ? read_sort(q, ask->sort, err) : rc;
    rc = rc == KT_OK ? count(q, q->binds, &total, err) : rc;
    rc = rc == KT_OK ? read_cursor(q, ask->cursor, err) : rc;
    kt_jw_obj(&w);
    rc = rc == KT_OK ? page(q, limit < LIMIT_MAX ? limit : LIMIT_MAX, &w, err) : rc;
    kt_jw_kint(&w, "total", total);
    kt_jw_obj_end(&w);
    return rc;
}

int kt_room_list(struct kt_room *r, const struct kt_reader *who, const char *reg,
                 const struct kt_record_query *ask, struct kt_buf *out, struct kt_err *err)
{
    struct rec_view v;
    struct query *q = calloc(1, sizeof(*q));
    size_t before = out->n;
    uint32_t ri = KT_NONE;
    KT_ASSERT(q);
    int rc = view_open(r, who, ask->at, ask->known, &v, err);
    if (rc < 0) {
        free(q);
        return rc;
    }
    q->v = &v;
    q->a = kt_arena_new(64 << 20);
    kt_buf_init(&q->where, 1 << 20);
    rc = view_register(&v, reg, &ri, err);
    if (rc == KT_OK) {
        q->reg = &v.model->registers[ri];
        rc = list(q, ask, out, err);
    }
    if (rc < 0) {
        out->n = before;
    }
    kt_buf_done(&q->where);
    kt_arena_free(q->a);
    free(q);
    view_close(&v);
    return rc;
}
