/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Figures of the alarm system (ISA-18.2, EEMUA 191; targets in ui.md 1.10): rate per 10 minutes,
 * floods, the ten worst points, chattering, stale, split by priority, time to acknowledge.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/past_alarms.h"

enum { TEN_MIN_S = 600, FLOOD = 10, CHATTER = 3 };

struct worst {
    const char *point, *rule;
    int count;
    bool chattering;
};

static int by_name(const void *pa, const void *pb)
{
    const struct past_alarm *a = *(const struct past_alarm *const *)pa;
    const struct past_alarm *b = *(const struct past_alarm *const *)pb;
    int r = strcmp(a->point, b->point);
    r = r ? r : strcmp(a->rule, b->rule);
    return r ? r : a->raised < b->raised ? -1 : a->raised > b->raised;
}

static int by_count(const void *pa, const void *pb)
{
    const struct worst *a = pa, *b = pb;
    return a->count != b->count ? b->count - a->count : strcmp(a->point, b->point);
}

/* Those that began in the span; one that stood before it rang before it. */
static size_t rang(struct call *c, const struct past *p, kt_time from,
                   const struct past_alarm ***ret)
{
    size_t n = 0;
    *ret = KT_NEW_ARRAY(c->arena, const struct past_alarm *, p->alarms_n + 1);
    for (size_t i = 0; i < p->alarms_n; i++) {
        if (p->alarms[i].raised >= from) {
            (*ret)[n++] = &p->alarms[i];
        }
    }
    return n;
}

/* One entry a (point, rule) with how often it came, and whether thrice within a minute. */
static struct worst *group(struct call *c, const struct past_alarm **order, size_t order_n,
                           size_t *ret_n)
{
    struct worst *list = KT_NEW_ARRAY(c->arena, struct worst, order_n + 1);
    size_t n = 0;
    qsort(order, order_n, sizeof(*order), by_name);
    for (size_t i = 0; i < order_n; i++) {
        const struct past_alarm *a = order[i];
        if (n == 0 || strcmp(list[n - 1].point, a->point) || strcmp(list[n - 1].rule, a->rule)) {
            list[n++] = (struct worst){a->point, a->rule, 0, false};
        }
        struct worst *w = &list[n - 1];
        w->count++;
        if (w->count >= CHATTER && a->raised - order[i - (CHATTER - 1)]->raised <= KT_MIN) {
            w->chattering = true;
        }
    }
    qsort(list, n, sizeof(*list), by_count);
    *ret_n = n;
    return list;
}

static void write_rates(const struct past_alarm *const *rang, size_t rang_n, kt_time from,
                        kt_time to, struct kt_jw *w)
{
    size_t n = (size_t)((to - from) / (TEN_MIN_S * KT_SEC)) + 1;
    int *count = calloc(n, sizeof(*count));
    int floods = 0, peak = 0;
    KT_ASSERT(count);
    for (size_t i = 0; i < rang_n; i++) {
        count[(rang[i]->raised - from) / (TEN_MIN_S * KT_SEC)]++;
    }
    kt_jw_key(w, "per_10min");
    kt_jw_arr(w);
    for (size_t i = 0; i < n; i++) {
        floods += count[i] > FLOOD;
        peak = count[i] > peak ? count[i] : peak;
        if (n <= 5000) {
            kt_jw_int(w, count[i]);
        }
    }
    kt_jw_arr_end(w);
    kt_jw_knum(w, "average", (double)rang_n / (double)n);
    kt_jw_kint(w, "peak", peak);
    kt_jw_kint(w, "flood_periods", floods);
    kt_jw_knum(w, "flood_share", (double)floods / (double)n);
    free(count);
}

static void write_worst(struct call *c, const struct worst *list, size_t n, size_t total,
                        bool chattering, struct kt_jw *w)
{
    size_t written = 0;
    kt_jw_arr(w);
    for (size_t i = 0; i < n && written < (chattering ? 100u : 10u); i++) {
        if (chattering && !list[i].chattering) {
            continue;
        }
        kt_point_id p = kt_site_point(c->site, kt_str_c(list[i].point));
        kt_jw_obj(w);
        kt_jw_kstr(w, "point", list[i].point);
        kt_jw_kstr(w, "rule", list[i].rule);
        kt_jw_kstr(w, "name", p.v == KT_NONE ? "" : c->site->points[p.v].name.zh);
        kt_jw_kstr(w, "name_en", p.v == KT_NONE ? "" : c->site->points[p.v].name.en);
        kt_jw_kint(w, "count", list[i].count);
        kt_jw_knum(w, "share", total ? (double)list[i].count / (double)total : 0);
        kt_jw_obj_end(w);
        written++;
    }
    kt_jw_arr_end(w);
}

static void write_times(const struct past *p, kt_time from, kt_time to, struct kt_jw *w)
{
    int64_t rang = 0, acked = 0, wait = 0, stale = 0;
    int split[5] = {0};
    for (size_t i = 0; i < p->alarms_n; i++) {
        const struct past_alarm *a = &p->alarms[i];
        stale += (!a->cleared || a->cleared >= to) && to - a->raised > KT_DAY;
        if (a->raised < from) {
            continue;
        }
        rang++;
        split[a->priority >= 1 && a->priority <= 4 ? a->priority : 0]++;
        if (a->acked && a->nth == 1) { /* once an occurrence, from its beginning */
            acked++;
            wait += a->acked - a->raised;
        }
    }
    kt_jw_kint(w, "total", rang);
    kt_jw_kint(w, "stale", stale);
    kt_jw_kint(w, "acknowledged", acked);
    kt_jw_knum(w, "ack_seconds", acked ? (double)wait / (double)acked / 1e9 : 0);
    kt_jw_key(w, "priority");
    kt_jw_obj(w);
    for (int i = 1; i <= 4; i++) {
        char key[2] = {(char)('0' + i), 0};
        kt_jw_kint(w, key, split[i]);
    }
    kt_jw_obj_end(w);
}

void get_alarm_kpi(struct call *c)
{
    kt_time from, to, now = kt_runtime_now(c->api->opts.runtime);
    struct kt_err err = {0};
    struct past p;
    if (!query_time(c, "to", now + 1, &to) || !query_time(c, "from", to - KT_DAY, &from)) {
        return;
    }
    if (from >= to || to - from > 400 * KT_DAY) {
        reply_code(c->req, KT_EINVAL, "\"from\" lies before \"to\", at most 400 days");
        return;
    }
    if (past_read(c, from, to, &p, &err) < 0) {
        reply_err(c->req, &err);
        return;
    }
    const struct past_alarm **order;
    size_t n, order_n = rang(c, &p, from, &order);
    struct worst *list = group(c, order, order_n, &n);
    struct kt_buf b;
    kt_buf_init(&b, 16 << 20);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_kint(&w, "from", from / KT_MS);
    kt_jw_kint(&w, "to", to / KT_MS);
    write_times(&p, from, to, &w);
    write_rates(order, order_n, from, to, &w);
    kt_jw_key(&w, "top");
    write_worst(c, list, n, order_n, false, &w);
    kt_jw_key(&w, "chattering");
    write_worst(c, list, n, order_n, true, &w);
    kt_jw_obj_end(&w);
    past_done(&p);
    reply_buf(c, 200, &b);
}
