/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crypto.h"

#include <pthread.h>
#include <sodium.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void start(void)
{
    KT_ASSERT(sodium_init() >= 0);
}

void kt_random(void *p, size_t n)
{
    pthread_once(&once, start);
    randombytes_buf(p, n);
}

void kt_hash_of(const void *p, size_t n, struct kt_hash *ret)
{
    crypto_generichash(ret->b, sizeof(ret->b), p, n, NULL, 0);
}

void kt_sha256_of(const void *p, size_t n, char ret[65])
{
    unsigned char h[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(h, p, n);
    sodium_bin2hex(ret, 65, h, sizeof(h));
}

void kt_hash_of2(const void *a, size_t an, const void *b, size_t bn, struct kt_hash *ret)
{
    crypto_generichash_state st;
    crypto_generichash_init(&st, NULL, 0, sizeof(ret->b));
    crypto_generichash_update(&st, a, an);
    crypto_generichash_update(&st, b, bn);
    crypto_generichash_final(&st, ret->b, sizeof(ret->b));
}

bool kt_hash_eq(const struct kt_hash *a, const struct kt_hash *b)
{
    return sodium_memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

char *kt_hash_hex(const struct kt_hash *h, char buf[65])
{
    return sodium_bin2hex(buf, 65, h->b, sizeof(h->b));
}

int kt_hash_from_hex(struct kt_str hex, struct kt_hash *ret)
{
    size_t n = 0;
    struct kt_hash h;
    if (hex.n != 64 || sodium_hex2bin(h.b, sizeof(h.b), hex.p, hex.n, NULL, &n, NULL) != 0 ||
        n != sizeof(h.b)) {
        return KT_EPARSE;
    }
    *ret = h;
    return KT_OK;
}

int kt_pw_hash(const char *password, char ret[KT_PW_MAX])
{
    pthread_once(&once, start);
    return crypto_pwhash_str(ret, password, strlen(password), crypto_pwhash_OPSLIMIT_INTERACTIVE,
                             crypto_pwhash_MEMLIMIT_INTERACTIVE) == 0
               ? KT_OK
               : KT_ENOMEM;
}

bool kt_pw_verify(const char *hash, const char *password)
{
    pthread_once(&once, start);
    return crypto_pwhash_str_verify(hash, password, strlen(password)) == 0;
}

char *kt_token(size_t n, char *buf)
{
    unsigned char raw[64];
    KT_ASSERT(n <= sizeof(raw));
    kt_random(raw, n);
    size_t len = (n * 4 + 2) / 3 + 1; /* libsodium fills what it is given with zeros */
    return sodium_bin2base64(buf, len, raw, n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

int kt_base64_decode(struct kt_str text, void *to, size_t cap)
{
    size_t n = 0;
    while (text.n && text.p[text.n - 1] == '=') {
        text.n--;
    }
    if (sodium_base642bin(to, cap, text.p, text.n, NULL, &n, NULL,
                          sodium_base64_VARIANT_ORIGINAL_NO_PADDING) != 0) {
        return KT_EPARSE;
    }
    return (int)n;
}

void kt_base64_encode(const void *p, size_t n, struct kt_buf *out)
{
    size_t size = sodium_base64_ENCODED_LEN(n, sodium_base64_VARIANT_ORIGINAL);
    char *to = kt_buf_reserve(out, size);
    if (to) {
        sodium_bin2base64(to, size, p, n, sodium_base64_VARIANT_ORIGINAL);
        out->n += size - 1;
    }
}

static uint32_t crc_table[256];
static pthread_once_t crc_once = PTHREAD_ONCE_INIT;

static void crc_start(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int k = 0; k < 8; k++) {
            c = c & 1 ? (c >> 1) ^ 0x82f63b78u : c >> 1;
        }
        crc_table[i] = c;
    }
}

static uint32_t crc_soft(uint32_t crc, const unsigned char *p, size_t n)
{
    pthread_once(&crc_once, crc_start);
    while (n--) {
        crc = crc_table[(crc ^ *p++) & 0xff] ^ (crc >> 8);
    }
    return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t crc_hard(uint32_t crc, const unsigned char *p,
                                                           size_t n)
{
    uint64_t c = crc;
    for (; n >= 8; n -= 8, p += 8) {
        uint64_t v;
        memcpy(&v, p, 8);
        c = __builtin_ia32_crc32di(c, v);
    }
    crc = (uint32_t)c;
    while (n--) {
        crc = __builtin_ia32_crc32qi(crc, *p++);
    }
    return crc;
}
#endif

uint32_t kt_crc32c(uint32_t crc, const void *p, size_t n)
{
    crc = ~crc;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2")) {
        return ~crc_hard(crc, p, n);
    }
#endif
    return ~crc_soft(crc, p, n);
}
