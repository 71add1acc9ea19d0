/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger: accounts, transactions, reversals, closing. Amounts are whole numbers of the ledger's
 * smallest unit from the request to the answer. Each refusal says here, in words, what a trigger of
 * ledger_sql.c would refuse without them.
 */
#include "record/flow.h"

#include <stdio.h>

enum { LINES_MAX = 200, KEY_MAX = 120, TITLE_MAX = 200, TEXT_MAX = 1000, AMOUNT_TEXT = 32 };

struct line {
    int64_t account, amount;
    const char *key;
};

struct posting {
    const struct rec_ledger *g;
    const char *day, *text;
    int64_t reverses; /* 0: none */
    struct line *line;
    uint32_t n;
};

/* ---- what all verbs need ---- */

static int find_ledger(struct kt_room *r, struct rec_request *q, const char *id,
                       const struct rec_ledger **ret)
{
    uint32_t i = rec_ledger_of(r->model, id);
    if (i == KT_NONE ||
        !(rec_may(q, r->model->ledgers[i].read) || rec_may(q, r->model->ledgers[i].post) ||
          rec_may(q, r->model->ledgers[i].close))) {
        return rec_no(q, KT_ENOTFOUND, rec_f(q, "there is no ledger \"%.60s\"", id),
                      rec_f(q, "没有账本“%.60s”", id));
    }
    *ret = &r->model->ledgers[i];
    return KT_OK;
}

static int need_right(struct rec_request *q, const struct rec_ledger *g, const char *right)
{
    return rec_may(q, right)
               ? KT_OK
               : rec_no(q, KT_EDENIED,
                        rec_f(q, "%s: %s needs the right %s", g->title.en, q->verb, right),
                        rec_f(q, "%s：此操作需要 %s 权限", g->title.zh, right));
}

static int arg_text(struct rec_request *q, const char *key, size_t max, const char **ret)
{
    const char *s = kt_json_get_str(q->args, key, "");
    if (!s[0] || strlen(s) > max) {
        return rec_no(q, KT_EINVAL, rec_f(q, "%s: a text of at most %zu bytes", key, max),
                      rec_f(q, "%s：请填写，最多 %zu 字节", key, max));
    }
    *ret = s;
    return KT_OK;
}

static int arg_day(struct rec_request *q, const char *key, const char **ret)
{
    int32_t day;
    const char *s = kt_json_get_str(q->args, key, "");
    if (!rec_day_parse(kt_str_c(s), &day)) {
        return rec_no(q, KT_EINVAL, rec_f(q, "%s: write \"2026-05-01\"", key),
                      rec_f(q, "%s：写成 \"2026-05-01\"", key));
    }
    *ret = s;
    return KT_OK;
}

static int amount_of(struct rec_request *q, const struct rec_ledger *g, const struct kt_json *v,
                     const char *what, int64_t *ret)
{
    char number[AMOUNT_TEXT + 8];
    double d;
    struct kt_str s = kt_json_strn(v);
    if (kt_json_kind(v) == KT_JSON_NUMBER && kt_json_num(v, &d)) {
        s = (struct kt_str){number, kt_fmt_double(number, d)};
    }
    int code = s.p ? rec_amount_parse(s, g->decimals, ret) : KT_EPARSE;
    if (code == KT_EINVAL) {
        return rec_no(q, code,
                      rec_f(q, "%s: %.*s has more than %d decimals; round it as you mean it", what,
                            (int)s.n, s.p, g->decimals),
                      rec_f(q, "%s：%.*s 的小数多于 %d 位，请按需要取舍后再填", what, (int)s.n, s.p,
                            g->decimals));
    }
    return code < 0 ? rec_no(q, KT_EINVAL,
                             rec_f(q,
                                   "%s: a decimal number like \"12.30\", at most 10^15 of the "
                                   "smallest unit",
                                   what),
                             rec_f(q, "%s：写成 \"12.30\" 这样的数，不超过最小单位的 10^15", what))
                    : KT_OK;
}

/* ---- outcomes ---- */

static int say(struct kt_room *r, const struct rec_ledger *g, const char *change, int64_t txn,
               const char *day, struct kt_err *err)
{
    struct kt_buf b;
    kt_buf_init(&b, 1 << 16);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_kstr(&w, "ledger", g->id);
    kt_jw_kstr(&w, "change", change);
    if (txn) {
        kt_jw_kint(&w, "txn", txn);
    }
    if (day) {
        kt_jw_kstr(&w, "day", day);
    }
    int code = rec_say(r, "posting", (struct kt_str){b.p, b.n}, err);
    kt_buf_done(&b);
    return code;
}

/* ---- ledger.open ---- */

static int open_account(struct kt_room *r, struct rec_request *q, const struct rec_ledger *g,
                        struct kt_err *err)
{
    struct flow_account a = {.ledger = g->id, .unit = g->unit};
    const struct kt_json *floor = kt_json_get(q->args, "floor");
    int64_t there = 0;
    int code = need_right(q, g, g->close);
    code = code < 0 ? code : arg_text(q, "key", KEY_MAX, &a.key);
    code = code < 0 ? code : arg_text(q, "title", TITLE_MAX, &a.title);
    if (code == KT_OK && floor && kt_json_kind(floor) != KT_JSON_NULL) {
        a.has_floor = true;
        code = amount_of(q, g, floor, "floor", &a.floor);
    }
    if (code == KT_OK && a.has_floor && a.floor > 0) {
        return rec_no(q, KT_EINVAL, "floor: an account begins at 0, so its floor is 0 or below",
                      "floor：账户从 0 开始，下限不能大于 0");
    }
    code = code < 0 ? code : flow_account_find(r, g->id, a.key, &there, err);
    if (code == KT_OK && there) {
        return rec_no(q, KT_EEXIST,
                      rec_f(q, "%s has an account \"%s\" already", g->title.en, a.key),
                      rec_f(q, "%s已有账户“%s”", g->title.zh, a.key));
    }
    code = code < 0 ? code : flow_account_add(r, &a, err);
    code = code < 0 ? code : say(r, g, "open", 0, NULL, err);
    kt_jw_kstr(q->result, "account", code < 0 ? "" : a.key);
    return code;
}

/* ---- a transaction ---- */

static int closed_until(struct kt_room *r, const struct rec_ledger *g, char ret[16],
                        struct kt_err *err)
{
    struct kt_stmt *st;
    int code = kt_db_prepare(r->w, "SELECT max(until) FROM kt_period WHERE ledger = ?", &st, err);
    if (code < 0) {
        return code;
    }
    kt_bind_text(st, 1, g->id);
    code = kt_stmt_step(st, err);
    const char *s = code > 0 ? kt_col_text(st, 0) : NULL;
    snprintf(ret, 16, "%s", s ? s : "");
    kt_stmt_done(st);
    return code < 0 ? code : KT_OK;
}

static int check_open(struct kt_room *r, struct rec_request *q, const struct posting *p,
                      struct kt_err *err)
{
    char until[16];
    int code = closed_until(r, p->g, until, err);
    if (code == KT_OK && until[0] && strcmp(p->day, until) <= 0) {
        return rec_no(
            q, KT_ESTATE,
            rec_f(q, "%s is closed until %s; post it on a later day", p->g->title.en, until),
            rec_f(q, "%s已结账至 %s，请记在之后的日期", p->g->title.zh, until));
    }
    return code;
}

static int check_sum(struct rec_request *q, const struct posting *p)
{
    char text[AMOUNT_TEXT];
    int64_t sum = 0; /* LINES_MAX × REC_AMOUNT_MAX is within int64 */
    for (uint32_t i = 0; i < p->n; i++) {
        sum += p->line[i].amount;
    }
    if (sum == 0) {
        return KT_OK;
    }
    rec_amount_fmt(sum, p->g->decimals, text);
    return rec_no(q, KT_EINVAL,
                  rec_f(q, "the lines sum to %s %s; they have to sum to 0", text, p->g->unit),
                  rec_f(q, "各行合计 %s %s，应当为 0", text, p->g->unit));
}

static int write_lines(struct kt_room *r, const struct posting *p, int64_t txn, struct kt_err *err)
{
    struct kt_stmt *st = NULL;
    int code = kt_db_prepare(r->w, "INSERT INTO kt_posting(txn, account, amount) VALUES(?, ?, ?)",
                             &st, err);
    for (uint32_t i = 0; code == KT_OK && i < p->n; i++) {
        kt_bind_i64(st, 1, txn);
        kt_bind_i64(st, 2, p->line[i].account);
        kt_bind_i64(st, 3, p->line[i].amount);
        code = kt_stmt_run(st, err);
    }
    kt_stmt_done(st);
    return code;
}

/* The first day from p's on at which an account of it would stand below its floor; the lines are
 * there already, under `txn`. */
static int check_floors(struct kt_room *r, struct rec_request *q, const struct posting *p,
                        int64_t txn, struct kt_err *err)
{
    static const char sql[] =
        "SELECT key, day, stands, floor FROM (SELECT a.key AS key, a.floor AS floor, b.day AS day, "
        "sum(b.amount) OVER (PARTITION BY a.id ORDER BY b.day, b.new ROWS UNBOUNDED PRECEDING) AS "
        "stands FROM (SELECT account, day, amount, 0 AS new FROM kt_balance UNION ALL SELECT "
        "account, ?2, sum(amount), 1 FROM kt_posting WHERE txn = ?1 GROUP BY account) b JOIN "
        "kt_account a ON a.id = b.account WHERE a.floor IS NOT NULL AND a.id IN (SELECT account "
        "FROM kt_posting WHERE txn = ?1)) WHERE stands < floor AND day >= ?2 ORDER BY day, key";
    char stands[AMOUNT_TEXT], floor[AMOUNT_TEXT];
    struct kt_stmt *st;
    int code = kt_db_prepare(r->w, sql, &st, err);
    if (code < 0) {
        return code;
    }
    kt_bind_i64(st, 1, txn);
    kt_bind_text(st, 2, p->day);
    code = kt_stmt_step(st, err);
    if (code > 0) {
        const char *key = rec_f(q, "%s", kt_col_text(st, 0)),
                   *day = rec_f(q, "%s", kt_col_text(st, 1));
        rec_amount_fmt(kt_col_i64(st, 2), p->g->decimals, stands);
        rec_amount_fmt(kt_col_i64(st, 3), p->g->decimals, floor);
        code = rec_no(
            q, KT_ECONFLICT,
            rec_f(q, "the account %s would stand at %s %s on %s; it may not fall below %s", key,
                  stands, p->g->unit, day, floor),
            rec_f(q, "账户 %s 在 %s 将为 %s %s，低于下限 %s", key, day, stands, p->g->unit, floor));
    }
    kt_stmt_done(st);
    return code;
}

static int next_txn(struct kt_room *r, int64_t *ret, struct kt_err *err)
{
    int64_t last = 0;
    int code = kt_db_int(r->w, "SELECT coalesce(max(id), 0) FROM kt_txn", &last, err);
    int64_t at = (int64_t)r->asked * 1000;
    *ret = at > last ? at : last + 1;
    return code;
}

static int seal(struct kt_room *r, const struct rec_request *q, const struct posting *p,
                int64_t txn, struct kt_err *err)
{
    struct kt_stmt *st;
    int code = kt_db_prepare(r->w,
                             "INSERT INTO kt_txn(id, ledger, day, text, by, time, seq, reverses) "
                             "VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
                             &st, err);
    if (code < 0) {
        return code;
    }
    kt_bind_i64(st, 1, txn);
    kt_bind_text(st, 2, p->g->id);
    kt_bind_text(st, 3, p->day);
    kt_bind_text(st, 4, p->text);
    kt_bind_text(st, 5, q->user);
    kt_bind_i64(st, 6, rec_ms(r->time));
    kt_bind_i64(st, 7, (int64_t)q->seq);
    if (p->reverses) {
        kt_bind_i64(st, 8, p->reverses);
    }
    code = kt_stmt_run(st, err);
    kt_stmt_done(st);
    return code;
}

static int write(struct kt_room *r, struct rec_request *q, const struct posting *p,
                 const char *change, struct kt_err *err)
{
    int64_t txn = 0;
    int code = check_open(r, q, p, err);
    code = code < 0 ? code : check_sum(q, p);
    code = code < 0 ? code : next_txn(r, &txn, err);
    code = code < 0 ? code : write_lines(r, p, txn, err);
    code = code < 0 ? code : check_floors(r, q, p, txn, err);
    code = code < 0 ? code : seal(r, q, p, txn, err);
    code = code < 0 ? code : say(r, p->g, change, txn, p->day, err);
    if (code == KT_OK) {
        kt_jw_kint(q->result, "txn", txn);
    }
    return code;
}

/* ---- ledger.post ---- */

static int read_line(struct kt_room *r, struct rec_request *q, const struct rec_ledger *g,
                     const struct kt_json *v, struct line *ret, struct kt_err *err)
{
    const char *key = kt_json_get_str(v, "account", "");
    int code = flow_account_find(r, g->id, key, &ret->account, err);
    if (code == KT_OK && !ret->account) {
        return rec_no(q, KT_ENOTFOUND, rec_f(q, "%s has no account \"%.120s\"", g->title.en, key),
                      rec_f(q, "%s没有账户“%.120s”", g->title.zh, key));
    }
    ret->key = key;
    code = code < 0 ? code : amount_of(q, g, kt_json_get(v, "amount"), "amount", &ret->amount);
    if (code == KT_OK && ret->amount == 0) {
        return rec_no(q, KT_EINVAL,
                      rec_f(q, "%s: an amount of 0 says nothing; leave the line out", key),
                      rec_f(q, "%s：金额为 0 的行请去掉", key));
    }
    return code;
}

static int post(struct kt_room *r, struct rec_request *q, const struct rec_ledger *g,
                struct kt_err *err)
{
    struct posting p = {.g = g};
    const struct kt_json *lines = kt_json_get(q->args, "lines");
    size_t n = kt_json_len(lines);
    int code = need_right(q, g, g->post);
    code = code < 0 ? code : arg_day(q, "day", &p.day);
    code = code < 0 ? code : arg_text(q, "text", TEXT_MAX, &p.text);
    if (code == KT_OK && (!kt_json_arr(lines) || n < 2 || n > LINES_MAX)) {
        return rec_no(q, KT_EINVAL, rec_f(q, "lines: from 2 to %d of {account, amount}", LINES_MAX),
                      rec_f(q, "lines：2 到 %d 行 {account, amount}", LINES_MAX));
    }
    p.line = KT_NEW_ARRAY(q->a, struct line, n + 1);
    for (p.n = 0; code == KT_OK && p.n < n; p.n++) {
        code = read_line(r, q, g, kt_json_at(lines, p.n), &p.line[p.n], err);
    }
    return code < 0 ? code : write(r, q, &p, "post", err);
}

/* ---- ledger.reverse ---- */

static int find_txn(struct kt_room *r, struct rec_request *q, int64_t txn,
                    const struct rec_ledger **ret, struct kt_err *err)
{
    struct kt_stmt *st;
    int code = kt_db_prepare(r->w,
                             "SELECT ledger, reverses, (SELECT id FROM kt_txn WHERE reverses = "
                             "t.id) FROM kt_txn t WHERE id = ?",
                             &st, err);
    if (code < 0) {
        return code;
    }
    kt_bind_i64(st, 1, txn);
    code = kt_stmt_step(st, err);
    const char *ledger = code > 0 ? rec_f(q, "%s", kt_col_text(st, 0)) : "";
    bool itself = code > 0 && !kt_col_is_null(st, 1);
    int64_t by = code > 0 ? kt_col_i64(st, 2) : 0;
    kt_stmt_done(st);
    if (code < 0) {
        return code;
    }
    if (find_ledger(r, q, ledger, ret) < 0) {
        return rec_no(q, KT_ENOTFOUND, rec_f(q, "there is no transaction %lld", (long long)txn),
                      rec_f(q, "没有分录 %lld", (long long)txn));
    }
    if (itself || by) {
        return rec_no(q, KT_ESTATE,
                      itself ? "this reverses another one; post anew what was right"
                             : rec_f(q, "it was reversed already by %lld", (long long)by),
                      itself ? "这是冲销分录，请重新记账"
                             : rec_f(q, "已由 %lld 冲销", (long long)by));
    }
    return KT_OK;
}

static int opposite_lines(struct kt_room *r, struct rec_request *q, int64_t txn, struct posting *p,
                          struct kt_err *err)
{
    struct kt_stmt *st;
    int code = kt_db_prepare(
        r->w, "SELECT account, amount FROM kt_posting WHERE txn = ? ORDER BY id", &st, err);
    if (code < 0) {
        return code;
    }
    p->line = KT_NEW_ARRAY(q->a, struct line, LINES_MAX + 1);
    kt_bind_i64(st, 1, txn);
    while (p->n < LINES_MAX && (code = kt_stmt_step(st, err)) > 0) {
        p->line[p->n++] = (struct line){kt_col_i64(st, 0), -kt_col_i64(st, 1), ""};
    }
    kt_stmt_done(st);
    return code < 0 ? code : KT_OK;
}

static int reverse(struct kt_room *r, struct rec_request *q, struct kt_err *err)
{
    struct posting p = {0};
    int64_t txn = kt_json_get_int(q->args, "txn", 0);
    int code = find_txn(r, q, txn, &p.g, err);
    code = code < 0 ? code : need_right(q, p.g, p.g->post);
    code = code < 0 ? code : arg_day(q, "day", &p.day);
    code = code < 0 ? code : arg_text(q, "reason", TEXT_MAX, &p.text);
    code = code < 0 ? code : opposite_lines(r, q, txn, &p, err);
    p.reverses = txn;
    return code < 0 ? code : write(r, q, &p, "reverse", err);
}

/* ---- ledger.close ---- */

static bool ends_period(const struct rec_ledger *g, int32_t day)
{
    char next[16];
    rec_day_fmt(day + 1, next);
    int month = (next[5] - '0') * 10 + next[6] - '0';
    bool first = strcmp(next + 8, "01") == 0;
    return first && (g->period == REC_MONTH || (g->period == REC_QUARTER && month % 3 == 1) ||
                     (g->period == REC_YEAR && month == 1));
}

static int check_close(struct kt_room *r, struct rec_request *q, const struct rec_ledger *g,
                       const char *until, struct kt_err *err)
{
    static const char *const en[] = {"month", "quarter", "year"}, *const zh[] = {"月", "季", "年"};
    char closed[16];
    int32_t day = 0;
    bool is = rec_day_parse(kt_str_c(until), &day);
    if (!is || !ends_period(g, day)) {
        return rec_no(q, KT_EINVAL, rec_f(q, "until: the last day of a %s", en[g->period]),
                      rec_f(q, "until：须为一%s的最后一天", zh[g->period]));
    }
    if (rec_day_end(day, r->site->utc_offset_s) > rec_ms(r->time)) {
        return rec_no(q, KT_ESTATE, rec_f(q, "%s is not over yet", until),
                      rec_f(q, "%s 还没有过完", until));
    }
    int code = closed_until(r, g, closed, err);
    if (code == KT_OK && strcmp(until, closed) <= 0) {
        return rec_no(q, KT_ESTATE, rec_f(q, "%s is closed until %s already", g->title.en, closed),
                      rec_f(q, "%s已结账至 %s", g->title.zh, closed));
    }
    return code;
}

static int close_period(struct kt_room *r, struct rec_request *q, const struct rec_ledger *g,
                        struct kt_err *err)
{
    const char *until = "";
    struct kt_stmt *st = NULL;
    int code = need_right(q, g, g->close);
    code = code < 0 ? code : arg_day(q, "until", &until);
    code = code < 0 ? code : check_close(r, q, g, until, err);
    code = code < 0 ? code
                    : kt_db_prepare(r->w,
                                    "INSERT INTO kt_period(ledger, until, by, time, seq) VALUES(?, "
                                    "?, ?, ?, ?)",
                                    &st, err);
    if (code < 0) {
        return code;
    }
    kt_bind_text(st, 1, g->id);
    kt_bind_text(st, 2, until);
    kt_bind_text(st, 3, q->user);
    kt_bind_i64(st, 4, rec_ms(r->time));
    kt_bind_i64(st, 5, (int64_t)q->seq);
    code = kt_stmt_run(st, err);
    kt_stmt_done(st);
    code = code < 0 ? code : say(r, g, "close", 0, until, err);
    kt_jw_kstr(q->result, "until", until);
    return code;
}

int flow_ledger_request(struct kt_room *r, struct rec_request *q, struct kt_err *err)
{
    const struct rec_ledger *g = NULL;
    if (strcmp(q->verb, "ledger.reverse") == 0) {
        return reverse(r, q, err);
    }
    int code = find_ledger(r, q, kt_json_get_str(q->args, "ledger", ""), &g);
    if (code < 0) {
        return code;
    }
    return strcmp(q->verb, "ledger.open") == 0    ? open_account(r, q, g, err)
           : strcmp(q->verb, "ledger.post") == 0  ? post(r, q, g, err)
           : strcmp(q->verb, "ledger.close") == 0 ? close_period(r, q, g, err)
                                                  : KT_EUNSUPPORTED;
}
