/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_accounts: the accounts that the model declares and those that records have. */
#include "record/flow.h"

#include <stdio.h>

#include "base/crypto.h"

enum { KEY_MAX = 120 };

/* ---- accounts ---- */

/* An account's id is made of its ledger and key, so it does not matter when it was declared. */
static int64_t account_id(const char *ledger, const char *key)
{
    struct kt_hash h;
    int64_t id = 0;
    kt_hash_of2(ledger, strlen(ledger) + 1, key, strlen(key), &h);
    for (int i = 0; i < 6; i++) {
        id = id << 8 | h.b[i];
    }
    return -1 - id;
}

int flow_account_find(struct kt_room *r, const char *ledger, const char *key, int64_t *ret,
                      struct kt_err *err)
{
    struct kt_stmt *st;
    int code =
        kt_db_prepare(r->w, "SELECT id FROM kt_account WHERE ledger = ? AND key = ?", &st, err);
    if (code < 0) {
        return code;
    }
    kt_bind_text(st, 1, ledger);
    kt_bind_text(st, 2, key);
    code = kt_stmt_step(st, err);
    *ret = code > 0 ? kt_col_i64(st, 0) : 0;
    kt_stmt_done(st);
    return code < 0 ? code : KT_OK;
}

int flow_account_add(struct kt_room *r, const struct flow_account *a, struct kt_err *err)
{
    struct kt_stmt *st;
    int code = kt_db_prepare(r->w,
                             "INSERT INTO kt_account(id, ledger, key, title, unit, floor, record) "
                             "VALUES(?, ?, ?, ?, ?, ?, ?)",
                             &st, err);
    if (code < 0) {
        return code;
    }
    kt_bind_i64(st, 1, account_id(a->ledger, a->key));
    kt_bind_text(st, 2, a->ledger);
    kt_bind_text(st, 3, a->key);
    kt_bind_text(st, 4, a->title);
    kt_bind_text(st, 5, a->unit);
    if (a->has_floor) {
        kt_bind_i64(st, 6, a->floor);
    }
    if (a->record) {
        kt_bind_i64(st, 7, a->record);
    }
    code = kt_stmt_run(st, err);
    kt_stmt_done(st);
    return code;
}

/* What the model says of an account that is there. */
static int account_renew(struct kt_room *r, int64_t id, const struct flow_account *a,
                         struct kt_err *err)
{
    struct kt_stmt *st;
    int code = kt_db_prepare(
        r->w,
        "UPDATE kt_account SET title = ?2, unit = ?3, floor = ?4 WHERE id = ?1 AND (title IS NOT "
        "?2 OR unit IS NOT ?3 OR floor IS NOT ?4)",
        &st, err);
    if (code < 0) {
        return code;
    }
    kt_bind_i64(st, 1, id);
    kt_bind_text(st, 2, a->title);
    kt_bind_text(st, 3, a->unit);
    if (a->has_floor) {
        kt_bind_i64(st, 4, a->floor);
    }
    code = kt_stmt_run(st, err);
    kt_stmt_done(st);
    return code;
}

static int declared_accounts(struct kt_room *r, const struct rec_ledger *g, struct kt_err *err)
{
    int code = KT_OK;
    for (uint32_t i = 0; code == KT_OK && i < g->accounts_n; i++) {
        const struct rec_account *a = &g->accounts[i];
        const struct flow_account is = {g->id,    a->id, a->title.zh, g->unit, a->has_floor,
                                        a->floor, 0};
        int64_t id = 0;
        code = flow_account_find(r, g->id, a->id, &id, err);
        code = code < 0 ? code
               : id     ? account_renew(r, id, &is, err)
                        : flow_account_add(r, &is, err);
    }
    return code;
}

static int record_account(struct kt_room *r, const struct rec_ledger *g, int64_t record,
                          const char *key, const char *title, struct kt_err *err)
{
    char text[2 * REC_TEXT_MAX + 64];
    int64_t id = 0;
    int have = snprintf(text, sizeof text, "%s%s", g->account_prefix, key);
    if (!key[0] || have > KEY_MAX) {
        snprintf(text, sizeof text, "%s%lld", g->account_prefix, (long long)record);
    }
    int code = flow_account_find(r, g->id, text, &id, err);
    if (code == KT_OK && id) { /* a record that is ended had this key */
        snprintf(text, sizeof text, "%s%lld", g->account_prefix, (long long)record);
    }
    const struct rec_account *like = &g->account_floor;
    const struct flow_account a = {g->id,           text,        title, g->unit,
                                   like->has_floor, like->floor, record};
    return code < 0 ? code : flow_account_add(r, &a, err);
}

int flow_account_of(struct kt_room *r, const struct rec_row *row, struct kt_err *err)
{
    int code = KT_OK;
    for (uint32_t i = 0; code == KT_OK && i < r->model->ledgers_n; i++) {
        const struct rec_ledger *g = &r->model->ledgers[i];
        if (g->account_reg != KT_NONE && &r->model->registers[g->account_reg] == row->reg) {
            code = record_account(r, g, row->id, row->key, row->label, err);
        }
    }
    return code;
}

/* The next record without an account of this ledger; 0: all have one. */
static int next_without(struct kt_room *r, const struct rec_ledger *g, struct kt_buf *key,
                        int64_t *ret, struct kt_err *err)
{
    const struct rec_register *reg = &r->model->registers[g->account_reg];
    struct kt_buf sql;
    struct kt_stmt *st;
    kt_buf_init(&sql, 1 << 16);
    kt_buf_printf(&sql,
                  "SELECT _id, %s%s%s FROM \"%s\" WHERE _id NOT IN (SELECT record FROM "
                  "kt_account WHERE ledger = ? AND record IS NOT NULL) ORDER BY _id LIMIT 1",
                  reg->key == KT_NONE ? "" : "\"",
                  reg->key == KT_NONE ? "''" : reg->fields[reg->key].id,
                  reg->key == KT_NONE ? "" : "\"", reg->id);
    int code = kt_db_prepare(r->w, kt_buf_cstr(&sql), &st, err);
    kt_buf_done(&sql);
    if (code < 0) {
        return code;
    }
    kt_bind_text(st, 1, g->id);
    code = kt_stmt_step(st, err);
    *ret = code > 0 ? kt_col_i64(st, 0) : 0;
    kt_buf_clear(key);
    kt_buf_puts(key, code > 0 && kt_col_text(st, 1) ? kt_col_text(st, 1) : "");
    kt_stmt_done(st);
    return code < 0 ? code : KT_OK;
}

static int accounts_of_records(struct kt_room *r, const struct rec_ledger *g, struct kt_err *err)
{
    struct kt_buf key;
    int64_t record = 0;
    kt_buf_init(&key, 1 << 16);
    int code = next_without(r, g, &key, &record, err);
    while (code == KT_OK && record) {
        const char *text = kt_buf_cstr(&key);
        code = record_account(r, g, record, text, text, err);
        code = code < 0 ? code : next_without(r, g, &key, &record, err);
    }
    kt_buf_done(&key);
    return code;
}

int flow_accounts(struct kt_room *r, struct kt_err *err)
{
    int code = KT_OK;
    for (uint32_t i = 0; code == KT_OK && i < r->model->ledgers_n; i++) {
        const struct rec_ledger *g = &r->model->ledgers[i];
        code = declared_accounts(r, g, err);
        if (code == KT_OK && g->account_reg != KT_NONE) {
            code = accounts_of_records(r, g, err);
        }
    }
    return code;
}

int flow_model(struct kt_room *r, struct kt_err *err)
{
    int code = flow_accounts(r, err);
    return code < 0 ? code : flow_timers_model(r, err);
}
