/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/utf8.h"

#include "base/utf8.h"

static bool tail(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

/* Eight bytes of ASCII without a NUL. */
static bool ascii8(const unsigned char *p)
{
    uint64_t v;
    memcpy(&v, p, 8);
    uint64_t high = UINT64_C(0x8080808080808080);
    return ((v | (v - UINT64_C(0x0101010101010101))) & high) == 0;
}

size_t conf_utf8_bad(struct kt_str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    size_t i = 0;
    while (i < s.n) {
        if (s.n - i >= 8 && ascii8(p + i)) {
            i += 8;
            continue;
        }
        size_t k = kt_utf8_step(p + i, s.n - i);
        if (k == 0) {
            return i;
        }
        i += k;
    }
    return s.n;
}

void conf_position(struct kt_str s, size_t offset, int *ret_line, int *ret_col)
{
    int line = 1, col = 1;
    for (size_t i = 0; i < offset && i < s.n; i++) {
        if (s.p[i] == '\n') {
            line++;
            col = 1;
        } else if (!tail((unsigned char)s.p[i])) {
            col++;
        }
    }
    *ret_line = line;
    *ret_col = col;
}
