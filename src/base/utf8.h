/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_BASE_UTF8_H
#define KT_BASE_UTF8_H
/* utf8: one character of UTF-8 (RFC 3629), for those who read texts and those who write them. */
#include <stddef.h>

/** Bytes of the character at `p`, of which `n` >= 1 are there; 0: none begins here, or it is NUL.
 */
size_t kt_utf8_step(const void *p, size_t n);
#endif
