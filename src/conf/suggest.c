/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/suggest.h"

#include <stdio.h>

enum { MAX_WORD = 64 };

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static uint32_t min3(uint32_t a, uint32_t b, uint32_t c)
{
    uint32_t m = a < b ? a : b;
    return m < c ? m : c;
}

/* Three rows of the table of optimal string alignment: i-2, i-1 and i. */
uint32_t kt_edit_distance(struct kt_str a, struct kt_str b, uint32_t cap)
{
    uint32_t rows[3][MAX_WORD + 1];
    size_t an = a.n < MAX_WORD ? a.n : MAX_WORD;
    size_t bn = b.n < MAX_WORD ? b.n : MAX_WORD;
    if ((an > bn ? an - bn : bn - an) >= cap) {
        return cap;
    }
    for (size_t j = 0; j <= bn; j++) {
        rows[0][j] = (uint32_t)j;
    }
    for (size_t i = 1; i <= an; i++) {
        uint32_t *cur = rows[i % 3], *prev = rows[(i + 2) % 3], *prev2 = rows[(i + 1) % 3];
        cur[0] = (uint32_t)i;
        for (size_t j = 1; j <= bn; j++) {
            unsigned char x = lower(a.p[i - 1]), y = lower(b.p[j - 1]);
            cur[j] = min3(prev[j] + 1, cur[j - 1] + 1, prev[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == lower(b.p[j - 2]) && y == lower(a.p[i - 2]) &&
                prev2[j - 2] + 1 < cur[j]) {
                cur[j] = prev2[j - 2] + 1;
            }
        }
    }
    uint32_t d = rows[an % 3][bn];
    return d < cap ? d : cap;
}

struct kt_suggest kt_suggest_init(struct kt_str word)
{
    uint32_t n = (uint32_t)(word.n < MAX_WORD ? word.n : MAX_WORD);
    return (struct kt_suggest){word, NULL, (n < 3 ? 1 : n / 3) + 1};
}

void kt_suggest_try(struct kt_suggest *s, const char *known)
{
    uint32_t d = kt_edit_distance(s->word, kt_str_c(known), s->distance);
    /* one edit turns any one letter into any other: that is no likeness */
    if (d < s->distance && (s->word.n > 1 || d == 0)) {
        s->distance = d;
        s->best = known;
    }
}

const char *kt_suggest_text(const struct kt_suggest *s, char *buf)
{
    buf[0] = '\0';
    if (s->best) {
        snprintf(buf, KT_SUGGEST_TEXT, "; did you mean \"%.*s\"?", 120, s->best);
    }
    return buf;
}

const char *kt_suggest_among(struct kt_str word, const char *const *words, size_t n)
{
    struct kt_suggest s = kt_suggest_init(word);
    for (size_t i = 0; i < n; i++) {
        kt_suggest_try(&s, words[i]);
    }
    return s.best;
}
