/* SPDX-License-Identifier: Apache-2.0 */
/*
 * writer_alarms: what happened in an interval: YCBJ, a record when an alarm begins, when it ends,
 * and when somebody has recorded its cause and measure; one each for a calibration's beginning and
 * end. The same id, kind and beginning: the later record is the fuller one. KGBH, the changes of
 * what is on or off.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "conf/json.h"
#include "link/minefile/writer.h"

struct entry { /* a record of YCBJ */
    kt_point_id point;
    const char *kind;
    kt_time from, to, told; /* to 0: not over */
    double peak;            /* NAN: of the history */
    bool low;               /* the peak is a lowest value */
    const char *cause, *measure, *by;
    kt_time entered; /* cause and measure; 0: not yet */
};

static kt_point_id point_of(const struct writer *w, const struct kt_json *v)
{
    kt_point_id p = kt_site_point(w->site, kt_str_c(kt_json_get_str(v, "point", "")));
    return p.v != KT_NONE && writer_goes_up(&w->site->points[p.v]) ? p : (kt_point_id){KT_NONE};
}

static void time_field(const struct writer *w, struct kt_buf *b, kt_time t)
{
    char when[24];
    writer_field(w, b, t ? kt_time_fmt_local(t, w->site->utc_offset_s, when) : "");
}

/* Extremes and mean of a measured value while it lasted. */
static int put_figures(const struct writer *w, const struct entry *e, struct kt_buf *b,
                       struct kt_err *err)
{
    const struct kt_point *p = &w->site->points[e->point.v];
    const double none = (double)NAN;
    struct kt_bucket k = {.count = 0};
    kt_time to = e->to ? e->to : e->told;
    int r = KT_OK;
    if (p->kind == KT_POINT_ANALOG && to > e->from && strcmp(e->kind, "007") != 0) {
        r = kt_runtime_figures(w->rt, p->id, e->from, to, 1, &k, err);
        r = r == KT_ENOTFOUND ? KT_OK : r;
    }
    bool high = !e->low && !(e->peak < k.max); /* what raised it may have been stored nowhere */
    writer_number(w, b, !k.count || (high && !isnan(e->peak)) ? e->peak : k.max);
    time_field(w, b, k.count ? k.max_time : 0);
    writer_number(w, b, !k.count ? none : e->low ? fmin(e->peak, k.min) : k.min);
    time_field(w, b, k.count ? k.min_time : 0);
    writer_number(w, b, k.count ? k.sum / (double)k.count : none);
    return r;
}

static int put_entry(const struct writer *w, const struct entry *e, struct kt_buf *b,
                     struct kt_err *err)
{
    const struct kt_point *p = &w->site->points[e->point.v];
    writer_field(w, b, minefile_code(w->codes, e->point));
    writer_field(w, b, p->role->title.zh);
    writer_field(w, b, writer_place(w, p));
    writer_field(w, b, p->unit);
    writer_field(w, b, e->kind);
    time_field(w, b, e->from);
    time_field(w, b, e->to);
    int r = put_figures(w, e, b, err);
    writer_field(w, b, e->cause);
    writer_field(w, b, e->measure);
    time_field(w, b, e->entered);
    writer_field(w, b, e->by);
    writer_last_time(w, b, e->told);
    return r;
}

/* Kinds: 001 alarm, 002 cut, 003 feed fault, 004 broken, 007 calibration, 008 over range. */
static const char *kind_of(const char *category, const char *rule)
{
    return !strcmp(category, "cut")           ? "002"
           : !strcmp(category, "feed")        ? "003"
           : !strcmp(rule, "core.over-range") ? "008"
           : !strcmp(category, "fault")       ? "004"
                                              : "001";
}

static struct entry alarm_entry(const struct writer *w, const struct kt_json *a, kt_time told)
{
    return (struct entry){
        .point = point_of(w, a),
        .kind = kind_of(kt_json_get_str(a, "category", ""), kt_json_get_str(a, "rule", "")),
        .from = kt_json_get_time(a, "raised"),
        .to = kt_json_get_time(a, "cleared"),
        .told = told,
        .peak = kt_json_get_num(a, "peak", (double)NAN),
        .low = kt_json_get_num(a, "peak", 0) < kt_json_get_num(a, "limit", -INFINITY),
        .cause = "", /* with the record of the response */
        .measure = "",
        .by = kt_json_get_str(a, "by", "")};
}

/* The newest word of an alarm from `since` until `told`, of raises alone with `raise`; NULL: none
 * in the journal. Its time in *ret_at. */
static struct kt_json *newest_word(const struct writer *w, int64_t id, kt_time since, kt_time told,
                                   bool raise, kt_time *ret_at)
{
    struct kt_journal *j = kt_runtime_journal(w->rt);
    struct kt_journal_reader *r;
    struct kt_json *found = NULL;
    struct kt_event ev;
    struct kt_err aside;
    kt_seq first;
    if (kt_journal_find(j, NULL, since, &first, &aside) < 0 || !first ||
        kt_journal_read(j, NULL, first, &r, &aside) < 0) {
        return NULL;
    }
    while (kt_journal_next_of(r, 1u << KT_EV_OUTCOME, &ev, &aside) == 1 && ev.time <= told) {
        struct kt_json *a = NULL;
        if (memmem(ev.body.p, ev.body.n, "\"type\":\"alarm\"", 14) &&
            kt_json_parse(ev.body, 1 << 20, &a, NULL) == KT_OK &&
            kt_json_get_int(a, "id", 0) == id &&
            (!raise || strcmp(kt_json_get_str(a, "change", ""), "raise") == 0)) {
            kt_json_free(found);
            found = a;
            *ret_at = ev.time;
            a = NULL;
        }
        kt_json_free(a);
    }
    kt_journal_reader_free(r);
    return found;
}

/* An alarm that came again before anybody acknowledged it is one occurrence; a record is of one of
 * its standings, with that one's beginning and peak. */
static struct entry standing_entry(const struct writer *w, const struct kt_json *a, kt_time told)
{
    struct entry e = alarm_entry(w, a, told);
    kt_time at = e.from;
    if (kt_json_get_int(a, "raises", 1) > 1) {
        bool raised = strcmp(kt_json_get_str(a, "change", ""), "raise") == 0;
        struct kt_json *raise =
            raised ? NULL : newest_word(w, kt_json_get_int(a, "id", 0), e.from, told, true, &at);
        at = raised ? told : at;
        if (at > e.from) {
            e.peak = e.to ? (double)NAN : kt_json_get_num(raise ? raise : a, "value", (double)NAN);
            e.from = at;
        }
        kt_json_free(raise);
    }
    return e;
}

static int put_measure(const struct writer *w, const struct kt_json *card, kt_time told,
                       struct kt_buf *b, struct kt_err *err)
{
    kt_time at;
    struct kt_json *a = newest_word(w, kt_json_get_int(card, "alarm", 0),
                                    kt_json_get_time(card, "opened"), told, false, &at);
    int r = KT_OK;
    if (a) {
        struct entry e = standing_entry(w, a, told);
        e.cause = kt_json_get_str(card, "text", "");
        e.measure = kt_json_get_str(card, "measure", "");
        e.by = kt_json_get_str(card, "by", "");
        e.entered = told;
        r = put_entry(w, &e, b, err);
    }
    kt_json_free(a);
    return r;
}

static int put_calibration(const struct writer *w, const struct kt_json *v, kt_time told,
                           struct kt_buf *b, struct kt_err *err)
{
    struct entry e = {.point = point_of(w, v),
                      .kind = "007",
                      .from = kt_json_get_time(v, "opened"),
                      .to = kt_json_get_time(v, "closed"),
                      .told = told,
                      .peak = kt_json_get_num(v, "peak", (double)NAN),
                      .cause = kt_json_get_str(v, "gas", ""),
                      .measure = kt_json_get_str(v, "result", ""),
                      .by = kt_json_get_str(v, "by", "")};
    return put_entry(w, &e, b, err);
}

/* 1: a record was put. */
static int put_outcome(const struct writer *w, const struct kt_json *v, kt_time told,
                       struct kt_buf *b, struct kt_err *err)
{
    const char *type = kt_json_get_str(v, "type", ""), *change = kt_json_get_str(v, "change", "");
    int r = 0;
    if (point_of(w, v).v == KT_NONE) {
        return 0;
    }
    if (!strcmp(type, "alarm") && (!strcmp(change, "raise") || !strcmp(change, "clear"))) {
        struct entry e = standing_entry(w, v, told);
        r = put_entry(w, &e, b, err);
    } else if (!strcmp(type, "card") && !strcmp(change, "measure")) {
        r = put_measure(w, v, told, b, err);
    } else if (!strcmp(type, "calibration") &&
               (!strcmp(change, "open") || !strcmp(change, "close"))) {
        r = put_calibration(w, v, told, b, err);
    } else {
        return 0;
    }
    return r < 0 ? r : 1;
}

static int take(const struct writer *w, const struct kt_event *ev, struct kt_buf *b,
                struct kt_err *err)
{
    static const char *const types[] = {"\"type\":\"alarm\"", "\"type\":\"card\"",
                                        "\"type\":\"calibration\""};
    struct kt_json *v = NULL;
    bool wanted = false;
    for (size_t i = 0; i < KT_ARRAY_LEN(types); i++) {
        wanted = wanted || memmem(ev->body.p, ev->body.n, types[i], strlen(types[i]));
    }
    if (!wanted || kt_json_parse(ev->body, 1 << 20, &v, NULL) < 0) {
        return 0;
    }
    int r = put_outcome(w, v, ev->time, b, err);
    kt_json_free(v);
    return r;
}

int writer_alarms(struct writer *w, kt_time from, kt_time to, struct kt_err *err)
{
    struct kt_buf b;
    struct kt_event ev;
    struct kt_journal_reader *r;
    kt_seq first;
    int n = 0, put = 0;
    struct kt_journal *j = kt_runtime_journal(w->rt);
    int rc = kt_journal_find(j, NULL, from, &first, err);
    if (rc < 0 || !first || (rc = kt_journal_read(j, NULL, first, &r, err)) < 0) {
        return rc;
    }
    kt_buf_init(&b, 64 << 20);
    minefile_put_head(&b, &w->dialect, w->site->mine_code, w->site->name.zh, to);
    while (put >= 0 && (rc = kt_journal_next_of(r, 1u << KT_EV_OUTCOME, &ev, err)) == 1 &&
           ev.time < to) {
        put = ev.time >= from ? take(w, &ev, &b, err) : 0;
        n += put > 0;
    }
    kt_journal_reader_free(r);
    minefile_put_end(&b, &w->dialect);
    rc = put < 0 ? put : rc < 0 ? rc : n ? writer_put_file(w, "YCBJ", to, &b, err) : KT_OK;
    kt_buf_done(&b);
    return rc;
}

/* ---- switches -------------------------------------------------------------------------------- */

struct changes {
    const struct writer *w;
    kt_point_id point;
    kt_time from;
    struct kt_buf *out;
    double value;
    bool known;
    uint32_t n;
};

static bool take_state(void *arg, kt_time t, double v, kt_quality q, kt_time arrival)
{
    struct changes *c = arg;
    (void)arrival;
    if (!kt_q_known(q)) {
        return true; /* what it was before stands until it is known again */
    }
    if (t >= c->from && (!c->known || v != c->value)) {
        writer_field(c->w, c->out, minefile_code(c->w->codes, c->point));
        writer_number(c->w, c->out, v);
        writer_last_time(c->w, c->out, t);
        c->n++;
    }
    c->value = v;
    c->known = true;
    return true;
}

int writer_switches(struct writer *w, kt_time from, kt_time to, struct kt_err *err)
{
    struct kt_buf b;
    uint32_t n = 0;
    int r = KT_OK;
    kt_buf_init(&b, 64 << 20);
    minefile_put_head(&b, &w->dialect, w->site->mine_code, w->site->name.zh, to);
    for (uint32_t i = 0; i < w->site->points_n && r == KT_OK; i++) {
        const struct kt_point *p = &w->site->points[i];
        struct changes c = {.w = w, .point = {i}, .from = from, .out = &b};
        int64_t before = p->role ? p->role->stale_after_ns : 0;
        if (!writer_goes_up(p) || p->kind == KT_POINT_ANALOG || p->kind == KT_POINT_COUNTER) {
            continue;
        }
        r = kt_history_scan(kt_runtime_history(w->rt), p->id, from - (before ? before : KT_HOUR),
                            to, take_state, &c, err);
        r = r == KT_ENOTFOUND ? KT_OK : r;
        n += c.n;
    }
    minefile_put_end(&b, &w->dialect);
    r = r < 0 || n == 0 ? r : writer_put_file(w, "KGBH", to, &b, err);
    kt_buf_done(&b);
    return r;
}
