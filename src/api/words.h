/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_API_WORDS_H
#define KT_API_WORDS_H
/*
 * words: the Chinese of error texts. Rooms speak English (their texts are recorded and compared);
 * here, at the edge, a text is matched with the patterns that rooms write and said in Chinese with
 * the same names and figures in it. test/outside/test_words.py holds table and rooms together.
 *
 * What packs and sites say themselves (rules, interlocks, steps) is said as they say it in Chinese.
 *
 * Threads: any; nothing is kept between calls.
 */
#include <stdbool.h>
#include <stddef.h>

struct kt_site;

/** The Chinese of a text of this code; where no pattern fits, the Chinese of the code and the text
 *  as it is. @param site whose texts may stand in it; NULL none. Returns `to`. */
const char *words_zh(const struct kt_site *site, int code, const char *text, char *to, size_t cap);
/** The Chinese of a text where a pattern fits, else the text as it is; false then. */
bool words_known_zh(const char *text, char *to, size_t cap);
#endif
