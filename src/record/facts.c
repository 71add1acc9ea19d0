/* SPDX-License-Identifier: Apache-2.0 */
/*
 * facts: every value that a field has ever been given, and which of them is valid now.
 *
 * The value of a field at (at, known) is that of the fact with the latest `since` not after `at`
 * among those chosen by `known` and not dropped by then; of equal ones the one chosen last. The
 * row's column is the value at (now, now).
 */
#include <math.h>
#include <stdio.h>

#include "record/accord.h"
#include "record/past.h"
#include "record/requests.h"
#include "record/value.h"

int fact_add(struct kt_room *r, struct rec_request *q, const struct rec_row *row, const char *field,
             const struct rec_value *value, bool chosen, struct kt_err *err)
{
    struct kt_stmt *st;
    const struct rec_source *s = &q->source;
    int rc = kt_db_prepare(
        r->w,
        "INSERT INTO kt_fact(record, register, field, value, since, seq, time, by, source, "
        "verified, certainty, note, chosen, version, body) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        &st, err);
    if (rc < 0) {
        return rc;
    }
    kt_bind_i64(st, 1, row->id);
    kt_bind_text(st, 2, row->reg->id);
    kt_bind_text(st, 3, field);
    rec_bind(st, 4, value);
    kt_bind_i64(st, 5, s->since_ms);
    kt_bind_i64(st, 6, (int64_t)q->seq);
    kt_bind_i64(st, 7, rec_ms(q->time));
    kt_bind_text(st, 8, q->user);
    kt_bind_text(st, 9, s->source);
    kt_bind_i64(st, 10, s->verified);
    if (isnan(s->certainty)) {
        kt_bind_null(st, 11);
    } else {
        kt_bind_f64(st, 11, s->certainty);
    }
    kt_bind_text(st, 12, s->note);
    if (chosen) {
        kt_bind_i64(st, 13, rec_ms(q->time));
    } else {
        kt_bind_null(st, 13);
    }
    kt_bind_i64(st, 14, row->version + 1);
    kt_bind_text(st, 15, value->body);
    rc = kt_stmt_run(st, err);
    kt_stmt_done(st);
    uint32_t f = rec_field_of(row->reg, field);
    if (rc == KT_OK && f != KT_NONE && row->reg->fields[f].personal && value->type != KT_COL_NULL) {
        rc = personal_timer(r, row->id, &row->reg->fields[f], NULL, rec_ms(q->time), err);
    }
    bool of_the_past = chosen && row->version > 0 && s->since_ms != rec_ms(q->time);
    return rc == KT_OK && of_the_past ? past_tangle(r, row, err) : rc;
}

/* Does what another source says, and nobody has decided on, differ from the value? Each source
 * counts with the newest that it said. */
static int disagree(struct kt_room *r, const struct rec_row *row, uint32_t field, bool *ret,
                    struct kt_err *err)
{
    struct kt_stmt *st;
    int rc = kt_db_prepare(
        r->w,
        "SELECT count(*) FROM (SELECT value AS v, chosen AS c, max(id) FROM kt_fact WHERE record = "
        "? AND field = ? AND dropped IS NULL GROUP BY ifnull(source, '')) WHERE c IS NULL AND v IS "
        "NOT ?",
        &st, err);
    if (rc < 0) {
        return rc;
    }
    kt_bind_i64(st, 1, row->id);
    kt_bind_text(st, 2, row->reg->fields[field].id);
    rec_bind(st, 3, &row->value[field]);
    rc = kt_stmt_step(st, err);
    *ret = rc > 0 && kt_col_i64(st, 0) > 0;
    kt_stmt_done(st);
    return rc < 0 ? rc : KT_OK;
}

int fact_conflicts(struct kt_room *r, const struct rec_row *row, struct kt_err *err)
{
    int64_t n = 0;
    bool any = false;
    int rc = KT_OK;
    for (uint32_t i = 0; rc == KT_OK && i < row->reg->fields_n; i++) {
        const struct rec_field *f = &row->reg->fields[i];
        bool two = false;
        if (f->sources && !f->ended) {
            any = true;
            rc = disagree(r, row, i, &two, err);
            n += two;
        }
    }
    if (rc < 0 || !any) {
        return rc;
    }
    char sql[120];
    struct kt_stmt *st;
    snprintf(sql, sizeof(sql), "UPDATE \"%s\" SET _conflicts = ? WHERE _id = ?", row->reg->id);
    rc = kt_db_prepare(r->w, sql, &st, err);
    if (rc == KT_OK) {
        kt_bind_i64(st, 1, n);
        kt_bind_i64(st, 2, row->id);
        rc = kt_stmt_run(st, err);
        kt_stmt_done(st);
    }
    return rc;
}

int fact_now(struct kt_room *r, const char *columns, int64_t record, const char *field,
             struct kt_stmt **ret, bool *ret_there, struct kt_err *err)
{
    char sql[240];
    snprintf(sql, sizeof(sql),
             "SELECT %s FROM kt_fact WHERE record = ? AND field = ? AND chosen IS NOT NULL AND "
             "dropped IS NULL ORDER BY since DESC, chosen DESC, id DESC LIMIT 1",
             columns);
    *ret = NULL;
    int rc = kt_db_prepare(r->w, sql, ret, err);
    if (rc < 0) {
        return rc;
    }
    kt_bind_i64(*ret, 1, record);
    kt_bind_text(*ret, 2, field);
    rc = kt_stmt_step(*ret, err);
    *ret_there = rc > 0;
    return rc < 0 ? rc : KT_OK;
}

/* The source of the fact that is the value now; false: there is none, or its value is null. */
static int present_source(struct kt_room *r, int64_t record, const char *field, bool *ret,
                          const char *mine, bool *ret_same, struct kt_err *err)
{
    struct kt_stmt *st;
    bool there = false;
    int rc = fact_now(r, "ifnull(source, ''), value", record, field, &st, &there, err);
    *ret = there && !kt_col_is_null(st, 1);
    *ret_same = there && strcmp(kt_col_text(st, 0), mine ? mine : "") == 0;
    kt_stmt_done(st);
    return rc;
}

/* What is valid now, after a fact of earlier times has come. */
static int value_now(struct kt_room *r, struct rec_request *q, int64_t record, const char *field,
                     struct rec_value *ret, struct kt_err *err)
{
    struct kt_stmt *st;
    bool there = false;
    int rc = fact_now(r, "value", record, field, &st, &there, err);
    *ret = (struct rec_value){.type = KT_COL_NULL};
    if (there) {
        *ret = rec_column(st, 0);
        if (ret->type == KT_COL_TEXT) {
            ret->s.p = kt_arena_strndup(q->a, ret->s.p, ret->s.n);
        }
    }
    kt_stmt_done(st);
    return rc;
}

/** One change as a fact; *ret_write: the column changes, to change->value. */
static int put_fact(struct kt_room *r, struct rec_request *q, const struct rec_row *row,
                    struct rec_change *c, bool *ret_write, struct kt_err *err)
{
    const struct rec_field *f = &row->reg->fields[c->field];
    const struct rec_value *old = &row->value[c->field];
    bool late = q->source.since_ms < rec_ms(q->time);
    bool same = !c->value.body && rec_same(old, &c->value); /* what is in a body decides nothing */
    bool body = c->value.body != NULL;
    bool there = false, mine = true;
    int rc = KT_OK;
    *ret_write = false;
    if (f->sources) {
        rc = present_source(r, row->id, f->id, &there, q->source.source, &mine, err);
    }
    if (rc < 0 || (same && !late && (!f->sources || mine))) {
        return rc;
    }
    bool beside = f->sources && there && !mine && c->value.type != KT_COL_NULL;
    rc = fact_add(r, q, row, f->id, &c->value, !beside, err);
    if (rc < 0 || beside) {
        return rc;
    }
    if (late) {
        rc = value_now(r, q, row->id, f->id, &c->value, err);
    }
    *ret_write = rc == KT_OK && (body || !rec_same(old, &c->value));
    return rc;
}

/* ---- uniqueness ---- */

static const struct rec_value *value_after(const struct rec_row *row, const struct rec_change *c,
                                           uint32_t n, uint32_t field)
{
    for (uint32_t i = 0; i < n; i++) {
        if (c[i].field == field) {
            return &c[i].value;
        }
    }
    return &row->value[field];
}

static int say_taken(struct rec_request *q, const struct rec_register *reg,
                     const struct rec_names *u, int64_t other)
{
    struct kt_buf en, zh;
    kt_buf_init(&en, 0);
    kt_buf_init(&zh, 0);
    for (uint32_t i = 0; i < u->n; i++) {
        kt_buf_printf(&en, "%s%s", i ? ", " : "", reg->fields[u->field[i]].title.en);
        kt_buf_printf(&zh, "%s%s", i ? "、" : "", reg->fields[u->field[i]].title.zh);
    }
    int rc = rec_no(q, KT_EEXIST,
                    rec_f(q, "%s: record %lld has the same", kt_buf_cstr(&en), (long long)other),
                    rec_f(q, "%s：与记录 %lld 相同", kt_buf_cstr(&zh), (long long)other));
    kt_buf_done(&en);
    kt_buf_done(&zh);
    return rc;
}

static int check_group(struct kt_room *r, struct rec_request *q, const struct rec_row *row,
                       const struct rec_change *c, uint32_t n, const struct rec_names *u,
                       struct kt_err *err)
{
    struct kt_buf sql;
    struct kt_stmt *st;
    kt_buf_init(&sql, 1 << 16);
    kt_buf_printf(&sql, "SELECT _id FROM \"%s\" WHERE _ended IS NULL AND _id <> ?1", row->reg->id);
    for (uint32_t i = 0; i < u->n; i++) {
        kt_buf_printf(&sql, " AND \"%s\" = ?%u", row->reg->fields[u->field[i]].id, i + 2);
        if (value_after(row, c, n, u->field[i])->type == KT_COL_NULL) {
            kt_buf_done(&sql);
            return KT_OK;
        }
    }
    int rc = kt_db_prepare(r->w, kt_buf_cstr(&sql), &st, err);
    kt_buf_done(&sql);
    if (rc < 0) {
        return rc;
    }
    kt_bind_i64(st, 1, row->id);
    for (uint32_t i = 0; i < u->n; i++) {
        rec_bind(st, (int)i + 2, value_after(row, c, n, u->field[i]));
    }
    rc = kt_stmt_step(st, err);
    if (rc > 0) {
        rc = say_taken(q, row->reg, u, kt_col_i64(st, 0));
    }
    kt_stmt_done(st);
    return rc;
}

int rec_check_unique(struct kt_room *r, struct rec_request *q, const struct rec_row *row,
                     const struct rec_change *c, uint32_t n, struct kt_err *err)
{
    const struct rec_names key = {&row->reg->key, 1};
    int rc = check_group(r, q, row, c, n, &key, err);
    for (uint32_t i = 0; rc == KT_OK && i < row->reg->unique_n; i++) {
        rc = check_group(r, q, row, c, n, &row->reg->unique[i], err);
    }
    return rc;
}

/* ---- putting ---- */

static int check_required(struct rec_request *q, const struct rec_row *row,
                          const struct rec_change *c, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const struct rec_field *f = &row->reg->fields[c[i].field];
        if ((f->required || c[i].field == row->reg->key) && c[i].value.type == KT_COL_NULL) {
            return rec_no(q, KT_EINVAL, rec_f(q, "%s: write something", f->title.en),
                          rec_f(q, "%s：不能为空", f->title.zh));
        }
    }
    return KT_OK;
}

static int new_place(struct kt_room *r, struct rec_request *q, const struct rec_row *row,
                     const struct rec_change *c, uint32_t n)
{
    const struct rec_register *reg = row->reg;
    if (reg->place == KT_NONE) {
        return KT_OK;
    }
    const struct rec_value *v = value_after(row, c, n, reg->place);
    const char *place = v->type == KT_COL_TEXT ? kt_arena_strndup(q->a, v->s.p, v->s.n) : NULL;
    if (!rec_in_scope(r, q, reg, place)) {
        const struct rec_field *f = &reg->fields[reg->place];
        return rec_no(q, KT_EDENIED,
                      rec_f(q, "%s: %s is outside of your places", f->title.en,
                            place ? place : "an empty one"),
                      rec_f(q, "%s：%s不在您的管辖范围内", f->title.zh, place ? place : "未填写"));
    }
    return KT_OK;
}

static int check_accord(struct kt_room *r, struct rec_request *q, const struct rec_row *row,
                        const struct rec_change *c, uint32_t n, struct kt_err *err)
{
    struct rec_value *after = KT_NEW_ARRAY(q->a, struct rec_value, row->reg->fields_n + 1);
    uint32_t changed = 0;
    for (uint32_t i = 0; i < row->reg->fields_n; i++) {
        after[i] = *value_after(row, c, n, i);
        changed += !rec_same(&after[i], &row->value[i]);
    }
    return changed ? accord_refuse(r->w, r->site, r->model, q, row->reg, row->id, row->value, after,
                                   err)
                   : KT_OK;
}

/* The point that `live` names: {key} or one other field of the record filled in; false: it is
 * empty. */
static bool live_point(const struct rec_row *row, const char *live, struct kt_buf *ret)
{
    const char *open = strchr(live, '{'), *close = open ? strchr(open, '}') : NULL;
    if (!close) {
        kt_buf_puts(ret, live);
        return true;
    }
    struct kt_str name = {open + 1, (size_t)(close - open - 1)};
    kt_buf_put(ret, live, (size_t)(open - live));
    size_t before = ret->n;
    for (uint32_t i = 0; i < row->reg->fields_n; i++) {
        if (kt_str_is(name, row->reg->fields[i].id) && row->value[i].type != KT_COL_NULL) {
            value_text(&row->reg->fields[i], &row->value[i], ret);
        }
    }
    if (kt_str_is(name, "key")) {
        kt_buf_puts(ret, row->key);
    }
    bool filled = ret->n > before;
    kt_buf_puts(ret, close + 1);
    return filled;
}

static int say_live(struct kt_room *r, const struct rec_row *row, const struct rec_field *f,
                    const struct rec_value *v, struct kt_err *err)
{
    if (!f->live[0] || v->type == KT_COL_NULL) {
        return KT_OK;
    }
    struct kt_buf point;
    kt_buf_init(&point, 400);
    double d = v->type == KT_COL_REAL ? v->f : (double)v->i;
    int rc = live_point(row, f->live, &point)
                 ? room_say_live(r, kt_buf_cstr(&point), f->as == REC_MONEY ? d / 100 : d, err)
                 : KT_OK;
    kt_buf_done(&point);
    return rc;
}

int rec_say_computed(struct kt_room *r, const struct rec_row *row, struct kt_err *err)
{
    int rc = KT_OK;
    for (uint32_t i = 0; rc == KT_OK && i < row->reg->fields_n; i++) {
        const struct rec_field *f = &row->reg->fields[i];
        struct kt_stmt *st;
        char sql[2 * REC_ID_MAX + 60];
        if (f->type != REC_COMPUTED || !f->live[0]) {
            continue;
        }
        snprintf(sql, sizeof sql, "SELECT \"%s\" FROM \"%s\" WHERE _id = ?", f->id, row->reg->id);
        rc = kt_db_prepare(r->w, sql, &st, err);
        if (rc < 0) {
            return rc;
        }
        kt_bind_i64(st, 1, row->id);
        rc = kt_stmt_step(st, err);
        if (rc > 0) {
            struct rec_value v = rec_column(st, 0);
            rc = rec_same(&v, &row->value[i]) ? KT_OK : say_live(r, row, f, &v, err);
        }
        kt_stmt_done(st);
    }
    return rc;
}

static int rename_key(struct kt_room *r, const struct rec_row *row, struct kt_err *err)
{
    struct kt_stmt *st;
    int rc = kt_db_prepare(r->w, "UPDATE kt_record SET key = ? WHERE id = ?", &st, err);
    if (rc < 0) {
        return rc;
    }
    kt_bind_text(st, 1, row->key);
    kt_bind_i64(st, 2, row->id);
    rc = kt_stmt_run(st, err);
    kt_stmt_done(st);
    return rc;
}

/* Facts first; what is left in `c` are the columns that change. */
static int put_facts(struct kt_room *r, struct rec_request *q, const struct rec_row *row,
                     struct rec_change *c, uint32_t *n, bool *ret_any, struct kt_err *err)
{
    uint32_t left = 0;
    int64_t before = kt_db_last_id(r->w);
    for (uint32_t i = 0; i < *n; i++) {
        bool write = false;
        int rc = put_fact(r, q, row, &c[i], &write, err);
        if (rc < 0) {
            return rc;
        }
        if (write) {
            c[left++] = c[i];
        }
    }
    *n = left;
    *ret_any = left > 0 || kt_db_last_id(r->w) != before;
    return KT_OK;
}

int rec_put(struct kt_room *r, struct rec_request *q, struct rec_row *row,
            const struct rec_change *change, uint32_t n, struct kt_buf *changed, struct kt_err *err)
{
    struct rec_change *c = KT_NEW_ARRAY(q->a, struct rec_change, n + 1);
    bool any = false;
    uint32_t left = n;
    if (n) {
        memcpy(c, change, n * sizeof(*c));
    }
    int rc = check_required(q, row, c, n);
    rc = rc == KT_OK ? new_place(r, q, row, c, n) : rc;
    rc = rc == KT_OK ? rec_check_unique(r, q, row, c, n, err) : rc;
    rc = rc == KT_OK ? check_accord(r, q, row, c, n, err) : rc;
    rc = rc == KT_OK ? put_facts(r, q, row, c, &left, &any, err) : rc;
    if (rc < 0 || !any) {
        return rc;
    }
    rc = row_update(r, q, row, c, left, err);
    struct kt_jw w = kt_jw_init(changed);
    for (uint32_t i = 0; rc == KT_OK && i < left; i++) {
        kt_jw_str(&w, row->reg->fields[c[i].field].id);
        rc = say_live(r, row, &row->reg->fields[c[i].field], &row->value[c[i].field], err);
        if (rc == KT_OK && c[i].field == row->reg->key) {
            rc = rename_key(r, row, err);
        }
    }
    rc = rc == KT_OK ? fact_conflicts(r, row, err) : rc;
    rc = rc == KT_OK && left ? search_put(r, row, err) : rc;
    return rc == KT_OK && row->state[0] ? flow_changed(r, q, row, err) : rc;
}
