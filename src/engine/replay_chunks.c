/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Samples from history where the journal has dropped them. Read in windows over all points, put in
 * order of arrival, applied at the kept events that brought them.
 */
#include "engine/runtime_past.h"

#include <stdlib.h>

enum { MANY_POINTS = 5000 };

struct past_sample {
    kt_time arrival, time;
    double value;
    uint32_t point;
    kt_quality quality;
};

struct rt_chunks {
    struct kt_history *h;
    const struct kt_site *site;
    kt_time read_to; /* source times before it are read; 0: none yet */
    int64_t window_ns;
    struct past_sample *s; /* not applied yet, in order from pos */
    size_t n, cap, pos;
    uint32_t reading; /* the point being read */
    struct kt_columns out;
};

struct rt_chunks *rt_chunks_new(struct kt_history *h, const struct kt_site *site)
{
    struct rt_chunks *c = calloc(1, sizeof(*c));
    KT_ASSERT(c);
    c->h = h;
    c->site = site;
    c->window_ns = site->points_n > MANY_POINTS ? 2 * KT_MIN : 10 * KT_MIN;
    kt_columns_reserve(&c->out, KT_BATCH_MAX);
    return c;
}

void rt_chunks_free(struct rt_chunks *c)
{
    if (c) {
        free(c->s);
        kt_columns_done(&c->out);
        free(c);
    }
}

void rt_chunks_site(struct rt_chunks *c, const struct kt_site *site)
{
    size_t to = c->pos;
    for (size_t i = c->pos; i < c->n; i++) {
        struct kt_str id = kt_str_c(c->site->points[c->s[i].point].id);
        kt_point_id p = kt_site_point(site, id);
        if (p.v != KT_NONE) {
            c->s[to] = c->s[i];
            c->s[to++].point = p.v;
        }
    }
    c->n = to;
    c->site = site;
}

static bool on_sample(void *arg, kt_time time, double value, kt_quality q, kt_time arrival)
{
    struct rt_chunks *c = arg;
    if (c->n == c->cap) {
        c->cap = c->cap ? c->cap * 2 : 4096;
        c->s = realloc(c->s, c->cap * sizeof(*c->s));
        KT_ASSERT(c->s);
    }
    c->s[c->n++] = (struct past_sample){arrival ? arrival : time, time, value, c->reading, q};
    return true;
}

static int compare(const void *a, const void *b)
{
    const struct past_sample *x = a, *y = b;
    if (x->arrival != y->arrival) {
        return x->arrival < y->arrival ? -1 : 1;
    }
    if (x->point != y->point) {
        return x->point < y->point ? -1 : 1;
    }
    return (x->time > y->time) - (x->time < y->time);
}

static int read_window(struct rt_chunks *c, struct kt_err *err)
{
    if (c->n > c->pos) {
        memmove(c->s, c->s + c->pos, (c->n - c->pos) * sizeof(*c->s));
    }
    c->n -= c->pos;
    c->pos = 0;
    kt_time from = c->read_to, to = from + c->window_ns;
    for (c->reading = 0; c->reading < c->site->points_n; c->reading++) {
        int r = kt_history_scan(c->h, c->site->points[c->reading].id, from, to, on_sample, c, err);
        if (r < 0 && r != KT_ENOTFOUND) {
            return r;
        }
    }
    c->read_to = to;
    if (c->n) {
        qsort(c->s, c->n, sizeof(*c->s), compare);
    }
    return KT_OK;
}

static void apply_some(struct rt_chunks *c, struct kt_engine *e, kt_seq seq, kt_time to)
{
    while (c->pos < c->n && c->s[c->pos].arrival <= to) {
        kt_time arrival = 0;
        struct kt_columns *out = &c->out;
        for (out->n = 0; c->pos < c->n && out->n < KT_BATCH_MAX; c->pos++, out->n++) {
            const struct past_sample *s = &c->s[c->pos];
            if (s->arrival > to) {
                break;
            }
            arrival = s->arrival;
            out->point[out->n] = s->point;
            out->time[out->n] = s->time;
            out->value[out->n] = s->value;
            out->quality[out->n] = s->quality;
        }
        struct kt_samples s = kt_columns_view(out);
        kt_engine_samples(e, seq, arrival, KT_STR("history"), &s);
    }
}

int rt_chunks_apply(struct rt_chunks *c, struct kt_engine *e, kt_seq seq, kt_time to,
                    struct kt_err *err)
{
    kt_time from = kt_engine_time(e);
    if (from == 0) {
        from = to - c->window_ns;
    }
    if (c->read_to < from) {
        c->read_to = from;
        c->pos = c->n;
    }
    while (c->read_to <= to) {
        apply_some(c, e, seq, c->read_to - 1);
        int r = read_window(c, err);
        if (r < 0) {
            return r;
        }
    }
    apply_some(c, e, seq, to);
    return KT_OK;
}
