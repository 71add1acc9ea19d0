/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/loop.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/thread.h"
#include "unit.h"

static void stop(void *arg)
{
    kt_loop_stop(arg);
}

/* ---- timers ---- */

enum { TIMERS = 500 };

struct order {
    struct kt_loop *l;
    kt_mono lo[TIMERS], hi[TIMERS]; /* the deadline lies between */
    bool cancelled[TIMERS];
    int fired, wrong;
    kt_mono last; /* nothing with a deadline before this may still fire */
};

struct one {
    struct order *o;
    int i;
};

static void fired(void *arg)
{
    struct one *x = arg;
    struct order *o = x->o;
    kt_mono now = kt_clock_mono();
    o->wrong += o->cancelled[x->i] || now < o->lo[x->i] || o->hi[x->i] < o->last;
    o->last = o->lo[x->i] > o->last ? o->lo[x->i] : o->last;
    o->fired++;
}

/* Random deadlines, some cancelled: the rest fires once each, in order, never early. */
static void timers_fire_in_order(void)
{
    uint64_t seed = 31;
    printf("# seed %" PRIu64 "\n", seed);
    static struct order o;
    static struct one x[TIMERS];
    uint64_t id[TIMERS];
    o.l = kt_loop_new();
    for (int i = 0; i < TIMERS; i++) {
        x[i] = (struct one){&o, i};
        int64_t delay = (int64_t)(unit_rand(&seed) % 1000) * 20 * KT_US;
        o.lo[i] = kt_clock_mono() + delay;
        id[i] = kt_loop_timer(o.l, delay, 0, fired, &x[i]);
        o.hi[i] = kt_clock_mono() + delay;
    }
    int left = TIMERS;
    for (int i = 0; i < TIMERS; i++) {
        if (unit_rand(&seed) % 3 == 0) {
            kt_loop_cancel(o.l, id[i]);
            kt_loop_cancel(o.l, id[i]); /* twice is nothing */
            o.cancelled[i] = true;
            left--;
        }
    }
    kt_loop_timer(o.l, 60 * KT_MS, 0, stop, o.l);
    kt_loop_run(o.l);
    CHECK_INT(o.fired, left);
    CHECK_INT(o.wrong, 0);
    kt_loop_free(o.l);
}

struct period {
    struct kt_loop *l;
    uint64_t id;
    int n;
    kt_mono start;
};

static void tick(void *arg)
{
    struct period *p = arg;
    if (++p->n == 5) {
        kt_loop_cancel(p->l, p->id); /* itself, from inside */
        kt_loop_timer(p->l, 5 * KT_MS, 0, stop, p->l);
    }
}

static void periodic(void)
{
    struct period p = {.l = kt_loop_new(), .start = kt_clock_mono()};
    p.id = kt_loop_timer(p.l, KT_MS, 2 * KT_MS, tick, &p);
    kt_loop_run(p.l);
    CHECK_INT(p.n, 5);
    CHECK(kt_clock_mono() - p.start >= 9 * KT_MS);
    kt_loop_free(p.l);
}

static void again(void *arg)
{
    struct period *p = arg;
    p->n++;
    kt_loop_timer(p->l, 0, 0, again, p);
}

/* A timer that sets itself anew without delay does not keep the others from their turn. */
static void no_timer_starves_the_rest(void)
{
    struct period p = {.l = kt_loop_new()};
    kt_loop_timer(p.l, 0, 0, again, &p);
    kt_loop_timer(p.l, 2 * KT_MS, 0, stop, p.l);
    kt_loop_run(p.l);
    CHECK(p.n > 1);
    kt_loop_free(p.l);
}

/* ---- posts ---- */

enum { POSTERS = 4, POSTS = 2000 };

struct poster {
    struct kt_loop *l;
    int *count;   /* written by the loop's thread alone */
    pthread_t on; /* the loop's thread */
    int *wrong;
};

static void counted(void *arg)
{
    struct poster *p = arg;
    *p->wrong += !pthread_equal(p->on, pthread_self());
    if (++*p->count == POSTERS * POSTS) {
        kt_loop_stop(p->l);
    }
}

static void *post_many(void *arg)
{
    struct poster *p = arg;
    uintptr_t failed = 0;
    for (int i = 0; i < POSTS; i++) {
        failed += !kt_loop_post(p->l, counted, p);
    }
    return (void *)failed;
}

static void bump(void *arg)
{
    ++*(int *)arg;
}

static void posts_from_threads(void)
{
    struct kt_err err;
    int count = 0, wrong = 0;
    struct poster p = {kt_loop_new(), &count, pthread_self(), &wrong};
    pthread_t t[POSTERS];
    for (int i = 0; i < POSTERS; i++) {
        CHECK_OK(kt_thread_start(&t[i], "poster", post_many, &p, &err), &err);
    }
    kt_loop_run(p.l);
    for (int i = 0; i < POSTERS; i++) {
        void *failed;
        pthread_join(t[i], &failed);
        CHECK_INT((uintptr_t)failed, 0);
    }
    CHECK_INT(count, POSTERS * POSTS);
    CHECK_INT(wrong, 0);
    CHECK(!kt_loop_post(p.l, bump, &count)); /* the loop has ended */
    kt_loop_free(p.l);
}

static void accepted_posts_run(void)
{
    struct kt_loop *l = kt_loop_new();
    int n = 0;
    kt_loop_stop(l);
    CHECK(kt_loop_post(l, bump, &n));
    kt_loop_run(l);
    CHECK_INT(n, 1);
    kt_loop_free(l);
    kt_loop_free(NULL);
}

/* ---- descriptors ---- */

struct duel {
    struct kt_loop *l;
    int a[2], b[2];
    int calls, reused;
};

static void on_reused(void *arg, int fd, int ev)
{
    (void)fd;
    (void)ev;
    ((struct duel *)arg)->reused++;
}

/* Both are ready in one turn; the first closes the other and opens another file at its number. */
static void on_duel(void *arg, int fd, int ev)
{
    struct duel *d = arg;
    (void)ev;
    d->calls++;
    int other = fd == d->a[0] ? d->b[0] : d->a[0];
    kt_loop_unwatch(d->l, other);
    close(other);
    int p[2];
    if (pipe2(p, O_CLOEXEC) == 0) {
        int taken = p[0] == other ? p[0] : dup2(p[0], other);
        kt_loop_watch(d->l, taken, KT_IO_READ, on_reused, d);
    }
    kt_loop_unwatch(d->l, fd);
    kt_loop_timer(d->l, KT_MS, 0, stop, d->l);
}

static void stale_events_reach_nobody(void)
{
    struct duel d = {.l = kt_loop_new()};
    REQUIRE(pipe2(d.a, O_CLOEXEC) == 0 && pipe2(d.b, O_CLOEXEC) == 0);
    REQUIRE(write(d.a[1], "x", 1) == 1 && write(d.b[1], "x", 1) == 1);
    CHECK_INT(kt_loop_watch(d.l, d.a[0], KT_IO_READ, on_duel, &d), 0);
    CHECK_INT(kt_loop_watch(d.l, d.b[0], KT_IO_READ, on_duel, &d), 0);
    kt_loop_run(d.l);
    CHECK_INT(d.calls, 1);
    CHECK_INT(d.reused, 0);
    kt_loop_free(d.l);
    close(d.a[1]);
    close(d.b[1]);
}

struct flow {
    struct kt_loop *l;
    int p[2];
    size_t sent, got;
};

enum { FLOW = 300000 };

static void on_readable(void *arg, int fd, int ev)
{
    struct flow *f = arg;
    char part[4096];
    CHECK(ev & KT_IO_READ);
    ssize_t n = read(fd, part, sizeof(part));
    if (n > 0) {
        f->got += (size_t)n;
    } else if (n == 0) {
        kt_loop_unwatch(f->l, fd);
        kt_loop_stop(f->l);
    }
}

static void on_writable(void *arg, int fd, int ev)
{
    struct flow *f = arg;
    static const char part[5000];
    CHECK(ev & KT_IO_WRITE);
    size_t left = FLOW - f->sent;
    ssize_t n = write(fd, part, left < sizeof(part) ? left : sizeof(part));
    f->sent += n > 0 ? (size_t)n : 0;
    if (f->sent == FLOW) {
        kt_loop_unwatch(f->l, fd);
        close(fd);
    }
}

static void reads_and_writes(void)
{
    struct flow f = {.l = kt_loop_new()};
    REQUIRE(pipe2(f.p, O_CLOEXEC | O_NONBLOCK) == 0);
    CHECK_INT(kt_loop_watch(f.l, f.p[0], KT_IO_READ, on_readable, &f), 0);
    CHECK_INT(kt_loop_watch(f.l, f.p[1], 0, on_writable, &f), 0);
    CHECK_INT(kt_loop_watch(f.l, f.p[1], KT_IO_WRITE, on_writable, &f), 0); /* changes it */
    kt_loop_run(f.l);
    CHECK_INT(f.sent, FLOW);
    CHECK_INT(f.got, FLOW);
    kt_loop_unwatch(f.l, 99999);
    CHECK(kt_loop_watch(f.l, 99999, KT_IO_READ, on_readable, &f) < 0);
    close(f.p[0]);
    kt_loop_free(f.l);
}

UNIT_MAIN({"timers fire in order", timers_fire_in_order}, {"periodic timer", periodic},
          {"no timer starves the rest", no_timer_starves_the_rest},
          {"posts from threads", posts_from_threads}, {"accepted posts run", accepted_posts_run},
          {"stale events reach nobody", stale_events_reach_nobody},
          {"reads and writes", reads_and_writes})
