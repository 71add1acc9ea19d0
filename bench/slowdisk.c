/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slowdisk: a library for LD_PRELOAD that makes syncs as slow as those of a slow disk: each takes
 * KT_SLOW_SYNC_MS milliseconds more, and what was written since the last one goes at KT_SLOW_KBPS
 * kilobytes a second. Reads and writes themselves stay as they are. With KT_SLOW_WHEN=FILE only
 * while that file exists.
 */
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static _Atomic long written;

static void as_slow(void)
{
    const char *ms = getenv("KT_SLOW_SYNC_MS"), *kbps = getenv("KT_SLOW_KBPS");
    const char *when = getenv("KT_SLOW_WHEN");
    if (when && access(when, F_OK) != 0) {
        return;
    }
    double wait = ms ? strtod(ms, NULL) / 1e3 : 0;
    double bytes = (double)atomic_exchange(&written, 0);
    wait += kbps ? bytes / 1024 / strtod(kbps, NULL) : 0;
    struct timespec ts = {.tv_sec = (time_t)wait,
                          .tv_nsec = (long)((wait - (double)(time_t)wait) * 1e9)};
    nanosleep(&ts, NULL);
}

int fdatasync(int fd)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    as_slow();
    return real(fd);
}

int fsync(int fd)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    as_slow();
    return real(fd);
}

/* With 64-bit offsets, as the program is built: the symbol is pwrite64. */
ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    ssize_t (*real)(int, const void *, size_t, off_t) =
        (ssize_t(*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite64");
    atomic_fetch_add(&written, (long)n);
    return real(fd, p, n, at);
}
