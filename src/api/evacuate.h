/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_API_EVACUATE_H
#define KT_API_EVACUATE_H
/*
 * evacuate: the ways out while an evacuation is under way, computed by a thread of its own beside
 * the engine, again each second: from who is where, the smoke that the solved airflow carries, the
 * roadways that are blocked, room in refuges. What changed goes back as an input, so a replay and a
 * second node show those routes and compute none.
 */
#include "api/personnel.h"

struct evacuate *evacuate_new(struct kt_api *a);
void evacuate_free(struct evacuate *x); /**< ends its thread; accepts NULL */
#endif
