/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots: JSON of the engine's state for other threads, made when somebody asks: in a storm of
 * alarms they are tens of megabytes, and the engine has cuts to make. */
#include "engine/runtime_impl.h"

#include "sys/clock.h"

#define STATS_EVERY (250 * KT_MS)
#define SNAP_ASKED  (50 * KT_MS)  /* while somebody waits */
#define SNAP_WAIT   (500 * KT_MS) /* of whoever asks, at most */

void rt_snap_init(struct rt_snapshots *s)
{
    *s = (struct rt_snapshots){0};
    pthread_condattr_t attr;
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&s->fresh, &attr);
    pthread_condattr_destroy(&attr);
    kt_buf_init(&s->people, 0);
    kt_buf_init(&s->people_spare, 0);
    for (int i = 0; i < KT_SNAPS; i++) {
        kt_buf_init(&s->text[i], 0);
        kt_buf_init(&s->spare[i], 0);
    }
}

void rt_snap_done(struct rt_snapshots *s)
{
    kt_buf_done(&s->people);
    kt_buf_done(&s->people_spare);
    for (int i = 0; i < KT_SNAPS; i++) {
        kt_buf_done(&s->text[i]);
        kt_buf_done(&s->spare[i]);
    }
    pthread_cond_destroy(&s->fresh);
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
    uint64_t version = kt_engine_version(rt->engine);
    atomic_store(&s->engine_version, version);
    bool wanted = now || (atomic_load(&s->asked) && t - s->built >= SNAP_ASKED);
    if (!wanted && t - s->counted < STATS_EVERY) {
        return;
    }
    bool changed = wanted && (version != s->version || s->built == 0);
    if (wanted) {
        atomic_store(&s->asked, false); /* who asked wants no newer one than `version` */
    }
    if (changed) {
        build(rt);
        s->built = t;
    }
    struct kt_engine_stats stats;
    kt_engine_stats(rt->engine, &stats);
    pthread_mutex_lock(&s->lock);
    for (int i = 0; changed && i < KT_SNAPS; i++) {
        struct kt_buf old = s->text[i];
        s->text[i] = s->spare[i];
        s->spare[i] = old;
    }
    s->version = changed ? version : s->version;
    s->stats = stats;
    if (changed) {
        pthread_cond_broadcast(&s->fresh);
    }
    pthread_mutex_unlock(&s->lock);
    s->counted = t;
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

uint64_t kt_runtime_snapshot_now(struct kt_runtime *rt, enum kt_snapshot what, struct kt_buf *out)
{
    struct rt_snapshots *s = &rt->snap;
    uint64_t want = atomic_load(&s->engine_version);
    kt_mono end = kt_clock_mono() + SNAP_WAIT;
    struct timespec ts = {.tv_sec = (time_t)(end / KT_SEC), .tv_nsec = (long)(end % KT_SEC)};
    pthread_mutex_lock(&s->lock);
    while (s->version < want && rt->runs && !atomic_load(&rt->stopping)) {
        atomic_store(&s->asked, true);
        if (pthread_cond_timedwait(&s->fresh, &s->lock, &ts) != 0) {
            break;
        }
    }
    kt_buf_put(out, s->text[what].p, s->text[what].n);
    uint64_t version = s->version;
    pthread_mutex_unlock(&s->lock);
    return version;
}

/* ---- persons: they change with every reading, so their text is made apart ----------------------
 */

void rt_snap_people(struct kt_runtime *rt)
{
    struct rt_snapshots *s = &rt->snap;
    kt_mono t = kt_clock_mono();
    uint64_t version = kt_engine_people_version(rt->engine);
    atomic_store(&s->people_now, version);
    if (!atomic_load(&s->people_asked) || t - s->people_built < SNAP_ASKED) {
        return;
    }
    atomic_store(&s->people_asked, false);
    kt_buf_clear(&s->people_spare);
    kt_engine_json_people(rt->engine, &s->people_spare);
    s->people_built = t;
    pthread_mutex_lock(&s->lock);
    struct kt_buf old = s->people;
    s->people = s->people_spare;
    s->people_spare = old;
    s->people_version = version;
    pthread_cond_broadcast(&s->fresh);
    pthread_mutex_unlock(&s->lock);
}

uint64_t kt_runtime_people(struct kt_runtime *rt, bool fresh, struct kt_buf *out)
{
    struct rt_snapshots *s = &rt->snap;
    uint64_t want = atomic_load(&s->people_now);
    kt_mono end = kt_clock_mono() + SNAP_WAIT;
    struct timespec ts = {.tv_sec = (time_t)(end / KT_SEC), .tv_nsec = (long)(end % KT_SEC)};
    pthread_mutex_lock(&s->lock);
    atomic_store(&s->people_asked, true);
    while ((s->people.n == 0 || (fresh && s->people_version < want)) && rt->runs &&
           !atomic_load(&rt->stopping)) {
        atomic_store(&s->people_asked, true);
        if (pthread_cond_timedwait(&s->fresh, &s->lock, &ts) != 0) {
            break;
        }
    }
    kt_buf_put(out, s->people.p, s->people.n);
    uint64_t version = s->people_version;
    pthread_mutex_unlock(&s->lock);
    return version;
}
