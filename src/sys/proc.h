/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_SYS_PROC_H
#define KT_SYS_PROC_H
/*
 * proc: child processes in a group of their own, with limits, so that a parser that goes wrong
 * hurts nobody. The child dies with its parent.
 */
#include <sys/types.h>

#include "base/buf.h"
#include "base/task.h"

struct kt_proc_limits {
    size_t memory_bytes; /* 0: none */
    int cpu_seconds;     /* 0: none */
};

/** Start argv[0] (searched in PATH); stdout and stderr go to the fds given (-1: inherited). */
KT_MUST_CHECK int kt_proc_start(char *const argv[], const struct kt_proc_limits *lim, int out_fd,
                                int err_fd, pid_t *ret, struct kt_err *err);
/** Wait up to timeout_ns (-1: for ever); KT_ETIMEOUT. ret: exit code, or 128 + signal. */
KT_MUST_CHECK int kt_proc_wait(pid_t pid, int64_t timeout_ns, int *ret_code, struct kt_err *err);
/** SIGTERM to the group, SIGKILL after grace_ns, reaped. */
void kt_proc_stop(pid_t pid, int64_t grace_ns);
/** Run to the end and collect standard output (at most max) and standard error (in err's text). */
KT_MUST_CHECK int kt_proc_run(char *const argv[], const struct kt_proc_limits *lim,
                              int64_t timeout_ns, size_t max, struct kt_buf *out,
                              struct kt_err *err);
/**
 * The same, watched: when `task` is stopped the group is killed. The child tells how far it is by
 * a byte KT_PROC_STEP on standard error for each hundredth of its work.
 * @return as kt_proc_run(); KT_ESTATE it was stopped
 */
enum { KT_PROC_STEP = 1, KT_PROC_STEPS = 100 };
KT_MUST_CHECK int kt_proc_run_watched(char *const argv[], const struct kt_proc_limits *lim,
                                      int64_t timeout_ns, size_t max, struct kt_task *task,
                                      struct kt_buf *out, struct kt_err *err);
#endif
