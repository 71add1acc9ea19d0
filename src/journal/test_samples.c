/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/samples.h"

#include <math.h>

#include "unit.h"

enum { MANY = 3000 };

struct batch {
    uint32_t n;
    uint32_t point[MANY];
    kt_time time[MANY];
    double value[MANY];
    kt_quality quality[MANY];
};

static struct kt_samples view(const struct batch *b)
{
    return (struct kt_samples){b->n, b->point, b->time, b->value, b->quality};
}

/** Code, decode, compare every bit. @return bytes taken, 0 when something differs */
static size_t round_trip(const struct kt_samples *s, kt_time arrival)
{
    struct kt_buf buf;
    struct kt_columns c = {0};
    struct kt_err err = {0};
    kt_time got = 0;
    kt_buf_init(&buf, 0);
    kt_samples_encode(&buf, arrival, s);
    struct kt_str body = {buf.p, buf.n};
    size_t n = buf.n;
    CHECK_OK(kt_samples_decode(body, s->n, &got, &c, &err), &err);
    bool same = got == arrival && c.n == s->n;
    if (same && s->n) {
        same = memcmp(c.point, s->point, s->n * sizeof(*c.point)) == 0 &&
               memcmp(c.time, s->time, s->n * sizeof(*c.time)) == 0 &&
               memcmp(c.value, s->value, s->n * sizeof(*c.value)) == 0;
        for (uint32_t i = 0; same && i < s->n; i++) {
            same = c.quality[i] == (s->quality ? s->quality[i] : KT_Q_NORMAL);
        }
    }
    if (s->n) {
        CHECK_INT(kt_samples_decode(body, s->n - 1, &got, &c, &err), KT_ECORRUPT);
        CHECK_INT(c.n, 0);
    }
    kt_columns_done(&c);
    kt_buf_done(&buf);
    return same ? n : 0;
}

static struct batch *scan(uint32_t n)
{
    struct batch *b = calloc(1, sizeof(*b));
    b->n = n;
    for (uint32_t i = 0; i < n; i++) {
        b->point[i] = i;
        b->time[i] = INT64_C(1790000000123000000);
        b->value[i] = (double)(i % 200) / 100;
    }
    return b;
}

static void plain_scan_is_small(void)
{
    struct batch *b = scan(MANY);
    struct kt_samples s = view(b);
    size_t n = round_trip(&s, b->time[0] + 4 * KT_MS);
    CHECK(n > 0);
    CHECK(n < 2 * MANY);
    s.quality = NULL;
    CHECK(round_trip(&s, 0) > 0);
    free(b);
}

static void empty_and_single(void)
{
    struct kt_samples none = {0};
    CHECK(round_trip(&none, 77) > 0);
    struct batch *b = scan(1);
    struct kt_samples s = view(b);
    CHECK(round_trip(&s, INT64_MIN) > 0);
    CHECK(round_trip(&s, INT64_MAX) > 0);
    free(b);
}

static double of_bits(uint64_t u)
{
    double v;
    memcpy(&v, &u, sizeof(v));
    return v;
}

static void odd_values(void)
{
    static const uint64_t bits[] = {
        UINT64_C(0x8000000000000000),                               /* -0.0 */
        UINT64_C(0x7ff0000000000000),                               /* infinities */
        UINT64_C(0xfff0000000000000), UINT64_C(0x7ff8000000000000), /* NaNs with payloads */
        UINT64_C(0xfff8000000000001), UINT64_C(0x7ff0000000000001), UINT64_C(0x7ff4000020000000),
        UINT64_C(0x0000000000000001), UINT64_C(0x000fffffffffffff), UINT64_C(0x7fefffffffffffff),
        UINT64_C(0xffefffffffffffff), UINT64_C(0x36a0000000000000), /* least float */
        UINT64_C(0x47efffffe0000000), UINT64_C(0x47f0000000000000), /* greatest float, and past it
                                                                     */
    };
    struct batch *b = scan(MANY);
    for (uint32_t i = 0; i < MANY; i += 7) {
        b->value[i] = of_bits(bits[i / 7 % KT_ARRAY_LEN(bits)]);
    }
    struct kt_samples s = view(b);
    CHECK(round_trip(&s, 0) > 0);
    double edge[] = {
        0x1p51,           -0x1p51,   0x1p51 - 1, 0x1p53, 0x1p63, 1e9,        -1e9,
        123456789.123456, 0.1,       1e-9,       1e-10,  -0.5,   2251799.81, 9007199254740994.0,
        1.0 / 3,          (float)0.1};
    for (uint32_t i = 0; i < MANY; i++) {
        b->value[i] = edge[i % KT_ARRAY_LEN(edge)];
    }
    CHECK(round_trip(&s, 0) > 0);
    free(b);
}

static void odd_ids_and_times(void)
{
    struct batch *b = scan(12);
    const uint32_t ids[] = {UINT32_MAX, 0, UINT32_MAX, 1u << 31, 0, 0, 0, 0, 0, 7, 6, 5};
    const kt_time times[] = {INT64_MIN, INT64_MAX, 0, -1, 1, INT64_MIN,
                             INT64_MIN, INT64_MAX, 5, 4,  3, 1000000007};
    memcpy(b->point, ids, sizeof(ids));
    memcpy(b->time, times, sizeof(times));
    struct kt_samples s = view(b);
    CHECK(round_trip(&s, INT64_MAX) > 0);
    CHECK(round_trip(&s, INT64_MIN) > 0);
    free(b);
}

/* What kinds of columns a random batch is made of. */
static double random_value(uint64_t *seed, unsigned kind, double before)
{
    uint64_t r = unit_rand(seed);
    switch (kind) {
    case 0:
        return (double)(int64_t)(r % 20001) / 100 - 100;
    case 1:
        return (double)(float)((double)(r % 100000) / 1000);
    case 2:
        return of_bits(r);
    case 3:
        return r % 50 ? before : (double)(r % 2);
    case 4:
        return (double)(int64_t)(r >> (r & 63));
    case 5:
        return (double)(r % 1000000007) / ((double[]){1, 10, 1e3, 1e6, 1e9})[r % 5];
    default:
        return r % 16 ? (double)(r % 1000) / 10 : -0.0;
    }
}

static void random_column_steps(struct batch *b, uint64_t *seed)
{
    unsigned how = (unsigned)(unit_rand(seed) % 5);
    static const int64_t units[] = {1, KT_US, KT_MS, KT_SEC};
    int64_t unit = units[unit_rand(seed) % 4];
    kt_time t = how == 4 ? 0 : INT64_C(1790000000000000000);
    for (uint32_t i = 0; i < b->n; i++) {
        uint64_t r = unit_rand(seed);
        t += how == 0 ? 0 : how == 1 ? unit : (int64_t)(r % 2001 - 1000) * unit;
        b->time[i] = how == 4 ? (kt_time)r : t;
        b->point[i] = how == 3   ? (uint32_t)r
                      : how == 2 ? (uint32_t)(i * 3 + r % 2)
                                 : (i ? b->point[i - 1] + (r % 20 == 0) + 1 : (uint32_t)r);
        b->quality[i] = how % 2 ? KT_Q_NORMAL : (kt_quality)(r % 11 ? KT_Q_STALE : r >> 20);
    }
}

static void random_batches(void)
{
    uint64_t start = 20261121, seed = start;
    struct batch *b = calloc(1, sizeof(*b));
    printf("# seed %" PRIu64 "\n", start);
    for (int round = 0; round < 600; round++) {
        b->n = (uint32_t)(unit_rand(&seed) % (round % 4 ? 300 : MANY));
        random_column_steps(b, &seed);
        unsigned kind = (unsigned)(unit_rand(&seed) % 8);
        for (uint32_t i = 0; i < b->n; i++) {
            unsigned k = kind == 7 ? (unsigned)(unit_rand(&seed) % 7) : kind;
            b->value[i] = random_value(&seed, k, i ? b->value[i - 1] : 0);
        }
        struct kt_samples s = view(b);
        REQUIRE(round_trip(&s, (kt_time)unit_rand(&seed)) > 0);
    }
    free(b);
}

static void float_noise_is_four_bytes(void)
{
    struct batch *b = scan(MANY);
    for (uint32_t i = 0; i < MANY; i++) {
        b->value[i] = (double)((float)i / 7);
    }
    struct kt_samples s = view(b);
    size_t n = round_trip(&s, 0);
    CHECK(n > 0);
    CHECK(n < 5 * MANY);
    free(b);
}

static void scale_falls_again(void)
{
    struct batch *b = scan(MANY);
    for (uint32_t i = 0; i < MANY; i++) {
        b->value[i] = i < 100 ? 0.123456789 : (double)(i % 64);
    }
    struct kt_samples s = view(b);
    size_t n = round_trip(&s, 0);
    CHECK(n > 0);
    CHECK(n < 2 * MANY);
    free(b);
}

/** Every cut and many changed bytes: an error or a decoded batch, never a read past the end. */
static void hostile_bytes(void)
{
    struct batch *b = scan(300);
    for (uint32_t i = 0; i < b->n; i += 5) {
        b->value[i] = NAN;
    }
    struct kt_samples s = view(b);
    struct kt_buf buf;
    struct kt_columns c = {0};
    struct kt_err err;
    kt_time arrival;
    uint64_t seed = 5;
    kt_buf_init(&buf, 0);
    kt_samples_encode(&buf, 1, &s);
    for (size_t cut = 0; cut < buf.n; cut++) {
        char *exact = malloc(cut + 1);
        memcpy(exact, buf.p, cut);
        CHECK_INT(kt_samples_decode((struct kt_str){exact, cut}, 1000, &arrival, &c, &err),
                  KT_ECORRUPT);
        free(exact);
    }
    for (int i = 0; i < 20000; i++) {
        char *exact = malloc(buf.n);
        memcpy(exact, buf.p, buf.n);
        exact[unit_rand(&seed) % buf.n] = (char)unit_rand(&seed);
        int r = kt_samples_decode((struct kt_str){exact, buf.n}, 400, &arrival, &c, &err);
        CHECK(r == KT_OK ? c.n <= 400 : c.n == 0);
        free(exact);
    }
    kt_columns_done(&c);
    kt_buf_done(&buf);
    free(b);
}

UNIT_MAIN({"a plain scan takes less than two bytes a sample", plain_scan_is_small},
          {"empty and single batches", empty_and_single},
          {"values that are no short decimals, bit for bit", odd_values},
          {"ids and times at their limits and unordered", odd_ids_and_times},
          {"random batches, bit for bit", random_batches},
          {"float noise takes four bytes", float_noise_is_four_bytes},
          {"one long decimal does not widen what follows", scale_falls_again},
          {"hostile bytes are refused", hostile_bytes})
