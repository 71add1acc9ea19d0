/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/samples.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** What decodes is coded and decoded again to the same bits. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kt_columns c = {0}, again = {0};
    kt_time arrival, arrival_again;
    struct kt_buf buf;
    if (kt_samples_decode((struct kt_str){(const char *)data, size}, 1 << 16, &arrival, &c, NULL) ==
        KT_OK) {
        struct kt_samples s = kt_columns_view(&c);
        kt_buf_init(&buf, 0);
        kt_samples_encode(&buf, arrival, &s);
        KT_ASSERT(kt_samples_decode((struct kt_str){buf.p, buf.n}, c.n, &arrival_again, &again,
                                    NULL) == KT_OK);
        KT_ASSERT(again.n == c.n && arrival == arrival_again);
        for (uint32_t i = 0; i < c.n; i++) {
            KT_ASSERT(again.point[i] == c.point[i] && again.time[i] == c.time[i] &&
                      again.quality[i] == c.quality[i] &&
                      memcmp(&again.value[i], &c.value[i], sizeof(double)) == 0);
        }
        kt_buf_done(&buf);
    }
    kt_columns_done(&c);
    kt_columns_done(&again);
    return 0;
}
