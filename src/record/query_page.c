/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query_page: how many rows a list has, and one page of them.
 *
 * Whether few or many rows hold is known from the count, and decides the plan: few are kept by id;
 * many are read in the order of the sort until the page is full. Which rows a page has is settled
 * first, of indexes alone where they have the columns; only those rows are read whole.
 */
#include "record/query.h"

#include "record/reading.h"
#include "record/requests.h"
#include "record/value.h"

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

/* Few found ones: their rows are looked up. Many: the list of their ids is, in the sort's order. */
static void from_where(const struct query *q, const char *view, bool many, struct kt_buf *sql)
{
    static const char found[] = "SELECT rowid AS _hit FROM main.kt_search WHERE kt_search MATCH";
    const struct kt_buf *where = many ? &q->ordered : &q->where;
    if (q->match && !many) {
        kt_buf_printf(sql, " FROM (%s ?%d) CROSS JOIN \"%s\" WHERE _id = _hit", found, q->match,
                      view);
    } else if (q->match) {
        kt_buf_printf(sql, " FROM \"%s\" WHERE (_id IN (%s ?%d)) IS TRUE", view, found, q->match);
    } else {
        kt_buf_printf(sql, " FROM \"%s\" WHERE 1", view);
    }
    kt_buf_put(sql, where->p, where->n);
}

static const char *part_name(const struct query *q, int i)
{
    return q->parts > 1 ? kt_arena_printf(q->a, VIEW_PART, i, q->reg->id) : q->reg->id;
}

/* Of a whole register an index tells it. */
static int count_all(struct query *q, int64_t *ret, struct kt_err *err)
{
    struct kt_buf sql;
    struct kt_stmt *st;
    kt_buf_init(&sql, 4 << 20);
    for (int i = 0; i < q->parts; i++) {
        kt_buf_puts(&sql, i ? " + (SELECT count(*)" : "SELECT (SELECT count(*)");
        from_where(q, part_name(q, i), false, &sql);
        kt_buf_puts(&sql, ")");
    }
    int rc = prepare(q, kt_buf_cstr(&sql), q->binds, &st, err);
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

/* Found ones are each looked at, so there is a bound; the first few are kept. */
static int count_found(struct query *q, int64_t *ret, struct kt_err *err)
{
    struct kt_buf sql;
    struct kt_stmt *st;
    int64_t n = 0;
    kt_buf_init(&sql, 4 << 20);
    for (int i = 0; i < q->parts; i++) {
        kt_buf_puts(&sql, i ? " UNION ALL SELECT _id" : "SELECT _id");
        from_where(q, part_name(q, i), false, &sql);
    }
    kt_buf_printf(&sql, " LIMIT %d", QUERY_MANY + 1);
    int rc = prepare(q, kt_buf_cstr(&sql), q->binds, &st, err);
    kt_buf_done(&sql);
    if (rc < 0) {
        return rc;
    }
    while ((rc = kt_stmt_step(st, err)) > 0) {
        if (n < QUERY_FEW) {
            q->few[n] = kt_col_i64(st, 0);
        }
        n++;
    }
    kt_stmt_done(st);
    if (rc == KT_OK) {
        *ret = n;
    }
    return rc;
}

int query_count(struct query *q, int64_t *ret, struct kt_err *err)
{
    return q->narrow ? count_found(q, ret, err) : count_all(q, ret, err);
}

/* ---- a page ---- */

static bool is_few(const struct query *q, int64_t total)
{
    return q->narrow && total <= QUERY_FEW;
}

/* How many values a page's SQL has: the few are no question any more, and what was bound before the
 * cursor's has no place in it. */
static int few_binds(const struct query *q, int64_t total)
{
    return is_few(q, total) && q->binds == q->filter_binds ? 0 : q->binds;
}

/* The condition that a row is one of the few, and behind the cursor. */
static void from_few(const struct query *q, int64_t total, struct kt_buf *sql)
{
    kt_buf_printf(sql, " FROM \"%s\" WHERE _id IN (", q->reg->id);
    for (int64_t i = 0; i < total; i++) {
        kt_buf_printf(sql, "%s%lld", i ? "," : "", (long long)q->few[i]);
    }
    kt_buf_puts(sql, ")");
    kt_buf_put(sql, q->where.p + q->filtered, q->where.n - q->filtered);
}

/* The ids of a page of a register in parts: of each its first ones, of those the first. */
static void parts_sql(const struct query *q, bool many, uint32_t limit, struct kt_buf *sql)
{
    kt_buf_puts(sql, "SELECT _id FROM (");
    for (int i = 0; i < q->parts; i++) {
        kt_buf_puts(sql, i ? " UNION ALL SELECT * FROM (SELECT _id" : "SELECT * FROM (SELECT _id");
        for (int k = 0; k < q->sorts; k++) {
            if (strcmp(q->sort[k].c.name, "_id") != 0) {
                kt_buf_printf(sql, ", \"%s\"", q->sort[k].c.name);
            }
        }
        from_where(q, part_name(q, i), many, sql);
        order_by(q, sql);
        kt_buf_printf(sql, " LIMIT %u)", q->offset + limit + 1);
    }
    kt_buf_puts(sql, ")");
    order_by(q, sql);
    kt_buf_printf(sql, " LIMIT %u OFFSET %u", limit + 1, q->offset);
}

/* Those ids, as numbers in the text: so each is looked up. */
static int parts_ids(struct query *q, int64_t total, uint32_t limit, struct kt_buf *out,
                     struct kt_err *err)
{
    struct kt_buf sql;
    struct kt_stmt *st;
    kt_buf_init(&sql, 4 << 20);
    if (is_few(q, total)) {
        kt_buf_puts(&sql, "SELECT _id");
        from_few(q, total, &sql);
        order_by(q, &sql);
        kt_buf_printf(&sql, " LIMIT %u OFFSET %u", limit + 1, q->offset);
    } else {
        parts_sql(q, total > QUERY_MANY, limit, &sql);
    }
    int rc = prepare(q, kt_buf_cstr(&sql), few_binds(q, total), &st, err);
    kt_buf_done(&sql);
    if (rc < 0) {
        return rc;
    }
    while ((rc = kt_stmt_step(st, err)) > 0) {
        kt_buf_printf(out, "%s%lld", out->n ? "," : "", (long long)kt_col_i64(st, 0));
    }
    kt_stmt_done(st);
    return rc;
}

/** @param ids  of the page, with commas; NULL: they are asked for here */
static void page_sql(const struct query *q, int64_t total, uint32_t limit, const char *ids,
                     struct kt_buf *sql)
{
    kt_buf_puts(sql, "SELECT ");
    item_columns(q->reg, sql);
    for (int i = 0; i < q->sorts; i++) {
        kt_buf_printf(sql, ", \"%s\"", q->sort[i].c.name);
    }
    kt_buf_printf(sql, " FROM \"%s\" WHERE _id IN (", q->reg->id);
    if (ids) {
        kt_buf_puts(sql, ids);
    } else {
        kt_buf_puts(sql, "SELECT _id");
        if (is_few(q, total)) {
            from_few(q, total, sql);
        } else {
            from_where(q, q->reg->id, total > QUERY_MANY, sql);
        }
        order_by(q, sql);
        kt_buf_printf(sql, " LIMIT %u OFFSET %u", limit + 1, q->offset);
    }
    kt_buf_puts(sql, ")");
    order_by(q, sql);
}

static int page_stmt(struct query *q, int64_t total, uint32_t limit, struct kt_stmt **ret,
                     struct kt_err *err)
{
    struct kt_buf sql, ids;
    int rc = KT_OK;
    bool apart = q->parts > 1;
    kt_buf_init(&sql, 4 << 20);
    kt_buf_init(&ids, 1 << 20);
    if (apart) {
        rc = parts_ids(q, total, limit, &ids, err);
    }
    page_sql(q, total, limit, apart ? kt_buf_cstr(&ids) : NULL, &sql);
    rc =
        rc == KT_OK ? prepare(q, kt_buf_cstr(&sql), apart ? 0 : few_binds(q, total), ret, err) : rc;
    kt_buf_done(&sql);
    kt_buf_done(&ids);
    return rc;
}

int query_page(struct query *q, int64_t total, uint32_t limit, struct kt_jw *w, struct kt_err *err)
{
    struct kt_buf next;
    struct kt_stmt *st;
    uint32_t n = 0;
    int rc = page_stmt(q, total, limit, &st, err);
    if (rc < 0) {
        return rc;
    }
    kt_buf_init(&next, 1 << 18);
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
