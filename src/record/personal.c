/* SPDX-License-Identifier: Apache-2.0 */
/*
 * personal: values that are of a person. An event has but the hash of a body {"salt", "value"}; the
 * room reads the body when it applies the event and keeps the value in row and fact. Erasing takes
 * the value out of rows, facts and earlier versions, and the body with the transaction; the hash
 * stays, so the chain verifies, and applied again without the body everything ends the same.
 *
 * Invariant: no verdict, version, id or outcome depends on what is in a body.
 */
#include <stdio.h>
#include <stdlib.h>

#include "journal/journal.h"
#include "record/past.h"
#include "record/requests.h"

enum { BODY_MAX = 1 << 20 };
#define DAY_MS (KT_DAY / KT_MS)

/* ---- reading ---- */

int personal_read(struct kt_room *r, struct rec_request *q, const struct rec_field *f,
                  const struct kt_json *v, struct rec_value *ret)
{
    const char *hex = kt_json_get_str(v, "body", "");
    struct kt_json *body = NULL;
    struct kt_hash h;
    struct kt_buf b;
    if (kt_hash_from_hex(kt_str_c(hex), &h) < 0) {
        return rec_no(q, KT_EINVAL, rec_f(q, "%s: a text is needed", f->title.en),
                      rec_f(q, "%s：请填写文字", f->title.zh));
    }
    struct kt_str text = {"", 0};
    kt_buf_init(&b, BODY_MAX);
    if (kt_body_get(r->dir, &h, BODY_MAX, &b, NULL) == KT_OK &&
        kt_json_parse((struct kt_str){b.p, b.n}, BODY_MAX, &body, NULL) == KT_OK) {
        struct kt_str s = kt_json_strn(kt_json_get(body, "value"));
        text = (struct kt_str){kt_arena_strndup(q->a, s.p ? s.p : "", s.n), s.n};
    }
    *ret = (struct rec_value){.type = KT_COL_TEXT, .s = text, .body = kt_arena_strdup(q->a, hex)};
    kt_json_free(body);
    kt_buf_done(&b);
    return KT_OK;
}

int personal_body(struct kt_room *r, struct rec_request *q, int64_t record, const char *field,
                  const char **ret, struct kt_err *err)
{
    struct kt_stmt *st;
    bool there = false;
    int rc = fact_now(r, "body", record, field, &st, &there, err);
    *ret = there && !kt_col_is_null(st, 0) ? kt_arena_strdup(q->a, kt_col_text(st, 0)) : NULL;
    kt_stmt_done(st);
    return rc;
}

/* ---- when ---- */

int personal_timer(struct kt_room *r, int64_t record, const struct rec_field *f, const char *hash,
                   int64_t time_ms, struct kt_err *err)
{
    struct kt_stmt *st;
    char payload[100];
    if (!f->keep_days) {
        return KT_OK;
    }
    if (hash) {
        snprintf(payload, sizeof payload, "a:%.64s", hash);
    } else {
        snprintf(payload, sizeof payload, "f:%s:%lld", f->id, (long long)time_ms);
    }
    int rc = kt_db_prepare(
        r->w, "INSERT INTO kt_timer(due, record, kind, payload) VALUES(?, ?, 'erase', ?)", &st,
        err);
    if (rc < 0) {
        return rc;
    }
    kt_bind_i64(st, 1, time_ms + f->keep_days * DAY_MS);
    kt_bind_i64(st, 2, record);
    kt_bind_text(st, 3, payload);
    rc = kt_stmt_run(st, err);
    kt_stmt_done(st);
    return rc;
}

static int timers_of(struct kt_room *r, const struct rec_register *reg, const struct rec_field *f,
                     struct kt_err *err)
{
    struct kt_stmt *st;
    int rc = kt_db_prepare(
        r->w,
        rec_is_file(f)
            ? "INSERT INTO kt_timer(due, record, kind, payload) SELECT a.time + ?1, a.record, "
              "'erase', 'a:' || a.hash FROM kt_attachment a JOIN kt_record k ON k.id = a.record "
              "WHERE k.register = ?2 AND a.field = ?3 AND a.erased IS NULL ORDER BY a.id"
            : "INSERT INTO kt_timer(due, record, kind, payload) SELECT time + ?1, record, 'erase', "
              "'f:' || field || ':' || time FROM kt_fact WHERE register = ?2 AND field = ?3 AND "
              "erased IS NULL AND value IS NOT NULL ORDER BY id",
        &st, err);
    if (rc < 0) {
        return rc;
    }
    kt_bind_i64(st, 1, f->keep_days * DAY_MS);
    kt_bind_text(st, 2, reg->id);
    kt_bind_text(st, 3, f->id);
    rc = kt_stmt_run(st, err);
    kt_stmt_done(st);
    return rc;
}

int personal_model(struct kt_room *r, struct kt_err *err)
{
    int rc = kt_db_exec(r->w, "DELETE FROM kt_timer WHERE kind = 'erase'", err);
    for (uint32_t i = 0; rc == KT_OK && i < r->model->registers_n; i++) {
        const struct rec_register *reg = &r->model->registers[i];
        for (uint32_t j = 0; rc == KT_OK && j < reg->fields_n; j++) {
            if (reg->fields[j].keep_days) {
                rc = timers_of(r, reg, &reg->fields[j], err);
            }
        }
    }
    return rc;
}

/* ---- erasing ---- */

void erase_soon(struct kt_room *r, int64_t now_ms)
{
    if (!r->erasing || now_ms < r->erase_from) {
        r->erase_from = now_ms;
    }
    r->erasing = true;
}

/* Facts up to a moment; *ret how many had something. */
static int erase_facts(struct kt_room *r, const struct rec_request *q, int64_t record,
                       const char *field, int64_t until_ms, int64_t *ret, struct kt_err *err)
{
    struct kt_stmt *st;
    int rc = kt_db_exec(r->w, "PRAGMA secure_delete = ON", err); /* no trace in the file's pages */
    rc = rc == KT_OK ? kt_db_prepare(r->w,
                                     "UPDATE kt_fact SET value = NULL, erased = ?1 WHERE record = "
                                     "?2 AND field = ?3 AND time <= ?4 AND erased IS NULL AND "
                                     "(value IS NOT NULL OR body IS NOT NULL)",
                                     &st, err)
                     : rc;
    if (rc < 0) {
        return rc;
    }
    kt_bind_i64(st, 1, rec_ms(q->time));
    kt_bind_i64(st, 2, record);
    kt_bind_text(st, 3, field);
    kt_bind_i64(st, 4, until_ms);
    rc = kt_stmt_run(st, err);
    kt_stmt_done(st);
    return rc == KT_OK ? kt_db_int(r->w, "SELECT changes()", ret, err) : rc;
}

/* Is the value that stands now among what was erased? */
static int present_gone(struct kt_room *r, int64_t record, const char *field, bool *ret,
                        struct kt_err *err)
{
    struct kt_stmt *st;
    bool there = false;
    int rc = fact_now(r, "erased IS NOT NULL", record, field, &st, &there, err);
    *ret = there && kt_col_i64(st, 0) != 0;
    kt_stmt_done(st);
    return rc;
}

int personal_erase_field(struct kt_room *r, struct rec_request *q, struct rec_row *row,
                         const char *field, int64_t until_ms, bool *ret_any, struct kt_err *err)
{
    uint32_t f = rec_field_of(row->reg, field);
    int64_t n = 0;
    bool present = false;
    if (f == KT_NONE || !row->reg->fields[f].personal) {
        return rec_no(q, KT_EINVAL,
                      rec_f(q, "%s has no personal field \"%.40s\"", row->reg->title.en, field),
                      rec_f(q, "“%s”没有个人信息字段“%.40s”", row->reg->title.zh, field));
    }
    int rc = erase_facts(r, q, row->id, field, until_ms, &n, err);
    *ret_any = n > 0;
    if (rc < 0 || !n) {
        return rc;
    }
    struct rec_change c = {f, {.type = KT_COL_NULL}};
    rc = present_gone(r, row->id, field, &present, err);
    rc = rc == KT_OK ? row_update(r, q, row, &c, present, err) : rc;
    rc = rc == KT_OK ? past_tangle(r, row, err) : rc; /* what it was is asked of its facts */
    erase_soon(r, rec_ms(q->time));
    return rc;
}

static int attachment_due(struct kt_room *r, struct rec_request *q, struct rec_row *row,
                          const char *hash, const char **ret_field, bool *ret_any,
                          struct kt_err *err)
{
    struct kt_stmt *st;
    int rc = kt_db_prepare(r->w,
                           "SELECT field FROM kt_attachment WHERE record = ? AND hash = ? AND "
                           "erased IS NULL ORDER BY id LIMIT 1",
                           &st, err);
    if (rc < 0) {
        return rc;
    }
    kt_bind_i64(st, 1, row->id);
    kt_bind_text(st, 2, hash);
    rc = kt_stmt_step(st, err);
    *ret_any = rc > 0;
    *ret_field = rc > 0 ? kt_arena_strdup(q->a, kt_col_text(st, 0)) : "";
    kt_stmt_done(st);
    rc = rc > 0 ? erase_rows(r, q, row->id, hash, err) : rc;
    return rc == KT_OK && *ret_any ? rec_touch(r, q, row, err) : rc;
}

int personal_due(struct kt_room *r, struct rec_request *q, int64_t record, const char *payload,
                 struct kt_err *err)
{
    struct rec_row row;
    char field[REC_ID_MAX + 1] = "";
    const char *said = field;
    bool any = false;
    int rc = rec_row_get(r, q, record, &row, err);
    if (rc < 0) {
        return rc;
    }
    if (payload[0] == 'a' && payload[1] == ':') {
        rc = attachment_due(r, q, &row, payload + 2, &said, &any, err);
    } else if (payload[0] == 'f' && payload[1] == ':') {
        size_t n = strcspn(payload + 2, ":");
        n = n < REC_ID_MAX ? n : REC_ID_MAX;
        memcpy(field, payload + 2, n);
        const char *colon = strchr(payload + 2, ':');
        rc = personal_erase_field(r, q, &row, field, colon ? strtoll(colon + 1, NULL, 10) : 0, &any,
                                  err);
    }
    return rc == KT_OK && any ? rec_say_record(r, &row, "erase", kt_str_c(rec_f(q, "\"%s\"", said)),
                                               q->user, "保存期满 / kept long enough", err)
                              : rc;
}
