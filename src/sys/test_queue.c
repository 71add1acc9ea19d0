/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/queue.h"

#include <stdatomic.h>

#include "sys/clock.h"
#include "sys/thread.h"
#include "unit.h"

static void *item(uintptr_t v)
{
    return (void *)v;
}

static void urgent_goes_first(void)
{
    struct kt_queue *q = kt_queue_new(100);
    for (uintptr_t i = 1; i <= 3; i++) {
        CHECK_INT(kt_queue_push(q, KT_LANE_BULK, item(i), 1), KT_OK);
    }
    CHECK_INT(kt_queue_push(q, KT_LANE_URGENT, item(10), 1), KT_OK);
    CHECK_INT(kt_queue_push(q, KT_LANE_URGENT, item(11), 1), KT_OK);
    CHECK(kt_queue_pop(q, 0) == item(10));
    CHECK_INT(kt_queue_push(q, KT_LANE_URGENT, item(12), 1), KT_OK);
    void *got[10];
    CHECK_INT(kt_queue_pop_many(q, got, 4, SIZE_MAX, 0), 4);
    CHECK(got[0] == item(11) && got[1] == item(12) && got[2] == item(1) && got[3] == item(2));
    CHECK_INT(kt_queue_pop_many(q, got, 10, SIZE_MAX, 0), 1);
    CHECK(got[0] == item(3));
    CHECK(kt_queue_pop(q, 0) == NULL);
    kt_queue_free(q);
    kt_queue_free(NULL);
}

/* Of bulk no more than is soon done, so that who takes it looks for what is urgent again. */
static void bulk_comes_in_turns(void)
{
    struct kt_queue *q = kt_queue_new(1000);
    void *got[10];
    for (uintptr_t i = 1; i <= 5; i++) {
        CHECK_INT(kt_queue_push(q, KT_LANE_BULK, item(i), 30), KT_OK);
    }
    for (uintptr_t i = 11; i <= 13; i++) {
        CHECK_INT(kt_queue_push(q, KT_LANE_URGENT, item(i), 90), KT_OK);
    }
    CHECK_INT(kt_queue_pop_many(q, got, 10, 50, 0), 5); /* all that is urgent, two of bulk */
    CHECK(got[0] == item(11) && got[2] == item(13) && got[3] == item(1) && got[4] == item(2));
    CHECK_INT(kt_queue_pop_many(q, got, 10, 1, 0), 1); /* one at least */
    CHECK(got[0] == item(3));
    CHECK_INT(kt_queue_pop_many(q, got, 10, 60, 0), 2);
    kt_queue_free(q);
}

static void bound_is_weight_per_lane(void)
{
    struct kt_queue *q = kt_queue_new(10);
    CHECK_INT(kt_queue_push(q, KT_LANE_BULK, item(1), 6), KT_OK);
    CHECK_INT(kt_queue_push(q, KT_LANE_BULK, item(2), 5), KT_EBUSY);
    CHECK_INT(kt_queue_push(q, KT_LANE_BULK, item(2), 4), KT_OK);
    CHECK_INT(kt_queue_push(q, KT_LANE_BULK, item(3), 0), KT_EBUSY); /* nothing weighs nothing */
    CHECK_INT(kt_queue_push(q, KT_LANE_URGENT, item(4), 10), KT_OK); /* a lane of its own */
    CHECK_INT(kt_queue_weight(q), 20);
    CHECK_INT(kt_queue_refused(q), 2);
    CHECK(kt_queue_pop(q, 0) == item(4));
    CHECK_INT(kt_queue_weight(q), 10);
    CHECK_INT(kt_queue_push(q, KT_LANE_URGENT, item(5), 500), KT_OK); /* alone: heavier passes */
    CHECK_INT(kt_queue_push(q, KT_LANE_URGENT, item(6), 1), KT_EBUSY);
    CHECK(kt_queue_pop(q, 0) == item(5));
    CHECK(kt_queue_pop(q, 0) == item(1));
    CHECK(kt_queue_pop(q, 0) == item(2));
    CHECK_INT(kt_queue_weight(q), 0);
    kt_queue_free(q);
}

static void push_waits_in_vain(void)
{
    struct kt_queue *q = kt_queue_new(1);
    CHECK_INT(kt_queue_push(q, KT_LANE_BULK, item(1), 1), KT_OK);
    kt_mono before = kt_clock_mono();
    CHECK_INT(kt_queue_push_wait(q, KT_LANE_BULK, item(2), 1, 20 * KT_MS), KT_EBUSY);
    CHECK(kt_clock_mono() - before >= 20 * KT_MS);
    before = kt_clock_mono();
    CHECK(kt_queue_pop(q, 0) && !kt_queue_pop(q, 20 * KT_MS));
    CHECK(kt_clock_mono() - before >= 20 * KT_MS);
    kt_queue_free(q);
}

static void *popper(void *arg)
{
    return kt_queue_pop(arg, -1);
}

static void *pusher(void *arg)
{
    return item((uintptr_t)-kt_queue_push_wait(arg, KT_LANE_BULK, item(9), 1, -1));
}

static void close_wakes_all(void)
{
    struct kt_err err;
    pthread_t a, b;
    void *got;
    struct kt_queue *q = kt_queue_new(1), *full = kt_queue_new(1);
    CHECK_INT(kt_queue_push(full, KT_LANE_BULK, item(1), 1), KT_OK);
    CHECK_OK(kt_thread_start(&a, "popper", popper, q, &err), &err);
    CHECK_OK(kt_thread_start(&b, "pusher", pusher, full, &err), &err);
    kt_queue_close(q);
    kt_queue_close(full);
    pthread_join(a, &got);
    CHECK(got == NULL);
    pthread_join(b, &got);
    CHECK_INT((uintptr_t)got, -KT_ECLOSED);
    CHECK_INT(kt_queue_push(full, KT_LANE_URGENT, item(2), 1), KT_ECLOSED);
    CHECK(kt_queue_pop(full, -1) == item(1)); /* the consumer drains */
    CHECK(kt_queue_pop(full, -1) == NULL);
    kt_queue_free(q);
    kt_queue_free(full);
}

static void room_wakes_a_producer(void)
{
    struct kt_err err;
    pthread_t t;
    void *got;
    struct kt_queue *q = kt_queue_new(1);
    CHECK_INT(kt_queue_push(q, KT_LANE_BULK, item(1), 1), KT_OK);
    CHECK_OK(kt_thread_start(&t, "pusher", pusher, q, &err), &err);
    CHECK(kt_queue_pop(q, -1) == item(1));
    CHECK(kt_queue_pop(q, -1) == item(9));
    pthread_join(t, &got);
    CHECK_INT((uintptr_t)got, KT_OK);
    kt_queue_free(q);
}

enum { PRODUCERS = 4, EACH = 20000 };

struct producer {
    struct kt_queue *q;
    uintptr_t id;
    uint64_t seed;
    uint64_t weight;
};

/* Item: producer, lane, running number. */
static void *produce(void *arg)
{
    struct producer *p = arg;
    uintptr_t next[KT_LANES] = {1, 1};
    for (int i = 0; i < EACH; i++) {
        uint64_t r = unit_rand(&p->seed);
        enum kt_lane lane = r % 8 ? KT_LANE_BULK : KT_LANE_URGENT;
        void *it = item(p->id << 32 | (uintptr_t)lane << 24 | next[lane]++);
        size_t w = 1 + (size_t)(r >> 8) % 5;
        while (kt_queue_push_wait(p->q, lane, it, w, i % 2 ? -1 : KT_MS) != KT_OK) {
        }
    }
    return NULL;
}

static void producers_and_a_consumer(void)
{
    struct kt_queue *q = kt_queue_new(64);
    struct producer p[PRODUCERS];
    pthread_t t[PRODUCERS];
    struct kt_err err;
    uintptr_t seen[PRODUCERS][KT_LANES] = {0};
    printf("# seed 1000\n");
    for (uintptr_t i = 0; i < PRODUCERS; i++) {
        p[i] = (struct producer){.q = q, .id = i, .seed = 1000 + i};
        CHECK_OK(kt_thread_start(&t[i], "producer", produce, &p[i], &err), &err);
    }
    size_t total = 0;
    bool ordered = true, bounded = true;
    while (total < (size_t)PRODUCERS * EACH) {
        void *got[16];
        bounded = bounded && kt_queue_weight(q) <= 2 * 64;
        size_t n = kt_queue_pop_many(q, got, 16, SIZE_MAX, -1);
        int lane_before = 0;
        for (size_t i = 0; i < n; i++) {
            uintptr_t v = (uintptr_t)got[i], who = v >> 32, lane = v >> 24 & 0xff;
            ordered = ordered && (v & 0xffffff) == ++seen[who][lane];
            ordered = ordered && (int)lane >= lane_before; /* urgent before bulk */
            lane_before = (int)lane;
        }
        total += n;
    }
    for (int i = 0; i < PRODUCERS; i++) {
        pthread_join(t[i], NULL);
    }
    CHECK(ordered);
    CHECK(bounded);
    CHECK_INT(kt_queue_weight(q), 0);
    CHECK(kt_queue_pop(q, 0) == NULL);
    kt_queue_free(q);
}

UNIT_MAIN({"the urgent lane goes first", urgent_goes_first},
          {"bulk comes in turns", bulk_comes_in_turns},
          {"the bound is weight per lane", bound_is_weight_per_lane},
          {"waiting ends at its time", push_waits_in_vain}, {"close wakes all", close_wakes_all},
          {"room wakes a producer", room_wakes_a_producer},
          {"producers and a consumer", producers_and_a_consumer})
