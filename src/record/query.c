/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query: lists. A filter and a sort become SQL over the person's view; names are those of the
 * model, values are bound.
 *
 * A cursor is the sort values and id of the last item, so a list goes on where it was whatever has
 * come in between.
 */
#include "record/query.h"

#include <stdlib.h>

#include "record/model_flow.h"
#include "record/requests.h"
#include "record/schema.h"
#include "record/search.h"
#include "record/value.h"

enum { LIMIT = 100, LIMIT_MAX = 1000, FILTERS = 20 };

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
    if (q->binds == QUERY_BINDS) {
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
        if (rec_amount_parse(kt_str_c(text), 2, &cents) < 0) {
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

static int condition(struct query *q, const struct column *c, const char *op,
                     const struct kt_json *v, struct kt_err *err)
{
    if (c->field && rec_is_file(c->field)) {
        return op_file(q, c->field, op, err);
    }
    if (strcmp(op, "in") == 0) {
        return op_in(q, c, v, err);
    }
    if (strcmp(op, "has") == 0) {
        return op_has(q, c, v, err);
    }
    if (strcmp(op, "empty") == 0) {
        kt_buf_printf(&q->where, "\"%s\" IS NULL", c->name);
        return KT_OK;
    }
    return compare(q, c, op, v, err);
}

static int one_filter(struct query *q, const struct kt_json *item, struct kt_err *err)
{
    const char *name = kt_json_str(kt_json_at(item, 0)), *op = kt_json_str(kt_json_at(item, 1));
    struct column c;
    if (!name || !op) {
        return kt_err_set(err, KT_EINVAL, "filter: a list of [field, op, value]");
    }
    if (!find_column(q, name, &c)) {
        return kt_err_set(err, KT_EINVAL, "filter: %s has no field %.40s", q->reg->id, name);
    }
    q->ended_named = q->ended_named || strcmp(c.name, "_ended") == 0;
    kt_buf_puts(&q->where, " AND ");
    size_t start = q->where.n;
    int rc = condition(q, &c, op, kt_json_at(item, 2), err);
    /* IS TRUE: the same rows, and no index is looked up for it */
    bool sorted = strcmp(c.name, q->sort[0].c.name) == 0;
    kt_buf_puts(&q->ordered, sorted ? " AND " : " AND (");
    kt_buf_put(&q->ordered, q->where.p + start, q->where.n - start);
    kt_buf_puts(&q->ordered, sorted ? "" : ") IS TRUE");
    return rc;
}

/* Has the column an index that begins with _ended? */
static bool ended_first(const struct column *c)
{
    return c->field ? schema_ended_first(c->field)
                    : strcmp(c->name, "_changed") == 0 || strcmp(c->name, "_due") == 0;
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
        q->narrow = true;
    }
    if (rc == KT_OK && !q->ended_named) {
        kt_buf_puts(&q->where, " AND _ended IS NULL");
        kt_buf_puts(&q->ordered, ended_first(&q->sort[0].c) ? " AND _ended IS NULL"
                                                            : " AND (_ended IS NULL) IS TRUE");
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
    q->narrow = true;
    if (!search_question(text, &b)) {
        kt_buf_puts(&q->where, " AND 0");
        kt_buf_puts(&q->ordered, " AND 0");
    } else if (q->binds == QUERY_BINDS) {
        rc = kt_err_set(err, KT_EINVAL, "filter: too many values");
    } else {
        q->bind[q->binds++] =
            (struct rec_value){.type = KT_COL_TEXT, .s = {kt_arena_strndup(q->a, b.p, b.n), b.n}};
        q->match = q->binds;
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
    if (q->sorts == QUERY_SORTS) {
        return kt_err_set(err, KT_EINVAL, "sort: at most %d fields", QUERY_SORTS);
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

/* ---- cursor: hex of [value, …, id] ---- */

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

/* What the first sort value alone says, as a range of an index. Nulls are the smallest: downwards
 * they come last, so a range would lose them unless the column has none. */
static int behind_first(struct query *q, const struct kt_json *v, struct kt_err *err)
{
    const struct column plain = {q->sort[0].c.name, NULL};
    bool whole = strcmp(plain.name, "_changed") == 0 || strcmp(plain.name, "_created") == 0 ||
                 strcmp(plain.name, "_id") == 0;
    if (kt_json_kind(v) == KT_JSON_NULL || (q->sort[0].down && !whole)) {
        return KT_OK;
    }
    kt_buf_printf(&q->where, " AND \"%s\" %s ", plain.name, q->sort[0].down ? "<=" : ">=");
    return one_value(q, &plain, v, err);
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
        size_t start = q->where.n;
        rc = behind_first(q, kt_json_at(c, 0), err);
        rc = rc == KT_OK ? behind(q, c, err) : rc;
        kt_buf_put(&q->ordered, q->where.p + start, q->where.n - start);
    }
    kt_json_free(c);
    return rc;
}

static int list(struct query *q, const struct kt_record_query *ask, struct kt_buf *out,
                struct kt_err *err)
{
    uint32_t limit = ask->limit ? ask->limit : LIMIT;
    int64_t total = 0;
    struct kt_jw w = kt_jw_init(out);
    int rc = read_sort(q, ask->sort, err);
    rc = rc == KT_OK ? read_filter(q, ask->filter, err) : rc;
    rc = rc == KT_OK ? read_text(q, ask->q, err) : rc;
    rc = rc == KT_OK ? query_count(q, &total, err) : rc;
    q->filtered = q->where.n;
    q->filter_binds = q->binds;
    q->offset = ask->offset;
    rc = rc == KT_OK ? read_cursor(q, ask->cursor, err) : rc;
    kt_jw_obj(&w);
    bool more = q->narrow && total > QUERY_MANY;
    rc = rc == KT_OK ? query_page(q, total, limit < LIMIT_MAX ? limit : LIMIT_MAX, &w, err) : rc;
    kt_jw_kint(&w, "total", more ? QUERY_MANY : total);
    if (more) {
        kt_jw_kbool(&w, "more", true);
    }
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
    kt_buf_init(&q->ordered, 1 << 20);
    rc = view_register(&v, reg, &ri, err);
    if (rc == KT_OK) {
        q->reg = &v.model->registers[ri];
        q->parts = v.at || v.known ? VIEW_PARTS : 1;
        rc = q->parts > 1 ? view_parts(&v, q->reg, err) : KT_OK;
        rc = rc == KT_OK ? list(q, ask, out, err) : rc;
    }
    if (rc < 0) {
        out->n = before;
    }
    kt_buf_done(&q->where);
    kt_buf_done(&q->ordered);
    kt_arena_free(q->a);
    free(q);
    view_close(&v);
    return rc;
}
