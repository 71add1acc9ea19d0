/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_SYS_THREAD_H
#define KT_SYS_THREAD_H
/*
 * thread: start and join threads; mutexes and conditions are those of pthread.
 */
#include <pthread.h>
#include <stdbool.h>

#include "base/err.h"

/** Start `fn(arg)` in a named thread (at most 15 bytes). Signals stay with the main thread. */
KT_MUST_CHECK int kt_thread_start(pthread_t *ret, const char *name, void *(*fn)(void *), void *arg,
                                  struct kt_err *err);
/*
 * A piece of work beside the caller's: on a thread of its own while fewer than `most` of those that
 * share `busy` run, else by the caller, at the end.
 */
struct kt_side {
    pthread_t thread;
    bool begun;
    void (*fn)(void *arg);
    void *arg;
    _Atomic int *busy;
};
void kt_side_begin(struct kt_side *s, _Atomic int *busy, int most, void (*fn)(void *arg),
                   void *arg);
void kt_side_end(struct kt_side *s); /**< afterwards it is done */
/** Be nicer (positive) or, where permitted, more eager (negative). False: it is not permitted. */
bool kt_thread_nice(int nice);
#endif
