/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_HISTORY_MODEL_H
#define KT_HISTORY_MODEL_H
/*
 * model: what history promises, done the slow and plain way, for its tests: one list of all samples
 * of a point, sorted and cleaned of repeats when asked.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history/history.h"

struct model_sample {
    kt_time time, arrival;
    double value;
    kt_quality quality;
    size_t n; /* place of its coming */
};

struct model {
    char name[24];
    struct model_sample *list, *sorted;
    size_t n, cap, n_sorted;
};

static inline void model_init(struct model *m, int p)
{
    *m = (struct model){0};
    snprintf(m->name, sizeof(m->name), "point-%d", p);
}

static inline void model_done(struct model *m)
{
    free(m->list);
    free(m->sorted);
}

static inline void model_add(struct model *m, kt_time t, double v, kt_quality q, kt_time arrival)
{
    if (m->n == m->cap) {
        m->cap = m->cap ? m->cap * 2 : 256;
        m->list = realloc(m->list, m->cap * sizeof(*m->list));
    }
    bool late = arrival && (arrival - t > KT_SEC || t - arrival > KT_SEC);
    m->list[m->n] = (struct model_sample){t, late ? arrival : 0, v, q, m->n};
    m->n++;
}

static inline int model_order(const void *pa, const void *pb)
{
    const struct model_sample *a = pa, *b = pb;
    kt_time aa = a->arrival ? a->arrival : a->time, ba = b->arrival ? b->arrival : b->time;
    return a->time != b->time ? (a->time < b->time ? -1 : 1)
           : aa != ba         ? (aa < ba ? -1 : 1)
                              : (a->n < b->n ? -1 : 1);
}

static inline void model_settle(struct model *m)
{
    free(m->sorted);
    m->sorted = malloc((m->n + 1) * sizeof(*m->sorted));
    if (m->n) {
        memcpy(m->sorted, m->list, m->n * sizeof(*m->list));
        qsort(m->sorted, m->n, sizeof(*m->sorted), model_order);
    }
    m->n_sorted = 0;
    for (size_t i = 0; i < m->n; i++) {
        const struct model_sample s = m->sorted[i];
        bool known = false;
        for (size_t j = m->n_sorted; j-- > 0 && m->sorted[j].time == s.time && !known;) {
            known = memcmp(&m->sorted[j].value, &s.value, sizeof(double)) == 0;
        }
        if (!known) {
            m->sorted[m->n_sorted++] = s;
        }
    }
}

static inline size_t model_find(const struct model *m, kt_time t)
{
    size_t lo = 0, hi = m->n_sorted;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (m->sorted[mid].time < t) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo;
}

/** @return sum of all magnitudes, the scale of a tolerance */
static inline double model_buckets(const struct model *m, kt_time from, kt_time to, uint32_t n,
                                   struct kt_bucket *ret)
{
    int64_t width = (to - from - 1) / n + 1;
    double scale = 0;
    memset(ret, 0, n * sizeof(*ret));
    for (uint32_t i = 0; i < n; i++) {
        ret[i].start = from + (int64_t)i * width;
    }
    for (size_t i = model_find(m, from); i < m->n_sorted && m->sorted[i].time < to; i++) {
        const struct model_sample *s = &m->sorted[i];
        struct kt_bucket *b = &ret[(s->time - from) / width];
        b->worst = s->quality > b->worst ? s->quality : b->worst;
        if (!kt_q_known(s->quality) || s->value != s->value) {
            continue;
        }
        if (!b->count || s->value < b->min) {
            b->min = s->value;
            b->min_time = s->time;
        }
        if (!b->count || s->value > b->max) {
            b->max = s->value;
            b->max_time = s->time;
        }
        b->sum += s->value;
        b->last = s->value;
        b->last_time = s->time;
        b->count++;
        scale += s->value < 0 ? -s->value : s->value < 1e200 ? s->value : 0;
    }
    return scale;
}
#endif
