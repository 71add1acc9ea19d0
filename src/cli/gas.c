/* SPDX-License-Identifier: Apache-2.0 */
/* kuangtu gas: methane some minutes ahead, learned from one ARFF file, tried on another (forecast);
 * a plan of drainage and use by month (drain). */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "cli/cli.h"
#include "conf/arff.h"
#include "conf/number.h"
#include "domain/gas/drain.h"
#include "domain/gas/forecast.h"
#include "sys/file.h"

enum { BEST = 12 };
#define FILE_MAX ((size_t)512 << 20)

static const struct kt_option options[] = {
    {"train", "A.arff", "rows to learn from, in order of time"},
    {"test", "B.arff", "rows to forecast: each from rows before it alone"},
    {"sensor", "NAME", "attribute to forecast (default: the one that has a NAME_pred)"},
    {"target", "NAME", "attribute with the answers (default: SENSOR_pred; without: computed)"},
    {"horizon", "ROWS", "how many rows ahead the highest value is sought (default: 6)"},
    {"band", "PERCENT", "part of the truths that the band should hold (default: 90)"},
    {"judge", NULL, "drain: judge the plan that the case has, make no better one"},
    {NULL, NULL, NULL},
};

/* A file as columns. */
struct rows {
    struct kt_arena *arena;
    struct kt_buf text;
    struct kt_arff *head;
    double *column[KT_ARFF_MAX_COLUMNS];
    size_t n;
};

struct job {
    const struct kt_args *args;
    struct rows train, test;
    int sensor, target; /* attributes of train; target -1: computed */
    uint32_t horizon;
    double band; /* part of 1 */
    uint32_t inputs, sensor_input;
    int input[KT_FC_MAX_COLUMNS]; /* attributes of train that may be known */
    double *truth, *forecast;     /* of the test's rows */
    double low, high;
    struct kt_fc *fc;
};

struct score {
    size_t rows;
    double rmse, persistence, inside;
};

/* ---- reading --------------------------------------------------------------------------------- */

static void add_row(struct rows *t, const double *v, size_t *cap)
{
    uint32_t columns = kt_arff_columns(t->head);
    if (t->n == *cap) {
        *cap = *cap ? *cap * 2 : 1024;
        for (uint32_t c = 0; c < columns; c++) {
            t->column[c] = realloc(t->column[c], *cap * sizeof(double));
            KT_ASSERT(t->column[c]);
        }
    }
    for (uint32_t c = 0; c < columns; c++) {
        t->column[c][t->n] = v[c];
    }
    t->n++;
}

static int read_rows(struct rows *t, const char *path, struct kt_err *err)
{
    double v[KT_ARFF_MAX_COLUMNS];
    size_t cap = 0;
    t->arena = kt_arena_new(0);
    kt_buf_init(&t->text, FILE_MAX);
    int r = kt_file_read(path, FILE_MAX, &t->text, err);
    if (r == KT_OK) {
        r = kt_arff_open(t->arena, (struct kt_str){t->text.p, t->text.n}, path, &t->head, err);
    }
    while (r == KT_OK && (r = kt_arff_next(t->head, v, err)) == 1) {
        add_row(t, v, &cap);
        r = KT_OK;
    }
    if (r == KT_OK && t->n == 0) {
        r = kt_err_set(err, KT_EPARSE, "%s has no rows after @DATA", path);
    }
    return r;
}

static void rows_done(struct rows *t)
{
    for (int c = 0; c < KT_ARFF_MAX_COLUMNS; c++) {
        free(t->column[c]);
    }
    kt_buf_done(&t->text);
    kt_arena_free(t->arena);
}

/* ---- which attribute is what ----------------------------------------------------------------- */

/* The attribute whose future this one tells by its name, X_pred; -1: none. */
static int foretold(const struct kt_arff *head, int attribute)
{
    struct kt_str s = kt_arff_name(head, (uint32_t)attribute);
    char name[256];
    if (s.n <= 5 || s.n >= sizeof(name) || strncasecmp(s.p + s.n - 5, "_pred", 5) != 0) {
        return -1;
    }
    snprintf(name, sizeof(name), "%.*s", (int)(s.n - 5), s.p);
    return kt_arff_column(head, name);
}

static int named(const struct rows *t, const char *path, const char *name, int *ret,
                 struct kt_err *err)
{
    int c = kt_arff_column(t->head, name);
    if (c < 0) {
        return kt_err_set(err, KT_EINVAL, "%s has no attribute \"%s\"", path, name);
    }
    *ret = c;
    return KT_OK;
}

static int choose_sensor(struct job *j, const char *path, struct kt_err *err)
{
    const char *sensor = kt_arg(j->args, "sensor"), *target = kt_arg(j->args, "target");
    int columns = (int)kt_arff_columns(j->train.head), r = KT_OK;
    j->sensor = j->target = -1;
    if (sensor) {
        r = named(&j->train, path, sensor, &j->sensor, err);
    }
    if (target && r == KT_OK) {
        r = named(&j->train, path, target, &j->target, err);
    }
    for (int c = 0; c < columns && r == KT_OK; c++) {
        int of = foretold(j->train.head, c);
        if (of >= 0 && j->sensor < 0 && (!target || c == j->target)) {
            j->sensor = of;
        }
        if (of >= 0 && of == j->sensor && !target) {
            j->target = c;
        }
    }
    if (r == KT_OK && (j->sensor < 0 || j->sensor == j->target)) {
        r = kt_err_set(err, KT_EINVAL,
                       "%s does not say what to forecast; name an attribute with --sensor", path);
    }
    return r;
}

/* Every attribute but those that know the future. */
static int choose_inputs(struct job *j, struct kt_err *err)
{
    for (int c = 0; c < (int)kt_arff_columns(j->train.head); c++) {
        if (c == j->target || foretold(j->train.head, c) >= 0) {
            continue;
        }
        if (j->inputs == KT_FC_MAX_COLUMNS) {
            return kt_err_set(err, KT_ELIMIT, "more than %d attributes to learn from",
                              KT_FC_MAX_COLUMNS);
        }
        if (c == j->sensor) {
            j->sensor_input = j->inputs;
        }
        j->input[j->inputs++] = c;
    }
    return KT_OK;
}

/* The columns of `t` that are the inputs by name, and the one of the target (-1: none). */
static int match(struct job *j, const struct rows *t, const char *path, const double **ret_column,
                 int *ret_target, struct kt_err *err)
{
    char name[256];
    for (uint32_t i = 0; i < j->inputs; i++) {
        struct kt_str s = kt_arff_name(j->train.head, (uint32_t)j->input[i]);
        int c = -1;
        snprintf(name, sizeof(name), "%.*s", (int)s.n, s.p);
        int r = named(t, path, name, &c, err);
        if (r < 0) {
            return r;
        }
        ret_column[i] = t->column[c];
    }
    *ret_target = -1;
    if (j->target >= 0) {
        struct kt_str s = kt_arff_name(j->train.head, (uint32_t)j->target);
        snprintf(name, sizeof(name), "%.*s", (int)s.n, s.p);
        *ret_target = kt_arff_column(t->head, name);
    }
    return KT_OK;
}

static int numbers_given(struct job *j, struct kt_err *err)
{
    const char *horizon = kt_arg(j->args, "horizon"), *band = kt_arg(j->args, "band");
    int64_t n = 6;
    double percent = 90;
    if ((horizon && kt_integer_parse(kt_str_c(horizon), &n) < 0) || n < 1 ||
        n > KT_FC_MAX_HORIZON) {
        return kt_err_set(err, KT_EINVAL, "--horizon is a whole number of rows from 1 to %d",
                          KT_FC_MAX_HORIZON);
    }
    if ((band && kt_number_parse(kt_str_c(band), &percent) < 0) || percent <= 0 || percent >= 100) {
        return kt_err_set(err, KT_EINVAL, "--band is a number of percent between 0 and 100");
    }
    j->horizon = (uint32_t)n;
    j->band = percent / 100;
    return KT_OK;
}

/* ---- the work -------------------------------------------------------------------------------- */

static int learn(struct job *j, const char *path, struct kt_err *err)
{
    const double *column[KT_FC_MAX_COLUMNS];
    int target;
    int r = match(j, &j->train, path, column, &target, err);
    struct kt_fc_data data = {column, j->inputs, j->train.n};
    struct kt_fc_task task = {j->sensor_input, j->horizon,
                              target >= 0 ? j->train.column[target] : NULL};
    return r < 0 ? r : kt_fc_fit(&data, &task, &j->fc, err);
}

static int look_ahead(struct job *j, const char *path, struct kt_err *err)
{
    const double *column[KT_FC_MAX_COLUMNS];
    int target;
    int r = match(j, &j->test, path, column, &target, err);
    if (r < 0) {
        return r;
    }
    struct kt_fc_data data = {column, j->inputs, j->test.n};
    j->truth = calloc(j->test.n, sizeof(double));
    j->forecast = calloc(j->test.n, sizeof(double));
    KT_ASSERT(j->truth && j->forecast);
    if (target >= 0) {
        memcpy(j->truth, j->test.column[target], j->test.n * sizeof(double));
    } else {
        kt_fc_truth(column[j->sensor_input], j->test.n, j->horizon, j->truth);
    }
    kt_fc_band(j->fc, j->band, &j->low, &j->high);
    return kt_fc_predict(j->fc, &data, j->forecast, err);
}

static const double *sensor_of_test(const struct job *j)
{
    char name[256];
    struct kt_str s = kt_arff_name(j->train.head, (uint32_t)j->sensor);
    snprintf(name, sizeof(name), "%.*s", (int)s.n, s.p);
    return j->test.column[kt_arff_column(j->test.head, name)];
}

/* Over the rows whose answer and present value are known. */
static struct score score_of(const struct job *j)
{
    struct score s = {0};
    const double *now = sensor_of_test(j);
    double own = 0, still = 0;
    size_t inside = 0;
    for (size_t i = 0; i < j->test.n; i++) {
        double e = j->truth[i] - j->forecast[i], stay = j->truth[i] - now[i];
        if (isfinite(e) && isfinite(stay)) {
            own += e * e;
            still += stay * stay;
            inside += e >= j->low && e <= j->high;
            s.rows++;
        }
    }
    if (s.rows) {
        s.rmse = sqrt(own / (double)s.rows);
        s.persistence = sqrt(still / (double)s.rows);
        s.inside = (double)inside / (double)s.rows;
    }
    return s;
}

/* ---- saying it ------------------------------------------------------------------------------- */

static void print_rows(const struct job *j)
{
    static const char *const columns[] = {"row", "now", "forecast", "low", "high", "truth"};
    const double *now = sensor_of_test(j);
    struct kt_table *t = kt_table_new(j->args->format, columns, 6);
    for (size_t i = 0; i < j->test.n; i++) {
        double v[] = {now[i], j->forecast[i], j->forecast[i] + j->low, j->forecast[i] + j->high,
                      j->truth[i]};
        kt_table_num(t, (double)(i + 1));
        for (size_t k = 0; k < KT_ARRAY_LEN(v); k++) {
            char text[32] = "";
            if (isfinite(v[k])) {
                snprintf(text, sizeof(text), "%.4f", v[k]);
            }
            kt_table_cell(t, text);
        }
    }
    kt_table_end(t);
}

static int by_share(const void *a, const void *b)
{
    const struct kt_fc_input *x = a, *y = b;
    double p = fabs(x->share), q = fabs(y->share);
    return p != q ? (p < q) - (p > q) : (x->column > y->column) - (x->column < y->column);
}

static void json_inputs(const struct job *j, struct kt_jw *w)
{
    static const char *const kinds[] = {"now", "ago", "max", "min", "mean", "slow"};
    uint32_t n = kt_fc_info(j->fc).inputs;
    struct kt_fc_input *in = calloc(n, sizeof(*in));
    KT_ASSERT(in);
    for (uint32_t i = 0; i < n; i++) {
        in[i] = kt_fc_input(j->fc, i);
    }
    qsort(in, n, sizeof(*in), by_share);
    kt_jw_key(w, "inputs");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < n && i < BEST; i++) {
        kt_jw_obj(w);
        kt_jw_key(w, "attribute");
        kt_jw_strn(w, kt_arff_name(j->train.head, (uint32_t)j->input[in[i].column]));
        kt_jw_kstr(w, "kind", kinds[in[i].kind]);
        kt_jw_kint(w, "rows", in[i].rows);
        kt_jw_knum(w, "weight", in[i].weight);
        kt_jw_knum(w, "share", in[i].share);
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
    free(in);
}

static void print_json(const struct job *j, const struct score *s)
{
    struct kt_buf b;
    struct kt_fc_info info = kt_fc_info(j->fc);
    kt_buf_init(&b, 1 << 20);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_knum(&w, "rmse", s->rmse);
    kt_jw_knum(&w, "persistence", s->persistence);
    kt_jw_kint(&w, "rows", (int64_t)s->rows);
    kt_jw_kint(&w, "taught", (int64_t)info.rows);
    kt_jw_kint(&w, "horizon", j->horizon);
    kt_jw_knum(&w, "lambda", info.lambda);
    kt_jw_knum(&w, "check_rmse", info.check_rms);
    kt_jw_key(&w, "band");
    kt_jw_obj(&w);
    kt_jw_knum(&w, "part", j->band);
    kt_jw_knum(&w, "low", j->low);
    kt_jw_knum(&w, "high", j->high);
    kt_jw_knum(&w, "inside", s->inside);
    kt_jw_obj_end(&w);
    json_inputs(j, &w);
    kt_jw_obj_end(&w);
    printf("%s\n", kt_buf_cstr(&b));
    kt_buf_done(&b);
}

static int work(struct job *j, const char *train, const char *test, struct kt_err *err)
{
    int r = numbers_given(j, err);
    if (r == KT_OK) {
        r = read_rows(&j->train, train, err);
    }
    if (r == KT_OK) {
        r = read_rows(&j->test, test, err);
    }
    if (r == KT_OK) {
        r = choose_sensor(j, train, err);
    }
    if (r == KT_OK) {
        r = choose_inputs(j, err);
    }
    if (r == KT_OK) {
        r = learn(j, train, err);
    }
    return r == KT_OK ? look_ahead(j, test, err) : r;
}

static int forecast(const struct kt_args *a)
{
    const char *train = kt_arg(a, "train"), *test = kt_arg(a, "test");
    if (!train || !test) {
        return kt_usage(a, "forecast wants --train A.arff and --test B.arff");
    }
    struct job *j = calloc(1, sizeof(*j));
    struct kt_err err = {0};
    KT_ASSERT(j);
    j->args = a;
    struct score s = {0};
    int r = work(j, train, test, &err);
    if (r == KT_OK) {
        s = score_of(j);
        bool figure = a->format != KT_FORMAT_CSV; /* rows are forecast without answers, too */
        r = s.rows || !figure
                ? KT_OK
                : kt_err_set(&err, KT_EINVAL,
                             "%s: no row has both an answer and a present value of the sensor",
                             test);
    }
    int code = r < 0 ? kt_fail(a, &err) : KT_EXIT_OK;
    if (code == KT_EXIT_OK) {
        if (a->format == KT_FORMAT_CSV) {
            print_rows(j);
        } else if (a->format == KT_FORMAT_JSON) {
            print_json(j, &s);
        } else {
            printf("rmse %.4f\n", s.rmse);
        }
    }
    kt_fc_free(j->fc);
    rows_done(&j->train);
    rows_done(&j->test);
    free(j->truth);
    free(j->forecast);
    free(j);
    return code;
}

/* ---- drainage -------------------------------------------------------------------------------- */

enum { DRAIN_MAX = 64 << 20, SOLVE_S = 60 };

static void print_plan(const struct kt_args *a, const struct kt_drain *d, const struct kt_buf *json)
{
    static const char *const columns[] = {"month", "kind", "id", "pure_m3"};
    if (a->format == KT_FORMAT_JSON) {
        printf("%.*s\n", (int)json->n, json->p);
        return;
    }
    struct kt_table *t = kt_table_new(a->format, columns, KT_ARRAY_LEN(columns));
    for (uint32_t m = 0; m < d->months_n; m++) {
        for (uint32_t i = 0; i < d->sources_n + d->users_n; i++) {
            bool user = i >= d->sources_n;
            uint32_t k = user ? i - d->sources_n : i;
            kt_table_cell(t, d->month[m].id);
            kt_table_cell(t, user ? "user" : "source");
            kt_table_cell(t, user ? d->user[k].id : d->source[k].id);
            kt_table_num(t, (user ? d->used : d->drawn)[k * d->months_n + m]);
        }
    }
    kt_table_end(t);
}

static int drain(const struct kt_args *a)
{
    struct kt_arena *arena = kt_arena_new((size_t)1 << 30);
    struct kt_buf text, out;
    struct kt_json *in = NULL;
    struct kt_drain *d = NULL;
    struct kt_err err = {0};
    kt_buf_init(&text, DRAIN_MAX);
    kt_buf_init(&out, DRAIN_MAX);
    int r = kt_file_read(a->pos[1], DRAIN_MAX, &text, &err);
    r = r == KT_OK ? kt_json_parse((struct kt_str){text.p, text.n}, DRAIN_MAX, &in, &err) : r;
    r = r == KT_OK ? kt_drain_read(in, arena, &d, &err) : r;
    if (r == KT_OK && !kt_arg(a, "judge")) {
        r = kt_drain_solve(d, SOLVE_S, arena, &err);
    }
    if (r == KT_OK) {
        struct kt_jw w = kt_jw_init(&out);
        kt_drain_write(d, &w);
        print_plan(a, d, &out);
    }
    kt_json_free(in);
    kt_buf_done(&text);
    kt_buf_done(&out);
    kt_arena_free(arena);
    return r < 0 ? kt_fail(a, &err) : KT_EXIT_OK;
}

static int run(const struct kt_args *a)
{
    if (a->pos_n == 2 && strcmp(a->pos[0], "drain") == 0) {
        return drain(a);
    }
    if (a->pos_n != 1 || strcmp(a->pos[0], "forecast") != 0) {
        return kt_usage(a, "what about gas? There is: forecast, and drain with a case");
    }
    return forecast(a);
}

const struct kt_verb kt_verb_gas = {
    .name = "gas",
    .usage = "forecast --train A.arff --test B.arff | drain CASE.json",
    .summary = "methane some minutes ahead; a plan of drainage and use",
    .help =
        "Learns the highest value of a methane sensor in the next rows from the rows of A and\n"
        "forecasts each row of B from B's rows up to it. An attribute NAME_pred holds answers:\n"
        "it is compared with, never learned from as an input. Prints the root of the mean square\n"
        "error over B; --format csv prints every row with its band, --format json what the\n"
        "forecast is made of. How it is made: docs/solvers.md.\n\n"
        "  kuangtu gas forecast --train march.arff --test april.arff\n"
        "  kuangtu gas forecast --train march.arff --test april.arff --format csv\n\n"
        "drain makes the best plan of drainage and use by month of stations, boreholes, zones and\n"
        "users, or judges the one that the case has (--judge). Where a zone cannot be down in "
        "time\n"
        "it says why. Fields of the case: docs/solvers.md.\n\n"
        "  kuangtu gas drain case.json --format json\n",
    .options = options,
    .run = run,
};
