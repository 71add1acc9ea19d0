/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_SYS_LOOP_H
#define KT_SYS_LOOP_H
/*
 * loop: an epoll loop of one thread: file descriptors, timers, and calls handed in by others.
 * Threads: all functions on the loop's thread, but kt_loop_post() and kt_loop_stop() from any.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

struct kt_loop;
enum { KT_IO_READ = 1, KT_IO_WRITE = 2 };

struct kt_loop *kt_loop_new(void);
void kt_loop_free(struct kt_loop *l);
void kt_loop_run(struct kt_loop *l); /**< until stopped */
void kt_loop_stop(struct kt_loop *l);
/** Watch fd; `events` of KT_IO_*; calling again changes the watch; fn gets the ready events. */
int kt_loop_watch(struct kt_loop *l, int fd, int events, void (*fn)(void *arg, int fd, int ev),
                  void *arg);
void kt_loop_unwatch(struct kt_loop *l, int fd);
/** Call fn once after delay_ns (at least), or every period_ns when that is not 0. Returns an id. */
uint64_t kt_loop_timer(struct kt_loop *l, int64_t delay_ns, int64_t period_ns,
                       void (*fn)(void *arg), void *arg);
void kt_loop_cancel(struct kt_loop *l, uint64_t timer);
/** Any thread: run fn(arg) soon on the loop's thread; returns false when the loop has ended. */
bool kt_loop_post(struct kt_loop *l, void (*fn)(void *arg), void *arg);
#endif
