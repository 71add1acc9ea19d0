/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime_figures: buckets of the history without what was measured of calibration gas.
 *
 * History keeps what the device said. A value is of calibration gas while the device's flag, which
 * is its quality there, and an open record agree; the records' times come out of the journal, and
 * only when a bucket holds a sample that was not normal. A record is told of at least every
 * ENG_CAL_MINUTES, so those of a span stand at most that long before it.
 */
#include "engine/runtime_impl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "conf/json.h"
#include "engine/core.h"

#define LOOK_BACK (ENG_CAL_MINUTES * KT_MIN)

struct rt_calibrated { /* a record counted from here to there */
    uint64_t id;
    char point[64];
    kt_time from, to;
};

void rt_figures_init(struct rt_figures *f)
{
    pthread_mutex_init(&f->lock, NULL);
    f->from = INT64_MAX;
}

void rt_figures_done(struct rt_figures *f)
{
    free(f->list);
    pthread_mutex_destroy(&f->lock);
}

static void append(struct rt_figures *f, uint64_t id, const char *point, kt_time from, kt_time to)
{
    if (f->n == f->cap) {
        f->cap = f->cap ? 2 * f->cap : 64;
        f->list = realloc(f->list, f->cap * sizeof(*f->list));
        KT_ASSERT(f->list);
    }
    struct rt_calibrated *c = &f->list[f->n++];
    *c = (struct rt_calibrated){.id = id, .from = from, .to = to};
    snprintf(c->point, sizeof(c->point), "%s", point);
}

/* One word of a record: opened, extended, expired, closed. */
static void take(struct rt_figures *f, const struct kt_json *v, kt_time now)
{
    const char *change = kt_json_get_str(v, "change", ""), *point = kt_json_get_str(v, "point", "");
    uint64_t id = (uint64_t)kt_json_get_int(v, "id", 0);
    bool longer = strcmp(change, "open") == 0 || strcmp(change, "extend") == 0;
    size_t i = f->n;
    while (i > 0 && f->list[i - 1].id != id) {
        i--;
    }
    if (i == 0 && strcmp(change, "open") != 0) { /* begun before what was read */
        append(f, id, point, kt_json_get_time(v, "opened"), now);
        i = f->n;
    }
    if (longer) {
        append(f, id, point, now, kt_json_get_time(v, "until"));
    } else if (f->list[i - 1].to > now) {
        f->list[i - 1].to = now;
    }
}

static int read_on(struct kt_runtime *rt, struct rt_figures *f, struct kt_err *err)
{
    struct kt_journal_reader *r;
    struct kt_event ev;
    int rc = kt_journal_read(rt->journal, NULL, f->next, &r, err);
    if (rc < 0) {
        return rc;
    }
    while ((rc = kt_journal_next_of(r, 1u << KT_EV_OUTCOME, &ev, err)) == 1) {
        struct kt_json *v = NULL;
        if (memmem(ev.body.p, ev.body.n, "\"type\":\"calibration\"", 20) &&
            kt_json_parse(ev.body, 1 << 20, &v, NULL) == KT_OK) {
            take(f, v, ev.time);
        }
        kt_json_free(v);
        f->next = ev.seq + 1;
    }
    kt_journal_reader_free(r);
    return rc;
}

/* Know the records from `from` until now. */
static int know(struct kt_runtime *rt, struct rt_figures *f, kt_time from, struct kt_err *err)
{
    kt_seq first = 0;
    if (from < f->from) {
        int rc = kt_journal_find(rt->journal, NULL, from - LOOK_BACK, &first, err);
        if (rc < 0 || first == 0) {
            return rc;
        }
        f->n = 0;
        f->next = first;
        f->from = from;
    }
    return read_on(rt, f, err);
}

/* ---- a bucket put together ---- */

static void merge(struct kt_bucket *to, const struct kt_bucket *b)
{
    to->worst = b->worst > to->worst ? b->worst : to->worst;
    if (b->count == 0) {
        return;
    }
    if (to->count == 0 || b->min < to->min) {
        to->min = b->min;
        to->min_time = b->min_time;
    }
    if (to->count == 0 || b->max > to->max) {
        to->max = b->max;
        to->max_time = b->max_time;
    }
    to->sum = to->count ? to->sum + b->sum : b->sum;
    to->last = b->last;
    to->last_time = b->last_time;
    to->count += b->count;
}

static bool take_sample(void *arg, kt_time t, double v, kt_quality q, kt_time arrival)
{
    struct kt_bucket one = {.worst = q};
    (void)arrival;
    if (kt_q_known(q) && !isnan(v) && q != KT_Q_CALIBRATION) {
        one = (struct kt_bucket){t, 1, v, v, v, v, t, t, t, q};
    }
    merge(arg, &one);
    return true;
}

static int add_whole(struct kt_runtime *rt, const char *point, kt_time from, kt_time to,
                     struct kt_bucket *sum, struct kt_err *err)
{
    struct kt_bucket b;
    int r = from < to ? kt_history_buckets(rt->history.h, point, from, to, 1, &b, err) : KT_OK;
    if (r == KT_OK && from < to) {
        merge(sum, &b);
    }
    return r;
}

/* The bucket [b->start, end) again, where a record was open sample by sample. */
static int without(struct kt_runtime *rt, const struct rt_figures *f, const char *point,
                   kt_time end, struct kt_bucket *b, struct kt_err *err)
{
    struct kt_bucket sum = {.start = b->start};
    kt_time at = b->start;
    int r = KT_OK;
    for (size_t i = 0; r == KT_OK && i < f->n; i++) { /* in order of their beginning */
        const struct rt_calibrated *c = &f->list[i];
        kt_time from = c->from > at ? c->from : at, to = c->to < end ? c->to : end;
        if (from >= to || strcmp(c->point, point) != 0) {
            continue;
        }
        r = add_whole(rt, point, at, from, &sum, err);
        if (r == KT_OK) {
            r = kt_history_scan(rt->history.h, point, from, to, take_sample, &sum, err);
        }
        at = to;
    }
    if (r == KT_OK && at > b->start) {
        r = add_whole(rt, point, at, end, &sum, err);
        *b = r == KT_OK ? sum : *b;
    }
    return r;
}

int kt_runtime_figures(struct kt_runtime *rt, const char *point, kt_time from, kt_time to,
                       uint32_t n, struct kt_bucket *ret, struct kt_err *err)
{
    struct rt_figures *f = &rt->figures;
    int r = kt_history_buckets(rt->history.h, point, from, to, n, ret, err);
    bool plain = true;
    for (uint32_t i = 0; r == KT_OK && i < n; i++) {
        plain = plain && ret[i].worst == KT_Q_NORMAL;
    }
    if (r < 0 || plain) {
        return r;
    }
    pthread_mutex_lock(&f->lock);
    r = know(rt, f, from, err);
    for (uint32_t i = 0; r == KT_OK && i < n; i++) {
        if (ret[i].worst != KT_Q_NORMAL) {
            r = without(rt, f, point, i + 1 < n ? ret[i + 1].start : to, &ret[i], err);
        }
    }
    pthread_mutex_unlock(&f->lock);
    return r;
}
