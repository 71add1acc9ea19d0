/* SPDX-License-Identifier: Apache-2.0 */
#include "base/percent.h"

#include <string.h>

void kt_percent_put(struct kt_buf *b, const char *s, const char *plain)
{
    for (; *s; s++) {
        bool same = (*s >= '0' && *s <= '9') || (*s >= 'A' && *s <= 'Z') ||
                    (*s >= 'a' && *s <= 'z') || strchr(plain, *s);
        kt_buf_printf(b, same ? "%c" : "%%%02X", (unsigned char)*s);
    }
}
