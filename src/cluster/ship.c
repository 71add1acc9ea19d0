/* SPDX-License-Identifier: Apache-2.0 */
/* From our own journal into the common order: what is on our disk, as many frames at once as the
 * core allows. */
#include "cluster/private.h"

#include <inttypes.h>

#include "base/log.h"
#include "sys/clock.h"
#include "sys/thread.h"

static int open_reader(struct kt_cluster *c, kt_seq from, struct kt_err *err)
{
    if (c->reader && c->reader_next == from) {
        return KT_OK;
    }
    kt_journal_reader_free(c->reader);
    c->reader = NULL;
    int r = kt_journal_read(c->journal, NULL, from, &c->reader, err);
    c->reader_next = from;
    return r;
}

/* Events behind `at` into a frame; to->next == at.next: there are none. */
static int gather(struct kt_cluster *c, const struct core_pos *at, struct kt_buf *events,
                  struct core_pos *to, struct kt_err *err)
{
    struct kt_event ev;
    int got = 1, r = open_reader(c, at->next, err);
    *to = *at;
    while (r == KT_OK && events->n < FRAME_SOFT &&
           (got = kt_journal_next(c->reader, &ev, err)) > 0) {
        if (ev.seq != to->next) {
            return kt_err_set(err, KT_ESTATE, "event %" PRIu64 " is not in the journal", to->next);
        }
        kt_event_pack(events, &ev);
        kt_event_chain(&to->chain, &ev);
        to->next++;
    }
    c->reader_next = to->next;
    return r < 0 ? r : got < 0 ? got : KT_OK;
}

/* The next frame for a slot; false: nothing to make one of. */
static bool build(struct kt_cluster *c, struct core_call *call)
{
    struct kt_buf events, *out = &c->slots[call->slot];
    struct kt_err err = {0};
    struct core_pos to;
    kt_buf_init(&events, 0);
    int r = gather(c, &call->at, &events, &to, &err);
    if (r < 0) {
        KT_ERROR("cluster", "nothing goes into the common order: %s", err.text);
        kt_journal_reader_free(c->reader);
        c->reader = NULL;
        kt_sleep(200 * KT_MS);
    }
    bool made = r == KT_OK && to.next > call->at.next;
    if (made) {
        kt_buf_clear(out);
        struct cl_frame f = {.from = call->at,
                             .to = to,
                             .token = call->token,
                             .node = kt_str_c(c->node),
                             .events = {events.p, events.n}};
        cl_frame_put(out, &f);
    }
    kt_buf_done(&events);
    pthread_mutex_lock(&c->lock);
    core_built(&c->core, call, made ? &to : NULL);
    c->seen.frames += made;
    c->seen.bytes += made ? out->n : 0;
    pthread_cond_signal(&c->work);
    pthread_mutex_unlock(&c->lock);
    return made;
}

static void send(struct kt_cluster *c, struct cl_etcd *e, const struct core_call *call)
{
    struct kt_buf *frame = &c->slots[call->slot];
    struct core_answer a;
    cl_etcd_ship(e, call, (struct kt_str){frame->p, frame->n}, &a);
    if (a.how == ANSWER_UNKNOWN) {
        kt_sleep(20 * KT_MS);
    }
    pthread_mutex_lock(&c->lock);
    c->seen.refused += a.how == ANSWER_NO;
    if (a.how != ANSWER_UNKNOWN) {
        atomic_store(&c->answered, kt_clock_mono());
    }
    core_done(&c->core, call, &a, kt_clock_mono());
    bool more = cluster_publish(c);
    pthread_mutex_unlock(&c->lock);
    if (more && c->hooks.on_durable) {
        c->hooks.on_durable(c->hooks.arg);
    }
}

/* Is there something to send again, or news to make a frame of? Lock held. */
static bool next(struct kt_cluster *c, struct core_call *call)
{
    if (!core_next(&c->core, LANE_SHIP, true, kt_clock_mono(), call)) {
        return false;
    }
    if (call->fresh && kt_journal_durable(c->journal) < call->at.next) {
        core_built(&c->core, call, NULL);
        return false;
    }
    return true;
}

void *cluster_ship(void *arg)
{
    struct kt_cluster *c = arg;
    struct cl_etcd *e = cl_etcd_new(&c->conf);
    struct core_call call;
    kt_thread_nice(-5); /* every acknowledgement waits for it */
    while (!atomic_load(&c->stop)) {
        pthread_mutex_lock(&c->lock);
        bool got = next(c, &call);
        if (!got) {
            cluster_wait(c, &c->work, 100 * KT_MS);
        }
        pthread_mutex_unlock(&c->lock);
        if (got && (!call.fresh || build(c, &call))) {
            send(c, e, &call);
        }
    }
    cl_etcd_free(e);
    return NULL;
}
