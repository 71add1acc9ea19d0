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

/* How fast the driven clock goes. Written by who drives it, one thread. */
static struct {
    kt_mono wall; /* begin of the second that is measured */
    kt_time at;
    _Atomic int64_t milli; /* driven ms a second */
} rate;

static void measure(kt_time t)
{
    kt_mono wall = kt_clock_mono();
    if (!t || !rate.wall || t < rate.at) {
        rate.wall = wall;
        rate.at = t;
        atomic_store(&rate.milli, 0);
    } else if (wall - rate.wall >= KT_SEC) {
        atomic_store(&rate.milli, (t - rate.at) / ((wall - rate.wall) / 1000));
        rate.wall = wall;
        rate.at = t;
    }
}

void kt_clock_drive(kt_time t)
{
    atomic_store_explicit(&driven, t, memory_order_release);
    measure(t);
}

double kt_clock_rate(void)
{
    return (double)atomic_load(&rate.milli) / 1000;
}

kt_mono kt_clock_pace(void)
{
    kt_time t = atomic_load_explicit(&driven, memory_order_acquire);
    return t ? t : kt_clock_mono();
}

int64_t kt_clock_pace_left(kt_mono when)
{
    enum { SHORT_MS = 1, LONG_MS = 20 };
    int64_t left = when - kt_clock_pace();
    if (left <= 0 || !atomic_load(&driven)) {
        return left > 0 ? left : 0;
    }
    int64_t milli = atomic_load(&rate.milli);
    left = left / (milli > 1000 ? milli : 1000) * 1000;
    return left < SHORT_MS * KT_MS  ? SHORT_MS * KT_MS
           : left > LONG_MS * KT_MS ? LONG_MS * KT_MS
                                    : left;
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
