/* SPDX-License-Identifier: Apache-2.0 */
/* clock and thread. */
#include "sys/clock.h"

#include <signal.h>

#include "sys/thread.h"
#include "unit.h"

static void driven_clock(void)
{
    CHECK(kt_clock_now() > INT64_C(1700000000) * KT_SEC);
    kt_clock_drive(42 * KT_SEC);
    kt_mono before = kt_clock_mono();
    CHECK_INT(kt_clock_now(), 42 * KT_SEC);
    CHECK_INT(kt_clock_now(), 42 * KT_SEC);
    kt_sleep(KT_MS);
    CHECK(kt_clock_mono() - before >= KT_MS); /* this one is never driven */
    kt_clock_drive(0);
    CHECK(kt_clock_now() > INT64_C(1700000000) * KT_SEC);
    kt_sleep(-1);
}

struct seen {
    char name[16];
    bool masked;
};

static void *look(void *arg)
{
    struct seen *s = arg;
    sigset_t set;
    pthread_sigmask(SIG_SETMASK, NULL, &set);
    s->masked = sigismember(&set, SIGTERM) && sigismember(&set, SIGINT);
    kt_thread_nice(1);
    return s;
}

static void *named(void *arg)
{
    pthread_mutex_lock(arg); /* until the name was read */
    pthread_mutex_unlock(arg);
    return NULL;
}

static void threads(void)
{
    struct kt_err err;
    struct seen s = {0};
    pthread_t t;
    void *got = NULL;
    CHECK_OK(kt_thread_start(&t, "look", look, &s, &err), &err);
    pthread_join(t, &got);
    CHECK(got == &s);
    CHECK(s.masked);
    sigset_t set;
    pthread_sigmask(SIG_SETMASK, NULL, &set);
    CHECK(!sigismember(&set, SIGTERM)); /* ours is as before */
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&gate);
    CHECK_OK(kt_thread_start(&t, "a-very-long-thread-name", named, &gate, &err), &err);
    CHECK_INT(pthread_getname_np(t, s.name, sizeof(s.name)), 0);
    CHECK_STR(s.name, "a-very-long-thr");
    pthread_mutex_unlock(&gate);
    pthread_join(t, NULL);
}

UNIT_MAIN({"the clock can be driven", driven_clock}, {"threads", threads})
