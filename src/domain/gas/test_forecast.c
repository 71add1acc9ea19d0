/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/gas/forecast.h"

#include <math.h>

#include "domain/gas/inputs.h"
#include "unit.h"

enum { ROWS = 3000 };

static struct kt_err err;
static double gas[ROWS], fan[ROWS], copy[ROWS], out[ROWS], again[ROWS];

static double uniform(uint64_t *seed)
{
    return (double)(unit_rand(seed) >> 11) / 9007199254740992.0 - 0.5;
}

/* Methane follows what the airflow was eight rows before: the airflow tells its future. */
static void make_rows(uint64_t seed)
{
    for (int i = 0; i < ROWS; i++) {
        fan[i] = (i / 50) % 2 ? 2.0 : 1.5;
        double flow = i >= 8 ? fan[i - 8] : 1.5;
        double last = i ? gas[i - 1] : 0.8;
        gas[i] = last + 0.1 * (1.6 / flow - last) + 0.02 * uniform(&seed);
    }
}

static struct kt_fc *fitted(size_t rows, const double *truth)
{
    const double *columns[] = {fan, gas};
    struct kt_fc_data d = {columns, 2, rows};
    struct kt_fc_task t = {1, 6, truth};
    struct kt_fc *f = NULL;
    CHECK_OK(kt_fc_fit(&d, &t, &f, &err), &err);
    return f;
}

static void truth_is_the_highest_of_the_next_rows(void)
{
    static const double v[] = {5, 1, 3, 2, NAN, 4, 1, 0};
    double t[8];
    kt_fc_truth(v, 8, 2, t);
    CHECK_NEAR(t[0], 3, 0);
    CHECK_NEAR(t[1], 3, 0);
    CHECK(isnan(t[2]) && isnan(t[3]));
    CHECK_NEAR(t[4], 4, 0);
    CHECK_NEAR(t[5], 1, 0);
    CHECK(isnan(t[6]) && isnan(t[7]));
    kt_fc_truth(v, 8, 20, t);
    CHECK(isnan(t[0]));
}

static double rms(const double *forecast, const double *truth, size_t from, size_t to)
{
    double sum = 0;
    size_t n = 0;
    for (size_t i = from; i < to; i++) {
        if (!isnan(truth[i])) {
            sum += (truth[i] - forecast[i]) * (truth[i] - forecast[i]);
            n++;
        }
    }
    return sqrt(sum / (double)n);
}

static void learns_what_a_neighbour_tells(void)
{
    double truth[ROWS], low, high;
    const double *columns[] = {fan, gas};
    make_rows(11);
    kt_fc_truth(gas, ROWS, 6, truth);
    struct kt_fc *f = fitted(2000, NULL);
    REQUIRE(f);
    struct kt_fc_data d = {columns, 2, ROWS};
    CHECK_OK(kt_fc_predict(f, &d, out, &err), &err);
    double own = rms(out, truth, 2000, ROWS), still = rms(gas, truth, 2000, ROWS);
    CHECK(own < 0.5 * still);
    struct kt_fc_info info = kt_fc_info(f);
    CHECK_INT(info.rows, 2000 - 6);
    CHECK_NEAR(info.check_rms, own, 0.5 * own);
    kt_fc_band(f, 0.9, &low, &high);
    size_t inside = 0;
    for (size_t i = 2000; i < ROWS - 6; i++) {
        inside += truth[i] >= out[i] + low && truth[i] <= out[i] + high;
    }
    CHECK(inside > 800 && inside < 980);
    kt_fc_free(f);
}

/* Everything behind a row may change without any effect on its forecast; nor do rows whose answer
 * lies behind the end of the training teach anything. */
static void nothing_reads_ahead(void)
{
    make_rows(5);
    struct kt_fc *f = fitted(2000, NULL);
    REQUIRE(f);
    const double *columns[] = {fan, gas}, *changed[] = {fan, copy};
    struct kt_fc_data d = {columns, 2, ROWS}, c = {changed, 2, ROWS};
    CHECK_OK(kt_fc_predict(f, &d, out, &err), &err);
    memcpy(copy, gas, sizeof(copy));
    for (int i = 2500; i < ROWS; i++) {
        copy[i] = 99;
    }
    CHECK_OK(kt_fc_predict(f, &c, again, &err), &err);
    CHECK(memcmp(out, again, 2500 * sizeof(*out)) == 0);
    CHECK(fabs(out[2500] - again[2500]) > 1);
    double truth[ROWS];
    kt_fc_truth(gas, ROWS, 6, truth);
    for (int i = 1994; i < 2000; i++) {
        truth[i] = 1e6; /* lies in the rows that are not there yet */
    }
    struct kt_fc *g = fitted(2000, truth);
    REQUIRE(g);
    CHECK_OK(kt_fc_predict(g, &d, again, &err), &err);
    CHECK(memcmp(out, again, sizeof(out)) == 0);
    kt_fc_free(f);
    kt_fc_free(g);
}

static void holes_are_what_stood_before(void)
{
    make_rows(3);
    struct kt_fc *f = fitted(ROWS, NULL);
    REQUIRE(f);
    const double *holes[] = {fan, copy}, *full[] = {fan, again};
    memcpy(copy, gas, sizeof(copy));
    memcpy(again, gas, sizeof(copy));
    for (int i = 700; i < 720; i++) {
        copy[i] = NAN;
        again[i] = gas[699];
    }
    struct kt_fc_data h = {holes, 2, ROWS}, g = {full, 2, ROWS};
    CHECK_OK(kt_fc_predict(f, &h, out, &err), &err);
    CHECK_OK(kt_fc_predict(f, &g, again, &err), &err);
    CHECK(memcmp(out, again, sizeof(out)) == 0);
    copy[0] = NAN; /* before the first value: the mean of training, so a number */
    CHECK_OK(kt_fc_predict(f, &h, out, &err), &err);
    CHECK(isfinite(out[0]));
    kt_fc_free(f);
}

static void each_input_is_what_it_is_called(void)
{
    enum { N = 200 };
    static double a[N], b[N], row[400];
    const double *columns[] = {a, b};
    uint64_t seed = 4;
    struct gas_inputs in;
    for (int i = 0; i < N; i++) {
        a[i] = uniform(&seed);
        b[i] = uniform(&seed);
    }
    gas_inputs_init(&in, columns, 2, 1);
    for (int i = 0; i < N; i++) {
        gas_inputs_next(&in, row);
    }
    for (uint32_t i = 0; i < gas_inputs_count(2); i++) {
        struct kt_fc_input d = gas_inputs_describe(2, 1, i);
        const double *c = columns[d.column];
        double now = c[N - 1], high = now, low = now, sum = 0;
        for (uint32_t k = 0; k < d.rows && d.kind != KT_FC_SLOW; k++) {
            high = fmax(high, c[N - 1 - k]);
            low = fmin(low, c[N - 1 - k]);
            sum += c[N - 1 - k];
        }
        double want = d.kind == KT_FC_NOW    ? now
                      : d.kind == KT_FC_AGO  ? c[N - 1 - d.rows] - now
                      : d.kind == KT_FC_MAX  ? high - now
                      : d.kind == KT_FC_MIN  ? low - now
                      : d.kind == KT_FC_MEAN ? sum / d.rows - now
                                             : row[i];
        CHECK_NEAR(row[i], want, 1e-12);
    }
}

static void mistakes_are_named(void)
{
    const double *columns[] = {fan, gas};
    struct kt_fc_data d = {columns, 2, 300};
    struct kt_fc_task t = {1, 6, NULL};
    struct kt_fc *f = NULL;
    make_rows(1);
    CHECK_INT(kt_fc_fit(&d, &t, &f, &err), KT_ESTATE);
    d.rows = ROWS;
    t.sensor = 2;
    CHECK_INT(kt_fc_fit(&d, &t, &f, &err), KT_EINVAL);
    t.sensor = 1;
    t.horizon = 0;
    CHECK_INT(kt_fc_fit(&d, &t, &f, &err), KT_EINVAL);
    CHECK(f == NULL);
    f = fitted(ROWS, NULL);
    REQUIRE(f);
    d.columns = 1;
    CHECK_INT(kt_fc_predict(f, &d, out, &err), KT_EINVAL);
    kt_fc_free(f);
    kt_fc_free(NULL);
}

UNIT_MAIN({"truth is the highest of the next rows", truth_is_the_highest_of_the_next_rows},
          {"learns what a neighbour tells", learns_what_a_neighbour_tells},
          {"nothing reads ahead", nothing_reads_ahead},
          {"holes are what stood before", holes_are_what_stood_before},
          {"each input is what it is called", each_input_is_what_it_is_called},
          {"mistakes are named", mistakes_are_named})
