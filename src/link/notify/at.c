/* SPDX-License-Identifier: Apache-2.0 */
#include "link/notify/at.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- answers --------------------------------------------------------------------------------- */

void at_begin(struct at_answer *a)
{
    *a = (struct at_answer){.code = -1, .signal = -1, .network = -1, .reference = -1};
}

static int number_at(const char *p)
{
    while (*p == ' ') {
        p++;
    }
    return *p >= '0' && *p <= '9' ? (int)(strtoul(p, NULL, 10) % 100000) : -1;
}

static bool begins(const char *line, const char *with, const char **ret)
{
    size_t n = strlen(with);
    *ret = line + n;
    return strncmp(line, with, n) == 0;
}

static void take_line(struct at_answer *a)
{
    const char *rest, *comma;
    if (strcmp(a->line, "OK") == 0) {
        a->final = AT_OK;
    } else if (strcmp(a->line, "ERROR") == 0 || strcmp(a->line, "NO CARRIER") == 0) {
        a->final = AT_ERROR;
    } else if (begins(a->line, "+CME ERROR:", &rest) || begins(a->line, "+CMS ERROR:", &rest)) {
        a->final = AT_ERROR;
        a->code = number_at(rest);
    } else if (begins(a->line, "+CSQ:", &rest)) {
        a->signal = number_at(rest);
    } else if (begins(a->line, "+CREG:", &rest)) {
        comma = strchr(rest, ',');
        a->network = number_at(comma ? comma + 1 : rest);
    } else if (begins(a->line, "+CMGS:", &rest)) {
        a->reference = number_at(rest);
    } else if (begins(a->line, "+CPIN:", &rest)) {
        a->ready = strstr(rest, "READY") != NULL;
    }
}

void at_feed(struct at_answer *a, const char *p, size_t n)
{
    for (size_t i = 0; i < n && a->final == AT_MORE; i++) {
        if (p[i] == '\r' || p[i] == '\n') {
            a->line[a->n] = '\0';
            take_line(a);
            a->n = 0;
        } else if (a->n + 1 < sizeof(a->line) && p[i] != '\0') {
            a->line[a->n++] = p[i];
            if (a->n == 2 && a->line[0] == '>' && a->line[1] == ' ') {
                a->final = AT_PROMPT;
            }
        }
    }
}

/* ---- messages -------------------------------------------------------------------------------- */

/* UTF-8 into UTF-16; what is no UTF-8 becomes U+FFFD. */
static size_t utf16(const char *text, uint16_t *to, size_t cap)
{
    const uint8_t *p = (const uint8_t *)text;
    size_t n = 0;
    while (*p && n + 2 < cap) {
        int more = *p < 0x80 ? 0 : *p >> 5 == 6 ? 1 : *p >> 4 == 14 ? 2 : *p >> 3 == 30 ? 3 : -1;
        uint32_t c = more <= 0 ? *p : *p & (0x3fu >> more);
        bool good = more >= 0;
        p++;
        for (int i = 0; i < more && good; i++) {
            good = (*p & 0xc0) == 0x80;
            c = good ? c << 6 | (*p++ & 0x3f) : c;
        }
        c = good && c < 0x110000 ? c : 0xfffd;
        if (c >= 0x10000) {
            to[n++] = (uint16_t)(0xd800 + ((c - 0x10000) >> 10));
            c = 0xdc00 + ((c - 0x10000) & 0x3ff);
        }
        to[n++] = (uint16_t)c;
    }
    return n;
}

static bool high(uint16_t unit)
{
    return unit >= 0xd800 && unit < 0xdc00;
}

struct octets {
    uint8_t v[180];
    int n;
};

static void octet(struct octets *o, unsigned v)
{
    o->v[o->n++] = (uint8_t)v;
}

/* Half-octets, the lower first, filled with F. */
static void put_number(struct octets *o, const char *digits, bool international)
{
    size_t n = strlen(digits);
    octet(o, (unsigned)n);
    octet(o, international ? 0x91 : 0x81);
    for (size_t i = 0; i < n; i += 2) {
        unsigned lo = (unsigned)(digits[i] - '0');
        unsigned up = i + 1 < n ? (unsigned)(digits[i + 1] - '0') : 0xf;
        octet(o, up << 4 | lo);
    }
}

static void put_part(const struct octets *to, const uint16_t *units, size_t n, const uint8_t udh[6],
                     char hex[400], int *ret_length)
{
    struct octets o = {.n = 0};
    octet(&o, udh ? 0x51 : 0x11); /* SMS-SUBMIT, relative validity; with a header */
    octet(&o, 0);                 /* the modem gives the reference */
    memcpy(o.v + o.n, to->v, (size_t)to->n);
    o.n += to->n;
    octet(&o, 0);    /* protocol */
    octet(&o, 0x08); /* UCS-2 */
    octet(&o, 0xaa); /* valid for four days */
    octet(&o, (unsigned)(2 * n + (udh ? 6 : 0)));
    for (int i = 0; udh && i < 6; i++) {
        octet(&o, udh[i]);
    }
    for (size_t i = 0; i < n; i++) {
        octet(&o, units[i] >> 8);
        octet(&o, units[i] & 0xff);
    }
    (void)snprintf(hex, 400, "00");
    for (int i = 0; i < o.n; i++) {
        (void)snprintf(hex + 2 + 2 * i, 4, "%02X", o.v[i]);
    }
    *ret_length = o.n;
}

static size_t fitting(const uint16_t *units, size_t left)
{
    size_t n = left < AT_PART ? left : AT_PART;
    return n < left && high(units[n - 1]) ? n - 1 : n; /* a pair stays together */
}

static int count_parts(const uint16_t *units, size_t n)
{
    int parts = 0;
    for (size_t at = 0; at < n && parts < AT_PARTS; parts++) {
        at += fitting(units + at, n - at);
    }
    return parts;
}

int at_pdu(const char *number, const char *text, uint8_t ref, struct at_parts *ret,
           struct kt_err *err)
{
    uint16_t units[AT_PARTS * AT_PART + 4];
    const char *digits = number[0] == '+' ? number + 1 : number;
    size_t d = strlen(digits), n = utf16(text, units, KT_ARRAY_LEN(units));
    struct octets to = {.n = 0};
    if (d < 3 || d > 20 || strspn(digits, "0123456789") != d) {
        return kt_err_set(err, KT_EINVAL, "a number has 3 to 20 digits, e.g. +8613800000000");
    }
    *ret = (struct at_parts){.n = n <= AT_WHOLE ? 1 : count_parts(units, n)};
    put_number(&to, digits, number[0] == '+');
    size_t at = 0;
    for (int i = 0; i < ret->n; i++) {
        const uint8_t udh[6] = {5, 0, 3, ref, (uint8_t)ret->n, (uint8_t)(i + 1)};
        size_t part = ret->n == 1 ? n : fitting(units + at, n - at);
        put_part(&to, units + at, part, ret->n == 1 ? NULL : udh, ret->hex[i], &ret->length[i]);
        at += part;
    }
    return KT_OK;
}
