/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_HISTORY_CODEC_PRIVATE_H
#define KT_HISTORY_CODEC_PRIVATE_H
/*
 * Inside of the codec: its columns and the scratch they share.
 *
 * Invariant: a coder of a column uses only its own scratch, so coders nest as
 * values -> ints -> squeeze and never the other way. Sums and differences wrap, so any int64 works.
 */
#include <math.h>
#include <string.h>

#include "history/codec.h"

enum { HISTORY_PAD = 16, HISTORY_SCALE_MAX = 15, HISTORY_EXCEPT_PART = 16 };

struct history_codec {
    struct ZSTD_CCtx_s *zc, *zs;
    struct ZSTD_DCtx_s *zd;
    uint32_t cap;
    int64_t *mant, *resid, *grid; /* columns of integers: values use two, times one */
    int64_t *sel;                 /* median of time steps */
    struct kt_buf raw;            /* squeeze: what came out, with HISTORY_PAD zeros behind */
    struct kt_buf stream;         /* bytes before they are squeezed */
    struct kt_buf ints[2];        /* ints: the best so far and the one tried */
    struct kt_buf values[2];      /* values: likewise */
    struct kt_buf except;         /* values: exceptions of the one tried */
    struct kt_buf packed;         /* squeeze: what is being tried */
    struct history_model *model;  /* model.c */
    bool sparse;                  /* of the run: few samples for its time, so bytes count most */
};

/* squeeze.c: bytes, through zstd when it is to be tried and that is shorter */
void history_squeeze(struct history_codec *k, const void *p, size_t n, bool try,
                     struct kt_buf *out);
/** The bytes, borrowed until the next call, HISTORY_PAD zeros behind; sets r->bad. */
struct kt_str history_unsqueeze(struct history_codec *k, struct kt_rd *r, size_t max);

/* ints.c: a column of integers */
void history_ints_encode(struct history_codec *k, const int64_t *x, uint32_t n, struct kt_buf *out);
void history_ints_decode(struct history_codec *k, struct kt_rd *r, uint32_t n, int64_t *ret);

/* model.c: a column of integers by the odds of its differences */
void history_model_encode(struct history_codec *k, const int64_t *x, uint32_t n,
                          struct kt_buf *out);
/** ret[0] is x0. false: damaged */
bool history_model_decode(struct history_codec *k, struct kt_rd *r, uint32_t n, int64_t x0,
                          int64_t *ret);

/* values.c, times.c */
void history_values_encode(struct history_codec *k, const double *v, uint32_t n,
                           struct kt_buf *out);
void history_values_decode(struct history_codec *k, struct kt_rd *r, uint32_t n, double *ret);
void history_times_encode(struct history_codec *k, const kt_time *t, uint32_t n,
                          struct kt_buf *out);
void history_times_decode(struct history_codec *k, struct kt_rd *r, uint32_t n, kt_time *ret);

/* decimal.c */
extern const double history_pow10[HISTORY_SCALE_MAX + 1];
static inline uint64_t history_bits(double v)
{
    uint64_t b;
    memcpy(&b, &v, sizeof(b));
    return b;
}
static inline double history_of_bits(uint64_t b)
{
    double v;
    memcpy(&v, &b, sizeof(v));
    return v;
}
/** The mantissa of v at scale s, when m / 10^s gives v to the bit. */
static inline bool history_decimal(double v, int s, int64_t *ret)
{
    double x = v * history_pow10[s];
    if (!(x < 9007199254740992.0 && x > -9007199254740992.0)) {
        return false;
    }
    int64_t m = llrint(x);
    *ret = m;
    return history_bits((double)m / history_pow10[s]) == history_bits(v);
}
/** Smallest scale >= from that holds v; -1 none. */
int history_scale_of(double v, int from);
/** The scale for a column with at most n/16 exceptions; -1 when it is not decimal. When ret_all,
 * the mantissas at that scale are in ret_mant. */
int history_scale_pick(const double *v, uint32_t n, int64_t *ret_mant, bool *ret_all);

static inline unsigned history_bitlen(uint64_t v)
{
    return v ? 64u - (unsigned)__builtin_clzll(v) : 0u;
}
static inline int64_t history_sub(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a - (uint64_t)b);
}
#endif
