/* SPDX-License-Identifier: Apache-2.0 */
#include "history/long_answer.h"

#include <math.h>

#include "sys/file.h"
#include "unit.h"

static struct kt_err err;

struct seen {
    int n;
    kt_time time[16];
    double value[16];
    kt_quality quality[16];
};

static bool take(void *arg, kt_time time, double value, kt_quality q, kt_time arrival)
{
    struct seen *s = arg;
    CHECK_INT(arrival, 0);
    if (s->n == 16) {
        return false;
    }
    s->time[s->n] = time;
    s->value[s->n] = value;
    s->quality[s->n++] = q;
    return true;
}

#define LINE(name, values, times)                                                                  \
    "{\"metric\":{\"__name__\":\"kuangtu_" name                                                    \
    "\",\"site\":\"s\",\"point\":\"p\"},\"values\":[" values "],\"timestamps\":[" times "]}\n"

static int read_export(const char *text, kt_time from, kt_time to, struct seen *s)
{
    struct long_answer a = {0};
    *s = (struct seen){0};
    int r = long_answer_export(kt_str_c(text), &a, &err);
    if (r == KT_OK) {
        long_answer_walk(&a, from, to, take, s);
    }
    long_answer_done(&a);
    return r;
}

static void joins_values_and_qualities(void)
{
    struct seen s;
    CHECK_OK(read_export(LINE("value", "1.5,2,3", "1000,2000,3000") LINE(
                             "quality", "65,131,133", "2000,2500,4000") LINE("bad", "9.5", "2500"),
                         0, INT64_MAX, &s),
             &err);
    CHECK_INT(s.n, 5);
    CHECK_INT(s.quality[0], KT_Q_NORMAL);
    CHECK_INT(s.quality[1], KT_Q_CALIBRATION);
    CHECK_INT(s.quality[2], KT_Q_BROKEN);
    CHECK_NEAR(s.value[2], 9.5, 0);
    CHECK_INT(s.time[3], 3000 * KT_MS);
    CHECK_INT(s.quality[4], KT_Q_STALE); /* a bad one without a value */
    CHECK(isnan(s.value[4]));
}

static void each_once_and_in_order(void)
{
    struct seen s;
    CHECK_OK(read_export(LINE("value", "3,1,1,2", "3000,1000,1000,1000") LINE("value", "1", "1000"),
                         0, INT64_MAX, &s),
             &err);
    CHECK_INT(s.n, 3);
    CHECK_NEAR(s.value[0], 1, 0);
    CHECK_NEAR(s.value[1], 2, 0);
    CHECK_NEAR(s.value[2], 3, 0);
    CHECK_OK(read_export(LINE("value", "3,1,2", "3000,1000,2000"), 2000 * KT_MS, 3000 * KT_MS, &s),
             &err);
    CHECK_INT(s.n, 1);
    CHECK_NEAR(s.value[0], 2, 0);
}

static void refuses_what_is_no_export(void)
{
    struct seen s;
    CHECK_INT(read_export(LINE("value", "1,2", "1000"), 0, 1, &s), KT_EPARSE);
    CHECK_INT(read_export(LINE("value", "1", "9300000000000"), 0, 1, &s), KT_EPARSE);
    CHECK_INT(read_export("<html>", 0, 1, &s), KT_EPARSE);
    CHECK_OK(read_export(LINE("else", "1", "1000"), 0, INT64_MAX, &s), &err);
    CHECK_INT(s.n, 0);
}

#define SERIES(f, values) "{\"metric\":{\"f\":\"" f "\"},\"values\":[" values "]}"
#define KNOWN(a)                                                                                   \
    SERIES("min", a)                                                                               \
    "," SERIES("max", a) "," SERIES("sum", a) "," SERIES("last", a) "," SERIES(                    \
        "tmin", a) "," SERIES("tmax", a) "," SERIES("tlast", a)
#define MATRIX(series) "{\"status\":\"success\",\"data\":{\"result\":[" series "]}}"

static void figures_fall_into_their_buckets(void)
{
    struct kt_bucket list[3] = {0};
    CHECK_OK(long_answer_rollup(KT_STR(MATRIX(SERIES("count", "[1.999,\"2\"]") "," KNOWN(
                                    "[1.999,\"1.25\"]") "," SERIES("worst", "[2.999,\"131\"]"))),
                                0, KT_SEC, 3, list, &err),
             &err);
    CHECK_INT(list[0].count, 0);
    CHECK_INT(list[1].count, 2);
    CHECK_NEAR(list[1].last, 1.25, 0);
    CHECK_INT(list[1].max_time, 1250 * KT_MS);
    CHECK_INT(list[2].worst, KT_Q_BROKEN);
}

static void half_an_answer_is_none(void)
{
    struct kt_bucket list[2] = {{.count = 7}, {.count = 7}};
    CHECK_INT(long_answer_rollup(KT_STR(MATRIX(SERIES("count", "[0.999,\"2\"]"))), 0, KT_SEC, 2,
                                 list, &err),
              KT_EPARSE);
    CHECK_INT(long_answer_rollup(KT_STR("{\"status\":\"error\",\"error\":\"too many\"}"), 0, KT_SEC,
                                 2, list, &err),
              KT_EPARSE);
    CHECK(strstr(err.text, "too many"));
    CHECK_INT(long_answer_rollup(KT_STR(MATRIX(SERIES("worst", "[0.5,\"2\"]"))), 0, KT_SEC, 2, list,
                                 &err),
              KT_EPARSE);
    CHECK_INT(list[0].count, 7);
}

/* ---- the border ---- */

static void border_is_kept(void)
{
    char dir[200];
    struct kt_history *h;
    const kt_time march = INT64_C(1772323200) * KT_SEC; /* 2026-03-01 */
    CHECK_OK(kt_dir_temp("kt-history-long", dir, sizeof(dir), &err), &err);
    struct kt_history_opts o = {.dir = dir};
    struct kt_long_opts lo = {"http://127.0.0.1:9", "", "", "s", "", "", "", ""};
    struct kt_long *l = kt_long_new(&lo);
    for (int again = 0; again < 2; again++) {
        const int days[3] = {730, 365, 31};
        CHECK_OK(kt_history_open(&o, &h, &err), &err);
        struct kt_history_point key = {"K", 0, 0}, plain = {"N", 0, 1};
        CHECK_OK(kt_history_declare(h, (kt_point_id){0}, &key, &err), &err);
        CHECK_OK(kt_history_declare(h, (kt_point_id){1}, &plain, &err), &err);
        if (!again) {
            const uint32_t p[2] = {0, 1};
            const kt_time t[2] = {march - KT_DAY, march - KT_DAY};
            const double v[2] = {1, 2};
            struct kt_samples s = {2, p, t, v, NULL};
            CHECK_OK(kt_history_add(h, 1, 0, &s, &err), &err);
            CHECK_OK(kt_history_seal(h, march, true, &err), &err);
            kt_history_long(h, l);
            CHECK_OK(kt_history_hand_over(h, march + 60 * KT_DAY, 31, &err), &err);
            CHECK_INT(kt_history_border(h, "N"), INT64_MIN); /* written just now: it stays */
            CHECK_OK(kt_history_retain(h, march + 500 * KT_DAY, days, &err), &err);
        }
        kt_history_long(h, l);
        CHECK_INT(kt_history_border(h, "K"), INT64_MIN);
        CHECK_INT(kt_history_border(h, "N"), march);
        struct kt_bucket b[4];
        CHECK_OK(kt_history_buckets(h, "K", march - 2 * KT_DAY, march, 4, b, &err), &err);
        CHECK_INT(b[2].count, 1);
        CHECK(kt_history_buckets(h, "N", march - 2 * KT_DAY, march, 4, b, &err) < 0); /* away */
        CHECK_OK(kt_history_buckets(h, "N", march, march + KT_DAY, 4, b, &err), &err);
        kt_history_close(h);
    }
    kt_long_free(l);
    kt_dir_remove(dir);
}

UNIT_MAIN({"values and qualities are joined", joins_values_and_qualities},
          {"each sample once, in order", each_once_and_in_order},
          {"what is no export is refused", refuses_what_is_no_export},
          {"figures fall into their buckets", figures_fall_into_their_buckets},
          {"half an answer is none", half_an_answer_is_none},
          {"the border outlives a restart, key points stay", border_is_kept})
