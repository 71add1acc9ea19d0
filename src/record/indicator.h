/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_RECORD_INDICATOR_H
#define KT_RECORD_INDICATOR_H
/*
 * indicator: what indicator.c (asking and answering) and indicator_target.c (functions for SQL,
 * targets, forecast, status) share.   Threads: a view belongs to one.
 */
#include "record/flow.h"

struct ind_number {
    bool is;
    double v;
};
/* A setting in force; time 0: its default. */
struct ind_set {
    double value;
    int64_t time;
    char by[80], note[1024];
};
struct ind_target {
    struct ind_number value;
    int64_t record;
    char responsible[80];
};
/* One indicator for one person, period and place. */
struct ind_ask {
    struct rec_view *v;
    const struct rec_indicator *d;
    const struct ind_set *set; /* of each setting */
    int64_t from_ms, to_ms, at_ms;
    const char *place; /* NULL: all */
    struct ind_target target;
};
struct ind_measure {
    struct ind_number numerator, denominator, value;
};

/** The indicator of this id that the person of the view may see; KT_ENOTFOUND. */
KT_MUST_CHECK int ind_find(const struct rec_view *v, const char *id,
                           const struct rec_indicator **ret, struct kt_err *err);
/** `set` has room for each setting. */
KT_MUST_CHECK int ind_ask(struct rec_view *v, const struct rec_indicator *d,
                          const struct kt_indicator_query *q, struct ind_set *set,
                          struct ind_ask *ret, struct kt_err *err);
/** Bind what SQL of an indicator may name. */
void ind_bind(struct kt_stmt *st, const struct ind_ask *a, int64_t to_ms);
void ind_put(struct kt_jw *w, const char *key, const struct ind_number *n);
KT_MUST_CHECK int ind_settings(struct rec_view *v, const struct rec_indicator *d, int64_t at_ms,
                               struct ind_set *ret, struct kt_err *err);
/** The value over [from, to_ms). */
KT_MUST_CHECK int ind_measure(const struct ind_ask *a, int64_t to_ms, struct ind_measure *ret,
                              struct kt_err *err);
/**
 * The target that holds: of the same period when one is asked for, else the one whose period `at`
 * is in, which then is the period asked for; without one the month of `at`.
 */
KT_MUST_CHECK int ind_target(struct ind_ask *a, struct kt_err *err);
/** The value at the end of the period: least squares through the values at the ends of up to six
 *  days before `at`. Not known with fewer than two of them, or when the period is over. */
KT_MUST_CHECK int ind_forecast(const struct ind_ask *a, struct ind_number *ret, struct kt_err *err);
/**
 * on, behind, missed, unknown. After the period: reached or not. Within: by the forecast; without
 * one a count is held against the part of the target that is due by now, a ratio against all of it.
 */
const char *ind_status(const struct ind_ask *a, const struct ind_number *value,
                       const struct ind_number *forecast);
#endif
