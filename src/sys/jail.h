/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_SYS_JAIL_H
#define KT_SYS_JAIL_H
/*
 * jail: a process that reads a stranger's file gives up all it does not need for that.
 * The only module that includes libseccomp.
 */
#include "base/err.h"

/**
 * From here on this process reads and writes what it has open and uses its memory; it opens
 * nothing (EACCES); what connects or starts something ends at once (SIGSYS). Its zone is UTC.
 * Its process has one thread and few privileges to begin with (kt_proc_start()).
 * @return KT_OK; KT_EIO the kernel gives no such jail
 */
KT_MUST_CHECK int kt_jail(struct kt_err *err);
/**
 * The same for one that speaks with a stranger: it may also make sockets and use them, with
 * KT_JAIL_SOCKETS files in all. It opens no file and starts nothing.
 */
enum { KT_JAIL_SOCKETS = 16 };
KT_MUST_CHECK int kt_jail_net(struct kt_err *err);
#endif
