/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/clock.h"

#include <errno.h>
#include <stdatomic.h>
#include <time.h>

/* The one switch of the process: 0, or the time that kt_clock_now() answers. */
static _Atomic int64_t driven;

static int64_t read_clock(clockid_t id)
{
    struct timespec ts;
    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * KT_SEC + ts.tv_nsec;
}

kt_time kt_clock_now(void)
{
    kt_time t = atomic_load_explicit(&driven, memory_order_acquire);
    return t ? t : read_clock(CLOCK_REALTIME);
}

kt_mono kt_clock_mono(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

void kt_clock_drive(kt_time t)
{
    atomic_store_explicit(&driven, t, memory_order_release);
}

void kt_sleep(int64_t ns)
{
    if (ns <= 0) {
        return;
    }
    struct timespec ts = {.tv_sec = (time_t)(ns / KT_SEC), .tv_nsec = (long)(ns % KT_SEC)};
    while (nanosleep(&ts, &ts) != 0 && errno == EINTR) {
    }
}
