/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_BASE_CRYPTO_H
#define KT_BASE_CRYPTO_H
/*
 * crypto: the only module that includes libsodium. Hash (BLAKE2b, 32 bytes), passwords (argon2id),
 * random bytes, CRC32C, hex and base64url. Threads: any.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct kt_hash {
    unsigned char b[32];
};

void kt_random(void *p, size_t n);
void kt_hash_of(const void *p, size_t n, struct kt_hash *ret);
/** SHA-256 in hex: by it other programs know what they sent; nothing here is named by it. */
void kt_sha256_of(const void *p, size_t n, char ret[65]);
/** Hash of a followed by b, as the chain and keyed tokens need. */
void kt_hash_of2(const void *a, size_t an, const void *b, size_t bn, struct kt_hash *ret);
bool kt_hash_eq(const struct kt_hash *a, const struct kt_hash *b); /**< constant time */
char *kt_hash_hex(const struct kt_hash *h, char buf[65]);
KT_MUST_CHECK int kt_hash_from_hex(struct kt_str hex, struct kt_hash *ret);

#define KT_PW_MAX 128
/** argon2id, "interactive" cost: about 64 MiB and 0.1 s. */
KT_MUST_CHECK int kt_pw_hash(const char *password, char ret[KT_PW_MAX]);
bool kt_pw_verify(const char *hash, const char *password);

/** n random bytes as base64url without padding; `buf` holds n*4/3+2. */
char *kt_token(size_t n, char *buf);
/** Standard base64 with or without padding; returns bytes written or KT_EPARSE. */
int kt_base64_decode(struct kt_str text, void *to, size_t cap);
/** The same, padded, appended. */
void kt_base64_encode(const void *p, size_t n, struct kt_buf *out);

uint32_t kt_crc32c(uint32_t crc, const void *p, size_t n);
#endif
