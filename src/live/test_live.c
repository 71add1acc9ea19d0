/* SPDX-License-Identifier: Apache-2.0 */
#include "live/live.h"

#include <math.h>
#include <stdatomic.h>

#include "sys/thread.h"
#include "unit.h"

static const kt_point_id first = {0}, second = {1};

static void starts_never(void)
{
    struct kt_live *l = kt_live_new(3);
    CHECK_INT(kt_live_count(l), 3);
    for (uint32_t i = 0; i < 3; i++) {
        struct kt_live_value v = kt_live_get(l, (kt_point_id){i});
        CHECK_INT(v.quality, KT_Q_NEVER);
        CHECK_INT(v.time, 0);
        CHECK_INT(v.change, 0);
        CHECK(!kt_q_known(v.quality));
    }
    kt_live_free(l);
    kt_live_free(NULL);
}

static void counts_changes(void)
{
    struct kt_live *l = kt_live_new(2);
    kt_live_set(l, first, 1.5, 10, KT_Q_NORMAL);
    CHECK_INT(kt_live_get(l, first).change, 1);
    kt_live_set(l, first, 1.5, 10, KT_Q_NORMAL);
    CHECK_INT(kt_live_get(l, first).change, 1);
    kt_live_set(l, first, 1.5, 11, KT_Q_NORMAL);
    kt_live_set(l, first, 1.5, 11, KT_Q_STALE);
    kt_live_set(l, first, 1.6, 11, KT_Q_STALE);
    CHECK_INT(kt_live_get(l, first).change, 4);
    CHECK_INT(kt_live_get(l, second).change, 0);
    kt_live_free(l);
}

static void tells_zero_from_minus_zero_and_keeps_nan(void)
{
    struct kt_live *l = kt_live_new(1);
    kt_live_set(l, first, 0.0, 1, KT_Q_NORMAL);
    kt_live_set(l, first, -0.0, 1, KT_Q_NORMAL);
    CHECK_INT(kt_live_get(l, first).change, 2);
    CHECK(signbit(kt_live_get(l, first).value));
    kt_live_set(l, first, NAN, 1, KT_Q_BROKEN);
    kt_live_set(l, first, NAN, 1, KT_Q_BROKEN);
    CHECK_INT(kt_live_get(l, first).change, 3);
    kt_live_free(l);
}

static void flags_and_values_keep_each_other(void)
{
    struct kt_live *l = kt_live_new(2);
    kt_live_set(l, second, 7, 70, KT_Q_MANUAL);
    kt_live_set_flags(l, second, KT_LIVE_ALARM | KT_LIVE_MANUAL);
    kt_live_set_flags(l, second, KT_LIVE_ALARM | KT_LIVE_MANUAL);
    struct kt_live_value v = kt_live_get(l, second);
    CHECK_INT(v.value, 7);
    CHECK_INT(v.quality, KT_Q_MANUAL);
    CHECK_INT(v.flags, KT_LIVE_ALARM | KT_LIVE_MANUAL);
    CHECK_INT(v.change, 2);
    kt_live_set(l, second, 8, 71, KT_Q_NORMAL);
    CHECK_INT(kt_live_get(l, second).flags, KT_LIVE_ALARM | KT_LIVE_MANUAL);
    CHECK(kt_live_peek(l, second)->value == 8);
    kt_live_free(l);
}

/* One writer, several readers: all fields of a value belong to one write, and none goes back. */
enum { WRITES = 400000, READERS = 3 };

struct race {
    struct kt_live *live;
    atomic_bool over;
    atomic_int torn, back;
    atomic_llong reads;
};

static kt_quality quality_of(uint64_t k)
{
    return (kt_quality)(k % 13);
}

static void *read_on(void *arg)
{
    struct race *race = arg;
    kt_time last[2] = {0, 0};
    long long reads = 0;
    bool more = true;
    while (more) {
        more = !atomic_load(&race->over);
        for (uint32_t i = 0; i < 2; i++) {
            struct kt_live_value v = kt_live_get(race->live, (kt_point_id){i});
            uint64_t k = (uint64_t)v.time;
            if (k && (v.value != (double)k * 0.5 || v.quality != quality_of(k) ||
                      v.change != (uint32_t)k)) {
                atomic_fetch_add(&race->torn, 1);
            }
            if (v.time < last[i]) {
                atomic_fetch_add(&race->back, 1);
            }
            last[i] = v.time;
            reads++;
        }
    }
    atomic_fetch_add(&race->reads, reads);
    return NULL;
}

static void readers_never_see_half_a_write(void)
{
    struct race race = {.live = kt_live_new(2)};
    pthread_t t[READERS];
    struct kt_err err = {0};
    for (int i = 0; i < READERS; i++) {
        CHECK_OK(kt_thread_start(&t[i], "reader", read_on, &race, &err), &err);
    }
    for (uint64_t k = 1; k <= WRITES; k++) {
        for (uint32_t i = 0; i < 2; i++) {
            kt_live_set(race.live, (kt_point_id){i}, (double)k * 0.5, (kt_time)k, quality_of(k));
        }
    }
    atomic_store(&race.over, true);
    for (int i = 0; i < READERS; i++) {
        pthread_join(t[i], NULL);
    }
    CHECK_INT(race.torn, 0);
    CHECK_INT(race.back, 0);
    CHECK(race.reads > 0);
    CHECK_INT(kt_live_get(race.live, first).time, WRITES);
    kt_live_free(race.live);
}

UNIT_MAIN({"starts never", starts_never}, {"counts changes", counts_changes},
          {"tells zero from minus zero, keeps NaN", tells_zero_from_minus_zero_and_keeps_nan},
          {"flags and values keep each other", flags_and_values_keep_each_other},
          {"readers never see half a write", readers_never_see_half_a_write})
