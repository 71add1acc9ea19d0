/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_LINK_MQTT_LANE_H
#define KT_LINK_MQTT_LANE_H
/*
 * lane: which of a link's two sessions takes a sample of an urgent point (decision 0006).
 *
 * The urgent session hears the topics of cut-off points and switches alone, so they never wait
 * behind the others. The main session hears all topics and goes on taking everything until the
 * urgent one certainly has what comes from now on:
 *
 *   AWAY ──lane_up()──▶ UP ──lane_fence()──▶ BOTH ──lane_passed()──▶ TAKES
 *     ▲ lane_lost(), from each of them
 *
 * The fence is a ping of the main session, sent after the broker has accepted the urgent session's
 * topics: what the broker gave the main session before its answer may be older than that, what it
 * gives afterwards goes to both.
 * Invariants
 *  1. Every sample is taken by at least one of them; by both only before TAKES.
 *  2. A value without a time of its own that the main session still brings after the urgent session
 *     brought one of the point is older than that, and is given such a time (safety rule 9).
 * Threads: each session's own, where marked; the rest by both.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

struct lane;

struct lane *lane_new(uint32_t points_n);
void lane_free(struct lane *l); /**< accepts NULL */

/* The urgent session's thread. */
void lane_up(struct lane *l);   /**< the broker accepted its topics */
void lane_lost(struct lane *l); /**< its connection is gone */
void lane_takes(struct lane *l, uint32_t point, kt_time time); /**< it takes a sample */

/* The main session's thread. */
bool lane_fence(struct lane *l);       /**< a ping is to be sent now: BOTH from here on */
void lane_unfence(struct lane *l);     /**< its connection is gone: the ping has no answer */
void lane_passed(struct lane *l);      /**< the ping was answered */
bool lane_alone(const struct lane *l); /**< TAKES: the main session may let others wait */
/**
 * Is an urgent sample the main session's to take?
 * @param time  its own, or of the arrival when `stamped` is false; put back behind invariant 2
 */
bool lane_rest(const struct lane *l, uint32_t point, bool stamped, kt_time *time);
#endif
