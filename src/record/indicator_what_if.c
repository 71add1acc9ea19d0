/* SPDX-License-Identifier: Apache-2.0 */
/*
 * indicator_what_if: which records would bring a count or a share to its target, each adding one to
 * the numerator, in the order that the pack gives them. Exact: whole counts, no rounding.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "record/indicator.h"
#include "record/reading.h"

enum { CANDIDATES_MAX = 2000, WHY_MAX = 200 };

struct candidate {
    int64_t id;
    char why[WHY_MAX];
};

static bool reaches(const struct ind_ask *a, const struct ind_measure *m, double target, double n)
{
    double have = m->numerator.v + n;
    switch (a->d->value) {
    case REC_RATIO_PERCENT:
        return have * 100 >= target * m->denominator.v;
    case REC_RATIO:
        return have >= target * m->denominator.v;
    default:
        return have >= target;
    }
}

/* How many more are needed; -1: it cannot be said. */
static double needed(const struct ind_ask *a, const struct ind_measure *m,
                     const struct ind_number *target)
{
    double scale = a->d->value == REC_RATIO_PERCENT ? 100 : 1;
    double of = a->d->value == REC_NUMERATOR ? 1 : m->denominator.v;
    if (!target->is || !m->value.is || a->d->lower_is_better) {
        return -1;
    }
    double n = fmax(0, ceil(target->v * of / scale - m->numerator.v) - 1);
    while (!reaches(a, m, target->v, n) && n < 1e9) {
        n++;
    }
    return n;
}

static int find_candidates(const struct ind_ask *a, struct candidate *c, uint32_t *ret_n,
                           struct kt_err *err)
{
    struct kt_stmt *st;
    uint32_t n = 0;
    int code = view_sql(a->v, a->d->what_if_sql, flow_functions, flow_functions_n, &st, err);
    if (code < 0) {
        return code;
    }
    ind_bind(st, a, a->to_ms);
    while (n < CANDIDATES_MAX && (code = kt_stmt_step(st, err)) > 0) {
        c[n].id = kt_col_i64(st, 0);
        snprintf(c[n].why, sizeof(c[n].why), "%s", kt_col_is_null(st, 1) ? "" : kt_col_text(st, 1));
        n++;
    }
    kt_stmt_done(st);
    *ret_n = n;
    return code < 0 ? code : KT_OK;
}

static void write_figures(const struct ind_ask *a, const struct ind_measure *m,
                          const struct ind_number *target, uint32_t there, struct kt_jw *w)
{
    double n = needed(a, m, target);
    struct ind_number want = {n >= 0, n}, would = {m->value.is && n >= 0, 0};
    double scale = a->d->value == REC_RATIO_PERCENT ? 100 : 1;
    double of = a->d->value == REC_NUMERATOR ? 1 : m->denominator.v;
    would.v = would.is ? (m->numerator.v + n) * scale / of : 0;
    ind_put(w, "value", &m->value);
    ind_put(w, "numerator", &m->numerator);
    ind_put(w, "denominator", &m->denominator);
    ind_put(w, "target", target);
    ind_put(w, "needed", &want);
    ind_put(w, "would_be", &would);
    kt_jw_key(w, "reachable");
    if (n >= 0) {
        kt_jw_bool(w, n <= there);
    } else {
        kt_jw_null(w);
    }
}

static int write_candidates(const struct ind_ask *a, const struct candidate *c, uint32_t n,
                            struct kt_jw *w, struct kt_err *err)
{
    int code = view_need(a->v, a->d->what_if, err);
    kt_jw_key(w, "candidates");
    kt_jw_arr(w);
    for (uint32_t i = 0; code == KT_OK && i < n; i++) {
        bool seen;
        kt_jw_obj(w);
        kt_jw_key(w, "record");
        kt_jw_obj(w);
        code = item_named(a->v, a->d->what_if, c[i].id, w, &seen, err);
        kt_jw_obj_end(w);
        kt_jw_kstr(w, "why", c[i].why);
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
    return code;
}

static int what_if(struct rec_view *v, const struct rec_indicator *d,
                   const struct kt_indicator_query *q, const double *target, struct kt_jw *w,
                   struct kt_err *err)
{
    struct ind_set *set = calloc(d->settings_n + 1, sizeof *set);
    struct candidate *c = calloc(CANDIDATES_MAX, sizeof *c);
    struct ind_measure m = {0};
    struct ind_ask a;
    uint32_t n = 0;
    KT_ASSERT(set && c);
    int code = d->what_if == KT_NONE
                   ? kt_err_set(err, KT_ENOTFOUND, "%s says not what would change it", d->id)
                   : ind_ask(v, d, q, set, &a, err);
    code = code < 0 ? code : ind_measure(&a, a.to_ms, &m, err);
    code = code < 0 ? code : find_candidates(&a, c, &n, err);
    if (code == KT_OK) {
        struct ind_number goal = target ? (struct ind_number){true, *target} : a.target.value;
        kt_jw_obj(w);
        kt_jw_kstr(w, "id", d->id);
        kt_jw_kint(w, "from", a.from_ms);
        kt_jw_kint(w, "to", a.to_ms);
        kt_jw_kstr(w, "register", d->what_if_register);
        write_figures(&a, &m, &goal, n, w);
        code = write_candidates(&a, c, n, w, err);
        kt_jw_obj_end(w);
    }
    free(c);
    free(set);
    return code;
}

int kt_room_what_if(struct kt_room *r, const struct kt_reader *who, const char *id,
                    const struct kt_indicator_query *q, const double *target, struct kt_buf *out,
                    struct kt_err *err)
{
    struct rec_view v;
    const struct rec_indicator *d;
    int code = view_open(r, who, q->at, q->at, &v, err);
    if (code < 0) {
        return code;
    }
    struct kt_jw w = kt_jw_init(out);
    code = ind_find(&v, id, &d, err);
    code = code < 0 ? code : what_if(&v, d, q, target, &w, err);
    view_close(&v);
    return code;
}
