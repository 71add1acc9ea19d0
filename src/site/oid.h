/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_SITE_OID_H
#define KT_SITE_OID_H
/*
 * oid: the address of a point on a link of kind snmp, `OID[/s|/n][=A|B…][='TEXT'][*SCALE]` of
 * docs/site-format.md. The check and the link read it with the same words.   Threads: any.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { KT_OID_ARCS = 64, KT_OID_IS = 8, KT_OID_TEXT = 40 };
enum kt_oid_what {
    KT_OID_VALUE,
    KT_OID_RATE, /* /s: of a counter, its change a second */
    KT_OID_ROWS  /* /n: of a column, how many rows it has (with `=`: that say so) */
};
struct kt_oid_address {
    uint32_t oid[KT_OID_ARCS];
    uint32_t n;
    enum kt_oid_what what;
    uint32_t is_n; /* 1 when it is one of `is`, else 0 */
    int64_t is[KT_OID_IS];
    char text[KT_OID_TEXT]; /* 1 when its text is this one; "" none */
    double scale;
};

/** @return KT_OK or KT_EPARSE with what is wrong and an example of what is right */
KT_MUST_CHECK int kt_oid_parse(const char *text, struct kt_oid_address *ret, struct kt_err *err);
#endif
