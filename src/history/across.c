/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The questions across both histories. Before a point's border the long history answers alone, from
 * it on the embedded one alone, so no sample is met twice.
 */
#include <stdlib.h>

#include "history/private.h"

void kt_history_long(struct kt_history *h, struct kt_long *l)
{
    h->lng = l;
}

kt_time kt_history_border(struct kt_history *h, const char *point)
{
    enum { NORMAL = 1 };
    if (!h->lng) {
        return INT64_MIN;
    }
    pthread_rwlock_rdlock(&h->names);
    const struct history_point *p = history_point_of(h, point, false);
    int cls = p && p->pid != KT_NONE ? p->cls : NORMAL; /* not in the site any more */
    pthread_rwlock_unlock(&h->names);
    return atomic_load(&h->dropped[cls]);
}

/* `border`: what lies before is asked of the long history. */
static int buckets(struct kt_history *h, const char *point, kt_time from, kt_time to, uint32_t n,
                   kt_time border, struct kt_bucket *ret, struct kt_err *err)
{
    if (n == 0 || from >= to) {
        return kt_err_set(err, KT_EINVAL,
                          "history of point %s: the range must not be empty, nor the number of "
                          "buckets 0",
                          point);
    }
    uint64_t width = ((uint64_t)to - (uint64_t)from - 1) / n + 1;
    if (border > from && width % KT_MS) {
        width += KT_MS - width % KT_MS; /* the long history counts in milliseconds */
    }
    struct kt_bucket *list = calloc(n, sizeof(*list));
    KT_ASSERT(list);
    for (uint32_t i = 0; i < n; i++) {
        list[i].start = (kt_time)((uint64_t)from + i * width);
    }
    int r = KT_OK;
    if (border > from) {
        r = kt_long_buckets(h->lng, point, from, border < to ? border : to, (int64_t)width, list,
                            err);
    }
    if (r == KT_OK && border < to) {
        kt_time rest = border > from ? border : from;
        r = history_buckets_add(h, point, rest, to, from, width, list, err);
    }
    if (r == KT_OK) {
        memcpy(ret, list, n * sizeof(*ret));
    }
    free(list);
    return r;
}

int kt_history_buckets(struct kt_history *h, const char *point, kt_time from, kt_time to,
                       uint32_t n, struct kt_bucket *ret, struct kt_err *err)
{
    return buckets(h, point, from, to, n, kt_history_border(h, point), ret, err);
}

int kt_history_buckets_local(struct kt_history *h, const char *point, kt_time from, kt_time to,
                             uint32_t n, struct kt_bucket *ret, struct kt_err *err)
{
    return buckets(h, point, from, to, n, INT64_MIN, ret, err);
}

int kt_history_scan(struct kt_history *h, const char *point, kt_time from, kt_time to,
                    kt_history_fn fn, void *arg, struct kt_err *err)
{
    kt_time border = kt_history_border(h, point);
    if (border > from) {
        bool stopped;
        int r =
            kt_long_scan(h->lng, point, from, border < to ? border : to, fn, arg, &stopped, err);
        if (r < 0 || stopped) {
            return r;
        }
        from = border;
    }
    return kt_history_scan_local(h, point, from, to, fn, arg, err);
}

int kt_history_last(struct kt_history *h, const char *point, kt_time at, struct kt_sample *ret,
                    struct kt_err *err)
{
    kt_time border = kt_history_border(h, point);
    int r = at >= border ? history_last_local(h, point, at, ret, err) : KT_ENOTFOUND;
    if (border == INT64_MIN || (r < 0 && r != KT_ENOTFOUND) ||
        (r == KT_OK && ret->time >= border)) {
        return r;
    }
    struct kt_sample old;
    r = kt_long_last(h->lng, point, at < border ? at : border - 1, &old, err);
    if (r == KT_OK) {
        pthread_rwlock_rdlock(&h->names);
        const struct history_point *p = history_point_of(h, point, false);
        old.point.v = p ? p->pid : KT_NONE;
        pthread_rwlock_unlock(&h->names);
        *ret = old;
    }
    return r;
}
