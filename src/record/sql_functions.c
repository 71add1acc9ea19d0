/* SPDX-License-Identifier: Apache-2.0 */
/* sql_functions: functions of the program in SQL of indicators; `arg` is the view of who asks, NULL
 * while a declaration is checked. */
#include "record/flow.h"

#include <stdio.h>

static bool sees_place(const struct rec_view *v, kt_place_id place)
{
    for (uint32_t i = 0; i < v->who->places_n; i++) {
        const char *p = v->who->places[i];
        kt_place_id under = kt_site_place(v->site, kt_str_c(p));
        if (strcmp(p, "*") == 0 ||
            (under.v != KT_NONE && place.v != KT_NONE && kt_site_within(v->site, place, under))) {
            return true;
        }
    }
    return false;
}

static void hist(const struct rec_view *v, const struct kt_db_args *a, enum kt_hist what,
                 struct kt_db_value *ret)
{
    struct kt_err err;
    double is;
    const char *id = kt_arg_text(a, 0);
    kt_point_id p = v && id ? kt_site_point(v->site, kt_str_c(id)) : (kt_point_id){KT_NONE};
    if (p.v == KT_NONE || !v->r->hist || !sees_place(v, v->site->points[p.v].place) ||
        kt_arg_is_null(a, 1) || kt_arg_is_null(a, 2)) {
        return;
    }
    int code = v->r->hist(v->r->hist_arg, id, kt_arg_i64(a, 1) * KT_MS, kt_arg_i64(a, 2) * KT_MS,
                          what, &is, &err);
    if (code == KT_OK) {
        *ret = (struct kt_db_value){.type = KT_COL_REAL, .f = is};
    }
}

static void hist_count(void *arg, const struct kt_db_args *a, struct kt_db_value *ret)
{
    hist(arg, a, KT_HIST_COUNT, ret);
}

static void hist_min(void *arg, const struct kt_db_args *a, struct kt_db_value *ret)
{
    hist(arg, a, KT_HIST_MIN, ret);
}

static void hist_max(void *arg, const struct kt_db_args *a, struct kt_db_value *ret)
{
    hist(arg, a, KT_HIST_MAX, ret);
}

static void hist_sum(void *arg, const struct kt_db_args *a, struct kt_db_value *ret)
{
    hist(arg, a, KT_HIST_SUM, ret);
}

static void hist_mean(void *arg, const struct kt_db_args *a, struct kt_db_value *ret)
{
    hist(arg, a, KT_HIST_MEAN, ret);
}

static void hist_hours(void *arg, const struct kt_db_args *a, struct kt_db_value *ret)
{
    hist(arg, a, KT_HIST_HOURS, ret);
}

/* under(place, of): does the place lie at or below `of`? Everything lies below NULL. */
static void under(void *arg, const struct kt_db_args *a, struct kt_db_value *ret)
{
    const struct rec_view *v = arg;
    const char *place = kt_arg_text(a, 0), *of = kt_arg_text(a, 1);
    bool is = !of;
    if (of && place && v) {
        kt_place_id p = kt_site_place(v->site, kt_str_c(place)),
                    u = kt_site_place(v->site, kt_str_c(of));
        is = p.v != KT_NONE && u.v != KT_NONE && kt_site_within(v->site, p, u);
    }
    *ret = (struct kt_db_value){.type = KT_COL_INT, .i = is};
}

/* day(ms): the site's day of a moment, "2026-11-22". */
static void day(void *arg, const struct kt_db_args *a, struct kt_db_value *ret)
{
    const struct rec_view *v = arg;
    if (!kt_arg_is_null(a, 0)) {
        ret->type = KT_COL_TEXT;
        char text[16];
        rec_day_fmt(rec_day_of(kt_arg_i64(a, 0), v ? v->site->utc_offset_s : 0), text);
        snprintf(ret->text, sizeof ret->text, "%s", text);
    }
}

/* ms(day): the site's midnight at which a day begins. */
static void ms(void *arg, const struct kt_db_args *a, struct kt_db_value *ret)
{
    const struct rec_view *v = arg;
    const char *text = kt_arg_text(a, 0);
    kt_time at;
    if (text && kt_time_parse(kt_str_c(text), v ? v->site->utc_offset_s : 0, &at) == KT_OK) {
        *ret = (struct kt_db_value){.type = KT_COL_INT, .i = at / KT_MS};
    }
}

const struct kt_db_function flow_functions[] = {{"hist_count", 3, hist_count},
                                                {"hist_min", 3, hist_min},
                                                {"hist_max", 3, hist_max},
                                                {"hist_sum", 3, hist_sum},
                                                {"hist_mean", 3, hist_mean},
                                                {"hist_hours", 3, hist_hours},
                                                {"under", 2, under},
                                                {"day", 1, day},
                                                {"ms", 1, ms}};
const uint32_t flow_functions_n = KT_ARRAY_LEN(flow_functions);
