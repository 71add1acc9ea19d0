/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_RECORD_SEARCH_H
#define KT_RECORD_SEARCH_H
/* search: private to record. Cutting text into words, for the index and for questions. */
#include "base/buf.h"

uint32_t search_fold(uint32_t c);
void search_put_char(struct kt_buf *out, uint32_t c); /**< as UTF-8 */
/** Folded for width, case and blanks: equal texts are proposed as duplicates. */
void search_folded(struct kt_str s, struct kt_buf *out);
/** Words, each after a blank. */
void search_cut(struct kt_str s, bool question, struct kt_buf *out);
/** A question of a person as one of FTS5; false: there is no word in it. */
bool search_question(const char *q, struct kt_buf *out);
#endif
