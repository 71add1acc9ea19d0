/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/percent.h"

#include "unit.h"

static void grows(void)
{
    struct kt_buf b;
    kt_buf_init(&b, 0);
    CHECK_STR(kt_buf_cstr(&b), "");
    for (int i = 0; i < 1000; i++) {
        kt_buf_printf(&b, "%d,", i);
    }
    CHECK_INT(b.n, 10 * 2 + 90 * 3 + 900 * 4);
    CHECK(memcmp(b.p, "0,1,2,", 6) == 0);
    CHECK_STR(kt_buf_cstr(&b) + b.n - 8, "998,999,");
    CHECK(!b.full);
    kt_buf_done(&b);
    kt_buf_puts(&b, "again");
    CHECK_STR(kt_buf_cstr(&b), "again");
    kt_buf_done(&b);
}

static void keeps_its_ceiling(void)
{
    for (size_t max = 1; max <= 600; max += 13) {
        struct kt_buf b;
        kt_buf_init(&b, max);
        for (int i = 0; i < 1000; i++) {
            kt_put_u8(&b, 'x');
        }
        REQUIRE(b.n == max && b.full);
        CHECK_INT(strlen(kt_buf_cstr(&b)), max);
        kt_buf_done(&b);
    }
}

/* Once full, a small piece that would fit is dropped too: no text with a hole in the middle. */
static void drops_the_rest(void)
{
    struct kt_buf b;
    kt_buf_init(&b, 16);
    kt_buf_puts(&b, "head");
    kt_buf_puts(&b, "a piece that is too long");
    CHECK(b.full);
    kt_buf_puts(&b, "tail");
    CHECK_INT(b.n, 4);
    kt_buf_clear(&b);
    kt_buf_puts(&b, "new");
    CHECK_INT(b.n, 3);
    CHECK(!b.full);
    kt_buf_done(&b);
}

static void fixed_numbers(void)
{
    struct kt_buf b;
    kt_buf_init(&b, 0);
    kt_put_u8(&b, 0xab);
    kt_put_u16(&b, 0x1234);
    kt_put_u32(&b, 0xdeadbeef);
    kt_put_u64(&b, UINT64_C(0x0102030405060708));
    kt_put_i64(&b, INT64_MIN);
    kt_put_f64(&b, -0.1);
    CHECK(memcmp(b.p, "\xab\x34\x12\xef\xbe\xad\xde\x08\x07\x06\x05\x04\x03\x02\x01", 15) == 0);
    struct kt_rd r = kt_rd_init(b.p, b.n);
    CHECK_INT(kt_get_u8(&r), 0xab);
    CHECK_INT(kt_get_u16(&r), 0x1234);
    CHECK_INT(kt_get_u32(&r), 0xdeadbeef);
    CHECK(kt_get_u64(&r) == UINT64_C(0x0102030405060708));
    CHECK_INT(kt_get_i64(&r), INT64_MIN);
    CHECK(kt_get_f64(&r) == -0.1);
    CHECK(!r.bad && kt_rd_left(&r) == 0);
    CHECK_INT(kt_get_u8(&r), 0);
    CHECK(r.bad);
    kt_buf_done(&b);
}

static void zigzag(void)
{
    CHECK(kt_zigzag(0) == 0 && kt_zigzag(-1) == 1 && kt_zigzag(1) == 2 && kt_zigzag(-2) == 3);
    CHECK(kt_zigzag(INT64_MAX) == UINT64_MAX - 1 && kt_zigzag(INT64_MIN) == UINT64_MAX);
    uint64_t seed = 3;
    printf("# seed %" PRIu64 "\n", seed);
    for (int i = 0; i < 10000; i++) {
        int64_t v = (int64_t)unit_rand(&seed) >> (unit_rand(&seed) % 64);
        REQUIRE(kt_unzigzag(kt_zigzag(v)) == v);
    }
}

static void varints(void)
{
    uint64_t seed = 11;
    printf("# seed %" PRIu64 "\n", seed);
    struct kt_buf b;
    kt_buf_init(&b, 0);
    uint64_t v[2000];
    for (size_t i = 0; i < KT_ARRAY_LEN(v); i++) {
        v[i] = i < 4 ? (uint64_t[]){0, 127, 128, UINT64_MAX}[i]
                     : unit_rand(&seed) >> (unit_rand(&seed) % 64);
        size_t before = b.n;
        kt_put_varint(&b, v[i]);
        size_t bits = v[i] ? 64 - (size_t)__builtin_clzll(v[i]) : 1;
        CHECK_INT(b.n - before, (bits + 6) / 7);
    }
    struct kt_rd r = kt_rd_init(b.p, b.n);
    for (size_t i = 0; i < KT_ARRAY_LEN(v); i++) {
        REQUIRE(kt_get_varint(&r) == v[i]);
    }
    CHECK(!r.bad && kt_rd_left(&r) == 0);
    kt_buf_done(&b);
}

static void varint_without_end(void)
{
    static const unsigned char endless[12] = {255, 255, 255, 255, 255, 255,
                                              255, 255, 255, 255, 255, 255};
    struct kt_rd r = kt_rd_init(endless, sizeof(endless));
    CHECK(kt_get_varint(&r) == 0 && r.bad);
    r = kt_rd_init(endless, 3);
    CHECK(kt_get_varint(&r) == 0 || r.bad);
    CHECK(r.bad);
}

static void pieces(void)
{
    struct kt_buf b;
    kt_buf_init(&b, 0);
    kt_put_bytes(&b, "abc", 3);
    kt_put_bytes(&b, "", 0);
    struct kt_rd r = kt_rd_init(b.p, b.n);
    CHECK(kt_str_is(kt_get_bytes(&r), "abc"));
    CHECK_INT(kt_get_bytes(&r).n, 0);
    CHECK(!r.bad);
    kt_buf_clear(&b);
    kt_put_varint(&b, UINT64_MAX); /* a length that lies */
    kt_put_u8(&b, 'x');
    r = kt_rd_init(b.p, b.n);
    struct kt_str s = kt_get_bytes(&r);
    CHECK(r.bad && s.n == 0 && s.p);
    kt_buf_done(&b);
}

/* Any sequence of reads over any bytes stays inside them; after `bad` everything is zero. */
static void random_reads_stay_inside(void)
{
    uint64_t seed = 17;
    printf("# seed %" PRIu64 "\n", seed);
    for (int i = 0; i < 20000; i++) {
        size_t n = unit_rand(&seed) % 40;
        unsigned char *p = malloc(n ? n : 1);
        REQUIRE(p);
        for (size_t k = 0; k < n; k++) {
            p[k] = (unsigned char)unit_rand(&seed);
        }
        struct kt_rd r = kt_rd_init(p, n);
        for (int k = 0; k < 12; k++) {
            bool was_bad = r.bad;
            uint64_t got = 0;
            switch (unit_rand(&seed) % 6) {
            case 0:
                got = kt_get_u8(&r);
                break;
            case 1:
                got = kt_get_u32(&r);
                break;
            case 2:
                got = kt_get_u64(&r);
                break;
            case 3:
                got = kt_get_varint(&r);
                break;
            case 4:
                got = kt_get_bytes(&r).n;
                break;
            default:
                got = kt_rd_take(&r, unit_rand(&seed) % 20) != NULL;
                break;
            }
            REQUIRE(kt_rd_left(&r) <= n);
            REQUIRE(!was_bad || (r.bad && got == 0));
        }
        free(p);
    }
}

/* Room of fixed size: cut between characters, zeroed behind, refused when it does not fit. */
static void texts_of_fixed_room(void)
{
    char room[8], back[8];
    struct kt_buf b;
    memset(room, 'x', sizeof(room));
    kt_text_set(room, sizeof(room), "风门开启");
    CHECK_STR(room, "风门");
    CHECK(room[6] == 0 && room[7] == 0);
    kt_text_set(room, sizeof(room), NULL);
    CHECK_STR(room, "");
    kt_buf_init(&b, 0);
    kt_put_text(&b, "1234567");
    kt_put_text(&b, "12345678");
    kt_put_bytes(&b, "a\0b", 3);
    struct kt_rd in = kt_rd_init(b.p, b.n);
    kt_get_text(&in, back, sizeof(back));
    CHECK(!in.bad);
    CHECK_STR(back, "1234567");
    kt_get_text(&in, back, sizeof(back));
    CHECK(in.bad && back[0] == 0);
    in.bad = false;
    kt_get_text(&in, back, sizeof(back));
    CHECK(in.bad && back[0] == 0);
    kt_buf_done(&b);
}

static void percent(void)
{
    struct kt_buf b;
    kt_buf_init(&b, 0);
    kt_percent_put(&b, "aZ9-._~/ %?&\"\n", "-._~");
    CHECK_STR(kt_buf_cstr(&b), "aZ9-._~%2F%20%25%3F%26%22%0A");
    kt_buf_clear(&b);
    kt_percent_put(&b, "a/\xe7\x9f\xbf", "/");
    CHECK_STR(kt_buf_cstr(&b), "a/%E7%9F%BF");
    kt_buf_done(&b);
}

UNIT_MAIN({"texts of fixed room", texts_of_fixed_room}, {"a buffer grows", grows},
          {"percent", percent}, {"a buffer keeps its ceiling", keeps_its_ceiling},
          {"a full buffer drops the rest", drops_the_rest}, {"fixed numbers", fixed_numbers},
          {"zig-zag", zigzag}, {"varints", varints},
          {"a varint without an end", varint_without_end}, {"pieces with a length", pieces},
          {"random reads stay inside", random_reads_stay_inside})
