/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_SYS_THREAD_H
#define KT_SYS_THREAD_H
/*
 * thread: start and join threads; mutexes and conditions are those of pthread.
 */
#include <pthread.h>

#include "base/err.h"

/** Start `fn(arg)` in a named thread (at most 15 bytes). Signals stay with the main thread. */
KT_MUST_CHECK int kt_thread_start(pthread_t *ret, const char *name, void *(*fn)(void *), void *arg,
                                  struct kt_err *err);
/** Be nicer (positive) or, where permitted, more eager (negative). Failure is ignored. */
void kt_thread_nice(int nice);
#endif
