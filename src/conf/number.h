/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_CONF_NUMBER_H
#define KT_CONF_NUMBER_H
/*
 * number: decimal text to a double or int64, the nearest double and the same in every locale.
 * No hexadecimal, no "inf", no "nan", no blank.   Threads: any.
 */
#include "base/buf.h"

/** [+-]digits[.digits][e[+-]digits]; at most 64 bytes. KT_OK or KT_EPARSE (also past the range). */
KT_MUST_CHECK int kt_number_parse(struct kt_str s, double *ret);
KT_MUST_CHECK int kt_integer_parse(struct kt_str s, int64_t *ret);
#endif
