/* SPDX-License-Identifier: Apache-2.0 */
/* Decimal text to whole numbers and back, exactly. */
#include <time.h>

#include "record/model_flow.h"
#include "unit.h"

static int64_t amount(const char *s, int decimals)
{
    int64_t v = -777;
    int r = rec_amount_parse(kt_str_c(s), decimals, &v);
    return r < 0 ? r * 1000000 : v;
}

static void reads(void)
{
    CHECK_INT(amount("12.30", 2), 1230);
    CHECK_INT(amount("-0.05", 2), -5);
    CHECK_INT(amount("+7", 2), 700);
    CHECK_INT(amount(".5", 1), 5);
    CHECK_INT(amount("5.", 0), 5);
    CHECK_INT(amount("1.2300", 2), 123);
    CHECK_INT(amount("0", 6), 0);
    CHECK_INT(amount("1000000000000000", 0), 1000000000000000);
}

static void refuses(void)
{
    static const char *const no[] = {"", "-", ".", "1e3", "1,0", " 1", "1 ", "0x1", "--1", "nan"};
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
        CHECK_INT(amount(no[i], 2), (int64_t)KT_EPARSE * 1000000);
    }
    CHECK_INT(amount("1.005", 2), (int64_t)KT_EINVAL * 1000000);
    CHECK_INT(amount("10000000000000.01", 2), (int64_t)KT_ELIMIT * 1000000);
    CHECK_INT(amount("99999999999999999999999999999", 0), (int64_t)KT_ELIMIT * 1000000);
}

static void there_and_back(void)
{
    uint64_t seed = (uint64_t)time(NULL), state = seed;
    char text[32];
    printf("# seed %" PRIu64 "\n", seed);
    CHECK_STR(rec_amount_fmt(0, 2, text), "0.00");
    CHECK_STR(rec_amount_fmt(-5, 2, text), "-0.05");
    CHECK_STR(rec_amount_fmt(INT64_MIN, 6, text), "-9223372036854.775808");
    for (int i = 0; i < 20000; i++) {
        int decimals = (int)(unit_rand(&state) % 7);
        int64_t v = (int64_t)(unit_rand(&state) % (uint64_t)(2 * REC_AMOUNT_MAX)) - REC_AMOUNT_MAX;
        v >>= unit_rand(&state) % 50;
        rec_amount_fmt(v, decimals, text);
        CHECK_INT(amount(text, decimals), v);
    }
}

UNIT_MAIN({"reads decimal text", reads}, {"refuses what is no amount", refuses},
          {"there and back", there_and_back})
