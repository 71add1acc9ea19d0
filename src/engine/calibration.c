/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calibration: a sensor is out of alarms only while its own flag and an open record agree.
 *
 * Invariants
 *  1. CALIBRATING is set exactly while the device's flag is up and a record is open.
 *  2. A flag without a record, or a record without a flag, changes no value; both are trust flags.
 *  3. A record is for one sensor and one person, at most ENG_CAL_MINUTES at a time; more only with
 *     a second person. Past its time it counts no more and is "too long" until it is closed, or
 *     extended by another person.
 */
#include <math.h>

#include "engine/core.h"

struct cal *eng_cal_of(struct eng *e, uint32_t point)
{
    uint32_t i = e->pt[point].cal;
    return i == KT_NONE ? NULL : &e->cal.v[i];
}

static void write_record(const struct eng *e, const struct cal *c, struct kt_jw *w)
{
    kt_jw_kint(w, "id", (int64_t)c->id);
    eng_jpoint(e, w, "point", c->point);
    kt_jw_kstr(w, "state", c->closed != 0 ? "closed" : c->expired ? "expired" : "open");
    kt_jw_kstr(w, "by", c->by);
    kt_jw_ktext(w, "second", c->second);
    kt_jw_kstr(w, "gas", c->gas);
    kt_jw_ktime(w, "opened", c->opened);
    kt_jw_ktime(w, "until", c->until);
    kt_jw_ktime(w, "closed", c->closed);
    kt_jw_ktime(w, "agreed", c->agreed);
    if (c->has_peak) {
        kt_jw_knum(w, "peak", c->peak);
    }
    kt_jw_ktext(w, "result", c->result);
}

static void say_record(struct eng *e, const struct cal *c, const char *change)
{
    struct kt_jw *w = eng_say(e, "calibration");
    kt_jw_kstr(w, "change", change);
    write_record(e, c, w);
    eng_said(e);
}

void eng_cal_review(struct eng *e, uint32_t point)
{
    struct pt *pt = &e->pt[point];
    struct cal *c = eng_cal_of(e, point);
    bool flag = (pt->bits & PT_DEVICE_CAL) != 0, record = c && !c->expired;
    if (flag && record && c->agreed == 0) {
        c->agreed = e->now;
    }
    eng_set_flag(e, point, KT_FLAG_CALIBRATING, flag && record);
    eng_set_flag(e, point, KT_FLAG_CAL_FLAG_ONLY, flag && !record);
    eng_set_flag(e, point, KT_FLAG_CAL_RECORD_ONLY, !flag && record);
    eng_set_flag(e, point, KT_FLAG_CAL_TOO_LONG, c && c->expired);
    eng_refresh(e, point);
}

void eng_cal_peak(struct eng *e, uint32_t point, double value)
{
    struct cal *c = eng_cal_of(e, point);
    if (c && !isnan(value) && (!c->has_peak || value > c->peak)) {
        c->peak = value;
        c->has_peak = true;
    }
}

static uint32_t count_open(const struct eng *e)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < e->cal.n; i++) {
        n += e->cal.v[i].closed == 0;
    }
    return n;
}

/* Take out the oldest closed record when there are too many; indexes in pt move along. */
static void forget_oldest(struct eng *e)
{
    uint32_t closed = e->cal.n - count_open(e), i = 0;
    if (closed <= ENG_CAL_CLOSED) {
        return;
    }
    while (e->cal.v[i].closed == 0) {
        i++;
    }
    ENG_REMOVE(e->cal, i);
    for (; i < e->cal.n; i++) {
        if (e->cal.v[i].closed == 0) {
            e->pt[e->cal.v[i].point].cal = i;
        }
    }
}

static int may_open(struct eng *e, const struct request *q, uint32_t point, struct kt_err *err)
{
    const struct kt_point *p = &e->site->points[point];
    if (p->kind != KT_POINT_ANALOG || eng_is_own(p->role->id)) {
        return kt_err_set(err, KT_EINVAL, "point: %s is no sensor that is calibrated", p->id);
    }
    if (eng_cal_of(e, point)) {
        return kt_err_set(err, KT_ECONFLICT, "%s has an open calibration already", p->id);
    }
    for (uint32_t i = 0; i < e->cal.n; i++) {
        const struct cal *c = &e->cal.v[i];
        if (c->closed == 0 && strcmp(c->by, q->user) == 0) {
            return kt_err_set(err, KT_ECONFLICT, "%s calibrates %s; one sensor at a time", q->user,
                              e->site->points[c->point].id);
        }
    }
    if (count_open(e) >= ENG_CAL_OPEN) {
        return kt_err_set(err, KT_ELIMIT, "too many calibrations are open");
    }
    return KT_OK;
}

static int arg_minutes(const struct request *q, int64_t *ret, struct kt_err *err)
{
    int r = kt_json_need_int(q->args, "minutes", ret, err);
    if (r == KT_OK && (*ret < 1 || *ret > ENG_CAL_MINUTES)) {
        return kt_err_set(err, KT_EINVAL, "minutes: from 1 to %d", ENG_CAL_MINUTES);
    }
    return r;
}

/* The gas used: its name, or its concentration. */
static int arg_gas(const struct request *q, char gas[ENG_NAME], struct kt_err *err)
{
    double value;
    const char *text = kt_json_str(kt_json_get(q->args, "gas"));
    if (kt_json_num(kt_json_get(q->args, "gas"), &value)) {
        gas[kt_fmt_double(gas, value)] = '\0';
        return KT_OK;
    }
    kt_text_set(gas, ENG_NAME, text);
    return gas[0] ? KT_OK : kt_err_set(err, KT_EINVAL, "gas: which gas is used");
}

int eng_calibration_open(struct eng *e, const struct request *q, struct kt_err *err)
{
    uint32_t point = 0;
    char gas[ENG_NAME] = "";
    int64_t minutes = 0;
    int r = eng_arg_point(e, q, "point", &point, err);
    if (r < 0 || (r = arg_gas(q, gas, err)) < 0 || (r = arg_minutes(q, &minutes, err)) < 0 ||
        (r = may_open(e, q, point, err)) < 0) {
        return r;
    }
    struct cal *c = ENG_PUSH(e->cal);
    e->pt[point].cal = e->cal.n - 1;
    c->id = eng_next_id(e);
    c->point = point;
    c->opened = e->now;
    c->until = e->now + minutes * KT_MIN;
    kt_text_set(c->by, sizeof c->by, q->user);
    kt_text_set(c->gas, sizeof c->gas, gas);
    say_record(e, c, "open");
    kt_jw_kint(q->result, "record", (int64_t)c->id);
    eng_cal_review(e, point);
    eng_band(e, point);
    return KT_OK;
}

static int find_open(struct eng *e, const struct request *q, struct cal **ret, struct kt_err *err)
{
    uint64_t id = 0;
    int r = eng_arg_id(q, "record", &id, err);
    for (uint32_t i = 0; r == KT_OK && i < e->cal.n; i++) {
        if (e->cal.v[i].id == id && e->cal.v[i].closed == 0) {
            *ret = &e->cal.v[i];
            return eng_in_scope(e, q, e->cal.v[i].point, err);
        }
    }
    return r < 0 ? r : kt_err_set(err, KT_ENOTFOUND, "no such calibration is open");
}

int eng_calibration_extend(struct eng *e, const struct request *q, struct kt_err *err)
{
    struct cal *c = NULL;
    int64_t minutes = 0;
    int r = find_open(e, q, &c, err);
    if (r < 0 || (r = arg_minutes(q, &minutes, err)) < 0) {
        return r;
    }
    if (strcmp(c->by, q->user) == 0) {
        return kt_err_set(err, KT_EDENIED, "another person than %s extends it", q->user);
    }
    c->until = e->now + minutes * KT_MIN;
    kt_text_set(c->second, sizeof c->second, q->user);
    c->expired = false;
    say_record(e, c, "extend");
    eng_cal_review(e, c->point);
    eng_band(e, c->point);
    return KT_OK;
}

int eng_calibration_close(struct eng *e, const struct request *q, struct kt_err *err)
{
    struct cal *c = NULL;
    const char *result;
    int r = find_open(e, q, &c, err);
    if (r < 0 || (r = eng_arg_text(q, "result", &result, err)) < 0) {
        return r;
    }
    uint32_t point = c->point;
    c->closed = e->now;
    kt_text_set(c->result, sizeof c->result, result);
    e->pt[point].cal = KT_NONE;
    say_record(e, c, "close");
    forget_oldest(e);
    eng_cal_review(e, point);
    eng_band(e, point);
    return KT_OK;
}

void eng_cal_tick(struct eng *e)
{
    for (uint32_t i = 0; i < e->cal.n; i++) {
        struct cal *c = &e->cal.v[i];
        if (c->closed == 0 && !c->expired && c->until <= e->now) {
            c->expired = true;
            say_record(e, c, "expire");
            eng_cal_review(e, c->point);
            eng_band(e, c->point);
        }
    }
}

void eng_cal_json(const struct eng *e, struct kt_jw *w)
{
    kt_jw_arr(w);
    for (uint32_t i = 0; i < e->cal.n; i++) {
        kt_jw_obj(w);
        write_record(e, &e->cal.v[i], w);
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
}
