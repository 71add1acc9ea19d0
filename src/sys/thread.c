/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/thread.h"

#include <stdatomic.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

int kt_thread_start(pthread_t *ret, const char *name, void *(*fn)(void *), void *arg,
                    struct kt_err *err)
{
    /* The new thread inherits a full mask: signals are delivered to the main thread alone. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t t;
    int r = pthread_create(&t, NULL, fn, arg);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (r != 0) {
        errno = r;
        return kt_err_sys(err, "cannot start the thread %s", name);
    }
    char shown[16];
    size_t n = strnlen(name, sizeof(shown) - 1);
    memcpy(shown, name, n);
    shown[n] = '\0';
    pthread_setname_np(t, shown);
    *ret = t;
    return KT_OK;
}

bool kt_thread_nice(int nice)
{
    return setpriority(PRIO_PROCESS, (id_t)gettid(), nice) == 0;
}

static void *side_run(void *arg)
{
    struct kt_side *s = arg;
    s->fn(s->arg);
    return NULL;
}

void kt_side_begin(struct kt_side *s, _Atomic int *busy, int most, void (*fn)(void *arg), void *arg)
{
    struct kt_err err;
    *s = (struct kt_side){.fn = fn, .arg = arg, .busy = busy};
    if (atomic_fetch_add(busy, 1) < most) {
        s->begun = kt_thread_start(&s->thread, "side", side_run, s, &err) == KT_OK;
    }
    if (!s->begun) {
        atomic_fetch_sub(busy, 1);
    }
}

void kt_side_end(struct kt_side *s)
{
    if (!s->begun) {
        s->fn(s->arg);
        return;
    }
    pthread_join(s->thread, NULL);
    atomic_fetch_sub(s->busy, 1);
}
