/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_LINK_SNMP_SNMP_H
#define KT_LINK_SNMP_SNMP_H
/*
 * snmp: reads one device over SNMP v2c or v3 (net-snmp), one thread a device. It asks (GET,
 * GETBULK) and nothing else: no SET is ever built, so it cannot change a device. A device that does
 * not answer is a lost link; an object that it does not have makes its own point bad, no other.
 *
 * Addresses: site/oid.h.
 */
#include "engine/runtime.h"

struct kt_snmp;

KT_MUST_CHECK int kt_snmp_start(struct kt_runtime *rt, struct kt_site *site, uint32_t link,
                                struct kt_snmp **ret, struct kt_err *err);
void kt_snmp_stop(struct kt_snmp *s); /**< accepts NULL; joins its thread */
void kt_snmp_state(struct kt_snmp *s, struct kt_link_state *ret);
#endif
