/* SPDX-License-Identifier: Apache-2.0 */
/* indicator_target: targets, forecast and status. */
#include "record/indicator.h"

#include <stdio.h>

enum { POINTS = 6 };

/* ---- targets ---- */

static bool has_fields(const struct rec_register *reg)
{
    static const char *const names[] = {"indicator", "place", "from", "to", "value", "responsible"};
    for (size_t i = 0; i < KT_ARRAY_LEN(names); i++) {
        if (rec_field_of(reg, names[i]) == KT_NONE) {
            return false;
        }
    }
    return true;
}

static int target_stmt(struct ind_ask *a, struct kt_stmt **ret, struct kt_err *err)
{
    return kt_db_prepare_once(
        a->v->db,
        "SELECT _id, \"value\", \"from\", \"to\", \"responsible\" FROM target WHERE \"indicator\" "
        "= ?1 AND _ended IS NULL AND \"place\" IS ?2 AND \"value\" IS NOT NULL AND \"from\" <= ?4 "
        "AND \"to\" >= ?3 ORDER BY (\"from\" = ?3) + (\"to\" = ?4) DESC, \"from\" DESC, _id LIMIT "
        "1",
        ret, err);
}

static void default_period(struct ind_ask *a)
{
    int32_t today = rec_day_of(a->at_ms, a->v->site->utc_offset_s);
    struct kt_civil c = kt_civil_of(today * KT_DAY, 0);
    int32_t first = today - (c.day - 1);
    int32_t last = first + 27;
    while (kt_civil_of((last + 1) * KT_DAY, 0).day != 1) {
        last++;
    }
    a->from_ms = rec_day_start(first, a->v->site->utc_offset_s);
    a->to_ms = rec_day_end(last, a->v->site->utc_offset_s);
}

static void keep_target(struct ind_ask *a, struct kt_stmt *st, bool period)
{
    int32_t from, to;
    const char *who = kt_col_text(st, 4);
    a->target.record = kt_col_i64(st, 0);
    a->target.value = (struct ind_number){true, kt_col_f64(st, 1)};
    snprintf(a->target.responsible, sizeof a->target.responsible, "%s", who ? who : "");
    if (!period && rec_day_parse(kt_col_bytes(st, 2), &from) &&
        rec_day_parse(kt_col_bytes(st, 3), &to)) {
        a->from_ms = rec_day_start(from, a->v->site->utc_offset_s);
        a->to_ms = rec_day_end(to, a->v->site->utc_offset_s);
    }
}

int ind_target(struct ind_ask *a, struct kt_err *err)
{
    char from[16], to[16];
    struct kt_stmt *st;
    int offset = a->v->site->utc_offset_s;
    bool period = a->from_ms && a->to_ms;
    uint32_t reg = rec_register_of(a->v->model, "target");
    rec_day_fmt(rec_day_of(period ? a->from_ms : a->at_ms, offset), from);
    rec_day_fmt(rec_day_of(period ? a->to_ms - 1 : a->at_ms, offset), to);
    if (!period) {
        default_period(a);
    }
    if (reg == KT_NONE || !has_fields(&a->v->model->registers[reg]) ||
        !reader_sees(a->v->who, &a->v->model->registers[reg])) {
        return KT_OK;
    }
    int code = view_need(a->v, reg, err);
    code = code < 0 ? code : target_stmt(a, &st, err);
    if (code < 0) {
        return code;
    }
    kt_bind_text(st, 1, a->d->id);
    kt_bind_text(st, 2, a->place);
    kt_bind_text(st, 3, from);
    kt_bind_text(st, 4, to);
    code = kt_stmt_step(st, err);
    if (code > 0) {
        keep_target(a, st, period);
    }
    kt_stmt_done(st);
    return code < 0 ? code : KT_OK;
}

/* ---- forecast ---- */

/* Least squares through n points (x, y), read at `at`; x in days from the first. */
static double line_at(const double *x, const double *y, int n, double at)
{
    double sx = 0, sy = 0, sxx = 0, sxy = 0;
    for (int i = 0; i < n; i++) {
        sx += x[i];
        sy += y[i];
        sxx += x[i] * x[i];
        sxy += x[i] * y[i];
    }
    double slope = (n * sxy - sx * sy) / (n * sxx - sx * sx);
    return (sy - slope * sx) / n + slope * at;
}

/* A percentage that has stayed within 0 and 100 stays there. */
static double within(const struct ind_ask *a, const double *y, int n, double v)
{
    bool inside = a->d->value == REC_RATIO_PERCENT;
    for (int i = 0; i < n; i++) {
        inside = inside && y[i] >= 0 && y[i] <= 100;
    }
    return !inside ? v : v < 0 ? 0 : v > 100 ? 100 : v;
}

int ind_forecast(const struct ind_ask *a, struct ind_number *ret, struct kt_err *err)
{
    double x[POINTS], y[POINTS];
    int n = 0, code = KT_OK, offset = a->v->site->utc_offset_s;
    int32_t first = rec_day_of(a->from_ms, offset);
    int64_t days = rec_day_of(a->at_ms, offset) - first; /* that are over */
    if (a->at_ms >= a->to_ms || days < 2) {
        return KT_OK;
    }
    int count = days < POINTS ? (int)days : POINTS;
    for (int i = 1; code == KT_OK && i <= count; i++) {
        struct ind_measure m = {0};
        int64_t over = days * i / count;
        code = ind_measure(a, rec_day_start((int32_t)(first + over), offset), &m, err);
        if (code == KT_OK && m.value.is) {
            x[n] = (double)over;
            y[n++] = m.value.v;
        }
    }
    if (code == KT_OK && n >= 2) {
        double end = (double)(a->to_ms - rec_day_start(first, offset)) / (double)REC_DAY_MS;
        *ret = (struct ind_number){true, within(a, y, n, line_at(x, y, n, end))};
    }
    return code;
}

/* ---- status ---- */

static bool reached(const struct ind_ask *a, double v, double target)
{
    return a->d->lower_is_better ? v <= target : v >= target;
}

const char *ind_status(const struct ind_ask *a, const struct ind_number *value,
                       const struct ind_number *forecast)
{
    double target = a->target.value.v;
    if (!value->is || !a->target.value.is) {
        return "unknown";
    }
    bool count = a->d->value == REC_NUMERATOR;
    if (a->at_ms >= a->to_ms) {
        return reached(a, value->v, target) ? "on" : "missed";
    }
    if (count && a->d->lower_is_better && value->v > target) {
        return "missed"; /* a count does not fall */
    }
    if (count && !a->d->lower_is_better && value->v >= target) {
        return "on";
    }
    if (forecast->is) {
        return reached(a, forecast->v, target) ? "on" : "behind";
    }
    double part = (double)(a->at_ms - a->from_ms) / (double)(a->to_ms - a->from_ms);
    return reached(a, value->v, count ? target * (part < 0 ? 0 : part) : target) ? "on" : "behind";
}
