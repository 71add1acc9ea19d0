/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decoder of chunks on any bytes: as a run, and as a row whose check was put right so that the
 * summary behind it is read too. What decodes must come back the same when coded again.
 */
#include <stdlib.h>

#include "history/row.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void again(struct history_codec *k, const struct history_cols *c)
{
    struct kt_buf b;
    struct history_cols back = {0};
    struct kt_err err;
    kt_buf_init(&b, 0);
    history_codec_encode(k, c, 0, c->n, &b);
    KT_ASSERT(history_codec_decode(k, (struct kt_str){b.p, b.n}, &back, &err) == KT_OK);
    KT_ASSERT(back.n == c->n && memcmp(back.time, c->time, c->n * 8) == 0 &&
              memcmp(back.value, c->value, c->n * 8) == 0 &&
              memcmp(back.quality, c->quality, c->n) == 0);
    history_cols_done(&back);
    kt_buf_done(&b);
}

static void as_row(const uint8_t *data, size_t size)
{
    struct kt_err err;
    struct history_summary sum;
    struct kt_str run;
    char *row = malloc(size + HISTORY_CHECK_BYTES);
    KT_ASSERT(row);
    memset(row, 0, HISTORY_CHECK_BYTES);
    memcpy(row + HISTORY_CHECK_BYTES, data, size);
    struct kt_str s = {row, size + HISTORY_CHECK_BYTES};
    struct kt_hash h;
    history_row_hash("p", s, &h);
    memcpy(row, h.b, HISTORY_CHECK_BYTES);
    if (history_row_open("p", s, &sum, &run, &err) == KT_OK) {
        KT_ASSERT(sum.known <= sum.n && run.n <= size);
    }
    free(row);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct history_codec *k = history_codec_new();
    struct history_cols c = {0};
    struct kt_err err;
    if (history_codec_decode(k, (struct kt_str){(const char *)data, size}, &c, &err) == KT_OK) {
        again(k, &c);
    }
    as_row(data, size);
    history_cols_done(&c);
    history_codec_free(k);
    return 0;
}
