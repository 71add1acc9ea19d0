/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_LINK_NOTIFY_AT_H
#define KT_LINK_NOTIFY_AT_H
/*
 * at: what a modem answers to AT commands (3GPP TS 27.005, 27.007), and text messages as PDUs
 * (TS 23.040, UCS-2, in parts where they are long). Pure; any thread.
 */
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

enum at_final { AT_MORE, AT_OK, AT_ERROR, AT_PROMPT };
enum { AT_LINE = 256, AT_PARTS = 5, AT_PART = 67, AT_WHOLE = 70 };

/* What has come since at_begin(). Lines that nobody asked for are passed over. */
struct at_answer {
    enum at_final final;
    int code;      /* of +CME ERROR, +CMS ERROR; -1 */
    int signal;    /* +CSQ: 0..31; 99 not known; -1 not told */
    int network;   /* +CREG: 1 home, 5 roaming; -1 not told */
    int reference; /* +CMGS; -1 not told */
    bool ready;    /* +CPIN: READY */
    char line[AT_LINE];
    size_t n;
};
void at_begin(struct at_answer *a);
/** Bytes from the line. After a final answer more bytes change nothing. */
void at_feed(struct at_answer *a, const char *p, size_t n);

struct at_parts {
    char hex[AT_PARTS][400]; /* PDU with an empty service centre, as AT+CMGS takes it */
    int length[AT_PARTS];    /* octets without the service centre */
    int n;
};
/**
 * @param number  "+8613…" or "13…"
 * @param text    UTF-8; what is longer than five parts is cut
 * @param ref     says which parts belong together
 * @return KT_OK; KT_EINVAL no number
 */
KT_MUST_CHECK int at_pdu(const char *number, const char *text, uint8_t ref, struct at_parts *ret,
                         struct kt_err *err);
#endif
