/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_DOMAIN_GAS_FORECAST_H
#define KT_DOMAIN_GAS_FORECAST_H
/*
 * forecast: the highest value that a methane sensor will show in the next rows, from what it and
 * its neighbours have shown up to now.
 *
 * A row is one reading of all sensors at even steps (30 s). A forecast at row t is
 *
 *     value(t) + c + Σ w_j input_j(t)
 *
 * a ridge regression (num/ridge.h) whose inputs are of three kinds, all of rows up to t alone:
 *   the sensor itself       now; 1 … 11 rows ago; highest, lowest and mean of its last 3, 6, 12,
 *                           20, 40, 80 rows; slow means of 1 … 300 rows half-life
 *   every other column      now; 1 … 5 rows ago; highest, lowest and mean of 6, 20, 60 rows
 * each but "now" as the difference from now. The strength of the penalty is the one of a fixed list
 * that forecasts best in order of time: the rows are cut into parts, each part is forecast by a fit
 * of the parts before it, and a row whose answer lies in the part to be forecast teaches nothing.
 * The errors of these forecasts are the band: no row of it was used to make its own forecast.
 *
 * A missing value (NAN) is the one before it; at the beginning, the mean of the training rows.
 * Nothing reads ahead: a forecast is the same whether later rows are there or not.
 *
 * Pure and deterministic: same rows, same forecast.   Threads: any; a fitted one is read by many.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { KT_FC_MAX_COLUMNS = 64, KT_FC_MAX_HORIZON = 240, KT_FC_MIN_ROWS = 400 };

struct kt_fc;

/** Rows in order of time, a column a sensor; borrowed. Missing values are NAN. */
struct kt_fc_data {
    const double *const *column; /**< columns arrays of rows numbers; units as the sensors have */
    uint32_t columns;
    size_t rows;
};

/** What the fit is asked for. */
struct kt_fc_task {
    uint32_t sensor;     /**< column that is forecast; never another one's future */
    uint32_t horizon;    /**< how many rows ahead: 1 … KT_FC_MAX_HORIZON */
    const double *truth; /**< the answer of each row, NAN unknown; NULL: kt_fc_truth() */
};

enum kt_fc_kind { KT_FC_NOW, KT_FC_AGO, KT_FC_MAX, KT_FC_MIN, KT_FC_MEAN, KT_FC_SLOW };

/** One input of a fitted forecast, for people who ask why. */
struct kt_fc_input {
    enum kt_fc_kind kind;
    uint32_t column, rows; /**< of which sensor, over how many rows */
    double weight;         /**< change of the forecast by one unit of the input */
    double share;          /**< weight times the spread of the input in training: its part */
};

struct kt_fc_info {
    size_t rows;      /**< that taught */
    uint32_t inputs;  /**< kt_fc_input() takes 0 … inputs - 1 */
    double lambda;    /**< strength of the penalty */
    double check_rms; /**< of the errors in order of time, unit of the sensor */
    size_t check_rows;
};

/** The highest of the next `horizon` rows of a column into ret[rows]; NAN where they are not all
 *  there and known. */
void kt_fc_truth(const double *column, size_t rows, uint32_t horizon, double *ret);
/**
 * @return KT_OK; KT_EINVAL the task names no column or no horizon; KT_ESTATE fewer than
 *         KT_FC_MIN_ROWS rows with an answer; KT_ELIMIT too many rows for the memory (1 GiB)
 */
KT_MUST_CHECK int kt_fc_fit(const struct kt_fc_data *train, const struct kt_fc_task *task,
                            struct kt_fc **ret, struct kt_err *err);
void kt_fc_free(struct kt_fc *f); /**< accepts NULL */
/**
 * A forecast at every row into ret[rows]. The first rows know little of the past: give as many
 * rows before those that matter as there are (1000 are plenty).
 *
 * @return KT_OK; KT_EINVAL not the columns of the fit
 */
KT_MUST_CHECK int kt_fc_predict(const struct kt_fc *f, const struct kt_fc_data *data, double *ret,
                                struct kt_err *err);
/** Where the truth lay around the forecast in `part` (0 … 1) of the checks: add both to it. */
void kt_fc_band(const struct kt_fc *f, double part, double *ret_low, double *ret_high);
struct kt_fc_info kt_fc_info(const struct kt_fc *f);
struct kt_fc_input kt_fc_input(const struct kt_fc *f, uint32_t i);
#endif
