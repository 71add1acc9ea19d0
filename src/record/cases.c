/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cases: records of all workflows together, the next deadline first: for a board, a list, a
 * calendar, a map, a phone. Open ones, unless a state is asked for.
 */
#include "record/flow.h"

#include <stdio.h>
#include <stdlib.h>

enum { LIMIT = 200, LIMIT_MAX = 2000, SQL_MAX = 1 << 20 };

/* ---- which ---- */

static void put_text(struct kt_buf *sql, const char *s)
{
    kt_buf_puts(sql, "'");
    for (; *s; s++) {
        kt_buf_put(sql, *s == '\'' ? "''" : s, *s == '\'' ? 2 : 1);
    }
    kt_buf_puts(sql, "'");
}

static void put_states(struct kt_buf *sql, const struct rec_workflow *w, const char *state)
{
    kt_buf_puts(sql, " AND _state IN (''");
    for (uint32_t i = 0; i < w->states_n; i++) {
        if (state ? strcmp(w->states[i].id, state) == 0 : !rec_state_ends(&w->states[i])) {
            kt_buf_puts(sql, ",");
            put_text(sql, w->states[i].id);
        }
    }
    kt_buf_puts(sql, ")");
}

/* Owned by the person, or by a right that the person holds. */
static void put_mine(struct kt_buf *sql, const struct kt_reader *who)
{
    kt_buf_puts(sql, " AND _owner IN (");
    put_text(sql, who->user);
    for (uint32_t i = 0; i < who->rights_n; i++) {
        if (strchr(who->rights[i], '.')) {
            kt_buf_puts(sql, ",");
            put_text(sql, who->rights[i]);
        }
    }
    kt_buf_puts(sql, ")");
}

static void put_register(struct kt_buf *sql, const struct rec_view *v, uint32_t reg,
                         const struct kt_case_query *q)
{
    const struct rec_register *t = &v->model->registers[reg];
    kt_buf_printf(sql,
                  "%sSELECT %u AS reg, _id AS id, _due AS due FROM \"%s\" WHERE _ended IS NULL",
                  sql->n ? " UNION ALL " : "SELECT reg, id, due FROM (", reg, t->id);
    put_states(sql, &v->model->workflows[t->workflow], q->state);
    if (q->mine) {
        put_mine(sql, v->who);
    }
    if (q->overdue) {
        kt_buf_printf(sql, " AND _due < %lld", (long long)rec_ms(v->who->now));
    }
    if (q->from) {
        kt_buf_printf(sql, " AND _due >= %lld", (long long)rec_ms(q->from));
    }
    if (q->to) {
        kt_buf_printf(sql, " AND _due < %lld", (long long)rec_ms(q->to));
    }
}

static int which_sql(struct rec_view *v, const struct kt_case_query *q, struct kt_buf *sql,
                     struct kt_err *err)
{
    const struct kt_record_model *m = v->model;
    int code = KT_OK;
    if (q->workflow && rec_workflow_of(m, q->workflow) == KT_NONE) {
        return kt_err_set(err, KT_ENOTFOUND, "there is no workflow \"%s\"", q->workflow);
    }
    for (uint32_t i = 0; code == KT_OK && i < m->registers_n; i++) {
        const struct rec_register *t = &m->registers[i];
        if (t->workflow == KT_NONE || !reader_sees(v->who, t) ||
            (q->workflow && strcmp(m->workflows[t->workflow].id, q->workflow) != 0)) {
            continue;
        }
        code = view_need(v, i, err);
        put_register(sql, v, i, q);
    }
    return code;
}

/* ---- what of each ---- */

static int64_t late_ms(const struct rec_state *s, int64_t due, int64_t since, int64_t now)
{
    int64_t until = rec_state_ends(s) ? since : now;
    return due && until > due ? until - due : 0;
}

static int item_stmt(struct rec_view *v, const struct rec_register *reg, struct kt_stmt **ret,
                     struct kt_err *err)
{
    struct kt_buf sql;
    kt_buf_init(&sql, SQL_MAX);
    kt_buf_puts(&sql, "SELECT ");
    item_columns(reg, &sql);
    kt_buf_printf(&sql,
                  ", _state, ifnull(_due, 0), ifnull(_since, 0) FROM "
                  "\"%s\" WHERE _id = ?",
                  reg->id);
    int code = kt_db_prepare_once(v->db, kt_buf_cstr(&sql), ret, err);
    kt_buf_done(&sql);
    return code;
}

/* The item of a list, with what makes it a case. */
static void write_case(struct rec_view *v, const struct rec_register *reg, struct kt_stmt *st,
                       struct kt_jw *w)
{
    const struct rec_workflow *f = flow_of(v->model, reg);
    int n = kt_col_count(st);
    uint32_t state = rec_state_of(f, kt_col_text(st, n - 3));
    struct kt_buf item;
    kt_buf_init(&item, SQL_MAX);
    struct kt_jw iw = kt_jw_init(&item);
    item_write(v, reg, st, &iw);
    iw.comma = true;
    item.n -= item.n > 0; /* its closing brace comes after what is added */
    kt_jw_kstr(&iw, "workflow", f->id);
    kt_jw_kstr(&iw, "register", reg->id);
    if (state != KT_NONE) {
        kt_text_json(&iw, "state_title", &f->states[state].title);
        kt_jw_kint(&iw, "late_ms",
                   late_ms(&f->states[state], kt_col_i64(st, n - 2), kt_col_i64(st, n - 1),
                           rec_ms(v->who->now)));
    }
    kt_jw_obj_end(&iw);
    kt_jw_raw(w, (struct kt_str){item.p, item.n});
    kt_buf_done(&item);
}

static int write_cases(struct rec_view *v, struct kt_stmt *which, uint32_t limit, struct kt_jw *w,
                       struct kt_err *err)
{
    struct kt_stmt **item = calloc(v->model->registers_n + 1, sizeof(struct kt_stmt *));
    KT_ASSERT(item);
    int code = KT_OK;
    for (uint32_t n = 0; n < limit && (code = kt_stmt_step(which, err)) > 0; n++) {
        uint32_t reg = (uint32_t)kt_col_i64(which, 0);
        const struct rec_register *t = &v->model->registers[reg];
        code = item[reg] ? KT_OK : item_stmt(v, t, &item[reg], err);
        if (code < 0) {
            break;
        }
        kt_bind_i64(item[reg], 1, kt_col_i64(which, 1));
        code = kt_stmt_step(item[reg], err);
        if (code > 0) {
            write_case(v, t, item[reg], w);
        } else if (code < 0) {
            break;
        }
        kt_stmt_reset(item[reg]);
    }
    for (uint32_t i = 0; i < v->model->registers_n; i++) {
        kt_stmt_done(item[i]);
    }
    free(item);
    return code < 0 ? code : KT_OK;
}

static int list(struct rec_view *v, const struct kt_case_query *q, struct kt_jw *w,
                struct kt_err *err)
{
    struct kt_buf sql;
    struct kt_stmt *st;
    kt_buf_init(&sql, SQL_MAX);
    uint32_t limit = q->limit == 0 ? LIMIT : q->limit < LIMIT_MAX ? q->limit : LIMIT_MAX;
    int code = which_sql(v, q, &sql, err);
    if (code < 0 || sql.n == 0) {
        kt_buf_done(&sql);
        return code;
    }
    kt_buf_puts(&sql, ") ORDER BY due IS NULL, due, id");
    code = kt_db_prepare_once(v->db, kt_buf_cstr(&sql), &st, err);
    kt_buf_done(&sql);
    if (code < 0) {
        return code;
    }
    code = write_cases(v, st, limit, w, err);
    kt_stmt_done(st);
    return code;
}

/* ---- how many ---- */

static int count_open(struct rec_view *v, int64_t *of, struct kt_err *err)
{
    const struct kt_case_query all = {0};
    struct kt_stmt *st;
    struct kt_buf sql;
    kt_buf_init(&sql, SQL_MAX);
    int code = which_sql(v, &all, &sql, err);
    if (code < 0 || sql.n == 0) {
        kt_buf_done(&sql);
        return code;
    }
    struct kt_buf counted;
    kt_buf_init(&counted, SQL_MAX);
    kt_buf_printf(&counted, "SELECT reg, count(*) FROM (%s)) GROUP BY reg", kt_buf_cstr(&sql));
    code = kt_db_prepare_once(v->db, kt_buf_cstr(&counted), &st, err);
    kt_buf_done(&counted);
    kt_buf_done(&sql);
    if (code < 0) {
        return code;
    }
    while ((code = kt_stmt_step(st, err)) > 0) {
        of[v->model->registers[kt_col_i64(st, 0)].workflow] += kt_col_i64(st, 1);
    }
    kt_stmt_done(st);
    return code;
}

int kt_room_case_counts(struct kt_room *r, const struct kt_reader *who, struct kt_buf *out,
                        struct kt_err *err)
{
    struct rec_view v;
    int code = view_open(r, who, 0, 0, &v, err);
    if (code < 0) {
        return code;
    }
    int64_t *of = calloc(v.model->workflows_n + 1, sizeof(*of));
    KT_ASSERT(of);
    struct kt_jw w = kt_jw_init(out);
    code = count_open(&v, of, err);
    kt_jw_arr(&w);
    for (uint32_t i = 0; i < v.model->workflows_n; i++) {
        kt_jw_obj(&w);
        kt_jw_kstr(&w, "workflow", v.model->workflows[i].id);
        kt_jw_kint(&w, "open", of[i]);
        kt_jw_obj_end(&w);
    }
    kt_jw_arr_end(&w);
    free(of);
    view_close(&v);
    return code;
}

int kt_room_cases(struct kt_room *r, const struct kt_reader *who, const struct kt_case_query *q,
                  struct kt_buf *out, struct kt_err *err)
{
    struct rec_view v;
    int code = view_open(r, who, 0, 0, &v, err);
    if (code < 0) {
        return code;
    }
    struct kt_jw w = kt_jw_init(out);
    kt_jw_arr(&w);
    code = list(&v, q, &w, err);
    kt_jw_arr_end(&w);
    view_close(&v);
    return code;
}
