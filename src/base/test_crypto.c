/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crypto.h"

#include "unit.h"

static void crc(void)
{
    CHECK_INT(kt_crc32c(0, "123456789", 9), 0xe3069283);
    CHECK_INT(kt_crc32c(0, "", 0), 0);
    unsigned char b[32]; /* RFC 3720, B.4 */
    memset(b, 0, sizeof(b));
    CHECK_INT(kt_crc32c(0, b, sizeof(b)), 0x8a9136aa);
    memset(b, 0xff, sizeof(b));
    CHECK_INT(kt_crc32c(0, b, sizeof(b)), 0x62a8ab43);
    for (int i = 0; i < 32; i++) {
        b[i] = (unsigned char)i;
    }
    CHECK_INT(kt_crc32c(0, b, sizeof(b)), 0x46dd794e);
    for (size_t cut = 0; cut <= sizeof(b); cut++) { /* in two parts, at any alignment */
        uint32_t half = kt_crc32c(0, b, cut);
        CHECK_INT(kt_crc32c(half, b + cut, sizeof(b) - cut), 0x46dd794e);
    }
}

static void hashes(void)
{
    char hex[65];
    struct kt_hash h, h2;
    kt_hash_of("", 0, &h); /* BLAKE2b-256 of nothing */
    CHECK_STR(kt_hash_hex(&h, hex),
              "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
    kt_hash_of("abc", 3, &h);
    CHECK_STR(kt_hash_hex(&h, hex),
              "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
    kt_hash_of2("a", 1, "bc", 2, &h2);
    CHECK(kt_hash_eq(&h, &h2));
    kt_hash_of2("ab", 2, "d", 1, &h2);
    CHECK(!kt_hash_eq(&h, &h2));
}

static void hash_text(void)
{
    char hex[65];
    struct kt_hash h, back;
    kt_hash_of("abc", 3, &h);
    kt_hash_hex(&h, hex);
    CHECK_INT(kt_hash_from_hex(kt_str_c(hex), &back), KT_OK);
    CHECK(kt_hash_eq(&h, &back));
    CHECK_INT(kt_hash_from_hex((struct kt_str){hex, 63}, &back), KT_EPARSE);
    hex[0] = hex[0] == '0' ? '1' : '0';
    hex[40] = 'g';
    CHECK_INT(kt_hash_from_hex(kt_str_c(hex), &back), KT_EPARSE);
    CHECK_INT(kt_hash_from_hex(KT_STR(""), &back), KT_EPARSE);
    CHECK(kt_hash_eq(&h, &back)); /* what failed has written nothing */
}

static void base64(void)
{
    static const struct {
        const char *text, *bytes;
    } cases[] = {
        {"", ""},        {"Zg==", "f"},        {"Zg", "f"},          {"Zm8=", "fo"},
        {"Zm9v", "foo"}, {"Zm9vYg==", "foob"}, {"Zm9vYmE", "fooba"}, {"Zm9vYmFy", "foobar"}};
    for (size_t i = 0; i < KT_ARRAY_LEN(cases); i++) {
        char to[16] = {0};
        int n = kt_base64_decode(kt_str_c(cases[i].text), to, sizeof(to));
        CHECK_INT(n, strlen(cases[i].bytes));
        CHECK_STR(to, cases[i].bytes);
    }
    char small[3];
    CHECK_INT(kt_base64_decode(KT_STR("Zm9vYmFy"), small, sizeof(small)), KT_EPARSE);
    CHECK_INT(kt_base64_decode(KT_STR("Zm9*"), small, sizeof(small)), KT_EPARSE);
    CHECK_INT(kt_base64_decode(KT_STR("Z"), small, sizeof(small)), KT_EPARSE);
}

/* The buffer is as large as the header says, and not a byte more is touched. */
static void tokens(void)
{
    for (size_t n = 1; n <= 64; n++) {
        size_t room = n * 4 / 3 + 2;
        char *b = malloc(room + 8), *b2 = malloc(room + 8);
        REQUIRE(b && b2);
        memset(b, 0x5a, room + 8);
        memset(b2, 0x5a, room + 8);
        kt_token(n, b);
        kt_token(n, b2);
        CHECK_INT(strlen(b), (n * 4 + 2) / 3);
        CHECK_INT(strspn(b, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
                  strlen(b));
        REQUIRE(memcmp(b + room, "\x5a\x5a\x5a\x5a\x5a\x5a\x5a\x5a", 8) == 0);
        CHECK(n < 8 || strcmp(b, b2) != 0);
        free(b);
        free(b2);
    }
}

static void passwords(void)
{
    char h[KT_PW_MAX], h2[KT_PW_MAX];
    CHECK_INT(kt_pw_hash("correct horse 电池", h), KT_OK);
    CHECK_INT(kt_pw_hash("correct horse 电池", h2), KT_OK);
    CHECK(strcmp(h, h2) != 0); /* salted */
    CHECK(strncmp(h, "$argon2id$", 10) == 0);
    CHECK(kt_pw_verify(h, "correct horse 电池"));
    CHECK(!kt_pw_verify(h, "correct horse"));
    CHECK(!kt_pw_verify("no hash", "x"));
}

UNIT_MAIN({"CRC32C known answers", crc}, {"BLAKE2b known answers", hashes},
          {"hash text", hash_text}, {"base64", base64}, {"tokens stay in their buffer", tokens},
          {"passwords", passwords})
