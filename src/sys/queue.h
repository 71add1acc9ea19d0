/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_SYS_QUEUE_H
#define KT_SYS_QUEUE_H
/*
 * queue: a bounded queue of pointers with two lanes; the urgent lane is emptied first, so cut-off
 * points and their commands never wait behind bulk. Many producers, one consumer; what is full
 * refuses (KT_EBUSY), nothing grows. Weight is what the bound counts (bytes or samples).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum kt_lane { KT_LANE_URGENT, KT_LANE_BULK, KT_LANES };

struct kt_queue;

struct kt_queue *kt_queue_new(size_t max_weight_per_lane);
void kt_queue_free(struct kt_queue *q); /**< must be empty or its items owned elsewhere */
/** @return KT_OK; KT_EBUSY full; KT_ECLOSED */
KT_MUST_CHECK int kt_queue_push(struct kt_queue *q, enum kt_lane lane, void *item, size_t weight);
/** As push, waiting up to timeout_ns (-1: for ever) for room. */
KT_MUST_CHECK int kt_queue_push_wait(struct kt_queue *q, enum kt_lane lane, void *item,
                                     size_t weight, int64_t timeout_ns);
/** Next item or NULL after timeout_ns (-1: for ever) or when closed and empty. */
void *kt_queue_pop(struct kt_queue *q, int64_t timeout_ns);
/** Up to max items without waiting beyond the first; returns how many. Behind what is urgent come
 *  others until they weigh max_bulk or more, so that who comes back soon finds what is urgent. */
size_t kt_queue_pop_many(struct kt_queue *q, void **ret, size_t max, size_t max_bulk,
                         int64_t timeout_ns);
void kt_queue_close(struct kt_queue *q);          /**< producers are refused; the consumer drains */
size_t kt_queue_weight(const struct kt_queue *q); /**< any thread */
uint64_t kt_queue_refused(const struct kt_queue *q);
#endif
