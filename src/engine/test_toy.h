/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_ENGINE_TEST_TOY_H
#define KT_ENGINE_TEST_TOY_H
/*
 * A toy in the place of the engine and the site model, for tests of the runtime: small enough that
 * what must come out is known, with all that the runtime has to carry: outcomes, timers that ticks
 * drive, effects of both kinds, verdicts, saved states.
 *
 * Points "P0" ... , the last one is the output. A value of 1 or more at a point raises an alarm and
 * writes 0 to the output (protective); 2 s of engine time later the alarm is said again
 * ("escalate") unless the value has fallen. The request verb "close" writes 1 (not protective),
 * "fail" is refused.
 */
#include "engine/runtime_impl.h"

struct kt_site *toy_site(uint32_t points);
/** As toy_site() with the points in opposite order (the output still has the last index). */
struct kt_site *toy_site_turned(uint32_t points);
#endif
