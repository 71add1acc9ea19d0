/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/proc.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/clock.h"
#include "unit.h"

#define SH(script) ((char *const[]){"sh", "-c", (script), NULL})

static int run(char *const argv[], const struct kt_proc_limits *lim, int64_t timeout,
               struct kt_buf *out, struct kt_err *err)
{
    kt_buf_init(out, 0);
    return kt_proc_run(argv, lim, timeout, 1 << 20, out, err);
}

/* True when all who could write into the pipe are gone, within ten seconds. */
static bool pipe_ends(int fd)
{
    char part[256];
    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (poll(&p, 1, 10000) <= 0) {
            return false;
        }
        if (read(fd, part, sizeof(part)) <= 0) {
            return true;
        }
    }
}

static void collects_output(void)
{
    struct kt_err err = {0};
    struct kt_buf out;
    CHECK_OK(run(SH("echo hello; echo warned >&2; cat"), NULL, 10 * KT_SEC, &out, &err), &err);
    CHECK_STR(kt_buf_cstr(&out), "hello\n");
    CHECK_STR(err.text, "warned");
    kt_buf_done(&out);
    CHECK_OK(run((char *const[]){"printf", "%s", "no $(shell); *", NULL}, NULL, -1, &out, &err),
             &err);
    CHECK_STR(kt_buf_cstr(&out), "no $(shell); *");
    kt_buf_done(&out);
}

static void large_output_on_both(void)
{
    struct kt_err err = {0};
    struct kt_buf out;
    CHECK_OK(run(SH("i=0; while [ $i -lt 3000 ]; do echo $i line of output; "
                    "echo $i line of error >&2; i=$((i+1)); done"),
                 NULL, 60 * KT_SEC, &out, &err),
             &err);
    CHECK(strncmp(kt_buf_cstr(&out), "0 line of output\n1 line", 23) == 0);
    CHECK(strstr(kt_buf_cstr(&out), "2999 line of output\n") != NULL);
    CHECK(strstr(err.text, "2999 line of error") != NULL);
    kt_buf_done(&out);
}

static void failures(void)
{
    struct kt_err err;
    struct kt_buf out;
    CHECK_INT(run((char *const[]){"no-such-program-here", NULL}, NULL, -1, &out, &err),
              KT_ENOTFOUND);
    CHECK(strstr(err.text, "no-such-program-here") != NULL);
    CHECK_INT(run((char *const[]){"/dev/null", NULL}, NULL, -1, &out, &err), KT_EIO);
    CHECK_INT(run(SH("echo 'line 3: bad' >&2; echo part; exit 7"), NULL, -1, &out, &err), KT_EIO);
    CHECK(strstr(err.text, "code 7") && strstr(err.text, "line 3: bad"));
    CHECK_INT(out.n, 0);
    kt_buf_done(&out);
    CHECK_INT(run(SH("kill -9 $$"), NULL, -1, &out, &err), KT_EIO);
    CHECK(strstr(err.text, "code 137") != NULL);
    kt_buf_done(&out);
    kt_buf_init(&out, 0);
    CHECK_INT(kt_proc_run(SH("echo 123456789"), NULL, -1, 9, &out, &err), KT_ELIMIT);
    CHECK_INT(kt_proc_run(SH("echo 12345678"), NULL, -1, 9, &out, &err), KT_OK);
    CHECK_INT(out.n, 9);
    kt_buf_done(&out);
}

static void timeout_ends_the_group(void)
{
    struct kt_err err;
    struct kt_buf out;
    kt_mono before = kt_clock_mono();
    CHECK_INT(run(SH("sleep 1000 & sleep 1000"), NULL, 50 * KT_MS, &out, &err), KT_ETIMEOUT);
    CHECK_INT(run(SH("exec >&- 2>&-; sleep 1000"), NULL, 50 * KT_MS, &out, &err), KT_ETIMEOUT);
    CHECK(kt_clock_mono() - before < 100 * KT_SEC);
    kt_buf_done(&out);
}

static void orphan_does_not_hold_us(void)
{
    struct kt_err err = {0};
    struct kt_buf out;
    CHECK_OK(run(SH("sleep 1000 & echo done"), NULL, 100 * KT_SEC, &out, &err), &err);
    CHECK_STR(kt_buf_cstr(&out), "done\n");
    kt_buf_done(&out);
}

static void memory_limit(void)
{
    struct kt_err err = {0};
    struct kt_buf out;
    char *const argv[] = {"dd", "if=/dev/zero", "of=/dev/null", "bs=400M", "count=1", NULL};
    struct kt_proc_limits lim = {.memory_bytes = (size_t)200 << 20};
    CHECK_OK(run(argv, NULL, 60 * KT_SEC, &out, &err), &err); /* without the limit it works */
    kt_buf_done(&out);
    CHECK_INT(run(argv, &lim, 60 * KT_SEC, &out, &err), KT_EIO);
    CHECK(strstr(err.text, "code 1") != NULL);
    kt_buf_done(&out);
}

static void cpu_limit(void)
{
    struct kt_err err;
    struct kt_buf out;
    struct kt_proc_limits lim = {.cpu_seconds = 1};
    CHECK_INT(run(SH("while :; do :; done"), &lim, 200 * KT_SEC, &out, &err), KT_ELIMIT);
    kt_buf_done(&out);
}

static void wait_and_stop(void)
{
    struct kt_err err;
    pid_t pid;
    int code = -1, p[2];
    CHECK_OK(kt_proc_start(SH("exit 3"), NULL, -1, -1, &pid, &err), &err);
    CHECK_OK(kt_proc_wait(pid, -1, &code, &err), &err);
    CHECK_INT(code, 3);
    CHECK_INT(kt_proc_wait(pid, 0, &code, &err), KT_EIO); /* reaped already */
    REQUIRE(pipe2(p, O_CLOEXEC) == 0);
    CHECK_OK(kt_proc_start(SH("trap '' TERM; sleep 1000 & echo up; while :; do sleep 1000; done"),
                           NULL, p[1], -1, &pid, &err),
             &err);
    close(p[1]);
    char up[3];
    CHECK_INT(read(p[0], up, 3), 3); /* the trap is set from here on */
    code = 55;
    CHECK_INT(kt_proc_wait(pid, 10 * KT_MS, &code, &err), KT_ETIMEOUT);
    CHECK_INT(code, 55);
    CHECK_INT(getpgid(pid), pid);
    kt_proc_stop(pid, 10 * KT_MS);
    CHECK(pipe_ends(p[0])); /* the grandchild too */
    CHECK(kill(pid, 0) != 0);
    close(p[0]);
}

static void dies_with_its_parent(void)
{
    int p[2];
    REQUIRE(pipe2(p, O_CLOEXEC) == 0);
    fflush(stdout);
    pid_t middle = fork();
    REQUIRE(middle >= 0);
    if (middle == 0) {
        struct kt_err err;
        pid_t pid;
        int r = kt_proc_start((char *const[]){"sleep", "1000", NULL}, NULL, p[1], -1, &pid, &err);
        _exit(r == KT_OK ? 0 : 1);
    }
    close(p[1]);
    int status = -1;
    waitpid(middle, &status, 0);
    CHECK_INT(status, 0);
    CHECK(pipe_ends(p[0]));
    close(p[0]);
}

static void inherits_nothing(void)
{
    struct kt_err err = {0};
    struct kt_buf out;
    int fd = open("/dev/zero", O_RDONLY); /* without CLOEXEC, as a careless library does */
    REQUIRE(fd >= 0);
    int high = fcntl(fd, F_DUPFD, 50);
    sigset_t set, before;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, &before);
    void (*was)(int) = signal(SIGPIPE, SIG_IGN);
    CHECK_OK(run(SH("[ -e /proc/$$/fd/50 ] && echo open; exec grep -E '^Sig(Blk|Ign)' "
                    "/proc/self/status"),
                 NULL, 10 * KT_SEC, &out, &err),
             &err);
    signal(SIGPIPE, was);
    sigprocmask(SIG_SETMASK, &before, NULL);
    CHECK_STR(kt_buf_cstr(&out), "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
    kt_buf_done(&out);
    close(fd);
    close(high);
}

UNIT_MAIN({"collects output, no shell", collects_output},
          {"large output on both pipes", large_output_on_both}, {"failures are told", failures},
          {"a time-out ends the group", timeout_ends_the_group},
          {"an orphan does not hold us", orphan_does_not_hold_us}, {"memory limit", memory_limit},
          {"processor time limit", cpu_limit}, {"wait and stop", wait_and_stop},
          {"a child dies with its parent", dies_with_its_parent},
          {"files and signals are not inherited", inherits_nothing})
