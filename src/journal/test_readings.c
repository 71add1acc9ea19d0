/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/readings.h"

#include <stdlib.h>

#include "unit.h"

static void fill(struct kt_readings *r, uint32_t n)
{
    r->arrival = 1700000000000 * KT_MS;
    for (uint32_t i = 0; i < n; i++) {
        char id[16];
        struct kt_reading *x = kt_readings_add(r);
        x->card = 14000000000100017ull + (uint64_t)i * 3 % 700;
        x->time = r->arrival - (int64_t)(i % 900) * KT_MS;
        x->battery = (uint8_t)(i % 101);
        x->flags = i % 50 == 0 ? KT_READ_SOS : i % 50 == 7 ? KT_READ_SINCE : 0;
        x->in = i % 50 == 7 ? r->arrival - (int64_t)i * KT_MIN : 0;
        for (x->n = 0; x->n < i % 5; x->n++) {
            snprintf(id, sizeof(id), "R-%u", (i / 10 + x->n) % 90);
            x->a[x->n].anchor = (uint16_t)kt_readings_anchor(r, kt_str_c(id));
            x->a[x->n].cm = x->n == 3 ? KT_DIST_NONE : i * 7 % 9000;
        }
    }
}

static void same_back(void)
{
    struct kt_readings *a = calloc(1, sizeof(*a)), *b = calloc(1, sizeof(*b));
    struct kt_buf out;
    struct kt_err err;
    kt_buf_init(&out, 0);
    fill(a, 2000);
    kt_readings_encode(&out, a);
    int r = kt_readings_decode((struct kt_str){out.p, out.n}, b, &err);
    CHECK_INT(r, KT_OK);
    CHECK_INT(a->n, b->n);
    CHECK(memcmp(a->v, b->v, a->n * sizeof(*a->v)) == 0);
    CHECK(out.n / 2000 < 16); /* bytes a reading */
    size_t cut = 0;
    for (size_t n = 0; n < out.n; n += 97) {
        cut += kt_readings_decode((struct kt_str){out.p, n}, b, &err) == KT_OK || b->n != 0;
    }
    CHECK_INT(cut, 0); /* no part of it is taken for a whole */
    kt_buf_done(&out);
    kt_readings_done(a);
    kt_readings_done(b);
    free(a);
    free(b);
}

static void cards(void)
{
    uint64_t v = 0;
    CHECK(kt_card_parse(KT_STR("14000000000100017"), &v) && v == 14000000000100017ull);
    CHECK(!kt_card_parse(KT_STR("0"), &v));
    CHECK(!kt_card_parse(KT_STR("12a"), &v));
    CHECK(!kt_card_parse(KT_STR(""), &v));
    CHECK(!kt_card_parse(KT_STR("1234567890123456789"), &v));
}

UNIT_MAIN({"2 000 readings come back as they were", same_back}, {"cards are numbers", cards})
