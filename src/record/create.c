/* SPDX-License-Identifier: Apache-2.0 */
/* create: reading the fields of a request, defaults, automatic keys, and a new row. */
#include <stdio.h>

#include "record/barrier.h"
#include "record/requests.h"
#include "record/value.h"

enum { TRIES = 100000 };

/* ---- reading fields ---- */

static void keep_problem(struct rec_request *q, const char *field)
{
    struct kt_jw w = kt_jw_init(&q->problems);
    w.comma = q->problems.n > 0;
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "field", field);
    kt_jw_kstr(&w, "text", q->text);
    kt_jw_kstr(&w, "text_zh", q->text_zh);
    if (q->barrier.n) {
        kt_jw_key(&w, "barrier");
        kt_jw_raw(&w, q->barrier);
        q->barrier.n = 0;
    }
    kt_jw_obj_end(&w);
}

static int no_such(struct rec_request *q, const struct rec_field *f)
{
    return rec_no(q, KT_EINVAL, rec_f(q, "%s: there is no such record", f->title.en),
                  rec_f(q, "%s：没有这条记录", f->title.zh));
}

/* A reference by number or key becomes the number; who asks has to see the record. */
static int bind_ref(struct kt_room *r, struct rec_request *q, const struct rec_field *f,
                    struct rec_value *v, struct kt_err *err)
{
    const struct rec_register *to = &r->model->registers[f->to];
    char sql[300], place[REC_ID_MAX + 8] = "NULL";
    struct kt_stmt *st;
    if (v->type == KT_COL_NULL) {
        return KT_OK;
    }
    if (to->place != KT_NONE) {
        snprintf(place, sizeof(place), "\"%s\"", to->fields[to->place].id);
    }
    snprintf(sql, sizeof(sql), "SELECT _id, %s FROM \"%s\" WHERE \"%s\" = ? AND _ended IS NULL",
             place, to->id, v->type == KT_COL_INT ? "_id" : to->fields[to->key].id);
    int rc = kt_db_prepare(r->w, sql, &st, err);
    if (rc < 0) {
        return rc;
    }
    rec_bind(st, 1, v);
    rc = kt_stmt_step(st, err);
    if (rc > 0 && rec_may_read(q, to) && rec_in_scope(r, q, to, kt_col_text(st, 1))) {
        *v = (struct rec_value){.type = KT_COL_INT, .i = kt_col_i64(st, 0)};
        rc = KT_OK;
    } else if (rc >= 0) {
        rc = no_such(q, f);
    }
    kt_stmt_done(st);
    return rc;
}

static int may_be_written(struct rec_request *q, const struct rec_register *reg,
                          const struct rec_field *f)
{
    if (f->type == REC_COMPUTED || rec_is_file(f) || f->ended) {
        return rec_no(q, KT_EINVAL,
                      rec_f(q, "%s: %s", f->title.en,
                            f->ended                  ? "the field is ended"
                            : f->type == REC_COMPUTED ? "it is computed"
                                                      : "attach files with record.attach"),
                      rec_f(q, "%s：%s", f->title.zh,
                            f->ended                  ? "字段已停用"
                            : f->type == REC_COMPUTED ? "由系统计算"
                                                      : "请用附件上传"));
    }
    if (f->write[0] && !rec_may(q, f->write)) {
        return rec_no(q, KT_EDENIED, rec_f(q, "%s needs the right %s", f->title.en, f->write),
                      rec_f(q, "没有填写“%s”的权限（%s）", f->title.zh, f->write));
    }
    (void)reg;
    return KT_OK;
}

static int read_one(struct kt_room *r, struct rec_request *q, const struct rec_register *reg,
                    const char *id, const struct kt_json *v, struct rec_change *ret,
                    struct kt_err *err)
{
    uint32_t i = rec_field_of(reg, id);
    if (i == KT_NONE || (reg->fields[i].read[0] && !rec_may(q, reg->fields[i].read) &&
                         !(reg->fields[i].write[0] && rec_may(q, reg->fields[i].write)))) {
        return rec_no(q, KT_EINVAL, rec_f(q, "%s has no field \"%.40s\"", reg->title.en, id),
                      rec_f(q, "“%s”没有字段“%.40s”", reg->title.zh, id));
    }
    const struct rec_field *f = &reg->fields[i];
    ret->field = i;
    int rc = may_be_written(q, reg, f);
    if (rc == KT_OK && f->personal && kt_json_obj(v)) {
        return personal_read(r, q, f, v, &ret->value);
    }
    rc = rc == KT_OK ? value_read(q, r->site, f, v, &ret->value) : rc;
    if (rc == KT_OK && f->type == REC_REF) {
        rc = bind_ref(r, q, f, &ret->value, err);
    }
    if (rc == KT_OK && f->type == REC_GEOMETRY) {
        rc = barrier_refuse(r->w, r->model, q, reg, i, &ret->value, err);
    }
    return rc;
}

int rec_read_fields(struct kt_room *r, struct rec_request *q, const struct rec_register *reg,
                    const struct kt_json *fields, struct rec_change **ret, uint32_t *ret_n,
                    struct kt_err *err)
{
    struct kt_json_iter it = {0};
    size_t n = kt_json_len(fields);
    char text[sizeof(q->text)] = "", text_zh[sizeof(q->text_zh)] = "";
    struct rec_change *c = KT_NEW_ARRAY(q->a, struct rec_change, n + 1);
    uint32_t kept = 0;
    int first = KT_OK;
    if (fields && !kt_json_obj(fields) && kt_json_kind(fields) != KT_JSON_NULL) {
        return rec_no(q, KT_EINVAL, "fields: an object of field ids", "fields 应为字段的集合");
    }
    while (kt_json_next(fields, &it)) {
        int rc = read_one(r, q, reg, it.key, it.value, &c[kept], err);
        if (rc < 0 && !q->text[0]) {
            return rc;
        }
        if (rc < 0) {
            keep_problem(q, it.key);
            if (first == KT_OK) {
                first = rc;
                memcpy(text, q->text, sizeof(text));
                memcpy(text_zh, q->text_zh, sizeof(text_zh));
            }
            q->text[0] = q->text_zh[0] = '\0';
        } else {
            kept++;
        }
    }
    if (first < 0) {
        return rec_no(q, first, kt_arena_strdup(q->a, text), kt_arena_strdup(q->a, text_zh));
    }
    *ret = c;
    *ret_n = kept;
    return KT_OK;
}

static bool is_empty(const struct kt_json *v)
{
    return kt_json_kind(v) == KT_JSON_NONE || kt_json_kind(v) == KT_JSON_NULL ||
           (kt_json_kind(v) == KT_JSON_STRING && kt_json_strn(v).n == 0);
}

static void say_missing(struct rec_request *q, const struct rec_field *f)
{
    (void)rec_no(q, KT_EINVAL, rec_f(q, "%s: write something", f->title.en),
                 rec_f(q, "%s：必须填写", f->title.zh));
    keep_problem(q, f->id);
}

void rec_add_missing(struct rec_request *q, const struct rec_register *reg,
                     const struct kt_json *fields)
{
    char text[sizeof(q->text)], text_zh[sizeof(q->text_zh)];
    memcpy(text, q->text, sizeof(text));
    memcpy(text_zh, q->text_zh, sizeof(text_zh));
    for (uint32_t i = 0; i < reg->fields_n; i++) {
        const struct rec_field *f = &reg->fields[i];
        if ((f->required || i == reg->key) && rec_stored(f) && !f->automatic[0] && !f->def[0] &&
            is_empty(kt_json_get(fields, f->id))) {
            say_missing(q, f);
        }
    }
    memcpy(q->text, text, sizeof(text)); /* the first mistake stays the refusal */
    memcpy(q->text_zh, text_zh, sizeof(text_zh));
}

/* ---- automatic keys ---- */

static int count_up(struct kt_room *r, const char *name, int64_t *ret, struct kt_err *err)
{
    struct kt_stmt *st;
    int rc = kt_db_prepare(r->w,
                           "INSERT INTO kt_counter(name, n) VALUES(?, 1) ON CONFLICT(name) DO "
                           "UPDATE SET n = n + 1 RETURNING n",
                           &st, err);
    if (rc < 0) {
        return rc;
    }
    kt_bind_text(st, 1, name);
    rc = kt_stmt_step(st, err);
    if (rc > 0) {
        *ret = kt_col_i64(st, 0);
    }
    kt_stmt_done(st);
    return rc < 0 ? rc : KT_OK;
}

/* One piece in braces. */
static void expand_piece(const char *p, size_t n, const struct kt_civil *c, int64_t count,
                         struct kt_buf *out)
{
    if (n == 4 && strncmp(p, "year", n) == 0) {
        kt_buf_printf(out, "%04d", c->year);
    } else if (n == 5 && strncmp(p, "month", n) == 0) {
        kt_buf_printf(out, "%02d", c->month);
    } else if (n == 3 && strncmp(p, "day", n) == 0) {
        kt_buf_printf(out, "%02d", c->day);
    } else if (n >= 1 && p[0] == 'n') {
        int width = n == 3 && p[1] == ':' && p[2] >= '1' && p[2] <= '9' ? p[2] - '0' : 1;
        if (count > 0) {
            kt_buf_printf(out, "%0*lld", width, (long long)count);
        } else {
            kt_buf_puts(out, "{n}");
        }
    } else {
        kt_buf_put(out, p - 1, n + 2);
    }
}

/** @param count  0: the number is left out: the name of its counter */
static void expand(const char *pattern, const struct kt_civil *c, int64_t count, struct kt_buf *out)
{
    kt_buf_clear(out);
    for (const char *p = pattern; *p;) {
        size_t n = strcspn(p, "{");
        kt_buf_put(out, p, n);
        p += n;
        if (*p != '{') {
            break;
        }
        n = strcspn(p + 1, "}");
        expand_piece(p + 1, n, c, count, out);
        p += n + 1 + (p[n + 1] == '}');
    }
}

static int key_taken(struct kt_room *r, const struct rec_register *reg, const struct rec_field *f,
                     const char *text, bool *ret, struct kt_err *err)
{
    char sql[200];
    struct kt_stmt *st;
    snprintf(sql, sizeof(sql), "SELECT 1 FROM \"%s\" WHERE \"%s\" = ? LIMIT 1", reg->id, f->id);
    int rc = kt_db_prepare(r->w, sql, &st, err);
    if (rc < 0) {
        return rc;
    }
    kt_bind_text(st, 1, text);
    rc = kt_stmt_step(st, err);
    *ret = rc > 0;
    kt_stmt_done(st);
    return rc < 0 ? rc : KT_OK;
}

static int automatic(struct kt_room *r, struct rec_request *q, const struct rec_register *reg,
                     const struct rec_field *f, struct rec_value *ret, struct kt_err *err)
{
    struct kt_civil c = kt_civil_of(q->time, r->site->utc_offset_s);
    struct kt_buf b;
    bool taken = true;
    int rc = KT_OK;
    kt_buf_init(&b, 1 << 12);
    expand(f->automatic, &c, 0, &b);
    const char *name = rec_f(q, "%s.%s:%s", reg->id, f->id, kt_buf_cstr(&b));
    for (int i = 0; rc == KT_OK && taken && i < TRIES; i++) {
        int64_t n = 0;
        rc = count_up(r, name, &n, err);
        expand(f->automatic, &c, n, &b);
        rc = rc == KT_OK ? key_taken(r, reg, f, kt_buf_cstr(&b), &taken, err) : rc;
    }
    *ret = (struct rec_value){.type = KT_COL_TEXT,
                              .s = {kt_arena_strndup(q->a, kt_buf_cstr(&b), b.n), b.n}};
    kt_buf_done(&b);
    return rc;
}

/* ---- a new record ---- */

static bool given(const struct rec_change *c, uint32_t n, uint32_t field)
{
    for (uint32_t i = 0; i < n; i++) {
        if (c[i].field == field && c[i].value.type != KT_COL_NULL) {
            return true;
        }
    }
    return false;
}

static int fill_in(struct kt_room *r, struct rec_request *q, const struct rec_register *reg,
                   struct rec_change *c, uint32_t *n, struct kt_err *err)
{
    for (uint32_t i = 0; i < reg->fields_n; i++) {
        const struct rec_field *f = &reg->fields[i];
        struct rec_value v = {.type = KT_COL_NULL};
        int rc = KT_OK;
        if (given(c, *n, i) || f->ended || !rec_stored(f)) {
            continue;
        }
        if (f->automatic[0]) {
            rc = automatic(r, q, reg, f, &v, err);
        } else if (f->def[0]) {
            rc = value_of_text(q, r->site, f, f->def, &v);
            rc = rc == KT_OK && f->type == REC_REF ? bind_ref(r, q, f, &v, err) : rc;
        }
        if (rc < 0) {
            return rc;
        }
        if (v.type != KT_COL_NULL) {
            c[(*n)++] = (struct rec_change){i, v};
        } else if (f->required || i == reg->key) {
            say_missing(q, f);
        }
    }
    return q->text[0] ? KT_EINVAL : KT_OK;
}

static int insert_row(struct kt_room *r, struct rec_request *q, struct rec_row *row,
                      struct kt_err *err)
{
    char sql[300];
    struct kt_stmt *st;
    snprintf(
        sql, sizeof(sql),
        "INSERT INTO \"%s\"(_id, _version, _created, _created_by, _changed, _changed_by, _from, "
        "_tangled) VALUES(?, 0, ?, ?, ?, ?, ?, ?)",
        row->reg->id);
    int rc = kt_db_prepare(r->w, sql, &st, err);
    if (rc < 0) {
        return rc;
    }
    kt_bind_i64(st, 1, row->id);
    kt_bind_i64(st, 2, rec_ms(q->time));
    kt_bind_text(st, 3, q->user);
    kt_bind_i64(st, 4, rec_ms(q->time));
    kt_bind_text(st, 5, q->user);
    kt_bind_i64(st, 6, q->source.since_ms);
    kt_bind_i64(st, 7, row->reg->workflow != KT_NONE && q->source.since_ms != rec_ms(q->time));
    rc = kt_stmt_run(st, err);
    kt_stmt_done(st);
    if (rc < 0) {
        return rc;
    }
    rc = kt_db_prepare(r->w, "INSERT INTO kt_record(id, register) VALUES(?, ?)", &st, err);
    if (rc == KT_OK) {
        kt_bind_i64(st, 1, row->id);
        kt_bind_text(st, 2, row->reg->id);
        rc = kt_stmt_run(st, err);
        kt_stmt_done(st);
    }
    return rc;
}

static void new_row(struct kt_room *r, struct rec_request *q, const struct rec_register *reg,
                    struct rec_row *row)
{
    int64_t at = (int64_t)r->asked * 1000;
    r->last_id = at > r->last_id ? at : r->last_id + 1;
    *row = (struct rec_row){.reg = reg,
                            .id = r->last_id,
                            .created_ms = rec_ms(q->time),
                            .key = "",
                            .label = "",
                            .place = "",
                            .created_by = q->user,
                            .state = "",
                            .owner = ""};
    row->value = KT_NEW_ARRAY(q->a, struct rec_value, reg->fields_n + 1);
    for (uint32_t i = 0; i < reg->fields_n; i++) {
        row->value[i].type = KT_COL_NULL;
    }
}

int rec_create(struct kt_room *r, struct rec_request *q, const struct rec_register *reg,
               const struct rec_change *change, uint32_t n, struct rec_row *ret, struct kt_err *err)
{
    const struct rec_value live = {.type = KT_COL_INT, .i = 0};
    struct rec_change *c = KT_NEW_ARRAY(q->a, struct rec_change, n + reg->fields_n + 1);
    struct kt_buf changed;
    if (n) {
        memcpy(c, change, n * sizeof(*c));
    }
    int rc = fill_in(r, q, reg, c, &n, err);
    if (rc < 0) {
        return rc;
    }
    kt_buf_init(&changed, 1 << 16);
    new_row(r, q, reg, ret);
    rc = insert_row(r, q, ret, err);
    rc = rc == KT_OK ? fact_add(r, q, ret, "_ended", &live, true, err) : rc;
    rc = rc == KT_OK ? rec_put(r, q, ret, c, n, &changed, err) : rc;
    rc = rc == KT_OK ? flow_created(r, q, ret, err) : rc;
    if (rc == KT_OK) {
        rc = rec_say_record(r, ret, "create", (struct kt_str){changed.p, changed.n}, q->user,
                            q->source.note, err);
    }
    kt_buf_done(&changed);
    return rc;
}
