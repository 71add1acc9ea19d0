/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fit: one pass in order of time over the inputs of all rows. Before a part is forecast the
 * equations of the rows before it are solved for every strength of the penalty; what each would
 * have said of the part is compared with what came.
 */
#include "domain/gas/forecast.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "domain/gas/inputs.h"
#include "num/ridge.h"

enum { PARTS = 8, FIRST_PART = 2, STRENGTHS = 9 };

static const double strengths[STRENGTHS] = {0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10};
static const size_t memory_max = (size_t)1 << 30;

struct kt_fc {
    uint32_t columns, sensor, inputs;
    double lambda, offset, check_rms;
    double *weight, *spread; /* a number an input */
    double fill[KT_FC_MAX_COLUMNS];
    size_t rows, errors_n;
    double *errors; /* of the checks, rising */
};

/* The work of a fit. */
struct fit {
    struct kt_fc *f;
    const double *now, *truth; /* of the sensor, without holes; the answers */
    double *inputs;            /* rows by f->inputs */
    size_t rows;
    uint32_t horizon;
    struct kt_ridge *sums;
    size_t added; /* rows that the sums have been through */
    double *weight[STRENGTHS], offset[STRENGTHS];
    double square[STRENGTHS];
    double *errors[STRENGTHS];
    size_t errors_n;
};

static double *numbers(size_t n)
{
    double *p = calloc(n ? n : 1, sizeof(*p));
    KT_ASSERT(p);
    return p;
}

void kt_fc_truth(const double *column, size_t rows, uint32_t horizon, double *ret)
{
    for (size_t i = 0; i < rows; i++) {
        ret[i] = i + horizon < rows ? column[i + 1] : NAN;
        for (uint32_t k = 2; k <= horizon && !isnan(ret[i]); k++) {
            double v = column[i + k];
            ret[i] = isnan(v) || v > ret[i] ? v : ret[i];
        }
    }
}

/* ---- columns without holes ------------------------------------------------------------------- */

static double mean_of(const double *column, size_t rows)
{
    double sum = 0;
    size_t n = 0;
    for (size_t i = 0; i < rows; i++) {
        if (isfinite(column[i])) {
            sum += column[i];
            n++;
        }
    }
    return n ? sum / (double)n : 0;
}

static void free_columns(double **column, uint32_t n)
{
    for (uint32_t c = 0; c < n; c++) {
        free(column[c]);
    }
}

static void fill_columns(const struct kt_fc *f, const struct kt_fc_data *d, double **ret)
{
    for (uint32_t c = 0; c < d->columns; c++) {
        double last = f->fill[c];
        ret[c] = numbers(d->rows);
        for (size_t i = 0; i < d->rows; i++) {
            last = isfinite(d->column[c][i]) ? d->column[c][i] : last;
            ret[c][i] = last;
        }
    }
}

/* ---- the fit --------------------------------------------------------------------------------- */

static const double *row_of(const struct fit *w, size_t i)
{
    return w->inputs + i * w->f->inputs;
}

/* Rows before `end` whose answer is known by then go into the sums. */
static void teach(struct fit *w, size_t end)
{
    for (; w->added + w->horizon < end; w->added++) {
        size_t i = w->added;
        if (isfinite(w->truth[i])) {
            kt_ridge_add(w->sums, row_of(w, i), w->truth[i] - w->now[i]);
        }
    }
}

static double said(const double *weight, double offset, const double *row, uint32_t n)
{
    double v = offset;
    for (uint32_t k = 0; k < n; k++) {
        v += weight[k] * row[k];
    }
    return v;
}

static int check_part(struct fit *w, size_t from, size_t to, struct kt_err *err)
{
    teach(w, from);
    if (kt_ridge_rows(w->sums) < KT_FC_MIN_ROWS / PARTS) {
        return KT_OK; /* nothing to forecast from yet */
    }
    for (int s = 0; s < STRENGTHS; s++) {
        int r = kt_ridge_solve(w->sums, strengths[s], w->weight[s], &w->offset[s], err);
        if (r < 0) {
            return r;
        }
    }
    for (size_t i = from; i < to; i++) {
        if (!isfinite(w->truth[i]) || i + w->horizon >= w->rows) {
            continue;
        }
        for (int s = 0; s < STRENGTHS; s++) {
            double e = w->truth[i] - w->now[i] -
                       said(w->weight[s], w->offset[s], row_of(w, i), w->f->inputs);
            w->square[s] += e * e;
            w->errors[s][w->errors_n] = e;
        }
        w->errors_n++;
    }
    return KT_OK;
}

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void keep_best(struct fit *w)
{
    int best = 0;
    for (int s = 1; s < STRENGTHS; s++) {
        best = w->square[s] < w->square[best] ? s : best;
    }
    w->f->lambda = strengths[best];
    w->f->errors_n = w->errors_n;
    w->f->check_rms = w->errors_n ? sqrt(w->square[best] / (double)w->errors_n) : 0;
    w->f->errors = w->errors[best];
    w->errors[best] = NULL;
    qsort(w->f->errors, w->errors_n, sizeof(double), by_value);
}

/* Spread of each input over the rows that taught, for kt_fc_input(). */
static void spreads(const struct fit *w)
{
    for (uint32_t k = 0; k < w->f->inputs; k++) {
        double first = w->inputs[k], sum = 0, square = 0;
        for (size_t i = 0; i < w->rows; i++) {
            double v = row_of(w, i)[k] - first;
            sum += v;
            square += v * v;
        }
        double mean = sum / (double)w->rows, var = square / (double)w->rows - mean * mean;
        w->f->spread[k] = var > 0 ? sqrt(var) : 0;
    }
}

static int fit_rows(struct fit *w, struct kt_err *err)
{
    for (size_t part = FIRST_PART; part < PARTS; part++) {
        int r = check_part(w, w->rows * part / PARTS, w->rows * (part + 1) / PARTS, err);
        if (r < 0) {
            return r;
        }
    }
    keep_best(w);
    teach(w, w->rows);
    w->f->rows = kt_ridge_rows(w->sums);
    spreads(w);
    return kt_ridge_solve(w->sums, w->f->lambda, w->f->weight, &w->f->offset, err);
}

static void fit_done(struct fit *w)
{
    for (int s = 0; s < STRENGTHS; s++) {
        free(w->weight[s]);
        free(w->errors[s]);
    }
    free(w->inputs);
    kt_ridge_free(w->sums);
}

static int run_fit(struct kt_fc *f, double **filled, const double *truth, size_t rows,
                   uint32_t horizon, struct kt_err *err)
{
    struct fit w = {f, filled[f->sensor], truth, .rows = rows, .horizon = horizon};
    struct gas_inputs in;
    w.inputs = numbers(rows * f->inputs);
    w.sums = kt_ridge_new(f->inputs);
    for (int s = 0; s < STRENGTHS; s++) {
        w.weight[s] = numbers(f->inputs);
        w.errors[s] = numbers(rows);
    }
    gas_inputs_init(&in, (const double *const *)filled, f->columns, f->sensor);
    for (size_t i = 0; i < rows; i++) {
        gas_inputs_next(&in, w.inputs + i * f->inputs);
    }
    int r = fit_rows(&w, err);
    fit_done(&w);
    return r;
}

static size_t known(const double *truth, size_t rows)
{
    size_t n = 0;
    for (size_t i = 0; i < rows; i++) {
        n += isfinite(truth[i]);
    }
    return n;
}

static int check_task(const struct kt_fc_data *d, const struct kt_fc_task *t, struct kt_err *err)
{
    if (d->columns == 0 || d->columns > KT_FC_MAX_COLUMNS || t->sensor >= d->columns) {
        return kt_err_set(err, KT_EINVAL, "a forecast takes 1 to %d columns, its sensor among them",
                          KT_FC_MAX_COLUMNS);
    }
    if (t->horizon < 1 || t->horizon > KT_FC_MAX_HORIZON) {
        return kt_err_set(err, KT_EINVAL, "a forecast looks 1 to %d rows ahead, not %u",
                          KT_FC_MAX_HORIZON, t->horizon);
    }
    if (d->rows > memory_max / sizeof(double) / gas_inputs_count(d->columns)) {
        return kt_err_set(err, KT_ELIMIT, "%zu rows are too many for one fit; take the newest",
                          d->rows);
    }
    return KT_OK;
}

static struct kt_fc *fc_new(const struct kt_fc_data *d, uint32_t sensor)
{
    struct kt_fc *f = calloc(1, sizeof(*f));
    KT_ASSERT(f);
    f->columns = d->columns;
    f->sensor = sensor;
    f->inputs = gas_inputs_count(d->columns);
    f->weight = numbers(f->inputs);
    f->spread = numbers(f->inputs);
    for (uint32_t c = 0; c < d->columns; c++) {
        f->fill[c] = mean_of(d->column[c], d->rows);
    }
    return f;
}

int kt_fc_fit(const struct kt_fc_data *train, const struct kt_fc_task *task, struct kt_fc **ret,
              struct kt_err *err)
{
    int r = check_task(train, task, err);
    if (r < 0) {
        return r;
    }
    double *truth = numbers(train->rows), *filled[KT_FC_MAX_COLUMNS];
    if (task->truth) {
        memcpy(truth, task->truth, train->rows * sizeof(*truth));
    } else {
        kt_fc_truth(train->column[task->sensor], train->rows, task->horizon, truth);
    }
    size_t n = known(truth, train->rows);
    if (n < KT_FC_MIN_ROWS) {
        free(truth);
        return kt_err_set(err, KT_ESTATE, "%zu rows with an answer are too few; a fit wants %d", n,
                          KT_FC_MIN_ROWS);
    }
    struct kt_fc *f = fc_new(train, task->sensor);
    fill_columns(f, train, filled);
    r = run_fit(f, filled, truth, train->rows, task->horizon, err);
    free_columns(filled, train->columns);
    free(truth);
    if (r == KT_OK) {
        *ret = f;
    } else {
        kt_fc_free(f);
    }
    return r;
}

void kt_fc_free(struct kt_fc *f)
{
    if (f) {
        free(f->weight);
        free(f->spread);
        free(f->errors);
        free(f);
    }
}

/* ---- what it says ---------------------------------------------------------------------------- */

int kt_fc_predict(const struct kt_fc *f, const struct kt_fc_data *data, double *ret,
                  struct kt_err *err)
{
    if (data->columns != f->columns) {
        return kt_err_set(err, KT_EINVAL, "the fit had %u columns, these rows have %u", f->columns,
                          data->columns);
    }
    double *filled[KT_FC_MAX_COLUMNS], *row = numbers(f->inputs);
    struct gas_inputs in;
    fill_columns(f, data, filled);
    gas_inputs_init(&in, (const double *const *)filled, f->columns, f->sensor);
    for (size_t i = 0; i < data->rows; i++) {
        gas_inputs_next(&in, row);
        ret[i] = filled[f->sensor][i] + said(f->weight, f->offset, row, f->inputs);
    }
    free_columns(filled, f->columns);
    free(row);
    return KT_OK;
}

/* Between two errors, straight. */
static double quantile(const struct kt_fc *f, double q)
{
    if (f->errors_n == 0) {
        return 0;
    }
    double at = q * (double)(f->errors_n - 1);
    size_t i = at <= 0 ? 0 : (size_t)at;
    i = i + 1 < f->errors_n ? i : f->errors_n - 1;
    double next = f->errors[i + 1 < f->errors_n ? i + 1 : i];
    return f->errors[i] + (at - (double)i) * (next - f->errors[i]);
}

void kt_fc_band(const struct kt_fc *f, double part, double *ret_low, double *ret_high)
{
    *ret_low = quantile(f, (1 - part) / 2);
    *ret_high = quantile(f, (1 + part) / 2);
}

struct kt_fc_info kt_fc_info(const struct kt_fc *f)
{
    return (struct kt_fc_info){f->rows, f->inputs, f->lambda, f->check_rms, f->errors_n};
}

struct kt_fc_input kt_fc_input(const struct kt_fc *f, uint32_t i)
{
    struct kt_fc_input in = gas_inputs_describe(f->columns, f->sensor, i);
    in.weight = f->weight[i];
    in.share = f->weight[i] * f->spread[i];
    return in;
}
