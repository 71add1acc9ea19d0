/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_LINK_SNMP_PRIVATE_H
#define KT_LINK_SNMP_PRIVATE_H
/*
 * What stands between the wire (wire.c, which alone knows net-snmp) and the scan (snmp.c).
 * Threads: one struct wire belongs to the thread of its device.
 */
#include <stdbool.h>
#include <stdint.h>

#include "site/oid.h"
#include "site/site.h"

enum { SNMP_AT_ONCE = 16, SNMP_SECRET = 256, SNMP_ROWS = 4096 };

struct got { /* what a device said of one object */
    enum { GOT_NOTHING, GOT_NUMBER, GOT_TEXT } kind;
    bool wide; /* a counter of 64 bits */
    double value;
    uint64_t count;
    char text[64];
};
struct secrets {
    char first[SNMP_SECRET]; /* version 2: community; 3: password of authentication */
    char key[SNMP_SECRET];   /* 3: password of privacy; "" none */
};

struct wire;
/** Opens the way to a device; with version 3 it learns its engine, which it is asked for.
 *  @param stop a file descriptor that becomes readable when waiting is to end
 *  @return KT_OK; KT_ETIMEOUT it does not answer; KT_EDENIED, KT_EINVAL secrets; KT_ECLOSED stopped
 */
KT_MUST_CHECK int wire_open(const struct kt_link_conf *conf, const struct secrets *secrets,
                            int stop, struct wire **ret, struct kt_err *err);
void wire_close(struct wire *w); /* accepts NULL */
/** Asks for `n` objects, at most SNMP_AT_ONCE. What the device refuses is asked for in halves down
 * to one: that one is GOT_NOTHING. Errors as wire_open(). */
KT_MUST_CHECK int wire_get(struct wire *w, const struct kt_oid_address *const *ask, uint32_t n,
                           struct got *ret, struct kt_err *err);
/** How many rows a column has, by GETBULK; `*ret_known` is false past SNMP_ROWS, and when the
 * device goes backwards. */
KT_MUST_CHECK int wire_rows(struct wire *w, const struct kt_oid_address *ask, uint32_t *ret,
                            bool *ret_known, struct kt_err *err);

/** Does what was said fit `=` of the address? */
bool snmp_is(const struct kt_oid_address *a, const struct got *g);
/** Bytes of a text into `g`: a number with a unit behind it is a number, too. */
void snmp_text(const unsigned char *bytes, size_t n, struct got *g);
/** Change a second of a counter between two readings. A counter of 32 bits that ran over once is
 *  followed; one that began anew is not known (NAN), nor is what is read in the same moment. */
double snmp_rate(uint64_t before, uint64_t now, bool wide, double seconds);
#endif
