/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run of samples: its four columns together, and qualities and arrivals.
 */
#include "history/codec.h"

#include <stdlib.h>

#include "history/codec_private.h"

enum { VERSION = 1 };
#define SPARSE_NS                                                                                  \
    (24 * KT_SEC) /* from one sample to the next: midnight comes before a chunk is full */
enum arrival_method { A_NONE, A_RUNS };

static void scratch(struct history_codec *k, uint32_t n)
{
    if (n <= k->cap) {
        return;
    }
    uint32_t cap = n < 4096 ? 4096 : n;
    int64_t **all[] = {&k->mant, &k->resid, &k->grid, &k->sel};
    for (size_t i = 0; i < KT_ARRAY_LEN(all); i++) {
        free(*all[i]);
        *all[i] = malloc(cap * sizeof(int64_t));
        KT_ASSERT(*all[i]);
    }
    k->cap = cap;
}

static void encode_quality(struct history_codec *k, const kt_quality *q, uint32_t n,
                           struct kt_buf *out)
{
    uint32_t runs = 0;
    kt_buf_clear(&k->stream);
    for (uint32_t i = 0; i < n;) {
        uint32_t from = i;
        for (; i < n && q[i] == q[from]; i++) {
        }
        kt_put_u8(&k->stream, q[from]);
        kt_put_varint(&k->stream, i - from);
        runs++;
    }
    kt_put_varint(out, runs);
    if (runs == 1) {
        kt_put_u8(out, q[0]);
    } else {
        history_squeeze(k, k->stream.p, k->stream.n, true, out);
    }
}

static void decode_quality(struct history_codec *k, struct kt_rd *r, uint32_t n, kt_quality *ret)
{
    uint64_t runs = kt_get_varint(r);
    if (runs == 1) {
        memset(ret, kt_get_u8(r), n);
        return;
    }
    struct kt_str s = history_unsqueeze(k, r, (size_t)n * 5);
    struct kt_rd rd = kt_rd_init(s.p, s.n);
    uint32_t i = 0;
    for (; runs && i < n && !rd.bad; runs--) {
        uint8_t q = kt_get_u8(&rd);
        uint64_t len = kt_get_varint(&rd);
        if (len == 0 || len > n - i) {
            break;
        }
        memset(ret + i, q, (size_t)len);
        i += (uint32_t)len;
    }
    r->bad = r->bad || rd.bad || runs || i != n || kt_rd_left(&rd);
}

/* Does `unit` divide every arrival's distance from t0? */
static bool arrivals_divide(const struct history_cols *c, uint32_t lo, uint32_t hi, int64_t unit)
{
    for (uint32_t i = lo; i < hi; i++) {
        if (c->arrival[i] && history_sub(c->arrival[i], c->time[lo]) % unit) {
            return false;
        }
    }
    return true;
}

/* Runs of equal arrivals: (samples since the last run, length, distance from the arrival before).
 */
static uint32_t arrival_runs(const struct history_cols *c, uint32_t lo, uint32_t hi, int64_t unit,
                             struct kt_buf *to)
{
    uint32_t runs = 0, end = lo;
    kt_time prev = c->time[lo];
    for (uint32_t i = lo; i < hi;) {
        kt_time a = c->arrival[i];
        uint32_t from = i;
        for (; i < hi && c->arrival[i] == a; i++) {
        }
        if (a) {
            kt_put_varint(to, from - end);
            kt_put_varint(to, i - from);
            kt_put_varint(to, kt_zigzag(history_sub(a, prev) / unit));
            prev = a;
            end = i;
            runs++;
        }
    }
    return runs;
}

static void encode_arrivals(struct history_codec *k, const struct history_cols *c, uint32_t lo,
                            uint32_t hi, struct kt_buf *out)
{
    uint32_t any = lo;
    for (; c->late && any < hi && !c->arrival[any]; any++) {
    }
    if (!c->late || any == hi) {
        kt_put_u8(out, A_NONE);
        return;
    }
    bool ms = arrivals_divide(c, lo, hi, KT_MS);
    kt_buf_clear(&k->stream);
    uint32_t runs = arrival_runs(c, lo, hi, ms ? KT_MS : 1, &k->stream);
    kt_put_u8(out, A_RUNS);
    kt_put_u8(out, ms);
    kt_put_varint(out, runs);
    history_squeeze(k, k->stream.p, k->stream.n, true, out);
}

static void decode_arrivals(struct history_codec *k, struct kt_rd *r, uint32_t n, kt_time t0,
                            kt_time *ret, bool *ret_late)
{
    uint8_t method = kt_get_u8(r);
    *ret_late = method == A_RUNS;
    if (method != A_RUNS) {
        r->bad = r->bad || method != A_NONE;
        return;
    }
    uint64_t unit = kt_get_u8(r) ? (uint64_t)KT_MS : 1, runs = kt_get_varint(r), at = 0;
    struct kt_str s = history_unsqueeze(k, r, (size_t)n * 20);
    struct kt_rd rd = kt_rd_init(s.p, s.n);
    uint64_t prev = (uint64_t)t0;
    memset(ret, 0, n * sizeof(*ret));
    for (; runs && !rd.bad; runs--) {
        uint64_t skip = kt_get_varint(&rd), len = kt_get_varint(&rd);
        prev += (uint64_t)kt_unzigzag(kt_get_varint(&rd)) * unit;
        if (skip > n - at || len > n - at - skip || len == 0) {
            break;
        }
        at += skip;
        for (uint64_t end = at + len; at < end; at++) {
            ret[at] = (kt_time)prev;
        }
    }
    r->bad = r->bad || rd.bad || runs || kt_rd_left(&rd);
}

void history_codec_encode(struct history_codec *k, const struct history_cols *c, uint32_t lo,
                          uint32_t hi, struct kt_buf *out)
{
    KT_ASSERT(lo < hi && hi <= c->n && hi - lo <= HISTORY_CODEC_MAX);
    uint32_t n = hi - lo;
    scratch(k, n);
    k->sparse = n > 1 && history_sub(c->time[hi - 1], c->time[lo]) / (n - 1) >= SPARSE_NS;
    kt_put_u8(out, VERSION);
    kt_put_varint(out, n);
    history_times_encode(k, c->time + lo, n, out);
    history_values_encode(k, c->value + lo, n, out);
    encode_quality(k, c->quality + lo, n, out);
    encode_arrivals(k, c, lo, hi, out);
}

int history_codec_decode(struct history_codec *k, struct kt_str run, struct history_cols *ret,
                         struct kt_err *err)
{
    struct kt_rd r = kt_rd_init(run.p, run.n);
    uint8_t version = kt_get_u8(&r);
    uint64_t count = kt_get_varint(&r);
    if (r.bad || version != VERSION || count == 0 || count > HISTORY_CODEC_MAX) {
        return kt_err_set(err, KT_ECORRUPT, "a history chunk is damaged at its head");
    }
    uint32_t n = (uint32_t)count, at = ret->n;
    bool late = false;
    scratch(k, n);
    history_cols_reserve(ret, at + n);
    history_times_decode(k, &r, n, ret->time + at);
    history_values_decode(k, &r, n, ret->value + at);
    decode_quality(k, &r, n, ret->quality + at);
    if (!r.bad) {
        decode_arrivals(k, &r, n, ret->time[at], ret->arrival + at, &late);
    }
    if (r.bad || kt_rd_left(&r)) {
        return kt_err_set(err, KT_ECORRUPT, "a history chunk of %u samples is damaged", n);
    }
    if (late && !ret->late) {
        memset(ret->arrival, 0, at * sizeof(*ret->arrival));
    } else if (!late && ret->late) {
        memset(ret->arrival + at, 0, n * sizeof(*ret->arrival));
    }
    ret->late = ret->late || late;
    ret->n = at + n;
    return KT_OK;
}
