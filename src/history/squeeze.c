/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes through zstd level 1 (fast, matches of 7, no magic, no content size) when that is shorter.
 * Layout: length varint, packed length varint (0: stored as they are), bytes.
 */
#define ZSTD_STATIC_LINKING_ONLY /* the magicless format */
#include <stdlib.h>
#include <zstd.h>

#include "history/codec_private.h"

enum { SQUEEZE_MIN = 12 };

static ZSTD_CCtx *compressor(struct history_codec *k)
{
    if (!k->zc) {
        k->zc = ZSTD_createCCtx();
        KT_ASSERT(k->zc);
        static const struct {
            ZSTD_cParameter p;
            int v;
        } set[] = {{ZSTD_c_compressionLevel, 1}, {ZSTD_c_strategy, ZSTD_fast},
                   {ZSTD_c_minMatch, 7},         {ZSTD_c_format, ZSTD_f_zstd1_magicless},
                   {ZSTD_c_contentSizeFlag, 0},  {ZSTD_c_checksumFlag, 0},
                   {ZSTD_c_dictIDFlag, 0}};
        for (size_t i = 0; i < KT_ARRAY_LEN(set); i++) {
            KT_ASSERT(!ZSTD_isError(ZSTD_CCtx_setParameter(k->zc, set[i].p, set[i].v)));
        }
    }
    return k->zc;
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

void history_squeeze(struct history_codec *k, const void *p, size_t n, bool try, struct kt_buf *out)
{
    kt_put_varint(out, n);
    size_t start = out->n;
    if (try && n >= SQUEEZE_MIN) {
        enum { HEAD = 3 }; /* room for the packed length; moved back when shorter */
        size_t bound = ZSTD_compressBound(n);
        char *to = kt_buf_reserve(out, bound + HEAD);
        KT_ASSERT(to);
        size_t z = ZSTD_compress2(compressor(k), to + HEAD, bound, p, n);
        if (!ZSTD_isError(z) && z + HEAD < n) {
            kt_put_varint(out, z);
            memmove(out->p + out->n, out->p + start + HEAD, z);
            out->n += z;
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
    ZSTD_freeDCtx(k->zd);
    free(k->mant);
    free(k->resid);
    free(k->grid);
    free(k->sel);
    struct kt_buf *all[] = {&k->raw,       &k->stream,    &k->ints[0], &k->ints[1],
                            &k->values[0], &k->values[1], &k->except};
    for (size_t i = 0; i < KT_ARRAY_LEN(all); i++) {
        kt_buf_done(all[i]);
    }
    free(k);
}
