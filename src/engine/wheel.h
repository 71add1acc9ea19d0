/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_ENGINE_WHEEL_H
#define KT_ENGINE_WHEEL_H
/*
 * wheel: many timers in engine time. A timer is a number; setting, cancelling and finding what is
 * due cost a few nanoseconds each, whatever their number.
 *
 * What is due comes out in ascending order of timer numbers, so the order does not depend on when
 * timers were set: a wheel that is set again from the times behaves like the one that was saved.
 */
#include <stdint.h>

#include "base/time.h"

struct wheel;

struct wheel *wheel_new(uint32_t timers);
void wheel_free(struct wheel *w); /**< accepts NULL */
/** Set or move. due 0: cancel. */
void wheel_set(struct wheel *w, uint32_t timer, kt_time due);
kt_time wheel_due(const struct wheel *w, uint32_t timer); /**< 0: not set */
/** Take out all that is due at `now`; the list is valid until the next call. */
const uint32_t *wheel_take(struct wheel *w, kt_time now, uint32_t *ret_n);
#endif
