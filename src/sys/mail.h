/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_SYS_MAIL_H
#define KT_SYS_MAIL_H
/* mail: one message to one person by SMTP (libcurl). Blocks; never on the engine thread. */
#include "base/err.h"
#include "base/time.h"

struct kt_mail { /* all borrowed */
    const char *host;
    int port;
    const char *tls;             /* "none", "starttls" (must be had), "tls" */
    const char *user, *password; /* user "": no login */
    const char *from, *to;       /* addresses */
    const char *subject, *text;  /* UTF-8 */
    kt_time at;
    int64_t timeout_ns;
};
/** @return KT_OK the server has taken it; KT_ETIMEOUT, KT_EIO with what was wrong */
KT_MUST_CHECK int kt_mail_send(const struct kt_mail *m, struct kt_err *err);
#endif
