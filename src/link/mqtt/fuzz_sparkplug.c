/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "link/mqtt/sparkplug.h"
#include "link/mqtt/tahu.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const topics[] = {
    "spBv1.0/G/NBIRTH/E",  "spBv1.0/G/NDATA/E",    "spBv1.0/G/NDEATH/E",   "spBv1.0/G/DBIRTH/E/D",
    "spBv1.0/G/DDATA/E/D", "spBv1.0/G/DDEATH/E/D", "spBv1.0/G/DDATA/E/D2", "spBv1.0/G/NCMD/E"};

static void take(void *arg, uint32_t point, kt_time time, double value, kt_quality q)
{
    int *n = arg;
    (void)value;
    KT_ASSERT(point < 4 && time > 0 && kt_quality_id(q));
    (*n)++;
}

/* Messages: a byte for the topic, two for the length, the payload. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct kt_role role;
    struct kt_point points[4] = {{.role = &role, .address = "G/E#a"},
                                 {.role = &role, .address = "G/E/D#b"},
                                 {.role = &role, .address = "G/E/D#b"},
                                 {.role = &role, .address = "G/E/D#c/d"}};
    struct kt_site site = {.points = points, .points_n = 4};
    struct spark *s = spark_new(&site, 0);
    struct kt_buf topic, body;
    kt_buf_init(&topic, 4096);
    kt_buf_init(&body, 4096);
    for (size_t at = 0; at + 3 <= size;) {
        const char *t = topics[data[at] % KT_ARRAY_LEN(topics)];
        size_t n = (size_t)(data[at + 1] | data[at + 2] << 8);
        at += 3;
        n = n < size - at ? n : size - at;
        int got = 0;
        int r = spark_take(s, kt_str_c(t), (struct kt_str){(const char *)data + at, n}, KT_HOUR,
                           take, &got);
        KT_ASSERT(r == got || r == KT_EPARSE);
        at += n;
    }
    (void)spark_command(s, KT_SEC, KT_HOUR, &topic, &body);
    kt_buf_done(&topic);
    kt_buf_done(&body);
    spark_free(s);
    return 0;
}
