/* SPDX-License-Identifier: Apache-2.0 */
/* The parsers of base that see outside bytes: times, durations, base64, hashes, the bounded reader.
 */
#include "base/crypto.h"
#include "base/time.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_text(struct kt_str s)
{
    kt_time t = 0;
    int64_t ns = 0;
    struct kt_hash h;
    char buf[64];
    if (kt_time_parse(s, 8 * 3600, &t) == KT_OK) {
        kt_time again = 0;
        kt_time_fmt(t, 8 * 3600, buf);
        if (t >= -70 * 365 * KT_DAY && t < 230 * 365 * KT_DAY) { /* the years that are read */
            KT_ASSERT(kt_time_parse(kt_str_c(buf), 0, &again) == KT_OK && again == t);
        }
    }
    if (kt_duration_parse(s, &ns) == KT_OK) {
        KT_ASSERT(ns >= 0);
    }
    if (kt_hash_from_hex(s, &h) == KT_OK) {
        char hex[65];
        kt_hash_hex(&h, hex);
    }
    KT_ASSERT(kt_base64_decode(s, buf, sizeof(buf)) <= (int)sizeof(buf));
}

static void read_binary(const uint8_t *data, size_t size)
{
    struct kt_rd r = kt_rd_init(data, size);
    while (!r.bad && kt_rd_left(&r)) {
        struct kt_str s = {"", 0};
        switch (kt_get_u8(&r) % 4) {
        case 0:
            kt_get_varint(&r);
            break;
        case 1:
            s = kt_get_bytes(&r);
            break;
        case 2:
            kt_get_f64(&r);
            break;
        default:
            kt_rd_take(&r, kt_get_u16(&r));
            break;
        }
        KT_ASSERT(s.n <= size && kt_rd_left(&r) <= size);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_text((struct kt_str){(const char *)data, size});
    read_binary(data, size);
    return 0;
}
