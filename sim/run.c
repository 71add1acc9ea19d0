/* SPDX-License-Identifier: Apache-2.0 */
#include "run.h"

#include <time.h>

#include "agents.h"
#include "devices.h"
#include "server.h"
#include "sys/clock.h"
#include "sys/thread.h"

#define WINDOW_NS   (300 * KT_MS) /* of the plant: so far a program may be behind */
#define PATIENCE_NS (500 * KT_MS)
#define BEHIND_NS   KT_SEC /* further behind than this, the lost time is not made up */

void sim_run_init(struct sim_run *r, struct sim_plant *p)
{
    *r = (struct sim_run){.plant = p};
    pthread_mutex_init(&r->lock, NULL);
    atomic_store(&r->speed_milli, 1000);
    atomic_store(&r->now, sim_now(p));
}

void sim_run_step(struct sim_run *r)
{
    pthread_mutex_lock(&r->lock);
    if (r->devices) {
        sim_devices_take_coils(r->devices, r->plant);
    }
    sim_scenario_step(r);
    sim_plant_step(r->plant);
    if (r->devices) {
        sim_devices_show(r->devices, r->plant);
    }
    if (r->agents) {
        sim_agents_show(r->agents, r->plant);
    }
    kt_time now = sim_now(r->plant);
    atomic_store(&r->now, now);
    pthread_mutex_unlock(&r->lock);
    if (r->server) {
        sim_server_tell_time(r->server, now);
    }
}

/* The plant waits for a program that takes its time from it, so nothing there becomes old for want
 * of computing power. Not for ever: one that hangs only slows the plant. */
static void wait_for_followers(struct sim_run *r)
{
    kt_mono end = kt_clock_mono() + PATIENCE_NS;
    kt_time t = atomic_load(&r->now) - WINDOW_NS;
    while (r->server && !atomic_load(&r->stopping) && !sim_server_followed(r->server, t) &&
           kt_clock_mono() < end) {
        kt_sleep(KT_MS / 2);
    }
}

static void *pace(void *arg)
{
    struct sim_run *r = arg;
    kt_mono due = kt_clock_mono();
    while (!atomic_load(&r->stopping)) {
        sim_run_step(r);
        wait_for_followers(r);
        int64_t speed = atomic_load(&r->speed_milli);
        due += SIM_STEP_NS * 1000 / (speed > 0 ? speed : 1000);
        kt_mono now = kt_clock_mono();
        if (due > now) {
            kt_sleep(due - now);
        } else if (now - due > BEHIND_NS) {
            due = now;
        }
    }
    return NULL;
}

int sim_run_start(struct sim_run *r, struct kt_err *err)
{
    return kt_thread_start(&r->thread, "plant", pace, r, err);
}

void sim_run_stop(struct sim_run *r)
{
    atomic_store(&r->stopping, true);
    pthread_join(r->thread, NULL);
}

void sim_run_done(struct sim_run *r)
{
    pthread_mutex_destroy(&r->lock);
}
