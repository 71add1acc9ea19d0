/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing: samples of one batch, put together by point, as lines of /api/v1/import.
 */
#include "history/long_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define WRITE_TIMEOUT (30 * KT_SEC)
#define LARGEST       1e15

static void reserve(struct kt_long *l, uint32_t names_n, uint32_t n)
{
    if (l->first_n < names_n) {
        l->first = realloc(l->first, names_n * sizeof(*l->first));
        KT_ASSERT(l->first);
        l->first_n = names_n;
    }
    if (l->next_n < n) {
        l->next = realloc(l->next, n * sizeof(*l->next));
        KT_ASSERT(l->next);
        l->next_n = n;
    }
    memset(l->first, 0xff, names_n * sizeof(*l->first));
}

static int64_t ms_of(kt_time t)
{
    return t / KT_MS - (t % KT_MS < 0);
}

/* Of which series sample i is a value; LONG_KINDS: of none. */
static int kind_of(const struct kt_samples *s, uint32_t i)
{
    kt_quality q = s->quality ? s->quality[i] : KT_Q_NORMAL;
    if (!(fabs(s->value[i]) < LARGEST)) {
        return LONG_KINDS;
    }
    return kt_q_known(q) ? LONG_VALUE : LONG_BAD;
}

/* A sample whose value is not kept is there by its quality alone: `normal` is said then, too. */
static bool in_series(const struct kt_samples *s, uint32_t i, int kind)
{
    kt_quality q = s->quality ? s->quality[i] : KT_Q_NORMAL;
    int of = kind_of(s, i);
    return kind == LONG_QUALITY ? q != KT_Q_NORMAL || of == LONG_KINDS : of == kind;
}

static void put_series(struct kt_long *l, const struct kt_samples *s, uint32_t first,
                       const char *point, int kind)
{
    static const char *const names[LONG_KINDS] = {"kuangtu_value", "kuangtu_bad",
                                                  "kuangtu_quality"};
    struct kt_jw w = kt_jw_init(&l->body);
    bool any = false;
    for (uint32_t i = first; i != KT_NONE && !any; i = l->next[i]) {
        any = in_series(s, i, kind);
    }
    if (!any) {
        return;
    }
    kt_jw_obj(&w);
    kt_jw_key(&w, "metric");
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "__name__", names[kind]);
    kt_jw_kstr(&w, "site", l->site);
    kt_jw_kstr(&w, "point", point);
    kt_jw_obj_end(&w);
    kt_jw_key(&w, "values");
    kt_jw_arr(&w);
    for (uint32_t i = first; i != KT_NONE; i = l->next[i]) {
        if (in_series(s, i, kind)) {
            kt_jw_num(&w, kind == LONG_QUALITY ? s->quality ? s->quality[i] : 0 : s->value[i]);
        }
    }
    kt_jw_arr_end(&w);
    kt_jw_key(&w, "timestamps");
    kt_jw_arr(&w);
    for (uint32_t i = first; i != KT_NONE; i = l->next[i]) {
        if (in_series(s, i, kind)) {
            kt_jw_int(&w, ms_of(s->time[i]));
        }
    }
    kt_jw_arr_end(&w);
    kt_jw_obj_end(&w);
    kt_buf_put(&l->body, "\n", 1);
}

static void put_all(struct kt_long *l, const struct kt_samples *s, const char *const *names,
                    uint32_t names_n)
{
    kt_buf_clear(&l->body);
    reserve(l, names_n, s->n);
    for (uint32_t i = s->n; i-- > 0;) {
        KT_ASSERT(s->point[i] < names_n);
        l->next[i] = l->first[s->point[i]];
        l->first[s->point[i]] = i;
    }
    for (uint32_t p = 0; p < names_n; p++) {
        for (int kind = 0; kind < LONG_KINDS && l->first[p] != KT_NONE; kind++) {
            put_series(l, s, l->first[p], names[p], kind);
        }
    }
}

static void count(struct kt_long *l, const struct kt_samples *s)
{
    uint64_t unkept = 0;
    for (uint32_t i = 0; i < s->n; i++) {
        unkept += fabs(s->value[i]) >= LARGEST;
    }
    pthread_mutex_lock(&l->lock);
    l->state.posts++;
    l->state.samples += s->n;
    l->state.unkept += unkept;
    pthread_mutex_unlock(&l->lock);
}

int kt_long_write(struct kt_long *l, const struct kt_samples *s, const char *const *names,
                  uint32_t names_n, bool *ret_restarted, struct kt_err *err)
{
    char url[LONG_BASE_MAX + 32];
    struct kt_buf answer;
    put_all(l, s, names, names_n);
    if (l->body.full) {
        return kt_err_set(err, KT_ELIMIT, "more than %zu bytes in one write", l->body.max);
    }
    struct kt_str body = {l->body.p ? l->body.p : "", l->body.n};
    kt_buf_init(&answer, 1 << 16);
    snprintf(url, sizeof(url), "%s/api/v1/import", l->write_url);
    int r = long_exchange(l, l->writer, "POST", url, "Content-Type: application/json", &body,
                          WRITE_TIMEOUT, &answer, err);
    kt_buf_done(&answer);
    if (r < 0) {
        long_say(l, false, err->text);
        return r;
    }
    bool anew = kt_http_client_fresh(l->writer) && long_started_anew(l);
    long_say(l, true, NULL);
    count(l, s);
    *ret_restarted = anew;
    return KT_OK;
}
