/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots: JSON of the engine's state for other threads. */
#include "engine/runtime_impl.h"

#include "sys/clock.h"

#define SNAP_EVERY (250 * KT_MS)

void rt_snap_init(struct rt_snapshots *s)
{
    *s = (struct rt_snapshots){0};
    pthread_mutex_init(&s->lock, NULL);
    for (int i = 0; i < KT_SNAPS; i++) {
        kt_buf_init(&s->text[i], 0);
        kt_buf_init(&s->spare[i], 0);
    }
}

void rt_snap_done(struct rt_snapshots *s)
{
    for (int i = 0; i < KT_SNAPS; i++) {
        kt_buf_done(&s->text[i]);
        kt_buf_done(&s->spare[i]);
    }
    pthread_mutex_destroy(&s->lock);
}

static void build(struct kt_runtime *rt)
{
    struct rt_snapshots *s = &rt->snap;
    for (int i = 0; i < KT_SNAPS; i++) {
        kt_buf_clear(&s->spare[i]);
    }
    kt_engine_json_alarms(rt->engine, &s->spare[KT_SNAP_ALARMS]);
    kt_engine_json_outputs(rt->engine, &s->spare[KT_SNAP_OUTPUTS]);
    kt_engine_json_state(rt->engine, &s->spare[KT_SNAP_STATE]);
}

void rt_snap_publish(struct kt_runtime *rt, bool now)
{
    struct rt_snapshots *s = &rt->snap;
    kt_mono t = kt_clock_mono();
    if (!now && t - s->built < SNAP_EVERY) {
        return;
    }
    uint64_t version = kt_engine_version(rt->engine);
    bool changed = version != s->version || s->built == 0;
    if (changed) {
        build(rt);
    }
    struct kt_engine_stats stats;
    kt_engine_stats(rt->engine, &stats);
    pthread_mutex_lock(&s->lock);
    for (int i = 0; changed && i < KT_SNAPS; i++) {
        struct kt_buf old = s->text[i];
        s->text[i] = s->spare[i];
        s->spare[i] = old;
    }
    s->version = version;
    s->stats = stats;
    pthread_mutex_unlock(&s->lock);
    s->built = t;
}

uint64_t kt_runtime_snapshot(struct kt_runtime *rt, enum kt_snapshot what, struct kt_buf *out)
{
    struct rt_snapshots *s = &rt->snap;
    pthread_mutex_lock(&s->lock);
    kt_buf_put(out, s->text[what].p, s->text[what].n);
    uint64_t version = s->version;
    pthread_mutex_unlock(&s->lock);
    return version;
}
