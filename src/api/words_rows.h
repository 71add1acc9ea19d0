/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_API_WORDS_ROWS_H
#define KT_API_WORDS_ROWS_H
/* words_rows: the tables behind words.h. {} in the English is what a room fills in; {1}, {2} … in
 * the Chinese say where it stands. */
#include <stddef.h>

struct words_row {
    const char *en, *zh;
};

/* words_check.c: what `kuangtu check` and the other verbs say of a site folder. */
extern const struct words_row words_check[];
extern const size_t words_check_n;
#endif
