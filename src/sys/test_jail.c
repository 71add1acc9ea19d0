/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/jail.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

/* How a child in the jail ends that does this: exit code, or 128 + signal. */
static int in_a_jail(int (*jail)(struct kt_err *), int (*what)(void))
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        struct kt_err err;
        _exit(jail(&err) == KT_OK ? what() : 99);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int in_jail(int (*what)(void))
{
    return in_a_jail(kt_jail, what);
}

static int in_net(int (*what)(void))
{
    return in_a_jail(kt_jail_net, what);
}

static int computes(void)
{
    char *p = malloc(50 << 20);
    memset(p, 1, 50 << 20);
    int v = p[40 << 20];
    free(p);
    return v == 1 && write(STDERR_FILENO, "", 0) == 0 ? 7 : 1;
}

static int opens(void)
{
    return open("/etc/passwd", O_RDONLY) < 0 && open("/tmp/kt-jail", O_CREAT | O_WRONLY, 0600) < 0
               ? 7
               : 1;
}

static int connects(void)
{
    return socket(AF_INET, SOCK_STREAM, 0);
}

static int starts(void)
{
    return execl("/bin/true", "true", NULL);
}

static int forks(void)
{
    return fork() < 0 ? 7 : 1;
}

static void what_remains(void)
{
    CHECK_INT(in_jail(computes), 7);
}

static void what_does_not(void)
{
    CHECK_INT(in_jail(opens), 7);
    CHECK_INT(in_jail(connects), 128 + SIGSYS);
    CHECK_INT(in_jail(starts), 128 + SIGSYS);
    CHECK_INT(in_jail(forks), 128 + SIGSYS);
}

/* A socket is had, but no more than a few. */
static int speaks(void)
{
    int n = 0;
    while (n < 100 && socket(AF_INET, SOCK_STREAM, 0) >= 0) {
        n++;
    }
    return n > 0 && n <= KT_JAIL_SOCKETS ? 7 : 1;
}

static void who_speaks(void)
{
    CHECK_INT(in_net(computes), 7);
    CHECK_INT(in_net(speaks), 7);
    CHECK_INT(in_net(opens), 7);
    CHECK_INT(in_net(starts), 128 + SIGSYS);
    CHECK_INT(in_net(forks), 128 + SIGSYS);
}

UNIT_MAIN({"reading, writing and memory remain", what_remains},
          {"files, network and programs do not", what_does_not},
          {"who speaks with a stranger has sockets, no files and no programs", who_speaks})
