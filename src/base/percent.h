/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_BASE_PERCENT_H
#define KT_BASE_PERCENT_H
/*
 * percent: text as it may stand in an address or in a header (RFC 3986). Threads: any.
 */
#include "base/buf.h"

/** Append s: letters, digits and the bytes of `plain` as they are, all others as %XX. */
void kt_percent_put(struct kt_buf *b, const char *s, const char *plain);
#endif
