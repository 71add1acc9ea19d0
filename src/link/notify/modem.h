/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_LINK_NOTIFY_MODEM_H
#define KT_LINK_NOTIFY_MODEM_H
/* modem: a GSM modem on a serial line. One thread; blocks up to the time that is given. */
#include <stdatomic.h>

#include "base/err.h"
#include "base/time.h"

/** Is it there, has it a card, a network? KT_OK; KT_EIO, KT_ETIMEOUT with what is wrong. */
KT_MUST_CHECK int modem_look(const char *device, const atomic_bool *stop, int *ret_signal,
                             struct kt_err *err);
/** Send a text; all its parts were accepted by the network. */
KT_MUST_CHECK int modem_send(const char *device, const char *number, const char *text,
                             int64_t timeout_ns, const atomic_bool *stop, struct kt_err *err);
#endif
