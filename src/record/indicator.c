/* SPDX-License-Identifier: Apache-2.0 */
/*
 * indicator: the number, what it is of, and how it stands against its target. SQL of the pack runs
 * over the views of who asks, so a person's number counts what the person may see.
 */
#include "record/indicator.h"

#include <stdio.h>
#include <stdlib.h>

enum { DRILL_MAX = 2000, SQL_MAX = 1 << 20 };

/* ---- settings in force ---- */

int ind_settings(struct rec_view *v, const struct rec_indicator *d, int64_t at_ms,
                 struct ind_set *ret, struct kt_err *err)
{
    struct kt_stmt *st;
    int code = kt_db_prepare(v->db,
                             "SELECT value, by, time, note FROM main.kt_setting WHERE indicator = "
                             "? AND id = ? AND time <= ? ORDER BY rowid DESC LIMIT 1",
                             &st, err);
    for (uint32_t i = 0; code >= 0 && i < d->settings_n; i++) {
        ret[i] = (struct ind_set){.value = d->settings[i].def};
        kt_bind_text(st, 1, d->id);
        kt_bind_text(st, 2, d->settings[i].id);
        kt_bind_i64(st, 3, at_ms);
        code = kt_stmt_step(st, err);
        if (code > 0) {
            ret[i].value = kt_col_f64(st, 0);
            ret[i].time = kt_col_i64(st, 2);
            snprintf(ret[i].by, sizeof ret[i].by, "%s", kt_col_text(st, 1));
            snprintf(ret[i].note, sizeof ret[i].note, "%s",
                     kt_col_is_null(st, 3) ? "" : kt_col_text(st, 3));
        }
        kt_stmt_reset(st);
    }
    if (code >= 0) {
        kt_stmt_done(st);
    }
    return code < 0 ? code : KT_OK;
}

/* ---- SQL ---- */

static void bind_ms(struct kt_stmt *st, const char *name, int64_t ms)
{
    int i = kt_bind_index(st, name);
    if (i) {
        kt_bind_i64(st, i, ms);
    }
}

void ind_bind(struct kt_stmt *st, const struct ind_ask *a, int64_t to_ms)
{
    char name[REC_ID_MAX + 2];
    bind_ms(st, ":from", a->from_ms);
    bind_ms(st, ":to", to_ms);
    bind_ms(st, ":at", a->at_ms);
    int place = kt_bind_index(st, ":place");
    if (place) {
        kt_bind_text(st, place, a->place);
    }
    for (uint32_t i = 0; i < a->d->settings_n; i++) {
        snprintf(name, sizeof name, ":%s", a->d->settings[i].id);
        int at = kt_bind_index(st, name);
        if (at) {
            kt_bind_f64(st, at, a->set[i].value);
        }
    }
}

static int number(const struct ind_ask *a, const char *sql, int64_t to_ms, struct ind_number *ret,
                  struct kt_err *err)
{
    struct kt_stmt *st;
    int code = view_sql(a->v, sql, flow_functions, flow_functions_n, &st, err);
    if (code < 0) {
        return code;
    }
    ind_bind(st, a, to_ms);
    code = kt_stmt_step(st, err);
    ret->is = code > 0 && !kt_col_is_null(st, 0);
    ret->v = ret->is ? kt_col_f64(st, 0) : 0;
    kt_stmt_done(st);
    return code < 0 ? code : KT_OK;
}

int ind_measure(const struct ind_ask *a, int64_t to_ms, struct ind_measure *ret, struct kt_err *err)
{
    int code = number(a, a->d->numerator, to_ms, &ret->numerator, err);
    ret->value = ret->numerator;
    if (code < 0 || a->d->value == REC_NUMERATOR) {
        return code;
    }
    code = number(a, a->d->denominator, to_ms, &ret->denominator, err);
    ret->value.is = code == KT_OK && ret->numerator.is && ret->denominator.is &&
                    (ret->denominator.v > 0 || ret->denominator.v < 0);
    if (ret->value.is) {
        double scale = a->d->value == REC_RATIO_PERCENT ? 100 : 1;
        ret->value.v = ret->numerator.v * scale / ret->denominator.v;
    }
    return code;
}

/* ---- writing ---- */

void ind_put(struct kt_jw *w, const char *key, const struct ind_number *n)
{
    kt_jw_key(w, key);
    if (n->is) {
        kt_jw_num(w, n->v);
    } else {
        kt_jw_null(w);
    }
}

static void write_settings(const struct ind_ask *a, struct kt_jw *w)
{
    kt_jw_key(w, "settings");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < a->d->settings_n; i++) {
        const struct rec_setting *s = &a->d->settings[i];
        kt_jw_obj(w);
        kt_jw_kstr(w, "id", s->id);
        kt_text_json(w, "title", &s->title);
        kt_jw_knum(w, "value", a->set[i].value);
        kt_jw_knum(w, "default", s->def);
        kt_jw_key(w, "values");
        kt_jw_arr(w);
        for (uint32_t j = 0; j < s->values_n; j++) {
            kt_jw_num(w, s->values[j]);
        }
        kt_jw_arr_end(w);
        if (a->set[i].time) {
            kt_jw_kstr(w, "by", a->set[i].by);
            kt_jw_kint(w, "time", a->set[i].time);
            kt_jw_kstr(w, "note", a->set[i].note);
        }
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
}

static void write_head(const struct ind_ask *a, struct kt_jw *w)
{
    const struct rec_indicator *d = a->d;
    kt_jw_kstr(w, "id", d->id);
    kt_text_json(w, "title", &d->title);
    kt_text_json(w, "group", &d->group);
    kt_text_json(w, "definition", &d->definition);
    kt_jw_kstr(w, "unit", d->unit);
    kt_jw_kint(w, "decimals", d->decimals);
    kt_jw_kstr(w, "better", d->lower_is_better ? "lower" : "higher");
    kt_jw_kint(w, "from", a->from_ms);
    kt_jw_kint(w, "to", a->to_ms);
    kt_jw_kint(w, "at", a->at_ms);
    kt_jw_kstr(w, "place", a->place);
    kt_jw_kbool(w, "drill", d->drill_sql[0] != 0);
    kt_jw_kbool(w, "what_if", d->what_if != KT_NONE);
    kt_jw_kbool(w, "may_set", reader_may(a->v->who, "indicator.write"));
    write_settings(a, w);
}

/* A number that cannot be had is said in its place: the others of a list are still there. */
static int write_indicator(const struct ind_ask *a, bool alone, struct kt_jw *w, struct kt_err *err)
{
    struct ind_measure m = {0};
    struct ind_number forecast = {0};
    struct kt_err why = {0};
    int code = ind_measure(a, a->to_ms, &m, &why);
    code = code < 0 || !a->d->forecast ? code : ind_forecast(a, &forecast, &why);
    if (code < 0 && alone) {
        *err = why;
        return code;
    }
    kt_jw_obj(w);
    write_head(a, w);
    ind_put(w, "value", &m.value);
    ind_put(w, "numerator", &m.numerator);
    ind_put(w, "denominator", &m.denominator);
    ind_put(w, "forecast", &forecast);
    ind_put(w, "target", &a->target.value);
    if (a->target.value.is) {
        kt_jw_kint(w, "target_record", a->target.record);
        kt_jw_kstr(w, "responsible", a->target.responsible);
    }
    kt_jw_kstr(w, "status", ind_status(a, &m.value, &forecast));
    if (code < 0) {
        kt_jw_kstr(w, "problem", why.text);
    }
    kt_jw_obj_end(w);
    return KT_OK;
}

/* ---- asking ---- */

int ind_ask(struct rec_view *v, const struct rec_indicator *d, const struct kt_indicator_query *q,
            struct ind_set *set, struct ind_ask *ret, struct kt_err *err)
{
    *ret = (struct ind_ask){.v = v, .d = d, .set = set};
    ret->at_ms = rec_ms(q->at ? q->at : v->who->now);
    ret->from_ms = rec_ms(q->from);
    ret->to_ms = rec_ms(q->to);
    ret->place = q->place && *q->place ? q->place : NULL;
    int code = ind_settings(v, d, ret->at_ms, set, err);
    code = code < 0 ? code : ind_target(ret, err);
    if (code == KT_OK && ret->from_ms >= ret->to_ms) {
        return kt_err_set(err, KT_EINVAL, "from lies before to");
    }
    return code;
}

static int one(struct rec_view *v, const struct rec_indicator *d,
               const struct kt_indicator_query *q, bool alone, struct kt_jw *w, struct kt_err *err)
{
    struct ind_set *set = calloc(d->settings_n + 1, sizeof *set);
    struct ind_ask a;
    KT_ASSERT(set);
    int code = ind_ask(v, d, q, set, &a, err);
    code = code < 0 ? code : write_indicator(&a, alone, w, err);
    free(set);
    return code;
}

int ind_find(const struct rec_view *v, const char *id, const struct rec_indicator **ret,
             struct kt_err *err)
{
    uint32_t i = rec_indicator_of(v->model, id);
    if (i == KT_NONE || !reader_may(v->who, v->model->indicators[i].read)) {
        return kt_err_set(err, KT_ENOTFOUND, "there is no indicator \"%.60s\"", id);
    }
    *ret = &v->model->indicators[i];
    return KT_OK;
}

static int all(struct rec_view *v, const struct kt_indicator_query *q, struct kt_jw *w,
               struct kt_err *err)
{
    int code = KT_OK;
    kt_jw_arr(w);
    for (uint32_t i = 0; code == KT_OK && i < v->model->indicators_n; i++) {
        if (reader_may(v->who, v->model->indicators[i].read)) {
            code = one(v, &v->model->indicators[i], q, false, w, err);
        }
    }
    kt_jw_arr_end(w);
    return code;
}

int kt_room_indicators(struct kt_room *r, const struct kt_reader *who, const char *id,
                       const struct kt_indicator_query *q, struct kt_buf *out, struct kt_err *err)
{
    struct rec_view v;
    const struct rec_indicator *d;
    int code = view_open(r, who, q->at, q->at, &v, err);
    if (code < 0) {
        return code;
    }
    struct kt_jw w = kt_jw_init(out);
    if (id) {
        code = ind_find(&v, id, &d, err);
        code = code < 0 ? code : one(&v, d, q, true, &w, err);
    } else {
        code = all(&v, q, &w, err);
    }
    view_close(&v);
    return code;
}

/* ---- drill ---- */

static int drill_ids(const struct ind_ask *a, int64_t *ids, uint32_t *ret_n, struct kt_err *err)
{
    struct kt_stmt *st;
    uint32_t n = 0;
    int code = view_sql(a->v, a->d->drill_sql, flow_functions, flow_functions_n, &st, err);
    if (code < 0) {
        return code;
    }
    ind_bind(st, a, a->to_ms);
    while (n < DRILL_MAX && (code = kt_stmt_step(st, err)) > 0) {
        ids[n++] = kt_col_i64(st, 0);
    }
    kt_stmt_done(st);
    *ret_n = n;
    return code < 0 ? code : KT_OK;
}

static int drill_items(struct rec_view *v, uint32_t reg_index, const int64_t *ids, uint32_t n,
                       struct kt_jw *w, struct kt_err *err)
{
    const struct rec_register *reg = &v->model->registers[reg_index];
    struct kt_buf sql;
    struct kt_stmt *st;
    int code = view_need(v, reg_index, err);
    kt_buf_init(&sql, SQL_MAX);
    kt_buf_puts(&sql, "SELECT ");
    item_columns(reg, &sql);
    kt_buf_printf(&sql, " FROM \"%s\" WHERE _id = ?", reg->id);
    code = code < 0 ? code : kt_db_prepare_once(v->db, kt_buf_cstr(&sql), &st, err);
    kt_buf_done(&sql);
    if (code < 0) {
        return code;
    }
    for (uint32_t i = 0; i < n && code >= 0; i++) {
        kt_bind_i64(st, 1, ids[i]);
        code = kt_stmt_step(st, err);
        if (code > 0) {
            item_write(v, reg, st, w);
        }
        kt_stmt_reset(st);
    }
    kt_stmt_done(st);
    return code < 0 ? code : KT_OK;
}

static int drill(struct rec_view *v, const struct rec_indicator *d,
                 const struct kt_indicator_query *q, struct kt_jw *w, struct kt_err *err)
{
    struct ind_set *set = calloc(d->settings_n + 1, sizeof *set);
    int64_t *ids = calloc(DRILL_MAX, sizeof *ids);
    struct ind_ask a;
    uint32_t n = 0;
    KT_ASSERT(set && ids);
    int code = d->drill == KT_NONE
                   ? kt_err_set(err, KT_ENOTFOUND, "%s has no records behind it", d->id)
                   : ind_ask(v, d, q, set, &a, err);
    code = code < 0 ? code : drill_ids(&a, ids, &n, err);
    if (code == KT_OK) {
        kt_jw_obj(w);
        kt_jw_kstr(w, "register", d->drill_register);
        kt_jw_kint(w, "total", n);
        kt_jw_key(w, "items");
        kt_jw_arr(w);
        code = drill_items(v, d->drill, ids, n, w, err);
        kt_jw_arr_end(w);
        kt_jw_obj_end(w);
    }
    free(ids);
    free(set);
    return code;
}

int kt_room_drill(struct kt_room *r, const struct kt_reader *who, const char *id,
                  const struct kt_indicator_query *q, struct kt_buf *out, struct kt_err *err)
{
    struct rec_view v;
    const struct rec_indicator *d;
    int code = view_open(r, who, q->at, q->at, &v, err);
    if (code < 0) {
        return code;
    }
    struct kt_jw w = kt_jw_init(out);
    code = ind_find(&v, id, &d, err);
    code = code < 0 ? code : drill(&v, d, q, &w, err);
    view_close(&v);
    return code;
}
