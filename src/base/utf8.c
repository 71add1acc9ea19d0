/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <stdbool.h>

static bool tail(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

size_t kt_utf8_step(const void *at, size_t n)
{
    const unsigned char *p = at;
    if (p[0] < 0x80) {
        return p[0] != 0;
    }
    if (p[0] >= 0xc2 && p[0] <= 0xdf) {
        return n >= 2 && tail(p[1]) ? 2 : 0;
    }
    if ((p[0] & 0xf0) == 0xe0) {
        bool ok = n >= 3 && tail(p[1]) && tail(p[2]) && !(p[0] == 0xe0 && p[1] < 0xa0) &&
                  !(p[0] == 0xed && p[1] > 0x9f);
        return ok ? 3 : 0;
    }
    if (p[0] >= 0xf0 && p[0] <= 0xf4) {
        bool ok = n >= 4 && tail(p[1]) && tail(p[2]) && tail(p[3]) &&
                  !(p[0] == 0xf0 && p[1] < 0x90) && !(p[0] == 0xf4 && p[1] > 0x8f);
        return ok ? 4 : 0;
    }
    return 0;
}
