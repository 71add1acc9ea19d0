/* SPDX-License-Identifier: Apache-2.0 */
#include "history/codec.h"
#include "history/head.h"

#include <math.h>

#include "sys/file.h"
#include "unit.h"

enum { N_MAX = 5000, ROUNDS = 300 };

static struct kt_err err;
static const kt_time T0 = INT64_C(1764000000) * KT_SEC;

static void add(struct history_cols *c, kt_time t, double v, kt_quality q, kt_time arrival)
{
    history_cols_reserve(c, c->n + 1);
    if (arrival && !c->late) {
        memset(c->arrival, 0, c->n * sizeof(*c->arrival));
        c->late = true;
    }
    c->time[c->n] = t;
    c->value[c->n] = v;
    c->quality[c->n] = q;
    c->arrival[c->n] = arrival;
    c->n++;
}

static bool same(const struct history_cols *a, const struct history_cols *b)
{
    if (a->n != b->n || memcmp(a->time, b->time, a->n * 8) != 0 ||
        memcmp(a->value, b->value, a->n * 8) != 0 || memcmp(a->quality, b->quality, a->n) != 0) {
        return false;
    }
    for (uint32_t i = 0; i < a->n; i++) {
        if ((a->late ? a->arrival[i] : 0) != (b->late ? b->arrival[i] : 0)) {
            return false;
        }
    }
    return true;
}

/* Bytes of the run; -1 when it does not come back as it was. */
static double round_trip(const struct history_cols *c)
{
    struct history_codec *k = history_codec_new();
    struct kt_buf b;
    kt_buf_init(&b, 0);
    struct history_cols back = {0};
    history_codec_encode(k, c, 0, c->n, &b);
    int r = history_codec_decode(k, (struct kt_str){b.p, b.n}, &back, &err);
    double bytes = r == KT_OK && same(c, &back) ? (double)b.n : -1;
    history_cols_done(&back);
    kt_buf_done(&b);
    history_codec_free(k);
    return bytes;
}

static uint64_t seed;
static uint64_t rnd(uint64_t n)
{
    return unit_rand(&seed) % n;
}
static double unit01(void)
{
    return (double)(unit_rand(&seed) >> 11) * 0x1p-53;
}

enum shape {
    CONSTANT,
    WALK,
    STEPS,
    DECIMALS,
    FLOATS,
    NEAR,
    NOISE,
    BITS,
    SWITCHES,
    COUNTER,
    SHAPES
};

static double odd_value(void)
{
    static const double odd[] = {-0.0, NAN, INFINITY, -INFINITY, 5e-324, 1e308, 0.1 + 0.2};
    uint64_t quiet = UINT64_C(0x7ff8000000000000) | rnd(1u << 20);
    double v;
    memcpy(&v, &quiet, sizeof(v));
    uint64_t i = rnd(KT_ARRAY_LEN(odd) + 1);
    return i < KT_ARRAY_LEN(odd) ? odd[i] : v;
}

static double next_value(enum shape s, double prev, int scale)
{
    double p = pow(10, scale);
    uint64_t bits = unit_rand(&seed);
    double v;
    switch (s) {
    case CONSTANT:
        return prev;
    case WALK:
        return (nearbyint(prev * p) + (double)(int)(rnd(9)) - 4) / p;
    case STEPS:
        return rnd(50) ? prev : (double)(int64_t)rnd(2000) / p;
    case DECIMALS:
        return (double)((int64_t)rnd(1u << 30) - (1 << 29)) / p;
    case FLOATS:
        return (double)(float)(prev + (unit01() - 0.5));
    case NEAR:
        return (nearbyint(prev * p) + (double)(int)(rnd(9)) - 4) * (1 / p);
    case NOISE:
        return unit01() * 100;
    case SWITCHES:
        return (double)rnd(2);
    case COUNTER:
        return prev + (double)rnd(1000);
    default:
        memcpy(&v, &bits, sizeof(v));
        return v;
    }
}

static kt_time next_time(int how, kt_time prev)
{
    switch (how) {
    case 0:
        return prev + KT_SEC;
    case 1: /* jitter at ms, gaps */
        return prev + (990 + (int64_t)rnd(21)) * KT_MS + (rnd(100) ? 0 : 60 * KT_SEC);
    case 2: /* regular with gaps and repeats */
        return rnd(30) ? prev + 5 * KT_SEC : prev + (int64_t)rnd(3) * 5 * KT_SEC;
    case 3: /* ns jitter */
        return prev + KT_SEC + (int64_t)rnd(1000000) - 500000;
    case 4: /* out of order */
        return prev + (int64_t)rnd(10 * KT_SEC) - 4 * KT_SEC;
    case 5: /* sparse, late by some ms or not there */
        return prev + 30 * KT_SEC * (rnd(50) ? 1 : 3) + (int64_t)rnd(4) * KT_MS;
    case 6:
        return prev + KT_MIN;
    default:
        return (kt_time)unit_rand(&seed);
    }
}

static void fill(struct history_cols *c, enum shape s, int times, uint32_t n, unsigned odd)
{
    double v = (double)rnd(1000) / 100;
    kt_time t = T0 + (int64_t)rnd(2) * 123456789;
    int scale = (int)rnd(10);
    unsigned q_every = rnd(3) ? 0 : 1 + (unsigned)rnd(100);
    unsigned late_every = rnd(3) ? 0 : 1 + (unsigned)rnd(100);
    for (uint32_t i = 0; i < n; i++) {
        v = next_value(s, v, scale);
        t = next_time(times, t);
        kt_quality q = q_every && rnd(q_every) == 0 ? (kt_quality)rnd(256) : 0;
        kt_time a = late_every && rnd(late_every) == 0 ? t + (int64_t)rnd(100) * KT_SEC + 1 : 0;
        add(c, t, odd && rnd(odd) == 0 ? odd_value() : v, q, a);
    }
}

static void any_columns(void)
{
    seed = 20251;
    printf("# seed %llu\n", (unsigned long long)seed);
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t before = seed;
        enum shape s = (enum shape)rnd(SHAPES);
        int times = (int)rnd(8);
        uint32_t n = rnd(4) ? 1 + (uint32_t)rnd(400) : 1 + (uint32_t)rnd(N_MAX);
        struct history_cols c = {0};
        fill(&c, s, times, n, rnd(2) ? 0 : 1 + (unsigned)rnd(60));
        double bytes = round_trip(&c);
        if (bytes < 0) {
            printf("# seed %llu shape %d times %d n %u\n", (unsigned long long)before, (int)s,
                   times, n);
        }
        CHECK(bytes >= 0);
        history_cols_done(&c);
    }
}

/* A head gives back what it took, in that order, read directly and through a copy. */
static void heads(void)
{
    seed = 515;
    for (int round = 0; round < 60; round++) {
        struct history_head h = {0};
        struct history_cols c = {0}, back = {0}, copied = {0};
        fill(&c, (enum shape)(round % SHAPES), round % 8, 1 + (uint32_t)rnd(700),
             rnd(2) ? 0 : 1 + (unsigned)rnd(8));
        for (uint32_t i = 0; i < c.n; i++) {
            history_head_add(&h, c.time[i], c.value[i], c.quality[i], c.late ? c.arrival[i] : 0);
        }
        struct kt_buf copy;
        kt_buf_init(&copy, 0);
        history_head_copy(&h, &copy);
        history_head_read(&h, &back);
        history_head_read_copy(&copy, &copied);
        CHECK(h.n == c.n && same(&c, &back) && same(&c, &copied));
        history_head_clear(&h, UINT32_MAX);
        CHECK(h.n == 0);
        history_head_done(&h);
        kt_buf_done(&copy);
        history_cols_done(&c);
        history_cols_done(&back);
        history_cols_done(&copied);
    }
}

/* The longest tokens there are: every sample changes everything, at the ends of what fits. */
static void longest_tokens(void)
{
    seed = 516;
    struct history_head h = {0};
    struct history_cols c = {0}, back = {0};
    for (int i = 0; i < 4000; i++) {
        kt_time t = i % 3 ? (kt_time)unit_rand(&seed) : i % 2 ? INT64_MIN : INT64_MAX;
        double v = i % 5 ? next_value(BITS, 0, 0) : i % 2 ? 0x1p52 / 1e15 : -0x1p52;
        add(&c, t, v, (kt_quality)i, (kt_time)unit_rand(&seed) | 1);
        history_head_add(&h, c.time[i], c.value[i], c.quality[i], c.arrival[i]);
    }
    history_head_read(&h, &back);
    CHECK(same(&c, &back));
    history_head_done(&h);
    history_cols_done(&c);
    history_cols_done(&back);
}

/* What a head costs in memory: a steady series a byte or two a sample, whatever its scale. */
static void head_bytes(void)
{
    seed = 517;
    struct history_head h = {0};
    double v = 1;
    for (uint32_t i = 0; i < 3600; i++) {
        v = next_value(WALK, v, 2);
        history_head_add(&h, T0 + i * KT_SEC, v, 0, 0);
    }
    CHECK(h.bytes < 3600 * 2);
    history_head_clear(&h, UINT32_MAX);
    for (uint32_t i = 0; i < 3600; i++) {
        history_head_add(&h, T0 + i * KT_SEC, next_value(FLOATS, 50, 0), 0, 0);
    }
    CHECK(h.bytes < 3600 * 6);
    history_head_done(&h);
}

static double bytes_each(double (*value)(uint32_t i), int64_t step, bool jitter)
{
    struct history_cols c = {0};
    for (uint32_t i = 0; i < 3600; i++) {
        add(&c, T0 + i * step + (jitter ? ((int64_t)rnd(21) - 10) * KT_MS : 0), value(i), 0, 0);
    }
    double b = round_trip(&c);
    history_cols_done(&c);
    return b < 0 ? 1e9 : b / 3600;
}

static double bytes_per_sample(double (*value)(uint32_t i), bool jitter)
{
    return bytes_each(value, KT_SEC, jitter);
}

static double constant(uint32_t i)
{
    (void)i;
    return 0.1 + 0.2;
}
static double walk(uint32_t i)
{
    static int64_t m;
    m = i ? m + (int64_t)rnd(3) - 1 : 100;
    return (double)m / 100;
}
static double walk_with_odd(uint32_t i)
{
    double v = walk(i);
    return i % 20 ? v : odd_value();
}
static double reading32(uint32_t i)
{
    static int64_t m;
    m = i ? m + (int64_t)rnd(21) - 10 : 5827;
    return (double)(float)((double)m / 1000); /* 5.827000141143799 */
}
static double scaled(uint32_t i)
{
    static int64_t m;
    m = i ? m + (int64_t)rnd(21) - 10 : 5827;
    return (double)m * 0.001; /* not always m / 1000 */
}
static double flips(uint32_t i)
{
    (void)i;
    return rnd(100) < 3;
}

static void sizes(void)
{
    seed = 7;
    CHECK(bytes_per_sample(constant, false) < 0.02);
    CHECK(bytes_per_sample(walk, false) < 0.30);
    CHECK(bytes_per_sample(walk_with_odd, false) < 0.85); /* 1 in 20 costs 9 bytes */
    CHECK(bytes_per_sample(reading32, false) < 0.75);
    CHECK(bytes_per_sample(scaled, false) < 1.1);
    CHECK(bytes_per_sample(flips, false) < 0.1);
    CHECK(bytes_per_sample(constant, true) < 0.75);
    CHECK(bytes_each(walk, 30 * KT_SEC, false) < 0.22); /* log2(3) bits are 0.198 */
    CHECK(bytes_each(flips, 30 * KT_SEC, false) < 0.06);
}

/* Whole numbers on both sides of where they stop to fit half a mantissa. */
static void wide_numbers(void)
{
    for (uint32_t n = 2; n < 12; n++) {
        for (int e = 49; e <= 53; e++) {
            struct history_cols c = {0};
            for (uint32_t i = 0; i < n; i++) {
                double v = i % 3 ? ldexp(1, e) + (double)i - 4 : (double)i;
                add(&c, T0 + i * KT_SEC, i % 2 ? -v : v, 0, 0);
            }
            CHECK(round_trip(&c) >= 0);
            history_cols_done(&c);
        }
    }
}

static void exact_examples(void)
{
    static const double v[] = {5.827000141143799,
                               0.1,
                               -0.0,
                               0.0,
                               1e-9,
                               123456789.123456789,
                               NAN,
                               INFINITY,
                               -INFINITY,
                               9007199254740993.0,
                               5e-324,
                               1.7976931348623157e308};
    for (size_t i = 0; i < KT_ARRAY_LEN(v); i++) {
        struct history_cols c = {0};
        for (uint32_t j = 0; j <= i; j++) {
            add(&c, T0 + j, v[j], (kt_quality)j, j % 3 ? 0 : T0 + 5 * KT_SEC);
            CHECK(round_trip(&c) >= 0);
        }
        history_cols_done(&c);
    }
    struct history_cols c = {0};
    add(&c, INT64_MIN, 1, 255, INT64_MAX);
    add(&c, INT64_MAX, 2, 0, INT64_MIN);
    add(&c, 0, 2, 0, 1);
    CHECK(round_trip(&c) >= 0);
    history_cols_done(&c);
}

static void largest_run(void)
{
    seed = 3;
    struct history_cols c = {0};
    fill(&c, NOISE, 5, HISTORY_CODEC_MAX, 0);
    CHECK(round_trip(&c) >= 0);
    history_cols_done(&c);
}

static void numbers(void)
{
    static const double v[] = {0, 1.5, -20.25, 0.1, 1e300, -0.0, NAN, INFINITY, 5.827000141143799};
    struct kt_buf b;
    kt_buf_init(&b, 0);
    for (size_t i = 0; i < KT_ARRAY_LEN(v); i++) {
        history_put_num(&b, v[i]);
    }
    struct kt_rd r = kt_rd_init(b.p, b.n);
    for (size_t i = 0; i < KT_ARRAY_LEN(v); i++) {
        double got = history_get_num(&r);
        CHECK(memcmp(&got, &v[i], sizeof(got)) == 0);
    }
    CHECK(!r.bad && kt_rd_left(&r) == 0);
    kt_buf_done(&b);
}

/* Order by time and arrival; a repeat of time and value vanishes, the first one stays. */
static void settling(void)
{
    struct history_cols c = {0};
    add(&c, T0 + 3, 3, 0, 0);
    add(&c, T0 + 1, 1, 0, 0);
    add(&c, T0 + 3, 4, 0, T0 + 9 * KT_SEC);
    add(&c, T0 + 3, 3, KT_Q_STALE, T0 + 9 * KT_SEC); /* repeats the first */
    add(&c, T0 + 3, 5, 0, T0 + 8 * KT_SEC);
    add(&c, T0 + 1, 1, 0, 0);
    add(&c, T0 + 2, -0.0, 0, 0);
    add(&c, T0 + 2, 0.0, 0, 0); /* another value: kept */
    CHECK_INT(history_cols_settle(&c), 2);
    CHECK_INT(c.n, 6);
    static const double want[] = {1, -0.0, 0.0, 3, 5, 4};
    CHECK(memcmp(c.value, want, sizeof(want)) == 0);
    CHECK(c.quality[3] == 0 && c.arrival[4] == T0 + 8 * KT_SEC && c.arrival[0] == 0);
    CHECK_INT(history_cols_settle(&c), 0);
    CHECK_INT(history_cols_find(&c, T0 + 2), 1);
    CHECK_INT(history_cols_find(&c, T0 + 4), 6);
    history_cols_done(&c);
}

static void cut_and_flipped(void)
{
    seed = 99;
    struct history_codec *k = history_codec_new();
    struct history_cols c = {0}, back = {0};
    fill(&c, WALK, 1, 500, 20);
    struct kt_buf b;
    kt_buf_init(&b, 0);
    history_codec_encode(k, &c, 0, c.n, &b);
    for (size_t n = 0; n < b.n; n++) {
        CHECK_INT(history_codec_decode(k, (struct kt_str){b.p, n}, &back, &err), KT_ECORRUPT);
        CHECK_INT(back.n, 0);
    }
    for (int i = 0; i < 2000; i++) {
        size_t at = rnd(b.n);
        char was = b.p[at];
        b.p[at] = (char)rnd(256);
        int r = history_codec_decode(k, (struct kt_str){b.p, b.n}, &back, &err);
        CHECK(r == KT_OK || r == KT_ECORRUPT);
        back.n = 0;
        b.p[at] = was;
    }
    kt_buf_done(&b);
    history_cols_done(&c);
    history_cols_done(&back);
    history_codec_free(k);
}

enum { COLUMNS = 8, RUN = 3600 };

static bool read_row(const char **at, double row[COLUMNS])
{
    for (int i = 0; i < COLUMNS; i++) {
        char *end;
        row[i] = strtod(*at, &end);
        if (end == *at) {
            return false;
        }
        *at = end + (i + 1 < COLUMNS);
    }
    while (**at == '\n' || **at == '\r') {
        ++*at;
    }
    return true;
}

static void real_sensors(void)
{
    const char *shared = getenv("KT_SHARED");
    char path[400];
    snprintf(path, sizeof(path), "%s/data/mine-sensors/pl_longwall_methane_train.arff",
             shared ? shared : "../shared");
    struct kt_buf text;
    kt_buf_init(&text, 0);
    if (kt_file_read(path, (size_t)16 << 20, &text, &err) < 0) {
        SKIP("KT_SHARED names no folder with data/mine-sensors");
    }
    const char *at = strstr(kt_buf_cstr(&text), "@DATA");
    REQUIRE(at);
    at = strchr(at, '\n') + 1;
    static struct history_cols cols[COLUMNS];
    double row[COLUMNS], bytes = 0, samples = 0;
    for (uint32_t i = 0; read_row(&at, row); i++) {
        for (int c = 0; c < COLUMNS; c++) {
            add(&cols[c], T0 + i * 30 * KT_SEC, row[c], 0, 0);
        }
    }
    CHECK_INT(cols[0].n, 13368);
    for (int c = 0; c < COLUMNS; c++) {
        for (uint32_t lo = 0; lo < cols[c].n; lo += RUN) {
            struct history_cols part = {0};
            history_cols_append(&part, &cols[c], lo, cols[c].n - lo < RUN ? cols[c].n : lo + RUN);
            double b = round_trip(&part);
            CHECK(b >= 0);
            bytes += b;
            samples += part.n;
            history_cols_done(&part);
        }
        history_cols_done(&cols[c]);
    }
    printf("# %.3f bytes a sample, times with them\n", bytes / samples);
    CHECK(bytes / samples < 0.25);
    kt_buf_done(&text);
}

UNIT_MAIN({"any columns come back", any_columns}, {"heads", heads},
          {"the longest tokens of a head", longest_tokens}, {"bytes of a head", head_bytes},
          {"sizes of usual columns", sizes}, {"exact examples", exact_examples},
          {"wide numbers", wide_numbers}, {"the largest run", largest_run},
          {"numbers of a row", numbers}, {"order and repeats", settling},
          {"cut and flipped bytes", cut_and_flipped}, {"real sensors", real_sensors})
