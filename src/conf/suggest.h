/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_CONF_SUGGEST_H
#define KT_CONF_SUGGEST_H
/*
 * suggest: the known word nearest to a mistyped one, for "did you mean". Damerau-Levenshtein
 * distance (optimal string alignment) without regard to ASCII case; a word is near when the
 * distance is at most a third of its length, and of equally near ones the first offered wins.
 *
 *     struct kt_suggest s = kt_suggest_init(word);
 *     for (each known word) { kt_suggest_try(&s, known); }
 *     kt_problem_at(…, "unknown unit \"%s\"%s", word, kt_suggest_text(&s, buf));
 *
 * Threads: any; no allocation.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct kt_suggest {
    struct kt_str word;
    const char *best; /* borrowed from the caller of try; NULL: nothing is near */
    uint32_t distance;
};

struct kt_suggest kt_suggest_init(struct kt_str word);
void kt_suggest_try(struct kt_suggest *s, const char *known);

enum { KT_SUGGEST_TEXT = 160 };
/** `; did you mean "best"?` into buf (KT_SUGGEST_TEXT bytes), "" when nothing is near; returns buf.
 */
const char *kt_suggest_text(const struct kt_suggest *s, char *buf);
/** The nearest of n words, or NULL. */
const char *kt_suggest_among(struct kt_str word, const char *const *words, size_t n);
/** Distance of two words, at most `cap` (compares at most 64 bytes of each). */
uint32_t kt_edit_distance(struct kt_str a, struct kt_str b, uint32_t cap);
#endif
