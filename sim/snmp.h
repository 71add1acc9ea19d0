/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_SNMP_H
#define SIM_SNMP_H
/*
 * snmp: what a device answers to one message of SNMP v2c (RFC 3416): GET, GETNEXT and GETBULK over
 * a sorted table of objects. A SET is refused. What is not a whole message of that version with the
 * right community gets no answer.
 *
 * Bounds: SIM_SNMP_BYTES a message, SIM_SNMP_BINDS objects in it, SIM_OID_PARTS numbers in a name.
 * Threads: none of its own; it touches nothing but its arguments.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum { SIM_OID_PARTS = 32, SIM_SNMP_BINDS = 64, SIM_SNMP_BYTES = 16384 };

struct sim_oid {
    uint32_t part[SIM_OID_PARTS];
    int n;
};
enum sim_form { SIM_FORM_INT, SIM_FORM_GAUGE, SIM_FORM_COUNT, SIM_FORM_TICKS, SIM_FORM_TEXT };
struct sim_object {
    struct sim_oid oid;
    enum sim_form form;
    double value; /* COUNT: 64 bits; TICKS: hundredths of a second; TEXT: written out */
};
struct sim_table {
    const struct sim_object *objects; /* in the order of their names */
    int n;
    const char *community;
};

/** "1.3.6.1.2.1.1.3.0"; false for what is no name of an object. */
bool sim_oid_of(struct kt_str text, struct sim_oid *ret);
/** < 0, 0, > 0 as the protocol sorts. */
int sim_oid_compare(const struct sim_oid *a, const struct sim_oid *b);
/** "int", "gauge", "count", "ticks", "text"; false for another word. */
bool sim_form_of(struct kt_str word, enum sim_form *ret);

/** @param in one datagram
 *  @return bytes of the answer, which stand at the beginning of `out`; 0: the device says nothing
 */
size_t sim_snmp_answer(const struct sim_table *t, const uint8_t *in, size_t n,
                       uint8_t out[SIM_SNMP_BYTES]);
#endif
