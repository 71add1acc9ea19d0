/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger_read: balances as of a day, and transactions with a running balance. Amounts are decimal
 * text, exactly. An account of a record is there for who may see the record.
 */
#include "record/flow.h"

#include <stdio.h>
#include <stdlib.h>

enum { PAGE = 200, SQL_MAX = 1 << 16 };

static void put_amount(struct kt_jw *w, const char *key, int64_t v, int decimals)
{
    char text[32];
    kt_jw_kstr(w, key, rec_amount_fmt(v, decimals, text));
}

/* Accounts that this person may see, as a condition on `a`. */
static int visible(struct rec_view *v, const struct rec_ledger *g, struct kt_buf *sql,
                   struct kt_err *err)
{
    kt_buf_puts(sql, "(a.record IS NULL");
    if (g->account_reg != KT_NONE && reader_sees(v->who, &v->model->registers[g->account_reg])) {
        int code = view_need(v, g->account_reg, err);
        if (code < 0) {
            return code;
        }
        kt_buf_printf(sql, " OR a.record IN (SELECT _id FROM \"%s\")", g->account_register);
    }
    kt_buf_puts(sql, ")");
    return KT_OK;
}

static int closed_until(struct kt_db *db, const struct rec_ledger *g, struct kt_jw *w,
                        struct kt_err *err)
{
    struct kt_stmt *st;
    int code =
        kt_db_prepare(db, "SELECT max(until) FROM main.kt_period WHERE ledger = ?", &st, err);
    if (code < 0) {
        return code;
    }
    kt_bind_text(st, 1, g->id);
    code = kt_stmt_step(st, err);
    kt_jw_kstr(w, "closed_until", code > 0 ? kt_col_text(st, 0) : NULL);
    kt_stmt_done(st);
    return code < 0 ? code : KT_OK;
}

/* Members of a ledger, without braces. */
static int write_head(struct rec_view *v, const struct rec_ledger *g, struct kt_jw *w,
                      struct kt_err *err)
{
    static const char *const periods[] = {"month", "quarter", "year"};
    kt_jw_kstr(w, "id", g->id);
    kt_text_json(w, "title", &g->title);
    kt_jw_kstr(w, "unit", g->unit);
    kt_jw_kint(w, "decimals", g->decimals);
    kt_jw_kstr(w, "period", periods[g->period]);
    kt_jw_key(w, "may");
    kt_jw_obj(w);
    kt_jw_kbool(w, "post", reader_may(v->who, g->post));
    kt_jw_kbool(w, "close", reader_may(v->who, g->close));
    kt_jw_obj_end(w);
    return closed_until(v->db, g, w, err);
}

static int all_ledgers(struct rec_view *v, struct kt_jw *w, struct kt_err *err)
{
    int code = KT_OK;
    kt_jw_arr(w);
    for (uint32_t i = 0; code == KT_OK && i < v->model->ledgers_n; i++) {
        if (flow_sees_ledger(v->who, &v->model->ledgers[i])) {
            kt_jw_obj(w);
            code = write_head(v, &v->model->ledgers[i], w, err);
            kt_jw_obj_end(w);
        }
    }
    kt_jw_arr_end(w);
    return code;
}

static int find(struct rec_view *v, const char *id, const struct rec_ledger **ret,
                struct kt_err *err)
{
    uint32_t i = rec_ledger_of(v->model, id);
    if (i == KT_NONE || !flow_sees_ledger(v->who, &v->model->ledgers[i])) {
        return kt_err_set(err, KT_ENOTFOUND, "there is no ledger \"%.60s\"", id);
    }
    *ret = &v->model->ledgers[i];
    return KT_OK;
}

/* ---- balances ---- */

static int balances_stmt(struct rec_view *v, const struct rec_ledger *g, struct kt_stmt **ret,
                         struct kt_err *err)
{
    struct kt_buf sql;
    kt_buf_init(&sql, SQL_MAX);
    kt_buf_puts(&sql, "SELECT a.key, a.title, a.floor, a.record, (SELECT sum(b.amount) FROM "
                      "main.kt_balance b WHERE b.account = a.id AND b.day <= ?2) FROM "
                      "main.kt_account a WHERE a.ledger = ?1 AND ");
    int code = visible(v, g, &sql, err);
    kt_buf_puts(&sql, " ORDER BY a.record IS NOT NULL, a.key");
    code = code < 0 ? code : kt_db_prepare_once(v->db, kt_buf_cstr(&sql), ret, err);
    kt_buf_done(&sql);
    return code;
}

static void write_account(struct kt_stmt *st, const struct rec_ledger *g, struct kt_jw *w)
{
    kt_jw_obj(w);
    kt_jw_kstr(w, "account", kt_col_text(st, 0));
    const struct rec_account *declared = NULL;
    for (uint32_t i = 0; i < g->accounts_n; i++) {
        declared = strcmp(g->accounts[i].id, kt_col_text(st, 0)) == 0 ? &g->accounts[i] : declared;
    }
    const struct kt_text one = {kt_col_text(st, 1), kt_col_text(st, 1)};
    kt_text_json(w, "title", declared ? &declared->title : &one);
    if (!kt_col_is_null(st, 2)) {
        put_amount(w, "floor", kt_col_i64(st, 2), g->decimals);
    }
    if (!kt_col_is_null(st, 3)) {
        kt_jw_kint(w, "record", kt_col_i64(st, 3));
        kt_jw_kstr(w, "register", g->account_register);
    }
    put_amount(w, "balance", kt_col_i64(st, 4), g->decimals);
    kt_jw_obj_end(w);
}

static int one_ledger(struct rec_view *v, const struct rec_ledger *g, const char *day,
                      struct kt_jw *w, struct kt_err *err)
{
    struct kt_stmt *st;
    kt_jw_obj(w);
    int code = write_head(v, g, w, err);
    kt_jw_kstr(w, "day", day);
    kt_jw_key(w, "accounts");
    kt_jw_arr(w);
    code = code < 0 ? code : balances_stmt(v, g, &st, err);
    if (code == KT_OK) {
        kt_bind_text(st, 1, g->id);
        kt_bind_text(st, 2, day);
        while ((code = kt_stmt_step(st, err)) > 0) {
            write_account(st, g, w);
        }
        kt_stmt_done(st);
    }
    kt_jw_arr_end(w);
    kt_jw_obj_end(w);
    return code;
}

int kt_room_ledger(struct kt_room *r, const struct kt_reader *who, const char *id, kt_time at,
                   struct kt_buf *out, struct kt_err *err)
{
    struct rec_view v;
    const struct rec_ledger *g = NULL;
    char day[16];
    int code = view_open(r, who, 0, 0, &v, err);
    if (code < 0) {
        return code;
    }
    struct kt_jw w = kt_jw_init(out);
    int32_t n = at ? rec_day_of(rec_ms(at), v.site->utc_offset_s) : REC_DAY_MAX;
    code = id ? find(&v, id, &g, err) : KT_OK;
    if (code == KT_OK) {
        code = g ? one_ledger(&v, g, rec_day_fmt(n, day), &w, err) : all_ledgers(&v, &w, err);
    }
    view_close(&v);
    return code;
}

/* ---- entries ---- */

struct page {
    const struct rec_ledger *g;
    int64_t account; /* 0: all */
    const char *from, *to;
    char day[16]; /* after this day and transaction */
    int64_t txn;
    int64_t balance; /* of the account, before the first entry of the page */
};

static int find_account(struct rec_view *v, const char *key, struct page *p, struct kt_err *err)
{
    struct kt_buf sql;
    struct kt_stmt *st;
    kt_buf_init(&sql, SQL_MAX);
    kt_buf_puts(&sql, "SELECT a.id FROM main.kt_account a WHERE a.ledger = ? AND a.key = ? AND ");
    int code = visible(v, p->g, &sql, err);
    code = code < 0 ? code : kt_db_prepare_once(v->db, kt_buf_cstr(&sql), &st, err);
    kt_buf_done(&sql);
    if (code < 0) {
        return code;
    }
    kt_bind_text(st, 1, p->g->id);
    kt_bind_text(st, 2, key);
    code = kt_stmt_step(st, err);
    p->account = code > 0 ? kt_col_i64(st, 0) : 0;
    kt_stmt_done(st);
    if (code == 0) {
        return kt_err_set(err, KT_ENOTFOUND, "%s has no account \"%.120s\"", p->g->id, key);
    }
    return code < 0 ? code : KT_OK;
}

static int check_days(const struct page *p, struct kt_err *err)
{
    int32_t day;
    if ((p->from && !rec_day_parse(kt_str_c(p->from), &day)) ||
        (p->to && !rec_day_parse(kt_str_c(p->to), &day))) {
        return kt_err_set(err, KT_EINVAL, "from and to are days like 2026-05-01");
    }
    return KT_OK;
}

/* "2026-05-01:123" */
static int read_cursor(const char *cursor, struct page *p, struct kt_err *err)
{
    int32_t day;
    char *end = NULL;
    if (!cursor || !*cursor) {
        return KT_OK;
    }
    const char *colon = strchr(cursor, ':');
    struct kt_str text = {cursor, colon ? (size_t)(colon - cursor) : 0};
    if (!rec_day_parse(text, &day)) {
        return kt_err_set(err, KT_EINVAL, "cursor: take it from the answer before");
    }
    p->txn = strtoll(colon + 1, &end, 10);
    snprintf(p->day, sizeof p->day, "%.*s", (int)text.n, text.p);
    return *end ? kt_err_set(err, KT_EINVAL, "cursor: take it from the answer before") : KT_OK;
}

/* What the account stood at before the page. */
static int balance_before(struct rec_view *v, struct page *p, struct kt_err *err)
{
    struct kt_stmt *st;
    const char *day = p->day[0] ? p->day : p->from ? p->from : "";
    int code = kt_db_prepare(
        v->db,
        "SELECT coalesce((SELECT sum(amount) FROM main.kt_balance WHERE account = ?1 AND day < "
        "?2), 0) + coalesce((SELECT sum(x.amount) FROM main.kt_posting x JOIN main.kt_txn t ON "
        "t.id = x.txn WHERE x.account = ?1 AND t.day = ?2 AND t.id <= ?3), 0)",
        &st, err);
    if (code < 0) {
        return code;
    }
    kt_bind_i64(st, 1, p->account);
    kt_bind_text(st, 2, day);
    kt_bind_i64(st, 3, p->txn);
    code = kt_stmt_step(st, err);
    p->balance = code > 0 ? kt_col_i64(st, 0) : 0;
    kt_stmt_done(st);
    return code < 0 ? code : KT_OK;
}

static int lines_stmt(struct rec_view *v, const struct rec_ledger *g, struct kt_stmt **ret,
                      struct kt_err *err)
{
    struct kt_buf sql;
    kt_buf_init(&sql, SQL_MAX);
    kt_buf_puts(&sql, "SELECT a.key, x.amount FROM main.kt_posting x JOIN main.kt_account a ON "
                      "a.id = x.account WHERE x.txn = ? AND ");
    int code = visible(v, g, &sql, err);
    kt_buf_puts(&sql, " ORDER BY x.id");
    code = code < 0 ? code : kt_db_prepare_once(v->db, kt_buf_cstr(&sql), ret, err);
    kt_buf_done(&sql);
    return code;
}

static int write_lines(struct kt_stmt *lines, int64_t txn, int decimals, struct kt_jw *w,
                       struct kt_err *err)
{
    int code;
    kt_bind_i64(lines, 1, txn);
    kt_jw_key(w, "lines");
    kt_jw_arr(w);
    while ((code = kt_stmt_step(lines, err)) > 0) {
        kt_jw_obj(w);
        kt_jw_kstr(w, "account", kt_col_text(lines, 0));
        put_amount(w, "amount", kt_col_i64(lines, 1), decimals);
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
    kt_stmt_reset(lines);
    return code;
}

static int write_entry(struct page *p, struct kt_stmt *st, struct kt_stmt *lines, struct kt_jw *w,
                       struct kt_err *err)
{
    kt_jw_obj(w);
    kt_jw_kint(w, "txn", kt_col_i64(st, 0));
    kt_jw_kstr(w, "day", kt_col_text(st, 1));
    kt_jw_kstr(w, "text", kt_col_text(st, 2));
    kt_jw_kstr(w, "by", kt_col_text(st, 3));
    kt_jw_kint(w, "time", kt_col_i64(st, 4));
    if (!kt_col_is_null(st, 5)) {
        kt_jw_kint(w, "reverses", kt_col_i64(st, 5));
    }
    if (!kt_col_is_null(st, 6)) {
        kt_jw_kint(w, "reversed_by", kt_col_i64(st, 6));
    }
    if (p->account) {
        p->balance += kt_col_i64(st, 7);
        put_amount(w, "amount", kt_col_i64(st, 7), p->g->decimals);
        put_amount(w, "balance", p->balance, p->g->decimals);
    }
    int code = write_lines(lines, kt_col_i64(st, 0), p->g->decimals, w, err);
    kt_jw_obj_end(w);
    return code;
}

static int entries_stmt(struct rec_view *v, const struct page *p, struct kt_stmt **ret,
                        struct kt_err *err)
{
    struct kt_buf sql;
    kt_buf_init(&sql, SQL_MAX);
    kt_buf_puts(
        &sql,
        "SELECT t.id, t.day, t.text, t.by, t.time, t.reverses, (SELECT id FROM main.kt_txn WHERE "
        "reverses = t.id), (SELECT sum(amount) FROM main.kt_posting WHERE txn = t.id AND account = "
        "?2) FROM main.kt_txn t WHERE t.ledger = ?1 AND (?2 = 0 OR t.id IN (SELECT txn FROM "
        "main.kt_posting WHERE account = ?2)) AND t.day >= ?3 AND t.day <= ?4 AND (t.day, t.id) > "
        "(?5, ?6) AND EXISTS(SELECT 1 FROM main.kt_posting x JOIN main.kt_account a ON a.id = "
        "x.account WHERE x.txn = t.id AND ");
    int code = visible(v, p->g, &sql, err);
    kt_buf_puts(&sql, ") ORDER BY t.day, t.id LIMIT ?7");
    code = code < 0 ? code : kt_db_prepare_once(v->db, kt_buf_cstr(&sql), ret, err);
    kt_buf_done(&sql);
    if (code < 0) {
        return code;
    }
    kt_bind_text(*ret, 1, p->g->id);
    kt_bind_i64(*ret, 2, p->account);
    kt_bind_text(*ret, 3, p->from ? p->from : "");
    kt_bind_text(*ret, 4, p->to ? p->to : "9999");
    kt_bind_text(*ret, 5, p->day);
    kt_bind_i64(*ret, 6, p->txn);
    kt_bind_i64(*ret, 7, PAGE + 1);
    return KT_OK;
}

static int write_page(struct rec_view *v, struct page *p, struct kt_jw *w, struct kt_err *err)
{
    struct kt_stmt *st, *lines;
    char next[48] = "", last[48] = "";
    int code = entries_stmt(v, p, &st, err);
    if (code < 0) {
        return code;
    }
    code = lines_stmt(v, p->g, &lines, err);
    if (code < 0) {
        kt_stmt_done(st);
        return code;
    }
    kt_jw_key(w, "items");
    kt_jw_arr(w);
    for (int n = 0; (code = kt_stmt_step(st, err)) > 0; n++) {
        if (n == PAGE) {
            memcpy(next, last, sizeof next);
            break;
        }
        snprintf(last, sizeof last, "%s:%lld", kt_col_text(st, 1), (long long)kt_col_i64(st, 0));
        code = write_entry(p, st, lines, w, err);
        if (code < 0) {
            break;
        }
    }
    kt_jw_arr_end(w);
    kt_jw_kstr(w, "next", next[0] ? next : NULL);
    kt_stmt_done(lines);
    kt_stmt_done(st);
    return code < 0 ? code : KT_OK;
}

int kt_room_entries(struct kt_room *r, const struct kt_reader *who, const char *id,
                    const char *account, const char *from, const char *to, const char *cursor,
                    struct kt_buf *out, struct kt_err *err)
{
    struct rec_view v;
    struct page p = {.from = from && *from ? from : NULL, .to = to && *to ? to : NULL};
    int code = view_open(r, who, 0, 0, &v, err);
    if (code < 0) {
        return code;
    }
    code = find(&v, id, &p.g, err);
    code = code < 0 ? code : check_days(&p, err);
    code = code < 0 ? code : read_cursor(cursor, &p, err);
    if (code == KT_OK && account && *account) {
        code = find_account(&v, account, &p, err);
        code = code < 0 ? code : balance_before(&v, &p, err);
    }
    if (code == KT_OK) {
        struct kt_jw w = kt_jw_init(out);
        kt_jw_obj(&w);
        if (p.account) {
            put_amount(&w, "before", p.balance, p.g->decimals);
        }
        code = write_page(&v, &p, &w, err);
        kt_jw_obj_end(&w);
    }
    view_close(&v);
    return code;
}
