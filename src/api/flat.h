/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_API_FLAT_H
#define KT_API_FLAT_H
/*
 * flat: long arrays of objects that this program wrote itself, looked through without a tree: a
 * list of 100 000 alarms is 50 MB of text, of which a screen wants a page.
 *
 * Values are found by `"key":`. Inside a text every quote is escaped, so a text never looks like a
 * key. Only texts without escapes (ids, states) and whole numbers are to be asked for.
 */
#include "base/buf.h"

/** The next object of an array; an empty string (p NULL) at its end. `rest` begins as the array. */
struct kt_str flat_next(struct kt_str *rest);
/** A text member; "" when there is none. Borrowed. */
struct kt_str flat_text(struct kt_str object, const char *key);
/** A whole number; `fallback` when there is none. */
int64_t flat_int(struct kt_str object, const char *key, int64_t fallback);
#endif
