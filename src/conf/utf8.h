/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_CONF_UTF8_H
#define KT_CONF_UTF8_H
/* utf8: private to conf. Is a text UTF-8, and where does a byte of it stand? */
#include "base/buf.h"

/** Offset of the first byte that is no UTF-8 (RFC 3629) or is NUL; s.n when all is well. */
size_t conf_utf8_bad(struct kt_str s);
/** Line and column (in characters) of the byte at `offset`, both from 1. */
void conf_position(struct kt_str s, size_t offset, int *ret_line, int *ret_col);
#endif
