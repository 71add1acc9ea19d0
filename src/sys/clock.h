/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_SYS_CLOCK_H
#define KT_SYS_CLOCK_H
/*
 * clock: where time comes from. The real clock, or a driven one (tests, the simulated plant).
 * The engine never reads it: time reaches the engine in ticks. Threads: any.
 */
#include "base/time.h"

kt_time kt_clock_now(void);  /**< UTC; the driven clock when one is set */
kt_mono kt_clock_mono(void); /**< always the machine's monotonic clock */
/** Drive kt_clock_now(): from now on it answers `t` until set again; 0 goes back to the real clock.
 */
void kt_clock_drive(kt_time t);
/*
 * Pace: what happens every so often (scans, retries, looks into a folder) goes by this clock: the
 * driven one when one is set, else the monotonic one. So a plant at sixty times real time is
 * scanned sixty times as often.
 */
kt_mono kt_clock_pace(void);
/** Wall time to sleep until the pace clock shows `when`: a guess at its present rate, at most 20 ms
 *  at once, while it is driven; not negative. */
int64_t kt_clock_pace_left(kt_mono when);
double
kt_clock_rate(void); /**< driven seconds a second, over the last second or so; 0: not driven */
void kt_sleep(int64_t ns);
#endif
