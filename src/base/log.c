/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"

static _Atomic int max_level = KT_LOG_INFO;

void kt_log_set_level(enum kt_log_level level)
{
    atomic_store(&max_level, (int)level);
}

void kt_log(enum kt_log_level level, const char *category, const char *fmt, ...)
{
    static const char *const names[] = {"ERROR", "WARN ", "INFO ", "DEBUG"};
    if ((int)level > atomic_load_explicit(&max_level, memory_order_relaxed)) {
        return;
    }
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    char when[40];
    kt_time_fmt(ts.tv_sec * KT_SEC + ts.tv_nsec / 1000000 * 1000000, 0, when);
    char line[1024];
    int n = snprintf(line, sizeof(line) - 2, "%s %s %s: ", when, names[level], category);
    va_list ap;
    va_start(ap, fmt);
    int m = vsnprintf(line + n, sizeof(line) - 2 - (size_t)n, fmt, ap);
    va_end(ap);
    n += m;
    if (n > (int)sizeof(line) - 2) {
        n = (int)sizeof(line) - 2;
    }
    line[n++] = '\n';
    ssize_t ignored = write(2, line, (size_t)n);
    (void)ignored;
}
