/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_LINK_NOTIFY_NOTIFY_H
#define KT_LINK_NOTIFY_NOTIFY_H
/*
 * notify: text messages by a GSM modem on a serial line (AT commands, PDU mode) and mail by SMTP
 * (sys/mail.h): the later steps of an alarm that climbs. A word is carried out by the link's own
 * thread, one after the other; what became of it goes back as an answer {"talk",…,"result":
 * "accepted" (by the network, by the server) or what was wrong}. Accepted is not read.
 *
 * Threads: one a link; start, stop and state from any.
 */
#include "engine/runtime.h"

struct kt_notify;

/** A link of kind sms or mail. */
KT_MUST_CHECK int kt_notify_start(struct kt_runtime *rt, struct kt_site *site, uint32_t link,
                                  struct kt_notify **ret, struct kt_err *err);
void kt_notify_stop(struct kt_notify *n); /**< accepts NULL */
void kt_notify_state(struct kt_notify *n, struct kt_link_state *ret);
#endif
