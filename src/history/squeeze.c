/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes through zstd level 1 (fast, matches of 7, no magic, no content size) when that is shorter;
 * with its matches or without any, whichever is the shorter: of a few symbols in no order short
 * matches are found everywhere, and cost more than the symbols themselves.
 * Layout: length varint, packed length varint (0: stored as they are), bytes.
 */
#define ZSTD_STATIC_LINKING_ONLY /* the magicless format */
#include <stdlib.h>
#include <zstd.h>

#include "history/codec_private.h"

enum { SQUEEZE_MIN = 12 };

static ZSTD_CCtx *compressor_new(void)
{
    ZSTD_CCtx *zc = ZSTD_createCCtx();
    KT_ASSERT(zc);
    static const struct {
        ZSTD_cParameter p;
        int v;
    } set[] = {{ZSTD_c_compressionLevel, 1}, {ZSTD_c_strategy, ZSTD_fast},
               {ZSTD_c_minMatch, 7},         {ZSTD_c_format, ZSTD_f_zstd1_magicless},
               {ZSTD_c_contentSizeFlag, 0},  {ZSTD_c_checksumFlag, 0},
               {ZSTD_c_dictIDFlag, 0}};
    for (size_t i = 0; i < KT_ARRAY_LEN(set); i++) {
        KT_ASSERT(!ZSTD_isError(ZSTD_CCtx_setParameter(zc, set[i].p, set[i].v)));
    }
    return zc;
}

static ZSTD_DCtx *decompressor(struct history_codec *k)
{
    if (!k->zd) {
        k->zd = ZSTD_createDCtx();
        KT_ASSERT(k->zd && !ZSTD_isError(ZSTD_DCtx_setParameter(k->zd, ZSTD_d_format,
                                                                ZSTD_f_zstd1_magicless)));
    }
    return k->zd;
}

/* Without matches: the symbols alone, coded by how often they come. */
static size_t squeeze_symbols(struct history_codec *k, void *to, size_t bound, const void *p,
                              size_t n)
{
    enum { BLOCK_MOST = 128 << 10 };
    if (n > BLOCK_MOST) {
        return SIZE_MAX;
    }
    if (!k->zs) {
        k->zs = compressor_new();
        KT_ASSERT(!ZSTD_isError(ZSTD_CCtx_setParameter(k->zs, ZSTD_c_blockDelimiters,
                                                       ZSTD_sf_explicitBlockDelimiters)));
    }
    ZSTD_Sequence whole = {.litLength = (unsigned)n};
    size_t z = ZSTD_compressSequences(k->zs, to, bound, &whole, 1, p, n);
    return ZSTD_isError(z) ? SIZE_MAX : z;
}

void history_squeeze(struct history_codec *k, const void *p, size_t n, bool try, struct kt_buf *out)
{
    enum { HEAD = 3 }; /* more than the packed length saves is wanted */
    kt_put_varint(out, n);
    if (try && n >= SQUEEZE_MIN) {
        size_t bound = ZSTD_compressBound(n);
        kt_buf_clear(&k->packed);
        char *to = kt_buf_reserve(&k->packed, 2 * bound);
        KT_ASSERT(to);
        if (!k->zc) {
            k->zc = compressor_new();
        }
        size_t z = ZSTD_compress2(k->zc, to, bound, p, n);
        size_t symbols = squeeze_symbols(k, to + bound, bound, p, n);
        bool fewer = ZSTD_isError(z) || symbols < z;
        z = fewer ? symbols : z;
        if (z < n && z + HEAD < n) {
            kt_put_varint(out, z);
            kt_buf_put(out, fewer ? to + bound : to, z);
            return;
        }
    }
    kt_put_varint(out, 0);
    kt_buf_put(out, p, n);
}

struct kt_str history_unsqueeze(struct history_codec *k, struct kt_rd *r, size_t max)
{
    struct kt_str none = {"", 0};
    uint64_t n = kt_get_varint(r), z = kt_get_varint(r);
    if (r->bad || n > max) {
        r->bad = true;
        return none;
    }
    const void *p = kt_rd_take(r, z ? (size_t)z : (size_t)n);
    if (!p) {
        return none;
    }
    kt_buf_clear(&k->raw);
    char *to = kt_buf_reserve(&k->raw, (size_t)n + HISTORY_PAD);
    KT_ASSERT(to);
    if (z) {
        size_t got = ZSTD_decompressDCtx(decompressor(k), to, (size_t)n, p, (size_t)z);
        if (ZSTD_isError(got) || got != n) {
            r->bad = true;
            return none;
        }
    } else {
        memcpy(to, p, (size_t)n);
    }
    memset(to + n, 0, HISTORY_PAD);
    return (struct kt_str){to, (size_t)n};
}

struct history_codec *history_codec_new(void)
{
    struct history_codec *k = calloc(1, sizeof(*k));
    KT_ASSERT(k);
    return k;
}

void history_codec_free(struct history_codec *k)
{
    if (!k) {
        return;
    }
    ZSTD_freeCCtx(k->zc);
    ZSTD_freeCCtx(k->zs);
    ZSTD_freeDCtx(k->zd);
    free(k->mant);
    free(k->resid);
    free(k->grid);
    free(k->sel);
    free(k->model);
    struct kt_buf *all[] = {&k->raw,       &k->stream,    &k->ints[0], &k->ints[1],
                            &k->values[0], &k->values[1], &k->except,  &k->packed};
    for (size_t i = 0; i < KT_ARRAY_LEN(all); i++) {
        kt_buf_done(all[i]);
    }
    free(k);
}
