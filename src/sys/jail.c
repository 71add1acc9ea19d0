/* SPDX-License-Identifier: Apache-2.0 */
/* Limits first, which hold in every kernel; then a list of the system calls that remain. */
#include "sys/jail.h"

#include <errno.h>
#include <seccomp.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static const int calls[] = {
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(close),
    SCMP_SYS(lseek),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(brk),
    SCMP_SYS(mmap),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(mprotect),
    SCMP_SYS(madvise),
    SCMP_SYS(futex),
    SCMP_SYS(getrandom),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(gettid),
    SCMP_SYS(getpid),
    SCMP_SYS(tgkill),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(sched_yield),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(restart_syscall),
};

static const int net_calls[] = {
    SCMP_SYS(socket),      SCMP_SYS(connect),    SCMP_SYS(bind),    SCMP_SYS(getsockname),
    SCMP_SYS(getpeername), SCMP_SYS(setsockopt), SCMP_SYS(sendto),  SCMP_SYS(getsockopt),
    SCMP_SYS(recvfrom),    SCMP_SYS(sendmsg),    SCMP_SYS(recvmsg), SCMP_SYS(sendmmsg),
    SCMP_SYS(shutdown),    SCMP_SYS(poll),       SCMP_SYS(ppoll),   SCMP_SYS(fcntl),
    SCMP_SYS(ioctl),       SCMP_SYS(nanosleep),  SCMP_SYS(uname),   SCMP_SYS(clock_nanosleep),
};

static void no_more_of(__rlimit_resource_t what)
{
    struct rlimit none = {0, 0};
    setrlimit(what, &none);
}

static void few_files(void)
{
    struct rlimit few = {KT_JAIL_SOCKETS, KT_JAIL_SOCKETS};
    setrlimit(RLIMIT_NOFILE, &few);
}

static int jail(bool net, struct kt_err *err)
{
    if (chdir("/") != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return kt_err_sys(err, "cannot give up rights");
    }
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    no_more_of(RLIMIT_CORE);
    net ? few_files() : no_more_of(RLIMIT_NOFILE);
    no_more_of(RLIMIT_NPROC);
    setenv("TZ", "UTC0", 1); /* else each look at a date wants the file of the zone */
    tzset();
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int r = f ? 0 : -ENOMEM;
    for (size_t i = 0; r == 0 && i < KT_ARRAY_LEN(calls); i++) {
        r = seccomp_rule_add(f, SCMP_ACT_ALLOW, calls[i], 0);
    }
    for (size_t i = 0; net && r == 0 && i < KT_ARRAY_LEN(net_calls); i++) {
        r = seccomp_rule_add(f, SCMP_ACT_ALLOW, net_calls[i], 0);
    }
    /* a library that looks for a file of its own is told that it may not, and goes on */
    r = r == 0 ? seccomp_rule_add(f, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(openat), 0) : r;
    r = r == 0 ? seccomp_load(f) : r;
    seccomp_release(f);
    return r == 0
               ? KT_OK
               : kt_err_set(err, KT_EIO, "the kernel does not limit system calls (error %d)", -r);
}

int kt_jail(struct kt_err *err)
{
    return jail(false, err);
}

int kt_jail_net(struct kt_err *err)
{
    return jail(true, err);
}
