/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /points/{id}/forecast: the highest value of the next three minutes, learned from the point's
 * own last day (domain/gas/forecast.h). For the eye alone: it raises nothing, clears nothing, and
 * no rule, guard or interlock knows of it.
 */
#include <math.h>
#include <string.h>

#include "api/handlers.h"
#include "domain/gas/forecast.h"

enum { ROWS = 2880, STEP_S = 30, AHEAD = 6 };
#define HELD 0.9 /* of the truths that the band held when it was tried */

struct forecast {
    struct call *c;
    const struct kt_point *point;
    double *row, *out;
    size_t n; /* rows from the first known one on */
    kt_time now;
    struct kt_fc *fc;
};

/* One row a step of 30 s, by the highest sample in it: what is sought is a highest value. */
static int read_rows(struct forecast *f, struct kt_err *err)
{
    struct kt_bucket *b = KT_NEW_ARRAY(f->c->arena, struct kt_bucket, ROWS);
    kt_time to = f->now / (STEP_S * KT_SEC) * (STEP_S * KT_SEC);
    int r = kt_runtime_figures(f->c->api->opts.runtime, f->point->id,
                               to - (kt_time)ROWS * STEP_S * KT_SEC, to, ROWS, b, err);
    uint32_t first = 0;
    while (r == KT_OK && first < ROWS && b[first].count == 0) {
        first++;
    }
    f->row = KT_NEW_ARRAY(f->c->arena, double, ROWS);
    f->out = KT_NEW_ARRAY(f->c->arena, double, ROWS);
    for (uint32_t i = first; r == KT_OK && i < ROWS; i++) {
        f->row[f->n++] = b[i].count ? b[i].max : (double)NAN;
    }
    return r;
}

/* Nothing is told ahead of a sensor that has told nothing for a minute. */
static int predict(struct forecast *f, struct kt_err *err)
{
    const double *column[] = {f->row};
    struct kt_fc_data data = {column, 1, f->n};
    struct kt_fc_task task = {0, AHEAD, NULL};
    if (f->n < 2 || (isnan(f->row[f->n - 1]) && isnan(f->row[f->n - 2]))) {
        return kt_err_set(err, KT_ESTATE, "%s has told nothing for a minute", f->point->id);
    }
    int r = kt_fc_fit(&data, &task, &f->fc, err);
    return r == KT_OK ? kt_fc_predict(f->fc, &data, f->out, err) : r;
}

static void answer(const struct forecast *f, const struct kt_err *why)
{
    struct kt_buf out;
    double low = (double)NAN, high = (double)NAN, value = (double)NAN;
    if (f->fc && !why->code) {
        kt_fc_band(f->fc, HELD, &low, &high);
        value = f->out[f->n - 1];
    }
    kt_buf_init(&out, 4096);
    struct kt_jw w = kt_jw_init(&out);
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "point", f->point->id);
    kt_jw_kstr(&w, "unit", f->point->role->unit);
    kt_jw_kint(&w, "at", f->now / KT_MS);
    kt_jw_kint(&w, "until", (f->now + AHEAD * STEP_S * KT_SEC) / KT_MS);
    kt_jw_knum(&w, "value", value);
    kt_jw_knum(&w, "low", isnan(value) ? value : fmax(0, value + low));
    kt_jw_knum(&w, "high", value + high);
    kt_jw_knum(&w, "held", HELD);
    kt_jw_kint(&w, "rows", (int64_t)f->n);
    kt_jw_kstr(&w, "text", why->code ? why->text : "");
    kt_jw_obj_end(&w);
    reply_buf(f->c, 200, &out);
}

void get_forecast(struct call *c)
{
    kt_point_id p = kt_site_point(c->site, kt_str_c(c->param[0]));
    if (p.v == KT_NONE || !may_see(c, c->site->points[p.v].place)) {
        reply_code(c->req, KT_ENOTFOUND, "there is no point \"%s\"", c->param[0]);
        return;
    }
    struct forecast *f = KT_NEW(c->arena, struct forecast);
    struct kt_err err = {0};
    f->c = c;
    f->point = &c->site->points[p.v];
    f->now = kt_runtime_now(c->api->opts.runtime);
    if (strcmp(f->point->role->group, "gas") != 0 || f->point->kind != KT_POINT_ANALOG) {
        reply_code(c->req, KT_EINVAL, "%s is no methane sensor", c->param[0]);
        return;
    }
    int r = read_rows(f, &err);
    r = r == KT_OK ? predict(f, &err) : r;
    if (r == KT_OK) {
        err.code = 0;
    }
    answer(f, &err);
    kt_fc_free(f->fc);
}
