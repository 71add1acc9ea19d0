/* SPDX-License-Identifier: Apache-2.0 */
#include <zlib.h>

#include "http/http.h"

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

bool kt_http_decode(char *s)
{
    char *to = s;
    for (; *s; s++) {
        if (*s != '%') {
            *to++ = *s;
            continue;
        }
        int hi = hex(s[1]);
        int lo = hi < 0 ? -1 : hex(s[2]);
        if (lo < 0 || (hi == 0 && lo == 0)) {
            return false;
        }
        *to++ = (char)(hi * 16 + lo);
        s += 2;
    }
    *to = '\0';
    return true;
}

int kt_http_inflate(struct kt_str in, size_t max, struct kt_buf *out)
{
    z_stream z = {0};
    union {
        const char *c;
        Bytef *b;
    } u = {in.p};
    if (inflateInit2(&z, 15 + 32) != Z_OK) { /* gzip or zlib by the header */
        return KT_ENOMEM;
    }
    z.next_in = u.b;
    z.avail_in = (uInt)in.n;
    int rc = Z_OK;
    while (rc != Z_STREAM_END) {
        size_t room = out->n < max ? max - out->n : 0;
        size_t step = room < 65536 ? room : 65536;
        char *to = step ? kt_buf_reserve(out, step) : NULL;
        if (!to) {
            inflateEnd(&z);
            return KT_ELIMIT;
        }
        z.next_out = (Bytef *)to;
        z.avail_out = (uInt)step;
        rc = inflate(&z, Z_NO_FLUSH);
        out->n += step - z.avail_out;
        if ((rc != Z_OK && rc != Z_STREAM_END) || (rc == Z_OK && z.avail_out == step)) {
            inflateEnd(&z);
            return KT_EPARSE;
        }
    }
    inflateEnd(&z);
    return KT_OK;
}
