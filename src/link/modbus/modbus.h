/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_LINK_MODBUS_MODBUS_H
#define KT_LINK_MODBUS_MODBUS_H
/*
 * modbus: Modbus TCP client of one device (libmodbus, which blocks: one thread a device).
 *
 * Points of the link are read in merged blocks at their scan rates; writes go before the next scan
 * and are read back; a lost device is asked again with back-off (0.5 s to 10 s) and its loss and
 * return are inputs (kt_runtime_link). Registers that cannot be read (exception) make their points
 * bad, not their neighbours'. A dead device delays no other. Scans and back-off go by the pace
 * clock (sys/clock.h), time-outs of the wire by the machine's.
 *
 * Answers follow docs/internals/contracts.md, kind `answer`.
 */
#include "engine/runtime.h"

struct kt_modbus;

/** A point's address of docs/site-format.md, decoded. */
struct kt_modbus_address {
    int unit;   /* -1: the link's */
    char table; /* 'h' 'i' 'c' 'd' */
    int offset;
    char type;         /* 'u' u16, 'i' i16, 'U' u32, 'I' i32, 'f' f32, 'b' bit */
    bool little;       /* low word first */
    double scale;      /* 1 when none */
    char status_table; /* 0: none */
    int status_offset;
};
/** @return KT_OK or KT_EPARSE with what is wrong and an example of what is right */
KT_MUST_CHECK int kt_modbus_parse_address(const char *text, struct kt_modbus_address *ret,
                                          struct kt_err *err);

KT_MUST_CHECK int kt_modbus_start(struct kt_runtime *rt, struct kt_site *site, uint32_t link,
                                  struct kt_modbus **ret, struct kt_err *err);
void kt_modbus_stop(struct kt_modbus *m); /**< accepts NULL */

/** Does it lag behind a driven clock: a command or a scan that was due half a second of that clock
 *  ago? A device that does not answer owes nothing. Any thread. */
bool kt_modbus_owes(struct kt_modbus *m);
void kt_modbus_state(struct kt_modbus *m, struct kt_link_state *ret);
#endif
