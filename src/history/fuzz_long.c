/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What VictoriaMetrics answers, any bytes: lines of an export, figures of a query. What is taken
 * comes out in time order, and an answer that is refused changes nothing.
 */
#include <stdlib.h>

#include "history/long_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BUCKETS = 8 };

static bool in_order(void *arg, kt_time time, double value, kt_quality q, kt_time arrival)
{
    kt_time *last = arg;
    (void)value;
    (void)q;
    KT_ASSERT(time >= *last && arrival == 0);
    *last = time;
    return true;
}

static void as_export(struct kt_str text)
{
    struct long_answer a = {0};
    struct kt_err err;
    kt_time last = INT64_MIN;
    if (long_answer_export(text, &a, &err) == KT_OK) {
        KT_ASSERT(long_answer_walk(&a, INT64_MIN, INT64_MAX, in_order, &last));
    }
    long_answer_done(&a);
}

static void as_figures(struct kt_str text)
{
    struct kt_bucket list[BUCKETS] = {0};
    struct kt_err err;
    for (int i = 0; i < BUCKETS; i++) {
        list[i].start = i * KT_SEC;
        list[i].count = 77;
    }
    int r = long_answer_rollup(text, 0, KT_SEC, BUCKETS, list, &err);
    for (int i = 0; i < BUCKETS; i++) {
        KT_ASSERT(list[i].start == i * KT_SEC && (r == KT_OK || list[i].count == 77));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1); /* no byte beyond it is there */
    KT_ASSERT(text);
    memcpy(text, data, size);
    as_export((struct kt_str){text, size});
    as_figures((struct kt_str){text, size});
    free(text);
    return 0;
}
