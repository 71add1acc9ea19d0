/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/clock.h"

/*
 * The kernel ties a child's death to the thread that started it (PR_SET_PDEATHSIG): a thread that
 * starts a child lives at least as long as it needs the child.
 *
 * Between fork and exec the child calls only what is safe there with other threads about: system
 * calls and no allocation.
 */
enum { ERR_TAIL = 320, POLL_STEP_MS = 5, WATCH_MS = 50 };

/* ---- the child's side ---- */

static void limit(int what, rlim_t soft, rlim_t hard)
{
    struct rlimit rl = {.rlim_cur = soft, .rlim_max = hard};
    setrlimit(what, &rl);
}

static void child_limits(const struct kt_proc_limits *lim)
{
    limit(RLIMIT_CORE, 0, 0);
    if (!lim) {
        return;
    }
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (lim->memory_bytes) {
        limit(RLIMIT_AS, lim->memory_bytes, lim->memory_bytes);
    }
    if (lim->cpu_seconds > 0) {
        limit(RLIMIT_CPU, (rlim_t)lim->cpu_seconds, (rlim_t)lim->cpu_seconds + 1);
    }
}

/* The kernel's own form of sigaction: the C library refuses the two signals it keeps to itself,
 * which a parent of ours may have left ignored (posix_spawn does). */
static void child_signals(void)
{
    static const unsigned long by_default[4]; /* handler, flags, restorer, mask: all zero */
    for (int s = 1; s < NSIG; s++) {
        syscall(SYS_rt_sigaction, s, by_default, NULL, (size_t)(NSIG - 1) / 8);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Standard input is /dev/null; all else but the two outputs is closed by exec. */
static bool child_fds(int out_fd, int err_fd)
{
    int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int out = out_fd < 0 ? -1 : fcntl(out_fd, F_DUPFD_CLOEXEC, 3);
    int err = err_fd < 0 ? -1 : fcntl(err_fd, F_DUPFD_CLOEXEC, 3);
    if (in < 0 || (out_fd >= 0 && out < 0) || (err_fd >= 0 && err < 0)) {
        return false;
    }
    if (dup2(in, 0) < 0 || (out >= 0 && dup2(out, 1) < 0) || (err >= 0 && dup2(err, 2) < 0)) {
        return false;
    }
    fcntl(0, F_SETFD, 0);                     /* open() itself answered 0: dup2() changed nothing */
    close_range(3, ~0u, CLOSE_RANGE_CLOEXEC); /* an old kernel: our own files are CLOEXEC anyway */
    return true;
}

static void __attribute__((noreturn)) child(char *const argv[], const struct kt_proc_limits *lim,
                                            int out_fd, int err_fd, int report, pid_t parent)
{
    int tell = fcntl(report, F_DUPFD_CLOEXEC, 3);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() == parent && child_fds(out_fd, err_fd)) {
        child_signals();
        child_limits(lim);
        execvp(argv[0], argv);
    }
    int why = errno;
    ssize_t n = write(tell, &why, sizeof(why));
    (void)n;
    _exit(127);
}

/* ---- the parent's side ---- */

/* errno of a failed exec, or 0: the pipe closes by itself when exec succeeds. */
static int exec_result(int fd)
{
    int why = 0;
    ssize_t n;
    do {
        n = read(fd, &why, sizeof(why));
    } while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof(why) ? why : 0;
}

/* execvp() says "permission denied" for a missing program when a folder of PATH is closed to us. */
static bool is_in_path(const char *name)
{
    const char *path = getenv("PATH");
    char at[4096];
    while (path && *path) {
        size_t n = strcspn(path, ":");
        snprintf(at, sizeof(at), "%.*s/%s", (int)n, path, name);
        if (access(at, F_OK) == 0) {
            return true;
        }
        path += n + (path[n] == ':');
    }
    return false;
}

int kt_proc_start(char *const argv[], const struct kt_proc_limits *lim, int out_fd, int err_fd,
                  pid_t *ret, struct kt_err *err)
{
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0) {
        return kt_err_sys(err, "cannot start %s", argv[0]);
    }
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        child(argv, lim, out_fd, err_fd, report[1], parent);
    }
    int why = errno;
    close(report[1]);
    if (pid > 0) {
        setpgid(pid, pid); /* also here, so that the group exists when this returns */
        why = exec_result(report[0]);
    }
    close(report[0]);
    if (pid > 0 && why == 0) {
        *ret = pid;
        return KT_OK;
    }
    if (pid > 0) {
        waitpid(pid, NULL, 0);
    }
    if (why == ENOENT || (why == EACCES && !strchr(argv[0], '/') && !is_in_path(argv[0]))) {
        return kt_err_set(err, KT_ENOTFOUND, "cannot start %s: there is no such program", argv[0]);
    }
    errno = why;
    return kt_err_sys(err, "cannot start %s", argv[0]);
}

static int left_ms(kt_mono deadline)
{
    if (deadline == INT64_MAX) {
        return -1;
    }
    int64_t ms = (deadline - kt_clock_mono() + KT_MS - 1) / KT_MS;
    return ms < 0 ? 0 : ms > 3600000 ? 3600000 : (int)ms;
}

static kt_mono deadline_of(int64_t timeout_ns)
{
    return timeout_ns < 0 || timeout_ns > 365 * KT_DAY ? INT64_MAX : kt_clock_mono() + timeout_ns;
}

static bool exited(pid_t pid)
{
    siginfo_t si = {0};
    return waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT) != 0 || si.si_pid == pid;
}

/* Wait for the end without reaping, so that the group's number stays ours. */
static bool await_exit(pid_t pid, kt_mono deadline)
{
    int fd = pidfd_open(pid, 0);
    bool done;
    while (!(done = exited(pid))) {
        int ms = left_ms(deadline);
        if (ms == 0) {
            break;
        }
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int step = fd >= 0 ? ms : ms < 0 || ms > POLL_STEP_MS ? POLL_STEP_MS : ms;
        poll(&p, fd >= 0 ? 1 : 0, step);
    }
    if (fd >= 0) {
        close(fd);
    }
    return done;
}

static int reap(pid_t pid)
{
    int status = 0;
    pid_t r;
    do {
        r = waitpid(pid, &status, 0);
    } while (r < 0 && errno == EINTR);
    if (r < 0) {
        return -1;
    }
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int kt_proc_wait(pid_t pid, int64_t timeout_ns, int *ret_code, struct kt_err *err)
{
    if (!await_exit(pid, deadline_of(timeout_ns))) {
        return kt_err_set(err, KT_ETIMEOUT, "process %d has not ended in time", (int)pid);
    }
    int code = reap(pid);
    if (code < 0) {
        return kt_err_sys(err, "cannot wait for process %d", (int)pid);
    }
    *ret_code = code;
    return KT_OK;
}

void kt_proc_stop(pid_t pid, int64_t grace_ns)
{
    if (pid <= 1) {
        return;
    }
    kill(-pid, SIGTERM);
    await_exit(pid, deadline_of(grace_ns < 0 ? 0 : grace_ns));
    kill(-pid, SIGKILL); /* what the leader left behind, too */
    reap(pid);
}

/* ---- run to the end ---- */

struct run {
    pid_t pid;
    int out, err, pidfd;
    struct kt_buf *to;
    struct kt_task *task; /* NULL: nobody watches */
    uint32_t steps;       /* that the child has told */
    size_t start, max;
    char tail[ERR_TAIL];
    size_t n_tail;
};

static void keep_tail(struct run *r, const char *p, size_t n)
{
    if (n > sizeof(r->tail)) {
        p += n - sizeof(r->tail);
        n = sizeof(r->tail);
    }
    size_t drop = r->n_tail + n > sizeof(r->tail) ? r->n_tail + n - sizeof(r->tail) : 0;
    memmove(r->tail, r->tail + drop, r->n_tail - drop);
    r->n_tail -= drop;
    memcpy(r->tail + r->n_tail, p, n);
    r->n_tail += n;
}

static void count_steps(struct run *r, const char *p, size_t n)
{
    for (size_t i = 0; r->task && i < n; i++) {
        r->steps += p[i] == KT_PROC_STEP;
    }
    kt_task_at(r->task, r->steps, KT_PROC_STEPS);
}

/* One read of a pipe; closes it at its end. KT_ELIMIT when there is more than max. */
static int drain(struct run *r, int *fd)
{
    char part[16 * 1024];
    ssize_t n = read(*fd, part, sizeof(part));
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
        return KT_OK;
    }
    if (n <= 0) {
        close(*fd);
        *fd = -1;
        return KT_OK;
    }
    if (fd == &r->err) {
        count_steps(r, part, (size_t)n);
        keep_tail(r, part, (size_t)n);
        return KT_OK;
    }
    if (r->to->n - r->start + (size_t)n > r->max) {
        return KT_ELIMIT;
    }
    kt_buf_put(r->to, part, (size_t)n);
    return r->to->full ? KT_ELIMIT : KT_OK;
}

/* Read both pipes to their end. A grandchild that keeps them open ends with the leader. */
static int collect(struct run *r, kt_mono deadline)
{
    while (r->out >= 0 || r->err >= 0) {
        struct pollfd p[3] = {{.fd = r->out, .events = POLLIN},
                              {.fd = r->err, .events = POLLIN},
                              {.fd = r->pidfd, .events = POLLIN}};
        int ms = left_ms(deadline);
        int n = poll(p, 3, r->task && (ms < 0 || ms > WATCH_MS) ? WATCH_MS : ms);
        if (kt_task_stopped(r->task)) {
            return KT_ESTATE;
        }
        if (n == 0 && ms >= 0 && left_ms(deadline) == 0) {
            return KT_ETIMEOUT;
        }
        if (n <= 0) {
            continue;
        }
        int e = p[0].revents ? drain(r, &r->out) : KT_OK;
        if (e == KT_OK && p[1].revents) {
            e = drain(r, &r->err);
        }
        if (e < 0) {
            return e;
        }
        if (p[2].revents) {
            kill(-r->pid, SIGKILL);
            close(r->pidfd);
            r->pidfd = -1;
        }
    }
    return await_exit(r->pid, deadline) ? KT_OK : KT_ETIMEOUT;
}

/* Standard error as one line of text, whole UTF-8 letters. */
static const char *tail_text(struct run *r, char *to)
{
    size_t from = 0, n = 0;
    while (r->n_tail == sizeof(r->tail) && from < r->n_tail && (r->tail[from] & 0xc0) == 0x80) {
        from++;
    }
    for (; from < r->n_tail; from++) {
        char c = r->tail[from];
        to[n++] = (unsigned char)c < 0x20 || c == 0x7f ? ' ' : c;
    }
    while (n && to[n - 1] == ' ') {
        n--;
    }
    to[n] = '\0';
    return to;
}

static int verdict(struct run *r, const char *name, int e, int code, struct kt_err *err)
{
    char text[ERR_TAIL + 1];
    tail_text(r, text);
    if (e == KT_ESTATE) {
        return kt_err_set(err, e, "%s: stopped", name);
    }
    if (e == KT_ETIMEOUT) {
        return kt_err_set(err, e, "%s: not ready in time and ended: %s", name, text);
    }
    if (e == KT_ELIMIT) {
        return kt_err_set(err, e, "%s: its answer is larger than %zu bytes", name, r->max);
    }
    if (code == 128 + SIGXCPU) {
        return kt_err_set(err, KT_ELIMIT, "%s: used up its processor time: %s", name, text);
    }
    if (code != 0) {
        return kt_err_set(err, KT_EIO, "%s: ended with code %d: %s", name, code, text);
    }
    if (err) {
        memcpy(err->text, text, strlen(text) + 1);
    }
    return KT_OK;
}

static int open_pipes(int out[2], int err_pipe[2], struct kt_err *err)
{
    if (pipe2(out, O_CLOEXEC) != 0) {
        return kt_err_sys(err, "cannot make a pipe");
    }
    if (pipe2(err_pipe, O_CLOEXEC) != 0) {
        int r = kt_err_sys(err, "cannot make a pipe");
        close(out[0]);
        close(out[1]);
        return r;
    }
    return KT_OK;
}

static void close_run(struct run *r)
{
    int fds[] = {r->out, r->err, r->pidfd};
    for (size_t i = 0; i < KT_ARRAY_LEN(fds); i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
}

int kt_proc_run(char *const argv[], const struct kt_proc_limits *lim, int64_t timeout_ns,
                size_t max, struct kt_buf *out, struct kt_err *err)
{
    return kt_proc_run_watched(argv, lim, timeout_ns, max, NULL, out, err);
}

int kt_proc_run_watched(char *const argv[], const struct kt_proc_limits *lim, int64_t timeout_ns,
                        size_t max, struct kt_task *task, struct kt_buf *out, struct kt_err *err)
{
    int po[2], pe[2];
    kt_mono deadline = deadline_of(timeout_ns);
    int e = open_pipes(po, pe, err);
    if (e < 0) {
        return e;
    }
    struct run r = {.out = po[0],
                    .err = pe[0],
                    .pidfd = -1,
                    .to = out,
                    .task = task,
                    .start = out->n,
                    .max = max};
    e = kt_proc_start(argv, lim, po[1], pe[1], &r.pid, err);
    close(po[1]);
    close(pe[1]);
    if (e < 0) {
        close_run(&r);
        return e;
    }
    r.pidfd = pidfd_open(r.pid, 0);
    e = collect(&r, deadline);
    kill(-r.pid, SIGKILL);
    int code = reap(r.pid);
    close_run(&r);
    e = verdict(&r, argv[0], e, code, err);
    if (e < 0) {
        out->n = r.start;
    }
    return e;
}
