/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendar: which day is a working day. kt_calendar holds what people have set; without it the
 * model's calendars say, and without these Monday to Friday.
 */
#include "record/flow.h"

#include <stdio.h>
#include <stdlib.h>

/* -1: nobody has set it */
static int set_by_people(struct kt_db *db, const char *day)
{
    struct kt_stmt *st;
    struct kt_err err;
    int is = -1;
    if (kt_db_prepare(db, "SELECT working FROM kt_calendar WHERE day = ? AND working IS NOT NULL",
                      &st, &err) < 0) {
        return -1;
    }
    kt_bind_text(st, 1, day);
    if (kt_stmt_step(st, &err) > 0) {
        is = kt_col_i64(st, 0) != 0;
    }
    kt_stmt_done(st);
    return is;
}

static int by_text(const void *key, const void *day)
{
    return strcmp(key, ((const struct rec_day *)day)->day);
}

static int set_by_model(const struct kt_record_model *m, const char *day)
{
    for (uint32_t i = m->calendars_n; i-- > 0;) { /* the site's is read last and goes first */
        const struct rec_calendar *c = &m->calendars[i];
        const struct rec_day *d =
            c->days_n ? bsearch(day, c->days, c->days_n, sizeof *c->days, by_text) : NULL;
        if (d) {
            return d->working;
        }
    }
    return -1;
}

static bool working(void *arg, int32_t day)
{
    const struct flow_days *d = arg;
    char text[16];
    rec_day_fmt(day, text);
    int is = set_by_people(d->db, text);
    is = is < 0 ? set_by_model(d->model, text) : is;
    return is < 0 ? rec_day_default(day) : is != 0;
}

const struct rec_days *flow_days(struct flow_days *d, struct kt_db *db,
                                 const struct kt_record_model *m, const struct kt_site *site)
{
    *d = (struct flow_days){{working, d, site->utc_offset_s}, db, m};
    return &d->days;
}

static int64_t hours(const struct rec_span *span)
{
    return span->hours * INT64_C(3600000);
}

int64_t flow_deadline(const struct rec_days *d, int64_t from_ms, const struct rec_span *span)
{
    return span->hours ? from_ms + hours(span)
                       : rec_deadline(d, from_ms, span->days, span->working);
}

int64_t flow_shift(const struct rec_days *d, int64_t from_ms, const struct rec_span *span)
{
    return span->hours ? from_ms + hours(span) : rec_shift(d, from_ms, span->days, span->working);
}

static int write_day(struct kt_room *r, const struct rec_request *q, const char *day, int is,
                     const char *note, struct kt_err *err)
{
    struct kt_stmt *st;
    int code = kt_db_prepare(r->w,
                             "INSERT OR REPLACE INTO kt_calendar(day, working, note, by, seq) "
                             "VALUES(?, ?, ?, ?, ?)",
                             &st, err);
    if (code < 0) {
        return code;
    }
    kt_bind_text(st, 1, day);
    if (is >= 0) {
        kt_bind_i64(st, 2, is);
    }
    kt_bind_text(st, 3, note);
    kt_bind_text(st, 4, q->user);
    kt_bind_i64(st, 5, (int64_t)q->seq);
    code = kt_stmt_run(st, err);
    kt_stmt_done(st);
    return code;
}

static int say_day(struct kt_room *r, const struct rec_request *q, const char *day, int is,
                   const char *note, struct kt_err *err)
{
    struct kt_buf b;
    kt_buf_init(&b, 1 << 16);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_kstr(&w, "day", day);
    kt_jw_key(&w, "working");
    if (is < 0) {
        kt_jw_null(&w);
    } else {
        kt_jw_bool(&w, is != 0);
    }
    kt_jw_kstr(&w, "by", q->user);
    kt_jw_kstr(&w, "note", note);
    int code = rec_say(r, "calendar", (struct kt_str){b.p, b.n}, err);
    kt_buf_done(&b);
    return code;
}

/* Deadlines that stand already are left as they are. */
int flow_calendar_set(struct kt_room *r, struct rec_request *q, struct kt_err *err)
{
    const char *day = kt_json_get_str(q->args, "day", ""), *note;
    const struct kt_json *v = kt_json_get(q->args, "working");
    bool is = false;
    int32_t at;
    if (!rec_may(q, "calendar.write")) {
        return rec_no(q, KT_EDENIED, "calendar.set needs the right calendar.write",
                      "修改工作日历需要 calendar.write 权限");
    }
    if (!rec_day_parse(kt_str_c(day), &at)) {
        return rec_no(q, KT_EINVAL, "day: write \"2026-05-01\"", "day：写成 \"2026-05-01\"");
    }
    if (!kt_json_bool(v, &is) && kt_json_kind(v) != KT_JSON_NULL) {
        return rec_no(q, KT_EINVAL, "working: true, false, or null for the default",
                      "working：true、false，或 null 表示按默认");
    }
    note = kt_json_get_str(q->args, "note", "");
    if (!note[0]) {
        return rec_no(q, KT_EINVAL, "note: say why", "note：请写明原因");
    }
    int set = kt_json_kind(v) == KT_JSON_NULL ? -1 : is;
    int code = write_day(r, q, day, set, note, err);
    code = code < 0 ? code : say_day(r, q, day, set, note, err);
    kt_jw_kstr(q->result, "day", day);
    return code;
}

/* ---- reading ---- */

static const struct rec_calendar *declared(const struct kt_record_model *m, const char *day)
{
    for (uint32_t i = m->calendars_n; i-- > 0;) {
        const struct rec_calendar *c = &m->calendars[i];
        if (c->days_n && bsearch(day, c->days, c->days_n, sizeof *c->days, by_text)) {
            return c;
        }
    }
    return NULL;
}

/* What a person has said of the day; *ret false: nobody has. */
static int write_said(struct kt_jw *w, struct kt_stmt *st, const char *day, bool *ret,
                      struct kt_err *err)
{
    kt_stmt_reset(st);
    kt_bind_text(st, 1, day);
    int code = kt_stmt_step(st, err);
    *ret = code > 0;
    if (code > 0) {
        kt_jw_kstr(w, "note", kt_col_text(st, 0));
        kt_jw_kstr(w, "by", kt_col_text(st, 1));
    }
    kt_stmt_reset(st);
    return code < 0 ? code : KT_OK;
}

static int write_days(struct kt_jw *w, const struct flow_days *d, struct kt_stmt *said, int year,
                      struct kt_err *err)
{
    char text[16], first[16];
    int32_t day = 0;
    bool mine = false;
    int code = KT_OK;
    snprintf(first, sizeof first, "%04d-01-01", year);
    (void)rec_day_parse(kt_str_c(first), &day);
    for (; code == KT_OK && strncmp(rec_day_fmt(day, text), first, 4) == 0; day++) {
        kt_jw_obj(w);
        kt_jw_kstr(w, "day", text);
        kt_jw_kbool(w, "working", d->days.working(d->days.arg, day));
        code = write_said(w, said, text, &mine, err);
        const struct rec_calendar *c = mine ? NULL : declared(d->model, text);
        if (c) {
            kt_source_json(w, "source", &c->source);
        }
        kt_jw_obj_end(w);
    }
    return code;
}

int kt_room_calendar(struct kt_room *r, int year, struct kt_buf *out, struct kt_err *err)
{
    struct flow_days d;
    struct kt_stmt *said;
    struct kt_db *db;
    if (year < 1900 || year > 2198) {
        return kt_err_set(err, KT_EINVAL, "year: from 1900 to 2198");
    }
    int code = kt_store_read(r->store, &db, err);
    if (code < 0) {
        return code;
    }
    pthread_mutex_lock(&r->lock);
    struct kt_record_model *m = kt_record_model_ref(r->model);
    struct kt_site *site = kt_site_ref(r->site);
    pthread_mutex_unlock(&r->lock);
    struct kt_jw w = kt_jw_init(out);
    (void)flow_days(&d, db, m, site);
    code = kt_db_prepare(
        db, "SELECT note, by FROM kt_calendar WHERE day = ? AND working IS NOT NULL", &said, err);
    kt_jw_arr(&w);
    if (code == KT_OK) {
        code = write_days(&w, &d, said, year, err);
        kt_stmt_done(said);
    }
    kt_jw_arr_end(&w);
    kt_record_model_unref(m);
    kt_site_unref(site);
    kt_store_read_done(r->store, db);
    return code;
}
