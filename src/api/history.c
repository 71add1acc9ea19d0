/* SPDX-License-Identifier: Apache-2.0 */
/* Trends: buckets that keep every spike, raw samples. The export is in export.c. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/long_answer.h"
#include "sys/thread.h"

enum { POINTS_MAX = 200, BUCKETS_MAX = 20000, RAW_MAX = 100000 };
/* Points that are answered before what is there is put aside. */
enum { CELLS_MOST = 1 << 17, RAW_MOST = 16 };

struct column {
    const char *name;
    enum { COL_TIME, COL_MIN, COL_MAX, COL_MEAN, COL_LAST, COL_COUNT, COL_QUALITY } what;
};

static char *put_number(char *to, struct again *a, double v)
{
    return isfinite(v) ? put_value(to, a, v) : put_text(to, "null", 4);
}

static char *put_quality(char *to, kt_quality q)
{
    const char *text = kt_quality_id(q);
    *to++ = '"';
    to = put_text(to, text, strlen(text));
    *to++ = '"';
    return to;
}

static char *put_cell(char *to, const struct kt_bucket *b, int what, struct again *a)
{
    if (what == COL_TIME) {
        return to + kt_fmt_int(to, b->start / KT_MS);
    }
    if (what == COL_COUNT) {
        return to + kt_fmt_int(to, (int64_t)b->count);
    }
    if (what == COL_QUALITY) {
        return put_quality(to, b->worst);
    }
    if (b->count == 0) {
        return put_text(to, "null", 4);
    }
    if (what == COL_MEAN && isfinite(b->sum)) {
        return to + kt_fmt_near(to, b->sum / (double)b->count);
    }
    return put_number(to, a,
                      what == COL_MIN    ? b->min
                      : what == COL_MAX  ? b->max
                      : what == COL_LAST ? b->last
                                         : b->sum);
}

static void write_column(struct kt_jw *w, const struct column *c, const struct kt_bucket *b,
                         uint32_t n)
{
    struct again a = {0};
    kt_jw_key(w, c->name);
    kt_jw_arr(w);
    char *to = kt_jw_room(w, (size_t)n * CELL + CELL);
    if (to) {
        for (uint32_t i = 0; i < n; i++) {
            to = put_cell(to, &b[i], (int)c->what, &a);
            *to++ = ',';
        }
        kt_jw_wrote(w, to - (n > 0));
    }
    kt_jw_arr_end(w);
}

static void write_buckets(struct kt_jw *w, const struct kt_bucket *b, uint32_t n)
{
    static const struct column columns[] = {
        {"t", COL_TIME},    {"min", COL_MIN},     {"max", COL_MAX},        {"mean", COL_MEAN},
        {"last", COL_LAST}, {"count", COL_COUNT}, {"quality", COL_QUALITY}};
    for (size_t k = 0; k < KT_ARRAY_LEN(columns); k++) {
        write_column(w, &columns[k], b, n);
    }
}

struct raw {
    uint32_t n;
    kt_time *time;
    double *value;
    kt_quality *quality;
};

static bool take_raw(void *arg, kt_time time, double value, kt_quality q, kt_time arrival)
{
    struct raw *r = arg;
    (void)arrival;
    if (r->n == RAW_MAX) {
        return false;
    }
    r->time[r->n] = time;
    r->value[r->n] = value;
    r->quality[r->n++] = q;
    return true;
}

static void write_raw(struct kt_jw *w, const struct raw *r)
{
    static const char *const names[] = {"t", "v", "q"};
    for (int k = 0; k < (int)KT_ARRAY_LEN(names); k++) {
        struct again a = {0};
        kt_jw_key(w, names[k]);
        kt_jw_arr(w);
        char *to = kt_jw_room(w, (size_t)r->n * CELL + CELL), *begin = to;
        for (uint32_t i = 0; to && i < r->n; i++) {
            to = k == 0   ? to + kt_fmt_int(to, r->time[i] / KT_MS)
                 : k == 1 ? put_number(to, &a, r->value[i])
                          : put_quality(to, r->quality[i]);
            *to++ = ',';
        }
        if (to) {
            kt_jw_wrote(w, to - (to > begin));
        }
        kt_jw_arr_end(w);
    }
    kt_jw_kbool(w, "cut", r->n == RAW_MAX);
}

/* What was asked, of both histories or of the embedded one alone. */
static int fetch(struct kt_history *h, const struct kt_point *p, kt_time from, kt_time to,
                 uint32_t n, bool local, void *room, struct kt_err *err)
{
    struct raw *raw = room;
    if (n) {
        return (local ? kt_history_buckets_local : kt_history_buckets)(h, p->id, from, to, n, room,
                                                                       err);
    }
    raw->n = 0;
    return (local ? kt_history_scan_local : kt_history_scan)(h, p->id, from, to, take_raw, raw,
                                                             err);
}

static bool is_away(int r)
{
    return r == KT_EIO || r == KT_ETIMEOUT || r == KT_EAUTH;
}

/* Of the part that the long history answers: where it ends and how exact it is, or why it is not
 * there. */
static void write_old(struct kt_jw *w, kt_time border, kt_time to, const char *away)
{
    kt_jw_key(w, "old");
    kt_jw_obj(w);
    kt_jw_kint(w, "before", (border < to ? border : to) / KT_MS);
    kt_jw_kint(w, "resolution_ms", 1);
    kt_jw_kint(w, "digits", 12);
    kt_jw_ktext(w, "away", away);
    kt_jw_obj_end(w);
}

static int one_point(struct call *c, const struct kt_point *p, kt_time from, kt_time to, uint32_t n,
                     void *room, struct kt_jw *w, struct kt_err *err)
{
    struct kt_history *h = kt_runtime_history(c->api->opts.runtime);
    struct kt_err why = {0};
    kt_time border = kt_history_border(h, p->id);
    int r = fetch(h, p, from, to, n, false, room, &why);
    bool away = border > from && is_away(r);
    if (away) { /* what is here is shown all the same, and said to be a part */
        r = fetch(h, p, from, to, n, true, room, err);
    } else if (r < 0) {
        *err = why;
    }
    if (r < 0 && r != KT_ENOTFOUND) {
        return r;
    }
    kt_jw_obj(w);
    kt_jw_kstr(w, "id", p->id);
    kt_jw_kstr(w, "name", p->name.zh);
    kt_jw_kstr(w, "unit", p->unit);
    if (n) {
        write_buckets(w, room, n);
    } else {
        write_raw(w, room);
    }
    if (border > from) {
        write_old(w, border, to, away ? why.text : "");
    }
    kt_jw_obj_end(w);
    return KT_OK;
}

/* Some of the points asked for, which another thread may answer. */
struct part {
    struct call *c;
    const kt_point_id *points;
    uint32_t points_n, n;
    kt_time from, to;
    void *room; /* buckets or raw */
    struct kt_jw *w;
    int r;
    struct kt_err err;
};

static void part_run(void *arg)
{
    struct part *a = arg;
    for (uint32_t i = 0; a->r == KT_OK && i < a->points_n; i++) {
        const struct kt_point *p = &a->c->site->points[a->points[i].v];
        a->r = one_point(a->c, p, a->from, a->to, a->n, a->room, a->w, &a->err);
    }
}

static void *make_room(struct call *c, uint32_t n)
{
    if (n) {
        return KT_NEW_ARRAY(c->arena, struct kt_bucket, n);
    }
    struct raw *r = KT_NEW(c->arena, struct raw);
    r->time = KT_NEW_ARRAY(c->arena, kt_time, RAW_MAX);
    r->value = KT_NEW_ARRAY(c->arena, double, RAW_MAX);
    r->quality = KT_NEW_ARRAY(c->arena, kt_quality, RAW_MAX);
    return r;
}

/* All that is asked for, in order. */
static int all_points(const struct part *whole, struct kt_err *err)
{
    enum { HALVED = 8, SIDES = 1 };
    struct part a = *whole, b = *whole;
    struct kt_side side;
    struct kt_buf later;
    kt_buf_init(&later, 0);
    struct kt_jw later_w = kt_jw_init(&later);
    bool two = whole->points_n >= HALVED;
    a.points_n = two ? (whole->points_n + 1) / 2 : whole->points_n;
    a.room = make_room(whole->c, whole->n);
    if (two) {
        b.points_n -= a.points_n;
        b.points += a.points_n;
        b.room = make_room(whole->c, whole->n);
        b.w = &later_w;
        kt_side_begin(&side, &whole->c->api->sides, SIDES, part_run, &b);
    }
    part_run(&a);
    if (two) {
        kt_side_end(&side);
    }
    const struct part *bad = a.r < 0 ? &a : b.r < 0 ? &b : NULL;
    if (bad) {
        *err = bad->err;
    } else if (later.n) {
        kt_jw_raw(whole->w, (struct kt_str){later.p, later.n});
    }
    kt_buf_done(&later);
    return bad ? bad->r : KT_OK;
}

bool history_span(struct call *c, kt_time *ret_from, kt_time *ret_to)
{
    kt_time now = kt_runtime_now(c->api->opts.runtime);
    if (!query_time(c, "to", now, ret_to) || !query_time(c, "from", *ret_to - KT_HOUR, ret_from)) {
        return false;
    }
    if (*ret_from >= *ret_to) {
        reply_code(c->req, KT_EINVAL, "\"from\" lies before \"to\"");
        return false;
    }
    return true;
}

void get_history(struct call *c)
{
    kt_time from, to;
    int64_t n;
    uint32_t points_n;
    struct kt_err err = {0};
    kt_point_id *points = KT_NEW_ARRAY(c->arena, kt_point_id, POINTS_MAX);
    const char *ids = kt_http_query(c->req, "points");
    if (!ids) {
        reply_code(c->req, KT_EINVAL, "name points=ID,ID");
        return;
    }
    if (!history_span(c, &from, &to) || !query_int(c, "buckets", 0, BUCKETS_MAX, 500, &n) ||
        !points_list(c, ids, points, POINTS_MAX, &points_n)) {
        return;
    }
    if (n > (to - from) / KT_MS) {
        n = (to - from) / KT_MS;
    }
    struct long_answer answer = {.c = c};
    kt_buf_init(&answer.text, 0);
    struct kt_jw w = kt_jw_init(&answer.text);
    kt_jw_obj(&w);
    kt_jw_kint(&w, "from", from / KT_MS);
    kt_jw_kint(&w, "to", to / KT_MS);
    kt_jw_key(&w, "points");
    kt_jw_arr(&w);
    struct part whole = {.c = c, .n = (uint32_t)n, .from = from, .to = to, .w = &w};
    uint32_t most = n ? (uint32_t)(CELLS_MOST / n + 1) : RAW_MOST;
    int r = KT_OK;
    for (uint32_t i = 0; r == KT_OK && i < points_n; i += whole.points_n) {
        whole.points = points + i;
        whole.points_n = points_n - i < most ? points_n - i : most;
        r = all_points(&whole, &err);
        if (r == KT_OK && !long_answer_goes_on(&answer)) {
            break;
        }
    }
    kt_jw_arr_end(&w);
    kt_jw_obj_end(&w);
    long_answer_end(&answer, r, "application/json", &err);
}
