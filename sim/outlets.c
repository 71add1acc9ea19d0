/* SPDX-License-Identifier: Apache-2.0 */
#include "outlets.h"

#include <stdlib.h>

#include "sys/clock.h"
#include "sys/thread.h"

#define TURN_NS  (200 * KT_MS)
#define LEAST_NS (5 * KT_MS)

static void *run(void *arg)
{
    struct sim_outlet *o = arg;
    while (!atomic_load(&o->run->stopping)) {
        o->turn(o);
        kt_sleep(sim_outlet_wall(o, TURN_NS));
    }
    return NULL;
}

int sim_outlet_start(struct sim_outlet *o, struct kt_err *err)
{
    return kt_thread_start(&o->thread, o->name, run, o, err);
}

void sim_outlet_stop(struct sim_outlet *o)
{
    if (o) {
        pthread_join(o->thread, NULL);
        o->done(o);
        free(o);
    }
}

int64_t sim_outlet_wall(const struct sim_outlet *o, int64_t ns)
{
    int64_t speed = atomic_load(&o->run->speed_milli);
    int64_t wall = speed > 1000 ? ns / speed * 1000 : ns;
    return wall < LEAST_NS ? LEAST_NS : wall;
}

bool sim_outlet_due(struct sim_outlet *o, int64_t period_ns)
{
    kt_time now = atomic_load(&o->run->now);
    if (now < o->next) {
        return false;
    }
    o->next = now + period_ns;
    return true;
}

struct sim_reading sim_outlet_read(struct sim_outlet *o, int point)
{
    pthread_mutex_lock(&o->run->lock);
    const struct sim_point *pt = &o->run->plant->points[point];
    struct sim_reading r = {pt->value, pt->status};
    pthread_mutex_unlock(&o->run->lock);
    return r;
}
